//! Tables of requests and what each rule says of them.

use serde_json::{Value, json};

use super::*;
use crate::Validate;

fn policy(value: Value) -> AdmissionPolicy {
    let policy: AdmissionPolicy = serde_json::from_value(value).unwrap();
    assert_eq!(policy.findings(), []);
    policy
}

fn request(changes: Value) -> AdmissionRequest {
    let mut value = json!({
        "name": "web-1", "folder_path": "/Prod/Web", "labels": {"owner": "ann"},
        "spec": {
            "cpu": {"cores": 4}, "memory": {"size_mib": "8GiB"}, "guest_os": "debian",
            "disks": [{"id": "a", "size_bytes": "40GiB", "storage_pool_id": "ceph"},
                {"id": "b", "size_bytes": "60GiB", "storage_pool_id": "nfs"}],
            "network_interfaces": [{"id": "n", "network_id": "lan"}],
        },
    });
    value.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

#[test]
fn each_limit_and_each_requirement() {
    for (rule, expected) in [
        (json!({"limits": {"cpus": 4}}), ""),
        (json!({"limits": {"cpus": 3}}), "spec.cpu.cores limit-cpus"),
        (json!({"limits": {"memory_mib": "4GiB"}}), "spec.memory.size_mib limit-memory"),
        (json!({"limits": {"disk_bytes": "50GiB"}}), "spec.disks[1].size_bytes limit-disk-bytes"),
        (json!({"limits": {"total_disk_bytes": "99GiB"}}), "spec.disks limit-total-disk-bytes"),
        (json!({"limits": {"total_disk_bytes": "100GiB"}}), ""),
        (json!({"limits": {"disks": 1}}), "spec.disks limit-disks"),
        (
            json!({"limits": {"network_interfaces": 0}}),
            "spec.network_interfaces limit-network-interfaces",
        ),
        (json!({"requires": {"name_prefix": "web-"}}), ""),
        (json!({"requires": {"name_prefix": "db-"}}), "name name-prefix"),
        (json!({"requires": {"labels": ["owner", "cost"]}}), "labels missing-label"),
        (json!({"requires": {"guest_os": ["rhel"]}}), "spec.guest_os guest-not-allowed"),
        (
            json!({"requires": {"networks": ["dmz"]}}),
            "spec.network_interfaces[0].network_id network-not-allowed",
        ),
        (
            json!({"requires": {"storage_pools": ["ceph"]}}),
            "spec.disks[1].storage_pool_id pool-not-allowed",
        ),
        (json!({"requires": {"secure_boot": true}}), "spec.secure_boot secure-boot-required"),
        (json!({"requires": {"tpm": true}}), "spec.tpm tpm-required"),
        (
            json!({"requires": {"customization_spec": true}}),
            "spec.customization_spec_id customization-spec-required",
        ),
    ] {
        let mut with_name = rule.clone();
        with_name["name"] = json!("r");
        let decision = policy(json!({"rules": [with_name]})).admit(&request(json!({})));
        let found: Vec<_> = decision
            .findings
            .iter()
            .map(|finding| format!("{} {}", finding.path.clone().unwrap_or_default(), finding.code))
            .collect();
        assert_eq!(found.join(", "), expected, "{rule}");
        assert_eq!(decision.allowed, expected.is_empty(), "{rule}");
    }
}

#[test]
fn rules_apply_to_what_they_name() {
    let other = "00000000-0000-0000-0000-000000000009";
    for (condition, request_changes, unmet) in [
        (json!({"disabled": true}), json!({}), Some("disabled")),
        (json!({"operations": ["import"]}), json!({}), Some("operations")),
        (json!({"operations": ["import", "create"]}), json!({}), None),
        (json!({"project_id": other}), json!({}), Some("project_id")),
        (json!({"project_id": other}), json!({"project_id": other}), None),
        (json!({"folder": "/Pro"}), json!({}), Some("folder")),
        (json!({"folder": "/prod"}), json!({}), None),
        (json!({"folder": "/PROD/web"}), json!({}), None),
        (json!({"folder": "/Prod/Web/x"}), json!({}), Some("folder")),
        (json!({"folder": "/"}), json!({}), None),
        (json!({"folder": "/"}), json!({"folder_path": null}), Some("folder")),
        (json!({"selector": {"owner": "bob"}}), json!({}), Some("selector")),
        (json!({"selector": {"owner": "ann"}}), json!({}), None),
    ] {
        let mut rule = json!({"name": "r", "limits": {"cpus": 1}});
        rule.as_object_mut().unwrap().extend(condition.as_object().unwrap().clone());
        let decision = policy(json!({"rules": [rule]})).admit(&request(request_changes));
        assert_eq!(decision.rules[0].unmet.as_deref(), unmet, "{condition}");
        assert_eq!(decision.allowed, unmet.is_some(), "{condition}");
    }
}

#[test]
fn all_rules_are_told_and_warnings_do_not_refuse() {
    let policy = policy(json!({"rules": [
        {"name": "a", "action": "warn", "limits": {"cpus": 1}, "description": "licences are per CPU"},
        {"name": "b", "limits": {"cpus": 8}},
        {"name": "c", "selector": {"x": "y"}, "limits": {"cpus": 1}},
    ]}));
    let decision = policy.admit(&request(json!({})));
    assert!(decision.allowed);
    assert_eq!(
        serde_json::to_value(&decision).unwrap(),
        json!({
            "allowed": true,
            "findings": [{"code": "limit-cpus", "severity": "warning", "path": "spec.cpu.cores",
                "message": "4 CPUs: the rule `a` allows at most 1 (licences are per CPU)"}],
            "rules": [
                {"rule": "a", "verdict": "warned"},
                {"rule": "b", "verdict": "kept"},
                {"rule": "c", "verdict": "not_applicable", "unmet": "selector"},
            ],
        })
    );
}

#[test]
fn faults_of_a_policy_are_told() {
    let rule = json!({"name": "", "selector": {"-": ""}, "requires": {"name_prefix": " x"}});
    let document: AdmissionPolicy = serde_json::from_value(
        json!({"schema_version": 2, "rules": [rule, {"name": "x"}, {"name": "x"}]}),
    )
    .unwrap();
    let found: Vec<_> = document
        .findings()
        .into_iter()
        .map(|finding| format!("{} {}", finding.path.unwrap_or_default(), finding.code))
        .collect();
    assert_eq!(
        found,
        [
            "schema_version unsupported-version",
            "rules[2].name duplicate",
            "rules[0].name bad-length",
            "rules[0].selector[\"-\"] bad-label",
            "rules[0].requires.name_prefix outer-space",
            "rules[1] empty-rule",
            "rules[2] empty-rule",
        ]
    );
    let many = AdmissionPolicy {
        rules: vec![document.rules[1].clone(); ADMISSION_RULES_MAX + 1],
        ..document
    };
    assert!(many.findings().iter().any(|finding| finding.code == "too-many"));
}
