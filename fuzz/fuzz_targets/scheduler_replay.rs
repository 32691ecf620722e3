//! Any text is a record of a decision or refused, and a record that is replayed comes out the same.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use quantix_core::cluster::Cluster;
use quantix_scheduler::{Snapshot, replay};

fuzz_target!(|input: &str| -> Corpus {
    let Some((cluster, record)) = input.split_once('\n') else { return Corpus::Reject };
    let Ok(cluster) = serde_json::from_str::<Cluster>(cluster) else { return Corpus::Reject };
    let Ok(mut snapshot) = Snapshot::build(&cluster) else { return Corpus::Reject };
    if let Ok(decision) = replay(record, &mut snapshot) {
        let text = decision.to_json();
        assert_eq!(replay(&text, &mut snapshot).map(|again| again.to_json()).ok(), Some(text));
    }
    Corpus::Keep
});
