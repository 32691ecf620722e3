//! Explanations and differences.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use quantix_cloudinit::{
    check::CheckOptions,
    explain::{SeedSet, compare, explain},
};

fn seed(user_data: &str, meta_data: &str, network_config: &str) -> SeedSet {
    let bytes = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
    SeedSet {
        user_data: bytes(user_data),
        meta_data: bytes(meta_data),
        network_config: bytes(network_config),
        vendor_data: None,
    }
}

fn consequences(before: &SeedSet, after: &SeedSet) -> Vec<String> {
    let findings = compare(before, after).consequences;
    let brief = |finding: &quantix_core::Finding| {
        format!("{} {}", finding.code, finding.path.as_deref().unwrap_or("-"))
    };
    findings.iter().map(brief).collect()
}

#[test]
fn steps_come_in_the_order_in_which_they_happen() {
    let text = "#cloud-config\nruncmd: [a, b]\nhostname: web\nbootcmd: [c]\nusers:\n\
                - {name: ops, sudo: 'ALL=(ALL) NOPASSWD:ALL', ssh_authorized_keys: [k]}\n\
                timezone: Europe/Paris\n";
    let explanation = explain(text.as_bytes(), &CheckOptions::default());
    let steps: Vec<String> =
        explanation.steps.iter().map(|step| format!("{}: {}", step.key, step.text)).collect();
    assert_eq!(
        steps,
        [
            "bootcmd: runs 1 command early, as root",
            "hostname: names the machine \"web\"",
            "users: creates users: ops (root without password, 1 ssh key)",
            "timezone: sets the time zone Europe/Paris",
            "runcmd: runs 2 commands, as root",
        ]
    );
    let json = serde_json::to_value(&explanation.steps[0]).unwrap();
    assert_eq!((&json["stage"], &json["frequency"]), (&"network".into(), &"always".into()));
    let network = "version: 2\nethernets: {a: {match: {macaddress: '52:54:00:12:34:56'}, set-name: lan0, dhcp4: true}}\n";
    let explanation = explain(network.as_bytes(), &CheckOptions::default());
    assert_eq!(
        explanation.steps[0].text,
        "ethernet a: the card with 52:54:00:12:34:56, renamed to lan0, DHCP4"
    );
}

#[test]
fn a_new_instance_id_runs_the_first_boot_again() {
    let user_data = "#cloud-config\nruncmd: [a]\nbootcmd: [b]\n";
    let before = seed(user_data, "instance-id: a\n", "");
    let after = seed(user_data, "instance-id: b\n", "");
    assert_eq!(
        consequences(&before, &after),
        ["new-instance -", "host-keys -", "runs-again runcmd", "network-again -"]
    );
}

#[test]
fn under_the_same_id_most_changes_do_nothing() {
    let id = "instance-id: a\n";
    let before = seed("#cloud-config\nruncmd: [a]\nbootcmd: [b]\n", id, "version: 2\n");
    let after = seed(
        "#cloud-config\nruncmd: [a, c]\nbootcmd: [d]\n",
        id,
        "version: 2\nethernets: {a: {dhcp4: true}}\n",
    );
    assert_eq!(
        consequences(&before, &after),
        ["no-effect runcmd", "next-boot bootcmd", "no-effect ethernets"]
    );
    assert!(consequences(&before, &before).is_empty());
}

#[test]
fn changes_are_matched_by_name_and_hide_secrets() {
    let before = seed("#cloud-config\nusers: [{name: a, passwd: old}, {name: b}]\n", "", "");
    let after =
        seed("#cloud-config\nusers: [{name: new}, {name: a, passwd: new}, {name: b}]\n", "", "");
    let report = compare(&before, &after);
    let changes: Vec<String> =
        report.changes.iter().map(|c| format!("{:?} {}", c.change.kind, c.change.path)).collect();
    assert_eq!(changes, ["Changed users.1.passwd", "Added users.0"]);
    let json = serde_json::to_string(&report).unwrap();
    assert!(!json.contains("old") && json.contains("<redacted>"), "{json}");
    let scripts = compare(&seed("#!/bin/sh\na\n", "", ""), &seed("#!/bin/sh\nb\n", "", ""));
    assert_eq!(scripts.changes.len(), 1);
}
