//! One disk on its way to its file: units are claimed, prepared and placed.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::File,
    io,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{
    Compression, ConvertError, Options,
    journal::{self, OutputState},
    open::Opened,
    pack::{Form, Own},
};
use crate::disk::{
    Check, DiskError, Scratch, UNIT_BYTES,
    write::{self, CLUSTER_BYTES, Cell, Sink, Unit, Write, write_out},
};

/// One disk on its way to its file.
pub(crate) struct Output<'a> {
    pub(super) disk: &'a Opened,
    file: Arc<File>,
    form: Form,
    check: Check,
    unit_bytes: u64,
    /// Whether no unit is left to claim.
    is_claimed: AtomicBool,
    claim: Mutex<Claim>,
    commit: Mutex<Commit>,
    turn: Condvar,
    /// Bytes of clusters that are not all zeros.
    populated_bytes: AtomicU64,
    /// Bytes of the disk that are converted, holes included.
    converted_bytes: AtomicU64,
}

/// Which unit comes next.
struct Claim {
    scratch: Scratch,
    offset: u64,
    number: u64,
}

/// Which units wait to be placed.
struct Commit {
    sink: Box<dyn Sink>,
    next: u64,
    parked: BTreeMap<u64, Unit>,
    /// Units that have their places in the file and are to be written.
    placed: VecDeque<(Unit, Vec<Write>)>,
    is_writing: bool,
    /// Whether something that has a place was not written.
    is_broken: bool,
    /// The byte of the disk behind the last unit that has its place.
    done: u64,
    spare: Vec<Unit>,
}

impl Commit {
    /// Whether the unit of this number must wait.
    fn is_full(&self, number: u64, parked_max: usize) -> bool {
        self.placed.len() >= parked_max || (number != self.next && self.parked.len() >= parked_max)
    }

    /// Gives the next units their places.
    fn place(&mut self, file: &File, unit_bytes: u64) -> io::Result<()> {
        while let Some(unit) = self.parked.remove(&self.next) {
            self.next += 1;
            let mut writes = Vec::new();
            self.sink.place(file, &unit, &mut writes).inspect_err(|_| self.is_broken = true)?;
            self.done = unit.offset + unit_bytes;
            self.placed.push_back((unit, writes));
        }
        Ok(())
    }
}

/// A unit that a thread works on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claimed {
    pub(super) number: u64,
    pub(super) offset: u64,
    /// How many bytes of the disk were passed to get to its end.
    pub(super) passed: u64,
}

impl<'a> Output<'a> {
    pub(crate) fn new(disk: &'a Opened, file: Arc<File>, options: &Options, check: Check) -> Self {
        let virtual_bytes = disk.image.virtual_bytes();
        let form = match options.output {
            super::Output::Qcow2 if options.compress => Form::Packed(options.compression),
            super::Output::Qcow2 | super::Output::Raw => Form::Plain,
            super::Output::Vmdk => Form::Grains,
        };
        let sink: Box<dyn Sink> = match options.output {
            super::Output::Qcow2 => {
                let is_zstd = form == Form::Packed(Compression::Zstd);
                Box::new(write::Qcow2::new(virtual_bytes).with_zstd(is_zstd))
            }
            super::Output::Raw => Box::new(write::Raw::new(virtual_bytes)),
            super::Output::Vmdk => {
                Box::new(write::Vmdk::new(virtual_bytes, &stem_vmdk(&disk.name)))
            }
        };
        let commit = Commit {
            sink,
            next: 0,
            parked: BTreeMap::new(),
            placed: VecDeque::new(),
            is_writing: false,
            is_broken: false,
            done: 0,
            spare: Vec::new(),
        };
        Self {
            disk,
            file,
            form,
            check,
            unit_bytes: UNIT_BYTES.max(disk.image.piece_bytes()),
            is_claimed: AtomicBool::new(false),
            claim: Mutex::new(Claim { scratch: Scratch::new(), offset: 0, number: 0 }),
            commit: Mutex::new(commit),
            turn: Condvar::new(),
            populated_bytes: AtomicU64::new(0),
            converted_bytes: AtomicU64::new(0),
        }
    }

    /// How much of the disk holds data, in whole clusters.
    pub(crate) fn populated_bytes(&self) -> u64 {
        self.populated_bytes.load(Ordering::Relaxed).min(self.virtual_bytes())
    }

    pub(crate) fn virtual_bytes(&self) -> u64 {
        self.disk.image.virtual_bytes()
    }

    /// How many of 1024 parts of the disk are converted.
    pub(super) fn converted_parts(&self) -> u64 {
        self.converted_bytes().checked_div(self.virtual_bytes() / 1024).unwrap_or(1024)
    }

    /// Completes the file; returns how many bytes it took.
    pub(crate) fn finish(self, sync: bool) -> Result<u64, ConvertError> {
        let mut commit = self.commit.into_inner().unwrap_or_else(PoisonError::into_inner);
        let fail =
            |error| ConvertError::target(&*self.disk.name, "write the converted disk", error);
        let bytes = commit.sink.finish(&self.file).map_err(fail)?;
        if sync {
            self.file.sync_all().map_err(fail)?;
        }
        Ok(bytes)
    }

    /// Whether no unit is left to claim.
    pub(super) fn is_claimed(&self) -> bool {
        self.is_claimed.load(Ordering::Relaxed)
    }

    /// Takes the next unit that may hold data.
    pub(super) fn claim(&self) -> Result<Option<Claimed>, DiskError> {
        let mut claim = lock(&self.claim);
        let Claim { scratch, offset, number } = &mut *claim;
        let before = *offset;
        let found = match before < self.virtual_bytes() {
            true => self.disk.image.next_data(scratch, before)?,
            false => None,
        };
        let Some(found) = found else {
            self.is_claimed.store(true, Ordering::Relaxed);
            return Ok(None);
        };
        let at = found / self.unit_bytes * self.unit_bytes;
        let end = at + self.unit_bytes;
        let claimed = Claimed { number: *number, offset: at, passed: end - before };
        (*offset, *number) = (end, *number + 1);
        Ok(Some(claimed))
    }

    /// Fills a unit with the clusters of the disk at `offset`.
    pub(super) fn prepare(&self, own: &mut Own, offset: u64) -> Result<Unit, DiskError> {
        let mut unit = lock(&self.commit).spare.pop().unwrap_or_default();
        let bytes = self.unit_bytes.min(self.virtual_bytes() - offset);
        let bytes = usize::try_from(bytes).unwrap_or(0);
        unit.offset = offset;
        unit.cells.clear();
        own.fill(&*self.disk.image, self.form, self.check, &mut unit, bytes)?;
        Ok(unit)
    }

    /// Places the unit and all that waited for it; units that come too early are parked, at most
    /// `parked_max` of them. Returns at once when `stop` is set.
    pub(super) fn commit(
        &self,
        claimed: Claimed,
        unit: Unit,
        parked_max: usize,
        stop: &AtomicBool,
    ) -> io::Result<()> {
        let data = unit.cells.iter().filter(|cell| **cell != Cell::Zero).count();
        self.populated_bytes.fetch_add((data * CLUSTER_BYTES) as u64, Ordering::Relaxed);
        let mut commit = lock(&self.commit);
        while commit.is_full(claimed.number, parked_max) {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            commit = self.turn.wait(commit).unwrap_or_else(PoisonError::into_inner);
        }
        commit.parked.insert(claimed.number, unit);
        commit.place(&self.file, self.unit_bytes)?;
        self.turn.notify_all();
        // One thread writes at a time: a file takes one write at a time anyway, and who waits for
        // that could convert meanwhile.
        while !commit.is_writing
            && let Some((unit, writes)) = commit.placed.pop_front()
        {
            commit.is_writing = true;
            drop(commit);
            let written = write_out(&self.file, &unit, &writes);
            commit = lock(&self.commit);
            commit.is_writing = false;
            commit.is_broken |= written.is_err();
            commit.spare.push(unit);
            self.turn.notify_all();
            written?;
        }
        drop(commit);
        self.converted_bytes.fetch_add(claimed.passed, Ordering::Relaxed);
        Ok(())
    }

    /// How far it is: what is in the file, and flushed where `sync` says so.
    pub(super) fn state(&self, sync: bool) -> io::Result<OutputState> {
        let mut commit = lock(&self.commit);
        while commit.is_writing {
            commit = self.turn.wait(commit).unwrap_or_else(PoisonError::into_inner);
        }
        while let Some((unit, writes)) = commit.placed.pop_front() {
            write_out(&self.file, &unit, &writes).inspect_err(|_| commit.is_broken = true)?;
            commit.spare.push(unit);
        }
        self.turn.notify_all();
        if commit.is_broken {
            return Err(io::Error::other("something was not written"));
        }
        if sync {
            self.file.sync_data()?;
        }
        let state = OutputState::new(&self.file, commit.sink.placed())?;
        let populated_bytes = self.populated_bytes.load(Ordering::Relaxed);
        Ok(OutputState { offset: commit.done, populated_bytes, ..state })
    }

    /// Goes on where another process was; `None` when the file is not the one it wrote.
    pub(super) fn restore(&self, state: OutputState) -> Option<()> {
        let mut commit = lock(&self.commit);
        let is_its_file = journal::inode(&self.file).is_ok_and(|own| own == state.file);
        if !is_its_file || !state.offset.is_multiple_of(self.unit_bytes) {
            return None;
        }
        commit.sink.restore(&self.file, state.placed)?;
        commit.done = state.offset;
        lock(&self.claim).offset = state.offset;
        self.populated_bytes.store(state.populated_bytes, Ordering::Relaxed);
        self.converted_bytes.store(state.offset, Ordering::Relaxed);
        Some(())
    }

    /// How many bytes of the disk are converted, holes included.
    pub(super) fn converted_bytes(&self) -> u64 {
        self.converted_bytes.load(Ordering::Relaxed).min(self.virtual_bytes())
    }

    /// Wakes whoever waits for a turn that will not come.
    pub(super) fn wake(&self) {
        // Under the lock, so that no thread misses the call between its look and its wait.
        let _guard = lock(&self.commit);
        self.turn.notify_all();
    }
}

/// What a VMDK made from the file of this name is called inside.
fn stem_vmdk(name: &str) -> String {
    format!("{}.vmdk", crate::package::stem(name))
}

/// A panic in another thread is reported by the scope; the data is not trusted after it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
