//! Maintenance.

use std::collections::BTreeSet;

use proptest::prelude::*;
use quantix_core::cluster::Cluster;
use quantix_scheduler::{
    Policy,
    plan::{BlockedCode, DrainOrder, DrainPlan, DrainRequest, MoveReason, drain},
};
use serde_json::json;

use crate::{
    checker::{cases, golden, replay, used_cluster},
    common::read,
};

fn plan(cluster: &serde_json::Value, request: serde_json::Value) -> DrainPlan {
    drain(&read(cluster.clone()), &read(request), &Policy::default()).unwrap()
}

fn node(id: &str, memory: u64) -> serde_json::Value {
    json!({"id": id, "cpu_milli": 8000, "memory_mib": memory})
}

fn vm(id: &str, node: &str, memory: u64) -> serde_json::Value {
    json!({"id": id, "node": node, "cpu_milli": 1000, "memory_mib": memory})
}

/// Three racks of two hosts, rules of every kind, one machine that cannot move.
fn office() -> serde_json::Value {
    let host = |id: &str, rack: &str| json!({"id": id, "cpu_milli": 16000, "memory_mib": 32768, "labels": {"rack": rack}, "pools": ["ceph"]});
    let mut nodes = vec![
        host("a1", "a"),
        host("a2", "a"),
        host("b1", "b"),
        host("b2", "b"),
        host("c1", "c"),
        host("c2", "c"),
    ];
    nodes[0]["pools"] = json!(["ceph", "local-a1"]);
    let mut vms = vec![
        vm("db-1", "a1", 8192),
        vm("db-2", "b1", 8192),
        vm("web-1", "a1", 4096),
        vm("web-2", "c1", 4096),
        vm("app-1", "a1", 2048),
        vm("cache-1", "a1", 2048),
        vm("build", "a1", 4096),
        vm("gpu", "b2", 4096),
        vm("mail", "c2", 4096),
    ];
    vms[6]["disks"] = json!([{"size_bytes": "10GiB", "storage_pool_id": "local-a1"}]);
    json!({
        "nodes": nodes, "vms": vms,
        "pools": [{"id": "ceph", "capacity_bytes": "10TiB"},
                  {"id": "local-a1", "capacity_bytes": "1TiB"}],
        "rules": [
            {"id": "db-apart", "kind": "anti_affinity", "vms": ["db-1", "db-2"], "topology": "rack"},
            {"id": "web-apart", "kind": "anti_affinity", "vms": ["web-1", "web-2"]},
            {"id": "app-with-cache", "kind": "affinity", "vms": ["app-1", "cache-1"]}]
    })
}

#[test]
fn a_host_is_emptied_with_reasons() {
    let request = json!({
        "nodes": ["a1"],
        "vms": {"db-1": {"dirty_mib_per_second": 400}, "web-1": {"memory_used_mib": 1024}}
    });
    let plan = plan(&office(), request);
    assert!(!plan.complete, "the machine on local storage stays");
    assert_eq!(plan.blocked[0].vm.as_str(), "build");
    assert_eq!(plan.blocked[0].code, BlockedCode::NoNode);
    let targets: BTreeSet<_> = plan.moves.iter().map(|each| each.to.as_str()).collect();
    assert!(targets.len() > 1, "never one target for all: {targets:?}");
    golden("drain_host.json", &plan);
}

#[test]
fn racks_roll_one_after_the_other() {
    let mut office = office();
    office["vms"].as_array_mut().unwrap().retain(|vm| vm["id"] != "build");
    let plan = plan(&office, json!({"order": "rolling_racks"}));
    assert!(plan.complete);
    assert_eq!(plan.stages.len(), 3);
    assert!(plan.return_moves.is_empty());
    golden("drain_rolling_racks.json", &plan);
}

#[test]
fn a_rolling_stage_that_is_blocked_moves_nothing() {
    let plan = plan(&office(), json!({"order": "rolling_nodes"}));
    assert!(!plan.complete);
    for (at, stage) in plan.stages.iter().enumerate() {
        let moves = plan.moves.iter().filter(|each| each.stage as usize == at).count();
        assert_eq!(stage.moves as usize, moves, "{stage:?}");
        assert_eq!(stage.complete, stage.nodes[0].as_str() != "a1");
    }
}

#[test]
fn another_machine_makes_room() {
    // No node has 6 GiB free, until a small machine goes from one to the other.
    let cluster = json!({
        "nodes": [node("n1", 8192), node("n2", 8192), node("n3", 8192)],
        "vms": [vm("large", "n1", 6144), vm("s1", "n2", 3072), vm("s2", "n3", 4096)],
    });
    let plan = plan(&cluster, json!({"nodes": ["n1"]}));
    assert!(plan.complete, "{plan:#?}");
    assert_eq!(plan.moves[0].reason, MoveReason::MakesRoom);
    assert_eq!(
        (plan.moves[1].vm.as_str(), plan.moves[1].step),
        ("large", 1),
        "after the room is free"
    );
    let back: Vec<_> = plan.return_moves.iter().map(|each| each.vm.as_str()).collect();
    assert_eq!(back, ["large", plan.moves[0].vm.as_str()]);
}

#[test]
fn what_cannot_move_says_why() {
    let mut cluster = json!({
        "nodes": [node("n1", 8192), node("n2", 8192)],
        "vms": [vm("fixed", "n1", 1024), vm("gpu", "n1", 1024)],
    });
    cluster["nodes"][0]["gpus"] = json!(["A"]);
    cluster["nodes"][1]["gpus"] = json!(["A"]);
    cluster["vms"][1]["gpus"] = json!({"count": 1});
    let facts = json!({"fixed": {"migration": "none", "why": "a host device is attached"}});
    let told = plan(&cluster, json!({"nodes": ["n1"], "vms": facts}));
    let blocked: Vec<_> = told.blocked.iter().map(|b| (b.code, b.message.as_str())).collect();
    assert_eq!(blocked[0], (BlockedCode::CannotMove, "a host device is attached"));
    assert_eq!(blocked[1].0, BlockedCode::OnlyCold);
    let told = plan(&cluster, json!({"nodes": ["n1"], "cold": true}));
    assert!(told.complete);
    assert_eq!(told.moves[1].gpu_indices, [0]);
}

#[test]
fn faults_of_the_request_name_their_place() {
    let office: Cluster = read(office());
    for (request, expected) in [
        (json!({}), "request.nodes: error: names no node"),
        (json!({"nodes": ["x"]}), "request.nodes[0]: error: there is no node x"),
        (json!({"racks": ["x"]}), "request.racks[0]"),
        (json!({"nodes": ["a1"], "limits": {"per_node": 0}}), "request.limits.per_node"),
        (json!({"nodes": ["a1"], "limits": {"concurrent": 10_001}}), "request.limits.concurrent"),
        (
            json!({"nodes": ["a1"], "limits": {"link_mib_per_second": 1_048_577}}),
            "request.limits.link_mib_per_second",
        ),
    ] {
        let error = drain(&office, &read(request), &Policy::default()).unwrap_err();
        let told = error.findings()[0].to_string();
        assert!(told.contains(expected), "{told}");
    }
    let request: DrainRequest = read(json!({"nodes": ["a1"], "vms": {"nobody": {}}}));
    let plan = drain(&office, &request, &Policy::default()).unwrap();
    assert_eq!(plan.findings[0].code, "unknown-machine");
}

fn request(nodes: Vec<String>, order: DrainOrder, per_node: u32) -> DrainRequest {
    let mut request: DrainRequest = read(json!({"nodes": nodes, "cold": true}));
    request.order = order;
    request.limits.per_node = per_node;
    request.limits.concurrent = 3;
    request
}

proptest! {
    #![proptest_config(cases(1500))]

    /// Every step of a drain and of the return keeps to capacity and rules; the nodes are empty, or
    /// what stays is told; and the same documents give the same plan.
    #[test]
    fn drains_hold_at_every_step(
        cluster in used_cluster(6, 14),
        first in 0usize..6,
        second in 0usize..6,
        per_node in 1u32..3,
    ) {
        let count = cluster.nodes.len();
        let ids = BTreeSet::from([first % count, second % count]);
        let ids: Vec<String> = ids.into_iter().map(|at| cluster.nodes[at].id.to_string()).collect();
        let request = request(ids.clone(), DrainOrder::Together, per_node);
        let plan = drain(&cluster, &request, &Policy::default()).unwrap();
        let closed = ids.iter().map(String::as_str).collect();
        let at = replay(&cluster, &plan.moves, &closed, 3, per_node)?;
        let left: BTreeSet<&str> =
            at.iter().filter(|(_, node)| ids.contains(node)).map(|(vm, _)| vm.as_str()).collect();
        let blocked: BTreeSet<&str> = plan.blocked.iter().map(|b| b.vm.as_str()).collect();
        prop_assert_eq!(&left, &blocked);
        prop_assert_eq!(plan.complete, left.is_empty());
        prop_assert!(plan.after.violations.len() <= plan.before.violations.len());
        let mut moved = cluster.clone();
        for vm in &mut moved.vms {
            let last = plan.moves.iter().rev().find(|each| each.vm == vm.id);
            if let Some(last) = last {
                vm.node = Some(last.to.clone());
                vm.numa_cells.clone_from(&last.numa_cells);
                vm.gpu_indices.clone_from(&last.gpu_indices);
            }
        }
        replay(&moved, &plan.return_moves, &BTreeSet::new(), 3, per_node)?;
        let again = drain(&cluster, &request, &Policy::default()).unwrap();
        prop_assert_eq!(serde_json::to_string(&plan).unwrap(), serde_json::to_string(&again).unwrap());
    }

    /// In a rolling fleet no stage fills the nodes that it empties.
    #[test]
    fn rolling_drains_hold_at_every_step(cluster in used_cluster(5, 12)) {
        let request = request(Vec::new(), DrainOrder::RollingNodes, 2);
        let plan = drain(&cluster, &request, &Policy::default()).unwrap();
        let mut now = cluster.clone();
        for (number, stage) in (0u32..).zip(&plan.stages) {
            let moves: Vec<_> = plan.moves.iter().filter(|each| each.stage == number).cloned().collect();
            let closed = stage.nodes.iter().map(|node| node.as_str()).collect();
            let at = replay(&now, &moves, &closed, 3, 2)?;
            if stage.complete {
                prop_assert!(!at.values().any(|node| node == stage.nodes[0].as_str()));
            } else {
                prop_assert!(moves.is_empty());
            }
            for vm in &mut now.vms {
                if let Some(last) = moves.iter().rev().find(|each| each.vm == vm.id) {
                    vm.node = Some(last.to.clone());
                    vm.numa_cells.clone_from(&last.numa_cells);
                    vm.gpu_indices.clone_from(&last.gpu_indices);
                }
            }
        }
    }
}
