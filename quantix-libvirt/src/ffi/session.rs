//! What the calls on the C library share: finding a domain, flags that older drivers lack, texts.

use quantix_core::VmId;

use super::{
    Session, flags_unknown,
    handles::{Domain, c_string, owned_text},
    sys,
};
use crate::{Affect, PowerRequest, Result, UndefineScope, Version};

type DeviceCall =
    unsafe extern "C" fn(sys::virDomainPtr, *const std::ffi::c_char, libc::c_uint) -> i32;

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
    pub(super) fn on_domain_with(
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

    pub(super) fn text(
        &self,
        operation: &'static str,
        text: *mut std::ffi::c_char,
    ) -> Result<String> {
        // SAFETY: every caller passes a text that libvirt has just allocated for it, or null.
        unsafe { owned_text(text) }.map_or_else(|| self.fail(operation), Ok)
    }

    pub(super) fn version(
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

    /// Changes a device where `affect` says.
    pub(super) fn device(
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

pub(super) fn undefine_choices(scope: UndefineScope) -> Vec<u32> {
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

pub(super) fn power_flags(by: PowerRequest) -> &'static [u32] {
    match by {
        PowerRequest::Agent => &[sys::VIR_DOMAIN_SHUTDOWN_GUEST_AGENT],
        PowerRequest::Acpi => &[sys::VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN, 0],
    }
}
