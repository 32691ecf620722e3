//! Balance: machines move where they get what they use, when that is worth what it costs.

mod demand;
mod power;
mod request;
mod search;

use std::collections::BTreeSet;

use quantix_core::{
    Finding, NodeKey,
    cluster::{Cluster, NodeState},
};
use serde::Serialize;

use super::{
    answer::{Blocked, PlannedMove, Stage, Telling},
    field::Field,
    picture::Picture,
    planner::Planner,
    steps::schedule,
};
use crate::{place::PlaceError, policy::Policy, snapshot::NodeIndex};

pub use demand::NodeUse;
pub use request::{Automation, BalanceMode, BalanceRequest, Budget, DemandHistory, WINDOW_MAX};
use search::Search;
pub use search::Stopped;

/// What should move so that machines get what they use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BalancePlan {
    /// The moves, in order. Each has a priority from 1, which mends a rule, to 5, which barely pays.
    pub moves: Vec<PlannedMove>,
    /// Machines that break a rule and cannot move.
    pub blocked: Vec<Blocked>,
    /// The cluster before.
    pub before: Picture,
    /// The cluster after.
    pub after: Picture,
    /// What is minimised: the mean use above the threshold over all nodes, in thousandths of a
    /// core; a GiB of memory counts as a core.
    pub objective_before: u64,
    /// The same after the moves.
    pub objective_after: u64,
    /// Whether no further move is worth its price, or the budget ended the search.
    pub stopped: Stopped,
    /// How long it takes, and what is copied.
    pub stage: Stage,
    /// Nodes that must be woken before the first move.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wake: Vec<NodeKey>,
    /// Nodes that can stand by after the last move.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stand_by: Vec<NodeKey>,
    /// The nodes that are used the most before or after.
    pub nodes: Vec<NodeChange>,
    /// The policy whose filters hold.
    pub policy: String,
    /// What was doubtful about the cluster or the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// Use of one node before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeChange {
    /// The node.
    pub node: NodeKey,
    /// Before.
    pub before: NodeUse,
    /// After.
    pub after: NodeUse,
}

/// How many nodes a plan shows.
const NODES_SHOWN: usize = 50;

/// Plans moves by what machines used.
///
/// First rules that are broken are mended. Then, as long as there is one, the move is made that
/// gains the most above its price, where the gain is use above the threshold over the samples of the
/// window, and the price is for memory copied, more at risk. Where no single move helps, chains of
/// two are tried. Every step keeps to capacity and rules.
///
/// # Errors
/// When a document has faults.
///
/// # Example
/// ```
/// use quantix_core::cluster::Cluster;
/// use quantix_scheduler::{Policy, plan::{BalanceRequest, balance}};
/// let cluster: Cluster = serde_json::from_str(
///     r#"{"nodes": [{"id": "n1", "cpu_milli": 4000, "memory_mib": 8192, "overcommit": {"cpu": 4}},
///                   {"id": "n2", "cpu_milli": 4000, "memory_mib": 8192, "overcommit": {"cpu": 4}}],
///         "vms": [{"id": "a", "node": "n1", "cpu_milli": 4000, "memory_mib": 1024},
///                 {"id": "b", "node": "n1", "cpu_milli": 4000, "memory_mib": 2048}]}"#,
/// )?;
/// let request: BalanceRequest =
///     serde_json::from_str(r#"{"history": {"cpu_milli": {"a": [3000], "b": [3000]}}}"#)?;
/// let plan = balance(&cluster, &request, &Policy::default())?;
/// assert_eq!(plan.moves[0].vm.as_str(), "a", "of equal gain, the one with less memory");
/// assert_eq!(plan.objective_after, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn balance(
    cluster: &Cluster,
    request: &BalanceRequest,
    policy: &Policy,
) -> Result<BalancePlan, PlaceError> {
    Planner::new(cluster, policy)?.balance(request)
}

impl Planner {
    /// As [`balance`], on a cluster that was read before; the planner is then as it was.
    ///
    /// # Errors
    /// As [`balance`].
    pub fn balance(&mut self, request: &BalanceRequest) -> Result<BalancePlan, PlaceError> {
        let mut findings = self.field.snapshot.findings().to_vec();
        findings.extend(request.check(&self.field)?);
        let start = self.field.clone();
        let telling =
            Telling { field: &start, facts: &request.vms, limits: &request.limits, stage: 0 };
        let states: Vec<NodeState> = start
            .snapshot
            .node_indices()
            .map(|node| start.snapshot.candidate(node).state())
            .collect();
        let mark = self.field.mark();
        let plan = run(&mut self.field, request, &telling, findings);
        self.field.rollback(mark);
        for (node, state) in self.field.snapshot.node_indices().zip(states) {
            self.field.set_state(node, state);
        }
        Ok(plan)
    }
}

fn run(
    field: &mut Field,
    request: &BalanceRequest,
    telling: &Telling<'_>,
    findings: Vec<Finding>,
) -> BalancePlan {
    let start = telling.field;
    let stand_by: Vec<NodeIndex> =
        request.stand_by.iter().filter_map(|id| start.snapshot.node_index(id)).collect();
    let mut search = Search::new(field, request, telling);
    let before = search.demand.clone();
    search.mend();
    search.relieve();
    let woken = search.wake(&stand_by);
    let asleep = match request.mode {
        BalanceMode::Balance => Vec::new(),
        BalanceMode::SavePower => search.sleep(&woken),
    };
    let Search { demand: after, units, chosen, refused_by_budget, .. } = search;
    let mut awake = start.clone();
    for &node in &woken {
        awake.set_state(node, NodeState::Ready);
    }
    let mut done = schedule(&awake, units, &request.limits);
    let (mut moves, mut stage) = telling.moves(&done.steps, |row, _| {
        let chosen = &chosen[&row];
        (chosen.reason, chosen.benefit.clone())
    });
    stage.complete = done.left.is_empty();
    for each in &mut moves {
        let row = start.row(&each.vm);
        let priority = row.map_or(5, |row| chosen[&row].priority);
        each.priority = Some(priority);
        each.automatic = Some(match request.automation_of(&each.vm) {
            Automation::Full => true,
            Automation::Partial => priority <= 2,
            Automation::Manual | Automation::Disabled => false,
        });
    }
    let blocked = blocked(&mut done.after, telling);
    let id = |node: &NodeIndex| start.snapshot.node_id(*node).clone();
    BalancePlan {
        moves,
        blocked,
        before: start.picture(),
        after: done.after.picture(),
        objective_before: before.total(),
        objective_after: after.total(),
        stopped: if refused_by_budget { Stopped::Budget } else { Stopped::FixedPoint },
        stage,
        wake: woken.iter().map(id).collect(),
        stand_by: asleep.iter().map(id).collect(),
        nodes: changes(start, &before, &after),
        policy: start.pipeline.policy().name.clone(),
        findings,
    }
}

/// The machines that still break a rule.
fn blocked(field: &mut Field, telling: &Telling<'_>) -> Vec<Blocked> {
    let rows: BTreeSet<_> = field
        .violations()
        .iter()
        .flat_map(|violation| &violation.vms)
        .filter_map(|vm| field.row(vm))
        .collect();
    let told = (0..).zip(rows).filter_map(|(at, row)| telling.blocked(field, row, false, at));
    told.collect()
}

fn changes(field: &Field, before: &demand::Demand, after: &demand::Demand) -> Vec<NodeChange> {
    let mut nodes: Vec<NodeChange> = field
        .snapshot
        .node_indices()
        .map(|node| NodeChange {
            node: field.snapshot.node_id(node).clone(),
            before: before.shown(node),
            after: after.shown(node),
        })
        .collect();
    nodes.sort_by(|a, b| {
        let most = |change: &NodeChange| change.before.p95_ppm.max(change.after.p95_ppm);
        most(b).cmp(&most(a)).then_with(|| a.node.cmp(&b.node))
    });
    nodes.truncate(NODES_SHOWN);
    nodes
}
