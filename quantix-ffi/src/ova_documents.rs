//! Appliances explained, compared, diagnosed, repaired and made.

use std::{
    error::Error,
    ffi::{c_char, c_void},
    path::Path,
};

use quantix_core::Finding;
use quantix_ova::{
    create::{Spec, create},
    import::{Choices, explain},
    manifest::Algorithm,
    ovf::{
        self,
        edit::{Edit, edit_package},
    },
    repair::{Diagnosis, repair},
    signature::{Signer, sign},
};

use crate::{
    boundary::{answer, document, optional_text, text},
    error::{Fault, qtx_error, qtx_status},
    ova::{caller, open, qtx_progress},
};

/// Why nothing was written: the target, or the input with what is wrong with it.
fn unwritten(error: &(dyn Error + 'static), is_target: bool, findings: &[Finding]) -> Fault {
    match is_target {
        true => Fault::environment(error),
        false => Fault::input(error).with_findings(findings.to_vec()),
    }
}

/// Writes an appliance as the OVA `to`, with its manifest signed. `key` is a private RSA key and
/// `certificates` that of the key and those of its issuers, in PEM. `sha512` says whether SHA-512
/// is used instead of SHA-256. `report` becomes `{"path","bytes","manifest","certificate",`
/// `"algorithm","findings"}`; free it with `qtx_string_free`. After an error nothing is left. Any
/// thread.
///
/// # Safety
/// `path`, `to`, `key` and `certificates` are NUL-terminated strings. `report` is writable.
/// `error` is NULL or writable. `progress` is NULL or a function that may be called with `context`
/// until this call returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_ova_sign(
    path: *const c_char,
    to: *const c_char,
    key: *const c_char,
    certificates: *const c_char,
    sha512: bool,
    progress: qtx_progress,
    context: *mut c_void,
    report: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract.
        let (path, to) = unsafe { (text(path, "path")?, text(to, "to")?) };
        // SAFETY: by contract.
        let (key, certificates) =
            unsafe { (text(key, "key")?, text(certificates, "certificates")?) };
        let algorithm = if sha512 { Algorithm::Sha512 } else { Algorithm::Sha256 };
        let signer = Signer::from_pem(key.as_bytes(), certificates.as_bytes(), algorithm)
            .map_err(|error| Fault::input(&error))?;
        let caller = caller(progress, context);
        let answer = sign(&open(path)?, &signer, Path::new(to), &caller);
        answer.map_err(|error| unwritten(&error, error.is_target(), error.findings()))
    };
    // SAFETY: by contract `report` and `error` are NULL or writable.
    unsafe { answer(report, "report", error, body) }
}

/// Tells what becomes of each part of an appliance, and why. `choices` is NULL or a JSON object
/// with any of `system`, `option`, `properties`, `networks` and `drivers` (`known`, `virtio` or
/// `generic`). `report` becomes `{"system","name","option","vm","sources","cdroms","nvram",`
/// `"properties","report","findings","broken"}` as of `quantix ova explain`; free it with
/// `qtx_string_free`. Any thread.
///
/// # Safety
/// `path` is a NUL-terminated string, `choices` is one or NULL. `report` is writable. `error` is
/// NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_ova_explain(
    path: *const c_char,
    choices: *const c_char,
    report: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract.
        let path = unsafe { text(path, "path") }?;
        // SAFETY: by contract.
        let choices: Choices = match unsafe { optional_text(choices, "choices") }? {
            Some(json) => document(json, "choices")?,
            None => Choices::default(),
        };
        let answer = explain(&open(path)?, &choices);
        answer.map_err(|error| unwritten(&error, false, &error.findings()))
    };
    // SAFETY: by contract `report` and `error` are NULL or writable.
    unsafe { answer(report, "report", error, body) }
}

/// Tells how two appliances differ in what they mean. `report` becomes
/// `{"equal","changes":[{"path","before","after"}]}` as of `quantix ova diff`; free it with
/// `qtx_string_free`. Any thread.
///
/// # Safety
/// `before` and `after` are NUL-terminated strings. `report` is writable. `error` is NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_ova_diff(
    before: *const c_char,
    after: *const c_char,
    report: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract.
        let (before, after) = unsafe { (text(before, "before")?, text(after, "after")?) };
        let answer = ovf::diff_packages(&open(before)?, &open(after)?);
        answer.map_err(|error| unwritten(&error, false, &[error.finding()]))
    };
    // SAFETY: by contract `report` and `error` are NULL or writable.
    unsafe { answer(report, "report", error, body) }
}

/// Writes an appliance as the OVA `to`, or only its descriptor where `to` ends in `.ovf`, edited by
/// as little as possible. `edits` is a JSON array as `quantix ova edit` reads it, such as
/// `[{"edit":"set_cpus","cpus":4}]`; all are made or none. `report` becomes
/// `{"path","bytes","findings"}`; free it with `qtx_string_free`. After an error nothing is left.
/// Any thread.
///
/// # Safety
/// `path`, `edits` and `to` are NUL-terminated strings. `report` is writable. `error` is NULL or
/// writable. `progress` is NULL or a function that may be called with `context` until this call
/// returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_ova_edit(
    path: *const c_char,
    edits: *const c_char,
    to: *const c_char,
    progress: qtx_progress,
    context: *mut c_void,
    report: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract.
        let (path, to) = unsafe { (text(path, "path")?, text(to, "to")?) };
        // SAFETY: by contract.
        let edits: Vec<Edit> = document(unsafe { text(edits, "edits") }?, "edits")?;
        let caller = caller(progress, context);
        let answer = edit_package(&open(path)?, &edits, Path::new(to), &caller);
        answer.map_err(|error| unwritten(&error, error.is_target(), &[]))
    };
    // SAFETY: by contract `report` and `error` are NULL or writable.
    unsafe { answer(report, "report", error, body) }
}

/// Tells which of ovftool, vCenter, VirtualBox, virt-v2v and Proxmox VE refuse an appliance or
/// read it wrongly. `report` becomes `{"objections":[{"code","tools","message","repairable",`
/// `"path","line","column"}]}` as of `quantix ova diagnose`; free it with `qtx_string_free`. Any
/// thread.
///
/// # Safety
/// `path` is a NUL-terminated string. `report` is writable. `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_ova_diagnose(
    path: *const c_char,
    report: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract.
        let path = unsafe { text(path, "path") }?;
        let answer = Diagnosis::of(&open(path)?);
        Ok(answer)
    };
    // SAFETY: by contract `report` and `error` are NULL or writable.
    unsafe { answer(report, "report", error, body) }
}

/// Writes an appliance again as the OVA `to`, without what other tools refuse. `report` becomes
/// `{"path","bytes","repairs","remaining"}` as of `quantix ova repair`; free it with
/// `qtx_string_free`. After an error nothing is left. Any thread.
///
/// # Safety
/// `path` and `to` are NUL-terminated strings. `report` is writable. `error` is NULL or writable.
/// `progress` is NULL or a function that may be called with `context` until this call returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_ova_repair(
    path: *const c_char,
    to: *const c_char,
    progress: qtx_progress,
    context: *mut c_void,
    report: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract.
        let (path, to) = unsafe { (text(path, "path")?, text(to, "to")?) };
        let caller = caller(progress, context);
        let answer = repair(&open(path)?, Path::new(to), &caller);
        answer.map_err(|error| unwritten(&error, error.is_target(), &[]))
    };
    // SAFETY: by contract `report` and `error` are NULL or writable.
    unsafe { answer(report, "report", error, body) }
}

/// Makes the OVA `to` from a description (JSON, as `quantix ova create` reads it); paths of disks
/// are relative to `base`, or to the working directory when it is NULL. `report` becomes
/// `{"path","bytes","files","findings"}`; free it with `qtx_string_free`. Equal input gives equal
/// bytes; after an error nothing is left. Any thread.
///
/// # Safety
/// `spec` and `to` are NUL-terminated strings, `base` is one or NULL. `report` is writable.
/// `error` is NULL or writable. `progress` is NULL or a function that may be called with `context`
/// until this call returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_ova_create(
    spec: *const c_char,
    base: *const c_char,
    to: *const c_char,
    progress: qtx_progress,
    context: *mut c_void,
    report: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract.
        let (spec, to) = unsafe { (text(spec, "spec")?, text(to, "to")?) };
        // SAFETY: by contract.
        let base = unsafe { optional_text(base, "base") }?.unwrap_or_default();
        let spec: Spec = document(spec, "spec")?;
        let caller = caller(progress, context);
        let answer = create(&spec, Path::new(base), Path::new(to), None, &caller);
        answer.map_err(|error| unwritten(&error, error.is_target(), error.findings()))
    };
    // SAFETY: by contract `report` and `error` are NULL or writable.
    unsafe { answer(report, "report", error, body) }
}
