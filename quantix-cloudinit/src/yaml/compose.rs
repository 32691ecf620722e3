//! From tokens to nodes.

use std::collections::BTreeMap;

use super::{
    build::{Build, Nodes, Values, name, resolve_scalar},
    error::{Position, YamlError},
    node::Node,
    resolve,
    scanner::{Result, Scanner},
    token::{Style, Tok, Token},
    value::Value,
};

/// The longest document that is read, in bytes. Platforms pass on far less.
pub const DOCUMENT_BYTES_MAX: usize = 8 << 20;

/// The most nodes that a document may hold, with those that aliases repeat.
pub const DOCUMENT_NODES_MAX: usize = 200_000;

/// The deepest nesting that is read.
pub const DOCUMENT_DEPTH_MAX: usize = 128;

/// Reads one document exactly as PyYAML's safe loader does. An empty text gives nothing.
///
/// # Errors
/// Where PyYAML refuses the text; when it holds more than [`DOCUMENT_BYTES_MAX`],
/// [`DOCUMENT_NODES_MAX`] or [`DOCUMENT_DEPTH_MAX`]; when an alias stands inside its own anchor.
///
/// # Example
/// ```
/// use quantix_cloudinit::yaml::{Value, parse};
/// let node = parse("hostname: 0123\n")?.expect("a document");
/// assert_eq!(node.to_value().get("hostname"), Some(&Value::Int(83)));
/// # Ok::<(), quantix_cloudinit::yaml::YamlError>(())
/// ```
pub fn parse(text: &str) -> Result<Option<Node>> {
    compose::<Nodes>(text)
}

/// Reads one document as [`parse`] does, without the places. An empty text gives nothing.
///
/// # Errors
/// As [`parse`].
pub fn parse_value(text: &str) -> Result<Option<Value>> {
    match compose::<Values>(text) {
        Ok(value) => Ok(value),
        // Merges, tags of collections and keys that stand twice are read by nodes alone, and so
        // is what is wrong.
        Err(_) => Ok(parse(text)?.map(|node| node.to_value())),
    }
}

/// The value of a document in which no key stands twice and nothing is merged, if it is one.
pub(crate) fn parse_simple(text: &str) -> Option<Option<Value>> {
    compose::<Values>(text).ok()
}

fn compose<B: Build>(text: &str) -> Result<Option<B::Node>> {
    if text.len() > DOCUMENT_BYTES_MAX {
        let problem = format!("longer than {DOCUMENT_BYTES_MAX} bytes");
        return Err(YamlError::limit(Position { offset: 0, line: 1, column: 1 }, problem));
    }
    let mut composer = Composer::<B> {
        scanner: Scanner::new(text)?,
        handles: BTreeMap::new(),
        anchors: BTreeMap::new(),
        nodes: 0,
    };
    composer.stream()
}

pub(super) struct Composer<'a, B: Build> {
    pub(super) scanner: Scanner<'a>,
    /// What `%TAG` lines declare.
    handles: BTreeMap<String, String>,
    /// Nothing while the anchored node is being read.
    anchors: BTreeMap<&'a str, Option<B::Node>>,
    nodes: usize,
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Block,
    /// The key or value of a block mapping, where a list needs no indentation.
    Entry,
    Flow,
}

#[derive(Default)]
struct Properties<'a> {
    start: Option<Position>,
    anchor: Option<&'a str>,
    tag: Option<String>,
}

impl<'a, B: Build> Composer<'a, B> {
    pub(super) fn peek(&mut self) -> Result<&Tok<'a>> {
        Ok(&self.scanner.peek_token()?.kind)
    }

    pub(super) fn at(&mut self) -> Result<Position> {
        Ok(self.scanner.peek_token()?.start)
    }

    pub(super) fn next_is(&mut self, is_wanted: fn(&Tok<'_>) -> bool) -> Result<bool> {
        self.peek().map(is_wanted)
    }

    /// Takes the next token if it is this one.
    pub(super) fn take(&mut self, kind: &Tok<'static>) -> Result<Option<Token<'a>>> {
        if self.peek()? == kind { self.scanner.take_token().map(Some) } else { Ok(None) }
    }

    fn stream(&mut self) -> Result<Option<B::Node>> {
        let is_implicit = !matches!(
            self.peek()?,
            Tok::YamlDirective { .. }
                | Tok::TagDirective(_)
                | Tok::OtherDirective
                | Tok::DocumentStart
                | Tok::StreamEnd
        );
        if !is_implicit && !self.document_start()? {
            return Ok(None);
        }
        let root = if is_implicit || !self.at_document_end()? {
            self.node(Place::Block, 1, false)?
        } else {
            self.empty()?
        };
        self.take(&Tok::DocumentEnd)?;
        if self.document_start()? {
            let at = self.at()?;
            return Err(YamlError::syntax(at, "expected one document, found a second one"));
        }
        Ok(Some(root))
    }

    fn at_document_end(&mut self) -> Result<bool> {
        Ok(matches!(
            self.peek()?,
            Tok::YamlDirective { .. }
                | Tok::TagDirective(_)
                | Tok::OtherDirective
                | Tok::DocumentStart
                | Tok::DocumentEnd
                | Tok::StreamEnd
        ))
    }

    /// Takes directives and the `---` of a document; says whether there is a document.
    fn document_start(&mut self) -> Result<bool> {
        while self.take(&Tok::DocumentEnd)?.is_some() {}
        if self.next_is(|next| matches!(next, Tok::StreamEnd))? {
            return Ok(false);
        }
        self.directives()?;
        if self.take(&Tok::DocumentStart)?.is_none() {
            let at = self.at()?;
            return Err(YamlError::syntax(at, "expected the document to end here, or `---`"));
        }
        Ok(true)
    }

    fn directives(&mut self) -> Result<()> {
        self.handles.clear();
        let mut has_version = false;
        loop {
            let at = self.at()?;
            match self.peek()?.clone() {
                Tok::YamlDirective { major } => {
                    if has_version || major != 1 {
                        return Err(YamlError::syntax(at, "expected one `%YAML 1.1` at most"));
                    }
                    has_version = true;
                }
                Tok::TagDirective(tag) => {
                    if self.handles.insert(tag.handle, tag.prefix).is_some() {
                        return Err(YamlError::syntax(at, "this tag handle is declared twice"));
                    }
                }
                Tok::OtherDirective => {}
                _ => break,
            }
            self.scanner.take_token()?;
        }
        Ok(())
    }

    pub(super) fn count(&mut self, nodes: usize, at: Position) -> Result<()> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > DOCUMENT_NODES_MAX {
            let problem = format!("more than {DOCUMENT_NODES_MAX} values, aliases expanded");
            return Err(YamlError::limit(at, problem));
        }
        Ok(())
    }

    pub(super) fn empty(&mut self) -> Result<B::Node> {
        let at = self.at()?;
        self.count(1, at)?;
        Ok(B::scalar(at, at, Style::Plain, Value::Null, None))
    }

    pub(super) fn node(&mut self, place: Place, depth: usize, is_key: bool) -> Result<B::Node> {
        let next = self.scanner.peek_token()?;
        let at = next.start;
        if depth > DOCUMENT_DEPTH_MAX {
            let problem = format!("nested deeper than {DOCUMENT_DEPTH_MAX} levels");
            return Err(YamlError::limit(at, problem));
        }
        match next.kind {
            Tok::Alias(name) => {
                self.scanner.take_token()?;
                return self.alias(at, name, depth);
            }
            Tok::Scalar { .. } => {
                self.count(1, at)?;
                return self.scalar(at, None, is_key);
            }
            _ => {}
        }
        self.count(1, at)?;
        let properties = self.properties()?;
        if let Some(anchor) = properties.anchor
            && self.anchors.insert(anchor, None).is_some()
        {
            return Err(YamlError::syntax(at, format!("the anchor {anchor:?} is there twice")));
        }
        let node = self.content(place, depth, is_key, &properties)?;
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, Some(node.clone()));
        }
        Ok(node)
    }

    fn alias(&mut self, at: Position, name: &str, depth: usize) -> Result<B::Node> {
        let problem = match self.anchors.get(name) {
            Some(Some(node)) => {
                let node = node.clone();
                let (height, count) = B::height_and_count(&node);
                self.count(count, at)?;
                if depth + height > DOCUMENT_DEPTH_MAX + 1 {
                    let problem = format!("nested deeper than {DOCUMENT_DEPTH_MAX} levels");
                    return Err(YamlError::limit(at, problem));
                }
                return Ok(node);
            }
            Some(None) => "stands inside the value that it names",
            None => "names no anchor; put the text in quotes",
        };
        Err(YamlError::syntax(at, format!("the alias {name:?} {problem}")))
    }

    fn properties(&mut self) -> Result<Properties<'a>> {
        let mut properties = Properties::default();
        loop {
            let at = self.at()?;
            match self.peek()? {
                Tok::Anchor(name) if properties.anchor.is_none() => {
                    properties.anchor = Some(*name);
                    self.scanner.take_token()?;
                }
                Tok::Tag(_) if properties.tag.is_none() => {
                    if let Tok::Tag(tag) = self.scanner.take_token()?.kind {
                        let handle = tag.handle.as_deref();
                        properties.tag = Some(self.full_tag(at, handle, &tag.suffix)?);
                    }
                }
                _ => return Ok(properties),
            }
            properties.start.get_or_insert(at);
        }
    }

    fn full_tag(&self, at: Position, handle: Option<&str>, suffix: &str) -> Result<String> {
        let declared = handle.and_then(|handle| self.handles.get(handle));
        let prefix = match (declared, handle) {
            (Some(prefix), _) => prefix,
            (None, None) => "",
            (None, Some("!")) => "!",
            (None, Some("!!")) => resolve::TAG_PREFIX,
            (None, Some(handle)) => {
                let problem = format!("the tag handle {handle:?} is unknown");
                return Err(YamlError::syntax(at, problem));
            }
        };
        Ok(format!("{prefix}{suffix}"))
    }

    fn content(
        &mut self,
        place: Place,
        depth: usize,
        is_key: bool,
        properties: &Properties<'_>,
    ) -> Result<B::Node> {
        let at = self.at()?;
        let start = properties.start.unwrap_or(at);
        let tag = properties.tag.as_deref().filter(|tag| *tag != "!");
        let is_block = place != Place::Flow;
        match self.peek()? {
            Tok::Scalar { .. } => self.scalar(start, properties.tag.as_deref(), is_key),
            Tok::BlockEntry if place == Place::Entry => {
                let node = self.indentless_seq(start, depth)?;
                tagged::<B>(node, tag)
            }
            Tok::FlowSeqStart => tagged::<B>(self.flow_seq(start, depth)?, tag),
            Tok::FlowMapStart => tagged::<B>(self.flow_map(start, depth)?, tag),
            Tok::BlockSeqStart if is_block => tagged::<B>(self.block_seq(start, depth)?, tag),
            Tok::BlockMapStart if is_block => tagged::<B>(self.block_map(start, depth)?, tag),
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                let value = match tag {
                    Some(tag) => resolve::tagged(start, tag, String::new())?,
                    None => Value::Null,
                };
                Ok(B::scalar(start, at, Style::Plain, value, None))
            }
            other => Err(YamlError::syntax(at, format!("expected a value, found {}", name(other)))),
        }
    }

    /// A scalar, which is the next token.
    fn scalar(&mut self, start: Position, tag: Option<&str>, is_key: bool) -> Result<B::Node> {
        let token = self.scanner.take_token()?;
        let Tok::Scalar { text, style } = token.kind else {
            return Err(YamlError::syntax(start, "expected a text"));
        };
        let is_plain = style == Style::Plain && tag.is_none() || tag == Some("!");
        let tag = tag.filter(|tag| *tag != "!");
        let (value, source) = resolve_scalar(start, text, is_plain, tag, is_key)?;
        Ok(B::scalar(start, token.end, style, value, source))
    }

    fn block_seq(&mut self, start: Position, depth: usize) -> Result<B::Node> {
        self.scanner.take_token()?;
        let mut items = Vec::new();
        while self.take(&Tok::BlockEntry)?.is_some() {
            let is_end = |next: &Tok<'_>| matches!(next, Tok::BlockEntry | Tok::BlockEnd);
            items.push(if self.next_is(is_end)? {
                self.empty()?
            } else {
                self.node(Place::Block, depth + 1, false)?
            });
        }
        let end = self.block_end("the next `- ` of this list")?;
        Ok(B::seq(start, end, Style::Plain, items))
    }

    fn indentless_seq(&mut self, start: Position, depth: usize) -> Result<B::Node> {
        let mut items = Vec::new();
        while self.take(&Tok::BlockEntry)?.is_some() {
            let is_end = |next: &Tok<'_>| {
                matches!(next, Tok::BlockEntry | Tok::Key | Tok::Value | Tok::BlockEnd)
            };
            items.push(if self.next_is(is_end)? {
                self.empty()?
            } else {
                self.node(Place::Block, depth + 1, false)?
            });
        }
        let end = self.at()?;
        Ok(B::seq(start, end, Style::Plain, items))
    }

    fn block_map(&mut self, start: Position, depth: usize) -> Result<B::Node> {
        self.scanner.take_token()?;
        let mut entries = B::Entries::default();
        while self.take(&Tok::Key)?.is_some() {
            let key = self.entry_part(depth, true)?;
            let value = if self.take(&Tok::Value)?.is_some() {
                self.entry_part(depth, false)?
            } else {
                self.empty()?
            };
            B::add(&mut entries, key, value)?;
        }
        let end = self.block_end("the next key of this mapping, or the end of its indentation")?;
        Ok(B::map(start, end, Style::Plain, entries))
    }

    fn entry_part(&mut self, depth: usize, is_key: bool) -> Result<B::Node> {
        let is_end = |next: &Tok<'_>| matches!(next, Tok::Key | Tok::Value | Tok::BlockEnd);
        if self.next_is(is_end)? {
            self.empty()
        } else {
            self.node(Place::Entry, depth + 1, is_key)
        }
    }

    fn block_end(&mut self, expected: &str) -> Result<Position> {
        if let Some(token) = self.take(&Tok::BlockEnd)? {
            return Ok(token.end);
        }
        let at = self.at()?;
        let found = name(self.peek()?);
        Err(YamlError::syntax(at, format!("expected {expected}, found {found}")))
    }
}

fn tagged<B: Build>(node: B::Node, tag: Option<&str>) -> Result<B::Node> {
    match tag {
        None => Ok(node),
        Some(tag) => B::tagged(node, tag),
    }
}
