//! OpenShift's `MachineConfig` around a config, and what its operator does not support.

use serde_json::{Map, Value as Json, json};

use super::translate::{Job, text_of};
use crate::yaml::{Data, Node};

const ROLE_LABEL: &str = "machineconfiguration.openshift.io/role";

/// Wraps a config.
pub(super) fn machine_config(job: &mut Job<'_>, mut config: Json) -> Json {
    let section = |name: &str| job.root.entry(name).map(|entry| &entry.value);
    let (metadata, own) = (section("metadata"), section("openshift"));
    let name = metadata.and_then(|node| node.entry("name")).and_then(|it| text_of(&it.value));
    let labels = metadata.and_then(|node| node.entry("labels")).map(|it| labels(&it.value));
    let labels = labels.unwrap_or_default();
    let root = job.root;
    if name.is_none() {
        let message = "a MachineConfig needs a name";
        job.error("$.metadata.name", metadata.unwrap_or(root), "missing-field", message);
    }
    if !labels.contains_key(ROLE_LABEL) {
        let message = format!("a MachineConfig needs the label {ROLE_LABEL}");
        job.error("$.metadata.labels", metadata.unwrap_or(root), "missing-field", message);
    }
    let text = |key: &str| own.and_then(|own| own.entry(key)).and_then(|it| text_of(&it.value));
    let flag =
        |key: &str| super::sugar::flag(own.and_then(|own| own.entry(key)).map(|it| &it.value));
    let texts = |key: &str| -> Vec<String> {
        let items = own.and_then(|own| own.entry(key)).map(|it| it.value.items());
        items.unwrap_or_default().iter().filter_map(text_of).collect()
    };
    let is_fips = flag("fips");
    if is_fips {
        fips_ciphers(&mut config);
    }
    let mut spec = Map::new();
    spec.insert("config".into(), config);
    if let Some(kind) = text("kernel_type") {
        let is_known = matches!(kind.as_str(), "" | "default" | "realtime")
            || kind == "64k-pages" && job.dialect.minor >= 14;
        if !is_known {
            let node = job.node_at("$.openshift.kernel_type");
            let message = "expected default, realtime or, since 4.14, 64k-pages";
            job.error("$.openshift.kernel_type", node, "unknown-kernel-type", message);
        }
        spec.insert("kernelType".into(), kind.into());
    }
    for (key, target) in [("kernel_arguments", "kernelArguments"), ("extensions", "extensions")] {
        let all = texts(key);
        if !all.is_empty() {
            spec.insert(target.into(), all.into());
        }
    }
    if is_fips {
        spec.insert("fips".into(), true.into());
    }
    json!({
        "apiVersion": "machineconfiguration.openshift.io/v1",
        "kind": "MachineConfig",
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
    })
}

fn labels(node: &Node) -> Map<String, Json> {
    let entries = match &node.data {
        Data::Map(entries) => entries.as_slice(),
        _ => &[],
    };
    let text = |node: &Node| text_of(node).unwrap_or_default();
    entries.iter().map(|entry| (entry.key.key_text(), text(&entry.value).into())).collect()
}

/// Encrypted volumes use a cipher that FIPS approves, unless they name one.
fn fips_ciphers(config: &mut Json) {
    for volume in config["storage"]["luks"].as_array_mut().into_iter().flatten() {
        let names_cipher = |option: &str| {
            option == "--cipher" || option.starts_with("--cipher=") || option.starts_with("-c")
        };
        let mut options = volume["options"].as_array().cloned().unwrap_or_default();
        if !options.iter().filter_map(Json::as_str).any(names_cipher) {
            options.extend([json!("--cipher"), json!("aes-cbc-essiv:sha256")]);
            volume["options"] = options.into();
        }
    }
}

/// What the operator that applies it cannot change on a machine that runs.
pub(super) fn unsupported(job: &mut Job<'_>, config: &Json) {
    let storage = &config["storage"];
    let count = |section: &Json| section.as_array().map_or(0, Vec::len);
    for (name, what) in [("directories", "a directory"), ("links", "a link")] {
        for i in 0..count(&storage[name]) {
            refuse(job, &format!("$.storage.{name}.{i}"), what);
        }
    }
    for (i, file) in storage["files"].as_array().into_iter().flatten().enumerate() {
        if file.get("append").is_some() {
            refuse(job, &format!("$.storage.files.{i}.append"), "appending to a file");
        }
        if file["mode"].as_i64().is_some_and(|mode| mode & 0o7000 != 0) {
            refuse(job, &format!("$.storage.files.{i}.mode"), "a special mode bit");
        }
    }
    for i in 0..count(&config["passwd"]["groups"]) {
        refuse(job, &format!("$.passwd.groups.{i}"), "a group");
    }
    for (i, user) in config["passwd"]["users"].as_array().into_iter().flatten().enumerate() {
        if user["name"] != "core" {
            refuse(job, &format!("$.passwd.users.{i}"), "a user other than core");
            continue;
        }
        let has_hash = job.dialect.minor >= 13;
        let is_known = |key: &str| {
            matches!(key, "name" | "sshAuthorizedKeys") || key == "passwordHash" && has_hash
        };
        let others = user.as_object().into_iter().flatten().filter(|(key, _)| !is_known(key));
        for (key, _) in others {
            let snake: String = key
                .chars()
                .flat_map(|c| {
                    let is_upper = c.is_ascii_uppercase();
                    is_upper.then_some('_').into_iter().chain([c.to_ascii_lowercase()])
                })
                .collect();
            let path = format!("$.passwd.users.{i}.{snake}");
            refuse(job, &path, &format!("{snake} of core"));
        }
    }
}

fn refuse(job: &mut Job<'_>, path: &str, what: &str) {
    let node = job.node_at(path);
    let message = format!("{what}: OpenShift's operator does not support it");
    job.error(path, node, "unsupported", message);
}
