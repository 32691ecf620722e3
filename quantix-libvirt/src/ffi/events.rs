//! Events: C callbacks on the loop thread, turned into values.

use std::{
    ffi::{c_char, c_int, c_void},
    sync::{Arc, PoisonError, atomic::Ordering},
};

use super::sys;

use super::{
    Session, Watch,
    handles::{borrowed_text, reference_of},
};
use crate::{DomainRef, Event, EventSink, Lifecycle, Result};

type Generic = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void);

/// Calls the sink behind `opaque` with what `make` says about the domain.
///
/// # Safety
/// `opaque` must come from [`Session::register`], and `domain` must be valid for the call.
unsafe fn deliver(
    domain: sys::virDomainPtr,
    opaque: *mut c_void,
    make: impl FnOnce(DomainRef) -> Option<Event>,
) {
    // SAFETY: the caller vouches for both; libvirt frees `opaque` only after the last call.
    let (sink, domain) = unsafe { (&*opaque.cast::<EventSink>(), reference_of(domain)) };
    if let Some(event) = make(domain) {
        sink(event);
    }
}

/// Writes one C callback: its arguments after the domain, and the event it makes.
macro_rules! callback {
    ($name:ident($($arg:ident: $type:ty),*) $(-> $ret:ty = $value:expr)?, |$domain:ident| $event:expr) => {
        unsafe extern "C" fn $name(
            _: sys::virConnectPtr,
            domain: sys::virDomainPtr,
            $($arg: $type,)*
            opaque: *mut c_void,
        ) $(-> $ret)? {
            // SAFETY: libvirt calls this with the opaque pointer of the registration, a valid
            // domain, and texts that are valid during the call.
            unsafe { deliver(domain, opaque, |$domain| $event) };
            $($value)?
        }
    };
}

callback!(on_lifecycle(event: c_int, detail: c_int) -> c_int = 0, |domain| {
    Lifecycle::from_number(event).map(|what| Event::Lifecycle { domain, what, detail })
});
callback!(on_reboot(), |domain| Some(Event::Rebooted { domain }));
callback!(on_agent(state: c_int, _reason: c_int), |domain| {
    Some(Event::Agent { domain, connected: state == 1 })
});
callback!(on_removed(alias: *const c_char), |domain| {
    Some(Event::DeviceRemoved { domain, alias: borrowed_text(alias) })
});
callback!(on_removal_failed(alias: *const c_char), |domain| {
    Some(Event::DeviceRemovalFailed { domain, alias: borrowed_text(alias) })
});
callback!(on_block_job(disk: *const c_char, kind: c_int, status: c_int), |domain| {
    Some(Event::BlockJob { domain, disk: borrowed_text(disk), kind, status })
});
callback!(
    on_io_error(_path: *const c_char, alias: *const c_char, _action: c_int, reason: *const c_char),
    |domain| {
        let (alias, reason) = (borrowed_text(alias), borrowed_text(reason));
        Some(Event::IoError { domain, alias, reason })
    }
);
callback!(on_balloon(actual: libc::c_ulonglong), |domain| {
    Some(Event::Balloon { domain, actual_kib: actual })
});

unsafe extern "C" fn free_sink(opaque: *mut c_void) {
    // SAFETY: libvirt calls this once for each registration, after the last event.
    drop(unsafe { Box::from_raw(opaque.cast::<EventSink>()) });
}

unsafe extern "C" fn on_close(_: sys::virConnectPtr, reason: c_int, opaque: *mut c_void) {
    // SAFETY: `opaque` is the watch of `watch_closing`, alive until `free_watch`.
    let watch = unsafe { &*opaque.cast::<Arc<Watch>>() };
    watch.closed.store(true, Ordering::Release);
    if let Some(sink) = watch.lock_sink().as_ref() {
        sink(Event::Disconnected { reason });
    }
}

unsafe extern "C" fn free_watch(opaque: *mut c_void) {
    // SAFETY: libvirt calls this once, when the callback is gone.
    drop(unsafe { Box::from_raw(opaque.cast::<Arc<Watch>>()) });
}

/// The callbacks by libvirt's event number.
fn table() -> [(u32, *const ()); 8] {
    [
        (sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE, on_lifecycle as *const ()),
        (sys::VIR_DOMAIN_EVENT_ID_REBOOT, on_reboot as *const ()),
        (sys::VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, on_agent as *const ()),
        (sys::VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, on_removed as *const ()),
        (sys::VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, on_removal_failed as *const ()),
        (sys::VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, on_block_job as *const ()),
        (sys::VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, on_io_error as *const ()),
        (sys::VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, on_balloon as *const ()),
    ]
}

impl Session {
    /// Learns at once when the connection breaks. Drivers inside this process cannot.
    pub(super) fn watch_closing(&self) {
        let opaque: *mut c_void = Box::into_raw(Box::new(Arc::clone(&self.watch))).cast();
        // SAFETY: the connection is open; `opaque` lives until `free_watch`, which libvirt calls.
        let done = unsafe {
            let connection = self.connection.raw();
            sys::virConnectRegisterCloseCallback(
                connection,
                Some(on_close),
                opaque,
                Some(free_watch),
            )
        };
        if done < 0 {
            // SAFETY: a refused registration does not take `opaque` over.
            unsafe { free_watch(opaque) };
        }
    }

    fn register(&self, event: u32, callback: *const (), sink: &EventSink) -> Result<i32> {
        let opaque: *mut c_void = Box::into_raw(Box::new(Arc::clone(sink))).cast();
        // SAFETY: libvirt casts the pointer back to the type that belongs to `event`, and the
        // table pairs them; `opaque` lives until `free_sink`, which libvirt calls.
        let number = unsafe {
            sys::virConnectDomainEventRegisterAny(
                self.connection.raw(),
                std::ptr::null_mut(),
                event.cast_signed(),
                Some(std::mem::transmute::<*const (), Generic>(callback)),
                opaque,
                Some(free_sink),
            )
        };
        if number < 0 {
            // SAFETY: a refused registration does not take `opaque` over.
            unsafe { free_sink(opaque) };
            return self.fail("subscribe to events of");
        }
        Ok(number)
    }

    pub(super) fn subscribe_all(&self, sink: &EventSink) -> Result<()> {
        *self.watch.lock_sink() = Some(Arc::clone(sink));
        for (event, callback) in table() {
            match self.register(event, callback, sink) {
                Ok(number) => self.lock_subscriptions().push(number),
                // Lifecycle is the one that everything rests on; the others are per driver.
                Err(error) if event == sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE => return Err(error),
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn lock_subscriptions(&self) -> std::sync::MutexGuard<'_, Vec<i32>> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Registrations hold references to the connection; left in place they would keep it open.
        self.watch.lock_sink().take();
        let numbers = std::mem::take(&mut *self.lock_subscriptions());
        // SAFETY: the connection is still open, and the numbers are its own registrations.
        unsafe {
            for number in numbers {
                sys::virConnectDomainEventDeregisterAny(self.connection.raw(), number);
            }
            sys::virConnectUnregisterCloseCallback(self.connection.raw(), Some(on_close));
        }
    }
}
