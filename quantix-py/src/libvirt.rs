//! `quantix.libvirt`: machines on a libvirt host.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use pyo3::{import_exception, prelude::*};
use quantix_libvirt::{RequestError, blocking};

use crate::convert::{detached, input_error};

import_exception!(quantix.exceptions, LibvirtError);

fn libvirt_error(error: &RequestError) -> PyErr {
    let Some(call) = error.call() else { return input_error(error, error.findings()) };
    let details = serde_json::to_string(&error.details()).unwrap_or_else(|_| "{}".to_owned());
    LibvirtError::new_err((call.to_string(), details))
}

/// Seconds of a deadline; what is not a time is as short as can be, what is endless a year.
fn limit(seconds: f64) -> Duration {
    const YEAR: f64 = 365.0 * 86_400.0;
    let seconds = if seconds.is_nan() { 0.0 } else { seconds };
    Duration::from_secs_f64(seconds.clamp(0.001, YEAR))
}

/// A connection to a libvirt host; `quantix.libvirt.Host` is what to use.
#[pyclass(frozen, module = "quantix._core", name = "LibvirtHost")]
#[derive(Debug)]
pub(crate) struct LibvirtHost(blocking::Host);

#[pymethods]
impl LibvirtHost {
    #[new]
    fn new(py: Python<'_>, uri: &str, deadline: f64) -> PyResult<Self> {
        let host = detached(py, || blocking::Host::open(uri, limit(deadline)));
        host.map(Self).map_err(|error| libvirt_error(&error.into()))
    }

    /// The connection URI.
    #[getter]
    fn uri(&self) -> &str {
        self.0.uri()
    }

    /// The same connection with another deadline for each call, in seconds.
    fn within(&self, deadline: f64) -> Self {
        Self(self.0.within(limit(deadline)))
    }

    /// Makes the call of a request; both are JSON.
    fn run(&self, py: Python<'_>, request: &str) -> PyResult<String> {
        detached(py, || self.0.answer(request)).map_err(|error| libvirt_error(&error))
    }

    /// The machines that are fenced off because a call on them missed its deadline.
    fn quarantined(&self) -> Vec<String> {
        self.0.as_async().quarantined().iter().map(ToString::to_string).collect()
    }

    /// Subscribes to the host's events.
    fn events(&self, py: Python<'_>) -> PyResult<LibvirtEvents> {
        let events = detached(py, || self.0.events());
        let events = events.map_err(|error| libvirt_error(&error.into()))?;
        Ok(LibvirtEvents(Mutex::new(events)))
    }
}

/// Checks a document of libvirt against libvirt's own schemas; the answer is JSON.
#[pyfunction]
#[pyo3(signature = (xml, schema=None, folder=None))]
pub(crate) fn libvirt_validate(
    py: Python<'_>,
    xml: Vec<u8>,
    schema: Option<&str>,
    folder: Option<PathBuf>,
) -> PyResult<String> {
    let report =
        detached(py, || quantix_libvirt::schema::validate(&xml, schema, folder.as_deref()));
    let report = report.map_err(|error| libvirt_error(&error.into()))?;
    serde_json::to_string(&report).map_err(|error| input_error(&error, &[]))
}

/// The events of a host, as JSON.
#[pyclass(frozen, module = "quantix._core", name = "LibvirtEvents")]
#[derive(Debug)]
pub(crate) struct LibvirtEvents(Mutex<blocking::EventStream>);

#[pymethods]
impl LibvirtEvents {
    /// The next event, or `None` at the end of the limit, in seconds.
    fn next(&self, py: Python<'_>, limit_seconds: f64) -> PyResult<Option<String>> {
        let event = detached(py, || {
            // A panic elsewhere leaves the stream as it was.
            let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            events.next_within(limit(limit_seconds))
        });
        let json = event.map(|event| serde_json::to_string(&event)).transpose();
        json.map_err(|error| input_error(&error, &[]))
    }
}
