//! What is done once: building a large snapshot, and explaining one decision.

use std::{fs, io::Write, time::Instant};

use quantix_core::cluster::{Cluster, PlacedVm, Vm};
use quantix_scheduler::{Policy, Snapshot, decide};
use serde_json::json;

use crate::{Outcome, cluster};

/// Nodes and machines of the large snapshot.
const NODES: usize = 100_000;
const VMS: usize = 1_000_000;
/// How often a decision is explained.
const ROUNDS: usize = 200;

/// Prints how long both take, and the memory of a machine.
pub(crate) fn print(out: &mut impl Write) -> Outcome<()> {
    explanation(out)?;
    let mut document = cluster(NODES)?;
    document.vms = machines(&document)?;
    give_back();
    let before = resident()?;
    let begin = Instant::now();
    let snapshot = Snapshot::build(&document)?;
    let seconds = begin.elapsed().as_secs_f64();
    give_back();
    let bytes = resident()?.saturating_sub(before) / snapshot.vm_count() as u64;
    writeln!(
        out,
        "snapshot of {NODES} nodes and {VMS} machines: {seconds:.2} s, {bytes} bytes of memory per machine, nodes included"
    )?;
    Ok(())
}

fn machines(document: &Cluster) -> Outcome<Vec<PlacedVm>> {
    let sizes = [(1, 2), (1, 4), (2, 4), (2, 8), (4, 8), (4, 16)];
    let templates = sizes.map(|(cpu, gib)| {
        json!({
            "id": "v", "cpu_milli": cpu * 1000, "memory_mib": gib * 1024, "networks": ["lan"],
            "disks": [{"size_bytes": 1 << 30, "storage_pool_id": "ceph"}],
        })
    });
    let templates: Vec<Vm> =
        templates.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?;
    let mut machines = Vec::with_capacity(VMS);
    for number in 0..VMS {
        let mut vm = templates[number % templates.len()].clone();
        vm.id = format!("vm-{number}").parse()?;
        machines.push(vm.on(document.nodes[number % NODES].id.clone()));
    }
    Ok(machines)
}

/// Every candidate, every rejection, what would help: at 10,000 nodes, for a machine that half of
/// the nodes would take.
fn explanation(out: &mut impl Write) -> Outcome<()> {
    let mut snapshot = Snapshot::build(&cluster(10_000)?)?;
    let vm: Vm = serde_json::from_value(json!({
        "id": "v", "cpu_milli": 8000, "memory_mib": 16384, "networks": ["lan"],
        "disks": [{"size_bytes": 1 << 30, "storage_pool_id": "nvme"}],
    }))?;
    let shape = snapshot.shape(&vm)?;
    for (number, node) in snapshot.node_indices().enumerate() {
        for copy in 0..number % 5 {
            snapshot.add(&format!("old-{number}-{copy}").parse()?, shape, node)?;
        }
    }
    let pipeline = quantix_scheduler::Pipeline::new(&Policy::default())?;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let explained =
            quantix_scheduler::explain(&snapshot, snapshot.shape_by_id(shape), &pipeline);
        times[0].push(begin.elapsed().as_micros());
        let begin = Instant::now();
        let decision = decide(&mut snapshot, &vm, &Policy::default())?;
        times[1].push(begin.elapsed().as_micros());
        if decision.candidates.len() != explained.feasible {
            return Err("the record and the explanation differ".into());
        }
    }
    for (name, times) in ["explanation", "record of a decision"].into_iter().zip(&mut times) {
        times.sort_unstable();
        let (p50, p99) = (times[ROUNDS / 2], times[ROUNDS * 99 / 100]);
        writeln!(out, "{name} at 10,000 nodes: p50 {p50} us, p99 {p99} us")?;
    }
    Ok(())
}

/// Returns what the allocator keeps of freed memory to the system, so that it is not taken for free
/// room of the next measurement.
#[allow(unsafe_code, reason = "a call of the C library without arguments that could be wrong")]
fn give_back() {
    // SAFETY: malloc_trim may be called at any time.
    let _ = unsafe { libc::malloc_trim(0) };
}

/// The memory of this process, in bytes.
fn resident() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}
