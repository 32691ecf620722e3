//! Where a machine may run, and what happens when its node fails.

use serde::{Deserialize, Serialize};

use super::{Labels, limits, text, words};
use crate::{Faults, NodeKey, Validate, VmKey};

/// Where a machine may run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlacementPolicy {
    /// Nodes that are better than others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preferred_nodes: Vec<NodeKey>,
    /// The only nodes that are allowed; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_nodes: Vec<NodeKey>,
    /// Nodes that are not allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_nodes: Vec<NodeKey>,
    /// Machines whose node it shares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affinity_vms: Vec<VmKey>,
    /// Machines whose node it avoids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anti_affinity_vms: Vec<VmKey>,
    /// Labels that its node must carry.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub required_labels: Labels,
}

impl PlacementPolicy {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Validate for PlacementPolicy {
    fn validate(&self, faults: &mut Faults) {
        for (field, nodes) in [
            ("preferred_nodes", &self.preferred_nodes),
            ("required_nodes", &self.required_nodes),
            ("excluded_nodes", &self.excluded_nodes),
        ] {
            faults.count(field, nodes.len(), limits::PLACEMENT_LIST_MAX);
            faults.unique(field, nodes, "", Some);
        }
        for (field, vms) in
            [("affinity_vms", &self.affinity_vms), ("anti_affinity_vms", &self.anti_affinity_vms)]
        {
            faults.count(field, vms.len(), limits::PLACEMENT_LIST_MAX);
            faults.unique(field, vms, "", Some);
        }
        contradictions(faults, "required_nodes", &self.required_nodes, &self.excluded_nodes);
        contradictions(faults, "affinity_vms", &self.affinity_vms, &self.anti_affinity_vms);
        text::labels(faults, "required_labels", &self.required_labels);
    }
}

/// Records what one list asks for and the other forbids.
fn contradictions<T: PartialEq + std::fmt::Display>(
    faults: &mut Faults,
    field: &'static str,
    asked: &[T],
    forbidden: &[T],
) {
    faults.each(field, asked, |faults, item| {
        if forbidden.contains(item) {
            let message = format!("{item} is asked for and forbidden: remove it from one list");
            faults.error("", "contradiction", message);
        }
    });
}

words! {
    /// When a machine is started again.
    #[derive(Default)]
    RestartCondition "restart condition" {
        /// When its node failed or it crashed.
        #[default]
        OnFailure "on_failure",
        /// Only when its node failed.
        OnNodeFailure "on_node_failure",
        /// Whenever it is not running though it should be.
        Always "always",
    }
}

/// What happens to a machine when its node fails or it crashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HaPolicy {
    /// Whether it is started again at all.
    pub auto_restart: bool,
    /// Who goes first when room is short: 0 last, 100 first.
    pub priority: u32,
    /// When it is started again.
    pub condition: RestartCondition,
    /// How often within an hour; then it stays down and an alert says so.
    pub max_restarts: u32,
    /// How long to wait before each start, in seconds.
    pub delay_seconds: u32,
}

impl Default for HaPolicy {
    fn default() -> Self {
        Self {
            auto_restart: true,
            priority: 50,
            condition: RestartCondition::OnFailure,
            max_restarts: 3,
            delay_seconds: 0,
        }
    }
}

impl Validate for HaPolicy {
    fn validate(&self, faults: &mut Faults) {
        faults.range("priority", &self.priority, &limits::PRIORITY);
        faults.range("max_restarts", &self.max_restarts, &(0..=100));
        faults.range("delay_seconds", &self.delay_seconds, &(0..=3600));
    }
}
