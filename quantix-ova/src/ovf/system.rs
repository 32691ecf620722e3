//! Machines and groups of machines.

use quantix_xml::Element;

use super::{
    About, COLLECTION_DEPTH_MAX, Collection, Entity, OperatingSystem, StartupItem, VirtualSystem,
    check, hardware, product,
    reader::{Reader, attr, is_true, section_name, shorten, words},
};

/// Reads a system or a collection; `None` (and a finding) where the nesting is too deep.
pub(super) fn read_entity(
    reader: &mut Reader,
    element: Element<'_>,
    depth: usize,
) -> Option<Entity> {
    if depth > COLLECTION_DEPTH_MAX {
        let message = format!("more than the limit of {COLLECTION_DEPTH_MAX} nested collections");
        reader.error("nesting-limit", element.position(), message);
        return None;
    }
    let id = attr(element, "id").unwrap_or_default();
    if id.is_empty() {
        let message = format!("{} without `ovf:id`", section_name(element));
        reader.error("missing-system-id", element.position(), message);
    }
    check::expect_info(reader, element);
    Some(if section_name(element) == "VirtualSystem" {
        Entity::System(Box::new(read_system(reader, element, id)))
    } else {
        Entity::Collection(Box::new(read_collection(reader, element, id, depth)))
    })
}

fn read_collection(
    reader: &mut Reader,
    element: Element<'_>,
    id: String,
    depth: usize,
) -> Collection {
    let mut group = Collection {
        id,
        name: reader.child_text(element, "Name"),
        about: About::default(),
        startup: Vec::new(),
        members: Vec::new(),
        at: element.position(),
    };
    for child in element.elements() {
        match section_name(child).as_ref() {
            "VirtualSystem" | "VirtualSystemCollection" => {
                group.members.extend(read_entity(reader, child, depth + 1));
            }
            "StartupSection" => {
                check::expect_info(reader, child);
                let items = child.elements_named("Item").chain(child.elements_named("Element"));
                group.startup.extend(items.map(|item| read_startup(reader, item)));
            }
            "ResourceAllocationSection" => {
                let message = "resource reservations of a group are read over, not applied";
                reader.info("ignored-section", child.position(), message);
            }
            name if product::read_about(reader, child, name, &mut group.about) => {}
            _ => check::unknown_element(reader, child, "the collection"),
        }
    }
    group
}

fn read_startup(reader: &mut Reader, item: Element<'_>) -> StartupItem {
    StartupItem {
        id: attr(item, "id").unwrap_or_default(),
        order: reader.number(item, "order").unwrap_or(0),
        start_delay_seconds: reader.number(item, "startDelay"),
        is_waiting_for_guest: attr(item, "waitingForGuest").is_some_and(|value| is_true(&value)),
        start_action: attr(item, "startAction"),
        stop_action: attr(item, "stopAction"),
        stop_delay_seconds: reader.number(item, "stopDelay"),
        at: item.position(),
    }
}

fn read_system(reader: &mut Reader, element: Element<'_>, id: String) -> VirtualSystem {
    let mut system = VirtualSystem {
        id,
        name: reader.child_text(element, "Name"),
        about: About::default(),
        os: None,
        hardware: Vec::new(),
        boot_order: Vec::new(),
        firmware_hint: None,
        at: element.position(),
    };
    for child in element.elements() {
        read_section(reader, child, &mut system);
    }
    if system.hardware.is_empty() {
        let message = "the system has no VirtualHardwareSection";
        reader.error("missing-hardware", element.position(), message);
    }
    let transports = system.hardware.iter().flat_map(|hardware| hardware.transports.clone());
    system.about.transports = transports.collect();
    system
}

fn read_section(reader: &mut Reader, child: Element<'_>, system: &mut VirtualSystem) {
    match section_name(child).as_ref() {
        "VirtualHardwareSection" => {
            check::expect_info(reader, child);
            let hardware = hardware::read_hardware(reader, child);
            system.hardware.push(hardware);
        }
        "OperatingSystemSection" => system.os = Some(read_os(reader, child)),
        "BootOrderSection" => {
            let instances = attr(child, "instanceId").map(|value| value.replace(',', " "));
            system.boot_order.extend(words(instances));
        }
        "Machine" => {
            let firmware = child.find("Hardware/Firmware").and_then(|f| attr(f, "type"));
            system.firmware_hint = firmware.or(system.firmware_hint.take());
            let message = "settings in VirtualBox's own format: only the firmware is used";
            reader.info("vendor-section", child.position(), message);
        }
        "BiosType" => system.firmware_hint = reader.text(child).map(ovirt_firmware),
        "DiskSection"
        | "NetworkSection"
        | "ResourceAllocationSection"
        | "StartupSection"
        | "DeploymentOptionSection" => {
            let message = format!("{} does not belong in a VirtualSystem", section_name(child));
            reader.error("misplaced-section", child.position(), message);
        }
        name if product::read_about(reader, child, name, &mut system.about) => {}
        _ => check::unknown_element(reader, child, "the system"),
    }
}

/// oVirt's `BiosType`: 0 and 1 are BIOS on either chipset, 2 and 3 OVMF without and with secure
/// boot.
fn ovirt_firmware(value: String) -> String {
    match value.as_str() {
        "2" => "efi".to_owned(),
        "3" => "efi-secure".to_owned(),
        "0" | "1" => "bios".to_owned(),
        _ => value,
    }
}

fn read_os(reader: &mut Reader, element: Element<'_>) -> OperatingSystem {
    check::expect_info(reader, element);
    let id = attr(element, "id");
    let number = id.as_deref().and_then(|id| id.parse().ok());
    match &id {
        // oVirt writes a UUID here.
        Some(text) if number.is_none() && !reader.is_ovirt => {
            let at =
                element.attribute_local("id").map_or(element.position(), |a| a.value_position());
            let message = format!("operating system id {:?} is no number of CIM's", shorten(text));
            reader.warn("unknown-os", at, message);
        }
        None => {
            let message = "the operating system section has no `ovf:id`";
            reader.warn("unknown-os", element.position(), message);
        }
        Some(_) => {}
    }
    OperatingSystem {
        id: number,
        version: attr(element, "version"),
        vendor: attr(element, "osType").or_else(|| reader.child_text(element, "OSType")),
        description: reader.child_text(element, "Description"),
        at: element.position(),
    }
}
