//! Whether a config can be simulated.

use super::{
    HOST_COUNT_MAX, MACHINES_MAX, SAMPLES_MAX, SECONDS_MAX,
    config::{FleetConfig, MachineSize},
};
use crate::snapshot::{CPU_MILLI_MAX, Faults, MEMORY_MIB_MAX, SnapshotError};

/// The faults of a config, each with its path.
pub(super) fn check(config: &FleetConfig) -> Result<(), SnapshotError> {
    let mut faults = Faults::default();
    let mut range = |path: String, value: u64, least: u64, most: u64| {
        if !(least..=most).contains(&value) {
            let message = format!("{value}, expected {least} to {most}");
            faults.error("invalid-config", format!("config.{path}"), message);
        }
    };
    range("duration_seconds".to_owned(), config.duration_seconds, 1, SECONDS_MAX);
    range("sample_seconds".to_owned(), config.sample_seconds, 1, SECONDS_MAX);
    let samples = config.duration_seconds / config.sample_seconds.max(1);
    range("sample_seconds: samples".to_owned(), samples, 0, SAMPLES_MAX);
    let hosts = config.hosts.iter().map(|group| u64::from(group.count)).sum();
    range("hosts: number of them".to_owned(), hosts, 1, HOST_COUNT_MAX);
    for (at, group) in config.hosts.iter().enumerate() {
        let path = |field: &str| format!("hosts[{at}].{field}");
        range(path("cpu_milli"), group.cpu_milli.0, 1, CPU_MILLI_MAX);
        range(path("memory_mib"), group.memory_mib.0, 1, MEMORY_MIB_MAX);
        range(path("hosts_per_rack"), group.hosts_per_rack.into(), 1, HOST_COUNT_MAX);
        range(path("watts_full"), group.watts_full.into(), group.watts_idle.into(), 1 << 20);
    }
    let machines = &config.machines;
    let arrivals = u128::from(machines.arrivals_per_day) * u128::from(config.duration_seconds);
    let arrivals = u64::try_from(arrivals / 86_400).unwrap_or(u64::MAX);
    let all = arrivals.saturating_add(machines.at_start.into());
    range("machines: number of them".to_owned(), all, 0, MACHINES_MAX);
    range("machines.queue_seconds".to_owned(), machines.queue_seconds, 0, SECONDS_MAX);
    let weights = machines.sizes.iter().map(|size| u64::from(size.weight)).sum();
    range("machines.sizes: sum of the weights".to_owned(), weights, 1, 1 << 32);
    for (at, size) in machines.sizes.iter().enumerate() {
        check_size(&format!("machines.sizes[{at}]"), size, &mut range);
    }
    let failures = &config.failures;
    range("failures.host_days".to_owned(), failures.host_days, 0, 1_000_000);
    range("failures.rack_days".to_owned(), failures.rack_days, 0, 1_000_000);
    range("failures.host_repair_seconds".to_owned(), failures.host_repair_seconds, 1, SECONDS_MAX);
    range("failures.rack_repair_seconds".to_owned(), failures.rack_repair_seconds, 1, SECONDS_MAX);
    for (at, planned) in failures.planned.iter().enumerate() {
        let path = |field: &str| format!("failures.planned[{at}].{field}");
        range(path("at_seconds"), planned.at_seconds, 0, SECONDS_MAX);
        range(path("repair_seconds"), planned.repair_seconds, 1, SECONDS_MAX);
    }
    if let Some(maintenance) = &config.maintenance {
        range("maintenance.start_seconds".to_owned(), maintenance.start_seconds, 0, SECONDS_MAX);
        range("maintenance.work_seconds".to_owned(), maintenance.work_seconds, 1, SECONDS_MAX);
    }
    if let Some(balance) = &config.balance {
        range("balance.every_seconds".to_owned(), balance.every_seconds, 1, SECONDS_MAX);
        range("balance.wake_seconds".to_owned(), balance.wake_seconds, 1, SECONDS_MAX);
    }
    let ha = &config.ha;
    range("ha.detect_seconds".to_owned(), ha.detect_seconds, 1, SECONDS_MAX);
    range("ha.operator_seconds".to_owned(), ha.operator_seconds.unwrap_or(0), 0, SECONDS_MAX);
    range("ha.settings.start_ms".to_owned(), ha.settings.start_ms, 1, SECONDS_MAX);
    range("ha.admission_every_seconds".to_owned(), ha.admission_every_seconds, 1, SECONDS_MAX);
    ours(config, &mut faults);
    faults.finish().map(drop)
}

fn check_size(path: &str, size: &MachineSize, range: &mut impl FnMut(String, u64, u64, u64)) {
    range(format!("{path}.cpu_milli"), size.cpu_milli.0, 1, CPU_MILLI_MAX);
    range(format!("{path}.memory_mib"), size.memory_mib.0, 1, MEMORY_MIB_MAX);
    range(format!("{path}.lifetime_seconds"), size.lifetime_seconds, 0, SECONDS_MAX);
    range(format!("{path}.copies"), size.copies.into(), 1, 1_000);
    let demand = &size.demand;
    for (field, value) in [
        ("mean_ppm", demand.mean_ppm),
        ("daily_ppm", demand.daily_ppm),
        ("noise_ppm", demand.noise_ppm),
    ] {
        range(format!("{path}.demand.{field}"), value, 0, 1_000_000);
    }
    range(format!("{path}.demand.peak_seconds"), demand.peak_seconds, 0, 86_400);
}

/// What the simulator fills in may not be given.
fn ours(config: &FleetConfig, faults: &mut Faults) {
    let mut filled = |path: &str, given: bool| {
        if given {
            let message = "the simulator fills this in: leave it out".to_owned();
            faults.error("invalid-config", format!("config.{path}"), message);
        }
    };
    if let Some(balance) = &config.balance {
        let settings = &balance.settings;
        let history = &settings.history;
        filled(
            "balance.settings.history",
            !history.cpu_milli.is_empty() || !history.memory_mib.is_empty(),
        );
        filled("balance.settings.moved_seconds_ago", !settings.moved_seconds_ago.is_empty());
        filled("balance.settings.stand_by", !settings.stand_by.is_empty());
    }
    if let Some(maintenance) = &config.maintenance {
        let settings = &maintenance.settings;
        filled(
            "maintenance.settings.nodes",
            !settings.nodes.is_empty() || !settings.racks.is_empty(),
        );
        filled("maintenance.settings.order", settings.order != crate::plan::DrainOrder::Together);
    }
    let settings = &config.ha.settings;
    filled("ha.settings.nodes", !settings.nodes.is_empty() || !settings.racks.is_empty());
    filled("ha.settings.evidence", !settings.evidence.is_empty());
    filled("ha.settings.fleet", settings.fleet.is_some());
}
