//! Any text is answered or refused with findings; what is remembered comes back as it was given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_core::question::ask;

fuzz_target!(|text: &str| match ask(text) {
    Ok(answer) => assert!(answer.is_object()),
    Err(findings) => assert!(findings.iter().any(|finding| finding.is_error())),
});
