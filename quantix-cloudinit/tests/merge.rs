//! The merge, judged by cloud-init's own mergers.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and print")]

mod support;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use quantix_cloudinit::{
    merge::{Part, merge},
    yaml::{Map, Value, parse},
};
use serde_json::{Value as Json, json};

const JUDGE: &str = r#"
import importlib.util, json, sys
from cloudinit import mergers

DEFAULT = mergers.string_extract_mergers("dict(replace)+list()+str()")
for line in sys.stdin:
    merged, used = {}, []
    for part in json.loads(line):
        try:
            how = mergers.dict_extract_mergers(part) or DEFAULT
            merged = mergers.construct(how).merge(merged, part)
            used.append(True)
        except Exception:
            used.append(False)
    print(json.dumps([merged, used]), flush=True)
"#;

fn part(config: Value) -> Part {
    Part { name: "part".to_owned(), config, merge_type: None }
}

#[test]
fn goldens_of_cloud_init_come_out_the_same() {
    let Some(corpus) = support::corpus() else { return support::report(0) };
    let folder = corpus.join("merge_sources");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(number) = name.strip_prefix("expected").and_then(|n| n.strip_suffix(".yaml"))
        else {
            continue;
        };
        let parts: Vec<Part> = (1..)
            .map(|i| format!("source{number}-{i}.yaml"))
            .take_while(|name| folder.join(name).exists())
            .map(|name| Part::parse(&name, &read(&name)).unwrap())
            .collect();
        let expected = Part::parse(&name, &read(&name)).unwrap().config;
        let merged = merge(&parts);
        assert_eq!(merged.config, expected, "{name}: {merged:#?}");
        count += 1;
    }
    support::report(count);
}

fn any_config() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (0..3_i32).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::String),
    ];
    let inner = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Seq),
            proptest::collection::vec(("[a-c]", inner), 0..3)
                .prop_map(|entries| Value::Map(entries.into_iter().collect())),
        ]
    });
    let options = [
        "replace",
        "no_replace",
        "append",
        "prepend",
        "recurse_str",
        "recurse_dict",
        "recurse_list",
        "recurse_array",
        "allow_delete",
        "other",
    ];
    let merger = (
        proptest::sample::select(&["dict", "list", "str", "m_list", "other"] as &[&str]),
        proptest::sample::subsequence(options.to_vec(), 0..4),
    );
    let merger = merger.prop_map(|(name, options)| format!("{name}({})", options.join(",")));
    let how = proptest::option::of(proptest::collection::vec(merger, 0..4));
    (proptest::collection::vec(("[a-c]", inner), 0..4), how).prop_map(|(entries, how)| {
        let mut map: Map = entries.into_iter().collect();
        map.insert_some("merge_how", how.map(|how| how.join("+")));
        map.into()
    })
}

#[test]
fn arbitrary_documents_merge_as_in_cloud_init() {
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", JUDGE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("/usr/bin/python3 runs; install the Debian packages python3 and cloud-init");
    let (mut stdin, mut stdout) =
        (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let documents = proptest::collection::vec(any_config(), 1..4);
    for _ in 0..5_000 {
        let documents = documents.new_tree(&mut runner).unwrap().current();
        writeln!(stdin, "{}", serde_json::to_string(&documents).unwrap()).unwrap();
        let mut line = String::new();
        assert!(stdout.read_line(&mut line).unwrap() > 0, "install the Debian package cloud-init");
        let expected: Json = serde_json::from_str(&line).unwrap();
        let parts: Vec<Part> = documents.iter().cloned().map(part).collect();
        let merged = merge(&parts);
        assert_eq!(json!(merged.config), expected[0], "{}", json!(documents));
        let used = expected[1].as_array().unwrap().iter().filter(|used| **used == json!(true));
        assert_eq!(merged.steps.len(), used.count(), "{}", json!(documents));
        assert_eq!(parse(&merged.text).unwrap().unwrap().to_value(), merged.config);
    }
    drop(stdin);
    child.wait().unwrap();
}

#[test]
fn a_lost_list_is_reported() {
    let parse = |text: &str| Part::parse("x", text.as_bytes()).unwrap();
    let codes = |texts: &[&str]| -> Vec<String> {
        let parts: Vec<Part> = texts.iter().map(|text| parse(text)).collect();
        merge(&parts).findings.iter().map(|finding| finding.code.to_string()).collect()
    };
    assert_eq!(codes(&["runcmd: [a]", "runcmd: [b]"]), ["list-lost"]);
    let how = "merge_how: dict(recurse_list)+list(append)";
    assert!(codes(&["runcmd: [a]", &format!("runcmd: [b]\n{how}")]).is_empty());
    assert_eq!(codes(&["runcmd: [a]", "runcmd: [b]\nmerge_how: dict()"]), ["list-lost"]);
    assert_eq!(codes(&["[a]", "", "a: b\nmerge_how: nonsense"]), ["skipped"; 3]);
}
