//! `quantix plan capacity`.

use clap::Args;
use quantix_scheduler::plan::{CapacityReport, CapacityRequest, capacity};

use super::{Documents, show};
use crate::{
    failure::Failure,
    ui::{Answer, Table, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix plan capacity --cluster cluster.yaml
  quantix plan capacity --cluster cluster.yaml --request shapes.json --json

The request file may name `shapes` (each a `vm`, and how many come `per_30_days`) and what machines
used in `history`, for hints about their size. Without shapes the most frequent sizes are counted.")]
pub(crate) struct CapacityArgs {
    #[command(flatten)]
    documents: Documents,
}

impl CapacityArgs {
    pub(super) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let request: CapacityRequest = self.documents.request()?;
        let report = self.documents.plan(|cluster, policy| capacity(cluster, &request, policy))?;
        ui.findings(&report.findings);
        ui.answer(&report, human)?;
        Ok(Answer::Yes)
    }
}

fn human(report: &CapacityReport) -> String {
    let mut table = Table::new(["MACHINE", "FITS", "BY VOLUME", "LOST", "DAYS", "LIMITED BY"]);
    for room in &report.shapes {
        let limits: Vec<String> =
            room.limited_by.iter().map(|(filter, nodes)| format!("{filter} {nodes}")).collect();
        table.row([
            format!("{} millicores, {} MiB", room.cpu_milli.0, room.memory_mib.0),
            room.fits.to_string(),
            room.by_volume.to_string(),
            show::percent(room.fragmented_ppm.into()),
            room.runway_days.map_or_else(|| "-".to_owned(), |days| days.to_string()),
            limits.join(", "),
        ]);
    }
    let mut text = table.render();
    if !report.hints.is_empty() {
        let mut table = Table::new(["VM", "HINT", "HAS", "USES (P95)", "SUGGESTED"]);
        for hint in &report.hints {
            table.row([
                hint.vm.to_string(),
                show::word(&hint.kind),
                hint.has.to_string(),
                hint.p95.to_string(),
                hint.suggested.to_string(),
            ]);
        }
        text.push_str(&table.render());
    }
    text
}
