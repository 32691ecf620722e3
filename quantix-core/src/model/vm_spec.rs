//! [`VmSpec`]: the machine that is asked for.

use serde::{Deserialize, Serialize};

use super::{
    BootMedia, CpuSpec, DiskSpec, Firmware, GuestOs, HaPolicy, MemorySpec, NicSpec,
    PlacementPolicy, TpmSpec, device::is_false, limits,
};
use crate::{Faults, MemoryMib, SpecId, Validate};

/// The hardware of a machine, what it boots from and where it may run.
///
/// ```
/// use quantix_core::{MemoryMib, Validate, model::VmSpec};
/// let mut spec = VmSpec::new(4, MemoryMib(8192));
/// assert!(spec.findings().is_empty());
/// spec.cpu.cores = 0;
/// assert_eq!(spec.findings()[0].path.as_deref(), Some("cpu.cores"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VmSpec {
    /// Processors.
    pub cpu: CpuSpec,
    /// Memory.
    pub memory: MemorySpec,
    /// Disks, in the order in which the guest sees them.
    #[serde(default)]
    pub disks: Vec<DiskSpec>,
    /// Network interfaces, in the order in which the guest sees them.
    #[serde(default)]
    pub network_interfaces: Vec<NicSpec>,
    /// What the first boot starts from.
    #[serde(default)]
    pub boot_media: BootMedia,
    /// Firmware.
    #[serde(default)]
    pub firmware: Firmware,
    /// Whether the firmware only starts signed loaders; needs `efi`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secure_boot: bool,
    /// An emulated TPM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpm: Option<TpmSpec>,
    /// Which family the guest belongs to; decides the defaults of its hardware.
    #[serde(default)]
    pub guest_os: GuestOs,
    /// How the guest is set up on its first boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customization_spec_id: Option<SpecId>,
    /// Where it may run.
    #[serde(default, skip_serializing_if = "PlacementPolicy::is_empty")]
    pub placement: PlacementPolicy,
    /// What happens to it when its node fails.
    #[serde(default)]
    pub ha: HaPolicy,
}

impl VmSpec {
    /// A machine with that many virtual CPUs and that much memory, and no devices.
    #[must_use]
    pub fn new(cores: u32, memory: MemoryMib) -> Self {
        Self {
            cpu: CpuSpec::new(cores),
            memory: MemorySpec::new(memory),
            disks: Vec::new(),
            network_interfaces: Vec::new(),
            boot_media: BootMedia::None,
            firmware: Firmware::default(),
            secure_boot: false,
            tpm: None,
            guest_os: GuestOs::default(),
            customization_spec_id: None,
            placement: PlacementPolicy::default(),
            ha: HaPolicy::default(),
        }
    }
}

impl Validate for VmSpec {
    fn validate(&self, faults: &mut Faults) {
        faults.field("cpu", &self.cpu);
        faults.field("memory", &self.memory);
        self.validate_devices(faults);
        faults.field("boot_media", &self.boot_media);
        self.validate_boot(faults);
        if let Some(tpm) = &self.tpm {
            faults.field("tpm", tpm);
        }
        faults.field("placement", &self.placement);
        faults.field("ha", &self.ha);
    }
}

impl VmSpec {
    fn validate_devices(&self, faults: &mut Faults) {
        faults.count("disks", self.disks.len(), limits::VM_DISKS_MAX);
        faults.unique("disks", &self.disks, "id", |disk| Some(&disk.id));
        faults.each("disks", &self.disks, |faults, disk| disk.validate(faults));
        let nics = &self.network_interfaces;
        faults.count("network_interfaces", nics.len(), limits::VM_NICS_MAX);
        faults.unique("network_interfaces", nics, "id", |nic| Some(&nic.id));
        faults.unique("network_interfaces", nics, "mac_address", |nic| nic.mac_address);
        faults.each("network_interfaces", nics, |faults, nic| nic.validate(faults));
        let disks = self.disks.iter().map(|disk| disk.boot_order);
        let orders = disks.chain(nics.iter().map(|nic| nic.boot_order)).flatten();
        let mut orders: Vec<_> = orders.collect();
        orders.sort_unstable();
        if let Some(pair) = orders.windows(2).find(|pair| pair[0] == pair[1]) {
            let message = format!("two devices have boot order {}", pair[0]);
            faults.error("", "duplicate-boot-order", message);
        }
    }

    fn validate_boot(&self, faults: &mut Faults) {
        if self.secure_boot && self.firmware != Firmware::Efi {
            let message = "secure boot needs firmware `efi`";
            faults.error("secure_boot", "secure-boot-needs-efi", message);
        }
        if matches!(self.boot_media, BootMedia::CloudImage { .. } | BootMedia::OvaTemplate { .. })
            && self.disks.is_empty()
        {
            let message = "the image needs a disk to become: add one to `disks`";
            faults.error("boot_media", "boot-media-needs-disk", message);
        }
        let profile = self.guest_os.profile();
        if profile.needs_tpm && (self.tpm.is_none() || self.firmware != Firmware::Efi) {
            let message = format!("{} asks for firmware `efi` and a TPM 2.0", self.guest_os);
            faults.warning("guest_os", "guest-needs-tpm", message);
        }
    }
}
