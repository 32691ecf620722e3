//! [`Vm`]: a machine as the platform knows it.

use serde::{Deserialize, Serialize};

use super::{Condition, DesiredPower, Labels, PowerState, VmSpec, limits, text, words};
use crate::{Faults, FolderId, NodeKey, ProjectId, Timestamp, Validate, VmId};

words! {
    /// How the platform came to know a machine.
    #[derive(Default)]
    VmOrigin "machine origin" {
        /// It was made here.
        #[default]
        ControlPlane "control_plane",
        /// It was found on a node.
        HostDiscovery "host_discovery",
        /// It was imported from elsewhere.
        Imported "imported",
    }
}

/// A machine: what was asked for (`spec`, `desired_power_state`) and what is
/// (`power_state`, `node_id`, `conditions`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Vm {
    /// Its id.
    pub id: VmId,
    /// Its name, unique in its folder.
    pub name: String,
    /// The project that it belongs to.
    #[serde(default)]
    pub project_id: ProjectId,
    /// The folder that it lies in; none when that was deleted without a new place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_id: Option<FolderId>,
    /// What its owner says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// What was asked for.
    pub spec: VmSpec,
    /// How it is meant to be.
    #[serde(default)]
    pub desired_power_state: DesiredPower,
    /// How it was last observed.
    pub power_state: PowerState,
    /// Which change of the spec was last asked for.
    #[serde(default)]
    pub generation: u64,
    /// Which change of the spec was last carried out.
    #[serde(default)]
    pub observed_generation: u64,
    /// The node that it runs on, or will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<NodeKey>,
    /// When the node was chosen; none while that is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<Timestamp>,
    /// How the platform came to know it.
    #[serde(default)]
    pub origin: VmOrigin,
    /// Whether the platform may change it; a discovered machine is not touched before it is adopted.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub managed: bool,
    /// What is known about it beyond its power state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Counts its changes.
    #[serde(default)]
    pub revision: u64,
}

fn yes() -> bool {
    true
}

impl Vm {
    /// A machine that is not yet provisioned, in the default project and its root folder.
    #[must_use]
    pub fn new(id: VmId, name: impl Into<String>, spec: VmSpec) -> Self {
        Self {
            id,
            name: name.into(),
            project_id: ProjectId::DEFAULT,
            folder_id: Some(FolderId::DEFAULT_ROOT),
            description: String::new(),
            labels: Labels::new(),
            spec,
            desired_power_state: DesiredPower::default(),
            power_state: PowerState::Provisioning,
            generation: 0,
            observed_generation: 0,
            node_id: None,
            scheduled_at: None,
            origin: VmOrigin::default(),
            managed: true,
            conditions: Vec::new(),
            created_at: None,
            updated_at: None,
            revision: 0,
        }
    }
}

impl Validate for Vm {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "name", &self.name, &limits::VM_NAME_CHARS);
        text::description(faults, &self.description);
        text::labels(faults, "labels", &self.labels);
        faults.field("spec", &self.spec);
        if self.observed_generation > self.generation {
            let message = format!(
                "{} was carried out but only {} asked for",
                self.observed_generation, self.generation
            );
            faults.error("observed_generation", "generation-ahead", message);
        }
        if self.power_state.uses_node() && self.node_id.is_none() {
            let message = format!("a machine that is {} has a node", self.power_state);
            faults.error("node_id", "missing-node", message);
        }
        if self.node_id.is_some() != self.scheduled_at.is_some() {
            let message = "a node and the time of its choice go together";
            faults.warning("scheduled_at", "schedule-incomplete", message);
        }
        if self.origin == VmOrigin::ControlPlane && !self.managed {
            let message = "a machine that was made here is managed";
            faults.error("managed", "unmanaged-own-vm", message);
        }
        super::condition::validate(faults, &self.conditions);
        super::condition::times(faults, self.created_at, self.updated_at);
    }
}
