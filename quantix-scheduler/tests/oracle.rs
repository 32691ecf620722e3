//! Every decision against the oracle, on random clusters.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Oracle, cases, problem};
use proptest::prelude::*;
use quantix_core::cluster::{Cluster, Vm};
use quantix_scheduler::{Change, Detail, Pipeline, Policy, Snapshot, place};

proptest! {
    #![proptest_config(cases(3_000))]

    /// What is placed fits, is the best by score then id, and what is not placed fits nowhere.
    #[test]
    fn placements_are_the_best_that_fits((cluster, vms) in problem(9, 12)) {
        let pipeline = Pipeline::new(&Policy::default()).unwrap();
        let mut snapshot = Snapshot::build(&cluster).unwrap();
        let mut oracle = Oracle::new(&cluster);
        for vm in &vms {
            let list = std::slice::from_ref(vm);
            let before = oracle_choices(&oracle, vm);
            let answer = place(&mut snapshot, list, &pipeline, Detail::Full).unwrap();
            let Some(placement) = answer.placements.first() else {
                prop_assert!(before.is_empty(), "{} fits {before:?}", vm.id);
                let unplaced = &answer.unplaced[0];
                let counted: usize = unplaced.rejected_by.values().sum();
                prop_assert_eq!(counted, cluster.nodes.len());
                check_remedies(&cluster, &oracle, vm, &unplaced.would_fit_if)?;
                continue;
            };
            let explanation = placement.explanation.as_ref().unwrap();
            prop_assert_eq!(explanation.feasible, before.len());
            prop_assert!(before.contains(&placement.node.as_str()));
            let best = &explanation.candidates[0];
            prop_assert_eq!((&best.node, best.score), (&placement.node, placement.score));
            prop_assert_eq!(placement.terms.values().sum::<u64>(), placement.score);
            let node = cluster.nodes.iter().find(|node| node.id == placement.node).unwrap();
            prop_assert_eq!(placement.terms["preference"], 10_000 * oracle.preference(vm, node));
            oracle.put(vm, node, placement.numa_cells.clone(), placement.gpu_indices.clone());
        }
    }

    /// The same documents give the same bytes, and undoing gives the same snapshot.
    #[test]
    fn deterministic_and_undone_exactly((cluster, vms) in problem(6, 8)) {
        let pipeline = Pipeline::new(&Policy::default()).unwrap();
        let mut snapshot = Snapshot::build(&cluster).unwrap();
        let (first, second) = vms.split_at(vms.len() / 2);
        place(&mut snapshot, first, &pipeline, Detail::Brief).unwrap();
        let before = format!("{:?}", snapshot.placements());
        let checkpoint = snapshot.checkpoint();
        let once = place(&mut snapshot, second, &pipeline, Detail::Full).unwrap();
        for vm in first {
            let _ = snapshot.remove(&vm.id);
        }
        snapshot.undo(checkpoint);
        prop_assert_eq!(format!("{:?}", snapshot.placements()), before);
        let again = place(&mut snapshot, second, &pipeline, Detail::Full).unwrap();
        prop_assert_eq!(serde_json::to_string(&once).unwrap(), serde_json::to_string(&again).unwrap());
    }
}

fn oracle_choices<'a>(oracle: &Oracle<'a>, vm: &Vm) -> Vec<&'a str> {
    let nodes = oracle.cluster.nodes.iter();
    nodes.filter(|node| oracle.fits(vm, node)).map(|node| node.id.as_str()).collect()
}

/// Applies each remedy to the documents and sees that the machine then fits.
fn check_remedies(
    cluster: &Cluster,
    oracle: &Oracle<'_>,
    vm: &Vm,
    remedies: &[quantix_scheduler::Remedy],
) -> Result<(), TestCaseError> {
    for remedy in remedies {
        let (mut cluster, mut vm) = (cluster.clone(), vm.clone());
        for change in &remedy.changes {
            apply(change, &remedy.node, &mut cluster, &mut vm);
        }
        let cluster = cluster;
        let changed = Oracle {
            cluster: &cluster,
            placed: oracle.placed.clone(),
            cells: oracle.cells.clone(),
            gpus: oracle.gpus.clone(),
        };
        let node = cluster.nodes.iter().find(|node| node.id == remedy.node).unwrap();
        prop_assert!(changed.fits(&vm, node), "{} does not fit after {}", vm.id, remedy.message);
    }
    Ok(())
}

fn apply(change: &Change, id: &quantix_core::NodeKey, cluster: &mut Cluster, vm: &mut Vm) {
    let rules = &mut cluster.rules;
    let node = cluster.nodes.iter_mut().find(|node| &node.id == id).unwrap();
    let pools = cluster.pools.as_mut().unwrap();
    match change {
        Change::FreeCpu { cpu_milli, .. } => node.cpu_milli.0 += cpu_milli.0,
        Change::FreeMemory { memory_mib, .. } => node.memory_mib.0 += memory_mib.0,
        Change::FreeCell { cell, cpu_milli, memory_mib, .. } => {
            let cell = &mut node.numa[*cell as usize];
            cell.cpu_milli.0 += cpu_milli.0;
            cell.memory_mib.0 += memory_mib.0;
        }
        // GPUs are freed by their machines going: that is asking for so many fewer.
        Change::FreeGpus { count, .. } => vm.gpus.count -= count,
        Change::FreePages { count, .. } => {
            node.hugepages[0].count += count;
            node.memory_mib.0 += 2 * count;
        }
        Change::FreeDevices { device, count, .. } => {
            *node.devices.entry(device.clone()).or_default() += u32::try_from(*count).unwrap();
        }
        Change::OpenNode { tenant, .. } => match tenant {
            Some(tenant) => node.tenants.push(tenant.clone()),
            None => node.tenants.clear(),
        },
        Change::SetReady { .. } => node.state = Default::default(),
        Change::SetLabel { key, value, .. } => {
            let value = value.clone().unwrap_or_else(|| "its own".to_owned());
            node.labels.insert(key.clone(), value);
        }
        Change::Tolerate { key, value } => {
            let (key, value) = (key.clone(), value.clone());
            vm.tolerations.push(quantix_core::cluster::Toleration {
                key,
                value,
                ..Default::default()
            });
        }
        Change::AttachNetwork { network, .. } => node.networks.push(network.clone()),
        Change::AttachPool { pool, .. } => node.pools.push(pool.clone()),
        Change::CreatePool { pool, size_bytes } => pools.push(common::read(serde_json::json!({
            "id": pool, "capacity_bytes": size_bytes
        }))),
        Change::FreePool { pool, size_bytes } => {
            let pool = pools.iter_mut().find(|entry| &entry.id == pool).unwrap();
            pool.capacity_bytes.0 += size_bytes.0;
        }
        Change::DropRule { rule } => {
            let at = rule.trim_start_matches("rules[").trim_end_matches(']');
            rules[at.parse::<usize>().unwrap()].must = false;
        }
    }
}
