//! The calls of [`Hypervisor`] on the C library.

use std::mem::MaybeUninit;

use super::sys;
use quantix_core::{MemoryMib, VmId};

use super::{
    Session, flags_unknown,
    handles::{Domain, borrowed_text, c_string, owned_text},
};
use crate::{
    AddressSource, Affect, BlockJobEnd, BlockJobInfo, BlockJobRequest, CheckpointInfo, Class,
    ConsoleInput, ConsoleSink, DomainEntry, DomainInfo, DomainRef, DomainState, DomainStats, Error,
    EventSink, GuestInterface, Hypervisor, JobInfo, MetadataKey, MigrateRequest, NetworkInfo,
    NodeInfo, PoolInfo, PowerRequest, ResourceAct, Result, Screenshot, SnapshotInfo, StatsGroups,
    Throttle, TransferSink, TransferSource, UndefineScope, Version, VolumeInfo, XmlKind,
};

impl Session {
    pub(super) fn domain(&self, operation: &'static str, id: VmId) -> Result<Domain> {
        let uuid = id.uuid();
        let bytes = uuid.as_bytes();
        // SAFETY: the connection is open and `bytes` has the 16 bytes that libvirt reads.
        let raw = unsafe { sys::virDomainLookupByUUID(self.connection.raw(), bytes.as_ptr()) };
        Domain::adopt(raw).map_or_else(|| self.fail(operation), Ok).map_err(|error| error.about(id))
    }

    /// Runs a call on a domain that answers below zero on failure.
    pub(super) fn on_domain(
        &self,
        operation: &'static str,
        id: VmId,
        call: impl FnOnce(sys::virDomainPtr) -> i32,
    ) -> Result<i32> {
        let domain = self.domain(operation, id)?;
        let answer = call(domain.raw());
        if answer < 0 {
            self.fail(operation).map_err(|e| e.about(domain.reference()))
        } else {
            Ok(answer)
        }
    }

    /// The same with flags, of which older or simpler drivers know only the later choices.
    fn on_domain_with(
        &self,
        operation: &'static str,
        id: VmId,
        choices: &[u32],
        call: impl Fn(sys::virDomainPtr, u32) -> i32,
    ) -> Result<()> {
        let domain = self.domain(operation, id)?;
        let mut outcome = Ok(());
        for &flags in choices {
            outcome = match call(domain.raw(), flags) {
                answer if answer < 0 => self.fail(operation),
                _ => Ok(()),
            };
            if !outcome.as_ref().is_err_and(flags_unknown) {
                break;
            }
        }
        outcome.map_err(|error| error.about(domain.reference()))
    }

    fn text(&self, operation: &'static str, text: *mut std::ffi::c_char) -> Result<String> {
        // SAFETY: every caller passes a text that libvirt has just allocated for it, or null.
        unsafe { owned_text(text) }.map_or_else(|| self.fail(operation), Ok)
    }

    fn version(
        &self,
        operation: &'static str,
        read: unsafe extern "C" fn(sys::virConnectPtr, *mut libc::c_ulong) -> i32,
    ) -> Result<Version> {
        let mut number = 0;
        // SAFETY: the connection is open and `number` outlives the call.
        match unsafe { read(self.connection.raw(), &raw mut number) } {
            0 => Ok(Version(number)),
            _ => self.fail(operation),
        }
    }
}

fn undefine_choices(scope: UndefineScope) -> Vec<u32> {
    let mut flags = 0;
    for (wanted, bit) in [
        (scope.managed_save, sys::VIR_DOMAIN_UNDEFINE_MANAGED_SAVE),
        (scope.snapshots_metadata, sys::VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA),
        (scope.checkpoints_metadata, sys::VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA),
        (scope.nvram == Some(true), sys::VIR_DOMAIN_UNDEFINE_NVRAM),
        (scope.nvram == Some(false), sys::VIR_DOMAIN_UNDEFINE_KEEP_NVRAM),
        (scope.tpm == Some(true), sys::VIR_DOMAIN_UNDEFINE_TPM),
        (scope.tpm == Some(false), sys::VIR_DOMAIN_UNDEFINE_KEEP_TPM),
    ] {
        flags |= if wanted { bit } else { 0 };
    }
    // In the order in which libvirt learnt the flags. What says to *keep* something is never
    // dropped: a driver that cannot promise it must refuse.
    let mut choices = vec![flags];
    for droppable in [
        sys::VIR_DOMAIN_UNDEFINE_TPM,
        sys::VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA,
        sys::VIR_DOMAIN_UNDEFINE_NVRAM,
    ] {
        flags &= !droppable;
        choices.push(flags);
    }
    choices.dedup();
    choices
}

fn power_flags(by: PowerRequest) -> &'static [u32] {
    match by {
        PowerRequest::Agent => &[sys::VIR_DOMAIN_SHUTDOWN_GUEST_AGENT],
        PowerRequest::Acpi => &[sys::VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN, 0],
    }
}

impl Hypervisor for Session {
    fn backend(&self) -> &'static str {
        "libvirt"
    }

    fn is_alive(&self) -> bool {
        self.is_open()
    }

    fn node_info(&self) -> Result<NodeInfo> {
        const OPERATION: &str = "read node of";
        let connection = self.connection.raw();
        let mut info = MaybeUninit::<sys::virNodeInfo>::zeroed();
        // SAFETY: the connection is open and `info` is a writable node info.
        if unsafe { sys::virNodeGetInfo(connection, info.as_mut_ptr()) } < 0 {
            return self.fail(OPERATION);
        }
        // SAFETY: libvirt filled it, and all of its fields are plain numbers.
        let info = unsafe { info.assume_init() };
        let arch =
            info.model.iter().take_while(|&&c| c != 0).map(|c| char::from(c.to_ne_bytes()[0]));
        let (hostname, uri, driver, free) = {
            // SAFETY: the connection is open; the first two texts are ours, the third is libvirt's.
            unsafe {
                (
                    owned_text(sys::virConnectGetHostname(connection)),
                    owned_text(sys::virConnectGetURI(connection)),
                    borrowed_text(sys::virConnectGetType(connection)),
                    sys::virNodeGetFreeMemory(connection),
                )
            }
        };
        Ok(NodeInfo {
            hostname: hostname.unwrap_or_default(),
            uri: uri.unwrap_or_default(),
            driver,
            libvirt_version: self.version(OPERATION, sys::virConnectGetLibVersion)?,
            hypervisor_version: self.version(OPERATION, sys::virConnectGetVersion)?,
            arch: arch.collect(),
            cpus: info.cpus,
            numa_nodes: info.nodes,
            memory_mib: MemoryMib(info.memory / 1024),
            memory_free_mib: MemoryMib(free >> 20),
        })
    }

    fn capabilities_xml(&self) -> Result<String> {
        // SAFETY: the connection is open.
        let text = unsafe { sys::virConnectGetCapabilities(self.connection.raw()) };
        self.text("read capabilities of", text)
    }

    fn domain_capabilities_xml(&self, arch: &str, machine: &str, kind: &str) -> Result<String> {
        const OPERATION: &str = "read domain capabilities of";
        let texts = [arch, machine, kind].map(|text| c_string(OPERATION, text));
        let [arch, machine, kind] = texts;
        let (arch, machine, kind) = (arch?, machine?, kind?);
        let or_null = |text: &std::ffi::CString| {
            if text.is_empty() { std::ptr::null() } else { text.as_ptr() }
        };
        // SAFETY: the texts live through the call; null means the host's choice.
        let text = unsafe {
            sys::virConnectGetDomainCapabilities(
                self.connection.raw(),
                std::ptr::null(),
                or_null(&arch),
                or_null(&machine),
                or_null(&kind),
                0,
            )
        };
        self.text(OPERATION, text)
    }

    fn domains(&self) -> Result<Vec<DomainEntry>> {
        let mut entries = self.bulk_entries("list domains of")?;
        entries.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
        Ok(entries)
    }

    fn domain_by_name(&self, name: &str) -> Result<DomainRef> {
        const OPERATION: &str = "find domain";
        let text = c_string(OPERATION, name)?;
        // SAFETY: the connection is open and `text` a C string.
        let raw = unsafe { sys::virDomainLookupByName(self.connection.raw(), text.as_ptr()) };
        match Domain::adopt(raw) {
            Some(domain) => Ok(domain.reference()),
            None => self.fail(OPERATION).map_err(|error: Error| error.about(name)),
        }
    }

    fn domain_by_id(&self, id: VmId) -> Result<DomainRef> {
        self.domain("find domain", id).map(|domain| domain.reference())
    }

    fn state(&self, id: VmId) -> Result<DomainState> {
        let (mut state, mut reason) = (0, 0);
        self.on_domain("read state of domain", id, |domain| {
            // SAFETY: the domain is valid and both numbers are writable.
            unsafe { sys::virDomainGetState(domain, &raw mut state, &raw mut reason, 0) }
        })?;
        Ok(DomainState::from_number(i64::from(state)))
    }

    fn info(&self, id: VmId) -> Result<DomainInfo> {
        const OPERATION: &str = "read domain";
        let domain = self.domain(OPERATION, id)?;
        let mut info = MaybeUninit::<sys::virDomainInfo>::zeroed();
        let mut autostart = 0;
        // SAFETY: the domain is valid; `info` and `autostart` are writable. A driver without
        // autostart or managed save answers below zero, which counts as no.
        let (known, persistent, saved) = unsafe {
            let raw = domain.raw();
            let known = sys::virDomainGetInfo(raw, info.as_mut_ptr());
            sys::virDomainGetAutostart(raw, &raw mut autostart);
            (known, sys::virDomainIsPersistent(raw), sys::virDomainHasManagedSaveImage(raw, 0))
        };
        if known < 0 {
            return self.fail(OPERATION).map_err(|error: Error| error.about(domain.reference()));
        }
        // SAFETY: libvirt filled it, and all of its fields are plain numbers.
        let info = unsafe { info.assume_init() };
        let DomainRef { name, id } = domain.reference();
        Ok(DomainInfo {
            name,
            id,
            state: DomainState::from_number(i64::from(info.state)),
            persistent: persistent == 1,
            autostart: autostart == 1,
            managed_save: saved == 1,
            cpus: u32::from(info.nrVirtCpu),
            memory_max_mib: MemoryMib(info.maxMem / 1024),
            memory_mib: MemoryMib(info.memory / 1024),
            cpu_time_ns: info.cpuTime,
        })
    }

    fn xml(&self, id: VmId, kind: XmlKind) -> Result<String> {
        const OPERATION: &str = "read XML of domain";
        let domain = self.domain(OPERATION, id)?;
        let flags = match kind {
            XmlKind::Current => 0,
            XmlKind::NextBoot => sys::VIR_DOMAIN_XML_INACTIVE,
            XmlKind::NextBootWithSecrets => {
                sys::VIR_DOMAIN_XML_INACTIVE | sys::VIR_DOMAIN_XML_SECURE
            }
        };
        // SAFETY: the domain is valid.
        let text = unsafe { sys::virDomainGetXMLDesc(domain.raw(), flags) };
        self.text(OPERATION, text).map_err(|error| error.about(domain.reference()))
    }

    fn metadata(&self, id: VmId, key: &MetadataKey) -> Result<String> {
        const OPERATION: &str = "read metadata of domain";
        let domain = self.domain(OPERATION, id)?;
        let uri = c_string(OPERATION, key.uri)?;
        let kind = sys::VIR_DOMAIN_METADATA_ELEMENT.cast_signed();
        // SAFETY: the domain and the URI are valid for the call.
        let text = unsafe { sys::virDomainGetMetadata(domain.raw(), kind, uri.as_ptr(), 0) };
        self.text(OPERATION, text).map_err(|error| error.about(domain.reference()))
    }

    fn set_metadata(&self, id: VmId, key: &MetadataKey, xml: Option<&str>) -> Result<()> {
        const OPERATION: &str = "tag domain";
        let xml = xml.map(|xml| c_string(OPERATION, xml)).transpose()?;
        let (prefix, uri) = (c_string(OPERATION, key.prefix)?, c_string(OPERATION, key.uri)?);
        let active = self.state(id)?.is_active();
        let flags = if active { Affect::Both } else { Affect::NextBoot }.flags();
        self.on_domain(OPERATION, id, |domain| {
            // SAFETY: the domain is valid; all texts live through the call; null XML removes.
            unsafe {
                sys::virDomainSetMetadata(
                    domain,
                    sys::VIR_DOMAIN_METADATA_ELEMENT.cast_signed(),
                    xml.as_ref().map_or(std::ptr::null(), |xml| xml.as_ptr()),
                    prefix.as_ptr(),
                    uri.as_ptr(),
                    flags,
                )
            }
        })?;
        Ok(())
    }

    fn define(&self, xml: &str) -> Result<DomainRef> {
        const OPERATION: &str = "define domain";
        let xml = c_string(OPERATION, xml)?;
        let flags = sys::VIR_DOMAIN_DEFINE_VALIDATE;
        // SAFETY: the connection is open and `xml` a C string.
        let raw =
            unsafe { sys::virDomainDefineXMLFlags(self.connection.raw(), xml.as_ptr(), flags) };
        Domain::adopt(raw).map_or_else(|| self.fail(OPERATION), |domain| Ok(domain.reference()))
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
        const OPERATION: &str = "resize disk of domain";
        let disk = c_string(OPERATION, disk)?;
        self.on_domain(OPERATION, id, |domain| {
            let flags = sys::VIR_DOMAIN_BLOCK_RESIZE_BYTES;
            // SAFETY: `on_domain` passes a valid domain; `disk` is a C string.
            unsafe { sys::virDomainBlockResize(domain, disk.as_ptr(), bytes, flags) }
        })?;
        Ok(())
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
        const OPERATION: &str = "read statistics of";
        let mut domains = Vec::with_capacity(ids.len());
        for &id in ids {
            match self.domain(OPERATION, id) {
                Ok(domain) => domains.push(domain),
                Err(error) if error.class() == Class::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        if domains.is_empty() && !ids.is_empty() {
            return Ok(Vec::new());
        }
        self.bulk_stats(OPERATION, groups, &domains)
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

    fn subscribe(&self, sink: EventSink) -> Result<()> {
        self.subscribe_all(&sink)
    }
}

type DeviceCall =
    unsafe extern "C" fn(sys::virDomainPtr, *const std::ffi::c_char, libc::c_uint) -> i32;

impl Session {
    fn device(
        &self,
        operation: &'static str,
        id: VmId,
        xml: &str,
        affect: Affect,
        call: DeviceCall,
    ) -> Result<()> {
        let xml = c_string(operation, xml)?;
        self.on_domain(operation, id, |domain| {
            // SAFETY: `on_domain` passes a valid domain; `xml` is a C string.
            unsafe { call(domain, xml.as_ptr(), affect.flags()) }
        })?;
        Ok(())
    }
}
