//! Disks that were shipped gzip-compressed: unpacked into a nameless file of the target folder.

use std::{
    fs::File,
    io::{self, BufReader, Read, Write as _},
    os::unix::fs::FileExt as _,
    path::Path,
    sync::Arc,
};

use flate2::read::MultiGzDecoder;

use super::ConvertError;
use crate::{
    disk::{DiskError, Fault},
    package::ReadAt,
    watch::Watch,
};

/// The most bytes that a file without a declared capacity may unpack to.
pub const UNPACKED_BYTES_MAX: u64 = 2 << 40;
/// How much larger than the disk a file of it may be: headers, tables, incompressible grains.
const SLACK_BYTES: u64 = 64 << 20;

/// Unpacks a file; at most what a disk of the declared capacity can need.
pub(super) fn unpack(
    packed: &dyn ReadAt,
    href: &str,
    capacity_bytes: Option<u64>,
    folder: &Path,
    watch: &dyn Watch,
) -> Result<Arc<dyn ReadAt>, ConvertError> {
    let limit_max = capacity_bytes.map_or(UNPACKED_BYTES_MAX, |capacity| {
        capacity.saturating_add(capacity / 16).saturating_add(SLACK_BYTES)
    });
    let fail_target = |error| ConvertError::target(folder, "unpack a disk into this folder", error);
    let mut file = tempfile::tempfile_in(folder).map_err(fail_target)?;
    let reader = BufReader::with_capacity(256 << 10, Sequential { source: packed, at: 0 });
    let mut decoder = MultiGzDecoder::new(reader);
    let (mut buffer, mut bytes) = (vec![0; 256 << 10], 0u64);
    loop {
        if watch.is_cancelled() {
            return Err(ConvertError::cancelled());
        }
        let count = decoder.read(&mut buffer).map_err(|_| {
            let reason = "the gzip file is damaged or cut off; fetch it again";
            ConvertError::disk(href, DiskError::new(Fault::Inflate { reason }))
        })?;
        if count == 0 {
            break;
        }
        bytes += count as u64;
        if bytes > limit_max {
            let what = "bytes or more, unpacked from gzip";
            let fault = Fault::Limit { what, found: bytes, limit_max };
            return Err(ConvertError::disk(href, DiskError::new(fault)));
        }
        file.write_all(&buffer[..count]).map_err(fail_target)?;
    }
    Ok(Arc::new(Unpacked { file, bytes }))
}

/// Reads a source from its start to its end.
struct Sequential<'a> {
    source: &'a dyn ReadAt,
    at: u64,
}

impl Read for Sequential<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.source.bytes() - self.at).unwrap_or(usize::MAX);
        let count = left.min(buffer.len());
        self.source.read_exact_at(self.at, &mut buffer[..count])?;
        self.at += count as u64;
        Ok(count)
    }
}

/// A file without a name.
#[derive(Debug)]
struct Unpacked {
    file: File,
    bytes: u64,
}

impl ReadAt for Unpacked {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}
