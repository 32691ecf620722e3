//! What a document makes the guest do, and what a change to it triggers.
//!
//! ```
//! use quantix_cloudinit::explain::{SeedSet, compare};
//! let seed = |id: &str| SeedSet {
//!     user_data: Some(b"#cloud-config\nruncmd: [reboot]\n".to_vec()),
//!     meta_data: Some(format!("instance-id: {id}\n").into_bytes()),
//!     ..SeedSet::default()
//! };
//! let report = compare(&seed("a"), &seed("b"));
//! assert!(report.consequences.iter().any(|c| c.code == "runs-again"));
//! ```

mod compare;
mod describe;
mod modules;

use quantix_core::Finding;
use serde::Serialize;

pub use compare::{DocumentChange, InstanceIds, SeedDiff, SeedSet, compare};
pub use modules::{Frequency, Module, Stage, module_of};

use crate::{
    check::{CheckOptions, DocumentKind, check_document},
    yaml::{Map, Value, parse_value},
};

/// What a document makes the guest do: the document of `quantix seed explain`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What the document was taken for.
    pub kind: DocumentKind,
    /// Whether the newest cloud-init accepts it.
    pub valid: bool,
    /// What happens, in the order in which it happens.
    pub steps: Vec<ExplainedStep>,
    /// What is wrong or doubtful about it.
    pub findings: Vec<Finding>,
}

/// One thing that the guest does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedStep {
    /// The key of the document that asks for it.
    pub key: String,
    /// The module of cloud-init that does it.
    pub module: &'static str,
    /// When in a boot.
    pub stage: Stage,
    /// On which boots.
    pub frequency: Frequency,
    /// What is done, in a sentence.
    pub text: String,
}

/// Tells what a cloud-config document, meta-data or a network configuration makes the guest do.
#[must_use]
pub fn explain(bytes: &[u8], options: &CheckOptions) -> Explanation {
    let report = check_document(bytes, options);
    let mut findings = report.faults;
    findings.extend(report.deprecations);
    findings.extend(report.lint);
    let value = std::str::from_utf8(bytes).ok().and_then(|text| parse_value(text).ok().flatten());
    let value = value.unwrap_or(Value::Null);
    let entries = value.as_map().into_iter().flat_map(Map::iter);
    let mut steps: Vec<ExplainedStep> = match report.kind {
        DocumentKind::UserData | DocumentKind::VendorData => {
            entries.filter_map(|(key, value)| step(&key.key_text(), value)).collect()
        }
        DocumentKind::MetaData => describe::meta_data(&value),
        DocumentKind::NetworkConfig => describe::network(&value),
        // They tell other programs what to do; what is wrong with them is told all the same.
        DocumentKind::Butane | DocumentKind::Unattend => Vec::new(),
    };
    steps.sort_by_key(|step| (step.stage, modules::rank(&step.key)));
    Explanation { kind: report.kind, valid: report.valid, steps, findings }
}

fn step(key: &str, value: &Value) -> Option<ExplainedStep> {
    let module = module_of(key)?;
    let text = describe::user_data(key, value);
    let (stage, frequency) = (module.stage, module.frequency);
    Some(ExplainedStep { key: key.to_owned(), module: module.name, stage, frequency, text })
}
