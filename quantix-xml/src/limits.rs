//! How much of a hostile document is read before it is refused.

/// The most bytes that a document may have, in its own encoding and as UTF-8.
pub const BYTES_MAX: usize = 64 << 20;
/// The deepest nesting of elements.
pub const DEPTH_MAX: usize = 256;
/// The most nodes (elements, texts, comments and so on).
pub const NODES_MAX: usize = 4 << 20;
/// The most attributes on one element, namespace declarations included.
pub const ATTRIBUTES_MAX: usize = 256;

/// Bounds on what is read. [`Limits::default`] is [`BYTES_MAX`], [`DEPTH_MAX`], [`NODES_MAX`] and
/// [`ATTRIBUTES_MAX`]; those are also the most that any bound can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes.
    pub bytes_max: usize,
    /// The deepest nesting.
    pub depth_max: usize,
    /// The most nodes.
    pub nodes_max: usize,
    /// The most attributes on one element.
    pub attributes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: BYTES_MAX,
            depth_max: DEPTH_MAX,
            nodes_max: NODES_MAX,
            attributes_max: ATTRIBUTES_MAX,
        }
    }
}

impl Limits {
    /// The same bounds, none above the constants of this module.
    pub(crate) fn capped(self) -> Self {
        Self {
            bytes_max: self.bytes_max.min(BYTES_MAX),
            depth_max: self.depth_max.min(DEPTH_MAX),
            nodes_max: self.nodes_max.min(NODES_MAX),
            attributes_max: self.attributes_max.min(ATTRIBUTES_MAX),
        }
    }
}
