//! What rendering gives, and how it gets to a directory.

use std::{fmt, io, path::Path};

use quantix_core::Finding;
use serde::Serialize;

use crate::seed::{ImageFormat, SeedError, SeedFile, SeedImage, VolumeLabel};

/// The rendered files of one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    files: Vec<SeedFile>,
    hostname: String,
    label: VolumeLabel,
    findings: Vec<Finding>,
}

/// The answer of `quantix spec render`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RenderReport {
    /// Names of the files, relative to their directory.
    pub files: Vec<String>,
    /// The host name that the guest gets.
    pub hostname: Option<String>,
    /// Everything that was found; without errors where files were rendered.
    pub faults: Vec<Finding>,
}

/// A spec or a machine with faults, all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError(Vec<Finding>);

impl RenderError {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        Self(findings)
    }

    /// Everything that was found; at least one error.
    #[must_use]
    pub fn faults(&self) -> &[Finding] {
        &self.0
    }

    /// The answer of `quantix spec render`: no files, no host name, the faults.
    #[must_use]
    pub fn report(&self) -> RenderReport {
        RenderReport { faults: self.0.clone(), ..RenderReport::default() }
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors: Vec<&Finding> = self.0.iter().filter(|finding| finding.is_error()).collect();
        match errors[..] {
            [one] => write!(f, "the spec cannot be rendered: {one}"),
            _ => write!(f, "the spec cannot be rendered: {} faults", errors.len()),
        }
    }
}

impl std::error::Error for RenderError {}

/// A file that could not be written. Nothing of the rendering is left behind.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}")]
pub struct WriteError {
    path: String,
    source: io::Error,
}

impl Rendered {
    pub(super) fn new(
        files: Vec<SeedFile>,
        hostname: String,
        label: VolumeLabel,
        findings: Vec<Finding>,
    ) -> Self {
        Self { files, hostname, label, findings }
    }

    /// The files, in the order of their names.
    #[must_use]
    pub fn files(&self) -> &[SeedFile] {
        &self.files
    }

    /// The content of a file.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.iter().find(|file| file.name == name).map(|file| &*file.bytes)
    }

    /// The names of the files.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.files.iter().map(|file| file.name.as_str()).collect()
    }

    /// The host name that the guest gets, with its domain where it has one.
    #[must_use]
    pub fn hostname(&self) -> &str {
        &self.hostname
    }

    /// What is doubtful or was changed; no errors.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The files as a seed image, labelled as the target looks for it.
    ///
    /// # Errors
    /// When the files are larger than an image may be.
    pub fn seed_image(&self, format: ImageFormat) -> Result<SeedImage, SeedError> {
        SeedImage::build(&self.files, self.label, format)
    }

    /// The answer of `quantix spec render`.
    #[must_use]
    pub fn report(&self) -> RenderReport {
        RenderReport {
            files: self.files.iter().map(|file| file.name.clone()).collect(),
            hostname: Some(self.hostname.clone()),
            faults: self.findings.clone(),
        }
    }

    /// Writes the files into a directory, which is made where it is missing; only the owner can
    /// read them. When one cannot be written, none is left.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write_to(&self, dir: &Path) -> Result<RenderReport, WriteError> {
        let failed = |path: &Path, source| WriteError { path: path.display().to_string(), source };
        let is_new = !dir.exists();
        std::fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
        // All content is on disk under temporary names before the first file gets its own.
        let written = self.stage(dir).and_then(|staged| {
            for (path, file) in staged {
                file.persist(&path).map_err(|error| failed(&path, error.error))?;
            }
            Ok(())
        });
        match written {
            Ok(()) => Ok(self.report()),
            Err(error) => {
                if is_new {
                    // The first error is the one to tell; an empty directory does no harm.
                    let _ = std::fs::remove_dir_all(dir);
                }
                Err(error)
            }
        }
    }

    fn stage(
        &self,
        dir: &Path,
    ) -> Result<Vec<(std::path::PathBuf, tempfile::NamedTempFile)>, WriteError> {
        let mut staged = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let path = dir.join(&file.name);
            let stage = || -> io::Result<tempfile::NamedTempFile> {
                let parent = path.parent().unwrap_or(dir);
                std::fs::create_dir_all(parent)?;
                if path.is_dir() {
                    return Err(io::Error::from(io::ErrorKind::IsADirectory));
                }
                let mut temporary =
                    tempfile::Builder::new().prefix(".render-").tempfile_in(parent)?;
                io::Write::write_all(&mut temporary, &file.bytes)?;
                Ok(temporary)
            };
            let temporary = stage()
                .map_err(|source| WriteError { path: path.display().to_string(), source })?;
            staged.push((path, temporary));
        }
        Ok(staged)
    }
}
