//! cloud-init's own schemas, 22.2 to 26.2, and validation that agrees with the official validator
//! in verdict, error paths and messages.
//!
//! The official validator is Python's `jsonschema` with the changes that cloud-init makes to
//! `oneOf`, `anyOf` and deprecations. This one follows the same order of steps, so that the same
//! errors come out at the same places.

mod accept;
mod compile;
mod keyword;
mod leaf;
mod pool;
mod validate;
mod version;

pub use pool::{Kind, Schema};
pub use validate::{Problem, ProblemKind};
pub use version::{Version, VersionError, VersionRange};
