//! User-data, meta-data and vendor-data of any form are checked and explained, and the verdict is that
//! of the faults.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quantix_cloudinit::{
    check::{CheckOptions, DocumentKind, check_document},
    explain::explain,
    schema::VersionRange,
};

fuzz_target!(|bytes: &[u8]| {
    for kind in [None, Some(DocumentKind::VendorData), Some(DocumentKind::MetaData)] {
        let options = CheckOptions { kind, ..CheckOptions::default() };
        let report = check_document(bytes, &options);
        assert_eq!(report.valid, !report.faults.iter().any(|finding| finding.is_error()));
        drop(explain(bytes, &options));
    }
    let options = CheckOptions { versions: VersionRange::ALL, ..CheckOptions::default() };
    drop(check_document(bytes, &options));
});
