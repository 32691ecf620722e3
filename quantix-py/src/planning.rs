//! `quantix.planning`: balance, maintenance, high availability, capacity.

use pyo3::prelude::*;
use quantix_core::cluster::Cluster;
use quantix_scheduler::{PlaceError, Policy, plan};
use serde::{Serialize, de::DeserializeOwned};

use crate::convert::{detached, document, input_error, to_python};

/// Reads the documents, plans without the interpreter's lock, and shows the answer.
fn run<'py, R: DeserializeOwned + Default + Sync, A: Serialize + Send>(
    cluster: &Bound<'py, PyAny>,
    request: Option<&Bound<'py, PyAny>>,
    policy: Option<&Bound<'py, PyAny>>,
    planner: impl FnOnce(&Cluster, &R, &Policy) -> Result<A, PlaceError> + Send,
) -> PyResult<Bound<'py, PyAny>> {
    let py = cluster.py();
    let cluster: Cluster = document(cluster, "cluster")?;
    let request: R = request.map_or_else(|| Ok(R::default()), |r| document(r, "request"))?;
    let policy: Policy = policy.map_or_else(|| Ok(Policy::default()), |p| document(p, "policy"))?;
    let answer = detached(py, || planner(&cluster, &request, &policy))
        .map_err(|error| input_error(&error, error.findings()))?;
    to_python(py, &answer)
}

/// Plans the evacuation of nodes for maintenance: the document of `quantix plan drain --json`.
///
/// `cluster`, `request` (`{"nodes": ["n1"]}` at the least) and `policy` are dictionaries or JSON
/// text. Raises `InputError` with its `findings` when one of them has faults.
#[pyfunction]
#[pyo3(signature = (cluster, request, policy=None))]
pub(crate) fn plan_drain<'py>(
    cluster: &Bound<'py, PyAny>,
    request: &Bound<'py, PyAny>,
    policy: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    run(cluster, Some(request), policy, plan::drain)
}

/// Plans the restart of what ran on lost nodes: the document of `quantix plan failover --json`.
///
/// The arguments and errors are those of `plan_drain`.
#[pyfunction]
#[pyo3(signature = (cluster, request=None, policy=None))]
pub(crate) fn plan_failover<'py>(
    cluster: &Bound<'py, PyAny>,
    request: Option<&Bound<'py, PyAny>>,
    policy: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    run(cluster, request, policy, plan::failover)
}

/// Tells whether everything restarts when nodes fail: the document of `quantix plan admission
/// --json`.
///
/// The arguments and errors are those of `plan_drain`.
#[pyfunction]
#[pyo3(signature = (cluster, request=None, policy=None))]
pub(crate) fn plan_admission<'py>(
    cluster: &Bound<'py, PyAny>,
    request: Option<&Bound<'py, PyAny>>,
    policy: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    run(cluster, request, policy, plan::admission)
}

/// Plans moves so that machines get what they use: the document of `quantix plan balance --json`.
///
/// The arguments and errors are those of `plan_drain`.
#[pyfunction]
#[pyo3(signature = (cluster, request=None, policy=None))]
pub(crate) fn plan_balance<'py>(
    cluster: &Bound<'py, PyAny>,
    request: Option<&Bound<'py, PyAny>>,
    policy: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    run(cluster, request, policy, plan::balance)
}

/// Tells how many more machines fit: the document of `quantix plan capacity --json`.
///
/// The arguments and errors are those of `plan_drain`.
#[pyfunction]
#[pyo3(signature = (cluster, request=None, policy=None))]
pub(crate) fn plan_capacity<'py>(
    cluster: &Bound<'py, PyAny>,
    request: Option<&Bound<'py, PyAny>>,
    policy: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    run(cluster, request, policy, plan::capacity)
}

/// Tells what changes of the cluster would do: the document of `quantix plan whatif --json`.
///
/// The arguments and errors are those of `plan_drain`.
#[pyfunction]
#[pyo3(signature = (cluster, request=None, policy=None))]
pub(crate) fn plan_whatif<'py>(
    cluster: &Bound<'py, PyAny>,
    request: Option<&Bound<'py, PyAny>>,
    policy: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    run(cluster, request, policy, plan::whatif)
}
