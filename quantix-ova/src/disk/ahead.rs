//! Reading ahead in an image file.

use std::{ops::Range, sync::Arc};

use super::{DiskError, Fault};
use crate::package::ReadAt;

/// The most bytes that are read in one go.
const AHEAD_BYTES_MAX: u64 = 2 << 20;

/// Bytes of an image file that a thread holds: read by itself, or a block that others hold too.
#[derive(Default)]
pub(crate) struct Ahead {
    of: u64,
    at: u64,
    own: Vec<u8>,
    block: Option<Arc<Vec<u8>>>,
}

impl Ahead {
    /// What is held; [`Ahead::fetch`] says which part was asked for.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.block.as_deref().map_or(&self.own, Vec::as_slice)
    }

    /// Makes it hold `bytes` bytes from `at` of the source, which no other of this process calls
    /// `of`, and more up to `hint` where they have to be read anyway.
    pub(crate) fn fetch(
        &mut self,
        source: &dyn ReadAt,
        of: u64,
        at: u64,
        bytes: u64,
        hint: u64,
    ) -> Result<Range<usize>, DiskError> {
        let range = |skip: u64| {
            let place = |value| usize::try_from(value).unwrap_or(usize::MAX);
            place(skip)..place(skip + bytes)
        };
        let held = self.bytes().len() as u64;
        let inside = at.checked_sub(self.at).filter(|skip| skip + bytes <= held);
        if let Some(skip) = inside.filter(|_| self.of == of) {
            return Ok(range(skip));
        }
        let file = source.bytes();
        let left = file.saturating_sub(at);
        if left < bytes {
            return Err(DiskError::new(Fault::Truncated { file_bytes: file }).at(at));
        }
        self.forget();
        let fail = |error| DiskError::read_of(error, at, file);
        if let Some(block) = source.block(at, bytes).map_err(fail)? {
            (self.of, self.at, self.block) = (of, block.at, Some(block.content));
            return Ok(range(at - block.at));
        }
        let want = bytes.max(hint.saturating_sub(at).min(AHEAD_BYTES_MAX)).min(left);
        self.own.resize(usize::try_from(want).unwrap_or(usize::MAX), 0);
        source.read_exact_at(at, &mut self.own).map_err(fail)?;
        (self.of, self.at) = (of, at);
        Ok(range(0))
    }

    /// Holds nothing, until the next fetch.
    pub(crate) fn forget(&mut self) {
        (self.of, self.block) = (0, None);
    }
}
