//! Who may do what: the whole matrix as a golden file, and the rules behind it.

use std::fmt::Write as _;

use super::*;

fn user(name: &str, groups: &[&str]) -> Principal {
    Principal {
        subject: Subject::User(name.parse().unwrap()),
        groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
    }
}

fn binding(subject: Subject, role: &str, propagate: bool) -> Binding {
    Binding { subject, role: role.to_owned(), propagate }
}

/// `/prod/web/blue` and `/dev`, with one actor for each way to be bound.
fn world() -> (FolderTree, Roles, Vec<(&'static str, Option<Principal>)>) {
    let mut tree = tree_of(&["/prod/web/blue", "/dev"]);
    let mut roles = Roles::default();
    let starter = [Permission::VmStart, Permission::VmRead].into_iter().collect();
    roles.set("starter", starter).unwrap();
    let person = |name: &str| Subject::User(name.parse().unwrap());
    let group = |name: &str| Subject::Group(name.parse().unwrap());
    for (folder, binding) in [
        ("/", binding(person("root-admin"), "admin", true)),
        ("/", binding(person("root-only"), "viewer", false)),
        ("/prod", binding(group("prod-ops"), "operator", true)),
        ("/prod/web", binding(person("web-viewer"), "viewer", true)),
        ("/prod/web", binding(person("web-only"), "admin", false)),
        ("/prod/web", binding(person("blind-starter"), "starter", true)),
        ("/dev", binding(Subject::ServiceAccount("ci".parse().unwrap()), "admin", true)),
        ("/dev", binding(person("ghost"), "no-such-role", true)),
    ] {
        tree.bind(find(&tree, folder), binding, at(2)).unwrap();
    }
    let ci =
        Principal { subject: Subject::ServiceAccount("ci".parse().unwrap()), groups: Vec::new() };
    let actors = vec![
        ("nobody", None),
        ("stranger", Some(user("stranger", &[]))),
        ("root-admin", Some(user("root-admin", &[]))),
        ("root-only", Some(user("root-only", &[]))),
        ("ops", Some(user("olga", &["prod-ops"]))),
        ("web-viewer", Some(user("web-viewer", &[]))),
        ("web-only", Some(user("web-only", &[]))),
        ("blind-starter", Some(user("blind-starter", &[]))),
        ("service ci", Some(ci)),
        ("user ci", Some(user("ci", &[]))),
        ("user prod-ops", Some(user("prod-ops", &[]))),
        ("ghost", Some(user("ghost", &[]))),
    ];
    (tree, roles, actors)
}

#[test]
fn the_whole_matrix_is_as_reviewed() {
    let (tree, roles, actors) = world();
    let mut matrix = String::new();
    for (actor, principal) in &actors {
        for folder in ["/", "/prod", "/prod/web", "/prod/web/blue", "/dev"] {
            let decide = |&permission: &Permission| {
                tree.authorize(&roles, principal.as_ref(), permission, find(&tree, folder))
            };
            let (mut yes, mut others) = (Vec::new(), std::collections::BTreeSet::new());
            for permission in Permission::ALL {
                match decide(permission) {
                    Decision::Allowed { .. } => yes.push(permission.as_str()),
                    refused => _ = others.insert(refused.http_status()),
                }
            }
            writeln!(matrix, "{actor} at {folder}: {} {others:?}", yes.join(" ")).unwrap();
        }
    }
    crate::golden::check("tests/golden/access.txt", &matrix);
    for (actor, principal) in &actors {
        let expected = if actor == &"nobody" { 401 } else { 404 };
        let decision = tree.authorize(&roles, principal.as_ref(), Permission::VmRead, id(9));
        assert_eq!(decision.http_status(), expected, "{actor} at a folder that does not exist");
    }
}

#[test]
fn a_decision_names_the_nearest_grant() {
    let (mut tree, roles, _) = world();
    let blue = find(&tree, "/prod/web/blue");
    let admin = user("root-admin", &["prod-ops"]);
    let Decision::Allowed { grant } =
        tree.authorize(&roles, Some(&admin), Permission::VmStart, blue)
    else {
        panic!("expected a grant");
    };
    assert_eq!((grant.path.as_str(), grant.binding.role.as_str()), ("/prod", "operator"));
    // Moving the folder moves it out of reach.
    tree.move_to(blue, find(&tree, "/dev"), at(3)).unwrap();
    let ops = user("olga", &["prod-ops"]);
    let decision = tree.authorize(&roles, Some(&ops), Permission::VmStart, blue);
    assert_eq!(decision, Decision::NotFound);
}

#[test]
fn what_is_allowed_is_exactly_what_the_roles_say() {
    // Taking any one permission out of any role changes the answer for it, and only for it.
    let (tree, _, _) = world();
    let web = find(&tree, "/prod/web");
    for &permission in Permission::ALL {
        let mut tree = tree.clone();
        let mut roles = Roles::default();
        roles.set("almost", PermissionSet::ALL.without(permission)).unwrap();
        let subject = Subject::User("x".parse().unwrap());
        tree.bind(web, binding(subject, "almost", true), at(3)).unwrap();
        for &asked in Permission::ALL {
            let decision = tree.authorize(&roles, Some(&user("x", &[])), asked, web);
            assert_eq!(decision.is_allowed(), asked != permission, "{asked} without {permission}");
        }
    }
}

#[test]
fn bindings_and_roles_are_checked() {
    let (mut tree, mut roles, _) = world();
    let root = tree.root();
    let subject = Subject::User("x".parse().unwrap());
    let bad = binding(subject.clone(), "Not A Role", true);
    assert_eq!(tree.bind(root, bad, at(3)).unwrap_err().code(), "bad-role");
    let before = tree.bindings(root).len();
    for number in before..BINDINGS_MAX {
        let subject = Subject::User(format!("u{number}").parse().unwrap());
        tree.bind(root, binding(subject, "viewer", true), at(3)).unwrap();
    }
    let one_more = binding(subject, "viewer", true);
    assert_eq!(tree.bind(root, one_more.clone(), at(3)).unwrap_err().code(), "too-many");
    assert!(!tree.unbind(root, &one_more, at(3)).unwrap());
    let first = tree.bindings(root)[0].clone();
    assert!(tree.unbind(root, &first, at(3)).unwrap());
    assert!(roles.set("admin", PermissionSet::NONE).is_err());
    assert!(roles.set("Bad Name", PermissionSet::NONE).is_err());
    for number in 1..ROLES_MAX {
        roles.set(&format!("r{number}"), PermissionSet::NONE).unwrap();
    }
    assert!(roles.set("one-more", PermissionSet::NONE).is_err());
}

#[test]
fn permissions_are_words_and_wildcards() {
    let read = |json: &str| serde_json::from_str::<PermissionSet>(json);
    assert_eq!(read(r#"["*"]"#).unwrap(), PermissionSet::ALL);
    let system = read(r#"["system:*"]"#).unwrap();
    assert_eq!(serde_json::to_string(&system).unwrap(), r#"["system:config","system:audit"]"#);
    for bad in [r#"["vm:fly"]"#, r#"["nothing:*"]"#, r#"["vm"]"#, r#"[""]"#] {
        assert!(read(bad).is_err(), "{bad}");
    }
    let roles = Roles::default();
    let json = serde_json::to_string(&roles).unwrap();
    assert_eq!(serde_json::from_str::<Roles>(&json).unwrap(), roles);
    assert!(serde_json::from_str::<Roles>(r#"{"admin": []}"#).is_err());
}
