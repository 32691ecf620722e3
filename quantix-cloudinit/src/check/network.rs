//! Network configuration.

use quantix_core::Finding;

use super::{CheckOptions, CheckReport, Source, not_a_mapping, schema_faults};
use crate::{
    lint,
    schema::Kind,
    yaml::{Step, Value, dotted},
};

pub(super) fn check(source: Option<&Source<'_>>, options: &CheckOptions, report: &mut CheckReport) {
    let Some((source, map)) = source.and_then(|source| Some((source, source.map()?))) else {
        let value = source.map_or(&Value::Null, |source| source.value());
        return report.faults.push(not_a_mapping(value));
    };
    let (inner, path) = match map.get("network") {
        Some(inner) => (inner, vec![Step::Key("network".to_owned())]),
        None => (source.value(), Vec::new()),
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
            let found = other.map_or_else(|| "none".to_owned(), crate::yaml::python::repr);
            let message = format!("expected `version: 1` or `version: 2`, found {found}");
            let finding = Finding::error("no-version", message).at(dotted(&path));
            return report.faults.push(source.put(finding, &path));
        }
    };
    schema_faults::check(kind, options.versions, source, report);
    let renderer = options.renderer.or_else(|| options.distro?.renderer());
    lint::network(kind, source, &path, renderer, &mut report.lint);
}
