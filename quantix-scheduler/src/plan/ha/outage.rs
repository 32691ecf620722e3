//! Losing nodes, and finding room for their machines on the others.

use std::{cmp::Reverse, collections::BTreeSet};

use quantix_core::cluster::NodeState;

use super::super::{
    exact::{Search, fit_all},
    field::{Field, Row, Taste},
};
use crate::snapshot::NodeIndex;

/// Where the machines of lost nodes go.
#[derive(Clone, Debug, Default)]
pub(super) struct Rescue {
    /// In the order of restarting.
    pub(super) placed: Vec<(Row, NodeIndex)>,
    /// Machines without a node.
    pub(super) left: Vec<Row>,
    /// Whether it is known that not all of them can be placed.
    pub(super) proven: bool,
}

/// Nodes that are lost, until they are given back.
#[derive(Debug)]
pub(super) struct Outage {
    mark: usize,
    states: Vec<(NodeIndex, NodeState)>,
    /// The machines of the nodes, in order of their ids.
    pub(super) rows: Vec<Row>,
}

impl Outage {
    /// Loses nodes with all that is on them.
    pub(super) fn begin(field: &mut Field, nodes: &BTreeSet<NodeIndex>) -> Self {
        let mark = field.mark();
        field.moves = false;
        let mut states = Vec::with_capacity(nodes.len());
        let mut rows = Vec::new();
        for &node in nodes {
            states.push((node, field.snapshot.candidate(node).state()));
            field.set_state(node, NodeState::Down);
            rows.extend(field.on[node.at()].iter().copied());
        }
        rows.sort_unstable();
        for &row in &rows {
            if !field.is_plain(row) {
                field.lift(row);
            }
        }
        Self { mark, states, rows }
    }

    /// Gives the nodes back with all that was on them.
    pub(super) fn end(self, field: &mut Field) {
        field.rollback(self.mark);
        field.moves = true;
        for (node, state) in self.states {
            field.set_state(node, state);
        }
    }

    /// Sorts machines as they are restarted when only priority and size matter.
    pub(super) fn by_priority(field: &Field, rows: &mut [Row]) {
        let (cpu, memory) = field.snapshot.largest_node();
        rows.sort_by_cached_key(|&row| {
            (Reverse(field.resident(row).priority), Reverse(field.size(row, cpu, memory)), row)
        });
    }

    /// Finds room for the machines in the order given; where some find none, all of them are tried
    /// in other orders and, where they are few, in every way there is.
    ///
    /// Nothing is put anywhere: what was tried is taken back.
    pub(super) fn rescue(&self, field: &mut Field, ordered: &[Row]) -> Rescue {
        let first = attempt(field, ordered, Taste::Spread);
        if first.left.is_empty() {
            return first;
        }
        let alone = |&row: &Row| !field.snapshot.node_indices().any(|node| field.admits(row, node));
        if first.left.iter().any(alone) {
            // A rule may let a machine pass only after another one: that is no proof.
            let free = |row: &Row| field.shape(*row).rules.is_empty();
            let proven = first.left.iter().any(|row| alone(row) && free(row));
            return Rescue { proven, ..first };
        }
        let (cpu, memory) = field.snapshot.largest_node();
        let mut largest = ordered.to_vec();
        largest.sort_by_cached_key(|&row| (Reverse(field.size(row, cpu, memory)), row));
        for taste in [Taste::Spread, Taste::Tight] {
            let again = attempt(field, &largest, taste);
            if again.left.is_empty() {
                return again.ordered(ordered);
            }
        }
        match fit_all(field, &largest) {
            Search::Found(placed) => {
                Rescue { placed, left: Vec::new(), proven: false }.ordered(ordered)
            }
            Search::Impossible => Rescue { proven: true, ..first },
            Search::GivenUp => first,
        }
    }
}

impl Rescue {
    fn ordered(mut self, order: &[Row]) -> Self {
        let mut places: Vec<(Row, usize)> = (0..).zip(order).map(|(at, &row)| (row, at)).collect();
        places.sort_unstable();
        self.placed.sort_by_key(|&(row, _)| {
            places.binary_search_by_key(&row, |&(row, _)| row).map(|at| places[at].1).unwrap_or(0)
        });
        self
    }
}

/// Puts machines one after the other, and takes them back.
fn attempt(field: &mut Field, rows: &[Row], taste: Taste) -> Rescue {
    let mark = field.mark();
    let mut rescue = Rescue::default();
    for &row in rows {
        match field.choose(row, None, taste) {
            Some(node) if field.claim(row, node) => rescue.placed.push((row, node)),
            _ => rescue.left.push(row),
        }
    }
    field.rollback(mark);
    rescue
}
