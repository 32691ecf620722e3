//! A lossless XML tree: untouched bytes stay identical, edits are minimal.
//!
//! libvirt domains and OVF descriptors carry things that no model knows: comments, vendors'
//! elements, an administrator's layout. This crate reads such a document into a tree whose every
//! token keeps its bytes, so that what is not edited is written back as it was, and an edit shows
//! up as the few bytes it changed.
//!
//! ```
//! use quantix_xml::{Document, NewElement};
//! let mut domain = Document::parse("<domain>\n  <devices>\n    <emulator/>\n  </devices>\n</domain>")?;
//! let devices = domain.root().child("devices").unwrap();
//! assert_eq!(devices.position().to_string(), "2:3");
//! let devices = devices.id();
//! domain.append(devices, &NewElement::new("rng").attr("model", "virtio"))?;
//! assert_eq!(
//!     domain.to_string(),
//!     "<domain>\n  <devices>\n    <emulator/>\n    <rng model=\"virtio\"/>\n  </devices>\n</domain>"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Reading is tolerant where that is harmless (prefixes that nothing declares) and strict where
//! documents could be misread: tags must match, attributes must be unique and quoted, and there is
//! one root. It never opens a file or a URL, and never expands an entity: a reference to anything
//! but the five predefined entities and characters by number is refused, so neither external
//! entities nor entity bombs have any effect. Size, depth, nodes and attributes are bounded
//! ([`Limits`]), every problem has a line and a column, and nothing here recurses on input.

mod attribute;
mod build;
mod document;
mod edit;
mod element;
mod encoding;
mod error;
mod indent;
mod limits;
mod parse;
mod position;
mod tag;
mod text;
mod tree;

pub use attribute::Attribute;
pub use build::NewElement;
pub use document::{Document, NodeId};
pub use edit::Place;
pub use element::{Element, Node, XML_NAMESPACE};
pub use encoding::Encoding;
pub use error::{EditError, XmlError};
pub use limits::{ATTRIBUTES_MAX, BYTES_MAX, DEPTH_MAX, Limits, NODES_MAX};
pub use position::Position;
pub use tree::NodeKind;
