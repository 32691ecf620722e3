//! Checks a value against a schema, and finds every place where they differ.
//!
//! Serde stops at the first fault and knows only its line. This walk is for documents that serde has
//! refused. It knows the part of JSON Schema that the schemas of this crate use.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::ReadMode;
use crate::{
    Bytes, FINDINGS_MAX, Finding, FolderId, FolderName, FolderPath, MemoryMib, Millicores, NodeKey,
    OsFamily, ProjectId, Severity, Timestamp,
    model::{Cidr, MacAddress},
};

/// Every structural fault of a value. Unknown fields are taken out of it, so that the rest can be
/// read; they are errors or, leniently, warnings.
pub(super) fn check(schema: &Value, value: &mut Value, mode: ReadMode) -> Vec<Finding> {
    let mut walk = Walk { root: schema, mode, path: String::new(), findings: Vec::new() };
    walk.value(schema, value);
    walk.findings
}

struct Walk<'a> {
    root: &'a Value,
    mode: ReadMode,
    path: String,
    findings: Vec<Finding>,
}

impl<'a> Walk<'a> {
    fn add(&mut self, severity: Severity, code: &'static str, message: String) {
        if self.findings.len() < FINDINGS_MAX {
            let finding = match severity {
                Severity::Warning => Finding::warning(code, message),
                _ => Finding::error(code, message),
            };
            self.findings.push(match self.path.as_str() {
                "" => finding,
                path => finding.at(path),
            });
        }
    }

    fn error(&mut self, code: &'static str, message: String) {
        self.add(Severity::Error, code, message);
    }

    /// Does something at a place below this one.
    fn below(&mut self, step: Step<'_>, work: impl FnOnce(&mut Self)) {
        let len = self.path.len();
        // Writing to a String cannot fail.
        let _ = match step {
            Step::Field(name) if len == 0 => write!(self.path, "{name}"),
            Step::Field(name) => write!(self.path, ".{name}"),
            Step::Key(key) => write!(self.path, "[{key:?}]"),
            Step::Index(index) => write!(self.path, "[{index}]"),
        };
        work(self);
        self.path.truncate(len);
    }

    /// Follows references.
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        // No schema of this crate refers more than a few steps.
        for _ in 0..8 {
            let Some(pointer) = schema.get("$ref").and_then(Value::as_str) else { break };
            let target = pointer.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            let Some(target) = target else { break };
            schema = target;
        }
        schema
    }

    fn value(&mut self, schema: &'a Value, value: &mut Value) {
        let schema = self.resolve(schema);
        if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
            self.optional(options, value);
        } else if let Some(variants) = schema.get("oneOf").and_then(Value::as_array) {
            self.variants(variants, value);
        } else if self.has_type(schema, value) {
            match value {
                Value::Object(fields) => self.object(schema, fields),
                Value::Array(items) => self.array(schema, items),
                Value::String(text) => self.text(schema, text),
                Value::Number(_) => self.number(schema, value),
                Value::Null | Value::Bool(_) => {}
            }
        }
    }

    /// One of several schemas, of which all but one are `null`.
    fn optional(&mut self, options: &'a [Value], value: &mut Value) {
        let is_null = |option: &&Value| option.get("type").is_some_and(|kind| kind == "null");
        if value.is_null() && options.iter().any(|option| is_null(&option)) {
            return;
        }
        if let Some(option) = options.iter().find(|option| !is_null(option)) {
            self.value(option, value);
        }
    }

    /// A closed list: words, or objects that a word of theirs tells apart.
    fn variants(&mut self, variants: &'a [Value], value: &mut Value) {
        let words: Vec<&str> = variants.iter().flat_map(words_of).collect();
        if !words.is_empty() {
            return self.word(&words, value);
        }
        let Value::Object(fields) = value else {
            return self.wrong_type("an object", value);
        };
        let Some(tag) = variants.first().and_then(tag_of).map(|(tag, _)| tag) else { return };
        let known: Vec<&str> = variants.iter().filter_map(tag_of).map(|(_, word)| word).collect();
        let Some(found) = fields.get(tag) else {
            let message = format!("expected one of {}", known.join(", "));
            return self.below(Step::Field(tag), |walk| walk.error("missing-field", message));
        };
        let fits = |variant: &&Value| {
            tag_of(variant).is_some_and(|(_, word)| found.as_str() == Some(word))
        };
        match variants.iter().find(fits) {
            Some(variant) => self.object(variant, fields),
            None => {
                let mut found = found.clone();
                self.below(Step::Field(tag), |walk| walk.word(&known, &mut found));
            }
        }
    }

    fn word(&mut self, known: &[&str], value: &mut Value) {
        match value.as_str() {
            None => self.wrong_type("a string", value),
            Some(word) if known.contains(&word) => {}
            Some(word) => {
                let message = match nearest(word, known.iter().copied()) {
                    Some(near) => format!("{:?}: did you mean `{near}`?", shorten(word)),
                    None => format!("{:?}: expected one of {}", shorten(word), known.join(", ")),
                };
                self.error("unknown-word", message);
            }
        }
    }

    fn has_type(&mut self, schema: &Value, value: &Value) -> bool {
        let fits = |kind: &Value| match (kind.as_str().unwrap_or_default(), value) {
            ("null", Value::Null)
            | ("boolean", Value::Bool(_))
            | ("string", Value::String(_))
            | ("array", Value::Array(_))
            | ("object", Value::Object(_))
            | ("number", Value::Number(_)) => true,
            ("integer", Value::Number(number)) => number.is_u64() || number.is_i64(),
            _ => false,
        };
        let (fits, expected) = match schema.get("type") {
            None => return true,
            Some(Value::Array(kinds)) => {
                let names: Vec<_> = kinds.iter().filter_map(Value::as_str).map(article).collect();
                (kinds.iter().any(fits), names.join(" or "))
            }
            Some(kind) => (fits(kind), article(kind.as_str().unwrap_or_default()).to_owned()),
        };
        if !fits {
            self.wrong_type(&expected, value);
        }
        fits
    }

    fn wrong_type(&mut self, expected: &str, value: &Value) {
        let found = match value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(number) if number.is_f64() => "a number with a fraction",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.error("wrong-type", format!("found {found}, expected {expected}"));
    }

    fn object(&mut self, schema: &'a Value, fields: &mut Map<String, Value>) {
        let known = schema.get("properties").and_then(Value::as_object);
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                let message = "this field is required".to_owned();
                self.below(Step::Field(name), |walk| walk.error("missing-field", message));
            }
        }
        let others = schema.get("additionalProperties");
        fields.retain(|name, value| {
            if let Some(schema) = known.and_then(|known| known.get(name)) {
                self.below(Step::Field(name), |walk| walk.value(schema, value));
                return true;
            }
            match others {
                None => true,
                Some(Value::Bool(allowed)) => {
                    if !allowed {
                        self.unknown_field(name, known);
                    }
                    *allowed
                }
                Some(schema) => {
                    self.below(Step::Key(name), |walk| walk.value(schema, value));
                    true
                }
            }
        });
    }

    fn unknown_field(&mut self, name: &str, known: Option<&Map<String, Value>>) {
        let severity = match self.mode {
            ReadMode::Strict => Severity::Error,
            ReadMode::Lenient => Severity::Warning,
        };
        let hint = match nearest(name, known.into_iter().flat_map(Map::keys).map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.mode == ReadMode::Strict => "remove it, or read leniently".to_owned(),
            None => "it is dropped".to_owned(),
        };
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let name = shorten(name);
        let step = if plain { Step::Field(&name) } else { Step::Key(&name) };
        let message = format!("unknown field: {hint}");
        self.below(step, |walk| walk.add(severity, "unknown-field", message));
    }

    fn array(&mut self, schema: &'a Value, items: &mut [Value]) {
        let Some(schema) = schema.get("items") else { return };
        for (index, item) in items.iter_mut().enumerate() {
            self.below(Step::Index(index), |walk| walk.value(schema, item));
        }
    }

    fn text(&mut self, schema: &Value, text: &str) {
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            return self.word(&words, &mut Value::from(text));
        }
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        if let Err(message) = parse(format, text) {
            self.error("bad-value", message);
        }
    }

    fn number(&mut self, schema: &Value, value: &Value) {
        let bound = |name| schema.get(name).and_then(Value::as_f64);
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        let least = match format {
            "int32" => Some(f64::from(i32::MIN)),
            _ => bound("minimum"),
        };
        let most = match format {
            "int32" => Some(f64::from(i32::MAX)),
            "uint8" => Some(f64::from(u8::MAX)),
            "uint16" => Some(f64::from(u16::MAX)),
            "uint32" => Some(f64::from(u32::MAX)),
            _ => bound("maximum"),
        };
        let found = value.as_f64().unwrap_or(f64::INFINITY);
        if let Some(least) = least.filter(|least| found < *least) {
            self.error("out-of-range", format!("{value}: expected at least {least}"));
        } else if let Some(most) = most.filter(|most| found > *most) {
            self.error("out-of-range", format!("{value}: expected at most {most}"));
        }
    }
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Key(&'a str),
    Index(usize),
}

/// The words that one entry of a closed list allows.
fn words_of(variant: &Value) -> Vec<&str> {
    match (variant.get("const"), variant.get("enum")) {
        (Some(Value::String(word)), _) => vec![word],
        (_, Some(Value::Array(words))) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The field that tells a variant apart, and its word.
fn tag_of(variant: &Value) -> Option<(&str, &str)> {
    let fields = variant.get("properties")?.as_object()?;
    fields.iter().find_map(|(name, schema)| Some((name.as_str(), schema.get("const")?.as_str()?)))
}

fn article(kind: &str) -> &'static str {
    match kind {
        "null" => "null",
        "boolean" => "a boolean",
        "string" => "a string",
        "array" => "a list",
        "object" => "an object",
        "integer" => "a whole number",
        _ => "a number",
    }
}

/// Reads a text as the type of a format.
fn parse(format: &str, text: &str) -> Result<(), String> {
    fn of<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<(), String> {
        text.parse::<T>().map(drop).map_err(|error| error.to_string())
    }
    match format {
        // Ids of all kinds but projects read alike, and so do keys of all kinds.
        "uuid" => of::<FolderId>(text).map_err(|message| message.replacen("folder id", "id", 1)),
        "project-id" => of::<ProjectId>(text),
        "key" => of::<NodeKey>(text).map_err(|message| message.replacen("node id", "id", 1)),
        "uuid-or-empty" if text.is_empty() => Ok(()),
        "uuid-or-empty" => parse("uuid", text),
        "os-family" => of::<OsFamily>(text),
        "key-or-empty" if text.is_empty() => Ok(()),
        "key-or-empty" => parse("key", text),
        "folder-name" => of::<FolderName>(text),
        "folder-path" => of::<FolderPath>(text),
        "bytes" => of::<Bytes>(text),
        "memory-mib" => of::<MemoryMib>(text),
        "millicores" => of::<Millicores>(text),
        "mac-address" => of::<MacAddress>(text),
        "cidr" => of::<Cidr>(text),
        "date-time" => of::<Timestamp>(text),
        "ip" => of::<std::net::IpAddr>(text),
        _ => Ok(()),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

/// The known word that is at most two edits away from another, if there is one such.
fn nearest<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    if word.len() > 64 {
        return None;
    }
    let near = known.map(|other| (edits(word, other), other)).min()?;
    (near.0 <= 2 && near.0 * 2 < word.chars().count()).then_some(near.1)
}

/// How many characters must be added, removed or replaced to make one word of another.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
