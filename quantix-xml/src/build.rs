//! New elements, to be put into a document.

use crate::{
    EditError,
    error::EditProblem,
    text::{Context, escape, first_forbidden, is_name},
};

/// An element that is not in any document yet.
///
/// ```
/// use quantix_xml::{Document, NewElement};
/// let disk = NewElement::new("disk")
///     .attr("type", "file")
///     .child(NewElement::new("source").attr("file", "/a&b.qcow2"));
/// let text = Document::new(&disk)?.to_string();
/// assert!(text.contains("<source file=\"/a&amp;b.qcow2\"/>"));
/// # Ok::<(), quantix_xml::EditError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewElement {
    name: String,
    attributes: Vec<(String, String)>,
    content: Vec<Content>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Element(NewElement),
    Text(String),
}

/// How new elements are laid out.
pub(crate) struct Layout<'l> {
    /// The white space of one level of nesting; `None` writes everything on one line.
    pub(crate) unit: Option<&'l str>,
    /// The line break.
    pub(crate) line: &'l str,
    /// The quote around attribute values.
    pub(crate) quote: char,
}

impl NewElement {
    /// An element without attributes and children; `name` may have a prefix.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), attributes: Vec::new(), content: Vec::new() }
    }

    /// With one more attribute; one that is already there gets the new value.
    #[must_use]
    pub fn attr(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self.attributes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((name, value)),
        }
        self
    }

    /// With this attribute if there is a value.
    #[must_use]
    pub fn attr_opt(self, name: impl Into<String>, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// With one more child.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.content.push(Content::Element(child));
        self
    }

    /// With more children.
    #[must_use]
    pub fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.content.extend(children.into_iter().map(Content::Element));
        self
    }

    /// With more text.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.content.push(Content::Text(text.into()));
        self
    }

    /// Refuses names and characters that XML does not have, and nesting beyond the limit.
    pub(crate) fn check(&self) -> Result<(), EditError> {
        self.check_at(1)
    }

    fn check_at(&self, depth: usize) -> Result<(), EditError> {
        if depth > crate::DEPTH_MAX {
            let (what, limit) = ("the nesting of elements", crate::DEPTH_MAX);
            return Err(EditError::new(EditProblem::Limit { what, limit }));
        }
        check_name(&self.name)?;
        for (name, value) in &self.attributes {
            check_name(name)?;
            check_text(value)?;
        }
        self.content.iter().try_for_each(|content| match content {
            Content::Text(text) => check_text(text),
            Content::Element(element) => element.check_at(depth + 1),
        })
    }

    /// Appends the element to `out`, starting on the current line.
    pub(crate) fn render(&self, out: &mut String, layout: &Layout<'_>) {
        self.render_at(out, layout, "");
    }

    /// As [`NewElement::render`], where the current line is indented by `indent`.
    pub(crate) fn render_at(&self, out: &mut String, layout: &Layout<'_>, indent: &str) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            let quote = layout.quote;
            out.push(' ');
            out.push_str(name);
            out.push('=');
            out.push(quote);
            out.push_str(&escape(value, Context::Attribute(quote)));
            out.push(quote);
        }
        if self.content.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        self.render_content(out, layout, indent);
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }

    fn render_content(&self, out: &mut String, layout: &Layout<'_>, indent: &str) {
        let has_text = self.content.iter().any(|content| matches!(content, Content::Text(_)));
        let unit = layout.unit.filter(|_| !has_text);
        let inner = format!("{indent}{}", unit.unwrap_or_default());
        for content in &self.content {
            match content {
                Content::Text(text) => out.push_str(&escape(text, Context::Text)),
                Content::Element(element) => {
                    if unit.is_some() {
                        out.push_str(layout.line);
                        out.push_str(&inner);
                    }
                    element.render_at(out, layout, &inner);
                }
            }
        }
        if unit.is_some() {
            out.push_str(layout.line);
            out.push_str(indent);
        }
    }
}

pub(crate) fn check_name(name: &str) -> Result<(), EditError> {
    if is_name(name) {
        return Ok(());
    }
    Err(EditError::new(EditProblem::Name(name.chars().take(80).collect())))
}

pub(crate) fn check_text(text: &str) -> Result<(), EditError> {
    match first_forbidden(text) {
        Some(character) => Err(EditError::new(EditProblem::Character(character.into()))),
        None => Ok(()),
    }
}
