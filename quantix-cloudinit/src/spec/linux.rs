//! The cloud-config of a Linux guest.

use std::collections::BTreeSet;

use base64::Engine as _;
use quantix_core::{
    Finding,
    spec::{self, LinuxSpec, ScriptWhen, SpecFile, SpecUser},
};

use super::{
    agent,
    render::{Common, Job},
};
use crate::{
    ssh_key::AuthorizedKey,
    user_data::{Command, Content, Group, ManageEtcHosts, Ntp, Sudo, User, UserData, WriteFile},
};

/// Login name of the administrator where the spec names none.
const ADMIN: &str = "admin";
/// sudo rule of the administrator where the spec gives none.
const ADMIN_SUDO: &str = "ALL=(ALL) NOPASSWD:ALL";
/// Login shell where the spec gives none; useradd's own default is `/bin/sh`.
const SHELL: &str = "/bin/bash";

/// Builds the cloud-config. Faults are noted in the job.
pub(super) fn user_data(job: &mut Job<'_>, common: &Common) -> UserData {
    let none = LinuxSpec::default();
    let spec = job.spec;
    let linux = spec.linux.as_ref().unwrap_or(&none);
    let mut out = UserData {
        hostname: Some(common.hostname.short().to_owned()),
        timezone: common.timezone.map(|zone| zone.name().to_owned()),
        locale: linux.locale.clone(),
        keyboard_layout: linux.keyboard.clone(),
        groups: linux
            .groups
            .iter()
            .map(|name| Group { name: name.clone(), ..Group::default() })
            .collect(),
        keep_default_user: linux.keep_default_user,
        ssh_pwauth: linux.ssh_password_auth,
        packages: linux.packages.clone(),
        package_update: linux.package_update,
        package_upgrade: linux.package_upgrade.then_some(true),
        final_message: linux.final_message.clone(),
        ..UserData::default()
    };
    if common.hostname.domain().is_some() {
        out.fqdn = Some(common.hostname.to_string());
        out.manage_etc_hosts = Some(ManageEtcHosts::Localhost);
    }
    if !linux.ntp_servers.is_empty() {
        out.ntp = Some(Ntp { servers: linux.ntp_servers.clone(), ..Ntp::default() });
    }
    out.users.extend(admin(job, linux, common));
    for (index, user) in linux.users.iter().enumerate() {
        out.users.push(other_user(job, &format!("linux.users[{index}]"), user));
    }
    for (index, file) in linux.write_files.iter().enumerate() {
        let path = format!("linux.write_files[{index}]");
        out.write_files.extend(file_of(job, &path, file));
    }
    share_groups(&mut out.users, &out.groups);
    restore_modes(job, linux, &mut out);
    out.write_files.extend(linux.scripts.iter().map(script_file));
    if linux.guest_agent {
        guest_agent(&mut out);
    }
    if out.package_update.is_none() && !out.packages.is_empty() {
        out.package_update = Some(true);
    }
    if spec.install_agent {
        agent::add(job, &mut out);
    }
    out.runcmd.extend(linux.run_commands.iter().map(command));
    out
}

fn command(command: &spec::Command) -> Command {
    match command {
        spec::Command::Shell(line) => Command::Shell(line.clone()),
        spec::Command::Words(words) => Command::Args(words.clone()),
    }
}

/// The administrator, where there is anything to log in with or a name is given.
fn admin(job: &mut Job<'_>, linux: &LinuxSpec, common: &Common) -> Option<User> {
    let spec = job.spec;
    let hash = job.hash("admin_password", spec.admin_password.as_ref());
    if common.ssh_keys.is_empty() && spec.admin_password.is_none() && linux.admin_user.is_none() {
        return None;
    }
    let name = linux.admin_user.as_deref().unwrap_or(ADMIN);
    let rule = linux.admin_sudo.as_deref().unwrap_or(ADMIN_SUDO);
    Some(User {
        sudo: sudo(rule),
        shell: Some(SHELL.to_owned()),
        lock_passwd: Some(hash.is_none()),
        hashed_passwd: hash,
        ssh_authorized_keys: lines(&common.ssh_keys),
        ..User::named(name)
    })
}

/// useradd refuses to make a user whose group is there already: one of the spec, of another user, or
/// of the image, where some have the group `admin`. Such a user takes the group as its own; listed
/// among the further groups it is created by cloud-init where it is missing.
fn share_groups(users: &mut [User], groups: &[Group]) {
    let mut names: BTreeSet<String> = groups.iter().map(|group| group.name.clone()).collect();
    names.extend(users.iter().flat_map(|user| user.groups.iter().cloned()));
    names.insert(ADMIN.to_owned());
    for user in users.iter_mut().filter(|user| names.contains(&user.name)) {
        user.primary_group = Some(user.name.clone());
        if !user.groups.contains(&user.name) {
            user.groups.insert(0, user.name.clone());
        }
    }
}

/// cloud-init gives a file its mode and then its owner, and a change of the owner clears the
/// set-user-id and set-group-id bits: a command sets the mode again.
fn restore_modes(job: &mut Job<'_>, linux: &LinuxSpec, out: &mut UserData) {
    for (index, file) in linux.write_files.iter().enumerate() {
        let mode = file.permissions.as_deref().and_then(|mode| u32::from_str_radix(mode, 8).ok());
        if let Some(mode) = mode.filter(|mode| mode & 0o6000 != 0) {
            let words = ["chmod".to_owned(), format!("{mode:04o}"), file.path.clone()];
            out.runcmd.push(Command::Args(words.to_vec()));
            let message = "cloud-init would lose the set-id bits of this file; a command sets them \
                           again at the end of the first boot";
            let path = format!("linux.write_files[{index}].permissions");
            job.findings.push(Finding::info("mode-restored", message).at(path));
        }
    }
}

fn other_user(job: &mut Job<'_>, path: &str, user: &SpecUser) -> User {
    let keys = job.keys(&format!("{path}.ssh_keys"), &user.ssh_keys);
    let hash = job.hash(&format!("{path}.password"), user.password.as_ref());
    User {
        gecos: user.gecos.clone(),
        uid: user.uid,
        groups: user.groups.clone(),
        shell: user.shell.clone().or_else(|| (!user.system).then(|| SHELL.to_owned())),
        homedir: user.home.clone(),
        sudo: sudo(user.sudo.as_deref().unwrap_or("")),
        lock_passwd: Some(hash.is_none()),
        hashed_passwd: hash,
        ssh_authorized_keys: lines(&keys),
        system: user.system,
        ..User::named(&user.name)
    }
}

fn sudo(rule: &str) -> Sudo {
    if rule.is_empty() { Sudo::None } else { Sudo::Rules(vec![rule.to_owned()]) }
}

fn lines(keys: &[AuthorizedKey]) -> Vec<String> {
    keys.iter().map(|key| key.line().to_owned()).collect()
}

fn file_of(job: &mut Job<'_>, path: &str, file: &SpecFile) -> Option<WriteFile> {
    let content = match (&file.content, &file.base64) {
        (_, Some(text)) => {
            let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            match base64::engine::general_purpose::STANDARD.decode(packed) {
                Ok(bytes) => Content::Bytes(bytes),
                Err(error) => {
                    let message = format!("not base64: {error}");
                    job.fault(format!("{path}.base64"), "invalid-base64", message);
                    return None;
                }
            }
        }
        (text, None) => Content::Text(text.clone().unwrap_or_default()),
    };
    let mode = file.permissions.as_deref().and_then(|mode| u32::from_str_radix(mode, 8).ok());
    // A file of a user that this same document creates has to wait for that user.
    let defer = file.owner.as_deref().is_some_and(|owner| !matches!(owner, "root" | "root:root"));
    Some(WriteFile {
        path: file.path.clone(),
        content,
        mode,
        owner: file.owner.clone(),
        append: file.append,
        defer,
    })
}

/// A script lies where cloud-init runs it: once for the instance, or at every boot.
fn script_file(script: &spec::SpecScript) -> WriteFile {
    let folder = match script.when {
        ScriptWhen::Once => "/var/lib/cloud/scripts/per-instance",
        ScriptWhen::EveryBoot => "/var/lib/cloud/scripts/per-boot",
    };
    WriteFile::text(format!("{folder}/{}", script.name), &*script.content).mode(0o755)
}

fn guest_agent(out: &mut UserData) {
    const PACKAGE: &str = "qemu-guest-agent";
    if !out.packages.iter().any(|package| package == PACKAGE) {
        out.packages.push(PACKAGE.to_owned());
    }
    let start = "if command -v systemctl >/dev/null; then systemctl enable --now qemu-guest-agent; \
                 else rc-update add qemu-guest-agent default && rc-service qemu-guest-agent start; fi";
    out.runcmd.push(Command::Shell(start.to_owned()));
}
