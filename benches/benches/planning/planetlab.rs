//! PlanetLab days: demand that changes every five minutes, and policies that follow it.

use std::{collections::BTreeMap, io::Write, process::Command};

use quantix_core::{
    NodeKey,
    cluster::{Cluster, PlacedVm},
};
use quantix_scheduler::{
    Policy,
    plan::{BalanceRequest, Planner},
};
use serde_json::json;

use crate::{Outcome, corpus, fleet::Random};

const SCRIPT: &str = include_str!("planetlab.py");
const HOSTS: usize = 13;
const LOAD_PERCENT: u64 = 78;
/// A machine that moved stays for an hour.
const HOLD: usize = 12;
/// What the simple rule calls too much, in percent.
const HOT: u64 = 90;

/// One day: demand by machine, in thousandths of a core.
struct Day {
    name: String,
    demand: Vec<Vec<u64>>,
}

pub(crate) fn report(out: &mut impl Write) -> Outcome<()> {
    let file = corpus().join("scheduler/planetlab_cpu_5min.npz");
    if !file.exists() {
        return Ok(writeln!(out, "corpus: absent ({})", file.display())?);
    }
    writeln!(out, "\nPlanetLab, {HOSTS} hosts at {LOAD_PERCENT} % load")?;
    writeln!(out, "{:<10}{:<22}{:>10}{:>8}{:>9}", "day", "policy", "unmet %", "moves", "TiB")?;
    for day in read(&file)? {
        for (name, rule) in [
            ("none", Rule::None),
            ("simple cost/benefit", Rule::Simple),
            ("balance", Rule::Balance),
        ] {
            let run = Run::new(&day)?.follow(rule)?;
            writeln!(
                out,
                "{:<10}{name:<22}{:>10.4}{:>8}{:>9.3}",
                day.name, run.unmet_percent, run.moves, run.tib
            )?;
        }
    }
    Ok(())
}

fn read(file: &std::path::Path) -> Outcome<Vec<Day>> {
    let output = Command::new("python3").args(["-c", SCRIPT]).arg(file).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let mut rest = output.stdout.as_slice();
    let mut days = Vec::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|&byte| byte == b'\n').ok_or("no header")?;
        let header = std::str::from_utf8(&rest[..end])?;
        let words: Vec<&str> = header.split(' ').collect();
        let [name, machines, samples] = words[..] else { return Err("a header of three".into()) };
        let (machines, samples): (usize, usize) = (machines.parse()?, samples.parse()?);
        let body = &rest[end + 1..end + 1 + machines * samples];
        let row = |row: &[u8]| row.iter().map(|&percent| u64::from(percent) * 10).collect();
        days.push(Day { name: name.to_owned(), demand: body.chunks(samples).map(row).collect() });
        rest = &rest[end + 1 + machines * samples..];
    }
    Ok(days)
}

#[derive(Clone, Copy)]
enum Rule {
    None,
    Simple,
    Balance,
}

struct Result {
    unmet_percent: f64,
    moves: usize,
    tib: f64,
}

struct Run<'a> {
    day: &'a Day,
    cluster: Cluster,
    memory: Vec<u64>,
    /// CPU of a host.
    cpu: u64,
    at: Vec<usize>,
    moved: Vec<Option<usize>>,
}

impl<'a> Run<'a> {
    fn new(day: &'a Day) -> Outcome<Self> {
        let mut random = Random(7);
        let sizes = [1u64, 1, 2, 2, 4, 4, 8, 8, 16, 32];
        let memory: Vec<u64> =
            day.demand.iter().map(|_| 1024 * sizes[random.below(sizes.len())]).collect();
        let samples = day.demand.first().map_or(1, Vec::len) as u64;
        let sum: u64 = day.demand.iter().flatten().sum();
        let cpu = sum / samples * 100 / (HOSTS as u64 * LOAD_PERCENT);
        let room = memory.iter().sum::<u64>() * 13 / 10 / HOSTS as u64;
        let host = |at: usize| json!({"id": host_id(at), "cpu_milli": cpu, "memory_mib": room, "overcommit": {"cpu": 100}});
        let hosts: Vec<_> = (0..HOSTS).map(host).collect();
        let cluster = serde_json::from_value(json!({"nodes": hosts}))?;
        let at = (0..day.demand.len()).map(|vm| vm % HOSTS).collect();
        let moved = vec![None; day.demand.len()];
        Ok(Self { day, cluster, memory, cpu, at, moved })
    }

    fn follow(mut self, rule: Rule) -> Outcome<Result> {
        let samples = self.day.demand.first().map_or(0, Vec::len);
        let (mut unmet, mut wanted) = (0u64, 0u64);
        let (mut moves, mut copied) = (0, 0u64);
        for now in 0..samples {
            let used = self.used(now);
            unmet += used.iter().map(|used| used.saturating_sub(self.cpu)).sum::<u64>();
            wanted += used.iter().sum::<u64>();
            if now < 3 {
                continue;
            }
            let chosen = match rule {
                Rule::None => Vec::new(),
                Rule::Simple => self.simple(now),
                Rule::Balance => self.plan(now)?,
            };
            for (vm, to) in chosen {
                self.at[vm] = to;
                self.moved[vm] = Some(now);
                moves += 1;
                copied += self.memory[vm];
            }
        }
        let unmet_percent = 100.0 * unmet as f64 / wanted.max(1) as f64;
        Ok(Result { unmet_percent, moves, tib: copied as f64 / (1 << 20) as f64 })
    }

    fn used(&self, now: usize) -> Vec<u64> {
        let mut used = vec![0; HOSTS];
        for (vm, &at) in self.at.iter().enumerate() {
            used[at] += self.day.demand[vm][now];
        }
        used
    }

    fn window(now: usize) -> std::ops::RangeInclusive<usize> {
        now.saturating_sub(11)..=now
    }

    /// Every host above 90 % on the mean of an hour sends the machine away that relieves it most per
    /// GiB, to the least used host, where both then differ less.
    fn simple(&self, now: usize) -> Vec<(usize, usize)> {
        let window = Self::window(now);
        let mean = |vm: usize| {
            let window = &self.day.demand[vm][window.clone()];
            window.iter().sum::<u64>() / window.len() as u64
        };
        let mut used = [0u64; HOSTS];
        for (vm, &at) in self.at.iter().enumerate() {
            used[at] += mean(vm);
        }
        let mut chosen = Vec::new();
        for from in 0..HOSTS {
            if used[from] * 100 <= self.cpu * HOT {
                continue;
            }
            let Some(to) = (0..HOSTS).min_by_key(|&host| used[host]) else { continue };
            let free = |vm: &usize| {
                self.at[*vm] == from && self.moved[*vm].is_none_or(|at| now - at >= HOLD)
            };
            let helps = |vm: &usize| used[to] + mean(*vm) < used[from];
            let worth = |vm: &usize| mean(*vm) * 1024 / self.memory[*vm];
            if let Some(vm) = (0..self.at.len()).filter(free).filter(helps).max_by_key(worth) {
                used[from] -= mean(vm);
                used[to] += mean(vm);
                chosen.push((vm, to));
            }
        }
        chosen
    }

    fn plan(&mut self, now: usize) -> Outcome<Vec<(usize, usize)>> {
        let window = Self::window(now);
        let vm = |vm: usize| -> Outcome<PlacedVm> {
            Ok(serde_json::from_value(json!({
                "id": vm_id(vm), "node": host_id(self.at[vm]), "cpu_milli": 1000, "memory_mib": self.memory[vm],
            }))?)
        };
        self.cluster.vms = (0..self.at.len()).map(vm).collect::<Outcome<_>>()?;
        let history: BTreeMap<String, &[u64]> = (0..self.at.len())
            .map(|vm| (vm_id(vm), &self.day.demand[vm][window.clone()]))
            .collect();
        let moved: BTreeMap<String, usize> = (0..self.at.len())
            .filter_map(|vm| Some((vm_id(vm), (now - self.moved[vm]?) * 300)))
            .collect();
        let request: BalanceRequest = serde_json::from_value(json!({
            "history": {"cpu_milli": history}, "moved_seconds_ago": moved, "budget": {"moves": 4},
            // An idle copy of the memory, as the simple rule counts it.
            "limits": {"downtime_ms": 1_000_000},
        }))?;
        let plan = Planner::new(&self.cluster, &Policy::default())?.balance(&request)?;
        let number =
            |id: &str| id.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<usize>();
        let number_of = |id: &NodeKey| number(id.as_str());
        plan.moves
            .iter()
            .map(|each| Ok((number(each.vm.as_str())?, number_of(&each.to)?)))
            .collect()
    }
}

fn host_id(at: usize) -> String {
    format!("host-{at:02}")
}

fn vm_id(at: usize) -> String {
    format!("vm-{at:04}")
}
