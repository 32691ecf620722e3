//! `quantix spec butane`, and an agent that a seed carries.

mod common;

use common::quantix;

fn file(dir: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a scratch folder");
    std::fs::write(&path, text).expect("a scratch file");
    path.display().to_string()
}

#[test]
fn butane_becomes_ignition() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let text = "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n    - path: /etc/motd\n      \
                contents: {local: motd}\n";
    let node = file(&dir, "node.bu", text);
    let motd = file(&dir, "files/motd", "hi\n");
    let files = std::path::Path::new(&motd).parent().expect("a folder").display().to_string();
    let run = quantix(["spec", "butane", &node, "--files-dir", &files]).expect(0);
    assert_eq!(run.json()["storage"]["files"][0]["contents"]["source"], "data:,hi%0A");
    let answer = quantix(["spec", "butane", &node, "--json"]).expect(1).json();
    assert_eq!(answer["valid"], false);
    let doubtful = file(&dir, "doubtful.bu", "variant: fcos\nversion: 1.5.0\ncolour: red\n");
    let run = quantix(["spec", "butane", &doubtful]).expect(0);
    assert!(run.stderr().contains("$.colour"), "{}", run.stderr());
    let run = quantix(["spec", "butane", &doubtful, "--strict"]).expect(1);
    assert_eq!(run.stdout(), "");
    quantix(["spec", "butane", "/does/not/exist"]).expect(2);
    let said = quantix(["seed", "check", &doubtful, "--json"]).expect(0).json();
    assert_eq!(said["kind"], "butane");
}

#[test]
fn a_seed_carries_the_agent() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let spec = "name: a\nos_family: Linux\ninstall_agent: true\ncontrol_plane_url: \
                https://q.example.com\nagent: {on_seed: true}\n";
    let spec = file(&dir, "spec.yaml", spec);
    let vm = file(&dir, "vm.yaml", "name: web\n");
    let agent = format!("x86_64={}", file(&dir, "agent", "#!/bin/sh\n"));
    let to = dir.path().join("seed").display().to_string();
    let args = ["spec", "render", "--spec", &spec, "--vm", &vm, "--to", &to];
    let said = quantix(args).expect(2).stderr();
    assert!(said.contains("no binary was given"), "{said}");
    quantix(args.into_iter().chain(["--agent", &agent])).expect(0);
    let carried = dir.path().join("seed/quantix-agent/x86_64");
    assert_eq!(std::fs::read(carried).expect("the agent is on the seed"), b"#!/bin/sh\n");
    quantix(args.into_iter().chain(["--agent", "x86_64"])).expect(2);
}
