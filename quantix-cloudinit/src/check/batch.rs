//! Many documents, one JSON line each.

use quantix_core::Finding;
use serde::{Deserialize, Serialize};

use super::{CheckOptions, CheckReport, DocumentKind, check_config, check_document};
use crate::yaml::Value;

/// The answer to one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchAnswer {
    /// The id of the question, as it was.
    pub id: serde_json::Value,
    /// The report.
    #[serde(flatten)]
    pub report: CheckReport,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    #[serde(default)]
    id: serde_json::Value,
    kind: Option<String>,
    text: Option<String>,
    config: Option<Value>,
}

/// Answers `{"id","kind","text"}` or `{"id","kind","config"}`.
///
/// A line that is neither gets an answer with the fault `bad-request`, so that answers and
/// questions stay side by side.
#[must_use]
pub fn check_batch_line(line: &str, options: &CheckOptions) -> BatchAnswer {
    let question: Question = match serde_json::from_str(line) {
        Ok(question) => question,
        Err(error) => {
            let id = serde_json::from_str(line)
                .ok()
                .and_then(|json: serde_json::Value| json.get("id").cloned())
                .unwrap_or_default();
            return refuse(id, options, error.to_string());
        }
    };
    let options = match &question.kind {
        None => options.clone(),
        Some(kind) => match options.clone().with_kind(kind) {
            Ok(options) => options,
            Err(error) => return refuse(question.id, options, error.to_string()),
        },
    };
    let report = match (question.text, question.config) {
        (Some(text), None) => check_document(text.as_bytes(), &options),
        (None, Some(config)) => check_config(&config, &options),
        _ => {
            let problem = "expected either text or config".to_owned();
            return refuse(question.id, &options, problem);
        }
    };
    BatchAnswer { id: question.id, report }
}

fn refuse(id: serde_json::Value, options: &CheckOptions, problem: String) -> BatchAnswer {
    let mut report = CheckReport::new(options.kind.unwrap_or(DocumentKind::UserData));
    let message = format!(
        "{problem}: a line is {{\"id\",\"kind\",\"text\"}} or {{\"id\",\"kind\",\"config\"}}"
    );
    report.faults.push(Finding::error("bad-request", message));
    BatchAnswer { id, report: report.finish() }
}
