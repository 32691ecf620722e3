//! High availability: what would not restart, what restarts where, and when restarting is safe.

mod admission;
mod breaker;
mod failover;
mod order;
mod outage;
mod restart;

pub use admission::{
    AdmissionMethod, AdmissionReport, AdmissionRequest, FAILURE_SETS_MAX, FailureSet, Slots,
    admission,
};
pub use breaker::{Breaker, BreakerLimits, BreakerReason, FleetView, breaker};
pub use failover::{
    Dependency, FailoverPlan, FailoverRequest, HostVerdict, NotRestarted, NotRestartedCode,
    failover,
};
pub use restart::{
    Evidence, Ground, HostState, LeaseState, LockState, OperatorState, PowerState, Refusal,
    RestartTiming, Verdict, Wait, restart_decision,
};
