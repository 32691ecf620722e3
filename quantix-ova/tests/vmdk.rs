//! VMDKs of every shape, made here, judged by `qemu-img`.
#![allow(clippy::unwrap_used)] // helpers of tests fail the test

mod common;
#[path = "common/images.rs"]
mod images;

use std::{fs, path::Path, sync::Arc};

use common::{judge, mixed_disk, qemu_img_ok, request, text};
use images::{Stream, cowd, descriptor, monolithic_sparse, se_sparse, stream_optimized};
use quantix_ova::{
    convert::{Conversion, ConvertError, Options, Output, convert},
    disk::{self, NoExtents, Scratch},
    package::Package,
    watch::Unwatched,
};

/// Puts files into a folder of their own and converts the disk `name` of it.
fn convert_files(
    work: &Path,
    files: &[(&str, &[u8])],
    options: &Options,
) -> Result<Conversion, ConvertError> {
    let (folder, target) = (work.join("in"), work.join("out"));
    for folder in [&folder, &target] {
        let _ = fs::remove_dir_all(folder);
    }
    fs::create_dir(&folder).unwrap();
    let all = [&[("a.ovf", common::OVF.as_bytes())], files].concat();
    let manifest = common::manifest(&all);
    for (name, bytes) in all.iter().chain(&[("a.mf", manifest.as_bytes())]) {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let package = Package::open(&folder).unwrap();
    convert(&package, &[request("d", files[0].0)], &target, options, &Unwatched)
}

fn forms() -> [Options; 4] {
    let plain = Options::default();
    [
        plain.clone(),
        Options { compress: true, ..plain.clone() },
        Options { compress: true, check_grains: true, ..plain.clone() },
        Options { output: Output::Vmdk, ..plain },
    ]
}

/// Checks that QEMU and we read the same disk in a file, and that every result is that disk.
fn check(work: &Path, disk: &[u8], files: &[(&str, &[u8])], what: &str) {
    let raw = work.join("disk.img");
    fs::write(&raw, disk).unwrap();
    for options in forms() {
        let done = convert_files(work, files, &options)
            .unwrap_or_else(|error| panic!("{what} {options:?}: {error}"));
        assert!(done.verified, "{what}: {:?}", done.findings);
        assert_eq!(done.disks[0].virtual_bytes, disk.len() as u64, "{what}");
        judge(&raw, "raw", &done.disks[0].path, &options.output.to_string());
    }
    let source = work.join("in").join(files[0].0);
    qemu_img_ok(&["compare", "-f", "raw", "-F", "vmdk", text(&raw), text(&source)]);
}

#[test]
fn streams_of_every_shape_are_read() {
    let work = tempfile::tempdir().unwrap();
    let disk = mixed_disk(41, 9 << 20);
    let plain = Stream::default();
    for shape in [
        plain.clone(),
        Stream { grain_sectors: 8, ..plain.clone() },
        Stream { grain_sectors: 16, table_entries: 128, ..plain.clone() },
        Stream { grain_sectors: 2048, ..plain.clone() },
        Stream { grain_sectors: 8192, table_entries: 64, ..plain.clone() },
        Stream { step: 3, ..plain.clone() },
        Stream { step: 91, grain_sectors: 64, ..plain.clone() },
        Stream { directory_in_header: true, ..plain.clone() },
        Stream { counts_padding: true, ..plain.clone() },
    ] {
        let image = stream_optimized(&disk, &shape);
        check(work.path(), &disk, &[("d.vmdk", &image)], &format!("{shape:?}"));
    }
}

/// QEMU does not read a stream without its footer; we do, and say so.
#[test]
fn a_stream_without_its_footer_is_read_by_its_markers() {
    let work = tempfile::tempdir().unwrap();
    let disk = mixed_disk(43, 3 << 20);
    let raw = work.path().join("disk.img");
    fs::write(&raw, &disk).unwrap();
    for step in [1, 5] {
        let shape = Stream { footer: false, step, ..Stream::default() };
        let image = stream_optimized(&disk, &shape);
        for options in forms() {
            let done = convert_files(work.path(), &[("d.vmdk", &image)], &options).unwrap();
            let noticed = |finding: &quantix_core::Finding| finding.code == "vmdk-no-footer";
            assert!(done.findings.iter().any(noticed), "{:?}", done.findings);
            judge(&raw, "raw", &done.disks[0].path, &options.output.to_string());
        }
        for end in [image.len() - 512, image.len() / 2, 700, 100] {
            let cut = &image[..end];
            assert!(convert_files(work.path(), &[("d.vmdk", cut)], &Options::default()).is_err());
        }
    }
}

#[test]
fn sparse_disks_of_every_grain_size_are_read() {
    let work = tempfile::tempdir().unwrap();
    // Disks end within a grain, or within a sector of one.
    for (grain_sectors, step, bytes) in
        [(8, 1, 3 << 20), (128, 7, (5 << 20) + 512), (2048, 2, 9 << 20), (1, 3, 200 << 10)]
    {
        let disk = mixed_disk(grain_sectors as u64, bytes);
        let image = monolithic_sparse(&disk, grain_sectors, step);
        check(work.path(), &disk, &[("d.vmdk", &image)], &format!("{grain_sectors} {step}"));
    }
}

#[test]
fn sparse_extents_of_esx_are_read_with_and_without_their_descriptor() {
    let work = tempfile::tempdir().unwrap();
    let none = "ffffffff";
    for (grain_sectors, bytes) in [(1, 3 << 20), (8, (20 << 20) + 1024), (128, 5 << 20)] {
        let disk = mixed_disk(bytes as u64, bytes);
        let image = cowd(&disk, grain_sectors, true);
        check(work.path(), &disk, &[("d.vmdk", &image)], &format!("COWD {grain_sectors}"));
        let text = descriptor("vmfsSparse", "VMFSSPARSE", "d-s.vmdk", bytes / 512, none);
        let files = [("d.vmdk", text.as_bytes()), ("d-s.vmdk", &image)];
        check(work.path(), &disk, &files, &format!("vmfsSparse {grain_sectors}"));
    }
    let disk = mixed_disk(77, 37 << 20);
    let image = se_sparse(&disk);
    let text = descriptor("seSparse", "SESPARSE", "d-s.vmdk", disk.len() / 512, none);
    check(work.path(), &disk, &[("d.vmdk", text.as_bytes()), ("d-s.vmdk", &image)], "seSparse");
}

#[test]
fn deltas_of_esx_are_refused_with_their_parent() {
    let work = tempfile::tempdir().unwrap();
    let disk = mixed_disk(5, 1 << 20);
    let (child, se) = (cowd(&disk, 1, false), se_sparse(&disk));
    let delta = descriptor("seSparse", "SESPARSE", "d-s.vmdk", disk.len() / 512, "0172e8a4");
    let mut journal = se.clone();
    journal[512 + 24] = 1;
    let alone = delta.replace("0172e8a4", "ffffffff");
    for (files, part) in [
        (vec![("d.vmdk", &child[..])], "base.vmdk"),
        (vec![("d.vmdk", delta.as_bytes()), ("d-s.vmdk", &se[..])], "0172e8a4"),
        (vec![("d.vmdk", &se[..])], "without the descriptor that names it"),
        (vec![("d.vmdk", alone.as_bytes()), ("d-s.vmdk", &journal[..])], "open journal"),
        (vec![("d.vmdk", alone.as_bytes()), ("d-s.vmdk", &child[..])], "version"),
    ] {
        let error = convert_files(work.path(), &files, &Options::default()).unwrap_err();
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

/// Every byte of the tables and headers is set to other values: what is still read is read without
/// a panic and within the limits, and each refusal has its reason.
#[test]
fn corrupt_headers_and_tables_never_panic() {
    let disk = mixed_disk(9, 400 << 10);
    let stream = stream_optimized(&disk, &Stream::default());
    let sparse = monolithic_sparse(&disk, 16, 3);
    for image in [&stream, &sparse, &cowd(&disk, 8, true)] {
        let tail = image.len().saturating_sub(4096);
        let tables = (65_536..66_600).step_by(7).chain((tail..image.len()).step_by(5));
        for at in (0..128).chain(tables) {
            for value in [0, 1, 0x80, 0xff] {
                let mut broken = image.clone();
                let Some(byte) = broken.get_mut(at) else { continue };
                *byte = value;
                let Ok(image) = disk::open(Arc::new(broken), &NoExtents) else { continue };
                let (mut scratch, mut buffer, mut from) = (Scratch::new(), vec![0; 65_536], 0);
                while let Ok(Some(at)) = image.next_data(&mut scratch, from) {
                    assert!(at >= from);
                    let _ = image.read_at(&mut scratch, at, &mut buffer);
                    from = at + 65_536;
                    if from > 4 << 20 {
                        break;
                    }
                }
            }
        }
    }
}
