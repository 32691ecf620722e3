//! What a typed document must satisfy beyond its types.

use std::collections::BTreeSet;

use quantix_core::Finding;

use super::{Command, User, UserData, WriteFile};
use crate::{
    schema::{Kind, ProblemKind, Schema},
    yaml::{Map, Value},
};

/// The longest host name that Linux holds.
const HOSTNAME_CHARS_MAX: usize = 64;
/// The longest fully qualified name.
const FQDN_CHARS_MAX: usize = 253;
/// The longest label of a name.
const LABEL_CHARS_MAX: usize = 63;
/// The longest login name that Linux tools accept.
const USER_NAME_CHARS_MAX: usize = 32;

pub(super) fn faults(data: &UserData) -> Vec<Finding> {
    let mut faults = Vec::new();
    if let Some(name) = &data.hostname {
        check_name(&mut faults, "hostname", name, HOSTNAME_CHARS_MAX);
    }
    if let Some(name) = &data.fqdn {
        check_name(&mut faults, "fqdn", name, FQDN_CHARS_MAX);
    }
    if let Some(zone) = &data.timezone {
        check_timezone(&mut faults, zone);
    }
    check_users(&mut faults, &data.users);
    for (i, key) in data.ssh_authorized_keys.iter().enumerate() {
        check_line(&mut faults, &format!("ssh_authorized_keys.{i}"), key);
    }
    for (i, package) in data.packages.iter().enumerate() {
        check_word(&mut faults, &format!("packages.{i}"), package);
    }
    for (i, file) in data.write_files.iter().enumerate() {
        check_file(&mut faults, &format!("write_files.{i}"), file);
    }
    for (list, commands) in [("bootcmd", &data.bootcmd), ("runcmd", &data.runcmd)] {
        for (i, command) in commands.iter().enumerate() {
            check_command(&mut faults, &format!("{list}.{i}"), command);
        }
    }
    check_extra(&mut faults, data);
    faults
}

fn check_name(faults: &mut Vec<Finding>, path: &str, name: &str, chars_max: usize) {
    let is_label = |label: &str| {
        (1..=LABEL_CHARS_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if name.len() > chars_max || !name.split('.').all(is_label) {
        faults.push(
            Finding::error(
                "invalid-hostname",
                format!(
                    "{name:?} is not a host name: expected labels of letters, digits and inner \
                     hyphens, 63 characters each and {chars_max} in all"
                ),
            )
            .at(path),
        );
    }
}

fn check_timezone(faults: &mut Vec<Finding>, zone: &str) {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b))
    };
    if !zone.split('/').all(is_part) {
        let message = format!("{zone:?} is not an IANA time zone such as Europe/Paris");
        faults.push(Finding::error("invalid-timezone", message).at("timezone"));
    }
}

fn check_users(faults: &mut Vec<Finding>, users: &[User]) {
    let mut seen = BTreeSet::new();
    for (i, user) in users.iter().enumerate() {
        let path = format!("users.{i}");
        check_user_name(faults, &format!("{path}.name"), &user.name);
        if !seen.insert(&user.name) {
            let message = format!("user {:?} is there twice; merge the entries", user.name);
            faults.push(Finding::error("duplicate-user", message).at(format!("{path}.name")));
        }
        check_hash(faults, &path, user);
        for (k, key) in user.ssh_authorized_keys.iter().enumerate() {
            check_line(faults, &format!("{path}.ssh_authorized_keys.{k}"), key);
        }
        for (k, rule) in user.sudo.rules().into_iter().enumerate() {
            check_line(faults, &format!("{path}.sudo.{k}"), rule);
        }
        for (k, group) in user.groups.iter().enumerate() {
            check_user_name(faults, &format!("{path}.groups.{k}"), group);
        }
        let lines = [("gecos", &user.gecos), ("shell", &user.shell), ("homedir", &user.homedir)];
        for (field, text) in lines {
            if let Some(text) = text {
                check_passwd_field(faults, &format!("{path}.{field}"), text);
            }
        }
    }
}

fn check_hash(faults: &mut Vec<Finding>, path: &str, user: &User) {
    let Some(hash) = &user.hashed_passwd else { return };
    let hash = hash.expose();
    if !hash.starts_with('$') || hash.contains([':', '\n', '\r']) {
        faults.push(
            Finding::error(
                "not-a-hash",
                "expected a crypt(3) hash such as $6$… or $y$…; hash the password first",
            )
            .at(format!("{path}.hashed_passwd")),
        );
    }
    if user.lock_passwd == Some(true) {
        let message = "the password is set and locked at once; set lock_passwd to false";
        faults.push(Finding::warning("locked-password", message).at(format!("{path}.lock_passwd")));
    }
}

fn check_user_name(faults: &mut Vec<Finding>, path: &str, name: &str) {
    let first_ok = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let rest_ok = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    if !first_ok || !rest_ok || name.len() > USER_NAME_CHARS_MAX {
        faults.push(
            Finding::error(
                "invalid-user-name",
                format!(
                    "{name:?} is not a user or group name: expected a letter or underscore, then \
                     letters, digits, `_`, `.` and `-`, 32 in all"
                ),
            )
            .at(path),
        );
    }
}

/// A field of passwd(5): no colon, no line break.
fn check_passwd_field(faults: &mut Vec<Finding>, path: &str, text: &str) {
    if text.contains(':') || text.chars().any(char::is_control) {
        let message = "must hold neither a colon nor control characters: it goes into /etc/passwd";
        faults.push(Finding::error("invalid-passwd-field", message).at(path));
    }
}

/// One line of a file in the guest; a line break would start a second one.
fn check_line(faults: &mut Vec<Finding>, path: &str, text: &str) {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        let message = "expected one line without control characters; give further lines as \
                       further entries";
        faults.push(Finding::error("not-one-line", message).at(path));
    }
}

fn check_word(faults: &mut Vec<Finding>, path: &str, text: &str) {
    if text.is_empty() || text.starts_with('-') || text.contains(char::is_whitespace) {
        let message = format!("{text:?} is not one name; give each its own entry");
        faults.push(Finding::error("not-a-name", message).at(path));
    }
}

fn check_file(faults: &mut Vec<Finding>, path: &str, file: &WriteFile) {
    if !file.path.starts_with('/') || file.path.contains('\0') {
        let message = format!("{:?} is not an absolute path", file.path);
        faults.push(Finding::error("relative-path", message).at(format!("{path}.path")));
    }
    if let Some(mode) = file.mode.filter(|mode| *mode > 0o7777) {
        let message = format!("{mode:o} is more than the permission bits 7777");
        faults.push(Finding::error("invalid-mode", message).at(format!("{path}.permissions")));
    }
}

fn check_command(faults: &mut Vec<Finding>, path: &str, command: &Command) {
    let is_empty = match command {
        Command::Shell(line) => line.trim().is_empty(),
        Command::Args(words) => words.first().is_none_or(String::is_empty),
    };
    let has_nul = match command {
        Command::Shell(line) => line.contains('\0'),
        Command::Args(words) => words.iter().any(|word| word.contains('\0')),
    };
    if is_empty || has_nul {
        let message = "expected a command without NUL characters";
        faults.push(Finding::error("invalid-command", message).at(path));
    }
}

/// Modules without a field of their own are held to the schema of the newest cloud-init.
fn check_extra(faults: &mut Vec<Finding>, data: &UserData) {
    if data.extra.is_empty() {
        return;
    }
    let typed = UserData { extra: Map::new(), ..data.clone() }.to_value();
    for (key, _) in data.extra.iter() {
        let Some(key) = key.as_str() else {
            let message = format!("expected a text as the name of a module, found {}", key.kind());
            faults.push(Finding::error("invalid-key", message));
            continue;
        };
        if typed.get(key).is_some() {
            let message = format!("{key:?} is set by its own field as well; keep one of the two");
            faults.push(Finding::error("duplicate-key", message).at(key));
        }
    }
    let problems = Schema::newest(Kind::CloudConfig).validate(&Value::Map(data.extra.clone()));
    for problem in problems.into_iter().filter(|problem| problem.kind == ProblemKind::Error) {
        let path = problem.dotted_path();
        faults.push(Finding::error("schema", problem.message).at(path));
    }
}
