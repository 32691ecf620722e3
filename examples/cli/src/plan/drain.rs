//! `quantix plan drain`.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use quantix_core::NodeKey;
use quantix_scheduler::plan::{DrainOrder, DrainPlan, DrainRequest, drain};

use super::{Documents, show};
use crate::{
    failure::Failure,
    ui::{Answer, BAD, GOOD, Ui, styled},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix plan drain --cluster cluster.yaml --nodes n1
  quantix plan drain --cluster cluster.yaml --racks r7 --cold
  quantix plan drain --cluster cluster.yaml --rolling nodes --json

A request file may also give `limits` (concurrent, per_node, link_mib_per_second, downtime_ms) and
facts by machine in `vms` (memory_used_mib, dirty_mib_per_second, migration, why). Moves of one step
may run at the same time; the next step begins when they are done. Exit code 1: something stays.")]
pub(crate) struct DrainArgs {
    #[command(flatten)]
    documents: Documents,
    /// The nodes, separated by commas.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    nodes: Vec<NodeKey>,
    /// All nodes with these values of the label `rack`.
    #[arg(long, value_name = "RACK", value_delimiter = ',')]
    racks: Vec<String>,
    /// One after the other, each ready again before the next; all nodes when none are named.
    #[arg(long, value_enum)]
    rolling: Option<Rolling>,
    /// Machines that cannot move live may be stopped and started elsewhere.
    #[arg(long)]
    cold: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Rolling {
    /// Node after node.
    Nodes,
    /// Rack after rack.
    Racks,
}

impl DrainArgs {
    pub(super) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let mut request: DrainRequest = self.documents.request()?;
        request.nodes.extend(self.nodes);
        request.racks.extend(self.racks);
        request.cold |= self.cold;
        match self.rolling {
            None => {}
            Some(Rolling::Nodes) => request.order = DrainOrder::RollingNodes,
            Some(Rolling::Racks) => request.order = DrainOrder::RollingRacks,
        }
        let plan = self.documents.plan(|cluster, policy| drain(cluster, &request, policy))?;
        ui.findings(&plan.findings);
        ui.answer(&plan, human)?;
        Ok(Answer::yes_if(plan.complete))
    }
}

fn human(plan: &DrainPlan) -> String {
    let mut text = String::new();
    show::moves(&mut text, &plan.moves);
    show::blocked(&mut text, &plan.blocked);
    text.push('\n');
    for (number, stage) in (1u32..).zip(&plan.stages) {
        let nodes: Vec<String> = stage.nodes.iter().map(ToString::to_string).collect();
        let state = if stage.complete { styled(GOOD, "empty") } else { styled(BAD, "not empty") };
        let _ = writeln!(
            text,
            "{number}. {}: {state}, {} moves to {} nodes in {} steps, {} MiB, {}",
            nodes.join(", "),
            stage.moves,
            stage.targets,
            stage.steps,
            stage.copied_mib,
            show::duration(stage.millis)
        );
    }
    show::pictures(&mut text, &plan.before, &plan.after);
    if !plan.return_moves.is_empty() {
        text.push_str("\nback again:\n");
        show::moves(&mut text, &plan.return_moves);
    }
    text
}
