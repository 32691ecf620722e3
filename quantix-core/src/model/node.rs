//! [`Node`]: a hypervisor host.

use serde::{Deserialize, Serialize};

use super::{ClusterKey, Condition, Labels, limits, text, words};
use crate::{
    Faults, MemoryMib, Millicores, NetworkKey, NodeKey, PoolKey, Timestamp, Validate,
    cluster::{self, Gpu, NodeState, NumaCell, Overcommit, Reserved, Taint},
};

words! {
    /// What operators want of a node.
    #[derive(Default)]
    NodeMode "node mode" {
        /// It runs machines and takes new ones.
        #[default]
        Enabled "enabled",
        /// It runs machines and takes no new ones.
        Cordoned "cordoned",
        /// Its machines are being moved away.
        Draining "draining",
        /// It runs no machines and may be switched off.
        Maintenance "maintenance",
        /// It has left the platform.
        Decommissioned "decommissioned",
    }
}

words! {
    /// Whether a node is heard of.
    NodeHealth "node health" {
        /// Its last heartbeat is recent.
        Alive "alive",
        /// Its last heartbeat is late.
        Suspect "suspect",
        /// Its last heartbeat is so late that it counts as gone.
        Lost "lost",
        /// It has not sent a heartbeat yet.
        NeverSeen "never_seen",
    }
}

/// When a node that sends no heartbeat is suspected and given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HeartbeatPolicy {
    /// How often nodes send one, in milliseconds.
    pub interval_ms: u32,
    /// After how long a node is suspected.
    pub suspect_ms: u32,
    /// After how long it is given up.
    pub lost_ms: u32,
}

impl Default for HeartbeatPolicy {
    fn default() -> Self {
        Self { interval_ms: 2_000, suspect_ms: 10_000, lost_ms: 15_000 }
    }
}

impl Validate for HeartbeatPolicy {
    fn validate(&self, faults: &mut Faults) {
        if self.interval_ms == 0 {
            faults.error("interval_ms", "out-of-range", "0: expected at least 1");
        }
        if self.suspect_ms <= self.interval_ms {
            let message = "a node would be suspected before its next heartbeat is due";
            faults.error("suspect_ms", "time-order", message);
        }
        if self.lost_ms < self.suspect_ms {
            let message = "a node would be given up before it is suspected";
            faults.error("lost_ms", "time-order", message);
        }
    }
}

/// What a node has in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NodeCapacity {
    /// CPU.
    pub cpu_milli: Millicores,
    /// Memory.
    pub memory_mib: MemoryMib,
}

/// A hypervisor host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its id, which stays the same however its address and host name change.
    pub id: NodeKey,
    /// Its host name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The id of the operating system's installation, which recognises it when it registers again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// The cluster that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<ClusterKey>,
    /// What operators want of it.
    #[serde(default)]
    pub mode: NodeMode,
    /// What it has.
    pub capacity: NodeCapacity,
    /// What it keeps for itself.
    #[serde(default)]
    pub reserved: Reserved,
    /// How often what it has may be promised.
    #[serde(default)]
    pub overcommit: Overcommit,
    /// Its NUMA cells; one cell with everything when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numa: Vec<NumaCell>,
    /// Its GPUs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<Gpu>,
    /// The model of its processors.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cpu_model: String,
    /// CPU features that machines may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cpu_features: Vec<String>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Taints that machines must tolerate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<Taint>,
    /// The storage pools that it reaches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<PoolKey>,
    /// The networks that it can attach machines to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<NetworkKey>,
    /// When its last heartbeat came, by the clock of who received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_heartbeat_at: Option<Timestamp>,
    /// Counts its starts as seen by the platform; what an older one says is not believed.
    #[serde(default)]
    pub epoch: u64,
    /// What is known about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Counts its changes.
    #[serde(default)]
    pub revision: u64,
}

impl Node {
    /// A node with that capacity, of which nothing else is known.
    #[must_use]
    pub fn new(id: NodeKey, cpu_milli: Millicores, memory_mib: MemoryMib) -> Self {
        Self {
            id,
            name: String::new(),
            machine_id: None,
            cluster_id: None,
            mode: NodeMode::default(),
            capacity: NodeCapacity { cpu_milli, memory_mib },
            reserved: Reserved::default(),
            overcommit: Overcommit::default(),
            numa: Vec::new(),
            gpus: Vec::new(),
            cpu_model: String::new(),
            cpu_features: Vec::new(),
            labels: Labels::new(),
            taints: Vec::new(),
            pools: Vec::new(),
            networks: Vec::new(),
            last_heartbeat_at: None,
            epoch: 0,
            conditions: Vec::new(),
            revision: 0,
        }
    }

    /// How many milliseconds ago its last heartbeat came; 0 for one from the future.
    #[must_use]
    pub fn heartbeat_age_ms(&self, now: Timestamp) -> Option<u64> {
        let at = self.last_heartbeat_at?;
        Some(u64::try_from(now.ms_since(at)).unwrap_or(0))
    }

    /// Whether it is heard of.
    #[must_use]
    pub fn health(&self, now: Timestamp, policy: &HeartbeatPolicy) -> NodeHealth {
        match self.heartbeat_age_ms(now) {
            None => NodeHealth::NeverSeen,
            Some(age) if age >= u64::from(policy.lost_ms) => NodeHealth::Lost,
            Some(age) if age >= u64::from(policy.suspect_ms) => NodeHealth::Suspect,
            Some(_) => NodeHealth::Alive,
        }
    }

    /// The node as the scheduler sees it. Only an enabled node that is alive takes new machines.
    #[must_use]
    pub fn for_placement(&self, health: NodeHealth) -> cluster::Node {
        let state = match (self.mode, health) {
            (NodeMode::Maintenance | NodeMode::Decommissioned, _) => NodeState::Down,
            (_, NodeHealth::Lost | NodeHealth::NeverSeen) => NodeState::Down,
            (NodeMode::Enabled, NodeHealth::Alive) => NodeState::Ready,
            _ => NodeState::Cordoned,
        };
        cluster::Node {
            id: self.id.clone(),
            cpu_milli: self.capacity.cpu_milli,
            memory_mib: self.capacity.memory_mib,
            overcommit: self.overcommit,
            reserved: self.reserved,
            labels: self.labels.clone(),
            taints: self.taints.clone(),
            pools: self.pools.clone(),
            networks: self.networks.clone(),
            numa: self.numa.clone(),
            gpus: self.gpus.clone(),
            hugepages: Vec::new(),
            devices: std::collections::BTreeMap::new(),
            cpu_model: (!self.cpu_model.is_empty()).then(|| self.cpu_model.clone()),
            cpu_features: self.cpu_features.clone(),
            tenants: Vec::new(),
            state,
        }
    }
}

impl Validate for Node {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "name", &self.name, &(0..=*limits::NAME_CHARS.end()));
        text::labels(faults, "labels", &self.labels);
        let has = &self.capacity;
        faults.within("capacity", |faults| {
            if has.cpu_milli == Millicores(0) {
                faults.error("cpu_milli", "out-of-range", "0: expected at least 1");
            }
            if has.memory_mib == MemoryMib(0) {
                faults.error("memory_mib", "out-of-range", "0: expected at least 1");
            }
        });
        faults.within("reserved", |faults| {
            if self.reserved.cpu_milli >= has.cpu_milli {
                faults.error("cpu_milli", "nothing-left", "no CPU is left for machines");
            }
            if self.reserved.memory_mib >= has.memory_mib {
                faults.error("memory_mib", "nothing-left", "no memory is left for machines");
            }
        });
        let memory =
            self.numa.iter().try_fold(MemoryMib(0), |sum, c| sum.checked_add(c.memory_mib));
        if memory.is_none_or(|memory| memory > has.memory_mib) {
            let message = "the cells have more memory than the node";
            faults.error("numa", "above-capacity", message);
        }
        if self.overcommit.memory.thousandths() > 1000 {
            let message = "memory that is promised twice may be missing when machines need it";
            faults.warning("overcommit", "memory-overcommit", message);
        }
        faults.unique("taints", &self.taints, "key", |taint| {
            Some(format!("{}:{}", taint.key, taint.effect.as_str()))
        });
        faults.unique("pools", &self.pools, "", Some);
        faults.unique("networks", &self.networks, "", Some);
        super::condition::validate(faults, &self.conditions);
    }
}
