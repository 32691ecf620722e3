//! What calls take and give back: plain values, with the wire form that the command line prints.

mod device;
mod disk;
mod place;
mod stream;

use std::{collections::BTreeMap, fmt};

use quantix_core::{MemoryMib, VmId};
use serde::{Deserialize, Serialize};

pub use self::{
    device::NodeDeviceInfo,
    disk::{
        BackupReport, BackupSpec, BackupTarget, BlockJobEnd, BlockJobInfo, BlockJobRequest,
        CheckpointInfo, Throttle,
    },
    place::{AddressSource, NetworkInfo, PoolInfo, ResourceAct, SnapshotInfo, VolumeInfo},
    stream::{
        ConsoleInput, ConsoleOutput, ConsoleSink, JobInfo, MigrateRequest, SCREENSHOT_BYTES_MAX,
        Screenshot, TransferSink, TransferSource,
    },
};

/// Names one domain. Calls find it by `id`; `name` is for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct DomainRef {
    /// The name on its host.
    pub name: String,
    /// The UUID.
    pub id: VmId,
}

impl fmt::Display for DomainRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What a domain is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainState {
    /// The driver does not know.
    NoState,
    /// Running.
    Running,
    /// Running, and waiting for something.
    Blocked,
    /// Stopped by us or by an error, with its memory kept.
    Paused,
    /// On its way down.
    ShuttingDown,
    /// Not running.
    ShutOff,
    /// Not running: it crashed.
    Crashed,
    /// Suspended by the guest itself.
    Suspended,
}

impl DomainState {
    /// From libvirt's `virDomainState`.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Running,
            2 => Self::Blocked,
            3 => Self::Paused,
            4 => Self::ShuttingDown,
            5 => Self::ShutOff,
            6 => Self::Crashed,
            7 => Self::Suspended,
            _ => Self::NoState,
        }
    }

    /// Whether the domain has a process: it uses memory and its devices are open.
    #[must_use]
    pub fn is_active(self) -> bool {
        !matches!(self, Self::NoState | Self::ShutOff | Self::Crashed)
    }

    /// The state in words, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoState => "no_state",
            Self::Running => "running",
            Self::Blocked => "blocked",
            Self::Paused => "paused",
            Self::ShuttingDown => "shutting_down",
            Self::ShutOff => "shut_off",
            Self::Crashed => "crashed",
            Self::Suspended => "suspended",
        }
    }
}

impl fmt::Display for DomainState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One line of a list of domains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DomainEntry {
    /// The name on its host.
    pub name: String,
    /// The UUID.
    pub id: VmId,
    /// What it is doing.
    pub state: DomainState,
}

impl DomainEntry {
    /// The name of the domain.
    #[must_use]
    pub fn domain(&self) -> DomainRef {
        DomainRef { name: self.name.clone(), id: self.id }
    }
}

/// What a host says about one domain without asking its guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DomainInfo {
    /// The name on its host.
    pub name: String,
    /// The UUID.
    pub id: VmId,
    /// What it is doing.
    pub state: DomainState,
    /// Whether it stays defined when it stops.
    pub persistent: bool,
    /// Whether it starts with its host.
    pub autostart: bool,
    /// Whether a saved memory image waits to be resumed.
    pub managed_save: bool,
    /// Virtual CPUs.
    pub cpus: u32,
    /// Memory that the domain may use at most.
    pub memory_max_mib: MemoryMib,
    /// Memory that it uses now.
    pub memory_mib: MemoryMib,
    /// CPU time used since it started, in nanoseconds.
    pub cpu_time_ns: u64,
}

/// Versions of the parts of a connection, as `major * 1,000,000 + minor * 1,000 + release`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Version(pub u64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0 / 1_000_000, self.0 / 1_000 % 1_000, self.0 % 1_000)
    }
}

/// The host at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeInfo {
    /// Its host name.
    pub hostname: String,
    /// The connection URI, as the far side states it.
    pub uri: String,
    /// Driver: `QEMU`, `TEST`, …
    pub driver: String,
    /// Version of libvirt at the far side.
    pub libvirt_version: Version,
    /// Version of the hypervisor.
    pub hypervisor_version: Version,
    /// CPU architecture, such as `x86_64`.
    pub arch: String,
    /// Logical CPUs that are online.
    pub cpus: u32,
    /// NUMA nodes.
    pub numa_nodes: u32,
    /// Memory.
    pub memory_mib: MemoryMib,
    /// Memory that is free now; 0 where the driver does not say.
    pub memory_free_mib: MemoryMib,
}

/// Which XML of a domain to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum XmlKind {
    /// What runs now; for a domain that is not active, its definition.
    #[default]
    Current,
    /// What the next boot will use. Base every edit on this one.
    NextBoot,
    /// What the next boot will use, with passwords. Keep it out of logs.
    NextBootWithSecrets,
}

/// Which state of a domain a change is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Affect {
    /// Only the running domain.
    #[default]
    Live,
    /// Only its definition: the next boot.
    NextBoot,
    /// Both.
    Both,
}

impl Affect {
    /// libvirt's `virDomainModificationImpact`.
    #[must_use]
    pub fn flags(self) -> u32 {
        match self {
            Self::Live => 1,
            Self::NextBoot => 2,
            Self::Both => 3,
        }
    }
}

/// Who delivers a request to shut down or reboot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerRequest {
    /// The guest agent.
    Agent,
    /// The ACPI power button.
    #[default]
    Acpi,
}

/// What goes with a domain when it is undefined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UndefineScope {
    /// Its saved memory image.
    pub managed_save: bool,
    /// The records of its snapshots.
    pub snapshots_metadata: bool,
    /// The records of its checkpoints.
    pub checkpoints_metadata: bool,
    /// Its UEFI variables: `Some(false)` keeps the file, `None` is for a domain without.
    pub nvram: Option<bool>,
    /// Its TPM state: `Some(false)` keeps it, `None` leaves it to the host's default.
    pub tpm: Option<bool>,
}

impl UndefineScope {
    /// All that belongs to the domain.
    pub const EVERYTHING: Self = Self {
        managed_save: true,
        snapshots_metadata: true,
        checkpoints_metadata: true,
        nvram: Some(true),
        tpm: None,
    };
}

/// One element in the `<metadata>` of a domain: XML under a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataKey {
    /// Namespace prefix to write.
    pub prefix: &'static str,
    /// Namespace URI: the key.
    pub uri: &'static str,
}

/// A typed parameter of libvirt.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Param {
    /// A signed number.
    Int(i64),
    /// An unsigned number.
    Unsigned(u64),
    /// A number with a fraction.
    Double(f64),
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(String),
}

impl Param {
    /// The value as an unsigned number, where it is one.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Unsigned(value) => Some(*value),
            Self::Int(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// The text, where it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Parameters by name, in the order of their names.
pub type Params = BTreeMap<String, Param>;

/// The statistics of one domain, as libvirt names them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DomainStats {
    /// The domain.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// The parameters, such as `cpu.time` and `block.0.rd.bytes`.
    pub params: Params,
}

/// What to ask for in bulk statistics; the numbers are libvirt's `virDomainStatsTypes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatsGroups(pub u32);

impl StatsGroups {
    /// State and its reason.
    pub const STATE: Self = Self(1);
    /// Everything that the driver has.
    pub const ALL: Self = Self(0);
    /// State, CPU, memory, virtual CPUs, interfaces and disks.
    pub const USUAL: Self = Self(1 | 2 | 4 | 8 | 16 | 32);
}
