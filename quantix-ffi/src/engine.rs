//! A cluster that is kept, with placement in batches.

use std::ffi::c_char;

use quantix_core::{
    IdError, VmKey,
    cluster::{Cluster, Vm},
};
use quantix_scheduler::{
    ChangeError, Choice, Engine, Pipeline, PlaceError, Policy, ShapeId, Snapshot, SnapshotError,
};

use crate::{
    boundary::{call, check_out, document, optional_text, put_text, text},
    error::{Fault, qtx_error, qtx_status},
};

/// What [`qtx_engine_place`] writes for a machine that fits nowhere.
pub const QTX_NO_NODE: u32 = u32::MAX;

/// A cluster with an index for placing machines. Owned by the caller and freed with
/// `qtx_engine_free`; used by one thread at a time.
#[derive(Debug)]
pub struct qtx_engine {
    pub(crate) engine: Engine,
    shapes: Vec<ShapeId>,
}

/// Reads a cluster and a policy, the documents of `quantix place`; `policy_json` is NULL for the
/// default policy. On success `*engine_out` is owned by the caller and freed with
/// `qtx_engine_free`. May be called from any thread.
///
/// # Safety
/// Texts are NUL-terminated; `engine_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_engine_new(
    cluster_json: *const c_char,
    policy_json: *const c_char,
    engine_out: *mut *mut qtx_engine,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(engine_out, "engine_out")?;
        // SAFETY: by contract NULL or NUL-terminated.
        let (cluster, policy) = unsafe {
            (text(cluster_json, "cluster_json")?, optional_text(policy_json, "policy_json")?)
        };
        let cluster: Cluster = document(cluster, "cluster_json")?;
        let policy: Policy =
            policy.map_or_else(|| Ok(Policy::default()), |json| document(json, "policy_json"))?;
        let pipeline =
            Pipeline::new(&policy).map_err(|error| Fault::input(&PlaceError::from(error)))?;
        let snapshot = Snapshot::build(&cluster).map_err(|error| faults(&error))?;
        let engine = Engine::new(snapshot, pipeline);
        let handle = Box::into_raw(Box::new(qtx_engine { engine, shapes: Vec::new() }));
        // SAFETY: `engine_out` is not NULL, and by contract writable.
        unsafe { engine_out.write(handle) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Gives what a machine asks for, a document as in the list of `quantix place`, a number for
/// `qtx_engine_place`. The number lives as long as the engine.
///
/// # Safety
/// `engine` is NULL or unfreed and used by no other thread; `vm_json` is NUL-terminated;
/// `shape_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_engine_shape(
    engine: *mut qtx_engine,
    vm_json: *const c_char,
    shape_out: *mut u32,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(shape_out, "shape_out")?;
        // SAFETY: by contract NULL or NUL-terminated, and NULL or a handle of ours alone.
        let (vm, handle) = unsafe { (text(vm_json, "vm_json")?, alone(engine)?) };
        let vm: Vm = document(vm, "vm_json")?;
        let shape = handle.engine.shape(&vm).map_err(|error| faults(&error))?;
        let known = handle.shapes.iter().position(|&known| known == shape);
        let at = known.unwrap_or_else(|| {
            handle.shapes.push(shape);
            handle.shapes.len() - 1
        });
        // SAFETY: `shape_out` is not NULL, and by contract writable.
        unsafe { shape_out.write(u32::try_from(at).unwrap_or(u32::MAX)) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Places `count` machines, given by id and shape, one after the other. On success `nodes_out[i]`
/// is the node of machine `i`, counted in order of node ids, or `QTX_NO_NODE` where it fits nowhere.
/// Where one cannot be placed (its id is placed already, its shape is unknown), none is.
///
/// # Safety
/// `engine` is NULL or unfreed and used by no other thread; `ids` has `count` NUL-terminated texts,
/// `shapes` `count` numbers, `nodes_out` room for `count`; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_engine_place(
    engine: *mut qtx_engine,
    ids: *const *const c_char,
    shapes: *const u32,
    count: usize,
    nodes_out: *mut u32,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        // SAFETY: by contract NULL or a handle of ours alone.
        let handle = unsafe { alone(engine)? };
        if count == 0 {
            return Ok(());
        }
        check_out(nodes_out, "nodes_out")?;
        check_out(ids.cast_mut(), "ids")?;
        check_out(shapes.cast_mut(), "shapes")?;
        let mut group = Vec::with_capacity(count);
        for at in 0..count {
            // SAFETY: by contract both arrays have `count` entries, texts NUL-terminated.
            let (id, shape) = unsafe { (text(*ids.add(at), "ids")?, *shapes.add(at)) };
            group.push((key(id)?, handle.known(shape)?));
        }
        let nodes = handle.place(&group).map_err(|error| Fault::input(&error))?;
        for (at, node) in nodes.into_iter().enumerate() {
            // SAFETY: by contract there is room for `count`, and there are as many nodes.
            unsafe { nodes_out.add(at).write(node) };
        }
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Takes `count` machines off their nodes; none where one of them is not placed.
///
/// # Safety
/// `engine` is NULL or unfreed and used by no other thread; `ids` has `count` NUL-terminated texts;
/// `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_engine_remove(
    engine: *mut qtx_engine,
    ids: *const *const c_char,
    count: usize,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        // SAFETY: by contract NULL or a handle of ours alone.
        let handle = unsafe { alone(engine)? };
        if count == 0 {
            return Ok(());
        }
        check_out(ids.cast_mut(), "ids")?;
        let mut vms = Vec::with_capacity(count);
        for at in 0..count {
            // SAFETY: by contract `count` NUL-terminated texts.
            vms.push(key(unsafe { text(*ids.add(at), "ids")? })?);
        }
        handle.engine.remove_many(&vms).map_err(|error| Fault::input(&error))
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// The id of a node, counted in order of ids from 0. On success `*id_out` is owned by the caller and
/// freed with `qtx_string_free`.
///
/// # Safety
/// `engine` is NULL or unfreed; `id_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_engine_node_id(
    engine: *const qtx_engine,
    node: u32,
    id_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(id_out, "id_out")?;
        // SAFETY: by contract NULL or an unfreed handle.
        let handle = unsafe { engine.as_ref() }.ok_or_else(null)?;
        let snapshot = handle.engine.snapshot();
        let found = snapshot.node_indices().nth(node as usize).ok_or_else(|| {
            let message = format!("there is no node {node}, only {}", snapshot.node_count());
            Fault::new(qtx_status::InvalidInput, message)
        })?;
        // SAFETY: `id_out` is not NULL, and by contract writable.
        unsafe { put_text(id_out, snapshot.node_id(found).as_str()) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Frees an engine. NULL is accepted.
///
/// # Safety
/// `engine` is NULL, or was returned by `qtx_engine_new` and has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_engine_free(engine: *mut qtx_engine) {
    if !engine.is_null() {
        // SAFETY: by contract it came from Box::into_raw in `qtx_engine_new` and is unfreed.
        drop(unsafe { Box::from_raw(engine) });
    }
}

impl qtx_engine {
    fn known(&self, shape: u32) -> Result<ShapeId, Fault> {
        self.shapes.get(shape as usize).copied().ok_or_else(|| {
            let message = format!("there is no shape {shape}: qtx_engine_shape gives numbers");
            Fault::new(qtx_status::InvalidInput, message)
        })
    }

    fn place(&mut self, group: &[(VmKey, ShapeId)]) -> Result<Vec<u32>, ChangeError> {
        let machines = group.iter().map(|(vm, shape)| (vm, *shape));
        let choices = self.engine.place_many(machines)?;
        let number = |choice: Choice| choice.node.number();
        Ok(choices.into_iter().map(|choice| choice.map_or(QTX_NO_NODE, number)).collect())
    }
}

/// The handle, for one thread alone.
///
/// # Safety
/// `engine` is NULL or an unfreed handle that nobody else uses for `'a`.
pub(crate) unsafe fn alone<'a>(engine: *mut qtx_engine) -> Result<&'a mut qtx_engine, Fault> {
    // SAFETY: as the caller promises.
    unsafe { engine.as_mut() }.ok_or_else(null)
}

fn null() -> Fault {
    Fault::new(qtx_status::NullArgument, "argument `engine` is NULL")
}

fn key(id: &str) -> Result<VmKey, Fault> {
    id.parse().map_err(|error: IdError| Fault::input(&error))
}

fn faults(error: &SnapshotError) -> Fault {
    Fault::input(error).with_findings(error.findings().to_vec())
}

#[cfg(test)]
mod tests {
    use std::{ffi::CString, ptr};

    use super::*;

    #[test]
    fn places_and_removes_in_batches() {
        let cluster =
            CString::new(r#"{"nodes":[{"id":"n","cpu_milli":2000,"memory_mib":2048}]}"#).unwrap();
        let vm = CString::new(r#"{"id":"v","cpu_milli":1000,"memory_mib":1024}"#).unwrap();
        let names = ["a", "b", "c"].map(|name| CString::new(name).unwrap());
        let ids = [names[0].as_ptr(), names[1].as_ptr(), names[2].as_ptr()];
        let (mut engine, mut shape, mut nodes) = (ptr::null_mut(), 9, [9; 3]);
        let none = ptr::null_mut();
        // SAFETY: texts are NUL-terminated, arrays have the counts given, the engine is freed once.
        unsafe {
            let status = qtx_engine_new(cluster.as_ptr(), ptr::null(), &raw mut engine, none);
            assert_eq!(status, qtx_status::Ok);
            let status = qtx_engine_shape(engine, vm.as_ptr(), &raw mut shape, none);
            assert_eq!((status, shape), (qtx_status::Ok, 0));
            let (shapes, out) = ([shape; 3], nodes.as_mut_ptr());
            let status = qtx_engine_place(engine, ids.as_ptr(), shapes.as_ptr(), 3, out, none);
            assert_eq!((status, nodes), (qtx_status::Ok, [0, 0, QTX_NO_NODE]));
            let status = qtx_engine_remove(engine, ids.as_ptr(), 3, none);
            assert_eq!(status, qtx_status::InvalidInput, "c is not placed, so none is removed");
            assert_eq!((*engine).engine.snapshot().vm_count(), 2);
            assert_eq!(qtx_engine_remove(engine, ids.as_ptr(), 2, none), qtx_status::Ok);
            let wrong = [7; 3];
            let status = qtx_engine_place(engine, ids.as_ptr(), wrong.as_ptr(), 3, out, none);
            assert_eq!(status, qtx_status::InvalidInput);
            let mut id = ptr::null_mut();
            assert_eq!(qtx_engine_node_id(engine, 0, &raw mut id, none), qtx_status::Ok);
            crate::qtx_string_free(id);
            assert_eq!(
                qtx_engine_node_id(ptr::null(), 0, &raw mut id, none),
                qtx_status::NullArgument
            );
            qtx_engine_free(engine);
            qtx_engine_free(ptr::null_mut());
        }
    }
}
