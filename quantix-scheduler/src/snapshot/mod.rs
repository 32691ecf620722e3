//! The snapshot: a cluster in dense integers, changed step by step and undone exactly.

mod assign;
mod build;
mod change;
mod digest;
mod names;
mod node;
mod profile;
mod rules;
mod shape;
mod view;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use quantix_core::{Finding, NodeKey, PoolKey, VmKey, cluster::Cluster};

pub(crate) use assign::share;
pub(crate) use build::Faults;
pub use build::{
    CPU_MILLI_MAX, GPUS_PER_NODE_MAX, MEMORY_MIB_MAX, NODES_MAX, NUMA_CELLS_MAX, POOL_BYTES_MAX,
    POOLS_MAX, RULES_MAX, SnapshotError, VMS_MAX,
};
pub use change::{ChangeError, Checkpoint};
pub(crate) use node::{CellFree, Class, NO_DOMAIN, NodeEntry};
pub(crate) use profile::Typical;
pub(crate) use rules::RuleEntry;
pub use shape::{Assignment, Extra, PoolDemand, Shape, ShapeId};
pub use view::Candidate;

/// The position of a node in order of node ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(pub(crate) u32);

/// The position of a pool in order of pool ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolIndex(pub(crate) u32);

/// The position of a rule in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(pub(crate) u32);

impl NodeIndex {
    /// The position, counted from 0.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    pub(crate) fn at(self) -> usize {
        self.0 as usize
    }
}

impl PoolIndex {
    pub(crate) fn at(self) -> usize {
        self.0 as usize
    }
}

impl RuleIndex {
    pub(crate) fn at(self) -> usize {
        self.0 as usize
    }
}

/// A position as the small number that all indices are.
pub(crate) fn small(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// One pool and how much of it is promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PoolEntry {
    pub(crate) id: PoolKey,
    /// Overcommit included; `None` where the document does not know it.
    pub(crate) capacity: Option<u64>,
    pub(crate) used: i128,
}

impl PoolEntry {
    /// What can still be promised, `u64::MAX` where the capacity is not known.
    pub(crate) fn free(&self) -> u64 {
        let Some(capacity) = self.capacity else { return u64::MAX };
        let free = i128::from(capacity) - self.used;
        u64::try_from(free.clamp(0, i128::from(capacity))).unwrap_or(capacity)
    }
}

/// One machine on its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VmEntry {
    pub(crate) id: VmKey,
    pub(crate) shape: ShapeId,
    pub(crate) node: NodeIndex,
    pub(crate) assignment: Assignment,
}

/// A cluster as placement sees it.
///
/// Built once from a [`Cluster`] document and then changed in place; every change raises
/// [`Snapshot::revision`] and can be undone exactly. All amounts are integers. Nodes keep the order
/// of their ids, which is what breaks ties.
///
/// ```
/// use quantix_core::cluster::Cluster;
/// use quantix_scheduler::Snapshot;
/// let cluster: Cluster = serde_json::from_str(
///     r#"{"nodes": [{"id": "n1", "cpu_milli": 4000, "memory_mib": 8192}]}"#,
/// )?;
/// let snapshot = Snapshot::build(&cluster)?;
/// assert_eq!(snapshot.node_count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) nodes: Vec<NodeEntry>,
    pub(crate) classes: Vec<Class>,
    pub(crate) pools: Vec<PoolEntry>,
    pub(crate) rules: Vec<RuleEntry>,
    rules_of: HashMap<VmKey, Vec<RuleIndex>, foldhash::fast::RandomState>,
    pub(crate) cells: Vec<CellFree>,
    pub(crate) gpus: Vec<u32>,
    /// Free huge pages and devices, in the order of the classes.
    pub(crate) extra: Vec<i64>,
    shapes: Vec<Arc<Shape>>,
    shape_ids: HashMap<Arc<Shape>, ShapeId, foldhash::fast::RandomState>,
    vms: Vec<Option<VmEntry>>,
    vacant: Vec<u32>,
    names: names::Names,
    /// Label keys, pools and networks that are no part of classes, since few nodes share them.
    pub(crate) leaves: Leaves,
    revision: u64,
    journal: Vec<change::Undo>,
    journalling: bool,
    profile: profile::Profile,
    findings: Vec<Finding>,
    /// The hash of what no change touches, once it was asked for.
    fixed: OnceLock<[u8; 32]>,
    /// How many machines of each shape are placed.
    placed: Vec<u64>,
}

/// What is kept per node because it would split the classes too finely, with who has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaves {
    pub(crate) labels: HashMap<String, HashMap<String, Vec<NodeIndex>>>,
    pub(crate) pools: HashMap<PoolIndex, Vec<NodeIndex>>,
    pub(crate) networks: HashMap<quantix_core::NetworkKey, Vec<NodeIndex>>,
}

impl Snapshot {
    /// Reads a cluster document.
    ///
    /// # Errors
    /// Every fault of the document at once, each with its field path. What is doubtful but usable
    /// is in [`Snapshot::findings`].
    pub fn build(cluster: &Cluster) -> Result<Self, SnapshotError> {
        build::build(cluster)
    }

    /// What is doubtful about the document: warnings and remarks.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many nodes there are.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// How many machines there are on nodes.
    #[must_use]
    pub fn vm_count(&self) -> usize {
        self.names.len()
    }

    /// How many kinds of nodes there are.
    #[must_use]
    pub fn class_count(&self) -> usize {
        self.classes.len()
    }

    /// A number that every change raises and that undoing restores.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The nodes in order of their ids.
    pub fn node_indices(&self) -> impl ExactSizeIterator<Item = NodeIndex> + use<> {
        (0..small(self.nodes.len())).map(NodeIndex)
    }

    /// A node by its id.
    #[must_use]
    pub fn node_index(&self, id: &NodeKey) -> Option<NodeIndex> {
        let at = self.nodes.binary_search_by(|node| node.id.cmp(id)).ok()?;
        Some(NodeIndex(small(at)))
    }

    /// The id of a node.
    ///
    /// # Panics
    /// When the index is of another, larger snapshot.
    #[must_use]
    pub fn node_id(&self, node: NodeIndex) -> &NodeKey {
        &self.nodes[node.at()].id
    }

    /// A pool by its id.
    #[must_use]
    pub fn pool_index(&self, id: &PoolKey) -> Option<PoolIndex> {
        let at = self.pools.binary_search_by(|pool| pool.id.cmp(id)).ok()?;
        Some(PoolIndex(small(at)))
    }

    /// A view of one node, as filters and scores get it.
    ///
    /// # Panics
    /// When the index is of another, larger snapshot.
    #[must_use]
    pub fn candidate(&self, node: NodeIndex) -> Candidate<'_> {
        Candidate::new(self, node)
    }

    /// Where a machine is.
    #[must_use]
    pub fn node_of(&self, vm: &VmKey) -> Option<NodeIndex> {
        self.entry(vm).map(|entry| entry.node)
    }

    /// Where on its node a machine lies.
    #[must_use]
    pub fn assignment_of(&self, vm: &VmKey) -> Option<Assignment> {
        self.entry(vm).map(|entry| entry.assignment)
    }

    /// What a machine asks for.
    #[must_use]
    pub fn shape_of(&self, vm: &VmKey) -> Option<ShapeId> {
        self.entry(vm).map(|entry| entry.shape)
    }

    /// An interned shape.
    ///
    /// # Panics
    /// When the id is of another snapshot.
    #[must_use]
    pub fn shape_by_id(&self, id: ShapeId) -> &Arc<Shape> {
        &self.shapes[id.0 as usize]
    }

    /// The machines with their nodes, in order of their ids.
    #[must_use]
    pub fn placements(&self) -> Vec<(VmKey, NodeIndex)> {
        let mut all: Vec<_> = self.entries().map(|entry| (entry.id.clone(), entry.node)).collect();
        all.sort();
        all
    }

    /// The kinds of machines that are typical here.
    pub(crate) fn typical(&self) -> &Typical {
        self.profile.typical()
    }

    /// The shapes with how many machines of each are placed.
    pub(crate) fn placed_shapes(&self) -> impl Iterator<Item = (&Shape, u64)> {
        self.shapes.iter().map(AsRef::as_ref).zip(self.placed.iter().copied())
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &VmEntry> {
        self.vms.iter().flatten()
    }

    pub(crate) fn entry(&self, vm: &VmKey) -> Option<&VmEntry> {
        let slot = self.names.find(self.names.hash(vm.as_str()), vm, &self.vms)?;
        self.vms[slot as usize].as_ref()
    }
}
