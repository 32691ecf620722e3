//! Sparse extents of ESX: COWD (`vmfsSparse`) and space-efficient (`seSparse`).
//!
//! Both are what ESX makes for snapshots; as the base of a disk they hold all of it.

use std::sync::Arc;

use super::{DiskError, Fault, SECTOR, VIRTUAL_BYTES_MAX};
use crate::{
    disk::{
        Scratch,
        blocks::{Field, bytes},
        unique,
    },
    package::ReadAt,
};

pub(super) const COWD_MAGIC: &[u8] = b"COWD";
pub(super) const SE_MAGIC: &[u8] = b"\xbe\xba\xfe\xca\0\0\0\0";
/// Grains that one grain table describes, in either format.
const TABLE_ENTRIES: u64 = 4096;
/// The most bytes that a grain may have.
const GRAIN_BYTES_MAX: u64 = 4 << 20;
/// The most grain tables that one extent may have.
const TABLES_MAX: u64 = 1 << 22;

/// COWD: the disk stands alone.
const COWD_ROOT: u32 = 1;
const COWD_HEADER_BYTES: usize = 2048;

const SE_HEADER_BYTES: usize = 512;
const SE_VERSION: u64 = 0x0000_0002_0000_0001;
const SE_VOLATILE_MAGIC: u64 = 0xcafe_cafe;
/// What kind a table entry of seSparse is: its upper four bits.
const SE_KIND: u64 = 0xf << 60;
const SE_TABLE: u64 = 0x1 << 60;
const SE_ALLOCATED: u64 = 0x3 << 60;

/// A sparse extent of ESX that was opened.
#[derive(Debug)]
pub(super) struct Esx {
    source: Arc<dyn ReadAt>,
    capacity_bytes: u64,
    grain_bytes: u64,
    kind: Kind,
    /// The byte where each grain table starts; 0 for those that are not there.
    directory: Vec<u64>,
    id: u64,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Cowd,
    /// Grains are counted from this byte on.
    Se {
        grains_at: u64,
    },
}

fn wrong<T>(field: &'static str, found: u64, expected: &'static str) -> Result<T, DiskError> {
    Err(DiskError::new(Fault::Header { field, found, expected }).at(0))
}

impl Esx {
    /// Opens a COWD extent.
    pub(super) fn cowd(source: Arc<dyn ReadAt>) -> Result<Self, DiskError> {
        let head = bytes(&*source, 0, COWD_HEADER_BYTES)?;
        let header = Field(&head);
        if header.u32_le(4) != 1 {
            return wrong("version", u64::from(header.u32_le(4)), "1");
        }
        let capacity_bytes = u64::from(header.u32_le(12)) * SECTOR;
        let grain_bytes = u64::from(header.u32_le(16)) * SECTOR;
        let tables = tables(capacity_bytes, grain_bytes)?;
        if u64::from(header.u32_le(24)) < tables {
            return wrong(
                "numGDEntries",
                u64::from(header.u32_le(24)),
                "as many as the disk needs",
            );
        }
        let count = usize::try_from(tables).unwrap_or(0);
        let directory = bytes(&*source, u64::from(header.u32_le(20)) * SECTOR, count * 4)?;
        let directory = directory.chunks_exact(4).map(|e| u64::from(Field(e).u32_le(0)) * SECTOR);
        let (directory, kind, id) = (directory.collect(), Kind::Cowd, unique());
        Ok(Self { source, capacity_bytes, grain_bytes, kind, directory, id })
    }

    /// Refuses a COWD extent that says itself that it is only the difference to another.
    pub(super) fn refuse_child(source: &dyn ReadAt) -> Result<(), DiskError> {
        let head = bytes(source, 0, COWD_HEADER_BYTES)?;
        if Field(&head).u32_le(8) & COWD_ROOT != 0 {
            return Ok(());
        }
        let name = head[32..32 + 1024].split(|byte| *byte == 0).next().unwrap_or_default();
        let parent = String::from_utf8_lossy(name).chars().take(200).collect();
        Err(DiskError::new(Fault::Delta { parent }))
    }

    /// Opens a space-efficient sparse extent.
    pub(super) fn space_efficient(source: Arc<dyn ReadAt>) -> Result<Self, DiskError> {
        let head = bytes(&*source, 0, SE_HEADER_BYTES)?;
        let header = Field(&head);
        if header.u64_le(8) != SE_VERSION {
            return wrong("version", header.u64_le(8), "2.1");
        }
        if header.u64_le(40) != 0 {
            return wrong("flags", header.u64_le(40), "0");
        }
        let table_sectors = header.u64_le(32);
        if table_sectors != TABLE_ENTRIES * 8 / SECTOR {
            return wrong("grainTableSize", table_sectors, "64 sectors");
        }
        let place = |at: usize| header.u64_le(at).saturating_mul(SECTOR);
        let capacity_bytes = place(16);
        let grain_bytes = place(24);
        let tables = tables(capacity_bytes, grain_bytes)?;
        check_journal(&*source, place(80))?;
        let (directory_at, directory_bytes) = (place(128), place(136));
        if directory_bytes / 8 < tables {
            return wrong("grainDirSize", directory_bytes / SECTOR, "as many as the disk needs");
        }
        let (tables_at, grains_at) = (place(144), place(192));
        let count = usize::try_from(tables).unwrap_or(0);
        let entries = bytes(&*source, directory_at, count * 8)?;
        let mut directory = Vec::with_capacity(count);
        for entry in entries.chunks_exact(8).map(|entry| Field(entry).u64_le(0)) {
            directory.push(match (entry, entry & !0xffff_ffff) {
                (0, _) => 0,
                (_, SE_TABLE) => (entry & 0xffff_ffff)
                    .saturating_mul(TABLE_ENTRIES * 8)
                    .saturating_add(tables_at),
                _ => return wrong("grain directory entry", entry, "0 or the number of a table"),
            });
        }
        let (kind, id) = (Kind::Se { grains_at }, unique());
        Ok(Self { source, capacity_bytes, grain_bytes, kind, directory, id })
    }

    pub(super) fn virtual_bytes(&self) -> u64 {
        self.capacity_bytes
    }

    pub(super) fn next_data(
        &self,
        scratch: &mut Scratch,
        from: u64,
    ) -> Result<Option<u64>, DiskError> {
        let mut grain = from / self.grain_bytes;
        while grain * self.grain_bytes < self.capacity_bytes {
            let table = grain / TABLE_ENTRIES;
            if self.load(scratch, table)? {
                let first = usize::try_from(grain % TABLE_ENTRIES).unwrap_or(0);
                let mut left = scratch.table[first..].iter();
                if let Some(skip) = left.position(|place| *place != 0) {
                    let at = (grain + skip as u64) * self.grain_bytes;
                    return Ok((at < self.capacity_bytes).then_some(at.max(from)));
                }
            }
            grain = (table + 1) * TABLE_ENTRIES;
        }
        Ok(None)
    }

    pub(super) fn read_at(
        &self,
        scratch: &mut Scratch,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<(), DiskError> {
        let (mut at, mut rest) = (offset, buffer);
        while !rest.is_empty() {
            let (place, run) = self.run(scratch, at, rest.len() as u64)?;
            let count = usize::try_from(run).unwrap_or(usize::MAX).min(rest.len());
            let (now, later) = rest.split_at_mut(count);
            match place {
                None => now.fill(0),
                Some(from) => {
                    let read = self.source.read_exact_at(from, now);
                    read.map_err(|error| {
                        let grain = at / self.grain_bytes;
                        DiskError::read_of(error, from, self.source.bytes())
                            .of_grain(grain, grain * (self.grain_bytes / SECTOR))
                    })?;
                }
            }
            at += count as u64;
            rest = later;
        }
        Ok(())
    }

    /// Where the bytes at `offset` lie, and for how many bytes of at most `wanted` the file goes on
    /// as the disk does.
    fn run(
        &self,
        scratch: &mut Scratch,
        offset: u64,
        wanted: u64,
    ) -> Result<(Option<u64>, u64), DiskError> {
        let (grain, skip) = (offset / self.grain_bytes, offset % self.grain_bytes);
        let mut run = self.grain_bytes - skip;
        let table_left = (TABLE_ENTRIES - grain % TABLE_ENTRIES) * self.grain_bytes - skip;
        if !self.load(scratch, grain / TABLE_ENTRIES)? {
            return Ok((None, table_left));
        }
        let index = usize::try_from(grain % TABLE_ENTRIES).unwrap_or(usize::MAX);
        let mut places = scratch.table.get(index..).unwrap_or_default().iter().copied();
        let first = places.next().unwrap_or(0);
        let mut expected = first;
        while run < wanted {
            expected = if first == 0 { 0 } else { expected.saturating_add(self.grain_bytes) };
            match places.next() {
                Some(place) if place == expected => run += self.grain_bytes,
                _ => break,
            }
        }
        Ok(((first != 0).then(|| first.saturating_add(skip)), run))
    }

    /// Puts the places of the grains of a table into the scratch, 0 for holes; false when the
    /// table does not exist.
    fn load(&self, scratch: &mut Scratch, table: u64) -> Result<bool, DiskError> {
        let index = usize::try_from(table).unwrap_or(usize::MAX);
        let Some(&at) = self.directory.get(index).filter(|&&at| at != 0) else { return Ok(false) };
        if scratch.table_of == (self.id, table) {
            return Ok(true);
        }
        scratch.table_of = (0, 0);
        let entries = usize::try_from(TABLE_ENTRIES).unwrap_or(0);
        let width = if matches!(self.kind, Kind::Cowd) { 4 } else { 8 };
        let raw = bytes(&*self.source, at, entries * width)?;
        scratch.table.clear();
        for entry in raw.chunks_exact(width) {
            let place = match self.kind {
                Kind::Cowd => u64::from(Field(entry).u32_le(0)) * SECTOR,
                Kind::Se { grains_at } => self.grain_place(Field(entry).u64_le(0), grains_at)?,
            };
            scratch.table.push(place);
        }
        scratch.table_of = (self.id, table);
        Ok(true)
    }

    /// Where the grain of a seSparse entry is; 0 for one that reads as zeros.
    fn grain_place(&self, entry: u64, grains_at: u64) -> Result<u64, DiskError> {
        match entry & SE_KIND {
            SE_ALLOCATED => {
                // The low twelve bits of the number are stored above the others.
                let high = (entry & 0x0fff_0000_0000_0000) >> 48;
                let number = (entry & 0x0000_ffff_ffff_ffff) << 12 | high;
                Ok(number.saturating_mul(self.grain_bytes).saturating_add(grains_at))
            }
            // Not there, unmapped by the guest, all zeros.
            kind if kind >> 60 <= 2 => Ok(0),
            _ => wrong("grain table entry", entry, "a kind of 0 to 3"),
        }
    }
}

/// Checks sizes before anything is allocated: the number of grain tables.
fn tables(capacity_bytes: u64, grain_bytes: u64) -> Result<u64, DiskError> {
    if capacity_bytes > VIRTUAL_BYTES_MAX {
        return wrong("capacity", capacity_bytes / SECTOR, "at most 64 TiB in sectors");
    }
    if !grain_bytes.is_power_of_two() || !(SECTOR..=GRAIN_BYTES_MAX).contains(&grain_bytes) {
        let expected = "a power of two, at most 8192 sectors";
        return wrong("grainSize", grain_bytes / SECTOR, expected);
    }
    let tables = capacity_bytes.div_ceil(grain_bytes * TABLE_ENTRIES);
    if tables > TABLES_MAX {
        return wrong("capacity", capacity_bytes / SECTOR, "at most 4194304 grain tables");
    }
    Ok(tables)
}

/// Refuses an extent whose journal was not replayed: what lies in the file is not the disk.
fn check_journal(source: &dyn ReadAt, at: u64) -> Result<(), DiskError> {
    let block = bytes(source, at, SE_HEADER_BYTES)?;
    if Field(&block).u64_le(0) != SE_VOLATILE_MAGIC {
        return wrong("volatile header", Field(&block).u64_le(0), "its magic, 0xcafecafe");
    }
    if block[24] != 0 {
        let what = "a seSparse extent with an open journal (was its host switched off cleanly?)";
        return Err(DiskError::new(Fault::Unsupported { what }));
    }
    Ok(())
}
