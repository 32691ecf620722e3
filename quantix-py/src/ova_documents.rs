//! `quantix.ova`: appliances explained, compared, diagnosed, repaired and made.

use std::{error::Error, num::NonZeroUsize, path::PathBuf};

use pyo3::prelude::*;
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
    convert::{InputError, detached, document, environment_failure, input_error, to_python},
    ova::{Caller, open},
};

/// Why nothing was written: the target, or the input with what is wrong with it.
fn unwritten(error: &dyn Error, is_target: bool, findings: &[Finding]) -> PyErr {
    match is_target {
        true => environment_failure(error),
        false => input_error(error, findings),
    }
}

/// Writes an appliance with its manifest signed.
#[pyfunction]
#[pyo3(signature = (path, to, *, key, certificates, algorithm="sha256", progress=None))]
pub(crate) fn ova_sign<'py>(
    py: Python<'py>,
    path: PathBuf,
    to: PathBuf,
    key: Vec<u8>,
    certificates: Vec<u8>,
    algorithm: &str,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let algorithm = Algorithm::from_name(algorithm).ok_or_else(|| {
        let message = format!("algorithm is {algorithm:?}; expected \"sha256\" or \"sha512\"");
        InputError::new_err((message,))
    })?;
    let signer = Signer::from_pem(&key, &certificates, algorithm)
        .map_err(|error| input_error(&error, &[]))?;
    let caller = Caller::new(progress);
    let answer = detached(py, || {
        sign(&open(&path)?, &signer, &to, &caller)
            .map_err(|error| unwritten(&error, error.is_target(), error.findings()))
    });
    let raised = caller.raised().take();
    to_python(py, &raised.map_or(answer, Err)?)
}

/// Tells what becomes of each part of an appliance, and why.
#[pyfunction]
#[pyo3(signature = (path, choices=None))]
pub(crate) fn ova_explain<'py>(
    py: Python<'py>,
    path: PathBuf,
    choices: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let choices: Choices =
        choices.map(|choices| document(choices, "choices")).transpose()?.unwrap_or_default();
    let answer = detached(py, || {
        explain(&open(&path)?, &choices)
            .map_err(|error| unwritten(&error, false, &error.findings()))
    })?;
    to_python(py, &answer)
}

/// Tells how two appliances differ in what they mean.
#[pyfunction]
pub(crate) fn ova_diff(
    py: Python<'_>,
    before: PathBuf,
    after: PathBuf,
) -> PyResult<Bound<'_, PyAny>> {
    let answer = detached(py, || {
        ovf::diff_packages(&open(&before)?, &open(&after)?)
            .map_err(|error| unwritten(&error, false, &[error.finding()]))
    })?;
    to_python(py, &answer)
}

/// Tells what other tools refuse about an appliance.
#[pyfunction]
pub(crate) fn ova_diagnose(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyAny>> {
    let answer = detached(py, || Ok::<_, PyErr>(Diagnosis::of(&open(&path)?)))?;
    to_python(py, &answer)
}

/// Writes an appliance again without what other tools refuse.
#[pyfunction]
#[pyo3(signature = (path, to, *, progress=None))]
pub(crate) fn ova_repair<'py>(
    py: Python<'py>,
    path: PathBuf,
    to: PathBuf,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let caller = Caller::new(progress);
    let answer = detached(py, || {
        repair(&open(&path)?, &to, &caller)
            .map_err(|error| unwritten(&error, error.is_target(), &[]))
    });
    let raised = caller.raised().take();
    to_python(py, &raised.map_or(answer, Err)?)
}

/// Writes an appliance with its descriptor edited by as little as possible.
#[pyfunction]
#[pyo3(signature = (path, edits, to, *, progress=None))]
pub(crate) fn ova_edit<'py>(
    py: Python<'py>,
    path: PathBuf,
    edits: &Bound<'py, PyAny>,
    to: PathBuf,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let edits: Vec<Edit> = document(edits, "edits")?;
    let caller = Caller::new(progress);
    let answer = detached(py, || {
        edit_package(&open(&path)?, &edits, &to, &caller)
            .map_err(|error| unwritten(&error, error.is_target(), &[]))
    });
    let raised = caller.raised().take();
    to_python(py, &raised.map_or(answer, Err)?)
}

/// Makes an OVA from a description and disks.
#[pyfunction]
#[pyo3(signature = (spec, to, *, base=None, threads=None, progress=None))]
pub(crate) fn ova_create<'py>(
    py: Python<'py>,
    spec: &Bound<'py, PyAny>,
    to: PathBuf,
    base: Option<PathBuf>,
    threads: Option<NonZeroUsize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let spec: Spec = document(spec, "the description of an appliance")?;
    let base = base.unwrap_or_default();
    let caller = Caller::new(progress);
    let answer = detached(py, || {
        create(&spec, &base, &to, threads, &caller)
            .map_err(|error| unwritten(&error, error.is_target(), error.findings()))
    });
    let raised = caller.raised().take();
    to_python(py, &raised.map_or(answer, Err)?)
}
