//! The name of a folder as the store keeps it: short ones lie in the folder's own record.

/// The most bytes that lie in the record; longer names lie in a text of their own.
const INLINE_MAX: usize = 26;

/// What `len` says of a long name.
const LONG: u8 = u8::MAX;

#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    len: u8,
    /// The name, or where in the long names it begins and ends.
    bytes: [u8; INLINE_MAX],
}

impl Segment {
    /// Keeps a name, a long one at the end of `long`.
    pub(super) fn new(text: &str, long: &mut String) -> Self {
        let mut bytes = [0; INLINE_MAX];
        if let (Some(inline), Ok(len)) = (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            inline.copy_from_slice(text.as_bytes());
            return Self { len, bytes };
        }
        let begin = long.len() as u64;
        long.push_str(text);
        bytes[..8].copy_from_slice(&begin.to_le_bytes());
        bytes[8..16].copy_from_slice(&(long.len() as u64).to_le_bytes());
        Self { len: LONG, bytes }
    }

    /// The name in UTF-8.
    pub(super) fn bytes<'a>(&'a self, long: &'a str) -> &'a [u8] {
        if self.len == LONG {
            return &long.as_bytes()[self.offset(0)..self.offset(8)];
        }
        &self.bytes[..usize::from(self.len)]
    }

    /// The name.
    pub(super) fn text<'a>(&'a self, long: &'a str) -> &'a str {
        if self.len == LONG {
            return &long[self.offset(0)..self.offset(8)];
        }
        // The bytes came from a text.
        str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }

    /// How many bytes of the long names it takes.
    pub(super) fn long_len(&self) -> usize {
        if self.len == LONG { self.offset(8) - self.offset(0) } else { 0 }
    }

    fn offset(&self, at: usize) -> usize {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.bytes[at..at + 8]);
        // It was the length of a text in memory.
        usize::try_from(u64::from_le_bytes(bytes)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_length_are_kept() {
        let mut long = String::new();
        let texts: Vec<String> = (0..80).map(|len| "\u{e4}b".repeat(len)).collect();
        let kept: Vec<_> = texts.iter().map(|text| Segment::new(text, &mut long)).collect();
        for (text, kept) in texts.iter().zip(kept) {
            assert_eq!(kept.text(&long), text);
            assert_eq!(kept.bytes(&long), text.as_bytes());
            assert_eq!(kept.long_len(), if text.len() > INLINE_MAX { text.len() } else { 0 });
        }
    }
}
