//! Checks of single values, with the official validator's words.

use std::{
    cmp::Ordering,
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher as _,
};

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
    if !is_in(choices, value) {
        let choices = python::repr(&Value::Seq(choices.to_vec()));
        out.error(format!("{} is not one of {choices}", python::repr(value)));
    }
}

pub(super) fn is_in(choices: &[Value], value: &Value) -> bool {
    choices.iter().any(|choice| is_equal(choice, value))
}

/// Whether a scalar is as a keyword asks.
pub(super) fn scalar_fits(keyword: &Keyword, value: &Value) -> bool {
    let Some(text) = value.as_str() else {
        return match keyword {
            Keyword::Minimum(min) => !compare(value, min).is_some_and(Ordering::is_lt),
            Keyword::Maximum(max) => !compare(value, max).is_some_and(Ordering::is_gt),
            _ => true,
        };
    };
    match keyword {
        Keyword::MinLength(min) => text.chars().count() >= *min,
        Keyword::MaxLength(max) => text.chars().count() <= *max,
        Keyword::Pattern(pattern, _) => pattern.is_match(text),
        Keyword::Date => is_date(text),
        _ => true,
    }
}

pub(super) fn apply_to_scalar(keyword: &Keyword, value: &Value, out: &mut Out<'_>) {
    if scalar_fits(keyword, value) {
        return;
    }
    let shown = python::repr(value);
    out.error(match keyword {
        Keyword::MinLength(min) => format!("{shown} {}", too_few(*min, "is too short")),
        Keyword::MaxLength(_) => format!("{shown} is too long"),
        Keyword::Pattern(_, text) => format!("{shown} does not match {}", quoted(text)),
        Keyword::Date => format!("{shown} is not a 'date'"),
        Keyword::Minimum(min) => {
            format!("{shown} is less than the minimum of {}", python::repr(min))
        }
        Keyword::Maximum(max) => {
            format!("{shown} is greater than the maximum of {}", python::repr(max))
        }
        _ => return,
    });
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
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
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
    a == b || compare(a, b) == Some(Ordering::Equal)
}

/// Up to so many entries of a list are compared with each other at once.
const COMPARED_ITEMS_MAX: usize = 32;

/// Whether no two entries are equal.
pub(super) fn is_unique(items: &[Value]) -> bool {
    let differ = |items: &[&Value]| {
        items.iter().enumerate().all(|(i, a)| !items[..i].iter().any(|b| is_equal(a, b)))
    };
    if items.len() <= COMPARED_ITEMS_MAX {
        return differ(&items.iter().collect::<Vec<_>>());
    }
    let state = RandomState::new();
    let mut alike: HashMap<u64, Vec<&Value>> = HashMap::new();
    for item in items {
        alike.entry(hash(item, &state)).or_default().push(item);
    }
    alike.values().all(|items| differ(items))
}

/// Equal values have equal hashes, whatever the order of their keys.
fn hash(value: &Value, state: &RandomState) -> u64 {
    let of = |item: &Value| hash(item, state);
    match value {
        Value::Int(_) | Value::Float(_) => {
            // Numbers that are equal are so as floats.
            state.hash_one(as_float(value).map(|number| (number + 0.0).to_bits()))
        }
        Value::String(text) | Value::Timestamp(text) => state.hash_one(text),
        Value::Binary(bytes) => state.hash_one(bytes),
        Value::Seq(items) => state.hash_one(items.iter().map(of).collect::<Vec<_>>()),
        Value::Map(map) => map
            .iter()
            .fold(1, |sum: u64, (key, item)| sum.wrapping_add(state.hash_one((of(key), of(item))))),
        Value::Null => 2,
        Value::Bool(flag) => 3 + u64::from(*flag),
    }
}
