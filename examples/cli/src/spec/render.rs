//! `quantix spec render`.

use std::{
    fmt::Write as _,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Args;
use quantix_cloudinit::{
    hostname,
    spec::{AgentFile, Entropy, RenderError, RenderOptions, RenderReport, Target, render},
};
use quantix_core::{CustomizationSpec, SpecVm};

use crate::{
    failure::Failure,
    input,
    ui::{Answer, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix spec render --spec web.yaml --vm vm.json --to seed/
  quantix spec render --spec web.yaml --vm vm.json --to seed/ --seed-random 1 --json
  quantix spec render --spec win.yaml --vm vm.json --target unattend --to answers/
  quantix spec render --spec air-gapped.yaml --vm vm.json --to seed/ --agent x86_64=quantix-agent

The spec and the machine may be JSON or YAML. A machine is {\"name\", \"id\"?, \"project_id\"?,
\"folder\"?, \"index\"?, \"instance_id\"?, \"nics\": [{\"mac\"?, \"network\"?}]?}. Files are for their
owner only (mode 0600). When anything is wrong, every fault is told and nothing is written.")]
pub(crate) struct RenderArgs {
    /// The customization spec.
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// The machine; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    vm: PathBuf,
    /// What reads the files: nocloud, configdrive, unattend or ignition.
    #[arg(long, value_name = "TARGET", default_value = "nocloud")]
    target: String,
    /// The directory for the files; made where it is missing.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The agent for an architecture (as `uname -m` names it), for a spec whose seed carries it. The
    /// signature is read from PATH.sig where the spec names a key.
    #[arg(long, value_name = "ARCH=PATH", value_parser = arch_and_path)]
    agent: Vec<(String, PathBuf)>,
    /// Draw random names and salts from this number, so that they repeat.
    #[arg(long, value_name = "N")]
    seed_random: Option<u64>,
}

impl RenderArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let target: Target = self
            .target
            .parse()
            .map_err(|error| Failure::input("nothing was rendered").because(error))?;
        let spec: CustomizationSpec = input::document(&self.spec, "customization spec")?;
        let mut vm: SpecVm = input::document(&self.vm, "machine")?;
        vm.date.get_or_insert_with(today);
        let mut entropy = match self.seed_random {
            Some(seed) => Entropy::from_seed(seed),
            None => Entropy::from_os()
                .map_err(|error| Failure::environment("nothing was rendered").because(error))?,
        };
        let is_signed = spec.agent.as_ref().is_some_and(|agent| agent.ed25519.is_some());
        let agent_files = self.agent_files(is_signed)?;
        let options =
            RenderOptions { target, agent_files: &agent_files, ..RenderOptions::default() };
        let rendered = match render(&spec, &vm, options, &mut entropy) {
            Ok(rendered) => rendered,
            Err(error) => return Err(self.refused(ui, &error)?),
        };
        let report = rendered
            .write_to(&self.to)
            .map_err(|error| Failure::environment("nothing was rendered").because(error))?;
        ui.findings(&report.faults);
        ui.answer(&report, |report| self.human(report))?;
        Ok(Answer::Yes)
    }

    fn agent_files(&self, is_signed: bool) -> Result<Vec<AgentFile>, Failure> {
        let file = |(arch, path): &(String, PathBuf)| {
            let mut beside = path.clone().into_os_string();
            beside.push(".sig");
            let signature =
                if is_signed { Some(input::read(&PathBuf::from(beside))?) } else { None };
            Ok(AgentFile { arch: arch.clone(), binary: input::read(path)?, signature })
        };
        self.agent.iter().map(file).collect()
    }

    /// With `--json` the faults are a document too.
    fn refused(&self, ui: &Ui, error: &RenderError) -> Result<Failure, Failure> {
        if ui.json() {
            ui.answer(&error.report(), |_| String::new())?;
        }
        let message = format!("{} cannot be rendered", self.spec.display());
        Ok(Failure::input(message).with_findings(error.faults().to_vec()))
    }

    fn human(&self, report: &RenderReport) -> String {
        let mut out = format!("host name {}\n", report.hostname.as_deref().unwrap_or_default());
        for file in &report.files {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{}", self.to.join(file).display());
        }
        out
    }
}

fn arch_and_path(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((arch, path)) if !arch.is_empty() && !path.is_empty() => {
            Ok((arch.to_owned(), path.into()))
        }
        _ => Err("expected ARCH=PATH, such as x86_64=quantix-agent".to_owned()),
    }
}

/// The current date, UTC.
fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    hostname::date_of_unix_seconds(since.as_secs())
}
