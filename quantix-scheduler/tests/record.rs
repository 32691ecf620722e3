//! Records of decisions: golden, replayed byte for byte, and refused when anything is otherwise.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{cases, key, problem, read};
use proptest::prelude::*;
use quantix_core::cluster::{Cluster, Vm};
use quantix_scheduler::{
    Pipeline, Policy, RECORD_BYTES_MAX, ReplayError, Snapshot, best, decide, replay,
};
use serde_json::json;

/// A cluster where every kind of reason occurs.
fn cluster() -> Cluster {
    read(json!({
        "nodes": [
            {"id": "n1", "cpu_milli": 8000, "memory_mib": 16384, "overcommit": {"cpu": 2},
             "reserved": {"cpu_milli": 1000}, "labels": {"zone": "a"}, "pools": ["ceph"]},
            {"id": "n2", "cpu_milli": 8000, "memory_mib": 16384, "labels": {"zone": "a"},
             "pools": ["ceph"]},
            {"id": "n3", "cpu_milli": 4000, "memory_mib": 4096, "labels": {"zone": "b"},
             "tenants": ["red"]},
            {"id": "n4", "cpu_milli": 8000, "memory_mib": 16384, "labels": {"zone": "b"},
             "pools": ["ceph"], "taints": [{"key": "t", "value": "x", "effect": "no_schedule"}]},
            {"id": "n5", "cpu_milli": 8000, "memory_mib": 16384, "labels": {"zone": "b"},
             "pools": ["ceph"], "state": "cordoned"},
        ],
        "pools": [{"id": "ceph", "capacity_bytes": "10GiB"}],
        "vms": [{"id": "old", "node": "n2", "cpu_milli": 7000, "memory_mib": 15000}],
        "rules": [{"id": "apart", "kind": "anti_affinity", "vms": ["old", "web", "big"]},
                  {"id": "even", "kind": "spread", "vms": ["old", "web"], "topology": "zone",
                   "must": false}],
    }))
}

fn vm(id: &str, cpu: u64) -> Vm {
    read(json!({
        "id": id, "cpu_milli": cpu, "memory_mib": 2048,
        "disks": [{"size_bytes": "1GiB", "storage_pool_id": "ceph"}],
    }))
}

fn golden(name: &str, found: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{} is not what it was: UPDATE=1 rewrites it", path.display());
}

#[test]
fn records_are_golden_and_replay() {
    let mut snapshot = Snapshot::build(&cluster()).unwrap();
    for (name, vm) in [("placed.json", vm("web", 2000)), ("refused.json", vm("big", 20_000))] {
        let record = decide(&mut snapshot, &vm, &Policy::default()).unwrap().to_json();
        let pretty: serde_json::Value = serde_json::from_str(&record).unwrap();
        golden(name, &format!("{pretty:#}\n"));
        // A snapshot of its own, at another revision, and a record that was laid out otherwise.
        let mut other = Snapshot::build(&cluster()).unwrap();
        let shape = other.shape(&vm).unwrap();
        let node = other.node_indices().next().unwrap();
        other.add(&key("x"), shape, node).unwrap();
        other.remove(&key("x")).unwrap();
        assert_eq!(replay(&record, &mut other).unwrap().to_json(), record);
        assert!(replay(&format!("{pretty:#}"), &mut other).is_ok());
    }
}

#[test]
fn what_is_otherwise_is_named() {
    let mut snapshot = Snapshot::build(&cluster()).unwrap();
    let record = decide(&mut snapshot, &vm("web", 2000), &Policy::default()).unwrap().to_json();
    let mut refuse = |text: &str| replay(text, &mut snapshot).unwrap_err();
    for (from, to, expected) in [
        (r#""node":"n1","tie""#, r#""node":"n2","tie""#, "first at .node: the record has \"n2\""),
        (r#""equals":1"#, r#""equals":2"#, "first at .tie.equals"),
        (r#""format":1"#, r#""format":9"#, "form 9, expected 1"),
        (r#""cpu_milli":2000"#, r#""cpu_milli":2001"#, "another cluster"),
        (r#""filter":"taints""#, r#""filter":"cpu""#, "first at .rejections["),
        (r#""format":1,"#, "", "not a record"),
    ] {
        assert!(record.contains(from), "{from}\n{record}");
        let error = refuse(&record.replacen(from, to, 1)).to_string();
        assert!(error.contains(expected), "{from}: {error}");
    }
    let large = " ".repeat(RECORD_BYTES_MAX + 1);
    assert!(matches!(refuse(&large), ReplayError::TooLarge(_)));
    let shape = snapshot.shape(&vm("web", 2000)).unwrap();
    let node = snapshot.node_indices().next().unwrap();
    snapshot.add(&key("web"), shape, node).unwrap();
    let error = replay(&record, &mut snapshot).unwrap_err();
    assert!(matches!(error, ReplayError::Input { .. }), "{error}");
}

proptest! {
    #![proptest_config(cases(1_000))]

    /// A record says what the scan does, replays on any snapshot of the same content, and leaves the
    /// snapshot as it was.
    #[test]
    fn decisions_are_what_the_scan_finds((cluster, vms) in problem(8, 8)) {
        let policy = Policy::default();
        let pipeline = Pipeline::new(&policy).unwrap();
        let mut snapshot = Snapshot::build(&cluster).unwrap();
        for vm in &vms {
            let shape = snapshot.shape(vm).unwrap();
            snapshot.expect(shape);
            let digest = snapshot.digest();
            let decision = decide(&mut snapshot, vm, &policy).unwrap();
            prop_assert_eq!(snapshot.digest(), digest);
            let record = decision.to_json();
            prop_assert_eq!(replay(&record, &mut snapshot.clone()).unwrap().to_json(), record);
            let wanted = best(&snapshot, &snapshot.shape_by_id(shape).clone(), &pipeline);
            let node = wanted.map(|choice| snapshot.node_id(choice.node));
            prop_assert_eq!(node, decision.node.as_ref());
            let Some(choice) = wanted else { continue };
            prop_assert_eq!(decision.candidates[0].score, choice.score);
            let checkpoint = snapshot.checkpoint();
            snapshot.add(&vm.id, shape, choice.node).unwrap();
            prop_assert_ne!(snapshot.digest(), digest);
            snapshot.undo(checkpoint);
            prop_assert_eq!(snapshot.digest(), digest, "undoing restores every number");
            snapshot.add(&vm.id, shape, choice.node).unwrap();
        }
    }
}
