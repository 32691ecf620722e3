//! `quantix vm addresses`, `snapshot`, `pools`, `volumes` and `networks`.

use clap::{Args, Subcommand};
use quantix_libvirt::{AddressList, NetworkList, PoolList, SnapshotList, VolumeList};

use super::{Connection, One, failure};
use crate::{
    failure::Failure,
    ui::{Answer, Table, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Example:
  quantix vm addresses web --json

From the agent, the leases and the host's neighbour table, merged. Exit code 1: none is known.")]
pub(crate) struct AddressesArgs {
    #[command(flatten)]
    one: One,
}

impl AddressesArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = self.one.open()?;
        let interfaces = host.addresses(domain.id).map_err(failure)?;
        let is_known = interfaces.iter().any(|interface| !interface.addresses.is_empty());
        ui.answer(&AddressList { interfaces }, |addresses| {
            let mut table = Table::new(["INTERFACE", "MAC", "ADDRESS"]);
            for interface in &addresses.interfaces {
                for address in &interface.addresses {
                    let mac = interface.mac.clone().unwrap_or_else(|| "-".to_owned());
                    let address = format!("{}/{}", address.address, address.prefix);
                    table.row([interface.name.clone(), mac, address]);
                }
            }
            table.render()
        })?;
        Ok(Answer::yes_if(is_known))
    }
}

/// What to do with snapshots.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// List the snapshots of a machine.
    #[command(after_help = "Example:\n  quantix vm snapshot list web --json")]
    List {
        #[command(flatten)]
        one: One,
    },
    /// Take a snapshot, with the memory where the machine runs.
    #[command(
        after_help = "Example:\n  quantix vm snapshot take web before-upgrade --deadline 600"
    )]
    Take {
        #[command(flatten)]
        one: One,
        /// The name of the snapshot.
        snapshot: String,
        /// Only the disks, each going on in a new file.
        #[arg(long)]
        disk_only: bool,
    },
    /// Put a machine back to a snapshot; what it did since is lost.
    #[command(after_help = "Example:\n  quantix vm snapshot revert web before-upgrade")]
    Revert {
        #[command(flatten)]
        one: One,
        /// The name of the snapshot.
        snapshot: String,
    },
    /// Remove a snapshot.
    #[command(after_help = "Example:\n  quantix vm snapshot delete web before-upgrade")]
    Delete {
        #[command(flatten)]
        one: One,
        /// The name of the snapshot.
        snapshot: String,
    },
}

impl SnapshotCommand {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = match &self {
            Self::List { one }
            | Self::Take { one, .. }
            | Self::Revert { one, .. }
            | Self::Delete { one, .. } => one.open()?,
        };
        let id = domain.id;
        match &self {
            Self::List { .. } => Ok(()),
            Self::Take { snapshot, disk_only, .. } => {
                host.snapshot_create(id, snapshot, *disk_only).map(drop)
            }
            Self::Revert { snapshot, .. } => host.snapshot_revert(id, snapshot),
            Self::Delete { snapshot, .. } => host.snapshot_delete(id, snapshot),
        }
        .map_err(failure)?;
        let snapshots = host.snapshots(id).map_err(failure)?;
        ui.answer(&SnapshotList { snapshots }, |list| {
            let mut table = Table::new(["CURRENT", "STATE", "PARENT", "NAME"]);
            for snapshot in &list.snapshots {
                table.row([
                    if snapshot.current { "*" } else { "" }.to_owned(),
                    snapshot.state.clone(),
                    snapshot.parent.clone().unwrap_or_else(|| "-".to_owned()),
                    snapshot.name.clone(),
                ]);
            }
            table.render()
        })?;
        Ok(Answer::Yes)
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  quantix vm pools --json")]
pub(crate) struct PoolsArgs {
    #[command(flatten)]
    connection: Connection,
}

fn active(active: bool) -> String {
    if active { "active" } else { "stopped" }.to_owned()
}

impl PoolsArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let pools = self.connection.open()?.pools().map_err(failure)?;
        ui.answer(&PoolList { pools }, |list| {
            let mut table = Table::new(["STATE", "CAPACITY", "AVAILABLE", "NAME"]);
            for pool in &list.pools {
                let (capacity, free) = (pool.capacity_bytes, pool.available_bytes);
                let name = pool.name.clone();
                table.row([active(pool.active), capacity.to_string(), free.to_string(), name]);
            }
            table.render()
        })?;
        Ok(Answer::Yes)
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  quantix vm volumes default --json")]
pub(crate) struct VolumesArgs {
    /// The storage pool.
    pool: String,
    #[command(flatten)]
    connection: Connection,
}

impl VolumesArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let volumes = self.connection.open()?.volumes(&self.pool).map_err(failure)?;
        ui.answer(&VolumeList { volumes }, |list| {
            let mut table = Table::new(["FORMAT", "CAPACITY", "ALLOCATED", "BACKING", "NAME"]);
            for volume in &list.volumes {
                let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
                table.row([
                    or(&volume.format),
                    volume.capacity_bytes.to_string(),
                    volume.allocation_bytes.to_string(),
                    or(&volume.backing),
                    volume.name.clone(),
                ]);
            }
            table.render()
        })?;
        Ok(Answer::Yes)
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  quantix vm networks --json")]
pub(crate) struct NetworksArgs {
    #[command(flatten)]
    connection: Connection,
}

impl NetworksArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let networks = self.connection.open()?.networks().map_err(failure)?;
        ui.answer(&NetworkList { networks }, |list| {
            let mut table = Table::new(["STATE", "BRIDGE", "NAME"]);
            for network in &list.networks {
                let bridge = network.bridge.clone().unwrap_or_else(|| "-".to_owned());
                table.row([active(network.active), bridge, network.name.clone()]);
            }
            table.render()
        })?;
        Ok(Answer::Yes)
    }
}
