//! Capacity and what-if.

use proptest::prelude::*;
use quantix_core::cluster::{Cluster, NodeState, TaintEffect, Vm};
use quantix_scheduler::{
    Policy,
    plan::{
        CHANGES_MAX, CapacityRequest, GROWN_VMS_MAX, HintKind, SHAPES_MAX, WhatifReport,
        WhatifRequest, capacity, whatif, whatif_html,
    },
};
use serde_json::json;

use crate::{
    checker::{cases, golden, used_cluster},
    common::{Oracle, read},
};

fn shop() -> serde_json::Value {
    let host = |id: &str, rack: &str| json!({"id": id, "cpu_milli": 8000, "memory_mib": 16384, "labels": {"rack": rack}});
    let vm = |id: &str, node: &str, memory: u64| json!({"id": id, "node": node, "cpu_milli": 2000, "memory_mib": memory});
    json!({
        "nodes": [host("a1", "a"), host("a2", "a"), host("b1", "b")],
        "vms": [vm("db", "a1", 8192), vm("web", "a2", 4096), vm("api", "b1", 4096)],
        "rules": [{"id": "apart", "kind": "anti_affinity", "vms": ["web", "api"]}],
    })
}

fn suppose(request: serde_json::Value) -> WhatifReport {
    whatif(&read(shop()), &read(request), &Policy::default()).unwrap()
}

#[test]
fn what_fits_is_counted_with_what_is_lost() {
    let shape = |memory: u64| json!({"vm": {"id": "x", "cpu_milli": 1000, "memory_mib": memory}, "per_30_days": 2});
    let request = json!({"shapes": [shape(7168), shape(20000)]});
    let report = capacity(&read(shop()), &read(request), &Policy::default()).unwrap();
    let room = &report.shapes[0];
    // 8, 12 and 12 GiB are free: one machine of 7 GiB each, though 32 GiB in all would hold four.
    assert_eq!((room.fits, room.by_volume, room.runway_days), (3, 4, Some(45)));
    assert_eq!(room.fragmented_ppm, 250_000);
    assert_eq!(room.limited_by["memory"], 3);
    assert_eq!((report.shapes[1].fits, report.shapes[1].runway_days), (0, Some(0)));
    golden("capacity.json", &report);
}

#[test]
fn sizes_that_do_not_suit_are_told() {
    let request = json!({"history": {
        "cpu_milli": {"db": vec![1990; 12], "web": vec![100; 12], "api": vec![1500; 12]},
        "memory_mib": {"db": vec![1000; 11]},
    }});
    let report = capacity(&read(shop()), &read(request), &Policy::default()).unwrap();
    let hints: Vec<_> =
        report.hints.iter().map(|hint| (hint.vm.as_str(), hint.kind, hint.suggested)).collect();
    assert_eq!(
        hints,
        [("db", HintKind::TooLittleCpu, 3000), ("web", HintKind::TooMuchCpu, 1000)],
        "eleven samples say nothing about memory"
    );
}

#[test]
fn changes_are_told_number_by_number() {
    let told = suppose(json!({"changes": [{"change": "remove_rack", "rack": "a"}]}));
    assert!(!told.complete, "the rule keeps web away from api's node");
    assert_eq!(told.blocked[0].vm.as_str(), "web");
    assert_eq!((told.moves[0].vm.as_str(), told.moves[0].to.as_str()), ("db", "b1"));
    assert!(told.admitted_before && !told.admitted_after);
    golden("whatif_rack.json", &told);
    let page = whatif_html(&told);
    assert!(page.contains("<li>web: ") && page.contains("<svg"), "{page}");
    let told = suppose(json!({"changes": [
        {"change": "drop_rule", "rule": "apart"}, {"change": "remove_rack", "rack": "a"}]}));
    assert!(told.complete);
    let told = suppose(json!({"changes": [{"change": "add_nodes", "like": "a1", "count": 2}]}));
    assert_eq!((told.before.nodes_ready, told.after.nodes_ready), (3, 5));
    let told = suppose(json!({"changes": [{"change": "grow", "percent": 100}]}));
    assert_eq!((told.moves.len(), told.after.vms), (3, 6));
    let twice = json!({"change": "set_overcommit", "overcommit": {"cpu": 2, "memory": 2}});
    let told = suppose(json!({"changes": [twice]}));
    assert_eq!(told.after.memory.capacity, 2 * told.before.memory.capacity);
    let other = json!({"changes": [{"change": "become", "cluster": {"nodes": []}}],
                       "policy": {"name": "other"}});
    let told = suppose(other);
    assert_eq!((told.after.nodes_ready, told.policies[1].as_str()), (0, "other"));
    let rule = json!({"kind": "anti_affinity", "vms": ["db", "x"], "id": "more"});
    let vm = json!({"id": "x", "cpu_milli": 1000, "memory_mib": 1024});
    let told = suppose(json!({"changes": [
        {"change": "add_rule", "rule": rule}, {"change": "add_vms", "vms": [vm]}]}));
    assert_ne!(told.moves[0].to.as_str(), "a1");
}

#[test]
fn faults_of_the_request_name_their_place() {
    let shop: Cluster = read(shop());
    let drop = json!({"change": "drop_rule", "rule": "x"});
    for (request, expected) in [
        (json!({"changes": [drop]}), "request.changes[0]: error: there is no rule"),
        (json!({"changes": [{"change": "remove_node", "node": "x"}]}), "request.changes[0]"),
        (json!({"changes": [{"change": "add_nodes", "like": "x", "count": 1}]}), "no node x"),
        (
            json!({"changes": [{"change": "add_nodes", "like": "a1", "count": GROWN_VMS_MAX + 1}]}),
            "adds more than",
        ),
        (json!({"changes": [{"change": "grow", "percent": 10_000_000}]}), "adds more than"),
        (json!({"changes": vec![drop.clone(); CHANGES_MAX + 1]}), "request.changes"),
    ] {
        let error = whatif(&shop, &read(request), &Policy::default()).unwrap_err();
        assert!(error.findings()[0].to_string().contains(expected), "{error}");
    }
    let shape = json!({"vm": {"id": "x", "cpu_milli": 1, "memory_mib": 1}});
    let request: CapacityRequest = read(json!({"shapes": vec![shape; SHAPES_MAX + 1]}));
    let error = capacity(&shop, &request, &Policy::default()).unwrap_err();
    assert!(error.findings()[0].to_string().contains("request.shapes"), "{error}");
    let request: Result<WhatifRequest, _> =
        serde_json::from_value(json!({"changes": [{"change": "fly"}]}));
    assert!(request.is_err());
}

proptest! {
    #![proptest_config(cases(1000))]

    /// What fits is what each node holds by itself.
    #[test]
    fn what_fits_is_what_each_node_holds(
        cluster in used_cluster(6, 12),
        cpu in prop::sample::select(vec![500u64, 1_000, 3_000]),
        memory in prop::sample::select(vec![256u64, 1_024, 5_000]),
    ) {
        let vm: Vm = read(json!({"id": "x", "cpu_milli": cpu, "memory_mib": memory}));
        let request: CapacityRequest = read(json!({"shapes": [{"vm": vm}]}));
        let report = capacity(&cluster, &request, &Policy::default()).unwrap();
        let residents: Vec<Vm> = cluster.vms.iter().cloned().map(Vm::from).collect();
        let mut oracle = Oracle::new(&cluster);
        for (resident, placed) in residents.iter().zip(&cluster.vms) {
            let node = cluster.nodes.iter().find(|node| Some(&node.id) == placed.node.as_ref()).unwrap();
            oracle.put(resident, node, placed.numa_cells.clone(), placed.gpu_indices.clone());
        }
        let holds = |node: &quantix_core::cluster::Node| {
            let closed = node.state != NodeState::Ready || !node.tenants.is_empty()
                || node.taints.iter().any(|taint| taint.effect != TaintEffect::PreferNoSchedule);
            let (_, (free_cpu, free_memory)) = oracle.room(node);
            if closed { 0 } else { (free_cpu / cpu).min(free_memory / memory) }
        };
        let expected: u64 = cluster.nodes.iter().map(holds).sum();
        prop_assert_eq!(u64::from(report.shapes[0].fits), expected);
        prop_assert!(report.shapes[0].fits <= report.shapes[0].by_volume);
    }
}
