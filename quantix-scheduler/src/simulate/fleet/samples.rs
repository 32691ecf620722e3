//! What is looked at from time to time: demand, room, power.

use super::{
    config::FleetConfig,
    run::{Event, Run},
    totals::{FleetPoint, FleetReport},
    world::HostState,
};
use crate::{
    place::PlaceError,
    simulate::{SERIES_POINTS_MAX, series::Series},
    snapshot::NodeIndex,
};

/// Sums over the samples, each times its milliseconds.
#[derive(Debug)]
pub(super) struct Samples {
    /// The largest size, by memory, then by CPU.
    largest: (u64, u64),
    ms: u128,
    wanted: u128,
    unmet: u128,
    overloaded_ms: u128,
    cpu_promised: u128,
    memory_promised: u128,
    cpu_used: u128,
    stranded: u128,
    watts: u128,
    stand_by: u128,
    series: Series<FleetPoint>,
}

impl Samples {
    pub(super) fn new(config: &FleetConfig) -> Self {
        let sizes = config.machines.sizes.iter().filter(|size| size.weight > 0);
        let largest = sizes.map(|size| (size.memory_mib.0, size.cpu_milli.0)).max();
        Self {
            largest: largest.unwrap_or_default(),
            ms: 0,
            wanted: 0,
            unmet: 0,
            overloaded_ms: 0,
            cpu_promised: 0,
            memory_promised: 0,
            cpu_used: 0,
            stranded: 0,
            watts: 0,
            stand_by: 0,
            series: Series::new(SERIES_POINTS_MAX),
        }
    }

    pub(super) fn close(self, report: &mut FleetReport) {
        let mean = |sum: u128| u64::try_from(sum / self.ms.max(1)).unwrap_or(u64::MAX);
        let hours = |sum: u128| u64::try_from(sum / 3_600_000).unwrap_or(u64::MAX);
        let cores = |sum: u128| u64::try_from(sum / 1_000_000).unwrap_or(u64::MAX);
        report.demand.wanted_core_seconds = cores(self.wanted);
        report.demand.unmet_core_seconds = cores(self.unmet);
        report.demand.unmet_ppm = ppm(self.unmet, self.wanted);
        report.demand.overloaded_host_hours = hours(self.overloaded_ms);
        let full = &mut report.utilisation;
        full.cpu_promised_mean_ppm = mean(self.cpu_promised);
        full.memory_promised_mean_ppm = mean(self.memory_promised);
        full.cpu_used_mean_ppm = mean(self.cpu_used);
        full.stranded_mean_ppm = mean(self.stranded);
        report.power.watt_hours = hours(self.watts);
        report.power.stand_by_host_hours = hours(self.stand_by);
        report.series = self.series.points;
    }
}

fn ppm(part: u128, all: u128) -> u64 {
    u64::try_from(part * 1_000_000 / all.max(1)).unwrap_or(u64::MAX)
}

/// What one look at all hosts finds.
#[derive(Default)]
struct Look {
    wanted: u128,
    unmet: u128,
    overloaded: u128,
    /// Real CPU of hosts that run.
    real: u128,
    /// What ready hosts can promise and have promised: CPU, memory.
    can: (u128, u128),
    promised: (u128, u128),
    free: u128,
    stranded: u128,
    watts: u128,
    stand_by: u128,
    ready: u32,
    used: u32,
}

impl Run<'_> {
    pub(super) fn sample(&mut self, number: u64) -> Result<(), PlaceError> {
        let step = self.config.sample_seconds * 1000;
        if self.lost_waiting {
            self.restart_lost()?;
        }
        self.retry();
        if !self.waiting.is_empty() {
            self.wake_one();
        }
        let look = self.look(number);
        self.count(&look, u128::from(step.min(self.end - self.now)));
        self.at(self.now + step, Event::Sample(number + 1));
        Ok(())
    }

    fn look(&self, number: u64) -> Look {
        let mut look = Look::default();
        let world = &self.world;
        for (at, host) in (0..).zip(&world.hosts) {
            look.used += u32::from(!host.machines.is_empty());
            match host.state {
                HostState::Down => continue,
                HostState::StandBy => {
                    look.stand_by += 1;
                    continue;
                }
                HostState::Ready | HostState::Draining | HostState::Working | HostState::Waking => {
                }
            }
            let up = host.machines.iter().filter(|&&row| world.lives[row as usize].up);
            let wanted: u64 = up.map(|&row| world.population.demand(row, number)).sum();
            let used = wanted.min(host.cpu);
            look.wanted += u128::from(wanted);
            look.unmet += u128::from(wanted - used);
            look.overloaded += u128::from(wanted > used);
            look.real += u128::from(host.cpu);
            let (idle, full) = host.watts;
            look.watts += u128::from(idle)
                + u128::from(full - idle) * u128::from(used) / u128::from(host.cpu);
            if host.state != HostState::Ready {
                continue;
            }
            let node = world.engine.snapshot().candidate(NodeIndex(at));
            let (cpu, memory) = (node.free_cpu_milli(), node.free_memory_mib());
            look.ready += 1;
            look.can.0 += u128::from(node.cpu_milli());
            look.can.1 += u128::from(node.memory_mib());
            look.promised.0 += u128::from(node.cpu_milli().saturating_sub(cpu));
            look.promised.1 += u128::from(node.memory_mib().saturating_sub(memory));
            look.free += u128::from(memory);
            let (largest_memory, largest_cpu) = self.samples.largest;
            if memory < largest_memory || cpu < largest_cpu {
                look.stranded += u128::from(memory);
            }
        }
        look
    }

    fn count(&mut self, look: &Look, ms: u128) {
        let report = &mut self.world.report;
        let point = FleetPoint {
            at_seconds: self.now / 1000,
            machines: self.world.placed,
            waiting: self.waiting.len() as u64,
            down: self.world.down,
            rejected: report.machines.rejected,
            hosts_ready: look.ready,
            hosts_used: look.used,
            cpu_promised_ppm: ppm(look.promised.0, look.can.0),
            memory_promised_ppm: ppm(look.promised.1, look.can.1),
            cpu_used_ppm: ppm(look.wanted - look.unmet, look.real),
            unmet_ppm: ppm(look.unmet, look.wanted),
            moves: report.moves.balance + report.moves.drain,
            copied_mib: report.moves.copied_mib,
            watts: u64::try_from(look.watts).unwrap_or(u64::MAX),
            stranded_ppm: ppm(look.stranded, look.free),
        };
        let sums = &mut self.samples;
        sums.ms += ms;
        sums.wanted += look.wanted * ms;
        sums.unmet += look.unmet * ms;
        sums.overloaded_ms += look.overloaded * ms;
        sums.cpu_promised += u128::from(point.cpu_promised_ppm) * ms;
        sums.memory_promised += u128::from(point.memory_promised_ppm) * ms;
        sums.cpu_used += u128::from(point.cpu_used_ppm) * ms;
        sums.stranded += u128::from(point.stranded_ppm) * ms;
        sums.watts += look.watts * ms;
        sums.stand_by += look.stand_by * ms;
        let full = &mut report.utilisation;
        full.cpu_promised_peak_ppm = full.cpu_promised_peak_ppm.max(point.cpu_promised_ppm);
        full.memory_promised_peak_ppm =
            full.memory_promised_peak_ppm.max(point.memory_promised_ppm);
        full.cpu_used_peak_ppm = full.cpu_used_peak_ppm.max(point.cpu_used_ppm);
        full.hosts_used_peak = full.hosts_used_peak.max(point.hosts_used);
        sums.series.push(point);
    }
}
