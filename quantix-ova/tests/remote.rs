//! Packages on a web server, which the test starts: with ranges, without, and with faults.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    num::NonZeroUsize,
    os::unix::fs::FileExt as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use common::{OVF, judge, manifest, mixed_disk, qemu_img_ok, request, tar, text};
use quantix_ova::{
    convert::{Options, convert},
    manifest::{ManifestState, verify},
    ovf::inspect,
    package::{Package, PackageError},
    remote,
    watch::Unwatched,
};

/// What a server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Ranges,
    /// The whole file, whatever was asked for.
    Whole,
    /// Every third answer breaks off in the middle.
    Breaking,
    /// Another version of the file after some answers.
    Changing,
    Status(u16),
    /// To the same path, forever.
    Loop,
    /// To `/a.ova` of the same server.
    Redirect,
    /// Says that it sends the range, and sends another.
    Lying,
}

/// A server of one file, until the test ends.
struct Server {
    url: String,
    requests: Arc<AtomicU64>,
    sent: Arc<AtomicU64>,
}

fn serve(file: File, manner: Manner) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/a.ova", listener.local_addr().unwrap());
    let (requests, sent) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
    let file = Arc::new(file);
    let (counted, bytes) = (Arc::clone(&requests), Arc::clone(&sent));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (file, counted, bytes) =
                (Arc::clone(&file), Arc::clone(&counted), Arc::clone(&bytes));
            // A client that hangs up is the client's affair.
            thread::spawn(move || {
                connection(stream.unwrap(), &file, manner, &counted, &bytes).ok()
            });
        }
    });
    Server { url, requests, sent }
}

fn connection(
    stream: TcpStream,
    file: &File,
    manner: Manner,
    requests: &AtomicU64,
    sent: &AtomicU64,
) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    loop {
        let (mut range, mut first) = (None, String::new());
        for line in lines.by_ref() {
            let line = line?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("range: bytes=") {
                range =
                    value.split_once('-').map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap()));
            }
            if first.is_empty() {
                first = line;
            }
        }
        if first.is_empty() {
            return Ok(());
        }
        let number = requests.fetch_add(1, Ordering::Relaxed);
        let total = file.metadata()?.len();
        let etag = if manner == Manner::Changing && number > 1 { "two" } else { "one" };
        match manner {
            Manner::Status(status) => {
                write!(out, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n")?;
                continue;
            }
            Manner::Loop => {
                write!(out, "HTTP/1.1 302 F\r\nLocation: /a.ova\r\nContent-Length: 0\r\n\r\n")?;
                continue;
            }
            Manner::Redirect if first.contains("/there") => {
                write!(out, "HTTP/1.1 302 F\r\nLocation: /a.ova\r\nContent-Length: 0\r\n\r\n")?;
                continue;
            }
            _ => {}
        }
        let (from, last) = range.filter(|_| manner != Manner::Whole).unwrap_or((0, total - 1));
        let last = u64::min(last, total - 1);
        let told = if manner == Manner::Lying && number > 0 { from + 1 } else { from };
        let mut bytes = last + 1 - from;
        match manner {
            Manner::Whole => write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n")?,
            _ => write!(
                out,
                "HTTP/1.1 206 Partial\r\nContent-Length: {bytes}\r\nETag: \"{etag}\"\r\n\
                 Content-Range: bytes {told}-{last}/{total}\r\n\r\n"
            )?,
        }
        let breaks = manner == Manner::Breaking && number % 3 == 2;
        if breaks {
            bytes /= 2;
        }
        let (mut at, mut buffer) = (from, vec![0; 64 << 10]);
        while at < from + bytes {
            let part = usize::try_from(from + bytes - at).unwrap().min(buffer.len());
            file.read_exact_at(&mut buffer[..part], at)?;
            out.write_all(&buffer[..part])?;
            sent.fetch_add(part as u64, Ordering::Relaxed);
            at += part as u64;
        }
        if breaks {
            return Ok(());
        }
    }
}

/// An appliance with one stream-optimized disk: its bytes in a file, and the raw disk.
fn appliance(folder: &std::path::Path) -> File {
    let raw = folder.join("disk.raw");
    std::fs::write(&raw, mixed_disk(5, 40 << 20)).unwrap();
    let vmdk = folder.join("disk.vmdk");
    let options = ["-O", "vmdk", "-o", "subformat=streamOptimized"];
    qemu_img_ok(&[&["convert", "-f", "raw"], &options[..], &[text(&raw), text(&vmdk)]].concat());
    let disk = std::fs::read(&vmdk).unwrap();
    let files = [("a.ovf", OVF.as_bytes()), ("disk.vmdk", &*disk)];
    let list = manifest(&files);
    let ova = folder.join("a.ova");
    std::fs::write(&ova, tar(&[files[0], ("a.mf", list.as_bytes()), files[1]])).unwrap();
    File::open(ova).unwrap()
}

#[test]
fn a_remote_appliance_is_read_verified_and_converted_in_place() {
    let work = tempfile::tempdir().unwrap();
    for (manner, finding) in
        [(Manner::Ranges, false), (Manner::Breaking, false), (Manner::Whole, true)]
    {
        let file = appliance(work.path());
        let bytes = file.metadata().unwrap().len();
        let server = serve(file, manner);
        let package = remote::open(&server.url).unwrap();
        assert_eq!(package.findings().iter().any(|f| f.code == "no-ranges"), finding);
        let answer = verify(&package, NonZeroUsize::new(2).unwrap(), &Unwatched).unwrap();
        assert_eq!(answer.manifest, ManifestState::Ok, "{manner:?}");
        let before = server.sent.load(Ordering::Relaxed);
        let out = work.path().join(format!("{manner:?}"));
        let disk = request("disk", "disk.vmdk");
        let done = convert(&package, &[disk], &out, &Options::default(), &Unwatched).unwrap();
        assert!(done.verified);
        judge(&work.path().join("disk.raw"), "raw", &done.disks[0].path, "qcow2");
        if manner == Manner::Ranges {
            // Hashing and converting share what is fetched.
            let fetched = server.sent.load(Ordering::Relaxed) - before;
            assert!(fetched < bytes * 3 / 2, "{fetched} bytes fetched of {bytes}");
        }
    }
}

#[test]
fn of_a_large_appliance_only_headers_and_descriptor_are_fetched() {
    let work = tempfile::tempdir().unwrap();
    // Ten GiB, almost all of it a hole.
    let path = work.path().join("large.ova");
    let mut bytes = tar(&[("a.ovf", OVF.as_bytes())]);
    bytes.truncate(bytes.len() - 1024);
    let mut header = tar::Header::new_ustar();
    header.set_path("disk.vmdk").unwrap();
    header.set_size(10 << 30);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    let mut file = File::create_new(&path).unwrap();
    bytes.extend_from_slice(header.as_bytes());
    file.write_all(&bytes).unwrap();
    file.set_len(bytes.len() as u64 + (10 << 30) + 1024).unwrap();
    let server = serve(File::open(&path).unwrap(), Manner::Ranges);
    let package = remote::open(&server.url).unwrap();
    assert_eq!(package.members()[1].bytes, 10 << 30);
    assert!(!inspect(&package).findings.is_empty(), "a disk that nothing refers to");
    let (requests, sent) =
        (server.requests.load(Ordering::Relaxed), server.sent.load(Ordering::Relaxed));
    assert!(requests <= 3 && sent <= 256 << 10, "{requests} requests, {sent} bytes");
}

#[test]
fn servers_that_refuse_change_or_lie_are_told() {
    let work = tempfile::tempdir().unwrap();
    let error = |manner, path: &str| -> PackageError {
        let url = serve(appliance(work.path()), manner).url.replace("/a.ova", path);
        match remote::open(&url) {
            Err(error) => error,
            Ok(package) => verify(&package, NonZeroUsize::MIN, &Unwatched).unwrap_err(),
        }
    };
    for (manner, path, part) in [
        (Manner::Status(404), "/a.ova?token=secret", "no such file"),
        (Manner::Status(403), "/a.ova", "not allowed"),
        (Manner::Status(500), "/a.ova", "answered 500"),
        (Manner::Loop, "/a.ova", "redirect"),
        (Manner::Changing, "/a.ova", "changed on the server"),
        (Manner::Lying, "/a.ova", "another part"),
    ] {
        let error = error(manner, path);
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        let message = format!("{error}: {cause}");
        assert!(error.is_io() && message.contains(part), "{manner:?}: {message}");
        assert!(!message.contains("secret"), "{message}");
    }
    let server = serve(appliance(work.path()), Manner::Redirect);
    let url = server.url.replace("/a.ova", "/there");
    assert_eq!(remote::open(&url).unwrap().members().len(), 3);
    assert!(remote::open("http://127.0.0.1:1/a.ova").unwrap_err().is_io());
    assert!(remote::open("http://").unwrap_err().is_io());
}

#[test]
fn streams_and_packages_inside_gzip_are_read() {
    let work = tempfile::tempdir().unwrap();
    let mut file = appliance(work.path());
    let members = |package: Package| package.members().len();
    assert_eq!(members(Package::from_reader(&mut file, "-".as_ref()).unwrap()), 3);
    let plain = std::fs::read(work.path().join("a.ova")).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&plain).unwrap();
    let packed = encoder.finish().unwrap();
    let path = work.path().join("a.ova.gz");
    std::fs::write(&path, &packed).unwrap();
    let package = Package::open(&path).unwrap();
    assert!(package.findings().iter().any(|finding| finding.code == "gzip-package"));
    assert_eq!(
        verify(&package, NonZeroUsize::MIN, &Unwatched).unwrap().manifest,
        ManifestState::Ok
    );
    std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    let error = Package::open(&path).unwrap_err();
    assert!(!error.is_io() && error.to_string().contains("gzip"), "{error}");
}
