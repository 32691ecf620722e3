//! `quantix ova verify`.

use std::{num::NonZeroUsize, path::PathBuf, thread};

use clap::Args;
use quantix_ova::{
    manifest::{FileState, Verification, verify},
    package::Package,
};

use super::{package_failure, watch::Bar};
use crate::{
    failure::Failure,
    ui::{Answer, BAD, BOLD, DOUBT, GOOD, Table, Ui, styled},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix ova verify appliance.ova
  quantix ova verify --json appliance.ova | jq -r '.files[] | select(.status != \"ok\") | .name'
  quantix ova verify folder/appliance.ovf

Exit code 0: a manifest lists every file and every digest is right. 1: it does not, or there is no
manifest. Status of a file: ok, mismatch, missing (listed, not there), wrong_case (there under
other letters), extra (there, not listed).")]
pub(crate) struct VerifyArgs {
    /// The OVA, the OVF descriptor, or the folder with one.
    path: PathBuf,
}

impl VerifyArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let package = Package::open(&self.path).map_err(package_failure)?;
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let bar = Bar::new(ui, "verifying");
        let answer = verify(&package, threads, &bar).map_err(package_failure)?;
        drop(bar);
        ui.findings(&answer.findings);
        ui.answer(&answer, table)?;
        Ok(Answer::yes_if(answer.ok))
    }
}

fn table(answer: &Verification) -> String {
    let mut table = Table::new(["file", "status", "algorithm"]);
    for file in &answer.files {
        let (style, word) = match file.status {
            FileState::Ok => (GOOD, "ok"),
            FileState::Mismatch => (BAD, "mismatch"),
            FileState::Missing => (BAD, "missing"),
            FileState::WrongCase => (BAD, "wrong case"),
            FileState::Extra => (DOUBT, "not listed"),
        };
        let algorithm = file.algorithm.map_or("", |algorithm| algorithm.name());
        table.row([file.name.clone(), styled(style, word), algorithm.to_owned()]);
    }
    let verdict = match answer.ok {
        true => styled(GOOD, "everything is as the manifest says"),
        false => styled(BAD, "not verified"),
    };
    format!("{}{}\n", table.render(), styled(BOLD, verdict))
}
