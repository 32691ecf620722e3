//! From the cluster document to the snapshot, with every fault of the document at once.

mod classes;
mod intern;
mod placed;

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Display,
    hash::Hash,
    sync::OnceLock,
};

use foldhash::fast::RandomState;
use quantix_core::{
    Finding, NodeKey, PoolKey, Severity, VmKey,
    cluster::{Cluster, Node, Pool, Rule, RuleKind, Topology},
};

use super::names::Names;
use super::{Leaves, NodeIndex, PoolEntry, PoolIndex, RuleEntry, RuleIndex, Snapshot, small};

/// The most nodes that a cluster may have.
pub const NODES_MAX: usize = 1_000_000;
/// The most machines that a cluster may have.
pub const VMS_MAX: usize = 10_000_000;
/// The most storage pools that a cluster may have.
pub const POOLS_MAX: usize = 1_000_000;
/// The most rules that a cluster may have.
pub const RULES_MAX: usize = 1_000_000;
/// The most NUMA cells that a node may have.
pub const NUMA_CELLS_MAX: usize = 31;
/// The most GPUs that a node may have.
pub const GPUS_PER_NODE_MAX: usize = 32;
/// The most CPU that a node or a machine may have, overcommit included.
pub const CPU_MILLI_MAX: u64 = 1 << 36;
/// The most memory that a node or a machine may have, overcommit included.
pub const MEMORY_MIB_MAX: u64 = 1 << 36;
/// The most bytes that a pool or a machine's disks in one pool may have.
pub const POOL_BYTES_MAX: u64 = 1 << 62;
/// The most faults that are listed; what follows is only counted.
const FAULTS_MAX: usize = 200;

/// A cluster document, or a list of machines, that cannot be worked with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.summary())]
pub struct SnapshotError {
    findings: Vec<Finding>,
}

impl SnapshotError {
    pub(crate) fn new(findings: Vec<Finding>) -> Self {
        Self { findings }
    }

    /// Everything that was found, errors and warnings.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The findings, by value.
    #[must_use]
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    fn summary(&self) -> String {
        let count = self.findings.iter().filter(|finding| finding.is_error()).count();
        match self.findings.iter().find(|finding| finding.is_error()) {
            Some(first) if count > 1 => format!("{count} faults, the first: {first}"),
            Some(first) => first.to_string(),
            None => "invalid cluster".to_owned(),
        }
    }
}

/// Findings as they come, bounded.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: Vec<Finding>,
    errors: usize,
    left_out: usize,
}

impl Faults {
    pub(crate) fn push(&mut self, finding: Finding) {
        self.errors += usize::from(finding.is_error());
        if self.found.len() < FAULTS_MAX || (finding.is_error() && self.errors == 1) {
            self.found.push(finding);
        } else {
            self.left_out += 1;
        }
    }

    pub(crate) fn error(&mut self, code: &'static str, path: String, message: String) {
        self.push(Finding::error(code, message).at(path));
    }

    pub(crate) fn warning(&mut self, code: &'static str, path: String, message: String) {
        self.push(Finding::warning(code, message).at(path));
    }

    pub(crate) fn finish(mut self) -> Result<Vec<Finding>, SnapshotError> {
        if self.left_out > 0 {
            let message = format!("{} more findings are not shown", self.left_out);
            self.found.push(Finding::info("more-findings", message));
        }
        if self.errors > 0 {
            self.found.sort_by_key(|finding| match finding.severity {
                Severity::Error => 0,
                Severity::Warning => 1,
                Severity::Info => 2,
            });
            return Err(SnapshotError::new(self.found));
        }
        Ok(self.found)
    }
}

pub(super) fn build(cluster: &Cluster) -> Result<Snapshot, SnapshotError> {
    let mut faults = Faults::default();
    too_many(cluster, &mut faults);
    if faults.errors > 0 {
        return Err(SnapshotError::new(faults.found));
    }
    let pools = read_pools(cluster, &mut faults);
    let order = node_order(&cluster.nodes, &mut faults);
    let mut snapshot = Snapshot {
        nodes: Vec::with_capacity(cluster.nodes.len()),
        classes: Vec::new(),
        pools,
        rules: Vec::new(),
        rules_of: HashMap::default(),
        cells: Vec::new(),
        gpus: Vec::new(),
        extra: Vec::new(),
        shapes: Vec::new(),
        shape_ids: HashMap::default(),
        vms: Vec::with_capacity(cluster.vms.len()),
        vacant: Vec::new(),
        names: Names::with_capacity(cluster.vms.len()),
        leaves: Leaves::default(),
        revision: 0,
        journal: Vec::new(),
        journalling: false,
        profile: Default::default(),
        findings: Vec::new(),
        fixed: OnceLock::new(),
        placed: Vec::new(),
    };
    classes::read_nodes(&mut snapshot, cluster, &order, &mut faults);
    read_rules(&mut snapshot, &cluster.rules, &mut faults);
    placed::read_vms(&mut snapshot, cluster, &mut faults);
    snapshot.renew_profile();
    snapshot.findings = faults.finish()?;
    snapshot.revision = 0;
    Ok(snapshot)
}

fn too_many(cluster: &Cluster, faults: &mut Faults) {
    let pools = cluster.pools.as_ref().map_or(0, Vec::len);
    for (what, count, limit) in [
        ("nodes", cluster.nodes.len(), NODES_MAX),
        ("vms", cluster.vms.len(), VMS_MAX),
        ("pools", pools, POOLS_MAX),
        ("rules", cluster.rules.len(), RULES_MAX),
    ] {
        if count > limit {
            let message = format!("{count} {what}, expected at most {limit}");
            faults.error("too-many", what.to_owned(), message);
        }
    }
}

/// Reports the second and later entries of one id.
fn duplicates<'a, K: Eq + Hash + Display + 'a>(
    what: &'static str,
    list: &'static str,
    ids: impl ExactSizeIterator<Item = &'a K>,
    faults: &mut Faults,
) {
    let mut seen: HashMap<&K, usize, RandomState> =
        HashMap::with_capacity_and_hasher(ids.len(), RandomState::default());
    for (at, id) in ids.enumerate() {
        let first = *seen.entry(id).or_insert(at);
        if first != at {
            let message = format!("{what} {id} is already {list}[{first}]: ids must be unique");
            faults.error("duplicate-id", format!("{list}[{at}].id"), message);
        }
    }
}

/// The pools in order of their ids; those that only nodes name, when there is no list of pools.
fn read_pools(cluster: &Cluster, faults: &mut Faults) -> Vec<PoolEntry> {
    let Some(pools) = &cluster.pools else {
        let named: BTreeSet<&PoolKey> = cluster.nodes.iter().flat_map(|node| &node.pools).collect();
        if !named.is_empty() {
            let message = "nodes name pools and there is no list of pools: capacity is not checked";
            faults.push(Finding::info("pool-capacity-unknown", message).at("pools"));
        }
        let entry = |id: &PoolKey| PoolEntry { id: id.clone(), capacity: None, used: 0 };
        return named.into_iter().map(entry).collect();
    };
    duplicates("pool", "pools", pools.iter().map(|pool| &pool.id), faults);
    let mut entries = Vec::with_capacity(pools.len());
    for (at, pool) in pools.iter().enumerate() {
        check_pool(at, pool, faults);
        let capacity = pool.overcommit.of(pool.capacity_bytes.0).min(POOL_BYTES_MAX);
        let used = i128::from(pool.allocated_bytes.map_or(0, |bytes| bytes.0));
        entries.push(PoolEntry { id: pool.id.clone(), capacity: Some(capacity), used });
    }
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    entries
}

fn check_pool(at: usize, pool: &Pool, faults: &mut Faults) {
    if pool.capacity_bytes.0 > POOL_BYTES_MAX {
        let message = format!("{} is more than any pool has", pool.capacity_bytes);
        faults.error("quantity-too-large", format!("pools[{at}].capacity_bytes"), message);
    }
    let allocated = pool.allocated_bytes.map_or(0, |bytes| bytes.0);
    if allocated > pool.overcommit.of(pool.capacity_bytes.0) {
        let message = format!(
            "pool {} has {} allocated of {}: no disk will be placed in it",
            pool.id,
            quantix_core::Bytes(allocated),
            quantix_core::Bytes(pool.overcommit.of(pool.capacity_bytes.0))
        );
        faults.warning("overcommitted", format!("pools[{at}].allocated_bytes"), message);
    }
}

/// The positions of the nodes in the document, in order of their ids.
fn node_order(nodes: &[Node], faults: &mut Faults) -> Vec<usize> {
    duplicates("node", "nodes", nodes.iter().map(|node| &node.id), faults);
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order.sort_by(|&a, &b| nodes[a].id.cmp(&nodes[b].id));
    order
}

fn read_rules(snapshot: &mut Snapshot, rules: &[Rule], faults: &mut Faults) {
    let hosts = snapshot.nodes.len();
    let domains = |domain: fn(&super::NodeEntry) -> u32| {
        let named = snapshot.nodes.iter().map(domain).filter(|&domain| domain != super::NO_DOMAIN);
        named.collect::<BTreeSet<_>>().len()
    };
    let (racks, zones) = (domains(|node| node.rack), domains(|node| node.zone));
    for (at, rule) in rules.iter().enumerate() {
        let index = RuleIndex(small(at));
        let nodes = rule_nodes(snapshot, at, rule, faults);
        let name = rule.id.as_ref().map_or_else(|| format!("rules[{at}]"), ToString::to_string);
        let vms: BTreeSet<&VmKey> = rule.vms.iter().collect();
        for vm in vms {
            snapshot.rules_of.entry(vm.clone()).or_default().push(index);
        }
        if rule.vms.is_empty() {
            let message = format!("rule {name} names no machine and does nothing");
            faults.warning("empty-rule", format!("rules[{at}].vms"), message);
        }
        let domains = match rule.topology {
            Topology::Host => hosts,
            Topology::Rack => racks,
            Topology::Zone => zones,
        };
        snapshot.rules.push(RuleEntry::new(name, rule, nodes, domains));
    }
}

fn rule_nodes(
    snapshot: &Snapshot,
    at: usize,
    rule: &Rule,
    faults: &mut Faults,
) -> BTreeSet<NodeIndex> {
    let mut nodes = BTreeSet::new();
    for (position, id) in rule.nodes.iter().enumerate() {
        match snapshot.node_index(id) {
            Some(node) => drop(nodes.insert(node)),
            None => unknown_node(id, format!("rules[{at}].nodes[{position}]"), faults),
        }
    }
    match (rule.kind, rule.nodes.is_empty()) {
        (RuleKind::VmHost, true) => {
            let message = "a vm_host rule needs the nodes that its machines may run on".to_owned();
            faults.error("missing-nodes", format!("rules[{at}].nodes"), message);
        }
        (RuleKind::Affinity | RuleKind::AntiAffinity | RuleKind::Spread, false) => {
            let message =
                format!("the {} rule has no use for nodes: they are ignored", rule.kind.as_str());
            faults.warning("ignored-nodes", format!("rules[{at}].nodes"), message);
        }
        (RuleKind::VmHost, false)
        | (RuleKind::Affinity | RuleKind::AntiAffinity | RuleKind::Spread, true) => {}
    }
    nodes
}

fn unknown_node(id: &NodeKey, path: String, faults: &mut Faults) {
    faults.error("unknown-node", path, format!("there is no node {id} in `nodes`"));
}

/// The position of a pool, for a document that lists its pools.
fn pool_of(snapshot: &Snapshot, id: &PoolKey) -> Option<PoolIndex> {
    snapshot.pool_index(id)
}
