//! Parts of user-data that were told apart and are put together again come apart the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_cloudinit::mime::{split, write};

fuzz_target!(|bytes: &[u8]| {
    let Ok(first) = split(bytes) else { return };
    // A file name or content type that no header can carry is refused.
    let Ok(text) = write(&first.parts) else { return };
    drop(split(text.as_bytes()));
});
