//! Writing a descriptor: OVF 1.1 as VMware, VirtualBox and oVirt read it.

mod check;
mod document;
mod item;

use quantix_core::{Bytes, Finding, MemoryMib};
use serde::{Deserialize, Serialize};

use super::Firmware;

/// The format URI of a stream-optimized VMDK.
pub const STREAM_OPTIMIZED_URI: &str =
    "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";

/// The most disks that a written appliance may have.
pub const DISKS_MAX: usize = 56;
/// The most network interfaces that a written appliance may have.
pub const NICS_MAX: usize = 10;
/// The most properties that a written appliance may have.
pub const PROPERTIES_MAX: usize = 1024;

/// An appliance of one machine, to be written as a descriptor.
///
/// ```
/// use quantix_core::{Bytes, MemoryMib};
/// use quantix_ova::ovf::{Descriptor, write::{Appliance, ApplianceDisk, ApplianceNic}};
/// let mut web = Appliance::new("web", 2, MemoryMib(2048));
/// web.disks.push(ApplianceDisk::new("web-disk1.vmdk", Bytes(20 << 30)));
/// web.nics.push(ApplianceNic::new("lan"));
/// let ovf = web.to_ovf()?;
/// let descriptor = Descriptor::parse(ovf).unwrap();
/// assert_eq!(descriptor.findings(), []);
/// assert_eq!(descriptor.disks[0].id, "vmdisk1");
/// # Ok::<(), quantix_ova::ovf::write::WriteError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appliance {
    /// The name, and the id, of the machine.
    pub name: String,
    /// Virtual CPUs.
    pub cpus: u32,
    /// Cores in each socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores_per_socket: Option<u32>,
    /// Memory.
    pub memory_mib: MemoryMib,
    /// How it starts.
    #[serde(default)]
    pub firmware: Firmware,
    /// Whether only signed boot loaders start; needs EFI.
    #[serde(default)]
    pub secure_boot: bool,
    /// Whether it has a TPM; needs EFI.
    #[serde(default)]
    pub tpm: bool,
    /// The guest operating system.
    #[serde(default)]
    pub os: ApplianceOs,
    /// VMware's hardware family: what is needed to run it.
    #[serde(default = "hardware_default")]
    pub hardware: String,
    /// What its disks are attached to.
    #[serde(default)]
    pub controller: ControllerModel,
    /// Its disks.
    #[serde(default)]
    pub disks: Vec<ApplianceDisk>,
    /// Its network interfaces. Their networks are declared by themselves.
    #[serde(default)]
    pub nics: Vec<ApplianceNic>,
    /// Whether it has an empty CD drive, through which a deployer can hand over properties.
    #[serde(default)]
    pub cdrom: bool,
    /// Notes for the deployer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotation: Option<String>,
    /// Licences to accept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eulas: Vec<String>,
    /// The product in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ApplianceProduct>,
    /// What the deployer can set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<ApplianceProperty>,
}

/// A guest operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplianceOs {
    /// CIM's number; 102 is another 64-bit system.
    pub id: u16,
    /// VMware's name for it, such as `debian12_64Guest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Default for ApplianceOs {
    fn default() -> Self {
        Self { id: 102, vendor: Some("otherGuest64".to_owned()), description: None }
    }
}

/// What disks are attached to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControllerModel {
    /// LSI Logic parallel SCSI: every hypervisor and every guest has it.
    #[default]
    Lsilogic,
    /// LSI Logic SAS.
    Lsilogicsas,
    /// VMware's paravirtual SCSI.
    Pvscsi,
    /// AHCI.
    Sata,
    /// `NVMe`.
    Nvme,
    /// Parallel ATA.
    Ide,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplianceDisk {
    /// `ovf:diskId`; by default `vmdisk1`, `vmdisk2` and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name of its file; `None` for a disk that starts empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// The size of its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<u64>,
    /// Its size as the guest sees it.
    pub capacity_bytes: Bytes,
    /// How much of it holds data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub populated_bytes: Option<u64>,
    /// The format URI of its file.
    #[serde(default = "format_default")]
    pub format_uri: String,
}

impl ApplianceDisk {
    /// A disk whose content is a stream-optimized VMDK of this name.
    #[must_use]
    pub fn new(href: impl Into<String>, capacity_bytes: Bytes) -> Self {
        Self {
            id: None,
            href: Some(href.into()),
            file_bytes: None,
            capacity_bytes,
            populated_bytes: None,
            format_uri: format_default(),
        }
    }
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplianceNic {
    /// The network.
    pub network: String,
    /// The model, such as `VmxNet3` or `E1000`.
    #[serde(default = "nic_default")]
    pub model: String,
}

impl ApplianceNic {
    /// A paravirtual interface in this network.
    #[must_use]
    pub fn new(network: impl Into<String>) -> Self {
        Self { network: network.into(), model: nic_default() }
    }
}

/// A product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplianceProduct {
    /// Its name.
    pub name: String,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Its short version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its full version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_version: Option<String>,
    /// Where to read about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplianceProperty {
    /// Its key: letters, digits, `_` and `-`.
    pub key: String,
    /// Its type: `string`, `boolean`, `uint16` and so on.
    #[serde(rename = "type", default = "kind_default")]
    pub kind: String,
    /// The default value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether the deployer may change it.
    #[serde(default = "yes")]
    pub user_configurable: bool,
    /// Whether it is a secret.
    #[serde(default)]
    pub password: bool,
    /// What a person calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

fn hardware_default() -> String {
    "vmx-13".to_owned()
}

fn format_default() -> String {
    STREAM_OPTIMIZED_URI.to_owned()
}

fn nic_default() -> String {
    "VmxNet3".to_owned()
}

fn kind_default() -> String {
    "string".to_owned()
}

fn yes() -> bool {
    true
}

/// An appliance that cannot be written; the findings tell every reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the appliance cannot be written: {} faults, first {}", findings.len(), first(findings))]
pub struct WriteError {
    findings: Vec<Finding>,
}

fn first(findings: &[Finding]) -> String {
    findings.first().map(Finding::to_string).unwrap_or_default()
}

impl WriteError {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        Self { findings }
    }

    /// What is wrong, with field paths.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl Appliance {
    /// A machine without devices, for any 64-bit guest.
    #[must_use]
    pub fn new(name: impl Into<String>, cpus: u32, memory_mib: MemoryMib) -> Self {
        Self {
            name: name.into(),
            cpus,
            cores_per_socket: None,
            memory_mib,
            firmware: Firmware::Bios,
            secure_boot: false,
            tpm: false,
            os: ApplianceOs::default(),
            hardware: hardware_default(),
            controller: ControllerModel::default(),
            disks: Vec::new(),
            nics: Vec::new(),
            cdrom: false,
            annotation: None,
            eulas: Vec::new(),
            product: None,
            properties: Vec::new(),
        }
    }

    /// What is wrong with it, with field paths.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        check::check(self)
    }

    /// The descriptor: the same bytes for the same appliance, always.
    ///
    /// # Errors
    /// When [`Appliance::check`] finds an error, or a text has characters that XML does not.
    pub fn to_ovf(&self) -> Result<Vec<u8>, WriteError> {
        let faults: Vec<Finding> = self.check().into_iter().filter(Finding::is_error).collect();
        if !faults.is_empty() {
            return Err(WriteError::new(faults));
        }
        let document = quantix_xml::Document::new(&document::envelope(self))
            .map_err(|error| WriteError::new(vec![Finding::error("not-xml", error.to_string())]))?;
        Ok(document.to_bytes())
    }
}
