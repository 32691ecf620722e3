//! `quantix spec`: reusable descriptions of how guests are customized.

mod butane;
mod render;
mod vsphere;

use clap::Subcommand;

use crate::{
    failure::Failure,
    ui::{Answer, Ui},
};

/// Customization specs.
#[derive(Debug, Subcommand)]
pub(crate) enum SpecCommand {
    /// Render a spec to the files of one machine.
    Render(render::RenderArgs),
    /// Read a customization spec of vSphere.
    Import(vsphere::ImportArgs),
    /// Write a spec for vSphere.
    Export(vsphere::ExportArgs),
    /// Translate a Butane document to the Ignition config that Butane makes of it.
    Butane(butane::ButaneArgs),
}

impl SpecCommand {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        match self {
            Self::Render(args) => args.run(ui),
            Self::Import(args) => args.run(ui),
            Self::Export(args) => args.run(ui),
            Self::Butane(args) => args.run(ui),
        }
    }
}
