//! qcow2 output, version 3: 64 KiB clusters, plain or deflated, each written once, in disk order.
//!
//! Layout: header, then data and L2 tables as they come, then the L1 table, the refcount blocks
//! and the refcount table. As space is never given back, the refcount of each cluster is known
//! when the next one begins.

use std::{fs::File, io, os::unix::fs::FileExt as _};

use super::{CLUSTER_BYTES, Cell, Placed, Sink, Unit, Write, push};

const CLUSTER: u64 = CLUSTER_BYTES as u64;
const CLUSTER_BITS: u32 = 16;
const L2_ENTRIES: u64 = CLUSTER / 8;
/// The part of the disk that one L2 table maps.
const L2_SPAN: u64 = L2_ENTRIES * CLUSTER;
/// 16-bit refcounts in one refcount block.
const BLOCK_ENTRIES: usize = CLUSTER_BYTES / 2;
const COPIED: u64 = 1 << 63;
const COMPRESSED: u64 = 1 << 62;
const SECTOR: u64 = 512;
const HEADER_BYTES: u32 = 112;
/// The incompatible feature that byte 104 says how clusters are compressed.
const COMPRESSION_TYPE: u64 = 1 << 3;
/// Feature table: so that a program that does not know a bit can name it.
const FEATURE_NAMES: &[(u8, u8, &str)] = &[
    (0, 0, "dirty bit"),
    (0, 1, "corrupt bit"),
    (0, 3, "compression type"),
    (1, 0, "lazy refcounts"),
];

/// A qcow2 image that is being written.
#[derive(Debug)]
pub(crate) struct Qcow2 {
    virtual_bytes: u64,
    /// The next free byte.
    cursor: u64,
    /// Refcount of every cluster that has begun; the header's is the first.
    refcounts: Vec<u16>,
    l1: Vec<u64>,
    /// The L2 table being filled: its index, and its entries.
    l2: Option<(u64, Vec<u64>)>,
    backing: Option<Backing>,
    /// Whether packed clusters are frames of zstd rather than deflate streams.
    is_zstd: bool,
}

/// What is read where the image has nothing: QEMU's name for it, and its format.
#[derive(Clone, Debug)]
pub(crate) struct Backing {
    pub(crate) file: String,
    pub(crate) format: &'static str,
}

/// The longest name of a backing file that QEMU reads.
pub(crate) const BACKING_BYTES_MAX: usize = 1023;

impl Qcow2 {
    pub(crate) fn new(virtual_bytes: u64) -> Self {
        let tables = usize::try_from(virtual_bytes.div_ceil(L2_SPAN)).unwrap_or(0);
        let (cursor, refcounts, l1) = (CLUSTER, vec![1], vec![0; tables]);
        Self { virtual_bytes, cursor, refcounts, l1, l2: None, backing: None, is_zstd: false }
    }

    /// An image that holds nothing itself.
    pub(crate) fn over(virtual_bytes: u64, backing: Backing) -> Self {
        Self { backing: Some(backing), ..Self::new(virtual_bytes) }
    }

    /// The same, with packed clusters in zstd or not.
    pub(crate) fn with_zstd(self, is_zstd: bool) -> Self {
        Self { is_zstd, ..self }
    }

    /// Takes whole clusters at the end of the file.
    fn take_clusters(&mut self, count: usize) -> u64 {
        let at = self.cursor.next_multiple_of(CLUSTER);
        self.refcounts.resize(self.refcounts.len() + count, 1);
        self.cursor = at + count as u64 * CLUSTER;
        at
    }

    /// Takes `bytes` bytes for a deflate stream, right behind the last one.
    fn take_bytes(&mut self, bytes: usize) -> u64 {
        // A cluster can be shared by at most as many streams as its refcount can count.
        let full = |refcounts: &Vec<u16>| refcounts.last() == Some(&u16::MAX);
        if !self.cursor.is_multiple_of(CLUSTER) && full(&self.refcounts) {
            self.cursor = self.cursor.next_multiple_of(CLUSTER);
        }
        let at = self.cursor;
        let end = at + bytes as u64;
        for cluster in at / CLUSTER..end.div_ceil(CLUSTER) {
            match usize::try_from(cluster).ok().and_then(|index| self.refcounts.get_mut(index)) {
                Some(count) => *count += 1,
                None => self.refcounts.push(1),
            }
        }
        self.cursor = end;
        at
    }

    fn map(&mut self, file: &File, offset: u64, entry: u64) -> io::Result<()> {
        let table = offset / L2_SPAN;
        if self.l2.as_ref().is_none_or(|(index, _)| *index != table) {
            self.flush(file)?;
        }
        let entries = usize::try_from(L2_ENTRIES).unwrap_or(0);
        let (_, l2) = self.l2.get_or_insert_with(|| (table, vec![0; entries]));
        let index = usize::try_from(offset % L2_SPAN / CLUSTER).unwrap_or(0);
        l2[index] = entry;
        Ok(())
    }

    /// Writes the L2 table that is complete.
    fn flush(&mut self, file: &File) -> io::Result<()> {
        let Some((index, entries)) = self.l2.take() else { return Ok(()) };
        let at = self.take_clusters(1);
        if let Some(slot) = usize::try_from(index).ok().and_then(|i| self.l1.get_mut(i)) {
            *slot = at | COPIED;
        }
        file.write_all_at(&big_endian(&entries), at)
    }

    /// How many refcount blocks and clusters of refcount table the finished file needs.
    fn refcount_clusters(used: usize) -> (usize, usize) {
        let (mut blocks, mut table) = (0, 0);
        loop {
            let need = (used + blocks + table).div_ceil(BLOCK_ENTRIES);
            let table_need = (need * 8).div_ceil(CLUSTER_BYTES);
            if (need, table_need) == (blocks, table) {
                return (blocks, table);
            }
            (blocks, table) = (need, table_need);
        }
    }
}

impl Sink for Qcow2 {
    fn placed(&self) -> Placed {
        Placed { cursor: self.cursor, directory: self.l1.clone(), table: self.l2.clone() }
    }

    fn restore(&mut self, file: &File, placed: Placed) -> Option<()> {
        let Placed { cursor, directory, table } = placed;
        let held = file.metadata().ok()?.len().max(CLUSTER);
        if directory.len() != self.l1.len() || !(CLUSTER..=held).contains(&cursor) {
            return None;
        }
        if table.as_ref().is_some_and(|(_, entries)| entries.len() as u64 != L2_ENTRIES) {
            return None;
        }
        // The refcounts follow from the tables.
        let mut refcounts = vec![0; usize::try_from(cursor.div_ceil(CLUSTER)).ok()?];
        count(&mut refcounts, 0, 1)?;
        for at in directory.iter().map(|entry| entry & !COPIED).filter(|at| *at != 0) {
            count(&mut refcounts, at, 1)?;
            let mut bytes = vec![0; CLUSTER_BYTES];
            file.read_exact_at(&mut bytes, at).ok()?;
            for entry in bytes.chunks_exact(8) {
                count_entry(&mut refcounts, u64::from_be_bytes(entry.try_into().ok()?))?;
            }
        }
        let open = table.iter().flat_map(|(_, entries)| entries.iter());
        open.copied().try_for_each(|entry| count_entry(&mut refcounts, entry))?;
        (self.cursor, self.l1, self.l2, self.refcounts) = (cursor, directory, table, refcounts);
        Some(())
    }

    fn place(&mut self, file: &File, unit: &Unit, writes: &mut Vec<Write>) -> io::Result<()> {
        let mut offset = unit.offset;
        for cell in &unit.cells {
            match *cell {
                Cell::Zero => {}
                Cell::Plain { from } => {
                    let at = self.take_clusters(1);
                    push(writes, Write { at, from, bytes: CLUSTER_BYTES });
                    self.map(file, offset, at | COPIED)?;
                }
                Cell::Packed { from, bytes } => {
                    let at = self.take_bytes(bytes);
                    push(writes, Write { at, from, bytes });
                    let more = (at + bytes as u64 - 1) / SECTOR - at / SECTOR;
                    let entry = COMPRESSED | more << (62 - (CLUSTER_BITS - 8)) | at;
                    self.map(file, offset, entry)?;
                }
            }
            offset += CLUSTER;
        }
        Ok(())
    }

    fn finish(&mut self, file: &File) -> io::Result<u64> {
        self.flush(file)?;
        let l1_bytes = self.l1.len() * 8;
        let l1_at = self.take_clusters(l1_bytes.div_ceil(CLUSTER_BYTES).max(1));
        file.write_all_at(&big_endian(&self.l1), l1_at)?;
        let (blocks, table) = Self::refcount_clusters(self.refcounts.len());
        let blocks_at = self.take_clusters(blocks);
        let table_at = self.take_clusters(table);
        let counts: Vec<u8> = self.refcounts.iter().flat_map(|c| c.to_be_bytes()).collect();
        file.write_all_at(&counts, blocks_at)?;
        let entries: Vec<u64> = (0..blocks as u64).map(|i| blocks_at + i * CLUSTER).collect();
        file.write_all_at(&big_endian(&entries), table_at)?;
        file.set_len(self.cursor)?;
        let header = self.header(l1_at, table_at, table);
        file.write_all_at(&header, 0)?;
        Ok(self.cursor)
    }
}

impl Qcow2 {
    fn header(&self, l1_at: u64, table_at: u64, table_clusters: usize) -> Vec<u8> {
        let word = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes();
        let mut header = Vec::with_capacity(512);
        header.extend_from_slice(b"QFI\xfb");
        header.extend_from_slice(&3u32.to_be_bytes());
        header.extend_from_slice(&[0; 12]); // no backing file, unless it is put in below
        header.extend_from_slice(&CLUSTER_BITS.to_be_bytes());
        header.extend_from_slice(&self.virtual_bytes.to_be_bytes());
        header.extend_from_slice(&[0; 4]); // not encrypted
        header.extend_from_slice(&word(self.l1.len()));
        header.extend_from_slice(&l1_at.to_be_bytes());
        header.extend_from_slice(&table_at.to_be_bytes());
        header.extend_from_slice(&word(table_clusters));
        header.extend_from_slice(&[0; 12]); // no snapshots
        let features = if self.is_zstd { COMPRESSION_TYPE } else { 0 };
        header.extend_from_slice(&features.to_be_bytes());
        header.extend_from_slice(&[0; 16]); // no compatible or auto-clear features
        header.extend_from_slice(&4u32.to_be_bytes()); // 16-bit refcounts
        header.extend_from_slice(&HEADER_BYTES.to_be_bytes());
        header.extend_from_slice(&[u8::from(self.is_zstd), 0, 0, 0, 0, 0, 0, 0]);
        header.extend_from_slice(&0x6803_f857_u32.to_be_bytes());
        header.extend_from_slice(&word(FEATURE_NAMES.len() * 48));
        for (kind, bit, name) in FEATURE_NAMES {
            let mut entry = [0; 48];
            (entry[0], entry[1]) = (*kind, *bit);
            entry[2..2 + name.len()].copy_from_slice(name.as_bytes());
            header.extend_from_slice(&entry);
        }
        if let Some(backing) = &self.backing {
            let format = backing.format.as_bytes();
            header.extend_from_slice(&0xe279_2aca_u32.to_be_bytes());
            header.extend_from_slice(&word(format.len()));
            header.extend_from_slice(format);
            header.resize(header.len().next_multiple_of(8), 0);
        }
        header.extend_from_slice(&[0; 8]); // end of extensions
        if let Some(backing) = &self.backing {
            let at = header.len() as u64;
            header[8..16].copy_from_slice(&at.to_be_bytes());
            header[16..20].copy_from_slice(&word(backing.file.len()));
            header.extend_from_slice(backing.file.as_bytes());
        }
        header
    }
}

/// Counts what an entry of an L2 table refers to.
fn count_entry(refcounts: &mut [u16], entry: u64) -> Option<()> {
    if entry & COMPRESSED == 0 {
        return if entry == 0 { Some(()) } else { count(refcounts, entry & !COPIED, 1) };
    }
    let shift = 62 - (CLUSTER_BITS - 8);
    let at = entry & ((1 << shift) - 1);
    let sectors = ((entry & !COMPRESSED) >> shift) + 1;
    count(refcounts, at, (at / SECTOR + sectors) * SECTOR - at)
}

/// Counts one more use of the clusters that hold these bytes; `None` when there are none.
fn count(refcounts: &mut [u16], at: u64, bytes: u64) -> Option<()> {
    for cluster in at / CLUSTER..(at + bytes).div_ceil(CLUSTER) {
        let count = refcounts.get_mut(usize::try_from(cluster).ok()?)?;
        *count = count.checked_add(1)?;
    }
    Some(())
}

fn big_endian(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}
