//! The files of cloud-init's `NoCloud`: user-data, meta-data, network-config.

use quantix_core::Finding;

use super::{
    agent, linux, network,
    render::{Common, Job},
};
use crate::{
    DocumentError,
    meta_data::{InstanceIdPolicy, MetaData},
    mime::{self, PartKind, UserDataPart},
    seed::SeedFile,
    user_data::CLOUD_CONFIG_HEADER,
    yaml,
};

/// Keys of meta-data that decide who the guest is.
const PROTECTED: [&str; 5] = ["instance-id", "instance_id", "local-hostname", "hostname", "uuid"];

/// The files, in the order of their names; `None` where a fault leaves none.
pub(super) fn files(job: &mut Job<'_>, common: &Common) -> Option<Vec<SeedFile>> {
    let user_data = user_data(job, common);
    let meta_data = meta_data(job, common);
    let network = network_config(job);
    let mut files = vec![SeedFile::new("meta-data", meta_data?)];
    files.extend(network.map(|text| SeedFile::new("network-config", text)));
    files.extend(agent::seed_files(job));
    files.push(SeedFile::new("user-data", user_data?));
    Some(files)
}

/// Takes the text of a typed document, or notes its faults below a path.
fn text(job: &mut Job<'_>, path: &str, document: Result<String, DocumentError>) -> Option<String> {
    match document {
        Ok(text) => Some(text),
        Err(error) => {
            for mut fault in error.into_faults() {
                fault.path = Some(match fault.path.take() {
                    Some(inner) => format!("{path}: {inner}"),
                    None => path.to_owned(),
                });
                job.findings.push(fault);
            }
            None
        }
    }
}

/// The user-data of a Linux guest: what the spec generates, and what its owner wrote.
pub(super) fn user_data(job: &mut Job<'_>, common: &Common) -> Option<String> {
    let generated = linux::user_data(job, common);
    let own = job.own_user_data();
    if job.findings.iter().any(Finding::is_error) {
        return None;
    }
    let generated_keys = generated.to_value();
    let generated = text(job, "user-data", generated.to_yaml())?;
    let Some(own) = own else { return Some(generated) };
    let configs = own.iter().filter(|part| part.kind == PartKind::CloudConfig);
    for part in configs {
        note_conflicts(job, &generated_keys, &String::from_utf8_lossy(&part.content));
    }
    let mut parts = vec![UserDataPart::new("quantix.yaml", PartKind::CloudConfig, generated)];
    parts.extend(own);
    job.message(&parts)
}

impl Job<'_> {
    /// Writes parts as one document.
    pub(super) fn message(&mut self, parts: &[UserDataPart]) -> Option<String> {
        match mime::write(parts) {
            Ok(text) => Some(text),
            Err(error) => {
                self.findings.push(error.to_finding().at("user_data"));
                None
            }
        }
    }
}

/// Tells which settings of the owner's cloud-config give way to the spec.
fn note_conflicts(job: &mut Job<'_>, generated: &yaml::Value, own: &str) {
    let own = own.strip_prefix(CLOUD_CONFIG_HEADER).unwrap_or(own);
    let Ok(Some(own)) = yaml::parse(own) else { return };
    let own = own.to_value();
    let Some(map) = own.as_map() else { return };
    for (key, value) in map.iter() {
        let Some(name) = key.as_str() else { continue };
        let joined = value.as_map().is_some() || value.as_seq().is_some();
        if !joined && generated.get(name).is_some_and(|ours| ours != value) {
            let message =
                format!("{name:?} is set by the spec and by its user_data; the spec wins");
            job.findings.push(Finding::warning("conflicting-key", message).at("user_data"));
        }
    }
}

fn meta_data(job: &mut Job<'_>, common: &Common) -> Option<String> {
    let mut out = MetaData {
        instance_id: InstanceIdPolicy::Given(common.instance_id.clone()),
        local_hostname: Some(common.hostname.short().to_owned()),
        public_keys: Vec::new(),
        extra: yaml::Map::new(),
    };
    out.extra = own_meta_data(job)?;
    if job.findings.iter().any(Finding::is_error) {
        return None;
    }
    text(job, "meta-data", out.to_yaml())
}

/// Additional meta-data of the owner, without the keys that decide who the guest is.
pub(super) fn own_meta_data(job: &mut Job<'_>) -> Option<yaml::Map> {
    let Some(document) = &job.spec.meta_data else { return Some(yaml::Map::new()) };
    let map = job.own_map("meta_data", document)?;
    for key in PROTECTED {
        if map.get(key).is_some() {
            let message = format!(
                "{key:?} is decided by the machine: set its instance_id or the spec's hostname"
            );
            job.fault("meta_data", "protected-key", message);
        }
    }
    Some(map)
}

fn network_config(job: &mut Job<'_>) -> Option<String> {
    let spec = job.spec;
    if let Some(network) = &spec.network {
        if network.nics.is_empty() {
            job.fault("network.nics", "missing-nics", "no interface is described");
            return None;
        }
        let config = network::config(job, network);
        return text(job, "network-config", config.to_yaml());
    }
    let map = job.own_map("network_config", spec.network_config.as_ref()?)?;
    let inner = match map.get("network") {
        Some(yaml::Value::Map(inner)) if map.len() == 1 => {
            let message = "the `network:` key around it was dropped, as NoCloud wants";
            job.findings.push(Finding::info("unwrapped-network", message).at("network_config"));
            inner.clone()
        }
        _ => map,
    };
    match inner.get("version") {
        Some(yaml::Value::Int(1 | 2)) => {}
        _ if inner.get("config").and_then(yaml::Value::as_str) == Some("disabled") => {}
        _ => {
            let message = "expected `version: 1` or `version: 2`";
            job.fault("network_config", "unknown-network-version", message);
            return None;
        }
    }
    match yaml::emit(&inner.into()) {
        Ok(text) => Some(text),
        Err(error) => {
            job.fault("network_config", "too-deep", error.to_string());
            None
        }
    }
}
