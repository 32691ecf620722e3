//! Checks: what must be there, what must be unique, what must refer to something.

use std::collections::{BTreeMap, BTreeSet};

use quantix_xml::{Element, Position};

use super::{
    Bound, Capacity, Descriptor, Entity, Hardware, Item,
    attach::disk_of,
    reader::{Reader, attr, is_true, section_name, shorten},
};

/// Every section needs an `Info`; one without is a finding.
pub(super) fn expect_info(reader: &mut Reader, element: Element<'_>) {
    if element.child("Info").is_some() || reader.is_ovirt {
        return;
    }
    let name = section_name(element);
    let message = format!("{name} has no Info, which every section needs");
    match name.as_ref() {
        "VirtualSystem"
        | "VirtualSystemCollection"
        | "OperatingSystemSection"
        | "VirtualHardwareSection" => reader.error("missing-info", element.position(), message),
        _ => reader.warn("missing-info", element.position(), message),
    }
}

/// An element that this reader does not know: harmless, doubtful or wrong, by what it says of
/// itself.
pub(super) fn unknown_element(reader: &mut Reader, element: Element<'_>, place: &str) {
    let (at, name) = (element.position(), section_name(element).into_owned());
    if reader.is_ovirt {
        let message = format!("{name} of {place} is not used");
        return reader.info("ignored-section", at, message);
    }
    let name = shorten(&name);
    let namespace = element.namespace();
    let is_ovf = namespace.as_deref().is_none_or(|uri| {
        uri.starts_with("http://schemas.dmtf.org/ovf/envelope/")
            || uri.starts_with("http://www.vmware.com/schema/ovf/1/envelope")
    }) && (element.prefix().is_none() || namespace.is_some());
    match attr(element, "required").map(|value| is_true(&value)) {
        Some(false) => {
            let message = format!("{name} of {place} is not used, which it allows");
            reader.info("ignored-section", at, message);
        }
        Some(true) if !KNOWN_REQUIRED.contains(&name.as_ref()) => {
            let message = format!(
                "{name} of {place} is not known, but says that it must be understood; mark it \
                 `ovf:required=\"false\"` if the appliance works without it"
            );
            reader.error("unknown-required-section", at, message);
        }
        None if is_ovf && !KNOWN_UNUSED.contains(&name.as_ref()) => {
            let message = format!(
                "{name} of {place} is no section of OVF; elements that are not marked \
                 `ovf:required=\"false\"` must be understood"
            );
            reader.error("unknown-required-section", at, message);
        }
        _ => {
            let message = format!("{name} of {place} is not used");
            reader.warn("ignored-section", at, message);
        }
    }
}

/// Vendors' sections that may be marked as required and yet do not change the machine.
const KNOWN_REQUIRED: &[&str] = &["vServiceDependencySection", "IpAssignmentSection"];

/// Sections of OVF that are read over.
const KNOWN_UNUSED: &[&str] = &[
    "StartupSection",
    "ScaleOutSection",
    "PlacementGroupSection",
    "PlacementSection",
    "EncryptionSection",
    "SharedDiskSection",
    "EnvironmentFilesSection",
    "BootDeviceSection",
    "ResourceAllocationSection",
    "IpAssignmentSection",
    "StorageGroupSection",
    "StorageSection",
    "CpuCompatibilitySection",
];

/// An element in an item that CIM does not have.
pub(super) fn unknown_item_child(reader: &mut Reader, element: Element<'_>) {
    let is_required = element.attribute_local("required").is_some_and(|a| is_true(&a.value()));
    let is_known = KNOWN_EXTENSIONS.contains(&element.local_name());
    if is_required && !is_known {
        let message = format!(
            "{} is not known, but says that it must be understood",
            shorten(element.name())
        );
        reader.error("unknown-required-element", element.position(), message);
    }
}

/// Vendors' children of items that are read.
const KNOWN_EXTENSIONS: &[&str] = &["CoresPerSocket", "num_of_sockets", "cpu_per_socket"];

/// Checks what only the whole descriptor can tell.
pub(super) fn check(reader: &mut Reader, descriptor: &Descriptor) {
    check_files(reader, descriptor);
    check_disks(reader, descriptor);
    check_networks(reader, descriptor);
    check_options(reader, descriptor);
    check_products(reader, descriptor);
    check_entities(reader, descriptor);
}

/// Reports every id that is there already.
fn unique<'i>(reader: &mut Reader, what: &str, ids: impl Iterator<Item = (&'i str, Position)>) {
    let mut seen = BTreeMap::new();
    for (id, at) in ids.filter(|(id, _)| !id.is_empty()) {
        if let Some(first) = seen.insert(id, at) {
            let message = format!("{what} id `{}` is used already at {first}", shorten(id));
            reader.error("duplicate-id", at, message);
        }
    }
}

fn check_files(reader: &mut Reader, descriptor: &Descriptor) {
    unique(reader, "file", descriptor.files.iter().map(|file| (file.id.as_str(), file.at)));
    let mut hrefs = BTreeMap::new();
    for file in descriptor.files.iter().filter(|file| !file.href.is_empty()) {
        if let Some(first) = hrefs.insert(file.href.as_str(), file.at) {
            let message = format!(
                "`{}` is listed already at {first}: one File per file",
                shorten(&file.href)
            );
            reader.error("duplicate-href", file.at, message);
        }
        if let Some(problem) = href_problem(&file.href) {
            let message = format!("`{}` {problem}", shorten(&file.href));
            reader.warn("outside-package", file.at, message);
        }
    }
}

/// Why an href cannot be followed within the package.
fn href_problem(href: &str) -> Option<&'static str> {
    if href.contains("://") {
        return Some("is a URL: it is not fetched");
    }
    let normal = href.replace('\\', "/");
    if normal.starts_with('/') || normal.get(1..2) == Some(":") {
        return Some("is an absolute path: a file must lie beside the descriptor");
    }
    let is_up = normal.split('/').any(|part| part == "..");
    is_up.then_some("leaves the folder of the descriptor, and is not followed")
}

fn check_disks(reader: &mut Reader, descriptor: &Descriptor) {
    unique(reader, "disk", descriptor.disks.iter().map(|disk| (disk.id.as_str(), disk.at)));
    let mut users: BTreeMap<&str, &str> = BTreeMap::new();
    for disk in &descriptor.disks {
        if let Some(file) = &disk.file {
            if descriptor.file(file).is_none() && !is_ovirt_file(descriptor, file) {
                let message = format!(
                    "disk `{}` refers to file `{}`, which References does not list",
                    shorten(&disk.id),
                    shorten(file)
                );
                reader.error("unknown-file", disk.at, message);
            }
            if let Some(first) = users.insert(file, &disk.id) {
                let message = format!(
                    "disk `{}` uses file `{}`, as disk `{}` does already",
                    shorten(&disk.id),
                    shorten(file),
                    shorten(first)
                );
                reader.error("shared-file", disk.at, message);
            }
        }
        if let Some(parent) = &disk.parent
            && descriptor.disk(parent).is_none()
        {
            let message = format!(
                "disk `{}` is a difference to disk `{}`, which does not exist",
                shorten(&disk.id),
                shorten(parent)
            );
            reader.error("unknown-parent", disk.at, message);
        }
        if let Capacity::Property { key, .. } = &disk.capacity
            && descriptor.property_value(key, None).is_none()
        {
            let message = format!(
                "the capacity of disk `{}` is property `{}`, which has no default value: give one",
                shorten(&disk.id),
                shorten(key)
            );
            reader.warn("unset-property", disk.at, message);
        }
    }
    parent_cycles(reader, descriptor);
}

/// oVirt refers to files by path.
fn is_ovirt_file(descriptor: &Descriptor, file: &str) -> bool {
    descriptor.files.iter().any(|candidate| candidate.href == file)
}

fn parent_cycles(reader: &mut Reader, descriptor: &Descriptor) {
    for disk in &descriptor.disks {
        let mut seen = BTreeSet::from([disk.id.as_str()]);
        let mut next = disk.parent.as_deref();
        while let Some(parent) = next {
            if !seen.insert(parent) {
                let message =
                    format!("disk `{}` is its own ancestor by `ovf:parentRef`", shorten(&disk.id));
                reader.error("parent-cycle", disk.at, message);
                return;
            }
            next = descriptor.disk(parent).and_then(|disk| disk.parent.as_deref());
        }
    }
}

fn check_networks(reader: &mut Reader, descriptor: &Descriptor) {
    let names = descriptor.networks.iter().map(|network| (network.name.as_str(), network.at));
    unique(reader, "network", names);
}

fn check_options(reader: &mut Reader, descriptor: &Descriptor) {
    let ids = descriptor.options.iter().map(|option| (option.id.as_str(), option.at));
    unique(reader, "deployment option", ids);
    if let Some(second) = descriptor.options.iter().filter(|option| option.is_default).nth(1) {
        let message = "a second deployment option is marked as default; the first one is used";
        reader.warn("second-default", second.at, message);
    }
}

fn check_products(reader: &mut Reader, descriptor: &Descriptor) {
    fn scope(reader: &mut Reader, about: &super::About) {
        let mut seen = BTreeMap::new();
        for product in &about.products {
            let id = (product.class.as_deref(), product.instance.as_deref());
            if let Some(first) = seen.insert(id, product.at)
                && id != (None, None)
            {
                let message = format!(
                    "class and instance of this product section are used already at {first}"
                );
                reader.error("duplicate-product", product.at, message);
            }
        }
        let keys = about.products.iter().flat_map(|product| &product.properties);
        unique(reader, "property", keys.map(|p| (p.qualified_key.as_str(), p.at)));
    }
    scope(reader, &descriptor.about);
    descriptor.visit_about(&mut |about| scope(reader, about));
}

fn check_entities(reader: &mut Reader, descriptor: &Descriptor) {
    let mut pending: Vec<&Entity> = descriptor.content.iter().collect();
    while let Some(entity) = pending.pop() {
        match entity {
            Entity::System(system) => {
                for hardware in &system.hardware {
                    check_hardware(reader, descriptor, hardware);
                }
                for finding in descriptor.machine(system, None).findings {
                    reader.add(finding);
                }
            }
            Entity::Collection(group) => {
                unique(reader, "member", group.members.iter().map(|m| (m.id(), m.position())));
                let member_ids: BTreeSet<&str> =
                    group.members.iter().map(|member| member.id()).collect();
                for item in group.startup.iter().filter(|i| !member_ids.contains(i.id.as_str())) {
                    let message = format!(
                        "the start-up order names `{}`, which is no member of this collection",
                        shorten(&item.id)
                    );
                    reader.error("unknown-member", item.at, message);
                }
                pending.extend(&group.members);
            }
        }
    }
}

impl Entity {
    /// `ovf:id`.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::System(system) => &system.id,
            Self::Collection(group) => &group.id,
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::System(system) => system.at,
            Self::Collection(group) => group.at,
        }
    }
}

fn check_hardware(reader: &mut Reader, descriptor: &Descriptor, hardware: &Hardware) {
    let options: BTreeSet<&str> = descriptor.options.iter().map(|o| o.id.as_str()).collect();
    let mut seen: BTreeSet<(&str, Bound, &[String])> = BTreeSet::new();
    for item in &hardware.items {
        let at = item.at.unwrap_or(hardware.at);
        for option in item.configurations.iter().filter(|o| !options.contains(o.as_str())) {
            let message = format!("deployment option `{}` does not exist", shorten(option));
            reader.error("unknown-option", at, message);
        }
        let scope = item.configurations.as_slice();
        if !item.instance.is_empty() && !seen.insert((&item.instance, item.bound, scope)) {
            let message = format!("instance id `{}` is used twice", shorten(&item.instance));
            reader.error("duplicate-instance-id", at, message);
        }
        check_item(reader, descriptor, hardware, item, at);
    }
    check_bounds(reader, hardware);
}

/// A range marker needs the value that it bounds.
fn check_bounds(reader: &mut Reader, hardware: &Hardware) {
    for item in hardware.items.iter().filter(|item| item.bound != Bound::Normal) {
        let at = item.at.unwrap_or(hardware.at);
        for (name, value) in [
            ("VirtualQuantity", &item.quantity),
            ("Reservation", &item.reservation),
            ("Limit", &item.limit),
        ] {
            if let Some(value) = value.as_ref().filter(|value| value.parse::<u64>().is_err()) {
                let message = format!("{name} {:?} of a range marker is no number", shorten(value));
                reader.error("invalid-number", at, message);
            }
        }
        let is_value = |other: &Item| {
            other.bound == Bound::Normal && other.resource_type == item.resource_type
        };
        let is_same = |other: &&Item| is_value(other) && other.instance == item.instance;
        let has_same = hardware.items.iter().any(|other| is_same(&other));
        if !has_same && hardware.items.iter().any(is_value) {
            let message = format!(
                "range marker {} has another instance id than the value it bounds",
                shorten(&item.instance)
            );
            reader.error("range-without-value", at, message);
        }
    }
}

fn check_item(
    reader: &mut Reader,
    descriptor: &Descriptor,
    hardware: &Hardware,
    item: &Item,
    at: Position,
) {
    let instance = shorten(&item.instance);
    if let Some(parent) = &item.parent {
        let exists = hardware.items.iter().any(|other| other.instance == *parent);
        let is_nil = parent.bytes().all(|b| matches!(b, b'0' | b'-'));
        if !exists && !is_nil {
            let message = format!(
                "item {instance} is attached to item `{}`, which does not exist",
                shorten(parent)
            );
            reader.warn("unknown-controller", at, message);
        }
    }
    if matches!(item.resource_type, Some(17 | 19 | 31 | 32)) {
        for resource in &item.host_resources {
            if disk_of(descriptor, resource).is_none() {
                let message = format!(
                    "item {instance} refers to {:?}, which is no disk and no file",
                    shorten(resource)
                );
                reader.error("unknown-disk", at, message);
            }
        }
    }
    if item.resource_type == Some(10) && !reader.is_ovirt {
        for connection in &item.connections {
            if !descriptor.networks.iter().any(|network| network.name.trim() == connection) {
                let message = format!(
                    "item {instance} is connected to network {:?}, which NetworkSection does not list",
                    shorten(connection)
                );
                reader.error("unknown-network", at, message);
            }
        }
    }
}
