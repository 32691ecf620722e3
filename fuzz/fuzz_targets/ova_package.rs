//! Any bytes are opened as a package or refused; what is opened is inspected and diagnosed, and
//! every member lies inside the file.
#![no_main]

use std::{path::Path, sync::Arc};

use libfuzzer_sys::{Corpus, fuzz_target};
use quantix_ova::{ovf, package::Package, repair::diagnose};

fuzz_target!(|input: &[u8]| -> Corpus {
    let Ok(package) = Package::from_source(Arc::new(input.to_vec()), Path::new("input")) else {
        return Corpus::Keep;
    };
    for member in package.members() {
        let end = member.offset.checked_add(member.bytes).expect("a bounded member");
        assert!(end <= input.len() as u64);
        assert_eq!(package.find(&member.name).expect("its own member").name, member.name);
    }
    let _ = (ovf::inspect(&package), diagnose(&package));
    Corpus::Keep
});
