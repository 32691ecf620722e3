//! Documents of a seed: checked, explained, compared, merged, written.

use std::{collections::BTreeMap, ffi::c_char};

use quantix_cloudinit::{
    check::{CheckOptions, DocumentKind, check_document},
    explain::{SeedSet, compare, explain},
    merge::{Part, merge},
    yaml::{Value, emit_with_header},
};
use serde::Deserialize;

use crate::{
    boundary::{answer, call, check_out, document, optional_text, put_text, text},
    error::{Fault, qtx_error, qtx_status},
};

/// Checks a document of a seed.
///
/// `kind` is `user-data`, `vendor-data`, `meta-data`, `network-config`, `network-v1`, `network-v2`,
/// `butane` or `unattend`, or NULL to detect it;
/// `cloud_init` is the version or range of versions that must accept it, NULL for the newest;
/// `renderer` is NULL or who applies a network configuration. On success, valid or not,
/// `*answer_out` is the document of `quantix seed check --json`, owned by the caller and freed
/// with `qtx_string_free`. May be called from any thread.
///
/// # Safety
/// Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_seed_check(
    seed_document: *const c_char,
    kind: *const c_char,
    cloud_init: *const c_char,
    renderer: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let (bytes, kind, cloud_init, renderer) = unsafe {
            (
                text(seed_document, "seed_document")?,
                optional_text(kind, "kind")?,
                optional_text(cloud_init, "cloud_init")?,
                optional_text(renderer, "renderer")?,
            )
        };
        let options = CheckOptions::named(kind, cloud_init, renderer)
            .map_err(|error| Fault::input(&error))?;
        Ok(check_document(bytes.as_bytes(), &options))
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

/// Tells what a document of a seed makes the guest do.
///
/// `kind` is as for `qtx_seed_check`. On success `*answer_out` is the document of `quantix seed
/// explain --json`, owned by the caller and freed with `qtx_string_free`. May be called from any
/// thread.
///
/// # Safety
/// Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_seed_explain(
    seed_document: *const c_char,
    kind: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let (bytes, kind) =
            unsafe { (text(seed_document, "seed_document")?, optional_text(kind, "kind")?) };
        let options =
            CheckOptions::named(kind, None, None).map_err(|error| Fault::input(&error))?;
        Ok(explain(bytes.as_bytes(), &options))
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

/// Compares two seeds, and tells what the change triggers in a guest that has booted with the
/// first.
///
/// A seed is a JSON object from `user-data`, `meta-data`, `vendor-data` and `network-config` to
/// their texts. On success `*answer_out` is the document of `quantix seed diff --json`, owned by
/// the caller and freed with `qtx_string_free`. May be called from any thread.
///
/// # Safety
/// Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_seed_diff(
    before_json: *const c_char,
    after_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let (before, after) =
            unsafe { (text(before_json, "before_json")?, text(after_json, "after_json")?) };
        let before = seed_set(document(before, "before_json")?)?;
        let after = seed_set(document(after, "after_json")?)?;
        Ok(compare(&before, &after))
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

fn seed_set(documents: BTreeMap<String, String>) -> Result<SeedSet, Fault> {
    let mut seed = SeedSet::default();
    for (name, content) in documents {
        let kind: DocumentKind = name.parse().map_err(|error| Fault::input(&error))?;
        seed.put(kind, content.into_bytes());
    }
    Ok(seed)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedText {
    name: String,
    text: String,
}

/// Merges cloud-config documents as cloud-init does.
///
/// `documents_json` is a JSON list of `{"name", "text"}`. On success `*answer_out` is the document
/// of `quantix seed merge --json`, owned by the caller and freed with `qtx_string_free`. A text
/// that is no YAML is a fault, with its place among the findings. May be called from any thread.
///
/// # Safety
/// Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_seed_merge(
    documents_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let documents = unsafe { text(documents_json, "documents_json")? };
        let documents: Vec<NamedText> = document(documents, "documents_json")?;
        let parts = documents.iter().map(|d| Part::parse(&d.name, d.text.as_bytes()));
        let parts = parts
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Fault::input(&error).with_findings(vec![error.to_finding()]))?;
        Ok(merge(&parts))
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

/// Writes a JSON value as YAML that cloud-init's parser reads back as exactly that value.
///
/// `header` is NULL, or one line such as `#cloud-config` to stand first. On success `*yaml_out` is
/// the text, owned by the caller and freed with `qtx_string_free`. May be called from any thread.
///
/// # Safety
/// Texts are NUL-terminated; `yaml_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_yaml_emit(
    value_json: *const c_char,
    header: *const c_char,
    yaml_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(yaml_out, "yaml_out")?;
        // SAFETY: by contract NULL or NUL-terminated.
        let (value, header) =
            unsafe { (text(value_json, "value_json")?, optional_text(header, "header")?) };
        let header = header.unwrap_or_default();
        if header.contains(['\n', '\r']) || !header.is_empty() && !header.starts_with('#') {
            let message = "argument `header` is not one line that starts with #";
            return Err(Fault::new(qtx_status::InvalidInput, message));
        }
        let value: Value = document(value, "value_json")?;
        let yaml = emit_with_header(header, &value).map_err(|error| Fault::input(&error))?;
        // SAFETY: `yaml_out` is not NULL, and by contract writable.
        unsafe { put_text(yaml_out, &yaml) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Answers a question to the guest customization.
///
/// `question_json` is a document such as `{"op": "check", "text": "#cloud-config\n"}`. The operations
/// are `check`, `explain`, `diff`, `merge`, `edit`, `yaml_load`, `yaml_dump`, `mime_write`,
/// `mime_split`, `render`, `seed_image`, `butane`, `hostname`, `time_zone`, `ssh_key` and
/// `password_hash`; bytes are base64. On success `*answer_out` is the answer as JSON, owned by the
/// caller and freed with `qtx_string_free`. A refused question gives `QTX_STATUS_INVALID_INPUT` and
/// its findings. May be called from any thread.
///
/// # Safety
/// `question_json` is NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_cloudinit_ask(
    question_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let question = unsafe { text(question_json, "question_json")? };
        quantix_cloudinit::question::ask(question).map_err(|findings| {
            let message = findings.first().map_or_else(String::new, |f| f.message.clone());
            Fault::new(qtx_status::InvalidInput, message).with_findings(findings)
        })
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

#[cfg(test)]
mod tests {
    use std::{
        ffi::{CStr, CString},
        ptr,
    };

    use super::*;
    use crate::{qtx_error_free, qtx_string_free};

    /// The answer, or the status.
    fn outcome(
        call: impl FnOnce(*mut *mut c_char, *mut *mut qtx_error) -> qtx_status,
    ) -> Result<String, qtx_status> {
        let (mut answer, mut error) = (ptr::null_mut(), ptr::null_mut());
        let status = call(&raw mut answer, &raw mut error);
        // SAFETY: what the call returned is valid until it is freed here, once.
        unsafe {
            if status == qtx_status::Ok {
                let text = CStr::from_ptr(answer).to_str().unwrap().to_owned();
                qtx_string_free(answer);
                return Ok(text);
            }
            qtx_error_free(error);
        }
        assert!(answer.is_null(), "written only on success");
        Err(status)
    }

    fn check(text: &str, versions: Option<&CStr>) -> Result<String, qtx_status> {
        let text = CString::new(text).unwrap();
        let versions = versions.map_or(ptr::null(), CStr::as_ptr);
        // SAFETY: texts are NUL-terminated and the out-pointers are ours.
        outcome(|answer, error| unsafe {
            qtx_seed_check(text.as_ptr(), ptr::null(), versions, ptr::null(), answer, error)
        })
    }

    #[test]
    fn checks_and_refuses_a_bad_version() {
        let answer = check("#cloud-config\nhostname: web\n", None).unwrap();
        assert_eq!(
            answer,
            r#"{"valid":true,"kind":"user-data","faults":[],"deprecations":[],"lint":[]}"#
        );
        assert!(check("#cloud-config\nhostnme: a\n", None).unwrap().contains("\"valid\":false"));
        assert_eq!(check("", Some(c"7")), Err(qtx_status::InvalidInput));
        // SAFETY: NULL is what the call must refuse.
        let null = outcome(|answer, error| unsafe {
            let none = ptr::null();
            qtx_seed_check(none, none, none, none, answer, error)
        });
        assert_eq!(null, Err(qtx_status::NullArgument));
    }

    #[test]
    fn explains_compares_merges_and_writes() {
        // SAFETY: texts are NUL-terminated and the out-pointers are ours.
        let explained = outcome(|answer, error| unsafe {
            qtx_seed_explain(c"#cloud-config\nhostname: a\n".as_ptr(), ptr::null(), answer, error)
        });
        assert!(explained.unwrap().contains("names the machine"));
        let before = c"{\"meta-data\":\"instance-id: a\"}";
        let after = c"{\"meta-data\":\"instance-id: b\"}";
        // SAFETY: as above.
        let compared = outcome(|answer, error| unsafe {
            qtx_seed_diff(before.as_ptr(), after.as_ptr(), answer, error)
        });
        assert!(compared.unwrap().contains("new-instance"));
        let documents = c"[{\"name\":\"a\",\"text\":\"x: 1\"},{\"name\":\"b\",\"text\":\"y: no\"}]";
        // SAFETY: as above.
        let merged =
            outcome(|answer, error| unsafe { qtx_seed_merge(documents.as_ptr(), answer, error) });
        assert!(merged.unwrap().contains(r#""config":{"x":1,"y":false}"#));
        let (value, header) = (c"{\"a\":\"no\"}", c"#cloud-config");
        // SAFETY: as above.
        let yaml = outcome(|answer, error| unsafe {
            qtx_yaml_emit(value.as_ptr(), header.as_ptr(), answer, error)
        });
        assert_eq!(yaml.unwrap(), "#cloud-config\na: \"no\"\n");
        // SAFETY: as above.
        let two_lines = outcome(|answer, error| unsafe {
            qtx_yaml_emit(value.as_ptr(), c"#a\nb: c".as_ptr(), answer, error)
        });
        assert_eq!(two_lines, Err(qtx_status::InvalidInput));
    }
}
