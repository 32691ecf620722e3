//! Jobs on disks, their limits, backups and checkpoints.

use quantix_core::Bytes;
use serde::{Deserialize, Serialize};

use crate::DomainRef;

/// A job on a disk of a running domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum BlockJobRequest {
    /// Writes what images hold into the one under them, which makes the chain shorter.
    Commit {
        /// The image to write into; the lowest where absent.
        #[serde(default)]
        base: Option<String>,
        /// The uppermost image that goes; absent, the one in use: such a job becomes ready and
        /// then waits for [`BlockJobEnd::Pivot`].
        #[serde(default)]
        top: Option<String>,
        /// The most to copy, in bytes per second.
        #[serde(default)]
        bytes_per_second: Option<u64>,
    },
    /// Reads what the images under the one in use hold into it.
    Pull {
        /// The image that stays under it; none where absent.
        #[serde(default)]
        base: Option<String>,
        /// The most to copy, in bytes per second.
        #[serde(default)]
        bytes_per_second: Option<u64>,
    },
    /// Copies a disk to a file; becomes ready, and then waits for [`BlockJobEnd::Pivot`] to go on
    /// there, or for [`BlockJobEnd::Abort`] to leave a copy of that moment.
    Copy {
        /// Where the copy goes, on the host.
        to: String,
        /// What the copy is.
        format: String,
        /// Whether the images under the one in use are not copied.
        #[serde(default)]
        shallow: bool,
        /// The most to copy, in bytes per second.
        #[serde(default)]
        bytes_per_second: Option<u64>,
    },
}

/// How a job on a disk is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockJobEnd {
    /// The disk goes on with what the job has made.
    Pivot,
    /// The disk goes on with what it has.
    Abort,
}

/// How far a job on a disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BlockJobInfo {
    /// libvirt's `virDomainBlockJobType`.
    pub kind: i32,
    /// What is done, in bytes as a rule.
    pub done: u64,
    /// What there is to do.
    pub total: u64,
}

/// Limits of a disk; zero is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// Bytes per second, read and written.
    pub total_bytes_sec: u64,
    /// Bytes read per second.
    pub read_bytes_sec: u64,
    /// Bytes written per second.
    pub write_bytes_sec: u64,
    /// Requests per second.
    pub total_iops_sec: u64,
    /// Read requests per second.
    pub read_iops_sec: u64,
    /// Write requests per second.
    pub write_iops_sec: u64,
    /// Bytes per second in a burst.
    pub total_bytes_sec_max: u64,
    /// Requests per second in a burst.
    pub total_iops_sec_max: u64,
}

impl Throttle {
    /// The limits by libvirt's names.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); 8] {
        [
            ("total_bytes_sec", self.total_bytes_sec),
            ("read_bytes_sec", self.read_bytes_sec),
            ("write_bytes_sec", self.write_bytes_sec),
            ("total_iops_sec", self.total_iops_sec),
            ("read_iops_sec", self.read_iops_sec),
            ("write_iops_sec", self.write_iops_sec),
            ("total_bytes_sec_max", self.total_bytes_sec_max),
            ("total_iops_sec_max", self.total_iops_sec_max),
        ]
    }

    /// The limits from libvirt's parameters.
    #[must_use]
    pub fn from_params(params: &crate::Params) -> Self {
        let number = |name: &str| params.get(name).and_then(crate::Param::as_u64).unwrap_or(0);
        Self {
            total_bytes_sec: number("total_bytes_sec"),
            read_bytes_sec: number("read_bytes_sec"),
            write_bytes_sec: number("write_bytes_sec"),
            total_iops_sec: number("total_iops_sec"),
            read_iops_sec: number("read_iops_sec"),
            write_iops_sec: number("write_iops_sec"),
            total_bytes_sec_max: number("total_bytes_sec_max"),
            total_iops_sec_max: number("total_iops_sec_max"),
        }
    }
}

/// A backup of a running domain's disks to files of its host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupSpec {
    /// The disks; those that are not named are left out.
    pub disks: Vec<BackupTarget>,
    /// The checkpoint since which changes are taken; everything is where absent.
    #[serde(default)]
    pub since: Option<String>,
    /// The checkpoint to make at this moment, for the next backup.
    #[serde(default)]
    pub checkpoint: Option<String>,
}

/// Where the backup of one disk goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupTarget {
    /// Target of the disk, such as `vda`.
    pub disk: String,
    /// The file to make on the host.
    pub file: String,
    /// What it is: `qcow2` or `raw`; an incremental backup needs `qcow2`.
    #[serde(default = "qcow2")]
    pub format: String,
}

fn qcow2() -> String {
    "qcow2".to_owned()
}

/// A backup that is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// The domain.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// What was written.
    pub disks: Vec<BackupTarget>,
    /// The checkpoint that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// Bytes that were copied, where the host says.
    pub bytes: Bytes,
}

/// A checkpoint: a moment since which changed blocks are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckpointInfo {
    /// Its name.
    pub name: String,
    /// The checkpoint before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// When it was made, in seconds since 1970.
    pub created_at: u64,
    /// The disks that it is of.
    pub disks: Vec<String>,
}
