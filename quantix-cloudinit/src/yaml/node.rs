//! The tree of a document that was read, with the place of everything.

use std::fmt;

use super::{error::Position, map::Map, token::Style, value::Value};

/// A value and where it stands in the text.
///
/// What an alias stands for is a copy of the anchored node, with the anchored node's places.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it starts; for a block collection, where its first key or dash stands.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
    /// How it is written.
    pub style: Style,
    /// What it is.
    pub data: Data,
}

/// What a node is.
#[derive(Clone)]
pub enum Data {
    /// A scalar as it was resolved.
    Scalar {
        /// The meaning.
        value: Value,
        /// The text, without quotes and escapes, where the meaning is another one.
        source: Option<Box<str>>,
    },
    /// A list.
    Seq(Vec<Node>),
    /// A mapping, with every entry that was written, duplicates included.
    Map(Vec<Entry>),
}

/// Without the texts, any of which may be a secret.
impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar { value, .. } => value.fmt(f),
            Self::Seq(items) => f.debug_list().entries(items).finish(),
            Self::Map(entries) => f.debug_list().entries(entries).finish(),
        }
    }
}

/// An entry of a mapping.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Node,
    /// The value.
    pub value: Node,
    /// Whether this is a `<<`, which takes in the entries of its value.
    pub is_merge: bool,
}

/// One step from a node to a node in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Into a list.
    Index(usize),
    /// Into a mapping; keys that are no texts are given as Python prints them.
    Key(String),
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Index(index) => write!(f, "{index}"),
            Self::Key(key) => f.write_str(key),
        }
    }
}

/// Writes steps the way cloud-init does: `users.0.name`.
#[must_use]
pub fn dotted(path: &[Step]) -> String {
    let steps: Vec<String> = path.iter().map(Step::to_string).collect();
    steps.join(".")
}

impl Node {
    /// What PyYAML's safe loader builds from it. Merged entries come first, and of entries with
    /// equal keys the last one counts.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.data {
            Data::Scalar { value, .. } => value.clone(),
            Data::Seq(items) => Value::Seq(items.iter().map(Self::to_value).collect()),
            Data::Map(entries) => {
                let mut map = Map::new();
                flatten(entries, &mut |entry| {
                    map.insert(entry.key.to_value(), entry.value.to_value());
                });
                map.into()
            }
        }
    }

    /// The entry that counts for a key, given as Python prints it.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        let Data::Map(entries) = &self.data else { return None };
        let mut found = None;
        flatten(entries, &mut |entry| {
            let is_key = match &entry.key.data {
                Data::Scalar { value: Value::String(text), .. } => text == key,
                _ => entry.key.key_text() == key,
            };
            if is_key {
                found = Some(entry);
            }
        });
        found
    }

    /// The entries of a mapping in the order in which PyYAML inserts them, those of `<<` first.
    pub(crate) fn merged_entries(&self) -> Vec<&Entry> {
        let mut found = Vec::new();
        flatten(self.entries(), &mut |entry| found.push(entry));
        found
    }

    /// The node that a step leads to.
    #[must_use]
    pub fn child(&self, step: &Step) -> Option<&Self> {
        match (step, &self.data) {
            (Step::Index(index), Data::Seq(items)) => items.get(*index),
            (Step::Key(key), Data::Map(_)) => self.entry(key).map(|entry| &entry.value),
            _ => None,
        }
    }

    /// The node that a path leads to.
    #[must_use]
    pub fn at(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |node, step| node.child(step))
    }

    /// Where a person would look for what a path names: at the key of a mapping's entry, else at
    /// the node. A path that leads nowhere gives the last place that exists.
    #[must_use]
    pub fn place(&self, path: &[Step]) -> Position {
        let (mut node, mut at) = (self, self.start);
        for step in path {
            let next = match step {
                Step::Key(key) => node.entry(key).map(|entry| (entry.key.start, &entry.value)),
                Step::Index(_) => node.child(step).map(|child| (child.start, child)),
            };
            let Some(next) = next else { break };
            (at, node) = next;
        }
        at
    }

    /// The text of a key, as Python prints it.
    #[must_use]
    pub fn key_text(&self) -> String {
        match &self.data {
            Data::Scalar { value, .. } => value.key_text(),
            Data::Seq(_) | Data::Map(_) => String::new(),
        }
    }

    /// The entries of a mapping; empty for anything else.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; empty for anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.data {
            Data::Seq(items) => items,
            _ => &[],
        }
    }
}

/// Visits entries in the order in which PyYAML inserts them.
fn flatten<'a>(entries: &'a [Entry], visit: &mut dyn FnMut(&'a Entry)) {
    for entry in entries.iter().filter(|entry| entry.is_merge) {
        match &entry.value.data {
            Data::Map(merged) => flatten(merged, visit),
            Data::Seq(items) => {
                for item in items.iter().rev() {
                    flatten(item.entries(), visit);
                }
            }
            Data::Scalar { .. } => {}
        }
    }
    entries.iter().filter(|entry| !entry.is_merge).for_each(visit);
}
