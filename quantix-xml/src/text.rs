//! Escaping and unescaping.

use std::borrow::Cow;

/// What may not be written raw where the text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// Between tags.
    Text,
    /// In an attribute value inside this quote.
    Attribute(char),
}

/// Whether XML 1.0 allows the character at all.
pub(crate) fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// The first character of `text` that XML cannot carry, not even as a reference.
pub(crate) fn first_forbidden(text: &str) -> Option<char> {
    text.chars().find(|&character| !is_allowed(character))
}

/// `text` with everything escaped that must be.
pub(crate) fn escape(text: &str, context: Context) -> Cow<'_, str> {
    let replacement = |character: char| match (character, context) {
        ('&', _) => Some("&amp;"),
        ('<', _) => Some("&lt;"),
        ('>', Context::Text) => Some("&gt;"),
        ('\r', _) => Some("&#13;"),
        ('"', Context::Attribute('"')) => Some("&quot;"),
        ('\'', Context::Attribute('\'')) => Some("&apos;"),
        ('\n', Context::Attribute(_)) => Some("&#10;"),
        ('\t', Context::Attribute(_)) => Some("&#9;"),
        _ => None,
    };
    if !text.chars().any(|character| replacement(character).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match replacement(character) {
            Some(entity) => escaped.push_str(entity),
            None => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

/// What raw text between tags means: references resolved, line ends as LF.
pub(crate) fn text_value(raw: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'&', b'\r', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(resolve(raw, Context::Text))
}

/// What a raw attribute value means: references resolved, white space as spaces.
pub(crate) fn attribute_value(raw: &str) -> Cow<'_, str> {
    if !raw.bytes().any(|b| matches!(b, b'&' | b'\r' | b'\n' | b'\t')) {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(resolve(raw, Context::Attribute('"')))
}

fn resolve(raw: &str, context: Context) -> String {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(character) = rest.chars().next() {
        if character == '&'
            && let Some((resolved, len)) = reference(rest)
        {
            value.push(resolved);
            rest = &rest[len..];
            continue;
        }
        rest = &rest[character.len_utf8()..];
        match (character, context) {
            ('\r', Context::Text) => {
                rest = rest.strip_prefix('\n').unwrap_or(rest);
                value.push('\n');
            }
            ('\r', Context::Attribute(_)) => {
                rest = rest.strip_prefix('\n').unwrap_or(rest);
                value.push(' ');
            }
            ('\n' | '\t', Context::Attribute(_)) => value.push(' '),
            _ => value.push(character),
        }
    }
    value
}

/// Reads the reference at the start of `raw` (which starts with `&`): the character it stands for
/// and its length. `None` for anything else, custom entities included.
pub(crate) fn reference(raw: &str) -> Option<(char, usize)> {
    let end = raw.as_bytes().iter().take(REFERENCE_BYTES_MAX).position(|&b| b == b';')?;
    let body = &raw[1..end];
    let character = match body {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = body.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
                    u32::from_str_radix(hex, 16).ok()?
                }
                None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse().ok()?,
                _ => return None,
            };
            char::from_u32(code).filter(|&character| is_allowed(character))?
        }
    };
    Some((character, end + 1))
}

/// The longest reference that is read; `&#1114111;` with a few leading zeros fits.
const REFERENCE_BYTES_MAX: usize = 24;

/// Whether `name` is an XML name (with any number of colons).
pub(crate) fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(is_name_start) && characters.all(is_name_part)
}

pub(crate) fn is_name_start(c: char) -> bool {
    matches!(c, ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}'
        | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}'
        | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

pub(crate) fn is_name_part(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}'
            | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping_is_undone_by_unescaping() {
        for text in ["", "plain", "a<b>&\"'c", "tab\tline\nreturn\r.", "]]>", "é😀", "&amp;"] {
            assert_eq!(text_value(&escape(text, Context::Text)), text);
            for quote in ['"', '\''] {
                let raw = escape(text, Context::Attribute(quote));
                assert!(!raw.contains(quote), "{raw}");
                assert_eq!(attribute_value(&raw), text);
            }
        }
    }

    #[test]
    fn white_space_is_normalised_as_xml_says() {
        assert_eq!(text_value("a\r\nb\rc"), "a\nb\nc");
        assert_eq!(attribute_value("a\r\nb\tc\nd&#10;"), "a b c d\n");
    }

    #[test]
    fn references() {
        for (raw, expected) in [
            ("&lt;x", Some(('<', 4))),
            ("&#65;", Some(('A', 5))),
            ("&#x1F600;", Some(('😀', 9))),
            ("&#0;", None),
            ("&#xD800;", None),
            ("&#+65;", None),
            ("&#x;", None),
            ("&#;", None),
            ("&custom;", None),
            ("&amp", None),
        ] {
            assert_eq!(reference(raw), expected, "{raw}");
        }
    }
}
