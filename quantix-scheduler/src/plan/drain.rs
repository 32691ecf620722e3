//! Maintenance: nodes are emptied before work begins, and filled again after it.

use std::collections::{BTreeMap, BTreeSet};

use quantix_core::{Finding, NodeKey, cluster::Cluster};
use serde::{Deserialize, Serialize};

use super::{
    answer::{Benefit, Blocked, MoveReason, PlannedMove, Stage, Telling},
    cost::{Facts, MoveLimits},
    evacuate::evacuate,
    field::{Field, Hop, Row},
    picture::Picture,
    request::{check_facts, check_limits, named_nodes, request_fault},
    steps::{Unit, schedule},
};
use crate::{
    place::PlaceError,
    policy::Policy,
    snapshot::{Faults, NodeIndex},
};

/// Which nodes are to be emptied, and how.
///
/// ```
/// use quantix_scheduler::plan::DrainRequest;
/// let request: DrainRequest = serde_json::from_str(r#"{"nodes": ["n1"], "cold": true}"#)?;
/// assert_eq!(request.limits.per_node, 2, "what is left out has a default");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DrainRequest {
    /// The nodes.
    pub nodes: Vec<NodeKey>,
    /// The nodes with these values of the label `rack`, too.
    pub racks: Vec<String>,
    /// All at once, or one after the other; a rolling plan that names no nodes is about all.
    pub order: DrainOrder,
    /// Whether machines that cannot move live may be stopped and started elsewhere.
    pub cold: bool,
    /// How many machines may move at a time.
    pub limits: MoveLimits,
    /// Facts by machine.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub vms: Facts,
}

/// Which nodes are empty at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrainOrder {
    /// All of them.
    #[default]
    Together,
    /// One after the other, each ready again before the next: a rolling fleet.
    RollingNodes,
    /// Rack after rack.
    RollingRacks,
}

/// A plan that empties nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DrainPlan {
    /// Whether every node gets empty.
    pub complete: bool,
    /// The moves, in order.
    pub moves: Vec<PlannedMove>,
    /// The machines that cannot move, and why.
    pub blocked: Vec<Blocked>,
    /// The cluster before, with all nodes as they are.
    pub before: Picture,
    /// The cluster after; nodes that are emptied together are cordoned then.
    pub after: Picture,
    /// One stage, or one per node or rack of a rolling plan. A rolling stage that cannot be
    /// completed moves nothing.
    pub stages: Vec<Stage>,
    /// What brings the machines back when the nodes are ready again; empty for a rolling plan,
    /// whose later stages use the nodes of earlier ones.
    pub return_moves: Vec<PlannedMove>,
    /// The policy whose filters hold.
    pub policy: String,
    /// What was doubtful about the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// Plans the evacuation of nodes.
///
/// Every machine of the nodes goes to the least loaded node that passes all filters of the policy,
/// machines of an affinity group in one unit; where none does, another machine makes room. At every
/// moment of every step each node has the room for what is on it, arrives and leaves, and
/// anti-affinity holds; affinity holds between steps.
///
/// # Errors
/// When a document has faults, or the request names what is not there.
///
/// # Example
/// ```
/// use quantix_core::cluster::Cluster;
/// use quantix_scheduler::{Policy, plan::{DrainRequest, drain}};
/// let cluster: Cluster = serde_json::from_str(
///     r#"{"nodes": [{"id": "n1", "cpu_milli": 4000, "memory_mib": 8192},
///                   {"id": "n2", "cpu_milli": 4000, "memory_mib": 8192}],
///         "vms": [{"id": "db", "node": "n1", "cpu_milli": 2000, "memory_mib": 4096}]}"#,
/// )?;
/// let request: DrainRequest = serde_json::from_str(r#"{"nodes": ["n1"]}"#)?;
/// let plan = drain(&cluster, &request, &Policy::default())?;
/// assert!(plan.complete);
/// assert_eq!(plan.moves[0].to.as_str(), "n2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn drain(
    cluster: &Cluster,
    request: &DrainRequest,
    policy: &Policy,
) -> Result<DrainPlan, PlaceError> {
    let field = Field::build(cluster, policy)?;
    let (batches, findings) = batches(&field, request)?;
    let mut run = Run {
        before: field.picture(),
        request,
        field,
        moves: Vec::new(),
        return_moves: Vec::new(),
        blocked: BTreeMap::new(),
        stages: Vec::new(),
    };
    match request.order {
        DrainOrder::Together => {
            for batch in &batches {
                run.together(batch);
            }
        }
        DrainOrder::RollingNodes | DrainOrder::RollingRacks => run.rolling(batches),
    }
    let mut plan = run.finish(policy);
    plan.findings.extend(findings);
    Ok(plan)
}

/// The nodes that are emptied at one time, in order.
fn batches(
    field: &Field,
    request: &DrainRequest,
) -> Result<(Vec<BTreeSet<NodeIndex>>, Vec<Finding>), PlaceError> {
    let mut faults = Faults::default();
    let mut nodes = named_nodes(field, &request.nodes, &request.racks, &mut faults);
    if request.order != DrainOrder::Together && nodes.is_empty() {
        nodes.extend(field.snapshot.node_indices());
    }
    if nodes.is_empty() {
        let message = "names no node: give `nodes`, `racks` or a rolling `order`";
        request_fault(&mut faults, "nodes".to_owned(), message.to_owned());
    }
    check_limits(&request.limits, &mut faults);
    check_facts(field, &request.vms, &mut faults);
    let findings = faults.finish()?;
    let by_rack = |nodes: BTreeSet<NodeIndex>| {
        let mut racks: BTreeMap<Option<&str>, BTreeSet<NodeIndex>> = BTreeMap::new();
        for node in nodes {
            racks.entry(field.snapshot.candidate(node).label("rack")).or_default().insert(node);
        }
        racks.into_values().collect()
    };
    let batches = match request.order {
        DrainOrder::Together => vec![nodes],
        DrainOrder::RollingNodes => nodes.into_iter().map(|node| BTreeSet::from([node])).collect(),
        DrainOrder::RollingRacks => by_rack(nodes),
    };
    Ok((batches, findings))
}

struct Run<'a> {
    request: &'a DrainRequest,
    field: Field,
    before: Picture,
    moves: Vec<PlannedMove>,
    return_moves: Vec<PlannedMove>,
    /// By row and stage, so that a machine in the way twice is told once.
    blocked: BTreeMap<Row, Blocked>,
    stages: Vec<Stage>,
}

impl Run<'_> {
    fn together(&mut self, nodes: &BTreeSet<NodeIndex>) {
        let start = self.field.clone();
        let units = self.stage(nodes, &start);
        self.return_moves = self.back(&start, nodes, &units);
    }

    /// Empties one batch after the other, the one with the least memory on it first.
    fn rolling(&mut self, mut left: Vec<BTreeSet<NodeIndex>>) {
        while !left.is_empty() {
            let memory = |nodes: &BTreeSet<NodeIndex>| -> u64 {
                let rows = nodes.iter().flat_map(|node| &self.field.on[node.at()]);
                rows.map(|&row| self.field.shape(row).memory_mib).sum()
            };
            let keys = left.iter().enumerate().map(|(at, nodes)| (memory(nodes), at));
            let Some((_, at)) = keys.min() else { break };
            let nodes = left.remove(at);
            let start = self.field.clone();
            let before = self.moves.len();
            self.stage(&nodes, &start);
            if self.stages.last().is_some_and(|stage| !stage.complete) {
                self.moves.truncate(before);
                if let Some(stage) = self.stages.last_mut() {
                    *stage = Stage { nodes: std::mem::take(&mut stage.nodes), ..Stage::empty() };
                }
                self.field = start;
            } else {
                for &node in &nodes {
                    let state = start.snapshot.candidate(node).state();
                    self.field.set_state(node, state);
                }
            }
        }
    }

    /// Empties nodes and tells the moves; answers them in order.
    fn stage(&mut self, nodes: &BTreeSet<NodeIndex>, start: &Field) -> Vec<Unit> {
        let request = self.request;
        let telling = Telling {
            field: start,
            facts: &request.vms,
            limits: &request.limits,
            stage: crate::snapshot::small(self.stages.len()),
        };
        let may_move = |field: &Field, row| telling.immobile(field, row, request.cold).is_none();
        let evacuation = evacuate(&mut self.field, nodes, &may_move);
        let mut cordoned = start.clone();
        for &node in nodes {
            cordoned.set_state(node, self.field.snapshot.candidate(node).state());
        }
        let done = schedule(&cordoned, evacuation.units, &request.limits);
        self.field = done.after;
        let mut left: BTreeSet<Row> = done.left.iter().flatten().map(|hop| hop.row).collect();
        left.extend(&evacuation.blocked);
        let units: Vec<Unit> = done.steps.iter().flatten().cloned().collect();
        let here: BTreeSet<Row> = units.iter().flatten().map(|hop| hop.row).collect();
        let (moves, mut stage) = telling.moves(&done.steps, |row, from| {
            if nodes.contains(&from) {
                let empties = Some(start.snapshot.node_id(from).clone());
                return (MoveReason::Drain, Benefit { empties, ..Benefit::default() });
            }
            let drained =
                |other: &Row| start.resident(*other).node.is_some_and(|n| nodes.contains(&n));
            let held = start.group(row).iter().any(|other| here.contains(other) && drained(other));
            let reason = if held { MoveReason::Together } else { MoveReason::MakesRoom };
            (reason, Benefit::default())
        });
        stage.nodes = nodes.iter().map(|&node| start.snapshot.node_id(node).clone()).collect();
        stage.complete = left.is_empty();
        for row in left {
            if self.blocked.contains_key(&row) {
                continue;
            }
            if let Some(blocked) =
                telling.blocked(&mut self.field, row, request.cold, self.blocked.len())
            {
                self.blocked.insert(row, blocked);
            }
        }
        self.moves.extend(moves);
        self.stages.push(stage);
        units
    }

    /// The moves back, the last first; a machine that may not go back stays.
    fn back(&self, start: &Field, nodes: &BTreeSet<NodeIndex>, units: &[Unit]) -> Vec<PlannedMove> {
        let mut field = self.field.clone();
        for &node in nodes {
            field.set_state(node, start.snapshot.candidate(node).state());
        }
        let ready = field.clone();
        let mut back = Vec::new();
        for unit in units.iter().rev() {
            let unit: Unit = unit.iter().map(|hop| Hop::new(hop.row, hop.to, hop.from)).collect();
            let mark = field.mark();
            let lifted = unit.iter().all(|hop| field.lift(hop.row).is_some());
            let lands = lifted
                && unit
                    .iter()
                    .all(|hop| field.admits(hop.row, hop.to) && field.put(hop.row, hop.to));
            if lands {
                back.push(unit);
            } else {
                field.rollback(mark);
            }
        }
        let done = schedule(&ready, back, &self.request.limits);
        let telling = Telling {
            field: start,
            facts: &self.request.vms,
            limits: &self.request.limits,
            stage: crate::snapshot::small(self.stages.len()),
        };
        telling.moves(&done.steps, |_, _| (MoveReason::Return, Benefit::default())).0
    }

    fn finish(self, policy: &Policy) -> DrainPlan {
        DrainPlan {
            complete: self.stages.iter().all(|stage| stage.complete),
            moves: self.moves,
            blocked: self.blocked.into_values().collect(),
            before: self.before,
            after: self.field.picture(),
            stages: self.stages,
            return_moves: self.return_moves,
            policy: policy.name.clone(),
            findings: self.field.snapshot.findings().to_vec(),
        }
    }
}

impl Stage {
    fn empty() -> Self {
        Self {
            nodes: Vec::new(),
            complete: false,
            steps: 0,
            moves: 0,
            copied_mib: 0,
            millis: 0,
            targets: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_refuse_what_they_do_not_know() {
        for (text, expected) in [
            (r#"{"hosts": []}"#, "unknown field `hosts`"),
            (r#"{"order": "fast"}"#, "unknown variant `fast`"),
            (r#"{"limits": {"links": 1}}"#, "unknown field `links`"),
        ] {
            let error = serde_json::from_str::<DrainRequest>(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
