//! User-data of several parts: MIME multi-part, archives, gzip, `#include`, told apart the way
//! cloud-init's user-data processor does; and a MIME writer whose parts arrive as they left.
//!
//! ```
//! use quantix_cloudinit::mime::{PartKind, UserDataPart, split, write};
//! let script = UserDataPart::new("setup.sh", PartKind::Script, "#!/bin/sh\necho é\n");
//! let config = UserDataPart::new("base.cfg", PartKind::CloudConfig, "#cloud-config\n{}\n");
//! let text = write(&[script.clone(), config])?;
//! let parts = split(text.as_bytes())?;
//! assert_eq!((parts.parts.len(), &parts.parts[0]), (2, &script));
//! # Ok::<(), quantix_cloudinit::mime::MimeError>(())
//! ```
//!
//! Nothing is fetched: the addresses of an `#include` are listed, and the caller decides.

mod codec;
mod header;
mod kind;
mod message;
mod split;
mod write;

use quantix_core::Finding;
use serde::Serialize;

pub use kind::PartKind;
pub(crate) use split::is_message;
pub use split::{PART_DEPTH_MAX, PARTS_MAX, UserDataParts, split};
pub use write::write;

/// One part of user-data.
#[derive(Clone, PartialEq, Eq)]
pub struct UserDataPart {
    /// What it is called in the guest.
    pub filename: Option<String>,
    /// What it is.
    pub kind: PartKind,
    /// How a cloud-config is merged into those before it, unless it says so itself.
    pub merge_type: Option<String>,
    /// Its content, decoded.
    pub content: Vec<u8>,
}

/// Shows the size of the content, which may hold secrets.
impl std::fmt::Debug for UserDataPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserDataPart")
            .field("filename", &self.filename)
            .field("kind", &self.kind)
            .field("merge_type", &self.merge_type)
            .field("content", &format_args!("{} bytes", self.content.len()))
            .finish()
    }
}

impl UserDataPart {
    /// A part with a name, a kind and a content.
    #[must_use]
    pub fn new(filename: impl Into<String>, kind: PartKind, content: impl Into<Vec<u8>>) -> Self {
        let (filename, content) = (Some(filename.into()), content.into());
        Self { filename, kind, merge_type: None, content }
    }
}

/// User-data that cannot be taken apart or put together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct MimeError {
    code: &'static str,
    problem: String,
}

impl MimeError {
    pub(crate) fn new(code: &'static str, problem: impl Into<String>) -> Self {
        Self { code, problem: problem.into() }
    }

    /// The same as a finding.
    #[must_use]
    pub fn to_finding(&self) -> Finding {
        Finding::error(self.code, self.problem.clone())
    }
}

/// What a part looks like from outside, for answers in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartSummary {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// The content type that cloud-init gives it.
    pub content_type: String,
    /// How many bytes it has, decoded.
    pub bytes: usize,
}

impl From<&UserDataPart> for PartSummary {
    fn from(part: &UserDataPart) -> Self {
        Self {
            filename: part.filename.clone(),
            content_type: part.kind.content_type().to_owned(),
            bytes: part.content.len(),
        }
    }
}
