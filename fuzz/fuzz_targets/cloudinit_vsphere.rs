//! Specs of vSphere, as JSON or XML, are imported, and what was imported is exported.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_cloudinit::vsphere::{Format, export, import};

fuzz_target!(|text: &str| {
    let Ok(imported) = import(text) else { return };
    for format in [Format::Json, Format::Xml] {
        // XML cannot carry every text that JSON can.
        let Ok(exported) = export(&imported.spec, format) else { continue };
        import(&exported.text).expect("what was exported is a spec");
    }
});
