//! How well the default policy packs real traces, read in place from the folder of test data.
//!
//! `./dev bench scheduler quality`. Hosts: the fewest with which a trace has no rejection, beside
//! the bound at its fullest moment. GPUs: what part of a GPU cluster is allocated once machines
//! with 130 % of its GPUs asked to be placed, in four random orders, as in Weng et al., "Beware of
//! Fragmentation" (USENIX ATC 2023), whose figures stand beside.

use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    io::{Error, Write},
    num::{NonZeroU32, NonZeroU64},
    path::{Path, PathBuf},
    process::Command,
};

use quantix_core::cluster::{Cluster, Vm};
use quantix_scheduler::{Engine, Fleet, Pipeline, Policy, Simulation, Snapshot, Trace, simulate};
use serde_json::json;

use crate::{Outcome, Random};

/// Four orders, as the paper's figures are means of several.
const SEEDS: [u64; 4] = [42, 43, 44, 45];

/// Prints all tables; says so where the data are not there.
pub(crate) fn print(out: &mut impl Write) -> Outcome<()> {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = env::var_os("QUANTIX_CORPUS").map_or(usual, PathBuf::from).join("scheduler");
    if !data.is_dir() {
        writeln!(out, "corpus: absent ({})", data.display())?;
        return Ok(());
    }
    writeln!(out, "{:<34}{:>9}{:>9}{:>9}", "trace, default policy", "hosts", "bound", "ratio")?;
    let huawei =
        huawei(&unpacked("xz", &["-dc"], &data.join("huawei_east1/Huawei-East-1-lt.csv.xz"))?)?;
    hosts(out, "Huawei-East-1, 80 c, 180 GiB", &huawei, fleet(80_000, 180)?)?;
    let azure = azure(&data.join("azure_v1_dev.tar.xz"))?;
    hosts(out, "Azure V1 dev, 64 c, 224 GiB", &azure, fleet(64_000, 224)?)?;
    gpus(out, &data)
}

/// The default policy, or the one in the file that `QUANTIX_POLICY` names, for trying others.
fn policy() -> Outcome<Policy> {
    match env::var_os("QUANTIX_POLICY") {
        None => Ok(Policy::default()),
        Some(path) => Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?),
    }
}

fn fleet(cpu: u64, gib: u64) -> Outcome<Fleet> {
    let one = NonZeroU32::MIN;
    let positive = |number: u64| NonZeroU64::new(number).ok_or("zero");
    Ok(Fleet {
        hosts: one,
        cpu_milli: positive(cpu)?,
        memory_mib: positive(gib * 1024)?,
        numa: one,
    })
}

/// What a tool writes about a file.
fn unpacked(tool: &str, args: &[&str], file: &Path) -> Outcome<String> {
    let output = Command::new(tool).args(args).arg(file).output()?;
    if !output.status.success() {
        return Err(Error::other(format!("{tool} cannot unpack {}", file.display())).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// One file of a packed folder.
fn member(archive: &Path, name: &str) -> Outcome<String> {
    let output = Command::new("tar").arg("-xOf").arg(archive).arg(name).output()?;
    if !output.status.success() {
        return Err(Error::other(format!("there is no {name} in {}", archive.display())).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// `vmid,cpu,mem,at,lt` with a lifetime.
fn huawei(text: &str) -> Outcome<Trace> {
    let mut trace = "id,cpu,mem_gib,arrival,departure\n".to_owned();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [id, cpu, memory, at, lifetime] = fields[..] else { continue };
        let departure = at.parse::<f64>()? + lifetime.parse::<f64>()?;
        writeln!(trace, "{id},{cpu},{memory},{at},{departure}")?;
    }
    Ok(Trace::read(trace.as_bytes())?)
}

/// Flavours and duration bins per 300 s; a duration is the middle of its bin, and what ran on when
/// the trace ended stays.
fn azure(archive: &Path) -> Outcome<Trace> {
    let read = |name: &str| member(archive, &format!("azure_v1/{name}"));
    let (flavours, flavour_map) = (read("v1.dev.txt")?, read("flav_map.txt")?);
    let (durations, bins) = (read("v1.dev.c2100000.txt")?, read("v1.interval_map.txt")?);
    let sizes: BTreeMap<&str, &str> =
        flavour_map.lines().filter_map(|line| line.split_once(' ')).map(|(a, b)| (b, a)).collect();
    let mut ends: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (seconds, bin) in bins.lines().filter_map(|line| line.split_once(' ')) {
        let seconds: u64 = seconds.parse()?;
        let (least, most) = ends.entry(bin).or_insert((seconds, seconds));
        (*least, *most) = ((*least).min(seconds), (*most).max(seconds));
    }
    let mut trace = "id,cpu,mem_gib,arrival,departure\n".to_owned();
    let mut number = 0u32;
    for (kinds, lasts) in flavours.lines().zip(durations.lines()) {
        let (Some((at, kinds)), Some((_, lasts))) = (kinds.split_once(' '), lasts.split_once(' '))
        else {
            continue;
        };
        let at: u64 = at.parse()?;
        for (kind, last) in kinds.split(',').zip(lasts.split(',')).filter(|pair| pair.0 != "|") {
            let Some(size) = sizes.get(kind) else { continue };
            let ended = last.strip_prefix('U').and_then(|bin| ends.get(bin));
            let departure =
                ended.map_or_else(String::new, |(a, b)| (at + a.midpoint(*b)).to_string());
            writeln!(trace, "v{number},{size},{at},{departure}")?;
            number += 1;
        }
    }
    Ok(Trace::read(trace.as_bytes())?)
}

/// Searches the fewest hosts without a rejection, upwards from the bound.
fn hosts(out: &mut impl Write, name: &str, trace: &Trace, fleet: Fleet) -> Outcome<()> {
    let run = |hosts: u32| -> Outcome<Simulation> {
        let hosts = NonZeroU32::new(hosts).ok_or("no hosts")?;
        Ok(simulate(trace, &Fleet { hosts, ..fleet }, &policy()?)?)
    };
    let free = run(4096)?;
    let bound = free.bound.map_or(1, |bound| bound.hosts);
    let mut fewest = bound;
    while run(fewest)?.rejected > 0 {
        fewest += 1;
    }
    let ratio = f64::from(fewest) / f64::from(bound.max(1));
    writeln!(out, "{name:<34}{fewest:>9}{bound:>9}{ratio:>9.4}")?;
    Ok(())
}

fn gpus(out: &mut impl Write, data: &Path) -> Outcome<()> {
    let archive = data.join("openb_csv.tar.xz");
    let nodes = member(&archive, "./openb_node_list_all_node.csv")?;
    let published = std::fs::read_to_string(data.join("openb_published_gpu_alloc_pct_at_130.csv"))?;
    writeln!(
        out,
        "\n{:<34}{:>9}{:>9}{:>9}",
        "GPUs allocated at 130 %, in %", "default", "FGD", "BestFit"
    )?;
    for line in published.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let (Some(name), Some(best_fit), Some(fgd)) =
            (fields.first(), fields.get(5), fields.get(6))
        else {
            continue;
        };
        let pods = member(&archive, &format!("./{name}.csv"))?;
        let mut sum = 0.0;
        for seed in SEEDS {
            sum += allocated(&nodes, &pods, seed)?;
        }
        let mean = sum / 4.0;
        writeln!(out, "{name:<34}{mean:>9.2}{fgd:>9}{best_fit:>9}")?;
    }
    Ok(())
}

/// The part of all GPUs that is allocated, in per cent.
fn allocated(nodes: &str, pods: &str, seed: u64) -> Outcome<f64> {
    let mut list = Vec::new();
    let mut all = 0u64;
    for line in nodes.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [id, cpu, memory, gpus, model] = fields[..] else { continue };
        let gpus: usize = gpus.parse()?;
        all += 1000 * gpus as u64;
        list.push(json!({
            "id": id, "cpu_milli": cpu.parse::<u64>()?, "memory_mib": memory.parse::<u64>()?,
            "gpus": vec![model; gpus],
        }));
    }
    let cluster: Cluster = serde_json::from_value(json!({"nodes": list}))?;
    let mut engine = Engine::new(Snapshot::build(&cluster)?, Pipeline::new(&policy()?)?);
    let machines = machines(pods)?;
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let (mut asked, mut given) = (0u64, 0u64);
    let mut order: Vec<usize> = Vec::new();
    for number in 0.. {
        if asked * 100 >= all * 130 {
            break;
        }
        if order.is_empty() {
            order = (0..machines.len()).collect();
            for at in (1..order.len()).rev() {
                order.swap(at, random.below(at + 1));
            }
        }
        let Some(vm) = order.pop().map(|at| &machines[at]) else { break };
        let shape = engine.shape(vm)?;
        engine.expect(shape);
        let size = u64::from(vm.gpus.count) * u64::from(vm.gpus.milli);
        asked += size;
        if engine.place(&format!("v{number}").parse()?, shape)?.is_some() {
            given += size;
        }
    }
    let millionths = u32::try_from(given * 1_000_000 / all.max(1))?;
    Ok(f64::from(millionths) / 1e4)
}

fn machines(pods: &str) -> Outcome<Vec<Vm>> {
    let mut machines = Vec::new();
    for line in pods.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [id, cpu, memory, gpus, milli, models, ..] = fields[..] else { continue };
        let models: Vec<&str> = models.split('|').filter(|model| !model.is_empty()).collect();
        let count: u32 = gpus.parse()?;
        let milli: u32 = if count > 0 { milli.parse()? } else { 1000 };
        machines.push(serde_json::from_value(json!({
            "id": id, "cpu_milli": cpu.parse::<u64>()?, "memory_mib": memory.parse::<u64>()?,
            "gpus": {"count": count, "milli": milli, "models": models},
        }))?);
    }
    Ok(machines)
}
