//! Appliances. A `path` of a package is that of an OVA, of an OVF descriptor, of a folder with
//! one, or the `http://` or `https://` address of an OVA.

use std::{
    ffi::{c_char, c_void},
    path::Path,
    time::SystemTime,
};

use quantix_ova::{
    convert::{ConvertError, Options, convert_appliance, pull_appliance},
    manifest::{self, VerifyOptions},
    ovf,
    package::{Package, PackageError},
    remote,
    watch::{Progress, Watch},
};

use crate::{
    boundary::{answer, document, optional_text, text},
    error::{Fault, qtx_error, qtx_status},
};

/// Told how far long work is: bytes done, bytes in total, and the pointer that was passed along.
/// Returns false to stop the work. Called from several threads, possibly at the same time.
pub type qtx_progress =
    Option<unsafe extern "C" fn(done_bytes: u64, total_bytes: u64, context: *mut c_void) -> bool>;

/// Calls back into C.
pub(crate) struct Caller {
    function: qtx_progress,
    context: *mut c_void,
    stopped: std::sync::atomic::AtomicBool,
}

// SAFETY: the header tells that the function is called from several threads at the same time; the
// pointer is only handed back to it.
unsafe impl Sync for Caller {}

impl Watch for Caller {
    fn progress(&self, progress: Progress) {
        let Some(function) = self.function else { return };
        // SAFETY: by contract the function may be called with this context until the call ends.
        let go_on = unsafe { function(progress.done_bytes, progress.total_bytes, self.context) };
        if !go_on {
            self.stopped.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.stopped.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// A watcher that calls back into C.
pub(crate) fn caller(function: qtx_progress, context: *mut c_void) -> Caller {
    Caller { function, context, stopped: std::sync::atomic::AtomicBool::new(false) }
}

/// Opens the package at a path or an address.
pub(crate) fn open(path: &str) -> Result<Package, Fault> {
    remote::open_place(Path::new(path)).map_err(package_fault)
}

#[allow(clippy::needless_pass_by_value, reason = "an argument of map_err")]
fn package_fault(error: PackageError) -> Fault {
    if error.is_io() { Fault::environment(&error) } else { Fault::input(&error) }
}

#[allow(clippy::needless_pass_by_value, reason = "an argument of map_err")]
fn convert_fault(error: ConvertError) -> Fault {
    if error.is_target() && !error.is_existing_target() {
        return Fault::environment(&error);
    }
    let fault = Fault::input(&error);
    match error.failed_verification() {
        Some(answer) => fault.with_findings(answer.findings.clone()),
        None => fault,
    }
}

/// Tells what an appliance is, from its descriptor alone. Here and in all calls on appliances,
/// `path` is an OVA, an OVF descriptor, a folder with one, or the `http://` or `https://` address
/// of an OVA, of which only the parts that are needed are fetched. `report` becomes
/// `{"format","ovf_version","producer","systems","networks","deployment_options","properties",`
/// `"eulas","files","findings"}` as of `quantix ova inspect`; free it with `qtx_string_free`. A
/// descriptor that is broken is an answer with findings of severity `error`, not an error. Only
/// headers and the descriptor are read. Any thread.
///
/// # Safety
/// `path` is a NUL-terminated string. `report` is writable. `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_ova_inspect(
    path: *const c_char,
    report: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract.
        let path = unsafe { text(path, "path") }?;
        Ok(ovf::inspect(&open(path)?))
    };
    // SAFETY: by contract `report` and `error` are NULL or writable.
    unsafe { answer(report, "report", error, body) }
}

/// Checks every file of an appliance against its manifest, and who signed that. `options` is NULL
/// or a JSON object with any of `threads`, `roots` (trusted certificates in PEM: with them, only a
/// package whose signature leads to one of them is ok), `allow_sha1` and `at` (when certificates
/// must be good, in seconds since 1970, by default now). `report` becomes
/// `{"ok","manifest","certificate","signature","files","findings"}` as of `quantix ova verify`;
/// free it with `qtx_string_free`. An appliance that differs from its manifest is an answer with
/// `ok` false, not an error. Any thread.
///
/// # Safety
/// `path` is a NUL-terminated string, `options` is one or NULL. `report` is writable. `error` is NULL or writable.
/// `progress` is NULL or a function that may be called with `context` until this call returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_ova_verify(
    path: *const c_char,
    options: *const c_char,
    progress: qtx_progress,
    context: *mut c_void,
    report: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract.
        let path = unsafe { text(path, "path") }?;
        // SAFETY: by contract.
        let mut options: VerifyOptions = match unsafe { optional_text(options, "options") }? {
            Some(json) => document(json, "options")?,
            None => VerifyOptions::default(),
        };
        options.at = options.at.or_else(now);
        let trust = options.trust().map_err(|error| Fault::input(&error))?;
        let package = open(path)?;
        let (threads, caller) = (options.thread_count(), caller(progress, context));
        let answer = manifest::verify_trusting(&package, &trust, threads, &caller);
        let answer = answer.map_err(package_fault)?;
        Ok(answer)
    };
    // SAFETY: by contract `report` and `error` are NULL or writable.
    unsafe { answer(report, "report", error, body) }
}

/// Seconds since 1970.
fn now() -> Option<i64> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok();
    now.and_then(|now| i64::try_from(now.as_secs()).ok())
}

/// How to convert; certificates must be good now, unless the caller names another time.
fn options_of(json: Option<&str>) -> Result<Options, Fault> {
    let mut options: Options = match json {
        Some(json) => document(json, "options")?,
        None => Options::default(),
    };
    options.at = options.at.or_else(now);
    Ok(options)
}

/// Converts the disks of an appliance into files of a folder, checking digests in the same pass.
/// `options` is NULL or a JSON object with any of `format` (`qcow2`, `raw` or `vmdk`), `compress`,
/// `compression` (`deflate` or `zstd`), `threads`, `verify`, `check_grains`, `sync`, `instant` (copy
/// nothing: each file is an overlay that reads the disk inside the appliance, until
/// `qtx_ova_pull`), `resumable` (keep what is done when `progress` stops the work or the storage or
/// the network fails: the same call goes on there, as it does after the process was killed), and
/// `roots`, `allow_sha1` and `at` of `qtx_ova_verify`. `report` becomes
/// `{"disks","verified","seconds","findings"}` as of `quantix ova convert`; free it with
/// `qtx_string_free`. After an error nothing is left in the folder. Any thread.
///
/// # Safety
/// `path` and `folder` are NUL-terminated strings, `options` is one or NULL. `report` is writable.
/// `error` is NULL or writable. `progress` is NULL or a function that may be called with `context`
/// until this call returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_ova_convert(
    path: *const c_char,
    folder: *const c_char,
    options: *const c_char,
    progress: qtx_progress,
    context: *mut c_void,
    report: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract.
        let (path, folder) = unsafe { (text(path, "path")?, text(folder, "folder")?) };
        // SAFETY: by contract.
        let options = options_of(unsafe { optional_text(options, "options") }?)?;
        let package = open(path)?;
        let caller = caller(progress, context);
        let answer = convert_appliance(&package, Path::new(folder), &options, &caller);
        let answer = answer.map_err(convert_fault)?;
        Ok(answer)
    };
    // SAFETY: by contract `report` and `error` are NULL or writable.
    unsafe { answer(report, "report", error, body) }
}

/// Copies what the overlays in `folder`, made by `qtx_ova_convert` with `instant`, still read from
/// the appliance, checking digests in the same pass; what the machine wrote meanwhile stays. The
/// machine must be off. `options` and `report` are those of `qtx_ova_convert`. Any thread.
///
/// # Safety
/// As `qtx_ova_convert`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_ova_pull(
    path: *const c_char,
    folder: *const c_char,
    options: *const c_char,
    progress: qtx_progress,
    context: *mut c_void,
    report: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract.
        let (path, folder) = unsafe { (text(path, "path")?, text(folder, "folder")?) };
        // SAFETY: by contract.
        let options = options_of(unsafe { optional_text(options, "options") }?)?;
        let caller = caller(progress, context);
        let answer = pull_appliance(&open(path)?, Path::new(folder), &options, &caller);
        answer.map_err(convert_fault)
    };
    // SAFETY: by contract `report` and `error` are NULL or writable.
    unsafe { answer(report, "report", error, body) }
}
