//! The tree that all contenders build, and the questions that they answer.

use quantix_core::{FolderId, FolderName, FolderPath};

/// Folders in the order of their creation: parents first, ten children each.
pub(crate) struct Shape {
    pub(crate) folders: usize,
}

/// How many paths are looked up.
pub(crate) const LOOKUPS: usize = 1_000_000;

impl Shape {
    pub(crate) fn new(folders: usize) -> Self {
        Self { folders }
    }

    /// The folder above; folder 0 is the root.
    pub(crate) fn parent(index: usize) -> usize {
        (index - 1) / 10
    }

    /// A name as people choose it: mixed case, some with a space.
    pub(crate) fn name(index: usize) -> String {
        const WORDS: [&str; 8] =
            ["Web", "database", "Team Blue", "batch", "QA", "Archive", "edge", "Customer"];
        format!("{} {index}", WORDS[index % WORDS.len()])
    }

    pub(crate) fn folder_name(index: usize) -> FolderName {
        Self::name(index).parse().expect("the names are valid")
    }

    /// An id that looks like a random one.
    pub(crate) fn id(index: usize) -> FolderId {
        let (high, low) = (mix(index as u64), mix(!(index as u64)));
        FolderId::from_u128(u128::from(high) << 64 | u128::from(low))
    }

    pub(crate) fn path(&self, index: usize) -> FolderPath {
        self.path_text(index).parse().expect("the paths are valid")
    }

    pub(crate) fn path_text(&self, mut index: usize) -> String {
        let mut names = Vec::new();
        while index != 0 {
            names.push(Self::name(index));
            index = Self::parent(index);
        }
        names.iter().rev().fold(String::new(), |path, name| path + "/" + name)
    }

    /// Folders in an order without pattern.
    pub(crate) fn probes(&self, count: usize) -> Vec<usize> {
        let folders = self.folders as u64 - 1;
        (0..count as u64)
            .map(|n| usize::try_from(mix(n ^ 0x5eed) % folders + 1).expect("an index"))
            .collect()
    }

    /// Folders as people and their programs ask for them: nine of ten lookups go to the same
    /// thousandth of all folders, which lie all over the tree, the others anywhere.
    pub(crate) fn local_probes(&self, count: usize) -> Vec<usize> {
        let often = self.probes((self.folders / 1000).max(1));
        let anywhere = self.probes(count);
        let choose = |(n, anywhere): (usize, usize)| {
            let dice = usize::try_from(mix(n as u64 ^ 0xd1ce) >> 1).expect("an index");
            if dice % 10 == 0 { anywhere } else { often[dice / 10 % often.len()] }
        };
        anywhere.into_iter().enumerate().map(choose).collect()
    }

    /// A folder with about a tenth of all below it, and one with ten.
    pub(crate) fn large_and_small(&self) -> [usize; 2] {
        [2, self.folders / 100]
    }

    pub(crate) fn name_bytes(&self) -> usize {
        (1..self.folders).map(|index| Self::name(index).len()).sum()
    }
}

/// A number without pattern from a number with one.
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
