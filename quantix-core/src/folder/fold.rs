//! The case rule of folders, and hashing and comparing by it.
//!
//! Two names are the same to a tree when they differ in case only: each character is mapped to upper
//! case and then to lower case with Unicode's full mappings that depend on neither locale nor
//! neighbours, and the result is put in NFC. So `straße` and `STRASSE` are the same, and so are the
//! three sigmas; `ı` and `i` are too, which is stricter than Unicode's caseless matching.

use std::{
    borrow::Cow,
    cmp::Ordering,
    hash::{BuildHasher, Hasher, RandomState},
};

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A text in the form in which names that are the same are the same text.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    let mut once = fold_once(text);
    // Lower-casing what upper-casing expanded may open one more step; two passes settle all of
    // Unicode, and the bound keeps the loop honest.
    for _ in 0..3 {
        let twice = fold_once(&once);
        if twice == once {
            break;
        }
        once = twice;
    }
    Cow::Owned(once)
}

fn fold_once(text: &str) -> String {
    let folded: String =
        text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    if is_nfc(&folded) { folded } else { folded.nfc().collect() }
}

/// Whether two texts are the same name; the first one is in UTF-8.
pub(super) fn same(a: &[u8], b: &str) -> bool {
    // Most often a name is looked up as it was written, or in ASCII.
    a.len() == b.len() && same_ascii(a, b.as_bytes())
        || !(a.is_ascii() && b.is_ascii()) && str::from_utf8(a).is_ok_and(|a| fold(a) == fold(b))
}

/// Whether two texts of one length differ in the case of ASCII letters at most.
fn same_ascii(a: &[u8], b: &[u8]) -> bool {
    if let (Some(a), Some(b)) = (short(a), short(b)) {
        return ascii_lower(a) == ascii_lower(b);
    }
    let last = a.len() - 8;
    let same_at = |at| ascii_lower(word(a, at)) == ascii_lower(word(b, at));
    (0..last).step_by(8).all(same_at) && same_at(last)
}

fn lower(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|byte| byte.to_ascii_lowercase())
}

/// The order of names: by their folded text.
pub(super) fn order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        return lower(a).cmp(lower(b));
    }
    fold(a).cmp(&fold(b))
}

/// Hashes of one tree, seeded so that chosen names cannot be made to collide. Nothing that a caller
/// can see depends on them.
#[derive(Clone, Debug)]
pub(super) struct Hashing {
    start: u64,
    factor: u64,
}

impl Hashing {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        let draw = |salt| {
            let mut hasher = random.build_hasher();
            hasher.write_u64(salt);
            hasher.finish()
        };
        Self { start: draw(0), factor: draw(1) | 1 }
    }

    /// The hash of an id.
    pub(super) fn id(&self, id: u128) -> u64 {
        let bytes = id.to_le_bytes();
        self.mix(self.mix(self.start, word(&bytes, 0)), word(&bytes, 8))
    }

    /// The hash of a name under a parent; the same for names that are the same.
    pub(super) fn name(&self, parent: u32, name: &str) -> u64 {
        self.ascii(parent, name.as_bytes())
            .unwrap_or_else(|| self.folded(parent, fold(name).as_bytes()))
    }

    /// The hash of a name that is ASCII; `None` when it is not.
    fn ascii(&self, parent: u32, bytes: &[u8]) -> Option<u64> {
        let mut all = 0;
        let hash = self.words(parent, bytes, |word| {
            all |= word;
            ascii_lower(word)
        });
        (all & (ONES * 0x80) == 0).then_some(hash)
    }

    fn folded(&self, parent: u32, bytes: &[u8]) -> u64 {
        self.words(parent, bytes, ascii_lower)
    }

    /// Hashes a text eight bytes at a time. The last eight may overlap those before, which loses
    /// nothing since the length is hashed too.
    fn words(&self, parent: u32, bytes: &[u8], mut map: impl FnMut(u64) -> u64) -> u64 {
        let mut state = self.mix(self.start, (u64::from(parent) << 32) | bytes.len() as u64);
        if let Some(word) = short(bytes) {
            return self.mix(state, map(word));
        }
        let last = bytes.len() - 8;
        for at in (0..last).step_by(8) {
            state = self.mix(state, map(word(bytes, at)));
        }
        self.mix(state, map(word(bytes, last)))
    }

    /// Multiplies to 128 bits and folds them, which spreads every input bit over the result.
    fn mix(&self, state: u64, word: u64) -> u64 {
        let product = u128::from(state ^ word) * u128::from(self.factor);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves are what is wanted")]
        let (low, high) = (product as u64, (product >> 64) as u64);
        low ^ high ^ state.rotate_left(23)
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// Eight bytes as a number.
fn word(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

/// At most seven bytes as a number that no other text of their length has; `None` for more.
fn short(bytes: &[u8]) -> Option<u64> {
    let four = |at: usize| {
        let mut four = [0; 4];
        four.copy_from_slice(&bytes[at..at + 4]);
        u64::from(u32::from_le_bytes(four))
    };
    match bytes.len() {
        0 => Some(0),
        len @ 1..4 => {
            let byte = |at: usize| u64::from(bytes[at]);
            Some(byte(0) | (byte(len / 2) << 8) | (byte(len - 1) << 16))
        }
        len @ 4..8 => Some(four(0) | (four(len - 4) << 32)),
        _ => None,
    }
}

/// The text before the first slash, and the text after it.
pub(super) fn split_segment(path: &str) -> (&str, &str) {
    let bytes = path.as_bytes();
    let mut at = 0;
    while at + 8 <= bytes.len() {
        // The lowest byte that is zero is marked right; what lies above it does not matter.
        let slashes = word(bytes, at) ^ (ONES * u64::from(b'/'));
        let marks = slashes.wrapping_sub(ONES) & !slashes & (ONES * 0x80);
        if marks != 0 {
            at += marks.trailing_zeros() as usize / 8;
            return (&path[..at], &path[at + 1..]);
        }
        at += 8;
    }
    match bytes[at..].iter().position(|&byte| byte == b'/') {
        Some(more) => (&path[..at + more], &path[at + more + 1..]),
        None => (path, ""),
    }
}

/// Sets bit 5 of the bytes that are `A` to `Z`, eight at a time; bytes from 0x80 stay.
fn ascii_lower(word: u64) -> u64 {
    let low = word & (ONES * 0x7f);
    let from_a = low + ONES * (0x80 - b'A' as u64);
    let past_z = low + ONES * (0x80 - b'Z' as u64 - 1);
    let is_upper = from_a & !past_z & !word & (ONES * 0x80);
    word | (is_upper >> 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_case_rule() {
        for (a, b, expected) in [
            ("prod", "PROD", true),
            ("prod", "prod2", false),
            ("stra\u{df}e", "STRASSE", true),
            ("\u{3c3}\u{3c2}", "\u{3a3}\u{3a3}", true),
            ("\u{c4}", "\u{e4}", true),
            ("\u{c4}", "a", false),
            ("\u{390}", "\u{3aa}\u{301}", true),
            ("\u{17f}", "S", true),
            ("\u{131}", "I", true),
            ("\u{130}", "i", false),
            ("\u{ff21}", "A", false),
        ] {
            assert_eq!(same(a.as_bytes(), b), expected, "{a} {b}");
            assert_eq!(order(a, b).is_eq(), expected, "{a} {b}");
            let hashing = Hashing::new();
            assert_eq!(hashing.name(7, a) == hashing.name(7, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn every_cased_character_folds_to_what_folds_to_itself() {
        let cased = |c: &char| !c.to_uppercase().eq([*c]) || !c.to_lowercase().eq([*c]);
        for c in ('\0'..=char::MAX).filter(cased) {
            let folded = fold(c.encode_utf8(&mut [0; 4])).into_owned();
            assert_eq!(fold(&folded), folded, "U+{:04X}", u32::from(c));
            let normal: String = std::iter::once(c).nfc().collect();
            let upper: String = c.to_uppercase().nfc().collect();
            assert!(same(upper.as_bytes(), &normal), "U+{:04X}", u32::from(c));
        }
    }

    proptest! {
        #[test]
        fn splits_at_the_first_slash(path in "[a/\u{e4}]{0,20}") {
            prop_assert_eq!(split_segment(&path), path.split_once('/').unwrap_or((&path, "")));
        }

        #[test]
        fn comparing_and_hashing_agree_with_folding(a in "[aAbB\u{e4}\u{c4}]{0,12}", b in "[aAbB\u{e4}\u{c4}]{0,12}") {
            let hashing = Hashing::new();
            for (a, b) in [(a.as_str(), b.as_str()), (&a, &a.to_uppercase())] {
                let expected = fold(a) == fold(b);
                prop_assert_eq!(same(a.as_bytes(), b), expected);
                prop_assert_eq!(hashing.name(1, a) == hashing.name(1, b), expected);
            }
        }

        #[test]
        fn folding_is_idempotent(text in "\\PC{0,8}") {
            let folded = fold(&text).into_owned();
            prop_assert_eq!(fold(&folded), folded.as_str());
        }

        #[test]
        fn lower_casing_by_words_is_lower_casing(bytes in any::<[u8; 8]>()) {
            let expected = u64::from_le_bytes(bytes.map(|byte| byte.to_ascii_lowercase()));
            prop_assert_eq!(ascii_lower(u64::from_le_bytes(bytes)), expected);
        }
    }
}
