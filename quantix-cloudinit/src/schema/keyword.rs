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
    Properties(Vec<(String, SchemaId)>),
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

/// What is allowed beyond the named properties.
#[derive(Debug)]
pub(super) struct Additional {
    /// The schema of the others; none where there must be no others.
    pub(super) rest: Option<SchemaId>,
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
