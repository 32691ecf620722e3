//! `quantix spec import` and `quantix spec export`: specs from and for vSphere.

use std::{io::Write as _, path::PathBuf};

use clap::{Args, ValueEnum};
use quantix_cloudinit::vsphere::{self, Imported};
use quantix_core::CustomizationSpec;
use serde::Serialize;

use crate::{
    failure::Failure,
    input,
    ui::{Answer, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix spec import web.xml --to web.json
  quantix spec import web.xml --json

Reads the XML that the vSphere client exports, the SOAP form, and the JSON of the REST API. The file
of --to holds passwords that could be read and is for its owner only; what is printed has them
redacted.")]
pub(crate) struct ImportArgs {
    /// The spec of vSphere; `-` reads standard input.
    file: PathBuf,
    /// Where the spec goes, as JSON; an existing file is replaced in one step.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl ImportArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let name = self.file.display();
        let bytes = input::read(&self.file)?;
        let text = String::from_utf8(bytes)
            .map_err(|error| Failure::input(format!("{name} is not UTF-8")).because(error))?;
        let imported = vsphere::import(&text).map_err(|error| {
            Failure::input(format!("{name} is no customization spec")).because(error)
        })?;
        if let Some(to) = &self.to {
            write(to, &format!("{:#}\n", imported.spec.to_value_with_secrets()))?;
        }
        ui.findings(&imported.findings);
        ui.answer(&imported, |imported| self.human(imported))?;
        Ok(Answer::Yes)
    }

    fn human(&self, imported: &Imported) -> String {
        match &self.to {
            Some(to) => {
                format!("{}: {:?}, {}\n", to.display(), imported.spec.name, imported.spec.os_family)
            }
            None => format!("{:#}\n", serde_json::to_value(&imported.spec).unwrap_or_default()),
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix spec export --spec web.yaml --to web.xml
  quantix spec export --spec web.yaml --format json --to web.json

vCenter wants passwords as the spec has them, so the file is for its owner only. What vSphere's
specs cannot say is left out and told.")]
pub(crate) struct ExportArgs {
    /// The customization spec.
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// XML for the vSphere client, or JSON for the REST API.
    #[arg(long, value_enum, default_value_t = FormatArg::Xml)]
    format: FormatArg,
    /// Where the document goes; an existing file is replaced in one step.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArg {
    Xml,
    Json,
}

/// The answer of `quantix spec export`.
#[derive(Debug, Serialize)]
struct ExportAnswer {
    path: String,
    findings: Vec<quantix_core::Finding>,
}

impl ExportArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let spec: CustomizationSpec = input::document(&self.spec, "customization spec")?;
        let format = match self.format {
            FormatArg::Xml => vsphere::Format::Xml,
            FormatArg::Json => vsphere::Format::Json,
        };
        let exported = vsphere::export(&spec, format).map_err(|error| {
            Failure::input(format!("{} cannot be exported", self.spec.display())).because(error)
        })?;
        write(&self.to, &exported.text)?;
        let answer =
            ExportAnswer { path: self.to.display().to_string(), findings: exported.findings };
        ui.findings(&answer.findings);
        ui.answer(&answer, |answer| format!("{}\n", answer.path))?;
        Ok(Answer::Yes)
    }
}

/// Writes a file for its owner only, in one step.
fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(std::path::Path::new("."));
    let written =
        tempfile::Builder::new().prefix(".spec-").tempfile_in(folder).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.persist(path).map_err(|error| error.error)
        });
    written.map(drop).map_err(|error| {
        Failure::environment(format!("cannot write {}", path.display())).because(error)
    })
}
