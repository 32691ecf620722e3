//! Placement through the engine against the naive scan, in one run.
//!
//! `./dev bench scheduler [SECONDS]`: clusters of 1,000, 10,000 and 100,000 nodes (32 cores and
//! 128 GiB, 64 and 256, 96 and 512, in three zones, half of them with a second pool), filled to two
//! thirds, then one machine placed and one removed again and again. The scan is the same code
//! without the index. In the row `rules` a fifth of the nodes is tainted, and the machines that come
//! and go stand under rules. Prints one table: pairs of place and remove per second, and how long
//! one placement takes.
//!
//! `./dev bench scheduler large` builds a large snapshot and explains a decision; `./dev bench
//! scheduler quality` packs real traces.

mod large;
mod quality;

use std::{
    env,
    error::Error,
    fmt::Write as _,
    io::Write as _,
    time::{Duration, Instant},
};

use quantix_core::{
    VmKey,
    cluster::{Cluster, Vm},
};
use quantix_scheduler::{Engine, Pipeline, Policy, ShapeId, Snapshot, Weights, best};
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Random numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or(0)
    }
}

fn main() -> Outcome<()> {
    // Cargo passes `--bench`.
    let args: Vec<String> = env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let seconds = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(2);
    let time = Duration::from_secs(seconds);
    let words: Vec<&String> = args.iter().filter(|arg| arg.parse::<u64>().is_err()).collect();
    if words.iter().any(|word| *word == "quality") {
        return quality::print(&mut std::io::stdout().lock());
    }
    if words.iter().any(|word| *word == "large") {
        return large::print(&mut std::io::stdout().lock());
    }
    let wanted = |name: &str| words.iter().all(|word| name.contains(word.as_str()));
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<34}{:>9}{:>14}{:>11}{:>11}", "", "nodes", "pairs/s", "p50 ns", "p99 ns")?;
    for (nodes, size) in [(1_000, "1k"), (10_000, "10k"), (100_000, "100k")] {
        for (name, policy) in policies() {
            if !wanted(&format!("engine, {name}, {size}.")) {
                continue;
            }
            let mut fleet = Fleet::new(nodes, &policy)?;
            let engine = fleet.measure(time, Way::Engine)?;
            writeln!(out, "{}", row(&format!("engine, {name}"), nodes, &engine)?)?;
        }
        if wanted(&format!("engine, rules, {size}.")) {
            let mut fleet = Fleet::with_rules(nodes)?;
            let engine = fleet.measure(time, Way::Engine)?;
            writeln!(out, "{}", row("engine, default, rules", nodes, &engine)?)?;
        }
        if wanted(&format!("scan, default, {size}.")) {
            let mut fleet = Fleet::new(nodes, &Policy::default())?;
            let scan = fleet.measure(time, Way::Scan)?;
            writeln!(out, "{}", row("scan, default", nodes, &scan)?)?;
        }
    }
    Ok(())
}

fn policies() -> [(&'static str, Policy); 3] {
    let none = Weights { typical: 0, ..Weights::default() };
    let with = |weights| Policy { weights, ..Policy::default() };
    [
        ("default", Policy::default()),
        ("spread", with(Weights { spread: 1, ..none })),
        ("fit", with(Weights { fit: 1, ..none })),
    ]
}

/// How the best node is found.
#[derive(Clone, Copy)]
enum Way {
    Engine,
    Scan,
}

struct Fleet {
    engine: Engine,
    shapes: Vec<ShapeId>,
    /// The machines that come and go; those under rules with the shape that the rules give them.
    placed: Vec<VmKey>,
    own_shapes: Vec<ShapeId>,
    random: Random,
}

impl Fleet {
    fn new(nodes: usize, policy: &Policy) -> Outcome<Self> {
        let snapshot = Snapshot::build(&cluster(nodes)?)?;
        let mut engine = Engine::new(snapshot, Pipeline::new(policy)?);
        let shapes = shapes(&mut engine)?;
        let mut fleet = Self::empty(engine, shapes);
        for number in 0..nodes * 14 {
            fleet.fill(number)?;
        }
        Ok(fleet)
    }

    fn empty(engine: Engine, shapes: Vec<ShapeId>) -> Self {
        let random = Random(88_172_645_463_325_252);
        Self { engine, shapes, placed: Vec::new(), own_shapes: Vec::new(), random }
    }

    /// A fifth of the nodes tainted, and groups of eight machines each that must not share a host;
    /// those of every other group must not share a zone with more than a third of it either. The
    /// machines of the groups come and go.
    fn with_rules(nodes: usize) -> Outcome<Self> {
        let mut document = cluster(nodes)?;
        for node in document.nodes.iter_mut().step_by(5) {
            let taint = json!([{"key": "kept", "value": "", "effect": "no_schedule"}]);
            node.taints = serde_json::from_value(taint)?;
        }
        let name = |group: usize, member: usize| format!("group-{group}-{member}");
        let groups = nodes / 10;
        for group in 0..groups {
            let vms: Vec<String> = (0..8).map(|member| name(group, member)).collect();
            let apart = json!({"kind": "anti_affinity", "vms": vms});
            document.rules.push(serde_json::from_value(apart)?);
            if group % 2 == 0 {
                let even = json!({"kind": "spread", "vms": vms, "topology": "zone"});
                document.rules.push(serde_json::from_value(even)?);
            }
        }
        let mut engine =
            Engine::new(Snapshot::build(&document)?, Pipeline::new(&Policy::default())?);
        let shapes = shapes(&mut engine)?;
        let mut fleet = Self::empty(engine, shapes);
        for number in 0..nodes * 11 {
            fleet.fill(number)?;
        }
        fleet.placed.clear();
        for group in 0..groups {
            for member in 0..8 {
                let vm: Vm = serde_json::from_value(json!({
                    "id": name(group, member), "cpu_milli": (1 + group % 4) * 1000,
                    "memory_mib": (1 + group % 4) * 4096, "networks": ["lan"],
                    "disks": [{"size_bytes": 1 << 30, "storage_pool_id": "nvme"}],
                }))?;
                let shape = fleet.engine.shape(&vm)?;
                if fleet.engine.place(&vm.id, shape)?.is_some() {
                    fleet.placed.push(vm.id);
                    fleet.own_shapes.push(shape);
                }
            }
        }
        Ok(fleet)
    }

    fn fill(&mut self, number: usize) -> Outcome<()> {
        let shape = self.shapes[self.random.below(self.shapes.len())];
        self.engine.expect(shape);
        let vm: VmKey = format!("vm-{number}").parse()?;
        if self.engine.place(&vm, shape)?.is_some() {
            self.placed.push(vm);
        }
        Ok(())
    }

    fn measure(&mut self, time: Duration, way: Way) -> Outcome<Vec<u32>> {
        let mut nanos = Vec::with_capacity(1 << 24);
        let start = Instant::now();
        while start.elapsed() < time {
            let gone = self.random.below(self.placed.len());
            let any = self.shapes[self.random.below(self.shapes.len())];
            let shape = self.own_shapes.get(gone).copied().unwrap_or(any);
            let vm = self.placed[gone].clone();
            let begin = Instant::now();
            self.engine.remove(&vm)?;
            match way {
                Way::Engine => drop(self.engine.place(&vm, shape)?),
                Way::Scan => self.scan(&vm, shape)?,
            }
            nanos.push(u32::try_from(begin.elapsed().as_nanos()).unwrap_or(u32::MAX));
            if self.engine.snapshot().node_of(&vm).is_none() {
                self.placed.swap_remove(gone);
                if gone < self.own_shapes.len() {
                    self.own_shapes.swap_remove(gone);
                }
            }
        }
        Ok(nanos)
    }

    fn scan(&mut self, vm: &VmKey, id: ShapeId) -> Outcome<()> {
        let shape = self.engine.snapshot().shape_by_id(id).clone();
        if let Some(choice) = best(self.engine.snapshot(), &shape, self.engine.pipeline()) {
            self.engine.add(vm, id, choice.node)?;
        }
        Ok(())
    }
}

fn cluster(nodes: usize) -> Outcome<Cluster> {
    let sizes = [(32_000, 128 << 10), (64_000, 256 << 10), (96_000, 512 << 10)];
    let node = |at: usize| {
        let (cpu, memory) = sizes[at % 3];
        let pools = if at.is_multiple_of(2) { vec!["ceph", "nvme"] } else { vec!["ceph"] };
        json!({
            "id": format!("node-{at:06}"), "cpu_milli": cpu, "memory_mib": memory,
            "labels": {"zone": format!("z{}", at / 3 % 3)}, "pools": pools, "networks": ["lan"],
        })
    };
    let nodes: Vec<_> = (0..nodes).map(node).collect();
    let pool = |id: &str| json!({"id": id, "capacity_bytes": 1u64 << 60});
    Ok(serde_json::from_value(json!({"nodes": nodes, "pools": [pool("ceph"), pool("nvme")]}))?)
}

/// Eight sizes, each plain, bound to a zone, and with disks in both pools.
fn shapes(engine: &mut Engine) -> Outcome<Vec<ShapeId>> {
    let sizes = [(1, 2), (1, 4), (2, 4), (2, 8), (4, 8), (4, 16), (8, 16), (8, 32)];
    let mut shapes = Vec::new();
    for (cpu, gib) in sizes {
        let plain = json!({
            "id": "v", "cpu_milli": cpu * 1000, "memory_mib": gib * 1024, "networks": ["lan"],
            "disks": [{"size_bytes": 1 << 30, "storage_pool_id": "ceph"}],
        });
        let mut bound = plain.clone();
        bound["node_selector"] = json!({"zone": "z1"});
        let mut fast = plain.clone();
        fast["disks"] = json!([{"size_bytes": 1 << 30, "storage_pool_id": "nvme"}]);
        // Most machines are plain.
        for vm in [&plain, &plain, &plain, &plain, &bound, &fast] {
            let vm: Vm = serde_json::from_value(vm.clone())?;
            shapes.push(engine.shape(&vm)?);
        }
    }
    Ok(shapes)
}

fn row(name: &str, nodes: usize, nanos: &[u32]) -> Outcome<String> {
    let mut sorted = nanos.to_vec();
    sorted.sort_unstable();
    let at = |percent: usize| sorted.get(sorted.len() * percent / 100).copied().unwrap_or(0);
    let total: u64 = sorted.iter().map(|&nanos| u64::from(nanos)).sum();
    let rate = (sorted.len() as u64 * 1_000_000_000).checked_div(total).unwrap_or(0);
    let mut text = String::new();
    write!(text, "{name:<34}{nodes:>9}{rate:>14}{:>11}{:>11}", at(50), at(99))?;
    Ok(text)
}
