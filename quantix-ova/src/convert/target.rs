//! The target folder: files without names until everything is right.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::{NamedTempFile, TempPath};

use super::{ConvertError, Output};
use crate::package::stem;

/// Files that are being written; all of them vanish unless they are committed.
#[derive(Debug)]
pub(super) struct Target {
    folder: PathBuf,
    /// The folder that was made for the results, if any.
    made: Option<PathBuf>,
    files: Vec<(TempPath, PathBuf)>,
    names: BTreeSet<String>,
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
        Ok(Self { folder: folder.to_owned(), made, files: Vec::new(), names: BTreeSet::new() })
    }

    /// Reserves the name for the disk of `href`, and opens a temporary file for it.
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
        let mut builder = tempfile::Builder::new();
        builder.prefix(".quantix-").suffix(".part");
        let file: NamedTempFile = builder.tempfile_in(&self.folder).map_err(|error| {
            ConvertError::target(&*self.folder, "write into this folder", error)
        })?;
        let (file, temporary) = file.into_parts();
        self.files.push((temporary, path));
        Ok(Reserved { file: Arc::new(file) })
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

/// The outermost folder of the path that does not exist.
fn first_missing(folder: &Path) -> Option<PathBuf> {
    let missing =
        folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists());
    missing.last().map(Path::to_owned)
}
