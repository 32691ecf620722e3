//! Machines and templates in folders.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{FolderError, FolderKind, FolderTree, error::Problem, store::Weight};
use crate::{FolderId, ImageId, Timestamp, VmId};

/// What lies in a folder: a machine or a template.
///
/// The wire form is `{"kind": "vm", "id": "…"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "id", rename_all = "snake_case", deny_unknown_fields)]
pub enum Member {
    /// A machine.
    Vm(VmId),
    /// A template that machines are made from.
    Template(ImageId),
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vm(id) => write!(f, "machine {id}"),
            Self::Template(id) => write!(f, "template {id}"),
        }
    }
}

impl Member {
    pub(super) fn weight(self) -> Weight {
        match self {
            Self::Vm(_) => Weight { vms: 1, ..Weight::default() },
            Self::Template(_) => Weight { templates: 1, ..Weight::default() },
        }
    }
}

impl FolderTree {
    /// Puts a machine or template that is in no folder yet into one.
    ///
    /// # Errors
    /// When the folder does not exist or does not hold members, or when the member is in a folder.
    pub fn add_member(
        &mut self,
        member: Member,
        folder: FolderId,
        at: Timestamp,
    ) -> Result<(), FolderError> {
        let slot = self.member_target(folder)?;
        if let Some(folder) = self.folder_of(member) {
            return Err(Problem::MemberTaken { member, folder }.into());
        }
        self.put_member(member, slot);
        self.touch(slot, at);
        Ok(())
    }

    /// Moves a machine or template to another folder; nothing happens when it is there already.
    ///
    /// # Errors
    /// When the folder does not exist or does not hold members, or the member is in no folder.
    pub fn move_member(
        &mut self,
        member: Member,
        to: FolderId,
        at: Timestamp,
    ) -> Result<(), FolderError> {
        let slot = self.member_target(to)?;
        let from = *self.members.get(&member).ok_or(Problem::MemberNotFound(member))?;
        if from != slot {
            self.take_member(member);
            self.put_member(member, slot);
            self.touch(from, at);
            self.touch(slot, at);
        }
        Ok(())
    }

    /// Takes a machine or template out of its folder, which is returned.
    ///
    /// # Errors
    /// When the member is in no folder.
    pub fn remove_member(
        &mut self,
        member: Member,
        at: Timestamp,
    ) -> Result<FolderId, FolderError> {
        let slot = self.take_member(member).ok_or(Problem::MemberNotFound(member))?;
        self.touch(slot, at);
        Ok(self.store.link(slot).id)
    }

    /// The folder of a machine or template.
    #[must_use]
    pub fn folder_of(&self, member: Member) -> Option<FolderId> {
        self.members.get(&member).map(|&slot| self.store.link(slot).id)
    }

    /// The machines and templates in a folder, by kind and then by id; none for an unknown folder.
    pub fn members(&self, folder: FolderId) -> impl Iterator<Item = Member> {
        let body = self.store.slot(folder).and_then(|slot| self.store.node(slot).body.as_ref());
        body.into_iter().flat_map(|body| body.members.iter().copied())
    }

    /// How many machines and templates there are in all folders.
    #[must_use]
    pub fn members_len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn member_target(&self, folder: FolderId) -> Result<u32, FolderError> {
        let slot = self.existing(folder)?;
        match self.store.link(slot).kind {
            FolderKind::Vm => Ok(slot),
            kind => Err(Problem::NoMembers(kind).into()),
        }
    }

    pub(super) fn put_member(&mut self, member: Member, slot: u32) {
        self.members.insert(member, slot);
        self.store.body_mut(slot).members.insert(member);
        self.store.add_weight(slot, member.weight(), u32::wrapping_add);
    }

    pub(super) fn take_member(&mut self, member: Member) -> Option<u32> {
        let slot = self.members.remove(&member)?;
        self.store.body_mut(slot).members.remove(&member);
        self.store.add_weight(slot, member.weight(), u32::wrapping_sub);
        Some(slot)
    }
}
