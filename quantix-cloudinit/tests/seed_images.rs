//! Seed images read by other people's tools.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod judges;

use judges::{python, run, stdout, text};
use proptest::prelude::*;
use quantix_cloudinit::seed::{
    ImageFormat, SEED_BYTES_MAX, SEED_DEPTH_MAX, SEED_FILES_MAX, SEED_NAME_BYTES_MAX,
    SeedDocuments, SeedFile, SeedImage, SeedSource, VolumeLabel,
};

fn nocloud() -> Vec<SeedFile> {
    let documents = SeedDocuments {
        user_data: "#cloud-config\nfinal_message: grüße\n".into(),
        meta_data: Some(b"instance-id: i-1\n".to_vec()),
        vendor_data: Some(b"x".repeat(5000)),
        network_config: Some(b"version: 2\n".to_vec()),
    };
    documents.files(SeedSource::NoCloud).unwrap()
}

fn config_drive() -> Vec<SeedFile> {
    let documents = SeedDocuments {
        user_data: b"#!/bin/sh\n".to_vec(),
        meta_data: Some(br#"{"uuid":"u","hostname":"h"}"#.to_vec()),
        network_config: Some(br#"{"links":[],"networks":[],"services":[]}"#.to_vec()),
        vendor_data: None,
    };
    documents.files(SeedSource::ConfigDrive).unwrap()
}

/// Many files with names that collide in 8.3, an empty one, and directories in both orders.
fn awkward() -> Vec<SeedFile> {
    let mut files: Vec<SeedFile> = (0..50)
        .map(|n| SeedFile::new(format!("user-data-{n}"), format!("{n}").repeat(n * 30)))
        .collect();
    for name in ["empty", "a.b.c", "b/x", "b-c/x", "B_d/x", "b/deep/er/y.TXT", ".hidden"] {
        let bytes = if name == "empty" { String::new() } else { name.to_owned() };
        files.push(SeedFile::new(name, bytes));
    }
    files.push(SeedFile::new("n".repeat(SEED_NAME_BYTES_MAX), "long name"));
    files
}

fn cases() -> [(&'static str, VolumeLabel, Vec<SeedFile>); 4] {
    [
        ("nocloud", VolumeLabel::Cidata, nocloud()),
        ("config drive", VolumeLabel::Config2, config_drive()),
        ("awkward", VolumeLabel::Cidata, awkward()),
        ("nothing", VolumeLabel::Cidata, Vec::new()),
    ]
}

fn image_file(
    files: &[SeedFile],
    label: VolumeLabel,
    format: ImageFormat,
) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("seed.img");
    SeedImage::build(files, label, format).unwrap().write_to(&path).unwrap();
    (dir, path)
}

#[test]
fn isoinfo_finds_every_file_by_both_kinds_of_names() {
    for (case, label, files) in cases() {
        let (_dir, path) = image_file(&files, label, ImageFormat::Iso9660);
        let info = stdout("genisoimage", "isoinfo", &["-d", "-i", text(&path)]);
        let info = String::from_utf8_lossy(&info);
        assert!(info.contains(&format!("Volume id: {}", label.as_str())), "{case}: {info}");
        assert!(info.contains("Joliet with UCS level 3 found"), "{case}: {info}");
        assert!(info.contains("Rock Ridge signatures version 1 found"), "{case}: {info}");
        for names in ["-R", "-J"] {
            let list = stdout("genisoimage", "isoinfo", &[names, "-f", "-i", text(&path)]);
            let list = String::from_utf8_lossy(&list);
            for file in &files {
                let name = format!("/{}", file.name);
                assert!(list.lines().any(|line| line == name), "{case} {names} {name}: {list}");
                let args = [names, "-i", text(&path), "-x", &name];
                let bytes = stdout("genisoimage", "isoinfo", &args);
                assert!(bytes == file.bytes, "{case} {names} {name}");
            }
        }
    }
}

#[test]
fn xorriso_extracts_the_same_tree_and_has_no_complaint() {
    for (case, label, files) in cases() {
        let (dir, path) = image_file(&files, label, ImageFormat::Iso9660);
        let out = dir.path().join("out");
        for flavour in ["-read_fs", "any"].chunks(2).chain([&["-read_fs", "norock"][..]]) {
            let _ = std::fs::remove_dir_all(&out);
            let args = [
                "-no_rc",
                "-abort_on",
                "WARNING",
                "-return_with",
                "WARNING",
                "32",
                flavour[0],
                flavour[1],
                "-osirrox",
                "on",
                "-indev",
                text(&path),
                "-extract",
                "/",
                text(&out),
            ];
            stdout("xorriso", "xorriso", &args);
            for file in &files {
                let found = std::fs::read(out.join(&file.name))
                    .unwrap_or_else(|error| panic!("{case} {flavour:?} {}: {error}", file.name));
                assert!(found == file.bytes, "{case} {flavour:?} {}", file.name);
            }
        }
    }
}

#[test]
fn pycdlib_reads_both_trees() {
    const SCRIPT: &str = r"
import io, sys, pycdlib
iso = pycdlib.PyCdlib()
iso.open(sys.argv[1])
assert iso.has_rock_ridge() and iso.has_joliet()
for kind in ('rr_path', 'joliet_path'):
    for name in sys.argv[2:]:
        out = io.BytesIO()
        iso.get_file_from_iso_fp(out, **{kind: '/' + name})
        print(kind, name, len(out.getvalue()))
";
    for (case, label, files) in cases() {
        let (_dir, path) = image_file(&files, label, ImageFormat::Iso9660);
        let mut args = vec![text(&path)];
        args.extend(files.iter().map(|file| file.name.as_str()));
        let found = python("python3-pycdlib", SCRIPT, &args);
        let mut expected = String::new();
        for kind in ["rr_path", "joliet_path"] {
            for file in &files {
                expected += &format!("{kind} {} {}\n", file.name, file.bytes.len());
            }
        }
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn blkid_sees_label_and_type_of_both_formats() {
    for (case, label, files) in cases() {
        for (format, kind) in [(ImageFormat::Iso9660, "iso9660"), (ImageFormat::Fat, "vfat")] {
            let (_dir, path) = image_file(&files, label, format);
            let found =
                stdout("util-linux", "/usr/sbin/blkid", &["-p", "-o", "export", text(&path)]);
            let found = String::from_utf8_lossy(&found);
            for line in [format!("LABEL={}", label.as_str()), format!("TYPE={kind}")] {
                assert!(found.lines().any(|l| l == line), "{case} {line}: {found}");
            }
            if kind == "vfat" {
                let line = format!("LABEL_FATBOOT={}", label.as_str());
                assert!(found.lines().any(|l| l == line), "{case} {line}: {found}");
            }
        }
    }
}

#[test]
fn fsck_and_mtools_accept_the_fat_image() {
    for (case, label, files) in cases() {
        let (_dir, path) = image_file(&files, label, ImageFormat::Fat);
        let fsck = run("dosfstools", "/usr/sbin/fsck.vfat", &["-n", "-v", text(&path)]);
        let said = String::from_utf8_lossy(&fsck.stdout).into_owned();
        assert!(fsck.status.success(), "{case}: {said}");
        let shown = stdout("mtools", "mlabel", &["-s", "-i", text(&path), "::"]);
        let shown = String::from_utf8_lossy(&shown);
        assert!(shown.contains(label.as_str()), "{case}: {shown}");
        for file in &files {
            let source = format!("::/{}", file.name);
            let bytes = stdout("mtools", "mcopy", &["-n", "-i", text(&path), &source, "-"]);
            assert!(bytes == file.bytes, "{case} {}", file.name);
        }
    }
}

#[test]
fn the_same_files_give_the_same_small_image() {
    for format in [ImageFormat::Iso9660, ImageFormat::Fat] {
        let build =
            |files: &[SeedFile]| SeedImage::build(files, VolumeLabel::Cidata, format).unwrap();
        let first = build(&nocloud());
        assert_eq!(first, build(&nocloud()));
        let mut other = nocloud();
        other[0].bytes.push(b'x');
        assert_ne!(first, build(&other));
        let limit = if format == ImageFormat::Fat { 131_072 } else { 64 << 10 };
        assert!(first.bytes().len() <= limit, "{format:?}: {} bytes", first.bytes().len());
    }
}

#[test]
fn limits_and_names_are_checked() {
    let build = |files: &[SeedFile]| SeedImage::build(files, VolumeLabel::Cidata, ImageFormat::Fat);
    let many = |count: usize| -> Vec<SeedFile> {
        (0..count).map(|n| SeedFile::new(format!("f{n}"), "x")).collect()
    };
    assert!(build(&many(SEED_FILES_MAX)).is_ok());
    assert!(build(&many(SEED_FILES_MAX + 1)).is_err());
    assert!(build(&[SeedFile::new("a", vec![1; SEED_BYTES_MAX])]).is_ok());
    assert!(
        build(&[SeedFile::new("a", vec![1; SEED_BYTES_MAX]), SeedFile::new("b", "x")]).is_err()
    );
    assert!(build(&[SeedFile::new(["d"; SEED_DEPTH_MAX].join("/"), "")]).is_ok());
    assert!(build(&[SeedFile::new(["d"; SEED_DEPTH_MAX + 1].join("/"), "")]).is_err());
    let too_long = "n".repeat(SEED_NAME_BYTES_MAX + 1);
    for bad in
        ["", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "a b", "ü", "a\\b", "a:b", &too_long]
    {
        let error = build(&[SeedFile::new(bad, "")]).unwrap_err();
        assert!(!error.is_io(), "{bad:?}");
    }
    for pair in [["a", "a"], ["a", "A"], ["a", "a/b"], ["d/x", "D/y"]] {
        let files = pair.map(|name| SeedFile::new(name, ""));
        assert!(build(&files).is_err(), "{pair:?}");
    }
}

#[test]
fn written_in_one_step_for_the_owner_only_and_nothing_stays_after_a_failure() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("seed.iso");
    std::fs::write(&path, "old").unwrap();
    let image = SeedImage::build(&nocloud(), VolumeLabel::Cidata, ImageFormat::Iso9660).unwrap();
    let report = image.write_to(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), image.bytes());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!((report.bytes, report.label), (image.bytes().len(), "cidata"));
    let folder = dir.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    assert!(image.write_to(&folder).unwrap_err().is_io());
    assert!(image.write_to(&dir.path().join("missing/seed.iso")).unwrap_err().is_io());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn absent_meta_data_gets_an_instance_id_that_follows_the_content() {
    let files = |user_data: &str| {
        let documents = SeedDocuments { user_data: user_data.into(), ..SeedDocuments::default() };
        documents.files(SeedSource::NoCloud).unwrap()
    };
    assert_eq!(files("a"), files("a"));
    assert_ne!(files("a")[0], files("b")[0]);
    assert!(files("a")[0].bytes.starts_with(b"instance-id: iid-"));
    let yaml = SeedDocuments { meta_data: Some(b"uuid: x".to_vec()), ..SeedDocuments::default() };
    let error = yaml.files(SeedSource::ConfigDrive).unwrap_err();
    assert!(error.to_string().contains("JSON"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_portable_files_make_an_image_of_whole_sectors(
        names in proptest::collection::btree_set("[a-z0-9]{1,12}(/[a-z0-9]{1,30}){0,3}", 0..20),
        len in 0usize..9000,
    ) {
        let files: Vec<SeedFile> =
            names.iter().map(|name| SeedFile::new(name.as_str(), vec![7; len])).collect();
        for (format, sector) in [(ImageFormat::Iso9660, 2048), (ImageFormat::Fat, 512)] {
            if let Ok(image) = SeedImage::build(&files, VolumeLabel::Cidata, format) {
                prop_assert_eq!(image.bytes().len() % sector, 0);
            }
        }
    }
}
