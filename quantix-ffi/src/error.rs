//! Status codes and error objects.

use std::{
    ffi::{CString, c_char},
    ptr,
};

use quantix_core::Finding;

/// How a call ended. Numbers are never reused.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qtx_status {
    /// Done; the out-pointers are written.
    Ok = 0,
    /// An argument that must not be NULL is NULL.
    NullArgument = 1,
    /// A text argument is not UTF-8.
    InvalidUtf8 = 2,
    /// A document or value is not what it should be; see the message and the findings.
    InvalidInput = 3,
    /// A file cannot be read or written, or the machine lacks something.
    Environment = 4,
    /// A bug in Quantix: the call was abandoned, nothing was written.
    Panic = 99,
}

/// Why a call failed. Owned by the caller; read with the `qtx_error_*` functions from any thread,
/// freed with `qtx_error_free`.
#[derive(Debug)]
pub struct qtx_error {
    status: qtx_status,
    message: CString,
    findings: CString,
    details: CString,
}

/// A failure on its way to the boundary.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) status: qtx_status,
    pub(crate) message: String,
    pub(crate) findings: Vec<Finding>,
    /// What to decide on, as JSON.
    pub(crate) details: String,
}

impl Fault {
    pub(crate) fn new(status: qtx_status, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), findings: Vec::new(), details: "{}".to_owned() }
    }

    /// Invalid input, with the error's whole chain as the message.
    pub(crate) fn input(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(qtx_status::InvalidInput, chain(error))
    }

    /// A failure of the environment, with the error's whole chain as the message.
    pub(crate) fn environment(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(qtx_status::Environment, chain(error))
    }

    /// The same fault with what to decide on, a JSON object.
    pub(crate) fn with_details(mut self, details: String) -> Self {
        self.details = details;
        self
    }

    /// The same fault with what was found wrong.
    pub(crate) fn with_findings(mut self, findings: Vec<Finding>) -> Self {
        self.findings = findings;
        self
    }
}

/// `error: cause: cause of the cause`.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// A C string of a text; a NUL inside it, which C cannot carry, becomes U+FFFD.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text).or_else(|_| CString::new(text.replace('\0', "\u{fffd}"))).unwrap_or_default()
}

impl From<Fault> for qtx_error {
    fn from(fault: Fault) -> Self {
        let findings = serde_json::to_string(&fault.findings).unwrap_or_else(|_| "[]".to_owned());
        Self {
            status: fault.status,
            message: c_string(&fault.message),
            findings: c_string(&findings),
            details: c_string(&fault.details),
        }
    }
}

/// The status that the failed call returned. `QTX_STATUS_NULL_ARGUMENT` for NULL.
///
/// # Safety
/// `error` is NULL or an unfreed error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_error_status(error: *const qtx_error) -> qtx_status {
    // SAFETY: by contract NULL or valid; NULL becomes None.
    unsafe { error.as_ref() }.map_or(qtx_status::NullArgument, |error| error.status)
}

/// What was wrong and what to do, in one line. Lives as long as the error. NULL for NULL.
///
/// # Safety
/// `error` is NULL or an unfreed error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_error_message(error: *const qtx_error) -> *const c_char {
    // SAFETY: by contract NULL or valid; NULL becomes None.
    unsafe { error.as_ref() }.map_or(ptr::null(), |error| error.message.as_ptr())
}

/// What was found wrong, as a JSON array of findings
/// (`{"code","severity","message","path"?,"line"?,"column"?}`); `[]` where the message says it
/// all. Lives as long as the error. NULL for NULL.
///
/// # Safety
/// `error` is NULL or an unfreed error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_error_findings(error: *const qtx_error) -> *const c_char {
    // SAFETY: by contract NULL or valid; NULL becomes None.
    unsafe { error.as_ref() }.map_or(ptr::null(), |error| error.findings.as_ptr())
}

/// What to decide on where a call on a libvirt host failed, as a JSON object:
/// `{"class","operation","target","remedy","transient"}`, with `class` one of `retryable`,
/// `connection_lost`, `busy`, `not_found`, `conflict`, `unsupported`, `denied`, `deadline`,
/// `invalid` and `failed`; `{}` for other errors. Lives as long as the error. NULL for NULL.
///
/// # Safety
/// `error` is NULL or an unfreed error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_error_details(error: *const qtx_error) -> *const c_char {
    // SAFETY: by contract NULL or valid; NULL becomes None.
    unsafe { error.as_ref() }.map_or(ptr::null(), |error| error.details.as_ptr())
}

/// Frees an error. NULL is accepted.
///
/// # Safety
/// `error` is NULL, or was set by a Quantix call and has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_error_free(error: *mut qtx_error) {
    if !error.is_null() {
        // SAFETY: by contract it came from Box::into_raw in `boundary::call` and is unfreed.
        drop(unsafe { Box::from_raw(error) });
    }
}
