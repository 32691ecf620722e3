//! Schemas are as generated; strict and lenient reading; compatibility with committed documents.

use std::{fs, path::Path};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::{Inventory, SCHEMA_VERSION, Vm, VmSpec};

#[test]
fn committed_schemas_are_the_generated_ones() {
    for &kind in DocumentKind::ALL {
        let mut schema = kind.generated_schema();
        schema.insert("$id".into(), format!("urn:quantix:schema:{kind}:{SCHEMA_VERSION}").into());
        let text = serde_json::to_string_pretty(&schema).unwrap();
        crate::golden::check(&format!("schema/{kind}.json"), &format!("{text}\n"));
    }
}

fn report(kind: DocumentKind, text: &str, mode: ReadMode) -> Vec<String> {
    check(kind, text, mode).findings.iter().map(ToString::to_string).collect()
}

#[test]
fn every_structural_fault_is_told_with_its_path() {
    let text = json!({
        "cpu": {"cores": "four", "numa": "evn", "pinning": [{"vcpu": 0, "host_cpus": [1, -1]}]},
        "memory": {},
        "disks": [
            {"id": "", "size_bytes": "8 GiX"},
            {"id": "d", "size_bytes": 1.5, "bus": "virtio2", "backing": null, "colour": "red"},
        ],
        "network_interfaces": [{"id": "n", "network_id": "x", "mac_address": "00:11", "mtu": 5e9}],
        "boot_media": {"kind": "iso"},
        "firmware": 7,
        "placement": {"required_labels": {"a b": 1}},
        "secure_boot": "yes",
    });
    let expected = [
        "boot_media.path: error: this field is required [missing-field]",
        "cpu.cores: error: found a string, expected a whole number [wrong-type]",
        "cpu.numa: error: \"evn\": did you mean `even`? [unknown-word]",
        "cpu.pinning[0].host_cpus[1]: error: -1: expected at least 0 [out-of-range]",
        "disks[0].id: error: invalid id \"\": expected at least one character [bad-value]",
        "disks[0].size_bytes: error: invalid size \"8 GiX\": unknown unit: use B, KiB, MiB, GiB, \
         TiB, kB, MB, GB or TB [bad-value]",
        "disks[1].bus: error: \"virtio2\": did you mean `virtio`? [unknown-word]",
        "disks[1].colour: error: unknown field: remove it, or read leniently [unknown-field]",
        "disks[1].size_bytes: error: found a number with a fraction, expected a whole number or a \
         string [wrong-type]",
        "firmware: error: found a number, expected a string [wrong-type]",
        "memory.size_mib: error: this field is required [missing-field]",
        "network_interfaces[0].mac_address: error: invalid MAC address \"00:11\": expected six \
         bytes in hexadecimal such as 52:54:00:12:34:56 [bad-value]",
        "network_interfaces[0].mtu: error: found a number with a fraction, expected a whole number \
         or null [wrong-type]",
        "placement.required_labels[\"a b\"]: error: found a number, expected a string [wrong-type]",
        "secure_boot: error: found a string, expected a boolean [wrong-type]",
    ];
    assert_eq!(report(DocumentKind::VmSpec, &text.to_string(), ReadMode::Strict), expected);
}

#[test]
fn closed_lists_of_objects_are_told_apart_by_their_word() {
    for (media, expected) in [
        (
            json!({}),
            "boot_media.kind: error: expected one of none, cloud_image, iso, ova_template [missing-field]",
        ),
        (
            json!({"kind": "cd"}),
            "boot_media.kind: error: \"cd\": expected one of none, cloud_image, iso, ova_template [unknown-word]",
        ),
        (
            json!({"kind": "none", "image_id": "x"}),
            "boot_media.image_id: error: unknown field: remove it, or read leniently [unknown-field]",
        ),
        (json!("iso"), "boot_media: error: found a string, expected an object [wrong-type]"),
        (
            json!({"kind": "iso", "path": ""}),
            "boot_media.path: error: expected the path of an ISO file [empty]",
        ),
        (
            json!({"kind": "iso", "path": "/a/../b"}),
            "boot_media.path: error: `..` is not allowed: write the path itself [path-escapes]",
        ),
        (
            json!({"kind": "cloud_image", "image_id": "x"}),
            "boot_media: error: the image needs a disk to become: add one to `disks` [boot-media-needs-disk]",
        ),
    ] {
        let text = json!({"cpu": {"cores": 1}, "memory": {"size_mib": 512}, "boot_media": media});
        assert_eq!(report(DocumentKind::VmSpec, &text.to_string(), ReadMode::Strict), [expected]);
    }
}

#[test]
fn texts_that_are_no_json_are_placed() {
    for (text, expected) in [
        ("", "1:1: error: EOF while parsing a value [json-syntax]"),
        ("{\n  \"\u{e4}\" 1}", "2:7: error: expected `:` [json-syntax]"),
        ("{\"cpu\": }", "1:9: error: expected value [json-syntax]"),
        ("[]", "error: found a list, expected an object [wrong-type]"),
        (
            r#"{"cpu":{"cores":1},"cpu":{"cores":2},"memory":{"size_mib":512}}"#,
            "1:24: error: duplicate field `cpu` [invalid-document]",
        ),
    ] {
        assert_eq!(report(DocumentKind::VmSpec, text, ReadMode::Strict), [expected], "{text}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(
        check(DocumentKind::VmSpec, &deep, ReadMode::Strict).findings[0].code,
        "json-syntax"
    );
    let large = " ".repeat(DOCUMENT_BYTES_MAX + 1);
    let findings = check(DocumentKind::VmSpec, &large, ReadMode::Lenient).findings;
    assert_eq!(findings[0].code, "document-too-large");
}

#[test]
fn lenient_reading_drops_what_it_does_not_know_and_says_so() {
    let text = json!({
        "schema_version": 7, "tenants": [],
        "vms": [{
            "id": "00000000-0000-0000-0000-000000000001", "name": "a", "power_state": "stopped",
            "spec": {"cpu": {"cores": 1, "turbo": true}, "memory": {"size_mib": 512}},
        }],
    })
    .to_string();
    let strict = read::<Inventory>(&text, ReadMode::Strict);
    assert_eq!(strict.document, None);
    let codes: Vec<_> = strict.findings.iter().map(|finding| &*finding.code).collect();
    assert_eq!(codes, ["unknown-field", "unknown-field", "unsupported-version"]);
    let lenient = read::<Inventory>(&text, ReadMode::Lenient);
    let shown: Vec<_> = lenient.findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "tenants: warning: unknown field: it is dropped [unknown-field]",
            "vms[0].spec.cpu.turbo: warning: unknown field: it is dropped [unknown-field]",
            "schema_version: warning: version 7 is not known: expected 1 to 1; update quantix, or \
             read leniently [unsupported-version]",
        ]
    );
    assert_eq!(lenient.document.unwrap().vms.len(), 1);
    // A word that is not known is an error either way.
    let text = text.replace("\"stopped\"", "\"hibernating\"");
    let lenient = read::<Inventory>(&text, ReadMode::Lenient);
    assert_eq!(lenient.document, None);
    assert_eq!(lenient.findings.iter().filter(|finding| finding.is_error()).count(), 1);
}

#[test]
fn the_shortest_documents_of_the_first_version_stay_readable() {
    // What was valid once is valid for good: these files are never changed, only added to.
    let mut kinds = Vec::new();
    for (kind, value) in committed() {
        let report = check(kind, &value.to_string(), ReadMode::Strict);
        assert!(report.valid, "{kind}: {:?}", report.findings);
        // What was understood is written so that it is understood the same.
        let document = report.document.unwrap();
        let again = check(kind, &document.to_string(), ReadMode::Strict);
        assert_eq!(again.document, Some(document), "{kind}");
        kinds.push(kind);
    }
    kinds.dedup();
    assert_eq!(kinds.len(), DocumentKind::ALL.len(), "every kind has a document: {kinds:?}");
}

/// The committed documents, each with its kind.
fn committed() -> Vec<(DocumentKind, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compatibility/1");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: std::path::PathBuf| {
        let kind = path.file_stem().unwrap().to_str().unwrap().split('.').next().unwrap().parse();
        (kind.unwrap(), serde_json::from_slice(&fs::read(&path).unwrap()).unwrap())
    };
    paths.into_iter().map(read).collect()
}

/// All values in a value, by their JSON pointers.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            pointers(value, &format!("{at}/{name}"), all);
        }),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), all)),
        _ => {}
    }
}

struct TypeAccepts<'a>(&'a Value);

impl kind::Visitor for TypeAccepts<'_> {
    type Answer = bool;
    fn visit<T: Document + Serialize + DeserializeOwned>(self) -> bool {
        T::deserialize(self.0).is_ok()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    /// The walk that finds every structural fault finds one exactly where serde refuses the value.
    #[test]
    fn structure_and_types_agree(
        which in any::<prop::sample::Index>(),
        places in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..16), 1..4),
    ) {
        let documents = committed();
        let (kind, mut value) = which.get(&documents).clone();
        for (place, change) in places {
            let mut all = Vec::new();
            pointers(&value, "", &mut all);
            let pointer = place.get(&all);
            let target = value.pointer_mut(pointer).unwrap();
            match (change, target) {
                (0, Value::Object(fields)) => _ = fields.pop_first_entry(),
                (1, Value::Object(fields)) => _ = fields.insert("extra".into(), json!(1)),
                (2, Value::Array(items)) => items.push(json!("x")),
                (3, Value::Object(fields)) => _ = fields.insert("kind".into(), json!("none")),
                (change, target) => {
                    let values = [
                        json!(null), json!(true), json!(0), json!(-1), json!(70_000), json!(1.5),
                        json!(5_000_000_000_u64), json!(1e30), json!(""), json!("x"), json!("8GiB"),
                        json!("none"), json!([]), json!({}), json!("a\nb"), json!("10.0.0.0/8"),
                    ];
                    *target = values[change].clone();
                }
            }
        }
        let accepted = kind.visit(TypeAccepts(&value));
        let mut findings = structure::check(kind.schema_value(), &mut value.clone(), ReadMode::Strict);
        if accepted {
            // Known and wrong, but harmless: serde also reads a structure from the list of its
            // fields in their order, which no schema mentions.
            findings.retain(|f| f.message != "found a list, expected an object");
        }
        prop_assert_eq!(findings.is_empty(), accepted, "{}: {} {:?}", kind, value, findings);
        let lenient = check(kind, &value.to_string(), ReadMode::Lenient);
        prop_assert!(lenient.valid || lenient.findings.iter().any(Finding::is_error));
    }
}

trait PopFirstEntry {
    fn pop_first_entry(&mut self) -> Option<Value>;
}

impl PopFirstEntry for serde_json::Map<String, Value> {
    fn pop_first_entry(&mut self) -> Option<Value> {
        let name = self.keys().next()?.clone();
        self.remove(&name)
    }
}

#[test]
fn units_are_read_as_people_write_them() {
    let text = r#"{"cpu":{"cores":4,"limit_milli":"2.5 vCPU"},"memory":{"size_mib":"8GiB"},
        "disks":[{"id":"d","size_bytes":"20 GiB","storage_pool_id":""}]}"#;
    let spec = read::<VmSpec>(text, ReadMode::Strict).document.unwrap();
    assert_eq!(spec.memory.size_mib.0, 8192);
    assert_eq!(spec.cpu.limit_milli.unwrap().0, 2500);
    assert_eq!((spec.disks[0].size_bytes.0, &spec.disks[0].storage_pool_id), (20 << 30, &None));
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(read_value::<VmSpec>(value, ReadMode::Strict).document, Some(spec));
}

#[test]
fn values_of_a_machine_are_all_judged() {
    let text = json!({
        "id": "00000000-0000-0000-0000-000000000001", "name": " a\u{7}", "power_state": "running",
        "managed": false, "observed_generation": 3,
        "created_at": "2026-01-02T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        "labels": {"-x": ""}, "conditions": [{"type": "Ready", "status": "true"}],
        "spec": {
            "cpu": {"cores": 6, "sockets": 4, "reservation_milli": 9000, "limit_milli": 1000,
                "pinning": [{"vcpu": 6, "host_cpus": []}, {"vcpu": 6, "host_cpus": [1]}]},
            "memory": {"size_mib": 1001, "huge_pages": "2MiB", "balloon_min_mib": 2000},
            "disks": [
                {"id": "a", "size_bytes": 1000, "boot_order": 1, "format": "raw",
                    "backing": {"image_id": "i", "format": "raw"}},
                {"id": "a", "size_bytes": "1GiB", "boot_order": 1, "cache": "unsafe",
                    "io_limits": {"read_iops": 0}, "serial": "a b"},
            ],
            "network_interfaces": [
                {"id": "n", "network_id": "x", "mac_address": "01:00:00:00:00:01", "mtu": 100},
            ],
            "secure_boot": true, "guest_os": "windows11",
            "placement": {"required_nodes": ["n1"], "excluded_nodes": ["n1"]},
            "ha": {"priority": 101},
        },
    });
    let findings = read::<Vm>(&text.to_string(), ReadMode::Strict).findings;
    let shown: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    crate::golden::check("tests/golden/vm_findings.txt", &shown);
}
