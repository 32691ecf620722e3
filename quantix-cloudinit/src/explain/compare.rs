//! What differs between two seeds, and what that triggers in a guest that has the first one.

use quantix_core::Finding;
use serde::Serialize;

use super::modules::{Frequency, module_of};
use crate::{
    check::DocumentKind,
    diff::{Change, ChangeKind, diff},
    yaml::{Map, Value, parse},
};

/// The documents of a seed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedSet {
    /// User-data.
    pub user_data: Option<Vec<u8>>,
    /// Meta-data.
    pub meta_data: Option<Vec<u8>>,
    /// Vendor-data.
    pub vendor_data: Option<Vec<u8>>,
    /// Network configuration.
    pub network_config: Option<Vec<u8>>,
}

impl SeedSet {
    /// Puts a document in its place. Butane and answer files stand where user-data stands.
    pub fn put(&mut self, kind: DocumentKind, bytes: Vec<u8>) {
        let place = match kind {
            DocumentKind::UserData | DocumentKind::Butane | DocumentKind::Unattend => {
                &mut self.user_data
            }
            DocumentKind::VendorData => &mut self.vendor_data,
            DocumentKind::MetaData => &mut self.meta_data,
            DocumentKind::NetworkConfig => &mut self.network_config,
        };
        *place = Some(bytes);
    }
}

/// What differs between two seeds: the document of `quantix seed diff`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeedDiff {
    /// Every change.
    pub changes: Vec<DocumentChange>,
    /// The instance ids.
    pub instance_id: InstanceIds,
    /// What the changes trigger in a guest that has the first seed and boots with the second.
    pub consequences: Vec<Finding>,
}

/// A change in one of the documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentChange {
    /// `user-data`, `meta-data`, `vendor-data` or `network-config`.
    pub document: &'static str,
    /// The change.
    #[serde(flatten)]
    pub change: Change,
}

/// The instance ids of two seeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstanceIds {
    /// Of the first.
    pub before: Option<String>,
    /// Of the second.
    pub after: Option<String>,
    /// Whether the guest takes itself for a new machine.
    pub changed: bool,
}

/// Compares two seeds.
#[must_use]
pub fn compare(before: &SeedSet, after: &SeedSet) -> SeedDiff {
    let mut changes = Vec::new();
    let pairs = [
        ("user-data", &before.user_data, &after.user_data),
        ("meta-data", &before.meta_data, &after.meta_data),
        ("vendor-data", &before.vendor_data, &after.vendor_data),
        ("network-config", &before.network_config, &after.network_config),
    ];
    for (document, old, new) in pairs {
        let found = document_changes(old.as_deref(), new.as_deref());
        changes.extend(found.into_iter().map(|change| DocumentChange { document, change }));
    }
    let id = |seed: &SeedSet| {
        let value = value_of(seed.meta_data.as_deref()?)?;
        value.get("instance-id").or_else(|| value.get("instance_id")).map(Value::key_text)
    };
    let (old, new) = (id(before), id(after));
    let instance_id = InstanceIds { changed: old != new, before: old, after: new };
    let consequences = if instance_id.changed {
        new_instance(after)
    } else {
        same_instance(&changes, &instance_id)
    };
    SeedDiff { changes, instance_id, consequences }
}

/// What a document says; nothing if it is no YAML mapping.
fn value_of(bytes: &[u8]) -> Option<Value> {
    let root = parse(std::str::from_utf8(bytes).ok()?).ok()??;
    let value = root.to_value();
    value.as_map().is_some().then_some(value)
}

fn document_changes(old: Option<&[u8]>, new: Option<&[u8]>) -> Vec<Change> {
    if old == new {
        return Vec::new();
    }
    let empty = || Value::Map(Map::new());
    let value = |bytes: Option<&[u8]>| bytes.map_or_else(|| Some(empty()), value_of);
    match (value(old), value(new)) {
        (Some(old), Some(new)) => diff(&old, &new),
        // A script or another form: it changed as a whole.
        _ => {
            let kind = match (old, new) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Removed,
                _ => ChangeKind::Changed,
            };
            vec![Change { path: String::new(), kind, before: None, after: None }]
        }
    }
}

fn new_instance(after: &SeedSet) -> Vec<Finding> {
    let mut found = vec![Finding::warning(
        "new-instance",
        "the instance id changes: the guest takes itself for a new machine and runs its first \
         boot again",
    )];
    let config = after.user_data.as_deref().and_then(value_of).unwrap_or(Value::Null);
    if config.get("ssh_deletekeys") != Some(&Value::Bool(false)) {
        found.push(Finding::warning(
            "host-keys",
            "ssh host keys are generated again; every client will warn of a changed host",
        ));
    }
    let entries = config.as_map().into_iter().flat_map(Map::iter);
    for (key, _) in entries {
        let key = key.key_text();
        let Some(module) = module_of(&key).filter(|m| m.frequency == Frequency::Instance) else {
            continue;
        };
        let (code, message) = match key.as_str() {
            "runcmd" => ("runs-again", "the commands of runcmd run again".to_owned()),
            "power_state" => ("runs-again", "the machine goes down at the end again".to_owned()),
            "write_files" => {
                ("runs-again", "files are written again, over what became of them".to_owned())
            }
            "users" => (
                "runs-again",
                "missing users are created; keys and passwords of existing ones are set again"
                    .to_owned(),
            ),
            "chpasswd" | "password" => ("runs-again", "passwords are set again".to_owned()),
            "disk_setup" | "fs_setup" => (
                "runs-again",
                "disks are set up again; without overwrite: false their data may be lost"
                    .to_owned(),
            ),
            _ => ("runs-again", format!("{} runs again", module.name)),
        };
        found.push(Finding::warning(code, message).at(key));
    }
    if after.user_data.as_deref().is_some_and(|text| text.starts_with(b"#!")) {
        found.push(Finding::warning("runs-again", "the script runs again"));
    }
    found.push(Finding::info("network-again", "the network configuration is written again"));
    found
}

fn same_instance(changes: &[DocumentChange], ids: &InstanceIds) -> Vec<Finding> {
    let mut found = Vec::new();
    if ids.before.is_none() && !changes.is_empty() {
        found.push(Finding::info(
            "no-instance-id",
            "no instance id was given; both seeds are taken to be for the same instance",
        ));
    }
    let mut seen = std::collections::BTreeSet::new();
    for DocumentChange { document, change } in changes {
        let key = change.path.split('.').next().unwrap_or_default();
        if !seen.insert((*document, key.to_owned())) {
            continue;
        }
        let finding = match *document {
            "user-data" | "vendor-data" => user_data_effect(key),
            "network-config" => Some(Finding::warning(
                "no-effect",
                "a guest that has booted keeps its network: cloud-init applies it on the first \
                 boot of an instance, unless updates.network.when includes boot",
            )),
            _ => None,
        };
        found.extend(finding.map(|finding| if key.is_empty() { finding } else { finding.at(key) }));
        if *document == "network-config" {
            seen.extend(changes.iter().map(|c| (c.document, top(&c.change.path))));
        }
    }
    found
}

fn top(path: &str) -> String {
    path.split('.').next().unwrap_or_default().to_owned()
}

fn user_data_effect(key: &str) -> Option<Finding> {
    if key.is_empty() {
        let message = "a guest that has booted does not run it again; give a new instance id if it \
                       should";
        return Some(Finding::warning("no-effect", message));
    }
    let module = module_of(key)?;
    Some(match module.frequency {
        Frequency::Always => Finding::info(
            "next-boot",
            format!("takes effect on the next boot: {} runs on every boot", module.name),
        ),
        Frequency::Instance | Frequency::Once => Finding::warning(
            "no-effect",
            format!(
                "has no effect on a guest that has booted: {} runs once per instance",
                module.name
            ),
        ),
    })
}
