//! Reservations, groups and races: nothing is given twice and everything comes back.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use common::{key, read};
use quantix_core::cluster::{Cluster, NodeState, Vm};
use quantix_scheduler::{CommitError, Engine, Pipeline, Policy, ShapeId, Snapshot};
use serde_json::json;

/// Nodes with room for two machines of [`shape`] each.
fn engine(nodes: usize, rules: serde_json::Value) -> Engine {
    let node = |at| json!({"id": format!("n{at:02}"), "cpu_milli": 2000, "memory_mib": 2048});
    let nodes: Vec<_> = (0..nodes).map(node).collect();
    let cluster: Cluster = read(json!({"nodes": nodes, "rules": rules}));
    Engine::new(Snapshot::build(&cluster).unwrap(), Pipeline::new(&Policy::default()).unwrap())
}

fn shape(engine: &mut Engine, id: &str) -> ShapeId {
    let vm: Vm = read(json!({"id": id, "cpu_milli": 1000, "memory_mib": 1024}));
    engine.shape(&vm).unwrap()
}

#[test]
fn of_256_racing_placements_100_get_the_room_for_100() {
    let mut engine = engine(50, json!([]));
    let shape = shape(&mut engine, "v");
    let engine = Mutex::new(engine);
    let (placed, stale, refused) = Default::default();
    let count = |counter: &AtomicUsize| {
        counter.fetch_add(1, Ordering::Relaxed);
    };
    std::thread::scope(|scope| {
        for number in 0..256 {
            let (engine, placed, stale, refused) = (&engine, &placed, &stale, &refused);
            scope.spawn(move || {
                let vm = key(&format!("v{number}"));
                loop {
                    let (choice, revision) = {
                        let mut engine = engine.lock().unwrap();
                        (engine.choose(shape), engine.snapshot().revision())
                    };
                    let Some(choice) = choice else { return count(refused) };
                    // Others decide on the same room before this one commits.
                    std::thread::yield_now();
                    let mut engine = engine.lock().unwrap();
                    match engine.commit_choice(&vm, shape, choice, revision) {
                        Ok(()) => return count(placed),
                        Err(CommitError::Stale { .. }) => count(stale),
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    let (placed, refused): (&AtomicUsize, &AtomicUsize) = (&placed, &refused);
    assert_eq!((placed.load(Ordering::Relaxed), refused.load(Ordering::Relaxed)), (100, 156));
    let engine = engine.into_inner().unwrap();
    assert_eq!(engine.snapshot().vm_count(), 100);
    for node in engine.snapshot().node_indices() {
        assert_eq!(engine.snapshot().candidate(node).free_cpu_milli(), 0);
    }
}

#[test]
fn reservations_hold_room_until_they_end() {
    let mut engine = engine(1, json!([]));
    let shape = shape(&mut engine, "v");
    let a = engine.reserve(&key("a"), shape, 10).unwrap().unwrap();
    let b = engine.reserve(&key("b"), shape, 20).unwrap().unwrap();
    assert_eq!(engine.reserve(&key("c"), shape, 20), Ok(None), "the room is held");
    assert!(matches!(engine.reserve(&key("a"), shape, 1), Err(CommitError::Change(_))));
    assert_eq!(engine.expire(9), []);
    assert_eq!(engine.expire(10), std::slice::from_ref(&a));
    assert_eq!(engine.commit(a.id), Err(CommitError::Gone(a.id)));
    let c = engine.reserve(&key("c"), shape, 20).unwrap().unwrap();
    engine.commit(b.id).unwrap();
    engine.release(c.id).unwrap();
    assert_eq!(engine.expire(u64::MAX), [], "what is committed stays");
    assert_eq!(engine.snapshot().vm_count(), 1);
}

#[test]
fn a_commit_is_checked_again() {
    let mut engine = engine(2, json!([]));
    let shape = shape(&mut engine, "v");
    let held = engine.reserve(&key("v"), shape, 10).unwrap().unwrap();
    engine.set_state(held.node(), NodeState::Down).unwrap();
    assert!(matches!(engine.commit(held.id), Err(CommitError::Stale { .. })));
    assert_eq!(engine.snapshot().vm_count(), 0, "its room is given back");
    let held = engine.reserve(&key("v"), shape, 10).unwrap().unwrap();
    engine.place(&key("w"), shape).unwrap();
    engine.commit(held.id).unwrap();
    assert_eq!(engine.snapshot().vm_count(), 2);
}

#[test]
fn a_group_is_placed_whole_or_not_at_all() {
    let apart = json!([{"kind": "anti_affinity", "vms": ["a", "b", "c"]}]);
    let mut engine = engine(2, apart);
    let group: Vec<_> = ["a", "b", "c"].map(|id| (key(id), shape(&mut engine, id))).to_vec();
    let revision = engine.snapshot().revision();
    assert_eq!(engine.place_group(&group).unwrap(), Err(2), "there are two nodes for three");
    assert_eq!((engine.snapshot().vm_count(), engine.snapshot().revision()), (0, revision));
    assert_eq!(engine.candidates(group[0].1, 9).len(), 2);
    assert_eq!(engine.place_group(&group[..2]).unwrap().unwrap().len(), 2);
    assert!(engine.place_group(&group[1..]).is_err(), "b is placed already");
    assert_eq!(engine.snapshot().vm_count(), 2);
}
