//! A plan against what its host can run.

use quantix_core::Finding;
use quantix_xml::{Document, Element};

use super::{Plan, When};
use crate::DomainCapabilities;

/// Marks the changes that the host cannot run, and notes what it does not promise.
pub(super) fn check(plan: &mut Plan, wanted: &Document, host: &DomainCapabilities) {
    let root = wanted.root();
    let cpus = root.child("vcpu").and_then(|vcpu| vcpu.text().trim().parse::<u32>().ok());
    if host.cpus_max > 0 && cpus.is_some_and(|cpus| cpus > host.cpus_max) {
        let most = host.cpus_max.to_string();
        refuse(plan, "vcpu", &["this machine type has at most ", &most, " virtual CPUs"].concat());
    }
    if let Some(mode) = root.child("cpu").and_then(|cpu| cpu.attr("mode"))
        && !host.cpu_modes.is_empty()
        && !host.cpu_modes.iter().any(|known| *known == *mode)
    {
        refuse(plan, "cpu", &["the host has no CPU mode ", &*mode].concat());
    }
    if let Some(model) = root.find("cpu/model")
        && !host.cpu_models.is_empty()
        && !host.cpu_models.iter().any(|known| *known == *model.text().trim())
    {
        refuse(plan, "cpu", &["the host cannot run the CPU model ", model.text().trim()].concat());
    }
    if let Some(firmware) = root.child("os").and_then(|os| os.attr("firmware")) {
        expect(plan, host, "os", ("os/firmware", "firmware"), &firmware);
    }
    let Some(devices) = root.child("devices") else { return };
    for device in devices.elements() {
        check_device(plan, host, device);
    }
}

/// For each kind of device: where the document says it, and where the host does.
fn check_device(plan: &mut Plan, host: &DomainCapabilities, device: Element<'_>) {
    let of = |child: &str, name: &str| device.child(child).and_then(|c| c.attr(name));
    let (value, feature) = match device.local_name() {
        "disk" => (of("target", "bus"), "devices/disk/bus"),
        "tpm" => (device.attr("model"), "devices/tpm/model"),
        "video" => (of("model", "type"), "devices/video/modelType"),
        "graphics" => (device.attr("type"), "devices/graphics/type"),
        "rng" => (device.attr("model"), "devices/rng/model"),
        _ => return,
    };
    let Some(value) = value else { return };
    let path = ["devices/", device.local_name()].concat();
    // A host with no word on the whole kind may be too old to speak of it; a TPM it must offer.
    let is_silent = !host.values.contains_key(feature);
    if is_silent && device.local_name() == "tpm" {
        refuse(plan, &path, "the host has no emulated TPM (package swtpm-tools)");
    } else if !is_silent && !host.allows(feature, &value) {
        refuse(
            plan,
            &path,
            &["the host has no ", device.local_name(), " of kind ", &*value].concat(),
        );
    }
}

fn expect(
    plan: &mut Plan,
    host: &DomainCapabilities,
    path: &str,
    (feature, what): (&str, &str),
    value: &str,
) {
    if host.values.contains_key(feature) && !host.allows(feature, value) {
        refuse(plan, path, &["the host has no ", what, " of kind ", value].concat());
    }
}

/// Makes the changes below a path impossible. Where nothing changes there, it is as it was before,
/// and only noted.
fn refuse(plan: &mut Plan, path: &str, reason: &str) {
    let mut hit = false;
    for change in plan.changes.iter_mut().filter(|change| change.path.starts_with(path)) {
        if change.to.is_some() {
            (change.when, change.reason) = (When::Impossible, reason.to_owned());
            hit = true;
        }
    }
    if !hit {
        plan.findings.push(Finding::warning("host-capability", reason).at(path));
    }
}
