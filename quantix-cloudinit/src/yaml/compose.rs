//! From tokens to nodes.

use std::collections::BTreeMap;

use super::{
    build::{collection, entry, finish_collection, name, resolve_scalar},
    error::{Position, YamlError},
    node::{Data, Node},
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
    if text.len() > DOCUMENT_BYTES_MAX {
        let problem = format!("longer than {DOCUMENT_BYTES_MAX} bytes");
        return Err(YamlError::limit(Position { offset: 0, line: 1, column: 1 }, problem));
    }
    let mut composer = Composer {
        scanner: Scanner::new(text)?,
        handles: BTreeMap::new(),
        anchors: BTreeMap::new(),
        nodes: 0,
    };
    composer.stream()
}

pub(super) struct Composer {
    pub(super) scanner: Scanner,
    handles: BTreeMap<String, String>,
    /// Nothing while the anchored node is being read.
    anchors: BTreeMap<String, Option<Node>>,
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
struct Properties {
    start: Option<Position>,
    anchor: Option<String>,
    tag: Option<String>,
}

impl Composer {
    pub(super) fn peek(&mut self) -> Result<&Tok> {
        Ok(&self.scanner.peek_token()?.kind)
    }

    pub(super) fn at(&mut self) -> Result<Position> {
        Ok(self.scanner.peek_token()?.start)
    }

    pub(super) fn next_is(&mut self, choices: &[Tok]) -> Result<bool> {
        let next = self.peek()?;
        Ok(choices.iter().any(|choice| choice == next))
    }

    /// Takes the next token if it is this one.
    pub(super) fn take(&mut self, kind: &Tok) -> Result<Option<Token>> {
        if self.peek()? == kind { self.scanner.take_token().map(Some) } else { Ok(None) }
    }

    fn stream(&mut self) -> Result<Option<Node>> {
        let is_implicit = !matches!(
            self.peek()?,
            Tok::YamlDirective { .. }
                | Tok::TagDirective { .. }
                | Tok::OtherDirective
                | Tok::DocumentStart
                | Tok::StreamEnd
        );
        if is_implicit {
            self.default_handles();
        } else if !self.document_start()? {
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
                | Tok::TagDirective { .. }
                | Tok::OtherDirective
                | Tok::DocumentStart
                | Tok::DocumentEnd
                | Tok::StreamEnd
        ))
    }

    /// Takes directives and the `---` of a document; says whether there is a document.
    fn document_start(&mut self) -> Result<bool> {
        while self.take(&Tok::DocumentEnd)?.is_some() {}
        if self.next_is(&[Tok::StreamEnd])? {
            return Ok(false);
        }
        self.directives()?;
        if self.take(&Tok::DocumentStart)?.is_none() {
            let at = self.at()?;
            return Err(YamlError::syntax(at, "expected the document to end here, or `---`"));
        }
        Ok(true)
    }

    fn default_handles(&mut self) {
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            self.handles.entry(handle.to_owned()).or_insert_with(|| prefix.to_owned());
        }
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
                Tok::TagDirective { handle, prefix } => {
                    if self.handles.insert(handle, prefix).is_some() {
                        return Err(YamlError::syntax(at, "this tag handle is declared twice"));
                    }
                }
                Tok::OtherDirective => {}
                _ => break,
            }
            self.scanner.take_token()?;
        }
        self.default_handles();
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

    pub(super) fn empty(&mut self) -> Result<Node> {
        let at = self.at()?;
        self.count(1, at)?;
        Ok(Node::scalar(at, at, Style::Plain, Value::Null, String::new()))
    }

    pub(super) fn node(&mut self, place: Place, depth: usize, is_key: bool) -> Result<Node> {
        let at = self.at()?;
        if depth > DOCUMENT_DEPTH_MAX {
            let problem = format!("nested deeper than {DOCUMENT_DEPTH_MAX} levels");
            return Err(YamlError::limit(at, problem));
        }
        if let Tok::Alias(name) = self.peek()? {
            let name = name.clone();
            self.scanner.take_token()?;
            return self.alias(at, &name, depth);
        }
        self.count(1, at)?;
        let properties = self.properties()?;
        if let Some(anchor) = &properties.anchor
            && self.anchors.insert(anchor.clone(), None).is_some()
        {
            return Err(YamlError::syntax(at, format!("the anchor {anchor:?} is there twice")));
        }
        let node = self.content(place, depth, is_key, &properties)?;
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, Some(node.clone()));
        }
        Ok(node)
    }

    fn alias(&mut self, at: Position, name: &str, depth: usize) -> Result<Node> {
        let problem = match self.anchors.get(name) {
            Some(Some(node)) => {
                let node = node.clone();
                self.count(node.count, at)?;
                if depth + node.height > DOCUMENT_DEPTH_MAX + 1 {
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

    fn properties(&mut self) -> Result<Properties> {
        let mut properties = Properties::default();
        loop {
            let at = self.at()?;
            match self.peek()?.clone() {
                Tok::Anchor(name) if properties.anchor.is_none() => properties.anchor = Some(name),
                Tok::Tag { handle, suffix } if properties.tag.is_none() => {
                    let prefix = match handle {
                        None => "",
                        Some(handle) => self.handles.get(&handle).ok_or_else(|| {
                            YamlError::syntax(at, format!("the tag handle {handle:?} is unknown"))
                        })?,
                    };
                    properties.tag = Some(format!("{prefix}{suffix}"));
                }
                _ => return Ok(properties),
            }
            properties.start.get_or_insert(at);
            self.scanner.take_token()?;
        }
    }

    fn content(
        &mut self,
        place: Place,
        depth: usize,
        is_key: bool,
        properties: &Properties,
    ) -> Result<Node> {
        let at = self.at()?;
        let start = properties.start.unwrap_or(at);
        let tag = properties.tag.as_deref().filter(|tag| *tag != "!");
        let is_block = place != Place::Flow;
        let kind = self.peek()?.clone();
        match kind {
            Tok::BlockEntry if place == Place::Entry => {
                let node = self.indentless_seq(start, depth)?;
                finish_collection(node, tag)
            }
            Tok::Scalar { text, style } => {
                let end = self.scanner.take_token()?.end;
                let is_plain = style == Style::Plain && properties.tag.is_none()
                    || properties.tag.as_deref() == Some("!");
                let value = resolve_scalar(start, &text, is_plain, tag, is_key)?;
                Ok(Node::scalar(start, end, style, value, text))
            }
            Tok::FlowSeqStart => finish_collection(self.flow_seq(start, depth)?, tag),
            Tok::FlowMapStart => finish_collection(self.flow_map(start, depth)?, tag),
            Tok::BlockSeqStart if is_block => finish_collection(self.block_seq(start, depth)?, tag),
            Tok::BlockMapStart if is_block => finish_collection(self.block_map(start, depth)?, tag),
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                let value = match tag {
                    Some(tag) => resolve::tagged(start, tag, String::new())?,
                    None => Value::Null,
                };
                Ok(Node::scalar(start, at, Style::Plain, value, String::new()))
            }
            other => {
                Err(YamlError::syntax(at, format!("expected a value, found {}", name(&other))))
            }
        }
    }

    fn block_seq(&mut self, start: Position, depth: usize) -> Result<Node> {
        self.scanner.take_token()?;
        let mut items = Vec::new();
        while self.take(&Tok::BlockEntry)?.is_some() {
            items.push(if self.next_is(&[Tok::BlockEntry, Tok::BlockEnd])? {
                self.empty()?
            } else {
                self.node(Place::Block, depth + 1, false)?
            });
        }
        let end = self.block_end("the next `- ` of this list")?;
        Ok(collection(start, end, Style::Plain, Data::Seq(items)))
    }

    fn indentless_seq(&mut self, start: Position, depth: usize) -> Result<Node> {
        let mut items = Vec::new();
        while self.take(&Tok::BlockEntry)?.is_some() {
            let ends = [Tok::BlockEntry, Tok::Key, Tok::Value, Tok::BlockEnd];
            items.push(if self.next_is(&ends)? {
                self.empty()?
            } else {
                self.node(Place::Block, depth + 1, false)?
            });
        }
        let end = self.at()?;
        Ok(collection(start, end, Style::Plain, Data::Seq(items)))
    }

    fn block_map(&mut self, start: Position, depth: usize) -> Result<Node> {
        self.scanner.take_token()?;
        let mut entries = Vec::new();
        let ends = [Tok::Key, Tok::Value, Tok::BlockEnd];
        while self.take(&Tok::Key)?.is_some() {
            let key = self.entry_part(&ends, depth, true)?;
            let value = if self.take(&Tok::Value)?.is_some() {
                self.entry_part(&ends, depth, false)?
            } else {
                self.empty()?
            };
            entries.push(entry(key, value)?);
        }
        let end = self.block_end("the next key of this mapping, or the end of its indentation")?;
        Ok(collection(start, end, Style::Plain, Data::Map(entries)))
    }

    fn entry_part(&mut self, ends: &[Tok], depth: usize, is_key: bool) -> Result<Node> {
        if self.next_is(ends)? { self.empty() } else { self.node(Place::Entry, depth + 1, is_key) }
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
