//! What a change would do: hosts more or less, growth, other promises, other rules, a lost rack,
//! another policy, another cluster.

use std::collections::{BTreeMap, BTreeSet};

use quantix_core::{
    Finding, NodeKey, VmKey,
    cluster::{Cluster, NodeState, Overcommit, PlacedVm, Rule, Vm},
};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        ha::{AdmissionRequest, admission},
        picture::Picture,
        planner::Planner,
        request::request_fault,
    },
    fits::{CapacityRequest, Room, SHAPES_MAX, ShapeRequest, capacity},
};
use crate::{
    place::{Detail, NodeRejection, PlaceError, Remedy, place_documents},
    policy::Policy,
    snapshot::Faults,
};

/// The most changes of one request.
pub const CHANGES_MAX: usize = 1_000;
/// The most machines or nodes that growth may add.
pub const GROWN_VMS_MAX: usize = 200_000;

/// What is supposed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WhatifRequest {
    /// The changes, made one after the other.
    pub changes: Vec<Supposition>,
    /// The policy after them; the same when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Machines of which it is told how many more fit; the most frequent sizes when left out.
    pub shapes: Vec<ShapeRequest>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Supposition {
    /// More nodes like one that is there.
    AddNodes {
        /// The node.
        like: NodeKey,
        /// How many.
        count: u32,
    },
    /// A node goes; its machines look for other nodes.
    RemoveNode {
        /// The node.
        node: NodeKey,
    },
    /// A whole rack goes.
    RemoveRack {
        /// The value of the label `rack`.
        rack: String,
    },
    /// Nodes are promised more or less often.
    SetOvercommit {
        /// The nodes; all when left out.
        #[serde(default)]
        nodes: Vec<NodeKey>,
        /// How often.
        overcommit: Overcommit,
    },
    /// A rule more.
    AddRule {
        /// The rule.
        rule: Rule,
    },
    /// A rule less.
    DropRule {
        /// Its id.
        rule: String,
    },
    /// Machines more.
    AddVms {
        /// The machines.
        vms: Vec<Vm>,
    },
    /// So many percent more machines, of the sizes that there are.
    Grow {
        /// Percent.
        percent: u32,
    },
    /// Another cluster altogether.
    Become {
        /// The cluster.
        cluster: Box<Cluster>,
    },
}

/// What a change does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WhatifReport {
    /// Whether every machine has a node after it.
    pub complete: bool,
    /// What differs, number by number.
    pub differences: Vec<Difference>,
    /// Machines that must be placed anew, with their new nodes.
    pub moves: Vec<Displaced>,
    /// Machines that then have no node, and why.
    pub blocked: Vec<Homeless>,
    /// The cluster before.
    pub before: Picture,
    /// The cluster after.
    pub after: Picture,
    /// How much more fits before and after, shape by shape.
    pub room_before: Vec<Room>,
    /// The same after.
    pub room_after: Vec<Room>,
    /// Whether every machine restarts when any one node fails, before and after.
    pub admitted_before: bool,
    /// The same after.
    pub admitted_after: bool,
    /// The policy before and after.
    pub policies: [String; 2],
    /// What was doubtful about the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// A number before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it counts, with its unit.
    pub what: String,
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

/// A machine that is placed anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Displaced {
    /// The machine.
    pub vm: VmKey,
    /// Where it was; left out for a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NodeKey>,
    /// Where it goes.
    pub to: NodeKey,
}

/// A machine without a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Homeless {
    /// The machine.
    pub vm: VmKey,
    /// How many nodes failed each filter first.
    pub rejected_by: BTreeMap<&'static str, usize>,
    /// The first filter that each node failed.
    pub rejections: Vec<NodeRejection>,
    /// The smallest changes with which it would fit.
    pub would_fit_if: Vec<Remedy>,
}

/// Tells what changes would do.
///
/// The changes are made on the document one after the other; what has no node then, and what is new,
/// is placed by the policy. Nothing else moves.
///
/// # Errors
/// When a document has faults, or a change names what is not there.
///
/// # Example
/// ```
/// use quantix_core::cluster::Cluster;
/// use quantix_scheduler::{Policy, plan::{WhatifRequest, whatif}};
/// let cluster: Cluster = serde_json::from_str(
///     r#"{"nodes": [{"id": "n1", "cpu_milli": 4000, "memory_mib": 8192},
///                   {"id": "n2", "cpu_milli": 4000, "memory_mib": 8192}],
///         "vms": [{"id": "a", "node": "n1", "cpu_milli": 1000, "memory_mib": 6144},
///                 {"id": "b", "node": "n2", "cpu_milli": 1000, "memory_mib": 6144}]}"#,
/// )?;
/// let request: WhatifRequest =
///     serde_json::from_str(r#"{"changes": [{"change": "remove_node", "node": "n1"}]}"#)?;
/// let report = whatif(&cluster, &request, &Policy::default())?;
/// assert_eq!(report.blocked[0].vm.as_str(), "a");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn whatif(
    cluster: &Cluster,
    request: &WhatifRequest,
    policy: &Policy,
) -> Result<WhatifReport, PlaceError> {
    let policy_after = request.policy.as_ref().unwrap_or(policy);
    let mut planner = Planner::new(cluster, policy)?;
    let mut supposed = Supposed { cluster: cluster.clone(), homeless: Vec::new(), made: 0 };
    let mut faults = Faults::default();
    if request.changes.len() > CHANGES_MAX {
        let message = format!("expected at most {CHANGES_MAX}");
        request_fault(&mut faults, "changes".to_owned(), message);
    }
    if request.shapes.len() > SHAPES_MAX {
        let message = format!("expected at most {SHAPES_MAX}");
        request_fault(&mut faults, "shapes".to_owned(), message);
    }
    for (at, change) in request.changes.iter().enumerate().take(CHANGES_MAX) {
        if let Err(message) = supposed.make(change) {
            request_fault(&mut faults, format!("changes[{at}]"), message);
        }
    }
    faults.finish()?;
    let (moves, blocked, findings) = supposed.settle(policy_after)?;
    let after = supposed.cluster;
    let shapes = if request.shapes.is_empty() {
        super::fits::frequent(cluster)
    } else {
        request.shapes.clone()
    };
    let asked = CapacityRequest { shapes, ..CapacityRequest::default() };
    let room_before = capacity(cluster, &asked, policy)?.shapes;
    let room_after = capacity(&after, &asked, policy_after)?.shapes;
    let one = AdmissionRequest::default();
    let (before, after_picture) =
        (planner.field.picture(), Planner::new(&after, policy_after)?.field.picture());
    Ok(WhatifReport {
        complete: blocked.is_empty(),
        differences: differences(&before, &after_picture, &room_before, &room_after),
        moves,
        blocked,
        before,
        after: after_picture,
        room_before,
        room_after,
        admitted_before: planner.admission(&one)?.admitted,
        admitted_after: admission(&after, &one, policy_after)?.admitted,
        policies: [policy.name.clone(), policy_after.name.clone()],
        findings,
    })
}

/// What found a node, what did not, and what was doubtful.
type Settled = (Vec<Displaced>, Vec<Homeless>, Vec<Finding>);

/// The cluster as it is supposed to be.
struct Supposed {
    cluster: Cluster,
    /// Machines to place, with the node that they had.
    homeless: Vec<(Vm, Option<NodeKey>)>,
    /// How many nodes and machines were made up.
    made: usize,
}

impl Supposed {
    /// Makes a change; the error is what is wrong with it.
    fn make(&mut self, change: &Supposition) -> Result<(), String> {
        match change {
            Supposition::AddNodes { like, count } => self.add_nodes(like, *count)?,
            Supposition::RemoveNode { node } => self.lose(|other| &other.id == node)?,
            Supposition::RemoveRack { rack } => {
                self.lose(|node| node.labels.get("rack") == Some(rack))?;
            }
            Supposition::SetOvercommit { nodes, overcommit } => {
                let known: BTreeSet<&NodeKey> =
                    self.cluster.nodes.iter().map(|node| &node.id).collect();
                if let Some(unknown) = nodes.iter().find(|node| !known.contains(node)) {
                    return Err(format!("there is no node {unknown}"));
                }
                let wanted: BTreeSet<&NodeKey> = nodes.iter().collect();
                for node in &mut self.cluster.nodes {
                    if wanted.is_empty() || wanted.contains(&node.id) {
                        node.overcommit = *overcommit;
                    }
                }
            }
            Supposition::AddRule { rule } => self.cluster.rules.push(rule.clone()),
            Supposition::DropRule { rule } => {
                let before = self.cluster.rules.len();
                let named = |other: &Rule| other.id.as_ref().is_some_and(|id| id.as_str() == rule);
                self.cluster.rules.retain(|other| !named(other));
                if self.cluster.rules.len() == before {
                    return Err(format!("there is no rule with the id {rule}"));
                }
            }
            Supposition::AddVms { vms } => {
                self.count(vms.len())?;
                self.homeless.extend(vms.iter().map(|vm| (vm.clone(), None)));
            }
            Supposition::Grow { percent } => self.grow(*percent)?,
            Supposition::Become { cluster } => {
                self.cluster = Cluster::clone(cluster);
                self.homeless.clear();
            }
        }
        Ok(())
    }

    fn count(&mut self, more: usize) -> Result<(), String> {
        self.made = self.made.saturating_add(more);
        if self.made > GROWN_VMS_MAX {
            return Err(format!("adds more than {GROWN_VMS_MAX} machines and nodes"));
        }
        Ok(())
    }

    fn add_nodes(&mut self, like: &NodeKey, count: u32) -> Result<(), String> {
        self.count(count as usize)?;
        let model = self.cluster.nodes.iter().find(|node| &node.id == like);
        let model = model.ok_or_else(|| format!("there is no node {like}"))?.clone();
        let mut known: BTreeSet<NodeKey> =
            self.cluster.nodes.iter().map(|node| node.id.clone()).collect();
        let mut number = 0u64;
        for _ in 0..count {
            let id = loop {
                number += 1;
                let id = format!("new-{number:04}")
                    .parse::<NodeKey>()
                    .map_err(|error| error.to_string())?;
                if known.insert(id.clone()) {
                    break id;
                }
            };
            self.cluster.nodes.push(quantix_core::cluster::Node {
                id,
                state: NodeState::Ready,
                ..model.clone()
            });
        }
        Ok(())
    }

    /// Nodes go down, since rules may name them; their machines are to be placed.
    fn lose(&mut self, gone: impl Fn(&quantix_core::cluster::Node) -> bool) -> Result<(), String> {
        let mut lost = BTreeSet::new();
        for node in self.cluster.nodes.iter_mut().filter(|node| gone(node)) {
            node.state = NodeState::Down;
            lost.insert(node.id.clone());
        }
        if lost.is_empty() {
            return Err("names no node that is there".to_owned());
        }
        let (leave, stay): (Vec<PlacedVm>, Vec<PlacedVm>) = std::mem::take(&mut self.cluster.vms)
            .into_iter()
            .partition(|vm| vm.node.as_ref().is_some_and(|node| lost.contains(node)));
        self.cluster.vms = stay;
        for vm in leave {
            let node = vm.node.clone();
            let vm = Vm::from(vm);
            self.charge(&vm, false);
            self.homeless.push((vm, node));
        }
        Ok(())
    }

    fn grow(&mut self, percent: u32) -> Result<(), String> {
        let all = self.cluster.vms.len();
        let more = all.saturating_mul(percent as usize) / 100;
        self.count(more)?;
        let known: BTreeSet<&VmKey> = self.cluster.vms.iter().map(|vm| &vm.id).collect();
        let mut grown = Vec::with_capacity(more);
        let mut number = 0usize;
        while grown.len() < more {
            number += 1;
            let id =
                format!("grown-{number:06}").parse::<VmKey>().map_err(|error| error.to_string())?;
            if !known.contains(&id) {
                // Evenly over the machines that there are, whatever their order.
                let like = &self.cluster.vms[grown.len() * all / more];
                grown.push((Vm { id, ..Vm::from(like.clone()) }, None));
            }
        }
        self.homeless.extend(grown);
        Ok(())
    }

    /// Takes a machine's disks from pools that say what is allocated, or gives them back.
    fn charge(&mut self, vm: &Vm, takes: bool) {
        for disk in &vm.disks {
            let pools = self.cluster.pools.iter_mut().flatten();
            for pool in pools.filter(|pool| disk.storage_pool_id.as_ref() == Some(&pool.id)) {
                if let Some(allocated) = &mut pool.allocated_bytes {
                    allocated.0 = match takes {
                        true => allocated.0.saturating_add(disk.size_bytes.0),
                        false => allocated.0.saturating_sub(disk.size_bytes.0),
                    };
                }
            }
        }
    }

    /// Places what has no node.
    fn settle(&mut self, policy: &Policy) -> Result<Settled, PlaceError> {
        let vms: Vec<Vm> = self.homeless.iter().map(|(vm, _)| vm.clone()).collect();
        let answer = place_documents(&self.cluster, &vms, policy, Detail::Brief)?;
        let mut from: BTreeMap<VmKey, (Vm, Option<NodeKey>)> = std::mem::take(&mut self.homeless)
            .into_iter()
            .map(|(vm, node)| (vm.id.clone(), (vm, node)))
            .collect();
        let mut moves = Vec::with_capacity(answer.placements.len());
        for placement in answer.placements {
            let Some((vm, node)) = from.remove(&placement.vm) else { continue };
            self.charge(&vm, true);
            let mut placed = vm.on(placement.node.clone());
            placed.numa_cells = placement.numa_cells;
            placed.gpu_indices = placement.gpu_indices;
            self.cluster.vms.push(placed);
            moves.push(Displaced { vm: placement.vm, from: node, to: placement.node });
        }
        let blocked = answer.unplaced.into_iter().map(|unplaced| Homeless {
            vm: unplaced.vm,
            rejected_by: unplaced.rejected_by,
            rejections: unplaced.rejections,
            would_fit_if: unplaced.would_fit_if,
        });
        Ok((moves, blocked.collect(), answer.findings))
    }
}

fn differences(
    before: &Picture,
    after: &Picture,
    rooms: &[Room],
    rooms_after: &[Room],
) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut row =
        |what: String, before: u64, after: u64| all.push(Difference { what, before, after });
    let mut picture = |what: &str, value: &dyn Fn(&Picture) -> u64| {
        row(what.to_owned(), value(before), value(after));
    };
    picture("nodes ready", &|p| p.nodes_ready.into());
    picture("nodes with machines", &|p| p.nodes_used.into());
    picture("machines", &|p| p.vms.into());
    picture("CPU that can be promised, millicores", &|p| p.cpu.capacity);
    picture("CPU promised, millicores", &|p| p.cpu.used);
    picture("memory that can be promised, MiB", &|p| p.memory.capacity);
    picture("memory promised, MiB", &|p| p.memory.used);
    picture("CPU promised of the fullest node, ppm", &|p| p.cpu.most_ppm);
    picture("memory promised of the fullest node, ppm", &|p| p.memory.most_ppm);
    picture("rules broken", &|p| p.violations.len() as u64);
    for (one, other) in rooms.iter().zip(rooms_after) {
        let what =
            format!("more machines of {} millicores and {} MiB", one.cpu_milli.0, one.memory_mib.0);
        row(what, one.fits.into(), other.fits.into());
    }
    all
}
