//! Users, keys and certificates.

use std::collections::BTreeMap;

use super::{
    macros::model,
    shape::{BoolOrText, Either, Nullable, NumberOrText, SecretText, TextOr},
};

model! {
    /// `ca_certs`.
    struct CaCerts {
        remove_defaults: bool = "remove-defaults",
        remove_defaults_old: bool = "remove_defaults",
        trusted: Vec<String> = "trusted",
    }
    /// `ssh`.
    struct Ssh {
        emit_keys_to_console: bool = "emit_keys_to_console",
    }
    /// `chpasswd`.
    struct Chpasswd {
        expire: bool = "expire",
        users: Vec<ChpasswdUser> = "users",
        list: TextOr<Vec<String>> = "list",
    }
    /// `chpasswd.users[]`.
    struct ChpasswdUser {
        name: String = "name",
        kind: ChpasswdUserType = "type",
        password: SecretText = "password",
    }
    /// `chpasswd.users[].type`.
    enum ChpasswdUserType {
        RANDOM = "RANDOM",
        Hash = "hash",
        Text = "text",
    }
    /// `ssh_genkeytypes[]`.
    enum SshGenkeytype {
        Ecdsa = "ecdsa",
        Ed25519 = "ed25519",
        Rsa = "rsa",
    }
    /// `ssh_publish_hostkeys`.
    struct SshPublishHostkeys {
        enabled: bool = "enabled",
        blacklist: Vec<String> = "blacklist",
    }
    /// `user`.
    struct User {
        name: String = "name",
        doas: Vec<String> = "doas",
        expiredate: String = "expiredate",
        gecos: String = "gecos",
        groups: TextOr<Either<Vec<String>, BTreeMap<String, ()>>> = "groups",
        homedir: String = "homedir",
        inactive: String = "inactive",
        lock_passwd: bool = "lock-passwd",
        lock_passwd_old: bool = "lock_passwd",
        no_create_home: bool = "no-create-home",
        no_create_home_old: bool = "no_create_home",
        no_log_init: bool = "no-log-init",
        no_log_init_old: bool = "no_log_init",
        no_user_group: bool = "no-user-group",
        no_user_group_old: bool = "no_user_group",
        passwd: SecretText = "passwd",
        hashed_passwd: SecretText = "hashed-passwd",
        hashed_passwd_old: SecretText = "hashed_passwd",
        plain_text_passwd: SecretText = "plain-text-passwd",
        plain_text_passwd_old: SecretText = "plain_text_passwd",
        create_groups: bool = "create-groups",
        create_groups_old: bool = "create_groups",
        primary_group: String = "primary-group",
        primary_group_old: String = "primary_group",
        selinux_user: String = "selinux-user",
        selinux_user_old: String = "selinux_user",
        shell: String = "shell",
        snapuser: String = "snapuser",
        ssh_authorized_keys: Vec<String> = "ssh_authorized_keys",
        ssh_authorized_keys_old: Vec<String> = "ssh-authorized-keys",
        ssh_import_id: Vec<String> = "ssh-import-id",
        ssh_import_id_old: Vec<String> = "ssh_import_id",
        ssh_redirect_user: bool = "ssh-redirect-user",
        ssh_redirect_user_old: bool = "ssh_redirect_user",
        system: bool = "system",
        sudo: Nullable<Either<BoolOrText, Vec<Nullable<String>>>> = "sudo",
        uid: NumberOrText = "uid",
    }
}
