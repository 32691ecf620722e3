//! `quantix ova diff`.

use std::path::PathBuf;

use clap::Args;
use quantix_ova::ovf::{Diff, diff_packages};

use super::open;
use crate::{
    failure::Failure,
    ui::{Answer, BAD, BOLD, GOOD, Ui, styled},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix ova diff old.ova new.ova
  quantix ova diff --json old.ova new/appliance.ovf | jq -r '.changes[].path'

Compares what two appliances are and not how they are written: spelling of units, order of items,
comments and packing do not count. The JSON document is
{\"equal\",\"changes\":[{\"path\",\"before\",\"after\"}]}. Exit code 0: they mean the same. 1: they differ.")]
pub(crate) struct DiffArgs {
    /// One appliance: an OVA, an OVF descriptor, or the folder with one.
    a: PathBuf,
    /// The other.
    b: PathBuf,
}

impl DiffArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let answer = diff_packages(&open(&self.a)?, &open(&self.b)?).map_err(|error| {
            Failure::input(error.to_string()).with_findings(vec![error.finding()])
        })?;
        ui.answer(&answer, describe)?;
        Ok(Answer::yes_if(answer.equal))
    }
}

fn describe(answer: &Diff) -> String {
    if answer.equal {
        return format!("{}\n", styled(GOOD, "both mean the same"));
    }
    let mut text = String::new();
    for change in &answer.changes {
        text.push_str(&format!("{}\n", styled(BOLD, &change.path)));
        for (style, sign, value) in [(BAD, '-', &change.before), (GOOD, '+', &change.after)] {
            if !value.is_null() {
                text.push_str(&format!("  {}\n", styled(style, format_args!("{sign} {value}"))));
            }
        }
    }
    text
}
