//! [`AdmissionPolicy`]: the rules as a document.

use serde::{Deserialize, Serialize};

use crate::{
    Bytes, Faults, FolderPath, MemoryMib, NetworkKey, PoolKey, ProjectId, Validate,
    model::{GuestOs, Labels, schema_version, text},
    word::words,
};

/// The most rules of one policy.
pub const ADMISSION_RULES_MAX: usize = 1000;

/// The most entries of a list in a rule.
const LIST_MAX: usize = 256;

words! {
    /// What is asked for.
    #[derive(Default)]
    AdmissionOperation "operation" {
        /// A new machine.
        #[default]
        Create "create",
        /// A change of one.
        Change "change",
        /// A copy of one.
        Clone "clone",
        /// A machine that was made elsewhere.
        Import "import",
    }
}

words! {
    /// What happens when a rule is broken.
    #[derive(Default)]
    AdmissionAction "action" {
        /// The request is refused.
        #[default]
        Deny "deny",
        /// The request is allowed, with a warning.
        Warn "warn",
    }
}

/// The most that a machine may have; what is not given is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdmissionLimits {
    /// Virtual CPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// Memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<MemoryMib>,
    /// The size of each disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<Bytes>,
    /// The size of all disks together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_disk_bytes: Option<Bytes>,
    /// Disks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disks: Option<u32>,
    /// Network interfaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_interfaces: Option<u32>,
}

/// What a machine must have or may only have; an empty list asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdmissionRequirements {
    /// How its name begins.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name_prefix: String,
    /// The keys of labels that it has, with any value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The families of guests that it is one of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guest_os: Vec<GuestOs>,
    /// The networks that all its interfaces are on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<NetworkKey>,
    /// The pools that all its disks lie in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storage_pools: Vec<PoolKey>,
    /// Whether its firmware starts signed loaders only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secure_boot: bool,
    /// Whether it has a TPM.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tpm: bool,
    /// Whether it is set up by a customization spec.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub customization_spec: bool,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdmissionRule {
    /// Its name, once per policy.
    pub name: String,
    /// Why it is there; told to who breaks it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether it is not looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// What happens when it is broken.
    #[serde(default)]
    pub action: AdmissionAction,
    /// The operations that it judges; all of them when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<AdmissionOperation>,
    /// The project whose machines it judges; those of all projects without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// The folder in which, and below which, the machines lie, by the case rule of folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderPath>,
    /// Labels of the machines that it judges.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub selector: Labels,
    /// The most that they may have.
    #[serde(default)]
    pub limits: AdmissionLimits,
    /// What they must have.
    #[serde(default)]
    pub requires: AdmissionRequirements,
}

/// Rules for machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdmissionPolicy {
    /// The version of this form.
    #[serde(default = "schema_version::current")]
    pub schema_version: u32,
    /// The rules; each holds on its own.
    #[serde(default)]
    pub rules: Vec<AdmissionRule>,
}

impl Default for AdmissionPolicy {
    fn default() -> Self {
        Self { schema_version: schema_version::current(), rules: Vec::new() }
    }
}

impl Validate for AdmissionPolicy {
    fn validate(&self, faults: &mut Faults) {
        schema_version::check(faults, self.schema_version);
        faults.count("rules", self.rules.len(), ADMISSION_RULES_MAX);
        faults.unique("rules", &self.rules, "name", |rule| Some(&rule.name));
        faults.each("rules", &self.rules, |faults, rule| rule.validate(faults));
    }
}

impl Validate for AdmissionRule {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "name", &self.name, &(1..=64));
        text::description(faults, &self.description);
        text::labels(faults, "selector", &self.selector);
        if self.limits == AdmissionLimits::default()
            && self.requires == AdmissionRequirements::default()
        {
            let message = "the rule asks for nothing: give `limits` or `requires`";
            faults.warning("", "empty-rule", message);
        }
        faults.within("requires", |faults| {
            let requires = &self.requires;
            for (field, count) in [
                ("labels", requires.labels.len()),
                ("networks", requires.networks.len()),
                ("storage_pools", requires.storage_pools.len()),
            ] {
                faults.count(field, count, LIST_MAX);
            }
            if !requires.name_prefix.is_empty() {
                text::name(faults, "name_prefix", &requires.name_prefix, &(1..=80));
            }
        });
    }
}
