//! What a machine boots from, and which family its guest belongs to.

use serde::{Deserialize, Serialize};

use super::{DiskBus, Firmware, NicModel, limits, words};
use crate::{Faults, ImageKey, Validate};

/// What the first boot of a machine starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum BootMedia {
    /// Its disks as they are.
    #[default]
    #[serde(deserialize_with = "crate::word::nothing_else")]
    None,
    /// A cloud image, which becomes the backing file of the first disk.
    CloudImage {
        /// The image.
        image_id: ImageKey,
    },
    /// An installer, attached as a CD-ROM.
    Iso {
        /// Where the file lies: an absolute path on the node, or within its pool.
        path: String,
    },
    /// An OVA template, whose disks become the machine's disks.
    OvaTemplate {
        /// The template.
        image_id: ImageKey,
    },
}

impl Validate for BootMedia {
    fn validate(&self, faults: &mut Faults) {
        let Self::Iso { path } = self else { return };
        if path.is_empty() {
            faults.error("path", "empty", "expected the path of an ISO file");
        } else if path.len() > limits::ISO_PATH_BYTES_MAX {
            let most = limits::ISO_PATH_BYTES_MAX;
            let message = format!("{} bytes: expected at most {most}", path.len());
            faults.error("path", "bad-length", message);
        } else if path.chars().any(char::is_control) {
            faults.error("path", "control-character", "control character: remove it");
        } else if path.split(['/', '\\']).any(|step| step == "..") {
            faults.error("path", "path-escapes", "`..` is not allowed: write the path itself");
        }
    }
}

words! {
    /// The family of a guest operating system.
    #[derive(Default)]
    GuestOs "guest family" {
        /// Nothing is known about it.
        #[default]
        Other "other",
        /// Debian.
        Debian "debian",
        /// Ubuntu.
        Ubuntu "ubuntu",
        /// Red Hat Enterprise Linux, AlmaLinux, Rocky Linux, CentOS Stream.
        Rhel "rhel",
        /// Fedora.
        Fedora "fedora",
        /// SUSE Linux Enterprise, openSUSE.
        Suse "suse",
        /// Arch Linux.
        Arch "arch",
        /// Another Linux.
        Linux "linux",
        /// FreeBSD and its relatives.
        Bsd "bsd",
        /// Windows 10, Windows Server 2016 to 2022.
        Windows "windows",
        /// Windows 11, Windows Server 2025: TPM and UEFI.
        Windows11 "windows11",
    }
}

/// What hardware suits a family of guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HardwareProfile {
    /// A disk bus for which the installer has a driver.
    pub disk_bus: DiskBus,
    /// A network card for which the installer has a driver.
    pub nic_model: NicModel,
    /// The firmware to prefer.
    pub firmware: Firmware,
    /// Whether the guest refuses to install without UEFI and TPM 2.0.
    pub needs_tpm: bool,
    /// Whether the guest's hardware clock shows local time.
    pub local_time_clock: bool,
}

impl GuestOs {
    /// The hardware that suits the family.
    #[must_use]
    pub const fn profile(self) -> HardwareProfile {
        let (disk_bus, nic_model) = match self {
            Self::Windows | Self::Windows11 | Self::Other => (DiskBus::Sata, NicModel::E1000e),
            Self::Debian
            | Self::Ubuntu
            | Self::Rhel
            | Self::Fedora
            | Self::Suse
            | Self::Arch
            | Self::Linux
            | Self::Bsd => (DiskBus::Virtio, NicModel::Virtio),
        };
        let firmware = match self {
            Self::Other | Self::Bsd => Firmware::Bios,
            _ => Firmware::Efi,
        };
        HardwareProfile {
            disk_bus,
            nic_model,
            firmware,
            needs_tpm: matches!(self, Self::Windows11),
            local_time_clock: self.is_windows(),
        }
    }

    /// Whether this is a Windows.
    #[must_use]
    pub const fn is_windows(self) -> bool {
        matches!(self, Self::Windows | Self::Windows11)
    }
}
