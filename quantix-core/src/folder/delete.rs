//! Deleting folders: what becomes of what lies in them is said, and shown before it is done.

use serde::{Deserialize, Serialize};

use super::{FolderError, FolderName, FolderPath, FolderTree, Member, error::Problem};
use crate::{FolderId, Timestamp};

/// What becomes of what lies in a folder that is deleted.
///
/// The wire form is `{"mode": "refuse"}`, and so on; `move_members` has `to` besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeleteMode {
    /// Nothing may lie in it.
    #[serde(deserialize_with = "crate::word::nothing_else")]
    Refuse,
    /// Its folders and members move up into its parent; folders below keep their shape.
    #[serde(deserialize_with = "crate::word::nothing_else")]
    Reparent,
    /// All folders below are deleted too; their members move to one folder.
    MoveMembers {
        /// The folder that takes the members.
        to: FolderId,
    },
    /// All folders below are deleted too; their members are in no folder then.
    #[serde(deserialize_with = "crate::word::nothing_else")]
    Orphan,
}

/// What deleting a folder does, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteReport {
    /// The folder.
    pub folder_id: FolderId,
    /// Its path.
    pub path: FolderPath,
    /// The folders that are deleted, each before those that lie in it.
    pub deleted_folders: Vec<FolderId>,
    /// The folders that move to the parent.
    pub moved_folders: Vec<FolderId>,
    /// The machines and templates that move to another folder.
    pub moved_members: Vec<Member>,
    /// The folder that they move to.
    pub members_to: Option<FolderId>,
    /// The machines and templates that are in no folder afterwards.
    pub orphaned_members: Vec<Member>,
    /// Policies and bindings that are deleted with their folders.
    pub settings_lost: u32,
}

impl FolderTree {
    /// What [`Self::delete`] would do, without doing it.
    ///
    /// # Errors
    /// As [`Self::delete`].
    pub fn preview_delete(
        &self,
        id: FolderId,
        mode: DeleteMode,
    ) -> Result<DeleteReport, FolderError> {
        let slot = self.movable(id)?;
        let mut report = DeleteReport {
            folder_id: id,
            path: self.path_of(slot),
            deleted_folders: vec![id],
            moved_folders: Vec::new(),
            moved_members: Vec::new(),
            members_to: None,
            orphaned_members: Vec::new(),
            settings_lost: 0,
        };
        match mode {
            DeleteMode::Refuse => self.refuse_if_not_empty(slot)?,
            DeleteMode::Reparent => self.preview_reparent(slot, &mut report)?,
            DeleteMode::MoveMembers { to } => {
                let target = self.member_target(to)?;
                if self.store.lineage(target).any(|above| above == slot) {
                    return Err(Problem::TargetDeleted(to).into());
                }
                self.preview_subtree(id, &mut report);
                report.moved_members = std::mem::take(&mut report.orphaned_members);
                report.members_to = (!report.moved_members.is_empty()).then_some(to);
            }
            DeleteMode::Orphan => self.preview_subtree(id, &mut report),
        }
        let deleted = report.deleted_folders.iter().filter_map(|&id| self.store.slot(id));
        let settings = deleted.filter_map(|slot| self.settings(slot));
        let lost = settings.map(|own| {
            u32::from(!own.policy.is_empty())
                + u32::try_from(own.bindings.len()).unwrap_or(u32::MAX)
        });
        report.settings_lost = lost.fold(0, u32::saturating_add);
        Ok(report)
    }

    /// Deletes a folder and tells what that did: the same as [`Self::preview_delete`] would have
    /// told.
    ///
    /// # Errors
    /// When the folder does not exist or is the root; when it is not empty and `mode` refuses that;
    /// when a folder that would move up has a name that the parent has already; when the members
    /// cannot go where they should.
    pub fn delete(
        &mut self,
        id: FolderId,
        mode: DeleteMode,
        at: Timestamp,
    ) -> Result<DeleteReport, FolderError> {
        let report = self.preview_delete(id, mode)?;
        let slot = self.existing(id)?;
        let parent = self.store.link(slot).parent;
        let target = match report.members_to {
            Some(to) => Some(self.existing(to)?),
            None => None,
        };
        for &member in report.moved_members.iter().chain(&report.orphaned_members) {
            self.take_member(member);
            if let Some(target) = target {
                self.put_member(member, target);
            }
        }
        let mut moved = Vec::with_capacity(report.moved_folders.len());
        for &id in &report.moved_folders {
            moved.push(self.existing(id)?);
        }
        moved.iter().for_each(|&child| self.store.detach(child));
        // What moves up may be called like the folder itself, so that goes first.
        self.store.detach(slot);
        for child in moved {
            self.store.link_mut(child).parent = parent;
            self.store.attach(child);
            self.touch(child, at);
        }
        for &id in &report.deleted_folders {
            let deleted = self.existing(id)?;
            if deleted != slot {
                self.store.forget_name(deleted);
            }
            self.store.free(deleted);
        }
        self.touch(parent, at);
        if let Some(target) = target.filter(|&target| target != parent) {
            self.touch(target, at);
        }
        Ok(report)
    }

    fn refuse_if_not_empty(&self, slot: u32) -> Result<(), FolderError> {
        let Some(body) = &self.store.node(slot).body else { return Ok(()) };
        let (folders, members) = (body.folders_below, body.vms_below + body.templates_below);
        if folders + members == 0 {
            return Ok(());
        }
        let folder = self.store.link(slot).id;
        let remedy = "empty it, or choose a mode that says what becomes of them";
        Err(Problem::NotEmpty { folder, folders, members, remedy }.into())
    }

    fn preview_reparent(&self, slot: u32, report: &mut DeleteReport) -> Result<(), FolderError> {
        let parent = self.store.link(slot).parent;
        if let Some(body) = &self.store.node(slot).body {
            for child in body.children.iter() {
                let segment = self.store.segment(child);
                let taken = self.store.child(parent, segment).filter(|&other| other != slot);
                if let Some(existing) = taken {
                    let name = FolderName::from_canonical_segment(segment);
                    let existing = self.store.link(existing).id;
                    return Err(Problem::NameTaken { name, existing }.into());
                }
                report.moved_folders.push(self.store.link(child).id);
            }
            report.moved_members = body.members.iter().copied().collect();
        }
        if !report.moved_members.is_empty() {
            let parent = self.store.link(parent).id;
            self.member_target(parent)?;
            report.members_to = Some(parent);
        }
        Ok(())
    }

    fn preview_subtree(&self, id: FolderId, report: &mut DeleteReport) {
        report.deleted_folders.clear();
        for folder in self.subtree(id) {
            report.deleted_folders.push(folder.id());
            report.orphaned_members.extend(self.members(folder.id()));
        }
    }
}
