//! libvirt's C API with nothing in between.
#![allow(unsafe_code, reason = "the peer is a C library")]

use std::{
    ffi::{CStr, CString, c_int, c_void},
    ptr,
    sync::mpsc,
    time::Duration,
};

use virt_sys as sys;

use crate::{Outcome, median};

pub(crate) struct Connection(sys::virConnectPtr);

impl Connection {
    pub(crate) fn open(uri: &str) -> Outcome<Self> {
        let uri = CString::new(uri)?;
        // SAFETY: a C string; the event loop of this process was started by our own driver.
        let raw = unsafe { sys::virConnectOpen(uri.as_ptr()) };
        if raw.is_null() { Err("the C API does not connect".into()) } else { Ok(Self(raw)) }
    }

    /// The names, UUIDs and parameters of all domains, read and dropped.
    pub(crate) fn stats(&self, groups: u32) -> Outcome<()> {
        let mut first = ptr::null_mut();
        // SAFETY: the connection is open; libvirt fills `count` records, freed once after reading.
        unsafe {
            let flags = sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
            let mut count = sys::virConnectGetAllDomainStats(self.0, groups, &raw mut first, flags);
            if count < 0 {
                count = sys::virConnectGetAllDomainStats(self.0, groups, &raw mut first, 0);
            }
            for at in 0..usize::try_from(count)? {
                let record = &**first.add(at);
                let mut uuid = [0u8; 16];
                sys::virDomainGetUUID(record.dom, uuid.as_mut_ptr());
                let name = CStr::from_ptr(sys::virDomainGetName(record.dom));
                std::hint::black_box((uuid, name.to_bytes().len(), record.nparams));
            }
            sys::virDomainStatsRecordListFree(first);
        }
        Ok(())
    }

    pub(crate) fn define(&self, xml: &str) -> Outcome<()> {
        let xml = CString::new(xml)?;
        // SAFETY: the connection is open, the text a C string, the domain freed once.
        unsafe {
            let flags = sys::VIR_DOMAIN_DEFINE_VALIDATE;
            let domain = sys::virDomainDefineXMLFlags(self.0, xml.as_ptr(), flags);
            if domain.is_null() {
                return Err("the C API does not define".into());
            }
            sys::virDomainFree(domain);
        }
        Ok(())
    }

    /// Removes the domains whose names begin so.
    pub(crate) fn undefine(&self, prefix: &str) -> Outcome<()> {
        let mut first = ptr::null_mut();
        // SAFETY: the connection is open; libvirt fills `count` domains, each freed once.
        unsafe {
            let count = sys::virConnectListAllDomains(self.0, &raw mut first, 0);
            for at in 0..usize::try_from(count)? {
                let domain = *first.add(at);
                let name = CStr::from_ptr(sys::virDomainGetName(domain));
                if name.to_bytes().starts_with(prefix.as_bytes()) {
                    sys::virDomainUndefine(domain);
                }
                sys::virDomainFree(domain);
            }
            libc::free(first.cast());
        }
        Ok(())
    }

    /// From the call that pauses a domain to its event.
    pub(crate) fn event_time(&self) -> Outcome<Duration> {
        let (sender, receiver) = mpsc::channel::<()>();
        let opaque: *mut c_void = Box::into_raw(Box::new(sender)).cast();
        // SAFETY: the callback has the type that belongs to lifecycle events; `opaque` lives until
        // the end of the process. The domain `test` is there in every default test host.
        let domain = unsafe {
            let callback = std::mem::transmute::<
                *const (),
                unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void),
            >(on_event as *const ());
            sys::virConnectDomainEventRegisterAny(
                self.0,
                ptr::null_mut(),
                0,
                Some(callback),
                opaque,
                None,
            );
            sys::virDomainLookupByName(self.0, c"test".as_ptr())
        };
        let mut pause = true;
        median(|| {
            // SAFETY: the domain is valid.
            unsafe {
                if pause {
                    sys::virDomainSuspend(domain)
                } else {
                    sys::virDomainResume(domain)
                };
            }
            pause = !pause;
            Ok(receiver.recv_timeout(Duration::from_secs(60))?)
        })
    }
}

unsafe extern "C" fn on_event(
    _: sys::virConnectPtr,
    _: sys::virDomainPtr,
    _event: c_int,
    _detail: c_int,
    opaque: *mut c_void,
) -> c_int {
    // SAFETY: `opaque` is the sender of `event_time`, which is never freed.
    let sender = unsafe { &*opaque.cast::<mpsc::Sender<()>>() };
    // Nobody listens at the end; libvirt does not look at the answer.
    c_int::from(sender.send(()).is_err())
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: opened by `open`, closed once.
        unsafe { sys::virConnectClose(self.0) };
    }
}
