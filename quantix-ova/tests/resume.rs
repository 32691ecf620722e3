//! A conversion that was stopped is continued by the next one, and the result is the same as if it
//! had not been; what changed meanwhile begins anew. (That a killed process is continued is tested
//! with the command.)
#![allow(clippy::unwrap_used)] // helpers of tests fail the test

mod common;

use std::{
    fs,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use common::{judge, mixed_disk, names_in, qemu_img_ok, request, text};
use quantix_ova::{
    convert::{Compression, Conversion, ConvertError, Options, Output, convert},
    package::Package,
    watch::{Progress, Unwatched, Watch},
};

/// Stops the work when so many bytes are done.
#[derive(Debug)]
struct StopAt {
    bytes: u64,
    done: AtomicU64,
    first: Mutex<Option<u64>>,
}

impl StopAt {
    fn new(bytes: u64) -> Self {
        Self { bytes, done: AtomicU64::new(0), first: Mutex::new(None) }
    }
}

impl Watch for StopAt {
    fn progress(&self, progress: Progress) {
        self.first.lock().unwrap().get_or_insert(progress.done_bytes);
        self.done.fetch_max(progress.done_bytes, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.done.load(Ordering::Relaxed) >= self.bytes
    }
}

const BYTES: usize = 24 << 20;

/// An OVA with two disks, and the first of them raw.
fn appliance(work: &Path) -> (PathBuf, PathBuf) {
    let raw = work.join("disk.img");
    fs::write(&raw, mixed_disk(61, BYTES)).unwrap();
    let image = work.join("disk.vmdk");
    let option = "subformat=streamOptimized";
    qemu_img_ok(&["convert", "-f", "raw", "-O", "vmdk", "-o", option, text(&raw), text(&image)]);
    let (disk, second) = (fs::read(&image).unwrap(), mixed_disk(62, 5 << 20));
    let files = [("a.ovf", common::OVF.as_bytes()), ("disk.vmdk", &disk), ("data.img", &second)];
    let manifest = common::manifest(&files);
    let ova = work.join("a.ova");
    let all = [files[0], ("a.mf", manifest.as_bytes()), files[1], files[2]];
    fs::write(&ova, common::tar(&all)).unwrap();
    (ova, raw)
}

fn run(
    ova: &Path,
    to: &Path,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Conversion, ConvertError> {
    let disks = [request("d", "disk.vmdk"), request("e", "data.img")];
    convert(&Package::open(ova).unwrap(), &disks, to, options, watch)
}

fn is_resumed(done: &Conversion) -> bool {
    done.findings.iter().any(|finding| finding.code == "resumed")
}

fn resumable() -> Options {
    Options { resumable: true, threads: NonZeroUsize::new(2), ..Options::default() }
}

#[test]
fn a_stopped_conversion_goes_on_and_gives_the_same_bytes() {
    let work = tempfile::tempdir().unwrap();
    let (ova, raw) = appliance(work.path());
    let plain = resumable();
    for options in [
        plain.clone(),
        Options { compress: true, ..plain.clone() },
        Options { compress: true, compression: Compression::Zstd, ..plain.clone() },
        Options { output: Output::Raw, sync: true, ..plain.clone() },
        Options { output: Output::Vmdk, ..plain.clone() },
        Options { verify: false, threads: NonZeroUsize::new(1), ..plain },
    ] {
        let (whole, parts) = (work.path().join("whole"), work.path().join("parts"));
        let expected = run(&ova, &whole, &options, &Unwatched).unwrap();
        // Stopped several times, each time further on.
        for stop in [1, 8 << 20, 20 << 20, 27 << 20] {
            let watch = StopAt::new(stop);
            assert!(run(&ova, &parts, &options, &watch).unwrap_err().is_cancelled());
            assert_eq!(names_in(&parts).len(), 3, "two disks and a journal");
        }
        let watch = StopAt::new(u64::MAX);
        let done = run(&ova, &parts, &options, &watch).unwrap();
        assert!(is_resumed(&done), "{:?}", done.findings);
        assert!(watch.first.lock().unwrap().unwrap() > 20 << 20, "what was done counts as done");
        assert_eq!(done.verified, options.verify);
        assert_eq!(names_in(&parts).len(), 2, "nothing else is left");
        for (done, expected) in done.disks.iter().zip(&expected.disks) {
            assert_eq!(done.written_bytes, expected.written_bytes);
            let same = fs::read(&done.path).unwrap() == fs::read(&expected.path).unwrap();
            assert!(same, "{options:?}");
        }
        judge(&raw, "raw", &done.disks[0].path, &options.output.to_string());
        fs::remove_dir_all(whole).unwrap();
        fs::remove_dir_all(parts).unwrap();
    }
}

#[test]
fn what_changed_meanwhile_begins_anew() {
    let work = tempfile::tempdir().unwrap();
    let (ova, raw) = appliance(work.path());
    let to = work.path().join("out");
    let stop = || {
        let watch = StopAt::new(20 << 20);
        assert!(run(&ova, &to, &resumable(), &watch).unwrap_err().is_cancelled());
    };
    type Change<'a> = (&'a str, Box<dyn Fn() + 'a>, Options);
    let find = |end: &str| {
        let name = names_in(&to).into_iter().find(|name| name.ends_with(end)).unwrap();
        to.join(name)
    };
    let flip = |path: &Path, at: u64| {
        let mut file = fs::File::options().read(true).write(true).open(path).unwrap();
        let mut byte = [0];
        file.seek(SeekFrom::Start(at)).unwrap();
        file.read_exact(&mut byte).unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&[byte[0] ^ 1]).unwrap();
    };
    let changes: Vec<Change<'_>> = vec![
        ("other options", Box::new(|| ()), Options { compress: true, ..resumable() }),
        ("a damaged journal", Box::new(|| flip(&find(".state"), 200)), resumable()),
        ("a journal cut off", Box::new(|| fs::write(find(".state"), "12").unwrap()), resumable()),
        (
            "an unfinished file cut off",
            Box::new(|| fs::write(find("-0.part"), "").unwrap()),
            resumable(),
        ),
        (
            "another file in its place",
            Box::new(|| {
                let path = find("-0.part");
                let copy = path.with_extension("copy");
                fs::copy(&path, &copy).unwrap();
                fs::rename(copy, path).unwrap();
            }),
            resumable(),
        ),
        (
            // The same bytes written again: nobody can tell, so it counts as changed.
            "the appliance",
            Box::new(|| {
                let bytes = fs::read(&ova).unwrap();
                fs::remove_file(&ova).unwrap();
                fs::write(&ova, bytes).unwrap();
            }),
            resumable(),
        ),
    ];
    for (what, change, options) in changes {
        stop();
        change();
        let done = run(&ova, &to, &options, &Unwatched).unwrap();
        assert!(!is_resumed(&done), "{what}");
        assert_eq!(names_in(&to), ["data.qcow2", "disk.qcow2"], "{what}");
        judge(&raw, "raw", &done.disks[0].path, "qcow2");
        fs::remove_dir_all(&to).unwrap();
    }
}

/// A change within the appliance that leaves its size and time alone is found by its digest.
#[test]
fn a_part_that_changes_behind_the_journal_is_never_called_verified() {
    let work = tempfile::tempdir().unwrap();
    let (ova, _) = appliance(work.path());
    let to = work.path().join("out");
    let watch = StopAt::new(4 << 20);
    assert!(run(&ova, &to, &resumable(), &watch).unwrap_err().is_cancelled());
    let times = fs::metadata(&ova).unwrap();
    let package = Package::open(&ova).unwrap();
    let second = package.members().iter().find(|member| member.name == "data.img").unwrap().offset;
    let mut file = fs::File::options().write(true).open(&ova).unwrap();
    file.seek(SeekFrom::Start(second + 100_000)).unwrap();
    file.write_all(b"other bytes").unwrap();
    file.set_modified(times.modified().unwrap()).unwrap();
    drop(file);
    let error = run(&ova, &to, &resumable(), &Unwatched).unwrap_err();
    assert!(error.failed_verification().is_some(), "{error}");
    assert!(names_in(&to).is_empty(), "what is wrong is not kept");
}

#[test]
fn without_being_asked_nothing_is_kept() {
    let work = tempfile::tempdir().unwrap();
    let (ova, _) = appliance(work.path());
    let to = work.path().join("out");
    let watch = StopAt::new(9 << 20);
    let error = run(&ova, &to, &Options::default(), &watch).unwrap_err();
    assert!(error.is_cancelled() && !to.exists());
}

#[test]
fn two_at_once_do_not_write_into_each_others_files() {
    let work = tempfile::tempdir().unwrap();
    let (ova, _) = appliance(work.path());
    let to = work.path().join("out");
    let watch = StopAt::new(9 << 20);
    assert!(run(&ova, &to, &resumable(), &watch).unwrap_err().is_cancelled());
    let part = names_in(&to).into_iter().find(|name| name.ends_with("-0.part")).unwrap();
    let held = fs::File::open(to.join(part)).unwrap();
    held.lock().unwrap();
    let error = run(&ova, &to, &resumable(), &Unwatched).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(error.is_target() && cause.contains("another process"), "{error}: {cause}");
    // Other options give other files; those of the first are not touched while it is at work.
    let other = Options { output: Output::Raw, ..resumable() };
    run(&ova, &to, &other, &Unwatched).unwrap();
    assert_eq!(names_in(&to).len(), 5);
    drop(held);
    assert!(is_resumed(&run(&ova, &to, &resumable(), &Unwatched).unwrap()));
}
