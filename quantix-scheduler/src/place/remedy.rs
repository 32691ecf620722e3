//! What would have to change for a machine to fit: the smallest changes, per node.

use std::fmt;

use quantix_core::{
    Bytes, MemoryMib, Millicores, NetworkKey, NodeKey, PoolKey,
    cluster::{NumaPolicy, RuleKind},
};
use serde::Serialize;

use crate::{
    filter::{holds, intolerable, is_reached, rules_of},
    policy::Pipeline,
    snapshot::{Candidate, Extra, NO_DOMAIN, PoolIndex, Shape, Snapshot, share},
};

use super::scan::Checks;

/// How many ways to make a machine fit an answer shows.
const REMEDIES_SHOWN: usize = 3;

/// Changes on one node that together would make a machine fit there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// The node.
    pub node: NodeKey,
    /// What would have to change, all of it.
    pub changes: Vec<Change>,
    /// The same in words.
    pub message: String,
}

/// One change that would help a machine to fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// Machines would have to give back, or the node would have to grow by, this much CPU.
    FreeCpu {
        /// The node.
        node: NodeKey,
        /// How much.
        cpu_milli: Millicores,
    },
    /// Machines would have to give back, or the node would have to grow by, this much memory.
    FreeMemory {
        /// The node.
        node: NodeKey,
        /// How much.
        memory_mib: MemoryMib,
    },
    /// Machines bound to a NUMA cell would have to give back this much of it.
    FreeCell {
        /// The node.
        node: NodeKey,
        /// The cell.
        cell: u32,
        /// How much CPU.
        cpu_milli: Millicores,
        /// How much memory.
        memory_mib: MemoryMib,
    },
    /// So many more GPUs with enough left.
    FreeGpus {
        /// The node.
        node: NodeKey,
        /// How many.
        count: u32,
    },
    /// So many more huge pages of a size.
    FreePages {
        /// The node.
        node: NodeKey,
        /// The size of one.
        size_bytes: Bytes,
        /// How many.
        count: u64,
    },
    /// So many more devices of a product.
    FreeDevices {
        /// The node.
        node: NodeKey,
        /// The product.
        device: String,
        /// How many.
        count: u64,
    },
    /// Open the node to the machine's tenant, or to all machines where it has none.
    OpenNode {
        /// The node.
        node: NodeKey,
        /// The tenant.
        #[serde(skip_serializing_if = "Option::is_none")]
        tenant: Option<String>,
    },
    /// Make the node ready.
    SetReady {
        /// The node.
        node: NodeKey,
    },
    /// Give the node a label.
    SetLabel {
        /// The node.
        node: NodeKey,
        /// Its name.
        key: String,
        /// Its value; any that is the node's own where it is left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
    /// Let the machine tolerate a taint.
    Tolerate {
        /// The taint's key.
        key: String,
        /// The taint's value.
        value: String,
    },
    /// Attach a network to the node.
    AttachNetwork {
        /// The node.
        node: NodeKey,
        /// The network.
        network: NetworkKey,
    },
    /// Attach a pool to the node.
    AttachPool {
        /// The node.
        node: NodeKey,
        /// The pool.
        pool: PoolKey,
    },
    /// Create a pool that the cluster does not have.
    CreatePool {
        /// The pool.
        pool: PoolKey,
        /// With at least so much room.
        size_bytes: Bytes,
    },
    /// Make room in a pool.
    FreePool {
        /// The pool.
        pool: PoolKey,
        /// How much.
        size_bytes: Bytes,
    },
    /// Drop a rule, or take the machine out of it.
    DropRule {
        /// The rule.
        rule: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FreeCpu { node, cpu_milli } => write!(f, "free {cpu_milli} on {node}"),
            Self::FreeMemory { node, memory_mib } => {
                write!(f, "free {memory_mib} of memory on {node}")
            }
            Self::FreeCell { node, cell, cpu_milli, memory_mib } => {
                write!(f, "free {cpu_milli} and {memory_mib} in NUMA cell {cell} of {node}")
            }
            Self::FreeGpus { node, count } => write!(f, "free {count} more GPUs on {node}"),
            Self::FreePages { node, size_bytes, count } => {
                write!(f, "free {count} more pages of {size_bytes} on {node}")
            }
            Self::FreeDevices { node, device, count } => {
                write!(f, "free {count} more devices {device} on {node}")
            }
            Self::OpenNode { node, tenant: Some(tenant) } => {
                write!(f, "open {node} to {tenant}")
            }
            Self::OpenNode { node, tenant: None } => write!(f, "open {node} to every machine"),
            Self::SetReady { node } => write!(f, "make {node} ready"),
            Self::SetLabel { node, key, value: Some(value) } => {
                write!(f, "label {node} with {key}={value}")
            }
            Self::SetLabel { node, key, value: None } => write!(f, "label {node} with its {key}"),
            Self::Tolerate { key, value } => write!(f, "tolerate the taint {key}={value}"),
            Self::AttachNetwork { node, network } => {
                write!(f, "attach network {network} to {node}")
            }
            Self::AttachPool { node, pool } => write!(f, "attach pool {pool} to {node}"),
            Self::CreatePool { pool, size_bytes } => {
                write!(f, "create pool {pool} with {size_bytes}")
            }
            Self::FreePool { pool, size_bytes } => write!(f, "free {size_bytes} in pool {pool}"),
            Self::DropRule { rule } => write!(f, "drop rule {rule}"),
        }
    }
}

/// The smallest changes with which a shape would fit, per node, the smallest first.
///
/// A node that only other hardware or a filter of the caller's own would open has no remedy.
pub(super) fn remedies(snapshot: &Snapshot, shape: &Shape, pipeline: &Pipeline) -> Vec<Remedy> {
    let mut checks = Checks::new(snapshot, shape, pipeline);
    let mut found: Vec<(usize, u64, Candidate<'_>, Vec<&'static str>)> = Vec::new();
    for index in snapshot.node_indices() {
        let mut failed = Vec::new();
        checks.ask(index, |filter, answer| {
            if answer.is_err() {
                failed.push(filter);
            }
            true
        });
        let node = snapshot.candidate(index);
        if let Some((count, size)) = cost(node, shape, &failed) {
            found.push((count, size, node, failed));
        }
    }
    found.sort_by_key(|&(count, size, node, _)| (count, size, node.index()));
    found.truncate(REMEDIES_SHOWN);
    found.into_iter().map(|(_, _, node, failed)| remedy(node, shape, &failed)).collect()
}

/// How many changes a node needs and how large they are, in millionths of the node.
fn cost(node: Candidate<'_>, shape: &Shape, failed: &[&'static str]) -> Option<(usize, u64)> {
    let mut all = Vec::new();
    for filter in failed {
        all.extend(changes(filter, node, shape)?);
    }
    let size = all.iter().map(|change| size(change, node)).fold(0, u64::saturating_add);
    Some((all.len(), size))
}

fn size(change: &Change, node: Candidate<'_>) -> u64 {
    let share = |part: u64, all: u64| {
        let share = u128::from(part) * 1_000_000 / u128::from(all.max(1));
        u64::try_from(share).unwrap_or(u64::MAX)
    };
    match change {
        Change::FreeCpu { cpu_milli, .. } => share(cpu_milli.0, node.cpu_milli()),
        Change::FreeMemory { memory_mib, .. } => share(memory_mib.0, node.memory_mib()),
        Change::FreeCell { cpu_milli, memory_mib, .. } => share(cpu_milli.0, node.cpu_milli())
            .saturating_add(share(memory_mib.0, node.memory_mib())),
        Change::FreeGpus { count, .. } => u64::from(*count) * 1_000_000,
        Change::FreePages { count, .. } | Change::FreeDevices { count, .. } => {
            count.saturating_mul(1_000)
        }
        _ => 0,
    }
}

fn remedy(node: Candidate<'_>, shape: &Shape, failed: &[&'static str]) -> Remedy {
    let changes: Vec<Change> =
        failed.iter().filter_map(|filter| changes(filter, node, shape)).flatten().collect();
    let words: Vec<String> = changes.iter().map(ToString::to_string).collect();
    Remedy { node: node.id().clone(), changes, message: words.join(", ") }
}

/// What would satisfy a failed filter on a node; `None` where nothing would.
fn changes(filter: &str, node: Candidate<'_>, shape: &Shape) -> Option<Vec<Change>> {
    let id = || node.id().clone();
    Some(match filter {
        "node_state" => vec![Change::SetReady { node: id() }],
        "node_selector" => missing_labels(node, shape)?,
        "taints" => intolerable(node, shape, true)
            .map(|taint| Change::Tolerate { key: taint.key.clone(), value: taint.value.clone() })
            .collect(),
        "networks" => {
            let missing = shape.networks.iter().filter(|network| !node.attaches(network));
            let attach = |network: &NetworkKey| Change::AttachNetwork {
                node: id(),
                network: network.clone(),
            };
            missing.map(attach).collect()
        }
        "storage_pool" => missing_pools(node, shape),
        "pool_capacity" => full_pools(node, shape),
        "cpu" => {
            let missing = missing(shape.cpu_milli, node.entry.free_cpu);
            vec![Change::FreeCpu { node: id(), cpu_milli: Millicores(missing) }]
        }
        "memory" => {
            let missing = missing(shape.memory_mib, node.entry.free_memory);
            vec![Change::FreeMemory { node: id(), memory_mib: MemoryMib(missing) }]
        }
        "numa" => missing_cells(node, shape),
        "gpus" => vec![missing_gpus(node, shape)?],
        "hugepages" | "devices" => missing_extra(filter, node, shape)?,
        "isolation" => vec![Change::OpenNode { node: id(), tenant: shape.tenant.clone() }],
        "vm_host" | "anti_affinity" | "affinity" | "spread" => broken_rules(filter, node, shape),
        _ => return None,
    })
}

/// Labels to set; `None` where that would move the node to another rack or zone.
fn missing_labels(node: Candidate<'_>, shape: &Shape) -> Option<Vec<Change>> {
    let is_place = |key: &str| key.ends_with("rack") || key.ends_with("zone");
    let mut changes = Vec::new();
    for (key, value) in &shape.node_selector {
        let found = node.label(key);
        if found == Some(value.as_str()) {
            continue;
        }
        if is_place(key) && (found.is_some() || !shape.rules.is_empty()) {
            return None;
        }
        let (node, key, value) = (node.id().clone(), key.clone(), Some(value.clone()));
        changes.push(Change::SetLabel { node, key, value });
    }
    Some(changes)
}

fn missing(asked: u64, free: i64) -> u64 {
    let missing = i128::from(asked) - i128::from(free);
    u64::try_from(missing).unwrap_or(0)
}

fn missing_pools(node: Candidate<'_>, shape: &Shape) -> Vec<Change> {
    let mut changes = Vec::new();
    for demand in shape.pools.iter().filter(|demand| !is_reached(node, demand)) {
        let pool = demand.pool.clone();
        if demand.index.is_none() {
            let size_bytes = Bytes(demand.bytes);
            changes.push(Change::CreatePool { pool: pool.clone(), size_bytes });
        }
        changes.push(Change::AttachPool { node: node.id().clone(), pool });
    }
    changes
}

fn full_pools(node: Candidate<'_>, shape: &Shape) -> Vec<Change> {
    let room = |pool: PoolIndex, bytes: u64| {
        let entry = &node.snapshot().pools[pool.at()];
        let short = entry.used + i128::from(bytes) - i128::from(entry.capacity?);
        let short = u64::try_from(short).ok().filter(|&short| short > 0)?;
        Some(Change::FreePool { pool: entry.id.clone(), size_bytes: Bytes(short) })
    };
    shape.pools.iter().filter_map(|demand| room(demand.index?, demand.bytes)).collect()
}

fn missing_cells(node: Candidate<'_>, shape: &Shape) -> Vec<Change> {
    let count = u32::try_from(node.cells().len()).unwrap_or(u32::MAX);
    let parts = if shape.numa == NumaPolicy::Even { count } else { 1 };
    let (cpu, memory) = share(shape, parts);
    let short = |(cell, free): (u32, &crate::snapshot::CellFree)| {
        let part = |asked: i64, free: i64| u64::try_from(asked - free).unwrap_or(0);
        let (cpu, memory) = (part(cpu, free.cpu), part(memory, free.memory));
        let (cpu_milli, memory_mib) = (Millicores(cpu), MemoryMib(memory));
        Change::FreeCell { node: node.id().clone(), cell, cpu_milli, memory_mib }
    };
    let all = (0..count).zip(node.cells()).map(short);
    if parts > 1 {
        return all.filter(|change| size(change, node) > 0).collect();
    }
    all.min_by_key(|change| size(change, node)).into_iter().collect()
}

fn missing_gpus(node: Candidate<'_>, shape: &Shape) -> Option<Change> {
    let will_do = (0..node.gpus().len()).filter(|&at| node.gpu_will_do(at, shape));
    let (mut fitting, mut large_enough) = (0, 0);
    for at in will_do {
        large_enough += u32::from(node.class.gpus[at].milli >= shape.gpus.milli);
        fitting += u32::from(node.gpus()[at] >= shape.gpus.milli);
    }
    let count = shape.gpus.count.saturating_sub(fitting);
    (large_enough >= shape.gpus.count).then(|| Change::FreeGpus { node: node.id().clone(), count })
}

/// Pages or devices to free; `None` where the node has too few even when it is empty.
fn missing_extra(filter: &str, node: Candidate<'_>, shape: &Shape) -> Option<Vec<Change>> {
    let mut changes = Vec::new();
    for (extra, asked) in &shape.extra {
        let count = asked.saturating_sub(node.free_extra(extra));
        if count == 0 || (filter == "hugepages") != matches!(extra, Extra::Pages(_)) {
            continue;
        }
        let has = node.class.extra.iter().find(|(other, _)| other == extra);
        has.filter(|(_, has)| has >= asked)?;
        let node = node.id().clone();
        changes.push(match extra {
            Extra::Pages(bytes) => Change::FreePages { node, size_bytes: Bytes(*bytes), count },
            Extra::Device(device) => Change::FreeDevices { node, device: device.clone(), count },
        });
    }
    Some(changes)
}

fn broken_rules(filter: &str, node: Candidate<'_>, shape: &Shape) -> Vec<Change> {
    let kinds = [RuleKind::VmHost, RuleKind::AntiAffinity, RuleKind::Affinity, RuleKind::Spread];
    let kind = kinds.into_iter().find(|kind| kind.as_str() == filter);
    let Some(kind) = kind else { return Vec::new() };
    rules_of(node.snapshot(), shape, kind, true)
        .filter(|rule| !holds(rule, node))
        .map(|rule| {
            let unlabelled = rule.domain(node.index(), node.entry) == NO_DOMAIN;
            let key = rule.topology.as_str();
            let free_to_choose = !shape.node_selector.contains_key(key);
            if unlabelled && free_to_choose && kind == RuleKind::AntiAffinity {
                let key = key.to_owned();
                return Change::SetLabel { node: node.id().clone(), key, value: None };
            }
            Change::DropRule { rule: rule.name.clone() }
        })
        .collect()
}
