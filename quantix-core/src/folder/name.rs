//! [`FolderName`]: what one folder is called, and how that is written inside a path.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark, is_nfc};

/// The most characters (Unicode scalar values, after normalisation) that a name may have.
pub const NAME_CHARS_MAX: usize = 80;

/// The most bytes of a text that is considered at all: decomposed, the longest names that people
/// write stay well below.
pub const NAME_INPUT_BYTES_MAX: usize = 4 * 4 * NAME_CHARS_MAX;

/// The name of a folder as people read it: `TCP/IP`, `50%`, `Größe`.
///
/// 1 to [`NAME_CHARS_MAX`] characters in Unicode NFC. Refused, because they cannot be seen or
/// change how the rest is shown: control and format characters, white space at either end or other
/// than the plain and the ideographic space, a combining mark with nothing to combine with, `.` and
/// `..`. The zero-width joiners that emoji and several scripts need are allowed between two
/// non-ASCII characters. What only a file system minds (`CON`, `a:b`, a trailing dot) is allowed,
/// since a folder is no file.
///
/// In a [`FolderPath`](super::FolderPath) a slash is written `%2f`, a backslash `%5c` and a percent
/// sign `%25`; see [`FolderName::to_segment`].
///
/// ```
/// use quantix_core::FolderName;
/// let name: FolderName = "TCP/IP".parse()?;
/// assert_eq!(name.to_segment(), "TCP%2fIP");
/// assert!("..".parse::<FolderName>().is_err());
/// # Ok::<(), quantix_core::FolderNameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderName(Box<str>);

impl FolderName {
    /// Normalises and checks a name.
    ///
    /// # Errors
    /// When the text breaks a rule of the type; the error has the byte offset.
    pub fn new(text: &str) -> Result<Self, FolderNameError> {
        check(text)?;
        if is_nfc(text) {
            return Ok(Self(text.into()));
        }
        // Normalising can turn a neighbour into ASCII (the Kelvin sign is a K), so what came out
        // has to pass too.
        let normal: String = text.nfc().collect();
        check(&normal).map_err(|error| {
            let culprit = normal[error.offset..].chars().next();
            error.moved(|_| culprit.and_then(|c| text.find(c)).unwrap_or(0))
        })?;
        Ok(Self(normal.into()))
    }

    /// The name as people read it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it is written in a path.
    #[must_use]
    pub fn to_segment(&self) -> Cow<'_, str> {
        if !self.0.contains(['%', '/', '\\']) {
            return Cow::Borrowed(&self.0);
        }
        let mut segment = String::with_capacity(self.0.len() + 8);
        for c in self.0.chars() {
            match c {
                '%' => segment.push_str("%25"),
                '/' => segment.push_str("%2f"),
                '\\' => segment.push_str("%5c"),
                _ => segment.push(c),
            }
        }
        Cow::Owned(segment)
    }

    /// The name that a canonical segment writes.
    pub(super) fn from_canonical_segment(segment: &str) -> Self {
        Self(unescape(segment).unwrap_or(Cow::Borrowed(segment)).into())
    }
}

/// Checks every rule of [`FolderName`] but normalisation.
fn check(text: &str) -> Result<(), FolderNameError> {
    let fail = |offset, reason| Err(FolderNameError { offset, reason });
    if text.is_empty() {
        return fail(0, Reason::Empty);
    }
    if text == "." || text == ".." {
        return fail(0, Reason::Dots);
    }
    check_length(text)?;
    if text.starts_with(char::is_whitespace) {
        return fail(0, Reason::OuterSpace);
    }
    if text.ends_with(char::is_whitespace) {
        return fail(text.trim_end().len(), Reason::OuterSpace);
    }
    let mut before = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map(|&(_, c)| c);
        if let Some(reason) = refused(c, before, after) {
            return fail(at, reason);
        }
        before = Some(c);
    }
    Ok(())
}

/// Counts characters after normalisation, and places the fault at the first one too many.
fn check_length(text: &str) -> Result<(), FolderNameError> {
    if text.len() <= NAME_CHARS_MAX && text.is_ascii() {
        return Ok(());
    }
    if text.len() <= NAME_INPUT_BYTES_MAX && text.nfc().nth(NAME_CHARS_MAX).is_none() {
        return Ok(());
    }
    let offset = text.char_indices().nth(NAME_CHARS_MAX).map_or(text.len(), |(at, _)| at);
    Err(FolderNameError { offset, reason: Reason::TooLong })
}

/// Why a character may not stand between its neighbours.
fn refused(c: char, before: Option<char>, after: Option<char>) -> Option<Reason> {
    if c.is_ascii() {
        return c.is_ascii_control().then_some(Reason::Control(c));
    }
    let foreign = |neighbour: Option<char>| neighbour.is_some_and(|c| !c.is_ascii());
    match c {
        _ if c.is_control() => Some(Reason::Control(c)),
        '\u{200c}' | '\u{200d}' => {
            (!foreign(before) || !foreign(after)).then_some(Reason::Joiner(c))
        }
        // Soft hyphen, combining grapheme joiner, Hangul fillers, Mongolian vowel separator, zero
        // width and directional marks, embeddings, overrides, isolates, invisible operators, byte
        // order mark, interlinear annotation, blank braille, tags.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => Some(Reason::Invisible(c)),
        '\u{fdd0}'..='\u{fdef}' => Some(Reason::Invisible(c)),
        _ if u32::from(c) & 0xfffe == 0xfffe => Some(Reason::Invisible(c)),
        // After an escape, normalising the path would fuse the mark with the escape's last letter.
        _ if is_combining_mark(c) && matches!(before, None | Some('/' | '\\' | '%')) => {
            Some(Reason::Mark(c))
        }
        '\u{3000}' => None,
        _ if c.is_whitespace() => Some(Reason::Space(c)),
        _ => None,
    }
}

/// A text that is not a [`FolderName`], and the byte where it stops being one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid folder name: {reason} at byte {offset}")]
pub struct FolderNameError {
    offset: usize,
    reason: Reason,
}

impl FolderNameError {
    /// The byte offset in the text that was given.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The stable code of the reason: `empty-name`, `dot-segment`, `outer-space`, `name-too-long`,
    /// `control-character`, `invisible-character`, `stray-joiner`, `stray-mark`, `odd-space`,
    /// `bad-escape` or `raw-backslash`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.reason {
            Reason::Empty => "empty-name",
            Reason::Dots => "dot-segment",
            Reason::OuterSpace => "outer-space",
            Reason::TooLong => "name-too-long",
            Reason::Control(_) => "control-character",
            Reason::Invisible(_) => "invisible-character",
            Reason::Joiner(_) => "stray-joiner",
            Reason::Mark(_) => "stray-mark",
            Reason::Space(_) => "odd-space",
            Reason::Escape => "bad-escape",
            Reason::Backslash => "raw-backslash",
        }
    }

    pub(super) fn raw_backslash(offset: usize) -> Self {
        Self { offset, reason: Reason::Backslash }
    }

    pub(super) fn reason(&self) -> &impl fmt::Display {
        &self.reason
    }

    pub(super) fn moved(self, to: impl FnOnce(usize) -> usize) -> Self {
        Self { offset: to(self.offset), reason: self.reason }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Reason {
    #[error("expected at least one character")]
    Empty,
    #[error("`.` and `..` are not names")]
    Dots,
    #[error("white space at either end cannot be seen: remove it")]
    OuterSpace,
    #[error("expected at most {NAME_CHARS_MAX} characters")]
    TooLong,
    #[error("control character U+{:04X}", u32::from(*.0))]
    Control(char),
    #[error("character U+{:04X} cannot be seen or changes how others are shown", u32::from(*.0))]
    Invisible(char),
    #[error("joiner U+{:04X} is allowed between two non-ASCII characters only", u32::from(*.0))]
    Joiner(char),
    #[error("combining mark U+{:04X} needs a letter before it", u32::from(*.0))]
    Mark(char),
    #[error("white space U+{:04X} looks like another: use a plain space", u32::from(*.0))]
    Space(char),
    #[error("expected `%2f`, `%5c` or `%25` (a percent sign is written `%25`)")]
    Escape,
    #[error("a backslash is written `%5c`")]
    Backslash,
}

/// The text that a segment writes; the error has the offset of the faulty escape.
pub(super) fn unescape(segment: &str) -> Result<Cow<'_, str>, FolderNameError> {
    if !segment.contains(['%', '\\']) {
        return Ok(Cow::Borrowed(segment));
    }
    let mut name = String::with_capacity(segment.len());
    let mut rest = segment;
    while let Some(at) = rest.find(['%', '\\']) {
        let offset = segment.len() - rest.len() + at;
        name.push_str(&rest[..at]);
        let Some(after) = rest[at..].strip_prefix('%') else {
            return Err(FolderNameError::raw_backslash(offset));
        };
        name.push(match after.as_bytes().get(..2) {
            Some(b"25") => '%',
            Some(b"2f" | b"2F") => '/',
            Some(b"5c" | b"5C") => '\\',
            _ => return Err(FolderNameError { offset, reason: Reason::Escape }),
        });
        rest = &after[2..];
    }
    name.push_str(rest);
    Ok(Cow::Owned(name))
}

/// Where in a segment the byte `offset` of its unescaped text is written.
pub(super) fn escaped_offset(segment: &str, offset: usize) -> usize {
    let (mut plain, mut written) = (0, 0);
    while plain < offset && written < segment.len() {
        written += if segment.as_bytes()[written] == b'%' { 3 } else { 1 };
        plain += 1;
    }
    written
}

impl FromStr for FolderName {
    type Err = FolderNameError;

    fn from_str(text: &str) -> Result<Self, FolderNameError> {
        Self::new(text)
    }
}

impl fmt::Display for FolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Serialize for FolderName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FolderName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
