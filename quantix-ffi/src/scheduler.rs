//! Placement.

use std::ffi::c_char;

use quantix_core::cluster::{Cluster, VmList};
use quantix_scheduler::{Detail, PlaceError, Policy, place_documents};

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

fn fault(error: &PlaceError) -> Fault {
    Fault::input(error).with_findings(error.findings().to_vec())
}

#[cfg(test)]
mod tests {
    use std::{
        ffi::{CStr, CString},
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
}
