//! Owners of libvirt's objects and strings, and its last error.

use std::{
    ffi::{CStr, CString, c_char},
    ptr::NonNull,
};

use super::sys;
use quantix_core::VmId;
use uuid::Uuid;

use crate::{Class, DomainRef, Error, Result};

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident, $raw:ty, $free:path) => {
        $(#[$doc])*
        pub(super) struct $name(NonNull<$raw>);

        // SAFETY: libvirt's objects are reference-counted and locked inside; its documentation
        // allows using one from any thread and from several at once.
        unsafe impl Send for $name {}
        // SAFETY: as above.
        unsafe impl Sync for $name {}

        impl $name {
            /// Takes over one reference; `None` for a null pointer.
            pub(super) fn adopt(raw: *mut $raw) -> Option<Self> {
                NonNull::new(raw).map(Self)
            }

            pub(super) fn raw(&self) -> *mut $raw {
                self.0.as_ptr()
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: we own one reference. A failure to give it back leaks and harms nobody.
                unsafe { $free(self.0.as_ptr()) };
            }
        }
    };
}

handle!(
    /// An open connection.
    Connection, sys::virConnect, sys::virConnectClose
);
handle!(
    /// A domain.
    Domain, sys::virDomain, sys::virDomainFree
);

handle!(
    /// A stream.
    Stream, sys::virStream, sys::virStreamFree
);
handle!(
    /// A snapshot.
    Snapshot, sys::virDomainSnapshot, sys::virDomainSnapshotFree
);
handle!(
    /// A storage pool.
    Pool, sys::virStoragePool, sys::virStoragePoolFree
);
handle!(
    /// A volume.
    Volume, sys::virStorageVol, sys::virStorageVolFree
);
handle!(
    /// A checkpoint.
    Checkpoint, sys::virDomainCheckpoint, sys::virDomainCheckpointFree
);
handle!(
    /// A device of the host.
    NodeDevice, sys::virNodeDevice, sys::virNodeDeviceFree
);
handle!(
    /// A network filter.
    Filter, sys::virNWFilter, sys::virNWFilterFree
);
handle!(
    /// A network.
    Network, sys::virNetwork, sys::virNetworkFree
);

/// Takes over a list of handles that libvirt allocated, and frees the list.
///
/// # Safety
/// `first` must point to `count` valid handles, one reference each owned by the caller, in memory
/// from libvirt's allocator.
pub(super) unsafe fn adopt_list<R, H>(
    first: *mut *mut R,
    count: i32,
    adopt: impl Fn(*mut R) -> Option<H>,
) -> Vec<H> {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the caller vouches for `count` handles and for the allocator.
    unsafe {
        let list = (0..count).filter_map(|at| adopt(*first.add(at))).collect();
        libc::free(first.cast());
        list
    }
}

impl Domain {
    /// Its name and UUID, which libvirt keeps on our side.
    pub(super) fn reference(&self) -> DomainRef {
        // SAFETY: the handle is valid for as long as `self`.
        unsafe { reference_of(self.raw()) }
    }
}

/// The name and UUID of a borrowed domain.
///
/// # Safety
/// `domain` must be a valid domain for the time of the call.
pub(super) unsafe fn reference_of(domain: sys::virDomainPtr) -> DomainRef {
    let mut bytes = [0u8; 16];
    // SAFETY: the caller vouches for `domain`; the UUID buffer has VIR_UUID_BUFLEN bytes; the name
    // belongs to the domain and is copied at once.
    unsafe {
        sys::virDomainGetUUID(domain, bytes.as_mut_ptr());
        let name = borrowed_text(sys::virDomainGetName(domain));
        DomainRef { name, id: VmId::from_uuid(Uuid::from_bytes(bytes)) }
    }
}

/// Copies a text that libvirt keeps; null is empty.
///
/// # Safety
/// `text` must be null or a C string.
pub(super) unsafe fn borrowed_text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: not null, and the caller vouches for it.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// Copies and frees a text that libvirt allocated for us; `None` for null.
///
/// # Safety
/// `text` must be null or a C string that the caller owns, from libvirt's allocator.
pub(super) unsafe fn owned_text(text: *mut c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null; libvirt's documentation says to free such texts with `free`.
    unsafe {
        let copy = borrowed_text(text);
        libc::free(text.cast());
        Some(copy)
    }
}

/// A text for libvirt.
pub(super) fn c_string(operation: &'static str, text: &str) -> Result<CString> {
    CString::new(text).map_err(|error| {
        let at = error.nul_position();
        let message = format!("a NUL character at byte {at} of a text; remove it");
        Error::new(Class::Invalid, operation, message)
    })
}

/// The error that the last call on this thread left.
pub(super) fn last_error(operation: &'static str) -> Error {
    // SAFETY: the error is of this thread and stays valid until its next libvirt call.
    let (code, domain, message) = unsafe {
        let error = sys::virGetLastError();
        if error.is_null() {
            return Error::new(Class::Failed, operation, "libvirt gave no reason");
        }
        ((*error).code, (*error).domain, borrowed_text((*error).message))
    };
    Error::from_libvirt(operation, code, domain, &message)
}
