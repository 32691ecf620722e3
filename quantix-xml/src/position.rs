//! Where something stands in a text.

use std::fmt;

/// A place in a text: 1-based line and 1-based column in characters.
///
/// A line ends at LF, at CR, or at CR LF taken as one. A byte-order mark is not a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// 1-based line.
    pub line: u32,
    /// 1-based column in characters (Unicode scalar values).
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The byte offsets at which lines start, found once and then searched.
#[derive(Clone, Debug)]
pub(crate) struct LineIndex(Box<[u32]>);

impl LineIndex {
    /// Finds the lines of `text`, which is shorter than 4 GiB.
    pub(crate) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') {
                continue;
            }
            starts.push(offset(at + 1));
        }
        Self(starts.into_boxed_slice())
    }

    /// The position of byte `at` of the same `text`.
    pub(crate) fn position(&self, text: &str, at: u32) -> Position {
        let line = self.0.partition_point(|&start| start <= at);
        let start = self.0[line - 1] as usize;
        let column = text.get(start..at as usize).map_or(0, |head| head.chars().count());
        Position { line: offset(line), column: offset(column + 1) }
    }
}

/// A byte offset as `u32`; documents are smaller than that by [`crate::BYTES_MAX`].
pub(crate) fn offset(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_any_convention_and_columns_count_characters() {
        let text = "aé\n\r\nb\rc";
        let index = LineIndex::new(text);
        for (at, line, column) in
            [(0, 1, 1), (1, 1, 2), (3, 1, 3), (4, 2, 1), (6, 3, 1), (7, 3, 2), (8, 4, 1), (9, 4, 2)]
        {
            assert_eq!(index.position(text, at), Position { line, column }, "byte {at}");
        }
    }
}
