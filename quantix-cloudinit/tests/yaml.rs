//! The emitter and the reader, judged by PyYAML, the parser of cloud-init.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and print")]

mod support;

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use quantix_cloudinit::yaml::{
    DEPTH_MAX, DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX, Map, Value,
    YamlErrorKind, emit, parse,
};
use support::{PyYaml, plain};

/// Texts that YAML writers get wrong.
const HOSTILE: &[&str] = &[
    "",
    " ",
    "0123",
    "no",
    "on",
    "y",
    "N",
    "1e3",
    "1.5e+3",
    "12:34:56",
    "0o17",
    "0x1f",
    "~",
    "null",
    "2026-01-31",
    "2026-01-31 10:00:00",
    "=",
    "<<",
    " lead",
    "trail ",
    "a\u{85}b",
    "a\u{2028}b",
    "a\u{2029}b",
    "\0",
    "\u{1b}[0m",
    "\u{7f}",
    "\u{9f}",
    "😀",
    "\u{feff}bom",
    "'",
    "\"",
    "%x",
    "@x",
    "`x`",
    "tab\there",
    "\ttab",
    "---",
    "--- x",
    "...",
    "- a",
    "a: b",
    "a:",
    "a #b",
    "#a",
    "&a",
    "*a",
    "!a",
    "!!str a",
    "|",
    "> x",
    "[a]",
    "{a}",
    "a, b",
    "?",
    "? a",
    "-",
    ":",
    "x\n",
    "x\ny",
    "x\ny\n",
    "x\n\n",
    "\nx",
    "x\n  y\n z\n",
    "  x\ny",
    "x\n \ny",
    "x\r\ny",
    "x\n\ty",
    "\u{fffe}",
    "\u{ffff}",
    "\u{202e}rtl",
    "p@ss: w0rd",
    "abc #1",
    "%Secret1",
    "$6$a$b",
    "ssh-ed25519 AAAA x: y",
    "{{ x }}",
    "52:54:00:12:34:56",
    "1_000",
    ".5",
    ".inf",
    "\u{a0}",
    "x\u{3000}",
    "#!/bin/sh\nset -e\necho \"a: b\" # c\n",
    "---\nx\n",
    "x\n---\n",
    "null\n",
    "a  b",
    "é",
    "日本",
    "\u{1f1e9}\u{1f1ea}",
    "a\\n",
    "yes\n",
    "*\n*",
    "%a\n%b",
];

fn judged(judge: &mut PyYaml, value: &Value) {
    let text = emit(value).unwrap();
    assert_eq!(judge.load(&text).as_ref(), Ok(&plain(value)), "PyYAML on {text:?}");
    let node = parse(&text).unwrap_or_else(|error| panic!("{error} in {text:?}")).unwrap();
    assert_eq!(&node.to_value(), value, "our reader on {text:?}");
}

fn in_all_places(text: &str) -> Value {
    let inner: Map = [(text, text)].into_iter().collect();
    let list = vec![text.into(), vec![text.into(), text.into()].into(), inner.clone().into()];
    let mut map = inner;
    map.insert("list", list.clone());
    map.insert("nested", vec![Value::Seq(list)]);
    map.insert("end", text);
    map.into()
}

#[test]
fn hostile_texts_come_back_as_they_were() {
    let mut judge = PyYaml::start();
    for text in HOSTILE {
        judged(&mut judge, &in_all_places(text));
        judged(&mut judge, &Value::from(*text));
    }
    let mut files = 0;
    if let Some(corpus) = support::corpus() {
        let json = std::fs::read(corpus.join("hostile_strings.json")).unwrap();
        let texts: Vec<String> = serde_json::from_slice(&json).unwrap();
        for text in texts {
            judged(&mut judge, &in_all_places(&text));
        }
        files = 1;
    }
    support::report(files);
}

#[test]
fn every_character_comes_back_as_it_was() {
    let mut judge = PyYaml::start();
    let all: Vec<char> = (0..=0x11_ffff).filter_map(char::from_u32).collect();
    for chunk in all.chunks(1 << 17) {
        let text: String = chunk.iter().collect();
        judged(&mut judge, &Value::from(text));
    }
}

/// Texts that are likely to be misread, and arbitrary ones.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(HOSTILE).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[ -~]{0,6}",
        "[0-9:._+eE-]{1,8}",
        "[ \t\n\r#:-]{1,4}",
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => any::<i128>().prop_map(Value::Int),
        1 => any::<f64>().prop_map(Value::Float),
        1 => proptest::collection::vec(any::<u8>(), 0..8).prop_map(Value::Binary),
        6 => any_text().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Seq),
            proptest::collection::vec((any_text(), inner), 0..5)
                .prop_map(|entries| entries.into_iter().collect::<Map>().into()),
        ]
    })
}

fn runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn arbitrary_documents_come_back_as_they_were() {
    let (mut judge, mut runner, values) = (PyYaml::start(), runner(), any_value());
    for _ in 0..support::cases() {
        let value = values.new_tree(&mut runner).unwrap().current();
        judged(&mut judge, &value);
    }
}

/// Compares our reader with PyYAML on one text; says whether both accept it.
fn compare(judge: &mut PyYaml, text: &str) -> bool {
    let ours = parse(text).map(|node| node.map_or(Value::Null, |node| node.to_value()));
    match (ours, judge.load(text)) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(plain(&ours), theirs, "{text:?}");
            true
        }
        (Err(_), Err(_)) => false,
        (Ok(ours), Err(theirs)) => panic!("PyYAML refuses {text:?}: {theirs}\nwe read {ours:?}"),
        (Err(ours), Ok(theirs)) => panic!("we refuse {text:?}: {ours}\nPyYAML reads {theirs}"),
    }
}

/// Documents with every construct, to read and to break.
const SAMPLES: &[&str] = &[
    "a: 1\nb: [x, 'y', \"z\", {k: v}, k: v]\nc:\n- 1\n-  - 2\n   - 3\n- a: b\n  c: d\n",
    "base: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3\ne:\n  <<: [*b, {z: 9}]\n",
    "s: |\n  one\n   two\n\n  three\nf: >-\n  a\n  b\n\n  c\n   d\nk: |2+\n    x\n\n",
    "plain: a b\n  c d\n\n  e\nq: 'it''s\n  two'\nd: \"a\\\n  b\\x41\\u00e9\\n\"\n",
    "%YAML 1.1\n%TAG !e! tag:yaml.org,2002:\n---\n!e!str 12: !!int '3'\nx: !!binary aGk=\n...\n",
    "? complex\n: value\n? [a]\n",
    "t: 2026-01-31\nu: 2026-1-1 1:02:03.5 +01:00\nn: 0x1F\no: 0777\nb: 0b11\ns: 190:20:30\n",
    "f: [1.5, .5, 1e3, 1.0e+3, -.inf, .NaN, 1_0.5, 190:20:30.15, 1.e+5]\n",
    "x: yes\ny: No\nz: ~\nw:\nv: ''\n",
    "# comment\na: b # c\nc: d#e\nf: [ # g\n h ]\n",
    "-\n-\n  - a\n- b\n",
    "{a: b, ? c : d, e, 'f':g, [h]: i}\n",
    "key: &anchor value\nref: *anchor\nnested: {r: *anchor }\n",
];

#[test]
fn reads_what_pyyaml_reads() {
    let mut judge = PyYaml::start();
    let cases = [
        "",
        "\n",
        "# only\n",
        "---\n",
        "--- a\n",
        "---\n---\n",
        "a\n...\nb\n",
        "a: b: c",
        "a:\tb",
        "a: b\t",
        "a: b\t# c",
        "\ta: b",
        "a:\n\t- b",
        "- -",
        "a: -",
        "- =",
        "a: =",
        "=: a",
        "<<: a",
        "a: <<",
        "[a, b",
        "{a: b",
        "'x",
        "\"x",
        "a: 'x\n---\n'",
        "*a",
        "a: &a *a",
        "&a a: *a",
        "&a [*a]",
        "a: @x",
        "a: `x`",
        "a: %x",
        "%x",
        "%x\n---\na",
        "%YAML 2.0\n---\na",
        "%YAML 1.2\n---\na",
        "a: !",
        "a: !x y",
        "a: !!python/none x",
        "! 12",
        "! '12'",
        "!!str",
        "!!int x",
        "!!bool maybe",
        "!!float 3",
        "!!float abc",
        "0_",
        "0x_",
        "0b_",
        "09",
        "0o17",
        "1_",
        "_1",
        "+1",
        "-0",
        "1:60",
        "01:30",
        "1:2:3.",
        "2026-13-01",
        "2026-02-29",
        "2024-02-29",
        "2026-01-01 25:00:00",
        "2026-01-01T10:00:00Z",
        "[1:2]",
        "[a:b]",
        "{a:1}",
        "{'a':1}",
        "[::]",
        "a: fe80::1",
        "- ? a\n  : b",
        "? a",
        "? - a\n: b",
        "a: |x\n b",
        "a: |0\n b",
        "a: |9\n b",
        "a: |+-\n b",
        "a: >\n\n\n",
        "|\n",
        "a: | # c\n b",
        "a: |#c\n b",
        "a: b\n c: d",
        "a: b\n- c",
        "- a\nb: c",
        "a:\n  - b\n - c",
        "\u{feff}a: b",
        "a: \u{feff}b",
        "a\u{85}b",
        "a: \u{7}",
        "a: \u{80}",
        "a: \u{fffe}",
        "'a\u{2028}b'",
        "\"\\q\"",
        "\"\\xzz\"",
        "\"\\\n\n x\"",
        "a: [b]c",
        "a: 'b'c",
        "a: \"b\" c",
        "[a]: b",
        "{a: b}: c",
        "!!binary '*'",
        "!!binary aGk",
        "a: !<tag:yaml.org,2002:str> 1",
        "a: !<x",
        "&a\nb",
        "a: &b\nc: *b",
        "*a : b",
        "&a a: 1\n*a : 2",
        "a: 1\na: 2",
        "1: a\n1: b",
        "!!null x",
        "!!timestamp x",
        "!!seq {}",
        "!!map []",
        "[a, , b]",
        "[a,]",
        "{a,}",
        "[,]",
        "{a: 1, a: 2}",
        "{? a}",
        "[? a : b]",
        "- [a\n  b]",
        "a: [\nb]",
        "1e400",
        "1.0e+400",
        "-.inf",
        "+.inf",
        "+.nan",
        "- - - a\n    - b",
        "a:\r\n  b\r",
        "x: \"\\ud800\"",
        "99999999999999999999999999999999999999",
        "-x",
        "- x",
        "--- |\n a",
        "---a",
        "-- a",
        "?a",
        ":a",
        "a:b",
        "a::b",
        "a ::b",
        "a: :b",
        "a: ?b",
        "a? b",
        "[?a]",
        "[:a]",
        "[a?b]",
        "{a?b: c}",
    ];
    for text in cases {
        // Python builds a text with lone surrogates from this, and fails to write it anywhere.
        if !text.contains("\\ud800") && !text.starts_with("999") && !text.starts_with("&a [") {
            compare(&mut judge, text);
        }
    }
    for text in SAMPLES {
        let accepted = compare(&mut judge, text);
        assert!(accepted || text.contains("[a]") || text.contains("[h]"), "{text:?}");
    }
}

#[test]
fn broken_documents_are_refused_as_pyyaml_refuses_them() {
    let (mut judge, mut runner) = (PyYaml::start(), runner());
    let edits = proptest::collection::vec(
        (
            any::<prop::sample::Index>(),
            0..3_u8,
            proptest::sample::select(&[
                "", " ", "  ", "\n", "\t", ":", ": ", "-", "- ", "?", "#", " #", "&a ", "*a", "!",
                "|", ">", "'", "\"", "[", "]", "{", "}", ",", "%", "@", "x", "0", "---\n", "...\n",
                "<<: ", "\\", "\r", "\u{85}", "é", "=", "~", "_",
            ] as &[&str]),
        ),
        1..4,
    );
    let mutated = (proptest::sample::select(SAMPLES), edits).prop_map(|(sample, edits)| {
        edits.into_iter().fold(sample.to_owned(), |text, (at, cut, insert)| {
            let chars: Vec<char> = text.chars().collect();
            let at = at.index(chars.len().max(1));
            let rest = chars.iter().skip(at + usize::from(cut));
            chars.iter().take(at).copied().chain(insert.chars()).chain(rest.copied()).collect()
        })
    });
    for _ in 0..support::cases() {
        let text = mutated.new_tree(&mut runner).unwrap().current();
        // PyYAML does not look at tags on what `<<` takes in; we refuse unknown ones anywhere.
        if !(text.contains("<<") && text.contains('!')) {
            compare(&mut judge, &text);
        }
    }
}

#[test]
fn the_real_world_reads_the_same() {
    let Some(corpus) = support::corpus() else { return support::report(0) };
    let mut judge = PyYaml::start();
    let mut files: Vec<_> = std::fs::read_dir(corpus.join("realworld/files"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in &files {
        if let Ok(text) = String::from_utf8(std::fs::read(file).unwrap()) {
            compare(&mut judge, &text);
        }
    }
    support::report(files.len());
}

#[test]
fn limits_are_named_and_kept() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse(&deep(DOCUMENT_DEPTH_MAX)).is_ok());
    let is_limit = |text: &str| parse(text).unwrap_err().kind() == YamlErrorKind::Limit;
    assert!(is_limit(&deep(DOCUMENT_DEPTH_MAX + 1)));
    assert!(is_limit(&deep(200_000)));
    assert!(is_limit(&"- \n".repeat(DOCUMENT_NODES_MAX)));
    assert!(is_limit(&"#".repeat(DOCUMENT_BYTES_MAX + 1)));
    let mut laughs = "a0: &a0 x\n".to_owned();
    for i in 1..20 {
        let refs = vec![format!("*a{}", i - 1); 9].join(",");
        laughs.push_str(&format!("a{i}: &a{i} [{refs}]\n"));
    }
    assert!(is_limit(&laughs));
    let mut tower = "a0: &a0 [x]\n".to_owned();
    for i in 1..200 {
        tower.push_str(&format!("a{i}: &a{i} [*a{}]\n", i - 1));
    }
    assert!(is_limit(&tower));
    let nest = |levels: usize| (0..levels).fold(Value::Null, |value, _| vec![value].into());
    assert!(emit(&nest(DEPTH_MAX - 1)).is_ok());
    assert!(emit(&nest(DEPTH_MAX + 1)).is_err());
}
