//! Rules and wishes of one's own, written in Python.

use std::{
    cell::Cell,
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use pyo3::{exceptions::PyRuntimeError, prelude::*, types::PyDict};
use quantix_scheduler::{
    Candidate, Filter, POINTS_MAX, Pipeline, Points, Policy, Rejection, Score, Shape,
};

use crate::convert::{InputError, detached, input_error};

/// How many different names rules of one's own may have in one process: each is kept for good.
const NAMES_MAX: usize = 1024;

/// A node as rules and wishes written in Python see it.
#[pyclass(frozen, module = "quantix.scheduler", name = "Node")]
#[derive(Debug)]
pub(crate) struct Node {
    /// Its id.
    #[pyo3(get)]
    id: String,
    /// CPU that machines may have here in all, in thousandths of a core, overcommit included.
    #[pyo3(get)]
    cpu_milli: u64,
    /// Memory that machines may have here in all, in MiB, overcommit included.
    #[pyo3(get)]
    memory_mib: u64,
    /// CPU that is left.
    #[pyo3(get)]
    free_cpu_milli: u64,
    /// Memory that is left.
    #[pyo3(get)]
    free_memory_mib: u64,
    /// How many machines are here.
    #[pyo3(get)]
    vm_count: u32,
}

/// What a machine asks for as rules and wishes written in Python see it.
#[pyclass(frozen, module = "quantix.scheduler", name = "Shape")]
#[derive(Debug)]
pub(crate) struct Asked {
    /// CPU in thousandths of a core.
    #[pyo3(get)]
    cpu_milli: u64,
    /// Memory in MiB.
    #[pyo3(get)]
    memory_mib: u64,
    /// How many GPUs.
    #[pyo3(get)]
    gpu_count: u32,
    /// Whose machine it is.
    #[pyo3(get)]
    tenant: Option<String>,
    /// Labels that its node must have.
    #[pyo3(get)]
    node_selector: std::collections::BTreeMap<String, String>,
}

/// The first exception that a callback raised.
#[derive(Clone, Debug, Default)]
pub(crate) struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    pub(crate) fn take(&self) -> Option<PyErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, error: PyErr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

thread_local! {
    /// Whether this thread is inside a callback, where no engine may be asked: it could be the one
    /// that is asking.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Refuses to ask an engine from inside a callback.
pub(crate) fn outside() -> PyResult<()> {
    match INSIDE.get() {
        false => Ok(()),
        true => Err(PyRuntimeError::new_err("a callback cannot ask an engine")),
    }
}

#[derive(Debug)]
struct Callback {
    name: &'static str,
    function: Py<PyAny>,
    raised: Raised,
}

impl Callback {
    /// Calls the function; what it raises is kept for the caller of the engine.
    fn ask<T>(
        &self,
        node: Candidate<'_>,
        shape: &Shape,
        read: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>,
    ) -> Option<T> {
        let seen = Node {
            id: node.id().to_string(),
            cpu_milli: node.cpu_milli(),
            memory_mib: node.memory_mib(),
            free_cpu_milli: node.free_cpu_milli(),
            free_memory_mib: node.free_memory_mib(),
            vm_count: node.vm_count(),
        };
        let asked = Asked {
            cpu_milli: shape.cpu_milli,
            memory_mib: shape.memory_mib,
            gpu_count: shape.gpus.count,
            tenant: shape.tenant.clone(),
            node_selector: shape.node_selector.clone(),
        };
        let answer = Python::attach(|py| {
            let before = INSIDE.replace(true);
            let answer = self.function.call1(py, (seen, asked));
            INSIDE.set(before);
            read(answer?.bind(py))
        });
        answer.map_err(|error| self.raised.keep(error)).ok()
    }
}

/// A hard rule.
#[derive(Debug)]
struct Rule(Callback);

impl Filter for Rule {
    fn name(&self) -> &'static str {
        self.0.name
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        let refusal = |reason: &str| Rejection { asked: self.0.name.into(), free: reason.into() };
        let answer = self.0.ask(node, shape, |answer| {
            if let Ok(yes) = answer.extract::<bool>() {
                return Ok(if yes { None } else { Some("refused".to_owned()) });
            }
            answer.extract::<Option<String>>()
        });
        match answer {
            Some(None) => Ok(()),
            Some(Some(reason)) => Err(refusal(&reason)),
            None => Err(refusal("raised an exception")),
        }
    }
}

/// A wish.
#[derive(Debug)]
struct Wish(Callback);

impl Score for Wish {
    fn name(&self) -> &'static str {
        self.0.name
    }

    fn points(&self, node: Candidate<'_>, shape: &Shape) -> Points {
        let points = self.0.ask(node, shape, |answer| answer.extract::<u64>());
        points.unwrap_or(0).min(POINTS_MAX)
    }
}

/// The filters and scores of a policy with those that are written in Python, and what they raise.
pub(crate) fn pipeline(
    py: Python<'_>,
    policy: &Policy,
    filters: Option<&Bound<'_, PyDict>>,
    scores: Option<&Bound<'_, PyDict>>,
) -> PyResult<(Pipeline, Option<Raised>)> {
    let mut pipeline =
        detached(py, || Pipeline::new(policy)).map_err(|error| input_error(&error, &[]))?;
    let raised = Raised::default();
    let mut own = false;
    let mut names = pipeline.names();
    let mut callback = |name: &Bound<'_, PyAny>, function: Bound<'_, PyAny>| {
        let name: String = name.extract()?;
        let problem = |message: String| Err(InputError::new_err((message, "[]".to_owned())));
        if !function.is_callable() {
            return problem(format!("{name:?} is not callable"));
        }
        let name = lasting(&name)?;
        if !names.insert(name) {
            return problem(format!("there is a filter or score {name:?} already"));
        }
        own = true;
        Ok(Callback { name, function: function.unbind(), raised: raised.clone() })
    };
    for (name, function) in filters.into_iter().flatten() {
        pipeline = pipeline.with_filter(Box::new(Rule(callback(&name, function)?)));
    }
    for (name, entry) in scores.into_iter().flatten() {
        let (weight, function): (u32, Bound<'_, PyAny>) = entry.extract()?;
        pipeline = pipeline.with_score(weight, Box::new(Wish(callback(&name, function)?)));
    }
    Ok((pipeline, own.then_some(raised)))
}

/// The name for as long as the process lives; equal names are kept once.
fn lasting(name: &str) -> PyResult<&'static str> {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return Ok(known);
    }
    if names.len() >= NAMES_MAX || name.len() > NAMES_MAX {
        let message = format!("too many or too long names of callbacks, expected {NAMES_MAX}");
        return Err(InputError::new_err((message, "[]".to_owned())));
    }
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(name);
    Ok(name)
}
