//! Emptying nodes: where each machine goes, with chains where single moves do not help.

use std::{cmp::Reverse, collections::BTreeSet};

use quantix_core::cluster::NodeState;

use super::{
    field::{Field, Hop, Row, Taste},
    steps::Unit,
};
use crate::snapshot::NodeIndex;

/// How many nodes are tried for the first machine of a group.
const GROUP_NODES_MAX: usize = 256;
/// How many machines may have to move together.
const GROUP_MAX: usize = 256;
/// How many nodes are looked at for a machine that could make room.
const CHAIN_NODES_MAX: usize = 128;

/// Moves that empty nodes as far as that can be.
#[derive(Clone, Debug, Default)]
pub(super) struct Evacuation {
    /// In an order in which each is valid after those before it.
    pub(super) units: Vec<Unit>,
    /// Machines that stay.
    pub(super) blocked: Vec<Row>,
}

/// Empties nodes; the field is then as the moves leave it, with the nodes cordoned.
///
/// The least loaded nodes are taken first. Where that leaves machines behind, it is tried once more
/// with the fullest first, and the better of both counts.
pub(super) fn evacuate(
    field: &mut Field,
    nodes: &BTreeSet<NodeIndex>,
    may_move: &dyn Fn(&Field, Row) -> bool,
) -> Evacuation {
    for &node in nodes {
        if field.snapshot.candidate(node).state() == NodeState::Ready {
            field.set_state(node, NodeState::Cordoned);
        }
    }
    let mark = field.mark();
    let spread = Run { field, nodes, may_move, taste: Taste::Spread }.run();
    if spread.blocked.iter().all(|&row| !may_move(field, row)) {
        return spread;
    }
    let after = field.clone();
    field.rollback(mark);
    let tight = Run { field, nodes, may_move, taste: Taste::Tight }.run();
    if tight.blocked.len() < spread.blocked.len() {
        return tight;
    }
    *field = after;
    spread
}

struct Run<'a> {
    field: &'a mut Field,
    nodes: &'a BTreeSet<NodeIndex>,
    may_move: &'a dyn Fn(&Field, Row) -> bool,
    taste: Taste,
}

impl Run<'_> {
    fn run(mut self) -> Evacuation {
        let mut rows: Vec<Row> =
            self.nodes.iter().flat_map(|node| self.field.on[node.at()].iter().copied()).collect();
        let (cpu, memory) = self.field.snapshot.largest_node();
        rows.sort_by_cached_key(|row| (Reverse(self.field.size(*row, cpu, memory)), *row));
        let mut result = Evacuation::default();
        let mut late = Vec::new();
        for row in rows {
            if !self.is_here(row) {
                continue;
            }
            match (self.may_move)(self.field, row).then(|| self.relocate(row)).flatten() {
                Some(unit) => result.units.push(unit),
                None => late.push(row),
            }
        }
        for row in late {
            if !self.is_here(row) {
                continue;
            }
            let movable = (self.may_move)(self.field, row);
            let chain = movable.then(|| self.relocate(row).map(|unit| vec![unit]));
            match chain.flatten().or_else(|| movable.then(|| self.chain(row)).flatten()) {
                Some(units) => result.units.extend(units),
                None => result.blocked.push(row),
            }
        }
        result.blocked.sort_unstable();
        result
    }

    fn is_here(&self, row: Row) -> bool {
        self.field.resident(row).node.is_some_and(|node| self.nodes.contains(&node))
    }

    /// Moves a machine, alone or with those that rules hold together with it.
    fn relocate(&mut self, row: Row) -> Option<Unit> {
        let mark = self.field.mark();
        let (from, _) = self.field.lift(row)?;
        if let Some(to) = self.field.choose(row, Some(from), self.taste)
            && self.field.put(row, to)
        {
            return Some(vec![Hop::new(row, from, to)]);
        }
        self.field.rollback(mark);
        relocate_group(self.field, row, self.taste, self.may_move)
    }

    /// Moves a machine off the node that then takes this one.
    fn chain(&mut self, row: Row) -> Option<Vec<Unit>> {
        let targets: Vec<NodeIndex> = self.field.by_load().take(CHAIN_NODES_MAX).collect();
        for target in targets {
            if self.field.snapshot.candidate(target).state() != NodeState::Ready {
                continue;
            }
            for other in self.field.on[target.at()].clone() {
                if (self.may_move)(self.field, other)
                    && let Some(units) = self.chain_by(row, other, target)
                {
                    return Some(units);
                }
            }
        }
        None
    }

    fn chain_by(&mut self, row: Row, other: Row, target: NodeIndex) -> Option<Vec<Unit>> {
        let field = &mut *self.field;
        let mark = field.mark();
        field.lift(other)?;
        // Whether this helps at all is asked first, since it is mostly not so.
        let (from, _) = field.lift(row)?;
        let helps = field.admits(row, target);
        field.rollback(mark);
        if !helps {
            return None;
        }
        field.lift(other)?;
        if let Some(to) = field.choose(other, Some(target), self.taste)
            && field.put(other, to)
        {
            field.lift(row)?;
            if field.admits(row, target) && field.put(row, target) {
                let away = Hop::new(other, target, to);
                return Some(vec![vec![away], vec![Hop::new(row, from, target)]]);
            }
        }
        field.rollback(mark);
        None
    }
}

/// Moves all machines that rules hold together, in one unit.
pub(super) fn relocate_group(
    field: &mut Field,
    row: Row,
    taste: Taste,
    may_move: &dyn Fn(&Field, Row) -> bool,
) -> Option<Unit> {
    let group = field.group(row);
    if !(2..=GROUP_MAX).contains(&group.len())
        || !group.iter().all(|&member| may_move(field, member))
    {
        return None;
    }
    let start = field.mark();
    let mut from = Vec::with_capacity(group.len());
    for &member in &group {
        from.push(field.lift(member)?.0);
    }
    let lifted = field.mark();
    let first = group[0];
    let firsts: Vec<NodeIndex> =
        field.by_load().filter(|&node| field.admits(first, node)).take(GROUP_NODES_MAX).collect();
    for node in firsts {
        let lands = field.put(first, node)
            && group[1..].iter().all(|&member| {
                let to = field.choose(member, None, taste);
                to.is_some_and(|to| field.put(member, to))
            });
        if lands {
            let hops = group.iter().zip(from).filter_map(|(&row, from)| {
                let to = field.resident(row).node?;
                (to != from).then_some(Hop::new(row, from, to))
            });
            return Some(hops.collect());
        }
        field.rollback(lifted);
    }
    field.rollback(start);
    None
}
