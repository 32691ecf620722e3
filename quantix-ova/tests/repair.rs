//! What other tools refuse, and the package without it.

use std::{fs, io::Read as _, path::Path, process::Command};

use quantix_core::{Bytes, MemoryMib};
use quantix_ova::{
    manifest::{Manifest, verify},
    ovf::{
        Descriptor,
        write::{Appliance, ApplianceDisk, ApplianceNic},
    },
    package::Package,
    repair::{Tool, diagnose, repair},
    watch::{Progress, Unwatched, Watch},
};

/// A stream-optimized VMDK as qemu-img writes it, with zeros after its end.
fn vmdk(folder: &Path) -> Vec<u8> {
    fs::write(folder.join("disk.img"), vec![7; 1 << 20]).expect("room");
    let run = Command::new("qemu-img")
        .args(["convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized"])
        .args(["disk.img", "disk.vmdk"])
        .current_dir(folder)
        .output()
        .unwrap_or_else(|e| panic!("qemu-img: {e}; install the Debian package qemu-utils"));
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    fs::read(folder.join("disk.vmdk")).expect("it was made")
}

fn pack(path: &Path, files: &[(&str, &[u8])]) {
    let mut tar = tar::Builder::new(fs::File::create(path).expect("room"));
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *bytes).expect("room");
    }
    tar.finish().expect("room");
}

/// An appliance with as many faults as can be mended.
fn faulty(disk: &[u8]) -> String {
    let mut web = Appliance::new("web", 1, MemoryMib(512));
    web.hardware = "virtualbox-2.2".to_owned();
    web.nics.push(ApplianceNic::new("lan"));
    let populated_bytes = Some(1);
    let file_bytes = Some(disk.len() as u64 + 1);
    let plain = ApplianceDisk::new("disk.vmdk", Bytes(1 << 20));
    web.disks.push(ApplianceDisk { populated_bytes, file_bytes, ..plain });
    let ovf = String::from_utf8(web.to_ovf().expect("valid")).expect("UTF-8");
    ovf.replace("    <Info>A virtual machine</Info>\n", "    <!-- kept -->\n")
        .replace("ovf:populatedSize=\"1\"", "ovf:populatedSize=\"9999999\"")
        .replace("byte * 2^20", "byte * 2^19")
        .replace(">512<", ">1024<")
}

#[test]
fn a_faulty_package_is_diagnosed_and_mended() {
    let work = tempfile::tempdir().expect("a folder");
    let disk = vmdk(work.path());
    let ovf = faulty(&disk);
    let manifest = format!("SHA1 (web.ovf) = {}\n", "0".repeat(40));
    let (from, to) = (work.path().join("web.ova"), work.path().join("new.ova"));
    pack(
        &from,
        &[("disk.vmdk", &disk), ("web.ovf", ovf.as_bytes()), ("web.mf", manifest.as_bytes())],
    );
    let package = Package::open(&from).expect("it can be read");
    let objections = diagnose(&package);
    let mut codes: Vec<_> = objections.iter().map(|objection| objection.code.as_str()).collect();
    codes.sort_unstable();
    let expected = [
        "descriptor-not-first",
        "foreign-hardware",
        "manifest-spelling",
        "memory-unit",
        "missing-info",
        "populated-above-capacity",
        "size-mismatch",
        "trailing-bytes",
    ];
    assert_eq!(codes, expected, "{objections:#?}");
    let trailing = objections.iter().find(|o| o.code == "trailing-bytes").expect("one");
    assert_eq!(trailing.tools, [Tool::Ovftool]);
    let repaired = repair(&package, &to, &Unwatched).expect("it can be mended");
    assert_eq!(repaired.remaining, []);
    let mut done: Vec<_> = repaired.repairs.iter().map(|finding| finding.code.as_ref()).collect();
    done.sort_unstable();
    done.dedup();
    assert_eq!(done, expected);
    check_mended(&to, &disk);
}

fn check_mended(to: &Path, disk: &[u8]) {
    let made = Package::open(to).expect("it can be read");
    let names: Vec<_> = made.members().iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["web.ovf", "web.mf", "disk.vmdk"]);
    let threads = std::num::NonZeroUsize::MIN;
    assert!(verify(&made, threads, &Unwatched).expect("it can be read").ok);
    assert_eq!(Manifest::parse(&made.manifest().expect("one").bytes).entries().len(), 2);
    let descriptor = Descriptor::parse(&made.descriptor().bytes).expect("OVF");
    assert_eq!(descriptor.findings(), []);
    assert!(descriptor.document().source().contains("<!-- kept -->"));
    let machine = descriptor.machine(descriptor.systems()[0], None);
    assert_eq!(machine.memory_mib, Some(512));
    let kept = made.members()[2].bytes;
    assert!(kept < disk.len() as u64);
    let mut content = Vec::new();
    let mut tar = tar::Archive::new(fs::File::open(to).expect("it is there"));
    let mut entry = tar.entries().expect("a tar").nth(2).expect("three").expect("whole");
    entry.read_to_end(&mut content).expect("whole");
    assert_eq!(content, disk[..content.len()]);
    assert!(disk[content.len()..].iter().all(|byte| *byte == 0));
}

#[test]
fn the_same_package_gives_the_same_bytes_and_nothing_is_overwritten() {
    let work = tempfile::tempdir().expect("a folder");
    fs::write(work.path().join("web.ovf"), faulty(b"x")).expect("room");
    fs::write(work.path().join("disk.vmdk"), b"x").expect("room");
    let package = Package::open(work.path()).expect("it can be read");
    let [a, b] = ["a.ova", "b.ova"].map(|name| work.path().join(name));
    for to in [&a, &b] {
        repair(&package, to, &Unwatched).expect("it can be mended");
    }
    assert_eq!(fs::read(&a).expect("made"), fs::read(&b).expect("made"));
    let error = repair(&package, &a, &Unwatched).expect_err("it is there already");
    assert!(!error.is_target() && error.to_string().contains("exists already"), "{error}");
}

struct Never;

impl Watch for Never {
    fn progress(&self, _: Progress) {}
    fn is_cancelled(&self) -> bool {
        true
    }
}

#[test]
fn cancelling_leaves_nothing() {
    let work = tempfile::tempdir().expect("a folder");
    fs::write(work.path().join("web.ovf"), faulty(b"x")).expect("room");
    fs::write(work.path().join("disk.vmdk"), b"x").expect("room");
    let package = Package::open(work.path()).expect("it can be read");
    let error = repair(&package, &work.path().join("a.ova"), &Never).expect_err("cancelled");
    assert!(error.is_cancelled(), "{error}");
    assert_eq!(fs::read_dir(work.path()).expect("a folder").count(), 2);
}

#[test]
fn what_cannot_be_mended_remains_an_objection() {
    let work = tempfile::tempdir().expect("a folder");
    let system = |id: &str| {
        format!(
            "<VirtualSystem ovf:id=\"{id}\"><Info/><VirtualHardwareSection><Info/><Item><InstanceID>1</InstanceID><ResourceType>10</ResourceType><ResourceSubType>virtio</ResourceSubType></Item></VirtualHardwareSection></VirtualSystem>"
        )
    };
    let ovf = format!(
        "<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/2\" xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/2\"><References><File ovf:id=\"f\" ovf:href=\"gone.vmdk\" ovf:compression=\"gzip\"/></References><VirtualSystemCollection ovf:id=\"g\"><Info/>{}{}</VirtualSystemCollection></Envelope>",
        system("a"),
        system("b")
    );
    let path = work.path().join("web.ova");
    pack(&path, &[("web.ovf", ovf.as_bytes())]);
    let package = Package::open(&path).expect("it can be read");
    let mut codes: Vec<_> = diagnose(&package).into_iter().map(|o| o.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let expected =
        ["compressed-file", "foreign-device", "missing-file", "ovf-2", "several-systems"];
    assert_eq!(codes, expected);
    let repaired = repair(&package, &work.path().join("new.ova"), &Unwatched).expect("written");
    assert_eq!((repaired.repairs.len(), repaired.remaining.len()), (0, 6));
}
