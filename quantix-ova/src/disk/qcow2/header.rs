//! The header of a qcow2 image: every field within its limits, every feature known.

use quantix_core::Finding;

use super::super::{
    DiskError, Fault, VIRTUAL_BYTES_MAX,
    blocks::{Field, bytes},
};
use crate::package::ReadAt;

/// The most entries that the table of tables may have, as in QEMU.
const L1_ENTRIES_MAX: u64 = 4 << 20;
/// The longest name of a backing file, as in QEMU.
const NAME_BYTES_MAX: u32 = 1023;
const L1_OFFSET_MASK: u64 = 0x00ff_ffff_ffff_fe00;
const SUBCLUSTERS: u64 = 32;

// Incompatible features.
const DIRTY: u64 = 1;
const CORRUPT: u64 = 1 << 1;
const DATA_FILE: u64 = 1 << 2;
const COMPRESSION_TYPE: u64 = 1 << 3;
const EXTENDED_L2: u64 = 1 << 4;

/// How clusters are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Deflate,
    Zstd,
}

/// A header that was understood.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) cluster_bits: u32,
    pub(super) virtual_bytes: u64,
    pub(super) codec: Codec,
    /// Whether each cluster is divided into 32 subclusters.
    pub(super) is_extended: bool,
    pub(super) has_backing: bool,
    /// Where the tables of clusters are; 0 for those that are not there.
    pub(super) l1: Vec<u64>,
    pub(super) findings: Vec<Finding>,
}

fn wrong<T>(field: &'static str, found: u64, expected: &'static str) -> Result<T, DiskError> {
    Err(DiskError::new(Fault::Header { field, found, expected }))
}

impl Header {
    pub(super) fn read(source: &dyn ReadAt) -> Result<Self, DiskError> {
        let mut head = bytes(source, 0, 72)?;
        let version = Field(&head).u32_be(4);
        if !(2..=3).contains(&version) {
            return wrong("version", u64::from(version), "2 or 3");
        }
        let mut length = 72;
        if version == 3 {
            head = bytes(source, 0, 104)?;
            length = Field(&head).u32_be(100);
            if !(104..=4096).contains(&length) {
                return wrong("header length", u64::from(length), "104 to 4096");
            }
            head = bytes(source, 0, usize::try_from(length).unwrap_or(104))?;
        }
        let header = Field(&head);
        if header.u32_be(32) != 0 {
            return Err(DiskError::new(Fault::Unsupported { what: "an encrypted qcow2" }));
        }
        let features = if version == 3 { header.u64_be(72) } else { 0 };
        let is_extended = features & EXTENDED_L2 != 0;
        let codec = codec(features, &head, length)?;
        let (cluster_bits, virtual_bytes) = (header.u32_be(20), header.u64_be(24));
        if !(9..=21).contains(&cluster_bits) {
            return wrong("cluster bits", u64::from(cluster_bits), "9 to 21");
        }
        if is_extended && cluster_bits < 14 {
            return wrong("cluster bits", u64::from(cluster_bits), "14 to 21 with subclusters");
        }
        if virtual_bytes > VIRTUAL_BYTES_MAX {
            let (what, limit_max) = ("bytes of disk", VIRTUAL_BYTES_MAX);
            return Err(DiskError::new(Fault::Limit { what, found: virtual_bytes, limit_max }));
        }
        let entry_bits = if is_extended { 4 } else { 3 };
        let needed = virtual_bytes.div_ceil(1 << (2 * cluster_bits - entry_bits));
        let entries = u64::from(header.u32_be(36));
        if needed > L1_ENTRIES_MAX || needed > entries {
            return wrong("L1 entries", entries, "as many as the disk size needs");
        }
        let table = bytes(source, header.u64_be(40), usize::try_from(needed).unwrap_or(0) * 8)?;
        let l1 = table.chunks_exact(8).map(|entry| Field(entry).u64_be(0) & L1_OFFSET_MASK);
        Ok(Self {
            version,
            cluster_bits,
            virtual_bytes,
            codec,
            is_extended,
            has_backing: header.u64_be(8) != 0,
            l1: l1.collect(),
            findings: findings(features, header.u32_be(60)),
        })
    }

    /// How many clusters one L2 table maps.
    pub(super) fn l2_entries(&self) -> u64 {
        self.cluster_bytes() / if self.is_extended { 16 } else { 8 }
    }

    pub(super) fn cluster_bytes(&self) -> u64 {
        1 << self.cluster_bits
    }

    /// The size of the pieces that can be there or not on their own.
    pub(super) fn piece_bytes(&self) -> u64 {
        self.cluster_bytes() / if self.is_extended { SUBCLUSTERS } else { 1 }
    }
}

/// Refuses what cannot be read, and tells how clusters are compressed.
fn codec(features: u64, head: &[u8], length: u32) -> Result<Codec, DiskError> {
    if features & DATA_FILE != 0 {
        let what = "a qcow2 with an external data file (other files are never followed)";
        return Err(DiskError::new(Fault::Unsupported { what }));
    }
    if features & CORRUPT != 0 {
        let what = "a qcow2 that is marked as corrupt (qemu-img check -r all may mend it)";
        return Err(DiskError::new(Fault::Unsupported { what }));
    }
    let unknown = features & !(DIRTY | COMPRESSION_TYPE | EXTENDED_L2);
    if unknown != 0 {
        let expected = "no bit beyond 4: subclusters, compression type, dirty";
        return wrong("incompatible features", features, expected);
    }
    let kind = if length > 104 { head.get(104).copied().unwrap_or(0) } else { 0 };
    match (features & COMPRESSION_TYPE != 0, kind) {
        (_, 0) => Ok(Codec::Deflate),
        (true, 1) => Ok(Codec::Zstd),
        (_, kind) => wrong("compression type", u64::from(kind), "0 (deflate) or 1 (zstd)"),
    }
}

fn findings(features: u64, snapshots: u32) -> Vec<Finding> {
    let mut findings = Vec::new();
    if features & DIRTY != 0 {
        let text =
            "the image was not closed cleanly; its content may be from the middle of a write";
        findings.push(Finding::warning("qcow2-dirty", text));
    }
    if snapshots != 0 {
        let text = "snapshots inside the image are left out";
        findings.push(Finding::warning("qcow2-snapshots", text));
    }
    findings
}

/// The name of the backing file in the header, which is never opened by it.
pub(crate) fn backing_name(source: &dyn ReadAt) -> Result<Option<String>, DiskError> {
    let head = bytes(source, 0, 72)?;
    let header = Field(&head);
    let (at, count) = (header.u64_be(8), header.u32_be(16));
    if !head.starts_with(super::MAGIC) || at == 0 {
        return Ok(None);
    }
    if count > NAME_BYTES_MAX {
        let (what, limit_max) = ("bytes of backing file name", u64::from(NAME_BYTES_MAX));
        return Err(DiskError::new(Fault::Limit { what, found: count.into(), limit_max }));
    }
    let name = bytes(source, at, usize::try_from(count).unwrap_or(0))?;
    Ok(Some(String::from_utf8_lossy(&name).into_owned()))
}
