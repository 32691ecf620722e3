//! Storage, networks and snapshots of a host.

use quantix_core::Bytes;
use serde::{Deserialize, Serialize};

/// A storage pool of libvirt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PoolInfo {
    /// Its name.
    pub name: String,
    /// Its UUID.
    pub id: String,
    /// Whether it is started.
    pub active: bool,
    /// Whether it stays defined when it stops.
    pub persistent: bool,
    /// Whether it starts with its host.
    pub autostart: bool,
    /// How much it holds; known while it is started.
    pub capacity_bytes: Bytes,
    /// How much is used.
    pub allocation_bytes: Bytes,
    /// How much is free.
    pub available_bytes: Bytes,
}

/// A volume of a storage pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VolumeInfo {
    /// Its name in the pool.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// Such as `qcow2`, where the pool knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The size that a guest sees.
    pub capacity_bytes: Bytes,
    /// The space that it takes.
    pub allocation_bytes: Bytes,
    /// The image under it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backing: Option<String>,
}

/// A network of libvirt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetworkInfo {
    /// Its name.
    pub name: String,
    /// Its UUID.
    pub id: String,
    /// Whether it is started.
    pub active: bool,
    /// Whether it stays defined when it stops.
    pub persistent: bool,
    /// Whether it starts with its host.
    pub autostart: bool,
    /// The bridge on the host, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge: Option<String>,
}

/// A snapshot of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SnapshotInfo {
    /// Its name.
    pub name: String,
    /// The snapshot that it was taken after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The state that it keeps, in libvirt's words.
    pub state: String,
    /// When it was taken, in seconds since 1970.
    pub created_at: u64,
    /// Whether the domain was last at it.
    pub current: bool,
}

/// Who is asked for the addresses of a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressSource {
    /// The DHCP server of a libvirt network.
    Lease,
    /// The agent in the guest.
    Agent,
    /// The host's neighbour table.
    Arp,
}

/// What is done with a pool or a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceAct {
    /// Start it; one that is started is left as it is.
    Start,
    /// Stop it; what is in it stays.
    Stop,
    /// Remove its definition; what is in it stays.
    Undefine,
    /// Make it start with its host.
    Autostart,
    /// Keep it from starting with its host.
    NoAutostart,
    /// Look again at what is in it (pools only).
    Refresh,
}
