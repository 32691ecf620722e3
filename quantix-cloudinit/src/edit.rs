//! Edits of a document that keep its comments, its order and everything else that they are not
//! about.
//!
//! ```
//! use quantix_cloudinit::edit::Document;
//! let mut document = Document::parse("#cloud-config\n# who we are\nhostname: web # short\n")?;
//! document.set(&["hostname"], &"0123".into())?;
//! document.set(&["timezone"], &"Europe/Paris".into())?;
//! assert_eq!(
//!     document.text(),
//!     "#cloud-config\n# who we are\nhostname: \"0123\" # short\ntimezone: Europe/Paris\n"
//! );
//! # Ok::<(), quantix_cloudinit::edit::EditError>(())
//! ```
//!
//! Every edit is proven before it is made: the new text is read back, and must differ from the old
//! one in exactly what was asked for. An edit that cannot be shown to do that is refused.

use crate::yaml::{Data, EmitError, Map, Node, Step, Style, Value, YamlError, emit, parse};

/// A document that is edited in place.
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
    root: Option<Node>,
}

/// An edit that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The document is not YAML as cloud-init reads it.
    #[error("the document cannot be read")]
    Unreadable(#[source] YamlError),
    /// The value is nested too deep to be written.
    #[error("the value cannot be written")]
    Unwritable(#[source] EmitError),
    /// The path leads through something that is no mapping or list, or past the end of a list.
    #[error("there is no {path:?}: expected a path through mappings and list entries that exist")]
    NoSuchPlace {
        /// The path.
        path: String,
    },
    /// The place is written in a way that cannot be edited on its own: through an alias or a
    /// merge key.
    #[error("{path:?} stands in an alias, a merge key or a layout that cannot be edited alone")]
    Shared {
        /// The path.
        path: String,
    },
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// [`EditError::Unreadable`] where PyYAML refuses the text.
    pub fn parse(text: impl Into<String>) -> Result<Self, EditError> {
        let text = text.into();
        let root = parse(&text).map_err(EditError::Unreadable)?;
        Ok(Self { text, root })
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the document says now.
    #[must_use]
    pub fn value(&self) -> Value {
        self.root.as_ref().map_or(Value::Null, Node::to_value)
    }

    /// Sets what a path names: list entries by their number, mapping entries by their key. The
    /// last key may be new; the number after the last adds to a list.
    ///
    /// # Errors
    /// When the path leads nowhere, or the edit cannot be shown to change only this.
    pub fn set(&mut self, path: &[&str], value: &Value) -> Result<(), EditError> {
        let mut wanted = match self.value() {
            Value::Null => Value::Map(Map::new()),
            other => other,
        };
        set_in(&mut wanted, path, value).ok_or_else(|| no_such_place(path))?;
        let text = match self.node(path) {
            Some(node) if is_inline(node, value) => {
                let end = content_end(&self.text, node);
                splice(&self.text, node.start.offset, end, &inline(value)?)
            }
            Some(node) => self.replace_lines(path, node, value)?,
            None => self.insert(path, value)?,
        };
        self.accept(text, &wanted, path)
    }

    /// Takes out what a path names. What held nothing else stays, empty.
    ///
    /// # Errors
    /// When the path leads nowhere, or the edit cannot be shown to change only this.
    pub fn remove(&mut self, path: &[&str]) -> Result<(), EditError> {
        let mut wanted = self.value();
        remove_in(&mut wanted, path).ok_or_else(|| no_such_place(path))?;
        let above = path.split_last().map_or(path, |(_, above)| above);
        let empty = match self.node(above).filter(|_| !above.is_empty()).map(|node| &node.data) {
            Some(Data::Seq(items)) if items.len() == 1 => Some(Value::Seq(Vec::new())),
            Some(Data::Map(entries)) if entries.len() == 1 => Some(Value::Map(Map::new())),
            _ => None,
        };
        if let Some(empty) = empty {
            return self.set(above, &empty);
        }
        let (start, end) = self.entry_lines(path).ok_or_else(|| shared(path))?;
        let text = splice(&self.text, start, end, "");
        self.accept(text, &wanted, path)
    }

    /// Takes the new text only if it says what was wanted.
    fn accept(&mut self, text: String, wanted: &Value, path: &[&str]) -> Result<(), EditError> {
        let root = parse(&text).map_err(|_| shared(path))?;
        let value = root.as_ref().map_or(Value::Null, Node::to_value);
        let is_emptied = value == Value::Null && wanted.as_map().is_some_and(Map::is_empty);
        if value != *wanted && !is_emptied {
            return Err(shared(path));
        }
        (self.text, self.root) = (text, root);
        Ok(())
    }

    fn steps(&self, path: &[&str]) -> Vec<Step> {
        let mut node = self.root.as_ref();
        let step = |name: &&str| {
            let is_list = node.is_some_and(|node| matches!(node.data, Data::Seq(_)));
            let step = match name.parse() {
                Ok(index) if is_list => Step::Index(index),
                _ => Step::Key((*name).to_owned()),
            };
            node = node.and_then(|node| node.child(&step));
            step
        };
        path.iter().map(step).collect()
    }

    fn node(&self, path: &[&str]) -> Option<&Node> {
        self.root.as_ref()?.at(&self.steps(path))
    }

    /// Where the lines of an entry start and end, its key or dash included.
    fn entry_lines(&self, path: &[&str]) -> Option<(usize, usize)> {
        let steps = self.steps(path);
        let (last, above) = steps.split_last()?;
        let parent = self.root.as_ref()?.at(above)?;
        if parent.style == Style::Flow {
            return None;
        }
        let (start, node) = match last {
            Step::Key(key) => {
                let entry = parent.entry(key)?;
                (entry.key.start.offset, &entry.value)
            }
            Step::Index(index) => {
                let node = parent.items().get(*index)?;
                let before = &self.text[..node.start.offset];
                (before.rfind('-')?, node)
            }
        };
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        if !self.text[line_start..start].bytes().all(|b| b == b' ') {
            return None;
        }
        let end = content_end(&self.text, node).max(start);
        let rest = &self.text[end..];
        let line_end = rest.find('\n').map_or(self.text.len(), |at| end + at + 1);
        // What ends right after a line break has no further line.
        let line_end = if self.text[..end].ends_with('\n') { end } else { line_end };
        Some((line_start, line_end))
    }

    fn replace_lines(
        &self,
        path: &[&str],
        node: &Node,
        value: &Value,
    ) -> Result<String, EditError> {
        let (start, end) = self.entry_lines(path).ok_or_else(|| shared(path))?;
        let lines = &self.text[start..end];
        let head =
            lines.get(..node.start.offset.saturating_sub(start)).ok_or_else(|| shared(path))?;
        let indent = lines.len() - lines.trim_start_matches(' ').len();
        let marker = head.rfind([':', '-']).ok_or_else(|| shared(path))?;
        let body = block(value, indent)?;
        Ok(splice(&self.text, start, end, &format!("{}{body}", &head[..=marker])))
    }

    fn insert(&self, path: &[&str], value: &Value) -> Result<String, EditError> {
        let (key, above) = path.split_last().ok_or_else(|| no_such_place(path))?;
        let key_text = inline(&Value::from(*key))?;
        let Some(parent) = self.node(above) else {
            if self.root.is_some() {
                return Err(no_such_place(path));
            }
            return Ok(append_line(&self.text, &format!("{key_text}:{}", block(value, 0)?)));
        };
        let first = match &parent.data {
            Data::Seq(items) if parent.style != Style::Flow && !items.is_empty() => {
                return self.append(path, above, parent, value);
            }
            Data::Map(entries) if parent.style != Style::Flow => entries.first(),
            Data::Map(entries) if entries.is_empty() && above.is_empty() => {
                let entry = format!("{key_text}:{}", block(value, 0)?);
                return Ok(splice(
                    &self.text,
                    parent.start.offset,
                    parent.end.offset,
                    entry.trim_end(),
                ));
            }
            Data::Scalar { value: Value::Null, .. } if above.is_empty() => {
                return Ok(append_line(&self.text, &format!("{key_text}:{}", block(value, 0)?)));
            }
            _ => return Err(shared(path)),
        };
        let indent = first.map_or(0, |entry| entry.key.start.column.saturating_sub(1));
        let indent = usize::try_from(indent).unwrap_or(0);
        let entry = format!("{}{key_text}:{}", " ".repeat(indent), block(value, indent)?);
        Ok(self.below(parent, &entry))
    }

    /// Adds an entry to a list, its dash below the others.
    fn append(
        &self,
        path: &[&str],
        list: &[&str],
        node: &Node,
        value: &Value,
    ) -> Result<String, EditError> {
        let first: Vec<&str> = list.iter().copied().chain(["0"]).collect();
        let (start, end) = self.entry_lines(&first).ok_or_else(|| shared(path))?;
        let line = &self.text[start..end];
        let indent = line.len() - line.trim_start_matches(' ').len();
        let body = block(value, indent)?;
        // The first line of a mapping or list stands right behind the dash.
        let body = body.strip_prefix('\n').map_or(body.as_str(), |lines| {
            let first = lines.len() - lines.trim_start_matches(' ').len();
            lines.get(first.saturating_sub(1)..).unwrap_or(lines)
        });
        Ok(self.below(node, &format!("{}-{body}", " ".repeat(indent))))
    }

    /// The text with lines added after the content of a node.
    fn below(&self, node: &Node, lines: &str) -> String {
        let end = content_end(&self.text, node);
        let end = if self.text[..end].ends_with('\n') {
            end
        } else {
            self.text[end..].find('\n').map_or(self.text.len(), |at| end + at + 1)
        };
        let gap = if end > 0 && !self.text[..end].ends_with('\n') { "\n" } else { "" };
        splice(&self.text, end, end, &format!("{gap}{lines}"))
    }
}

fn no_such_place(path: &[&str]) -> EditError {
    EditError::NoSuchPlace { path: path.join(".") }
}

fn shared(path: &[&str]) -> EditError {
    EditError::Shared { path: path.join(".") }
}

/// Whether a scalar is exchanged for a scalar on its line.
fn is_inline(node: &Node, value: &Value) -> bool {
    let is_line = matches!(node.style, Style::Plain | Style::SingleQuoted | Style::DoubleQuoted);
    let has_text = node.end.offset > node.start.offset;
    let is_scalar = !matches!(value, Value::Seq(items) if !items.is_empty())
        && !matches!(value, Value::Map(map) if !map.is_empty());
    matches!(node.data, Data::Scalar { .. }) && is_line && has_text && is_scalar
}

/// Where the content of a node ends; a block's own end mark stands after what follows it.
fn content_end(text: &str, node: &Node) -> usize {
    let last = match &node.data {
        Data::Scalar { .. } if matches!(node.style, Style::Literal | Style::Folded) => {
            let inner = &text[node.start.offset..node.end.offset];
            return node.start.offset + inner.trim_end_matches([' ', '\n', '\r']).len();
        }
        Data::Scalar { .. } => return node.end.offset,
        _ if node.style == Style::Flow => return node.end.offset,
        Data::Seq(items) => items.last(),
        Data::Map(entries) => entries.last().map(|entry| &entry.value),
    };
    last.map_or(node.end.offset, |last| content_end(text, last))
}

/// A value on one line.
fn inline(value: &Value) -> Result<String, EditError> {
    let line =
        emit(&Value::Seq(vec![Value::Seq(vec![value.clone()])])).map_err(EditError::Unwritable)?;
    let line = line.trim_end();
    Ok(line.strip_prefix("- [").and_then(|l| l.strip_suffix(']')).unwrap_or(line).to_owned())
}

/// What follows a `:` or `-` that stands at some indentation, with the line break.
fn block(value: &Value, indent: usize) -> Result<String, EditError> {
    let map: Map = [("k", value.clone())].into_iter().collect();
    let text = emit(&map.into()).map_err(EditError::Unwritable)?;
    let body = text.strip_prefix("k:").unwrap_or(&text);
    let pad = " ".repeat(indent);
    let mut out = String::new();
    for (i, line) in body.split_inclusive('\n').enumerate() {
        if i > 0 && line != "\n" {
            out.push_str(&pad);
        }
        out.push_str(line);
    }
    Ok(out)
}

fn splice(text: &str, start: usize, end: usize, new: &str) -> String {
    format!("{}{new}{}", &text[..start], &text[end.max(start)..])
}

fn append_line(text: &str, line: &str) -> String {
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{gap}{line}")
}

fn set_in(value: &mut Value, path: &[&str], new: &Value) -> Option<()> {
    let Some((first, rest)) = path.split_first() else {
        *value = new.clone();
        return Some(());
    };
    match value {
        Value::Map(map) => {
            let key = Value::from(*first);
            match map.get_value_mut(&key) {
                Some(inner) => set_in(inner, rest, new),
                None if rest.is_empty() => {
                    map.insert(key, new.clone());
                    Some(())
                }
                None => None,
            }
        }
        Value::Seq(items) => {
            let index = first.parse::<usize>().ok()?;
            if index == items.len() && rest.is_empty() {
                items.push(new.clone());
                return Some(());
            }
            set_in(items.get_mut(index)?, rest, new)
        }
        _ => None,
    }
}

fn remove_in(value: &mut Value, path: &[&str]) -> Option<()> {
    let (first, rest) = path.split_first()?;
    match (value, rest) {
        (Value::Map(map), []) => map.remove(first).map(drop),
        (Value::Map(map), rest) => remove_in(map.get_value_mut(&Value::from(*first))?, rest),
        (Value::Seq(items), []) => {
            let index = first.parse::<usize>().ok().filter(|index| *index < items.len())?;
            items.remove(index);
            Some(())
        }
        (Value::Seq(items), rest) => remove_in(items.get_mut(first.parse::<usize>().ok()?)?, rest),
        _ => None,
    }
}
