//! [`Condition`]: one thing known about an object, with its reason and since when.

use serde::{Deserialize, Serialize};

use super::words;
use crate::{Faults, Timestamp};

words! {
    /// Whether a condition holds.
    ConditionStatus "condition status" {
        /// It holds.
        True "true",
        /// It does not.
        False "false",
        /// It cannot be told.
        Unknown "unknown",
    }
}

/// One thing known about an object, such as `ready`, `armed` or `agent_up`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What it is about: a word in snake case, once per object.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, as a word for programs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// Checks the conditions of an object, at its field `conditions`.
pub(crate) fn validate(faults: &mut Faults, conditions: &[Condition]) {
    faults.count("conditions", conditions.len(), 64);
    faults.unique("conditions", conditions, "type", |condition| Some(&condition.kind));
    faults.each("conditions", conditions, |faults, condition| {
        let is_word = |text: &str| {
            !text.is_empty()
                && text.len() <= 64
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        if !is_word(&condition.kind) {
            faults.error("type", "bad-word", "expected a word of a-z 0-9 _");
        }
        if !condition.reason.is_empty() && !is_word(&condition.reason) {
            faults.error("reason", "bad-word", "expected a word of a-z 0-9 _");
        }
        if condition.message.chars().count() > super::limits::DESCRIPTION_CHARS_MAX {
            faults.error("message", "bad-length", "expected at most 1000 characters");
        }
    });
}

/// Checks that an object was not changed before it was made.
pub(crate) fn times(faults: &mut Faults, created: Option<Timestamp>, updated: Option<Timestamp>) {
    if let (Some(created), Some(updated)) = (created, updated)
        && updated < created
    {
        let message = format!("{updated} is before it was made at {created}");
        faults.error("updated_at", "time-order", message);
    }
}
