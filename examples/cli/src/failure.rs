//! Why a command could not answer.

use std::{error::Error, fmt, io};

use quantix_core::Finding;

/// A command that could not answer: bad input (exit code 2) or a bad environment (exit code 3).
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    hint: Option<String>,
    findings: Vec<Finding>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Input,
    Environment,
    ClosedPipe,
}

impl Failure {
    /// The input or the usage is at fault: exit code 2.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    /// The machine, the network or a service is at fault: exit code 3.
    pub(crate) fn environment(message: impl Into<String>) -> Self {
        Self::new(Kind::Environment, message)
    }

    /// Writing the answer failed. A reader that closed the pipe (`| head`) is no failure.
    pub(crate) fn output(error: io::Error) -> Self {
        let closed = error.kind() == io::ErrorKind::BrokenPipe;
        let kind = if closed { Kind::ClosedPipe } else { Kind::Environment };
        Self::new(kind, "cannot write the answer").because(error)
    }

    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, findings: Vec::new(), source: None }
    }

    /// Adds what the user can do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause; its whole chain is shown.
    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds what was found wrong, one line each.
    pub(crate) fn with_findings(mut self, findings: Vec<Finding>) -> Self {
        self.findings = findings;
        self
    }

    /// The process exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::ClosedPipe => 0,
            Kind::Input => 2,
            Kind::Environment => 3,
        }
    }

    /// Whether stdout was closed by its reader.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.kind == Kind::ClosedPipe
    }

    /// The hint, if any.
    pub(crate) fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What was found wrong.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Display for Failure {
    /// The message and the chain of causes, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut cause = self.source.as_deref().map(|e| e as &dyn Error);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
