//! The answer of placing, as the command, Python and C print it.

use std::collections::BTreeMap;

use quantix_core::{Finding, NodeKey, VmKey};
use serde::Serialize;

use super::Remedy;
use crate::{bound::Bound, filter::Amount, policy::Policy};

/// Where machines go.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlaceAnswer {
    /// The machines that have a node, in the order in which they were listed.
    pub placements: Vec<Placement>,
    /// The machines that fit nowhere, likewise.
    pub unplaced: Vec<Unplaced>,
    /// The fewest nodes that could hold the machines of the cluster as it then is, and how far it is
    /// from them; left out when nothing was placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    /// The policy that decided.
    pub policy: String,
    /// What was doubtful about the machines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

impl PlaceAnswer {
    pub(super) fn new(policy: &Policy, findings: Vec<Finding>) -> Self {
        let policy = policy.name.clone();
        Self { placements: Vec::new(), unplaced: Vec::new(), bound: None, policy, findings }
    }

    /// Whether every machine has a node.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unplaced.is_empty()
    }
}

/// A machine and its node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Placement {
    /// The machine.
    pub vm: VmKey,
    /// Where it goes.
    pub node: NodeKey,
    /// The sum of the terms.
    pub score: u64,
    /// Points times weight of each score.
    pub terms: BTreeMap<&'static str, u64>,
    /// The NUMA cells that it gets, for a machine bound to cells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub numa_cells: Vec<u32>,
    /// The GPUs that it gets, by position on the node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gpu_indices: Vec<u32>,
    /// Why, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// Why a machine goes to its node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// How many nodes would do.
    pub feasible: usize,
    /// The best of them, best first; equal scores in order of node ids.
    pub candidates: Vec<Ranked>,
    /// How many nodes failed each filter first.
    pub rejected_by: BTreeMap<&'static str, usize>,
    /// Every filter that a node failed.
    pub rejections: Vec<NodeRejection>,
}

/// A node that would do, with its score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ranked {
    /// The node.
    pub node: NodeKey,
    /// The sum of the terms.
    pub score: u64,
    /// Points times weight of each score.
    pub terms: BTreeMap<&'static str, u64>,
}

/// A filter that a node failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeRejection {
    /// The node.
    pub node: NodeKey,
    /// The filter.
    pub filter: &'static str,
    /// What the machine asked for.
    pub asked: Amount,
    /// What there is.
    pub free: Amount,
    /// Where what there is comes from, for CPU and memory.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// What a node can give in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// All that can be promised: what is not reserved, times the overcommit.
    pub capacity: u64,
    /// How many times it may be promised, in thousandths.
    pub overcommit_thousandths: u32,
    /// What the node keeps for itself, before overcommit.
    pub reserved: u64,
}

impl Limits {
    pub(super) fn new(capacity: u64, overcommit_thousandths: u32, reserved: u64) -> Self {
        Self { capacity, overcommit_thousandths, reserved }
    }
}

/// A machine that fits nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unplaced {
    /// The machine.
    pub vm: VmKey,
    /// Why, for each node; empty when the answer has too many of them already.
    pub rejections: Vec<NodeRejection>,
    /// How many nodes failed each filter first.
    pub rejected_by: BTreeMap<&'static str, usize>,
    /// The smallest changes with which it would fit, the smallest first.
    pub would_fit_if: Vec<Remedy>,
}
