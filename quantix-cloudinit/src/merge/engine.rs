//! The merge itself, with the same steps as cloud-init's `mergers`.

use super::how::{How, Merger, MergerKind};
use crate::yaml::{Map, Value};

type Result<T> = std::result::Result<T, String>;

/// Merges `with` into `value`. Which merger acts depends on the type of `value` alone.
pub(super) fn merge(how: &How, value: &Value, with: &Value) -> Result<Value> {
    let kind = match value {
        Value::Map(_) => MergerKind::Dict,
        Value::Seq(_) => MergerKind::List,
        Value::String(_) => MergerKind::Str,
        _ => return Ok(value.clone()),
    };
    let Some(merger) = how.0.iter().find(|merger| merger.kind == kind) else {
        return Ok(value.clone());
    };
    match value {
        Value::Map(map) => merge_map(how, merger, map, with),
        Value::Seq(items) => merge_list(how, merger, items, with),
        Value::String(text) => merge_text(merger, text, with),
        other => Ok(other.clone()),
    }
}

fn recurses(merger: &Merger, with: &Value) -> bool {
    match with {
        Value::Seq(_) => merger.has("recurse_array") || merger.has("recurse_list"),
        Value::String(_) => merger.has("recurse_str"),
        Value::Map(_) => merger.kind == MergerKind::Dict || merger.has("recurse_dict"),
        _ => false,
    }
}

fn merge_map(how: &How, merger: &Merger, map: &Map, with: &Value) -> Result<Value> {
    let mut merged = map.clone();
    let Value::Map(with) = with else { return Ok(merged.into()) };
    let replaces = merger.method(&["replace", "no_replace"], "no_replace") == "replace";
    for (key, new) in with.iter() {
        let Some(old) = merged.get_value(key) else {
            merged.insert(key.clone(), new.clone());
            continue;
        };
        if *new == Value::Null && merger.has("allow_delete") {
            merged.remove_value(key);
        } else if replaces {
            merged.insert(key.clone(), new.clone());
        } else if recurses(merger, new) {
            let value = merge(how, old, new)?;
            merged.insert(key.clone(), value);
        }
    }
    Ok(merged.into())
}

fn merge_list(how: &How, merger: &Merger, items: &[Value], with: &Value) -> Result<Value> {
    let method = merger.method(&["append", "prepend", "replace", "no_replace"], "replace");
    if method == "replace" && with.as_seq().is_none() {
        return Ok(with.clone());
    }
    let with = as_list(with)?;
    Ok(Value::Seq(match method {
        "prepend" => [&with, items].concat(),
        "append" => [items, &with].concat(),
        _ => {
            let mut merged = items.to_vec();
            for (old, new) in merged.iter_mut().zip(&with) {
                if method == "no_replace" {
                    continue;
                }
                *old = if recurses(merger, new) { merge(how, old, new)? } else { new.clone() };
            }
            merged
        }
    }))
}

/// What Python sees when it walks through a value.
fn as_list(value: &Value) -> Result<Vec<Value>> {
    Ok(match value {
        Value::Seq(items) => items.clone(),
        Value::String(text) => text.chars().map(|c| Value::from(c.to_string())).collect(),
        Value::Map(map) => map.iter().map(|(key, _)| key.clone()).collect(),
        other => return Err(format!("a {} cannot be merged into a list", other.kind())),
    })
}

fn merge_text(merger: &Merger, text: &str, with: &Value) -> Result<Value> {
    if !merger.has("append") {
        return Ok(with.clone());
    }
    match with {
        Value::String(with) => Ok(Value::String(format!("{text}{with}"))),
        other => Err(format!("a {} cannot be appended to a text", other.kind())),
    }
}
