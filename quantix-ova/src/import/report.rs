//! Decisions, as values.

use quantix_xml::Position;
use serde::{Deserialize, Serialize};

/// What became of a part of an appliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The machine has it as described.
    Kept,
    /// The machine has something else in its place.
    Changed,
    /// The machine does not have it.
    Dropped,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What it is about, such as `disk vmdisk1`.
    pub item: String,
    /// What became of it.
    pub verdict: Verdict,
    /// What the appliance says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What the machine has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Why.
    pub reason: String,
    /// 1-based line in the descriptor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// 1-based column in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl Decision {
    pub(super) fn kept(item: impl Into<String>, value: impl Into<String>) -> Self {
        let value = value.into();
        Self::new(item, Verdict::Kept, Some(value.clone()), Some(value), "the platform has it")
    }

    pub(super) fn changed(
        item: impl Into<String>,
        from: Option<String>,
        to: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self::new(item, Verdict::Changed, from, Some(to.into()), reason)
    }

    pub(super) fn dropped(
        item: impl Into<String>,
        from: Option<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self::new(item, Verdict::Dropped, from, None, reason)
    }

    fn new(
        item: impl Into<String>,
        verdict: Verdict,
        from: Option<String>,
        to: Option<String>,
        reason: impl Into<String>,
    ) -> Self {
        let (item, reason) = (item.into(), reason.into());
        Self { item, verdict, from, to, reason, line: None, column: None }
    }

    /// The same decision with another reason.
    pub(super) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    pub(super) fn at(mut self, at: Position) -> Self {
        (self.line, self.column) = (Some(at.line), Some(at.column));
        self
    }
}
