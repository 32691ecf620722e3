//! The threads of a conversion, and how they share the work.

use std::{
    collections::BTreeMap,
    fs::File,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use super::{ConvertError, Options, hash::Lanes, open::Opened};
use crate::{
    disk::{
        Check, DiskError, Packed, Scratch, UNIT_BYTES,
        write::{self, CLUSTER_BYTES, Cell, Sink, Unit, append_grain, is_zero, write_out},
    },
    watch::{Progress, Watch},
};

/// Level at which clusters are deflated that could not be moved across: the best per second spent.
const DEFLATE_LEVEL: i32 = 3;
/// Level of grains that are shipped: as small as other tools make them, at several times the speed.
const GRAIN_LEVEL: i32 = 6;
/// Streams up to this length may be all zeros in disguise; they are inflated and looked at.
const TINY_STREAM_BYTES: usize = 256;

/// One disk on its way to its file.
pub(crate) struct Output<'a> {
    disk: &'a Opened,
    file: Arc<File>,
    form: Form,
    check: Check,
    claim: Mutex<Claim>,
    commit: Mutex<Commit>,
    turn: Condvar,
    /// Bytes of clusters that are not all zeros.
    populated_bytes: AtomicU64,
}

/// What clusters look like in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Plain,
    Deflated,
    Grains,
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
    spare: Vec<Unit>,
}

impl<'a> Output<'a> {
    pub(crate) fn new(disk: &'a Opened, file: Arc<File>, options: &Options, check: Check) -> Self {
        let virtual_bytes = disk.image.virtual_bytes();
        let form = match options.output {
            super::Output::Qcow2 if options.compress => Form::Deflated,
            super::Output::Qcow2 | super::Output::Raw => Form::Plain,
            super::Output::Vmdk => Form::Grains,
        };
        let sink: Box<dyn Sink> = match options.output {
            super::Output::Qcow2 => Box::new(write::Qcow2::new(virtual_bytes)),
            super::Output::Raw => Box::new(write::Raw::new(virtual_bytes)),
            super::Output::Vmdk => {
                Box::new(write::Vmdk::new(virtual_bytes, &stem_vmdk(&disk.name)))
            }
        };
        Self {
            disk,
            file,
            form,
            check,
            claim: Mutex::new(Claim { scratch: Scratch::new(), offset: 0, number: 0 }),
            commit: Mutex::new(Commit {
                sink,
                next: 0,
                parked: BTreeMap::new(),
                spare: Vec::new(),
            }),
            turn: Condvar::new(),
            populated_bytes: AtomicU64::new(0),
        }
    }

    /// How much of the disk holds data, in whole clusters.
    pub(crate) fn populated_bytes(&self) -> u64 {
        self.populated_bytes.load(Ordering::Relaxed).min(self.virtual_bytes())
    }

    pub(crate) fn virtual_bytes(&self) -> u64 {
        self.disk.image.virtual_bytes()
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

    /// Takes the next unit that may hold data: its number, its place, and how many bytes of the
    /// disk were passed to get there.
    fn claim(&self) -> Result<Option<(u64, u64, u64)>, DiskError> {
        let mut claim = lock(&self.claim);
        let Claim { scratch, offset, number } = &mut *claim;
        let before = *offset;
        if before >= self.virtual_bytes() {
            return Ok(None);
        }
        let Some(found) = self.disk.image.next_data(scratch, before)? else {
            *offset = u64::MAX;
            return Ok(None);
        };
        let at = found / UNIT_BYTES * UNIT_BYTES;
        let taken = *number;
        (*offset, *number) = (at + UNIT_BYTES, taken + 1);
        Ok(Some((taken, at, at + UNIT_BYTES - before)))
    }

    /// Fills a unit with the clusters of the disk at `offset`.
    fn prepare(&self, own: &mut Own, unit: &mut Unit, offset: u64) -> Result<(), DiskError> {
        let bytes = UNIT_BYTES.min(self.virtual_bytes() - offset);
        let bytes = usize::try_from(bytes).unwrap_or(0);
        let clusters = bytes.div_ceil(CLUSTER_BYTES);
        unit.offset = offset;
        unit.cells.clear();
        if self.form != Form::Plain {
            unit.data.clear();
            for cluster in 0..clusters {
                let offset = offset + (cluster * CLUSTER_BYTES) as u64;
                let cell = match self.form {
                    Form::Grains => self.grain(own, unit, offset)?,
                    Form::Plain | Form::Deflated => self.pack(own, unit, offset)?,
                };
                unit.cells.push(cell);
            }
            return Ok(());
        }
        unit.data.resize(clusters * CLUSTER_BYTES, 0);
        self.disk.image.read_at(&mut own.scratch, offset, &mut unit.data[..bytes])?;
        unit.data[bytes..].fill(0);
        for (index, cluster) in unit.data.chunks(CLUSTER_BYTES).enumerate() {
            let plain = Cell::Plain { from: index * CLUSTER_BYTES };
            unit.cells.push(if is_zero(cluster) { Cell::Zero } else { plain });
        }
        Ok(())
    }

    /// Appends one cluster in deflated form: as it lies in the image, or compressed here.
    fn pack(&self, own: &mut Own, unit: &mut Unit, offset: u64) -> Result<Cell, DiskError> {
        let image = &*self.disk.image;
        let from = unit.data.len();
        let scratch = &mut own.scratch;
        let stored = image.packed(scratch, offset, CLUSTER_BYTES, self.check, &mut unit.data)?;
        let bytes = unit.data.len() - from;
        match stored {
            Packed::Hole => return Ok(Cell::Zero),
            Packed::Deflate if bytes > TINY_STREAM_BYTES && bytes < CLUSTER_BYTES => {
                return Ok(Cell::Packed { from, bytes });
            }
            Packed::Deflate | Packed::Differently => unit.data.truncate(from),
        }
        own.plain.resize(CLUSTER_BYTES, 0);
        image.read_at(scratch, offset, &mut own.plain)?;
        if is_zero(&own.plain) {
            return Ok(Cell::Zero);
        }
        unit.data.resize(from + CLUSTER_BYTES, 0);
        let room = &mut unit.data[from..from + CLUSTER_BYTES - 1];
        match own.deflate.deflate_compress(&own.plain, room) {
            Ok(bytes) => {
                unit.data.truncate(from + bytes);
                Ok(Cell::Packed { from, bytes })
            }
            Err(_) => {
                unit.data[from..].copy_from_slice(&own.plain);
                Ok(Cell::Plain { from })
            }
        }
    }

    /// Appends one cluster as a grain of a stream-optimized VMDK.
    fn grain(&self, own: &mut Own, unit: &mut Unit, offset: u64) -> Result<Cell, DiskError> {
        own.plain.resize(CLUSTER_BYTES, 0);
        self.disk.image.read_at(&mut own.scratch, offset, &mut own.plain)?;
        if is_zero(&own.plain) {
            return Ok(Cell::Zero);
        }
        let from = unit.data.len();
        let made = append_grain(&mut unit.data, offset, &own.plain, &mut own.grain_deflate);
        made.map_err(DiskError::read)?;
        Ok(Cell::Packed { from, bytes: unit.data.len() - from })
    }

    fn spare(&self) -> Unit {
        lock(&self.commit).spare.pop().unwrap_or_default()
    }

    /// Places the unit and all that waited for it; units that come too early are parked.
    fn commit(&self, number: u64, unit: Unit, work: &Work<'_>) -> std::io::Result<()> {
        let data = unit.cells.iter().filter(|cell| **cell != Cell::Zero).count();
        self.populated_bytes.fetch_add((data * CLUSTER_BYTES) as u64, Ordering::Relaxed);
        let mut commit = lock(&self.commit);
        while number != commit.next && commit.parked.len() >= work.parked_max {
            if work.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            commit = self.turn.wait(commit).unwrap_or_else(PoisonError::into_inner);
        }
        commit.parked.insert(number, unit);
        let mut ready = Vec::new();
        loop {
            let Commit { sink, next, parked, .. } = &mut *commit;
            let Some(unit) = parked.remove(next) else { break };
            *next += 1;
            let mut writes = Vec::new();
            sink.place(&self.file, &unit, &mut writes)?;
            ready.push((unit, writes));
        }
        drop(commit);
        self.turn.notify_all();
        for (unit, writes) in &ready {
            write_out(&self.file, unit, writes)?;
        }
        lock(&self.commit).spare.extend(ready.into_iter().map(|(unit, _)| unit));
        Ok(())
    }
}

/// What a thread owns.
struct Own {
    scratch: Scratch,
    deflate: libdeflater::Compressor,
    grain_deflate: libdeflater::Compressor,
    plain: Vec<u8>,
    hashed: Vec<u8>,
}

/// Everything that the threads share.
pub(crate) struct Work<'a> {
    lanes: &'a Lanes,
    outputs: &'a [Output<'a>],
    watch: &'a dyn Watch,
    /// The first output that may have units left to claim.
    current: AtomicUsize,
    done_bytes: AtomicU64,
    converted_bytes: AtomicU64,
    total_bytes: u64,
    disk_bytes: u64,
    stop: AtomicBool,
    failure: Mutex<Option<((usize, u64), ConvertError)>>,
    parked_max: usize,
}

impl<'a> Work<'a> {
    pub(crate) fn new(lanes: &'a Lanes, outputs: &'a [Output<'a>], watch: &'a dyn Watch) -> Self {
        let disk_bytes = outputs.iter().map(Output::virtual_bytes).sum::<u64>();
        Self {
            lanes,
            outputs,
            watch,
            current: AtomicUsize::new(0),
            done_bytes: AtomicU64::new(0),
            converted_bytes: AtomicU64::new(0),
            total_bytes: disk_bytes.saturating_add(lanes.bytes()),
            disk_bytes,
            stop: AtomicBool::new(false),
            failure: Mutex::new(None),
            parked_max: 2,
        }
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
        let compressor = |level| {
            let level = libdeflater::CompressionLvl::new(level).unwrap_or_default();
            libdeflater::Compressor::new(level)
        };
        let mut own = Own {
            scratch: Scratch::new(),
            deflate: compressor(DEFLATE_LEVEL),
            grain_deflate: compressor(GRAIN_LEVEL),
            plain: Vec::new(),
            hashed: Vec::new(),
        };
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
    fn step(&self, own: &mut Own) -> Result<bool, ((usize, u64), ConvertError)> {
        let converted = self.converted_bytes.load(Ordering::Relaxed);
        let converted = converted.checked_div(self.disk_bytes / 1024).unwrap_or(1024);
        let all_claimed = self.current.load(Ordering::Relaxed) >= self.outputs.len();
        let converted = if all_claimed { 1024 } else { converted.min(1023) };
        let hashed = self.lanes.step(&mut own.hashed, converted);
        let hashed = hashed.map_err(|error| ((usize::MAX, 0), error))?;
        if hashed > 0 {
            self.report(hashed);
            return Ok(true);
        }
        let index = self.current.load(Ordering::Relaxed);
        let Some(output) = self.outputs.get(index) else { return Ok(false) };
        let disk_error =
            |number, error| ((index, number), ConvertError::disk(&output.disk.name, error));
        let Some((number, offset, passed)) =
            output.claim().map_err(|error| disk_error(u64::MAX, error))?
        else {
            let next = index + 1;
            let order = Ordering::Relaxed;
            // Another thread may have moved on already; then there is nothing to do.
            let _ = self.current.compare_exchange(index, next, order, order);
            return Ok(true);
        };
        let mut unit = output.spare();
        output.prepare(own, &mut unit, offset).map_err(|error| disk_error(number, error))?;
        output.commit(number, unit, self).map_err(|error| {
            let error = ConvertError::target(&*output.disk.name, "write the converted disk", error);
            ((index, number), error)
        })?;
        self.converted_bytes.fetch_add(passed, Ordering::Relaxed);
        self.report(passed);
        Ok(true)
    }

    fn report(&self, bytes: u64) {
        let done_bytes = self.done_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let (done_bytes, total_bytes) = (done_bytes.min(self.total_bytes), self.total_bytes);
        self.watch.progress(Progress { done_bytes, total_bytes });
    }

    /// Remembers a failure and makes all threads stop.
    fn fail(&self, place: (usize, u64), error: ConvertError) {
        let mut failure = lock(&self.failure);
        if failure.as_ref().is_none_or(|(earlier, _)| place < *earlier) {
            *failure = Some((place, error));
        }
        drop(failure);
        self.stop.store(true, Ordering::Relaxed);
        for output in self.outputs {
            // Under the lock, so that no thread misses the call between its look and its wait.
            let _guard = lock(&output.commit);
            output.turn.notify_all();
        }
    }
}

/// What a VMDK made from the file of this name is called inside.
fn stem_vmdk(name: &str) -> String {
    format!("{}.vmdk", crate::package::stem(name))
}

/// A panic in another thread is reported by the scope; the data is not trusted after it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
