//! What was fetched lately, and how much to fetch next.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// How much is fetched when nothing tells what comes next.
pub(super) const FIRST_BYTES: u64 = 64 << 10;
/// How much is fetched at most in one request.
const FETCH_BYTES_MAX: u64 = 4 << 20;
/// How much is kept: more than hashing runs ahead of converting, so that nothing is fetched twice.
pub const CACHE_BYTES_MAX: u64 = 96 << 20;

/// Parts of a remote file. Who reads on gets ever larger parts; who jumps gets small ones.
#[derive(Debug, Default)]
pub(super) struct Cache {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    parts: BTreeMap<u64, Part>,
    /// Where parts start and end that are on their way.
    coming: BTreeMap<u64, u64>,
    clock: u64,
    bytes: u64,
}

#[derive(Debug)]
struct Part {
    content: Arc<Vec<u8>>,
    used: u64,
}

impl Part {
    fn bytes(&self) -> u64 {
        self.content.len() as u64
    }
}

impl Cache {
    /// Adds a part that came by itself.
    pub(super) fn put(&self, at: u64, content: Vec<u8>) {
        lock(&self.state).insert(at, content);
    }

    /// Fills `buffer` from `offset` of a file of `total` bytes; `fetch` gets what is missing.
    pub(super) fn read(
        &self,
        offset: u64,
        buffer: &mut [u8],
        total: u64,
        fetch: &dyn Fn(u64, u64) -> io::Result<Vec<u8>>,
    ) -> io::Result<()> {
        if offset.checked_add(buffer.len() as u64).is_none_or(|end| end > total) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut filled = 0;
        let mut state = lock(&self.state);
        while filled < buffer.len() {
            let at = offset + filled as u64;
            if let Some((start, content)) = state.find(at) {
                drop(state);
                let from = usize::try_from(at - start).unwrap_or(usize::MAX);
                let found = content.get(from..).unwrap_or_default();
                let count = found.len().min(buffer.len() - filled);
                buffer[filled..filled + count].copy_from_slice(&found[..count]);
                filled += count;
                state = lock(&self.state);
                continue;
            }
            if state.is_coming(at) {
                state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (start, end) = state.next(at, (buffer.len() - filled) as u64, total);
            state.coming.insert(start, end);
            drop(state);
            let fetched = fetch(start, end - start);
            state = lock(&self.state);
            state.coming.remove(&start);
            self.arrived.notify_all();
            state.insert(start, fetched?);
        }
        Ok(())
    }
}

impl State {
    fn find(&mut self, at: u64) -> Option<(u64, Arc<Vec<u8>>)> {
        self.clock += 1;
        let (&start, part) = self.parts.range_mut(..=at).next_back()?;
        (start + part.bytes() > at).then(|| {
            part.used = self.clock;
            (start, Arc::clone(&part.content))
        })
    }

    fn is_coming(&self, at: u64) -> bool {
        self.coming.range(..=at).next_back().is_some_and(|(_, &end)| end > at)
    }

    /// From where to where to fetch for a reader at `at` that wants `wanted` bytes.
    fn next(&self, at: u64, wanted: u64, total: u64) -> (u64, u64) {
        let kept = self.parts.range(..at).next_back().map(|(start, part)| (*start, part.bytes()));
        let coming = self.coming.range(..at).next_back().map(|(start, end)| (*start, end - start));
        let before = [kept, coming].into_iter().flatten();
        let ending_here = before.filter(|(start, bytes)| start + bytes == at);
        let grown = ending_here.map(|(_, bytes)| bytes * 2).max().unwrap_or(FIRST_BYTES);
        let bytes = grown.max(wanted).min(FETCH_BYTES_MAX);
        let later = self.parts.range(at..).next().map(|(start, _)| *start);
        let soon = self.coming.range(at..).next().map(|(start, _)| *start);
        let end = [Some(at + bytes), Some(total), later, soon].into_iter().flatten().min();
        (at, end.unwrap_or(total))
    }

    fn insert(&mut self, at: u64, content: Vec<u8>) {
        self.clock += 1;
        self.bytes += content.len() as u64;
        let part = Part { content: Arc::new(content), used: self.clock };
        if let Some(old) = self.parts.insert(at, part) {
            self.bytes -= old.bytes();
        }
        while self.bytes > CACHE_BYTES_MAX && self.parts.len() > 1 {
            let oldest = self.parts.iter().min_by_key(|(_, part)| part.used).map(|(at, _)| *at);
            let Some(part) = oldest.and_then(|at| self.parts.remove(&at)) else { break };
            self.bytes -= part.bytes();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const TOTAL: u64 = 100 << 20;

    /// The byte at a position of an imaginary file.
    fn byte(at: u64) -> u8 {
        at.wrapping_mul(0x9e37_79b9).to_le_bytes()[3]
    }

    fn content(at: u64, bytes: u64) -> Vec<u8> {
        (at..at + bytes).map(byte).collect()
    }

    #[test]
    fn who_reads_on_gets_large_parts_and_who_jumps_small_ones() {
        let cache = Cache::default();
        let requests = Mutex::new(Vec::new());
        let fetch = |at, bytes| {
            requests.lock().unwrap().push((at, bytes));
            Ok(content(at, bytes))
        };
        let read = |at: u64, bytes: usize| {
            let mut buffer = vec![0; bytes];
            cache.read(at, &mut buffer, TOTAL, &fetch).unwrap();
            assert_eq!(buffer, content(at, bytes as u64), "{at}");
        };
        read(0, 512);
        read(512, 512);
        read(50 << 20, 512);
        read(TOTAL - 512, 512);
        let first = FIRST_BYTES;
        let small = vec![(0, first), (50 << 20, first), (TOTAL - 512, 512)];
        assert_eq!(*requests.lock().unwrap(), small);
        requests.lock().unwrap().clear();
        for mib in 0..48 {
            read(mib << 20, 1 << 20);
        }
        let made = requests.lock().unwrap().len();
        assert!(made < 24, "{made} requests for 48 MiB in order");
        assert!(lock(&cache.state).bytes <= CACHE_BYTES_MAX);
        let mut two = [0; 2];
        let error = cache.read(TOTAL - 1, &mut two, TOTAL, &fetch).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_part_is_fetched_once_for_all_threads_and_again_after_an_error() {
        let cache = Cache::default();
        let calls = AtomicU64::new(0);
        let fetch = |at, bytes| match calls.fetch_add(1, Ordering::Relaxed) {
            0 => Err(io::Error::other("lost")),
            _ => Ok(content(at, bytes)),
        };
        assert!(cache.read(0, &mut [0; 8], TOTAL, &fetch).is_err());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut buffer = [0; 100];
                    cache.read(1000, &mut buffer, TOTAL, &fetch).unwrap();
                    assert_eq!(buffer.to_vec(), content(1000, 100));
                });
            }
        });
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }
}
