//! `quantix xml`: the lossless reader, to be tried on one's own files.

use std::{ffi::OsStr, path::PathBuf};

use clap::{Args, Subcommand};
use quantix_xml::Document;
use serde::Serialize;

use crate::{
    failure::Failure,
    input,
    ui::{Answer, BAD, GOOD, Ui, styled},
};

/// What to do with XML documents.
#[derive(Debug, Subcommand)]
pub(crate) enum XmlCommand {
    /// Read libvirt or OVF XML and write it back untouched: is every byte the same?
    Roundtrip(RoundtripArgs),
}

impl XmlCommand {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        match self {
            Self::Roundtrip(args) => args.run(ui),
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

impl RoundtripArgs {
    fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let mut answer = Roundtrip { files: self.files.len(), ..Roundtrip::default() };
        for path in &self.files {
            let bytes = input::read(path)?;
            let file = match path.as_os_str() == OsStr::new("-") {
                true => "standard input".to_owned(),
                false => path.display().to_string(),
            };
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
