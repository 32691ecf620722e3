//! The engine against the scan: the same node and the same score, whatever happened before.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{cases, key, problem};
use proptest::prelude::*;
use quantix_core::cluster::NodeState;
use quantix_scheduler::{Engine, Pipeline, Policy, Snapshot, Weights, best};

fn weights(kind: u8) -> Weights {
    let none = Weights { typical: 0, ..Weights::default() };
    match kind {
        0 => Weights::default(),
        1 => Weights { spread: 2, preference: 1, ..none },
        2 => Weights { pack: 1, balanced: 3, ..none },
        3 => Weights { fit: 1, pool_free: 2, ..none },
        _ => Weights { typical: 1, spread: 1000, pool_free: 1, preference: 0, ..none },
    }
}

/// Everything about a snapshot that a decision could depend on.
fn bytes(snapshot: &Snapshot) -> String {
    format!("{snapshot:?}")
}

proptest! {
    #![proptest_config(cases(4_000))]

    #[test]
    fn the_index_decides_as_the_scan(
        (cluster, vms) in problem(12, 14),
        kind in 0u8..5,
        steps in prop::collection::vec((0u8..10, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..60),
    ) {
        let policy = Policy { weights: weights(kind), ..Policy::default() };
        let snapshot = Snapshot::build(&cluster).unwrap();
        let mut engine = Engine::new(snapshot, Pipeline::new(&policy).unwrap());
        let shapes: Vec<_> = vms.iter().map(|vm| engine.shape(vm).unwrap()).collect();
        let nodes: Vec<_> = engine.snapshot().node_indices().collect();
        let mut open = None;
        for (what, vm, node) in steps {
            let (at, node) = (vm.index(vms.len()), nodes[node.index(nodes.len())]);
            let (id, shape) = (&vms[at].id, shapes[at]);
            check(engine.snapshot())?;
            match what {
                0..5 => {
                    engine.expect(shape);
                    let wanted = best(engine.snapshot(), &engine.snapshot().shape_by_id(shape).clone(), engine.pipeline());
                    prop_assert_eq!(engine.choose(shape), wanted);
                    if engine.snapshot().node_of(id).is_none() {
                        prop_assert_eq!(engine.place(id, shape).unwrap(), wanted);
                    }
                }
                5 => drop(engine.remove(id)),
                6 => drop(engine.move_to(id, node)),
                7 => {
                    let state = [NodeState::Ready, NodeState::Cordoned, NodeState::Down][at % 3];
                    engine.set_state(node, state).unwrap();
                }
                8 => {
                    let pool = engine.snapshot().pool_index(&key("p1")).unwrap();
                    engine.set_pool_capacity(pool, Some(at as u64 * 10)).unwrap();
                }
                _ => match open.take() {
                    None => {
                        let before = bytes(engine.snapshot());
                        open = Some((engine.checkpoint(), before));
                    }
                    Some((checkpoint, _)) if at % 2 == 0 => engine.keep(checkpoint),
                    Some((checkpoint, before)) => {
                        engine.undo(checkpoint);
                        let after = bytes(engine.snapshot());
                        prop_assert_eq!(sorted_maps(&after), sorted_maps(&before));
                    }
                },
            }
        }
    }
}

/// What must hold after every operation: no room is below zero, since nothing was put where it does
/// not fit, and what is free is what there is less what the machines have.
fn check(snapshot: &Snapshot) -> Result<(), TestCaseError> {
    let mut used: std::collections::BTreeMap<_, (u64, u64, u32)> = Default::default();
    for (vm, node) in snapshot.placements() {
        let shape = snapshot.shape_by_id(snapshot.shape_of(&vm).unwrap());
        let (cpu, memory, count) = used.entry(node).or_default();
        *cpu += shape.cpu_milli;
        *memory += shape.memory_mib;
        *count += 1;
    }
    for node in snapshot.node_indices() {
        let (cpu, memory, count) = used.get(&node).copied().unwrap_or_default();
        let candidate = snapshot.candidate(node);
        prop_assert_eq!(candidate.vm_count(), count);
        // Moving puts machines where there may be no room for them; free is then zero.
        let left = |all: u64, used: u64| all.saturating_sub(used);
        prop_assert_eq!(candidate.free_cpu_milli(), left(candidate.cpu_milli(), cpu));
        prop_assert_eq!(candidate.free_memory_mib(), left(candidate.memory_mib(), memory));
    }
    Ok(())
}

/// Hash maps print in any order: what counts is that the same words are there.
fn sorted_maps(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split(|c: char| " ,{}[]()".contains(c)).collect();
    words.sort_unstable();
    words
}
