//! Nodes into classes: what many share is kept once, what few have is kept apart.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use quantix_core::{
    NetworkKey, PoolKey,
    cluster::{Cluster, Node, NumaCell},
};

use super::super::node::Own;
use super::super::{CellFree, Class, NO_DOMAIN, NodeEntry, NodeIndex, PoolIndex, Snapshot, small};
use super::intern::{extra, pages_mib};
use super::{CPU_MILLI_MAX, Faults, GPUS_PER_NODE_MAX, MEMORY_MIB_MAX, NUMA_CELLS_MAX, pool_of};

/// A label key with more values than this is kept per node.
const CLASS_LABEL_VALUES_MAX: usize = 64;
/// A pool or network that at most so many nodes have is kept per node, in clusters larger than it.
const LEAF_NODES_MAX: usize = 8;

/// What is kept per node rather than per class.
struct Split<'a> {
    labels: HashSet<&'a str>,
    pools: HashSet<&'a PoolKey>,
    networks: HashSet<&'a NetworkKey>,
}

impl<'a> Split<'a> {
    fn of(cluster: &'a Cluster) -> Self {
        let mut values: HashMap<&str, HashSet<&str>> = HashMap::new();
        let mut pools: HashMap<&PoolKey, usize> = HashMap::new();
        let mut networks: HashMap<&NetworkKey, usize> = HashMap::new();
        for node in &cluster.nodes {
            for (key, value) in &node.labels {
                let values = values.entry(key).or_default();
                if values.len() <= CLASS_LABEL_VALUES_MAX {
                    values.insert(value);
                }
            }
            node.pools.iter().for_each(|pool| *pools.entry(pool).or_default() += 1);
            node.networks.iter().for_each(|network| *networks.entry(network).or_default() += 1);
        }
        let few =
            |count: usize| count <= LEAF_NODES_MAX && cluster.nodes.len() > CLASS_LABEL_VALUES_MAX;
        Self {
            labels: values
                .into_iter()
                .filter(|(_, values)| values.len() > CLASS_LABEL_VALUES_MAX)
                .map(|(key, _)| key)
                .collect(),
            pools: pools.into_iter().filter(|&(_, n)| few(n)).map(|(pool, _)| pool).collect(),
            networks: networks.into_iter().filter(|&(_, n)| few(n)).map(|(id, _)| id).collect(),
        }
    }
}

/// Topology domains by label value.
#[derive(Default)]
struct Domains<'a>(HashMap<&'a str, u32>);

impl<'a> Domains<'a> {
    fn of(&mut self, node: &'a Node, keys: [&str; 2]) -> u32 {
        let Some(value) = keys.iter().find_map(|&key| node.labels.get(key)) else {
            return NO_DOMAIN;
        };
        let next = small(self.0.len());
        *self.0.entry(value).or_insert(next)
    }
}

pub(super) fn read_nodes<'a>(
    snapshot: &mut Snapshot,
    cluster: &'a Cluster,
    order: &[usize],
    faults: &mut Faults,
) {
    let split = Split::of(cluster);
    let mut racks = Domains::<'a>::default();
    let mut zones = Domains::<'a>::default();
    let mut classes: HashMap<Class, u32> = HashMap::new();
    for (index, &at) in order.iter().enumerate() {
        let node = &cluster.nodes[at];
        check_node(at, node, faults);
        let (class, own) = read_node(snapshot, at, node, &split, faults);
        note_leaves(snapshot, &own, NodeIndex(small(index)));
        let (cpu, memory) = (class.cpu, class.memory);
        let entry = NodeEntry {
            id: node.id.clone(),
            class: 0,
            state: node.state,
            free_cpu: i64::try_from(cpu).unwrap_or(i64::MAX),
            free_memory: i64::try_from(memory).unwrap_or(i64::MAX),
            vms: 0,
            rack: racks.of(node, ["rack", "topology.kubernetes.io/rack"]),
            zone: zones.of(node, ["zone", "topology.kubernetes.io/zone"]),
            cells_at: small(snapshot.cells.len()),
            gpus_at: small(snapshot.gpus.len()),
            extra_at: small(snapshot.extra.len()),
            own: (own != Own::default()).then(|| Box::new(own)),
        };
        let free = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        let cells = class.cells.iter().map(|&(c, m)| CellFree { cpu: free(c), memory: free(m) });
        snapshot.cells.extend(cells);
        snapshot.gpus.extend(class.gpus.iter().map(|gpu| gpu.milli));
        snapshot.extra.extend(class.extra.iter().map(|&(_, count)| free(count)));
        let next = small(classes.len());
        let class = *classes.entry(class).or_insert_with_key(|class| {
            snapshot.classes.push(class.clone());
            next
        });
        snapshot.nodes.push(NodeEntry { class, ..entry });
    }
}

fn read_node(
    snapshot: &Snapshot,
    at: usize,
    node: &Node,
    split: &Split<'_>,
    faults: &mut Faults,
) -> (Class, Own) {
    let mut own = Own::default();
    let mut labels = BTreeMap::new();
    for (key, value) in &node.labels {
        let kept = if split.labels.contains(key.as_str()) { &mut own.labels } else { &mut labels };
        kept.insert(key.clone(), value.clone());
    }
    let mut pools: BTreeSet<PoolIndex> = BTreeSet::new();
    for (position, id) in node.pools.iter().enumerate() {
        match pool_of(snapshot, id) {
            Some(pool) if split.pools.contains(id) => own.pools.push(pool),
            Some(pool) => drop(pools.insert(pool)),
            None => faults.error(
                "unknown-pool",
                format!("nodes[{at}].pools[{position}]"),
                format!("node {} names pool {id}, which is not in `pools`", node.id),
            ),
        }
    }
    let (own_networks, networks): (BTreeSet<_>, BTreeSet<_>) =
        node.networks.iter().cloned().partition(|network| split.networks.contains(network));
    own.networks = own_networks.into_iter().collect();
    let usable = |all: u64, reserved: u64| all.saturating_sub(reserved);
    let cpu = usable(node.cpu_milli.0, node.reserved.cpu_milli.0);
    let ordinary = node.memory_mib.0.saturating_sub(pages_mib(&node.hugepages));
    let memory = usable(ordinary, node.reserved.memory_mib.0);
    let (per_cpu, per_memory) = (node.overcommit.cpu, node.overcommit.memory);
    let cell = |cell: &NumaCell| (per_cpu.of(cell.cpu_milli.0), per_memory.of(cell.memory_mib.0));
    let mut taints = node.taints.clone();
    taints.sort();
    let features: BTreeSet<_> = node.cpu_features.iter().cloned().collect();
    let class = Class {
        cpu: per_cpu.of(cpu).min(CPU_MILLI_MAX),
        memory: per_memory.of(memory).min(MEMORY_MIB_MAX),
        overcommit: Class::overcommit(node.overcommit),
        reserved: Class::reserved(node.reserved),
        labels,
        taints,
        pools: pools.into_iter().collect(),
        networks: networks.into_iter().collect(),
        cpu_model: node.cpu_model.clone(),
        cpu_features: features.into_iter().collect(),
        tenants: node.tenants.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect(),
        extra: extra(&node.hugepages, &node.devices),
        cells: node.numa.iter().take(NUMA_CELLS_MAX).map(cell).collect(),
        gpus: node.gpus.iter().take(GPUS_PER_NODE_MAX).cloned().collect(),
    };
    (class, own)
}

fn note_leaves(snapshot: &mut Snapshot, own: &Own, node: NodeIndex) {
    let leaves = &mut snapshot.leaves;
    for (key, value) in &own.labels {
        let values = leaves.labels.entry(key.clone()).or_default();
        values.entry(value.clone()).or_default().push(node);
    }
    for pool in &own.pools {
        leaves.pools.entry(*pool).or_default().push(node);
    }
    for network in &own.networks {
        leaves.networks.entry(network.clone()).or_default().push(node);
    }
}

fn check_node(at: usize, node: &Node, faults: &mut Faults) {
    let path = |field: &str| format!("nodes[{at}].{field}");
    let mut large = |field: &str, amount: u64, limit: u64| {
        if amount > limit {
            let message = format!("{amount} is too large, expected at most {limit}");
            faults.error("quantity-too-large", path(field), message);
        }
    };
    large("cpu_milli", node.cpu_milli.0, CPU_MILLI_MAX);
    large("memory_mib", node.memory_mib.0, MEMORY_MIB_MAX);
    large("numa", node.numa.len() as u64, NUMA_CELLS_MAX as u64);
    large("gpus", node.gpus.len() as u64, GPUS_PER_NODE_MAX as u64);
    for (position, pages) in node.hugepages.iter().enumerate() {
        large(&format!("hugepages[{position}].count"), pages.count, MEMORY_MIB_MAX);
    }
    for (position, gpu) in node.gpus.iter().enumerate() {
        large(&format!("gpus[{position}].milli"), u64::from(gpu.milli), 1_000_000);
    }
    for (position, cell) in node.numa.iter().enumerate() {
        large(&format!("numa[{position}].cpu_milli"), cell.cpu_milli.0, CPU_MILLI_MAX);
        large(&format!("numa[{position}].memory_mib"), cell.memory_mib.0, MEMORY_MIB_MAX);
    }
    for (field, reserved, all) in [
        ("reserved.cpu_milli", node.reserved.cpu_milli.0, node.cpu_milli.0),
        ("reserved.memory_mib", node.reserved.memory_mib.0, node.memory_mib.0),
    ] {
        if reserved > all {
            let message =
                format!("{reserved} is reserved of {all}: no machine will be placed here");
            faults.warning("reserved-more-than-there-is", path(field), message);
        }
    }
    if pages_mib(&node.hugepages) > node.memory_mib.0 {
        let message = format!(
            "the huge pages have {} MiB, more than the node's {} MiB of memory",
            pages_mib(&node.hugepages),
            node.memory_mib.0
        );
        faults.error("pages-exceed-memory", path("hugepages"), message);
    }
    if !node.numa.is_empty() {
        check_cells(at, node, faults);
    }
}

fn check_cells(at: usize, node: &Node, faults: &mut Faults) {
    let cpu: u128 = node.numa.iter().map(|cell| u128::from(cell.cpu_milli.0)).sum();
    let memory: u128 = node.numa.iter().map(|cell| u128::from(cell.memory_mib.0)).sum();
    if cpu > u128::from(node.cpu_milli.0) || memory > u128::from(node.memory_mib.0) {
        let message = format!(
            "the cells have {cpu} millicores and {memory} MiB in all, more than the node's {} and {}",
            node.cpu_milli.0, node.memory_mib.0
        );
        faults.warning("cells-exceed-node", format!("nodes[{at}].numa"), message);
    }
}
