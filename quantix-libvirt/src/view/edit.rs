//! Edits of domain XML that keep everything else.

use quantix_xml::{NewElement, NodeId, Place};

use super::{DomainXml, invalid, refused};
use crate::{DiskSpec, Mac, NicSpec, Result, spec::device};

impl DomainXml {
    /// The top element of a name, made where it is missing.
    fn top(&mut self, name: &str) -> Result<NodeId> {
        if let Some(element) = self.root().child(name) {
            return Ok(element.id());
        }
        let root = self.root().id();
        // Where libvirt writes it: after the names.
        let after = ["description", "title", "uuid", "name"]
            .iter()
            .find_map(|name| self.root().child(name))
            .map(quantix_xml::Element::id);
        let place = match after {
            Some(node) if name != "devices" => Place::After(node),
            _ => Place::LastIn(root),
        };
        self.document_mut().insert(place, &NewElement::new(name)).map_err(refused)
    }

    fn set_top_text(&mut self, name: &str, text: &str) -> Result<()> {
        let node = self.top(name)?;
        self.document_mut().set_text(node, text).map_err(refused)
    }

    /// Sets the title.
    ///
    /// # Errors
    /// [`crate::Class::Invalid`] for a text that XML cannot carry.
    pub fn set_title(&mut self, title: &str) -> Result<()> {
        self.set_top_text("title", title)
    }

    /// Sets the description.
    ///
    /// # Errors
    /// [`crate::Class::Invalid`] for a text that XML cannot carry.
    pub fn set_description(&mut self, description: &str) -> Result<()> {
        self.set_top_text("description", description)
    }

    /// Sets the name.
    ///
    /// # Errors
    /// [`crate::Class::Invalid`] for a text that XML cannot carry.
    pub fn set_name(&mut self, name: &str) -> Result<()> {
        self.set_top_text("name", name)
    }

    /// Sets the most virtual CPUs. Where fewer were on than there might be, as many stay on.
    ///
    /// # Errors
    /// [`crate::Class::Invalid`] where the document cannot take it.
    pub fn set_cpus_max(&mut self, cpus: u32) -> Result<()> {
        let node = self.top("vcpu")?;
        let current = self.cpus().filter(|_| self.attr("vcpu", "current").is_some());
        let document = self.document_mut();
        document.set_text(node, &cpus.to_string()).map_err(refused)?;
        if current.is_some_and(|current| current > cpus) {
            document.set_attribute(node, "current", &cpus.to_string()).map_err(refused)?;
        }
        Ok(())
    }

    /// Sets the virtual CPUs that are on.
    ///
    /// # Errors
    /// [`crate::Class::Invalid`] above the most that there may be.
    pub fn set_cpus(&mut self, cpus: u32) -> Result<()> {
        let Some(most) = self.cpus_max().filter(|most| cpus <= *most && cpus > 0) else {
            return Err(invalid(
                "expected at least one virtual CPU and at most all of the machine",
            ));
        };
        let node = self.top("vcpu")?;
        if cpus == most {
            return self
                .document_mut()
                .remove_attribute(node, "current")
                .map(drop)
                .map_err(refused);
        }
        self.document_mut().set_attribute(node, "current", &cpus.to_string()).map_err(refused)
    }

    /// Sets an amount of memory in the unit that it is written in, where that is exact.
    fn set_amount(&mut self, name: &str, kib: u64) -> Result<()> {
        let node = self.top(name)?;
        let unit = self.attr(name, "unit").map(std::borrow::Cow::into_owned);
        let (amount, unit) = match unit.as_deref() {
            Some("MiB" | "M") if kib.is_multiple_of(1 << 10) => (kib >> 10, None),
            Some("GiB" | "G") if kib.is_multiple_of(1 << 20) => (kib >> 20, None),
            Some("KiB" | "k") | None => (kib, None),
            _ => (kib, Some("KiB")),
        };
        let document = self.document_mut();
        document.set_text(node, &amount.to_string()).map_err(refused)?;
        match unit {
            Some(unit) => document.set_attribute(node, "unit", unit).map_err(refused),
            None => Ok(()),
        }
    }

    /// Sets the memory, in KiB: the most, and with it what is used.
    ///
    /// # Errors
    /// [`crate::Class::Invalid`] where the document cannot take it.
    pub fn set_memory_kib(&mut self, kib: u64) -> Result<()> {
        self.set_amount("memory", kib)?;
        match self.root().child("currentMemory") {
            Some(_) => self.set_amount("currentMemory", kib),
            None => Ok(()),
        }
    }

    fn add_device(&mut self, element: &NewElement, kind: &str) -> Result<NodeId> {
        let devices = self.top("devices")?;
        let last = self.devices(kind).last().map(quantix_xml::Element::id);
        let place = last.map_or(Place::LastIn(devices), Place::After);
        self.document_mut().insert(place, element).map_err(refused)
    }

    /// Adds a disk beside the others and gives its target.
    ///
    /// # Errors
    /// [`crate::Class::Invalid`] for a text that XML cannot carry.
    pub fn add_disk(&mut self, disk: &DiskSpec) -> Result<String> {
        let used: Vec<String> = self.details().disks.into_iter().map(|disk| disk.target).collect();
        let target = device::free_target(disk.bus, &used);
        self.add_device(&device::disk_element(disk, &target), "disk")?;
        Ok(target)
    }

    /// Adds a network interface beside the others.
    ///
    /// # Errors
    /// [`crate::Class::Invalid`] for a text that XML cannot carry.
    pub fn add_nic(&mut self, nic: &NicSpec) -> Result<()> {
        self.add_device(&device::nic_element(nic), "interface").map(drop)
    }

    /// Puts an image into a disk or drive, or takes it out.
    ///
    /// # Errors
    /// [`crate::Class::NotFound`] where there is no such disk, [`crate::Class::Invalid`] where its
    /// image is not a file.
    pub fn set_disk_file(&mut self, target: &str, path: Option<&str>) -> Result<()> {
        let disk = self.disk(target).ok_or_else(|| absent(target))?;
        let element = self.document().element(disk);
        let is_file = element.and_then(|e| e.attr("type")).is_none_or(|kind| kind == "file");
        if !is_file {
            return Err(invalid("the image of this disk is not a file").about(target));
        }
        let source = element.and_then(|disk| disk.child("source")).map(quantix_xml::Element::id);
        let before = element.and_then(|disk| disk.child("target")).map(quantix_xml::Element::id);
        let document = self.document_mut();
        match (source, path) {
            (Some(source), Some(path)) => document.set_attribute(source, "file", path),
            (Some(source), None) => document.remove(source),
            (None, None) => Ok(()),
            (None, Some(path)) => {
                let place = before.map_or(Place::LastIn(disk), Place::Before);
                document.insert(place, &NewElement::new("source").attr("file", path)).map(drop)
            }
        }
        .map_err(refused)
    }

    /// Removes a disk by its target.
    ///
    /// # Errors
    /// [`crate::Class::NotFound`] where there is none.
    pub fn remove_disk(&mut self, target: &str) -> Result<()> {
        let disk = self.disk(target).ok_or_else(|| absent(target))?;
        self.document_mut().remove(disk).map_err(refused)
    }

    /// Removes a network interface by its address.
    ///
    /// # Errors
    /// [`crate::Class::NotFound`] where there is none.
    pub fn remove_nic(&mut self, mac: Mac) -> Result<()> {
        let nic = self.nic(mac).ok_or_else(|| absent(mac))?;
        self.document_mut().remove(nic).map_err(refused)
    }
}

fn absent(what: impl std::fmt::Display) -> crate::Error {
    let text = "the domain has no such device";
    crate::Error::new(crate::Class::NotFound, "edit domain XML", text).about(what)
}
