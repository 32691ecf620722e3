//! `quantix seed edit`, `seed network-data` and the small questions of `spec`.

mod common;

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use common::quantix;

const USER_DATA: &str = "#cloud-config\n# who we are\nhostname: web # short\nusers:\n  - name: a\n";

#[test]
fn edits_keep_what_they_are_not_about() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let path = dir.path().join("user-data");
    fs::write(&path, USER_DATA).expect("a scratch file");
    let path = path.display().to_string();
    let edits = ["--set", "hostname=\"0123\"", "--set", "/users/0=default", "--remove", "users.0"];
    let printed = quantix(["seed", "edit", &path].iter().chain(&edits)).expect(0).stdout();
    let expected = "#cloud-config\n# who we are\nhostname: \"0123\" # short\nusers: []\n";
    assert_eq!(printed, expected);
    assert_eq!(fs::read_to_string(&path).expect("the file"), USER_DATA);
    let run = quantix(["seed", "edit", &path, "--set", "a=1", "-o", &path, "--json"]).expect(0);
    assert_eq!(run.json()["value"]["a"], 1);
    assert_eq!(fs::read_to_string(&path).expect("the file"), format!("{USER_DATA}a: 1\n"));
    let answer = quantix(["seed", "edit", &path, "--remove", "users.7", "--json"]).expect(1).json();
    assert_eq!(answer["findings"][0]["code"], "edit-refused");
    for (args, said) in
        [(&["--set", "a"][..], "PATH=VALUE"), (&["--set", "a={"], "YAML"), (&[], "nothing to edit")]
    {
        let run = quantix(["seed", "edit", &path].iter().chain(args)).expect(2);
        assert!(run.stderr().contains(said), "{args:?}: {}", run.stderr());
    }
}

#[test]
fn network_data_is_made_of_version_2() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let path = dir.path().join("network-config");
    let card = "version: 2\nethernets:\n  lan:\n    match: {macaddress: '52:54:00:00:00:01'}\n    \
                dhcp4: true\n";
    fs::write(&path, card).expect("a scratch file");
    let name = path.display().to_string();
    let answer = quantix(["seed", "network-data", &name, "--json"]).expect(0).json();
    assert_eq!(answer["network_data"]["networks"][0]["type"], "ipv4_dhcp");
    let printed = quantix(["seed", "network-data", &name]).expect(0).json();
    assert_eq!(printed, answer["network_data"]);
    fs::write(&path, format!("{card}bridges: {{br0: {{interfaces: [lan]}}}}\n")).expect("a file");
    let run = quantix(["seed", "network-data", &name]).expect(1);
    assert!(run.stderr().contains("bridges.br0"), "{}", run.stderr());
    fs::write(&path, "version: 1\nconfig: []\n").expect("a file");
    assert!(quantix(["seed", "network-data", &name]).expect(2).stderr().contains("version 2"));
}

#[test]
fn parts_of_a_spec_are_asked_for_alone() {
    let template = "{{.VMName}}-{{.Index:03}}";
    let run = quantix(["spec", "hostname", template, "--vm-name", "Web", "--index", "7"]);
    assert_eq!(run.expect(0).stdout(), "web-007\n");
    let answer = quantix(["spec", "hostname", "{{.Nope}}", "--json"]).expect(1).json();
    assert_eq!(answer["findings"][0]["path"], "template");
    let run = quantix(["spec", "timezone", "--windows", "W. Europe Standard Time"]).expect(0);
    assert_eq!(run.stdout(), "Europe/Berlin (W. Europe Standard Time)\n");
    quantix(["spec", "timezone", "Europe/Berln"]).expect(1);
    let dir = tempfile::tempdir().expect("a scratch folder");
    let path = dir.path().join("key.pub");
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me";
    fs::write(&path, format!("{key}\n")).expect("a file");
    let run = quantix(["spec", "ssh-key", &path.display().to_string()]).expect(0);
    assert!(run.stdout().starts_with("ssh-ed25519 SHA256:"), "{}", run.stdout());
    fs::write(&path, "-----BEGIN OPENSSH PRIVATE KEY-----\n").expect("a file");
    quantix(["spec", "ssh-key", &path.display().to_string()]).expect(1);
}

#[test]
fn a_password_comes_from_standard_input() {
    for (hashing, prefix) in [("yescrypt", "$y$"), ("sha512-crypt", "$6$"), ("bcrypt", "$2b$")] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_quantix"))
            .args(["spec", "password", "--hashing", hashing])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("quantix runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(b"correct horse\n").expect("written");
        drop(stdin);
        let output = child.wait_with_output().expect("an end");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.starts_with(prefix), "{hashing}: {said}");
    }
}
