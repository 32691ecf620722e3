//! `quantix vm agent`: what the guest says about itself.

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use quantix_libvirt::{Class, FileReport};

use super::{One, failure};
use crate::{
    failure::Failure,
    input,
    ui::{Answer, Ui},
};

/// What to ask the agent.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Host name, system, time zone, addresses, who is logged in.
    Info(InfoArgs),
    /// Wait until the agent answers.
    Wait(WaitArgs),
    /// Run a program in the guest and show its output.
    Exec(ExecArgs),
    /// Print a file of the guest.
    Read(ReadArgs),
    /// Write a file of the guest.
    Write(WriteArgs),
}

impl AgentCommand {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        match self {
            Self::Info(args) => args.run(ui),
            Self::Wait(args) => args.run(ui),
            Self::Exec(args) => args.run(ui),
            Self::Read(args) => args.run(ui),
            Self::Write(args) => args.run(ui),
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  quantix vm agent info web --json")]
pub(crate) struct InfoArgs {
    #[command(flatten)]
    one: One,
}

impl InfoArgs {
    fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = self.one.open()?;
        let info = host.report_guest(domain.id).map_err(failure)?;
        ui.answer(&info, |info| {
            let zone = info.timezone.zone.as_deref().unwrap_or("?");
            let mut text = format!("{}  {}  {zone}\n", info.host_name, info.os.pretty_name);
            for nic in &info.interfaces {
                let addresses: Vec<String> =
                    nic.addresses.iter().map(|a| format!("{}/{}", a.address, a.prefix)).collect();
                // Writing to a String cannot fail.
                let _ = writeln!(text, "  {:<10} {}", nic.name, addresses.join(" "));
            }
            for user in &info.users {
                let _ = writeln!(text, "  logged in  {}", user.user);
            }
            text
        })?;
        Ok(Answer::Yes)
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  quantix vm agent wait web --limit 600

Exit code 1: it did not answer in time.")]
pub(crate) struct WaitArgs {
    #[command(flatten)]
    one: One,
    /// Seconds to wait.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = super::seconds())]
    limit: u64,
}

impl WaitArgs {
    fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = self.one.open()?;
        let progress = ui.progress(&format!("waiting for the agent of {domain}"));
        let outcome = host.agent_wait(domain.id, Duration::from_secs(self.limit));
        drop(progress);
        let is_late = outcome.as_ref().is_err_and(|error| error.class() == Class::Deadline);
        if !is_late {
            outcome.map_err(failure)?;
        }
        let answer =
            serde_json::json!({ "name": domain.name, "id": domain.id, "answers": !is_late });
        ui.answer(&answer, |_| match is_late {
            true => "no answer\n".to_owned(),
            false => "the agent answers\n".to_owned(),
        })?;
        Ok(Answer::yes_if(!is_late))
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm agent exec web -- /usr/bin/uptime
  quantix vm agent exec web --limit 120 --json -- /usr/bin/apt-get update

The program's path must be whole; there is no shell. Exit code 1: the program failed.")]
pub(crate) struct ExecArgs {
    #[command(flatten)]
    one: One,
    /// Seconds that the program may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = super::seconds())]
    limit: u64,
    /// The program and its arguments.
    #[arg(required = true, last = true)]
    command: Vec<String>,
}

impl ExecArgs {
    fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = self.one.open()?;
        let (program, args) = match self.command.split_first() {
            Some((program, args)) => (program, args),
            None => return Err(Failure::input("expected a program to run")),
        };
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let limit = Duration::from_secs(self.limit);
        let exit = host.agent_exec(domain.id, program, &args, limit).map_err(failure)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&exit.stdout), text(&exit.stderr));
        let answer = serde_json::json!({
            "code": exit.code, "stdout": stdout, "stderr": stderr, "truncated": exit.truncated,
        });
        if !ui.json() && !stderr.is_empty() {
            ui.note(stderr.trim_end());
        }
        ui.answer(&answer, |_| stdout.clone())?;
        Ok(Answer::yes_if(exit.code == Some(0)))
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  quantix vm agent read web /etc/os-release")]
pub(crate) struct ReadArgs {
    #[command(flatten)]
    one: One,
    /// The file in the guest.
    path: String,
}

impl ReadArgs {
    fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = self.one.open()?;
        let content = host.agent_read_file(domain.id, &self.path).map_err(failure)?;
        let report = FileReport::new(&self.path, &content);
        ui.answer(&report, |report| report.text.clone())?;
        Ok(Answer::Yes)
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  quantix vm agent write web /etc/motd --from motd.txt")]
pub(crate) struct WriteArgs {
    #[command(flatten)]
    one: One,
    /// The file in the guest; it is created or replaced.
    path: String,
    /// What to write; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

impl WriteArgs {
    fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let content = input::read(&self.from)?;
        let (host, domain) = self.one.open()?;
        host.agent_write_file(domain.id, &self.path, &content).map_err(failure)?;
        let answer = serde_json::json!({ "path": self.path, "bytes": content.len() });
        ui.answer(&answer, |_| format!("{} bytes written\n", content.len()))?;
        Ok(Answer::Yes)
    }
}
