//! Other vendors' descriptors: the good ones read as a plain reader reads them, the broken ones
//! reported with their place.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and reports by printing"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use quantix_ova::{
    ovf::{Descriptor, Inspect},
    package::Packing,
};

#[path = "ovf_plain/mod.rs"]
mod plain;

/// Where the corpus is: `QUANTIX_CORPUS`, or beside the repository.
fn corpus() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    std::env::var_os("QUANTIX_CORPUS").map_or_else(beside, PathBuf::from).join("ova")
}

/// Every descriptor below `folder`, in order.
fn descriptors(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            descriptors(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "ovf") {
            found.push(path);
        }
    }
}

/// Whether the file is broken on purpose, judged by its path, as the collection says.
fn is_negative(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "Neg")
}

/// Whether the collection's list marks the file as broken, or it is a template with gaps to fill.
fn is_doubtful(path: &Path, list: &str, bytes: &[u8]) -> bool {
    let name = path.strip_prefix(corpus()).unwrap().to_string_lossy().into_owned();
    let name = name.split_once('/').map_or("", |(_, rest)| rest).to_owned();
    let is_marked = list
        .lines()
        .any(|line| line.split('\t').nth(2) == Some(&name) && line.contains("NEGATIVE"));
    let is_broken = ["no_disk_in_ref.ovf", "unsupportedSection.ovf"];
    is_marked
        || is_broken.iter().any(|known| name.ends_with(known))
        || bytes.windows(3).any(|window| window == b"___" || window == b"@@V")
}

#[test]
fn good_descriptors_read_like_a_plain_reader_reads_them() {
    let mut paths = Vec::new();
    descriptors(&corpus(), &mut paths);
    paths.retain(|path| !is_negative(path));
    if paths.is_empty() {
        println!("corpus: absent");
        return;
    }
    let mut wrong = Vec::new();
    let list = fs::read_to_string(corpus().join("INDEX.tsv")).unwrap_or_default();
    for path in &paths {
        let bytes = fs::read(path).unwrap();
        if is_doubtful(path, &list, &bytes) {
            continue;
        }
        let name = path.strip_prefix(corpus()).unwrap().display().to_string();
        match Descriptor::parse(&bytes) {
            Err(error) => wrong.push(format!("{name}:{}", error.finding())),
            Ok(descriptor) => {
                let inspect = Inspect::new(Packing::Ovf, &descriptor);
                if inspect.is_broken() {
                    let errors = inspect.findings.iter().filter(|finding| finding.is_error());
                    wrong.push(format!("{name}: {:?}", errors.collect::<Vec<_>>()));
                }
                let ours: Vec<_> = inspect.systems.iter().map(plain::of_system).collect();
                match plain::read(&bytes) {
                    Ok(expected) if expected == ours => {}
                    Ok(expected) => {
                        wrong.push(format!("{name}: {ours:?}\n    is not {expected:?}"))
                    }
                    Err(error) => println!("oracle cannot read {name}: {error}"),
                }
            }
        }
    }
    println!("corpus: {} files, {} differ", paths.len(), wrong.len());
    for line in &wrong {
        println!("{line}");
    }
    assert!(wrong.len() * 200 <= paths.len(), "more than 0.5 % differ");
}

/// What is wrong with these lies in a file that they refer to, or is nothing: but for the names of
/// prefixes they equal good ones of the same name.
const UNDETECTABLE: &[&str] = &[
    "Neg/invalid_createType_disk.ovf",
    "Neg/invalid_delta_reference_disk.ovf",
    "Neg/invalid_ref_size_neg.ovf",
    "Envelope_1_0/Neg/invalid_no_version.ovf",
    "HttpLocators/Neg/valid_no_disk.ovf",
    "Options/Neg/nvm001.ovf",
    "Envelope/Neg/identity_compression.ovf",
    "Neg/empty_system.ovf",
];

#[test]
fn broken_descriptors_are_reported_with_their_place() {
    let mut paths = Vec::new();
    descriptors(&corpus(), &mut paths);
    paths.retain(|path| is_negative(path));
    if paths.is_empty() {
        println!("corpus: absent");
        return;
    }
    let mut accepted = Vec::new();
    for path in &paths {
        if UNDETECTABLE.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let name = path.strip_prefix(corpus()).unwrap().display().to_string();
        let findings = match Descriptor::parse(fs::read(path).unwrap()) {
            Err(error) => vec![error.finding()],
            Ok(descriptor) => descriptor.findings().to_vec(),
        };
        let errors: Vec<_> = findings.iter().filter(|finding| finding.is_error()).collect();
        if errors.is_empty() {
            accepted.push(format!("{name}: {findings:?}"));
        }
        assert!(errors.iter().all(|e| e.line.is_some() && e.column.is_some()), "{name}");
    }
    println!("corpus: {} files, {} accepted", paths.len(), accepted.len());
    for line in &accepted {
        println!("{line}");
    }
    assert!(accepted.is_empty());
}
