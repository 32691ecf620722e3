//! `quantix spec render`.

use std::{
    fmt::Write as _,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Args;
use quantix_cloudinit::{
    hostname,
    spec::{Entropy, RenderError, RenderOptions, RenderReport, Target, render},
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
        let options = RenderOptions { target, ..RenderOptions::default() };
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

/// The current date, UTC.
fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    hostname::date_of_unix_seconds(since.as_secs())
}
