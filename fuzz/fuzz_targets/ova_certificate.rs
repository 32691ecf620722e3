//! Any bytes are judged as the signature of a package, and read as trusted certificates or refused.
#![no_main]

use std::{path::Path, sync::Arc};

use libfuzzer_sys::fuzz_target;
use quantix_ova::{
    manifest::CertificateState,
    package::Package,
    signature::{Trust, check},
};

fuzz_target!(|input: &[u8]| {
    let ovf = br#"<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>"#;
    let mut tar = member("a.ovf", ovf);
    tar.extend(member("a.mf", b"SHA1(a.ovf)= 00\n"));
    tar.extend(member("a.cert", input));
    tar.resize(tar.len() + 1024, 0);
    let package = Package::from_source(Arc::new(tar), Path::new("input")).expect("a package");
    let trust = Trust::default().with_roots(input).unwrap_or_default().at(2_000_000_000);
    let judgement = check(&package, &trust);
    assert_ne!(judgement.state, CertificateState::Absent);
    if judgement.state == CertificateState::Valid {
        assert!(judgement.report.is_some_and(|report| report.matches) && trust.has_roots());
    }
});

/// A file in a tar.
fn member(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[148..156].fill(b' ');
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = [&header, content].concat();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}
