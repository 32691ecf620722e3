//! Scores on how full a node would be.

use super::{Dependence, POINTS_MAX, Points, Score};
use crate::snapshot::{Candidate, Shape, Snapshot};

/// CPU and memory that would be left, in millionths of what the node has.
fn left(node: Candidate<'_>, shape: &Shape) -> (u64, u64) {
    let share = |free: u64, asked: u64, all: u64| {
        // Amounts have at most 36 bits, so that the product fits.
        let left = free.saturating_sub(asked) * POINTS_MAX / all.max(1);
        left.min(POINTS_MAX)
    };
    (
        share(node.free_cpu_milli(), shape.cpu_milli, node.cpu_milli()),
        share(node.free_memory_mib(), shape.memory_mib, node.memory_mib()),
    )
}

/// Emptier nodes are better: the mean share of CPU and memory that would be left.
#[derive(Clone, Copy, Debug)]
pub struct SpreadScore;

impl Score for SpreadScore {
    fn name(&self) -> &'static str {
        "spread"
    }

    fn points(&self, node: Candidate<'_>, shape: &Shape) -> Points {
        let (cpu, memory) = left(node, shape);
        cpu.midpoint(memory)
    }

    fn depends_on(&self, _: &Snapshot, _: &Shape) -> Dependence {
        Dependence::Room
    }
}

/// Fuller nodes are better: the mean share of CPU and memory that would be used.
#[derive(Clone, Copy, Debug)]
pub struct PackScore;

impl Score for PackScore {
    fn name(&self) -> &'static str {
        "pack"
    }

    fn points(&self, node: Candidate<'_>, shape: &Shape) -> Points {
        POINTS_MAX - SpreadScore.points(node, shape)
    }

    fn depends_on(&self, _: &Snapshot, _: &Shape) -> Dependence {
        Dependence::Room
    }
}

/// A low dominant share is better: what would be left of the scarcer of CPU and memory.
#[derive(Clone, Copy, Debug)]
pub struct BalancedScore;

impl Score for BalancedScore {
    fn name(&self) -> &'static str {
        "balanced"
    }

    fn points(&self, node: Candidate<'_>, shape: &Shape) -> Points {
        let (cpu, memory) = left(node, shape);
        cpu.min(memory)
    }

    fn depends_on(&self, _: &Snapshot, _: &Shape) -> Dependence {
        Dependence::Room
    }
}

/// The closest fit is better: little left, and as little of one resource as of the other.
///
/// The points fall with the sum of the squares of what would be left of CPU and memory.
#[derive(Clone, Copy, Debug)]
pub struct FitScore;

impl Score for FitScore {
    fn name(&self) -> &'static str {
        "fit"
    }

    fn points(&self, node: Candidate<'_>, shape: &Shape) -> Points {
        let (cpu, memory) = left(node, shape);
        POINTS_MAX - (cpu * cpu + memory * memory) / (2 * POINTS_MAX)
    }

    fn depends_on(&self, _: &Snapshot, _: &Shape) -> Dependence {
        Dependence::Room
    }
}
