//! The emitter: one quoting policy, chosen so that there is nothing to get wrong.
//!
//! A text is written plain only if it is made of a few harmless characters, starts with a letter
//! or a slash and is no word that any YAML version resolves. A text of several lines becomes a
//! literal block when that is exact. Everything else is double-quoted on one line, with every
//! character escaped that PyYAML would fold, strip, refuse, or that a person could not see.

use std::fmt::Write as _;

use super::{
    map::Map,
    scalar::{is_plain_word, is_timestamp, is_visible},
    value::Value,
};

/// The deepest nesting that is written.
pub const DEPTH_MAX: usize = 128;

/// The longest key that is written in front of its `:`. PyYAML gives up after 1024 characters.
const SIMPLE_KEY_CHARS_MAX: usize = 128;

/// A value tree that cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value is nested deeper than {DEPTH_MAX} levels; flatten it")]
pub struct EmitError(());

/// Writes a document that PyYAML reads back as exactly `value`.
///
/// The same value always gives the same text.
///
/// # Errors
/// When the value is nested deeper than [`DEPTH_MAX`].
///
/// # Example
/// ```
/// use quantix_cloudinit::yaml::{Map, emit};
/// let map: Map = [("hostname", "0123"), ("timezone", "Europe/Paris")].into_iter().collect();
/// assert_eq!(emit(&map.into())?, "hostname: \"0123\"\ntimezone: Europe/Paris\n");
/// # Ok::<(), quantix_cloudinit::yaml::EmitError>(())
/// ```
pub fn emit(value: &Value) -> Result<String, EmitError> {
    emit_with_header("", value)
}

/// Writes a document below a comment line such as `#cloud-config`.
///
/// # Errors
/// When the value is nested deeper than [`DEPTH_MAX`].
pub fn emit_with_header(header: &str, value: &Value) -> Result<String, EmitError> {
    let mut emitter = Emitter { out: String::with_capacity(1024) };
    if !header.is_empty() {
        emitter.out.push_str(header);
        emitter.out.push('\n');
    }
    match value {
        Value::Map(map) if !map.is_empty() => emitter.map(map, 0, 1, true)?,
        Value::Seq(items) if !items.is_empty() => emitter.seq(items, 0, 1, true)?,
        other => {
            emitter.flow(other, 1)?;
            emitter.out.push('\n');
        }
    }
    Ok(emitter.out)
}

struct Emitter {
    out: String,
}

impl Emitter {
    fn map(
        &mut self,
        map: &Map,
        indent: usize,
        depth: usize,
        fresh: bool,
    ) -> Result<(), EmitError> {
        check_depth(depth)?;
        for (i, (key, value)) in map.iter().enumerate() {
            if i > 0 || fresh {
                self.indent(indent);
            }
            let start = self.out.len();
            self.flow(key, depth + 1)?;
            let is_scalar = !matches!(key, Value::Seq(_) | Value::Map(_));
            if !is_scalar || self.out.len() - start > SIMPLE_KEY_CHARS_MAX {
                self.out.insert_str(start, "? ");
                self.out.push('\n');
                self.indent(indent);
            }
            self.out.push(':');
            self.block_value(value, indent, depth)?;
        }
        Ok(())
    }

    fn seq(
        &mut self,
        items: &[Value],
        indent: usize,
        depth: usize,
        fresh: bool,
    ) -> Result<(), EmitError> {
        check_depth(depth)?;
        for (i, item) in items.iter().enumerate() {
            if i > 0 || fresh {
                self.indent(indent);
            }
            self.out.push('-');
            match item {
                Value::Map(map) if !map.is_empty() => {
                    self.out.push(' ');
                    self.map(map, indent + 2, depth + 1, false)?;
                }
                Value::Seq(inner) if inner.iter().any(is_collection) => {
                    self.out.push(' ');
                    self.seq(inner, indent + 2, depth + 1, false)?;
                }
                Value::Seq(_) => self.flow_line(item, depth + 1)?,
                scalar => self.block_value(scalar, indent, depth)?,
            }
        }
        Ok(())
    }

    /// What follows a `:` or a `-`, up to and including the line break.
    fn block_value(&mut self, value: &Value, indent: usize, depth: usize) -> Result<(), EmitError> {
        match value {
            Value::Map(map) if !map.is_empty() => {
                self.out.push('\n');
                self.map(map, indent + 2, depth + 1, true)
            }
            Value::Seq(items) if !items.is_empty() => {
                self.out.push('\n');
                self.seq(items, indent + 2, depth + 1, true)
            }
            Value::String(text) if is_literal(text) => {
                self.literal(text, indent + 2);
                Ok(())
            }
            other => self.flow_line(other, depth + 1),
        }
    }

    fn flow_line(&mut self, value: &Value, depth: usize) -> Result<(), EmitError> {
        self.out.push(' ');
        self.flow(value, depth)?;
        self.out.push('\n');
        Ok(())
    }

    /// Writes on one line.
    fn flow(&mut self, value: &Value, depth: usize) -> Result<(), EmitError> {
        check_depth(depth)?;
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            Value::Int(number) => push_display(&mut self.out, number),
            Value::Float(number) => push_float(&mut self.out, *number),
            Value::String(text) => push_text(&mut self.out, text),
            Value::Timestamp(text) if is_timestamp(text) => self.out.push_str(text),
            // What is not a timestamp is only a text.
            Value::Timestamp(text) => push_text(&mut self.out, text),
            Value::Binary(bytes) => {
                self.out.push_str("!!binary \"");
                self.out.push_str(&base64(bytes));
                self.out.push('"');
            }
            Value::Seq(items) => {
                self.out.push('[');
                for (i, item) in items.iter().enumerate() {
                    self.out.push_str(if i > 0 { ", " } else { "" });
                    self.flow(item, depth + 1)?;
                }
                self.out.push(']');
            }
            Value::Map(map) => {
                self.out.push('{');
                for (i, (key, item)) in map.iter().enumerate() {
                    self.out.push_str(if i > 0 { ", ? " } else { "? " });
                    self.flow(key, depth + 1)?;
                    self.out.push_str(" : ");
                    self.flow(item, depth + 1)?;
                }
                self.out.push('}');
            }
        }
        Ok(())
    }

    fn literal(&mut self, text: &str, indent: usize) {
        let (body, chomp) = match text.strip_suffix('\n') {
            Some(body) => (body, ""),
            None => (text, "-"),
        };
        self.out.push_str(" |");
        self.out.push_str(chomp);
        self.out.push('\n');
        for line in body.split('\n') {
            if !line.is_empty() {
                self.indent(indent);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }

    fn indent(&mut self, columns: usize) {
        self.out.extend(std::iter::repeat_n(' ', columns));
    }
}

fn check_depth(depth: usize) -> Result<(), EmitError> {
    if depth > DEPTH_MAX { Err(EmitError(())) } else { Ok(()) }
}

fn is_collection(value: &Value) -> bool {
    matches!(value, Value::Seq(_) | Value::Map(_))
}

/// Whether a literal block holds exactly this text: no line break but `\n`, at most one at the
/// end, a first line that shows the indentation, and no line of white space only.
fn is_literal(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    text.contains('\n')
        && !first.is_whitespace()
        && !text.ends_with("\n\n")
        && text.chars().all(|c| c == '\n' || c == '\t' || is_visible(c))
        && text
            .split('\n')
            .all(|line| line.is_empty() || !line.trim_matches([' ', '\t']).is_empty())
}

/// Writes a text so that every YAML version reads a text.
pub(super) fn push_text(out: &mut String, text: &str) {
    if is_plain_word(text) {
        out.push_str(text);
    } else {
        push_quoted(out, text);
    }
}

fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_visible(c) => out.push(c),
            c => push_escape(out, u32::from(c)),
        }
    }
    out.push('"');
}

fn push_escape(out: &mut String, code: u32) {
    // Writing to a String cannot fail.
    let _ = match code {
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

fn push_display(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

/// YAML 1.1 wants a point in the mantissa and a sign in the exponent.
fn push_float(out: &mut String, number: f64) {
    if number.is_nan() {
        return out.push_str(".nan");
    }
    if number.is_infinite() {
        return out.push_str(if number > 0.0 { ".inf" } else { "-.inf" });
    }
    let text = format!("{number:?}");
    match text.split_once('e') {
        None => out.push_str(&text),
        Some((mantissa, exponent)) => {
            out.push_str(mantissa);
            out.push_str(if mantissa.contains('.') { "e" } else { ".0e" });
            out.push_str(if exponent.starts_with('-') { "" } else { "+" });
            out.push_str(exponent);
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
