//! `quantix`: appliances, guest customization, placement and machines from the command line.
//!
//! The command decides nothing that a library crate could decide: it reads files, calls the
//! crates' public API and shows the answer.
//!
//! How a command is made (one module per group, registered in [`Command`]):
//! - arguments are a `clap` struct whose `after_help` shows examples;
//! - `run(self, ui: &Ui) -> Result<Answer, Failure>` does the work;
//! - the answer is one serialisable document of a library crate, shown by [`ui::Ui::answer`] as
//!   JSON with `--json` and as text for people without; everything else goes to stderr through
//!   [`ui::Ui::note`], [`ui::Ui::findings`] and [`ui::Ui::progress`];
//! - [`Answer::No`] is exit code 1; a [`Failure`] is 2 (bad input) or 3 (environment).

mod chart;
mod deploy;
mod document;
mod failure;
mod input;
mod ova;
mod place;
mod plan;
mod seed;
mod simulate;
mod spec;
mod ui;
mod vm;
mod xml;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    failure::Failure,
    ui::{Answer, ColorWhen, Ui},
};

/// Appliances, guest customization, placement and machines on KVM/libvirt.
#[derive(Debug, Parser)]
#[command(
    name = "quantix",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done or yes, 1 the answer is no, 2 usage or unreadable input, \
                  3 the environment (libvirt unreachable, disk full …).\n\
                  With --json every command prints one JSON document on stdout; talk goes to stderr."
)]
struct Cli {
    /// Print the answer as one JSON document on stdout.
    #[arg(long, global = true)]
    json: bool,
    /// Say only what went wrong on stderr.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = ColorWhen::Auto)]
    color: ColorWhen,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read, verify and convert appliances (OVA, OVF).
    #[command(subcommand)]
    Ova(ova::OvaCommand),
    /// Choose a node for each machine of a list.
    Place(place::PlaceArgs),
    /// Tell why a machine goes where it goes, or why it fits nowhere.
    Explain(place::ExplainArgs),
    /// Make a stored decision again, and see that it comes out the same.
    Replay(place::ReplayArgs),
    /// Documents of the model: machines, nodes, pools, networks, policies …
    #[command(subcommand)]
    Document(document::DocumentCommand),
    /// Plan maintenance, balance, failover and capacity; nothing is changed.
    #[command(subcommand)]
    Plan(plan::PlanCommand),
    /// Replay a trace of machines that come and go, on equal hosts.
    Simulate(simulate::SimulateArgs),
    /// Seed images and the documents in them.
    #[command(subcommand)]
    Seed(seed::SeedCommand),
    /// Customization specs.
    #[command(subcommand)]
    Spec(spec::SpecCommand),
    /// Make an appliance the machine that was asked for, and compare.
    Deploy(deploy::DeployArgs),
    /// Remove machines that `quantix deploy` made.
    Undeploy(deploy::UndeployArgs),
    /// XML documents of libvirt and OVF.
    #[command(subcommand)]
    Xml(xml::XmlCommand),
    /// Machines on a libvirt host.
    #[command(subcommand)]
    Vm(vm::VmCommand),
    /// Print a completion script for a shell.
    #[command(after_help = "Example:\n  quantix completions bash > /etc/bash_completion.d/quantix")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

impl Command {
    fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        match self {
            Self::Ova(command) => command.run(ui),
            Self::Place(args) => args.run(ui),
            Self::Explain(args) => args.run(ui),
            Self::Replay(args) => args.run(ui),
            Self::Document(command) => command.run(ui),
            Self::Plan(command) => command.run(ui),
            Self::Simulate(args) => args.run(ui),
            Self::Seed(command) => command.run(ui),
            Self::Spec(command) => command.run(ui),
            Self::Deploy(args) => args.run(ui),
            Self::Undeploy(args) => args.run(ui),
            Self::Xml(command) => command.run(ui),
            Self::Vm(command) => command.run(ui),
            Self::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "quantix", &mut script);
                ui.text(&String::from_utf8_lossy(&script))?;
                Ok(Answer::Yes)
            }
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ui = Ui::new(cli.json, cli.quiet, cli.color);
    match cli.command.run(&ui) {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            ui.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
