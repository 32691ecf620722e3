//! Failover: the machines of lost nodes restart on the others, in order, where it is safe.

use std::collections::{BTreeMap, BTreeSet};

use quantix_core::{Finding, NodeKey, VmKey, cluster::Cluster};
use serde::{Deserialize, Serialize};

use super::super::field::{Field, Row};
use super::{
    super::{
        answer::{Benefit, EXPLAINED_MAX, MoveReason, PlannedMove},
        cost::{Cost, Migration, Risk},
        picture::Picture,
        planner::Planner,
        request::{named_nodes, request_fault},
    },
    breaker::{Breaker, BreakerLimits, FleetView, breaker},
    order::{Order, order},
    outage::Outage,
    restart::{Evidence, RestartTiming, Verdict, restart_decision},
};
use crate::{
    place::{Detail, NodeRejection, PlaceError, Remedy, refusal},
    policy::Policy,
    snapshot::{Assignment, Faults, NodeIndex, small},
};

/// The most dependencies of a request.
const DEPENDENCIES_MAX: usize = 100_000;

/// What was lost, and what is known about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FailoverRequest {
    /// The lost nodes.
    pub nodes: Vec<NodeKey>,
    /// The nodes with these values of the label `rack`, too.
    pub racks: Vec<String>,
    /// What is known about each lost node.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<NodeKey, Evidence>,
    /// When the machines of an armed host are surely stopped.
    pub timing: RestartTiming,
    /// What is seen of the fleet; its nodes and the lost ones when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetView>,
    /// When too much seems lost.
    pub breaker: BreakerLimits,
    /// Which machines start after which.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// How many machines start on one node at a time.
    pub starts_per_node: u32,
    /// How long a machine takes to start, in milliseconds.
    pub start_ms: u64,
}

impl Default for FailoverRequest {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            racks: Vec::new(),
            evidence: BTreeMap::new(),
            timing: RestartTiming::default(),
            fleet: None,
            breaker: BreakerLimits::default(),
            dependencies: Vec::new(),
            starts_per_node: 4,
            start_ms: 30_000,
        }
    }
}

/// Machines that start after others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    /// These start …
    pub vms: Vec<VmKey>,
    /// … when all of these run.
    pub after: Vec<VmKey>,
}

/// Which machines restart where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailoverPlan {
    /// Whether every machine has a node.
    pub complete: bool,
    /// Whether every lost node's machines may be started now.
    pub safe: bool,
    /// Whether failover may go on without an operator.
    #[serde(flatten)]
    pub breaker: Breaker,
    /// The restarts, in order. `stage` counts what waits for what, `step` the turns on one node.
    pub moves: Vec<PlannedMove>,
    /// The machines that do not restart, and why.
    pub blocked: Vec<NotRestarted>,
    /// Whether each lost node's machines may be started elsewhere. A restart of a node whose verdict
    /// is not `restart` must wait.
    pub hosts: Vec<HostVerdict>,
    /// The cluster before the loss.
    pub before: Picture,
    /// The cluster after the restarts.
    pub after: Picture,
    /// The policy whose filters hold.
    pub policy: String,
    /// What was doubtful about the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// Whether a lost node's machines may be started elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostVerdict {
    /// The node.
    pub node: NodeKey,
    /// How many machines it had.
    pub vms: u32,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// A machine that does not restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotRestarted {
    /// The machine.
    pub vm: VmKey,
    /// Where it was.
    pub node: NodeKey,
    /// What is in the way.
    pub code: NotRestartedCode,
    /// The same in words.
    pub message: String,
    /// How many nodes failed each filter first.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected_by: BTreeMap<&'static str, usize>,
    /// The first filter that each node failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejections: Vec<NodeRejection>,
    /// The smallest changes with which it would restart, the smallest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub would_fit_if: Vec<Remedy>,
}

/// Why a machine does not restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRestartedCode {
    /// No node that is left will do.
    NoNode,
    /// A machine that it waits for does not restart.
    Dependency,
}

/// Plans the restart of what ran on lost nodes.
///
/// # Errors
/// When a document has faults, the request names what is not there, or machines wait for each other.
///
/// # Example
/// ```
/// use quantix_core::cluster::Cluster;
/// use quantix_scheduler::{Policy, plan::{FailoverRequest, failover}};
/// let cluster: Cluster = serde_json::from_str(
///     r#"{"nodes": [{"id": "n1", "cpu_milli": 4000, "memory_mib": 8192},
///                   {"id": "n2", "cpu_milli": 4000, "memory_mib": 8192}],
///         "vms": [{"id": "db", "node": "n1", "cpu_milli": 2000, "memory_mib": 4096}]}"#,
/// )?;
/// let request: FailoverRequest =
///     serde_json::from_str(r#"{"nodes": ["n1"], "evidence": {"n1": {"power": "off"}}}"#)?;
/// let plan = failover(&cluster, &request, &Policy::default())?;
/// assert!(plan.complete && plan.safe);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn failover(
    cluster: &Cluster,
    request: &FailoverRequest,
    policy: &Policy,
) -> Result<FailoverPlan, PlaceError> {
    Planner::new(cluster, policy)?.failover(request)
}

impl Planner {
    /// As [`failover`], on a cluster that was read before; the planner is then as it was.
    ///
    /// # Errors
    /// As [`failover`].
    pub fn failover(&mut self, request: &FailoverRequest) -> Result<FailoverPlan, PlaceError> {
        let field = &mut self.field;
        let (lost, needs, findings) = read(field, request)?;
        let before = field.picture();
        let outage = Outage::begin(field, &lost);
        let Some(Order { rows, waves }) = order(field, &outage.rows, &needs) else {
            outage.end(field);
            let mut faults = Faults::default();
            let message = "machines wait for each other in a circle".to_owned();
            request_fault(&mut faults, "dependencies".to_owned(), message);
            faults.finish()?;
            return Err(PlaceError::Snapshot(crate::SnapshotError::new(Vec::new())));
        };
        let rescue = outage.rescue(field, &rows);
        let homes: BTreeMap<Row, NodeIndex> = lost
            .iter()
            .flat_map(|&node| outage.rows.iter().map(move |&row| (row, node)))
            .filter(|&(row, node)| self.homes[row as usize] == Some(node))
            .collect();
        let run = Run { field, request, waves, homes, needs };
        let (moves, blocked, after) = run.tell(&rescue.placed, &rescue.left);
        let hosts = verdicts(field, request, &lost, &self.homes);
        outage.end(field);
        let safe = hosts.1.iter().all(|host| matches!(host.verdict, Verdict::Restart { .. }));
        Ok(FailoverPlan {
            complete: blocked.is_empty(),
            safe,
            breaker: hosts.0,
            moves,
            blocked,
            hosts: hosts.1,
            before,
            after,
            policy: field.pipeline.policy().name.clone(),
            findings: field.snapshot.findings().iter().cloned().chain(findings).collect(),
        })
    }
}

type Needs = BTreeMap<Row, BTreeSet<Row>>;

fn read(
    field: &Field,
    request: &FailoverRequest,
) -> Result<(BTreeSet<NodeIndex>, Needs, Vec<Finding>), PlaceError> {
    let mut faults = Faults::default();
    let lost = named_nodes(field, &request.nodes, &request.racks, &mut faults);
    if lost.is_empty() {
        let message = "names no node: give `nodes` or `racks`".to_owned();
        request_fault(&mut faults, "nodes".to_owned(), message);
    }
    for node in request.evidence.keys() {
        if !field.snapshot.node_index(node).is_some_and(|node| lost.contains(&node)) {
            let message = format!("node {node} is not lost: what is said of it is ignored");
            faults.warning("not-lost", format!("request.evidence.{node}"), message);
        }
    }
    if request.starts_per_node == 0 {
        let message = "expected at least 1".to_owned();
        request_fault(&mut faults, "starts_per_node".to_owned(), message);
    }
    if request.dependencies.len() > DEPENDENCIES_MAX {
        let message = format!("expected at most {DEPENDENCIES_MAX}");
        request_fault(&mut faults, "dependencies".to_owned(), message);
    }
    let mut needs = Needs::new();
    for (at, dependency) in request.dependencies.iter().enumerate().take(DEPENDENCIES_MAX) {
        let mut rows = |list: &[VmKey], name: &str| -> Vec<Row> {
            let row = |(position, vm): (usize, &VmKey)| {
                let row = field.row(vm);
                if row.is_none() {
                    let path = format!("request.dependencies[{at}].{name}[{position}]");
                    let message = format!("there is no machine {vm} on a node: it is ignored");
                    faults.warning("unknown-machine", path, message);
                }
                row
            };
            list.iter().enumerate().filter_map(row).collect()
        };
        let (vms, after) = (rows(&dependency.vms, "vms"), rows(&dependency.after, "after"));
        for vm in vms {
            needs.entry(vm).or_default().extend(&after);
        }
    }
    Ok((lost, needs, faults.finish()?))
}

fn verdicts(
    field: &Field,
    request: &FailoverRequest,
    lost: &BTreeSet<NodeIndex>,
    homes: &[Option<NodeIndex>],
) -> (Breaker, Vec<HostVerdict>) {
    let view = request.fleet.unwrap_or(FleetView {
        hosts: small(field.snapshot.node_count()),
        lost: small(lost.len()),
        ..FleetView::default()
    });
    let breaker = breaker(&view, &request.breaker);
    let mut vms: BTreeMap<NodeIndex, u32> = BTreeMap::new();
    for home in homes.iter().flatten().filter(|home| lost.contains(home)) {
        *vms.entry(*home).or_default() += 1;
    }
    let host = |&node: &NodeIndex| {
        let id = field.snapshot.node_id(node).clone();
        let evidence = request.evidence.get(&id).copied().unwrap_or_default();
        let verdict = restart_decision(&evidence, &request.timing, &breaker);
        HostVerdict { node: id, vms: vms.get(&node).copied().unwrap_or(0), verdict }
    };
    (breaker, lost.iter().map(host).collect())
}

struct Run<'a> {
    field: &'a mut Field,
    request: &'a FailoverRequest,
    waves: BTreeMap<Row, u32>,
    homes: BTreeMap<Row, NodeIndex>,
    needs: Needs,
}

impl Run<'_> {
    /// The restarts as documents, and the cluster after them.
    fn tell(
        mut self,
        placed: &[(Row, NodeIndex)],
        left: &[Row],
    ) -> (Vec<PlannedMove>, Vec<NotRestarted>, Picture) {
        let mark = self.field.mark();
        let mut stuck: BTreeMap<Row, Option<Row>> = left.iter().map(|&row| (row, None)).collect();
        let mut turns: BTreeMap<(u32, NodeIndex), u32> = BTreeMap::new();
        let mut moves = Vec::new();
        for &(row, node) in placed {
            let needs = self.needs.get(&row).into_iter().flatten();
            if let Some(&need) = needs.clone().find(|need| stuck.contains_key(need)) {
                stuck.insert(row, Some(need));
                continue;
            }
            if self.field.resident(row).node.is_some() {
                self.field.lift(row);
            }
            self.field.put(row, node);
            let wave = self.waves.get(&row).copied().unwrap_or(0);
            let turn = turns.entry((wave, node)).or_default();
            *turn += 1;
            let step = (*turn - 1) / self.request.starts_per_node.max(1);
            moves.push(self.restart(row, node, wave, step));
        }
        moves.sort_by_key(|each| (each.stage, each.step));
        for &row in stuck.keys() {
            self.field.lift(row);
        }
        let blocked = stuck.iter().map(|(&row, &need)| (row, need)).collect::<Vec<_>>();
        let blocked = (0..).zip(blocked).map(|(at, (row, need))| self.stays(at, row, need));
        let blocked: Vec<NotRestarted> = blocked.collect();
        let after = self.field.picture();
        self.field.rollback(mark);
        (moves, blocked, after)
    }

    fn restart(&mut self, row: Row, node: NodeIndex, stage: u32, step: u32) -> PlannedMove {
        let resident = self.field.resident(row);
        let lies = self.field.snapshot.assignment_of(&resident.id).unwrap_or_default();
        let home = self.homes.get(&row).copied().unwrap_or(node);
        PlannedMove {
            vm: resident.id.clone(),
            from: self.field.snapshot.node_id(home).clone(),
            to: self.field.snapshot.node_id(node).clone(),
            numa_cells: Assignment::positions(lies.cells).collect(),
            gpu_indices: Assignment::positions(lies.gpus).collect(),
            reason: MoveReason::Restart,
            priority: None,
            automatic: None,
            stage,
            step,
            cost: Cost {
                migration: Migration::Cold,
                copied_mib: 0,
                millis: self.request.start_ms,
                downtime_ms: self.request.start_ms,
                risk: Risk::Low,
            },
            benefit: Benefit { priority: Some(resident.priority), ..Benefit::default() },
        }
    }

    /// Why a machine does not restart.
    fn stays(&mut self, told_before: usize, row: Row, need: Option<Row>) -> NotRestarted {
        let field = &*self.field;
        let home = self.homes.get(&row).copied().unwrap_or(NodeIndex(0));
        let (vm, node) = (field.resident(row).id.clone(), field.snapshot.node_id(home).clone());
        let mut stays = NotRestarted {
            vm,
            node,
            code: NotRestartedCode::NoNode,
            message: "no node that is left will do".to_owned(),
            rejected_by: BTreeMap::new(),
            rejections: Vec::new(),
            would_fit_if: Vec::new(),
        };
        if let Some(need) = need {
            stays.code = NotRestartedCode::Dependency;
            stays.message =
                format!("it waits for {}, which does not restart", field.resident(need).id);
            return stays;
        }
        let shape = field.shape(row);
        let told = refusal(&field.snapshot, &stays.vm, shape, &field.pipeline, Detail::Brief);
        stays.rejected_by = told.rejected_by;
        if told_before < EXPLAINED_MAX {
            stays.rejections = told.rejections;
            let lost = |way: &Remedy| {
                let node = field.snapshot.node_index(&way.node);
                node.is_some_and(|node| self.homes.values().any(|&home| home == node))
            };
            stays.would_fit_if = told.would_fit_if.into_iter().filter(|way| !lost(way)).collect();
        }
        stays
    }
}
