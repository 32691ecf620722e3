//! Validation that collects every fault, each at its field path.

use std::{fmt::Write as _, ops::RangeInclusive};

use crate::Finding;

/// The most findings that one validation records; then one more says that there are others.
pub const FINDINGS_MAX: usize = 10_000;

/// What can be checked beyond its types.
pub trait Validate {
    /// Records everything that is wrong or doubtful here, with paths relative to this value.
    fn validate(&self, faults: &mut Faults);

    /// Everything that is wrong or doubtful, in the order of the document; empty when nothing is.
    fn findings(&self) -> Vec<Finding> {
        let mut faults = Faults::default();
        self.validate(&mut faults);
        faults.into_findings()
    }
}

/// Collects findings while a validator walks a document, and knows where it is.
///
/// ```
/// use quantix_core::Faults;
/// let mut faults = Faults::default();
/// faults.each("disks", &[5, 0], |faults, size| {
///     if *size == 0 {
///         faults.error("size_bytes", "out-of-range", "expected at least 1");
///     }
/// });
/// assert_eq!(faults.into_findings()[0].path.as_deref(), Some("disks[1].size_bytes"));
/// ```
#[derive(Debug, Default)]
pub struct Faults {
    place: Vec<Step>,
    findings: Vec<Finding>,
}

#[derive(Debug)]
enum Step {
    Field(&'static str),
    Index(usize),
    Key(String),
}

impl Faults {
    /// Runs a check one field deeper.
    pub fn within(&mut self, field: &'static str, check: impl FnOnce(&mut Self)) {
        self.place.push(Step::Field(field));
        check(self);
        self.place.pop();
    }

    /// Validates a field that has a validator of its own.
    pub fn field(&mut self, field: &'static str, value: &impl Validate) {
        self.within(field, |faults| value.validate(faults));
    }

    /// Runs a check on each element of a list field, at `field[index]`.
    pub fn each<'a, T: 'a>(
        &mut self,
        field: &'static str,
        items: impl IntoIterator<Item = &'a T>,
        mut check: impl FnMut(&mut Self, &'a T),
    ) {
        self.place.push(Step::Field(field));
        for (index, item) in items.into_iter().enumerate() {
            self.place.push(Step::Index(index));
            check(self, item);
            self.place.pop();
        }
        self.place.pop();
    }

    /// Runs a check at one element of the list that the current place is.
    pub fn item(&mut self, index: usize, check: impl FnOnce(&mut Self)) {
        self.place.push(Step::Index(index));
        check(self);
        self.place.pop();
    }

    /// Records findings whose paths are relative to the current place.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        let prefix = self.path_of("");
        for mut finding in findings {
            let path = finding.path.take().unwrap_or_default();
            let joint = if prefix.is_empty() || path.is_empty() || path.starts_with('[') {
                ""
            } else {
                "."
            };
            let path = format!("{prefix}{joint}{path}");
            self.push(if path.is_empty() { finding } else { finding.at(path) });
        }
    }

    /// Runs a check at an entry of a map, `["key"]`.
    pub fn entry(&mut self, key: &str, check: impl FnOnce(&mut Self)) {
        self.place.push(Step::Key(key.to_owned()));
        check(self);
        self.place.pop();
    }

    /// Records an error at a field of the current place; `""` means the place itself.
    pub fn error(&mut self, field: &'static str, code: &'static str, message: impl Into<String>) {
        self.record(field, Finding::error(code, message));
    }

    /// Records a warning at a field of the current place; `""` means the place itself.
    pub fn warning(&mut self, field: &'static str, code: &'static str, message: impl Into<String>) {
        self.record(field, Finding::warning(code, message));
    }

    /// Records `out-of-range` unless the value lies in the range.
    pub fn range<T: PartialOrd + std::fmt::Display>(
        &mut self,
        field: &'static str,
        value: &T,
        range: &RangeInclusive<T>,
    ) {
        if !range.contains(value) {
            let (low, high) = (range.start(), range.end());
            self.error(field, "out-of-range", format!("{value}: expected {low} to {high}"));
        }
    }

    /// Records `too-many` when a list is longer than its limit.
    pub fn count(&mut self, field: &'static str, len: usize, most: usize) {
        if len > most {
            self.error(field, "too-many", format!("{len} entries: expected at most {most}"));
        }
    }

    /// Records `duplicate` at the second and later elements of a list that have the same key.
    pub fn unique<'a, T, K: Ord + std::fmt::Display>(
        &mut self,
        list: &'static str,
        items: impl IntoIterator<Item = &'a T>,
        field: &'static str,
        key: impl Fn(&'a T) -> Option<K>,
    ) where
        T: 'a,
    {
        let mut seen = std::collections::BTreeMap::new();
        self.place.push(Step::Field(list));
        for (index, item) in items.into_iter().enumerate() {
            let Some(key) = key(item) else { continue };
            if let Some(first) = seen.get(&key) {
                self.place.push(Step::Index(index));
                let message = format!("{key} is used by {list}[{first}] already");
                self.error(field, "duplicate", message);
                self.place.pop();
            } else {
                seen.insert(key, index);
            }
        }
        self.place.pop();
    }

    fn record(&mut self, field: &'static str, finding: Finding) {
        if self.findings.len() <= FINDINGS_MAX {
            let path = self.path_of(field);
            self.push(if path.is_empty() { finding } else { finding.at(path) });
        }
    }

    fn push(&mut self, finding: Finding) {
        if self.findings.len() == FINDINGS_MAX {
            let message = format!("more than {FINDINGS_MAX} findings: the others are not listed");
            self.findings.push(Finding::error("too-many-findings", message));
        }
        if self.findings.len() > FINDINGS_MAX {
            return;
        }
        self.findings.push(finding);
    }

    /// The path of a field of the current place.
    fn path_of(&self, field: &'static str) -> String {
        let mut path = String::new();
        for step in &self.place {
            push_step(&mut path, step);
        }
        if !field.is_empty() {
            push_step(&mut path, &Step::Field(field));
        }
        path
    }

    /// Whether anything recorded so far is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    /// Everything recorded.
    #[must_use]
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

fn push_step(path: &mut String, step: &Step) {
    // Writing to a String cannot fail.
    let _ = match step {
        Step::Field(name) if path.is_empty() => write!(path, "{name}"),
        Step::Field(name) => write!(path, ".{name}"),
        Step::Index(index) => write!(path, "[{index}]"),
        Step::Key(key) => write!(path, "[{key:?}]"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_show_fields_indices_and_keys() {
        let mut faults = Faults::default();
        faults.error("", "a", "whole");
        faults.within("spec", |faults| {
            faults.error("", "b", "spec");
            faults.within("labels", |faults| faults.entry("a\"b", |f| f.warning("", "c", "key")));
            faults.unique("disks", &["x", "y", "x"], "id", |disk| Some(*disk));
        });
        let shown: Vec<_> = faults.into_findings().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "error: whole [a]",
                "spec: error: spec [b]",
                r#"spec.labels["a\"b"]: warning: key [c]"#,
                "spec.disks[2].id: error: x is used by disks[0] already [duplicate]",
            ]
        );
    }

    #[test]
    fn recording_stops_at_the_limit_and_says_so() {
        let mut faults = Faults::default();
        for _ in 0..FINDINGS_MAX + 5 {
            faults.warning("f", "w", "m");
        }
        assert!(faults.has_errors());
        let findings = faults.into_findings();
        assert_eq!(findings.len(), FINDINGS_MAX + 1);
        assert_eq!(findings[FINDINGS_MAX].code, "too-many-findings");
    }
}
