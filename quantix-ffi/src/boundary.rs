//! What every function does at the boundary: guard against panics, read inputs, write outputs.

use std::{
    ffi::{CStr, CString, c_char},
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Fault, c_string, qtx_error, qtx_status};

/// Runs the body of an exported function: its fault, or a panic, becomes a status and, where the
/// caller asked for one, an error object.
///
/// # Safety
/// `error` is NULL or writable.
pub(crate) unsafe fn call(
    error: *mut *mut qtx_error,
    body: impl FnOnce() -> Result<(), Fault>,
) -> qtx_status {
    let fault = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return qtx_status::Ok,
        Ok(Err(fault)) => fault,
        Err(_) => Fault::new(qtx_status::Panic, "a bug in Quantix: the call was abandoned"),
    };
    let status = fault.status;
    if !error.is_null() {
        let boxed = Box::into_raw(Box::new(qtx_error::from(fault)));
        // SAFETY: by contract `error` is writable when it is not NULL.
        unsafe { error.write(boxed) };
    }
    status
}

/// Runs the body of an exported function that answers with a document: JSON, which
/// `qtx_string_free` frees. `out` is written only on success, and refused when NULL before any work
/// is done.
///
/// # Safety
/// `out` and `error` are NULL or writable.
pub(crate) unsafe fn answer<T: Serialize>(
    out: *mut *mut c_char,
    name: &str,
    error: *mut *mut qtx_error,
    body: impl FnOnce() -> Result<T, Fault>,
) -> qtx_status {
    let body = || {
        check_out(out, name)?;
        let json = serde_json::to_string(&body()?).map_err(|error| Fault::input(&error))?;
        // SAFETY: `out` is not NULL, so writable by contract.
        unsafe { put_text(out, &json) };
        Ok(())
    };
    // SAFETY: by contract.
    unsafe { call(error, body) }
}

/// Reads a text argument.
///
/// # Safety
/// `pointer` is NULL or a NUL-terminated string that lives for `'a`.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, Fault> {
    if pointer.is_null() {
        let message = format!("argument `{name}` is NULL");
        return Err(Fault::new(qtx_status::NullArgument, message));
    }
    // SAFETY: by contract a NUL-terminated string, and not NULL.
    unsafe { CStr::from_ptr(pointer) }.to_str().map_err(|error| {
        Fault::new(qtx_status::InvalidUtf8, format!("argument `{name}` is not UTF-8: {error}"))
    })
}

/// Reads a text argument that may be NULL.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn optional_text<'a>(
    pointer: *const c_char,
    name: &str,
) -> Result<Option<&'a str>, Fault> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: as the caller promises.
    unsafe { text(pointer, name) }.map(Some)
}

/// Parses a JSON argument into its type.
pub(crate) fn document<T: DeserializeOwned>(json: &str, name: &str) -> Result<T, Fault> {
    serde_json::from_str(json).map_err(|error| {
        Fault::new(qtx_status::InvalidInput, format!("argument `{name}` is not valid: {error}"))
    })
}

/// Refuses a NULL out-pointer before any work is done.
pub(crate) fn check_out<T>(out: *mut T, name: &str) -> Result<(), Fault> {
    if out.is_null() {
        let message = format!("argument `{name}` is NULL");
        return Err(Fault::new(qtx_status::NullArgument, message));
    }
    Ok(())
}

/// Hands a text to the caller.
///
/// # Safety
/// `out` is writable.
pub(crate) unsafe fn put_text(out: *mut *mut c_char, text: &str) {
    // SAFETY: by contract `out` is writable.
    unsafe { out.write(c_string(text).into_raw()) };
}

/// Frees a string that Quantix returned. NULL is accepted.
///
/// # Safety
/// `string` is NULL, or was returned by a Quantix call and has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_string_free(string: *mut c_char) {
    if !string.is_null() {
        // SAFETY: by contract it came from CString::into_raw in `put_text` and is unfreed.
        drop(unsafe { CString::from_raw(string) });
    }
}
