//! Writing the mended package.

use std::{
    error, fmt,
    fs::File,
    io::{self, BufWriter, Read, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use quantix_core::Finding;

use super::{
    Repaired,
    descriptor::{Sizes, mend},
    diagnose,
    tail::stream_end,
};
use crate::{
    manifest::{Algorithm, Hasher},
    ovf::{Descriptor, OvfError},
    package::{Package, PackageError, ReadAt},
    watch::{Progress, Watch},
};

/// How much is copied in one go.
const PIECE_BYTES: usize = 1 << 20;

/// A package that was not repaired; nothing was left.
#[derive(Debug)]
pub struct RepairError(Box<Reason>);

#[derive(Debug)]
enum Reason {
    Descriptor(OvfError),
    Edit(quantix_xml::EditError),
    Package(PackageError),
    Reopen(PackageError),
    Exists(PathBuf),
    Source { name: String, error: io::Error },
    Target { path: PathBuf, error: io::Error },
    Cancelled,
}

impl RepairError {
    fn new(reason: Reason) -> Self {
        Self(Box::new(reason))
    }

    fn target(path: &Path, error: io::Error) -> Self {
        // Reading goes through writing, so its failures come back wrapped.
        match error.downcast::<Stopped>() {
            Ok(Stopped::Cancelled) => Self::new(Reason::Cancelled),
            Ok(Stopped::Source { name, error }) => Self::new(Reason::Source { name, error }),
            Err(error) => Self::new(Reason::Target { path: path.to_owned(), error }),
        }
    }

    /// Whether the target, rather than the package, is at fault.
    #[must_use]
    pub fn is_target(&self) -> bool {
        matches!(*self.0, Reason::Target { .. } | Reason::Reopen(_))
    }

    /// Whether the watcher stopped the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(*self.0, Reason::Cancelled)
    }
}

impl fmt::Display for RepairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Descriptor(_) => f.write_str("the descriptor is beyond repair"),
            Reason::Edit(_) => f.write_str("the descriptor cannot be edited"),
            Reason::Package(_) => f.write_str("the package cannot be read"),
            Reason::Reopen(_) => f.write_str("the repaired package cannot be read"),
            Reason::Exists(path) => {
                write!(f, "{} exists already: choose another name", path.display())
            }
            Reason::Source { name, .. } => write!(f, "{name} cannot be read"),
            Reason::Target { path, .. } => write!(f, "{} cannot be written", path.display()),
            Reason::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl error::Error for RepairError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &*self.0 {
            Reason::Descriptor(error) => Some(error),
            Reason::Edit(error) => Some(error),
            Reason::Package(error) | Reason::Reopen(error) => Some(error),
            Reason::Source { error, .. } | Reason::Target { error, .. } => Some(error),
            Reason::Exists(_) | Reason::Cancelled => None,
        }
    }
}

/// Why reading stopped in the midst of writing.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("cancelled")]
    Cancelled,
    #[error("{name} cannot be read")]
    Source { name: String, error: io::Error },
}

/// One file of the new package.
struct Part {
    name: String,
    source: Arc<dyn ReadAt>,
    bytes: u64,
}

/// Writes the package again as the OVA `to`, mended. The same package gives the same bytes.
///
/// # Errors
/// When the descriptor cannot be read at all, a file cannot be read, `to` exists or cannot be
/// written, or the watcher cancels. Nothing is left then.
pub fn repair(package: &Package, to: &Path, watch: &dyn Watch) -> Result<Repaired, RepairError> {
    if to.symlink_metadata().is_ok() {
        return Err(RepairError::new(Reason::Exists(to.to_owned())));
    }
    let text = package.descriptor();
    let descriptor =
        Descriptor::parse(&text.bytes).map_err(|e| RepairError::new(Reason::Descriptor(e)))?;
    let objections = diagnose(package);
    let (parts, mut sizes) = gather(package, &descriptor)?;
    // A size that no file has is left as it is.
    sizes.retain(|href, _| descriptor.files.iter().any(|file| file.href == *href));
    let (document, mut repairs) =
        mend(descriptor, &sizes).map_err(|e| RepairError::new(Reason::Edit(e)))?;
    for objection in objections.iter().filter(|objection| objection.repairable) {
        let by_writing = matches!(
            objection.code.as_str(),
            "descriptor-not-first" | "manifest-spelling" | "manifest-sha512" | "trailing-bytes"
        );
        if by_writing && !repairs.iter().any(|done| done.code == objection.code.as_str()) {
            let mut finding = Finding::info("repaired", objection.message.clone());
            finding.code = objection.code.clone().into();
            finding.path.clone_from(&objection.path);
            repairs.push(finding);
        }
    }
    let folder = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let fail = |error| RepairError::target(to, error);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".quantix-").suffix(".part");
    let temporary = builder.tempfile_in(folder).map_err(fail)?;
    let ovf = document.to_bytes();
    fill(temporary.as_file(), &text.name, &ovf, &parts, watch).map_err(fail)?;
    temporary.persist_noclobber(to).map_err(|error| fail(error.error))?;
    let made = Package::open(to).map_err(|e| RepairError::new(Reason::Reopen(e)))?;
    let bytes = std::fs::metadata(to).map_err(fail)?.len();
    Ok(Repaired { path: to.to_owned(), bytes, repairs, remaining: diagnose(&made) })
}

/// The files that the descriptor lists, in its order, and their sizes as they will be written.
fn gather(package: &Package, descriptor: &Descriptor) -> Result<(Vec<Part>, Sizes), RepairError> {
    let (mut parts, mut sizes) = (Vec::<Part>::new(), Sizes::new());
    for file in descriptor.files.iter().filter(|file| !file.href.contains("://")) {
        let names: Vec<String> = match file.chunk_bytes {
            None => vec![file.href.clone()],
            Some(_) => (0..1_000_000)
                .map(|chunk| format!("{}.{chunk:09}", file.href))
                .take_while(|name| package.find(name).is_ok())
                .collect(),
        };
        for name in names {
            // A file that is not there is an objection, and remains one.
            let Ok(member) = package.find(&name) else { continue };
            if parts.iter().any(|part| part.name == member.name) {
                continue;
            }
            let source =
                package.open_member(&member).map_err(|e| RepairError::new(Reason::Package(e)))?;
            let end = stream_end(&*source).map_err(|error| {
                RepairError::new(Reason::Source { name: member.name.clone(), error })
            })?;
            let bytes = end.unwrap_or(member.bytes);
            if file.chunk_bytes.is_none() {
                sizes.insert(file.href.clone(), bytes);
            }
            parts.push(Part { name: member.name, source, bytes });
        }
    }
    Ok((parts, sizes))
}

/// Writes descriptor, manifest and files. Digests come first, so files are read twice and the tar
/// needs no second pass.
fn fill(out: &File, name: &str, ovf: &[u8], parts: &[Part], watch: &dyn Watch) -> io::Result<()> {
    let total = parts.iter().map(|part| part.bytes).sum::<u64>() * 2;
    let mut passed = Passed { watch, done: 0, total };
    let digest = |hasher: Hasher| hasher.finish();
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(ovf);
    let mut manifest = format!("SHA256({name})= {}\n", digest(hasher));
    for part in parts {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut reader = Reader { part, at: 0, passed: &mut passed };
        let mut buffer = vec![0; PIECE_BYTES];
        loop {
            match reader.read(&mut buffer)? {
                0 => break,
                count => hasher.update(&buffer[..count]),
            }
        }
        manifest += &format!("SHA256({})= {}\n", part.name, digest(hasher));
    }
    let mut tar = tar::Builder::new(BufWriter::with_capacity(PIECE_BYTES, out));
    append(&mut tar, name, ovf.len() as u64, ovf)?;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    append(&mut tar, &format!("{stem}.mf"), manifest.len() as u64, manifest.as_bytes())?;
    for part in parts {
        let reader = Reader { part, at: 0, passed: &mut passed };
        append(&mut tar, &part.name, part.bytes, reader)?;
    }
    tar.into_inner()?.flush()
}

/// Appends a file with nothing in its header that differs from one run to the next.
fn append(
    tar: &mut tar::Builder<BufWriter<&File>>,
    name: &str,
    bytes: u64,
    content: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_entry_type(tar::EntryType::Regular);
    tar.append_data(&mut header, name, content)
}

/// How far the work is.
struct Passed<'w> {
    watch: &'w dyn Watch,
    done: u64,
    total: u64,
}

/// Reads a file from its start, telling the watcher.
struct Reader<'a, 'w> {
    part: &'a Part,
    at: u64,
    passed: &'a mut Passed<'w>,
}

impl Read for Reader<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.passed.watch.is_cancelled() {
            return Err(io::Error::other(Stopped::Cancelled));
        }
        let left = usize::try_from(self.part.bytes - self.at).unwrap_or(usize::MAX);
        let count = buffer.len().min(left).min(PIECE_BYTES);
        self.part.source.read_exact_at(self.at, &mut buffer[..count]).map_err(|error| {
            io::Error::other(Stopped::Source { name: self.part.name.clone(), error })
        })?;
        self.at += count as u64;
        self.passed.done += count as u64;
        let (done_bytes, total_bytes) = (self.passed.done, self.passed.total);
        self.passed.watch.progress(Progress { done_bytes, total_bytes });
        Ok(count)
    }
}
