//! Hard rules: what a node must have for a machine to go there.

mod capacity;
mod labels;
mod rules;
mod storage;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::snapshot::{Candidate, Shape, Snapshot};

pub use capacity::{CpuFilter, DeviceFilter, GpuFilter, HugePageFilter, MemoryFilter, NumaFilter};
pub use labels::{
    CpuFeatureFilter, CpuModelFilter, IsolationFilter, NetworkFilter, NodeSelectorFilter,
    NodeStateFilter, TaintFilter,
};
pub use rules::{AffinityFilter, AntiAffinityFilter, SpreadFilter, VmHostFilter};
pub use storage::{PoolCapacityFilter, StoragePoolFilter};

/// A hard rule. Pure: same inputs, same answer.
pub trait Filter: Send + Sync + fmt::Debug {
    /// The stable name that explanations show.
    fn name(&self) -> &'static str;

    /// Whether a machine of this shape may go to this node.
    ///
    /// # Errors
    /// Why not, with what was asked and what there is.
    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection>;

    /// Whether [`Filter::check`] answers `Ok`, without the words for why not.
    fn passes(&self, node: Candidate<'_>, shape: &Shape) -> bool {
        self.check(node, shape).is_ok()
    }

    /// What the answer depends on, which is what lets an index ask less often.
    fn scope(&self, _snapshot: &Snapshot, _shape: &Shape) -> Scope {
        Scope::Node
    }

    /// Whether the filter has nothing to say about this shape, whatever the node.
    fn is_idle(&self, _snapshot: &Snapshot, _shape: &Shape) -> bool {
        false
    }
}

/// What a filter's answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On the cluster as it is now, not on the node.
    Cluster,
    /// On what the nodes of a class share for good: labels, taints, networks, pools, features.
    Class,
    /// On the class, and on where other machines are now: a rule on zones.
    ClassNow,
    /// On the node's state and what is free there: CPU, memory, NUMA cells, GPUs.
    Room,
    /// On anything.
    Node,
}

/// An amount or a set, as explanations show it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// A number in the unit of the filter: millicores, MiB, bytes, machines.
    Number(u64),
    /// A word, such as a node's state.
    Word(String),
    /// Names.
    Names(Vec<String>),
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word),
            Self::Names(names) if names.is_empty() => f.write_str("none"),
            Self::Names(names) => f.write_str(&names.join(", ")),
        }
    }
}

impl From<u64> for Amount {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Amount {
    fn from(word: &str) -> Self {
        Self::Word(word.to_owned())
    }
}

impl<T: ToString> FromIterator<T> for Amount {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        Self::Names(names.into_iter().map(|name| name.to_string()).collect())
    }
}

/// Why a node cannot take a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// What the machine asked for.
    pub asked: Amount,
    /// What the node, the pool or the rule leaves.
    pub free: Amount,
}

impl Rejection {
    /// A rejection for lack of an amount.
    #[must_use]
    pub fn short(asked: u64, free: u64) -> Self {
        Self { asked: asked.into(), free: free.into() }
    }
}

/// `Ok` when an amount suffices.
fn suffices(asked: u64, free: u64) -> Result<(), Rejection> {
    if free >= asked { Ok(()) } else { Err(Rejection::short(asked, free)) }
}

/// Every built-in filter in the order in which they are asked: cheap and telling ones first.
#[must_use]
pub fn built_in() -> Vec<Box<dyn Filter>> {
    vec![
        Box::new(NodeStateFilter),
        Box::new(NodeSelectorFilter),
        Box::new(TaintFilter),
        Box::new(IsolationFilter),
        Box::new(CpuModelFilter),
        Box::new(CpuFeatureFilter),
        Box::new(NetworkFilter),
        Box::new(StoragePoolFilter),
        Box::new(PoolCapacityFilter),
        Box::new(CpuFilter),
        Box::new(MemoryFilter),
        Box::new(NumaFilter),
        Box::new(GpuFilter),
        Box::new(HugePageFilter),
        Box::new(DeviceFilter),
        Box::new(VmHostFilter),
        Box::new(AntiAffinityFilter),
        Box::new(AffinityFilter),
        Box::new(SpreadFilter),
    ]
}

pub(crate) use labels::intolerable;
pub(crate) use rules::{holds, is_by_class, rules_of};
pub(crate) use storage::is_reached;
