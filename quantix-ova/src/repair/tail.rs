//! Where a stream-optimized VMDK ends.

use std::io;

use crate::package::ReadAt;

const SECTOR: u64 = 512;

/// The bytes up to and including the end-of-stream marker; `None` when the source is no
/// stream-optimized VMDK, or has no such marker.
///
/// Only the markers are read, a few bytes for each grain.
pub(super) fn stream_end(source: &dyn ReadAt) -> io::Result<Option<u64>> {
    let mut header = [0; 512];
    if source.bytes() < SECTOR {
        return Ok(None);
    }
    source.read_exact_at(0, &mut header)?;
    let flags = u32_at(&header, 8);
    // Compressed grains, and markers before them.
    if !header.starts_with(b"KDMV") || flags & 0x3_0000 != 0x3_0000 {
        return Ok(None);
    }
    let sectors = source.bytes() / SECTOR;
    let mut at = u64_at(&header, 64).max(1);
    while at < sectors {
        let mut marker = [0; 16];
        source.read_exact_at(at * SECTOR, &mut marker)?;
        let (value, size, kind) = (u64_at(&marker, 0), u32_at(&marker, 8), u32_at(&marker, 12));
        at += match (size, kind) {
            (0, 0) => return Ok(Some((at + 1) * SECTOR)),
            // Grain tables, the grain directory and the footer follow their markers.
            (0, 1..=3) if value <= sectors => 1 + value,
            (0, _) => return Ok(None),
            // A grain follows its marker of 12 bytes at once.
            (size, _) => (12 + u64::from(size)).div_ceil(SECTOR),
        };
    }
    Ok(None)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
