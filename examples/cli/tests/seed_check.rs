//! `quantix seed check`.

mod common;

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use common::quantix;

fn file(dir: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, text).expect("a scratch file");
    path.display().to_string()
}

#[test]
fn a_check_answers_with_the_documented_fields() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let good = file(&dir, "good", "#cloud-config\nhostname: web\n");
    let answer = quantix(["seed", "check", &good, "--json"]).expect(0).json();
    assert_eq!(
        answer,
        serde_json::json!({
            "valid": true, "kind": "user-data", "faults": [], "deprecations": [], "lint": [],
        })
    );
    let bad = file(&dir, "bad", "#cloud-config\nhostname: 0123\npackags: []\n");
    let answer = quantix(["seed", "check", &bad, "--json"]).expect(1).json();
    let fault = &answer["faults"][0];
    assert_eq!((&fault["path"], &fault["line"]), (&"hostname".into(), &2.into()));
    assert!(answer["faults"][1]["message"].as_str().expect("text").contains("\"packages\""));
    let said = quantix(["seed", "check", &bad]).expect(1).stdout();
    assert!(said.contains("not valid") && said.contains("in quotes"), "{said}");
    quantix(["seed", "check", &bad, "--cloud-init", "22.2..26.2"]).expect(1);
}

#[test]
fn bad_usage_gets_one_message() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let good = file(&dir, "good", "#cloud-config\n{}\n");
    let folder = dir.path().display().to_string();
    let table: [(&[&str], &str); 5] = [
        (&["/does/not/exist"], "does not exist"),
        (&[&folder], "directory"),
        (&[&good, "--kind", "other"], "user-data"),
        (&[&good, "--cloud-init", "7"], "22.2..26.2"),
        (&[&good, "--renderer", "other"], "netplan"),
    ];
    for (args, said) in table {
        let run = quantix(["seed", "check"].iter().chain(args)).expect(2);
        assert!(run.stderr().contains(said), "{args:?}: {}", run.stderr());
        assert_eq!(run.stdout(), "");
    }
}

#[test]
fn a_batch_answers_line_by_line() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quantix"))
        .args(["seed", "check", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the quantix binary runs");
    let questions = concat!(
        "{\"id\":1,\"kind\":\"user-data\",\"text\":\"#cloud-config\\nhostname: a\\n\"}\n",
        "{\"id\":2,\"kind\":\"meta-data\",\"config\":{\"instance-id\":7}}\n",
        "nonsense\n",
    );
    child.stdin.take().expect("stdin").write_all(questions.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let answers: Vec<serde_json::Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let brief: Vec<_> = answers.iter().map(|a| (a["id"].clone(), a["valid"].clone())).collect();
    assert_eq!(
        brief,
        [
            (1.into(), true.into()),
            (2.into(), false.into()),
            (serde_json::Value::Null, false.into())
        ]
    );
}

#[test]
fn a_distribution_is_asked_for_by_name() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let path = dir.path().join("user-data");
    std::fs::write(&path, "#cloud-config\nsnap: {commands: [a]}\n").expect("a scratch file");
    let path = path.display().to_string();
    let lint = |distro: &str| {
        let args = ["seed", "check", &path, "--distro", distro, "--json"];
        quantix(args).expect(0).json()["lint"].clone()
    };
    assert_eq!(lint("ubuntu"), serde_json::json!([]));
    assert_eq!(lint("debian")[0]["code"], "other-distribution");
    quantix(["seed", "check", &path, "--distro", "beos"]).expect(2);
}
