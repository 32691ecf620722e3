//! What the composer makes nodes with, and the rules that nodes must keep.

use super::{
    error::{Position, YamlError},
    node::{Data, Entry, Node},
    resolve::{self, Resolved},
    scanner::Result,
    token::{Style, Tok},
    value::Value,
};

pub(super) fn collection(start: Position, end: Position, style: Style, data: Data) -> Node {
    let (height, count) = match &data {
        Data::Seq(items) => totals(items.iter()),
        Data::Map(entries) => totals(entries.iter().flat_map(|entry| [&entry.key, &entry.value])),
        Data::Scalar { .. } => (0, 0),
    };
    Node { start, end, style, data, height: height + 1, count: count.saturating_add(1) }
}

fn totals<'a>(nodes: impl Iterator<Item = &'a Node>) -> (usize, usize) {
    nodes.fold((0, 0), |(height, count), node| {
        (height.max(node.height), count.saturating_add(node.count))
    })
}

pub(super) fn entry(key: Node, value: Node) -> Result<Entry> {
    let is_merge = match &key.data {
        Data::Scalar { text, .. } => text == "<<" && key.style == Style::Plain,
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

pub(super) fn resolve_scalar(
    at: Position,
    text: &str,
    is_plain: bool,
    tag: Option<&str>,
    is_key: bool,
) -> Result<Value> {
    if let Some(tag) = tag {
        return resolve::tagged(at, tag, text.to_owned());
    }
    if !is_plain {
        return Ok(Value::String(text.to_owned()));
    }
    match resolve::plain(at, text)? {
        Resolved::Value(value) => Ok(value),
        Resolved::Merge | Resolved::Equals if is_key => Ok(Value::String(text.to_owned())),
        Resolved::Merge | Resolved::Equals => {
            Err(YamlError::value(at, format!("{text:?} has a meaning of its own here; quote it")))
        }
    }
}

/// Checks the tag of a collection against what it is.
pub(super) fn finish_collection(node: Node, tag: Option<&str>) -> Result<Node> {
    let Some(tag) = tag else { return Ok(node) };
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
    let pair = |item: Node| {
        let (start, end, style) = (item.start, item.end, item.style);
        let parts = match item.data {
            Data::Map(entries) => entries.into_iter().flat_map(|e| [e.key, e.value]).collect(),
            _ => Vec::new(),
        };
        collection(start, end, style, Data::Seq(parts))
    };
    let pairs = items.into_iter().map(pair).collect();
    collection(node.start, node.end, node.style, Data::Seq(pairs))
}

pub(super) fn name(kind: &Tok) -> &'static str {
    match kind {
        Tok::StreamEnd => "the end of the text",
        Tok::YamlDirective { .. } | Tok::TagDirective { .. } | Tok::OtherDirective => "a directive",
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
        Tok::Tag { .. } => "a tag",
        Tok::Scalar { .. } => "a text",
    }
}
