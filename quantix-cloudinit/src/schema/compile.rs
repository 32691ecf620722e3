//! From a schema document to keywords.

use std::collections::BTreeMap;

use regex::Regex;

use super::{
    keyword::{Additional, Keyword, Property, SchemaId, Type},
    version::Version,
};
use crate::yaml::{Map, Value, key_bit};

/// What the official validator of a version tells where no alternative of `anyOf` or `oneOf` fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Before 23.3: that none fits.
    Plain,
    /// 23.3: the same, and for `anyOf` also the most telling error of the alternatives.
    BestMatch,
    /// Since 23.4: for `oneOf` the deepest errors instead.
    #[default]
    Deepest,
}

impl Dialect {
    pub(super) fn of(version: Version) -> Self {
        match (version.year, version.release) {
            (..23, _) | (23, ..3) => Self::Plain,
            (23, 3) => Self::BestMatch,
            _ => Self::Deepest,
        }
    }
}

/// A schema document, ready to validate with.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    schemas: Vec<Node>,
    root: SchemaId,
    dialect: Dialect,
    /// What [`Compiled::known_keys`] gives for the root.
    top_keys: Vec<String>,
}

/// One schema object: its keywords in document order.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) keywords: Vec<(&'static str, Keyword)>,
    /// What `properties.type.enum` lists, which cloud-init looks at to choose an error.
    pub(super) types: Vec<Value>,
    /// Whether something in it may be told about a value that it accepts.
    has_remarks: bool,
}

impl Compiled {
    pub(super) fn has_remarks(&self, id: SchemaId) -> bool {
        self.schemas.get(id).is_some_and(|node| node.has_remarks)
    }

    /// Marks every schema that has a remark, or one below it.
    fn mark_remarks(&mut self) {
        loop {
            let has = |id: &SchemaId| self.has_remarks(*id);
            let new: Vec<SchemaId> = (0..self.schemas.len())
                .filter(|id| !self.has_remarks(*id))
                .filter(|id| {
                    self.keywords(*id).iter().any(|(_, keyword)| {
                        matches!(keyword, Keyword::Remark(_)) || keyword.below().iter().any(has)
                    })
                })
                .collect();
            if new.is_empty() {
                return;
            }
            for id in new {
                self.schemas[id].has_remarks = true;
            }
        }
    }

    /// Whether some schema lists this key at the top.
    pub(super) fn knows_top_key(&self, key: &str) -> bool {
        self.top_keys.binary_search_by(|known| known.as_str().cmp(key)).is_ok()
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn root(&self) -> SchemaId {
        self.root
    }

    pub(super) fn keywords(&self, id: SchemaId) -> &[(&'static str, Keyword)] {
        self.schemas.get(id).map_or(&[], |node| &node.keywords)
    }

    pub(super) fn types(&self, id: SchemaId) -> &[Value] {
        self.schemas.get(id).map_or(&[], |node| &node.types)
    }

    /// The property names that some schema at a place lists.
    pub(super) fn known_keys(&self, path: &[&str]) -> Vec<&str> {
        let mut at = self.spread(vec![self.root]);
        for step in path {
            let next = at.iter().flat_map(|id| self.step(*id, step)).collect();
            at = self.spread(next);
        }
        let mut keys: Vec<&str> = at.iter().flat_map(|id| self.properties(*id)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The same schemas and all that they refer to for the same value.
    fn spread(&self, mut queue: Vec<SchemaId>) -> Vec<SchemaId> {
        let mut all = Vec::new();
        while let Some(id) = queue.pop() {
            if all.contains(&id) {
                continue;
            }
            all.push(id);
            for (_, keyword) in self.keywords(id) {
                match keyword {
                    Keyword::Ref(to) => queue.push(*to),
                    Keyword::AllOf(ids) | Keyword::OneOf(ids) => queue.extend(ids),
                    Keyword::AnyOf(ids) => queue.extend(ids.iter().map(|(id, _)| id)),
                    _ => {}
                }
            }
        }
        all
    }

    fn step(&self, id: SchemaId, step: &str) -> Vec<SchemaId> {
        let mut next = Vec::new();
        for (_, keyword) in self.keywords(id) {
            match keyword {
                Keyword::Properties(entries) => {
                    let fits = entries.iter().filter(|property| property.name == step);
                    next.extend(fits.map(|property| property.schema));
                }
                Keyword::PatternProperties(entries) => {
                    let fits = entries.iter().filter(|(pattern, _)| pattern.is_match(step));
                    next.extend(fits.map(|(_, id)| id));
                }
                Keyword::AdditionalProperties(Additional { rest: Some(id), .. })
                | Keyword::Items(id) => next.push(*id),
                Keyword::TupleItems(ids) => next.extend(ids),
                _ => {}
            }
        }
        next
    }

    fn properties(&self, id: SchemaId) -> impl Iterator<Item = &str> {
        self.keywords(id)
            .iter()
            .flat_map(|(_, keyword)| match keyword {
                Keyword::Properties(entries) => entries.as_slice(),
                _ => &[],
            })
            .map(|property| property.name.as_str())
    }
}

/// Compiles a schema document; `definition` finds what `#/$defs/…` refers to.
pub(super) fn compile<'a>(
    root: &'a Value,
    dialect: Dialect,
    definition: &dyn Fn(&str) -> Option<&'a Value>,
) -> Compiled {
    let mut compiler =
        Compiler { compiled: Compiled::default(), references: BTreeMap::new(), definition };
    compiler.compiled.root = compiler.schema(root);
    let mut compiled = compiler.compiled;
    compiled.dialect = dialect;
    compiled.mark_remarks();
    compiled.top_keys = compiled.known_keys(&[]).into_iter().map(str::to_owned).collect();
    compiled
}

struct Compiler<'a, 'd> {
    compiled: Compiled,
    references: BTreeMap<String, SchemaId>,
    definition: &'d dyn Fn(&str) -> Option<&'a Value>,
}

impl<'a> Compiler<'a, '_> {
    fn reserve(&mut self) -> SchemaId {
        self.compiled.schemas.push(Node::default());
        self.compiled.schemas.len() - 1
    }

    fn schema(&mut self, schema: &'a Value) -> SchemaId {
        let id = self.reserve();
        self.fill(id, schema);
        id
    }

    fn fill(&mut self, id: SchemaId, schema: &'a Value) {
        let Some(map) = schema.as_map() else { return };
        let entries = map.iter().filter_map(|(key, value)| Some((key.as_str()?, value)));
        let keywords = entries.filter_map(|(key, value)| self.keyword(map, key, value)).collect();
        let types = map.get("properties").and_then(|p| p.get("type")).and_then(|t| t.get("enum"));
        let types = types.and_then(Value::as_seq).unwrap_or_default().to_vec();
        self.compiled.schemas[id] = Node { keywords, types, has_remarks: false };
    }

    fn reference(&mut self, name: &str) -> SchemaId {
        let name = name.rsplit('/').next().unwrap_or(name);
        if let Some(id) = self.references.get(name) {
            return *id;
        }
        let id = self.reserve();
        self.references.insert(name.to_owned(), id);
        if let Some(schema) = (self.definition)(name) {
            self.fill(id, schema);
        }
        id
    }

    fn list(&mut self, value: &'a Value) -> Vec<SchemaId> {
        value.as_seq().unwrap_or_default().iter().map(|item| self.schema(item)).collect()
    }

    fn named(&mut self, value: &'a Value) -> Vec<(String, SchemaId)> {
        let entries = value.as_map().into_iter().flat_map(Map::iter);
        entries.map(|(key, item)| (key.key_text(), self.schema(item))).collect()
    }

    fn keyword(
        &mut self,
        schema: &'a Map,
        key: &str,
        value: &'a Value,
    ) -> Option<(&'static str, Keyword)> {
        let size = || match value {
            Value::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        };
        Some(match key {
            "$ref" => ("$ref", Keyword::Ref(self.reference(value.as_str()?))),
            "type" => ("type", Keyword::Type(types(value))),
            "properties" => {
                let property = |(name, schema): (String, SchemaId)| {
                    let bit = key_bit(&name);
                    Property { name, bit, schema }
                };
                let entries = self.named(value).into_iter().map(property).collect();
                ("properties", Keyword::Properties(entries))
            }
            "patternProperties" => {
                let entries = self.named(value).into_iter();
                let entries = entries.filter_map(|(text, id)| Some((pattern(&text)?, id)));
                ("patternProperties", Keyword::PatternProperties(entries.collect()))
            }
            "additionalProperties" => {
                ("additionalProperties", self.additional_properties(schema, value)?)
            }
            "required" => ("required", Keyword::Required(texts(value))),
            "items" if value.as_seq().is_some() => ("items", Keyword::TupleItems(self.list(value))),
            "items" => ("items", Keyword::Items(self.schema(value))),
            "additionalItems" => ("additionalItems", self.additional_items(schema, value)?),
            "allOf" => ("allOf", Keyword::AllOf(self.list(value))),
            "anyOf" => ("anyOf", Keyword::AnyOf(self.any_of(value))),
            "oneOf" => ("oneOf", Keyword::OneOf(self.list(value))),
            "not" => ("not", Keyword::Not(self.schema(value))),
            "enum" => ("enum", Keyword::Enum(value.as_seq()?.to_vec())),
            "minItems" => ("minItems", Keyword::MinItems(size()?)),
            "maxItems" => ("maxItems", Keyword::MaxItems(size()?)),
            "minLength" => ("minLength", Keyword::MinLength(size()?)),
            "maxLength" => ("maxLength", Keyword::MaxLength(size()?)),
            "minProperties" => ("minProperties", Keyword::MinProperties(size()?)),
            "maxProperties" => ("maxProperties", Keyword::MaxProperties(size()?)),
            "minimum" => ("minimum", Keyword::Minimum(value.clone())),
            "maximum" => ("maximum", Keyword::Maximum(value.clone())),
            "pattern" => {
                let text = value.as_str()?;
                ("pattern", Keyword::Pattern(pattern(text)?, text.to_owned()))
            }
            "uniqueItems" if *value == Value::Bool(true) => ("uniqueItems", Keyword::UniqueItems),
            "format" if value.as_str() == Some("date") => ("format", Keyword::Date),
            "deprecated" | "changed" if *value == Value::Bool(true) => {
                ("deprecated", Keyword::Remark(remark(schema, key)))
            }
            _ => return None,
        })
    }

    fn any_of(&mut self, value: &'a Value) -> Vec<(SchemaId, String)> {
        let items = value.as_seq().unwrap_or_default().iter();
        items.map(|item| (self.schema(item), reference_name(item))).collect()
    }

    fn additional_properties(&mut self, schema: &'a Map, value: &'a Value) -> Option<Keyword> {
        let rest = match value {
            Value::Bool(true) => return None,
            Value::Bool(false) => None,
            other => Some(self.schema(other)),
        };
        let names = |key: &str| -> Vec<String> {
            let entries = schema.get(key).and_then(Value::as_map);
            entries.into_iter().flat_map(Map::iter).map(|(name, _)| name.key_text()).collect()
        };
        let pattern_texts = names("patternProperties");
        let patterns = pattern_texts.iter().filter_map(|text| pattern(text)).collect();
        let mut names = names("properties");
        names.sort_unstable();
        Some(Keyword::AdditionalProperties(Additional { rest, names, patterns, pattern_texts }))
    }

    fn additional_items(&mut self, schema: &'a Map, value: &'a Value) -> Option<Keyword> {
        let count = match schema.get("items") {
            Some(Value::Seq(items)) => items.len(),
            Some(_) => return None,
            None => 0,
        };
        let rest = match value {
            Value::Bool(true) => return None,
            Value::Bool(false) => None,
            other => Some(self.schema(other)),
        };
        Some(Keyword::AdditionalItems { rest, count })
    }
}

fn reference_name(schema: &Value) -> String {
    schema.get("$ref").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Python's `$` also matches before a line break at the end.
fn pattern(text: &str) -> Option<Regex> {
    match text.strip_suffix('$') {
        Some(start) => Regex::new(&format!("(?:{start})\\n?$")).ok(),
        None => Regex::new(text).ok(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_seq().unwrap_or_default().iter();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn types(value: &Value) -> Vec<Type> {
    match value.as_str() {
        Some(name) => vec![Type::named(name)],
        None => texts(value).iter().map(|name| Type::named(name)).collect(),
    }
}

/// The message that cloud-init makes of a deprecation or change.
fn remark(schema: &Map, key: &str) -> String {
    let text = |name: &str| schema.get(name).and_then(Value::as_str).unwrap_or_default();
    let word = if key == "changed" { "Changed" } else { "Deprecated" };
    let version = text(&format!("{key}_version"));
    let description = text(&format!("{key}_description"));
    let message = format!("{} {word} in version {version}. {description}", text("description"));
    message.trim_end().to_owned()
}
