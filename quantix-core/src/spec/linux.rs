//! What only Linux guests are told.

use serde::{Deserialize, Serialize};

use super::{Password, PasswordHashing, is_false};

/// The part of a spec that only Linux guests have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct LinuxSpec {
    /// DNS domain; with it the guest's FQDN is `hostname.domain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Login name of the administrator, who gets `ssh_keys` and `admin_password`; else `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_user: Option<String>,
    /// sudo rule of the administrator; else `ALL=(ALL) NOPASSWD:ALL`. Empty: no sudo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_sudo: Option<String>,
    /// Whether the image's own default user is created as well.
    #[serde(skip_serializing_if = "is_false")]
    pub keep_default_user: bool,
    /// How plain passwords are hashed; else SHA-512-crypt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_hashing: Option<PasswordHashing>,
    /// Whether sshd accepts passwords; else the image decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh_password_auth: Option<bool>,
    /// Additional users.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<SpecUser>,
    /// Groups to create.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Packages to install.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
    /// Whether package lists are refreshed first; else only where `packages` is not empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_update: Option<bool>,
    /// Whether every package is upgraded.
    #[serde(skip_serializing_if = "is_false")]
    pub package_upgrade: bool,
    /// Whether the QEMU guest agent is installed and started.
    #[serde(skip_serializing_if = "is_false")]
    pub guest_agent: bool,
    /// Files to write.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub write_files: Vec<SpecFile>,
    /// Scripts to run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<SpecScript>,
    /// Commands at the end of the first boot, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub run_commands: Vec<Command>,
    /// Locale, such as `de_DE.UTF-8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Keyboard layout, such as `de`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyboard: Option<String>,
    /// NTP servers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ntp_servers: Vec<String>,
    /// The last message on the console once everything is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_message: Option<String>,
}

/// A user of the guest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SpecUser {
    /// Login name.
    pub name: String,
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gecos: Option<String>,
    /// Additional groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// sudo rule, such as `ALL=(ALL) ALL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sudo: Option<String>,
    /// Login shell; else `/bin/bash`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell: Option<String>,
    /// OpenSSH public keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ssh_keys: Vec<String>,
    /// Password; without one the password is locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    /// User id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Home directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Whether it is a system account.
    #[serde(skip_serializing_if = "is_false")]
    pub system: bool,
}

/// A file that the guest writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SpecFile {
    /// Absolute path.
    pub path: String,
    /// The text; excludes `base64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The bytes in base64; excludes `content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Mode in octal digits, such as `0600`; else `0644`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<String>,
    /// `user:group`; else `root:root`. Anyone else's file is written after users exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether to append instead of replace.
    #[serde(skip_serializing_if = "is_false")]
    pub append: bool,
}

/// A script that the guest runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SpecScript {
    /// Name: letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// The script, starting with `#!`.
    pub content: String,
    /// When it runs.
    #[serde(default)]
    pub when: ScriptWhen,
}

/// When a script runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ScriptWhen {
    /// Once, at the first boot of the instance.
    #[default]
    Once,
    /// At every boot.
    EveryBoot,
}

/// A command of the guest: a line for its shell, or a program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Command {
    /// Run by `sh`.
    Shell(String),
    /// Run without a shell.
    Words(Vec<String>),
}
