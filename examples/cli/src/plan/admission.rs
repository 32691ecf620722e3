//! `quantix plan admission`.

use std::fmt::Write as _;

use clap::Args;
use quantix_core::NodeKey;
use quantix_scheduler::plan::{AdmissionReport, AdmissionRequest, admission};

use super::Documents;
use crate::{
    failure::Failure,
    ui::{Answer, BAD, DIM, GOOD, Ui, styled},
};

/// How many machines the text names per set; `--json` has all.
const MACHINES_SHOWN: usize = 8;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix plan admission --cluster cluster.yaml
  quantix plan admission --cluster cluster.yaml --failures 2
  quantix plan admission --cluster cluster.yaml --lose n1,n2 --lose n3 --json

A request file may also choose a `method` (exact, slots, percentage, dedicated). Exit code 1: some
machines would not restart.")]
pub(crate) struct AdmissionArgs {
    #[command(flatten)]
    documents: Documents,
    /// How many nodes fail at a time.
    #[arg(long)]
    failures: Option<u32>,
    /// Whole racks fail.
    #[arg(long)]
    racks: bool,
    /// Nodes that fail together, separated by commas; may be given several times.
    #[arg(long, value_name = "IDS")]
    lose: Vec<String>,
}

impl AdmissionArgs {
    pub(super) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let mut request: AdmissionRequest = self.documents.request()?;
        request.failures = self.failures.unwrap_or(request.failures);
        request.racks |= self.racks;
        for set in &self.lose {
            let nodes: Result<Vec<NodeKey>, _> = set.split(',').map(str::parse).collect();
            let failure = |error| Failure::input(format!("--lose {set}")).because(error);
            request.lose.push(nodes.map_err(failure)?);
        }
        let report = self.documents.plan(|cluster, policy| admission(cluster, &request, policy))?;
        ui.findings(&report.findings);
        ui.answer(&report, human)?;
        Ok(Answer::yes_if(report.admitted))
    }
}

fn human(report: &AdmissionReport) -> String {
    let verdict = if report.admitted { styled(GOOD, "yes") } else { styled(BAD, "no") };
    let mut text = format!("{verdict}: {}\n", report.message);
    for set in &report.not_tolerated {
        let nodes: Vec<&str> = set.nodes.iter().map(NodeKey::as_str).collect();
        let vms: Vec<&str> =
            set.not_restarted.iter().take(MACHINES_SHOWN).map(|vm| vm.as_str()).collect();
        let more = match set.not_restarted.len().saturating_sub(MACHINES_SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let sure = if set.proven { "" } else { " (no way was found)" };
        let _ = writeln!(text, "{}: {}{more}{sure}", nodes.join(", "), vms.join(", "));
    }
    if !report.exhaustive {
        let note = "not every set was tried: there are too many, the heaviest were";
        let _ = writeln!(text, "{}", styled(DIM, note));
    }
    text
}
