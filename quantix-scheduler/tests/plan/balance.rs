//! Balance.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quantix_core::cluster::Cluster;
use quantix_scheduler::{
    Policy,
    plan::{BalancePlan, BalanceRequest, MoveReason, Stopped, WINDOW_MAX, balance},
};
use serde_json::json;

use crate::{
    checker::{cases, golden, replay, used_cluster},
    common::read,
};

fn plan(cluster: &serde_json::Value, request: serde_json::Value) -> BalancePlan {
    balance(&read(cluster.clone()), &read(request), &Policy::default()).unwrap()
}

fn host(id: &str) -> serde_json::Value {
    json!({"id": id, "cpu_milli": 8000, "memory_mib": 16384, "overcommit": {"cpu": 4}})
}

fn vm(id: &str, node: &str, memory: u64) -> serde_json::Value {
    json!({"id": id, "node": node, "cpu_milli": 4000, "memory_mib": memory})
}

/// One node is used too much; one machine is large, one small, one busy for a moment only.
fn busy() -> (serde_json::Value, serde_json::Value) {
    let cluster = json!({
        "nodes": [host("n1"), host("n2"), host("n3")],
        "vms": [vm("large", "n1", 8192), vm("small", "n1", 1024), vm("spiky", "n1", 1024),
                vm("a", "n2", 4096), vm("b", "n3", 4096), vm("c", "n3", 1024)],
        "rules": [{"id": "apart", "kind": "anti_affinity", "vms": ["b", "c"]}],
    });
    let history = json!({"cpu_milli": {
        "large": [4000, 4000, 4000, 4000], "small": [3000, 3100, 3200, 3300],
        "spiky": [0, 0, 0, 2000], "a": [1000, 1000, 1000, 1000], "b": [500], "c": [500]}});
    (cluster, json!({"history": history, "window": 4, "automation": "partial"}))
}

#[test]
fn the_cheapest_move_that_helps_is_made_and_rules_are_mended_first() {
    let (cluster, request) = busy();
    let told = plan(&cluster, request);
    let moves: Vec<_> =
        told.moves.iter().map(|each| (each.vm.as_str(), each.reason, each.priority)).collect();
    assert_eq!(moves[0], ("c", MoveReason::MendsRule, Some(1)));
    assert_eq!(moves[1].0, "small", "as much gain as the large machine, an eighth of its memory");
    assert_eq!(moves.len(), 2);
    assert_eq!((told.stopped, told.objective_after), (Stopped::FixedPoint, 0));
    assert!(told.after.violations.is_empty());
    golden("balance.json", &told);
}

#[test]
fn what_may_not_move_stays() {
    let (cluster, mut request) = busy();
    request["overrides"] = json!({"small": "disabled"});
    request["moved_seconds_ago"] = json!({"c": 60, "b": 60});
    let told = plan(&cluster, request.clone());
    let moved: Vec<_> = told.moves.iter().map(|each| each.vm.as_str()).collect();
    assert_eq!(moved, ["spiky"]);
    assert_eq!(told.blocked.len(), 1, "the rule stays broken while its machines are held");
    request["budget"] = json!({"moves": 0});
    let told = plan(&cluster, request.clone());
    assert_eq!((told.moves.len(), told.stopped), (0, Stopped::Budget));
    request["budget"] = json!({});
    request["level"] = json!(1);
    assert!(plan(&cluster, request).moves.is_empty());
}

#[test]
fn a_price_that_is_too_high_moves_nothing() {
    let (mut cluster, mut request) = busy();
    cluster["rules"] = json!([]);
    request["price_milli_per_gib"] = json!(1_000_000);
    let told = plan(&cluster, request);
    assert_eq!((told.moves.len(), told.stopped), (0, Stopped::FixedPoint));
}

#[test]
fn a_swap_helps_where_no_single_move_can() {
    // Both nodes are promised to the full; only a swap through what is free helps.
    let host = |id: &str, memory: u64| json!({"id": id, "cpu_milli": 8000, "memory_mib": memory, "overcommit": {"cpu": 4}});
    let cluster = json!({
        "nodes": [host("n1", 8192), host("n2", 5120)],
        "vms": [vm("hot", "n1", 2048), vm("warm", "n1", 2048), vm("cold", "n2", 4096)],
    });
    let history = json!({"cpu_milli": {"hot": [5000], "warm": [4000], "cold": [100]}});
    let told = plan(&cluster, json!({"history": history, "window": 1, "price_milli_per_gib": 100}));
    let moves: Vec<_> =
        told.moves.iter().map(|each| (each.vm.as_str(), each.to.as_str(), each.step)).collect();
    assert_eq!(moves, [("cold", "n1", 0), ("hot", "n2", 1)]);
    assert_eq!(told.objective_after, 0);
}

#[test]
fn power_is_saved_and_nodes_are_woken() {
    let cluster = json!({
        "nodes": [host("n1"), host("n2"), host("n3"), host("n4")],
        "vms": [vm("a", "n1", 4096), vm("b", "n2", 4096), vm("c", "n3", 1024)],
    });
    let history = json!({"cpu_milli": {"a": [1000], "b": [1000], "c": [500]}});
    let request = json!({"history": history, "window": 1, "mode": "save_power"});
    let told = plan(&cluster, request.clone());
    let asleep: Vec<_> = told.stand_by.iter().map(|node| node.as_str()).collect();
    assert_eq!(asleep, ["n3", "n4"], "one spare node stays on beside the one in use: {told:#?}");
    let (mut cluster, mut request) = busy();
    for node in [1, 2] {
        cluster["nodes"][node]["state"] = json!("cordoned");
    }
    cluster["rules"] = json!([]);
    request["stand_by"] = json!(["n3", "n2"]);
    let told = plan(&cluster, request);
    assert_eq!(told.wake.iter().map(|node| node.as_str()).collect::<Vec<_>>(), ["n3"]);
    assert_eq!(told.objective_after, 0);
}

#[test]
fn faults_of_the_request_name_their_place() {
    let (cluster, _) = busy();
    let cluster: Cluster = read(cluster);
    for (request, expected) in [
        (json!({"window": 0}), "request.window"),
        (json!({"window": WINDOW_MAX + 1}), "request.window"),
        (json!({"horizon": WINDOW_MAX + 1}), "request.horizon"),
        (json!({"level": 6}), "request.level"),
        (json!({"threshold_ppm": 0}), "request.threshold_ppm"),
        (json!({"power_target_ppm": 900_000}), "request.power_target_ppm"),
        (json!({"price_milli_per_gib": 1_000_000_001u64}), "request.price_milli_per_gib"),
        (json!({"stand_by": ["x"]}), "request.stand_by"),
        (json!({"history": {"cpu_milli": {"a": [u64::MAX]}}}), "request.history.cpu_milli.a"),
    ] {
        let error = balance(&cluster, &read(request), &Policy::default()).unwrap_err();
        assert!(error.findings()[0].to_string().contains(expected), "{error}");
    }
}

/// What the plan minimises, by documents alone.
fn objective(cluster: &Cluster, at: &BTreeMap<String, String>, request: &BalanceRequest) -> u64 {
    let samples = request.window as usize;
    cluster
        .nodes
        .iter()
        .map(|node| {
            let real = u128::from(node.cpu_milli.0 - node.reserved.cpu_milli.0);
            // The snapshot keeps the promised amount, which is rounded down.
            let times = u128::from(node.overcommit.cpu.thousandths());
            let real = real * times / 1000 * 1000 / times;
            let most = real * u128::from(request.threshold_ppm) / 1_000_000;
            let over: u128 = (0..samples)
                .map(|sample| {
                    let here =
                        cluster.vms.iter().filter(|vm| at[vm.id.as_str()] == node.id.as_str());
                    let used: u128 =
                        here.map(|vm| u128::from(request.history.cpu_milli[&vm.id][sample])).sum();
                    used.saturating_sub(most)
                })
                .sum();
            (over / samples as u128) as u64
        })
        .sum()
}

fn broken(plan: &[quantix_scheduler::plan::Violation]) -> usize {
    plan.iter().map(|violation| violation.vms.len()).sum()
}

proptest! {
    #![proptest_config(cases(3000))]

    /// A plan never worsens its objective, keeps to capacity and rules at every step, stays in
    /// budget, moves nobody twice or within the hold time, and leaves nothing to do.
    #[test]
    fn balance_plans_hold(
        cluster in used_cluster(6, 14),
        samples in prop::collection::vec(prop::collection::vec(0u64..5_000, 3), 14),
        held in prop::collection::btree_set(0usize..14, 0..3),
        budget in prop::option::weighted(0.3, 0u32..4),
        price in prop::sample::select(vec![0u64, 1_000, 8_000, 100_000]),
        save in prop::bool::weighted(0.3),
    ) {
        let histories: BTreeMap<&str, &Vec<u64>> =
            cluster.vms.iter().map(|vm| vm.id.as_str()).zip(&samples).collect();
        let moved: BTreeMap<String, u64> =
            held.iter().filter_map(|&at| cluster.vms.get(at)).map(|vm| (vm.id.to_string(), 10)).collect();
        let mut request: BalanceRequest = read(json!({
            "history": {"cpu_milli": histories}, "window": 3, "price_milli_per_gib": price,
            "moved_seconds_ago": moved, "mode": if save { "save_power" } else { "balance" },
            "threshold_ppm": 700_000, "limits": {"concurrent": 3, "per_node": 2},
        }));
        if let Some(moves) = budget {
            request.budget.moves = moves;
        }
        let plan = balance(&cluster, &request, &Policy::default()).unwrap();
        let before: BTreeMap<String, String> = cluster.vms.iter()
            .map(|vm| (vm.id.to_string(), vm.node.as_ref().unwrap().to_string())).collect();
        let at = replay(&cluster, &plan.moves, &BTreeSet::new(), 3, 2)?;
        prop_assert_eq!(plan.objective_before, objective(&cluster, &before, &request));
        prop_assert!(plan.stage.complete);
        prop_assert_eq!(plan.objective_after, objective(&cluster, &at, &request));
        prop_assert!(broken(&plan.after.violations) <= broken(&plan.before.violations));
        if plan.moves.iter().all(|each| each.reason != MoveReason::MendsRule) {
            prop_assert!(plan.objective_after <= plan.objective_before);
        }
        prop_assert!(plan.moves.len() <= request.budget.moves as usize);
        let vms: BTreeSet<&str> = plan.moves.iter().map(|each| each.vm.as_str()).collect();
        prop_assert_eq!(vms.len(), plan.moves.len(), "nobody moves twice");
        prop_assert!(vms.iter().all(|vm| !moved.contains_key(*vm)), "who is held stays");
        for node in &plan.stand_by {
            prop_assert!(!at.values().any(|at| at == node.as_str()));
        }
        // Again, on what the plan leaves: nothing, whether or not who moved is held.
        let mut after = cluster.clone();
        for vm in &mut after.vms {
            if let Some(each) = plan.moves.iter().find(|each| each.vm == vm.id) {
                vm.node = Some(each.to.clone());
                vm.numa_cells.clone_from(&each.numa_cells);
                vm.gpu_indices.clone_from(&each.gpu_indices);
            }
        }
        let hold: BTreeMap<_, _> = plan.moves.iter().map(|each| (each.vm.clone(), 0)).collect();
        let mut next = request.clone();
        next.moved_seconds_ago.extend(hold);
        if plan.stopped == Stopped::FixedPoint && !save {
            let again = balance(&after, &next, &Policy::default()).unwrap();
            prop_assert!(again.moves.is_empty(), "{:?}", again.moves);
        }
        let again = balance(&cluster, &request, &Policy::default()).unwrap();
        prop_assert_eq!(serde_json::to_string(&plan).unwrap(), serde_json::to_string(&again).unwrap());
    }
}
