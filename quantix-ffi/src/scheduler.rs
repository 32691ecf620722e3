//! Placement.

use std::ffi::c_char;

use quantix_core::cluster::{Cluster, Vm, VmList};
use quantix_scheduler::{
    Detail, PlaceError, Policy, ReplayError, Snapshot, decide, place_documents, replay,
};

use crate::{
    boundary::{answer, document, optional_text, text},
    error::{Fault, qtx_error, qtx_status},
};

/// Chooses a node for each machine.
///
/// `cluster_json` and `vms_json` are the documents of `quantix place`; `policy_json` is NULL for
/// the default policy. `explain` adds why each machine goes where it goes. On success `*answer_out`
/// is the document of `quantix place --json`, owned by the caller and freed with
/// `qtx_string_free`; machines that fit nowhere are part of it and no error. May be called from
/// any thread.
///
/// # Safety
/// Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_place(
    cluster_json: *const c_char,
    vms_json: *const c_char,
    policy_json: *const c_char,
    explain: bool,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let (cluster, vms, policy) = unsafe {
            (
                text(cluster_json, "cluster_json")?,
                text(vms_json, "vms_json")?,
                optional_text(policy_json, "policy_json")?,
            )
        };
        let cluster: Cluster = document(cluster, "cluster_json")?;
        let list: VmList = document(vms, "vms_json")?;
        let policy: Policy =
            policy.map_or_else(|| Ok(Policy::default()), |json| document(json, "policy_json"))?;
        let detail = if explain { Detail::Full } else { Detail::Brief };
        let answer = place_documents(&cluster, &list.vms, &policy, detail)
            .map_err(|error: PlaceError| fault(&error))?;
        Ok(answer)
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

/// Decides where one machine would go on a cluster, and why, as a record that can be stored.
///
/// `vm_json` is a machine as in the list of `quantix place`; `policy_json` is NULL for the default
/// policy. On success `*record_out` is the record, owned by the caller and freed with
/// `qtx_string_free`; that the machine fits nowhere is part of it and no error. May be called from
/// any thread.
///
/// # Safety
/// Texts are NUL-terminated; `record_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_decide(
    cluster_json: *const c_char,
    vm_json: *const c_char,
    policy_json: *const c_char,
    record_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let (cluster, vm, policy) = unsafe {
            (
                text(cluster_json, "cluster_json")?,
                text(vm_json, "vm_json")?,
                optional_text(policy_json, "policy_json")?,
            )
        };
        let vm: Vm = document(vm, "vm_json")?;
        let policy: Policy =
            policy.map_or_else(|| Ok(Policy::default()), |json| document(json, "policy_json"))?;
        decide(&mut snapshot(cluster)?, &vm, &policy).map_err(|error| fault(&error))
    };
    // SAFETY: by contract `record_out` and `error` are NULL or writable.
    unsafe { answer(record_out, "record_out", error, body) }
}

/// Makes a stored decision again on the same cluster; fails with `QTX_STATUS_INVALID_INPUT` when
/// the cluster is another or anything comes out otherwise, and says what. On success `*record_out`
/// is the record that was made again, with the bytes that `qtx_decide` gave, owned by the caller and
/// freed with `qtx_string_free`. May be called from any thread.
///
/// # Safety
/// Texts are NUL-terminated; `record_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_replay(
    record_json: *const c_char,
    cluster_json: *const c_char,
    record_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let (record, cluster) =
            unsafe { (text(record_json, "record_json")?, text(cluster_json, "cluster_json")?) };
        replay(record, &mut snapshot(cluster)?).map_err(|error| match &error {
            ReplayError::Place(error) => fault(error),
            _ => Fault::input(&error),
        })
    };
    // SAFETY: by contract `record_out` and `error` are NULL or writable.
    unsafe { answer(record_out, "record_out", error, body) }
}

fn snapshot(cluster: &str) -> Result<Snapshot, Fault> {
    let cluster: Cluster = document(cluster, "cluster_json")?;
    Snapshot::build(&cluster).map_err(|error| fault(&PlaceError::from(error)))
}

fn fault(error: &PlaceError) -> Fault {
    Fault::input(error).with_findings(error.findings().to_vec())
}

#[cfg(test)]
mod tests {
    use std::{
        ffi::{CStr, CString},
        path::Path,
        ptr,
    };

    use super::*;
    use crate::{qtx_error_findings, qtx_error_free, qtx_string_free};

    fn place(cluster: &str, vms: &str) -> Result<String, (qtx_status, String)> {
        let (cluster, vms) = (CString::new(cluster).unwrap(), CString::new(vms).unwrap());
        let (mut answer, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: texts are NUL-terminated and the out-pointers are ours.
        let status = unsafe {
            qtx_place(
                cluster.as_ptr(),
                vms.as_ptr(),
                ptr::null(),
                false,
                &raw mut answer,
                &raw mut error,
            )
        };
        // SAFETY: what the call returned is valid until it is freed here, once.
        unsafe {
            if status == qtx_status::Ok {
                let text = CStr::from_ptr(answer).to_str().unwrap().to_owned();
                qtx_string_free(answer);
                return Ok(text);
            }
            let findings = CStr::from_ptr(qtx_error_findings(error)).to_str().unwrap().to_owned();
            qtx_error_free(error);
            assert!(answer.is_null(), "written only on success");
            Err((status, findings))
        }
    }

    #[test]
    fn places_and_reports_faults() {
        let cluster = r#"{"nodes":[{"id":"n","cpu_milli":1000,"memory_mib":1024}]}"#;
        let answer = place(cluster, r#"[{"id":"v","cpu_milli":1000,"memory_mib":1}]"#).unwrap();
        assert!(answer.contains(r#""vm":"v","node":"n""#), "{answer}");
        let twice = cluster.replace("]}", r#",{"id":"n","cpu_milli":1,"memory_mib":1}]}"#);
        let (status, findings) = place(&twice, "[]").unwrap_err();
        assert_eq!(status, qtx_status::InvalidInput);
        assert!(findings.contains("nodes[1].id"), "{findings}");
    }

    /// The text that a call gives, or its status; the text is freed.
    fn call(function: impl FnOnce(*mut *mut c_char) -> qtx_status) -> Result<String, qtx_status> {
        let mut out = ptr::null_mut();
        match function(&raw mut out) {
            qtx_status::Ok => {
                // SAFETY: a string of the library, freed once.
                unsafe {
                    let text = CStr::from_ptr(out).to_str().unwrap().to_owned();
                    qtx_string_free(out);
                    Ok(text)
                }
            }
            status => {
                assert!(out.is_null());
                Err(status)
            }
        }
    }

    fn replayed(record: &CStr, cluster: &CStr) -> Result<String, qtx_status> {
        // SAFETY: texts are NUL-terminated, the out-pointer is ours.
        call(|out| unsafe { qtx_replay(record.as_ptr(), cluster.as_ptr(), out, ptr::null_mut()) })
    }

    /// The vectors in `vectors/scheduler`, which Python answers too.
    #[test]
    fn decisions_are_those_of_the_vectors_and_replayed() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/scheduler/decisions.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let mut rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let other = CString::new(r#"{"nodes":[{"id":"n","cpu_milli":3000,"memory_mib":1024}]}"#);
        let other = other.unwrap();
        for row in &mut rows {
            let given = |name: &str| CString::new(row[name].to_string()).unwrap();
            let (cluster, vm, policy) = (given("cluster"), given("vm"), given("policy"));
            let policy = if row["policy"].is_null() { ptr::null() } else { policy.as_ptr() };
            // SAFETY: texts are NUL-terminated or NULL, the out-pointer is ours.
            let record = call(|out| unsafe {
                qtx_decide(cluster.as_ptr(), vm.as_ptr(), policy, out, ptr::null_mut())
            });
            let record = record.unwrap();
            if std::env::var_os("UPDATE").is_some() {
                row["record"] = record.clone().into();
            }
            assert_eq!(row["record"], record.as_str(), "UPDATE=1 rewrites {}", path.display());
            let stored = CString::new(record.as_str()).unwrap();
            assert_eq!(replayed(&stored, &cluster), Ok(record));
            assert_eq!(replayed(&stored, &other), Err(qtx_status::InvalidInput));
            assert_eq!(replayed(&vm, &cluster), Err(qtx_status::InvalidInput));
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, format!("{:#}\n", serde_json::Value::from(rows))).unwrap();
        }
    }
}
