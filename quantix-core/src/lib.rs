//! The domain model that every other Quantix crate speaks: typed ids, units, findings, folders,
//! machines, nodes, pools and customization specs.
//!
//! ```
//! use quantix_core::{MemoryMib, ProjectId};
//! assert_eq!("default".parse(), Ok(ProjectId::DEFAULT));
//! assert_eq!("8GiB".parse(), Ok(MemoryMib(8192)));
//! ```
//!
//! It does no I/O, reads no clock, draws no random numbers and imports no other Quantix crate.
//! It refuses to guess: what is not valid is an error or a [`Finding`], never a default.

pub mod admission;
pub mod alerting;
pub mod cluster;
pub mod document;
mod finding;
pub mod folder;
#[cfg(test)]
mod golden;
mod id;
pub mod ipam;
pub mod model;
pub mod question;
#[cfg(test)]
mod schema_types;
mod secret;
pub mod spec;
mod time;
mod units;
mod validate;
#[cfg(test)]
mod vectors;
mod word;

pub use finding::{Finding, Severity};
pub use folder::{
    FOLDER_DEPTH_MAX, FOLDER_PATH_BYTES_MAX, FolderName, FolderNameError, FolderPath,
    FolderPathError, FolderTree, NAME_CHARS_MAX, NAME_INPUT_BYTES_MAX,
};
pub use id::{
    DiskKey, FolderId, Id, IdError, ImageId, ImageKey, KEY_BYTES_MAX, Key, Kind, NetworkKey,
    NicKey, NodeKey, PoolKey, ProjectId, RuleKey, SpecId, VmId, VmKey, kind,
};
pub use secret::{REDACTED, Secret};
pub use spec::{CustomizationSpec, OsFamily, SpecVm};
pub use time::{Timestamp, TimestampError};
pub use units::{Bytes, MemoryMib, Millicores, QuantityError};
pub use validate::{FINDINGS_MAX, Faults, Validate};
pub use word::WordError;
