//! Judging a request by the rules.

use serde::{Deserialize, Serialize};

use super::{AdmissionAction, AdmissionLimits, AdmissionOperation, AdmissionPolicy, AdmissionRule};
use crate::{
    Faults, Finding, FolderPath, ProjectId, Severity,
    model::{Labels, VmSpec},
    word::words,
};

/// A machine that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmissionRequest {
    /// What is asked for.
    #[serde(default)]
    pub operation: AdmissionOperation,
    /// The name of the machine.
    pub name: String,
    /// Its project.
    #[serde(default)]
    pub project_id: ProjectId,
    /// The path of its folder; none when it lies in no folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_path: Option<FolderPath>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// What it is meant to be.
    pub spec: VmSpec,
}

impl AdmissionRequest {
    /// A request for a new machine in the default project.
    #[must_use]
    pub fn new(name: impl Into<String>, spec: VmSpec) -> Self {
        Self {
            operation: AdmissionOperation::default(),
            name: name.into(),
            project_id: ProjectId::DEFAULT,
            folder_path: None,
            labels: Labels::new(),
            spec,
        }
    }
}

words! {
    /// What a rule said.
    RuleVerdict "verdict" {
        /// It is about other machines.
        NotApplicable "not_applicable",
        /// It is kept.
        Kept "kept",
        /// It is broken, and the request is allowed all the same.
        Warned "warned",
        /// It is broken.
        Denied "denied",
    }
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleOutcome {
    /// The rule.
    pub rule: String,
    /// What it said.
    pub verdict: RuleVerdict,
    /// Why it does not apply: the first of its conditions that the machine does not meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmet: Option<String>,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmissionDecision {
    /// Whether no rule refuses it.
    pub allowed: bool,
    /// Every way in which a rule is broken, at the field of the request.
    pub findings: Vec<Finding>,
    /// Every rule, in the order of the policy.
    pub rules: Vec<RuleOutcome>,
}

impl AdmissionPolicy {
    /// Judges a request by all rules.
    #[must_use]
    pub fn admit(&self, request: &AdmissionRequest) -> AdmissionDecision {
        let mut decision =
            AdmissionDecision { allowed: true, findings: Vec::new(), rules: Vec::new() };
        for rule in &self.rules {
            let unmet = rule.unmet(request).map(str::to_owned);
            let mut faults = Faults::default();
            if unmet.is_none() {
                rule.limits(request, &mut faults);
                rule.requirements(request, &mut faults);
            }
            let mut findings = faults.into_findings();
            let verdict = match (unmet.is_some(), findings.is_empty(), rule.action) {
                (true, ..) => RuleVerdict::NotApplicable,
                (_, true, _) => RuleVerdict::Kept,
                (.., AdmissionAction::Warn) => RuleVerdict::Warned,
                (.., AdmissionAction::Deny) => RuleVerdict::Denied,
            };
            for finding in &mut findings {
                if verdict == RuleVerdict::Warned {
                    finding.severity = Severity::Warning;
                }
                if !rule.description.is_empty() {
                    finding.message = format!("{} ({})", finding.message, rule.description);
                }
            }
            decision.allowed &= verdict != RuleVerdict::Denied;
            decision.findings.append(&mut findings);
            decision.rules.push(RuleOutcome { rule: rule.name.clone(), verdict, unmet });
        }
        decision
    }
}

impl AdmissionRule {
    /// The first condition that makes the rule one about other machines.
    fn unmet(&self, request: &AdmissionRequest) -> Option<&'static str> {
        let in_folder = |folder: &FolderPath| {
            request.folder_path.as_ref().is_some_and(|path| path.is_in_by_case_rule(folder))
        };
        if self.disabled {
            Some("disabled")
        } else if !self.operations.is_empty() && !self.operations.contains(&request.operation) {
            Some("operations")
        } else if self.project_id.is_some_and(|project| project != request.project_id) {
            Some("project_id")
        } else if self.folder.as_ref().is_some_and(|folder| !in_folder(folder)) {
            Some("folder")
        } else if self.selector.iter().any(|(key, value)| request.labels.get(key) != Some(value)) {
            Some("selector")
        } else {
            None
        }
    }

    fn limits(&self, request: &AdmissionRequest, faults: &mut Faults) {
        let AdmissionLimits {
            cpus,
            memory_mib,
            disk_bytes,
            total_disk_bytes,
            disks,
            network_interfaces,
        } = &self.limits;
        let name = &self.name;
        let spec = &request.spec;
        let too_many = |found: usize, most: &Option<u32>| {
            most.filter(|most| u32::try_from(found).unwrap_or(u32::MAX) > *most)
        };
        faults.within("spec", |faults| {
            if let Some(most) = cpus.filter(|most| spec.cpu.cores > *most) {
                let message =
                    format!("{} CPUs: the rule `{name}` allows at most {most}", spec.cpu.cores);
                faults.within("cpu", |faults| faults.error("cores", "limit-cpus", message));
            }
            if let Some(most) = memory_mib.filter(|most| spec.memory.size_mib > *most) {
                let message =
                    format!("{}: the rule `{name}` allows at most {most}", spec.memory.size_mib);
                faults.within("memory", |faults| faults.error("size_mib", "limit-memory", message));
            }
            faults.each("disks", &spec.disks, |faults, disk| {
                if let Some(most) = disk_bytes.filter(|most| disk.size_bytes > *most) {
                    let message =
                        format!("{}: the rule `{name}` allows at most {most}", disk.size_bytes);
                    faults.error("size_bytes", "limit-disk-bytes", message);
                }
            });
            let total =
                spec.disks.iter().fold(0u64, |sum, disk| sum.saturating_add(disk.size_bytes.0));
            let total = crate::Bytes(total);
            if let Some(most) = total_disk_bytes.filter(|most| total > *most) {
                let message = format!("{total} in all: the rule `{name}` allows at most {most}");
                faults.error("disks", "limit-total-disk-bytes", message);
            }
            if let Some(most) = too_many(spec.disks.len(), disks) {
                let message =
                    format!("{} disks: the rule `{name}` allows at most {most}", spec.disks.len());
                faults.error("disks", "limit-disks", message);
            }
            let nics = spec.network_interfaces.len();
            if let Some(most) = too_many(nics, network_interfaces) {
                let message = format!("{nics} interfaces: the rule `{name}` allows at most {most}");
                faults.error("network_interfaces", "limit-network-interfaces", message);
            }
        });
    }

    fn requirements(&self, request: &AdmissionRequest, faults: &mut Faults) {
        let (name, requires, spec) = (&self.name, &self.requires, &request.spec);
        if !request.name.starts_with(&requires.name_prefix) {
            let message = format!(
                "the rule `{name}` asks for a name that begins with {:?}",
                requires.name_prefix
            );
            faults.error("name", "name-prefix", message);
        }
        for key in requires.labels.iter().filter(|key| !request.labels.contains_key(*key)) {
            let message = format!("the rule `{name}` asks for the label {key:?}");
            faults.error("labels", "missing-label", message);
        }
        faults.within("spec", |faults| {
            if !requires.guest_os.is_empty() && !requires.guest_os.contains(&spec.guest_os) {
                let message = format!(
                    "{}: the rule `{name}` allows only {}",
                    spec.guest_os,
                    list(&requires.guest_os)
                );
                faults.error("guest_os", "guest-not-allowed", message);
            }
            faults.each("network_interfaces", &spec.network_interfaces, |faults, nic| {
                if !requires.networks.is_empty() && !requires.networks.contains(&nic.network_id) {
                    let message = format!(
                        "{}: the rule `{name}` allows only {}",
                        nic.network_id,
                        list(&requires.networks)
                    );
                    faults.error("network_id", "network-not-allowed", message);
                }
            });
            faults.each("disks", &spec.disks, |faults, disk| {
                let lies_in = |pool: &crate::PoolKey| disk.storage_pool_id.as_ref() == Some(pool);
                if !requires.storage_pools.is_empty() && !requires.storage_pools.iter().any(lies_in)
                {
                    let message =
                        format!("the rule `{name}` allows only {}", list(&requires.storage_pools));
                    faults.error("storage_pool_id", "pool-not-allowed", message);
                }
            });
            for (asked, has, field, code, what) in [
                (
                    requires.secure_boot,
                    spec.secure_boot,
                    "secure_boot",
                    "secure-boot-required",
                    "secure boot",
                ),
                (requires.tpm, spec.tpm.is_some(), "tpm", "tpm-required", "a TPM"),
                (
                    requires.customization_spec,
                    spec.customization_spec_id.is_some(),
                    "customization_spec_id",
                    "customization-spec-required",
                    "a customization spec",
                ),
            ] {
                if asked && !has {
                    faults.error(field, code, format!("the rule `{name}` asks for {what}"));
                }
            }
        });
    }
}

fn list(all: &[impl ToString]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
