//! From text to tree: every byte ends up in exactly one token.

use memchr::{memchr, memchr2, memmem};

use crate::{
    Limits,
    error::Problem,
    tag::{SPACE, is, read_start_tag},
    text,
    tree::{NONE, NodeData, NodeKind, Span, Tree},
};

/// What is wrong, and at which byte.
pub(crate) type Fault = (usize, Problem);

/// What may stand directly in the container that is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A whole document: one element, and only white space as text beside it.
    Document,
    /// Part of one: elements, text, comments and so on.
    Fragment,
}

/// Parses `text[from..]` into `tree`, as children of `container`.
pub(crate) fn parse_into(
    tree: &mut Tree,
    text: &str,
    from: usize,
    container: u32,
    content: Content,
    limits: &Limits,
) -> Result<(), Fault> {
    check_characters(text, from)?;
    let depth = tree.depth(container);
    let current = container;
    let mut parser =
        Parser { text, bytes: text.as_bytes(), at: from, tree, current, depth, limits, content };
    parser.run(container)
}

/// Refuses the characters that XML cannot carry.
fn check_characters(text: &str, from: usize) -> Result<(), Fault> {
    let bytes = &text.as_bytes()[from..];
    let is_bad = |b: &u8| *b < 0x20 && !matches!(*b, b'\t' | b'\n' | b'\r');
    // Chunks let the compiler test many bytes at once; the exact place is sought only on a hit.
    for (index, chunk) in bytes.chunks(4096).enumerate() {
        if chunk.iter().fold(false, |bad, b| bad | is_bad(b)) {
            let within = chunk.iter().position(is_bad).unwrap_or(0);
            return Err((from + index * 4096 + within, Problem::Character(chunk[within].into())));
        }
    }
    for at in memmem::find_iter(bytes, b"\xEF\xBF") {
        if matches!(bytes.get(at + 2), Some(0xBE)) {
            return Err((from + at, Problem::Character(0xFFFE)));
        }
        if matches!(bytes.get(at + 2), Some(0xBF)) {
            return Err((from + at, Problem::Character(0xFFFF)));
        }
    }
    Ok(())
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    tree: &'t mut Tree,
    /// The element that is open, or the container.
    current: u32,
    depth: usize,
    limits: &'t Limits,
    content: Content,
}

impl Parser<'_> {
    fn run(&mut self, container: u32) -> Result<(), Fault> {
        let start = self.at;
        let mut roots = 0usize;
        while self.at < self.bytes.len() {
            if self.bytes[self.at] != b'<' {
                self.text(container)?;
                continue;
            }
            match self.bytes.get(self.at + 1) {
                Some(b'/') => self.end_tag(container)?,
                Some(b'!') => self.declaration(container, roots)?,
                Some(b'?') => self.instruction(start)?,
                _ => {
                    if self.current == container {
                        roots += 1;
                        if roots > 1 && self.content == Content::Document {
                            let problem = "a second root element: a document has exactly one";
                            return Err((self.at, Problem::OutsideRoot(problem)));
                        }
                    }
                    self.start_tag()?;
                }
            }
        }
        if self.current != container {
            let name = self.tree.get(self.current).name().of(self.text).to_owned();
            return Err((self.bytes.len(), Problem::OpenAtEnd { name }));
        }
        if roots == 0 && self.content == Content::Document {
            return Err((start, Problem::Empty));
        }
        Ok(())
    }

    fn push(&mut self, kind: NodeKind, start: usize, end: usize) -> Result<u32, Fault> {
        if self.tree.nodes.len() >= self.limits.nodes_max {
            let limit = self.limits.nodes_max;
            return Err((start, Problem::Limit { what: "the number of nodes", limit }));
        }
        let id = self.tree.push(NodeData::new(kind, Span::new(start, end)));
        self.tree.append(self.current, id);
        self.at = end;
        Ok(id)
    }

    fn text(&mut self, container: u32) -> Result<(), Fault> {
        let start = self.at;
        let end = memchr(b'<', &self.bytes[start..]).map_or(self.bytes.len(), |len| start + len);
        if self.content == Content::Document && self.current == container {
            let raw = &self.bytes[start..end];
            if let Some(at) = raw.iter().position(|&b| !is(b, SPACE)) {
                let what = if self.tree.get(container).first == NONE {
                    "text where an XML document starts: expected `<`"
                } else {
                    "text outside the root element"
                };
                return Err((start + at, Problem::OutsideRoot(what)));
            }
        } else {
            self.check_references(start, end)?;
        }
        self.push(NodeKind::Text, start, end).map(drop)
    }

    fn check_references(&self, start: usize, end: usize) -> Result<(), Fault> {
        let mut at = start;
        while let Some(ahead) = memchr(b'&', &self.bytes[at..end]) {
            at = self.check_reference(at + ahead, end)?;
        }
        Ok(())
    }

    /// Checks the reference at `at` and returns where it ends.
    fn check_reference(&self, at: usize, end: usize) -> Result<usize, Fault> {
        let raw = &self.text[at..end];
        if let Some((_, len)) = text::reference(raw) {
            return Ok(at + len);
        }
        let name = raw[1..].split(|c| !text::is_name_part(c)).next().unwrap_or_default();
        if text::is_name(name) && raw[1 + name.len()..].starts_with(';') {
            return Err((at, Problem::Entity { name: name.chars().take(40).collect() }));
        }
        Err((at, Problem::Reference))
    }

    fn start_tag(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.depth >= self.limits.depth_max {
            let limit = self.limits.depth_max;
            return Err((start, Problem::Limit { what: "the nesting of elements", limit }));
        }
        let tag = read_start_tag(self.text, start, self.limits, &mut self.tree.attributes)
            .map_err(|fault| self.refine(start, fault))?;
        for attribute in &self.tree.attributes[tag.attributes_start..] {
            self.check_references(attribute.value.start as usize, attribute.value.end as usize)?;
        }
        let id = self.push(NodeKind::Element, start, tag.end)?;
        tag.store(self.tree.get_mut(id));
        if !tag.is_empty {
            self.current = id;
            self.depth += 1;
        }
        Ok(())
    }

    /// A `<` at the very end is a tag cut short and not a bad name.
    fn refine(&self, start: usize, fault: Fault) -> Fault {
        if start + 1 == self.bytes.len() {
            return (start, Problem::Unclosed { what: "a tag", expected: ">" });
        }
        fault
    }

    fn end_tag(&mut self, container: u32) -> Result<(), Fault> {
        let start = self.at;
        let name_start = start + 2;
        let Some(len) = memchr(b'>', &self.bytes[name_start..]) else {
            return Err((start, Problem::Unclosed { what: "an end tag", expected: ">" }));
        };
        let end = name_start + len + 1;
        let found = self.text[name_start..end - 1].trim_end_matches([' ', '\t', '\n', '\r']);
        let node = self.tree.get(self.current);
        if self.current == container {
            let found = found.chars().take(80).collect();
            return Err((start, Problem::StrayEnd { found }));
        }
        let open = node.name().of(self.text);
        if found != open {
            let at =
                crate::position::LineIndex::new(self.text).position(self.text, node.open.start);
            let (found, open) = (found.chars().take(80).collect(), open.to_owned());
            return Err((start, Problem::Mismatch { found, open, at }));
        }
        let parent = node.parent;
        self.tree.get_mut(self.current).close = Span::new(start, end);
        self.current = parent;
        self.depth -= 1;
        self.at = end;
        Ok(())
    }

    fn until(
        &self,
        skip: usize,
        what: &'static str,
        expected: &'static str,
    ) -> Result<usize, Fault> {
        let from = self.at + skip;
        let rest = self.bytes.get(from..).unwrap_or_default();
        memmem::find(rest, expected.as_bytes())
            .map(|len| from + len + expected.len())
            .ok_or((self.at, Problem::Unclosed { what, expected }))
    }

    fn declaration(&mut self, container: u32, roots: usize) -> Result<(), Fault> {
        let rest = &self.bytes[self.at..];
        let (kind, end) = if rest.starts_with(b"<!--") {
            (NodeKind::Comment, self.until(4, "a comment", "-->")?)
        } else if rest.starts_with(b"<![CDATA[") {
            if self.content == Content::Document && self.current == container {
                let what = "a CDATA section outside the root element";
                return Err((self.at, Problem::OutsideRoot(what)));
            }
            (NodeKind::CData, self.until(9, "a CDATA section", "]]>")?)
        } else if rest.starts_with(b"<!DOCTYPE") {
            if self.current != container || roots > 0 || self.content == Content::Fragment {
                let what = "a document type must stand before the root element";
                return Err((self.at, Problem::Markup(what)));
            }
            (NodeKind::Doctype, self.doctype_end()?)
        } else {
            let what = "`<!` must start a comment, a CDATA section or a DOCTYPE";
            return Err((self.at, Problem::Markup(what)));
        };
        self.push(kind, self.at, end).map(drop)
    }

    /// Where the DOCTYPE ends: quotes, comments and the internal subset are skipped, not read.
    fn doctype_end(&self) -> Result<usize, Fault> {
        let unclosed = (self.at, Problem::Unclosed { what: "a document type", expected: ">" });
        let mut at = self.at + 9;
        let mut brackets = 0usize;
        while let Some(&byte) = self.bytes.get(at) {
            let rest = &self.bytes[at..];
            at += match byte {
                b'"' | b'\'' => match memchr(byte, &rest[1..]) {
                    Some(len) => len + 2,
                    None => return Err(unclosed),
                },
                b'<' if rest.starts_with(b"<!--") => match memmem::find(rest, b"-->") {
                    Some(len) => len + 3,
                    None => return Err(unclosed),
                },
                b'<' if rest.starts_with(b"<?") => match memmem::find(rest, b"?>") {
                    Some(len) => len + 2,
                    None => return Err(unclosed),
                },
                b'[' => {
                    brackets += 1;
                    1
                }
                b']' => {
                    brackets = brackets.saturating_sub(1);
                    1
                }
                b'>' if brackets == 0 => return Ok(at + 1),
                _ => 1,
            };
        }
        Err(unclosed)
    }

    fn instruction(&mut self, document_start: usize) -> Result<(), Fault> {
        let end = self.until(2, "a processing instruction", "?>")?;
        let body = &self.text[self.at + 2..end - 2];
        let target = body.split([' ', '\t', '\n', '\r']).next().unwrap_or_default();
        if !text::is_name(target) {
            let what = "`<?` must be followed by a name";
            return Err((self.at, Problem::Markup(what)));
        }
        let kind = if !target.eq_ignore_ascii_case("xml") {
            NodeKind::Instruction
        } else if self.at == document_start && self.content == Content::Document {
            NodeKind::Declaration
        } else {
            let what = "an XML declaration must be the first thing in the document";
            return Err((self.at, Problem::Markup(what)));
        };
        self.push(kind, self.at, end).map(drop)
    }
}

/// Whether raw text is white space only.
pub(crate) fn is_blank(raw: &str) -> bool {
    raw.bytes().all(|b| is(b, SPACE))
}

/// The offset of the last line break in `raw`, a CR LF counted from its CR.
pub(crate) fn last_line_break(raw: &str) -> Option<usize> {
    let at = memchr::memrchr2(b'\n', b'\r', raw.as_bytes())?;
    let is_pair = raw.as_bytes()[at] == b'\n' && at > 0 && raw.as_bytes()[at - 1] == b'\r';
    Some(if is_pair { at - 1 } else { at })
}

/// The line break that a text uses: CR LF if its first one is.
pub(crate) fn line_break(text: &str) -> &'static str {
    match memchr2(b'\n', b'\r', text.as_bytes()) {
        Some(at) if text[at..].starts_with("\r\n") => "\r\n",
        _ => "\n",
    }
}
