//! Edits: the model says what was asked for, everything else stays to the byte.
#![allow(clippy::unwrap_used)] // helpers of tests fail the test

mod common;

use std::{fs, num::NonZeroUsize, path::Path};

use quantix_core::{Bytes, MemoryMib};
use quantix_ova::{
    manifest::verify,
    ovf::{
        Descriptor, Inspect, diff,
        edit::{EDITS_MAX, Edit, EditError, edit, edit_package},
    },
    package::{Package, Packing},
    watch::Unwatched,
};

/// A descriptor in the style of VMware's exports, with what no model knows.
const WEB: &str = r#"<?xml version='1.0' encoding="UTF-8"?>
<!-- made by a vendor -->
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf" xmlns:v="urn:vendor">
  <References>
    <File ovf:href="web-disk1.vmdk" ovf:id="file1" ovf:size="9000"/>
  </References>
  <DiskSection>
    <Info>Disks</Info>
    <Disk ovf:capacity="2" ovf:capacityAllocationUnits="byte * 2^30" ovf:diskId="disk1" ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <NetworkSection>
    <Info>Networks</Info>
    <Network ovf:name="VM Network">
      <Description>The network</Description>
    </Network>
  </NetworkSection>
  <DeploymentOptionSection>
    <Info>Sizes</Info>
    <Configuration ovf:id="small" ovf:default="true"><Label>Small</Label><Description>One CPU</Description></Configuration>
    <Configuration ovf:id="large"><Label>Large</Label><Description>Four CPUs</Description></Configuration>
  </DeploymentOptionSection>
  <VirtualSystem ovf:id="web">
    <Info>A machine</Info>
    <Name>web</Name>
    <v:Section ovf:required="false"><v:keep  odd = 'spacing'/></v:Section>
    <ProductSection ovf:class="shop">
      <Info>Product</Info>
      <Property ovf:key="hostname" ovf:type="string" ovf:userConfigurable="true" ovf:value='web'/>
    </ProductSection>
    <OperatingSystemSection ovf:id="96" vmw:osType="debian10_64Guest">
      <Info>Guest</Info>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Hardware</Info>
      <System>
        <vssd:ElementName>Hardware</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemType>vmx-10</vssd:VirtualSystemType>
      </System>
      <Item>
        <rasd:ElementName>1 virtual CPU</rasd:ElementName>
        <rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>1</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:AllocationUnits>byte * 2^30</rasd:AllocationUnits>
        <rasd:ElementName>Memory</rasd:ElementName>
        <rasd:InstanceID>2</rasd:InstanceID>
        <rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>2</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:Address>0</rasd:Address>
        <rasd:ElementName>SCSI</rasd:ElementName>
        <rasd:InstanceID>3</rasd:InstanceID>
        <rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>
        <rasd:ResourceType>6</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>0</rasd:AddressOnParent>
        <rasd:ElementName>Disk</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/disk1</rasd:HostResource>
        <rasd:InstanceID>4</rasd:InstanceID>
        <rasd:Parent>3</rasd:Parent>
        <rasd:ResourceType>17</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:Connection>VM Network</rasd:Connection>
        <rasd:ElementName>Network</rasd:ElementName>
        <rasd:InstanceID>5</rasd:InstanceID>
        <rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>
        <rasd:ResourceType>10</rasd:ResourceType>
        <v:unknown>stays</v:unknown>
      </Item>
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="bios"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
"#;

fn edits(json: &str) -> Vec<Edit> {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// The lines that are gone, and those that are new.
fn changed<'t>(before: &'t str, after: &'t str) -> (Vec<&'t str>, Vec<&'t str>) {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    (old[..old.len() - tail].to_vec(), new[..new.len() - tail].to_vec())
}

/// Checks which lines an edit replaces by which others.
fn check(json: &str, gone: &[&str], new: &[&str]) {
    let edited = edit(WEB.as_bytes(), &edits(json)).unwrap();
    assert_eq!(edited.findings, [], "{json}");
    let text = String::from_utf8(edited.bytes).unwrap();
    let (found_gone, found_new) = changed(WEB, &text);
    let trimmed = |lines: Vec<&str>| lines.iter().map(|l| l.trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(
        (trimmed(found_gone), trimmed(found_new)),
        (
            gone.iter().map(|line| (*line).to_owned()).collect(),
            new.iter().map(|line| (*line).to_owned()).collect(),
        ),
        "{json}"
    );
}

#[test]
fn each_edit_changes_the_lines_that_say_it() {
    check(
        r#"[{"edit":"set_name","name":"shop & more"}]"#,
        &["<Name>web</Name>"],
        &["<Name>shop &amp; more</Name>"],
    );
    check(
        r#"[{"edit":"set_property","key":"shop.hostname","value":"a 'b'"}]"#,
        &[
            r#"<Property ovf:key="hostname" ovf:type="string" ovf:userConfigurable="true" ovf:value='web'/>"#,
        ],
        &[
            r#"<Property ovf:key="hostname" ovf:type="string" ovf:userConfigurable="true" ovf:value='a &apos;b&apos;'/>"#,
        ],
    );
    // In the unit that is there; or in MiB, where that does not come out even.
    check(
        r#"[{"edit":"set_memory","memory_mib":4096}]"#,
        &["<rasd:VirtualQuantity>2</rasd:VirtualQuantity>"],
        &["<rasd:VirtualQuantity>4</rasd:VirtualQuantity>"],
    );
    check(
        r#"[{"edit":"set_capacity","disk":"disk1","capacity_bytes":4294967296}]"#,
        &[
            r#"<Disk ovf:capacity="2" ovf:capacityAllocationUnits="byte * 2^30" ovf:diskId="disk1" ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>"#,
        ],
        &[
            r#"<Disk ovf:capacity="4" ovf:capacityAllocationUnits="byte * 2^30" ovf:diskId="disk1" ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>"#,
        ],
    );
    check(
        r#"[{"edit":"set_firmware","firmware":"efi","secure_boot":true}]"#,
        &[r#"<vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="bios"/>"#],
        &[
            r#"<vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>"#,
            r#"<vmw:Config ovf:required="false" vmw:key="bootOptions.efiSecureBootEnabled" vmw:value="true"/>"#,
        ],
    );
    check(
        r#"[{"edit":"set_cpus","cpus":4,"cores_per_socket":2}]"#,
        &[
            "<rasd:ElementName>1 virtual CPU</rasd:ElementName>",
            "<rasd:InstanceID>1</rasd:InstanceID>",
            "<rasd:ResourceType>3</rasd:ResourceType>",
            "<rasd:VirtualQuantity>1</rasd:VirtualQuantity>",
        ],
        &[
            "<rasd:ElementName>4 virtual CPU</rasd:ElementName>",
            "<rasd:InstanceID>1</rasd:InstanceID>",
            "<rasd:ResourceType>3</rasd:ResourceType>",
            "<rasd:VirtualQuantity>4</rasd:VirtualQuantity>",
            r#"<vmw:CoresPerSocket ovf:required="false">2</vmw:CoresPerSocket>"#,
        ],
    );
    check(
        r#"[{"edit":"set_os","id":102,"description":"other"}]"#,
        &[
            r#"<OperatingSystemSection ovf:id="96" vmw:osType="debian10_64Guest">"#,
            "<Info>Guest</Info>",
        ],
        &[
            r#"<OperatingSystemSection ovf:id="102">"#,
            "<Info>Guest</Info>",
            "<Description>other</Description>",
        ],
    );
    check(
        r#"[{"edit":"set_config","key":"cpu.hotadd","value":"1","extra":true}]"#,
        &[],
        &[r#"<vmw:ExtraConfig ovf:required="false" vmw:key="cpu.hotadd" vmw:value="1"/>"#],
    );
    check(
        r#"[{"edit":"add_eula","text":"Be <kind>"}]"#,
        &[],
        &[
            "<EulaSection>",
            "<Info>A licence to accept</Info>",
            "<License>Be &lt;kind&gt;</License>",
            "</EulaSection>",
        ],
    );
    check(
        r#"[{"edit":"set_default_option","option":"large"}]"#,
        &[
            r#"<Configuration ovf:id="small" ovf:default="true"><Label>Small</Label><Description>One CPU</Description></Configuration>"#,
            r#"<Configuration ovf:id="large"><Label>Large</Label><Description>Four CPUs</Description></Configuration>"#,
        ],
        &[
            r#"<Configuration ovf:id="small"><Label>Small</Label><Description>One CPU</Description></Configuration>"#,
            r#"<Configuration ovf:id="large" ovf:default="true"><Label>Large</Label><Description>Four CPUs</Description></Configuration>"#,
        ],
    );
    check(
        r#"[{"edit":"set_hardware","family":"vmx-13"}]"#,
        &["<vssd:VirtualSystemType>vmx-10</vssd:VirtualSystemType>"],
        &["<vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType>"],
    );
}

/// What a deployment option alone gets is a copy of what all get.
#[test]
fn an_option_gets_an_item_of_its_own() {
    let json = r#"[{"edit":"set_cpus","option":"large","cpus":8},
        {"edit":"set_property","key":"hostname","option":"large","value":"big"}]"#;
    let edited = edit(WEB.as_bytes(), &edits(json)).unwrap();
    assert_eq!(edited.findings, []);
    let descriptor = Descriptor::parse(&edited.bytes).unwrap();
    let cpus = |option| descriptor.machine(descriptor.systems()[0], Some(option)).cpus;
    assert_eq!((cpus("small"), cpus("large")), (Some(1), Some(8)));
    assert_eq!(descriptor.property_value("hostname", Some("large")), Some("big"));
    assert_eq!(descriptor.property_value("hostname", Some("small")), Some("web"));
    let only = WEB.replacen("<Item>", "<Item ovf:configuration=\"small\">", 1);
    let error = edit(only.as_bytes(), &edits(r#"[{"edit":"set_cpus","cpus":2}]"#)).unwrap_err();
    assert!(error.to_string().contains("name one"), "{error}");
}

#[test]
fn what_is_set_is_read_and_what_is_set_back_is_as_it_was() {
    let before = Descriptor::parse(WEB).unwrap();
    let machine = before.machine(before.systems()[0], None);
    let (cpus, memory) = (machine.cpus.unwrap(), machine.memory_mib.unwrap());
    let there = edit(
        WEB.as_bytes(),
        &[
            Edit::SetCpus { system: None, option: None, cpus: cpus + 2, cores_per_socket: None },
            Edit::SetMemory { system: None, option: None, memory_mib: MemoryMib(memory + 1024) },
            Edit::RenameNetwork { from: "VM Network".into(), to: "lan".into() },
        ],
    )
    .unwrap();
    let after = Descriptor::parse(&there.bytes).unwrap();
    let general = after.machine(after.systems()[0], Some("none"));
    assert_eq!(general.memory_mib, Some(memory + 1024));
    assert_eq!(general.nics[0].network.as_deref(), Some("lan"));
    let back = edit(
        &there.bytes,
        &[
            Edit::SetCpus { system: None, option: None, cpus, cores_per_socket: None },
            Edit::SetMemory { system: None, option: None, memory_mib: MemoryMib(memory) },
            Edit::RenameNetwork { from: "lan".into(), to: "VM Network".into() },
        ],
    )
    .unwrap();
    assert_eq!(String::from_utf8(back.bytes).unwrap(), WEB);
}

#[test]
fn devices_come_and_go_with_what_belongs_to_them() {
    let edited = edit(
        WEB.as_bytes(),
        &[
            Edit::AddNic { system: None, network: "backup".into(), model: Some("E1000".into()) },
            Edit::AddDisk { system: None, id: "data".into(), capacity_bytes: Bytes(5 << 30) },
        ],
    )
    .unwrap();
    assert_eq!(edited.findings, []);
    let descriptor = Descriptor::parse(&edited.bytes).unwrap();
    let machine = descriptor.machine(descriptor.systems()[0], None);
    let nic = machine.nics.last().unwrap();
    assert_eq!((nic.network.as_deref(), nic.model.as_deref()), (Some("backup"), Some("E1000")));
    let disk = machine.disks.last().unwrap();
    assert_eq!((disk.capacity_bytes, disk.href.as_deref()), (Some(5 << 30), None));
    assert_eq!(disk.controller, machine.disks[0].controller);
    let (nic, disk) = (nic.instance.clone(), disk.instance.clone());
    let back = edit(
        &edited.bytes,
        &[
            Edit::SetNic {
                system: None,
                instance: nic.clone(),
                network: Some("dmz".into()),
                model: None,
            },
            Edit::RemoveDevice { system: None, instance: nic },
            Edit::RemoveDevice { system: None, instance: disk },
        ],
    )
    .unwrap();
    let left = Descriptor::parse(&back.bytes).unwrap();
    assert_eq!(left.disks.len(), Descriptor::parse(WEB).unwrap().disks.len());
    // Networks stay declared: others may refer to them.
    let networks: Vec<_> = left.networks.iter().map(|network| network.name.as_str()).collect();
    assert!(networks.contains(&"backup") && networks.contains(&"dmz"));
}

#[test]
fn what_cannot_be_edited_says_why_and_changes_nothing() {
    for (json, part) in [
        (
            r#"[{"edit":"set_name","system":"no","name":"x"}]"#,
            "edit 1 (set_name): no system `no`; there is `web`",
        ),
        (
            r#"[{"edit":"set_name","name":"x"},{"edit":"set_cpus","cpus":0}]"#,
            "edit 2 (set_cpus): 0 CPUs",
        ),
        (r#"[{"edit":"set_cpus","cpus":4,"cores_per_socket":3}]"#, "do not fill"),
        (r#"[{"edit":"set_cpus","option":"no","cpus":4}]"#, "no deployment option `no`"),
        (r#"[{"edit":"rename_network","from":"no","to":"x"}]"#, "no network `no`"),
        (r#"[{"edit":"set_capacity","disk":"no","capacity_bytes":512}]"#, "no disk `no`"),
        (r#"[{"edit":"add_disk","id":"a b","capacity_bytes":512}]"#, "no id of its own"),
        (r#"[{"edit":"add_disk","id":"a","capacity_bytes":100}]"#, "no whole sectors"),
        (r#"[{"edit":"remove_device","instance":"777"}]"#, "no device has the instance id `777`"),
        (r#"[{"edit":"remove_device","instance":"3"}]"#, "is attached to it"),
        (r#"[{"edit":"set_nic","instance":"1","model":"E1000"}]"#, "is no network interface"),
        (r#"[{"edit":"set_property","key":"no","value":"x"}]"#, "no property `no`"),
        (
            r#"[{"edit":"set_firmware","firmware":"bios","secure_boot":true}]"#,
            "secure boot needs EFI",
        ),
        (r#"[{"edit":"set_default_option","option":"no"}]"#, "no deployment option `no`"),
        (r#"[{"edit":"set_annotation","text":"bell \u0007"}]"#, "edit 1 (set_annotation)"),
    ] {
        let error = edit(WEB.as_bytes(), &edits(json)).unwrap_err().to_string();
        assert!(error.contains(part), "{json}: {error}");
    }
    let many = vec![Edit::RemoveEulas; EDITS_MAX + 1];
    assert_eq!(edit(WEB.as_bytes(), &many).unwrap_err(), EditError::Limit);
    assert!(matches!(edit(b"<x/>", &[]).unwrap_err(), EditError::Ovf(_)));
}

/// Descriptors of other vendors: each edit that can be made is read back, nothing else changes in
/// what the descriptor means, and the lines that it does not touch stay.
#[test]
fn descriptors_of_every_vendor_are_edited_without_loss() {
    let Some(root) = common::corpus() else {
        println!("corpus: absent");
        return;
    };
    let (mut files, mut made) = (0, 0);
    for path in common::files_below(&root) {
        if path.extension().is_none_or(|extension| extension != "ovf") {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let Ok(before) = Descriptor::parse(&bytes) else { continue };
        files += 1;
        assert_eq!(edit(&bytes, &[]).unwrap().bytes, bytes, "{}", path.display());
        let Some(first) = before.systems().first().map(|system| system.id.clone()) else {
            continue;
        };
        let system = Some(first.clone());
        let all = [
            (Edit::SetName { system: system.clone(), name: "renamed".into() }, "name"),
            (
                Edit::SetCpus {
                    system: system.clone(),
                    option: None,
                    cpus: 6,
                    cores_per_socket: None,
                },
                "c",
            ),
            (
                Edit::SetMemory {
                    system: system.clone(),
                    option: None,
                    memory_mib: MemoryMib(12_288),
                },
                "memory_mib",
            ),
            (Edit::SetAnnotation { system: system.clone(), text: "checked".into() }, "annotation"),
            (Edit::AddNic { system: system.clone(), network: "new net".into(), model: None }, "n"),
        ];
        // Each file gets two of them.
        for (edit_made, expected) in all.into_iter().cycle().skip(files).take(2) {
            let Ok(edited) = edit(&bytes, std::slice::from_ref(&edit_made)) else { continue };
            made += 1;
            let after = Descriptor::parse(&edited.bytes).unwrap();
            let inspect = |descriptor: &Descriptor| {
                let mut answer = Inspect::new(Packing::Ovf, descriptor);
                answer.findings.clear();
                answer
            };
            let found = diff(&inspect(&before), &inspect(&after));
            for change in &found.changes {
                // `c` stands for CPUs and cores, `n` for networks and interfaces.
                let field = change.path.rsplit("].").next().unwrap();
                let is_it = field.starts_with(expected) || change.path.contains("nics[");
                assert!(is_it, "{}: {edit_made:?}: {change:?}", path.display());
            }
            // Only few lines differ, wherever they are.
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let (old, new) = (text(&bytes), text(&edited.bytes));
            let kept = new.lines().filter(|line| old.contains(*line)).count();
            let lines = new.lines().count();
            assert!(lines - kept <= 14, "{}: {edit_made:?}: {}", path.display(), lines - kept);
        }
    }
    println!("corpus: {files} files, {made} edits");
}

#[test]
fn a_package_is_written_again_with_its_other_files_as_they_were() {
    let work = tempfile::tempdir().unwrap();
    let (system, disk) = (work.path().join("web.ova"), common::noise(5, 9000));
    let manifest = common::manifest(&[("web.ovf", WEB.as_bytes()), ("web-disk1.vmdk", &disk)]);
    let files = [
        ("web.ovf", WEB.as_bytes()),
        ("web.mf", manifest.as_bytes()),
        ("web.cert", b"a signature"),
        ("web-disk1.vmdk", &disk),
        ("readme.txt", b"hello"),
    ];
    fs::write(&system, common::tar(&files)).unwrap();
    let package = Package::open(&system).unwrap();
    let cpus = edits(r#"[{"edit":"set_cpus","cpus":2}]"#);
    let to = work.path().join("new.ova");
    let answer = edit_package(&package, &cpus, &to, &Unwatched).unwrap();
    assert!(answer.findings.iter().any(|finding| finding.code == "signature-dropped"));
    let made = Package::open(&to).unwrap();
    let names: Vec<_> = made.members().iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["web.ovf", "web.mf", "web-disk1.vmdk", "readme.txt"]);
    let threads = NonZeroUsize::MIN;
    assert!(verify(&made, threads, &Unwatched).unwrap().ok);
    let again = edit_package(&package, &cpus, &to, &Unwatched).unwrap_err();
    assert!(again.to_string().contains("exists already"), "{again}");
    // The descriptor alone.
    let alone = edit_package(&package, &cpus, &work.path().join("new.ovf"), &Unwatched).unwrap();
    assert_eq!(fs::read(&alone.path).unwrap(), made.descriptor().bytes);
    // A removed disk takes its file with it.
    let gone = edits(r#"[{"edit":"remove_device","instance":"4"}]"#);
    let small = edit_package(&package, &gone, &work.path().join("small.ova"), &Unwatched).unwrap();
    let made = Package::open(&small.path).unwrap();
    assert!(made.find("web-disk1.vmdk").is_err(), "{:?}", made.members());
    let bad = edits(r#"[{"edit":"remove_device","instance":"99"}]"#);
    let nowhere = work.path().join("none.ova");
    assert!(edit_package(&package, &bad, &nowhere, &Unwatched).is_err());
    assert!(!Path::new(&nowhere).exists());
}
