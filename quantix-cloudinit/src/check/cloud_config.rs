//! Documents of kind `#cloud-config`.

use quantix_core::Finding;

use super::{CheckOptions, CheckReport, not_a_mapping, remedy, schema_faults};
use crate::{
    lint,
    schema::{Kind, Schema},
    yaml::Node,
};

pub(super) fn check(root: Option<&Node>, options: &CheckOptions, report: &mut CheckReport) {
    let Some(root) = root else {
        let message = "the document is empty; leave it out or give it a key";
        return report.lint.push(Finding::warning("empty-document", message).at_position(1, 1));
    };
    let value = root.to_value();
    if value.as_map().is_none() {
        return report.faults.push(not_a_mapping(&value));
    }
    schema_faults::check(Kind::CloudConfig, options.versions, root, &value, report);
    unknown_keys(root, report);
    lint::user_data(root, &value, &mut report.lint);
}

/// Versions before 23.3 accept any key at the top and ignore it.
fn unknown_keys(root: &Node, report: &mut CheckReport) {
    let known = Schema::newest(Kind::CloudConfig);
    let known = known.known_keys(&[]);
    for entry in root.entries() {
        let key = entry.key.key_text();
        let is_reported = report
            .faults
            .iter()
            .any(|fault| fault.code == "unknown-key" && fault.line == Some(entry.key.start.line));
        if is_reported || entry.is_merge || known.contains(&key.as_str()) {
            continue;
        }
        let meant = remedy::nearest(&key, known.iter().copied());
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"));
        let at = entry.key.start;
        report.lint.push(
            Finding::warning("unknown-key", format!("cloud-init ignores {key:?}{meant}"))
                .at(key)
                .at_position(at.line, at.column),
        );
    }
}
