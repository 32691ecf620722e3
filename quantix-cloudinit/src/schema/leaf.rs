//! Checks of single values, with the official validator's words.

use super::{
    keyword::{Keyword, Type},
    validate::Out,
};
use crate::yaml::{Value, python};

pub(super) fn check_type(types: &[Type], value: &Value, out: &mut Out<'_>) {
    if !types.iter().any(|kind| kind.holds(value)) {
        let names: Vec<String> = types.iter().map(|kind| quoted(kind.name())).collect();
        out.error(format!("{} is not of type {}", python::repr(value), names.join(", ")));
    }
}

pub(super) fn check_enum(choices: &[Value], value: &Value, out: &mut Out<'_>) {
    if !choices.iter().any(|choice| is_equal(choice, value)) {
        let choices = python::repr(&Value::Seq(choices.to_vec()));
        out.error(format!("{} is not one of {choices}", python::repr(value)));
    }
}

pub(super) fn apply_to_scalar(keyword: &Keyword, value: &Value, out: &mut Out<'_>) {
    let shown = || python::repr(value);
    let length = || value.as_str().map(|text| text.chars().count());
    match keyword {
        Keyword::MinLength(min) if length().is_some_and(|length| length < *min) => {
            out.error(format!("{} {}", shown(), too_few(*min, "is too short")));
        }
        Keyword::MaxLength(max) if length().is_some_and(|length| length > *max) => {
            out.error(format!("{} is too long", shown()));
        }
        Keyword::Pattern(pattern, text)
            if value.as_str().is_some_and(|value| !pattern.is_match(value)) =>
        {
            out.error(format!("{} does not match {}", shown(), quoted(text)));
        }
        Keyword::Date if value.as_str().is_some_and(|text| !is_date(text)) => {
            out.error(format!("{} is not a 'date'", shown()));
        }
        Keyword::Minimum(min) if compare(value, min).is_some_and(std::cmp::Ordering::is_lt) => {
            out.error(format!("{} is less than the minimum of {}", shown(), python::repr(min)));
        }
        Keyword::Maximum(max) if compare(value, max).is_some_and(std::cmp::Ordering::is_gt) => {
            out.error(format!("{} is greater than the maximum of {}", shown(), python::repr(max)));
        }
        _ => {}
    }
}

pub(super) fn too_few(min: usize, otherwise: &str) -> &str {
    if min == 1 { "should be non-empty" } else { otherwise }
}

pub(super) fn quoted(text: &str) -> String {
    let mut out = String::new();
    python::push_text(&mut out, text);
    out
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| {
        let part = text.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
        part.and_then(|part| part.parse::<u32>().ok())
    };
    let parts = (number(0, 4), number(5, 7), number(8, 10));
    let (Some(year), Some(month), Some(day)) = parts else { return false };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    bytes.len() == 10
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && year > 0
        && (1..=days).contains(&day)
}

/// Numbers compare by value, whatever their type; nothing else compares.
fn compare(a: &Value, b: &Value) -> Option<std::cmp::Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        _ => as_float(a)?.partial_cmp(&as_float(b)?),
    }
}

#[allow(clippy::cast_precision_loss, reason = "limits in schemas are small")]
fn as_float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// Python's equality, except that a truth value is no number.
fn is_equal(a: &Value, b: &Value) -> bool {
    a == b || compare(a, b) == Some(std::cmp::Ordering::Equal)
}

pub(super) fn is_unique(items: &[Value]) -> bool {
    items.iter().enumerate().all(|(i, a)| !items[..i].iter().any(|b| is_equal(a, b)))
}
