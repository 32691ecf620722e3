//! `quantix.scheduler`: placement.

use pyo3::prelude::*;
use quantix_core::cluster::{Cluster, VmList};
use quantix_scheduler::{Detail, PlaceError, Policy, place_documents};

use crate::convert::{detached, document, input_error, to_python};

/// Chooses a node for each machine.
///
/// `cluster`, `vms` and `policy` are the documents of `quantix place`, as dictionaries and lists or
/// as JSON text; the answer is that of `quantix place --json`. With `explain` it also tells why
/// each machine goes where it goes. Raises `InputError` with its `findings` when a document has
/// faults.
#[pyfunction]
#[pyo3(signature = (cluster, vms, policy=None, *, explain=false))]
pub(crate) fn place<'py>(
    py: Python<'py>,
    cluster: &Bound<'py, PyAny>,
    vms: &Bound<'py, PyAny>,
    policy: Option<&Bound<'py, PyAny>>,
    explain: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let cluster: Cluster = document(cluster, "cluster")?;
    let list: VmList = document(vms, "vms")?;
    let policy: Policy = policy.map_or_else(|| Ok(Policy::default()), |p| document(p, "policy"))?;
    let detail = if explain { Detail::Full } else { Detail::Brief };
    let answer = detached(py, || place_documents(&cluster, &list.vms, &policy, detail))
        .map_err(|error: PlaceError| input_error(&error, error.findings()))?;
    to_python(py, &answer)
}
