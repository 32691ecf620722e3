//! Typed fields over the lossless tree: a path, a kind, and how to read and edit it in place.

use std::borrow::Cow;

use quantix_xml::{Document, Element, NewElement, NodeId, Place};

use crate::{Class, Error, Result};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// A size, in bytes where no unit says otherwise.
    Bytes,
    /// A size, in KiB where no unit says otherwise.
    Kib,
    /// `yes` or `no`.
    YesNo,
    /// `on` or `off`.
    OnOff,
    /// An element that is there or not.
    Flag,
}

/// One field of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name of its method.
    pub name: &'static str,
    /// Where it is: child elements from the view's own, then perhaps `@` and an attribute; `.` is
    /// the text of the view's own element.
    pub path: &'static str,
    /// What it holds.
    pub kind: FieldKind,
}

/// A path, taken apart: the elements, and the attribute where it ends with one.
fn split(path: &str) -> (&str, Option<&str>) {
    match path.rsplit_once('@') {
        Some((elements, attribute)) => (elements.trim_end_matches('/'), Some(attribute)),
        None if path == "." => ("", None),
        None => (path, None),
    }
}

fn place<'d>(element: Element<'d>, path: &str) -> Option<Element<'d>> {
    if path.is_empty() { Some(element) } else { element.find(path) }
}

/// The text of a field as it stands.
pub(super) fn text<'d>(element: Element<'d>, path: &str) -> Option<Cow<'d, str>> {
    let (elements, attribute) = split(path);
    let found = place(element, elements)?;
    match attribute {
        Some(attribute) => found.attr(attribute),
        None => Some(super::trimmed(found.text())).filter(|text| !text.is_empty()),
    }
}

pub(super) fn number(element: Element<'_>, path: &str) -> Option<u64> {
    text(element, path)?.trim().parse().ok()
}

/// How many bytes a unit of libvirt has.
fn unit_bytes(unit: &str) -> Option<u64> {
    Some(match unit {
        "b" | "byte" | "bytes" | "B" => 1,
        "KB" => 1_000,
        "k" | "K" | "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "M" | "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "G" | "GiB" => 1 << 30,
        "TB" => 1_000_000_000_000,
        "T" | "TiB" => 1 << 40,
        "PB" => 1_000_000_000_000_000,
        "P" | "PiB" => 1 << 50,
        "EB" => 1_000_000_000_000_000_000,
        "E" | "EiB" => 1 << 60,
        _ => return None,
    })
}

/// The unit of a size: the one that stands beside it, else the one that libvirt takes then.
fn unit_of(element: Element<'_>, path: &str, default: u64) -> Option<u64> {
    let (elements, attribute) = split(path);
    // An attribute has no unit of its own but the one of its element.
    let found = place(element, elements)?;
    let unit = found.attr("unit").filter(|_| attribute.is_none() || attribute == Some("memory"));
    unit.map_or(Some(default), |unit| unit_bytes(unit.trim()))
}

fn size(element: Element<'_>, path: &str, default: u64) -> Option<u64> {
    number(element, path)?.checked_mul(unit_of(element, path, default)?)
}

pub(super) fn bytes(element: Element<'_>, path: &str) -> Option<u64> {
    size(element, path, 1)
}

pub(super) fn kib(element: Element<'_>, path: &str) -> Option<u64> {
    size(element, path, 1 << 10)
}

pub(super) fn yes_no(element: Element<'_>, path: &str) -> Option<bool> {
    match text(element, path)?.as_ref() {
        "yes" | "on" | "1" => Some(true),
        "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

pub(super) fn on_off(element: Element<'_>, path: &str) -> Option<bool> {
    yes_no(element, path)
}

pub(super) fn flag(element: Element<'_>, path: &str) -> Option<bool> {
    place(element, path).map(|_| true)
}

/// Edits of fields; `None` removes one.
pub(super) mod edit {
    use super::{
        Class, Cow, Document, Element, Error, NewElement, NodeId, Place, Result, place, split,
    };

    fn refused(error: impl ToString) -> Error {
        Error::new(Class::Invalid, "edit XML", error.to_string())
    }

    fn element(document: &Document, node: NodeId) -> Result<Element<'_>> {
        document.element(node).ok_or_else(|| refused("the element is not there any more"))
    }

    /// The element at a path, with what is missing on the way made.
    fn make(document: &mut Document, node: NodeId, path: &str) -> Result<NodeId> {
        let mut at = node;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let found = element(document, at)?.child(name).map(Element::id);
            at = match found {
                Some(child) => child,
                None => {
                    document.insert(Place::LastIn(at), &NewElement::new(name)).map_err(refused)?
                }
            };
        }
        Ok(at)
    }

    pub(in super::super) fn text(
        document: &mut Document,
        node: NodeId,
        path: &str,
        value: Option<&str>,
    ) -> Result<()> {
        let (elements, attribute) = split(path);
        let Some(value) = value else {
            let Some(found) = place(element(document, node)?, elements).map(Element::id) else {
                return Ok(());
            };
            return match attribute {
                Some(attribute) => document.remove_attribute(found, attribute).map(drop),
                None if elements.is_empty() => document.set_text(found, ""),
                None => document.remove(found),
            }
            .map_err(refused);
        };
        let at = make(document, node, elements)?;
        match attribute {
            Some(attribute) => document.set_attribute(at, attribute, value),
            None => document.set_text(at, value),
        }
        .map_err(refused)
    }

    pub(in super::super) fn number(
        document: &mut Document,
        node: NodeId,
        path: &str,
        value: Option<u64>,
    ) -> Result<()> {
        text(document, node, path, value.map(|value| value.to_string()).as_deref())
    }

    /// Writes a size in the unit that stands there; where that is not exact, in bytes.
    fn size(
        document: &mut Document,
        node: NodeId,
        path: &str,
        (value, default): (Option<u64>, u64),
    ) -> Result<()> {
        let Some(value) = value else { return text(document, node, path, None) };
        let there = super::unit_of(element(document, node)?, path, default);
        let unit = there.unwrap_or(default).max(1);
        if value.is_multiple_of(unit) {
            return number(document, node, path, Some(value / unit));
        }
        let (elements, attribute) = split(path);
        if attribute.is_some() {
            return Err(refused("the size is not a whole number of its units"));
        }
        number(document, node, path, Some(value))?;
        let at = make(document, node, elements)?;
        document.set_attribute(at, "unit", "b").map_err(refused)
    }

    pub(in super::super) fn bytes(
        document: &mut Document,
        node: NodeId,
        path: &str,
        value: Option<u64>,
    ) -> Result<()> {
        size(document, node, path, (value, 1))
    }

    pub(in super::super) fn kib(
        document: &mut Document,
        node: NodeId,
        path: &str,
        value: Option<u64>,
    ) -> Result<()> {
        size(document, node, path, (value, 1 << 10))
    }

    /// Writes a truth in the words that stand there, else in the usual ones.
    fn truth(
        document: &mut Document,
        node: NodeId,
        path: &str,
        (value, usual): (Option<bool>, [&'static str; 2]),
    ) -> Result<()> {
        let there = super::text(element(document, node)?, path).map(Cow::into_owned);
        let words = match there.as_deref() {
            Some("on" | "off") => ["off", "on"],
            Some("yes" | "no") => ["no", "yes"],
            Some("1" | "0") => ["0", "1"],
            _ => usual,
        };
        let word = value.map(|value| words[usize::from(value)]);
        text(document, node, path, word)
    }

    pub(in super::super) fn yes_no(
        document: &mut Document,
        node: NodeId,
        path: &str,
        value: Option<bool>,
    ) -> Result<()> {
        truth(document, node, path, (value, ["no", "yes"]))
    }

    pub(in super::super) fn on_off(
        document: &mut Document,
        node: NodeId,
        path: &str,
        value: Option<bool>,
    ) -> Result<()> {
        truth(document, node, path, (value, ["off", "on"]))
    }

    pub(in super::super) fn flag(
        document: &mut Document,
        node: NodeId,
        path: &str,
        value: Option<bool>,
    ) -> Result<()> {
        match value {
            Some(true) => make(document, node, path).map(drop),
            Some(false) | None => text(document, node, path, None),
        }
    }
}

/// The elements at a path, in the order of the document.
pub(super) fn all<'d>(element: Element<'d>, path: &'static str) -> Vec<Element<'d>> {
    let mut level = vec![element];
    for name in path.split('/') {
        level = level.into_iter().flat_map(|element| element.elements_named(name)).collect();
    }
    level
}

/// Names the type that a kind of field reads, the one that it is set to, and its [`FieldKind`].
macro_rules! kind {
    (read text) => { std::borrow::Cow<'d, str> };
    (read number) => { u64 };
    (read bytes) => { u64 };
    (read kib) => { u64 };
    (read yes_no) => { bool };
    (read on_off) => { bool };
    (read flag) => { bool };
    (set text) => { &'v str };
    (set number) => { u64 };
    (set bytes) => { u64 };
    (set kib) => { u64 };
    (set yes_no) => { bool };
    (set on_off) => { bool };
    (set flag) => { bool };
    (kind text) => { $crate::view::FieldKind::Text };
    (kind number) => { $crate::view::FieldKind::Number };
    (kind bytes) => { $crate::view::FieldKind::Bytes };
    (kind kib) => { $crate::view::FieldKind::Kib };
    (kind yes_no) => { $crate::view::FieldKind::YesNo };
    (kind on_off) => { $crate::view::FieldKind::OnOff };
    (kind flag) => { $crate::view::FieldKind::Flag };
}

/// Writes a view to read and a view to edit from one table.
macro_rules! view {
    (
        $(#[$doc:meta])* $name:ident, $edit:ident {
            $($field:ident, $set:ident: $kind:ident($path:literal);)*
            $([$list:ident: $item:ident($items:literal)])*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'d>(quantix_xml::Element<'d>);

        impl<'d> $name<'d> {
            /// Its fields, in the order of the methods.
            pub const FIELDS: &'static [$crate::view::Field] = &[
                $($crate::view::Field {
                    name: stringify!($field),
                    path: $path,
                    kind: $crate::view::field::kind!(kind $kind),
                },)*
            ];

            /// Views an element; its name is not looked at.
            #[must_use]
            pub fn of(element: quantix_xml::Element<'d>) -> Self {
                Self(element)
            }

            /// The element, for what has no typed field.
            #[must_use]
            pub fn element(self) -> quantix_xml::Element<'d> {
                self.0
            }

            $(
                #[doc = concat!("What stands at `", $path, "`; `None` where nothing does.")]
                #[must_use]
                pub fn $field(self) -> Option<$crate::view::field::kind!(read $kind)> {
                    $crate::view::field::$kind(self.0, $path)
                }
            )*

            $(
                #[doc = concat!("Every `", $items, "`, in order.")]
                #[must_use]
                pub fn $list(self) -> Vec<$item<'d>> {
                    let all = $crate::view::field::all(self.0, $items);
                    all.into_iter().map($item::of).collect()
                }
            )*

            /// The lists of this view with their fields, for those who treat all views alike.
            #[cfg(test)]
            pub(in crate::view) fn walk(self, visit: &mut dyn FnMut(
                quantix_xml::Element<'d>,
                &'static [$crate::view::Field],
            )) {
                visit(self.0, Self::FIELDS);
                $(for item in self.$list() {
                    item.walk(visit);
                })*
            }
        }

        #[doc = concat!("Edits what [`", stringify!($name), "`] reads.")]
        #[derive(Debug)]
        pub struct $edit<'d> {
            document: &'d mut quantix_xml::Document,
            node: quantix_xml::NodeId,
        }

        #[allow(clippy::extra_unused_lifetimes, reason = "only texts borrow")]
        impl<'d> $edit<'d> {
            /// Edits an element of a document; its name is not looked at.
            pub fn of(document: &'d mut quantix_xml::Document, node: quantix_xml::NodeId) -> Self {
                Self { document, node }
            }

            $(
                #[doc = concat!("Sets what stands at `", $path, "`, or removes it.")]
                ///
                /// # Errors
                /// [`crate::Class::Invalid`] for what XML cannot carry, or where the element is gone.
                pub fn $set<'v>(
                    &mut self,
                    value: impl Into<Option<$crate::view::field::kind!(set $kind)>>,
                ) -> $crate::Result<&mut Self> {
                    $crate::view::field::edit::$kind(self.document, self.node, $path, value.into())?;
                    Ok(self)
                }
            )*
        }
    };
}

/// Writes a document of a kind, with its view.
macro_rules! document {
    ($(#[$doc:meta])* $name:ident($root:literal) of $view:ident, $edit:ident) => {
        $(#[$doc])*
        ///
        /// What is not touched stays byte by byte; an edit changes as few bytes as it can.
        #[derive(Clone, Debug)]
        pub struct $name(quantix_xml::Document);

        impl $name {
            /// The name of its outermost element.
            pub const ROOT: &'static str = $root;

            /// Reads a document.
            ///
            /// # Errors
            /// [`crate::Class::Invalid`] with line and column where it is not well-formed, or where
            /// its outermost element has another name.
            pub fn parse(xml: impl AsRef<[u8]>) -> $crate::Result<Self> {
                $crate::view::parse_as(xml.as_ref(), $root).map(Self)
            }

            /// What it says.
            #[must_use]
            pub fn get(&self) -> $view<'_> {
                $view::of(self.0.root())
            }

            /// Edits it.
            pub fn edit(&mut self) -> $edit<'_> {
                let root = self.0.root().id();
                $edit::of(&mut self.0, root)
            }

            /// The tree, for what has no typed field.
            #[must_use]
            pub fn document(&self) -> &quantix_xml::Document {
                &self.0
            }

            /// The tree, to edit what has no typed field.
            pub fn document_mut(&mut self) -> &mut quantix_xml::Document {
                &mut self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

pub(super) use {document, kind, view};
