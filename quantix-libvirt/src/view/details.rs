//! What a domain's XML says, as values.

use quantix_core::{MemoryMib, VmId};
use quantix_xml::Element;
use serde::Serialize;

use super::{DomainXml, attr_of};

/// A machine as its XML describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DomainDetails {
    /// The name.
    pub name: String,
    /// The UUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<VmId>,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `kvm`, `qemu`, …
    pub domain_type: String,
    /// Architecture of the guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// Machine type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// What starts the guest.
    pub firmware: FirmwareDetails,
    /// Virtual CPUs that are on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// The most virtual CPUs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus_max: Option<u32>,
    /// The most memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<MemoryMib>,
    /// Disks and drives.
    pub disks: Vec<DiskDetails>,
    /// Network interfaces.
    pub nics: Vec<NicDetails>,
    /// How the screen is reached.
    pub graphics: Vec<GraphicsDetails>,
    /// Whether there is a channel for the guest agent.
    pub guest_agent: bool,
    /// Whether there is a TPM.
    pub tpm: bool,
}

/// What starts the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FirmwareDetails {
    /// A PC BIOS.
    Bios,
    /// UEFI.
    Efi {
        /// Whether it boots only what is signed.
        secure_boot: bool,
    },
}

/// A disk or a drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiskDetails {
    /// Such as `vda`.
    pub target: String,
    /// Such as `virtio`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus: Option<String>,
    /// `disk`, `cdrom`, `floppy`, `lun`.
    pub device: String,
    /// `file`, `block`, `network`, `volume`, …
    pub source_type: String,
    /// Path, name or volume; absent for an empty drive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Such as `qcow2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Whether the guest may only read it.
    pub readonly: bool,
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NicDetails {
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// `network`, `bridge`, `user`, `direct`, …
    pub source_type: String,
    /// The network, bridge or device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Such as `virtio`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The device on the host, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_device: Option<String>,
}

/// How a screen is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GraphicsDetails {
    /// `vnc`, `spice`, …
    pub kind: String,
    /// Where it listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The port, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

pub(super) fn details(domain: &DomainXml) -> DomainDetails {
    let own = |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned);
    let is_agent = |channel: Element<'_>| {
        attr_of(channel, "target", "name").as_deref() == Some("org.qemu.guest_agent.0")
    };
    DomainDetails {
        name: domain.name().into_owned(),
        id: domain.id(),
        title: own(domain.title()),
        domain_type: domain.domain_type().into_owned(),
        arch: own(domain.arch()),
        machine: own(domain.machine()),
        firmware: firmware(domain),
        cpus: domain.cpus(),
        cpus_max: domain.cpus_max(),
        memory_mib: domain.memory_max_mib(),
        disks: domain.devices("disk").map(disk).collect(),
        nics: domain.devices("interface").map(nic).collect(),
        graphics: domain.devices("graphics").map(graphics).collect(),
        guest_agent: domain.devices("channel").any(is_agent),
        tpm: domain.devices("tpm").next().is_some(),
    }
}

fn firmware(domain: &DomainXml) -> FirmwareDetails {
    let Some(os) = domain.root().child("os") else { return FirmwareDetails::Bios };
    let is_pflash = attr_of(os, "loader", "type").as_deref() == Some("pflash");
    if os.attr("firmware").as_deref() != Some("efi") && !is_pflash {
        return FirmwareDetails::Bios;
    }
    let is_on = |feature: Element<'_>| {
        feature.attr("name").as_deref() == Some("secure-boot")
            && feature.attr("enabled").as_deref() == Some("yes")
    };
    let firmware = os.elements_named("firmware").flat_map(|f| f.elements_named("feature"));
    let is_secure_loader = attr_of(os, "loader", "secure").as_deref() == Some("yes");
    FirmwareDetails::Efi { secure_boot: is_secure_loader || firmware.into_iter().any(is_on) }
}

fn own(text: std::borrow::Cow<'_, str>) -> String {
    text.into_owned()
}

fn disk(disk: Element<'_>) -> DiskDetails {
    let source = disk.child("source").and_then(|source| {
        // Which attribute names the image depends on the type; a volume is named by two.
        let pool = source.attr("pool").zip(source.attr("volume"));
        let pool = pool.map(|(pool, volume)| [&*pool, "/", &*volume].concat());
        pool.or_else(|| {
            ["file", "dev", "name", "dir", "path"].iter().find_map(|n| source.attr(n)).map(own)
        })
    });
    DiskDetails {
        target: attr_of(disk, "target", "dev").map(own).unwrap_or_default(),
        bus: attr_of(disk, "target", "bus").map(own),
        device: disk.attr("device").map_or_else(|| "disk".to_owned(), own),
        source_type: disk.attr("type").map(own).unwrap_or_default(),
        source,
        format: attr_of(disk, "driver", "type").map(own),
        readonly: disk.child("readonly").is_some(),
    }
}

fn nic(nic: Element<'_>) -> NicDetails {
    let source = nic.child("source").and_then(|source| {
        ["network", "bridge", "dev", "path"].iter().find_map(|n| source.attr(n))
    });
    NicDetails {
        mac: attr_of(nic, "mac", "address").map(own),
        source_type: nic.attr("type").map(own).unwrap_or_default(),
        source: source.map(own),
        model: attr_of(nic, "model", "type").map(own),
        host_device: attr_of(nic, "target", "dev").map(own),
    }
}

fn graphics(graphics: Element<'_>) -> GraphicsDetails {
    let address = attr_of(graphics, "listen", "address").or_else(|| graphics.attr("listen"));
    GraphicsDetails {
        kind: graphics.attr("type").map(own).unwrap_or_default(),
        address: address.map(own),
        port: graphics.attr("port").and_then(|port| port.parse().ok()),
    }
}
