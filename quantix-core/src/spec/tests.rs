use super::*;

const HASH: &str = "$6$0123456789abcdef$8aPtSMq9jbFpGgbBGxyRNZa1DgO5yCmhHB9bg4QVLVKEbEANYCMnbHOaX0uYC7xE0Ni2hkY3Qqv3Rx0Q4rBYc1";

fn codes(json: &str) -> Vec<String> {
    let spec: CustomizationSpec = serde_json::from_str(json).unwrap();
    let shown = |f: crate::Finding| format!("{} {}", f.path.unwrap_or_default(), f.code);
    spec.validate().into_iter().map(shown).collect()
}

#[test]
fn the_smallest_spec_has_sane_defaults_and_null_and_empty_mean_absent() {
    let small: CustomizationSpec =
        serde_json::from_str(r#"{"name": "a", "os_family": "LINUX"}"#).unwrap();
    assert_eq!(small, CustomizationSpec::new("a", OsFamily::Linux));
    let nulls = r#"{"id": "", "name": "a", "description": "", "project_id": "default",
        "os_family": "Linux", "timezone": "", "hostname": null, "install_agent": null,
        "control_plane_url": "", "user_data": "", "meta_data": "", "network_config": null,
        "ssh_keys": null, "admin_password": "", "labels": null, "created_at": "",
        "updated_at": null}"#;
    assert_eq!(serde_json::from_str::<CustomizationSpec>(nulls).unwrap(), small);
    assert!(serde_json::from_str::<CustomizationSpec>(r#"{"name": "a"}"#).is_err());
    for bad in ["bsd", "", "Linux "] {
        let json = format!(r#"{{"name": "a", "os_family": "{bad}"}}"#);
        assert!(serde_json::from_str::<CustomizationSpec>(&json).is_err(), "{bad}");
    }
    let typo = r#"{"name": "a", "os_family": "linux", "hostnme": "x"}"#;
    let error = serde_json::from_str::<CustomizationSpec>(typo).unwrap_err().to_string();
    assert!(error.contains("hostnme") && error.contains("hostname"), "{error}");
}

#[test]
fn every_fault_is_reported_with_its_path() {
    for (body, expected) in [
        ("", &[][..]),
        (
            r#","labels": {"": "x", "a b": "y"}"#,
            &[r#"labels."" invalid-label"#, r#"labels."a b" invalid-label"#],
        ),
        (r#","admin_password": "hunter2""#, &["admin_password invalid-password"]),
        (r#","admin_password": {"plain": "hunter2"}"#, &[]),
        (r#","control_plane_url": "http://x""#, &["control_plane_url invalid-url"]),
        (r#","control_plane_url": "https://""#, &["control_plane_url invalid-url"]),
        (
            r#","install_agent": true"#,
            &["control_plane_url agent-incomplete", "agent agent-incomplete"],
        ),
        (
            r#","created_at": "yesterday", "updated_at": "2026-01-02T03:04:05.678+01:00""#,
            &["created_at invalid-time"],
        ),
        (r#","windows": {}"#, &["windows wrong-os-family"]),
        (
            r#","linux": {"users": [{"name": "0x"}, {"name": "admin"}],
                "packages": ["ok", "-y"], "write_files": [{"path": "x", "permissions": "rwx"}],
                "scripts": [{"name": "../x", "content": "echo"}]}"#,
            &[
                "linux.users[0].name invalid-login",
                "linux.users[1].name duplicate-user",
                "linux.packages[1] invalid-package",
                "linux.write_files[0].path invalid-path",
                "linux.write_files[0].permissions invalid-mode",
                "linux.scripts[0].name invalid-script-name",
                "linux.scripts[0].content no-interpreter",
            ],
        ),
        (
            r#","network": {"nics": [
                {"mac": "52:54:00:12:34:5g", "addresses": ["10.0.0.5", "10.0.0.5/33", "::1/128"]},
                {"mac": "52:54:00:12:34:56", "gateway4": "::1", "mtu": 10},
                {"mac": "52:54:00:12:34:56", "routes": [{"to": "10.0.0.0/8", "via": "::1"}]}]}"#,
            &[
                "network.nics[0].mac invalid-mac",
                "network.nics[0].addresses[0] invalid-address",
                "network.nics[0].addresses[1] invalid-address",
                "network.nics[1].gateway4 invalid-address",
                "network.nics[1].mtu invalid-mtu",
                "network.nics[2].mac duplicate-mac",
                "network.nics[2].routes[0].via mixed-address-families",
            ],
        ),
    ] {
        let json = format!(r#"{{"name": "a", "os_family": "Linux"{body}}}"#);
        assert_eq!(codes(&json), expected, "{json}");
    }
}

#[test]
fn limits_are_enforced() {
    let mut spec = CustomizationSpec::new("a".repeat(SPEC_NAME_BYTES_MAX), OsFamily::Linux);
    spec.labels = (0..LABELS_MAX).map(|n| (n.to_string(), String::new())).collect();
    spec.ssh_keys = vec![String::new(); SPEC_ITEMS_MAX];
    assert!(spec.validate().is_empty());
    spec.name.push('a');
    spec.labels.insert("one more".replace(' ', "-"), "v".repeat(LABEL_VALUE_BYTES_MAX + 1));
    spec.labels.insert("k".repeat(LABEL_KEY_BYTES_MAX + 1), String::new());
    spec.ssh_keys.push(String::new());
    spec.description = "d".repeat(SPEC_TEXT_BYTES_MAX + 1);
    assert_eq!(spec.validate().len(), 6, "{:?}", spec.validate());
}

#[test]
fn secrets_never_leave_and_a_redacted_spec_is_refused() {
    let json = format!(
        r#"{{"name": "a", "os_family": "Windows", "admin_password": "{HASH}",
            "windows": {{"product_key": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"}}}}"#
    );
    let spec: CustomizationSpec = serde_json::from_str(&json).unwrap();
    assert!(spec.validate().is_empty(), "{:?}", spec.validate());
    let shown = format!("{} {spec:?}", serde_json::to_string(&spec).unwrap());
    assert!(!shown.contains("$6$") && !shown.contains("AAAAA"), "{shown}");
    let again = serde_json::to_string(&spec).unwrap();
    assert!(serde_json::from_str::<CustomizationSpec>(&again).is_err());
}

#[test]
fn crypt_hashes_are_told_from_plain_text() {
    let b53 = "a".repeat(53);
    let d43 = "b".repeat(43);
    for (text, expected) in [
        (HASH.to_owned(), Some(CryptScheme::Sha512)),
        (format!("$6$rounds=5000$salt${}", "x".repeat(86)), Some(CryptScheme::Sha512)),
        (format!("$2b$12${b53}"), Some(CryptScheme::Bcrypt)),
        (format!("$2b$32${b53}"), None),
        (format!("$y$j9T$salt${d43}"), Some(CryptScheme::Yescrypt)),
        (format!("$5$salt${d43}"), Some(CryptScheme::Sha256)),
        ("hunter2".into(), None),
        ("$6$salt$short".into(), None),
        ("$ecret".into(), None),
        (String::new(), None),
        (format!("$6$this-salt-is-too-long${}", "x".repeat(86)), None),
        (format!("$6$a:b${}", "x".repeat(86)), None),
    ] {
        assert_eq!(CryptScheme::of(&text), expected, "{text}");
    }
}

#[test]
fn documents_are_text_base64_or_trees() {
    for (json, expected) in [
        (r##""#cloud-config""##, Document::Bare("#cloud-config".into())),
        (r#"{"text": "a"}"#, Document::Text("a".into())),
        (r#"{"base64": "YQ=="}"#, Document::Base64("YQ==".into())),
    ] {
        let document: Document = serde_json::from_str(json).unwrap();
        assert_eq!(document, expected);
        assert_eq!(serde_json::to_string(&document).unwrap(), json.replace(": ", ":"));
    }
    assert!(serde_json::from_str::<Document>("[1]").is_err());
    let tree: Document = serde_json::from_str(r#"{"text": "a", "base64": "b"}"#).unwrap();
    assert!(matches!(tree, Document::Tree(_)));
}

#[test]
fn a_machine_keeps_what_rendering_does_not_use() {
    let json = r#"{"uuid": "u", "name": "n", "cpu_milli": 4000,
        "nics": [{"mac": "52:54:00:12:34:56", "model": "virtio"}]}"#;
    let vm: SpecVm = serde_json::from_str(json).unwrap();
    assert_eq!((vm.id.as_deref(), vm.name.as_str()), (Some("u"), "n"));
    assert_eq!(vm.other.keys().collect::<Vec<_>>(), ["cpu_milli"]);
    assert_eq!(vm.nics[0].other.keys().collect::<Vec<_>>(), ["model"]);
}

#[test]
fn a_document_with_secrets_reads_back_equal() {
    let json = format!(
        r#"{{"name": "a", "os_family": "Linux", "admin_password": "{HASH}",
            "agent": {{"sha256": {{}}, "enrolment_token": "t"}},
            "linux": {{"users": [{{"name": "u"}}, {{"name": "v", "password": {{"plain": "p"}}}}]}},
            "windows": {{"product_key": "k", "domain_join": {{"domain": "d", "user": "u", "password": "p"}}}}}}"#
    );
    let spec: CustomizationSpec = serde_json::from_str(&json).unwrap();
    let stored = spec.to_value_with_secrets();
    assert!(!stored.to_string().contains(crate::REDACTED));
    assert_eq!(serde_json::from_value::<CustomizationSpec>(stored).unwrap(), spec);
}
