//! What Ignition itself asks of a config, told at the place in the Butane document.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::translate::Job;

/// The longest label of a partition, in characters.
const PARTITION_LABEL_CHARS_MAX: usize = 36;

/// Checks a config as the document has it, before anything is added to it.
pub(super) fn check(job: &mut Job<'_>, config: &Json) {
    let storage = &config["storage"];
    each(job, &storage["disks"], "$.storage.disks", disk);
    each(job, &storage["raid"], "$.storage.raid", raid);
    each(job, &storage["filesystems"], "$.storage.filesystems", filesystem);
    each(job, &storage["files"], "$.storage.files", file);
    each(job, &storage["directories"], "$.storage.directories", directory);
    each(job, &storage["links"], "$.storage.links", link);
    each(job, &storage["luks"], "$.storage.luks", luks);
    each(job, &config["passwd"]["users"], "$.passwd.users", named);
    each(job, &config["passwd"]["groups"], "$.passwd.groups", named);
    each(job, &config["systemd"]["units"], "$.systemd.units", unit);
    unique(job, storage, &["files", "directories", "links"], "$.storage", "path");
    for (section, name) in [("passwd", "users"), ("passwd", "groups"), ("systemd", "units")] {
        unique(job, &config[section], &[name], &format!("$.{section}"), "name");
    }
    for name in ["luks", "raid"] {
        unique(job, storage, &[name], "$.storage", "name");
    }
    for name in ["disks", "filesystems"] {
        unique(job, storage, &[name], "$.storage", "device");
    }
    let arguments = &config["kernelArguments"];
    let unwanted = arguments["shouldNotExist"].as_array();
    for (i, argument) in arguments["shouldExist"].as_array().into_iter().flatten().enumerate() {
        if unwanted.is_some_and(|unwanted| unwanted.contains(argument)) {
            let path = format!("$.kernel_arguments.should_exist.{i}");
            fault(job, &path, "conflict", "the argument is in should_not_exist as well");
        }
    }
    let merged = &config["ignition"]["config"];
    each(job, &merged["merge"], "$.ignition.config.merge", source);
    source(job, &merged["replace"], "$.ignition.config.replace");
    let authorities = &config["ignition"]["security"]["tls"]["certificateAuthorities"];
    each(job, authorities, "$.ignition.security.tls.certificate_authorities", source);
}

fn each(job: &mut Job<'_>, list: &Json, path: &str, check: fn(&mut Job<'_>, &Json, &str)) {
    for (i, item) in list.as_array().into_iter().flatten().enumerate() {
        check(job, item, &format!("{path}.{i}"));
    }
}

fn fault(job: &mut Job<'_>, path: &str, code: &'static str, message: impl Into<String>) {
    let node = job.node_at(path);
    job.error(path, node, code, message);
}

/// Nothing may be written twice.
fn unique(job: &mut Job<'_>, section: &Json, lists: &[&str], path: &str, key: &str) {
    let mut seen = BTreeSet::new();
    for list in lists {
        for (i, item) in section[list].as_array().into_iter().flatten().enumerate() {
            let Some(name) = item[key].as_str() else { continue };
            if !seen.insert(name.to_owned()) {
                let message = format!("{name:?} is there twice");
                fault(job, &format!("{path}.{list}.{i}"), "duplicate", message);
            }
        }
    }
}

fn absolute(job: &mut Job<'_>, item: &Json, path: &str, key: &str, is_required: bool) {
    match item[key].as_str() {
        Some(text) if text.starts_with('/') => {}
        Some("") | None if is_required => {
            fault(job, &format!("{path}.{key}"), "missing-field", format!("{key} is required"));
        }
        Some("") | None => {}
        Some(text) => {
            let message = format!("{text:?} is not absolute");
            fault(job, &format!("{path}.{key}"), "not-absolute", message);
        }
    }
}

fn named(job: &mut Job<'_>, item: &Json, path: &str) {
    if item["name"].as_str().is_none_or(str::is_empty) {
        fault(job, &format!("{path}.name"), "missing-field", "name is required");
    }
}

fn disk(job: &mut Job<'_>, disk: &Json, path: &str) {
    absolute(job, disk, path, "device", true);
    let mut numbers = BTreeSet::new();
    let mut labels = BTreeSet::new();
    for (i, partition) in disk["partitions"].as_array().into_iter().flatten().enumerate() {
        let path = format!("{path}.partitions.{i}");
        if let Some(label) = partition["label"].as_str() {
            let at = format!("{path}.label");
            if label.chars().count() > PARTITION_LABEL_CHARS_MAX {
                fault(job, &at, "too-long", "partition labels have at most 36 characters");
            } else if label.contains(':') {
                fault(job, &at, "invalid-label", "a partition label holds no colon");
            } else if !label.is_empty() && !labels.insert(label.to_owned()) {
                fault(job, &at, "duplicate", format!("{label:?} is there twice"));
            }
        }
        let number = partition["number"].as_i64().unwrap_or(0);
        if number != 0 && !numbers.insert(number) {
            fault(job, &format!("{path}.number"), "duplicate", format!("{number} is there twice"));
        }
        for key in ["guid", "typeGuid"] {
            let text = partition[key].as_str().unwrap_or_default();
            if !text.is_empty() && !is_guid(text) {
                let at = format!("{path}.{}", if key == "guid" { "guid" } else { "type_guid" });
                fault(job, &at, "invalid-guid", format!("{text:?} is no GUID"));
            }
        }
    }
}

fn is_guid(text: &str) -> bool {
    let lens: Vec<usize> = text.split('-').map(str::len).collect();
    lens == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

fn raid(job: &mut Job<'_>, raid: &Json, path: &str) {
    const LEVELS: [&str; 15] = [
        "linear", "raid0", "0", "stripe", "raid1", "1", "mirror", "raid4", "4", "raid5", "5",
        "raid6", "6", "raid10", "10",
    ];
    named(job, raid, path);
    let level = raid["level"].as_str().unwrap_or_default();
    if !LEVELS.contains(&level) {
        let message = format!("{level:?} is no RAID level such as raid1");
        fault(job, &format!("{path}.level"), "invalid-level", message);
    }
    if raid["devices"].as_array().is_none_or(Vec::is_empty) {
        fault(job, &format!("{path}.devices"), "missing-field", "devices are required");
    }
    for (i, device) in raid["devices"].as_array().into_iter().flatten().enumerate() {
        if !device.as_str().is_some_and(|device| device.starts_with('/')) {
            let message = format!("{device} is not absolute");
            fault(job, &format!("{path}.devices.{i}"), "not-absolute", message);
        }
    }
}

fn filesystem(job: &mut Job<'_>, filesystem: &Json, path: &str) {
    absolute(job, filesystem, path, "device", true);
    absolute(job, filesystem, path, "path", false);
    let format = filesystem["format"].as_str().unwrap_or_default();
    let has_none = job.dialect.spec >= 3;
    let is_known = matches!(format, "" | "ext4" | "btrfs" | "xfs" | "vfat" | "swap")
        || has_none && format == "none";
    if !is_known {
        let message = format!("{format:?} is no format: expected ext4, btrfs, xfs, vfat or swap");
        fault(job, &format!("{path}.format"), "invalid-format", message);
    }
    let label = filesystem["label"].as_str().unwrap_or_default();
    let label_max = match format {
        "ext4" => 16,
        "btrfs" => 255,
        "xfs" => 12,
        "vfat" => 11,
        _ => 15,
    };
    if label.len() > label_max && !format.is_empty() {
        let message = format!("{format} has labels of at most {label_max} bytes");
        fault(job, &format!("{path}.label"), "too-long", message);
    }
}

fn file(job: &mut Job<'_>, file: &Json, path: &str) {
    absolute(job, file, path, "path", true);
    mode(job, file, path, false);
    source(job, &file["contents"], &format!("{path}.contents"));
    each(job, &file["append"], &format!("{path}.append"), source);
    let is_given = |contents: &Json| contents["source"].as_str().is_some();
    if file["overwrite"] == true && !is_given(&file["contents"]) {
        let message = "a file that is overwritten needs contents";
        fault(job, &format!("{path}.overwrite"), "missing-field", message);
    }
}

fn directory(job: &mut Job<'_>, directory: &Json, path: &str) {
    absolute(job, directory, path, "path", true);
    mode(job, directory, path, true);
}

fn link(job: &mut Job<'_>, link: &Json, path: &str) {
    absolute(job, link, path, "path", true);
    if link["target"].as_str().is_none_or(str::is_empty) {
        fault(job, &format!("{path}.target"), "missing-field", "target is required");
    } else if link["hard"] == true {
        absolute(job, link, path, "target", true);
    }
}

fn luks(job: &mut Job<'_>, luks: &Json, path: &str) {
    named(job, luks, path);
    absolute(job, luks, path, "device", true);
    source(job, &luks["keyFile"], &format!("{path}.key_file"));
    let servers = luks["clevis"]["tang"].as_array();
    for (i, server) in servers.into_iter().flatten().enumerate() {
        for key in ["url", "thumbprint"] {
            if server[key].as_str().is_none_or(str::is_empty) {
                let path = format!("{path}.clevis.tang.{i}.{key}");
                fault(job, &path, "missing-field", format!("{key} is required"));
            }
        }
    }
}

fn unit(job: &mut Job<'_>, unit: &Json, path: &str) {
    const SUFFIXES: [&str; 12] = [
        ".service",
        ".socket",
        ".device",
        ".mount",
        ".automount",
        ".swap",
        ".target",
        ".path",
        ".timer",
        ".snapshot",
        ".slice",
        ".scope",
    ];
    let name = unit["name"].as_str().unwrap_or_default();
    if !SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
        let message = format!("{name:?} does not end as a unit does, such as .service");
        fault(job, &format!("{path}.name"), "invalid-unit", message);
    }
    for (i, dropin) in unit["dropins"].as_array().into_iter().flatten().enumerate() {
        let name = dropin["name"].as_str().unwrap_or_default();
        if !name.ends_with(".conf") {
            let message = format!("{name:?} does not end in .conf");
            fault(job, &format!("{path}.dropins.{i}.name"), "invalid-unit", message);
        }
    }
}

/// A source that Ignition fetches, and what it is verified by.
fn source(job: &mut Job<'_>, resource: &Json, path: &str) {
    let spec = job.dialect.spec;
    if let Some(source) = resource["source"].as_str().filter(|source| !source.is_empty()) {
        let scheme = source.split(':').next().unwrap_or_default();
        let is_known = matches!(scheme, "http" | "https" | "tftp" | "s3" | "data")
            || scheme == "gs" && spec >= 1
            || scheme == "arn" && spec >= 3;
        if !is_known {
            let message = format!("{scheme:?} is no scheme that Ignition fetches from");
            fault(job, &format!("{path}.source"), "invalid-url", message);
        }
    }
    let compression = resource["compression"].as_str().unwrap_or_default();
    if !matches!(compression, "" | "gzip") {
        let message = format!("{compression:?} is no compression: expected gzip");
        fault(job, &format!("{path}.compression"), "invalid-compression", message);
    }
    if let Some(hash) = resource["verification"]["hash"].as_str().filter(|hash| !hash.is_empty()) {
        let is_hex = |digits: &str, length| {
            digits.len() == length && digits.bytes().all(|b| b.is_ascii_hexdigit())
        };
        let is_hash = match hash.split_once('-') {
            Some(("sha512", digits)) => is_hex(digits, 128),
            Some(("sha256", digits)) => spec >= 1 && is_hex(digits, 64),
            _ => false,
        };
        if !is_hash {
            let message = "expected sha512- and 128 hexadecimal digits, or sha256- and 64";
            fault(job, &format!("{path}.verification.hash"), "invalid-hash", message);
        }
    }
}

fn mode(job: &mut Job<'_>, item: &Json, path: &str, is_dir: bool) {
    let Some(mode) = item["mode"].as_i64() else { return };
    let path = format!("{path}.mode");
    let Some(bits) = u32::try_from(mode).ok().filter(|mode| *mode <= 0o7777) else {
        return fault(job, &path, "invalid-mode", format!("{mode} is more than the bits 07777"));
    };
    let as_octal = u32::from_str_radix(&bits.to_string(), 8).ok().filter(|it| *it <= 0o7777);
    if !is_usual(bits, is_dir) && as_octal.is_some_and(|octal| is_usual(octal, is_dir)) {
        let message =
            format!("{bits} is an odd mode; with a leading zero, 0{bits}, it is a usual one");
        let node = job.node_at(&path);
        job.warn(&path, node, "decimal-mode", message);
    }
}

/// Whether anybody would mean these permissions: who is meant more closely may do at least as much,
/// and what may be written or run may be read.
fn is_usual(mode: u32, is_dir: bool) -> bool {
    if mode == 0 {
        return true;
    }
    let (mut before, mut is_readable) = (0, false);
    for class in [mode & 7, mode >> 3 & 7, mode >> 6 & 7] {
        let (reads, runs) = (class & 4 != 0, class & 1 != 0);
        if before & !class != 0 || !reads && class != 0 || is_dir && reads && !runs {
            return false;
        }
        before = class;
        is_readable |= reads;
    }
    is_readable
}
