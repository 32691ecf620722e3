//! What becomes of an appliance on the platform, and what its guest is told.

use std::collections::BTreeMap;

use quantix_core::{
    Bytes, MemoryMib,
    model::{DiskBus, Firmware, GuestOs, NicModel},
};
use quantix_ova::{
    import::{Choices, Drivers, Environment, Import, ImportError, Platform, Verdict, import},
    ovf::{
        Descriptor,
        write::{Appliance, ApplianceDisk, ApplianceNic, ApplianceProperty, ControllerModel},
    },
};

fn appliance(os: &str, controller: ControllerModel, nic: &str) -> Appliance {
    let mut made = Appliance::new("vm", 4, MemoryMib(2048));
    made.os.vendor = Some(os.to_owned());
    made.controller = controller;
    made.disks.push(ApplianceDisk::new("disk1.vmdk", Bytes(8 << 30)));
    made.nics.push(ApplianceNic { model: nic.to_owned(), ..ApplianceNic::new("lan") });
    made
}

fn imported(appliance: &Appliance, choices: &Choices) -> Import {
    let descriptor = Descriptor::parse(appliance.to_ovf().expect("valid")).expect("OVF");
    import(&descriptor, choices).unwrap_or_else(|error| panic!("{error}"))
}

fn verdict(import: &Import, item: &str) -> Verdict {
    let found = import.report.iter().find(|decision| decision.item == item);
    found.unwrap_or_else(|| panic!("no {item} in {:?}", import.report)).verdict
}

#[test]
fn devices_suit_what_the_guest_knows() {
    use ControllerModel::{Ide, Lsilogic, Nvme, Pvscsi, Sata};
    let table = [
        ("debian12_64Guest", Lsilogic, "VmxNet3", DiskBus::Virtio, NicModel::Virtio),
        ("ubuntu64Guest", Ide, "E1000", DiskBus::Virtio, NicModel::Virtio),
        ("rhel9_64Guest", Pvscsi, "VmxNet3", DiskBus::Sata, NicModel::Virtio),
        ("rhel9_64Guest", Nvme, "VmxNet3", DiskBus::Nvme, NicModel::Virtio),
        ("windows9Server64Guest", Sata, "E1000E", DiskBus::Sata, NicModel::E1000e),
        ("windows9Server64Guest", Lsilogic, "VmxNet3", DiskBus::Sata, NicModel::Vmxnet3),
        ("otherGuest64", Lsilogic, "PCNet32", DiskBus::Sata, NicModel::E1000e),
        ("otherGuest64", Lsilogic, "E1000", DiskBus::Sata, NicModel::E1000),
    ];
    for (os, controller, nic, bus, model) in table {
        let import = imported(&appliance(os, controller, nic), &Choices::default());
        let (disk, card) = (&import.vm.disks[0], &import.vm.network_interfaces[0]);
        assert_eq!((disk.bus, card.model), (bus, model), "{os} {controller:?} {nic}");
        assert_eq!(import.sources, [Some("disk1.vmdk".to_owned())]);
    }
}

#[test]
fn the_deployer_overrides_what_the_guest_is_trusted_to_know() {
    let windows = appliance("windows9Server64Guest", ControllerModel::Lsilogic, "VmxNet3");
    let debian = appliance("debian12_64Guest", ControllerModel::Lsilogic, "VmxNet3");
    let with = |drivers| Choices { drivers, ..Choices::default() };
    assert_eq!(imported(&windows, &with(Drivers::Virtio)).vm.disks[0].bus, DiskBus::Virtio);
    assert_eq!(imported(&debian, &with(Drivers::Generic)).vm.disks[0].bus, DiskBus::Sata);
}

#[test]
fn what_is_kept_is_kept() {
    let mut made = appliance("windows11_64Guest", ControllerModel::Sata, "E1000E");
    made.firmware = quantix_ova::ovf::Firmware::Efi;
    (made.secure_boot, made.tpm, made.cores_per_socket) = (true, true, Some(2));
    let import = imported(&made, &Choices::default());
    let vm = &import.vm;
    assert_eq!((vm.cpu.cores, vm.cpu.sockets), (4, 2));
    assert_eq!(vm.memory.size_mib, MemoryMib(2048));
    assert_eq!((vm.firmware, vm.secure_boot, vm.tpm.is_some()), (Firmware::Efi, true, true));
    assert_eq!(vm.guest_os, GuestOs::Windows11);
    assert_eq!(vm.network_interfaces[0].network_id.as_str(), "lan");
    for item in ["CPUs", "memory", "firmware", "secure boot", "TPM", "disk vmdisk1"] {
        assert_eq!(verdict(&import, item), Verdict::Kept, "{item}");
    }
}

#[test]
fn everything_that_is_changed_or_dropped_says_why_and_where() {
    let ovf = String::from_utf8(
        appliance("otherGuest64", ControllerModel::Lsilogic, "PCNet32").to_ovf().expect("valid"),
    )
    .expect("UTF-8");
    let more = "<Item><rasd:InstanceID>90</rasd:InstanceID><rasd:ResourceType>14</rasd:ResourceType></Item>
      <Item><rasd:InstanceID>91</rasd:InstanceID><rasd:ResourceSubType>vmware.soundcard.hdaudio</rasd:ResourceSubType><rasd:ResourceType>1</rasd:ResourceType></Item>
      <vmw:Config ovf:required=\"false\" vmw:key=\"tools.afterPowerOn\" vmw:value=\"true\"/></VirtualHardwareSection>";
    let descriptor =
        Descriptor::parse(ovf.replace("</VirtualHardwareSection>", more)).expect("OVF");
    let import = import(&descriptor, &Choices::default()).expect("one system");
    for item in ["floppy drive", "sound device", "setting tools.afterPowerOn"] {
        assert_eq!(verdict(&import, item), Verdict::Dropped, "{item}");
    }
    assert_eq!(verdict(&import, "network interface 1"), Verdict::Changed);
    for decision in import.report.iter().filter(|d| d.verdict == Verdict::Dropped) {
        assert!(!decision.reason.is_empty() && decision.line.is_some(), "{decision:?}");
    }
}

#[test]
fn networks_are_mapped() {
    let made = appliance("debian12_64Guest", ControllerModel::Sata, "E1000");
    let networks = BTreeMap::from([("lan".to_owned(), "prod-7".parse().expect("a key"))]);
    let import = imported(&made, &Choices { networks, ..Choices::default() });
    assert_eq!(import.vm.network_interfaces[0].network_id.as_str(), "prod-7");
}

const GROUP: &str = r#"<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" version="1.0"><References/>
<VirtualSystemCollection id="app"><Info/>
<ProductSection><Info/><Property key="ip" type="ip" userConfigurable="true" value="10.0.0.1"/></ProductSection>
<VirtualSystem id="a"><Info/><VirtualHardwareSection><Info/></VirtualHardwareSection>
<ProductSection class="c"><Info/><Property key="url" type="string" value="http://${ip}/${nothing}"/>
<Property key="port" type="uint16" userConfigurable="true" value="80"/>
<Property key="mode" type="string" userConfigurable="true" qualifiers='ValueMap{"on","off"}'/>
<Property key="pin" type="string" password="true" userConfigurable="true" qualifiers="MinLen(4) MaxLen(8)"/></ProductSection></VirtualSystem>
<VirtualSystem id="b"><Info/><VirtualHardwareSection><Info/></VirtualHardwareSection>
<ProductSection><Info/><Property key="other" type="string" value="x"/></ProductSection></VirtualSystem>
</VirtualSystemCollection></Envelope>"#;

fn with_properties(values: &[(&str, &str)]) -> Choices {
    let properties = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Choices { system: Some("a".to_owned()), properties, ..Choices::default() }
}

#[test]
fn properties_are_resolved_for_the_chosen_system() {
    let descriptor = Descriptor::parse(GROUP).expect("OVF");
    let choices = with_properties(&[("ip", "10.0.0.9"), ("c.port", "8080"), ("pin", "12345")]);
    let import = import(&descriptor, &choices).expect("allowed values");
    let values: Vec<_> =
        import.properties.iter().map(|p| (p.key.as_str(), p.value.expose())).collect();
    assert_eq!(
        values,
        [
            ("c.url", "http://10.0.0.9/${nothing}"),
            ("c.port", "8080"),
            ("c.mode", ""),
            ("c.pin", "12345"),
            ("ip", "10.0.0.9"),
        ]
    );
    let json = serde_json::to_string(&import.properties).expect("JSON");
    assert!(!json.contains("12345"), "{json}");
    let codes: Vec<_> = import.findings.iter().map(|f| f.code.as_ref()).collect();
    assert_eq!(codes, ["unset-property"]);
}

#[test]
fn choices_that_the_descriptor_does_not_offer_are_refused() {
    let descriptor = Descriptor::parse(GROUP).expect("OVF");
    let many = import(&descriptor, &Choices::default()).expect_err("two systems");
    assert_eq!(many, ImportError::ManySystems { ids: vec!["a".to_owned(), "b".to_owned()] });
    let nowhere = Choices { option: Some("big".to_owned()), ..with_properties(&[]) };
    let error = import(&descriptor, &nowhere).expect_err("no such option");
    assert_eq!(error.to_string(), "there is no deployment option \"big\": expected one of none");
    assert!(matches!(
        import(&descriptor, &with_properties(&[("other", "1")])),
        Err(ImportError::Unknown { what: "property", .. })
    ));
    for (key, bad) in
        [("port", "65536"), ("port", "-1"), ("mode", "maybe"), ("pin", "123"), ("ip", "x")]
    {
        let error = import(&descriptor, &with_properties(&[(key, bad)])).expect_err(bad);
        let ImportError::Properties { findings } = &error else { panic!("{error}") };
        assert_eq!(findings[0].code, "invalid-value");
        assert!(findings[0].line.is_some());
        assert!(key != "pin" || !error.to_string().contains("123"), "{error}");
    }
}

#[test]
fn references_between_properties_end() {
    let source = GROUP.replace("10.0.0.1", "${c.url}");
    let descriptor = Descriptor::parse(source).expect("OVF");
    let import = import(&descriptor, &with_properties(&[])).expect("defaults are only doubtful");
    assert!(import.findings.iter().any(|f| f.code == "invalid-default"));
}

#[test]
fn the_guest_is_told_its_properties() {
    let mut made = appliance("debian12_64Guest", ControllerModel::Sata, "E1000");
    made.properties.push(ApplianceProperty {
        key: "motd".to_owned(),
        kind: "string".to_owned(),
        value: Some("a \"b\" & <c>\n".to_owned()),
        user_configurable: true,
        password: false,
        label: None,
        description: None,
    });
    let import = imported(&made, &Choices::default());
    let platform = Platform { kind: "QEMU".to_owned(), ..Platform::default() };
    let environment = Environment {
        id: import.system.clone(),
        platform,
        properties: import.properties,
        others: Vec::new(),
    };
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<Environment xmlns=\"http://schemas.dmtf.org/ovf/environment/1\" xmlns:oe=\"http://schemas.dmtf.org/ovf/environment/1\" oe:id=\"vm\">
  <PlatformSection>
    <Kind>QEMU</Kind>
  </PlatformSection>
  <PropertySection>
    <Property oe:key=\"motd\" oe:value=\"a &quot;b&quot; &amp; &lt;c>&#10;\"/>
  </PropertySection>
</Environment>
";
    let xml = environment.to_xml().expect("XML");
    assert_eq!(String::from_utf8_lossy(&xml), expected);
}
