//! The search: the move that is worth most, again and again, until none is worth its price.

use std::{cmp::Reverse, collections::BTreeMap, collections::BinaryHeap};

use quantix_core::cluster::NodeState;

use super::{
    super::{
        answer::{Benefit, MoveReason, Telling},
        cost::Risk,
        field::{Field, Hop, Row, Taste},
        steps::Unit,
    },
    demand::Demand,
    request::BalanceRequest,
};
use crate::snapshot::NodeIndex;

/// How many of a node's machines are tried with a chain or a swap.
const CHAIN_ROWS_MAX: usize = 8;
/// How many nodes are tried as the goal of a chain.
const CHAIN_NODES_MAX: usize = 24;
/// How many nodes that cost are tried with chains at a time.
const CHAIN_SOURCES_MAX: usize = 16;

/// How many chains are tried until single moves have their turn again.
const CHAIN_TRIES_MAX: u32 = 10_000;

/// A move of the plan, with its reason.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) reason: MoveReason,
    pub(super) benefit: Benefit,
    /// 1 to 5.
    pub(super) priority: u8,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// No further move is worth its price.
    FixedPoint,
    /// The budget is used up, or what is left of it does not suffice for a move that would pay.
    Budget,
}

/// The plan as it grows.
pub(super) struct Search<'a> {
    pub(super) field: &'a mut Field,
    pub(super) demand: Demand,
    pub(super) request: &'a BalanceRequest,
    pub(super) telling: &'a Telling<'a>,
    pub(super) units: Vec<Unit>,
    pub(super) chosen: BTreeMap<Row, Chosen>,
    pub(super) refused_by_budget: bool,
    copied_mib: u64,
    /// Moves and memory per node.
    spent: BTreeMap<NodeIndex, (u32, u64)>,
}

/// What a move copies, and the price of that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Price {
    pub(super) copied_mib: u64,
    /// In 1024ths of a thousandth of a core.
    price: u128,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        field: &'a mut Field,
        request: &'a BalanceRequest,
        telling: &'a Telling<'a>,
    ) -> Self {
        let demand = Demand::new(field, request);
        Self {
            field,
            demand,
            request,
            telling,
            units: Vec::new(),
            chosen: BTreeMap::new(),
            refused_by_budget: false,
            copied_mib: 0,
            spent: BTreeMap::new(),
        }
    }

    /// Whether a machine may move in this plan.
    pub(super) fn may_move(&self, row: Row) -> bool {
        let id = &self.field.resident(row).id;
        self.field.resident(row).node.is_some()
            && !self.chosen.contains_key(&row)
            && self.request.automation_of(id) != super::Automation::Disabled
            && !self.request.holds(id)
            && self.telling.immobile(self.field, row, false).is_none()
    }

    pub(super) fn price(&self, row: Row) -> Price {
        let cost = self.telling.cost(row);
        let risk = match cost.risk {
            Risk::Low => 1,
            Risk::Medium => 2,
            Risk::High => 4,
        };
        let price =
            u128::from(self.request.price_milli_per_gib) * u128::from(cost.copied_mib) * risk;
        Price { copied_mib: cost.copied_mib, price }
    }

    /// Whether the budget has no move left at all, or none that leaves a node.
    fn is_spent(&mut self, from: Option<NodeIndex>) -> bool {
        let budget = &self.request.budget;
        let of = from.and_then(|from| self.spent.get(&from)).map_or(0, |spent| spent.0);
        let spent = self.chosen.len() >= budget.moves as usize
            || self.copied_mib >= budget.copied_mib
            || of >= budget.moves_per_node;
        self.refused_by_budget |= spent;
        spent
    }

    /// Whether the budget has so many moves and so much memory left.
    pub(super) fn affords(&mut self, hops: &[(NodeIndex, NodeIndex, u64)]) -> bool {
        let budget = &self.request.budget;
        let copied = hops.iter().fold(0u64, |sum, hop| sum.saturating_add(hop.2));
        let mut fits = self.chosen.len() + hops.len() <= budget.moves as usize
            && self.copied_mib.saturating_add(copied) <= budget.copied_mib;
        let mut spent: BTreeMap<NodeIndex, (u32, u64)> = BTreeMap::new();
        for &(from, to, copied) in hops {
            for node in [from, to] {
                let entry = spent
                    .entry(node)
                    .or_insert_with(|| self.spent.get(&node).copied().unwrap_or_default());
                entry.0 += 1;
                entry.1 = entry.1.saturating_add(copied);
            }
        }
        fits &= spent.values().all(|&(moves, copied)| {
            moves <= budget.moves_per_node && copied <= budget.copied_mib_per_node
        });
        self.refused_by_budget |= !fits;
        fits
    }

    /// Notes a move that the field has made.
    pub(super) fn commit(&mut self, hop: Hop, chosen: Chosen) {
        let copied = self.price(hop.row).copied_mib;
        self.copied_mib = self.copied_mib.saturating_add(copied);
        for node in [hop.from, hop.to] {
            let entry = self.spent.entry(node).or_default();
            entry.0 += 1;
            entry.1 = entry.1.saturating_add(copied);
        }
        self.demand.moved(hop.row, hop.from, hop.to);
        self.chosen.insert(hop.row, chosen);
        self.units.push(vec![hop]);
    }

    /// Moves what single moves and chains are worth.
    pub(super) fn relieve(&mut self) {
        let Some(worth) = self.request.worth_min() else { return };
        loop {
            let moved = self.singles(worth) + self.chains(worth);
            if moved == 0 {
                return;
            }
        }
    }

    /// Single moves, the most worth first; answers how many.
    fn singles(&mut self, worth: u64) -> usize {
        let mut heap: BinaryHeap<(i128, Reverse<Row>, Option<NodeIndex>, usize)> =
            BinaryHeap::new();
        let before = self.chosen.len();
        for node in self.field.snapshot.node_indices() {
            self.offers(node, worth, &mut heap);
        }
        while let Some((value, Reverse(row), target, at)) = heap.pop() {
            let Some(from) = self.field.resident(row).node else { continue };
            if self.chosen.contains_key(&row) || self.demand.cost(from) == 0 {
                continue;
            }
            if self.is_spent(Some(from)) {
                if self.is_spent(None) {
                    break;
                }
                continue;
            }
            if let Some(to) = target.filter(|_| at == self.chosen.len()) {
                if self.step(row, from, to) {
                    self.offers(from, worth, &mut heap);
                }
                continue;
            }
            // The bound, which holds whatever else moved; then the best that there is.
            let bound = self.bound(row, from, worth);
            if bound < value && target.is_none() {
                if bound > 0 {
                    heap.push((bound, Reverse(row), None, 0));
                }
                continue;
            }
            if let Some((to, value)) = self.best_target(row, from, bound) {
                heap.push((value, Reverse(row), Some(to), self.chosen.len()));
            }
        }
        self.chosen.len() - before
    }

    /// What a move is worth at the most, in 1024ths of a thousandth of a core.
    fn bound(&self, row: Row, from: NodeIndex, worth: u64) -> i128 {
        let price = self.price(row).price.saturating_mul(u128::from(worth));
        let gain = u128::from(self.demand.gain(row, from)) * 1024;
        i128::try_from(gain).unwrap_or(i128::MAX) - i128::try_from(price).unwrap_or(i128::MAX)
    }

    fn offers(
        &self,
        node: NodeIndex,
        worth: u64,
        heap: &mut BinaryHeap<(i128, Reverse<Row>, Option<NodeIndex>, usize)>,
    ) {
        if self.demand.cost(node) == 0 {
            return;
        }
        for &row in &self.field.on[node.at()] {
            if self.may_move(row) {
                let bound = self.bound(row, node, worth);
                if bound > 0 {
                    heap.push((bound, Reverse(row), None, 0));
                }
            }
        }
    }

    /// The node where a machine does the least harm; `None` where no move pays.
    fn best_target(&mut self, row: Row, from: NodeIndex, bound: i128) -> Option<(NodeIndex, i128)> {
        let copied = self.price(row).copied_mib;
        let mark = self.field.mark();
        self.field.lift(row)?;
        let targets: Vec<NodeIndex> = self.demand.by_peak().collect();
        let mut best: Option<(NodeIndex, i128)> = None;
        for to in targets {
            if to == from {
                continue;
            }
            let value = bound - i128::from(self.demand.loss(row, to)) * 1024;
            if value <= 0 || best.is_some_and(|(_, best)| value <= best) {
                continue;
            }
            if self.field.admits(row, to) && self.affords(&[(from, to, copied)]) {
                best = Some((to, value));
                if value == bound {
                    break;
                }
            }
        }
        self.field.rollback(mark);
        best
    }

    /// Makes a single move.
    fn step(&mut self, row: Row, from: NodeIndex, to: NodeIndex) -> bool {
        let mark = self.field.mark();
        if self.field.lift(row).is_none() || !self.field.put(row, to) {
            self.field.rollback(mark);
            return false;
        }
        let before = self.demand.total();
        let priority = self.priority(row, from, to);
        let chosen = Chosen { reason: MoveReason::Relieves, benefit: Benefit::default(), priority };
        self.commit(Hop::new(row, from, to), chosen);
        self.credit(row, before);
        true
    }

    /// Writes down what a move gained.
    fn credit(&mut self, row: Row, before: u64) {
        let gained = i128::from(before) - i128::from(self.demand.total());
        if let Some(chosen) = self.chosen.get_mut(&row) {
            chosen.benefit.objective = i64::try_from(gained).unwrap_or(i64::MAX);
        }
    }

    /// 2 to 5, by how many times its price a move is worth.
    fn priority(&self, row: Row, from: NodeIndex, to: NodeIndex) -> u8 {
        let gain = self.demand.gain(row, from).saturating_sub(self.demand.loss(row, to));
        let gain = u128::from(gain) * 1024;
        let price = self.price(row).price.max(1);
        match gain / price {
            16.. => 2,
            4.. => 3,
            2.. => 4,
            _ => 5,
        }
    }

    /// Chains of two moves where single ones do not help; a swap is one of them.
    fn chains(&mut self, worth: u64) -> usize {
        let before = self.chosen.len();
        let mut sources: Vec<NodeIndex> =
            self.field.snapshot.node_indices().filter(|&node| self.demand.cost(node) > 0).collect();
        sources.sort_by_key(|&node| (Reverse(self.demand.cost(node)), node));
        let mut tries = CHAIN_TRIES_MAX;
        for from in sources.into_iter().take(CHAIN_SOURCES_MAX) {
            if self.is_spent(Some(from)) {
                continue;
            }
            let mut rows: Vec<Row> = self.field.on[from.at()]
                .iter()
                .copied()
                .filter(|&row| self.may_move(row))
                .collect();
            rows.sort_by_key(|&row| (Reverse(self.bound(row, from, worth)), row));
            for row in rows.into_iter().take(CHAIN_ROWS_MAX) {
                if self.bound(row, from, worth) > 0 && self.chain(row, from, worth, &mut tries) {
                    break;
                }
            }
        }
        self.chosen.len() - before
    }

    fn chain(&mut self, row: Row, from: NodeIndex, worth: u64, tries: &mut u32) -> bool {
        let targets: Vec<NodeIndex> = self
            .demand
            .by_peak()
            .filter(|&node| node != from)
            .filter(|&node| self.field.snapshot.candidate(node).state() == NodeState::Ready)
            .take(CHAIN_NODES_MAX)
            .collect();
        for target in targets {
            let others: Vec<Row> = self.field.on[target.at()].iter().copied().collect();
            for other in others {
                if *tries == 0 {
                    return false;
                }
                *tries -= 1;
                if self.may_move(other) && self.chain_by(row, from, other, target, worth) {
                    return true;
                }
            }
        }
        false
    }

    /// The other machine leaves the target, then the first one goes there, if both together pay.
    fn chain_by(
        &mut self,
        row: Row,
        from: NodeIndex,
        other: Row,
        target: NodeIndex,
        worth: u64,
    ) -> bool {
        let (own, its) = (self.price(row), self.price(other));
        let price = (own.price + its.price).saturating_mul(u128::from(worth));
        let most = u128::from(self.demand.gain(row, from)) * 1024;
        if most <= price {
            return false;
        }
        let mark = self.field.mark();
        let before = self.demand.total();
        let tried = self.try_chain((row, from, own), (other, target, its));
        let Some(away) = tried else {
            self.field.rollback(mark);
            return false;
        };
        self.demand.moved(other, target, away);
        self.demand.moved(row, from, target);
        let gained = u128::from(before.saturating_sub(self.demand.total())) * 1024;
        self.demand.moved(row, target, from);
        self.demand.moved(other, away, target);
        if gained <= price {
            self.field.rollback(mark);
            return false;
        }
        let priority = 5;
        let reason = MoveReason::MakesRoom;
        let chosen = |reason| Chosen { reason, benefit: Benefit::default(), priority };
        self.commit(Hop::new(other, target, away), chosen(reason));
        self.commit(Hop::new(row, from, target), chosen(MoveReason::Relieves));
        self.credit(row, before);
        true
    }

    /// Makes both moves on the field; answers where the other machine went.
    fn try_chain(
        &mut self,
        (row, from, own): (Row, NodeIndex, Price),
        (other, target, its): (Row, NodeIndex, Price),
    ) -> Option<NodeIndex> {
        self.field.lift(other)?;
        let mut aways: Vec<NodeIndex> = self.demand.by_peak().take(CHAIN_NODES_MAX).collect();
        aways.push(from);
        let lifted = self.field.mark();
        for away in aways {
            if away == target || !self.field.admits(other, away) {
                continue;
            }
            let hops = [(target, away, its.copied_mib), (from, target, own.copied_mib)];
            if !self.affords(&hops) || !self.field.put(other, away) {
                continue;
            }
            if self.field.lift(row).is_some()
                && self.field.admits(row, target)
                && self.field.put(row, target)
            {
                return Some(away);
            }
            self.field.rollback(lifted);
        }
        None
    }

    /// Mends rules that must hold and do not, as far as moves can.
    pub(super) fn mend(&mut self) {
        let rules = 0..self.field.snapshot.rules.len();
        for at in rules {
            let rule = &self.field.snapshot.rules[at];
            if !rule.must {
                continue;
            }
            let name = rule.name.clone();
            for row in self.field.breakers(&self.field.snapshot.rules[at], &self.field.members[at])
            {
                self.mend_one(row, &name);
            }
        }
        for row in 0..crate::snapshot::small(self.field.residents.len()) {
            if self.field.is_evicted(row) {
                self.mend_one(row, "taints");
            }
        }
    }

    fn broken(&self) -> usize {
        self.field.violations().iter().map(|violation| violation.vms.len()).sum()
    }

    fn mend_one(&mut self, row: Row, rule: &str) {
        if !self.may_move(row) {
            return;
        }
        let copied = self.price(row).copied_mib;
        let before = self.broken();
        let mark = self.field.mark();
        let Some((from, _)) = self.field.lift(row) else { return };
        let target = {
            let targets: Vec<NodeIndex> = self.demand.by_peak().collect();
            let will_do = |&to: &NodeIndex| to != from && self.field.admits(row, to);
            let harm = |to: &NodeIndex| {
                (self.demand.loss(row, *to), self.demand.peak_with(*to, Some(row)))
            };
            targets.into_iter().filter(will_do).min_by_key(harm)
        };
        let target = target.or_else(|| self.field.choose(row, Some(from), Taste::Spread));
        let moved =
            target.is_some_and(|to| self.affords(&[(from, to, copied)]) && self.field.put(row, to));
        if !moved || self.broken() >= before {
            self.field.rollback(mark);
            return;
        }
        let Some(to) = target else { return };
        let benefit = Benefit { mends: vec![rule.to_owned()], ..Benefit::default() };
        let chosen = Chosen { reason: MoveReason::MendsRule, benefit, priority: 1 };
        self.commit(Hop::new(row, from, to), chosen);
    }
}
