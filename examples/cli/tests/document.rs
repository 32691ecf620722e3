//! `quantix document`.

mod common;

use common::quantix;

const SPEC: &str = r#"{"cpu": {"cores": 2}, "memory": {"size_mib": "8GiB"}}"#;

fn file(dir: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, text).expect("a scratch file");
    path.display().to_string()
}

#[test]
fn every_fault_is_told_with_its_place() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let good = file(&dir, "good.json", SPEC);
    let answer = quantix(["document", "check", &good, "--json"]).expect(0).json();
    assert_eq!((&answer["kind"], &answer["valid"]), (&"vm_spec".into(), &true.into()));
    assert_eq!(answer["document"]["memory"]["size_mib"], 8192);
    let bad = file(&dir, "bad.yaml", "cpu: {cores: 0, socket: 1}\nmemory: {size_mib: 8GiB}\n");
    let answer = quantix(["document", "check", &bad, "--json"]).expect(1).json();
    let paths: Vec<_> =
        answer["findings"].as_array().expect("a list").iter().map(|f| f["path"].clone()).collect();
    assert_eq!(paths, ["cpu.socket", "cpu.cores"]);
    let said = quantix(["document", "check", &bad]).expect(1).stdout();
    assert!(said.contains("vm_spec, not valid") && said.contains("`sockets`"), "{said}");
}

#[test]
fn unknown_fields_may_be_dropped() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let text = SPEC.replacen('{', "{\"colour\": 1, ", 1);
    let path = file(&dir, "spec.json", &text);
    quantix(["document", "check", &path]).expect(1);
    let answer = quantix(["document", "check", &path, "--lenient", "--json"]).expect(0).json();
    assert_eq!(answer["findings"][0]["severity"], "warning");
}

#[test]
fn the_syntax_of_a_named_kind_is_a_fault_with_its_line() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let path = file(&dir, "spec.json", "{\n\"cpu\": }");
    let run = quantix(["document", "check", &path, "--kind", "vm_spec", "--json"]).expect(1);
    let fault = &run.json()["findings"][0];
    assert_eq!((&fault["code"], &fault["line"]), (&"json-syntax".into(), &2.into()));
}

#[test]
fn bad_usage_gets_one_message() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let good = file(&dir, "good", SPEC);
    let vague = file(&dir, "vague", "{\"description\": \"x\"}");
    let other = file(&dir, "other", "colour: red\n");
    let binary = dir.path().join("binary");
    std::fs::write(&binary, [0xff, 0xfe]).expect("a scratch file");
    let binary = binary.display().to_string();
    let table: [(&[&str], &str); 6] = [
        (&["check", "/does/not/exist"], "does not exist"),
        (&["check", &good, "--kind", "machine"], "unknown document kind"),
        (&["check", &vague], "may be any of"),
        (&["check", &other], "looks like no kind"),
        (&["check", &binary, "--kind", "vm"], "UTF-8"),
        (&["schema", "machine"], "unknown document kind"),
    ];
    for (args, said) in table {
        let run = quantix(["document"].iter().chain(args)).expect(2);
        assert!(run.stderr().contains(said), "{args:?}: {}", run.stderr());
        assert_eq!(run.stdout(), "");
    }
}

#[test]
fn every_kind_has_a_schema() {
    let kinds = quantix(["document", "kinds"]).expect(0).stdout();
    assert!(kinds.lines().count() > 10);
    for kind in kinds.lines() {
        let schema = quantix(["document", "schema", kind]).expect(0).json();
        assert_eq!(schema["type"], "object", "{kind}");
    }
}
