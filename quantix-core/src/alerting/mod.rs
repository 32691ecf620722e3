//! Alert rules: what is watched, when it is worth an alert, and when nobody wants to hear of it.
//!
//! [`AlertRules`] is a document; [`AlertBook`] is what is remembered between two evaluations, a
//! document too. [`AlertBook::evaluate`] takes what was observed and the time, and tells what
//! changed: it reads no clock and sends nothing. The same observations replayed give the same alerts
//! with the same ids.
//!
//! ```
//! use quantix_core::alerting::{AlertBook, AlertRules, Observation};
//! let rules: AlertRules = serde_json::from_str(
//!     r#"{"rules": [{"name": "node_cpu_hot", "severity": "warning", "object_kind": "node",
//!         "condition": {"kind": "above", "metric": "cpu_percent", "value": 90, "clear": 80},
//!         "for_seconds": 60}]}"#,
//! )?;
//! let mut book = AlertBook::default();
//! let mut observe = |cpu: u32, at: &str| -> Result<usize, Box<dyn std::error::Error>> {
//!     let observation: Observation = serde_json::from_value(serde_json::json!(
//!         {"object_kind": "node", "object_id": "n1", "metrics": {"cpu_percent": cpu}}))?;
//!     Ok(book.evaluate(&rules, &[observation], at.parse()?)?.changes.len())
//! };
//! assert_eq!(observe(95, "2026-01-31T12:00:00Z")?, 0); // not for long enough
//! assert_eq!(observe(97, "2026-01-31T12:01:00Z")?, 1); // raised
//! assert_eq!(observe(85, "2026-01-31T12:02:00Z")?, 0); // below 90, not yet below 80
//! assert_eq!(observe(70, "2026-01-31T12:03:00Z")?, 1); // resolved
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod book;
mod rules;

#[cfg(test)]
mod tests;

pub use book::{
    AlertBook, AlertChange, AlertChangeKind, AlertingError, Evaluation, OBSERVATIONS_MAX,
    Observation, TRACKS_MAX, Track,
};
pub use rules::{ALERT_RULES_MAX, AlertCondition, AlertRule, AlertRules, SILENCES_MAX, Silence};
