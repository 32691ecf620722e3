//! Random clusters that are in use, and the replay of plans on documents.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use proptest::prelude::*;
use quantix_core::cluster::{Cluster, NodeState, RuleKind, Topology, Vm};
use quantix_scheduler::{Detail, Policy, place_documents, plan::PlannedMove};

use crate::common::{Oracle, problem};

/// How many cases each property tries: `QUANTIX_PLAN_CASES`, else few enough for every day.
pub(crate) fn cases(few: u32) -> ProptestConfig {
    let many = std::env::var("QUANTIX_PLAN_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(many.unwrap_or(few)) }
}

/// A cluster with machines on its nodes, where placement put them.
pub(crate) fn used_cluster(nodes: usize, vms: usize) -> impl Strategy<Value = Cluster> {
    problem(nodes, vms).prop_map(|(mut cluster, vms)| {
        let answer = place_documents(&cluster, &vms, &spread(), Detail::Brief).unwrap();
        let by_id: BTreeMap<_, Vm> = vms.into_iter().map(|vm| (vm.id.clone(), vm)).collect();
        for placement in answer.placements {
            let mut vm = by_id[&placement.vm].clone().on(placement.node);
            vm.numa_cells = placement.numa_cells;
            vm.gpu_indices = placement.gpu_indices;
            cluster.vms.push(vm);
        }
        // Pools tell what is theirs beside the disks of machines: the snapshot wants it all.
        for pool in cluster.pools.iter_mut().flatten() {
            let disks = cluster.vms.iter().flat_map(|vm| &vm.disks);
            let used: u64 = disks
                .filter(|disk| disk.storage_pool_id.as_ref() == Some(&pool.id))
                .map(|disk| disk.size_bytes.0)
                .sum();
            if let Some(allocated) = &mut pool.allocated_bytes {
                allocated.0 += used;
            }
        }
        cluster
    })
}

/// Spreads machines, so that every node has some.
pub(crate) fn spread() -> Policy {
    serde_json::from_str(r#"{"name": "spread", "weights": {"typical": 0, "spread": 1}}"#).unwrap()
}

/// Replays moves and answers where every machine is then.
///
/// Nodes of `closed` take no machines. In every step moving machines use both nodes.
pub(crate) fn replay(
    cluster: &Cluster,
    moves: &[PlannedMove],
    closed: &BTreeSet<&str>,
    per_step: u32,
    per_node: u32,
) -> Result<BTreeMap<String, String>, TestCaseError> {
    let mut world = World::new(cluster, closed);
    let mut rest = moves;
    while let Some(first) = rest.first() {
        let at = (first.stage, first.step);
        let count = rest.iter().take_while(|each| (each.stage, each.step) == at).count();
        let (step, later) = rest.split_at(count);
        prop_assert!(later.iter().all(|each| (each.stage, each.step) > at), "steps are in order");
        world.step(step, per_step, per_node)?;
        rest = later;
    }
    Ok(world.at)
}

/// Where machines are, by documents alone.
struct World {
    cluster: Cluster,
    vms: BTreeMap<String, Vm>,
    at: BTreeMap<String, String>,
    cells: BTreeMap<String, Vec<u32>>,
    gpus: BTreeMap<String, Vec<u32>>,
}

impl World {
    fn new(cluster: &Cluster, closed: &BTreeSet<&str>) -> Self {
        let mut cluster = cluster.clone();
        for node in &mut cluster.nodes {
            if closed.contains(node.id.as_str()) {
                node.state = NodeState::Cordoned;
            }
        }
        // Disks stay where they are.
        for pool in cluster.pools.iter_mut().flatten() {
            pool.capacity_bytes.0 = 1 << 40;
            pool.allocated_bytes = None;
        }
        let (mut vms, mut at) = (BTreeMap::new(), BTreeMap::new());
        let (mut cells, mut gpus) = (BTreeMap::new(), BTreeMap::new());
        for vm in &cluster.vms {
            let id = vm.id.to_string();
            at.insert(id.clone(), vm.node.as_ref().unwrap().to_string());
            cells.insert(id.clone(), vm.numa_cells.clone());
            gpus.insert(id.clone(), vm.gpu_indices.clone());
            vms.insert(id, Vm::from(vm.clone()));
        }
        Self { cluster, vms, at, cells, gpus }
    }

    fn step(
        &mut self,
        step: &[PlannedMove],
        per_step: u32,
        per_node: u32,
    ) -> Result<(), TestCaseError> {
        let units = self.units(step);
        prop_assert!(units.len() as u32 <= per_step, "too many moves in one step");
        let mut per: BTreeMap<&str, u32> = BTreeMap::new();
        for unit in &units {
            let nodes: BTreeSet<&str> =
                unit.iter().flat_map(|each| [each.from.as_str(), each.to.as_str()]).collect();
            for node in nodes {
                *per.entry(node).or_default() += 1;
            }
        }
        prop_assert!(per.values().all(|&count| count <= per_node), "too many moves on one node");
        for each in step {
            prop_assert_eq!(&self.at[each.vm.as_str()], each.from.as_str(), "{} moves", each.vm);
        }
        self.during(step)?;
        for each in step {
            self.at.insert(each.vm.to_string(), each.to.to_string());
            self.cells.insert(each.vm.to_string(), each.numa_cells.clone());
            self.gpus.insert(each.vm.to_string(), each.gpu_indices.clone());
        }
        for each in step {
            self.lands(each)?;
        }
        Ok(())
    }

    /// Moves that a must-affinity rule holds together are one unit.
    fn units<'a>(&self, step: &'a [PlannedMove]) -> Vec<Vec<&'a PlannedMove>> {
        let mut units: Vec<Vec<&PlannedMove>> = Vec::new();
        for each in step {
            let mut own = vec![each];
            let tied = |a: &PlannedMove, b: &PlannedMove| {
                self.cluster.rules.iter().any(|rule| {
                    rule.must
                        && rule.kind == RuleKind::Affinity
                        && rule.vms.contains(&a.vm)
                        && rule.vms.contains(&b.vm)
                })
            };
            let (with, without): (Vec<_>, Vec<_>) =
                units.into_iter().partition(|unit| unit.iter().any(|other| tied(other, each)));
            own.extend(with.into_iter().flatten());
            units = without;
            units.push(own);
        }
        units
    }

    /// CPU, memory and anti-affinity while every moving machine is on both nodes.
    fn during(&self, step: &[PlannedMove]) -> Result<(), TestCaseError> {
        for node in &self.cluster.nodes {
            let here = |vm: &&Vm| self.at[vm.id.as_str()] == node.id.as_str();
            let comes = |vm: &&Vm| step.iter().any(|each| each.to == node.id && each.vm == vm.id);
            if !step.iter().any(|each| each.to == node.id) {
                continue;
            }
            let on: Vec<&Vm> = self.vms.values().filter(|vm| here(vm) || comes(vm)).collect();
            let cpu: u64 = on.iter().map(|vm| vm.cpu_milli.0).sum();
            let memory: u64 = on.iter().map(|vm| Oracle::ordinary(vm)).sum();
            let ((cpu_all, memory_all), _) = Oracle::new(&self.cluster).room(node);
            prop_assert!(cpu <= cpu_all && memory <= memory_all, "{} is overrun", node.id);
        }
        for rule in &self.cluster.rules {
            if !rule.must || rule.kind != RuleKind::AntiAffinity {
                continue;
            }
            for each in step.iter().filter(|each| rule.vms.contains(&each.vm)) {
                let there = self.domain(each.to.as_str(), rule.topology);
                for other in rule.vms.iter().filter(|other| **other != each.vm) {
                    let old = self.at.get(other.as_str()).map(String::as_str);
                    let new = step.iter().find(|m| m.vm == *other).map(|m| m.to.as_str());
                    for node in old.into_iter().chain(new) {
                        prop_assert!(
                            self.domain(node, rule.topology) != there,
                            "{} meets {other}",
                            each.vm
                        );
                    }
                }
            }
        }
        Ok(())
    }

    fn domain<'a>(&'a self, node: &'a str, topology: Topology) -> Option<&'a str> {
        match topology {
            Topology::Host => Some(node),
            _ => {
                let node = self.cluster.nodes.iter().find(|each| each.id.as_str() == node).unwrap();
                node.labels.get(topology.as_str()).map(String::as_str)
            }
        }
    }

    /// A machine that arrived fits its node, had all others been there first.
    fn lands(&self, each: &PlannedMove) -> Result<(), TestCaseError> {
        let mut oracle = Oracle::new(&self.cluster);
        for (id, vm) in &self.vms {
            if id != each.vm.as_str() {
                oracle.placed.insert(id, (vm, &self.at[id]));
                oracle.cells.insert(id, self.cells[id].clone());
                oracle.gpus.insert(id, self.gpus[id].clone());
            }
        }
        let node = self.cluster.nodes.iter().find(|node| node.id == each.to).unwrap();
        let vm = &self.vms[each.vm.as_str()];
        prop_assert!(oracle.fits(vm, node), "{} does not fit {}", each.vm, each.to);
        Ok(())
    }
}

/// Compares a text with a golden file of this crate; `UPDATE=1` rewrites it.
pub(crate) fn golden(name: &str, document: &impl serde::Serialize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan/golden").join(name);
    let text = serde_json::to_string_pretty(document).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let message = "review the difference and rewrite it with UPDATE=1";
    assert!(text == expected, "{} is out of date: {message}\n{text}", path.display());
}
