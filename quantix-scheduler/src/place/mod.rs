//! Placing machines one by one, in order, with the reasons.

mod answer;
mod explain;
mod record;
mod remedy;
mod scan;
mod sums;

use std::{cmp::Reverse, collections::BTreeMap};

use quantix_core::{
    Finding, VmKey,
    cluster::{Cluster, Vm},
};

use crate::{
    engine::Index,
    policy::{Order, Pipeline, Policy, PolicyError},
    snapshot::{Assignment, Faults, Shape, ShapeId, Snapshot, SnapshotError},
};

pub use answer::{Explanation, Limits, NodeRejection, PlaceAnswer, Placement, Ranked, Unplaced};
pub use explain::explain;
pub use record::{Decision, Difference, RECORD_BYTES_MAX, ReplayError, Tie, decide, replay};
pub use remedy::{Change, Remedy};
pub use scan::{Choice, best, ranked};
pub(crate) use scan::{passes, score};

/// The most rejections that one answer lists; further unplaced machines have only the counts.
pub const REJECTIONS_MAX: usize = 100_000;
/// The most machines that are placed in one call.
pub const PLACE_VMS_MAX: usize = 1_000_000;

/// From how many machines on an index pays.
const INDEX_VMS_MIN: usize = 16;

/// How much an answer tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Where each machine goes; for those that fit nowhere, the first filter that each node failed.
    #[default]
    Brief,
    /// Also why each machine goes there and not elsewhere, and every filter that a node failed.
    Full,
}

/// Places machines on a snapshot, which then has them.
///
/// The machines are placed one after the other, in the order that the policy wants; the answer
/// lists them in the order given. A machine that fits nowhere is left out and the next is tried.
///
/// # Errors
/// When a machine is listed twice, is placed already or asks for more than any machine has. The
/// snapshot is then as it was.
///
/// # Example
/// See the page of this crate.
pub fn place(
    snapshot: &mut Snapshot,
    vms: &[Vm],
    pipeline: &Pipeline,
    detail: Detail,
) -> Result<PlaceAnswer, SnapshotError> {
    let findings = check(snapshot, vms)?;
    let shapes: Vec<ShapeId> = vms.iter().map(|vm| snapshot.intern(&vm.into())).collect();
    shapes.iter().for_each(|&shape| snapshot.expect(shape));
    let mut answer = PlaceAnswer::new(pipeline.policy(), findings);
    let index = (vms.len() >= INDEX_VMS_MIN).then(|| Index::new(snapshot));
    let hopeless = BTreeMap::new();
    let mut run = Run { snapshot, pipeline, detail, index, hopeless, listed: 0 };
    let mut placements = Vec::with_capacity(vms.len());
    let mut unplaced = Vec::new();
    for at in order(run.snapshot, vms, &shapes, pipeline.policy().order) {
        match run.one(&vms[at].id, shapes[at]) {
            Ok(placement) => placements.push((at, placement)),
            Err(failure) => unplaced.push((at, failure)),
        }
    }
    placements.sort_by_key(|&(at, _)| at);
    unplaced.sort_by_key(|&(at, _)| at);
    answer.placements = placements.into_iter().map(|(_, placement)| placement).collect();
    answer.unplaced = unplaced.into_iter().map(|(_, failure)| failure).collect();
    answer.bound = (!answer.placements.is_empty()).then(|| snapshot.bound());
    Ok(answer)
}

/// A cluster, a list of machines or a policy that cannot be worked with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The cluster or the list has faults.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The policy names what does not exist.
    #[error("invalid policy: {0}")]
    Policy(#[from] PolicyError),
}

impl PlaceError {
    /// The faults of the documents; none for a fault of the policy.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Snapshot(error) => error.findings(),
            Self::Policy(_) => &[],
        }
    }
}

/// Places machines on a cluster, all of it as documents: what the command, Python and C do.
///
/// # Errors
/// When one of the documents has faults.
pub fn place_documents(
    cluster: &Cluster,
    vms: &[Vm],
    policy: &Policy,
    detail: Detail,
) -> Result<PlaceAnswer, PlaceError> {
    place_with(cluster, vms, &Pipeline::new(policy)?, detail)
}

/// As [`place_documents`], by a pipeline that may have filters and scores of one's own.
///
/// # Errors
/// When one of the documents has faults.
pub fn place_with(
    cluster: &Cluster,
    vms: &[Vm],
    pipeline: &Pipeline,
    detail: Detail,
) -> Result<PlaceAnswer, PlaceError> {
    let mut snapshot = Snapshot::build(cluster)?;
    let mut answer = place(&mut snapshot, vms, pipeline, detail)?;
    answer.findings.splice(0..0, snapshot.findings().iter().cloned());
    Ok(answer)
}

fn check(snapshot: &Snapshot, vms: &[Vm]) -> Result<Vec<Finding>, SnapshotError> {
    let mut faults = Faults::default();
    if vms.len() > PLACE_VMS_MAX {
        let message = format!("{} machines, expected at most {PLACE_VMS_MAX}", vms.len());
        faults.error("too-many", "vms".to_owned(), message);
        return faults.finish();
    }
    let mut seen = BTreeMap::new();
    for (at, vm) in vms.iter().enumerate() {
        snapshot.check_vm(&format_args!("vms[{at}]"), &vm.into(), &mut faults);
        if let Some(first) = seen.insert(&vm.id, at) {
            let message = format!("machine {} is already vms[{first}]: ids must be unique", vm.id);
            faults.error("duplicate-id", format!("vms[{at}].id"), message);
        } else if let Some(node) = snapshot.node_of(&vm.id) {
            let node = snapshot.node_id(node);
            let message = format!("machine {} runs on node {node} already", vm.id);
            faults.error("already-placed", format!("vms[{at}].id"), message);
        }
    }
    faults.finish()
}

/// The positions of the machines in the order of placing.
fn order(snapshot: &Snapshot, vms: &[Vm], shapes: &[ShapeId], order: Order) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..vms.len()).collect();
    match order {
        Order::Listed => {}
        Order::Priority => positions.sort_by_key(|&at| Reverse(vms[at].priority)),
        Order::Largest => {
            let (cpu, memory) = snapshot.largest_node();
            positions.sort_by_cached_key(|&at| {
                let shape = snapshot.shape_by_id(shapes[at]);
                Reverse((vms[at].priority, dominant(shape, cpu, memory)))
            });
        }
    }
    positions
}

/// The larger share of CPU and memory of a shape, in millionths.
fn dominant(shape: &Shape, cpu: u64, memory: u64) -> u128 {
    let share = |asked: u64, all: u64| u128::from(asked) * 1_000_000 / u128::from(all.max(1));
    share(shape.cpu_milli, cpu).max(share(shape.memory_mib, memory))
}

/// One call of [`place`].
struct Run<'a> {
    snapshot: &'a mut Snapshot,
    pipeline: &'a Pipeline,
    detail: Detail,
    /// For lists that are worth it.
    index: Option<Index>,
    /// Shapes that fitted nowhere, with the revision at which they did not.
    hopeless: BTreeMap<ShapeId, u64>,
    /// Rejections in the answer so far.
    listed: usize,
}

impl Run<'_> {
    fn one(&mut self, vm: &VmKey, id: ShapeId) -> Result<Placement, Unplaced> {
        let shape = self.snapshot.shape_by_id(id).clone();
        let known = self.hopeless.get(&id) == Some(&self.snapshot.revision());
        let choice = if known { None } else { self.choose(id, &shape) };
        let Some(choice) = choice else {
            self.hopeless.insert(id, self.snapshot.revision());
            return Err(self.refuse(vm, &shape));
        };
        let candidate = self.snapshot.candidate(choice.node);
        let assignment = candidate.assignment(&shape).unwrap_or_default();
        let explanation =
            (self.detail == Detail::Full).then(|| explain(self.snapshot, &shape, self.pipeline));
        let placement = Placement {
            vm: vm.clone(),
            node: candidate.id().clone(),
            score: choice.score,
            terms: scan::terms(candidate, &shape, self.pipeline),
            numa_cells: Assignment::positions(assignment.cells).collect(),
            gpu_indices: Assignment::positions(assignment.gpus).collect(),
            explanation,
        };
        // The machine is not placed yet, as `check` saw, and no list has it twice.
        let _ = self.snapshot.add_at(vm, id, choice.node, assignment);
        if let Some(index) = &mut self.index {
            index.refresh(self.snapshot, choice.node);
        }
        Ok(placement)
    }

    fn choose(&mut self, id: ShapeId, shape: &Shape) -> Option<Choice> {
        match &mut self.index {
            Some(index) => index.best(self.snapshot, id, self.pipeline),
            None => best(self.snapshot, shape, self.pipeline),
        }
    }

    fn refuse(&mut self, vm: &VmKey, shape: &Shape) -> Unplaced {
        let room = REJECTIONS_MAX.saturating_sub(self.listed);
        let mut unplaced = refusal(self.snapshot, vm, shape, self.pipeline, self.detail);
        if unplaced.rejections.len() > room {
            unplaced.rejections.clear();
        }
        self.listed += unplaced.rejections.len();
        unplaced
    }
}

/// Why a machine that is not on the snapshot fits nowhere.
pub(crate) fn refusal(
    snapshot: &Snapshot,
    vm: &VmKey,
    shape: &Shape,
    pipeline: &Pipeline,
    detail: Detail,
) -> Unplaced {
    let (rejections, rejected_by) = explain::rejections(snapshot, shape, pipeline, detail);
    let would_fit_if = remedy::remedies(snapshot, shape, pipeline);
    Unplaced { vm: vm.clone(), rejections, rejected_by, would_fit_if }
}
