//! Planning: what to move, when and why, on the snapshot and the filters that placement uses.
//!
//! A planner reads a cluster document, a request and a policy, and answers with a plan. It changes
//! nothing: an executor carries the moves out, step by step, and may stop between any two steps,
//! because every moment of every step keeps to every capacity and rule.

mod answer;
mod balance;
mod capacity;
mod cost;
mod drain;
mod evacuate;
mod exact;
mod field;
mod ha;
mod picture;
mod planner;
mod reassign;
mod request;
mod steps;

pub use answer::{Benefit, Blocked, BlockedCode, MoveReason, PlannedMove, Stage};
pub use balance::{
    Automation, BalanceMode, BalancePlan, BalanceRequest, Budget, DemandHistory, NodeChange,
    NodeUse, Stopped, WINDOW_MAX, balance,
};
pub use capacity::{
    CHANGES_MAX, CapacityReport, CapacityRequest, Difference, Displaced, FITS_MAX, GROWN_VMS_MAX,
    Hint, HintKind, Homeless, Room, SHAPES_MAX, ShapeRequest, Supposition, WhatifReport,
    WhatifRequest, capacity, whatif, whatif_html,
};
pub use cost::{
    CONCURRENT_MAX, Cost, Facts, LINK_MIB_MAX, MachineFacts, Migration, MoveLimits, Risk,
};
pub use drain::{DrainOrder, DrainPlan, DrainRequest, drain};
pub use ha::{
    AdmissionMethod, AdmissionReport, AdmissionRequest, Breaker, BreakerLimits, BreakerReason,
    Dependency, Evidence, FAILURE_SETS_MAX, FailoverPlan, FailoverRequest, FailureSet, FleetView,
    Ground, HostState, HostVerdict, LeaseState, LockState, NotRestarted, NotRestartedCode,
    OperatorState, PowerState, Refusal, RestartTiming, Slots, Verdict, Wait, admission, breaker,
    failover, restart_decision,
};
pub use picture::{Picture, Promised, VIOLATIONS_MAX, Violation};
pub use planner::Planner;
pub use reassign::{
    REASSIGN_AMOUNT_MAX, REASSIGN_BALANCES_MAX, REASSIGN_COST_MAX, REASSIGN_DEPENDENCIES_MAX,
    REASSIGN_MACHINES_MAX, REASSIGN_PAIRS_MAX, REASSIGN_PROCESSES_MAX, REASSIGN_RESOURCES_MAX,
    REASSIGN_SERVICES_MAX, REASSIGN_VIOLATIONS_MAX, REASSIGN_WEIGHT_MAX, ReassignCost,
    ReassignError, ReassignMove, ReassignPlan, ReassignProblem, ReassignRequest, ReassignViolation,
    SPENT_ALL, reassign,
};
