//! Scores of many nodes for one shape, what is equal calculated once.

use std::collections::HashMap;

use crate::{
    policy::Pipeline,
    score::Dependence,
    snapshot::{Candidate, Shape, Snapshot},
};

/// The sum of points times weight, node after node.
#[derive(Debug)]
pub(super) struct Sums<'a> {
    shape: &'a Shape,
    pipeline: &'a Pipeline,
    class_scores: Vec<usize>,
    room_scores: Vec<usize>,
    node_scores: Vec<usize>,
    per_class: Vec<Option<u64>>,
    /// Per class and free CPU and memory, where that is all the room there is.
    per_room: HashMap<(u32, i64, i64), u64, foldhash::fast::FixedState>,
}

impl<'a> Sums<'a> {
    pub(super) fn new(snapshot: &Snapshot, shape: &'a Shape, pipeline: &'a Pipeline) -> Self {
        let mut sums = Self {
            shape,
            pipeline,
            class_scores: Vec::new(),
            room_scores: Vec::new(),
            node_scores: Vec::new(),
            per_class: vec![None; snapshot.class_count()],
            per_room: HashMap::default(),
        };
        for (at, (_, score)) in pipeline.scores.iter().enumerate() {
            match score.depends_on(snapshot, shape) {
                Dependence::Cluster | Dependence::Class | Dependence::ClassNow => {
                    sums.class_scores.push(at);
                }
                Dependence::Room => sums.room_scores.push(at),
                Dependence::Node => sums.node_scores.push(at),
            }
        }
        sums
    }

    pub(super) fn of(&mut self, node: Candidate<'_>) -> u64 {
        let (shape, pipeline) = (self.shape, self.pipeline);
        let class = node.entry.class;
        let of_class = self.per_class[class as usize]
            .get_or_insert_with(|| pipeline.sum(&self.class_scores, node, shape));
        let of_room = if node.class.is_plain() {
            let room = (class, node.entry.free_cpu, node.entry.free_memory);
            let sum = || pipeline.sum(&self.room_scores, node, shape);
            *self.per_room.entry(room).or_insert_with(sum)
        } else {
            pipeline.sum(&self.room_scores, node, shape)
        };
        let own = pipeline.sum(&self.node_scores, node, shape);
        of_class.saturating_add(of_room).saturating_add(own)
    }
}
