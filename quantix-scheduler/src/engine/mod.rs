//! The engine: the same decisions as [`place`](crate::place), found through an index.

mod batch;
mod index;
mod plan;
mod ranking;
mod reserve;
mod rooms;

use std::collections::BTreeMap;

use quantix_core::{
    VmKey,
    cluster::{NodeState, Vm},
};

use crate::{
    place::Choice,
    policy::Pipeline,
    snapshot::{ChangeError, Checkpoint, NodeIndex, PoolIndex, ShapeId, Snapshot, SnapshotError},
};

pub(crate) use index::Index;
pub use reserve::{CommitError, RESERVATIONS_MAX, Reservation};

/// A snapshot with an index that finds the best node for a machine without looking at all nodes.
///
/// It decides exactly as [`best`](crate::best) does, the tie by node id included; a property test
/// compares them. What it costs does not grow with the number of nodes where filters and scores
/// depend on the node's room, its class or the cluster; a filter or score that may depend on
/// anything is asked only about nodes that could still win.
///
/// ```
/// use quantix_core::cluster::{Cluster, Vm};
/// use quantix_scheduler::{Engine, Pipeline, Policy, Snapshot};
/// let cluster: Cluster = serde_json::from_str(
///     r#"{"nodes": [{"id": "n1", "cpu_milli": 4000, "memory_mib": 8192}]}"#,
/// )?;
/// let pipeline = Pipeline::new(&Policy::default())?;
/// let mut engine = Engine::new(Snapshot::build(&cluster)?, pipeline);
/// let vm: Vm = serde_json::from_str(r#"{"id": "v", "cpu_milli": 1000, "memory_mib": 1024}"#)?;
/// let shape = engine.shape(&vm)?;
/// let choice = engine.place(&vm.id, shape)?;
/// assert!(choice.is_some());
/// engine.remove(&vm.id)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Engine {
    snapshot: Snapshot,
    pipeline: Pipeline,
    index: Index,
    reservations: BTreeMap<u64, Reservation>,
    next_reservation: u64,
}

impl Engine {
    /// Indexes a snapshot.
    #[must_use]
    pub fn new(snapshot: Snapshot, pipeline: Pipeline) -> Self {
        let index = Index::new(&snapshot);
        let (reservations, next_reservation) = (BTreeMap::new(), 0);
        Self { snapshot, pipeline, index, reservations, next_reservation }
    }

    /// The snapshot as it is now.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The filters and scores.
    #[must_use]
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// The snapshot, without the index.
    #[must_use]
    pub fn into_snapshot(self) -> Snapshot {
        self.snapshot
    }

    /// Interns what a machine asks for.
    ///
    /// # Errors
    /// As [`Snapshot::shape`].
    pub fn shape(&mut self, vm: &Vm) -> Result<ShapeId, SnapshotError> {
        self.snapshot.shape(vm)
    }

    /// As [`Snapshot::expect`].
    pub fn expect(&mut self, shape: ShapeId) {
        self.snapshot.expect(shape);
    }

    /// The best node for a shape, without putting anything there.
    #[must_use]
    pub fn choose(&mut self, shape: ShapeId) -> Option<Choice> {
        self.index.best(&self.snapshot, shape, &self.pipeline)
    }

    /// Puts a machine on the best node for it; `None` where it fits nowhere.
    ///
    /// # Errors
    /// When it is placed already.
    pub fn place(&mut self, vm: &VmKey, shape: ShapeId) -> Result<Option<Choice>, ChangeError> {
        let name = self.snapshot.new_name(vm)?;
        let Some(choice) = self.choose(shape) else { return Ok(None) };
        self.snapshot.add_named(vm, name, shape, choice.node)?;
        self.index.refresh(&self.snapshot, choice.node);
        Ok(Some(choice))
    }

    /// As [`Snapshot::add`].
    ///
    /// # Errors
    /// As [`Snapshot::add`].
    pub fn add(&mut self, vm: &VmKey, shape: ShapeId, node: NodeIndex) -> Result<(), ChangeError> {
        self.snapshot.add(vm, shape, node)?;
        self.index.refresh(&self.snapshot, node);
        Ok(())
    }

    /// As [`Snapshot::remove`].
    ///
    /// # Errors
    /// As [`Snapshot::remove`].
    pub fn remove(&mut self, vm: &VmKey) -> Result<NodeIndex, ChangeError> {
        let node = self.snapshot.remove(vm)?;
        self.index.refresh(&self.snapshot, node);
        Ok(node)
    }

    /// As [`Snapshot::move_to`].
    ///
    /// # Errors
    /// As [`Snapshot::move_to`].
    pub fn move_to(&mut self, vm: &VmKey, node: NodeIndex) -> Result<(), ChangeError> {
        let from = self.snapshot.node_of(vm);
        self.snapshot.move_to(vm, node)?;
        for touched in from.into_iter().chain([node]) {
            self.index.refresh(&self.snapshot, touched);
        }
        Ok(())
    }

    /// As [`Snapshot::resize`].
    ///
    /// # Errors
    /// As [`Snapshot::resize`].
    pub fn resize(&mut self, vm: &VmKey, shape: ShapeId) -> Result<(), ChangeError> {
        self.snapshot.resize(vm, shape)?;
        if let Some(node) = self.snapshot.node_of(vm) {
            self.index.refresh(&self.snapshot, node);
        }
        Ok(())
    }

    /// As [`Snapshot::set_state`].
    ///
    /// # Errors
    /// As [`Snapshot::set_state`].
    pub fn set_state(&mut self, node: NodeIndex, state: NodeState) -> Result<(), ChangeError> {
        self.snapshot.set_state(node, state)?;
        self.index.refresh(&self.snapshot, node);
        Ok(())
    }

    /// As [`Snapshot::set_pool_capacity`].
    ///
    /// # Errors
    /// As [`Snapshot::set_pool_capacity`].
    pub fn set_pool_capacity(
        &mut self,
        pool: PoolIndex,
        capacity: Option<u64>,
    ) -> Result<(), ChangeError> {
        self.snapshot.set_pool_capacity(pool, capacity)
    }

    /// As [`Snapshot::checkpoint`].
    pub fn checkpoint(&mut self) -> Checkpoint {
        self.snapshot.checkpoint()
    }

    /// As [`Snapshot::keep`].
    pub fn keep(&mut self, checkpoint: Checkpoint) {
        self.snapshot.keep(checkpoint);
    }

    /// As [`Snapshot::undo`].
    pub fn undo(&mut self, checkpoint: Checkpoint) {
        let mut touched = Vec::new();
        let typical = self.snapshot.typical().version;
        self.snapshot.undo_with(checkpoint, |node| touched.push(node));
        if self.snapshot.typical().version != typical {
            self.index.forget();
        }
        touched.sort_unstable();
        touched.dedup();
        for node in touched {
            self.index.refresh(&self.snapshot, node);
        }
    }
}
