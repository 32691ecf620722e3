//! `quantix ova explain`.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, ValueEnum};
use quantix_core::NetworkKey;
use quantix_ova::import::{
    Choices, Decision, Drivers, ExplainError, Explanation, ImportError, Verdict, explain,
};

use super::open;
use crate::{
    failure::Failure,
    ui::{Answer, BAD, BOLD, DIM, DOUBT, GOOD, Table, Ui, styled},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix ova explain appliance.ova
  quantix ova explain appliance.ova --option large --property hostname=web-1
  quantix ova explain --json appliance.ova | jq '.report[] | select(.verdict == \"dropped\")'
  quantix ova explain --json appliance.ova | jq .vm

Makes the machine that would be deployed and tells of each part of the descriptor whether it was
kept, changed or dropped, why, and in which line it stands. The JSON document is
{\"system\",\"name\",\"option\",\"vm\",\"sources\",\"cdroms\",\"nvram\",\"properties\",\"report\",\"findings\",\"broken\"}.
Exit code 0: there is such a machine. 1: the descriptor is broken, and the machine may not be as
described. 2: a choice is missing or not on offer.")]
pub(crate) struct ExplainArgs {
    /// The OVA (a path, `-` for standard input, or an address), the OVF descriptor, or its folder.
    path: PathBuf,
    #[command(flatten)]
    choices: ChoiceArgs,
}

/// What the deployer decides.
#[derive(Debug, Args)]
pub(crate) struct ChoiceArgs {
    /// The id of the system, where there are several.
    #[arg(long, value_name = "ID")]
    system: Option<String>,
    /// The deployment option; without one, the default.
    #[arg(long, value_name = "ID")]
    option: Option<String>,
    /// The value of a property; may be repeated.
    #[arg(long = "property", value_name = "KEY=VALUE", value_parser = pair)]
    properties: Vec<(String, String)>,
    /// Which network of the platform a network of the appliance is; may be repeated.
    #[arg(long = "network", value_name = "FROM=TO", value_parser = pair)]
    networks: Vec<(String, String)>,
    /// Which drivers the guest is trusted to have.
    #[arg(long, value_enum, default_value_t = DriversArg::Known)]
    drivers: DriversArg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DriversArg {
    /// Virtio where the guest is known to bring its drivers to the first boot.
    Known,
    /// Virtio throughout.
    Virtio,
    /// What every system knows throughout.
    Generic,
}

/// Reads `KEY=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

impl ChoiceArgs {
    /// The choices for the library.
    pub(crate) fn choices(self) -> Result<Choices, Failure> {
        let mut networks = BTreeMap::new();
        for (from, to) in self.networks {
            let key: NetworkKey =
                to.parse().map_err(|error| Failure::input("--network").because(error))?;
            networks.insert(from, key);
        }
        Ok(Choices {
            system: self.system,
            option: self.option,
            properties: self.properties.into_iter().collect(),
            networks,
            drivers: match self.drivers {
                DriversArg::Known => Drivers::Known,
                DriversArg::Virtio => Drivers::Virtio,
                DriversArg::Generic => Drivers::Generic,
            },
        })
    }
}

impl ExplainArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let package = open(&self.path)?;
        let answer = explain(&package, &self.choices.choices()?).map_err(explain_failure)?;
        ui.answer(&answer, describe)?;
        ui.findings(&answer.import.findings);
        Ok(Answer::yes_if(!answer.broken))
    }
}

#[allow(clippy::needless_pass_by_value, reason = "an argument of map_err")]
fn explain_failure(error: ExplainError) -> Failure {
    let hint = match &error {
        ExplainError::Import(ImportError::ManySystems { .. }) => Some("name one with --system"),
        ExplainError::Import(ImportError::Unknown { what: "property", .. }) => {
            Some("`quantix ova inspect` lists the properties")
        }
        _ => None,
    };
    let failure = Failure::input(error.to_string()).with_findings(error.findings());
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn describe(answer: &Explanation) -> String {
    let answer = &answer.import;
    let mut text = format!("{}\n", styled(BOLD, &answer.name));
    let mut table = Table::new(["line", "part", "", "appliance", "machine"]);
    for decision in &answer.report {
        table.row(row(decision));
    }
    text.push_str(&table.render());
    text.push('\n');
    for decision in answer.report.iter().filter(|d| d.verdict != Verdict::Kept) {
        let item = styled(BOLD, &decision.item);
        text.push_str(&format!("{item}: {}\n", decision.reason));
    }
    text
}

fn row(decision: &Decision) -> [String; 5] {
    let (style, word) = match decision.verdict {
        Verdict::Kept => (GOOD, "kept"),
        Verdict::Changed => (DOUBT, "changed"),
        Verdict::Dropped => (BAD, "dropped"),
    };
    let line = decision.line.map(|line| line.to_string()).unwrap_or_default();
    [
        styled(DIM, line),
        decision.item.clone(),
        styled(style, word),
        decision.from.clone().unwrap_or_default(),
        decision.to.clone().unwrap_or_default(),
    ]
}
