//! Between Python values and the crates' documents.

use std::error::Error;

use pyo3::{import_exception, prelude::*};
use quantix_core::Finding;
use serde::{Serialize, de::DeserializeOwned};

import_exception!(quantix.exceptions, InputError);
import_exception!(quantix.exceptions, EnvironmentFailure);

/// Runs work without holding the interpreter, so that other Python threads go on.
pub(crate) fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    py.detach(work)
}

/// `error: cause: cause of the cause`.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// An `InputError` with the error's chain as its message, and what was found wrong.
pub(crate) fn input_error(error: &dyn Error, findings: &[Finding]) -> PyErr {
    InputError::new_err((chain(error), findings_json(findings)))
}

/// An `EnvironmentFailure` with the error's chain as its message.
pub(crate) fn environment_failure(error: &dyn Error) -> PyErr {
    EnvironmentFailure::new_err((chain(error), findings_json(&[])))
}

fn findings_json(findings: &[Finding]) -> String {
    serde_json::to_string(findings).unwrap_or_else(|_| "[]".to_owned())
}

/// Reads a document given as a `dict` (or any JSON-like value) or as JSON text.
pub(crate) fn document<T: DeserializeOwned>(value: &Bound<'_, PyAny>, what: &str) -> PyResult<T> {
    serde_json::from_str(&json_text(value)?).map_err(|error| {
        InputError::new_err((format!("{what} is not valid: {error}"), findings_json(&[])))
    })
}

/// JSON text as it is, anything else as the JSON text of it.
pub(crate) fn json_text(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(text) = value.extract() {
        return Ok(text);
    }
    let json = value.py().import("json")?;
    json.call_method1("dumps", (value,))?.extract()
}

/// An `InputError` about a document with faults.
pub(crate) fn invalid(what: &str, message: &str, findings: &[Finding]) -> PyErr {
    InputError::new_err((format!("{what} is not valid: {message}"), findings_json(findings)))
}

/// An `InputError` with the message of the first finding.
pub(crate) fn refused(findings: &[Finding]) -> PyErr {
    let message = findings.first().map_or_else(String::new, |finding| finding.message.clone());
    InputError::new_err((message, findings_json(findings)))
}

/// A document as plain Python values: `dict`, `list`, `str`, `int`, `float`, `bool`, `None`.
pub(crate) fn to_python<'py>(
    py: Python<'py>,
    document: &impl Serialize,
) -> PyResult<Bound<'py, PyAny>> {
    // Through text and Python's own reader: fields keep the order of the document.
    let json = serde_json::to_string(document).map_err(|error| input_error(&error, &[]))?;
    py.import("json")?.call_method1("loads", (json,))
}
