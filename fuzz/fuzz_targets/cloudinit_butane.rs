//! Butane documents: whatever the text, an answer; a valid one has a config of its version.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_cloudinit::butane::{ButaneOptions, LocalFile, translate};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let file = LocalFile { bytes: b"a".to_vec(), is_executable: true };
    let files = [("a".to_owned(), file.clone()), ("tree/a".to_owned(), file)].into();
    for strict in [false, true] {
        let options = ButaneOptions { strict, files: Clone::clone(&files) };
        let answer = translate(text, &options);
        assert_eq!(answer.valid, answer.config.is_some());
        assert!(answer.valid || answer.findings.iter().any(|it| strict || it.is_error()));
    }
});
