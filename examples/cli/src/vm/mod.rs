//! `quantix vm`: machines on a libvirt host.

mod agent;
mod change;
mod console;
mod migrate;
mod power;
mod resources;
mod run;
mod show;
mod watch;

use std::time::Duration;

use clap::{Args, Subcommand};
use quantix_libvirt::{Class, DomainRef, Libvirt, blocking::Host};

use crate::{
    failure::Failure,
    ui::{Answer, Ui},
};

/// What to do with machines.
#[derive(Debug, Subcommand)]
pub(crate) enum VmCommand {
    /// List the machines of a host.
    List(show::ListArgs),
    /// Tell everything about one machine.
    Show(show::ShowArgs),
    /// Print a machine's XML.
    Xml(show::XmlArgs),
    /// Tell about the host: its CPUs, memory, versions, and whether KVM truly works.
    Host(show::HostArgs),
    /// Make a machine from a description; the same again changes nothing.
    Create(change::CreateArgs),
    /// Tell what would change, and when each change would take effect.
    Plan(change::PlanArgs),
    /// Change a machine as planned.
    Apply(change::ApplyArgs),
    /// Remove a machine; its disks stay.
    Delete(change::DeleteArgs),
    /// Start a machine.
    Start(power::StartArgs),
    /// Stop a machine: ask its guest, then pull the plug.
    Stop(power::StopArgs),
    /// Ask a guest to reboot.
    Reboot(power::RebootArgs),
    /// Press the reset button.
    Reset(power::ResetArgs),
    /// Pause a machine.
    Pause(power::PauseArgs),
    /// Let a paused machine run.
    Resume(power::ResumeArgs),
    /// Save a machine's memory and stop it; its next start resumes.
    Save(power::SaveArgs),
    /// Make a machine start with its host, or not.
    Autostart(power::AutostartArgs),
    /// Ask the agent in the guest.
    #[command(subcommand)]
    Agent(agent::AgentCommand),
    /// Open a machine's console.
    Console(console::ConsoleArgs),
    /// Take a picture of a machine's screen.
    Screenshot(console::ScreenshotArgs),
    /// Move a machine to another host.
    Migrate(migrate::MigrateArgs),
    /// Tell the addresses of a guest.
    Addresses(resources::AddressesArgs),
    /// Snapshots of a machine.
    #[command(subcommand)]
    Snapshot(resources::SnapshotCommand),
    /// List the storage pools of a host.
    Pools(resources::PoolsArgs),
    /// List the volumes of a storage pool.
    Volumes(resources::VolumesArgs),
    /// List the networks of a host.
    Networks(resources::NetworksArgs),
    /// Print events as they happen, one JSON document per line with `--json`.
    Events(watch::EventsArgs),
    /// Print statistics of all machines, or of some.
    Stats(watch::StatsArgs),
    /// Make any call, given as a document: jobs on disks, backups, filters and all the rest.
    Run(run::RunArgs),
}

impl VmCommand {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        match self {
            Self::List(args) => args.run(ui),
            Self::Show(args) => args.run(ui),
            Self::Xml(args) => args.run(ui),
            Self::Host(args) => args.run(ui),
            Self::Create(args) => args.run(ui),
            Self::Plan(args) => args.run(ui),
            Self::Apply(args) => args.run(ui),
            Self::Delete(args) => args.run(ui),
            Self::Start(args) => args.run(ui),
            Self::Stop(args) => args.run(ui),
            Self::Reboot(args) => args.run(ui),
            Self::Reset(args) => args.run(ui),
            Self::Pause(args) => args.run(ui),
            Self::Resume(args) => args.run(ui),
            Self::Save(args) => args.run(ui),
            Self::Autostart(args) => args.run(ui),
            Self::Agent(command) => command.run(ui),
            Self::Console(args) => args.run(ui),
            Self::Screenshot(args) => args.run(ui),
            Self::Migrate(args) => args.run(ui),
            Self::Addresses(args) => args.run(ui),
            Self::Snapshot(command) => command.run(ui),
            Self::Pools(args) => args.run(ui),
            Self::Volumes(args) => args.run(ui),
            Self::Networks(args) => args.run(ui),
            Self::Events(args) => args.run(ui),
            Self::Stats(args) => args.run(ui),
            Self::Run(args) => args.run(ui),
        }
    }
}

/// Which host, and how long its answers may take.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// The libvirt host.
    #[arg(long, default_value = "qemu:///system")]
    uri: String,
    /// Seconds that each call may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = seconds())]
    deadline: u64,
}

/// At least one second, at most a year.
fn seconds() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=365 * 86_400)
}

impl Connection {
    fn open(&self) -> Result<Host, Failure> {
        let limit = Duration::from_secs(self.deadline);
        Host::connect_within(Libvirt::new(&self.uri), limit).map_err(failure)
    }
}

/// One machine of a host.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The machine: its name or its UUID.
    name: String,
    #[command(flatten)]
    connection: Connection,
}

impl One {
    fn open(&self) -> Result<(Host, DomainRef), Failure> {
        let host = self.connection.open()?;
        let domain = host.find(&self.name).map_err(failure)?;
        Ok((host, domain))
    }
}

/// A call that did not succeed: exit code 2 where the request is at fault, 3 where the host is.
fn failure(error: quantix_libvirt::Error) -> Failure {
    let hint = error.remedy().map(str::to_owned);
    let text = error.to_string();
    let failure = match error.class() {
        Class::Invalid | Class::NotFound | Class::Conflict => Failure::input(text),
        _ => Failure::environment(text),
    };
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
