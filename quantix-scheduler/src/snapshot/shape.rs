//! Shapes: what machines ask for, without their names, so that equal machines are decided alike.

use std::collections::BTreeMap;

use quantix_core::{
    NetworkKey, PoolKey,
    cluster::{GpuDemand, NumaPolicy, Preference, Toleration},
};

use super::{PoolIndex, RuleIndex};

/// Everything about a machine that placement depends on.
///
/// Shapes are interned by [`Snapshot::shape`](super::Snapshot::shape): two machines that ask for
/// the same things under the same rules share one [`ShapeId`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Shape {
    /// CPU in thousandths.
    pub cpu_milli: u64,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Storage per distinct pool, in order of the pools' names.
    pub pools: Vec<PoolDemand>,
    /// How many disks name a pool.
    pub disks_with_pool: u32,
    /// Networks, sorted.
    pub networks: Vec<NetworkKey>,
    /// Labels that the node must have.
    pub node_selector: BTreeMap<String, String>,
    /// Tolerated taints, sorted.
    pub tolerations: Vec<Toleration>,
    /// How it lies on NUMA cells.
    pub numa: NumaPolicy,
    /// GPUs.
    pub gpus: GpuDemand,
    /// Nodes that it would rather run on.
    pub preferences: Vec<Preference>,
    /// CPU features, sorted.
    pub cpu_features: Vec<String>,
    /// The rules that name the machine, in document order.
    pub rules: Vec<RuleIndex>,
}

/// What a shape asks of one pool.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PoolDemand {
    /// The pool's name.
    pub pool: PoolKey,
    /// The pool, unless the cluster does not have it.
    pub index: Option<PoolIndex>,
    /// The sum of the disks.
    pub bytes: u64,
    /// How many disks.
    pub disks: u32,
}

/// Names an interned [`Shape`] of one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShapeId(pub(crate) u32);

/// Where on its node a machine lies: NUMA cells and GPUs as bit sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Assignment {
    /// Bit `i` is NUMA cell `i`; zero for a machine that is not bound to cells.
    pub cells: u32,
    /// Bit `i` is GPU `i`.
    pub gpus: u32,
}

impl Assignment {
    /// The positions of the set bits.
    pub fn positions(mask: u32) -> impl Iterator<Item = u32> {
        (0..u32::BITS).filter(move |bit| mask & (1 << bit) != 0)
    }
}
