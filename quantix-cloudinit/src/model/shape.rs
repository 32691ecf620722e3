//! Shapes that cloud-init's schemas use again and again.

use std::{collections::BTreeMap, fmt};

use quantix_core::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value as Json};

/// An object whose keys the schema leaves open.
pub type Open = BTreeMap<String, Json>;

/// A text, or something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TextOr<T> {
    /// A text.
    Text(String),
    /// Something else.
    Other(T),
}

/// A switch, or something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BoolOr<T> {
    /// A switch.
    Bool(bool),
    /// Something else.
    Other(T),
}

/// A switch, or a text.
pub type BoolOrText = BoolOr<String>;

/// A number, or a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum NumberOrText {
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
}

/// One value of any simple type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A switch.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
}

/// One of two types, the first that fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Either<A, B> {
    /// The first.
    First(A),
    /// The second.
    Second(B),
}

/// A value, or an explicit null, which is not the same as nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Nullable<T> {
    /// Null.
    Null,
    /// A value.
    Value(T),
}

/// A text that no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(pub Secret);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(Secret::new(text))
    }
}

/// In plain text: the guest must read it.
impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Secret::new(String::deserialize(deserializer)?)))
    }
}

/// Reads a field that is there, so that a null is not taken for nothing.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// What tells which of its parts have no type of their own.
pub(super) trait Typed {
    /// Adds the paths of those parts; `at` is the path of this one.
    fn raw(&self, at: &mut Vec<String>, out: &mut Vec<String>);
}

impl Typed for Json {
    fn raw(&self, at: &mut Vec<String>, out: &mut Vec<String>) {
        out.push(at.join("."));
    }
}

macro_rules! typed {
    ($($ty:ty),*) => {$(
        impl Typed for $ty {
            fn raw(&self, _: &mut Vec<String>, _: &mut Vec<String>) {}
        }
    )*};
}
typed!((), bool, String, Number, NumberOrText, Scalar, SecretText);

impl<T: Typed> Typed for Vec<T> {
    fn raw(&self, at: &mut Vec<String>, out: &mut Vec<String>) {
        for (i, item) in self.iter().enumerate() {
            at.push(i.to_string());
            item.raw(at, out);
            at.pop();
        }
    }
}

impl<T: Typed> Typed for BTreeMap<String, T> {
    fn raw(&self, at: &mut Vec<String>, out: &mut Vec<String>) {
        for (key, item) in self {
            at.push(key.clone());
            item.raw(at, out);
            at.pop();
        }
    }
}

impl<T: Typed> Typed for TextOr<T> {
    fn raw(&self, at: &mut Vec<String>, out: &mut Vec<String>) {
        if let Self::Other(value) = self {
            value.raw(at, out);
        }
    }
}

impl<T: Typed> Typed for BoolOr<T> {
    fn raw(&self, at: &mut Vec<String>, out: &mut Vec<String>) {
        if let Self::Other(value) = self {
            value.raw(at, out);
        }
    }
}

impl<T: Typed> Typed for Nullable<T> {
    fn raw(&self, at: &mut Vec<String>, out: &mut Vec<String>) {
        if let Self::Value(value) = self {
            value.raw(at, out);
        }
    }
}

impl<A: Typed, B: Typed> Typed for Either<A, B> {
    fn raw(&self, at: &mut Vec<String>, out: &mut Vec<String>) {
        match self {
            Self::First(value) => value.raw(at, out),
            Self::Second(value) => value.raw(at, out),
        }
    }
}
