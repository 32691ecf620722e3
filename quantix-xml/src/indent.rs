//! The white space that goes with an edit, learnt from its neighbours.

use crate::{
    Document,
    parse::{is_blank, last_line_break, line_break},
    tree::{NONE, NodeKind},
};

/// A place among the children of an element, and the white space to put around a new child.
pub(crate) struct Gap {
    /// The child before which the new one goes; [`NONE`] for the end.
    pub(crate) before: u32,
    /// White space before the new child.
    pub(crate) leading: String,
    /// White space after the new child.
    pub(crate) trailing: String,
    /// A white-space text that the new child takes the place of.
    pub(crate) replaces: Option<u32>,
    indent: Option<String>,
}

impl Gap {
    /// Whether the new child gets a line of its own.
    pub(crate) fn is_multiline(&self) -> bool {
        self.indent.is_some()
    }

    /// The indentation of the new child's line.
    pub(crate) fn indent(&self) -> &str {
        self.indent.as_deref().unwrap_or_default()
    }
}

/// The gap after a child.
pub(crate) fn gap_after(document: &Document, sibling: u32) -> Gap {
    let own = line_start(document, sibling);
    Gap {
        before: document.tree.get(sibling).next,
        leading: own.map(|(all, _)| all.to_owned()).unwrap_or_default(),
        trailing: String::new(),
        replaces: None,
        indent: own.map(|(_, indent)| indent.to_owned()),
    }
}

/// The gap before a child.
pub(crate) fn gap_before(document: &Document, sibling: u32) -> Gap {
    let own = line_start(document, sibling);
    Gap {
        before: sibling,
        leading: String::new(),
        trailing: own.map(|(all, _)| all.to_owned()).unwrap_or_default(),
        replaces: None,
        indent: own.map(|(_, indent)| indent.to_owned()),
    }
}

/// The gap in an element that has nothing but text, if anything.
pub(crate) fn first_gap(document: &Document, parent: u32) -> Gap {
    let text = document.tree.get(parent).first;
    let has_words = document
        .child_ids(parent)
        .any(|child| !is_blank(document.tree.get(child).open.of(&document.buffer)));
    let inline = Gap {
        before: NONE,
        leading: String::new(),
        trailing: String::new(),
        replaces: None,
        indent: None,
    };
    if has_words {
        return inline;
    }
    let replaces = (text != NONE).then_some(text);
    let Some(unit) = document.indent_unit() else {
        return Gap { replaces, ..inline };
    };
    let outer = indent_of(document, parent);
    let line = document.line_break();
    let indent = format!("{outer}{unit}");
    Gap {
        leading: format!("{line}{indent}"),
        trailing: format!("{line}{outer}"),
        indent: Some(indent),
        replaces,
        before: NONE,
    }
}

/// If a node stands alone on its line: the text before it, and how many bytes of that to keep when
/// the line goes.
pub(crate) fn own_line(document: &Document, id: u32) -> Option<(u32, usize)> {
    let node = document.tree.get(id);
    let previous = node.previous;
    let (all, _) = line_start(document, id)?;
    let is_alone = match node.next {
        NONE => true,
        next => {
            let next = document.tree.get(next);
            let raw = next.open.of(&document.buffer);
            next.kind == NodeKind::Text
                && raw.trim_start_matches([' ', '\t']).starts_with(['\n', '\r'])
        }
    };
    let len = document.tree.get(previous).open.of(&document.buffer).len();
    is_alone.then(|| (previous, len - all.len()))
}

/// The line break before a node and the white space after that, where nothing else is between:
/// both together, and the white space alone.
fn line_start(document: &Document, id: u32) -> Option<(&str, &str)> {
    let previous = document.tree.get(id).previous;
    if previous == NONE || document.tree.get(previous).kind != NodeKind::Text {
        return None;
    }
    let raw = document.tree.get(previous).open.of(&document.buffer);
    let all = &raw[last_line_break(raw)?..];
    is_blank(all).then(|| (all, all.trim_start_matches(['\r', '\n'])))
}

/// The indentation of the line that a node starts on.
fn indent_of(document: &Document, id: u32) -> &str {
    let mut at = id;
    while at != NONE {
        if let Some((_, indent)) = line_start(document, at) {
            return indent;
        }
        // Not first on its line: what stands before it is, or its parent.
        let node = document.tree.get(at);
        at = if node.previous == NONE { node.parent } else { node.previous };
    }
    ""
}

impl Document {
    /// The white space of one level of nesting; `None` where everything is on one line.
    pub(crate) fn indent_unit(&self) -> Option<String> {
        let root = self.root().node();
        let first = self
            .child_ids(root.id().0)
            .find(|&child| self.tree.get(child).kind == NodeKind::Element);
        let Some(first) = first else {
            return Some("  ".to_owned());
        };
        let (_, inner) = line_start(self, first)?;
        let outer = indent_of(self, root.id().0);
        let unit = inner.strip_prefix(outer).unwrap_or("  ");
        Some(unit.to_owned())
    }

    /// The line break that the document uses.
    pub(crate) fn line_break(&self) -> &'static str {
        line_break(self.source())
    }

    /// The quote that the document uses, judged by the root's first attribute or the first of all.
    pub(crate) fn quote(&self) -> char {
        let first = self.tree.attributes.first();
        let quote = first.and_then(|data| self.buffer[data.value.end as usize..].chars().next());
        quote.unwrap_or('"')
    }
}
