//! Rules and wishes of one's own on an engine, as function pointers.

use std::{
    ffi::{CString, c_char, c_void},
    sync::{Mutex, PoisonError},
};

use quantix_scheduler::{Candidate, Filter, POINTS_MAX, Points, Rejection, Score, Shape};

use crate::{
    boundary::{call, text},
    engine::{alone, qtx_engine},
    error::{Fault, qtx_error, qtx_status},
};

/// How many different names rules of one's own may have in one process: each is kept for good.
const NAMES_MAX: usize = 1024;

/// A node and what a machine asks for, as rules and wishes of one's own see them. CPU is in
/// thousandths of a core, memory in MiB; what a node has includes overcommit.
#[repr(C)]
#[derive(Debug)]
pub struct qtx_candidate {
    /// The node's id; lives as long as the call.
    pub node: *const c_char,
    /// CPU that machines may have here in all.
    pub cpu_milli: u64,
    /// Memory that machines may have here in all.
    pub memory_mib: u64,
    /// CPU that is left.
    pub free_cpu_milli: u64,
    /// Memory that is left.
    pub free_memory_mib: u64,
    /// How many machines are here.
    pub vm_count: u32,
    /// How many GPUs the machine asks for.
    pub asked_gpus: u32,
    /// CPU that the machine asks for.
    pub asked_cpu_milli: u64,
    /// Memory that the machine asks for.
    pub asked_memory_mib: u64,
}

/// Whether a machine may go to a node; must answer the same for the same candidate.
pub type qtx_filter =
    Option<unsafe extern "C" fn(candidate: *const qtx_candidate, context: *mut c_void) -> bool>;

/// How good a node is, 0 to 1,000,000; must answer the same for the same candidate.
pub type qtx_score =
    Option<unsafe extern "C" fn(candidate: *const qtx_candidate, context: *mut c_void) -> u64>;

/// What the caller gave along with a function.
#[derive(Debug)]
struct Context(*mut c_void);

// SAFETY: it is only handed back to the caller's function, which runs within the calls of an engine,
// and by contract those are made by one thread at a time, with a context that may move along.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

#[derive(Debug)]
struct Own<F> {
    name: &'static str,
    function: F,
    context: Context,
}

fn ask<T>(
    node: Candidate<'_>,
    shape: &Shape,
    call: impl FnOnce(*const qtx_candidate) -> T,
) -> Option<T> {
    let id = CString::new(node.id().as_str()).ok()?;
    let candidate = qtx_candidate {
        node: id.as_ptr(),
        cpu_milli: node.cpu_milli(),
        memory_mib: node.memory_mib(),
        free_cpu_milli: node.free_cpu_milli(),
        free_memory_mib: node.free_memory_mib(),
        vm_count: node.vm_count(),
        asked_gpus: shape.gpus.count,
        asked_cpu_milli: shape.cpu_milli,
        asked_memory_mib: shape.memory_mib,
    };
    Some(call(&raw const candidate))
}

type FilterFunction = unsafe extern "C" fn(*const qtx_candidate, *mut c_void) -> bool;
type ScoreFunction = unsafe extern "C" fn(*const qtx_candidate, *mut c_void) -> u64;

impl Filter for Own<FilterFunction> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        let answer = ask(node, shape, |candidate| {
            // SAFETY: the candidate lives as long as the call; by contract the function may be
            // called with it and its context.
            unsafe { (self.function)(candidate, self.context.0) }
        });
        match answer {
            Some(true) => Ok(()),
            _ => Err(Rejection { asked: self.name.into(), free: "refused".into() }),
        }
    }
}

impl Score for Own<ScoreFunction> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn points(&self, node: Candidate<'_>, shape: &Shape) -> Points {
        let points = ask(node, shape, |candidate| {
            // SAFETY: as in the filter.
            unsafe { (self.function)(candidate, self.context.0) }
        });
        points.unwrap_or(0).min(POINTS_MAX)
    }
}

/// Adds a hard rule of one's own to an engine: `filter` is asked about nodes that passed every other
/// rule, with `context`, which must live as long as the engine. It must not use the engine and must
/// not unwind. Machines that are placed already stay.
///
/// # Safety
/// `engine` is NULL or unfreed and used by no other thread; `name` is NUL-terminated; `filter` may be
/// called with `context` by whichever thread uses the engine; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_engine_add_filter(
    engine: *mut qtx_engine,
    name: *const c_char,
    filter: qtx_filter,
    context: *mut c_void,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        // SAFETY: by contract NULL or NUL-terminated, and NULL or a handle of ours alone.
        let (name, handle) = unsafe { (text(name, "name")?, alone(engine)?) };
        let function = filter.ok_or_else(|| null("filter"))?;
        let name = own_name(handle, name)?;
        handle.engine.add_filter(Box::new(Own { name, function, context: Context(context) }));
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Adds a wish of one's own to an engine: the points of `score` times `weight` count like those of
/// the policy's scores. What holds for `qtx_engine_add_filter` holds here too.
///
/// # Safety
/// As for `qtx_engine_add_filter`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_engine_add_score(
    engine: *mut qtx_engine,
    name: *const c_char,
    weight: u32,
    score: qtx_score,
    context: *mut c_void,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        // SAFETY: by contract NULL or NUL-terminated, and NULL or a handle of ours alone.
        let (name, handle) = unsafe { (text(name, "name")?, alone(engine)?) };
        let function = score.ok_or_else(|| null("score"))?;
        let name = own_name(handle, name)?;
        let score = Own { name, function, context: Context(context) };
        handle.engine.add_score(weight, Box::new(score));
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

fn null(what: &str) -> Fault {
    Fault::new(qtx_status::NullArgument, format!("argument `{what}` is NULL"))
}

/// A name that no filter or score of the engine has, for as long as the process lives.
fn own_name(handle: &qtx_engine, name: &str) -> Result<&'static str, Fault> {
    static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let invalid = |message: String| Err(Fault::new(qtx_status::InvalidInput, message));
    if handle.engine.pipeline().names().contains(name) {
        return invalid(format!("there is a filter or score {name:?} already"));
    }
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.iter().find(|known| **known == name) {
        return Ok(known);
    }
    if names.len() >= NAMES_MAX || name.len() > NAMES_MAX {
        return invalid(format!("too many or too long names of rules, expected {NAMES_MAX}"));
    }
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.push(name);
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;
    use crate::{QTX_NO_NODE, qtx_engine_free, qtx_engine_new, qtx_engine_place, qtx_engine_shape};

    unsafe extern "C" fn not(candidate: *const qtx_candidate, context: *mut c_void) -> bool {
        // SAFETY: the library's candidate, and the context that the test gave.
        unsafe {
            let asked = (*candidate).asked_cpu_milli;
            assert_eq!((asked, (*candidate).cpu_milli), (1000, 2000));
            std::ffi::CStr::from_ptr((*candidate).node) != std::ffi::CStr::from_ptr(context.cast())
        }
    }

    unsafe extern "C" fn emptiest(candidate: *const qtx_candidate, _: *mut c_void) -> u64 {
        // SAFETY: the library's candidate.
        unsafe { (*candidate).free_cpu_milli }
    }

    #[test]
    fn rules_and_wishes_decide() {
        let node = |id: &str| format!(r#"{{"id":"{id}","cpu_milli":2000,"memory_mib":2048}}"#);
        let nodes = ["n0", "n1", "n2"].map(node).join(",");
        let cluster = CString::new(format!(r#"{{"nodes":[{nodes}]}}"#)).unwrap();
        let vm = CString::new(r#"{"id":"v","cpu_milli":1000,"memory_mib":1}"#).unwrap();
        let names = ["a", "b", "c", "d", "e"].map(|name| CString::new(name).unwrap());
        let ids = names.each_ref().map(|name| name.as_ptr());
        let (mut engine, mut shape, mut nodes) = (ptr::null_mut(), 9, [9; 5]);
        let none = ptr::null_mut();
        // SAFETY: texts are NUL-terminated and outlive the engine, arrays have the counts given, the
        // engine is freed once.
        unsafe {
            let status = qtx_engine_new(cluster.as_ptr(), ptr::null(), &raw mut engine, none);
            assert_eq!(status, qtx_status::Ok);
            let context = c"n1".as_ptr().cast_mut().cast();
            let add = |name: &std::ffi::CStr| {
                qtx_engine_add_filter(engine, name.as_ptr(), Some(not), context, none)
            };
            assert_eq!(add(c"not"), qtx_status::Ok);
            assert_eq!(add(c"not"), qtx_status::InvalidInput, "the name is taken");
            assert_eq!(add(c"cpu"), qtx_status::InvalidInput, "the name is built in");
            let name = c"emptiest".as_ptr();
            let status =
                qtx_engine_add_score(engine, name, 10_000, Some(emptiest), none.cast(), none);
            assert_eq!(status, qtx_status::Ok);
            let status = qtx_engine_add_score(engine, name, 1, None, none.cast(), none);
            assert_eq!(status, qtx_status::NullArgument);
            let status = qtx_engine_shape(engine, vm.as_ptr(), &raw mut shape, none);
            assert_eq!(status, qtx_status::Ok);
            let (shapes, out) = ([shape; 5], nodes.as_mut_ptr());
            let status = qtx_engine_place(engine, ids.as_ptr(), shapes.as_ptr(), 5, out, none);
            assert_eq!((status, nodes), (qtx_status::Ok, [0, 2, 0, 2, QTX_NO_NODE]));
            qtx_engine_free(engine);
        }
    }
}
