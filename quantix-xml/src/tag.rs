//! Start tags: the name, the attributes, and where it ends.

use crate::{
    Limits,
    error::Problem,
    parse::Fault,
    text,
    tree::{AttributeData, NodeData, Span},
};

/// What a byte can be part of.
pub(crate) const SPACE: u8 = 1;
const NAME_START: u8 = 2;
const NAME: u8 = 4;
/// Ends a plain stretch of an attribute value.
const VALUE_STOP: u8 = 8;

/// The class of each byte. Bytes of non-ASCII characters count as name bytes here; names that
/// contain any are checked in full.
static CLASS: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut byte = 0usize;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "the loop ends at 255")]
        let b = byte as u8;
        if matches!(b, b' ' | b'\t' | b'\n' | b'\r') {
            table[byte] |= SPACE;
        }
        if b.is_ascii_alphabetic() || matches!(b, b'_' | b':' | 0x80..) {
            table[byte] |= NAME_START | NAME;
        }
        if b.is_ascii_digit() || matches!(b, b'-' | b'.') {
            table[byte] |= NAME;
        }
        if matches!(b, b'"' | b'\'' | b'<' | b'&') {
            table[byte] |= VALUE_STOP;
        }
        byte += 1;
    }
    table
};

pub(crate) fn is(byte: u8, class: u8) -> bool {
    CLASS[usize::from(byte)] & class != 0
}

/// A start tag that was read.
pub(crate) struct StartTag {
    pub(crate) end: usize,
    name_len: usize,
    pub(crate) attributes_start: usize,
    attributes_len: usize,
    pub(crate) is_empty: bool,
}

impl StartTag {
    /// Writes name and attributes into the node whose tag this is.
    pub(crate) fn store(&self, node: &mut NodeData) {
        node.name_len = crate::position::offset(self.name_len);
        node.attributes_start = crate::position::offset(self.attributes_start);
        node.attributes_len = u16::try_from(self.attributes_len).unwrap_or(u16::MAX);
    }
}

/// Reads the start tag at `text[start..]`, adding its attributes to `attributes`.
pub(crate) fn read_start_tag(
    text: &str,
    start: usize,
    limits: &Limits,
    attributes: &mut Vec<AttributeData>,
) -> Result<StartTag, Fault> {
    let bytes = text.as_bytes();
    let attributes_start = attributes.len();
    let mut at = read_name(text, start + 1, "`<` must be followed by a name; write `&lt;`")?;
    let name_len = at - start - 1;
    let unclosed = || (start, Problem::Unclosed { what: "a tag", expected: ">" });
    loop {
        let before = at;
        while bytes.get(at).is_some_and(|&b| is(b, SPACE)) {
            at += 1;
        }
        let is_empty = match bytes.get(at) {
            None => return Err(unclosed()),
            Some(b'>') => false,
            Some(b'/') if bytes.get(at + 1) == Some(&b'>') => true,
            Some(_) if at == before => {
                return Err((at, Problem::Tag("expected white space before an attribute")));
            }
            Some(_) => {
                at = read_attribute(text, start, at, attributes)?;
                check_new_attribute(text, attributes_start, name_len, start, limits, attributes)?;
                continue;
            }
        };
        let end = at + 1 + usize::from(is_empty);
        let attributes_len = attributes.len() - attributes_start;
        return Ok(StartTag { end, name_len, attributes_start, attributes_len, is_empty });
    }
}

/// Reads `name = "value"` at `at` and returns where it ends.
fn read_attribute(
    text: &str,
    tag: usize,
    at: usize,
    attributes: &mut Vec<AttributeData>,
) -> Result<usize, Fault> {
    let bytes = text.as_bytes();
    let skip_space = |mut at: usize| {
        while bytes.get(at).is_some_and(|&b| is(b, SPACE)) {
            at += 1;
        }
        at
    };
    let name_end = read_name(text, at, "expected an attribute name, `>` or `/>`")?;
    let equals = skip_space(name_end);
    if bytes.get(equals) != Some(&b'=') {
        return Err((equals, Problem::Tag("an attribute needs `=` and a quoted value")));
    }
    let open = skip_space(equals + 1);
    let Some(&quote) = bytes.get(open).filter(|b| matches!(b, b'"' | b'\'')) else {
        return Err((open, Problem::Tag("an attribute value must be in quotes")));
    };
    let mut end = open + 1;
    loop {
        while bytes.get(end).is_some_and(|&b| !is(b, VALUE_STOP)) {
            end += 1;
        }
        match bytes.get(end) {
            None => {
                return Err((tag, Problem::Unclosed { what: "a tag", expected: ">" }));
            }
            Some(b'<') => {
                let what = "`<` in an attribute value: a quote is missing, or write `&lt;`";
                return Err((end, Problem::Tag(what)));
            }
            Some(&b) if b == quote => break,
            Some(_) => end += 1,
        }
    }
    attributes
        .push(AttributeData { name: Span::new(at, name_end), value: Span::new(open + 1, end) });
    Ok(end + 1)
}

/// The last attribute must be within the limit and have a new name.
fn check_new_attribute(
    text: &str,
    attributes_start: usize,
    name_len: usize,
    tag: usize,
    limits: &Limits,
    attributes: &[AttributeData],
) -> Result<(), Fault> {
    let Some((new, earlier)) = attributes[attributes_start..].split_last() else {
        return Ok(());
    };
    let at = new.name.start as usize;
    if earlier.len() >= limits.attributes_max {
        let limit = limits.attributes_max;
        return Err((at, Problem::Limit { what: "the number of attributes", limit }));
    }
    let len = new.name.end - new.name.start;
    let name = new.name.of(text);
    let is_same =
        |old: &AttributeData| old.name.end - old.name.start == len && old.name.of(text) == name;
    if earlier.iter().any(is_same) {
        let element = text[tag + 1..tag + 1 + name_len].to_owned();
        return Err((at, Problem::DuplicateAttribute { name: name.to_owned(), element }));
    }
    Ok(())
}

/// Reads the name at `at` and returns where it ends.
fn read_name(text: &str, at: usize, expected: &'static str) -> Result<usize, Fault> {
    let bytes = text.as_bytes();
    if !bytes.get(at).is_some_and(|&b| is(b, NAME_START)) {
        return Err((at.min(bytes.len()), Problem::Tag(expected)));
    }
    let mut end = at + 1;
    let mut is_ascii = bytes[at] < 0x80;
    while let Some(&byte) = bytes.get(end).filter(|&&b| is(b, NAME)) {
        is_ascii &= byte < 0x80;
        end += 1;
    }
    if !is_ascii && !text::is_name(&text[at..end]) {
        return Err((at, Problem::Tag("a name has a character that XML names cannot have")));
    }
    Ok(end)
}
