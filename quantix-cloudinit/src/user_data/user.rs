//! Users, groups and passwords.

use quantix_core::Secret;

use crate::yaml::{Map, Value};

/// A user to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The full name.
    pub gecos: Option<String>,
    /// The user id.
    pub uid: Option<u32>,
    /// The primary group; must exist.
    pub primary_group: Option<String>,
    /// Further groups, created when missing.
    pub groups: Vec<String>,
    /// The login shell.
    pub shell: Option<String>,
    /// The home directory.
    pub homedir: Option<String>,
    /// What sudo allows.
    pub sudo: Sudo,
    /// A crypt(3) hash. Cloud-init applies it only to a user that it creates.
    pub hashed_passwd: Option<Secret>,
    /// Whether password login is locked. `None` locks unless there is a hash.
    pub lock_passwd: Option<bool>,
    /// Public keys, one line each.
    pub ssh_authorized_keys: Vec<String>,
    /// Accounts to fetch keys from, such as `gh:name`.
    pub ssh_import_id: Vec<String>,
    /// The day on which the account expires, `YYYY-MM-DD`.
    pub expiredate: Option<String>,
    /// Whether this is a system account, which gets no home directory.
    pub system: bool,
}

/// What sudo allows a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sudo {
    /// Nothing.
    #[default]
    None,
    /// Everything, without a password.
    AllWithoutPassword,
    /// Everything, asking for the user's password.
    AllWithPassword,
    /// sudoers rules without the user name, such as `ALL=(ALL) /usr/bin/id`.
    Rules(Vec<String>),
}

impl User {
    /// A user with this login name and nothing else: no sudo, no keys, password login locked.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

impl From<&User> for Value {
    fn from(user: &User) -> Self {
        let mut map = Map::new();
        map.insert("name", &user.name);
        map.insert_some("gecos", user.gecos.as_ref());
        map.insert_some("uid", user.uid);
        map.insert_some("primary_group", user.primary_group.as_ref());
        if !user.groups.is_empty() {
            map.insert("groups", user.groups.join(", "));
        }
        map.insert_some("shell", user.shell.as_ref());
        map.insert_some("homedir", user.homedir.as_ref());
        match user.sudo.rules().as_slice() {
            [] => {}
            [rule] => {
                map.insert("sudo", *rule);
            }
            rules => map.insert_list("sudo", rules.iter().copied()),
        }
        map.insert_some("hashed_passwd", user.hashed_passwd.as_ref());
        map.insert("lock_passwd", user.lock_passwd.unwrap_or(user.hashed_passwd.is_none()));
        map.insert_list("ssh_authorized_keys", &user.ssh_authorized_keys);
        map.insert_list("ssh_import_id", &user.ssh_import_id);
        map.insert_some("expiredate", user.expiredate.as_ref());
        map.insert_some("system", user.system.then_some(true));
        map.into()
    }
}

impl Sudo {
    /// The sudoers rules without the user name.
    #[must_use]
    pub fn rules(&self) -> Vec<&str> {
        match self {
            Self::None => Vec::new(),
            Self::AllWithoutPassword => vec!["ALL=(ALL) NOPASSWD:ALL"],
            Self::AllWithPassword => vec!["ALL=(ALL) ALL"],
            Self::Rules(rules) => rules.iter().map(String::as_str).collect(),
        }
    }
}

/// A group to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The name.
    pub name: String,
    /// Users of the image to add.
    pub members: Vec<String>,
}

impl From<&Group> for Value {
    fn from(group: &Group) -> Self {
        if group.members.is_empty() {
            return (&group.name).into();
        }
        let members: Vec<Value> = group.members.iter().map(Into::into).collect();
        [(&group.name, members)].into_iter().collect::<Map>().into()
    }
}

/// Passwords of users that exist in the image. Needs cloud-init 22.3 or newer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chpasswd {
    /// Whether the user must choose a new password at the first login.
    pub expire: bool,
    /// Whose password becomes what.
    pub users: Vec<ChpasswdUser>,
}

/// The password of one existing user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChpasswdUser {
    /// The login name.
    pub name: String,
    /// A crypt(3) hash.
    pub hash: Secret,
}

impl From<&Chpasswd> for Value {
    fn from(chpasswd: &Chpasswd) -> Self {
        let mut map = Map::new();
        map.insert("expire", chpasswd.expire);
        map.insert_list(
            "users",
            chpasswd.users.iter().map(|user| {
                let mut entry = Map::new();
                entry.insert("name", &user.name);
                entry.insert("password", &user.hash);
                entry.insert("type", "hash");
                entry
            }),
        );
        map.into()
    }
}
