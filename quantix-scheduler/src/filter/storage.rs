//! Filters on storage: the node reaches every pool, and every pool has the room.

use super::{Filter, Rejection, Scope};
use crate::snapshot::{Candidate, PoolDemand, Shape, Snapshot};

/// The node reaches **every** pool that the machine's disks ask for.
///
/// A disk without a pool asks for nothing. A pool that the cluster does not know is reached by no
/// node: what is not known does not pass.
#[derive(Clone, Copy, Debug)]
pub struct StoragePoolFilter;

/// Whether a node reaches the pool of a demand.
pub(crate) fn is_reached(node: Candidate<'_>, demand: &PoolDemand) -> bool {
    demand.index.is_some_and(|pool| node.reaches(pool))
}

impl Filter for StoragePoolFilter {
    fn name(&self) -> &'static str {
        "storage_pool"
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        if shape.pools.iter().all(|demand| is_reached(node, demand)) {
            return Ok(());
        }
        let missing = shape.pools.iter().filter(|demand| !is_reached(node, demand));
        let own = node.entry.own.iter().flat_map(|own| &own.pools);
        let reached = node.class.pools.iter().chain(own);
        let id = |pool: &crate::PoolIndex| node.snapshot().pools[pool.at()].id.clone();
        Err(Rejection {
            asked: missing.map(|demand| &demand.pool).collect(),
            free: reached.map(id).collect(),
        })
    }

    fn scope(&self, snapshot: &Snapshot, shape: &Shape) -> Scope {
        let own = &snapshot.leaves.pools;
        let mut pools = shape.pools.iter().filter_map(|demand| demand.index);
        if pools.any(|pool| own.contains_key(&pool)) { Scope::Node } else { Scope::Class }
    }

    fn is_idle(&self, _: &Snapshot, shape: &Shape) -> bool {
        shape.pools.is_empty()
    }
}

/// Every pool that the machine's disks ask for has the room.
///
/// A pool has one capacity, whichever nodes reach it, so this passes or fails on all nodes alike.
#[derive(Clone, Copy, Debug)]
pub struct PoolCapacityFilter;

impl Filter for PoolCapacityFilter {
    fn name(&self) -> &'static str {
        "pool_capacity"
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        for demand in &shape.pools {
            let Some(pool) = demand.index else { continue };
            let free = node.snapshot().pools[pool.at()].free();
            if demand.bytes > free {
                return Err(Rejection::short(demand.bytes, free));
            }
        }
        Ok(())
    }

    fn scope(&self, _: &Snapshot, _: &Shape) -> Scope {
        Scope::Cluster
    }

    fn is_idle(&self, _: &Snapshot, shape: &Shape) -> bool {
        shape.pools.is_empty()
    }
}
