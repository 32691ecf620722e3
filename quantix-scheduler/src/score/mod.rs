//! Wishes: how good a node that passed every filter is.

mod capacity;
mod wishes;

use std::fmt;

use crate::snapshot::{Candidate, Shape};

pub use capacity::{BalancedScore, FitScore, PackScore, SpreadScore};
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

    /// How the points depend on the node.
    fn depends_on(&self) -> Dependence {
        Dependence::Node
    }
}

/// What a score's points depend on, which is what lets an index find the best node without
/// looking at all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependence {
    /// Only on what the nodes of a class share, and on the cluster.
    Class,
    /// On the class and on free CPU and memory, and more free is never better.
    FreeLess,
    /// On the class and on free CPU and memory, and more free is never worse.
    FreeMore,
    /// On anything.
    Node,
}
