//! Nodes and their classes as the snapshot keeps them.

use std::collections::BTreeMap;

use quantix_core::{
    NetworkKey, NodeKey,
    cluster::{Gpu, NodeState, Overcommit, Reserved, Taint},
};

use super::{Extra, PoolIndex};

/// What many nodes have in common; predicates over it are answered once for all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Class {
    /// CPU that can be given to machines: what is not reserved, times the overcommit.
    pub(crate) cpu: u64,
    /// Memory likewise, in MiB.
    pub(crate) memory: u64,
    pub(crate) overcommit: (u32, u32),
    pub(crate) reserved: (u64, u64),
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) taints: Vec<Taint>,
    /// Sorted.
    pub(crate) pools: Vec<PoolIndex>,
    /// Sorted.
    pub(crate) networks: Vec<NetworkKey>,
    pub(crate) cpu_model: Option<String>,
    /// Sorted.
    pub(crate) cpu_features: Vec<String>,
    /// Sorted.
    pub(crate) tenants: Vec<String>,
    /// Huge pages and devices, sorted, with how many there are.
    pub(crate) extra: Vec<(Extra, u64)>,
    /// What each NUMA cell can give, overcommit included; empty for a node without cells.
    pub(crate) cells: Vec<(u64, u64)>,
    pub(crate) gpus: Vec<Gpu>,
}

impl Class {
    /// Whether the room on a node is no more than its free CPU and memory.
    pub(crate) fn is_plain(&self) -> bool {
        self.cells.len() < 2 && self.gpus.is_empty() && self.extra.is_empty()
    }

    pub(crate) fn overcommit(overcommit: Overcommit) -> (u32, u32) {
        (overcommit.cpu.thousandths(), overcommit.memory.thousandths())
    }

    pub(crate) fn reserved(reserved: Reserved) -> (u64, u64) {
        (reserved.cpu_milli.0, reserved.memory_mib.0)
    }
}

/// What only one node, or few, have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Own {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) pools: Vec<PoolIndex>,
    pub(crate) networks: Vec<NetworkKey>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeEntry {
    pub(crate) id: NodeKey,
    pub(crate) class: u32,
    pub(crate) state: NodeState,
    /// Below zero where the document was overcommitted already.
    pub(crate) free_cpu: i64,
    pub(crate) free_memory: i64,
    pub(crate) vms: u32,
    /// Topology domains, [`NO_DOMAIN`] where the label is missing.
    pub(crate) rack: u32,
    pub(crate) zone: u32,
    /// Where its NUMA cells and GPUs begin in the snapshot's arrays.
    pub(crate) cells_at: u32,
    pub(crate) gpus_at: u32,
    pub(crate) extra_at: u32,
    pub(crate) own: Option<Box<Own>>,
}

/// The domain of a node without the label.
pub(crate) const NO_DOMAIN: u32 = u32::MAX;

/// What is free on one NUMA cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CellFree {
    pub(crate) cpu: i64,
    pub(crate) memory: i64,
}
