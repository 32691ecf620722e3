//! Reasons, computed only when they are asked for.

use std::collections::BTreeMap;

use super::{
    Detail, Explanation, NodeRejection,
    scan::{self, Checks},
};
use crate::{
    policy::Pipeline,
    snapshot::{Shape, Snapshot},
};

/// How many candidates an explanation shows.
const CANDIDATES_SHOWN: usize = 5;

/// The filters that nodes failed, all or the first of each node, and how many failed which first.
pub(super) fn rejections(
    snapshot: &Snapshot,
    shape: &Shape,
    pipeline: &Pipeline,
    detail: Detail,
) -> (Vec<NodeRejection>, BTreeMap<&'static str, usize>) {
    let mut checks = Checks::new(snapshot, shape, pipeline);
    let mut rejections = Vec::new();
    let mut rejected_by = BTreeMap::new();
    for node in snapshot.node_indices() {
        let mut first = true;
        checks.ask(node, |filter, answer| {
            let Err(rejection) = answer else { return true };
            rejections.push(NodeRejection {
                node: snapshot.node_id(node).clone(),
                filter,
                asked: rejection.asked.clone(),
                free: rejection.free.clone(),
            });
            if std::mem::take(&mut first) {
                *rejected_by.entry(filter).or_default() += 1;
            }
            detail == Detail::Full
        });
    }
    (rejections, rejected_by)
}

/// Why a shape goes where it goes.
pub(super) fn explain(snapshot: &Snapshot, shape: &Shape, pipeline: &Pipeline) -> Explanation {
    let (mut rejections, rejected_by) = rejections(snapshot, shape, pipeline, Detail::Full);
    rejections.truncate(super::REJECTIONS_MAX);
    let ranked = scan::ranked(snapshot, shape, pipeline);
    let shown = ranked.iter().take(CANDIDATES_SHOWN);
    Explanation {
        feasible: ranked.len(),
        candidates: shown.map(|&choice| scan::show(snapshot, shape, pipeline, choice)).collect(),
        rejected_by,
        rejections,
    }
}
