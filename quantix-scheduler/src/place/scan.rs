//! The plain way to the best node: ask every filter about every node, score what is left.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{Ranked, sums::Sums};
use crate::{
    filter::{Filter, Rejection, Scope},
    policy::Pipeline,
    snapshot::{Candidate, NodeIndex, Shape, Snapshot},
};

/// The node that was chosen, and its score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The node.
    pub node: NodeIndex,
    /// The sum of points times weight.
    pub score: u64,
}

/// The filters that have something to say about a shape, those per class answered ahead.
pub(super) struct Checks<'a> {
    snapshot: &'a Snapshot,
    shape: &'a Shape,
    filters: Vec<(&'a dyn Filter, Option<usize>)>,
    /// Answers per filter that need not be asked per node, per class.
    per_class: Vec<Vec<Option<Result<(), Rejection>>>>,
}

impl<'a> Checks<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, shape: &'a Shape, pipeline: &'a Pipeline) -> Self {
        let mut filters = Vec::with_capacity(pipeline.filters.len());
        let mut per_class = Vec::new();
        for filter in &pipeline.filters {
            if filter.is_idle(snapshot, shape) {
                continue;
            }
            let scope = filter.scope(snapshot, shape);
            let cached = matches!(scope, Scope::Class | Scope::Cluster).then(|| {
                per_class.push(vec![None; snapshot.class_count()]);
                per_class.len() - 1
            });
            filters.push((filter.as_ref(), cached));
        }
        Self { snapshot, shape, filters, per_class }
    }

    /// Asks the filters about a node until `each` says that it has heard enough.
    pub(super) fn ask(
        &mut self,
        node: NodeIndex,
        mut each: impl FnMut(&'static str, &Result<(), Rejection>) -> bool,
    ) {
        let candidate = self.snapshot.candidate(node);
        for &(filter, cached) in &self.filters {
            let more = match cached {
                None => each(filter.name(), &filter.check(candidate, self.shape)),
                Some(at) => {
                    let answer = &mut self.per_class[at][candidate.entry.class as usize];
                    let answer = answer.get_or_insert_with(|| filter.check(candidate, self.shape));
                    each(filter.name(), answer)
                }
            };
            if !more {
                return;
            }
        }
    }

    pub(super) fn passes(&mut self, node: NodeIndex) -> bool {
        let mut passes = true;
        self.ask(node, |_, answer| {
            passes = answer.is_ok();
            passes
        });
        passes
    }
}

/// Whether a node passes every filter.
pub(crate) fn passes(node: Candidate<'_>, shape: &Shape, pipeline: &Pipeline) -> bool {
    let snapshot = node.snapshot();
    let mut asked = pipeline.filters.iter().filter(|filter| !filter.is_idle(snapshot, shape));
    asked.all(|filter| filter.passes(node, shape))
}

/// The sum of points times weight.
pub(crate) fn score(node: Candidate<'_>, shape: &Shape, pipeline: &Pipeline) -> u64 {
    pipeline.scores.iter().fold(0u64, |sum, (weight, score)| {
        let points = score.points(node, shape).min(score.best());
        sum.saturating_add(points.saturating_mul(u64::from(*weight)))
    })
}

/// Points times weight of each score.
pub(super) fn terms(
    node: Candidate<'_>,
    shape: &Shape,
    pipeline: &Pipeline,
) -> BTreeMap<&'static str, u64> {
    let term = |(weight, score): &(u32, Box<dyn crate::Score>)| {
        let points = score.points(node, shape).min(score.best());
        (score.name(), points.saturating_mul(u64::from(*weight)))
    };
    pipeline.scores.iter().map(term).collect()
}

/// The best node for a shape, found by looking at every node; of equals the lowest id.
#[must_use]
pub fn best(snapshot: &Snapshot, shape: &Shape, pipeline: &Pipeline) -> Option<Choice> {
    let mut checks = Checks::new(snapshot, shape, pipeline);
    let mut best: Option<Choice> = None;
    for node in snapshot.node_indices() {
        if !checks.passes(node) {
            continue;
        }
        let score = score(snapshot.candidate(node), shape, pipeline);
        if best.is_none_or(|best| score > best.score) {
            best = Some(Choice { node, score });
        }
    }
    best
}

/// Every node that would do, best first; of equals the lowest id first.
#[must_use]
pub fn ranked(snapshot: &Snapshot, shape: &Shape, pipeline: &Pipeline) -> Vec<Choice> {
    let mut checks = Checks::new(snapshot, shape, pipeline);
    let mut sums = Sums::new(snapshot, shape, pipeline);
    let mut ranked: Vec<Choice> = snapshot
        .node_indices()
        .filter(|&node| checks.passes(node))
        .map(|node| Choice { node, score: sums.of(snapshot.candidate(node)) })
        .collect();
    sort(&mut ranked);
    ranked
}

/// The best first; of equals the lowest id first.
pub(super) fn sort(choices: &mut [Choice]) {
    choices.sort_unstable_by_key(|choice| (Reverse(choice.score), choice.node));
}

/// A choice with its terms, for an explanation.
pub(super) fn show(
    snapshot: &Snapshot,
    shape: &Shape,
    pipeline: &Pipeline,
    choice: Choice,
) -> Ranked {
    let candidate = snapshot.candidate(choice.node);
    Ranked {
        node: candidate.id().clone(),
        score: choice.score,
        terms: terms(candidate, shape, pipeline),
    }
}
