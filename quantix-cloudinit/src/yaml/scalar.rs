//! What a scalar means, and which characters are harmless.

/// Words that some YAML version or some reader takes for something other than a text.
const RESERVED: &[&str] = &[
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nil", "none", "nan", "inf",
    "infinity",
];

/// Whether a text may stand without quotes: a letter or slash first, then letters, digits and
/// `_./+@=-` with single spaces between them, and no reserved word.
pub(super) fn is_plain_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(first) = bytes.first() else { return false };
    (first.is_ascii_alphabetic() || *first == b'/')
        && bytes.last() != Some(&b' ')
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"_./+@=- ".contains(b))
        && !text.contains("  ")
        && !RESERVED.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a character shows itself and survives every YAML reader: no controls, no line or
/// paragraph separators, no byte order mark, no non-characters, nothing that reorders text.
pub(super) fn is_visible(c: char) -> bool {
    match u32::from(c) {
        0x20..=0x7e => true,
        0..=0xa0 | 0xad => false,
        0x061c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202f | 0x2060..=0x206f => false,
        0xfe00..=0xfe0f | 0xfeff | 0xfff0..=0xfffb | 0xfffe..=0xffff => false,
        0xe000..=0xf8ff => false,
        0xe0000.. => false,
        0x1fffe..=0x1ffff | 0x2fffe..=0x2ffff | 0x3fffe..=0xdffff => false,
        _ => !c.is_whitespace(),
    }
}

/// Whether an unquoted text is a date or a date and time to PyYAML.
pub(super) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| {
        bytes.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    if !(digits(0, 4) && bytes.get(4) == Some(&b'-')) {
        return false;
    }
    if bytes.len() == 10 && digits(5, 7) && bytes[7] == b'-' && digits(8, 10) {
        return true;
    }
    is_long_timestamp(&text[5..])
}

/// `M-D`, white space or a `T`, `h:mm:ss`, a fraction, a zone.
fn is_long_timestamp(text: &str) -> bool {
    let Some(rest) = eat_digits(text, 1, 2).and_then(|rest| rest.strip_prefix('-')) else {
        return false;
    };
    let Some(rest) = eat_digits(rest, 1, 2) else { return false };
    let spaced = rest.trim_start_matches([' ', '\t']);
    let time = if spaced.len() < rest.len() {
        spaced
    } else if let Some(time) = rest.strip_prefix(['T', 't']) {
        time
    } else {
        return false;
    };
    let time = eat_digits(time, 1, 2)
        .and_then(|rest| eat_digits(rest.strip_prefix(':')?, 2, 2))
        .and_then(|rest| eat_digits(rest.strip_prefix(':')?, 2, 2));
    let Some(mut rest) = time else { return false };
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    let zone = rest.trim_start_matches([' ', '\t']);
    if rest.is_empty() || zone == "Z" {
        return true;
    }
    let Some(offset) = zone.strip_prefix(['+', '-']) else { return false };
    let Some(rest) = eat_digits(offset, 1, 2) else { return false };
    rest.is_empty() || rest.strip_prefix(':').and_then(|rest| eat_digits(rest, 2, 2)) == Some("")
}

/// What follows `min` to `max` digits, as many as there are.
fn eat_digits(text: &str, min: usize, max: usize) -> Option<&str> {
    let count = text.bytes().take(max).take_while(u8::is_ascii_digit).count();
    (count >= min).then(|| &text[count..])
}
