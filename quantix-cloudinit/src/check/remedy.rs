//! What to do about a fault: the word that was meant, the quotes that are missing.

use super::Source;
use crate::{
    schema::{Problem, Schema},
    yaml::{Data, Node, Position, Step, Style, Value},
};

/// For how many unknown keys of a document the word is looked up that was meant.
pub(crate) const HINTS_MAX: usize = 16;

/// The place of a problem; for an unknown key, the key itself.
pub(super) fn place(problem: &Problem, root: &Node) -> Position {
    let Some(key) = problem.unexpected.first() else { return root.place(&problem.path) };
    let parent = match problem.path.split_last() {
        // cloud-init gives an unknown key at the top as the path itself.
        Some((Step::Key(last), above)) if last == key => above,
        _ => &problem.path,
    };
    match root.at(parent).and_then(|node| node.entry(key)) {
        Some(entry) => entry.key.start,
        None => root.place(&problem.path),
    }
}

/// `; did you mean …?` for keys that have no place where they stand.
pub(super) fn near_misses(problem: &Problem, schema: &Schema, value: &Value) -> String {
    let above = match problem.path.split_last() {
        Some((Step::Key(last), above)) if problem.unexpected.contains(last) => above,
        _ => &problem.path,
    };
    let steps: Vec<String> = above.iter().map(Step::to_string).collect();
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    let known = schema.known_keys(&steps);
    let present = steps.iter().try_fold(value, |value, step| match value {
        Value::Seq(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    });
    let is_free = |key: &&&str| present.is_none_or(|value| value.get(key).is_none());
    let near = problem.unexpected.iter().take(HINTS_MAX).filter_map(|key| {
        let meant = nearest(key, known.iter().filter(is_free).copied())?;
        Some(if problem.unexpected.len() == 1 {
            format!("did you mean {meant:?}?")
        } else {
            format!("did you mean {meant:?} by {key:?}?")
        })
    });
    let near: Vec<String> = near.collect();
    if near.is_empty() { String::new() } else { format!("; {}", near.join(" ")) }
}

/// The word that is a typing error away, if there is one.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let wanted = plain(word);
    let limit = (wanted.chars().count() / 4).clamp(1, 3);
    known
        .map(|candidate| {
            (distance(&wanted, &plain(candidate)), distance(word, candidate), candidate)
        })
        .filter(|(distance, _, _)| *distance <= limit)
        .min()
        .map(|(_, _, candidate)| candidate)
}

/// Hyphens, underscores and case do not count.
fn plain(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_')).collect::<String>().to_lowercase()
}

/// How many letters must be put in, left out, replaced or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let replace = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

/// `; YAML reads …` where an unquoted text became something else.
pub(super) fn mangled(problem: &Problem, source: &Source<'_>) -> String {
    if !problem.message.contains("is not of type") {
        return String::new();
    }
    source
        .root()
        .and_then(|root| root.at(&problem.path))
        .and_then(mangled_scalar)
        .map_or_else(String::new, |text| format!("; {text}"))
}

/// What YAML made of an unquoted scalar that is no text, and how to keep it.
pub(super) fn mangled_scalar(node: &Node) -> Option<String> {
    let Data::Scalar { value, source: Some(text) } = &node.data else { return None };
    let is_mangled = node.style == Style::Plain
        && !matches!(value, Value::String(_) | Value::Null | Value::Binary(_));
    if !is_mangled {
        return None;
    }
    let read = match value {
        Value::Timestamp(_) => "a date".to_owned(),
        Value::Bool(flag) => format!("the truth value {flag}"),
        other => format!("the number {}", other.key_text()),
    };
    Some(format!("YAML reads {text} as {read}: write \"{text}\" in quotes if it is a text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_find_the_word_that_was_meant() {
        let known = ["hostname", "packages", "ssh_pwauth", "users", "user", "runcmd"];
        let table = [
            ("hostnme", Some("hostname")),
            ("packags", Some("packages")),
            ("ssh-pwauth", Some("ssh_pwauth")),
            ("runmcd", Some("runcmd")),
            ("usres", Some("users")),
            ("", None),
            ("zzz", None),
            ("dhcp", None),
        ];
        for (word, meant) in table {
            assert_eq!(nearest(word, known.iter().copied()), meant, "{word}");
        }
    }
}
