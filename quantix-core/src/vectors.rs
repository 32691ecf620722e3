//! The vectors in `vectors/core`, which Rust, Python and C answer alike. The inputs are written by
//! hand; `UPDATE=1` writes the answers next to them.

use serde_json::{Value, json};

use crate::{
    Finding, FolderId, FolderPath, FolderTree, ProjectId, Timestamp,
    document::{ReadMode, check},
    folder::FolderTreeDocument,
    question::ask,
};

/// Answers every entry of a file anew and compares.
fn vectors(name: &str, answer: impl FnOnce(&mut Value)) {
    let path = format!("../vectors/core/{name}.json");
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(&path);
    let text = std::fs::read_to_string(file).unwrap();
    let mut vectors: Value = serde_json::from_str(&text).unwrap();
    answer(&mut vectors);
    let text = serde_json::to_string_pretty(&vectors).unwrap();
    crate::golden::check(&path, &format!("{text}\n"));
}

fn entries(vectors: &mut Value) -> impl Iterator<Item = &mut Value> {
    vectors.as_array_mut().unwrap().iter_mut()
}

#[test]
fn folder_paths() {
    vectors("folder_path", |vectors| {
        for entry in entries(vectors) {
            let text = entry["text"].as_str().unwrap().to_owned();
            *entry = match text.parse::<FolderPath>() {
                Ok(path) => {
                    let names: Vec<_> = path.names().map(|name| name.to_string()).collect();
                    json!({"text": text, "canonical": path, "names": names})
                }
                Err(error) => json!({
                    "text": text, "offset": error.offset(), "code": error.code(),
                    "message": error.to_string(),
                }),
            };
        }
    });
}

#[test]
fn values() {
    vectors("values", |vectors| {
        for entry in entries(vectors) {
            let question =
                json!({"op": "read_value", "type": entry["type"], "text": entry["text"]});
            let answer = match ask(&question.to_string()) {
                Ok(answer) => answer,
                Err(findings) => json!({"message": findings[0].message}),
            };
            *entry = json!({"type": entry["type"], "text": entry["text"], "answer": answer});
        }
    });
}

#[test]
fn questions() {
    vectors("questions", |vectors| {
        for entry in entries(vectors) {
            let (answer, findings) = match ask(&entry["question"].to_string()) {
                Ok(answer) => (answer, Vec::new()),
                Err(findings) => (Value::Null, findings),
            };
            let question = &entry["question"];
            *entry = json!({"question": question, "answer": answer, "findings": findings});
        }
    });
}

#[test]
fn documents() {
    vectors("documents", |vectors| {
        for entry in entries(vectors) {
            let kind = entry["kind"].as_str().unwrap().parse().unwrap();
            let lenient = entry["lenient"].as_bool().unwrap();
            let mode = if lenient { ReadMode::Lenient } else { ReadMode::Strict };
            let text = entry["text"].as_str().unwrap();
            entry["report"] = serde_json::to_value(check(kind, text, mode)).unwrap();
        }
    });
}

#[test]
fn folder_tree() {
    vectors("folder_tree", |vectors| {
        let project: ProjectId = serde_json::from_value(vectors["project_id"].clone()).unwrap();
        let root: FolderId = serde_json::from_value(vectors["root"].clone()).unwrap();
        let at: Timestamp = serde_json::from_value(vectors["at"].clone()).unwrap();
        let mut tree = FolderTree::new(project, root, at);
        for step in entries(&mut vectors["steps"]) {
            let command = serde_json::from_value(step["command"].clone()).unwrap();
            let (answer, fault): (Option<Value>, Option<Finding>) = match tree.run(command) {
                Ok(answer) => (Some(serde_json::to_value(answer).unwrap()), None),
                Err(error) => (None, Some(error.finding())),
            };
            *step = json!({"command": step["command"], "answer": answer, "fault": fault});
        }
        vectors["document"] = serde_json::to_value(FolderTreeDocument::from(&tree)).unwrap();
    });
}
