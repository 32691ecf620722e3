//! The nodes of a class by their room: what is free on them. Equal rooms are decided alike.

use std::{collections::BTreeSet, hash::BuildHasher};

use hashbrown::HashTable;

use crate::snapshot::{Candidate, NodeIndex, Snapshot};

/// No room, or no node.
pub(super) const NONE: u32 = u32::MAX;
/// So many changes are remembered beyond twice the nodes of the class.
const LOG_SLACK: usize = 1024;
/// Empty rooms are forgotten when there are so many times more rooms than nodes.
const ROOMS_PER_NODE: usize = 4;

/// The nodes of one class, by room.
///
/// Rooms have small numbers, which stay until [`Rooms::clear`]. A log of who came where lets
/// rankings of rooms catch up when they are asked.
#[derive(Debug)]
pub(super) struct Rooms {
    /// Numbers per room: free CPU and memory, then each NUMA cell and each GPU.
    words: usize,
    data: Vec<i64>,
    table: HashTable<u32>,
    nodes: Vec<NodeSet>,
    least: Vec<u32>,
    log: Vec<(u32, u32)>,
    cut: u64,
    log_max: usize,
    rooms_max: usize,
    /// Raised when rooms get other numbers.
    generation: u64,
    hasher: foldhash::fast::FixedState,
}

impl Rooms {
    pub(super) fn new(members: usize) -> Self {
        Self {
            words: 0,
            data: Vec::new(),
            table: HashTable::new(),
            nodes: Vec::new(),
            least: Vec::new(),
            log: Vec::new(),
            cut: 0,
            log_max: 2 * members + LOG_SLACK,
            rooms_max: ROOMS_PER_NODE * members + LOG_SLACK,
            generation: 1,
            hasher: foldhash::fast::FixedState::default(),
        }
    }

    /// How many rooms have numbers.
    pub(super) fn len(&self) -> usize {
        self.least.len()
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// The lowest node with a room, [`NONE`] where there is none.
    pub(super) fn least(&self, room: u32) -> u32 {
        self.least[room as usize]
    }

    pub(super) fn is_occupied(&self, room: u32) -> bool {
        self.least[room as usize] != NONE
    }

    /// The nodes with a room, lowest first.
    pub(super) fn nodes(&self, room: u32) -> impl Iterator<Item = u32> + '_ {
        self.nodes[room as usize].iter()
    }

    /// The number of changes so far.
    pub(super) fn end(&self) -> u64 {
        self.cut + self.log.len() as u64
    }

    /// The changes since a number of them: node and room. `None` where they are forgotten.
    pub(super) fn since(&self, cursor: u64) -> Option<&[(u32, u32)]> {
        let from = usize::try_from(cursor.checked_sub(self.cut)?).ok()?;
        self.log.get(from..)
    }

    /// Whether so many rooms are known that they had better be forgotten.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= self.rooms_max
    }

    /// Forgets everything; the nodes are to be entered anew.
    pub(super) fn clear(&mut self) {
        self.cut = self.end() + 1;
        self.generation += 1;
        self.log.clear();
        self.data.clear();
        self.table.clear();
        self.nodes.clear();
        self.least.clear();
    }

    /// The number of a node's room, made where it is new.
    pub(super) fn number(&mut self, node: Candidate<'_>, words: &mut Vec<i64>) -> u32 {
        describe(node, words);
        self.words = words.len();
        let hash = self.hasher.hash_one(&words[..]);
        let (data, width) = (&self.data, self.words);
        let of = |room: u32| &data[room as usize * width..][..width];
        if let Some(&room) = self.table.find(hash, |&room| of(room) == &words[..]) {
            return room;
        }
        let room = crate::snapshot::small(self.least.len());
        self.data.extend_from_slice(words);
        self.nodes.push(NodeSet::default());
        self.least.push(NONE);
        let (data, hasher) = (&self.data, &self.hasher);
        self.table.insert_unique(hash, room, |&room| {
            hasher.hash_one(&data[room as usize * width..][..width])
        });
        room
    }

    pub(super) fn leave(&mut self, node: u32, room: u32) {
        let set = &mut self.nodes[room as usize];
        set.remove(node);
        if self.least[room as usize] == node {
            self.least[room as usize] = set.first();
        }
    }

    pub(super) fn enter(&mut self, node: u32, room: u32) {
        self.nodes[room as usize].insert(node);
        let least = &mut self.least[room as usize];
        *least = node.min(*least);
    }

    /// Remembers that a node now has a room, or none.
    pub(super) fn note(&mut self, node: u32, room: u32) {
        self.log.push((node, room));
        if self.log.len() > self.log_max {
            let half = self.log.len() / 2;
            self.log.drain(..half);
            self.cut += half as u64;
        }
    }
}

/// What is free on a node, as numbers; equal for nodes of a class that are decided alike.
fn describe(node: Candidate<'_>, words: &mut Vec<i64>) {
    words.clear();
    words.extend([node.entry.free_cpu.max(0), node.entry.free_memory.max(0)]);
    if node.class.is_plain() {
        return;
    }
    for cell in node.cells() {
        words.extend([cell.cpu, cell.memory]);
    }
    words.extend(node.gpus().iter().map(|&milli| i64::from(milli)));
    words.extend(node.extra().iter().copied());
}

/// Nodes in order: a short list, or a tree where there are many.
#[derive(Debug)]
enum NodeSet {
    /// The lowest last, since that is the one that goes first.
    Few(Vec<u32>),
    Many(BTreeSet<u32>),
}

/// A list that becomes longer is made a tree.
const FEW_MAX: usize = 256;
/// A tree that becomes shorter is made a list.
const MANY_MIN: usize = 64;

impl Default for NodeSet {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl NodeSet {
    fn insert(&mut self, node: u32) {
        match self {
            Self::Few(nodes) => {
                let at = nodes.partition_point(|&other| other > node);
                nodes.insert(at, node);
                if nodes.len() > FEW_MAX {
                    *self = Self::Many(nodes.iter().copied().collect());
                }
            }
            Self::Many(nodes) => drop(nodes.insert(node)),
        }
    }

    fn remove(&mut self, node: u32) {
        match self {
            Self::Few(nodes) => {
                let at = nodes.partition_point(|&other| other > node);
                if nodes.get(at) == Some(&node) {
                    nodes.remove(at);
                }
            }
            Self::Many(nodes) => {
                nodes.remove(&node);
                if nodes.len() < MANY_MIN {
                    *self = Self::Few(nodes.iter().rev().copied().collect());
                }
            }
        }
    }

    fn first(&self) -> u32 {
        let first = match self {
            Self::Few(nodes) => nodes.last(),
            Self::Many(nodes) => nodes.first(),
        };
        first.copied().unwrap_or(NONE)
    }

    fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let (few, many) = match self {
            Self::Few(nodes) => (Some(nodes.iter().rev()), None),
            Self::Many(nodes) => (None, Some(nodes.iter())),
        };
        few.into_iter().flatten().chain(many.into_iter().flatten()).copied()
    }
}

/// The nodes of a snapshot by class, each with its number in order of ids.
pub(super) fn members(snapshot: &Snapshot) -> Vec<Vec<u32>> {
    let mut members = vec![Vec::new(); snapshot.class_count()];
    for (node, entry) in (0..).zip(&snapshot.nodes) {
        members[entry.class as usize].push(node);
    }
    members
}

/// A node as filters and scores see it.
pub(super) fn candidate(snapshot: &Snapshot, node: u32) -> Candidate<'_> {
    snapshot.candidate(NodeIndex(node))
}
