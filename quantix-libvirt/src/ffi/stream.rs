//! Screens and consoles: what comes through libvirt's streams.

use std::{
    ffi::{c_int, c_void},
    fmt,
};

use super::sys;
use quantix_core::VmId;

use super::{
    Session,
    handles::{Stream, c_string, owned_text},
};
use crate::{
    Class, ConsoleInput, ConsoleOutput, ConsoleSink, Error, Result, SCREENSHOT_BYTES_MAX,
    Screenshot,
};

const CHUNK: usize = 64 << 10;

impl Session {
    pub(super) fn stream(&self, operation: &'static str, flags: u32) -> Result<Stream> {
        // SAFETY: the connection is open.
        let raw = unsafe { sys::virStreamNew(self.connection.raw(), flags) };
        Stream::adopt(raw).map_or_else(|| self.fail(operation), Ok)
    }

    pub(super) fn take_screenshot(&self, id: VmId, screen: u32) -> Result<Screenshot> {
        const OPERATION: &str = "take picture of domain";
        let domain = self.domain(OPERATION, id)?;
        let stream = self.stream(OPERATION, 0)?;
        // SAFETY: both handles are valid; the text is ours.
        let mime =
            unsafe { owned_text(sys::virDomainScreenshot(domain.raw(), stream.raw(), screen, 0)) };
        let Some(mime) = mime else { return self.fail(OPERATION) };
        let mut bytes = Vec::new();
        let mut chunk = vec![0u8; CHUNK];
        loop {
            // SAFETY: the stream is valid and `chunk` has as many bytes as is said.
            let count =
                unsafe { sys::virStreamRecv(stream.raw(), chunk.as_mut_ptr().cast(), chunk.len()) };
            let count = match usize::try_from(count) {
                Ok(0) => break,
                Ok(count) => count,
                Err(_) => return self.fail(OPERATION),
            };
            bytes.extend_from_slice(&chunk[..count]);
            if bytes.len() > SCREENSHOT_BYTES_MAX {
                // SAFETY: the stream is valid; it is of no use after this.
                unsafe { sys::virStreamAbort(stream.raw()) };
                return Err(Error::new(Class::Failed, OPERATION, "the picture is above 64 MiB"));
            }
        }
        // SAFETY: the stream is valid. Its end was read, so a failure here loses nothing.
        unsafe { sys::virStreamFinish(stream.raw()) };
        Ok(Screenshot { mime, bytes })
    }

    pub(super) fn console(
        &self,
        id: VmId,
        device: Option<&str>,
        force: bool,
        sink: ConsoleSink,
    ) -> Result<Box<dyn ConsoleInput>> {
        const OPERATION: &str = "open console of domain";
        let domain = self.domain(OPERATION, id)?;
        let device = device.map(|device| c_string(OPERATION, device)).transpose()?;
        let stream = self.stream(OPERATION, sys::VIR_STREAM_NONBLOCK)?;
        let name = device.as_ref().map_or(std::ptr::null(), |name| name.as_ptr());
        let flags = if force { sys::VIR_DOMAIN_CONSOLE_FORCE } else { 0 };
        // SAFETY: both handles are valid; `name` is null or a C string that lives through the call.
        if unsafe { sys::virDomainOpenConsole(domain.raw(), name, stream.raw(), flags) } < 0 {
            return self.fail(OPERATION).map_err(|e: Error| e.about(domain.reference()));
        }
        let opaque: *mut c_void = Box::into_raw(Box::new(sink)).cast();
        let events = sys::VIR_STREAM_EVENT_READABLE
            | sys::VIR_STREAM_EVENT_ERROR
            | sys::VIR_STREAM_EVENT_HANGUP;
        // SAFETY: the stream is valid and not blocking; `opaque` lives until `free_sink`.
        let added = unsafe {
            let raw = stream.raw();
            let events = events.cast_signed();
            sys::virStreamEventAddCallback(raw, events, Some(on_stream), opaque, Some(free_sink))
        };
        if added < 0 {
            // SAFETY: a refused registration does not take `opaque` over.
            unsafe { free_sink(opaque) };
            return self.fail(OPERATION);
        }
        Ok(Box::new(Console { stream }))
    }
}

unsafe extern "C" fn free_sink(opaque: *mut c_void) {
    // SAFETY: called once for each registration, after its last event.
    drop(unsafe { Box::from_raw(opaque.cast::<ConsoleSink>()) });
}

unsafe extern "C" fn on_stream(stream: sys::virStreamPtr, events: c_int, opaque: *mut c_void) {
    // SAFETY: libvirt passes the opaque pointer of the registration, alive until `free_sink`.
    let sink = unsafe { &*opaque.cast::<ConsoleSink>() };
    let mut chunk = [0u8; 4096];
    loop {
        // SAFETY: libvirt passes a valid stream; `chunk` has as many bytes as is said.
        let count = unsafe { sys::virStreamRecv(stream, chunk.as_mut_ptr().cast(), chunk.len()) };
        match usize::try_from(count) {
            Ok(0) => break,
            Ok(count) => sink(ConsoleOutput::Data(chunk[..count].to_vec())),
            // -2 says that nothing more is there now.
            Err(_) if count == -2 => {
                let end = sys::VIR_STREAM_EVENT_ERROR | sys::VIR_STREAM_EVENT_HANGUP;
                if events & end.cast_signed() == 0 {
                    return;
                }
                break;
            }
            Err(_) => break,
        }
    }
    sink(ConsoleOutput::Closed);
    // SAFETY: the stream is valid; without its callback it is not called again.
    unsafe { sys::virStreamEventRemoveCallback(stream) };
}

/// An open console.
struct Console {
    stream: Stream,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

impl ConsoleInput for Console {
    fn send(&self, bytes: &[u8]) -> Result<usize> {
        // SAFETY: the stream is valid and `bytes` has as many bytes as is said.
        let count =
            unsafe { sys::virStreamSend(self.stream.raw(), bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(count) {
            Ok(count) => Ok(count),
            Err(_) if count == -2 => Ok(0),
            Err(_) => Err(super::handles::last_error("write to console of domain")),
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // SAFETY: the stream is valid. Its callback may be gone already; both calls then only fail.
        unsafe {
            sys::virStreamEventRemoveCallback(self.stream.raw());
            sys::virStreamAbort(self.stream.raw());
        }
    }
}
