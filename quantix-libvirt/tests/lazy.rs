//! libvirt is loaded by the first connection, not by the program.

use std::time::Duration;

use quantix_libvirt::{Class, blocking::Host};

fn libvirt_is_mapped() -> bool {
    std::fs::read_to_string("/proc/self/maps").unwrap_or_default().contains("libvirt.so")
}

#[test]
fn a_program_that_never_connects_needs_no_libvirt() {
    assert!(!libvirt_is_mapped(), "something links libvirt");
    let fake = Host::open("fake:///1", Duration::from_secs(30)).unwrap();
    assert!(fake.domains().unwrap().is_empty());
    assert!(!libvirt_is_mapped(), "the fake needs no libvirt");
    let host = Host::open("test:///default", Duration::from_secs(600)).unwrap();
    assert!(libvirt_is_mapped(), "install the package libvirt0");
    assert_eq!(host.domains().unwrap()[0].name, "test");
    assert_eq!(
        Host::open("nonsense:///", Duration::from_secs(600)).unwrap_err().class(),
        Class::ConnectionLost
    );
}
