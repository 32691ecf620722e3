//! [`AlertBook`]: which alerts there are, and how they change with what is observed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{AlertCondition, AlertRule, AlertRules};
use crate::{
    Timestamp,
    model::{Alert, AlertState, Labels, ObjectKind},
    word::words,
};

/// The most observations of one evaluation.
pub const OBSERVATIONS_MAX: usize = 1_000_000;

/// The most pairs of rule and object that are remembered.
pub const TRACKS_MAX: usize = 1_000_000;

/// The most bytes of an object's id.
const OBJECT_ID_BYTES_MAX: usize = 128;

/// What is known of an object at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// What kind of object it is.
    pub object_kind: ObjectKind,
    /// Its id; none for the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// The id of the object that it lies on, such as the node of a machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Measured values by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
    /// States by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<String, String>,
}

/// What is remembered of one rule and one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// The rule.
    pub rule: String,
    /// The object as it was observed last.
    pub object: Observation,
    /// When it was observed last.
    pub seen_at: Timestamp,
    /// Since when the condition holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds_since: Option<Timestamp>,
    /// Since when the condition no longer holds although the alert goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_since: Option<Timestamp>,
    /// The alert that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Alert>,
    /// The silence or the rule that mutes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_by: Option<String>,
}

/// What is remembered between two evaluations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertBook {
    /// When it was evaluated last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated_at: Option<Timestamp>,
    /// By rule, kind and id of the object.
    #[serde(default)]
    pub tracks: Vec<Track>,
}

words! {
    /// What became of an alert.
    AlertChangeKind "alert change" {
        /// It began.
        Raised "raised",
        /// It is over.
        Resolved "resolved",
        /// It goes on, and nobody wants to hear of it any more.
        Muted "muted",
        /// It goes on, and is no longer muted.
        Unmuted "unmuted",
    }
}

/// A change that somebody may want to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertChange {
    /// What became of it.
    pub kind: AlertChangeKind,
    /// The alert, as it is now.
    pub alert: Alert,
    /// The silence (`silence:name`) or the rule (`rule:name`) that mutes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_by: Option<String>,
}

/// What an evaluation found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// What changed, by rule and object.
    pub changes: Vec<AlertChange>,
    /// How many alerts go on.
    pub firing: usize,
    /// How many of them are muted.
    pub muted: usize,
}

/// Why observations are not evaluated; the book is then as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlertingError {
    /// The time went backwards.
    #[error("{at} is before the last evaluation at {last}: evaluate in the order of time")]
    TimeOrder {
        /// The time that was given.
        at: Timestamp,
        /// That of the last evaluation.
        last: Timestamp,
    },
    /// There are more observations, or more to remember, than is allowed.
    #[error("{count} {what}: expected at most {most}")]
    TooMany {
        /// How many there are.
        count: usize,
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        most: usize,
    },
    /// An observation has an id where the platform has none, none where others have one, or one that
    /// is too long.
    #[error(
        "observation {index}: expected an id of 1 to {OBJECT_ID_BYTES_MAX} bytes, and none for the platform"
    )]
    ObjectId {
        /// Which one, from 0.
        index: usize,
    },
}

impl AlertingError {
    /// The stable code: `time-order`, `too-many` or `object-mismatch`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TimeOrder { .. } => "time-order",
            Self::TooMany { .. } => "too-many",
            Self::ObjectId { .. } => "object-mismatch",
        }
    }
}

type Key = (String, ObjectKind, Option<String>);

fn key(rule: &str, object: &Observation) -> Key {
    (rule.to_owned(), object.object_kind, object.object_id.clone())
}

impl AlertBook {
    /// Takes in what was observed, and tells which alerts began and which are over.
    ///
    /// An object that is not among the observations keeps its state; only rules about absence judge
    /// it. A rule that no longer exists, or no longer watches an object, resolves its alerts.
    ///
    /// # Errors
    /// When the time is before that of the last evaluation, an object has no proper id, or a limit is
    /// crossed.
    pub fn evaluate(
        &mut self,
        rules: &AlertRules,
        observations: &[Observation],
        at: Timestamp,
    ) -> Result<Evaluation, AlertingError> {
        self.check(observations, at)?;
        let mut tracks: BTreeMap<Key, Track> = self
            .tracks
            .iter()
            .map(|track| (key(&track.rule, &track.object), track.clone()))
            .collect();
        let seen = observe(&mut tracks, rules, observations, at);
        if tracks.len() > TRACKS_MAX {
            let (count, what, most) = (tracks.len(), "rules and objects to remember", TRACKS_MAX);
            return Err(AlertingError::TooMany { count, what, most });
        }
        let by_name: BTreeMap<&str, &AlertRule> =
            rules.rules.iter().map(|rule| (rule.name.as_str(), rule)).collect();
        let mut changes = Vec::new();
        for (key, track) in &mut tracks {
            let rule = by_name.get(track.rule.as_str()).filter(|rule| rule.watches(&track.object));
            let change = match rule {
                Some(rule) => track.step(rule, seen.contains(key), at),
                None => track.resolve(at),
            };
            changes.extend(change.map(|kind| (key.clone(), kind)));
        }
        let changes = mute(&mut tracks, rules, &by_name, changes, at);
        // Resolved alerts have been told; what nobody watches any more is forgotten.
        tracks.retain(|_, track| {
            if track.alert.as_ref().is_some_and(|alert| alert.state == AlertState::Resolved) {
                (track.alert, track.muted_by) = (None, None);
            }
            by_name.get(track.rule.as_str()).is_some_and(|rule| rule.watches(&track.object))
        });
        self.evaluated_at = Some(at);
        self.tracks = tracks.into_values().collect();
        let firing = self.tracks.iter().filter(|track| track.alert.is_some());
        let muted = firing.clone().filter(|track| track.muted_by.is_some()).count();
        Ok(Evaluation { changes, firing: firing.count(), muted })
    }

    fn check(&self, observations: &[Observation], at: Timestamp) -> Result<(), AlertingError> {
        if let Some(last) = self.evaluated_at.filter(|last| at < *last) {
            return Err(AlertingError::TimeOrder { at, last });
        }
        if observations.len() > OBSERVATIONS_MAX {
            let (count, what, most) = (observations.len(), "observations", OBSERVATIONS_MAX);
            return Err(AlertingError::TooMany { count, what, most });
        }
        let is_wrong = |object: &Observation| match &object.object_id {
            None => object.object_kind != ObjectKind::Platform,
            Some(id) => {
                object.object_kind == ObjectKind::Platform
                    || !(1..=OBJECT_ID_BYTES_MAX).contains(&id.len())
                    || id.chars().any(char::is_control)
            }
        };
        match observations.iter().position(is_wrong) {
            Some(index) => Err(AlertingError::ObjectId { index }),
            None => Ok(()),
        }
    }

    /// The alerts that go on, with what mutes them.
    pub fn alerts(&self) -> impl Iterator<Item = (&Alert, Option<&str>)> {
        self.tracks
            .iter()
            .filter_map(|track| Some((track.alert.as_ref()?, track.muted_by.as_deref())))
    }

    /// An alert that goes on, to be acknowledged.
    pub fn alert_mut(&mut self, id: &str) -> Option<&mut Alert> {
        self.tracks
            .iter_mut()
            .filter_map(|track| track.alert.as_mut())
            .find(|a| a.id.as_str() == id)
    }
}

/// Puts observations into the tracks of the rules that watch them.
fn observe(
    tracks: &mut BTreeMap<Key, Track>,
    rules: &AlertRules,
    observations: &[Observation],
    at: Timestamp,
) -> BTreeSet<Key> {
    let mut seen = BTreeSet::new();
    for object in observations {
        // An object that no longer fits a rule is known to its old track too.
        for rule in rules.rules.iter().filter(|rule| rule.object_kind == object.object_kind) {
            let key = key(&rule.name, object);
            if let Some(track) = tracks.get_mut(&key) {
                (track.object, track.seen_at) = (object.clone(), at);
            } else if rule.watches(object) {
                let track = Track {
                    rule: rule.name.clone(),
                    object: object.clone(),
                    seen_at: at,
                    holds_since: None,
                    clear_since: None,
                    alert: None,
                    muted_by: None,
                };
                tracks.insert(key.clone(), track);
            }
            seen.insert(key);
        }
    }
    seen
}

impl Track {
    /// Whether the condition holds; `None` when that was not observed.
    fn holds(&self, condition: &AlertCondition, seen: bool, at: Timestamp) -> Option<bool> {
        let fires = self.alert.is_some();
        let object = &self.object;
        match condition {
            AlertCondition::Absent { seconds } => {
                Some(since(self.seen_at, at) >= i64::from(*seconds) * 1000)
            }
            _ if !seen => None,
            AlertCondition::Above { metric, value, clear } => {
                let limit = clear.filter(|_| fires).unwrap_or(*value);
                object.metrics.get(metric).map(|found| *found > limit)
            }
            AlertCondition::Below { metric, value, clear } => {
                let limit = clear.filter(|_| fires).unwrap_or(*value);
                object.metrics.get(metric).map(|found| *found < limit)
            }
            AlertCondition::State { state, any_of } => {
                object.states.get(state).map(|found| any_of.contains(found))
            }
        }
    }

    fn step(&mut self, rule: &AlertRule, seen: bool, at: Timestamp) -> Option<AlertChangeKind> {
        match self.holds(&rule.condition, seen, at)? {
            true => {
                self.clear_since = None;
                let began = *self.holds_since.get_or_insert(at);
                let due = since(began, at) >= i64::from(rule.for_seconds) * 1000;
                if self.alert.is_some() || !due {
                    return None;
                }
                self.alert = Some(self.raise(rule, at)?);
                Some(AlertChangeKind::Raised)
            }
            false => {
                self.holds_since = None;
                self.alert.as_ref()?;
                let began = *self.clear_since.get_or_insert(at);
                let due = since(began, at) >= i64::from(rule.keep_seconds) * 1000;
                if due { self.resolve(at) } else { None }
            }
        }
    }

    fn resolve(&mut self, at: Timestamp) -> Option<AlertChangeKind> {
        self.alert.as_mut()?.resolve(at);
        (self.holds_since, self.clear_since) = (None, None);
        Some(AlertChangeKind::Resolved)
    }

    fn raise(&self, rule: &AlertRule, at: Timestamp) -> Option<Alert> {
        let object = &self.object;
        let name = object.object_id.as_deref().unwrap_or("platform");
        let value = match &rule.condition {
            AlertCondition::Above { metric, .. } | AlertCondition::Below { metric, .. } => {
                object.metrics.get(metric).map(f64::to_string).unwrap_or_default()
            }
            AlertCondition::State { state, .. } => {
                object.states.get(state).cloned().unwrap_or_default()
            }
            AlertCondition::Absent { .. } => format!("not seen since {}", self.seen_at),
        };
        let template = match rule.message.as_str() {
            "" => "{rule}: {object}: {value}",
            own => own,
        };
        let message =
            fill(template, &[("{rule}", &rule.name), ("{object}", name), ("{value}", &value)]);
        // Rule and object are bounded, so this is a key; what is not is not raised.
        let id = format!("{}:{}:{name}:{}", rule.name, object.object_kind, at.unix_ms());
        Some(Alert {
            id: id.parse().ok()?,
            rule: rule.name.clone(),
            severity: rule.severity,
            state: AlertState::Firing,
            object_kind: object.object_kind,
            object_id: object.object_id.clone(),
            message: message.chars().take(1000).collect(),
            labels: rule.labels.clone(),
            started_at: at,
            acknowledged_at: None,
            acknowledged_by: None,
            resolved_at: None,
        })
    }
}

/// Replaces placeholders in one pass, so that what is put in is not looked at again.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let (length, text) = values
            .iter()
            .find(|(name, _)| rest.starts_with(name))
            .map_or((1, "{"), |(name, value)| (name.len(), *value));
        filled.push_str(text);
        rest = &rest[length..];
    }
    filled + rest
}

fn since(begin: Timestamp, at: Timestamp) -> i64 {
    at.unix_ms().saturating_sub(begin.unix_ms())
}

/// Works out what mutes each alert, and completes the changes.
fn mute(
    tracks: &mut BTreeMap<Key, Track>,
    rules: &AlertRules,
    by_name: &BTreeMap<&str, &AlertRule>,
    changes: Vec<(Key, AlertChangeKind)>,
    at: Timestamp,
) -> Vec<AlertChange> {
    let goes_on = |track: &&Track| {
        track.alert.as_ref().is_some_and(|alert| alert.state != AlertState::Resolved)
    };
    let firing: BTreeSet<(String, Option<String>)> = tracks
        .values()
        .filter(goes_on)
        .map(|track| (track.rule.clone(), track.object.object_id.clone()))
        .collect();
    let muted_by = |track: &Track| {
        let object = &track.object;
        let silence = rules.silences.iter().find(|silence| silence.mutes(&track.rule, object, at));
        if let Some(silence) = silence {
            return Some(format!("silence:{}", silence.name));
        }
        let rule = by_name.get(track.rule.as_str())?;
        let explains = |name: &&String| {
            let places = [object.object_id.clone(), object.on.clone(), None];
            places.into_iter().any(|place| firing.contains(&((*name).clone(), place)))
        };
        rule.inhibited_by.iter().find(explains).map(|name| format!("rule:{name}"))
    };
    let mut changed: BTreeMap<Key, AlertChangeKind> = changes.into_iter().collect();
    let mut all = Vec::new();
    for (key, track) in tracks {
        let Some(alert) = track.alert.clone() else { continue };
        let before = track.muted_by.take();
        track.muted_by = muted_by(track);
        let kind = changed.remove(key).or(match (&before, &track.muted_by) {
            (None, Some(_)) => Some(AlertChangeKind::Muted),
            (Some(_), None) => Some(AlertChangeKind::Unmuted),
            _ => None,
        });
        let muted_by = track.muted_by.clone();
        all.extend(kind.map(|kind| AlertChange { kind, alert, muted_by }));
    }
    all
}
