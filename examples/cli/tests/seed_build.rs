//! `quantix seed build` and `quantix spec render`.

mod common;

use std::path::Path;

use common::{names_in, quantix};
use serde_json::json;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti ops@example.com";

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("a scratch file");
    path.display().to_string()
}

#[test]
fn seed_build_answers_and_the_same_input_gives_the_same_bytes() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let user_data = write(dir.path(), "user-data", "#cloud-config\nhostname: a\n");
    for (image, label, source) in
        [("iso", "cidata", "nocloud"), ("vfat", "config-2", "configdrive")]
    {
        let out = dir.path().join("seed.img").display().to_string();
        let args = [
            "seed",
            "build",
            "--json",
            "--user-data",
            &user_data,
            "--image",
            image,
            "--source",
            source,
            "-o",
            &out,
        ];
        let first = quantix(args).expect(0).json();
        assert_eq!(first["label"], label);
        assert_eq!(first["path"], json!(out));
        assert_eq!(first["bytes"], std::fs::metadata(&out).expect("the image").len());
        assert_eq!(first["sha256"].as_str().map(str::len), Some(64));
        assert_eq!(quantix(args).expect(0).json(), first);
    }
    assert_eq!(names_in(dir.path()), ["seed.img", "user-data"]);
}

#[test]
fn seed_build_refuses_bad_input_and_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let user_data = write(dir.path(), "user-data", "#cloud-config\n");
    let folder = dir.path().display().to_string();
    let out = dir.path().join("seed.iso").display().to_string();
    for (extra, code, said) in [
        (vec!["--image", "ext4"], 2, "unknown image format"),
        (vec!["--source", "ec2"], 2, "unknown seed source"),
        (vec!["--meta-data", "/does/not/exist"], 2, "does not exist"),
        (vec!["--meta-data", folder.as_str()], 2, "is a directory"),
        (vec!["--source", "configdrive", "--meta-data", user_data.as_str()], 2, "wants JSON"),
    ] {
        let mut args = vec!["seed", "build", "--user-data", &user_data, "-o", &out];
        args.extend(extra);
        let run = quantix(&args).expect(code);
        assert!(run.stderr().contains(said), "{args:?}: {}", run.stderr());
        assert_eq!(run.stdout(), "");
    }
    let args = ["seed", "build", "--user-data", &user_data, "-o", "/does/not/exist/seed.iso"];
    quantix(args).expect(3);
    assert_eq!(names_in(dir.path()), ["user-data"]);
}

#[test]
fn spec_render_writes_the_files_of_a_machine() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let yaml = format!(
        "name: web\nos_family: linux\nhostname: '{{{{.VMName}}}}-{{{{.Random}}}}-{{{{.Date}}}}'\n\
         timezone: Europe/Berlin\nssh_keys:\n  - {KEY}\n"
    );
    let spec = write(dir.path(), "spec.yaml", &yaml);
    let vm = write(dir.path(), "vm.json", r#"{"name": "web", "id": "i-1", "cpu_milli": 1000}"#);
    let to = dir.path().join("out").display().to_string();
    let args = [
        "spec",
        "render",
        "--json",
        "--spec",
        &spec,
        "--vm",
        &vm,
        "--target",
        "nocloud",
        "--to",
        &to,
        "--seed-random",
        "1",
    ];
    let answer = quantix(args).expect(0).json();
    assert_eq!(answer["files"], json!(["meta-data", "user-data"]));
    let hostname = answer["hostname"].as_str().expect("a host name");
    assert!(hostname.starts_with("web-bcdjps-2"), "{hostname}");
    assert_eq!(quantix(args).expect(0).json(), answer);
    assert_eq!(names_in(Path::new(&to)), ["meta-data", "user-data"]);
    let text = quantix(["spec", "render", "--spec", &spec, "--vm", &vm, "--to", &to]).expect(0);
    assert!(text.stdout().contains("user-data"), "{}", text.stdout());
}

#[test]
fn spec_render_tells_every_fault_and_writes_nothing() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let vm = write(dir.path(), "vm.json", r#"{"name": "web", "id": "i-1"}"#);
    let to = dir.path().join("out").display().to_string();
    let bad = r#"{"name": "x", "os_family": "Linux", "timezone": "Mars/Olympus", "hostname": "a: b",
                  "ssh_keys": ["-----BEGIN OPENSSH PRIVATE KEY-----"], "admin_password": "hunter2"}"#;
    let spec = write(dir.path(), "spec.json", bad);
    let run =
        quantix(["spec", "render", "--json", "--spec", &spec, "--vm", &vm, "--to", &to]).expect(2);
    let paths: Vec<String> = run.json()["faults"]
        .as_array()
        .expect("faults")
        .iter()
        .map(|fault| fault["path"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(paths, ["admin_password", "timezone", "ssh_keys[0]", "hostname"]);
    assert!(!run.stdout().contains("hunter2") && !run.stderr().contains("hunter2"));
    for (text, said) in [
        ("", "is empty"),
        ("{", "is not a valid customization spec"),
        (r#"{"name": "x", "os_family": "beos"}"#, "unknown os family"),
        (r#"{"name": "x", "os_family": "Linux", "hostnme": "y"}"#, "hostnme"),
    ] {
        let spec = write(dir.path(), "bad", text);
        let run = quantix(["spec", "render", "--spec", &spec, "--vm", &vm, "--to", &to]).expect(2);
        assert!(run.stderr().contains(said), "{text}: {}", run.stderr());
    }
    let args = ["spec", "render", "--spec", &spec, "--vm", &vm, "--to", &to, "--target", "tape"];
    assert!(quantix(args).expect(2).stderr().contains("unknown target"));
    assert_eq!(names_in(dir.path()), ["bad", "spec.json", "vm.json"]);
}

#[test]
fn specs_go_to_vsphere_and_come_back() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let text = r#"{"name": "w", "os_family": "Windows", "hostname": "WIN-01", "timezone": "Europe/Berlin",
                   "admin_password": {"plain": "p <w>"}, "ssh_keys": ["k"]}"#;
    let spec = write(dir.path(), "spec.json", text);
    for format in ["xml", "json"] {
        let out = dir.path().join("out").display().to_string();
        let args = ["spec", "export", "--json", "--spec", &spec, "--format", format, "--to", &out];
        let answer = quantix(args).expect(0).json();
        assert_eq!(answer["findings"][0]["path"], "ssh_keys");
        let back = dir.path().join("back.json").display().to_string();
        let run = quantix(["spec", "import", &out, "--to", &back, "--json"]).expect(0);
        assert_eq!(run.json()["spec"]["hostname"], "WIN-01");
        assert!(!run.stdout().contains("p <w>"), "printed secrets are redacted");
        let stored = std::fs::read_to_string(&back).expect("the spec");
        assert!(stored.contains("p <w>"), "{stored}");
        let to = dir.path().join("answers").display().to_string();
        let vm = write(dir.path(), "vm.json", r#"{"name": "w", "id": "i-1"}"#);
        quantix([
            "spec", "render", "--target", "unattend", "--spec", &back, "--vm", &vm, "--to", &to,
        ])
        .expect(0);
    }
    let bad = write(dir.path(), "bad", "<a/>");
    let run = quantix(["spec", "import", &bad]).expect(2);
    assert!(run.stderr().contains("no customization spec"), "{}", run.stderr());
    quantix(["spec", "export", "--spec", &spec, "--to", "/does/not/exist/x"]).expect(3);
}
