//! Reading documents: strictly or leniently, with every fault at its field path.
//!
//! The same three functions serve Rust, Python, C and the command line: [`read`] for a type known at
//! compile time, [`check`] for one named at run time, [`DocumentKind::schema`] for the JSON Schema
//! that both follow. How versions of the form relate is written at
//! [`SCHEMA_VERSION`](crate::model::SCHEMA_VERSION).

mod any;
mod guess;
mod kind;
mod place;
mod structure;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use any::{AnyDocument, POINTER_STEPS_MAX};
pub use kind::{Document, DocumentKind};

use crate::{Finding, Severity, Validate, word::words};

/// The most bytes that a document may have.
pub const DOCUMENT_BYTES_MAX: usize = 64 << 20;

words! {
    /// What becomes of what a reader does not know.
    #[derive(Default)]
    ReadMode "read mode" {
        /// Unknown fields and newer versions are errors.
        #[default]
        Strict "strict",
        /// Unknown fields are dropped and newer versions tried, each with a warning.
        Lenient "lenient",
    }
}

/// What reading a document gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<T> {
    /// The document, unless something in it is an error.
    pub document: Option<T>,
    /// Everything that was noticed: first what is wrong with its structure, then what is wrong with
    /// its values. Values are checked once the structure is sound, but for unknown fields.
    pub findings: Vec<Finding>,
}

/// Reads a document.
///
/// ```
/// use quantix_core::{document::{ReadMode, read}, model::VmSpec};
/// let text = r#"{"cpu": {"cores": 0, "socket": 2}, "memory": {"size_mib": "8GiB"}}"#;
/// let reading = read::<VmSpec>(text, ReadMode::Strict);
/// let shown: Vec<_> = reading.findings.iter().map(|f| f.to_string()).collect();
/// assert_eq!(shown, [
///     "cpu.socket: error: unknown field: did you mean `sockets`? [unknown-field]",
///     "cpu.cores: error: 0: expected 1 to 768 [out-of-range]",
/// ]);
/// ```
#[must_use]
pub fn read<T: Document>(text: &str, mode: ReadMode) -> Reading<T> {
    if text.len() > DOCUMENT_BYTES_MAX {
        let message = format!("{} bytes: expected at most {DOCUMENT_BYTES_MAX}", text.len());
        return refused(vec![Finding::error("document-too-large", message)]);
    }
    // A sound document is parsed once, straight into its type; the walk that finds every structural
    // fault is for the others.
    match serde_json::from_str::<T>(text) {
        Ok(document) => judged(document, Vec::new(), mode),
        Err(error) => read_faulty(text, &error, mode),
    }
}

/// Reads a document that is a JSON value already, as one that was written in YAML is.
#[must_use]
pub fn read_value<T: Document>(value: Value, mode: ReadMode) -> Reading<T> {
    read_structure(value, None, mode)
}

fn read_faulty<T: Document>(text: &str, error: &serde_json::Error, mode: ReadMode) -> Reading<T> {
    let (line, column) = place::of_error(text, error);
    let placed = |code, error: &serde_json::Error| {
        Finding::error(code, place::message(error)).at_position(line, column)
    };
    match serde_json::from_str::<Value>(text) {
        Err(syntax) => {
            let (line, column) = place::of_error(text, &syntax);
            let finding = Finding::error("json-syntax", place::message(&syntax));
            refused(vec![finding.at_position(line, column)])
        }
        Ok(value) => read_structure(value, Some(placed("invalid-document", error)), mode),
    }
}

/// Finds every fault of a value's structure; `otherwise` is what serde said about the text, told when
/// there is no fault in the value.
fn read_structure<T: Document>(
    mut value: Value,
    otherwise: Option<Finding>,
    mode: ReadMode,
) -> Reading<T> {
    let mut findings = structure::check(T::KIND.schema_value(), &mut value, mode);
    let only_unknown_fields = findings.iter().all(|finding| finding.code == "unknown-field");
    if !only_unknown_fields {
        return refused(findings);
    }
    if let (true, Some(otherwise)) = (findings.is_empty(), &otherwise) {
        // A field that is there twice, for one, is no longer seen in a value.
        return refused(vec![otherwise.clone()]);
    }
    match T::deserialize(value) {
        Ok(document) => judged(document, findings, mode),
        Err(error) => {
            findings.push(Finding::error("invalid-document", error.to_string()));
            refused(findings)
        }
    }
}

fn refused<T>(findings: Vec<Finding>) -> Reading<T> {
    Reading { document: None, findings }
}

/// Adds what is wrong with the values of a document whose structure is sound.
fn judged<T: Validate>(document: T, mut findings: Vec<Finding>, mode: ReadMode) -> Reading<T> {
    let mut values = document.findings();
    if mode == ReadMode::Lenient {
        for finding in &mut values {
            if finding.code == "unsupported-version" {
                finding.severity = Severity::Warning;
            }
        }
    }
    findings.append(&mut values);
    let is_sound = !findings.iter().any(Finding::is_error);
    Reading { document: is_sound.then_some(document), findings }
}

/// What [`check`] found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentReport {
    /// The kind of document that it was taken for.
    pub kind: DocumentKind,
    /// Whether nothing in it is an error.
    pub valid: bool,
    /// Everything that was noticed.
    pub findings: Vec<Finding>,
    /// The document as it was understood, with units as numbers, defaults filled in and secrets
    /// redacted; none when it is not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Value>,
}

/// Reads a document of a kind that is named at run time.
#[must_use]
pub fn check(kind: DocumentKind, text: &str, mode: ReadMode) -> DocumentReport {
    kind.visit(Check { kind, input: Input::Text(text), mode })
}

/// Reads a document of a kind that is named at run time and that is a JSON value already, as one that
/// was written in YAML is.
#[must_use]
pub fn check_value(kind: DocumentKind, value: Value, mode: ReadMode) -> DocumentReport {
    kind.visit(Check { kind, input: Input::Value(value), mode })
}

struct Check<'a> {
    kind: DocumentKind,
    input: Input<'a>,
    mode: ReadMode,
}

enum Input<'a> {
    Text(&'a str),
    Value(Value),
}

impl kind::Visitor for Check<'_> {
    type Answer = DocumentReport;

    fn visit<T: Document + Serialize + DeserializeOwned>(self) -> DocumentReport {
        let Reading { document, findings } = match self.input {
            Input::Text(text) => read::<T>(text, self.mode),
            Input::Value(value) => read_value::<T>(value, self.mode),
        };
        let document = document.and_then(|document| serde_json::to_value(document).ok());
        DocumentReport { kind: self.kind, valid: document.is_some(), findings, document }
    }
}
