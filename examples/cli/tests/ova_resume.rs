//! `quantix ova convert` that is killed: the next one goes on where it was.

mod common;

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use common::{names_in, pack, quantix};
use quantix_ova::manifest::{Algorithm, Hasher};

const MIB: usize = 1 << 20;
const DISK_BYTES: usize = 640 * MIB;

const OVF: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References><File ovf:href="disk1.vmdk" ovf:id="file1"/></References>
  <DiskSection><Info>Disks</Info>
    <Disk ovf:capacity="640" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="d1" ovf:fileRef="file1"
      ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <VirtualSystem ovf:id="vm"><Info>A machine</Info>
    <VirtualHardwareSection><Info>Hardware</Info></VirtualHardwareSection>
  </VirtualSystem>
</Envelope>"#;

/// A file on a web server that can stop in the middle.
#[derive(Default)]
struct Served {
    bytes: Vec<u8>,
    /// No byte from here on is sent, and who wants one waits.
    end: Mutex<usize>,
    changed: Condvar,
    /// Somebody waits.
    stalled: Mutex<bool>,
    sent: AtomicU64,
}

impl Served {
    fn set_end(&self, end: usize) {
        *self.end.lock().expect("no panic") = end;
        self.changed.notify_all();
    }

    fn wait_until_stalled(&self) {
        let mut stalled = self.stalled.lock().expect("no panic");
        while !*stalled {
            stalled = self.changed.wait(stalled).expect("no panic");
        }
    }

    /// Waits until these bytes may be sent; the last ones, where the footer of a disk is, always may.
    fn wait_for(&self, from: usize, end: usize) {
        if from + 2 * MIB > self.bytes.len() {
            return;
        }
        let mut limit = self.end.lock().expect("no panic");
        while end > *limit {
            *self.stalled.lock().expect("no panic") = true;
            self.changed.notify_all();
            limit = self.changed.wait(limit).expect("no panic");
        }
    }
}

/// Serves the file on a port of this machine until the test ends.
fn serve(served: &Arc<Served>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/a.ova", listener.local_addr().expect("an address"));
    let served = Arc::clone(served);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let served = Arc::clone(&served);
            // A client that was killed hangs up.
            thread::spawn(move || connection(stream.expect("a client"), &served).ok());
        }
    });
    url
}

fn connection(stream: TcpStream, served: &Served) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(first) = lines.next() {
        let mut range = first?;
        for line in lines.by_ref() {
            let line = line?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("range: bytes=") {
                value.clone_into(&mut range);
            }
        }
        let (from, to) = range.split_once('-').expect("a range is asked for");
        let (from, total): (usize, usize) = (from.parse().expect("a number"), served.bytes.len());
        let to = to.parse::<usize>().expect("a number").min(total - 1) + 1;
        served.wait_for(from, to);
        write!(
            out,
            "HTTP/1.1 206 Partial Content\r\nETag: \"1\"\r\nContent-Length: {}\r\n\
             Content-Range: bytes {from}-{}/{total}\r\n\r\n",
            to - from,
            to - 1
        )?;
        out.write_all(&served.bytes[from..to])?;
        served.sent.fetch_add((to - from) as u64, Ordering::Relaxed);
    }
    Ok(())
}

/// An OVA whose disk has 1 MiB of data in every eight.
fn appliance(work: &Path) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
    .take(MIB)
    .collect();
    let mut disk = vec![0; DISK_BYTES];
    for (number, piece) in disk.chunks_mut(8 * MIB).enumerate() {
        piece[..MIB].copy_from_slice(&noise);
        piece[..8].copy_from_slice(&(number as u64).to_le_bytes());
    }
    let raw = work.join("disk.img");
    fs::write(&raw, disk).expect("room for the test");
    let args = ["convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized"];
    qemu_img(work, &[&args[..], &["disk.img", "disk1.vmdk"]].concat());
    let vmdk = fs::read(work.join("disk1.vmdk")).expect("qemu-img made it");
    let line = |name: &str, bytes: &[u8]| {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(bytes);
        format!("SHA256({name})= {}\n", hasher.finish())
    };
    let manifest = line("a.ovf", OVF.as_bytes()) + &line("disk1.vmdk", &vmdk);
    pack(&[("a.ovf", OVF.as_bytes()), ("a.mf", manifest.as_bytes()), ("disk1.vmdk", &vmdk)])
}

fn qemu_img(work: &Path, args: &[&str]) {
    let run = Command::new("qemu-img").args(args).current_dir(work).output();
    let run =
        run.unwrap_or_else(|e| panic!("qemu-img: {e}; install the Debian package qemu-utils"));
    assert!(run.status.success(), "qemu-img {args:?}: {}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn a_killed_conversion_is_continued_without_fetching_again_what_was_done() {
    let work = tempfile::tempdir().expect("room for the test");
    let served = Arc::new(Served { bytes: appliance(work.path()), ..Served::default() });
    let (url, total) = (serve(&served), served.bytes.len());
    let to = work.path().join("out");
    let target = to.to_str().expect("test paths are UTF-8");
    let args = ["ova", "convert", "--json", &url, "--to", target, "--threads", "2"];

    // The server sends three quarters of the file, and its end to who looks for the footer.
    let three_quarters = total / 4 * 3;
    served.set_end(usize::MAX);
    quantix(["ova", "inspect", "--json", &url]).expect(0);
    served.set_end(three_quarters);
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quantix"));
        command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut killed = command().spawn().expect("the quantix binary runs");
    served.wait_until_stalled();
    killed.kill().expect("it waits for the server");
    killed.wait().expect("it was killed");
    let left = names_in(&to);
    assert!(left.iter().all(|name| name.starts_with(".quantix-")), "no result yet: {left:?}");

    served.set_end(usize::MAX);
    let before = served.sent.load(Ordering::Relaxed);
    let answer = quantix(args).expect(0).json();
    let fetched = served.sent.load(Ordering::Relaxed) - before;
    assert_eq!(answer["verified"], true, "{answer}");
    let findings = answer["findings"].as_array().expect("a list");
    assert!(findings.iter().any(|finding| finding["code"] == "resumed"), "{answer}");
    assert!(fetched < total as u64 / 2, "{fetched} of {total} bytes were fetched again");
    assert_eq!(names_in(&to), ["disk1.qcow2"]);
    let made = to.join("disk1.qcow2");
    let made = made.to_str().expect("test paths are UTF-8");
    qemu_img(work.path(), &["check", "-f", "qcow2", made]);
    qemu_img(work.path(), &["compare", "-f", "raw", "-F", "qcow2", "disk.img", made]);
}
