//! libvirt's documents as they are: typed to read, typed to edit, and otherwise left alone.
//!
//! Each document has a type to parse it ([`crate::DomainXml`], [`PoolXml`], [`VolumeXml`],
//! [`NetworkXml`], [`NetworkPortXml`], [`FilterXml`], [`FilterBindingXml`], [`SecretXml`],
//! [`SnapshotXml`], [`CheckpointXml`], [`BackupXml`], [`NodeDeviceXml`], [`CapabilitiesXml`],
//! [`DomainCapabilitiesXml`]), a view to read it and one to edit it. The names of fields are their
//! paths in the document, and what stands there is not judged: a field that is no number where one
//! is expected reads as `None` and stays as it is.
//!
//! ```
//! use quantix_libvirt::view::PoolXml;
//! let source = "<pool type='dir'><!-- ours --><name>a</name><target  >\n<path>/srv</path></target></pool>";
//! let mut pool = PoolXml::parse(source)?;
//! assert_eq!(pool.get().target_path().as_deref(), Some("/srv"));
//! pool.edit().set_target_path("/data")?;
//! assert_eq!(pool.to_string(), source.replace("/srv", "/data"));
//! # Ok::<(), quantix_libvirt::Error>(())
//! ```

mod details;
mod device;
mod domain;
mod edit;
mod field;
mod host;
mod moment;
mod network;
#[cfg(feature = "ffi")]
mod others;
mod storage;

use std::{borrow::Cow, fmt};

use quantix_core::{MemoryMib, VmId};
use quantix_xml::{Document, EditError, Element, NodeId};

pub use self::details::{DiskDetails, DomainDetails, FirmwareDetails, GraphicsDetails, NicDetails};
pub use self::device::{
    Audio, AudioEdit, Balloon, BalloonEdit, Certificate, CertificateEdit, CharDevice,
    CharDeviceEdit, Codec, CodecEdit, Controller, ControllerEdit, Crypto, CryptoEdit, Disk,
    DiskEdit, Filesystem, FilesystemEdit, Hostdev, HostdevEdit, Hub, HubEdit, Input, InputEdit,
    Interface, InterfaceEdit, Iommu, IommuEdit, Lease, LeaseEdit, MemoryDevice, MemoryDeviceEdit,
    Nvram, NvramEdit, Panic, PanicEdit, Pstore, PstoreEdit, RedirDevice, RedirDeviceEdit,
    RedirRule, RedirRuleEdit, Rng, RngEdit, Screen, ScreenEdit, SharedMemory, SharedMemoryEdit,
    SmartCard, SmartCardEdit, Sound, SoundEdit, Tpm, TpmEdit, Video, VideoEdit, Vsock, VsockEdit,
    Watchdog, WatchdogEdit,
};
pub use self::domain::{
    BootDevice, BootDeviceEdit, CpuPin, CpuPinEdit, DeviceWeight, DeviceWeightEdit, Domain,
    DomainEdit, GuestCell, GuestCellEdit, HugePage, HugePageEdit, IdMap, IdMapEdit, IoThreadPin,
    IoThreadPinEdit, SecurityLabel, SecurityLabelEdit, SystemEntry, SystemEntryEdit, SystemInfo,
    SystemInfoEdit, Timer, TimerEdit, Vcpu, VcpuEdit,
};
pub use self::field::{Field, FieldKind};
pub use self::host::{
    BaseLabel, BaseLabelEdit, Capabilities, CapabilitiesEdit, CapabilitiesXml, CpuFeature,
    CpuFeatureEdit, CpuMode, CpuModeEdit, CpuModelSupport, CpuModelSupportEdit,
    DomainCapabilitiesXml, DomainCapability, DomainCapabilityEdit, DomainSupport,
    DomainSupportEdit, GuestSupport, GuestSupportEdit, MachineType, MachineTypeEdit,
    MigrationTransport, MigrationTransportEdit, NodeCapability, NodeCapabilityEdit, NodeDevice,
    NodeDeviceEdit, NodeDeviceXml, NumaCell, NumaCellEdit, NumaCpu, NumaCpuEdit, NumaDistance,
    NumaDistanceEdit, PageCount, PageCountEdit, PageSize, PageSizeEdit, Secret, SecretEdit,
    SecretXml, SecurityModel, SecurityModelEdit,
};
pub use self::moment::{
    Backup, BackupDisk, BackupDiskEdit, BackupEdit, BackupXml, Checkpoint, CheckpointDisk,
    CheckpointDiskEdit, CheckpointEdit, CheckpointXml, Snapshot, SnapshotDisk, SnapshotDiskEdit,
    SnapshotEdit, SnapshotXml,
};
pub use self::network::{
    DhcpHost, DhcpHostEdit, DhcpRange, DhcpRangeEdit, DnsForwarder, DnsForwarderEdit, DnsHost,
    DnsHostEdit, DnsService, DnsServiceEdit, DnsText, DnsTextEdit, Filter, FilterBinding,
    FilterBindingEdit, FilterBindingXml, FilterEdit, FilterParameter, FilterParameterEdit,
    FilterReference, FilterReferenceEdit, FilterRule, FilterRuleEdit, FilterXml, ForwardInterface,
    ForwardInterfaceEdit, Network, NetworkEdit, NetworkIp, NetworkIpEdit, NetworkPort,
    NetworkPortEdit, NetworkPortXml, NetworkXml, PortGroup, PortGroupEdit, Route, RouteEdit,
    VlanTag, VlanTagEdit,
};
#[cfg(feature = "ffi")]
pub(crate) use self::others::{checkpoint_info, node_device_info, snapshot_info, volume_info};
pub use self::storage::{
    Pool, PoolDevice, PoolDeviceEdit, PoolEdit, PoolHost, PoolHostEdit, PoolXml, Volume,
    VolumeEdit, VolumeXml,
};
use crate::{Class, Error, Result};

/// A domain's XML with typed access to what it says.
///
/// What is not touched stays byte by byte: comments, unknown elements, the order and the spelling
/// of everything. An edit changes as few bytes as it can.
///
/// ```
/// use quantix_libvirt::DomainXml;
/// let source = "<domain type='kvm'>\n  <name>web</name>\n  <!-- 2 is enough -->\n  \
///               <vcpu  placement='static'>2</vcpu>\n</domain>\n";
/// let mut domain = DomainXml::parse(source)?;
/// assert_eq!((domain.name().as_ref(), domain.cpus_max()), ("web", Some(2)));
/// domain.set_cpus_max(4)?;
/// assert_eq!(domain.to_string(), source.replace(">2</vcpu>", ">4</vcpu>"));
/// # Ok::<(), quantix_libvirt::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DomainXml {
    document: Document,
}

const OPERATION: &str = "read domain XML";

fn invalid(error: impl ToString) -> Error {
    Error::new(Class::Invalid, OPERATION, error.to_string())
}

pub(crate) fn refused(error: EditError) -> Error {
    Error::new(Class::Invalid, "edit domain XML", error.to_string())
}

/// Reads a document whose outermost element has a name.
fn parse_as(xml: &[u8], root: &'static str) -> Result<Document> {
    const OPERATION: &str = "read XML";
    let invalid = |text: String| Error::new(Class::Invalid, OPERATION, text);
    let document = Document::parse(xml).map_err(|error| invalid(error.to_string()))?;
    let found = document.root().local_name();
    if found != root {
        return Err(invalid(["expected a `", root, "`, found `", found, "`"].concat()));
    }
    Ok(document)
}

impl DomainXml {
    /// Reads a `<domain>` document.
    ///
    /// # Errors
    /// [`Class::Invalid`] with line and column where it is not well-formed or not a domain.
    pub fn parse(xml: impl AsRef<[u8]>) -> Result<Self> {
        let document = Document::parse(xml).map_err(invalid)?;
        if document.root().local_name() != "domain" {
            let text = ["expected a `domain`, found `", document.root().name(), "`"].concat();
            return Err(invalid(text));
        }
        Ok(Self { document })
    }

    /// Every field of the domain and of its devices.
    #[must_use]
    pub fn get(&self) -> Domain<'_> {
        Domain::of(self.root())
    }

    /// Edits the fields of the domain; those of a device are edited by [`DiskEdit`] and its like,
    /// with the id of its element.
    pub fn edit(&mut self) -> DomainEdit<'_> {
        let root = self.root().id();
        DomainEdit::of(&mut self.document, root)
    }

    /// The tree, for what has no typed access.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The tree, to edit what has no typed access.
    pub fn document_mut(&mut self) -> &mut Document {
        &mut self.document
    }

    fn root(&self) -> Element<'_> {
        self.document.root()
    }

    fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        self.root().find(path).map(Element::text).map(trimmed)
    }

    fn attr(&self, path: &str, name: &str) -> Option<Cow<'_, str>> {
        if path.is_empty() {
            return self.root().attr(name);
        }
        self.root().find(path).and_then(|element| element.attr(name))
    }

    /// `kvm`, `qemu`, …
    #[must_use]
    pub fn domain_type(&self) -> Cow<'_, str> {
        self.attr("", "type").unwrap_or_default()
    }

    /// The name; empty where there is none.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        self.text("name").unwrap_or_default()
    }

    /// The UUID.
    #[must_use]
    pub fn id(&self) -> Option<VmId> {
        self.text("uuid").and_then(|text| text.parse().ok())
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> Option<Cow<'_, str>> {
        self.text("title")
    }

    /// The description.
    #[must_use]
    pub fn description(&self) -> Option<Cow<'_, str>> {
        self.text("description")
    }

    /// Architecture of the guest.
    #[must_use]
    pub fn arch(&self) -> Option<Cow<'_, str>> {
        self.attr("os/type", "arch")
    }

    /// Machine type.
    #[must_use]
    pub fn machine(&self) -> Option<Cow<'_, str>> {
        self.attr("os/type", "machine")
    }

    /// The most virtual CPUs.
    #[must_use]
    pub fn cpus_max(&self) -> Option<u32> {
        self.text("vcpu").and_then(|text| text.parse().ok())
    }

    /// Virtual CPUs that are on.
    #[must_use]
    pub fn cpus(&self) -> Option<u32> {
        let current = self.attr("vcpu", "current").and_then(|text| text.parse().ok());
        current.or_else(|| self.cpus_max())
    }

    /// The most memory, in bytes.
    #[must_use]
    pub fn memory_max_bytes(&self) -> Option<u128> {
        self.root().child("memory").and_then(crate::plan::quantity)
    }

    /// The most memory, in MiB, rounded up.
    #[must_use]
    pub fn memory_max_mib(&self) -> Option<MemoryMib> {
        let mib = self.memory_max_bytes()?.div_ceil(1 << 20);
        u64::try_from(mib).ok().map(MemoryMib)
    }

    /// The devices of a kind, such as `disk` or `interface`, in order.
    pub fn devices<'d>(&'d self, kind: &'d str) -> impl Iterator<Item = Element<'d>> {
        self.root().elements_named("devices").flat_map(move |devices| devices.elements_named(kind))
    }

    /// A disk by its target, such as `vda`.
    #[must_use]
    pub fn disk(&self, target: &str) -> Option<NodeId> {
        let mut disks = self.devices("disk");
        disks
            .find(|disk| attr_of(*disk, "target", "dev").as_deref() == Some(target))
            .map(Element::id)
    }

    /// A network interface by its address.
    #[must_use]
    pub fn nic(&self, mac: crate::Mac) -> Option<NodeId> {
        let is_it = |nic: &Element<'_>| {
            attr_of(*nic, "mac", "address").and_then(|text| text.parse().ok()) == Some(mac)
        };
        self.devices("interface").find(is_it).map(Element::id)
    }

    /// Everything that it says about the machine, as values.
    #[must_use]
    pub fn details(&self) -> DomainDetails {
        details::details(self)
    }
}

impl fmt::Display for DomainXml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document.fmt(f)
    }
}

/// An attribute of a child.
fn attr_of<'d>(element: Element<'d>, child: &str, name: &str) -> Option<Cow<'d, str>> {
    element.child(child).and_then(|child| child.attr(name))
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
pub(crate) mod tests;
