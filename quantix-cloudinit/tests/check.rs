//! `check`: verdicts, places, remedies, lint; and the real cloud-init as a judge.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and print")]

mod judges;
mod support;

use std::process::Command;

use quantix_cloudinit::{
    check::{
        CheckOptions, CheckReport, DocumentKind, TEMPLATE_BYTES_MAX, check_batch_line,
        check_document,
    },
    lint::PLATFORMS,
    user_data::{
        Chpasswd, ChpasswdUser, Command as Run, Content, Group, Growpart, ManageEtcHosts, Mount,
        Ntp, PowerMode, PowerState, Sudo, Swap, SwapSize, User, UserData, WriteFile,
    },
};
use quantix_core::{Finding, Secret};

fn check(text: &str) -> CheckReport {
    check_document(text.as_bytes(), &CheckOptions::default())
}

fn options(versions: &str) -> CheckOptions {
    CheckOptions { versions: versions.parse().unwrap(), ..CheckOptions::default() }
}

/// `code path line:column`, and the end of the message.
fn brief(findings: &[Finding]) -> Vec<String> {
    let place = |finding: &Finding| {
        format!(
            "{} {} {}:{}",
            finding.code,
            finding.path.as_deref().unwrap_or("-"),
            finding.line.unwrap_or(0),
            finding.column.unwrap_or(0)
        )
    };
    findings.iter().map(place).collect()
}

#[test]
fn faults_have_a_place_and_a_remedy() {
    let table: &[(&str, &str, &str)] = &[
        ("#cloud-config\nhostnme: a\n", "unknown-key hostnme 2:1", "did you mean \"hostname\"?"),
        (
            "#cloud-config\nhostname: 0123\n",
            "schema hostname 2:1",
            "YAML reads 0123 as the number 83",
        ),
        ("#cloud-config\nhostname: no\n", "schema hostname 2:1", "write \"no\" in quotes"),
        (
            "#cloud-config\nusers:\n  - name: a\n    ssh_authorised_keys: [x]\n",
            "unknown-key users.0 4:5",
            "did you mean \"ssh_authorized_keys\"?",
        ),
        ("#cloud-config\npackages: vim\n", "schema packages 2:1", "is not of type 'array'"),
        ("#cloud-config\na:\tb\n", "yaml-syntax - 2:3", "a tab"),
        ("#cloud-config\na: b: c\n", "yaml-syntax - 2:5", "quotes"),
        ("#cloud-config\n- a\n", "not-a-mapping - 1:1", "found list"),
        ("hostname: a\n", "no-header - 1:1", "#cloud-config"),
        ("version: 3\nethernets: {}\n", "no-version version 1:1", "version: 1"),
        ("instance-id: 0123\n", "not-a-text instance-id 1:14", "the number 83"),
        (
            "instance-id: a\nlocal-hostname: off\n",
            "not-a-text local-hostname 2:17",
            "\"off\" in quotes",
        ),
        ("I2Nsb3VkLWNvbmZpZwphOiBiCg==", "double-encoding - 1:1", "decode"),
    ];
    for (text, place, message) in table {
        let report = check(text);
        assert!(!report.valid, "{text:?}");
        assert!(brief(&report.faults).contains(&(*place).to_owned()), "{text:?}: {report:#?}");
        assert!(report.faults.iter().any(|f| f.message.contains(message)), "{text:?}: {report:#?}");
    }
}

#[test]
fn lint_names_what_is_doubtful() {
    let table: &[(&str, &str)] = &[
        ("#cloud-config\nhostname: my_host\n", "doubtful-hostname hostname 2:1"),
        ("#cloud-config\nhostname: a\nhostname: b\n", "duplicate-key hostname 3:1"),
        ("#cloud-config\npassword: x\n", "plain-password password 2:1"),
        ("#cloud-config\nruncmd:\n  - curl https://x | sudo bash\n", "pipe-to-shell runcmd.0 3:5"),
        (
            "#cloud-config\nusers: [{name: a}]\nwrite_files: [{path: /a, owner: a}]\n",
            "owner-before-user write_files.0.owner 3:26",
        ),
        (
            "#cloud-config\nusers: [{name: a, passwd: secret, lock_passwd: false}]\n",
            "not-a-hash users.0.passwd 2:19",
        ),
        ("version: 2\nvlans: {v: {id: 1, link: x}}\n", "unknown-interface vlans.v.link 2:20"),
        (
            "version: 2\nethernets: {a: {set-name: b, dhcp4: true}}\n",
            "set-name-without-mac ethernets.a.set-name 2:17",
        ),
        ("local-hostname: a\n", "no-instance-id - 1:1"),
        ("version: 2\nethernets: {a: {dhcp: true}}\n", "unknown-key ethernets.a.dhcp 2:17"),
    ];
    for (text, place) in table {
        let report = check(text);
        assert!(report.valid, "{text:?}: {report:#?}");
        assert!(brief(&report.lint).contains(&(*place).to_owned()), "{text:?}: {report:#?}");
    }
}

#[test]
fn templates_and_parts_are_checked_inside() {
    let jinja = "## template: jinja\n#cloud-config\nhostname: {{ v1.local_hostname }}\n\
                 {% if x %}\npackags: [a]\n{% endif %}\nusers: {{ users }}\n";
    assert_eq!(brief(&check(jinja).faults), ["unknown-key packags 5:1"]);
    let message = "Content-Type: multipart/mixed; boundary=b\nMIME-Version: 1.0\n\n--b\n\
                   Content-Type: text/cloud-config; name=a.cfg\n\n#cloud-config\nhostnme: x\n\n\
                   --b\n\n#!/bin/sh\n--b--\n";
    assert_eq!(brief(&check(message).faults), ["unknown-key a.cfg: hostnme 2:1"]);
    let archive = "#cloud-config-archive\n- |\n  #cloud-config\n  hostname: no\n";
    assert_eq!(brief(&check(archive).faults), ["schema part-001: hostname 2:1"]);
    let big = format!("#cloud-config\n#{}\n{{}}\n", "x".repeat(17_000));
    assert_eq!(brief(&check(&big).lint), ["size - 0:0"]);
    for platform in PLATFORMS {
        let limit = platform.bytes_max();
        let named = |bytes: usize| {
            let text = format!("#cloud-config\n{{}}\n{}", "#".repeat(bytes - 17));
            let options = options("26.2").through(Some(platform.name())).unwrap();
            let report = check_document(text.as_bytes(), &options);
            assert_eq!(report.valid, report.faults.is_empty());
            brief(&report.faults)
        };
        let fits = (18..=limit).rev().find(|bytes| platform.counted(*bytes) <= limit).unwrap();
        assert_eq!(named(fits), [""; 0], "{platform:?}");
        assert_eq!(named(fits + 1), ["size - 0:0"], "{platform:?}");
    }
}

#[test]
fn a_range_says_which_versions_refuse() {
    let text = b"#cloud-config\nhostnme: a\n";
    let old = check_document(text, &options("22.4.2"));
    assert!(old.valid, "cloud-init 22.4.2 ignores unknown keys");
    assert_eq!(brief(&old.lint), ["unknown-key hostnme 2:1"]);
    let all = check_document(text, &options("all"));
    assert!(!all.valid);
    assert!(
        all.faults[0].message.ends_with("(cloud-init 23.3 to 26.2)")
            || all.faults[0].message.contains("(cloud-init"),
        "{all:#?}"
    );
}

#[test]
fn compressed_user_data_is_unpacked_within_bounds() {
    use std::io::Write as _;
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let once = gzip(b"#cloud-config\nhostname: a\n");
    assert!(check_document(&once, &CheckOptions::default()).valid);
    let twice = check_document(&gzip(&once), &CheckOptions::default());
    assert_eq!(brief(&twice.faults), ["double-encoding - 0:0"]);
    let bomb = gzip(&vec![b' '; quantix_cloudinit::check::UNPACKED_BYTES_MAX + 1]);
    assert_eq!(brief(&check_document(&bomb, &CheckOptions::default()).faults), ["bad-gzip - 0:0"]);
    assert!(!check_document(&once[..20], &CheckOptions::default()).valid);
}

#[test]
fn batch_lines_are_answered_side_by_side() {
    let answer = |line: &str| {
        serde_json::to_value(check_batch_line(line, &CheckOptions::default())).unwrap()
    };
    let good = answer(r##"{"id":7,"kind":"user-data","text":"#cloud-config\nhostname: a\n"}"##);
    assert_eq!(good["id"], 7);
    assert_eq!((&good["valid"], &good["kind"]), (&true.into(), &"user-data".into()));
    let bad = answer(r#"{"id":"x","kind":"network-config","config":{"version":2,"ethernet":{}}}"#);
    assert_eq!(bad["valid"], false);
    let faults = bad["faults"].as_array().unwrap();
    assert!(faults.iter().any(|fault| fault["code"] == "unknown-key"), "{faults:?}");
    assert!(faults[0].get("line").is_none(), "a value has no lines");
    for line in
        ["", "{}", "[]", "x", r#"{"id":1,"kind":"other","text":""}"#, r#"{"id":1,"extra":2}"#]
    {
        assert_eq!(answer(line)["faults"][0]["code"], "bad-request", "{line}");
    }
}

#[test]
fn verdicts_of_whole_checks_are_the_official_ones() {
    let Some(corpus) = support::corpus() else { return support::report(0) };
    let text = std::fs::read_to_string(corpus.join("schema_cases.jsonl")).unwrap();
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let question = serde_json::json!({
            "id": case["id"], "kind": case["kind"], "config": case["config"],
        });
        let answer = check_batch_line(&question.to_string(), &CheckOptions::default());
        assert_eq!(answer.report.valid, case["valid_26.2"], "{answer:#?}");
    }
    support::report(1);
}

/// The verdict of the real `cloud-init schema`.
fn cloud_init_accepts(text: &str) -> (bool, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("user-data");
    std::fs::write(&file, text).unwrap();
    let output = Command::new("cloud-init")
        .args(["schema", "--config-file"])
        .arg(&file)
        .output()
        .expect("cloud-init runs; install the Debian package cloud-init");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

/// A document that uses every typed field.
fn everything() -> UserData {
    let hash =
        || Secret::new("$6$rounds=5000$abcdefghijklmnop$0123456789abcdefghijklmnopqrstuvwxyz");
    UserData {
        hostname: Some("0123".into()),
        fqdn: Some("no.example.org".into()),
        prefer_fqdn_over_hostname: Some(false),
        manage_etc_hosts: Some(ManageEtcHosts::Localhost),
        timezone: Some("Europe/Paris".into()),
        locale: Some("de_DE.UTF-8".into()),
        keyboard_layout: Some("de".into()),
        groups: vec![
            Group { name: "admins".into(), members: vec!["root".into()] },
            Group { name: "on".into(), ..Group::default() },
        ],
        keep_default_user: true,
        users: vec![User {
            gecos: Some("A # B".into()),
            groups: vec!["admins".into(), "adm".into()],
            sudo: Sudo::AllWithoutPassword,
            hashed_passwd: Some(hash()),
            ssh_authorized_keys: vec!["ssh-ed25519 AAAA ops: laptop".into()],
            expiredate: Some("2038-01-19".into()),
            shell: Some("/bin/bash".into()),
            ..User::named("ops")
        }],
        chpasswd: None,
        ssh_pwauth: Some(false),
        disable_root: Some(true),
        ssh_authorized_keys: vec!["ssh-ed25519 AAAA root".into()],
        ssh_deletekeys: Some(true),
        package_update: Some(true),
        package_upgrade: Some(false),
        package_reboot_if_required: Some(false),
        packages: vec!["curl".into()],
        write_files: vec![
            WriteFile::text("/etc/a", "x: y\n# z\n").mode(0o600),
            WriteFile {
                content: Content::Bytes(vec![0, 255]),
                owner: Some("ops:ops".into()),
                append: true,
                defer: true,
                ..WriteFile::text("/etc/b", "")
            },
        ],
        bootcmd: vec![Run::Args(vec!["echo".into(), "a: b".into(), "no".into()])],
        runcmd: vec![Run::Shell("echo \"a: b\" # c".into())],
        ntp: Some(Ntp { pools: vec!["pool.ntp.org".into()], ..Ntp::default() }),
        growpart: Some(Growpart::default()),
        resize_rootfs: Some(true),
        swap: Some(Swap {
            filename: "/swap".into(),
            size: SwapSize::Bytes(std::num::NonZeroU64::new(1 << 30).unwrap()),
        }),
        mounts: vec![Mount {
            device: "LABEL=data".into(),
            mount_point: "/data".into(),
            fs_type: Some("ext4".into()),
            options: Some("noatime".into()),
        }],
        power_state: Some(PowerState {
            mode: PowerMode::Reboot,
            delay_minutes: 1,
            message: Some("bye".into()),
            condition: Some(vec!["true".into()]),
        }),
        final_message: Some("done: $UPTIME".into()),
        ..UserData::default()
    }
}

#[test]
fn the_real_cloud_init_accepts_what_we_write() {
    let mut user_data = everything();
    let text = user_data.to_yaml().unwrap();
    let (accepted, said) = cloud_init_accepts(&text);
    assert!(accepted, "{said}\n{text}");
    assert!(check_document(text.as_bytes(), &options("22.2..26.2")).valid, "{text}");
    user_data.chpasswd = Some(Chpasswd {
        expire: false,
        users: vec![ChpasswdUser { name: "root".into(), hash: Secret::new("$6$a$b") }],
    });
    let text = user_data.to_yaml().unwrap();
    let (accepted, said) = cloud_init_accepts(&text);
    assert!(accepted, "{said}\n{text}");
    let report = check_document(text.as_bytes(), &options("22.3..26.2"));
    assert!(report.valid, "{report:#?}\n{text}");
    assert!(report.deprecations.is_empty(), "{report:#?}");
}

#[test]
fn the_real_cloud_init_agrees_on_verdicts() {
    let version = Command::new("cloud-init")
        .arg("--version")
        .output()
        .expect("cloud-init runs; install the Debian package cloud-init");
    let said = [version.stdout, version.stderr].concat();
    let version = String::from_utf8_lossy(&said).split_whitespace().last().unwrap().to_owned();
    let texts = [
        "#cloud-config\nhostname: a\n",
        "#cloud-config\nhostname: 0123\n",
        "#cloud-config\nhostname: no\n",
        "#cloud-config\nhostnme: a\n",
        "#cloud-config\nusers: [{name: a, ssh_authorised_keys: []}]\n",
        "#cloud-config\na:\tb\n",
        "#cloud-config\npower_state: {mode: off}\n",
        "#cloud-config\nwrite_files: [{path: /a, permissions: 0644}]\n",
        "#cloud-config\nusers: [{name: a, expiredate: 2038-01-19}]\n",
        "#cloud-config\nswap: {size: 1G, filename: /s}\n",
        "#cloud-config\npackages: [[a, 1], b]\n",
        "#cloud-config\n{}\n",
        "hostname: a\n",
        "- a\n",
    ];
    for text in texts {
        let (accepted, said) = cloud_init_accepts(text);
        let report = CheckOptions { kind: Some(DocumentKind::UserData), ..options(&version) };
        let report = check_document(text.as_bytes(), &report);
        assert_eq!(report.valid, accepted, "{text:?} with {version}\n{said}\n{report:#?}");
    }
}

/// The variables of templates are those that Jinja itself finds, and what no guest sets is told.
#[test]
fn variables_of_templates_are_listed() {
    const SCRIPT: &str = "
import json, sys
from jinja2 import Environment, meta
print(json.dumps(sorted(meta.find_undeclared_variables(Environment().parse(sys.argv[1])) - {'range'})))
";
    let table: [(&str, &[&str]); 9] = [
        ("a: {{ v1.local_hostname }} {{ ds.meta_data.x }}", &[]),
        ("a: {{ local_hostname }} {{ sys_info.dist }}", &[]),
        ("{% for x in v1.public_ssh_keys %}a: {{ x }}{{ loop.index }}{% endfor %}", &[]),
        ("{% set n = 3 %}a: {{ n }} {{ range(n) }}", &[]),
        ("a: {{ v1.local_hostnam }}", &["undefined-variable 2:7 v1.local_hostname"]),
        ("# é {{ hostnme }}\na: {{ local_hostname }}", &["undefined-variable 2:8 "]),
        ("a: {{ mine | default('x') }} {% if mine is defined %}b{% endif %}", &[]),
        ("{% raw %}a: {{ mine }}{% endraw %}", &[]),
        ("a: {{ mine", &["template-syntax 2:1 "]),
    ];
    for (body, expected) in table {
        let text = format!("## template: jinja\n{body}\n");
        let lint = check(&text).lint;
        let wrong: Vec<&Finding> = lint
            .iter()
            .filter(|it| matches!(it.code.as_ref(), "undefined-variable" | "template-syntax"))
            .collect();
        assert_eq!(wrong.len(), expected.len(), "{body}: {lint:#?}");
        for (finding, expected) in wrong.iter().zip(expected) {
            let mut words = expected.splitn(3, ' ');
            assert_eq!(Some(finding.code.as_ref()), words.next(), "{body}");
            let place = format!("{}:{}", finding.line.unwrap(), finding.column.unwrap());
            assert_eq!(Some(place.as_str()), words.next(), "{body}");
            assert!(finding.message.contains(words.next().unwrap()), "{}", finding.message);
        }
        if expected.iter().any(|it| it.starts_with("template-syntax")) {
            continue;
        }
        let found = judges::python("python3-jinja2", SCRIPT, &[&text]);
        let roots: Vec<String> = serde_json::from_str(&found).unwrap();
        let listed = lint.iter().find(|it| it.code == "template-variables");
        let listed = listed.map_or("", |it| it.message.as_str());
        assert_eq!(listed.is_empty(), roots.is_empty(), "{body}: {listed}");
        for root in roots {
            assert!(listed.contains(root.as_str()), "{body}: {root} is not in {listed}");
        }
    }
    let long =
        format!("## template: jinja\n#cloud-config\n{}", "# x\n".repeat(TEMPLATE_BYTES_MAX / 4));
    assert!(check(&long).lint.iter().any(|it| it.code == "template-too-long"));
}
