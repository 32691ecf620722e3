//! Nodes as a cluster document describes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::Ratio;
use crate::{Bytes, MemoryMib, Millicores, NetworkKey, NodeKey, PoolKey};

/// A hypervisor host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its name.
    pub id: NodeKey,
    /// All of its CPU.
    pub cpu_milli: Millicores,
    /// All of its memory.
    pub memory_mib: MemoryMib,
    /// How often CPU and memory may be promised; once when left out.
    #[serde(default, skip_serializing_if = "Overcommit::is_none")]
    pub overcommit: Overcommit,
    /// What the host keeps for itself, before overcommit.
    #[serde(default, skip_serializing_if = "Reserved::is_none")]
    pub reserved: Reserved,
    /// Labels; `zone` and `rack` place it in the topology.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Taints that machines must tolerate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<Taint>,
    /// The storage pools that it reaches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<PoolKey>,
    /// The networks that it can attach machines to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<NetworkKey>,
    /// Its NUMA cells; one cell with everything when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numa: Vec<NumaCell>,
    /// Its GPUs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<Gpu>,
    /// Its huge pages, one entry per size. They are part of its memory, and only machines that ask
    /// for pages get that part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hugepages: Vec<HugePages>,
    /// PCI devices that can be handed to machines: how many of each product (`8086:1572`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub devices: BTreeMap<String, u32>,
    /// The model of its CPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_model: Option<String>,
    /// CPU features that machines may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cpu_features: Vec<String>,
    /// The tenants or licences that it is kept for; every machine may run here when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<String>,
    /// Whether it takes machines.
    #[serde(default, skip_serializing_if = "NodeState::is_ready")]
    pub state: NodeState,
}

/// How often a node's resources may be promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overcommit {
    /// For CPU.
    #[serde(default, skip_serializing_if = "Ratio::is_one")]
    pub cpu: Ratio,
    /// For memory.
    #[serde(default, skip_serializing_if = "Ratio::is_one")]
    pub memory: Ratio,
}

impl Overcommit {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What a host keeps for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reserved {
    /// CPU.
    #[serde(default)]
    pub cpu_milli: Millicores,
    /// Memory.
    #[serde(default)]
    pub memory_mib: MemoryMib,
}

impl Reserved {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether a node takes machines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It runs machines and takes new ones.
    #[default]
    Ready,
    /// It runs machines and takes no new ones (maintenance, drain).
    Cordoned,
    /// It does not run.
    Down,
}

impl NodeState {
    fn is_ready(&self) -> bool {
        *self == Self::Ready
    }

    /// The word of the wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Cordoned => "cordoned",
            Self::Down => "down",
        }
    }
}

/// What keeps machines away from a node unless they tolerate it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taint {
    /// Its name.
    pub key: String,
    /// Its value; empty when left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// What it does to machines that do not tolerate it.
    pub effect: TaintEffect,
}

/// What a taint does to machines that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaintEffect {
    /// New machines stay away.
    #[serde(alias = "NoSchedule")]
    NoSchedule,
    /// New machines prefer other nodes.
    #[serde(alias = "PreferNoSchedule")]
    PreferNoSchedule,
    /// New machines stay away, and those running there are to leave.
    #[serde(alias = "NoExecute")]
    NoExecute,
}

impl TaintEffect {
    /// The word of the wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "no_schedule",
            Self::PreferNoSchedule => "prefer_no_schedule",
            Self::NoExecute => "no_execute",
        }
    }
}

/// One NUMA cell: CPUs and the memory next to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumaCell {
    /// Its CPU.
    pub cpu_milli: Millicores,
    /// Its memory.
    pub memory_mib: MemoryMib,
}

/// Huge pages of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HugePages {
    /// The size of one page.
    pub size_bytes: Bytes,
    /// How many.
    pub count: u64,
}

/// One GPU of a node. A document may also give just its model as a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Gpu {
    /// Its model; empty when not told.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// How much of it can be given to machines, in thousandths; 1000 when left out.
    pub milli: u32,
}

impl<'de> Deserialize<'de> for Gpu {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Full {
            #[serde(default)]
            model: String,
            #[serde(default = "whole")]
            milli: u32,
        }
        fn whole() -> u32 {
            1000
        }
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Gpu;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a GPU model, or an object with `model` and `milli`")
            }
            fn visit_str<E: serde::de::Error>(self, model: &str) -> Result<Gpu, E> {
                Ok(Gpu { model: model.to_owned(), milli: whole() })
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Gpu, A::Error> {
                let full = Full::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Gpu { model: full.model, milli: full.milli })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
