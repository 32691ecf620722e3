//! What the owner of a spec wrote for Ignition: a Butane document or an Ignition config.
//!
//! It is carried whole in `ignition.config.merge`, so that Ignition itself merges it by its own
//! rules and by the version that it names.

use quantix_core::{Finding, Secret};
use serde_json::Value as Json;

use super::render::Job;
use crate::{
    butane::{self, ButaneOptions},
    ignition::Ignition,
    yaml,
};

/// Adds the owner's config to `out` and tells which settings of the spec it replaces.
pub(super) fn add(job: &mut Job<'_>, out: &mut Ignition) {
    let Some(document) = &job.spec.user_data else { return };
    let Some(config) = job.text("user_data", document).and_then(|text| own_config(job, &text))
    else {
        return;
    };
    tell_replaced(job, out, &config);
    out.merge.push(Secret::new(config.to_string()));
}

fn own_config(job: &mut Job<'_>, text: &str) -> Option<Json> {
    // JSON first: its escapes and its characters are not all YAML's.
    let config = match serde_json::from_str::<Json>(text) {
        Ok(config) => {
            let value = yaml::Value::from(config.clone());
            if butane::is_butane(&value) {
                // What JSON could nest YAML can.
                return of_butane(job, &yaml::emit(&value).unwrap_or_default());
            }
            config
        }
        Err(_) => match yaml::parse_value(text) {
            Ok(Some(value)) if butane::is_butane(&value) => return of_butane(job, text),
            Ok(value) => serde_json::to_value(&value).unwrap_or_default(),
            Err(error) => {
                job.findings.push(error.to_finding().at("user_data"));
                return None;
            }
        },
    };
    match config["ignition"]["version"].as_str() {
        Some(version) if is_version_3(version) => Some(config),
        Some(version) => {
            let message =
                format!("version {version:?} of Ignition's config: expected 3.0.0 or later");
            job.fault("user_data", "unknown-version", message);
            None
        }
        None => {
            let message = "Ignition would not read it: expected a Butane document (variant, version) \
                           or an Ignition config (ignition.version)";
            job.fault("user_data", "unsupported-by-target", message);
            None
        }
    }
}

fn of_butane(job: &mut Job<'_>, text: &str) -> Option<Json> {
    let answer = butane::translate(text, &ButaneOptions::default());
    for mut finding in answer.findings {
        finding.path = Some(match finding.path.take() {
            Some(inner) => format!("user_data: {inner}"),
            None => "user_data".to_owned(),
        });
        job.findings.push(finding);
    }
    let config = answer.config?;
    if config.get("ignition").is_none() {
        let message = "a MachineConfig belongs to the cluster, not to one machine: use the variant \
                       of the machine's system, such as fcos";
        job.fault("user_data", "unsupported-by-target", message);
        return None;
    }
    Some(config)
}

/// Whether a config of this version can be merged: `3.`, a number, `.0`.
fn is_version_3(version: &str) -> bool {
    let minor = version.strip_prefix("3.").and_then(|rest| rest.strip_suffix(".0"));
    minor.is_some_and(|minor| {
        (1..=2).contains(&minor.len()) && minor.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Paths, users, groups and units of the spec that the owner's config names too.
fn tell_replaced(job: &mut Job<'_>, out: &Ignition, config: &Json) {
    let named = |section: &str, list: &str, key: &str| -> Vec<String> {
        let items = config[section][list].as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(|item| item[key].as_str()).map(str::to_owned).collect()
    };
    let theirs = ["files", "links", "directories"].map(|list| named("storage", list, "path"));
    let paths = theirs.concat();
    let files = out.files.iter().map(|file| file.path.as_str());
    let mut both: Vec<&str> = files
        .chain(out.links.iter().map(|link| link.path.as_str()))
        .filter(|path| has(&paths, path))
        .collect();
    let (users, groups) = (named("passwd", "users", "name"), named("passwd", "groups", "name"));
    let units = named("systemd", "units", "name");
    both.extend(out.users.iter().map(|it| it.name.as_str()).filter(|it| has(&users, it)));
    both.extend(out.groups.iter().map(|it| it.name.as_str()).filter(|it| has(&groups, it)));
    both.extend(out.units.iter().map(|it| it.name.as_str()).filter(|it| has(&units, it)));
    for name in both {
        let message = format!(
            "{name:?} is set by the spec and by its user_data; Ignition takes what user_data says"
        );
        job.findings.push(Finding::warning("conflicting-key", message).at("user_data"));
    }
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|own| own == name)
}
