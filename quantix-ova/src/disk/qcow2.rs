//! qcow2 images as input: versions 2 and 3, plain and deflated clusters, never a backing file.

use std::sync::Arc;

use quantix_core::Finding;

use super::{
    DiskError, Fault, Format, Image, Scratch, VIRTUAL_BYTES_MAX,
    blocks::{Field, bytes},
    unique,
};
use crate::package::ReadAt;

pub(super) const MAGIC: &[u8] = b"QFI\xfb";
/// The most entries that the table of tables may have, as in QEMU.
const L1_ENTRIES_MAX: u64 = 4 << 20;
/// Incompatible features that do not change how data is read: dirty.
const HARMLESS_FEATURES: u64 = 1;
const OFFSET_MASK: u64 = 0x00ff_ffff_ffff_fe00;
const COMPRESSED: u64 = 1 << 62;
const ALL_ZERO: u64 = 1;

/// A qcow2 image.
#[derive(Debug)]
pub(crate) struct Qcow2 {
    source: Arc<dyn ReadAt>,
    virtual_bytes: u64,
    cluster_bits: u32,
    version: u32,
    l1: Vec<u64>,
    findings: Vec<Finding>,
    id: u64,
    backing: Option<Box<dyn Image>>,
}

/// Where a cluster is.
enum Place {
    Zero,
    /// In the backing image; zeros where there is none.
    Below,
    At(u64),
    Packed {
        at: u64,
        bytes: u64,
    },
}

pub(super) fn open(source: Arc<dyn ReadAt>) -> Result<Qcow2, DiskError> {
    open_over(source, None)
}

/// The name of the backing file in the header, which is never opened by it.
pub(crate) fn backing_name(source: &dyn ReadAt) -> Result<Option<String>, DiskError> {
    let head = bytes(source, 0, 72)?;
    let header = Field(&head);
    let (at, count) = (header.u64_be(8), header.u32_be(16));
    if !head.starts_with(MAGIC) || at == 0 {
        return Ok(None);
    }
    if count > 1023 {
        let (what, limit_max) = ("bytes of backing file name", 1023);
        return Err(DiskError::new(Fault::Limit { what, found: count.into(), limit_max }));
    }
    let name = bytes(source, at, usize::try_from(count).unwrap_or(0))?;
    Ok(Some(String::from_utf8_lossy(&name).into_owned()))
}

/// Opens an image over another, which the caller chose; names in the header are not followed.
pub(crate) fn open_over(
    source: Arc<dyn ReadAt>,
    backing: Option<Box<dyn Image>>,
) -> Result<Qcow2, DiskError> {
    let mut head = bytes(&*source, 0, 72)?;
    let wrong =
        |field, found, expected| Err(DiskError::new(Fault::Header { field, found, expected }));
    let version = Field(&head).u32_be(4);
    if !(2..=3).contains(&version) {
        return wrong("version", u64::from(version), "2 or 3");
    }
    if version == 3 {
        head = bytes(&*source, 0, 104)?;
    }
    let header = Field(&head);
    if header.u64_be(8) != 0 && backing.is_none() {
        let parent = "its backing file".to_owned();
        return Err(DiskError::new(Fault::Delta { parent }));
    }
    if header.u32_be(32) != 0 {
        return Err(DiskError::new(Fault::Unsupported { what: "an encrypted qcow2" }));
    }
    let features = if version == 3 { header.u64_be(72) } else { 0 };
    if features & !HARMLESS_FEATURES != 0 {
        let expected = "0 (no external data file, zstd or subclusters, not corrupt)";
        return wrong("incompatible features", features, expected);
    }
    let (cluster_bits, virtual_bytes) = (header.u32_be(20), header.u64_be(24));
    if !(9..=21).contains(&cluster_bits) {
        return wrong("cluster bits", u64::from(cluster_bits), "9 to 21");
    }
    if virtual_bytes > VIRTUAL_BYTES_MAX {
        let (what, limit_max) = ("bytes of disk", VIRTUAL_BYTES_MAX);
        return Err(DiskError::new(Fault::Limit { what, found: virtual_bytes, limit_max }));
    }
    let needed = virtual_bytes.div_ceil(1 << (2 * cluster_bits - 3));
    if needed > L1_ENTRIES_MAX || needed > u64::from(header.u32_be(36)) {
        return wrong("L1 entries", u64::from(header.u32_be(36)), "as many as the disk size needs");
    }
    let table = bytes(&*source, header.u64_be(40), usize::try_from(needed).unwrap_or(0) * 8)?;
    let l1 = table.chunks_exact(8).map(|entry| Field(entry).u64_be(0) & OFFSET_MASK).collect();
    let mut findings = Vec::new();
    if features & 1 != 0 {
        let text =
            "the image was not closed cleanly; its content may be from the middle of a write";
        findings.push(Finding::warning("qcow2-dirty", text));
    }
    if header.u32_be(60) != 0 {
        let text = "snapshots inside the image are left out";
        findings.push(Finding::warning("qcow2-snapshots", text));
    }
    let id = unique();
    Ok(Qcow2 { source, virtual_bytes, cluster_bits, version, l1, findings, id, backing })
}

impl Qcow2 {
    fn cluster_bytes(&self) -> u64 {
        1 << self.cluster_bits
    }

    /// Clusters that one L2 table maps.
    fn l2_entries(&self) -> u64 {
        self.cluster_bytes() / 8
    }

    /// Puts the L2 table into the scratch; false when it does not exist.
    fn load(&self, scratch: &mut Scratch, table: u64) -> Result<bool, DiskError> {
        let index = usize::try_from(table).unwrap_or(usize::MAX);
        let Some(&at) = self.l1.get(index).filter(|&&at| at != 0) else { return Ok(false) };
        if scratch.table_of != (self.id, table) {
            scratch.table_of = (0, 0);
            let entries = usize::try_from(self.l2_entries()).unwrap_or(0);
            let raw = bytes(&*self.source, at, entries * 8)?;
            scratch.table.clear();
            scratch.table.extend(raw.chunks_exact(8).map(|entry| Field(entry).u64_be(0)));
            scratch.table_of = (self.id, table);
        }
        Ok(true)
    }

    fn place(&self, entry: u64) -> Place {
        if entry & COMPRESSED != 0 {
            let shift = 62 - (self.cluster_bits - 8);
            let at = entry & ((1 << shift) - 1);
            let sectors = (entry & !(3 << 62)) >> shift;
            return Place::Packed { at, bytes: (sectors + 1) * 512 - at % 512 };
        }
        match entry & OFFSET_MASK {
            0 if self.version == 3 && entry & ALL_ZERO != 0 => Place::Zero,
            0 => Place::Below,
            _ if self.version == 3 && entry & ALL_ZERO != 0 => Place::Zero,
            at => Place::At(at),
        }
    }

    /// Copies the bytes of one cluster from `skip` on.
    fn cluster(
        &self,
        scratch: &mut Scratch,
        cluster: u64,
        skip: u64,
        out: &mut [u8],
    ) -> Result<(), DiskError> {
        let place = match self.load(scratch, cluster / self.l2_entries())? {
            false => Place::Below,
            true => {
                let index = usize::try_from(cluster % self.l2_entries()).unwrap_or(usize::MAX);
                self.place(scratch.table.get(index).copied().unwrap_or(0))
            }
        };
        match place {
            Place::Zero => out.fill(0),
            Place::Below => match &self.backing {
                Some(image) => {
                    let offset = cluster * self.cluster_bytes() + skip;
                    // The table in the scratch is then another image's.
                    image.read_at(scratch, offset, out)?;
                }
                None => out.fill(0),
            },
            Place::At(at) => {
                let from = at + skip;
                let inside = self.source.bytes().saturating_sub(from);
                // QEMU leaves out the end of a last cluster.
                let length = usize::try_from(inside).unwrap_or(usize::MAX).min(out.len());
                let left = self.virtual_bytes.saturating_sub(cluster * self.cluster_bytes() + skip);
                if (length as u64) < left.min(out.len() as u64) {
                    let fault = Fault::Truncated { file_bytes: self.source.bytes() };
                    return Err(DiskError::new(fault).at(from));
                }
                out[length..].fill(0);
                let read = self.source.read_exact_at(from, &mut out[..length]);
                read.map_err(|e| DiskError::read_of(e, from, self.source.bytes()))?;
            }
            Place::Packed { at, bytes: count } => {
                let inside = self.source.bytes().saturating_sub(at).min(count);
                scratch.window_at = (0, 0);
                scratch.window = bytes(&*self.source, at, usize::try_from(inside).unwrap_or(0))?;
                let size = usize::try_from(self.cluster_bytes()).unwrap_or(0);
                scratch.grain.resize(size, 0);
                let whole = &mut scratch.grain[..size];
                let done = scratch.inflate.deflate_decompress(&scratch.window, whole);
                if done != Ok(size) {
                    let reason = "it does not inflate to exactly a cluster";
                    return Err(DiskError::new(Fault::Inflate { reason }).at(at));
                }
                let skip = usize::try_from(skip).unwrap_or(usize::MAX);
                out.copy_from_slice(&whole[skip..skip + out.len()]);
            }
        }
        Ok(())
    }
}

impl Image for Qcow2 {
    fn format(&self) -> Format {
        Format::Qcow2
    }

    fn virtual_bytes(&self) -> u64 {
        self.virtual_bytes.next_multiple_of(512)
    }

    fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn next_data(&self, scratch: &mut Scratch, from: u64) -> Result<Option<u64>, DiskError> {
        let own = self.next_own(scratch, from)?;
        let below = match &self.backing {
            Some(image) if from < image.virtual_bytes() => image.next_data(scratch, from)?,
            _ => None,
        };
        let below = below.filter(|at| *at < self.virtual_bytes);
        Ok(own.into_iter().chain(below).min())
    }

    fn read_at(
        &self,
        scratch: &mut Scratch,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<(), DiskError> {
        let (mut at, mut rest) = (offset, buffer);
        while !rest.is_empty() {
            let (cluster, skip) = (at / self.cluster_bytes(), at % self.cluster_bytes());
            let room = usize::try_from(self.cluster_bytes() - skip).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at_mut(room.min(rest.len()));
            let lba = (at - skip) / 512;
            self.cluster(scratch, cluster, skip, now).map_err(|e| e.of_grain(cluster, lba))?;
            at += now.len() as u64;
            rest = later;
        }
        Ok(())
    }
}

impl Qcow2 {
    /// The next cluster that this image holds itself and that is not known to be zeros.
    fn next_own(&self, scratch: &mut Scratch, from: u64) -> Result<Option<u64>, DiskError> {
        let mut cluster = from / self.cluster_bytes();
        while cluster * self.cluster_bytes() < self.virtual_bytes {
            let table = cluster / self.l2_entries();
            if self.load(scratch, table)? {
                let inside = usize::try_from(cluster % self.l2_entries()).unwrap_or(0);
                let mut left = scratch.table[inside..].iter();
                if let Some(skip) =
                    left.position(|&e| matches!(self.place(e), Place::At(_) | Place::Packed { .. }))
                {
                    let at = (cluster + skip as u64) * self.cluster_bytes();
                    return Ok((at < self.virtual_bytes).then_some(at.max(from)));
                }
            }
            cluster = (table + 1) * self.l2_entries();
        }
        Ok(None)
    }
}
