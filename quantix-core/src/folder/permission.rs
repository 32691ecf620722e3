//! Permissions, sets of them, and roles.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::word::words;

words! {
    /// One thing that somebody may do. All are asked for at a folder; what concerns the whole
    /// platform (nodes, users, the system) is asked for at the root.
    Permission "permission" {
        /// See a folder and its policy.
        FolderRead "folder:read",
        /// Create folders in it.
        FolderCreate "folder:create",
        /// Rename it, move it, change its policy.
        FolderUpdate "folder:update",
        /// Delete it.
        FolderDelete "folder:delete",
        /// Change who may do what in it.
        FolderGrant "folder:grant",
        /// See machines.
        VmRead "vm:read",
        /// Create machines.
        VmCreate "vm:create",
        /// Change machines.
        VmUpdate "vm:update",
        /// Delete machines.
        VmDelete "vm:delete",
        /// Start machines.
        VmStart "vm:start",
        /// Stop, pause and suspend machines.
        VmStop "vm:stop",
        /// Reboot machines.
        VmReboot "vm:reboot",
        /// Use the console of machines.
        VmConsole "vm:console",
        /// Take and revert snapshots.
        VmSnapshot "vm:snapshot",
        /// Move machines between nodes.
        VmMigrate "vm:migrate",
        /// Run commands and read files in guests.
        VmGuest "vm:guest",
        /// See templates.
        TemplateRead "template:read",
        /// Create machines from templates.
        TemplateDeploy "template:deploy",
        /// Upload and change templates.
        TemplateUpdate "template:update",
        /// Delete templates.
        TemplateDelete "template:delete",
        /// See customization specs, without their secrets.
        SpecRead "spec:read",
        /// Create and change customization specs.
        SpecUpdate "spec:update",
        /// Delete customization specs.
        SpecDelete "spec:delete",
        /// See nodes and clusters.
        NodeRead "node:read",
        /// Add nodes.
        NodeCreate "node:create",
        /// Change and drain nodes.
        NodeUpdate "node:update",
        /// Remove nodes.
        NodeDelete "node:delete",
        /// See networks and security groups.
        NetworkRead "network:read",
        /// Create networks and security groups.
        NetworkCreate "network:create",
        /// Change networks and security groups.
        NetworkUpdate "network:update",
        /// Delete networks and security groups.
        NetworkDelete "network:delete",
        /// See pools, volumes and images.
        StorageRead "storage:read",
        /// Create pools, volumes and images.
        StorageCreate "storage:create",
        /// Change pools, volumes and images.
        StorageUpdate "storage:update",
        /// Delete pools, volumes and images.
        StorageDelete "storage:delete",
        /// See alerts.
        AlertRead "alert:read",
        /// Acknowledge, silence and resolve alerts.
        AlertUpdate "alert:update",
        /// See users, groups and roles.
        UserRead "user:read",
        /// Create users.
        UserCreate "user:create",
        /// Change users.
        UserUpdate "user:update",
        /// Delete users.
        UserDelete "user:delete",
        /// Change the settings of the platform.
        SystemConfig "system:config",
        /// Read the audit log.
        SystemAudit "system:audit",
    }
}

impl Permission {
    /// What it concerns: the word before the colon.
    #[must_use]
    pub fn resource(self) -> &'static str {
        self.as_str().split_once(':').map_or("", |(resource, _)| resource)
    }

    const fn bit(self) -> u64 {
        1 << self as u8
    }
}

/// A set of permissions.
///
/// The wire form is a list of words; `vm:*` stands for all that concern machines and `*` for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self((1 << Permission::ALL.len()) - 1);

    /// Whether a permission is in the set.
    #[must_use]
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// The set with a permission.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | permission.bit())
    }

    /// The set without a permission.
    #[must_use]
    pub const fn without(self, permission: Permission) -> Self {
        Self(self.0 & !permission.bit())
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The permissions, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |&permission| self.contains(permission))
    }

    /// What a word stands for: a permission, `resource:*` or `*`.
    fn of_word(word: &str) -> Option<Self> {
        if word == "*" {
            return Some(Self::ALL);
        }
        let set: Self = match word.strip_suffix(":*") {
            Some(resource) => {
                Permission::ALL.iter().copied().filter(|p| p.resource() == resource).collect()
            }
            None => Self::NONE.with(word.parse().ok()?),
        };
        (set != Self::NONE).then_some(set)
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::NONE, Self::with)
    }
}

impl Serialize for PermissionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for PermissionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        words.iter().try_fold(Self::NONE, |set, word| {
            let more = Self::of_word(word).ok_or_else(|| {
                let word: String = word.chars().take(64).collect();
                de::Error::custom(format_args!(
                    "unknown permission {word:?}: expected one such as vm:start, vm:* or *"
                ))
            })?;
            Ok(set.union(more))
        })
    }
}

/// The most roles besides those that are built in.
pub const ROLES_MAX: usize = 256;

/// The roles of a platform: what each name allows.
///
/// `admin` may do everything, `operator` may see everything but users and the audit log and may run
/// machines, `viewer` may only see. They cannot be changed; others can be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Roles(BTreeMap<String, PermissionSet>);

/// Why a role cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid role {name:?}: {problem}")]
pub struct RoleError {
    name: String,
    problem: &'static str,
}

impl Default for Roles {
    fn default() -> Self {
        use Permission as P;
        let reads = |p: &Permission| p.as_str().ends_with(":read") && *p != P::UserRead;
        let viewer: PermissionSet = Permission::ALL.iter().copied().filter(reads).collect();
        let runs = [
            P::VmStart,
            P::VmStop,
            P::VmReboot,
            P::VmConsole,
            P::VmSnapshot,
            P::VmMigrate,
            P::VmUpdate,
            P::VmCreate,
            P::TemplateDeploy,
            P::AlertUpdate,
        ];
        let operator = viewer.union(runs.into_iter().collect());
        let roles = [("admin", PermissionSet::ALL), ("operator", operator), ("viewer", viewer)];
        Self(roles.into_iter().map(|(name, set)| (name.to_owned(), set)).collect())
    }
}

impl Roles {
    /// The names that are built in.
    pub const BUILT_IN: [&'static str; 3] = ["admin", "operator", "viewer"];

    /// Adds a role, or changes one that was added.
    ///
    /// # Errors
    /// When the name is one that is built in or not a word of `a-z 0-9 _ -` of at most 64
    /// characters, or when there are [`ROLES_MAX`] roles.
    pub fn set(&mut self, name: &str, permissions: PermissionSet) -> Result<(), RoleError> {
        let problem = if Self::BUILT_IN.contains(&name) {
            "it is built in and cannot be changed: choose another name"
        } else if !is_role_name(name) {
            "expected 1 to 64 of a-z 0-9 _ -"
        } else if !self.0.contains_key(name) && self.0.len() >= ROLES_MAX + Self::BUILT_IN.len() {
            "there are too many roles: delete one"
        } else {
            self.0.insert(name.to_owned(), permissions);
            return Ok(());
        };
        Err(RoleError { name: name.chars().take(64).collect(), problem })
    }

    /// What a role allows; nothing when there is no such role.
    #[must_use]
    pub fn permissions(&self, name: &str) -> PermissionSet {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// The roles in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, PermissionSet)> {
        self.0.iter().map(|(name, &set)| (name.as_str(), set))
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut roles = Self::default();
        for (name, set) in BTreeMap::<String, PermissionSet>::deserialize(deserializer)? {
            // A document that was written here lists the built-in roles too, as they are.
            if Self::BUILT_IN.contains(&name.as_str()) && roles.permissions(&name) == set {
                continue;
            }
            roles.set(&name, set).map_err(de::Error::custom)?;
        }
        Ok(roles)
    }
}

pub(super) fn is_role_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
}
