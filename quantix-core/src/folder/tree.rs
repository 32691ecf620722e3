//! [`FolderTree`]: the folders of one project.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{
    FOLDER_DEPTH_MAX, Folder, FolderError, FolderKind, FolderName, FolderPath, Member,
    error::Problem,
    store::{Entry, ROOT, Store},
};
use crate::{FolderId, ProjectId, Timestamp};

/// The most folders that a tree may have, with its root.
pub const FOLDERS_MAX: usize = 1 << 24;

/// The folders of one project, with the machines and templates that lie in them.
///
/// - There is one root, and every other folder is in exactly one folder; there are no cycles.
/// - Siblings have different names. Names that differ in case only are the same; the case that was
///   given is kept. (The rule: Unicode upper case, then lower case, then NFC.)
/// - A path is worked out from names when asked for and never stored, so that renaming or moving a
///   folder costs the same whether it holds ten folders or a hundred thousand.
/// - Every change sets the folder's `updated_at` to the time that the caller gives and its
///   `revision` to the next number of the tree. A refused change changes nothing.
///
/// Ids and times come from the caller; the tree draws nothing at random and reads no clock.
///
/// ```
/// use quantix_core::{FolderId, FolderPath, FolderTree, Timestamp};
/// let now: Timestamp = "2026-01-31T12:00:00Z".parse()?;
/// let mut tree = FolderTree::default_project(now);
/// let mut ids = (10..).map(FolderId::from_u128);
/// let web = tree.ensure(&"/Production/Web".parse()?, &mut ids, now)?.id;
/// let archive = tree.ensure(&"/Archive".parse()?, &mut ids, now)?.id;
/// tree.move_to(web, archive, now)?;
/// assert_eq!(tree.path(web).unwrap().as_str(), "/Archive/Web");
/// assert_eq!(tree.find(&"/archive/WEB".parse()?), Some(web));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FolderTree {
    pub(super) project: ProjectId,
    pub(super) store: Store,
    pub(super) members: HashMap<Member, u32>,
    pub(super) revision: u64,
    pub(super) folders_max: usize,
}

/// A folder to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFolder {
    /// Its id, which no folder of the tree has.
    pub id: FolderId,
    /// The folder that it goes into.
    pub parent_id: FolderId,
    /// Its name.
    pub name: FolderName,
    /// Its kind; without one, the kind of its parent.
    pub kind: Option<FolderKind>,
}

/// What [`FolderTree::ensure`] did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ensured {
    /// The folder at the path.
    pub id: FolderId,
    /// The folders that were created, outermost first; none when the path existed.
    pub created: Vec<FolderId>,
}

impl FolderTree {
    /// A tree with only its root.
    #[must_use]
    pub fn new(project: ProjectId, root: FolderId, at: Timestamp) -> Self {
        let store = Store::new(root, at);
        Self { project, store, members: HashMap::new(), revision: 0, folders_max: FOLDERS_MAX }
    }

    /// The tree of [`ProjectId::DEFAULT`], with the root [`FolderId::DEFAULT_ROOT`].
    #[must_use]
    pub fn default_project(at: Timestamp) -> Self {
        Self::new(ProjectId::DEFAULT, FolderId::DEFAULT_ROOT, at)
    }

    /// The same tree, refusing to grow beyond that many folders ([`FOLDERS_MAX`] at most).
    #[must_use]
    pub fn with_folders_max(mut self, folders_max: usize) -> Self {
        self.folders_max = folders_max.min(FOLDERS_MAX);
        self
    }

    /// The project.
    #[must_use]
    pub fn project(&self) -> ProjectId {
        self.project
    }

    /// The root folder.
    #[must_use]
    pub fn root(&self) -> FolderId {
        self.store.link(ROOT).id
    }

    /// How many folders there are, with the root.
    #[must_use]
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether there is only the root and nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 1 && self.members.is_empty()
    }

    /// Counts the changes of the tree.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A folder by its id.
    #[must_use]
    pub fn get(&self, id: FolderId) -> Option<Folder<'_>> {
        self.store.slot(id).map(|slot| Folder { tree: self, slot })
    }

    /// The path of a folder.
    #[must_use]
    pub fn path(&self, id: FolderId) -> Option<FolderPath> {
        self.store.slot(id).map(|slot| self.path_of(slot))
    }

    /// Creates a folder.
    ///
    /// # Errors
    /// When the parent does not exist or is of another kind, the id or the name is taken, or a limit
    /// would be crossed.
    pub fn create(&mut self, new: &NewFolder, at: Timestamp) -> Result<(), FolderError> {
        let parent = self.existing(new.parent_id)?;
        if self.store.slot(new.id).is_some() {
            return Err(Problem::IdTaken(new.id).into());
        }
        let kind = new.kind.unwrap_or(self.store.link(parent).kind);
        self.check_place(parent, &new.name.to_segment(), kind, None)?;
        self.check_depth(parent, 1)?;
        self.check_room(1)?;
        self.insert(new.id, parent, &new.name.to_segment(), kind, at);
        Ok(())
    }

    /// Finds the folder at a path, creating it and the folders above it where they are missing, with
    /// ids from the caller.
    ///
    /// # Errors
    /// When an id is taken, the caller has no more ids, or a limit would be crossed. Nothing is
    /// created then.
    pub fn ensure(
        &mut self,
        path: &FolderPath,
        ids: &mut dyn Iterator<Item = FolderId>,
        at: Timestamp,
    ) -> Result<Ensured, FolderError> {
        let mut slot = ROOT;
        let mut missing = path.segments().peekable();
        while let Some(child) = missing.peek().and_then(|name| self.store.child(slot, name)) {
            slot = child;
            missing.next();
        }
        let missing: Vec<&str> = missing.collect();
        self.check_room(missing.len())?;
        let mut fresh = HashSet::new();
        let mut created = Vec::with_capacity(missing.len());
        for id in ids.take(missing.len()) {
            if self.store.slot(id).is_some() || !fresh.insert(id) {
                return Err(Problem::IdTaken(id).into());
            }
            created.push(id);
        }
        if created.len() < missing.len() {
            let message = format!("{} ids given for {} folders", created.len(), missing.len());
            let field = "ids".to_owned();
            return Err(Problem::BadSetting { code: "too-few-ids", field, message }.into());
        }
        for (&id, segment) in created.iter().zip(missing) {
            let kind = self.store.link(slot).kind;
            slot = self.insert(id, slot, segment, kind, at);
        }
        Ok(Ensured { id: self.store.link(slot).id, created })
    }

    /// Gives a folder another name; nothing happens when it has that name, in that case.
    ///
    /// # Errors
    /// When the folder does not exist or is the root, or a sibling has the name.
    pub fn rename(
        &mut self,
        id: FolderId,
        name: &FolderName,
        at: Timestamp,
    ) -> Result<(), FolderError> {
        let slot = self.movable(id)?;
        let segment = name.to_segment();
        if self.store.segment(slot) == segment {
            return Ok(());
        }
        let (parent, kind) = (self.store.link(slot).parent, self.store.link(slot).kind);
        self.check_place(parent, &segment, kind, Some(slot))?;
        if !self.store.has_room_for(segment.len()) {
            return Err(Problem::TooMany(self.len()).into());
        }
        self.store.detach(slot);
        self.store.set_segment(slot, &segment);
        self.store.attach(slot);
        self.touch(slot, at);
        Ok(())
    }

    /// Moves a folder, with all that it holds, into another; nothing happens when it is there.
    ///
    /// # Errors
    /// When a folder does not exist, is the root, lies in the folder that would move, is of another
    /// kind or has a child of that name, or when folders would nest too deep.
    pub fn move_to(
        &mut self,
        id: FolderId,
        parent: FolderId,
        at: Timestamp,
    ) -> Result<(), FolderError> {
        let slot = self.movable(id)?;
        let to = self.existing(parent)?;
        let from = self.store.link(slot).parent;
        if from == to {
            return Ok(());
        }
        if self.store.lineage(to).any(|above| above == slot) {
            return Err(Problem::Cycle { folder: id, to: parent }.into());
        }
        let kind = self.store.link(slot).kind;
        self.check_place(to, self.store.segment(slot), kind, None)?;
        self.check_depth_of_subtree(slot, from, to)?;
        self.store.detach(slot);
        self.store.link_mut(slot).parent = to;
        self.store.attach(slot);
        self.touch(slot, at);
        Ok(())
    }

    /// Bytes of memory that folders take, names included; members and settings are not counted.
    #[must_use]
    pub fn folder_memory(&self) -> usize {
        self.store.heap_bytes()
    }
}

/// What the other parts of the tree share.
impl FolderTree {
    pub(super) fn existing(&self, id: FolderId) -> Result<u32, FolderError> {
        self.store.slot(id).ok_or_else(|| Problem::NotFound(id).into())
    }

    pub(super) fn movable(&self, id: FolderId) -> Result<u32, FolderError> {
        match self.existing(id)? {
            ROOT => Err(Problem::Root.into()),
            slot => Ok(slot),
        }
    }

    pub(super) fn path_of(&self, slot: u32) -> FolderPath {
        let mut slots = [ROOT; FOLDER_DEPTH_MAX];
        let mut depth = 0;
        for above in self.store.lineage(slot).take_while(|&above| above != ROOT) {
            slots[depth] = above;
            depth += 1;
        }
        let mut text = String::with_capacity(depth * 16);
        for &slot in slots[..depth].iter().rev() {
            text.push('/');
            text.push_str(self.store.segment(slot));
        }
        if text.is_empty() { FolderPath::root() } else { FolderPath::from_canonical(text) }
    }

    pub(super) fn depth(&self, slot: u32) -> usize {
        self.store.lineage(slot).count() - 1
    }

    /// Marks a folder as changed.
    pub(super) fn touch(&mut self, slot: u32, at: Timestamp) {
        self.revision += 1;
        let node = self.store.node_mut(slot);
        (node.updated_at, node.revision) = (at, self.revision);
    }

    fn insert(
        &mut self,
        id: FolderId,
        parent: u32,
        segment: &str,
        kind: FolderKind,
        at: Timestamp,
    ) -> u32 {
        self.revision += 1;
        self.store.insert(&Entry { id, parent, segment, kind, at, revision: self.revision })
    }

    /// Checks that a folder may lie in another under that name; `itself` does not stand in its way.
    pub(super) fn check_place(
        &self,
        parent: u32,
        segment: &str,
        kind: FolderKind,
        itself: Option<u32>,
    ) -> Result<(), FolderError> {
        let expected = self.store.link(parent).kind;
        if parent != ROOT && kind != expected {
            return Err(Problem::WrongKind { found: kind, expected }.into());
        }
        match self.store.child(parent, segment).filter(|&slot| Some(slot) != itself) {
            None => Ok(()),
            Some(slot) => {
                let name = FolderName::from_canonical_segment(segment);
                Err(Problem::NameTaken { name, existing: self.store.link(slot).id }.into())
            }
        }
    }

    fn check_depth(&self, parent: u32, levels: usize) -> Result<(), FolderError> {
        if self.depth(parent) + levels > FOLDER_DEPTH_MAX {
            return Err(Problem::TooDeep.into());
        }
        Ok(())
    }

    /// Checks the depth that a subtree would reach. Only when the cheap bound on its height does not
    /// settle the question is the subtree walked.
    fn check_depth_of_subtree(&mut self, slot: u32, from: u32, to: u32) -> Result<(), FolderError> {
        if self.depth(to) <= self.depth(from) {
            return Ok(());
        }
        let bound = usize::from(self.store.height_bound(slot));
        if self.check_depth(to, bound + 1).is_ok() {
            return Ok(());
        }
        let height = usize::from(self.store.measure_height(slot));
        self.check_depth(to, height + 1)
    }

    fn check_room(&self, folders: usize) -> Result<(), FolderError> {
        let fits = self.len() + folders <= self.folders_max;
        if !fits || !self.store.has_room_for(folders * super::path::SEGMENT_BYTES_MAX) {
            return Err(Problem::TooMany(self.len()).into());
        }
        Ok(())
    }
}
