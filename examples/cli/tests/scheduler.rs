//! `quantix place`, `quantix explain` and `quantix replay`, as a script sees them.

mod common;

use std::{fs, path::PathBuf};

use common::quantix;
use serde_json::json;
use tempfile::TempDir;

struct Case {
    folder: TempDir,
}

impl Case {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder") }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        fs::write(&path, text).expect("the file can be written");
        path.display().to_string()
    }
}

const CLUSTER: &str = "
nodes:
  - {id: n1, cpu_milli: 4000, memory_mib: 8192}
  - {id: n2, cpu_milli: 4000, memory_mib: 8GiB, pools: [ceph-pool-1]}
pools:
  - {id: ceph-pool-1, capacity_bytes: 1TiB}
";
const VMS: &str = r#"[{"id": "db", "cpu_milli": 2000, "memory_mib": 4096,
    "disks": [{"id": "root", "size_bytes": "10GiB", "storage_pool_id": "ceph-pool-1"}]}]"#;

#[test]
fn places_from_yaml_and_json_with_one_document() {
    let case = Case::new();
    let (cluster, vms) = (case.file("c.yaml", CLUSTER), case.file("v.json", VMS));
    let answer = quantix(["place", "--cluster", &cluster, "--vms", &vms, "--json"]).expect(0);
    let json = answer.json();
    assert_eq!(json["placements"][0]["vm"], "db");
    assert_eq!(json["placements"][0]["node"], "n2");
    assert_eq!(json["placements"][0]["terms"]["storage_pool"], 10);
    assert_eq!(json["unplaced"], json!([]));
    let text = quantix(["place", "--cluster", &cluster, "--vms", &vms]).expect(0).stdout();
    assert!(text.contains("db  n2"), "{text}");
    assert!(text.contains("preference 50.0 %, storage_pool 100.0 %"), "shares of the most: {text}");
    let policy = case.file("p.json", r#"{"name": "apart", "weights": {"spread": 5, "fit": 0}}"#);
    let args = ["place", "--cluster", &cluster, "--vms", &vms, "--policy", &policy, "--json"];
    assert_eq!(quantix(args).expect(0).json()["policy"], "apart");
}

#[test]
fn what_fits_nowhere_is_exit_code_1_with_reasons() {
    let case = Case::new();
    let cluster = case.file("c.yaml", CLUSTER);
    let vms = case.file("v.json", &VMS.replace("10GiB", "2TiB"));
    let answer = quantix(["place", "--cluster", &cluster, "--vms", &vms, "--json"]).expect(1);
    let unplaced = &answer.json()["unplaced"][0];
    assert_eq!(unplaced["vm"], "db");
    assert_eq!(unplaced["rejections"][1]["node"], "n2");
    assert_eq!(unplaced["rejections"][1]["filter"], "pool_capacity");
    assert_eq!(unplaced["rejections"][1]["asked"], 2u64 << 40);
    assert_eq!(unplaced["rejections"][1]["free"], 1u64 << 40);
    let message = &unplaced["would_fit_if"][0]["message"];
    assert_eq!(message, "free 1 TiB in pool ceph-pool-1");
    let text = quantix(["place", "--cluster", &cluster, "--vms", &vms]).expect(1).stdout();
    assert!(text.contains("would fit on n2 if: free 1 TiB"), "{text}");
}

#[test]
fn explains_one_machine() {
    let case = Case::new();
    let (cluster, vms) = (case.file("c.yaml", CLUSTER), case.file("v.json", VMS));
    let args = ["explain", "--cluster", &cluster, "--vms", &vms, "db", "--json"];
    let json = quantix(args).expect(0).json();
    let explanation = &json["placements"][0]["explanation"];
    assert_eq!(explanation["feasible"], 1);
    assert_eq!(explanation["rejections"][0]["filter"], "storage_pool");
    let args = ["explain", "--cluster", &cluster, "--vms", &vms, "nobody"];
    let run = quantix(args).expect(2);
    assert!(run.stderr().contains("there is no machine \"nobody\""), "{run:?}");
}

#[test]
fn a_recorded_decision_is_replayed_on_the_same_cluster_only() {
    let case = Case::new();
    let (cluster, vms) = (case.file("c.yaml", CLUSTER), case.file("v.json", VMS));
    let record = case.folder.path().join("r.json").display().to_string();
    let explain = ["explain", "--cluster", &cluster, "--vms", &vms, "db", "--record", &record];
    let run = quantix(explain).expect(0);
    assert!(run.stderr().contains("record written to"), "{run:?}");
    let stored = fs::read_to_string(&record).expect("the record");
    let replay = quantix(["replay", "--cluster", &cluster, &record, "--json"]).expect(0);
    let expected: serde_json::Value = serde_json::from_str(&stored).expect("a record is JSON");
    assert_eq!((&replay.json(), &replay.json()["node"]), (&expected, &json!("n2")));
    let text = quantix(["replay", "--cluster", &cluster, &record]).expect(0).stdout();
    assert_eq!(text, "db: the same decision, n2\n");
    let other = case.file("o.yaml", &CLUSTER.replace("4000", "5000"));
    let altered = case.file("a.json", &stored.replace(r#""node":"n2""#, r#""node":"n1""#));
    for (cluster, record, code, expected) in [
        (&other, &record, 1, "made on another cluster"),
        (&cluster, &altered, 1, "comes out otherwise, first at"),
        (&cluster, &vms, 2, "not a record of a decision"),
        (&cluster, &case.file("empty", ""), 2, "not a record of a decision"),
        (&cluster, &"nowhere".to_owned(), 2, "does not exist"),
    ] {
        let run = quantix(["replay", "--json", "--cluster", cluster, record]).expect(code);
        assert!(run.stderr().contains(expected), "{run:?}");
        if code == 1 {
            let answer = run.json();
            assert_eq!(answer["same"], false);
            assert!(answer["message"].as_str().expect("a text").contains(expected), "{answer}");
        } else {
            assert_eq!(run.stdout(), "", "nothing but an answer goes to stdout");
        }
    }
    let run = quantix(["replay", "--json", "--cluster", &cluster, &altered]).expect(1);
    let answer = run.json();
    assert_eq!(
        (&answer["code"], &answer["at"]),
        (&json!("other_decision"), &json!("candidates[0].node"))
    );
    assert_eq!((&answer["expected"], &answer["found"]), (&json!("\"n1\""), &json!("\"n2\"")));
    let run = quantix(["replay", "--json", "--cluster", &other, &record]).expect(1);
    assert_eq!(run.json()["code"], "other_cluster");
    let large = case.file("l.json", &VMS.replace("10GiB", "2TiB"));
    quantix(["explain", "--cluster", &cluster, "--vms", &large, "db", "--record", &record])
        .expect(1);
    let text = quantix(["replay", "--cluster", &cluster, &record]).expect(0).stdout();
    assert_eq!(text, "db: the same decision, fits nowhere\n");
}

#[test]
fn bad_input_is_exit_code_2_and_says_where() {
    let case = Case::new();
    let (cluster, vms) = (case.file("c.yaml", CLUSTER), case.file("v.json", VMS));
    let empty = case.file("empty", "");
    let typo = case.file("typo.json", r#"{"nodes": [{"id": "n", "cpu": 1}]}"#);
    let dangling = case.file("dangling.yaml", &CLUSTER.replace("[ceph-pool-1]", "[ceph]"));
    let policy = case.file("p.json", r#"{"weights": {"speed": 1}}"#);
    let folder = case.folder.path().display().to_string();
    let no_policy: Option<&str> = None;
    for (cluster, vms, policy, expected) in [
        (&empty, &vms, no_policy, "is empty, expected a cluster file"),
        (&folder, &vms, no_policy, "is a directory"),
        (&typo, &vms, no_policy, "unknown field `cpu`"),
        (&dangling, &vms, no_policy, "nodes[1].pools[0]"),
        (&cluster, &cluster, no_policy, "is not a valid list of machines"),
        (&cluster, &vms, Some(policy.as_str()), "unknown field `speed`"),
    ] {
        let mut args = vec!["place", "--json", "--cluster", cluster, "--vms", vms];
        args.extend(policy.into_iter().flat_map(|policy| ["--policy", policy]));
        let run = quantix(args).expect(2);
        assert!(run.stderr().contains(expected), "{run:?}");
        assert_eq!(run.stdout(), "", "nothing but an answer goes to stdout");
    }
}

#[test]
fn simulates_a_trace_with_a_chart() {
    let case = Case::new();
    let rows = "id,cpu,mem_gib,arrival,departure\na,4,4,0,10\nb,4,4,5,20\nc,2,2,12,\n";
    let trace = case.file("t.csv", rows);
    let chart = case.folder.path().join("u.svg").display().to_string();
    let hosts = ["--hosts", "1", "--host-cpu", "4", "--host-memory-gib", "8"];
    let args = ["simulate", "--trace", &trace, "--json", "--chart", &chart];
    let json = quantix(args.into_iter().chain(hosts)).expect(0).json();
    assert_eq!((&json["accepted"], &json["rejected"]), (&json!(2), &json!(1)));
    assert_eq!((&json["first_rejection_at"], &json["peak_hosts_used"]), (&json!(5.0), &json!(1)));
    assert_eq!(json["utilisation"]["cpu_peak"], 1.0);
    assert!(fs::read_to_string(&chart).expect("the chart").contains("<svg"));
    let picture = case.folder.path().join("u.PNG").display().to_string();
    let args = ["simulate", "--trace", &trace, "--chart", &picture];
    quantix(args.into_iter().chain(hosts)).expect(0);
    assert!(fs::read(&picture).expect("the picture").starts_with(b"\x89PNG\r\n\x1a\n"));
    let broken = case.file("b.csv", "id,cpu\nv,1\n");
    let run = quantix(["simulate", "--trace", &broken].into_iter().chain(hosts)).expect(2);
    assert!(run.stderr().contains("there is no column `mem_gib`"), "{run:?}");
}

#[test]
fn simulates_a_generated_fleet_with_a_page() {
    let case = Case::new();
    let fleet = "hosts: [{count: 6, hosts_per_rack: 2}]\nduration_seconds: 3600\nmachines: {at_start: 40}\n";
    let file = case.file("fleet.yaml", fleet);
    let page = case.folder.path().join("r.html").display().to_string();
    let args = ["simulate", "--fleet", &file, "--seed", "5", "--json", "--html", &page];
    let json = quantix(args).expect(0).json();
    assert_eq!((&json["seed"], &json["hosts"]), (&json!(5), &json!(6)));
    assert!(json["machines"]["arrived"].as_u64() > Some(40), "{json}");
    assert_eq!(json["series"].as_array().map(Vec::len), Some(12));
    assert!(fs::read_to_string(&page).expect("the page").contains("<svg"));
    let days = quantix(["simulate", "--fleet", &file, "--days", "1", "--json"]).expect(0).json();
    assert_eq!(days["duration_seconds"], 86_400);
    let text = quantix(["simulate", "--fleet", &file]).expect(0).stdout();
    assert!(text.contains("demand not met"), "{text}");
    let broken = case.file("b.yaml", "hosts: [{count: 0}]\n");
    let run = quantix(["simulate", "--fleet", &broken]).expect(2);
    assert!(run.stderr().contains("config.hosts"), "{run:?}");
    let run = quantix(["simulate", "--fleet", &case.file("c.yaml", "speed: 1\n")]).expect(2);
    assert!(run.stderr().contains("unknown field `speed`"), "{run:?}");
    quantix(["simulate"]).expect(2);
    quantix(["simulate", "--trace", &file]).expect(2);
}
