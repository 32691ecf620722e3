//! `quantix vm`, as a script sees it: on libvirt's test driver, which lives in the process, and on
//! the local libvirtd.

mod common;

use std::{fs, path::PathBuf};

use common::quantix;
use serde_json::Value;
use tempfile::TempDir;

const TEST: &str = "test:///default";

/// A machine of the local libvirtd, gone with the test.
struct Machine {
    folder: TempDir,
    name: String,
    id: String,
}

impl Machine {
    fn new(number: u32) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let name = format!("quantix-cli-test-{}-{number}", std::process::id());
        let id = format!("5c000000-0000-4000-8000-{:04x}{number:08x}", std::process::id() & 0xffff);
        Self { folder, name, id }
    }

    /// A description with some more fields.
    fn description(&self, more: &str) -> String {
        let path: PathBuf = self.folder.path().join("machine.yaml");
        let text = format!(
            "name: {}\nid: {}\ncpus: 2\nmemory_mib: 64MiB\ndomain_type: qemu\n{more}",
            self.name, self.id
        );
        fs::write(&path, text).expect("the file can be written");
        path.display().to_string()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        quantix(["vm", "delete", "--force", &self.name]);
    }
}

#[test]
fn lists_and_shows() {
    let list = quantix(["vm", "list", "--uri", TEST, "--json"]).expect(0).json();
    assert_eq!(list["vms"][0]["name"], "test");
    assert_eq!(list["vms"][0]["state"], "running");
    let shown = quantix(["vm", "show", "test", "--uri", TEST, "--json"]).expect(0).json();
    assert_eq!(shown["id"], list["vms"][0]["id"]);
    assert_eq!((&shown["cpus"], &shown["memory_max_mib"]), (&Value::from(2), &Value::from(8192)));
    let text = quantix(["vm", "show", "test", "--uri", TEST]).expect(0).stdout();
    assert!(text.contains("memory     8 GiB"), "{text}");
    let xml = quantix(["vm", "xml", "test", "--uri", TEST]).expect(0).stdout();
    assert!(xml.starts_with("<domain type='test'"), "{xml}");
    let host = quantix(["vm", "host", "--uri", TEST, "--json"]).expect(0).json();
    assert_eq!(host["execution"]["domain_type"], "test");
    let stats = quantix(["vm", "stats", "--uri", TEST, "--json"]).expect(0).json();
    assert_eq!(stats["vms"][0]["params"]["state.state"], 1);
    let events =
        quantix(["vm", "events", "--uri", TEST, "--count", "1", "--json"]).expect(0).json();
    assert_eq!((&events["event"], &events["reason"]), (&"resync".into(), &"started".into()));
}

#[test]
fn power_of_the_test_machine() {
    let run = |verb: &str| quantix(["vm", verb, "test", "--uri", TEST, "--json"]).expect(0).json();
    assert_eq!(run("pause")["state"], "paused");
    assert_eq!(run("start")["state"], "running");
    assert_eq!(run("stop")["stopped_by"], "acpi");
    let forced = quantix(["vm", "stop", "test", "--force", "--uri", TEST, "--json"]);
    assert_eq!(forced.expect(0).json()["stopped_by"], "destroy");
    let refused = quantix(["vm", "delete", "test", "--uri", TEST]).expect(2);
    assert!(refused.stderr().contains("hint: stop it first"), "{refused:?}");
}

#[test]
fn what_is_not_there_and_what_cannot_be_reached() {
    let absent = quantix(["vm", "show", "nobody", "--uri", TEST]).expect(2);
    assert!(absent.stderr().contains("\"nobody\""), "{absent:?}");
    assert!(absent.stderr().contains("hint:") && absent.stdout().is_empty(), "{absent:?}");
    let socket = "qemu+unix:///system?socket=/nonexistent/libvirt-sock";
    let away = quantix(["vm", "list", "--uri", socket]).expect(3);
    assert!(away.stderr().contains("hint: start libvirtd"), "{away:?}");
    quantix(["vm", "list", "--uri", "nonsense:///"]).expect(3);
    quantix(["vm", "list", "--deadline", "0"]).expect(2);
    quantix(["vm"]).expect(2);
}

#[test]
fn makes_plans_applies_and_removes() {
    let machine = Machine::new(1);
    let name = machine.name.as_str();
    let from = machine.description("");
    let created = quantix(["vm", "create", "--from", &from, "--start", "--json"]).expect(0).json();
    assert_eq!((&created["existed"], &created["active"]), (&false.into(), &true.into()));
    let again = quantix(["vm", "create", "--from", &from, "--start", "--json"]).expect(0).json();
    assert_eq!(again["existed"], true);
    let plan = quantix(["vm", "plan", name, "--from", &from, "--json"]).expect(0).json();
    assert_eq!(plan["changes"], Value::Array(Vec::new()));

    let from = machine
        .description("title: changed\nnics: [{source: {kind: user}, mac: '52:54:00:12:34:56'}]\n");
    let plan = quantix(["vm", "plan", name, "--from", &from, "--json"]).expect(0).json();
    let changes: Vec<_> = plan["changes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|change| (change["path"].to_string(), change["when"].to_string()))
        .collect();
    let expected =
        [("\"title\"", "\"next_boot\""), ("\"devices/interface[52:54:00:12:34:56]\"", "\"live\"")];
    assert_eq!(changes, expected.map(|(path, when)| (path.to_owned(), when.to_owned())));
    let applied = quantix(["vm", "apply", name, "--from", &from, "--json"]).expect(0).json();
    assert_eq!((&applied["defined"], &applied["live"][0]["done"]), (&true.into(), &true.into()));
    let shown = quantix(["vm", "show", name, "--json"]).expect(0).json();
    assert_eq!(shown["machine"]["nics"][0]["mac"], "52:54:00:12:34:56");

    let impossible = machine.description("tpm: false\n").replace("machine.yaml", "other.yaml");
    let text = fs::read_to_string(machine.folder.path().join("machine.yaml")).expect("it is there");
    fs::write(&impossible, text.replace(name, "another-name")).expect("the file can be written");
    let plan = quantix(["vm", "plan", name, "--from", &impossible, "--json"]).expect(1).json();
    assert_eq!(plan["changes"][0]["when"], "impossible");
    quantix(["vm", "apply", name, "--from", &impossible]).expect(1);

    let stopped = quantix(["vm", "stop", name, "--budget", "1", "--json"]).expect(0).json();
    assert_eq!(stopped["stopped_by"], "destroy");
    assert_eq!(
        quantix(["vm", "stop", name, "--json"]).expect(0).json()["stopped_by"],
        "already_off"
    );
    quantix(["vm", "delete", name]).expect(0);
    quantix(["vm", "show", name]).expect(2);
}

#[test]
fn an_edited_definition_is_planned_whole() {
    let machine = Machine::new(2);
    let name = machine.name.as_str();
    quantix(["vm", "create", "--from", &machine.description("")]).expect(0);
    let xml = quantix(["vm", "xml", name, "--next-boot"]).expect(0).stdout();
    let path = machine.folder.path().join("edited.xml");
    let from = path.display().to_string();
    fs::write(&path, xml.replace("<on_crash>destroy", "<on_crash>restart")).expect("written");
    let plan = quantix(["vm", "plan", name, "--from", &from, "--json"]).expect(0).json();
    assert_eq!(plan["changes"][0]["path"], "on_crash");
    assert_eq!(plan["changes"].as_array().map(Vec::len), Some(1));
    quantix(["vm", "apply", name, "--from", &from]).expect(0);
    let plan = quantix(["vm", "plan", name, "--from", &from]).expect(0);
    assert!(plan.stdout().contains("is as wanted"), "{plan:?}");
    fs::write(&path, "<domain><name>").expect("written");
    let broken = quantix(["vm", "plan", name, "--from", &from]).expect(2);
    assert!(broken.stderr().contains("1:"), "{broken:?}");
}

#[test]
fn bad_descriptions_are_exit_code_2_with_every_fault() {
    let machine = Machine::new(3);
    let from = machine.description("disks: [{path: relative}, {}]\n");
    let run = quantix(["vm", "create", "--from", &from]).expect(2);
    for place in ["disks[0].path", "disks[1].path"] {
        assert!(run.stderr().contains(place), "{run:?}");
    }
    let from = machine.description("memroy: 1\n");
    let run = quantix(["vm", "create", "--from", &from]).expect(2);
    assert!(run.stderr().contains("memroy"), "{run:?}");
    quantix(["vm", "create", "--from", "/nonexistent.yaml"]).expect(2);
}

#[test]
fn resources_of_the_test_host() {
    let run = |args: &[&str]| {
        let args = ["vm"].iter().chain(args).chain(&["--uri", TEST, "--json"]);
        quantix(args).expect(0).json()
    };
    assert_eq!(run(&["pools"])["pools"][0]["name"], "default-pool");
    assert_eq!(run(&["networks"])["networks"][0]["name"], "default");
    assert_eq!(run(&["volumes", "default-pool"])["volumes"], Value::Array(Vec::new()));
    assert_eq!(run(&["snapshot", "list", "test"])["snapshots"], Value::Array(Vec::new()));
    let taken = run(&["snapshot", "take", "test", "one"]);
    assert_eq!(taken["snapshots"][0]["name"], "one");
    quantix(["vm", "volumes", "nowhere", "--uri", TEST]).expect(2);
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("shot").display().to_string();
    let shot = run(&["screenshot", "test", "-o", &path]);
    assert!(shot["mime"].as_str().is_some_and(|mime| mime.starts_with("image/")), "{shot}");
    assert_eq!(shot["bytes"], fs::metadata(&path).expect("it is there").len());
    let run =
        quantix(["vm", "screenshot", "test", "--uri", TEST, "-o", "/nonexistent/x"]).expect(3);
    assert!(run.stderr().contains("cannot write /nonexistent/x"), "{run:?}");
    // A host is not its own neighbour.
    let away = quantix(["vm", "migrate", "test", "--uri", TEST, "--to", TEST, "--check", "--json"]);
    let check = away.expect(1).json();
    assert_eq!((&check["ok"], &check["moved"]), (&false.into(), &false.into()));
}

#[test]
fn the_console_is_read_for_a_while() {
    let machine = Machine::new(4);
    let name = machine.name.as_str();
    quantix(["vm", "create", "--from", &machine.description(""), "--start"]).expect(0);
    let run = quantix(["vm", "console", name, "--limit", "1"]).expect(0);
    assert!(run.stderr().contains("Ctrl-] leaves it"), "{run:?}");
    quantix(["vm", "stop", name, "--force"]).expect(0);
    quantix(["vm", "console", name, "--limit", "1"]).expect(2);
    quantix(["vm", "addresses", name]).expect(1);
}
