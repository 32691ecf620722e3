//! Edits of a machine as a whole: name, CPUs, memory, firmware, settings.

use quantix_core::MemoryMib;
use quantix_xml::{Element, NodeId, Place};

use super::draft::{Draft, Wanted, ovf_name, refused, sibling_name, text_of};
use crate::ovf::{
    Firmware,
    units::{self, Unit},
};

impl Draft {
    pub(super) fn set_name(&mut self, system: Option<&str>, name: &str) -> Result<(), String> {
        let system = self.system(system)?;
        let element = self.at(system)?;
        if name.trim().is_empty() {
            return Err("the name is empty".to_owned());
        }
        if let Some(child) = element.child("Name") {
            let child = child.id();
            return self.document.set_text(child, name).map_err(refused);
        }
        let new = quantix_xml::NewElement::new(sibling_name(element.name(), "Name")).text(name);
        let place = match element.child("Info") {
            Some(info) => Place::After(info.id()),
            None => Place::FirstIn(system),
        };
        self.document.insert(place, &new).map(|_| ()).map_err(refused)
    }

    pub(super) fn set_cpus(
        &mut self,
        system: Option<&str>,
        option: Option<&str>,
        cpus: u32,
        cores_per_socket: Option<u32>,
    ) -> Result<(), String> {
        if cpus == 0
            || cores_per_socket.is_some_and(|cores| cores == 0 || !cpus.is_multiple_of(cores))
        {
            return Err(format!("{cpus} CPUs do not fill sockets of that many cores"));
        }
        let hardware = self.hardware(system)?;
        let item =
            self.item_or_new(hardware, "3", option, &[("AllocationUnits", "hertz * 10^6")])?;
        let old = text_of(self.at(item)?, "VirtualQuantity");
        self.set_child(item, "VirtualQuantity", &cpus.to_string())?;
        self.rename_counted(item, &old, &cpus.to_string())?;
        let Some(cores) = cores_per_socket else {
            // What does not fit any more would make a machine that nobody starts.
            let old =
                self.at(item)?.child("CoresPerSocket").map(|child| (child.id(), child.text()));
            let uneven = |text: &str| {
                text.trim().parse::<u32>().is_ok_and(|c| c == 0 || !cpus.is_multiple_of(c))
            };
            if let Some((child, text)) = old.map(|(id, text)| (id, text.into_owned()))
                && uneven(&text)
            {
                self.document.remove(child).map_err(refused)?;
            }
            return Ok(());
        };
        let cores = cores.to_string();
        let element = self.at(item)?;
        if let Some(child) = element.child("CoresPerSocket") {
            let child = child.id();
            return self.document.set_text(child, &cores).map_err(refused);
        }
        let child = self.vmw(element).element("CoresPerSocket");
        let child = child.attr(ovf_name(element, "required"), "false").text(cores);
        self.document.append(item, &child).map(|_| ()).map_err(refused)
    }

    pub(super) fn set_memory(
        &mut self,
        system: Option<&str>,
        option: Option<&str>,
        memory_mib: MemoryMib,
    ) -> Result<(), String> {
        let bytes = memory_mib.0.checked_mul(1 << 20).filter(|bytes| *bytes > 0);
        let bytes = bytes.ok_or_else(|| format!("{memory_mib} of memory is out of range"))?;
        let hardware = self.hardware(system)?;
        let mib = [("AllocationUnits", "byte * 2^20")];
        let item = self.item_or_new(hardware, "4", option, &mib)?;
        let unit = text_of(self.at(item)?, "AllocationUnits");
        let one =
            if unit.is_empty() { None } else { units::bytes("1", Some(&unit), Unit::BYTE).ok() };
        let old = text_of(self.at(item)?, "VirtualQuantity");
        let old = units::bytes(&old, Some(&unit), Unit::MEBIBYTE).map_or(0, |bytes| bytes >> 20);
        let quantity = match one.filter(|one| *one > 0 && bytes.is_multiple_of(*one)) {
            Some(one) => bytes / one,
            None => {
                self.set_child(item, "AllocationUnits", "byte * 2^20")?;
                memory_mib.0
            }
        };
        self.set_child(item, "VirtualQuantity", &quantity.to_string())?;
        self.rename_counted(item, &old.to_string(), &memory_mib.0.to_string())
    }

    /// Changes a name such as `2048MB of memory` that begins with the old number.
    fn rename_counted(&mut self, item: NodeId, old: &str, new: &str) -> Result<(), String> {
        let element = self.at(item)?;
        let found = element.child("ElementName").or_else(|| element.child("Caption"));
        let Some(child) = found else { return Ok(()) };
        let (id, text) = (child.id(), child.text().into_owned());
        let rest =
            text.strip_prefix(old).filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
        match rest.filter(|_| !old.is_empty()) {
            Some(rest) => self.document.set_text(id, &[new, rest].concat()).map_err(refused),
            None => Ok(()),
        }
    }

    /// The item for a resource, made where there is none.
    fn item_or_new(
        &mut self,
        hardware: NodeId,
        resource_type: &'static str,
        option: Option<&str>,
        children: &[(&str, &str)],
    ) -> Result<NodeId, String> {
        if let Some(item) = self.item_for(hardware, Wanted { resource_type, option })? {
            return Ok(item);
        }
        let mut items = self.items(hardware)?.into_iter();
        if items.any(|item| text_of(item, "ResourceType") == resource_type) {
            return Err("the descriptor says this for each deployment option; name one".to_owned());
        }
        self.new_item(hardware, resource_type, children)
    }

    pub(super) fn set_hardware(
        &mut self,
        system: Option<&str>,
        family: &str,
    ) -> Result<(), String> {
        let hardware = self.at(self.hardware(system)?)?;
        let found = hardware.find("System/VirtualSystemType").map(Element::id);
        let found = found.ok_or("the hardware section names no family")?;
        self.document.set_text(found, family).map_err(refused)
    }

    pub(super) fn set_os(
        &mut self,
        system: Option<&str>,
        id: u16,
        vendor: Option<&str>,
        description: Option<&str>,
    ) -> Result<(), String> {
        let system = self.system(system)?;
        let section = match self.section(Some(system), "OperatingSystemSection") {
            Ok(section) => section,
            Err(_) => {
                let new = self.new_section(system, "OperatingSystemSection", "The guest")?;
                let hardware = self.section(Some(system), "VirtualHardwareSection")?;
                self.document.insert(Place::Before(hardware), &new).map_err(refused)?
            }
        };
        let element = self.at(section)?;
        let id_name = ovf_name(element, "id");
        let vendor_name = element
            .attribute_local("osType")
            .map_or_else(|| self.vmw(element).name("osType"), |found| found.name().to_owned());
        let has_vendor = element.attribute_local("osType").is_some();
        let child = element.child("Description").map(Element::id);
        let child_name = sibling_name(element.name(), "Description");
        self.document.set_attribute(section, &id_name, &id.to_string()).map_err(refused)?;
        match vendor {
            Some(vendor) => {
                self.declare_vmw(section)?;
                self.document.set_attribute(section, &vendor_name, vendor).map_err(refused)?;
            }
            None if has_vendor => {
                self.document.remove_attribute(section, &vendor_name).map_err(refused)?;
            }
            None => {}
        }
        match (child, description) {
            (Some(child), text) => {
                self.document.set_text(child, text.unwrap_or_default()).map_err(refused)
            }
            (None, Some(text)) => {
                let new = quantix_xml::NewElement::new(child_name).text(text);
                self.document.append(section, &new).map(|_| ()).map_err(refused)
            }
            (None, None) => Ok(()),
        }
    }

    /// Declares VMware's prefix on an element, unless it is in scope.
    fn declare_vmw(&mut self, id: NodeId) -> Result<(), String> {
        match self.vmw(self.at(id)?).declaration() {
            Some((name, namespace)) => {
                self.document.set_attribute(id, &name, namespace).map_err(refused)
            }
            None => Ok(()),
        }
    }

    pub(super) fn set_firmware(
        &mut self,
        system: Option<&str>,
        firmware: Firmware,
        secure_boot: bool,
    ) -> Result<(), String> {
        if secure_boot && firmware != Firmware::Efi {
            return Err("secure boot needs EFI".to_owned());
        }
        let said = match firmware {
            Firmware::Efi => "efi",
            Firmware::Bios => "bios",
        };
        self.set_config(system, "firmware", Some(said), false)?;
        let key = "bootOptions.efiSecureBootEnabled";
        self.set_config(system, key, secure_boot.then_some("true"), false)
    }

    pub(super) fn set_config(
        &mut self,
        system: Option<&str>,
        key: &str,
        value: Option<&str>,
        extra: bool,
    ) -> Result<(), String> {
        let hardware = self.hardware(system)?;
        let element = self.at(hardware)?;
        let kind = if extra { "ExtraConfig" } else { "Config" };
        let is_it = |child: &Element<'_>| {
            child.local_name() == kind
                && child.attr_local("key").is_some_and(|k| k.eq_ignore_ascii_case(key))
        };
        // VMware puts some settings of the machine into its `System`.
        let inner = element.child("System").into_iter().flat_map(Element::elements);
        let found: Vec<(NodeId, String)> = element
            .elements()
            .chain(inner)
            .filter(is_it)
            .map(|child| (child.id(), ovf_or_own(child, "value")))
            .collect();
        match (value, found.as_slice()) {
            (None, all) => {
                all.iter().try_for_each(|(id, _)| self.document.remove(*id)).map_err(refused)
            }
            (Some(value), [_, ..]) => found
                .iter()
                .try_for_each(|(id, name)| self.document.set_attribute(*id, name, value))
                .map_err(refused),
            (Some(value), []) => {
                let names = self.vmw(element);
                let child = names
                    .element(kind)
                    .attr(ovf_name(element, "required"), "false")
                    .attr(names.name("key"), key)
                    .attr(names.name("value"), value);
                self.document.append(hardware, &child).map(|_| ()).map_err(refused)
            }
        }
    }
}

/// An attribute as it is spelt there.
fn ovf_or_own(element: Element<'_>, local: &str) -> String {
    match element.attribute_local(local) {
        Some(found) => found.name().to_owned(),
        None => sibling_name(element.name(), local),
    }
}
