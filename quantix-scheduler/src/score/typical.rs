//! The score that keeps room for the machines that are typical.

use super::{Dependence, Points, Score};
use crate::snapshot::{Assignment, Candidate, Shape, Snapshot, Typical};

/// The points of a node that loses nothing of worth.
pub const TYPICAL_POINTS_MAX: Points = 1_000_000_000;

/// The less of use is lost, the better: how many machines of each typical kind would fit on the
/// node no longer, large ones counting more (by the square of their size).
///
/// In a cluster with GPUs it is their room that counts: what is lost is how much of the node's GPUs
/// typical machines could still use, given its CPU and memory and given how well their sizes fill what
/// is left of each GPU. Losses that differ by less than a hundredth of all points are equal, so that
/// machines gather on the first of such nodes.
///
/// Which kinds are typical is learned from the machines that the snapshot has seen. It fills holes
/// that suit a machine and spares room that suits what usually comes, whatever the shape of hosts;
/// on traces it needs fewer hosts than best fit in any norm.
#[derive(Clone, Copy, Debug)]
pub struct TypicalScore;

impl TypicalScore {
    /// Points for what a node is worth before and after.
    fn points_of(before: u64, after: u64, typical: &Typical) -> Points {
        let lost = u128::from(before.saturating_sub(after)) * u128::from(TYPICAL_POINTS_MAX);
        let lost = lost / u128::from(typical.most.max(1));
        let lost = u64::try_from(lost).unwrap_or(TYPICAL_POINTS_MAX).min(TYPICAL_POINTS_MAX);
        let step = typical.steps.map_or(1, |steps| TYPICAL_POINTS_MAX / steps);
        TYPICAL_POINTS_MAX - lost / step * step
    }
}

/// What a node's free room would be worth with a machine on it.
pub(crate) fn worth_after(node: Candidate<'_>, shape: &Shape) -> u64 {
    let typical = node.snapshot().typical();
    let cpu = node.free_cpu_milli().saturating_sub(shape.cpu_milli);
    let memory = node.free_memory_mib().saturating_sub(shape.memory_mib);
    if shape.gpus.is_none() {
        return typical.worth(node.class, cpu, memory, node.gpus());
    }
    let mut gpus = node.gpus().to_vec();
    for at in Assignment::positions(node.gpu_choice(shape).unwrap_or(0)) {
        let free = &mut gpus[at as usize];
        *free = free.saturating_sub(shape.gpus.milli);
    }
    typical.worth(node.class, cpu, memory, &gpus)
}

/// What a node's free room is worth.
pub(crate) fn worth_before(node: Candidate<'_>) -> u64 {
    let (cpu, memory) = (node.free_cpu_milli(), node.free_memory_mib());
    node.snapshot().typical().worth(node.class, cpu, memory, node.gpus())
}

impl Score for TypicalScore {
    fn name(&self) -> &'static str {
        "typical"
    }

    fn points(&self, node: Candidate<'_>, shape: &Shape) -> Points {
        let typical = node.snapshot().typical();
        Self::points_of(worth_before(node), worth_after(node, shape), typical)
    }

    fn best(&self) -> Points {
        TYPICAL_POINTS_MAX
    }

    fn depends_on(&self, _: &Snapshot, _: &Shape) -> Dependence {
        Dependence::Room
    }
}
