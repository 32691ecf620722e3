//! ISO 9660 (ECMA-119) with a Joliet tree (UCS-2 names, for Windows) and Rock Ridge 1.09 fields
//! (POSIX names and modes, for Linux).
//!
//! Layout, in sectors of 2048 bytes: 16 unused, primary descriptor, Joliet descriptor, terminator,
//! four path tables, primary directories, Joliet directories, file contents (shared by both).

use super::{
    image::SeedFile,
    iso_record::{Out, Record, Rock, SECTOR, num8},
    len32,
    tree::{Node, Tree},
};

/// The time stamp of records in the form of descriptors.
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
    let mut out = Out { image: vec![0; next as usize * SECTOR], at: 0 };
    for (sector, side) in [16, 17].into_iter().zip(&sides) {
        out.seek(sector);
        side.descriptor(&mut out, label, next);
    }
    out.seek(18);
    out.put(b"\xffCD001\x01");
    for side in &sides {
        out.seek(side.path_tables[0]);
        side.path_table(&mut out, u32::to_le_bytes, u16::to_le_bytes);
        out.seek(side.path_tables[1]);
        side.path_table(&mut out, u32::to_be_bytes, u16::to_be_bytes);
        for (index, dir) in side.dirs.iter().enumerate() {
            out.seek(dir.extent);
            side.directory(index, &extents, &mut |record| record.put(&mut out));
        }
    }
    for (file, (extent, _)) in files.iter().zip(&extents) {
        out.seek(*extent);
        out.put(&file.bytes);
    }
    out.image
}

fn sectors(len: u32) -> u32 {
    len.div_ceil(2048)
}

/// A number that [`super::SEED_FILES_MAX`] and the depth limit keep within 16 bits.
fn num16(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
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
            let mut len = 0;
            self.directory(index, &[], &mut |record| len = record.end(len));
            self.dirs[index].len = len32(len.next_multiple_of(SECTOR));
        }
    }

    fn path_table(&self, out: &mut Out, num32: fn(u32) -> [u8; 4], num16_of: fn(u16) -> [u8; 2]) {
        for dir in &self.dirs {
            out.put(&[num8(dir.ident.len()), 0]);
            out.put(&num32(dir.extent));
            out.put(&num16_of(num16(dir.parent + 1)));
            out.put(&dir.ident);
            out.skip(dir.ident.len() % 2);
        }
    }

    /// The records of a directory: itself, its parent, its entries.
    fn directory(&self, index: usize, extents: &[(u32, u32)], put: &mut dyn FnMut(&Record<'_>)) {
        let (here, parent) = (&self.dirs[index], &self.dirs[self.dirs[index].parent]);
        let has_rock = self.names == Names::Primary;
        let rock = if has_rock { Rock::Dir { is_root: index == 0 } } else { Rock::None };
        put(&Record { place: (here.extent, here.len), is_dir: true, ident: &[0], rock });
        let rock = if has_rock { Rock::Dir { is_root: false } } else { Rock::None };
        put(&Record { place: (parent.extent, parent.len), is_dir: true, ident: &[1], rock });
        for entry in &here.entries {
            let place = if entry.is_dir {
                self.dirs.get(entry.target).map(|dir| (dir.extent, dir.len))
            } else {
                extents.get(entry.target).copied()
            };
            let rock = if has_rock { Rock::Named(entry.posix) } else { Rock::None };
            put(&Record {
                place: place.unwrap_or_default(),
                is_dir: entry.is_dir,
                ident: &entry.ident,
                rock,
            });
        }
    }

    fn descriptor(&self, out: &mut Out, label: &str, volume_sectors: u32) {
        let joliet = self.names == Names::Joliet;
        out.put(&[if joliet { 2 } else { 1 }]);
        out.put(b"CD001\x01\0");
        self.put_text(out, "LINUX", 32);
        self.put_text(out, label, 32);
        out.skip(8);
        out.both32(volume_sectors);
        out.put(if joliet { b"%/E" } else { &[0; 3] });
        out.skip(29);
        out.both16(1);
        out.both16(1);
        out.both16(2048);
        out.both32(self.path_table_len);
        out.put(&self.path_tables[0].to_le_bytes());
        out.skip(4);
        out.put(&self.path_tables[1].to_be_bytes());
        out.skip(4);
        let root = &self.dirs[0];
        let place = (root.extent, root.len);
        // A descriptor's copy of the record crosses no sector: it is written where it is.
        Record { place, is_dir: true, ident: &[0], rock: Rock::None }.put_here(out);
        for text in ["", "", "", "QUANTIX"] {
            self.put_text(out, text, 128);
        }
        for _ in 0..3 {
            self.put_text(out, "", 37);
        }
        out.put(LONG_STAMP);
        out.put(LONG_STAMP);
        for _ in 0..2 {
            out.put(b"0000000000000000\0");
        }
        out.put(&[1]);
    }

    /// A text field of fixed length, padded with blanks of its alphabet.
    fn put_text(&self, out: &mut Out, text: &str, len: usize) {
        /// The longest field, in blanks of one and of two bytes.
        const BLANKS: [u8; 128] = [b' '; 128];
        const WIDE_BLANKS: [u8; 128] = {
            let mut blanks = [0; 128];
            let mut at = 1;
            while at < 128 {
                blanks[at] = b' ';
                at += 2;
            }
            blanks
        };
        let used = match self.names {
            Names::Primary => {
                out.put(text.as_bytes());
                text.len()
            }
            Names::Joliet => {
                text.bytes().for_each(|b| out.put(&[0, b]));
                2 * text.len()
            }
        };
        let rest = len.saturating_sub(used).min(BLANKS.len());
        match self.names {
            Names::Primary => out.put(&BLANKS[..rest]),
            Names::Joliet => {
                out.put(&WIDE_BLANKS[..rest / 2 * 2]);
                out.skip(rest % 2);
            }
        }
    }
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
