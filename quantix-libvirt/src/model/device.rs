//! Devices of a host.

use serde::Serialize;

/// A device of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NodeDeviceInfo {
    /// libvirt's name for it, such as `pci_0000_00_1f_2`.
    pub name: String,
    /// The device that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// What it is, in libvirt's words: `pci`, `usb_device`, `net`, `storage`, `mdev`, …
    pub kind: String,
    /// Where it is: `0000:00:1f.2` for PCI, `bus:device` for USB, the interface or the block device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The driver of the host that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// PCI class, such as `0x030000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Such as `0x8086`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_id: Option<String>,
    /// Such as `0x10fb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// Its maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// What is passed through together; absent where there is no IOMMU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iommu_group: Option<u64>,
    /// The NUMA node that it is near.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numa_node: Option<u64>,
}
