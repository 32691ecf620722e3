//! A line that is read as an authorized key is read again from what it is written as.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_cloudinit::ssh_key::AuthorizedKey;

fuzz_target!(|text: &str| {
    if let Ok(key) = text.parse::<AuthorizedKey>() {
        let again = key.line().parse::<AuthorizedKey>().expect("a key's own line is a key");
        assert_eq!(again.fingerprint(), key.fingerprint());
    }
});
