//! Rendered specs against golden files, and against the tools that read them.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod judges;

use std::{fmt::Write as _, path::PathBuf};

use judges::{python, run, text};
use quantix_cloudinit::spec::{Entropy, RenderOptions, Rendered, Target, render};
use quantix_core::{CustomizationSpec, SpecVm};
use serde_json::{Value, json};

const KEY_1: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti ops@example.com";
const KEY_2: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc= #1: \"hostile\"";
const HASH: &str = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";

fn try_render(spec: Value, vm: Value) -> Result<Rendered, Vec<String>> {
    render_for(Target::NoCloud, spec, vm)
}

fn render_for(target: Target, spec: Value, vm: Value) -> Result<Rendered, Vec<String>> {
    let spec: CustomizationSpec = serde_json::from_value(spec).unwrap();
    let vm: SpecVm = serde_json::from_value(vm).unwrap();
    let options = RenderOptions { target, ..RenderOptions::default() };
    render(&spec, &vm, options, &mut Entropy::from_seed(7)).map_err(|error| {
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

/// Equal to the golden file of this name, which `UPDATE=1` rewrites.
fn check_golden(name: &str, rendered: &Rendered) {
    let found = show(rendered);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/spec")
        .join(format!("{name}.txt"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let path = path.display();
    assert!(found == golden, "{name} differs from {path}; UPDATE=1 rewrites it\n{found}");
}

#[test]
fn examples_equal_their_golden_files() {
    for (name, spec) in examples() {
        let rendered = try_render(spec, vm()).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        check_golden(name, &rendered);
    }
}

/// The platform's own example of a Windows desktop, and one with everything.
fn windows_examples() -> Vec<(&'static str, Value)> {
    vec![
        (
            "windows-desktop",
            json!({
                "name": "windows-desktop", "os_family": "Windows",
                "timezone": "America/Los_Angeles", "hostname": "WIN-{{.Random}}",
                "admin_password": "$2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234",
            }),
        ),
        (
            "windows-everything",
            json!({
                "name": "everything", "os_family": "windows", "timezone": "Europe/Berlin",
                "hostname": "{{.VMName}}-{{.Index:02}}",
                "admin_password": {"plain": "p@ss: <w0rd> & \"grüße\""},
                "windows": {
                    "product_key": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", "organization": "A & B <Ltd>",
                    "full_name": "Ops", "auto_logon_count": 2, "locale": "de-DE",
                    "input_locale": "0407:00000407",
                    "domain_join": {"domain": "corp.example.com", "user": "CORP\\joiner",
                                    "password": "join & me", "ou": "OU=VMs,DC=corp,DC=example,DC=com"},
                    "run_once": ["cmd /c echo \"done\" > C:\\done.txt", "powershell -File C:\\a&b.ps1"],
                },
                "network": {
                    "search": ["corp.example.com"],
                    "nics": [{"addresses": ["10.0.0.5/24", "2001:db8::5/64"], "gateway4": "10.0.0.1",
                              "nameservers": ["10.0.0.2", "10.0.0.3"],
                              "routes": [{"to": "10.9.0.0/16", "via": "10.0.0.9"}]}],
                },
            }),
        ),
    ]
}

#[test]
fn answer_files_equal_their_golden_files_and_are_xml() {
    for (name, spec) in windows_examples() {
        let rendered = render_for(Target::Unattend, spec, vm()).unwrap();
        assert_eq!(rendered.names(), ["Unattend.xml"]);
        check_golden(name, &rendered);
        let dir = tempfile::tempdir().unwrap();
        rendered.write_to(dir.path()).unwrap();
        let path = dir.path().join("Unattend.xml");
        judges::stdout("libxml2-utils", "xmllint", &["--noout", text(&path)]);
    }
}

#[test]
fn an_answer_file_says_what_the_spec_says() {
    const SCRIPT: &str = r"
import base64, sys
import xml.etree.ElementTree as E
root = E.parse(sys.argv[1]).getroot()
u = '{urn:schemas-microsoft-com:unattend}'
get = lambda name: [e.text for e in root.iter(u + name)]
print(get('ComputerName'), get('TimeZone'), get('RegisteredOrganization'), get('JoinDomain'))
print(get('CommandLine'))
for name in ('AdministratorPassword', 'Password'):
    for e in root.iter(u + name):
        value = e.find(u + 'Value')
        print(e.text if value is None else base64.b64decode(value.text).decode('utf-16-le'))
";
    let (_, spec) = windows_examples().remove(1);
    let rendered = render_for(Target::Unattend, spec, vm()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    rendered.write_to(dir.path()).unwrap();
    let found = python("python3", SCRIPT, &[text(&dir.path().join("Unattend.xml"))]);
    let expected = "['prod-web-01-01'] ['W. Europe Standard Time'] ['A & B <Ltd>'] ['corp.example.com']\n\
        ['cmd /c echo \"done\" > C:\\\\done.txt', 'powershell -File C:\\\\a&b.ps1']\n\
        p@ss: <w0rd> & \"grüße\"AdministratorPassword\n\
        join & me\n\
        p@ss: <w0rd> & \"grüße\"Password\n";
    assert_eq!(found, expected);
}

#[test]
fn windows_faults_say_what_to_do() {
    for (target, patch, expected) in [
        (Target::NoCloud, json!({}), &["os_family wrong-os-family"][..]),
        (
            Target::Unattend,
            json!({"hostname": "much-too-long-for-windows"}),
            &["hostname invalid-hostname"],
        ),
        (
            Target::Unattend,
            json!({"timezone": "Antarctica/Troll"}),
            &["timezone no-windows-timezone"],
        ),
        (Target::Unattend, json!({"user_data": "#ps1"}), &["user_data unsupported-by-target"]),
        (
            Target::Unattend,
            json!({"windows": {"auto_logon_count": 1}}),
            &["Unattend.xml: auto_logon_count missing-password"],
        ),
        (
            Target::Unattend,
            json!({"windows": {"run_once": ["x".repeat(1025)]}}),
            &["Unattend.xml: first_logon_commands[0] too-long"],
        ),
        (
            Target::Unattend,
            json!({"windows": {"organization": "a\u{1}b"}}),
            &["Unattend.xml: organization invalid-text"],
        ),
        (
            Target::ConfigDrive,
            json!({"windows": {"workgroup": "LAB"}}),
            &["windows.workgroup unsupported-by-target"],
        ),
    ] {
        let mut spec = json!({"name": "x", "os_family": "Windows", "hostname": "WIN"});
        spec.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        assert_eq!(render_for(target, spec.clone(), vm()).unwrap_err(), expected, "{spec}");
    }
}

#[test]
fn config_drives_are_read_by_cloud_init() {
    const SCRIPT: &str = r"
import json, sys
from cloudinit.sources.helpers import openstack
found = openstack.ConfigDriveReader(sys.argv[1]).read_v2()
net = openstack.convert_net_json(found.get('networkdata') or {'links': [], 'networks': []},
                                 known_macs={'52:54:00:12:34:56': 'eth0'})
meta = found['metadata']
print(json.dumps({'id': meta['instance-id'], 'hostname': meta['local-hostname'],
                  'meta': meta.get('meta'), 'user': found['userdata'].decode()[:13], 'net': net}))
";
    let (_, spec) = examples().remove(3);
    let rendered = render_for(Target::ConfigDrive, spec, vm()).unwrap();
    check_golden("config-drive", &rendered);
    let dir = tempfile::tempdir().unwrap();
    rendered.write_to(dir.path()).unwrap();
    let found: Value =
        serde_json::from_str(&python("cloud-init", SCRIPT, &[text(dir.path())])).unwrap();
    assert_eq!(found["id"], "0192f0c1-2b3c-7d4e-8f50-112233445566");
    assert_eq!(found["hostname"], "prod-001.example.com");
    assert_eq!(found["meta"], json!({"cluster": "blue"}));
    assert_eq!(found["user"], "#cloud-config");
    let nic = &found["net"]["config"][0];
    assert_eq!((nic["name"].as_str(), nic["mtu"].as_u64()), (Some("lan0"), Some(1400)));
    assert_eq!(nic["subnets"][0]["address"], "10.0.0.5");
    assert_eq!(nic["subnets"][0]["netmask"], "255.255.255.0");
    assert_eq!(nic["subnets"][0]["routes"][0]["netmask"], "0.0.0.0");
    assert_eq!(nic["subnets"][0]["routes"][1]["gateway"], "10.0.0.9");
    assert_eq!(nic["subnets"][1]["address"], "2001:db8::5");
    assert_eq!(found["net"]["config"][1]["address"], "10.0.0.2");
    let image = rendered.seed_image(quantix_cloudinit::seed::ImageFormat::Iso9660).unwrap();
    assert_eq!(image.label().as_str(), "config-2");
}

#[test]
fn cloudbase_init_gets_its_password_keys_and_scripts() {
    let spec = json!({
        "name": "x", "os_family": "Windows", "hostname": "WIN", "timezone": "Europe/Berlin",
        "ssh_keys": [KEY_1], "admin_password": {"plain": "secret 1"},
        "windows": {"run_once": ["hostname"], "scripts": [
            {"name": "a.ps1", "content": "Write-Host 1\r\n"}, {"name": "b.cmd", "content": "echo 2\r\n"}]},
    });
    let rendered = render_for(Target::ConfigDrive, spec, vm()).unwrap();
    let meta: Value =
        serde_json::from_slice(rendered.file("openstack/latest/meta_data.json").unwrap()).unwrap();
    assert_eq!(meta["admin_pass"], "secret 1");
    assert_eq!(meta["public_keys"]["key0"], KEY_1);
    const SCRIPT: &str = "import email, sys
for part in email.message_from_file(open(sys.argv[1])).walk():
    if not part.is_multipart():
        print(part.get_content_type(), repr(part.get_payload(decode=True).decode()))";
    let dir = tempfile::tempdir().unwrap();
    rendered.write_to(dir.path()).unwrap();
    let found = python("python3", SCRIPT, &[text(&dir.path().join("openstack/latest/user_data"))]);
    let expected = r"text/cloud-config '#cloud-config\ntimezone: Europe/Berlin\nruncmd:\n  - hostname\n'
text/x-shellscript '#ps1_sysnative\r\nWrite-Host 1\r\n'
text/x-shellscript 'rem cmd\r\necho 2\r\n'
";
    assert_eq!(found, expected);
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
    for (password, hashing, prefix) in [
        ("correct horse", "sha512", "$6$"),
        ("p@ss: w0rd #1 %x", "sha512", "$6$"),
        ("grüße ☃", "sha512", "$6$"),
        ("grüße ☃ again", "yescrypt", "$y$"),
        ("grüße ☃ and again", "bcrypt", "$2b$"),
    ] {
        let spec = json!({"name": "x", "os_family": "Linux", "admin_password": {"plain": password},
                          "linux": {"password_hashing": hashing}});
        let rendered = try_render(spec, vm()).unwrap();
        let user_data = String::from_utf8(rendered.file("user-data").unwrap().to_vec()).unwrap();
        assert!(!user_data.contains(password));
        let start = user_data.find(prefix).unwrap();
        let is_hash = |c: &char| c.is_ascii_alphanumeric() || "$./".contains(*c);
        let hash: String = user_data[start..].chars().take_while(is_hash).collect();
        assert!(quantix_core::spec::CryptScheme::of(&hash).is_some(), "{hashing}");
        assert_eq!(python("python3", SCRIPT, &[password, &hash]).trim(), "True", "{hashing}");
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

#[test]
fn ignition_says_the_same() {
    let (_, mut spec) = examples().remove(3);
    assert_eq!(
        render_for(Target::Ignition, spec.clone(), vm()).unwrap_err(),
        [
            "meta_data unsupported-by-target",
            "linux.packages unsupported-by-target",
            "linux.package_upgrade unsupported-by-target",
            "linux.ntp_servers unsupported-by-target",
            "linux.ssh_password_auth unsupported-by-target",
        ]
    );
    spec.as_object_mut().unwrap().remove("meta_data");
    for field in ["packages", "package_upgrade", "ntp_servers", "ssh_password_auth"] {
        spec["linux"].as_object_mut().unwrap().remove(field);
    }
    let rendered = render_for(Target::Ignition, spec, vm()).unwrap();
    check_golden("ignition", &rendered);
    let config: Value = serde_json::from_slice(rendered.file("config.ign").unwrap()).unwrap();
    assert_eq!(config["passwd"]["users"][1]["uid"], 2000);
}

/// What the shell sees of the agent's installer and of Ignition's commands.
#[test]
fn shells_accept_the_scripts() {
    let (_, mut spec) = examples().remove(0);
    spec["linux"] = json!({"run_commands": [["printf", "%s", "it's $HOME; \"x\""], "echo 'a b'"]});
    let rendered = render_for(Target::Ignition, spec, vm()).unwrap();
    let config: Value = serde_json::from_slice(rendered.file("config.ign").unwrap()).unwrap();
    let mut checked = 0;
    for file in config["storage"]["files"].as_array().unwrap() {
        let script = "import sys, urllib.request as u; sys.stdout.write(u.urlopen(sys.argv[1]).read().decode())";
        let source = file["contents"]["source"].as_str().unwrap();
        let content = python("python3", script, &[source]);
        if content.starts_with("#!/bin/sh") {
            judges::stdout("dash", "sh", &["-n", "-c", &content]);
            checked += 1;
            if file["path"] == "/usr/local/bin/quantix-first-boot" {
                assert!(
                    content.contains("printf %s 'it'\\''s $HOME; \"x\"'\necho 'a b'\n"),
                    "{content}"
                );
            }
        }
    }
    assert_eq!(checked, 2);
}
