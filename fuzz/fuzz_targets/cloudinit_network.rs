//! Network configurations of both versions are checked for every renderer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_cloudinit::check::{CheckOptions, DocumentKind, NetworkRenderer, check_document};

fuzz_target!(|bytes: &[u8]| {
    let kind = Some(DocumentKind::NetworkConfig);
    for renderer in NetworkRenderer::ALL {
        let options = CheckOptions { kind, renderer: Some(renderer), ..CheckOptions::default() };
        drop(check_document(bytes, &options));
    }
});
