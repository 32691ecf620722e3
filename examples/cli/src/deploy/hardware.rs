//! From the machine that an appliance became to the one that libvirt is asked for.

use std::collections::BTreeMap;

use quantix_core::{
    Finding, MemoryMib, VmId,
    model::{self, VmSpec},
};
use quantix_libvirt::{
    DiskBus, DiskSpec, DomainSpec, DomainType, Firmware, Mac, NicSource, NicSpec, OwnerTag,
    SerialSpec, Topology,
};
use quantix_ova::{convert::ConvertedDisk, import::Import};

use crate::failure::Failure;

/// What the machine shall have, apart from its files.
#[derive(Debug)]
pub(super) struct Hardware {
    /// The machine that the appliance became.
    pub(super) vm: VmSpec,
    /// The address of each interface.
    pub(super) macs: Vec<Mac>,
    /// What this host has no way to give as imported.
    pub(super) findings: Vec<Finding>,
    sources: Vec<Option<String>>,
}

impl Hardware {
    /// Takes the imported machine; interfaces without an address get one that follows from `id`.
    pub(super) fn new(import: &Import, id: VmId) -> Self {
        let mut findings = import.findings.clone();
        let own = |nic: &model::NicSpec| nic.mac_address.and_then(|mac| Mac::new(mac.0));
        let macs = (0u32..)
            .zip(&import.vm.network_interfaces)
            .map(|(index, nic)| own(nic).unwrap_or_else(|| Mac::derived(id, index)));
        let macs = macs.collect();
        for disk in import.vm.disks.iter().filter(|disk| disk.bus == model::DiskBus::Nvme) {
            let message = format!("disk {} becomes a SATA disk: libvirt emulates no NVMe", disk.id);
            findings.push(Finding::warning("nvme-changed", message));
        }
        Self { vm: import.vm.clone(), macs, findings, sources: import.sources.clone() }
    }

    /// Memory.
    pub(super) fn memory(&self) -> MemoryMib {
        self.vm.memory.size_mib
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
        let mut spec = DomainSpec::new(name, id, self.vm.cpu.cores, self.memory());
        spec.domain_type = execution;
        spec.topology = topology(&self.vm.cpu);
        spec.firmware = match (self.vm.firmware, self.vm.secure_boot) {
            (model::Firmware::Efi, true) => Firmware::EfiSecure,
            (model::Firmware::Efi, false) => Firmware::Efi,
            (model::Firmware::Bios, _) => Firmware::Bios,
        };
        spec.tpm = self.vm.tpm.is_some();
        spec.serial = SerialSpec::PtyWithLog { path: files.console.to_owned() };
        spec.tag = Some(files.tag);
        for (disk, path) in self.vm.disks.iter().zip(files.disks) {
            let mut device = DiskSpec::qcow2(path.as_str()).on(bus(disk.bus));
            device.boot_order = disk.boot_order;
            spec.disks.push(device);
        }
        if spec.disks.iter().all(|disk| disk.boot_order.is_none()) {
            for (order, disk) in (1u32..).zip(&mut spec.disks) {
                disk.boot_order = Some(order);
            }
        }
        spec.disks.push(seed_disk(files.seed, &spec.disks));
        spec.disks.extend(files.drives.iter().map(|path| DiskSpec::cdrom(path.as_str())));
        for (nic, mac) in self.vm.network_interfaces.iter().zip(&self.macs) {
            let source = networks.get(nic.network_id.as_str()).cloned();
            let source = source.unwrap_or(NicSource::User);
            let mut device = NicSpec::new(source).mac(*mac);
            device.model = nic.model.as_str().to_owned();
            spec.nics.push(device);
        }
        spec
    }

    /// The converted disks of the machine, in the order in which it has them.
    pub(super) fn disk_paths(&self, converted: &[ConvertedDisk]) -> Result<Vec<String>, Failure> {
        let mut paths = Vec::new();
        for (disk, source) in self.vm.disks.iter().zip(&self.sources) {
            let by_id = converted.iter().find(|made| made.id == disk.id.as_str());
            let by_source =
                || converted.iter().find(|made| source.is_some() && made.source == *source);
            let made = by_id.or_else(by_source).ok_or_else(|| {
                Failure::input(format!("the appliance's disk `{}` was not converted", disk.id))
            })?;
            let path = made.path.to_str().ok_or_else(|| {
                Failure::input("libvirt takes only UTF-8 paths").hint("choose another --to")
            })?;
            paths.push(path.to_owned());
        }
        if paths.is_empty() {
            return Err(Failure::input("the appliance has no disk, so nothing could boot"));
        }
        Ok(paths)
    }
}

/// The files of a machine.
#[derive(Debug)]
pub(super) struct Files<'a> {
    /// Its disks, in the order of the machine.
    pub(super) disks: &'a [String],
    /// The seed image.
    pub(super) seed: &'a str,
    /// What is in its optical drives.
    pub(super) drives: &'a [String],
    /// Where its serial console is logged.
    pub(super) console: &'a str,
    /// The mark that names all of them.
    pub(super) tag: OwnerTag,
}

fn topology(cpu: &model::CpuSpec) -> Option<Topology> {
    let groups = cpu.sockets.checked_mul(cpu.threads_per_core).filter(|&groups| groups > 1)?;
    let cores = cpu.cores / groups;
    (cores * groups == cpu.cores && cores > 0).then_some(Topology {
        sockets: cpu.sockets,
        cores,
        threads: cpu.threads_per_core,
    })
}

fn bus(bus: model::DiskBus) -> DiskBus {
    match bus {
        model::DiskBus::Virtio => DiskBus::Virtio,
        model::DiskBus::Scsi => DiskBus::Scsi,
        model::DiskBus::Sata | model::DiskBus::Nvme => DiskBus::Sata,
        model::DiskBus::Ide => DiskBus::Ide,
        model::DiskBus::Usb => DiskBus::Usb,
    }
}

/// The seed as what the guest surely has a driver for: a read-only virtio disk beside virtio disks,
/// since many cloud images have none for an optical drive of this machine type; else a CD.
fn seed_disk(path: &str, disks: &[DiskSpec]) -> DiskSpec {
    if disks.iter().any(|disk| disk.bus == DiskBus::Virtio) {
        DiskSpec { readonly: true, ..DiskSpec::raw(path) }
    } else {
        DiskSpec::cdrom(path)
    }
}
