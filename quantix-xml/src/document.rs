//! A document as a whole.

use std::{borrow::Cow, fmt, sync::OnceLock};

use crate::{
    Element, Encoding, Limits, NewElement, Node, Position, XmlError,
    encoding::{decode, encode},
    error::Problem,
    parse::{Content, parse_into},
    position::LineIndex,
    tree::{NONE, NodeData, NodeKind, Span, Tree},
};

/// Names a node of one document; stays valid through edits, and while its node is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

/// An XML document that is written back as it was read.
///
/// Every byte of the source belongs to exactly one token, and tokens that no edit touched are
/// written as they were: white space, quotes, comments, the order and spelling of attributes.
///
/// ```
/// use quantix_xml::Document;
/// let source = b"<domain type='kvm'>\n  <!-- mine -->\n  <name>web</name>\n</domain>\n";
/// let mut domain = Document::parse(source)?;
/// let name = domain.root().child("name").map(|element| element.id());
/// domain.set_text(name.unwrap(), "db & cache")?;
/// assert_eq!(
///     domain.to_string(),
///     "<domain type='kvm'>\n  <!-- mine -->\n  <name>db &amp; cache</name>\n</domain>\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Document {
    /// The source as UTF-8, then the text that edits added.
    pub(crate) buffer: String,
    source_len: usize,
    pub(crate) tree: Tree,
    root: u32,
    encoding: Encoding,
    pub(crate) is_edited: bool,
    lines: OnceLock<LineIndex>,
}

/// The node that holds the root element.
pub(crate) const DOCUMENT: u32 = 0;

impl Document {
    /// Parses a document within the default [`Limits`].
    ///
    /// # Errors
    /// When it is not well-formed, too large, or in an encoding that is not read.
    pub fn parse(bytes: impl AsRef<[u8]>) -> Result<Self, XmlError> {
        Self::parse_within(bytes, &Limits::default())
    }

    /// Parses a document within the given limits.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse_within(bytes: impl AsRef<[u8]>, limits: &Limits) -> Result<Self, XmlError> {
        let (bytes, limits) = (bytes.as_ref(), limits.capped());
        let nowhere = Position { line: 1, column: 1 };
        let check_len = |len: usize| {
            let problem = Problem::Limit { what: "the number of bytes", limit: limits.bytes_max };
            if len > limits.bytes_max { Err(XmlError::new(nowhere, 0, problem)) } else { Ok(()) }
        };
        check_len(bytes.len())?;
        let (source, encoding) = decode(bytes).map_err(|(offset, problem)| {
            let head = String::from_utf8_lossy(&bytes[..offset.min(bytes.len())]);
            let at = LineIndex::new(&head).position(&head, crate::position::offset(head.len()));
            XmlError::new(at, offset, problem)
        })?;
        check_len(source.len())?;
        Self::from_text(source, encoding, &limits)
    }

    fn from_text(source: String, encoding: Encoding, limits: &Limits) -> Result<Self, XmlError> {
        let mut tree = Tree::default();
        // Measured over some thousand descriptors and domains: a node takes about 30 bytes, an
        // attribute 40. Starting near there saves most of the copying.
        tree.nodes.reserve(source.len() / 32 + 8);
        tree.attributes.reserve(source.len() / 48 + 8);
        tree.push(NodeData::new(NodeKind::Document, Span::default()));
        parse_into(&mut tree, &source, 0, DOCUMENT, Content::Document, limits).map_err(
            |(at, problem)| {
                let position =
                    LineIndex::new(&source).position(&source, crate::position::offset(at));
                XmlError::new(position, at, problem)
            },
        )?;
        let root = tree.nodes.iter().position(|node| node.kind == NodeKind::Element);
        let root = crate::position::offset(root.unwrap_or(0));
        let source_len = source.len();
        let (is_edited, lines) = (false, OnceLock::new());
        Ok(Self { buffer: source, source_len, tree, root, encoding, is_edited, lines })
    }

    /// A new document: an XML declaration and `root`, indented by two spaces, in UTF-8.
    ///
    /// # Errors
    /// When a name is no XML name, a character is not allowed, or it is too large.
    pub fn new(root: &NewElement) -> Result<Self, crate::EditError> {
        root.check()?;
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        root.render(&mut text, &crate::build::Layout { unit: Some("  "), line: "\n", quote: '"' });
        text.push('\n');
        Self::parse(&text).map_err(|error| {
            crate::EditError::new(crate::error::EditProblem::Fragment(error.to_string()))
        })
    }

    /// The root element.
    #[must_use]
    pub fn root(&self) -> Element<'_> {
        Element::new(self, self.root)
    }

    /// Everything at the top: the declaration, comments, white space, the root element.
    pub fn top_level(&self) -> impl Iterator<Item = Node<'_>> {
        Node::new(self, DOCUMENT).children()
    }

    /// The node of this name.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<Node<'_>> {
        let is_known = id.0 != DOCUMENT && (id.0 as usize) < self.tree.nodes.len();
        is_known.then(|| Node::new(self, id.0))
    }

    /// The element of this name.
    #[must_use]
    pub fn element(&self, id: NodeId) -> Option<Element<'_>> {
        self.node(id).and_then(Node::element)
    }

    /// How the document was encoded, and will be.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Whether an edit has changed anything since it was read.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.is_edited
    }

    /// The text as it was read, as UTF-8 without a byte-order mark.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.buffer[..self.source_len]
    }

    /// The document as text, without a byte-order mark.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        if !self.is_edited {
            return Cow::Borrowed(self.source());
        }
        let mut out = String::with_capacity(self.buffer.len());
        self.write_children(DOCUMENT, &mut out);
        Cow::Owned(out)
    }

    /// The document as bytes, in its own encoding: the bytes that were read, but for the edits.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(&self.to_text(), self.encoding)
    }

    /// Writes one node with all that is in it.
    pub(crate) fn write_node(&self, id: u32, out: &mut String) {
        out.push_str(self.tree.get(id).open.of(&self.buffer));
        self.write_children(id, out);
        out.push_str(self.tree.get(id).close.of(&self.buffer));
    }

    fn write_children(&self, id: u32, out: &mut String) {
        // Depth is bounded by `DEPTH_MAX`, but a loop needs no stack at all.
        let mut at = self.tree.get(id).first;
        while at != NONE {
            let node = self.tree.get(at);
            out.push_str(node.open.of(&self.buffer));
            if node.first != NONE {
                at = node.first;
                continue;
            }
            out.push_str(node.close.of(&self.buffer));
            let mut done = at;
            at = loop {
                let node = self.tree.get(done);
                if node.next != NONE {
                    break node.next;
                }
                if node.parent == id || node.parent == NONE {
                    break NONE;
                }
                done = node.parent;
                out.push_str(self.tree.get(done).close.of(&self.buffer));
            };
        }
    }

    /// Where a byte of the source stands.
    pub(crate) fn position_of(&self, offset: u32) -> Position {
        let lines = self.lines.get_or_init(|| LineIndex::new(self.source()));
        lines.position(self.source(), offset.min(crate::position::offset(self.source_len)))
    }

    /// Whether `offset` is a byte of the source and not of an edit.
    pub(crate) fn is_source(&self, offset: u32) -> bool {
        (offset as usize) < self.source_len
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("root", &self.root().name())
            .field("bytes", &self.source_len)
            .field("nodes", &self.tree.nodes.len())
            .field("encoding", &self.encoding)
            .field("is_edited", &self.is_edited)
            .finish()
    }
}
