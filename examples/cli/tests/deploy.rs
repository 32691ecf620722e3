//! `quantix deploy` with a real appliance, a real libvirt, a real guest and its real cloud-init.

mod common;

use std::{
    env, fs,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::Command,
};

use common::{Run, names_in, quantix};
use serde_json::Value;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy");

/// The appliance that `./dev` makes.
fn appliance() -> PathBuf {
    let path = env::var_os("QUANTIX_GUEST_OVA").map(PathBuf::from).expect(
        "QUANTIX_GUEST_OVA names the appliance to deploy; `./dev test` makes it and sets that",
    );
    assert!(path.is_file(), "{} is no file: run `./dev test`, which makes it", path.display());
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a UTF-8 path")
}

/// A deployment in a folder of its own, which ends with the test, whatever happens.
struct Machine {
    name: String,
    folder: tempfile::TempDir,
}

impl Machine {
    fn new(name: &str) -> Self {
        let name = format!("quantix-test-{name}-{}", std::process::id());
        Self { name, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn deploy(&self, ova: &Path, spec: &Path, more: &[&str]) -> Run {
        let cluster = format!("{EXAMPLES}/cluster.yaml");
        let mut args = vec!["deploy", text(ova), "--json", "--cluster", &cluster];
        args.extend(["--spec", text(spec), "--name", &self.name]);
        args.extend(["--to", text(self.folder.path())]);
        args.extend(more);
        quantix(args)
    }

    /// Neither a file nor a domain is there.
    #[track_caller]
    fn assert_nothing_left(&self) {
        assert!(names_in(self.folder.path()).is_empty(), "{:?}", names_in(self.folder.path()));
        let domains = Command::new("virsh")
            .args(["-q", "-c", "qemu:///system", "list", "--all", "--name"])
            .output()
            .expect("virsh runs: install libvirt-clients");
        let domains = String::from_utf8_lossy(&domains.stdout).into_owned();
        assert!(!domains.lines().any(|name| name == self.name), "{domains}");
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(quantix(["undeploy", &self.name]));
    }
}

#[track_caller]
fn assert_met(asked: &Value, got: &Value, path: &str) {
    assert_eq!(asked.pointer(path), got.pointer(path), "{path}\nasked {asked}\ngot {got}");
}

#[test]
fn the_guest_gets_what_the_spec_asks_and_asking_again_changes_nothing() {
    let (ova, machine) = (appliance(), Machine::new("whole"));
    let spec = Path::new(EXAMPLES).join("spec.yaml");
    let report = machine.deploy(&ova, &spec, &[]).expect(0).json();
    let (asked, got) = (&report["asked"], &report["got"]);
    assert_eq!(report["matches"], true, "{report}");
    assert_eq!(report["already_deployed"], false);
    assert_eq!(report["conversion"]["verified"], true);
    for path in ["/hostname", "/fqdn", "/timezone", "/users/ops", "/packages", "/first_boot"] {
        assert!(asked.pointer(path).is_some_and(|value| !value.is_null()), "{path} was not asked");
        assert_met(asked, got, path);
    }
    assert_eq!(asked["timezone"], "Europe/Vienna");
    assert!(asked["hostname"].as_str().unwrap().starts_with(&machine.name));
    let nics = asked["interfaces"].as_object().unwrap();
    let (mac, nic) = nics.iter().next().expect("the appliance has an interface");
    assert_eq!(nic["name"], "lan0");
    assert_met(asked, got, &format!("/interfaces/{mac}/name"));
    let addresses = got["interfaces"][mac]["addresses"].as_array().unwrap();
    assert!(
        addresses.iter().any(|it| it.as_str().unwrap().starts_with("10.0.2.")),
        "{addresses:?}"
    );

    let placement = &report["placement"]["placements"][0];
    assert_eq!(placement["node"], report["node"]);
    let rejections = placement["explanation"]["rejections"].as_array().unwrap();
    for (node, filter) in
        [("kvm-cordoned", "node_state"), ("kvm-far", "storage_pool"), ("kvm-small", "memory")]
    {
        let is_said = |it: &&Value| it["node"] == node && it["filter"] == filter;
        assert!(rejections.iter().any(|it| is_said(&it)), "{node} {filter}: {rejections:?}");
    }

    let again = machine.deploy(&ova, &spec, &[]).expect(0).json();
    assert_eq!(again["already_deployed"], true);
    assert_eq!(&again["got"], got, "the second run changed the guest");
    assert_eq!(again["files"], report["files"]);

    let other = machine.folder.path().join("other.json");
    fs::write(&other, r#"{"name": "other", "os_family": "Linux"}"#).unwrap();
    let refused = machine.deploy(&ova, &other, &[]).expect(2);
    assert!(refused.stderr().contains("quantix undeploy"), "{}", refused.stderr());
    fs::remove_file(&other).unwrap();

    quantix(["undeploy", &machine.name]).expect(0);
    machine.assert_nothing_left();
    quantix(["undeploy", &machine.name]).expect(0);
}

#[test]
fn a_damaged_appliance_is_the_answer_no_and_leaves_nothing() {
    let machine = Machine::new("damaged");
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.ova");
    fs::copy(appliance(), &damaged).unwrap();
    let mut file = fs::OpenOptions::new().write(true).open(&damaged).unwrap();
    let middle = file.metadata().unwrap().len() / 2;
    file.seek(SeekFrom::Start(middle)).unwrap();
    file.write_all(b"one wrong byte is enough, these are some").unwrap();
    drop(file);
    let run = machine.deploy(&damaged, &Path::new(EXAMPLES).join("spec.yaml"), &[]);
    assert_eq!(run.code(), 1, "{run:?}");
    assert!(run.stderr().contains("damaged.ova") || run.stderr().contains(".vmdk"), "{run:?}");
    machine.assert_nothing_left();
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_made() {
    let (ova, machine) = (appliance(), Machine::new("refused"));
    let folder = tempfile::tempdir().unwrap();
    let spec = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let good = Path::new(EXAMPLES).join("spec.yaml");
    let zone = spec("zone.yaml", "name: a\nos_family: Linux\ntimezone: Europe/Viena\n");
    let typo = spec("typo.yaml", "name: a\nos_family: Linux\nhostnme: web\n");
    let text = spec("text.ova", "this is no appliance\n");
    let empty = spec("empty.ova", "");
    for (ova, spec, more, code, word) in [
        (ova.as_path(), &zone, &[][..], 2, "Europe/Vienna"),
        (&ova, &typo, &[], 2, "hostnme"),
        (&text, &good, &[], 2, "text.ova"),
        (&empty, &good, &[], 2, "empty.ova"),
        (folder.path(), &good, &[], 2, "ovf"),
        (Path::new("/nonexistent.ova"), &good, &[], 2, "/nonexistent.ova"),
        (&ova, &good, &["--option", "huge"], 2, "huge"),
        (&ova, &good, &["--network", "VM Network=tap"], 2, "bridge:NAME"),
        (&ova, &good, &["--uri", "qemu+unix:///system?socket=/nonexistent"], 3, "libvirt"),
    ] {
        let run = machine.deploy(ova, spec, more).expect(code);
        assert!(run.stderr().contains(word), "{word}: {}", run.stderr());
        machine.assert_nothing_left();
    }
}

#[test]
fn where_nothing_fits_the_answer_is_no_with_reasons() {
    let machine = Machine::new("unplaced");
    let spec = Path::new(EXAMPLES).join("spec.yaml");
    // The local host is cordoned, under whatever name it has.
    let host = Command::new("virsh").args(["-q", "-c", "qemu:///system", "hostname"]).output();
    let host = host.expect("virsh runs: install libvirt-clients").stdout;
    let folder = tempfile::tempdir().unwrap();
    let cluster = folder.path().join("cluster.json");
    let node = serde_json::json!({"id": String::from_utf8_lossy(&host).trim(), "cpu_milli": 4000,
        "memory_mib": 8192, "pools": ["appliances"], "networks": ["VM Network"],
        "state": "cordoned"});
    let pool = serde_json::json!({"id": "appliances", "capacity_bytes": "1TiB"});
    fs::write(&cluster, serde_json::json!({"nodes": [node], "pools": [pool]}).to_string()).unwrap();
    let ova = appliance();
    let args = ["deploy", ova.to_str().unwrap(), "--json", "--spec", spec.to_str().unwrap()];
    let to = machine.folder.path().to_str().unwrap();
    let more = ["--cluster", cluster.to_str().unwrap(), "--to", to, "--name", &machine.name];
    let report = quantix(args.into_iter().chain(more)).expect(1).json();
    assert_eq!(report["node"], Value::Null);
    assert_eq!(report["placement"]["unplaced"][0]["rejections"][0]["filter"], "node_state");
    machine.assert_nothing_left();
}
