//! Conversions, judged by `qemu-img`.

mod common;

use std::{fs, num::NonZeroUsize, path::Path};

use common::{judge, mixed_disk, names_in, qemu_img_ok, request, text};
use quantix_ova::{
    convert::{Compression, Conversion, ConvertError, Options, Output, convert},
    package::Package,
    watch::Unwatched,
};

/// Packs an image as an OVA and converts it.
fn convert_packed(
    work: &Path,
    image: &Path,
    options: &Options,
) -> Result<Conversion, ConvertError> {
    let name = image.file_name().and_then(|name| name.to_str()).expect("a name");
    let bytes = fs::read(image).expect("the image that was made");
    let files = [("a.ovf", common::OVF.as_bytes()), (name, &bytes)];
    let manifest = common::manifest(&files);
    let all = [files[0], ("a.mf", manifest.as_bytes()), files[1]];
    let ova = work.join("a.ova");
    fs::write(&ova, common::tar(&all)).expect("room in /tmp");
    let package = Package::open(&ova).expect("the package that was made");
    convert(&package, &[request("d", name)], &work.join("out"), options, &Unwatched)
}

/// Every form of the result, each on another number of threads.
fn all_options() -> Vec<Options> {
    let (deflate, zstd) = (Compression::Deflate, Compression::Zstd);
    let forms = [
        (Output::Qcow2, false, deflate, false),
        (Output::Qcow2, true, deflate, false),
        (Output::Qcow2, true, deflate, true),
        (Output::Qcow2, true, zstd, false),
        (Output::Raw, false, deflate, false),
        (Output::Vmdk, false, deflate, false),
    ];
    let option = |(threads, (output, compress, compression, check_grains))| Options {
        output,
        compress,
        compression,
        check_grains,
        threads: NonZeroUsize::new(threads),
        ..Options::default()
    };
    [1, 3, 2].into_iter().cycle().zip(forms).map(option).collect()
}

#[test]
fn every_subformat_becomes_the_same_disk() {
    let work = tempfile::tempdir().unwrap();
    for (seed, bytes) in [(1, 5 << 20), (2, 3_000_320), (3, 512), (4, 18 << 20)] {
        let raw = work.path().join("disk.img");
        fs::write(&raw, mixed_disk(seed, bytes)).unwrap();
        for subformat in ["streamOptimized", "monolithicSparse"] {
            let image = work.path().join("disk.vmdk");
            let option = format!("subformat={subformat}");
            qemu_img_ok(&[
                "convert",
                "-f",
                "raw",
                "-O",
                "vmdk",
                "-o",
                &option,
                text(&raw),
                text(&image),
            ]);
            for options in all_options() {
                let done = convert_packed(work.path(), &image, &options).unwrap();
                assert!(done.verified, "{:?}", done.findings);
                assert_eq!(done.disks[0].virtual_bytes, bytes as u64);
                judge(&raw, "raw", &done.disks[0].path, &options.output.to_string());
                fs::remove_dir_all(work.path().join("out")).unwrap();
            }
        }
        for options in all_options() {
            let done = convert_packed(work.path(), &raw, &options).unwrap();
            judge(&raw, "raw", &done.disks[0].path, &options.output.to_string());
            fs::remove_dir_all(work.path().join("out")).unwrap();
        }
    }
}

#[test]
fn every_input_format_becomes_the_same_disk() {
    let work = tempfile::tempdir().unwrap();
    let raw = work.path().join("disk.img");
    fs::write(&raw, mixed_disk(21, 7_340_032)).unwrap();
    for (format, options, compress) in [
        ("qcow2", "compat=1.1", false),
        ("qcow2", "compat=0.10", true),
        ("qcow2", "cluster_size=4096", true),
        ("qcow2", "cluster_size=2097152", true),
        ("qcow2", "lazy_refcounts=on", false),
        ("qcow2", "compression_type=zstd", true),
        ("qcow2", "compression_type=zstd,cluster_size=2097152", true),
        ("qcow2", "extended_l2=on", false),
        ("qcow2", "extended_l2=on,cluster_size=16384", true),
        ("qcow2", "extended_l2=on,compression_type=zstd", true),
        ("vdi", "static=off", false),
        ("vdi", "static=on", false),
        ("vpc", "subformat=dynamic,force_size=on", false),
        ("vpc", "subformat=fixed,force_size=on", false),
        ("vhdx", "subformat=dynamic", false),
        ("vhdx", "subformat=fixed,block_size=2097152", false),
    ] {
        let image = work.path().join("disk.image");
        let mut args = vec!["convert", "-f", "raw", "-O", format, "-o", options];
        args.extend(compress.then_some("-c"));
        args.extend([text(&raw), text(&image)]);
        qemu_img_ok(&args);
        for options in all_options() {
            let done = convert_packed(work.path(), &image, &options)
                .unwrap_or_else(|error| panic!("{format} {args:?}: {error}"));
            judge(&raw, "raw", &done.disks[0].path, &options.output.to_string());
            fs::remove_dir_all(work.path().join("out")).unwrap();
        }
    }
}

#[test]
fn images_that_need_another_file_are_refused() {
    let work = tempfile::tempdir().unwrap();
    let base = work.path().join("base.qcow2");
    qemu_img_ok(&["create", "-f", "qcow2", text(&base), "4M"]);
    let image = work.path().join("disk.qcow2");
    qemu_img_ok(&["create", "-f", "qcow2", "-b", text(&base), "-F", "qcow2", text(&image)]);
    let error = convert_packed(work.path(), &image, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("parents are never followed"), "{error}");
    let data = work.path().join("data.raw");
    let option = format!("data_file={},data_file_raw=on", text(&data));
    fs::remove_file(&image).unwrap();
    qemu_img_ok(&["create", "-f", "qcow2", "-o", &option, text(&image), "4M"]);
    let error = convert_packed(work.path(), &image, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("with an external data file"), "{error}");
}

#[test]
fn disks_of_several_files_are_put_together() {
    let work = tempfile::tempdir().unwrap();
    let raw = work.path().join("disk.img");
    fs::write(&raw, mixed_disk(7, 9 << 20)).unwrap();
    for subformat in ["monolithicFlat", "twoGbMaxExtentFlat", "twoGbMaxExtentSparse"] {
        let folder = work.path().join(subformat);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a.ovf"), common::OVF).unwrap();
        let image = folder.join("disk.vmdk");
        let option = format!("subformat={subformat}");
        qemu_img_ok(&[
            "convert",
            "-f",
            "raw",
            "-O",
            "vmdk",
            "-o",
            &option,
            text(&raw),
            text(&image),
        ]);
        let package = Package::open(&folder).unwrap();
        let target = work.path().join("out");
        let disks = [request("d", "disk.vmdk")];
        let done = convert(&package, &disks, &target, &Options::default(), &Unwatched).unwrap();
        assert!(!done.verified, "there is no manifest");
        judge(&raw, "raw", &done.disks[0].path, "qcow2");
        fs::remove_dir_all(target).unwrap();
    }
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let work = tempfile::tempdir().unwrap();
    let raw = work.path().join("disk.img");
    fs::write(&raw, mixed_disk(11, 24 << 20)).unwrap();
    let image = work.path().join("disk.vmdk");
    let option = "subformat=streamOptimized";
    qemu_img_ok(&["convert", "-f", "raw", "-O", "vmdk", "-o", option, text(&raw), text(&image)]);
    for compress in [false, true] {
        let mut results = Vec::new();
        for threads in [1, 2, 7] {
            let threads = NonZeroUsize::new(threads);
            let options = Options { threads, compress, ..Options::default() };
            let done = convert_packed(work.path(), &image, &options).unwrap();
            results.push(fs::read(&done.disks[0].path).unwrap());
            fs::remove_dir_all(work.path().join("out")).unwrap();
        }
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

#[test]
fn disks_of_the_corpus_equal_what_qemu_reads() {
    let Some(root) = common::corpus() else {
        println!("corpus: absent");
        return;
    };
    let work = tempfile::tempdir().unwrap();
    let mut count = 0;
    for image in common::files_below(&root) {
        let name = image.file_name().unwrap().to_str().unwrap();
        if !name.ends_with(".vmdk") && !name.starts_with("vmdk-") {
            continue;
        }
        let known = !name.ends_with("-flat.vmdk")
            && common::qemu_img(&["info", "-f", "vmdk", text(&image)]).status.success();
        let folder = work.path().join("in");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a.ovf"), common::OVF).unwrap();
        for beside in common::files_below(image.parent().unwrap()) {
            if beside.parent() == image.parent() && beside.extension().is_some_and(|e| e == "vmdk")
            {
                fs::copy(&beside, folder.join(beside.file_name().unwrap())).unwrap();
            }
        }
        fs::copy(&image, folder.join(name)).unwrap();
        let package = Package::open(&folder).unwrap();
        for compress in [false, true] {
            let target = work.path().join("out");
            let options = Options { compress, ..Options::default() };
            let result = convert(&package, &[request("d", name)], &target, &options, &Unwatched);
            match result {
                Ok(done) => {
                    if known {
                        judge(&image, "vmdk", &done.disks[0].path, "qcow2");
                    }
                    fs::remove_dir_all(target).unwrap();
                }
                Err(error) => {
                    println!("{}: {error}", image.display());
                    assert!(!known, "qemu-img reads it: {}: {error}", image.display());
                    assert!(!target.exists());
                }
            }
        }
        count += 1;
        fs::remove_dir_all(folder).unwrap();
    }
    println!("corpus: {count} files");
}

#[test]
fn nothing_is_left_after_a_failure() {
    let work = tempfile::tempdir().unwrap();
    let raw = work.path().join("disk.img");
    fs::write(&raw, mixed_disk(5, 6 << 20)).unwrap();
    let image = work.path().join("disk.vmdk");
    let option = "subformat=streamOptimized";
    qemu_img_ok(&["convert", "-f", "raw", "-O", "vmdk", "-o", option, text(&raw), text(&image)]);
    let good = fs::read(&image).unwrap();
    let mut broken = good.clone();
    let grain = 128 * 512 + 1000;
    broken[grain] ^= 1;
    let manifest = common::manifest(&[("a.ovf", common::OVF.as_bytes()), ("disk.vmdk", &good)]);
    let wrong_case = manifest.replace("disk.vmdk", "Disk.vmdk");
    let good_manifest = manifest.as_str();
    for (bytes, manifest, part) in [
        (&broken, "", "damaged compressed grain"),
        (&broken, good_manifest, "\"disk.vmdk\""),
        (&good, &good_manifest.replace('1', "2"), "verification failed"),
        (&good, &wrong_case, "the file is called"),
        (&good, "rubbish", "verification failed"),
        (&good[..good.len() / 2].to_vec(), "", "cut off"),
        (&b"just text".to_vec(), "", "does not start like one"),
        (&Vec::new(), "", "empty"),
    ] {
        let ova = work.path().join("a.ova");
        let mut files = vec![("a.ovf", common::OVF.as_bytes())];
        if !manifest.is_empty() {
            files.push(("a.mf", manifest.as_bytes()));
        }
        files.push(("disk.vmdk", bytes));
        fs::write(&ova, common::tar(&files)).unwrap();
        let package = Package::open(&ova).unwrap();
        for (target, made) in [(work.path().join("x/y"), false), (work.path().join("there"), true)]
        {
            if made {
                fs::create_dir_all(&target).unwrap();
            }
            for compress in [false, true] {
                let disks = [request("d", "disk.vmdk")];
                let options = Options { compress, ..Options::default() };
                let error = convert(&package, &disks, &target, &options, &Unwatched).unwrap_err();
                assert!(error.to_string().contains(part), "{part}: {error}");
                assert_eq!(target.exists(), made);
                assert!(!made || names_in(&target).is_empty());
            }
        }
        assert!(!work.path().join("x").exists());
    }
}

#[test]
fn gzip_compressed_disks_are_unpacked_within_their_capacity() {
    let work = tempfile::tempdir().unwrap();
    let raw = work.path().join("disk.img");
    let disk = mixed_disk(31, 3 << 20);
    fs::write(&raw, &disk).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &disk).unwrap();
    let packed = encoder.finish().unwrap();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..80 {
        std::io::Write::write_all(&mut bomb, &vec![0; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    for (bytes, expected) in [
        (&packed[..], None),
        (&packed[..packed.len() - 9], Some("damaged or cut off")),
        (b"not gzip", Some("damaged or cut off")),
        (&bomb, Some("more than the limit of 70451200")),
    ] {
        let ova = work.path().join("a.ova");
        let files = [("a.ovf", common::OVF.as_bytes()), ("disk.img.gz", bytes)];
        fs::write(&ova, common::tar(&files)).unwrap();
        let package = Package::open(&ova).unwrap();
        let mut disk = request("d", "disk.img.gz");
        (disk.gzip, disk.capacity_bytes) = (true, Some(3 << 20));
        let target = work.path().join("out");
        match (convert(&package, &[disk], &target, &Options::default(), &Unwatched), expected) {
            (Ok(done), None) => {
                assert_eq!(done.disks[0].path, target.join("disk.qcow2"));
                judge(&raw, "raw", &done.disks[0].path, "qcow2");
                fs::remove_dir_all(target).unwrap();
            }
            (Err(error), Some(part)) => {
                assert!(error.to_string().contains(part), "{part}: {error}");
                assert!(!target.exists());
            }
            (result, _) => panic!("{expected:?}: {result:?}"),
        }
    }
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let work = tempfile::tempdir().unwrap();
    let raw = work.path().join("disk.img");
    fs::write(&raw, mixed_disk(5, 1 << 20)).unwrap();
    fs::create_dir(work.path().join("out")).unwrap();
    fs::write(work.path().join("out/disk.qcow2"), "mine").unwrap();
    let error = convert_packed(work.path(), &raw, &Options::default()).unwrap_err();
    assert!(error.is_target() && error.to_string().contains("exists already"), "{error}");
    assert_eq!(fs::read(work.path().join("out/disk.qcow2")).unwrap(), b"mine");
    assert_eq!(names_in(&work.path().join("out")), ["disk.qcow2"]);
}
