//! `quantix.cloudinit`: documents checked, compared, merged, explained and written.

use pyo3::{prelude::*, types::PyBytes};
use quantix_cloudinit::{
    check::{CheckOptions, DocumentKind, check_config, check_document},
    explain::{SeedSet, compare, explain},
    merge::{Part, merge},
    mime::{PartKind, UserDataPart, split, write},
    yaml::{Value, emit_with_header, parse},
};

use crate::convert::{detached, document, input_error, json_text, to_python};

fn options(kind: Option<&str>, cloud_init: &str, renderer: Option<&str>) -> PyResult<CheckOptions> {
    CheckOptions::named(kind, Some(cloud_init), renderer).map_err(|error| input_error(&error, &[]))
}

/// Checks a document of a seed; the answer is that of `quantix seed check --json`.
///
/// `document` is its bytes or text, or a dictionary. `kind` is `"user-data"`, `"vendor-data"`,
/// `"meta-data"`, `"network-config"`, `"network-v1"`, `"network-v2"`, `"butane"` or `"unattend"`, and
/// detected where left out. `cloud_init` is the version,
/// or range of versions such as `"22.2..26.2"`, that must accept it. `distro` is the guest's
/// distribution, `platform` what passes user-data to it, such as `"ec2"`: more than its budget is a fault.
/// Raises `InputError` for a word that names nothing; a document with faults is an answer.
#[pyfunction]
#[pyo3(signature = (document, *, kind=None, cloud_init="26.2", renderer=None, distro=None, platform=None))]
pub(crate) fn seed_check<'py>(
    py: Python<'py>,
    document: &Bound<'py, PyAny>,
    kind: Option<&str>,
    cloud_init: &str,
    renderer: Option<&str>,
    distro: Option<&str>,
    platform: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    let options = options(kind, cloud_init, renderer)?
        .on(distro)
        .and_then(|options| options.through(platform))
        .map_err(|error| input_error(&error, &[]))?;
    let report = match bytes(document) {
        Some(bytes) => detached(py, || check_document(&bytes, &options)),
        None => {
            let config: Value = crate::convert::document(document, "document")?;
            detached(py, || check_config(&config, &options))
        }
    };
    to_python(py, &report)
}

fn bytes(document: &Bound<'_, PyAny>) -> Option<Vec<u8>> {
    match document.extract::<String>() {
        Ok(text) => Some(text.into_bytes()),
        Err(_) => document.cast::<PyBytes>().ok().map(|bytes| bytes.as_bytes().to_vec()),
    }
}

/// Tells what a document makes the guest do; the answer is that of `quantix seed explain --json`.
#[pyfunction]
#[pyo3(signature = (document, *, kind=None))]
pub(crate) fn seed_explain<'py>(
    py: Python<'py>,
    document: Vec<u8>,
    kind: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    let options = options(kind, "26.2", None)?;
    let explanation = detached(py, || explain(&document, &options));
    to_python(py, &explanation)
}

/// Compares two seeds; the answer is that of `quantix seed diff --json`.
///
/// A seed is a dictionary from `"user-data"`, `"meta-data"`, `"vendor-data"` and
/// `"network-config"` to bytes. Raises `InputError` for any other name.
#[pyfunction]
pub(crate) fn seed_diff<'py>(
    py: Python<'py>,
    before: std::collections::BTreeMap<String, Vec<u8>>,
    after: std::collections::BTreeMap<String, Vec<u8>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (before, after) = (seed_set(before)?, seed_set(after)?);
    let report = detached(py, || compare(&before, &after));
    to_python(py, &report)
}

fn seed_set(documents: std::collections::BTreeMap<String, Vec<u8>>) -> PyResult<SeedSet> {
    let mut seed = SeedSet::default();
    for (name, bytes) in documents {
        let kind: DocumentKind = name.parse().map_err(|error| input_error(&error, &[]))?;
        seed.put(kind, bytes);
    }
    Ok(seed)
}

/// Merges cloud-config documents as cloud-init does; the answer is that of
/// `quantix seed merge --json`.
///
/// `documents` is a list of `(name, bytes)`. Raises `InputError` for one that is not YAML.
#[pyfunction]
pub(crate) fn seed_merge<'py>(
    py: Python<'py>,
    documents: Vec<(String, Vec<u8>)>,
) -> PyResult<Bound<'py, PyAny>> {
    let parts = documents.iter().map(|(name, bytes)| Part::parse(name, bytes));
    let parts = parts
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| input_error(&error, &[error.to_finding()]))?;
    let merged = detached(py, || merge(&parts));
    to_python(py, &merged)
}

/// Writes a value as YAML that cloud-init's parser reads back as exactly that value.
///
/// `header` is the first line, such as `"#cloud-config"`.
#[pyfunction]
#[pyo3(signature = (value, *, header=""))]
pub(crate) fn yaml_dump(value: &Bound<'_, PyAny>, header: &str) -> PyResult<String> {
    if header.contains(['\n', '\r']) || !header.is_empty() && !header.starts_with('#') {
        let error = pyo3::exceptions::PyValueError::new_err("header is one line starting with #");
        return Err(error);
    }
    let json = value.py().import("json")?.call_method1("dumps", (value,))?;
    let value: Value = document(&json, "value")?;
    emit_with_header(header, &value).map_err(|error| input_error(&error, &[]))
}

/// Reads YAML as cloud-init's parser does; dates become text. Raises `InputError` with the place.
#[pyfunction]
pub(crate) fn yaml_load<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    let root = parse(text).map_err(|error| input_error(&error, &[error.to_finding()]))?;
    to_python(py, &root.map_or(Value::Null, |root| root.to_value()))
}

/// Writes parts of user-data as one MIME message.
///
/// `parts` is a list of `(file name, content type, bytes)`.
#[pyfunction]
pub(crate) fn mime_write(parts: Vec<(String, String, Vec<u8>)>) -> PyResult<String> {
    let part = |(name, kind, content): (String, String, Vec<u8>)| {
        UserDataPart::new(name, PartKind::of_content_type(&kind), content)
    };
    let parts: Vec<UserDataPart> = parts.into_iter().map(part).collect();
    write(&parts).map_err(|error| input_error(&error, &[error.to_finding()]))
}

/// A file name, a content type and a content.
type SplitPart<'py> = (Option<String>, String, Bound<'py, PyBytes>);

/// Takes user-data apart as cloud-init does: a list of `(file name, content type, bytes)`.
#[pyfunction]
pub(crate) fn mime_split<'py>(
    py: Python<'py>,
    user_data: Vec<u8>,
) -> PyResult<Vec<SplitPart<'py>>> {
    let split = detached(py, || split(&user_data))
        .map_err(|error| input_error(&error, &[error.to_finding()]))?;
    let part = |part: UserDataPart| {
        let kind = part.kind.content_type().to_owned();
        (part.filename, kind, PyBytes::new(py, &part.content))
    };
    Ok(split.parts.into_iter().map(part).collect())
}

/// Answers a question to the guest customization: `{"op": "check", ...}`, as a dictionary or as JSON
/// text.
///
/// The operations are `check`, `explain`, `diff`, `merge`, `edit`, `yaml_load`, `yaml_dump`,
/// `mime_write`, `mime_split`, `render`, `seed_image`, `butane`, `hostname`, `time_zone`, `ssh_key`
/// and `password_hash`; bytes are base64. `InputError` tells why a question is refused.
#[pyfunction]
pub(crate) fn cloudinit_ask<'py>(
    py: Python<'py>,
    question: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let text = json_text(question)?;
    match detached(py, || quantix_cloudinit::question::ask(&text)) {
        Ok(answer) => to_python(py, &answer),
        Err(findings) => Err(crate::convert::refused(&findings)),
    }
}
