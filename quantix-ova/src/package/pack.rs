//! Packing files into a tar, the same bytes every time.

use std::{
    error, fmt,
    fs::{File, Permissions},
    io::{self, BufWriter, Read, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{PackageError, ReadAt};
use crate::{
    manifest::{Algorithm, Digest, Hasher},
    watch::{Progress, Watch},
};

/// How much is hashed or copied in one go.
const PIECE_BYTES: usize = 1 << 20;

/// One file to pack.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) source: Arc<dyn ReadAt>,
    /// How many of its bytes, from the first on.
    pub(crate) bytes: u64,
}

impl Part {
    /// All of a source.
    pub(crate) fn new(name: impl Into<String>, source: Arc<dyn ReadAt>) -> Self {
        Self { name: name.into(), bytes: source.bytes(), source }
    }

    /// A small file from memory.
    pub(crate) fn text(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self::new(name, Arc::new(bytes))
    }
}

/// Why reading stopped in the midst of writing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stopped {
    #[error("cancelled")]
    Cancelled,
    #[error("{name} cannot be read")]
    Source { name: String, error: io::Error },
}

/// Why a file was not written; nothing was left of it.
#[derive(Debug)]
pub(crate) enum Unwritten {
    Package(PackageError),
    Exists(PathBuf),
    Target { path: PathBuf, error: io::Error },
    Cancelled,
}

impl Unwritten {
    /// The failure to write `path`. Reading goes through writing, so its failures come wrapped.
    pub(crate) fn new(path: &Path, error: io::Error) -> Self {
        match error.downcast::<Stopped>() {
            Ok(Stopped::Cancelled) => Self::Cancelled,
            Ok(Stopped::Source { name, error }) => {
                Self::Package(PackageError::read(error).of_member(&name))
            }
            Err(error) => Self::Target { path: path.to_owned(), error },
        }
    }

    /// Whether the target, rather than what was to be written, is at fault.
    pub(crate) fn is_target(&self) -> bool {
        matches!(self, Self::Target { .. })
    }

    /// Whether the watcher stopped the work.
    pub(crate) fn is_cancelled(&self) -> bool {
        match self {
            Self::Cancelled => true,
            Self::Package(error) => error.is_cancelled(),
            Self::Exists(_) | Self::Target { .. } => false,
        }
    }
}

impl From<PackageError> for Unwritten {
    fn from(error: PackageError) -> Self {
        Self::Package(error)
    }
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(error) => error.fmt(f),
            Self::Exists(path) => {
                write!(f, "{} exists already: choose another name", path.display())
            }
            Self::Target { path, .. } => write!(f, "{} cannot be written", path.display()),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl error::Error for Unwritten {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Package(error) => error.source(),
            Self::Target { error, .. } => Some(error),
            Self::Exists(_) | Self::Cancelled => None,
        }
    }
}

/// Refuses to write over what is there.
pub(crate) fn must_be_new(to: &Path) -> Result<(), Unwritten> {
    match to.symlink_metadata() {
        Ok(_) => Err(Unwritten::Exists(to.to_owned())),
        Err(_) => Ok(()),
    }
}

/// Writes a file under a temporary name, then gives it its own; answers how large it is.
pub(crate) fn write_new(
    to: &Path,
    fill: impl FnOnce(&File) -> io::Result<()>,
) -> Result<u64, Unwritten> {
    must_be_new(to)?;
    let write = || {
        let folder = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // What the process's umask leaves of it: others read appliances, not only their maker.
        let temporary = tempfile::Builder::new()
            .prefix(".quantix-")
            .suffix(".part")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)?;
        fill(temporary.as_file())?;
        let bytes = temporary.as_file().metadata()?.len();
        temporary.persist_noclobber(to)?;
        Ok(bytes)
    };
    write().map_err(|error| Unwritten::new(to, error))
}

/// Writes a tar of a descriptor, a manifest of all, and files. Digests come first, so files are
/// read twice and the tar needs no second pass. Errors may be [`Stopped`].
pub(crate) fn write_appliance(
    out: &File,
    name: &str,
    ovf: Vec<u8>,
    parts: Vec<Part>,
    watch: &dyn Watch,
) -> io::Result<()> {
    let total = parts.iter().map(|part| part.bytes).sum::<u64>() * 2;
    let mut packer = Packer::new(watch, total);
    let mut all = vec![Part::text(name, ovf)];
    all.extend(parts);
    let manifest = packer.manifest(&all)?;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    all.insert(1, Part::text(format!("{stem}.mf"), manifest.into_bytes()));
    packer.write(out, &all)
}

/// Hashes and packs files, and tells how far it is.
pub(crate) struct Packer<'w> {
    watch: &'w dyn Watch,
    done: u64,
    total: u64,
}

impl<'w> Packer<'w> {
    /// A packer of so many bytes in total, hashed and packed ones.
    pub(crate) fn new(watch: &'w dyn Watch, total: u64) -> Self {
        Self { watch, done: 0, total }
    }

    /// The digest of a file. Errors may be [`Stopped`].
    pub(crate) fn digest(&mut self, part: &Part, algorithm: Algorithm) -> io::Result<Digest> {
        let (mut hasher, mut buffer) = (Hasher::new(algorithm), vec![0; PIECE_BYTES]);
        let mut reader = Reader { part, at: 0, packer: self };
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(hasher.finish()),
                count => hasher.update(&buffer[..count]),
            }
        }
    }

    /// The lines of a manifest of these files.
    pub(crate) fn manifest(&mut self, parts: &[Part]) -> io::Result<String> {
        let line = |part: &Part| {
            let digest = self.digest(part, Algorithm::Sha256)?;
            Ok(format!("SHA256({})= {digest}\n", part.name))
        };
        parts.iter().map(line).collect()
    }

    /// Writes the tar. Errors may be [`Stopped`].
    pub(crate) fn write(&mut self, out: &File, parts: &[Part]) -> io::Result<()> {
        let mut tar = tar::Builder::new(BufWriter::with_capacity(PIECE_BYTES, out));
        for part in parts {
            // Nothing in a header differs from one run to the next.
            let mut header = tar::Header::new_ustar();
            header.set_size(part.bytes);
            header.set_mode(0o644);
            header.set_mtime(0);
            header.set_uid(0);
            header.set_gid(0);
            header.set_entry_type(tar::EntryType::Regular);
            let reader = Reader { part, at: 0, packer: self };
            tar.append_data(&mut header, &part.name, reader)?;
        }
        tar.into_inner()?.flush()
    }
}

/// Reads a file from its start, telling the watcher.
struct Reader<'a, 'w> {
    part: &'a Part,
    at: u64,
    packer: &'a mut Packer<'w>,
}

impl Read for Reader<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.packer.watch.is_cancelled() {
            return Err(io::Error::other(Stopped::Cancelled));
        }
        let left = usize::try_from(self.part.bytes - self.at).unwrap_or(usize::MAX);
        let count = buffer.len().min(left).min(PIECE_BYTES);
        self.part.source.read_exact_at(self.at, &mut buffer[..count]).map_err(|error| {
            io::Error::other(Stopped::Source { name: self.part.name.clone(), error })
        })?;
        self.at += count as u64;
        self.packer.done += count as u64;
        let (done_bytes, total_bytes) = (self.packer.done, self.packer.total);
        self.packer.watch.progress(Progress { done_bytes, total_bytes });
        Ok(count)
    }
}
