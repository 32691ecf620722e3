//! What the tests share: packing appliances, making disks, asking `qemu-img`.
#![allow(dead_code, unreachable_pub)] // each test binary uses a part of it

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use quantix_ova::convert::DiskRequest;

/// Runs a tool, or says which Debian package brings it.
pub fn tool(name: &str, package: &str, args: &[&str]) -> Output {
    match Command::new(name).args(args).output() {
        Ok(output) => output,
        Err(error) => panic!("{name}: {error}; install the Debian package {package}"),
    }
}

pub fn qemu_img(args: &[&str]) -> Output {
    tool("qemu-img", "qemu-utils", args)
}

/// Runs `qemu-img` and fails the test with its words if it fails.
pub fn qemu_img_ok(args: &[&str]) -> String {
    let output = qemu_img(args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "qemu-img {args:?}: {text} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}

/// Checks a converted disk with `qemu-img check` (qcow2) and against its source.
pub fn judge(source: &Path, source_format: &str, result: &Path, result_format: &str) {
    if result_format == "qcow2" {
        qemu_img_ok(&["check", "-f", "qcow2", text(result)]);
    }
    qemu_img_ok(&["compare", "-f", source_format, "-F", result_format, text(source), text(result)]);
}

pub fn request(id: &str, href: &str) -> DiskRequest {
    DiskRequest { id: id.into(), href: Some(href.into()), ..DiskRequest::default() }
}

pub const OVF: &str =
    r#"<?xml version="1.0"?><Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>"#;

/// Packs files as an OVA, in this order.
pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).expect("packing into memory");
    }
    builder.into_inner().expect("packing into memory")
}

/// A manifest with SHA-256 of these files.
pub fn manifest(files: &[(&str, &[u8])]) -> String {
    let line = |(name, bytes): &(&str, &[u8])| {
        let mut hasher =
            quantix_ova::manifest::Hasher::new(quantix_ova::manifest::Algorithm::Sha256);
        hasher.update(bytes);
        format!("SHA256({name})= {}\n", hasher.finish())
    };
    files.iter().map(line).collect()
}

/// Bytes that look random and do not compress, always the same for a seed.
pub fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

/// A disk with text, noise, zeros and holes, in pieces of odd sizes.
pub fn mixed_disk(seed: u64, bytes: usize) -> Vec<u8> {
    let mut disk = Vec::with_capacity(bytes);
    let mut state = seed | 1;
    while disk.len() < bytes {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let length = 512 + usize::try_from(state >> 40).unwrap_or(0) % 200_000;
        match state >> 33 & 3 {
            0 => disk.resize(disk.len() + length * 2, 0),
            1 => disk.extend(noise(state, length)),
            _ => disk.extend(b"the quick brown fox jumps ".iter().cycle().take(length)),
        }
    }
    disk.truncate(bytes);
    disk
}

/// The folder of files that other vendors made, if this machine has it.
pub fn corpus() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("QUANTIX_CORPUS").map_or(default, PathBuf::from).join("ova");
    root.is_dir().then_some(root)
}

/// Every file below a folder, in order.
pub fn files_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable corpus") {
            let path = entry.expect("a readable corpus").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The names of what lies in a folder.
pub fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a readable folder");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<_> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}
