//! What a machine shall be: a typed description, checked as a whole and written as domain XML.

mod check;
mod devices;
mod mac;
mod tag;
mod xml;

/// Devices as elements, for edits of XML that is there already.
pub(crate) mod device {
    pub(crate) use super::{
        devices::free_target,
        xml::{disk_element, nic_element},
    };
}

use quantix_core::{Finding, MemoryMib, VmId};
use serde::{Deserialize, Serialize};

pub use self::{
    devices::{
        DiskBus, DiskDevice, DiskFormat, DiskSpec, Graphics, NicSource, NicSpec, ScsiModel,
        SerialSpec, VideoModel,
    },
    mac::{Mac, MacError},
    tag::{OwnerTag, TAG},
};

/// The most bytes of a domain's name.
pub const NAME_BYTES_MAX: usize = 200;
/// The most virtual CPUs of a domain.
pub const CPUS_MAX: u32 = 4096;
/// The most disks, and the most network interfaces, of a domain.
pub const DEVICES_MAX: usize = 256;
/// The most free slots for devices that are plugged in later.
pub const HOTPLUG_SLOTS_MAX: u32 = 64;

/// How a domain is executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainType {
    /// By the CPU, through KVM. [`crate::Host::usable_domain_type`] says whether that works.
    #[default]
    Kvm,
    /// By QEMU's translator: works everywhere, many times slower.
    Qemu,
    /// By libvirt's test driver: no guest at all.
    Test,
}

impl DomainType {
    /// libvirt's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Qemu => "qemu",
            Self::Test => "test",
        }
    }
}

/// What starts the guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Firmware {
    /// A PC BIOS.
    #[default]
    Bios,
    /// UEFI that boots anything. The host chooses the image by features, so no path can be stale.
    Efi,
    /// UEFI with secure boot and vendor keys enrolled: boots only what is signed.
    EfiSecure,
}

/// The CPU that the guest sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CpuModel {
    /// Everything that the way of execution can do: the host's CPU as it is under KVM, all that
    /// QEMU translates otherwise.
    #[default]
    Maximum,
    /// The host's CPU as it is; migrates only between equal hosts.
    HostPassthrough,
    /// A named model close to the host's; migrates between alike hosts.
    HostModel,
    /// A named model such as `qemu64` or `Skylake-Server`.
    Named(String),
    /// The hypervisor's default.
    Default,
}

/// How virtual CPUs are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// Sockets.
    pub sockets: u32,
    /// Cores per socket.
    pub cores: u32,
    /// Threads per core.
    pub threads: u32,
}

/// A machine to define.
///
/// ```
/// use quantix_core::{MemoryMib, VmId};
/// use quantix_libvirt::{DiskSpec, DomainSpec, DomainType, NicSpec};
/// let spec = DomainSpec {
///     domain_type: DomainType::Qemu,
///     disks: vec![DiskSpec::qcow2("/var/lib/libvirt/images/web.qcow2")],
///     nics: vec![NicSpec::network("default")],
///     ..DomainSpec::new("web", VmId::from_u128(7), 2, MemoryMib(2048))
/// };
/// let xml = spec.to_xml()?;
/// assert!(xml.contains("<vcpu>2</vcpu>") && xml.contains("dev=\"vda\""));
/// # Ok::<(), quantix_libvirt::SpecError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainSpec {
    /// The name on its host.
    pub name: String,
    /// The UUID.
    pub id: VmId,
    /// A line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who owns it and which request made it, for finding orphans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<OwnerTag>,
    /// How it is executed.
    #[serde(default)]
    pub domain_type: DomainType,
    /// CPU architecture, in libvirt's words.
    #[serde(default = "default_arch")]
    pub arch: String,
    /// Machine type: `q35`, `pc`, or a pinned one such as `pc-q35-7.2`.
    #[serde(default = "default_machine")]
    pub machine: String,
    /// What starts the guest.
    #[serde(default)]
    pub firmware: Firmware,
    /// Virtual CPUs.
    pub cpus: u32,
    /// How they are grouped; one per socket where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topology: Option<Topology>,
    /// The CPU that the guest sees.
    #[serde(default)]
    pub cpu: CpuModel,
    /// Memory.
    pub memory_mib: MemoryMib,
    /// QEMU's cache of translated code in MiB, where it translates: small caches save memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation_cache_mib: Option<u32>,
    /// Disks and optical drives, in the order of their targets.
    #[serde(default)]
    pub disks: Vec<DiskSpec>,
    /// The controller of SCSI disks.
    #[serde(default)]
    pub scsi_model: ScsiModel,
    /// Network interfaces.
    #[serde(default)]
    pub nics: Vec<NicSpec>,
    /// The first serial port.
    #[serde(default)]
    pub serial: SerialSpec,
    /// Free slots for devices that are plugged in later; `q35` has none but these.
    #[serde(default = "default_slots")]
    pub hotplug_slots: u32,
    /// Whether the guest gets randomness from its host.
    #[serde(default = "yes")]
    pub rng: bool,
    /// Whether there is a channel for the guest agent.
    #[serde(default = "yes")]
    pub guest_agent: bool,
    /// Whether the guest's memory can be changed while it runs.
    #[serde(default = "yes")]
    pub balloon: bool,
    /// Whether there is an emulated TPM 2.0.
    #[serde(default)]
    pub tpm: bool,
    /// The screen.
    #[serde(default)]
    pub video: VideoModel,
    /// How the screen is reached.
    #[serde(default)]
    pub graphics: Graphics,
}

fn default_arch() -> String {
    "x86_64".to_owned()
}

fn default_machine() -> String {
    "q35".to_owned()
}

fn default_slots() -> u32 {
    4
}

fn yes() -> bool {
    true
}

impl DomainSpec {
    /// A machine with neither disks nor interfaces: `q35`, BIOS, a serial console, randomness, a
    /// channel for the guest agent.
    #[must_use]
    pub fn new(name: impl Into<String>, id: VmId, cpus: u32, memory_mib: MemoryMib) -> Self {
        Self {
            name: name.into(),
            id,
            title: None,
            tag: None,
            domain_type: DomainType::default(),
            arch: default_arch(),
            machine: default_machine(),
            firmware: Firmware::default(),
            cpus,
            topology: None,
            cpu: CpuModel::default(),
            memory_mib,
            translation_cache_mib: None,
            disks: Vec::new(),
            scsi_model: ScsiModel::default(),
            nics: Vec::new(),
            serial: SerialSpec::default(),
            hotplug_slots: default_slots(),
            rng: true,
            guest_agent: true,
            balloon: true,
            tpm: false,
            video: VideoModel::default(),
            graphics: Graphics::default(),
        }
    }

    /// Everything that is wrong with it, or doubtful. Errors keep it from being written.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        check::check(self)
    }

    /// The target of each disk, such as `vda`, in the order of [`DomainSpec::disks`].
    #[must_use]
    pub fn disk_targets(&self) -> Vec<String> {
        devices::targets(&self.disks)
    }

    /// The domain XML.
    ///
    /// # Errors
    /// With every error that [`DomainSpec::check`] finds.
    pub fn to_xml(&self) -> Result<String, SpecError> {
        let mut findings = self.check();
        findings.retain(Finding::is_error);
        if !findings.is_empty() {
            return Err(SpecError { findings });
        }
        xml::document(self).map_err(|error| SpecError {
            findings: vec![Finding::error("xml", error.to_string()).at("name")],
        })
    }
}

/// A description that no domain can be made of, with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid machine: {}", list(findings))]
pub struct SpecError {
    findings: Vec<Finding>,
}

impl SpecError {
    /// What is wrong.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

fn list(findings: &[Finding]) -> String {
    let texts: Vec<String> = findings
        .iter()
        .map(|finding| match &finding.path {
            Some(path) => [path.as_str(), ": ", finding.message.as_str()].concat(),
            None => finding.message.clone(),
        })
        .collect();
    texts.join("; ")
}
