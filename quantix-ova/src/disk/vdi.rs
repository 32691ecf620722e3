//! VDI: VirtualBox's own format.

use std::sync::Arc;

use super::{
    DiskError, Fault, Format,
    blocks::{Blocks, Field, HOLE, Places, bytes, count},
};
use crate::package::ReadAt;

/// Where the magic lies, behind a line of text.
pub(super) const MAGIC_AT: usize = 64;
pub(super) const MAGIC: &[u8] = b"\x7f\x10\xda\xbe";
const HEADER_BYTES: usize = 512;
/// Entries from here on mean: not there, or zeros.
const DISCARDED: u32 = 0xffff_fffe;

pub(super) fn open(source: Arc<dyn ReadAt>) -> Result<Blocks, DiskError> {
    let block = bytes(&*source, 0, HEADER_BYTES)?;
    let header = Field(&block);
    let fail = |field, found: u32, expected| {
        Err(DiskError::new(Fault::Header { field, found: u64::from(found), expected }))
    };
    let (version, kind) = (header.u32_le(68), header.u32_le(76));
    if version >> 16 != 1 {
        return fail("version", version, "1.x");
    }
    if kind == 4 || block[424..440] != [0; 16] {
        return Err(DiskError::new(Fault::Delta { parent: "another VDI".to_owned() }));
    }
    if !(1..=2).contains(&kind) {
        return fail("image type", kind, "1 (dynamic) or 2 (fixed)");
    }
    let (virtual_bytes, block_bytes) = (header.u64_le(368), u64::from(header.u32_le(376)));
    if header.u32_le(380) != 0 {
        return fail("extra bytes per block", header.u32_le(380), "0");
    }
    let blocks = count(virtual_bytes, block_bytes)?;
    if (header.u32_le(384) as usize) < blocks {
        return fail("blocks", header.u32_le(384), "as many as the disk size needs");
    }
    let table = bytes(&*source, u64::from(header.u32_le(340)), blocks * 4)?;
    let data = u64::from(header.u32_le(344));
    let place = |four: &[u8]| match Field(four).u32_le(0) {
        entry if entry >= DISCARDED => HOLE,
        entry => data + u64::from(entry) * block_bytes,
    };
    let places = Places(table.chunks_exact(4).map(place).collect());
    Ok(Blocks { source, format: Format::Vdi, virtual_bytes, block_bytes, places })
}
