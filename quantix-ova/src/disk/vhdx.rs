//! VHDX: Hyper-V's format.

use std::sync::Arc;

use super::{
    DiskError, Fault, Format,
    blocks::{Blocks, Field, HOLE, Places, bytes, count},
};
use crate::package::ReadAt;

pub(super) const MAGIC: &[u8] = b"vhdxfile";
const HEADERS_AT: [u64; 2] = [64 << 10, 128 << 10];
const REGIONS_AT: [u64; 2] = [192 << 10, 256 << 10];
const HEADER_BYTES: usize = 4096;
const REGIONS_BYTES: usize = 64 << 10;
const METADATA_BYTES: usize = 64 << 10;
/// The most regions, and the most items of metadata.
const ENTRIES_MAX: usize = 2047;

// GUIDs as they lie in the file.
const BAT: [u8; 16] = guid(0x2DC2_7766, 0xF623, 0x4200, 0x9D64_115E_9BFD_4A08);
const METADATA: [u8; 16] = guid(0x8B7C_A206, 0x4790, 0x4B9A, 0xB8FE_575F_050F_886E);
const FILE_PARAMETERS: [u8; 16] = guid(0xCAA1_6737, 0xFA36, 0x4D43, 0xB3B6_33F0_AA44_E76B);
const DISK_SIZE: [u8; 16] = guid(0x2FA5_4224, 0xCD1B, 0x4876, 0xB211_5DBE_D83B_F4B8);
const SECTOR_SIZE: [u8; 16] = guid(0x8141_BF1D, 0xA96F, 0x4709, 0xBA47_F233_A8FA_AB5F);

const fn guid(a: u32, b: u16, c: u16, d: u64) -> [u8; 16] {
    let (a, b, c, d) = (a.to_le_bytes(), b.to_le_bytes(), c.to_le_bytes(), d.to_be_bytes());
    [a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]]
}

pub(super) fn open(source: Arc<dyn ReadAt>) -> Result<Blocks, DiskError> {
    check_log(&*source)?;
    let regions = regions(&*source)?;
    let region = |wanted: &[u8; 16], name| {
        let found = regions.iter().find(|(id, _)| id == wanted).map(|&(_, at)| at);
        found.ok_or_else(|| wrong(name, 0, "one in the region table"))
    };
    let metadata_at = region(&METADATA, "metadata region")?;
    let shape = Shape::read(&*source, metadata_at)?;
    let blocks = count(shape.virtual_bytes, shape.block_bytes)?;
    // After so many blocks the table has an entry for a bitmap, which only differences use.
    let ratio = (shape.sector_bytes << 23) / shape.block_bytes;
    let ratio = usize::try_from(ratio).unwrap_or(usize::MAX).max(1);
    let entries = blocks + blocks.saturating_sub(1) / ratio;
    let bat_at = region(&BAT, "block table region")?;
    let table = bytes(&*source, bat_at, entries * 8)?;
    let mut places = Vec::with_capacity(blocks);
    for block in 0..blocks {
        let entry = Field(&table).u64_le((block + block / ratio) * 8);
        places.push(match entry & 7 {
            0..=3 => HOLE,
            6 => entry >> 20 << 20,
            state => return Err(wrong("block state", state, "0, 1, 2, 3 or 6")),
        });
    }
    let Shape { virtual_bytes, block_bytes, .. } = shape;
    let places = Places(places);
    Ok(Blocks { source, format: Format::Vhdx, virtual_bytes, block_bytes, places })
}

fn wrong(field: &'static str, found: u64, expected: &'static str) -> DiskError {
    DiskError::new(Fault::Header { field, found, expected })
}

/// Refuses an image whose log was not replayed: what lies in the file is not the disk.
fn check_log(source: &dyn ReadAt) -> Result<(), DiskError> {
    let valid = HEADERS_AT.into_iter().filter_map(|at| {
        let header = bytes(source, at, HEADER_BYTES).ok()?;
        (header.starts_with(b"head") && crc_is_right(&header)).then_some(header)
    });
    let current = valid.max_by_key(|header| Field(header).u64_le(8));
    let header = current.ok_or_else(|| wrong("header", 0, "one with the right checksum"))?;
    if Field(&header).u16_le(66) != 1 {
        return Err(wrong("version", u64::from(Field(&header).u16_le(66)), "1"));
    }
    if header[48..64] != [0; 16] {
        let what = "a VHDX with an open log (was its machine switched off cleanly?)";
        return Err(DiskError::new(Fault::Unsupported { what }));
    }
    Ok(())
}

fn regions(source: &dyn ReadAt) -> Result<Vec<([u8; 16], u64)>, DiskError> {
    let table = REGIONS_AT.into_iter().find_map(|at| {
        let table = bytes(source, at, REGIONS_BYTES).ok()?;
        (table.starts_with(b"regi") && crc_is_right(&table)).then_some(table)
    });
    let table = table.ok_or_else(|| wrong("region table", 0, "one with the right checksum"))?;
    let count = Field(&table).u32_le(8) as usize;
    if count > ENTRIES_MAX {
        return Err(wrong("regions", count as u64, "at most 2047"));
    }
    let entries = table[16..].chunks_exact(32).take(count);
    let entry = |e: &[u8]| (e[..16].try_into().unwrap_or_default(), Field(e).u64_le(16));
    Ok(entries.map(entry).collect())
}

/// What the metadata says about the disk.
struct Shape {
    virtual_bytes: u64,
    block_bytes: u64,
    sector_bytes: u64,
}

impl Shape {
    fn read(source: &dyn ReadAt, at: u64) -> Result<Self, DiskError> {
        let table = bytes(source, at, METADATA_BYTES)?;
        if !table.starts_with(b"metadata") {
            return Err(wrong("metadata table", 0, "its signature").at(at));
        }
        let count = usize::from(Field(&table).u16_le(10));
        if count > ENTRIES_MAX {
            return Err(wrong("metadata items", count as u64, "at most 2047"));
        }
        let item = |wanted: &[u8; 16], name, length| {
            let mut entries = table[32..].chunks_exact(32).take(count);
            let entry = entries.find(|entry| entry[..16] == *wanted);
            let entry = entry.ok_or_else(|| wrong(name, 0, "one in the metadata"))?;
            bytes(source, at + u64::from(Field(entry).u32_le(16)), length)
        };
        let parameters = item(&FILE_PARAMETERS, "file parameters", 8)?;
        if Field(&parameters).u32_le(4) & 2 != 0 {
            return Err(DiskError::new(Fault::Delta { parent: "another VHDX".to_owned() }));
        }
        let virtual_bytes = Field(&item(&DISK_SIZE, "disk size", 8)?).u64_le(0);
        let sector_bytes = u64::from(Field(&item(&SECTOR_SIZE, "sector size", 4)?).u32_le(0));
        if ![512, 4096].contains(&sector_bytes) {
            return Err(wrong("sector size", sector_bytes, "512 or 4096"));
        }
        let block_bytes = u64::from(Field(&parameters).u32_le(0));
        Ok(Self { virtual_bytes, block_bytes, sector_bytes })
    }
}

/// Compares the CRC-32C at byte 4 with that of the structure in which it is zero.
fn crc_is_right(structure: &[u8]) -> bool {
    let stored = Field(structure).u32_le(4);
    let zero = [0; 4];
    let bytes = structure[..4].iter().chain(&zero).chain(&structure[8..]);
    let crc = bytes.fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    });
    stored == !crc
}
