//! Disks and network interfaces of a machine.

use serde::{Deserialize, Deserializer, Serialize};

use super::{DiskFormat, MacAddress, SecurityGroupKey, limits, words};
use crate::{Bytes, DiskKey, Faults, ImageKey, NetworkKey, NicKey, PoolKey, Validate};

words! {
    /// How a disk is attached.
    #[derive(Default)]
    DiskBus "disk bus" {
        /// Paravirtual, the fastest where the guest has the driver.
        #[default]
        Virtio "virtio",
        /// SCSI behind a controller, usually virtio-scsi.
        Scsi "scsi",
        /// SATA.
        Sata "sata",
        /// IDE, for the oldest guests.
        Ide "ide",
        /// NVMe.
        Nvme "nvme",
        /// USB.
        Usb "usb",
    }
}

words! {
    /// How the host caches a disk.
    #[derive(Default)]
    CacheMode "cache mode" {
        /// As the hypervisor decides.
        #[default]
        Default "default",
        /// No host cache; safe for live migration.
        None "none",
        /// Writes reach the medium before they are acknowledged.
        Writethrough "writethrough",
        /// Writes are acknowledged from the host cache.
        Writeback "writeback",
        /// As `writethrough`, past the host cache.
        Directsync "directsync",
        /// Flushes are ignored: data is lost on power failure.
        Unsafe "unsafe",
    }
}

impl CacheMode {
    fn is_default(&self) -> bool {
        *self == Self::Default
    }
}

/// A virtual disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DiskSpec {
    /// Its name in the machine.
    pub id: DiskKey,
    /// Its size as the guest sees it.
    pub size_bytes: Bytes,
    /// The pool that holds it; without one, any pool of the node will do.
    #[serde(default, deserialize_with = "empty_is_none", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(schema_with = "crate::schema_types::key_or_empty"))]
    pub storage_pool_id: Option<PoolKey>,
    /// How it is attached.
    #[serde(default)]
    pub bus: DiskBus,
    /// How it is stored.
    #[serde(default)]
    pub format: DiskFormat,
    /// How the host caches it.
    #[serde(default, skip_serializing_if = "CacheMode::is_default")]
    pub cache: CacheMode,
    /// The image that it begins as, kept as a backing file below its own writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backing: Option<BackingImage>,
    /// Its place in the boot order, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_order: Option<u32>,
    /// Whether the guest can only read it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub read_only: bool,
    /// Whether the guest's discards free space in the pool.
    #[serde(default, skip_serializing_if = "is_false")]
    pub discard: bool,
    /// The serial number that the guest sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// How fast it may be read and written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io_limits: Option<IoLimits>,
}

/// The image below a disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BackingImage {
    /// The image. It cannot be deleted while a disk refers to it.
    pub image_id: ImageKey,
    /// Its format, stated so that no hypervisor guesses it from the content.
    pub format: DiskFormat,
}

/// The most a disk may do each second; what is not given is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IoLimits {
    /// Read operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_iops: Option<u64>,
    /// Write operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_iops: Option<u64>,
    /// Bytes read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_bytes: Option<Bytes>,
    /// Bytes written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_bytes: Option<Bytes>,
}

// The signature is what serde asks of `skip_serializing_if`.
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}

/// Reads `""` and `null` as nothing, since callers send an empty pool for "any pool".
fn empty_is_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PoolKey>, D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        None => Ok(None),
        Some(text) if text.is_empty() => Ok(None),
        Some(text) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

impl DiskSpec {
    /// An empty disk of that size, in any pool.
    #[must_use]
    pub fn new(id: DiskKey, size_bytes: Bytes) -> Self {
        Self {
            id,
            size_bytes,
            storage_pool_id: None,
            bus: DiskBus::default(),
            format: DiskFormat::default(),
            cache: CacheMode::default(),
            backing: None,
            boot_order: None,
            read_only: false,
            discard: false,
            serial: None,
            io_limits: None,
        }
    }
}

impl Validate for DiskSpec {
    fn validate(&self, faults: &mut Faults) {
        faults.range("size_bytes", &self.size_bytes, &limits::DISK_BYTES);
        if !self.size_bytes.0.is_multiple_of(512) {
            let message = format!("{} bytes is not a whole number of sectors", self.size_bytes.0);
            faults.error("size_bytes", "not-whole-sectors", message);
        }
        if self.boot_order == Some(0) {
            faults.error("boot_order", "out-of-range", "0: the first device to boot has 1");
        }
        if self.cache == CacheMode::Unsafe {
            let message = "flushes are ignored: the guest loses data when the host fails";
            faults.warning("cache", "unsafe-cache", message);
        }
        if self.backing.is_some() && self.format != DiskFormat::Qcow2 {
            let message = format!("a {} disk cannot lie over an image: use qcow2", self.format);
            faults.error("backing", "backing-needs-qcow2", message);
        }
        if let Some(serial) = &self.serial
            && (serial.is_empty()
                || serial.len() > 36
                || !serial.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.+-".contains(&b)))
        {
            faults.error("serial", "bad-serial", "expected 1 to 36 of A-Z a-z 0-9 _ . + -");
        }
        if let Some(limits) = &self.io_limits {
            faults.field("io_limits", limits);
        }
    }
}

impl Validate for IoLimits {
    fn validate(&self, faults: &mut Faults) {
        for (field, value) in [
            ("read_iops", self.read_iops),
            ("write_iops", self.write_iops),
            ("read_bytes", self.read_bytes.map(|bytes| bytes.0)),
            ("write_bytes", self.write_bytes.map(|bytes| bytes.0)),
        ] {
            if value == Some(0) {
                faults.error(field, "out-of-range", "0 stops the disk: leave it out for no limit");
            }
        }
    }
}

words! {
    /// What network card the guest sees.
    #[derive(Default)]
    NicModel "network card" {
        /// Paravirtual, the fastest where the guest has the driver.
        #[default]
        Virtio "virtio",
        /// Intel 82574L.
        E1000e "e1000e",
        /// Intel 82540EM.
        E1000 "e1000",
        /// Realtek 8139.
        Rtl8139 "rtl8139",
        /// VMware VMXNET3.
        Vmxnet3 "vmxnet3",
    }
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NicSpec {
    /// Its name in the machine.
    pub id: NicKey,
    /// The network that it is plugged into.
    pub network_id: NetworkKey,
    /// What card the guest sees.
    #[serde(default)]
    pub model: NicModel,
    /// Its address; without one the platform gives it one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<MacAddress>,
    /// The security groups that filter its traffic.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<SecurityGroupKey>,
    /// Its MTU, where it differs from the network's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
    /// Its place in the boot order, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_order: Option<u32>,
    /// Whether the cable is plugged in.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub connected: bool,
}

fn yes() -> bool {
    true
}

impl NicSpec {
    /// A paravirtual card in that network.
    #[must_use]
    pub fn new(id: NicKey, network_id: NetworkKey) -> Self {
        Self {
            id,
            network_id,
            model: NicModel::default(),
            mac_address: None,
            security_groups: Vec::new(),
            mtu: None,
            boot_order: None,
            connected: true,
        }
    }
}

impl Validate for NicSpec {
    fn validate(&self, faults: &mut Faults) {
        if let Some(mac) = self.mac_address
            && let Err(problem) = mac.check_host_address()
        {
            faults.error("mac_address", "bad-mac-address", format!("{mac} {problem}"));
        }
        if let Some(mtu) = self.mtu {
            faults.range("mtu", &mtu, &limits::MTU);
        }
        if self.boot_order == Some(0) {
            faults.error("boot_order", "out-of-range", "0: the first device to boot has 1");
        }
        let groups = &self.security_groups;
        faults.count("security_groups", groups.len(), limits::NIC_SECURITY_GROUPS_MAX);
        faults.unique("security_groups", groups, "", Some);
    }
}
