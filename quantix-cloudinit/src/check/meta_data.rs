//! Meta-data. cloud-init has no schema for it; these rules come from its NoCloud data source.

use quantix_core::Finding;

use super::{CheckReport, not_a_mapping, remedy};
use crate::{
    lint::check_host_name,
    yaml::{Data, Node, Step, Value},
};

pub(super) fn check(root: Option<&Node>, report: &mut CheckReport) {
    let Some(root) = root else {
        let message = "without an instance-id every boot may look like a first boot, or none; \
                       give a stable one";
        return report.lint.push(Finding::warning("no-instance-id", message).at_position(1, 1));
    };
    let value = root.to_value();
    if value.as_map().is_none() {
        return report.faults.push(not_a_mapping(&value));
    }
    for key in ["instance-id", "local-hostname", "hostname", "availability-zone", "region"] {
        let Some(entry) = root.entry(key) else { continue };
        let at = entry.value.start;
        let place = |finding: Finding| finding.at(key).at_position(at.line, at.column);
        match &entry.value.data {
            Data::Scalar { value: Value::String(text), .. } if text.is_empty() => {
                let message = format!("{key} is empty; leave it out or give it a value");
                report.lint.push(place(Finding::warning("empty-value", message)));
            }
            Data::Scalar { value: Value::String(text), .. } if key.ends_with("hostname") => {
                report.lint.extend(check_host_name(text).map(place));
            }
            Data::Scalar { value: Value::String(_), .. } => {}
            _ => {
                let remedy = remedy::mangled_scalar(&entry.value)
                    .unwrap_or_else(|| format!("expected a text, found {}", kind(&entry.value)));
                report.faults.push(place(Finding::error("not-a-text", remedy)));
            }
        }
    }
    if value.get("instance-id").is_none() {
        let message = "there is no instance-id: cloud-init makes one up, and a clone may look \
                       like the same machine; give a stable one";
        report.lint.push(Finding::warning("no-instance-id", message).at_position(1, 1));
    }
    near_misses(root, report);
}

fn kind(node: &Node) -> &'static str {
    match &node.data {
        Data::Scalar { value, .. } => value.kind(),
        Data::Seq(_) => "list",
        Data::Map(_) => "mapping",
    }
}

/// Meta-data may hold any key; only likely typing errors are worth a word.
fn near_misses(root: &Node, report: &mut CheckReport) {
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
    for entry in root.entries() {
        let key = entry.key.key_text();
        if KNOWN.contains(&key.as_str()) {
            continue;
        }
        if let Some(meant) = remedy::nearest(&key, KNOWN.iter().copied()) {
            let at = root.place(&[Step::Key(key.clone())]);
            report.lint.push(
                Finding::warning("unknown-key", format!("did you mean {meant:?} by {key:?}?"))
                    .at(key)
                    .at_position(at.line, at.column),
            );
        }
    }
}
