//! The rules by which other tools refuse packages, as their users met them.

use quantix_core::Finding;
use serde::Serialize;

use super::tail::stream_end;
use crate::{
    ovf::{Capacity, Descriptor, FileRef, VirtualSystem},
    package::{Package, Packing},
};

/// A tool that reads appliances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// VMware's OVF Tool.
    Ovftool,
    /// Import in vCenter and ESXi.
    Vcenter,
    /// Import in VirtualBox.
    Virtualbox,
    /// virt-v2v.
    VirtV2v,
    /// `qm importovf` of Proxmox VE.
    Proxmox,
}

/// Why some tools refuse a package, or read it wrongly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Objection {
    /// Stable name of the rule.
    pub code: String,
    /// The tools that object.
    pub tools: Vec<Tool>,
    /// What they object to, and what comes of it.
    pub message: String,
    /// Whether [`repair`](super::repair) mends it.
    pub repairable: bool,
    /// The file it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// 1-based line in the descriptor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// 1-based column in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl Objection {
    fn new(code: &str, tools: &[Tool], repairable: bool, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            tools: tools.to_vec(),
            message: message.into(),
            repairable,
            path: None,
            line: None,
            column: None,
        }
    }

    fn of(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    fn at(mut self, at: quantix_xml::Position) -> Self {
        (self.line, self.column) = (Some(at.line), Some(at.column));
        self
    }
}

const VMWARE: &[Tool] = &[Tool::Ovftool, Tool::Vcenter];
const ALL: &[Tool] =
    &[Tool::Ovftool, Tool::Vcenter, Tool::Virtualbox, Tool::VirtV2v, Tool::Proxmox];

/// What other tools object to. Nothing is written; of disks, only the markers are read.
#[must_use]
pub fn diagnose(package: &Package) -> Vec<Objection> {
    let mut found = Vec::new();
    let name = &package.descriptor().name;
    match Descriptor::parse(&package.descriptor().bytes) {
        Err(error) => {
            let finding = error.finding();
            let mut objection = Objection::new(&finding.code, ALL, false, finding.message).of(name);
            (objection.line, objection.column) = (finding.line, finding.column);
            found.push(objection);
        }
        Ok(descriptor) => {
            files(package, &descriptor, &mut found);
            text(&descriptor, name, &mut found);
            meaning(&descriptor, name, &mut found);
        }
    }
    packing(package, &mut found);
    found
}

fn packing(package: &Package, found: &mut Vec<Objection>) {
    if package.findings().iter().any(|finding| finding.code == "descriptor-not-first") {
        let message = "the descriptor is not the first member of the tar";
        found.push(Objection::new("descriptor-not-first", VMWARE, true, message));
    }
    let Some(manifest) = package.manifest() else { return };
    let lines = String::from_utf8_lossy(&manifest.bytes).into_owned();
    for (number, line) in (1u32..).zip(lines.lines().take(10_000)) {
        let strict = line.split_once('(').and_then(|(name, rest)| {
            let (_, digest) = rest.split_once(")= ")?;
            Some((name, digest))
        });
        let mut say = |code, message: &str| {
            let mut objection = Objection::new(code, VMWARE, true, message).of(&manifest.name);
            (objection.line, objection.column) = (Some(number), Some(1));
            found.push(objection);
        };
        match strict {
            None if line.trim().is_empty() => {}
            None => say("manifest-spelling", "expected `SHA256(name)= digest`, spelt just so"),
            Some(("SHA512", _)) => {
                say("manifest-sha512", "SHA-512 is refused by releases before 2023");
            }
            Some(_) => {}
        }
    }
}

/// The file that a reference speaks of, with its real size and where its content ends.
fn files(package: &Package, descriptor: &Descriptor, found: &mut Vec<Objection>) {
    for file in &descriptor.files {
        if file.compression.is_some() {
            let message = format!("`{}` is compressed by gzip", file.href);
            let tools = [Tool::Vcenter, Tool::Virtualbox, Tool::Proxmox];
            found.push(Objection::new("compressed-file", &tools, false, message).at(file.at));
        }
        if file.chunk_bytes.is_some() {
            let message = format!("`{}` is stored in chunks", file.href);
            let tools = [Tool::Virtualbox, Tool::VirtV2v, Tool::Proxmox];
            found.push(Objection::new("chunked-file", &tools, false, message).at(file.at));
            continue;
        }
        if !file.href.is_empty() && !file.href.contains("://") {
            one_file(package, file, found);
        }
    }
}

fn one_file(package: &Package, file: &FileRef, found: &mut Vec<Objection>) {
    let Ok(member) = package.find(&file.href) else {
        if package.packing() == Packing::Ova {
            let message = format!("`{}` is not in the package", file.href);
            found.push(Objection::new("missing-file", ALL, false, message).at(file.at));
        }
        return;
    };
    if let Some(said) = file.size.filter(|said| *said != member.bytes) {
        let message = format!("`{}` has {} bytes and not {said}", file.href, member.bytes);
        found.push(Objection::new("size-mismatch", VMWARE, true, message).at(file.at));
    }
    let end = package.open_member(&member).ok().and_then(|source| stream_end(&*source).ok()?);
    if let Some(extra) = end.map(|end| member.bytes - end).filter(|extra| *extra > 0) {
        let message = format!(
            "{extra} bytes follow the end-of-stream marker: ovftool digests only what is before, \
             so no digest of the file will do"
        );
        let tools = [Tool::Ovftool];
        found.push(Objection::new("trailing-bytes", &tools, true, message).of(&member.name));
    }
}

/// Faults of the descriptor that others are stricter about.
fn text(descriptor: &Descriptor, name: &str, found: &mut Vec<Objection>) {
    for finding in descriptor.findings() {
        let (tools, repairable) = match finding.code.as_ref() {
            "missing-info" => (VMWARE, true),
            "missing-format" => (VMWARE, true),
            "populated-above-capacity" => (VMWARE, true),
            "unknown-required-section" => (VMWARE, true),
            "invalid-number" => (VMWARE, true),
            "missing-system-id" | "duplicate-product" | "missing-type" | "unknown-type" => {
                (VMWARE, false)
            }
            "unknown-network" | "shared-file" => (VMWARE, false),
            _ if finding.is_error() => (ALL, false),
            _ => continue,
        };
        let Finding { code, message, line, column, .. } = finding;
        let mut objection = Objection::new(code, tools, repairable, message).of(name);
        (objection.line, objection.column) = (*line, *column);
        found.push(objection);
    }
}

/// Sound descriptors that ask for more than others understand.
fn meaning(descriptor: &Descriptor, name: &str, found: &mut Vec<Objection>) {
    let mut say = |code, tools: &[Tool], at, message: &str| {
        found.push(Objection::new(code, tools, false, message).of(name).at(at));
    };
    let systems = descriptor.systems();
    if descriptor.version.starts_with('2')
        && let Some(system) = systems.first()
    {
        let message = "OVF 2.x: its elements are not known";
        let tools = [Tool::Ovftool, Tool::Vcenter, Tool::VirtV2v, Tool::Proxmox];
        say("ovf-2", &tools, system.at, message);
    }
    if let Some(second) = systems.get(1) {
        let message = "only the first of several systems is read";
        say("several-systems", &[Tool::VirtV2v, Tool::Proxmox], second.at, message);
    }
    for disk in &descriptor.disks {
        if matches!(disk.capacity, Capacity::Property { .. }) {
            let message = "a capacity that refers to a property is not read";
            let tools = [Tool::Virtualbox, Tool::VirtV2v, Tool::Proxmox];
            say("property-capacity", &tools, disk.at, message);
        }
        if disk.parent.is_some() {
            let message = "differences to other disks are not read";
            let tools = [Tool::Virtualbox, Tool::VirtV2v, Tool::Proxmox];
            say("difference-disk", &tools, disk.at, message);
        }
    }
    for system in systems {
        hardware(system, name, found);
    }
}

fn hardware(system: &VirtualSystem, name: &str, found: &mut Vec<Objection>) {
    let Some(hardware) = system.hardware.first() else { return };
    let families = &hardware.families;
    if !families.is_empty() && !families.iter().any(|family| family.starts_with("vmx-")) {
        let message = format!("hardware family `{}` is not one of VMware's", families.join(" "));
        found.push(
            Objection::new("foreign-hardware", VMWARE, true, message).of(name).at(hardware.at),
        );
    }
    for item in &hardware.items {
        let at = item.at.unwrap_or(hardware.at);
        let model = item.sub_type.as_deref().unwrap_or_default().to_ascii_lowercase();
        if matches!(item.resource_type, Some(6 | 10 | 20)) && model.starts_with("virtio") {
            let message = format!("VMware has no device `{model}`");
            found.push(Objection::new("foreign-device", VMWARE, false, message).of(name).at(at));
        }
        let unit = item.units.as_deref().unwrap_or("byte * 2^20").to_ascii_lowercase();
        let squeezed: String = unit.split_whitespace().collect();
        if item.resource_type == Some(4) && !matches!(squeezed.as_str(), "byte*2^20" | "megabytes")
        {
            let message = format!("memory in units of `{unit}` is read as MiB");
            found.push(
                Objection::new("memory-unit", &[Tool::VirtV2v], true, message).of(name).at(at),
            );
        }
    }
}
