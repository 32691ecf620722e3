//! Steps: which moves may run at the same time without ever breaking a capacity or a rule.

use std::collections::{BTreeMap, BTreeSet};

use quantix_core::{VmKey, cluster::RuleKind};

use super::{
    cost::MoveLimits,
    field::{Field, Hop, Row},
};
use crate::snapshot::{Assignment, NodeIndex, RuleIndex, Shape, ShapeId, Snapshot};

/// Moves that belong together: the machines of one affinity group, or one machine.
pub(super) type Unit = Vec<Hop>;

/// Units that run at the same time.
pub(super) type Step = Vec<Unit>;

/// Units in steps.
#[derive(Debug)]
pub(super) struct Schedule {
    pub(super) steps: Vec<Step>,
    /// What could not be scheduled.
    pub(super) left: Vec<Unit>,
    /// The cluster after the last step.
    pub(super) after: Field,
}

/// Divides units, each valid after those before it, into steps.
///
/// During a step every moving machine uses its old and its new node; what it frees counts from the
/// next step on. A unit overtakes others only where it shares no node and no rule with them. Units
/// that are valid one after the other can all be scheduled, unless they compete for single NUMA cells
/// or GPUs that a step leaves otherwise divided.
pub(super) fn schedule(before: &Field, units: Vec<Unit>, limits: &MoveLimits) -> Schedule {
    let mut after = before.clone();
    let field = &mut after;
    let mut ghosts = Ghosts::default();
    let mut steps = Vec::new();
    let mut left = units;
    while !left.is_empty() {
        let mut step = Step::new();
        let mut load = StepLoad::default();
        let mut waiting = Vec::new();
        let mut closed = Footprint::default();
        for mut unit in left {
            let foot = Footprint::of(field, &unit);
            let free = !closed.meets(&foot) && load.has_room(&unit, limits);
            if free && ghosts.join(field, &mut unit) {
                load.add(&unit);
                step.push(unit);
            } else {
                closed.add(foot);
                waiting.push(unit);
            }
        }
        ghosts.vanish(&mut field.snapshot);
        left = waiting;
        if step.is_empty() {
            break;
        }
        steps.push(step);
    }
    Schedule { steps, left, after }
}

/// Nodes and rules that units touch.
#[derive(Debug, Default)]
struct Footprint {
    nodes: BTreeSet<NodeIndex>,
    rules: BTreeSet<RuleIndex>,
}

impl Footprint {
    fn of(field: &Field, unit: &Unit) -> Self {
        let nodes = unit.iter().flat_map(|hop| [hop.from, hop.to]).collect();
        let rules = unit.iter().flat_map(|hop| field.shape(hop.row).rules.clone()).collect();
        Self { nodes, rules }
    }

    fn meets(&self, other: &Self) -> bool {
        !self.nodes.is_disjoint(&other.nodes) || !self.rules.is_disjoint(&other.rules)
    }

    fn add(&mut self, other: Self) {
        self.nodes.extend(other.nodes);
        self.rules.extend(other.rules);
    }
}

/// How many units a step has, in all and per node.
#[derive(Debug, Default)]
struct StepLoad {
    units: u32,
    /// Who moves: nobody moves twice in a step.
    rows: BTreeSet<Row>,
    nodes: BTreeMap<NodeIndex, u32>,
}

impl StepLoad {
    fn nodes(unit: &Unit) -> BTreeSet<NodeIndex> {
        unit.iter().flat_map(|hop| [hop.from, hop.to]).collect()
    }

    fn has_room(&self, unit: &Unit, limits: &MoveLimits) -> bool {
        let count = |node: &NodeIndex| self.nodes.get(node).copied().unwrap_or(0);
        self.units < limits.concurrent
            && !unit.iter().any(|hop| self.rows.contains(&hop.row))
            && Self::nodes(unit).iter().all(|node| count(node) < limits.per_node)
    }

    fn add(&mut self, unit: &Unit) {
        self.units += 1;
        self.rows.extend(unit.iter().map(|hop| hop.row));
        for node in Self::nodes(unit) {
            *self.nodes.entry(node).or_default() += 1;
        }
    }
}

/// What moving machines still use on the nodes that they leave.
#[derive(Debug, Default)]
struct Ghosts {
    placed: Vec<VmKey>,
    shapes: BTreeMap<ShapeId, ShapeId>,
    made: u64,
}

impl Ghosts {
    /// Moves a unit and leaves ghosts behind; where that cannot be, all is as before.
    fn join(&mut self, field: &mut Field, unit: &mut Unit) -> bool {
        let mark = field.mark();
        let mut left = Vec::with_capacity(unit.len());
        for hop in unit.iter() {
            match field.lift(hop.row) {
                Some((node, assignment)) if node == hop.from => left.push((*hop, assignment)),
                _ => {
                    field.rollback(mark);
                    return false;
                }
            }
        }
        let lands =
            unit.iter().all(|hop| field.admits(hop.row, hop.to) && field.put(hop.row, hop.to));
        if !lands {
            field.rollback(mark);
            return false;
        }
        for hop in unit {
            let id = &field.resident(hop.row).id;
            hop.lies = field.snapshot.assignment_of(id).unwrap_or_default();
        }
        for (hop, assignment) in left {
            let shape = field.resident(hop.row).shape;
            self.haunt(&mut field.snapshot, shape, hop.from, assignment);
        }
        true
    }

    fn haunt(&mut self, snapshot: &mut Snapshot, shape: ShapeId, node: NodeIndex, at: Assignment) {
        let ghost = match self.shapes.get(&shape) {
            Some(&ghost) => ghost,
            None => {
                let ghost = ghost_of(snapshot, shape);
                self.shapes.insert(shape, ghost);
                ghost
            }
        };
        // A machine of the cluster could have the name: then the next one is tried.
        for _ in 0..=snapshot.vm_count() {
            self.made += 1;
            let Ok(id) = format!("moving {}", self.made).parse::<VmKey>() else { return };
            if snapshot.add_at(&id, ghost, node, at).is_ok() {
                self.placed.push(id);
                return;
            }
        }
    }

    /// The step is over: what was left is free.
    fn vanish(&mut self, snapshot: &mut Snapshot) {
        for id in self.placed.drain(..) {
            let _ = snapshot.remove(&id);
        }
    }
}

/// What a moving machine uses where it leaves: all but its disks, and it still keeps others away.
fn ghost_of(snapshot: &mut Snapshot, shape: ShapeId) -> ShapeId {
    let mut ghost = Shape::clone(snapshot.shape_by_id(shape));
    ghost.pools.clear();
    ghost.rules.retain(|rule| {
        let rule = &snapshot.rules[rule.at()];
        rule.must && rule.kind == RuleKind::AntiAffinity
    });
    snapshot.intern_shape(ghost)
}
