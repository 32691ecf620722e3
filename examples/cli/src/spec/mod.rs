//! `quantix spec`: reusable descriptions of how guests are customized.

mod butane;
mod guest;
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
    /// Make a host name of a template.
    Hostname(guest::HostnameArgs),
    /// Tell a time zone's names, IANA's and that of Windows.
    Timezone(guest::TimezoneArgs),
    /// Check a public SSH key.
    SshKey(guest::SshKeyArgs),
    /// Hash a password.
    Password(guest::PasswordArgs),
}

impl SpecCommand {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        match self {
            Self::Render(args) => args.run(ui),
            Self::Import(args) => args.run(ui),
            Self::Export(args) => args.run(ui),
            Self::Butane(args) => args.run(ui),
            Self::Hostname(args) => args.run(ui),
            Self::Timezone(args) => args.run(ui),
            Self::SshKey(args) => args.run(ui),
            Self::Password(args) => args.run(ui),
        }
    }
}
