//! Documents of any kind as handles: read, changed place by place, judged, written.

use std::ffi::c_char;

use quantix_core::{
    Finding, WordError,
    document::{AnyDocument, DocumentKind, ReadMode},
};

use crate::{
    boundary::{answer, call, check_out, put_text, text},
    error::{Fault, qtx_error, qtx_status},
};

/// A document of any kind. Owned by the caller and freed with `qtx_document_free`. Functions that
/// take it as `const` may run on several threads at once; others need it alone.
#[derive(Debug)]
pub struct qtx_document(AnyDocument);

/// Reads a document of a kind such as `vm_spec`; one with faults too, as long as it is JSON.
///
/// `lenient` drops unknown fields and tries newer versions, each with a warning, now and after each
/// change. On success `*document_out` is owned by the caller and freed with `qtx_document_free`. May
/// be called from any thread.
///
/// # Safety
/// Texts are NUL-terminated; `document_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_document_parse(
    kind: *const c_char,
    json: *const c_char,
    lenient: bool,
    document_out: *mut *mut qtx_document,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(document_out, "document_out")?;
        // SAFETY: by contract NULL or NUL-terminated.
        let (kind, json) = unsafe { (text(kind, "kind")?, text(json, "json")?) };
        let kind: DocumentKind = kind.parse().map_err(|e: WordError| Fault::input(&e))?;
        let mode = if lenient { ReadMode::Lenient } else { ReadMode::Strict };
        let document = AnyDocument::parse(kind, json, mode).map_err(refused)?;
        // SAFETY: `document_out` is not NULL, and by contract writable.
        unsafe { document_out.write(Box::into_raw(Box::new(qtx_document(document)))) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Everything that is to be said about a document as it is now.
///
/// On success `*report_out` is `{"kind","valid","findings","document"?}` as `qtx_document_check`
/// gives it, owned by the caller and freed with `qtx_string_free`. Several threads may read one
/// document.
///
/// # Safety
/// `document` is NULL or an unfreed document that nobody changes meanwhile; `report_out` is writable;
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_document_report(
    document: *const qtx_document,
    report_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or valid, and not changed meanwhile.
        let document = unsafe { document.as_ref() }.ok_or_else(no_document)?;
        Ok(document.0.report())
    };
    // SAFETY: by contract `report_out` and `error` are NULL or writable.
    unsafe { answer(report_out, "report_out", error, body) }
}

/// Whether nothing in a document is an error; false for NULL. Several threads may read one document.
///
/// # Safety
/// `document` is NULL or an unfreed document that nobody changes meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_document_is_valid(document: *const qtx_document) -> bool {
    // SAFETY: by contract NULL or valid; NULL becomes None.
    unsafe { document.as_ref() }.is_some_and(|document| document.0.report().valid)
}

/// What is at a place of a document, with units as numbers, defaults filled in and secrets redacted.
///
/// `pointer` is a JSON Pointer such as `/disks/0/size_bytes`; the empty one is the whole document. On
/// success `*json_out` is JSON, owned by the caller and freed with `qtx_string_free`, or NULL when
/// there is nothing. A document with faults gives `QTX_STATUS_INVALID_INPUT` and its findings.
/// Several threads may read one document.
///
/// # Safety
/// `document` is NULL or an unfreed document that nobody changes meanwhile; `pointer` is
/// NUL-terminated; `json_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_document_get(
    document: *const qtx_document,
    pointer: *const c_char,
    json_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(json_out, "json_out")?;
        // SAFETY: by contract NULL or NUL-terminated.
        let pointer = unsafe { text(pointer, "pointer")? };
        // SAFETY: by contract NULL or valid, and not changed meanwhile.
        let document = unsafe { document.as_ref() }.ok_or_else(no_document)?;
        match document.0.get(pointer).map_err(refused)? {
            // SAFETY: `json_out` is not NULL, and by contract writable.
            Some(value) => unsafe { put_text(json_out, &value.to_string()) },
            // SAFETY: as above.
            None => unsafe { json_out.write(std::ptr::null_mut()) },
        }
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Writes JSON at a place of a document: a new field, in place of what is there, or behind the last
/// item of a list, which is the step `-`.
///
/// `pointer` is a JSON Pointer such as `/disks/-`; the empty one is the whole document. The document
/// may have faults afterwards, which `qtx_document_report` tells. A place whose surroundings are
/// missing, or a text that is no JSON, gives `QTX_STATUS_INVALID_INPUT` with one finding, and leaves
/// the document as it was. One thread at a time.
///
/// # Safety
/// `document` is NULL or an unfreed document that nobody else uses meanwhile; texts are
/// NUL-terminated; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_document_set(
    document: *mut qtx_document,
    pointer: *const c_char,
    json: *const c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        // SAFETY: by contract NULL or NUL-terminated.
        let (pointer, json) = unsafe { (text(pointer, "pointer")?, text(json, "json")?) };
        // SAFETY: by contract NULL or valid, and used by nobody else meanwhile.
        let document = unsafe { document.as_mut() }.ok_or_else(no_document)?;
        document.0.set(pointer, json).map(|_| ()).map_err(refused)
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Takes a field, or an item of a list, out of a document.
///
/// `pointer` is a JSON Pointer such as `/disks/0`. A place where nothing was written gives
/// `QTX_STATUS_INVALID_INPUT` with one finding, and leaves the document as it was. One thread at a
/// time.
///
/// # Safety
/// `document` is NULL or an unfreed document that nobody else uses meanwhile; `pointer` is
/// NUL-terminated; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_document_remove(
    document: *mut qtx_document,
    pointer: *const c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        // SAFETY: by contract NULL or NUL-terminated.
        let pointer = unsafe { text(pointer, "pointer")? };
        // SAFETY: by contract NULL or valid, and used by nobody else meanwhile.
        let document = unsafe { document.as_mut() }.ok_or_else(no_document)?;
        document.0.remove(pointer).map(|_| ()).map_err(refused)
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Frees a document. NULL is accepted.
///
/// # Safety
/// `document` is NULL, or was made by a Quantix call and has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_document_free(document: *mut qtx_document) {
    if !document.is_null() {
        // SAFETY: by contract it came from Box::into_raw in `qtx_document_parse` and is unfreed.
        drop(unsafe { Box::from_raw(document) });
    }
}

fn refused(findings: Vec<Finding>) -> Fault {
    let message = findings.first().map_or_else(String::new, ToString::to_string);
    Fault::new(qtx_status::InvalidInput, message).with_findings(findings)
}

fn no_document() -> Fault {
    Fault::new(qtx_status::NullArgument, "argument `document` is NULL")
}
