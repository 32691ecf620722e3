//! Alerts.

use serde::{Deserialize, Serialize};

use super::{AlertKey, Labels, text, words};
use crate::{Faults, Timestamp, Validate};

words! {
    /// How bad it is.
    AlertSeverity "alert severity" {
        /// Worth knowing.
        Info "info",
        /// It will become a problem.
        Warning "warning",
        /// It is one.
        Critical "critical",
    }
}

words! {
    /// Whether it goes on.
    AlertState "alert state" {
        /// It goes on and nobody has said that they see to it.
        Firing "firing",
        /// It goes on and somebody sees to it.
        Acknowledged "acknowledged",
        /// It is over.
        Resolved "resolved",
    }
}

words! {
    /// What kind of object an alert is about.
    ObjectKind "object kind" {
        /// A machine.
        Vm "vm",
        /// A node.
        Node "node",
        /// A cluster.
        Cluster "cluster",
        /// A storage pool.
        StoragePool "storage_pool",
        /// A volume.
        Volume "volume",
        /// A network.
        Network "network",
        /// An image.
        Image "image",
        /// The platform itself.
        Platform "platform",
    }
}

/// Something that somebody should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// Its id.
    pub id: AlertKey,
    /// The name of the rule that raised it: a word such as `node_lost`.
    pub rule: String,
    /// How bad it is.
    pub severity: AlertSeverity,
    /// Whether it goes on.
    pub state: AlertState,
    /// What kind of object it is about.
    pub object_kind: ObjectKind,
    /// The id of the object; none for the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// What is the matter, for people.
    pub message: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// When it began.
    pub started_at: Timestamp,
    /// When somebody said that they see to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<Timestamp>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
}

impl Alert {
    /// Says that somebody sees to it. Nothing happens when somebody does or it is over.
    pub fn acknowledge(&mut self, by: &str, at: Timestamp) {
        if self.state == AlertState::Firing {
            self.state = AlertState::Acknowledged;
            self.acknowledged_at = Some(at);
            self.acknowledged_by = Some(by.to_owned());
        }
    }

    /// Says that it is over. Nothing happens when it is already.
    pub fn resolve(&mut self, at: Timestamp) {
        if self.state != AlertState::Resolved {
            self.state = AlertState::Resolved;
            self.resolved_at = Some(at);
        }
    }
}

impl Validate for Alert {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "rule", &self.rule, &(1..=64));
        text::labels(faults, "labels", &self.labels);
        if self.message.chars().count() > super::limits::DESCRIPTION_CHARS_MAX {
            faults.error("message", "bad-length", "expected at most 1000 characters");
        }
        if (self.object_kind == ObjectKind::Platform) != self.object_id.is_none() {
            let message = "an alert about the platform has no object; every other one has";
            faults.error("object_id", "object-mismatch", message);
        }
        if (self.state == AlertState::Resolved) != self.resolved_at.is_some() {
            let message = "an alert has this time exactly when it is resolved";
            faults.error("resolved_at", "state-mismatch", message);
        }
        if self.state == AlertState::Acknowledged && self.acknowledged_at.is_none() {
            let message = "an alert that is acknowledged says when";
            faults.error("acknowledged_at", "state-mismatch", message);
        }
        for (field, later) in
            [("acknowledged_at", self.acknowledged_at), ("resolved_at", self.resolved_at)]
        {
            if let Some(later) = later.filter(|later| *later < self.started_at) {
                let message = format!("{later} is before it began at {}", self.started_at);
                faults.error(field, "time-order", message);
            }
        }
    }
}
