//! What can be wrong with a template or with the name that it gives.

/// A text that is no host name template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid host name template: {problem} at byte {offset}")]
pub struct TemplateError {
    pub(super) offset: usize,
    pub(super) problem: String,
}

impl TemplateError {
    pub(super) fn new(offset: usize, problem: impl Into<String>) -> Self {
        Self { offset, problem: problem.into() }
    }

    /// Byte offset of the fault.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

/// A template that gives no valid name for this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HostnameError(pub(super) Reason);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Reason {
    #[error("the host name template uses {{{{.{0}}}}}, but the machine has none")]
    Missing(&'static str),
    #[error("the date {0:?} is not YYYY-MM-DD")]
    Date(String),
    #[error("{0:?} has no letter or digit that a host name can use")]
    Unusable(&'static str),
    #[error(
        "the host name would have {chars} characters, at most {limit}: shorten the template's text"
    )]
    TooLong { chars: usize, limit: usize },
    #[error("{name:?} is not a valid {what}: {problem}")]
    Invalid { name: String, what: &'static str, problem: &'static str },
    #[error("{0:?} is taken: add {{{{.Random}}}} or {{{{.Index}}}} to the host name template")]
    Taken(String),
    #[error("{0} random host names in a row are taken: use a longer {{{{.Random}}}}")]
    AllTaken(usize),
}

impl HostnameError {
    /// Whether the name is valid but belongs to another machine.
    #[must_use]
    pub fn is_collision(&self) -> bool {
        matches!(self.0, Reason::Taken(_) | Reason::AllTaken(_))
    }
}
