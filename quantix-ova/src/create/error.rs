//! Why an appliance was not made.

use std::{
    error, fmt, io,
    path::{Path, PathBuf},
};

use quantix_core::Finding;

use crate::{convert::ConvertError, disk::DiskError, ovf::write::WriteError, package::Unwritten};

/// An appliance that was not made; nothing was left.
#[derive(Debug)]
pub struct CreateError(Box<Reason>);

#[derive(Debug)]
enum Reason {
    Spec(WriteError),
    Source { path: PathBuf, error: io::Error },
    Disk { path: PathBuf, error: DiskError },
    Convert(ConvertError),
    Unwritten(Unwritten),
}

impl CreateError {
    fn new(reason: Reason) -> Self {
        Self(Box::new(reason))
    }

    pub(super) fn spec(error: WriteError) -> Self {
        Self::new(Reason::Spec(error))
    }

    pub(super) fn source(path: &Path, error: io::Error) -> Self {
        Self::new(Reason::Source { path: path.to_owned(), error })
    }

    pub(super) fn disk(path: &Path, error: DiskError) -> Self {
        Self::new(Reason::Disk { path: path.to_owned(), error })
    }

    pub(super) fn convert(error: ConvertError) -> Self {
        match error.is_cancelled() {
            true => Unwritten::Cancelled.into(),
            false => Self::new(Reason::Convert(error)),
        }
    }

    pub(super) fn target(path: &Path, error: io::Error) -> Self {
        Unwritten::new(path, error).into()
    }

    /// What is wrong with the description, with field paths.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match &*self.0 {
            Reason::Spec(error) => error.findings(),
            _ => &[],
        }
    }

    /// Whether the target, rather than the input, is at fault.
    #[must_use]
    pub fn is_target(&self) -> bool {
        match &*self.0 {
            Reason::Unwritten(error) => error.is_target(),
            Reason::Convert(error) => error.is_target(),
            _ => false,
        }
    }

    /// Whether the watcher stopped the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(&*self.0, Reason::Unwritten(error) if error.is_cancelled())
    }
}

impl From<Unwritten> for CreateError {
    fn from(error: Unwritten) -> Self {
        Self::new(Reason::Unwritten(error))
    }
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Spec(error) => error.fmt(f),
            Reason::Source { path, .. } => write!(f, "disk {}: cannot be read", path.display()),
            Reason::Disk { path, error } => write!(f, "disk {}: {error}", path.display()),
            Reason::Convert(error) => error.fmt(f),
            Reason::Unwritten(error) => error.fmt(f),
        }
    }
}

impl error::Error for CreateError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &*self.0 {
            Reason::Source { error, .. } => Some(error),
            Reason::Disk { error, .. } => error.source(),
            Reason::Convert(error) => error.source(),
            Reason::Unwritten(error) => error.source(),
            Reason::Spec(_) => None,
        }
    }
}
