//! Why a package could not be opened.

use std::{error, fmt, io, path::PathBuf};

/// A package that cannot be opened or read.
///
/// The message names the file, the member and the byte where reading stopped; the system's own
/// error, if there is one, is the [`source`](error::Error::source).
#[derive(Debug)]
pub struct PackageError {
    path: Option<PathBuf>,
    member: Option<String>,
    offset: Option<u64>,
    problem: Problem,
    cause: Option<io::Error>,
}

/// What is wrong; the texts are part of the message only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    Read,
    Empty,
    NotAPackage,
    Checksum { expected: u64, found: u64 },
    Field { field: &'static str, found: String },
    Truncated { wanted_bytes: u64, left_bytes: u64 },
    SizeConflict { header_bytes: u64, extended_bytes: u64 },
    Extended { reason: &'static str },
    Sparse { reason: &'static str },
    MultiVolume,
    Gzip,
    Limit { what: &'static str, limit_max: u64 },
    Cancelled,
    NoDescriptor,
    ManyDescriptors { names: Vec<String> },
    NoMember { similar: Option<String> },
    UnsafeName { reason: &'static str },
}

impl PackageError {
    pub(crate) fn new(problem: Problem) -> Self {
        Self { path: None, member: None, offset: None, problem, cause: None }
    }

    pub(crate) fn read(cause: io::Error) -> Self {
        Self { cause: Some(cause), ..Self::new(Problem::Read) }
    }

    pub(crate) fn at(mut self, offset: u64) -> Self {
        self.offset.get_or_insert(offset);
        self
    }

    pub(crate) fn of_member(mut self, name: &str) -> Self {
        self.member.get_or_insert_with(|| name.chars().take(256).collect());
        self
    }

    pub(crate) fn of_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path.get_or_insert(path.into());
        self
    }

    /// Whether the storage failed, rather than the content.
    #[must_use]
    pub fn is_io(&self) -> bool {
        self.problem == Problem::Read
    }

    /// Whether a member or file that was asked for is not in the package.
    #[must_use]
    pub fn is_missing_member(&self) -> bool {
        matches!(self.problem, Problem::NoMember { .. })
    }

    /// A file of the package whose name differs from the one asked for in case only.
    #[must_use]
    pub fn similar(&self) -> Option<&str> {
        match &self.problem {
            Problem::NoMember { similar } => similar.as_deref(),
            _ => None,
        }
    }

    /// Whether the watcher stopped the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.problem == Problem::Cancelled
    }

    /// The byte of the package at which the problem was found, where there is one.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        self.offset
    }
}

impl From<Problem> for PackageError {
    fn from(problem: Problem) -> Self {
        Self::new(problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => f.write_str("cannot be read"),
            Self::Empty => f.write_str("the file is empty; expected an OVA or an OVF descriptor"),
            Self::NotAPackage => {
                f.write_str("neither a tar nor an OVF descriptor; expected a .ova or .ovf file")
            }
            Self::Checksum { expected, found } => write!(
                f,
                "tar header with checksum {found:o} instead of {expected:o} (octal); \
                 the file is damaged or no tar"
            ),
            Self::Field { field, found } => {
                write!(f, "tar header field `{field}` is {found:?}; expected a number")
            }
            Self::Truncated { wanted_bytes, left_bytes } => write!(
                f,
                "truncated: {wanted_bytes} bytes announced, {left_bytes} left; fetch the file again"
            ),
            Self::SizeConflict { header_bytes, extended_bytes } => write!(
                f,
                "two sizes for one member, {header_bytes} in the tar header and {extended_bytes} \
                 in its extended header; tools would disagree about what follows"
            ),
            Self::Extended { reason } => write!(f, "extended tar header: {reason}"),
            Self::Sparse { reason } => write!(f, "sparse tar member: {reason}"),
            Self::MultiVolume => {
                f.write_str("a part of a tar of several volumes; join them, or pack without -M")
            }
            Self::Gzip => f.write_str("the gzip file is damaged or cut off; fetch it again"),
            Self::Limit { what, limit_max } => write!(f, "more than {limit_max} {what}"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::NoDescriptor => f.write_str("no OVF descriptor (*.ovf) inside"),
            Self::ManyDescriptors { names } => {
                write!(f, "several OVF descriptors ({}); expected one", names.join(", "))
            }
            Self::NoMember { similar: None } => f.write_str("no such file in the package"),
            Self::NoMember { similar: Some(name) } => {
                write!(f, "no such file in the package; there is `{name}`, in other letters")
            }
            Self::UnsafeName { reason } => write!(f, "unsafe file name: {reason}"),
        }
    }
}

impl fmt::Display for PackageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        if let Some(member) = &self.member {
            write!(f, "{member:?}: ")?;
        }
        if let Some(offset) = self.offset {
            write!(f, "at byte {offset}: ")?;
        }
        self.problem.fmt(f)
    }
}

impl error::Error for PackageError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}
