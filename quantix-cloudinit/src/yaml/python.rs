//! How Python prints values; the official validator's messages are made of it.

use std::fmt::Write as _;

use super::value::Value;

/// The longest value that a message repeats, in characters.
const REPR_CHARS_MAX: usize = 200;

/// `repr(value)`, cut after 200 characters.
pub(crate) fn repr(value: &Value) -> String {
    let mut out = String::new();
    push(&mut out, value);
    match out.char_indices().nth(REPR_CHARS_MAX) {
        Some((at, _)) => {
            out.truncate(at);
            out.push('…');
            out
        }
        None => out,
    }
}

/// `str(value)`: a text as it is, everything else as [`repr`] shows it.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| repr(value), str::to_owned)
}

fn push(out: &mut String, value: &Value) {
    // What is cut anyway need not be written.
    if out.len() > 8 * REPR_CHARS_MAX {
        return;
    }
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(flag) => out.push_str(if *flag { "True" } else { "False" }),
        Value::Int(number) => push_display(out, number),
        Value::Float(number) => out.push_str(&float(*number)),
        Value::String(text) => push_text(out, text),
        Value::Timestamp(text) => push_display(out, format_args!("datetime({text})")),
        Value::Binary(data) => out.push_str(&bytes(data)),
        Value::Seq(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                push(out, item);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, item)) in map.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                push(out, key);
                out.push_str(": ");
                push(out, item);
            }
            out.push('}');
        }
    }
}

fn push_display(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

/// `repr(text)`.
pub(crate) fn push_text(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if super::scalar::is_visible(c) => out.push(c),
            c => match u32::from(c) {
                code @ 0..=0xff => push_display(out, format_args!("\\x{code:02x}")),
                code @ 0x100..=0xffff => push_display(out, format_args!("\\u{code:04x}")),
                code => push_display(out, format_args!("\\U{code:08x}")),
            },
        }
    }
    out.push(quote);
}

/// `repr(number)`.
pub(crate) fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let text = format!("{number:?}");
    match text.split_once('e') {
        None => text,
        Some((mantissa, exponent)) => {
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', exponent),
            };
            format!("{mantissa}e{sign}{digits:0>2}")
        }
    }
}

/// `repr(bytes)`.
pub(crate) fn bytes(data: &[u8]) -> String {
    let mut out = String::from("b'");
    for byte in data {
        match byte {
            b'\'' | b'\\' => {
                out.push('\\');
                out.push(char::from(*byte));
            }
            b' '..=b'~' => out.push(char::from(*byte)),
            byte => push_display(&mut out, format_args!("\\x{byte:02x}")),
        }
    }
    out.push('\'');
    out
}
