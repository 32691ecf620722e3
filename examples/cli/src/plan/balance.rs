//! `quantix plan balance`.

use std::fmt::Write as _;

use clap::Args;
use quantix_scheduler::plan::{BalanceMode, BalancePlan, BalanceRequest, Stopped, balance};

use super::{Documents, show};
use crate::{
    failure::Failure,
    ui::{Answer, Table, Ui},
};

/// How many nodes the text shows; `--json` has more.
const NODES_SHOWN: usize = 10;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix plan balance --cluster cluster.yaml --request demand.json
  quantix plan balance --cluster cluster.yaml --request demand.json --level 3 --save-power --json

The request file holds what machines used in `history` (`cpu_milli` and `memory_mib`: lists of
samples by machine, the newest last), and may set window, threshold_ppm, price_milli_per_gib, budget,
automation, hold_seconds, limits and facts by machine. Exit code 1: a rule stays broken.")]
pub(crate) struct BalanceArgs {
    #[command(flatten)]
    documents: Documents,
    /// 1 mends rules only; 5 makes every move that is worth its price.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=5))]
    level: Option<u8>,
    /// Also free nodes that are not needed.
    #[arg(long)]
    save_power: bool,
}

impl BalanceArgs {
    pub(super) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let mut request: BalanceRequest = self.documents.request()?;
        request.level = self.level.unwrap_or(request.level);
        if self.save_power {
            request.mode = BalanceMode::SavePower;
        }
        let plan = self.documents.plan(|cluster, policy| balance(cluster, &request, policy))?;
        ui.findings(&plan.findings);
        ui.answer(&plan, human)?;
        Ok(Answer::yes_if(plan.after.violations.is_empty()))
    }
}

fn human(plan: &BalancePlan) -> String {
    let mut text = String::new();
    for (nodes, what) in [(&plan.wake, "wake first"), (&plan.stand_by, "may stand by then")] {
        if !nodes.is_empty() {
            let names: Vec<String> = nodes.iter().map(ToString::to_string).collect();
            let _ = writeln!(text, "{what}: {}", names.join(", "));
        }
    }
    show::moves(&mut text, &plan.moves);
    show::blocked(&mut text, &plan.blocked);
    let end = match plan.stopped {
        Stopped::FixedPoint => "no further move is worth its price",
        Stopped::Budget => "the budget ended the search",
    };
    let _ = writeln!(
        text,
        "{} moves in {} steps, {} MiB, {}; {end}",
        plan.stage.moves,
        plan.stage.steps,
        plan.stage.copied_mib,
        show::duration(plan.stage.millis)
    );
    let mut table = Table::new(["NODE", "MEAN", "AFTER", "P95", "AFTER"]);
    for node in plan.nodes.iter().take(NODES_SHOWN) {
        table.row([
            node.node.to_string(),
            show::percent(node.before.mean_ppm),
            show::percent(node.after.mean_ppm),
            show::percent(node.before.p95_ppm),
            show::percent(node.after.p95_ppm),
        ]);
    }
    text.push_str(&table.render());
    show::pictures(&mut text, &plan.before, &plan.after);
    text
}
