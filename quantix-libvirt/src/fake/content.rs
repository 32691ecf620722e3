//! The bytes of a fake volume, without its holes.

use std::{collections::BTreeMap, io};

use crate::{TransferSink, TransferSource};

/// The grain of the content: what is all zeros in such a block is a hole.
const BLOCK: usize = 64 << 10;

/// The most bytes that one volume of a fake host keeps, without its holes.
pub const FAKE_VOLUME_BYTES_MAX: u64 = 64 << 20;

/// What was written, in blocks by their number.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    blocks: BTreeMap<u64, Vec<u8>>,
    length: u64,
}

impl Content {
    /// How many bytes are kept.
    pub(super) fn stored(&self) -> u64 {
        self.blocks.len() as u64 * BLOCK as u64
    }

    /// Where the last byte ended, hole or not.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Writes bytes at a place.
    fn write(&mut self, at: u64, mut bytes: &[u8]) -> io::Result<()> {
        let mut at = at;
        while !bytes.is_empty() {
            let (number, offset) = (at / BLOCK as u64, usize::try_from(at % BLOCK as u64));
            let offset = offset.map_err(io::Error::other)?;
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - offset));
            let is_hole = now.iter().all(|&byte| byte == 0);
            if !is_hole
                && !self.blocks.contains_key(&number)
                && self.stored() >= FAKE_VOLUME_BYTES_MAX
            {
                return Err(io::Error::new(io::ErrorKind::StorageFull, "No space left on device"));
            }
            if !is_hole || self.blocks.contains_key(&number) {
                let block = self.blocks.entry(number).or_insert_with(|| vec![0; BLOCK]);
                if let Some(part) = block.get_mut(offset..offset + now.len()) {
                    part.copy_from_slice(now);
                }
            }
            at += now.len() as u64;
            self.length = self.length.max(at);
            bytes = later;
        }
        Ok(())
    }

    /// Everything that a source has.
    pub(super) fn take(source: &mut dyn TransferSource) -> io::Result<Self> {
        let mut taken = Self::default();
        let mut chunk = vec![0; BLOCK];
        loop {
            let count = source.read(&mut chunk)?;
            match chunk.get(..count) {
                Some(bytes) if count > 0 => taken.write(taken.length, bytes)?,
                _ => return Ok(taken),
            }
        }
    }

    /// Gives the first bytes, holes as holes.
    pub(super) fn give(&self, length: u64, sink: &mut dyn TransferSink) -> io::Result<()> {
        let mut at = 0;
        for (number, block) in &self.blocks {
            let start = number * BLOCK as u64;
            if start >= length {
                break;
            }
            if start > at {
                sink.hole(start - at)?;
            }
            let part = usize::try_from(length - start).unwrap_or(BLOCK).min(BLOCK);
            sink.data(block.get(..part).unwrap_or(block))?;
            at = start + part as u64;
        }
        if at < length { sink.hole(length - at) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_so_much_and_no_more() {
        let dense = |length: u64| std::io::Read::take(std::io::repeat(1), length);
        let full = Content::take(&mut dense(FAKE_VOLUME_BYTES_MAX)).unwrap();
        assert_eq!(full.stored(), FAKE_VOLUME_BYTES_MAX);
        let more = Content::take(&mut dense(FAKE_VOLUME_BYTES_MAX + 1)).unwrap_err();
        assert_eq!(more.kind(), io::ErrorKind::StorageFull);
        // Holes are free.
        let holes = std::io::Read::take(std::io::repeat(0), FAKE_VOLUME_BYTES_MAX * 4);
        assert_eq!(Content::take(&mut { holes }).unwrap().stored(), 0);
    }
}
