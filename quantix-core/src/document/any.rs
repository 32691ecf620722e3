//! A document whose kind is known only at run time, changed place by place.

use std::fmt;

use serde_json::Value;
use zeroize::Zeroize;

use super::{DOCUMENT_BYTES_MAX, DocumentKind, DocumentReport, ReadMode, check, check_value};
use crate::Finding;

/// The most steps that a pointer into a document may have.
pub const POINTER_STEPS_MAX: usize = 64;

/// A document of any kind, changed place by place and judged as a whole after each change.
///
/// Places are JSON Pointers (RFC 6901) such as `/disks/0/size_bytes`. What is written may be wrong
/// or unfinished; [`Self::report`] tells all that is, and gives the document as it is understood once
/// nothing is an error. What is read comes from there, with secrets redacted, so that no secret that
/// was written can be read back.
///
/// ```
/// use quantix_core::document::{AnyDocument, DocumentKind, ReadMode};
/// let text = r#"{"cpu": {"cores": 0}, "memory": {"size_mib": "8GiB"}}"#;
/// let mut spec = AnyDocument::parse(DocumentKind::VmSpec, text, ReadMode::Strict).unwrap();
/// assert_eq!(spec.report().findings[0].path.as_deref(), Some("cpu.cores"));
/// spec.set("/cpu/cores", "4").unwrap();
/// assert_eq!(spec.get("/memory/size_mib").unwrap(), Some(&8192.into()));
/// ```
pub struct AnyDocument {
    mode: ReadMode,
    /// As it was written, secrets included.
    written: Value,
    report: DocumentReport,
}

/// Shows the kind and whether the document is valid, and nothing of what is in it.
impl fmt::Debug for AnyDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyDocument")
            .field("kind", &self.report.kind)
            .field("valid", &self.report.valid)
            .finish_non_exhaustive()
    }
}

/// What was written may hold a secret, whose memory is cleared.
impl Drop for AnyDocument {
    fn drop(&mut self) {
        clear(&mut self.written);
    }
}

impl AnyDocument {
    /// Reads a document; one with faults too, as long as it is JSON.
    ///
    /// # Errors
    /// What keeps the text from being a JSON value: its syntax, its size, a field that is there twice.
    pub fn parse(kind: DocumentKind, text: &str, mode: ReadMode) -> Result<Self, Vec<Finding>> {
        let report = check(kind, text, mode);
        if text.len() > DOCUMENT_BYTES_MAX {
            return Err(report.findings);
        }
        let Ok(written) = serde_json::from_str::<Value>(text) else { return Err(report.findings) };
        let mut document = Self { mode, written, report };
        if !document.report.valid {
            let of_text = std::mem::take(&mut document.report.findings);
            document.judge();
            // A value cannot show what only its text does.
            if document.report.valid {
                return Err(of_text);
            }
        }
        Ok(document)
    }

    /// Everything that is to be said about the document as it is now.
    #[must_use]
    pub fn report(&self) -> &DocumentReport {
        &self.report
    }

    /// The whole document as it is understood: units as numbers, defaults filled in, secrets redacted.
    ///
    /// # Errors
    /// What is wrong with it, when something is an error.
    pub fn document(&self) -> Result<&Value, Vec<Finding>> {
        self.report.document.as_ref().ok_or_else(|| self.report.findings.clone())
    }

    /// What is at a place of [`Self::document`]; `None` when there is nothing.
    ///
    /// # Errors
    /// A place that is no pointer, or what is wrong with the document when something is an error.
    pub fn get(&self, pointer: &str) -> Result<Option<&Value>, Vec<Finding>> {
        steps(pointer)?;
        Ok(self.document()?.pointer(pointer))
    }

    /// Writes JSON at a place: a new field, in place of what is there, or behind the last item of a
    /// list, which is the step `-`. The empty pointer is the whole document.
    ///
    /// # Errors
    /// A place that is no pointer or whose surroundings are missing, or a text that is no JSON. The
    /// document is as it was.
    pub fn set(&mut self, pointer: &str, json: &str) -> Result<&DocumentReport, Vec<Finding>> {
        let (last, parents) = steps(pointer)?;
        if json.len() > DOCUMENT_BYTES_MAX {
            let message = format!("{} bytes: expected at most {DOCUMENT_BYTES_MAX}", json.len());
            return Err(vec![Finding::error("document-too-large", message).at(pointer)]);
        }
        let value = serde_json::from_str::<Value>(json)
            .map_err(|error| vec![Finding::error("json-syntax", error.to_string()).at(pointer)])?;
        let Some(last) = last else {
            clear(&mut self.written);
            self.written = value;
            self.judge();
            return Ok(&self.report);
        };
        let place = match self.written.pointer_mut(parents) {
            Some(Value::Object(fields)) => Some(fields.entry(last).or_insert(Value::Null)),
            Some(Value::Array(items)) => {
                let at = if last == "-" { Some(items.len()) } else { index(&last) };
                if at == Some(items.len()) {
                    items.push(Value::Null);
                }
                at.and_then(|at| items.get_mut(at))
            }
            _ => None,
        };
        let place = place.ok_or_else(|| no_place(pointer))?;
        clear(place);
        *place = value;
        self.judge();
        Ok(&self.report)
    }

    /// Takes out a field, or an item of a list.
    ///
    /// # Errors
    /// A place that is no pointer, where nothing was written, or that is the whole document. The
    /// document is as it was.
    pub fn remove(&mut self, pointer: &str) -> Result<&DocumentReport, Vec<Finding>> {
        let (last, parents) = steps(pointer)?;
        let taken = match (last, self.written.pointer_mut(parents)) {
            (Some(last), Some(Value::Object(fields))) => fields.remove(&last),
            (Some(last), Some(Value::Array(items))) => {
                index(&last).filter(|&at| at < items.len()).map(|at| items.remove(at))
            }
            _ => None,
        };
        clear(&mut taken.ok_or_else(|| no_place(pointer))?);
        self.judge();
        Ok(&self.report)
    }

    fn judge(&mut self) {
        self.report = check_value(self.report.kind, self.written.clone(), self.mode);
    }
}

/// The last step of a pointer, decoded, and the pointer to what holds it.
fn steps(pointer: &str) -> Result<(Option<String>, &str), Vec<Finding>> {
    let refuse = |message: String| Err(vec![Finding::error("bad-pointer", message).at(pointer)]);
    if pointer.is_empty() {
        return Ok((None, ""));
    }
    if !pointer.starts_with('/') {
        return refuse("expected a JSON Pointer such as /disks/0, or nothing for all".to_owned());
    }
    let count = pointer.matches('/').count();
    if count > POINTER_STEPS_MAX {
        return refuse(format!("{count} steps: expected at most {POINTER_STEPS_MAX}"));
    }
    if pointer.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
        return refuse("`~` stands alone: write ~0 for it, and ~1 for a slash".to_owned());
    }
    let (parents, last) = pointer.rsplit_once('/').unwrap_or_default();
    Ok((Some(last.replace("~1", "/").replace("~0", "~")), parents))
}

/// An index is written without leading zeros.
fn index(step: &str) -> Option<usize> {
    let canonical = step == "0" || (!step.starts_with('0') && !step.starts_with('+'));
    if canonical { step.parse().ok() } else { None }
}

fn no_place(pointer: &str) -> Vec<Finding> {
    let message = "there is no such place in what was written: write what holds it first";
    vec![Finding::error("no-such-place", message).at(pointer)]
}

/// Clears the memory of every text in a value.
fn clear(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(clear),
        Value::Object(fields) => fields.values_mut().for_each(clear),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SPEC: &str = r#"{"cpu": {"cores": 2}, "memory": {"size_mib": "8GiB"},
        "disks": [{"id": "a", "size_bytes": "1GiB"}]}"#;

    fn spec() -> AnyDocument {
        AnyDocument::parse(DocumentKind::VmSpec, SPEC, ReadMode::Strict).unwrap()
    }

    fn codes(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.code.as_ref()).collect()
    }

    #[test]
    fn changes_are_judged_as_a_whole() {
        let mut spec = spec();
        assert!(spec.report().valid);
        assert_eq!(spec.get("/disks/0/size_bytes").unwrap(), Some(&json!(1 << 30)));
        assert_eq!(spec.get("/disks/1").unwrap(), None);
        let report = spec.set("/disks/-", r#"{"id": "a", "size_bytes": "2GiX"}"#).unwrap();
        assert_eq!(report.findings[0].path.as_deref(), Some("disks[1].size_bytes"));
        assert_eq!(codes(&spec.get("").unwrap_err()), ["bad-value"]);
        assert!(spec.set("/disks/1", r#"{"id": "b", "size_bytes": "2GiB"}"#).unwrap().valid);
        assert!(spec.remove("/disks/0").unwrap().valid);
        assert_eq!(spec.get("/disks/0/id").unwrap(), Some(&json!("b")));
        let whole = spec.document().unwrap().to_string();
        let again = AnyDocument::parse(DocumentKind::VmSpec, &whole, ReadMode::Strict).unwrap();
        assert_eq!(again.document().unwrap(), spec.document().unwrap());
        assert_eq!(
            spec.set("", "{}").unwrap(),
            &check(DocumentKind::VmSpec, "{}", ReadMode::Strict)
        );
    }

    #[test]
    fn what_cannot_be_done_is_told_and_changes_nothing() {
        let mut document = spec();
        let before = document.report().clone();
        let long = "/a".repeat(POINTER_STEPS_MAX + 1);
        for (pointer, json, code) in [
            ("cpu", "1", "bad-pointer"),
            ("/cpu~2", "1", "bad-pointer"),
            ("/~~01", "1", "bad-pointer"),
            (&long, "1", "bad-pointer"),
            ("/gpu/cores", "1", "no-such-place"),
            ("/cpu/cores/x", "1", "no-such-place"),
            ("/disks/2", "{}", "no-such-place"),
            ("/disks/00", "{}", "no-such-place"),
            ("/disks/+0", "{}", "no-such-place"),
            ("/cpu", "{", "json-syntax"),
        ] {
            assert_eq!(codes(&document.set(pointer, json).unwrap_err()), [code], "{pointer}");
        }
        for pointer in ["", "/gpu", "/disks/-", "/disks/1", "/disks/18446744073709551616"] {
            assert_eq!(codes(&document.remove(pointer).unwrap_err()), ["no-such-place"]);
        }
        assert_eq!(codes(&document.set(&long[2..], "1").unwrap_err()), ["no-such-place"]);
        let large = " ".repeat(DOCUMENT_BYTES_MAX + 1);
        assert_eq!(codes(&document.set("", &large).unwrap_err()), ["document-too-large"]);
        assert_eq!(document.report(), &before);
    }

    #[test]
    fn what_only_the_text_shows_is_refused() {
        let parse = |text: &str, mode| AnyDocument::parse(DocumentKind::VmSpec, text, mode);
        assert_eq!(codes(&parse("{", ReadMode::Strict).unwrap_err()), ["json-syntax"]);
        let twice = SPEC.replacen("\"cores\": 2", "\"cores\": 2, \"cores\": 3", 1);
        assert_eq!(codes(&parse(&twice, ReadMode::Strict).unwrap_err()), ["invalid-document"]);
        let unknown = SPEC.replacen("\"cores\"", "\"colour\": 1, \"cores\"", 1);
        assert!(!parse(&unknown, ReadMode::Strict).unwrap().report().valid);
        assert!(parse(&unknown, ReadMode::Lenient).unwrap().report().valid);
    }

    #[test]
    fn escaped_steps_are_names() {
        let mut spec = spec();
        spec.set("/placement", "{\"required_labels\": {}}").unwrap();
        spec.set("/placement/required_labels/a~1b~0", "7").unwrap();
        let path = spec.report().findings[0].path.as_deref();
        assert_eq!(path, Some("placement.required_labels[\"a/b~\"]"));
    }

    #[test]
    fn no_secret_comes_back() {
        let text = include_str!("../../tests/compatibility/1/customization_spec.full.json");
        let kind = DocumentKind::CustomizationSpec;
        let mut spec = AnyDocument::parse(kind, text, ReadMode::Strict).unwrap();
        let report = spec.set("/admin_password", r#"{"plain": "correct-horse-9"}"#).unwrap();
        assert!(report.valid, "{:?}", report.findings);
        assert_eq!(spec.get("/admin_password/plain").unwrap(), Some(&json!(crate::REDACTED)));
        let shown = format!("{spec:?} {:?}", spec.report());
        assert!(!shown.contains("correct-horse"));
        // Writing back what is shown would make that word the password.
        let whole = spec.document().unwrap().to_string();
        assert!(!spec.set("", &whole).unwrap().valid);
    }
}
