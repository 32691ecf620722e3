//! A hash table from 32 bits of a hash to slots, in one array, so that finding reads one cache line.
//!
//! Keys are not kept: the caller compares what a slot stands for. A cell is the hash beside the slot,
//! which is why growing and removing never touch what lies in the slots. Cells are found by linear
//! probing from a place that grows with the hash (Lemire, "Fast random integer generation in an
//! interval", 2019), so any number of cells will do, and removing shifts the cells behind back (Knuth,
//! TAOCP 6.4, algorithm R) instead of leaving tombstones.

/// A cell without a slot: no slot has this number.
const EMPTY: u64 = u32::MAX as u64;

/// The fewest cells of a table.
const CELLS_MIN: usize = 16;

#[derive(Clone, Debug)]
pub(super) struct SlotTable {
    /// The hash in the upper half, the slot in the lower.
    cells: Vec<u64>,
    len: usize,
}

impl SlotTable {
    pub(super) fn new() -> Self {
        Self { cells: vec![EMPTY; CELLS_MIN], len: 0 }
    }

    /// Where the search for a hash begins.
    pub(super) fn home(&self, hash: u32) -> usize {
        scale(hash, self.cells.len())
    }

    /// The cell at a place that [`Self::home`] gave.
    pub(super) fn cell(&self, home: usize) -> u64 {
        self.cells[home]
    }

    /// The first slot with that hash, which nearly always is the one that is looked for.
    pub(super) fn first(&self, hash: u32, home: usize) -> Option<u32> {
        self.search(hash, home, |_| true)
    }

    /// The slot with that hash for which `is_it` holds.
    pub(super) fn find(&self, hash: u32, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.search(hash, self.home(hash), is_it)
    }

    fn search(&self, hash: u32, mut at: usize, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        loop {
            let cell = *self.cells.get(at)?;
            if upper(cell) == hash && cell != EMPTY && is_it(lower(cell)) {
                return Some(lower(cell));
            }
            // Growing keeps some cells empty, so every search ends.
            if cell == EMPTY {
                return None;
            }
            at = if at + 1 == self.cells.len() { 0 } else { at + 1 };
        }
    }

    /// Adds a slot that is not in the table.
    pub(super) fn insert(&mut self, hash: u32, slot: u32) {
        if (self.len + 1) * 20 > self.cells.len() * 17 {
            self.grow();
        }
        place(&mut self.cells, (u64::from(hash) << 32) | u64::from(slot));
        self.len += 1;
    }

    /// To 7/5 of the cells: doubling would leave half of the memory unused for long.
    fn grow(&mut self) {
        let mut cells = vec![EMPTY; self.cells.len() / 5 * 7 + CELLS_MIN];
        for &cell in self.cells.iter().filter(|&&cell| cell != EMPTY) {
            place(&mut cells, cell);
        }
        self.cells = cells;
    }

    /// Takes a slot out; nothing happens when it is not there.
    pub(super) fn remove(&mut self, hash: u32, slot: u32) {
        let cell = (u64::from(hash) << 32) | u64::from(slot);
        let count = self.cells.len();
        let mut at = self.home(hash);
        while self.cells[at] != cell {
            if self.cells[at] == EMPTY {
                return;
            }
            at = (at + 1) % count;
        }
        self.len -= 1;
        // What lies behind moves into the gap unless it would then lie before its home.
        let mut next = at;
        loop {
            next = (next + 1) % count;
            let moving = self.cells[next];
            if moving == EMPTY {
                break;
            }
            let from_home = (next + count - self.home(upper(moving))) % count;
            let from_gap = (next + count - at) % count;
            if from_home >= from_gap {
                self.cells[at] = moving;
                at = next;
            }
        }
        self.cells[at] = EMPTY;
    }

    /// Bytes of memory held.
    pub(super) fn heap_bytes(&self) -> usize {
        self.cells.capacity() * size_of::<u64>()
    }
}

fn place(cells: &mut [u64], cell: u64) {
    let mut at = scale(upper(cell), cells.len());
    while cells[at] != EMPTY {
        at = if at + 1 == cells.len() { 0 } else { at + 1 };
    }
    cells[at] = cell;
}

fn scale(hash: u32, len: usize) -> usize {
    ((u64::from(hash) * len as u64) >> 32) as usize
}

fn upper(cell: u64) -> u32 {
    (cell >> 32) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
fn lower(cell: u64) -> u32 {
    cell as u32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Few hashes at both ends, so that clusters form and wrap around.
    fn hash(slot: u32) -> u32 {
        match slot % 5 {
            0 => u32::MAX - slot / 64,
            1 => slot,
            2 => 7,
            _ => slot.wrapping_mul(0x9e37_79b9),
        }
    }

    proptest! {
        #[test]
        fn behaves_like_a_set(ops in proptest::collection::vec((0u32..3, 0u32..400), 0..1500)) {
            let mut table = SlotTable::new();
            let mut oracle = BTreeSet::new();
            for (op, slot) in ops {
                if op > 0 && oracle.insert(slot) {
                    table.insert(hash(slot), slot);
                } else if op == 0 {
                    oracle.remove(&slot);
                    table.remove(hash(slot), slot);
                }
            }
            prop_assert_eq!(table.len, oracle.len());
            for slot in 0..400 {
                let found = table.find(hash(slot), |other| other == slot);
                prop_assert_eq!(found.is_some(), oracle.contains(&slot), "{}", slot);
            }
        }
    }
}
