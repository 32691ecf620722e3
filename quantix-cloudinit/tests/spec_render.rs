//! Rendered specs against golden files, and against the tools that read them.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod judges;

use std::{fmt::Write as _, path::PathBuf};

use judges::{python, run, text};
use quantix_cloudinit::spec::{Entropy, RenderOptions, Rendered, render};
use quantix_core::{CustomizationSpec, SpecVm};
use serde_json::{Value, json};

const KEY_1: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti ops@example.com";
const KEY_2: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc= #1: \"hostile\"";
const HASH: &str = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";

fn try_render(spec: Value, vm: Value) -> Result<Rendered, Vec<String>> {
    let spec: CustomizationSpec = serde_json::from_value(spec).unwrap();
    let vm: SpecVm = serde_json::from_value(vm).unwrap();
    render(&spec, &vm, RenderOptions::default(), &mut Entropy::from_seed(7)).map_err(|error| {
        let shown = |f: &quantix_core::Finding| {
            format!("{} {}", f.path.as_deref().unwrap_or_default(), f.code)
        };
        error.faults().iter().filter(|f| f.is_error()).map(shown).collect()
    })
}

fn vm() -> Value {
    json!({"id": "0192f0c1-2b3c-7d4e-8f50-112233445566", "name": "prod-web-01", "folder": "/Prod",
           "index": 1, "nics": [{"mac": "52:54:00:12:34:56", "network": "lan"}]})
}

/// The examples that the platform's own documents show, and one with everything.
fn examples() -> Vec<(&'static str, Value)> {
    vec![
        (
            "linux-server",
            json!({
                "name": "linux-server", "os_family": "Linux", "timezone": "America/New_York",
                "hostname": "{{.VMName}}-{{.Random}}", "ssh_keys": [KEY_1, KEY_2],
                "install_agent": true, "control_plane_url": "https://quantix.example.com/",
                "agent": {"sha256": {"x86_64": "ab".repeat(32), "aarch64": "cd".repeat(32)},
                          "enrolment_token": "one-time"},
            }),
        ),
        (
            "development",
            json!({
                "name": "development", "os_family": "linux", "timezone": "UTC",
                "hostname": "dev-{{.VMName}}",
                "user_data": "#cloud-config\npackages: [git, vim]\nruncmd:\n  - echo \"ready, grüße\"\n",
            }),
        ),
        (
            "prod-web-01",
            json!({
                "name": "web", "os_family": "Linux", "hostname": "prod-web-01",
                "timezone": "America/New_York", "ssh_keys": [KEY_1], "admin_password": HASH,
                "linux": {"guest_agent": true},
            }),
        ),
        (
            "everything",
            json!({
                "name": "everything", "os_family": "LINUX", "timezone": "America/Buenos_Aires",
                "hostname": "{{.Folder}}-{{.Index:03}}", "ssh_keys": [KEY_1],
                "meta_data": {"cluster": "blue"},
                "linux": {
                    "domain": "example.com", "admin_user": "ops", "admin_sudo": "ALL=(ALL) ALL",
                    "ssh_password_auth": false, "groups": ["app"], "locale": "de_DE.UTF-8",
                    "keyboard": "de", "ntp_servers": ["ntp.example.com"],
                    "users": [{"name": "app", "gecos": "The app #1", "groups": ["app"],
                               "ssh_keys": [KEY_2], "password": HASH, "uid": 2000}],
                    "packages": ["nginx"], "package_upgrade": true,
                    "write_files": [
                        {"path": "/etc/motd", "content": "yes\n# no: \"quotes\"\n"},
                        {"path": "/home/app/key", "base64": "AAEC", "permissions": "0600", "owner": "app:app"}],
                    "scripts": [{"name": "first.sh", "content": "#!/bin/sh\necho first\n"},
                                {"name": "each.sh", "content": "#!/bin/sh\necho each\n", "when": "every_boot"}],
                    "run_commands": ["echo done > /run/done", ["touch", "/run/a b"]],
                    "final_message": "ready after $UPTIME seconds",
                },
                "network": {
                    "nameservers": ["10.0.0.2"], "search": ["example.com"],
                    "nics": [{"name": "lan0", "addresses": ["10.0.0.5/24", "2001:db8::5/64"],
                              "gateway4": "10.0.0.1", "mtu": 1400,
                              "routes": [{"to": "10.9.0.0/16", "via": "10.0.0.9", "metric": 50}]}],
                },
            }),
        ),
    ]
}

/// All files of a rendering in one readable text.
fn show(rendered: &Rendered) -> String {
    let mut out = String::new();
    for file in rendered.files() {
        let text = std::str::from_utf8(&file.bytes).unwrap();
        write!(out, "===== {}\n{text}", file.name).unwrap();
    }
    for finding in rendered.findings() {
        writeln!(out, "===== {finding}").unwrap();
    }
    out
}

#[test]
fn examples_equal_their_golden_files() {
    for (name, spec) in examples() {
        let found =
            show(&try_render(spec, vm()).unwrap_or_else(|faults| panic!("{name}: {faults:?}")));
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden/spec")
            .join(format!("{name}.txt"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == golden,
            "{name} differs from {}; UPDATE=1 rewrites it\n{found}",
            path.display()
        );
    }
}

#[test]
fn cloud_init_itself_accepts_what_is_generated() {
    for (name, mut spec) in examples() {
        spec.as_object_mut().unwrap().remove("user_data");
        let rendered = try_render(spec, vm()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        rendered.write_to(dir.path()).unwrap();
        let path = dir.path().join("user-data");
        let args = ["schema", "--config-file", text(&path)];
        let output = run("cloud-init", "cloud-init", &args);
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("Valid"), "{name}: {said}");
        assert!(!said.contains("deprecat"), "{name}: {said}");
    }
}

/// cloud-init's own processor takes the multi-part document apart and merges its cloud-configs.
#[test]
fn cloud_init_reads_and_merges_the_multi_part_document() {
    const SCRIPT: &str = r"
import json, sys
from cloudinit import user_data, util, safeyaml
from cloudinit.handlers.cloud_config import CloudConfigPartHandler
class Paths:
    def get_ipath(self, *a): return '/tmp'
    def get_ipath_cur(self, *a): return '/tmp'
    def get_cpath(self, *a): return '/tmp'
message = user_data.UserDataProcessor(Paths()).process(open(sys.argv[1], 'rb').read())
handler = CloudConfigPartHandler(Paths())
handler.cloud_buf = {}
kinds = []
for part in message.walk():
    if user_data.is_skippable(part): continue
    kinds.append(part.get_content_type())
    if part.get_content_type() in ('text/cloud-config',):
        handler._merge_part(util.fully_decoded_payload(part), dict(part))
print(json.dumps({'kinds': kinds, 'config': handler.cloud_buf}))
";
    let spec = |user_data: Value| {
        json!({"name": "x", "os_family": "Linux", "timezone": "UTC", "hostname": "dev",
               "linux": {"packages": ["curl"], "run_commands": ["echo spec"]}, "user_data": user_data})
    };
    let own = "#cloud-config\ntimezone: Asia/Tokyo\npackages: [git]\nruncmd:\n  - 'echo \"grüße: ☃\"'\nntp: {enabled: true}\n";
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(own);
    for user_data in [json!(own), json!(encoded), json!({"base64": encoded}), json!({"text": own})]
    {
        let rendered = try_render(spec(user_data), vm()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        rendered.write_to(dir.path()).unwrap();
        let found = python("cloud-init", SCRIPT, &[text(&dir.path().join("user-data"))]);
        let found: Value = serde_json::from_str(&found).unwrap();
        assert_eq!(found["kinds"], json!(["text/cloud-config", "text/cloud-config"]));
        let config = &found["config"];
        assert_eq!(config["packages"], json!(["curl", "git"]));
        assert_eq!(config["runcmd"], json!(["echo spec", "echo \"grüße: ☃\""]));
        assert_eq!(config["timezone"], json!("UTC"), "the spec wins");
        assert_eq!(config["ntp"], json!({"enabled": true}));
        assert!(rendered.findings().iter().any(|finding| finding.code == "conflicting-key"));
    }
    let nested = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\
                  Content-Type: text/x-shellscript\n\n#!/bin/sh\necho hi\n--b--\n";
    for (own, kind) in [
        ("#!/bin/sh\necho hi\n", "text/x-shellscript"),
        ("#cloud-boothook\n#!/bin/sh\n", "text/cloud-boothook"),
        (nested, "text/x-shellscript"),
    ] {
        let rendered = try_render(spec(json!(own)), vm()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        rendered.write_to(dir.path()).unwrap();
        let found = python("cloud-init", SCRIPT, &[text(&dir.path().join("user-data"))]);
        let found: Value = serde_json::from_str(&found).unwrap();
        assert_eq!(found["kinds"], json!(["text/cloud-config", kind]), "{own}");
    }
}

#[test]
fn every_fault_is_told_at_once_with_its_path() {
    for (patch, expected) in [
        (json!({"timezone": "Mars/Olympus"}), &["timezone unknown-timezone"][..]),
        (json!({"hostname": "web: 01"}), &["hostname invalid-hostname-template"]),
        (json!({"hostname": "{{.Folders}}"}), &["hostname invalid-hostname-template"]),
        (
            json!({"ssh_keys": ["-----BEGIN OPENSSH PRIVATE KEY-----\nabc"]}),
            &["ssh_keys[0] private-key"],
        ),
        (json!({"ssh_keys": [KEY_1, "ssh-rsa AAAA x"]}), &["ssh_keys[1] invalid-ssh-key"]),
        (json!({"admin_password": "hunter2"}), &["admin_password invalid-password"]),
        (json!({"user_data": "just text"}), &["user_data unknown-user-data"]),
        (json!({"user_data": "#cloud-config\na: [\n"}), &["user_data yaml-syntax"]),
        (json!({"user_data": {"base64": "!"}}), &["user_data invalid-base64"]),
        (json!({"meta_data": "instance-id: x"}), &["meta_data protected-key"]),
        (json!({"network_config": "version: 3"}), &["network_config unknown-network-version"]),
        (
            json!({"network": {"nics": [{}, {}]}}),
            &["network.nics[1] no-such-nic", "network.nics[1] unmatched-nic"],
        ),
        (json!({"os_family": "Windows"}), &["os_family wrong-os-family"]),
        (
            json!({"timezone": "x", "hostname": "{{", "ssh_keys": [""], "linux": {"domain": "-"}}),
            &[
                "linux.domain invalid-domain",
                "timezone unknown-timezone",
                "ssh_keys[0] invalid-ssh-key",
                "hostname invalid-hostname-template",
            ],
        ),
    ] {
        let mut spec = json!({"name": "x", "os_family": "Linux"});
        spec.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        assert_eq!(try_render(spec.clone(), vm()).unwrap_err(), expected, "{spec}");
    }
    assert_eq!(
        try_render(json!({"name": "x", "os_family": "Linux"}), json!({})).unwrap_err(),
        ["hostname invalid-hostname", "vm.name missing-name"]
    );
}

#[test]
fn plain_passwords_are_hashed_and_libcrypt_agrees() {
    const SCRIPT: &str =
        "import crypt, sys; print(crypt.crypt(sys.argv[1], sys.argv[2]) == sys.argv[2])";
    for password in ["correct horse", "p@ss: w0rd #1 %x", "grüße ☃", "x"] {
        let spec =
            json!({"name": "x", "os_family": "Linux", "admin_password": {"plain": password}});
        let rendered = try_render(spec, vm()).unwrap();
        let user_data = String::from_utf8(rendered.file("user-data").unwrap().to_vec()).unwrap();
        assert!(!user_data.contains(&format!(" {password}\n")));
        let start = user_data.find("$6$").unwrap();
        let hash: String = user_data[start..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || "$./".contains(*c))
            .collect();
        assert_eq!(python("python3", SCRIPT, &[password, &hash]).trim(), "True", "{password}");
    }
}

#[test]
fn hostile_names_stay_what_they_are() {
    for (name, expected) in [("no", "no"), ("0123", "0123"), ("1e3", "1e3"), ("null", "null")] {
        let rendered =
            try_render(json!({"name": "x", "os_family": "Linux", "hostname": name}), vm()).unwrap();
        assert_eq!(rendered.hostname(), expected);
        assert!(
            rendered.findings().iter().any(|finding| finding.code == "yaml-lookalike"),
            "{name}"
        );
        let script = "import yaml, sys; print(repr(yaml.safe_load(sys.argv[1])['hostname']))";
        let user_data = String::from_utf8(rendered.file("user-data").unwrap().to_vec()).unwrap();
        assert_eq!(python("python3-yaml", script, &[&user_data]).trim(), format!("'{expected}'"));
    }
}

#[test]
fn equal_inputs_give_equal_bytes_and_files_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_, spec) = examples().remove(3);
    let rendered = try_render(spec.clone(), vm()).unwrap();
    assert_eq!(rendered, try_render(spec, vm()).unwrap());
    let dir = tempfile::tempdir().unwrap();
    let report = rendered.write_to(&dir.path().join("new")).unwrap();
    assert_eq!(report.files, ["meta-data", "network-config", "user-data"]);
    for file in &report.files {
        let mode =
            std::fs::metadata(dir.path().join("new").join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    std::fs::create_dir_all(dir.path().join("bad/user-data")).unwrap();
    assert!(rendered.write_to(&dir.path().join("bad")).is_err());
    assert_eq!(std::fs::read_dir(dir.path().join("bad")).unwrap().count(), 1);
}
