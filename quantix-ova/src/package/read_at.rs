//! Reading at a position: what a file, a member of an OVA and a remote object have in common.

use std::{
    fmt,
    fs::File,
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Bytes that can be read at any position, from many threads at once.
///
/// The length is fixed when the source is opened.
pub trait ReadAt: Send + Sync + fmt::Debug {
    /// How many bytes there are.
    fn bytes(&self) -> u64;

    /// Fills `buffer` from `offset`.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the source ends before the buffer is full, and
    /// whatever the storage reports.
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// What tells this content from any other, such as the file, its size and when it was changed;
    /// `None` for a source that is gone with the process, or whose changes cannot be told.
    fn identity(&self) -> Option<String> {
        None
    }

    /// A block that holds the `bytes` bytes from `offset`, from sources that keep in memory what
    /// several readers want; `None` means [`ReadAt::read_exact_at`].
    ///
    /// # Errors
    /// As [`ReadAt::read_exact_at`].
    fn block(&self, offset: u64, bytes: u64) -> io::Result<Option<Block>> {
        let _ = (offset, bytes);
        Ok(None)
    }
}

/// A part of a source in memory, which others may hold too.
#[derive(Clone, Debug)]
pub struct Block {
    /// The position of its first byte in the source.
    pub at: u64,
    /// Its bytes.
    pub content: Arc<Vec<u8>>,
}

/// A regular file.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    bytes: u64,
    path: PathBuf,
}

impl FileSource {
    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// What the system reports; [`io::ErrorKind::IsADirectory`] for a folder and
    /// [`io::ErrorKind::InvalidInput`] for a device, a pipe or a socket.
    pub fn open(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes, path: path.to_owned() })
    }

    /// Where it was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl ReadAt for FileSource {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn identity(&self) -> Option<String> {
        let found = self.file.metadata().ok()?;
        let (device, inode) = (found.dev(), found.ino());
        let (seconds, nanoseconds) = (found.mtime(), found.mtime_nsec());
        Some(format!("file {device} {inode} {} {seconds}.{nanoseconds:09}", found.len()))
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

impl ReadAt for Vec<u8> {
    fn bytes(&self) -> u64 {
        self.len() as u64
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let end = start.checked_add(buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(self.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// A part of another source, such as one member of an OVA.
#[derive(Clone, Debug)]
pub struct Window {
    whole: Arc<dyn ReadAt>,
    start: u64,
    bytes: u64,
}

impl Window {
    /// The part of `whole` that starts at `start`; it is cut off where `whole` ends.
    #[must_use]
    pub fn new(whole: Arc<dyn ReadAt>, start: u64, bytes: u64) -> Self {
        let bytes = bytes.min(whole.bytes().saturating_sub(start));
        Self { whole, start, bytes }
    }
}

impl ReadAt for Window {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn identity(&self) -> Option<String> {
        Some(format!("{} from {} {}", self.whole.identity()?, self.start, self.bytes))
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        check_range(offset, buffer.len(), self.bytes)?;
        self.whole.read_exact_at(self.start + offset, buffer)
    }
}

/// Several sources one after the other: a file that was shipped in chunks.
#[derive(Clone, Debug)]
pub struct Chain {
    parts: Vec<(u64, Arc<dyn ReadAt>)>,
    bytes: u64,
}

impl Chain {
    /// Chains the parts in their order.
    #[must_use]
    pub fn new(parts: impl IntoIterator<Item = Arc<dyn ReadAt>>) -> Self {
        let mut bytes = 0u64;
        let parts = parts
            .into_iter()
            .map(|part| {
                let start = bytes;
                bytes = bytes.saturating_add(part.bytes());
                (start, part)
            })
            .collect();
        Self { parts, bytes }
    }
}

impl ReadAt for Chain {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        check_range(offset, buffer.len(), self.bytes)?;
        let mut index = self.parts.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
        let (mut at, mut rest) = (offset, buffer);
        while !rest.is_empty() {
            let Some((start, part)) = self.parts.get(index) else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            let inside = at - start;
            let room = part.bytes() - inside;
            let take = usize::try_from(room).unwrap_or(usize::MAX).min(rest.len());
            let (now, later) = rest.split_at_mut(take);
            part.read_exact_at(inside, now)?;
            (rest, at, index) = (later, at + take as u64, index + 1);
        }
        Ok(())
    }
}

fn check_range(offset: u64, wanted: usize, bytes: u64) -> io::Result<()> {
    match offset.checked_add(wanted as u64) {
        Some(end) if end <= bytes => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Reads a whole source that is expected to be small.
///
/// # Errors
/// What the source reports, and [`io::ErrorKind::FileTooLarge`] beyond `bytes_max`.
pub fn read_small(source: &dyn ReadAt, bytes_max: u64) -> io::Result<Vec<u8>> {
    if source.bytes() > bytes_max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let bytes = usize::try_from(source.bytes()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut buffer = vec![0; bytes];
    source.read_exact_at(0, &mut buffer)?;
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_chains_read_what_lies_under_them() {
        let whole: Arc<dyn ReadAt> = Arc::new((0u8..100).collect::<Vec<_>>());
        let window = |start, bytes| -> Arc<dyn ReadAt> {
            Arc::new(Window::new(Arc::clone(&whole), start, bytes))
        };
        let chain = Chain::new([window(10, 3), window(50, 0), window(90, 30)]);
        assert_eq!(chain.bytes(), 13, "the last window is cut off at the end");
        assert_eq!(
            read_small(&chain, 13).unwrap(),
            [10, 11, 12, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99]
        );
        let mut two = [0; 2];
        chain.read_exact_at(2, &mut two).unwrap();
        assert_eq!(two, [12, 90]);
        for (offset, source) in [(12, &chain as &dyn ReadAt), (99, &*whole), (u64::MAX, &chain)] {
            let error = source.read_exact_at(offset, &mut two).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
        assert_eq!(read_small(&chain, 12).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
