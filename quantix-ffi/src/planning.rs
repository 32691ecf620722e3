//! Planning: balance, maintenance, high availability, capacity.

use std::{ffi::c_char, time::Instant};

use quantix_core::cluster::Cluster;
use quantix_scheduler::{
    FleetConfig, PlaceError, Policy, fleet_html,
    plan::{self, ReassignProblem, ReassignRequest},
    simulate_fleet,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    boundary::{answer, call, check_out, document, optional_text, put_text, text},
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

/// Searches for a cheaper assignment of processes to machines.
///
/// `model` and `assignment` are the texts of `quantix plan reassign` (the form of the ROADEF/EURO
/// challenge 2012), `request_json` NULL or its budget: `{"seed": 1, "seconds": 60}`, or
/// `{"evaluations": 1000000}` for the same plan on every processor. On success `*answer_out` is the
/// document of `quantix plan reassign --json`, owned by the caller and freed with `qtx_string_free`.
/// The call takes as long as the budget says. May be called from any thread.
///
/// # Safety
/// Texts are NUL-terminated; `request_json` may be NULL; `answer_out` is writable; `error` is NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_plan_reassign(
    model: *const c_char,
    assignment: *const c_char,
    request_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        // SAFETY: by contract NULL or NUL-terminated.
        let (model, assignment, request) = unsafe {
            (
                text(model, "model")?,
                text(assignment, "assignment")?,
                optional_text(request_json, "request_json")?,
            )
        };
        let request: ReassignRequest = request.map_or_else(
            || Ok(ReassignRequest::default()),
            |json| document(json, "request_json"),
        )?;
        let problem =
            ReassignProblem::parse(model, assignment).map_err(|error| Fault::input(&error))?;
        let start = Instant::now();
        let mut clock = |done| request.spent(done, start.elapsed());
        Ok(plan::reassign(&problem, request.seed, &mut clock))
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

/// As `qtx_plan_whatif`, as a page with charts.
///
/// On success `*page_out` is HTML that needs no other file, owned by the caller and freed with
/// `qtx_string_free`.
///
/// # Safety
/// As `qtx_plan_drain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_plan_whatif_html(
    cluster_json: *const c_char,
    request_json: *const c_char,
    policy_json: *const c_char,
    page_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(page_out, "page_out")?;
        // SAFETY: by contract NULL or NUL-terminated.
        let (cluster, request, policy) = unsafe {
            (
                text(cluster_json, "cluster_json")?,
                text(request_json, "request_json")?,
                optional_text(policy_json, "policy_json")?,
            )
        };
        let cluster: Cluster = document(cluster, "cluster_json")?;
        let request: plan::WhatifRequest = document(request, "request_json")?;
        let policy =
            policy.map_or_else(|| Ok(Policy::default()), |json| document(json, "policy_json"))?;
        let report = plan::whatif(&cluster, &request, &policy)
            .map_err(|error| Fault::input(&error).with_findings(error.findings().to_vec()))?;
        // SAFETY: `page_out` is not NULL, so writable by contract.
        unsafe { put_text(page_out, &plan::whatif_html(&report)) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Runs a generated fleet in virtual time.
///
/// `config_json` is the fleet file of `quantix simulate --fleet`; `{}` is 1,250 hosts with 20,000
/// machines and a day. On success `*answer_out` is the document of `quantix simulate --fleet --json`,
/// owned by the caller and freed with `qtx_string_free`. The same config gives the same bytes. May be
/// called from any thread.
///
/// # Safety
/// As `qtx_plan_drain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_simulate_fleet(
    config_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    // SAFETY: as the caller promises.
    let body = || unsafe { simulated(config_json) };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

/// As `qtx_simulate_fleet`, as a page with charts: HTML that needs no other file.
///
/// # Safety
/// As `qtx_plan_drain`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_simulate_fleet_html(
    config_json: *const c_char,
    page_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(page_out, "page_out")?;
        // SAFETY: as the caller promises.
        let report = unsafe { simulated(config_json)? };
        // SAFETY: `page_out` is not NULL, so writable by contract.
        unsafe { put_text(page_out, &fleet_html(&report)) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// # Safety
/// `config_json` is NULL or NUL-terminated.
unsafe fn simulated(config_json: *const c_char) -> Result<quantix_scheduler::FleetReport, Fault> {
    // SAFETY: by contract.
    let config: FleetConfig =
        document(unsafe { text(config_json, "config_json")? }, "config_json")?;
    simulate_fleet(&config, &mut |_, _| {})
        .map_err(|error| Fault::input(&error).with_findings(error.findings().to_vec()))
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

    #[test]
    fn processes_find_a_cheaper_machine() {
        let model = c"1 0 10  2 0 0 8 4 0 1 0 1 8 4 1 0  2 0 0 0 0  2 0 3 5 1 4 9  0  1 1 1";
        let request = cr#"{"evaluations": 10000}"#;
        let run = |assignment: &CStr| {
            let (mut answer, mut error) = (ptr::null_mut(), ptr::null_mut());
            let (model, assignment, request) =
                (model.as_ptr(), assignment.as_ptr(), request.as_ptr());
            // SAFETY: texts are NUL-terminated, the out-pointers are ours, and what the call
            // returned is valid until it is freed here, once.
            unsafe {
                let status =
                    qtx_plan_reassign(model, assignment, request, &raw mut answer, &raw mut error);
                if status == qtx_status::Ok {
                    let text = CStr::from_ptr(answer).to_str().unwrap().to_owned();
                    qtx_string_free(answer);
                    return Some(text);
                }
                qtx_error_free(error);
                None
            }
        };
        let plan = run(c"0 0").unwrap();
        assert!(plan.contains(r#""moves":[{"process":0,"from":0,"to":1}]"#), "{plan}");
        assert_eq!(run(c"0"), None);
    }

    #[test]
    fn whatif_is_a_page_too() {
        let page =
            run(qtx_plan_whatif_html, r#"{"changes": [{"change": "grow", "percent": 100}]}"#);
        assert!(page.unwrap().contains("<svg"));
        let findings =
            run(qtx_plan_whatif_html, r#"{"changes": [{"change": "drop_rule", "rule": "r"}]}"#);
        assert!(findings.unwrap_err().contains("request.changes[0]"));
    }

    type Simulation =
        unsafe extern "C" fn(*const c_char, *mut *mut c_char, *mut *mut qtx_error) -> qtx_status;

    fn simulate(function: Simulation, config: &str) -> Result<String, String> {
        let config = CString::new(config).unwrap();
        let (mut answer, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the text is NUL-terminated, the out-pointers are ours, and what the call returned
        // is valid until it is freed here, once.
        unsafe {
            if function(config.as_ptr(), &raw mut answer, &raw mut error) == qtx_status::Ok {
                let text = CStr::from_ptr(answer).to_str().unwrap().to_owned();
                qtx_string_free(answer);
                return Ok(text);
            }
            let findings = CStr::from_ptr(qtx_error_findings(error)).to_str().unwrap().to_owned();
            qtx_error_free(error);
            Err(findings)
        }
    }

    /// The vectors in `vectors/scheduler`, which Python answers too.
    #[test]
    fn fleets_are_those_of_the_vectors() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../vectors/scheduler/fleets.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let mut rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let update = std::env::var_os("UPDATE").is_some();
        for row in &mut rows {
            let config = row["config"].to_string();
            let report: serde_json::Value =
                serde_json::from_str(&simulate(qtx_simulate_fleet, &config).unwrap()).unwrap();
            if update {
                row["report"] = report.clone();
            }
            assert_eq!(row["report"], report, "UPDATE=1 rewrites {}", path.display());
            assert!(simulate(qtx_simulate_fleet_html, &config).unwrap().contains("<svg"));
        }
        if update {
            std::fs::write(&path, format!("{:#}\n", serde_json::Value::from(rows))).unwrap();
        }
        let findings = simulate(qtx_simulate_fleet, r#"{"hosts": []}"#).unwrap_err();
        assert!(findings.contains("config.hosts"), "{findings}");
    }
}
