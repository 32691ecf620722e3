//! `quantix plan whatif`.

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use quantix_core::{NodeKey, cluster::Cluster};
use quantix_scheduler::plan::{Supposition, WhatifReport, WhatifRequest, whatif, whatif_html};

use super::Documents;
use crate::{
    failure::Failure,
    input, place, simulate,
    ui::{Answer, BAD, Table, Ui, styled},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix plan whatif --cluster cluster.yaml --lose-rack r7
  quantix plan whatif --cluster cluster.yaml --add-nodes 4 --like n1 --grow 20 --html report.html
  quantix plan whatif --cluster now.yaml --becomes then.yaml --policy-after spread.json --json

A request file lists `changes` (add_nodes, remove_node, remove_rack, set_overcommit, add_rule,
drop_rule, add_vms, grow, become), the `policy` after them and `shapes` to count. Exit code 1: some
machines have no node after the changes.")]
pub(crate) struct WhatifArgs {
    #[command(flatten)]
    documents: Documents,
    /// More nodes.
    #[arg(long, value_name = "N", requires = "like")]
    add_nodes: Option<u32>,
    /// The node that more nodes are like.
    #[arg(long, value_name = "ID")]
    like: Option<NodeKey>,
    /// A node goes.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    lose: Vec<NodeKey>,
    /// A rack goes.
    #[arg(long, value_name = "RACK")]
    lose_rack: Vec<String>,
    /// So many percent more machines.
    #[arg(long, value_name = "PERCENT")]
    grow: Option<u32>,
    /// Another cluster to compare with.
    #[arg(long, value_name = "FILE")]
    becomes: Option<PathBuf>,
    /// The policy after the changes.
    #[arg(long, value_name = "FILE")]
    policy_after: Option<PathBuf>,
    /// Also write the report as a page with charts.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl WhatifArgs {
    pub(super) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let mut request: WhatifRequest = self.documents.request()?;
        let mut changes = Vec::new();
        if let Some(path) = &self.becomes {
            let cluster: Cluster = input::document(path, "cluster file")?;
            changes.push(Supposition::Become { cluster: Box::new(cluster) });
        }
        if let (Some(count), Some(like)) = (self.add_nodes, self.like) {
            changes.push(Supposition::AddNodes { like, count });
        }
        changes.extend(self.lose.into_iter().map(|node| Supposition::RemoveNode { node }));
        changes.extend(self.lose_rack.into_iter().map(|rack| Supposition::RemoveRack { rack }));
        changes.extend(self.grow.map(|percent| Supposition::Grow { percent }));
        request.changes.extend(changes);
        if let Some(path) = &self.policy_after {
            request.policy = Some(place::policy(Some(path))?);
        }
        let report = self.documents.plan(|cluster, policy| whatif(cluster, &request, policy))?;
        if let Some(path) = &self.html {
            simulate::write(path, whatif_html(&report))?;
            ui.note(format_args!("report written to {}", path.display()));
        }
        ui.findings(&report.findings);
        ui.answer(&report, human)?;
        Ok(Answer::yes_if(report.complete))
    }
}

fn human(report: &WhatifReport) -> String {
    let mut table = Table::new(["", "BEFORE", "AFTER"]);
    for each in &report.differences {
        table.row([each.what.clone(), each.before.to_string(), each.after.to_string()]);
    }
    let word = |admitted: bool| if admitted { "yes" } else { "no" }.to_owned();
    let name = "every machine restarts when one node fails".to_owned();
    table.row([name, word(report.admitted_before), word(report.admitted_after)]);
    let mut text = table.render();
    for each in &report.blocked {
        let why: Vec<String> =
            each.rejected_by.iter().map(|(filter, count)| format!("{filter} {count}")).collect();
        let _ = writeln!(text, "{} has no node: {}", styled(BAD, &each.vm), why.join(", "));
    }
    text
}
