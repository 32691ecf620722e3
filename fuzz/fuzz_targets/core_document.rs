//! Any text is read or refused with findings, strictly and leniently, and what is read is written so
//! that it is read the same. The first line of an input names the kind of document.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use quantix_core::{
    REDACTED,
    document::{DocumentKind, ReadMode, check},
};

fuzz_target!(|input: &str| -> Corpus {
    let Some((Ok(kind), text)) =
        input.split_once('\n').map(|(kind, text)| (kind.parse::<DocumentKind>(), text))
    else {
        return Corpus::Reject;
    };
    for mode in [ReadMode::Strict, ReadMode::Lenient] {
        let report = check(kind, text, mode);
        match report.document {
            // What was redacted is refused when it is read back.
            Some(document) if document.to_string().contains(REDACTED) => {}
            Some(document) => {
                let again = check(kind, &document.to_string(), mode);
                assert_eq!(again.document, Some(document));
            }
            None => assert!(report.findings.iter().any(|finding| finding.is_error())),
        }
    }
    Corpus::Keep
});
