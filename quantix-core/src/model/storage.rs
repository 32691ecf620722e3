//! Storage pools and volumes.

use serde::{Deserialize, Serialize};

use super::{Condition, DiskFormat, Labels, VolumeKey, limits, text, words};
use crate::{
    Bytes, Faults, ImageKey, NodeKey, PoolKey, ProjectId, Timestamp, Validate, VmId,
    cluster::{self, Ratio},
};

words! {
    /// What a pool is made of.
    PoolKind "pool kind" {
        /// A folder of a node.
        Dir "dir",
        /// An NFS export.
        Nfs "nfs",
        /// Thin volumes of LVM.
        LvmThin "lvm_thin",
        /// Volumes of LVM.
        Lvm "lvm",
        /// ZFS.
        Zfs "zfs",
        /// Block devices of Ceph.
        CephRbd "ceph_rbd",
        /// iSCSI.
        Iscsi "iscsi",
    }
}

impl PoolKind {
    /// Whether several nodes can reach one pool of this kind.
    #[must_use]
    pub const fn is_shareable(self) -> bool {
        matches!(self, Self::Nfs | Self::CephRbd | Self::Iscsi)
    }
}

words! {
    /// Whether a pool can be used.
    #[derive(Default)]
    PoolPhase "pool phase" {
        /// It is being made.
        #[default]
        Pending "pending",
        /// It can be used.
        Active "active",
        /// It can be used, but not from all of its nodes or not safely.
        Degraded "degraded",
        /// It takes no new volumes.
        Maintenance "maintenance",
        /// It cannot be used.
        Error "error",
    }
}

/// A place for volumes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StoragePool {
    /// Its id.
    pub id: PoolKey,
    /// Its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What it is made of.
    pub kind: PoolKind,
    /// Whether it can be used.
    #[serde(default)]
    pub phase: PoolPhase,
    /// How much it holds.
    pub capacity_bytes: Bytes,
    /// How much of it is promised to volumes.
    #[serde(default)]
    pub allocated_bytes: Bytes,
    /// How much of it is written.
    #[serde(default)]
    pub used_bytes: Bytes,
    /// How many times its capacity may be promised to thin volumes.
    #[serde(default, skip_serializing_if = "Ratio::is_one")]
    pub overcommit: Ratio,
    /// Whether its nodes reach the same data.
    #[serde(default)]
    pub shared: bool,
    /// The nodes that reach it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeKey>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// What is known about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Counts its changes.
    #[serde(default)]
    pub revision: u64,
}

impl StoragePool {
    /// How much may still be promised.
    #[must_use]
    pub fn free_bytes(&self) -> Bytes {
        let promised = self.overcommit.of(self.capacity_bytes.0);
        Bytes(promised.saturating_sub(self.allocated_bytes.0))
    }

    /// The pool as the scheduler sees it.
    #[must_use]
    pub fn for_placement(&self) -> cluster::Pool {
        cluster::Pool {
            id: self.id.clone(),
            capacity_bytes: self.capacity_bytes,
            allocated_bytes: Some(self.allocated_bytes),
            shared: Some(self.shared),
            overcommit: self.overcommit,
        }
    }
}

impl Validate for StoragePool {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "name", &self.name, &(0..=*limits::NAME_CHARS.end()));
        text::labels(faults, "labels", &self.labels);
        if self.used_bytes > self.capacity_bytes {
            let message = format!("{} is more than {}", self.used_bytes, self.capacity_bytes);
            faults.error("used_bytes", "above-capacity", message);
        }
        let promised = self.overcommit.of(self.capacity_bytes.0);
        if self.allocated_bytes.0 > promised {
            let message = format!(
                "{} is promised, but only {} may be",
                self.allocated_bytes,
                Bytes(promised)
            );
            faults.warning("allocated_bytes", "above-capacity", message);
        }
        faults.unique("nodes", &self.nodes, "", Some);
        if self.shared && !self.kind.is_shareable() {
            let message = format!("a pool of kind {} lies on one node", self.kind);
            faults.error("shared", "not-shareable", message);
        }
        if !self.shared && self.nodes.len() > 1 {
            let message = "several nodes name a pool whose data they do not share";
            faults.warning("nodes", "same-name-different-data", message);
        }
        super::condition::validate(faults, &self.conditions);
    }
}

words! {
    /// What a volume is doing.
    #[derive(Default)]
    VolumePhase "volume phase" {
        /// It is being made.
        #[default]
        Creating "creating",
        /// It exists and no machine uses it.
        Available "available",
        /// A machine uses it.
        InUse "in_use",
        /// It is being resized.
        Resizing "resizing",
        /// It is being deleted.
        Deleting "deleting",
        /// It cannot be used.
        Error "error",
    }
}

/// A disk in a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Its id.
    pub id: VolumeKey,
    /// Its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The project that it counts for.
    #[serde(default)]
    pub project_id: ProjectId,
    /// The pool that holds it.
    pub storage_pool_id: PoolKey,
    /// Its size as machines see it.
    pub size_bytes: Bytes,
    /// How much of the pool it takes.
    #[serde(default)]
    pub allocated_bytes: Bytes,
    /// How it is stored.
    #[serde(default)]
    pub format: DiskFormat,
    /// What it is doing.
    #[serde(default)]
    pub phase: VolumePhase,
    /// The machine that uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_id: Option<VmId>,
    /// The image below it, which cannot be deleted before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backing_image_id: Option<ImageKey>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Counts its changes.
    #[serde(default)]
    pub revision: u64,
}

impl Validate for Volume {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "name", &self.name, &(0..=*limits::NAME_CHARS.end()));
        faults.range("size_bytes", &self.size_bytes, &limits::DISK_BYTES);
        if (self.phase == VolumePhase::InUse) != self.vm_id.is_some() {
            let message = "a volume has a machine exactly when it is in use";
            faults.error("vm_id", "phase-mismatch", message);
        }
        if self.backing_image_id.is_some() && self.format != DiskFormat::Qcow2 {
            let message = format!("a {} volume cannot lie over an image: use qcow2", self.format);
            faults.error("backing_image_id", "backing-needs-qcow2", message);
        }
    }
}
