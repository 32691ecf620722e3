//! What a descriptor says, vendor by vendor spelt alike.

use std::collections::BTreeMap;

use quantix_xml::Position;

/// A file of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRef {
    /// `ovf:id`.
    pub id: String,
    /// `ovf:href`: relative to the descriptor, or a URL.
    pub href: String,
    /// `ovf:size` in bytes.
    pub size: Option<u64>,
    /// `ovf:compression`, lower case; `None` for `identity`.
    pub compression: Option<String>,
    /// `ovf:chunkSize` in bytes: the file is stored as `href.000000000`, `href.000000001`, …
    pub chunk_bytes: Option<u64>,
    /// Where it stands.
    pub at: Position,
}

/// How large a disk is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// So many bytes.
    Bytes(u64),
    /// As many units as the property with this key says.
    Property {
        /// The key, without `${` and `}`.
        key: String,
        /// The unit, as written.
        unit: Option<String>,
    },
    /// The descriptor does not say, or not in a way that can be read.
    Unknown,
}

/// A virtual disk of the disk section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskRef {
    /// `ovf:diskId`.
    pub id: String,
    /// `ovf:fileRef`; `None` for a disk that starts empty.
    pub file: Option<String>,
    /// How large it is.
    pub capacity: Capacity,
    /// `ovf:populatedSize` in bytes.
    pub populated_bytes: Option<u64>,
    /// `ovf:format`, a URI.
    pub format: Option<String>,
    /// `ovf:parentRef`: the disk that this one is a difference to.
    pub parent: Option<String>,
    /// The interface that oVirt names here instead of on a controller.
    pub interface: Option<String>,
    /// Whether oVirt, Xen or others mark it as the one to boot from.
    pub is_bootable: bool,
    /// Where it stands.
    pub at: Position,
}

/// A logical network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkRef {
    /// `ovf:name`.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where it stands.
    pub at: Position,
}

/// One of several sizes that the appliance can be deployed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentOption {
    /// `ovf:id`.
    pub id: String,
    /// What a person calls it.
    pub label: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it is used when none is chosen.
    pub is_default: bool,
    /// Where it stands.
    pub at: Position,
}

/// A machine or a group of machines.
#[derive(Clone, Debug)]
pub enum Entity {
    /// One machine.
    System(Box<VirtualSystem>),
    /// A group of machines.
    Collection(Box<Collection>),
}

/// A `VirtualSystemCollection`.
#[derive(Clone, Debug)]
pub struct Collection {
    /// `ovf:id`.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// What it says about itself.
    pub about: About,
    /// The order in which its members start.
    pub startup: Vec<StartupItem>,
    /// Its members.
    pub members: Vec<Entity>,
    /// Where it stands.
    pub at: Position,
}

/// A `VirtualSystem`.
#[derive(Clone, Debug)]
pub struct VirtualSystem {
    /// `ovf:id`.
    pub id: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// What it says about itself.
    pub about: About,
    /// The guest operating system.
    pub os: Option<OperatingSystem>,
    /// Alternative sets of virtual hardware; the first is used.
    pub hardware: Vec<Hardware>,
    /// Instance ids of devices to boot from, first first.
    pub boot_order: Vec<String>,
    /// The firmware that VirtualBox or oVirt write beside the hardware.
    pub firmware_hint: Option<String>,
    /// Where it stands.
    pub at: Position,
}

/// Products, licences and notes of a machine or a group.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Product sections.
    pub products: Vec<Product>,
    /// End-user licences.
    pub eulas: Vec<String>,
    /// Annotations, joined by an empty line.
    pub annotation: Option<String>,
    /// Ways in which OVF-environment values reach the guest, such as `com.vmware.guestInfo`.
    pub transports: Vec<String>,
    /// Seconds to wait for the first boot that an install section asks for.
    pub initial_boot_seconds: Option<u64>,
}

/// One line of a start-up section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartupItem {
    /// The member it speaks of.
    pub id: String,
    /// Members of lower order start first; equal ones together.
    pub order: u64,
    /// Seconds to wait before the next order starts.
    pub start_delay_seconds: Option<u64>,
    /// Whether to wait until the guest says that it is up.
    pub is_waiting_for_guest: bool,
    /// `powerOn` or `none`.
    pub start_action: Option<String>,
    /// `powerOff`, `guestShutdown` or `none`.
    pub stop_action: Option<String>,
    /// Seconds to wait when stopping.
    pub stop_delay_seconds: Option<u64>,
    /// Where it stands.
    pub at: Position,
}

/// The operating system section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatingSystem {
    /// `ovf:id`: a value of CIM's `OsType`.
    pub id: Option<u16>,
    /// `ovf:version`.
    pub version: Option<String>,
    /// What the vendor calls it: `vmw:osType`, `vbox:OSType`.
    pub vendor: Option<String>,
    /// What a person calls it.
    pub description: Option<String>,
    /// Where it stands.
    pub at: Position,
}

/// A virtual hardware section.
#[derive(Clone, Debug)]
pub struct Hardware {
    /// Hardware families, such as `vmx-19`, `virtualbox-2.2` or `xen-3`.
    pub families: Vec<String>,
    /// `vssd:VirtualSystemIdentifier`.
    pub identifier: Option<String>,
    /// Everything that is allocated, in order.
    pub items: Vec<Item>,
    /// `vmw:Config` of the whole machine.
    pub config: Vec<Setting>,
    /// `vmw:ExtraConfig`.
    pub extra_config: Vec<Setting>,
    /// `ovf:transport`.
    pub transports: Vec<String>,
    /// Where it stands.
    pub at: Position,
}

/// A vendor's key and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// Whether a reader that does not know it must refuse the appliance.
    pub is_required: bool,
    /// The deployment options it applies to; empty for all.
    pub configurations: Vec<String>,
    /// Where it stands.
    pub at: Position,
}

/// Whether an item is the value, or one end of a permitted range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// The value.
    #[default]
    Normal,
    /// The least that works.
    Min,
    /// The most that works.
    Max,
}

/// An `Item`, `StorageItem` or `EthernetPortItem`.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// `rasd:InstanceID`.
    pub instance: String,
    /// `rasd:ResourceType`, a value of CIM's; `None` where it is missing or no number.
    pub resource_type: Option<u16>,
    /// `rasd:ResourceSubType`; several are separated by spaces or commas, best first.
    pub sub_type: Option<String>,
    /// `rasd:ElementName`, or `rasd:Caption`.
    pub name: Option<String>,
    /// `rasd:Description`.
    pub description: Option<String>,
    /// `rasd:VirtualQuantity`, as written.
    pub quantity: Option<String>,
    /// `rasd:AllocationUnits`, as written.
    pub units: Option<String>,
    /// `rasd:Parent`: the instance id of the controller.
    pub parent: Option<String>,
    /// `rasd:Address`: which controller of its kind it is, or a MAC address.
    pub address: Option<String>,
    /// `rasd:AddressOnParent`.
    pub address_on_parent: Option<String>,
    /// `rasd:BusNumber` of OVF 0.9.
    pub bus_number: Option<String>,
    /// `rasd:HostResource`, each one.
    pub host_resources: Vec<String>,
    /// `rasd:Connection`, each one: the networks.
    pub connections: Vec<String>,
    /// `rasd:AutomaticAllocation`: whether it is connected at power-on.
    pub is_automatic: Option<bool>,
    /// `rasd:Reservation`, as written.
    pub reservation: Option<String>,
    /// `rasd:Limit`, as written.
    pub limit: Option<String>,
    /// `rasd:Weight`, as written.
    pub weight: Option<String>,
    /// Vendors' own elements, such as `CoresPerSocket`, by local name.
    pub extensions: BTreeMap<String, String>,
    /// `vmw:Config` of the device.
    pub config: Vec<Setting>,
    /// The deployment options it belongs to; empty for all.
    pub configurations: Vec<String>,
    /// Whether it is a range marker.
    pub bound: Bound,
    /// `ovf:required`, true unless said otherwise.
    pub is_required: bool,
    /// Where it stands.
    pub at: Option<Position>,
}

/// A product section.
#[derive(Clone, Debug)]
pub struct Product {
    /// `ovf:class`.
    pub class: Option<String>,
    /// `ovf:instance`.
    pub instance: Option<String>,
    /// The product.
    pub product: Option<String>,
    /// Who made it.
    pub vendor: Option<String>,
    /// Its short version.
    pub version: Option<String>,
    /// Its full version.
    pub full_version: Option<String>,
    /// Its properties.
    pub properties: Vec<Property>,
    /// Where it stands.
    pub at: Position,
}

/// A property that the deployer may set and the guest can read.
#[derive(Clone, Debug)]
pub struct Property {
    /// `ovf:key`.
    pub key: String,
    /// The key by which the OVF environment knows it: `class.key.instance`.
    pub qualified_key: String,
    /// `ovf:type`, as written.
    pub kind: String,
    /// `ovf:qualifiers` and the vendors' own.
    pub qualifiers: Vec<String>,
    /// The default value.
    pub value: Option<String>,
    /// Values of deployment options, by option.
    pub values: BTreeMap<String, String>,
    /// Whether the deployer may change it.
    pub is_user_configurable: bool,
    /// Whether it is a secret and must not be shown.
    pub is_password: bool,
    /// What a person calls it.
    pub label: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The group it is shown in.
    pub category: Option<String>,
    /// Where it stands.
    pub at: Position,
}
