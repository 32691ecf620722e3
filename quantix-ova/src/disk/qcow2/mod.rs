//! qcow2 images as input: versions 2 and 3, plain, deflated and zstd clusters, subclusters; never a
//! backing file or an external data file.

mod header;

use std::sync::Arc;

use quantix_core::Finding;

pub(crate) use self::header::backing_name;
use self::header::{Codec, Header};
use super::{
    Check, DiskError, Fault, Format, Image, Packed, Scratch,
    blocks::{Field, bytes},
    unique,
};
use crate::package::ReadAt;

pub(super) const MAGIC: &[u8] = b"QFI\xfb";
const OFFSET_MASK: u64 = 0x00ff_ffff_ffff_fe00;
const COMPRESSED: u64 = 1 << 62;
const ALL_ZERO: u64 = 1;

/// A qcow2 image.
#[derive(Debug)]
pub(crate) struct Qcow2 {
    source: Arc<dyn ReadAt>,
    header: Header,
    id: u64,
    backing: Option<Box<dyn Image>>,
}

/// Where a cluster, or a subcluster, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Zero,
    /// In the backing image; zeros where there is none.
    Below,
    /// The host cluster.
    At(u64),
    Packed {
        at: u64,
        bytes: u64,
    },
}

/// One entry of an L2 table: of the cluster, and of its subclusters where it has any.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    cluster: u64,
    subclusters: Option<u64>,
}

pub(super) fn open(source: Arc<dyn ReadAt>) -> Result<Qcow2, DiskError> {
    open_over(source, None)
}

/// Opens an image over another, which the caller chose; names in the header are not followed.
pub(crate) fn open_over(
    source: Arc<dyn ReadAt>,
    backing: Option<Box<dyn Image>>,
) -> Result<Qcow2, DiskError> {
    let header = Header::read(&*source)?;
    if header.has_backing && backing.is_none() {
        let name = backing_name(&*source)?.unwrap_or_default();
        let parent = name.chars().take(200).collect();
        return Err(DiskError::new(Fault::Delta { parent }));
    }
    Ok(Qcow2 { source, header, id: unique(), backing })
}

impl Qcow2 {
    /// Puts the L2 table into the scratch; false when it does not exist.
    fn load(&self, scratch: &mut Scratch, table: u64) -> Result<bool, DiskError> {
        let index = usize::try_from(table).unwrap_or(usize::MAX);
        let Some(&at) = self.header.l1.get(index).filter(|&&at| at != 0) else { return Ok(false) };
        if scratch.table_of != (self.id, table) {
            scratch.table_of = (0, 0);
            let table_bytes = usize::try_from(self.header.cluster_bytes()).unwrap_or(0);
            let raw = bytes(&*self.source, at, table_bytes)?;
            scratch.table.clear();
            scratch.table.extend(raw.chunks_exact(8).map(|entry| Field(entry).u64_be(0)));
            scratch.table_of = (self.id, table);
        }
        Ok(true)
    }

    /// The entry of a cluster in the table that was loaded.
    fn entry(&self, scratch: &Scratch, index: usize) -> Entry {
        let word = |at: usize| scratch.table.get(at).copied().unwrap_or(0);
        match self.header.is_extended {
            false => Entry { cluster: word(index), subclusters: None },
            true => Entry { cluster: word(2 * index), subclusters: Some(word(2 * index + 1)) },
        }
    }

    /// Where the subcluster of this number is; without subclusters, the cluster.
    fn place(&self, entry: Entry, number: u64) -> Place {
        let Entry { cluster, subclusters } = entry;
        if cluster & COMPRESSED != 0 {
            let shift = 62 - (self.header.cluster_bits - 8);
            let at = cluster & ((1 << shift) - 1);
            let sectors = (cluster & !(3 << 62)) >> shift;
            return Place::Packed { at, bytes: (sectors + 1) * 512 - at % 512 };
        }
        let at = cluster & OFFSET_MASK;
        if let Some(bits) = subclusters {
            let (is_there, is_zero) = (bits >> number & 1 != 0, bits >> (number + 32) & 1 != 0);
            return match (is_zero, is_there && at != 0) {
                (true, _) => Place::Zero,
                (false, true) => Place::At(at),
                (false, false) => Place::Below,
            };
        }
        match at {
            _ if self.header.version == 3 && cluster & ALL_ZERO != 0 => Place::Zero,
            0 => Place::Below,
            at => Place::At(at),
        }
    }

    /// Whether a cluster has anything of its own that may not be zeros.
    fn is_data(&self, entry: Entry) -> bool {
        match entry.subclusters {
            Some(bits) if entry.cluster & COMPRESSED == 0 => {
                let (is_there, is_zero) = (bits & 0xffff_ffff, bits >> 32);
                entry.cluster & OFFSET_MASK != 0 && is_there & !is_zero != 0
            }
            _ => matches!(self.place(entry, 0), Place::At(_) | Place::Packed { .. }),
        }
    }

    /// Where the piece at `offset` is.
    fn locate(&self, scratch: &mut Scratch, offset: u64) -> Result<Place, DiskError> {
        let cluster = offset / self.header.cluster_bytes();
        if !self.load(scratch, cluster / self.header.l2_entries())? {
            return Ok(Place::Below);
        }
        let index = usize::try_from(cluster % self.header.l2_entries()).unwrap_or(usize::MAX);
        let number = offset % self.header.cluster_bytes() / self.header.piece_bytes();
        Ok(self.place(self.entry(scratch, index), number))
    }

    /// Copies the bytes at `offset`, which lie in one piece.
    fn piece(&self, scratch: &mut Scratch, offset: u64, out: &mut [u8]) -> Result<(), DiskError> {
        let skip = offset % self.header.cluster_bytes();
        match (self.locate(scratch, offset)?, &self.backing) {
            (Place::Zero, _) | (Place::Below, None) => out.fill(0),
            // The table in the scratch is then another image's.
            (Place::Below, Some(image)) => image.read_at(scratch, offset, out)?,
            (Place::At(at), _) => self.plain(at.saturating_add(skip), offset, out)?,
            (Place::Packed { at, bytes }, _) => {
                self.unpack(scratch, at, bytes)?;
                let skip = usize::try_from(skip).unwrap_or(usize::MAX);
                out.copy_from_slice(&scratch.grain[skip..skip + out.len()]);
            }
        }
        Ok(())
    }

    /// Copies plain bytes of the file.
    fn plain(&self, from: u64, offset: u64, out: &mut [u8]) -> Result<(), DiskError> {
        let inside = self.source.bytes().saturating_sub(from);
        // QEMU leaves out the end of a last cluster.
        let length = usize::try_from(inside).unwrap_or(usize::MAX).min(out.len());
        let left = self.header.virtual_bytes.saturating_sub(offset);
        if (length as u64) < left.min(out.len() as u64) {
            let fault = Fault::Truncated { file_bytes: self.source.bytes() };
            return Err(DiskError::new(fault).at(from));
        }
        out[length..].fill(0);
        let read = self.source.read_exact_at(from, &mut out[..length]);
        read.map_err(|e| DiskError::read_of(e, from, self.source.bytes()))
    }

    /// Reads the compressed bytes of a cluster ahead; where they are in what was read.
    fn fetch(
        &self,
        scratch: &mut Scratch,
        at: u64,
        count: u64,
    ) -> Result<std::ops::Range<usize>, DiskError> {
        // The last one may be shorter than its sectors.
        let inside = self.source.bytes().saturating_sub(at).min(count).max(1);
        let hint = at.saturating_add(4 * self.header.cluster_bytes());
        scratch.ahead.fetch(&*self.source, self.id, at, inside, hint)
    }

    /// Unpacks a cluster into `scratch.grain`.
    fn unpack(&self, scratch: &mut Scratch, at: u64, count: u64) -> Result<(), DiskError> {
        let stream = self.fetch(scratch, at, count)?;
        let size = usize::try_from(self.header.cluster_bytes()).unwrap_or(0);
        let Scratch { inflate, zstd, ahead, grain, .. } = scratch;
        grain.resize(size, 0);
        let stream = &ahead.bytes()[stream];
        let whole = match self.header.codec {
            Codec::Deflate => inflate.deflate_decompress(stream, grain) == Ok(size),
            Codec::Zstd => zstd.unpack(stream, grain),
        };
        if whole {
            return Ok(());
        }
        let reason = "it does not unpack to exactly a cluster";
        Err(DiskError::new(Fault::Inflate { reason }).at(at))
    }
}

impl Image for Qcow2 {
    fn format(&self) -> Format {
        Format::Qcow2
    }

    fn virtual_bytes(&self) -> u64 {
        self.header.virtual_bytes.next_multiple_of(512)
    }

    fn findings(&self) -> &[Finding] {
        &self.header.findings
    }

    fn piece_bytes(&self) -> u64 {
        let below = self.backing.as_ref().map_or(0, |image| image.piece_bytes());
        self.header.cluster_bytes().max(below)
    }

    fn next_data(&self, scratch: &mut Scratch, from: u64) -> Result<Option<u64>, DiskError> {
        let own = self.next_own(scratch, from)?;
        let below = match &self.backing {
            Some(image) if from < image.virtual_bytes() => image.next_data(scratch, from)?,
            _ => None,
        };
        let below = below.filter(|at| *at < self.header.virtual_bytes);
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
            let piece = self.header.piece_bytes();
            let room = usize::try_from(piece - at % piece).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at_mut(room.min(rest.len()));
            self.piece(scratch, at, now).map_err(|error| self.at_cluster(error, at))?;
            at += now.len() as u64;
            rest = later;
        }
        Ok(())
    }

    fn packed(
        &self,
        scratch: &mut Scratch,
        offset: u64,
        bytes: usize,
        check: Check,
        out: &mut Vec<u8>,
    ) -> Result<Packed, DiskError> {
        let cluster_bytes = self.header.cluster_bytes();
        let is_cluster = cluster_bytes == bytes as u64 && offset.is_multiple_of(cluster_bytes);
        if !is_cluster || self.header.codec != Codec::Deflate || self.backing.is_some() {
            return Ok(Packed::Differently);
        }
        if offset + cluster_bytes > self.header.virtual_bytes {
            return Ok(Packed::Differently);
        }
        let Place::Packed { at, bytes: count } = self.locate(scratch, offset)? else {
            return Ok(Packed::Differently);
        };
        let place = |error| self.at_cluster(error, offset);
        if check == Check::Inflate {
            self.unpack(scratch, at, count).map_err(place)?;
        }
        let stream = self.fetch(scratch, at, count).map_err(place)?;
        out.extend_from_slice(&scratch.ahead.bytes()[stream]);
        Ok(Packed::Deflate)
    }
}

impl Qcow2 {
    /// The next cluster that this image holds itself and that is not known to be zeros.
    fn next_own(&self, scratch: &mut Scratch, from: u64) -> Result<Option<u64>, DiskError> {
        let (cluster_bytes, entries) = (self.header.cluster_bytes(), self.header.l2_entries());
        let mut cluster = from / cluster_bytes;
        while cluster * cluster_bytes < self.header.virtual_bytes {
            let table = cluster / entries;
            if self.load(scratch, table)? {
                let first = usize::try_from(cluster % entries).unwrap_or(0);
                let last = usize::try_from(entries).unwrap_or(0);
                let found = (first..last).find(|&i| self.is_data(self.entry(scratch, i)));
                if let Some(index) = found {
                    let at = (table * entries + index as u64) * cluster_bytes;
                    return Ok((at < self.header.virtual_bytes).then_some(at.max(from)));
                }
            }
            cluster = (table + 1) * entries;
        }
        Ok(None)
    }

    fn at_cluster(&self, error: DiskError, offset: u64) -> DiskError {
        let cluster = offset / self.header.cluster_bytes();
        error.of_grain(cluster, cluster * self.header.cluster_bytes() / 512)
    }
}
