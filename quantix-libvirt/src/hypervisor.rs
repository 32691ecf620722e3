//! The boundary of a backend: one connection, blocking calls.

use std::{fmt, sync::Arc};

use quantix_core::VmId;

use crate::{
    AddressSource, Affect, BlockJobEnd, BlockJobInfo, BlockJobRequest, CheckpointInfo,
    ConsoleInput, ConsoleSink, DomainEntry, DomainInfo, DomainRef, DomainState, DomainStats, Error,
    Event, GuestInterface, JobInfo, MetadataKey, MigrateRequest, NetworkInfo, NodeDeviceInfo,
    NodeInfo, PoolInfo, PowerRequest, ResourceAct, Result, Screenshot, SnapshotInfo, StatsGroups,
    Throttle, TransferSink, TransferSource, UndefineScope, VolumeInfo, XmlKind,
};

/// What a connection is for. Each purpose has its own, so that one cannot starve another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Lane {
    /// Calls that users wait for.
    Control,
    /// Events and health.
    Events,
    /// Bulk statistics.
    Stats,
    /// Calls to guest agents, which a guest may leave unanswered.
    Agent,
    /// One migration or another long job.
    Job,
}

/// Takes events from a backend; called on a thread of the backend and never blocks.
pub type EventSink = Arc<dyn Fn(Event) + Send + Sync>;

/// Makes connections to one host.
pub trait Connector: Send + Sync + fmt::Debug {
    /// The URI, for messages.
    fn uri(&self) -> &str;

    /// Opens a connection. May block; is called on a worker thread.
    ///
    /// # Errors
    /// When the host cannot be reached or refuses.
    fn connect(&self, lane: Lane) -> Result<Arc<dyn Hypervisor>>;
}

impl<C: Connector + ?Sized> Connector for Arc<C> {
    fn uri(&self) -> &str {
        (**self).uri()
    }

    fn connect(&self, lane: Lane) -> Result<Arc<dyn Hypervisor>> {
        (**self).connect(lane)
    }
}

/// The connector of a URI: [`crate::Libvirt`], or a fresh [`crate::FakeHost`] for `fake:///`, with a
/// seed where a number follows.
///
/// # Errors
/// [`crate::Class::Unsupported`] for a URI of libvirt in a build without the feature `ffi`.
pub fn connector(uri: &str) -> Result<Arc<dyn Connector>> {
    if let Some(seed) = uri.strip_prefix("fake:///") {
        return Ok(Arc::new(crate::FakeHost::new(seed.parse().unwrap_or(0))));
    }
    #[cfg(feature = "ffi")]
    return Ok(Arc::new(crate::Libvirt::new(uri)));
    #[cfg(not(feature = "ffi"))]
    return Err(Error::unsupported("connect to", "fake").about(uri));
}

macro_rules! hypervisor {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty, $words:literal;)*) => {
        /// One connection to a hypervisor.
        ///
        /// Calls block, may hang for ever and may be made from several threads at once. Deadlines,
        /// lanes, quarantine and reconnecting are not a backend's business: [`crate::Host`] adds
        /// them over any backend. A call that a backend lacks answers [`crate::Class::Unsupported`].
        pub trait Hypervisor: Send + Sync + fmt::Debug {
            /// The backend's name for messages, such as `libvirt`.
            fn backend(&self) -> &'static str;

            /// Whether the connection still stands. Never blocks.
            fn is_alive(&self) -> bool;

            $($(#[$doc])*
            ///
            /// # Errors
            /// When the hypervisor refuses or fails; see [`crate::Class`].
            #[allow(unused_variables, reason = "the default of an optional call ignores its arguments")]
            fn $name(&self, $($arg: $type),*) -> Result<$out> {
                Err(Error::unsupported($words, self.backend()))
            })*
        }
    };
}

hypervisor! {
    /// The host.
    fn node_info() -> NodeInfo, "read node of";
    /// The capabilities document.
    fn capabilities_xml() -> String, "read capabilities of";
    /// The domain capabilities document for an architecture, machine type and domain type; an
    /// empty text leaves the choice to the host.
    fn domain_capabilities_xml(arch: &str, machine: &str, domain_type: &str) -> String,
        "read domain capabilities of";

    /// All domains with their states, by name.
    fn domains() -> Vec<DomainEntry>, "list domains of";
    /// The domain of a name.
    fn domain_by_name(name: &str) -> DomainRef, "find domain";
    /// The domain of a UUID.
    fn domain_by_id(id: VmId) -> DomainRef, "find domain";
    /// What a domain is doing.
    fn state(id: VmId) -> DomainState, "read state of domain";
    /// What the host says about a domain.
    fn info(id: VmId) -> DomainInfo, "read domain";
    /// The XML of a domain.
    fn xml(id: VmId, kind: XmlKind) -> String, "read XML of domain";
    /// The element of a namespace in a domain's metadata.
    fn metadata(id: VmId, key: &MetadataKey) -> String, "read metadata of domain";
    /// Replaces or, with `None`, removes such an element, which is given without its prefix.
    fn set_metadata(id: VmId, key: &MetadataKey, xml: Option<&str>) -> (), "tag domain";

    /// Defines a domain, or redefines the one of the same name and UUID. Validates against the
    /// schema first.
    fn define(xml: &str) -> DomainRef, "define domain";
    /// Removes a definition.
    fn undefine(id: VmId, scope: UndefineScope) -> (), "undefine domain";
    /// Starts a domain, paused if so wanted.
    fn start(id: VmId, paused: bool) -> (), "start domain";
    /// Asks the guest to shut down; returns at once.
    fn shutdown(id: VmId, by: PowerRequest) -> (), "shut down domain";
    /// Asks the guest to reboot; returns at once.
    fn reboot(id: VmId, by: PowerRequest) -> (), "reboot domain";
    /// Presses the reset button.
    fn reset(id: VmId) -> (), "reset domain";
    /// Ends the domain's process: with `graceful`, only if it yields to a plain signal.
    fn destroy(id: VmId, graceful: bool) -> (), "destroy domain";
    /// Pauses a domain.
    fn pause(id: VmId) -> (), "pause domain";
    /// Lets a paused domain run.
    fn resume(id: VmId) -> (), "resume domain";
    /// Saves memory to a file of the host's choice and stops; the next start resumes.
    fn managed_save(id: VmId) -> (), "save domain";
    /// Drops such a saved image.
    fn managed_save_remove(id: VmId) -> (), "drop saved image of domain";
    /// Makes a domain start with its host, or not.
    fn set_autostart(id: VmId, on: bool) -> (), "set autostart of domain";

    /// Adds a device.
    fn attach_device(id: VmId, xml: &str, affect: Affect) -> (), "attach device to domain";
    /// Removes a device; from a running domain this is only a request to the guest.
    fn detach_device(id: VmId, xml: &str, affect: Affect) -> (), "detach device from domain";
    /// Changes a device in place.
    fn update_device(id: VmId, xml: &str, affect: Affect) -> (), "update device of domain";
    /// Sets the number of virtual CPUs.
    fn set_cpus(id: VmId, cpus: u32, affect: Affect) -> (), "set CPUs of domain";
    /// Sets the memory in KiB.
    fn set_memory_kib(id: VmId, kib: u64, affect: Affect) -> (), "set memory of domain";
    /// Grows a disk of a running domain; `disk` is its target or path.
    fn block_resize(id: VmId, disk: &str, bytes: u64) -> (), "resize disk of domain";

    /// Sends a command to the guest agent and gives its reply, both JSON.
    fn agent_command(id: VmId, command: &str, timeout_seconds: u32) -> String, "call agent of domain";

    /// Statistics of all domains (`ids` empty) or of some, without waiting for busy ones.
    fn stats(groups: StatsGroups, ids: &[VmId]) -> Vec<DomainStats>, "read statistics of";

    /// A picture of a screen.
    fn screenshot(id: VmId, screen: u32) -> Screenshot, "take picture of domain";
    /// Opens a console: the first, or the one of an alias. `force` ends who else has it open.
    fn open_console(id: VmId, device: Option<&str>, force: bool, sink: ConsoleSink)
        -> Box<dyn ConsoleInput>, "open console of domain";

    /// Moves a domain to another host; returns when it is there.
    fn migrate(id: VmId, request: &MigrateRequest) -> (), "migrate domain";
    /// The job of a domain.
    fn job(id: VmId) -> JobInfo, "read job of domain";
    /// Ends the job of a domain.
    fn abort_job(id: VmId) -> (), "abort job of domain";

    /// How the last job of a domain ended.
    fn finished_job(id: VmId) -> JobInfo, "read finished job of domain";
    /// Lets a migration that may do so switch over before all memory is there.
    fn start_post_copy(id: VmId) -> (), "switch migration of domain over";

    /// Starts a job on a disk of a running domain; `disk` is its target.
    fn block_job_start(id: VmId, disk: &str, request: &BlockJobRequest) -> (),
        "start job on disk of domain";
    /// How far the job on a disk is; `None` where there is none.
    fn block_job(id: VmId, disk: &str) -> Option<BlockJobInfo>, "read job on disk of domain";
    /// Ends the job on a disk.
    fn block_job_end(id: VmId, disk: &str, end: BlockJobEnd) -> (), "end job on disk of domain";
    /// The limits of a disk.
    fn throttle(id: VmId, disk: &str) -> Throttle, "read limits of disk of domain";
    /// Limits a disk.
    fn set_throttle(id: VmId, disk: &str, throttle: &Throttle, affect: Affect) -> (),
        "set limits of disk of domain";

    /// Freezes file systems of a guest, all where none is named; how many.
    fn freeze(id: VmId, mounts: &[String]) -> u32, "freeze file systems of domain";
    /// Thaws them all; how many.
    fn thaw(id: VmId) -> u32, "thaw file systems of domain";
    /// Starts a backup, described by XML, and makes a checkpoint at its moment.
    fn backup_start(id: VmId, backup: &str, checkpoint: Option<&str>) -> (), "back up domain";
    /// The checkpoints of a domain, oldest first.
    fn checkpoints(id: VmId) -> Vec<CheckpointInfo>, "list checkpoints of domain";
    /// Removes a checkpoint; the one before it takes over what it knew.
    fn checkpoint_delete(id: VmId, name: &str) -> (), "delete checkpoint of domain";

    /// The snapshots of a domain, oldest first.
    fn snapshots(id: VmId) -> Vec<SnapshotInfo>, "list snapshots of domain";
    /// Takes a snapshot, described by XML; its name.
    fn snapshot_create(id: VmId, xml: &str, disk_only: bool) -> String, "take snapshot of domain";
    /// Puts a domain back to a snapshot.
    fn snapshot_revert(id: VmId, name: &str) -> (), "revert domain";
    /// Removes a snapshot; those after it keep what they need.
    fn snapshot_delete(id: VmId, name: &str) -> (), "delete snapshot of domain";

    /// The addresses of a guest.
    fn addresses(id: VmId, source: AddressSource) -> Vec<GuestInterface>, "read addresses of domain";

    /// The storage pools, by name.
    fn pools() -> Vec<PoolInfo>, "list pools of";
    /// Defines a storage pool; its name.
    fn pool_define(xml: &str) -> String, "define pool";
    /// The XML of a storage pool.
    fn pool_xml(name: &str) -> String, "read XML of pool";
    /// Does something with a storage pool.
    fn pool_act(name: &str, act: ResourceAct) -> (), "change pool";
    /// The volumes of a pool, by name.
    fn volumes(pool: &str) -> Vec<VolumeInfo>, "list volumes of pool";
    /// Makes a volume; its path.
    fn volume_create(pool: &str, xml: &str) -> String, "create volume in pool";
    /// Grows a volume.
    fn volume_resize(pool: &str, name: &str, bytes: u64) -> (), "resize volume of pool";
    /// Removes a volume and what is in it.
    fn volume_delete(pool: &str, name: &str) -> (), "delete volume of pool";

    /// The networks, by name.
    fn networks() -> Vec<NetworkInfo>, "list networks of";
    /// Defines a network; its name.
    fn network_define(xml: &str) -> String, "define network";
    /// The XML of a network.
    fn network_xml(name: &str) -> String, "read XML of network";
    /// Does something with a network.
    fn network_act(name: &str, act: ResourceAct) -> (), "change network";

    /// Writes the content of a volume; how many bytes.
    fn volume_upload(pool: &str, name: &str, source: Box<dyn TransferSource>) -> u64,
        "upload volume of pool";
    /// Reads the content of a volume; how many bytes, holes among them.
    fn volume_download(pool: &str, name: &str, sink: Box<dyn TransferSink>) -> u64,
        "download volume of pool";

    /// The names of the network filters, in order.
    fn filters() -> Vec<String>, "list filters of";
    /// Defines a network filter; its name.
    fn filter_define(xml: &str) -> String, "define filter";
    /// The XML of a network filter.
    fn filter_xml(name: &str) -> String, "read XML of filter";
    /// Removes a network filter that nothing uses.
    fn filter_undefine(name: &str) -> (), "remove filter";

    /// The devices of the host that can be passed through, or that lead to networks and storage,
    /// by name.
    fn node_devices() -> Vec<NodeDeviceInfo>, "list devices of";

    /// Delivers the events of this connection to `sink` until the connection is dropped.
    fn subscribe(sink: EventSink) -> (), "subscribe to events of";
}
