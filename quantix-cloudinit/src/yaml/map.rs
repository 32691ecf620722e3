//! Mappings that keep their order.

use std::{
    collections::{HashMap, hash_map::RandomState},
    fmt,
    hash::BuildHasher as _,
};

use super::value::Value;

/// From this many entries on, keys are found through an index.
const INDEXED_LEN_MIN: usize = 24;

/// A mapping that keeps the order in which keys were inserted.
///
/// Keys are unique. They are almost always text; YAML allows any value. Finding a key takes the
/// same time in a mapping of any size.
#[derive(Clone, Default)]
pub struct Map {
    entries: Vec<(Value, Value)>,
    /// A bit for every text key: where a key's bit is missing, the key is.
    bits: u64,
    index: Option<Box<Index>>,
}

/// Places of keys by their hash. The hash is seeded, so that no document is made to be slow.
#[derive(Clone, Default)]
struct Index {
    state: RandomState,
    /// The first entry of each hash.
    places: HashMap<u64, usize>,
}

/// The bit of a text key among those of a mapping.
pub(crate) fn key_bit(key: &str) -> u64 {
    let bytes = key.as_bytes();
    let at = |i: usize| u32::from(bytes.get(i).copied().unwrap_or(0));
    let last = bytes.len().saturating_sub(1);
    let sum = at(0) * 3 + at(last / 2) * 5 + at(last) * 11 + at(1) * 7;
    // Only the lowest bits count, so that the length may wrap.
    1 << (sum.wrapping_add(u32::try_from(bytes.len()).unwrap_or(0)) % 64)
}

/// As that of [`Value`], with the keys.
impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries.iter().map(|(key, value)| (key.key_text(), value));
        f.debug_map().entries(entries).finish()
    }
}

impl Map {
    /// A mapping without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key`, keeping its place if it is there already, and returns what it held.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.position(&key) {
            Some(at) => Some(std::mem::replace(&mut self.entries[at].1, value)),
            None => {
                self.push(key, value);
                None
            }
        }
    }

    /// Adds an entry whose key is not there yet.
    fn push(&mut self, key: Value, value: Value) {
        if let Value::String(text) = &key {
            self.bits |= key_bit(text);
        }
        if let Some(index) = &mut self.index {
            index.add(&key, self.entries.len());
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() >= INDEXED_LEN_MIN {
            self.build_index();
        }
    }

    fn build_index(&mut self) {
        let mut index = Index::default();
        for (at, (key, _)) in self.entries.iter().enumerate() {
            index.add(key, at);
        }
        self.index = Some(Box::new(index));
    }

    fn position(&self, key: &Value) -> Option<usize> {
        match key {
            Value::String(text) => self.text_position(text),
            key => self.find(|| hash_of(key), |other| other == key),
        }
    }

    fn text_position(&self, key: &str) -> Option<usize> {
        if self.bits & key_bit(key) == 0 {
            return None;
        }
        self.find(|| HashKey::Text(key), |other| other.as_str() == Some(key))
    }

    fn find<'k>(
        &self,
        hash: impl FnOnce() -> HashKey<'k>,
        is_equal: impl Fn(&Value) -> bool,
    ) -> Option<usize> {
        let linear = || self.entries.iter().position(|(key, _)| is_equal(key));
        let Some(index) = &self.index else { return linear() };
        let at = *index.places.get(&index.state.hash_one(hash()))?;
        match self.entries.get(at) {
            Some((key, _)) if is_equal(key) => Some(at),
            // Two keys of one hash: as good as never.
            _ => linear(),
        }
    }

    /// Whether some key has this bit.
    pub(crate) fn has_bit(&self, bit: u64) -> bool {
        self.bits & bit != 0
    }

    /// Sets `key` when there is a value.
    pub fn insert_some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.insert(key, value);
        }
    }

    /// Sets `key` to a list, unless the list is empty.
    pub fn insert_list<T: Into<Value>>(&mut self, key: &str, items: impl IntoIterator<Item = T>) {
        let items: Vec<Value> = items.into_iter().map(Into::into).collect();
        if !items.is_empty() {
            self.insert(key, Value::Seq(items));
        }
    }

    /// What a text key holds.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.text_position(key).map(|at| &self.entries[at].1)
    }

    /// What a key of any kind holds.
    #[must_use]
    pub fn get_value(&self, key: &Value) -> Option<&Value> {
        self.position(key).map(|at| &self.entries[at].1)
    }

    /// What a key of any kind holds, to change it.
    pub fn get_value_mut(&mut self, key: &Value) -> Option<&mut Value> {
        self.position(key).map(|at| &mut self.entries[at].1)
    }

    /// Takes a text key out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.remove_value(&Value::from(key))
    }

    /// Takes a key of any kind out.
    pub fn remove_value(&mut self, key: &Value) -> Option<Value> {
        let at = self.position(key)?;
        let (_, value) = self.entries.remove(at);
        if self.index.is_some() {
            self.build_index();
        }
        Some(value)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.entries.iter().map(|(k, v)| (k, v))
    }
}

impl IntoIterator for Map {
    type Item = (Value, Value);
    type IntoIter = std::vec::IntoIter<(Value, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<K: Into<Value>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut map = Self::new();
        for (key, value) in iter {
            map.insert(key, value);
        }
        map
    }
}

/// Mappings are equal when they hold the same entries, in any order, as in Python.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.entries.iter().all(|(key, value)| other.get_value(key) == Some(value))
    }
}
impl Eq for Map {}

/// What of a key its hash is made of.
#[derive(Hash)]
enum HashKey<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
    Int(i128),
    Bool(bool),
    Float(u64),
    Timestamp(&'a str),
    /// Keys of which a document has one, or that no document has.
    Other,
}

fn hash_of(key: &Value) -> HashKey<'_> {
    match key {
        Value::String(text) => HashKey::Text(text),
        Value::Binary(bytes) => HashKey::Bytes(bytes),
        Value::Int(number) => HashKey::Int(*number),
        Value::Bool(flag) => HashKey::Bool(*flag),
        Value::Float(number) if !number.is_nan() => HashKey::Float(number.to_bits()),
        Value::Timestamp(text) => HashKey::Timestamp(text),
        Value::Null | Value::Float(_) | Value::Seq(_) | Value::Map(_) => HashKey::Other,
    }
}

impl Index {
    fn add(&mut self, key: &Value, at: usize) {
        let hash = self.state.hash_one(hash_of(key));
        self.places.entry(hash).or_insert(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many entries as the smallest mapping with an index, and one more and less.
    #[test]
    fn keys_of_every_kind_are_found_in_mappings_of_every_size() {
        for len in [0, 1, INDEXED_LEN_MIN - 1, INDEXED_LEN_MIN, INDEXED_LEN_MIN + 1, 1000] {
            let mut map = Map::new();
            for n in 0..len {
                let key = match n % 4 {
                    0 => Value::from(n.to_string()),
                    1 => Value::Int(i128::try_from(n).unwrap()),
                    2 => Value::Float(f64::from(u32::try_from(n).unwrap())),
                    _ => Value::Timestamp(n.to_string()),
                };
                assert_eq!(map.insert(key.clone(), n.to_string()), None);
                assert_eq!(map.insert(key, n.to_string()), Some(n.to_string().into()));
            }
            assert_eq!(map.len(), len);
            let keys: Vec<Value> = map.iter().map(|(key, _)| key.clone()).collect();
            for (n, key) in keys.iter().enumerate() {
                assert_eq!(map.get_value(key), Some(&n.to_string().into()), "{len} {n}");
            }
            for key in keys.iter().step_by(3) {
                assert!(map.remove_value(key).is_some() && map.get_value(key).is_none());
            }
            for key in keys.iter().skip(1).step_by(3) {
                assert!(map.get_value(key).is_some());
            }
            assert_eq!(map.get("no such key"), None);
        }
    }
}
