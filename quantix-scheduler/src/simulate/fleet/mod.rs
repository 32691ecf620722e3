//! A generated fleet in virtual time: arrivals, demand, failures and maintenance, run by the planners.

mod chance;
mod check;
mod config;
mod failures;
mod flight;
mod page;
mod population;
mod run;
mod samples;
#[cfg(test)]
mod tests;
mod totals;
mod world;

use crate::place::PlaceError;

pub use config::{
    BalanceConfig, Batch, DemandConfig, FailureConfig, Fencing, FleetConfig, HaConfig, HostGroup,
    MachineSize, MachinesConfig, MaintenanceConfig, PlannedFailure,
};
pub use page::fleet_html;
pub use totals::{
    DemandTotals, FleetEvent, FleetPoint, FleetReport, FleetUtilisation, HaTotals, LogEntry,
    MachineTotals, MaintenanceTotals, MoveTotals, PowerTotals,
};

/// The most hosts of a fleet.
pub const HOST_COUNT_MAX: u64 = 100_000;
/// The most machines that may be expected to arrive.
pub const MACHINES_MAX: u64 = 2_000_000;
/// The longest time in a config: ten years, in seconds.
pub const SECONDS_MAX: u64 = 315_360_000;
/// The most samples of a simulation.
pub const SAMPLES_MAX: u64 = 1_000_000;
/// The most events of a log.
pub const LOG_MAX: usize = 1_000_000;

/// Runs a generated fleet in virtual time.
///
/// Machines arrive, use CPU by a daily curve with noise, and depart; hosts and racks fail and are
/// repaired; hosts are emptied and worked on. Machines are placed, balanced, moved away and restarted
/// by the planners that production asks, by the policies of the config, and every move holds both
/// rooms until it is done and is asked for by every filter again when it begins. `progress` is told
/// the virtual seconds that are over, and all of them. The same config gives the same bytes everywhere.
///
/// # Errors
/// When the config has faults, each with its path.
///
/// # Example
/// ```
/// use quantix_scheduler::{FleetConfig, simulate_fleet};
/// let config: FleetConfig = serde_json::from_str(
///     r#"{"hosts": [{"count": 10}], "machines": {"at_start": 100, "arrivals_per_day": 20}}"#,
/// )?;
/// let report = simulate_fleet(&config, &mut |_, _| {})?;
/// let machines = &report.machines;
/// assert_eq!(
///     machines.arrived,
///     machines.running + machines.down + machines.waiting + machines.rejected + machines.departed
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn simulate_fleet(
    config: &FleetConfig,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<FleetReport, PlaceError> {
    check::check(config)?;
    run::Run::new(config)?.go(progress)
}
