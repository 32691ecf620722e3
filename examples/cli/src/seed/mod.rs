//! `quantix seed`: the volumes and documents that cloud-init reads.

mod build;
mod check;
mod documents;
mod edit;

use clap::Subcommand;

use crate::{
    failure::Failure,
    ui::{Answer, Ui},
};

/// Seed images and the documents in them.
#[derive(Debug, Subcommand)]
pub(crate) enum SeedCommand {
    /// Make a seed image of user-data and its companions.
    Build(build::BuildArgs),
    /// Check a document: valid for which versions, where not, what is doubtful.
    Check(check::CheckArgs),
    /// Tell what differs between two seeds, and what that triggers in the guest.
    Diff(documents::DiffArgs),
    /// Show what several cloud-config documents become together.
    Merge(documents::MergeArgs),
    /// Tell what a document makes the guest do, in order.
    Explain(documents::ExplainArgs),
    /// Set and remove values of a document, keeping its comments and its order.
    Edit(edit::EditArgs),
    /// Make the network_data.json of a config drive out of a network configuration.
    NetworkData(edit::NetworkDataArgs),
}

impl SeedCommand {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        match self {
            Self::Build(args) => args.run(ui),
            Self::Check(args) => args.run(ui),
            Self::Diff(args) => args.run(ui),
            Self::Merge(args) => args.run(ui),
            Self::Explain(args) => args.run(ui),
            Self::Edit(args) => args.run(ui),
            Self::NetworkData(args) => args.run(ui),
        }
    }
}
