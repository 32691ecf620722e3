//! The same host for callers without an async runtime.

use std::{future::Future, sync::Arc, time::Duration};

use quantix_core::VmId;
use tokio::runtime::{Builder, Runtime};

use crate::{
    Affect, ApplyReport, BackupReport, BackupSpec, BlockJobEnd, BlockJobInfo, CheckpointInfo,
    Class, Connector, CreateOptions, Created, DeleteReport, DomainCapabilities, DomainEntry,
    DomainInfo, DomainList, DomainRef, DomainReport, DomainSpec, DomainState, DomainStats, Error,
    Execution, GuestExit, GuestInfo, GuestInterface, GuestOs, GuestTimezone, GuestUser, HostReport,
    JobInfo, MetadataKey, MigrateRequest, MigrationReport, NetworkInfo, NodeDeviceInfo, NodeInfo,
    NodeReport, OwnerTag, Plan, PoolInfo, PowerRequest, RequestError, ResourceAct, Result,
    Screenshot, SnapshotInfo, StateReport, StatsGroups, StatsReport, StopMode, StopReport,
    SweepReport, Tagged, Throttle, TransferSink, TransferSource, UndefineScope, UsageReport,
    VolumeInfo, XmlKind,
};

/// A [`crate::Host`] whose calls block; the deadlines are the same.
///
/// Not for use inside an async runtime: there, use [`crate::Host`].
///
/// ```
/// use quantix_libvirt::{FakeHost, blocking::Host};
/// let host = Host::connect(FakeHost::new(1))?;
/// assert!(host.domains()?.is_empty());
/// # Ok::<(), quantix_libvirt::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Host {
    host: crate::Host,
    runtime: Arc<Runtime>,
}

/// The events of a host, for callers that block.
#[derive(Debug)]
pub struct EventStream {
    stream: crate::EventStream,
    runtime: Arc<Runtime>,
}

impl EventStream {
    /// The next event; `None` at the end of the limit, or when the host was closed.
    pub fn next_within(&mut self, limit: Duration) -> Option<crate::Event> {
        let stream = &mut self.stream;
        self.runtime.block_on(async { tokio::time::timeout(limit, stream.next()).await.ok()? })
    }
}

/// Calls of the same name and meaning as those of the async host.
macro_rules! twins {
    ($(fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        impl Host {
            $(
                #[doc = concat!("As [`crate::Host::", stringify!($name), "`], waiting for it.")]
                ///
                /// # Errors
                /// The same.
                pub fn $name(&self, $($arg: $type),*) -> Result<$out> {
                    self.wait(self.host.$name($($arg),*))
                }
            )*
        }
    };
}

twins! {
    fn node_info() -> NodeInfo;
    fn capabilities_xml() -> String;
    fn domain_capabilities(arch: &str, machine: &str, domain_type: &str) -> DomainCapabilities;
    fn usable_domain_type() -> Execution;
    fn domains() -> Vec<DomainEntry>;
    fn domain_by_name(name: &str) -> Option<DomainRef>;
    fn domain_by_id(id: VmId) -> Option<DomainRef>;
    fn find(name_or_id: &str) -> DomainRef;
    fn state(id: VmId) -> DomainState;
    fn info(id: VmId) -> DomainInfo;
    fn xml(id: VmId, kind: XmlKind) -> String;
    fn metadata(id: VmId, key: &MetadataKey) -> Option<String>;
    fn set_metadata(id: VmId, key: &MetadataKey, xml: Option<&str>) -> ();
    fn create(spec: &DomainSpec, options: CreateOptions) -> Created;
    fn define(xml: &str) -> DomainRef;
    fn undefine(id: VmId, scope: UndefineScope) -> ();
    fn delete(domain: &DomainRef) -> DeleteReport;
    fn start(id: VmId) -> ();
    fn start_paused(id: VmId) -> ();
    fn stop(id: VmId, mode: StopMode, budget: Duration) -> StopReport;
    fn request_shutdown(id: VmId, by: PowerRequest) -> ();
    fn reboot(id: VmId, by: PowerRequest) -> ();
    fn reset(id: VmId) -> ();
    fn destroy(id: VmId) -> ();
    fn pause(id: VmId) -> ();
    fn resume(id: VmId) -> ();
    fn managed_save(id: VmId) -> ();
    fn managed_save_remove(id: VmId) -> ();
    fn set_autostart(id: VmId, on: bool) -> ();
    fn attach_device(id: VmId, xml: &str, affect: Affect) -> ();
    fn detach_device(id: VmId, xml: &str, affect: Affect) -> ();
    fn update_device(id: VmId, xml: &str, affect: Affect) -> ();
    fn set_cpus(id: VmId, cpus: u32, affect: Affect) -> ();
    fn set_memory_kib(id: VmId, kib: u64, affect: Affect) -> ();
    fn block_resize(id: VmId, disk: &str, bytes: u64) -> ();
    fn stats(groups: StatsGroups) -> Vec<DomainStats>;
    fn stats_of(groups: StatsGroups, ids: &[VmId]) -> Vec<DomainStats>;
    fn agent_command(id: VmId, command: &str) -> String;
    fn list() -> DomainList;
    fn describe(id: VmId) -> DomainReport;
    fn report_state(domain: &DomainRef) -> StateReport;
    fn report() -> HostReport;
    fn report_stats(machines: &[String]) -> StatsReport;
    fn report_guest(id: VmId) -> GuestInfo;
    fn exists(id: VmId) -> bool;
    fn tag(id: VmId) -> Option<OwnerTag>;
    fn set_tag(id: VmId, tag: Option<&OwnerTag>) -> ();
    fn plan(wanted: &DomainSpec) -> Plan;
    fn plan_xml(domain: &DomainRef, wanted: &str) -> Plan;
    fn apply(plan: &Plan) -> ApplyReport;
    fn unplug(id: VmId, xml: &str) -> ();
    fn pools() -> Vec<PoolInfo>;
    fn pool_define(xml: &str) -> String;
    fn pool_xml(name: &str) -> String;
    fn pool_act(name: &str, act: ResourceAct) -> ();
    fn volumes(pool: &str) -> Vec<VolumeInfo>;
    fn volume_create(pool: &str, xml: &str) -> String;
    fn volume_resize(pool: &str, name: &str, bytes: u64) -> ();
    fn volume_delete(pool: &str, name: &str) -> ();
    fn node_devices() -> Vec<NodeDeviceInfo>;
    fn node_report() -> NodeReport;
    fn usage(machines: &[String], interval: Duration) -> UsageReport;
    fn networks() -> Vec<NetworkInfo>;
    fn network_define(xml: &str) -> String;
    fn network_xml(name: &str) -> String;
    fn network_act(name: &str, act: ResourceAct) -> ();
    fn snapshots(id: VmId) -> Vec<SnapshotInfo>;
    fn snapshot_create(id: VmId, name: &str, disk_only: bool) -> String;
    fn snapshot_revert(id: VmId, name: &str) -> ();
    fn snapshot_delete(id: VmId, name: &str) -> ();
    fn addresses(id: VmId) -> Vec<GuestInterface>;
    fn screenshot(id: VmId, screen: u32) -> Screenshot;
    fn job(id: VmId) -> JobInfo;
    fn abort_job(id: VmId) -> ();
    fn block_job_info(id: VmId, disk: &str) -> Option<BlockJobInfo>;
    fn end_block_job(id: VmId, disk: &str, end: BlockJobEnd) -> ();
    fn throttle(id: VmId, disk: &str) -> Throttle;
    fn set_throttle(id: VmId, disk: &str, throttle: &Throttle, affect: Affect) -> ();
    fn freeze(id: VmId, mounts: &[String]) -> u32;
    fn thaw(id: VmId) -> u32;
    fn checkpoints(id: VmId) -> Vec<CheckpointInfo>;
    fn checkpoint_delete(id: VmId, name: &str) -> ();
    fn start_post_copy(id: VmId) -> ();
    fn filters() -> Vec<String>;
    fn filter_define(xml: &str) -> String;
    fn filter_xml(name: &str) -> String;
    fn filter_undefine(name: &str) -> ();
    fn tagged(owner: Option<&str>) -> Vec<Tagged>;
}

/// Calls on a guest's agent, by the domain.
macro_rules! agent_twins {
    ($(fn $name:ident = $call:ident($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        impl Host {
            $(
                #[doc = concat!("As [`crate::Agent::", stringify!($call), "`], waiting for it.")]
                ///
                /// # Errors
                /// The same.
                pub fn $name(&self, id: VmId, $($arg: $type),*) -> Result<$out> {
                    self.wait(self.host.agent(id).$call($($arg),*))
                }
            )*
        }
    };
}

agent_twins! {
    fn agent_ping = ping() -> ();
    fn agent_wait = wait(limit: Duration) -> ();
    fn agent_host_name = host_name() -> String;
    fn agent_timezone = timezone() -> GuestTimezone;
    fn agent_os = os() -> GuestOs;
    fn agent_interfaces = interfaces() -> Vec<GuestInterface>;
    fn agent_users = users() -> Vec<GuestUser>;
    fn agent_read_file = read_file(path: &str) -> Vec<u8>;
    fn agent_write_file = write_file(path: &str, content: &[u8]) -> ();
    fn agent_exec = exec(program: &str, args: &[&str], limit: Duration) -> GuestExit;
}

impl Host {
    /// Connects.
    ///
    /// # Errors
    /// As [`crate::Host::connect`].
    pub fn connect(connector: impl Connector + 'static) -> Result<Self> {
        Self::connect_within(connector, crate::CALL_DEADLINE)
    }

    /// Connects within a deadline, which is then the one of every call.
    ///
    /// # Errors
    /// As [`crate::Host::connect_within`].
    pub fn connect_within(connector: impl Connector + 'static, limit: Duration) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().build().map_err(|error| {
            Error::new(Class::Failed, "connect to", error.to_string()).about(connector.uri())
        })?;
        let host = runtime.block_on(crate::Host::connect_within(connector, limit))?;
        Ok(Self { host, runtime: Arc::new(runtime) })
    }

    /// Connects to what [`crate::connector`] makes of a URI, with a deadline for every call.
    ///
    /// # Errors
    /// As [`crate::connector`] and [`crate::Host::connect_within`].
    pub fn open(uri: &str, limit: Duration) -> Result<Self> {
        Self::connect_within(crate::connector(uri)?, limit)
    }

    /// Makes the call of a request, both JSON; see [`crate::Request`].
    ///
    /// # Errors
    /// As [`crate::Request::parse`] and [`crate::Host::answer`].
    pub fn answer(&self, request: &str) -> std::result::Result<String, RequestError> {
        let request = crate::Request::parse(request)?;
        self.wait(self.host.answer(&request))
    }

    /// The same host with another deadline for each call.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        Self { host: self.host.within(limit), runtime: Arc::clone(&self.runtime) }
    }

    /// The connection URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.host.uri()
    }

    /// The async host.
    #[must_use]
    pub fn as_async(&self) -> &crate::Host {
        &self.host
    }

    /// The host's events from now on.
    ///
    /// # Errors
    /// As [`crate::Host::events`].
    pub fn events(&self) -> Result<EventStream> {
        let stream = self.wait(self.host.events())?;
        Ok(EventStream { stream, runtime: Arc::clone(&self.runtime) })
    }

    /// As [`crate::Host::sweep`], waiting for it.
    ///
    /// # Errors
    /// The same.
    pub fn sweep(&self, owner: &str, is_wanted: impl Fn(&OwnerTag) -> bool) -> Result<SweepReport> {
        self.wait(self.host.sweep(owner, is_wanted))
    }

    /// As [`crate::Host::check_migration`], waiting for it.
    ///
    /// # Errors
    /// The same.
    pub fn check_migration(
        &self,
        domain: &DomainRef,
        destination: &Self,
        request: &MigrateRequest,
    ) -> Result<MigrationReport> {
        self.wait(self.host.check_migration(domain, &destination.host, request))
    }

    /// As [`crate::Host::backup`], waiting for it.
    ///
    /// # Errors
    /// The same.
    pub fn backup(
        &self,
        domain: &DomainRef,
        spec: &BackupSpec,
        progress: impl FnMut(&JobInfo),
    ) -> Result<BackupReport> {
        self.wait(self.host.backup(domain, spec, progress))
    }

    /// As [`crate::Host::volume_upload`], waiting for it.
    ///
    /// # Errors
    /// The same.
    pub fn volume_upload(
        &self,
        pool: &str,
        name: &str,
        source: impl TransferSource + 'static,
    ) -> Result<u64> {
        self.wait(self.host.volume_upload(pool, name, source))
    }

    /// As [`crate::Host::volume_download`], waiting for it.
    ///
    /// # Errors
    /// The same.
    pub fn volume_download(
        &self,
        pool: &str,
        name: &str,
        sink: impl TransferSink + 'static,
    ) -> Result<u64> {
        self.wait(self.host.volume_download(pool, name, sink))
    }

    /// As [`crate::Host::migrate`], waiting for it.
    ///
    /// # Errors
    /// The same.
    pub fn migrate(
        &self,
        domain: &DomainRef,
        request: &MigrateRequest,
        progress: impl FnMut(&JobInfo),
    ) -> Result<()> {
        self.wait(self.host.migrate(domain, request, progress))
    }

    /// Waits for anything that needs the host's runtime.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}
