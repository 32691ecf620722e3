//! The replay itself.

use std::collections::BTreeMap;

use quantix_core::{
    MemoryMib, Millicores,
    cluster::{Cluster, NumaPolicy, Vm},
};
use serde_json::json;

use super::{Fleet, HOSTS_MAX, Point, SERIES_POINTS_MAX, SimulateError, Simulation, Utilisation};
use super::{Trace, host_id, series::Series};
use crate::{
    bound::{Bound, Kind, fewest},
    engine::Engine,
    policy::{Pipeline, Policy},
    snapshot::{ShapeId, Snapshot},
};

/// Replays a trace on equal hosts.
///
/// Machines are placed one by one as they arrive, by the policy, which does not know when they will
/// depart; at one moment departures come before arrivals. A machine that fits nowhere is rejected
/// for good. Hosts with several NUMA cells take a machine within one cell where it fits an empty
/// one, else in equal parts, unless the trace has a column `numa`.
///
/// # Errors
/// When the policy is invalid, or a host or machine is larger than any is.
pub fn simulate(
    trace: &Trace,
    fleet: &Fleet,
    policy: &Policy,
) -> Result<Simulation, SimulateError> {
    if fleet.hosts.get() > HOSTS_MAX {
        return Err(SimulateError::TooManyHosts(fleet.hosts.get()));
    }
    let snapshot = Snapshot::build(&cluster(fleet))?;
    let mut engine = Engine::new(snapshot, Pipeline::new(policy)?);
    let shapes = shapes(&mut engine, trace, fleet)?;
    let mut run = Run::new(engine, fleet);
    for event in events(trace) {
        run.step(trace, &shapes, event);
    }
    Ok(run.finish(policy))
}

/// Equal empty hosts.
fn cluster(fleet: &Fleet) -> Cluster {
    let cells = u64::from(fleet.numa.get());
    let (cpu, memory) = (fleet.cpu_milli.get(), fleet.memory_mib.get());
    let cell = quantix_core::cluster::NumaCell {
        cpu_milli: Millicores(cpu / cells),
        memory_mib: MemoryMib(memory / cells),
    };
    let numa = if cells > 1 { vec![cell; fleet.numa.get() as usize] } else { Vec::new() };
    let node = |id| {
        let node = json!({"id": id, "cpu_milli": cpu, "memory_mib": memory, "numa": numa});
        serde_json::from_value(node).ok()
    };
    let ids = (1..=fleet.hosts.get()).filter_map(host_id);
    Cluster { nodes: ids.filter_map(node).collect(), ..Cluster::default() }
}

fn shapes(
    engine: &mut Engine,
    trace: &Trace,
    fleet: &Fleet,
) -> Result<Vec<ShapeId>, SnapshotError> {
    let cells = u64::from(fleet.numa.get());
    let mut shapes = Vec::with_capacity(trace.len());
    for stay in &trace.stays {
        if cells == 1 || stay.numa_given {
            shapes.push(engine.shape(&stay.vm)?);
            continue;
        }
        let fits = stay.vm.cpu_milli.0 <= fleet.cpu_milli.get() / cells
            && stay.vm.memory_mib.0 <= fleet.memory_mib.get() / cells;
        let numa = if fits { NumaPolicy::Single } else { NumaPolicy::Even };
        shapes.push(engine.shape(&Vm { numa, ..stay.vm.clone() })?);
    }
    Ok(shapes)
}

type SnapshotError = crate::snapshot::SnapshotError;

/// An arrival or a departure of a machine, given by its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: i64,
    /// Departures first.
    arrives: bool,
    row: usize,
}

fn events(trace: &Trace) -> Vec<Event> {
    let mut events = Vec::with_capacity(2 * trace.len());
    for (row, stay) in trace.stays.iter().enumerate() {
        events.push(Event { at: stay.arrival, arrives: true, row });
        // A machine that departs as it arrives takes no room at any time, but must be placed.
        let departs = stay.departure.map(|at| at.max(stay.arrival.saturating_add(1)));
        events.extend(departs.map(|at| Event { at, arrives: false, row }));
    }
    events.sort_unstable();
    events
}

/// Machines by CPU and memory.
type Kinds = BTreeMap<(u64, u64), u64>;

struct Run {
    engine: Engine,
    /// CPU and memory of the whole fleet.
    all: (u128, u128),
    used: (u128, u128),
    hosts_used: u32,
    /// Machines by CPU and memory, now and when the larger of their shares was largest.
    kinds: Kinds,
    at_peak: Kinds,
    most_load: u128,
    host: (u64, u64),
    result: Simulation,
    /// The start and the end of what was accounted for so far.
    span: Option<(i64, i64)>,
    /// Used amounts times microseconds.
    area: (u128, u128),
    peak: (u128, u128),
    series: Series<Point>,
}

impl Run {
    fn new(engine: Engine, fleet: &Fleet) -> Self {
        let hosts = u128::from(fleet.hosts.get());
        let all =
            (hosts * u128::from(fleet.cpu_milli.get()), hosts * u128::from(fleet.memory_mib.get()));
        let result = Simulation {
            accepted: 0,
            rejected: 0,
            first_rejection_at: None,
            first_rejected: None,
            peak_hosts_used: 0,
            utilisation: Utilisation::default(),
            bound: None,
            policy: String::new(),
            series: Vec::new(),
        };
        let (zero, series) = ((0, 0), Series::new(SERIES_POINTS_MAX));
        Self {
            engine,
            all,
            used: zero,
            hosts_used: 0,
            kinds: Kinds::new(),
            at_peak: Kinds::new(),
            most_load: 0,
            host: (fleet.cpu_milli.get(), fleet.memory_mib.get()),
            result,
            span: None,
            area: zero,
            peak: zero,
            series,
        }
    }

    fn step(&mut self, trace: &Trace, shapes: &[ShapeId], event: Event) {
        self.account(event.at);
        let vm = &trace.stays[event.row].vm;
        let size = (u128::from(vm.cpu_milli.0), u128::from(vm.memory_mib.0));
        if event.arrives {
            self.arrive(vm, shapes[event.row], event, size);
        } else if let Ok(node) = self.engine.remove(&vm.id) {
            self.used = (self.used.0 - size.0, self.used.1 - size.1);
            if let Some(count) = self.kinds.get_mut(&(vm.cpu_milli.0, vm.memory_mib.0)) {
                *count -= 1;
            }
            self.hosts_used -= u32::from(self.engine.snapshot().candidate(node).vm_count() == 0);
        }
        let point = Point {
            at: seconds(event.at),
            cpu: part(self.used.0, self.all.0),
            memory: part(self.used.1, self.all.1),
            hosts: self.hosts_used,
        };
        self.series.push(point);
    }

    fn arrive(&mut self, vm: &Vm, shape: ShapeId, event: Event, size: (u128, u128)) {
        self.engine.expect(shape);
        let Ok(Some(choice)) = self.engine.place(&vm.id, shape) else {
            self.result.rejected += 1;
            if self.result.first_rejected.is_none() {
                self.result.first_rejected = Some(vm.id.clone());
                self.result.first_rejection_at = Some(seconds(event.at));
            }
            return;
        };
        self.result.accepted += 1;
        *self.kinds.entry((vm.cpu_milli.0, vm.memory_mib.0)).or_default() += 1;
        self.used = (self.used.0 + size.0, self.used.1 + size.1);
        self.peak = (self.peak.0.max(self.used.0), self.peak.1.max(self.used.1));
        self.hosts_used += u32::from(self.engine.snapshot().candidate(choice.node).vm_count() == 1);
        self.result.peak_hosts_used = self.result.peak_hosts_used.max(self.hosts_used);
        let load = (self.used.0 * self.all.1).max(self.used.1 * self.all.0);
        if load > self.most_load {
            self.most_load = load;
            self.at_peak.clone_from(&self.kinds);
        }
    }

    /// Adds the time since the last event.
    fn account(&mut self, now: i64) {
        let (start, last) = self.span.unwrap_or((now, now));
        let passed = u128::from(now.abs_diff(last));
        self.area.0 += self.used.0 * passed;
        self.area.1 += self.used.1 * passed;
        self.span = Some((start, now));
    }

    fn finish(mut self, policy: &Policy) -> Simulation {
        let (start, end) = self.span.unwrap_or_default();
        let time = u128::from(end.abs_diff(start));
        self.result.utilisation = Utilisation {
            cpu_mean: part(self.area.0, self.all.0 * time),
            cpu_peak: part(self.peak.0, self.all.0),
            memory_mean: part(self.area.1, self.all.1 * time),
            memory_peak: part(self.peak.1, self.all.1),
        };
        let kind = |(&(cpu, memory), &count): (&(u64, u64), &u64)| Kind { cpu, memory, count };
        let kinds: Vec<Kind> = self.at_peak.iter().map(kind).collect();
        let hosts = fewest(&kinds, self.host.0, self.host.1);
        self.result.bound =
            (hosts > 0).then(|| Bound::with_used(hosts, self.result.peak_hosts_used));
        self.result.policy.clone_from(&policy.name);
        self.result.series = self.series.points;
        self.result
    }
}

/// A part of a whole with six decimals, from integers, so that every platform prints the same.
fn part(some: u128, all: u128) -> f64 {
    let millionths = (some * 1_000_000).checked_div(all).unwrap_or(0);
    f64::from(u32::try_from(millionths).unwrap_or(u32::MAX)) / 1e6
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of a trace fit into 53 bits")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
