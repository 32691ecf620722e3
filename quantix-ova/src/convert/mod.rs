//! Converting the disks of an appliance while its digests are checked, without unpacking it.
//!
//! All threads share one list of work: pieces of members to hash, pieces of disks to convert.
//! Disks are written to nameless files in the target folder, which get their names only when
//! every disk is complete and every digest right; after a failure nothing is left.

mod appliance;
mod engine;
mod error;
mod gzip;
mod hash;
mod instant;
mod open;
mod output;
mod pack;
mod share;
mod target;

use std::{
    fmt,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
    time::Instant,
};

use quantix_core::Finding;
use serde::{Deserialize, Serialize};

use self::target::Target;
pub use self::{
    appliance::{convert_appliance, pull_appliance, requests},
    error::ConvertError,
    gzip::UNPACKED_BYTES_MAX,
    instant::pull,
};
pub(crate) use self::{engine::Work, hash::Lanes, open::Opened, output::Output as WorkOutput};
use crate::{
    disk::Check,
    manifest::{self, Manifest},
    package::Package,
    signature::Trust,
    watch::Watch,
};

/// The most threads that a conversion uses.
pub const THREADS_MAX: usize = 256;

/// The format that disks are converted to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// qcow2, version 3, 64 KiB clusters.
    #[default]
    Qcow2,
    /// A sparse raw file.
    Raw,
    /// Stream-optimized VMDK, as appliances ship it.
    Vmdk,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Qcow2 => "qcow2",
            Self::Raw => "raw",
            Self::Vmdk => "vmdk",
        })
    }
}

/// How clusters of a qcow2 are compressed, where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Deflate, which every QEMU reads. Grains of a stream-optimized VMDK and deflated clusters of
    /// a qcow2 move across without being compressed again.
    #[default]
    Deflate,
    /// Zstandard, which QEMU reads from version 5.1 on: smaller, and faster to read.
    Zstd,
}

/// A disk to convert, as the descriptor names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskRequest {
    /// The id of the disk.
    pub id: String,
    /// The file of the package that holds it; a disk without one starts empty.
    pub href: Option<String>,
    /// The size of that file that the descriptor declares, if it is known.
    pub file_bytes: Option<u64>,
    /// The capacity that the descriptor declares, if it is known; needed for a disk that starts
    /// empty.
    pub capacity_bytes: Option<u64>,
    /// Whether the file is gzip-compressed as a whole.
    pub gzip: bool,
    /// The size of the chunks into which the file was split, if it was.
    pub chunk_bytes: Option<u64>,
}

/// How to convert. As a document, every field may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The format of the result; `format` in a document.
    #[serde(rename = "format")]
    pub output: Output,
    /// Whether clusters are compressed, for qcow2 only.
    pub compress: bool,
    /// How they are compressed.
    pub compression: Compression,
    /// How many threads work; by default one per processor.
    pub threads: Option<NonZeroUsize>,
    /// Whether digests must match; without a manifest there is nothing to match.
    pub verify: bool,
    /// Whether every grain is inflated in full although a digest vouches for it and it could be
    /// moved across as it is.
    pub check_grains: bool,
    /// Whether results are flushed to the storage before they get their names.
    pub sync: bool,
    /// Whether nothing is copied: each result is an overlay that reads the disk inside the
    /// appliance, which must be a file of this machine and stay where it is until [`pull`].
    pub instant: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            output: Output::Qcow2,
            compress: false,
            compression: Compression::Deflate,
            threads: None,
            verify: true,
            check_grains: false,
            sync: false,
            instant: false,
        }
    }
}

impl Options {
    pub(crate) fn thread_count(&self) -> usize {
        self.threads.unwrap_or_else(all_threads).get().clamp(1, THREADS_MAX)
    }
}

/// One thread per processor.
fn all_threads() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// One disk of a [`Conversion`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvertedDisk {
    /// The id of the disk in the descriptor.
    pub id: String,
    /// The file of the package that it came from; none for a disk that starts empty.
    pub source: Option<String>,
    /// The file that was made.
    pub path: PathBuf,
    /// The size that the guest sees.
    pub virtual_bytes: u64,
    /// How many bytes were written to the file.
    pub written_bytes: u64,
}

/// The answer of [`convert`]: the document of `quantix ova convert`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    /// The disks, in the order asked for.
    pub disks: Vec<ConvertedDisk>,
    /// Whether a manifest vouched for every byte.
    pub verified: bool,
    /// How long it took.
    pub seconds: f64,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

/// Converts disks of the package into files of `folder`, which is made if it does not exist.
///
/// The same package and options give the same bytes on any number of threads.
///
/// # Errors
/// When the package is ambiguous, a digest differs, a disk is missing or damaged, the target
/// exists already or cannot be written, or the watcher cancels. Nothing is left in the folder.
///
/// # Example
/// ```no_run
/// use quantix_ova::{convert::{convert, DiskRequest, Options}, package::Package, watch::Unwatched};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let package = Package::open("appliance.ova".as_ref())?;
/// let disk = DiskRequest {
///     id: "vmdisk1".into(),
///     href: Some("appliance-disk1.vmdk".into()),
///     ..DiskRequest::default()
/// };
/// let done = convert(&package, &[disk], "images".as_ref(), &Options::default(), &Unwatched)?;
/// println!("{}", done.disks[0].path.display());
/// # Ok(())
/// # }
/// ```
pub fn convert(
    package: &Package,
    disks: &[DiskRequest],
    folder: &Path,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Conversion, ConvertError> {
    let start = Instant::now();
    if let Some(finding) = package.findings().iter().find(|finding| finding.is_error()) {
        return Err(ConvertError::ambiguous(finding.clone()));
    }
    if disks.is_empty() {
        return Err(ConvertError::no_disk());
    }
    if options.instant {
        return instant::overlays(package, disks, folder, options, watch);
    }
    let mut findings = Vec::new();
    let manifest = package.manifest().map(|text| Manifest::parse(&text.bytes));
    let lanes = match manifest.as_ref().filter(|_| options.verify) {
        Some(manifest) => Lanes::open(package, &manifest::wanted(package, manifest))?,
        None => Lanes::default(),
    };
    let mut target = Target::new(folder)?;
    let opened = open::disks(package, disks, &lanes, folder, watch, &mut findings)?;
    let mut outputs = Vec::new();
    for disk in &opened {
        let check = match lanes.covers(&disk.members) && !options.check_grains {
            true => Check::Header,
            false => Check::Inflate,
        };
        let name = target.reserve(&disk.name, options.output)?;
        outputs.push(WorkOutput::new(disk, name.file, options, check));
    }
    let work = Work::new(&lanes, &outputs, watch);
    let checked = manifest.as_ref().filter(|_| options.verify);
    if let Err(error) = work.run(options.thread_count()) {
        return Err(match checked {
            Some(_) => blamed(package, error, options, watch)?,
            None => error,
        });
    }
    let verification = manifest::judge(package, checked, &lanes.finish(), &Trust::default());
    if options.verify && manifest.is_some() && !verification.ok {
        return Err(ConvertError::verification(verification));
    }
    findings.splice(0..0, verification.findings);
    let mut done = Vec::new();
    for (output, request) in outputs.into_iter().zip(disks) {
        let virtual_bytes = output.virtual_bytes();
        let written_bytes = output.finish(options.sync)?;
        let (id, source) = (request.id.clone(), request.href.clone());
        done.push(ConvertedDisk { id, source, path: PathBuf::new(), virtual_bytes, written_bytes });
    }
    for (disk, path) in done.iter_mut().zip(target.commit()?) {
        disk.path = path;
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Conversion { disks: done, verified: verification.ok, seconds, findings })
}

/// A damaged disk in a package that differs from its manifest is the manifest's finding: the same
/// answer whichever of the two is met first.
fn blamed(
    package: &Package,
    error: ConvertError,
    options: &Options,
    watch: &dyn Watch,
) -> Result<ConvertError, ConvertError> {
    if error.disk_error().is_none() {
        return Ok(error);
    }
    let threads = options.threads.unwrap_or_else(all_threads);
    let mut answer = manifest::verify(package, threads, watch)?;
    if answer.ok {
        return Ok(error);
    }
    answer.findings.push(Finding::error("damaged-disk", error.to_string()));
    Ok(ConvertError::verification(answer))
}
