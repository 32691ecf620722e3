//! Any text is refused with a place, or its views read it and write it back unchanged; an edit then
//! leaves a document that is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_libvirt::{
    DomainCapabilities, DomainXml,
    view::{NetworkXml, PoolXml, SnapshotXml, VolumeXml},
};

macro_rules! view {
    ($kind:ident, $text:expr, |$edit:ident| $change:expr) => {
        if let Ok(mut document) = $kind::parse($text) {
            assert_eq!(document.document().to_bytes(), $text.as_bytes());
            let $edit = &mut document;
            if $change.is_ok() {
                assert!($kind::parse(document.to_string()).is_ok());
            }
        }
    };
}

fuzz_target!(|text: &str| {
    if let Ok(domain) = DomainXml::parse(text) {
        let details = domain.details();
        assert_eq!(domain.get().disks().len(), details.disks.len());
    }
    drop(DomainCapabilities::parse(text));
    view!(DomainXml, text, |d| d.edit().set_memory(1 << 30).map(drop));
    view!(PoolXml, text, |d| d.edit().set_target_path("/a&b").map(drop));
    view!(VolumeXml, text, |d| d.edit().set_capacity(7).map(drop));
    view!(NetworkXml, text, |d| d.edit().set_bridge_stp(true).map(drop));
    view!(SnapshotXml, text, |d| d.edit().set_parent_name(None).map(drop));
});
