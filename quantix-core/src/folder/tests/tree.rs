//! What the tree promises in words, one case each.

use super::*;
use crate::model::{Labels, PlacementPolicy};

#[test]
fn every_refusal_has_its_code_and_changes_nothing() {
    let mut tree = tree_of(&["/a/b/c", "/a/d"]);
    tree.create(
        &NewFolder {
            id: id(50),
            parent_id: tree.root(),
            name: name("nets"),
            kind: Some(FolderKind::Network),
        },
        at(2),
    )
    .unwrap();
    tree.add_member(vm(1), find(&tree, "/a/b"), at(2)).unwrap();
    let before = FolderTreeDocument::from(&tree);
    let (root, a, b) = (tree.root(), find(&tree, "/a"), find(&tree, "/a/b"));
    let new = |id, parent_id, text: &str, kind| NewFolder { id, parent_id, name: name(text), kind };
    let mode = DeleteMode::MoveMembers { to: find(&tree, "/a/b/c") };
    let now = at(9);
    for (result, code) in [
        (tree.create(&new(id(9), id(999), "x", None), now), "folder-not-found"),
        (tree.create(&new(a, root, "x", None), now), "id-taken"),
        (tree.create(&new(id(9), a, "B", None), now), "name-taken"),
        (tree.create(&new(id(9), a, "x", Some(FolderKind::Host)), now), "wrong-kind"),
        (tree.rename(root, &name("x"), now), "root-folder"),
        (tree.rename(b, &name("D"), now), "name-taken"),
        (tree.move_to(a, b, now), "folder-cycle"),
        (tree.move_to(a, a, now), "folder-cycle"),
        (tree.move_to(root, a, now), "root-folder"),
        (tree.move_to(id(50), a, now), "wrong-kind"),
        (tree.delete(b, DeleteMode::Refuse, now).map(drop), "folder-not-empty"),
        (tree.delete(root, DeleteMode::Orphan, now).map(drop), "root-folder"),
        (tree.delete(b, mode, now).map(drop), "target-deleted"),
        (tree.add_member(vm(1), a, now), "member-taken"),
        (tree.add_member(vm(2), id(50), now), "wrong-kind"),
        (tree.move_member(vm(2), a, now), "member-not-found"),
        (tree.remove_member(vm(2), now).map(drop), "member-not-found"),
        (tree.set_description(a, "\0".into(), now), "control-character"),
        (tree.ensure(&path("/n/m"), &mut [id(9), id(9)].into_iter(), now).map(drop), "id-taken"),
        (tree.ensure(&path("/n/m"), &mut [id(9)].into_iter(), now).map(drop), "too-few-ids"),
    ] {
        assert_eq!(result.unwrap_err().code(), code);
    }
    assert_eq!(FolderTreeDocument::from(&tree), before);
}

#[test]
fn messages_name_what_stands_in_the_way() {
    let mut tree = tree_of(&["/a/b"]);
    let (a, b) = (find(&tree, "/a"), find(&tree, "/a/b"));
    let error = tree.delete(a, DeleteMode::Refuse, at(2)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "folder {a} holds 1 folders and 0 machines or templates: empty it, or choose a mode \
             that says what becomes of them"
        )
    );
    let new = NewFolder { id: id(9), parent_id: a, name: name("B"), kind: None };
    let error = tree.create(&new, at(2)).unwrap_err();
    assert_eq!(error.existing(), Some(b));
}

#[test]
fn limits_are_reached_and_not_crossed() {
    let deep = "/d".repeat(FOLDER_DEPTH_MAX);
    let mut tree = tree_of(&[&deep, "/x"]);
    let bottom = find(&tree, &deep);
    let new = NewFolder { id: id(9), parent_id: bottom, name: name("x"), kind: None };
    assert_eq!(tree.create(&new, at(2)).unwrap_err().code(), "too-deep");
    let x = find(&tree, "/x");
    assert_eq!(tree.move_to(find(&tree, "/d"), x, at(2)).unwrap_err().code(), "too-deep");

    let mut small = FolderTree::default_project(at(0)).with_folders_max(3);
    let mut ids = (100..).map(id);
    assert!(small.ensure(&path("/a/b/c"), &mut ids, at(1)).is_err());
    assert!(small.is_empty());
    small.ensure(&path("/a/b"), &mut ids, at(1)).unwrap();
    assert_eq!(small.ensure(&path("/c"), &mut ids, at(1)).unwrap_err().code(), "too-many-folders");
    let items = vec![Movable::Vm(VmId::from_u128(1)); BULK_ITEMS_MAX + 1];
    let error = tree.move_many(&items, x, BulkMode::EachAlone, at(2)).unwrap_err();
    assert_eq!(error.code(), "too-many");
}

#[test]
fn renaming_and_moving_carry_everything_below() {
    let mut tree = tree_of(&["/a/b/c", "/a/b/d/e", "/z"]);
    tree.add_member(vm(1), find(&tree, "/a/b/d/e"), at(2)).unwrap();
    tree.rename(find(&tree, "/a"), &name("A/1"), at(3)).unwrap();
    tree.move_to(find(&tree, "/a%2f1/b"), find(&tree, "/z"), at(4)).unwrap();
    assert_eq!(paths(&tree), ["/", "/A%2f1", "/z", "/z/b", "/z/b/c", "/z/b/d", "/z/b/d/e"]);
    assert_eq!(tree.folder_of(vm(1)), Some(find(&tree, "/z/b/d/e")));
    // Only the folder that was changed is marked as changed.
    assert_eq!(tree.get(find(&tree, "/z/b")).unwrap().updated_at(), at(4));
    assert_eq!(tree.get(find(&tree, "/z/b/d")).unwrap().updated_at(), at(1));
    // A change of case only is a rename too.
    tree.rename(find(&tree, "/z"), &name("Z"), at(5)).unwrap();
    assert_eq!(tree.path(find(&tree, "/z/b")).unwrap().as_str(), "/Z/b");
}

#[test]
fn deleting_says_what_becomes_of_the_contents() {
    let make = || {
        let mut tree = tree_of(&["/p/x/x", "/p/x/y/z", "/q"]);
        tree.add_member(vm(1), find(&tree, "/p/x"), at(2)).unwrap();
        tree.add_member(template(2), find(&tree, "/p/x/y/z"), at(2)).unwrap();
        tree
    };
    let mut tree = make();
    let report = tree.delete(find(&tree, "/p/x"), DeleteMode::Reparent, at(3)).unwrap();
    assert_eq!(paths(&tree), ["/", "/p", "/p/x", "/p/y", "/p/y/z", "/q"]);
    assert_eq!(report.moved_members, [vm(1)]);
    assert_eq!(report.members_to, Some(find(&tree, "/p")));
    assert_eq!(tree.get(find(&tree, "/p")).unwrap().info().vm_count, 1);

    let mut tree = make();
    let q = find(&tree, "/q");
    let report =
        tree.delete(find(&tree, "/p/x"), DeleteMode::MoveMembers { to: q }, at(3)).unwrap();
    assert_eq!(paths(&tree), ["/", "/p", "/q"]);
    assert_eq!((report.deleted_folders.len(), report.moved_members.len()), (4, 2));
    assert_eq!(tree.members(q).count(), 2);

    let mut tree = make();
    let report = tree.delete(find(&tree, "/p"), DeleteMode::Orphan, at(3)).unwrap();
    assert_eq!(paths(&tree), ["/", "/q"]);
    assert_eq!(report.orphaned_members, [vm(1), template(2)]);
    assert_eq!((tree.folder_of(vm(1)), tree.members_len()), (None, 0));
    // Deleted ids and names can be used again.
    tree.ensure(&path("/p/x"), &mut report.deleted_folders.iter().copied(), at(4)).unwrap();
}

#[test]
fn an_atomic_bulk_move_tells_every_obstacle_and_undoes_itself() {
    let mut tree = tree_of(&["/a/b", "/c", "/to/c"]);
    tree.add_member(vm(1), find(&tree, "/a"), at(2)).unwrap();
    let before = FolderTreeDocument::from(&tree);
    let to = find(&tree, "/to");
    let items = [
        Movable::Folder(find(&tree, "/a/b")),
        Movable::Vm(VmId::from_u128(1)),
        Movable::Folder(find(&tree, "/c")),
        Movable::Vm(VmId::from_u128(7)),
        Movable::Folder(find(&tree, "/a")),
    ];
    let report = tree.move_many(&items, to, BulkMode::AllOrNone, at(3)).unwrap();
    let codes: Vec<_> = report.errors().map(|(_, error)| error.code()).collect();
    assert_eq!((report.applied, codes), (false, vec!["name-taken", "member-not-found"]));
    assert_eq!(FolderTreeDocument::from(&tree), before);
    let report = tree.move_many(&items, to, BulkMode::EachAlone, at(3)).unwrap();
    assert_eq!((report.applied, report.errors().count()), (true, 2));
    assert_eq!(paths(&tree), ["/", "/c", "/to", "/to/a", "/to/b", "/to/c"]);
    assert_eq!(tree.folder_of(Member::Vm(VmId::from_u128(1))), Some(to));
}

#[test]
fn pages_neither_skip_nor_repeat_while_the_tree_changes() {
    let texts: Vec<String> = (0..25).map(|n| format!("/a/f{n:02}/g")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for scope_of in [ListScope::Children, ListScope::Below] {
        let mut tree = tree_of(&texts);
        let scope = scope_of(find(&tree, "/a"));
        let whole = tree.page(scope, None, PAGE_MAX).unwrap();
        assert_eq!(whole.next, None);
        let mut seen = Vec::new();
        let mut after = None;
        let mut step = 0;
        loop {
            let page = tree.page(scope, after.as_ref(), 4).unwrap();
            assert!(page.folders.len() <= 4);
            seen.extend(page.folders.iter().map(|info| info.id));
            // The last folder of the page goes away, and one appears where the reader has been.
            if step == 1 {
                let last = page.folders[page.folders.len() - 1].id;
                tree.delete(last, DeleteMode::Orphan, at(5)).unwrap();
                tree.ensure(&path("/a/aaa"), &mut [id(7)].into_iter(), at(5)).unwrap();
            }
            step += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut expected: Vec<_> = whole.folders.iter().map(|info| info.id).collect();
        if scope_of(id(0)) == ListScope::Below(id(0)) {
            // Its child went with it, before it was listed.
            expected.retain(|id| seen.contains(id) || tree.get(*id).is_some());
        }
        assert_eq!(seen, expected);
    }
    assert_eq!(tree_of(&[]).page(ListScope::Below(id(9)), None, 1), None);
}

#[test]
fn policies_are_inherited_and_tell_from_where() {
    let mut tree = tree_of(&["/prod/web"]);
    let (prod, web) = (find(&tree, "/prod"), find(&tree, "/prod/web"));
    let spec = crate::SpecId::from_u128(7);
    let labels = |pairs: &[(&str, &str)]| -> Labels {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    };
    let quota = |vms| Quota { vms: Some(vms), ..Quota::default() };
    let placement = PlacementPolicy {
        required_nodes: vec!["n1".parse().unwrap(), "n2".parse().unwrap()],
        ..PlacementPolicy::default()
    };
    let policy = FolderPolicy {
        customization_spec_id: Some(spec),
        labels: labels(&[("env", "prod"), ("tier", "x")]),
        quota: quota(100),
        placement,
    };
    tree.set_policy(prod, policy, at(2)).unwrap();
    let policy = FolderPolicy {
        labels: labels(&[("tier", "web")]),
        quota: quota(10),
        ..FolderPolicy::default()
    };
    tree.set_policy(web, policy, at(2)).unwrap();

    let effective = tree.effective_policy(web).unwrap();
    let from = effective.customization_spec_id.unwrap();
    assert_eq!((from.value, from.path.as_str()), (spec, "/prod"));
    assert_eq!(
        (effective.labels["env"].value.as_str(), effective.labels["env"].folder_id),
        ("prod", prod)
    );
    assert_eq!(
        (effective.labels["tier"].value.as_str(), effective.labels["tier"].folder_id),
        ("web", web)
    );
    let quotas: Vec<_> = effective.quotas.iter().map(|q| (q.value.vms, q.folder_id)).collect();
    assert_eq!(quotas, [(Some(10), web), (Some(100), prod)]);
    assert_eq!(effective.placement.required_nodes[0].folder_id, prod);
    // The answer follows the folder when it moves.
    tree.move_to(web, tree.root(), at(3)).unwrap();
    assert_eq!(tree.effective_policy(web).unwrap().customization_spec_id, None);
    let bad = FolderPolicy { labels: labels(&[("a b", "")]), ..FolderPolicy::default() };
    let error = tree.set_policy(web, bad, at(3)).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().starts_with("labels[\"a b\"]: ")),
        ("bad-label", true)
    );
}

#[test]
fn standard_folders_can_be_made() {
    let mut tree = FolderTree::default_project(at(0));
    tree.create_standard_folders(at(1)).unwrap();
    assert_eq!(paths(&tree), ["/", "/Discovered VMs", "/Templates", "/Virtual Machines"]);
    assert_eq!(find(&tree, "/templates"), FolderId::TEMPLATES);
    // Doing it again changes nothing.
    let before = FolderTreeDocument::from(&tree);
    tree.create_standard_folders(at(2)).unwrap();
    assert_eq!(FolderTreeDocument::from(&tree), before);
}

#[test]
fn names_are_compacted_and_slots_reused() {
    let mut tree = tree_of(&["/a/b"]);
    let b = find(&tree, "/a/b");
    for round in 0..2000 {
        tree.rename(b, &name(&format!("{round} {}", "x".repeat(60))), at(2)).unwrap();
        let made = tree.ensure(&path("/t/u"), &mut [id(1), id(3)].into_iter(), at(2)).unwrap();
        tree.delete(made.created[0], DeleteMode::Orphan, at(2)).unwrap();
    }
    assert_eq!(tree.len(), 3);
    assert!(tree.folder_memory() < 64 * 1024, "{}", tree.folder_memory());
    assert!(tree.path(b).unwrap().as_str().starts_with("/a/1999 xxx"));
}
