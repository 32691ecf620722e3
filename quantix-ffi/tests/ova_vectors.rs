//! The vectors in `vectors/ova`, answered through the C functions, and the calls that write.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    ffi::{CStr, CString, c_char, c_void},
    fs,
    path::{Path, PathBuf},
    process::Command,
    ptr,
};

use quantix::{
    qtx_error, qtx_error_findings, qtx_error_free, qtx_error_message, qtx_ova_convert,
    qtx_ova_create, qtx_ova_diagnose, qtx_ova_diff, qtx_ova_edit, qtx_ova_explain, qtx_ova_inspect,
    qtx_ova_pull, qtx_ova_repair, qtx_ova_sign, qtx_ova_verify, qtx_status, qtx_string_free,
};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/ova")
}

fn vectors(name: &str) -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

fn c(text: impl AsRef<Path>) -> CString {
    CString::new(text.as_ref().to_str().unwrap()).unwrap()
}

/// Calls a function: its document, or `{"error","findings"}`, and the status.
fn call(
    function: impl FnOnce(*mut *mut c_char, *mut *mut qtx_error) -> qtx_status,
) -> (qtx_status, Value) {
    let (mut out, mut error) = (ptr::null_mut(), ptr::null_mut());
    let status = function(&raw mut out, &raw mut error);
    // SAFETY: a string or an error of the library, read and then freed once.
    unsafe {
        let text = |pointer| CStr::from_ptr(pointer).to_str().unwrap().to_owned();
        if status == qtx_status::Ok {
            let answer: Value = serde_json::from_str(&text(out)).unwrap();
            qtx_string_free(out);
            return (status, json!({"answer": answer}));
        }
        assert!(out.is_null(), "written only on success");
        let message = text(qtx_error_message(error));
        let findings: Value = serde_json::from_str(&text(qtx_error_findings(error))).unwrap();
        qtx_error_free(error);
        (status, json!({"error": message, "findings": findings}))
    }
}

fn answer(case: &Value) -> Value {
    let path = |name: &str| c(folder().join(case[name].as_str().unwrap()));
    let package = path("package");
    let choices = case.get("choices").map(|choices| CString::new(choices.to_string()).unwrap());
    if case["operation"] == "edit" {
        return edited(case, &package);
    }
    // SAFETY: every text is NUL-terminated and the out-pointers are ours.
    let (_, answer) = call(|out, error| unsafe {
        match case["operation"].as_str().unwrap() {
            "inspect" => qtx_ova_inspect(package.as_ptr(), out, error),
            "explain" => {
                let choices = choices.as_ref().map_or(ptr::null(), |choices| choices.as_ptr());
                qtx_ova_explain(package.as_ptr(), choices, out, error)
            }
            "diff" => qtx_ova_diff(package.as_ptr(), path("other").as_ptr(), out, error),
            "diagnose" => qtx_ova_diagnose(package.as_ptr(), out, error),
            other => panic!("no operation {other}"),
        }
    });
    answer
}

/// The descriptor that an edit writes, in the place of where it was written.
fn edited(case: &Value, package: &CStr) -> Value {
    let work = tempfile::tempdir().unwrap();
    let (to, edits) =
        (c(work.path().join("a.ovf")), CString::new(case["edits"].to_string()).unwrap());
    // SAFETY: as in `answer`.
    let (status, mut answer) = call(|out, error| unsafe {
        let (edits, to) = (edits.as_ptr(), to.as_ptr());
        qtx_ova_edit(package.as_ptr(), edits, to, None, ptr::null_mut(), out, error)
    });
    if status == qtx_status::Ok {
        let text = fs::read_to_string(answer["answer"]["path"].as_str().unwrap()).unwrap();
        let findings = answer["answer"]["findings"].take();
        return json!({"answer": {"descriptor": text, "findings": findings}});
    }
    answer
}

#[test]
fn answers_are_those_of_rust() {
    for (case, recorded) in vectors("cases.json").iter().zip(vectors("answers.json")) {
        assert_eq!(answer(case), recorded, "{case}");
    }
}

/// A progress function that stops the work.
unsafe extern "C" fn stop(_: u64, total: u64, context: *mut c_void) -> bool {
    // SAFETY: the test passes a number that lives longer than the call, and one thread works.
    unsafe { *context.cast::<u64>() = total };
    false
}

#[test]
fn an_appliance_is_made_verified_converted_and_repaired() {
    let work = tempfile::tempdir().unwrap();
    let content = [vec![7; 1 << 20], vec![0; 1 << 20]].concat();
    fs::write(work.path().join("root.img"), &content).unwrap();
    let spec = r#"{"name":"web","cpus":1,"memory_mib":64,"disks":[{"path":"root.img"}]}"#;
    let (spec, base) = (CString::new(spec).unwrap(), c(work.path()));
    let (ova, out) = (c(work.path().join("web.ova")), c(work.path().join("out")));
    let (no, none) = (None, ptr::null_mut());
    let create = || {
        // SAFETY: texts are NUL-terminated and out-pointers are ours.
        call(|report, error| unsafe {
            qtx_ova_create(spec.as_ptr(), base.as_ptr(), ova.as_ptr(), no, none, report, error)
        })
    };
    let (status, made) = create();
    assert_eq!(
        (status, &made["answer"]["files"][2]["name"]),
        (qtx_status::Ok, &json!("web-disk1.vmdk"))
    );
    let (status, again) = create();
    assert_eq!(status, qtx_status::InvalidInput);
    assert!(again["error"].as_str().unwrap().contains("exists already"));
    // SAFETY: as above.
    let (_, verified) = call(|report, error| unsafe {
        qtx_ova_verify(ova.as_ptr(), ptr::null(), no, none, report, error)
    });
    assert_eq!(verified["answer"]["ok"], true);
    let options = CString::new(r#"{"format":"raw","threads":1}"#).unwrap();
    let convert = |progress, context: *mut c_void| {
        // SAFETY: as above; the context is a number that outlives the call, or not used.
        call(|report, error| unsafe {
            let (ova, out, options) = (ova.as_ptr(), out.as_ptr(), options.as_ptr());
            qtx_ova_convert(ova, out, options, progress, context, report, error)
        })
    };
    let mut total = 0u64;
    let (status, stopped) = convert(Some(stop), (&raw mut total).cast());
    assert_eq!((status, &stopped["error"]), (qtx_status::InvalidInput, &json!("cancelled")));
    assert!(total > 0 && !work.path().join("out").exists());
    let (_, converted) = convert(None, none);
    let path = converted["answer"]["disks"][0]["path"].as_str().unwrap();
    assert_eq!(fs::read(path).unwrap(), content);
    let fixed = c(work.path().join("fixed.ova"));
    // SAFETY: as above.
    let (_, repaired) = call(|report, error| unsafe {
        qtx_ova_repair(ova.as_ptr(), fixed.as_ptr(), no, none, report, error)
    });
    assert_eq!(repaired["answer"]["remaining"], json!([]));

    let key = CString::new("no key").unwrap();
    let target = c(work.path().join("signed.ova"));
    // SAFETY: as above.
    let (status, refused) = call(|report, error| unsafe {
        let (key, target) = (key.as_ptr(), target.as_ptr());
        qtx_ova_sign(ova.as_ptr(), target, key, key, false, no, none, report, error)
    });
    assert_eq!(status, qtx_status::InvalidInput);
    assert_eq!(refused["error"], "private key: no PRIVATE KEY in PEM");
}

#[test]
fn an_overlay_is_pulled_and_stands_alone() {
    let work = tempfile::tempdir().unwrap();
    let root = work.path().join("root.img");
    fs::write(&root, [vec![7; 1 << 20], vec![0; 1 << 20]].concat()).unwrap();
    let spec = r#"{"name":"web","cpus":1,"memory_mib":64,"disks":[{"path":"root.img"}]}"#;
    let (spec, base) = (CString::new(spec).unwrap(), c(work.path()));
    let (ova, out) = (c(work.path().join("web.ova")), c(work.path().join("out")));
    let (no, none) = (None, ptr::null_mut());
    // SAFETY: texts are NUL-terminated and out-pointers are ours.
    let (status, _) = call(|report, error| unsafe {
        qtx_ova_create(spec.as_ptr(), base.as_ptr(), ova.as_ptr(), no, none, report, error)
    });
    assert_eq!(status, qtx_status::Ok);
    let pull = |options: &str| {
        let options = CString::new(options).unwrap();
        // SAFETY: as above.
        call(|report, error| unsafe {
            let (ova, out, options) = (ova.as_ptr(), out.as_ptr(), options.as_ptr());
            qtx_ova_pull(ova, out, options, no, none, report, error)
        })
    };
    assert_ne!(pull("{}").0, qtx_status::Ok, "there is no overlay");
    let options = CString::new(r#"{"instant":true}"#).unwrap();
    // SAFETY: as above.
    let (_, made) = call(|report, error| unsafe {
        let (ova, out, options) = (ova.as_ptr(), out.as_ptr(), options.as_ptr());
        qtx_ova_convert(ova, out, options, no, none, report, error)
    });
    let overlay = &made["answer"]["disks"][0];
    assert!(overlay["written_bytes"].as_u64().unwrap() < 1 << 20, "nothing is copied");
    assert_eq!(pull(r#"{"format":"raw"}"#).0, qtx_status::InvalidInput);
    let (status, pulled) = pull(r#"{"threads":1}"#);
    assert_eq!((status, &pulled["answer"]["verified"]), (qtx_status::Ok, &json!(true)));
    fs::remove_file(work.path().join("web.ova")).unwrap();
    let compared = Command::new("qemu-img")
        .args(["compare", "-f", "raw", "-F", "qcow2"])
        .args([root.as_path(), Path::new(overlay["path"].as_str().unwrap())])
        .output()
        .expect("qemu-img of the Debian package qemu-utils");
    assert!(compared.status.success(), "{compared:?}");
}
