//! `quantix document`: documents of the model, whatever their kind.

use std::{fmt::Write as _, path::PathBuf};

use clap::{Args, Subcommand};
use quantix_core::document::{DocumentKind, DocumentReport, ReadMode, check, check_value};
use serde_json::Value;

use crate::{
    failure::Failure,
    input,
    ui::{Answer, BAD, GOOD, Ui, finding_line, styled},
};

#[derive(Debug, Subcommand)]
pub(crate) enum DocumentCommand {
    /// Tell every fault of a document, with its place.
    Check(CheckArgs),
    /// Print the JSON Schema of a kind of document.
    #[command(after_help = "Example:\n  quantix document schema vm_spec > vm_spec.schema.json")]
    Schema {
        /// The kind, one of `quantix document kinds`.
        kind: String,
    },
    /// List the kinds of documents.
    #[command(after_help = "Example:\n  quantix document kinds --json")]
    Kinds,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix document check web.json
  quantix document check web.yaml --kind vm_spec
  quantix document check inventory.json --lenient --json

The kind is seen by the document's fields where it is left out and only one is likely. With --json
the answer is {kind, valid, findings, document}: the document with units as numbers, defaults filled
in and secrets redacted. Exit code 1: it is not valid.")]
pub(crate) struct CheckArgs {
    /// The document, JSON or YAML; `-` reads standard input.
    file: PathBuf,
    /// What it is, one of `quantix document kinds`.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Drop unknown fields and try newer versions, each with a warning.
    #[arg(long)]
    lenient: bool,
}

impl DocumentCommand {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        match self {
            Self::Check(args) => args.run(ui),
            Self::Schema { kind } => {
                ui.text(named(&kind)?.schema())?;
                Ok(Answer::Yes)
            }
            Self::Kinds => {
                ui.answer(&DocumentKind::ALL, |kinds| lines(kinds))?;
                Ok(Answer::Yes)
            }
        }
    }
}

impl CheckArgs {
    fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let kind = self.kind.as_deref().map(named).transpose()?;
        let mode = if self.lenient { ReadMode::Lenient } else { ReadMode::Strict };
        let name = self.file.display().to_string();
        let bytes = input::read(&self.file)?;
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let is_json = text.trim_start().starts_with(['{', '[']);
        let report = match kind {
            // Only the text shows where its syntax is wrong, and what is in it twice.
            Some(kind) if is_json => check(kind, text, mode),
            _ => {
                let value: Value = input::parse(&bytes, &name, "document")?;
                let kind = kind.map_or_else(|| likely(&name, &value), Ok)?;
                if is_json { check(kind, text, mode) } else { check_value(kind, value, mode) }
            }
        };
        ui.answer(&report, |report| human(&name, report))?;
        Ok(Answer::yes_if(report.valid))
    }
}

fn named(kind: &str) -> Result<DocumentKind, Failure> {
    kind.parse().map_err(|error: quantix_core::WordError| Failure::input(error.to_string()))
}

/// The kind that a document is by its fields.
fn likely(name: &str, value: &Value) -> Result<DocumentKind, Failure> {
    let hint = "name its kind with --kind; `quantix document kinds` lists them";
    match DocumentKind::likely(value).as_slice() {
        [kind] => Ok(*kind),
        [] => Err(Failure::input(format!("{name} looks like no kind of document")).hint(hint)),
        several => {
            let kinds: Vec<_> = several.iter().map(ToString::to_string).collect();
            let message = format!("{name} may be any of {}", kinds.join(", "));
            Err(Failure::input(message).hint(hint))
        }
    }
}

fn human(name: &str, report: &DocumentReport) -> String {
    let verdict = if report.valid { styled(GOOD, "valid") } else { styled(BAD, "not valid") };
    let mut text = format!("{name}: {}, {verdict}\n", report.kind);
    for finding in &report.findings {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {}", finding_line(finding));
    }
    text
}

fn lines(kinds: &[DocumentKind]) -> String {
    kinds.iter().map(|kind| format!("{kind}\n")).collect()
}
