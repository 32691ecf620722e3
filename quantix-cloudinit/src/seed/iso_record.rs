//! The bytes of an ISO 9660 image: numbers in both byte orders, directory records, Rock Ridge fields.

pub(super) const SECTOR: usize = 2048;
/// Every time stamp: 2000-01-01 00:00:00 UTC. A fixed one makes images reproducible.
const STAMP: [u8; 7] = [100, 1, 1, 0, 0, 0, 0];

/// The image, written from a place on. It is all zeros before.
pub(super) struct Out {
    pub(super) image: Vec<u8>,
    pub(super) at: usize,
}

impl Out {
    pub(super) fn seek(&mut self, sector: u32) {
        self.at = sector as usize * SECTOR;
    }

    pub(super) fn put(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len();
        // Everything was measured before the image was made.
        if let Some(place) = self.image.get_mut(self.at..end) {
            place.copy_from_slice(bytes);
        }
        self.at = end;
    }

    /// Leaves zeros.
    pub(super) fn skip(&mut self, len: usize) {
        self.at += len;
    }

    /// A number in both byte orders, as ECMA-119 stores most.
    pub(super) fn both32(&mut self, value: u32) {
        self.put(&value.to_le_bytes());
        self.put(&value.to_be_bytes());
    }

    pub(super) fn both16(&mut self, value: u16) {
        self.put(&value.to_le_bytes());
        self.put(&value.to_be_bytes());
    }
}

/// The length of a record, kept within 8 bits by [`super::SEED_NAME_BYTES_MAX`].
pub(super) fn num8(value: usize) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

/// A directory record.
pub(super) struct Record<'a> {
    /// Sector and length of what it is for.
    pub(super) place: (u32, u32),
    pub(super) is_dir: bool,
    pub(super) ident: &'a [u8],
    pub(super) rock: Rock<'a>,
}

/// The Rock Ridge fields of a record.
#[derive(Clone, Copy)]
pub(super) enum Rock<'a> {
    None,
    /// Of a directory's record of itself or of its parent.
    Dir {
        is_root: bool,
    },
    /// Of an entry, with its POSIX name.
    Named(&'a str),
}

/// Rock Ridge `SP`: that there are such fields.
const SP: &[u8] = b"SP\x07\x01\xbe\xef\0";
/// Rock Ridge `ER`: which extension this is. Short enough to stay in the root's own record.
const ER: &[u8] = b"ER\x66\x01\x0a\x54\0\x01RRIP_1991A\
THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS";
const DIR_FIELDS: [u8; POSIX_LEN] = posix_fields(0o040_555, 2);
const FILE_FIELDS: [u8; POSIX_LEN] = posix_fields(0o100_444, 1);
const POSIX_LEN: usize = 36 + 26;

/// Rock Ridge `PX` (mode, links, owner root) and `TF` (modified, accessed, changed).
const fn posix_fields(mode: u32, links: u32) -> [u8; POSIX_LEN] {
    let mut out = [0; POSIX_LEN];
    let mut at = 0;
    while at < 4 {
        out[at] = b"PX\x24\x01"[at];
        out[4 + at] = mode.to_le_bytes()[at];
        out[8 + at] = mode.to_be_bytes()[at];
        out[12 + at] = links.to_le_bytes()[at];
        out[16 + at] = links.to_be_bytes()[at];
        at += 1;
    }
    at = 0;
    while at < 5 {
        out[36 + at] = b"TF\x1a\x01\x0e"[at];
        at += 1;
    }
    at = 0;
    while at < 3 * STAMP.len() {
        out[41 + at] = STAMP[at % STAMP.len()];
        at += 1;
    }
    out
}

impl Record<'_> {
    fn len(&self) -> usize {
        let fields = match self.rock {
            Rock::None => 0,
            Rock::Dir { is_root: true } => SP.len() + POSIX_LEN + ER.len(),
            Rock::Dir { is_root: false } => POSIX_LEN,
            Rock::Named(name) => POSIX_LEN + 5 + name.len(),
        };
        let pad = usize::from(self.ident.len().is_multiple_of(2));
        (33 + self.ident.len() + pad + fields).next_multiple_of(2)
    }

    /// Where it starts when those before end here: one that would cross a sector starts in the
    /// next.
    fn start(&self, at: usize) -> usize {
        if at % SECTOR + self.len() > SECTOR { at.next_multiple_of(SECTOR) } else { at }
    }

    pub(super) fn end(&self, at: usize) -> usize {
        self.start(at) + self.len()
    }

    pub(super) fn put(&self, out: &mut Out) {
        out.at = self.start(out.at);
        self.put_here(out);
    }

    pub(super) fn put_here(&self, out: &mut Out) {
        let end = out.at + self.len();
        out.put(&[num8(self.len()), 0]);
        out.both32(self.place.0);
        out.both32(self.place.1);
        out.put(&STAMP);
        out.put(&[if self.is_dir { 2 } else { 0 }, 0, 0]);
        out.both16(1);
        out.put(&[num8(self.ident.len())]);
        out.put(self.ident);
        out.skip(usize::from(self.ident.len().is_multiple_of(2)));
        match self.rock {
            Rock::None => {}
            Rock::Dir { is_root: true } => [SP, &DIR_FIELDS, ER].iter().for_each(|it| out.put(it)),
            Rock::Dir { is_root: false } => out.put(&DIR_FIELDS),
            Rock::Named(name) => {
                out.put(if self.is_dir { &DIR_FIELDS } else { &FILE_FIELDS });
                out.put(&[b'N', b'M', num8(5 + name.len()), 1, 0]);
                out.put(name.as_bytes());
            }
        }
        out.at = end;
    }
}
