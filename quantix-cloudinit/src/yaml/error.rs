//! Why a text is not YAML.

use quantix_core::Finding;

/// A place in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Bytes before it.
    pub offset: usize,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A text that PyYAML refuses, or that crosses a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct YamlError {
    at: Position,
    problem: String,
    kind: YamlErrorKind,
}

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YamlErrorKind {
    /// The text is not well-formed.
    Syntax,
    /// A scalar does not have the form that its tag or look asks for.
    Value,
    /// A named limit is crossed.
    Limit,
}

impl YamlError {
    pub(super) fn syntax(at: Position, problem: impl Into<String>) -> Self {
        Self { at, problem: problem.into(), kind: YamlErrorKind::Syntax }
    }

    pub(super) fn value(at: Position, problem: impl Into<String>) -> Self {
        Self { at, problem: problem.into(), kind: YamlErrorKind::Value }
    }

    pub(super) fn limit(at: Position, problem: impl Into<String>) -> Self {
        Self { at, problem: problem.into(), kind: YamlErrorKind::Limit }
    }

    /// Where it is.
    #[must_use]
    pub fn position(&self) -> Position {
        self.at
    }

    /// What kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> YamlErrorKind {
        self.kind
    }

    /// The same as a finding.
    #[must_use]
    pub fn to_finding(&self) -> Finding {
        let code = match self.kind {
            YamlErrorKind::Syntax => "yaml-syntax",
            YamlErrorKind::Value => "yaml-value",
            YamlErrorKind::Limit => "yaml-limit",
        };
        Finding::error(code, self.problem.clone()).at_position(self.at.line, self.at.column)
    }
}
