//! The vectors in `vectors/cloudinit`, answered through the C function.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    ffi::{CStr, CString},
    path::Path,
    ptr,
};

use quantix::{qtx_cloudinit_ask, qtx_error_findings, qtx_error_free, qtx_status, qtx_string_free};
use serde_json::{Value, json};

#[test]
fn questions() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/cloudinit/questions.json");
    let entries: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for entry in entries {
        let question = CString::new(entry["question"].to_string()).unwrap();
        let (mut out, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: a text that ends with NUL, places to write to, each freed once.
        let answered = unsafe {
            match qtx_cloudinit_ask(question.as_ptr(), &raw mut out, &raw mut error) {
                qtx_status::Ok => {
                    let answer: Value =
                        serde_json::from_slice(CStr::from_ptr(out).to_bytes()).unwrap();
                    qtx_string_free(out);
                    (answer, json!([]))
                }
                qtx_status::InvalidInput => {
                    let findings = CStr::from_ptr(qtx_error_findings(error)).to_bytes();
                    let findings: Value = serde_json::from_slice(findings).unwrap();
                    qtx_error_free(error);
                    (Value::Null, findings)
                }
                other => panic!("unexpected status {other:?}"),
            }
        };
        assert_eq!(answered.0, entry["answer"], "{}", entry["question"]);
        assert_eq!(answered.1, entry["findings"], "{}", entry["question"]);
    }
}
