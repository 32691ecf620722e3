//! The arena behind a tree: slots, names, and the two tables that find a slot.

use super::{
    FolderKind, children::Children, fold, fold::Hashing, members::Member, segment::Segment,
    settings::Settings, table::SlotTable,
};
use crate::{FolderId, Timestamp};

/// The slot of the root folder.
pub(super) const ROOT: u32 = 0;

/// What finding a folder reads, kept apart so that looking up paths touches little memory: 48 bytes.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) parent: u32,
    segment: Segment,
    pub(super) kind: FolderKind,
    pub(super) id: FolderId,
}

/// The rest of a folder. What only some folders have is in the body.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) revision: u64,
    pub(super) body: Option<Box<Body>>,
}

/// What folders have that contain or set something.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    pub(super) children: Children,
    pub(super) members: std::collections::BTreeSet<Member>,
    pub(super) settings: Option<Box<Settings>>,
    /// Folders below, at any depth.
    pub(super) folders_below: u32,
    /// Machines in this folder and below.
    pub(super) vms_below: u32,
    /// Templates in this folder and below.
    pub(super) templates_below: u32,
    /// At least how many levels of folders are below; removing folders does not lower it.
    pub(super) height_bound: u8,
}

/// What a subtree adds to the counts of the folders above it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weight {
    pub(super) folders: u32,
    pub(super) vms: u32,
    pub(super) templates: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Store {
    links: Vec<Link>,
    nodes: Vec<Node>,
    free: Vec<u32>,
    /// The segments that are too long for their records, one after the other.
    long_names: String,
    /// How many bytes of `long_names` belong to no folder any more.
    dead_names: usize,
    by_name: SlotTable,
    by_id: SlotTable,
    hashing: Hashing,
}

/// A folder to be put into the store.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) id: FolderId,
    pub(super) parent: u32,
    pub(super) segment: &'a str,
    pub(super) kind: FolderKind,
    pub(super) at: Timestamp,
    pub(super) revision: u64,
}

impl Store {
    pub(super) fn new(root: FolderId, at: Timestamp) -> Self {
        let mut store = Self {
            links: Vec::new(),
            nodes: Vec::new(),
            free: Vec::new(),
            long_names: String::new(),
            dead_names: 0,
            by_name: SlotTable::new(),
            by_id: SlotTable::new(),
            hashing: Hashing::new(),
        };
        let kind = FolderKind::Vm;
        let node = Entry { id: root, parent: ROOT, segment: "", kind, at, revision: 0 };
        store.put(&node);
        store
    }

    /// How many folders there are, with the root.
    pub(super) fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    pub(super) fn link(&self, slot: u32) -> &Link {
        &self.links[slot as usize]
    }

    pub(super) fn link_mut(&mut self, slot: u32) -> &mut Link {
        &mut self.links[slot as usize]
    }

    pub(super) fn node(&self, slot: u32) -> &Node {
        &self.nodes[slot as usize]
    }

    pub(super) fn node_mut(&mut self, slot: u32) -> &mut Node {
        &mut self.nodes[slot as usize]
    }

    pub(super) fn body_mut(&mut self, slot: u32) -> &mut Body {
        self.node_mut(slot).body.get_or_insert_default()
    }

    /// The name of a folder as it is written in paths; empty for the root.
    pub(super) fn segment(&self, slot: u32) -> &str {
        self.link(slot).segment.text(&self.long_names)
    }

    pub(super) fn children(&self, slot: u32) -> Option<&Children> {
        self.node(slot).body.as_ref().map(|body| &body.children)
    }

    pub(super) fn slot(&self, id: FolderId) -> Option<u32> {
        self.by_id.find(self.hash_of_id(id), |slot| self.link(slot).id == id)
    }

    fn hash_of_id(&self, id: FolderId) -> u32 {
        high(self.hashing.id(id.uuid().as_u128()))
    }

    fn hash_of_name(&self, parent: u32, segment: &str) -> u32 {
        high(self.hashing.name(parent, segment))
    }

    /// The child of that name.
    pub(super) fn child(&self, parent: u32, segment: &str) -> Option<u32> {
        self.child_hashed(parent, segment, self.hash_of_name(parent, segment))
    }

    /// The child of a name whose hash is known.
    pub(super) fn child_hashed(&self, parent: u32, segment: &str, hash: u32) -> Option<u32> {
        self.by_name.find(hash, |slot| {
            let link = self.link(slot);
            link.parent == parent && fold::same(link.segment.bytes(&self.long_names), segment)
        })
    }

    /// The hash of a name, and where in the table of names the search for it begins.
    pub(super) fn home(&self, parent: u32, segment: &str) -> (u32, usize) {
        let hash = self.hash_of_name(parent, segment);
        (hash, self.by_name.home(hash))
    }

    /// The cell of the table of names where a search begins.
    pub(super) fn first_cell(&self, home: usize) -> u64 {
        self.by_name.cell(home)
    }

    /// Reads both ends of a record, which may lie in two cache lines.
    pub(super) fn touch(&self, slot: u32) -> u8 {
        let link = self.link(slot);
        link.parent.to_le_bytes()[0] ^ link.id.uuid().as_bytes()[15]
    }

    /// The folder that a search will most likely find.
    pub(super) fn candidate(&self, hash: u32, home: usize) -> Option<u32> {
        self.by_name.first(hash, home)
    }

    /// The folder and those above it, the root last.
    pub(super) fn lineage(&self, slot: u32) -> impl Iterator<Item = u32> {
        let mut next = Some(slot);
        std::iter::from_fn(move || {
            let slot = next?;
            next = (slot != ROOT).then(|| self.link(slot).parent);
            Some(slot)
        })
    }

    pub(super) fn weight(&self, slot: u32) -> Weight {
        let mut weight = Weight { folders: 1, ..Weight::default() };
        if let Some(body) = &self.node(slot).body {
            weight.folders += body.folders_below;
            (weight.vms, weight.templates) = (body.vms_below, body.templates_below);
        }
        weight
    }

    /// Whether another name fits into the arena.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        self.long_names.len() + bytes <= u32::MAX as usize
    }

    /// Adds a folder whose id and place the caller has found to be free.
    pub(super) fn insert(&mut self, entry: &Entry<'_>) -> u32 {
        let slot = self.put(entry);
        self.attach(slot);
        slot
    }

    fn put(&mut self, entry: &Entry<'_>) -> u32 {
        let segment = Segment::new(entry.segment, &mut self.long_names);
        let link = Link { parent: entry.parent, segment, kind: entry.kind, id: entry.id };
        let (at, revision) = (entry.at, entry.revision);
        let node = Node { created_at: at, updated_at: at, revision, body: None };
        let slot = if let Some(slot) = self.free.pop() {
            (self.links[slot as usize], self.nodes[slot as usize]) = (link, node);
            slot
        } else {
            self.links.push(link);
            self.nodes.push(node);
            // The tree's limit on folders is far below 2³².
            u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
        };
        self.by_id.insert(self.hash_of_id(entry.id), slot);
        slot
    }

    /// Makes a folder findable under its parent and adds its weight to the folders above.
    pub(super) fn attach(&mut self, slot: u32) {
        let parent = self.link(slot).parent;
        self.by_name.insert(self.hash_of_name(parent, self.segment(slot)), slot);
        self.with_children(parent, |store, children| {
            let segment = store.segment(slot);
            children.insert(slot, |other| fold::order(store.segment(other), segment).is_lt());
        });
        let weight = self.weight(slot);
        self.add_weight(parent, weight, u32::wrapping_add);
        self.raise_heights(slot);
    }

    /// Undoes [`Self::attach`], but for the height bounds.
    pub(super) fn detach(&mut self, slot: u32) {
        let parent = self.link(slot).parent;
        self.forget_name(slot);
        self.with_children(parent, |store, children| {
            let segment = store.segment(slot);
            children.remove(slot, |other| fold::order(store.segment(other), segment).is_lt());
        });
        let weight = self.weight(slot);
        self.add_weight(parent, weight, u32::wrapping_sub);
    }

    /// Makes a folder no longer findable under its parent.
    pub(super) fn forget_name(&mut self, slot: u32) {
        let hash = self.hash_of_name(self.link(slot).parent, self.segment(slot));
        self.by_name.remove(hash, slot);
    }

    /// Works on the children of a folder while the rest of the store can be read.
    fn with_children(&mut self, parent: u32, work: impl FnOnce(&Self, &mut Children)) {
        let mut children = std::mem::take(&mut self.body_mut(parent).children);
        work(self, &mut children);
        self.body_mut(parent).children = children;
    }

    /// Adds or subtracts a weight at a folder and those above it.
    pub(super) fn add_weight(&mut self, slot: u32, weight: Weight, add: fn(u32, u32) -> u32) {
        let mut next = Some(slot);
        while let Some(slot) = next {
            let body = self.body_mut(slot);
            body.folders_below = add(body.folders_below, weight.folders);
            body.vms_below = add(body.vms_below, weight.vms);
            body.templates_below = add(body.templates_below, weight.templates);
            next = (slot != ROOT).then(|| self.link(slot).parent);
        }
    }

    pub(super) fn height_bound(&self, slot: u32) -> u8 {
        self.node(slot).body.as_ref().map_or(0, |body| body.height_bound)
    }

    fn raise_heights(&mut self, slot: u32) {
        let mut below = self.height_bound(slot);
        let mut slot = slot;
        while slot != ROOT {
            slot = self.link(slot).parent;
            below += 1;
            let body = self.body_mut(slot);
            if body.height_bound >= below {
                break;
            }
            body.height_bound = below;
        }
    }

    /// How many levels of folders really are below; also tightens the bound. Costs a walk of the
    /// subtree.
    pub(super) fn measure_height(&mut self, slot: u32) -> u8 {
        let children: Vec<u32> =
            self.children(slot).map(|c| c.iter().collect()).unwrap_or_default();
        let below = children.into_iter().map(|child| self.measure_height(child) + 1);
        let height = below.max().unwrap_or(0);
        if let Some(body) = &mut self.node_mut(slot).body {
            body.height_bound = height;
        }
        height
    }

    /// Gives a detached folder another name.
    pub(super) fn set_segment(&mut self, slot: u32, segment: &str) {
        self.dead_names += self.link(slot).segment.long_len();
        self.links[slot as usize].segment = Segment::new(segment, &mut self.long_names);
        self.compact_names();
    }

    /// Drops a folder that cannot be found any more, with its list of children.
    pub(super) fn free(&mut self, slot: u32) {
        self.by_id.remove(self.hash_of_id(self.link(slot).id), slot);
        self.dead_names += self.link(slot).segment.long_len();
        self.links[slot as usize].segment = Segment::new("", &mut self.long_names);
        self.node_mut(slot).body = None;
        self.free.push(slot);
        self.compact_names();
    }

    /// Rewrites the long names once more than half of them is dead, so that the cost per change is
    /// constant on average.
    fn compact_names(&mut self) {
        if self.dead_names <= self.long_names.len() / 2 || self.dead_names < 4096 {
            return;
        }
        let mut names = String::with_capacity(self.long_names.len() - self.dead_names);
        for link in &mut self.links {
            if link.segment.long_len() > 0 {
                link.segment = Segment::new(link.segment.text(&self.long_names), &mut names);
            }
        }
        (self.long_names, self.dead_names) = (names, 0);
    }

    /// Bytes of memory held, as far as the store can know them.
    pub(super) fn heap_bytes(&self) -> usize {
        let body = |node: &Node| {
            node.body.as_ref().map_or(0, |body| size_of::<Body>() + body.children.heap_bytes())
        };
        self.links.capacity() * size_of::<Link>()
            + self.nodes.capacity() * size_of::<Node>()
            + self.nodes.iter().map(body).sum::<usize>()
            + self.free.capacity() * 4
            + self.long_names.capacity()
            + self.by_name.heap_bytes()
            + self.by_id.heap_bytes()
    }
}

/// The half of a hash that the tables keep.
fn high(hash: u64) -> u32 {
    (hash >> 32) as u32
}
