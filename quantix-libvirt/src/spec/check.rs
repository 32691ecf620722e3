//! What is wrong with a description, all at once.

use std::collections::BTreeMap;

use quantix_core::Finding;

use super::{
    CPUS_MAX, CpuModel, DEVICES_MAX, DiskBus, DiskDevice, DiskSpec, DomainSpec, Firmware, Graphics,
    HOTPLUG_SLOTS_MAX, NAME_BYTES_MAX, NicSource, SerialSpec, VideoModel,
};

pub(super) fn check(spec: &DomainSpec) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_name(&spec.name, &mut findings);
    check_size(spec, &mut findings);
    check_machine(spec, &mut findings);
    check_disks(spec, &mut findings);
    check_nics(spec, &mut findings);
    check_boot_order(spec, &mut findings);
    if let SerialSpec::File { path } | SerialSpec::PtyWithLog { path } = &spec.serial {
        check_path("serial.path", path, &mut findings);
    }
    if spec.graphics != Graphics::None && spec.video == VideoModel::None {
        let text = "a display needs a video device: set `video` to `vga` or `virtio`";
        findings.push(Finding::error("display-without-video", text).at("video"));
    }
    findings
}

fn check_name(name: &str, findings: &mut Vec<Finding>) {
    let problem = if name.is_empty() {
        "expected at least one character"
    } else if name.len() > NAME_BYTES_MAX {
        "expected at most 200 bytes: the name becomes part of file names"
    } else if name.contains('/') {
        "expected no `/`: the name becomes part of file names"
    } else if name.chars().any(char::is_control) {
        "expected no control characters"
    } else if name.trim() != name || name.starts_with(['.', '-']) {
        "expected neither white space at its ends nor a leading `.` or `-`"
    } else {
        return;
    };
    findings.push(Finding::error("bad-name", problem).at("name"));
}

fn check_size(spec: &DomainSpec, findings: &mut Vec<Finding>) {
    if spec.cpus == 0 || spec.cpus > CPUS_MAX {
        let text = "expected 1 to 4096 virtual CPUs";
        findings.push(Finding::error("bad-cpus", text).at("cpus"));
    }
    if let Some(topology) = spec.topology {
        let product = u64::from(topology.sockets)
            .saturating_mul(u64::from(topology.cores))
            .saturating_mul(u64::from(topology.threads));
        if product != u64::from(spec.cpus) {
            let text = "sockets × cores × threads must be the number of virtual CPUs";
            findings.push(Finding::error("bad-topology", text).at("topology"));
        }
    }
    if spec.hotplug_slots > HOTPLUG_SLOTS_MAX {
        let text = "expected at most 64 free slots";
        findings.push(Finding::error("too-many", text).at("hotplug_slots"));
    }
    // More would not fit into libvirt's KiB.
    if spec.memory_mib.0 == 0 || spec.memory_mib.0 > u64::MAX >> 20 {
        let text = "expected at least 1 MiB, and less than 16 EiB";
        findings.push(Finding::error("bad-memory", text).at("memory_mib"));
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b))
}

fn check_machine(spec: &DomainSpec, findings: &mut Vec<Finding>) {
    for (path, text) in [("arch", &spec.arch), ("machine", &spec.machine)] {
        if !is_word(text) {
            let message = "expected a word of letters, digits, `-`, `_`, `.`";
            findings.push(Finding::error("bad-word", message).at(path));
        }
    }
    if let CpuModel::Named(model) = &spec.cpu
        && !is_word(model)
    {
        let text = "expected the name of a CPU model";
        findings.push(Finding::error("bad-word", text).at("cpu"));
    }
    if spec.firmware == Firmware::EfiSecure && !spec.machine.contains("q35") {
        let text = "secure boot needs the machine type `q35`";
        findings.push(Finding::error("secure-boot-machine", text).at("machine"));
    }
}

fn check_path(at: impl Into<String>, path: &str, findings: &mut Vec<Finding>) {
    if !path.starts_with('/') || path.contains('\0') {
        let text = "expected an absolute path on the host";
        findings.push(Finding::error("bad-path", text).at(at));
    }
}

fn check_disks(spec: &DomainSpec, findings: &mut Vec<Finding>) {
    if spec.disks.len() > DEVICES_MAX {
        findings.push(Finding::error("too-many", "expected at most 256 disks").at("disks"));
        return;
    }
    let mut paths = BTreeMap::new();
    for (index, disk) in spec.disks.iter().enumerate() {
        let at = |field: &str| ["disks[", &index.to_string(), "].", field].concat();
        match &disk.path {
            Some(path) => {
                check_path(at("path"), path, findings);
                if let Some(first) = paths.insert(path, index)
                    && !disk.readonly
                {
                    let text = ["disk ", &first.to_string(), " has this image too"].concat();
                    findings.push(Finding::error("shared-image", text).at(at("path")));
                }
            }
            None if disk.device == DiskDevice::Disk => {
                let text = "a disk needs an image";
                findings.push(Finding::error("no-image", text).at(at("path")));
            }
            None => {}
        }
        check_bus(spec, disk, &at("bus"), findings);
        if disk.serial.as_ref().is_some_and(|serial| !is_word(serial)) {
            let text = "expected letters, digits, `-`, `_`, `.`";
            findings.push(Finding::error("bad-word", text).at(at("serial")));
        }
    }
}

fn check_bus(spec: &DomainSpec, disk: &DiskSpec, at: &str, findings: &mut Vec<Finding>) {
    let problem = if disk.bus == DiskBus::Ide && spec.machine.contains("q35") {
        "the machine type `q35` has no IDE: use `sata`, or the machine type `pc`"
    } else if disk.device == DiskDevice::Cdrom && disk.bus == DiskBus::Virtio {
        "an optical drive cannot be virtio: use `sata`, `scsi` or `ide`"
    } else {
        return;
    };
    findings.push(Finding::error("bad-bus", problem).at(at));
}

fn check_nics(spec: &DomainSpec, findings: &mut Vec<Finding>) {
    if spec.nics.len() > DEVICES_MAX {
        findings.push(Finding::error("too-many", "expected at most 256 interfaces").at("nics"));
        return;
    }
    let mut macs = BTreeMap::new();
    for (index, nic) in spec.nics.iter().enumerate() {
        let at = |field: &str| ["nics[", &index.to_string(), "].", field].concat();
        if !is_word(&nic.model) {
            let text = "expected the name of a model, such as `virtio`";
            findings.push(Finding::error("bad-word", text).at(at("model")));
        }
        if let NicSource::Network { name } | NicSource::Bridge { name } = &nic.source
            && (name.is_empty() || name.chars().any(char::is_control))
        {
            let text = "expected the name of a network or bridge";
            findings.push(Finding::error("bad-name", text).at(at("source.name")));
        }
        if let Some(first) = nic.mac.and_then(|mac| macs.insert(mac, index)) {
            let text = ["interface ", &first.to_string(), " has this address too"].concat();
            findings.push(Finding::error("same-mac", text).at(at("mac")));
        }
    }
}

fn check_boot_order(spec: &DomainSpec, findings: &mut Vec<Finding>) {
    let disks = spec.disks.iter().map(|disk| disk.boot_order);
    let mut seen = BTreeMap::new();
    for (index, order) in disks.chain(spec.nics.iter().map(|nic| nic.boot_order)).enumerate() {
        let Some(order) = order else { continue };
        let at = match index.checked_sub(spec.disks.len()) {
            None => ["disks[", &index.to_string(), "].boot_order"].concat(),
            Some(nic) => ["nics[", &nic.to_string(), "].boot_order"].concat(),
        };
        if order == 0 || seen.insert(order, index).is_some() {
            let text = "expected a number from 1 that no other device has";
            findings.push(Finding::error("bad-boot-order", text).at(at));
        }
    }
}
