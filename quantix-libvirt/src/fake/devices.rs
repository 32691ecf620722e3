//! Devices in the XML of a fake domain.

use quantix_xml::{Document, Element, NewElement, NodeId, Place};

use super::connection::{Call, FakeConnection, domain, invalid};
use super::record::edit;
use crate::{Affect, Class, DomainRef, Error, Event, NodeDeviceInfo, Result};

/// What tells a device from others of its kind: its target, or its address.
fn identity(device: Element<'_>) -> Option<String> {
    let target = device.child("target").and_then(|target| target.attr("dev"));
    let mac = || device.child("mac").and_then(|mac| mac.attr("address"));
    let alias = || device.child("alias").and_then(|alias| alias.attr("name"));
    target.or_else(mac).or_else(alias).map(std::borrow::Cow::into_owned)
}

fn devices_of(operation: &'static str, document: &Document) -> Result<NodeId> {
    let devices = document.root().child("devices").map(|devices| devices.id());
    devices.ok_or_else(|| invalid(operation, "the domain has no devices"))
}

/// The device of a domain that `wanted` describes.
fn find(document: &Document, wanted: Element<'_>) -> Option<NodeId> {
    let identity_wanted = identity(wanted);
    document
        .root()
        .child("devices")?
        .elements_named(wanted.local_name())
        .find(|device| identity(*device) == identity_wanted)
        .map(|device| device.id())
}

/// A change of the devices.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Attach,
    Detach,
    Update,
}

/// The XML of a domain after a change, and the alias or identity of the device.
pub(super) fn change(
    operation: &'static str,
    xml: &str,
    device: &str,
    change: Change,
) -> Result<(String, String)> {
    let mut document = Document::parse(xml).map_err(|error| invalid(operation, error))?;
    let wanted = Document::parse(device).map_err(|error| invalid(operation, error))?;
    let name = identity(wanted.root()).unwrap_or_else(|| wanted.root().local_name().to_owned());
    let found = find(&document, wanted.root());
    let edited = match (change, found) {
        (Change::Attach, Some(_)) => {
            let text = ["target ", &name, " already exists"].concat();
            return Err(Error::new(Class::Conflict, operation, text));
        }
        (Change::Attach, None) => {
            let devices = devices_of(operation, &document)?;
            document.insert_xml(Place::LastIn(devices), device).map(drop)
        }
        (Change::Detach | Change::Update, None) => {
            let text = ["device not found: no ", &name].concat();
            return Err(Error::new(Class::NotFound, operation, text));
        }
        (Change::Detach, Some(node)) => document.remove(node),
        (Change::Update, Some(node)) => {
            let replaced = document.insert_xml(Place::After(node), device);
            replaced.and_then(|_| document.remove(node))
        }
    };
    edited.map_err(|error| invalid(operation, error))?;
    Ok((document.to_string(), name))
}

/// Replaces the text of an element at the top of a domain.
pub(super) fn set_text(
    operation: &'static str,
    xml: &str,
    name: &str,
    text: &str,
) -> Result<String> {
    let mut document = Document::parse(xml).map_err(|error| invalid(operation, error))?;
    let node = document.root().child(name).map(|element| element.id());
    let node = node.ok_or_else(|| invalid(operation, "the domain lacks the element"))?;
    document.set_text(node, text).map_err(|error| invalid(operation, error))?;
    Ok(document.to_string())
}

/// Replaces an attribute of an element at the top of a domain.
pub(super) fn set_attribute(
    operation: &'static str,
    xml: &str,
    (element, name): (&str, &str),
    value: &str,
) -> Result<String> {
    let mut document = Document::parse(xml).map_err(|error| invalid(operation, error))?;
    let node = document.root().child(element).map(|element| element.id());
    let node = node.ok_or_else(|| invalid(operation, "the domain lacks the element"))?;
    document.set_attribute(node, name, value).map_err(|error| invalid(operation, error))?;
    Ok(document.to_string())
}

/// The devices of a fake host: a graphics card with its sound in one group, a network card, a USB
/// stick, a disk.
pub(super) fn of_host() -> Vec<NodeDeviceInfo> {
    let text = |text: &str| Some(text.to_owned());
    let device = |name: &str, kind: &str, address: &str| NodeDeviceInfo {
        name: name.to_owned(),
        parent: text("computer"),
        kind: kind.to_owned(),
        address: text(address),
        ..NodeDeviceInfo::default()
    };
    let pci = |name: &str, address: &str, class: &str, driver: &str, group: u64| NodeDeviceInfo {
        driver: text(driver),
        class: text(class),
        vendor_id: text("0x1af4"),
        product_id: text("0x1050"),
        vendor: text("Fake"),
        iommu_group: Some(group),
        numa_node: Some(0),
        ..device(name, "pci", address)
    };
    vec![
        device("block_vda", "storage", "/dev/vda"),
        NodeDeviceInfo {
            parent: text("pci_0000_02_00_0"),
            ..device("net_eth0_52_54_00_00_00_01", "net", "eth0")
        },
        pci("pci_0000_01_00_0", "0000:01:00.0", "0x030000", "vfio-pci", 1),
        pci("pci_0000_01_00_1", "0000:01:00.1", "0x040300", "snd_hda_intel", 1),
        pci("pci_0000_02_00_0", "0000:02:00.0", "0x020000", "virtio-pci", 2),
        NodeDeviceInfo {
            vendor_id: text("0x0951"),
            product_id: text("0x1666"),
            vendor: text("Fake"),
            product: text("Stick"),
            ..device("usb_1_2", "usb_device", "1:2")
        },
    ]
}

/// The capabilities of a fake host; its UUID follows from its seed.
pub(super) fn host(seed: u64) -> String {
    let id = uuid::Uuid::from_u128(0xfa4e << 112 | u128::from(seed)).to_string();
    let cpus = (0..16).map(|number: u32| {
        let (number, core) = (number.to_string(), (number / 2).to_string());
        NewElement::new("cpu")
            .attr("id", number)
            .attr("socket_id", "0")
            .attr("die_id", "0")
            .attr("core_id", core)
    });
    let memory = NewElement::new("memory").attr("unit", "KiB").text((65_536_u64 << 10).to_string());
    let cell = NewElement::new("cell")
        .attr("id", "0")
        .child(memory)
        .child(NewElement::new("cpus").attr("num", "16").children(cpus));
    let topology = NewElement::new("topology")
        .attr("sockets", "1")
        .attr("dies", "1")
        .attr("cores", "8")
        .attr("threads", "2");
    let cpu = NewElement::new("cpu")
        .child(NewElement::new("arch").text("x86_64"))
        .child(NewElement::new("model").text("qemu64"))
        .child(NewElement::new("vendor").text("Fake"))
        .child(topology)
        .child(NewElement::new("pages").attr("unit", "KiB").attr("size", "4"));
    let cells = NewElement::new("cells").attr("num", "1").child(cell);
    let host = NewElement::new("host")
        .child(NewElement::new("uuid").text(id))
        .child(cpu)
        .child(NewElement::new("topology").child(cells));
    let arch = NewElement::new("arch")
        .attr("name", "x86_64")
        .child(NewElement::new("wordsize").text("64"))
        .child(NewElement::new("machine").attr("maxCpus", "288").text("pc-q35-7.2"))
        .child(NewElement::new("domain").attr("type", "qemu"));
    let guest = NewElement::new("guest").child(NewElement::new("os_type").text("hvm")).child(arch);
    let root = NewElement::new("capabilities").child(host).child(guest);
    Document::new(&root).map(|document| document.to_string()).unwrap_or_default()
}

/// The domain capabilities of a fake host.
pub(super) fn capabilities(arch: &str, machine: &str) -> String {
    let or = |text: &str, default: &str| if text.is_empty() { default } else { text }.to_owned();
    let values = |name: &str, values: &[&str]| {
        let values = values.iter().map(|value| NewElement::new("value").text(*value));
        NewElement::new("enum").attr("name", name).children(values)
    };
    let part = |name: &str| NewElement::new(name).attr("supported", "yes");
    let mode = NewElement::new("mode").attr("name", "maximum").attr("supported", "yes");
    let disk = part("disk")
        .child(values("diskDevice", &["disk", "cdrom"]))
        .child(values("bus", &["virtio", "sata", "scsi", "ide", "usb"]));
    let root = NewElement::new("domainCapabilities")
        .child(NewElement::new("path").text("/usr/bin/qemu-system-x86_64"))
        .child(NewElement::new("domain").text("qemu"))
        .child(NewElement::new("machine").text(or(machine, "pc-q35-7.2")))
        .child(NewElement::new("arch").text(or(arch, "x86_64")))
        .child(NewElement::new("vcpu").attr("max", "288"))
        .child(part("os").child(values("firmware", &["efi"])))
        .child(NewElement::new("cpu").child(mode))
        .child(NewElement::new("devices").child(disk));
    Document::new(&root).map(|document| document.to_string()).unwrap_or_default()
}

impl FakeConnection {
    /// Changes a device where `affect` says; a guest may refuse to let one go.
    pub(super) fn device(
        &self,
        call: Call,
        operation: &'static str,
        (device, affect): (&str, Affect),
        change: Change,
    ) -> Result<()> {
        let Some(id) = call.id else { return Ok(()) };
        self.call(call, |inner| {
            let domain = domain(inner, operation, id)?;
            let is_live_detach = change == Change::Detach && affect != Affect::NextBoot;
            let seen = domain.live_xml.as_ref().filter(|_| affect != Affect::NextBoot);
            let seen = seen.unwrap_or(&domain.xml);
            let (_, alias) = self::change(operation, seen, device, change)?;
            let reference = DomainRef { name: domain.name.clone(), id };
            if is_live_detach && !domain.guest.releases_devices {
                inner.emit(&Event::DeviceRemovalFailed { domain: reference, alias });
                return Ok(());
            }
            edit(domain, operation, affect, |xml| {
                self::change(operation, xml, device, change).map(|(xml, _)| xml)
            })?;
            if is_live_detach {
                inner.emit(&Event::DeviceRemoved { domain: reference, alias });
            }
            Ok(())
        })
    }
}
