//! The ground that planners work on: a snapshot with who lives where, in dense numbers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use quantix_core::{
    VmKey,
    cluster::{Cluster, NodeState, NumaPolicy, RuleKind, TaintEffect},
};

use crate::{
    filter::intolerable,
    place::{PlaceError, passes},
    policy::{Pipeline, Policy},
    snapshot::{Assignment, Extra, NodeIndex, RuleIndex, Shape, ShapeId, Snapshot, small},
};

/// A machine by its position in order of machine ids.
pub(super) type Row = u32;

/// The filter that moving does not ask: the disks stay where they are.
const NOT_FOR_MOVES: &str = "pool_capacity";

/// One machine.
#[derive(Clone, Debug)]
pub(super) struct Resident {
    pub(super) id: VmKey,
    pub(super) shape: ShapeId,
    pub(super) priority: i32,
    pub(super) node: Option<NodeIndex>,
}

/// A machine that goes from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hop {
    pub(super) row: Row,
    pub(super) from: NodeIndex,
    pub(super) to: NodeIndex,
    /// Where on the new node it lies, once the step is known.
    pub(super) lies: Assignment,
}

impl Hop {
    pub(super) fn new(row: Row, from: NodeIndex, to: NodeIndex) -> Self {
        Self { row, from, to, lies: Assignment::default() }
    }
}

/// Which of the nodes that will do is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taste {
    /// The least loaded, so that no single node takes all.
    Spread,
    /// The most loaded, so that large room stays whole.
    Tight,
}

/// A snapshot with the machines per node and the nodes in order of load.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) snapshot: Snapshot,
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) residents: Vec<Resident>,
    /// The machines on each node, in order of their ids.
    pub(super) on: Vec<BTreeSet<Row>>,
    /// Nodes by promised load, then by id.
    order: BTreeSet<(u64, u32)>,
    loads: Vec<u64>,
    /// Placed and unplaced machines of each rule.
    pub(super) members: Vec<Vec<Row>>,
    /// Whether free CPU and memory may be compared before the filters are asked.
    plain_room: bool,
    /// Whether a move must leave even spreads even; a restart cannot choose where it leaves.
    pub(super) moves: bool,
    /// Whether some node would rather not have some machines.
    soft_taints: bool,
    journal: Vec<Undo>,
}

/// How to take back one change.
#[derive(Clone, Copy, Debug)]
enum Undo {
    /// A machine was taken off a node.
    Lifted(Row, NodeIndex, Assignment),
    /// A machine was put on a node.
    Put(Row),
    /// Room of a node was claimed.
    Claimed(Row, NodeIndex),
}

impl Field {
    /// Reads a cluster; the pipeline is the policy's without what only new disks need.
    pub(super) fn build(cluster: &Cluster, policy: &Policy) -> Result<Self, PlaceError> {
        Ok(Self::new(Snapshot::build(cluster)?, cluster, move_pipeline(policy)?))
    }

    fn new(snapshot: Snapshot, cluster: &Cluster, pipeline: Pipeline) -> Self {
        let priorities: BTreeMap<&VmKey, i32> =
            cluster.vms.iter().map(|vm| (&vm.id, vm.priority)).collect();
        let mut residents: Vec<Resident> = snapshot
            .entries()
            .map(|entry| Resident {
                id: entry.id.clone(),
                shape: entry.shape,
                priority: priorities.get(&entry.id).copied().unwrap_or(0),
                node: Some(entry.node),
            })
            .collect();
        residents.sort_by(|a, b| a.id.cmp(&b.id));
        let mut on = vec![BTreeSet::new(); snapshot.node_count()];
        let mut members = vec![Vec::new(); snapshot.rules.len()];
        for (row, resident) in (0..).zip(&residents) {
            if let Some(node) = resident.node {
                on[node.at()].insert(row);
            }
            for rule in &snapshot.shape_by_id(resident.shape).rules {
                members[rule.at()].push(row);
            }
        }
        let has = |name: &str| pipeline.filters.iter().any(|filter| filter.name() == name);
        let plain_room = has("cpu") && has("memory");
        let soft = |class: &crate::snapshot::Class| {
            class.taints.iter().any(|taint| taint.effect == TaintEffect::PreferNoSchedule)
        };
        let soft_taints = snapshot.classes.iter().any(soft);
        let loads: Vec<u64> = snapshot.node_indices().map(|node| load(&snapshot, node)).collect();
        let order = (0..).zip(&loads).map(|(node, &load)| (load, node)).collect();
        Self {
            snapshot,
            pipeline: Arc::new(pipeline),
            residents,
            on,
            order,
            loads,
            members,
            plain_room,
            moves: true,
            soft_taints,
            journal: Vec::new(),
        }
    }

    pub(super) fn row(&self, vm: &VmKey) -> Option<Row> {
        self.residents.binary_search_by(|resident| resident.id.cmp(vm)).ok().map(small)
    }

    pub(super) fn resident(&self, row: Row) -> &Resident {
        &self.residents[row as usize]
    }

    pub(super) fn shape(&self, row: Row) -> &Shape {
        self.snapshot.shape_by_id(self.resident(row).shape)
    }

    /// How much of a node is promised, in millionths of the scarcer of CPU and memory.
    pub(super) fn load(&self, node: NodeIndex) -> u64 {
        self.loads[node.at()]
    }

    fn touch(&mut self, node: NodeIndex) {
        let new = load(&self.snapshot, node);
        let old = std::mem::replace(&mut self.loads[node.at()], new);
        self.order.remove(&(old, node.0));
        self.order.insert((new, node.0));
    }

    /// Takes a machine off its node; answers where it lay.
    pub(super) fn lift(&mut self, row: Row) -> Option<(NodeIndex, Assignment)> {
        let (id, node) = {
            let resident = self.resident(row);
            (resident.id.clone(), resident.node?)
        };
        let assignment = self.snapshot.assignment_of(&id).unwrap_or_default();
        self.snapshot.remove(&id).ok()?;
        self.residents[row as usize].node = None;
        self.on[node.at()].remove(&row);
        self.journal.push(Undo::Lifted(row, node, assignment));
        self.touch(node);
        Some((node, assignment))
    }

    /// Puts a lifted machine on a node without asking filters; false where it cannot lie there.
    pub(super) fn put(&mut self, row: Row, node: NodeIndex) -> bool {
        let shape = self.resident(row).shape;
        let Some(assignment) =
            self.snapshot.candidate(node).assignment(self.snapshot.shape_by_id(shape))
        else {
            return false;
        };
        self.put_at(row, node, assignment) && {
            self.journal.push(Undo::Put(row));
            true
        }
    }

    fn put_at(&mut self, row: Row, node: NodeIndex, assignment: Assignment) -> bool {
        let (id, shape) = {
            let resident = self.resident(row);
            (resident.id.clone(), resident.shape)
        };
        if self.snapshot.add_at(&id, shape, node, assignment).is_err() {
            return false;
        }
        self.residents[row as usize].node = Some(node);
        self.on[node.at()].insert(row);
        self.touch(node);
        true
    }

    /// Whether a machine is no more than CPU and memory: no rule counts it, no cell or GPU binds it.
    pub(super) fn is_plain(&self, row: Row) -> bool {
        let shape = self.shape(row);
        shape.rules.is_empty()
            && shape.gpus.is_none()
            && shape.extra.is_empty()
            && shape.numa == NumaPolicy::Any
    }

    /// Puts a lifted machine on a node, or claims its CPU and memory there where it is plain: then
    /// it need not be lifted. Only rolling back takes a claim away.
    pub(super) fn claim(&mut self, row: Row, node: NodeIndex) -> bool {
        if !self.is_plain(row) {
            return self.put(row, node);
        }
        self.charge(row, node, -1);
        self.journal.push(Undo::Claimed(row, node));
        true
    }

    /// Gives a node back, or takes from it, what a machine asks for.
    fn charge(&mut self, row: Row, node: NodeIndex, sign: i64) {
        let shape = self.shape(row);
        let (cpu, memory) = (signed(shape.cpu_milli), signed(shape.memory_mib));
        let entry = &mut self.snapshot.nodes[node.at()];
        entry.free_cpu += sign * cpu;
        entry.free_memory += sign * memory;
        self.touch(node);
    }

    /// The size of a machine: its larger share of the largest amounts, in millionths.
    pub(super) fn size(&self, row: Row, cpu: u64, memory: u64) -> u128 {
        let shape = self.shape(row);
        let part = |asked: u64, all: u64| u128::from(asked) * 1_000_000 / u128::from(all.max(1));
        part(shape.cpu_milli, cpu).max(part(shape.memory_mib, memory))
    }

    /// Makes a node ready, cordoned or down.
    pub(super) fn set_state(&mut self, node: NodeIndex, state: NodeState) {
        // The index is one of this snapshot.
        let _ = self.snapshot.set_state(node, state);
    }

    /// A moment to roll back to.
    pub(super) fn mark(&self) -> usize {
        self.journal.len()
    }

    /// Takes back every lift and put since a moment.
    pub(super) fn rollback(&mut self, mark: usize) {
        while self.journal.len() > mark {
            let Some(undo) = self.journal.pop() else { break };
            let length = self.journal.len();
            match undo {
                Undo::Lifted(row, node, assignment) => drop(self.put_at(row, node, assignment)),
                Undo::Put(row) => drop(self.lift(row)),
                Undo::Claimed(row, node) => self.charge(row, node, 1),
            }
            self.journal.truncate(length);
        }
    }

    /// Whether a lifted machine may go to a node.
    pub(super) fn admits(&self, row: Row, node: NodeIndex) -> bool {
        self.admits_shape(self.shape(row), node)
    }

    pub(super) fn admits_shape(&self, shape: &Shape, node: NodeIndex) -> bool {
        let entry = &self.snapshot.nodes[node.at()];
        if self.plain_room
            && (entry.free_cpu < signed(shape.cpu_milli)
                || entry.free_memory < signed(shape.memory_mib))
        {
            return false;
        }
        passes(self.snapshot.candidate(node), shape, &self.pipeline)
            && (!self.moves || self.stays_even(shape, node))
    }

    /// Whether the machines of even spreads are as even as they must be with one more on a node.
    ///
    /// The filter compares the node's domain with the emptiest one. A machine that moves may have
    /// left that one emptier than before, so that the fullest is looked at, too.
    fn stays_even(&self, shape: &Shape, node: NodeIndex) -> bool {
        shape.rules.iter().map(|rule| &self.snapshot.rules[rule.at()]).all(|rule| {
            if !rule.must || rule.kind != RuleKind::Spread {
                return true;
            }
            let here = rule.count(rule.domain(node, &self.snapshot.nodes[node.at()]));
            here == rule.fewest() || rule.most() <= rule.fewest().saturating_add(rule.max_skew)
        })
    }

    /// The nodes, the least loaded first.
    pub(super) fn by_load(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        self.order.iter().map(|&(_, node)| NodeIndex(node))
    }

    /// The node for a lifted machine: most wished for, then by taste, then by id.
    pub(super) fn choose(
        &self,
        row: Row,
        avoid: Option<NodeIndex>,
        taste: Taste,
    ) -> Option<NodeIndex> {
        let shape = self.shape(row);
        let will_do = |&node: &NodeIndex| Some(node) != avoid && self.admits_shape(shape, node);
        let up = self.order.iter().map(|&(_, node)| NodeIndex(node));
        if self.is_wishful(shape) {
            let wish = |node: &NodeIndex| std::cmp::Reverse(self.wish(shape, *node));
            return match taste {
                Taste::Spread => up.filter(will_do).min_by_key(wish),
                Taste::Tight => up.rev().filter(will_do).min_by_key(wish),
            };
        }
        match taste {
            Taste::Spread => up.into_iter().find(will_do),
            Taste::Tight => up.rev().find(will_do),
        }
    }

    /// Whether it matters which of the nodes that will do is taken.
    fn is_wishful(&self, shape: &Shape) -> bool {
        self.soft_taints
            || !shape.preferences.is_empty()
            || shape.rules.iter().any(|rule| !self.snapshot.rules[rule.at()].must)
    }

    /// The points of the wishes of a machine for a node.
    pub(super) fn wish(&self, shape: &Shape, node: NodeIndex) -> u64 {
        use crate::score::{PreferenceScore, Score};
        PreferenceScore.points(self.snapshot.candidate(node), shape)
    }

    /// The machines that rules hold together with one, itself among them, in order.
    pub(super) fn group(&self, row: Row) -> Vec<Row> {
        let mut group = BTreeSet::from([row]);
        let mut open = vec![row];
        while let Some(row) = open.pop() {
            for rule in self.rules(row, RuleKind::Affinity) {
                for &member in &self.members[rule.at()] {
                    if self.resident(member).node.is_some() && group.insert(member) {
                        open.push(member);
                    }
                }
            }
        }
        group.into_iter().collect()
    }

    /// The rules of a kind that must hold for a machine.
    pub(super) fn rules(&self, row: Row, kind: RuleKind) -> impl Iterator<Item = RuleIndex> + '_ {
        self.shape(row).rules.iter().copied().filter(move |rule| {
            let rule = &self.snapshot.rules[rule.at()];
            rule.must && rule.kind == kind
        })
    }

    /// Whether a taint of its node drives a machine away.
    pub(super) fn is_evicted(&self, row: Row) -> bool {
        let Some(node) = self.resident(row).node else { return false };
        intolerable(self.snapshot.candidate(node), self.shape(row), true)
            .any(|taint| taint.effect == TaintEffect::NoExecute)
    }
}

fn move_pipeline(policy: &Policy) -> Result<Pipeline, crate::policy::PolicyError> {
    let mut pipeline = Pipeline::new(policy)?;
    pipeline.filters.retain(|filter| filter.name() != NOT_FOR_MOVES);
    Ok(pipeline)
}

pub(super) fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

/// What is promised, in millionths of what there is.
pub(super) fn share(all: u64, free: i64) -> u64 {
    let used = i128::from(all) - i128::from(free);
    let used = u128::try_from(used).unwrap_or(0);
    u64::try_from(used * 1_000_000 / u128::from(all.max(1))).unwrap_or(u64::MAX)
}

fn load(snapshot: &Snapshot, node: NodeIndex) -> u64 {
    let entry = &snapshot.nodes[node.at()];
    let class = &snapshot.classes[entry.class as usize];
    share(class.cpu, entry.free_cpu).max(share(class.memory, entry.free_memory))
}

/// All of a machine's memory, huge pages among it, in MiB.
pub(super) fn memory_of(shape: &Shape) -> u64 {
    let pages = shape.extra.iter().map(|(extra, count)| match extra {
        Extra::Pages(bytes) => bytes.saturating_mul(*count) >> 20,
        Extra::Device(_) => 0,
    });
    shape.memory_mib.saturating_add(pages.sum())
}

/// Whether a machine has hardware of its node for itself.
pub(super) fn is_attached(shape: &Shape) -> bool {
    let device = |(extra, count): &(Extra, u64)| matches!(extra, Extra::Device(_)) && *count > 0;
    !shape.gpus.is_none() || shape.extra.iter().any(device)
}
