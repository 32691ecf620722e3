use std::path::PathBuf;

use super::*;
use crate::{DiskBus, DiskSpec, Mac, NicSpec};

/// Other people's documents, where they are.
pub(crate) fn corpus() -> Vec<PathBuf> {
    let root = std::env::var_os("QUANTIX_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let (mut folders, mut files) = (vec![root.join("libvirt")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "xml") {
                files.push(path);
            }
        }
    }
    files.sort();
    match files.len() {
        0 => println!("corpus: absent"),
        count => println!("corpus: {count} files"),
    }
    files
}

/// The bytes between what two texts have in common at their ends.
fn changed<'t>(old: &'t str, new: &'t str) -> (&'t str, &'t str) {
    let start = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old.as_bytes()[start..], &new.as_bytes()[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let text = |bytes: &'t [u8]| std::str::from_utf8(&bytes[..bytes.len() - end]).unwrap_or("");
    (text(old), text(new))
}

#[test]
fn other_peoples_domains_stay_as_they_are_but_for_the_edit() {
    let mut domains = 0;
    for path in corpus() {
        let bytes = std::fs::read(&path).unwrap();
        let Ok(domain) = DomainXml::parse(&bytes) else { continue };
        domains += 1;
        assert_eq!(domain.document().to_bytes(), bytes, "{}", path.display());
        let source = domain.to_string();
        let details = domain.details();
        if details.name.is_empty() {
            continue;
        }
        let mut edited = domain.clone();
        edited.set_name(&details.name).unwrap();
        assert_eq!(edited.to_string(), source, "same value, same bytes: {}", path.display());
        edited.set_name("new & <name>").unwrap();
        let text = edited.to_string();
        let (_, new) = changed(&source, &text);
        assert!(new.len() <= "<name>new &amp; &lt;name&gt;</name>".len() + 8, "{}", path.display());
        assert_eq!(DomainXml::parse(&text).unwrap().name(), "new & <name>");
        check_disks(&domain, &details, &path);
        if let Some(cpus) = details.cpus_max.filter(|_| domain.attr("vcpu", "current").is_none()) {
            let mut edited = domain.clone();
            edited.set_cpus_max(cpus + 1).unwrap();
            let text = edited.to_string();
            let (old, new) = changed(&source, &text);
            assert!(old.len() < 12 && new.len() < 12, "{}: {old:?} {new:?}", path.display());
            assert_eq!(edited.cpus_max(), Some(cpus + 1));
        }
    }
    println!("{domains} domains");
}

fn check_disks(domain: &DomainXml, details: &DomainDetails, path: &std::path::Path) {
    let source = domain.to_string();
    for disk in details.disks.iter().filter(|disk| !disk.target.is_empty()) {
        if disk.source_type != "file" || disk.source.is_none() {
            continue;
        }
        let mut edited = domain.clone();
        edited.set_disk_file(&disk.target, Some("/new")).unwrap();
        let text = edited.to_string();
        let (_, new) = changed(&source, &text);
        assert!("/new".contains(new), "{}: {new:?}", path.display());
    }
}

const SOURCE: &str = "<domain type='kvm'>
  <name>web</name>
  <memory unit='MiB'>1024</memory>
  <currentMemory unit='MiB'>1024</currentMemory>
  <vcpu placement='static' current='2'>4</vcpu>
  <os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <!-- the system -->
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/a.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'>
      <target dev='sda' bus='sata'/>
    </disk>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/>
      <source network='default'/>
    </interface>
  </devices>
</domain>
";

#[test]
fn edits_are_where_a_person_would_make_them() {
    let mut domain = DomainXml::parse(SOURCE).unwrap();
    domain.set_cpus(3).unwrap();
    domain.set_memory_kib(2 << 20).unwrap();
    domain.set_title("a & b").unwrap();
    domain.set_disk_file("sda", Some("/seed.iso")).unwrap();
    assert_eq!(domain.add_disk(&DiskSpec::raw("/b.raw")).unwrap(), "vdb");
    assert_eq!(domain.add_disk(&DiskSpec::raw("/c.raw").on(DiskBus::Sata)).unwrap(), "sdb");
    domain.remove_disk("sdb").unwrap();
    let mac: Mac = "52:54:00:00:00:01".parse().unwrap();
    domain.add_nic(&NicSpec::user()).unwrap();
    domain.remove_nic(mac).unwrap();
    let expected = SOURCE
        .replace("current='2'", "current='3'")
        .replace(">1024<", ">2048<")
        .replace("</name>", "</name>\n  <title>a &amp; b</title>")
        .replace("      <target dev='sda'", "      <source file='/seed.iso'/>\n      <target dev='sda'")
        .replace(
            "bus='sata'/>\n    </disk>\n",
            "bus='sata'/>\n    </disk>\n    <disk type='file' device='disk'>\n      \
             <driver name='qemu' type='raw' discard='unmap'/>\n      <source file='/b.raw'/>\n      \
             <target dev='vdb' bus='virtio'/>\n    </disk>\n",
        )
        .replace(
            "<interface type='network'>\n      <mac address='52:54:00:00:00:01'/>\n      \
             <source network='default'/>",
            "<interface type='user'>\n      <model type='virtio'/>",
        );
    assert_eq!(domain.to_string(), expected);
    assert!(domain.remove_nic(mac).unwrap_err().is_not_found());
    assert!(domain.set_disk_file("vdz", None).unwrap_err().is_not_found());
    assert!(domain.set_cpus(9).is_err() && domain.set_title("\u{1}").is_err());
}

#[test]
fn details_are_what_the_xml_says() {
    let details = DomainXml::parse(SOURCE).unwrap().details();
    assert_eq!((details.cpus, details.cpus_max), (Some(2), Some(4)));
    assert_eq!(details.memory_mib, Some(quantix_core::MemoryMib(1024)));
    assert_eq!(details.firmware, FirmwareDetails::Efi { secure_boot: false });
    let targets: Vec<&str> = details.disks.iter().map(|disk| disk.target.as_str()).collect();
    assert_eq!(targets, ["vda", "sda"]);
    assert_eq!(details.nics[0].source.as_deref(), Some("default"));
    assert!(DomainXml::parse("<network/>").is_err() && DomainXml::parse("<domain>").is_err());
}
