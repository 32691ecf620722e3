//! The header of a sparse VMDK extent, and the markers of a stream-optimized one.

use super::{DiskError, Fault, SECTOR, VIRTUAL_BYTES_MAX};

pub(super) const MAGIC: &[u8; 4] = b"KDMV";
/// A grain directory offset that means: see the footer.
pub(super) const GD_AT_END: u64 = u64::MAX;
/// The most bytes that a grain may have.
pub(super) const GRAIN_BYTES_MAX: u64 = 4 << 20;
/// The most grains that one grain table may describe.
pub(super) const TABLE_ENTRIES_MAX: u32 = 1 << 16;
/// The most grain tables that one extent may have.
pub(super) const TABLES_MAX: u64 = 1 << 22;

pub(crate) const MARKER_EOS: u32 = 0;
pub(crate) const MARKER_GT: u32 = 1;
pub(crate) const MARKER_GD: u32 = 2;
pub(crate) const MARKER_FOOTER: u32 = 3;

/// What the `flags` field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(pub(crate) u32);

impl Flags {
    pub(crate) const NEW_LINE_TEST: u32 = 1;
    pub(crate) const ZERO_GRAIN: u32 = 1 << 2;
    pub(crate) const COMPRESSED: u32 = 1 << 16;
    pub(crate) const MARKERS: u32 = 1 << 17;

    pub(crate) fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }
}

/// A header whose every field is within its limits.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) flags: Flags,
    pub(crate) capacity_bytes: u64,
    pub(crate) grain_bytes: u64,
    pub(crate) table_entries: u32,
    /// Byte of the grain directory; `None` when the footer has it.
    pub(crate) directory_at: Option<u64>,
    /// Where the embedded descriptor lies, and its length; both 0 without one.
    pub(crate) descriptor: (u64, u64),
}

impl Header {
    pub(crate) fn parse(block: &[u8; 512]) -> Result<Self, DiskError> {
        let u32_at =
            |at: usize| u32::from_le_bytes(block[at..at + 4].try_into().unwrap_or_default());
        let u64_at =
            |at: usize| u64::from_le_bytes(block[at..at + 8].try_into().unwrap_or_default());
        let fail =
            |field, found, expected| Err(DiskError::new(Fault::Header { field, found, expected }));
        if block[..4] != *MAGIC {
            return fail("magic", u64::from(u32_at(0)), "KDMV");
        }
        let (version, flags) = (u32_at(4), Flags(u32_at(8)));
        if !(1..=3).contains(&version) {
            return fail("version", u64::from(version), "1, 2 or 3");
        }
        if flags.has(Flags::NEW_LINE_TEST) && block[73..77] != *b"\n \r\n" {
            let found = u64::from(u32_at(73));
            return fail("newline test", found, "LF, space, CR, LF (was it sent as text?)");
        }
        let algorithm = u16::from_le_bytes([block[77], block[78]]);
        if flags.has(Flags::COMPRESSED) && algorithm != 1 {
            return fail("compressAlgorithm", u64::from(algorithm), "1 (deflate)");
        }
        let (capacity, grain) = (u64_at(12), u64_at(20));
        if capacity > VIRTUAL_BYTES_MAX / SECTOR {
            return fail("capacity", capacity, "at most 64 TiB in sectors");
        }
        if !grain.is_power_of_two() || !(1..=GRAIN_BYTES_MAX / SECTOR).contains(&grain) {
            return fail("grainSize", grain, "a power of two, at most 8192 sectors");
        }
        let table_entries = u32_at(44);
        if !(1..=TABLE_ENTRIES_MAX).contains(&table_entries) {
            return fail("numGTEsPerGT", u64::from(table_entries), "1 to 65536, usually 512");
        }
        if capacity.div_ceil(grain * u64::from(table_entries)) > TABLES_MAX {
            return fail("capacity", capacity, "at most 4194304 grain tables");
        }
        let directory = u64_at(56);
        let directory_at = (directory != GD_AT_END).then(|| directory.saturating_mul(SECTOR));
        let descriptor = (u64_at(28).saturating_mul(SECTOR), u64_at(36).saturating_mul(SECTOR));
        Ok(Self {
            flags,
            capacity_bytes: capacity * SECTOR,
            grain_bytes: grain * SECTOR,
            table_entries,
            directory_at,
            descriptor,
        })
    }

    /// How many grain tables cover the disk.
    pub(crate) fn tables(&self) -> u64 {
        self.capacity_bytes.div_ceil(self.grain_bytes * u64::from(self.table_entries))
    }
}

/// The start of a grain or of metadata in a stream-optimized image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// A grain: the sector of the disk, and how many compressed bytes follow.
    Grain { lba: u64, bytes: u32 },
    /// Metadata of this kind, of so many sectors.
    Meta { sectors: u64, kind: u32 },
}

impl Marker {
    /// How many bytes of a grain marker precede the compressed bytes.
    pub(super) const GRAIN_HEAD: usize = 12;

    pub(super) fn parse(head: &[u8; 16]) -> Self {
        let u32_at =
            |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap_or_default());
        let value = u64::from_le_bytes(head[..8].try_into().unwrap_or_default());
        match u32_at(8) {
            0 => Self::Meta { sectors: value, kind: u32_at(12) },
            bytes => Self::Grain { lba: value, bytes },
        }
    }
}
