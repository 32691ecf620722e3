//! Machines by name, without a copy of their names.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use quantix_core::VmKey;

use super::VmEntry;

/// The slots of machines by their names.
///
/// An entry is the slot and half of the hash: eight bytes per machine. No order escapes from it.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    table: HashTable<(u32, u32)>,
    state: RandomState,
}

/// Half of a name's hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Half(u32);

/// Spreads half a hash over all bits, since the table uses both ends.
fn whole(half: u32) -> u64 {
    u64::from(half).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Names {
    pub(super) fn with_capacity(machines: usize) -> Self {
        Self { table: HashTable::with_capacity(machines), state: RandomState::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    #[allow(clippy::cast_possible_truncation, reason = "half of the hash is what is wanted")]
    pub(super) fn hash(&self, name: &str) -> Half {
        Half((self.state.hash_one(name) >> 32) as u32)
    }

    /// The slot of a name.
    pub(super) fn find(&self, half: Half, name: &VmKey, vms: &[Option<VmEntry>]) -> Option<u32> {
        let is = |&(slot, hash): &(u32, u32)| hash == half.0 && is_named(vms, slot, name.as_str());
        self.table.find(whole(half.0), is).map(|&(slot, _)| slot)
    }

    /// Adds a name that is not there.
    pub(super) fn add(&mut self, half: Half, slot: u32) {
        self.table.insert_unique(whole(half.0), (slot, half.0), |&(_, hash)| whole(hash));
    }

    /// Takes a slot out.
    pub(super) fn remove(&mut self, half: Half, slot: u32) {
        if let Ok(entry) = self.table.find_entry(whole(half.0), |entry| entry.0 == slot) {
            entry.remove();
        }
    }

    /// Takes a name out and answers its slot.
    pub(super) fn take(&mut self, name: &str, vms: &[Option<VmEntry>]) -> Option<u32> {
        let half = self.hash(name);
        let is = |&(slot, hash): &(u32, u32)| hash == half.0 && is_named(vms, slot, name);
        Some(self.table.find_entry(whole(half.0), is).ok()?.remove().0.0)
    }
}

fn is_named(vms: &[Option<VmEntry>], slot: u32, name: &str) -> bool {
    vms[slot as usize].as_ref().is_some_and(|entry| {
        let id = entry.id.as_str();
        std::ptr::eq(id, name) || id == name
    })
}
