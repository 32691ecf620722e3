//! What the schemas of a range of versions say, as findings with places and remedies.

use std::collections::HashMap;

use quantix_core::Finding;

use super::{CheckReport, Source, remedy, source::at};
use crate::schema::{Kind, Problem, ProblemKind, Schema, VersionRange};

/// Reports what any version of the range refuses, once each.
pub(super) fn check(
    kind: Kind,
    versions: VersionRange,
    source: &Source<'_>,
    report: &mut CheckReport,
) {
    let schemas = Schema::for_range(kind, versions);
    let mut seen: Vec<(Problem, Vec<usize>)> = Vec::new();
    let mut known: HashMap<Problem, usize> = HashMap::new();
    for (index, schema) in schemas.iter().enumerate() {
        for problem in schema.validate(source.value()) {
            if schemas.len() == 1 {
                seen.push((problem, vec![index]));
                continue;
            }
            match known.get(&problem) {
                Some(&at) => seen[at].1.push(index),
                None => {
                    known.insert(problem.clone(), seen.len());
                    seen.push((problem, vec![index]));
                }
            }
        }
    }
    let mut hints = remedy::HINTS_MAX;
    for (problem, indices) in &seen {
        let Some(newest) = indices.last().and_then(|index| schemas.get(*index)) else { continue };
        let versions = match indices.first().and_then(|index| schemas.get(*index)) {
            Some(oldest) if indices.len() < schemas.len() => Some((oldest, newest)),
            _ => None,
        };
        let finding = finding(problem, newest, source, versions, &mut hints);
        match problem.kind {
            ProblemKind::Error => report.faults.push(finding),
            ProblemKind::Deprecation => report.deprecations.push(finding),
        }
    }
}

fn finding(
    problem: &Problem,
    schema: &Schema,
    source: &Source<'_>,
    versions: Option<(&Schema, &Schema)>,
    hints: &mut usize,
) -> Finding {
    let mut message = problem.message.trim().to_owned();
    let code = match problem.kind {
        ProblemKind::Deprecation => "deprecated",
        ProblemKind::Error if !problem.unexpected.is_empty() => {
            if *hints > 0 {
                *hints -= 1;
                message.push_str(&remedy::near_misses(problem, schema, source.value()));
            }
            "unknown-key"
        }
        ProblemKind::Error => {
            message.push_str(&remedy::mangled(problem, source));
            "schema"
        }
    };
    if let Some((oldest, newest)) = versions {
        let (first, last) = (oldest.versions().first(), newest.versions().last());
        let range = if first == last { first.to_string() } else { format!("{first} to {last}") };
        message.push_str(&format!(" (cloud-init {range})"));
    }
    let place = source.root().map(|root| remedy::place(problem, root));
    let finding = match problem.kind {
        ProblemKind::Error => Finding::error(code, message),
        ProblemKind::Deprecation => Finding::warning(code, message),
    };
    at(finding.at(problem.dotted_path()), place)
}
