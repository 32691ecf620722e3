//! Room that is held for a while, groups that are placed whole, decisions made ahead.

use quantix_core::VmKey;
use serde::Serialize;

use super::Engine;
use crate::{
    place::{Choice, passes},
    snapshot::{ChangeError, NodeIndex, ShapeId},
};

/// The most reservations that are open at one time.
pub const RESERVATIONS_MAX: usize = 1_000_000;

/// Room that is held for a machine until it is committed, released or expires.
///
/// The machine uses its node, its pools and its rules from the moment of reserving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reservation {
    /// Names the reservation.
    pub id: u64,
    /// The machine.
    pub vm: VmKey,
    /// The revision of the snapshot that has the room held.
    pub revision: u64,
    /// When it expires, on the clock of the caller.
    pub expires: u64,
    #[serde(skip)]
    pub(super) node: NodeIndex,
}

impl Reservation {
    /// The node.
    #[must_use]
    pub fn node(&self) -> NodeIndex {
        self.node
    }
}

/// A decision that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The cluster changed since, and the machine may go there no longer.
    #[error("machine {vm} may not go to node {node} any more: decide again")]
    Stale {
        /// The machine.
        vm: VmKey,
        /// The node that was chosen.
        node: quantix_core::NodeKey,
    },
    /// There is no such reservation: it was committed, released, or it expired.
    #[error("there is no reservation {0}: it was committed or released, or it expired")]
    Gone(u64),
    /// Too many reservations are open.
    #[error("{RESERVATIONS_MAX} reservations are open: commit or release some")]
    TooMany,
    /// The machine is placed already, or something it names is not there.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl Engine {
    /// Carries out a choice that was made at an earlier revision.
    ///
    /// Where the cluster changed since, every filter is asked again about the chosen node, so that
    /// of many choices made side by side only those succeed that there is room for.
    ///
    /// # Errors
    /// When the node will not do any longer, or the machine is placed already.
    pub fn commit_choice(
        &mut self,
        vm: &VmKey,
        shape: ShapeId,
        choice: Choice,
        revision: u64,
    ) -> Result<(), CommitError> {
        if choice.node.at() >= self.snapshot.node_count() {
            return Err(ChangeError::NoNode.into());
        }
        let node = self.snapshot.candidate(choice.node);
        if revision != self.snapshot.revision()
            && !passes(node, self.snapshot.shape_by_id(shape), &self.pipeline)
        {
            return Err(CommitError::Stale { vm: vm.clone(), node: node.id().clone() });
        }
        Ok(self.add(vm, shape, choice.node)?)
    }

    /// Holds room for a machine on the best node; `None` where it fits nowhere.
    ///
    /// # Errors
    /// When the machine is placed or reserved already, or too many reservations are open.
    pub fn reserve(
        &mut self,
        vm: &VmKey,
        shape: ShapeId,
        expires: u64,
    ) -> Result<Option<Reservation>, CommitError> {
        if self.reservations.len() >= RESERVATIONS_MAX {
            return Err(CommitError::TooMany);
        }
        let Some(choice) = self.place(vm, shape)? else { return Ok(None) };
        self.next_reservation += 1;
        let id = self.next_reservation;
        let (vm, revision) = (vm.clone(), self.snapshot.revision());
        let reservation = Reservation { id, vm, revision, expires, node: choice.node };
        self.reservations.insert(id, reservation.clone());
        Ok(Some(reservation))
    }

    /// Makes a reservation last: the machine stays where it is.
    ///
    /// Where the cluster changed since, every filter is asked again as if the machine were not
    /// there; a node that went down or a rule that was broken meanwhile makes it stale, and the
    /// room is given back.
    ///
    /// # Errors
    /// When the reservation is gone or its node will not do any longer.
    pub fn commit(&mut self, id: u64) -> Result<(), CommitError> {
        let held = self.reservations.remove(&id).ok_or(CommitError::Gone(id))?;
        if held.revision == self.snapshot.revision() {
            return Ok(());
        }
        let shape = self.snapshot.shape_of(&held.vm).ok_or(CommitError::Gone(id))?;
        let checkpoint = self.checkpoint();
        self.remove(&held.vm)?;
        let node = self.snapshot.candidate(held.node);
        let still = passes(node, self.snapshot.shape_by_id(shape), &self.pipeline);
        if still {
            self.undo(checkpoint);
            return Ok(());
        }
        let node = node.id().clone();
        self.keep(checkpoint);
        Err(CommitError::Stale { vm: held.vm, node })
    }

    /// Gives the room of a reservation back.
    ///
    /// # Errors
    /// When the reservation is gone.
    pub fn release(&mut self, id: u64) -> Result<(), CommitError> {
        let held = self.reservations.remove(&id).ok_or(CommitError::Gone(id))?;
        self.remove(&held.vm)?;
        Ok(())
    }

    /// Gives back the room of every reservation that expires at `now` or before, and answers them
    /// in the order in which they were made.
    pub fn expire(&mut self, now: u64) -> Vec<Reservation> {
        let over = |held: &&Reservation| held.expires <= now;
        let over: Vec<Reservation> = self.reservations.values().filter(over).cloned().collect();
        for held in &over {
            // A machine that was removed otherwise holds nothing any more.
            let _ = self.release(held.id);
        }
        over
    }

    /// The open reservations in the order in which they were made.
    pub fn reservations(&self) -> impl Iterator<Item = &Reservation> {
        self.reservations.values()
    }

    /// Places a group whole or not at all.
    ///
    /// The machines are placed in the order given. Where one fits nowhere, all are taken back, the
    /// snapshot is as it was, and the answer is its position.
    ///
    /// # Errors
    /// When a machine is placed already; the snapshot is then as it was.
    pub fn place_group(
        &mut self,
        group: &[(VmKey, ShapeId)],
    ) -> Result<Result<Vec<Choice>, usize>, ChangeError> {
        let checkpoint = self.checkpoint();
        let mut choices = Vec::with_capacity(group.len());
        for (at, (vm, shape)) in group.iter().enumerate() {
            match self.place(vm, *shape) {
                Ok(Some(choice)) => choices.push(choice),
                Ok(None) => {
                    self.undo(checkpoint);
                    return Ok(Err(at));
                }
                Err(error) => {
                    self.undo(checkpoint);
                    return Err(error);
                }
            }
        }
        self.keep(checkpoint);
        Ok(Ok(choices))
    }

    /// The best nodes for a shape, at most so many, best first.
    #[must_use]
    pub fn candidates(&self, shape: ShapeId, count_max: usize) -> Vec<Choice> {
        let shape = self.snapshot.shape_by_id(shape);
        let mut ranked = crate::place::ranked(&self.snapshot, shape, &self.pipeline);
        ranked.truncate(count_max);
        ranked
    }
}
