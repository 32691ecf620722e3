//! `quantix.scheduler`: placement.

use std::sync::{Mutex, OnceLock, PoisonError};

use pyo3::{
    prelude::*,
    pybacked::PyBackedStr,
    types::{PyDict, PyList, PyString},
};
use quantix_core::{
    NodeKey, VmKey,
    cluster::{Cluster, Vm, VmList},
};
use quantix_scheduler::{
    Choice, Detail, NodeIndex, PlaceError, Policy, ReplayError, ShapeId, Snapshot, SnapshotError,
    place_with,
};

use crate::{
    callbacks::{self, Raised},
    convert::{InputError, detached, document, input_error, to_python},
};

/// Chooses a node for each machine.
///
/// `cluster`, `vms` and `policy` are the documents of `quantix place`, as dictionaries and lists or
/// as JSON text; the answer is that of `quantix place --json`. With `explain` it also tells why
/// each machine goes where it goes. Raises `InputError` with its `findings` when a document has
/// faults. `filters` and `scores` are rules and wishes of one's own, as for `Engine`.
#[pyfunction]
#[pyo3(signature = (cluster, vms, policy=None, *, explain=false, filters=None, scores=None))]
pub(crate) fn place<'py>(
    py: Python<'py>,
    cluster: &Bound<'py, PyAny>,
    vms: &Bound<'py, PyAny>,
    policy: Option<&Bound<'py, PyAny>>,
    explain: bool,
    filters: Option<&Bound<'py, PyDict>>,
    scores: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let cluster: Cluster = document(cluster, "cluster")?;
    let list: VmList = document(vms, "vms")?;
    let policy: Policy = policy.map_or_else(|| Ok(Policy::default()), |p| document(p, "policy"))?;
    let detail = if explain { Detail::Full } else { Detail::Brief };
    callbacks::outside()?;
    let (pipeline, raised) = callbacks::pipeline(py, &policy, filters, scores)?;
    let answer = detached(py, || place_with(&cluster, &list.vms, &pipeline, detail));
    if let Some(error) = raised.and_then(|raised| raised.take()) {
        return Err(error);
    }
    let answer = answer.map_err(|error: PlaceError| input_error(&error, error.findings()))?;
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
///
/// `filters` are hard rules of one's own, by name: each is called with a `Node` and a `Shape` and
/// answers `None` or true where a machine may go there, else false or the reason as text. `scores`
/// are wishes, by name: a weight and a function that answers 0 to 1,000,000 points. They must answer
/// the same for the same arguments, and cannot ask an engine. What one raises, the call of the engine
/// raises, and the cluster is as it was.
#[pyclass(frozen, module = "quantix.scheduler", name = "Engine")]
#[derive(Debug)]
pub(crate) struct Engine {
    state: Mutex<State>,
    /// The ids of the nodes as Python has them, made once.
    names: OnceLock<Vec<Py<PyString>>>,
    raised: Option<Raised>,
}

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
        callbacks::outside()?;
        detached(py, || {
            // A panic in another thread is a bug; the snapshot itself is changed step by step.
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(raised) = &self.raised else { return work(&mut state) };
            let checkpoint = state.engine.checkpoint();
            let answer = work(&mut state);
            match raised.take() {
                None => {
                    state.engine.keep(checkpoint);
                    answer
                }
                Some(error) => {
                    state.engine.undo(checkpoint);
                    Err(error)
                }
            }
        })
    }

    /// The id of each node.
    fn names(&self, py: Python<'_>) -> PyResult<&Vec<Py<PyString>>> {
        if let Some(names) = self.names.get() {
            return Ok(names);
        }
        let ids: Vec<NodeKey> = self.with(py, |state| {
            let snapshot = state.engine.snapshot();
            Ok(snapshot.node_indices().map(|node| snapshot.node_id(node).clone()).collect())
        })?;
        let name = |id: &NodeKey| PyString::new(py, id.as_str()).unbind();
        // Made before the lock is asked, which would otherwise wait while holding the interpreter.
        let names: Vec<_> = ids.iter().map(name).collect();
        Ok(self.names.get_or_init(|| names))
    }
}

#[pymethods]
impl Engine {
    /// Reads a cluster document and a policy, as `place` does.
    #[new]
    #[pyo3(signature = (cluster, policy=None, *, filters=None, scores=None))]
    fn new(
        py: Python<'_>,
        cluster: &Bound<'_, PyAny>,
        policy: Option<&Bound<'_, PyAny>>,
        filters: Option<&Bound<'_, PyDict>>,
        scores: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let cluster: Cluster = document(cluster, "cluster")?;
        let policy: Policy =
            policy.map_or_else(|| Ok(Policy::default()), |p| document(p, "policy"))?;
        let (pipeline, raised) = callbacks::pipeline(py, &policy, filters, scores)?;
        let engine = detached(py, || {
            Ok(quantix_scheduler::Engine::new(Snapshot::build(&cluster)?, pipeline))
        });
        let engine =
            engine.map_err(|error: SnapshotError| input_error(&error, error.findings()))?;
        let state = Mutex::new(State { engine, shapes: Vec::new() });
        Ok(Self { state, names: OnceLock::new(), raised })
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
    /// where one fits nowhere. One number in `shapes` stands for all. With `whole`, all are placed or
    /// none is: then every answer is `None`. Where one cannot be placed (its id is placed already,
    /// its shape is unknown), none is.
    #[pyo3(signature = (ids, shapes, *, whole=false))]
    fn place<'py>(
        &self,
        py: Python<'py>,
        ids: Vec<PyBackedStr>,
        shapes: Shapes,
        whole: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let nodes = self.with(py, |state| state.place(&ids, &shapes, whole))?;
        let names = self.names(py)?;
        let name = |node: Option<NodeIndex>| {
            node.and_then(|node| names.get(node.number() as usize)).map(|name| name.bind(py))
        };
        PyList::new(py, nodes.into_iter().map(name))
    }

    /// Takes machines off their nodes; none where one of them is not placed.
    fn remove(&self, py: Python<'_>, ids: Vec<PyBackedStr>) -> PyResult<()> {
        self.with(py, |state| {
            let keys: Vec<VmKey> = ids.iter().map(|id| key(id)).collect::<PyResult<_>>()?;
            state.engine.remove_many(&keys).map_err(|error| input_error(&error, &[]))
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

/// One shape per machine, or one for all.
#[derive(Debug, FromPyObject)]
enum Shapes {
    Each(Vec<usize>),
    All(usize),
}

impl State {
    fn place(
        &mut self,
        ids: &[PyBackedStr],
        shapes: &Shapes,
        whole: bool,
    ) -> PyResult<Vec<Option<NodeIndex>>> {
        let problem = |message: String| InputError::new_err((message, "[]".to_owned()));
        let known = |shape: usize| {
            self.shapes.get(shape).copied().ok_or_else(|| {
                problem(format!("there is no shape {shape}: `Engine.shape` gives numbers"))
            })
        };
        let keys = ids.iter().map(|id| key(id));
        let group: Vec<(VmKey, ShapeId)> = match shapes {
            Shapes::All(shape) => {
                let shape = known(*shape)?;
                keys.map(|key| Ok((key?, shape))).collect::<PyResult<_>>()?
            }
            Shapes::Each(shapes) if shapes.len() == ids.len() => {
                let pairs = keys.zip(shapes);
                pairs.map(|(key, shape)| Ok((key?, known(*shape)?))).collect::<PyResult<_>>()?
            }
            Shapes::Each(shapes) => {
                return Err(problem(format!("{} ids for {} shapes", ids.len(), shapes.len())));
            }
        };
        let choices = if whole {
            let placed = self.engine.place_group(&group);
            match placed.map_err(|error| input_error(&error, &[]))? {
                Ok(choices) => choices.into_iter().map(Some).collect(),
                Err(_) => vec![None; group.len()],
            }
        } else {
            let machines = group.iter().map(|(vm, shape)| (vm, *shape));
            self.engine.place_many(machines).map_err(|error| input_error(&error, &[]))?
        };
        let node = |choice: Option<Choice>| choice.map(|choice| choice.node);
        Ok(choices.into_iter().map(node).collect())
    }
}

fn key(id: &str) -> PyResult<VmKey> {
    id.parse().map_err(|error: quantix_core::IdError| input_error(&error, &[]))
}
