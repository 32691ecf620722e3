//! Decides where machines run, and says why.
//!
//! A [`Snapshot`] is a cluster in integers. [`place`] puts machines on it one by one: hard rules
//! ([`Filter`]) leave the nodes that will do, wishes ([`Score`]) weighed by a [`Policy`] choose the
//! best of them, and equals are told apart by node id. Every answer is a value with its reasons.
//!
//! ```
//! use quantix_core::cluster::{Cluster, VmList};
//! use quantix_scheduler::{Detail, Pipeline, Policy, Snapshot, place};
//! let cluster: Cluster = serde_json::from_str(
//!     r#"{"nodes": [{"id": "n1", "cpu_milli": 4000, "memory_mib": 8192},
//!                   {"id": "n2", "cpu_milli": 4000, "memory_mib": 8192, "pools": ["ceph-pool-1"]}],
//!         "pools": [{"id": "ceph-pool-1", "capacity_bytes": "1TiB"}]}"#,
//! )?;
//! let list: VmList = serde_json::from_str(
//!     r#"[{"id": "db", "cpu_milli": 2000, "memory_mib": 4096,
//!          "disks": [{"size_bytes": "10GiB", "storage_pool_id": "ceph-pool-1"}]}]"#,
//! )?;
//! let mut snapshot = Snapshot::build(&cluster)?;
//! let pipeline = Pipeline::new(&Policy::default())?;
//! let answer = place(&mut snapshot, &list.vms, &pipeline, Detail::Brief)?;
//! assert_eq!(answer.placements[0].node.as_str(), "n2", "n1 does not reach the pool");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`plan`] tells what to move on such a cluster, when and why: for balance, maintenance, failover and
//! capacity, with the same filters.
//!
//! It reads no clock, draws no random numbers, does no I/O and calculates in integers: the same
//! snapshot, machines and policy give the same bytes everywhere. It refuses to guess: a pool, a
//! network or a rack that is not known does not pass.

mod bound;
mod engine;
pub mod filter;
mod html;
mod place;
pub mod plan;
mod policy;
pub mod score;
mod simulate;
mod snapshot;

pub use bound::Bound;
pub use engine::{CommitError, Engine, RESERVATIONS_MAX, Reservation};
pub use filter::{Amount, Filter, Rejection, Scope};
pub use place::{
    Change, Choice, Decision, Detail, Difference, Explanation, Limits, NodeRejection,
    PLACE_VMS_MAX, PlaceAnswer, PlaceError, Placement, RECORD_BYTES_MAX, REJECTIONS_MAX, Ranked,
    Remedy, ReplayError, Tie, Unplaced, best, decide, explain, place, place_documents, place_with,
    ranked, replay,
};
pub use policy::{Order, Pipeline, Policy, PolicyError, WEIGHT_MAX, Weights};
pub use score::{Dependence, POINTS_MAX, Points, Score};
pub use simulate::{
    BalanceConfig, Batch, DemandConfig, DemandTotals, FailureConfig, Fencing, Fleet, FleetConfig,
    FleetEvent, FleetPoint, FleetReport, FleetUtilisation, HOST_COUNT_MAX, HOSTS_MAX, HaConfig,
    HaTotals, HostGroup, LOG_MAX, LogEntry, MACHINES_MAX, MachineSize, MachineTotals,
    MachinesConfig, MaintenanceConfig, MaintenanceTotals, MoveTotals, PlannedFailure, Point,
    PowerTotals, SAMPLES_MAX, SECONDS_MAX, SERIES_POINTS_MAX, SimulateError, Simulation,
    TRACE_ROWS_MAX, TRACE_SECONDS_MAX, Trace, TraceError, Utilisation, chart, fleet_html, simulate,
    simulate_fleet,
};
pub use snapshot::{
    Assignment, CPU_MILLI_MAX, Candidate, ChangeError, Checkpoint, Extra, GPUS_PER_NODE_MAX,
    MEMORY_MIB_MAX, NODES_MAX, NUMA_CELLS_MAX, NodeIndex, POOL_BYTES_MAX, POOLS_MAX, PoolDemand,
    PoolIndex, RULES_MAX, RuleIndex, Shape, ShapeId, Snapshot, SnapshotError, VMS_MAX,
};
