//! `quantix plan`: what to move, when and why.

mod admission;
mod balance;
mod capacity;
mod drain;
mod failover;
mod reassign;
mod show;
mod whatif;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use quantix_core::cluster::Cluster;
use quantix_scheduler::{PlaceError, Policy};
use serde::de::DeserializeOwned;

use crate::{
    failure::Failure,
    input, place,
    ui::{Answer, Ui},
};

/// Plans on a cluster file; nothing is changed.
#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Move machines where they get what they use, when that is worth what it costs.
    Balance(balance::BalanceArgs),
    /// Empty nodes for maintenance: order, targets, what cannot move and why, the way back.
    Drain(drain::DrainArgs),
    /// Restart what ran on lost nodes: where, in which order, and whether it is safe.
    Failover(failover::FailoverArgs),
    /// Tell how many more machines fit, for how long that lasts, and which sizes do not suit.
    Capacity(capacity::CapacityArgs),
    /// Tell what changes would do: nodes, growth, promises, rules, a lost rack, another policy.
    Whatif(whatif::WhatifArgs),
    /// Tell whether everything restarts when nodes fail, and what does not.
    Admission(admission::AdmissionArgs),
    /// Search for a cheaper assignment of processes to machines (ROADEF/EURO challenge 2012).
    Reassign(reassign::ReassignArgs),
}

impl PlanCommand {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        match self {
            Self::Balance(args) => args.run(ui),
            Self::Capacity(args) => args.run(ui),
            Self::Whatif(args) => args.run(ui),
            Self::Drain(args) => args.run(ui),
            Self::Failover(args) => args.run(ui),
            Self::Admission(args) => args.run(ui),
            Self::Reassign(args) => args.run(ui),
        }
    }
}

/// The documents that every planner reads.
#[derive(Debug, Args)]
struct Documents {
    /// The cluster: nodes, pools, vms with their nodes, rules.
    #[arg(long, value_name = "FILE")]
    cluster: PathBuf,
    /// The request, with everything that the options do not cover; options go before it.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The policy whose filters hold; the default one when left out.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Documents {
    fn request<R: DeserializeOwned + Default>(&self) -> Result<R, Failure> {
        self.request
            .as_ref()
            .map_or_else(|| Ok(R::default()), |path| input::document(path, "request"))
    }

    fn plan<A>(
        &self,
        planner: impl FnOnce(&Cluster, &Policy) -> Result<A, PlaceError>,
    ) -> Result<A, Failure> {
        let cluster: Cluster = input::document(&self.cluster, "cluster file")?;
        let policy = place::policy(self.policy.as_ref())?;
        planner(&cluster, &policy).map_err(failure)
    }
}

/// Documents that do not fit together are bad input.
fn failure(error: PlaceError) -> Failure {
    match &error {
        PlaceError::Policy(_) => Failure::input(error.to_string()),
        PlaceError::Snapshot(faults) => {
            Failure::input("the cluster file and the request do not fit together")
                .with_findings(faults.findings().to_vec())
        }
    }
}
