//! Random clusters, and an oracle that decides on the documents alone, slowly and obviously.
#![allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "each test file uses the part that it needs, and its numbers are small"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use quantix_core::cluster::{
    Cluster, GpuDemand, Node, NumaPolicy, Pool, Rule, RuleKind, TaintEffect, Topology, Vm,
};
use serde_json::json;

/// How many random cases to try: so many, or what the variable `QUANTIX_CASES` says (a million for
/// a long run).
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var("QUANTIX_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(usual))
}

/// Keys have the form that documents give them.
pub(crate) fn key<K: quantix_core::Kind>(text: &str) -> quantix_core::Key<K> {
    text.parse().expect("a key")
}

/// A document from JSON.
pub(crate) fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}\n{value:#}"))
}

/// What few nodes have and few machines ask for: half gibibytes of pages, devices, a model, a
/// tenant.
fn special() -> impl Strategy<Value = (u64, u32, Option<&'static str>, Option<&'static str>)> {
    (
        prop::sample::select(vec![0u64, 0, 1, 2]),
        prop::sample::select(vec![0u32, 0, 1, 2]),
        prop::option::weighted(0.5, prop::sample::select(vec!["new", "old"])),
        prop::option::weighted(0.15, prop::sample::select(vec!["red", "blue"])),
    )
}

prop_compose! {
    fn node(pools: usize)(
        cpu in prop::sample::select(vec![4_000u64, 8_000, 16_000]),
        memory in prop::sample::select(vec![8_192u64, 16_384, 65_536]),
        overcommit in prop::sample::select(vec![1.0, 1.5, 2.0]),
        labels in prop::collection::btree_map(
            prop::sample::select(vec!["zone", "rack", "disk"]),
            prop::sample::select(vec!["a", "b"]), 0..3),
        taint in prop::option::weighted(0.2, prop::sample::select(
            vec!["no_schedule", "prefer_no_schedule", "no_execute"])),
        reach in prop::collection::btree_set(0..pools.max(1), 0..=pools),
        network in any::<bool>(),
        cells in 0usize..3,
        gpus in prop::collection::vec(prop::sample::select(vec!["A", "B"]), 0..3),
        state in prop::sample::select(vec!["ready", "ready", "ready", "cordoned", "down"]),
        reserved in prop::sample::select(vec![0u64, 500]),
        special in special(),
    ) -> serde_json::Value {
        let cell = json!({"cpu_milli": cpu / 2, "memory_mib": memory / 2});
        json!({
            "cpu_milli": cpu, "memory_mib": memory, "overcommit": {"cpu": overcommit},
            "labels": labels,
            "taints": taint.map(|effect| json!({"key": "t", "value": "x", "effect": effect}))
                .into_iter().collect::<Vec<_>>(),
            "pools": reach.iter().filter(|&&p| p < pools).map(|p| format!("p{p}")).collect::<Vec<_>>(),
            "networks": if network { vec!["lan"] } else { vec![] },
            "numa": vec![cell; if cells == 2 { 2 } else { 0 }],
            "gpus": gpus, "state": state,
            "hugepages": if special.0 > 0 {
                vec![json!({"size_bytes": 2 << 20, "count": special.0 * 256})]
            } else { vec![] },
            "devices": if special.1 > 0 { BTreeMap::from([("nic", special.1)]) } else { BTreeMap::new() },
            "cpu_model": special.2,
            "tenants": special.3.into_iter().collect::<Vec<_>>(),
            "reserved": {"cpu_milli": reserved, "memory_mib": reserved},
        })
    }
}

prop_compose! {
    fn vm()(
        cpu in prop::sample::select(vec![500u64, 1_000, 2_000, 4_000]),
        memory in prop::sample::select(vec![512u64, 1_024, 4_096, 8_192]),
        disks in prop::collection::vec((1u64..40, prop::option::weighted(0.6, 0usize..4)), 0..3),
        network in prop::bool::weighted(0.2),
        zone in prop::option::weighted(0.2, prop::sample::select(vec!["a", "b"])),
        tolerates in prop::bool::weighted(0.3),
        numa in prop::sample::select(vec!["any", "any", "any", "single", "even"]),
        gpus in prop::sample::select(vec![(0u32, 1000u32), (0, 1000), (0, 1000), (1, 300), (1, 1000), (2, 1000)]),
        prefers in prop::bool::weighted(0.2),
        is_special in prop::bool::weighted(0.2),
        special in special(),
    ) -> serde_json::Value {
        let special = if is_special { special } else { (0, 0, None, None) };
        let pages = special.0.min(memory / 512);
        json!({
            "cpu_milli": cpu, "memory_mib": memory,
            "disks": disks.iter().map(|(size, pool)| json!({
                "size_bytes": size, "storage_pool_id": pool.map(|p| format!("p{p}"))
            })).collect::<Vec<_>>(),
            "networks": if network { vec!["lan"] } else { vec![] },
            "node_selector": zone.map(|z| BTreeMap::from([("zone", z)])).unwrap_or_default(),
            "tolerations": if tolerates { vec![json!({"key": "t", "operator": "exists"})] } else { vec![] },
            "numa": numa,
            "gpus": {"count": gpus.0, "milli": gpus.1},
            "hugepages": if pages > 0 {
                vec![json!({"size_bytes": 2 << 20, "count": pages * 256})]
            } else { vec![] },
            "devices": if special.1 > 0 { BTreeMap::from([("nic", special.1)]) } else { BTreeMap::new() },
            "cpu_models": special.2.into_iter().collect::<Vec<_>>(),
            "tenant": special.3,
            "preferences": if prefers {
                vec![json!({"node_selector": {"disk": "a"}, "weight": 30})]
            } else { vec![] },
        })
    }
}

prop_compose! {
    fn rule(nodes: usize, vms: usize)(
        kind in prop::sample::select(vec!["anti_affinity", "affinity", "vm_host", "spread"]),
        max_skew in 1u32..3,
        members in prop::collection::btree_set(0..vms, 1..5),
        hosts in prop::collection::btree_set(0..nodes, 1..4),
        topology in prop::sample::select(vec!["host", "rack", "zone"]),
        must in prop::bool::weighted(0.7),
    ) -> serde_json::Value {
        let mut rule = json!({
            "kind": kind, "topology": topology, "must": must, "max_skew": max_skew,
            "vms": members.iter().map(|m| format!("v{m:03}")).collect::<Vec<_>>(),
        });
        if kind == "vm_host" {
            rule["nodes"] = json!(hosts.iter().map(|h| format!("n{h:03}")).collect::<Vec<_>>());
        }
        rule
    }
}

/// A cluster and machines for it; the nodes are not in order of their ids.
pub(crate) fn problem(nodes: usize, vms: usize) -> impl Strategy<Value = (Cluster, Vec<Vm>)> {
    (1..=nodes, 1..=vms).prop_flat_map(|(nodes, vms)| {
        (
            prop::collection::vec(node(3), nodes),
            prop::collection::vec((20u64..120, 0u64..20), 3),
            prop::collection::vec(vm(), vms),
            prop::collection::vec(rule(nodes, vms), 0..3),
        )
            .prop_map(|(mut nodes, pools, mut vms, rules)| {
                let count = nodes.len();
                for (at, node) in nodes.iter_mut().enumerate() {
                    node["id"] = json!(format!("n{:03}", (at * 7 + 3) % count.max(1)));
                }
                // 7 and the count may share a factor: then plain numbers.
                if count % 7 == 0 {
                    for (at, node) in nodes.iter_mut().enumerate() {
                        node["id"] = json!(format!("n{at:03}"));
                    }
                }
                for (at, vm) in vms.iter_mut().enumerate() {
                    vm["id"] = json!(format!("v{at:03}"));
                }
                let pools: Vec<_> = pools.iter().enumerate().map(|(at, (size, used))| {
                    json!({"id": format!("p{at}"), "capacity_bytes": size, "allocated_bytes": used, "shared": true})
                }).collect();
                let cluster = json!({"nodes": nodes, "pools": pools, "rules": rules});
                (read(cluster), read(json!(vms)))
            })
    })
}

/// What the oracle has on one node.
type Placed<'a> = BTreeMap<&'a str, (&'a Vm, &'a str)>;

/// The oracle: everything recomputed from the documents at every question.
pub(crate) struct Oracle<'a> {
    pub(crate) cluster: &'a Cluster,
    /// Machine to its demand and node; cells and GPUs as the answer told.
    pub(crate) placed: Placed<'a>,
    pub(crate) cells: BTreeMap<&'a str, Vec<u32>>,
    pub(crate) gpus: BTreeMap<&'a str, Vec<u32>>,
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(cluster: &'a Cluster) -> Self {
        Self { cluster, placed: BTreeMap::new(), cells: BTreeMap::new(), gpus: BTreeMap::new() }
    }

    fn on(&self, node: &Node) -> impl Iterator<Item = &'a Vm> {
        self.placed.values().filter(|(_, at)| *at == node.id.as_str()).map(|(vm, _)| *vm)
    }

    /// CPU and memory: all that may be promised, and what is left.
    pub(crate) fn room(&self, node: &Node) -> ((u64, u64), (u64, u64)) {
        let cpu = node.overcommit.cpu.of(node.cpu_milli.0 - node.reserved.cpu_milli.0);
        let ordinary = node.memory_mib.0 - Self::pages_mib(&node.hugepages);
        let memory = node.overcommit.memory.of(ordinary - node.reserved.memory_mib.0);
        let used_cpu: u64 = self.on(node).map(|vm| vm.cpu_milli.0).sum();
        let used_memory: u64 = self.on(node).map(Self::ordinary).sum();
        ((cpu, memory), (cpu - used_cpu, memory - used_memory))
    }

    fn pages_mib(pages: &[quantix_core::cluster::HugePages]) -> u64 {
        pages.iter().map(|pages| pages.size_bytes.0 * pages.count).sum::<u64>() >> 20
    }

    /// Memory that no huge pages back.
    pub(crate) fn ordinary(vm: &Vm) -> u64 {
        vm.memory_mib.0 - Self::pages_mib(&vm.hugepages)
    }

    fn specials_fit(&self, vm: &Vm, node: &Node) -> bool {
        let pages = |pages: &[quantix_core::cluster::HugePages]| Self::pages_mib(pages);
        let taken: u64 = self.on(node).map(|other| pages(&other.hugepages)).sum();
        let nics = |devices: &BTreeMap<String, u32>| devices.get("nic").copied().unwrap_or(0);
        let used: u32 = self.on(node).map(|other| nics(&other.devices)).sum();
        let model = |model: &String| node.cpu_model.as_ref() == Some(model);
        pages(&vm.hugepages) + taken <= pages(&node.hugepages)
            && nics(&vm.devices) + used <= nics(&node.devices)
            && (vm.cpu_models.is_empty() || vm.cpu_models.iter().any(model))
            && (node.tenants.is_empty()
                || vm.tenant.as_ref().is_some_and(|tenant| node.tenants.contains(tenant)))
    }

    fn domain(node: &'a Node, topology: Topology) -> Option<&'a str> {
        match topology {
            Topology::Host => Some(node.id.as_str()),
            Topology::Rack | Topology::Zone => {
                node.labels.get(topology.as_str()).map(String::as_str)
            }
        }
    }

    fn holds(&self, rule: &Rule, node: &'a Node) -> bool {
        if rule.kind == RuleKind::VmHost {
            return rule.nodes.contains(&node.id);
        }
        let Some(domain) = Self::domain(node, rule.topology) else { return false };
        let others: Vec<Option<&str>> = rule
            .vms
            .iter()
            .filter_map(|vm| self.placed.get(vm.as_str()))
            .map(|(_, at)| {
                let at = self.cluster.nodes.iter().find(|node| node.id.as_str() == *at);
                Self::domain(at.expect("a node"), rule.topology)
            })
            .collect();
        let near = others.contains(&Some(domain));
        match rule.kind {
            RuleKind::Spread => {
                let all = self.cluster.nodes.iter();
                let count = |domain: &str| {
                    others.iter().filter(|&&other| other == Some(domain)).count() as u32
                };
                let fewest = all.filter_map(|node| Self::domain(node, rule.topology)).map(count);
                count(domain) < fewest.min().unwrap_or(0) + rule.max_skew.get()
            }
            RuleKind::AntiAffinity => !near,
            _ => others.is_empty() || near,
        }
    }

    fn cells_fit(&self, vm: &Vm, node: &Node) -> bool {
        if vm.numa == NumaPolicy::Any || node.numa.len() < 2 {
            return true;
        }
        let parts = if vm.numa == NumaPolicy::Even { node.numa.len() as u64 } else { 1 };
        let (cpu, memory) = (vm.cpu_milli.0.div_ceil(parts), Self::ordinary(vm).div_ceil(parts));
        let fits = |(at, cell): (usize, &quantix_core::cluster::NumaCell)| {
            let mut free_cpu = node.overcommit.cpu.of(cell.cpu_milli.0);
            let mut free_memory = node.overcommit.memory.of(cell.memory_mib.0);
            for other in self.on(node) {
                let cells = &self.cells[other.id.as_str()];
                if cells.contains(&(at as u32)) {
                    free_cpu -= other.cpu_milli.0.div_ceil(cells.len() as u64);
                    free_memory -= Self::ordinary(other).div_ceil(cells.len() as u64);
                }
            }
            free_cpu >= cpu && free_memory >= memory
        };
        let mut cells = node.numa.iter().enumerate().map(fits);
        if parts > 1 { cells.all(|fits| fits) } else { cells.any(|fits| fits) }
    }

    fn gpus_fit(&self, demand: &GpuDemand, node: &Node) -> bool {
        let free = |at: usize| {
            let taken: u32 = self
                .on(node)
                .filter(|other| self.gpus[other.id.as_str()].contains(&(at as u32)))
                .map(|other| other.gpus.milli)
                .sum();
            node.gpus[at].milli - taken
        };
        let fitting = (0..node.gpus.len()).filter(|&at| {
            let model = demand.models.is_empty() || demand.models.contains(&node.gpus[at].model);
            model && free(at) >= demand.milli
        });
        fitting.count() >= demand.count as usize
    }

    fn pools_fit(&self, vm: &Vm, node: &Node) -> bool {
        let mut asked: BTreeMap<&str, u64> = BTreeMap::new();
        for disk in &vm.disks {
            if let Some(pool) = &disk.storage_pool_id {
                *asked.entry(pool.as_str()).or_default() += disk.size_bytes.0;
            }
        }
        asked.into_iter().all(|(id, bytes)| {
            let pools = self.cluster.pools.as_deref().unwrap_or(&[]);
            let Some(pool) = pools.iter().find(|pool: &&Pool| pool.id.as_str() == id) else {
                return false;
            };
            let disks = self.placed.values().flat_map(|(vm, _)| &vm.disks);
            let taken: u64 = disks
                .filter(|disk| disk.storage_pool_id.as_ref() == Some(&pool.id))
                .map(|disk| disk.size_bytes.0)
                .sum();
            let used = pool.allocated_bytes.map_or(0, |bytes| bytes.0) + taken;
            node.pools.contains(&pool.id) && used + bytes <= pool.capacity_bytes.0
        })
    }

    /// Whether a machine may go to a node.
    pub(crate) fn fits(&self, vm: &Vm, node: &'a Node) -> bool {
        let (_, (cpu, memory)) = self.room(node);
        let tolerated = |taint: &quantix_core::cluster::Taint| {
            taint.effect == TaintEffect::PreferNoSchedule
                || vm.tolerations.iter().any(|toleration| toleration.covers(taint))
        };
        node.state == quantix_core::cluster::NodeState::Ready
            && vm.node_selector.iter().all(|(key, value)| node.labels.get(key) == Some(value))
            && node.taints.iter().all(tolerated)
            && vm.networks.iter().all(|network| node.networks.contains(network))
            && cpu >= vm.cpu_milli.0
            && memory >= Self::ordinary(vm)
            && self.specials_fit(vm, node)
            && self.pools_fit(vm, node)
            && self.cells_fit(vm, node)
            && self.gpus_fit(&vm.gpus, node)
            && self.rules(vm, true).all(|rule| self.holds(rule, node))
    }

    fn rules(&self, vm: &Vm, must: bool) -> impl Iterator<Item = &'a Rule> {
        let id = vm.id.clone();
        let rules = self.cluster.rules.iter();
        rules.filter(move |rule| rule.must == must && rule.vms.contains(&id))
    }

    /// The preference term of the default policy, before its weight.
    pub(crate) fn preference(&self, vm: &Vm, node: &'a Node) -> u64 {
        let mut wishes = 5_000i64;
        for preference in &vm.preferences {
            let mut labels = preference.node_selector.iter();
            if labels.all(|(key, value)| node.labels.get(key) == Some(value)) {
                wishes += i64::from(preference.weight);
            }
        }
        for rule in self.rules(vm, false) {
            wishes += if self.holds(rule, node) { 100 } else { -100 };
        }
        for taint in &node.taints {
            let soft = taint.effect == TaintEffect::PreferNoSchedule;
            if soft && !vm.tolerations.iter().any(|toleration| toleration.covers(taint)) {
                wishes -= 100;
            }
        }
        wishes.clamp(0, 10_000) as u64 * 100
    }

    /// Notes that a machine is on a node.
    pub(crate) fn put(&mut self, vm: &'a Vm, node: &'a Node, cells: Vec<u32>, gpus: Vec<u32>) {
        self.placed.insert(vm.id.as_str(), (vm, node.id.as_str()));
        self.cells.insert(vm.id.as_str(), cells);
        self.gpus.insert(vm.id.as_str(), gpus);
    }
}
