//! The calls of [`Hypervisor`] on the C library.

use quantix_core::VmId;

use super::{
    Session,
    handles::c_string,
    session::{power_flags, undefine_choices},
    sys,
};
use crate::{
    AddressSource, Affect, BlockJobEnd, BlockJobInfo, BlockJobRequest, CheckpointInfo,
    ConsoleInput, ConsoleSink, DomainEntry, DomainInfo, DomainRef, DomainState, DomainStats,
    EventSink, GuestInterface, Hypervisor, JobInfo, MetadataKey, MigrateRequest, NetworkInfo,
    NodeDeviceInfo, NodeInfo, PoolInfo, PowerRequest, ResourceAct, Result, Screenshot,
    SnapshotInfo, StatsGroups, Throttle, TransferSink, TransferSource, UndefineScope, VolumeInfo,
    XmlKind,
};

impl Hypervisor for Session {
    fn backend(&self) -> &'static str {
        "libvirt"
    }

    fn is_alive(&self) -> bool {
        self.is_open()
    }

    fn node_info(&self) -> Result<NodeInfo> {
        self.read_node()
    }

    fn capabilities_xml(&self) -> Result<String> {
        // SAFETY: the connection is open.
        let text = unsafe { sys::virConnectGetCapabilities(self.connection.raw()) };
        self.text("read capabilities of", text)
    }

    fn domain_capabilities_xml(&self, arch: &str, machine: &str, kind: &str) -> Result<String> {
        self.read_domain_capabilities(arch, machine, kind)
    }

    fn domains(&self) -> Result<Vec<DomainEntry>> {
        let mut entries = self.bulk_entries("list domains of")?;
        entries.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
        Ok(entries)
    }

    fn domain_by_name(&self, name: &str) -> Result<DomainRef> {
        self.find_domain(name)
    }

    fn domain_by_id(&self, id: VmId) -> Result<DomainRef> {
        self.domain("find domain", id).map(|domain| domain.reference())
    }

    fn state(&self, id: VmId) -> Result<DomainState> {
        self.read_state(id)
    }

    fn info(&self, id: VmId) -> Result<DomainInfo> {
        self.domain_info(id)
    }

    fn xml(&self, id: VmId, kind: XmlKind) -> Result<String> {
        self.read_xml(id, kind)
    }

    fn metadata(&self, id: VmId, key: &MetadataKey) -> Result<String> {
        self.read_metadata(id, key)
    }

    fn set_metadata(&self, id: VmId, key: &MetadataKey, xml: Option<&str>) -> Result<()> {
        self.write_metadata(id, key, xml)
    }

    fn define(&self, xml: &str) -> Result<DomainRef> {
        self.define_domain(xml)
    }

    fn undefine(&self, id: VmId, scope: UndefineScope) -> Result<()> {
        self.on_domain_with("undefine domain", id, &undefine_choices(scope), |domain, flags| {
            // SAFETY: `on_domain_with` passes a valid domain.
            unsafe { sys::virDomainUndefineFlags(domain, flags) }
        })
    }

    fn start(&self, id: VmId, paused: bool) -> Result<()> {
        let flags = if paused { sys::VIR_DOMAIN_START_PAUSED } else { 0 };
        self.on_domain("start domain", id, |domain| {
            // SAFETY: `on_domain` passes a valid domain.
            unsafe { sys::virDomainCreateWithFlags(domain, flags) }
        })?;
        Ok(())
    }

    fn shutdown(&self, id: VmId, by: PowerRequest) -> Result<()> {
        self.on_domain_with("shut down domain", id, power_flags(by), |domain, flags| {
            // SAFETY: `on_domain_with` passes a valid domain.
            unsafe { sys::virDomainShutdownFlags(domain, flags) }
        })
    }

    fn reboot(&self, id: VmId, by: PowerRequest) -> Result<()> {
        self.on_domain_with("reboot domain", id, power_flags(by), |domain, flags| {
            // SAFETY: as above; the flags of reboot and shutdown have the same numbers.
            unsafe { sys::virDomainReboot(domain, flags) }
        })
    }

    fn reset(&self, id: VmId) -> Result<()> {
        // SAFETY: `on_domain` passes a valid domain.
        self.on_domain("reset domain", id, |domain| unsafe { sys::virDomainReset(domain, 0) })?;
        Ok(())
    }

    fn destroy(&self, id: VmId, graceful: bool) -> Result<()> {
        let flags = if graceful { sys::VIR_DOMAIN_DESTROY_GRACEFUL } else { 0 };
        self.on_domain("destroy domain", id, |domain| {
            // SAFETY: `on_domain` passes a valid domain.
            unsafe { sys::virDomainDestroyFlags(domain, flags) }
        })?;
        Ok(())
    }

    fn pause(&self, id: VmId) -> Result<()> {
        // SAFETY: `on_domain` passes a valid domain.
        self.on_domain("pause domain", id, |domain| unsafe { sys::virDomainSuspend(domain) })?;
        Ok(())
    }

    fn resume(&self, id: VmId) -> Result<()> {
        // SAFETY: `on_domain` passes a valid domain.
        self.on_domain("resume domain", id, |domain| unsafe { sys::virDomainResume(domain) })?;
        Ok(())
    }

    fn managed_save(&self, id: VmId) -> Result<()> {
        // SAFETY: `on_domain` passes a valid domain.
        self.on_domain("save domain", id, |domain| unsafe {
            sys::virDomainManagedSave(domain, 0)
        })?;
        Ok(())
    }

    fn managed_save_remove(&self, id: VmId) -> Result<()> {
        self.on_domain("drop saved image of domain", id, |domain| {
            // SAFETY: `on_domain` passes a valid domain.
            unsafe { sys::virDomainManagedSaveRemove(domain, 0) }
        })?;
        Ok(())
    }

    fn set_autostart(&self, id: VmId, on: bool) -> Result<()> {
        self.on_domain("set autostart of domain", id, |domain| {
            // SAFETY: `on_domain` passes a valid domain.
            unsafe { sys::virDomainSetAutostart(domain, i32::from(on)) }
        })?;
        Ok(())
    }

    fn attach_device(&self, id: VmId, xml: &str, affect: Affect) -> Result<()> {
        self.device("attach device to domain", id, xml, affect, sys::virDomainAttachDeviceFlags)
    }

    fn detach_device(&self, id: VmId, xml: &str, affect: Affect) -> Result<()> {
        self.device("detach device from domain", id, xml, affect, sys::virDomainDetachDeviceFlags)
    }

    fn update_device(&self, id: VmId, xml: &str, affect: Affect) -> Result<()> {
        self.device("update device of domain", id, xml, affect, sys::virDomainUpdateDeviceFlags)
    }

    fn set_cpus(&self, id: VmId, cpus: u32, affect: Affect) -> Result<()> {
        self.on_domain("set CPUs of domain", id, |domain| {
            // SAFETY: `on_domain` passes a valid domain.
            unsafe { sys::virDomainSetVcpusFlags(domain, cpus, affect.flags()) }
        })?;
        Ok(())
    }

    fn set_memory_kib(&self, id: VmId, kib: u64, affect: Affect) -> Result<()> {
        self.on_domain("set memory of domain", id, |domain| {
            // SAFETY: `on_domain` passes a valid domain.
            unsafe { sys::virDomainSetMemoryFlags(domain, kib, affect.flags()) }
        })?;
        Ok(())
    }

    fn block_resize(&self, id: VmId, disk: &str, bytes: u64) -> Result<()> {
        self.resize_disk(id, disk, bytes)
    }

    fn agent_command(&self, id: VmId, command: &str, timeout_seconds: u32) -> Result<String> {
        const OPERATION: &str = "call agent of domain";
        let domain = self.domain(OPERATION, id)?;
        let command = c_string(OPERATION, command)?;
        let seconds = i32::try_from(timeout_seconds.max(1)).unwrap_or(i32::MAX);
        // SAFETY: the domain is valid and `command` a C string.
        let text =
            unsafe { sys::virDomainQemuAgentCommand(domain.raw(), command.as_ptr(), seconds, 0) };
        self.text(OPERATION, text).map_err(|error| error.about(domain.reference()))
    }

    fn stats(&self, groups: StatsGroups, ids: &[VmId]) -> Result<Vec<DomainStats>> {
        self.read_stats(groups, ids)
    }

    fn screenshot(&self, id: VmId, screen: u32) -> Result<Screenshot> {
        self.take_screenshot(id, screen)
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
        self.run_migration(id, request)
    }

    fn job(&self, id: VmId) -> Result<JobInfo> {
        self.job_info(id)
    }

    fn abort_job(&self, id: VmId) -> Result<()> {
        // SAFETY: `on_domain` passes a valid domain.
        self.on_domain("abort job of domain", id, |domain| unsafe {
            sys::virDomainAbortJob(domain)
        })?;
        Ok(())
    }

    fn finished_job(&self, id: VmId) -> Result<JobInfo> {
        self.finished_job_info(id)
    }

    fn start_post_copy(&self, id: VmId) -> Result<()> {
        self.on_domain("switch migration of domain over", id, |domain| {
            // SAFETY: `on_domain` passes a valid domain.
            unsafe { sys::virDomainMigrateStartPostCopy(domain, 0) }
        })?;
        Ok(())
    }

    fn block_job_start(&self, id: VmId, disk: &str, request: &BlockJobRequest) -> Result<()> {
        self.start_block_job(id, disk, request)
    }

    fn block_job(&self, id: VmId, disk: &str) -> Result<Option<BlockJobInfo>> {
        self.read_block_job(id, disk)
    }

    fn block_job_end(&self, id: VmId, disk: &str, end: BlockJobEnd) -> Result<()> {
        self.end_block_job(id, disk, end)
    }

    fn throttle(&self, id: VmId, disk: &str) -> Result<Throttle> {
        self.read_throttle(id, disk)
    }

    fn set_throttle(
        &self,
        id: VmId,
        disk: &str,
        throttle: &Throttle,
        affect: Affect,
    ) -> Result<()> {
        self.write_throttle(id, disk, throttle, affect)
    }

    fn freeze(&self, id: VmId, mounts: &[String]) -> Result<u32> {
        self.freeze_guest(id, mounts)
    }

    fn thaw(&self, id: VmId) -> Result<u32> {
        self.thaw_guest(id)
    }

    fn backup_start(&self, id: VmId, backup: &str, checkpoint: Option<&str>) -> Result<()> {
        self.begin_backup(id, backup, checkpoint)
    }

    fn checkpoints(&self, id: VmId) -> Result<Vec<CheckpointInfo>> {
        self.list_checkpoints(id)
    }

    fn checkpoint_delete(&self, id: VmId, name: &str) -> Result<()> {
        self.delete_checkpoint(id, name)
    }

    fn volume_upload(
        &self,
        pool: &str,
        name: &str,
        source: Box<dyn TransferSource>,
    ) -> Result<u64> {
        self.upload(pool, name, source)
    }

    fn volume_download(&self, pool: &str, name: &str, sink: Box<dyn TransferSink>) -> Result<u64> {
        self.download(pool, name, sink)
    }

    fn filters(&self) -> Result<Vec<String>> {
        self.list_filters()
    }

    fn filter_define(&self, xml: &str) -> Result<String> {
        self.define_filter(xml)
    }

    fn filter_xml(&self, name: &str) -> Result<String> {
        self.read_filter(name)
    }

    fn filter_undefine(&self, name: &str) -> Result<()> {
        self.remove_filter(name)
    }

    fn snapshots(&self, id: VmId) -> Result<Vec<SnapshotInfo>> {
        self.list_snapshots(id)
    }

    fn snapshot_create(&self, id: VmId, xml: &str, disk_only: bool) -> Result<String> {
        self.take_snapshot(id, xml, disk_only)
    }

    fn snapshot_revert(&self, id: VmId, name: &str) -> Result<()> {
        self.revert_snapshot(id, name)
    }

    fn snapshot_delete(&self, id: VmId, name: &str) -> Result<()> {
        self.delete_snapshot(id, name)
    }

    fn addresses(&self, id: VmId, source: AddressSource) -> Result<Vec<GuestInterface>> {
        self.guest_addresses(id, source)
    }

    fn pools(&self) -> Result<Vec<PoolInfo>> {
        self.list_pools()
    }

    fn pool_define(&self, xml: &str) -> Result<String> {
        self.define_pool(xml)
    }

    fn pool_xml(&self, name: &str) -> Result<String> {
        self.read_pool(name)
    }

    fn pool_act(&self, name: &str, act: ResourceAct) -> Result<()> {
        self.change_pool(name, act)
    }

    fn volumes(&self, pool: &str) -> Result<Vec<VolumeInfo>> {
        self.list_volumes(pool)
    }

    fn volume_create(&self, pool: &str, xml: &str) -> Result<String> {
        self.create_volume(pool, xml)
    }

    fn volume_resize(&self, pool: &str, name: &str, bytes: u64) -> Result<()> {
        self.resize_volume(pool, name, bytes)
    }

    fn volume_delete(&self, pool: &str, name: &str) -> Result<()> {
        self.delete_volume(pool, name)
    }

    fn networks(&self) -> Result<Vec<NetworkInfo>> {
        self.list_networks()
    }

    fn network_define(&self, xml: &str) -> Result<String> {
        self.define_network(xml)
    }

    fn network_xml(&self, name: &str) -> Result<String> {
        self.read_network(name)
    }

    fn network_act(&self, name: &str, act: ResourceAct) -> Result<()> {
        self.change_network(name, act)
    }

    fn node_devices(&self) -> Result<Vec<NodeDeviceInfo>> {
        self.list_node_devices()
    }

    fn subscribe(&self, sink: EventSink) -> Result<()> {
        self.subscribe_all(&sink)
    }
}
