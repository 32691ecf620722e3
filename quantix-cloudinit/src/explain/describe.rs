//! Sentences about settings. They never repeat a secret.

use super::{ExplainedStep, Frequency, Stage};
use crate::yaml::{Map, Value};

/// How many names a sentence lists.
const NAMES_MAX: usize = 8;

/// What a key of a cloud-config document makes the guest do.
pub(super) fn user_data(key: &str, value: &Value) -> String {
    let text = value.as_str();
    let items = value.as_seq().unwrap_or_default();
    match (key, text) {
        ("hostname", Some(name)) => format!("names the machine {name:?}"),
        ("fqdn", Some(name)) => format!("sets the fully qualified name {name:?}"),
        ("timezone", Some(zone)) => format!("sets the time zone {zone}"),
        ("locale", Some(locale)) => format!("sets the locale {locale}"),
        ("final_message", _) => "logs a message when the boot is done".to_owned(),
        ("users", _) => format!("creates users: {}", names(items.iter().map(user))),
        ("groups", _) => "creates groups".to_owned(),
        ("packages", _) => format!("installs packages: {}", names(items.iter().map(package))),
        ("package_update", _) => flag(value, "refreshes the package index"),
        ("package_upgrade", _) => flag(value, "upgrades every installed package"),
        ("package_reboot_if_required", _) => flag(value, "restarts if a package asks for it"),
        ("write_files", _) => format!("writes files: {}", names(items.iter().map(file))),
        ("runcmd", _) => format!("runs {}, as root", count(items.len(), "command")),
        ("bootcmd", _) => {
            format!("runs {} early, as root", count(items.len(), "command"))
        }
        ("ssh_authorized_keys", _) => {
            format!("lets {} log in as the default user", count(items.len(), "key"))
        }
        ("ssh_pwauth", _) => flag(value, "lets sshd accept passwords"),
        ("disable_root", _) => flag(value, "keeps root from logging in over ssh"),
        ("ssh_deletekeys", _) => flag(value, "removes the ssh host keys of the image"),
        ("chpasswd" | "password", _) => "sets passwords of users".to_owned(),
        ("mounts", _) => format!("mounts {}", count(items.len(), "file system")),
        ("swap", _) => "makes a swap file".to_owned(),
        ("growpart", _) => "grows partitions to the size of the disk".to_owned(),
        ("resize_rootfs", _) => flag(value, "grows the root file system to its partition"),
        ("ntp", _) => "sets up time servers".to_owned(),
        ("ca_certs" | "ca-certs", _) => {
            "changes which certificate authorities are trusted".to_owned()
        }
        ("apt", _) => "sets up apt and its sources".to_owned(),
        ("manage_etc_hosts", _) => "rewrites /etc/hosts".to_owned(),
        ("phone_home", _) => {
            let url = value.get("url").and_then(Value::as_str).unwrap_or("a server");
            format!("reports the finished boot to {url}")
        }
        ("power_state", _) => {
            let mode = value.get("mode").and_then(Value::as_str).unwrap_or("power state change");
            format!("ends the first boot with {mode}")
        }
        _ => format!("sets {key}"),
    }
}

fn flag(value: &Value, what: &str) -> String {
    match value {
        Value::Bool(false) => format!("no: {what}"),
        _ => what.to_owned(),
    }
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn names(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(NAMES_MAX);
    let mut shown: Vec<String> = all.take(NAMES_MAX).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown.join(", ")
}

fn user(user: &Value) -> String {
    let Some(name) = user.get("name").and_then(Value::as_str) else {
        return user.as_str().map_or_else(
            || "one without name".to_owned(),
            |name| format!("{name} (of the image)"),
        );
    };
    let mut traits = Vec::new();
    let sudo = match user.get("sudo") {
        Some(Value::String(rule)) => rule.clone(),
        Some(Value::Seq(rules)) => {
            rules.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    };
    if sudo.contains("NOPASSWD") {
        traits.push("root without password".to_owned());
    } else if !sudo.is_empty() {
        traits.push("sudo".to_owned());
    }
    let keys = user.get("ssh_authorized_keys").and_then(Value::as_seq).map_or(0, <[Value]>::len);
    if keys > 0 {
        traits.push(count(keys, "ssh key"));
    }
    let has_password = ["hashed_passwd", "passwd", "plain_text_passwd"]
        .iter()
        .any(|field| user.get(field).is_some());
    let is_open = user.get("lock_passwd") == Some(&Value::Bool(false));
    if has_password && is_open {
        traits.push("password login".to_owned());
    }
    if traits.is_empty() { name.to_owned() } else { format!("{name} ({})", traits.join(", ")) }
}

fn package(package: &Value) -> String {
    match package {
        Value::String(name) => name.clone(),
        Value::Seq(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("="),
        other => other.kind().to_owned(),
    }
}

fn file(file: &Value) -> String {
    file.get("path").and_then(Value::as_str).unwrap_or("one without path").to_owned()
}

fn local(key: &str, module: &'static str, text: String) -> ExplainedStep {
    let (stage, frequency) = (Stage::Local, Frequency::Instance);
    ExplainedStep { key: key.to_owned(), module, stage, frequency, text }
}

/// What meta-data makes the guest do.
pub(super) fn meta_data(value: &Value) -> Vec<ExplainedStep> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let mut steps = Vec::new();
    if let Some(id) = text("instance-id") {
        let text = format!("is the instance {id:?}; another id makes it a new machine");
        steps.push(local("instance-id", "datasource", text));
    }
    if let Some(name) = text("local-hostname") {
        steps.push(local("local-hostname", "datasource", format!("is named {name:?}")));
    }
    steps
}

/// What a network configuration makes the guest do.
pub(super) fn network(value: &Value) -> Vec<ExplainedStep> {
    let inner = value.get("network").unwrap_or(value);
    let mut steps = Vec::new();
    for section in ["ethernets", "bonds", "bridges", "vlans", "wifis"] {
        let entries = inner.get(section).and_then(Value::as_map);
        for (name, settings) in entries.into_iter().flat_map(Map::iter) {
            let key = format!("{section}.{}", name.key_text());
            steps.push(local(&key, "network", interface(section, &name.key_text(), settings)));
        }
    }
    let config = inner.get("config").and_then(Value::as_seq).unwrap_or_default();
    for (i, item) in config.iter().enumerate() {
        let kind = item.get("type").and_then(Value::as_str).unwrap_or("entry");
        let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
        let text = format!("sets up {kind} {name}").trim_end().to_owned();
        steps.push(local(&format!("config.{i}"), "network", text));
    }
    steps
}

fn interface(section: &str, name: &str, settings: &Value) -> String {
    let mut parts = Vec::new();
    if let Some(mac) =
        settings.get("match").and_then(|by| by.get("macaddress")).and_then(Value::as_str)
    {
        parts.push(format!("the card with {mac}"));
    }
    if let Some(new) = settings.get("set-name").and_then(Value::as_str) {
        parts.push(format!("renamed to {new}"));
    }
    for field in ["dhcp4", "dhcp6"] {
        if settings.get(field) == Some(&Value::Bool(true)) {
            parts.push(field.to_uppercase());
        }
    }
    let addresses = settings.get("addresses").and_then(Value::as_seq).unwrap_or_default();
    parts.extend(addresses.iter().filter_map(Value::as_str).take(NAMES_MAX).map(str::to_owned));
    let members = settings.get("interfaces").and_then(Value::as_seq).unwrap_or_default();
    if !members.is_empty() {
        let members = names(members.iter().map(|m| m.as_str().unwrap_or("?").to_owned()));
        parts.push(format!("of {members}"));
    }
    let noun = section.trim_end_matches('s');
    let parts = parts.join(", ");
    if parts.is_empty() { format!("{noun} {name}") } else { format!("{noun} {name}: {parts}") }
}
