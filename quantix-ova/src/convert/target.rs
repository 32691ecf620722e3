//! The target folder: files under names of their own until everything is right.

use std::{
    collections::BTreeSet,
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempPath;

use super::{
    ConvertError, Output,
    journal::{self, Journal},
};
use crate::package::stem;

/// Files that are being written; all of them vanish unless they are committed or kept.
#[derive(Debug)]
pub(super) struct Target {
    folder: PathBuf,
    /// The folder that was made for the results, if any.
    made: Option<PathBuf>,
    files: Vec<(TempPath, PathBuf)>,
    names: BTreeSet<String>,
    /// Names the unfinished files, so that another process finds them again.
    key: Option<String>,
}

/// A file that was reserved.
#[derive(Debug)]
pub(super) struct Reserved {
    pub(super) file: Arc<File>,
}

impl Target {
    pub(super) fn new(folder: &Path) -> Result<Self, ConvertError> {
        let fail = |error| ConvertError::target(folder, "make this folder", error);
        let made = first_missing(folder);
        fs::create_dir_all(folder).map_err(fail)?;
        let (files, names, key) = (Vec::new(), BTreeSet::new(), None);
        Ok(Self { folder: folder.to_owned(), made, files, names, key })
    }

    /// From here on, unfinished files are named after `key`.
    pub(super) fn named_after(&mut self, key: Option<String>) {
        self.key = key;
    }

    /// Reserves the name for the disk of `href`, and opens an unfinished file for it, which may
    /// hold what another process left.
    pub(super) fn reserve(&mut self, href: &str, output: Output) -> Result<Reserved, ConvertError> {
        let stem = stem(href);
        let numbered = |number: u32| match number {
            0 => format!("{stem}.{output}"),
            number => format!("{stem}-{number}.{output}"),
        };
        let taken = |name: &String| self.names.contains(&name.to_lowercase());
        let name = (0..).map(numbered).find(|name| !taken(name)).unwrap_or_default();
        self.names.insert(name.to_lowercase());
        let path = self.folder.join(name);
        if path.symlink_metadata().is_ok() {
            return Err(ConvertError::exists(path));
        }
        let (file, temporary) = match &self.key {
            Some(key) => open_part(&self.folder, &part_name(key, self.files.len())),
            None => {
                let mut builder = tempfile::Builder::new();
                builder.prefix(".quantix-").suffix(".part");
                builder.tempfile_in(&self.folder).map(tempfile::NamedTempFile::into_parts)
            }
        }
        .map_err(|error| {
            if error.kind() == io::ErrorKind::ResourceBusy {
                // What another process works on is not ours to remove.
                self.let_go();
            }
            ConvertError::target(&*self.folder, "write into this folder", error)
        })?;
        self.files.push((temporary, path));
        Ok(Reserved { file: Arc::new(file) })
    }

    /// The names that the results will get.
    pub(super) fn names(&self) -> Vec<String> {
        let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into());
        self.files.iter().filter_map(|(_, path)| name(path)).collect()
    }

    /// Where the journal lies, if there can be one.
    pub(super) fn journal(&self) -> Option<PathBuf> {
        self.key.as_ref().map(|key| journal::path(&self.folder, key))
    }

    /// Removes what killed conversions left that were to give results of these names: of another
    /// version of the package, or with other options.
    pub(super) fn remove_stale(&self) {
        let names = self.names();
        let Ok(entries) = self.folder.read_dir() else { return };
        for entry in entries.filter_map(Result::ok) {
            let file_name = entry.file_name();
            let Some(key) = file_name.to_str().and_then(journal::key_of) else { continue };
            if self.key.as_deref() == Some(key) {
                continue;
            }
            let Some(stale) = Journal::read_any(&entry.path()) else { continue };
            if stale.names.iter().any(|name| names.contains(name)) {
                let parts = (0..stale.names.len()).map(|n| self.folder.join(part_name(key, n)));
                remove_unless_used(&parts.collect::<Vec<_>>(), &entry.path());
            }
        }
    }

    /// Leaves the unfinished files for the next process.
    pub(super) fn keep(mut self) {
        if self.key.is_some() {
            self.let_go();
        }
    }

    /// Removes nothing in the end.
    fn let_go(&mut self) {
        self.key = None;
        self.made = None;
        for (temporary, _) in &mut self.files {
            temporary.disable_cleanup(true);
        }
    }

    /// Gives every file its name, or none.
    pub(super) fn commit(mut self) -> Result<Vec<PathBuf>, ConvertError> {
        let mut done: Vec<PathBuf> = Vec::new();
        for (temporary, path) in std::mem::take(&mut self.files) {
            if let Err(error) = temporary.persist_noclobber(&path) {
                for path in done {
                    // Best effort: the first failure is the one to report.
                    let _ = fs::remove_file(path);
                }
                return Err(ConvertError::target(path, "give the result this name", error.error));
            }
            done.push(path);
        }
        self.made = None;
        Ok(done)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.files.clear();
        if let Some(path) = self.journal() {
            // There need not be one.
            let _ = fs::remove_file(path);
        }
        if let Some(made) = self.made.take() {
            // Only folders that are empty vanish: others may have put files there meanwhile.
            let mut folder = self.folder.as_path();
            while fs::remove_dir(folder).is_ok() && folder != made {
                let Some(parent) = folder.parent() else { break };
                folder = parent;
            }
        }
    }
}

fn part_name(key: &str, number: usize) -> String {
    format!(".quantix-{key}-{number}.part")
}

/// Opens an unfinished file, made if there is none, that no other process works on.
fn open_part(folder: &Path, name: &str) -> io::Result<(File, TempPath)> {
    let path = folder.join(name);
    let busy = || {
        let text = "another process is making the same disks there; wait for it, or stop it";
        io::Error::new(io::ErrorKind::ResourceBusy, text)
    };
    // Whoever held the file may rename or remove it before its lock is free.
    for _ in 0..8 {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path)?;
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(busy());
        }
        // A link would have another inode than the file it leads to.
        let named = path.symlink_metadata().map(|found| (found.dev(), found.ino()));
        if named.is_ok_and(|named| journal::inode(&file).is_ok_and(|own| own == named)) {
            return Ok((file, TempPath::try_from_path(path)?));
        }
    }
    Err(busy())
}

/// Removes files that another process left, unless it still works on one of them.
fn remove_unless_used(parts: &[PathBuf], journal: &Path) {
    let open = parts.iter().filter_map(|path| File::open(path).ok());
    let files: Vec<File> = open.collect();
    if files.iter().any(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock))) {
        return;
    }
    for path in parts.iter().map(PathBuf::as_path).chain([journal]) {
        // Best effort: what cannot be removed is in nobody's way.
        let _ = fs::remove_file(path);
    }
}

/// The outermost folder of the path that does not exist.
fn first_missing(folder: &Path) -> Option<PathBuf> {
    let missing =
        folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists());
    missing.last().map(Path::to_owned)
}
