//! The calls of [`Hypervisor`] on a fake host.

use quantix_core::{MemoryMib, VmId};
use quantix_xml::Document;

use super::{
    connection::{Call, FakeConnection, conflict, domain, invalid, no_agent, switch},
    counters,
    devices::{self, Change},
    disks, moments, network,
    record::{self, edit, memory_kib, number, with_metadata},
    storage, streams,
    world::Inner,
};
use crate::{
    AddressSource, Affect, BlockJobEnd, BlockJobInfo, BlockJobRequest, CheckpointInfo, Class,
    ConsoleInput, ConsoleSink, DomainEntry, DomainInfo, DomainRef, DomainState, DomainStats, Error,
    Event, EventSink, GuestInterface, Hypervisor, JobInfo, Lifecycle, MetadataKey, MigrateRequest,
    NetworkInfo, NodeDeviceInfo, NodeInfo, PoolInfo, PowerRequest, ResourceAct, Result, Screenshot,
    SnapshotInfo, StatsGroups, Throttle, TransferSink, TransferSource, UndefineScope, Version,
    VolumeInfo, XmlKind,
};

const ON: &[DomainState] = &[DomainState::Running, DomainState::Paused];
const OFF: &[DomainState] = &[DomainState::ShutOff];
const RUNNING: &[DomainState] = &[DomainState::Running];

impl Hypervisor for FakeConnection {
    fn backend(&self) -> &'static str {
        "fake"
    }

    fn is_alive(&self) -> bool {
        self.world.lock().is_open(self.number)
    }

    fn node_info(&self) -> Result<NodeInfo> {
        self.call(Call::host("node_info"), |inner| {
            let used: u64 = inner
                .domains
                .values()
                .filter(|domain| domain.state.is_active())
                .map(|domain| memory_kib(&domain.xml) / 1024)
                .sum();
            Ok(NodeInfo {
                hostname: inner.host_name.clone(),
                uri: "fake:///".to_owned(),
                driver: "Fake".to_owned(),
                libvirt_version: Version(9_000_000),
                hypervisor_version: Version(7_002_000),
                arch: "x86_64".to_owned(),
                cpus: 16,
                numa_nodes: 1,
                memory_mib: MemoryMib(65_536),
                memory_free_mib: MemoryMib(65_536_u64.saturating_sub(used)),
            })
        })
    }

    fn capabilities_xml(&self) -> Result<String> {
        self.call(Call::host("capabilities_xml"), |inner| Ok(devices::host(inner.seed)))
    }

    fn domain_capabilities_xml(&self, arch: &str, machine: &str, kind: &str) -> Result<String> {
        self.call(Call::host("domain_capabilities_xml"), |_| {
            if kind == "kvm" {
                let text = "KVM is not supported on this host";
                return Err(Error::new(Class::Invalid, "read domain capabilities of", text));
            }
            Ok(devices::capabilities(arch, machine))
        })
    }

    fn domains(&self) -> Result<Vec<DomainEntry>> {
        self.call(Call::host("domains"), |inner| {
            let mut entries: Vec<_> = inner
                .domains
                .iter()
                .map(|(&id, domain)| DomainEntry {
                    name: domain.name.clone(),
                    id,
                    state: domain.state,
                })
                .collect();
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(entries)
        })
    }

    fn domain_by_name(&self, name: &str) -> Result<DomainRef> {
        self.call(Call::host("domain_by_name"), |inner| {
            let found = inner.domains.iter().find(|(_, domain)| domain.name == name);
            found.map(|(&id, _)| DomainRef { name: name.to_owned(), id }).ok_or_else(|| {
                Error::new(Class::NotFound, "find domain", "domain not found").about(name)
            })
        })
    }

    fn domain_by_id(&self, id: VmId) -> Result<DomainRef> {
        self.call(Call::record("domain_by_id", id), |inner| {
            let name = domain(inner, "find domain", id)?.name.clone();
            Ok(DomainRef { name, id })
        })
    }

    fn state(&self, id: VmId) -> Result<DomainState> {
        self.call(Call::record("state", id), |inner| {
            Ok(domain(inner, "read state of domain", id)?.state)
        })
    }

    fn info(&self, id: VmId) -> Result<DomainInfo> {
        self.call(Call::record("info", id), |inner| {
            let domain = domain(inner, "read domain", id)?;
            let xml = domain.live_xml.as_ref().unwrap_or(&domain.xml);
            let memory = MemoryMib(memory_kib(xml) / 1024);
            Ok(DomainInfo {
                name: domain.name.clone(),
                id,
                state: domain.state,
                persistent: true,
                autostart: domain.autostart,
                managed_save: domain.managed_save,
                cpus: u32::try_from(number(xml, "vcpu")).unwrap_or(u32::MAX),
                memory_max_mib: memory,
                memory_mib: memory,
                cpu_time_ns: 0,
            })
        })
    }

    fn xml(&self, id: VmId, kind: XmlKind) -> Result<String> {
        self.call(Call::record("xml", id), |inner| {
            let domain = domain(inner, "read XML of domain", id)?;
            Ok(match kind {
                XmlKind::Current => domain.live_xml.clone().unwrap_or_else(|| domain.xml.clone()),
                XmlKind::NextBoot | XmlKind::NextBootWithSecrets => domain.xml.clone(),
            })
        })
    }

    fn metadata(&self, id: VmId, key: &MetadataKey) -> Result<String> {
        const OPERATION: &str = "read metadata of domain";
        self.call(Call::record("metadata", id), |inner| {
            let domain = domain(inner, OPERATION, id)?;
            let document =
                Document::parse(&domain.xml).map_err(|error| invalid(OPERATION, error))?;
            let found = document.root().child("metadata").and_then(|metadata| {
                metadata.elements().find(|e| e.namespace().as_deref() == Some(key.uri))
            });
            let found = found.map(|element| element.node().raw().into_owned());
            found.ok_or_else(|| Error::new(Class::NotFound, OPERATION, "metadata not found"))
        })
    }

    fn set_metadata(&self, id: VmId, key: &MetadataKey, xml: Option<&str>) -> Result<()> {
        const OPERATION: &str = "tag domain";
        self.call(Call::record("set_metadata", id), |inner| {
            let domain = domain(inner, OPERATION, id)?;
            domain.xml =
                with_metadata(&domain.xml, key, xml).map_err(|error| invalid(OPERATION, error))?;
            Ok(())
        })
    }

    fn define(&self, xml: &str) -> Result<DomainRef> {
        self.call(Call::host("define"), |inner| record::define(inner, xml))
    }

    fn undefine(&self, id: VmId, scope: UndefineScope) -> Result<()> {
        const OPERATION: &str = "undefine domain";
        self.call(Call::record("undefine", id), |inner| {
            let domain = domain(inner, OPERATION, id)?;
            if domain.managed_save && !scope.managed_save {
                let text = "refusing to undefine while domain managed save image exists";
                return Err(conflict(OPERATION, text).about(&domain.name));
            }
            if domain.state.is_active() {
                return Err(conflict(OPERATION, "the domain is active").about(&domain.name));
            }
            if !domain.snapshots.is_empty() && !scope.snapshots_metadata {
                let text = "cannot delete inactive domain with snapshots";
                return Err(conflict(OPERATION, text).about(&domain.name));
            }
            if !domain.checkpoints.is_empty() && !scope.checkpoints_metadata {
                let text = "cannot delete inactive domain with checkpoints";
                return Err(conflict(OPERATION, text).about(&domain.name));
            }
            inner.emit_lifecycle(id, Lifecycle::Undefined);
            inner.domains.remove(&id);
            Ok(())
        })
    }

    fn start(&self, id: VmId, paused: bool) -> Result<()> {
        let state = if paused { DomainState::Paused } else { DomainState::Running };
        self.call(Call::record("start", id), |inner| {
            switch(inner, ("start domain", id), OFF, (state, Lifecycle::Started))?;
            domain(inner, "start domain", id)?.managed_save = false;
            Ok(())
        })
    }

    fn shutdown(&self, id: VmId, by: PowerRequest) -> Result<()> {
        const OPERATION: &str = "shut down domain";
        self.call(Call::guest("shutdown", id), |inner| {
            let domain = domain(inner, OPERATION, id)?;
            if by == PowerRequest::Agent && !domain.guest.agent {
                return Err(no_agent(OPERATION));
            }
            let obeys = match by {
                PowerRequest::Agent => domain.guest.obeys_agent,
                PowerRequest::Acpi => domain.guest.hears_button,
            };
            if obeys {
                switch(
                    inner,
                    (OPERATION, id),
                    RUNNING,
                    (DomainState::ShutOff, Lifecycle::Stopped),
                )?;
            }
            Ok(())
        })
    }

    fn reboot(&self, id: VmId, _by: PowerRequest) -> Result<()> {
        self.call(Call::guest("reboot", id), |inner| {
            let name = domain(inner, "reboot domain", id)?.name.clone();
            inner.emit(&Event::Rebooted { domain: DomainRef { name, id } });
            Ok(())
        })
    }

    fn reset(&self, id: VmId) -> Result<()> {
        self.call(Call::guest("reset", id), |inner| domain(inner, "reset domain", id).map(drop))
    }

    fn destroy(&self, id: VmId, _graceful: bool) -> Result<()> {
        let off = (DomainState::ShutOff, Lifecycle::Stopped);
        self.call(Call::record("destroy", id), |inner| {
            switch(inner, ("destroy domain", id), ON, off)
        })
    }

    fn pause(&self, id: VmId) -> Result<()> {
        let paused = (DomainState::Paused, Lifecycle::Suspended);
        self.call(Call::guest("pause", id), |inner| switch(inner, ("pause domain", id), ON, paused))
    }

    fn resume(&self, id: VmId) -> Result<()> {
        let running = (DomainState::Running, Lifecycle::Resumed);
        self.call(Call::guest("resume", id), |inner| {
            switch(inner, ("resume domain", id), &[DomainState::Paused], running)
        })
    }

    fn managed_save(&self, id: VmId) -> Result<()> {
        let off = (DomainState::ShutOff, Lifecycle::Stopped);
        self.call(Call::guest("managed_save", id), |inner| {
            switch(inner, ("save domain", id), ON, off)?;
            domain(inner, "save domain", id)?.managed_save = true;
            Ok(())
        })
    }

    fn managed_save_remove(&self, id: VmId) -> Result<()> {
        self.call(Call::record("managed_save_remove", id), |inner| {
            domain(inner, "drop saved image of domain", id)?.managed_save = false;
            Ok(())
        })
    }

    fn set_autostart(&self, id: VmId, on: bool) -> Result<()> {
        self.call(Call::record("set_autostart", id), |inner| {
            domain(inner, "set autostart of domain", id)?.autostart = on;
            Ok(())
        })
    }

    fn attach_device(&self, id: VmId, xml: &str, affect: Affect) -> Result<()> {
        let operation = "attach device to domain";
        self.device(Call::guest("attach_device", id), operation, (xml, affect), Change::Attach)
    }

    fn detach_device(&self, id: VmId, xml: &str, affect: Affect) -> Result<()> {
        let operation = "detach device from domain";
        self.device(Call::guest("detach_device", id), operation, (xml, affect), Change::Detach)
    }

    fn update_device(&self, id: VmId, xml: &str, affect: Affect) -> Result<()> {
        let operation = "update device of domain";
        self.device(Call::guest("update_device", id), operation, (xml, affect), Change::Update)
    }

    fn set_cpus(&self, id: VmId, cpus: u32, affect: Affect) -> Result<()> {
        const OPERATION: &str = "set CPUs of domain";
        self.call(Call::guest("set_cpus", id), |inner| {
            edit(domain(inner, OPERATION, id)?, OPERATION, affect, |xml| {
                devices::set_text(OPERATION, xml, "vcpu", &cpus.to_string())
            })
        })
    }

    fn set_memory_kib(&self, id: VmId, kib: u64, affect: Affect) -> Result<()> {
        const OPERATION: &str = "set memory of domain";
        self.call(Call::guest("set_memory_kib", id), |inner| {
            edit(domain(inner, OPERATION, id)?, OPERATION, affect, |xml| {
                let mib = devices::set_text(OPERATION, xml, "memory", &kib.to_string())?;
                devices::set_attribute(OPERATION, &mib, ("memory", "unit"), "KiB")
            })
        })
    }

    fn block_resize(&self, id: VmId, _disk: &str, _bytes: u64) -> Result<()> {
        self.call(Call::guest("block_resize", id), |inner| {
            domain(inner, "resize disk of domain", id).map(drop)
        })
    }

    fn agent_command(&self, id: VmId, command: &str, _timeout_seconds: u32) -> Result<String> {
        const OPERATION: &str = "call agent of domain";
        self.call(Call::guest("agent_command", id), |inner| {
            let domain = domain(inner, OPERATION, id)?;
            if !domain.state.is_active() {
                return Err(conflict(OPERATION, "domain is not running").about(&domain.name));
            }
            if !domain.guest.agent {
                return Err(no_agent(OPERATION));
            }
            domain.guest.answer(command)
        })
    }

    fn stats(&self, _groups: StatsGroups, ids: &[VmId]) -> Result<Vec<DomainStats>> {
        let asked_all = ids.is_empty();
        let first_silent = |inner: &Inner| {
            let mut silent =
                inner.domains.iter().filter(|(_, d)| d.guest.hung && d.state.is_active());
            silent
                .find(|(id, d)| !d.known_busy && (asked_all || ids.contains(id)))
                .map(|(&id, _)| id)
        };
        let mut inner = self.world.lock();
        let silent = first_silent(&inner);
        if let Some(domain) = silent.and_then(|id| inner.domains.get_mut(&id)) {
            // As libvirt does: the first bulk call that meets a hung guest hangs with it, and the
            // guest is then known to be busy.
            domain.known_busy = true;
        }
        drop(inner);
        if let Some(id) = silent {
            return self.call(Call::guest("stats", id), |_| Ok(Vec::new()));
        }
        self.call(Call::host("stats"), |inner| Ok(counters::read(inner, ids)))
    }

    fn screenshot(&self, id: VmId, screen: u32) -> Result<Screenshot> {
        self.call(Call::guest("screenshot", id), |inner| streams::screenshot(inner, id, screen))
    }

    fn open_console(
        &self,
        id: VmId,
        device: Option<&str>,
        force: bool,
        sink: ConsoleSink,
    ) -> Result<Box<dyn ConsoleInput>> {
        self.console(id, device, force, sink)
    }

    fn migrate(&self, id: VmId, request: &MigrateRequest) -> Result<()> {
        self.travel(id, request)
    }

    fn job(&self, id: VmId) -> Result<JobInfo> {
        self.call(Call::record("job", id), |inner| moments::job(inner, id))
    }

    fn finished_job(&self, id: VmId) -> Result<JobInfo> {
        self.call(Call::record("finished_job", id), |inner| moments::finished_job(inner, id))
    }

    fn abort_job(&self, id: VmId) -> Result<()> {
        self.call(Call::record("abort_job", id), |inner| moments::abort_job(inner, id))
    }

    fn start_post_copy(&self, id: VmId) -> Result<()> {
        self.call(Call::record("start_post_copy", id), |inner| moments::switch_over(inner, id))
    }

    fn block_job_start(&self, id: VmId, disk: &str, request: &BlockJobRequest) -> Result<()> {
        let call = Call::guest("block_job_start", id);
        self.call(call, |inner| disks::start_job(inner, (id, disk), request))
    }

    fn block_job(&self, id: VmId, disk: &str) -> Result<Option<BlockJobInfo>> {
        self.call(Call::guest("block_job", id), |inner| disks::job(inner, (id, disk)))
    }

    fn block_job_end(&self, id: VmId, disk: &str, end: BlockJobEnd) -> Result<()> {
        let call = Call::guest("block_job_end", id);
        self.call(call, |inner| disks::end_job(inner, (id, disk), end))
    }

    fn throttle(&self, id: VmId, disk: &str) -> Result<Throttle> {
        self.call(Call::guest("throttle", id), |inner| disks::throttle(inner, (id, disk)))
    }

    fn set_throttle(&self, id: VmId, disk: &str, limits: &Throttle, affect: Affect) -> Result<()> {
        let call = Call::guest("set_throttle", id);
        self.call(call, |inner| disks::set_throttle(inner, (id, disk), *limits, affect))
    }

    fn freeze(&self, id: VmId, mounts: &[String]) -> Result<u32> {
        self.call(Call::guest("freeze", id), |inner| moments::freeze(inner, id, mounts))
    }

    fn thaw(&self, id: VmId) -> Result<u32> {
        self.call(Call::guest("thaw", id), |inner| moments::thaw(inner, id))
    }

    fn backup_start(&self, id: VmId, backup: &str, checkpoint: Option<&str>) -> Result<()> {
        let call = Call::guest("backup_start", id);
        self.call(call, |inner| moments::back_up(inner, id, backup, checkpoint))
    }

    fn checkpoints(&self, id: VmId) -> Result<Vec<CheckpointInfo>> {
        self.call(Call::record("checkpoints", id), |inner| moments::checkpoints(inner, id))
    }

    fn checkpoint_delete(&self, id: VmId, name: &str) -> Result<()> {
        let call = Call::guest("checkpoint_delete", id);
        self.call(call, |inner| moments::delete_checkpoint(inner, id, name))
    }

    fn snapshots(&self, id: VmId) -> Result<Vec<SnapshotInfo>> {
        self.call(Call::record("snapshots", id), |inner| moments::snapshots(inner, id))
    }

    fn snapshot_create(&self, id: VmId, xml: &str, disk_only: bool) -> Result<String> {
        let call = Call::guest("snapshot_create", id);
        self.call(call, |inner| moments::take(inner, id, xml, disk_only))
    }

    fn snapshot_revert(&self, id: VmId, name: &str) -> Result<()> {
        self.call(Call::guest("snapshot_revert", id), |inner| moments::revert(inner, id, name))
    }

    fn snapshot_delete(&self, id: VmId, name: &str) -> Result<()> {
        self.call(Call::guest("snapshot_delete", id), |inner| moments::delete(inner, id, name))
    }

    fn addresses(&self, id: VmId, source: AddressSource) -> Result<Vec<GuestInterface>> {
        const OPERATION: &str = "read addresses of domain";
        let call = match source {
            AddressSource::Agent => Call::guest("addresses", id),
            AddressSource::Lease | AddressSource::Arp => Call::record("addresses", id),
        };
        self.call(call, |inner| {
            let domain = domain(inner, OPERATION, id)?;
            if !domain.state.is_active() {
                return Err(conflict(OPERATION, "domain is not running").about(&domain.name));
            }
            match source {
                AddressSource::Agent if !domain.guest.agent => Err(no_agent(OPERATION)),
                AddressSource::Agent => domain.guest.interfaces(),
                AddressSource::Lease | AddressSource::Arp => Ok(Vec::new()),
            }
        })
    }

    fn pools(&self) -> Result<Vec<PoolInfo>> {
        self.call(Call::host("pools"), |inner| Ok(storage::list(inner)))
    }

    fn pool_define(&self, xml: &str) -> Result<String> {
        self.call(Call::host("pool_define"), |inner| storage::define(inner, xml))
    }

    fn pool_xml(&self, name: &str) -> Result<String> {
        self.call(Call::host("pool_xml"), |inner| storage::xml(inner, name))
    }

    fn pool_act(&self, name: &str, act: ResourceAct) -> Result<()> {
        self.call(Call::host("pool_act"), |inner| storage::act(inner, name, act))
    }

    fn volumes(&self, pool: &str) -> Result<Vec<VolumeInfo>> {
        self.call(Call::host("volumes"), |inner| storage::volumes(inner, pool))
    }

    fn volume_create(&self, pool: &str, xml: &str) -> Result<String> {
        self.call(Call::host("volume_create"), |inner| storage::create_volume(inner, pool, xml))
    }

    fn volume_resize(&self, pool: &str, name: &str, bytes: u64) -> Result<()> {
        let call = Call::host("volume_resize");
        self.call(call, |inner| storage::resize_volume(inner, (pool, name), bytes))
    }

    fn volume_delete(&self, pool: &str, name: &str) -> Result<()> {
        self.call(Call::host("volume_delete"), |inner| storage::delete_volume(inner, (pool, name)))
    }

    fn volume_upload(
        &self,
        pool: &str,
        name: &str,
        source: Box<dyn TransferSource>,
    ) -> Result<u64> {
        self.upload((pool, name), source)
    }

    fn volume_download(&self, pool: &str, name: &str, sink: Box<dyn TransferSink>) -> Result<u64> {
        self.download((pool, name), sink)
    }

    fn networks(&self) -> Result<Vec<NetworkInfo>> {
        self.call(Call::host("networks"), |inner| Ok(network::list(inner)))
    }

    fn network_define(&self, xml: &str) -> Result<String> {
        self.call(Call::host("network_define"), |inner| network::define(inner, xml))
    }

    fn network_xml(&self, name: &str) -> Result<String> {
        self.call(Call::host("network_xml"), |inner| network::xml(inner, name))
    }

    fn network_act(&self, name: &str, act: ResourceAct) -> Result<()> {
        self.call(Call::host("network_act"), |inner| network::act(inner, name, act))
    }

    fn filters(&self) -> Result<Vec<String>> {
        self.call(Call::host("filters"), |inner| Ok(inner.filters.keys().cloned().collect()))
    }

    fn filter_define(&self, xml: &str) -> Result<String> {
        self.call(Call::host("filter_define"), |inner| network::define_filter(inner, xml))
    }

    fn filter_xml(&self, name: &str) -> Result<String> {
        self.call(Call::host("filter_xml"), |inner| network::filter_xml(inner, name))
    }

    fn filter_undefine(&self, name: &str) -> Result<()> {
        self.call(Call::host("filter_undefine"), |inner| network::undefine_filter(inner, name))
    }

    fn node_devices(&self) -> Result<Vec<NodeDeviceInfo>> {
        self.call(Call::host("node_devices"), |_| Ok(devices::of_host()))
    }

    fn subscribe(&self, sink: EventSink) -> Result<()> {
        self.call(Call::host("subscribe"), |inner| {
            inner.subscribe(self.number, sink);
            Ok(())
        })
    }
}
