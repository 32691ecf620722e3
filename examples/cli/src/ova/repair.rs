//! `quantix ova diagnose` and `quantix ova repair`.

use std::path::PathBuf;

use clap::Args;
use quantix_ova::repair::{Diagnosis, Objection, Repaired, Tool, repair};

use super::{Blame, open, unwritten, watch::Bar};
use crate::{
    failure::Failure,
    ui::{Answer, DOUBT, GOOD, Ui, styled},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix ova diagnose appliance.ova
  quantix ova diagnose --json appliance.ova | jq '.objections[] | select(.tools[] == \"vcenter\")'

Tells which of ovftool, vCenter, VirtualBox, virt-v2v and Proxmox VE refuse the package or read it
wrongly, and whether `quantix ova repair` mends that. The JSON document is
{\"objections\":[{\"code\",\"tools\",\"message\",\"repairable\",\"path\",\"line\",\"column\"}]}. Exit code 0:
none is known. 1: there are some.")]
pub(crate) struct DiagnoseArgs {
    /// The OVA (a path, `-` for standard input, or an address), the OVF descriptor, or its folder.
    path: PathBuf,
}

impl DiagnoseArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let package = open(&self.path)?;
        let answer = Diagnosis::of(&package);
        ui.answer(&answer, |answer| match answer.objections.as_slice() {
            [] => format!("{}\n", styled(GOOD, "no tool is known to object")),
            some => objections(some),
        })?;
        Ok(Answer::yes_if(answer.objections.is_empty()))
    }
}

fn objections(list: &[Objection]) -> String {
    let mut text = String::new();
    for objection in list {
        let tools: Vec<&str> = objection.tools.iter().map(|tool| name(*tool)).collect();
        let place = match (&objection.path, objection.line) {
            (Some(path), Some(line)) => format!("{path}:{line}: "),
            (Some(path), None) => format!("{path}: "),
            (None, Some(line)) => format!("line {line}: "),
            (None, None) => String::new(),
        };
        let mend = if objection.repairable { " (repair mends it)" } else { "" };
        let tools = styled(DOUBT, tools.join(", "));
        text.push_str(&format!("{tools}: {place}{}{mend}\n", objection.message));
    }
    text
}

fn name(tool: Tool) -> &'static str {
    match tool {
        Tool::Ovftool => "ovftool",
        Tool::Vcenter => "vCenter",
        Tool::Virtualbox => "VirtualBox",
        Tool::VirtV2v => "virt-v2v",
        Tool::Proxmox => "Proxmox VE",
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix ova repair appliance.ova --to fixed.ova
  quantix ova repair folder --to fixed.ova --json | jq '.repairs[].code'

Writes the package again without what other tools refuse: the descriptor first and edited by as
little as possible, sizes as they are, a SHA-256 manifest, nothing after the end of a
stream-optimized disk. A signature does not fit the new manifest and is left out. The JSON document
is {\"path\",\"bytes\",\"repairs\",\"remaining\"}. Exit code 0: nothing remains that a tool is known to
refuse. 1: written, but some of that cannot be mended.")]
pub(crate) struct RepairArgs {
    /// The OVA (a path, `-` for standard input, or an address), the OVF descriptor, or its folder.
    path: PathBuf,
    /// The OVA to write.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

impl RepairArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let package = open(&self.path)?;
        let bar = Bar::new(ui, "repairing");
        let answer = repair(&package, &self.to, &bar);
        drop(bar);
        let answer = answer.map_err(|error| {
            let blame = Blame::of(error.is_cancelled(), error.is_target());
            unwritten(&error, blame, &[])
        })?;
        ui.answer(&answer, describe)?;
        Ok(Answer::yes_if(answer.remaining.is_empty()))
    }
}

fn describe(answer: &Repaired) -> String {
    let mut text = String::new();
    for repair in &answer.repairs {
        text.push_str(&format!("{} {}\n", styled(GOOD, "mended:"), repair.message));
    }
    if !answer.remaining.is_empty() {
        text.push_str(&format!("{}\n", styled(DOUBT, "what remains:")));
        text.push_str(&objections(&answer.remaining));
    }
    text + &format!("{}\n", answer.path.display())
}
