//! The machines of the platform and the world they run in.
//!
//! Every type is plain data in the wire form of the platform, and [`Validate`](crate::Validate)
//! checks what types cannot say. Nothing here changes anything: state changes are asked for as
//! values and carried out elsewhere.

mod boot;
mod condition;
mod device;
mod format;
mod hardware;
pub mod limits;
mod net;
mod policy;
mod power;
pub(crate) mod schema_version;
pub(crate) mod text;
mod vm;
mod vm_spec;

pub use boot::{BootMedia, GuestOs, HardwareProfile};
pub(crate) use condition::times as condition_times;
pub use condition::{Condition, ConditionStatus};
pub use device::{BackingImage, CacheMode, DiskBus, DiskSpec, IoLimits, NicModel, NicSpec};
pub use format::{DiskFormat, ImageFormat};
pub use hardware::{
    CpuPin, CpuSpec, Firmware, HugePages, MemorySpec, NumaPolicy, TpmModel, TpmSpec, TpmVersion,
};
pub use net::{AddressError, Cidr, MacAddress};
pub use policy::{HaPolicy, PlacementPolicy, RestartCondition};
pub use power::{
    DesiredPower, POWER_TRANSITIONS, PowerError, PowerEvent, PowerState, PowerTransition,
};
pub use schema_version::SCHEMA_VERSION;
pub use text::Labels;
pub use vm::{Vm, VmOrigin};
pub use vm_spec::VmSpec;

use crate::word::words;

/// Names a security group.
pub type SecurityGroupKey = crate::Key<crate::kind::SecurityGroup>;
