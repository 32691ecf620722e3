//! Why a disk could not be read.

use std::{error, fmt, io};

/// An image that cannot be read, or not in full.
///
/// The message names the grain, the sector of the disk and the byte of the file, as far as they
/// are known; the system's own error is the [`source`](error::Error::source).
#[derive(Debug)]
pub struct DiskError {
    offset: Option<u64>,
    grain: Option<(u64, u64)>,
    fault: Fault,
    cause: Option<io::Error>,
}

/// What is wrong; the texts are part of the message only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Read,
    Empty,
    Truncated { file_bytes: u64 },
    Header { field: &'static str, found: u64, expected: &'static str },
    Text { line: u32, reason: &'static str },
    Limit { what: &'static str, found: u64, limit_max: u64 },
    Unsupported { what: &'static str },
    Delta { parent: String },
    Extent { name: String, reason: &'static str },
    Marker { found_lba: u64 },
    GrainSize { found: u64, limit_max: u64 },
    Inflate { reason: &'static str },
    NoTables,
}

impl DiskError {
    pub(crate) fn new(fault: Fault) -> Self {
        Self { offset: None, grain: None, fault, cause: None }
    }

    pub(crate) fn read(cause: io::Error) -> Self {
        Self { cause: Some(cause), ..Self::new(Fault::Read) }
    }

    /// A read at `offset` of a file of `file_bytes` bytes failed.
    pub(crate) fn read_of(cause: io::Error, offset: u64, file_bytes: u64) -> Self {
        if cause.kind() == io::ErrorKind::UnexpectedEof {
            return Self::new(Fault::Truncated { file_bytes }).at(offset);
        }
        Self::read(cause).at(offset)
    }

    pub(crate) fn at(mut self, offset: u64) -> Self {
        self.offset.get_or_insert(offset);
        self
    }

    /// Places the error at a grain, which starts at sector `lba` of the disk.
    pub(crate) fn of_grain(mut self, grain: u64, lba: u64) -> Self {
        self.grain.get_or_insert((grain, lba));
        self
    }

    /// Whether the storage failed, rather than the content.
    #[must_use]
    pub fn is_io(&self) -> bool {
        self.fault == Fault::Read
    }

    /// The byte of the image file at which the problem was found.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        self.offset
    }

    /// The number of the damaged grain.
    #[must_use]
    pub fn grain(&self) -> Option<u64> {
        self.grain.map(|(grain, _)| grain)
    }

    /// The first sector of the disk that the damaged grain holds.
    #[must_use]
    pub fn lba(&self) -> Option<u64> {
        self.grain.map(|(_, lba)| lba)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => f.write_str("cannot be read"),
            Self::Empty => f.write_str("the file is empty; expected a disk image"),
            Self::Truncated { file_bytes } => {
                write!(f, "cut off: the file ends after {file_bytes} bytes; fetch it again")
            }
            Self::Header { field, found, expected } => {
                write!(f, "header field `{field}` is {found}; expected {expected}")
            }
            Self::Text { line, reason } => write!(f, "VMDK descriptor, line {line}: {reason}"),
            Self::Limit { what, found, limit_max } => {
                write!(f, "{found} {what}, more than the limit of {limit_max}")
            }
            Self::Unsupported { what } => write!(f, "{what} cannot be read as a disk"),
            Self::Delta { parent } => write!(
                f,
                "a delta disk whose parent is {parent:?}; ship the disk flattened, parents are \
                 never followed"
            ),
            Self::Extent { name, reason } => write!(f, "extent {name:?}: {reason}"),
            Self::Marker { found_lba } => write!(
                f,
                "the grain table points to the grain of sector {found_lba}; tools would read \
                 different disks"
            ),
            Self::GrainSize { found, limit_max } => {
                write!(f, "a compressed grain of {found} bytes; expected 1 to {limit_max}")
            }
            Self::Inflate { reason } => write!(f, "damaged compressed grain: {reason}"),
            Self::NoTables => f.write_str(
                "no footer and no end-of-stream marker: the image is cut off; fetch it again",
            ),
        }
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((grain, lba)) = self.grain {
            write!(f, "grain {grain} (sector {lba}): ")?;
        }
        if let Some(offset) = self.offset {
            write!(f, "at byte {offset}: ")?;
        }
        self.fault.fmt(f)
    }
}

impl error::Error for DiskError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}
