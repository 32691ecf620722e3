//! `quantix ova verify` and `convert`: exit codes, documents, messages, and what is left behind.

mod common;

use std::{fs, path::Path, process::Command};

use common::{names_in, pack, quantix};
use quantix_ova::manifest::{Algorithm, Hasher};

const OVF: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References><File ovf:href="disk1.vmdk" ovf:id="file1"/></References>
  <DiskSection><Info>Disks</Info>
    <Disk ovf:capacity="4" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="d1" ovf:fileRef="file1"
      ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <VirtualSystem ovf:id="vm"><Info>A machine</Info>
    <VirtualHardwareSection><Info>Hardware</Info></VirtualHardwareSection>
  </VirtualSystem>
</Envelope>"#;

/// Makes a VMDK of 4 MiB with some content, next to the raw disk that it holds.
fn vmdk(work: &Path) -> Vec<u8> {
    let mut disk = vec![0; 4 << 20];
    for (index, byte) in disk[1 << 20..3 << 20].iter_mut().enumerate() {
        *byte = u8::try_from(index * index / 777 % 251).expect("below 251");
    }
    fs::write(work.join("disk.img"), disk).expect("room for the test");
    let args = ["convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized"];
    qemu_img(work, &[&args[..], &["disk.img", "disk.vmdk"]].concat());
    fs::read(work.join("disk.vmdk")).expect("qemu-img made it")
}

fn qemu_img(work: &Path, args: &[&str]) {
    let run = Command::new("qemu-img").args(args).current_dir(work).output();
    let run =
        run.unwrap_or_else(|e| panic!("qemu-img: {e}; install the Debian package qemu-utils"));
    assert!(run.status.success(), "qemu-img {args:?}: {}", String::from_utf8_lossy(&run.stderr));
}

fn digest_line(name: &str, bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(bytes);
    format!("SHA256({name})= {}\n", hasher.finish())
}

#[test]
fn a_good_appliance_is_verified_and_converted() {
    let work = tempfile::tempdir().expect("a folder");
    let disk = vmdk(work.path());
    let manifest = digest_line("a.ovf", OVF.as_bytes()) + &digest_line("disk1.vmdk", &disk);
    let ova = work.path().join("a.ova");
    fs::write(
        &ova,
        pack(&[("a.ovf", OVF.as_bytes()), ("a.mf", manifest.as_bytes()), ("disk1.vmdk", &disk)]),
    )
    .expect("room for the test");
    let ova = ova.to_str().expect("UTF-8");
    let answer = quantix(["ova", "verify", "--json", ova]).expect(0).json();
    assert_eq!(answer["ok"], true);
    assert_eq!(answer["manifest"], "ok");
    assert_eq!(answer["certificate"], "absent");
    assert_eq!(answer["files"][1]["name"], "disk1.vmdk");
    assert_eq!(answer["files"][1]["status"], "ok");
    assert_eq!(answer["files"][1]["algorithm"], "sha256");
    for (format, extra) in [("qcow2", None), ("qcow2", Some("--compress")), ("raw", None)] {
        let target = work.path().join("out");
        let to = target.to_str().expect("UTF-8");
        let args = ["ova", "convert", ova, "--to", to, "--format", format, "--json"];
        let answer = quantix(args.into_iter().chain(extra)).expect(0).json();
        assert_eq!(answer["verified"], true);
        assert_eq!(answer["disks"][0]["id"], "d1");
        assert_eq!(answer["disks"][0]["source"], "disk1.vmdk");
        assert_eq!(answer["disks"][0]["virtual_bytes"], 4 << 20);
        let path = answer["disks"][0]["path"].as_str().expect("a path");
        assert_eq!(path, target.join(format!("disk1.{format}")).to_str().expect("UTF-8"));
        qemu_img(work.path(), &["compare", "-f", "raw", "-F", format, "disk.img", path]);
        fs::remove_dir_all(target).expect("it was made");
    }
}

#[test]
fn bad_input_gets_one_message_its_exit_code_and_leaves_nothing() {
    let work = tempfile::tempdir().expect("a folder");
    let disk = vmdk(work.path());
    let ovf = OVF.as_bytes();
    let good = digest_line("a.ovf", ovf) + &digest_line("disk1.vmdk", &disk);
    let wrong = digest_line("a.ovf", ovf) + &digest_line("disk1.vmdk", b"other");
    let wrong_case = good.replace("disk1", "Disk1");
    let file = |name: &str, files: &[(&str, &[u8])]| {
        fs::write(work.path().join(name), pack(files)).expect("room for the test")
    };
    file("wrong.ova", &[("a.ovf", ovf), ("a.mf", wrong.as_bytes()), ("disk1.vmdk", &disk)]);
    file("case.ova", &[("a.ovf", ovf), ("a.mf", wrong_case.as_bytes()), ("disk1.vmdk", &disk)]);
    file("nodisk.ova", &[("a.ovf", ovf)]);
    file("link.ova", &[("a.ovf", ovf), ("../disk1.vmdk", &disk)]);
    file("noovf.ova", &[("disk1.vmdk", &disk)]);
    file("badxml.ova", &[("a.ovf", b"<Envelope"), ("disk1.vmdk", &disk)]);
    file("textdisk.ova", &[("a.ovf", ovf), ("disk1.vmdk", b"hello")]);
    let whole = fs::read(work.path().join("wrong.ova")).expect("just made");
    fs::write(work.path().join("cut.ova"), &whole[..whole.len() / 2]).expect("room");
    fs::write(work.path().join("empty.ova"), "").expect("room");
    fs::write(work.path().join("text.ova"), "hello\n".repeat(200)).expect("room");
    fs::create_dir(work.path().join("folder")).expect("room");
    let target = work.path().join("out");
    for (name, code, part) in [
        ("wrong.ova", 1, "differs"),
        ("case.ova", 1, "the file is called \"disk1.vmdk\""),
        ("nodisk.ova", 2, "no such file in the package"),
        ("link.ova", 2, "leads out of the folder"),
        ("noovf.ova", 2, "no OVF descriptor"),
        ("badxml.ova", 2, "not well-formed"),
        ("textdisk.ova", 2, "does not start like one"),
        ("cut.ova", 2, "truncated"),
        ("empty.ova", 2, "empty"),
        ("text.ova", 2, "neither a tar nor an OVF"),
        ("folder", 2, "no OVF descriptor"),
        ("absent.ova", 2, "absent.ova"),
    ] {
        let path = work.path().join(name);
        let args = ["ova", "convert", "--to"].map(Path::new);
        let run = quantix(args.into_iter().chain([target.as_path(), path.as_path()])).expect(code);
        assert!(run.stderr().contains(part), "{name}: {}", run.stderr());
        assert!(run.stdout().is_empty() || code == 1, "{name}: {}", run.stdout());
        assert!(!target.exists(), "{name} left {:?}", names_in(&target));
    }
    let run = quantix(
        ["ova", "verify", "--json"]
            .map(Path::new)
            .into_iter()
            .chain([&*work.path().join("wrong.ova")]),
    );
    let answer = run.expect(1).json();
    assert_eq!(answer["manifest"], "mismatch");
    assert_eq!(answer["files"][1]["status"], "mismatch");
    assert_eq!(answer["findings"][0]["line"], 2);
}

#[test]
fn an_appliance_is_made_from_a_description() {
    let work = tempfile::tempdir().expect("a folder");
    vmdk(work.path());
    let spec = "name: web\ncpus: 2\nmemory_mib: 512\ndisks:\n  - path: disk.vmdk\nnics:\n  - network: lan\n";
    let file = work.path().join("web.yaml");
    fs::write(&file, spec).expect("room");
    let (from, to) = (file.to_str().expect("UTF-8"), work.path().join("web.ova"));
    let to = to.to_str().expect("UTF-8");
    let answer = quantix(["ova", "create", "--from", from, "--to", to, "--json"]).expect(0).json();
    assert_eq!(answer["files"][2]["name"], "web-disk1.vmdk");
    quantix(["ova", "verify", to]).expect(0);
    let again = quantix(["ova", "create", "--from", from, "--to", to]).expect(2);
    assert!(again.stderr().contains("exists already"), "{}", again.stderr());
    for (spec, part) in [
        ("", "is empty"),
        ("name: web\n", "missing field"),
        ("name: web\ncpus: 0\nmemory_mib: 512\n", "cannot be written"),
        ("name: web\ncpus: 1\nmemory_mib: 512\ndisks: [{path: none.img}]\n", "none.img"),
    ] {
        fs::write(&file, spec).expect("room");
        let to = work.path().join("new.ova");
        let args = ["ova", "create", "--from", from, "--to", to.to_str().expect("UTF-8")];
        let run = quantix(args).expect(2);
        assert!(run.stderr().contains(part), "{spec:?}: {}", run.stderr());
        assert!(!to.exists());
    }
}
