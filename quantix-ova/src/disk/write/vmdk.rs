//! Stream-optimized VMDK output, as VMware's and VirtualBox's importers want it: markers before
//! everything, grain directory and footer at the end, and nothing after the end-of-stream marker.

use std::{fs::File, io, os::unix::fs::FileExt as _};

use super::{CLUSTER_BYTES, Cell, Placed, Sink, Unit, Write, push};
use crate::{
    disk::vmdk::{Flags, MARKER_EOS, MARKER_FOOTER, MARKER_GD, MARKER_GT},
    manifest::{Algorithm, Hasher},
};

const SECTOR: u64 = 512;
const SECTOR_BYTES: usize = 512;
const GRAIN_SECTORS: u64 = CLUSTER_BYTES as u64 / SECTOR;
const TABLE_ENTRIES: u64 = 512;
/// Sectors before the first grain: header, descriptor, room.
const OVERHEAD_SECTORS: u64 = 128;
const DESCRIPTOR_SECTORS: u64 = 20;
/// The most sectors that a sparse extent can address.
const FILE_SECTORS_MAX: u64 = u32::MAX as u64;

/// The bytes of a grain marker.
const GRAIN_HEAD: usize = 12;
/// A zlib header: deflate, a window of 32 KiB, the usual level (RFC 1950).
const ZLIB_HEAD: [u8; 2] = [0x78, 0x9c];

/// A stream-optimized VMDK that is being written.
#[derive(Debug)]
pub(crate) struct Vmdk {
    capacity_sectors: u64,
    name: String,
    /// The next free sector of the file.
    cursor: u64,
    directory: Vec<u32>,
    /// The grain table being filled: its index, and its entries.
    table: Option<(u64, Vec<u32>)>,
}

/// Builds one grain: marker, zlib stream, padding. `plain` must be `CLUSTER_BYTES` long.
pub(crate) fn append_grain(
    out: &mut Vec<u8>,
    offset: u64,
    plain: &[u8],
    deflate: &mut libdeflater::Compressor,
) -> io::Result<()> {
    let start = out.len();
    out.resize(start + GRAIN_HEAD + deflate.zlib_compress_bound(plain.len()), 0);
    let bytes = deflate
        .zlib_compress(plain, &mut out[start + GRAIN_HEAD..])
        .map_err(|_| io::Error::other("a grain does not fit its own bound"))?;
    out.truncate(start + GRAIN_HEAD + bytes);
    complete_grain(out, start, offset)
}

/// Builds one grain from a deflate stream that inflates to `plain`.
pub(crate) fn wrap_grain(
    out: &mut Vec<u8>,
    offset: u64,
    stream: &[u8],
    plain: &[u8],
) -> io::Result<()> {
    let start = out.len();
    out.resize(start + GRAIN_HEAD, 0);
    out.extend_from_slice(&ZLIB_HEAD);
    out.extend_from_slice(stream);
    out.extend_from_slice(&libdeflater::adler32(plain).to_be_bytes());
    complete_grain(out, start, offset)
}

/// Fills in the marker of the grain that begins at `start`, and pads it.
fn complete_grain(out: &mut Vec<u8>, start: usize, offset: u64) -> io::Result<()> {
    let bytes = out.len() - start - GRAIN_HEAD;
    let size = u32::try_from(bytes).map_err(io::Error::other)?;
    out[start..start + 8].copy_from_slice(&(offset / SECTOR).to_le_bytes());
    out[start + 8..start + GRAIN_HEAD].copy_from_slice(&size.to_le_bytes());
    out.resize(start + (GRAIN_HEAD + bytes).next_multiple_of(SECTOR_BYTES), 0);
    Ok(())
}

impl Vmdk {
    /// `name` is what the descriptor inside calls the file.
    pub(crate) fn new(virtual_bytes: u64, name: &str) -> Self {
        let capacity_sectors = virtual_bytes.div_ceil(SECTOR);
        let tables = capacity_sectors.div_ceil(GRAIN_SECTORS * TABLE_ENTRIES);
        let directory = vec![0; usize::try_from(tables).unwrap_or(0)];
        let name = name.to_owned();
        Self { capacity_sectors, name, cursor: OVERHEAD_SECTORS, directory, table: None }
    }

    /// Takes so many sectors at the end of the file.
    fn take(&mut self, sectors: u64) -> io::Result<u64> {
        let at = self.cursor;
        self.cursor += sectors;
        if self.cursor > FILE_SECTORS_MAX {
            let text = "a stream-optimized VMDK cannot be larger than 2 TiB; use another format";
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
        }
        Ok(at)
    }

    /// Writes a marker and the metadata that follows it; returns the sector of the metadata.
    fn meta(&mut self, file: &File, kind: u32, body: &[u8]) -> io::Result<u32> {
        let sectors = (body.len() as u64).div_ceil(SECTOR);
        let at = self.take(1 + sectors)?;
        let mut bytes = vec![0; SECTOR_BYTES];
        bytes[..8].copy_from_slice(&sectors.to_le_bytes());
        bytes[12..16].copy_from_slice(&kind.to_le_bytes());
        bytes.extend_from_slice(body);
        bytes.resize(bytes.len().next_multiple_of(SECTOR_BYTES), 0);
        file.write_all_at(&bytes, at * SECTOR)?;
        u32::try_from(at + 1).map_err(io::Error::other)
    }

    fn flush(&mut self, file: &File) -> io::Result<()> {
        let Some((index, entries)) = self.table.take() else { return Ok(()) };
        let sector = self.meta(file, MARKER_GT, &little_endian(&entries))?;
        if let Some(slot) = usize::try_from(index).ok().and_then(|i| self.directory.get_mut(i)) {
            *slot = sector;
        }
        Ok(())
    }

    fn header(&self, directory_sector: u64) -> [u8; SECTOR_BYTES] {
        let mut block = [0; SECTOR_BYTES];
        let flags = Flags::NEW_LINE_TEST | Flags::COMPRESSED | Flags::MARKERS;
        block[..4].copy_from_slice(b"KDMV");
        block[4..8].copy_from_slice(&3u32.to_le_bytes());
        block[8..12].copy_from_slice(&flags.to_le_bytes());
        let table_entries = 512u32;
        let mut put = |at: usize, value: u64| {
            block[at..at + 8].copy_from_slice(&value.to_le_bytes());
        };
        put(12, self.capacity_sectors);
        put(20, GRAIN_SECTORS);
        put(28, 1);
        put(36, DESCRIPTOR_SECTORS);
        put(56, directory_sector);
        put(64, OVERHEAD_SECTORS);
        block[44..48].copy_from_slice(&table_entries.to_le_bytes());
        block[73..77].copy_from_slice(b"\n \r\n");
        block[77] = 1; // deflate
        block
    }

    /// The text inside. Everything in it follows from name and capacity, so that the same disk
    /// gives the same bytes.
    fn descriptor(&self) -> Vec<u8> {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(self.name.as_bytes());
        hasher.update(&self.capacity_sectors.to_le_bytes());
        let digest = hasher.finish();
        // The content id must not have the values that mean "none".
        let cid = digest.as_bytes()[..4].iter().fold(0u32, |id, b| id << 8 | u32::from(*b)) >> 1;
        let cylinders = (self.capacity_sectors / (255 * 63)).clamp(1, 65_535);
        let name: String = self.name.chars().filter(|c| !c.is_control() && *c != '"').collect();
        let lines = [
            "# Disk DescriptorFile".to_owned(),
            "version=1".to_owned(),
            format!("CID={:08x}", cid.max(1)),
            "parentCID=ffffffff".to_owned(),
            "createType=\"streamOptimized\"".to_owned(),
            String::new(),
            "# Extent description".to_owned(),
            format!("RW {} SPARSE \"{name}\"", self.capacity_sectors),
            String::new(),
            "# The Disk Data Base".to_owned(),
            "#DDB".to_owned(),
            String::new(),
            "ddb.adapterType = \"lsilogic\"".to_owned(),
            format!("ddb.geometry.cylinders = \"{cylinders}\""),
            "ddb.geometry.heads = \"255\"".to_owned(),
            "ddb.geometry.sectors = \"63\"".to_owned(),
            "ddb.virtualHWVersion = \"10\"".to_owned(),
            String::new(),
        ];
        let mut text = lines.join("\n").into_bytes();
        text.resize(usize::try_from(DESCRIPTOR_SECTORS * SECTOR).unwrap_or(text.len()), 0);
        text
    }
}

impl Sink for Vmdk {
    fn placed(&self) -> Placed {
        let wide = |words: &[u32]| words.iter().copied().map(u64::from).collect();
        let table = self.table.as_ref().map(|(index, entries)| (*index, wide(entries)));
        Placed { cursor: self.cursor, directory: wide(&self.directory), table }
    }

    fn restore(&mut self, file: &File, placed: Placed) -> Option<()> {
        let narrow = |words: Vec<u64>| {
            let all: Result<Vec<u32>, _> = words.into_iter().map(u32::try_from).collect();
            all.ok()
        };
        let directory = narrow(placed.directory)?;
        let held = file.metadata().ok()?.len().max(OVERHEAD_SECTORS * SECTOR);
        if directory.len() != self.directory.len() || placed.cursor.checked_mul(SECTOR)? > held {
            return None;
        }
        self.table = match placed.table {
            None => None,
            Some((index, entries)) if entries.len() as u64 == TABLE_ENTRIES => {
                Some((index, narrow(entries)?))
            }
            Some(_) => return None,
        };
        (self.cursor, self.directory) = (placed.cursor, directory);
        Some(())
    }

    fn place(&mut self, file: &File, unit: &Unit, writes: &mut Vec<Write>) -> io::Result<()> {
        let first = unit.offset / CLUSTER_BYTES as u64;
        for (grain, cell) in (first..).zip(&unit.cells) {
            if let Cell::Packed { from, bytes } = *cell {
                let table = grain / TABLE_ENTRIES;
                if self.table.as_ref().is_none_or(|(index, _)| *index != table) {
                    self.flush(file)?;
                }
                let at = self.take(bytes as u64 / SECTOR)?;
                push(writes, Write { at: at * SECTOR, from, bytes });
                let (_, entries) = self.table.get_or_insert_with(|| (table, vec![0; 512]));
                let slot = usize::try_from(grain % TABLE_ENTRIES).unwrap_or(0);
                entries[slot] = u32::try_from(at).map_err(io::Error::other)?;
            } else if *cell != Cell::Zero {
                let text = "a stream-optimized VMDK holds packed grains only";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
            }
        }
        Ok(())
    }

    fn finish(&mut self, file: &File) -> io::Result<u64> {
        self.flush(file)?;
        let directory = little_endian(&self.directory);
        let sector = self.meta(file, MARKER_GD, &directory)?;
        self.meta(file, MARKER_FOOTER, &self.header(u64::from(sector)))?;
        self.meta(file, MARKER_EOS, &[])?;
        let mut start = self.header(u64::MAX).to_vec();
        start.extend(self.descriptor());
        file.write_all_at(&start, 0)?;
        let bytes = self.cursor * SECTOR;
        file.set_len(bytes)?;
        Ok(bytes)
    }
}

fn little_endian(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
