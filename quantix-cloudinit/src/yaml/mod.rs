//! YAML as cloud-init reads it: a small value tree, an emitter that PyYAML reads back exactly, and
//! a reader that resolves every scalar the way PyYAML does.
//!
//! cloud-init parses with PyYAML, a YAML 1.1 parser. There `no` is false, `0123` is 83,
//! `12:34:56` is 45296 and a tab may not separate a key from its value. Text that only a YAML 1.2
//! library has read back says nothing about what the guest will see.

mod emit;
mod scalar;
mod value;

pub use emit::{DEPTH_MAX, EmitError, emit, emit_with_header};
pub use value::{Map, Value};
