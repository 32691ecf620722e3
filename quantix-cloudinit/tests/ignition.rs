//! Ignition configs against Butane's documented output.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use base64::Engine as _;
use quantix_cloudinit::ignition::{File, Ignition, Link, Unit, User, data_url};
use quantix_core::Secret;
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
