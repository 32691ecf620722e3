//! Meta-data. cloud-init has no schema for it; these rules come from its NoCloud data source.

use quantix_core::Finding;

use super::{CheckReport, Source, not_a_mapping, remedy, source::at};
use crate::{
    lint::check_host_name,
    yaml::{Step, Value},
};

pub(super) fn check(source: Option<&Source<'_>>, report: &mut CheckReport) {
    let Some(source) = source else {
        let message = "without an instance-id every boot may look like a first boot, or none; \
                       give a stable one";
        return report.lint.push(Finding::warning("no-instance-id", message).at_position(1, 1));
    };
    let Some(map) = source.map() else {
        return report.faults.push(not_a_mapping(source.value()));
    };
    for key in ["instance-id", "local-hostname", "hostname", "availability-zone", "region"] {
        let Some(value) = map.get(key) else { continue };
        let node = || source.root()?.entry(key).map(|entry| &entry.value);
        let place = |finding: Finding| at(finding.at(key), node().map(|node| node.start));
        match value {
            Value::String(text) if text.is_empty() => {
                let message = format!("{key} is empty; leave it out or give it a value");
                report.lint.push(place(Finding::warning("empty-value", message)));
            }
            Value::String(text) if key.ends_with("hostname") => {
                report.lint.extend(check_host_name(text).map(place));
            }
            Value::String(_) => {}
            other => {
                let remedy = node()
                    .and_then(remedy::mangled_scalar)
                    .unwrap_or_else(|| format!("expected a text, found {}", other.kind()));
                report.faults.push(place(Finding::error("not-a-text", remedy)));
            }
        }
    }
    if map.get("instance-id").is_none() {
        let message = "there is no instance-id: cloud-init makes one up, and a clone may look \
                       like the same machine; give a stable one";
        report.lint.push(Finding::warning("no-instance-id", message).at_position(1, 1));
    }
    near_misses(source, report);
}

/// Meta-data may hold any key; only likely typing errors are worth a word.
fn near_misses(source: &Source<'_>, report: &mut CheckReport) {
    const KNOWN: &[&str] = &[
        "instance-id",
        "local-hostname",
        "public-keys",
        "network-interfaces",
        "dsmode",
        "availability-zone",
        "region",
        "hostname",
        "public_keys",
        "instance_id",
        "local_hostname",
    ];
    let keys = source.map().into_iter().flat_map(|map| map.iter().map(|(key, _)| key.key_text()));
    for key in keys.filter(|key| !KNOWN.contains(&key.as_str())).take(remedy::HINTS_MAX) {
        if let Some(meant) = remedy::nearest(&key, KNOWN.iter().copied()) {
            let path = [Step::Key(key.clone())];
            let message = format!("did you mean {meant:?} by {key:?}?");
            report.lint.push(source.put(Finding::warning("unknown-key", message).at(key), &path));
        }
    }
}
