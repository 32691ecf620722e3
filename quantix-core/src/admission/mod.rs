//! Admission rules: what a machine may be before it is made or changed.
//!
//! [`AdmissionPolicy`] is a document of rules; [`AdmissionPolicy::admit`] judges one
//! [`AdmissionRequest`] by all of them and tells, for each rule, whether it applied and what it found
//! at which field. It looks at nothing but its arguments.
//!
//! ```
//! use quantix_core::{MemoryMib, admission::{AdmissionPolicy, AdmissionRequest}, model::VmSpec};
//! let policy: AdmissionPolicy = serde_json::from_str(
//!     r#"{"rules": [{"name": "small", "folder": "/Lab", "limits": {"cpus": 8, "memory_mib": "32GiB"}}]}"#,
//! )?;
//! let mut request = AdmissionRequest::new("test-1", VmSpec::new(16, MemoryMib(4096)));
//! assert!(policy.admit(&request).allowed); // the rule is about another folder
//! request.folder_path = Some("/lab/Ann".parse()?);
//! let decision = policy.admit(&request);
//! assert!(!decision.allowed);
//! assert_eq!(decision.findings[0].to_string(),
//!     "spec.cpu.cores: error: 16 CPUs: the rule `small` allows at most 8 [limit-cpus]");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod judge;
mod policy;

#[cfg(test)]
mod tests;

pub use judge::{AdmissionDecision, AdmissionRequest, RuleOutcome, RuleVerdict};
pub use policy::{
    ADMISSION_RULES_MAX, AdmissionAction, AdmissionLimits, AdmissionOperation, AdmissionPolicy,
    AdmissionRequirements, AdmissionRule,
};
