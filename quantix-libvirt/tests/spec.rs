//! Descriptions of machines: their XML, word for word, and what is refused.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use quantix_core::{MemoryMib, VmId};
use quantix_libvirt::{
    CpuModel, DEVICES_MAX, DiskBus, DiskSpec, DomainSpec, DomainType, Firmware, Graphics, Mac,
    NAME_BYTES_MAX, NicSpec, OwnerTag, ScsiModel, SerialSpec, Topology, VideoModel,
};
use support::{Kind, with_host};

fn base() -> DomainSpec {
    DomainSpec::new("web", VmId::from_u128(0x1234), 2, MemoryMib(2048))
}

/// Machines that between them use every setting.
fn zoo() -> Vec<(&'static str, DomainSpec)> {
    let minimal = DomainSpec {
        serial: SerialSpec::None,
        rng: false,
        guest_agent: false,
        balloon: false,
        cpu: CpuModel::Default,
        ..base()
    };
    let translated = DomainSpec {
        domain_type: DomainType::Qemu,
        title: Some("a <web> & more".to_owned()),
        tag: Some(OwnerTag::new("lab \"1\"", "r'1'").file("/var/lib/a & b.qcow2")),
        topology: Some(Topology { sockets: 1, cores: 2, threads: 1 }),
        translation_cache_mib: Some(64),
        disks: vec![
            DiskSpec::qcow2("/var/lib/a & b.qcow2").boot(1),
            DiskSpec { serial: Some("S-1".to_owned()), readonly: true, ..DiskSpec::raw("/c.raw") },
            DiskSpec::cdrom("/seed.iso"),
            DiskSpec { path: None, ..DiskSpec::cdrom("") },
        ],
        nics: vec![
            NicSpec::network("default").mac("52:54:00:00:00:01".parse().unwrap()),
            NicSpec { model: "e1000e".to_owned(), boot_order: Some(2), ..NicSpec::bridge("br0") },
            NicSpec::user().mac(Mac::derived(VmId::from_u128(0x1234), 2)),
        ],
        serial: SerialSpec::File { path: "/var/log/web.log".to_owned() },
        ..base()
    };
    let legacy = DomainSpec {
        domain_type: DomainType::Qemu,
        machine: "pc".to_owned(),
        cpu: CpuModel::Named("qemu64".to_owned()),
        disks: vec![
            DiskSpec::qcow2("/a.qcow2").on(DiskBus::Ide),
            DiskSpec::qcow2("/b.qcow2").on(DiskBus::Scsi),
            DiskSpec::cdrom("/c.iso").on(DiskBus::Ide),
        ],
        scsi_model: ScsiModel::Lsilogic,
        video: VideoModel::Cirrus,
        graphics: Graphics::Vnc,
        ..base()
    };
    let efi = DomainSpec {
        domain_type: DomainType::Qemu,
        firmware: Firmware::Efi,
        cpu: CpuModel::HostModel,
        serial: SerialSpec::PtyWithLog { path: "/var/log/web.log".to_owned() },
        video: VideoModel::Virtio,
        graphics: Graphics::Vnc,
        ..base()
    };
    let secure = DomainSpec {
        domain_type: DomainType::Qemu,
        firmware: Firmware::EfiSecure,
        tpm: true,
        ..base()
    };
    let test = DomainSpec { domain_type: DomainType::Test, ..base() };
    vec![
        ("minimal", minimal),
        ("translated", translated),
        ("legacy", legacy),
        ("efi", efi),
        ("secure", secure),
        ("test", test),
    ]
}

#[test]
fn the_xml_is_what_it_was() {
    for (name, spec) in zoo() {
        let path = format!("{}/tests/golden/{name}.xml", env!("CARGO_MANIFEST_DIR"));
        let xml = spec.to_xml().unwrap();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(std::path::Path::new(&path).parent().unwrap()).unwrap();
            std::fs::write(&path, &xml).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(xml, golden, "{name}: UPDATE=1 rewrites {path}");
    }
}

#[test]
fn libvirt_takes_every_one() {
    with_host(Kind::Qemu, |site, host| async move {
        for (name, spec) in zoo() {
            if matches!(spec.domain_type, DomainType::Kvm | DomainType::Test) {
                continue;
            }
            let machine = site.machine();
            let tag = spec.tag.clone().unwrap_or_else(|| OwnerTag::new("", ""));
            let tag = OwnerTag { owner: site.owner(), ..tag };
            let spec =
                DomainSpec { name: machine.name, id: machine.id, tag: Some(tag.clone()), ..spec };
            let defined = host.define(&spec.to_xml().unwrap()).await;
            assert!(defined.is_ok(), "{name}: {}", defined.unwrap_err());
            assert_eq!(host.tag(spec.id).await.unwrap(), Some(tag), "{name}");
        }
    });
}

#[test]
fn the_wire_form_reads_back() {
    for (name, spec) in zoo() {
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<DomainSpec>(&json).unwrap(), spec, "{name}");
    }
    let unknown = r#"{"name":"a","id":"00000000-0000-0000-0000-000000000001","cpus":1,
        "memory_mib":64,"memroy":1}"#;
    let error = serde_json::from_str::<DomainSpec>(unknown).unwrap_err();
    assert!(error.to_string().contains("memroy"), "{error}");
}

/// What makes a good description a bad one.
type Spoil = fn(&mut DomainSpec);

#[test]
fn every_fault_is_found_and_placed() {
    let table: &[(Spoil, &str)] = &[
        (|s| s.name.clear(), "name"),
        (|s| s.name = "a/b".to_owned(), "name"),
        (|s| s.name = "-a".to_owned(), "name"),
        (|s| s.name = "a\n".to_owned(), "name"),
        (|s| s.name = "a".repeat(NAME_BYTES_MAX + 1), "name"),
        (|s| s.cpus = 0, "cpus"),
        (|s| s.cpus = 4097, "cpus"),
        (|s| s.memory_mib = MemoryMib(0), "memory_mib"),
        (|s| s.memory_mib = MemoryMib(u64::MAX), "memory_mib"),
        (|s| s.topology = Some(Topology { sockets: 1, cores: 3, threads: 1 }), "topology"),
        (|s| s.arch = "x86 64".to_owned(), "arch"),
        (|s| s.machine.clear(), "machine"),
        (|s| s.cpu = CpuModel::Named("a b".to_owned()), "cpu"),
        (|s| (s.firmware, s.machine) = (Firmware::EfiSecure, "pc".to_owned()), "machine"),
        (|s| s.disks.push(DiskSpec::qcow2("relative")), "disks[0].path"),
        (|s| s.disks.push(DiskSpec { path: None, ..DiskSpec::raw("") }), "disks[0].path"),
        (|s| s.disks = vec![DiskSpec::raw("/a"), DiskSpec::qcow2("/a")], "disks[1].path"),
        (|s| s.disks.push(DiskSpec::raw("/a").on(DiskBus::Ide)), "disks[0].bus"),
        (|s| s.disks.push(DiskSpec::cdrom("/a").on(DiskBus::Virtio)), "disks[0].bus"),
        (|s| s.disks.push(DiskSpec::raw("/a").boot(0)), "disks[0].boot_order"),
        (|s| s.disks = vec![DiskSpec::cdrom("/a"); DEVICES_MAX + 1], "disks"),
        (|s| s.nics = vec![NicSpec::user(); DEVICES_MAX + 1], "nics"),
        (|s| s.nics.push(NicSpec::network("")), "nics[0].source.name"),
        (|s| s.nics.push(NicSpec { model: "a b".to_owned(), ..NicSpec::user() }), "nics[0].model"),
        (
            |s| {
                let mac = Mac::derived(VmId::from_u128(1), 1);
                s.nics = vec![NicSpec::user().mac(mac), NicSpec::user().mac(mac)];
            },
            "nics[1].mac",
        ),
        (
            |s| {
                s.disks.push(DiskSpec::raw("/a").boot(1));
                s.nics.push(NicSpec { boot_order: Some(1), ..NicSpec::user() });
            },
            "nics[0].boot_order",
        ),
        (|s| s.serial = SerialSpec::File { path: "x".to_owned() }, "serial.path"),
        (|s| s.graphics = Graphics::Vnc, "video"),
    ];
    assert!(base().check().is_empty());
    for (number, (spoil, path)) in table.iter().enumerate() {
        let mut spec = base();
        spoil(&mut spec);
        let findings = spec.check();
        let found = findings.iter().any(|f| f.is_error() && f.path.as_deref() == Some(path));
        assert!(found, "case {number}, {path}: {findings:?}");
        let error = spec.to_xml().unwrap_err();
        assert!(error.to_string().contains(path), "{error}");
    }
    let mut both = base();
    (both.cpus, both.name) = (0, String::new());
    assert_eq!(both.check().len(), 2, "all faults at once");
}
