//! The cluster that a machine is placed in: the local host and the declared nodes.

use std::{collections::BTreeMap, path::Path};

use quantix_core::{
    Bytes, Millicores, NetworkKey, NodeKey, PoolKey,
    cluster::{Cluster, Node, NodeState, Overcommit, PlacedVm, Pool, Ratio, Reserved, Vm},
};
use quantix_libvirt::Host;

use crate::failure::Failure;

/// How many virtual CPUs per CPU a host runs where nothing else was declared.
const CPU_OVERCOMMIT_THOUSANDTHS: u32 = 2000;

/// The local host as a node of the cluster.
#[derive(Debug)]
pub(super) struct Local {
    described: Node,
    machines: Vec<PlacedVm>,
    pool: Pool,
}

impl Local {
    /// Asks the host what it has and what already runs on it. `folder` is where the pool keeps its
    /// files.
    pub(super) async fn describe(
        host: &Host,
        pool: &PoolKey,
        folder: &Path,
        networks: Vec<NetworkKey>,
    ) -> Result<Self, Failure> {
        let failed = |error| Failure::environment("cannot read the host").because(error);
        let info = host.node_info().await.map_err(failed)?;
        let id: NodeKey = info.hostname.parse().map_err(|error| {
            Failure::environment("the host's name cannot name a node").because(error)
        })?;
        let mut machines = Vec::new();
        for entry in host.domains().await.map_err(failed)? {
            if !entry.state.is_active() {
                continue;
            }
            let running = host.info(entry.id).await.map_err(failed)?;
            let cpu = Millicores(u64::from(running.cpus) * 1000);
            machines.push(Vm::new(entry.id.into(), cpu, running.memory_mib).on(id.clone()));
        }
        let cpu = Ratio::from_thousandths(CPU_OVERCOMMIT_THOUSANDTHS).unwrap_or_default();
        let described = Node {
            id,
            cpu_milli: Millicores(u64::from(info.cpus) * 1000),
            memory_mib: info.memory_mib,
            overcommit: Overcommit { cpu, ..Overcommit::default() },
            reserved: Reserved::default(),
            labels: BTreeMap::from([("arch".to_owned(), info.arch)]),
            taints: Vec::new(),
            pools: vec![pool.clone()],
            networks,
            numa: Vec::new(),
            gpus: Vec::new(),
            hugepages: Vec::new(),
            devices: BTreeMap::new(),
            cpu_model: None,
            cpu_features: Vec::new(),
            tenants: Vec::new(),
            state: NodeState::default(),
        };
        let pool = Pool {
            id: pool.clone(),
            capacity_bytes: free_bytes(folder)?,
            allocated_bytes: None,
            shared: Some(false),
            overcommit: Ratio::ONE,
        };
        Ok(Self { described, machines, pool })
    }

    /// The node's name.
    pub(super) fn node(&self) -> &NodeKey {
        &self.described.id
    }

    /// The networks that it can attach the machine to.
    pub(super) fn networks(&self) -> &[NetworkKey] {
        &self.described.networks
    }

    /// The declared cluster with the local host in it. What was declared of the local host or of
    /// its pool stands.
    pub(super) fn join(&self, declared: Option<Cluster>) -> Cluster {
        let mut cluster = declared.unwrap_or_default();
        if !cluster.nodes.iter().any(|node| node.id == self.described.id) {
            cluster.nodes.push(self.described.clone());
        }
        let known: Vec<_> = cluster.vms.iter().map(|vm| vm.id.clone()).collect();
        cluster.vms.extend(self.machines.iter().filter(|vm| !known.contains(&vm.id)).cloned());
        let pools = cluster.pools.get_or_insert_default();
        if !pools.iter().any(|known| known.id == self.pool.id) {
            pools.push(self.pool.clone());
        }
        cluster
    }
}

/// What is free where the pool keeps its files; its folder may not exist yet.
fn free_bytes(folder: &Path) -> Result<Bytes, Failure> {
    let existing = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let stat = rustix::fs::statvfs(existing).map_err(|error| {
        Failure::environment(format!("cannot tell how much is free in {}", existing.display()))
            .because(std::io::Error::from(error))
    })?;
    Ok(Bytes(stat.f_bavail.saturating_mul(stat.f_frsize)))
}
