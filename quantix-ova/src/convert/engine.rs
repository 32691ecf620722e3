//! The threads of a conversion, and how they share the work.

use std::{
    io,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use super::{
    ConvertError,
    hash::Lanes,
    journal::{INTERVAL_BYTES, Journal},
    output::{Output, lock},
    pack::Own,
};
use crate::watch::{Progress, Watch};

/// Where a failure happened: which output, which unit of it.
type Place = (usize, u64);

/// Everything that the threads share.
pub(crate) struct Work<'a> {
    lanes: &'a Lanes,
    outputs: &'a [Output<'a>],
    watch: &'a dyn Watch,
    done_bytes: AtomicU64,
    total_bytes: u64,
    stop: AtomicBool,
    failure: Mutex<Option<(Place, ConvertError)>>,
    parked_max: usize,
    keeper: Option<&'a Keeper>,
}

/// Writes the journal now and then.
pub(super) struct Keeper {
    path: PathBuf,
    names: Vec<String>,
    /// Whether what the journal tells of is flushed first.
    sync: bool,
    /// How much was converted when it was written last.
    converted: Mutex<u64>,
}

impl Keeper {
    pub(super) fn new(path: PathBuf, names: Vec<String>, sync: bool) -> Self {
        Self { path, names, sync, converted: Mutex::new(0) }
    }

    /// Writes the journal.
    pub(super) fn save(&self, outputs: &[Output<'_>], lanes: &Lanes) -> io::Result<()> {
        let states = outputs.iter().map(|output| output.state(self.sync));
        let states = states.collect::<io::Result<_>>()?;
        Journal::new(self.names.clone(), states, lanes.state(), self.sync).write(&self.path)
    }

    /// Writes it when enough was converted since, unless another thread does.
    fn save_at_times(&self, outputs: &[Output<'_>], lanes: &Lanes) -> io::Result<()> {
        let Ok(mut last) = self.converted.try_lock() else { return Ok(()) };
        let converted = outputs.iter().map(Output::converted_bytes).sum::<u64>();
        if converted < last.saturating_add(INTERVAL_BYTES) {
            return Ok(());
        }
        *last = converted;
        self.save(outputs, lanes)
    }
}

impl<'a> Work<'a> {
    pub(crate) fn new(lanes: &'a Lanes, outputs: &'a [Output<'a>], watch: &'a dyn Watch) -> Self {
        let disk_bytes = outputs.iter().map(Output::virtual_bytes).sum::<u64>();
        Self {
            lanes,
            outputs,
            watch,
            done_bytes: AtomicU64::new(0),
            total_bytes: disk_bytes.saturating_add(lanes.bytes()),
            stop: AtomicBool::new(false),
            failure: Mutex::new(None),
            parked_max: 2,
            keeper: None,
        }
    }

    /// The same, with a journal; what it was restored from counts as done.
    pub(super) fn kept(mut self, keeper: Option<&'a Keeper>) -> Self {
        let converted = self.outputs.iter().map(Output::converted_bytes).sum::<u64>();
        *self.done_bytes.get_mut() = converted.saturating_add(self.lanes.hashed());
        if let Some(keeper) = keeper {
            *lock(&keeper.converted) = converted;
        }
        self.keeper = keeper;
        self
    }

    /// Does everything; of several failures the one nearest to the start of the disks counts.
    pub(crate) fn run(mut self, threads: usize) -> Result<(), ConvertError> {
        self.parked_max = threads + 1;
        let work = &self;
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| work.thread());
            }
            work.thread();
        });
        let (watch, total_bytes) = (self.watch, self.total_bytes);
        if let Some((_, error)) = self.failure.into_inner().unwrap_or_else(PoisonError::into_inner)
        {
            return Err(error);
        }
        // A hole at the end of a disk is never claimed; it is done all the same.
        watch.progress(Progress { done_bytes: total_bytes, total_bytes });
        if watch.is_cancelled() { Err(ConvertError::cancelled()) } else { Ok(()) }
    }

    fn thread(&self) {
        let mut own = Own::new();
        while !self.stop.load(Ordering::Relaxed) {
            if self.watch.is_cancelled() {
                return self.fail((usize::MAX, 0), ConvertError::cancelled());
            }
            match self.step(&mut own) {
                Ok(true) => {}
                Ok(false) => return,
                Err((place, error)) => return self.fail(place, error),
            }
        }
    }

    /// Does one piece of work; false when there is none left for this thread.
    ///
    /// Blocks that were read are hashed while they are still in the processor's cache; then disks
    /// are converted, the first one first; what is left in the end is hashed.
    fn step(&self, own: &mut Own) -> Result<bool, (Place, ConvertError)> {
        let all_claimed = self.outputs.iter().all(Output::is_claimed);
        let converted = |member: &str| {
            let holds = |output: &&Output<'_>| output.disk.members.iter().any(|m| m == member);
            let output = self.outputs.iter().find(holds);
            (!all_claimed).then(|| output.map_or(0, Output::converted_parts))
        };
        let hash_error = |error| ((usize::MAX, 0), error);
        let hashed = self.lanes.step(&mut own.hashed, &converted).map_err(hash_error)?;
        if hashed > 0 {
            self.report(hashed);
            return Ok(true);
        }
        if all_claimed {
            return Ok(false);
        }
        let open = self.outputs.iter().enumerate().filter(|(_, output)| !output.is_claimed());
        let mut free = open.filter(|(_, output)| !self.lanes.is_full(&output.disk.members));
        let Some((index, output)) = free.next() else {
            let hashed = self.lanes.relieve(&mut own.hashed).map_err(hash_error)?;
            self.report(hashed);
            return Ok(true);
        };
        self.convert(own, index, output)
    }

    /// Converts one unit of an output.
    fn convert(
        &self,
        own: &mut Own,
        index: usize,
        output: &Output<'_>,
    ) -> Result<bool, (Place, ConvertError)> {
        let disk_error =
            |number, error| ((index, number), ConvertError::disk(&output.disk.name, error));
        let claimed = output.claim().map_err(|error| disk_error(u64::MAX, error))?;
        let Some(claimed) = claimed else { return Ok(true) };
        let unit = output
            .prepare(own, claimed.offset)
            .map_err(|error| disk_error(claimed.number, error))?;
        output.commit(claimed, unit, self.parked_max, &self.stop).map_err(|error| {
            let error = ConvertError::target(&*output.disk.name, "write the converted disk", error);
            ((index, claimed.number), error)
        })?;
        self.report(claimed.passed);
        if let Some(keeper) = self.keeper {
            // A journal that cannot be written is no reason to give up what it would tell of.
            let _ = keeper.save_at_times(self.outputs, self.lanes);
        }
        Ok(true)
    }

    fn report(&self, bytes: u64) {
        let done_bytes = self.done_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let (done_bytes, total_bytes) = (done_bytes.min(self.total_bytes), self.total_bytes);
        self.watch.progress(Progress { done_bytes, total_bytes });
    }

    /// Remembers a failure and makes all threads stop.
    fn fail(&self, place: Place, error: ConvertError) {
        let mut failure = lock(&self.failure);
        if failure.as_ref().is_none_or(|(earlier, _)| place < *earlier) {
            *failure = Some((place, error));
        }
        drop(failure);
        self.stop.store(true, Ordering::Relaxed);
        self.outputs.iter().for_each(Output::wake);
    }
}
