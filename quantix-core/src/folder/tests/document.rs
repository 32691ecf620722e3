//! Trees as documents: what is refused, at which path.

use serde_json::{Value, json};

use super::*;

fn folder(number: u128, name: Option<&str>, parent: Option<u128>) -> Value {
    let id = |number: u128| super::id(number).to_string();
    json!({
        "id": id(number), "name": name, "parent_id": parent.map(id),
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    })
}

fn faults(folders: Vec<Value>) -> Vec<(String, String)> {
    let document: FolderTreeDocument = serde_json::from_value(json!({"folders": folders})).unwrap();
    let findings = document.to_tree().err().unwrap_or_default();
    findings.into_iter().map(|f| (f.path.unwrap_or_default(), f.code.into_owned())).collect()
}

#[test]
fn every_fault_is_told_with_its_place() {
    let root = || folder(2, None, None);
    let with = |mut folder: Value, key: &str, value: Value| {
        folder[key] = value;
        folder
    };
    let uuid = super::id(77).to_string();
    let vm = json!([{"kind": "vm", "id": uuid}]);
    for (folders, expected) in [
        (vec![], vec![("folders", "no-root")]),
        (vec![root(), folder(3, Some("a"), Some(2))], vec![]),
        // Parents may come after their children.
        (vec![folder(3, Some("a"), Some(2)), root()], vec![]),
        (vec![root(), root()], vec![("folders[1].id", "duplicate")]),
        (vec![root(), folder(3, None, None)], vec![("folders[1].parent_id", "second-root")]),
        (vec![root(), folder(3, None, Some(2))], vec![("folders[1].name", "missing-field")]),
        (
            vec![root(), folder(3, Some("a"), Some(9)), folder(4, Some("b"), Some(3))],
            vec![
                ("folders[1].parent_id", "folder-not-found"),
                ("folders[2].parent_id", "unreachable-folder"),
            ],
        ),
        (
            vec![root(), folder(3, Some("a"), Some(4)), folder(4, Some("b"), Some(3))],
            vec![
                ("folders[1].parent_id", "unreachable-folder"),
                ("folders[2].parent_id", "unreachable-folder"),
            ],
        ),
        (
            vec![root(), folder(3, Some("a"), Some(2)), folder(4, Some("A"), Some(2))],
            vec![("folders[2].name", "name-taken")],
        ),
        (
            vec![
                with(root(), "members", vm.clone()),
                with(folder(3, Some("a"), Some(2)), "members", vm),
                with(folder(4, Some("b"), Some(2)), "kind", json!("host")),
                with(folder(5, Some("c"), Some(3)), "kind", json!("host")),
                with(folder(6, Some("d"), Some(2)), "labels", json!({"": ""})),
            ],
            vec![
                ("folders[3].kind", "wrong-kind"),
                ("folders[1].members[0]", "member-taken"),
                ("folders[4].labels[\"\"]", "bad-label"),
            ],
        ),
        (vec![with(root(), "kind", json!("host"))], vec![("folders[0].kind", "root-folder")]),
    ] {
        let found = faults(folders);
        let found: Vec<_> = found.iter().map(|(path, code)| (&**path, &**code)).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn versions_that_are_not_known_are_refused() {
    let json = json!({"schema_version": 2, "folders": [folder(2, None, None)]});
    let document: FolderTreeDocument = serde_json::from_value(json).unwrap();
    assert_eq!(document.to_tree().unwrap_err()[0].code, "unsupported-version");
}

#[test]
fn a_document_comes_back_the_same() {
    let mut tree = tree_of(&["/a/b", "/c%2fd"]);
    tree.add_member(vm(1), find(&tree, "/a/b"), at(5)).unwrap();
    tree.set_description(find(&tree, "/a"), "both lines\nare kept".into(), at(6)).unwrap();
    let subject = Subject::Group("ops".parse().unwrap());
    let binding = Binding { subject, role: "viewer".into(), propagate: false };
    tree.bind(find(&tree, "/a"), binding, at(7)).unwrap();
    let document = FolderTreeDocument::from(&tree);
    let json = serde_json::to_string_pretty(&document).unwrap();
    crate::golden::check("tests/golden/folder_tree.json", &format!("{json}\n"));
    let again: FolderTreeDocument = serde_json::from_str(&json).unwrap();
    assert_eq!(FolderTreeDocument::from(&again.to_tree().unwrap()), document);
}
