//! Tokens, and the classes of characters that make them.

use std::borrow::Cow;

use super::error::Position;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tok<'a> {
    StreamEnd,
    YamlDirective { major: u32 },
    TagDirective(Box<TagPrefix>),
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
    Alias(&'a str),
    Anchor(&'a str),
    Tag(Box<TagName>),
    Scalar { text: Cow<'a, str>, style: Style },
}

/// What a `%TAG` line declares.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TagPrefix {
    pub(super) handle: String,
    pub(super) prefix: String,
}

/// A tag as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TagName {
    pub(super) handle: Option<String>,
    pub(super) suffix: String,
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
pub(super) struct Token<'a> {
    pub(super) kind: Tok<'a>,
    pub(super) start: Position,
    pub(super) end: Position,
}

/// The characters that may stand in a YAML stream.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

/// Where the first character stands that may not be in a YAML stream, and what it is.
pub(super) fn first_not_allowed(text: &str) -> Option<(usize, char)> {
    let is_fine = |b: &u8| matches!(b, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    // Almost every text is made of these alone.
    let start = text.as_bytes().iter().position(|b| !is_fine(b))?;
    text.char_indices().skip_while(|(at, _)| *at < start).find(|(_, c)| !is_allowed(*c))
}
