//! File formats of disks and images.

use super::words;

words! {
    /// How a disk is stored.
    #[derive(Default)]
    DiskFormat "disk format" {
        /// QEMU copy-on-write, version 2 or 3.
        #[default]
        Qcow2 "qcow2",
        /// The bytes themselves.
        Raw "raw",
        /// VMware.
        Vmdk "vmdk",
        /// Virtual PC and Azure.
        Vhd "vhd",
        /// Hyper-V.
        Vhdx "vhdx",
    }
}

words! {
    /// What an image is.
    ImageFormat "image format" {
        /// A disk, the bytes themselves.
        Raw "raw",
        /// A disk of QEMU.
        Qcow2 "qcow2",
        /// A disk of VMware.
        Vmdk "vmdk",
        /// A disk of Virtual PC or Azure.
        Vhd "vhd",
        /// A disk of Hyper-V.
        Vhdx "vhdx",
        /// A CD or DVD.
        Iso "iso",
        /// An appliance: descriptor and disks in one archive.
        Ova "ova",
    }
}

impl ImageFormat {
    /// The disk format, unless it is a CD or an appliance.
    #[must_use]
    pub const fn disk_format(self) -> Option<DiskFormat> {
        match self {
            Self::Raw => Some(DiskFormat::Raw),
            Self::Qcow2 => Some(DiskFormat::Qcow2),
            Self::Vmdk => Some(DiskFormat::Vmdk),
            Self::Vhd => Some(DiskFormat::Vhd),
            Self::Vhdx => Some(DiskFormat::Vhdx),
            Self::Iso | Self::Ova => None,
        }
    }
}
