//! `quantix ova verify`.

use std::path::PathBuf;

use clap::Args;
use quantix_ova::manifest::{
    CertificateState, FileState, Verification, VerifyOptions, verify_trusting,
};

use super::{
    open, package_failure,
    trust::{TrustArgs, Trusted},
    watch::Bar,
};
use crate::{
    failure::Failure,
    ui::{Answer, BAD, BOLD, DOUBT, GOOD, Table, Ui, styled},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix ova verify appliance.ova
  quantix ova verify --json appliance.ova | jq -r '.files[] | select(.status != \"ok\") | .name'
  quantix ova verify folder/appliance.ovf
  quantix ova verify --roots vendor-ca.pem appliance.ova

Exit code 0: a manifest lists every file and every digest is right. 1: it does not, or there is no
manifest. Status of a file: ok, mismatch, missing (listed, not there), wrong_case (there under
other letters), extra (there, not listed). Certificate: absent, valid (it leads to one of --roots),
untrusted (right, but it does not), expired, invalid. With --roots, only valid is 0.")]
pub(crate) struct VerifyArgs {
    /// The OVA (a path, `-` for standard input, or an address), the OVF descriptor, or its folder.
    path: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
}

impl VerifyArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let package = open(&self.path)?;
        let Trusted { roots, allow_sha1, at } = self.trust.read()?;
        let options = VerifyOptions { threads: None, roots, allow_sha1, at };
        let trust = options.trust().map_err(|error| Failure::input("--roots").because(error))?;
        let bar = Bar::new(ui, "verifying");
        let answer = verify_trusting(&package, &trust, options.thread_count(), &bar);
        let answer = answer.map_err(package_failure)?;
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
    let (style, word) = match answer.certificate {
        CertificateState::Absent => (DOUBT, "not signed"),
        CertificateState::Valid => (GOOD, "signed by someone trusted"),
        CertificateState::Untrusted => (DOUBT, "signed, by nobody who is trusted"),
        CertificateState::Expired => (BAD, "signed, but the certificate is out of date"),
        CertificateState::Invalid => (BAD, "the signature is wrong"),
    };
    let signer = answer.signature.as_ref().map_or(String::new(), |s| format!(": {}", s.subject));
    let (files, verdict) = (table.render(), styled(BOLD, verdict));
    format!("{files}{}{signer}\n{verdict}\n", styled(style, word))
}
