//! Calls as documents: what Python and C send, and the answers that the command prints too.

mod answer;

use std::{collections::BTreeMap, net::IpAddr};

use quantix_core::{
    Finding,
    model::{SecurityGroup, SecurityGroupKey},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Affect, BackupSpec, BlockJobEnd, BlockJobRequest, ColdMove, Error, MigrateRequest,
    PowerRequest, ResourceAct, SpecError, StopMode, Throttle, XmlKind,
};

/// The most bytes of a request.
pub const REQUEST_BYTES_MAX: usize = 64 << 20;

fn yes() -> bool {
    true
}

fn stop_budget() -> u64 {
    60
}

fn usage_interval() -> u64 {
    1000
}

fn exec_limit() -> u64 {
    60
}

/// One call on a host, as a document: `{"op": "stop", "vm": "web", "mode": "destroy"}`.
///
/// `vm` is a machine's name or UUID. [`crate::Host::answer`] makes the call, with the deadline of
/// its host; the answer is the document that the command `quantix vm` prints with `--json`. Fields
/// that are not known are refused.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are those of the calls that the variants name")]
pub enum Request {
    /// The host, and whether KVM truly works there: [`crate::HostReport`].
    Host {},
    /// The machines: [`crate::DomainList`].
    List {},
    /// Everything about one machine: [`crate::DomainReport`].
    Show { vm: String },
    /// What a machine is doing: [`crate::StateReport`].
    State { vm: String },
    /// A machine's XML: [`crate::XmlReport`].
    Xml {
        vm: String,
        #[serde(default)]
        kind: XmlKind,
    },
    /// Makes a machine from a description, whole or not at all; where it does not say
    /// `domain_type`, KVM is used if it truly works: [`crate::Created`].
    Create {
        spec: Value,
        #[serde(default)]
        start: bool,
    },
    /// Defines a machine from XML: [`crate::StateReport`].
    Define { xml: String },
    /// Removes a machine, with `force` also one that runs; its disks stay: [`crate::DeleteReport`].
    Delete {
        vm: String,
        #[serde(default)]
        force: bool,
    },
    /// What would change, from a description or a whole XML: [`crate::Plan`].
    Plan {
        vm: String,
        #[serde(default)]
        spec: Option<Value>,
        #[serde(default)]
        xml: Option<String>,
    },
    /// Makes a machine what a description or a whole XML says: [`crate::ApplyReport`].
    Apply {
        vm: String,
        #[serde(default)]
        spec: Option<Value>,
        #[serde(default)]
        xml: Option<String>,
    },
    /// Starts a machine: [`crate::StateReport`].
    Start {
        vm: String,
        #[serde(default)]
        paused: bool,
    },
    /// Stops a machine by the ladder: [`crate::StoppedReport`].
    Stop {
        vm: String,
        #[serde(default)]
        mode: StopMode,
        #[serde(default = "stop_budget")]
        budget_seconds: u64,
    },
    /// Asks the guest to reboot: [`crate::StateReport`].
    Reboot {
        vm: String,
        #[serde(default)]
        by: PowerRequest,
    },
    /// Presses the reset button: [`crate::StateReport`].
    Reset { vm: String },
    /// Pauses a machine: [`crate::StateReport`].
    Pause { vm: String },
    /// Lets it run again: [`crate::StateReport`].
    Resume { vm: String },
    /// Saves memory and stops; the next start resumes: [`crate::StateReport`].
    Save { vm: String },
    /// Drops the saved memory: [`crate::StateReport`].
    DropSaved { vm: String },
    /// Starts with its host, or not: [`crate::StateReport`].
    Autostart {
        vm: String,
        #[serde(default = "yes")]
        on: bool,
    },
    /// Adds a device, given as XML: [`crate::StateReport`].
    Attach {
        vm: String,
        xml: String,
        #[serde(default)]
        affect: Affect,
    },
    /// Asks for a device to go, given as XML: [`crate::StateReport`].
    Detach {
        vm: String,
        xml: String,
        #[serde(default)]
        affect: Affect,
    },
    /// Changes a device in place, such as the medium of a drive: [`crate::StateReport`].
    Update {
        vm: String,
        xml: String,
        #[serde(default)]
        affect: Affect,
    },
    /// Removes a device from a running machine and waits until its guest has let it go:
    /// [`crate::StateReport`].
    Unplug { vm: String, xml: String },
    /// Sets the number of virtual CPUs: [`crate::StateReport`].
    SetCpus {
        vm: String,
        cpus: u32,
        #[serde(default)]
        affect: Affect,
    },
    /// Sets the memory: [`crate::StateReport`].
    SetMemory {
        vm: String,
        mib: u64,
        #[serde(default)]
        affect: Affect,
    },
    /// Grows a disk of a running machine; `disk` is its target: [`crate::StateReport`].
    ResizeDisk { vm: String, disk: String, bytes: u64 },
    /// Statistics of some machines, or of all: [`crate::StatsReport`].
    Stats {
        #[serde(default)]
        vms: Vec<String>,
    },
    /// What some machines use, or all: counters read twice, `interval_ms` apart:
    /// [`crate::UsageReport`].
    Usage {
        #[serde(default)]
        vms: Vec<String>,
        #[serde(default = "usage_interval")]
        interval_ms: u64,
    },
    /// What the host is, has, can run and runs, for heartbeats: [`crate::NodeReport`].
    NodeReport {},
    /// The devices of the host: `{"devices"}` of [`crate::NodeDeviceInfo`].
    NodeDevices {},
    /// Moves a machine that is off, volumes included; safe to repeat: [`crate::ColdMoveReport`].
    MoveCold {
        vm: String,
        destination: String,
        #[serde(default)]
        request: ColdMove,
    },
    /// Puts in order what a migration that broke has left here and there: [`crate::Reconciled`].
    ReconcileMigration { vm: String, destination: String },
    /// What the guest says about itself: [`crate::GuestInfo`].
    AgentInfo { vm: String },
    /// Waits for the agent: `{"name","id","answers"}`.
    AgentWait { vm: String, limit_seconds: u64 },
    /// Runs a program in the guest: `{"code","stdout","stderr","truncated"}`.
    AgentExec {
        vm: String,
        program: String,
        #[serde(default)]
        args: Vec<String>,
        #[serde(default = "exec_limit")]
        limit_seconds: u64,
    },
    /// Reads a file of the guest: [`crate::FileReport`].
    AgentRead { vm: String, path: String },
    /// Writes a file of the guest: `{"path","bytes"}`.
    AgentWrite { vm: String, path: String, base64: String },
    /// A picture of a screen: `{"mime","bytes","base64"}`.
    Screenshot {
        vm: String,
        #[serde(default)]
        screen: u32,
    },
    /// The addresses of a guest from every source that answers: [`crate::AddressList`].
    Addresses { vm: String },
    /// Checks a move, and makes it: [`crate::MovedReport`].
    Migrate {
        vm: String,
        request: MigrateRequest,
        #[serde(default)]
        only_check: bool,
    },
    /// The job of a machine: [`crate::JobInfo`].
    Job { vm: String },
    /// Ends the job of a machine: [`crate::StateReport`].
    AbortJob { vm: String },
    /// Lets a migration with `post_copy` switch over: [`crate::StateReport`].
    StartPostCopy { vm: String },
    /// Runs a job on a disk to its end, or until it is ready; then `finish` ends it:
    /// `{"disk","state","finished"}` with `state` one of `completed` and `ready`.
    BlockJob {
        vm: String,
        disk: String,
        job: BlockJobRequest,
        #[serde(default)]
        finish: Option<BlockJobEnd>,
    },
    /// How far the job on a disk is: [`crate::BlockJobInfo`], or `null`.
    BlockJobInfo { vm: String, disk: String },
    /// Ends the job on a disk: [`crate::StateReport`].
    EndBlockJob { vm: String, disk: String, end: BlockJobEnd },
    /// The limits of a disk: [`crate::Throttle`].
    Throttle { vm: String, disk: String },
    /// Limits a disk: [`crate::Throttle`].
    SetThrottle {
        vm: String,
        disk: String,
        throttle: Throttle,
        #[serde(default)]
        affect: Affect,
    },
    /// Freezes file systems of the guest: `{"count"}`.
    Freeze {
        vm: String,
        #[serde(default)]
        mounts: Vec<String>,
    },
    /// Thaws them: `{"count"}`.
    Thaw { vm: String },
    /// Backs up disks to files of the host: [`crate::BackupReport`].
    Backup { vm: String, backup: BackupSpec },
    /// The checkpoints of a machine: `{"checkpoints"}` of [`crate::CheckpointInfo`].
    Checkpoints { vm: String },
    /// Removes a checkpoint: as `checkpoints`.
    DeleteCheckpoint { vm: String, name: String },
    /// The snapshots of a machine: [`crate::SnapshotList`].
    Snapshots { vm: String },
    /// Takes a snapshot: [`crate::SnapshotList`].
    TakeSnapshot {
        vm: String,
        name: String,
        #[serde(default)]
        disk_only: bool,
    },
    /// Puts a machine back to a snapshot: [`crate::SnapshotList`].
    RevertSnapshot { vm: String, name: String },
    /// Removes a snapshot: [`crate::SnapshotList`].
    DeleteSnapshot { vm: String, name: String },
    /// The storage pools: [`crate::PoolList`].
    Pools {},
    /// Defines a pool from XML: [`crate::PoolList`].
    DefinePool { xml: String },
    /// Does something with a pool: [`crate::PoolList`].
    ChangePool { pool: String, act: ResourceAct },
    /// The XML of a pool: `{"name","xml"}`.
    PoolXml { pool: String },
    /// The volumes of a pool: [`crate::VolumeList`].
    Volumes { pool: String },
    /// Makes a volume from XML: `{"path"}`.
    CreateVolume { pool: String, xml: String },
    /// Grows a volume that no running machine uses: [`crate::VolumeList`].
    ResizeVolume { pool: String, name: String, bytes: u64 },
    /// Removes a volume: [`crate::VolumeList`].
    DeleteVolume { pool: String, name: String },
    /// The networks: [`crate::NetworkList`].
    Networks {},
    /// Defines a network from XML: [`crate::NetworkList`].
    DefineNetwork { xml: String },
    /// Does something with a network: [`crate::NetworkList`].
    ChangeNetwork { network: String, act: ResourceAct },
    /// The XML of a network: `{"name","xml"}`.
    NetworkXml { network: String },
    /// The network filters: `{"filters"}`.
    Filters {},
    /// Defines a network filter from XML, or replaces it: `{"name"}`.
    DefineFilter { xml: String },
    /// The XML of a network filter: `{"name","xml"}`.
    FilterXml { filter: String },
    /// Removes a network filter that nothing uses: as `filters`.
    DeleteFilter { filter: String },
    /// Makes the filter of a security group what it says now; `members` are the addresses of the
    /// interfaces in other groups: `{"name"}`.
    ApplySecurityGroup {
        group: SecurityGroup,
        #[serde(default)]
        members: BTreeMap<SecurityGroupKey, Vec<IpAddr>>,
    },
    /// The machines that bear the mark of Quantix, of one owner or of all: `{"vms"}` of
    /// [`crate::Tagged`].
    Tagged {
        #[serde(default)]
        owner: Option<String>,
    },
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// Where it is no JSON, or names a call or a field that there is not.
    pub fn parse(json: &str) -> Result<Self, RequestError> {
        if json.len() > REQUEST_BYTES_MAX {
            return Err(RequestError::document("it has more than 64 MiB"));
        }
        serde_json::from_str(json).map_err(|error| RequestError::document(&error.to_string()))
    }
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The request is not one.
    #[error("the request is not valid: {0}")]
    Document(String),
    /// It holds a description that no machine can be made of.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The call did not succeed.
    #[error(transparent)]
    Call(#[from] Error),
}

impl RequestError {
    fn document(why: &str) -> Self {
        Self::Document(why.to_owned())
    }

    /// The call's error, where there was a call.
    #[must_use]
    pub fn call(&self) -> Option<&Error> {
        match self {
            Self::Call(error) => Some(error),
            Self::Document(_) | Self::Spec(_) => None,
        }
    }

    /// What is wrong with the description.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Spec(error) => error.findings(),
            Self::Document(_) | Self::Call(_) => &[],
        }
    }

    /// Class, call, object, remedy and whether to try again, as a document.
    #[must_use]
    pub fn details(&self) -> ErrorDetails<'_> {
        match self {
            Self::Call(error) => ErrorDetails {
                class: error.class().as_str(),
                operation: Some(error.operation()),
                target: error.target(),
                remedy: error.remedy(),
                transient: error.is_transient(),
            },
            Self::Document(_) | Self::Spec(_) => ErrorDetails {
                class: crate::Class::Invalid.as_str(),
                operation: None,
                target: None,
                remedy: None,
                transient: false,
            },
        }
    }
}

/// What to decide on when a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorDetails<'e> {
    /// [`crate::Class`] in words.
    pub class: &'e str,
    /// The call that failed.
    pub operation: Option<&'e str>,
    /// What it was about.
    pub target: Option<&'e str>,
    /// What to do about it.
    pub remedy: Option<&'e str>,
    /// Whether the same request may succeed later with nothing changed.
    pub transient: bool,
}

#[cfg(test)]
mod tests;
