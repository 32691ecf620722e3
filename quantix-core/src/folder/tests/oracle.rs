//! The tree against an obvious model of it, over random sequences of changes.
//!
//! The model keeps names and parents in a map and works out everything else by walking: paths,
//! cycles, depth, siblings, counts.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug, PartialEq)]
struct ModelFolder {
    name: String,
    parent: Option<FolderId>,
    kind: FolderKind,
    members: BTreeSet<Member>,
    /// The label `tier` of its policy.
    tier: Option<&'static str>,
    bindings: BTreeSet<Binding>,
}

impl ModelFolder {
    fn new(name: String, parent: Option<FolderId>, kind: FolderKind) -> Self {
        let (members, bindings) = (BTreeSet::new(), BTreeSet::new());
        Self { name, parent, kind, members, tier: None, bindings }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Model(BTreeMap<FolderId, ModelFolder>);

/// The case rule, the slow way, for the names that the test uses.
fn folded(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

impl Model {
    fn new() -> Self {
        let root = ModelFolder::new(String::new(), None, FolderKind::Vm);
        Self(BTreeMap::from([(FolderId::DEFAULT_ROOT, root)]))
    }

    fn lineage(&self, folder: FolderId) -> Vec<FolderId> {
        let mut all = vec![folder];
        while let Some(parent) = self.0[&all[all.len() - 1]].parent {
            all.push(parent);
        }
        all
    }

    fn path(&self, folder: FolderId) -> FolderPath {
        let names =
            self.lineage(folder).into_iter().rev().skip(1).map(|id| self.0[&id].name.clone());
        names.fold(FolderPath::root(), |path, name| path.join(&super::name(&name)).unwrap())
    }

    fn children(&self, folder: FolderId) -> Vec<FolderId> {
        let mut all: Vec<_> =
            self.0.iter().filter(|(_, f)| f.parent == Some(folder)).map(|(id, _)| *id).collect();
        all.sort_by_key(|id| folded(&name(&self.0[id].name).to_segment()));
        all
    }

    fn subtree(&self, folder: FolderId) -> Vec<FolderId> {
        let mut all = vec![folder];
        all.extend(self.children(folder).into_iter().flat_map(|child| self.subtree(child)));
        all
    }

    fn height(&self, folder: FolderId) -> usize {
        self.children(folder).into_iter().map(|child| self.height(child) + 1).max().unwrap_or(0)
    }

    fn taken(&self, parent: FolderId, name: &str, itself: Option<FolderId>) -> bool {
        self.children(parent)
            .into_iter()
            .any(|id| Some(id) != itself && folded(&self.0[&id].name) == folded(name))
    }

    fn kind_fits(&self, parent: FolderId, kind: FolderKind) -> bool {
        parent == FolderId::DEFAULT_ROOT || self.0[&parent].kind == kind
    }

    fn folder_of(&self, member: Member) -> Option<FolderId> {
        self.0.iter().find(|(_, f)| f.members.contains(&member)).map(|(id, _)| *id)
    }

    /// Applies a change if it is legal.
    fn apply(&mut self, op: &Op) -> bool {
        match op.clone() {
            Op::Create { id, parent, name, kind } => self.create(id, parent, name, kind),
            Op::Rename(id, name) => {
                let Some(parent) = self.0.get(&id).and_then(|f| f.parent) else { return false };
                let legal = !self.taken(parent, &name, Some(id));
                if legal {
                    self.0.get_mut(&id).unwrap().name = name;
                }
                legal
            }
            Op::Move(id, to) => self.relocate(id, to),
            Op::Delete(id, mode) => self.delete(id, mode),
            Op::Add(member, to) => {
                let legal = self.holds_members(to) && self.folder_of(member).is_none();
                legal && self.0.get_mut(&to).unwrap().members.insert(member)
            }
            Op::MoveMember(member, to) => {
                let Some(from) = self.folder_of(member).filter(|_| self.holds_members(to)) else {
                    return false;
                };
                self.0.get_mut(&from).unwrap().members.remove(&member);
                self.0.get_mut(&to).unwrap().members.insert(member)
            }
            Op::SetPolicy(id, tier) => {
                let Some(folder) = self.0.get_mut(&id) else { return false };
                folder.tier = tier;
                true
            }
            Op::Bind(id, binding) => {
                let Some(folder) = self.0.get_mut(&id) else { return false };
                folder.bindings.insert(binding);
                true
            }
            Op::Unbind(id, binding) => {
                let Some(folder) = self.0.get_mut(&id) else { return false };
                folder.bindings.remove(&binding);
                true
            }
            Op::Bulk(items, to, mode) => {
                if !self.0.contains_key(&to) {
                    return false;
                }
                let mut after = self.clone();
                let moved = items.iter().map(|&item| {
                    after.apply(&match item {
                        Movable::Folder(id) => Op::Move(id, to),
                        Movable::Vm(id) => Op::MoveMember(Member::Vm(id), to),
                        Movable::Template(id) => Op::MoveMember(Member::Template(id), to),
                    })
                });
                let all = moved.filter(|legal| !legal).count() == 0;
                if all || mode == BulkMode::EachAlone {
                    *self = after;
                }
                true
            }
        }
    }

    /// The label that holds in a folder, and the folder that sets it.
    fn tier(&self, folder: FolderId) -> Option<(&'static str, FolderId)> {
        self.lineage(folder).into_iter().find_map(|id| Some((self.0[&id].tier?, id)))
    }

    /// The bindings of somebody that hold in a folder, the nearest first.
    fn grants(&self, who: &Subject, folder: FolderId) -> Vec<(FolderId, Binding)> {
        let mut all = Vec::new();
        for id in self.lineage(folder) {
            let own = self.0[&id].bindings.iter();
            let holds = own.filter(|b| b.subject == *who && (b.propagate || id == folder));
            all.extend(holds.map(|binding| (id, binding.clone())));
        }
        all
    }

    fn holds_members(&self, folder: FolderId) -> bool {
        self.0.get(&folder).is_some_and(|f| f.kind == FolderKind::Vm)
    }

    fn create(
        &mut self,
        id: FolderId,
        parent: FolderId,
        name: String,
        kind: Option<FolderKind>,
    ) -> bool {
        if !self.0.contains_key(&parent) || self.0.contains_key(&id) {
            return false;
        }
        let kind = kind.unwrap_or(self.0[&parent].kind);
        let legal = !self.taken(parent, &name, None)
            && self.kind_fits(parent, kind)
            && self.lineage(parent).len() <= FOLDER_DEPTH_MAX;
        if legal {
            self.0.insert(id, ModelFolder::new(name, Some(parent), kind));
        }
        legal
    }

    fn relocate(&mut self, id: FolderId, to: FolderId) -> bool {
        let Some(from) = self.0.get(&id).and_then(|f| f.parent) else { return false };
        if !self.0.contains_key(&to) {
            return false;
        }
        if from == to {
            return true;
        }
        let legal = !self.lineage(to).contains(&id)
            && !self.taken(to, &self.0[&id].name, None)
            && self.kind_fits(to, self.0[&id].kind)
            && self.lineage(to).len() + self.height(id) <= FOLDER_DEPTH_MAX;
        if legal {
            self.0.get_mut(&id).unwrap().parent = Some(to);
        }
        legal
    }

    fn delete(&mut self, id: FolderId, mode: DeleteMode) -> bool {
        let Some(parent) = self.0.get(&id).and_then(|f| f.parent) else { return false };
        let subtree = self.subtree(id);
        let members: BTreeSet<_> =
            subtree.iter().flat_map(|id| self.0[id].members.iter().copied()).collect();
        match mode {
            DeleteMode::Refuse if subtree.len() > 1 || !members.is_empty() => return false,
            DeleteMode::Refuse | DeleteMode::Orphan => {}
            DeleteMode::Reparent => {
                let children = self.children(id);
                if children.iter().any(|c| self.taken(parent, &self.0[c].name, Some(id))) {
                    return false;
                }
                let own = std::mem::take(&mut self.0.get_mut(&id).unwrap().members);
                self.0.get_mut(&parent).unwrap().members.extend(own);
                for child in children {
                    self.0.get_mut(&child).unwrap().parent = Some(parent);
                }
                self.0.remove(&id);
                return true;
            }
            DeleteMode::MoveMembers { to } => {
                if !self.holds_members(to) || subtree.contains(&to) {
                    return false;
                }
                self.0.get_mut(&to).unwrap().members.extend(members);
            }
        }
        self.0.retain(|id, _| !subtree.contains(id));
        true
    }
}

#[derive(Clone, Debug)]
enum Op {
    Create { id: FolderId, parent: FolderId, name: String, kind: Option<FolderKind> },
    Rename(FolderId, String),
    Move(FolderId, FolderId),
    Delete(FolderId, DeleteMode),
    Add(Member, FolderId),
    MoveMember(Member, FolderId),
    Bulk(Vec<Movable>, FolderId, BulkMode),
    SetPolicy(FolderId, Option<&'static str>),
    Bind(FolderId, Binding),
    Unbind(FolderId, Binding),
}

fn someone(number: u8) -> Subject {
    Subject::User(format!("u{number}").parse().unwrap())
}

/// Applies a change to the tree; tells whether it was legal.
fn apply(tree: &mut FolderTree, op: &Op, now: Timestamp) -> bool {
    match op.clone() {
        Op::Create { id, parent, name, kind } => {
            let name = super::name(&name);
            tree.create(&NewFolder { id, parent_id: parent, name, kind }, now).is_ok()
        }
        Op::Rename(id, name) => tree.rename(id, &super::name(&name), now).is_ok(),
        Op::Move(id, to) => tree.move_to(id, to, now).is_ok(),
        Op::Delete(id, mode) => {
            let preview = tree.preview_delete(id, mode);
            let done = tree.delete(id, mode, now);
            assert_eq!(preview, done);
            done.is_ok()
        }
        Op::Add(member, to) => tree.add_member(member, to, now).is_ok(),
        Op::MoveMember(member, to) => tree.move_member(member, to, now).is_ok(),
        Op::Bulk(items, to, mode) => tree.move_many(&items, to, mode, now).is_ok(),
        Op::SetPolicy(id, tier) => {
            let labels =
                tier.map(|tier| ("tier".to_owned(), tier.to_owned())).into_iter().collect();
            tree.set_policy(id, FolderPolicy { labels, ..FolderPolicy::default() }, now).is_ok()
        }
        Op::Bind(id, binding) => tree.bind(id, binding, now).is_ok(),
        Op::Unbind(id, binding) => tree.unbind(id, &binding, now).is_ok(),
    }
}

fn compare(tree: &FolderTree, model: &Model) {
    assert_eq!(tree.len(), model.0.len());
    let walk: Vec<_> = tree.subtree(tree.root()).map(Folder::id).collect();
    assert_eq!(walk, model.subtree(FolderId::DEFAULT_ROOT));
    let paths: Vec<_> =
        model.0.keys().map(|&id| model.path(id)).chain([super::path("/no")]).collect();
    let found: Vec<_> = model.0.keys().map(|&id| Some(id)).chain([None]).collect();
    assert_eq!(tree.find_many(&paths), found);
    for (&id, expected) in &model.0 {
        let folder = tree.get(id).unwrap();
        compare_inherited(tree, model, id);
        let info = folder.info();
        let path = model.path(id);
        assert_eq!(info.path, path);
        assert_eq!(tree.find(&path), Some(id));
        assert_eq!(
            tree.find(&super::path(
                &path.as_str().to_ascii_uppercase().replace("%2F", "%2f").replace("%5C", "%5c")
            )),
            Some(id)
        );
        assert_eq!(info.parent_id, expected.parent);
        assert_eq!(info.kind, expected.kind);
        let children: Vec<_> = folder.children().map(Folder::id).collect();
        assert_eq!(children, model.children(id));
        assert_eq!(info.child_count as usize, children.len());
        assert_eq!(tree.members(id).collect::<BTreeSet<_>>(), expected.members);
        let subtree = model.subtree(id);
        assert_eq!(info.folder_count as usize, subtree.len() - 1);
        let members = subtree.iter().flat_map(|id| &model.0[id].members);
        let vms = members.clone().filter(|member| matches!(member, Member::Vm(_))).count();
        assert_eq!(info.vm_count as usize, vms);
        assert_eq!(info.template_count as usize, members.count() - vms);
        assert!(expected.members.iter().all(|&member| tree.folder_of(member) == Some(id)));
    }
}

fn compare_inherited(tree: &FolderTree, model: &Model, id: FolderId) {
    let effective = tree.effective_policy(id).unwrap();
    let tier = effective.labels.get("tier").map(|tier| {
        assert_eq!(tier.path, model.path(tier.folder_id));
        (tier.value.as_str(), tier.folder_id)
    });
    assert_eq!(tier, model.tier(id));
    for number in 0..2 {
        let principal = Principal { subject: someone(number), groups: Vec::new() };
        let grants: Vec<_> =
            tree.grants(&principal, id).map(|grant| (grant.folder_id, grant.binding)).collect();
        let expected = model.grants(&principal.subject, id);
        let may_read = tree.authorize(&Roles::default(), Some(&principal), Permission::VmRead, id);
        assert_eq!(may_read.is_allowed(), !expected.is_empty());
        assert_eq!(grants, expected);
    }
}

/// A folder that exists with some probability.
fn folder() -> impl Strategy<Value = FolderId> {
    prop_oneof![4 => (100u128..116).prop_map(id), 1 => Just(FolderId::DEFAULT_ROOT)]
}

fn member() -> impl Strategy<Value = Member> {
    prop_oneof![(0u128..6).prop_map(vm), (0u128..3).prop_map(template)]
}

fn names() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a", "A", "b", "B", "c/d", "C/D", "50%", "\u{df}", "SS", "\u{e4}", "\u{c4}", "z",
    ])
    .prop_map(str::to_owned)
}

fn op() -> impl Strategy<Value = Op> {
    let kind = prop_oneof![8 => Just(None), 1 => Just(Some(FolderKind::Vm)), 1 => Just(Some(FolderKind::Network))];
    let mode = prop_oneof![
        Just(DeleteMode::Refuse),
        Just(DeleteMode::Reparent),
        Just(DeleteMode::Orphan),
        folder().prop_map(|to| DeleteMode::MoveMembers { to }),
    ];
    let item = prop_oneof![
        folder().prop_map(Movable::Folder),
        member().prop_map(Movable::from),
        member().prop_map(Movable::from),
    ];
    let tier = prop::sample::select(vec![None, Some("gold"), Some("iron")]);
    let binding = || {
        (0u8..2, any::<bool>()).prop_map(|(number, propagate)| Binding {
            subject: someone(number),
            role: "viewer".to_owned(),
            propagate,
        })
    };
    let bulk = prop_oneof![Just(BulkMode::AllOrNone), Just(BulkMode::EachAlone)];
    prop_oneof![
        10 => (folder(), folder(), names(), kind)
            .prop_map(|(id, parent, name, kind)| Op::Create { id, parent, name, kind }),
        3 => (folder(), names()).prop_map(|(id, name)| Op::Rename(id, name)),
        6 => (folder(), folder()).prop_map(|(id, to)| Op::Move(id, to)),
        2 => (folder(), mode).prop_map(|(id, mode)| Op::Delete(id, mode)),
        4 => (member(), folder()).prop_map(|(member, to)| Op::Add(member, to)),
        2 => (member(), folder()).prop_map(|(member, to)| Op::MoveMember(member, to)),
        2 => (proptest::collection::vec(item, 0..4), folder(), bulk)
            .prop_map(|(items, to, mode)| Op::Bulk(items, to, mode)),
        2 => (folder(), tier).prop_map(|(id, tier)| Op::SetPolicy(id, tier)),
        3 => (folder(), binding()).prop_map(|(id, binding)| Op::Bind(id, binding)),
        1 => (folder(), binding()).prop_map(|(id, binding)| Op::Unbind(id, binding)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]
    #[test]
    fn behaves_like_the_model(ops in proptest::collection::vec(op(), 1..60)) {
        let mut tree = FolderTree::default_project(at(0));
        let mut model = Model::new();
        for (index, op) in ops.iter().enumerate() {
            let before = FolderTreeDocument::from(&tree);
            let legal = apply(&mut tree, op, at(1 + i64::try_from(index).unwrap()));
            prop_assert_eq!(legal, model.apply(op), "{:?}", op);
            if !legal {
                prop_assert_eq!(FolderTreeDocument::from(&tree), before, "{:?}", op);
            }
            compare(&tree, &model);
        }
        let document = FolderTreeDocument::from(&tree);
        let again = document.to_tree().unwrap();
        compare(&again, &model);
        prop_assert_eq!(FolderTreeDocument::from(&again), document);
    }

    /// Chains of folders near the limit of depth, where the bound on heights has to be tightened.
    #[test]
    fn depth_is_limited_like_in_the_model(
        chain in 20usize..=FOLDER_DEPTH_MAX, moves in proptest::collection::vec((0usize..40, 0usize..40), 1..30)
    ) {
        let mut tree = FolderTree::default_project(at(0));
        let mut model = Model::new();
        let mut ops = Vec::new();
        let mut parent = FolderId::DEFAULT_ROOT;
        for number in 0..chain {
            let folder = id(100 + number as u128);
            ops.push(Op::Create { id: folder, parent, name: format!("d{number}"), kind: None });
            parent = folder;
        }
        ops.push(Op::Create { id: id(90), parent: FolderId::DEFAULT_ROOT, name: "x".into(), kind: None });
        ops.push(Op::Create { id: id(91), parent: id(90), name: "y".into(), kind: None });
        let pick = |n: usize| if n < chain { id(100 + n as u128) } else { id(90 + (n % 2) as u128) };
        ops.extend(moves.into_iter().map(|(what, to)| Op::Move(pick(what), pick(to))));
        for op in &ops {
            prop_assert_eq!(apply(&mut tree, op, at(1)), model.apply(op), "{:?}", op);
        }
        compare(&tree, &model);
    }
}
