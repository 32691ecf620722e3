//! One sparse extent: grains behind a grain directory and grain tables, compressed or not.

use std::sync::Arc;

use libdeflater::DecompressionError;
use quantix_core::Finding;

use super::{
    DESCRIPTOR_BYTES_MAX, Descriptor, DiskError, Fault, Flags, Header, SECTOR, header::Marker, scan,
};
use crate::{
    disk::{Check, Packed, Scratch, UNIT_BYTES, unique},
    package::ReadAt,
};

/// A table entry that means: this grain is all zeros.
const ENTRY_ZERO: u64 = 1;

/// A sparse extent that was opened.
#[derive(Debug)]
pub(super) struct Sparse {
    source: Arc<dyn ReadAt>,
    header: Header,
    tables: Tables,
    descriptor: Option<Descriptor>,
    id: u64,
}

#[derive(Debug)]
enum Tables {
    /// Sectors of the grain tables in the file.
    InFile(Vec<u32>),
    /// Tables that were made from the markers.
    Scanned(scan::Tables),
}

impl Sparse {
    pub(super) fn open(
        source: Arc<dyn ReadAt>,
        findings: &mut Vec<Finding>,
    ) -> Result<Self, DiskError> {
        let bytes = source.bytes();
        let mut block = [0; 512];
        source.read_exact_at(0, &mut block).map_err(|e| DiskError::read_of(e, 0, bytes))?;
        let first = Header::parse(&block).map_err(|error| error.at(0))?;
        let overhead = u64::from_le_bytes(block[64..72].try_into().unwrap_or_default());
        let descriptor = embedded(&*source, &first)?;
        let (header, tables) = match first.directory_at {
            Some(at) => {
                let directory = directory(&*source, &first, at)?;
                (first, Tables::InFile(directory))
            }
            None => match scan::footer(&*source)? {
                Some(footer) if footer.directory_at.is_some() => {
                    same_shape(&first, &footer)?;
                    let directory = directory(&*source, &footer, footer.directory_at.unwrap_or(0))?;
                    (footer, Tables::InFile(directory))
                }
                _ => {
                    let overhead = overhead.saturating_mul(SECTOR);
                    let tables = scan::tables(&*source, &first, overhead)?;
                    let text = "no footer; the grains were found by their markers";
                    findings.push(Finding::warning("vmdk-no-footer", text));
                    (first, Tables::Scanned(tables))
                }
            },
        };
        Ok(Self { source, header, tables, descriptor, id: unique() })
    }

    pub(super) fn virtual_bytes(&self) -> u64 {
        self.header.capacity_bytes
    }

    /// The size of a grain, where grains are compressed.
    pub(super) fn piece_bytes(&self) -> u64 {
        if self.header.flags.has(Flags::COMPRESSED) { self.header.grain_bytes } else { 0 }
    }

    pub(super) fn descriptor(&self) -> Option<&Descriptor> {
        self.descriptor.as_ref()
    }

    pub(super) fn next_data(
        &self,
        scratch: &mut Scratch,
        from: u64,
    ) -> Result<Option<u64>, DiskError> {
        let (grain_bytes, entries) =
            (self.header.grain_bytes, u64::from(self.header.table_entries));
        let mut grain = from / grain_bytes;
        while grain * grain_bytes < self.header.capacity_bytes {
            if !self.load_table(scratch, grain / entries)? {
                grain = (grain / entries + 1) * entries;
                continue;
            }
            let inside = usize::try_from(grain % entries).unwrap_or(0);
            let mut left = scratch.table[inside..].iter();
            match left.position(|&entry| self.is_data(entry)) {
                Some(skipped) => {
                    let at = (grain + skipped as u64) * grain_bytes;
                    return Ok((at < self.header.capacity_bytes).then_some(at.max(from)));
                }
                None => grain = (grain / entries + 1) * entries,
            }
        }
        Ok(None)
    }

    pub(super) fn read_at(
        &self,
        scratch: &mut Scratch,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<(), DiskError> {
        let grain_bytes = self.header.grain_bytes;
        let (mut at, mut rest) = (offset, buffer);
        let end = offset + rest.len() as u64;
        while !rest.is_empty() {
            let (grain, skip) = (at / grain_bytes, at % grain_bytes);
            let room = usize::try_from(grain_bytes - skip).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at_mut(room.min(rest.len()));
            let (sector, hint) = self.locate(scratch, grain, end)?;
            match sector {
                None => now.fill(0),
                Some(sector) if self.header.flags.has(Flags::COMPRESSED) => self
                    .inflate(scratch, grain, sector, hint, skip, now)
                    .map_err(|error| self.place(error, grain))?,
                Some(sector) => {
                    let from = sector * SECTOR + skip;
                    let read = self.source.read_exact_at(from, now);
                    read.map_err(|error| {
                        let error = DiskError::read_of(error, from, self.source.bytes());
                        self.place(error, grain)
                    })?;
                }
            }
            at += now.len() as u64;
            rest = later;
        }
        Ok(())
    }

    pub(super) fn packed(
        &self,
        scratch: &mut Scratch,
        offset: u64,
        bytes: usize,
        check: Check,
        out: &mut Vec<u8>,
    ) -> Result<Packed, DiskError> {
        let grain_bytes = self.header.grain_bytes;
        if grain_bytes != bytes as u64
            || !offset.is_multiple_of(grain_bytes)
            || offset + grain_bytes > self.header.capacity_bytes
            || !self.header.flags.has(Flags::COMPRESSED)
            || !self.header.flags.has(Flags::MARKERS)
        {
            return Ok(Packed::Differently);
        }
        let grain = offset / grain_bytes;
        let unit_end = (offset / UNIT_BYTES + 1) * UNIT_BYTES;
        let (Some(sector), hint) = self.locate(scratch, grain, unit_end)? else {
            return Ok(Packed::Hole);
        };
        let place = |error| self.place(error, grain);
        let stream = self.fetch(scratch, grain, sector, hint).map_err(place)?;
        let window = &scratch.ahead.bytes()[stream];
        let damaged = |reason| DiskError::new(Fault::Inflate { reason }).at(sector * SECTOR);
        let body = zlib_body(window).map_err(|reason| place(damaged(reason)))?;
        // Marked sizes may count padding: the stream must end where the checksum starts, which
        // only inflating it can tell.
        if check == Check::Inflate {
            scratch.grain.resize(bytes, 0);
            let done = scratch.inflate.zlib_decompress(window, &mut scratch.grain);
            match done {
                Ok(count) if count == bytes => {}
                Ok(_) => return Ok(Packed::Differently),
                Err(error) => return Err(place(damaged(reason_of(error)))),
            }
        }
        out.extend_from_slice(body);
        Ok(Packed::Deflate)
    }

    /// The sector of a grain, if it has data, and up to which byte of the file reading ahead pays
    /// for a reader that wants the disk up to `wanted_end`.
    fn locate(
        &self,
        scratch: &mut Scratch,
        grain: u64,
        wanted_end: u64,
    ) -> Result<(Option<u64>, u64), DiskError> {
        let entries = u64::from(self.header.table_entries);
        if !self.load_table(scratch, grain / entries)? {
            return Ok((None, 0));
        }
        let inside = usize::try_from(grain % entries).unwrap_or(0);
        let Some(&entry) = scratch.table.get(inside).filter(|&&entry| self.is_data(entry)) else {
            return Ok((None, 0));
        };
        if !self.header.flags.has(Flags::COMPRESSED) {
            return Ok((Some(entry), 0));
        }
        let last = wanted_end.div_ceil(self.header.grain_bytes).saturating_sub(grain);
        let last = usize::try_from(last).unwrap_or(usize::MAX);
        let ahead = scratch.table[inside..].iter().take(last.saturating_add(1));
        let ahead = ahead.copied().take_while(|&other| other >= entry || !self.is_data(other));
        let hint = ahead.max().unwrap_or(entry) * SECTOR;
        Ok((Some(entry), hint))
    }

    fn is_data(&self, entry: u64) -> bool {
        entry != 0 && !(entry == ENTRY_ZERO && self.header.flags.has(Flags::ZERO_GRAIN))
    }

    /// Puts grain table `table` into the scratch; false when it does not exist.
    fn load_table(&self, scratch: &mut Scratch, table: u64) -> Result<bool, DiskError> {
        let index = usize::try_from(table).unwrap_or(usize::MAX);
        let sector = match &self.tables {
            Tables::InFile(directory) => match directory.get(index) {
                None | Some(0) => return Ok(false),
                Some(&sector) => u64::from(sector),
            },
            Tables::Scanned(tables) => {
                let Some(found) = tables.get(&table) else { return Ok(false) };
                if scratch.table_of != (self.id, table) {
                    scratch.table.clear();
                    scratch.table.extend(found.iter().copied().map(u64::from));
                    scratch.table_of = (self.id, table);
                }
                return Ok(true);
            }
        };
        if scratch.table_of == (self.id, table) {
            return Ok(true);
        }
        scratch.table_of = (0, 0);
        let entries = self.header.table_entries as usize;
        let entries = words(&*self.source, sector * SECTOR, entries)?;
        scratch.table.clear();
        scratch.table.extend(entries.into_iter().map(u64::from));
        scratch.table_of = (self.id, table);
        Ok(true)
    }

    /// Inflates a grain and copies its bytes from `skip` on.
    fn inflate(
        &self,
        scratch: &mut Scratch,
        grain: u64,
        sector: u64,
        hint: u64,
        skip: u64,
        out: &mut [u8],
    ) -> Result<(), DiskError> {
        let stream = self.fetch(scratch, grain, sector, hint)?;
        let grain_bytes = usize::try_from(self.header.grain_bytes).unwrap_or(usize::MAX);
        let fail = |reason| DiskError::new(Fault::Inflate { reason }).at(sector * SECTOR);
        let fail_inflate = |error| fail(reason_of(error));
        let Scratch { inflate, ahead, grain: whole, .. } = scratch;
        let stream = &ahead.bytes()[stream];
        if out.len() == grain_bytes {
            let count = inflate.zlib_decompress(stream, out).map_err(fail_inflate)?;
            return match count == grain_bytes {
                true => Ok(()),
                false => Err(fail("it inflates to less than a grain")),
            };
        }
        whole.resize(grain_bytes, 0);
        let count = inflate.zlib_decompress(stream, whole).map_err(fail_inflate)?;
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let left = self.header.capacity_bytes.saturating_sub(grain * self.header.grain_bytes);
        let whole = &whole[..grain_bytes];
        let inside = usize::try_from(left).unwrap_or(usize::MAX).min(skip + out.len());
        if count < inside {
            return Err(fail("it inflates to less than a grain"));
        }
        out.copy_from_slice(&whole[skip..skip + out.len()]);
        Ok(())
    }

    /// Reads the compressed bytes of a grain, and returns where they are in what was read ahead.
    fn fetch(
        &self,
        scratch: &mut Scratch,
        grain: u64,
        sector: u64,
        hint: u64,
    ) -> Result<std::ops::Range<usize>, DiskError> {
        let at = sector * SECTOR;
        let limit_max = self.header.grain_bytes * 2 + SECTOR;
        if !self.header.flags.has(Flags::MARKERS) {
            let bytes = limit_max.min(self.source.bytes().saturating_sub(at));
            return self.ahead(scratch, at, bytes.max(1), 0);
        }
        let head = self.ahead(scratch, at, 16, hint)?;
        let head: [u8; 16] = scratch.ahead.bytes()[head].try_into().unwrap_or_default();
        let (lba, bytes) = match Marker::parse(&head) {
            Marker::Grain { lba, bytes } => (lba, u64::from(bytes)),
            Marker::Meta { .. } => {
                return Err(DiskError::new(Fault::GrainSize { found: 0, limit_max }).at(at));
            }
        };
        if lba != grain * (self.header.grain_bytes / SECTOR) {
            return Err(DiskError::new(Fault::Marker { found_lba: lba }).at(at));
        }
        if bytes > limit_max {
            return Err(DiskError::new(Fault::GrainSize { found: bytes, limit_max }).at(at));
        }
        self.ahead(scratch, at + Marker::GRAIN_HEAD as u64, bytes, hint)
    }

    /// Reads ahead in the file; a last grain may end half a grain behind the `hint`.
    fn ahead(
        &self,
        scratch: &mut Scratch,
        at: u64,
        bytes: u64,
        hint: u64,
    ) -> Result<std::ops::Range<usize>, DiskError> {
        let end = hint.max(at) + self.header.grain_bytes / 2;
        scratch.ahead.fetch(&*self.source, self.id, at, bytes, end)
    }

    fn place(&self, error: DiskError, grain: u64) -> DiskError {
        error.of_grain(grain, grain * (self.header.grain_bytes / SECTOR))
    }
}

/// The deflate stream inside a zlib stream: without its two-byte head and four-byte checksum.
fn zlib_body(stream: &[u8]) -> Result<&[u8], &'static str> {
    let [method, flags, body @ .., _, _, _, _] = stream else {
        return Err("shorter than any zlib stream");
    };
    if method & 0x0f != 8
        || method >> 4 > 7
        || !(u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31)
    {
        return Err("no zlib header");
    }
    if flags & 0x20 != 0 {
        return Err("it needs a preset dictionary");
    }
    Ok(body)
}

fn reason_of(error: DecompressionError) -> &'static str {
    match error {
        DecompressionError::BadData => "bad data or checksum",
        DecompressionError::InsufficientSpace => "it inflates beyond the size of a grain",
    }
}

/// Refuses a footer that describes another disk than the header.
fn same_shape(header: &Header, footer: &Header) -> Result<(), DiskError> {
    let shape = |h: &Header| (h.grain_bytes, h.table_entries, h.flags.0 & !1, h.capacity_bytes);
    if shape(header) == shape(footer) {
        return Ok(());
    }
    let (field, found) = ("capacity or grainSize of the footer", footer.capacity_bytes / SECTOR);
    Err(DiskError::new(Fault::Header { field, found, expected: "what the header says" }))
}

fn embedded(source: &dyn ReadAt, header: &Header) -> Result<Option<Descriptor>, DiskError> {
    let (at, bytes) = header.descriptor;
    if at == 0 || bytes == 0 {
        return Ok(None);
    }
    if bytes > DESCRIPTOR_BYTES_MAX {
        let (what, limit_max) = ("bytes of VMDK descriptor", DESCRIPTOR_BYTES_MAX);
        return Err(DiskError::new(Fault::Limit { what, found: bytes, limit_max }));
    }
    let mut text = vec![0; usize::try_from(bytes).unwrap_or(0)];
    source
        .read_exact_at(at, &mut text)
        .map_err(|error| DiskError::read_of(error, at, source.bytes()))?;
    Descriptor::parse(&text).map(Some)
}

fn directory(source: &dyn ReadAt, header: &Header, at: u64) -> Result<Vec<u32>, DiskError> {
    words(source, at, usize::try_from(header.tables()).unwrap_or(usize::MAX))
}

/// Reads `count` little-endian words; the file must hold them all.
fn words(source: &dyn ReadAt, at: u64, count: usize) -> Result<Vec<u32>, DiskError> {
    let file = source.bytes();
    if at.checked_add(count as u64 * 4).is_none_or(|end| end > file) {
        return Err(DiskError::new(Fault::Truncated { file_bytes: file }).at(at));
    }
    let mut bytes = vec![0; count * 4];
    source.read_exact_at(at, &mut bytes).map_err(|error| DiskError::read_of(error, at, file))?;
    let word = |four: &[u8]| u32::from_le_bytes(four.try_into().unwrap_or_default());
    Ok(bytes.chunks_exact(4).map(word).collect())
}
