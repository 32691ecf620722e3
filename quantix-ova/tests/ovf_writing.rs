//! Written descriptors: a golden file, what is refused, and that what is written is read back.

use std::{fs, path::Path};

use proptest::prelude::*;
use quantix_core::{Bytes, MemoryMib};
use quantix_ova::ovf::{
    Bus, Descriptor, Firmware,
    write::{
        Appliance, ApplianceDisk, ApplianceNic, ApplianceProduct, ApplianceProperty,
        ControllerModel,
    },
};

fn sample() -> Appliance {
    let mut web = Appliance::new("web & <co>", 4, MemoryMib(4096));
    web.cores_per_socket = Some(2);
    web.firmware = Firmware::Efi;
    web.secure_boot = true;
    web.tpm = true;
    web.cdrom = true;
    web.os.id = 96;
    web.os.vendor = Some("debian12_64Guest".to_owned());
    web.os.description = Some("Debian GNU/Linux 12".to_owned());
    web.disks.push(ApplianceDisk {
        file_bytes: Some(1234),
        populated_bytes: Some(5678),
        ..ApplianceDisk::new("web-disk1.vmdk", Bytes(20 << 30))
    });
    web.disks.push(ApplianceDisk { href: None, ..ApplianceDisk::new("", Bytes(1 << 30)) });
    web.nics.push(ApplianceNic::new("lan"));
    web.nics.push(ApplianceNic { network: "dmz \"1\"".to_owned(), model: "E1000".to_owned() });
    web.annotation = Some("first line\nsecond line".to_owned());
    web.eulas.push("be kind".to_owned());
    web.product = Some(ApplianceProduct {
        name: "Web".to_owned(),
        version: Some("1.2".to_owned()),
        ..ApplianceProduct::default()
    });
    web.properties.push(ApplianceProperty {
        key: "hostname".to_owned(),
        kind: "string".to_owned(),
        value: Some("web-1".to_owned()),
        user_configurable: true,
        password: false,
        label: Some("Host name".to_owned()),
        description: None,
    });
    web
}

#[test]
fn the_written_descriptor_is_the_golden_one() {
    let written = sample().to_ovf().expect("it is valid");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ovf_written.ovf");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &written).expect("the golden file can be written");
    }
    let golden = fs::read(&path).expect("the golden file; UPDATE=1 makes it");
    assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&golden));
}

#[test]
fn what_is_written_is_read_back() {
    let appliance = sample();
    let descriptor = Descriptor::parse(appliance.to_ovf().expect("valid")).expect("OVF");
    assert_eq!(descriptor.findings(), []);
    let system = descriptor.systems()[0];
    assert_eq!(system.name.as_deref(), Some("web & <co>"));
    assert_eq!(system.about.annotation, appliance.annotation);
    assert_eq!(system.about.transports, ["com.vmware.guestInfo", "iso"]);
    let machine = descriptor.machine(system, None);
    assert_eq!((machine.cpus, machine.cores_per_socket), (Some(4), Some(2)));
    assert_eq!(machine.memory_mib, Some(4096));
    assert!(machine.is_secure_boot && machine.has_tpm);
    assert_eq!(machine.firmware, Firmware::Efi);
    assert_eq!(machine.disks[0].href.as_deref(), Some("web-disk1.vmdk"));
    assert_eq!(machine.disks[1].capacity_bytes, Some(1 << 30));
    assert_eq!(machine.nics[1].network.as_deref(), Some("dmz \"1\""));
    assert_eq!(machine.cdroms[0].bus, Some(Bus::Ide));
    assert_eq!(descriptor.property_value("hostname", None), Some("web-1"));
}

#[test]
fn what_other_tools_refuse_is_refused_with_its_path() {
    type Spoil = fn(&mut Appliance);
    let table: &[(Spoil, &str)] = &[
        (|a| a.name = " ".to_owned(), "name"),
        (|a| a.name = "a/b".to_owned(), "name"),
        (|a| a.cpus = 0, "cpus"),
        (|a| a.cores_per_socket = Some(3), "cores_per_socket"),
        (|a| a.memory_mib = MemoryMib(1023), "memory_mib"),
        (|a| a.firmware = Firmware::Bios, "secure_boot"),
        (|a| a.disks[0].capacity_bytes = Bytes(513), "disks[0].capacity_bytes"),
        (|a| a.disks[0].populated_bytes = Some(u64::MAX), "disks[0].populated_bytes"),
        (|a| a.disks[0].href = Some("../x.vmdk".to_owned()), "disks[0].href"),
        (|a| a.disks[1].href = Some("web-disk1.vmdk".to_owned()), "disks[1].href"),
        (|a| a.disks[1].id = Some("vmdisk1".to_owned()), "disks[1].id"),
        (|a| a.nics[0].network.clear(), "nics[0].network"),
        (|a| a.properties[0].key = "a.b".to_owned(), "properties[0].key"),
    ];
    for (spoil, path) in table {
        let mut appliance = sample();
        spoil(&mut appliance);
        let error = appliance.to_ovf().expect_err(path);
        assert_eq!(error.findings()[0].path.as_deref(), Some(*path), "{error}");
    }
    let mut appliance = sample();
    appliance.annotation = Some("\u{7}".to_owned());
    assert_eq!(appliance.to_ovf().expect_err("a bell").findings()[0].code, "not-xml");
}

#[test]
fn the_limits_hold() {
    use quantix_ova::ovf::write::{DISKS_MAX, NICS_MAX, PROPERTIES_MAX};
    let mut appliance = sample();
    let property = appliance.properties[0].clone();
    appliance.disks =
        (0..=DISKS_MAX).map(|n| ApplianceDisk::new(format!("d{n}.vmdk"), Bytes(512))).collect();
    appliance.nics = vec![ApplianceNic::new("lan"); NICS_MAX + 1];
    appliance.properties = (0..=PROPERTIES_MAX)
        .map(|n| ApplianceProperty { key: format!("k{n}"), ..property.clone() })
        .collect();
    let error = appliance.to_ovf().expect_err("too much");
    let paths: Vec<_> = error.findings().iter().filter_map(|f| f.path.as_deref()).collect();
    assert_eq!(paths, ["disks", "nics", "properties"]);
}

fn controllers() -> impl Strategy<Value = ControllerModel> {
    use ControllerModel::{Ide, Lsilogic, Lsilogicsas, Nvme, Pvscsi, Sata};
    prop::sample::select(vec![Lsilogic, Lsilogicsas, Pvscsi, Sata, Nvme, Ide])
}

proptest! {
    #[test]
    fn any_appliance_that_is_written_is_read_back(
        controller in controllers(),
        sizes in prop::collection::vec(1u64..1 << 40, 0..40),
        nics in 0usize..4,
        name in "[a-zA-Z0-9 <>&\"'._-]{1,40}",
        cdrom: bool,
    ) {
        let mut appliance = Appliance::new(name.clone(), 2, MemoryMib(512));
        appliance.controller = controller;
        appliance.cdrom = cdrom;
        appliance.disks = sizes
            .iter()
            .enumerate()
            .map(|(n, sectors)| ApplianceDisk::new(format!("d{n}.vmdk"), Bytes(sectors * 512)))
            .collect();
        appliance.nics = (0..nics).map(|n| ApplianceNic::new(format!("net{n}"))).collect();
        let Ok(ovf) = appliance.to_ovf() else {
            prop_assert!(name.trim().is_empty() || sizes.len() > 3);
            return Ok(());
        };
        let descriptor = Descriptor::parse(ovf).expect("OVF");
        prop_assert_eq!(descriptor.findings(), &[]);
        let machine = descriptor.machine(descriptor.systems()[0], None);
        let read: Vec<_> = machine.disks.iter().filter_map(|d| d.capacity_bytes).collect();
        prop_assert_eq!(read, sizes.iter().map(|s| s * 512).collect::<Vec<_>>());
        prop_assert!(machine.disks.iter().all(|d| d.bus.is_some()));
        let mut places: Vec<_> =
            machine.disks.iter().map(|d| (d.controller.clone(), d.unit)).collect();
        places.extend(machine.cdroms.iter().map(|d| (d.controller.clone(), d.unit)));
        places.sort();
        let count = places.len();
        places.dedup();
        prop_assert_eq!(places.len(), count, "two devices in one place");
        prop_assert_eq!(machine.nics.len(), nics);
    }
}
