//! The value tree.

use std::fmt;

use quantix_core::Secret;

use super::map::Map;

/// Everything that PyYAML's safe loader can build.
///
/// Two values are equal when PyYAML would build equal objects; floats compare by their bits, so
/// that equality is total.
#[derive(Clone)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer. PyYAML has no bounds; what does not fit is a [`Value::Float`].
    Int(i128),
    /// A floating-point number.
    Float(f64),
    /// A text; always emitted so that it stays a text.
    String(String),
    /// A date or time as it was written; what an unquoted `2026-01-31` becomes.
    Timestamp(String),
    /// Bytes, written with the tag `!!binary`.
    Binary(Vec<u8>),
    /// A list.
    Seq(Vec<Value>),
    /// A mapping.
    Map(Map),
}

/// Shows keys and the sizes of texts, since any text of user-data may be a secret. `emit` shows all.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Bool(flag) => write!(f, "Bool({flag})"),
            Self::Int(_) => f.write_str("Int"),
            Self::Float(_) => f.write_str("Float"),
            Self::String(text) => write!(f, "String({} bytes)", text.len()),
            Self::Timestamp(_) => f.write_str("Timestamp"),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
            Self::Seq(items) => f.debug_list().entries(items).finish(),
            Self::Map(map) => map.fmt(f),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => {
                a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
            }
            (Self::String(a), Self::String(b)) | (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Binary(a), Self::Binary(b)) => a == b,
            (Self::Seq(a), Self::Seq(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            _ => false,
        }
    }
}
impl Eq for Value {}

impl Value {
    /// The text, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The mapping, if this is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if this is one.
    #[must_use]
    pub fn as_seq(&self) -> Option<&[Value]> {
        match self {
            Self::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// What a text key holds, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// The text of a key as Python prints it; a collection is no key.
    #[must_use]
    pub fn key_text(&self) -> String {
        match self {
            Self::Null => "None".to_owned(),
            Self::Bool(flag) => if *flag { "True" } else { "False" }.to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => super::python::float(*number),
            Self::String(text) | Self::Timestamp(text) => text.clone(),
            Self::Binary(bytes) => super::python::bytes(bytes),
            Self::Seq(_) | Self::Map(_) => String::new(),
        }
    }

    /// The word for this kind of value in messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Float(_) => "number",
            Self::String(_) => "text",
            Self::Timestamp(_) => "date or time",
            Self::Binary(_) => "bytes",
            Self::Seq(_) => "list",
            Self::Map(_) => "mapping",
        }
    }
}

macro_rules! from_integers { ($($int:ty)*) => { $(
    impl From<$int> for Value {
        fn from(number: $int) -> Self {
            Self::Int(i128::from(number))
        }
    }
)* } }
from_integers! { i32 i64 u8 u16 u32 u64 }

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}
impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}
impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::String(text.clone())
    }
}
/// The secret in plain text: this is where it is consumed.
impl From<&Secret> for Value {
    fn from(secret: &Secret) -> Self {
        Self::String(secret.expose().to_owned())
    }
}
impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}
impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::Seq(items)
    }
}
impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(flag),
            Json::Number(number) => match number.as_i128() {
                Some(int) => Self::Int(int),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::String(text),
            Json::Array(items) => Self::Seq(items.into_iter().map(Self::from).collect()),
            Json::Object(object) => Self::Map(object.into_iter().collect()),
        }
    }
}
