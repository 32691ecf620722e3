//! Storage, networks, snapshots and addresses of a host.

use std::{collections::BTreeMap, time::Duration};

use quantix_core::VmId;
use tokio::time::{Instant, sleep};

use super::{Host, Target};
use crate::{
    AddressSource, Class, Error, GuestInterface, Hypervisor, Lane, NetworkInfo, NodeDeviceInfo,
    PoolInfo, ResourceAct, Result, SnapshotInfo, VolumeInfo,
};

/// Pause between two tries at something that another job holds for a moment.
const PAUSE: Duration = Duration::from_millis(200);

impl Host {
    /// The storage pools, by name.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn pools(&self) -> Result<Vec<PoolInfo>> {
        self.read(Lane::Control, "list pools of", Target::Host, |h| h.pools()).await
    }

    /// Defines a storage pool from XML; gives its name.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn pool_define(&self, xml: &str) -> Result<String> {
        let xml = xml.to_owned();
        self.act(Lane::Control, "define pool", Target::Host, move |h| h.pool_define(&xml)).await
    }

    /// The XML of a storage pool.
    ///
    /// # Errors
    /// [`Class::NotFound`] where there is none of this name.
    pub async fn pool_xml(&self, name: &str) -> Result<String> {
        let name = name.to_owned();
        let operation = "read XML of pool";
        self.read(Lane::Control, operation, Target::Host, move |h| h.pool_xml(&name)).await
    }

    /// Does something with a storage pool. Starting makes the pool's folder where it is missing.
    ///
    /// # Errors
    /// [`Class::Busy`] where jobs in the pool outlast the deadline; else as every call.
    pub async fn pool_act(&self, name: &str, act: ResourceAct) -> Result<()> {
        let name = name.to_owned();
        self.patiently("change pool", move |h| h.pool_act(&name, act)).await
    }

    /// The volumes of a pool, by name.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn volumes(&self, pool: &str) -> Result<Vec<VolumeInfo>> {
        let pool = pool.to_owned();
        let operation = "list volumes of pool";
        self.read(Lane::Job, operation, Target::Host, move |h| h.volumes(&pool)).await
    }

    /// Makes a volume from XML; gives its path.
    ///
    /// # Errors
    /// [`Class::Conflict`] where there is one of this name; else as [`Host::pool_act`].
    pub async fn volume_create(&self, pool: &str, xml: &str) -> Result<String> {
        let (pool, xml) = (pool.to_owned(), xml.to_owned());
        self.patiently("create volume in pool", move |h| h.volume_create(&pool, &xml)).await
    }

    /// Grows a volume that no running domain uses; [`Host::block_resize`] grows one in use.
    ///
    /// # Errors
    /// As [`Host::pool_act`].
    pub async fn volume_resize(&self, pool: &str, name: &str, bytes: u64) -> Result<()> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.patiently("resize volume of pool", move |h| h.volume_resize(&pool, &name, bytes)).await
    }

    /// Removes a volume and what is in it.
    ///
    /// # Errors
    /// As [`Host::pool_act`].
    pub async fn volume_delete(&self, pool: &str, name: &str) -> Result<()> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        self.patiently("delete volume of pool", move |h| h.volume_delete(&pool, &name)).await
    }

    /// The devices of the host that can be passed through, or that lead to networks and storage, by
    /// name. Takes a call for each of them.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn node_devices(&self) -> Result<Vec<NodeDeviceInfo>> {
        self.read(Lane::Job, "list devices of", Target::Host, |h| h.node_devices()).await
    }

    /// The networks, by name.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn networks(&self) -> Result<Vec<NetworkInfo>> {
        self.read(Lane::Control, "list networks of", Target::Host, |h| h.networks()).await
    }

    /// Defines a network from XML; gives its name.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn network_define(&self, xml: &str) -> Result<String> {
        let xml = xml.to_owned();
        let operation = "define network";
        self.act(Lane::Control, operation, Target::Host, move |h| h.network_define(&xml)).await
    }

    /// The XML of a network.
    ///
    /// # Errors
    /// [`Class::NotFound`] where there is none of this name.
    pub async fn network_xml(&self, name: &str) -> Result<String> {
        let name = name.to_owned();
        let operation = "read XML of network";
        self.read(Lane::Control, operation, Target::Host, move |h| h.network_xml(&name)).await
    }

    /// Does something with a network.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn network_act(&self, name: &str, act: ResourceAct) -> Result<()> {
        let name = name.to_owned();
        let operation = "change network";
        self.act(Lane::Control, operation, Target::Host, move |h| h.network_act(&name, act)).await
    }

    /// The snapshots of a domain, oldest first.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn snapshots(&self, id: VmId) -> Result<Vec<SnapshotInfo>> {
        let target = Target::Record(id);
        let operation = "list snapshots of domain";
        self.read(Lane::Control, operation, target, move |h| h.snapshots(id)).await
    }

    /// Takes a snapshot. Inside the images (`disk_only` false) it keeps memory too, where the
    /// domain runs, and needs qcow2 disks; with `disk_only` every disk goes on in a new file.
    ///
    /// # Errors
    /// [`Class::Invalid`] for a name that XML cannot carry, [`Class::Unsupported`] for disks that
    /// cannot keep one; else as every call.
    pub async fn snapshot_create(&self, id: VmId, name: &str, disk_only: bool) -> Result<String> {
        const OPERATION: &str = "take snapshot of domain";
        let element = quantix_xml::NewElement::new("domainsnapshot")
            .child(quantix_xml::NewElement::new("name").text(name));
        let xml = quantix_xml::Document::new(&element)
            .map_err(|error| Error::new(Class::Invalid, OPERATION, error.to_string()).about(id))?
            .to_string();
        self.act(Lane::Job, OPERATION, Target::Guest(id), move |h| {
            h.snapshot_create(id, &xml, disk_only)
        })
        .await
    }

    /// Puts a domain back to a snapshot. What it did since is lost.
    ///
    /// # Errors
    /// [`Class::NotFound`] where there is none of this name; else as every call.
    pub async fn snapshot_revert(&self, id: VmId, name: &str) -> Result<()> {
        let name = name.to_owned();
        let target = Target::Guest(id);
        self.act(Lane::Job, "revert domain", target, move |h| h.snapshot_revert(id, &name)).await
    }

    /// Removes a snapshot; those after it keep what they need.
    ///
    /// # Errors
    /// [`Class::NotFound`] where there is none of this name; else as every call.
    pub async fn snapshot_delete(&self, id: VmId, name: &str) -> Result<()> {
        let name = name.to_owned();
        let operation = "delete snapshot of domain";
        let target = Target::Guest(id);
        self.act(Lane::Job, operation, target, move |h| h.snapshot_delete(id, &name)).await
    }

    /// The addresses of a guest, from one source.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn addresses_from(
        &self,
        id: VmId,
        source: AddressSource,
    ) -> Result<Vec<GuestInterface>> {
        let (lane, target) = match source {
            AddressSource::Agent => (Lane::Agent, Target::Guest(id)),
            AddressSource::Lease | AddressSource::Arp => (Lane::Control, Target::Record(id)),
        };
        let operation = "read addresses of domain";
        self.read(lane, operation, target, move |h| h.addresses(id, source)).await
    }

    /// The addresses of a guest from every source that answers, by hardware address: leases and the
    /// neighbour table at once, the agent too where it runs.
    ///
    /// # Errors
    /// [`Class::NotFound`] where there is no such domain. A source that does not answer is no error.
    pub async fn addresses(&self, id: VmId) -> Result<Vec<GuestInterface>> {
        self.state(id).await?;
        let mut merged = BTreeMap::<String, GuestInterface>::new();
        for source in [AddressSource::Agent, AddressSource::Lease, AddressSource::Arp] {
            for interface in self.addresses_from(id, source).await.unwrap_or_default() {
                let key = interface.mac.clone().unwrap_or_else(|| interface.name.clone());
                let known = merged.entry(key.to_ascii_lowercase()).or_insert_with(|| {
                    GuestInterface { addresses: Vec::new(), ..interface.clone() }
                });
                for address in interface.addresses {
                    if !known.addresses.iter().any(|a| a.address == address.address) {
                        known.addresses.push(address);
                    }
                }
            }
        }
        Ok(merged.into_values().collect())
    }

    /// Makes a change that another job may hold up for a moment, as long as the deadline allows.
    async fn patiently<T: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl Fn(&dyn Hypervisor) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T> {
        let call = self.call(operation);
        loop {
            let outcome = self.attempt(Lane::Job, &call, Target::Host, body.clone()).await;
            match outcome {
                Err(error)
                    if error.class() == Class::Busy && Instant::now() + PAUSE < call.until =>
                {
                    sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }
}
