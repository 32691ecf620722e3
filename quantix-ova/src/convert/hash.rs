//! Lanes of hashing: one per member, each worked on by at most one thread at a time, in order.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    ConvertError,
    journal::LaneState,
    share::{BLOCK_BYTES, Pool, Shared},
};
use crate::{
    manifest::{Algorithm, Digest, Hasher, Wanted},
    package::{Package, PackageError, ReadAt},
};

/// How far hashing may fall behind converting where both read in different orders.
const LAG_BYTES: u64 = 48 * BLOCK_BYTES;

/// The members to hash.
#[derive(Debug, Default)]
pub(crate) struct Lanes(Vec<Lane>);

#[derive(Debug)]
struct Lane {
    name: String,
    source: Arc<Shared>,
    algorithm: Algorithm,
    hasher: Mutex<Hasher>,
}

impl Lanes {
    pub(super) fn open(package: &Package, wanted: &[Wanted]) -> Result<Self, ConvertError> {
        let pool = Arc::<Pool>::default();
        let lane = |wanted: &Wanted| {
            Ok(Lane {
                name: wanted.member.name.clone(),
                source: Arc::new(Shared::new(package.open_member(&wanted.member)?, &pool)),
                algorithm: wanted.algorithm,
                hasher: Mutex::new(Hasher::new(wanted.algorithm)),
            })
        };
        wanted.iter().map(lane).collect::<Result<_, _>>().map(Self)
    }

    /// The member of this name, whose blocks are shared with whoever hashes it.
    pub(super) fn source(&self, name: &str) -> Option<Arc<dyn ReadAt>> {
        let lane = self.0.iter().find(|lane| lane.name == name)?;
        Some(Arc::clone(&lane.source) as Arc<dyn ReadAt>)
    }

    /// Whether every one of these members is hashed.
    pub(super) fn covers(&self, members: &[String]) -> bool {
        !members.is_empty() && members.iter().all(|m| self.0.iter().any(|lane| lane.name == *m))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.iter().map(|lane| lane.source.bytes()).sum()
    }

    /// Whether so much of one of these members waits to be hashed that converting must wait.
    pub(super) fn is_full(&self, members: &[String]) -> bool {
        let lanes = self.0.iter().filter(|lane| members.contains(&lane.name));
        lanes.into_iter().any(|lane| lane.source.is_full())
    }

    /// Hashes a block of the first lane that is free and where hashing is called for. Returns how
    /// many bytes; 0 when there is no such lane. `converted` tells how many of 1024 parts of the
    /// disk in a member are converted; `None` means that there is nothing else to do than hash.
    pub(super) fn step(
        &self,
        buffer: &mut Vec<u8>,
        converted: &dyn Fn(&str) -> Option<u64>,
    ) -> Result<u64, ConvertError> {
        for lane in self.0.iter().filter(|lane| lane.is_due(converted)) {
            if let Ok(hasher) = lane.hasher.try_lock() {
                let bytes = lane.hash(hasher, buffer)?;
                if bytes > 0 {
                    return Ok(bytes);
                }
            }
        }
        Ok(0)
    }

    /// Hashes a block of the first lane that is full, once the thread that works on it is done
    /// with its own.
    pub(super) fn relieve(&self, buffer: &mut Vec<u8>) -> Result<u64, ConvertError> {
        let Some(lane) = self.0.iter().find(|lane| lane.source.is_full()) else { return Ok(0) };
        lane.hash(lane.hasher.lock().unwrap_or_else(PoisonError::into_inner), buffer)
    }

    /// How far every lane is.
    pub(super) fn state(&self) -> Vec<LaneState> {
        let state = |lane: &Lane| {
            let hasher = lane.hasher.lock().unwrap_or_else(PoisonError::into_inner);
            LaneState::new(&lane.name, lane.algorithm, lane.source.hashed(), &hasher)
        };
        self.0.iter().map(state).collect()
    }

    /// Goes on where another process was; `None` when these are not the same lanes.
    pub(super) fn restore(&mut self, saved: &[LaneState]) -> Option<()> {
        if saved.len() != self.0.len() {
            return None;
        }
        for (lane, saved) in self.0.iter_mut().zip(saved) {
            let is_it = lane.name == saved.name && lane.algorithm == saved.algorithm;
            let hasher = saved.hasher().filter(|_| is_it)?;
            lane.source.restore(saved.hashed)?;
            lane.hasher = Mutex::new(hasher);
        }
        Some(())
    }

    /// Begins anew with all members but these.
    pub(super) fn restart_but(&mut self, members: &[&String]) {
        for lane in self.0.iter_mut().filter(|lane| !members.contains(&&lane.name)) {
            // Nothing is hashed yet, which is always true.
            let _ = lane.source.restore(0);
            lane.hasher = Mutex::new(Hasher::new(lane.algorithm));
        }
    }

    /// How many bytes were hashed.
    pub(super) fn hashed(&self) -> u64 {
        self.0.iter().map(|lane| lane.source.hashed()).sum()
    }

    /// The digests of the lanes that ran to their end.
    pub(super) fn finish(self) -> BTreeMap<String, Digest> {
        let whole = |lane: &Lane| lane.source.hashed() == lane.source.bytes();
        let lanes = self.0.into_iter().filter(whole);
        lanes
            .map(|lane| {
                let hasher = lane.hasher.into_inner().unwrap_or_else(PoisonError::into_inner);
                (lane.name, hasher.finish())
            })
            .collect()
    }
}

impl Lane {
    /// Whether blocks wait in memory, or so much was converted already that hashing is behind.
    fn is_due(&self, converted: &dyn Fn(&str) -> Option<u64>) -> bool {
        let (hashed, bytes) = (self.source.hashed(), self.source.bytes());
        if hashed >= bytes {
            return false;
        }
        let Some(parts) = converted(&self.name) else { return true };
        let passed = (bytes / 1024).saturating_mul(parts);
        hashed + LAG_BYTES < passed || self.source.waiting() > 0
    }

    fn hash(
        &self,
        mut hasher: MutexGuard<'_, Hasher>,
        buffer: &mut Vec<u8>,
    ) -> Result<u64, ConvertError> {
        let at = self.source.hashed();
        if at >= self.source.bytes() {
            return Ok(0);
        }
        let fail = |e| PackageError::read(e).of_member(&self.name).at(at);
        let next = self.source.next(buffer).map_err(fail)?;
        hasher.update(next.bytes());
        let bytes = next.bytes().len() as u64;
        self.source.advance(bytes);
        Ok(bytes)
    }
}
