//! Finding folders by path, one at a time or many at once.
//!
//! A path is walked from the root. Each step hashes a name together with the slot of its parent,
//! reads one cell of a table and one record, 48 bytes with the name inside. Among a million folders
//! the first steps stay in the processor's caches and the last two wait for memory, for the cell and
//! then for the record. So one lookup of a folder that nobody asked for lately takes as long as a few
//! reads from memory, whatever is done about it: where a step goes is known only after the one before,
//! and a table of whole paths, which would save steps, would make moving a folder cost its subtree.
//! [`FolderTree::find_many`] takes the same step for a batch of paths, so that their waits overlap.

use super::{
    FolderPath, FolderTree, fold,
    store::{ROOT, Store},
};
use crate::FolderId;

/// How many paths take a step together: enough to keep a processor's line buffers busy.
const BATCH: usize = 32;

impl FolderTree {
    /// The folder at a path, by the case rule of the tree.
    #[must_use]
    pub fn find(&self, path: &FolderPath) -> Option<FolderId> {
        let (mut slot, mut rest) = (ROOT, &path.as_str()[1..]);
        while !rest.is_empty() {
            let name;
            (name, rest) = fold::split_segment(rest);
            slot = self.store.child(slot, name)?;
        }
        Some(self.store.link(slot).id)
    }

    /// The folders at many paths, in the order of the paths: what [`Self::find`] says of each, but
    /// in a fraction of the time once the tree is larger than the processor's caches.
    ///
    /// ```
    /// use quantix_core::{FolderId, FolderPath, FolderTree, Timestamp};
    /// let tree = FolderTree::default_project(Timestamp::from_unix_ms(0));
    /// let paths = ["/".parse()?, "/nowhere".parse()?];
    /// assert_eq!(tree.find_many(&paths), [Some(FolderId::DEFAULT_ROOT), None]);
    /// # Ok::<(), quantix_core::FolderPathError>(())
    /// ```
    #[must_use]
    pub fn find_many(&self, paths: &[FolderPath]) -> Vec<Option<FolderId>> {
        let mut found = Vec::with_capacity(paths.len());
        for batch in paths.chunks(BATCH) {
            let mut steps = Steps::new(batch);
            while steps.take(&self.store) {}
            found.extend(steps.slots[..batch.len()].iter().map(|slot| {
                let slot = (*slot)?;
                Some(self.store.link(slot).id)
            }));
        }
        found
    }
}

/// Paths of a batch on their way down.
struct Steps<'a> {
    /// What is left of each path; empty when it is at its end.
    rest: [&'a str; BATCH],
    /// Where each path has come to; `None` when it leads nowhere.
    slots: [Option<u32>; BATCH],
    /// Those that are still on their way.
    walking: Vec<usize>,
}

impl<'a> Steps<'a> {
    fn new(paths: &'a [FolderPath]) -> Self {
        let mut rest = [""; BATCH];
        for (rest, path) in rest.iter_mut().zip(paths) {
            *rest = &path.as_str()[1..];
        }
        let walking = (0..paths.len()).filter(|&at| !rest[at].is_empty()).collect();
        Self { rest, slots: [Some(ROOT); BATCH], walking }
    }

    /// Takes one step with each path that is on its way, and says whether any was.
    ///
    /// Each loop reads from memory what the loop before worked out, and nothing else, so that the
    /// processor has many reads under way at once.
    fn take(&mut self, store: &Store) -> bool {
        let mut names = [""; BATCH];
        let mut hashes = [0u32; BATCH];
        let mut homes = [0usize; BATCH];
        let mut cells = [0u64; BATCH];
        let mut touched = [0u8; BATCH];
        for &at in &self.walking {
            let (name, rest) = fold::split_segment(self.rest[at]);
            (names[at], self.rest[at]) = (name, rest);
            (hashes[at], homes[at]) = store.home(self.slots[at].unwrap_or(ROOT), name);
        }
        for &at in &self.walking {
            cells[at] = store.first_cell(homes[at]);
        }
        // What is read here is used below, from the cache; the compiler must not leave it out.
        std::hint::black_box(&mut cells);
        for &at in &self.walking {
            let candidate = store.candidate(hashes[at], homes[at]);
            touched[at] = candidate.map_or(0, |slot| store.touch(slot));
        }
        std::hint::black_box(&mut touched);
        self.walking.retain(|&at| {
            let next =
                self.slots[at].and_then(|slot| store.child_hashed(slot, names[at], hashes[at]));
            self.slots[at] = next;
            next.is_some() && !self.rest[at].is_empty()
        });
        !self.walking.is_empty()
    }
}
