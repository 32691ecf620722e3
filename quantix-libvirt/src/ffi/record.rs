//! What a host keeps of a domain: its state, its definition, its metadata.

use std::mem::MaybeUninit;

use quantix_core::{MemoryMib, VmId};

use super::{
    Session,
    handles::{Domain, c_string},
    sys,
};
use crate::{Affect, DomainInfo, DomainRef, DomainState, Error, MetadataKey, Result, XmlKind};

impl Session {
    pub(super) fn find_domain(&self, name: &str) -> Result<DomainRef> {
        const OPERATION: &str = "find domain";
        let text = c_string(OPERATION, name)?;
        // SAFETY: the connection is open and `text` a C string.
        let raw = unsafe { sys::virDomainLookupByName(self.connection.raw(), text.as_ptr()) };
        match Domain::adopt(raw) {
            Some(domain) => Ok(domain.reference()),
            None => self.fail(OPERATION).map_err(|error: Error| error.about(name)),
        }
    }

    pub(super) fn read_state(&self, id: VmId) -> Result<DomainState> {
        let (mut state, mut reason) = (0, 0);
        self.on_domain("read state of domain", id, |domain| {
            // SAFETY: the domain is valid and both numbers are writable.
            unsafe { sys::virDomainGetState(domain, &raw mut state, &raw mut reason, 0) }
        })?;
        Ok(DomainState::from_number(i64::from(state)))
    }

    pub(super) fn domain_info(&self, id: VmId) -> Result<DomainInfo> {
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

    pub(super) fn read_xml(&self, id: VmId, kind: XmlKind) -> Result<String> {
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

    pub(super) fn read_metadata(&self, id: VmId, key: &MetadataKey) -> Result<String> {
        const OPERATION: &str = "read metadata of domain";
        let domain = self.domain(OPERATION, id)?;
        let uri = c_string(OPERATION, key.uri)?;
        let kind = sys::VIR_DOMAIN_METADATA_ELEMENT.cast_signed();
        // SAFETY: the domain and the URI are valid for the call.
        let text = unsafe { sys::virDomainGetMetadata(domain.raw(), kind, uri.as_ptr(), 0) };
        self.text(OPERATION, text).map_err(|error| error.about(domain.reference()))
    }

    pub(super) fn write_metadata(
        &self,
        id: VmId,
        key: &MetadataKey,
        xml: Option<&str>,
    ) -> Result<()> {
        const OPERATION: &str = "tag domain";
        let xml = xml.map(|xml| c_string(OPERATION, xml)).transpose()?;
        let (prefix, uri) = (c_string(OPERATION, key.prefix)?, c_string(OPERATION, key.uri)?);
        let active = self.read_state(id)?.is_active();
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

    pub(super) fn define_domain(&self, xml: &str) -> Result<DomainRef> {
        const OPERATION: &str = "define domain";
        let xml = c_string(OPERATION, xml)?;
        let flags = sys::VIR_DOMAIN_DEFINE_VALIDATE;
        // SAFETY: the connection is open and `xml` a C string.
        let raw =
            unsafe { sys::virDomainDefineXMLFlags(self.connection.raw(), xml.as_ptr(), flags) };
        Domain::adopt(raw).map_or_else(|| self.fail(OPERATION), |domain| Ok(domain.reference()))
    }
}
