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
