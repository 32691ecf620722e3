//! Wishes: how good a node that passed every filter is.

mod capacity;
mod typical;
mod wishes;

use std::fmt;

use crate::snapshot::{Candidate, Shape, Snapshot};

pub use capacity::{BalancedScore, FitScore, PackScore, SpreadScore};
pub use typical::{TYPICAL_POINTS_MAX, TypicalScore};
pub use wishes::{PoolFreeScore, PreferenceScore, StoragePoolScore};

/// Points of a score; a policy multiplies them by a weight. Integers, so that every platform and
/// every binding ranks alike.
pub type Points = u64;

/// The most points of most scores: the best there is, in millionths.
pub const POINTS_MAX: Points = 1_000_000;

/// A wish, over nodes that passed every filter: 0 is worst, [`Score::best`] is best.
pub trait Score: Send + Sync + fmt::Debug {
    /// The stable name that explanations and policies use.
    fn name(&self) -> &'static str;

    /// The points of a node for a machine that would go there.
    fn points(&self, node: Candidate<'_>, shape: &Shape) -> Points;

    /// The most points that [`Score::points`] gives; what exceeds it is cut.
    fn best(&self) -> Points {
        POINTS_MAX
    }

    /// What the points depend on, which is what lets an index find the best node without looking
    /// at all of them.
    fn depends_on(&self, _snapshot: &Snapshot, _shape: &Shape) -> Dependence {
        Dependence::Node
    }

    /// The most points that any node can have for this shape; the closer, the faster the index.
    fn bound(&self, _snapshot: &Snapshot, _shape: &Shape) -> Points {
        self.best()
    }
}

/// What a score's points depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependence {
    /// On the cluster as it is now, not on the node.
    Cluster,
    /// On what the nodes of a class share for good.
    Class,
    /// On the class, and on where other machines are now: a soft rule on zones.
    ClassNow,
    /// On the class, on what is free on the node, and on the shape's CPU, memory, NUMA and GPUs.
    Room,
    /// On anything.
    Node,
}
