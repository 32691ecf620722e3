//! A document under check: what it says, and where, for when there is something to say about it.

use std::cell::OnceCell;

use quantix_core::Finding;

use crate::yaml::{Map, Node, Position, Step, Value, YamlError, parse, parse_simple};

/// A document's value; its places are read once somebody asks.
pub(crate) struct Source<'a> {
    text: &'a str,
    value: Value,
    nodes: OnceCell<Option<Node>>,
}

impl<'a> Source<'a> {
    /// Reads a text; nothing for an empty one.
    pub(super) fn parse(text: &'a str) -> Result<Option<Self>, YamlError> {
        if let Some(value) = parse_simple(text) {
            return Ok(value.map(|value| Self { text, value, nodes: OnceCell::new() }));
        }
        Ok(parse(text)?.map(|node| {
            let value = node.to_value();
            Self { text, value, nodes: OnceCell::from(Some(node)) }
        }))
    }

    /// A value that was never a text, and so has no places.
    pub(super) fn of_value(value: Value) -> Self {
        Self { text: "", value, nodes: OnceCell::from(None) }
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// The entries of the document, if it is a mapping.
    pub(crate) fn map(&self) -> Option<&Map> {
        self.value.as_map()
    }

    /// Whether the text was so plain that no key of it can stand twice.
    pub(super) fn is_simple(&self) -> bool {
        self.nodes.get().is_none()
    }

    pub(crate) fn root(&self) -> Option<&Node> {
        // It was read before, so that it can be read again.
        self.nodes.get_or_init(|| parse(self.text).ok().flatten()).as_ref()
    }

    pub(super) fn place(&self, path: &[Step]) -> Option<Position> {
        self.root().map(|root| root.place(path))
    }

    /// Gives a finding its place.
    pub(crate) fn put(&self, finding: Finding, path: &[Step]) -> Finding {
        at(finding, self.place(path))
    }
}

/// The finding with a place, if there is one.
pub(super) fn at(finding: Finding, place: Option<Position>) -> Finding {
    match place {
        Some(at) => finding.at_position(at.line, at.column),
        None => finding,
    }
}
