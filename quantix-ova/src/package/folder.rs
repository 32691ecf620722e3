//! An OVF folder: files beside a descriptor, never anything outside it.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    error::{PackageError, Problem},
    has_extension, name,
    read_at::{FileSource, ReadAt as _},
    tar::{MEMBERS_MAX, Member},
};

/// The name of the one descriptor in a folder.
pub(super) fn descriptor_in(folder: &Path) -> Result<String, PackageError> {
    let mut names = list(folder)?;
    names.retain(|name| has_extension(name, "ovf") && !name.starts_with("._"));
    match names.len() {
        0 => Err(PackageError::new(Problem::NoDescriptor)),
        1 => Ok(names.swap_remove(0)),
        _ => {
            names.truncate(5);
            Err(PackageError::new(Problem::ManyDescriptors { names }))
        }
    }
}

/// The file of this name below the folder.
pub(super) fn find(folder: &Path, href: &str) -> Result<Member, PackageError> {
    let unsafe_name = |reason| PackageError::new(Problem::UnsafeName { reason }).of_member(href);
    let name = name::safe(href).map_err(unsafe_name)?;
    if !folder.join(name).exists() {
        let wanted = name.to_lowercase();
        let similar = list(folder)?.into_iter().find(|found| found.to_lowercase() == wanted);
        return Err(PackageError::new(Problem::NoMember { similar }).of_member(name));
    }
    let bytes = open(folder, name)?.bytes();
    Ok(Member { name: name.to_owned(), offset: 0, bytes, sparse: None })
}

/// Opens a regular file that truly lies below the folder, links included in the judgement.
pub(super) fn open(folder: &Path, name: &str) -> Result<FileSource, PackageError> {
    let read = |error| PackageError::read(error).of_member(name);
    let path: PathBuf = folder.join(name).canonicalize().map_err(read)?;
    if !path.starts_with(folder.canonicalize().map_err(read)?) {
        let reason = "it is a link that leads out of the folder";
        return Err(PackageError::new(Problem::UnsafeName { reason }).of_member(name));
    }
    FileSource::open(&path).map_err(read)
}

fn list(folder: &Path) -> Result<Vec<String>, PackageError> {
    let entries = folder.read_dir().map_err(PackageError::read)?;
    let names: io::Result<Vec<String>> = entries
        .take(MEMBERS_MAX)
        .filter_map(|entry| match entry {
            Ok(entry) => entry.file_name().into_string().ok().map(Ok),
            Err(error) => Some(Err(error)),
        })
        .collect();
    let mut names = names.map_err(PackageError::read)?;
    names.sort_unstable();
    Ok(names)
}
