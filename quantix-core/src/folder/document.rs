//! A tree as one document, and back.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    Binding, FOLDERS_MAX, FolderKind, FolderName, FolderPolicy, FolderTree, Member, NewFolder,
    settings::Settings, store::ROOT,
};
use crate::{
    Faults, Finding, FolderId, ProjectId, Timestamp, Validate,
    model::{Labels, schema_version},
};

/// A [`FolderTree`] as a document: its folders in the order of a walk, each with the members that
/// lie in it. Paths are not written, since they follow from names and parents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FolderTreeDocument {
    /// The version of this form.
    #[serde(default = "schema_version::current")]
    pub schema_version: u32,
    /// The project.
    #[serde(default)]
    pub project_id: ProjectId,
    /// The number of the last change.
    #[serde(default)]
    pub revision: u64,
    /// The folders; one of them, the root, has no parent. Parents may come after their children.
    pub folders: Vec<FolderRecord>,
}

/// One folder of a [`FolderTreeDocument`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FolderRecord {
    /// Its id.
    pub id: FolderId,
    /// Its name; none for the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<FolderName>,
    /// The folder that it lies in; none for the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<FolderId>,
    /// What it holds.
    #[serde(default)]
    pub kind: FolderKind,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The number of its last change.
    #[serde(default)]
    pub revision: u64,
    /// What its owner says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// What the machines in it and below are given or held to.
    #[serde(default, skip_serializing_if = "FolderPolicy::is_empty")]
    pub policy: FolderPolicy,
    /// Who has which role in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<Binding>,
    /// The machines and templates in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
}

impl Validate for FolderTreeDocument {
    fn validate(&self, faults: &mut Faults) {
        if let Err(findings) = self.to_tree() {
            faults.extend(findings);
        }
    }
}

impl From<&FolderTree> for FolderTreeDocument {
    fn from(tree: &FolderTree) -> Self {
        let folders = tree.subtree(tree.root()).map(|folder| {
            let settings = tree.settings(folder.slot).cloned().unwrap_or_default();
            FolderRecord {
                id: folder.id(),
                name: folder.name(),
                parent_id: folder.parent().map(super::Folder::id),
                kind: folder.kind(),
                created_at: folder.created_at(),
                updated_at: folder.updated_at(),
                revision: folder.revision(),
                description: settings.description,
                labels: settings.labels,
                policy: settings.policy,
                bindings: settings.bindings,
                members: tree.members(folder.id()).collect(),
            }
        });
        Self {
            schema_version: schema_version::current(),
            project_id: tree.project(),
            revision: tree.revision(),
            folders: folders.collect(),
        }
    }
}

impl FolderTreeDocument {
    /// The tree that the document describes.
    ///
    /// # Errors
    /// Every fault, at the path of its field: ids, names or members that occur twice, parents that
    /// do not exist, cycles, more or fewer roots than one, settings that are not valid.
    pub fn to_tree(&self) -> Result<FolderTree, Vec<Finding>> {
        let mut faults = Faults::default();
        schema_version::check(&mut faults, self.schema_version);
        let order = self.parents_first(&mut faults);
        let Some((&root, others)) = order.split_first() else {
            return Err(faults.into_findings());
        };
        let record = &self.folders[root];
        let mut tree = FolderTree::new(self.project_id, record.id, record.created_at);
        faults.within("folders", |faults| {
            for &index in others {
                faults.item(index, |faults| create(&mut tree, &self.folders[index], faults));
            }
            for (index, record) in self.folders.iter().enumerate() {
                if tree.store.slot(record.id).is_some() {
                    faults.item(index, |faults| fill(&mut tree, record, faults));
                }
            }
        });
        tree.revision = self.folders.iter().map(|f| f.revision).fold(self.revision, u64::max);
        if faults.has_errors() { Err(faults.into_findings()) } else { Ok(tree) }
    }

    /// The places of the records in an order in which parents precede their children, the root
    /// first; empty without a root. Records that cannot be placed are faults.
    fn parents_first(&self, faults: &mut Faults) -> Vec<usize> {
        if self.folders.len() > FOLDERS_MAX {
            let message = format!("{} folders: expected at most {FOLDERS_MAX}", self.folders.len());
            faults.error("folders", "too-many-folders", message);
            return Vec::new();
        }
        faults.unique("folders", &self.folders, "id", |record| Some(record.id));
        let mut by_id = HashMap::with_capacity(self.folders.len());
        for (index, record) in self.folders.iter().enumerate() {
            by_id.entry(record.id).or_insert(index);
        }
        let mut children = HashMap::<usize, Vec<usize>>::new();
        let mut roots = Vec::new();
        faults.within("folders", |faults| {
            for (index, record) in self.folders.iter().enumerate() {
                if by_id.get(&record.id) != Some(&index) {
                    continue;
                }
                match record.parent_id.map(|id| by_id.get(&id)) {
                    None => roots.push(index),
                    Some(Some(&parent)) => children.entry(parent).or_default().push(index),
                    Some(None) => faults.item(index, |faults| {
                        faults.error("parent_id", "folder-not-found", "no folder has this id");
                    }),
                }
            }
        });
        let Some(&root) = roots.first() else {
            faults.error("folders", "no-root", "expected one folder without a parent, the root");
            return Vec::new();
        };
        let mut order = vec![root];
        let mut next = 0;
        while let Some(index) = order.get(next) {
            order.extend(children.remove(index).unwrap_or_default());
            next += 1;
        }
        self.unreachable(&roots, children, faults);
        order
    }

    /// Faults of the records that no walk from the root reaches.
    fn unreachable(&self, roots: &[usize], rest: HashMap<usize, Vec<usize>>, faults: &mut Faults) {
        let mut rest: Vec<usize> = rest.into_values().flatten().collect();
        rest.sort_unstable();
        faults.within("folders", |faults| {
            for &index in &roots[1..] {
                faults.item(index, |faults| {
                    faults.error("parent_id", "second-root", "only one folder has no parent");
                });
            }
            for index in rest {
                faults.item(index, |faults| {
                    let message = "this folder is in a cycle or below a faulty one";
                    faults.error("parent_id", "unreachable-folder", message);
                });
            }
        });
    }
}

fn create(tree: &mut FolderTree, record: &FolderRecord, faults: &mut Faults) {
    let Some(name) = &record.name else {
        faults.error("name", "missing-field", "every folder but the root has a name");
        return;
    };
    let Some(parent_id) = record.parent_id else { return };
    if tree.store.slot(parent_id).is_none() {
        faults.error("parent_id", "unreachable-folder", "this folder is below a faulty one");
        return;
    }
    let new = NewFolder { id: record.id, parent_id, name: name.clone(), kind: Some(record.kind) };
    if let Err(error) = tree.create(&new, record.created_at) {
        let field = match error.code() {
            "name-taken" => "name",
            "wrong-kind" => "kind",
            _ => "parent_id",
        };
        faults.error(field, error.code(), error.to_string());
    }
}

/// Gives a folder what its record says besides its place.
fn fill(tree: &mut FolderTree, record: &FolderRecord, faults: &mut Faults) {
    let Some(slot) = tree.store.slot(record.id) else { return };
    if slot == ROOT && (record.name.is_some() || record.kind != FolderKind::Vm) {
        let field = if record.name.is_some() { "name" } else { "kind" };
        faults.error(field, "root-folder", "the root has no name and is of kind vm");
    }
    crate::model::condition_times(faults, Some(record.created_at), Some(record.updated_at));
    crate::model::text::description(faults, &record.description);
    crate::model::text::labels(faults, "labels", &record.labels);
    faults.field("policy", &record.policy);
    let settings = Settings {
        description: record.description.clone(),
        labels: record.labels.clone(),
        policy: record.policy.clone(),
        bindings: Vec::new(),
    };
    if settings != Settings::default() {
        tree.store.body_mut(slot).settings = Some(Box::new(settings));
    }
    faults.each("bindings", &record.bindings, |faults, binding| {
        if let Err(error) = tree.bind(record.id, binding.clone(), record.updated_at) {
            faults.error("", error.code(), error.to_string());
        }
    });
    faults.each("members", &record.members, |faults, &member| {
        if let Err(error) = tree.add_member(member, record.id, record.updated_at) {
            faults.error("", error.code(), error.to_string());
        }
    });
    let node = tree.store.node_mut(slot);
    (node.updated_at, node.revision) = (record.updated_at, record.revision);
}
