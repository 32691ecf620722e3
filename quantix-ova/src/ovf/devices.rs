//! What a machine has, as plain values.

use quantix_core::Finding;
use quantix_xml::Position;
use serde::{Deserialize, Serialize};

/// How firmware starts the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Firmware {
    /// PC BIOS; what OVF means when it says nothing.
    #[default]
    Bios,
    /// UEFI.
    Efi,
}

/// What a disk or drive is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bus {
    /// Parallel ATA.
    Ide,
    /// SCSI of any kind.
    Scsi,
    /// AHCI.
    Sata,
    /// `NVMe`.
    Nvme,
    /// A virtio block device without controller, as oVirt has.
    Virtio,
    /// USB storage.
    Usb,
}

/// A disk controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// Its instance id.
    pub instance: String,
    /// What it drives.
    pub bus: Bus,
    /// Its model, as written; several are separated by spaces or commas.
    pub model: Option<String>,
    /// Which one of its kind it is.
    pub index: Option<u32>,
    /// Where it stands.
    pub at: Position,
}

/// What is in a drive, or behind a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Media {
    /// The disk of this id.
    Disk(String),
    /// The file of this id, without a disk entry.
    File(String),
    /// Nothing, or something of the host.
    None,
}

/// A hard disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineDisk {
    /// The instance id of the item.
    pub instance: String,
    /// The disk or file behind it.
    pub media: Media,
    /// `ovf:href` of its content; `None` for a disk that starts empty.
    pub href: Option<String>,
    /// Its size, as far as the descriptor tells.
    pub capacity_bytes: Option<u64>,
    /// `ovf:format` of its content.
    pub format: Option<String>,
    /// What it is attached to.
    pub bus: Option<Bus>,
    /// The instance id of its controller.
    pub controller: Option<String>,
    /// Its place on the controller.
    pub unit: Option<u32>,
    /// Whether it is marked as the one to boot from.
    pub is_bootable: bool,
    /// Where it stands.
    pub at: Position,
}

/// A CD or DVD drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cdrom {
    /// The instance id of the item.
    pub instance: String,
    /// `ovf:href` of the image in it.
    pub href: Option<String>,
    /// What it is attached to.
    pub bus: Option<Bus>,
    /// The instance id of its controller.
    pub controller: Option<String>,
    /// Its place on the controller.
    pub unit: Option<u32>,
    /// Where it stands.
    pub at: Position,
}

/// A floppy drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floppy {
    /// The instance id of the item.
    pub instance: String,
    /// `ovf:href` of the image in it.
    pub href: Option<String>,
    /// Where it stands.
    pub at: Position,
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// The instance id of the item.
    pub instance: String,
    /// The network it is connected to.
    pub network: Option<String>,
    /// Its model, as written; several are separated by spaces or commas.
    pub model: Option<String>,
    /// Its MAC address, where it is fixed.
    pub mac: Option<String>,
    /// Whether it is connected at power-on.
    pub is_connected: bool,
    /// Where it stands.
    pub at: Position,
}

/// A device of any other kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherDevice {
    /// `usb`, `video`, `sound`, `tpm`, `serial`, `parallel`, `nvdimm`, `pci`, `controller` or
    /// `other`.
    pub kind: &'static str,
    /// `rasd:ResourceType`.
    pub resource_type: Option<u16>,
    /// Its model, as written.
    pub model: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Whether the machine works without it.
    pub is_required: bool,
    /// Where it stands.
    pub at: Position,
}

/// What a system is in one deployment option.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The deployment option, if there are any.
    pub option: Option<String>,
    /// Virtual CPUs.
    pub cpus: Option<u32>,
    /// Cores in each socket, where it is said.
    pub cores_per_socket: Option<u32>,
    /// Memory.
    pub memory_mib: Option<u64>,
    /// How it starts.
    pub firmware: Firmware,
    /// Whether only signed boot loaders start.
    pub is_secure_boot: bool,
    /// Whether it has a TPM.
    pub has_tpm: bool,
    /// `ovf:href` of its saved firmware settings.
    pub nvram: Option<String>,
    /// Disk controllers.
    pub controllers: Vec<Controller>,
    /// Hard disks.
    pub disks: Vec<MachineDisk>,
    /// CD and DVD drives.
    pub cdroms: Vec<Cdrom>,
    /// Floppy drives.
    pub floppies: Vec<Floppy>,
    /// Network interfaces.
    pub nics: Vec<Nic>,
    /// Everything else.
    pub others: Vec<OtherDevice>,
    /// What was doubtful about all that.
    pub findings: Vec<Finding>,
}
