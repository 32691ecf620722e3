//! A libvirt driver that never hangs, never loses XML, and says before it acts.
//!
//! [`Host`] is one libvirt host, over tokio; [`blocking::Host`] is its twin for everyone else.
//! Every call has a deadline, because the C library has none: a call that misses it is left behind
//! on its thread, its guest is fenced off, and the rest of the host goes on. Errors have a
//! [`Class`] to decide on and a remedy to read. [`DomainSpec`] describes a machine and becomes XML
//! through a serializer; [`Host::create`] makes it whole or not at all; [`Host::stop`] stops it
//! for sure; [`Host::agent`] asks its guest; [`Host::events`] tells what happens and where it may
//! have missed something.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use quantix_core::{MemoryMib, VmId};
//! use quantix_libvirt::{CreateOptions, DiskSpec, DomainSpec, Host, Libvirt, NicSpec};
//! let host = Host::connect(Libvirt::new("qemu:///system")).await?;
//! let execution = host.usable_domain_type().await?; // KVM only where a trial guest ran under it
//! let spec = DomainSpec {
//!     domain_type: execution.domain_type,
//!     disks: vec![DiskSpec::qcow2("/var/lib/libvirt/images/web.qcow2")],
//!     nics: vec![NicSpec::network("default")],
//!     ..DomainSpec::new("web", VmId::from_u128(7), 2, MemoryMib(2048))
//! };
//! host.create(&spec, CreateOptions { start: true }).await?;
//! host.agent(spec.id).wait(std::time::Duration::from_secs(120)).await?;
//! println!("{} is up", host.agent(spec.id).host_name().await?);
//! # Ok(()) }
//! ```
//!
//! The backend behind a [`Host`] is a [`Hypervisor`]: [`Libvirt`] on the C library (feature `ffi`,
//! on by default, loads libvirt's library with the first connection), or [`FakeHost`], which lives in memory and fails on demand.
//!
//! It refuses to guess: an image format is never probed, a firmware never named by path, a domain
//! of another owner never touched, and KVM never assumed because `/dev/kvm` exists.

mod agent;
pub mod blocking;
mod caps;
mod cold;
mod error;
mod event;
mod fake;
#[cfg(feature = "ffi")]
mod ffi;
mod host;
mod hypervisor;
mod kvm;
mod life;
mod migrate;
mod model;
mod node;
mod plan;
mod reconcile;
mod report;
mod request;
pub mod schema;
mod security;
mod spec;
mod usage;
pub mod view;

pub use agent::{
    AGENT_FILE_BYTES_MAX, AGENT_OUTPUT_BYTES_MAX, Agent, GuestAddress, GuestExit, GuestInterface,
    GuestOs, GuestTimezone, GuestUser, Seconds,
};
pub use caps::{DomainCapabilities, Execution};
pub use cold::{ColdMove, ColdMoveReport, ColdProgress, MOVE_TAG, MovedVolume};
pub use error::{Class, Error, Result};
pub use event::{EVENT_QUEUE_MAX, Event, EventStream, Lifecycle, ResyncReason};
pub use fake::{FAKE_VOLUME_BYTES_MAX, FakeGuest, FakeHost, Fault, FaultKind};
#[cfg(feature = "ffi")]
pub use ffi::{KeepAlive, Libvirt};
pub use host::{
    BlockJob, BlockJobState, CALL_DEADLINE, CALLS_IN_FLIGHT_MAX, CONNECTIONS_GIVEN_UP_MAX,
    CONSOLE_CHUNKS_MAX, Console, Host,
};
pub use hypervisor::{Connector, EventSink, Hypervisor, Lane, connector};
pub use kvm::{KVM_TRIAL_LIMIT, KvmVerdict, try_kvm};
pub use life::{
    CreateOptions, Created, DeleteReport, StopMode, StopReport, StoppedBy, SweepReport, Tagged,
};
pub use migrate::MigrationReport;
pub use model::{
    AddressSource, Affect, BackupReport, BackupSpec, BackupTarget, BlockJobEnd, BlockJobInfo,
    BlockJobRequest, CheckpointInfo, ConsoleInput, ConsoleOutput, ConsoleSink, DomainEntry,
    DomainInfo, DomainRef, DomainState, DomainStats, JobInfo, MetadataKey, MigrateRequest,
    NetworkInfo, NodeDeviceInfo, NodeInfo, Param, Params, PoolInfo, PowerRequest, ResourceAct,
    SCREENSHOT_BYTES_MAX, Screenshot, SnapshotInfo, StatsGroups, Throttle, TransferSink,
    TransferSource, UndefineScope, Version, VolumeInfo, XmlKind,
};
pub use node::{HugePages, NodeCpu, NodeLoad, NodeReport, NumaDistanceTo, NumaNode};
pub use plan::{AppliedChange, ApplyReport, Change, Plan, Present, When, plan_spec, plan_xml};
pub use reconcile::{Reconciled, Whereabouts};
pub use report::{
    AddressList, DomainList, DomainReport, FileReport, GuestInfo, HostReport, MovedReport,
    NetworkList, PoolList, SnapshotList, StateReport, StatsReport, StoppedReport, VolumeList,
    XmlReport,
};
pub use request::{ErrorDetails, REQUEST_BYTES_MAX, Request, RequestError};
pub use security::{FILTER_RULES_MAX, filter_name, security_filter};
pub use spec::{
    CPUS_MAX, CpuModel, DEVICES_MAX, DiskBus, DiskDevice, DiskFormat, DiskSpec, DomainSpec,
    DomainType, Firmware, Graphics, HOTPLUG_SLOTS_MAX, Mac, MacError, NAME_BYTES_MAX, NicSource,
    NicSpec, OwnerTag, ScsiModel, SerialSpec, SpecError, TAG, Topology, VideoModel,
};
pub use usage::{DEVICES_COUNTED_MAX, DiskUsage, NicUsage, Usage, UsageReport, usage_between};
pub use view::{
    DiskDetails, DomainDetails, DomainXml, FirmwareDetails, GraphicsDetails, NicDetails,
};
