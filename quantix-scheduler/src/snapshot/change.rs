//! Changes of a snapshot, each with its exact inverse.

use quantix_core::{VmKey, cluster::NodeState};

use super::{
    Assignment, CellFree, NodeEntry, NodeIndex, PoolIndex, Shape, ShapeId, Snapshot, Typical,
    VmEntry, assign, names::Half, small,
};

/// How to take back one change.
#[derive(Clone, Debug)]
pub(super) enum Undo {
    /// The machine in a slot was added; the flag tells whether the slot was new.
    Added { slot: u32, new_slot: bool },
    /// A machine was removed from a slot.
    Removed { slot: u32, entry: VmEntry },
    /// A node's state was another.
    State { node: NodeIndex, state: NodeState },
    /// A machine was seen.
    Seen { shape: ShapeId },
    /// The typical machines were others.
    Renewed { before: Box<(Typical, u64)> },
    /// A pool's capacity was another.
    Capacity { pool: PoolIndex, capacity: Option<u64> },
}

/// A moment in the life of a snapshot that it can be taken back to.
#[derive(Debug)]
#[must_use = "a checkpoint that is neither kept nor undone keeps the journal growing"]
pub struct Checkpoint {
    journal: usize,
    revision: u64,
    outermost: bool,
}

/// A change that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// A machine of that name is placed already.
    #[error("machine {0} is placed already: remove it first, or choose another id")]
    Exists(VmKey),
    /// No machine of that name is placed.
    #[error("machine {0} is not placed")]
    Unknown(VmKey),
    /// The node does not exist in this snapshot.
    #[error("there is no such node in this snapshot")]
    NoNode,
    /// The pool does not exist in this snapshot.
    #[error("there is no such pool in this snapshot")]
    NoPool,
    /// The machine would not lie on the node's NUMA cells or GPUs.
    #[error("machine {0} does not fit the node's NUMA cells or GPUs")]
    NoAssignment(VmKey),
}

impl Snapshot {
    /// Puts a machine on a node, where it lies as [`Candidate::assignment`] says.
    ///
    /// Nothing is checked but that it can lie there at all: filters decide, this records.
    ///
    /// # Errors
    /// When it is placed already, or the node, its cells or its GPUs are not there.
    ///
    /// [`Candidate::assignment`]: super::Candidate::assignment
    pub fn add(&mut self, vm: &VmKey, shape: ShapeId, node: NodeIndex) -> Result<(), ChangeError> {
        let half = self.new_name(vm)?;
        self.add_named(vm, half, shape, node)
    }

    /// The hash of a name that no machine has.
    pub(crate) fn new_name(&self, vm: &VmKey) -> Result<Half, ChangeError> {
        let half = self.names.hash(vm.as_str());
        match self.names.find(half, vm, &self.vms) {
            Some(_) => Err(ChangeError::Exists(vm.clone())),
            None => Ok(half),
        }
    }

    /// Puts a machine, whose name is known to be new, on a node.
    pub(crate) fn add_named(
        &mut self,
        vm: &VmKey,
        half: Half,
        shape: ShapeId,
        node: NodeIndex,
    ) -> Result<(), ChangeError> {
        if node.at() >= self.nodes.len() {
            return Err(ChangeError::NoNode);
        }
        let assignment = self
            .candidate(node)
            .assignment(self.shape_by_id(shape))
            .ok_or_else(|| ChangeError::NoAssignment(vm.clone()))?;
        self.add_new(VmEntry { id: vm.clone(), shape, node, assignment }, half);
        Ok(())
    }

    /// Puts a machine on a node, on given cells and GPUs.
    pub(crate) fn add_at(
        &mut self,
        vm: &VmKey,
        shape: ShapeId,
        node: NodeIndex,
        assignment: Assignment,
    ) -> Result<(), ChangeError> {
        let half = self.new_name(vm)?;
        self.add_new(VmEntry { id: vm.clone(), shape, node, assignment }, half);
        Ok(())
    }

    /// Puts a machine on a node whose name is known to be new.
    pub(super) fn add_new(&mut self, entry: VmEntry, half: Half) {
        self.count(&entry, 1);
        let (slot, new_slot) = match self.vacant.pop() {
            Some(slot) => (slot, false),
            None => (small(self.vms.len()), true),
        };
        self.names.add(half, slot);
        if new_slot {
            self.vms.push(Some(entry));
        } else {
            self.vms[slot as usize] = Some(entry);
        }
        self.note(|| Undo::Added { slot, new_slot });
    }

    /// Takes a machine off its node and answers where it was.
    ///
    /// # Errors
    /// When it is not placed.
    pub fn remove(&mut self, vm: &VmKey) -> Result<NodeIndex, ChangeError> {
        self.remove_named(vm.as_str()).ok_or_else(|| ChangeError::Unknown(vm.clone()))
    }

    /// Takes a machine off its node; `None` where it is not placed.
    pub(crate) fn remove_named(&mut self, name: &str) -> Option<NodeIndex> {
        let slot = self.names.take(name, &self.vms)?;
        let entry = self.vms[slot as usize].take()?;
        self.vacant.push(slot);
        self.count(&entry, -1);
        let node = entry.node;
        self.note(|| Undo::Removed { slot, entry });
        Some(node)
    }

    /// Moves a machine to another node.
    ///
    /// # Errors
    /// As [`Snapshot::remove`] and [`Snapshot::add`]; the machine then stays where it was.
    pub fn move_to(&mut self, vm: &VmKey, node: NodeIndex) -> Result<(), ChangeError> {
        let shape = self.shape_of(vm).ok_or_else(|| ChangeError::Unknown(vm.clone()))?;
        self.exchange(vm, shape, node)
    }

    /// Gives a machine another shape on the node where it is.
    ///
    /// # Errors
    /// As [`Snapshot::remove`] and [`Snapshot::add`]; the machine then stays as it was.
    pub fn resize(&mut self, vm: &VmKey, shape: ShapeId) -> Result<(), ChangeError> {
        let node = self.node_of(vm).ok_or_else(|| ChangeError::Unknown(vm.clone()))?;
        self.exchange(vm, shape, node)
    }

    fn exchange(&mut self, vm: &VmKey, shape: ShapeId, node: NodeIndex) -> Result<(), ChangeError> {
        let checkpoint = self.checkpoint();
        let result = self.remove(vm).and_then(|_| self.add(vm, shape, node));
        match result {
            Ok(()) => self.keep(checkpoint),
            Err(_) => self.undo(checkpoint),
        }
        result
    }

    /// Makes a node ready, cordoned or down. The machines there stay where they are.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn set_state(&mut self, node: NodeIndex, state: NodeState) -> Result<(), ChangeError> {
        let entry = self.nodes.get_mut(node.at()).ok_or(ChangeError::NoNode)?;
        let state = std::mem::replace(&mut entry.state, state);
        self.note(|| Undo::State { node, state });
        Ok(())
    }

    /// Gives a pool another capacity in bytes, overcommit included; `None` is unknown.
    ///
    /// # Errors
    /// When there is no such pool.
    pub fn set_pool_capacity(
        &mut self,
        pool: PoolIndex,
        capacity: Option<u64>,
    ) -> Result<(), ChangeError> {
        let entry = self.pools.get_mut(pool.at()).ok_or(ChangeError::NoPool)?;
        let capacity = std::mem::replace(&mut entry.capacity, capacity);
        self.note(|| Undo::Capacity { pool, capacity });
        Ok(())
    }

    /// Tells that machines of a shape are about to come, so that the default policy learns what is
    /// typical. Machines of the cluster document were seen already; [`place`](crate::place) and the
    /// engine tell what they are asked.
    pub fn expect(&mut self, shape: ShapeId) {
        if self.see(shape) {
            self.renew_profile();
        }
    }

    pub(super) fn see(&mut self, shape: ShapeId) -> bool {
        let renew = self.profile.see(shape);
        self.note(|| Undo::Seen { shape });
        renew
    }

    pub(super) fn renew_profile(&mut self) {
        let before = self.profile.renew(&self.classes);
        self.note(|| Undo::Renewed { before: Box::new(before) });
    }

    /// Remembers this moment, so that what follows can be undone.
    pub fn checkpoint(&mut self) -> Checkpoint {
        let outermost = !self.journalling;
        self.journalling = true;
        Checkpoint { journal: self.journal.len(), revision: self.revision, outermost }
    }

    /// Keeps what was done since a checkpoint.
    pub fn keep(&mut self, checkpoint: Checkpoint) {
        self.close(&checkpoint);
    }

    /// Takes back everything since a checkpoint, the last change first.
    pub fn undo(&mut self, checkpoint: Checkpoint) {
        self.undo_with(checkpoint, |_| ());
    }

    /// Takes everything back and tells each node that changed.
    pub(crate) fn undo_with(&mut self, checkpoint: Checkpoint, mut touched: impl FnMut(NodeIndex)) {
        while self.journal.len() > checkpoint.journal {
            let Some(undo) = self.journal.pop() else { break };
            if let Some(node) = self.take_back(undo) {
                touched(node);
            }
        }
        self.revision = checkpoint.revision;
        self.close(&checkpoint);
    }

    fn close(&mut self, checkpoint: &Checkpoint) {
        if checkpoint.outermost {
            self.journalling = false;
            self.journal.clear();
        }
    }

    fn take_back(&mut self, undo: Undo) -> Option<NodeIndex> {
        match undo {
            Undo::Added { slot, new_slot } => {
                let entry = self.vms[slot as usize].take()?;
                self.names.remove(self.names.hash(entry.id.as_str()), slot);
                self.count(&entry, -1);
                if new_slot {
                    self.vms.pop();
                } else {
                    self.vacant.push(slot);
                }
                Some(entry.node)
            }
            Undo::Removed { slot, entry } => {
                self.vacant.pop();
                self.count(&entry, 1);
                let node = entry.node;
                self.names.add(self.names.hash(entry.id.as_str()), slot);
                self.vms[slot as usize] = Some(entry);
                Some(node)
            }
            Undo::Seen { shape } => {
                self.profile.forget(shape);
                None
            }
            Undo::Renewed { before } => {
                self.profile.restore(*before);
                None
            }
            Undo::State { node, state } => {
                self.nodes[node.at()].state = state;
                Some(node)
            }
            Undo::Capacity { pool, capacity } => {
                self.pools[pool.at()].capacity = capacity;
                None
            }
        }
    }

    fn note(&mut self, undo: impl FnOnce() -> Undo) {
        self.revision += 1;
        if self.journalling {
            self.journal.push(undo());
        }
    }

    /// Adds what a machine uses to every count, `sign` times.
    fn count(&mut self, entry: &VmEntry, sign: i64) {
        let shape = &self.shapes[entry.shape.0 as usize];
        let placed = &mut self.placed[entry.shape.0 as usize];
        *placed = placed.wrapping_add_signed(sign);
        let node = &mut self.nodes[entry.node.at()];
        let class = &self.classes[node.class as usize];
        count_node(node, shape, sign);
        if entry.assignment != Assignment::default() {
            count_parts(node, &mut self.cells, &mut self.gpus, entry.assignment, (shape, sign));
        }
        for (extra, count) in &shape.extra {
            if let Ok(at) = class.extra.binary_search_by(|(other, _)| other.cmp(extra)) {
                self.extra[node.extra_at as usize + at] -= sign * amount(*count);
            }
        }
        for demand in &shape.pools {
            if let Some(pool) = demand.index {
                self.pools[pool.at()].used += i128::from(sign) * i128::from(demand.bytes);
            }
        }
        for &rule in &shape.rules {
            let rule = &mut self.rules[rule.at()];
            let domain = rule.domain(entry.node, node);
            if sign > 0 {
                rule.add(domain);
            } else {
                rule.remove(domain);
            }
        }
    }
}

fn amount(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

fn count_node(node: &mut NodeEntry, shape: &Shape, sign: i64) {
    node.free_cpu -= sign * amount(shape.cpu_milli);
    node.free_memory -= sign * amount(shape.memory_mib);
    node.vms = node.vms.wrapping_add_signed(if sign > 0 { 1 } else { -1 });
}

/// The NUMA cells and GPUs that a machine has, `sign` times.
fn count_parts(
    node: &NodeEntry,
    cells: &mut [CellFree],
    gpus: &mut [u32],
    assignment: Assignment,
    (shape, sign): (&Shape, i64),
) {
    if assignment.cells != 0 {
        let (cpu, memory) = assign::share(shape, assignment.cells.count_ones());
        for cell in Assignment::positions(assignment.cells) {
            let cell = &mut cells[(node.cells_at + cell) as usize];
            cell.cpu -= sign * cpu;
            cell.memory -= sign * memory;
        }
    }
    for gpu in Assignment::positions(assignment.gpus) {
        let free = &mut gpus[(node.gpus_at + gpu) as usize];
        let milli = shape.gpus.milli;
        *free = if sign > 0 { free.saturating_sub(milli) } else { *free + milli };
    }
}
