//! Butane documents: those of other people's documentation with the config that Butane made of
//! them, and what is wrong with broken ones.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop at a surprise")]

mod support;

use std::io::Read as _;

use base64::Engine as _;
use quantix_cloudinit::{
    butane::{ButaneOptions, LocalFile, Translated, translate},
    yaml::{Value as Yaml, parse_value},
};
use serde_json::{Value, json};

fn strict(strict: bool) -> ButaneOptions {
    ButaneOptions { strict, ..ButaneOptions::default() }
}

/// The same config with every compressed data URL unpacked: two compressors rarely agree on bytes.
fn unpacked(mut value: Value) -> Value {
    match &mut value {
        Value::Object(map) => {
            let is_packed = map.get("compression").is_some_and(|kind| kind == "gzip");
            if let (true, Some(Value::String(url))) = (is_packed, map.get("source"))
                && let Some(text) = url.strip_prefix("data:;base64,")
            {
                let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
                let mut inner = Vec::new();
                flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut inner).unwrap();
                map.insert("source".into(), json!({ "unpacked": inner }));
            }
            for item in map.values_mut() {
                *item = unpacked(item.take());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = unpacked(item.take())),
        _ => {}
    }
    value
}

/// The paths in a report of Butane, with their lines and columns.
fn reported(report: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut lines = report.lines();
    while let Some(line) = lines.next() {
        let Some(path) = line.strip_prefix("error[").and_then(|it| it.split(']').next()) else {
            continue;
        };
        let place = lines.next().and_then(|line| line.split("<stdin>:").nth(1)).unwrap_or_default();
        out.push(format!("{path} {place}"));
    }
    out.sort();
    out
}

fn found(answer: &Translated) -> Vec<String> {
    let errors = answer.findings.iter().filter(|finding| finding.is_error());
    let mut out: Vec<String> = errors
        .map(|it| {
            let (line, column) = (it.line.unwrap_or(0), it.column.unwrap_or(0));
            format!("{} {line}:{column}", it.path.as_deref().unwrap_or_default())
        })
        .collect();
    out.sort();
    out
}

#[test]
fn documents_become_what_butane_makes_of_them() {
    let Some(corpus) = support::corpus() else { return support::report(0) };
    let text = std::fs::read_to_string(corpus.join("butane_docs.jsonl")).unwrap();
    let mut wrong = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (file, source) = (case["file"].as_str().unwrap(), case["butane"].as_str().unwrap());
        for (key, is_strict) in [("rc", false), ("strict_rc", true)] {
            let answer = translate(source, &strict(is_strict));
            if answer.valid != (case[key] == 0) {
                wrong.push(format!("{file}: {key} {}: {:#?}", case[key], answer.findings));
            }
        }
        let answer = translate(source, &strict(false));
        let expected = match &case["ignition"] {
            Value::Null => {
                let theirs = reported(case["report"].as_str().unwrap());
                if found(&answer) != theirs {
                    wrong.push(format!("{file}: {theirs:?}\n{:?}", found(&answer)));
                }
                continue;
            }
            Value::String(yaml) => {
                serde_json::to_value(parse_value(yaml).unwrap().unwrap()).unwrap()
            }
            config => config.clone(),
        };
        let ours = unpacked(answer.config.unwrap_or_default());
        if ours != unpacked(expected.clone()) {
            wrong.push(format!("{file}\n{source}\n{ours:#}\n{expected:#}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    support::report(text.lines().count());
}

/// What a document becomes, or the codes of what is wrong with it.
fn outcome(text: &str, options: &ButaneOptions) -> Value {
    let answer = translate(text, options);
    match answer.config {
        Some(config) => config,
        None => answer.findings.iter().map(|finding| json!(finding.path)).collect(),
    }
}

#[test]
fn local_files_and_trees_are_embedded() {
    let file = |bytes: &[u8], is_executable| LocalFile { bytes: bytes.to_vec(), is_executable };
    let files = [
        ("motd".to_owned(), file(b"hi\n", false)),
        ("tree/etc/app.conf".to_owned(), file(b"", false)),
        ("tree/usr/run.sh".to_owned(), file(b"#!/bin/sh\n", true)),
    ];
    let options = ButaneOptions { files: files.into(), ..ButaneOptions::default() };
    let text = "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n    - path: /etc/motd\n      \
                contents: {local: motd}\n  trees:\n    - local: tree\n      path: /opt\n";
    let config = outcome(text, &options);
    let listed = config["storage"]["files"].as_array().unwrap_or_else(|| panic!("{config}"));
    let told: Vec<_> =
        listed.iter().map(|file| (file["path"].as_str().unwrap(), file["mode"].as_u64())).collect();
    assert_eq!(
        told,
        [("/etc/motd", None), ("/opt/etc/app.conf", Some(0o644)), ("/opt/usr/run.sh", Some(0o755)),]
    );
    assert_eq!(listed[0]["contents"]["source"], "data:,hi%0A");
    let refused = translate(text, &ButaneOptions::default());
    assert!(!refused.valid, "{refused:?}");
    let absent = text.replace("motd}", "absent}");
    let paths = outcome(&absent, &options);
    assert_eq!(paths, json!(["$.storage.files.0.contents.local"]));
}

#[test]
fn strict_refuses_what_is_only_doubtful() {
    let text = "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n    - path: /etc/a\n      colour: \
                red\n";
    let lax = translate(text, &strict(false));
    assert!(lax.valid, "{:?}", lax.findings);
    assert_eq!(lax.findings[0].path.as_deref(), Some("$.storage.files.0.colour"));
    assert_eq!((lax.findings[0].line, lax.findings[0].column), (Some(6), Some(7)));
    assert!(!translate(text, &strict(true)).valid);
}

#[test]
fn every_variant_has_its_versions() {
    for (variant, version, ignition) in [
        ("fcos", "1.0.0", Some("3.0.0")),
        ("fcos", "1.1.0", Some("3.1.0")),
        ("fcos", "1.2.0", Some("3.2.0")),
        ("fcos", "1.3.0", Some("3.2.0")),
        ("fcos", "1.4.0", Some("3.3.0")),
        ("fcos", "1.5.0", Some("3.4.0")),
        ("fcos", "1.6.0", Some("3.5.0")),
        ("fcos", "0.9.0", None),
        ("flatcar", "1.0.0", Some("3.3.0")),
        ("flatcar", "1.1.0", Some("3.4.0")),
        ("flatcar", "1.3.0", None),
        ("r4e", "1.0.0", Some("3.3.0")),
        ("r4e", "1.1.0", Some("3.4.0")),
        ("fiot", "1.0.0", Some("3.4.0")),
        ("openshift", "4.8.0", None),
        ("coreos", "1.0.0", None),
    ] {
        let answer =
            translate(&format!("variant: {variant}\nversion: {version}\n"), &strict(false));
        assert_eq!(answer.valid, ignition.is_some(), "{variant} {version}: {:?}", answer.findings);
        assert_eq!(answer.ignition.as_deref().filter(|_| answer.valid), ignition, "{variant}");
    }
    let fields = "variant: fcos\nversion: 1.0.0\nkernel_arguments: {should_exist: [a]}\n";
    assert!(!translate(fields, &strict(true)).valid, "1.0.0 knows no kernel arguments");
}

#[test]
fn openshift_wraps_the_config_and_refuses_what_its_operator_cannot_do() {
    let head = "variant: openshift\nversion: 4.14.0\nmetadata:\n  name: a\n  labels:\n    \
                machineconfiguration.openshift.io/role: worker\n";
    let config = outcome(head, &strict(false));
    assert_eq!(
        (&config["kind"], &config["metadata"]["name"]),
        (&json!("MachineConfig"), &json!("a"))
    );
    let answer = translate(head, &strict(false));
    let again = parse_value(answer.text.as_deref().unwrap()).unwrap();
    assert_eq!(Some(Yaml::from(config)), again);
    let directories = format!("{head}storage:\n  directories:\n    - path: /etc/a\n");
    assert_eq!(outcome(&directories, &strict(false)), json!(["$.storage.directories.0"]));
}
