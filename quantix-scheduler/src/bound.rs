//! The fewest hosts that could do, and how far a placement is from them.
//!
//! The bound is that of the configuration program: every way to fill an empty node is a variable,
//! and only those that help are ever made (column generation). It holds whatever the rounding: what
//! is rounded is rounded down.

use std::collections::BTreeMap;

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome};
use serde::Serialize;

use crate::snapshot::Snapshot;

/// With more kinds of machines than this, only volumes are compared.
const KINDS_MAX: usize = 64;
/// How often ways to fill a node are sought before the best bound so far is taken.
const ROUNDS_MAX: usize = 80;
/// How many steps the search for one way may take.
const STEPS_MAX: u32 = 50_000;
/// What floating point may be off by.
const SLACK: f64 = 1e-6;

/// A bound below: no placement of these machines can do with fewer nodes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// The fewest nodes that could hold the machines, were all as large as the largest.
    pub hosts: u32,
    /// How many more nodes are used, as a part of the bound.
    pub gap: f64,
}

impl Bound {
    /// The bound with the gap to what is used.
    pub(crate) fn with_used(hosts: u32, used: u32) -> Self {
        let more = u64::from(used.saturating_sub(hosts)) * 1_000_000;
        let gap = more.checked_div(u64::from(hosts)).unwrap_or(0);
        Self { hosts, gap: f64::from(u32::try_from(gap).unwrap_or(u32::MAX)) / 1e6 }
    }
}

/// Machines of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) cpu: u64,
    pub(crate) memory: u64,
    pub(crate) count: u64,
}

impl Snapshot {
    /// The fewest nodes that could hold all machines of the snapshot, with the gap to the nodes that
    /// have machines now.
    ///
    /// CPU and memory count, and every node is taken for as large as the largest, so that it is a
    /// bound below. It is the optimum of the configuration program, rounded up, found by column
    /// generation; 0 for a snapshot without machines.
    ///
    /// ```
    /// use quantix_core::cluster::Cluster;
    /// use quantix_scheduler::Snapshot;
    /// let node = r#"{"id": "ID", "cpu_milli": 4000, "memory_mib": 4096}"#;
    /// let vm = r#"{"id": "ID", "node": "ID", "cpu_milli": 3000, "memory_mib": 1024}"#;
    /// let all = |one: &str| ["a", "b", "c"].map(|id| one.replace("ID", id)).join(",");
    /// let text = format!(r#"{{"nodes": [{}], "vms": [{}]}}"#, all(node), all(vm));
    /// let snapshot = Snapshot::build(&serde_json::from_str::<Cluster>(&text)?)?;
    /// assert_eq!(snapshot.bound().hosts, 3, "by volume 2.25 would do, but no node holds two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bound(&self) -> Bound {
        let mut kinds: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        for (shape, count) in self.placed_shapes().filter(|&(_, count)| count > 0) {
            *kinds.entry((shape.cpu_milli, shape.memory_mib)).or_default() += count;
        }
        let kind = |((cpu, memory), count)| Kind { cpu, memory, count };
        let kinds: Vec<Kind> = kinds.into_iter().map(kind).collect();
        let (cpu, memory) = self.largest_node();
        let used = self.nodes.iter().filter(|node| node.vms > 0).count();
        Bound::with_used(fewest(&kinds, cpu, memory), crate::snapshot::small(used))
    }
}

/// The fewest hosts of a size that could hold machines of these kinds.
pub(crate) fn fewest(kinds: &[Kind], cpu: u64, memory: u64) -> u32 {
    let fits = |kind: &&Kind| kind.cpu <= cpu && kind.memory <= memory && kind.count > 0;
    let kinds: Vec<Kind> = kinds.iter().filter(fits).copied().collect();
    let total = |amount: fn(&Kind) -> u64| {
        kinds.iter().map(|kind| u128::from(amount(kind)) * u128::from(kind.count)).sum::<u128>()
    };
    let hosts = |total: u128, each: u64| total.div_ceil(u128::from(each.max(1)));
    let volume = hosts(total(|kind| kind.cpu), cpu).max(hosts(total(|kind| kind.memory), memory));
    let volume = u32::try_from(volume.max(u128::from(!kinds.is_empty()))).unwrap_or(u32::MAX);
    if kinds.is_empty() || kinds.len() > KINDS_MAX {
        return volume;
    }
    volume.max(configuration_bound(&kinds, cpu, memory))
}

/// The configuration program by column generation; after each round the dual prices, divided by the
/// worth of the best way to fill a host, bound the optimum from below.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of machines are exact in 53 bits, and the bound is clamped before"
)]
fn configuration_bound(kinds: &[Kind], cpu: u64, memory: u64) -> u32 {
    let most = |kind: &Kind| most_of(kind, cpu, memory);
    let mut ways: Vec<Vec<u64>> = Vec::with_capacity(2 * kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        let mut way = vec![0; kinds.len()];
        way[at] = most(kind);
        ways.push(way);
    }
    let mut bound = 0f64;
    for _ in 0..ROUNDS_MAX {
        let Some(prices) = prices(kinds, &ways) else { break };
        let Some((way, worth)) = best_way(kinds, &prices, cpu, memory) else { break };
        let value: f64 =
            kinds.iter().zip(&prices).map(|(kind, price)| kind.count as f64 * price).sum();
        bound = bound.max(value / worth.max(1.0));
        if worth <= 1.0 + SLACK || ways.contains(&way) {
            break;
        }
        ways.push(way);
    }
    let hosts = (bound * (1.0 - SLACK) - SLACK).ceil();
    if hosts.is_finite() { hosts.clamp(0.0, 1e9) as u32 } else { 0 }
}

fn most_of(kind: &Kind, cpu: u64, memory: u64) -> u64 {
    let by_cpu = cpu.checked_div(kind.cpu).unwrap_or(u64::MAX);
    let by_memory = memory.checked_div(kind.memory).unwrap_or(u64::MAX);
    by_cpu.min(by_memory).min(kind.count)
}

/// What one machine of each kind is worth: the dual of covering all machines by the known ways,
/// which is solved as it stands: the most worth such that no known way is worth more than a host.
#[allow(clippy::cast_precision_loss, reason = "counts of machines are exact in 53 bits")]
fn prices(kinds: &[Kind], ways: &[Vec<u64>]) -> Option<Vec<f64>> {
    let mut program = Problem::new(OptimizationDirection::Maximize);
    let prices: Vec<_> =
        kinds.iter().map(|kind| program.add_var(kind.count as f64, (0.0, 1.0))).collect();
    for way in ways {
        let used = way.iter().zip(&prices).filter(|(count, _)| **count > 0);
        let terms: Vec<_> = used.map(|(&count, &price)| (price, count as f64)).collect();
        program.add_constraint(terms.as_slice(), ComparisonOp::Le, 1.0);
    }
    let SolveOutcome::Solution(solution) = program.solve().ok()? else { return None };
    Some(prices.iter().map(|&price| solution[price].max(0.0)).collect())
}

/// The most valuable way to fill a host, and a bound above on its worth; `None` where the search
/// takes too long.
fn best_way(kinds: &[Kind], prices: &[f64], cpu: u64, memory: u64) -> Option<(Vec<u64>, f64)> {
    let mut order: Vec<usize> = (0..kinds.len()).filter(|&at| prices[at] > 0.0).collect();
    let density = |at: usize| prices[at] / size(&kinds[at], cpu, memory);
    order.sort_by(|&a, &b| density(b).total_cmp(&density(a)).then(a.cmp(&b)));
    let mut search = Search {
        kinds,
        prices,
        all: (cpu, memory),
        order,
        way: vec![0; kinds.len()],
        best: (vec![0; kinds.len()], 0.0),
        steps: 0,
    };
    search.go(0, cpu, memory, 0.0);
    (search.steps <= STEPS_MAX).then_some(search.best)
}

/// The mean of the shares of a host that a machine takes.
#[allow(clippy::cast_precision_loss, reason = "only ranks and bounds, with slack")]
fn size(kind: &Kind, cpu: u64, memory: u64) -> f64 {
    let share = |part: u64, all: u64| part as f64 / all.max(1) as f64;
    (share(kind.cpu, cpu) + share(kind.memory, memory)).max(1e-9)
}

/// Branch and bound over how many machines of each kind a host gets.
struct Search<'a> {
    kinds: &'a [Kind],
    prices: &'a [f64],
    all: (u64, u64),
    /// Kinds by worth per size, the densest first.
    order: Vec<usize>,
    way: Vec<u64>,
    best: (Vec<u64>, f64),
    steps: u32,
}

impl Search<'_> {
    #[allow(clippy::cast_precision_loss, reason = "small counts, and bounds with slack")]
    fn go(&mut self, depth: usize, cpu: u64, memory: u64, worth: f64) {
        if worth > self.best.1 {
            self.best = (self.way.clone(), worth);
        }
        self.steps += 1;
        let Some(&at) = self.order.get(depth) else { return };
        let kind = self.kinds[at];
        let left = size(&Kind { cpu, memory, count: 0 }, self.all.0, self.all.1);
        let density = self.prices[at] / size(&kind, self.all.0, self.all.1);
        if self.steps > STEPS_MAX || worth + left * density <= self.best.1 * (1.0 + 1e-12) {
            return;
        }
        for count in (0..=most_of(&kind, cpu, memory)).rev() {
            self.way[at] = count;
            let (used_cpu, used_memory) = (kind.cpu * count, kind.memory * count);
            let more = self.prices[at] * count as f64;
            self.go(depth + 1, cpu - used_cpu, memory - used_memory, worth + more);
        }
        self.way[at] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(kinds: &[(u64, u64, u64)], cpu: u64, memory: u64) -> u32 {
        let kind = |&(cpu, memory, count)| Kind { cpu, memory, count };
        fewest(&kinds.iter().map(kind).collect::<Vec<_>>(), cpu, memory)
    }

    #[test]
    fn small_programs_by_hand() {
        for (kinds, cpu, memory, expected) in [
            (&[][..], 4, 4, 0),
            (&[(1, 1, 1)][..], 4, 4, 1),
            (&[(0, 0, 9)][..], 4, 4, 1),
            (&[(3, 1, 3)][..], 4, 4, 3),
            (&[(2, 2, 4)][..], 4, 4, 2),
            // Halves and thirds: by volume 5/6 of a host each two, by ways one and a half.
            (&[(6, 1, 3), (4, 1, 3)][..], 11, 100, 3),
            (&[(6, 1, 4)][..], 11, 100, 4),
            (&[(5, 1, 2), (1, 5, 2)][..], 6, 6, 2),
            (&[(9, 9, 1)][..], 4, 4, 0),
        ] {
            assert_eq!(bound(kinds, cpu, memory), expected, "{kinds:?} on {cpu} x {memory}");
        }
    }

    #[test]
    fn never_above_what_first_fit_needs() {
        let mut seed = 88_172_645_463_325_252u64;
        let mut random = |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        };
        for _ in 0..300 {
            let kinds: Vec<_> = (0..1 + random(6))
                .map(|_| (1 + random(30), 1 + random(30), 1 + random(9)))
                .collect();
            let mut hosts: Vec<(u64, u64)> = Vec::new();
            let mut sorted = kinds.clone();
            sorted.sort_by_key(|kind| std::cmp::Reverse(kind.0.max(kind.1)));
            for &(cpu, memory, count) in &sorted {
                for _ in 0..count {
                    match hosts.iter_mut().find(|host| host.0 >= cpu && host.1 >= memory) {
                        Some(host) => *host = (host.0 - cpu, host.1 - memory),
                        None => hosts.push((40 - cpu, 40 - memory)),
                    }
                }
            }
            let bound = bound(&kinds, 40, 40) as usize;
            assert!(bound <= hosts.len(), "{kinds:?}: {bound} > {}", hosts.len());
        }
    }
}
