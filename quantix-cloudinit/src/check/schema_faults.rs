//! What the schemas of a range of versions say, as findings with places and remedies.

use quantix_core::Finding;

use super::{CheckReport, remedy};
use crate::{
    schema::{Kind, Problem, ProblemKind, Schema, VersionRange},
    yaml::{Node, Value},
};

/// Reports what any version of the range refuses, once each.
pub(super) fn check(
    kind: Kind,
    versions: VersionRange,
    root: &Node,
    value: &Value,
    report: &mut CheckReport,
) {
    let schemas = Schema::for_range(kind, versions);
    let mut seen: Vec<(Problem, Vec<usize>)> = Vec::new();
    for (index, schema) in schemas.iter().enumerate() {
        for problem in schema.validate(value) {
            match seen.iter_mut().find(|(known, _)| *known == problem) {
                Some((_, indices)) => indices.push(index),
                None => seen.push((problem, vec![index])),
            }
        }
    }
    for (problem, indices) in &seen {
        let Some(newest) = indices.last().and_then(|index| schemas.get(*index)) else { continue };
        let versions = match indices.first().and_then(|index| schemas.get(*index)) {
            Some(oldest) if indices.len() < schemas.len() => Some((oldest, newest)),
            _ => None,
        };
        let finding = finding(problem, newest, root, value, versions);
        match problem.kind {
            ProblemKind::Error => report.faults.push(finding),
            ProblemKind::Deprecation => report.deprecations.push(finding),
        }
    }
}

fn finding(
    problem: &Problem,
    schema: &Schema,
    root: &Node,
    value: &Value,
    versions: Option<(&Schema, &Schema)>,
) -> Finding {
    let mut message = problem.message.trim().to_owned();
    let code = match problem.kind {
        ProblemKind::Deprecation => "deprecated",
        ProblemKind::Error if !problem.unexpected.is_empty() => {
            message.push_str(&remedy::near_misses(problem, schema, value));
            "unknown-key"
        }
        ProblemKind::Error => {
            message.push_str(&remedy::mangled(problem, root));
            "schema"
        }
    };
    if let Some((oldest, newest)) = versions {
        let (first, last) = (oldest.versions().first(), newest.versions().last());
        let range = if first == last { first.to_string() } else { format!("{first} to {last}") };
        message.push_str(&format!(" (cloud-init {range})"));
    }
    let at = remedy::place(problem, root);
    let finding = match problem.kind {
        ProblemKind::Error => Finding::error(code, message),
        ProblemKind::Deprecation => Finding::warning(code, message),
    };
    finding.at(problem.dotted_path()).at_position(at.line, at.column)
}
