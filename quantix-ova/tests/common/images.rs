#![allow(clippy::unwrap_used, unreachable_pub)] // tests unwrap, and share modules
//! Images that `qemu-img` does not make: VMDKs of any grain size and order of grains, with and
//! without footer, and the sparse extents of ESX. Written from the formats' descriptions, with no
//! code of the crate.

const SECTOR: usize = 512;

/// The shape of a stream-optimized VMDK.
#[derive(Clone, Debug)]
pub struct Stream {
    pub grain_sectors: usize,
    pub table_entries: usize,
    /// Which grain comes first, second and so on, by a step through all of them; 1 is in order.
    pub step: usize,
    /// Whether there is a footer, as there must be, or only markers.
    pub footer: bool,
    /// Whether the header has the place of the grain directory, as in version 1.
    pub directory_in_header: bool,
    /// Whether the size in a marker counts the padding.
    pub counts_padding: bool,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            grain_sectors: 128,
            table_entries: 512,
            step: 1,
            footer: true,
            directory_in_header: false,
            counts_padding: false,
        }
    }
}

fn put32(block: &mut [u8], at: usize, value: usize) {
    block[at..at + 4].copy_from_slice(&u32::try_from(value).unwrap().to_le_bytes());
}

fn put64(block: &mut [u8], at: usize, value: usize) {
    block[at..at + 8].copy_from_slice(&(value as u64).to_le_bytes());
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Numbers below `count`, each once, `step` apart.
pub fn order(count: usize, step: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..count).collect();
    let (mut at, mut order) = (0, Vec::new());
    while !left.is_empty() {
        at = (at + step.max(1) - 1) % left.len();
        order.push(left.remove(at));
    }
    order
}

fn pad(file: &mut Vec<u8>) {
    file.resize(file.len().next_multiple_of(SECTOR), 0);
}

fn hosted_header(version: usize, flags: usize, disk: usize, grain_sectors: usize) -> [u8; SECTOR] {
    let mut block = [0; SECTOR];
    block[..4].copy_from_slice(b"KDMV");
    put32(&mut block, 4, version);
    put32(&mut block, 8, flags);
    put64(&mut block, 12, disk / SECTOR);
    put64(&mut block, 20, grain_sectors);
    put32(&mut block, 44, 512);
    put64(&mut block, 28, 1);
    put64(&mut block, 36, 20);
    put64(&mut block, 64, 128);
    block[73..77].copy_from_slice(b"\n \r\n");
    block
}

fn marker(file: &mut Vec<u8>, sectors: usize, kind: usize, body: &[u8]) -> usize {
    let mut block = [0; SECTOR];
    put64(&mut block, 0, sectors);
    put32(&mut block, 12, kind);
    file.extend_from_slice(&block);
    let at = file.len() / SECTOR;
    file.extend_from_slice(body);
    pad(file);
    at
}

/// A stream-optimized VMDK of a disk.
pub fn stream_optimized(disk: &[u8], shape: &Stream) -> Vec<u8> {
    let grain_bytes = shape.grain_sectors * SECTOR;
    let grains = disk.len().div_ceil(grain_bytes);
    let mut header = hosted_header(3, 0x3_0001, disk.len(), shape.grain_sectors);
    put32(&mut header, 44, shape.table_entries);
    header[77] = 1;
    let mut file = vec![0; 128 * SECTOR];
    let mut deflate = libdeflater::Compressor::new(libdeflater::CompressionLvl::fastest());
    let mut tables = vec![0u8; grains.next_multiple_of(shape.table_entries) * 4];
    for grain in order(grains, shape.step) {
        let content = &disk[grain * grain_bytes..disk.len().min((grain + 1) * grain_bytes)];
        if is_zero(content) {
            continue;
        }
        let content = [content, &vec![0; grain_bytes - content.len()]].concat();
        let mut stream = vec![0; deflate.zlib_compress_bound(content.len())];
        let bytes = deflate.zlib_compress(&content, &mut stream).unwrap();
        let padded = (12 + bytes).next_multiple_of(SECTOR) - 12;
        put32(&mut tables, grain * 4, file.len() / SECTOR);
        let start = file.len();
        file.resize(start + 12, 0);
        put64(&mut file, start, grain * shape.grain_sectors);
        put32(&mut file, start + 8, if shape.counts_padding { padded } else { bytes });
        file.extend_from_slice(&stream[..bytes]);
        pad(&mut file);
    }
    let mut directory = Vec::new();
    for table in tables.chunks(shape.table_entries * 4) {
        let place = match is_zero(table) {
            true => 0,
            false => marker(&mut file, table.len().div_ceil(SECTOR), 1, table),
        };
        directory.extend_from_slice(&u32::try_from(place).unwrap().to_le_bytes());
    }
    let at = marker(&mut file, directory.len().div_ceil(SECTOR), 2, &directory);
    put64(&mut header, 56, at);
    if shape.footer {
        let footer = header;
        marker(&mut file, 1, 3, &footer);
    }
    if !shape.directory_in_header {
        put64(&mut header, 56, usize::MAX);
    }
    marker(&mut file, 0, 0, &[]);
    file[..SECTOR].copy_from_slice(&header);
    embed(&mut file, "streamOptimized", disk.len());
    file
}

/// Puts a descriptor into the second sector, where QEMU looks for it whatever the header says.
fn embed(file: &mut [u8], kind: &str, disk: usize) {
    let text = descriptor(kind, "SPARSE", "d.vmdk", disk / SECTOR, "ffffffff");
    file[SECTOR..SECTOR + text.len()].copy_from_slice(text.as_bytes());
}

/// A monolithic sparse VMDK; grains are where a step through all of them puts them.
pub fn monolithic_sparse(disk: &[u8], grain_sectors: usize, step: usize) -> Vec<u8> {
    let grain_bytes = grain_sectors * SECTOR;
    let grains = disk.len().div_ceil(grain_bytes);
    let tables = grains.div_ceil(512);
    let directory_sectors = (tables * 4).div_ceil(SECTOR);
    let tables_at = 128 + directory_sectors;
    let mut file = vec![0; (tables_at + tables * 4).next_multiple_of(128) * SECTOR];
    let mut header = hosted_header(1, 1 | 1 << 2, disk.len(), grain_sectors);
    put64(&mut header, 56, 128);
    file[..SECTOR].copy_from_slice(&header);
    for table in 0..tables {
        put32(&mut file, 128 * SECTOR + table * 4, tables_at + table * 4);
    }
    for grain in order(grains, step) {
        let content = &disk[grain * grain_bytes..disk.len().min((grain + 1) * grain_bytes)];
        let entry = tables_at * SECTOR + grain * 4;
        if is_zero(content) {
            // Not there, or said to be zeros.
            put32(&mut file, entry, grain % 2);
            continue;
        }
        let place = file.len() / SECTOR;
        put32(&mut file, entry, place);
        file.extend_from_slice(content);
        let end = place * SECTOR + grain_bytes;
        file.resize(end, 0);
    }
    embed(&mut file, "monolithicSparse", disk.len());
    file
}

/// A COWD extent.
pub fn cowd(disk: &[u8], grain_sectors: usize, root: bool) -> Vec<u8> {
    let grain_bytes = grain_sectors * SECTOR;
    let grains = disk.len().div_ceil(grain_bytes);
    let tables = grains.div_ceil(4096);
    let directory_sectors = (tables * 4).div_ceil(SECTOR);
    let mut file = vec![0; (4 + directory_sectors) * SECTOR];
    file[..4].copy_from_slice(b"COWD");
    put32(&mut file, 4, 1);
    put32(&mut file, 8, if root { 3 } else { 2 });
    put32(&mut file, 12, disk.len() / SECTOR);
    put32(&mut file, 16, grain_sectors);
    put32(&mut file, 20, 4);
    put32(&mut file, 24, tables);
    if root {
        // Where children have the name of their parent, nobody looks but QEMU.
        embed(&mut file, "vmfsSparse", disk.len());
    } else {
        file[32..41].copy_from_slice(b"base.vmdk");
    }
    for table in 0..tables {
        let first = table * 4096;
        let content = |grain: usize| {
            let end = disk.len().min((grain + 1) * grain_bytes);
            disk.get(grain * grain_bytes..end).unwrap_or_default()
        };
        if (first..first + 4096).all(|grain| is_zero(content(grain))) {
            continue;
        }
        let at = file.len();
        put32(&mut file, 4 * SECTOR + table * 4, at / SECTOR);
        file.resize(at + 4096 * 4, 0);
        for grain in (first..first + 4096).filter(|grain| !is_zero(content(*grain))) {
            let place = file.len();
            put32(&mut file, at + (grain - first) * 4, place / SECTOR);
            file.extend_from_slice(content(grain));
            file.resize(place + grain_bytes, 0);
        }
    }
    let sectors = file.len() / SECTOR;
    put32(&mut file, 28, sectors);
    file
}

/// A space-efficient sparse extent: grains of 4 KiB.
pub fn se_sparse(disk: &[u8]) -> Vec<u8> {
    const GRAIN: usize = 4096;
    let grains = disk.len().div_ceil(GRAIN);
    let tables = grains.div_ceil(4096);
    let directory_at = 4096;
    let tables_at = directory_at + 64;
    let grains_at = (tables_at + tables * 64).next_multiple_of(8);
    let mut file = vec![0; grains_at * SECTOR];
    for (at, value) in [
        (0, 0xcafe_babe),
        (8, 0x2_0000_0001),
        (16, disk.len() / SECTOR),
        (24, GRAIN / SECTOR),
        (32, 64),
        (80, 1),
        (88, 1),
        (96, 2),
        (104, 2),
        (112, 2048),
        (120, 2048),
        (128, directory_at),
        (136, 64),
        (144, tables_at),
        (152, tables * 64),
        (160, grains_at),
        (176, grains_at),
        (192, grains_at),
        (200, grains * 8),
    ] {
        put64(&mut file, at, value);
    }
    put64(&mut file, SECTOR, 0xcafe_cafe);
    let mut next = 0usize;
    for (grain, content) in disk.chunks(GRAIN).enumerate() {
        let table = grain / 4096;
        put64(&mut file, directory_at * SECTOR + table * 8, 1 << 60 | table);
        let entry = (tables_at + table * 64) * SECTOR + grain % 4096 * 8;
        if is_zero(content) {
            // Not there, unmapped, or said to be zeros.
            put64(&mut file, entry, (grain % 3) << 60);
            continue;
        }
        let (high, low) = (next & 0xfff, next >> 12);
        put64(&mut file, entry, 3 << 60 | high << 48 | low);
        file.extend_from_slice(content);
        file.resize(grains_at * SECTOR + (next + 1) * GRAIN, 0);
        next += 1;
    }
    file
}

/// A descriptor file with one extent.
pub fn descriptor(kind: &str, extent: &str, file: &str, sectors: usize, parent: &str) -> String {
    format!(
        "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID={parent}\n\
         createType=\"{kind}\"\n\n# Extent description\nRW {sectors} {extent} \"{file}\"\n\n\
         # The Disk Data Base\n#DDB\n\nddb.adapterType = \"lsilogic\"\n"
    )
}
