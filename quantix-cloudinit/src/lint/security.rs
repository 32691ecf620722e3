//! What an attacker would look for.

use super::user_data::{Notes, key};
use crate::yaml::{Step, Value};

pub(super) fn check(value: &Value, notes: &mut Notes<'_>) {
    plain_passwords(value, notes);
    passwordless_root(value, notes);
    for list in ["runcmd", "bootcmd"] {
        commands(list, value, notes);
    }
    sources(value, notes);
    if value.get("disable_root") == Some(&Value::Bool(false)) {
        notes.warn(&[key("disable_root")], "root-login", "root may log in over ssh");
    }
    if value.get("ssh_deletekeys") == Some(&Value::Bool(false)) {
        notes.warn(
            &[key("ssh_deletekeys")],
            "shared-host-keys",
            "every machine of this image keeps the same ssh host keys",
        );
    }
}

fn plain_passwords(value: &Value, notes: &mut Notes<'_>) {
    const MESSAGE: &str = "a password in plain text, readable in the seed and, on many platforms, \
                           by every process of the guest; give a hash";
    if value.get("password").and_then(Value::as_str).is_some_and(|text| !text.starts_with('$')) {
        notes.warn(&[key("password")], "plain-password", MESSAGE);
    }
    let users = value.get("users").and_then(Value::as_seq).unwrap_or_default();
    for (i, user) in users.iter().enumerate() {
        for field in ["plain_text_passwd", "plain-text-passwd"] {
            if user.get(field).is_some() {
                notes.warn(&[key("users"), Step::Index(i), key(field)], "plain-password", MESSAGE);
            }
        }
    }
    let chpasswd = value.get("chpasswd");
    let entries = chpasswd.and_then(|c| c.get("users")).and_then(Value::as_seq).unwrap_or_default();
    for (i, user) in entries.iter().enumerate() {
        if user.get("type").and_then(Value::as_str) == Some("text") {
            let path = [key("chpasswd"), key("users"), Step::Index(i), key("password")];
            notes.warn(&path, "plain-password", MESSAGE);
        }
    }
    let lines: Vec<&str> = match chpasswd.and_then(|chpasswd| chpasswd.get("list")) {
        Some(Value::String(text)) => text.lines().collect(),
        Some(Value::Seq(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_plain = |line: &&str| {
        line.split_once(':')
            .is_some_and(|(_, word)| !word.starts_with('$') && !matches!(word, "R" | "RANDOM"))
    };
    if lines.iter().any(is_plain) {
        notes.warn(&[key("chpasswd"), key("list")], "plain-password", MESSAGE);
    }
}

fn passwordless_root(value: &Value, notes: &mut Notes<'_>) {
    let allows_passwords = matches!(value.get("ssh_pwauth"), Some(Value::Bool(true)))
        || value.get("ssh_pwauth").and_then(Value::as_str).is_some_and(|t| t == "yes");
    let users = value.get("users").and_then(Value::as_seq).unwrap_or_default();
    for (i, user) in users.iter().enumerate() {
        let rules: Vec<&str> = match user.get("sudo") {
            Some(Value::String(rule)) => vec![rule],
            Some(Value::Seq(rules)) => rules.iter().filter_map(Value::as_str).collect(),
            _ => continue,
        };
        let has_password = ["passwd", "hashed_passwd", "plain_text_passwd"]
            .iter()
            .any(|field| user.get(field).is_some());
        if allows_passwords && has_password && rules.iter().any(|rule| rule.contains("NOPASSWD")) {
            notes.warn(
                &[key("users"), Step::Index(i), key("sudo")],
                "password-is-root",
                "whoever guesses this password over ssh is root: sudo asks for none and ssh_pwauth \
                 is on",
            );
        }
    }
}

fn commands(list: &str, value: &Value, notes: &mut Notes<'_>) {
    let commands = value.get(list).and_then(Value::as_seq).unwrap_or_default();
    for (i, command) in commands.iter().enumerate() {
        let text = match command {
            Value::String(line) => line.clone(),
            Value::Seq(words) => {
                words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
            }
            _ => continue,
        };
        let fetches = text.contains("curl") || text.contains("wget");
        let is_piped = text
            .split('|')
            .skip(1)
            .filter_map(|part| part.split_whitespace().find(|word| *word != "sudo"))
            .any(|word| {
                matches!(
                    word.rsplit('/').next(),
                    Some("sh" | "bash" | "dash" | "zsh" | "python3" | "python")
                )
            });
        if fetches && is_piped {
            notes.warn(
                &[key(list), Step::Index(i)],
                "pipe-to-shell",
                "runs whatever the server answers, as root; download, compare a SHA-256, then run",
            );
        }
        if fetches
            && (text.contains(" -k ")
                || text.contains("--insecure")
                || text.contains("--no-check-certificate"))
        {
            notes.warn(
                &[key(list), Step::Index(i)],
                "no-certificate-check",
                "the certificate is not checked; whoever is on the way can answer",
            );
        }
    }
}

fn sources(value: &Value, notes: &mut Notes<'_>) {
    let sources = value.get("apt").and_then(|apt| apt.get("sources")).and_then(Value::as_map);
    for (name, source) in sources.into_iter().flat_map(crate::yaml::Map::iter) {
        let line = source.get("source").and_then(Value::as_str).unwrap_or_default();
        if line.contains("trusted=yes") {
            let path = [key("apt"), key("sources"), Step::Key(name.key_text()), key("source")];
            notes.warn(&path, "unsigned-packages", "packages of this source need no signature");
        }
    }
}
