//! `quantix.planning`: balance, maintenance, high availability, capacity.

use std::time::Instant;

use pyo3::prelude::*;
use quantix_core::cluster::Cluster;
use quantix_scheduler::{
    FleetConfig, FleetReport, PlaceError, Policy, fleet_html,
    plan::{self, ReassignError, ReassignProblem, ReassignRequest},
    simulate_fleet,
};
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

/// Searches for a cheaper assignment of processes to machines: the document of `quantix plan
/// reassign --json`.
///
/// `model` and `assignment` are texts in the form of the ROADEF/EURO challenge 2012; `request` gives
/// `seed` and `seconds`, or `evaluations` for the same plan on every processor. Raises `InputError`
/// when a text is no problem.
#[pyfunction]
#[pyo3(signature = (model, assignment, request=None))]
pub(crate) fn plan_reassign<'py>(
    py: Python<'py>,
    model: &str,
    assignment: &str,
    request: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let request: ReassignRequest =
        request.map_or_else(|| Ok(ReassignRequest::default()), |r| document(r, "request"))?;
    let answer = detached(py, || {
        let problem = ReassignProblem::parse(model, assignment)?;
        let start = Instant::now();
        let mut clock = |done| request.spent(done, start.elapsed());
        Ok(plan::reassign(&problem, request.seed, &mut clock))
    })
    .map_err(|error: ReassignError| input_error(&error, &[]))?;
    to_python(py, &answer)
}

/// The document of `quantix plan whatif` as a page with charts: HTML that needs no other file.
///
/// The arguments and errors are those of `plan_drain`.
#[pyfunction]
#[pyo3(signature = (cluster, request=None, policy=None))]
pub(crate) fn plan_whatif_html(
    cluster: &Bound<'_, PyAny>,
    request: Option<&Bound<'_, PyAny>>,
    policy: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let page = |cluster: &Cluster, request: &plan::WhatifRequest, policy: &Policy| {
        plan::whatif(cluster, request, policy).map(|report| plan::whatif_html(&report))
    };
    run(cluster, request, policy, page)?.extract()
}

fn simulated(py: Python<'_>, config: Option<&Bound<'_, PyAny>>) -> PyResult<FleetReport> {
    let config: FleetConfig =
        config.map_or_else(|| Ok(FleetConfig::default()), |c| document(c, "config"))?;
    detached(py, || simulate_fleet(&config, &mut |_, _| {}))
        .map_err(|error| input_error(&error, error.findings()))
}

/// Runs a generated fleet in virtual time: the document of `quantix simulate --fleet --json`.
///
/// `config` is a dictionary or JSON text; left out, it is 1,250 hosts with 20,000 machines and a day.
/// The same config gives the same document. Raises `InputError` with its `findings` for faults.
#[pyfunction]
#[pyo3(signature = (config=None))]
pub(crate) fn fleet_simulate<'py>(
    py: Python<'py>,
    config: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    to_python(py, &simulated(py, config)?)
}

/// The same as a page with charts: HTML that needs no other file.
#[pyfunction]
#[pyo3(signature = (config=None))]
pub(crate) fn fleet_simulate_html(
    py: Python<'_>,
    config: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    Ok(fleet_html(&simulated(py, config)?))
}
