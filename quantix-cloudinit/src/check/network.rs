//! Network configuration.

use quantix_core::Finding;

use super::{CheckOptions, CheckReport, not_a_mapping, schema_faults};
use crate::{
    lint,
    schema::Kind,
    yaml::{Node, Step, Value, dotted},
};

pub(super) fn check(root: Option<&Node>, options: &CheckOptions, report: &mut CheckReport) {
    let value = root.map_or(Value::Null, Node::to_value);
    let (Some(root), Some(map)) = (root, value.as_map()) else {
        return report.faults.push(not_a_mapping(&value));
    };
    let (inner, path) = match map.get("network") {
        Some(inner) => (inner, vec![Step::Key("network".to_owned())]),
        None => (&value, Vec::new()),
    };
    if inner.get("config").and_then(Value::as_str) == Some("disabled") {
        return;
    }
    let kind = match (options.network, inner.get("version")) {
        (Some(kind), _) => kind,
        (None, Some(Value::Int(1))) => Kind::NetworkV1,
        (None, Some(Value::Int(2))) => Kind::NetworkV2,
        (None, other) => {
            let path = [path, vec![Step::Key("version".to_owned())]].concat();
            let at = root.place(&path);
            let found = other.map_or_else(|| "none".to_owned(), crate::yaml::python::repr);
            let message = format!("expected `version: 1` or `version: 2`, found {found}");
            let finding = Finding::error("no-version", message).at(dotted(&path));
            return report.faults.push(finding.at_position(at.line, at.column));
        }
    };
    schema_faults::check(kind, options.versions, root, &value, report);
    if let Some(node) = root.at(&path) {
        lint::network(kind, node, &path, options.renderer, &mut report.lint);
    }
}
