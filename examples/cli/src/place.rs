//! `quantix place`, `quantix explain` and `quantix replay`: where machines go, and why.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use clap::Args;
use quantix_core::cluster::{Cluster, Vm, VmList};
use quantix_scheduler::{
    Decision, Detail, Explanation, NodeRejection, Pipeline, PlaceAnswer, PlaceError, Placement,
    Policy, Snapshot, Unplaced, decide, place_documents, replay,
};

use crate::{
    failure::Failure,
    input,
    ui::{Answer, BAD, DIM, GOOD, Table, Ui, styled},
};

/// How many rejected nodes the text shows per machine; `--json` has all.
const REJECTIONS_SHOWN: usize = 10;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix place --cluster cluster.yaml --vms vms.json
  quantix place --cluster cluster.json --vms vms.json --policy spread.json --explain
  quantix place --cluster cluster.json --vms - --json < vms.json

The cluster file lists nodes, pools, vms and rules; the vms file is a list of machines, or an
object with the list in `vms`. Both may be JSON or YAML. Exit code 1: a machine fits nowhere.")]
pub(crate) struct PlaceArgs {
    #[command(flatten)]
    documents: Documents,
    /// Also tell why each machine goes where it goes, with every rejected node.
    #[arg(long)]
    explain: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  quantix explain --cluster cluster.yaml --vms vms.json web-3

The machines before it in the list are placed first, as `quantix place` would.")]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    documents: Documents,
    /// The machine to explain, one of the vms file.
    vm: String,
    /// Also store in this file the decision about it on the cluster as its file has it, before any
    /// other machine of the list: a record that `quantix replay` makes again.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  quantix explain --cluster cluster.yaml --vms vms.json web-1 --record decision.json
  quantix replay --cluster cluster.yaml decision.json

Exit code 1: the cluster is another one, or the decision comes out otherwise; with --json the answer
then says where: same (false), code, at, expected, found, message.")]
pub(crate) struct ReplayArgs {
    /// The cluster on which it was made.
    #[arg(long, value_name = "FILE")]
    cluster: PathBuf,
    /// The record; `-` reads standard input.
    record: PathBuf,
}

impl ReplayArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let cluster: Cluster = input::document(&self.cluster, "cluster file")?;
        let refused = || Failure::input(format!("cannot replay {}", self.record.display()));
        let record = String::from_utf8(input::read(&self.record)?)
            .map_err(|error| refused().because(error))?;
        match replay(&record, &mut snapshot(&cluster)?) {
            Ok(decision) => {
                ui.answer(&decision, same)?;
                Ok(Answer::Yes)
            }
            Err(error) => match error.difference() {
                Some(difference) => {
                    ui.note(&error);
                    ui.answer(&difference, |_| String::new())?;
                    Ok(Answer::No)
                }
                None => Err(refused().because(error)),
            },
        }
    }
}

fn same(decision: &Decision) -> String {
    let vm = &decision.vm.id;
    match &decision.node {
        Some(node) => format!("{vm}: the same decision, {}\n", styled(GOOD, node)),
        None => format!("{vm}: the same decision, {}\n", styled(BAD, "fits nowhere")),
    }
}

#[derive(Debug, Args)]
struct Documents {
    /// The cluster: nodes, pools, vms, rules.
    #[arg(long, value_name = "FILE")]
    cluster: PathBuf,
    /// The machines to place; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    vms: PathBuf,
    /// The policy; the default one when left out.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// The documents, each read once.
struct Request {
    cluster: Cluster,
    list: VmList,
    policy: Policy,
}

impl Documents {
    fn read(&self) -> Result<Request, Failure> {
        Ok(Request {
            cluster: input::document(&self.cluster, "cluster file")?,
            list: input::document(&self.vms, "list of machines")?,
            policy: policy(self.policy.as_ref())?,
        })
    }
}

impl Request {
    fn place(&self, detail: Detail) -> Result<PlaceAnswer, Failure> {
        place_documents(&self.cluster, &self.list.vms, &self.policy, detail).map_err(failure)
    }

    /// The record of deciding about a machine on the cluster as its file has it.
    fn record(&self, vm: &Vm) -> Result<String, Failure> {
        let mut snapshot = snapshot(&self.cluster)?;
        Ok(decide(&mut snapshot, vm, &self.policy).map_err(failure)?.to_json())
    }
}

fn snapshot(cluster: &Cluster) -> Result<Snapshot, Failure> {
    Snapshot::build(cluster).map_err(|error| failure(PlaceError::from(error)))
}

/// Reads a policy file; the default policy without one.
pub(crate) fn policy(path: Option<&PathBuf>) -> Result<Policy, Failure> {
    path.map_or_else(|| Ok(Policy::default()), |path| input::document(path, "policy"))
}

/// The most that each score of a policy can contribute.
pub(crate) fn most_terms(policy: &Policy) -> Result<Terms, Failure> {
    let pipeline = Pipeline::new(policy).map_err(PlaceError::from).map_err(failure)?;
    Ok(pipeline.most_terms())
}

/// Documents that do not fit together are bad input.
pub(crate) fn failure(error: PlaceError) -> Failure {
    match &error {
        PlaceError::Policy(_) => Failure::input(error.to_string()),
        PlaceError::Snapshot(faults) => {
            Failure::input("the cluster file and the list of machines do not fit together")
                .with_findings(faults.findings().to_vec())
        }
    }
}

impl PlaceArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let detail = if self.explain { Detail::Full } else { Detail::Brief };
        let request = self.documents.read()?;
        let answer = request.place(detail)?;
        let most = most_terms(&request.policy)?;
        ui.findings(&answer.findings);
        ui.answer(&answer, |answer| human(answer, &most))?;
        Ok(Answer::yes_if(answer.is_complete()))
    }
}

impl ExplainArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let request = self.documents.read()?;
        let Some(vm) = request.list.vms.iter().find(|vm| vm.id.as_str() == self.vm) else {
            let message =
                format!("there is no machine {:?} in {}", self.vm, self.documents.vms.display());
            return Err(Failure::input(message).hint("give the id of a machine of the vms file"));
        };
        let mut answer = request.place(Detail::Full)?;
        answer.placements.retain(|placement| placement.vm == vm.id);
        answer.unplaced.retain(|unplaced| unplaced.vm == vm.id);
        if let Some(path) = &self.record {
            crate::simulate::write(path, request.record(vm)?)?;
            ui.note(format_args!("record written to {}", path.display()));
        }
        let most = most_terms(&request.policy)?;
        ui.findings(&answer.findings);
        ui.answer(&answer, |answer| human(answer, &most))?;
        Ok(Answer::yes_if(answer.is_complete()))
    }
}

/// Points times weight, by score.
pub(crate) type Terms = BTreeMap<&'static str, u64>;

/// Each term as a share of the most that its score can contribute; `--json` has the points.
fn shares(terms: &Terms, most: &Terms) -> String {
    let share = |(name, points): (&&str, &u64)| match most.get(name).filter(|most| **most > 0) {
        Some(most) => {
            let tenths = u128::from(*points) * 1000 / u128::from(*most);
            format!("{name} {}.{} %", tenths / 10, tenths % 10)
        }
        None => format!("{name} {points}"),
    };
    terms.iter().map(share).collect::<Vec<_>>().join(", ")
}

/// Where machines go, and why, for people; `most` is what each score can contribute.
pub(crate) fn human(answer: &PlaceAnswer, most: &Terms) -> String {
    let mut table = Table::new(["VM", "NODE", "SCORE", "TERMS"]);
    for placement in &answer.placements {
        table.row([
            placement.vm.to_string(),
            styled(GOOD, &placement.node),
            placement.score.to_string(),
            shares(&placement.terms, most),
        ]);
    }
    let mut text = String::new();
    if !answer.placements.is_empty() {
        text.push_str(&table.render());
    }
    for placement in &answer.placements {
        if let Some(explanation) = &placement.explanation {
            explained(&mut text, placement, explanation, most);
        }
    }
    for unplaced in &answer.unplaced {
        refused(&mut text, unplaced);
    }
    text
}

fn explained(text: &mut String, placement: &Placement, explanation: &Explanation, most: &Terms) {
    let _ = writeln!(
        text,
        "\n{}: {} of the nodes would do; the best by policy:",
        placement.vm, explanation.feasible
    );
    let mut table = Table::new(["NODE", "SCORE", "TERMS"]);
    for candidate in &explanation.candidates {
        let terms = shares(&candidate.terms, most);
        table.row([candidate.node.to_string(), candidate.score.to_string(), terms]);
    }
    text.push_str(&table.render());
    rejected(text, &explanation.rejections);
}

fn refused(text: &mut String, unplaced: &Unplaced) {
    let _ = writeln!(text, "\n{}: {}", unplaced.vm, styled(BAD, "fits nowhere"));
    let counts: Vec<_> =
        unplaced.rejected_by.iter().map(|(filter, count)| format!("{filter} {count}")).collect();
    let _ = writeln!(text, "nodes rejected by: {}", counts.join(", "));
    rejected(text, &unplaced.rejections);
    for remedy in &unplaced.would_fit_if {
        let _ = writeln!(text, "would fit on {} if: {}", remedy.node, remedy.message);
    }
}

fn rejected(text: &mut String, rejections: &[NodeRejection]) {
    if rejections.is_empty() {
        return;
    }
    let mut table = Table::new(["REJECTED", "FILTER", "ASKED", "FREE"]);
    for rejection in rejections.iter().take(REJECTIONS_SHOWN) {
        table.row([
            rejection.node.to_string(),
            rejection.filter.to_owned(),
            rejection.asked.to_string(),
            rejection.free.to_string(),
        ]);
    }
    text.push_str(&table.render());
    if rejections.len() > REJECTIONS_SHOWN {
        let more = rejections.len() - REJECTIONS_SHOWN;
        let _ = writeln!(text, "{}", styled(DIM, format_args!("… {more} more with --json")));
    }
}
