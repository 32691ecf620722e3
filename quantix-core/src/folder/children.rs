//! The children of one folder, kept in order.

/// The most children in one chunk.
const CHUNK_MAX: usize = 512;

/// Slots in the order of their names. Small families are one list; large ones are lists of lists, so
/// that inserting into a million costs no more than moving a few kilobytes.
#[derive(Clone, Debug)]
pub(super) enum Children {
    Few(Vec<u32>),
    Many { chunks: Vec<Vec<u32>>, len: u32 },
}

impl Default for Children {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

/// Where a child is: chunk, and place in the chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(u32, u32);

impl Children {
    pub(super) fn len(&self) -> u32 {
        match self {
            // One list never exceeds a chunk.
            Self::Few(list) => u32::try_from(list.len()).unwrap_or(u32::MAX),
            Self::Many { len, .. } => *len,
        }
    }

    fn chunk(&self, index: usize) -> Option<&[u32]> {
        match self {
            Self::Few(list) => (index == 0).then_some(list),
            Self::Many { chunks, .. } => chunks.get(index).map(Vec::as_slice),
        }
    }

    /// The first child that is not before something.
    pub(super) fn first_not(&self, is_before: impl Fn(u32) -> bool) -> Place {
        let (index, chunk) = match self {
            Self::Few(list) => (0, list),
            Self::Many { chunks, .. } => {
                let ends_before =
                    |chunk: &Vec<u32>| chunk.last().is_some_and(|&slot| is_before(slot));
                let index = chunks.partition_point(ends_before).min(chunks.len() - 1);
                (index, &chunks[index])
            }
        };
        let at = chunk.partition_point(|&slot| is_before(slot));
        Place(narrow(index), narrow(at))
    }

    /// The child at a place, and the place after it; `None` past the last.
    pub(super) fn next(&self, place: Place) -> Option<(u32, Place)> {
        let Place(mut index, mut at) = place;
        loop {
            let chunk = self.chunk(index as usize)?;
            if let Some(&slot) = chunk.get(at as usize) {
                return Some((slot, Place(index, at + 1)));
            }
            (index, at) = (index + 1, 0);
        }
    }

    /// The children in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        let mut place = Place::default();
        std::iter::from_fn(move || {
            let (slot, next) = self.next(place)?;
            place = next;
            Some(slot)
        })
    }

    /// Bytes of memory held by the lists.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Few(list) => list.capacity() * 4,
            Self::Many { chunks, .. } => {
                let lists: usize = chunks.iter().map(|chunk| chunk.capacity() * 4).sum();
                lists + chunks.capacity() * size_of::<Vec<u32>>()
            }
        }
    }

    /// Adds a child before the first one that is not before it.
    pub(super) fn insert(&mut self, slot: u32, is_before: impl Fn(u32) -> bool) {
        let Place(index, at) = self.first_not(is_before);
        let (index, at) = (index as usize, at as usize);
        match self {
            Self::Few(list) if list.len() < CHUNK_MAX => list.insert(at, slot),
            Self::Few(list) => {
                let mut chunks = vec![std::mem::take(list)];
                insert_chunked(&mut chunks, index, at, slot);
                let len = narrow(CHUNK_MAX + 1);
                *self = Self::Many { chunks, len };
            }
            Self::Many { chunks, len } => {
                insert_chunked(chunks, index, at, slot);
                *len += 1;
            }
        }
    }

    /// Takes a child out, which is found as the first one that is not before it.
    pub(super) fn remove(&mut self, slot: u32, is_before: impl Fn(u32) -> bool) {
        let Place(index, at) = self.first_not(is_before);
        let (index, at) = (index as usize, at as usize);
        match self {
            Self::Few(list) => {
                debug_assert_eq!(list.get(at), Some(&slot));
                list.remove(at);
            }
            Self::Many { chunks, len } => {
                debug_assert_eq!(chunks[index].get(at), Some(&slot));
                chunks[index].remove(at);
                *len -= 1;
                if chunks[index].is_empty() {
                    chunks.remove(index);
                }
                if chunks.is_empty() {
                    *self = Self::default();
                }
            }
        }
    }
}

fn insert_chunked(chunks: &mut Vec<Vec<u32>>, index: usize, at: usize, slot: u32) {
    let chunk = &mut chunks[index];
    if chunk.len() < CHUNK_MAX {
        chunk.insert(at, slot);
        return;
    }
    // Families are often made in order: splitting at the end then leaves full chunks behind.
    let half = if at == chunk.len() { CHUNK_MAX } else { CHUNK_MAX / 2 };
    let mut rest = chunk.split_off(half);
    if at <= half && half < CHUNK_MAX {
        chunk.insert(at, slot);
    } else {
        rest.insert(at - half, slot);
    }
    chunks.insert(index + 1, rest);
}

/// Slots are 32 bits wide, so no index among them is wider.
fn narrow(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_like_a_sorted_set(
            fill in 0u32..3000, ops in proptest::collection::vec((any::<bool>(), 0u32..6000), 0..400)
        ) {
            let mut children = Children::default();
            let mut oracle = BTreeSet::new();
            for slot in (0..fill).map(|n| n * 2) {
                children.insert(slot, |other| other < slot);
                oracle.insert(slot);
            }
            for (add, slot) in ops {
                if add && oracle.insert(slot) {
                    children.insert(slot, |other| other < slot);
                } else if !add && oracle.remove(&slot) {
                    children.remove(slot, |other| other < slot);
                }
            }
            prop_assert_eq!(children.len() as usize, oracle.len());
            prop_assert!(children.iter().eq(oracle.iter().copied()));
            for probe in [0, 1, 511, 512, 1025, 5999] {
                let place = children.first_not(|slot| slot < probe);
                let found = children.next(place).map(|(slot, _)| slot);
                prop_assert_eq!(found, oracle.range(probe..).next().copied());
            }
        }
    }
}
