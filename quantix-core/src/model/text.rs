//! Checks that names, descriptions and labels share.

use std::{collections::BTreeMap, ops::RangeInclusive};

use super::limits;
use crate::Faults;

/// Labels of an object: free words of its owner, for selection.
pub type Labels = BTreeMap<String, String>;

/// Checks a one-line name.
pub(crate) fn name(
    faults: &mut Faults,
    field: &'static str,
    text: &str,
    chars: &RangeInclusive<usize>,
) {
    let count = text.chars().count();
    if !chars.contains(&count) {
        let (low, high) = (chars.start(), chars.end());
        let message = format!("{count} characters: expected {low} to {high}");
        faults.error(field, "bad-length", message);
    }
    if text.trim() != text {
        faults.error(field, "outer-space", "white space at either end: remove it");
    }
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        let message = format!("control character U+{:04X}: remove it", u32::from(c));
        faults.error(field, "control-character", message);
    }
}

/// Checks a text of several lines.
pub(crate) fn description(faults: &mut Faults, text: &str) {
    let count = text.chars().count();
    if count > limits::DESCRIPTION_CHARS_MAX {
        let most = limits::DESCRIPTION_CHARS_MAX;
        let message = format!("{count} characters: expected at most {most}");
        faults.error("description", "bad-length", message);
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        let message = "control character: only line ends and tabs are allowed";
        faults.error("description", "control-character", message);
    }
}

/// Checks a map of labels: keys are `word` or `domain/word` of `[A-Za-z0-9._-]`, values one line.
pub(crate) fn labels(faults: &mut Faults, field: &'static str, labels: &Labels) {
    faults.count(field, labels.len(), limits::LABELS_MAX);
    faults.within(field, |faults| {
        for (key, value) in labels {
            if !is_label_key(key) || value.chars().count() > limits::LABEL_VALUE_CHARS_MAX {
                faults.entry(key, |faults| label(faults, key, value));
            } else if value.chars().any(char::is_control) {
                let message = "control character in the value: remove it";
                faults.entry(key, |faults| faults.error("", "control-character", message));
            }
        }
    });
}

fn label(faults: &mut Faults, key: &str, value: &str) {
    if !is_label_key(key) {
        let most = limits::LABEL_KEY_CHARS_MAX;
        let message = format!(
            "label key {:?}: expected 1 to {most} of A-Z a-z 0-9 . _ - / that begin and end with a \
             letter or digit",
            key.chars().take(64).collect::<String>()
        );
        faults.error("", "bad-label", message);
    }
    let count = value.chars().count();
    if count > limits::LABEL_VALUE_CHARS_MAX {
        let most = limits::LABEL_VALUE_CHARS_MAX;
        faults.error("", "bad-length", format!("{count} characters: expected at most {most}"));
    }
}

fn is_label_key(key: &str) -> bool {
    let bytes = key.as_bytes();
    let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    key.len() <= limits::LABEL_KEY_CHARS_MAX
        && outer(bytes.first())
        && outer(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(b))
}
