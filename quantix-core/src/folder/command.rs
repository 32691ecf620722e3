//! Questions and changes as documents, so that every language and the wire ask a tree the same.

use serde::{Deserialize, Serialize};

use super::{
    Binding, BulkMode, BulkReport, Decision, DeleteMode, DeleteReport, EffectivePolicy, Ensured,
    FolderError, FolderInfo, FolderKind, FolderName, FolderPage, FolderPath, FolderPolicy,
    FolderTree, ListScope, Member, Movable, MoveOutcome, NewFolder, PAGE_MAX, Permission,
    Principal, Roles, error::Problem,
};
use crate::{Finding, FolderId, Timestamp, model::Labels, word::words};

words! {
    /// How deep a list goes.
    #[derive(Default)]
    ListDepth "list depth" {
        /// The folders directly in a folder.
        #[default]
        Children "children",
        /// Those below, at any depth.
        Below "below",
    }
}

/// A question to a tree, or a change of it.
///
/// The wire form is `{"op": "create", …}`. Changes have `at`, the time of the change.
///
/// ```
/// use quantix_core::{FolderTree, Timestamp, folder::FolderCommand};
/// let mut tree = FolderTree::default_project(Timestamp::from_unix_ms(0));
/// let command: FolderCommand = serde_json::from_str(
///     r#"{"op": "ensure", "path": "/a", "ids": ["00000000-0000-0000-0000-00000000000a"],
///         "at": "2026-01-31T12:00:00Z"}"#,
/// )?;
/// let answer = serde_json::to_string(&tree.run(command)?)?;
/// assert_eq!(answer, r#"{"id":"00000000-0000-0000-0000-00000000000a","created":["00000000-0000-0000-0000-00000000000a"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are those of the method that each variant names")]
pub enum FolderCommand {
    /// [`FolderTree::create`].
    Create {
        id: FolderId,
        parent_id: FolderId,
        name: FolderName,
        #[serde(default)]
        kind: Option<FolderKind>,
        at: Timestamp,
    },
    /// [`FolderTree::ensure`].
    Ensure { path: FolderPath, ids: Vec<FolderId>, at: Timestamp },
    /// [`FolderTree::create_standard_folders`].
    CreateStandardFolders { at: Timestamp },
    /// [`FolderTree::rename`].
    Rename { id: FolderId, name: FolderName, at: Timestamp },
    /// [`FolderTree::move_to`].
    Move { id: FolderId, parent_id: FolderId, at: Timestamp },
    /// [`FolderTree::delete`].
    Delete { id: FolderId, contents: DeleteMode, at: Timestamp },
    /// [`FolderTree::preview_delete`].
    PreviewDelete { id: FolderId, contents: DeleteMode },
    /// [`FolderTree::add_member`].
    AddMember { member: Member, folder_id: FolderId, at: Timestamp },
    /// [`FolderTree::move_member`].
    MoveMember { member: Member, folder_id: FolderId, at: Timestamp },
    /// [`FolderTree::remove_member`].
    RemoveMember { member: Member, at: Timestamp },
    /// [`FolderTree::move_many`].
    MoveMany {
        items: Vec<Movable>,
        folder_id: FolderId,
        #[serde(default)]
        mode: BulkMode,
        at: Timestamp,
    },
    /// [`FolderTree::set_policy`].
    SetPolicy { id: FolderId, policy: Box<FolderPolicy>, at: Timestamp },
    /// [`FolderTree::set_description`].
    SetDescription { id: FolderId, description: String, at: Timestamp },
    /// [`FolderTree::set_labels`].
    SetLabels { id: FolderId, labels: Labels, at: Timestamp },
    /// [`FolderTree::bind`].
    Bind { id: FolderId, binding: Binding, at: Timestamp },
    /// [`FolderTree::unbind`].
    Unbind { id: FolderId, binding: Binding, at: Timestamp },
    /// [`FolderTree::get`].
    Get { id: FolderId },
    /// [`FolderTree::find`].
    Find { path: FolderPath },
    /// [`FolderTree::find_many`].
    FindMany { paths: Vec<FolderPath> },
    /// [`FolderTree::page`].
    List {
        id: FolderId,
        #[serde(default)]
        depth: ListDepth,
        #[serde(default)]
        after: Option<FolderPath>,
        #[serde(default)]
        limit: Option<usize>,
    },
    /// [`FolderTree::members`].
    Members { id: FolderId },
    /// [`FolderTree::folder_of`].
    FolderOf { member: Member },
    /// [`FolderTree::policy`].
    Policy { id: FolderId },
    /// [`FolderTree::effective_policy`].
    EffectivePolicy { id: FolderId },
    /// [`FolderTree::bindings`].
    Bindings { id: FolderId },
    /// [`FolderTree::authorize`]; without `roles`, those that are built in.
    Authorize {
        #[serde(default)]
        principal: Option<Principal>,
        permission: Permission,
        folder_id: FolderId,
        #[serde(default)]
        roles: Roles,
    },
}

/// What a tree answers. The wire form is that of the value inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FolderAnswer {
    /// A folder: that was asked for, or as it is after the change.
    Folder(Box<FolderInfo>),
    /// What [`FolderTree::ensure`] did.
    Ensured(Ensured),
    /// What deleting did or would do.
    Deleted(Box<DeleteReport>),
    /// What a bulk move did.
    Moved(BulkAnswer),
    /// The folders at many paths.
    Found {
        /// One entry per path, in the order given; none where there is no folder.
        ids: Vec<Option<FolderId>>,
    },
    /// A page of folders.
    Page(FolderPage),
    /// Machines and templates.
    Members {
        /// They.
        members: Vec<Member>,
    },
    /// The folder of a member, none when it is in no folder.
    FolderOf {
        /// It.
        folder_id: Option<FolderId>,
    },
    /// A policy of a folder itself.
    Policy(Box<FolderPolicy>),
    /// What holds in a folder, and from where.
    EffectivePolicy(Box<EffectivePolicy>),
    /// The bindings of a folder itself.
    Bindings {
        /// They.
        bindings: Vec<Binding>,
    },
    /// Whether somebody may do something.
    Decision(Box<Decision>),
    /// A change that has nothing to tell but the tree's new revision.
    Done {
        /// It.
        revision: u64,
    },
}

/// [`BulkReport`](super::BulkReport) as a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BulkAnswer {
    /// Whether anything was changed.
    pub applied: bool,
    /// One entry per item, in the order given.
    pub outcomes: Vec<BulkOutcome>,
}

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BulkOutcome {
    /// The item.
    pub item: Movable,
    /// The folder that it was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<FolderId>,
    /// Why it cannot move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Finding>,
}

impl From<MoveOutcome> for BulkOutcome {
    fn from(MoveOutcome { item, result }: MoveOutcome) -> Self {
        match result {
            Ok(from) => Self { item, from: Some(from), fault: None },
            Err(error) => Self { item, from: None, fault: Some(error.finding()) },
        }
    }
}

impl FolderTree {
    /// Answers a question or makes a change.
    ///
    /// # Errors
    /// As the method that the command names; `folder-not-found` when a question is about a folder
    /// or path that does not exist.
    // A table with one arm per command: split, each part would need an arm for the others.
    pub fn run(&mut self, command: FolderCommand) -> Result<FolderAnswer, FolderError> {
        use FolderCommand as C;
        match command {
            C::Create { id, parent_id, name, kind, at } => {
                self.create(&NewFolder { id, parent_id, name, kind }, at)?;
                self.answer_folder(id)
            }
            C::Ensure { path, ids, at } => {
                self.ensure(&path, &mut ids.into_iter(), at).map(FolderAnswer::Ensured)
            }
            C::CreateStandardFolders { at } => {
                self.create_standard_folders(at).map(|()| self.done())
            }
            C::Rename { id, name, at } => {
                self.rename(id, &name, at)?;
                self.answer_folder(id)
            }
            C::Move { id, parent_id, at } => {
                self.move_to(id, parent_id, at)?;
                self.answer_folder(id)
            }
            C::Delete { id, contents, at } => self.delete(id, contents, at).map(FolderAnswer::from),
            C::PreviewDelete { id, contents } => {
                self.preview_delete(id, contents).map(FolderAnswer::from)
            }
            C::MoveMany { items, folder_id, mode, at } => {
                self.move_many(&items, folder_id, mode, at).map(FolderAnswer::from)
            }
            C::AddMember { member, folder_id, at } => {
                self.add_member(member, folder_id, at).map(|()| self.done())
            }
            C::MoveMember { member, folder_id, at } => {
                self.move_member(member, folder_id, at).map(|()| self.done())
            }
            C::RemoveMember { member, at } => self
                .remove_member(member, at)
                .map(|id| FolderAnswer::FolderOf { folder_id: Some(id) }),
            C::SetPolicy { id, policy, at } => {
                self.set_policy(id, *policy, at).map(|()| self.done())
            }
            C::SetDescription { id, description, at } => {
                self.set_description(id, description, at).map(|()| self.done())
            }
            C::SetLabels { id, labels, at } => {
                self.set_labels(id, labels, at).map(|()| self.done())
            }
            C::Bind { id, binding, at } => self.bind(id, binding, at).map(|()| self.done()),
            C::Unbind { id, binding, at } => self.unbind(id, &binding, at).map(|_| self.done()),
            C::Get { id } => self.answer_folder(id),
            C::Find { path } => match self.find(&path) {
                Some(id) => self.answer_folder(id),
                None => Err(Problem::PathNotFound(path).into()),
            },
            C::FindMany { paths } => Ok(FolderAnswer::Found { ids: self.find_many(&paths) }),
            C::List { id, depth, after, limit } => self.answer_list(id, depth, after, limit),
            C::FolderOf { member } => {
                Ok(FolderAnswer::FolderOf { folder_id: self.folder_of(member) })
            }
            C::Members { id } => {
                self.existing(id)?;
                Ok(FolderAnswer::Members { members: self.members(id).collect() })
            }
            C::Policy { id } => {
                let policy = self.policy(id).ok_or(Problem::NotFound(id))?;
                Ok(FolderAnswer::Policy(Box::new(policy)))
            }
            C::EffectivePolicy { id } => {
                let policy = self.effective_policy(id).ok_or(Problem::NotFound(id))?;
                Ok(FolderAnswer::EffectivePolicy(Box::new(policy)))
            }
            C::Bindings { id } => {
                self.existing(id)?;
                Ok(FolderAnswer::Bindings { bindings: self.bindings(id).to_vec() })
            }
            C::Authorize { principal, permission, folder_id, roles } => {
                let decision = self.authorize(&roles, principal.as_ref(), permission, folder_id);
                Ok(FolderAnswer::Decision(Box::new(decision)))
            }
        }
    }

    fn answer_list(
        &self,
        id: FolderId,
        depth: ListDepth,
        after: Option<FolderPath>,
        limit: Option<usize>,
    ) -> Result<FolderAnswer, FolderError> {
        let scope = match depth {
            ListDepth::Children => ListScope::Children(id),
            ListDepth::Below => ListScope::Below(id),
        };
        let page = self.page(scope, after.as_ref(), limit.unwrap_or(PAGE_MAX));
        page.map(FolderAnswer::Page).ok_or_else(|| Problem::NotFound(id).into())
    }

    fn answer_folder(&self, id: FolderId) -> Result<FolderAnswer, FolderError> {
        let folder = self.get(id).ok_or(Problem::NotFound(id))?;
        Ok(FolderAnswer::Folder(Box::new(folder.info())))
    }

    fn done(&self) -> FolderAnswer {
        FolderAnswer::Done { revision: self.revision() }
    }
}

impl From<DeleteReport> for FolderAnswer {
    fn from(report: DeleteReport) -> Self {
        Self::Deleted(Box::new(report))
    }
}

impl From<BulkReport> for FolderAnswer {
    fn from(report: BulkReport) -> Self {
        let outcomes = report.outcomes.into_iter().map(BulkOutcome::from).collect();
        Self::Moved(BulkAnswer { applied: report.applied, outcomes })
    }
}
