//! Writing disks: units of content that threads prepare in any order and sinks place in order.
//!
//! A sink decides where each unit goes, one unit after the other, so that the same disk gives the
//! same bytes on any number of threads; the bytes themselves are written outside its lock.

mod qcow2;
mod raw;
mod vmdk;

use std::{fs::File, io, os::unix::fs::FileExt as _};

use serde::{Deserialize, Serialize};

pub(crate) use self::{
    qcow2::{BACKING_BYTES_MAX, Backing, Qcow2},
    raw::Raw,
    vmdk::{Vmdk, append_grain, wrap_grain},
};

/// The size of a cluster: the piece that is stored or left out as a whole.
pub(crate) const CLUSTER_BYTES: usize = 64 << 10;

/// What one cluster of a unit holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Zeros.
    Zero,
    /// `CLUSTER_BYTES` plain bytes from this position of the data on.
    Plain { from: usize },
    /// A deflate stream (qcow2) or a whole grain with its marker (VMDK) in the data.
    Packed { from: usize, bytes: usize },
}

/// A prepared piece of a disk.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    /// Its place on the disk, a multiple of `CLUSTER_BYTES`.
    pub(crate) offset: u64,
    /// Its clusters.
    pub(crate) cells: Vec<Cell>,
    /// Their content.
    pub(crate) data: Vec<u8>,
}

/// A part of a unit's data, and where it goes in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) at: u64,
    pub(crate) from: usize,
    pub(crate) bytes: usize,
}

/// What a sink has placed: enough for another process to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Placed {
    /// Bytes or sectors that are taken.
    cursor: u64,
    /// Where the tables that are complete lie.
    directory: Vec<u64>,
    /// The table that is not complete: its number, and its entries.
    table: Option<(u64, Vec<u64>)>,
}

/// Places units in a file.
pub(crate) trait Sink: Send {
    /// What was placed so far.
    fn placed(&self) -> Placed;

    /// Goes on behind what another sink of the same kind placed in the same file; `None` when the
    /// file does not hold that.
    fn restore(&mut self, file: &File, placed: Placed) -> Option<()>;

    /// Decides where the unit goes. Units come in ascending order; what is left out is zeros.
    fn place(&mut self, file: &File, unit: &Unit, writes: &mut Vec<Write>) -> io::Result<()>;

    /// Writes what belongs behind the last unit; returns the bytes that the file takes.
    fn finish(&mut self, file: &File) -> io::Result<u64>;
}

/// Adds a write, merged with the one before where both are adjacent in data and file.
fn push(writes: &mut Vec<Write>, write: Write) {
    if let Some(last) = writes.last_mut()
        && last.at + last.bytes as u64 == write.at
        && last.from + last.bytes == write.from
    {
        last.bytes += write.bytes;
        return;
    }
    writes.push(write);
}

/// Writes the placed parts of a unit.
pub(crate) fn write_out(file: &File, unit: &Unit, writes: &[Write]) -> io::Result<()> {
    writes.iter().try_for_each(|w| file.write_all_at(&unit.data[w.from..w.from + w.bytes], w.at))
}

/// Whether all bytes are zero.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    let mut pieces = bytes.chunks_exact(128);
    pieces.all(|piece| piece.iter().fold(0, |acc, byte| acc | byte) == 0)
        && pieces.remainder().iter().all(|&byte| byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_found_whatever_the_length() {
        for length in [0, 1, 127, 128, 129, 1000] {
            let mut bytes = vec![0; length];
            assert!(is_zero(&bytes));
            for at in 0..length {
                bytes[at] = 1;
                assert!(!is_zero(&bytes), "{at} of {length}");
                bytes[at] = 0;
            }
        }
    }

    #[test]
    fn adjacent_writes_become_one() {
        let mut writes = Vec::new();
        for (at, from, bytes) in [(10, 0, 5), (15, 5, 5), (30, 10, 5), (35, 20, 1)] {
            push(&mut writes, Write { at, from, bytes });
        }
        let ends: Vec<_> = writes.iter().map(|w| (w.at, w.bytes)).collect();
        assert_eq!(ends, [(10, 10), (30, 5), (35, 1)]);
    }
}
