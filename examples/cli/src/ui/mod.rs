//! What people and scripts see: the answer on stdout, talk on stderr.

mod progress;
mod table;

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use anstyle::{AnsiColor, Style};
use quantix_core::{Finding, Severity};
use serde::Serialize;

pub(crate) use self::{progress::Progress, table::Table};
use crate::failure::Failure;

/// What a command answers when it could answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done, or yes: exit code 0.
    Yes,
    /// The answer is no: exit code 1.
    No,
}

impl Answer {
    /// [`Answer::Yes`] where `yes` holds.
    pub(crate) fn yes_if(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// When to colour what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Bold, for headings.
pub(crate) const BOLD: Style = Style::new().bold();
/// Green, for what is good.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Yellow, for what is doubtful.
pub(crate) const DOUBT: Style = AnsiColor::Yellow.on_default();
/// Red, for what is wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// Dim, for what is secondary.
pub(crate) const DIM: Style = Style::new().dimmed();

/// A text in a style; the style is dropped where colour is off.
pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The two streams and how to use them.
#[derive(Debug)]
pub(crate) struct Ui {
    json: bool,
    quiet: bool,
}

impl Ui {
    /// Sets colour for the whole process and remembers the flags.
    pub(crate) fn new(json: bool, quiet: bool, color: ColorWhen) -> Self {
        match color {
            ColorWhen::Auto => anstream::ColorChoice::Auto,
            ColorWhen::Always => anstream::ColorChoice::Always,
            ColorWhen::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        Self { json, quiet }
    }

    /// Whether the answer is wanted as JSON.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// Prints the answer: the document as JSON, or what `human` makes of it.
    pub(crate) fn answer<T: Serialize>(
        &self,
        document: &T,
        human: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        if self.json {
            let mut text = serde_json::to_string_pretty(document)
                .map_err(|error| Failure::environment("cannot write JSON").because(error))?;
            text.push('\n');
            self.text(&text)
        } else {
            self.text(&human(document))
        }
    }

    /// Prints text to stdout as it is, colour aside.
    pub(crate) fn text(&self, text: &str) -> Result<(), Failure> {
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)
    }

    /// Says something on stderr, unless `--quiet`.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            complain(&text);
        }
    }

    /// Shows findings on stderr, one line each; informational ones only where `--json` did not
    /// already carry them.
    pub(crate) fn findings<'a>(&self, findings: impl IntoIterator<Item = &'a Finding>) {
        for finding in findings {
            let skip = self.json || (self.quiet && finding.severity != Severity::Error);
            if !skip {
                complain(&finding_line(finding));
            }
        }
    }

    /// Shows why the command failed: one line, its findings, and a hint.
    pub(crate) fn failure(&self, failure: &Failure) {
        complain(&format!("{} {failure}", styled(BAD, "error:")));
        for finding in failure.findings() {
            complain(&format!("  {}", finding_line(finding)));
        }
        if let Some(hint) = failure.hint_text() {
            complain(&format!("{} {hint}", styled(BOLD, "hint:")));
        }
    }

    /// A progress bar on stderr; silent when stderr is no terminal, or with `--quiet`.
    pub(crate) fn progress(&self, label: &str) -> Progress {
        Progress::new(label, !self.quiet && io::stderr().is_terminal())
    }
}

/// One line for a finding, its severity coloured.
pub(crate) fn finding_line(finding: &Finding) -> String {
    let style = match finding.severity {
        Severity::Error => BAD,
        Severity::Warning => DOUBT,
        Severity::Info => DIM,
    };
    let place = match (&finding.path, finding.line, finding.column) {
        (Some(path), Some(line), Some(column)) => format!("{path}:{line}:{column}: "),
        (Some(path), _, _) => format!("{path}: "),
        (None, Some(line), Some(column)) => format!("{line}:{column}: "),
        _ => String::new(),
    };
    format!(
        "{place}{} {} {}",
        styled(style, format_args!("{}:", finding.severity)),
        finding.message,
        styled(DIM, format_args!("[{}]", finding.code))
    )
}

/// Writes a line to stderr. Where even that fails there is nobody left to tell.
fn complain(text: &dyn Display) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}
