//! `quantix.ova`: appliances.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use pyo3::prelude::*;
use quantix_ova::{
    convert::{Compression, ConvertError, Options, Output, convert_appliance, pull_appliance},
    manifest::{self, VerifyOptions},
    ovf,
    package::{Package, PackageError},
    remote,
    watch::{Progress, Watch},
};

use crate::convert::{detached, environment_failure, input_error, to_python};

/// How many bytes pass between two calls of a progress function.
const REPORT_BYTES: u64 = 8 << 20;

/// Calls a Python function with bytes done and bytes in total; an exception that it raises stops
/// the work.
pub(crate) struct Caller {
    function: Option<Py<PyAny>>,
    reported_bytes: AtomicU64,
    raised: Mutex<Option<PyErr>>,
}

impl Caller {
    pub(crate) fn new(function: Option<Py<PyAny>>) -> Self {
        Self { function, reported_bytes: AtomicU64::new(0), raised: Mutex::new(None) }
    }

    /// The exception that stopped the work, if one did.
    pub(crate) fn raised(&self) -> MutexGuard<'_, Option<PyErr>> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Caller {
    fn progress(&self, progress: Progress) {
        let Some(function) = &self.function else { return };
        let Progress { done_bytes, total_bytes } = progress;
        let last = self.reported_bytes.load(Ordering::Relaxed);
        if done_bytes < total_bytes && done_bytes < last.saturating_add(REPORT_BYTES) {
            return;
        }
        self.reported_bytes.fetch_max(done_bytes, Ordering::Relaxed);
        if let Err(error) = Python::attach(|py| function.call1(py, (done_bytes, total_bytes))) {
            self.raised().get_or_insert(error);
        }
    }

    fn is_cancelled(&self) -> bool {
        // Ctrl-C reaches a Python program through its main thread only.
        let signal = || Python::attach(|py| py.check_signals());
        if self.raised().is_none()
            && let Err(error) = signal()
        {
            self.raised().get_or_insert(error);
        }
        self.raised().is_some()
    }
}

/// Opens the package at a path or an address.
pub(crate) fn open(path: &Path) -> PyResult<Package> {
    remote::open_place(path).map_err(package_error)
}

#[allow(clippy::needless_pass_by_value, reason = "an argument of map_err")]
fn package_error(error: PackageError) -> PyErr {
    if error.is_io() { environment_failure(&error) } else { input_error(&error, &[]) }
}

#[allow(clippy::needless_pass_by_value, reason = "an argument of map_err")]
fn convert_error(error: ConvertError) -> PyErr {
    if error.is_target() && !error.is_existing_target() {
        return environment_failure(&error);
    }
    let findings = error.failed_verification().map_or(&[][..], |answer| &answer.findings);
    input_error(&error, findings)
}

/// Tells what an appliance is, from its descriptor alone.
#[pyfunction]
pub(crate) fn ova_inspect(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyAny>> {
    let answer = detached(py, || Ok::<_, PyErr>(ovf::inspect(&open(&path)?)))?;
    to_python(py, &answer)
}

/// Checks every file of an appliance against its manifest.
#[pyfunction]
#[pyo3(signature = (path, *, roots=None, allow_sha1=false, at=None, threads=None, progress=None))]
pub(crate) fn ova_verify<'py>(
    py: Python<'py>,
    path: PathBuf,
    roots: Option<String>,
    allow_sha1: bool,
    at: Option<i64>,
    threads: Option<NonZeroUsize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let caller = Caller::new(progress);
    let options = VerifyOptions { threads, roots, allow_sha1, at };
    let trust = options.trust().map_err(|error| input_error(&error, &[]))?;
    let answer = detached(py, || {
        let package = open(&path)?;
        let threads = options.thread_count();
        manifest::verify_trusting(&package, &trust, threads, &caller).map_err(package_error)
    });
    let raised = caller.raised().take();
    to_python(py, &raised.map_or(answer, Err)?)
}

/// Converts the disks of an appliance, checking digests in the same pass.
#[pyfunction]
#[pyo3(signature = (path, to, *, format="qcow2", compress=false, threads=None, verify=true,
    check_grains=false, sync=false, instant=false, compression="deflate", resumable=false,
    roots=None, allow_sha1=false, at=None, progress=None))]
#[allow(clippy::too_many_arguments, reason = "keyword arguments in Python")]
pub(crate) fn ova_convert<'py>(
    py: Python<'py>,
    path: PathBuf,
    to: PathBuf,
    format: &str,
    compress: bool,
    threads: Option<NonZeroUsize>,
    verify: bool,
    check_grains: bool,
    sync: bool,
    instant: bool,
    compression: &str,
    resumable: bool,
    roots: Option<String>,
    allow_sha1: bool,
    at: Option<i64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let compression = match compression {
        "deflate" => Compression::Deflate,
        "zstd" => Compression::Zstd,
        _ => {
            let message =
                format!("compression is {compression:?}; expected \"deflate\" or \"zstd\"");
            return Err(crate::convert::InputError::new_err((message,)));
        }
    };
    let output = match format {
        "qcow2" => Output::Qcow2,
        "raw" => Output::Raw,
        "vmdk" => Output::Vmdk,
        _ => {
            let message = format!("format is {format:?}; expected \"qcow2\", \"raw\" or \"vmdk\"");
            return Err(crate::convert::InputError::new_err((message,)));
        }
    };
    let options = Options {
        output,
        compress,
        compression,
        threads,
        verify,
        check_grains,
        sync,
        instant,
        resumable,
        roots,
        allow_sha1,
        at,
    };
    let caller = Caller::new(progress);
    let answer = detached(py, || {
        convert_appliance(&open(&path)?, &to, &options, &caller).map_err(convert_error)
    });
    let raised = caller.raised().take();
    to_python(py, &raised.map_or(answer, Err)?)
}

/// Copies what overlays still read from the appliance, checking digests in the same pass.
#[pyfunction]
#[pyo3(signature = (path, to, *, threads=None, verify=true, roots=None, allow_sha1=false, at=None,
    progress=None))]
#[allow(clippy::too_many_arguments, reason = "keyword arguments in Python")]
pub(crate) fn ova_pull<'py>(
    py: Python<'py>,
    path: PathBuf,
    to: PathBuf,
    threads: Option<NonZeroUsize>,
    verify: bool,
    roots: Option<String>,
    allow_sha1: bool,
    at: Option<i64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let options = Options { threads, verify, roots, allow_sha1, at, ..Options::default() };
    let caller = Caller::new(progress);
    let answer = detached(py, || {
        pull_appliance(&open(&path)?, &to, &options, &caller).map_err(convert_error)
    });
    let raised = caller.raised().take();
    to_python(py, &raised.map_or(answer, Err)?)
}
