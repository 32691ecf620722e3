//! The machines that a cluster document already has on nodes.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use quantix_core::{
    Finding, NodeKey,
    cluster::{Cluster, NumaPolicy, PlacedVm},
};

use super::super::{Assignment, NodeIndex, ShapeId, Snapshot};
use super::{Faults, duplicates, intern, unknown_node};

pub(super) fn read_vms(snapshot: &mut Snapshot, cluster: &Cluster, faults: &mut Faults) {
    duplicates("machine", "vms", cluster.vms.iter().map(|vm| &vm.id), faults);
    let nodes: HashMap<NodeKey, NodeIndex, RandomState> =
        snapshot.nodes.iter().map(|node| node.id.clone()).zip(snapshot.node_indices()).collect();
    for (at, placed) in cluster.vms.iter().enumerate() {
        let wants = intern::Wants::from(placed);
        intern::check_vm(&format_args!("vms[{at}]"), &wants, faults);
        let Some(id) = &placed.node else {
            let message = format!("machine {} has no node and uses nothing", placed.id);
            faults.push(Finding::info("not-placed", message).at(format!("vms[{at}].node")));
            continue;
        };
        check_pools(snapshot, at, placed, faults);
        let Some(&node) = nodes.get(id) else {
            unknown_node(id, format!("vms[{at}].node"), faults);
            continue;
        };
        let shape = snapshot.intern(&wants);
        snapshot.see(shape);
        let assignment = given_assignment(snapshot, at, placed, node, shape, faults);
        // A second machine of one id was reported above and is left out here.
        let _ = snapshot.add_at(&placed.id, shape, node, assignment);
    }
    settle_pools(snapshot, cluster);
    report_overcommit(snapshot, faults);
}

fn check_pools(snapshot: &Snapshot, at: usize, vm: &PlacedVm, faults: &mut Faults) {
    for (position, disk) in vm.disks.iter().enumerate() {
        if let Some(pool) = &disk.storage_pool_id
            && snapshot.pool_index(pool).is_none()
        {
            faults.error(
                "unknown-pool",
                format!("vms[{at}].disks[{position}].storage_pool_id"),
                format!("machine {} has a disk in pool {pool}, which is not in `pools`", vm.id),
            );
        }
    }
}

/// The cells and GPUs that the document gives, else what the planner would choose now.
fn given_assignment(
    snapshot: &Snapshot,
    at: usize,
    vm: &PlacedVm,
    node: NodeIndex,
    shape: ShapeId,
    faults: &mut Faults,
) -> Assignment {
    let candidate = snapshot.candidate(node);
    let shape = snapshot.shape_by_id(shape);
    let mut chosen = |given: &[u32], count: usize, field: &str, else_chosen: Option<u32>| {
        if given.is_empty() {
            return else_chosen.unwrap_or_else(|| {
                let message = format!("machine {} does not fit the node's {field}", vm.id);
                faults.warning("overcommitted", format!("vms[{at}]"), message);
                0
            });
        }
        if let Some(wrong) = given.iter().find(|&&position| position as usize >= count) {
            let message =
                format!("node {} has {count} of them, there is no {wrong}", candidate.id());
            faults.error("unknown-position", format!("vms[{at}].{field}"), message);
            return 0;
        }
        given.iter().fold(0, |mask, &position| mask | 1 << position)
    };
    let cells = candidate.cells().len();
    let cells = if shape.numa == NumaPolicy::Any || cells < 2 {
        0
    } else {
        chosen(&vm.numa_cells, cells, "numa_cells", candidate.numa_cells(shape))
    };
    let gpus = if shape.gpus.is_none() {
        0
    } else {
        let count = candidate.gpus().len();
        chosen(&vm.gpu_indices, count, "gpu_indices", candidate.gpu_choice(shape))
    };
    Assignment { cells, gpus }
}

/// Where the document tells what a pool has allocated, that is what counts: the disks of its
/// machines are part of it.
fn settle_pools(snapshot: &mut Snapshot, cluster: &Cluster) {
    for pool in cluster.pools.iter().flatten() {
        let (Some(allocated), Some(index)) = (pool.allocated_bytes, snapshot.pool_index(&pool.id))
        else {
            continue;
        };
        snapshot.pools[index.0 as usize].used = i128::from(allocated.0);
    }
}

fn report_overcommit(snapshot: &Snapshot, faults: &mut Faults) {
    for entry in &snapshot.nodes {
        for (what, free) in [("CPU", entry.free_cpu), ("memory", entry.free_memory)] {
            if free < 0 {
                let message = format!(
                    "the machines of node {} ask for {} more {what} than it has ({}): \
                     it takes no others",
                    entry.id,
                    free.unsigned_abs(),
                    if what == "CPU" { "millicores" } else { "MiB" },
                );
                let path = format!("nodes.{}", entry.id);
                faults.warning("overcommitted", path, message);
            }
        }
    }
}
