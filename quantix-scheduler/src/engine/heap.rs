//! The nodes of a class in order of their points for one demand, kept lazily.

use std::collections::BinaryHeap;

/// A node with its points, packed so that comparing numbers compares points first, then prefers the
/// lower node: points, inverted node, version of the node's room.
pub(super) type Entry = u128;

pub(super) fn pack(points: u64, node: u32, version: u32) -> Entry {
    u128::from(points) << 64 | u128::from(!node) << 32 | u128::from(version)
}

#[allow(clippy::cast_possible_truncation, reason = "takes the parts that `pack` put there")]
pub(super) fn unpack(entry: Entry) -> (u64, u32, u32) {
    ((entry >> 64) as u64, !((entry >> 32) as u32), entry as u32)
}

/// One demand's heap over the nodes of one class.
///
/// A node whose room changed is pushed again with the new version; entries of old versions are
/// dropped when they come up. So changes cost nothing until the demand is asked for again.
#[derive(Debug, Default)]
pub(super) struct DemandHeap {
    pub(super) heap: BinaryHeap<Entry>,
    /// How much of the class's log of changes is in the heap.
    pub(super) cursor: u64,
    /// When it was last asked, for forgetting the least used.
    pub(super) used: u64,
    /// Points by room, so that equal rooms are scored once: 0 is not known, 1 does not fit.
    pub(super) points: Vec<u64>,
    /// The version of the typical machines that the points are for.
    pub(super) typical: u64,
}

/// [`DemandHeap::points`]: not scored yet.
pub(super) const UNKNOWN: u64 = 0;
/// [`DemandHeap::points`]: does not fit; real points are stored two higher than they are.
pub(super) const NO_FIT: u64 = 1;
