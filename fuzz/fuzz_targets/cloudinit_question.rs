//! Questions in JSON: an answer, or findings with their codes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_cloudinit::question::ask;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Hashing is slow on purpose.
    if text.contains("hash") || text.contains("plain") {
        return;
    }
    if let Err(findings) = ask(text) {
        assert!(findings.iter().any(|finding| finding.is_error() && !finding.code.is_empty()));
    }
});
