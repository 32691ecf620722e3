//! The vectors in `vectors/ova`: answers that Rust, Python and C give to the byte.
//! `UPDATE=1` rewrites the answers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use quantix_ova::{
    import::{Choices, explain},
    ovf::{
        self,
        edit::{Edit, edit_package},
    },
    package::Package,
    repair::Diagnosis,
    watch::Unwatched,
};
use serde_json::{Value, json};

fn answer(case: &Value, folder: &Path) -> Value {
    let open = |name: &str| Package::open(&folder.join(case[name].as_str().unwrap())).unwrap();
    let package = open("package");
    let answer = match case["operation"].as_str().unwrap() {
        "inspect" => serde_json::to_value(ovf::inspect(&package)),
        "explain" => {
            let choices = case.get("choices").cloned();
            let choices: Choices =
                choices.map_or_else(Choices::default, |c| serde_json::from_value(c).unwrap());
            match explain(&package, &choices) {
                Ok(answer) => serde_json::to_value(answer),
                Err(error) => {
                    let findings = error.findings();
                    return json!({"error": error.to_string(), "findings": findings});
                }
            }
        }
        "diff" => serde_json::to_value(ovf::diff_packages(&package, &open("other")).unwrap()),
        "diagnose" => serde_json::to_value(Diagnosis::of(&package)),
        "edit" => {
            let work = tempfile::tempdir().unwrap();
            let edits: Vec<Edit> = serde_json::from_value(case["edits"].clone()).unwrap();
            match edit_package(&package, &edits, &work.path().join("a.ovf"), &Unwatched) {
                Ok(answer) => {
                    let text = fs::read_to_string(answer.path).unwrap();
                    Ok(json!({"descriptor": text, "findings": answer.findings}))
                }
                Err(error) => return json!({"error": error.to_string(), "findings": []}),
            }
        }
        other => panic!("no operation {other}"),
    };
    json!({"answer": answer.unwrap()})
}

#[test]
fn answers_are_the_recorded_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/ova");
    let cases: Vec<Value> =
        serde_json::from_str(&fs::read_to_string(folder.join("cases.json")).unwrap()).unwrap();
    let answers: Vec<Value> = cases.iter().map(|case| answer(case, &folder)).collect();
    let path = folder.join("answers.json");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, serde_json::to_string_pretty(&answers).unwrap() + "\n").unwrap();
    }
    let recorded: Vec<Value> =
        serde_json::from_str(&fs::read_to_string(&path).unwrap_or_default()).unwrap_or_default();
    assert_eq!(recorded.len(), answers.len(), "run with UPDATE=1");
    for ((case, answer), recorded) in cases.iter().zip(&answers).zip(&recorded) {
        assert_eq!(answer, recorded, "{case}");
    }
}
