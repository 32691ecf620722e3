//! Whatever is read as YAML is written so that it is read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_cloudinit::yaml::{emit, parse};

fuzz_target!(|text: &str| {
    let Ok(Some(node)) = parse(text) else { return };
    let value = node.to_value();
    // What is nested too deeply to be written says so.
    let Ok(written) = emit(&value) else { return };
    let again = parse(&written).ok().flatten().map(|node| node.to_value());
    assert!(again.as_ref() == Some(&value), "{written:?}");
});
