//! VHD: the format of Virtual PC, early Hyper-V and XenServer.

use std::sync::Arc;

use super::{
    DiskError, Fault, Format,
    blocks::{Blocks, Field, HOLE, Places, bytes, count},
};
use crate::package::ReadAt;

pub(super) const MAGIC: &[u8] = b"conectix";
const FOOTER_BYTES: u64 = 512;
const FIXED: u32 = 2;
const DYNAMIC: u32 = 3;
const DIFFERENCE: u32 = 4;
/// A fixed image is read as blocks of this size.
const FIXED_BLOCK_BYTES: u64 = 256 << 20;

/// Whether the file ends like a VHD; a fixed one starts with the disk itself.
pub(super) fn has_footer(source: &dyn ReadAt) -> bool {
    let at = source.bytes().checked_sub(FOOTER_BYTES);
    let footer = at.and_then(|at| bytes(source, at, 512).ok());
    footer.is_some_and(|footer| footer.starts_with(MAGIC) && checksum_is_right(&footer))
}

pub(super) fn open(source: Arc<dyn ReadAt>) -> Result<Blocks, DiskError> {
    let end = source.bytes().saturating_sub(FOOTER_BYTES);
    // The copy at the start serves where the end was cut off.
    let footer = [end, 0].into_iter().find_map(|at| {
        let footer = bytes(&*source, at, 512).ok()?;
        (footer.starts_with(MAGIC) && checksum_is_right(&footer)).then_some(footer)
    });
    let footer = footer.ok_or_else(|| {
        let (field, expected) = ("footer", "one with the right checksum");
        DiskError::new(Fault::Header { field, found: 0, expected })
    })?;
    let footer = Field(&footer);
    let (virtual_bytes, kind) = (footer.u64_be(48), footer.u32_be(60));
    match kind {
        FIXED => {
            let blocks = count(virtual_bytes, FIXED_BLOCK_BYTES)?;
            if virtual_bytes > end {
                let fault = Fault::Truncated { file_bytes: source.bytes() };
                return Err(DiskError::new(fault).at(end));
            }
            let places = (0..blocks as u64).map(|block| block * FIXED_BLOCK_BYTES);
            let places = Places(places.collect());
            let block_bytes = FIXED_BLOCK_BYTES;
            Ok(Blocks { source, format: Format::Vhd, virtual_bytes, block_bytes, places })
        }
        DYNAMIC => dynamic(source, virtual_bytes, footer.u64_be(16)),
        DIFFERENCE => Err(DiskError::new(Fault::Delta { parent: "another VHD".to_owned() })),
        _ => {
            let (field, expected) = ("disk type", "2 (fixed) or 3 (dynamic)");
            Err(DiskError::new(Fault::Header { field, found: u64::from(kind), expected }))
        }
    }
}

fn dynamic(source: Arc<dyn ReadAt>, virtual_bytes: u64, at: u64) -> Result<Blocks, DiskError> {
    let block = bytes(&*source, at, 1024)?;
    let header = Field(&block);
    if !block.starts_with(b"cxsparse") {
        let (field, expected) = ("dynamic header", "cxsparse");
        return Err(DiskError::new(Fault::Header { field, found: 0, expected }).at(at));
    }
    let block_bytes = u64::from(header.u32_be(32));
    let blocks = count(virtual_bytes, block_bytes)?;
    if (header.u32_be(28) as usize) < blocks {
        let (field, expected) = ("table entries", "as many as the disk size needs");
        let found = u64::from(header.u32_be(28));
        return Err(DiskError::new(Fault::Header { field, found, expected }).at(at));
    }
    let table = bytes(&*source, header.u64_be(16), blocks * 4)?;
    // Each block is preceded by a bitmap of its sectors, in whole sectors.
    let bitmap_bytes = (block_bytes / 512).div_ceil(8).next_multiple_of(512);
    let place = |four: &[u8]| match Field(four).u32_be(0) {
        u32::MAX => HOLE,
        sector => u64::from(sector) * 512 + bitmap_bytes,
    };
    let places = Places(table.chunks_exact(4).map(place).collect());
    Ok(Blocks { source, format: Format::Vhd, virtual_bytes, block_bytes, places })
}

/// The checksum is the complement of the sum of all other bytes.
fn checksum_is_right(footer: &[u8]) -> bool {
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    Field(footer).u32_be(64) == !(sum(footer) - sum(&footer[64..68]))
}
