//! [`Document`]: a document inside a spec, as text, as base64 or as a tree.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

/// User-data, meta-data or network-config that the owner of a spec wrote.
///
/// Wire form: a text, `{"text": "…"}`, `{"base64": "…"}`, or the tree itself (a mapping). A bare
/// text may also be base64: no cloud-init document starts with a character of that alphabet in a
/// way that could be confused, so `quantix-cloudinit` tells them apart and says so.
#[derive(Clone, PartialEq)]
pub enum Document {
    /// The text, or base64 of it: decided by the first characters.
    Bare(String),
    /// The text.
    Text(String),
    /// Base64 of the text (standard alphabet, padded, line breaks allowed).
    Base64(String),
    /// The mapping that the text would parse to.
    Tree(Map<String, Value>),
}

impl Document {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Bare(text) | Self::Text(text) | Self::Base64(text) => text.is_empty(),
            Self::Tree(tree) => tree.is_empty(),
        }
    }
}

/// Shows sizes only, since user-data often carries passwords.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(text) => write!(f, "Bare({} bytes)", text.len()),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Base64(text) => write!(f, "Base64({} bytes)", text.len()),
            Self::Tree(tree) => write!(f, "Tree({} keys)", tree.len()),
        }
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let single = |serializer: S, key: &str, text: &str| {
            serializer.collect_map(std::iter::once((key, text)))
        };
        match self {
            Self::Bare(text) => serializer.serialize_str(text),
            Self::Text(text) => single(serializer, "text", text),
            Self::Base64(text) => single(serializer, "base64", text),
            Self::Tree(tree) => tree.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self::Bare(String::new())),
            Value::String(text) => Ok(Self::Bare(text)),
            Value::Object(tree) => Ok(from_tree(tree)),
            _ => Err(de::Error::custom(
                "expected a text, {\"text\": …}, {\"base64\": …} or a mapping",
            )),
        }
    }
}

fn from_tree(mut tree: Map<String, Value>) -> Document {
    if tree.len() == 1 {
        if let Some(Value::String(text)) = tree.get_mut("text") {
            return Document::Text(std::mem::take(text));
        }
        if let Some(Value::String(text)) = tree.get_mut("base64") {
            return Document::Base64(std::mem::take(text));
        }
    }
    Document::Tree(tree)
}
