//! Saving power: nodes that are not needed are emptied; nodes that stand by are woken.

use std::cmp::Reverse;

use quantix_core::cluster::NodeState;

use super::{
    super::{
        answer::{Benefit, MoveReason},
        field::{Hop, Row},
    },
    search::{Chosen, Search},
};
use crate::snapshot::NodeIndex;

impl Search<'_> {
    /// Wakes nodes that stand by, one after the other, until nothing costs; answers them.
    pub(super) fn wake(&mut self, stand_by: &[NodeIndex]) -> Vec<NodeIndex> {
        let mut woken = Vec::new();
        for &node in stand_by {
            if self.demand.total() == 0 {
                break;
            }
            if self.field.snapshot.candidate(node).state() == NodeState::Ready {
                continue;
            }
            let state = self.field.snapshot.candidate(node).state();
            let before = self.units.len();
            self.field.set_state(node, NodeState::Ready);
            self.relieve();
            if self.units.len() == before {
                self.field.set_state(node, state);
            } else {
                woken.push(node);
            }
        }
        woken
    }

    /// Empties the least used nodes as long as the others have the room; answers what can stand by.
    pub(super) fn sleep(&mut self, keep: &[NodeIndex]) -> Vec<NodeIndex> {
        if self.demand.total() > 0 {
            return Vec::new();
        }
        let ready = |node: &NodeIndex| {
            self.field.snapshot.candidate(*node).state() == NodeState::Ready && !keep.contains(node)
        };
        let mut nodes: Vec<NodeIndex> = self.field.snapshot.node_indices().filter(ready).collect();
        nodes.sort_by_key(|&node| (self.demand.peak_with(node, None), self.field.load(node), node));
        let mut empty: Vec<NodeIndex> = Vec::new();
        for node in nodes {
            if self.field.on[node.at()].is_empty() || self.empty(node, &empty) {
                empty.push(node);
                self.field.set_state(node, NodeState::Cordoned);
            }
        }
        let spare = (self.request.spare_nodes as usize).min(empty.len());
        // The last ones had the most machines or, among the empty, the highest ids.
        for node in empty.split_off(empty.len() - spare) {
            self.field.set_state(node, NodeState::Ready);
        }
        empty.sort_unstable();
        empty
    }

    /// Moves everything off a node, or nothing.
    fn empty(&mut self, node: NodeIndex, asleep: &[NodeIndex]) -> bool {
        let mut rows: Vec<Row> = self.field.on[node.at()].iter().copied().collect();
        if !rows.iter().all(|&row| self.may_move(row)) {
            return false;
        }
        let (cpu, memory) = self.field.snapshot.largest_node();
        rows.sort_by_cached_key(|&row| (Reverse(self.field.size(row, cpu, memory)), row));
        let mark = self.field.mark();
        let count = rows.len();
        let mut hops = Vec::with_capacity(count);
        for row in rows {
            let copied = self.price(row).copied_mib;
            self.field.lift(row);
            let target = self
                .field
                .by_load()
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .filter(|to| *to != node && !asleep.contains(to))
                .filter(|&to| self.demand.peak_with(to, Some(row)) <= self.request.power_target_ppm)
                .find(|&to| !self.field.on[to.at()].is_empty() && self.field.admits(row, to));
            let Some(to) = target.filter(|&to| self.field.put(row, to)) else { break };
            self.demand.moved(row, node, to);
            hops.push((row, to, copied));
        }
        for &(row, to, _) in &hops {
            self.demand.moved(row, to, node);
        }
        let all: Vec<_> = hops.iter().map(|&(_, to, copied)| (node, to, copied)).collect();
        let empties = hops.len() == count && self.affords(&all);
        if !empties {
            self.field.rollback(mark);
            return false;
        }
        let id = self.field.snapshot.node_id(node).clone();
        for (row, to, _) in hops {
            let benefit = Benefit { empties: Some(id.clone()), ..Benefit::default() };
            let chosen = Chosen { reason: MoveReason::FreesNode, benefit, priority: 4 };
            self.commit(Hop::new(row, node, to), chosen);
        }
        true
    }
}
