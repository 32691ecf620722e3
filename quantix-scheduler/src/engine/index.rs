//! The index: per class of nodes and per demand, the rooms in order of their points.

use std::collections::BTreeMap;

use quantix_core::cluster::{GpuDemand, NodeState, NumaPolicy};

use super::{
    plan::{Indexed, Plan},
    ranking::Ranking,
    rooms::{NONE, Rooms, candidate, members},
};
use crate::{
    place::{Choice, best, passes},
    policy::Pipeline,
    snapshot::{Extra, NodeIndex, Shape, ShapeId, Snapshot},
};

/// How many demands have rankings; the least used one makes room for a new one.
const DEMANDS_MAX: usize = 256;
/// As many demands have rankings at least, however large the cluster is.
const DEMANDS_MIN: usize = 16;
/// So many rooms in all rankings together, roughly.
const RANKED_ROOMS_MAX: usize = 1 << 22;

/// What a machine asks of a node's room, and the scores that depend on it.
type Demand = (u64, u64, NumaPolicy, GpuDemand, Vec<(Extra, u64)>, Vec<usize>);

/// The rankings of one demand, one per class.
#[derive(Debug, Default)]
struct Rankings {
    heads: Vec<Head>,
    classes: Vec<Ranking>,
    /// The version of the typical machines that the heads are for.
    typical: u64,
    /// When it was last asked, for forgetting the least used.
    used: u64,
}

/// The best of a class as it was last known: what most questions need, close together.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// The number of changes of the class that it knows of; [`STALE`] for none.
    cursor: u64,
    points: u64,
    /// [`NONE`] where a machine fits nowhere.
    node: u32,
}

/// No number of changes.
const STALE: u64 = u64::MAX;

const UNASKED: Head = Head { cursor: STALE, points: 0, node: NONE };

#[derive(Debug)]
pub(crate) struct Index {
    rooms: Vec<Rooms>,
    /// How many changes there were, per class.
    ends: Vec<u64>,
    /// The nodes of each class, in order.
    members: Vec<Vec<u32>>,
    /// Per node, the number of its room within its class; [`NONE`] where it is not ready.
    room_of: Vec<u32>,
    demands: BTreeMap<Demand, u32>,
    rankings: Vec<Rankings>,
    /// How many of them are in use.
    active: usize,
    plans: Vec<Option<Box<(u32, Plan)>>>,
    clock: u64,
    words: Vec<i64>,
    group: Vec<u32>,
}

impl Index {
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let members = members(snapshot);
        let mut index = Self {
            rooms: members.iter().map(|nodes| Rooms::new(nodes.len())).collect(),
            ends: vec![0; members.len()],
            members,
            room_of: vec![NONE; snapshot.node_count()],
            demands: BTreeMap::new(),
            rankings: Vec::new(),
            active: 0,
            plans: Vec::new(),
            clock: 0,
            words: Vec::new(),
            group: Vec::new(),
        };
        for class in 0..index.members.len() {
            index.enter_all(snapshot, class);
        }
        index
    }

    /// Gives every node of a class its room.
    fn enter_all(&mut self, snapshot: &Snapshot, class: usize) {
        let rooms = &mut self.rooms[class];
        rooms.clear();
        for &node in &self.members[class] {
            let entry = candidate(snapshot, node);
            let ready = entry.state() == NodeState::Ready;
            let room = if ready { rooms.number(entry, &mut self.words) } else { NONE };
            self.room_of[node as usize] = room;
            if ready {
                rooms.enter(node, room);
            }
        }
        self.ends[class] = rooms.end();
    }

    /// Notes that a node's room or state changed.
    pub(crate) fn refresh(&mut self, snapshot: &Snapshot, node: NodeIndex) {
        let entry = snapshot.candidate(node);
        let class = entry.entry.class as usize;
        let rooms = &mut self.rooms[class];
        let ready = entry.state() == NodeState::Ready;
        let room = if ready { rooms.number(entry, &mut self.words) } else { NONE };
        let before = std::mem::replace(&mut self.room_of[node.at()], room);
        if before == room {
            return;
        }
        if before != NONE {
            rooms.leave(node.0, before);
        }
        if room != NONE {
            rooms.enter(node.0, room);
        }
        rooms.note(node.0, room);
        self.ends[class] = rooms.end();
        if rooms.is_full() {
            self.enter_all(snapshot, class);
        }
    }

    /// Forgets all points: the machines that were typical are so no longer, and the version that
    /// says so may come again for others.
    pub(super) fn forget(&mut self) {
        for rankings in &mut self.rankings {
            rankings.classes.iter_mut().for_each(Ranking::clear);
            rankings.heads.fill(UNASKED);
        }
    }

    /// The best node for a shape.
    pub(crate) fn best(
        &mut self,
        snapshot: &Snapshot,
        id: ShapeId,
        pipeline: &Pipeline,
    ) -> Option<Choice> {
        let at = id.0 as usize;
        let shape = snapshot.shape_by_id(id).as_ref();
        if self.plans.get(at).is_none_or(Option::is_none) {
            self.make_plan(snapshot, at, shape, pipeline);
        }
        let boxed = self.plans[at].take()?;
        let (demand, plan) = (boxed.0, &boxed.1);
        let choice = match plan {
            Plan::Scan => best(snapshot, shape, pipeline),
            Plan::Few(nodes) => best_of(snapshot, nodes, shape, pipeline),
            Plan::Indexed(plan) => match plan.company(snapshot, shape) {
                Some(nodes) => best_of(snapshot, &nodes, shape, pipeline),
                None => {
                    self.activate(demand as usize);
                    self.search(snapshot, demand as usize, shape, pipeline, plan)
                }
            },
        };
        self.plans[at] = Some(boxed);
        choice
    }

    fn make_plan(&mut self, snapshot: &Snapshot, at: usize, shape: &Shape, pipeline: &Pipeline) {
        if at >= self.plans.len() {
            self.plans.resize_with(at + 1, || None);
        }
        let plan = Plan::new(snapshot, shape, pipeline, &self.members);
        let scores = match &plan {
            Plan::Indexed(plan) => plan.room_scores.clone(),
            Plan::Scan | Plan::Few(_) => Vec::new(),
        };
        let next = crate::snapshot::small(self.demands.len());
        let demand = (
            shape.cpu_milli,
            shape.memory_mib,
            shape.numa,
            shape.gpus.clone(),
            shape.extra.clone(),
            scores,
        );
        let demand = *self.demands.entry(demand).or_insert(next);
        if demand == next {
            self.rankings.push(Rankings::default());
        }
        self.plans[at] = Some(Box::new((demand, plan)));
    }

    /// Sees that a demand has rankings, at the expense of the least used one.
    fn activate(&mut self, demand: usize) {
        self.clock += 1;
        self.rankings[demand].used = self.clock;
        if !self.rankings[demand].classes.is_empty() {
            return;
        }
        let nodes = self.room_of.len().max(1);
        let limit = (RANKED_ROOMS_MAX / nodes).clamp(DEMANDS_MIN, DEMANDS_MAX);
        if self.active >= limit {
            let in_use = self.rankings.iter_mut().filter(|rankings| !rankings.classes.is_empty());
            if let Some(least) = in_use.min_by_key(|rankings| rankings.used) {
                (least.classes, least.heads) = (Vec::new(), Vec::new());
                self.active -= 1;
            }
        }
        self.active += 1;
        let rankings = &mut self.rankings[demand];
        rankings.classes.resize_with(self.members.len(), Ranking::default);
        rankings.heads.resize(self.members.len(), UNASKED);
    }

    fn search(
        &mut self,
        snapshot: &Snapshot,
        demand: usize,
        shape: &Shape,
        pipeline: &Pipeline,
        plan: &Indexed,
    ) -> Option<Choice> {
        let first = candidate(snapshot, *self.members.first()?.first()?);
        let passes = |&at: &usize| pipeline.filters[at].passes(first, shape);
        if !plan.cluster_filters.iter().all(passes) {
            return None;
        }
        let all = pipeline.sum(&plan.cluster_scores, first, shape);
        let typical = snapshot.typical().version + 1;
        let rankings = &mut self.rankings[demand];
        if rankings.typical != typical {
            rankings.typical = typical;
            rankings.heads.fill(UNASKED);
        }
        let mut found: Option<Choice> = None;
        for &(class, common) in &plan.classes {
            let class = class as usize;
            let mut common = common.saturating_add(all);
            if plan.has_class_now {
                let node = candidate(snapshot, self.members[class][0]);
                let passes = |&at: &usize| pipeline.filters[at].passes(node, shape);
                if !plan.class_now_filters.iter().all(passes) {
                    continue;
                }
                let now = pipeline.sum(&plan.class_now_scores, node, shape);
                common = common.saturating_add(now);
            }
            let (rooms, head) = (&self.rooms[class], &mut rankings.heads[class]);
            if head.cursor != self.ends[class] {
                let mut score = |node| points(snapshot, node, shape, pipeline, &plan.room_scores);
                let ranking = &mut rankings.classes[class];
                ranking.sync(rooms, &self.room_of, typical, &mut score);
                let (points, node) = ranking.best(rooms).unwrap_or((0, NONE));
                *head = Head { cursor: self.ends[class], points, node };
            }
            if head.node == NONE {
                continue;
            }
            if plan.is_by_room {
                let score = head.points.saturating_add(common);
                keep_better(&mut found, Choice { node: NodeIndex(head.node), score });
            } else {
                let query = Query { snapshot, shape, pipeline, plan, common };
                rankings.classes[class].walk(rooms, &mut self.group, |points, group| {
                    query.visit(points, group, rooms, &mut found)
                });
            }
        }
        found
    }
}

/// Keeps the better of two choices, of equals the lower node.
fn keep_better(found: &mut Option<Choice>, choice: Choice) {
    let better = |best: &Choice| (choice.score, best.node) > (best.score, choice.node);
    if found.as_ref().is_none_or(better) {
        *found = Some(choice);
    }
}

/// The points of a node's room; `None` where it is too small.
fn points(
    snapshot: &Snapshot,
    node: u32,
    shape: &Shape,
    pipeline: &Pipeline,
    scores: &[usize],
) -> Option<u64> {
    let node = candidate(snapshot, node);
    let fits = node.free_cpu_milli() >= shape.cpu_milli
        && node.free_memory_mib() >= shape.memory_mib
        && node.has_extra(shape)
        && node.assignment(shape).is_some();
    fits.then(|| pipeline.sum(scores, node, shape))
}

/// One question to one class, where nodes differ beyond their rooms.
struct Query<'a> {
    snapshot: &'a Snapshot,
    shape: &'a Shape,
    pipeline: &'a Pipeline,
    plan: &'a Indexed,
    /// Points that every node of the class has.
    common: u64,
}

impl Query<'_> {
    /// Looks at rooms of equal points; whether those that follow could have a better node.
    fn visit(&self, points: u64, group: &[u32], rooms: &Rooms, found: &mut Option<Choice>) -> bool {
        let base = points.saturating_add(self.common);
        let bound = base.saturating_add(self.plan.node_bound);
        if found.is_some_and(|best| bound < best.score) {
            return false;
        }
        for &room in group {
            for node in rooms.nodes(room) {
                let beaten = |best: Choice| best.score == bound && best.node.0 < node;
                if found.is_some_and(beaten) {
                    break;
                }
                if let Some(score) = self.exact(node, base) {
                    keep_better(found, Choice { node: NodeIndex(node), score });
                }
            }
        }
        true
    }

    /// The whole score of a node, `None` where a filter on nodes refuses it.
    fn exact(&self, node: u32, score: u64) -> Option<u64> {
        let node = candidate(self.snapshot, node);
        let passes = |&at: &usize| self.pipeline.filters[at].passes(node, self.shape);
        if !self.plan.node_filters.iter().all(passes) {
            return None;
        }
        Some(score.saturating_add(self.pipeline.sum(&self.plan.node_scores, node, self.shape)))
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
        let entry = snapshot.candidate(node);
        if passes(entry, shape, pipeline) {
            let score = crate::place::score(entry, shape, pipeline);
            keep_better(&mut found, Choice { node, score });
        }
    }
    found
}
