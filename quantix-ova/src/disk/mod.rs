//! Virtual disks: reading what vendors ship, writing what KVM boots.
//!
//! An [`Image`] is read by position, from many threads at once, each with its own [`Scratch`].
//! [`open`] recognises the format by content, never by name. An image never makes the reader open
//! another file, save the extents of a VMDK descriptor, and those only through the [`Extents`]
//! that the caller passes.

mod ahead;
mod blocks;
mod error;
pub(crate) mod qcow2;
mod raw;
mod vdi;
mod vhd;
mod vhdx;
pub(crate) mod vmdk;
pub(crate) mod write;
pub(crate) mod zstd;

use std::{
    fmt,
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
};

use quantix_core::Finding;
use serde::{Deserialize, Serialize};

pub use self::error::DiskError;
pub(crate) use self::error::Fault;
use crate::package::ReadAt;

/// The most bytes that a virtual disk may have.
pub const VIRTUAL_BYTES_MAX: u64 = 64 << 40;

/// How much of a disk a thread reads, packs and writes in one go, at least: as much as stays in
/// the processor's cache from the first of these steps to the last.
pub(crate) const UNIT_BYTES: u64 = 512 << 10;

/// A format of virtual disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// VMware's VMDK, any sub-format.
    Vmdk,
    /// QEMU's qcow2.
    Qcow2,
    /// VirtualBox's VDI.
    Vdi,
    /// Virtual PC's VHD.
    Vhd,
    /// Hyper-V's VHDX.
    Vhdx,
    /// The bytes of the disk as they are.
    Raw,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vmdk => "vmdk",
            Self::Qcow2 => "qcow2",
            Self::Vdi => "vdi",
            Self::Vhd => "vhd",
            Self::Vhdx => "vhdx",
            Self::Raw => "raw",
        })
    }
}

/// A virtual disk that can be read by position.
pub trait Image: Send + Sync + fmt::Debug {
    /// Its format.
    fn format(&self) -> Format;

    /// The size that the guest sees; a multiple of 512.
    fn virtual_bytes(&self) -> u64;

    /// What was noticed while opening it.
    fn findings(&self) -> &[Finding] {
        &[]
    }

    /// The size of the pieces that have to be unpacked as a whole, a power of two; 0 where there
    /// are none.
    fn piece_bytes(&self) -> u64 {
        0
    }

    /// The first position at or after `from` that may hold data, or `None` when the rest is
    /// known to read as zeros.
    ///
    /// # Errors
    /// When the tables of the image cannot be read or are wrong.
    fn next_data(&self, scratch: &mut Scratch, from: u64) -> Result<Option<u64>, DiskError>;

    /// Fills `buffer` with the bytes of the disk from `offset`; holes read as zeros, and so does
    /// what lies beyond the end of the disk.
    ///
    /// # Errors
    /// When the image cannot be read, is cut off, or is damaged there.
    fn read_at(
        &self,
        scratch: &mut Scratch,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<(), DiskError>;

    /// Appends to `out` the deflate stream from which exactly the `bytes` at `offset` inflate,
    /// if the image holds them as one.
    ///
    /// With [`Check::Inflate`] the stream is inflated and compared with its checksum first.
    ///
    /// # Errors
    /// As [`Image::read_at`].
    fn packed(
        &self,
        scratch: &mut Scratch,
        offset: u64,
        bytes: usize,
        check: Check,
        out: &mut Vec<u8>,
    ) -> Result<Packed, DiskError> {
        let _ = (scratch, offset, bytes, check, out);
        Ok(Packed::Differently)
    }
}

/// How a piece of an image is stored; the answer of [`Image::packed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packed {
    /// Not at all: it reads as zeros.
    Hole,
    /// As a deflate stream, which was appended.
    Deflate,
    /// In another way; use [`Image::read_at`].
    Differently,
}

/// How far a deflate stream is checked before it is handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Its header and length only: a digest of the whole file vouches for the rest.
    Header,
    /// It is inflated in full, and length and checksum are compared.
    Inflate,
}

/// Buffers that a thread reuses from one read to the next.
pub struct Scratch {
    pub(crate) inflate: libdeflater::Decompressor,
    pub(crate) zstd: zstd::Zstd,
    /// Bytes of the image file.
    pub(crate) ahead: ahead::Ahead,
    pub(crate) grain: Vec<u8>,
    /// One table of the image: whose, which, and its entries.
    pub(crate) table_of: (u64, u64),
    pub(crate) table: Vec<u64>,
}

impl Scratch {
    /// Empty buffers, good for any image.
    #[must_use]
    pub fn new() -> Self {
        Self {
            inflate: libdeflater::Decompressor::new(),
            zstd: zstd::Zstd::default(),
            ahead: ahead::Ahead::default(),
            grain: Vec::new(),
            table_of: (0, 0),
            table: Vec::new(),
        }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

/// A number that no other image of this process has; it tells whose table a [`Scratch`] holds.
pub(crate) fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Opens the extents that a VMDK descriptor names.
pub trait Extents {
    /// Opens the extent of this name, or says why it must not or cannot be opened.
    ///
    /// # Errors
    /// When there is no such file where the image lies.
    fn open_extent(&self, name: &str) -> Result<Arc<dyn ReadAt>, DiskError>;
}

/// Opens no extent: for images that must stand alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoExtents;

impl Extents for NoExtents {
    fn open_extent(&self, name: &str) -> Result<Arc<dyn ReadAt>, DiskError> {
        Err(DiskError::new(Fault::Extent {
            name: name.to_owned(),
            reason: "extents are not allowed here",
        }))
    }
}

/// Recognises and opens an image.
///
/// # Errors
/// When it cannot be read, is damaged, needs another image (a delta disk) or crosses a limit.
pub fn open(source: Arc<dyn ReadAt>, extents: &dyn Extents) -> Result<Box<dyn Image>, DiskError> {
    let mut start = [0; 512];
    let known = usize::try_from(source.bytes().min(512)).unwrap_or(512);
    source.read_exact_at(0, &mut start[..known]).map_err(|e| DiskError::read(e).at(0))?;
    let start = &start[..known];
    if known == 0 {
        return Err(DiskError::new(Fault::Empty));
    }
    if vmdk::is_vmdk(start) {
        return Ok(Box::new(vmdk::Vmdk::open(source, extents)?));
    }
    let has = |magic: &[u8], at: usize| start.get(at..at + magic.len()) == Some(magic);
    if has(qcow2::MAGIC, 0) {
        return Ok(Box::new(qcow2::open(source)?));
    }
    if has(vdi::MAGIC, vdi::MAGIC_AT) {
        return Ok(Box::new(vdi::open(source)?));
    }
    if has(vhdx::MAGIC, 0) {
        return Ok(Box::new(vhdx::open(source)?));
    }
    if has(vhd::MAGIC, 0) || vhd::has_footer(&*source) {
        return Ok(Box::new(vhd::open(source)?));
    }
    for (magic, at, name) in FOREIGN {
        if has(magic, *at) {
            return Err(DiskError::new(Fault::Unsupported { what: name }));
        }
    }
    Ok(Box::new(raw::Raw::open(source)?))
}

/// A raw disk of this size that holds nothing.
///
/// # Errors
/// When it is larger than [`VIRTUAL_BYTES_MAX`].
pub fn blank(bytes: u64) -> Result<Box<dyn Image>, DiskError> {
    Ok(Box::new(raw::Blank::new(bytes)?))
}

/// Formats that are recognised so that they are not taken for raw bytes.
const FOREIGN: &[(&[u8], usize, &str)] =
    &[(b"\x1f\x8b\x08", 0, "gzip"), (b"<?xml", 0, "an XML document")];
