//! What other tools refuse, found before it is written.

use std::collections::BTreeSet;

use quantix_core::Finding;

use super::{Appliance, ControllerModel, DISKS_MAX, NICS_MAX, PROPERTIES_MAX};
use crate::ovf::Firmware;

pub(super) fn check(appliance: &Appliance) -> Vec<Finding> {
    let mut faults = Vec::new();
    machine(appliance, &mut faults);
    disks(appliance, &mut faults);
    rest(appliance, &mut faults);
    faults
}

fn error(faults: &mut Vec<Finding>, path: &str, code: &'static str, message: impl Into<String>) {
    faults.push(Finding::error(code, message).at(path));
}

fn machine(appliance: &Appliance, faults: &mut Vec<Finding>) {
    let name = appliance.name.trim();
    if name.is_empty() || name.len() > 80 || name.contains(['/', '\\']) {
        let message = "expected 1 to 80 bytes without slashes; vCenter refuses others";
        error(faults, "name", "bad-name", message);
    }
    if appliance.cpus == 0 {
        error(faults, "cpus", "out-of-range", "0: expected at least 1");
    }
    let cores = appliance.cores_per_socket.unwrap_or(1);
    if cores == 0 || !appliance.cpus.is_multiple_of(cores.max(1)) {
        let message = format!("{} CPUs do not fill sockets of {cores} cores", appliance.cpus);
        error(faults, "cores_per_socket", "uneven-sockets", message);
    }
    if appliance.memory_mib.0 < 4 || !appliance.memory_mib.0.is_multiple_of(4) {
        let message = format!("{}: expected a multiple of 4 MiB", appliance.memory_mib);
        error(faults, "memory_mib", "uneven-memory", message);
    }
    if appliance.firmware == Firmware::Bios {
        for (path, is_set) in [("secure_boot", appliance.secure_boot), ("tpm", appliance.tpm)] {
            if is_set {
                error(faults, path, "needs-efi", "needs `firmware: efi`");
            }
        }
    }
    if !appliance.hardware.starts_with("vmx-") {
        let message = "expected a family of VMware such as `vmx-13`; VMware reads no other";
        faults.push(Finding::warning("foreign-hardware", message).at("hardware"));
    }
}

fn disks(appliance: &Appliance, faults: &mut Vec<Finding>) {
    let most = match appliance.controller {
        ControllerModel::Ide => 3,
        ControllerModel::Sata => 30,
        _ => DISKS_MAX,
    };
    if appliance.disks.len() > most {
        let message = format!("{} disks: expected at most {most}", appliance.disks.len());
        error(faults, "disks", "limit", message);
    }
    let (mut ids, mut hrefs) = (BTreeSet::new(), BTreeSet::new());
    for (index, disk) in appliance.disks.iter().enumerate() {
        let path = |field: &str| format!("disks[{index}].{field}");
        let id = disk.id.clone().unwrap_or_else(|| format!("vmdisk{}", index + 1));
        if id.contains(char::is_whitespace) || id.is_empty() || !ids.insert(id) {
            let message = "expected an id of its own without white space";
            error(faults, &path("id"), "duplicate-id", message);
        }
        if disk.capacity_bytes.0 == 0 || !disk.capacity_bytes.0.is_multiple_of(512) {
            let message = format!("{} bytes: expected whole sectors of 512", disk.capacity_bytes.0);
            error(faults, &path("capacity_bytes"), "not-whole-sectors", message);
        }
        if disk.populated_bytes.is_some_and(|populated| populated > disk.capacity_bytes.0) {
            let message = "more than the capacity";
            error(faults, &path("populated_bytes"), "populated-above-capacity", message);
        }
        let Some(href) = &disk.href else { continue };
        let is_plain = !href.is_empty() && !href.contains(['/', '\\', ':']) && href != "..";
        if !is_plain || !hrefs.insert(href.as_str()) {
            let message = "expected the name of a file of its own, without folders";
            error(faults, &path("href"), "bad-href", message);
        }
    }
}

fn rest(appliance: &Appliance, faults: &mut Vec<Finding>) {
    if appliance.nics.len() > NICS_MAX {
        let message = format!("{}: expected at most {NICS_MAX}", appliance.nics.len());
        error(faults, "nics", "limit", message);
    }
    for (index, nic) in appliance.nics.iter().enumerate() {
        if nic.network.trim().is_empty() {
            let path = format!("nics[{index}].network");
            error(faults, &path, "empty", "expected the name of a network");
        }
    }
    if appliance.properties.len() > PROPERTIES_MAX {
        let message = format!("{}: expected at most {PROPERTIES_MAX}", appliance.properties.len());
        error(faults, "properties", "limit", message);
    }
    let mut keys = BTreeSet::new();
    for (index, property) in appliance.properties.iter().enumerate() {
        let key = property.key.as_str();
        let is_key = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if key.is_empty() || !is_key || !keys.insert(key) {
            let path = format!("properties[{index}].key");
            let message = "expected a key of its own of letters, digits, `_` and `-`";
            error(faults, &path, "bad-key", message);
        }
    }
}
