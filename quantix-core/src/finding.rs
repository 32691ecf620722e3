//! Findings: what was noticed about an input, as values that a caller can show or count.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// How much a [`Finding`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Info,
    /// Accepted, but doubtful or partly ignored.
    Warning,
    /// The input is wrong here.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One thing noticed about an input: a fault, a doubt, or a dropped setting.
///
/// The wire form is `{"code","severity","message","path"?,"line"?,"column"?}`. Codes are stable
/// and lower-case kebab words (`missing-file`); messages are for people and may change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Stable machine-readable name of the kind of finding.
    pub code: Cow<'static, str>,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, what was expected, and what to do; lower case, no full stop.
    pub message: String,
    /// Where: a field path such as `spec.disks[1].storage_pool_id`, or a file or member name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// 1-based line in the text that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// 1-based column in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl Finding {
    /// A finding of severity [`Severity::Error`].
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// A finding of severity [`Severity::Warning`].
    #[must_use]
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    /// A finding of severity [`Severity::Info`].
    #[must_use]
    pub fn info(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Info, message)
    }

    fn new(code: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        let (code, message) = (Cow::Borrowed(code), message.into());
        Self { code, severity, message, path: None, line: None, column: None }
    }

    /// The same finding, placed at a field path or name.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The same finding, placed at a 1-based line and column.
    #[must_use]
    pub fn at_position(mut self, line: u32, column: u32) -> Self {
        (self.line, self.column) = (Some(line), Some(column));
        self
    }

    /// Whether this is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{path}")?;
        }
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "{}{line}:{column}", if self.path.is_some() { ":" } else { "" })?;
        }
        if self.path.is_some() || self.line.is_some() {
            f.write_str(": ")?;
        }
        write!(f, "{}: {} [{}]", self.severity, self.message, self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_place_severity_message_and_code() {
        let table = [
            (Finding::info("a", "b"), "info: b [a]"),
            (Finding::error("a", "b").at("spec.x"), "spec.x: error: b [a]"),
            (Finding::warning("a", "b").at_position(3, 7), "3:7: warning: b [a]"),
            (Finding::error("a", "b").at("f.ovf").at_position(3, 7), "f.ovf:3:7: error: b [a]"),
        ];
        for (finding, expected) in table {
            assert_eq!(finding.to_string(), expected);
        }
    }

    #[test]
    fn wire_form_omits_what_is_unknown() {
        let json = serde_json::to_string(&Finding::error("a", "b").at("p")).unwrap();
        assert_eq!(json, r#"{"code":"a","severity":"error","message":"b","path":"p"}"#);
    }
}
