//! [`AlertRules`]: rules and silences.

use serde::{Deserialize, Serialize};

use super::Observation;
use crate::{
    Faults, Timestamp, Validate,
    model::{AlertSeverity, Labels, ObjectKind, schema_version, text},
};

/// The most rules of one document.
pub const ALERT_RULES_MAX: usize = 1000;

/// The most silences of one document.
pub const SILENCES_MAX: usize = 1000;

/// The longest time that a rule waits, in seconds: a week.
const WAIT_SECONDS_MAX: u32 = 7 * 86_400;

/// What is worth an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AlertCondition {
    /// A measured value is above another.
    Above {
        /// The name of the value, such as `cpu_percent`.
        metric: String,
        /// The value that it must exceed.
        value: f64,
        /// Once raised, the alert lasts until the value is at most this; `value` when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clear: Option<f64>,
    },
    /// A measured value is below another.
    Below {
        /// The name of the value.
        metric: String,
        /// The value that it must fall short of.
        value: f64,
        /// Once raised, the alert lasts until the value is at least this; `value` when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clear: Option<f64>,
    },
    /// A state is one of several words.
    State {
        /// The name of the state, such as `power_state`.
        state: String,
        /// The words.
        any_of: Vec<String>,
    },
    /// Nothing was observed of an object that was observed before.
    Absent {
        /// For how long, in seconds.
        seconds: u32,
    },
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// Its name, once per document: a word such as `node_lost`.
    pub name: String,
    /// How bad it is when it holds.
    pub severity: AlertSeverity,
    /// The objects that it watches.
    pub object_kind: ObjectKind,
    /// Labels that these objects have; all objects of the kind without them.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub selector: Labels,
    /// When it holds.
    pub condition: AlertCondition,
    /// For how long it must hold before an alert is raised, in seconds.
    #[serde(default)]
    pub for_seconds: u32,
    /// For how long it must not hold before the alert is resolved, in seconds.
    #[serde(default)]
    pub keep_seconds: u32,
    /// Rules whose alerts explain this one: while one of them fires for the same object, or for the
    /// object that this one lies on, this one is muted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inhibited_by: Vec<String>,
    /// What the alert says; `{object}`, `{value}` and `{rule}` stand for what they name. A sentence
    /// of the library's own when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Labels that its alerts get.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Whether it is not looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// A time in which nobody wants to hear of some alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Its name, once per document.
    pub name: String,
    /// The rule whose alerts it mutes; those of all rules without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The object; all objects without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// Labels that the object has.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub selector: Labels,
    /// When it begins.
    pub from: Timestamp,
    /// When it is over.
    pub until: Timestamp,
    /// Who wants it and why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Rules and silences, as one document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AlertRules {
    /// The version of this form.
    #[serde(default = "schema_version::current")]
    pub schema_version: u32,
    /// The rules.
    #[serde(default)]
    pub rules: Vec<AlertRule>,
    /// The silences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silences: Vec<Silence>,
}

impl Default for AlertRules {
    fn default() -> Self {
        let schema_version = schema_version::current();
        Self { schema_version, rules: Vec::new(), silences: Vec::new() }
    }
}

/// Whether an object has all labels that are asked for.
fn selects(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

impl AlertRule {
    /// Whether the rule watches an object.
    #[must_use]
    pub fn watches(&self, object: &Observation) -> bool {
        !self.disabled
            && self.object_kind == object.object_kind
            && selects(&self.selector, &object.labels)
    }
}

impl Silence {
    /// Whether the alerts of a rule about an object are muted at a time.
    #[must_use]
    pub fn mutes(&self, rule: &str, object: &Observation, at: Timestamp) -> bool {
        (self.from..self.until).contains(&at)
            && self.rule.as_deref().is_none_or(|own| own == rule)
            && (self.object_id.is_none() || self.object_id == object.object_id)
            && selects(&self.selector, &object.labels)
    }
}

fn word(faults: &mut Faults, field: &'static str, word: &str) {
    let fits = (1..=64).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !fits {
        faults.error(field, "bad-word", "expected a word of a-z 0-9 _, 64 characters at most");
    }
}

impl Validate for AlertRules {
    fn validate(&self, faults: &mut Faults) {
        schema_version::check(faults, self.schema_version);
        faults.count("rules", self.rules.len(), ALERT_RULES_MAX);
        faults.unique("rules", &self.rules, "name", |rule| Some(&rule.name));
        faults.each("rules", &self.rules, |faults, rule| {
            rule.validate(faults);
            faults.each("inhibited_by", &rule.inhibited_by, |faults, name| {
                if *name == rule.name {
                    faults.error("", "inhibits-itself", "a rule cannot explain itself");
                } else if !self.rules.iter().any(|other| other.name == *name) {
                    faults.error("", "rule-not-found", format!("no rule is called {name:?}"));
                }
            });
        });
        faults.count("silences", self.silences.len(), SILENCES_MAX);
        faults.unique("silences", &self.silences, "name", |silence| Some(&silence.name));
        faults.each("silences", &self.silences, |faults, silence| {
            text::name(faults, "name", &silence.name, &(1..=64));
            text::labels(faults, "selector", &silence.selector);
            if silence.until <= silence.from {
                let message = format!("{} is not after {}", silence.until, silence.from);
                faults.error("until", "time-order", message);
            }
            if let Some(name) = &silence.rule
                && !self.rules.iter().any(|rule| rule.name == *name)
            {
                faults.warning("rule", "rule-not-found", format!("no rule is called {name:?}"));
            }
        });
    }
}

impl Validate for AlertRule {
    fn validate(&self, faults: &mut Faults) {
        word(faults, "name", &self.name);
        text::labels(faults, "selector", &self.selector);
        text::labels(faults, "labels", &self.labels);
        faults.within("condition", |faults| self.condition.validate(faults));
        for (field, seconds) in
            [("for_seconds", self.for_seconds), ("keep_seconds", self.keep_seconds)]
        {
            faults.range(field, &seconds, &(0..=WAIT_SECONDS_MAX));
        }
        faults.count("inhibited_by", self.inhibited_by.len(), 64);
        if self.message.chars().count() > 500 || self.message.chars().any(char::is_control) {
            let message = "expected one line of at most 500 characters";
            faults.error("message", "bad-length", message);
        }
    }
}

impl Validate for AlertCondition {
    fn validate(&self, faults: &mut Faults) {
        match self {
            Self::Above { metric, value, clear } => {
                word(faults, "metric", metric);
                if clear.is_some_and(|clear| clear > *value) {
                    let message = format!("expected at most {value}, or it would never be over");
                    faults.error("clear", "threshold-order", message);
                }
            }
            Self::Below { metric, value, clear } => {
                word(faults, "metric", metric);
                if clear.is_some_and(|clear| clear < *value) {
                    let message = format!("expected at least {value}, or it would never be over");
                    faults.error("clear", "threshold-order", message);
                }
            }
            Self::State { state, any_of } => {
                word(faults, "state", state);
                faults.count("any_of", any_of.len(), 64);
                if any_of.is_empty() {
                    faults.error("any_of", "empty", "expected at least one word");
                }
            }
            Self::Absent { seconds } => {
                faults.range("seconds", seconds, &(1..=WAIT_SECONDS_MAX));
            }
        }
    }
}
