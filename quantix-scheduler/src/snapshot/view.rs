//! One node as filters and scores see it.

use quantix_core::{NetworkKey, NodeKey, cluster::NodeState};

use super::{CellFree, Class, Extra, NodeEntry, NodeIndex, PoolIndex, Shape, Snapshot};

/// A node that a machine might go to, with the cluster around it.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    snapshot: &'a Snapshot,
    index: NodeIndex,
    pub(crate) entry: &'a NodeEntry,
    pub(crate) class: &'a Class,
}

impl<'a> Candidate<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, index: NodeIndex) -> Self {
        let entry = &snapshot.nodes[index.at()];
        let class = &snapshot.classes[entry.class as usize];
        Self { snapshot, index, entry, class }
    }

    /// The cluster around the node.
    #[must_use]
    pub fn snapshot(self) -> &'a Snapshot {
        self.snapshot
    }

    /// The position of the node.
    #[must_use]
    pub fn index(self) -> NodeIndex {
        self.index
    }

    /// The node's id.
    #[must_use]
    pub fn id(self) -> &'a NodeKey {
        &self.entry.id
    }

    /// Whether the node takes machines.
    #[must_use]
    pub fn state(self) -> NodeState {
        self.entry.state
    }

    /// CPU that machines may have here in all, overcommit included.
    #[must_use]
    pub fn cpu_milli(self) -> u64 {
        self.class.cpu
    }

    /// Memory that machines may have here in all, overcommit included.
    #[must_use]
    pub fn memory_mib(self) -> u64 {
        self.class.memory
    }

    /// CPU that is left; zero where more is promised than there is.
    #[must_use]
    pub fn free_cpu_milli(self) -> u64 {
        u64::try_from(self.entry.free_cpu).unwrap_or(0)
    }

    /// Memory that is left; zero where more is promised than there is.
    #[must_use]
    pub fn free_memory_mib(self) -> u64 {
        u64::try_from(self.entry.free_memory).unwrap_or(0)
    }

    /// How many machines are here.
    #[must_use]
    pub fn vm_count(self) -> u32 {
        self.entry.vms
    }

    /// A label's value.
    #[must_use]
    pub fn label(self, key: &str) -> Option<&'a str> {
        let own = self.entry.own.as_ref().and_then(|own| own.labels.get(key));
        self.class.labels.get(key).or(own).map(String::as_str)
    }

    /// Whether the node reaches a storage pool.
    #[must_use]
    pub fn reaches(self, pool: PoolIndex) -> bool {
        self.class.pools.binary_search(&pool).is_ok()
            || self.entry.own.as_ref().is_some_and(|own| own.pools.contains(&pool))
    }

    /// Whether the node can attach machines to a network.
    #[must_use]
    pub fn attaches(self, network: &NetworkKey) -> bool {
        self.class.networks.binary_search(network).is_ok()
            || self.entry.own.as_ref().is_some_and(|own| own.networks.contains(network))
    }

    pub(crate) fn cells(self) -> &'a [CellFree] {
        let at = self.entry.cells_at as usize;
        &self.snapshot.cells[at..at + self.class.cells.len()]
    }

    /// Free huge pages and devices, in the order of the class.
    pub(crate) fn extra(self) -> &'a [i64] {
        let at = self.entry.extra_at as usize;
        &self.snapshot.extra[at..at + self.class.extra.len()]
    }

    /// How many huge pages of a size, or devices of a product, are left.
    #[must_use]
    pub fn free_extra(self, extra: &Extra) -> u64 {
        let at = self.class.extra.binary_search_by(|(other, _)| other.cmp(extra));
        at.map_or(0, |at| u64::try_from(self.extra()[at]).unwrap_or(0))
    }

    /// Whether there are enough huge pages and devices.
    pub(crate) fn has_extra(self, shape: &Shape) -> bool {
        shape.extra.iter().all(|(extra, count)| self.free_extra(extra) >= *count)
    }

    pub(crate) fn gpus(self) -> &'a [u32] {
        let at = self.entry.gpus_at as usize;
        &self.snapshot.gpus[at..at + self.class.gpus.len()]
    }
}
