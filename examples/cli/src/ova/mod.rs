//! `quantix ova`: appliances.

mod convert;
mod create;
mod diff;
mod edit;
mod explain;
mod inspect;
mod repair;
mod sign;
mod trust;
mod verify;
mod watch;

use std::path::Path;

use clap::Subcommand;
use quantix_core::Finding;
use quantix_ova::{
    package::{Package, PackageError},
    remote,
};

pub(crate) use self::{convert::convert_failure, explain::pair, watch::Bar};
use crate::{
    failure::Failure,
    ui::{Answer, Ui},
};

/// What to do with an appliance.
#[derive(Debug, Subcommand)]
pub(crate) enum OvaCommand {
    /// Tell what an appliance is, from its descriptor alone.
    Inspect(inspect::InspectArgs),
    /// Tell what becomes of each part of an appliance, and why.
    Explain(explain::ExplainArgs),
    /// Tell how two appliances differ in what they mean.
    Diff(diff::DiffArgs),
    /// Tell what other tools refuse about an appliance.
    Diagnose(repair::DiagnoseArgs),
    /// Write an appliance again without what other tools refuse.
    Repair(repair::RepairArgs),
    /// Write an appliance with its descriptor edited by as little as possible.
    Edit(edit::EditArgs),
    /// Check every file against the manifest.
    Verify(verify::VerifyArgs),
    /// Turn the disks into qcow2 or raw files, checking digests in the same pass.
    Convert(convert::ConvertArgs),
    /// Copy what overlays of `convert --instant` still read from the appliance.
    Pull(convert::PullArgs),
    /// Make an OVA from a description and disks.
    Create(create::CreateArgs),
    /// Write an appliance with its manifest signed.
    Sign(sign::SignArgs),
}

impl OvaCommand {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        match self {
            Self::Inspect(args) => args.run(ui),
            Self::Explain(args) => args.run(ui),
            Self::Diff(args) => args.run(ui),
            Self::Diagnose(args) => args.run(ui),
            Self::Repair(args) => args.run(ui),
            Self::Edit(args) => args.run(ui),
            Self::Verify(args) => args.run(ui),
            Self::Convert(args) => args.run(ui),
            Self::Pull(args) => args.run(ui),
            Self::Create(args) => args.run(ui),
            Self::Sign(args) => args.run(ui),
        }
    }
}

/// Opens the package at a path or an address; `-` is standard input.
pub(crate) fn open(path: &Path) -> Result<Package, Failure> {
    let package = match path == Path::new("-") {
        true => Package::from_reader(std::io::stdin().lock(), path),
        false => remote::open_place(path),
    };
    package.map_err(package_failure)
}

/// Whose fault it is that nothing was written.
#[derive(Debug, Clone, Copy)]
enum Blame {
    Cancelled,
    Environment,
    Input,
}

impl Blame {
    fn of(is_cancelled: bool, is_target: bool) -> Self {
        match (is_cancelled, is_target) {
            (true, _) => Self::Cancelled,
            (false, true) => Self::Environment,
            (false, false) => Self::Input,
        }
    }
}

/// Why nothing was written, with its cause and what is wrong with the input.
fn unwritten(error: &dyn std::error::Error, blame: Blame, findings: &[Finding]) -> Failure {
    let failure = match blame {
        Blame::Cancelled => return Failure::environment("cancelled; nothing was left behind"),
        Blame::Environment => Failure::environment(error.to_string()),
        Blame::Input => Failure::input(error.to_string()).with_findings(findings.to_vec()),
    };
    match error.source() {
        Some(cause) => failure.because(cause.to_string()),
        None => failure,
    }
}

/// A package that cannot be opened or read is bad input.
pub(crate) fn package_failure(error: PackageError) -> Failure {
    if error.is_cancelled() {
        return Failure::environment("cancelled");
    }
    let failure = Failure::input(error.to_string());
    match std::error::Error::source(&error) {
        Some(cause) => failure.because(cause.to_string()),
        None => failure,
    }
}
