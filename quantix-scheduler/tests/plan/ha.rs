//! Admission and failover.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quantix_core::cluster::{Cluster, NodeState, Vm};
use quantix_scheduler::{
    Policy,
    plan::{
        AdmissionReport, AdmissionRequest, FAILURE_SETS_MAX, FailoverPlan, FailoverRequest,
        NotRestartedCode, Planner, Verdict, admission, failover,
    },
};
use serde_json::json;

use crate::{
    checker::{cases, golden, used_cluster},
    common::{Oracle, read},
};

fn host(id: &str, rack: &str, memory: u64) -> serde_json::Value {
    json!({"id": id, "cpu_milli": 16000, "memory_mib": memory, "labels": {"rack": rack}})
}

fn vm(id: &str, node: &str, memory: u64, priority: i32) -> serde_json::Value {
    json!({"id": id, "node": node, "cpu_milli": 1000, "memory_mib": memory, "priority": priority})
}

/// Two racks; the first has a database, what needs it, and batch work.
fn shop() -> serde_json::Value {
    json!({
        "nodes": [host("a1", "a", 16384), host("a2", "a", 16384),
                  host("b1", "b", 16384), host("b2", "b", 16384)],
        "vms": [vm("db", "a1", 8192, 1), vm("web", "a1", 2048, 9), vm("api", "a2", 4096, 5),
                vm("batch", "a2", 12288, 0), vm("mail", "b1", 4096, 5), vm("dns", "b2", 4096, 9)],
    })
}

fn check(cluster: &serde_json::Value, request: serde_json::Value) -> AdmissionReport {
    admission(&read(cluster.clone()), &read(request), &Policy::default()).unwrap()
}

fn lose(cluster: &serde_json::Value, request: serde_json::Value) -> FailoverPlan {
    failover(&read(cluster.clone()), &read(request), &Policy::default()).unwrap()
}

#[test]
fn admission_names_what_would_not_restart() {
    let report = check(&shop(), json!({}));
    assert!(report.admitted, "{}", report.message);
    assert_eq!((report.sets_tried, report.exhaustive), (4, true));
    let report = check(&shop(), json!({"lose": [["a1", "a2"], ["b1", "b2"]]}));
    assert!(!report.admitted);
    assert_eq!(report.not_tolerated_count, 2);
    assert_eq!(report.not_tolerated[0].not_restarted[0].as_str(), "batch");
    assert!(report.not_tolerated[0].proven, "no way is left, and that is known");
    let report = check(&shop(), json!({"racks": true}));
    assert_eq!((report.sets_tried, report.admitted), (2, false));
    golden("admission_racks.json", &report);
    assert_eq!(check(&shop(), json!({"failures": 2})).sets_tried, 6);
}

#[test]
fn other_methods_count_instead() {
    let slots = check(&shop(), json!({"method": "slots"}));
    let counted = slots.slots.unwrap();
    assert_eq!((counted.memory_mib.0, counted.left, counted.needed), (12_288, 3, 6));
    assert!(!slots.admitted, "one large machine makes the slots too coarse");
    let part = check(&shop(), json!({"method": "percentage", "percent": 45}));
    assert!(part.admitted, "{}", part.message);
    assert!(!check(&shop(), json!({"method": "percentage", "percent": 60})).admitted);
    let mut shop = shop();
    let busy = check(&shop, json!({"method": "dedicated", "dedicated": ["b2"]}));
    assert!(!busy.admitted && busy.message.contains("b2"), "{}", busy.message);
    shop["nodes"].as_array_mut().unwrap().push(host("spare", "c", 16384));
    let spare = check(&shop, json!({"method": "dedicated", "dedicated": ["spare"]}));
    assert!(spare.admitted, "{}", spare.message);
}

#[test]
fn one_way_is_found_when_greed_finds_none() {
    // 6 + 5 + 5 and 4 + 4 + 4 + 4 on two nodes with 16 each: the largest first on the emptiest fails.
    let sizes = [6144, 5120, 5120, 4096, 4096, 4096, 4096];
    let vms: Vec<_> =
        (0..).zip(sizes).map(|(at, size)| vm(&format!("v{at}"), "lost", size, 0)).collect();
    let cluster = json!({
        "nodes": [host("lost", "a", 65536), host("n1", "a", 16384), host("n2", "a", 16384)], "vms": vms,
    });
    assert!(check(&cluster, json!({"lose": [["lost"]]})).admitted);
    let mut more = cluster;
    more["vms"][3]["memory_mib"] = json!(4097);
    let report = check(&more, json!({"lose": [["lost"]]}));
    assert!(!report.admitted && report.not_tolerated[0].proven, "{report:?}");
}

#[test]
fn failover_keeps_to_order_and_tells_what_is_safe() {
    let request = json!({
        "racks": ["a"],
        "evidence": {"a1": {"power": "off"}, "a2": {"host": "armed", "lease": {"ended_ms": 4000}}},
        "dependencies": [{"vms": ["web", "api"], "after": ["db"]}],
        "breaker": {"lost_percent_max": 60},
    });
    let plan = lose(&shop(), request);
    let order: Vec<_> = plan.moves.iter().map(|each| (each.vm.as_str(), each.stage)).collect();
    assert_eq!(
        order,
        [("db", 0), ("web", 1), ("api", 1)],
        "the database inherits its users' priority"
    );
    assert_eq!(plan.blocked[0].vm.as_str(), "batch");
    assert!(!plan.safe && !plan.complete);
    assert!(matches!(plan.hosts[0].verdict, Verdict::Restart { .. }));
    assert!(matches!(plan.hosts[1].verdict, Verdict::Wait { safe_in_ms: Some(6001), .. }));
    golden("failover_rack.json", &plan);
}

#[test]
fn what_waits_for_the_blocked_is_blocked() {
    let request = json!({"racks": ["a"], "dependencies": [{"vms": ["web"], "after": ["batch"]}]});
    let plan = lose(&shop(), request);
    let codes: BTreeMap<_, _> = plan.blocked.iter().map(|b| (b.vm.as_str(), b.code)).collect();
    // What a machine of priority 9 needs comes first, so that now the batch work has its node.
    assert_eq!(codes.get("batch"), None);
    let mut shop = shop();
    shop["vms"][3]["memory_mib"] = json!(16384);
    let request = json!({"racks": ["a"], "dependencies": [{"vms": ["web"], "after": ["batch"]}]});
    let plan = lose(&shop, request);
    let codes: BTreeMap<_, _> = plan.blocked.iter().map(|b| (b.vm.as_str(), b.code)).collect();
    assert_eq!(codes["batch"], NotRestartedCode::NoNode);
    assert_eq!(codes["web"], NotRestartedCode::Dependency);
}

#[test]
fn half_a_fleet_lost_needs_an_operator() {
    let evidence =
        json!({"a1": {"power": "off"}, "a2": {"power": "off", "operator": "confirms_dead"}});
    let request = json!({"racks": ["a"], "evidence": evidence, "fleet": {"hosts": 4, "lost": 3}});
    let plan = lose(&shop(), request);
    assert!(matches!(plan.hosts[0].verdict, Verdict::Wait { .. }));
    assert!(matches!(plan.hosts[1].verdict, Verdict::Restart { .. }));
}

#[test]
fn faults_of_the_requests_name_their_place() {
    let shop: Cluster = read(shop());
    for (request, expected) in [
        (json!({}), "request.nodes: error"),
        (json!({"nodes": ["x"]}), "request.nodes[0]"),
        (json!({"nodes": ["a1"], "starts_per_node": 0}), "request.starts_per_node"),
        (
            json!({"nodes": ["a1"], "dependencies": [
                {"vms": ["db"], "after": ["web"]}, {"vms": ["web"], "after": ["db"]}]}),
            "request.dependencies: error: machines wait for each other",
        ),
    ] {
        let error = failover(&shop, &read(request), &Policy::default()).unwrap_err();
        assert!(error.findings()[0].to_string().contains(expected), "{error}");
    }
    let many = vec![vec!["a1"]; FAILURE_SETS_MAX + 1];
    for (request, expected) in [
        (json!({"failures": 0}), "request.failures"),
        (json!({"failures": 9}), "request.failures"),
        (json!({"percent": 101}), "request.percent"),
        (json!({"lose": [["a1"], ["x"]]}), "request.lose[1]"),
        (json!({"lose": many}), "request.lose"),
        (json!({"method": "dedicated"}), "request.dedicated"),
    ] {
        let error = admission(&shop, &read(request), &Policy::default()).unwrap_err();
        assert!(error.findings()[0].to_string().contains(expected), "{error}");
    }
}

/// The cluster without the lost nodes' machines, all of them down.
fn after_loss(cluster: &Cluster, lost: &BTreeSet<&str>) -> (Cluster, Vec<Vm>) {
    let mut left = cluster.clone();
    for node in &mut left.nodes {
        if lost.contains(node.id.as_str()) {
            node.state = NodeState::Down;
        }
    }
    for pool in left.pools.iter_mut().flatten() {
        pool.capacity_bytes.0 = 1 << 40;
        pool.allocated_bytes = None;
    }
    let gone = |node: &quantix_core::NodeKey| lost.contains(node.as_str());
    let vms = left.vms.iter().filter(|vm| vm.node.as_ref().is_some_and(gone));
    let vms = vms.cloned().map(Vm::from).collect();
    left.vms.retain(|vm| !vm.node.as_ref().is_some_and(gone));
    (left, vms)
}

proptest! {
    #![proptest_config(cases(1500))]

    /// Restarts, one after the other in order, pass every filter; nothing is lost without a word;
    /// what waits comes later; the planner is as it was.
    #[test]
    fn failovers_hold(
        cluster in used_cluster(6, 14),
        first in 0usize..6,
        second in 0usize..6,
        pairs in prop::collection::vec((0usize..14, 0usize..14), 0..3),
    ) {
        let count = cluster.nodes.len();
        let ids = BTreeSet::from([first % count, second % count]);
        let lost: BTreeSet<&str> = ids.into_iter().map(|at| cluster.nodes[at].id.as_str()).collect();
        // Later machines wait for earlier ones: no circle.
        let name = |at: usize| format!("v{at:03}");
        let dependencies: Vec<_> = pairs.iter().filter(|(a, b)| a < b)
            .map(|&(a, b)| json!({"vms": [name(b)], "after": [name(a)]})).collect();
        let request: FailoverRequest = read(json!({"nodes": lost, "dependencies": dependencies}));
        let mut planner = Planner::new(&cluster, &Policy::default()).unwrap();
        let plan = planner.failover(&request).unwrap();
        let again = planner.failover(&request).unwrap();
        prop_assert_eq!(&plan, &again);
        let (left, vms) = after_loss(&cluster, &lost);
        let told = plan.moves.len() + plan.blocked.len();
        prop_assert_eq!(told, vms.len());
        let residents: Vec<Vm> = left.vms.iter().cloned().map(Vm::from).collect();
        let mut oracle = Oracle::new(&left);
        for (vm, placed) in residents.iter().zip(&left.vms) {
            let node = left.nodes.iter().find(|node| Some(&node.id) == placed.node.as_ref()).unwrap();
            oracle.put(vm, node, placed.numa_cells.clone(), placed.gpu_indices.clone());
        }
        let stage = |id: &str| plan.moves.iter().find(|each| each.vm.as_str() == id).map(|each| each.stage);
        for (earlier, later) in pairs.iter().filter(|(a, b)| a < b) {
            if let (Some(before), Some(after)) = (stage(&name(*earlier)), stage(&name(*later))) {
                prop_assert!(before < after);
            }
        }
        // Rules may let a machine pass only after others: whichever order, all are there at the end.
        let mut open: Vec<_> = plan.moves.iter().collect();
        while !open.is_empty() {
            let before = open.len();
            open.retain(|each| {
                let vm = vms.iter().find(|vm| vm.id == each.vm).unwrap();
                let node = left.nodes.iter().find(|node| node.id == each.to).unwrap();
                let fits = oracle.fits(vm, node);
                if fits {
                    oracle.put(vm, node, each.numa_cells.clone(), each.gpu_indices.clone());
                }
                !fits
            });
            prop_assert!(open.len() < before, "{:?} do not fit", open);
        }
    }

    /// Admission says no exactly when the failover of that node leaves something behind.
    #[test]
    fn admission_agrees_with_failover(cluster in used_cluster(5, 12)) {
        let mut planner = Planner::new(&cluster, &Policy::default()).unwrap();
        let report = planner.admission(&AdmissionRequest::default()).unwrap();
        let bad: BTreeSet<&str> = report.not_tolerated.iter().map(|set| set.nodes[0].as_str()).collect();
        for node in cluster.nodes.iter().filter(|node| node.state != NodeState::Down) {
            let request: FailoverRequest = read(json!({"nodes": [node.id.as_str()]}));
            let plan = planner.failover(&request).unwrap();
            prop_assert_eq!(plan.complete, !bad.contains(node.id.as_str()), "{}", node.id);
        }
        let set = |left: &BTreeSet<&str>| left.len();
        prop_assert_eq!(set(&bad) as u32, report.not_tolerated_count);
    }
}
