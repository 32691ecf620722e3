//! Finding grains without the tables: the footer of a stream-optimized image, or every marker.

use std::collections::BTreeMap;

use super::{
    DiskError, Fault, Header, MARKER_EOS, MARKER_FOOTER, MARKER_GD, MARKER_GT, SECTOR,
    header::{MAGIC, Marker},
};
use crate::package::ReadAt;

/// The most grains that may be found by their markers.
pub(super) const SCANNED_GRAINS_MAX: usize = 16 << 20;

/// How far before the end of the file the footer may lie.
const FOOTER_SEARCH_BYTES: u64 = 1 << 20;

/// Reads the footer: a copy of the header that knows where the grain directory is.
///
/// It is the last sector but one; some writers put padding behind it.
pub(super) fn footer(source: &dyn ReadAt) -> Result<Option<Header>, DiskError> {
    let bytes = source.bytes();
    let span = bytes.min(FOOTER_SEARCH_BYTES) / SECTOR * SECTOR;
    let start = bytes / SECTOR * SECTOR - span;
    let mut tail = vec![0; usize::try_from(span).unwrap_or(0)];
    source.read_exact_at(start, &mut tail).map_err(|e| DiskError::read_of(e, start, bytes))?;
    let blocks: Vec<&[u8; 512]> =
        tail.chunks_exact(512).filter_map(|block| block.try_into().ok()).collect();
    for pair in blocks.windows(2).rev() {
        let head: [u8; 16] = pair[0][..16].try_into().unwrap_or_default();
        let is_footer = Marker::parse(&head) == Marker::Meta { sectors: 1, kind: MARKER_FOOTER };
        if is_footer && pair[1][..4] == *MAGIC {
            return Header::parse(pair[1]).map(Some);
        }
    }
    Ok(None)
}

/// Grain tables made from the markers: for each table, the sector of each grain.
pub(super) type Tables = BTreeMap<u64, Vec<u32>>;

/// Walks over all markers from sector `overhead` on; an error unless the end-of-stream marker is
/// reached.
pub(super) fn tables(
    source: &dyn ReadAt,
    header: &Header,
    overhead: u64,
) -> Result<Tables, DiskError> {
    let bytes = source.bytes();
    let (mut at, mut tables, mut count) = (overhead, Tables::new(), 0);
    loop {
        let mut head = [0; 16];
        source
            .read_exact_at(at, &mut head)
            .map_err(|_| DiskError::new(Fault::NoTables).at(bytes))?;
        match Marker::parse(&head) {
            Marker::Grain { lba, bytes } => {
                count += 1;
                if count > SCANNED_GRAINS_MAX {
                    let (what, limit_max) = ("grains without tables", SCANNED_GRAINS_MAX as u64);
                    let fault = Fault::Limit { what, found: count as u64, limit_max };
                    return Err(DiskError::new(fault).at(at));
                }
                note(&mut tables, header, lba, at)?;
                let end = at + Marker::GRAIN_HEAD as u64 + u64::from(bytes);
                at = end.next_multiple_of(SECTOR);
            }
            Marker::Meta { kind: MARKER_EOS, .. } => return Ok(tables),
            Marker::Meta { sectors, kind: MARKER_GT | MARKER_GD | MARKER_FOOTER }
                if sectors <= bytes / SECTOR =>
            {
                at += SECTOR + sectors * SECTOR;
            }
            Marker::Meta { kind, .. } => {
                let (field, expected) = ("marker type", "0 to 3");
                let fault = Fault::Header { field, found: u64::from(kind), expected };
                return Err(DiskError::new(fault).at(at));
            }
        }
    }
}

fn note(tables: &mut Tables, header: &Header, lba: u64, at: u64) -> Result<(), DiskError> {
    let grain_sectors = header.grain_bytes / SECTOR;
    let grain = lba / grain_sectors;
    if !lba.is_multiple_of(grain_sectors) || lba >= header.capacity_bytes / SECTOR {
        return Err(DiskError::new(Fault::Marker { found_lba: lba }).at(at));
    }
    let entries = u64::from(header.table_entries);
    let table = tables.entry(grain / entries);
    let table = table.or_insert_with(|| vec![0; header.table_entries as usize]);
    let sector = u32::try_from(at / SECTOR).map_err(|_| {
        let (what, limit_max) = ("sectors of stream-optimized image", u64::from(u32::MAX));
        DiskError::new(Fault::Limit { what, found: at / SECTOR, limit_max }).at(at)
    })?;
    if let Some(entry) = usize::try_from(grain % entries).ok().and_then(|i| table.get_mut(i)) {
        *entry = sector;
    }
    Ok(())
}
