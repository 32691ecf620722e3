//! Overlays that read the disk inside the appliance, judged by `qemu-img` and `qemu-io`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use common::{OVF, manifest, mixed_disk, qemu_img_ok, request, tar, text, tool};
use quantix_ova::{
    convert::{Conversion, ConvertError, DiskRequest, Options, convert, pull},
    package::Package,
    watch::Unwatched,
};

/// An OVA whose disk is the raw one in another format.
fn appliance(folder: &Path, name: &str, format: &str, options: &[&str]) -> PathBuf {
    let raw = folder.join("disk.raw");
    if !raw.exists() {
        fs::write(&raw, mixed_disk(11, 21 << 20)).unwrap();
    }
    let file = folder.join(name);
    let head = ["convert", "-f", "raw", "-O", format];
    qemu_img_ok(&[&head[..], options, &[text(&raw), text(&file)]].concat());
    let disk = fs::read(&file).unwrap();
    let files = [("a.ovf", OVF.as_bytes()), (name, &*disk)];
    let list = manifest(&files);
    let ova = folder.join(format!("{name}.ova"));
    fs::write(&ova, tar(&[files[0], ("a.mf", list.as_bytes()), files[1]])).unwrap();
    ova
}

fn instant(ova: &Path, disk: &DiskRequest, to: &Path) -> Result<Conversion, ConvertError> {
    let options = Options { instant: true, ..Options::default() };
    convert(&Package::open(ova).unwrap(), std::slice::from_ref(disk), to, &options, &Unwatched)
}

fn pulled(ova: &Path, disk: &DiskRequest, to: &Path) -> Result<Conversion, ConvertError> {
    let disk = std::slice::from_ref(disk);
    pull(&Package::open(ova).unwrap(), disk, to, &Options::default(), &Unwatched)
}

fn compare(raw: &Path, qcow2: &Path) {
    qemu_img_ok(&["check", "-f", "qcow2", text(qcow2)]);
    qemu_img_ok(&["compare", "-f", "raw", "-F", "qcow2", text(raw), text(qcow2)]);
}

#[test]
fn a_machine_starts_on_the_disk_inside_the_appliance_and_the_copy_comes_later() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    for (name, format, options) in [
        ("s.vmdk", "vmdk", &["-o", "subformat=streamOptimized"][..]),
        ("m.vmdk", "vmdk", &["-o", "subformat=monolithicSparse"]),
        ("a.vdi", "vdi", &[]),
        ("a.vhd", "vpc", &["-o", "force_size=on"]),
        ("a.vhdx", "vhdx", &[]),
        ("a.qcow2", "qcow2", &["-c"]),
        ("a.img", "raw", &[]),
    ] {
        let ova = appliance(work, name, format, options);
        let (to, disk) = (work.join(format!("out-{name}")), request("disk", name));
        let made = instant(&ova, &disk, &to).unwrap();
        assert!(made.verified);
        let overlay = &made.disks[0].path;
        assert!(made.disks[0].written_bytes < 512 << 10, "{name}: nothing is copied");
        compare(&work.join("disk.raw"), overlay);

        // The machine writes: over data, over a hole, and zeros over data.
        let writes = ["write -P 66 100000 70000", "write -P 67 15000000 4096", "write -z 0 65536"];
        let args: Vec<&str> = writes.iter().flat_map(|write| ["-c", *write]).collect();
        let expected = work.join("expected.raw");
        fs::copy(work.join("disk.raw"), &expected).unwrap();
        for (file, format) in [(overlay, "qcow2"), (&expected, "raw")] {
            let head = ["-f", format, text(file)];
            let done = tool("qemu-io", "qemu-utils", &[&head[..], &args].concat());
            assert!(done.status.success());
        }
        let done = pulled(&ova, &disk, &to).unwrap();
        assert!(done.verified);
        let info = qemu_img_ok(&["info", "-f", "qcow2", text(overlay)]);
        assert!(!info.contains("backing"), "{info}");
        fs::remove_file(&ova).unwrap();
        compare(&expected, overlay);
    }
}

#[test]
fn what_cannot_be_read_in_place_is_refused() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    let ova = appliance(work, "a.img", "raw", &[]);
    let refused = |ova: &Path, disk: DiskRequest, part: &str| {
        let error = instant(ova, &disk, &work.join("no")).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
        assert!(!work.join("no").exists());
    };
    let long = work.join("x".repeat(200)).join("y".repeat(250)).join("z".repeat(250));
    let longer = long.join("w".repeat(250)).join("v".repeat(150));
    fs::create_dir_all(&longer).unwrap();
    fs::copy(&ova, longer.join("a.ova")).unwrap();
    refused(&longer.join("a.ova"), request("disk", "a.img"), "too long for QEMU");
    let mut bytes = fs::read(&ova).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(work.join("damaged.ova"), bytes).unwrap();
    refused(&work.join("damaged.ova"), request("disk", "a.img"), "verification failed");
    let stream = Package::from_reader(fs::File::open(&ova).unwrap(), &ova).unwrap();
    let options = Options { instant: true, ..Options::default() };
    let disk = [request("disk", "a.img")];
    let error = convert(&stream, &disk, &work.join("no"), &options, &Unwatched).unwrap_err();
    assert!(error.to_string().contains("not lie in a file of this machine"), "{error}");
}

#[test]
fn only_an_overlay_of_this_appliance_that_nobody_uses_is_pulled() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    let ova = appliance(work, "a.img", "raw", &[]);
    let (to, disk) = (work.join("out"), request("disk", "a.img"));
    let overlay = instant(&ova, &disk, &to).unwrap().disks[0].path.clone();
    let other = work.join("other.ova");
    fs::copy(&ova, &other).unwrap();
    let error = pulled(&other, &disk, &to).unwrap_err().to_string();
    assert!(error.contains("whose parent is"), "{error}");

    // A process of QEMU has it open.
    let mut machine = Command::new("qemu-io")
        .args(["-f", "qcow2", text(&overlay)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = machine.stdin.take().unwrap();
    stdin.write_all(b"length\n").unwrap();
    let mut line = String::new();
    BufReader::new(machine.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let error = pulled(&ova, &disk, &to).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(error.is_target() && cause.contains("running machine"), "{error}: {cause}");
    drop(stdin);
    machine.wait().unwrap();
    pulled(&ova, &disk, &to).unwrap();
    // Again: there is nothing left to copy, and the disk stays as it is.
    pulled(&ova, &disk, &to).unwrap();
    compare(&work.join("disk.raw"), &overlay);
}
