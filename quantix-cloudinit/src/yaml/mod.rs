//! YAML as cloud-init reads it: a small value tree, an emitter that PyYAML reads back exactly, and
//! a reader that accepts what PyYAML accepts and resolves every scalar the way PyYAML does.
//!
//! cloud-init parses with PyYAML, a YAML 1.1 parser. There `no` is false, `0123` is 83,
//! `12:34:56` is 45296 and a tab may not separate a key from its value. Text that only a YAML 1.2
//! library has read back says nothing about what the guest will see.

mod build;
mod compose;
mod compose_flow;
mod emit;
mod error;
mod map;
mod node;
pub(crate) mod python;
mod resolve;
mod scalar;
mod scan_block;
mod scan_property;
mod scan_scalar;
mod scan_structure;
mod scanner;
mod token;
mod value;
mod value_serde;

pub(crate) use compose::parse_simple;
pub use compose::{DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX, parse, parse_value};
pub use emit::{DEPTH_MAX, EmitError, emit, emit_with_header};
pub use error::{Position, YamlError, YamlErrorKind};
pub use map::Map;
pub(crate) use map::key_bit;
pub use node::{Data, Entry, Node, Step, dotted};
pub use token::Style;
pub use value::Value;
