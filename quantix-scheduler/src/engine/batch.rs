//! Many machines at once, and rules of one's own on an engine that stands.

use quantix_core::VmKey;

use super::{Engine, Index};
use crate::{
    filter::Filter,
    place::Choice,
    score::Score,
    snapshot::{ChangeError, ShapeId},
};

impl Engine {
    /// Places machines one after the other, each seen as one more of its kind; `None` where one fits
    /// nowhere. This is what the batches of C and Python do.
    ///
    /// ```
    /// use quantix_core::cluster::{Cluster, Vm};
    /// use quantix_scheduler::{Engine, Pipeline, Policy, Snapshot};
    /// let cluster: Cluster = serde_json::from_str(
    ///     r#"{"nodes": [{"id": "n1", "cpu_milli": 2000, "memory_mib": 2048}]}"#,
    /// )?;
    /// let mut engine = Engine::new(Snapshot::build(&cluster)?, Pipeline::new(&Policy::default())?);
    /// let vm: Vm = serde_json::from_str(r#"{"id": "v", "cpu_milli": 1000, "memory_mib": 1024}"#)?;
    /// let shape = engine.shape(&vm)?;
    /// let ids = ["a", "b", "c"].map(|id| id.parse().expect("a key"));
    /// let choices = engine.place_many(ids.iter().map(|id| (id, shape)))?;
    /// assert!(choices[1].is_some() && choices[2].is_none());
    /// engine.remove_many(&ids[..2])?;
    /// assert_eq!(engine.snapshot().vm_count(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When a machine is placed already; the snapshot is then as it was.
    pub fn place_many<'a>(
        &mut self,
        machines: impl IntoIterator<Item = (&'a VmKey, ShapeId)>,
    ) -> Result<Vec<Option<Choice>>, ChangeError> {
        let machines = machines.into_iter();
        let checkpoint = self.checkpoint();
        let mut choices = Vec::with_capacity(machines.size_hint().0);
        for (vm, shape) in machines {
            self.expect(shape);
            match self.place(vm, shape) {
                Ok(choice) => choices.push(choice),
                Err(error) => {
                    self.undo(checkpoint);
                    return Err(error);
                }
            }
        }
        self.keep(checkpoint);
        Ok(choices)
    }

    /// Takes machines off their nodes.
    ///
    /// # Errors
    /// When one of them is not placed; then none is removed.
    pub fn remove_many<'a>(
        &mut self,
        machines: impl IntoIterator<Item = &'a VmKey>,
    ) -> Result<(), ChangeError> {
        let checkpoint = self.checkpoint();
        match machines.into_iter().try_for_each(|vm| self.remove(vm).map(drop)) {
            Ok(()) => {
                self.keep(checkpoint);
                Ok(())
            }
            Err(error) => {
                self.undo(checkpoint);
                Err(error)
            }
        }
    }

    /// Adds a hard rule of one's own, as [`Pipeline::with_filter`](crate::Pipeline::with_filter)
    /// does. The index is made anew, which takes time that grows with the number of nodes.
    pub fn add_filter(&mut self, filter: Box<dyn Filter>) {
        self.pipeline.filters.push(filter);
        self.index = Index::new(&self.snapshot);
    }

    /// Adds a wish of one's own, as [`Pipeline::with_score`](crate::Pipeline::with_score) does. The
    /// index is made anew.
    pub fn add_score(&mut self, weight: u32, score: Box<dyn Score>) {
        self.pipeline.add_score(weight, score);
        self.index = Index::new(&self.snapshot);
    }
}
