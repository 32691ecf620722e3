//! A plain reader of descriptors, written apart from the crate's own: it only counts and copies,
//! for the default deployment option.

use std::collections::BTreeMap;

use quantix_ova::ovf::InspectSystem;
use roxmltree::{Document, Node};

/// What must be right about a machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    id: String,
    cpus: Option<u32>,
    memory_mib: Option<u64>,
    /// Capacity and file of each disk.
    disks: Vec<(Option<u64>, Option<String>)>,
    /// Network and model of each network interface.
    nics: Vec<(Option<String>, Option<String>)>,
    cdroms: usize,
}

/// The same, of the answer under test.
pub(crate) fn of_system(system: &InspectSystem) -> Machine {
    Machine {
        id: system.id.clone(),
        cpus: system.cpus,
        memory_mib: system.memory_mib,
        disks: system.disks.iter().map(|d| (d.capacity_bytes, d.file.clone())).collect(),
        nics: system.nics.iter().map(|n| (n.network.clone(), n.model.clone())).collect(),
        cdroms: system.cdroms.len(),
    }
}

fn local<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|a| a.name() == name).map(|a| a.value())
}

fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    let child = node.children().rfind(|c| c.tag_name().name() == name)?;
    let text = child.text().unwrap_or_default().trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_a(node: Node<'_, '_>, name: &str) -> bool {
    let kind = node
        .attribute(("http://www.w3.org/2001/XMLSchema-instance", "type"))
        .or_else(|| local(node, "type"))
        .unwrap_or_default();
    node.tag_name().name() == name
        || (matches!(node.tag_name().name(), "Section" | "Content")
            && kind.rsplit(':').next() == Some(&format!("{name}_Type")))
}

/// Bytes per unit, for the spellings that the corpus has.
fn unit(text: Option<&str>, missing: u64) -> Option<u64> {
    let squeezed: String = text.unwrap_or_default().split_whitespace().collect();
    Some(match squeezed.to_lowercase().as_str() {
        "" => missing,
        "byte" | "bytes" => 1,
        "kilobytes" | "kb" | "byte*2^10" => 1 << 10,
        "megabytes" | "mb" | "byte*2^20" => 1 << 20,
        "gigabytes" | "gb" | "byte*2^30" => 1 << 30,
        _ => return None,
    })
}

/// Reads every machine of a descriptor.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Machine>, String> {
    let source = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let document = Document::parse(source).map_err(|error| error.to_string())?;
    let root = document.root_element();
    let find = |name: &'static str| root.descendants().filter(move |n| is_a(*n, name));
    let options: Vec<_> = find("DeploymentOptionSection")
        .flat_map(|section| section.children().filter(|c| c.tag_name().name() == "Configuration"))
        .collect();
    let default = options
        .iter()
        .find(|o| matches!(local(**o, "default"), Some("true" | "1")))
        .or(options.first())
        .and_then(|option| local(*option, "id"));
    let files: BTreeMap<&str, &str> = root
        .descendants()
        .filter(|n| n.tag_name().name() == "File")
        .filter_map(|file| Some((local(file, "id")?, local(file, "href")?)))
        .collect();
    let properties: BTreeMap<&str, &str> = root
        .descendants()
        .filter(|n| n.tag_name().name() == "Property")
        .filter_map(|p| Some((local(p, "key")?, property(p, default)?)))
        .collect();
    let disks: BTreeMap<&str, (Option<u64>, Option<String>)> = root
        .descendants()
        .filter(|n| n.tag_name().name() == "Disk" && local(*n, "diskId").is_some())
        .map(|disk| {
            let capacity = local(disk, "capacity").unwrap_or_default();
            let key = capacity.strip_prefix("${").and_then(|c| c.strip_suffix('}'));
            let capacity = key.map_or(Some(capacity), |key| properties.get(key).copied());
            let factor = unit(local(disk, "capacityAllocationUnits"), 1);
            let bytes = capacity.and_then(|c| c.trim().parse::<u64>().ok()).zip(factor);
            // oVirt counts GiB in an attribute of its own.
            let gib = local(disk, "size").and_then(|size| size.parse().ok()).zip(Some(1 << 30));
            let bytes = bytes.or(gib);
            let file = local(disk, "fileRef").and_then(|id| files.get(id));
            let id = local(disk, "diskId").unwrap_or_default();
            (id, (bytes.map(|(c, f)| c * f), file.map(|href| (*href).to_owned())))
        })
        .collect();
    Ok(find("VirtualSystem").map(|system| machine(system, default, &disks, &files)).collect())
}

fn property<'a>(node: Node<'a, '_>, option: Option<&str>) -> Option<&'a str> {
    let chosen = node
        .children()
        .filter(|c| c.tag_name().name() == "Value")
        .find(|c| option.is_some() && local(*c, "configuration") == option)
        .and_then(|c| local(c, "value"));
    chosen.or(local(node, "value"))
}

type Disks<'a> = BTreeMap<&'a str, (Option<u64>, Option<String>)>;

fn machine(
    system: Node<'_, '_>,
    option: Option<&str>,
    disks: &Disks<'_>,
    files: &BTreeMap<&str, &str>,
) -> Machine {
    let mut machine = Machine {
        id: local(system, "id").unwrap_or_default().to_owned(),
        cpus: None,
        memory_mib: None,
        disks: Vec::new(),
        nics: Vec::new(),
        cdroms: 0,
    };
    let Some(hardware) = system.children().find(|n| is_a(*n, "VirtualHardwareSection")) else {
        return machine;
    };
    let all: Vec<_> = hardware
        .children()
        .filter(|n| matches!(n.tag_name().name(), "Item" | "StorageItem" | "EthernetPortItem"))
        .filter(|n| matches!(local(*n, "bound"), None | Some("normal")))
        .collect();
    let is_chosen = |item: &Node<'_, '_>| {
        let names = local(*item, "configuration").unwrap_or_default();
        option.is_some_and(|option| names.split_whitespace().any(|name| name == option))
    };
    let instance =
        |item: &Node<'_, '_>| text(*item, "InstanceID").or_else(|| text(*item, "InstanceId"));
    let chosen: Vec<_> = all.iter().filter(|item| is_chosen(item)).map(instance).collect();
    for item in &all {
        let is_general = local(*item, "configuration").is_none();
        if !is_chosen(item) && (!is_general || chosen.contains(&instance(item))) {
            continue;
        }
        let mut others = all.iter().filter(|other| is_chosen(other));
        let is_same = |other: &&Node<'_, '_>| instance(other) == instance(item);
        if is_chosen(item) && others.rfind(is_same).is_some_and(|last| last != item) {
            continue;
        }
        add(&mut machine, *item, disks, files);
    }
    machine
}

fn add(machine: &mut Machine, item: Node<'_, '_>, disks: &Disks<'_>, files: &BTreeMap<&str, &str>) {
    let quantity = text(item, "VirtualQuantity").and_then(|q| q.parse::<u64>().ok());
    match text(item, "ResourceType").unwrap_or_default().as_str() {
        "3" => {
            let number = |name| text(item, name).and_then(|n| n.parse::<u64>().ok());
            let product = number("num_of_sockets").zip(number("cpu_per_socket"));
            let cpus = quantity.or(product.map(|(sockets, cores)| sockets * cores));
            machine.cpus = cpus.and_then(|cpus| u32::try_from(cpus).ok());
        }
        "4" => {
            let factor = unit(text(item, "AllocationUnits").as_deref(), 1 << 20);
            machine.memory_mib = quantity.zip(factor).map(|(q, f)| q * f / (1 << 20));
        }
        "10" => machine.nics.push((text(item, "Connection"), text(item, "ResourceSubType"))),
        "15" | "16" => machine.cdroms += 1,
        "17" | "19" => {
            let resource = text(item, "HostResource").unwrap_or_default();
            let (kind, id) = resource
                .trim_start_matches("ovf:")
                .trim_start_matches('/')
                .split_once('/')
                .unwrap_or_default();
            let disk = match kind {
                "file" => (None, files.get(id).map(|href| (*href).to_owned())),
                // Other groups than `disk` are oVirt's.
                _ => disks.get(id).cloned().unwrap_or_default(),
            };
            machine.disks.push(disk);
        }
        _ => {}
    }
}
