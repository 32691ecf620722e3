//! [`Cluster`]: nodes that back each other up, and how.

use serde::{Deserialize, Serialize};

use super::{ClusterKey, Labels, limits, text, words};
use crate::{Faults, NodeKey, ProjectId, Timestamp, Validate};

/// Nodes under common rules for failover and balancing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Its id.
    pub id: ClusterKey,
    /// Its name.
    pub name: String,
    /// The project that it belongs to.
    #[serde(default)]
    pub project_id: ProjectId,
    /// What its owner says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// What happens when nodes fail.
    #[serde(default)]
    pub ha: HaSettings,
    /// How load is balanced.
    #[serde(default)]
    pub drs: DrsSettings,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Counts its changes.
    #[serde(default)]
    pub revision: u64,
}

words! {
    /// What a node does with its machines when it is cut off.
    #[derive(Default)]
    IsolationResponse "isolation response" {
        /// They go on.
        None "none",
        /// Their guests are asked to shut down.
        Shutdown "shutdown",
        /// Their power is cut.
        #[default]
        PowerOff "power_off",
    }
}

/// How much room is kept free for machines of nodes that fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AdmissionControl {
    /// None; machines may stay down.
    #[serde(deserialize_with = "crate::word::nothing_else")]
    Disabled,
    /// Enough for the largest nodes to fail.
    HostFailures {
        /// How many.
        hosts: u32,
    },
    /// A share of the whole cluster.
    Percentage {
        /// Of the CPU.
        cpu: u32,
        /// Of the memory.
        memory: u32,
    },
    /// Nodes that run nothing until another fails.
    DedicatedHosts {
        /// Which.
        nodes: Vec<NodeKey>,
    },
}

/// What happens when nodes fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HaSettings {
    /// Whether machines are started elsewhere at all.
    pub enabled: bool,
    /// How much room is kept free.
    pub admission_control: AdmissionControl,
    /// The restart priority of machines that set none: 1 last, 5 first.
    pub restart_priority: u32,
    /// What a node does when it is cut off.
    pub isolation_response: IsolationResponse,
    /// Whether a guest that has stopped responding is restarted.
    pub vm_monitoring: bool,
    /// Share of nodes, in per cent, that may be lost at once before failover stops and waits for
    /// people.
    pub breaker_percent: u32,
}

impl Default for HaSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            admission_control: AdmissionControl::HostFailures { hosts: 1 },
            restart_priority: 3,
            isolation_response: IsolationResponse::PowerOff,
            vm_monitoring: false,
            breaker_percent: 50,
        }
    }
}

impl Validate for HaSettings {
    fn validate(&self, faults: &mut Faults) {
        faults.range("restart_priority", &self.restart_priority, &(1..=5));
        faults.range("breaker_percent", &self.breaker_percent, &(1..=100));
        faults.within("admission_control", |faults| match &self.admission_control {
            AdmissionControl::Disabled => {}
            AdmissionControl::HostFailures { hosts } => faults.range("hosts", hosts, &(1..=64)),
            AdmissionControl::Percentage { cpu, memory } => {
                faults.range("cpu", cpu, &(1..=99));
                faults.range("memory", memory, &(1..=99));
            }
            AdmissionControl::DedicatedHosts { nodes } => {
                if nodes.is_empty() {
                    faults.error("nodes", "empty", "expected at least one node");
                }
                faults.unique("nodes", nodes, "", Some);
            }
        });
        if self.enabled && self.admission_control == AdmissionControl::Disabled {
            let message = "nothing is kept free: machines of a failed node may stay down";
            faults.warning("admission_control", "no-failover-room", message);
        }
    }
}

words! {
    /// How much is done without asking.
    #[derive(Default)]
    DrsMode "balancing mode" {
        /// Moves and first placements are only recommended.
        Manual "manual",
        /// Machines are placed when they start; moves are recommended.
        #[default]
        PartiallyAutomated "partially_automated",
        /// Machines are placed and moved.
        FullyAutomated "fully_automated",
    }
}

/// How load is balanced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct DrsSettings {
    /// Whether it is balanced at all.
    pub enabled: bool,
    /// How much is done without asking.
    pub mode: DrsMode,
    /// How small an improvement is worth a move: 1 only large ones, 5 any.
    pub threshold: u32,
    /// CPU load in per cent from which a node counts as hot.
    pub cpu_hot_percent: u32,
    /// Memory load in per cent from which a node counts as hot.
    pub memory_hot_percent: u32,
    /// The most moves at one time.
    pub concurrent_moves_max: u32,
    /// How often it is looked at, in seconds.
    pub interval_seconds: u32,
    /// Whether nodes that are not needed are switched off.
    pub power_management: bool,
    /// Whether expected load counts besides what is seen.
    pub predictive: bool,
}

impl Default for DrsSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            mode: DrsMode::default(),
            threshold: 3,
            cpu_hot_percent: 80,
            memory_hot_percent: 85,
            concurrent_moves_max: 2,
            interval_seconds: 300,
            power_management: false,
            predictive: false,
        }
    }
}

impl Validate for DrsSettings {
    fn validate(&self, faults: &mut Faults) {
        faults.range("threshold", &self.threshold, &(1..=5));
        faults.range("cpu_hot_percent", &self.cpu_hot_percent, &(1..=100));
        faults.range("memory_hot_percent", &self.memory_hot_percent, &(1..=100));
        faults.range("concurrent_moves_max", &self.concurrent_moves_max, &(1..=64));
        faults.range("interval_seconds", &self.interval_seconds, &(10..=86_400));
    }
}

impl Validate for Cluster {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "name", &self.name, &limits::NAME_CHARS);
        text::description(faults, &self.description);
        text::labels(faults, "labels", &self.labels);
        faults.field("ha", &self.ha);
        faults.field("drs", &self.drs);
        super::condition::times(faults, self.created_at, self.updated_at);
    }
}
