//! Converting the disks of an appliance while its digests are checked, without unpacking it.
//!
//! All threads share one list of work: pieces of members to hash, pieces of disks to convert.
//! Disks are written to files in the target folder that get their names only when every disk is
//! complete and every digest right; after a failure nothing is left. What a killed process did is
//! continued by the next conversion of the same package into the same folder.

mod appliance;
mod engine;
mod error;
mod gzip;
mod hash;
mod instant;
mod journal;
mod open;
mod output;
mod pack;
mod share;
mod target;

use std::{
    fmt,
    fs::File,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Instant,
};

use quantix_core::Finding;
use serde::{Deserialize, Serialize};

pub use self::{
    appliance::{convert_appliance, pull_appliance, requests},
    error::ConvertError,
    gzip::UNPACKED_BYTES_MAX,
    instant::pull,
};
use self::{engine::Keeper, journal::Journal, target::Target};
pub(crate) use self::{engine::Work, hash::Lanes, open::Opened, output::Output as WorkOutput};
use crate::{
    disk::Check,
    manifest::{self, Manifest, VerifyOptions},
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether what is done is kept when the watcher cancels or the storage or the network fails,
    /// so that the next conversion of the same package into the same folder goes on there. What a
    /// killed process did is kept in any case.
    pub resumable: bool,
    /// Trusted certificates, in PEM; with any, only a package whose signature leads to one is
    /// converted, and only where `verify` is set.
    pub roots: Option<String>,
    /// Whether signatures made with SHA-1 count.
    pub allow_sha1: bool,
    /// When certificates must be good, in seconds since 1970; without it, their dates are told and
    /// not judged.
    pub at: Option<i64>,
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
            resumable: false,
            roots: None,
            allow_sha1: false,
            at: None,
        }
    }
}

impl Options {
    /// Whom the caller trusts.
    fn trust(&self) -> Result<Trust, ConvertError> {
        let Self { threads, roots, allow_sha1, at, .. } = self.clone();
        let trust = VerifyOptions { threads, roots, allow_sha1, at }.trust();
        trust.map_err(ConvertError::trust)
    }

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
    let trust = options.trust()?;
    let mut findings = Vec::new();
    let manifest = package.manifest().map(|text| Manifest::parse(&text.bytes));
    let checked = manifest.as_ref().filter(|_| options.verify);
    let mut lanes = match checked {
        Some(manifest) => Lanes::open(package, &manifest::wanted(package, manifest))?,
        None => Lanes::default(),
    };
    let mut target = Target::new(folder)?;
    let opened = open::disks(package, disks, &lanes, folder, watch, &mut findings)?;
    target.named_after(journal::key(package, &opened, disks, options));
    let mut files = Vec::new();
    for disk in &opened {
        files.push(target.reserve(&disk.name, options.output)?.file);
    }
    target.remove_stale();
    let outputs = outputs(&opened, &files, options, &mut lanes, &target, &mut findings)?;
    let keeper = target.journal().map(|path| Keeper::new(path, target.names(), options.sync));
    if let Some(keeper) = &keeper {
        // Without it nothing can be continued, but everything can be done.
        let _ = keeper.save(&outputs, &lanes);
    }
    let work = Work::new(&lanes, &outputs, watch).kept(keeper.as_ref());
    if let Err(error) = work.run(options.thread_count()) {
        if options.resumable && error.is_passing() {
            if keeper.is_some_and(|keeper| keeper.save(&outputs, &lanes).is_ok()) {
                target.keep();
            }
            return Err(error);
        }
        return Err(match checked {
            Some(_) => blamed(package, error, options, watch)?,
            None => error,
        });
    }
    let verification = manifest::judge(package, checked, &lanes.finish(), &trust);
    let is_asked_for = checked.is_some() || (options.verify && trust.has_roots());
    if is_asked_for && !verification.ok {
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

/// The outputs, as far as an earlier process got, or empty.
fn outputs<'d>(
    opened: &'d [Opened],
    files: &[Arc<File>],
    options: &Options,
    lanes: &mut Lanes,
    target: &Target,
    findings: &mut Vec<Finding>,
) -> Result<Vec<WorkOutput<'d>>, ConvertError> {
    let make = |lanes: &Lanes| -> Vec<WorkOutput<'d>> {
        let output = |(disk, file): (&'d Opened, &Arc<File>)| {
            let check = match lanes.covers(&disk.members) && !options.check_grains {
                true => Check::Header,
                false => Check::Inflate,
            };
            WorkOutput::new(disk, Arc::clone(file), options, check)
        };
        opened.iter().zip(files).map(output).collect()
    };
    if let Some(saved) = target.journal().and_then(|path| Journal::read(&path)) {
        let outputs = make(lanes);
        let restored = saved.outputs.len() == outputs.len()
            && outputs.iter().zip(saved.outputs).all(|(o, state)| o.restore(state).is_some())
            && lanes.restore(&saved.lanes).is_some();
        if restored {
            // A disk that was not begun is read anew for its digest too.
            let begun = outputs.iter().zip(opened).filter(|(o, _)| o.converted_bytes() > 0);
            lanes.restart_but(&begun.flat_map(|(_, disk)| &disk.members).collect::<Vec<_>>());
            let bytes: u64 = outputs.iter().map(WorkOutput::converted_bytes).sum();
            let text = format!("an earlier conversion was continued, {bytes} bytes of disk in");
            if bytes > 0 {
                findings.push(Finding::info("resumed", text));
            }
            return Ok(outputs);
        }
        lanes.restart_but(&[]);
    }
    for (file, disk) in files.iter().zip(opened) {
        file.set_len(0)
            .map_err(|error| ConvertError::target(&*disk.name, "empty its file", error))?;
    }
    Ok(make(lanes))
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
    let mut answer = manifest::verify_trusting(package, &options.trust()?, threads, watch)?;
    if answer.ok {
        return Ok(error);
    }
    answer.findings.push(Finding::error("damaged-disk", error.to_string()));
    Ok(ConvertError::verification(answer))
}
