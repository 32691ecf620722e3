//! The tar of an appliance: descriptor, manifest, disks.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{CreateError, CreatedFile, hex};
use crate::{
    manifest::{Algorithm, Hasher},
    watch::Watch,
};

/// How much is hashed or copied in one go.
const PIECE_BYTES: usize = 1 << 20;

/// Files that will be written into one tar.
#[derive(Debug)]
pub(super) struct Tape {
    folder: PathBuf,
    descriptor: (CreatedFile, Vec<u8>),
    disks: Vec<(CreatedFile, Arc<File>)>,
}

impl Tape {
    pub(super) fn new(folder: &Path, name: &str, descriptor: &[u8]) -> Self {
        let file = described(name, descriptor);
        Self {
            folder: folder.to_owned(),
            descriptor: (file, descriptor.to_vec()),
            disks: Vec::new(),
        }
    }

    /// Adds a disk, and computes its digest.
    pub(super) fn add(
        &mut self,
        name: String,
        file: Arc<File>,
        bytes: u64,
        watch: &dyn Watch,
    ) -> Result<(), CreateError> {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut buffer = vec![0; PIECE_BYTES];
        let mut reader = Positioned { file: &file, at: 0, end: bytes };
        loop {
            if watch.is_cancelled() {
                return Err(CreateError::cancelled());
            }
            match reader.read(&mut buffer).map_err(|e| CreateError::target(&self.folder, e))? {
                0 => break,
                count => hasher.update(&buffer[..count]),
            }
        }
        let sha256 = hex(&hasher.finish());
        self.disks.push((CreatedFile { name, bytes, sha256 }, file));
        Ok(())
    }

    /// Writes the tar under a temporary name, then gives it its own.
    pub(super) fn write(self, manifest: &str, to: &Path) -> Result<Vec<CreatedFile>, CreateError> {
        let fail = |error| CreateError::target(to, error);
        let mut builder = tempfile::Builder::new();
        builder.prefix(".quantix-").suffix(".part");
        let temporary = builder.tempfile_in(&self.folder).map_err(fail)?;
        let files = self.fill(manifest, temporary.as_file()).map_err(fail)?;
        temporary.persist_noclobber(to).map_err(|error| fail(error.error))?;
        Ok(files)
    }

    fn fill(self, manifest: &str, out: &File) -> io::Result<Vec<CreatedFile>> {
        let (descriptor, ovf) = self.descriptor;
        let listed = std::iter::once(&descriptor).chain(self.disks.iter().map(|(file, _)| file));
        let line = |file: &CreatedFile| format!("SHA256({})= {}\n", file.name, file.sha256);
        let text: String = listed.map(line).collect();
        let manifest = described(manifest, text.as_bytes());
        let mut tar = tar::Builder::new(BufWriter::with_capacity(PIECE_BYTES, out));
        append(&mut tar, &descriptor, &*ovf)?;
        append(&mut tar, &manifest, text.as_bytes())?;
        let mut files = vec![descriptor, manifest];
        for (file, content) in self.disks {
            append(&mut tar, &file, Positioned { file: &content, at: 0, end: file.bytes })?;
            files.push(file);
        }
        tar.into_inner()?.flush()?;
        Ok(files)
    }
}

fn described(name: &str, content: &[u8]) -> CreatedFile {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(content);
    let sha256 = hex(&hasher.finish());
    CreatedFile { name: name.to_owned(), bytes: content.len() as u64, sha256 }
}

/// Appends a file with nothing in its header that differs from one run to the next.
fn append(
    tar: &mut tar::Builder<BufWriter<&File>>,
    file: &CreatedFile,
    content: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(file.bytes);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_entry_type(tar::EntryType::Regular);
    tar.append_data(&mut header, &file.name, content)
}

/// Reads a shared file from a position of its own.
struct Positioned<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Positioned<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let part = left.min(buffer.len());
        let count = self.file.read_at(&mut buffer[..part], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}
