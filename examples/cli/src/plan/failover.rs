//! `quantix plan failover`.

use std::fmt::Write as _;

use clap::Args;
use quantix_core::NodeKey;
use quantix_scheduler::plan::{Breaker, FailoverPlan, FailoverRequest, Verdict, failover};

use super::{Documents, show};
use crate::{
    failure::Failure,
    ui::{Answer, BAD, DOUBT, GOOD, Table, Ui, styled},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix plan failover --cluster cluster.yaml --nodes n1,n2
  quantix plan failover --cluster cluster.yaml --racks r7 --request facts.yaml --json

A request file tells what is known about each lost node in `evidence` (host, lease, power, lock,
operator), which machines start after which in `dependencies`, and what is seen of the `fleet`.
Without evidence no restart is safe yet. Exit code 1: a machine has no node to restart on.")]
pub(crate) struct FailoverArgs {
    #[command(flatten)]
    documents: Documents,
    /// The lost nodes, separated by commas.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    nodes: Vec<NodeKey>,
    /// All nodes with these values of the label `rack`.
    #[arg(long, value_name = "RACK", value_delimiter = ',')]
    racks: Vec<String>,
}

impl FailoverArgs {
    pub(super) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let mut request: FailoverRequest = self.documents.request()?;
        request.nodes.extend(self.nodes);
        request.racks.extend(self.racks);
        let plan = self.documents.plan(|cluster, policy| failover(cluster, &request, policy))?;
        ui.findings(&plan.findings);
        ui.answer(&plan, human)?;
        Ok(Answer::yes_if(plan.complete))
    }
}

fn human(plan: &FailoverPlan) -> String {
    let mut text = String::new();
    if let Breaker::Open { reason } = plan.breaker {
        let reason = show::word(&reason);
        let _ =
            writeln!(text, "{} {reason}: an operator must confirm", styled(BAD, "breaker open:"));
    }
    let mut table = Table::new(["LOST", "MACHINES", "RESTART"]);
    for host in &plan.hosts {
        let verdict = match host.verdict {
            Verdict::Restart { ground } => styled(GOOD, format!("safe: {}", show::word(&ground))),
            Verdict::Wait { wait, safe_in_ms: None } => {
                styled(DOUBT, format!("not yet: {}", show::word(&wait)))
            }
            Verdict::Wait { safe_in_ms: Some(millis), .. } => {
                styled(DOUBT, format!("not yet: safe in {}", show::duration(millis)))
            }
            Verdict::Refuse { refusal } => styled(BAD, format!("never: {}", show::word(&refusal))),
        };
        table.row([host.node.to_string(), host.vms.to_string(), verdict]);
    }
    text.push_str(&table.render());
    show::moves(&mut text, &plan.moves);
    for each in &plan.blocked {
        let _ = writeln!(text, "{} does not restart: {}", styled(BAD, &each.vm), each.message);
        for way in &each.would_fit_if {
            let _ = writeln!(text, "  it would on {} if: {}", way.node, way.message);
        }
    }
    show::pictures(&mut text, &plan.before, &plan.after);
    text
}
