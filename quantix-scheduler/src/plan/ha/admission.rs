//! Admission: does everything restart when nodes fail, and if not, what does not.

use std::collections::{BTreeMap, BTreeSet};

use quantix_core::{
    Finding, MemoryMib, Millicores, NodeKey, VmKey,
    cluster::{Cluster, NodeState},
};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        field::{Field, Row},
        planner::Planner,
        request::{named_nodes, request_fault},
    },
    outage::{Outage, Rescue},
};
use crate::{
    place::PlaceError,
    policy::Policy,
    snapshot::{Faults, NodeIndex, small},
};

/// The most sets of failing nodes that are tried.
pub const FAILURE_SETS_MAX: usize = 20_000;
/// The most nodes or racks that may fail together.
const FAILURES_MAX: u32 = 8;
/// The most failure sets that a report lists.
const SETS_SHOWN_MAX: usize = 200;

/// How failures are provided for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdmissionRequest {
    /// How.
    pub method: AdmissionMethod,
    /// How many nodes fail at a time, or racks with `racks`; for slots and dedicated nodes, too.
    pub failures: u32,
    /// Whether whole racks fail.
    pub racks: bool,
    /// Sets of nodes that fail together: "what if these die". Only they are tried then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lose: Vec<Vec<NodeKey>>,
    /// For [`AdmissionMethod::Percentage`]: the part of CPU and memory that must stay free.
    pub percent: u32,
    /// For [`AdmissionMethod::Dedicated`]: the nodes that stand by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dedicated: Vec<NodeKey>,
}

impl Default for AdmissionRequest {
    fn default() -> Self {
        Self {
            method: AdmissionMethod::Exact,
            failures: 1,
            racks: false,
            lose: Vec::new(),
            percent: 25,
            dedicated: Vec::new(),
        }
    }
}

/// A way to tell whether failures are provided for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdmissionMethod {
    /// Every set of failures is tried, with every filter.
    #[default]
    Exact,
    /// Machines are counted in slots as large as the largest of them.
    Slots,
    /// A part of CPU and memory stays free.
    Percentage,
    /// Nodes stand by empty, and alone take the machines of failed ones.
    Dedicated,
}

/// Whether failures are provided for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdmissionReport {
    /// Whether they are.
    pub admitted: bool,
    /// By which method this is known.
    pub method: AdmissionMethod,
    /// How many sets of failures were tried.
    pub sets_tried: u32,
    /// Whether these are all there are.
    pub exhaustive: bool,
    /// The sets after which machines do not restart, the worst first; further ones are counted.
    pub not_tolerated: Vec<FailureSet>,
    /// How many sets are not tolerated.
    pub not_tolerated_count: u32,
    /// Why, in one sentence.
    pub message: String,
    /// The slots, for that method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<Slots>,
    /// What was doubtful about the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// Nodes that fail together, and what then does not restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailureSet {
    /// The nodes.
    pub nodes: Vec<NodeKey>,
    /// How many machines they have.
    pub vms: u32,
    /// The machines that do not restart.
    pub not_restarted: Vec<VmKey>,
    /// Whether it is proven that not all can; else no way was found.
    pub proven: bool,
}

/// Slots as large as the largest machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Slots {
    /// CPU of a slot.
    pub cpu_milli: Millicores,
    /// Memory of a slot.
    pub memory_mib: MemoryMib,
    /// Slots that are left when the nodes with the most of them fail.
    pub left: u64,
    /// Machines.
    pub needed: u64,
}

/// Tells whether everything restarts when nodes fail.
///
/// # Errors
/// When a document has faults, or the request names what is not there.
///
/// # Example
/// ```
/// use quantix_core::cluster::Cluster;
/// use quantix_scheduler::{Policy, plan::{AdmissionRequest, admission}};
/// let cluster: Cluster = serde_json::from_str(
///     r#"{"nodes": [{"id": "n1", "cpu_milli": 4000, "memory_mib": 8192},
///                   {"id": "n2", "cpu_milli": 4000, "memory_mib": 8192}],
///         "vms": [{"id": "a", "node": "n1", "cpu_milli": 1000, "memory_mib": 6144},
///                 {"id": "b", "node": "n2", "cpu_milli": 1000, "memory_mib": 2048}]}"#,
/// )?;
/// let report = admission(&cluster, &AdmissionRequest::default(), &Policy::default())?;
/// assert!(report.admitted, "6 + 2 GiB fit either node");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn admission(
    cluster: &Cluster,
    request: &AdmissionRequest,
    policy: &Policy,
) -> Result<AdmissionReport, PlaceError> {
    Planner::new(cluster, policy)?.admission(request)
}

impl Planner {
    /// As [`admission`], on a cluster that was read before; the planner is then as it was.
    ///
    /// # Errors
    /// As [`admission`].
    pub fn admission(&mut self, request: &AdmissionRequest) -> Result<AdmissionReport, PlaceError> {
        let field = &mut self.field;
        let (sets, dedicated, exhaustive) = read(field, request)?;
        let mut report = match request.method {
            AdmissionMethod::Exact => exact(field, &sets),
            AdmissionMethod::Slots => slots(field, request.failures),
            AdmissionMethod::Percentage => percentage(field, request.percent),
            AdmissionMethod::Dedicated => stand_by(field, &sets, &dedicated),
        };
        report.method = request.method;
        report.exhaustive = exhaustive;
        report.findings = field.snapshot.findings().to_vec();
        Ok(report)
    }
}

type Sets = Vec<BTreeSet<NodeIndex>>;

fn read(
    field: &Field,
    request: &AdmissionRequest,
) -> Result<(Sets, BTreeSet<NodeIndex>, bool), PlaceError> {
    let mut faults = Faults::default();
    let mut sets = Sets::new();
    for (at, nodes) in request.lose.iter().enumerate() {
        let mut own = Faults::default();
        sets.push(named_nodes(field, nodes, &[], &mut own));
        if own.finish().is_err() || nodes.is_empty() {
            let message = "names a node that is not there, or none".to_owned();
            request_fault(&mut faults, format!("lose[{at}]"), message);
        }
    }
    if request.lose.len() > FAILURE_SETS_MAX {
        let message = format!("expected at most {FAILURE_SETS_MAX} sets");
        request_fault(&mut faults, "lose".to_owned(), message);
    }
    if !(1..=FAILURES_MAX).contains(&request.failures) {
        request_fault(&mut faults, "failures".to_owned(), format!("expected 1 to {FAILURES_MAX}"));
    }
    if request.percent > 100 {
        request_fault(&mut faults, "percent".to_owned(), "expected 0 to 100".to_owned());
    }
    let dedicated = named_nodes(field, &request.dedicated, &[], &mut faults);
    if request.method == AdmissionMethod::Dedicated && dedicated.is_empty() {
        request_fault(&mut faults, "dedicated".to_owned(), "names no node".to_owned());
    }
    faults.finish()?;
    if !sets.is_empty() {
        return Ok((sets, dedicated, true));
    }
    let (sets, exhaustive) = every_set(field, request, &dedicated);
    Ok((sets, dedicated, exhaustive))
}

/// Every set of so many nodes or racks that could fail; of too many, those of the heaviest.
fn every_set(
    field: &Field,
    request: &AdmissionRequest,
    dedicated: &BTreeSet<NodeIndex>,
) -> (Sets, bool) {
    let mut units: Vec<BTreeSet<NodeIndex>> = Vec::new();
    let live = |node: &NodeIndex| {
        field.snapshot.candidate(*node).state() != NodeState::Down && !dedicated.contains(node)
    };
    let mut racks: BTreeMap<&str, BTreeSet<NodeIndex>> = BTreeMap::new();
    for node in field.snapshot.node_indices().filter(live) {
        match field.snapshot.candidate(node).label("rack").filter(|_| request.racks) {
            Some(rack) => drop(racks.entry(rack).or_default().insert(node)),
            None => units.push(BTreeSet::from([node])),
        }
    }
    units.extend(racks.into_values());
    let memory = |unit: &BTreeSet<NodeIndex>| -> u64 {
        let rows = unit.iter().flat_map(|node| &field.on[node.at()]);
        rows.map(|&row| field.shape(row).memory_mib).sum()
    };
    units.sort_by_cached_key(|unit| (std::cmp::Reverse(memory(unit)), unit.clone()));
    let size = (request.failures as usize).min(units.len());
    let mut take = units.len();
    while take > size && combinations(take, size) > FAILURE_SETS_MAX {
        take -= 1;
    }
    let exhaustive = take == units.len();
    let mut sets = Sets::new();
    let mut chosen: Vec<usize> = (0..size).collect();
    while size > 0 && sets.len() < FAILURE_SETS_MAX {
        sets.push(chosen.iter().flat_map(|&at| units[at].iter().copied()).collect());
        let Some(at) = (0..size).rev().find(|&at| chosen[at] < take - size + at) else { break };
        chosen[at] += 1;
        for next in at + 1..size {
            chosen[next] = chosen[next - 1] + 1;
        }
    }
    (sets, exhaustive)
}

fn combinations(all: usize, size: usize) -> usize {
    let mut count = 1usize;
    for at in 0..size {
        count = count.saturating_mul(all - at) / (at + 1);
    }
    count
}

fn empty_report() -> AdmissionReport {
    AdmissionReport {
        admitted: true,
        method: AdmissionMethod::Exact,
        sets_tried: 0,
        exhaustive: true,
        not_tolerated: Vec::new(),
        not_tolerated_count: 0,
        message: String::new(),
        slots: None,
        findings: Vec::new(),
    }
}

fn exact(field: &mut Field, sets: &Sets) -> AdmissionReport {
    let mut report = AdmissionReport { sets_tried: small(sets.len()), ..empty_report() };
    for set in sets {
        let outage = Outage::begin(field, set);
        let mut rows = outage.rows.clone();
        Outage::by_priority(field, &mut rows);
        let rescue = outage.rescue(field, &rows);
        if !rescue.left.is_empty() {
            report.not_tolerated.push(told(field, set, rows.len(), rescue));
        }
        outage.end(field);
    }
    finish(report)
}

/// Sorts what is not tolerated, and says it.
fn finish(mut report: AdmissionReport) -> AdmissionReport {
    report.not_tolerated.sort_by(|a, b| {
        b.not_restarted.len().cmp(&a.not_restarted.len()).then_with(|| a.nodes.cmp(&b.nodes))
    });
    report.not_tolerated_count = small(report.not_tolerated.len());
    report.not_tolerated.truncate(SETS_SHOWN_MAX);
    report.admitted = report.not_tolerated.is_empty();
    report.message = match report.not_tolerated.first() {
        None => format!("after each of {} failures every machine restarts", report.sets_tried),
        Some(worst) => {
            let nodes: Vec<&str> = worst.nodes.iter().map(NodeKey::as_str).collect();
            format!(
                "when {} fail, {} of {} machines do not restart",
                nodes.join(" and "),
                worst.not_restarted.len(),
                worst.vms
            )
        }
    };
    report
}

fn told(field: &Field, set: &BTreeSet<NodeIndex>, vms: usize, rescue: Rescue) -> FailureSet {
    let mut left: Vec<Row> = rescue.left;
    left.sort_unstable();
    FailureSet {
        nodes: set.iter().map(|&node| field.snapshot.node_id(node).clone()).collect(),
        vms: small(vms),
        not_restarted: left.iter().map(|&row| field.resident(row).id.clone()).collect(),
        proven: rescue.proven,
    }
}

/// Only the dedicated nodes take machines, and nothing runs there before.
fn stand_by(field: &mut Field, sets: &Sets, dedicated: &BTreeSet<NodeIndex>) -> AdmissionReport {
    let busy: Vec<NodeIndex> =
        dedicated.iter().copied().filter(|node| !field.on[node.at()].is_empty()).collect();
    let ready: Vec<NodeIndex> = field
        .snapshot
        .node_indices()
        .filter(|&node| field.snapshot.candidate(node).state() == NodeState::Ready)
        .filter(|node| !dedicated.contains(node))
        .collect();
    for &node in &ready {
        field.set_state(node, NodeState::Cordoned);
    }
    let mut report = exact(field, sets);
    for &node in &ready {
        field.set_state(node, NodeState::Ready);
    }
    if !busy.is_empty() {
        report.admitted = false;
        let names: Vec<&str> =
            busy.iter().map(|&node| field.snapshot.node_id(node).as_str()).collect();
        report.message =
            format!("machines run on nodes that should stand by: {}", names.join(", "));
    }
    report
}

fn percentage(field: &Field, percent: u32) -> AdmissionReport {
    let picture = field.picture();
    let free = |all: u64, used: u64| {
        u64::try_from(u128::from(all.saturating_sub(used)) * 100 / u128::from(all.max(1)))
            .unwrap_or(0)
    };
    let cpu = free(picture.cpu.capacity, picture.cpu.used);
    let memory = free(picture.memory.capacity, picture.memory.used);
    AdmissionReport {
        admitted: cpu.min(memory) >= u64::from(percent),
        message: format!("{cpu} % of CPU and {memory} % of memory are free, {percent} % must be"),
        ..empty_report()
    }
}

fn slots(field: &Field, failures: u32) -> AdmissionReport {
    let rows = 0..small(field.residents.len());
    let most = |amount: &dyn Fn(Row) -> u64| rows.clone().map(amount).max().unwrap_or(0).max(1);
    let cpu = most(&|row| field.shape(row).cpu_milli);
    let memory = most(&|row| field.shape(row).memory_mib);
    let mut slots: Vec<u64> = field
        .snapshot
        .node_indices()
        .map(|node| field.snapshot.candidate(node))
        .filter(|node| node.state() == NodeState::Ready)
        .map(|node| (node.cpu_milli() / cpu).min(node.memory_mib() / memory))
        .collect();
    slots.sort_unstable_by(|a, b| b.cmp(a));
    let left: u64 = slots.iter().skip(failures as usize).sum();
    let needed = field.residents.len() as u64;
    AdmissionReport {
        admitted: left >= needed,
        message: format!("{left} slots are left when {failures} nodes fail, {needed} are needed"),
        slots: Some(Slots {
            cpu_milli: Millicores(cpu),
            memory_mib: MemoryMib(memory),
            left,
            needed,
        }),
        ..empty_report()
    }
}
