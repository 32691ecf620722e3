//! What a balance plan is made from.

use std::collections::BTreeMap;

use quantix_core::{Finding, NodeKey, VmKey};
use serde::{Deserialize, Serialize};

use super::super::{
    cost::{Facts, MoveLimits},
    field::Field,
    request::{check_facts, check_limits, named_nodes, request_fault},
};
use crate::{place::PlaceError, snapshot::Faults};

/// The most samples per machine that are looked at.
pub const WINDOW_MAX: u32 = 1_000;
/// The most that a machine is said to use.
const SAMPLE_MAX: u64 = 1 << 36;

/// What machines use, and what a plan may do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BalanceRequest {
    /// Whether nodes are to be freed, too.
    pub mode: BalanceMode,
    /// What machines used.
    pub history: DemandHistory,
    /// How many of the last samples count.
    pub window: u32,
    /// How many intervals ahead the trend of the window is continued; 0 for not at all.
    pub horizon: u32,
    /// How much of a node's real CPU and memory may be used before that costs, in millionths.
    pub threshold_ppm: u64,
    /// What a move must be worth per GiB copied: thousandths of a core over the threshold, on the
    /// mean of the window. Twice as much at medium risk, four times at high.
    pub price_milli_per_gib: u64,
    /// 1 mends rules only; up to 5 moves that are worth ever less of their price: 16, 4, 2 and 1
    /// times.
    pub level: u8,
    /// Whether moves may be carried out without asking.
    pub automation: Automation,
    /// The same for single machines.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<VmKey, Automation>,
    /// What the plan may cost.
    pub budget: Budget,
    /// A machine that moved less than so long ago stays.
    pub hold_seconds: u64,
    /// How long ago machines moved.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub moved_seconds_ago: BTreeMap<VmKey, u64>,
    /// Nodes that stand by and may be woken, in that order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stand_by: Vec<NodeKey>,
    /// How much of a node may be used after others were freed, in millionths.
    pub power_target_ppm: u64,
    /// How many empty nodes stay on.
    pub spare_nodes: u32,
    /// How many machines may move at a time.
    pub limits: MoveLimits,
    /// Facts by machine.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub vms: Facts,
}

impl Default for BalanceRequest {
    fn default() -> Self {
        Self {
            mode: BalanceMode::Balance,
            history: DemandHistory::default(),
            window: 12,
            horizon: 0,
            threshold_ppm: 850_000,
            price_milli_per_gib: 100,
            level: 5,
            automation: Automation::Manual,
            overrides: BTreeMap::new(),
            budget: Budget::default(),
            hold_seconds: 3600,
            moved_seconds_ago: BTreeMap::new(),
            stand_by: Vec::new(),
            power_target_ppm: 700_000,
            spare_nodes: 1,
            limits: MoveLimits::default(),
            vms: Facts::new(),
        }
    }
}

/// What a plan is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BalanceMode {
    /// Machines get what they use.
    #[default]
    Balance,
    /// And what is not needed is freed.
    SavePower,
}

/// What machines used, at equal intervals, the newest last. Histories may differ in length; they end
/// together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DemandHistory {
    /// CPU in thousandths of a core, by machine. A machine without one counts with what it is
    /// promised, without the overcommit of its node.
    pub cpu_milli: BTreeMap<VmKey, Vec<u64>>,
    /// Memory in MiB, by machine; left out for all, memory is not balanced.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub memory_mib: BTreeMap<VmKey, Vec<u64>>,
}

/// Whether moves are carried out without asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Automation {
    /// Every move is asked for.
    #[default]
    Manual,
    /// Moves that mend rules or are worth much (priority 1 and 2) are carried out.
    Partial,
    /// Every move is carried out.
    Full,
    /// The machine never moves.
    Disabled,
}

/// What a plan may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Moves.
    pub moves: u32,
    /// Memory over all links, in MiB.
    pub copied_mib: u64,
    /// Moves into and out of one node.
    pub moves_per_node: u32,
    /// Memory over one node's link, in MiB.
    pub copied_mib_per_node: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { moves: 256, copied_mib: 1 << 20, moves_per_node: 16, copied_mib_per_node: 1 << 18 }
    }
}

impl BalanceRequest {
    /// How many times its price a move must be worth; `None` where no such move is wanted.
    pub(super) fn worth_min(&self) -> Option<u64> {
        match self.level {
            0 | 1 => None,
            2 => Some(16),
            3 => Some(4),
            4 => Some(2),
            _ => Some(1),
        }
    }

    pub(super) fn automation_of(&self, vm: &VmKey) -> Automation {
        self.overrides.get(vm).copied().unwrap_or(self.automation)
    }

    /// Whether a machine may not move yet.
    pub(super) fn holds(&self, vm: &VmKey) -> bool {
        self.moved_seconds_ago.get(vm).is_some_and(|&ago| ago < self.hold_seconds)
    }

    pub(super) fn check(&self, field: &Field) -> Result<Vec<Finding>, PlaceError> {
        let mut faults = Faults::default();
        check_limits(&self.limits, &mut faults);
        check_facts(field, &self.vms, &mut faults);
        let mut own = Faults::default();
        let _ = named_nodes(field, &self.stand_by, &[], &mut own);
        if own.finish().is_err() {
            let message = "names a node that is not there".to_owned();
            request_fault(&mut faults, "stand_by".to_owned(), message);
        }
        let mut range = |name: &str, value: u64, least: u64, most: u64| {
            if !(least..=most).contains(&value) {
                let message = format!("{value}, expected {least} to {most}");
                request_fault(&mut faults, name.to_owned(), message);
            }
        };
        range("window", self.window.into(), 1, WINDOW_MAX.into());
        range("horizon", self.horizon.into(), 0, WINDOW_MAX.into());
        range("threshold_ppm", self.threshold_ppm, 1, 10_000_000);
        range("power_target_ppm", self.power_target_ppm, 0, self.threshold_ppm);
        range("price_milli_per_gib", self.price_milli_per_gib, 0, 1_000_000_000);
        range("level", self.level.into(), 1, 5);
        let histories =
            [("cpu_milli", &self.history.cpu_milli), ("memory_mib", &self.history.memory_mib)];
        for (name, histories) in histories {
            for (vm, samples) in histories {
                let window = samples.iter().rev().take(self.window as usize);
                if let Some(large) = window.copied().find(|&sample| sample > SAMPLE_MAX) {
                    let message = format!("{large}, expected at most {SAMPLE_MAX}");
                    request_fault(&mut faults, format!("history.{name}.{vm}"), message);
                }
            }
        }
        Ok(faults.finish()?)
    }
}
