//! `quantix xml`: the lossless reader, to be tried on one's own files.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use quantix_core::Finding;
use quantix_libvirt::{
    Class,
    schema::{SchemaReport, Schemas},
};
use quantix_xml::Document;
use serde::Serialize;

use crate::{
    failure::Failure,
    input,
    ui::{Answer, BAD, GOOD, Ui, finding_line, styled},
};

/// What to do with XML documents.
#[derive(Debug, Subcommand)]
pub(crate) enum XmlCommand {
    /// Read libvirt or OVF XML and write it back untouched: is every byte the same?
    Roundtrip(RoundtripArgs),
    /// Check libvirt XML against libvirt's own schemas, without a daemon.
    Validate(ValidateArgs),
}

impl XmlCommand {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        match self {
            Self::Roundtrip(args) => args.run(ui),
            Self::Validate(args) => args.run(ui),
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix xml roundtrip /etc/libvirt/qemu/*.xml
  virsh dumpxml web | quantix xml roundtrip --json -

Exit code 0: every document comes back byte for byte. 1: one differs, or is not well-formed XML;
the answer names the place.")]
pub(crate) struct RoundtripArgs {
    /// The files; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// The answer of `xml roundtrip`.
#[derive(Debug, Default, Serialize)]
struct Roundtrip {
    files: usize,
    identical: usize,
    different: Vec<Different>,
    refused: Vec<Refused>,
}

#[derive(Debug, Serialize)]
struct Different {
    file: String,
    /// The first byte that differs.
    offset: usize,
}

#[derive(Debug, Serialize)]
struct Refused {
    file: String,
    code: &'static str,
    message: String,
    line: u32,
    column: u32,
}

/// A file as people know it.
fn shown(path: &Path) -> String {
    match path.as_os_str() == OsStr::new("-") {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

impl RoundtripArgs {
    fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let mut answer = Roundtrip { files: self.files.len(), ..Roundtrip::default() };
        for path in &self.files {
            let (file, bytes) = (shown(path), input::read(path)?);
            match Document::parse(&bytes) {
                Err(error) => answer.refused.push(Refused {
                    file,
                    code: error.code(),
                    message: error.message(),
                    line: error.position().line,
                    column: error.position().column,
                }),
                Ok(document) => match first_difference(&bytes, &document.to_bytes()) {
                    None => answer.identical += 1,
                    Some(offset) => answer.different.push(Different { file, offset }),
                },
            }
        }
        ui.answer(&answer, describe)?;
        Ok(Answer::yes_if(answer.identical == answer.files))
    }
}

fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    let differs = a.iter().zip(b).position(|(a, b)| a != b);
    differs.or_else(|| (a.len() != b.len()).then(|| a.len().min(b.len())))
}

fn describe(answer: &Roundtrip) -> String {
    let mut text = String::new();
    for Different { file, offset } in &answer.different {
        text.push_str(&format!("{file}: {} at byte {offset}\n", styled(BAD, "differs")));
    }
    for Refused { file, message, line, column, .. } in &answer.refused {
        text.push_str(&format!("{file}:{line}:{column}: {} {message}\n", styled(BAD, "refused:")));
    }
    let style = if answer.identical == answer.files { GOOD } else { BAD };
    let counts = format!("{} of {} identical", answer.identical, answer.files);
    text + &format!("{}\n", styled(style, counts))
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix xml validate web.xml pool.xml
  virsh dumpxml web | quantix xml validate --json -
  quantix xml validate --schemas ~/libvirt/src/conf/schemas web.xml

Domains, pools, volumes, networks, ports, filters, bindings, secrets, snapshots, checkpoints, backups,
node devices, capabilities, interfaces and CPUs: the schema is chosen by the outermost element. The
schemas are those of the installed libvirt. Exit code 0: every document is valid. 1: one is not; each
fault has its line, its column and what was expected. 3: there are no schemas.")]
pub(crate) struct ValidateArgs {
    /// The files; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The schema, such as `domain`, whatever the outermost element is.
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
    /// A folder of schemas.
    #[arg(long, value_name = "FOLDER")]
    schemas: Option<PathBuf>,
}

/// The answer of `xml validate`.
#[derive(Debug, Serialize)]
struct Validation {
    files: usize,
    valid: usize,
    schemas: PathBuf,
    results: Vec<Validated>,
}

#[derive(Debug, Serialize)]
struct Validated {
    file: String,
    #[serde(flatten)]
    report: SchemaReport,
}

impl ValidateArgs {
    fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let schemas = match &self.schemas {
            Some(folder) => Schemas::open(folder),
            None => Schemas::find(),
        };
        let schemas = schemas.map_err(no_schemas)?;
        let mut results = Vec::with_capacity(self.files.len());
        for path in &self.files {
            let bytes = input::read(path)?;
            let report = match &self.schema {
                Some(name) => schemas.check_as(&bytes, name),
                None => schemas.check(&bytes),
            };
            let report = match report {
                // A document of another kind among others is not valid, and the rest is told too.
                Err(error) if error.class() == Class::Invalid => SchemaReport {
                    valid: false,
                    schema: String::new(),
                    findings: vec![Finding::error("no-schema", error.message().to_owned())],
                },
                Err(error) if error.is_not_found() => {
                    return Err(Failure::input(error.to_string()));
                }
                outcome => outcome.map_err(no_schemas)?,
            };
            results.push(Validated { file: shown(path), report });
        }
        let valid = results.iter().filter(|result| result.report.valid).count();
        let (files, schemas) = (results.len(), schemas.folder().to_owned());
        ui.answer(&Validation { files, valid, schemas, results }, validated)?;
        Ok(Answer::yes_if(valid == files))
    }
}

fn no_schemas(error: quantix_libvirt::Error) -> Failure {
    let failure = Failure::environment(error.to_string());
    match error.remedy() {
        Some(remedy) => failure.hint(remedy),
        None => failure,
    }
}

fn validated(answer: &Validation) -> String {
    let mut text = String::new();
    for Validated { file, report } in &answer.results {
        for finding in &report.findings {
            text.push_str(&format!("{file}: {}\n", finding_line(finding)));
        }
    }
    let style = if answer.valid == answer.files { GOOD } else { BAD };
    text + &format!("{}\n", styled(style, format!("{} of {} valid", answer.valid, answer.files)))
}
