//! ISO 9660 (ECMA-119) with a Joliet tree (UCS-2 names, for Windows) and Rock Ridge 1.09 fields
//! (POSIX names and modes, for Linux).
//!
//! Layout, in sectors of 2048 bytes: 16 unused, primary descriptor, Joliet descriptor, terminator,
//! four path tables, primary directories, Joliet directories, file contents (shared by both).

use super::{
    image::SeedFile,
    len32,
    tree::{Node, Tree},
};

const SECTOR: usize = 2048;
/// Every time stamp: 2000-01-01 00:00:00 UTC. A fixed one makes images reproducible.
const STAMP: [u8; 7] = [100, 1, 1, 0, 0, 0, 0];
const LONG_STAMP: &[u8; 17] = b"2000010100000000\0";
const FIRST_FREE_SECTOR: u32 = 19;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Primary,
    Joliet,
}

/// One entry of a directory; `extent` and `len` are known once everything is laid out.
struct Entry<'a> {
    posix: &'a str,
    ident: Vec<u8>,
    is_dir: bool,
    /// Index into the directories or the files of the layout.
    target: usize,
}

/// A directory of one of the two trees, in path-table order.
struct Dir<'a> {
    ident: Vec<u8>,
    parent: usize,
    entries: Vec<Entry<'a>>,
    extent: u32,
    len: u32,
}

/// The directories of one tree.
struct Side<'a> {
    names: Names,
    dirs: Vec<Dir<'a>>,
    path_table_len: u32,
    /// Sectors of the little-endian and the big-endian path table.
    path_tables: [u32; 2],
}

/// Writes an image of `tree` with a volume label.
pub(super) fn write(tree: &Tree<'_>, files: &[SeedFile], label: &str) -> Vec<u8> {
    let mut sides = [Side::new(tree, Names::Primary), Side::new(tree, Names::Joliet)];
    let mut next = FIRST_FREE_SECTOR;
    for side in &mut sides {
        for table in &mut side.path_tables {
            *table = next;
            next += sectors(side.path_table_len);
        }
    }
    for dir in sides.iter_mut().flat_map(|side| &mut side.dirs) {
        dir.extent = next;
        next += sectors(dir.len);
    }
    let mut extents = Vec::with_capacity(files.len());
    for file in files {
        let len = len32(file.bytes.len());
        extents.push((next, len));
        next += sectors(len);
    }
    let mut image = vec![0; next as usize * SECTOR];
    for (sector, side) in [16, 17].into_iter().zip(&sides) {
        put(&mut image, sector, &side.descriptor(label, next));
    }
    put(&mut image, 18, b"\xffCD001\x01");
    for side in &sides {
        put(&mut image, side.path_tables[0], &side.path_table(u32::to_le_bytes, u16::to_le_bytes));
        put(&mut image, side.path_tables[1], &side.path_table(u32::to_be_bytes, u16::to_be_bytes));
        for index in 0..side.dirs.len() {
            put(&mut image, side.dirs[index].extent, &side.directory(index, &extents));
        }
    }
    for (file, (extent, _)) in files.iter().zip(&extents) {
        put(&mut image, *extent, &file.bytes);
    }
    image
}

fn sectors(len: u32) -> u32 {
    len.div_ceil(2048)
}

fn put(image: &mut [u8], sector: u32, bytes: &[u8]) {
    let start = sector as usize * SECTOR;
    image[start..start + bytes.len()].copy_from_slice(bytes);
}

/// A number in both byte orders, as ECMA-119 stores most.
fn both32(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_le_bytes());
    out.extend(value.to_be_bytes());
}

fn both16(out: &mut Vec<u8>, value: u16) {
    out.extend(value.to_le_bytes());
    out.extend(value.to_be_bytes());
}

/// A number that [`super::SEED_FILES_MAX`] and the depth limit keep within 16 bits.
fn num16(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// The length of a record, kept within 8 bits by [`super::SEED_NAME_BYTES_MAX`].
fn num8(value: usize) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

impl<'a> Side<'a> {
    /// Lists the directories breadth first, as path tables want them.
    fn new(tree: &Tree<'a>, names: Names) -> Self {
        let root = Dir { ident: vec![0], parent: 0, entries: Vec::new(), extent: 0, len: 0 };
        let mut side = Self { names, dirs: vec![root], path_table_len: 0, path_tables: [0; 2] };
        let mut level = vec![(0, tree)];
        while !level.is_empty() {
            let mut below: Vec<(usize, Vec<u8>, &Tree<'a>)> = Vec::new();
            for (parent, tree) in level {
                side.list(parent, tree, &mut below);
            }
            below.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
            level = Vec::with_capacity(below.len());
            for (parent, ident, tree) in below {
                let index = side.dirs.len();
                if let Some(entry) =
                    side.dirs[parent].entries.iter_mut().find(|e| e.is_dir && e.ident == ident)
                {
                    entry.target = index;
                }
                side.dirs.push(Dir { ident, parent, entries: Vec::new(), extent: 0, len: 0 });
                level.push((index, tree));
            }
        }
        side.measure();
        side
    }

    fn list<'t>(
        &mut self,
        index: usize,
        tree: &'t Tree<'a>,
        below: &mut Vec<(usize, Vec<u8>, &'t Tree<'a>)>,
    ) {
        let mut entries: Vec<Entry<'a>> = Vec::with_capacity(tree.entries.len());
        for (&posix, node) in &tree.entries {
            let taken = |ident: &[u8]| entries.iter().any(|entry| entry.ident == ident);
            let is_dir = matches!(node, Node::Dir(_));
            let ident = match self.names {
                Names::Joliet => posix.bytes().flat_map(|b| [0, b]).collect(),
                Names::Primary => primary_name(posix, is_dir, taken),
            };
            let target = match node {
                Node::File(index) => *index,
                Node::Dir(dir) => {
                    below.push((index, ident.clone(), dir));
                    0
                }
            };
            entries.push(Entry { posix, ident, is_dir, target });
        }
        entries.sort_by(|a, b| a.ident.cmp(&b.ident));
        self.dirs[index].entries = entries;
    }

    fn measure(&mut self) {
        self.path_table_len =
            self.dirs.iter().map(|dir| len32(8 + dir.ident.len().next_multiple_of(2))).sum();
        for index in 0..self.dirs.len() {
            let len = self.directory(index, &[]).len().next_multiple_of(SECTOR);
            self.dirs[index].len = len32(len);
        }
    }

    fn path_table(&self, num32: fn(u32) -> [u8; 4], num16_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.path_table_len as usize);
        for dir in &self.dirs {
            out.extend([num8(dir.ident.len()), 0]);
            out.extend(num32(dir.extent));
            out.extend(num16_of(num16(dir.parent + 1)));
            out.extend(&dir.ident);
            if dir.ident.len() % 2 == 1 {
                out.push(0);
            }
        }
        out
    }

    /// The records of a directory: itself, its parent, its entries. No record crosses a sector.
    fn directory(&self, index: usize, extents: &[(u32, u32)]) -> Vec<u8> {
        let (here, parent) = (&self.dirs[index], &self.dirs[self.dirs[index].parent]);
        let rock = |field: Vec<u8>| if self.names == Names::Primary { field } else { Vec::new() };
        let mut out = Vec::with_capacity(SECTOR);
        let mut own = Vec::new();
        if index == 0 {
            own.extend(b"SP\x07\x01\xbe\xef\0");
        }
        own.extend(posix_fields(true, 2));
        if index == 0 {
            own.extend(extension_field());
        }
        put_record(&mut out, (here.extent, here.len), true, &[0], &rock(own));
        put_record(&mut out, (parent.extent, parent.len), true, &[1], &rock(posix_fields(true, 2)));
        for entry in &here.entries {
            let place = if entry.is_dir {
                self.dirs.get(entry.target).map(|dir| (dir.extent, dir.len))
            } else {
                extents.get(entry.target).copied()
            };
            let mut fields = posix_fields(entry.is_dir, if entry.is_dir { 2 } else { 1 });
            fields.extend([b'N', b'M', num8(5 + entry.posix.len()), 1, 0]);
            fields.extend(entry.posix.bytes());
            put_record(
                &mut out,
                place.unwrap_or_default(),
                entry.is_dir,
                &entry.ident,
                &rock(fields),
            );
        }
        out
    }

    fn descriptor(&self, label: &str, volume_sectors: u32) -> Vec<u8> {
        let joliet = self.names == Names::Joliet;
        let mut out = Vec::with_capacity(SECTOR);
        out.extend([if joliet { 2 } else { 1 }]);
        out.extend(b"CD001\x01\0");
        self.put_text(&mut out, "LINUX", 32);
        self.put_text(&mut out, label, 32);
        out.extend([0; 8]);
        both32(&mut out, volume_sectors);
        out.extend(if joliet { *b"%/E" } else { [0; 3] });
        out.extend([0; 29]);
        both16(&mut out, 1);
        both16(&mut out, 1);
        both16(&mut out, 2048);
        both32(&mut out, self.path_table_len);
        out.extend(self.path_tables[0].to_le_bytes());
        out.extend([0; 4]);
        out.extend(self.path_tables[1].to_be_bytes());
        out.extend([0; 4]);
        let root = &self.dirs[0];
        put_record(&mut out, (root.extent, root.len), true, &[0], &[]);
        self.put_text(&mut out, "", 128);
        for text in ["", "", "QUANTIX"] {
            self.put_text(&mut out, text, 128);
        }
        for _ in 0..3 {
            self.put_text(&mut out, "", 37);
        }
        out.extend(LONG_STAMP);
        out.extend(LONG_STAMP);
        for _ in 0..2 {
            out.extend(b"0000000000000000\0");
        }
        out.extend([1, 0]);
        out
    }

    /// A text field of fixed length, padded with blanks of its alphabet.
    fn put_text(&self, out: &mut Vec<u8>, text: &str, len: usize) {
        let end = out.len() + len;
        match self.names {
            Names::Primary => out.extend(text.bytes()),
            Names::Joliet => out.extend(text.bytes().flat_map(|b| [0, b])),
        }
        while out.len() < end {
            match self.names {
                Names::Joliet if end - out.len() >= 2 => out.extend([0, b' ']),
                Names::Joliet => out.push(0),
                Names::Primary => out.push(b' '),
            }
        }
    }
}

/// A directory record; one that would cross a sector starts in the next.
fn put_record(out: &mut Vec<u8>, place: (u32, u32), is_dir: bool, ident: &[u8], fields: &[u8]) {
    let pad = usize::from(ident.len().is_multiple_of(2));
    let len = (33 + ident.len() + pad + fields.len()).next_multiple_of(2);
    if out.len() % SECTOR + len > SECTOR && len <= SECTOR {
        out.resize(out.len().next_multiple_of(SECTOR), 0);
    }
    let end = out.len() + len;
    out.extend([num8(len), 0]);
    both32(out, place.0);
    both32(out, place.1);
    out.extend(STAMP);
    out.extend([if is_dir { 2 } else { 0 }, 0, 0]);
    both16(out, 1);
    out.push(num8(ident.len()));
    out.extend(ident);
    out.extend(&[0u8; 1][..pad]);
    out.extend(fields);
    out.resize(end, 0);
}

/// Rock Ridge `PX` (mode, links, owner root) and `TF` (modified, accessed, changed).
fn posix_fields(is_dir: bool, links: u32) -> Vec<u8> {
    let mut out = b"PX\x24\x01".to_vec();
    for value in [if is_dir { 0o040_555 } else { 0o100_444 }, links, 0, 0] {
        both32(&mut out, value);
    }
    out.extend(b"TF\x1a\x01\x0e");
    for _ in 0..3 {
        out.extend(STAMP);
    }
    out
}

/// Rock Ridge `ER`: which extension this is. Short enough to stay in the root's own record.
fn extension_field() -> Vec<u8> {
    const TEXT: &[u8] =
        b"THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS";
    let mut out = b"ER\x66\x01\x0a\x54\0\x01RRIP_1991A".to_vec();
    out.extend(TEXT);
    out
}

/// An 8.3 name of upper-case letters, digits and `_`, unique in its directory.
fn primary_name(posix: &str, is_dir: bool, taken: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let clean = |text: &str, len: usize| -> Vec<u8> {
        let upper = text.bytes().map(|b| match b.to_ascii_uppercase() {
            b if b.is_ascii_alphanumeric() => b,
            _ => b'_',
        });
        upper.take(len).collect()
    };
    let (stem, suffix) = match posix.rsplit_once('.') {
        Some((stem, suffix)) if !stem.is_empty() && !is_dir => (stem, suffix),
        _ => (posix, ""),
    };
    let (stem, suffix) = (clean(stem, 8), clean(suffix, 3));
    let build = |stem: &[u8]| {
        let mut name = stem.to_vec();
        if !is_dir {
            name.push(b'.');
            name.extend(&suffix);
            name.extend(b";1");
        }
        name
    };
    let plain = build(&stem);
    if !taken(&plain) {
        return plain;
    }
    // At most SEED_FILES_MAX names compete, so two digits always find a free one.
    (0..100)
        .map(|n| {
            let mut numbered = stem[..stem.len().min(6)].to_vec();
            numbered.extend(format!("{n:02}").bytes());
            build(&numbered)
        })
        .find(|name| !taken(name))
        .unwrap_or(plain)
}
