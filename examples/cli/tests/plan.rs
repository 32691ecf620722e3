//! `quantix plan`, as a script sees it.

mod common;

use std::fs;

use common::quantix;
use tempfile::TempDir;

const CLUSTER: &str = "
nodes:
  - {id: n1, cpu_milli: 4000, memory_mib: 8192, labels: {rack: r1}}
  - {id: n2, cpu_milli: 4000, memory_mib: 8192, labels: {rack: r1}}
  - {id: n3, cpu_milli: 4000, memory_mib: 8192, labels: {rack: r2}}
vms:
  - {id: web, node: n1, cpu_milli: 1000, memory_mib: 2048}
  - {id: db, node: n1, cpu_milli: 2000, memory_mib: 4096}
";

fn cluster() -> (TempDir, String) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("cluster.yaml");
    fs::write(&path, CLUSTER).expect("the file can be written");
    let path = path.display().to_string();
    (folder, path)
}

#[test]
fn drains_a_node() {
    let (folder, cluster) = cluster();
    let args = ["plan", "drain", "--cluster", &cluster, "--nodes", "n1"];
    let json = quantix(args.into_iter().chain(["--json"])).expect(0).json();
    assert_eq!(json["moves"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["blocked"], serde_json::json!([]));
    assert_eq!(json["after"]["nodes_ready"], 2);
    let text = quantix(args).expect(0).stdout();
    assert!(text.contains("back again:"), "{text}");
    let request = folder.path().join("r.json");
    fs::write(&request, r#"{"vms": {"db": {"migration": "none"}}}"#).expect("written");
    let request = request.display().to_string();
    let text = quantix(args.into_iter().chain(["--request", &request])).expect(1).stdout();
    assert!(text.contains("db stays on n1: it cannot move"), "{text}");
    let args = ["plan", "drain", "--cluster", &cluster, "--racks", "r9"];
    let run = quantix(args).expect(2);
    assert!(run.stderr().contains("request.racks[0]"), "{run:?}");
    let args = ["plan", "drain", "--cluster", &cluster, "--rolling", "racks", "--json"];
    assert_eq!(quantix(args).expect(0).json()["stages"][1]["moves"], 2);
}

#[test]
fn fails_over_and_admits() {
    let (folder, cluster) = cluster();
    let args = ["plan", "failover", "--cluster", &cluster, "--nodes", "n1"];
    let text = quantix(args).expect(0).stdout();
    assert!(text.contains("not yet: ground"), "{text}");
    let request = folder.path().join("r.yaml");
    fs::write(&request, "evidence: {n1: {power: \"off\"}}\n").expect("written");
    let request = request.display().to_string();
    let args = args.into_iter().chain(["--request", &request, "--json"]);
    let json = quantix(args).expect(0).json();
    assert_eq!(json["safe"], true);
    assert_eq!(json["moves"][0]["vm"], "db", "the largest first");
    let args = ["plan", "admission", "--cluster", &cluster, "--json"];
    assert_eq!(quantix(args).expect(0).json()["sets_tried"], 3);
    let args = ["plan", "admission", "--cluster", &cluster, "--lose", "n1,n2,n3"];
    let text = quantix(args).expect(1).stdout();
    assert!(text.contains("when n1 and n2 and n3 fail, 2 of 2 machines do not restart"), "{text}");
}
