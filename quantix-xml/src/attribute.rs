//! Attributes as the reader of a document sees them.

use std::{borrow::Cow, fmt};

use crate::{Element, Position, element::split_name, text, tree::AttributeData};

/// An attribute.
#[derive(Clone, Copy)]
pub struct Attribute<'d> {
    element: Element<'d>,
    data: AttributeData,
}

impl<'d> Attribute<'d> {
    pub(crate) fn new(element: Element<'d>, data: AttributeData) -> Self {
        Self { element, data }
    }

    /// The element that carries it.
    #[must_use]
    pub fn element(self) -> Element<'d> {
        self.element
    }

    /// The name as written, prefix included.
    #[must_use]
    pub fn name(self) -> &'d str {
        self.data.name.of(&self.element.document().buffer)
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

    /// The URI of its namespace. An attribute without prefix is in none.
    #[must_use]
    pub fn namespace(self) -> Option<Cow<'d, str>> {
        self.prefix().and_then(|prefix| self.element.namespace_of(Some(prefix)))
    }

    /// Whether it declares a namespace.
    #[must_use]
    pub fn is_namespace_declaration(self) -> bool {
        self.name() == "xmlns" || self.prefix() == Some("xmlns")
    }

    /// What it means: references resolved, line breaks and tabs as spaces.
    #[must_use]
    pub fn value(self) -> Cow<'d, str> {
        text::attribute_value(self.raw_value())
    }

    /// What is written between the quotes.
    #[must_use]
    pub fn raw_value(self) -> &'d str {
        self.data.value.of(&self.element.document().buffer)
    }

    /// Where its name stands; where its start tag was edited, where the element stands.
    #[must_use]
    pub fn position(self) -> Position {
        let document = self.element.document();
        if document.is_source(self.data.name.start) {
            document.position_of(self.data.name.start)
        } else {
            self.element.position()
        }
    }

    /// Where its value stands; where its start tag was edited, where the element stands.
    #[must_use]
    pub fn value_position(self) -> Position {
        let document = self.element.document();
        if document.is_source(self.data.value.start) {
            document.position_of(self.data.value.start)
        } else {
            self.element.position()
        }
    }
}

impl fmt::Debug for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?} at {}", self.name(), self.raw_value(), self.position())
    }
}
