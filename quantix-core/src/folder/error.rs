//! [`FolderError`]: why a tree refused a change.

use super::{FOLDER_DEPTH_MAX, FolderName, Member};
use crate::FolderId;

/// Why a tree refused a change. The tree is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct FolderError {
    pub(super) problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("no folder has the id {0}")]
    NotFound(FolderId),
    #[error("no folder has the path {0}")]
    PathNotFound(crate::FolderPath),
    #[error("the id {0} is taken by another folder: use a new one")]
    IdTaken(FolderId),
    #[error(
        "a folder called {name:?} exists there already ({existing}); names that differ in case \
         only are the same: choose another"
    )]
    NameTaken { name: FolderName, existing: FolderId },
    #[error("the root folder cannot be renamed, moved or deleted")]
    Root,
    #[error("folder {folder} cannot be moved into itself or below itself ({to})")]
    Cycle { folder: FolderId, to: FolderId },
    #[error("folders would be nested more than {FOLDER_DEPTH_MAX} levels deep")]
    TooDeep,
    #[error("the tree has {0} folders, its limit: delete some or raise the limit")]
    TooMany(usize),
    #[error(
        "folder {folder} holds {folders} folders and {members} machines or templates: {remedy}"
    )]
    NotEmpty { folder: FolderId, folders: u32, members: u32, remedy: &'static str },
    #[error(
        "a folder of kind {found} cannot lie in one of kind {expected}, unless that is the root"
    )]
    WrongKind { found: super::FolderKind, expected: super::FolderKind },
    #[error("a folder of kind {0} does not hold machines or templates: expected kind vm")]
    NoMembers(super::FolderKind),
    #[error("{0} is in no folder of this tree")]
    MemberNotFound(Member),
    #[error("{member} is in folder {folder} already: move it instead")]
    MemberTaken { member: Member, folder: FolderId },
    #[error("the members cannot move to {0}, which is deleted with them: choose another folder")]
    TargetDeleted(FolderId),
    #[error("{field}: {message}")]
    BadSetting { code: &'static str, field: String, message: String },
}

impl FolderError {
    /// The stable code of the reason: `folder-not-found`, `id-taken`, `name-taken`, `root-folder`,
    /// `folder-cycle`, `too-deep`, `too-many-folders`, `folder-not-empty`, `wrong-kind`,
    /// `member-not-found`, `member-taken`, `target-deleted`, or a validation code of a setting.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.problem {
            Problem::NotFound(_) | Problem::PathNotFound(_) => "folder-not-found",
            Problem::IdTaken(_) => "id-taken",
            Problem::NameTaken { .. } => "name-taken",
            Problem::Root => "root-folder",
            Problem::Cycle { .. } => "folder-cycle",
            Problem::TooDeep => "too-deep",
            Problem::TooMany(_) => "too-many-folders",
            Problem::NotEmpty { .. } => "folder-not-empty",
            Problem::WrongKind { .. } | Problem::NoMembers(_) => "wrong-kind",
            Problem::MemberNotFound(_) => "member-not-found",
            Problem::MemberTaken { .. } => "member-taken",
            Problem::TargetDeleted(_) => "target-deleted",
            Problem::BadSetting { code, .. } => code,
        }
    }

    /// The folder that stands in the way, where one does.
    #[must_use]
    pub fn existing(&self) -> Option<FolderId> {
        match self.problem {
            Problem::NameTaken { existing, .. } => Some(existing),
            Problem::IdTaken(id) => Some(id),
            Problem::MemberTaken { folder, .. } => Some(folder),
            _ => None,
        }
    }

    /// The error as a finding.
    #[must_use]
    pub fn finding(&self) -> crate::Finding {
        match &self.problem {
            Problem::BadSetting { code, field, message } => {
                let finding = crate::Finding::error(code, message.clone());
                if field.is_empty() { finding } else { finding.at(field.clone()) }
            }
            problem => crate::Finding::error(self.code(), problem.to_string()),
        }
    }

    /// Whether the reason is that something was not found.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        use Problem as P;
        matches!(self.problem, P::NotFound(_) | P::PathNotFound(_) | P::MemberNotFound(_))
    }
}

impl From<Problem> for FolderError {
    fn from(problem: Problem) -> Self {
        Self { problem }
    }
}
