//! Cloud-config documents.

use std::collections::BTreeSet;

use quantix_core::Finding;

use super::{check_host_name, distro, security};
use crate::{
    check::Source,
    yaml::{Step, Value},
};

/// Adds what is doubtful, with places.
pub(crate) fn user_data(source: &Source<'_>, on: Option<distro::Distro>, lint: &mut Vec<Finding>) {
    let value = source.value();
    let mut notes = Notes { source, lint };
    for key in ["hostname", "fqdn"] {
        if let Some(finding) = value.get(key).and_then(Value::as_str).and_then(check_host_name) {
            notes.add(&[Step::Key(key.to_owned())], finding);
        }
    }
    users(value, &mut notes);
    groups(value, &mut notes);
    files(value, &mut notes);
    security::check(value, &mut notes);
    if let Some(on) = on {
        distro::check(value, on, &mut notes);
    }
}

/// Findings on their way to their places.
pub(super) struct Notes<'a> {
    source: &'a Source<'a>,
    lint: &'a mut Vec<Finding>,
}

impl Notes<'_> {
    pub(super) fn add(&mut self, path: &[Step], finding: Finding) {
        let finding = finding.at(crate::yaml::dotted(path));
        self.lint.push(self.source.put(finding, path));
    }

    pub(super) fn warn(&mut self, path: &[Step], code: &'static str, message: impl Into<String>) {
        self.add(path, Finding::warning(code, message));
    }
}

pub(super) fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

fn users(value: &Value, notes: &mut Notes<'_>) {
    let users = value.get("users").and_then(Value::as_seq).unwrap_or_default();
    for (i, user) in users.iter().enumerate() {
        let path = |field: &str| [key("users"), Step::Index(i), key(field)];
        let text = |field: &str| user.get(field).and_then(Value::as_str);
        let hash = text("hashed_passwd").or_else(|| text("passwd"));
        let locked = user.get("lock_passwd").or_else(|| user.get("lock-passwd"));
        if hash.is_some() && locked.is_none_or(|locked| *locked == Value::Bool(true)) {
            let field = if text("hashed_passwd").is_some() { "hashed_passwd" } else { "passwd" };
            notes.warn(
                &path(field),
                "locked-password",
                "the password is set but login with it is locked; set lock_passwd to false",
            );
        }
        for field in ["hashed_passwd", "passwd"] {
            if text(field).is_some_and(|hash| !hash.starts_with(['$', '!', '*', '_'])) {
                notes.warn(
                    &path(field),
                    "not-a-hash",
                    "this field holds a crypt(3) hash; a plain text here never lets anybody in",
                );
            }
        }
    }
}

/// The names of groups that the document itself makes before it makes users.
fn new_groups(value: &Value) -> BTreeSet<&str> {
    fn names<'a>(value: Option<&'a Value>, out: &mut BTreeSet<&'a str>) {
        match value {
            Some(Value::String(text)) => out.extend(text.split(',').map(str::trim)),
            Some(Value::Seq(items)) => items.iter().for_each(|item| names(Some(item), out)),
            Some(Value::Map(map)) => out.extend(map.iter().filter_map(|(key, _)| key.as_str())),
            _ => {}
        }
    }
    let mut out = BTreeSet::new();
    names(value.get("groups"), &mut out);
    for user in value.get("users").and_then(Value::as_seq).unwrap_or_default() {
        names(user.get("groups"), &mut out);
    }
    out
}

fn groups(value: &Value, notes: &mut Notes<'_>) {
    let taken = new_groups(value);
    let users = value.get("users").and_then(Value::as_seq).unwrap_or_default();
    for (i, user) in users.iter().enumerate() {
        let Some(name) = user.get("name").and_then(Value::as_str) else { continue };
        let has = |field: &str| user.get(field).is_some();
        if taken.contains(name) && !has("primary_group") && !has("no_user_group") {
            notes.warn(
                &[key("users"), Step::Index(i), key("name")],
                "group-of-user-exists",
                format!(
                    "the group {name:?} is made first, so useradd refuses to make the user and no \
                     later user is made either; set primary_group to {name:?}"
                ),
            );
        }
    }
}

fn files(value: &Value, notes: &mut Notes<'_>) {
    let new_users: Vec<&str> = value
        .get("users")
        .and_then(Value::as_seq)
        .unwrap_or_default()
        .iter()
        .filter_map(|user| user.get("name").and_then(Value::as_str))
        .collect();
    let files = value.get("write_files").and_then(Value::as_seq).unwrap_or_default();
    for (i, file) in files.iter().enumerate() {
        let path = |field: &str| [key("write_files"), Step::Index(i), key(field)];
        let owner = file.get("owner").and_then(Value::as_str).unwrap_or_default();
        let owner = owner.split(':').next().unwrap_or_default();
        if new_users.contains(&owner) && file.get("defer") != Some(&Value::Bool(true)) {
            notes.warn(
                &path("owner"),
                "owner-before-user",
                format!("files are written before {owner:?} exists; set defer to true"),
            );
        }
        if matches!(file.get("permissions"), Some(Value::Int(_))) {
            notes.warn(
                &path("permissions"),
                "numeric-permissions",
                "write permissions in quotes, such as \"0644\"; as a number they may be misread",
            );
        }
        let mode = file.get("permissions").and_then(Value::as_str).unwrap_or_default();
        let mode = mode.strip_prefix("0o").unwrap_or(mode);
        if u32::from_str_radix(mode, 8).is_ok_and(|mode| mode & 0o6000 != 0) {
            notes.warn(
                &path("permissions"),
                "lost-mode-bits",
                "the owner is set after the mode, which clears set-user-id and set-group-id; add a \
                 chmod to runcmd",
            );
        }
        if let Some(name) = file.get("path").and_then(Value::as_str)
            && !name.starts_with('/')
        {
            notes.warn(&path("path"), "relative-path", format!("{name:?} is not absolute"));
        }
    }
}
