//! The devices of a machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Mac;

/// What a disk image is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskFormat {
    /// QEMU's copy-on-write format.
    #[default]
    Qcow2,
    /// The bytes of the disk.
    Raw,
}

/// How the guest sees a disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskDevice {
    /// A disk.
    #[default]
    Disk,
    /// An optical drive; always read-only.
    Cdrom,
}

/// What a disk is attached to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskBus {
    /// Paravirtual: fastest, needs a driver in the guest.
    #[default]
    Virtio,
    /// SATA: every modern guest.
    Sata,
    /// IDE: old guests, not on `q35`.
    Ide,
    /// SCSI, by the controller of [`super::DomainSpec::scsi_model`].
    Scsi,
    /// USB.
    Usb,
}

impl DiskBus {
    /// libvirt's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Virtio => "virtio",
            Self::Sata => "sata",
            Self::Ide => "ide",
            Self::Scsi => "scsi",
            Self::Usb => "usb",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Virtio => "vd",
            Self::Ide => "hd",
            Self::Sata | Self::Scsi | Self::Usb => "sd",
        }
    }
}

/// A disk or an optical drive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskSpec {
    /// Absolute path of the image on the host; an optical drive may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What the image is. Never guessed from its content: a guest can forge that.
    #[serde(default)]
    pub format: DiskFormat,
    /// How the guest sees it.
    #[serde(default)]
    pub device: DiskDevice,
    /// What it is attached to.
    #[serde(default)]
    pub bus: DiskBus,
    /// Whether the guest may only read it.
    #[serde(default)]
    pub readonly: bool,
    /// Its place in the boot order, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_order: Option<u32>,
    /// The serial number that the guest sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

impl DiskSpec {
    /// A virtio disk on a qcow2 image.
    #[must_use]
    pub fn qcow2(path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..Self::default() }
    }

    /// A virtio disk on a raw image.
    #[must_use]
    pub fn raw(path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), format: DiskFormat::Raw, ..Self::default() }
    }

    /// A SATA optical drive with an image in it.
    #[must_use]
    pub fn cdrom(path: impl Into<String>) -> Self {
        Self {
            path: Some(path.into()),
            format: DiskFormat::Raw,
            device: DiskDevice::Cdrom,
            bus: DiskBus::Sata,
            readonly: true,
            ..Self::default()
        }
    }

    /// The same on another bus.
    #[must_use]
    pub fn on(mut self, bus: DiskBus) -> Self {
        self.bus = bus;
        self
    }

    /// The same at a place in the boot order.
    #[must_use]
    pub fn boot(mut self, order: u32) -> Self {
        self.boot_order = Some(order);
        self
    }
}

/// Target names in order: `vda`, `vdb`, …, `vdz`, `vdaa`.
pub(super) fn targets(disks: &[DiskSpec]) -> Vec<String> {
    let mut next = BTreeMap::<&str, usize>::new();
    disks
        .iter()
        .map(|disk| {
            let prefix = disk.bus.prefix();
            let index = next.entry(prefix).or_default();
            *index += 1;
            [prefix, &letters(*index)].concat()
        })
        .collect()
}

/// The first target of a bus that is not used.
pub(crate) fn free_target(bus: DiskBus, used: &[String]) -> String {
    let mut number = 1;
    loop {
        let target = [bus.prefix(), &letters(number)].concat();
        if !used.contains(&target) {
            return target;
        }
        number += 1;
    }
}

/// `1` is `a`, `26` is `z`, `27` is `aa`.
fn letters(mut number: usize) -> String {
    const ALPHABET: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
    let mut reversed = Vec::new();
    while number > 0 {
        number -= 1;
        reversed.push(char::from(ALPHABET[number % 26]));
        number /= 26;
    }
    reversed.iter().rev().collect()
}

/// The controller of SCSI disks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScsiModel {
    /// Paravirtual.
    #[default]
    VirtioScsi,
    /// LSI 53C895A, as old appliances expect.
    Lsilogic,
    /// LSI SAS 1068.
    Lsisas1068,
    /// VMware's paravirtual controller.
    Vmpvscsi,
}

impl ScsiModel {
    /// libvirt's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VirtioScsi => "virtio-scsi",
            Self::Lsilogic => "lsilogic",
            Self::Lsisas1068 => "lsisas1068",
            Self::Vmpvscsi => "vmpvscsi",
        }
    }
}

/// What a network interface is plugged into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NicSource {
    /// QEMU's own NAT: needs nothing on the host, reaches out only.
    User,
    /// A libvirt network.
    Network {
        /// Its name.
        name: String,
    },
    /// A bridge of the host.
    Bridge {
        /// Its name.
        name: String,
    },
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NicSpec {
    /// What it is plugged into.
    pub source: NicSource,
    /// Its address; the host draws one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
    /// What the guest sees: `virtio`, `e1000`, `e1000e`, `rtl8139`, `vmxnet3`, …
    #[serde(default = "virtio")]
    pub model: String,
    /// Its place in the boot order, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_order: Option<u32>,
}

fn virtio() -> String {
    "virtio".to_owned()
}

impl NicSpec {
    /// A virtio interface.
    #[must_use]
    pub fn new(source: NicSource) -> Self {
        Self { source, mac: None, model: virtio(), boot_order: None }
    }

    /// A virtio interface on QEMU's own NAT.
    #[must_use]
    pub fn user() -> Self {
        Self::new(NicSource::User)
    }

    /// A virtio interface on a libvirt network.
    #[must_use]
    pub fn network(name: impl Into<String>) -> Self {
        Self::new(NicSource::Network { name: name.into() })
    }

    /// A virtio interface on a bridge of the host.
    #[must_use]
    pub fn bridge(name: impl Into<String>) -> Self {
        Self::new(NicSource::Bridge { name: name.into() })
    }

    /// The same with an address.
    #[must_use]
    pub fn mac(mut self, mac: Mac) -> Self {
        self.mac = Some(mac);
        self
    }
}

/// The first serial port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SerialSpec {
    /// A terminal that the console can be opened on.
    #[default]
    Pty,
    /// A file on the host.
    File {
        /// Its absolute path.
        path: String,
    },
    /// A terminal that is also written to a file on the host.
    PtyWithLog {
        /// The absolute path of the file.
        path: String,
    },
    /// None.
    None,
}

/// The screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VideoModel {
    /// No screen.
    #[default]
    None,
    /// Standard VGA.
    Vga,
    /// Paravirtual.
    Virtio,
    /// Cirrus, for old guests.
    Cirrus,
}

/// How the screen is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Graphics {
    /// Not at all.
    #[default]
    None,
    /// VNC on the host's loopback, on a port of its choice.
    Vnc,
    /// SPICE on the host's loopback, on a port of its choice.
    Spice,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_count_per_prefix() {
        let disks = [
            DiskSpec::qcow2("/a"),
            DiskSpec::cdrom("/b"),
            DiskSpec::qcow2("/c"),
            DiskSpec::qcow2("/d").on(DiskBus::Scsi),
            DiskSpec::qcow2("/e").on(DiskBus::Ide),
        ];
        assert_eq!(targets(&disks), ["vda", "sda", "vdb", "sdb", "hda"]);
        for (number, expected) in [(1, "a"), (26, "z"), (27, "aa"), (52, "az"), (703, "aaa")] {
            assert_eq!(letters(number), expected);
        }
    }
}
