//! Folders: their names, paths, and the tree that a project keeps its machines in.

mod access;
mod bulk;
mod children;
mod command;
mod delete;
mod document;
mod error;
mod fold;
mod kind;
mod lookup;
mod members;
mod name;
mod path;
mod permission;
mod policy;
mod segment;
mod settings;
mod store;
mod table;
mod tree;
mod view;

#[cfg(test)]
mod tests;

pub use access::{BINDINGS_MAX, Binding, Decision, Grant, Principal, Subject, SubjectKey};
pub use bulk::{BULK_ITEMS_MAX, BulkMode, BulkReport, Movable, MoveOutcome};
pub use command::{BulkAnswer, BulkOutcome, FolderAnswer, FolderCommand, ListDepth};
pub use delete::{DeleteMode, DeleteReport};
pub use document::{FolderRecord, FolderTreeDocument};
pub use error::FolderError;
pub(crate) use fold::fold;
pub use kind::FolderKind;
pub use members::Member;
pub use name::{FolderName, FolderNameError, NAME_CHARS_MAX, NAME_INPUT_BYTES_MAX};
pub use path::{FOLDER_DEPTH_MAX, FOLDER_PATH_BYTES_MAX, FolderPath, FolderPathError};
pub use permission::{Permission, PermissionSet, ROLES_MAX, RoleError, Roles};
pub use policy::{EffectivePlacement, EffectivePolicy, FolderPolicy, Quota, Sourced};
pub use tree::{Ensured, FOLDERS_MAX, FolderTree, NewFolder};
pub use view::{Folder, FolderInfo, FolderPage, ListScope, PAGE_MAX};
