//! One system in one deployment option: the items resolved into devices.

use quantix_core::Finding;
use quantix_xml::Position;

use super::{
    Bound, Bus, Controller, Descriptor, Firmware, Floppy, Hardware, Item, Machine, Nic,
    OtherDevice, VirtualSystem,
    attach::{Source, add_cdrom, add_disk, disk_of, file_in},
    reader::{is_true, shorten},
    units::{self, Unit},
};

impl Descriptor {
    /// What `system` is in a deployment option; `None` is the default one. What an option that
    /// does not exist selects is only what belongs to every option.
    #[must_use]
    pub fn machine(&self, system: &VirtualSystem, option: Option<&str>) -> Machine {
        let option = option.or_else(|| self.default_option().map(|option| option.id.as_str()));
        let mut machine = Machine { option: option.map(str::to_owned), ..Machine::default() };
        let Some(hardware) = system.hardware.first() else { return machine };
        let chosen = Chosen { descriptor: self, hardware, option, items: select(hardware, option) };
        set_firmware(&mut machine, &chosen, system);
        chosen.items.iter().for_each(|item| add_controller(&mut machine, item, chosen.at(item)));
        chosen.items.iter().for_each(|item| add_item(&mut machine, &chosen, item));
        set_cores(&mut machine, &chosen);
        machine
    }
}

/// The items that count in one deployment option.
pub(super) struct Chosen<'d> {
    pub(super) descriptor: &'d Descriptor,
    pub(super) hardware: &'d Hardware,
    pub(super) option: Option<&'d str>,
    pub(super) items: Vec<&'d Item>,
}

impl Chosen<'_> {
    pub(super) fn at(&self, item: &Item) -> Position {
        item.at.unwrap_or(self.hardware.at)
    }

    pub(super) fn is_ovirt(&self) -> bool {
        self.descriptor.is_ovirt
    }

    /// The last setting of this key that counts here.
    pub(super) fn setting(&self, key: &str) -> Option<&str> {
        let all = self.hardware.config.iter().chain(&self.hardware.extra_config);
        let mut counts = all.filter(|s| s.key.eq_ignore_ascii_case(key)).filter(|s| {
            s.configurations.is_empty()
                || self.option.is_some_and(|option| s.configurations.iter().any(|c| c == option))
        });
        counts.next_back().map(|setting| setting.value.as_str())
    }
}

/// An item of the option replaces the one of the same instance id that belongs to all options.
fn select<'d>(hardware: &'d Hardware, option: Option<&str>) -> Vec<&'d Item> {
    let is_chosen =
        |item: &&Item| option.is_some_and(|option| item.configurations.iter().any(|c| c == option));
    let is_value = |item: &&Item| item.bound == Bound::Normal;
    let specific: Vec<&Item> = hardware.items.iter().filter(is_value).filter(is_chosen).collect();
    let is_replaced = |item: &Item| {
        !item.instance.is_empty() && specific.iter().any(|other| other.instance == item.instance)
    };
    // Of several items for the option, the last one counts, as in the standard's own example.
    let is_last = |item: &Item| {
        let same = |other: &&&Item| other.instance == item.instance;
        item.instance.is_empty()
            || specific.iter().rfind(same).is_some_and(|last| std::ptr::eq(*last, item))
    };
    hardware
        .items
        .iter()
        .filter(is_value)
        .filter(|item| {
            (is_chosen(item) && is_last(item))
                || (item.configurations.is_empty() && !is_replaced(item))
        })
        .collect()
}

fn set_firmware(machine: &mut Machine, chosen: &Chosen<'_>, system: &VirtualSystem) {
    let hint = system.firmware_hint.as_deref();
    let is_gen2 = chosen.hardware.families.iter().any(|f| f.contains("Hyper-V:SubType:2"));
    let said = chosen.setting("firmware").or(hint).unwrap_or_default().to_ascii_lowercase();
    if said.starts_with("efi") || said.starts_with("uefi") || is_gen2 {
        machine.firmware = Firmware::Efi;
    } else if !said.is_empty() && !said.contains("bios") {
        let message = format!("firmware {:?} is not known: taken as BIOS", shorten(&said));
        machine.warn("unknown-firmware", chosen.hardware.at, message);
    }
    let secure = ["bootOptions.efiSecureBootEnabled", "uefi.secureBoot.enabled"];
    machine.is_secure_boot = machine.firmware == Firmware::Efi
        && (secure.iter().any(|key| chosen.setting(key).is_some_and(is_true))
            || said == "efi-secure");
    machine.nvram =
        chosen.setting("nvram").and_then(|value| match disk_of(chosen.descriptor, value)? {
            Source::File(file) => Some(file.href.clone()),
            Source::Disk(_) => None,
        });
}

fn add_controller(machine: &mut Machine, item: &Item, at: Position) {
    let model = item.sub_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    let bus = match item.resource_type {
        Some(5) => Bus::Ide,
        Some(6) => Bus::Scsi,
        Some(20) if model.contains("nvme") => Bus::Nvme,
        Some(20) if model.contains("ahci") || model.contains("sata") => Bus::Sata,
        Some(20) if model.contains("scsi") || model.contains("sas") => Bus::Scsi,
        Some(20) if model.contains("logic") => Bus::Scsi,
        _ => return,
    };
    let index = item.address.as_deref().or(item.bus_number.as_deref());
    machine.controllers.push(Controller {
        instance: item.instance.clone(),
        bus,
        model: item.sub_type.clone(),
        index: index.and_then(|text| text.parse().ok()),
        at,
    });
}

fn add_item(machine: &mut Machine, chosen: &Chosen<'_>, item: &Item) {
    let is_ovirt = chosen.is_ovirt();
    match item.resource_type {
        Some(3) => add_cpus(machine, chosen, item),
        Some(4) => set_memory(machine, chosen, item),
        Some(10) => add_nic(machine, chosen, item),
        Some(14) => {
            let href = file_in(chosen, item);
            let instance = item.instance.clone();
            machine.floppies.push(Floppy { instance, href, at: chosen.at(item) });
        }
        Some(15 | 16) => add_cdrom(machine, chosen, item),
        Some(17 | 19 | 31 | 32) => add_disk(machine, chosen, item),
        _ if machine.controllers.iter().any(|c| c.instance == item.instance) => {}
        Some(20) if is_ovirt => add_other(machine, chosen, item, "video"),
        _ => add_other(machine, chosen, item, other_kind(item)),
    }
}

/// The devices that Quantix tells apart among those it does not model in full.
fn other_kind(item: &Item) -> &'static str {
    let model = item.sub_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    match item.resource_type {
        _ if model.contains("vtpm") || model.contains("tpm") => "tpm",
        _ if model.contains("nvdimm") => "nvdimm",
        _ if model.contains("soundcard") => "sound",
        _ if model.contains("pci.passthrough") => "pci",
        Some(20 | 7 | 8 | 9) => "controller",
        Some(21) => "serial",
        Some(22) => "parallel",
        Some(23) => "usb",
        Some(24 | 26) => "video",
        Some(35) => "sound",
        _ => "other",
    }
}

fn add_other(machine: &mut Machine, chosen: &Chosen<'_>, item: &Item, kind: &'static str) {
    machine.has_tpm |= kind == "tpm";
    machine.others.push(OtherDevice {
        kind,
        resource_type: item.resource_type,
        model: item.sub_type.clone(),
        name: item.name.clone(),
        is_required: item.is_required,
        at: chosen.at(item),
    });
}

fn add_cpus(machine: &mut Machine, chosen: &Chosen<'_>, item: &Item) {
    let at = chosen.at(item);
    let extension =
        |name: &str| item.extensions.get(name).and_then(|value| value.parse::<u32>().ok());
    let per_socket = extension("CoresPerSocket").or(extension("cpu_per_socket"));
    if per_socket.is_some_and(|cores| cores > 0) {
        machine.cores_per_socket = per_socket;
    }
    let product = extension("num_of_sockets").and_then(|sockets| {
        let threads = extension("threads_per_cpu").unwrap_or(1);
        sockets.checked_mul(per_socket.unwrap_or(1))?.checked_mul(threads)
    });
    let Some(quantity) = &item.quantity else {
        if product.is_none() {
            machine.warn("missing-quantity", at, "the CPU item has no VirtualQuantity");
        }
        machine.cpus = product.or(machine.cpus);
        return;
    };
    // Some exporters write `2.0`.
    let number = Unit::BYTE.apply(quantity).ok().and_then(|cpus| u32::try_from(cpus).ok());
    match number.filter(|&cpus| cpus > 0) {
        Some(cpus) => machine.cpus = Some(machine.cpus.unwrap_or(0).saturating_add(cpus)),
        None => {
            let message = format!("number of CPUs {:?}: expected 1 or more", shorten(quantity));
            machine.error("invalid-cpus", at, message);
        }
    }
}

fn set_cores(machine: &mut Machine, chosen: &Chosen<'_>) {
    if machine.cores_per_socket.is_none() {
        let extra = chosen.setting("cpuid.coresPerSocket").and_then(|value| value.parse().ok());
        machine.cores_per_socket = extra.filter(|&cores: &u32| cores > 0);
    }
    if let (Some(cpus), Some(cores)) = (machine.cpus, machine.cores_per_socket)
        && cpus % cores != 0
    {
        let message = format!("{cpus} CPUs do not fill sockets of {cores} cores");
        machine.warn("uneven-sockets", chosen.hardware.at, message);
    }
}

fn set_memory(machine: &mut Machine, chosen: &Chosen<'_>, item: &Item) {
    let at = chosen.at(item);
    let Some(quantity) = &item.quantity else {
        return machine.error("missing-quantity", at, "the memory item has no VirtualQuantity");
    };
    // OVF's own default is bytes, but who leaves the unit out means MiB, unless that is absurd.
    let default = match quantity.trim().parse::<u64>() {
        Ok(number) if number >= 1 << 24 => Unit::BYTE,
        _ => Unit::MEBIBYTE,
    };
    if item.units.is_none() {
        let unit = if default == Unit::BYTE { "bytes" } else { "MiB" };
        let message = format!("memory {quantity} has no AllocationUnits: taken as {unit}");
        machine.warn("missing-unit", at, message);
    }
    match units::bytes(quantity, item.units.as_deref(), default) {
        Ok(bytes) => {
            if bytes % (1 << 20) != 0 {
                let message = format!("memory of {bytes} bytes is rounded up to whole MiB");
                machine.warn("uneven-memory", at, message);
            }
            let mib = bytes.div_ceil(1 << 20);
            machine.memory_mib = Some(machine.memory_mib.unwrap_or(0).saturating_add(mib));
        }
        Err(error) => machine.error("invalid-memory", at, format!("memory: {error}")),
    }
}

fn add_nic(machine: &mut Machine, chosen: &Chosen<'_>, item: &Item) {
    if item.connections.len() > 1 {
        let message = "a network adapter with several connections: the first one is used";
        machine.warn("second-connection", chosen.at(item), message);
    }
    let is_mac = |text: &&String| {
        let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
        digits == 12 && text.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'-'))
    };
    let mac = item.extensions.get("MACAddress").or(item.address.as_ref()).filter(is_mac);
    let model = item.sub_type.as_deref().map(|model| match model {
        "0" if chosen.is_ovirt() => "rtl8139_pv",
        "1" if chosen.is_ovirt() => "rtl8139",
        "2" if chosen.is_ovirt() => "e1000",
        "3" if chosen.is_ovirt() => "virtio",
        other => other,
    });
    machine.nics.push(Nic {
        instance: item.instance.clone(),
        network: item.connections.first().cloned(),
        model: model.map(str::to_owned),
        mac: mac.cloned(),
        is_connected: item.is_automatic.unwrap_or(true),
        at: chosen.at(item),
    });
}

impl Machine {
    pub(super) fn warn(&mut self, code: &'static str, at: Position, message: impl Into<String>) {
        self.findings.push(Finding::warning(code, message).at_position(at.line, at.column));
    }

    pub(super) fn error(&mut self, code: &'static str, at: Position, message: impl Into<String>) {
        self.findings.push(Finding::error(code, message).at_position(at.line, at.column));
    }
}
