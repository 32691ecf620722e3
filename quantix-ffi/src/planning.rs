//! Planning: balance, maintenance, high availability, capacity.

use std::ffi::c_char;

use quantix_core::cluster::Cluster;
use quantix_scheduler::{PlaceError, Policy, plan};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    boundary::{answer, document, optional_text, text},
    error::{Fault, qtx_error, qtx_status},
};

/// What every planner is given.
struct Given {
    cluster_json: *const c_char,
    request_json: *const c_char,
    policy_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
}

impl Given {
    /// Reads the documents, plans, hands the answer over.
    ///
    /// # Safety
    /// The contract of the exported functions.
    unsafe fn plan<R: DeserializeOwned, A: Serialize>(
        self,
        planner: impl FnOnce(&Cluster, &R, &Policy) -> Result<A, PlaceError>,
    ) -> qtx_status {
        let body = || {
            // SAFETY: by contract NULL or NUL-terminated.
            let (cluster, request, policy) = unsafe {
                (
                    text(self.cluster_json, "cluster_json")?,
                    text(self.request_json, "request_json")?,
                    optional_text(self.policy_json, "policy_json")?,
                )
            };
            let cluster: Cluster = document(cluster, "cluster_json")?;
            let request: R = document(request, "request_json")?;
            let policy = policy
                .map_or_else(|| Ok(Policy::default()), |json| document(json, "policy_json"))?;
            planner(&cluster, &request, &policy)
                .map_err(|error| Fault::input(&error).with_findings(error.findings().to_vec()))
        };
        // SAFETY: by contract `answer_out` and `error` are NULL or writable.
        unsafe { answer(self.answer_out, "answer_out", self.error, body) }
    }
}

/// Plans the evacuation of nodes for maintenance.
///
/// `cluster_json` is the cluster file of `quantix plan`, `request_json` its request (`{"nodes":
/// ["n1"]}` at the least), `policy_json` NULL for the default policy. On success `*answer_out` is
/// the document of `quantix plan drain --json`, owned by the caller and freed with
/// `qtx_string_free`; machines that cannot move are part of it and no error. May be called from any
/// thread.
///
/// # Safety
/// Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_plan_drain(
    cluster_json: *const c_char,
    request_json: *const c_char,
    policy_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let given = Given { cluster_json, request_json, policy_json, answer_out, error };
    // SAFETY: as the caller promises.
    unsafe { given.plan(plan::drain) }
}

/// Plans the restart of what ran on lost nodes.
///
/// `request_json` is the request of `quantix plan failover`; otherwise as `qtx_plan_drain`: the answer
/// is the document of `quantix plan failover --json`, and an answer of no is no error.
///
/// # Safety
/// As `qtx_plan_drain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_plan_failover(
    cluster_json: *const c_char,
    request_json: *const c_char,
    policy_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let given = Given { cluster_json, request_json, policy_json, answer_out, error };
    // SAFETY: as the caller promises.
    unsafe { given.plan(plan::failover) }
}

/// Tells whether everything restarts when nodes fail, and what does not.
///
/// `request_json` is the request of `quantix plan admission`; otherwise as `qtx_plan_drain`: the answer
/// is the document of `quantix plan admission --json`, and an answer of no is no error.
///
/// # Safety
/// As `qtx_plan_drain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_plan_admission(
    cluster_json: *const c_char,
    request_json: *const c_char,
    policy_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let given = Given { cluster_json, request_json, policy_json, answer_out, error };
    // SAFETY: as the caller promises.
    unsafe { given.plan(plan::admission) }
}

/// Plans moves so that machines get what they use.
///
/// `request_json` is the request of `quantix plan balance`; otherwise as `qtx_plan_drain`: the answer
/// is the document of `quantix plan balance --json`, and an answer of no is no error.
///
/// # Safety
/// As `qtx_plan_drain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_plan_balance(
    cluster_json: *const c_char,
    request_json: *const c_char,
    policy_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let given = Given { cluster_json, request_json, policy_json, answer_out, error };
    // SAFETY: as the caller promises.
    unsafe { given.plan(plan::balance) }
}

/// Tells how many more machines fit, and for how long that lasts.
///
/// `request_json` is the request of `quantix plan capacity`; otherwise as `qtx_plan_drain`: the answer
/// is the document of `quantix plan capacity --json`, and an answer of no is no error.
///
/// # Safety
/// As `qtx_plan_drain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_plan_capacity(
    cluster_json: *const c_char,
    request_json: *const c_char,
    policy_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let given = Given { cluster_json, request_json, policy_json, answer_out, error };
    // SAFETY: as the caller promises.
    unsafe { given.plan(plan::capacity) }
}

/// Tells what changes of the cluster would do.
///
/// `request_json` is the request of `quantix plan whatif`; otherwise as `qtx_plan_drain`: the answer
/// is the document of `quantix plan whatif --json`, and an answer of no is no error.
///
/// # Safety
/// As `qtx_plan_drain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_plan_whatif(
    cluster_json: *const c_char,
    request_json: *const c_char,
    policy_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let given = Given { cluster_json, request_json, policy_json, answer_out, error };
    // SAFETY: as the caller promises.
    unsafe { given.plan(plan::whatif) }
}

#[cfg(test)]
mod tests {
    use std::{
        ffi::{CStr, CString},
        ptr,
    };

    use super::*;
    use crate::{qtx_error_findings, qtx_error_free, qtx_string_free};

    type Planner = unsafe extern "C" fn(
        *const c_char,
        *const c_char,
        *const c_char,
        *mut *mut c_char,
        *mut *mut qtx_error,
    ) -> qtx_status;

    /// The answer, or the findings of the fault.
    fn run(planner: Planner, request: &str) -> Result<String, String> {
        let cluster = r#"{"nodes": [{"id": "n1", "cpu_milli": 4000, "memory_mib": 4096},
            {"id": "n2", "cpu_milli": 4000, "memory_mib": 4096}],
            "vms": [{"id": "v", "node": "n1", "cpu_milli": 1000, "memory_mib": 1024}]}"#;
        let (cluster, request) = (CString::new(cluster).unwrap(), CString::new(request).unwrap());
        let (mut answer, mut error) = (ptr::null_mut(), ptr::null_mut());
        let (cluster, request) = (cluster.as_ptr(), request.as_ptr());
        // SAFETY: texts are NUL-terminated, the out-pointers are ours, and what the call returned
        // is valid until it is freed here, once.
        unsafe {
            let status = planner(cluster, request, ptr::null(), &raw mut answer, &raw mut error);
            if status == qtx_status::Ok {
                let text = CStr::from_ptr(answer).to_str().unwrap().to_owned();
                qtx_string_free(answer);
                return Ok(text);
            }
            let findings = CStr::from_ptr(qtx_error_findings(error)).to_str().unwrap().to_owned();
            qtx_error_free(error);
            assert!(answer.is_null(), "written only on success");
            Err(findings)
        }
    }

    #[test]
    fn drains_and_reports_faults() {
        let plan = run(qtx_plan_drain, r#"{"nodes": ["n1"]}"#).unwrap();
        assert!(plan.contains(r#""vm":"v","from":"n1","to":"n2""#), "{plan}");
        let findings = run(qtx_plan_drain, r#"{"nodes": ["n3"]}"#).unwrap_err();
        assert!(findings.contains("request.nodes[0]"), "{findings}");
    }

    #[test]
    fn every_planner_answers() {
        for (planner, request, expected) in [
            (qtx_plan_failover as Planner, r#"{"nodes": ["n1"]}"#, r#""reason":"restart""#),
            (qtx_plan_balance, "{}", r#""stopped":"fixed_point""#),
            (qtx_plan_capacity, "{}", r#""fits":7"#),
            (
                qtx_plan_whatif,
                r#"{"changes": [{"change": "remove_node", "node": "n1"}]}"#,
                r#""from":"n1","to":"n2""#,
            ),
            (qtx_plan_admission, "{}", r#""admitted":true"#),
        ] {
            let answer = run(planner, request).unwrap();
            assert!(answer.contains(expected), "{answer}");
        }
    }
}
