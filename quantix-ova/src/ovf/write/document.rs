//! The envelope as a tree.

use std::collections::BTreeSet;

use quantix_xml::NewElement;

use super::{Appliance, ApplianceProperty, ControllerModel, item::Item};
use crate::ovf::Firmware;

const OVF: &str = "http://schemas.dmtf.org/ovf/envelope/1";
const CIM: &str = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/";

pub(super) fn envelope(appliance: &Appliance) -> NewElement {
    NewElement::new("Envelope")
        .attr("xmlns", OVF)
        .attr("xmlns:ovf", OVF)
        .attr("xmlns:rasd", [CIM, "CIM_ResourceAllocationSettingData"].concat())
        .attr("xmlns:vssd", [CIM, "CIM_VirtualSystemSettingData"].concat())
        .attr("xmlns:vmw", "http://www.vmware.com/schema/ovf")
        .attr("ovf:version", "1.0")
        .child(references(appliance))
        .child(disks(appliance))
        .children((!appliance.nics.is_empty()).then(|| networks(appliance)))
        .child(system(appliance))
}

fn section(name: &str, info: &str) -> NewElement {
    NewElement::new(name).child(text("Info", info))
}

fn text(name: &str, value: &str) -> NewElement {
    NewElement::new(name).text(value)
}

fn text_opt(name: &str, value: Option<&str>) -> Option<NewElement> {
    value.map(|value| text(name, value))
}

fn file_id(index: usize) -> String {
    format!("file{}", index + 1)
}

fn disk_id(appliance: &Appliance, index: usize) -> String {
    let given = appliance.disks.get(index).and_then(|disk| disk.id.clone());
    given.unwrap_or_else(|| format!("vmdisk{}", index + 1))
}

fn references(appliance: &Appliance) -> NewElement {
    let files = appliance.disks.iter().enumerate().filter_map(|(index, disk)| {
        Some(
            NewElement::new("File")
                .attr("ovf:href", disk.href.clone()?)
                .attr("ovf:id", file_id(index))
                .attr_opt("ovf:size", disk.file_bytes.map(|bytes| bytes.to_string())),
        )
    });
    NewElement::new("References").children(files)
}

fn disks(appliance: &Appliance) -> NewElement {
    let disks = appliance.disks.iter().enumerate().map(|(index, disk)| {
        // Plain bytes: some readers overlook `capacityAllocationUnits`.
        NewElement::new("Disk")
            .attr("ovf:capacity", disk.capacity_bytes.0.to_string())
            .attr("ovf:diskId", disk_id(appliance, index))
            .attr_opt("ovf:fileRef", disk.href.as_ref().map(|_| file_id(index)))
            .attr("ovf:format", disk.format_uri.clone())
            .attr_opt("ovf:populatedSize", disk.populated_bytes.map(|bytes| bytes.to_string()))
    });
    section("DiskSection", "Virtual disks").children(disks)
}

fn networks(appliance: &Appliance) -> NewElement {
    let names: BTreeSet<&str> = appliance.nics.iter().map(|nic| nic.network.as_str()).collect();
    section("NetworkSection", "Logical networks").children(names.into_iter().map(|name| {
        let description = ["The ", name, " network"].concat();
        NewElement::new("Network").attr("ovf:name", name).child(text("Description", &description))
    }))
}

fn system(appliance: &Appliance) -> NewElement {
    section("VirtualSystem", "A virtual machine")
        .attr("ovf:id", appliance.name.trim())
        .child(text("Name", appliance.name.trim()))
        .children(
            appliance
                .annotation
                .as_deref()
                .map(|note| section("AnnotationSection", "Notes").child(text("Annotation", note))),
        )
        .children(product(appliance))
        .children(appliance.eulas.iter().map(|licence| {
            section("EulaSection", "A licence to accept").child(text("License", licence))
        }))
        .child(operating_system(appliance))
        .child(hardware(appliance))
}

fn product(appliance: &Appliance) -> Option<NewElement> {
    if appliance.product.is_none() && appliance.properties.is_empty() {
        return None;
    }
    let section = section("ProductSection", "The installed software");
    let section = match &appliance.product {
        None => section,
        Some(product) => section
            .child(text("Product", &product.name))
            .children(text_opt("Vendor", product.vendor.as_deref()))
            .children(text_opt("Version", product.version.as_deref()))
            .children(text_opt("FullVersion", product.full_version.as_deref()))
            .children(text_opt("ProductUrl", product.url.as_deref())),
    };
    Some(section.children(appliance.properties.iter().map(property)))
}

fn property(property: &ApplianceProperty) -> NewElement {
    let is_true = |yes: bool| yes.then_some("true");
    NewElement::new("Property")
        .attr("ovf:key", property.key.clone())
        .attr("ovf:type", property.kind.clone())
        .attr_opt("ovf:password", is_true(property.password))
        .attr_opt("ovf:userConfigurable", is_true(property.user_configurable))
        .attr_opt("ovf:value", property.value.clone())
        .children(text_opt("Label", property.label.as_deref()))
        .children(text_opt("Description", property.description.as_deref()))
}

fn operating_system(appliance: &Appliance) -> NewElement {
    section("OperatingSystemSection", "The guest operating system")
        .attr("ovf:id", appliance.os.id.to_string())
        .attr_opt("vmw:osType", appliance.os.vendor.clone())
        .children(text_opt("Description", appliance.os.description.as_deref()))
}

fn hardware(appliance: &Appliance) -> NewElement {
    let system = NewElement::new("System")
        .child(text("vssd:ElementName", "Virtual Hardware Family"))
        .child(text("vssd:InstanceID", "0"))
        .child(text("vssd:VirtualSystemIdentifier", appliance.name.trim()))
        .child(text("vssd:VirtualSystemType", &appliance.hardware));
    // Handing properties over takes a channel: the guest's tools, or a CD.
    let transports = match (appliance.properties.is_empty(), appliance.cdrom) {
        (true, _) => None,
        (false, true) => Some("com.vmware.guestInfo iso"),
        (false, false) => Some("com.vmware.guestInfo"),
    };
    section("VirtualHardwareSection", "Virtual hardware requirements")
        .attr_opt("ovf:transport", transports)
        .child(system)
        .children(Items::of(appliance).into_iter().map(Item::element))
        .children(configuration(appliance))
}

fn configuration(appliance: &Appliance) -> Vec<NewElement> {
    let config = |key: &str, value: &str| {
        NewElement::new("vmw:Config")
            .attr("ovf:required", "false")
            .attr("vmw:key", key)
            .attr("vmw:value", value)
    };
    let mut all = Vec::new();
    if appliance.firmware == Firmware::Efi {
        all.push(config("firmware", "efi"));
        let secure = if appliance.secure_boot { "true" } else { "false" };
        all.push(config("bootOptions.efiSecureBootEnabled", secure));
    }
    all
}

/// Numbers the items.
struct Items {
    items: Vec<Item>,
    next: u32,
}

impl Items {
    fn of(appliance: &Appliance) -> Vec<Item> {
        let mut items = Self { items: Vec::new(), next: 1 };
        items.processors_and_memory(appliance);
        items.disks(appliance);
        items.nics(appliance);
        if appliance.tpm {
            let tpm = items.new_item("Virtual TPM".to_owned(), 1);
            let tpm = tpm.with("AutomaticAllocation", false).with("ResourceSubType", "vmware.vtpm");
            items.items.push(tpm.optional());
        }
        items.items
    }

    fn new_item(&mut self, name: String, resource_type: u16) -> Item {
        self.next += 1;
        Item::new(self.next - 1, name, resource_type)
    }

    fn processors_and_memory(&mut self, appliance: &Appliance) {
        let cpus = appliance.cpus;
        let mut item = self
            .new_item(format!("{cpus} virtual CPU(s)"), 3)
            .with("AllocationUnits", "hertz * 10^6")
            .with("Description", "Number of virtual CPUs")
            .with("VirtualQuantity", cpus);
        if let Some(cores) = appliance.cores_per_socket {
            let element = text("vmw:CoresPerSocket", &cores.to_string());
            item = item.extension(element.attr("ovf:required", "false"));
        }
        self.items.push(item);
        let mib = appliance.memory_mib.0;
        let item = self
            .new_item(format!("{mib} MB of memory"), 4)
            .with("AllocationUnits", "byte * 2^20")
            .with("Description", "Memory size")
            .with("VirtualQuantity", mib);
        self.items.push(item);
    }

    /// A controller, and its instance id.
    fn controller(&mut self, model: ControllerModel, index: usize) -> u32 {
        let (name, resource_type, sub_type) = match model {
            ControllerModel::Lsilogic => ("SCSI controller", 6, "lsilogic"),
            ControllerModel::Lsilogicsas => ("SCSI controller", 6, "lsilogicsas"),
            ControllerModel::Pvscsi => ("SCSI controller", 6, "VirtualSCSI"),
            ControllerModel::Sata => ("SATA controller", 20, "AHCI"),
            ControllerModel::Nvme => ("NVMe controller", 20, "vmware.nvme.controller"),
            ControllerModel::Ide => ("IDE controller", 5, "PIIX4"),
        };
        let item = self
            .new_item(format!("{name} {index}"), resource_type)
            .with("Address", index)
            .with("ResourceSubType", sub_type);
        let instance = item.instance();
        self.items.push(item);
        instance
    }

    fn disks(&mut self, appliance: &Appliance) {
        let model = appliance.controller;
        // Unit 7 of a parallel SCSI bus is the controller's own.
        let units: Vec<usize> = match model {
            ControllerModel::Ide => vec![0, 1],
            ControllerModel::Sata => (0..30).collect(),
            ControllerModel::Nvme => (0..14).collect(),
            _ => (0..15).filter(|unit| *unit != 7).collect(),
        };
        let mut controller = None;
        for index in 0..appliance.disks.len() {
            let (bus, unit) = (index / units.len(), units[index % units.len()]);
            let parent = match controller.filter(|(known, _)| *known == bus) {
                Some((_, parent)) => parent,
                None => self.controller(model, bus),
            };
            controller = Some((bus, parent));
            let item = self
                .new_item(format!("Hard disk {}", index + 1), 17)
                .with("AddressOnParent", unit)
                .with("HostResource", ["ovf:/disk/", &disk_id(appliance, index)].concat())
                .with("Parent", parent);
            self.items.push(item);
        }
        if appliance.cdrom {
            self.cdrom(appliance, controller.filter(|_| model == ControllerModel::Ide));
        }
    }

    /// The CD drive goes last on the last IDE bus, which is made where there is none.
    fn cdrom(&mut self, appliance: &Appliance, ide: Option<(usize, u32)>) {
        let used = appliance.disks.len();
        let (parent, unit) = match ide {
            Some((_, parent)) if used % 2 == 1 => (parent, 1),
            Some((bus, _)) => (self.controller(ControllerModel::Ide, bus + 1), 0),
            None => (self.controller(ControllerModel::Ide, 0), 0),
        };
        let item = self
            .new_item("CD/DVD drive 1".to_owned(), 15)
            .with("AddressOnParent", unit)
            .with("AutomaticAllocation", true)
            .with("Parent", parent);
        self.items.push(item.optional());
    }

    fn nics(&mut self, appliance: &Appliance) {
        for (index, nic) in appliance.nics.iter().enumerate() {
            let description = [&nic.model, " adapter on ", &nic.network].concat();
            let item = self
                .new_item(format!("Network adapter {}", index + 1), 10)
                .with("AddressOnParent", index + 7)
                .with("AutomaticAllocation", true)
                .with("Connection", &nic.network)
                .with("Description", description)
                .with("ResourceSubType", &nic.model);
            self.items.push(item);
        }
    }
}
