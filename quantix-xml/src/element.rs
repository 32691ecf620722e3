//! Views: nodes, elements and attributes as the reader of a document sees them.

use std::{borrow::Cow, fmt, iter::successors};

use crate::{
    Attribute, Document, NodeId, Position, text,
    tree::{NONE, NodeData, NodeKind},
};

/// The namespace that the prefix `xml` always means.
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// A node of any kind.
#[derive(Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document,
    id: u32,
}

impl<'d> Node<'d> {
    pub(crate) fn new(document: &'d Document, id: u32) -> Self {
        Self { document, id }
    }

    fn data(self) -> &'d NodeData {
        self.document.tree.get(self.id)
    }

    fn linked(self, id: u32) -> Option<Self> {
        (id != NONE).then(|| Self::new(self.document, id))
    }

    /// The name under which the document can be edited here.
    #[must_use]
    pub fn id(self) -> NodeId {
        NodeId(self.id)
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> NodeKind {
        self.data().kind
    }

    /// The element, if it is one.
    #[must_use]
    pub fn element(self) -> Option<Element<'d>> {
        (self.kind() == NodeKind::Element).then(|| Element::new(self.document, self.id))
    }

    /// What a text or CDATA section means; `None` for other nodes.
    #[must_use]
    pub fn text(self) -> Option<Cow<'d, str>> {
        let raw = self.data().open.of(&self.document.buffer);
        match self.kind() {
            NodeKind::Text => Some(text::text_value(raw)),
            NodeKind::CData => {
                let inner = raw.strip_prefix("<![CDATA[").and_then(|r| r.strip_suffix("]]>"))?;
                Some(if inner.contains('\r') {
                    Cow::Owned(inner.replace("\r\n", "\n").replace('\r', "\n"))
                } else {
                    Cow::Borrowed(inner)
                })
            }
            _ => None,
        }
    }

    /// The bytes of the node as they will be written, children included.
    #[must_use]
    pub fn raw(self) -> Cow<'d, str> {
        let data = self.data();
        if data.first == NONE && data.close.is_empty() {
            return Cow::Borrowed(data.open.of(&self.document.buffer));
        }
        let mut out = String::new();
        self.document.write_node(self.id, &mut out);
        Cow::Owned(out)
    }

    /// Where it starts in the source; for a node that an edit added, where its nearest ancestor
    /// from the source starts.
    #[must_use]
    pub fn position(self) -> Position {
        let known = successors(Some(self), |node| node.linked(node.data().parent))
            .map(|node| node.data().origin)
            .find(|&origin| origin != NONE);
        self.document.position_of(known.unwrap_or(0))
    }

    /// The element around it; `None` at the top.
    #[must_use]
    pub fn parent(self) -> Option<Element<'d>> {
        self.linked(self.data().parent).and_then(Self::element)
    }

    /// The node after it, of any kind.
    #[must_use]
    pub fn next_sibling(self) -> Option<Self> {
        self.linked(self.data().next)
    }

    /// The node before it, of any kind.
    #[must_use]
    pub fn previous_sibling(self) -> Option<Self> {
        self.linked(self.data().previous)
    }

    /// Its children, of any kind.
    pub fn children(self) -> impl Iterator<Item = Node<'d>> {
        successors(self.linked(self.data().first), |node| node.next_sibling())
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} at {}", self.kind(), self.raw(), self.position())
    }
}

/// An element.
#[derive(Clone, Copy)]
pub struct Element<'d>(Node<'d>);

impl<'d> Element<'d> {
    pub(crate) fn new(document: &'d Document, id: u32) -> Self {
        Self(Node::new(document, id))
    }

    pub(crate) fn document(self) -> &'d Document {
        self.0.document
    }

    /// The element as a node.
    #[must_use]
    pub fn node(self) -> Node<'d> {
        self.0
    }

    /// The name under which the document can be edited here.
    #[must_use]
    pub fn id(self) -> NodeId {
        self.0.id()
    }

    /// The name as written, prefix included.
    #[must_use]
    pub fn name(self) -> &'d str {
        self.0.data().name().of(&self.0.document.buffer)
    }

    /// The name without its prefix.
    #[must_use]
    pub fn local_name(self) -> &'d str {
        split_name(self.name()).1
    }

    /// The prefix, if there is one.
    #[must_use]
    pub fn prefix(self) -> Option<&'d str> {
        split_name(self.name()).0
    }

    /// The URI of the namespace it is in; `None` where it is in none, or where nothing declares
    /// its prefix.
    #[must_use]
    pub fn namespace(self) -> Option<Cow<'d, str>> {
        self.namespace_of(self.prefix())
    }

    /// The URI that a prefix (or none, for the default namespace) stands for here.
    #[must_use]
    pub fn namespace_of(self, prefix: Option<&str>) -> Option<Cow<'d, str>> {
        if prefix == Some("xml") {
            return Some(Cow::Borrowed(XML_NAMESPACE));
        }
        let declares = |attribute: &Attribute<'d>| match (split_name(attribute.name()), prefix) {
            ((None, "xmlns"), None) => true,
            ((Some("xmlns"), declared), Some(prefix)) => declared == prefix,
            _ => false,
        };
        let declaration = successors(Some(self), |element| element.parent())
            .find_map(|element| element.attributes().find(declares))?;
        Some(declaration.value()).filter(|uri| !uri.is_empty())
    }

    /// Its attributes in order, namespace declarations included.
    pub fn attributes(self) -> impl Iterator<Item = Attribute<'d>> {
        let attributes = self.0.document.tree.attributes_of(self.0.id);
        attributes.iter().map(move |&data| Attribute::new(self, data))
    }

    /// The attribute whose name is written exactly so, prefix included.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<Attribute<'d>> {
        self.attributes().find(|attribute| attribute.name() == name)
    }

    /// The value of the attribute whose name is written exactly so, prefix included.
    #[must_use]
    pub fn attr(self, name: &str) -> Option<Cow<'d, str>> {
        self.attribute(name).map(Attribute::value)
    }

    /// The first attribute of this local name, whatever its prefix; namespace declarations are
    /// not considered.
    #[must_use]
    pub fn attribute_local(self, local_name: &str) -> Option<Attribute<'d>> {
        self.attributes().find(|attribute| {
            let (prefix, local) = split_name(attribute.name());
            local == local_name && prefix != Some("xmlns")
        })
    }

    /// The value of [`Element::attribute_local`].
    #[must_use]
    pub fn attr_local(self, local_name: &str) -> Option<Cow<'d, str>> {
        self.attribute_local(local_name).map(Attribute::value)
    }

    /// Where its start tag stands; see [`Node::position`].
    #[must_use]
    pub fn position(self) -> Position {
        self.0.position()
    }

    /// The element around it; `None` for the root.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        self.0.parent()
    }

    /// Its children, of any kind.
    pub fn children(self) -> impl Iterator<Item = Node<'d>> {
        self.0.children()
    }

    /// Its child elements.
    pub fn elements(self) -> impl Iterator<Item = Self> {
        self.children().filter_map(Node::element)
    }

    /// Its child elements of this local name, whatever their prefix.
    pub fn elements_named(self, local_name: &str) -> impl Iterator<Item = Self> {
        self.elements().filter(move |element| element.local_name() == local_name)
    }

    /// Its first child element of this local name, whatever its prefix.
    #[must_use]
    pub fn child(self, local_name: &str) -> Option<Self> {
        self.elements_named(local_name).next()
    }

    /// The first element on a path of local names such as `devices/disk/source`, trying every
    /// branch.
    #[must_use]
    pub fn find(self, path: &str) -> Option<Self> {
        let (name, rest) = path.split_once('/').map_or((path, None), |(n, r)| (n, Some(r)));
        self.elements_named(name).find_map(|element| match rest {
            Some(rest) => element.find(rest),
            None => Some(element),
        })
    }

    /// Every element below it, in document order.
    pub fn descendants(self) -> impl Iterator<Item = Self> {
        let document = self.0.document;
        let (top, mut at) = (self.0.id, self.0.data().first);
        std::iter::from_fn(move || {
            while at != NONE {
                let here = at;
                at = following(document, top, here);
                if let Some(element) = Node::new(document, here).element() {
                    return Some(element);
                }
            }
            None
        })
    }

    /// Its own text: all text and CDATA directly in it, references resolved. Text inside child
    /// elements is not part of it.
    #[must_use]
    pub fn text(self) -> Cow<'d, str> {
        let mut texts = self.children().filter_map(Node::text);
        let Some(first) = texts.next() else {
            return Cow::Borrowed("");
        };
        match texts.next() {
            None => first,
            Some(second) => {
                let mut joined = first.into_owned() + &second;
                joined.extend(texts);
                Cow::Owned(joined)
            }
        }
    }

    /// [`Element::text`] of the child of this local name.
    #[must_use]
    pub fn child_text(self, local_name: &str) -> Option<Cow<'d, str>> {
        self.child(local_name).map(Self::text)
    }
}

/// The node after `at` in document order, below `top`.
fn following(document: &Document, top: u32, at: u32) -> u32 {
    let mut node = document.tree.get(at);
    if node.first != NONE {
        return node.first;
    }
    loop {
        if node.next != NONE {
            return node.next;
        }
        if node.parent == top || node.parent == NONE {
            return NONE;
        }
        node = document.tree.get(node.parent);
    }
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}> at {}", self.name(), self.position())
    }
}

/// A qualified name as prefix and local name.
pub(crate) fn split_name(name: &str) -> (Option<&str>, &str) {
    match name.split_once(':') {
        Some((prefix, local)) if !prefix.is_empty() && !local.is_empty() => (Some(prefix), local),
        _ => (None, name),
    }
}
