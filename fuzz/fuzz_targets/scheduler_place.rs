//! Any cluster, list of machines and policy are placed or refused; what is placed is what the scan
//! would choose, and undoing restores the snapshot. The documents are three lines of JSON.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use quantix_core::cluster::{Cluster, VmList};
use quantix_scheduler::{Engine, Pipeline, Policy, Snapshot, best};

/// What a small machine can look at in no time.
const NODES_MAX: usize = 64;

fuzz_target!(|input: &str| -> Corpus {
    let mut lines = input.lines();
    let mut next = || lines.next().unwrap_or_default();
    let (Ok(cluster), Ok(list)) =
        (serde_json::from_str::<Cluster>(next()), serde_json::from_str::<VmList>(next()))
    else {
        return Corpus::Reject;
    };
    let policy: Policy = serde_json::from_str(next()).unwrap_or_default();
    if cluster.nodes.len() > NODES_MAX || list.vms.len() > NODES_MAX {
        return Corpus::Reject;
    }
    let Ok(pipeline) = Pipeline::new(&policy) else { return Corpus::Keep };
    let Ok(snapshot) = Snapshot::build(&cluster) else { return Corpus::Keep };
    let before = snapshot.digest();
    let mut engine = Engine::new(snapshot, pipeline);
    let checkpoint = engine.checkpoint();
    for vm in &list.vms {
        let Ok(shape) = engine.shape(vm) else { continue };
        engine.expect(shape);
        let wanted = best(
            engine.snapshot(),
            &engine.snapshot().shape_by_id(shape).clone(),
            engine.pipeline(),
        );
        assert_eq!(engine.choose(shape), wanted);
        if let Ok(placed) = engine.place(&vm.id, shape) {
            assert_eq!(placed, wanted);
        }
    }
    engine.undo(checkpoint);
    assert_eq!(engine.snapshot().digest(), before);
    Corpus::Keep
});
