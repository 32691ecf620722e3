//! Ignition configs against Butane's documented output.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use base64::Engine as _;
use proptest::prelude::*;
use quantix_cloudinit::ignition::{File, Ignition, Link, Unit, User, data_url};
use quantix_cloudinit::spec::{Entropy, RenderOptions, Rendered, Target, render};
use quantix_core::{CustomizationSpec, Secret, SpecVm};
use serde_json::{Value, json};

fn decode(url: &str) -> Vec<u8> {
    let body = url.strip_prefix("data:").unwrap();
    if let Some(text) = body.strip_prefix(";base64,") {
        return base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    }
    let text = body.strip_prefix(',').unwrap().as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'%' {
            let hex = std::str::from_utf8(&text[at + 1..at + 3]).unwrap();
            out.push(u8::from_str_radix(hex, 16).unwrap());
            at += 3;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

fn sources(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let is_plain = map.get("compression").is_none_or(|c| c == "");
            if let Some(Value::String(url)) = map.get("source")
                && is_plain
                && url.starts_with("data:")
            {
                out.push(url.clone());
            }
            map.values().for_each(|value| sources(value, out));
        }
        Value::Array(items) => items.iter().for_each(|value| sources(value, out)),
        _ => {}
    }
}

#[test]
fn contents_are_encoded_as_butane_does() {
    let corpus = std::env::var("QUANTIX_CORPUS").map_or_else(
        |_| std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        std::path::PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(corpus.join("cloudinit/butane_docs.jsonl")) else {
        println!("corpus: absent");
        return;
    };
    let mut found = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        sources(&case["ignition"], &mut found);
    }
    println!("corpus: {} data URLs of {} files", found.len(), text.lines().count());
    for url in found {
        assert_eq!(data_url(&decode(&url)), url);
    }
}

#[test]
fn the_wire_form_is_ignitions() {
    let config = Ignition {
        users: vec![User {
            name: "core".into(),
            password_hash: Some(Secret::new("$6$x")),
            ssh_authorized_keys: vec!["key".into()],
            ..User::default()
        }],
        files: vec![
            File::text("/etc/a", "b"),
            File {
                append: true,
                owner: Some(("u".into(), "g".into())),
                ..File::text("/etc/c", "d")
            },
        ],
        links: vec![Link { path: "/etc/l".into(), target: "../t".into() }],
        units: vec![Unit { name: "a.service".into(), enabled: Some(true), ..Unit::default() }],
        ..Ignition::default()
    };
    let found: Value = serde_json::from_str(&config.to_json().unwrap()).unwrap();
    assert_eq!(
        found,
        json!({
            "ignition": {"version": "3.3.0"},
            "passwd": {"users": [
                {"name": "core", "passwordHash": "$6$x", "sshAuthorizedKeys": ["key"]}]},
            "storage": {
                "files": [
                    {"path": "/etc/a", "overwrite": true, "mode": 420, "contents": {"source": "data:,b"}},
                    {"path": "/etc/c", "mode": 420, "append": [{"source": "data:,d"}],
                     "user": {"name": "u"}, "group": {"name": "g"}}],
                "links": [{"path": "/etc/l", "target": "../t", "overwrite": true}],
            },
            "systemd": {"units": [{"name": "a.service", "enabled": true}]},
        })
    );
    let empty = Ignition::default().to_json().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&empty).unwrap(),
        json!({"ignition": {"version": "3.3.0"}})
    );
    assert!(!format!("{config:?}").contains("$6$x"));
}

#[test]
fn faults_have_paths() {
    let config = Ignition {
        files: vec![
            File::text("etc/a", ""),
            File::text("/b", ""),
            File::text("/b", ""),
            File::text("/x/../y", ""),
        ],
        units: vec![Unit { name: "a".into(), ..Unit::default() }],
        ..Ignition::default()
    };
    let error = config.to_json().unwrap_err();
    let found: Vec<&str> =
        error.faults().iter().filter_map(|fault| fault.path.as_deref()).collect();
    let expected = [
        "storage.files[0].path",
        "storage.files[2].path",
        "storage.files[3].path",
        "systemd.units[0].name",
    ];
    assert_eq!(found, expected);
}

fn rendered(user_data: Value) -> Result<Rendered, Vec<String>> {
    let spec = json!({"name": "x", "os_family": "Linux", "timezone": "UTC", "user_data": user_data,
                      "linux": {"users": [{"name": "app"}]}});
    let spec: CustomizationSpec = serde_json::from_value(spec).unwrap();
    let vm = SpecVm { name: "node".into(), id: Some("i-1".into()), ..SpecVm::default() };
    let options = RenderOptions { target: Target::Ignition, ..RenderOptions::default() };
    render(&spec, &vm, options, &mut Entropy::from_seed(7)).map_err(|error| {
        let shown = |f: &quantix_core::Finding| {
            format!("{} {}", f.path.as_deref().unwrap_or_default(), f.code)
        };
        error.faults().iter().map(shown).collect()
    })
}

/// The configs that Ignition merges into this one.
fn merged(rendered: &Rendered) -> Vec<Value> {
    let config: Value = serde_json::from_slice(rendered.file("config.ign").unwrap()).unwrap();
    assert_eq!(config["passwd"]["users"][0]["name"], "app", "the spec's own part stays");
    let list = config["ignition"]["config"]["merge"].as_array().unwrap();
    let read = |item: &Value| {
        let mut config: Value =
            serde_json::from_slice(&decode(item["source"].as_str().unwrap())).unwrap();
        // Butane says that short contents are not compressed.
        if let Some(contents) = config.pointer_mut("/storage/files/0/contents")
            && contents["compression"] == ""
        {
            contents.as_object_mut().unwrap().remove("compression");
        }
        config
    };
    list.iter().map(read).collect()
}

#[test]
fn the_owners_config_is_merged_by_ignition() {
    let butane = "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n    - path: /etc/hostname\n      \
                  contents: {inline: \"mine: é\\n\"}\n";
    let config = json!({"ignition": {"version": "3.4.0"}, "storage": {"files": [
        {"path": "/etc/hostname", "contents": {"source": "data:,mine%3A%20%C3%A9%0A"}}]}});
    let tree: Value = json!({"variant": "fcos", "version": "1.5.0", "storage": {"files": [
        {"path": "/etc/hostname", "contents": {"inline": "mine: é\n"}}]}});
    for user_data in [json!(butane), tree, json!(config.to_string()), config.clone()] {
        let rendered = rendered(user_data).unwrap();
        assert_eq!(merged(&rendered), std::slice::from_ref(&config));
        let codes: Vec<_> = rendered.findings().iter().map(|f| f.code.to_string()).collect();
        assert_eq!(codes, ["conflicting-key"]);
    }
    let escapes = r#"{"ignition": {"version": "3.0.0"}, "passwd": {"users": [{"name": "app", "gecos": "\ud83d\ude00\/"}]}}"#;
    let found = rendered(json!({"text": escapes})).unwrap();
    assert_eq!(merged(&found)[0]["passwd"]["users"][0]["gecos"], "\u{1f600}/");
    assert!(found.findings()[0].message.contains("\"app\""));
}

#[test]
fn what_ignition_would_not_merge_is_refused() {
    for (user_data, expected) in [
        (json!("#cloud-config\npackages: [git]\n"), "user_data unsupported-by-target"),
        (json!("#!/bin/sh\n"), "user_data unsupported-by-target"),
        (json!({"ignition": {"version": "2.3.0"}}), "user_data unknown-version"),
        (json!({"ignition": {"version": "3.4.0-experimental"}}), "user_data unknown-version"),
        (json!("a: [\n"), "user_data yaml-syntax"),
        (json!("variant: fcos\nversion: 9.9.9\n"), "user_data: $.version unknown-version"),
        (
            json!(
                "variant: openshift\nversion: 4.14.0\nmetadata:\n  name: x\n  labels:\n    \
                   machineconfiguration.openshift.io/role: worker\n"
            ),
            "user_data unsupported-by-target",
        ),
    ] {
        assert_eq!(rendered(user_data).unwrap_err(), [expected]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_of_the_owner_stays_in_its_field(text in any::<String>(), name in any::<String>()) {
        let user = json!({"name": "app", "gecos": name});
        let butane = json!({"variant": "fcos", "version": "1.5.0", "passwd": {"users": [user]},
            "storage": {"files": [{"path": "/etc/x", "contents": {"inline": text}}]}});
        for user_data in [butane.clone(), json!({"text": butane.to_string()})] {
            let rendered = rendered(user_data).map_err(|faults| TestCaseError::fail(faults.join(" ")))?;
            let own = &merged(&rendered)[0];
            prop_assert_eq!(&own["passwd"]["users"], &json!([user]));
            let files = own["storage"]["files"].as_array().unwrap();
            prop_assert_eq!(files.len(), 1);
            // Butane leaves an empty text out.
            if !text.is_empty() {
                let source = files[0]["contents"]["source"].as_str().unwrap();
                let packed = files[0]["contents"]["compression"] == "gzip";
                prop_assert!(packed || decode(source) == text.as_bytes());
            }
        }
    }
}
