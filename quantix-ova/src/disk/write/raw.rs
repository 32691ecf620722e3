//! Raw output: a sparse file.

use std::{fs::File, io};

use super::{CLUSTER_BYTES, Cell, Placed, Sink, Unit, Write, push};

/// A raw disk; zeros stay holes.
#[derive(Debug)]
pub(crate) struct Raw {
    virtual_bytes: u64,
    written_bytes: u64,
}

impl Raw {
    pub(crate) fn new(virtual_bytes: u64) -> Self {
        Self { virtual_bytes, written_bytes: 0 }
    }
}

impl Sink for Raw {
    fn placed(&self) -> Placed {
        Placed { cursor: self.written_bytes, ..Placed::default() }
    }

    fn restore(&mut self, _: &File, placed: Placed) -> Option<()> {
        self.written_bytes = placed.cursor;
        (placed.cursor <= self.virtual_bytes).then_some(())
    }

    fn place(&mut self, _: &File, unit: &Unit, writes: &mut Vec<Write>) -> io::Result<()> {
        let mut at = unit.offset;
        for cell in &unit.cells {
            let room = self.virtual_bytes.saturating_sub(at);
            let bytes = usize::try_from(room).unwrap_or(usize::MAX).min(CLUSTER_BYTES);
            match *cell {
                Cell::Zero => {}
                Cell::Plain { from } => {
                    push(writes, Write { at, from, bytes });
                    self.written_bytes += bytes as u64;
                }
                Cell::Packed { .. } => {
                    let text = "a raw disk holds no packed clusters";
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
                }
            }
            at += CLUSTER_BYTES as u64;
        }
        Ok(())
    }

    fn finish(&mut self, file: &File) -> io::Result<u64> {
        file.set_len(self.virtual_bytes)?;
        Ok(self.written_bytes)
    }
}
