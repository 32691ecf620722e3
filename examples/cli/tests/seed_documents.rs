//! `quantix seed diff`, `seed merge` and `seed explain`.

mod common;

use common::quantix;

fn file(dir: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a scratch folder");
    std::fs::write(&path, text).expect("a scratch file");
    path.display().to_string()
}

#[test]
fn diff_tells_changes_and_what_they_trigger() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    file(&dir, "a/user-data", "#cloud-config\nruncmd: [x]\n");
    file(&dir, "a/meta-data", "instance-id: one\n");
    file(&dir, "b/user-data", "#cloud-config\nruncmd: [x, y]\n");
    file(&dir, "b/meta-data", "instance-id: two\n");
    let folder = |name: &str| dir.path().join(name).display().to_string();
    let answer = quantix(["seed", "diff", &folder("a"), &folder("b"), "--json"]).expect(0).json();
    assert_eq!(answer["instance_id"]["changed"], true);
    assert_eq!(answer["changes"][0]["path"], "runcmd.1");
    assert_eq!(answer["changes"][0]["change"], "added");
    let codes: Vec<_> = answer["consequences"].as_array().expect("a list").iter().collect();
    assert!(codes.iter().any(|c| c["code"] == "host-keys"), "{codes:?}");
    let (a, b) = (folder("a/user-data"), folder("b/user-data"));
    let said = quantix(["seed", "diff", &a, &b]).expect(0).stdout();
    assert!(said.contains("+ user-data runcmd.1") && said.contains("once per instance"), "{said}");
    quantix(["seed", "diff", &a, "/does/not/exist"]).expect(2);
    let empty = tempfile::tempdir().expect("a scratch folder");
    let empty = empty.path().display().to_string();
    quantix(["seed", "diff", &empty, &empty]).expect(2);
}

#[test]
fn merge_prints_a_document() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let a = file(&dir, "a", "#cloud-config\nruncmd: [x]\n");
    let b =
        file(&dir, "b", "#cloud-config\nruncmd: [z]\nmerge_how: dict(recurse_list)+list(append)\n");
    let text = quantix(["seed", "merge", &a, &b]).expect(0).stdout();
    assert_eq!(text, "#cloud-config\nruncmd:\n  - x\n  - z\n");
    let answer = quantix(["seed", "merge", &a, &b, "--json"]).expect(0).json();
    assert_eq!(answer["steps"][1]["how"], "dict(recurse_list)+list(append)");
    assert_eq!(answer["config"]["runcmd"], serde_json::json!(["x", "z"]));
    let list = file(&dir, "list", "- a\n");
    quantix(["seed", "merge", &a, &list]).expect(1);
    let broken = file(&dir, "broken", "a: b: c\n");
    let said = quantix(["seed", "merge", &a, &broken]).expect(2).stderr();
    assert!(said.contains("1:5"), "{said}");
}

#[test]
fn explain_tells_what_happens() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let a = file(&dir, "a", "#cloud-config\npackages: [vim]\nhostname: web\n");
    let said = quantix(["seed", "explain", &a]).expect(0).stdout();
    assert!(said.starts_with("names the machine \"web\""), "{said}");
    let answer = quantix(["seed", "explain", &a, "--json"]).expect(0).json();
    assert_eq!(answer["steps"][1]["text"], "installs packages: vim");
    let bad = file(&dir, "bad", "hostname: web\n");
    quantix(["seed", "explain", &bad, "--kind", "user-data"]).expect(1);
    quantix(["seed", "explain", &bad, "--kind", "other"]).expect(2);
}
