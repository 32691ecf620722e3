//! The folder of one machine: everything in it appears with the machine or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// The folder that a deployment is making. Unless it is kept, dropping it removes what was made.
#[derive(Debug)]
pub(super) struct MachineFolder {
    path: PathBuf,
    kept: bool,
}

impl MachineFolder {
    /// Makes the folder `parent/name`; one that exists already belongs to somebody.
    pub(super) fn create(parent: &Path, name: &str) -> Result<Self, Failure> {
        let path = parent.join(name);
        fs::create_dir_all(parent).and_then(|()| fs::create_dir(&path)).map_err(|error| {
            let failure = match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    return Failure::input(format!("{} exists already", path.display()))
                        .hint("remove it, or choose another --name or --to");
                }
                io::ErrorKind::PermissionDenied => {
                    Failure::environment(format!("cannot make {}", path.display()))
                        .hint("run as root, or give a folder of yours with --to")
                }
                _ => Failure::environment(format!("cannot make {}", path.display())),
            };
            failure.because(error)
        })?;
        // Libvirt hands files to the hypervisor by absolute path.
        let path = path
            .canonicalize()
            .map_err(|error| Failure::environment("cannot resolve the folder").because(error))?;
        Ok(Self { path, kept: false })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it, as libvirt takes it.
    pub(super) fn file(&self, name: &str) -> Result<String, Failure> {
        let path = self.path.join(name);
        path.to_str().map(str::to_owned).ok_or_else(|| {
            Failure::input("libvirt takes only UTF-8 paths").hint("choose another --to")
        })
    }

    /// Keeps what was made.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for MachineFolder {
    fn drop(&mut self) {
        if !self.kept {
            // The failure that got us here is what the user must see.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes a machine's files and, where that leaves it empty, their folder. What is gone already
/// is no failure.
pub(super) fn remove(files: &[String]) -> Result<(), Failure> {
    for file in files {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Failure::environment(format!("cannot remove {file}")).because(error));
            }
            _ => {}
        }
    }
    for folder in files.iter().filter_map(|file| Path::new(file).parent()) {
        // Somebody else's file in it keeps it.
        let _ = fs::remove_dir(folder);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_deployment_leaves_nothing_and_a_good_one_is_kept() {
        let parent = tempfile::tempdir().unwrap();
        let folder = MachineFolder::create(parent.path(), "web").unwrap();
        fs::write(folder.path().join("disk.qcow2"), b"x").unwrap();
        assert!(MachineFolder::create(parent.path(), "web").is_err(), "it belongs to somebody");
        drop(folder);
        assert!(!parent.path().join("web").exists());

        let folder = MachineFolder::create(parent.path(), "web").unwrap();
        let file = folder.file("disk.qcow2").unwrap();
        fs::write(&file, b"x").unwrap();
        folder.keep();
        assert!(Path::new(&file).exists());
        remove(&[file.clone(), file]).unwrap();
        assert!(!parent.path().join("web").exists());
    }
}
