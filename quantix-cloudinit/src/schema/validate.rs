//! Validation, step by step as the official validator does it.

use std::borrow::Cow;

use super::{
    compile::{Compiled, Dialect},
    keyword::{Additional, Keyword, Property, SchemaId},
    leaf::{apply_to_scalar, check_enum, check_type, is_unique, quoted, too_few},
};
use crate::yaml::{Map, Step, Value, dotted, python};

/// Something that the official validator reports.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Problem {
    /// Whether it makes the document invalid.
    pub kind: ProblemKind,
    /// Where: the steps from the root.
    pub path: Vec<Step>,
    /// What, in the official validator's words.
    pub message: String,
    /// The keys that have no place here, if that is the problem.
    pub unexpected: Vec<String>,
}

/// Whether a problem makes a document invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// It does.
    Error,
    /// The document is valid, but uses what is going away.
    Deprecation,
}

/// A problem on its way up: the path grows at its end and is turned round last.
#[derive(Clone, Debug)]
struct Raw {
    kind: ProblemKind,
    path: Vec<Step>,
    message: String,
    keyword: &'static str,
    schema: SchemaId,
    /// Whether the value has one of the types that the schema asks for.
    has_type: bool,
    unexpected: Vec<String>,
    context: Vec<Raw>,
}

impl Raw {
    fn is_error(&self) -> bool {
        self.kind == ProblemKind::Error
    }
}

/// Everything that is wrong, ordered by place.
pub(super) fn validate(compiled: &Compiled, value: &Value) -> Vec<Problem> {
    let validator = Validator { compiled };
    let mut raw = validator.errors(compiled.root(), value);
    for problem in &mut raw {
        problem.path.reverse();
    }
    let problems = raw.into_iter().map(|problem| finish(compiled, problem));
    // cloud-init reports a set, in the order of its texts.
    let mut problems: Vec<_> = problems.map(|problem| (problem.dotted_path(), problem)).collect();
    problems.sort_by(|(a, x), (b, y)| (a, &x.message).cmp(&(b, &y.message)));
    problems.dedup_by(|(a, x), (b, y)| a == b && x.message == y.message && x.kind == y.kind);
    problems.into_iter().map(|(_, problem)| problem).collect()
}

/// cloud-init gives a single unknown key at the top as the path itself.
fn finish(compiled: &Compiled, raw: Raw) -> Problem {
    let mut path = raw.path;
    let is_top = raw.keyword == "additionalProperties" && raw.schema == compiled.root();
    if let ([], true, [key]) = (path.as_slice(), is_top, raw.unexpected.as_slice()) {
        path.push(Step::Key(key.clone()));
    }
    Problem { kind: raw.kind, path, message: raw.message, unexpected: raw.unexpected }
}

impl Problem {
    /// The place as cloud-init writes it: `users.0.name`.
    #[must_use]
    pub fn dotted_path(&self) -> String {
        dotted(&self.path)
    }
}

pub(super) struct Validator<'a> {
    pub(super) compiled: &'a Compiled,
}

impl Validator<'_> {
    /// Whether the errors of an alternative that has a `type`, chosen as cloud-init chooses them,
    /// are none at all. Then it takes the value for valid.
    pub(super) fn is_pardoned(&self, ids: &[SchemaId], value: &Value) -> bool {
        let mut found = Vec::new();
        self.one_of(ids, value, &mut Out { name: "oneOf", schema: 0, found: &mut found });
        found.is_empty()
    }

    fn errors(&self, id: SchemaId, value: &Value) -> Vec<Raw> {
        let mut found = Vec::new();
        for (name, keyword) in self.compiled.keywords(id) {
            let mut out = Out { name, schema: id, found: &mut found };
            self.apply(keyword, id, value, &mut out);
        }
        found
    }

    fn descend(&self, id: SchemaId, value: &Value, out: &mut Out<'_>) {
        out.found.extend(self.errors(id, value));
    }

    /// Into a part of the value; the step there is made only for what is wrong with it.
    fn descend_to(&self, id: SchemaId, value: &Value, step: impl Fn() -> Step, out: &mut Out<'_>) {
        for mut raw in self.errors(id, value) {
            raw.path.push(step());
            out.found.push(raw);
        }
    }

    fn apply(&self, keyword: &Keyword, id: SchemaId, value: &Value, out: &mut Out<'_>) {
        match keyword {
            Keyword::Ref(to) => self.descend(*to, value, out),
            Keyword::AllOf(ids) => ids.iter().for_each(|id| self.descend(*id, value, out)),
            Keyword::AnyOf(choices) => self.any_of(choices, value, out),
            Keyword::OneOf(ids) => self.one_of(ids, value, out),
            Keyword::Not(not) if self.accepts(*not, value) => {
                out.error(format!("{} should not be valid here", python::repr(value)));
            }
            Keyword::Not(_) => {}
            Keyword::Type(types) => check_type(types, value, out),
            Keyword::Enum(choices) => check_enum(choices, value, out),
            Keyword::Remark(message) => out.remark(message.clone()),
            _ => match value {
                Value::Map(map) => self.apply_to_map(keyword, map, value, out),
                Value::Seq(items) => self.apply_to_seq(keyword, items, value, out),
                _ => apply_to_scalar(keyword, value, out),
            },
        }
        self.note_type(id, value, out);
    }

    /// Records with fresh errors whether the value has the type of the schema they come from.
    fn note_type(&self, id: SchemaId, value: &Value, out: &mut Out<'_>) {
        for raw in out.found.iter_mut().filter(|raw| raw.schema == id) {
            let mut types = self.compiled.keywords(id).iter().filter_map(|(_, k)| match k {
                Keyword::Type(types) => Some(types),
                _ => None,
            });
            if raw.path.is_empty() {
                raw.has_type =
                    types.next().is_some_and(|types| types.iter().any(|t| t.holds(value)));
            }
        }
    }

    fn apply_to_map(&self, keyword: &Keyword, map: &Map, value: &Value, out: &mut Out<'_>) {
        match keyword {
            Keyword::Properties(entries) => {
                for Property { name, bit, schema } in entries {
                    if map.has_bit(*bit)
                        && let Some(item) = map.get(name)
                    {
                        self.descend_to(*schema, item, || Step::Key(name.clone()), out);
                    }
                }
            }
            Keyword::PatternProperties(entries) => {
                for (pattern, id) in entries {
                    for (key, item) in map.iter() {
                        if pattern.is_match(&key_text(key)) {
                            self.descend_to(*id, item, || Step::Key(key.key_text()), out);
                        }
                    }
                }
            }
            Keyword::AdditionalProperties(additional) => {
                self.additional_properties(additional, map, out);
            }
            Keyword::Required(names) => {
                for name in names.iter().filter(|name| map.get(name).is_none()) {
                    out.error(format!("{} is a required property", quoted(name)));
                }
            }
            Keyword::MinProperties(min) if map.len() < *min => {
                out.error(format!(
                    "{} {}",
                    python::repr(value),
                    too_few(*min, "does not have enough properties")
                ));
            }
            Keyword::MaxProperties(max) if map.len() > *max => {
                out.error(format!("{} has too many properties", python::repr(value)));
            }
            _ => {}
        }
    }

    fn additional_properties(&self, additional: &Additional, map: &Map, out: &mut Out<'_>) {
        let extras = map.iter().filter(|(key, _)| additional.is_extra(key));
        if let Some(rest) = additional.rest {
            for (key, item) in extras {
                self.descend_to(rest, item, || Step::Key(key.key_text()), out);
            }
            return;
        }
        let mut extras: Vec<&Value> = extras.map(|(key, _)| key).collect();
        if extras.is_empty() {
            return;
        }
        extras.sort_by_key(|key| key.key_text());
        let shown: Vec<String> = extras.iter().map(|key| python::repr(key)).collect();
        let (shown, is_one) = (shown.join(", "), extras.len() == 1);
        let message = if additional.pattern_texts.is_empty() {
            let verb = if is_one { "was" } else { "were" };
            format!("Additional properties are not allowed ({shown} {verb} unexpected)")
        } else {
            let mut patterns: Vec<String> =
                additional.pattern_texts.iter().map(|text| quoted(text)).collect();
            patterns.sort();
            let verb = if is_one { "does" } else { "do" };
            format!("{shown} {verb} not match any of the regexes: {}", patterns.join(", "))
        };
        let unexpected = extras.iter().map(|key| key.key_text()).collect();
        out.push(ProblemKind::Error, message, unexpected, Vec::new());
    }

    fn apply_to_seq(&self, keyword: &Keyword, items: &[Value], value: &Value, out: &mut Out<'_>) {
        match keyword {
            Keyword::Items(id) => {
                for (i, item) in items.iter().enumerate() {
                    self.descend_to(*id, item, || Step::Index(i), out);
                }
            }
            Keyword::TupleItems(ids) => {
                for (i, (item, id)) in items.iter().zip(ids).enumerate() {
                    self.descend_to(*id, item, || Step::Index(i), out);
                }
            }
            Keyword::AdditionalItems { rest: Some(id), count } => {
                for (i, item) in items.iter().enumerate().skip(*count) {
                    self.descend_to(*id, item, || Step::Index(i), out);
                }
            }
            Keyword::AdditionalItems { rest: None, count } if items.len() > *count => {
                let shown: Vec<String> = items[*count..].iter().map(python::repr).collect();
                let verb = if shown.len() == 1 { "was" } else { "were" };
                out.error(format!(
                    "Additional items are not allowed ({} {verb} unexpected)",
                    shown.join(", ")
                ));
            }
            Keyword::MinItems(min) if items.len() < *min => {
                out.error(format!("{} {}", python::repr(value), too_few(*min, "is too short")));
            }
            Keyword::MaxItems(max) if items.len() > *max => {
                let what = if *max == 0 { "is expected to be empty" } else { "is too long" };
                out.error(format!("{} {what}", python::repr(value)));
            }
            Keyword::UniqueItems if !is_unique(items) => {
                out.error(format!("{} has non-unique elements", python::repr(value)));
            }
            _ => {}
        }
    }

    fn any_of(&self, choices: &[(SchemaId, String)], value: &Value, out: &mut Out<'_>) {
        if let Some((fits, _)) = choices.iter().find(|(id, _)| self.accepts(*id, value)) {
            return self.remarks(*fits, value, out);
        }
        let is_plain = self.compiled.dialect() == Dialect::Plain;
        let kind = value.get("type").filter(|_| !is_plain);
        let wanted = kind.map(|kind| format!("anyOf_type_{}", python::text(kind)));
        let (mut all, mut has_match) = (Vec::new(), false);
        for (id, reference) in choices {
            let errors = self.errors(*id, value).into_iter().filter(Raw::is_error);
            let from = all.len();
            all.extend(errors);
            if wanted.as_ref().is_some_and(|wanted| reference.contains(wanted)) {
                has_match = true;
                out.found.extend(all[from..].iter().cloned());
            }
        }
        if !has_match && !is_plain {
            out.found.extend(best_match(&all));
        }
        out.push(ProblemKind::Error, no_choice(value), Vec::new(), all);
    }

    fn one_of(&self, ids: &[SchemaId], value: &Value, out: &mut Out<'_>) {
        let Some(first) = ids.iter().position(|id| self.accepts(*id, value)) else {
            let all = ids.iter().flat_map(|id| self.errors(*id, value));
            let all = all.filter(Raw::is_error).collect();
            match self.compiled.dialect() {
                Dialect::Deepest => out.found.extend(self.deepest(all, value)),
                Dialect::Plain | Dialect::BestMatch => {
                    out.push(ProblemKind::Error, no_choice(value), Vec::new(), all);
                }
            }
            return;
        };
        if ids[first + 1..].iter().any(|id| self.accepts(*id, value)) {
            let message =
                format!("{} is valid under more than one of the schemas", python::repr(value));
            out.error(message);
        } else {
            self.remarks(ids[first], value, out);
        }
    }

    /// What is told about a value that a schema accepts.
    fn remarks(&self, id: SchemaId, value: &Value, out: &mut Out<'_>) {
        if self.compiled.has_remarks(id) {
            out.found.extend(self.errors(id, value));
        }
    }

    /// The errors of the alternative that the value was most likely meant for.
    fn deepest(&self, errors: Vec<Raw>, value: &Value) -> Vec<Raw> {
        let kind = value.get("type");
        let (mut best, mut depth): (Vec<Raw>, usize) = (Vec::new(), 0);
        for error in errors {
            if let Some(kind) = kind {
                if self.compiled.types(error.schema).contains(kind) {
                    return vec![error];
                }
                // The last step of the path is the first that was recorded.
                if matches!(error.path.first(), Some(Step::Key(key)) if key.ends_with("type")) {
                    best.push(error);
                }
            } else if error.path.len() == depth {
                best.push(error);
            } else if error.path.len() > depth {
                depth = error.path.len();
                best = vec![error];
            }
        }
        best
    }
}

/// Where errors go, and what they come from.
pub(super) struct Out<'a> {
    name: &'static str,
    schema: SchemaId,
    found: &'a mut Vec<Raw>,
}

impl Out<'_> {
    pub(super) fn error(&mut self, message: String) {
        self.push(ProblemKind::Error, message, Vec::new(), Vec::new());
    }

    fn remark(&mut self, message: String) {
        self.push(ProblemKind::Deprecation, message, Vec::new(), Vec::new());
    }

    fn push(
        &mut self,
        kind: ProblemKind,
        message: String,
        unexpected: Vec<String>,
        context: Vec<Raw>,
    ) {
        let (keyword, schema) = (self.name, self.schema);
        let (path, has_type) = (Vec::new(), false);
        self.found.push(Raw {
            kind,
            path,
            message,
            keyword,
            schema,
            has_type,
            unexpected,
            context,
        });
    }
}

/// The text of a key, which is almost always one already.
pub(super) fn key_text(key: &Value) -> Cow<'_, str> {
    key.as_str().map_or_else(|| key.key_text().into(), Cow::Borrowed)
}

fn no_choice(value: &Value) -> String {
    format!("{} is not valid under any of the given schemas", python::repr(value))
}

/// The most telling of several errors, as Python's `best_match` picks it.
fn best_match(errors: &[Raw]) -> Option<Raw> {
    let mut best = errors
        .iter()
        .reduce(|best, error| if relevance(error) > relevance(best) { error } else { best })?;
    while !best.context.is_empty() {
        let mut sorted: Vec<&Raw> = best.context.iter().collect();
        sorted.sort_by_key(|error| relevance(error));
        if let [first, second, ..] = sorted.as_slice()
            && relevance(first) == relevance(second)
        {
            break;
        }
        best = sorted[0];
    }
    Some(best.clone())
}

fn relevance(error: &Raw) -> (std::cmp::Reverse<usize>, Vec<&Step>, bool, bool, bool) {
    let is_weak = matches!(error.keyword, "anyOf" | "oneOf");
    let path = error.path.iter().rev().collect();
    (std::cmp::Reverse(error.path.len()), path, !is_weak, false, !error.has_type)
}
