//! Guest customization that is provably what the guest will read.
//!
//! Typed [`user_data`], [`meta_data`] and [`network`] documents are written by an emitter whose
//! output PyYAML, the parser of cloud-init, reads back exactly. Documents that others wrote are
//! read the same way, checked against cloud-init's own schemas for a range of versions, linted,
//! merged, compared and explained.
//!
//! ```
//! use quantix_cloudinit::user_data::{User, UserData};
//! let user_data = UserData {
//!     hostname: Some("web-01".into()),
//!     users: vec![User::named("ops")],
//!     ..UserData::default()
//! };
//! assert_eq!(
//!     user_data.to_yaml()?,
//!     "#cloud-config\nhostname: web-01\nusers:\n  - name: ops\n    lock_passwd: true\n"
//! );
//! # Ok::<(), quantix_cloudinit::DocumentError>(())
//! ```
//!
//! It refuses to guess: a text never becomes a number, a typo never passes in silence, and what
//! cannot be written safely is an error with a place and a remedy. It reads no clock and draws no
//! random numbers; both come in as arguments.

pub mod butane;
pub mod check;
pub mod diff;
pub mod edit;
pub mod explain;
pub mod hostname;
pub mod ignition;
pub mod lint;
pub mod merge;
pub mod meta_data;
pub mod mime;
pub mod model;
pub mod network;
pub mod password;
pub mod question;
pub mod schema;
pub mod seed;
pub mod spec;
pub mod ssh_key;
pub mod timezone;
pub mod user_data;
pub mod vsphere;
pub mod windows;
pub mod yaml;

mod document_error;

pub use document_error::DocumentError;
