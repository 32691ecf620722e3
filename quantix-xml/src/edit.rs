//! Edits: each changes as few bytes as it can.

use crate::{
    BYTES_MAX, DEPTH_MAX, Document, EditError, Encoding, Limits, NewElement, NodeId,
    build::{Layout, check_name, check_text},
    document::DOCUMENT,
    error::EditProblem,
    indent::{self, Gap},
    parse::{Content, parse_into},
    position::offset,
    tag::read_start_tag,
    text::{Context, escape},
    tree::{NONE, NodeData, NodeKind, Span},
};

/// Where a new element goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before this node.
    Before(NodeId),
    /// After this node.
    After(NodeId),
    /// Into this element, before everything in it but leading text.
    FirstIn(NodeId),
    /// Into this element, after everything in it but trailing white space.
    LastIn(NodeId),
}

fn refuse<T>(problem: EditProblem) -> Result<T, EditError> {
    Err(EditError::new(problem))
}

impl Document {
    /// Gives an attribute a value. One that is there keeps its place and quotes; a new one goes
    /// last. Setting the value it has changes nothing.
    ///
    /// # Errors
    /// When `id` is no element of the document, `name` is no XML name, or `value` has a character
    /// that XML cannot carry.
    pub fn set_attribute(&mut self, id: NodeId, name: &str, value: &str) -> Result<(), EditError> {
        self.expect_element(id)?;
        check_name(name)?;
        check_text(value)?;
        let element = self.element(id).ok_or(EditError::new(EditProblem::Detached))?;
        if element.attribute(name).is_some_and(|attribute| attribute.value() == value) {
            return Ok(());
        }
        let open = self.tree.get(id.0).open;
        let raw = open.of(&self.buffer);
        let found = self.attribute_data(id, name);
        let tag = match found {
            Some((_, value_span)) => {
                let (start, end) = (value_span.start - open.start, value_span.end - open.start);
                let (head, tail) = (&raw[..start as usize], &raw[end as usize..]);
                let quote = head.chars().next_back().unwrap_or('"');
                [head, &escape(value, Context::Attribute(quote)), tail].concat()
            }
            None => {
                let (at, gap, quote) = self.new_attribute_style(id);
                let value = escape(value, Context::Attribute(quote));
                let quote = quote.to_string();
                [&raw[..at], gap.as_str(), name, "=", &quote, &value, &quote, &raw[at..]].concat()
            }
        };
        self.replace_start_tag(id, &tag)
    }

    /// Removes an attribute and the white space before it; whether it was there.
    ///
    /// # Errors
    /// When `id` is no element of the document.
    pub fn remove_attribute(&mut self, id: NodeId, name: &str) -> Result<bool, EditError> {
        self.expect_element(id)?;
        let Some((name_span, value_span)) = self.attribute_data(id, name) else {
            return Ok(false);
        };
        let open = self.tree.get(id.0).open;
        let raw = open.of(&self.buffer);
        let head = raw[..(name_span.start - open.start) as usize].trim_end();
        let tail = &raw[(value_span.end - open.start) as usize + 1..];
        let tag = [head, tail].concat();
        self.replace_start_tag(id, &tag)?;
        Ok(true)
    }

    /// Makes `text` the only text of an element. Comments in it stay; setting the text it has
    /// changes nothing.
    ///
    /// # Errors
    /// When `id` is no element of the document, has child elements, or `text` has a character that
    /// XML cannot carry.
    pub fn set_text(&mut self, id: NodeId, text: &str) -> Result<(), EditError> {
        self.expect_element(id)?;
        check_text(text)?;
        let element = self.element(id).ok_or(EditError::new(EditProblem::Detached))?;
        if element.elements().next().is_some() {
            return refuse(EditProblem::Kind("an element without child elements"));
        }
        if element.text() == text {
            return Ok(());
        }
        let is_text = |kind| matches!(kind, NodeKind::Text | NodeKind::CData);
        let old: Vec<u32> =
            self.child_ids(id.0).filter(|&child| is_text(self.tree.get(child).kind)).collect();
        let before = self
            .child_ids(id.0)
            .skip_while(|child| Some(child) != old.first())
            .find(|child| !old.contains(child));
        let span = self.add_text(&escape(text, Context::Text))?;
        self.open_up(id)?;
        for &child in &old {
            self.tree.unlink(child);
        }
        if !text.is_empty() {
            let node = self.add_node(NodeKind::Text, span);
            match before {
                Some(before) => self.tree.insert_before(before, node),
                None => self.tree.append(id.0, node),
            }
        }
        self.is_edited = true;
        Ok(())
    }

    /// Puts a new element at a place, indented as its neighbours are.
    ///
    /// # Errors
    /// When the place is not in the document, would be beside the root, or the new element is not
    /// well-formed.
    pub fn insert(&mut self, place: Place, element: &NewElement) -> Result<NodeId, EditError> {
        element.check()?;
        let (parent, gap) = self.gap(place)?;
        let unit = self.indent_unit();
        let layout = Layout {
            unit: unit.as_deref().filter(|_| gap.is_multiline()),
            line: self.line_break(),
            quote: self.quote(),
        };
        let mut raw = String::new();
        element.render_at(&mut raw, &layout, gap.indent());
        self.insert_raw(parent, &gap, &raw)
    }

    /// Appends a new element to the children of `parent`: [`Place::LastIn`].
    ///
    /// # Errors
    /// As [`Document::insert`].
    pub fn append(&mut self, parent: NodeId, element: &NewElement) -> Result<NodeId, EditError> {
        self.insert(Place::LastIn(parent), element)
    }

    /// Puts one element, given as XML text, at a place. Its own white space is kept as given.
    ///
    /// # Errors
    /// As [`Document::insert`], and when `xml` is not exactly one element.
    pub fn insert_xml(&mut self, place: Place, xml: &str) -> Result<NodeId, EditError> {
        let xml = xml.trim();
        if self.encoding() == Encoding::Latin1 && xml.chars().any(|c| u32::from(c) > 0xFF) {
            return refuse(EditProblem::Kind("text that ISO-8859-1 has"));
        }
        let (parent, gap) = self.gap(place)?;
        self.insert_raw(parent, &gap, xml)
    }

    /// Removes a node with all that is in it, and its line where it stood alone on it.
    ///
    /// # Errors
    /// When it is not part of the document, or is the root element.
    pub fn remove(&mut self, id: NodeId) -> Result<(), EditError> {
        self.expect_attached(id)?;
        if id == self.root().id() {
            return refuse(EditProblem::Root);
        }
        if let Some((previous, keep)) = indent::own_line(self, id.0) {
            let open = &mut self.tree.get_mut(previous).open;
            open.end = open.start + offset(keep);
            if keep == 0 {
                self.tree.unlink(previous);
            }
        }
        self.tree.unlink(id.0);
        self.is_edited = true;
        Ok(())
    }

    /// Puts a new element where a node is.
    ///
    /// # Errors
    /// As [`Document::insert`] and [`Document::remove`].
    pub fn replace(&mut self, id: NodeId, element: &NewElement) -> Result<NodeId, EditError> {
        self.expect_attached(id)?;
        if id == self.root().id() {
            return refuse(EditProblem::Root);
        }
        let new = self.insert(Place::Before(id), element)?;
        // What stands between the new node and the old one is the gap that `insert` made.
        let between = self.tree.get(new.0).next;
        if between != id.0 && between != NONE {
            self.tree.unlink(between);
        }
        self.tree.unlink(id.0);
        Ok(new)
    }

    fn insert_raw(&mut self, parent: u32, gap: &Gap, raw: &str) -> Result<NodeId, EditError> {
        let new = self.parse_fragment(parent, raw)?;
        self.link(parent, gap, new)?;
        self.is_edited = true;
        Ok(NodeId(new))
    }

    /// Links a parsed element into the gap, with the white space that goes around it.
    fn link(&mut self, parent: u32, gap: &Gap, node: u32) -> Result<(), EditError> {
        self.open_up(NodeId(parent))?;
        if let Some(blank) = gap.replaces {
            self.tree.unlink(blank);
        }
        let put = |tree: &mut crate::tree::Tree, id: u32| match gap.before {
            NONE => tree.append(parent, id),
            before => tree.insert_before(before, id),
        };
        if !gap.leading.is_empty() {
            let span = self.add_text(&gap.leading)?;
            let text = self.add_node(NodeKind::Text, span);
            put(&mut self.tree, text);
        }
        put(&mut self.tree, node);
        if !gap.trailing.is_empty() {
            let span = self.add_text(&gap.trailing)?;
            let text = self.add_node(NodeKind::Text, span);
            put(&mut self.tree, text);
        }
        Ok(())
    }

    /// Parses `raw`, which must be one element, and leaves it unlinked.
    fn parse_fragment(&mut self, parent: u32, raw: &str) -> Result<u32, EditError> {
        let span = self.add_text(raw)?;
        let (nodes, attributes) = (self.tree.nodes.len(), self.tree.attributes.len());
        let container = self.tree.push(NodeData::new(NodeKind::Document, Span::default()));
        let depth = self.tree.depth(parent);
        let limits = Limits { depth_max: DEPTH_MAX.saturating_sub(depth), ..Limits::default() };
        let buffer = std::mem::take(&mut self.buffer);
        let (from, fragment) = (span.start as usize, Content::Fragment);
        let parsed = parse_into(&mut self.tree, &buffer, from, container, fragment, &limits);
        self.buffer = buffer;
        let children: Vec<u32> = self.child_ids(container).collect();
        let problem = match (parsed, children.as_slice()) {
            (Ok(()), &[only]) if self.tree.get(only).kind == NodeKind::Element => {
                for node in &mut self.tree.nodes[nodes..] {
                    node.origin = NONE;
                }
                self.tree.unlink(only);
                return Ok(only);
            }
            (Ok(()), _) => "expected exactly one element".to_owned(),
            (Err((at, problem)), _) => {
                format!("{problem}, at byte {}", at.saturating_sub(from))
            }
        };
        self.tree.nodes.truncate(nodes);
        self.tree.attributes.truncate(attributes);
        self.buffer.truncate(from);
        refuse(EditProblem::Fragment(problem))
    }

    fn add_node(&mut self, kind: NodeKind, span: Span) -> u32 {
        let mut node = NodeData::new(kind, span);
        node.origin = NONE;
        self.tree.push(node)
    }

    fn add_text(&mut self, text: &str) -> Result<Span, EditError> {
        let start = self.buffer.len();
        // Edits may use as much again as the largest source, so spans always fit 32 bits.
        let limit = BYTES_MAX * 4;
        if start + text.len() > limit {
            return refuse(EditProblem::Limit { what: "the number of bytes", limit });
        }
        self.buffer.push_str(text);
        Ok(Span::new(start, start + text.len()))
    }

    /// Makes `<a/>` into `<a></a>`, so that it can hold something.
    fn open_up(&mut self, id: NodeId) -> Result<(), EditError> {
        let node = self.tree.get(id.0);
        if node.kind != NodeKind::Element || !node.close.is_empty() {
            return Ok(());
        }
        let name = node.name().of(&self.buffer);
        let raw = node.open.of(&self.buffer);
        let tag = [raw.trim_end_matches("/>").trim_end(), ">"].concat();
        let end_tag = ["</", name, ">"].concat();
        self.replace_start_tag(id, &tag)?;
        let close = self.add_text(&end_tag)?;
        self.tree.get_mut(id.0).close = close;
        Ok(())
    }

    /// Replaces the start tag of an element by `tag`, which is well-formed by construction.
    fn replace_start_tag(&mut self, id: NodeId, tag: &str) -> Result<(), EditError> {
        let span = self.add_text(tag)?;
        let start = span.start as usize;
        let limits = Limits::default();
        let read = read_start_tag(&self.buffer, start, &limits, &mut self.tree.attributes);
        let read = read
            .map_err(|(_, problem)| EditError::new(EditProblem::Fragment(problem.to_string())))?;
        let node = self.tree.get_mut(id.0);
        node.open = span;
        read.store(node);
        self.is_edited = true;
        Ok(())
    }

    /// Where the name and the value of an attribute stand.
    fn attribute_data(&self, id: NodeId, name: &str) -> Option<(Span, Span)> {
        let attributes = self.tree.attributes_of(id.0);
        let found = attributes.iter().find(|data| data.name.of(&self.buffer) == name)?;
        Some((found.name, found.value))
    }

    /// Where in the start tag a new attribute goes, what separates it, and its quote.
    fn new_attribute_style(&self, id: NodeId) -> (usize, String, char) {
        let node = self.tree.get(id.0);
        let raw = node.open.of(&self.buffer);
        let Some(last) = self.tree.attributes_of(id.0).last() else {
            return (1 + node.name_len as usize, " ".to_owned(), self.quote());
        };
        let name_at = (last.name.start - node.open.start) as usize;
        let gap = &raw[raw[..name_at].trim_end().len()..name_at];
        let end = (last.value.end - node.open.start) as usize;
        let quote = raw[end..].chars().next().unwrap_or('"');
        (end + 1, gap.to_owned(), quote)
    }

    pub(crate) fn child_ids(&self, id: u32) -> impl Iterator<Item = u32> {
        let first = Some(self.tree.get(id).first).filter(|&first| first != NONE);
        std::iter::successors(first, |&id| {
            Some(self.tree.get(id).next).filter(|&next| next != NONE)
        })
    }

    fn expect_attached(&self, id: NodeId) -> Result<(), EditError> {
        let is_known = id.0 != DOCUMENT && (id.0 as usize) < self.tree.nodes.len();
        let top = |mut id: u32| {
            while self.tree.get(id).parent != NONE {
                id = self.tree.get(id).parent;
            }
            id
        };
        if is_known && top(id.0) == DOCUMENT { Ok(()) } else { refuse(EditProblem::Detached) }
    }

    fn expect_element(&self, id: NodeId) -> Result<(), EditError> {
        self.expect_attached(id)?;
        if self.tree.get(id.0).kind == NodeKind::Element {
            return Ok(());
        }
        refuse(EditProblem::Kind("an element"))
    }

    /// The element and the gap in it that a place means.
    fn gap(&self, place: Place) -> Result<(u32, Gap), EditError> {
        match place {
            Place::FirstIn(id) | Place::LastIn(id) => self.expect_element(id)?,
            Place::Before(id) | Place::After(id) => self.expect_attached(id)?,
        }
        let is_text = |id: u32| self.tree.get(id).kind == NodeKind::Text;
        let (sibling, is_after) = match place {
            Place::Before(id) => (id.0, false),
            Place::After(id) => (id.0, true),
            Place::FirstIn(id) => match self.child_ids(id.0).find(|&child| !is_text(child)) {
                Some(child) => (child, false),
                None => return Ok((id.0, indent::first_gap(self, id.0))),
            },
            Place::LastIn(id) => match self.child_ids(id.0).filter(|&child| !is_text(child)).last()
            {
                Some(child) => (child, true),
                None => return Ok((id.0, indent::first_gap(self, id.0))),
            },
        };
        let parent = self.tree.get(sibling).parent;
        if parent == DOCUMENT || parent == NONE {
            return refuse(EditProblem::Root);
        }
        let gap = if is_after {
            indent::gap_after(self, sibling)
        } else {
            indent::gap_before(self, sibling)
        };
        Ok((parent, gap))
    }
}
