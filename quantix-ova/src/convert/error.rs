//! Why a conversion did not happen.

use std::{error, fmt, io, path::PathBuf};

use quantix_core::Finding;

use crate::{
    disk::DiskError, manifest::Verification, ovf::OvfError, package::PackageError,
    signature::TrustError,
};

/// A conversion that failed; nothing was left in the target folder.
#[derive(Debug)]
pub struct ConvertError(Box<Reason>);

#[derive(Debug)]
enum Reason {
    Package(PackageError),
    Descriptor { name: String, error: OvfError },
    Disk { href: String, error: DiskError },
    Ambiguous(Finding),
    Verification(Box<Verification>),
    NoDisk,
    Request { id: String, reason: &'static str },
    Exists { path: PathBuf },
    Target { path: PathBuf, doing: &'static str, error: io::Error },
    Trust(TrustError),
    Cancelled,
}

impl ConvertError {
    fn new(reason: Reason) -> Self {
        Self(Box::new(reason))
    }

    pub(crate) fn descriptor(name: &str, error: OvfError) -> Self {
        Self::new(Reason::Descriptor { name: name.to_owned(), error })
    }

    pub(crate) fn disk(href: &str, error: DiskError) -> Self {
        Self::new(Reason::Disk { href: href.to_owned(), error })
    }

    pub(crate) fn ambiguous(finding: Finding) -> Self {
        Self::new(Reason::Ambiguous(finding))
    }

    pub(crate) fn verification(verification: Verification) -> Self {
        Self::new(Reason::Verification(Box::new(verification)))
    }

    pub(crate) fn no_disk() -> Self {
        Self::new(Reason::NoDisk)
    }

    pub(crate) fn request(id: &str, reason: &'static str) -> Self {
        Self::new(Reason::Request { id: id.to_owned(), reason })
    }

    pub(crate) fn exists(path: impl Into<PathBuf>) -> Self {
        Self::new(Reason::Exists { path: path.into() })
    }

    pub(crate) fn target(path: impl Into<PathBuf>, doing: &'static str, error: io::Error) -> Self {
        Self::new(Reason::Target { path: path.into(), doing, error })
    }

    pub(crate) fn trust(error: TrustError) -> Self {
        Self::new(Reason::Trust(error))
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(Reason::Cancelled)
    }

    /// The failed check of the manifest, if that is why.
    #[must_use]
    pub fn failed_verification(&self) -> Option<&Verification> {
        match &*self.0 {
            Reason::Verification(verification) => Some(verification),
            _ => None,
        }
    }

    /// Whether the target folder, rather than the package, is at fault.
    #[must_use]
    pub fn is_target(&self) -> bool {
        matches!(&*self.0, Reason::Target { .. } | Reason::Exists { .. })
    }

    /// Whether a file of that name was there already.
    #[must_use]
    pub fn is_existing_target(&self) -> bool {
        matches!(&*self.0, Reason::Exists { .. })
    }

    /// Whether the watcher stopped the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        match &*self.0 {
            Reason::Cancelled => true,
            Reason::Package(error) => error.is_cancelled(),
            _ => false,
        }
    }

    /// Whether the same conversion may succeed another time: it was cancelled, or the storage or
    /// the network failed.
    pub(crate) fn is_passing(&self) -> bool {
        match &*self.0 {
            Reason::Cancelled | Reason::Target { .. } => true,
            Reason::Package(error) => error.is_io() || error.is_cancelled(),
            Reason::Disk { error, .. } => error.is_io(),
            _ => false,
        }
    }

    /// The damage of the disk, if that is why.
    #[must_use]
    pub fn disk_error(&self) -> Option<&DiskError> {
        match &*self.0 {
            Reason::Disk { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<PackageError> for ConvertError {
    fn from(error: PackageError) -> Self {
        Self::new(Reason::Package(error))
    }
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Package(error) => error.fmt(f),
            Reason::Descriptor { name, error } => write!(f, "{name}: {error}"),
            Reason::Disk { href, error } => write!(f, "disk {href:?}: {error}"),
            Reason::Ambiguous(finding) => {
                write!(f, "the package is ambiguous or unsafe: {finding}")
            }
            Reason::Verification(verification) => {
                let errors = || verification.findings.iter().filter(|finding| finding.is_error());
                match errors().next() {
                    Some(first) => write!(f, "verification failed: {}", first.message)?,
                    None => f.write_str("verification failed")?,
                }
                match errors().count() {
                    0 | 1 => Ok(()),
                    more => write!(f, " (and {} more)", more - 1),
                }
            }
            Reason::NoDisk => f.write_str("the appliance has no disk to convert"),
            Reason::Request { id, reason } => write!(f, "disk {id:?}: {reason}"),
            Reason::Exists { path } => {
                write!(f, "{}: exists already; remove it or choose another folder", path.display())
            }
            Reason::Target { path, doing, .. } => write!(f, "{}: cannot {doing}", path.display()),
            Reason::Trust(_) => f.write_str("the trusted certificates cannot be read"),
            Reason::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl error::Error for ConvertError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &*self.0 {
            Reason::Package(error) => error.source(),
            Reason::Descriptor { error, .. } => error.source(),
            Reason::Disk { error, .. } => error.source(),
            Reason::Target { error, .. } => Some(error),
            Reason::Trust(error) => Some(error),
            _ => None,
        }
    }
}
