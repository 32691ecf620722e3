//! The reader of tars beside five others: GNU tar, bsdtar, BusyBox, Python and the `tar` crate.
//!
//! What every writer makes is read as every reader reads it. And where a tar is hostile, it is
//! refused, or told as an error, whenever two readers would see different files in it.
#![allow(clippy::unwrap_used)] // helpers of tests fail the test

mod common;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use quantix_ova::{
    manifest::{Algorithm, Hasher},
    package::Package,
};

/// Files by name: how large they are, and the digest of their content.
type Files = BTreeMap<String, String>;

fn digest(bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(bytes);
    hasher.finish().to_string()
}

/// What our reader sees, and the codes of what it finds; an error is a code too.
fn ours(tar: &Path) -> (Option<Files>, Vec<String>) {
    let package = match Package::open(tar) {
        Ok(package) => package,
        Err(error) => return (None, vec![error.to_string()]),
    };
    let mut files = Files::new();
    for member in package.members() {
        let source = package.open_member(member).unwrap();
        assert_eq!(source.bytes(), member.bytes);
        let mut bytes = vec![0; usize::try_from(member.bytes).unwrap()];
        source.read_exact_at(0, &mut bytes).unwrap();
        files.insert(member.name.clone(), digest(&bytes));
    }
    let codes = package.findings().iter().map(|finding| finding.code.to_string()).collect();
    let is_error = package.findings().iter().any(quantix_core::Finding::is_error);
    ((!is_error).then_some(files), codes)
}

/// The regular files below a folder.
fn files_below(folder: &Path) -> Files {
    let mut files = Files::new();
    for path in common::files_below(folder) {
        if path.symlink_metadata().unwrap().is_file() {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            files.insert(name, digest(&fs::read(&path).unwrap()));
        }
    }
    files
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    Gnu,
    Bsd,
    Busybox,
    Crate,
}

/// What a reader extracts; nothing when it refuses or complains.
fn extracted(reader: Reader, tar: &Path, work: &Path) -> Option<Files> {
    let folder = work.join("extracted");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let (program, package, extract) = match reader {
        Reader::Gnu => ("tar", "tar", "-xf"),
        Reader::Bsd => ("bsdtar", "libarchive-tools", "-xf"),
        Reader::Busybox => ("busybox", "busybox", "xf"),
        Reader::Crate => return by_crate(tar),
    };
    let mut command = Command::new(program);
    command.args((reader == Reader::Busybox).then_some("tar")).arg(extract).arg(tar);
    command.args(["-C", folder.to_str().unwrap()]).env("LC_ALL", "C.UTF-8");
    let run = command.output();
    let run =
        run.unwrap_or_else(|e| panic!("{program}: {e}; install the Debian package {package}"));
    (run.status.success() && run.stderr.is_empty()).then(|| files_below(&folder))
}

fn by_crate(tar: &Path) -> Option<Files> {
    let mut archive = tar::Archive::new(File::open(tar).unwrap());
    let mut files = Files::new();
    for entry in archive.entries().ok()? {
        let mut entry = entry.ok()?;
        let kind = entry.header().entry_type();
        if kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse() {
            let name = entry.path().ok()?.to_str()?.to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).ok()?;
            files.insert(name.strip_prefix("./").unwrap_or(&name).to_owned(), digest(&bytes));
        }
    }
    Some(files)
}

/// What Python sees in many archives, by one process.
fn by_python(tars: &[PathBuf]) -> Vec<Option<Files>> {
    const SCRIPT: &str = r#"
import hashlib, json, sys, tarfile
for path in sys.stdin.read().splitlines():
    try:
        files = {}
        with tarfile.open(path, "r:", errorlevel=2) as archive:
            for member in archive:
                if member.isreg():
                    content = archive.extractfile(member).read()
                    if len(content) != member.size: raise ValueError("cut off")
                    name = member.name[2:] if member.name.startswith("./") else member.name
                    files[name] = hashlib.sha256(content).hexdigest()
        print(json.dumps(files))
    except Exception:
        print("null")
"#;
    let mut python = Command::new("python3");
    python.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut run = python.spawn().expect("python3 is there");
    let list: Vec<&str> = tars.iter().map(|path| path.to_str().unwrap()).collect();
    run.stdin.take().unwrap().write_all(list.join("\n").as_bytes()).unwrap();
    let output = run.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let seen: Vec<_> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(seen.len(), tars.len());
    seen
}

/// A file with data in so many places, each of another length, and a hole at its end.
fn sparse_file(path: &Path, places: u64) {
    let mut file = File::create(path).unwrap();
    for place in 0..places {
        file.seek(SeekFrom::Start(place * 65_536 + 4096 * (place % 3))).unwrap();
        file.write_all(&common::noise(place, 4096 * usize::try_from(1 + place % 4).unwrap()))
            .unwrap();
    }
    file.set_len(places * 65_536 + 100_000).unwrap();
}

/// Runs a writer in the folder of the files.
fn write(folder: &Path, program: &str, args: &[&str]) {
    let run = common::tool(program, program, &[]);
    drop(run);
    let run = Command::new(program).args(args).current_dir(folder).output().unwrap();
    assert!(run.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn what_every_writer_makes_is_read_as_every_reader_reads_it() {
    let work = tempfile::tempdir().unwrap();
    let folder = work.path().join("files");
    let deep = folder.join("sub/deeper");
    fs::create_dir_all(&deep).unwrap();
    fs::write(folder.join("a.ovf"), common::OVF).unwrap();
    fs::write(folder.join("a b (1)=x.mf"), "").unwrap();
    fs::write(folder.join("größe-名前.iso"), common::noise(3, 70_000)).unwrap();
    fs::write(deep.join("x".repeat(120)), "a long name").unwrap();
    fs::write(deep.join("y".repeat(200)), "a longer name").unwrap();
    sparse_file(&folder.join("disk.img"), 3);
    sparse_file(&folder.join("many.img"), 90);
    File::create(folder.join("hole.img")).unwrap().set_len(300_000).unwrap();
    let expected = files_below(&folder);
    let python = "import sys, tarfile\n\
                  with tarfile.open(sys.argv[1], 'w:', format=getattr(tarfile, sys.argv[2])) as t:\n\
                  \x20   t.add('.')";
    let mut tars = Vec::new();
    for (program, args) in [
        ("tar", vec!["--format=gnu", "-cf", "OUT", "."]),
        ("tar", vec!["--format=oldgnu", "-cf", "OUT", "."]),
        ("tar", vec!["--format=pax", "-cf", "OUT", "."]),
        ("tar", vec!["--format=gnu", "--sparse", "-cf", "OUT", "."]),
        ("tar", vec!["--format=pax", "--sparse", "--sparse-version=0.0", "-cf", "OUT", "."]),
        ("tar", vec!["--format=pax", "--sparse", "--sparse-version=0.1", "-cf", "OUT", "."]),
        ("tar", vec!["--format=pax", "--sparse", "--sparse-version=1.0", "-cf", "OUT", "."]),
        ("tar", vec!["--format=gnu", "--label=appliance", "-cf", "OUT", "."]),
        ("bsdtar", vec!["--format=pax", "-cf", "OUT", "."]),
        ("bsdtar", vec!["--format=gnutar", "-cf", "OUT", "."]),
        ("busybox", vec!["tar", "cf", "OUT", "."]),
        ("python3", vec!["-c", python, "OUT", "GNU_FORMAT"]),
        ("python3", vec!["-c", python, "OUT", "PAX_FORMAT"]),
    ] {
        let tar = work.path().join(format!("{}.ova", tars.len()));
        let args: Vec<&str> = args
            .iter()
            .map(|arg| if *arg == "OUT" { tar.to_str().unwrap() } else { arg })
            .collect();
        write(&folder, program, &args);
        let (seen, findings) = ours(&tar);
        assert_eq!(seen.as_ref(), Some(&expected), "{program} {args:?}: {findings:?}");
        let is_sparse = findings.iter().any(|code| code == "tar-sparse");
        // Sparse or not is the writer's choice: bsdtar keeps the holes of its own accord.
        assert!(is_sparse || !args.contains(&"--sparse"), "{args:?}: {findings:?}");
        for reader in [Reader::Gnu, Reader::Bsd, Reader::Crate] {
            // The crate knows neither sparse members nor labels.
            let knows =
                reader != Reader::Crate || !(is_sparse || args.contains(&"--label=appliance"));
            let seen = extracted(reader, &tar, work.path());
            assert!(seen.as_ref() == Some(&expected) || !knows, "{reader:?} {args:?}: {seen:?}");
        }
        tars.push(tar);
    }
    for (tar, seen) in tars.iter().zip(by_python(&tars)) {
        assert_eq!(seen.as_ref(), Some(&expected), "{}", tar.display());
    }
}

#[test]
fn parts_of_several_volumes_are_refused() {
    let work = tempfile::tempdir().unwrap();
    let folder = work.path().join("files");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a.ovf"), common::OVF).unwrap();
    fs::write(folder.join("b.img"), common::noise(1, 60_000)).unwrap();
    let (one, two) = (work.path().join("1.ova"), work.path().join("2.ova"));
    let volumes = ["-M", "-L", "40", "-cf", one.to_str().unwrap(), "-f", two.to_str().unwrap()];
    write(&folder, "tar", &[&volumes[..], &["a.ovf", "b.img"]].concat());
    let error = Package::open(&two).unwrap_err().to_string();
    assert!(error.contains("several volumes"), "{error}");
    let error = Package::open(&one).unwrap_err().to_string();
    assert!(error.contains("truncated"), "{error}");
}

/// A header, every field free.
fn header(name: &str, kind: u8, size: u64, magic: &[u8; 8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    let name = &name.as_bytes()[..name.len().min(100)];
    block[..name.len()].copy_from_slice(name);
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[148..156].fill(b' ');
    block[156] = kind;
    block[257..265].copy_from_slice(magic);
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let digits = (rest.len() + 1..).find(|n| n.to_string().len() + rest.len() == *n).unwrap();
    format!("{digits}{rest}")
}

/// A tar of random but mostly well-formed headers that contradict each other.
fn hostile(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) % below
    };
    let mut tar = header("a.ovf", b'0', common::OVF.len() as u64, b"ustar\x0000");
    let append = |tar: &mut Vec<u8>, bytes: &[u8]| {
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    };
    append(&mut tar, common::OVF.as_bytes());
    // Half of the tars have a fault with each step, the others now and then.
    let rare = if seed.is_multiple_of(2) { 4 } else { 40 };
    for number in 0..2 + next(3) {
        let name = match next(rare) {
            0 => ["../f.img", "./d.vmdk", "/abs", "a.ovf"][usize::try_from(next(4)).unwrap()],
            _ => ["d.vmdk", "e.img", "sub/g", "h h.img", "./k"][usize::try_from(number).unwrap()],
        };
        let content = common::noise(seed ^ number, usize::try_from(next(1500)).unwrap());
        let length = content.len().to_string();
        let mut records = String::new();
        for _ in 0..next(3) {
            records += &match next(8) {
                0 => record("path", &format!("{number}.img")),
                1 => record("path", name),
                2 => record("size", &length),
                3 if next(rare) == 0 => record("size", &next(2000).to_string()),
                4 if next(rare) == 0 => record("GNU.sparse.size", &next(9000).to_string()),
                5 => {
                    record("GNU.sparse.size", &(content.len() + 900).to_string())
                        + &record("GNU.sparse.map", &format!("{},{length}", next(900)))
                        + &record("GNU.sparse.name", &format!("{number}.raw"))
                }
                6 => record("linkpath", "elsewhere"),
                _ => record("comment", "nothing"),
            };
        }
        let kind = if next(rare) == 0 { b'g' } else { b'x' };
        if !records.is_empty() {
            tar.extend(header("PaxHeader", kind, records.len() as u64, b"ustar\x0000"));
            append(&mut tar, records.as_bytes());
        }
        if next(5) == 0 {
            let long = format!("long{number}.im\0");
            tar.extend(header("././@LongLink", b'L', long.len() as u64, b"ustar  \0"));
            append(&mut tar, long.as_bytes());
        }
        let kind = match next(rare) {
            0 => *b"52SMD?1".get(usize::try_from(next(7)).unwrap()).unwrap(),
            _ => [b'0', b'0', 0, b'7'][usize::try_from(next(4)).unwrap()],
        };
        let size = if next(rare) == 0 { next(3000) } else { content.len() as u64 };
        let magic = if next(2) == 0 { b"ustar\x0000" } else { b"ustar  \0" };
        tar.extend(header(name, kind, size, magic));
        append(&mut tar, &content);
    }
    tar.resize(tar.len() + 1024, 0);
    if next(rare) == 0 {
        let length = tar.len();
        tar.truncate(length - 1024 - usize::try_from(next(900)).unwrap());
    }
    tar
}

#[test]
fn a_hostile_tar_is_refused_wherever_readers_would_disagree() {
    let work = tempfile::tempdir().unwrap();
    let seeds: Vec<u64> = (1..=400).collect();
    let tars: Vec<PathBuf> = seeds
        .iter()
        .map(|seed| {
            let path = work.path().join(format!("{seed}.ova"));
            fs::write(&path, hostile(*seed)).unwrap();
            path
        })
        .collect();
    let (mut read, mut refused) = (0, 0);
    for (tar, python) in tars.iter().zip(by_python(&tars)) {
        let (Some(mine), findings) = ours(tar) else {
            refused += 1;
            continue;
        };
        read += 1;
        // Readers that know no extended headers, or no sparse members, are told apart by those.
        let has = |code: &str| findings.iter().any(|found| found == code);
        let bytes = fs::read(tar).unwrap();
        let is_extended = bytes.chunks(512).any(|block| block.get(..9) == Some(b"PaxHeader"));
        // Python takes the size with holes for what is stored where both are told.
        let is_sized = bytes.windows(6).any(|part| part == b" size=");
        let python = python.filter(|_| !(has("tar-sparse") && is_sized));
        let mut others = vec![("Python", python)];
        for reader in [Reader::Gnu, Reader::Bsd, Reader::Busybox, Reader::Crate] {
            let knows = match reader {
                Reader::Gnu | Reader::Bsd => true,
                Reader::Busybox => !is_extended && !has("tar-sparse"),
                Reader::Crate => !has("tar-sparse"),
            };
            let name = ["GNU tar", "bsdtar", "BusyBox", "the tar crate"][reader as usize];
            others.extend(knows.then(|| (name, extracted(reader, tar, work.path()))));
        }
        for (name, seen) in others {
            let Some(seen) = seen else { continue };
            assert_eq!(seen, mine, "{name} reads {} in another way: {findings:?}", tar.display());
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read > 20 && refused > 20, "{read} read, {refused} refused");
}

/// A member of a terabyte of holes is refused before anything is read.
#[test]
fn sparse_bombs_are_refused_with_the_limit_named() {
    let records = record("GNU.sparse.size", "18446744073709551615")
        + &record("GNU.sparse.map", "0,4")
        + &record("GNU.sparse.name", "d.img");
    let mut tar = header("PaxHeader", b'x', records.len() as u64, b"ustar\x0000");
    tar.extend_from_slice(records.as_bytes());
    tar.resize(tar.len().next_multiple_of(512), 0);
    tar.extend(header("GNUSparseFile.0/d.img", b'0', 4, b"ustar\x0000"));
    tar.extend_from_slice(b"data");
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    let error = Package::from_source(Arc::new(tar), Path::new("a.ova")).unwrap_err().to_string();
    assert!(error.contains("1099511627776 bytes in a sparse member"), "{error}");
}
