//! Hostile packages and images: a tar that can be read in two ways, sizes that lie, names that
//! lead elsewhere, bytes at random. Nothing panics, nothing is believed beyond its limit.

mod common;

use std::{fs, io, path::Path, sync::Arc};

use common::{qemu_img_ok, text};
use proptest::prelude::*;
use quantix_ova::{
    convert::{Options, convert},
    disk::{self, NoExtents, Scratch},
    manifest::Manifest,
    package::{EXTENDED_HEADER_BYTES_MAX, MEMBERS_MAX, Package, PackageError, ReadAt},
    watch::Unwatched,
};

/// One tar member, every field of its header free.
struct Raw<'a> {
    name: &'a str,
    kind: u8,
    size: &'a [u8],
    content: &'a [u8],
}

impl<'a> Raw<'a> {
    fn file(name: &'a str, content: &'a [u8]) -> Self {
        Self { name, kind: b'0', size: b"", content }
    }

    fn append(&self, tar: &mut Vec<u8>) {
        let mut header = [0u8; 512];
        let name = &self.name.as_bytes()[..self.name.len().min(100)];
        header[..name.len()].copy_from_slice(name);
        let octal = format!("{:011o}", self.content.len()).into_bytes();
        let size = if self.size.is_empty() { &octal } else { self.size };
        header[124..124 + size.len()].copy_from_slice(size);
        header[148..156].fill(b' ');
        header[156] = self.kind;
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        tar.extend_from_slice(&header);
        tar.extend_from_slice(self.content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
}

fn pack(members: &[Raw<'_>]) -> Vec<u8> {
    let mut tar = Vec::new();
    members.iter().for_each(|member| member.append(&mut tar));
    tar.resize(tar.len() + 1024, 0);
    tar
}

fn open(tar: Vec<u8>) -> Result<Package, PackageError> {
    Package::from_source(Arc::new(tar), Path::new("test.ova"))
}

fn ovf<'a>() -> Raw<'a> {
    Raw::file("a.ovf", common::OVF.as_bytes())
}

fn global(content: &[u8]) -> Raw<'_> {
    Raw { kind: b'g', ..Raw::file("pax_global_header", content) }
}

fn pax(key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let digits = (rest.len() + 1..).find(|n| n.to_string().len() + rest.len() == *n).unwrap_or(0);
    format!("{digits}{rest}").into_bytes()
}

#[test]
fn ambiguous_and_unsafe_members_are_findings_and_never_converted() {
    let long = "../".repeat(60) + "etc/passwd";
    let (path, size) = (pax("path", "e.vmdk"), pax("size", "0"));
    for (extra, code) in [
        (vec![Raw::file("d.vmdk", b"1"), Raw::file("d.vmdk", b"2")], "duplicate-member"),
        (vec![Raw::file("d.vmdk", b"1"), Raw::file("./d.vmdk", b"2")], "duplicate-member"),
        (vec![Raw::file("../d.vmdk", b"1")], "unsafe-name"),
        (vec![Raw::file("/d.vmdk", b"1")], "unsafe-name"),
        (vec![Raw::file("x/../../d.vmdk", b"1")], "unsafe-name"),
        (vec![Raw { kind: b'2', ..Raw::file("d.vmdk", b"") }], "tar-link"),
        (vec![Raw { kind: b'1', ..Raw::file("d.vmdk", b"") }], "tar-link"),
        (vec![Raw { kind: b'3', ..Raw::file("d.vmdk", b"") }], "tar-device"),
        (vec![Raw { kind: b'6', ..Raw::file("d.vmdk", b"") }], "tar-device"),
        (
            vec![Raw { kind: b'L', ..Raw::file("x", long.as_bytes()) }, Raw::file("x", b"1")],
            "unsafe-name",
        ),
        (vec![global(&path), Raw::file("d.vmdk", b"1")], "tar-global-header"),
        (vec![global(&size), Raw::file("d.vmdk", b"1")], "tar-global-header"),
    ] {
        let mut members = vec![ovf()];
        members.extend(extra);
        let package = open(pack(&members)).unwrap();
        let finding = package.findings().iter().find(|finding| finding.is_error()).unwrap();
        assert_eq!(finding.code, code);
        let work = tempfile::tempdir().unwrap();
        let disks = [common::request("d", "d.vmdk")];
        let error = convert(&package, &disks, work.path(), &Options::default(), &Unwatched);
        assert!(error.unwrap_err().to_string().contains("ambiguous or unsafe"), "{code}");
        assert!(common::names_in(work.path()).is_empty());
    }
}

#[test]
fn a_global_header_that_says_nothing_of_members_is_told_and_ignored() {
    let comment = pax("comment", "made from revision 1");
    let x = pax("path", "e.vmdk");
    let named = Raw { kind: b'x', ..Raw::file("pax", &x) };
    let package = open(pack(&[ovf(), named, global(&comment), Raw::file("d", b"12")])).unwrap();
    let findings: Vec<_> = package.findings().iter().map(|f| (&*f.code, f.is_error())).collect();
    assert_eq!(findings, [("tar-global-header", false)]);
    // What an extended header said of the next member outlives the global one.
    assert_eq!(package.find("e.vmdk").unwrap().bytes, 2);
    let error = open(pack(&[ovf(), global(b"nonsense")])).unwrap_err().to_string();
    assert!(error.contains("extended tar header"), "{error}");
}

#[test]
fn tars_with_two_readings_or_broken_headers_are_refused() {
    let conflict = pax("size", "0");
    let sparse = pax("GNU.sparse.major", "1");
    let cut = pax("size", "1");
    let big = vec![b'x'; usize::try_from(EXTENDED_HEADER_BYTES_MAX).unwrap() + 1];
    let x = |content| Raw { kind: b'x', ..Raw::file("pax", content) };
    let data = || Raw::file("d.vmdk", b"12345");
    let size = |size| Raw { size, ..Raw::file("d.vmdk", b"") };
    for (members, part) in [
        (vec![ovf(), x(&conflict), data()], "two sizes for one member"),
        (vec![ovf(), x(&sparse), data()], "sparse"),
        (vec![ovf(), x(&cut[..cut.len() - 1]), data()], "extended tar header"),
        (vec![ovf(), x(b"nonsense"), data()], "extended tar header"),
        (vec![ovf(), x(&big), data()], "more than 65536"),
        (vec![ovf(), Raw { kind: b'S', ..data() }], "sparse"),
        (vec![ovf(), size(b"77777777777")], "truncated"),
        (vec![ovf(), size(b"\x80\0\0\0\0\0\x40\0\0\0\0\0")], "truncated"),
        (
            vec![ovf(), size(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")],
            "expected a number",
        ),
        (vec![ovf(), size(b"12x45678901")], "expected a number"),
        (vec![Raw::file("d.vmdk", b"1")], "no OVF descriptor"),
        (vec![ovf(), Raw::file("b.ovf", b"<")], "several OVF descriptors"),
    ] {
        let error = open(pack(&members)).unwrap_err().to_string();
        assert!(error.contains(part), "{part}: {error}");
    }
    let mut broken = pack(&[ovf(), data()]);
    broken[1024 + 5] ^= 1;
    assert!(open(broken).unwrap_err().to_string().contains("checksum"));
}

#[test]
fn bytes_after_the_end_marker_are_told() {
    let mut tar = pack(&[ovf()]);
    tar.extend(pack(&[Raw::file("d.vmdk", b"hidden")]));
    let package = open(tar).unwrap();
    assert!(package.findings().iter().any(|f| f.code == "tar-data-after-end" && f.is_error()));
    assert_eq!(package.members().len(), 1);
}

#[test]
fn the_number_of_members_is_limited() {
    let names: Vec<String> = (0..=MEMBERS_MAX).map(|n| format!("{n}.x")).collect();
    let members: Vec<Raw<'_>> = names.iter().map(|name| Raw::file(name, b"")).collect();
    let error = open(pack(&members)).unwrap_err().to_string();
    assert!(error.contains("more than 10000 members"), "{error}");
}

#[test]
fn long_names_and_extended_headers_of_honest_writers_are_read() {
    let long = format!("{}/{}.vmdk", "d".repeat(90), "e".repeat(120));
    let mut gnu = tar::Builder::new(Vec::new());
    for (name, content) in [("a.ovf", common::OVF.as_bytes()), (&*long, b"12345")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        gnu.append_data(&mut header, name, content).unwrap();
    }
    let package = open(gnu.into_inner().unwrap()).unwrap();
    assert_eq!(package.find(&long).unwrap().bytes, 5);
    let path = pax("path", &long);
    let size = pax("size", "5");
    let both = [path, size].concat();
    let members = [ovf(), Raw { kind: b'x', ..Raw::file("pax", &both) }, Raw::file("x", b"12345")];
    assert_eq!(open(pack(&members)).unwrap().find(&long).unwrap().bytes, 5);
}

/// An image with one byte changed, or cut off, without a copy of it.
#[derive(Debug)]
struct Damaged {
    seed: Arc<Vec<u8>>,
    at: usize,
    value: u8,
    length: usize,
}

impl ReadAt for Damaged {
    fn bytes(&self) -> u64 {
        self.length as u64
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.bytes()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.seed.read_exact_at(offset, buffer)?;
        let place = usize::try_from(offset).ok().and_then(|offset| self.at.checked_sub(offset));
        if let Some(byte) = place.and_then(|place| buffer.get_mut(place)) {
            *byte = self.value;
        }
        Ok(())
    }
}

/// Reads a whole disk; errors are fine, panics are not.
fn read_all(image: Damaged, scratch: &mut Scratch, buffer: &mut [u8], out: &mut Vec<u8>) {
    let Ok(image) = disk::open(Arc::new(image), &NoExtents) else { return };
    let mut at = 0;
    for _ in 0..64 {
        match image.next_data(scratch, at) {
            Ok(Some(found)) => at = found,
            _ => return,
        }
        let _ = image.read_at(scratch, at, buffer);
        out.clear();
        let _ = image.packed(scratch, at, 65536, disk::Check::Inflate, out);
        at += buffer.len() as u64;
    }
}

/// A small image of every format that can be read.
fn seeds() -> Vec<Vec<u8>> {
    let work = tempfile::tempdir().expect("a folder");
    let raw = work.path().join("disk.img");
    // A piece of text, noise and nothing, each of one grain and a half.
    let text_piece = b"the quick brown fox jumps ".iter().copied().cycle().take(96 << 10);
    let noise_piece = common::noise(1, 96 << 10);
    let disk: Vec<u8> = text_piece.chain(noise_piece).chain(vec![0; 96 << 10]).collect();
    fs::write(&raw, disk).expect("room");
    let formats = [
        ("vmdk", "subformat=streamOptimized"),
        ("vmdk", "subformat=monolithicSparse"),
        ("qcow2", "compat=1.1"),
        ("vdi", "static=off"),
        ("vpc", "subformat=dynamic"),
        ("vhdx", "subformat=dynamic"),
    ];
    let make = |(format, option): (&str, &str)| {
        let image = work.path().join("image");
        qemu_img_ok(&[
            "convert",
            "-f",
            "raw",
            "-O",
            format,
            "-o",
            option,
            text(&raw),
            text(&image),
        ]);
        fs::read(image).expect("qemu-img made it")
    };
    formats.into_iter().map(make).collect()
}

#[test]
fn damaged_images_are_errors_never_panics() {
    let (mut scratch, mut buffer, mut out) = (Scratch::new(), vec![0; 288 << 10], Vec::new());
    // The bytes of the parts that steer, each third one to zero and each third one to 255; then
    // the file cut off everywhere.
    for seed in seeds().into_iter().map(Arc::new) {
        let length = seed.len();
        let whole: Arc<dyn ReadAt> = seed.clone();
        disk::open(whole, &NoExtents).expect("undamaged, it is read");
        let mut damaged = |at, value, length| {
            let image = Damaged { seed: Arc::clone(&seed), at, value, length };
            read_all(image, &mut scratch, &mut buffer, &mut out);
        };
        for at in (0..2048).chain(65536..65536 + 128) {
            for value in [0, 0xff] {
                if at % 3 == usize::from(value & 1) && seed.get(at).is_some_and(|&b| b != value) {
                    damaged(at, value, length);
                }
            }
        }
        for length in (0..length).step_by(length / 40 + 1) {
            damaged(usize::MAX, 0, length);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn random_manifests_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let manifest = Manifest::parse(&bytes);
        prop_assert!(manifest.entries().len() <= 400);
    }

    #[test]
    fn random_damage_to_a_tar_never_panics(
        damage in prop::collection::vec((0usize..4096, any::<u8>()), 1..12),
        cut in 0usize..5000,
    ) {
        let pax = pax("path", "d.vmdk");
        let mut tar = pack(&[
            ovf(),
            Raw { kind: b'x', ..Raw::file("pax", &pax) },
            Raw::file("d.vmdk", b"12345"),
            Raw::file("a.mf", b"SHA1(a.ovf)= 00"),
        ]);
        for (at, byte) in damage {
            if let Some(slot) = tar.get_mut(at) {
                *slot = byte;
            }
        }
        tar.truncate(cut.max(1));
        if let Ok(package) = open(tar) {
            for member in package.members() {
                prop_assert!(!member.name.contains("..") && !member.name.starts_with('/'));
            }
        }
    }
}
