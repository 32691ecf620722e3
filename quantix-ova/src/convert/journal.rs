//! What a conversion has done so far, on disk, so that a killed one is continued by the next.
//!
//! The journal lies beside the unfinished files. It is named after everything that the result
//! depends on: the files of the package as they are (size, time of change, place), its descriptor
//! and manifest, the disks asked for and how. Digests go on from where they were, so that in the
//! end the manifest vouches for every byte that was converted, in this process or the one before.
//!
//! What was not flushed to the storage counts for as long as the machine runs.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{DiskRequest, Opened, Options};
use crate::{
    disk::write::Placed,
    manifest::{Algorithm, Digest, Hasher},
    package::Package,
};

/// After so many converted bytes of disk the journal is written again.
pub(super) const INTERVAL_BYTES: u64 = 128 << 20;
/// The most bytes that a journal may have.
const JOURNAL_BYTES_MAX: u64 = 256 << 20;
const VERSION: u32 = 1;

/// What was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    version: u32,
    /// The run of the machine during which it was written, unless everything was flushed.
    boot: Option<String>,
    /// What the results will be called.
    pub(super) names: Vec<String>,
    pub(super) outputs: Vec<OutputState>,
    pub(super) lanes: Vec<LaneState>,
}

/// How far a disk is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutputState {
    /// Device and inode of the unfinished file.
    pub(super) file: (u64, u64),
    /// The byte of the disk up to which it is done.
    pub(super) offset: u64,
    pub(super) populated_bytes: u64,
    pub(super) placed: Placed,
}

/// How far a digest is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LaneState {
    pub(super) name: String,
    pub(super) algorithm: Algorithm,
    pub(super) hashed: u64,
    /// The hasher, as hexadecimal digits.
    state: String,
}

impl OutputState {
    /// The state of a disk that was not begun.
    pub(super) fn new(file: &File, placed: Placed) -> io::Result<Self> {
        Ok(Self { file: inode(file)?, offset: 0, populated_bytes: 0, placed })
    }
}

impl LaneState {
    pub(super) fn new(name: &str, algorithm: Algorithm, hashed: u64, hasher: &Hasher) -> Self {
        let state = hasher.save().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { name: name.to_owned(), algorithm, hashed, state }
    }

    pub(super) fn hasher(&self) -> Option<Hasher> {
        Hasher::restore(self.algorithm, Digest::from_hex(&self.state)?.as_bytes())
    }
}

/// Device and inode of a file.
pub(super) fn inode(file: &File) -> io::Result<(u64, u64)> {
    let found = file.metadata()?;
    Ok((found.dev(), found.ino()))
}

/// Names everything that the result depends on; `None` when the package cannot be told from
/// another, so that nothing can be continued.
pub(super) fn key(
    package: &Package,
    opened: &[Opened],
    disks: &[DiskRequest],
    options: &Options,
) -> Option<String> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(&package.descriptor().bytes);
    add(package.manifest().map_or(b"", |text| &text.bytes));
    let mut names: Vec<&String> = opened.iter().flat_map(|disk| &disk.members).collect();
    names.push(&package.descriptor().name);
    for name in names {
        let member = package.find(name).ok()?;
        add(name.as_bytes());
        add(package.open_member(&member).ok()?.identity()?.as_bytes());
    }
    add(format!("{disks:?}").as_bytes());
    let Options { output, compress, compression, verify, check_grains, .. } = options;
    add(format!("{output:?} {compress} {compression:?} {verify} {check_grains}").as_bytes());
    Some(hasher.finish().to_string()[..24].to_owned())
}

/// Where the journal of this key lies.
pub(super) fn path(folder: &Path, key: &str) -> PathBuf {
    folder.join(format!(".quantix-{key}.state"))
}

/// Whether a file of this name is a journal; its key.
pub(super) fn key_of(name: &str) -> Option<&str> {
    name.strip_prefix(".quantix-")?.strip_suffix(".state")
}

impl Journal {
    pub(super) fn new(
        names: Vec<String>,
        outputs: Vec<OutputState>,
        lanes: Vec<LaneState>,
        flushed: bool,
    ) -> Self {
        let boot = if flushed { None } else { Some(boot()) };
        Self { version: VERSION, boot, names, outputs, lanes }
    }

    /// Writes it in the place of the one before: the old one or the new one is there, whatever
    /// happens meanwhile.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let body = serde_json::to_vec(self).map_err(io::Error::other)?;
        let next = path.with_extension("state-next");
        let mut file = File::create(&next)?;
        file.write_all(digest(&body).as_bytes())?;
        file.write_all(b"\n")?;
        file.write_all(&body)?;
        if self.boot.is_none() {
            file.sync_all()?;
        }
        drop(file);
        fs::rename(&next, path)
    }

    /// Reads one; `None` when there is none, it is damaged, or the machine was restarted before
    /// what it tells of was flushed.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let is_known = |then: &String| !then.is_empty() && *then == boot();
        Self::read_any(path).filter(|journal| journal.boot.as_ref().is_none_or(is_known))
    }

    /// Reads one whose files may not be what it says.
    pub(super) fn read_any(path: &Path) -> Option<Self> {
        if fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?.len() > JOURNAL_BYTES_MAX
        {
            return None;
        }
        let text = fs::read_to_string(path).ok()?;
        let (sum, body) = text.split_once('\n')?;
        let journal: Self =
            serde_json::from_str(body).ok().filter(|_| sum == digest(body.as_bytes()))?;
        (journal.version == VERSION).then_some(journal)
    }
}

fn digest(bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(bytes);
    hasher.finish().to_string()
}

/// What tells this run of the machine from others.
fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}
