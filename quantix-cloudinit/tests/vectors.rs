//! The vectors in `vectors/cloudinit`, which the C and Python packages answer too.
#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

use std::{env, fs, path::Path};

use quantix_cloudinit::question::{ITEMS_MAX, QUESTION_BYTES_MAX, ask};
use serde_json::{Value, json};

/// With `UPDATE=1` the answers are written anew, to be read before they are committed.
#[test]
fn questions_have_their_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/cloudinit/questions.json");
    let text = fs::read_to_string(&path).unwrap();
    let mut entries: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut faults = Vec::new();
    for entry in &mut entries {
        let (answer, findings) = match ask(&entry["question"].to_string()) {
            Ok(answer) => (answer, json!([])),
            Err(findings) => (Value::Null, json!(findings)),
        };
        let answered =
            json!({ "question": entry["question"], "answer": answer, "findings": findings });
        if *entry != answered {
            faults.push(format!("{}: {answer} {findings}", entry["question"]));
        }
        *entry = answered;
    }
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, format!("{:#}\n", json!(entries))).unwrap();
        return;
    }
    assert_eq!(entries.len(), 71);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_is_no_question_is_refused() {
    let long = " ".repeat(QUESTION_BYTES_MAX + 1);
    let many = vec![r#"{"name":"a","text":""}"#; ITEMS_MAX + 1].join(",");
    let many = format!(r#"{{"op":"merge","documents":[{many}]}}"#);
    for (text, code) in [
        ("", "invalid-question"),
        ("{}", "invalid-question"),
        (r#"{"op":"sing"}"#, "invalid-question"),
        (r#"{"op":"check","text":"a","kidn":"b"}"#, "invalid-question"),
        (long.as_str(), "document-too-large"),
        (many.as_str(), "too-many"),
    ] {
        let findings = ask(text).unwrap_err();
        assert_eq!(findings[0].code, code, "{}", &text[..text.len().min(80)]);
    }
}
