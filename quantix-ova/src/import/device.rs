//! Disks, drives, network interfaces and the rest.

use std::{collections::BTreeSet, str::FromStr};

use quantix_core::{
    Bytes, Finding, NetworkKey,
    model::{DiskBus, DiskSpec, GuestOs, NicModel, NicSpec},
};

use super::{Choices, Decision, Drivers, Import, guest};
use crate::ovf::{Bus, Controller, Machine, MachineDisk, Media, Nic, VirtualSystem};

pub(super) fn devices(
    import: &mut Import,
    system: &VirtualSystem,
    machine: &Machine,
    choices: &Choices,
) {
    let mut names = BTreeSet::new();
    for disk in &machine.disks {
        add_disk(import, machine, disk, choices.drivers, &mut names);
    }
    for (index, nic) in machine.nics.iter().enumerate() {
        add_nic(import, nic, index, choices);
    }
    boot_order(import, system, machine);
    drives(import, machine);
    others(import, machine);
}

/// A name that no earlier disk has: `base`, `base-2`, `base-3` and so on.
fn unused(base: &str, names: &mut BTreeSet<String>) -> String {
    let base: String = base.chars().filter(|c| !c.is_control()).take(64).collect();
    let base = if base.trim().is_empty() { "disk" } else { base.trim() };
    let numbered = (2..).map(|number: usize| format!("{base}-{number}"));
    let free = std::iter::once(base.to_owned()).chain(numbered).find(|n| !names.contains(n));
    let name = free.unwrap_or_default();
    names.insert(name.clone());
    name
}

fn add_disk(
    import: &mut Import,
    machine: &Machine,
    disk: &MachineDisk,
    drivers: Drivers,
    names: &mut BTreeSet<String>,
) {
    let base = match &disk.media {
        Media::Disk(id) | Media::File(id) => id.as_str(),
        Media::None => &disk.instance,
    };
    let name = unused(base, names);
    let Ok(key) = name.parse() else { return };
    let label = format!("disk {name}");
    if disk.href.is_none() && disk.capacity_bytes.is_none() {
        let reason = "it has neither content nor a size";
        import.report.push(Decision::dropped(label, None, reason).at(disk.at));
        return;
    }
    let bytes = disk.capacity_bytes.unwrap_or(0);
    if disk.capacity_bytes.is_none() {
        let message = format!("the size of {label} is not known before its file is read");
        import.findings.push(
            Finding::warning("unknown-size", message).at_position(disk.at.line, disk.at.column),
        );
    }
    let whole = bytes.div_ceil(512).saturating_mul(512);
    let mut spec = DiskSpec::new(key, Bytes(whole));
    if whole != bytes {
        let (from, to) = (format!("{bytes} bytes"), format!("{whole} bytes"));
        let reason = "disks have whole sectors of 512 bytes";
        import.report.push(Decision::changed(&*label, Some(from), to, reason).at(disk.at));
    }
    let controller = disk
        .controller
        .as_ref()
        .and_then(|id| machine.controllers.iter().find(|c| c.instance == *id));
    let from = attachment(disk, controller);
    let (bus, reason) = disk_bus(disk.bus, drivers, import.vm.guest_os);
    spec.bus = bus;
    let decision = match (disk.bus, bus) {
        (Some(Bus::Sata), DiskBus::Sata)
        | (Some(Bus::Nvme), DiskBus::Nvme)
        | (Some(Bus::Ide), DiskBus::Ide)
        | (Some(Bus::Usb), DiskBus::Usb)
        | (Some(Bus::Virtio), DiskBus::Virtio) => Decision::kept(label, bus.to_string()),
        _ => Decision::changed(label, from, bus.to_string(), reason),
    };
    import.report.push(decision.at(disk.at));
    import.vm.disks.push(spec);
    import.sources.push(disk.href.clone());
}

/// What a disk is attached to, in words.
fn attachment(disk: &MachineDisk, controller: Option<&Controller>) -> Option<String> {
    let bus = match disk.bus? {
        Bus::Ide => "IDE",
        Bus::Scsi => "SCSI",
        Bus::Sata => "SATA",
        Bus::Nvme => "NVMe",
        Bus::Virtio => "virtio",
        Bus::Usb => "USB",
    };
    Some(match controller.and_then(|c| c.model.as_deref()) {
        Some(model) => format!("{bus} ({model})"),
        None => bus.to_owned(),
    })
}

fn disk_bus(bus: Option<Bus>, drivers: Drivers, family: GuestOs) -> (DiskBus, &'static str) {
    let is_virtio = match drivers {
        Drivers::Virtio => true,
        Drivers::Generic => false,
        Drivers::Known => guest::boots_from_virtio(family),
    };
    match bus {
        Some(Bus::Virtio) => (DiskBus::Virtio, "it is virtio already"),
        Some(Bus::Nvme) => (DiskBus::Nvme, "the guest started from NVMe already"),
        Some(Bus::Usb) => (DiskBus::Usb, "it is a USB disk"),
        _ if is_virtio => (DiskBus::Virtio, "virtio is the fastest, and the guest has its driver"),
        Some(Bus::Sata) => (DiskBus::Sata, "the guest started from SATA already"),
        Some(Bus::Ide) => (DiskBus::Sata, "the machine type has no IDE; guests of IDE know SATA"),
        Some(Bus::Scsi) | None => {
            (DiskBus::Sata, "the guest may lack a virtio driver when it starts; all know SATA")
        }
    }
}

fn add_nic(import: &mut Import, nic: &Nic, index: usize, choices: &Choices) {
    let name = format!("nic{index}");
    let said = nic.network.clone().unwrap_or_default();
    let network = choices.networks.get(&said).cloned().or_else(|| NetworkKey::from_str(&said).ok());
    let label = format!("network interface {}", index + 1);
    let (Ok(key), Some(network)) = (name.parse(), network) else {
        let reason = "it is in no network that the platform could have: map it to one";
        import.report.push(Decision::dropped(label, nic.network.clone(), reason).at(nic.at));
        return;
    };
    let mut spec = NicSpec::new(key, network);
    spec.connected = nic.is_connected;
    spec.mac_address = nic.mac.as_deref().and_then(|mac| mac.parse().ok());
    let model = nic.model.as_deref();
    let (chosen, reason) = nic_model(model, choices.drivers, import.vm.guest_os);
    spec.model = chosen;
    let is_same = model.is_some_and(|model| model.eq_ignore_ascii_case(&chosen.to_string()));
    let decision = match is_same {
        true => Decision::kept(label, chosen.to_string()),
        false => Decision::changed(label, nic.model.clone(), chosen.to_string(), reason),
    };
    import.report.push(decision.at(nic.at));
    import.vm.network_interfaces.push(spec);
}

fn nic_model(model: Option<&str>, drivers: Drivers, family: GuestOs) -> (NicModel, &'static str) {
    let is_virtio = match drivers {
        Drivers::Virtio => true,
        Drivers::Generic => false,
        Drivers::Known => guest::has_virtio_network(family),
    };
    let lower = model.unwrap_or_default().to_ascii_lowercase();
    let first = lower.split([' ', ',']).find(|word| !word.is_empty()).unwrap_or_default();
    match first {
        "virtio" | "virtionet" | "rtl8139_pv" => (NicModel::Virtio, "it is virtio already"),
        _ if is_virtio => (
            NicModel::Virtio,
            "virtio is the fastest, and the guest has its driver; interface names may change",
        ),
        "e1000e" => (NicModel::E1000e, "the platform has the same card"),
        "e1000" => (NicModel::E1000, "the platform has the same card"),
        "rtl8139" => (NicModel::Rtl8139, "the platform has the same card"),
        "vmxnet3" => (NicModel::Vmxnet3, "the platform has the same card"),
        _ => (NicModel::E1000e, "the guest may lack a virtio driver; nearly all know this card"),
    }
}

/// The order that the appliance gives, by instance ids; else the disk that is marked for it.
fn boot_order(import: &mut Import, system: &VirtualSystem, machine: &Machine) {
    let marked = || machine.disks.iter().filter(|disk| disk.is_bootable);
    let order: Vec<String> = match system.boot_order.as_slice() {
        [] => marked().take(1).map(|disk| disk.instance.clone()).collect(),
        some => some.to_vec(),
    };
    let mut next = 1;
    for instance in order {
        let disk = machine.disks.iter().position(|disk| disk.instance == instance);
        let nic = machine.nics.iter().position(|nic| nic.instance == instance);
        let slot = match (disk, nic) {
            (Some(index), _) if machine.disks.len() == import.vm.disks.len() => {
                import.vm.disks.get_mut(index).map(|disk| &mut disk.boot_order)
            }
            (None, Some(index)) if machine.nics.len() == import.vm.network_interfaces.len() => {
                import.vm.network_interfaces.get_mut(index).map(|nic| &mut nic.boot_order)
            }
            _ => None,
        };
        if let Some(slot) = slot.filter(|slot| slot.is_none()) {
            *slot = Some(next);
            next += 1;
        }
    }
}

fn drives(import: &mut Import, machine: &Machine) {
    for drive in &machine.cdroms {
        let decision = match &drive.href {
            Some(href) => {
                import.cdroms.push(href.clone());
                Decision::kept("CD drive", href.clone())
            }
            None => {
                let reason = "it is empty; the platform adds a drive when there is something in it";
                Decision::dropped("CD drive", None, reason)
            }
        };
        import.report.push(decision.at(drive.at));
    }
    for drive in &machine.floppies {
        let reason = "the machine type has no floppy controller";
        let decision = Decision::dropped("floppy drive", drive.href.clone(), reason);
        import.report.push(decision.at(drive.at));
    }
}

fn others(import: &mut Import, machine: &Machine) {
    for device in machine.others.iter().filter(|device| device.kind != "tpm") {
        let reason = match device.kind {
            "usb" | "video" => "the platform gives every machine its own",
            "sound" => "servers make no sound",
            "serial" | "parallel" => "it leads to a port of the old host",
            "nvdimm" => "persistent memory has no counterpart on the platform",
            "pci" => "the device stays in the old host: attach one of the new host instead",
            "controller" => "KVM has no such controller",
            _ => "not known, and without counterpart on KVM",
        };
        let said = device.name.clone().or(device.model.clone());
        let label = match device.kind {
            "other" => format!("device of type {}", device.resource_type.unwrap_or(0)),
            kind => format!("{kind} device"),
        };
        import.report.push(Decision::dropped(label, said, reason).at(device.at));
    }
}
