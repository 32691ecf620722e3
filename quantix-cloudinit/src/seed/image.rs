//! [`SeedImage`]: an image in memory, and how it gets to a file.

use std::{
    fmt,
    io::{self, Write as _},
    path::Path,
    str::FromStr,
};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{fat, iso, tree::Tree};

/// The most files that an image may have.
pub const SEED_FILES_MAX: usize = 64;
/// The most bytes that the files of an image may have together.
pub const SEED_BYTES_MAX: usize = 64 << 20;
/// The most bytes that one part of a file's name may have.
pub const SEED_NAME_BYTES_MAX: usize = 64;
/// The most parts that a file's name may have.
pub const SEED_DEPTH_MAX: usize = 6;

/// A file of a seed image.
#[derive(Clone, PartialEq, Eq)]
pub struct SeedFile {
    /// Relative name, parts joined by `/`, such as `openstack/latest/user_data`.
    pub name: String,
    /// The content.
    pub bytes: Vec<u8>,
}

impl SeedFile {
    /// A file.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }
}

/// Shows the size only: user-data holds secrets.
impl fmt::Debug for SeedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeedFile({:?}, {} bytes)", self.name, self.bytes.len())
    }
}

/// The volume label by which a guest finds its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VolumeLabel {
    /// `cidata`: `NoCloud`.
    Cidata,
    /// `config-2`: `ConfigDrive`.
    Config2,
    /// `unattend`: Windows Setup looks on every volume, whatever its label.
    Unattend,
    /// `ignition`: for platforms that hand a config to Ignition on a volume.
    Ignition,
    /// `OVF ENV`: for guests that look for the properties of their appliance.
    OvfEnvironment,
}

impl VolumeLabel {
    /// The label as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cidata => "cidata",
            Self::Config2 => "config-2",
            Self::Unattend => "unattend",
            Self::Ignition => "ignition",
            Self::OvfEnvironment => "OVF ENV",
        }
    }
}

/// The file system of a seed image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// ISO 9660 with Joliet and Rock Ridge.
    #[default]
    Iso9660,
    /// FAT12 with long names.
    Fat,
}

impl FromStr for ImageFormat {
    type Err = SeedError;

    /// Reads `iso` or `vfat`.
    fn from_str(text: &str) -> Result<Self, SeedError> {
        match text {
            "iso" => Ok(Self::Iso9660),
            "vfat" => Ok(Self::Fat),
            _ => Err(SeedError(Problem::Format(text.chars().take(64).collect()))),
        }
    }
}

/// Why an image cannot be made or written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SeedError(#[from] Problem);

#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("unknown image format {0:?}: expected \"iso\" or \"vfat\"")]
    Format(String),
    #[error("unknown seed source {0:?}: expected \"nocloud\" or \"configdrive\"")]
    Source(String),
    #[error("{0} files: a seed image has at most {SEED_FILES_MAX}")]
    TooManyFiles(usize),
    #[error("{0} bytes: the files of a seed image have at most {SEED_BYTES_MAX} together")]
    TooLarge(usize),
    #[error(
        "file name {name:?}: {problem}; use up to {SEED_DEPTH_MAX} parts joined by /, each of 1 to \
         {SEED_NAME_BYTES_MAX} of the characters a-z A-Z 0-9 . _ -"
    )]
    Name { name: String, problem: &'static str },
    #[error("{document} is not valid: {problem}")]
    Document { document: &'static str, problem: String },
    #[error("cannot write {path}")]
    Write { path: String, source: io::Error },
}

impl SeedError {
    /// Whether the file system refused, rather than the input being wrong.
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(self.0, Problem::Write { .. })
    }
}

/// A seed image in memory.
#[derive(Clone, PartialEq, Eq)]
pub struct SeedImage {
    bytes: Vec<u8>,
    label: VolumeLabel,
    format: ImageFormat,
}

impl fmt::Debug for SeedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeedImage({:?}, {:?}, {} bytes)", self.format, self.label, self.bytes.len())
    }
}

impl SeedImage {
    /// Makes an image of these files.
    ///
    /// # Errors
    /// A name that is not portable or given twice (case aside), or a limit that is exceeded.
    pub fn build(
        files: &[SeedFile],
        label: VolumeLabel,
        format: ImageFormat,
    ) -> Result<Self, SeedError> {
        let tree = Tree::new(files)?;
        let bytes = match format {
            ImageFormat::Iso9660 => iso::write(&tree, files, label.as_str()),
            ImageFormat::Fat => fat::write(&tree, files, label.as_str()),
        };
        Ok(Self { bytes, label, format })
    }

    /// The image.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The image, taken out.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Its volume label.
    #[must_use]
    pub fn label(&self) -> VolumeLabel {
        self.label
    }

    /// Its file system.
    #[must_use]
    pub fn format(&self) -> ImageFormat {
        self.format
    }

    /// SHA-256 of the image in lower-case hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        Sha256::digest(&self.bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Writes the image to a file that only its owner can read, replacing it in one step.
    ///
    /// A temporary file beside `path` is written, synced and renamed, and removed on any failure:
    /// nobody ever sees half an image, and a seed with secrets is never readable by others.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write_to(&self, path: &Path) -> Result<SeedReport, SeedError> {
        self.write_file(path)
            .map_err(|source| Problem::Write { path: path.display().to_string(), source })?;
        Ok(SeedReport {
            path: path.display().to_string(),
            bytes: self.bytes.len(),
            sha256: self.sha256(),
            label: self.label.as_str(),
        })
    }

    fn write_file(&self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut file = tempfile::Builder::new()
            .prefix(".seed-")
            .tempfile_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(&self.bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// What was written: the answer of `quantix seed build`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeedReport {
    /// Where.
    pub path: String,
    /// Size in bytes.
    pub bytes: usize,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// The volume label.
    pub label: &'static str,
}
