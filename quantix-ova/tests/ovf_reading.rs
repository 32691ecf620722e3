//! Dialects and details, on small descriptors of our own.

use quantix_ova::ovf::{Bus, Capacity, Descriptor, Entity, Firmware, Machine};

/// Wraps sections into an OVF 1.x envelope; its body starts at line 2.
fn envelope(body: &str) -> String {
    format!(
        "<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\" xmlns:vmw=\"http://www.vmware.com/schema/ovf\" xmlns:vbox=\"http://www.virtualbox.org/ovf/machine\" xmlns:x=\"urn:x\">\n{body}\n</Envelope>"
    )
}

/// Wraps hardware items; they start at line 4.
fn with_items(items: &str) -> String {
    envelope(&format!(
        "<References><File ovf:id=\"f1\" ovf:href=\"a.vmdk\"/><File ovf:id=\"iso\" ovf:href=\"a.iso\"/></References><DiskSection><Info/><Disk ovf:diskId=\"d1\" ovf:fileRef=\"f1\" ovf:capacity=\"1\" ovf:capacityAllocationUnits=\"byte * 2^30\" ovf:format=\"vmdk\"/></DiskSection><NetworkSection><Info/><Network ovf:name=\"lan\"/></NetworkSection>\n<VirtualSystem ovf:id=\"vm\"><Info/><VirtualHardwareSection><Info/>\n{items}\n</VirtualHardwareSection></VirtualSystem>"
    ))
}

fn parse(source: &str) -> Descriptor {
    Descriptor::parse(source).unwrap_or_else(|e| panic!("{e}: {source}"))
}

fn machine(source: &str) -> Machine {
    let descriptor = parse(source);
    descriptor.machine(descriptor.systems()[0], None)
}

/// The findings of a descriptor as `line:column code`.
fn findings(source: &str) -> Vec<String> {
    let place = |f: &quantix_core::Finding| {
        format!("{}:{} {}", f.line.unwrap_or(0), f.column.unwrap_or(0), f.code)
    };
    parse(source).findings().iter().map(place).collect()
}

#[test]
fn items_become_devices() {
    let source = with_items(
        r#"<Item><InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>4</VirtualQuantity><vmw:CoresPerSocket ovf:required="false">2</vmw:CoresPerSocket></Item>
<Item><InstanceID>2</InstanceID><ResourceType>4</ResourceType><AllocationUnits>MegaBytes</AllocationUnits><VirtualQuantity>1024</VirtualQuantity></Item>
<Item><InstanceID>3</InstanceID><ResourceType>20</ResourceType><ResourceSubType>vmware.sata.ahci</ResourceSubType><Address>1</Address></Item>
<Item><InstanceID>4</InstanceID><ResourceType>17</ResourceType><Parent>3</Parent><AddressOnParent>2</AddressOnParent><HostResource>ovf:/disk/d1</HostResource></Item>
<Item><InstanceID>5</InstanceID><ResourceType>15</ResourceType><Parent>3</Parent><HostResource>ovf:/file/iso</HostResource></Item>
<Item><InstanceID>6</InstanceID><ResourceType>10</ResourceType><ResourceSubType>VmxNet3</ResourceSubType><Connection>lan</Connection><Address>00:50:56:01:02:03</Address><AutomaticAllocation>false</AutomaticAllocation></Item>
<Item><InstanceID>7</InstanceID><ResourceType>23</ResourceType></Item>
<Item><InstanceID>8</InstanceID><ResourceType>1</ResourceType><ResourceSubType>vmware.vtpm</ResourceSubType></Item>
<vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>
<vmw:Config ovf:required="false" vmw:key="bootOptions.efiSecureBootEnabled" vmw:value="true"/>
<vmw:ExtraConfig ovf:required="false" vmw:key="nvram" vmw:value="ovf:/file/iso"/>"#,
    );
    assert_eq!(findings(&source), [""; 0]);
    let machine = machine(&source);
    assert_eq!((machine.cpus, machine.cores_per_socket), (Some(4), Some(2)));
    assert_eq!(machine.memory_mib, Some(1024));
    assert_eq!(machine.firmware, Firmware::Efi);
    assert!(machine.is_secure_boot && machine.has_tpm);
    assert_eq!(machine.nvram.as_deref(), Some("a.iso"));
    let disk = &machine.disks[0];
    assert_eq!(
        (disk.bus, disk.unit, disk.capacity_bytes),
        (Some(Bus::Sata), Some(2), Some(1 << 30))
    );
    assert_eq!(disk.href.as_deref(), Some("a.vmdk"));
    assert_eq!(machine.cdroms[0].href.as_deref(), Some("a.iso"));
    let nic = &machine.nics[0];
    assert_eq!(nic.mac.as_deref(), Some("00:50:56:01:02:03"));
    assert!(!nic.is_connected);
    let kinds: Vec<_> = machine.others.iter().map(|other| other.kind).collect();
    assert_eq!(kinds, ["usb", "tpm"]);
}

#[test]
fn storage_and_ethernet_items_of_ovf_2() {
    let source = with_items(
        r#"<StorageItem xmlns:s="urn:sasd"><s:InstanceID>1</s:InstanceID><s:ResourceType>31</s:ResourceType><s:HostResource>ovf:/disk/d1</s:HostResource></StorageItem>
<EthernetPortItem xmlns:e="urn:epasd"><e:InstanceID>2</e:InstanceID><e:ResourceType>10</e:ResourceType><e:ResourceSubType>E1000</e:ResourceSubType><e:Connection>lan</e:Connection></EthernetPortItem>"#,
    )
    .replace("envelope/1", "envelope/2");
    let descriptor = parse(&source);
    assert_eq!(descriptor.version, "2.0");
    assert_eq!(descriptor.findings(), []);
    let machine = machine(&source);
    assert_eq!(machine.disks[0].capacity_bytes, Some(1 << 30));
    assert_eq!(machine.nics[0].model.as_deref(), Some("E1000"));
}

const OVF_0_9: &str = r#"<o:Envelope xmlns:o="http://www.vmware.com/schema/ovf/1/envelope" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" o:version="0.9">
<References><File o:id="f1" o:href="a.vmdk" o:size="7"/></References>
<Section xsi:type="o:DiskSection_Type"><Info/><Disk o:diskId="d1" o:fileRef="f1" o:capacity="2" o:capacityAllocationUnits="GigaBytes" o:format="vmdk"/></Section>
<Content xsi:type="o:VirtualSystem_Type" o:id="vm"><Info/>
<Section xsi:type="o:VirtualHardwareSection_Type"><Info/>
<Item><Caption>CPU</Caption><InstanceId>1</InstanceId><ResourceType>3</ResourceType><VirtualQuantity>1</VirtualQuantity></Item>
<Item><InstanceId>2</InstanceId><ResourceType>6</ResourceType><BusNumber>3</BusNumber></Item>
<Item><InstanceId>3</InstanceId><ResourceType>17</ResourceType><HostResource>/disk/d1</HostResource><Parent>2</Parent></Item>
</Section></Content></o:Envelope>"#;

#[test]
fn ovf_0_9_names_sections_by_type() {
    let descriptor = parse(OVF_0_9);
    assert_eq!((descriptor.version.as_str(), descriptor.findings()), ("0.9", &[][..]));
    let machine = descriptor.machine(descriptor.systems()[0], None);
    assert_eq!((machine.cpus, machine.disks[0].capacity_bytes), (Some(1), Some(2 << 30)));
    assert_eq!(machine.controllers[0].index, Some(3));
}

const OVIRT: &str = r#"<ovf:Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1/" xmlns:rasd="urn:rasd" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ovf:version="4.4.0.0">
<References><File ovf:href="g/i" ovf:id="i" ovf:size="1073741824"/></References>
<Section xsi:type="ovf:DiskSection_Type"><Disk ovf:diskId="i" ovf:size="3" ovf:actual_size="1" ovf:parentRef="" ovf:fileRef="g/i" ovf:format="http://www.gnome.org/~markmc/qcow-image-format.html" ovf:disk-interface="VirtIO" ovf:boot="true"/></Section>
<Content ovf:id="out" xsi:type="ovf:VirtualSystem_Type"><Name>vm1</Name><BiosType>3</BiosType>
<Section xsi:type="ovf:VirtualHardwareSection_Type"><System><VirtualSystemType>ENGINE 4.4.0.0</VirtualSystemType></System>
<Item><rasd:InstanceId>1</rasd:InstanceId><rasd:ResourceType>3</rasd:ResourceType><rasd:num_of_sockets>2</rasd:num_of_sockets><rasd:cpu_per_socket>4</rasd:cpu_per_socket><rasd:threads_per_cpu>2</rasd:threads_per_cpu></Item>
<Item><rasd:InstanceId>2</rasd:InstanceId><rasd:ResourceType>4</rasd:ResourceType><rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits><rasd:VirtualQuantity>2048</rasd:VirtualQuantity></Item>
<Item><rasd:InstanceId>i</rasd:InstanceId><rasd:ResourceType>17</rasd:ResourceType><rasd:HostResource>g/i</rasd:HostResource><rasd:Parent>00000000-0000-0000-0000-000000000000</rasd:Parent></Item>
<Item><rasd:InstanceId>n</rasd:InstanceId><rasd:ResourceType>10</rasd:ResourceType><rasd:ResourceSubType>3</rasd:ResourceSubType><rasd:Connection>ovirtmgmt</rasd:Connection><rasd:MACAddress>00:1a:4a:16:01:51</rasd:MACAddress></Item>
<Item><rasd:InstanceId>v</rasd:InstanceId><rasd:ResourceType>20</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
</Section></Content></ovf:Envelope>"#;

#[test]
fn ovirt_has_its_own_numbers() {
    let descriptor = parse(OVIRT);
    assert!(!descriptor.is_broken(), "{:?}", descriptor.findings());
    assert_eq!(descriptor.producer.as_deref(), Some("oVirt"));
    let machine = descriptor.machine(descriptor.systems()[0], None);
    assert_eq!((machine.cpus, machine.cores_per_socket), (Some(16), Some(4)));
    assert_eq!((machine.firmware, machine.is_secure_boot), (Firmware::Efi, true));
    let disk = &machine.disks[0];
    assert_eq!((disk.bus, disk.capacity_bytes), (Some(Bus::Virtio), Some(3 << 30)));
    assert!(disk.is_bootable);
    assert_eq!(machine.nics[0].model.as_deref(), Some("virtio"));
    assert_eq!(machine.nics[0].mac.as_deref(), Some("00:1a:4a:16:01:51"));
    assert_eq!(machine.others[0].kind, "video");
}

#[test]
fn firmware_in_every_spelling() {
    let config = |key: &str, value: &str| {
        with_items(&format!(
            "<vmw:Config vmw:key=\"{key}\" vmw:value=\"{value}\" ovf:required=\"false\"/>"
        ))
    };
    let vbox = |kind: &str| {
        with_items("").replace(
            "</VirtualSystem>",
            &format!("<vbox:Machine ovf:required=\"false\"><Hardware><Firmware type=\"{kind}\"/></Hardware></vbox:Machine></VirtualSystem>"),
        )
    };
    let family = with_items(
        "<System><VirtualSystemType>Microsoft:Hyper-V:SubType:2</VirtualSystemType></System>",
    );
    for (source, expected) in [
        (with_items(""), Firmware::Bios),
        (config("firmware", "efi"), Firmware::Efi),
        (config("firmware", "EFI"), Firmware::Efi),
        (config("firmware", "bios"), Firmware::Bios),
        (vbox("EFI"), Firmware::Efi),
        (vbox("EFI64"), Firmware::Efi),
        (vbox("BIOS"), Firmware::Bios),
        (family, Firmware::Efi),
    ] {
        assert_eq!(machine(&source).firmware, expected, "{source}");
    }
}

const OPTIONS: &str = r#"<References/>
<DiskSection><Info/><Disk ovf:diskId="d1" ovf:capacity="${size}" ovf:capacityAllocationUnits="byte * 2^20" ovf:format="vmdk"/></DiskSection>
<DeploymentOptionSection><Info/><Configuration ovf:id="small"><Label>Small</Label></Configuration><Configuration ovf:id="large" ovf:default="true"/></DeploymentOptionSection>
<VirtualSystem ovf:id="vm"><Info/>
<ProductSection ovf:class="com.x" ovf:instance="1"><Info/><Category>Sizes</Category><Property ovf:key="size" ovf:type="uint32" ovf:value="10"><Value ovf:configuration="small" ovf:value="5"/></Property><Property ovf:key="secret" ovf:type="string" ovf:password="true" ovf:userConfigurable="true" ovf:value="x"/></ProductSection>
<VirtualHardwareSection><Info/>
<Item><InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>1</VirtualQuantity></Item>
<Item ovf:configuration="medium large"><InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>2</VirtualQuantity></Item>
<Item ovf:configuration="large"><InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>8</VirtualQuantity></Item>
<Item ovf:bound="max"><InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>64</VirtualQuantity></Item>
<Item><InstanceID>2</InstanceID><ResourceType>17</ResourceType><HostResource>ovf:/disk/d1</HostResource></Item>
</VirtualHardwareSection></VirtualSystem>"#;

#[test]
fn deployment_options_choose_items_and_property_values() {
    let source = envelope(OPTIONS);
    let descriptor = parse(&source);
    assert_eq!(findings(&source), ["9:1 unknown-option"]);
    let system = descriptor.systems()[0];
    assert!(
        matches!(&descriptor.disks[0].capacity, Capacity::Property { key, .. } if key == "size")
    );
    for (option, cpus, mib) in [(None, 8, 10), (Some("large"), 8, 10), (Some("small"), 1, 5)] {
        let machine = descriptor.machine(system, option);
        assert_eq!(machine.cpus, Some(cpus), "{option:?}");
        assert_eq!(machine.disks[0].capacity_bytes, Some(mib << 20), "{option:?}");
    }
    let property = &descriptor.products()[0].properties[0];
    assert_eq!(property.qualified_key, "com.x.size.1");
    assert_eq!(property.category.as_deref(), Some("Sizes"));
}

#[test]
fn passwords_are_not_shown() {
    let inspect = quantix_ova::ovf::Inspect::new(
        quantix_ova::package::Packing::Ovf,
        &parse(&envelope(OPTIONS)),
    );
    assert_eq!(inspect.properties[1].value.as_deref(), Some(quantix_core::REDACTED));
}

#[test]
fn collections_nest_and_order_their_start() {
    let system = |id: &str| {
        format!(
            "<VirtualSystem ovf:id=\"{id}\"><Info/><VirtualHardwareSection><Info/></VirtualHardwareSection></VirtualSystem>"
        )
    };
    let source = envelope(&format!(
        "<References/>\n<VirtualSystemCollection ovf:id=\"app\"><Info/><StartupSection><Info/><Item ovf:id=\"db\" ovf:order=\"1\" ovf:startDelay=\"5\"/>\n<Item ovf:id=\"nobody\" ovf:order=\"2\"/></StartupSection>{}<VirtualSystemCollection ovf:id=\"inner\"><Info/>{}</VirtualSystemCollection></VirtualSystemCollection>",
        system("db"),
        system("web")
    ));
    let descriptor = parse(&source);
    let ids: Vec<_> = descriptor.systems().iter().map(|system| system.id.as_str()).collect();
    assert_eq!(ids, ["db", "web"]);
    assert_eq!(findings(&source), ["4:1 unknown-member"]);
    let Some(Entity::Collection(group)) = &descriptor.content else { panic!("a collection") };
    assert_eq!(group.startup[0].start_delay_seconds, Some(5));
}

#[test]
fn nesting_of_collections_is_bounded() {
    let depth = quantix_ova::ovf::COLLECTION_DEPTH_MAX + 1;
    let open = "<VirtualSystemCollection ovf:id=\"c\"><Info/>".repeat(depth);
    let close = "</VirtualSystemCollection>".repeat(depth);
    let source = envelope(&format!("<References/>{open}{close}"));
    assert!(findings(&source).iter().any(|finding| finding.ends_with("nesting-limit")));
}

#[test]
fn findings_are_counted_beyond_their_limit() {
    let max = quantix_ova::ovf::FINDINGS_MAX;
    let source = envelope(&format!("<References>{}</References>", "<File/>".repeat(max)));
    let descriptor = parse(&source);
    assert_eq!(descriptor.findings().len(), max + 1);
    assert_eq!(descriptor.findings().last().unwrap().code, "more-findings");
}

#[test]
fn localised_texts_are_looked_up() {
    let source = envelope(
        "<References/><VirtualSystem ovf:id=\"vm\"><Info/><Name ovf:msgid=\"n\">fallback</Name><VirtualHardwareSection><Info/></VirtualHardwareSection></VirtualSystem><Strings xml:lang=\"de-DE\"><Msg ovf:msgid=\"n\">Netz</Msg></Strings><Strings xml:lang=\"en-US\"><Msg ovf:msgid=\"n\">web</Msg></Strings>",
    );
    assert_eq!(parse(&source).systems()[0].name.as_deref(), Some("web"));
}

#[test]
fn what_is_wrong_or_doubtful_is_found_where_it_stands() {
    let vm = "<VirtualSystem ovf:id=\"vm\"><Info/><VirtualHardwareSection><Info/></VirtualHardwareSection></VirtualSystem>";
    let refs = "<References><File ovf:id=\"f\" ovf:href=\"a\"/></References>";
    let disk = |attributes: &str| {
        format!("{refs}<DiskSection><Info/>\n<Disk {attributes}/></DiskSection>{vm}")
    };
    let good = "ovf:diskId=\"d\" ovf:fileRef=\"f\" ovf:capacity=\"1\" ovf:format=\"x\"";
    let table: &[(String, &str)] = &[
        (vm.to_owned(), ""),
        (disk(good), ""),
        (String::new(), "1:1 no-content"),
        (format!("{vm}\n{vm}"), "3:1 second-content"),
        ("<VirtualSystem><Info/><VirtualHardwareSection><Info/></VirtualHardwareSection></VirtualSystem>".to_owned(), "2:1 missing-system-id"),
        ("<VirtualSystem ovf:id=\"a\"><Info/></VirtualSystem>".to_owned(), "2:1 missing-hardware"),
        (format!("<References>\n<File ovf:href=\"a\"/></References>{vm}"), "3:1 missing-id"),
        (format!("<References>\n<File ovf:id=\"f\"/></References>{vm}"), "3:1 missing-href"),
        (format!("<References>\n<File ovf:id=\"f\" ovf:href=\"../a\"/></References>{vm}"), "3:1 outside-package"),
        (format!("<References>\n<File ovf:id=\"f\" ovf:href=\"a\" ovf:size=\"-1\"/></References>{vm}"), "3:41 invalid-number"),
        (format!("<References>\n<File ovf:id=\"f\" ovf:href=\"a\" ovf:compression=\"bzip2\"/></References>{vm}"), "3:1 unknown-compression"),
        (format!("<References><File ovf:id=\"f\" ovf:href=\"a\"/>\n<File ovf:id=\"f\" ovf:href=\"b\"/></References>{vm}"), "3:1 duplicate-id"),
        (disk(&good.replace("\"f\"", "\"g\"")), "3:1 unknown-file"),
        (disk(&good.replace("\"1\"", "\"one\"")), "3:52 invalid-capacity"),
        (disk(&good.replace("\"1\"", "\"0\"")), "3:1 zero-capacity"),
        (disk(&good.replace("\"1\"", "\"1\" ovf:capacityAllocationUnits=\"bites\"")), "3:52 invalid-capacity"),
        (disk(&good.replace("ovf:capacity=\"1\"", "")), "3:1 uncertain-capacity"),
        (disk(&format!("{good} ovf:populatedSize=\"2\"")), "3:1 populated-above-capacity"),
        (disk(&format!("{good} ovf:parentRef=\"p\"")), "3:1 unknown-parent"),
        (disk(&format!("{good} ovf:parentRef=\"d\"")), "3:1 parent-cycle"),
        (disk(&good.replace("\"1\"", "\"${p}\"")), "3:1 unset-property"),
        (format!("{vm}\n<x:Odd/>"), "3:1 ignored-section"),
        (format!("{vm}\n<Odd/>"), "3:1 unknown-required-section"),
        (format!("{vm}\n<x:Odd ovf:required=\"true\"/>"), "3:1 unknown-required-section"),
        (format!("{vm}\n<Odd ovf:required=\"false\"/>"), "3:1 ignored-section"),
    ];
    for (body, expected) in table {
        let found = findings(&envelope(body));
        let expected: Vec<&str> = expected.split(", ").filter(|e| !e.is_empty()).collect();
        assert_eq!(found, expected, "{body}");
    }
}

#[test]
fn items_that_are_wrong_or_doubtful_are_found() {
    let item = |body: &str| with_items(&format!("<Item>{body}</Item>"));
    let table = [
        (item("<InstanceID>1</InstanceID><ResourceType>0</ResourceType>"), ""),
        (item("<ResourceType>1</ResourceType>"), "4:1 missing-instance-id"),
        (item("<InstanceID>1</InstanceID>"), "4:1 missing-resource-type"),
        (
            item(
                "<InstanceID>1</InstanceID><ResourceType>17</ResourceType><HostResource>ovf:/disk/no</HostResource>",
            ),
            "4:1 unknown-disk",
        ),
        (
            item(
                "<InstanceID>1</InstanceID><ResourceType>17</ResourceType><Parent>9</Parent><HostResource>ovf:/disk/d1</HostResource>",
            ),
            "4:1 unknown-controller",
        ),
        (
            item(
                "<InstanceID>1</InstanceID><ResourceType>10</ResourceType><Connection>wan</Connection>",
            ),
            "4:1 unknown-network",
        ),
        (
            item(
                "<InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>0</VirtualQuantity>",
            ),
            "4:1 invalid-cpus",
        ),
        (
            item(
                "<InstanceID>1</InstanceID><ResourceType>4</ResourceType><VirtualQuantity>512</VirtualQuantity>",
            ),
            "4:1 missing-unit",
        ),
        (
            item(
                "<InstanceID>1</InstanceID><ResourceType>4</ResourceType><AllocationUnits>hertz</AllocationUnits><VirtualQuantity>512</VirtualQuantity>",
            ),
            "4:1 invalid-memory",
        ),
        (
            with_items(
                "<Item><InstanceID>1</InstanceID><ResourceType>1</ResourceType></Item>\n<Item><InstanceID>1</InstanceID><ResourceType>1</ResourceType></Item>",
            ),
            "5:1 duplicate-instance-id",
        ),
        (
            with_items(
                "<Item ovf:bound=\"most\"><InstanceID>1</InstanceID><ResourceType>1</ResourceType></Item>",
            ),
            "4:1 invalid-bound",
        ),
    ];
    for (source, expected) in &table {
        let found = findings(source);
        let expected: Vec<&str> = expected.split(", ").filter(|e| !e.is_empty()).collect();
        assert_eq!(&found, &expected, "{source}");
    }
}
