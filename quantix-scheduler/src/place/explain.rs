//! Reasons, computed only when they are asked for.

use std::collections::BTreeMap;

use super::{
    Detail, Explanation, NodeRejection,
    answer::Limits,
    scan::{self, Checks, Choice},
    sums::Sums,
};
use crate::{
    filter::Rejection,
    policy::Pipeline,
    snapshot::{Candidate, Shape, Snapshot},
};

/// How many candidates an explanation shows.
const CANDIDATES_SHOWN: usize = 5;

/// One look at every node: those that would do, unsorted, and why the others would not.
pub(super) struct Look {
    pub(super) feasible: Vec<Choice>,
    /// The filters that nodes failed, all or the first of each node.
    pub(super) rejections: Vec<NodeRejection>,
    /// How many nodes failed which first.
    pub(super) rejected_by: BTreeMap<&'static str, usize>,
}

impl Look {
    pub(super) fn at(
        snapshot: &Snapshot,
        shape: &Shape,
        pipeline: &Pipeline,
        detail: Detail,
    ) -> Self {
        let mut checks = Checks::new(snapshot, shape, pipeline);
        let mut sums = Sums::new(snapshot, shape, pipeline);
        let mut look =
            Self { feasible: Vec::new(), rejections: Vec::new(), rejected_by: BTreeMap::new() };
        for node in snapshot.node_indices() {
            let candidate = snapshot.candidate(node);
            let before = look.rejections.len();
            checks.ask(node, |filter, answer| {
                let Err(rejection) = answer else { return true };
                look.rejections.push(rejected(candidate, filter, rejection));
                detail == Detail::Full
            });
            match look.rejections.get(before) {
                Some(first) => *look.rejected_by.entry(first.filter).or_default() += 1,
                None => look.feasible.push(Choice { node, score: sums.of(candidate) }),
            }
        }
        look
    }
}

/// A filter that a node failed, with the numbers behind it.
fn rejected(node: Candidate<'_>, filter: &'static str, rejection: &Rejection) -> NodeRejection {
    let class = node.class;
    let limits = match filter {
        "cpu" => Some(Limits::new(class.cpu, class.overcommit.0, class.reserved.0)),
        "memory" => Some(Limits::new(class.memory, class.overcommit.1, class.reserved.1)),
        _ => None,
    };
    NodeRejection {
        node: node.id().clone(),
        filter,
        asked: rejection.asked.clone(),
        free: rejection.free.clone(),
        limits,
    }
}

/// The filters that nodes failed, all or the first of each node, and how many failed which first.
pub(super) fn rejections(
    snapshot: &Snapshot,
    shape: &Shape,
    pipeline: &Pipeline,
    detail: Detail,
) -> (Vec<NodeRejection>, BTreeMap<&'static str, usize>) {
    let look = Look::at(snapshot, shape, pipeline, detail);
    (look.rejections, look.rejected_by)
}

/// Why a shape would go where it would go, without putting it there.
#[must_use]
pub fn explain(snapshot: &Snapshot, shape: &Shape, pipeline: &Pipeline) -> Explanation {
    let mut look = Look::at(snapshot, shape, pipeline, Detail::Full);
    look.rejections.truncate(super::REJECTIONS_MAX);
    let feasible = look.feasible.len();
    // Only the best are sorted.
    if feasible > CANDIDATES_SHOWN {
        let key = |choice: &Choice| (std::cmp::Reverse(choice.score), choice.node);
        look.feasible.select_nth_unstable_by_key(CANDIDATES_SHOWN, key);
        look.feasible.truncate(CANDIDATES_SHOWN);
    }
    scan::sort(&mut look.feasible);
    let show = |&choice: &Choice| scan::show(snapshot, shape, pipeline, choice);
    Explanation {
        feasible,
        candidates: look.feasible.iter().map(show).collect(),
        rejected_by: look.rejected_by,
        rejections: look.rejections,
    }
}
