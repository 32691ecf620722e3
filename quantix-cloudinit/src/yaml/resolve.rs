//! What a scalar means to PyYAML's safe loader.

use base64::Engine as _;

use super::{
    error::{Position, YamlError},
    scalar::is_timestamp,
    scanner::Result,
    value::Value,
};

pub(super) const TAG_PREFIX: &str = "tag:yaml.org,2002:";

/// A scalar after resolution.
pub(super) enum Resolved {
    /// The text itself.
    Text,
    Value(Value),
    /// A plain `<<`.
    Merge,
    /// A plain `=`; a text as a key, refused elsewhere.
    Equals,
}

/// Resolves a plain scalar that has no tag.
pub(super) fn plain(at: Position, text: &str) -> Result<Resolved> {
    let value = match text.as_bytes().first() {
        None => Some(Value::Null),
        Some(b'~' | b'n' | b'N' | b'y' | b'Y' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => {
            word(text)
        }
        Some(b'=') if text == "=" => return Ok(Resolved::Equals),
        Some(b'<') if text == "<<" => return Ok(Resolved::Merge),
        Some(b'-' | b'+' | b'.' | b'0'..=b'9') => number(at, text)?,
        _ => None,
    };
    Ok(value.map_or(Resolved::Text, Resolved::Value))
}

fn word(text: &str) -> Option<Value> {
    match text {
        "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        text => boolean(text).map(Value::Bool),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The number or date; nothing for a text.
fn number(at: Position, text: &str) -> Result<Option<Value>> {
    if is_float(text) {
        return Ok(Some(Value::Float(float(text))));
    }
    if is_int(text) {
        return int(text).map(Some).ok_or_else(|| {
            YamlError::value(at, format!("{text:?} looks like a number but is none; quote it"))
        });
    }
    if is_timestamp(text) {
        return timestamp(at, text).map(Some);
    }
    Ok(None)
}

fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let Some((whole, rest)) = unsigned.split_once('.') else { return false };
    if whole.is_empty() {
        // No sign, and a digit right after the point.
        return unsigned.len() == text.len()
            && rest.starts_with(|c: char| c.is_ascii_digit())
            && is_fraction(rest, true);
    }
    if whole.contains(':') {
        return is_sexagesimal(whole, false) && is_fraction(rest, false);
    }
    is_digits(whole) && is_fraction(rest, true)
}

fn is_fraction(text: &str, may_have_exponent: bool) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    if rest.is_empty() {
        return true;
    }
    let Some(exponent) = rest.strip_prefix(['e', 'E']) else { return false };
    let Some(digits) = exponent.strip_prefix(['-', '+']) else { return false };
    may_have_exponent && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// A digit, then digits and underscores.
fn is_digits(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

/// Digits, then one or more `:` with a number below 60.
fn is_sexagesimal(text: &str, needs_nonzero_start: bool) -> bool {
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    let is_part = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    };
    is_digits(first)
        && !(needs_nonzero_start && first.starts_with('0'))
        && text.contains(':')
        && parts.all(is_part)
}

fn is_int(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let all = |text: &str, is: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|b| is(&b));
    if let Some(binary) = digits.strip_prefix("0b") {
        return all(binary, |b| matches!(b, b'0' | b'1' | b'_'));
    }
    if let Some(hex) = digits.strip_prefix("0x") {
        return all(hex, |b| b.is_ascii_hexdigit() || *b == b'_');
    }
    if let Some(octal) = digits.strip_prefix('0') {
        return octal.is_empty() || all(octal, |b| matches!(b, b'0'..=b'7' | b'_'));
    }
    is_digits(digits) || is_sexagesimal(digits, true)
}

/// The number, if there are digits at all.
fn int(text: &str) -> Option<Value> {
    let text = text.replace('_', "");
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (radix, digits) = if let Some(binary) = digits.strip_prefix("0b") {
        (2, binary)
    } else if let Some(hex) = digits.strip_prefix("0x") {
        (16, hex)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, &digits[1..])
    } else if digits.contains(':') {
        return Some(sexagesimal(digits, is_negative));
    } else {
        (10, digits)
    };
    if digits.is_empty() {
        return None;
    }
    let sign = if is_negative { -1 } else { 1 };
    Some(match i128::from_str_radix(digits, radix) {
        Ok(number) => Value::Int(sign * number),
        Err(_) => Value::Float(if is_negative { -big(digits, radix) } else { big(digits, radix) }),
    })
}

/// A number that no integer type holds, as near as a float gets.
fn big(digits: &str, radix: u32) -> f64 {
    digits
        .chars()
        .filter_map(|c| c.to_digit(radix))
        .fold(0.0, |sum, digit| sum.mul_add(f64::from(radix), f64::from(digit)))
}

fn sexagesimal(digits: &str, is_negative: bool) -> Value {
    let sum = digits
        .split(':')
        .try_fold(0_i128, |sum, part| sum.checked_mul(60)?.checked_add(part.parse::<i128>().ok()?));
    match sum {
        Some(sum) => Value::Int(if is_negative { -sum } else { sum }),
        None => Value::Float(if is_negative { f64::NEG_INFINITY } else { f64::INFINITY }),
    }
}

fn float(text: &str) -> f64 {
    let text = text.replace('_', "").to_ascii_lowercase();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(&text)),
    };
    match digits {
        ".inf" => sign * f64::INFINITY,
        ".nan" => f64::NAN,
        digits if digits.contains(':') => {
            let part = |part: &str| part.parse::<f64>().unwrap_or(0.0);
            sign * digits.split(':').fold(0.0, |sum, text| sum * 60.0 + part(text))
        }
        // The form was checked, and Rust reads every such form.
        digits => sign * digits.parse::<f64>().unwrap_or(f64::NAN),
    }
}

fn timestamp(at: Position, text: &str) -> Result<Value> {
    let mut parts = text.split(|c: char| !c.is_ascii_digit());
    let mut next = || parts.next().and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    let (year, month, day) = (next(), next(), next());
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let is_date = year > 0 && (1..=12).contains(&month) && (1..=days).contains(&day);
    let clock = text.find(':').map_or("", |colon| &text[colon.saturating_sub(2)..]);
    let clock = clock.trim_start_matches(|c: char| !c.is_ascii_digit());
    let mut fields = clock.split(|c: char| !c.is_ascii_digit());
    let mut in_range = |below: u32| {
        let field = fields.next().unwrap_or_default();
        field.is_empty() || field.parse::<u32>().is_ok_and(|number| number < below)
    };
    if is_date && in_range(24) && in_range(60) && in_range(60) {
        return Ok(Value::Timestamp(text.to_owned()));
    }
    Err(YamlError::value(at, format!("{text:?} looks like a date but is none; quote it")))
}

/// Builds a scalar that has an explicit tag.
pub(super) fn tagged(at: Position, tag: &str, text: String) -> Result<Value> {
    let bad = |what: &str| {
        YamlError::value(at, format!("{text:?} is not {what}, which its tag asks for"))
    };
    // Python's `int` and `float` do not mind white space around a number.
    let number = text.trim();
    match tag.strip_prefix(TAG_PREFIX) {
        Some("str") => Ok(Value::String(text)),
        Some("null") => Ok(Value::Null),
        Some("bool") => {
            boolean(&text.to_ascii_lowercase()).map(Value::Bool).ok_or_else(|| bad("a truth value"))
        }
        Some("int") if is_int(number) => int(number).ok_or_else(|| bad("an integer")),
        Some("int") => Err(bad("an integer")),
        Some("float") if is_float(number) => Ok(Value::Float(float(number))),
        Some("float") => match number.parse::<f64>() {
            Ok(number) => Ok(Value::Float(number)),
            Err(_) => Err(bad("a number")),
        },
        Some("timestamp") if is_timestamp(&text) => timestamp(at, &text),
        Some("timestamp") => Err(bad("a date")),
        Some("binary") => binary(&text).map(Value::Binary).ok_or_else(|| bad("base64")),
        _ => Err(unknown_tag(at, tag)),
    }
}

/// As lenient as Python: characters outside the alphabet do not count, and the padding ends it.
fn binary(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() {
        return None;
    }
    let (mut digits, mut pads) = (String::new(), 0);
    for c in text.chars() {
        if c == '=' {
            pads += 1;
            if digits.len() % 4 >= 2 && digits.len() % 4 + pads >= 4 {
                break;
            }
        } else if c.is_ascii_alphanumeric() || matches!(c, '+' | '/') {
            pads = 0;
            digits.push(c);
        }
    }
    let is_complete = digits.len() % 4 == 0 || digits.len() % 4 + pads >= 4;
    let config = base64::engine::GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone);
    let engine = base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    is_complete.then(|| engine.decode(digits).ok())?
}

pub(super) fn unknown_tag(at: Position, tag: &str) -> YamlError {
    let short = tag.strip_prefix(TAG_PREFIX).map_or_else(|| tag.to_owned(), |t| format!("!!{t}"));
    YamlError::value(at, format!("the tag {short:?} is unknown to cloud-init; remove it"))
}

/// What kind of collection a tag asks for.
pub(super) fn collection_tag(tag: &str) -> Option<&str> {
    tag.strip_prefix(TAG_PREFIX)
}
