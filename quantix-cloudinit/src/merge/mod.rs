//! What several cloud-config documents become together: cloud-init's own merge, with a preview of
//! what each document did.
//!
//! Every document says in `merge_how` how it is merged into what came before it. Without it,
//! cloud-init *replaces* whole top-level keys: two documents with `runcmd` run only the second
//! list. That surprise is reported.
//!
//! ```
//! use quantix_cloudinit::merge::{Part, merge};
//! let part = |name: &str, text: &str| Part::parse(name, text.as_bytes());
//! let merged = merge(&[
//!     part("a", "#cloud-config\nruncmd: [a]\n")?,
//!     part("b", "#cloud-config\nruncmd: [b]\nmerge_how: list(append)+dict(recurse_list)\n")?,
//! ]);
//! assert_eq!(merged.text, "#cloud-config\nruncmd:\n  - a\n  - b\n");
//! # Ok::<(), quantix_cloudinit::merge::PartError>(())
//! ```

mod engine;
mod how;

use quantix_core::Finding;
use serde::Serialize;

use crate::{
    diff::{Change, ChangeKind, diff},
    user_data::CLOUD_CONFIG_HEADER,
    yaml::{Map, Value, YamlError, emit_with_header, parse},
};

/// A document to merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What to call it: a file name.
    pub name: String,
    /// What it says.
    pub config: Value,
    /// The `Merge-Type` of a MIME part, used where the document itself has no `merge_how`.
    pub merge_type: Option<String>,
}

/// A text that is no cloud-config.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{name} is not a cloud-config document")]
pub struct PartError {
    name: String,
    source: Option<YamlError>,
}

impl PartError {
    /// The place of the fault, where there is one.
    #[must_use]
    pub fn to_finding(&self) -> Finding {
        match &self.source {
            Some(source) => source.to_finding().at(self.name.clone()),
            None => Finding::error("not-utf8", self.to_string()).at(self.name.clone()),
        }
    }
}

impl Part {
    /// Reads a document. Its header line is a comment and plays no part.
    ///
    /// # Errors
    /// When the bytes are not UTF-8 or not YAML as cloud-init reads it.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, PartError> {
        let error = |source| PartError { name: name.to_owned(), source };
        let text = std::str::from_utf8(bytes).map_err(|_| error(None))?;
        let root = parse(text).map_err(|source| error(Some(source)))?;
        let config = root.map_or(Value::Null, |root| root.to_value());
        Ok(Self { name: name.to_owned(), config, merge_type: None })
    }
}

/// What documents became together: the document of `quantix seed merge`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// The result.
    pub config: Value,
    /// The result as a document.
    pub text: String,
    /// What each document did, in order.
    pub steps: Vec<MergeStep>,
    /// What is wrong or surprising.
    pub findings: Vec<Finding>,
}

/// What one document did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MergeStep {
    /// Its name.
    pub name: String,
    /// How it was merged, in cloud-init's notation.
    pub how: String,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// Merges documents in order, as cloud-init does with the parts of user-data.
///
/// A document that cloud-init would skip with a warning is skipped, with an error among the
/// findings.
#[must_use]
pub fn merge(parts: &[Part]) -> Merged {
    let mut config = Value::Map(Map::new());
    let (mut steps, mut findings) = (Vec::new(), Vec::new());
    for part in parts {
        let mut payload = part.config.clone();
        let merged = how::extract(&mut payload, part.merge_type.as_deref())
            .and_then(|how| Ok((engine::merge(&how, &config, &payload)?, how)));
        match merged {
            Err(problem) => {
                let message = format!("cloud-init skips this document: {problem}");
                findings.push(Finding::error("skipped", message).at(part.name.clone()));
            }
            Ok((next, how)) => {
                let changes = diff(&config, &next);
                findings.extend(lost_lists(&part.name, &changes, &config, &payload, &next));
                steps.push(MergeStep { name: part.name.clone(), how: how.to_string(), changes });
                config = next;
            }
        }
    }
    let text = match emit_with_header(CLOUD_CONFIG_HEADER, &config) {
        Ok(text) => text,
        Err(error) => {
            findings.push(Finding::error("too-deep", error.to_string()));
            String::new()
        }
    };
    Merged { config, text, steps, findings }
}

/// Lists that people expect to add up, and that were thrown away instead.
fn lost_lists(
    name: &str,
    changes: &[Change],
    before: &Value,
    payload: &Value,
    after: &Value,
) -> Vec<Finding> {
    const LISTS: &[&str] =
        &["runcmd", "bootcmd", "packages", "users", "write_files", "ssh_authorized_keys", "mounts"];
    let mut findings = Vec::new();
    for key in LISTS {
        let (old, new) =
            (before.get(key).and_then(Value::as_seq), payload.get(key).and_then(Value::as_seq));
        let (Some(old), Some(new)) = (old, new) else { continue };
        let kept = after.get(key).and_then(Value::as_seq).unwrap_or_default();
        let has_change = changes
            .iter()
            .any(|c| c.kind != ChangeKind::Added && c.path.split('.').next() == Some(key));
        let message = if has_change && !old.iter().all(|item| kept.contains(item)) {
            format!("{key} of earlier documents is lost")
        } else if !new.iter().all(|item| kept.contains(item)) {
            format!("{key} of this document is ignored")
        } else {
            continue;
        };
        let message = format!("{message}; add merge_how: list(append)+dict(recurse_list)");
        findings.push(Finding::warning("list-lost", message).at(name));
    }
    findings
}
