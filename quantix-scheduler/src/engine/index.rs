//! The index: per class of nodes and per demand, the best node on top.

use std::collections::{BTreeMap, HashMap, hash_map};

use quantix_core::cluster::{GpuDemand, NodeState, NumaPolicy};

use super::{
    heap::{DemandHeap, NO_FIT, UNKNOWN, pack, unpack},
    plan::{Indexed, Plan},
};
use crate::{
    place::{Choice, best, passes},
    policy::Pipeline,
    score::Dependence,
    snapshot::{Candidate, NodeIndex, Shape, ShapeId, Snapshot},
};

/// How many demands are kept per class; the least used one makes room for a new one.
const DEMANDS_MAX: usize = 64;
/// How many different rooms are remembered per class before they are forgotten all at once.
const ROOMS_MAX: usize = 1 << 18;
/// A log of changes may be so many times as long as its class has nodes.
const LOG_FACTOR: usize = 2;

/// What a machine asks of a node's room.
type Demand = (u64, u64, NumaPolicy, GpuDemand);

/// The nodes of one class.
#[derive(Debug, Default)]
struct ClassIndex {
    /// Nodes whose room changed, with the version that it has since.
    log: Vec<(u32, u32)>,
    /// How many changes were cut off the front of the log.
    cut: u64,
    heaps: HashMap<u32, DemandHeap>,
    /// Free CPU and memory to a small number; only for classes whose room is no more than that.
    rooms: HashMap<(i64, i64), u32, foldhash::fast::FixedState>,
}

#[derive(Debug)]
pub(crate) struct Index {
    classes: Vec<ClassIndex>,
    /// The nodes of each class, in order.
    members: Vec<Vec<u32>>,
    /// Per node: the version of its room, and the room's number within the class.
    versions: Vec<u32>,
    rooms: Vec<u32>,
    demands: BTreeMap<Demand, u32>,
    plans: Vec<Option<(u32, Plan)>>,
    clock: u64,
}

/// The room of a node in a class whose rooms are not numbered.
const UNNUMBERED: u32 = u32::MAX;

impl Index {
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let mut members = vec![Vec::new(); snapshot.class_count()];
        for (node, entry) in (0..).zip(&snapshot.nodes) {
            members[entry.class as usize].push(node);
        }
        let classes = members.iter().map(|_| ClassIndex::default()).collect();
        let mut index = Self {
            classes,
            members,
            versions: vec![0; snapshot.node_count()],
            rooms: vec![UNNUMBERED; snapshot.node_count()],
            demands: BTreeMap::new(),
            plans: Vec::new(),
            clock: 0,
        };
        for node in snapshot.node_indices() {
            index.number(snapshot, node);
        }
        index
    }

    /// Gives a node's room its number.
    fn number(&mut self, snapshot: &Snapshot, node: NodeIndex) {
        let entry = &snapshot.nodes[node.at()];
        let class = &snapshot.classes[entry.class as usize];
        if !class.is_plain() {
            return;
        }
        let index = &mut self.classes[entry.class as usize];
        if index.rooms.len() >= ROOMS_MAX {
            index.rooms.clear();
            index.heaps.clear();
            for &member in &self.members[entry.class as usize] {
                self.rooms[member as usize] = UNNUMBERED;
            }
        }
        let next = crate::snapshot::small(index.rooms.len());
        let room = (entry.free_cpu.max(0), entry.free_memory.max(0));
        self.rooms[node.at()] = *index.rooms.entry(room).or_insert(next);
    }

    /// Notes that a node's room or state changed.
    pub(crate) fn refresh(&mut self, snapshot: &Snapshot, node: NodeIndex) {
        self.number(snapshot, node);
        let version = self.versions[node.at()].wrapping_add(1);
        self.versions[node.at()] = version;
        let class = snapshot.nodes[node.at()].class as usize;
        let index = &mut self.classes[class];
        if index.heaps.is_empty() {
            return;
        }
        index.log.push((node.0, version));
        if index.log.len() > LOG_FACTOR * self.members[class].len() + 1024 {
            let half = index.log.len() / 2;
            index.log.drain(..half);
            index.cut += half as u64;
        }
    }

    /// Forgets all points: the machines that were typical are so no longer, and the version that
    /// says so may come again for others.
    pub(super) fn forget(&mut self) {
        for class in &mut self.classes {
            class.heaps.clear();
        }
    }

    /// The best node for a shape.
    pub(crate) fn best(
        &mut self,
        snapshot: &Snapshot,
        id: ShapeId,
        pipeline: &Pipeline,
    ) -> Option<Choice> {
        let shape = snapshot.shape_by_id(id).clone();
        let (demand, plan) = self.plan(snapshot, id, &shape, pipeline);
        let choice = match &plan {
            Plan::Scan => best(snapshot, &shape, pipeline),
            Plan::Few(nodes) => best_of(snapshot, nodes, &shape, pipeline),
            Plan::Indexed(plan) => self.search(snapshot, demand, &shape, pipeline, plan),
        };
        self.plans[id.0 as usize] = Some((demand, plan));
        choice
    }

    /// Takes the plan of a shape out of its place, or makes it.
    fn plan(
        &mut self,
        snapshot: &Snapshot,
        id: ShapeId,
        shape: &Shape,
        pipeline: &Pipeline,
    ) -> (u32, Plan) {
        let at = id.0 as usize;
        if at >= self.plans.len() {
            self.plans.resize_with(at + 1, || None);
        }
        if let Some(plan) = self.plans[at].take() {
            return plan;
        }
        let next = crate::snapshot::small(self.demands.len());
        let demand = (shape.cpu_milli, shape.memory_mib, shape.numa, shape.gpus.clone());
        let demand = *self.demands.entry(demand).or_insert(next);
        (demand, Plan::new(snapshot, shape, pipeline, &self.members))
    }

    fn search(
        &mut self,
        snapshot: &Snapshot,
        demand: u32,
        shape: &Shape,
        pipeline: &Pipeline,
        plan: &Indexed,
    ) -> Option<Choice> {
        let mut found: Option<Choice> = None;
        for &(class, common) in &plan.classes {
            let node = snapshot.candidate(NodeIndex(self.members[class as usize][0]));
            let passes = |&at: &usize| pipeline.filters[at].check(node, shape).is_ok();
            if !plan.cluster_filters.iter().all(passes) {
                return None;
            }
            let common = common.saturating_add(pipeline.sum(&plan.cluster_scores, node, shape));
            let mut heap = self.synced(snapshot, class, demand, shape, pipeline);
            let query = Query { snapshot, shape, pipeline, plan, common };
            query.search(&mut heap, &self.versions, &mut found);
            self.clock += 1;
            heap.used = self.clock;
            self.classes[class as usize].heaps.insert(demand, heap);
        }
        found
    }

    /// Takes the heap of a demand out of its class, with all changes in it.
    fn synced(
        &mut self,
        snapshot: &Snapshot,
        class: u32,
        demand: u32,
        shape: &Shape,
        pipeline: &Pipeline,
    ) -> DemandHeap {
        let members = &self.members[class as usize];
        let index = &mut self.classes[class as usize];
        let mut heap = index.take(demand);
        let scorer = Scorer { snapshot, shape, pipeline, rooms: &self.rooms };
        let typical = snapshot.typical().version + 1;
        let behind = heap.cursor < index.cut || heap.typical != typical;
        if behind || heap.heap.len() > 2 * members.len() + 64 {
            if heap.typical != typical {
                heap.points.clear();
                heap.typical = typical;
            }
            let mut entries = std::mem::take(&mut heap.heap).into_vec();
            entries.clear();
            for &node in members {
                if let Some(points) = scorer.points(&mut heap.points, node) {
                    entries.push(pack(points, node, self.versions[node as usize]));
                }
            }
            heap.heap = entries.into();
        } else {
            let from = usize::try_from(heap.cursor - index.cut).unwrap_or(0);
            for &(node, version) in &index.log[from..] {
                if self.versions[node as usize] != version {
                    continue;
                }
                if let Some(points) = scorer.points(&mut heap.points, node) {
                    heap.heap.push(pack(points, node, version));
                }
            }
        }
        heap.cursor = index.cut + index.log.len() as u64;
        heap
    }
}

impl ClassIndex {
    /// Takes a heap out; a new one where there is none, in place of the least used.
    fn take(&mut self, demand: u32) -> DemandHeap {
        let full = self.heaps.len() >= DEMANDS_MAX;
        match self.heaps.entry(demand) {
            hash_map::Entry::Occupied(mut entry) => return std::mem::take(entry.get_mut()),
            hash_map::Entry::Vacant(_) if full => {}
            hash_map::Entry::Vacant(_) => return DemandHeap::default(),
        }
        let least = self.heaps.iter().min_by_key(|(_, heap)| heap.used).map(|(&key, _)| key);
        if let Some(least) = least {
            self.heaps.remove(&least);
        }
        DemandHeap::default()
    }
}

/// Scores nodes for one demand, equal rooms once.
struct Scorer<'a> {
    snapshot: &'a Snapshot,
    shape: &'a Shape,
    pipeline: &'a Pipeline,
    rooms: &'a [u32],
}

impl Scorer<'_> {
    /// The points of a node's room; `None` where the node is not ready or has not the room.
    fn points(&self, known: &mut Vec<u64>, node: u32) -> Option<u64> {
        let entry = &self.snapshot.nodes[node as usize];
        if entry.state != NodeState::Ready {
            return None;
        }
        let room = self.rooms[node as usize];
        if room == UNNUMBERED {
            return self.fresh(node);
        }
        let room = room as usize;
        if room >= known.len() {
            known.resize((room + 1).next_power_of_two(), UNKNOWN);
        }
        match known[room] {
            UNKNOWN => {
                let points = self.fresh(node);
                known[room] = points.map_or(NO_FIT, |points| points.saturating_add(2));
                points
            }
            NO_FIT => None,
            points => Some(points - 2),
        }
    }

    fn fresh(&self, node: u32) -> Option<u64> {
        let node = self.snapshot.candidate(NodeIndex(node));
        let fits = node.free_cpu_milli() >= self.shape.cpu_milli
            && node.free_memory_mib() >= self.shape.memory_mib
            && node.assignment(self.shape).is_some();
        fits.then(|| {
            let mut sum = 0u64;
            for (weight, score) in &self.pipeline.scores {
                if score.depends_on(self.snapshot, self.shape) == Dependence::Room {
                    let points = score.points(node, self.shape).min(score.best());
                    sum = sum.saturating_add(points.saturating_mul(u64::from(*weight)));
                }
            }
            sum
        })
    }
}

/// One question to one heap.
struct Query<'a> {
    snapshot: &'a Snapshot,
    shape: &'a Shape,
    pipeline: &'a Pipeline,
    plan: &'a Indexed,
    /// Points that every node of the class has.
    common: u64,
}

impl Query<'_> {
    /// Looks from the top down until nothing below can win.
    fn search(&self, heap: &mut DemandHeap, versions: &[u32], found: &mut Option<Choice>) {
        let mut aside = Vec::new();
        while let Some(&entry) = heap.heap.peek() {
            let (points, node, version) = unpack(entry);
            if versions[node as usize] != version {
                heap.heap.pop();
                continue;
            }
            let score = points.saturating_add(self.common);
            let bound = score.saturating_add(self.plan.node_bound);
            if found.is_some_and(|best| (bound, !node) < (best.score, !best.node.0)) {
                break;
            }
            if let Some(score) = self.exact(node, score) {
                let better = |best: &Choice| (score, !node) > (best.score, !best.node.0);
                if found.as_ref().is_none_or(better) {
                    *found = Some(Choice { node: NodeIndex(node), score });
                }
                if self.plan.node_scores.is_empty() {
                    break;
                }
            }
            aside.push(entry);
            heap.heap.pop();
        }
        heap.heap.extend(aside);
    }

    /// The whole score of a node, `None` where a filter on nodes refuses it.
    fn exact(&self, node: u32, score: u64) -> Option<u64> {
        let plan = self.plan;
        if plan.node_filters.is_empty() && plan.node_scores.is_empty() {
            return Some(score);
        }
        let node = self.snapshot.candidate(NodeIndex(node));
        let passes = |&at: &usize| self.pipeline.filters[at].check(node, self.shape).is_ok();
        if !plan.node_filters.iter().all(passes) {
            return None;
        }
        Some(score.saturating_add(self.pipeline.sum(&plan.node_scores, node, self.shape)))
    }
}

/// The best of few nodes, each asked everything.
fn best_of(
    snapshot: &Snapshot,
    nodes: &[NodeIndex],
    shape: &Shape,
    pipeline: &Pipeline,
) -> Option<Choice> {
    let mut found: Option<Choice> = None;
    for &node in nodes {
        let candidate: Candidate<'_> = snapshot.candidate(node);
        if !passes(candidate, shape, pipeline) {
            continue;
        }
        let score = crate::place::score(candidate, shape, pipeline);
        if found.is_none_or(|best| (score, best.node) > (best.score, node)) {
            found = Some(Choice { node, score });
        }
    }
    found
}
