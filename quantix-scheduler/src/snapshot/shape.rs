//! Shapes: what machines ask for, without their names, so that equal machines are decided alike.

use std::{collections::BTreeMap, fmt};

use quantix_core::{
    Bytes, NetworkKey, PoolKey,
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
    /// Memory in MiB, without the part that huge pages back.
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
    /// CPU models that will do, sorted; none for any.
    pub cpu_models: Vec<String>,
    /// CPU features, sorted.
    pub cpu_features: Vec<String>,
    /// Whose machine it is.
    pub tenant: Option<String>,
    /// Huge pages and devices, sorted, with how many.
    pub extra: Vec<(Extra, u64)>,
    /// The rules that name the machine, in document order.
    pub rules: Vec<RuleIndex>,
}

/// Something that nodes have a number of, and machines get whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Extra {
    /// Huge pages of so many bytes.
    Pages(u64),
    /// PCI devices of one product.
    Device(String),
}

impl fmt::Display for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pages(bytes) => write!(f, "{} pages", Bytes(*bytes)),
            Self::Device(product) => write!(f, "device {product}"),
        }
    }
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
