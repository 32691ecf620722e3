//! Any text is read or refused with findings, strictly and leniently, and what is read is written so
//! that it is read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_core::document::{DocumentKind, ReadMode, check};

fuzz_target!(|input: (u8, bool, &str)| {
    let (kind, lenient, text) = input;
    let kind = DocumentKind::ALL[usize::from(kind) % DocumentKind::ALL.len()];
    let mode = if lenient { ReadMode::Lenient } else { ReadMode::Strict };
    let report = check(kind, text, mode);
    match report.document {
        Some(document) => {
            let again = check(kind, &document.to_string(), mode);
            assert_eq!(again.document, Some(document));
        }
        None => assert!(report.findings.iter().any(|finding| finding.is_error())),
    }
});
