use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{FakeGuest, FakeHost, Fault, FaultKind, blocking::Host};

const ID: &str = "00000000-0000-0000-0000-000000000007";

fn ask(host: &Host, request: &Value) -> Result<Value, RequestError> {
    let answer = host.answer(&request.to_string())?;
    Ok(serde_json::from_str(&answer).unwrap())
}

fn spec(memory: u64) -> Value {
    json!({ "name": "web", "id": ID, "cpus": 1, "memory_mib": memory, "domain_type": "qemu" })
}

#[test]
fn a_machine_lives_and_goes_by_documents() {
    let fake = FakeHost::new(1);
    let host = Host::connect(fake.clone()).unwrap();
    let ask = |request: Value| ask(&host, &request).unwrap();
    let made = ask(json!({ "op": "create", "spec": spec(512), "start": true }));
    assert_eq!(made, json!({ "name": "web", "id": ID, "existed": false, "active": true }));
    let id = ID.parse().unwrap();
    fake.set_guest(id, FakeGuest { host_name: "web-1".to_owned(), ..FakeGuest::default() });
    assert_eq!(ask(json!({ "op": "list" }))["vms"][0]["state"], "running");
    assert_eq!(ask(json!({ "op": "show", "vm": "web" }))["machine"]["memory_mib"], 512);
    let plan = ask(json!({ "op": "plan", "vm": "web", "spec": spec(1024) }));
    assert!(!plan["changes"].as_array().unwrap().is_empty(), "{plan}");
    assert_eq!(ask(json!({ "op": "apply", "vm": "web", "spec": spec(1024) }))["defined"], true);
    assert_eq!(ask(json!({ "op": "agent_info", "vm": ID }))["host_name"], "web-1");
    let write = json!({ "op": "agent_write", "vm": ID, "path": "/x", "base64": "aGk=" });
    assert_eq!(ask(write)["bytes"], 2);
    let read = ask(json!({ "op": "agent_read", "vm": ID, "path": "/x" }));
    assert_eq!(read["base64"], "aGk=");
    assert_eq!(ask(json!({ "op": "pause", "vm": "web" }))["state"], "paused");
    assert_eq!(ask(json!({ "op": "resume", "vm": "web" }))["state"], "running");
    let stopped = ask(json!({ "op": "stop", "vm": "web", "mode": "destroy" }));
    assert_eq!(stopped["stopped_by"], "destroy");
    assert_eq!(ask(json!({ "op": "delete", "vm": "web" }))["destroyed"], false);
    assert_eq!(ask(json!({ "op": "list" })), json!({ "vms": [] }));
}

#[test]
fn what_is_wrong_has_a_class_and_findings() {
    let fake = FakeHost::new(1);
    let host = Host::connect_within(fake.clone(), Duration::from_secs(600)).unwrap();
    let class = |request: Value| {
        let error = ask(&host, &request).unwrap_err();
        (error.details().class.to_owned(), error.to_string(), error.findings().len())
    };
    let (name, text, _) = class(json!({ "op": "explode" }));
    assert!(name == "invalid" && text.contains("unknown variant `explode`"), "{text}");
    let (_, text, _) = class(json!({ "op": "list", "deep": true }));
    assert!(text.contains("unknown field `deep`"), "{text}");
    assert_eq!(class(json!({ "op": "start", "vm": "nobody" })).0, "not_found");
    assert_eq!(class(json!({ "op": "create", "spec": spec(0) })).2, 1);
    assert_eq!(class(json!({ "op": "plan", "vm": "x" })).0, "not_found");
    fake.inject(Fault::once("domains", FaultKind::Refuse(crate::Class::Denied)));
    assert_eq!(class(json!({ "op": "list" })).0, "denied");
    let long = " ".repeat(REQUEST_BYTES_MAX + 1);
    assert!(Request::parse(&long).unwrap_err().to_string().contains("64 MiB"));
}

#[test]
fn a_host_reports_itself_and_what_its_machines_use() {
    let host = Host::connect(FakeHost::new(1)).unwrap();
    let ask = |request: Value| ask(&host, &request).unwrap();
    ask(json!({ "op": "create", "spec": spec(512), "start": true }));
    let used = ask(json!({ "op": "usage", "vms": ["web"], "interval_ms": 50 }));
    let web = &used["vms"][0];
    assert_eq!((&web["state"], &web["memory_mib"]), (&json!("running"), &json!(512)));
    let percent = web["cpu_percent"].as_f64().unwrap();
    assert!(percent > 0.0 && percent <= 100.0, "50 ms of CPU in at least 50 ms: {percent}");
    let report = ask(json!({ "op": "node_report" }));
    assert_eq!(report["numa"][0]["cpus"].as_array().unwrap().len(), 16);
    assert_eq!(report["cpu"]["cores"], 8);
    assert_eq!(report["machine_types"], json!(["pc-q35-7.2"]));
    let load = json!({ "defined": 1, "active": 1, "active_cpus": 1, "active_memory_mib": 512 });
    assert_eq!(report["vms"], load);
    assert_eq!(report["findings"], json!([]));
    let devices = ask(json!({ "op": "node_devices" }));
    assert_eq!(report["devices"], devices["devices"]);
    assert_eq!(devices["devices"][2]["iommu_group"], 1);
}
