//! Validation, held against the verdicts of the official validator.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and print")]

mod judges;
mod support;

use quantix_cloudinit::{
    schema::{Kind, ProblemKind, Schema, VersionRange},
    yaml::{Value, parse},
};

use support::sample::{Dice, Sampler};

type Report = Vec<(String, String)>;

fn validate(schema: &Schema, value: &Value) -> (Report, Report) {
    let problems = schema.validate(value);
    let of = |kind| {
        let problems = problems.iter().filter(|problem| problem.kind == kind);
        problems.map(|problem| (problem.dotted_path(), problem.message.clone())).collect()
    };
    (of(ProblemKind::Error), of(ProblemKind::Deprecation))
}

fn report(json: &serde_json::Value) -> Report {
    serde_json::from_value(json.clone()).unwrap()
}

fn only(kind: Kind, version: &str) -> Schema {
    let range: VersionRange = version.parse().unwrap();
    Schema::for_range(kind, range).pop().unwrap()
}

/// The messages of a report, without what the official validator prints at length.
fn paths(report: &Report) -> Vec<&str> {
    report.iter().map(|(path, _)| path.as_str()).collect()
}

#[test]
fn every_version_has_its_schemas() {
    let all = |kind| Schema::for_range(kind, VersionRange::ALL);
    assert_eq!(all(Kind::CloudConfig).len(), 17);
    let spans: Vec<String> =
        all(Kind::CloudConfig).iter().map(|schema| schema.versions().to_string()).collect();
    assert_eq!(spans[0], "22.2 to 22.2.2");
    assert_eq!(spans[16], "26.2");
    for kind in [Kind::CloudConfig, Kind::NetworkV1, Kind::NetworkV2] {
        for schema in all(kind) {
            assert!(!schema.known_keys(&[]).is_empty(), "{kind:?} {}", schema.versions());
        }
    }
    assert!(Schema::newest(Kind::CloudConfig).known_keys(&["users", "0"]).contains(&"sudo"));
}

#[test]
fn verdicts_paths_and_messages_are_the_official_ones() {
    let Some(corpus) = support::corpus() else { return support::report(0) };
    let text = std::fs::read_to_string(corpus.join("schema_cases.jsonl")).unwrap();
    let (mut cases, mut other_words) = (0, 0);
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        let kind = match case["kind"].as_str().unwrap() {
            "network-v1" => Kind::NetworkV1,
            "network-v2" => Kind::NetworkV2,
            _ => Kind::CloudConfig,
        };
        let value = Value::from(case["config"].clone());
        let (errors, deprecations) = validate(&Schema::newest(kind), &value);
        let (expected, expected_deprecations) =
            (report(&case["errors_26.2"]), report(&case["deprecations_26.2"]));
        assert_eq!(paths(&errors), paths(&expected), "{id}\n{errors:?}\n{expected:?}");
        assert_eq!(deprecations, expected_deprecations, "{id}");
        other_words += usize::from(errors != expected);
        if let Some(valid) = case["valid_22.4.2"].as_bool() {
            let (errors, _) = validate(&only(kind, "22.4.2"), &value);
            assert_eq!(errors.is_empty(), valid, "{id} with 22.4.2: {errors:?}");
        }
        cases += 1;
    }
    println!("{cases} cases, {other_words} with other words");
    support::report(1);
}

#[test]
fn the_real_world_gets_the_official_verdict() {
    let Some(corpus) = support::corpus() else { return support::report(0) };
    let index = std::fs::read_to_string(corpus.join("realworld/INDEX.tsv")).unwrap();
    let files: std::collections::BTreeMap<String, &str> = index
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            (format!("{}/{}", fields[1].replace('/', "+"), fields[3]), fields[0])
        })
        .collect();
    let verdicts = std::fs::read_to_string(corpus.join("realworld/verdicts_26.2.jsonl")).unwrap();
    let schema = Schema::newest(Kind::CloudConfig);
    let mut count = 0;
    for line in verdicts.lines() {
        let verdict: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = verdict["id"].as_str().unwrap();
        let file = corpus.join("realworld/files").join(files[id]);
        let text = std::fs::read_to_string(file).unwrap();
        let value = parse(&text).unwrap().unwrap().to_value();
        let (errors, deprecations) = validate(&schema, &value);
        let expected = report(&verdict["oracle"]["errors"]);
        assert_eq!(paths(&errors), paths(&expected), "{id}\n{errors:#?}\n{expected:#?}");
        let expected = report(&verdict["oracle"]["deprecations"]);
        assert_eq!(paths(&deprecations), paths(&expected), "{id}");
        count += 1;
    }
    support::report(count);
}

/// cloud-init's own validator, in one process, by the schema of its version.
const OFFICIAL: &str = r"
import json, sys, logging
from cloudinit.config import schema as official
logging.disable(logging.CRITICAL)
schema, answers = official.get_schema(), []
for line in open(sys.argv[1]):
    errors = []
    try:
        official.validate_cloudconfig_schema(json.loads(line), schema, strict=True)
    except official.SchemaValidationError as error:
        errors = sorted({tuple(problem)[0] for problem in error.schema_errors})
    answers.append(errors)
print(json.dumps(answers))
";

/// Documents made of the schema itself, half of them with wrong parts: the verdict and every path
/// are those of the validator that is installed here.
#[test]
fn arbitrary_documents_get_the_verdict_of_the_installed_validator() {
    let said = judges::run("cloud-init", "cloud-init", &["--version"]);
    let said = String::from_utf8([said.stdout, said.stderr].concat()).unwrap();
    let version = said.split_whitespace().last().unwrap();
    let schema = only(Kind::CloudConfig, version);
    let document = serde_json::to_value(schema.document()).unwrap();
    let mut dice = Dice::new(1);
    let samplers = [Sampler::new(&document, 0), Sampler::new(&document, 12)];
    let cases: Vec<serde_json::Value> =
        (0..1_200).map(|n| samplers[n % 2].document(&mut dice)).collect();
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines).unwrap();
    let theirs = judges::python("cloud-init", OFFICIAL, &[judges::text(file.path())]);
    let theirs: Vec<Vec<String>> = serde_json::from_str(&theirs).unwrap();
    let mut valid = 0;
    for (case, theirs) in cases.iter().zip(&theirs) {
        let (errors, _) = validate(&schema, &Value::from(case.clone()));
        let mut ours = paths(&errors);
        ours.dedup();
        assert_eq!(ours, *theirs, "{version}: {case}\n{errors:#?}");
        valid += usize::from(theirs.is_empty());
    }
    println!("{valid} of {} are valid", cases.len());
    assert!(valid > 100 && valid < cases.len() - 100, "{valid}");
}

/// What no version's validator tells differently is told alike; alternatives are told as each does.
#[test]
fn alternatives_are_told_as_the_validator_of_the_version_tells_them() {
    let value =
        Value::from(serde_json::json!({"runcmd": [["a", {"b": 1}]], "user": {"type": "x"}}));
    let expected: [(&str, &[&str]); 4] = [
        ("22.4.2", &["runcmd.0", "user"]),
        ("23.2", &["runcmd.0", "user"]),
        ("23.3", &["runcmd.0", "user"]),
        ("26.2", &["runcmd.0.1"]),
    ];
    for (version, expected) in expected {
        let (errors, _) = validate(&only(Kind::CloudConfig, version), &value);
        assert_eq!(paths(&errors), expected, "{version}: {errors:#?}");
    }
}
