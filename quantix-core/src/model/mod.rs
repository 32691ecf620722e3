//! The machines of the platform and the world they run in.
//!
//! Every type is plain data in the wire form of the platform, and [`Validate`](crate::Validate)
//! checks what types cannot say. Nothing here changes anything: state changes are asked for as
//! values and carried out elsewhere.

mod alert;
mod boot;
mod cluster;
mod condition;
mod device;
mod format;
mod hardware;
mod image;
mod inventory;
pub mod limits;
mod net;
mod network;
mod node;
mod ova;
mod policy;
mod power;
pub(crate) mod schema_version;
mod security;
mod storage;
mod switch;
pub(crate) mod text;
mod vm;
mod vm_spec;

pub use alert::{Alert, AlertSeverity, AlertState, ObjectKind};
pub use boot::{BootMedia, GuestOs, HardwareProfile};
pub use cluster::{AdmissionControl, Cluster, DrsMode, DrsSettings, HaSettings, IsolationResponse};
pub(crate) use condition::times as condition_times;
pub use condition::{Condition, ConditionStatus};
pub use device::{BackingImage, CacheMode, DiskBus, DiskSpec, IoLimits, NicModel, NicSpec};
pub use format::{DiskFormat, ImageFormat};
pub use hardware::{
    CpuPin, CpuSpec, Firmware, HugePages, MemorySpec, TpmModel, TpmSpec, TpmVersion,
};
pub use image::{
    Checksum, ChecksumAlgorithm, IMAGE_TRANSITIONS, Image, ImagePhase, ImagePhaseError, Progress,
};
pub use inventory::Inventory;
pub use net::{AddressError, Cidr, MacAddress};
pub use network::{DhcpSettings, NetworkTransport, VirtualNetwork};
pub use node::{HeartbeatPolicy, Node, NodeCapacity, NodeHealth, NodeMode};
pub use ova::{OVA_ITEMS_MAX, OvaDisk, OvaHardware, OvaMetadata, OvaOption, OvaProperty};
pub use policy::{HaPolicy, PlacementPolicy, RestartCondition};
pub use power::{
    DesiredPower, POWER_TRANSITIONS, PowerError, PowerEvent, PowerState, PowerTransition,
};
pub use schema_version::SCHEMA_VERSION;
pub use security::{
    Direction, PortRange, Protocol, Remote, RuleAction, SecurityGroup, SecurityRule,
};
pub use storage::{PoolKind, PoolPhase, StoragePool, Volume, VolumePhase};
pub use switch::{DistributedSwitch, PORT_GROUPS_MAX, PortGroup, PortVlan, Teaming, Uplink};
pub use text::Labels;
pub use vm::{Vm, VmOrigin};
pub use vm_spec::VmSpec;

use crate::word::words;

/// Names a cluster.
pub type ClusterKey = crate::Key<crate::kind::Cluster>;
/// Names a volume.
pub type VolumeKey = crate::Key<crate::kind::Volume>;
/// Names a security group.
pub type SecurityGroupKey = crate::Key<crate::kind::SecurityGroup>;
/// Names a pool of addresses.
pub type SubnetPoolKey = crate::Key<crate::kind::SubnetPool>;
/// Names a distributed switch.
pub type SwitchKey = crate::Key<crate::kind::Switch>;
/// Names a port group.
pub type PortGroupKey = crate::Key<crate::kind::PortGroup>;
/// Names an alert.
pub type AlertKey = crate::Key<crate::kind::Alert>;
