//! The model: folder paths, folder trees, documents.

use std::ffi::c_char;

use quantix_core::{
    FolderId, FolderPath, FolderTree, IdError, ProjectId, Timestamp, TimestampError, WordError,
    document::{DocumentKind, ReadMode, check, read},
    folder::{FolderCommand, FolderTreeDocument},
    question::ask,
};

use crate::{
    boundary::{answer, call, check_out, document, put_text, text},
    error::{Fault, qtx_error, qtx_status},
};

/// Normalises the path of a folder.
///
/// On success `*canonical_out` is its one canonical spelling, owned by the caller and freed with
/// `qtx_string_free`. Two paths are the same exactly when their canonical spellings are. A text that
/// is no path gives `QTX_STATUS_INVALID_INPUT`; the message says at which byte. May be called from
/// any thread.
///
/// # Safety
/// `path` is NUL-terminated; `canonical_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_folder_path_normalize(
    path: *const c_char,
    canonical_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(canonical_out, "canonical_out")?;
        // SAFETY: by contract NULL or NUL-terminated.
        let path = folder_path(unsafe { text(path, "path")? })?;
        // SAFETY: `canonical_out` is not NULL, and by contract writable.
        unsafe { put_text(canonical_out, path.as_str()) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// The names in the path of a folder, as people read them.
///
/// On success `*names_out` is a JSON array of strings, outermost first, owned by the caller and freed
/// with `qtx_string_free`. May be called from any thread.
///
/// # Safety
/// `path` is NUL-terminated; `names_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_folder_path_names(
    path: *const c_char,
    names_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let path = folder_path(unsafe { text(path, "path")? })?;
        Ok(path.names().collect::<Vec<_>>())
    };
    // SAFETY: by contract `names_out` and `error` are NULL or writable.
    unsafe { answer(names_out, "names_out", error, body) }
}

/// The folders of one project. Owned by the caller and freed with `qtx_folder_tree_free`. Functions
/// that take it as `const` may run on several threads at once; others need it alone.
#[derive(Debug)]
pub struct qtx_folder_tree(FolderTree);

/// Makes a tree with only its root folder.
///
/// `project` and `root` are UUIDs; `project` may be `"default"` or `""`. `at` is an RFC 3339 time.
/// On success `*tree_out` is owned by the caller and freed with `qtx_folder_tree_free`. May be called
/// from any thread.
///
/// # Safety
/// Texts are NUL-terminated; `tree_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_folder_tree_new(
    project: *const c_char,
    root: *const c_char,
    at: *const c_char,
    tree_out: *mut *mut qtx_folder_tree,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(tree_out, "tree_out")?;
        // SAFETY: by contract NULL or NUL-terminated.
        let (project, root, at) =
            unsafe { (text(project, "project")?, text(root, "root")?, text(at, "at")?) };
        let project: ProjectId = project.parse().map_err(|e: IdError| Fault::input(&e))?;
        let root: FolderId = root.parse().map_err(|e: IdError| Fault::input(&e))?;
        let at: Timestamp = at.parse().map_err(|e: TimestampError| Fault::input(&e))?;
        // SAFETY: `tree_out` is not NULL, and by contract writable.
        unsafe { put_tree(tree_out, FolderTree::new(project, root, at)) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Makes the tree that a document of kind `folder_tree` describes.
///
/// On success `*tree_out` is owned by the caller and freed with `qtx_folder_tree_free`. A document
/// with faults gives `QTX_STATUS_INVALID_INPUT` and its findings. May be called from any thread.
///
/// # Safety
/// `json` is NUL-terminated; `tree_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_folder_tree_from_json(
    json: *const c_char,
    tree_out: *mut *mut qtx_folder_tree,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(tree_out, "tree_out")?;
        // SAFETY: by contract NULL or NUL-terminated.
        let json = unsafe { text(json, "json")? };
        let reading = read::<FolderTreeDocument>(json, ReadMode::Strict);
        let findings = reading.findings;
        let tree =
            reading.document.and_then(|document| document.to_tree().ok()).ok_or_else(|| {
                let first = findings.first().map_or_else(String::new, ToString::to_string);
                let message = format!("folder tree is not valid: {first}");
                Fault::new(qtx_status::InvalidInput, message).with_findings(findings)
            })?;
        // SAFETY: `tree_out` is not NULL, and by contract writable.
        unsafe { put_tree(tree_out, tree) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// The tree as a document of kind `folder_tree`.
///
/// On success `*json_out` is owned by the caller and freed with `qtx_string_free`. Several threads
/// may read one tree.
///
/// # Safety
/// `tree` is NULL or an unfreed tree that nobody changes meanwhile; `json_out` is writable; `error`
/// is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_folder_tree_to_json(
    tree: *const qtx_folder_tree,
    json_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or valid, and not changed meanwhile.
        let tree = unsafe { tree.as_ref() }.ok_or_else(no_tree)?;
        Ok(FolderTreeDocument::from(&tree.0))
    };
    // SAFETY: by contract `json_out` and `error` are NULL or writable.
    unsafe { answer(json_out, "json_out", error, body) }
}

/// Answers a question to a tree or changes it.
///
/// `command_json` is a document such as
/// `{"op": "create", "id": "…", "parent_id": "…", "name": "Web", "at": "2026-01-31T12:00:00Z"}`. The
/// operations are `create`, `ensure`, `create_standard_folders`, `rename`, `move`, `delete`,
/// `preview_delete`, `add_member`, `move_member`, `remove_member`, `move_many`, `set_policy`,
/// `set_description`, `set_labels`, `bind`, `unbind`, `get`, `find`, `find_many`, `list`, `members`,
/// `folder_of`, `policy`, `effective_policy`, `bindings` and `authorize`. On success `*answer_out` is
/// the answer as JSON, owned by the caller and freed with `qtx_string_free`. A refused change gives
/// `QTX_STATUS_INVALID_INPUT` with one finding, and leaves the tree as it was. One thread at a time.
///
/// # Safety
/// `tree` is NULL or an unfreed tree that nobody else uses meanwhile; `command_json` is
/// NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_folder_tree_run(
    tree: *mut qtx_folder_tree,
    command_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let command: FolderCommand =
            document(unsafe { text(command_json, "command_json")? }, "command_json")?;
        // SAFETY: by contract NULL or valid, and used by nobody else meanwhile.
        let tree = unsafe { tree.as_mut() }.ok_or_else(no_tree)?;
        let answer = tree
            .0
            .run(command)
            .map_err(|error| Fault::input(&error).with_findings(vec![error.finding()]))?;
        Ok(answer)
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

/// Finds the folder at a path, by the case rule of the tree.
///
/// On success `*id_out` is its UUID, owned by the caller and freed with `qtx_string_free`, or NULL
/// when there is no such folder. Several threads may read one tree.
///
/// # Safety
/// `tree` is NULL or an unfreed tree that nobody changes meanwhile; `path` is NUL-terminated;
/// `id_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_folder_tree_find(
    tree: *const qtx_folder_tree,
    path: *const c_char,
    id_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(id_out, "id_out")?;
        // SAFETY: by contract NULL or NUL-terminated.
        let path = folder_path(unsafe { text(path, "path")? })?;
        // SAFETY: by contract NULL or valid, and not changed meanwhile.
        let tree = unsafe { tree.as_ref() }.ok_or_else(no_tree)?;
        match tree.0.find(&path) {
            // SAFETY: `id_out` is not NULL, and by contract writable.
            Some(id) => unsafe { put_text(id_out, &id.to_string()) },
            // SAFETY: as above.
            None => unsafe { id_out.write(std::ptr::null_mut()) },
        }
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// How many folders a tree has, with its root; 0 for NULL. Several threads may read one tree.
///
/// # Safety
/// `tree` is NULL or an unfreed tree that nobody changes meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_folder_tree_len(tree: *const qtx_folder_tree) -> usize {
    // SAFETY: by contract NULL or valid; NULL becomes None.
    unsafe { tree.as_ref() }.map_or(0, |tree| tree.0.len())
}

/// Frees a tree. NULL is accepted.
///
/// # Safety
/// `tree` is NULL, or was made by a Quantix call and has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_folder_tree_free(tree: *mut qtx_folder_tree) {
    if !tree.is_null() {
        // SAFETY: by contract it came from Box::into_raw in `put_tree` and is unfreed.
        drop(unsafe { Box::from_raw(tree) });
    }
}

/// Checks a document of a kind such as `vm_spec` or `inventory`.
///
/// `lenient` drops unknown fields and tries newer versions, each with a warning. On success
/// `*report_out` is `{"kind","valid","findings","document"?}`, owned by the caller and freed with
/// `qtx_string_free`; a document with faults is part of it and no error. May be called from any
/// thread.
///
/// # Safety
/// Texts are NUL-terminated; `report_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_document_check(
    kind: *const c_char,
    json: *const c_char,
    lenient: bool,
    report_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let (kind, json) = unsafe { (text(kind, "kind")?, text(json, "json")?) };
        let mode = if lenient { ReadMode::Lenient } else { ReadMode::Strict };
        let report = check(document_kind(kind)?, json, mode);
        Ok(report)
    };
    // SAFETY: by contract `report_out` and `error` are NULL or writable.
    unsafe { answer(report_out, "report_out", error, body) }
}

/// The JSON Schema (draft 2020-12) of a kind of document.
///
/// On success `*schema_out` is owned by the caller and freed with `qtx_string_free`. May be called
/// from any thread.
///
/// # Safety
/// `kind` is NUL-terminated; `schema_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_document_schema(
    kind: *const c_char,
    schema_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(schema_out, "schema_out")?;
        // SAFETY: by contract NULL or NUL-terminated.
        let kind = document_kind(unsafe { text(kind, "kind")? })?;
        // SAFETY: `schema_out` is not NULL, and by contract writable.
        unsafe { put_text(schema_out, kind.schema()) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Answers a question to the model's pure functions.
///
/// `question_json` is a document such as `{"op": "power_after", "state": "running", "event": "stop"}`.
/// The operations are `read_value`, `power_after`, `power_commands`, `power_transitions`,
/// `image_phase_after`, `hardware_profile`, `node_health`, `ipam`, `evaluate_alerts` and `admit`; what
/// is remembered between two questions, such as an address pool, is part of the question and of the
/// answer. On success `*answer_out` is the answer as JSON, owned by the caller and freed with
/// `qtx_string_free`. A refused question gives `QTX_STATUS_INVALID_INPUT` and its findings. May be
/// called from any thread.
///
/// # Safety
/// `question_json` is NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_model_ask(
    question_json: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let question = unsafe { text(question_json, "question_json")? };
        ask(question).map_err(|findings| {
            let message = findings.first().map_or_else(String::new, |f| f.message.clone());
            Fault::new(qtx_status::InvalidInput, message).with_findings(findings)
        })
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

fn folder_path(text: &str) -> Result<FolderPath, Fault> {
    text.parse().map_err(|error: quantix_core::FolderPathError| {
        let finding = quantix_core::Finding::error(error.code(), error.to_string());
        Fault::input(&error).with_findings(vec![finding])
    })
}

fn document_kind(kind: &str) -> Result<DocumentKind, Fault> {
    kind.parse().map_err(|error: WordError| Fault::input(&error))
}

fn no_tree() -> Fault {
    Fault::new(qtx_status::NullArgument, "argument `tree` is NULL")
}

/// Hands a tree to the caller.
///
/// # Safety
/// `out` is writable.
unsafe fn put_tree(out: *mut *mut qtx_folder_tree, tree: FolderTree) {
    // SAFETY: by contract `out` is writable.
    unsafe { out.write(Box::into_raw(Box::new(qtx_folder_tree(tree)))) };
}
