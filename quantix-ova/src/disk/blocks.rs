//! What VDI, VHD and VHDX have in common: a table with the place of each block in the file.

use std::{fmt, sync::Arc};

use super::{DiskError, Fault, Format, Image, Scratch, VIRTUAL_BYTES_MAX};
use crate::package::ReadAt;

/// The most blocks that a table may describe.
pub(super) const BLOCKS_MAX: u64 = 1 << 23;
/// The most bytes that a block may have.
pub(super) const BLOCK_BYTES_MAX: u64 = 256 << 20;

/// An image of equal blocks, each of them somewhere in the file or nowhere.
#[derive(Debug)]
pub(super) struct Blocks {
    pub(super) source: Arc<dyn ReadAt>,
    pub(super) format: Format,
    pub(super) virtual_bytes: u64,
    pub(super) block_bytes: u64,
    /// Where each block starts; [`HOLE`] for those that read as zeros.
    pub(super) places: Places,
}

/// The place of a block that is not in the file.
pub(super) const HOLE: u64 = u64::MAX;

/// The places of all blocks.
pub(super) struct Places(pub(super) Vec<u64>);

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} blocks", self.0.len())
    }
}

/// Checks sizes before a table is read: the number of blocks of the disk.
pub(super) fn count(virtual_bytes: u64, block_bytes: u64) -> Result<usize, DiskError> {
    if virtual_bytes > VIRTUAL_BYTES_MAX {
        let (what, limit_max) = ("bytes of disk", VIRTUAL_BYTES_MAX);
        return Err(DiskError::new(Fault::Limit { what, found: virtual_bytes, limit_max }));
    }
    if !block_bytes.is_power_of_two() || !(512..=BLOCK_BYTES_MAX).contains(&block_bytes) {
        let (field, expected) = ("block size", "a power of two, at most 256 MiB");
        return Err(DiskError::new(Fault::Header { field, found: block_bytes, expected }));
    }
    let found = virtual_bytes.div_ceil(block_bytes);
    if found > BLOCKS_MAX {
        let what = "blocks";
        return Err(DiskError::new(Fault::Limit { what, found, limit_max: BLOCKS_MAX }));
    }
    usize::try_from(found).map_err(|_| DiskError::new(Fault::Empty))
}

/// Reads part of a file, or says that it is cut off.
pub(super) fn bytes(source: &dyn ReadAt, at: u64, count: usize) -> Result<Vec<u8>, DiskError> {
    let file = source.bytes();
    if at.checked_add(count as u64).is_none_or(|end| end > file) {
        return Err(DiskError::new(Fault::Truncated { file_bytes: file }).at(at));
    }
    let mut buffer = vec![0; count];
    source.read_exact_at(at, &mut buffer).map_err(|e| DiskError::read_of(e, at, file))?;
    Ok(buffer)
}

/// Little- and big-endian numbers at a position of a header that is long enough.
pub(super) struct Field<'a>(pub(super) &'a [u8]);

impl Field<'_> {
    fn part<const N: usize>(&self, at: usize) -> [u8; N] {
        self.0.get(at..at + N).and_then(|part| part.try_into().ok()).unwrap_or([0; N])
    }

    pub(super) fn u16_le(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.part(at))
    }

    pub(super) fn u32_le(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.part(at))
    }

    pub(super) fn u64_le(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.part(at))
    }

    pub(super) fn u32_be(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.part(at))
    }

    pub(super) fn u64_be(&self, at: usize) -> u64 {
        u64::from_be_bytes(self.part(at))
    }
}

impl Image for Blocks {
    fn format(&self) -> Format {
        self.format
    }

    fn virtual_bytes(&self) -> u64 {
        self.virtual_bytes.next_multiple_of(512)
    }

    fn next_data(&self, _: &mut Scratch, from: u64) -> Result<Option<u64>, DiskError> {
        let first = usize::try_from(from / self.block_bytes).unwrap_or(usize::MAX);
        let left = self.places.0.get(first..).unwrap_or_default();
        let found = left.iter().position(|&place| place != HOLE);
        let at = found.map(|skip| ((first + skip) as u64 * self.block_bytes).max(from));
        Ok(at.filter(|at| *at < self.virtual_bytes))
    }

    fn read_at(&self, _: &mut Scratch, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        let (mut at, mut rest) = (offset, buffer);
        while !rest.is_empty() {
            let (block, skip) = (at / self.block_bytes, at % self.block_bytes);
            let room = usize::try_from(self.block_bytes - skip).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at_mut(room.min(rest.len()));
            let index = usize::try_from(block).unwrap_or(usize::MAX);
            match self.places.0.get(index) {
                None | Some(&HOLE) => now.fill(0),
                Some(place) => {
                    let from = place.saturating_add(skip);
                    // A last block may end with the file where the disk does.
                    let inside = self.source.bytes().saturating_sub(from);
                    let wanted = self.virtual_bytes.saturating_sub(at).min(now.len() as u64);
                    if inside < wanted {
                        let fault = Fault::Truncated { file_bytes: self.source.bytes() };
                        let lba = block * (self.block_bytes / 512);
                        return Err(DiskError::new(fault).at(from).of_grain(block, lba));
                    }
                    let length = usize::try_from(inside).unwrap_or(usize::MAX).min(now.len());
                    now[length..].fill(0);
                    let read = self.source.read_exact_at(from, &mut now[..length]);
                    read.map_err(|e| DiskError::read_of(e, from, self.source.bytes()))?;
                }
            }
            at += now.len() as u64;
            rest = later;
        }
        Ok(())
    }
}
