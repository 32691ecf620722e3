//! Who may do what in which folder: bindings, and one pure decision.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    FolderError, FolderPath, FolderTree, Permission, PermissionSet, Roles, error::Problem,
    permission::is_role_name,
};
use crate::{FolderId, Key, Timestamp, kind};

/// The most bindings of one folder.
pub const BINDINGS_MAX: usize = 256;

/// Names a user, group or service account.
pub type SubjectKey = Key<kind::Subject>;

/// Somebody who can be given a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "id", rename_all = "snake_case", deny_unknown_fields)]
pub enum Subject {
    /// A person.
    User(SubjectKey),
    /// A group of subjects.
    Group(SubjectKey),
    /// A program.
    ServiceAccount(SubjectKey),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user {id}"),
            Self::Group(id) => write!(f, "group {id}"),
            Self::ServiceAccount(id) => write!(f, "service account {id}"),
        }
    }
}

/// Gives a subject a role in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// Who.
    pub subject: Subject,
    /// The name of the role. One that is not among the [`Roles`] allows nothing.
    pub role: String,
    /// Whether it holds in the folders below too.
    #[serde(default = "yes")]
    pub propagate: bool,
}

fn yes() -> bool {
    true
}

/// Who asks: a user or service account and the groups that it is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Principal {
    /// The user or service account itself.
    pub subject: Subject,
    /// Its groups, those of groups included.
    #[serde(default)]
    pub groups: Vec<SubjectKey>,
}

impl Principal {
    fn is(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Group(group) => self.groups.contains(group),
            _ => self.subject == *subject,
        }
    }
}

/// A binding that allows something, and the folder that has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The folder.
    pub folder_id: FolderId,
    /// Its path.
    pub path: FolderPath,
    /// The binding.
    pub binding: Binding,
}

/// The answer to "may they?".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum Decision {
    /// Yes, because of this grant; of several, the one nearest to the folder.
    Allowed {
        /// Why.
        grant: Grant,
    },
    /// Nobody asks: they have to say who they are first.
    Unauthenticated,
    /// No, but they may know that the folder exists.
    Forbidden {
        /// What they lack.
        missing: Permission,
    },
    /// No, and they are told the same as when the folder does not exist.
    NotFound,
}

impl Decision {
    /// Whether the answer is yes.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        match self {
            Self::Allowed { .. } => 200,
            Self::Unauthenticated => 401,
            Self::Forbidden { .. } => 403,
            Self::NotFound => 404,
        }
    }
}

impl FolderTree {
    /// Gives a subject a role in a folder; nothing happens when it has that binding.
    ///
    /// # Errors
    /// When the folder does not exist, the role's name is not valid, or there are [`BINDINGS_MAX`].
    pub fn bind(
        &mut self,
        id: FolderId,
        binding: Binding,
        at: Timestamp,
    ) -> Result<(), FolderError> {
        let slot = self.existing(id)?;
        let own = self.settings(slot).map_or(&[][..], |settings| &settings.bindings);
        if own.contains(&binding) {
            return Ok(());
        }
        let (code, message) = if !is_role_name(&binding.role) {
            ("bad-role", "expected 1 to 64 of a-z 0-9 _ -".to_owned())
        } else if own.len() >= BINDINGS_MAX {
            ("too-many", format!("expected at most {BINDINGS_MAX} bindings: use groups"))
        } else {
            return self.change_settings(id, at, |settings| {
                settings.bindings.push(binding);
                settings.bindings.sort();
            });
        };
        let field = if code == "bad-role" { "role" } else { "bindings" }.to_owned();
        Err(Problem::BadSetting { code, field, message }.into())
    }

    /// Takes a binding away; returns whether the folder had it.
    ///
    /// # Errors
    /// When the folder does not exist.
    pub fn unbind(
        &mut self,
        id: FolderId,
        binding: &Binding,
        at: Timestamp,
    ) -> Result<bool, FolderError> {
        let slot = self.existing(id)?;
        let has = self.settings(slot).is_some_and(|own| own.bindings.contains(binding));
        if has {
            self.change_settings(id, at, |own| own.bindings.retain(|other| other != binding))?;
        }
        Ok(has)
    }

    /// The bindings of a folder itself, in order.
    #[must_use]
    pub fn bindings(&self, id: FolderId) -> &[Binding] {
        let slot = self.store.slot(id);
        let settings = slot.and_then(|slot| self.settings(slot));
        settings.map_or(&[], |settings| &settings.bindings)
    }

    /// The grants that a principal has in a folder, the nearest first.
    pub fn grants(&self, principal: &Principal, id: FolderId) -> impl Iterator<Item = Grant> {
        let folder = self.store.slot(id);
        let lineage = folder.into_iter().flat_map(|slot| self.store.lineage(slot));
        lineage.flat_map(move |slot| {
            let own = self.settings(slot).map_or(&[][..], |settings| &settings.bindings);
            let here = Some(slot) == folder;
            let holds = move |binding: &&Binding| {
                (here || binding.propagate) && principal.is(&binding.subject)
            };
            own.iter().filter(holds).map(move |binding| Grant {
                folder_id: self.store.link(slot).id,
                path: self.path_of(slot),
                binding: binding.clone(),
            })
        })
    }

    /// Everything that a principal may do in a folder.
    #[must_use]
    pub fn permissions(&self, roles: &Roles, principal: &Principal, id: FolderId) -> PermissionSet {
        let sets = self.grants(principal, id).map(|grant| roles.permissions(&grant.binding.role));
        sets.fold(PermissionSet::NONE, PermissionSet::union)
    }

    /// Whether somebody may do something in a folder, and why.
    ///
    /// Pure: the same tree, roles and question give the same answer. What is not granted is denied.
    /// Who may not see the folder (`folder:read`) is not told that it exists. `None` asks for
    /// nobody.
    #[must_use]
    pub fn authorize(
        &self,
        roles: &Roles,
        principal: Option<&Principal>,
        permission: Permission,
        folder: FolderId,
    ) -> Decision {
        let Some(principal) = principal else { return Decision::Unauthenticated };
        let mut visible = false;
        for grant in self.grants(principal, folder) {
            let allowed = roles.permissions(&grant.binding.role);
            if allowed.contains(permission) {
                return Decision::Allowed { grant };
            }
            visible |= allowed.contains(Permission::FolderRead);
        }
        if visible { Decision::Forbidden { missing: permission } } else { Decision::NotFound }
    }
}
