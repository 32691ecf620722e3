//! Planners against documents: every plan is replayed move by move by a checker that knows nothing
//! of snapshots.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and its numbers are small"
)]

#[path = "../common/mod.rs"]
mod common;

mod balance;
mod capacity;
mod checker;
mod drain;
mod ha;
mod reassign;
