//! Any text is a trace or refused with a line, and a trace is replayed on a few hosts.
#![no_main]

use std::num::{NonZeroU32, NonZeroU64};

use libfuzzer_sys::{Corpus, fuzz_target};
use quantix_scheduler::{Fleet, Policy, Trace, simulate};

fuzz_target!(|input: &[u8]| -> Corpus {
    let Ok(trace) = Trace::read(input) else { return Corpus::Keep };
    if trace.len() > 256 {
        return Corpus::Reject;
    }
    let fleet = Fleet {
        hosts: NonZeroU32::MIN.saturating_add(2),
        cpu_milli: NonZeroU64::MIN.saturating_add(7_999),
        memory_mib: NonZeroU64::MIN.saturating_add(16_383),
        numa: NonZeroU32::MIN.saturating_add(1),
    };
    if let Ok(result) = simulate(&trace, &fleet, &Policy::default()) {
        assert_eq!(result.accepted + result.rejected, trace.len() as u64);
        assert!(result.peak_hosts_used <= 3);
    }
    Corpus::Keep
});
