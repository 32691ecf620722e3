//! Raw images: the bytes of the disk as they are.

use std::sync::Arc;

use super::{DiskError, Fault, Format, Image, Scratch, VIRTUAL_BYTES_MAX};
use crate::package::ReadAt;

/// A raw image; a last incomplete sector is filled up with zeros.
#[derive(Debug)]
pub(crate) struct Raw {
    source: Arc<dyn ReadAt>,
}

impl Raw {
    pub(crate) fn open(source: Arc<dyn ReadAt>) -> Result<Self, DiskError> {
        check_size(source.bytes())?;
        Ok(Self { source })
    }
}

impl Image for Raw {
    fn format(&self) -> Format {
        Format::Raw
    }

    fn virtual_bytes(&self) -> u64 {
        self.source.bytes().next_multiple_of(512)
    }

    fn next_data(&self, _: &mut Scratch, from: u64) -> Result<Option<u64>, DiskError> {
        Ok((from < self.source.bytes()).then_some(from))
    }

    fn read_at(&self, _: &mut Scratch, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        let bytes = self.source.bytes();
        let left = usize::try_from(bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (inside, beyond) = buffer.split_at_mut(left.min(buffer.len()));
        beyond.fill(0);
        let read = self.source.read_exact_at(offset, inside);
        read.map_err(|error| DiskError::read_of(error, offset, bytes))
    }
}

/// A disk that holds nothing.
#[derive(Debug)]
pub(crate) struct Blank {
    bytes: u64,
}

impl Blank {
    pub(crate) fn new(bytes: u64) -> Result<Self, DiskError> {
        check_size(bytes)?;
        Ok(Self { bytes: bytes.next_multiple_of(512) })
    }
}

impl Image for Blank {
    fn format(&self) -> Format {
        Format::Raw
    }

    fn virtual_bytes(&self) -> u64 {
        self.bytes
    }

    fn next_data(&self, _: &mut Scratch, _: u64) -> Result<Option<u64>, DiskError> {
        Ok(None)
    }

    fn read_at(&self, _: &mut Scratch, _: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        buffer.fill(0);
        Ok(())
    }
}

fn check_size(found: u64) -> Result<(), DiskError> {
    if found > VIRTUAL_BYTES_MAX {
        let what = "bytes of disk";
        return Err(DiskError::new(Fault::Limit { what, found, limit_max: VIRTUAL_BYTES_MAX }));
    }
    Ok(())
}
