//! What moving a machine costs, and how many may move at a time.

use std::collections::BTreeMap;

use quantix_core::{MemoryMib, VmKey};
use serde::{Deserialize, Serialize};

/// The most machines that may move in one step.
pub const CONCURRENT_MAX: u32 = 10_000;
/// The fastest link between nodes, in MiB per second.
pub const LINK_MIB_MAX: u64 = 1 << 20;
/// How often memory that was written meanwhile is copied again before a live move gives up.
const ROUNDS_MAX: u32 = 30;
/// What a machine that is stopped and started elsewhere is away, in milliseconds.
const COLD_MS: u64 = 60_000;

/// How many machines may move at a time, and how fast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MoveLimits {
    /// Machines that move in one step; a group that a rule holds together counts as one.
    pub concurrent: u32,
    /// Of these, into and out of one node.
    pub per_node: u32,
    /// What a node's link carries, in MiB per second.
    pub link_mib_per_second: u64,
    /// How long a machine may stand still at the end of a live move, in milliseconds.
    pub downtime_ms: u64,
}

impl Default for MoveLimits {
    fn default() -> Self {
        Self { concurrent: 16, per_node: 2, link_mib_per_second: 1000, downtime_ms: 300 }
    }
}

impl MoveLimits {
    /// What is wrong with the numbers: the field and what is expected.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        if !(1..=CONCURRENT_MAX).contains(&self.concurrent) {
            return Some(("concurrent", format!("expected 1 to {CONCURRENT_MAX}")));
        }
        if !(1..=CONCURRENT_MAX).contains(&self.per_node) {
            return Some(("per_node", format!("expected 1 to {CONCURRENT_MAX}")));
        }
        if !(1..=LINK_MIB_MAX).contains(&self.link_mib_per_second) {
            return Some(("link_mib_per_second", format!("expected 1 to {LINK_MIB_MAX}")));
        }
        None
    }
}

/// How a machine can change its node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Migration {
    /// While it runs.
    #[default]
    Live,
    /// Stopped there, started here.
    Cold,
    /// Not at all.
    None,
}

/// What a plan should know about one machine beside its size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MachineFacts {
    /// Memory that must be copied; all of it when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_used_mib: Option<MemoryMib>,
    /// How fast it writes to memory; 1 % of its memory per second when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dirty_mib_per_second: Option<u64>,
    /// How it can move; live when left out, cold for a machine with GPUs or devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration: Option<Migration>,
    /// Why it cannot move live, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Facts by machine.
pub type Facts = BTreeMap<VmKey, MachineFacts>;

/// How likely a move is to hurt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// It ends in a few rounds.
    Low,
    /// It writes more than half as fast as the link carries.
    Medium,
    /// It writes faster than the link carries and must be slowed down, or it stops and starts.
    High,
}

/// What a move costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Live or cold.
    pub migration: Migration,
    /// Memory over the link, what is copied again included.
    pub copied_mib: u64,
    /// How long it takes.
    pub millis: u64,
    /// How long the machine stands still.
    pub downtime_ms: u64,
    /// How likely it is to hurt.
    pub risk: Risk,
}

/// How a machine moves, by the facts and the hardware that it has for itself.
pub(super) fn migration(facts: Option<&MachineFacts>, attached: bool) -> Migration {
    let by_kind = if attached { Migration::Cold } else { Migration::Live };
    facts.and_then(|facts| facts.migration).unwrap_or(by_kind)
}

/// The cost of moving a machine of so much memory, with the link shared as the limits allow.
///
/// Live moves copy the memory, then what was written meanwhile, round after round (pre-copy, as
/// QEMU does), until the rest fits into the downtime.
pub(super) fn cost(
    facts: Option<&MachineFacts>,
    memory_mib: u64,
    attached: bool,
    limits: &MoveLimits,
) -> Cost {
    let migration = migration(facts, attached);
    if migration != Migration::Live {
        let (copied_mib, risk) = (0, Risk::High);
        return Cost { migration, copied_mib, millis: COLD_MS, downtime_ms: COLD_MS, risk };
    }
    let used = facts.and_then(|facts| facts.memory_used_mib);
    let memory = used.map_or(memory_mib, |used| used.0.min(memory_mib));
    let dirty = facts.and_then(|facts| facts.dirty_mib_per_second).unwrap_or(memory_mib / 100);
    let speed = (limits.link_mib_per_second / u64::from(limits.per_node)).max(1);
    let rest_max = speed.saturating_mul(limits.downtime_ms) / 1000;
    let (mut copied, mut rest, mut rounds) = (0u64, memory, 0);
    while rest > rest_max && rounds < ROUNDS_MAX {
        copied = copied.saturating_add(rest);
        let again = u128::from(rest) * u128::from(dirty) / u128::from(speed);
        rest = u64::try_from(again).unwrap_or(u64::MAX).min(memory);
        rounds += 1;
        if dirty >= speed {
            break;
        }
    }
    copied = copied.saturating_add(rest);
    let risk = match dirty {
        dirty if dirty >= speed => Risk::High,
        dirty if dirty > speed / 2 => Risk::Medium,
        _ => Risk::Low,
    };
    let downtime_ms = rest.saturating_mul(1000) / speed;
    Cost {
        migration,
        copied_mib: copied,
        millis: copied.saturating_mul(1000) / speed,
        downtime_ms,
        risk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precopy_ends_or_says_that_it_does_not() {
        let limits = MoveLimits::default();
        let facts =
            |dirty| MachineFacts { dirty_mib_per_second: Some(dirty), ..Default::default() };
        for (dirty, attached, copied, risk) in [
            (0, false, 4096, Risk::Low),
            // 4096 MiB at 500 MiB/s, then 2048, 1024 … until 150 MiB are left.
            (250, false, 4096 + 2048 + 1024 + 512 + 256 + 128, Risk::Low),
            (300, false, 10_063, Risk::Medium),
            (500, false, 8192, Risk::High),
            (0, true, 0, Risk::High),
        ] {
            let cost = cost(Some(&facts(dirty)), 4096, attached, &limits);
            assert_eq!((cost.copied_mib, cost.risk), (copied, risk), "{dirty}");
        }
        assert_eq!(cost(None, u64::MAX, false, &limits).risk, Risk::High, "and nothing overflows");
    }
}
