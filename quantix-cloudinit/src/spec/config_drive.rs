//! The files of OpenStack's `ConfigDrive`, read by cloud-init and by cloudbase-init.

use std::collections::BTreeMap;

use quantix_core::{OsFamily, spec::Password};
use serde_json::{Map, Value};

use super::{
    agent, network, nocloud,
    render::{Common, Job},
    windows,
};
use crate::{
    network::network_data as network_data_of,
    seed::{SeedDocuments, SeedFile, SeedSource},
};

/// The files, in the order of their names; `None` where a fault leaves none.
pub(super) fn files(job: &mut Job<'_>, common: &Common) -> Option<Vec<SeedFile>> {
    let user_data = match job.spec.os_family {
        OsFamily::Linux => nocloud::user_data(job, common),
        OsFamily::Windows => windows::cloudbase_user_data(job, common),
    };
    let meta_data = meta_data(job, common);
    let network_config = network_data(job);
    let documents = SeedDocuments {
        user_data: user_data?.into_bytes(),
        meta_data: Some(pretty(&meta_data?)),
        vendor_data: None,
        network_config: network_config.as_ref().map(pretty),
    };
    match documents.files(SeedSource::ConfigDrive) {
        Ok(mut files) => {
            files.extend(agent::seed_files(job));
            files.sort_by(|a, b| a.name.cmp(&b.name));
            Some(files)
        }
        Err(error) => {
            job.fault("network_config", "invalid-document", error.to_string());
            None
        }
    }
}

/// JSON with sorted keys and a final line end.
fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}

fn meta_data(job: &mut Job<'_>, common: &Common) -> Option<Value> {
    let extra = nocloud::own_meta_data(job)?;
    let mut out = Map::new();
    out.insert("uuid".into(), common.instance_id.as_str().into());
    out.insert("hostname".into(), common.hostname.as_str().into());
    out.insert("name".into(), job.vm.name.as_str().into());
    if let Some(index) = job.vm.index {
        out.insert("launch_index".into(), index.into());
    }
    let mut meta = Map::new();
    for (key, value) in extra.iter() {
        match (key.as_str(), value.as_str()) {
            (Some(key), Some(value)) => {
                meta.insert(key.to_owned(), value.into());
            }
            _ => job.fault(
                "meta_data",
                "not-a-text",
                format!(
                    "a config drive carries texts only; {} is {}",
                    key.key_text(),
                    value.kind()
                ),
            ),
        }
    }
    if !meta.is_empty() {
        out.insert("meta".into(), meta.into());
    }
    if job.spec.os_family == OsFamily::Windows {
        let keys: Map<String, Value> = common
            .ssh_keys
            .iter()
            .enumerate()
            .map(|(index, key)| (format!("key{index}"), key.line().into()))
            .collect();
        if !keys.is_empty() {
            out.insert("public_keys".into(), keys.into());
        }
        if let Some(Password::Plain(password)) = &job.spec.admin_password {
            out.insert("admin_pass".into(), password.expose().into());
        }
    }
    Some(out.into())
}

/// `network_data.json`, from the spec's interfaces or as the owner wrote it: already as such, or in
/// version 2.
fn network_data(job: &mut Job<'_>) -> Option<Value> {
    let spec = job.spec;
    if let Some(network) = &spec.network {
        let config = network::config(job, network);
        let places: BTreeMap<String, String> = network
            .nics
            .iter()
            .enumerate()
            .map(|(index, nic)| (network::label(index, nic), format!("network.nics[{index}]")))
            .collect();
        let value = serde_json::to_value(config.to_value()).ok()?;
        return convert(job, &value, |path| {
            let (label, rest) = split_label(path, &places)?;
            Some(format!("{}{rest}", places.get(label)?))
        });
    }
    let map = job.own_map("network_config", spec.network_config.as_ref()?)?;
    let is_network_data = map.get("links").is_some() && map.get("networks").is_some();
    let value = serde_json::to_value(crate::yaml::Value::from(map)).ok()?;
    if is_network_data {
        return Some(value);
    }
    convert(job, &value, |path| Some(format!("network_config.{path}")))
}

/// The label of `ethernets.LABEL.setting`, and `.setting`. Labels may hold dots.
fn split_label<'a>(path: &'a str, places: &BTreeMap<String, String>) -> Option<(&'a str, &'a str)> {
    let path = path.strip_prefix("ethernets.")?;
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    ends.filter_map(|at| path.split_at_checked(at)).find(|(label, _)| places.contains_key(*label))
}

fn convert(
    job: &mut Job<'_>,
    version_2: &Value,
    place: impl Fn(&str) -> Option<String>,
) -> Option<Value> {
    let data = match network_data_of(version_2) {
        Ok(data) => data,
        Err(error) => {
            let message = format!(
                "a config drive wants OpenStack's network_data (links, networks, services), or \
                 version 2 to make it of: {error}"
            );
            job.fault("network_config", "wrong-network-format", message);
            return None;
        }
    };
    for mut finding in data.findings {
        let placed = finding.path.as_deref().and_then(&place);
        finding.path = placed.or(finding.path);
        job.findings.push(finding);
    }
    Some(data.document)
}
