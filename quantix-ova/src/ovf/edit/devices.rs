//! Edits of devices: network interfaces, disks, and what is removed.

use quantix_core::Bytes;
use quantix_xml::{Element, NewElement, NodeId, Place};

use super::draft::{Draft, instance_of, ovf_name, refused, sibling_name, text_of};
use crate::ovf::reader::{section_name, shorten};

/// CIM's numbers for disks.
const DISKS: [&str; 4] = ["17", "19", "31", "32"];

impl Draft {
    /// Adds an item of its own, with its children in the order of the alphabet.
    pub(super) fn new_item(
        &mut self,
        hardware: NodeId,
        resource_type: &str,
        children: &[(&str, &str)],
    ) -> Result<NodeId, String> {
        let instance = self.free_instance(hardware)?.to_string();
        let place = self.at(hardware)?;
        let names = self.rasd(place);
        let spelling = |new: &'static str, old: &'static str| {
            let is_old = place.descendants().any(|element| element.local_name() == old);
            if is_old { old } else { new }
        };
        let (id, caption) =
            (spelling("InstanceID", "InstanceId"), spelling("ElementName", "Caption"));
        let title = match resource_type {
            "3" => "CPU",
            "4" => "Memory",
            "10" => "Network adapter",
            _ => "Hard disk",
        };
        let title = format!("{title} {instance}");
        let mut all = vec![(caption, &*title), (id, &*instance), ("ResourceType", resource_type)];
        all.extend(children.iter().copied());
        all.sort_unstable();
        let last = self.items(hardware)?.last().map(|item| item.id());
        let item = NewElement::new(sibling_name(place.name(), "Item"));
        let item =
            item.children(all.into_iter().map(|(name, text)| names.element(name).text(text)));
        let place = last.map_or(Place::LastIn(hardware), Place::After);
        self.document.insert(place, &item).map_err(refused)
    }

    pub(super) fn add_nic(
        &mut self,
        system: Option<&str>,
        network: &str,
        model: Option<&str>,
    ) -> Result<(), String> {
        let hardware = self.hardware(system)?;
        self.declare_network(network)?;
        let mut children = vec![("AutomaticAllocation", "true"), ("Connection", network)];
        children.push(("ResourceSubType", model.unwrap_or("VmxNet3")));
        self.new_item(hardware, "10", &children).map(|_| ())
    }

    /// Adds a network to the network section, unless it is there.
    fn declare_network(&mut self, network: &str) -> Result<(), String> {
        if network.trim().is_empty() {
            return Err("the network has no name".to_owned());
        }
        let root = self.document.root();
        let section = match self.section(None, "NetworkSection") {
            Ok(section) => section,
            Err(_) => {
                let content = root.elements().find(|element| {
                    matches!(
                        section_name(*element).as_ref(),
                        "VirtualSystem" | "VirtualSystemCollection"
                    )
                });
                let place = content.ok_or("there is no system")?.id();
                let name = |local: &str| sibling_name(root.name(), local);
                let info = NewElement::new(name("Info")).text("Logical networks");
                let new = NewElement::new(name("NetworkSection")).child(info);
                self.document.insert(Place::Before(place), &new).map_err(refused)?
            }
        };
        let element = self.at(section)?;
        let is_it = |child: Element<'_>| child.attr_local("name").is_some_and(|n| n == network);
        if element.elements_named("Network").any(is_it) {
            return Ok(());
        }
        let name = element
            .elements_named("Network")
            .find_map(|child| child.attribute_local("name"))
            .map_or_else(|| ovf_name(element, "name"), |found| found.name().to_owned());
        let new = NewElement::new(sibling_name(element.name(), "Network")).attr(name, network);
        self.document.append(section, &new).map(|_| ()).map_err(refused)
    }

    pub(super) fn set_nic(
        &mut self,
        system: Option<&str>,
        instance: &str,
        network: Option<&str>,
        model: Option<&str>,
    ) -> Result<(), String> {
        let hardware = self.hardware(system)?;
        let item = self.item(hardware, instance)?;
        if text_of(self.at(item)?, "ResourceType") != "10" {
            return Err(format!("the device `{}` is no network interface", shorten(instance)));
        }
        if let Some(network) = network {
            self.declare_network(network)?;
            self.set_child(item, "Connection", network)?;
        }
        match model {
            Some(model) => self.set_child(item, "ResourceSubType", model),
            None => Ok(()),
        }
    }

    pub(super) fn rename_network(&mut self, from: &str, to: &str) -> Result<(), String> {
        let root = self.document.root();
        let networks: Vec<(NodeId, String)> = root
            .descendants()
            .filter(|element| element.local_name() == "Network")
            .filter_map(|element| Some((element.id(), element.attribute_local("name")?)))
            .filter(|(_, name)| name.value() == from)
            .map(|(id, name)| (id, name.name().to_owned()))
            .collect();
        let is_connection = |element: &Element<'_>| {
            element.local_name() == "Connection" && element.text().trim() == from
        };
        let connections: Vec<NodeId> =
            root.descendants().filter(is_connection).map(Element::id).collect();
        if networks.is_empty() && connections.is_empty() {
            return Err(format!("no network `{}`", shorten(from)));
        }
        let is_taken = |element: Element<'_>| {
            element.local_name() == "Network" && element.attr_local("name").is_some_and(|n| n == to)
        };
        if from != to && root.descendants().any(is_taken) {
            return Err(format!("there is a network `{}` already", shorten(to)));
        }
        for (id, name) in networks {
            self.document.set_attribute(id, &name, to).map_err(refused)?;
        }
        for id in connections {
            self.document.set_text(id, to).map_err(refused)?;
        }
        Ok(())
    }

    pub(super) fn add_disk(
        &mut self,
        system: Option<&str>,
        id: &str,
        capacity_bytes: Bytes,
    ) -> Result<(), String> {
        let bytes = whole_sectors(capacity_bytes)?;
        if id.trim().is_empty() || id.contains(char::is_whitespace) || self.disk(id).is_ok() {
            return Err(format!("`{}` is no id of its own without white space", shorten(id)));
        }
        let hardware = self.hardware(system)?;
        let items = self.items(hardware)?;
        let is_disk = |item: &&Element<'_>| DISKS.contains(&&*text_of(**item, "ResourceType"));
        let first = items.iter().find(is_disk).ok_or("there is no disk beside which to put it")?;
        let parent = text_of(*first, "Parent");
        let taken: Vec<u64> = items
            .iter()
            .filter(|item| text_of(**item, "Parent") == parent)
            .filter_map(|item| text_of(*item, "AddressOnParent").parse().ok())
            .collect();
        // Seven is the controller's own on a parallel SCSI bus.
        let unit = (0..).find(|unit| *unit != 7 && !taken.contains(unit)).unwrap_or(0).to_string();
        let section = self.section(None, "DiskSection")?;
        let element = self.at(section)?;
        let known = element.elements_named("Disk").last();
        let name = |local: &str| {
            let found = known.and_then(|disk| disk.attribute_local(local));
            found.map_or_else(|| ovf_name(element, local), |found| found.name().to_owned())
        };
        let disk = NewElement::new(sibling_name(element.name(), "Disk"))
            .attr(name("capacity"), bytes.to_string())
            .attr(name("diskId"), id)
            .attr(name("format"), crate::ovf::write::STREAM_OPTIMIZED_URI);
        self.document.append(section, &disk).map_err(refused)?;
        let resource = ["ovf:/disk/", id].concat();
        let mut children = vec![("AddressOnParent", &*unit), ("HostResource", &*resource)];
        children.extend((!parent.is_empty()).then_some(("Parent", &*parent)));
        self.new_item(hardware, "17", &children).map(|_| ())
    }

    /// The entry of a disk.
    fn disk(&self, id: &str) -> Result<NodeId, String> {
        let is_it = |element: &Element<'_>| {
            element.local_name() == "Disk" && element.attr_local("diskId").is_some_and(|a| a == id)
        };
        let found = self.document.root().descendants().find(is_it);
        found.map(Element::id).ok_or_else(|| format!("no disk `{}`", shorten(id)))
    }

    pub(super) fn set_capacity(&mut self, disk: &str, capacity_bytes: Bytes) -> Result<(), String> {
        let bytes = whole_sectors(capacity_bytes)?;
        let id = self.disk(disk)?;
        let element = self.at(id)?;
        let unit = element.attribute_local("capacityAllocationUnits");
        let one = unit.map(|unit| {
            let bytes = crate::ovf::units::bytes;
            bytes("1", Some(&unit.value()), crate::ovf::units::Unit::BYTE).unwrap_or(0)
        });
        let name = ovf_name(element, "capacity");
        let unit_name = unit.map(|unit| unit.name().to_owned());
        let value = match one {
            Some(one) if one > 0 && bytes.is_multiple_of(one) => bytes / one,
            _ => bytes,
        };
        if let Some(unit) = unit_name.filter(|_| value == bytes) {
            self.document.set_attribute(id, &unit, "byte").map_err(refused)?;
        }
        self.document.set_attribute(id, &name, &value.to_string()).map_err(refused)
    }

    pub(super) fn remove_device(
        &mut self,
        system: Option<&str>,
        instance: &str,
    ) -> Result<(), String> {
        let hardware = self.hardware(system)?;
        let item = self.item(hardware, instance)?;
        let attached: Vec<String> = self
            .items(hardware)?
            .into_iter()
            .filter(|other| text_of(*other, "Parent") == instance)
            .map(|other| format!("`{}`", shorten(&instance_of(other))))
            .collect();
        if !attached.is_empty() {
            return Err(format!("{} is attached to it; remove that first", attached.join(", ")));
        }
        let resource = text_of(self.at(item)?, "HostResource");
        self.document.remove(item).map_err(refused)?;
        match resource.rsplit_once("/disk/") {
            Some((_, disk)) => self.remove_disk(disk),
            None => Ok(()),
        }
    }

    /// Removes the entry of a disk that nothing uses any more, and so its file.
    fn remove_disk(&mut self, disk: &str) -> Result<(), String> {
        let root = self.document.root();
        let ends = [["/disk/", disk].concat()];
        let is_used = root.descendants().any(|element| {
            element.local_name() == "HostResource"
                && ends.iter().any(|end| element.text().trim().ends_with(end.as_str()))
        });
        let Ok(id) = self.disk(disk) else { return Ok(()) };
        let is_parent = |element: Element<'_>| {
            element.local_name() == "Disk"
                && element.attr_local("parentRef").is_some_and(|p| p == disk)
        };
        if is_used || root.descendants().any(is_parent) {
            return Ok(());
        }
        let file = self.at(id)?.attr_local("fileRef").map(|file| file.into_owned());
        self.document.remove(id).map_err(refused)?;
        let Some(file) = file else { return Ok(()) };
        let root = self.document.root();
        let suffix = ["/file/", &file].concat();
        let is_used = root.descendants().any(|element| {
            element.attr_local("fileRef").is_some_and(|other| other == file)
                || (element.local_name() == "HostResource"
                    && element.text().trim().ends_with(&suffix))
        });
        let is_file = |element: &Element<'_>| {
            element.local_name() == "File" && element.attr_local("id").is_some_and(|id| id == file)
        };
        let found = root.descendants().find(is_file).map(Element::id);
        match found.filter(|_| !is_used) {
            Some(id) => self.document.remove(id).map_err(refused),
            None => Ok(()),
        }
    }
}

fn whole_sectors(bytes: Bytes) -> Result<u64, String> {
    match bytes.0 > 0 && bytes.0.is_multiple_of(512) {
        true => Ok(bytes.0),
        false => Err(format!("{} bytes are no whole sectors of 512", bytes.0)),
    }
}
