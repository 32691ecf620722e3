//! What is simulated: a fleet, its machines, what happens to them, and by which policies it is run.

use quantix_core::{
    MemoryMib, Millicores, NodeKey,
    cluster::{Overcommit, Ratio, Topology},
};
use serde::{Deserialize, Serialize};

use crate::{
    plan::{AdmissionRequest, BalanceRequest, DrainRequest, FailoverRequest},
    policy::Policy,
};

/// A fleet and what happens to it.
///
/// The default is 1,250 hosts with 20,000 machines and a day.
///
/// ```
/// use quantix_scheduler::FleetConfig;
/// let config: FleetConfig = serde_json::from_str(r#"{"seed": 7, "hosts": [{"count": 20}]}"#)?;
/// assert_eq!((config.seed, config.sample_seconds), (7, 300));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FleetConfig {
    /// Chooses the random numbers: arrivals, sizes, demand and failures are the same for every policy.
    pub seed: u64,
    /// How long, in virtual seconds.
    pub duration_seconds: u64,
    /// How often demand is looked at.
    pub sample_seconds: u64,
    /// The hosts.
    pub hosts: Vec<HostGroup>,
    /// The machines.
    pub machines: MachinesConfig,
    /// What fails.
    pub failures: FailureConfig,
    /// Hosts that are emptied and worked on, one batch after the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<MaintenanceConfig>,
    /// How machines are balanced; not at all when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<BalanceConfig>,
    /// How what was lost restarts.
    pub ha: HaConfig,
    /// How machines are placed.
    pub policy: Policy,
    /// Whether the answer tells every event.
    pub log: bool,
}

impl Default for FleetConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            duration_seconds: 86_400,
            sample_seconds: 300,
            hosts: vec![HostGroup::default()],
            machines: MachinesConfig::default(),
            failures: FailureConfig::default(),
            maintenance: None,
            balance: None,
            ha: HaConfig::default(),
            policy: Policy::default(),
            log: false,
        }
    }
}

/// Equal hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostGroup {
    /// How many.
    pub count: u32,
    /// CPU of each.
    pub cpu_milli: Millicores,
    /// Memory of each.
    pub memory_mib: MemoryMib,
    /// How often it is promised.
    pub overcommit: Overcommit,
    /// How many of them are in one rack.
    pub hosts_per_rack: u32,
    /// Power of a host that is on and idle, in watts.
    pub watts_idle: u32,
    /// Power of a host whose CPU is all used, in watts.
    pub watts_full: u32,
}

impl Default for HostGroup {
    fn default() -> Self {
        Self {
            count: 1_250,
            cpu_milli: Millicores(32_000),
            memory_mib: MemoryMib(262_144),
            overcommit: Overcommit {
                cpu: Ratio::from_thousandths(2_000).unwrap_or(Ratio::ONE),
                memory: Ratio::ONE,
            },
            hosts_per_rack: 40,
            watts_idle: 150,
            watts_full: 450,
        }
    }
}

/// The machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MachinesConfig {
    /// How many there are at the start.
    pub at_start: u32,
    /// How many arrive on a day, at random times.
    pub arrivals_per_day: u32,
    /// How long a machine without a host waits for one before it is given up.
    pub queue_seconds: u64,
    /// Their sizes.
    pub sizes: Vec<MachineSize>,
}

impl Default for MachinesConfig {
    fn default() -> Self {
        let size = |weight, cores: u64, gib: u64| MachineSize {
            weight,
            cpu_milli: Millicores(cores * 1000),
            memory_mib: MemoryMib(gib * 1024),
            ..MachineSize::default()
        };
        Self {
            at_start: 20_000,
            arrivals_per_day: 5_000,
            queue_seconds: 3_600,
            sizes: vec![
                size(30, 1, 2),
                size(25, 2, 4),
                size(20, 2, 8),
                size(15, 4, 16),
                size(7, 8, 32),
                MachineSize { copies: 3, apart: Some(Topology::Rack), ..size(3, 8, 16) },
            ],
        }
    }
}

/// One size of machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MachineSize {
    /// How often it comes, compared with the others.
    pub weight: u32,
    /// CPU that is promised.
    pub cpu_milli: Millicores,
    /// Memory that is promised.
    pub memory_mib: MemoryMib,
    /// How long one lives on average; at random, exponential. 0 for ever.
    pub lifetime_seconds: u64,
    /// Its restart priority.
    pub priority: i32,
    /// How many come together, as one service.
    pub copies: u32,
    /// What the copies never share: a host, a rack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apart: Option<Topology>,
    /// What it uses of the CPU.
    pub demand: DemandConfig,
}

impl Default for MachineSize {
    fn default() -> Self {
        Self {
            weight: 1,
            cpu_milli: Millicores(2_000),
            memory_mib: MemoryMib(4_096),
            lifetime_seconds: 345_600,
            priority: 0,
            copies: 1,
            apart: None,
            demand: DemandConfig::default(),
        }
    }
}

/// What machines use of their CPU: a level of their own, a daily curve and noise, in millionths of
/// what they are promised, never more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DemandConfig {
    /// The mean over all machines; each has half to one and a half times that.
    pub mean_ppm: u64,
    /// How far the curve of a day goes up and down.
    pub daily_ppm: u64,
    /// When of the day it is highest, in seconds after midnight; each machine up to an hour off.
    pub peak_seconds: u64,
    /// How far noise goes up and down, from sample to sample.
    pub noise_ppm: u64,
}

impl Default for DemandConfig {
    fn default() -> Self {
        Self { mean_ppm: 350_000, daily_ppm: 150_000, peak_seconds: 50_400, noise_ppm: 100_000 }
    }
}

/// What fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FailureConfig {
    /// Days from one failure of a host to its next, on average; 0 for never.
    pub host_days: u64,
    /// How long a failed host is down.
    pub host_repair_seconds: u64,
    /// Days from one failure of a rack to its next, on average; 0 for never.
    pub rack_days: u64,
    /// How long a failed rack is down.
    pub rack_repair_seconds: u64,
    /// Failures at given times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<PlannedFailure>,
}

impl Default for FailureConfig {
    fn default() -> Self {
        Self {
            host_days: 365,
            host_repair_seconds: 14_400,
            rack_days: 0,
            rack_repair_seconds: 7_200,
            planned: Vec::new(),
        }
    }
}

/// A failure at a given time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedFailure {
    /// When.
    pub at_seconds: u64,
    /// Which hosts: `host-000001` and so on, numbered through all groups.
    #[serde(default)]
    pub hosts: Vec<NodeKey>,
    /// And all hosts of these racks: `rack-0001` and so on.
    #[serde(default)]
    pub racks: Vec<String>,
    /// How long they are down.
    pub repair_seconds: u64,
}

/// What is emptied and worked on at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Batch {
    /// One host.
    #[default]
    Host,
    /// One rack.
    Rack,
}

/// A rolling maintenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaintenanceConfig {
    /// When it begins.
    pub start_seconds: u64,
    /// What is emptied together.
    pub batch: Batch,
    /// How many batches; all when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batches: Option<u32>,
    /// How long the work takes once a batch is empty.
    pub work_seconds: u64,
    /// How machines are moved away; nodes, racks and order are the simulator's.
    pub settings: DrainRequest,
}

impl Default for MaintenanceConfig {
    fn default() -> Self {
        Self {
            start_seconds: 3_600,
            batch: Batch::Host,
            batches: None,
            work_seconds: 900,
            settings: DrainRequest::default(),
        }
    }
}

/// Balancing at intervals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BalanceConfig {
    /// How often.
    pub every_seconds: u64,
    /// Whether somebody confirms the moves that are not automatic.
    pub confirm: bool,
    /// How long a host that stands by takes to wake.
    pub wake_seconds: u64,
    /// What a plan may do; history, moved_seconds_ago and stand_by are the simulator's.
    pub settings: BalanceRequest,
}

impl Default for BalanceConfig {
    fn default() -> Self {
        Self {
            every_seconds: 3_600,
            confirm: true,
            wake_seconds: 300,
            settings: BalanceRequest::default(),
        }
    }
}

/// How it becomes sure that a lost host runs nothing any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fencing {
    /// A fence agent confirms that it is off.
    #[default]
    Power,
    /// It is armed, and its lease ends when its loss is noticed.
    Lease,
    /// Not at all: its machines wait for an operator or until it is back.
    None,
}

/// How what was lost restarts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HaConfig {
    /// Whether machines restart on other hosts at all.
    pub restart: bool,
    /// How long it takes to notice that a host is lost.
    pub detect_seconds: u64,
    /// How it is made safe.
    pub fencing: Fencing,
    /// How long after the loss an operator confirms that the host is dead; never when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_seconds: Option<u64>,
    /// How machines restart; nodes, racks, evidence and fleet are the simulator's.
    pub settings: FailoverRequest,
    /// What admission is asked at intervals; nothing when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admission: Option<AdmissionRequest>,
    /// How often admission is asked.
    pub admission_every_seconds: u64,
}

impl Default for HaConfig {
    fn default() -> Self {
        Self {
            restart: true,
            detect_seconds: 30,
            fencing: Fencing::Power,
            operator_seconds: None,
            settings: FailoverRequest::default(),
            admission: None,
            admission_every_seconds: 3_600,
        }
    }
}
