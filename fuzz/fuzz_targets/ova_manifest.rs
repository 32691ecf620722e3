//! Any bytes are read as a manifest: entries that are right, findings for the rest.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_ova::manifest::Manifest;

fuzz_target!(|input: &[u8]| {
    let manifest = Manifest::parse(input);
    for entry in manifest.entries() {
        assert_eq!(entry.digest.as_bytes().len(), entry.algorithm.digest_bytes());
        assert!(manifest.entry(&entry.name).is_some());
    }
    assert!(!manifest.entries().is_empty() || !manifest.findings().is_empty());
});
