//! The answer of `ova inspect`.

use quantix_core::{Finding, REDACTED};
use serde::{Deserialize, Serialize};

use super::{Bus, Descriptor, Firmware, Machine, OvfError, VirtualSystem};
use crate::package::Packing;

/// What an appliance is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspect {
    /// What was inspected.
    pub format: Packing,
    /// The version of OVF.
    pub ovf_version: Option<String>,
    /// The program that wrote it.
    pub producer: Option<String>,
    /// Its machines, in the default deployment option.
    pub systems: Vec<InspectSystem>,
    /// The names of its networks.
    pub networks: Vec<String>,
    /// The sizes it can be deployed in.
    pub deployment_options: Vec<InspectOption>,
    /// What the deployer can set.
    pub properties: Vec<InspectProperty>,
    /// Licences to accept.
    pub eulas: Vec<String>,
    /// The files it lists.
    pub files: Vec<InspectFile>,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectSystem {
    /// `ovf:id`.
    pub id: String,
    /// Its name; its id where it has none.
    pub name: String,
    /// The guest operating system.
    pub os: Option<InspectOs>,
    /// Virtual CPUs.
    pub cpus: Option<u32>,
    /// Cores in each socket.
    pub cores_per_socket: Option<u32>,
    /// Memory.
    pub memory_mib: Option<u64>,
    /// How it starts.
    pub firmware: Firmware,
    /// Whether only signed boot loaders start.
    pub secure_boot: bool,
    /// Whether it has a TPM.
    pub tpm: bool,
    /// Hardware families, such as `vmx-19`.
    pub hardware: Vec<String>,
    /// Hard disks.
    pub disks: Vec<InspectDisk>,
    /// Network interfaces.
    pub nics: Vec<InspectNic>,
    /// CD and DVD drives.
    pub cdroms: Vec<InspectCdrom>,
    /// Notes.
    pub annotation: Option<String>,
}

/// A guest operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectOs {
    /// CIM's number.
    pub id: Option<u16>,
    /// The vendor's name for it.
    pub vendor: Option<String>,
    /// For people.
    pub description: Option<String>,
}

/// A hard disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectDisk {
    /// `ovf:diskId`; the instance id where there is no disk entry.
    pub id: String,
    /// `ovf:href` of its content; none for a disk that starts empty.
    pub file: Option<String>,
    /// Its size.
    pub capacity_bytes: Option<u64>,
    /// The format of its content: `vmdk`, `vhd`, `vhdx`, `qcow2`, `vdi`, `raw`, `iso`, or the URI.
    pub format: Option<String>,
    /// What it is attached to.
    pub controller: Option<Bus>,
    /// The model of the controller.
    pub controller_model: Option<String>,
    /// Which controller of its kind that is.
    pub bus: Option<u32>,
    /// Its place on the controller.
    pub unit: Option<u32>,
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectNic {
    /// The network.
    pub network: Option<String>,
    /// The model, as written.
    pub model: Option<String>,
    /// The MAC address, where it is fixed.
    pub mac: Option<String>,
}

/// A CD or DVD drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectCdrom {
    /// `ovf:href` of the image in it.
    pub file: Option<String>,
    /// What it is attached to.
    pub controller: Option<Bus>,
}

/// A deployment option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectOption {
    /// `ovf:id`.
    pub id: String,
    /// For people.
    pub label: Option<String>,
    /// Whether it is used when none is chosen.
    pub default: bool,
}

/// A property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectProperty {
    /// `ovf:key`.
    pub key: String,
    /// `class.key.instance`, by which the guest finds it.
    pub qualified_key: String,
    /// `ovf:type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The default in the default deployment option; never that of a password.
    pub value: Option<String>,
    /// Whether the deployer may change it.
    pub user_configurable: bool,
    /// For people.
    pub label: Option<String>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectFile {
    /// `ovf:href`.
    pub href: String,
    /// `ovf:size`.
    pub size: Option<u64>,
    /// `ovf:compression`.
    pub compression: Option<String>,
}

impl Inspect {
    /// The answer for a descriptor that was found in a package of this format.
    #[must_use]
    pub fn new(format: Packing, descriptor: &Descriptor) -> Self {
        let option = descriptor.default_option();
        let default = option.map(|option| option.id.as_str());
        Self {
            format,
            ovf_version: Some(descriptor.version.clone()),
            producer: descriptor.producer.clone(),
            systems: descriptor.systems().iter().map(|s| system(descriptor, s)).collect(),
            networks: descriptor.networks.iter().map(|network| network.name.clone()).collect(),
            deployment_options: descriptor
                .options
                .iter()
                .map(|option| InspectOption {
                    id: option.id.clone(),
                    label: option.label.clone(),
                    default: Some(option.id.as_str()) == default,
                })
                .collect(),
            properties: properties(descriptor, default),
            eulas: descriptor.eulas().into_iter().map(str::to_owned).collect(),
            files: descriptor
                .files
                .iter()
                .map(|file| InspectFile {
                    href: file.href.clone(),
                    size: file.size,
                    compression: file.compression.clone(),
                })
                .collect(),
            findings: descriptor.findings().to_vec(),
        }
    }

    /// The answer for a descriptor that cannot be read at all.
    #[must_use]
    pub fn unreadable(format: Packing, error: &OvfError) -> Self {
        Self {
            format,
            ovf_version: None,
            producer: None,
            systems: Vec::new(),
            networks: Vec::new(),
            deployment_options: Vec::new(),
            properties: Vec::new(),
            eulas: Vec::new(),
            files: Vec::new(),
            findings: vec![error.finding()],
        }
    }

    /// Whether something is so wrong that a machine cannot be made as described; see
    /// [`Descriptor::is_broken`].
    #[must_use]
    pub fn is_broken(&self) -> bool {
        super::is_broken(&self.findings)
    }
}

fn properties(descriptor: &Descriptor, option: Option<&str>) -> Vec<InspectProperty> {
    let all = descriptor.products().into_iter().flat_map(|product| &product.properties);
    all.map(|property| {
        let chosen = option.and_then(|option| property.values.get(option));
        let value = chosen.or(property.value.as_ref()).filter(|value| !value.is_empty());
        InspectProperty {
            key: property.key.clone(),
            qualified_key: property.qualified_key.clone(),
            kind: property.kind.clone(),
            value: value.map(|v| if property.is_password { REDACTED } else { v }.to_owned()),
            user_configurable: property.is_user_configurable,
            label: property.label.clone(),
        }
    })
    .collect()
}

fn system(descriptor: &Descriptor, system: &VirtualSystem) -> InspectSystem {
    let machine = descriptor.machine(system, None);
    let hardware = system.hardware.first();
    let identifier = hardware.and_then(|hardware| hardware.identifier.clone());
    InspectSystem {
        id: system.id.clone(),
        name: system.name.clone().or(identifier).unwrap_or_else(|| system.id.clone()),
        os: system.os.as_ref().map(|os| InspectOs {
            id: os.id,
            vendor: os.vendor.clone(),
            description: os.description.clone(),
        }),
        cpus: machine.cpus,
        cores_per_socket: machine.cores_per_socket,
        memory_mib: machine.memory_mib,
        firmware: machine.firmware,
        secure_boot: machine.is_secure_boot,
        tpm: machine.has_tpm,
        hardware: hardware.map(|hardware| hardware.families.clone()).unwrap_or_default(),
        disks: disks(&machine),
        nics: machine
            .nics
            .iter()
            .map(|nic| InspectNic {
                network: nic.network.clone(),
                model: nic.model.clone(),
                mac: nic.mac.clone(),
            })
            .collect(),
        cdroms: machine
            .cdroms
            .iter()
            .map(|drive| InspectCdrom { file: drive.href.clone(), controller: drive.bus })
            .collect(),
        annotation: system.about.annotation.clone(),
    }
}

fn disks(machine: &Machine) -> Vec<InspectDisk> {
    let all = machine.disks.iter().map(|disk| {
        let controller = disk
            .controller
            .as_ref()
            .and_then(|id| machine.controllers.iter().find(|c| c.instance == *id));
        InspectDisk {
            id: match &disk.media {
                super::Media::Disk(id) | super::Media::File(id) => id.clone(),
                super::Media::None => disk.instance.clone(),
            },
            file: disk.href.clone(),
            capacity_bytes: disk.capacity_bytes,
            format: format_of(disk),
            controller: disk.bus,
            controller_model: controller.and_then(|c| c.model.clone()),
            bus: controller.and_then(|c| c.index),
            unit: disk.unit,
        }
    });
    all.collect()
}

/// The format that the disk entry names; where it names none, what the file is called.
fn format_of(disk: &super::MachineDisk) -> Option<String> {
    if let Some(uri) = &disk.format {
        return Some(format_name(uri));
    }
    let (_, extension) = disk.href.as_deref()?.rsplit_once('.')?;
    let extension = extension.to_ascii_lowercase();
    ["vmdk", "vhd", "vhdx", "qcow2", "vdi", "raw", "iso"]
        .contains(&extension.as_str())
        .then_some(extension)
}

/// The short name of a format URI; the URI itself where there is none.
pub(super) fn format_name(uri: &str) -> String {
    let lower = uri.to_ascii_lowercase();
    let known = [
        ("vmdk", "vmdk"),
        ("vhdx", "vhdx"),
        ("vhd", "vhd"),
        ("qcow", "qcow2"),
        ("vdi", "vdi"),
        ("9660", "iso"),
        ("iso", "iso"),
        ("raw", "raw"),
    ];
    let found = known.iter().find(|(part, _)| lower.contains(part));
    found.map_or_else(|| uri.to_owned(), |(_, name)| (*name).to_owned())
}
