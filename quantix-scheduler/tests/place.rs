//! Placing on small clusters that a reader can check by hand, and faults of documents.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::read;
use quantix_core::cluster::{Cluster, VmList};
use quantix_scheduler::{
    Detail, GPUS_PER_NODE_MAX, MEMORY_MIB_MAX, NUMA_CELLS_MAX, Pipeline, PlaceAnswer, PlaceError,
    Policy, PolicyError, Snapshot, WEIGHT_MAX, place_documents,
};
use serde_json::{Value, json};

fn try_place(cluster: Value, vms: Value, policy: Value) -> Result<PlaceAnswer, PlaceError> {
    let (cluster, list): (Cluster, VmList) = (read(cluster), read(vms));
    let policy: Policy = read(policy);
    place_documents(&cluster, &list.vms, &policy, Detail::Brief)
}

/// `vm=node` for each placed machine and `vm!filter,…` for each other.
fn decide(cluster: Value, vms: Value, policy: Value) -> String {
    let answer = try_place(cluster, vms, policy).unwrap();
    let placed = answer.placements.iter().map(|p| format!("{}={}", p.vm, p.node));
    let unplaced = answer.unplaced.iter().map(|u| {
        let filters: Vec<_> = u.rejections.iter().map(|r| r.filter).collect();
        format!("{}!{}", u.vm, filters.join(","))
    });
    placed.chain(unplaced).collect::<Vec<_>>().join(" ")
}

fn node(id: &str, more: Value) -> Value {
    let mut node = json!({"id": id, "cpu_milli": 8000, "memory_mib": 16384});
    node.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    node
}

fn vm(id: &str, more: Value) -> Value {
    let mut vm = json!({"id": id, "cpu_milli": 2000, "memory_mib": 4096});
    vm.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    vm
}

#[test]
fn every_filter_by_hand() {
    let disk =
        |pool: &str, size: u64| json!({"disks": [{"size_bytes": size, "storage_pool_id": pool}]});
    let pools = json!([{"id": "ceph-pool-1", "capacity_bytes": 100, "allocated_bytes": 90}, {"id": "p2", "capacity_bytes": 100}]);
    let two = |a: Value, b: Value| json!({"nodes": [node("n1", a), node("n2", b)]});
    let with_pools =
        |a: Value, b: Value| json!({"nodes": [node("n1", a), node("n2", b)], "pools": pools});
    let taint = json!({"taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]});
    let numa = json!({"numa": [{"cpu_milli": 4000, "memory_mib": 8192}, {"cpu_milli": 4000, "memory_mib": 8192}]});
    for (cluster, vms, expected) in [
        (two(json!({}), json!({})), json!([vm("v", json!({}))]), "v=n1"),
        (
            two(json!({"state": "down"}), json!({"state": "cordoned"})),
            json!([vm("v", json!({}))]),
            "v!node_state,node_state",
        ),
        (two(json!({"state": "cordoned"}), json!({})), json!([vm("v", json!({}))]), "v=n2"),
        (
            two(json!({}), json!({"labels": {"a": "b"}})),
            json!([vm("v", json!({"node_selector": {"a": "b"}}))]),
            "v=n2",
        ),
        (two(taint.clone(), json!({})), json!([vm("v", json!({}))]), "v=n2"),
        (
            two(taint.clone(), taint.clone()),
            json!([
                vm("v", json!({})),
                vm("w", json!({"tolerations": [{"key": "k", "value": "v"}]}))
            ]),
            "w=n1 v!taints,taints",
        ),
        (
            two(json!({}), json!({"networks": ["lan"]})),
            json!([vm("v", json!({"networks": ["lan"]}))]),
            "v=n2",
        ),
        (
            two(json!({}), json!({"cpu_features": ["avx512"]})),
            json!([vm("v", json!({"cpu_features": ["avx512"]}))]),
            "v=n2",
        ),
        // 2 cores, 4 GiB and 10 of disk in ceph-pool-1 go where that pool is.
        (
            with_pools(json!({"pools": ["p2"]}), json!({"pools": ["ceph-pool-1"]})),
            json!([vm("v", disk("ceph-pool-1", 10))]),
            "v=n2",
        ),
        (
            with_pools(json!({"pools": ["p2"]}), json!({"pools": ["ceph-pool-1"]})),
            json!([vm("v", disk("ceph-pool-1", 11))]),
            "v!storage_pool,pool_capacity",
        ),
        (
            with_pools(json!({"pools": ["p2"]}), json!({"pools": ["ceph-pool-1", "p2"]})),
            json!([vm(
                "v",
                json!({"disks": [{"size_bytes": 1, "storage_pool_id": "p2"}, {"size_bytes": 1, "storage_pool_id": "ceph-pool-1"}]})
            )]),
            "v=n2",
        ),
        (
            with_pools(json!({"pools": ["p2"]}), json!({"pools": ["p2"]})),
            json!([vm("v", disk("p9", 1))]),
            "v!storage_pool,storage_pool",
        ),
        (with_pools(json!({}), json!({})), json!([vm("v", disk("", 1))]), "v=n1"),
        // The pool is taken by the first machine, whichever node it is on.
        (
            with_pools(json!({"pools": ["p2"]}), json!({"pools": ["p2"]})),
            json!([vm("v", disk("p2", 60)), vm("w", disk("p2", 60))]),
            "v=n1 w!pool_capacity,pool_capacity",
        ),
        // Without a list of pools, reach counts and capacity is not known.
        (two(json!({}), json!({"pools": ["x"]})), json!([vm("v", disk("x", 1 << 40))]), "v=n2"),
        (
            two(json!({}), json!({"overcommit": {"cpu": 2}})),
            json!([vm("v", json!({"cpu_milli": 9000}))]),
            "v=n2",
        ),
        (
            two(json!({"reserved": {"memory_mib": 1}}), json!({})),
            json!([vm("v", json!({"memory_mib": 16384}))]),
            "v=n2",
        ),
        (
            two(json!({}), json!({})),
            json!([vm("v", json!({"memory_mib": 16385}))]),
            "v!memory,memory",
        ),
        (
            json!({"nodes": [node("n1", numa.clone())]}),
            json!([
                vm("v", json!({"memory_mib": 8193, "numa": "single"})),
                vm("w", json!({"memory_mib": 16384, "numa": "even"}))
            ]),
            "w=n1 v!numa",
        ),
        (
            json!({"nodes": [node("n1", json!({"gpus": ["a", {"model": "b", "milli": 500}]}))]}),
            json!([
                vm("v", json!({"gpus": {"count": 2}})),
                vm("w", json!({"gpus": {"count": 1, "milli": 500, "models": ["b"]}})),
                vm("x", json!({"gpus": {"count": 1, "milli": 1, "models": ["b"]}}))
            ]),
            "w=n1 v!gpus x!gpus",
        ),
    ] {
        assert_eq!(decide(cluster.clone(), vms.clone(), json!({})), expected, "{cluster}\n{vms}");
    }
}

#[test]
fn rules_by_hand() {
    let labels = |rack: &str| json!({"labels": {"rack": rack}});
    let nodes = json!([
        node("n1", labels("a")),
        node("n2", labels("a")),
        node("n3", labels("b")),
        node("n4", json!({}))
    ]);
    let three = json!([vm("v1", json!({})), vm("v2", json!({})), vm("v3", json!({}))]);
    for (rule, expected) in [
        (json!({"kind": "anti_affinity", "vms": ["v1", "v2", "v3"]}), "v1=n1 v2=n2 v3=n3"),
        (
            json!({"kind": "anti_affinity", "topology": "rack", "vms": ["v1", "v2", "v3"]}),
            "v1=n1 v2=n3 v3!anti_affinity,anti_affinity,anti_affinity,anti_affinity",
        ),
        (
            json!({"kind": "anti_affinity", "topology": "rack", "must": false, "vms": ["v1", "v2", "v3"]}),
            "v1=n1 v2=n3 v3=n1",
        ),
        (json!({"kind": "vm_host", "vms": ["v2"], "nodes": ["n3"]}), "v1=n1 v2=n3 v3=n1"),
        (
            json!({"kind": "vm_host", "vms": ["v2"], "nodes": ["n3"], "must": false}),
            "v1=n1 v2=n3 v3=n1",
        ),
    ] {
        let cluster = json!({"nodes": nodes, "rules": [rule.clone()]});
        assert_eq!(decide(cluster, three.clone(), json!({})), expected, "{rule}");
    }
    let rules = json!([
        {"kind": "affinity", "topology": "rack", "vms": ["v1", "v2"]},
        {"kind": "vm_host", "vms": ["v1"], "nodes": ["n3"]}
    ]);
    let cluster = json!({"nodes": nodes, "rules": rules});
    assert_eq!(decide(cluster, three, json!({})), "v1=n3 v2=n3 v3=n1");
}

#[test]
fn policies_decide_otherwise() {
    let busy = vm("old", json!({"node": "n2"}));
    let cluster = json!({"nodes": [node("n1", json!({})), node("n2", json!({}))], "vms": [busy]});
    let list = json!([vm("v", json!({})), vm("w", json!({"priority": 1}))]);
    let weights = |name: &str| json!({"weights": {"typical": 0, name: 1}});
    for (policy, expected) in [
        (json!({}), "v=n1 w=n1"),
        (weights("fit"), "v=n2 w=n2"),
        (weights("pack"), "v=n2 w=n2"),
        (weights("spread"), "v=n1 w=n1"),
        (json!({"order": "listed", "weights": {"typical": 0, "balanced": 1}}), "v=n1 w=n1"),
    ] {
        assert_eq!(decide(cluster.clone(), list.clone(), policy.clone()), expected, "{policy}");
    }
    // The more important machine goes first, and takes the room.
    let tight = json!({"nodes": [{"id": "n", "cpu_milli": 2000, "memory_mib": 4096}]});
    assert_eq!(decide(tight.clone(), list.clone(), json!({})), "w=n v!cpu");
    assert_eq!(decide(tight.clone(), list, json!({"order": "listed"})), "v=n w!cpu");
    let sizes = json!([vm("v", json!({"cpu_milli": 1, "memory_mib": 1})), vm("w", json!({}))]);
    assert_eq!(decide(tight, sizes, json!({"order": "largest"})), "w=n v!cpu");
}

#[test]
fn a_refusal_names_numbers_and_the_smallest_remedy() {
    let cluster = json!({
        "nodes": [
            node("n1", json!({"pools": ["p1"]})),
            {"id": "n2", "cpu_milli": 8000, "memory_mib": 6144}
        ],
        "pools": [{"id": "p1", "capacity_bytes": 50}, {"id": "p3", "capacity_bytes": 100}],
    });
    let vms = json!([vm(
        "db",
        json!({"memory_mib": 8192, "disks": [{"size_bytes": 10, "storage_pool_id": "p3"}]})
    )]);
    let answer = try_place(cluster, vms, json!({})).unwrap();
    let unplaced = serde_json::to_value(&answer.unplaced[0]).unwrap();
    assert_eq!(
        unplaced["rejections"][0],
        json!({"node": "n1", "filter": "storage_pool", "asked": ["p3"], "free": ["p1"]})
    );
    let remedies = &answer.unplaced[0].would_fit_if;
    let messages: Vec<_> = remedies.iter().map(|remedy| remedy.message.as_str()).collect();
    assert_eq!(
        messages,
        ["attach pool p3 to n1", "attach pool p3 to n2, free 2 GiB of memory on n2"]
    );
}

/// The codes and paths of the errors of a cluster.
fn faults(cluster: Value) -> Vec<String> {
    let cluster: Cluster = read(cluster);
    let findings = match Snapshot::build(&cluster) {
        Ok(snapshot) => snapshot.findings().to_vec(),
        Err(error) => error.into_findings(),
    };
    let show = |finding: &quantix_core::Finding| {
        let (severity, path) = (finding.severity, finding.path.as_deref().unwrap_or(""));
        format!("{severity} {} {path}", finding.code)
    };
    findings.iter().map(show).collect()
}

#[test]
fn faults_of_a_cluster_have_field_paths() {
    let n = |more: Value| json!({"nodes": [node("n", more)]});
    let with = |field: &str, value: Value| {
        let mut cluster = n(json!({}));
        cluster[field] = value;
        cluster
    };
    let gpus = vec!["g"; GPUS_PER_NODE_MAX + 1];
    let cells = vec![json!({"cpu_milli": 0, "memory_mib": 0}); NUMA_CELLS_MAX + 1];
    for (cluster, expected) in [
        (
            json!({"nodes": [node("n", json!({})), node("n", json!({}))]}),
            "error duplicate-id nodes[1].id",
        ),
        (
            json!({"nodes": [node("n", json!({"pools": ["p"]}))], "pools": []}),
            "error unknown-pool nodes[0].pools[0]",
        ),
        (n(json!({"pools": ["p"]})), "info pool-capacity-unknown pools"),
        (with("vms", json!([vm("v", json!({"node": "x"}))])), "error unknown-node vms[0].node"),
        (with("vms", json!([vm("v", json!({}))])), "info not-placed vms[0].node"),
        (
            with("vms", json!([vm("v", json!({"node": "n", "cpu_milli": 9000}))])),
            "warning overcommitted nodes.n",
        ),
        (
            with(
                "vms",
                json!([vm(
                    "v",
                    json!({"node": "n", "disks": [{"size_bytes": 1, "storage_pool_id": "p"}]})
                )]),
            ),
            "error unknown-pool vms[0].disks[0].storage_pool_id",
        ),
        (
            with("vms", json!([vm("v", json!({"node": "n", "memory_mib": MEMORY_MIB_MAX + 1}))])),
            "error quantity-too-large vms[0].memory_mib",
        ),
        (
            with("rules", json!([{"kind": "vm_host", "vms": ["v"], "nodes": ["x"]}])),
            "error unknown-node rules[0].nodes[0]",
        ),
        (
            with("rules", json!([{"kind": "vm_host", "vms": ["v"]}])),
            "error missing-nodes rules[0].nodes",
        ),
        (
            with("rules", json!([{"kind": "affinity", "vms": ["v"], "nodes": ["n"]}])),
            "warning ignored-nodes rules[0].nodes",
        ),
        (
            with("rules", json!([{"kind": "affinity", "vms": []}])),
            "warning empty-rule rules[0].vms",
        ),
        (
            with("pools", json!([{"id": "p", "capacity_bytes": 1, "allocated_bytes": 2}])),
            "warning overcommitted pools[0].allocated_bytes",
        ),
        (
            with(
                "pools",
                json!([{"id": "p", "capacity_bytes": 1}, {"id": "p", "capacity_bytes": 1}]),
            ),
            "error duplicate-id pools[1].id",
        ),
        (n(json!({"gpus": gpus})), "error quantity-too-large nodes[0].gpus"),
        (n(json!({"numa": cells})), "error quantity-too-large nodes[0].numa"),
        (
            n(json!({"reserved": {"cpu_milli": 9000}})),
            "warning reserved-more-than-there-is nodes[0].reserved.cpu_milli",
        ),
        (
            n(json!({"numa": [{"cpu_milli": 9000, "memory_mib": 1}]})),
            "warning cells-exceed-node nodes[0].numa",
        ),
    ] {
        assert_eq!(faults(cluster.clone())[0], expected, "{cluster}");
    }
}

#[test]
fn faults_of_a_list_and_of_a_policy() {
    let cluster =
        json!({"nodes": [node("n", json!({}))], "vms": [vm("old", json!({"node": "n"}))]});
    for (list, expected) in [
        (
            json!([vm("v", json!({})), vm("v", json!({}))]),
            "vms[1].id: error: machine v is already vms[0]",
        ),
        (json!([vm("old", json!({}))]), "vms[0].id: error: machine old runs on node n already"),
        (
            json!([vm("v", json!({"cpu_milli": u64::MAX}))]),
            "vms[0].cpu_milli: error: 18446744073709551615 is too large",
        ),
    ] {
        let error = try_place(cluster.clone(), list, json!({})).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    let error = try_place(cluster, json!([]), json!({"without_filters": ["cpus"]})).unwrap_err();
    assert!(error.to_string().contains("there is no filter \"cpus\""), "{error}");
    let mut policy = Policy::default();
    policy.weights.pack = WEIGHT_MAX + 1;
    let error = Pipeline::new(&policy).unwrap_err();
    assert!(matches!(error, PolicyError::WeightTooLarge { name: "pack", .. }), "{error}");
}
