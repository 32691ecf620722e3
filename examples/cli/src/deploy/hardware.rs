//! From what an appliance says that it is to the machine that libvirt is asked for.

use std::collections::BTreeMap;

use quantix_core::{Finding, MemoryMib, VmId};
use quantix_libvirt::{
    DiskBus, DiskSpec, DomainSpec, DomainType, Firmware, Mac, NicSource, NicSpec, OwnerTag,
    SerialSpec, Topology,
};
use quantix_ova::{
    convert::ConvertedDisk,
    ovf::{self, Machine, Media},
};

use crate::failure::Failure;

/// CPUs of a machine whose descriptor names none.
const CPUS_DEFAULT: u32 = 1;
/// Memory of a machine whose descriptor names none.
const MEMORY_MIB_DEFAULT: u64 = 1024;

/// What the machine shall have, apart from its files.
#[derive(Debug)]
pub(super) struct Hardware {
    /// Virtual CPUs.
    pub(super) cpus: u32,
    /// Memory.
    pub(super) memory_mib: MemoryMib,
    /// The network of each interface, and its address.
    pub(super) nics: Vec<(String, Mac)>,
    topology: Option<Topology>,
    firmware: Firmware,
    tpm: bool,
    /// What the appliance asked for and does not get as written.
    pub(super) findings: Vec<Finding>,
}

impl Hardware {
    /// Reads the machine of an appliance.
    pub(super) fn new(machine: &Machine, id: VmId) -> Self {
        let mut findings = machine.findings.clone();
        let cpus = machine.cpus.unwrap_or_else(|| {
            let message = "the appliance names no CPUs; it gets 1";
            findings.push(Finding::warning("default-cpus", message));
            CPUS_DEFAULT
        });
        let memory = machine.memory_mib.unwrap_or_else(|| {
            let message = "the appliance names no memory; it gets 1 GiB";
            findings.push(Finding::warning("default-memory", message));
            MEMORY_MIB_DEFAULT
        });
        let firmware = match (machine.firmware, machine.is_secure_boot) {
            (ovf::Firmware::Efi, true) => Firmware::EfiSecure,
            (ovf::Firmware::Efi, false) => Firmware::Efi,
            (ovf::Firmware::Bios, _) => Firmware::Bios,
        };
        let mut nics = Vec::new();
        for (index, nic) in (0u32..).zip(&machine.nics) {
            let own = nic.mac.as_deref().and_then(|mac| mac.parse().ok());
            let mac = own.unwrap_or_else(|| Mac::derived(id, index));
            nics.push((nic.network.clone().unwrap_or_else(|| "default".to_owned()), mac));
        }
        note_changes(machine, &mut findings);
        Self {
            cpus,
            memory_mib: MemoryMib(memory),
            nics,
            topology: topology(cpus, machine.cores_per_socket),
            firmware,
            tpm: machine.has_tpm,
            findings,
        }
    }

    /// The domain, once its files are known.
    pub(super) fn domain(
        &self,
        name: &str,
        id: VmId,
        execution: DomainType,
        files: Files<'_>,
        networks: &BTreeMap<String, NicSource>,
    ) -> DomainSpec {
        let mut spec = DomainSpec::new(name, id, self.cpus, self.memory_mib);
        spec.domain_type = execution;
        spec.topology = self.topology;
        spec.firmware = self.firmware;
        spec.tpm = self.tpm;
        spec.serial = SerialSpec::PtyWithLog { path: files.console.to_owned() };
        spec.tag = Some(files.tag);
        for (order, path) in (1u32..).zip(files.disks) {
            spec.disks.push(DiskSpec::qcow2(path.as_str()).boot(order));
        }
        // The seed is a read-only virtio disk: every cloud image's kernel has that driver, while
        // many have none for an optical drive of a q35 machine.
        let seed = DiskSpec { readonly: true, ..DiskSpec::raw(files.seed) };
        spec.disks.push(seed.on(DiskBus::Virtio));
        for (network, mac) in &self.nics {
            let source = networks.get(network).cloned().unwrap_or(NicSource::User);
            spec.nics.push(NicSpec::new(source).mac(*mac));
        }
        spec
    }
}

/// The files of a machine.
#[derive(Debug)]
pub(super) struct Files<'a> {
    /// Its disks, in the order of the appliance.
    pub(super) disks: &'a [String],
    /// The seed image.
    pub(super) seed: &'a str,
    /// Where its serial console is logged.
    pub(super) console: &'a str,
    /// The mark that names all of them.
    pub(super) tag: OwnerTag,
}

fn topology(cpus: u32, cores_per_socket: Option<u32>) -> Option<Topology> {
    let cores = cores_per_socket.filter(|&cores| cores > 0 && cpus.is_multiple_of(cores))?;
    Some(Topology { sockets: cpus / cores, cores, threads: 1 })
}

/// Says what the machine has in the appliance and gets otherwise here.
fn note_changes(machine: &Machine, findings: &mut Vec<Finding>) {
    let mut note = |code, message: String, line, column| {
        findings.push(Finding::info(code, message).at_position(line, column));
    };
    for controller in &machine.controllers {
        let message = format!(
            "disks of the {} controller become virtio disks, which cloud images have drivers for",
            controller.model.as_deref().unwrap_or("declared")
        );
        note("controller-changed", message, controller.at.line, controller.at.column);
    }
    for nic in &machine.nics {
        let Some(model) = nic.model.as_deref().filter(|model| !model.contains("virtio")) else {
            continue;
        };
        let message = format!("the {model} interface becomes a virtio one");
        note("nic-changed", message, nic.at.line, nic.at.column);
    }
    for cdrom in &machine.cdroms {
        let message = match &cdrom.href {
            Some(href) => format!("the optical drive with {href} is left out"),
            None => "the empty optical drive is left out".to_owned(),
        };
        note("cdrom-dropped", message, cdrom.at.line, cdrom.at.column);
    }
    for floppy in &machine.floppies {
        note(
            "floppy-dropped",
            "the floppy drive is left out".into(),
            floppy.at.line,
            floppy.at.column,
        );
    }
    for other in &machine.others {
        if other.kind == "tpm" {
            continue;
        }
        let message = format!("the {} device is left out", other.kind);
        note("device-dropped", message, other.at.line, other.at.column);
    }
}

/// The converted disks of the machine, in the order in which it has them.
pub(super) fn disk_order(
    machine: &Machine,
    converted: &[ConvertedDisk],
) -> Result<Vec<String>, Failure> {
    let mut paths = Vec::new();
    for disk in &machine.disks {
        let id = match &disk.media {
            Media::Disk(id) | Media::File(id) => id,
            Media::None => continue,
        };
        let found = converted.iter().find(|made| made.id == *id).ok_or_else(|| {
            Failure::input(format!("the appliance's disk `{id}` has no content to convert"))
        })?;
        let path = found.path.to_str().ok_or_else(|| {
            Failure::input("libvirt takes only UTF-8 paths").hint("choose another --to")
        })?;
        paths.push(path.to_owned());
    }
    if paths.is_empty() {
        return Err(Failure::input("the appliance has no disk, so nothing could boot"));
    }
    Ok(paths)
}
