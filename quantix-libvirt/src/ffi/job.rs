//! Migrations and other jobs, snapshots, addresses.

use std::{collections::BTreeMap, ffi::c_uint, net::IpAddr};

use super::sys;
use quantix_core::VmId;

use super::{
    Session,
    handles::{Domain, Snapshot, adopt_list, borrowed_text, c_string, owned_text},
    stats::read_params,
};
use crate::{
    AddressSource, Error, GuestAddress, GuestInterface, JobInfo, MigrateRequest, Result,
    SnapshotInfo,
};

/// Typed parameters that libvirt keeps for us.
pub(super) struct ParamList {
    first: sys::virTypedParameterPtr,
    count: i32,
    room: i32,
}

impl Drop for ParamList {
    fn drop(&mut self) {
        // SAFETY: libvirt allocated the list and said how many there are; null is allowed.
        unsafe { sys::virTypedParamsFree(self.first, self.count) };
    }
}

impl ParamList {
    pub(super) fn new() -> Self {
        Self { first: std::ptr::null_mut(), count: 0, room: 0 }
    }

    /// The list and how many there are, as calls take them.
    pub(super) fn parts(&self) -> (sys::virTypedParameterPtr, c_uint) {
        (self.first, c_uint::try_from(self.count).unwrap_or(0))
    }

    fn text(&mut self, operation: &'static str, name: &str, value: &str) -> Result<()> {
        let (name, value) = (c_string(operation, name)?, c_string(operation, value)?);
        // SAFETY: the list is ours; the texts are copied by the call.
        let added = unsafe {
            let (first, count, room) =
                (&raw mut self.first, &raw mut self.count, &raw mut self.room);
            sys::virTypedParamsAddString(first, count, room, name.as_ptr(), value.as_ptr())
        };
        if added < 0 { Err(super::handles::last_error(operation)) } else { Ok(()) }
    }

    pub(super) fn number(&mut self, operation: &'static str, name: &str, value: u64) -> Result<()> {
        let name = c_string(operation, name)?;
        // SAFETY: as above.
        let added = unsafe {
            let (first, count, room) =
                (&raw mut self.first, &raw mut self.count, &raw mut self.room);
            sys::virTypedParamsAddULLong(first, count, room, name.as_ptr(), value)
        };
        if added < 0 { Err(super::handles::last_error(operation)) } else { Ok(()) }
    }
}

impl Session {
    pub(super) fn run_migration(&self, id: VmId, request: &MigrateRequest) -> Result<()> {
        const OPERATION: &str = "migrate domain";
        let destination = c_string(OPERATION, &request.destination)?;
        let mut params = ParamList::new();
        if let Some(uri) = &request.transport {
            params.text(OPERATION, "migrate_uri", uri)?;
        }
        if let Some(bandwidth) = request.bandwidth_mib {
            params.number(OPERATION, "bandwidth", bandwidth)?;
        }
        let count = c_uint::try_from(params.count).unwrap_or(0);
        self.on_domain(OPERATION, id, |domain| {
            let (uri, flags) = (destination.as_ptr(), request.flags());
            // SAFETY: `on_domain` passes a valid domain; the list and the text live through the call.
            unsafe { sys::virDomainMigrateToURI3(domain, uri, params.first, count, flags) }
        })?;
        Ok(())
    }

    pub(super) fn job_info(&self, id: VmId) -> Result<JobInfo> {
        self.job_stats(id, 0)
    }

    pub(super) fn job_stats(&self, id: VmId, flags: c_uint) -> Result<JobInfo> {
        let mut list = ParamList::new();
        let mut kind = 0;
        self.on_domain("read job of domain", id, |domain| {
            let (first, count) = (&raw mut list.first, &raw mut list.count);
            // SAFETY: `on_domain` passes a valid domain; all outputs are writable.
            unsafe { sys::virDomainGetJobStats(domain, &raw mut kind, first, count, flags) }
        })?;
        let count = usize::try_from(list.count).unwrap_or(0);
        let params = if list.first.is_null() {
            &[]
        } else {
            // SAFETY: libvirt says that there are `count` parameters; they live as long as `list`.
            unsafe { std::slice::from_raw_parts(list.first, count) }
        };
        Ok(JobInfo { kind, params: read_params(params) })
    }

    fn snapshot(&self, operation: &'static str, id: VmId, name: &str) -> Result<Snapshot> {
        let domain = self.domain(operation, id)?;
        let text = c_string(operation, name)?;
        // SAFETY: the domain is valid and `text` a C string.
        let raw = unsafe { sys::virDomainSnapshotLookupByName(domain.raw(), text.as_ptr(), 0) };
        match Snapshot::adopt(raw) {
            Some(snapshot) => Ok(snapshot),
            None => self.fail(operation).map_err(|error: Error| error.about(name)),
        }
    }

    pub(super) fn list_snapshots(&self, id: VmId) -> Result<Vec<SnapshotInfo>> {
        const OPERATION: &str = "list snapshots of domain";
        let domain = self.domain(OPERATION, id)?;
        let mut first = std::ptr::null_mut();
        // SAFETY: the domain is valid and `first` writable; the list is ours afterwards.
        let snapshots = unsafe {
            let count = sys::virDomainListAllSnapshots(domain.raw(), &raw mut first, 0);
            if count < 0 {
                return self.fail(OPERATION);
            }
            adopt_list(first, count, Snapshot::adopt)
        };
        let mut infos = Vec::with_capacity(snapshots.len());
        for snapshot in snapshots {
            // SAFETY: the snapshot is valid; the text is ours.
            let (xml, current) = unsafe {
                let xml = owned_text(sys::virDomainSnapshotGetXMLDesc(snapshot.raw(), 0));
                (xml, sys::virDomainSnapshotIsCurrent(snapshot.raw(), 0) == 1)
            };
            let Some(xml) = xml else { return self.fail(OPERATION) };
            infos.extend(crate::view::snapshot_info(&xml, current));
        }
        // Several of one second: what was taken after another comes after it.
        let parents: BTreeMap<_, _> =
            infos.iter().map(|info| (info.name.clone(), info.parent.clone())).collect();
        infos.sort_by_cached_key(|info| {
            (
                info.created_at,
                ancestors(&parents, parents.get(&info.name).and_then(Option::as_ref)),
                info.name.clone(),
            )
        });
        Ok(infos)
    }

    pub(super) fn take_snapshot(&self, id: VmId, xml: &str, disk_only: bool) -> Result<String> {
        const OPERATION: &str = "take snapshot of domain";
        let domain = self.domain(OPERATION, id)?;
        let xml = c_string(OPERATION, xml)?;
        let mut flags = sys::VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC;
        if disk_only {
            flags |= sys::VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY;
        }
        // SAFETY: the domain is valid and `xml` a C string.
        let raw = unsafe { sys::virDomainSnapshotCreateXML(domain.raw(), xml.as_ptr(), flags) };
        let Some(snapshot) = Snapshot::adopt(raw) else {
            return self.fail(OPERATION).map_err(|e: Error| e.about(domain.reference()));
        };
        // SAFETY: the snapshot is valid and keeps its name.
        Ok(unsafe { borrowed_text(sys::virDomainSnapshotGetName(snapshot.raw())) })
    }

    pub(super) fn revert_snapshot(&self, id: VmId, name: &str) -> Result<()> {
        const OPERATION: &str = "revert domain";
        let snapshot = self.snapshot(OPERATION, id, name)?;
        // SAFETY: the snapshot is valid.
        match unsafe { sys::virDomainRevertToSnapshot(snapshot.raw(), 0) } {
            0 => Ok(()),
            _ => self.fail(OPERATION).map_err(|error: Error| error.about(name)),
        }
    }

    pub(super) fn delete_snapshot(&self, id: VmId, name: &str) -> Result<()> {
        const OPERATION: &str = "delete snapshot of domain";
        let snapshot = self.snapshot(OPERATION, id, name)?;
        // SAFETY: the snapshot is valid.
        match unsafe { sys::virDomainSnapshotDelete(snapshot.raw(), 0) } {
            0 => Ok(()),
            _ => self.fail(OPERATION).map_err(|error: Error| error.about(name)),
        }
    }

    pub(super) fn guest_addresses(
        &self,
        id: VmId,
        source: AddressSource,
    ) -> Result<Vec<GuestInterface>> {
        const OPERATION: &str = "read addresses of domain";
        let domain: Domain = self.domain(OPERATION, id)?;
        let source = match source {
            AddressSource::Lease => sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE,
            AddressSource::Agent => sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT,
            AddressSource::Arp => sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP,
        };
        let mut first = std::ptr::null_mut();
        // SAFETY: the domain is valid and `first` writable.
        let count =
            unsafe { sys::virDomainInterfaceAddresses(domain.raw(), &raw mut first, source, 0) };
        let Ok(count) = usize::try_from(count) else {
            return self.fail(OPERATION).map_err(|e: Error| e.about(domain.reference()));
        };
        let mut out = Vec::with_capacity(count);
        // SAFETY: libvirt says that there are `count` interfaces, ours to read and to free.
        unsafe {
            for at in 0..count {
                let interface = *first.add(at);
                out.push(read_interface(&*interface));
                sys::virDomainInterfaceFree(interface);
            }
            libc::free(first.cast());
        }
        Ok(out)
    }
}

/// How many are above one whose parent is given.
fn ancestors<'m>(
    parents: &'m BTreeMap<String, Option<String>>,
    mut parent: Option<&'m String>,
) -> usize {
    let mut count = 0;
    while let Some(name) = parent
        && count < parents.len()
    {
        count += 1;
        parent = parents.get(name).and_then(Option::as_ref);
    }
    count
}

/// Copies one interface.
///
/// # Safety
/// `interface` must be one that libvirt filled.
unsafe fn read_interface(interface: &sys::virDomainInterface) -> GuestInterface {
    let count = usize::try_from(interface.naddrs).unwrap_or(0);
    let count = if interface.addrs.is_null() { 0 } else { count };
    // SAFETY: libvirt says that there are `naddrs` addresses, and the texts are C strings or null.
    unsafe {
        let addresses = (0..count).filter_map(|at| {
            let address = &*interface.addrs.add(at);
            let prefix = u8::try_from(address.prefix).ok()?;
            let address = borrowed_text(address.addr).parse::<IpAddr>().ok()?;
            Some(GuestAddress { address, prefix })
        });
        let addresses = addresses.collect();
        let mac = Some(borrowed_text(interface.hwaddr)).filter(|mac| !mac.is_empty());
        GuestInterface { name: borrowed_text(interface.name), mac, addresses }
    }
}
