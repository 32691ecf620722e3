//! `quantix xml validate`: documents, places, exit codes.

mod common;

use std::fs;

use common::quantix;
use serde_json::json;

#[test]
fn validates_libvirts_documents_by_their_schemas() {
    let work = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = work.path().join(name);
        fs::write(&path, text).expect("room");
        path.to_str().expect("UTF-8").to_owned()
    };
    let good = write(
        "good.xml",
        "<secret ephemeral='no' private='yes'><uuid>\
        0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f</uuid></secret>",
    );
    let bad = write("bad.xml", "<pool type='dir'>\n  <name>a</name>\n  <target/>\n</pool>\n");
    let other = write("other.xml", "<Envelope/>");
    let answer = quantix(["xml", "validate", "--json", &good]).expect(0).json();
    assert_eq!((&answer["files"], &answer["valid"]), (&json!(1), &json!(1)));
    assert_eq!(answer["results"][0]["schema"], "secret");
    let answer = quantix(["xml", "validate", "--json", &good, &bad, &other]).expect(1).json();
    assert_eq!((&answer["files"], &answer["valid"]), (&json!(3), &json!(1)));
    let fault = &answer["results"][1]["findings"][0];
    assert_eq!(fault["code"], "missing-element");
    assert_eq!((&fault["line"], &fault["column"]), (&json!(3), &json!(3)));
    assert_eq!(fault["path"], "pool/target");
    assert_eq!(answer["results"][2]["findings"][0]["code"], "no-schema");
    let text = quantix(["xml", "validate", &bad]).expect(1).stdout();
    assert!(text.contains("bad.xml: ") && text.contains("`path`") && text.contains(":3"), "{text}");
    // A schema by its name, one that there is not, and a folder without any.
    quantix(["xml", "validate", "--schema", "domain", &good]).expect(1);
    let run = quantix(["xml", "validate", "--schema", "nonsense", &good]).expect(2);
    assert!(run.stderr().contains("domainsnapshot"), "{}", run.stderr());
    let folder = work.path().to_str().expect("UTF-8");
    let run = quantix(["xml", "validate", "--schemas", folder, &good]).expect(3);
    assert!(run.stderr().contains("hint:"), "{}", run.stderr());
    quantix(["xml", "validate", "/does/not/exist.xml"]).expect(2);
}
