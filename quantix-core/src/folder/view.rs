//! Reading a tree: one folder, its children, its subtree, pages of it.

use serde::{Deserialize, Serialize};

use super::{
    FolderKind, FolderName, FolderPath, FolderTree, fold,
    store::{Body, Link, Node, ROOT},
};
use crate::{Faults, FolderId, ProjectId, Timestamp, Validate, model::Labels};

/// The most folders on one page.
pub const PAGE_MAX: usize = 1000;

/// A folder in its tree.
#[derive(Clone, Copy, Debug)]
pub struct Folder<'a> {
    pub(super) tree: &'a FolderTree,
    pub(super) slot: u32,
}

/// A folder as a document, complete in itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FolderInfo {
    /// Its id.
    pub id: FolderId,
    /// Its name; `/` for the root.
    pub name: String,
    /// The folder that it lies in; none for the root.
    pub parent_id: Option<FolderId>,
    /// Its path, as of the tree that was read.
    pub path: FolderPath,
    /// The project.
    pub project_id: ProjectId,
    /// What it holds.
    #[serde(default)]
    pub kind: FolderKind,
    /// What its owner says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Labels of its own; see [`FolderTree::effective_policy`] for those that it passes on.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The number of its last change in the tree.
    pub revision: u64,
    /// How many folders lie directly in it.
    pub child_count: u32,
    /// How many folders lie in it and below.
    pub folder_count: u32,
    /// How many machines lie in it and below.
    pub vm_count: u32,
    /// How many templates lie in it and below.
    pub template_count: u32,
}

impl Validate for FolderInfo {
    fn validate(&self, faults: &mut Faults) {
        crate::model::text::description(faults, &self.description);
        crate::model::text::labels(faults, "labels", &self.labels);
        let name = self.path.name();
        let shown = name.as_ref().map_or("/", FolderName::as_str);
        if self.name != shown {
            let message = format!("{:?} is not the last name of the path {}", self.name, self.path);
            faults.error("name", "path-mismatch", message);
        }
        if self.parent_id.is_none() != name.is_none() {
            faults.error("parent_id", "path-mismatch", "only the root has no parent");
        }
        crate::model::condition_times(faults, Some(self.created_at), Some(self.updated_at));
    }
}

impl<'a> Folder<'a> {
    fn link(self) -> &'a Link {
        self.tree.store.link(self.slot)
    }

    fn node(self) -> &'a Node {
        self.tree.store.node(self.slot)
    }

    fn body(self) -> Option<&'a Body> {
        self.node().body.as_deref()
    }

    /// Its id.
    #[must_use]
    pub fn id(self) -> FolderId {
        self.link().id
    }

    /// Its name; none for the root.
    #[must_use]
    pub fn name(self) -> Option<FolderName> {
        let is_root = self.slot == ROOT;
        (!is_root).then(|| FolderName::from_canonical_segment(self.tree.store.segment(self.slot)))
    }

    /// Its name as it is written in paths; empty for the root.
    #[must_use]
    pub fn segment(self) -> &'a str {
        self.tree.store.segment(self.slot)
    }

    /// The folder that it lies in; none for the root.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        (self.slot != ROOT).then(|| Self { tree: self.tree, slot: self.link().parent })
    }

    /// Its path.
    #[must_use]
    pub fn path(self) -> FolderPath {
        self.tree.path_of(self.slot)
    }

    /// What it holds.
    #[must_use]
    pub fn kind(self) -> FolderKind {
        self.link().kind
    }

    /// When it was made.
    #[must_use]
    pub fn created_at(self) -> Timestamp {
        self.node().created_at
    }

    /// When it was last changed.
    #[must_use]
    pub fn updated_at(self) -> Timestamp {
        self.node().updated_at
    }

    /// The number of its last change in the tree.
    #[must_use]
    pub fn revision(self) -> u64 {
        self.node().revision
    }

    /// The folders directly in it, in the order of their names.
    pub fn children(self) -> impl Iterator<Item = Folder<'a>> {
        let children = self.body().map(|body| &body.children);
        let slots = children.into_iter().flat_map(|children| children.iter());
        slots.map(move |slot| Folder { tree: self.tree, slot })
    }

    /// How many folders lie directly in it.
    #[must_use]
    pub fn child_count(self) -> u32 {
        self.body().map_or(0, |body| body.children.len())
    }

    /// It and the folders below, each before those that lie in it, siblings in the order of their
    /// names.
    pub fn subtree(self) -> impl Iterator<Item = Folder<'a>> {
        let mut walk = Walk::from(self);
        std::iter::from_fn(move || walk.next())
    }

    /// It and the folders above, the root last.
    pub fn lineage(self) -> impl Iterator<Item = Folder<'a>> {
        self.tree.store.lineage(self.slot).map(move |slot| Folder { tree: self.tree, slot })
    }

    /// Everything about it, as a document.
    #[must_use]
    pub fn info(self) -> FolderInfo {
        let body = self.body();
        let settings = body.and_then(|body| body.settings.as_deref());
        FolderInfo {
            id: self.id(),
            name: self.name().map_or_else(|| "/".to_owned(), |name| name.to_string()),
            parent_id: self.parent().map(Folder::id),
            path: self.path(),
            project_id: self.tree.project(),
            kind: self.kind(),
            description: settings.map(|own| own.description.clone()).unwrap_or_default(),
            labels: settings.map(|own| own.labels.clone()).unwrap_or_default(),
            created_at: self.created_at(),
            updated_at: self.updated_at(),
            revision: self.revision(),
            child_count: self.child_count(),
            folder_count: body.map_or(0, |body| body.folders_below),
            vm_count: body.map_or(0, |body| body.vms_below),
            template_count: body.map_or(0, |body| body.templates_below),
        }
    }
}

/// A walk over a subtree, which can begin in its middle.
struct Walk<'a> {
    tree: &'a FolderTree,
    first: Option<u32>,
    /// The folders that are being walked, outermost first, and where each goes on.
    stack: Vec<(u32, super::children::Place)>,
}

impl<'a> Walk<'a> {
    fn from(top: Folder<'a>) -> Self {
        Self { tree: top.tree, first: Some(top.slot), stack: Vec::new() }
    }

    /// A walk of what comes after a path below a folder, which itself need not exist any more.
    fn after(top: Folder<'a>, path: &FolderPath) -> Self {
        let (tree, mut slot) = (top.tree, top.slot);
        let mut stack = Vec::new();
        for name in path.segments() {
            let Some(children) = tree.store.children(slot) else { break };
            let place =
                children.first_not(|child| fold::order(tree.store.segment(child), name).is_lt());
            match children.next(place) {
                Some((child, next)) if fold::same(tree.store.segment(child).as_bytes(), name) => {
                    stack.push((slot, next));
                    slot = child;
                }
                _ => {
                    stack.push((slot, place));
                    return Self { tree, first: None, stack };
                }
            }
        }
        stack.push((slot, super::children::Place::default()));
        Self { tree, first: None, stack }
    }

    fn next(&mut self) -> Option<Folder<'a>> {
        let tree = self.tree;
        if let Some(slot) = self.first.take() {
            self.stack.push((slot, super::children::Place::default()));
            return Some(Folder { tree, slot });
        }
        while let Some((parent, place)) = self.stack.last_mut() {
            match tree.store.children(*parent).and_then(|children| children.next(*place)) {
                Some((slot, next)) => {
                    *place = next;
                    self.stack.push((slot, super::children::Place::default()));
                    return Some(Folder { tree, slot });
                }
                None => {
                    self.stack.pop();
                }
            }
        }
        None
    }
}

/// Which folders a page lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListScope {
    /// The folders directly in a folder.
    Children(FolderId),
    /// The folders in a folder and below, without itself.
    Below(FolderId),
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderPage {
    /// The folders, in the order of a walk.
    pub folders: Vec<FolderInfo>,
    /// Where the next page begins; none on the last page. It is the path, below the folder that is
    /// listed, of the last folder on this page.
    pub next: Option<FolderPath>,
    /// How many folders the whole list has.
    pub total: u32,
}

impl FolderTree {
    /// The folders directly in a folder, in the order of their names; none for an unknown folder.
    pub fn children(&self, id: FolderId) -> impl Iterator<Item = Folder<'_>> {
        self.get(id).into_iter().flat_map(Folder::children)
    }

    /// A folder and those below it; see [`Folder::subtree`].
    pub fn subtree(&self, id: FolderId) -> impl Iterator<Item = Folder<'_>> {
        self.get(id).into_iter().flat_map(Folder::subtree)
    }

    /// At most `limit` folders of a list (1 to [`PAGE_MAX`]; other values are brought into that
    /// range), from its beginning or after `after`.
    ///
    /// A page goes on by name, not by number: folders that are made, moved or deleted between two
    /// pages never make another one appear twice or be left out. `None` when the folder does not
    /// exist.
    #[must_use]
    pub fn page(
        &self,
        scope: ListScope,
        after: Option<&FolderPath>,
        limit: usize,
    ) -> Option<FolderPage> {
        let limit = limit.clamp(1, PAGE_MAX);
        let (ListScope::Children(id) | ListScope::Below(id)) = scope;
        let top = self.get(id)?;
        let mut walk = match after {
            Some(path) => Walk::after(top, path),
            None => Walk { tree: self, first: None, stack: vec![(top.slot, Default::default())] },
        };
        let direct = matches!(scope, ListScope::Children(_));
        let total = match scope {
            ListScope::Children(_) => top.child_count(),
            ListScope::Below(_) => top.body().map_or(0, |body| body.folders_below),
        };
        let mut folders = Vec::new();
        let mut next = None;
        loop {
            if direct {
                // Stay at the first level: forget where a deeper one would go on.
                walk.stack.truncate(1);
            }
            let Some(folder) = walk.next() else { break };
            if folders.len() == limit {
                next = last_below(top, folders.last());
                break;
            }
            folders.push(folder);
        }
        let folders = folders.into_iter().map(Folder::info).collect();
        Some(FolderPage { folders, next, total })
    }
}

/// The path of a folder below another.
fn last_below(top: Folder<'_>, folder: Option<&Folder<'_>>) -> Option<FolderPath> {
    let above: Vec<_> = folder?.lineage().take_while(|above| above.slot != top.slot).collect();
    let mut text = String::new();
    for folder in above.iter().rev() {
        text.push('/');
        text.push_str(folder.segment());
    }
    Some(FolderPath::from_canonical(text))
}
