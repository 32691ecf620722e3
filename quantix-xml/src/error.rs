//! What can be wrong with a document, and with an edit.

use crate::Position;

/// A document that is not well-formed XML, or that is larger than allowed.
///
/// [`XmlError::code`] is stable; the message is for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {problem}")]
pub struct XmlError {
    position: Position,
    offset: usize,
    problem: Problem,
}

impl XmlError {
    pub(crate) fn new(position: Position, offset: usize, problem: Problem) -> Self {
        Self { position, offset, problem }
    }

    /// Where, in lines and characters.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Where, in bytes of the text as UTF-8 without a byte-order mark; for a text that cannot be
    /// decoded, in bytes of the input.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// A stable name for the kind of problem, such as `xml-mismatched-tag`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.problem.code()
    }

    /// Whether the document was refused for its size and not for its form.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self.problem, Problem::Limit { .. })
    }

    /// The problem alone, without the position.
    #[must_use]
    pub fn message(&self) -> String {
        self.problem.to_string()
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("the document has no element")]
    Empty,
    #[error("{what} is more than the limit of {limit}")]
    Limit { what: &'static str, limit: usize },
    #[error("{0}")]
    Encoding(String),
    #[error("character U+{0:04X} is not allowed in XML")]
    Character(u32),
    #[error("{what} is not closed: expected {expected:?}")]
    Unclosed { what: &'static str, expected: &'static str },
    #[error("element `{name}` is not closed: expected `</{name}>` before the end of the text")]
    OpenAtEnd { name: String },
    #[error("`</{found}>` closes nothing that is open")]
    StrayEnd { found: String },
    #[error("`</{found}>` does not match `<{open}>` of {at}: expected `</{open}>`")]
    Mismatch { found: String, open: String, at: Position },
    #[error("attribute `{name}` is given twice on `{element}`")]
    DuplicateAttribute { name: String, element: String },
    #[error("bad tag: {0}")]
    Tag(&'static str),
    #[error("bad markup: {0}")]
    Markup(&'static str),
    #[error("{0}")]
    OutsideRoot(&'static str),
    #[error("entity `&{name};` is not one of amp, lt, gt, quot and apos; none is ever expanded")]
    Entity { name: String },
    #[error("bad reference: `&` must start `&name;` or `&#number;`; write `&amp;` for the sign")]
    Reference,
}

impl Problem {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "xml-empty",
            Self::Limit { .. } => "xml-limit",
            Self::Encoding(_) => "xml-encoding",
            Self::Character(_) => "xml-character",
            Self::Unclosed { .. } | Self::OpenAtEnd { .. } => "xml-unclosed",
            Self::StrayEnd { .. } | Self::Mismatch { .. } => "xml-mismatched-tag",
            Self::DuplicateAttribute { .. } => "xml-duplicate-attribute",
            Self::Tag(_) => "xml-tag",
            Self::Markup(_) => "xml-markup",
            Self::OutsideRoot(_) => "xml-outside-root",
            Self::Entity { .. } => "xml-entity",
            Self::Reference => "xml-reference",
        }
    }
}

/// An edit that would make the document ill-formed or too large; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot edit: {problem}")]
pub struct EditError {
    problem: EditProblem,
}

impl EditError {
    pub(crate) fn new(problem: EditProblem) -> Self {
        Self { problem }
    }
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditProblem {
    #[error("{0:?} is not an XML name")]
    Name(String),
    #[error("character U+{0:04X} is not allowed in XML")]
    Character(u32),
    #[error("this node is not part of the document (any more)")]
    Detached,
    #[error("{0} is needed here")]
    Kind(&'static str),
    #[error("the root element has no siblings and cannot be removed")]
    Root,
    #[error("the fragment is not one well-formed element: {0}")]
    Fragment(String),
    #[error("{what} would be more than the limit of {limit}")]
    Limit { what: &'static str, limit: usize },
}
