//! Answer files of Windows Setup: findings, whatever the bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_cloudinit::windows::check_answer_file;

fuzz_target!(|bytes: &[u8]| {
    for finding in check_answer_file(bytes) {
        assert!(!finding.code.is_empty() && !finding.message.is_empty());
    }
});
