//! When a change can take effect, and why.

use quantix_xml::{Document, Element};

use super::{
    When,
    diff::{Difference, Edit, quantity},
};

/// A verdict and its reason.
pub(super) type Verdict = (When, &'static str);

const NEXT: &str = "the guest sees this hardware only when it boots";

/// When a difference to a running domain can be removed. `now` is what runs.
pub(super) fn classify(difference: &Difference, now: &Document, wanted: &Document) -> Verdict {
    let path = difference.path.as_str();
    let (head, rest) = path.split_once('/').unwrap_or((path, ""));
    match head {
        "name" => {
            (When::Impossible, "a domain is renamed, not redefined, and only while it is off")
        }
        "uuid" => (When::Impossible, "a domain with another UUID is another domain"),
        "title" | "description" | "metadata" => {
            (When::NextBoot, "what runs keeps the texts and marks that it was started with")
        }
        "currentMemory" => current_memory(difference, now, wanted),
        "memory" => (When::NextBoot, "the most memory of a domain is fixed while it runs"),
        "vcpu" => cpus(rest, now, wanted),
        "devices" => device(rest, difference, now, wanted),
        _ => (When::NextBoot, NEXT),
    }
}

fn number(element: Option<Element<'_>>) -> Option<u64> {
    element.and_then(|element| element.text().trim().parse().ok())
}

fn current_memory(difference: &Difference, now: &Document, wanted: &Document) -> Verdict {
    let root = wanted.root();
    let wanted = root.child("currentMemory").or_else(|| root.child("memory")).and_then(quantity);
    let most = now.root().child("memory").and_then(quantity);
    let has_balloon = now
        .root()
        .find("devices/memballoon")
        .is_some_and(|balloon| balloon.attr("model").as_deref() != Some("none"));
    match (wanted, most) {
        _ if matches!(difference.edit, Edit::Remove { .. }) => (When::NextBoot, NEXT),
        (Some(wanted), Some(most)) if wanted > most => {
            (When::NextBoot, "it is above the most memory that the running domain may have")
        }
        _ if !has_balloon => (When::NextBoot, "the domain has no memory balloon"),
        _ => (When::Live, "through the memory balloon"),
    }
}

fn cpus(rest: &str, now: &Document, wanted: &Document) -> Verdict {
    let wanted = wanted.root().child("vcpu");
    let count = wanted
        .and_then(|vcpu| vcpu.attr("current"))
        .and_then(|current| current.parse().ok())
        .or_else(|| number(wanted));
    let most = number(now.root().child("vcpu"));
    match (rest, count, most) {
        ("" | "@current", Some(count), Some(most)) if count <= most => {
            (When::Live, "virtual CPUs within the most of the running domain can be switched")
        }
        ("" | "@current", _, _) => {
            (When::NextBoot, "the most virtual CPUs of a domain are fixed while it runs")
        }
        _ => (When::NextBoot, NEXT),
    }
}

/// The device that a difference is in: as it is now, or as it shall be.
fn device_element<'d>(
    difference: &Difference,
    now: &'d Document,
    key: &str,
    wanted: &'d Document,
) -> Option<Element<'d>> {
    if let Some(part) = difference.part {
        return now.element(part);
    }
    let name = key.split(['[', '#']).next().unwrap_or(key);
    let identity = key.split_once('[').map(|(_, rest)| rest.trim_end_matches(']'));
    let mut devices = wanted.root().child("devices")?.elements_named(name);
    devices.find(|device| {
        let target = device.child("target").and_then(|target| target.attr("dev"));
        identity.is_none() || target.is_none() || target.as_deref() == identity
    })
}

fn device(rest: &str, difference: &Difference, now: &Document, wanted: &Document) -> Verdict {
    let (key, inside) = rest.split_once('/').unwrap_or((rest, ""));
    let name = key.split(['[', '#']).next().unwrap_or(key);
    let Some(element) = device_element(difference, now, key, wanted) else {
        return (When::NextBoot, NEXT);
    };
    let whole =
        inside.is_empty() && matches!(difference.edit, Edit::Insert { .. } | Edit::Remove { .. });
    match name {
        "disk" if whole => plug_disk(element),
        "disk" => change_disk(element, inside),
        "interface" if whole => (When::Live, "network interfaces can be plugged"),
        "interface" => change_nic(inside),
        "hostdev" | "rng" | "redirdev" | "shmem" | "watchdog" if whole => {
            (When::Live, "such devices can be plugged")
        }
        "channel" if whole => (When::Live, "channels can be plugged"),
        "memory" if whole => (When::Live, "memory modules can be plugged"),
        _ => (When::NextBoot, NEXT),
    }
}

fn plug_disk(disk: Element<'_>) -> Verdict {
    if disk.attr("device").as_deref().is_some_and(|device| device != "disk" && device != "lun") {
        return (When::NextBoot, "drives with media are not plugged; their media are changed");
    }
    match disk.child("target").and_then(|target| target.attr("bus")).as_deref() {
        Some("virtio" | "scsi" | "usb") => (When::Live, "disks on this bus can be plugged"),
        Some("sata" | "ide" | "fdc") => (When::NextBoot, "this bus cannot plug disks"),
        _ => (When::NextBoot, NEXT),
    }
}

fn change_disk(disk: Element<'_>, inside: &str) -> Verdict {
    let device = disk.attr("device");
    let is_medium = matches!(device.as_deref(), Some("cdrom" | "floppy"));
    match inside.split('/').next().unwrap_or(inside) {
        "source" if is_medium => (When::Live, "media can be changed"),
        "source" => {
            (When::NextBoot, "the image of a disk in use cannot be swapped under the guest")
        }
        "@type" if is_medium => (When::Live, "media can be changed"),
        "iotune" => (When::NextBoot, "limits set by redefining take effect at the next boot"),
        _ => (When::NextBoot, NEXT),
    }
}

fn change_nic(inside: &str) -> Verdict {
    match inside.split('/').next().unwrap_or(inside) {
        "source" | "link" | "bandwidth" | "filterref" => {
            (When::Live, "the wire can be changed under the guest")
        }
        _ => (When::NextBoot, NEXT),
    }
}
