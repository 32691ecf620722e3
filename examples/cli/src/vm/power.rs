//! `quantix vm start`, `stop` and their like.

use std::time::Duration;

use clap::Args;
use quantix_libvirt::{DomainRef, PowerRequest, StopMode, StoppedReport, blocking::Host};

use super::{One, failure, show::state};
use crate::{
    failure::Failure,
    ui::{Answer, Ui},
};

/// Does something to a machine and shows what it is doing then.
fn act(
    one: &One,
    ui: &Ui,
    act: impl FnOnce(&Host, &DomainRef) -> quantix_libvirt::Result<()>,
) -> Result<Answer, Failure> {
    let (host, domain) = one.open()?;
    act(&host, &domain).map_err(failure)?;
    let report = host.report_state(&domain).map_err(failure)?;
    ui.answer(&report, |report| format!("{} is {}\n", report.domain, state(report.state)))?;
    Ok(Answer::Yes)
}

macro_rules! simple {
    ($($(#[$doc:meta])* $name:ident, $example:literal, |$host:ident, $id:ident| $call:expr;)*) => { $(
        #[derive(Debug, Args)]
        #[command(after_help = concat!("Example:\n  ", $example))]
        pub(crate) struct $name {
            #[command(flatten)]
            one: One,
        }

        impl $name {
            pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
                act(&self.one, ui, |$host, domain| {
                    let $id = domain.id;
                    $call
                })
            }
        }
    )* };
}

simple! {
    ResetArgs, "quantix vm reset web", |host, id| host.reset(id);
    PauseArgs, "quantix vm pause web", |host, id| host.pause(id);
    ResumeArgs, "quantix vm resume web", |host, id| host.resume(id);
    SaveArgs, "quantix vm save web --deadline 600", |host, id| host.managed_save(id);
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm start web
  quantix vm start web --paused

Starting what runs already is no failure.")]
pub(crate) struct StartArgs {
    #[command(flatten)]
    one: One,
    /// Stop before the first instruction.
    #[arg(long)]
    paused: bool,
}

impl StartArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        act(&self.one, ui, |host, domain| match self.paused {
            true => host.start_paused(domain.id),
            false => host.start(domain.id),
        })
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm stop web
  quantix vm stop web --budget 300 --graceful-only
  quantix vm stop web --force

The guest is asked through its agent, then by its power button; at the end of the budget the plug
is pulled. Stopping what is off is no failure. Exit code 1: with --graceful-only, the guest stays
on.")]
pub(crate) struct StopArgs {
    #[command(flatten)]
    one: One,
    /// Seconds that the guest has to go off.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    budget: u64,
    /// Never pull the plug.
    #[arg(long, conflicts_with = "force")]
    graceful_only: bool,
    /// Pull the plug at once.
    #[arg(long)]
    force: bool,
}

impl StopArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = self.one.open()?;
        let mode = match (self.force, self.graceful_only) {
            (true, _) => StopMode::Destroy,
            (_, true) => StopMode::GracefulOnly,
            _ => StopMode::GracefulThenDestroy,
        };
        let progress = ui.progress(&format!("stopping {domain}"));
        let outcome = host.stop(domain.id, mode, Duration::from_secs(self.budget));
        drop(progress);
        let report = match outcome {
            Err(error)
                if self.graceful_only && error.class() == quantix_libvirt::Class::Deadline =>
            {
                ui.note(error);
                return Ok(Answer::No);
            }
            outcome => outcome.map_err(failure)?,
        };
        for step in &report.tried {
            ui.note(step);
        }
        ui.answer(&StoppedReport { domain, report }, |stopped| {
            let by = match stopped.report.stopped_by {
                quantix_libvirt::StoppedBy::AlreadyOff => "was off",
                quantix_libvirt::StoppedBy::Agent => "is off: its agent was asked",
                quantix_libvirt::StoppedBy::Acpi => "is off: its power button was pressed",
                quantix_libvirt::StoppedBy::Destroy => "is off: its plug was pulled",
            };
            format!("{} {by}\n", stopped.domain)
        })?;
        Ok(Answer::Yes)
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm reboot web
  quantix vm reboot web --agent")]
pub(crate) struct RebootArgs {
    #[command(flatten)]
    one: One,
    /// Ask the agent rather than by the power button.
    #[arg(long)]
    agent: bool,
}

impl RebootArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let by = if self.agent { PowerRequest::Agent } else { PowerRequest::Acpi };
        act(&self.one, ui, |host, domain| host.reboot(domain.id, by))
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm autostart web on
  quantix vm autostart web off")]
pub(crate) struct AutostartArgs {
    #[command(flatten)]
    one: One,
    /// Whether it starts with its host.
    #[arg(value_enum)]
    switch: Switch,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Switch {
    On,
    Off,
}

impl AutostartArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        act(&self.one, ui, |host, domain| host.set_autostart(domain.id, self.switch == Switch::On))
    }
}
