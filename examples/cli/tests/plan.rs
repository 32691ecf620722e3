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

#[test]
fn balances_by_demand() {
    let (folder, cluster) = cluster();
    let request = folder.path().join("r.yaml");
    let text = "history: {cpu_milli: {web: [1500, 1600], db: [3000, 2900]}}\nwindow: 2\n";
    fs::write(&request, text).expect("written");
    let request = request.display().to_string();
    let args = ["plan", "balance", "--cluster", &cluster, "--request", &request];
    let json = quantix(args.into_iter().chain(["--json"])).expect(0).json();
    assert_eq!(json["moves"][0]["vm"], "web");
    assert_eq!(json["moves"][0]["automatic"], false);
    let text = quantix(args.into_iter().chain(["--level", "1"])).expect(0).stdout();
    assert!(text.contains("0 moves in 0 steps"), "{text}");
}

#[test]
fn counts_and_supposes() {
    let (folder, cluster) = cluster();
    let args = ["plan", "capacity", "--cluster", &cluster, "--json"];
    let json = quantix(args).expect(0).json();
    assert_eq!(json["shapes"][0]["fits"], 9, "one core and 2 GiB");
    let page = folder.path().join("r.html").display().to_string();
    let args = ["plan", "whatif", "--cluster", &cluster, "--lose-rack", "r1", "--html", &page];
    let text = quantix(args).expect(0).stdout();
    assert!(text.contains("nodes ready"), "{text}");
    assert!(fs::read_to_string(&page).expect("the page").contains("<svg"));
    let args = ["plan", "whatif", "--cluster", &cluster, "--grow", "1000", "--json"];
    assert!(!quantix(args).expect(1).json()["blocked"].as_array().expect("a list").is_empty());
    let becomes = ["plan", "whatif", "--cluster", &cluster, "--becomes", &cluster, "--json"];
    for each in quantix(becomes).expect(0).json()["differences"].as_array().expect("a list") {
        assert_eq!(each["before"], each["after"]);
    }
}

#[test]
fn reassigns_processes() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let model = "1 0 10  2 0 0 8 4 0 1 0 1 8 4 1 0  2 0 0 0 0  2 0 3 5 1 4 9  0  1 1 1";
    fs::write(file("model"), model).expect("written");
    fs::write(file("assignment"), "0 0").expect("written");
    let (model, assignment, solution) = (file("model"), file("assignment"), file("solution"));
    let budget = ["--evaluations", "10000", "-o", &solution];
    let args = ["plan", "reassign", &model, &assignment].into_iter().chain(budget);
    let json = quantix(args.clone().chain(["--json"])).expect(0).json();
    assert_eq!(json["before"]["load"], 30);
    assert_eq!(json["moves"], serde_json::json!([{"process": 0, "from": 0, "to": 1}]));
    assert_eq!(fs::read_to_string(&solution).expect("written"), "1 0\n");
    let text = quantix(args).expect(0).stdout();
    assert!(text.contains("1 of 2 processes move"), "{text}");
    // From the solution on there is nothing to gain.
    quantix(["plan", "reassign", &model, &solution, "--evaluations", "10000"]).expect(1);
    let run = quantix(["plan", "reassign", &assignment, &model]).expect(2);
    assert!(run.stderr().contains("model, number 1: the number of resources is 0"), "{run:?}");
}
