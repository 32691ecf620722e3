//! The one event loop of the process. Without it there is neither keepalive nor events, so it
//! runs before the first connection is made.

use std::{sync::OnceLock, thread};

use super::sys;

use super::handles::last_error;
use crate::{Class, Error, Result};

extern "C" fn ignore_error(_data: *mut libc::c_void, _error: sys::virErrorPtr) {}

/// Starts the loop once.
pub(super) fn ensure_running() -> Result<()> {
    static STARTED: OnceLock<Result<()>> = OnceLock::new();
    STARTED.get_or_init(start).clone()
}

fn start() -> Result<()> {
    const OPERATION: &str = "start libvirt's event loop for";
    sys::load()?;
    // SAFETY: called once, before any connection exists. The error function only silences libvirt,
    // which else prints every error on stderr; errors are read with `virGetLastError` instead.
    let registered = unsafe {
        if sys::virInitialize() < 0 {
            return Err(last_error(OPERATION));
        }
        sys::virSetErrorFunc(std::ptr::null_mut(), Some(ignore_error));
        sys::virEventRegisterDefaultImpl()
    };
    if registered < 0 {
        return Err(last_error(OPERATION));
    }
    thread::Builder::new()
        .name("libvirt-events".to_owned())
        .spawn(|| {
            loop {
                // SAFETY: the default implementation was registered, and only this thread runs it.
                if unsafe { sys::virEventRunDefaultImpl() } < 0 {
                    // It fails only when polling does; do not spin on that.
                    thread::yield_now();
                }
            }
        })
        .map(drop)
        .map_err(|error| Error::new(Class::Failed, OPERATION, error.to_string()))
}
