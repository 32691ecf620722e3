//! Lanes of hashing: one per member, each worked on by at most one thread at a time, in order.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::ConvertError;
use crate::{
    manifest::{Digest, Hasher, Wanted},
    package::{Package, PackageError, ReadAt},
};

/// How much is hashed in one go.
const PIECE_BYTES: u64 = 1 << 20;
/// How far hashing runs ahead of converting, so that what one has read is still in memory when
/// the other wants it.
const LEAD_BYTES: u64 = 64 << 20;

/// The members to hash.
#[derive(Debug, Default)]
pub(crate) struct Lanes(Vec<Lane>);

#[derive(Debug)]
struct Lane {
    name: String,
    source: Arc<dyn ReadAt>,
    at: AtomicU64,
    hasher: Mutex<Hasher>,
}

impl Lanes {
    pub(super) fn open(package: &Package, wanted: &[Wanted]) -> Result<Self, ConvertError> {
        let lane = |wanted: &Wanted| {
            Ok(Lane {
                name: wanted.member.name.clone(),
                source: package.open_member(&wanted.member)?,
                at: AtomicU64::new(0),
                hasher: Mutex::new(Hasher::new(wanted.algorithm)),
            })
        };
        wanted.iter().map(lane).collect::<Result<_, _>>().map(Self)
    }

    /// Whether every one of these members is hashed.
    pub(super) fn covers(&self, members: &[String]) -> bool {
        !members.is_empty() && members.iter().all(|m| self.0.iter().any(|lane| lane.name == *m))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.iter().map(|lane| lane.source.bytes()).sum()
    }

    /// Hashes one piece of the first lane that is free and not too far ahead, where `converted`
    /// of 1024 parts of the disks are done. Returns how many bytes; 0 when there is no such lane.
    pub(super) fn step(&self, buffer: &mut Vec<u8>, converted: u64) -> Result<u64, ConvertError> {
        for lane in &self.0 {
            let bytes = lane.source.bytes();
            let lead_max = (bytes / 1024).saturating_mul(converted).saturating_add(LEAD_BYTES);
            let allowed = if converted >= 1024 { u64::MAX } else { lead_max };
            if lane.at.load(Ordering::Relaxed) >= bytes.min(allowed) {
                continue;
            }
            let Ok(mut hasher) = lane.hasher.try_lock() else { continue };
            let at = lane.at.load(Ordering::Relaxed);
            let piece = PIECE_BYTES.min(bytes - at);
            if piece == 0 {
                continue;
            }
            buffer.resize(usize::try_from(piece).unwrap_or(0), 0);
            lane.source
                .read_exact_at(at, buffer)
                .map_err(|e| PackageError::read(e).of_member(&lane.name).at(at))?;
            hasher.update(buffer);
            lane.at.store(at + piece, Ordering::Relaxed);
            return Ok(piece);
        }
        Ok(0)
    }

    /// The digests of the lanes that ran to their end.
    pub(super) fn finish(self) -> BTreeMap<String, Digest> {
        let whole = |lane: &Lane| lane.at.load(Ordering::Relaxed) == lane.source.bytes();
        let lanes = self.0.into_iter().filter(whole);
        lanes
            .map(|lane| {
                let hasher = lane.hasher.into_inner().unwrap_or_else(PoisonError::into_inner);
                (lane.name, hasher.finish())
            })
            .collect()
    }
}
