//! `boot_device`: an encrypted root, a boot disk that is mirrored, and the layouts of machines.

use serde_json::{Map, Value as Json, json};

use super::{
    sugar::{flag, push},
    translate::{Job, text_of},
};
use crate::yaml::Node;

const ESP_MIB: u32 = 127;
const BOOT_MIB: u32 = 384;
const BIOS_GUID: &str = "21686148-6449-6E6F-744E-656564454649";
const ESP_GUID: &str = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const PREP_GUID: &str = "9E1A2D38-C612-4316-AA26-8B49521E5A8B";
const RESERVED_GUID: &str = "8DA63339-0007-60C0-C436-083AC8230908";

/// Adds what the boot device needs; what the document says of the same things goes first.
pub(super) fn add(job: &mut Job<'_>, config: &mut Json) {
    let Some(entry) = job.root.entry("boot_device") else { return };
    let node = &entry.value;
    let layout = node.entry("layout").map(|entry| &entry.value);
    let name = layout.and_then(text_of);
    let known: &[&str] = if job.dialect.spec >= 5 {
        &["aarch64", "ppc64le", "s390x-eckd", "s390x-virt", "s390x-zfcp", "x86_64"]
    } else {
        &["aarch64", "ppc64le", "x86_64"]
    };
    if let (Some(node), Some(name)) = (layout, &name)
        && !known.contains(&name.as_str())
    {
        let message = format!("layout must be one of {}", known.join(", "));
        return job.error("$.boot_device.layout", node, "unknown-layout", message);
    }
    let layout = name.unwrap_or_else(|| "x86_64".to_owned());
    let mirror = node.entry("mirror").map(|entry| &entry.value);
    let devices = mirror.and_then(|mirror| mirror.entry("devices")).map(|entry| &entry.value);
    let mut made = json!({});
    if let (Some(mirror), true) = (mirror, layout.starts_with("s390x")) {
        let message = "a mirrored boot disk is not supported on s390x";
        return job.error("$.boot_device.mirror", mirror, "unsupported", message);
    }
    if let Some(devices) = devices {
        let names: Vec<String> = devices.items().iter().filter_map(text_of).collect();
        if names.len() < 2 {
            let message = "a mirror needs at least two devices";
            return job.error("$.boot_device.mirror.devices", devices, "too-few-devices", message);
        }
        mirror_disks(&mut made, &layout, &names);
    }
    let is_mirrored = devices.is_some();
    match node.entry("luks").map(|entry| &entry.value) {
        Some(luks) => encrypted_root(job, &mut made, luks, &layout, is_mirrored),
        None if is_mirrored => {
            push(&mut made, "storage", "filesystems", root_filesystem("/dev/md/md-root"));
        }
        None => {}
    }
    join(config, made);
}

fn root_filesystem(device: &str) -> Json {
    json!({"device": device, "format": "xfs", "label": "root", "wipeFilesystem": true})
}

fn partition(label: &str, number: usize, size: Option<u32>, guid: Option<&str>) -> Json {
    let mut out = Map::new();
    out.insert("label".into(), format!("{label}-{number}").into());
    out.extend(size.map(|size| ("sizeMiB".to_owned(), size.into())));
    out.extend(guid.map(|guid| ("typeGuid".to_owned(), guid.into())));
    out.into()
}

/// Each disk with the same partitions; the boot and root file systems on mirrors of them.
fn mirror_disks(made: &mut Json, layout: &str, devices: &[String]) {
    let has_esp = layout != "ppc64le";
    for (number, device) in (1..).zip(devices) {
        let first = match layout {
            "x86_64" => partition("bios", number, Some(1), Some(BIOS_GUID)),
            "ppc64le" => partition("prep", number, Some(4), Some(PREP_GUID)),
            _ => partition("reserved", number, Some(1), Some(RESERVED_GUID)),
        };
        let second = match has_esp {
            true => partition("esp", number, Some(ESP_MIB), Some(ESP_GUID)),
            false => partition("reserved", number, Some(1), Some(RESERVED_GUID)),
        };
        let partitions = [
            first,
            second,
            partition("boot", number, Some(BOOT_MIB), None),
            partition("root", number, None, None),
        ];
        push(
            made,
            "storage",
            "disks",
            json!({"device": device, "partitions": partitions, "wipeTable": true}),
        );
        if has_esp {
            let label = format!("esp-{number}");
            push(
                made,
                "storage",
                "filesystems",
                json!({
                    "device": format!("/dev/disk/by-partlabel/{label}"),
                    "format": "vfat", "label": label, "wipeFilesystem": true,
                }),
            );
        }
    }
    let parts = |label: &str| -> Vec<String> {
        let numbers = 1..=devices.len();
        numbers.map(|number| format!("/dev/disk/by-partlabel/{label}-{number}")).collect()
    };
    // The boot loader reads a member of the mirror as if it were none.
    push(
        made,
        "storage",
        "raid",
        json!({"name": "md-boot", "level": "raid1", "devices": parts("boot"),
                     "options": ["--metadata=1.0"]}),
    );
    push(
        made,
        "storage",
        "raid",
        json!({"name": "md-root", "level": "raid1", "devices": parts("root")}),
    );
    push(
        made,
        "storage",
        "filesystems",
        json!({
            "device": "/dev/md/md-boot", "format": "ext4", "label": "boot", "wipeFilesystem": true,
        }),
    );
}

fn encrypted_root(
    job: &mut Job<'_>,
    made: &mut Json,
    luks: &Node,
    layout: &str,
    is_mirrored: bool,
) {
    let given = |key: &str| luks.entry(key).map(|entry| &entry.value);
    let device = given("device").and_then(text_of);
    let device = match (layout, device) {
        (_, _) if is_mirrored => "/dev/md/md-root".to_owned(),
        ("s390x-eckd", Some(device)) if device.starts_with("/dev/dasd") => format!("{device}2"),
        ("s390x-zfcp", Some(device)) if device.starts_with("/dev/sd") => format!("{device}4"),
        ("s390x-eckd" | "s390x-zfcp", device) => {
            let message = match device {
                None => "this layout needs the device that is encrypted".to_owned(),
                Some(device) => format!("{device:?} is no device of the layout {layout}"),
            };
            return job.error("$.boot_device.luks.device", luks, "invalid-device", message);
        }
        _ => "/dev/disk/by-partlabel/root".to_owned(),
    };
    let mut volume = json!({
        "name": "root", "label": "luks-root", "device": device, "wipeVolume": true,
    });
    let mut clevis = Map::new();
    let tang: Vec<Json> =
        given("tang").map(|it| it.items()).unwrap_or_default().iter().map(tang).collect();
    if !tang.is_empty() {
        clevis.insert("tang".into(), tang.into());
    }
    if flag(given("tpm2")) {
        clevis.insert("tpm2".into(), true.into());
    }
    if let Some(crate::yaml::Value::Int(threshold)) = given("threshold").map(Node::to_value)
        && let Ok(threshold) = u32::try_from(threshold)
    {
        clevis.insert("threshold".into(), threshold.into());
    }
    let has_cex = flag(given("cex").and_then(|cex| cex.entry("enabled")).map(|it| &it.value));
    if has_cex {
        volume["cex"] = json!({"enabled": true});
    }
    if !clevis.contains_key("tang") && !clevis.contains_key("tpm2") && !has_cex {
        let message = "give tang, tpm2 or cex: without one nothing opens the encrypted root";
        return job.error("$.boot_device.luks", luks, "no-key", message);
    }
    if !clevis.is_empty() {
        volume["clevis"] = clevis.into();
    }
    if flag(given("discard")) {
        volume["discard"] = true.into();
    }
    push(made, "storage", "luks", volume);
    push(made, "storage", "filesystems", root_filesystem("/dev/mapper/root"));
}

fn tang(server: &Node) -> Json {
    let keys = ["url", "thumbprint", "advertisement"];
    let fields = keys
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), Json::from(text_of(&server.entry(key)?.value)?))));
    Json::Object(fields.collect())
}

/// What makes an entry of a list the same in two configs.
const IDENTITIES: [&str; 4] = ["path", "device", "name", "label"];

/// Joins what was made with what the document says, as Ignition joins a config into its parent:
/// entries of a list that stand for the same thing become one, in which the document wins; what was
/// made comes first.
fn join(config: &mut Json, made: Json) {
    let mut base = made;
    join_into(&mut base, std::mem::take(config));
    *config = base;
}

fn join_into(base: &mut Json, own: Json) {
    match (base, own) {
        (Json::Object(base), Json::Object(own)) => {
            for (key, value) in own {
                match base.get_mut(&key) {
                    Some(below) => join_into(below, value),
                    None => {
                        base.insert(key, value);
                    }
                }
            }
        }
        (Json::Array(base), Json::Array(own)) => {
            for item in own {
                let same = |other: &Json| {
                    IDENTITIES
                        .iter()
                        .any(|key| item.get(key).is_some() && item.get(key) == other.get(key))
                        && item.is_object()
                };
                let same_device = |other: &Json| identity(other) == identity(&item) && same(other);
                match base.iter_mut().find(|other| same_device(other)) {
                    Some(below) => join_into(below, item),
                    None => base.push(item),
                }
            }
        }
        (base, own) => *base = own,
    }
}

/// The key by which an entry is known: that of disks and file systems is the device, that of files
/// the path, that of volumes and arrays the name, that of partitions the label.
fn identity(item: &Json) -> Option<&Json> {
    let is_volume = item.get("name").is_some();
    let keys: &[&str] = if is_volume { &["name"] } else { &["device", "path", "label"] };
    keys.iter().find_map(|key| item.get(*key))
}
