//! Moving many folders, machines and templates at once.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{FolderError, FolderTree, Member, error::Problem};
use crate::{FolderId, ImageId, Timestamp, VmId, word::words};

/// The most items of one bulk move.
pub const BULK_ITEMS_MAX: usize = 100_000;

/// Something that can be moved to another folder. The wire form is `{"kind": "folder", "id": "…"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "id", rename_all = "snake_case", deny_unknown_fields)]
pub enum Movable {
    /// A folder with all that it holds.
    Folder(FolderId),
    /// A machine.
    Vm(VmId),
    /// A template.
    Template(ImageId),
}

impl From<Member> for Movable {
    fn from(member: Member) -> Self {
        match member {
            Member::Vm(id) => Self::Vm(id),
            Member::Template(id) => Self::Template(id),
        }
    }
}

impl fmt::Display for Movable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Folder(id) => write!(f, "folder {id}"),
            Self::Vm(id) => Member::Vm(id).fmt(f),
            Self::Template(id) => Member::Template(id).fmt(f),
        }
    }
}

words! {
    /// What happens to the others when one item cannot be moved.
    #[derive(Default)]
    BulkMode "bulk mode" {
        /// None is moved.
        #[default]
        AllOrNone "all_or_none",
        /// They are moved.
        EachAlone "each_alone",
    }
}

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveOutcome {
    /// The item.
    pub item: Movable,
    /// The folder that it was in, or why it cannot move.
    pub result: Result<FolderId, FolderError>,
}

/// What a bulk move did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkReport {
    /// Whether anything was changed: always when each item is moved alone, else only without errors.
    pub applied: bool,
    /// One outcome per item, in the order given. Under [`BulkMode::AllOrNone`] all items are tried,
    /// so that every obstacle is told at once.
    pub outcomes: Vec<MoveOutcome>,
}

impl BulkReport {
    /// The items that cannot be moved, and why.
    pub fn errors(&self) -> impl Iterator<Item = (Movable, &FolderError)> {
        self.outcomes.iter().filter_map(|o| Some((o.item, o.result.as_ref().err()?)))
    }
}

/// How to undo the move of one item.
enum Undo {
    Folder { parent: u32, stamp: Stamp },
    Member { member: Member, from: u32, stamps: [Stamp; 2] },
}

/// When a folder was last changed.
#[derive(Clone, Copy)]
struct Stamp {
    slot: u32,
    updated_at: Timestamp,
    revision: u64,
}

impl FolderTree {
    /// Moves folders, machines and templates to one folder.
    ///
    /// # Errors
    /// When the folder does not exist, or when there are more than [`BULK_ITEMS_MAX`] items. What
    /// keeps single items from moving is in the report.
    pub fn move_many(
        &mut self,
        items: &[Movable],
        to: FolderId,
        mode: BulkMode,
        at: Timestamp,
    ) -> Result<BulkReport, FolderError> {
        self.existing(to)?;
        if items.len() > BULK_ITEMS_MAX {
            let message = format!("{}: expected at most {BULK_ITEMS_MAX}", items.len());
            let field = "items".to_owned();
            let problem = Problem::BadSetting { code: "too-many", field, message };
            return Err(problem.into());
        }
        let revision = self.revision;
        let mut undo = Vec::new();
        let mut outcomes = Vec::with_capacity(items.len());
        for &item in items {
            let step = (mode == BulkMode::AllOrNone).then(|| self.undo_of(item, to)).flatten();
            let result = self.move_one(item, to, at);
            if result.is_ok() {
                undo.extend(step);
            }
            outcomes.push(MoveOutcome { item, result });
        }
        let failed = outcomes.iter().any(|outcome| outcome.result.is_err());
        let applied = mode == BulkMode::EachAlone || !failed;
        if !applied {
            for step in undo.into_iter().rev() {
                self.undo(step);
            }
            self.revision = revision;
        }
        Ok(BulkReport { applied, outcomes })
    }

    fn move_one(
        &mut self,
        item: Movable,
        to: FolderId,
        at: Timestamp,
    ) -> Result<FolderId, FolderError> {
        let member = match item {
            Movable::Folder(id) => {
                let slot = self.movable(id)?;
                let from = self.store.link(self.store.link(slot).parent).id;
                return self.move_to(id, to, at).map(|()| from);
            }
            Movable::Vm(id) => Member::Vm(id),
            Movable::Template(id) => Member::Template(id),
        };
        let from = self.folder_of(member);
        self.move_member(member, to, at)?;
        from.ok_or_else(|| Problem::MemberNotFound(member).into())
    }

    /// What restores the tree after a move; `None` when the move cannot work.
    fn undo_of(&self, item: Movable, to: FolderId) -> Option<Undo> {
        let member = match item {
            Movable::Folder(id) => {
                let slot = self.store.slot(id)?;
                let parent = self.store.link(slot).parent;
                return Some(Undo::Folder { parent, stamp: self.stamp(slot) });
            }
            Movable::Vm(id) => Member::Vm(id),
            Movable::Template(id) => Member::Template(id),
        };
        let from = *self.members.get(&member)?;
        let to = self.store.slot(to)?;
        Some(Undo::Member { member, from, stamps: [self.stamp(from), self.stamp(to)] })
    }

    fn stamp(&self, slot: u32) -> Stamp {
        let node = self.store.node(slot);
        Stamp { slot, updated_at: node.updated_at, revision: node.revision }
    }

    fn set_stamp(&mut self, stamp: Stamp) {
        let node = self.store.node_mut(stamp.slot);
        (node.updated_at, node.revision) = (stamp.updated_at, stamp.revision);
    }

    fn undo(&mut self, step: Undo) {
        match step {
            Undo::Folder { parent, stamp } => {
                if self.store.link(stamp.slot).parent != parent {
                    self.store.detach(stamp.slot);
                    self.store.link_mut(stamp.slot).parent = parent;
                    self.store.attach(stamp.slot);
                }
                self.set_stamp(stamp);
            }
            Undo::Member { member, from, stamps } => {
                self.take_member(member);
                self.put_member(member, from);
                stamps.into_iter().for_each(|stamp| self.set_stamp(stamp));
            }
        }
    }
}
