//! Tokens, and the classes of characters that make them.

use super::error::Position;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tok {
    StreamEnd,
    YamlDirective { major: u32 },
    TagDirective { handle: String, prefix: String },
    OtherDirective,
    DocumentStart,
    DocumentEnd,
    BlockSeqStart,
    BlockMapStart,
    BlockEnd,
    FlowSeqStart,
    FlowMapStart,
    FlowSeqEnd,
    FlowMapEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    Tag { handle: Option<String>, suffix: String },
    Scalar { text: String, style: Style },
}

/// How a scalar or collection is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes, or a collection in block style.
    Plain,
    /// In `'`.
    SingleQuoted,
    /// In `"`.
    DoubleQuoted,
    /// After `|`.
    Literal,
    /// After `>`.
    Folded,
    /// A collection in brackets.
    Flow,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Tok,
    pub(super) start: Position,
    pub(super) end: Position,
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

pub(super) fn is_break_or_end(c: char) -> bool {
    c == '\0' || is_break(c)
}

pub(super) fn is_blank_or_end(c: char) -> bool {
    matches!(c, ' ' | '\t') || is_break_or_end(c)
}

/// The characters that may stand in a YAML stream.
pub(super) fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}
