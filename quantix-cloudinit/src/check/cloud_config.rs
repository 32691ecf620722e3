//! Documents of kind `#cloud-config`.

use quantix_core::Finding;

use super::{CheckOptions, CheckReport, Source, not_a_mapping, remedy, schema_faults};
use crate::{
    lint,
    schema::{Kind, Schema},
    yaml::{Step, Value},
};

pub(super) fn check(source: Option<&Source<'_>>, options: &CheckOptions, report: &mut CheckReport) {
    let Some(source) = source else {
        let message = "the document is empty; leave it out or give it a key";
        return report.lint.push(Finding::warning("empty-document", message).at_position(1, 1));
    };
    if source.map().is_none() {
        return report.faults.push(not_a_mapping(source.value()));
    }
    schema_faults::check(Kind::CloudConfig, options.versions, source, report);
    unknown_keys(source, report);
    lint::user_data(source, options.distro, &mut report.lint);
}

/// Versions before 23.4 accept any key at the top and ignore it.
fn unknown_keys(source: &Source<'_>, report: &mut CheckReport) {
    let schema = Schema::newest(Kind::CloudConfig);
    let is_known = |key: &Value| key.as_str().is_some_and(|key| schema.knows_top_key(key));
    let keys = source.map().into_iter().flat_map(|map| map.iter().map(|(key, _)| key));
    for (number, key) in keys.filter(|key| !is_known(key)).enumerate() {
        let key = key.key_text();
        let is_reported = |fault: &Finding| {
            let path = fault.path.as_deref().unwrap_or_default();
            fault.code == "unknown-key" && (path.is_empty() || path == key)
        };
        if report.faults.iter().any(is_reported) {
            continue;
        }
        let meant = if number >= remedy::HINTS_MAX {
            None
        } else {
            remedy::nearest(&key, schema.known_keys(&[]).into_iter())
        };
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"));
        let path = [Step::Key(key.clone())];
        let message = format!("cloud-init ignores {key:?}{meant}");
        let finding = Finding::warning("unknown-key", message).at(key);
        report.lint.push(source.put(finding, &path));
    }
}
