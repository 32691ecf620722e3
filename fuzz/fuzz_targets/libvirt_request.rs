//! Any text is refused, or is a request whose JSON is one too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_libvirt::{DomainSpec, Request};

fuzz_target!(|text: &str| {
    if let Ok(request) = Request::parse(text) {
        let json = serde_json::to_string(&request).expect("a request is JSON");
        assert!(Request::parse(&json).is_ok());
    }
    if let Ok(spec) = serde_json::from_str::<DomainSpec>(text) {
        let has_errors = spec.check().iter().any(quantix_core::Finding::is_error);
        assert!(!has_errors || spec.to_xml().is_err());
    }
});
