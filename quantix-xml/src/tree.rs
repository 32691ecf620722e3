//! The storage behind a document: nodes and attributes in two vectors, text as spans of one buffer.

/// Index of no node.
pub(crate) const NONE: u32 = u32::MAX;

/// A range of bytes of the buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: crate::position::offset(start), end: crate::position::offset(end) }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The bytes of `text` in this range.
    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// The document itself: the parent of the root element and of what stands beside it.
    Document,
    /// An element.
    Element,
    /// Text between tags, white space included.
    Text,
    /// A `<![CDATA[…]]>` section.
    CData,
    /// A comment.
    Comment,
    /// A processing instruction.
    Instruction,
    /// The `<?xml …?>` declaration.
    Declaration,
    /// A document type declaration; its entities are never expanded.
    Doctype,
}

/// One node. `open` is its whole token: for an element, the start tag.
#[derive(Clone, Debug)]
pub(crate) struct NodeData {
    pub(crate) kind: NodeKind,
    pub(crate) attributes_len: u16,
    pub(crate) attributes_start: u32,
    pub(crate) parent: u32,
    pub(crate) previous: u32,
    pub(crate) next: u32,
    pub(crate) first: u32,
    pub(crate) last: u32,
    pub(crate) open: Span,
    /// The end tag; empty for `<a/>` and for everything that is not an element.
    pub(crate) close: Span,
    pub(crate) name_len: u32,
    /// Where it stood in the source, or [`NONE`] where it was added later.
    pub(crate) origin: u32,
}

impl NodeData {
    pub(crate) fn new(kind: NodeKind, open: Span) -> Self {
        Self {
            kind,
            attributes_len: 0,
            attributes_start: 0,
            parent: NONE,
            previous: NONE,
            next: NONE,
            first: NONE,
            last: NONE,
            open,
            close: Span::default(),
            name_len: 0,
            origin: open.start,
        }
    }

    /// The qualified name of an element.
    pub(crate) fn name(&self) -> Span {
        let start = self.open.start + 1;
        Span { start, end: start + self.name_len }
    }
}

/// One attribute: the name and the raw value between its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttributeData {
    pub(crate) name: Span,
    pub(crate) value: Span,
}

/// All nodes and attributes. Nodes are never freed, only unlinked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<NodeData>,
    pub(crate) attributes: Vec<AttributeData>,
}

impl Tree {
    pub(crate) fn push(&mut self, node: NodeData) -> u32 {
        let id = crate::position::offset(self.nodes.len());
        self.nodes.push(node);
        id
    }

    pub(crate) fn get(&self, id: u32) -> &NodeData {
        &self.nodes[id as usize]
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> &mut NodeData {
        &mut self.nodes[id as usize]
    }

    /// The attributes of an element, in order.
    pub(crate) fn attributes_of(&self, id: u32) -> &[AttributeData] {
        let node = self.get(id);
        let start = node.attributes_start as usize;
        self.attributes.get(start..start + usize::from(node.attributes_len)).unwrap_or_default()
    }

    /// Makes `child`, which is unlinked, the last child of `parent`.
    pub(crate) fn append(&mut self, parent: u32, child: u32) {
        let last = std::mem::replace(&mut self.get_mut(parent).last, child);
        match last {
            NONE => self.get_mut(parent).first = child,
            last => self.get_mut(last).next = child,
        }
        let node = self.get_mut(child);
        (node.parent, node.previous, node.next) = (parent, last, NONE);
    }

    /// Puts `child`, which is unlinked, before `sibling`.
    pub(crate) fn insert_before(&mut self, sibling: u32, child: u32) {
        let (parent, previous) = (self.get(sibling).parent, self.get(sibling).previous);
        match previous {
            NONE => self.get_mut(parent).first = child,
            previous => self.get_mut(previous).next = child,
        }
        self.get_mut(sibling).previous = child;
        let node = self.get_mut(child);
        (node.parent, node.previous, node.next) = (parent, previous, sibling);
    }

    /// Takes `id` out of the list of its siblings.
    pub(crate) fn unlink(&mut self, id: u32) {
        let NodeData { parent, previous, next, .. } = *self.get(id);
        match previous {
            NONE => self.get_mut(parent).first = next,
            previous => self.get_mut(previous).next = next,
        }
        match next {
            NONE => self.get_mut(parent).last = previous,
            next => self.get_mut(next).previous = previous,
        }
        let node = self.get_mut(id);
        (node.parent, node.previous, node.next) = (NONE, NONE, NONE);
    }

    /// How many ancestors `id` has.
    pub(crate) fn depth(&self, id: u32) -> usize {
        let mut depth = 0;
        let mut at = self.get(id).parent;
        while at != NONE {
            depth += 1;
            at = self.get(at).parent;
        }
        depth
    }
}
