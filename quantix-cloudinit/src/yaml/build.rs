//! What the composer makes nodes with, and the rules that nodes must keep.

use std::borrow::Cow;

use super::{
    error::{Position, YamlError},
    map::Map,
    node::{Data, Entry, Node},
    resolve::{self, Resolved},
    scanner::Result,
    token::{Style, Tok},
    value::Value,
};

/// What a document is read into.
pub(super) trait Build {
    type Node: Clone;
    type Entries: Default;

    fn scalar(
        start: Position,
        end: Position,
        style: Style,
        value: Value,
        source: Option<Box<str>>,
    ) -> Self::Node;
    fn add(entries: &mut Self::Entries, key: Self::Node, value: Self::Node) -> Result<()>;
    fn seq(start: Position, end: Position, style: Style, items: Vec<Self::Node>) -> Self::Node;
    fn map(start: Position, end: Position, style: Style, entries: Self::Entries) -> Self::Node;
    /// Checks the tag of a collection against what it is.
    fn tagged(node: Self::Node, tag: &str) -> Result<Self::Node>;
    /// How many levels of nodes it has and how many nodes it holds, itself included in both.
    fn height_and_count(node: &Self::Node) -> (usize, usize);
}

fn join(parts: impl Iterator<Item = (usize, usize)>) -> (usize, usize) {
    let (height, count) = parts
        .fold((0, 0), |(height, count), part| (height.max(part.0), part.1.saturating_add(count)));
    (height + 1, count.saturating_add(1))
}

/// Into nodes, which know their places.
pub(super) struct Nodes;

impl Build for Nodes {
    type Node = Node;
    type Entries = Vec<Entry>;

    fn scalar(
        start: Position,
        end: Position,
        style: Style,
        value: Value,
        source: Option<Box<str>>,
    ) -> Node {
        Node { start, end, style, data: Data::Scalar { value, source } }
    }

    fn add(entries: &mut Vec<Entry>, key: Node, value: Node) -> Result<()> {
        entries.push(entry(key, value)?);
        Ok(())
    }

    fn seq(start: Position, end: Position, style: Style, items: Vec<Node>) -> Node {
        Node { start, end, style, data: Data::Seq(items) }
    }

    fn map(start: Position, end: Position, style: Style, entries: Vec<Entry>) -> Node {
        Node { start, end, style, data: Data::Map(entries) }
    }

    fn tagged(node: Node, tag: &str) -> Result<Node> {
        finish_collection(node, tag)
    }

    fn height_and_count(node: &Node) -> (usize, usize) {
        match &node.data {
            Data::Scalar { .. } => (1, 1),
            Data::Seq(items) => join(items.iter().map(Self::height_and_count)),
            Data::Map(entries) => {
                let parts = entries.iter().flat_map(|entry| [&entry.key, &entry.value]);
                join(parts.map(Self::height_and_count))
            }
        }
    }
}

/// Straight into values. What only nodes know how to read ends it: see [`super::parse_value`].
pub(super) struct Values;

/// A document that has to be read into nodes first; nobody sees it.
fn needs_nodes() -> YamlError {
    YamlError::syntax(Position::default(), String::new())
}

impl Build for Values {
    type Node = Value;
    type Entries = Map;

    fn scalar(_: Position, _: Position, _: Style, value: Value, _: Option<Box<str>>) -> Value {
        value
    }

    fn add(entries: &mut Map, key: Value, value: Value) -> Result<()> {
        let is_plain = !matches!(key, Value::Seq(_) | Value::Map(_)) && key.as_str() != Some("<<");
        match is_plain.then(|| entries.insert(key, value)) {
            Some(None) => Ok(()),
            // A merge, a key that is none, or one that stands twice.
            _ => Err(needs_nodes()),
        }
    }

    fn seq(_: Position, _: Position, _: Style, items: Vec<Value>) -> Value {
        Value::Seq(items)
    }

    fn map(_: Position, _: Position, _: Style, entries: Map) -> Value {
        Value::Map(entries)
    }

    fn tagged(_: Value, _: &str) -> Result<Value> {
        Err(needs_nodes())
    }

    fn height_and_count(value: &Value) -> (usize, usize) {
        match value {
            Value::Seq(items) => join(items.iter().map(Self::height_and_count)),
            Value::Map(map) => {
                join(map.iter().flat_map(|(key, item)| [key, item]).map(Self::height_and_count))
            }
            _ => (1, 1),
        }
    }
}

fn entry(key: Node, value: Node) -> Result<Entry> {
    let is_merge = match &key.data {
        Data::Scalar { value, .. } => value.as_str() == Some("<<") && key.style == Style::Plain,
        _ => {
            let problem = "a list or mapping cannot be a key; put the text in quotes if it is one";
            return Err(YamlError::value(key.start, problem));
        }
    };
    if is_merge {
        let is_mergeable = match &value.data {
            Data::Map(_) => true,
            Data::Seq(items) => items.iter().all(|item| matches!(item.data, Data::Map(_))),
            Data::Scalar { .. } => false,
        };
        if !is_mergeable {
            let problem = "`<<` takes in a mapping or a list of mappings; quote it to mean a key";
            return Err(YamlError::value(value.start, problem));
        }
    }
    Ok(Entry { key, value, is_merge })
}

/// What a scalar means, and its text where that is no text.
pub(super) fn resolve_scalar(
    at: Position,
    text: Cow<'_, str>,
    is_plain: bool,
    tag: Option<&str>,
    is_key: bool,
) -> Result<(Value, Option<Box<str>>)> {
    if let Some(tag) = tag {
        let source = Box::from(&*text);
        return Ok((resolve::tagged(at, tag, text.into_owned())?, Some(source)));
    }
    if !is_plain {
        return Ok((Value::String(text.into_owned()), None));
    }
    match resolve::plain(at, &text)? {
        Resolved::Text => Ok((Value::String(text.into_owned()), None)),
        Resolved::Value(value) => Ok((value, Some(text.into()))),
        Resolved::Merge | Resolved::Equals if is_key => {
            Ok((Value::String(text.into_owned()), None))
        }
        Resolved::Merge | Resolved::Equals => {
            Err(YamlError::value(at, format!("{text:?} has a meaning of its own here; quote it")))
        }
    }
}

fn finish_collection(node: Node, tag: &str) -> Result<Node> {
    let is_fine = match (resolve::collection_tag(tag), &node.data) {
        (Some("seq"), Data::Seq(_)) | (Some("map"), Data::Map(_)) => true,
        (Some("set"), Data::Map(_)) => true,
        (Some("omap" | "pairs"), Data::Seq(items))
            if items.iter().all(|item| item.entries().len() == 1) =>
        {
            return Ok(as_pairs(node));
        }
        (Some("seq" | "map" | "set" | "omap" | "pairs"), _) => false,
        _ => return Err(resolve::unknown_tag(node.start, tag)),
    };
    if is_fine {
        return Ok(node);
    }
    Err(YamlError::value(node.start, "the value is not what its tag asks for; remove the tag"))
}

/// Python holds such a list as pairs.
fn as_pairs(node: Node) -> Node {
    let Data::Seq(items) = node.data else { return node };
    let node = Node { data: Data::Seq(Vec::new()), ..node };
    let pair = |item: Node| {
        let (start, end, style) = (item.start, item.end, item.style);
        let parts = match item.data {
            Data::Map(entries) => entries.into_iter().flat_map(|e| [e.key, e.value]).collect(),
            _ => Vec::new(),
        };
        Node { start, end, style, data: Data::Seq(parts) }
    };
    let pairs = items.into_iter().map(pair).collect();
    Node { data: Data::Seq(pairs), ..node }
}

pub(super) fn name(kind: &Tok<'_>) -> &'static str {
    match kind {
        Tok::StreamEnd => "the end of the text",
        Tok::YamlDirective { .. } | Tok::TagDirective(_) | Tok::OtherDirective => "a directive",
        Tok::DocumentStart => "`---`",
        Tok::DocumentEnd => "`...`",
        Tok::BlockSeqStart => "a list that is indented differently",
        Tok::BlockMapStart => "a mapping that is indented differently",
        Tok::BlockEnd => "a line that is indented less",
        Tok::FlowSeqStart => "`[`",
        Tok::FlowMapStart => "`{`",
        Tok::FlowSeqEnd => "`]`",
        Tok::FlowMapEnd => "`}`",
        Tok::BlockEntry => "`- `",
        Tok::FlowEntry => "`,`",
        Tok::Key => "a key",
        Tok::Value => "`:`",
        Tok::Alias(_) => "an alias",
        Tok::Anchor(_) => "an anchor",
        Tok::Tag(_) => "a tag",
        Tok::Scalar { .. } => "a text",
    }
}
