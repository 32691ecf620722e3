//! Appliances in the manner of two other vendors, packed by `qemu-img` and `tar`, converted here
//! and booted under QEMU.
//!
//! What boots is a boot sector that reads a text from near the end of its disk through the BIOS
//! and says it on the serial line: it takes a second and needs no kernel. The appliance with a
//! whole Debian in it is booted by the tests of the command (`deploy`).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use common::{qemu_img_ok, text, tool};
use quantix_ova::{
    convert::{Options, convert_appliance},
    import::{Choices, import},
    ovf,
    package::Package,
    watch::Unwatched,
};

const DISK_BYTES: usize = 24 << 20;
/// Where the text lies.
const SECTOR: usize = 45_000;
/// What QEMU's debug port makes of the number that the boot sector writes to it.
const EXIT_CODE: i32 = 33;

/// Real mode: read one sector to 0x7e00, write it to COM1 up to its first NUL, leave QEMU.
const BOOT: &[u8] = &[
    0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x7c,
    0xfb, // stack, segments
    0xbe, 0x30, 0x7c, 0xb4, 0x42, 0xcd, 0x13, 0x72, 0x0e, // int 13h, extended read
    0xbe, 0x00, 0x7e, 0xba, 0xf8, 0x03, 0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb,
    0xf8, // to COM1
    0xba, 0xf4, 0x00, 0xb0, 0x10, 0xee, 0xf4, 0xeb, 0xfd, 0x00, 0x00, 0x00, // leave
    0x10, 0x00, 0x01, 0x00, 0x00, 0x7e, 0x00, 0x00, // one sector, to 0x7e00, from ...
];

/// A raw disk that says `words` when it boots.
fn disk(folder: &Path, words: &str) -> PathBuf {
    let mut disk = common::mixed_disk(17, DISK_BYTES);
    disk[..512].fill(0);
    disk[..BOOT.len()].copy_from_slice(BOOT);
    disk[BOOT.len()..BOOT.len() + 8].copy_from_slice(&(SECTOR as u64).to_le_bytes());
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    disk[SECTOR * 512..(SECTOR + 1) * 512].fill(0);
    disk[SECTOR * 512..SECTOR * 512 + words.len()].copy_from_slice(words.as_bytes());
    let path = folder.join("disk.raw");
    fs::write(&path, disk).unwrap();
    path
}

/// What the machine says until it leaves.
fn boot(disk: &Path, interface: &str) -> String {
    let drive = format!("file={},format=qcow2,if={interface}", text(disk));
    let output = tool(
        "timeout",
        "coreutils",
        &[
            "120",
            "qemu-system-x86_64",
            "-M",
            "pc",
            "-m",
            "32",
            "-nodefaults",
            "-display",
            "none",
            "-serial",
            "stdio",
            "-device",
            "isa-debug-exit,iobase=0xf4,iosize=4",
            "-drive",
            &drive,
        ],
    );
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_ne!(output.status.code(), Some(127), "install the Debian package qemu-system-x86");
    assert_eq!(output.status.code(), Some(EXIT_CODE), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

fn run(folder: &Path, command: &str) {
    let done = Command::new("sh").args(["-ec", command]).current_dir(folder).status().unwrap();
    assert!(done.success(), "{command}");
}

const NAMESPACES: &str = r#"xmlns="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#;

#[test]
fn an_appliance_in_the_manner_of_virtualbox_boots() {
    let work = tempfile::tempdir().unwrap();
    let folder = work.path();
    let raw = disk(folder, "quantix was here, on IDE");
    let options = ["-O", "vmdk", "-o", "subformat=streamOptimized"];
    let vmdk = folder.join("box-disk001.vmdk");
    qemu_img_ok(&[&["convert", "-f", "raw"], &options[..], &[text(&raw), text(&vmdk)]].concat());
    let ovf = format!(
        r#"<?xml version="1.0"?>
<Envelope ovf:version="1.0" xml:lang="en-US" {NAMESPACES} xmlns:vbox="http://www.virtualbox.org/ovf/machine">
  <References><File ovf:id="file1" ovf:href="box-disk001.vmdk"/></References>
  <DiskSection><Info>List of the virtual disks used in the package</Info>
    <Disk ovf:capacity="{DISK_BYTES}" ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized" vbox:uuid="b2a3d0a8-6c1e-4a0e-9d5e-6b0f0a3f5a11"/>
  </DiskSection>
  <NetworkSection><Info>Logical networks used in the package</Info><Network ovf:name="NAT"><Description>Logical network used by this appliance.</Description></Network></NetworkSection>
  <VirtualSystem ovf:id="box"><Info>A virtual machine</Info>
    <OperatingSystemSection ovf:id="1"><Info>The kind of installed guest operating system</Info><Description>Other_64</Description><vbox:OSType ovf:required="false">Other_64</vbox:OSType></OperatingSystemSection>
    <VirtualHardwareSection><Info>Virtual hardware requirements for a virtual machine</Info>
      <System><vssd:ElementName>Virtual Hardware Family</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemIdentifier>box</vssd:VirtualSystemIdentifier><vssd:VirtualSystemType>virtualbox-2.2</vssd:VirtualSystemType></System>
      <Item><rasd:Caption>1 virtual CPU</rasd:Caption><rasd:Description>Number of virtual CPUs</rasd:Description><rasd:ElementName>1 virtual CPU</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits><rasd:Caption>32 MB of memory</rasd:Caption><rasd:ElementName>32 MB of memory</rasd:ElementName><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>32</rasd:VirtualQuantity></Item>
      <Item><rasd:Address>0</rasd:Address><rasd:Caption>ideController0</rasd:Caption><rasd:ElementName>ideController0</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>PIIX4</rasd:ResourceSubType><rasd:ResourceType>5</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:Caption>disk1</rasd:Caption><rasd:ElementName>disk1</rasd:ElementName><rasd:HostResource>/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
    </VirtualHardwareSection>
    <vbox:Machine ovf:required="false" version="1.19-linux" name="box" OSType="Other_64"><ovf:Info>Complete VirtualBox machine configuration in VirtualBox format</ovf:Info></vbox:Machine>
  </VirtualSystem>
</Envelope>
"#
    );
    fs::write(folder.join("box.ovf"), ovf).unwrap();
    run(
        folder,
        "for f in box.ovf box-disk001.vmdk; do printf 'SHA1 (%s) = %s\\n' $f \
         $(sha1sum $f | cut -d' ' -f1); done > box.mf
         tar --format=ustar --owner=vboxovf20 --group=vbox_v6.1.38 -cf box.ova box.ovf \
         box-disk001.vmdk box.mf",
    );
    let package = Package::open(&folder.join("box.ova")).unwrap();
    let machine = import(&ovf::read(&package).unwrap(), &Choices::default()).unwrap();
    assert_eq!((machine.vm.cpu.cores, machine.vm.memory.size_mib.0), (1, 32));
    for options in [
        Options::default(),
        Options { compress: true, ..Options::default() },
        Options { instant: true, ..Options::default() },
    ] {
        let to = tempfile::tempdir_in(folder).unwrap();
        let done = convert_appliance(&package, to.path(), &options, &Unwatched).unwrap();
        assert!(done.verified);
        assert_eq!(boot(&done.disks[0].path, "ide"), "quantix was here, on IDE");
    }
}

#[test]
fn an_appliance_in_the_manner_of_ovirt_boots() {
    let work = tempfile::tempdir().unwrap();
    let folder = work.path();
    let raw = disk(folder, "quantix was here, on virtio");
    let (image, id) =
        ("6f7f4a52-4b3c-4d0c-8a0e-0d8f6a1b2c3d", "9d1c2b3a-0000-4000-8000-5e6f7a8b9c0d");
    let file = folder.join(image);
    qemu_img_ok(&[
        "convert",
        "-f",
        "raw",
        "-O",
        "qcow2",
        "-o",
        "compat=0.10",
        text(&raw),
        text(&file),
    ]);
    let ovf = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ovf:Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1/" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ovf:version="4.4.0.0">
  <References><File ovf:href="{image}" ovf:id="{image}" ovf:size="{DISK_BYTES}" ovf:description="Active VM" ovf:disk_storage_type="IMAGE"></File></References>
  <NetworkSection><Info>List of networks</Info><Network ovf:name="ovirtmgmt"></Network></NetworkSection>
  <Section xsi:type="ovf:DiskSection_Type"><Info>List of Virtual Disks</Info>
    <Disk ovf:diskId="{image}" ovf:size="1" ovf:actual_size="1" ovf:vm_snapshot_id="{id}" ovf:parentRef="" ovf:fileRef="{image}" ovf:format="http://www.gnome.org/~markmc/qcow-image-format.html" ovf:volume-format="COW" ovf:volume-type="Sparse" ovf:disk-interface="VirtIO" ovf:boot="true" ovf:disk-alias="box_Disk1"></Disk>
  </Section>
  <Content ovf:id="out" xsi:type="ovf:VirtualSystem_Type"><Name>box</Name><Description></Description>
    <Section ovf:id="{id}" ovf:required="false" xsi:type="ovf:OperatingSystemSection_Type"><Info>Guest Operating System</Info><Description>other_linux</Description></Section>
    <Section xsi:type="ovf:VirtualHardwareSection_Type"><Info>1 CPU, 64 Memory</Info>
      <System><vssd:VirtualSystemType>ENGINE 4.4.0.0</vssd:VirtualSystemType></System>
      <Item><rasd:Caption>1 virtual cpu</rasd:Caption><rasd:Description>Number of virtual CPU</rasd:Description><rasd:InstanceId>1</rasd:InstanceId><rasd:ResourceType>3</rasd:ResourceType><rasd:num_of_sockets>1</rasd:num_of_sockets><rasd:cpu_per_socket>1</rasd:cpu_per_socket><rasd:threads_per_cpu>1</rasd:threads_per_cpu></Item>
      <Item><rasd:Caption>64 MB of memory</rasd:Caption><rasd:Description>Memory Size</rasd:Description><rasd:InstanceId>2</rasd:InstanceId><rasd:ResourceType>4</rasd:ResourceType><rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits><rasd:VirtualQuantity>64</rasd:VirtualQuantity></Item>
      <Item><rasd:Caption>box_Disk1</rasd:Caption><rasd:InstanceId>{image}</rasd:InstanceId><rasd:ResourceType>17</rasd:ResourceType><rasd:HostResource>{image}</rasd:HostResource><rasd:Parent>00000000-0000-0000-0000-000000000000</rasd:Parent><Type>disk</Type><Device>disk</Device></Item>
    </Section>
  </Content>
</ovf:Envelope>
"#
    );
    fs::write(folder.join("vm.ovf"), ovf).unwrap();
    run(folder, &format!("tar --format=gnu -cf box.ova {image} vm.ovf"));
    let package = Package::open(&folder.join("box.ova")).unwrap();
    let descriptor = ovf::read(&package).unwrap();
    let machine = import(&descriptor, &Choices::default()).unwrap();
    assert_eq!((machine.vm.cpu.cores, machine.vm.memory.size_mib.0), (1, 64));
    let to = folder.join("out");
    let done = convert_appliance(&package, &to, &Options::default(), &Unwatched).unwrap();
    assert_eq!(boot(&done.disks[0].path, "virtio"), "quantix was here, on virtio");
}
