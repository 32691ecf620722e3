//! What cannot be read at a position is put into a nameless file first.

use std::{
    fs::File,
    io::{self, Read, Seek as _, SeekFrom, Write as _},
    os::unix::fs::FileExt as _,
};

use super::ReadAt;

/// The most bytes that a stream, or a package inside gzip, may have.
pub const STREAM_BYTES_MAX: u64 = 1 << 40;

const PIECE_BYTES: usize = 256 << 10;
/// What is looked at to find zeros, which stay holes of the file.
const HOLE_BYTES: usize = 4096;

/// A stream that was read to its end.
#[derive(Debug)]
pub(crate) struct Spooled {
    file: File,
    bytes: u64,
}

impl Spooled {
    /// Reads a stream to its end, at most `bytes_max`; zeros take no room.
    pub(crate) fn read(stream: &mut dyn Read, bytes_max: u64) -> io::Result<Self> {
        let mut file = tempfile::tempfile()?;
        let (mut buffer, mut bytes) = (vec![0; PIECE_BYTES], 0u64);
        loop {
            let count = fill(stream, &mut buffer)?;
            if count == 0 {
                break;
            }
            bytes += count as u64;
            if bytes > bytes_max {
                let text = format!("larger than the limit of {bytes_max} bytes");
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
            }
            for block in buffer[..count].chunks(HOLE_BYTES) {
                if block.iter().all(|byte| *byte == 0) {
                    let skip = i64::try_from(block.len()).map_err(io::Error::other)?;
                    file.seek(SeekFrom::Current(skip))?;
                } else {
                    file.write_all(block)?;
                }
            }
        }
        file.set_len(bytes)?;
        Ok(Self { file, bytes })
    }
}

/// Fills the buffer as far as the stream goes.
fn fill(stream: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

impl ReadAt for Spooled {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::read_small;

    #[test]
    fn streams_are_kept_with_their_holes_and_bounded() {
        let content = [vec![7; 5000], vec![0; 600_000], vec![9; 3], vec![0; 9000]].concat();
        let spooled = Spooled::read(&mut &*content, 1 << 20).unwrap();
        assert_eq!(read_small(&spooled, 1 << 20).unwrap(), content);
        let error = Spooled::read(&mut &*content, 1000).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(Spooled::read(&mut io::empty(), 0).unwrap().bytes(), 0);
    }
}
