//! Members that are read once for two: whoever hashes them and whoever converts them.
//!
//! Converting reads a member in blocks; each stays in memory until it was hashed. Both go through
//! the member in about the same order, so few blocks are held at a time. What is read out of order
//! is read past the blocks, and once more for the digest.

use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use crate::package::{Block, ReadAt};

/// The size of a block: what is read and hashed in one go.
pub(super) const BLOCK_BYTES: u64 = 256 << 10;
/// How many blocks converting may be ahead of hashing, in one member.
const AHEAD_BLOCKS_MAX: usize = 48;
/// How many blocks that were hashed are kept, in one member: converting may be behind.
const BEHIND_BLOCKS_MAX: usize = 4;
/// The most blocks in memory, of all members together.
const BLOCKS_MAX: usize = 64;

/// Buffers of blocks, for all members of one conversion.
#[derive(Default)]
pub(super) struct Pool {
    spare: Mutex<Vec<Arc<Vec<u8>>>>,
    held: AtomicUsize,
}

impl Pool {
    /// A buffer of nobody.
    fn take(&self) -> Arc<Vec<u8>> {
        let mut spare = lock(&self.spare);
        // The one that came back last is most likely in the processor's cache.
        let free = spare.iter_mut().rposition(|buffer| Arc::get_mut(buffer).is_some());
        free.map(|index| spare.remove(index)).unwrap_or_default()
    }

    /// Takes a buffer back, which a reader may still hold.
    fn give(&self, buffer: Option<&Arc<Vec<u8>>>) {
        self.held.fetch_sub(1, Ordering::Relaxed);
        if let Some(buffer) = buffer {
            lock(&self.spare).push(Arc::clone(buffer));
        }
    }

    fn reserve(&self) -> bool {
        let more = |held| (held < BLOCKS_MAX).then_some(held + 1);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

/// One member.
pub(super) struct Shared {
    source: Arc<dyn ReadAt>,
    pool: Arc<Pool>,
    /// How many bytes were hashed: whole blocks, or all.
    hashed: AtomicU64,
    slots: Mutex<BTreeMap<u64, Arc<Slot>>>,
}

/// A block that is in memory, or on its way.
#[derive(Default)]
struct Slot {
    content: OnceLock<Arc<Vec<u8>>>,
    loading: Mutex<()>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&self.source).finish()
    }
}

impl Shared {
    pub(super) fn new(source: Arc<dyn ReadAt>, pool: &Arc<Pool>) -> Self {
        let (pool, hashed) = (Arc::clone(pool), AtomicU64::new(0));
        Self { source, pool, hashed, slots: Mutex::default() }
    }

    /// How many bytes were hashed.
    pub(super) fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// Says that so much was hashed already; `None` when that cannot be.
    pub(super) fn restore(&self, hashed: u64) -> Option<()> {
        let bytes = self.source.bytes();
        let is_whole = hashed.is_multiple_of(BLOCK_BYTES) || hashed == bytes;
        self.hashed.store(hashed, Ordering::Relaxed);
        (is_whole && hashed <= bytes).then_some(())
    }

    /// How many blocks wait to be hashed.
    pub(super) fn waiting(&self) -> usize {
        let first = self.hashed() / BLOCK_BYTES;
        lock(&self.slots).range(first..).count()
    }

    /// Whether so many blocks wait to be hashed that converting must not go on.
    pub(super) fn is_full(&self) -> bool {
        self.waiting() + 2 >= AHEAD_BLOCKS_MAX
    }

    /// The next block to hash, from memory or from the source, which `own` is the room for.
    pub(super) fn next<'b>(&self, own: &'b mut Vec<u8>) -> io::Result<Next<'b>> {
        let at = self.hashed();
        let bytes = BLOCK_BYTES.min(self.source.bytes() - at);
        let slot = lock(&self.slots).get(&(at / BLOCK_BYTES)).cloned();
        if let Some(slot) = slot {
            return Ok(Next::Block(self.load(&slot, at, bytes)?));
        }
        own.resize(usize::try_from(bytes).unwrap_or(0), 0);
        self.source.read_exact_at(at, own)?;
        Ok(Next::Own(own))
    }

    /// Notes that the next block was hashed; drops those that nobody will ask for again.
    pub(super) fn advance(&self, bytes: u64) {
        let hashed = self.hashed.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let behind = match hashed >= self.source.bytes() {
            true => 0,
            false => BEHIND_BLOCKS_MAX,
        };
        let mut slots = lock(&self.slots);
        while slots.range(..hashed.div_ceil(BLOCK_BYTES)).count() > behind {
            let Some((_, slot)) = slots.pop_first() else { break };
            self.pool.give(slot.content.get());
        }
    }

    /// The block of this number, if it is one that is kept.
    fn kept(&self, number: u64) -> Option<Arc<Slot>> {
        let mut slots = lock(&self.slots);
        if let Some(slot) = slots.get(&number) {
            return Some(Arc::clone(slot));
        }
        let first = self.hashed() / BLOCK_BYTES;
        let is_near = number >= first && number - first < AHEAD_BLOCKS_MAX as u64;
        if !is_near || self.hashed() >= self.source.bytes() || !self.pool.reserve() {
            return None;
        }
        let slot = Arc::<Slot>::default();
        slots.insert(number, Arc::clone(&slot));
        Some(slot)
    }

    /// The content of a block, read by the first who asks.
    fn load(&self, slot: &Slot, at: u64, bytes: u64) -> io::Result<Arc<Vec<u8>>> {
        if let Some(content) = slot.content.get() {
            return Ok(Arc::clone(content));
        }
        let _loading = lock(&slot.loading);
        if let Some(content) = slot.content.get() {
            return Ok(Arc::clone(content));
        }
        let mut content = self.pool.take();
        let buffer = Arc::make_mut(&mut content);
        buffer.resize(usize::try_from(bytes).unwrap_or(0), 0);
        self.source.read_exact_at(at, buffer)?;
        Ok(Arc::clone(slot.content.get_or_init(|| content)))
    }

    /// The block around `offset`, where it is kept.
    fn around(&self, offset: u64) -> io::Result<Option<Block>> {
        let number = offset / BLOCK_BYTES;
        let at = number * BLOCK_BYTES;
        let Some(slot) = self.kept(number) else { return Ok(None) };
        let bytes = BLOCK_BYTES.min(self.source.bytes().saturating_sub(at));
        Ok(Some(Block { at, content: self.load(&slot, at, bytes)? }))
    }
}

/// What is hashed next.
pub(super) enum Next<'b> {
    Block(Arc<Vec<u8>>),
    Own(&'b [u8]),
}

impl Next<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Block(content) => content,
            Self::Own(bytes) => bytes,
        }
    }
}

impl ReadAt for Shared {
    fn bytes(&self) -> u64 {
        self.source.bytes()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.bytes()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (mut at, mut rest) = (offset, buffer);
        while !rest.is_empty() {
            let Some(block) = self.around(at)? else {
                return self.source.read_exact_at(at, rest);
            };
            let from = usize::try_from(at - block.at).unwrap_or(usize::MAX);
            let found = block.content.get(from..).unwrap_or_default();
            let count = found.len().min(rest.len());
            let (now, later) = rest.split_at_mut(count);
            now.copy_from_slice(&found[..count]);
            (at, rest) = (at + count as u64, later);
        }
        Ok(())
    }

    fn block(&self, offset: u64, bytes: u64) -> io::Result<Option<Block>> {
        let Some(block) = self.around(offset)? else { return Ok(None) };
        if offset + bytes <= block.at + block.content.len() as u64 {
            return Ok(Some(block));
        }
        // It lies in two blocks.
        let mut content = vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
        self.read_exact_at(offset, &mut content)?;
        Ok(Some(Block { at: offset, content: Arc::new(content) }))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
