//! Instant import: overlays that read the disks where they lie, and the copy that comes later.
//!
//! An overlay is a qcow2 image that holds nothing yet; where it has nothing, QEMU reads the disk
//! inside the appliance itself (`json:` with driver, file, offset and size). A machine can start
//! on it within milliseconds. [`pull`] copies the rest once the machine is off; a running one does
//! the same by `virsh blockpull`.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use quantix_core::Finding;
use serde_json::json;

use super::{
    Conversion, ConvertError, ConvertedDisk, DiskRequest, Lanes, Opened, Options, Output, Work,
    WorkOutput, open, target::Target,
};
use crate::{
    disk::{
        self, Check, DiskError, Fault, Format,
        write::{BACKING_BYTES_MAX, Backing, Qcow2, Sink},
    },
    manifest::{self, Manifest, verify_trusting},
    package::{FileSource, Package, stem},
    watch::Watch,
};

/// Makes an overlay for each disk; see [`convert`](super::convert).
pub(super) fn overlays(
    package: &Package,
    disks: &[DiskRequest],
    folder: &Path,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Conversion, ConvertError> {
    let start = Instant::now();
    if options.output != Output::Qcow2 || options.compress {
        return Err(ConvertError::request("all", "only plain qcow2 files can be made instantly"));
    }
    let mut findings = Vec::new();
    let mut target = Target::new(folder)?;
    let lanes = Lanes::default();
    let opened = open::disks(package, disks, &lanes, folder, watch, &mut findings)?;
    let mut verified = false;
    let trust = options.trust()?;
    if options.verify && (package.manifest().is_some() || trust.has_roots()) {
        let threads = options.threads.unwrap_or_else(super::all_threads);
        let answer = verify_trusting(package, &trust, threads, watch)?;
        if !answer.ok {
            return Err(ConvertError::verification(answer));
        }
        (verified, findings) = (true, [answer.findings, findings].concat());
    }
    let mut done = Vec::new();
    for (opened, request) in opened.iter().zip(disks) {
        let virtual_bytes = opened.image.virtual_bytes();
        let fail = |error| ConvertError::target(folder, "write an overlay into this folder", error);
        let reserved = target.reserve(&opened.name, Output::Qcow2)?;
        let mut sink = match backing(package, request, opened)? {
            Some(backing) => Qcow2::over(virtual_bytes, backing),
            None => Qcow2::new(virtual_bytes),
        };
        let written_bytes = sink.finish(&reserved.file).map_err(fail)?;
        if options.sync {
            reserved.file.sync_all().map_err(fail)?;
        }
        let (id, source) = (request.id.clone(), request.href.clone());
        done.push(ConvertedDisk { id, source, path: PathBuf::new(), virtual_bytes, written_bytes });
    }
    for (disk, path) in done.iter_mut().zip(target.commit()?) {
        disk.path = path;
    }
    let text = "the disks are read from the appliance until they are pulled: keep it where it is";
    findings.push(Finding::info("instant", text).at(package.path().display().to_string()));
    let seconds = start.elapsed().as_secs_f64();
    Ok(Conversion { disks: done, verified, seconds, findings })
}

/// What an overlay of this disk reads; `None` for a disk that starts empty.
fn backing(
    package: &Package,
    request: &DiskRequest,
    opened: &Opened,
) -> Result<Option<Backing>, ConvertError> {
    let refuse = |reason| Err(ConvertError::request(&request.id, reason));
    let Some(href) = &request.href else { return Ok(None) };
    if request.gzip {
        return refuse("its file is compressed by gzip, so it cannot be read in place; convert it");
    }
    let [_] = opened.members.as_slice() else {
        return refuse("it is made of several files, so it cannot be read in place; convert it");
    };
    let member = package.find(href)?;
    let Some((file, at)) = package.place_on_disk(&member) else {
        return refuse("it does not lie in a file of this machine as it is; convert it");
    };
    let Some(name) = file.to_str() else {
        return refuse("the path of the appliance is not UTF-8, which QEMU's JSON must be");
    };
    let format = match opened.image.format() {
        Format::Vmdk => "vmdk",
        Format::Qcow2 => "qcow2",
        Format::Vdi => "vdi",
        Format::Vhd => "vpc",
        Format::Vhdx => "vhdx",
        Format::Raw => "raw",
    };
    let whole = json!({"driver": "file", "filename": name});
    let part = json!({"driver": "raw", "offset": at, "size": member.bytes, "file": whole});
    let text = match format {
        "raw" => part.to_string(),
        _ => json!({"driver": format, "file": part}).to_string(),
    };
    let file = ["json:", &text].concat();
    if file.len() > BACKING_BYTES_MAX {
        return refuse("the path of the appliance is too long for QEMU; move it or convert it");
    }
    Ok(Some(Backing { file, format }))
}

/// Copies what the overlays in `folder` still read from the appliance, so that they stand alone.
/// What the machine wrote meanwhile stays. Digests are checked in the same pass; nothing changes
/// unless they are right.
///
/// # Errors
/// When an overlay is not there, is in use by a running machine, or was made of another appliance,
/// and as [`convert`](super::convert).
pub fn pull(
    package: &Package,
    disks: &[DiskRequest],
    folder: &Path,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Conversion, ConvertError> {
    let start = Instant::now();
    if options.output != Output::Qcow2 {
        return Err(ConvertError::request("all", "overlays are pulled into qcow2 files"));
    }
    let trust = options.trust()?;
    let manifest = package.manifest().map(|text| Manifest::parse(&text.bytes));
    let checked = manifest.as_ref().filter(|_| options.verify);
    let lanes = match checked {
        Some(manifest) => Lanes::open(package, &manifest::wanted(package, manifest))?,
        None => Lanes::default(),
    };
    let mut findings = Vec::new();
    let opened = open::disks(package, disks, &lanes, folder, watch, &mut findings)?;
    let (mut layered, mut paths, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (opened, request) in opened.into_iter().zip(disks) {
        let path = folder.join(name(&opened.name, &mut names));
        layered.push(over(package, request, opened, &path)?);
        paths.push(path);
    }
    let (mut outputs, mut temporaries) = (Vec::new(), Vec::new());
    for disk in &layered {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".quantix-").suffix(".part");
        let file = builder
            .tempfile_in(folder)
            .map_err(|error| ConvertError::target(folder, "write into this folder", error))?;
        let (file, temporary) = file.into_parts();
        temporaries.push(temporary);
        outputs.push(WorkOutput::new(disk, Arc::new(file), options, Check::Inflate));
    }
    Work::new(&lanes, &outputs, watch).run(options.thread_count())?;
    let verification = manifest::judge(package, checked, &lanes.finish(), &trust);
    if options.verify && (checked.is_some() || trust.has_roots()) && !verification.ok {
        return Err(ConvertError::verification(verification));
    }
    findings.splice(0..0, verification.findings);
    let mut done = Vec::new();
    for ((output, request), path) in outputs.into_iter().zip(disks).zip(&paths) {
        let (virtual_bytes, path) = (output.virtual_bytes(), path.clone());
        let written_bytes = output.finish(true)?;
        let (id, source) = (request.id.clone(), request.href.clone());
        done.push(ConvertedDisk { id, source, path, virtual_bytes, written_bytes });
    }
    for (temporary, path) in temporaries.into_iter().zip(&paths) {
        let fail = |error| ConvertError::target(path, "replace the overlay", error);
        let mode = fs::metadata(path).map_err(fail)?.permissions();
        fs::set_permissions(&temporary, mode).map_err(fail)?;
        temporary.persist(path).map_err(|error| fail(error.error))?;
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Conversion { disks: done, verified: verification.ok, seconds, findings })
}

/// The name that the overlay of this disk got.
fn name(href: &str, names: &mut BTreeSet<String>) -> String {
    let stem = stem(href);
    let numbered = |number: u32| match number {
        0 => format!("{stem}.qcow2"),
        number => format!("{stem}-{number}.qcow2"),
    };
    let free = (0..).map(numbered).find(|name| names.insert(name.to_lowercase()));
    free.unwrap_or_default()
}

/// The overlay at `path` over the disk of the appliance that it was made of.
fn over(
    package: &Package,
    request: &DiskRequest,
    opened: Opened,
    path: &Path,
) -> Result<Opened, ConvertError> {
    let fail = |error| ConvertError::target(path, "read the overlay", error);
    let shown = path.display().to_string();
    let bad = |error| ConvertError::disk(&shown, error);
    let metadata = fs::metadata(path).map_err(fail)?;
    if is_in_use(metadata.ino()) {
        let text = "a running machine uses it; let libvirt pull it (virsh blockpull)";
        return Err(fail(io::Error::new(io::ErrorKind::ResourceBusy, text)));
    }
    let source: Arc<FileSource> = Arc::new(FileSource::open(path).map_err(fail)?);
    let expected = backing(package, request, &opened)?;
    let found = disk::qcow2::backing_name(&*source).map_err(bad)?;
    if found.is_some() && found.as_ref() != expected.as_ref().map(|backing| &backing.file) {
        let parent = found.unwrap_or_default();
        return Err(bad(DiskError::new(Fault::Delta { parent })));
    }
    let below = found.map(|_| opened.image);
    let image = disk::qcow2::open_over(source, below).map_err(bad)?;
    Ok(Opened { name: opened.name, image: Box::new(image), members: opened.members })
}

/// Whether QEMU holds one of its locks on the file of this inode, as far as Linux tells.
fn is_in_use(inode: u64) -> bool {
    let Ok(locks) = File::open("/proc/locks").and_then(io::read_to_string) else { return false };
    let ending = format!(":{inode}");
    locks.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.any(|word| word == "OFDLCK") && words.any(|word| word.ends_with(&ending))
    })
}
