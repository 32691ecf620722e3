//! FAT12 with long file names, and the label in both places where readers look: the boot sector
//! and the root directory.

use sha2::{Digest as _, Sha256};

use super::{
    image::SeedFile,
    len32,
    tree::{Node, Tree},
};

const SECTOR: usize = 512;
/// One record of a directory.
const RECORD: usize = 32;
/// Enough for [`super::SEED_FILES_MAX`] names of [`super::SEED_NAME_BYTES_MAX`] bytes.
const ROOT_RECORDS: u16 = 512;
const ROOT_SECTORS: usize = 32;
/// The most clusters with which a file system is FAT12.
const CLUSTERS_MAX: usize = 4084;
/// Small images look odd to some readers; this is what `cloud-localds` makes.
const SECTORS_MIN: usize = 256;
/// 2000-01-01, fixed so that images are reproducible.
const DATE: u16 = (20 << 9) | (1 << 5) | 1;
const DIRECTORY: u8 = 0x10;
const VOLUME_LABEL: u8 = 0x08;
const ARCHIVE: u8 = 0x20;
const LONG_NAME: u8 = 0x0f;
const END_OF_CHAIN: u16 = 0xfff;

/// Writes an image of `tree` with a volume label.
pub(super) fn write(tree: &Tree<'_>, files: &[SeedFile], label: &str) -> Vec<u8> {
    let cluster_sectors = [1, 2, 4, 8, 16, 32, 64]
        .into_iter()
        .find(|&sectors| count_clusters(tree, files, sectors * SECTOR) <= CLUSTERS_MAX)
        .unwrap_or(64);
    let mut data =
        Data { cluster_len: cluster_sectors * SECTOR, bytes: Vec::new(), fat: vec![0xff8, 0xfff] };
    let mut label11 = [b' '; 11];
    label11[..label.len()].copy_from_slice(label.as_bytes());
    let mut root = record(label11, VOLUME_LABEL, 0, 0);
    data.add_entries(tree, files, 0, &mut root);
    root.resize(ROOT_SECTORS * SECTOR, 0);

    let used = data.fat.len() - 2;
    let fixed = 1 + ROOT_SECTORS;
    let wanted = (SECTORS_MIN - fixed - 2).div_ceil(cluster_sectors).max(used).min(CLUSTERS_MAX);
    let fat_sectors = ((wanted + 2) * 3).div_ceil(2).div_ceil(SECTOR);
    let total = fixed + 2 * fat_sectors + wanted * cluster_sectors;
    let fat = pack_fat12(&data.fat, fat_sectors * SECTOR);
    let boot = boot_sector(label11, cluster_sectors, fat_sectors, total, serial(files, label));
    // Most of the image is zero: memory that comes zeroed is never written there.
    let mut image = vec![0; total * SECTOR];
    let mut rest = image.as_mut_slice();
    for part in [&boot, &fat, &fat, &root, &data.bytes] {
        let (place, after) = rest.split_at_mut(part.len());
        place.copy_from_slice(part);
        rest = after;
    }
    image
}

/// Number that tells two images apart, made of their contents.
fn serial(files: &[SeedFile], label: &str) -> [u8; 4] {
    let mut digest = Sha256::new_with_prefix(label);
    for file in files {
        for part in [file.name.as_bytes(), &file.bytes] {
            digest.update(len32(part.len()).to_le_bytes());
            digest.update(part);
        }
    }
    let digest = digest.finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

fn count_clusters(tree: &Tree<'_>, files: &[SeedFile], cluster_len: usize) -> usize {
    let below = tree.entries.values().map(|node| match node {
        Node::File(index) => files[*index].bytes.len().div_ceil(cluster_len),
        Node::Dir(dir) => {
            let records: usize = 2 + dir.entries.keys().map(|name| records_of(name)).sum::<usize>();
            (records * RECORD).div_ceil(cluster_len) + count_clusters(dir, files, cluster_len)
        }
    });
    below.sum()
}

/// Records that a name takes at most: the short one, and one for each 13 characters.
fn records_of(name: &str) -> usize {
    1 + name.len().div_ceil(13)
}

/// The clusters of files and directories below the root.
struct Data {
    cluster_len: usize,
    bytes: Vec<u8>,
    fat: Vec<u16>,
}

impl Data {
    /// Takes clusters for `len` bytes and chains them; 0 where nothing is stored.
    fn take(&mut self, len: usize) -> u16 {
        let clusters = len.div_ceil(self.cluster_len);
        if clusters == 0 {
            return 0;
        }
        let first = self.fat.len();
        for cluster in first + 1..first + clusters {
            self.fat.push(num12(cluster));
        }
        self.fat.push(END_OF_CHAIN);
        self.bytes.resize(self.bytes.len() + clusters * self.cluster_len, 0);
        num12(first)
    }

    fn put(&mut self, cluster: u16, bytes: &[u8]) {
        if cluster >= 2 {
            let start = usize::from(cluster - 2) * self.cluster_len;
            self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        }
    }

    /// Appends the records of a directory to `out` and stores what they name.
    fn add_entries(&mut self, tree: &Tree<'_>, files: &[SeedFile], own: u16, out: &mut Vec<u8>) {
        let mut shorts: Vec<[u8; 11]> = Vec::with_capacity(tree.entries.len());
        for (name, node) in &tree.entries {
            let short = short_name(name, &shorts);
            shorts.push(short);
            long_records(name, short, out);
            match node {
                Node::File(index) => {
                    let bytes = &files[*index].bytes;
                    let cluster = self.take(bytes.len());
                    self.put(cluster, bytes);
                    out.extend(record(short, ARCHIVE, cluster, len32(bytes.len())));
                }
                Node::Dir(dir) => {
                    let records: usize =
                        2 + dir.entries.keys().map(|name| records_of(name)).sum::<usize>();
                    let cluster = self.take(records * RECORD);
                    let mut body = record(*b".          ", DIRECTORY, cluster, 0);
                    body.extend(record(*b"..         ", DIRECTORY, own, 0));
                    self.add_entries(dir, files, cluster, &mut body);
                    self.put(cluster, &body);
                    out.extend(record(short, DIRECTORY, cluster, 0));
                }
            }
        }
    }
}

/// A cluster number; [`CLUSTERS_MAX`] keeps it within 12 bits.
fn num12(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(END_OF_CHAIN)
}

fn record(name: [u8; 11], attributes: u8, cluster: u16, len: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(RECORD);
    out.extend(name);
    out.extend([attributes, 0, 0]);
    out.extend(0u16.to_le_bytes());
    out.extend(DATE.to_le_bytes());
    out.extend(DATE.to_le_bytes());
    out.extend([0; 2]);
    out.extend(0u16.to_le_bytes());
    out.extend(DATE.to_le_bytes());
    out.extend(cluster.to_le_bytes());
    out.extend(len.to_le_bytes());
    out
}

/// The long-name records of a name, last part first.
fn long_records(name: &str, short: [u8; 11], out: &mut Vec<u8>) {
    let sum = short.iter().fold(0u8, |sum, b| sum.rotate_right(1).wrapping_add(*b));
    let units: Vec<u16> = name.encode_utf16().collect();
    let parts: Vec<&[u16]> = units.chunks(13).collect();
    for (index, part) in parts.iter().enumerate().rev() {
        let last = if index + 1 == parts.len() { 0x40 } else { 0 };
        let mut slots = [0xffffu16; 13];
        slots[..part.len()].copy_from_slice(part);
        if let Some(slot) = slots.get_mut(part.len()) {
            *slot = 0;
        }
        let mut bytes = slots.iter().flat_map(|unit| unit.to_le_bytes());
        out.push(u8::try_from(index + 1).unwrap_or(u8::MAX) | last);
        out.extend(bytes.by_ref().take(10));
        out.extend([LONG_NAME, 0, sum]);
        out.extend(bytes.by_ref().take(12));
        out.extend([0; 2]);
        out.extend(bytes);
    }
}

/// An 8.3 alias with a number (`USER-D~1`), unique in its directory.
fn short_name(name: &str, taken: &[[u8; 11]]) -> [u8; 11] {
    let (stem, suffix) = match name.rsplit_once('.') {
        Some((stem, suffix)) if !stem.is_empty() => (stem, suffix),
        _ => (name, ""),
    };
    let clean = |text: &str, len: usize| -> Vec<u8> {
        text.bytes().filter(|b| *b != b'.').map(|b| b.to_ascii_uppercase()).take(len).collect()
    };
    let build = |number: usize| {
        let tail = format!("~{number}");
        let mut alias = [b' '; 11];
        let mut base = clean(stem, 8 - tail.len());
        base.extend(tail.bytes());
        alias[..base.len()].copy_from_slice(&base);
        for (slot, byte) in alias[8..].iter_mut().zip(clean(suffix, 3)) {
            *slot = byte;
        }
        alias
    };
    // One more candidate than there can be names in a directory.
    (1..=taken.len() + 1)
        .map(build)
        .find(|alias| !taken.contains(alias))
        .unwrap_or_else(|| build(99))
}

/// Twelve bits per cluster, two clusters in three bytes.
fn pack_fat12(fat: &[u16], len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(len);
    for pair in fat.chunks(2) {
        let value = u32::from(pair[0]) | u32::from(pair.get(1).copied().unwrap_or(0)) << 12;
        out.extend(&value.to_le_bytes()[..3]);
    }
    out.resize(len, 0);
    out
}

fn boot_sector(
    label: [u8; 11],
    cluster_sectors: usize,
    fat_sectors: usize,
    total_sectors: usize,
    serial: [u8; 4],
) -> Vec<u8> {
    let num16 = |value: usize| u16::try_from(value).unwrap_or(0).to_le_bytes();
    let mut out = Vec::with_capacity(SECTOR);
    out.extend(b"\xeb\x3c\x90QUANTIX ");
    out.extend(num16(SECTOR));
    out.push(u8::try_from(cluster_sectors).unwrap_or(1));
    out.extend(num16(1));
    out.push(2);
    out.extend(ROOT_RECORDS.to_le_bytes());
    out.extend(num16(total_sectors));
    out.push(0xf8);
    out.extend(num16(fat_sectors));
    out.extend(num16(32));
    out.extend(num16(64));
    out.extend([0; 4]);
    let large = if u16::try_from(total_sectors).is_ok() { 0 } else { len32(total_sectors) };
    out.extend(large.to_le_bytes());
    out.extend([0x80, 0, 0x29]);
    out.extend(serial);
    out.extend(label);
    out.extend(b"FAT12   ");
    out.resize(510, 0);
    out.extend([0x55, 0xaa]);
    out
}
