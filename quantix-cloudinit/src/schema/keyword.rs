//! The keywords of JSON Schema draft 4 that cloud-init's schemas use.

use regex::Regex;

use crate::yaml::Value;

/// The place of a compiled schema in its [`super::compile::Compiled`].
pub(super) type SchemaId = usize;

/// One keyword with what it asks for.
#[derive(Debug)]
pub(super) enum Keyword {
    Ref(SchemaId),
    Type(Vec<Type>),
    Properties(Vec<Property>),
    PatternProperties(Vec<(Regex, SchemaId)>),
    AdditionalProperties(Additional),
    Required(Vec<String>),
    Items(SchemaId),
    TupleItems(Vec<SchemaId>),
    AdditionalItems {
        rest: Option<SchemaId>,
        count: usize,
    },
    AllOf(Vec<SchemaId>),
    /// With the name that each `$ref` among them has.
    AnyOf(Vec<(SchemaId, String)>),
    OneOf(Vec<SchemaId>),
    Not(SchemaId),
    Enum(Vec<Value>),
    MinItems(usize),
    MaxItems(usize),
    MinLength(usize),
    MaxLength(usize),
    MinProperties(usize),
    MaxProperties(usize),
    Minimum(Value),
    Maximum(Value),
    Pattern(Regex, String),
    UniqueItems,
    Date,
    /// A deprecation or change, with its message.
    Remark(String),
}

impl Keyword {
    /// The schemas that it holds values or parts of them to.
    pub(super) fn below(&self) -> Vec<SchemaId> {
        match self {
            Self::Ref(id) | Self::Items(id) | Self::Not(id) => vec![*id],
            Self::AllOf(ids) | Self::OneOf(ids) | Self::TupleItems(ids) => ids.clone(),
            Self::AnyOf(choices) => choices.iter().map(|(id, _)| *id).collect(),
            Self::Properties(entries) => entries.iter().map(|property| property.schema).collect(),
            Self::PatternProperties(entries) => entries.iter().map(|(_, id)| *id).collect(),
            Self::AdditionalProperties(additional) => additional.rest.into_iter().collect(),
            Self::AdditionalItems { rest, .. } => rest.iter().copied().collect(),
            _ => Vec::new(),
        }
    }
}

/// The schema of a named property.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: String,
    /// The bit of the name, which a mapping that has the property has too.
    pub(super) bit: u64,
    pub(super) schema: SchemaId,
}

/// What is allowed beyond the named properties.
#[derive(Debug)]
pub(super) struct Additional {
    /// The schema of the others; none where there must be no others.
    pub(super) rest: Option<SchemaId>,
    /// Sorted.
    pub(super) names: Vec<String>,
    pub(super) patterns: Vec<Regex>,
    pub(super) pattern_texts: Vec<String>,
}

/// A type of JSON Schema, as Python's validator knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
    Other,
}

impl Type {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => Self::Other,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
            Self::Other => "other",
        }
    }

    /// Bytes count as a text to cloud-init; dates are of no type at all.
    pub(super) fn holds(self, value: &Value) -> bool {
        match value {
            Value::Null => self == Self::Null,
            Value::Bool(_) => self == Self::Boolean,
            Value::Int(_) => matches!(self, Self::Integer | Self::Number),
            Value::Float(_) => self == Self::Number,
            Value::String(_) | Value::Binary(_) => self == Self::String,
            Value::Seq(_) => self == Self::Array,
            Value::Map(_) => self == Self::Object,
            Value::Timestamp(_) => false,
        }
    }
}
