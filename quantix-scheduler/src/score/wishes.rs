//! Scores on storage, preferences and rules that are only wished.

use quantix_core::cluster::RuleKind;

use super::{Dependence, POINTS_MAX, Points, Score};
use crate::{
    filter::{holds, intolerable, is_by_class, is_reached, rules_of},
    snapshot::{Candidate, Shape, Snapshot},
};

/// The part of the machine's disks whose pool the node reaches: `matched / required × 10`.
///
/// Once every node must reach every pool, all nodes that pass have the same 10 points; with no disk
/// that names a pool all have 0. [`PoolFreeScore`] is what tells such nodes apart.
#[derive(Clone, Copy, Debug)]
pub struct StoragePoolScore;

impl Score for StoragePoolScore {
    fn name(&self) -> &'static str {
        "storage_pool"
    }

    fn points(&self, node: Candidate<'_>, shape: &Shape) -> Points {
        let reached = shape.pools.iter().filter(|demand| is_reached(node, demand));
        let matched: u64 = reached.map(|demand| u64::from(demand.disks)).sum();
        let required = u64::from(shape.disks_with_pool);
        (matched * 10).checked_div(required).unwrap_or(0)
    }

    fn best(&self) -> Points {
        10
    }

    fn depends_on(&self, snapshot: &Snapshot, shape: &Shape) -> Dependence {
        let own = &snapshot.leaves.pools;
        let mut pools = shape.pools.iter().filter_map(|demand| demand.index);
        if pools.any(|pool| own.contains_key(&pool)) { Dependence::Node } else { Dependence::Class }
    }
}

/// Room in the pools is better.
///
/// For a machine that names pools, what would be left of the fullest of them; every node that
/// reaches them has the same. For a disk without a pool, the room in the node's roomiest pool.
#[derive(Clone, Copy, Debug)]
pub struct PoolFreeScore;

impl Score for PoolFreeScore {
    fn name(&self) -> &'static str {
        "pool_free"
    }

    fn points(&self, node: Candidate<'_>, shape: &Shape) -> Points {
        let pools = &node.snapshot().pools;
        let share = |pool: crate::PoolIndex, bytes: u64| {
            let entry = &pools[pool.at()];
            let all = u128::from(entry.capacity?.max(1));
            let left = u128::from(entry.free().saturating_sub(bytes)) * u128::from(POINTS_MAX);
            u64::try_from(left / all).ok()
        };
        if shape.pools.is_empty() {
            let own = node.entry.own.iter().flat_map(|own| &own.pools);
            let reached = node.class.pools.iter().chain(own);
            return reached.filter_map(|&pool| share(pool, 0)).max().unwrap_or(0);
        }
        let named = shape.pools.iter().filter_map(|demand| share(demand.index?, demand.bytes));
        named.min().unwrap_or(0)
    }

    fn depends_on(&self, _: &Snapshot, shape: &Shape) -> Dependence {
        if shape.pools.is_empty() { Dependence::Node } else { Dependence::Cluster }
    }
}

const KINDS: [RuleKind; 4] =
    [RuleKind::VmHost, RuleKind::AntiAffinity, RuleKind::Affinity, RuleKind::Spread];

/// The machine's preferences, soft rules and taints that prefer to be left alone.
///
/// Starts at half of the points; each fulfilled preference adds its weight in ten-thousandths, each
/// soft rule that would hold adds 100 of them and each that would not takes 100, each untolerated
/// `prefer_no_schedule` taint takes 100.
#[derive(Clone, Copy, Debug)]
pub struct PreferenceScore;

impl Score for PreferenceScore {
    fn name(&self) -> &'static str {
        "preference"
    }

    fn points(&self, node: Candidate<'_>, shape: &Shape) -> Points {
        let snapshot = node.snapshot();
        let mut wishes: i64 = 0;
        for preference in &shape.preferences {
            let mut labels = preference.node_selector.iter();
            if labels.all(|(key, value)| node.label(key) == Some(value)) {
                wishes += i64::from(preference.weight);
            }
        }
        for kind in KINDS {
            for rule in rules_of(snapshot, shape, kind, false) {
                wishes += if holds(rule, node) { 100 } else { -100 };
            }
        }
        wishes -= 100 * intolerable(node, shape, false).fold(0, |count, _| count + 1);
        points_of(wishes)
    }

    fn depends_on(&self, snapshot: &Snapshot, shape: &Shape) -> Dependence {
        let own = &snapshot.leaves.labels;
        let keys = shape.preferences.iter().flat_map(|preference| preference.node_selector.keys());
        if keys.into_iter().any(|key| own.contains_key(key)) {
            return Dependence::Node;
        }
        let soft = || {
            let rules = shape.rules.iter().map(|rule| &snapshot.rules[rule.at()]);
            rules.filter(|rule| !rule.must)
        };
        match soft().next() {
            None => Dependence::Class,
            Some(_) if is_by_class(snapshot, soft()) => Dependence::ClassNow,
            Some(_) => Dependence::Node,
        }
    }

    fn bound(&self, snapshot: &Snapshot, shape: &Shape) -> Points {
        let preferred: i64 =
            shape.preferences.iter().map(|preference| i64::from(preference.weight)).sum();
        let soft = shape.rules.iter().filter(|rule| !snapshot.rules[rule.at()].must);
        points_of(preferred + 100 * soft.fold(0, |count, _| count + 1))
    }
}

/// Points for a sum of fulfilled and unfulfilled wishes.
fn points_of(wishes: i64) -> Points {
    let ten_thousandths = (5_000 + wishes).clamp(0, 10_000);
    u64::try_from(ten_thousandths).unwrap_or(0) * (POINTS_MAX / 10_000)
}
