//! `quantix.scheduler`: placement.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use quantix_core::{
    VmKey,
    cluster::{Cluster, Vm, VmList},
};
use quantix_scheduler::{
    Choice, Detail, Pipeline, PlaceError, Policy, ReplayError, ShapeId, Snapshot, place_documents,
};

use crate::convert::{InputError, detached, document, input_error, to_python};

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

/// Decides where one machine would go, and why, as a record that can be stored: JSON text whose bytes
/// are the same on every platform.
#[pyfunction]
#[pyo3(signature = (cluster, vm, policy=None))]
pub(crate) fn decide(
    py: Python<'_>,
    cluster: &Bound<'_, PyAny>,
    vm: &Bound<'_, PyAny>,
    policy: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let cluster: Cluster = document(cluster, "cluster")?;
    let vm: Vm = document(vm, "vm")?;
    let policy: Policy = policy.map_or_else(|| Ok(Policy::default()), |p| document(p, "policy"))?;
    detached(py, || -> Result<_, PlaceError> {
        let mut snapshot = Snapshot::build(&cluster)?;
        Ok(quantix_scheduler::decide(&mut snapshot, &vm, &policy)?.to_json())
    })
    .map_err(|error| input_error(&error, error.findings()))
}

/// Makes a stored decision again on the same cluster and answers it as a document; raises
/// `InputError` when the cluster is another or anything comes out otherwise.
#[pyfunction]
pub(crate) fn replay<'py>(
    py: Python<'py>,
    record: String,
    cluster: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let cluster: Cluster = document(cluster, "cluster")?;
    let mut snapshot = detached(py, || Snapshot::build(&cluster))
        .map_err(|error| input_error(&error, error.findings()))?;
    let decision =
        detached(py, || quantix_scheduler::replay(&record, &mut snapshot)).map_err(|error| {
            match &error {
                ReplayError::Place(fault) => input_error(&error, fault.findings()),
                _ => input_error(&error, &[]),
            }
        })?;
    to_python(py, &decision)
}

/// A cluster that is kept, with an index: machines are placed and removed in batches, and tried
/// without being kept.
///
/// May be used from many threads; one call at a time works on it.
#[pyclass(frozen, module = "quantix.scheduler", name = "Engine")]
#[derive(Debug)]
pub(crate) struct Engine(Mutex<State>);

/// The engine and the shapes that it handed out.
#[derive(Debug)]
struct State {
    engine: quantix_scheduler::Engine,
    shapes: Vec<ShapeId>,
}

impl Engine {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut State) -> Result<T, PyErr> + Send,
    ) -> PyResult<T> {
        detached(py, || {
            // A panic in another thread is a bug; the snapshot itself is changed step by step.
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut state)
        })
    }
}

#[pymethods]
impl Engine {
    /// Reads a cluster document and a policy, as `place` does.
    #[new]
    #[pyo3(signature = (cluster, policy=None))]
    fn new(
        py: Python<'_>,
        cluster: &Bound<'_, PyAny>,
        policy: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let cluster: Cluster = document(cluster, "cluster")?;
        let policy: Policy =
            policy.map_or_else(|| Ok(Policy::default()), |p| document(p, "policy"))?;
        let engine = detached(py, || -> Result<_, PlaceError> {
            let pipeline = Pipeline::new(&policy)?;
            Ok(quantix_scheduler::Engine::new(Snapshot::build(&cluster)?, pipeline))
        });
        let engine = engine.map_err(|error| input_error(&error, error.findings()))?;
        Ok(Self(Mutex::new(State { engine, shapes: Vec::new() })))
    }

    /// What a machine asks for, as a number for `place`; machines that ask for the same share it.
    fn shape(&self, py: Python<'_>, vm: &Bound<'_, PyAny>) -> PyResult<usize> {
        let vm: Vm = document(vm, "vm")?;
        self.with(py, |state| {
            let shape = state.engine.shape(&vm);
            let shape = shape.map_err(|error| input_error(&error, error.findings()))?;
            if let Some(known) = state.shapes.iter().position(|&known| known == shape) {
                return Ok(known);
            }
            state.shapes.push(shape);
            Ok(state.shapes.len() - 1)
        })
    }

    /// Places machines, given by id and shape, one after the other; answers their nodes, `None`
    /// where one fits nowhere. With `whole`, all are placed or none is: then every answer is `None`.
    #[pyo3(signature = (ids, shapes, *, whole=false))]
    fn place(
        &self,
        py: Python<'_>,
        ids: Vec<String>,
        shapes: Vec<usize>,
        whole: bool,
    ) -> PyResult<Vec<Option<String>>> {
        self.with(py, |state| state.place(&ids, &shapes, whole))
    }

    /// Takes machines off their nodes.
    fn remove(&self, py: Python<'_>, ids: Vec<String>) -> PyResult<()> {
        self.with(py, |state| {
            for id in &ids {
                state.engine.remove(&key(id)?).map_err(|error| input_error(&error, &[]))?;
            }
            Ok(())
        })
    }

    /// Where a machine is; `None` for one that is not placed.
    fn node_of(&self, py: Python<'_>, id: &str) -> PyResult<Option<String>> {
        self.with(py, |state| {
            let snapshot = state.engine.snapshot();
            Ok(snapshot.node_of(&key(id)?).map(|node| snapshot.node_id(node).to_string()))
        })
    }

    /// The fewest nodes that could hold the machines, and the gap to those that are used.
    fn bound<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let bound = self.with(py, |state| Ok(state.engine.snapshot().bound()))?;
        to_python(py, &bound)
    }

    /// A number that every change raises.
    #[getter]
    fn revision(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |state| Ok(state.engine.snapshot().revision()))
    }

    /// How many machines are placed.
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, |state| Ok(state.engine.snapshot().vm_count()))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |state| {
            let snapshot = state.engine.snapshot();
            let (nodes, vms) = (snapshot.node_count(), snapshot.vm_count());
            Ok(format!("Engine(nodes={nodes}, vms={vms})"))
        })
    }
}

impl State {
    fn place(
        &mut self,
        ids: &[String],
        shapes: &[usize],
        whole: bool,
    ) -> PyResult<Vec<Option<String>>> {
        let failure = |error: &dyn std::error::Error| input_error(error, &[]);
        if ids.len() != shapes.len() {
            let message = format!("{} ids for {} shapes", ids.len(), shapes.len());
            return Err(InputError::new_err((message, "[]".to_owned())));
        }
        let mut group = Vec::with_capacity(ids.len());
        for (id, &shape) in ids.iter().zip(shapes) {
            let known = self.shapes.get(shape).copied().ok_or_else(|| {
                let message = format!("there is no shape {shape}: `Engine.shape` gives numbers");
                InputError::new_err((message, "[]".to_owned()))
            })?;
            group.push((key(id)?, known));
        }
        let choices: Vec<Option<Choice>> = if whole {
            match self.engine.place_group(&group).map_err(|error| failure(&error))? {
                Ok(choices) => choices.into_iter().map(Some).collect(),
                Err(_) => vec![None; group.len()],
            }
        } else {
            let place = |(vm, shape): &(VmKey, ShapeId)| {
                self.engine.expect(*shape);
                self.engine.place(vm, *shape).map_err(|error| failure(&error))
            };
            group.iter().map(place).collect::<PyResult<_>>()?
        };
        let snapshot = self.engine.snapshot();
        let name = |choice: Choice| snapshot.node_id(choice.node).to_string();
        Ok(choices.into_iter().map(|choice| choice.map(name)).collect())
    }
}

fn key(id: &str) -> PyResult<VmKey> {
    id.parse().map_err(|error: quantix_core::IdError| input_error(&error, &[]))
}
