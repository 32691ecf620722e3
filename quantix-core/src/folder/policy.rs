//! Policies of folders, inherited down the path, with the answer to "from where?".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FolderError, FolderPath, FolderTree, error::Problem, settings::Settings};
use crate::{
    Bytes, Faults, FolderId, MemoryMib, Millicores, NodeKey, SpecId, Timestamp, Validate, VmKey,
    model::{Labels, PlacementPolicy},
};

/// What the machines in a folder and below are given or held to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FolderPolicy {
    /// The customization spec of machines that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customization_spec_id: Option<SpecId>,
    /// Labels of machines that do not set them.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// How much the machines may use in all.
    #[serde(default, skip_serializing_if = "Quota::is_empty")]
    pub quota: Quota,
    /// Where the machines may run.
    #[serde(default, skip_serializing_if = "PlacementPolicy::is_empty")]
    pub placement: PlacementPolicy,
}

/// How much the machines of a folder and all folders below may use together; what is not given is
/// not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vms: Option<u64>,
    /// Virtual CPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_milli: Option<Millicores>,
    /// Memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<MemoryMib>,
    /// Disks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_bytes: Option<Bytes>,
    /// Volumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volumes: Option<u64>,
}

impl Quota {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl FolderPolicy {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Validate for FolderPolicy {
    fn validate(&self, faults: &mut Faults) {
        crate::model::text::labels(faults, "labels", &self.labels);
        faults.field("placement", &self.placement);
    }
}

/// A value and the folder that it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// The folder that sets it.
    pub folder_id: FolderId,
    /// The path of that folder.
    pub path: FolderPath,
}

/// What holds for the machines in a folder, all folders above considered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectivePolicy {
    /// The spec of the nearest folder that sets one.
    pub customization_spec_id: Option<Sourced<SpecId>>,
    /// Each label from the nearest folder that sets it.
    pub labels: BTreeMap<String, Sourced<String>>,
    /// The quotas of all folders on the path, the nearest first. Each holds on its own.
    pub quotas: Vec<Sourced<Quota>>,
    /// The rules of all folders on the path, joined.
    pub placement: EffectivePlacement,
}

/// Placement rules from all folders on a path. A nearer folder adds to a farther one and never lifts
/// what that forbids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectivePlacement {
    /// Nodes that are better than others, the nearest folder's first.
    pub preferred_nodes: Vec<Sourced<NodeKey>>,
    /// The lists of allowed nodes, one for each folder that has one: a node must be in every list.
    pub required_nodes: Vec<Sourced<Vec<NodeKey>>>,
    /// Nodes that are not allowed.
    pub excluded_nodes: Vec<Sourced<NodeKey>>,
    /// Machines whose node is shared.
    pub affinity_vms: Vec<Sourced<VmKey>>,
    /// Machines whose node is avoided.
    pub anti_affinity_vms: Vec<Sourced<VmKey>>,
    /// Labels that the node must carry. Two folders may ask for different values of one label; then
    /// no node fits, and both are shown.
    pub required_labels: Vec<Sourced<(String, String)>>,
}

impl FolderTree {
    /// Sets what the machines in a folder and below are given or held to.
    ///
    /// # Errors
    /// When the folder does not exist or the policy has a fault; the first one is told.
    pub fn set_policy(
        &mut self,
        id: FolderId,
        policy: FolderPolicy,
        at: Timestamp,
    ) -> Result<(), FolderError> {
        refuse_faults(&policy)?;
        self.change_settings(id, at, |settings| settings.policy = policy)
    }

    /// Sets what the owner says about a folder.
    ///
    /// # Errors
    /// When the folder does not exist or the text is too long or has control characters.
    pub fn set_description(
        &mut self,
        id: FolderId,
        description: String,
        at: Timestamp,
    ) -> Result<(), FolderError> {
        let mut faults = Faults::default();
        crate::model::text::description(&mut faults, &description);
        refuse(faults)?;
        self.change_settings(id, at, |settings| settings.description = description)
    }

    /// Sets the labels of a folder itself.
    ///
    /// # Errors
    /// When the folder does not exist or a label is not valid.
    pub fn set_labels(
        &mut self,
        id: FolderId,
        labels: Labels,
        at: Timestamp,
    ) -> Result<(), FolderError> {
        let mut faults = Faults::default();
        crate::model::text::labels(&mut faults, "labels", &labels);
        refuse(faults)?;
        self.change_settings(id, at, |settings| settings.labels = labels)
    }

    /// The policy that a folder itself sets.
    #[must_use]
    pub fn policy(&self, id: FolderId) -> Option<FolderPolicy> {
        let slot = self.store.slot(id)?;
        Some(self.settings(slot).map(|settings| settings.policy.clone()).unwrap_or_default())
    }

    /// What holds for the machines in a folder, and which folder says so.
    #[must_use]
    pub fn effective_policy(&self, id: FolderId) -> Option<EffectivePolicy> {
        let slot = self.store.slot(id)?;
        let mut effective = EffectivePolicy::default();
        for slot in self.store.lineage(slot) {
            let Some(settings) = self.settings(slot) else { continue };
            if !settings.policy.is_empty() {
                let source =
                    Source { folder_id: self.store.link(slot).id, path: self.path_of(slot) };
                effective.inherit(&settings.policy, &source);
            }
        }
        Some(effective)
    }

    pub(super) fn settings(&self, slot: u32) -> Option<&Settings> {
        self.store.node(slot).body.as_ref()?.settings.as_deref()
    }

    pub(super) fn change_settings(
        &mut self,
        id: FolderId,
        at: Timestamp,
        change: impl FnOnce(&mut Settings),
    ) -> Result<(), FolderError> {
        let slot = self.existing(id)?;
        let settings = &mut self.store.body_mut(slot).settings;
        change(settings.get_or_insert_default());
        if settings.as_deref() == Some(&Settings::default()) {
            *settings = None;
        }
        self.touch(slot, at);
        Ok(())
    }
}

pub(super) fn refuse_faults(value: &impl Validate) -> Result<(), FolderError> {
    let mut faults = Faults::default();
    value.validate(&mut faults);
    refuse(faults)
}

fn refuse(faults: Faults) -> Result<(), FolderError> {
    let Some(fault) = faults.into_findings().into_iter().find(crate::Finding::is_error) else {
        return Ok(());
    };
    // The validators of this crate name their codes statically.
    let std::borrow::Cow::Borrowed(code) = fault.code else { return Ok(()) };
    let field = fault.path.unwrap_or_default();
    Err(Problem::BadSetting { code, field, message: fault.message }.into())
}

struct Source {
    folder_id: FolderId,
    path: FolderPath,
}

impl Source {
    fn of<T>(&self, value: T) -> Sourced<T> {
        Sourced { value, folder_id: self.folder_id, path: self.path.clone() }
    }

    fn each<T: Clone>(&self, values: &[T]) -> impl Iterator<Item = Sourced<T>> {
        values.iter().cloned().map(|value| self.of(value))
    }
}

impl EffectivePolicy {
    /// Adds what a folder farther up says.
    fn inherit(&mut self, policy: &FolderPolicy, source: &Source) {
        if self.customization_spec_id.is_none() {
            self.customization_spec_id = policy.customization_spec_id.map(|id| source.of(id));
        }
        for (key, value) in &policy.labels {
            self.labels.entry(key.clone()).or_insert_with(|| source.of(value.clone()));
        }
        if !policy.quota.is_empty() {
            self.quotas.push(source.of(policy.quota));
        }
        let (all, own) = (&mut self.placement, &policy.placement);
        all.preferred_nodes.extend(source.each(&own.preferred_nodes));
        if !own.required_nodes.is_empty() {
            all.required_nodes.push(source.of(own.required_nodes.clone()));
        }
        all.excluded_nodes.extend(source.each(&own.excluded_nodes));
        all.affinity_vms.extend(source.each(&own.affinity_vms));
        all.anti_affinity_vms.extend(source.each(&own.anti_affinity_vms));
        let labels = own.required_labels.iter();
        all.required_labels
            .extend(labels.map(|(key, value)| source.of((key.clone(), value.clone()))));
    }
}
