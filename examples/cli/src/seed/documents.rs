//! `quantix seed diff`, `seed merge` and `seed explain`.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;
use quantix_cloudinit::{
    check::{CheckOptions, DocumentKind, check_document},
    diff::ChangeKind,
    explain::{Explanation, SeedDiff, SeedSet, compare, explain},
    merge::{Merged, Part, merge},
};
use quantix_core::Finding;

use crate::{
    failure::Failure,
    input,
    ui::{Answer, DIM, Ui, finding_line, styled},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix seed diff old/user-data new/user-data
  quantix seed diff old-seed/ new-seed/ --json

A and B are two documents of one kind, or two folders with user-data, meta-data, vendor-data and
network-config. The answer lists every change and what it triggers in a guest that has booted with
A: {\"changes\":[{\"document\",\"path\",\"change\",\"before\",\"after\"}],\"instance_id\":{\"before\",\"after\",
\"changed\"},\"consequences\":[...]}. Secrets are shown as <redacted>.")]
pub(crate) struct DiffArgs {
    /// What the guest has booted with.
    a: PathBuf,
    /// What it would boot with.
    b: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix seed merge vendor.yaml user.yaml > merged.yaml
  quantix seed merge base.yaml site.yaml --json

Documents are merged in order, each as its merge_how says, as cloud-init does. The answer shows
the result and what each document did: {\"config\",\"text\",\"steps\":[{\"name\",\"how\",\"changes\"}],
\"findings\":[...]}. Exit code 1: cloud-init would skip a document.")]
pub(crate) struct MergeArgs {
    /// The documents, in order.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  quantix seed explain user-data

The answer tells what happens, in order, on which boots: {\"kind\",\"valid\",\"steps\":[{\"key\",\"module\",
\"stage\",\"frequency\",\"text\"}],\"findings\":[...]}. Exit code 1: cloud-init refuses the document.")]
pub(crate) struct ExplainArgs {
    /// The document; `-` reads standard input.
    file: PathBuf,
    /// What it is; detected where left out.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
}

impl DiffArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (before, after) = if self.a.is_dir() && self.b.is_dir() {
            (folder(&self.a)?, folder(&self.b)?)
        } else {
            let (a, b) = (input::read(&self.a)?, input::read(&self.b)?);
            let kind = check_document(&b, &CheckOptions::default()).kind;
            (single(kind, a), single(kind, b))
        };
        let report = compare(&before, &after);
        ui.answer(&report, human_diff)?;
        Ok(Answer::Yes)
    }
}

/// The documents of a folder.
fn folder(path: &Path) -> Result<SeedSet, Failure> {
    let read = |name: &str| {
        let file = path.join(name);
        if file.exists() { input::read(&file).map(Some) } else { Ok(None) }
    };
    let seed = SeedSet {
        user_data: read("user-data")?,
        meta_data: read("meta-data")?,
        vendor_data: read("vendor-data")?,
        network_config: read("network-config")?,
    };
    if seed == SeedSet::default() {
        let message = format!("{} holds no document of a seed", path.display());
        return Err(Failure::input(message).hint("expected user-data, meta-data, …"));
    }
    Ok(seed)
}

fn single(kind: DocumentKind, bytes: Vec<u8>) -> SeedSet {
    let mut seed = SeedSet::default();
    seed.put(kind, bytes);
    seed
}

impl MergeArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let mut parts = Vec::new();
        for file in &self.files {
            let name = file.display().to_string();
            let part = Part::parse(&name, &input::read(file)?).map_err(|error| {
                Failure::input(format!("{name} is not a cloud-config document"))
                    .with_findings(vec![error.to_finding()])
            })?;
            parts.push(part);
        }
        let merged = merge(&parts);
        ui.findings(&merged.findings);
        ui.answer(&merged, |merged: &Merged| merged.text.clone())?;
        Ok(Answer::yes_if(!merged.findings.iter().any(Finding::is_error)))
    }
}

impl ExplainArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let options = CheckOptions::named(self.kind.as_deref(), None, None)
            .map_err(|error| Failure::input(error.to_string()))?;
        let explanation = explain(&input::read(&self.file)?, &options);
        ui.findings(&explanation.findings);
        ui.answer(&explanation, human_explanation)?;
        Ok(Answer::yes_if(explanation.valid))
    }
}

fn human_diff(report: &SeedDiff) -> String {
    let mut text = String::new();
    if report.changes.is_empty() {
        text.push_str("no changes\n");
    }
    for change in &report.changes {
        let sign = match change.change.kind {
            ChangeKind::Added => '+',
            ChangeKind::Removed => '-',
            ChangeKind::Changed => '~',
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{sign} {} {}", change.document, change.change.path);
    }
    for finding in &report.consequences {
        let _ = writeln!(text, "  {}", finding_line(finding));
    }
    text
}

fn human_explanation(explanation: &Explanation) -> String {
    let mut text = String::new();
    for step in &explanation.steps {
        let when = format!("{:?}, {:?}", step.stage, step.frequency).to_lowercase();
        let when = styled(DIM, format_args!("({when}: {})", step.module));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} {when}", step.text);
    }
    text
}
