//! Exact feasibility: every way to place a few machines, until one fits or none is left.

use super::field::{Field, Row};
use crate::snapshot::NodeIndex;

/// How many tries an exact search takes before it gives up.
const TRIES_MAX: u32 = 20_000;

/// What an exact search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// A node for each machine, in the order given.
    Found(Vec<(Row, NodeIndex)>),
    /// There is none.
    Impossible,
    /// Not all ways were tried.
    GivenUp,
}

/// Places all machines, or proves that they cannot all be placed.
///
/// Machines are taken in the order given, the largest first for speed. Nodes that are alike for a
/// machine (same class, same room, nothing that sets them apart) are tried once. The field is as it
/// was afterwards.
pub(super) fn fit_all(field: &mut Field, rows: &[Row]) -> Search {
    // A machine of a rule may have to wait for another one, so that one order does not prove.
    let proves = rows.iter().all(|&row| field.shape(row).rules.is_empty());
    let mark = field.mark();
    let mut search = Tries { field, rows, left: TRIES_MAX, placed: Vec::new() };
    let found = search.descend(0);
    let (left, placed) = (search.left, search.placed);
    field.rollback(mark);
    match found {
        true => Search::Found(placed),
        false if left > 0 && proves => Search::Impossible,
        false => Search::GivenUp,
    }
}

struct Tries<'a> {
    field: &'a mut Field,
    rows: &'a [Row],
    left: u32,
    placed: Vec<(Row, NodeIndex)>,
}

impl Tries<'_> {
    fn descend(&mut self, depth: usize) -> bool {
        let Some(&row) = self.rows.get(depth) else { return true };
        for node in self.nodes(row) {
            if self.left == 0 {
                return false;
            }
            self.left -= 1;
            let mark = self.field.mark();
            if self.field.claim(row, node) {
                self.placed.push((row, node));
                if self.descend(depth + 1) {
                    return true;
                }
                self.placed.pop();
            }
            self.field.rollback(mark);
        }
        false
    }

    /// The nodes that admit a machine, the fullest first, one of those that are alike.
    fn nodes(&self, row: Row) -> Vec<NodeIndex> {
        let field = &*self.field;
        let mut nodes: Vec<NodeIndex> =
            field.by_load().filter(|&node| field.admits(row, node)).collect();
        nodes.reverse();
        // With rules in play, equal room does not make nodes alike for the machines to come.
        if field.snapshot.rules.is_empty() {
            let mut seen = std::collections::BTreeSet::new();
            nodes.retain(|&node| {
                let entry = &field.snapshot.nodes[node.at()];
                let class = &field.snapshot.classes[entry.class as usize];
                let alike = entry.own.is_none() && class.is_plain();
                !alike || seen.insert((entry.class, entry.free_cpu, entry.free_memory))
            });
        }
        nodes
    }
}
