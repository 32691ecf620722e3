//! What a simulation of a fleet answers with.

use quantix_core::{NodeKey, VmKey};
use serde::Serialize;

/// What a simulation of a fleet showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FleetReport {
    /// The policy that placed.
    pub policy: String,
    /// The seed.
    pub seed: u64,
    /// How long, in virtual seconds.
    pub duration_seconds: u64,
    /// How many hosts there are.
    pub hosts: u32,
    /// What became of the machines.
    pub machines: MachineTotals,
    /// What they wanted and got.
    pub demand: DemandTotals,
    /// How full the hosts were.
    pub utilisation: FleetUtilisation,
    /// What moved.
    pub moves: MoveTotals,
    /// What failed and restarted.
    pub ha: HaTotals,
    /// What was worked on.
    pub maintenance: MaintenanceTotals,
    /// What it took.
    pub power: PowerTotals,
    /// The course of it, in at most [`SERIES_POINTS_MAX`](crate::SERIES_POINTS_MAX) points.
    pub series: Vec<FleetPoint>,
    /// Every event, where the config asks for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<LogEntry>,
    /// Events that are not in the log, because it was full.
    #[serde(skip_serializing_if = "is_zero")]
    pub log_left_out: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What became of the machines: those that arrived are running, down, waiting, rejected or departed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MachineTotals {
    /// Arrived, those at the start among them.
    pub arrived: u64,
    /// Got a host.
    pub placed: u64,
    /// Gave up waiting for one.
    pub rejected: u64,
    /// Departed from a host.
    pub departed: u64,
    /// Run at the end.
    pub running: u64,
    /// Are down at the end: lost, or starting.
    pub down: u64,
    /// Wait for a host at the end.
    pub waiting: u64,
    /// The most that waited at one time.
    pub waiting_most: u64,
    /// How long all of them waited together, in seconds.
    pub waited_seconds: u64,
}

/// CPU that machines that run wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DemandTotals {
    /// In core seconds.
    pub wanted_core_seconds: u64,
    /// What their hosts did not have, in core seconds.
    pub unmet_core_seconds: u64,
    /// The same as a part of what was wanted, in millionths.
    pub unmet_ppm: u64,
    /// Hours of hosts whose machines wanted more than the host has.
    pub overloaded_host_hours: u64,
}

/// How full the hosts that take machines were, in millionths, over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FleetUtilisation {
    /// Mean CPU promised, of what can be promised.
    pub cpu_promised_mean_ppm: u64,
    /// The most.
    pub cpu_promised_peak_ppm: u64,
    /// Mean memory promised.
    pub memory_promised_mean_ppm: u64,
    /// The most.
    pub memory_promised_peak_ppm: u64,
    /// Mean CPU used, of what there is.
    pub cpu_used_mean_ppm: u64,
    /// The most.
    pub cpu_used_peak_ppm: u64,
    /// Mean part of the free memory that is on hosts which do not take the largest size.
    pub stranded_mean_ppm: u64,
    /// The most hosts with machines at one time.
    pub hosts_used_peak: u32,
}

/// What moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MoveTotals {
    /// Plans that balanced.
    pub balance_plans: u64,
    /// Plans that were due while machines moved, and left out.
    pub balance_postponed: u64,
    /// Moves begun for balance.
    pub balance: u64,
    /// Moves begun for maintenance.
    pub drain: u64,
    /// Moves that were planned and not begun, since the cluster was another by then.
    pub dropped: u64,
    /// Moves that were begun and undone, since one of the hosts failed.
    pub undone: u64,
    /// Memory over the links, in MiB.
    pub copied_mib: u64,
    /// How long machines stood still for moves, in milliseconds.
    pub downtime_ms: u64,
}

/// What failed and restarted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HaTotals {
    /// Failures of hosts, those of racks among them.
    pub host_failures: u64,
    /// Failures of racks.
    pub rack_failures: u64,
    /// Machines that went down with their host.
    pub lost: u64,
    /// Restarts on another host.
    pub restarted: u64,
    /// Restarts on the same host, once it was back.
    pub restarted_in_place: u64,
    /// Plans during which the breaker was open.
    pub breaker_open: u64,
    /// How long machines were down, in seconds.
    pub down_seconds: u64,
    /// The longest that one was, in seconds.
    pub longest_down_seconds: u64,
    /// The part of the time on hosts that machines were not down, in millionths.
    pub availability_ppm: u64,
    /// How often admission was asked.
    pub admission_asked: u64,
    /// How often it said yes.
    pub admission_granted: u64,
}

/// What was worked on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MaintenanceTotals {
    /// Hosts that were emptied, worked on and ready again.
    pub hosts_done: u64,
    /// Hosts that could not be emptied, or were down.
    pub hosts_blocked: u64,
    /// Hosts that are in work or still to come at the end.
    pub hosts_left: u64,
}

/// What it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PowerTotals {
    /// Energy, in watt hours.
    pub watt_hours: u64,
    /// Hours of hosts that stood by.
    pub stand_by_host_hours: u64,
}

/// One moment of a simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FleetPoint {
    /// Seconds from the start.
    pub at_seconds: u64,
    /// Machines on hosts.
    pub machines: u64,
    /// Machines that wait for a host.
    pub waiting: u64,
    /// Machines that are down.
    pub down: u64,
    /// Machines rejected so far.
    pub rejected: u64,
    /// Hosts that take machines.
    pub hosts_ready: u32,
    /// Hosts with machines.
    pub hosts_used: u32,
    /// CPU promised, of what ready hosts can promise, in millionths.
    pub cpu_promised_ppm: u64,
    /// Memory promised, likewise.
    pub memory_promised_ppm: u64,
    /// CPU used, of what the hosts that run have, in millionths.
    pub cpu_used_ppm: u64,
    /// CPU wanted and not there, in millionths of what was wanted.
    pub unmet_ppm: u64,
    /// Moves begun so far.
    pub moves: u64,
    /// Memory copied so far, in MiB.
    pub copied_mib: u64,
    /// Power, in watts.
    pub watts: u64,
    /// Free memory on ready hosts that do not take the largest size, in millionths of all of it.
    pub stranded_ppm: u64,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// Milliseconds from the start.
    pub at_ms: u64,
    /// What happened.
    pub event: FleetEvent,
    /// To which machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmKey>,
    /// On which host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<NodeKey>,
    /// To which host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NodeKey>,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FleetEvent {
    /// A machine arrived.
    Arrived,
    /// It got a host.
    Placed,
    /// No host will do yet.
    Waits,
    /// It gave up waiting.
    Rejected,
    /// It departed.
    Departed,
    /// It began to move: it is at its new host, and its room at the old one is not free yet.
    Moving,
    /// The move is done, and the room free.
    Moved,
    /// The move was undone: it is at its old host (`to`).
    MoveUndone,
    /// It went down with its host.
    Lost,
    /// It starts again, on the host `to`.
    Restarting,
    /// It runs again.
    Started,
    /// A host failed.
    HostDown,
    /// It is ready: repaired, worked on, or awake.
    HostReady,
    /// It is to be emptied and takes no machines.
    HostDraining,
    /// It is empty and worked on.
    HostWorking,
    /// It stands by.
    HostStandsBy,
    /// It wakes.
    HostWaking,
}
