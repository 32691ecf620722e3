//! Disks and drives: what they hold, and what they are attached to.

use super::{
    Bus, Capacity, Cdrom, Descriptor, DiskRef, FileRef, Item, Machine, MachineDisk, Media,
    machine::Chosen,
    units::{self, Unit},
};

/// The controller that an item is attached to, and where.
fn attachment(machine: &Machine, item: &Item) -> (Option<Bus>, Option<String>, Option<u32>) {
    let controller = item
        .parent
        .as_ref()
        .and_then(|parent| machine.controllers.iter().find(|c| c.instance == *parent));
    let unit = item.address_on_parent.as_deref().and_then(|text| text.parse().ok());
    (controller.map(|c| c.bus), controller.map(|c| c.instance.clone()), unit)
}

pub(super) fn add_cdrom(machine: &mut Machine, chosen: &Chosen<'_>, item: &Item) {
    let (bus, controller, unit) = attachment(machine, item);
    let href = file_in(chosen, item);
    let (instance, at) = (item.instance.clone(), chosen.at(item));
    machine.cdroms.push(Cdrom { instance, href, bus, controller, unit, at });
}

/// The file in a drive.
pub(super) fn file_in(chosen: &Chosen<'_>, item: &Item) -> Option<String> {
    let resource = item.host_resources.first()?;
    match disk_of(chosen.descriptor, resource)? {
        Source::File(file) => Some(file.href.clone()),
        Source::Disk(disk) => file_of(chosen.descriptor, disk).map(|file| file.href.clone()),
    }
}

pub(super) fn add_disk(machine: &mut Machine, chosen: &Chosen<'_>, item: &Item) {
    let at = chosen.at(item);
    let descriptor = chosen.descriptor;
    let (mut bus, controller, unit) = attachment(machine, item);
    if item.host_resources.len() > 1 {
        let message = "a disk with several host resources: the first one is used";
        machine.warn("second-resource", at, message);
    }
    let resource = item.host_resources.first();
    let source = resource.and_then(|resource| disk_of(descriptor, resource));
    let mut disk = MachineDisk {
        instance: item.instance.clone(),
        media: Media::None,
        href: None,
        capacity_bytes: None,
        format: None,
        bus,
        controller,
        unit,
        is_bootable: false,
        at,
    };
    match source {
        Some(Source::Disk(entry)) => {
            disk.media = Media::Disk(entry.id.clone());
            disk.href = file_of(descriptor, entry).map(|file| file.href.clone());
            disk.capacity_bytes = descriptor.capacity_bytes(entry, chosen.option);
            disk.format.clone_from(&entry.format);
            disk.is_bootable = entry.is_bootable;
            bus = bus.or(entry.interface.as_deref().and_then(ovirt_bus));
        }
        Some(Source::File(file)) => {
            disk.media = Media::File(file.id.clone());
            disk.href = Some(file.href.clone());
        }
        None if resource.is_none() => {
            // VMware lets an item describe an empty disk by itself.
            let quantity = item.quantity.as_deref();
            let size =
                quantity.and_then(|q| units::bytes(q, item.units.as_deref(), Unit::BYTE).ok());
            disk.capacity_bytes = size.filter(|&bytes| bytes > 1);
            if disk.capacity_bytes.is_none() {
                let message = "a disk without HostResource: it has no content and no size";
                machine.warn("missing-host-resource", at, message);
            }
        }
        None => {}
    }
    disk.bus = bus;
    machine.disks.push(disk);
}

fn ovirt_bus(interface: &str) -> Option<Bus> {
    Some(match interface.to_ascii_lowercase().as_str() {
        "virtio" => Bus::Virtio,
        "virtio_scsi" | "virtio-scsi" | "spapr_vscsi" | "scsi" => Bus::Scsi,
        "ide" => Bus::Ide,
        "sata" => Bus::Sata,
        "usb" => Bus::Usb,
        _ => return None,
    })
}

/// What a host resource means.
#[derive(Debug)]
pub(super) enum Source<'d> {
    /// A disk of the disk section.
    Disk(&'d DiskRef),
    /// A file of the references.
    File(&'d FileRef),
}

/// Reads a host resource: `ovf:/disk/ID`, `ovf:/file/ID`, the same without `ovf:`, or as oVirt
/// does the path of a file.
pub(super) fn disk_of<'d>(descriptor: &'d Descriptor, resource: &str) -> Option<Source<'d>> {
    let rest = match resource.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("ovf:") => &resource[4..],
        _ => resource,
    };
    let path = rest.trim_start_matches('/');
    if let Some(id) = path.strip_prefix("disk/") {
        return descriptor.disk(id).map(Source::Disk);
    }
    if let Some(id) = path.strip_prefix("file/") {
        return descriptor.file(id).map(Source::File);
    }
    let is_it = |disk: &&DiskRef| disk.id == path || disk.file.as_deref() == Some(path);
    descriptor.disks.iter().find(is_it).map(Source::Disk)
}

/// The file behind a disk.
pub(super) fn file_of<'d>(descriptor: &'d Descriptor, disk: &DiskRef) -> Option<&'d FileRef> {
    let reference = disk.file.as_deref()?;
    let by_href = || descriptor.files.iter().find(|file| file.href == reference);
    descriptor.file(reference).or_else(by_href)
}

impl Descriptor {
    /// The size of a disk in a deployment option, properties resolved to their defaults.
    #[must_use]
    pub fn capacity_bytes(&self, disk: &DiskRef, option: Option<&str>) -> Option<u64> {
        match &disk.capacity {
            Capacity::Bytes(bytes) => Some(*bytes),
            Capacity::Unknown => None,
            Capacity::Property { key, unit } => {
                let value = self.property_value(key, option)?;
                units::bytes(value, unit.as_deref(), Unit::BYTE).ok()
            }
        }
    }
}
