//! Simulations: traces that are replayed, to see how many hosts a policy needs, and generated fleets.

mod chart;
mod fleet;
mod run;
mod series;
mod trace;

use std::num::{NonZeroU32, NonZeroU64};

use quantix_core::{NodeKey, VmKey};
use serde::Serialize;

use crate::{bound::Bound, policy::PolicyError, snapshot::SnapshotError};

pub use chart::chart;
pub use fleet::*;
pub use run::simulate;
pub use trace::{TRACE_ROWS_MAX, TRACE_SECONDS_MAX, Trace, TraceError};

/// The most hosts that are simulated.
pub const HOSTS_MAX: u32 = 200_000;
/// How many points the series of a simulation has at most.
pub const SERIES_POINTS_MAX: usize = 512;

/// Equal hosts to replay a trace on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// How many.
    pub hosts: NonZeroU32,
    /// CPU of each, in thousandths.
    pub cpu_milli: NonZeroU64,
    /// Memory of each, in MiB.
    pub memory_mib: NonZeroU64,
    /// Into how many equal NUMA cells each is divided.
    pub numa: NonZeroU32,
}

/// A simulation that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SimulateError {
    /// More than [`HOSTS_MAX`] hosts.
    #[error("{0} hosts, expected at most {HOSTS_MAX}")]
    TooManyHosts(u32),
    /// A host or a machine is larger than any is.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The policy names what does not exist.
    #[error("invalid policy: {0}")]
    Policy(#[from] PolicyError),
}

/// What a simulation showed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Simulation {
    /// Machines that got a host.
    pub accepted: u64,
    /// Machines that got none; each is tried once, when it arrives.
    pub rejected: u64,
    /// When the first machine got none, in seconds.
    pub first_rejection_at: Option<f64>,
    /// The first machine that got none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_rejected: Option<VmKey>,
    /// The most hosts that had machines at one time.
    pub peak_hosts_used: u32,
    /// How full the hosts were.
    pub utilisation: Utilisation,
    /// The fewest hosts that could hold the machines when they asked for the most, and how far the
    /// most hosts used were from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    /// The policy that decided.
    pub policy: String,
    /// The course of it, in at most [`SERIES_POINTS_MAX`] points.
    pub series: Vec<Point>,
}

/// How full hosts were, as parts of all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Utilisation {
    /// Mean CPU over the time of the trace.
    pub cpu_mean: f64,
    /// The most CPU at one time.
    pub cpu_peak: f64,
    /// Mean memory over the time of the trace.
    pub memory_mean: f64,
    /// The most memory at one time.
    pub memory_peak: f64,
}

/// One moment of a simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Point {
    /// Seconds.
    pub at: f64,
    /// Part of all CPU.
    pub cpu: f64,
    /// Part of all memory.
    pub memory: f64,
    /// Hosts with machines.
    pub hosts: u32,
}

/// The id of a host, zero-padded so that ids keep the order of numbers.
pub(super) fn host_id(number: u32) -> Option<NodeKey> {
    format!("host-{number:06}").parse().ok()
}
