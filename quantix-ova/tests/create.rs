//! Appliances that are made here, judged by `tar`, `qemu-img` and our own strict reader.

mod common;

use std::{fs, num::NonZeroUsize, path::Path};

use common::{judge, mixed_disk, names_in, text, tool};
use quantix_ova::{
    convert::{Options, convert_appliance},
    create::{CreateError, Created, Spec, create},
    manifest::{ManifestState, verify},
    ovf::Descriptor,
    package::Package,
    watch::{Progress, Unwatched, Watch},
};

fn spec(disks: &str) -> Spec {
    let text = format!(
        r#"{{"name":"web server","cpus":2,"memory_mib":2048,"firmware":"efi","disks":{disks},
            "nics":[{{"network":"lan"}}]}}"#
    );
    serde_json::from_str(&text).expect("a valid description")
}

fn make(work: &Path, disks: &str, to: &str, threads: usize) -> Result<Created, CreateError> {
    create(&spec(disks), work, &work.join(to), NonZeroUsize::new(threads), &Unwatched)
}

/// What a disk holds, counted the slow way: its grains of 64 KiB that are not all zeros.
fn populated_in(disk: &[u8]) -> u64 {
    let data = disk.chunks(65536).filter(|grain| grain.iter().any(|&byte| byte != 0));
    (data.count() as u64 * 65536).min(disk.len() as u64)
}

#[test]
fn what_is_made_reads_back_as_the_same_machine_and_disks() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    let (root, data) = (mixed_disk(3, 37 << 20), mixed_disk(4, 700_416));
    fs::write(work.join("root.img"), &root).unwrap();
    fs::write(work.join("data.img"), &data).unwrap();
    let disks =
        r#"[{"path":"root.img"},{"capacity_bytes":"1GiB"},{"path":"data.img","id":"data"}]"#;
    let made = make(work, disks, "a.ova", 2).unwrap();
    let names: Vec<_> = made.files.iter().map(|file| file.name.as_str()).collect();
    let expected =
        ["web server.ovf", "web server.mf", "web server-disk1.vmdk", "web server-disk3.vmdk"];
    assert_eq!(names, expected);
    let listing = tool("tar", "tar", &["-tf", text(&work.join("a.ova"))]);
    assert_eq!(String::from_utf8_lossy(&listing.stdout).lines().collect::<Vec<_>>(), expected);

    let package = Package::open(&work.join("a.ova")).unwrap();
    assert_eq!(package.findings(), []);
    let answer = verify(&package, NonZeroUsize::MIN, &Unwatched).unwrap();
    assert!(answer.ok && answer.manifest == ManifestState::Ok, "{:?}", answer.findings);
    let descriptor = Descriptor::parse(&package.descriptor().bytes).unwrap();
    assert_eq!(descriptor.findings(), []);
    let member = package.find("web server-disk1.vmdk").unwrap();
    assert_eq!(descriptor.files[0].size, Some(member.bytes));
    let populated: Vec<_> = descriptor.disks.iter().map(|disk| disk.populated_bytes).collect();
    let expected = [Some(populated_in(&root)), None, Some(populated_in(&data))];
    assert_eq!(populated, expected);

    let target = work.join("out");
    let done = convert_appliance(&package, &target, &Options::default(), &Unwatched).unwrap();
    assert!(done.verified && done.findings.iter().all(|f| !f.is_error()), "{:?}", done.findings);
    assert_eq!(done.disks[1].virtual_bytes, 1 << 30);
    judge(&work.join("root.img"), "raw", &done.disks[0].path, "qcow2");
    judge(&work.join("data.img"), "raw", &done.disks[2].path, "qcow2");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let work = tempfile::tempdir().unwrap();
    fs::write(work.path().join("root.img"), mixed_disk(9, 5 << 20)).unwrap();
    let mut seen = Vec::new();
    for threads in [1, 2, 5] {
        let to = format!("{threads}.ova");
        make(work.path(), r#"[{"path":"root.img"}]"#, &to, threads).unwrap();
        seen.push(fs::read(work.path().join(to)).unwrap());
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn nothing_follows_the_end_of_stream_marker() {
    let work = tempfile::tempdir().unwrap();
    fs::write(work.path().join("root.img"), mixed_disk(9, 5 << 20)).unwrap();
    make(work.path(), r#"[{"path":"root.img"}]"#, "a.ova", 2).unwrap();
    let package = Package::open(&work.path().join("a.ova")).unwrap();
    let member = package.find("web server-disk1.vmdk").unwrap();
    let source = package.open_member(&member).unwrap();
    let mut tail = [1; 1536];
    source.read_exact_at(member.bytes - 1536, &mut tail).unwrap();
    // Footer marker, footer, end of stream.
    assert_eq!((tail[0], tail[12]), (1, 3));
    assert_eq!(tail[512..516], *b"KDMV");
    assert_eq!(tail[1024..], [0; 512]);
}

#[test]
fn faults_are_told_and_leave_nothing() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    fs::write(work.join("root.img"), mixed_disk(9, 1 << 20)).unwrap();
    fs::write(work.join("empty.img"), "").unwrap();
    fs::write(work.join("taken.ova"), "mine").unwrap();
    let before = names_in(work);
    for (disks, to, part) in [
        (r#"[{"path":"absent.img"}]"#, "a.ova", "absent.img: cannot be read"),
        (r#"[{"path":"empty.img"}]"#, "a.ova", "empty"),
        (r#"[{"path":"root.img"}]"#, "taken.ova", "exists already"),
        (r#"[{"path":"root.img"}]"#, "no/such/a.ova", "cannot be written"),
        (r#"[{"path":"root.img","id":"a"},{"path":"root.img","id":"a"}]"#, "a.ova", "cannot be"),
    ] {
        let error = make(work, disks, to, 1).unwrap_err().to_string();
        assert!(error.contains(part), "{disks}: {error}");
        assert_eq!(names_in(work), before);
    }

    struct Impatient;
    impl Watch for Impatient {
        fn progress(&self, _: Progress) {}
        fn is_cancelled(&self) -> bool {
            true
        }
    }
    let spec = spec(r#"[{"path":"root.img"}]"#);
    let error = create(&spec, work, &work.join("a.ova"), None, &Impatient).unwrap_err();
    assert!(error.is_cancelled());
    assert_eq!(names_in(work), before);
}
