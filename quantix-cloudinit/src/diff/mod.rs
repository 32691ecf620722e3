//! What changed between two values.

mod secret;

use serde::Serialize;

use crate::yaml::{Step, Value, dotted};

/// The longest list whose entries are matched up; longer ones are compared place by place.
const MATCHED_ITEMS_MAX: usize = 2_000;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where, as cloud-init writes paths: `users.0.name`. For what was removed, the old place.
    pub path: String,
    /// What kind of change it is.
    #[serde(rename = "change")]
    pub kind: ChangeKind,
    /// What was there. Secrets are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What is there now. Secrets are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// What kind of change something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is no longer there.
    Removed,
    /// It has another value.
    Changed,
}

/// Everything that differs, in the order of the older document, then of the newer one.
///
/// Entries of lists are matched by their `name`, `path` or equality, so that one more user is one
/// addition and not a change of all users after it.
#[must_use]
pub fn diff(before: &Value, after: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(before, after, &mut Vec::new(), &mut changes);
    changes
}

fn compare(before: &Value, after: &Value, path: &mut Vec<Step>, out: &mut Vec<Change>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Map(old), Value::Map(new)) => {
            let is_private = secret::is_private_file(old) || secret::is_private_file(new);
            for (key, value) in old.iter() {
                path.push(Step::Key(key.key_text()));
                match new.get_value(key) {
                    Some(other) if is_private && value != other && key.key_text() == "content" => {
                        out.push(hidden_change(path));
                    }
                    Some(other) => compare(value, other, path, out),
                    None => out.push(change(path, Some(value), None)),
                }
                path.pop();
            }
            for (key, value) in new.iter().filter(|(key, _)| old.get_value(key).is_none()) {
                path.push(Step::Key(key.key_text()));
                out.push(change(path, None, Some(value)));
                path.pop();
            }
        }
        (Value::Seq(old), Value::Seq(new))
            if old.len().max(new.len()) <= MATCHED_ITEMS_MAX && can_match(old, new) =>
        {
            compare_lists(old, new, path, out);
        }
        _ => out.push(change(path, Some(before), Some(after))),
    }
}

/// Commands run in order: a list of them is one thing unless entries were only added or removed.
fn can_match(old: &[Value], new: &[Value]) -> bool {
    let common = |a: &[Value], b: &[Value]| -> Vec<usize> {
        a.iter().filter_map(|item| position(b, item)).collect()
    };
    common(old, new).windows(2).all(|pair| pair[0] < pair[1])
}

fn compare_lists(old: &[Value], new: &[Value], path: &mut Vec<Step>, out: &mut Vec<Change>) {
    for (i, item) in old.iter().enumerate() {
        match position(new, item) {
            Some(at) => {
                path.push(Step::Index(at));
                compare(item, &new[at], path, out);
            }
            None => {
                path.push(Step::Index(i));
                out.push(change(path, Some(item), None));
            }
        }
        path.pop();
    }
    for (i, item) in new.iter().enumerate() {
        if position(old, item).is_none() {
            path.push(Step::Index(i));
            out.push(change(path, None, Some(item)));
            path.pop();
        }
    }
}

/// Where the entry is that stands for the same thing.
fn position(items: &[Value], wanted: &Value) -> Option<usize> {
    let identity = |item: &Value| {
        ["name", "path"]
            .iter()
            .find_map(|key| item.get(key).and_then(Value::as_str).map(String::from))
    };
    match identity(wanted) {
        Some(name) => items.iter().position(|item| identity(item).as_ref() == Some(&name)),
        None => items.iter().position(|item| item == wanted),
    }
}

fn change(path: &[Step], before: Option<&Value>, after: Option<&Value>) -> Change {
    let kind = match (before, after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ => ChangeKind::Changed,
    };
    let shown = |value: Option<&Value>| value.map(|value| secret::hide(path, value));
    Change { path: dotted(path), kind, before: shown(before), after: shown(after) }
}

/// A change of which only the place is told.
fn hidden_change(path: &[Step]) -> Change {
    let hidden = || Some(Value::from(quantix_core::REDACTED));
    Change { path: dotted(path), kind: ChangeKind::Changed, before: hidden(), after: hidden() }
}
