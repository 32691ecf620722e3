//! The vectors in `vectors/core`, answered through the C functions.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    ffi::{CStr, CString, c_char},
    path::Path,
    ptr,
};

use quantix::{
    qtx_document, qtx_document_check, qtx_document_free, qtx_document_get, qtx_document_is_valid,
    qtx_document_parse, qtx_document_remove, qtx_document_report, qtx_document_schema,
    qtx_document_set, qtx_error, qtx_error_findings, qtx_error_free, qtx_error_message,
    qtx_folder_path_names, qtx_folder_path_normalize, qtx_folder_tree, qtx_folder_tree_find,
    qtx_folder_tree_free, qtx_folder_tree_from_json, qtx_folder_tree_len, qtx_folder_tree_new,
    qtx_folder_tree_run, qtx_folder_tree_to_json, qtx_model_ask, qtx_status, qtx_string_free,
};
use serde_json::Value;

fn vectors(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/core");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn c(text: &str) -> CString {
    CString::new(text).unwrap()
}

/// Calls a function with a string out-pointer: its string, or message and findings.
fn call(
    function: impl FnOnce(*mut *mut c_char, *mut *mut qtx_error) -> qtx_status,
) -> Result<String, (String, Value)> {
    let (mut out, mut error) = (ptr::null_mut(), ptr::null_mut());
    match function(&raw mut out, &raw mut error) {
        qtx_status::Ok => {
            assert!(error.is_null());
            // SAFETY: a string of the library, freed once.
            unsafe {
                let text = CStr::from_ptr(out).to_str().unwrap().to_owned();
                qtx_string_free(out);
                Ok(text)
            }
        }
        qtx_status::InvalidInput => {
            assert!(out.is_null(), "written only on success");
            Err(take(error))
        }
        other => panic!("unexpected status {other:?}"),
    }
}

fn take(error: *mut qtx_error) -> (String, Value) {
    // SAFETY: an error of the library, freed once.
    unsafe {
        let text = |pointer| CStr::from_ptr(pointer).to_str().unwrap().to_owned();
        let message = text(qtx_error_message(error));
        let findings = serde_json::from_str(&text(qtx_error_findings(error))).unwrap();
        qtx_error_free(error);
        (message, findings)
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn folder_paths() {
    for entry in vectors("folder_path").as_array().unwrap() {
        let text = c(entry["text"].as_str().unwrap());
        // SAFETY: the text is NUL-terminated and the out-pointers are ours.
        let canonical =
            call(|out, error| unsafe { qtx_folder_path_normalize(text.as_ptr(), out, error) });
        // SAFETY: as above.
        let names = call(|out, error| unsafe { qtx_folder_path_names(text.as_ptr(), out, error) });
        match entry.get("canonical") {
            Some(expected) => {
                assert_eq!(canonical.unwrap(), expected.as_str().unwrap());
                assert_eq!(json(&names.unwrap()), entry["names"]);
            }
            None => {
                let (message, findings) = canonical.unwrap_err();
                assert_eq!(message, entry["message"].as_str().unwrap());
                assert_eq!(findings[0]["code"], entry["code"]);
                assert_eq!(names.unwrap_err().0, message);
            }
        }
    }
}

fn ask(question: &Value) -> Result<Value, (String, Value)> {
    let question = c(&question.to_string());
    // SAFETY: the text is NUL-terminated and the out-pointers are ours.
    let answer = call(|out, error| unsafe { qtx_model_ask(question.as_ptr(), out, error) });
    answer.map(|answer| json(&answer))
}

#[test]
fn values() {
    for entry in vectors("values").as_array().unwrap() {
        let question = serde_json::json!({
            "op": "read_value", "type": entry["type"], "text": entry["text"],
        });
        match ask(&question) {
            Ok(answer) => assert_eq!(answer, entry["answer"]),
            Err((message, _)) => assert_eq!(entry["answer"]["message"], message),
        }
    }
}

#[test]
fn questions() {
    for entry in vectors("questions").as_array().unwrap() {
        match ask(&entry["question"]) {
            Ok(answer) => assert_eq!(answer, entry["answer"]),
            Err((_, findings)) => assert_eq!(findings, entry["findings"]),
        }
    }
}

#[test]
fn documents() {
    for entry in vectors("documents").as_array().unwrap() {
        let (kind, text) = (c(entry["kind"].as_str().unwrap()), c(entry["text"].as_str().unwrap()));
        let lenient = entry["lenient"].as_bool().unwrap();
        // SAFETY: the texts are NUL-terminated and the out-pointers are ours.
        let report = call(|out, error| unsafe {
            qtx_document_check(kind.as_ptr(), text.as_ptr(), lenient, out, error)
        });
        assert_eq!(json(&report.unwrap()), entry["report"]);
        // SAFETY: as above.
        let schema = call(|out, error| unsafe { qtx_document_schema(kind.as_ptr(), out, error) });
        assert!(json(&schema.unwrap())["$id"].as_str().unwrap().contains(kind.to_str().unwrap()));
    }
    let kind = c("machines");
    // SAFETY: as above.
    let refused = call(|out, error| unsafe { qtx_document_schema(kind.as_ptr(), out, error) });
    assert!(refused.unwrap_err().0.starts_with("unknown document kind \"machines\""));
}

#[test]
fn documents_as_handles() {
    for entry in vectors("documents").as_array().unwrap() {
        let (kind, text) = (c(entry["kind"].as_str().unwrap()), c(entry["text"].as_str().unwrap()));
        let lenient = entry["lenient"].as_bool().unwrap();
        let (mut document, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the texts are NUL-terminated and the out-pointers are ours.
        let status = unsafe {
            let (kind, text) = (kind.as_ptr(), text.as_ptr());
            qtx_document_parse(kind, text, lenient, &raw mut document, &raw mut error)
        };
        if status != qtx_status::Ok {
            assert_eq!(take(error).1, entry["report"]["findings"]);
            continue;
        }
        // SAFETY: as above; the document is freed once.
        unsafe {
            let report = call(|out, error| qtx_document_report(document, out, error)).unwrap();
            assert_eq!(json(&report), entry["report"]);
            assert_eq!(qtx_document_is_valid(document), entry["report"]["valid"] == true);
            qtx_document_free(document);
        }
    }
}

#[test]
fn a_document_is_changed_place_by_place() {
    let (kind, text) =
        (c("vm_spec"), c(r#"{"cpu": {"cores": 0}, "memory": {"size_mib": "8GiB"}}"#));
    let mut document: *mut qtx_document = ptr::null_mut();
    let (all, cores, numa, four, even) =
        (c(""), c("/cpu/cores"), c("/cpu/numa"), c("4"), c("\"even\""));
    let (gpu, none) = (c("/gpu/0"), ptr::null_mut());
    // SAFETY: the texts are NUL-terminated, the out-pointers are ours, the document is freed once.
    unsafe {
        let status = qtx_document_parse(
            kind.as_ptr(),
            text.as_ptr(),
            false,
            &raw mut document,
            ptr::null_mut(),
        );
        assert_eq!((status, qtx_document_is_valid(document)), (qtx_status::Ok, false));
        let get =
            |at: &CString| call(|out, error| qtx_document_get(document, at.as_ptr(), out, error));
        assert_eq!(get(&all).unwrap_err().1[0]["path"], "cpu.cores");
        for (at, value) in [(&cores, &four), (&numa, &even)] {
            let status = qtx_document_set(document, at.as_ptr(), value.as_ptr(), none);
            assert_eq!(status, qtx_status::Ok);
        }
        assert_eq!(get(&numa).unwrap(), "\"even\"");
        assert_eq!(json(&get(&all).unwrap())["memory"]["size_mib"], 8192);
        assert_eq!(qtx_document_remove(document, numa.as_ptr(), none), qtx_status::Ok);
        assert_ne!(json(&get(&all).unwrap())["cpu"]["numa"], "even");
        let mut nothing = ptr::dangling_mut();
        let status = qtx_document_get(document, gpu.as_ptr(), &raw mut nothing, none);
        assert_eq!((status, nothing.is_null()), (qtx_status::Ok, true));
        let mut error = ptr::null_mut();
        let status = qtx_document_set(document, gpu.as_ptr(), four.as_ptr(), &raw mut error);
        assert_eq!(status, qtx_status::InvalidInput);
        assert_eq!(take(error).1[0]["code"], "no-such-place");
        let refused = qtx_document_remove(document, gpu.as_ptr(), none);
        assert_eq!(refused, qtx_status::InvalidInput);
        assert_eq!(
            qtx_document_remove(ptr::null_mut(), gpu.as_ptr(), none),
            qtx_status::NullArgument
        );
        assert!(!qtx_document_is_valid(ptr::null()));
        qtx_document_free(document);
        qtx_document_free(ptr::null_mut());
    }
}

#[test]
fn folder_trees() {
    let script = vectors("folder_tree");
    let text = |name: &str| c(script[name].as_str().unwrap());
    let (project, root, at) = (text("project_id"), text("root"), text("at"));
    let mut tree: *mut qtx_folder_tree = ptr::null_mut();
    // SAFETY: the texts are NUL-terminated and the out-pointers are ours.
    let status = unsafe {
        let (project, root, at) = (project.as_ptr(), root.as_ptr(), at.as_ptr());
        qtx_folder_tree_new(project, root, at, &raw mut tree, ptr::null_mut())
    };
    assert_eq!(status, qtx_status::Ok);
    for step in script["steps"].as_array().unwrap() {
        let command = c(&step["command"].to_string());
        // SAFETY: as above; the tree is ours alone.
        let answer =
            call(|out, error| unsafe { qtx_folder_tree_run(tree, command.as_ptr(), out, error) });
        match answer {
            Ok(answer) => assert_eq!(json(&answer), step["answer"], "{}", step["command"]),
            Err((_, findings)) => assert_eq!(findings[0], step["fault"], "{}", step["command"]),
        }
    }
    // SAFETY: as above.
    let document = call(|out, error| unsafe { qtx_folder_tree_to_json(tree, out, error) }).unwrap();
    assert_eq!(json(&document), script["document"]);

    let mut again: *mut qtx_folder_tree = ptr::null_mut();
    let text = c(&document);
    // SAFETY: as above.
    let status =
        unsafe { qtx_folder_tree_from_json(text.as_ptr(), &raw mut again, ptr::null_mut()) };
    assert_eq!(status, qtx_status::Ok);
    let path = c("/TEMPLATES");
    // SAFETY: as above; both trees are freed once.
    unsafe {
        let id = call(|out, error| qtx_folder_tree_find(again, path.as_ptr(), out, error)).unwrap();
        assert_eq!(id, "10000000-0000-0000-0000-000000000002");
        assert_eq!(qtx_folder_tree_len(again), qtx_folder_tree_len(tree));
        assert_eq!(qtx_folder_tree_len(ptr::null()), 0);
        let mut none = ptr::dangling_mut();
        let nowhere = c("/nowhere");
        let status = qtx_folder_tree_find(again, nowhere.as_ptr(), &raw mut none, ptr::null_mut());
        assert_eq!((status, none.is_null()), (qtx_status::Ok, true));
        qtx_folder_tree_free(tree);
        qtx_folder_tree_free(again);
        qtx_folder_tree_free(ptr::null_mut());
    }
}

#[test]
fn null_is_told_and_never_followed() {
    let (text, mut out, mut error) = (c("{}"), ptr::null_mut(), ptr::null_mut());
    let mut tree: *mut qtx_folder_tree = ptr::null_mut();
    // SAFETY: NULL is what is tested; everything else is ours.
    unsafe {
        let null = ptr::null();
        let list = c(r#"{"op":"list","id":"00000000-0000-0000-0000-000000000002"}"#);
        for (name, status) in [
            ("normalize", qtx_folder_path_normalize(null, &raw mut out, &raw mut error)),
            ("out", qtx_folder_path_normalize(text.as_ptr(), ptr::null_mut(), ptr::null_mut())),
            ("new", qtx_folder_tree_new(null, null, null, &raw mut tree, ptr::null_mut())),
            ("to_json", qtx_folder_tree_to_json(ptr::null(), &raw mut out, ptr::null_mut())),
            (
                "run",
                qtx_folder_tree_run(ptr::null_mut(), list.as_ptr(), &raw mut out, ptr::null_mut()),
            ),
            (
                "check",
                qtx_document_check(null, text.as_ptr(), false, &raw mut out, ptr::null_mut()),
            ),
        ] {
            assert_eq!(status, qtx_status::NullArgument, "{name}");
        }
        assert_eq!(take(error).0, "argument `path` is NULL");
        let status = qtx_folder_tree_from_json(text.as_ptr(), &raw mut tree, &raw mut error);
        assert_eq!((status, tree.is_null()), (qtx_status::InvalidInput, true));
        assert_eq!(take(error).1[0]["path"], "folders");
    }
}
