//! Virtual hardware sections: the items as written.

use quantix_xml::Element;

use super::{
    Bound, Hardware, Item, Setting, check,
    reader::{Reader, attr, is_true, shorten, trimmed, words},
};

pub(super) fn read_hardware(reader: &mut Reader, element: Element<'_>) -> Hardware {
    let mut hardware = Hardware {
        families: Vec::new(),
        identifier: None,
        items: Vec::new(),
        config: Vec::new(),
        extra_config: Vec::new(),
        transports: words(attr(element, "transport")),
        at: element.position(),
    };
    for child in element.elements() {
        match child.local_name() {
            "System" => read_system(reader, child, &mut hardware),
            "Item" | "StorageItem" | "EthernetPortItem" => {
                hardware.items.push(read_item(reader, child));
            }
            "Config" => hardware.config.extend(read_setting(reader, child)),
            "ExtraConfig" => hardware.extra_config.extend(read_setting(reader, child)),
            "Info" => {}
            _ => check::unknown_element(reader, child, "the hardware section"),
        }
    }
    hardware
}

fn read_system(reader: &mut Reader, element: Element<'_>, hardware: &mut Hardware) {
    hardware.families =
        words(reader.child_text(element, "VirtualSystemType").map(|f| f.replace(',', " ")));
    if hardware.families.first().is_some_and(|family| family == "ENGINE") {
        hardware.families = vec![hardware.families.join(" ")];
    }
    hardware.identifier = reader.child_text(element, "VirtualSystemIdentifier");
    for child in element.elements().filter(|child| child.local_name() == "Config") {
        hardware.config.extend(read_setting(reader, child));
    }
}

fn read_setting(reader: &mut Reader, element: Element<'_>) -> Option<Setting> {
    let at = element.position();
    let Some(key) = attr(element, "key") else {
        let message = format!("{} without a key is ignored", element.name());
        reader.warn("missing-key", at, message);
        return None;
    };
    Some(Setting {
        key,
        value: element.attr_local("value").unwrap_or_default().into_owned(),
        is_required: attr(element, "required").is_none_or(|value| is_true(&value)),
        configurations: words(attr(element, "configuration")),
        at,
    })
}

fn read_item(reader: &mut Reader, element: Element<'_>) -> Item {
    let at = element.position();
    let mut item = Item {
        configurations: words(attr(element, "configuration")),
        is_required: attr(element, "required").is_none_or(|value| is_true(&value)),
        bound: read_bound(reader, element),
        at: Some(at),
        ..Item::default()
    };
    for child in element.elements() {
        read_child(reader, child, &mut item);
    }
    if item.instance.is_empty() {
        let message = format!("{} has no InstanceID", describe(&item));
        reader.error("missing-instance-id", at, message);
    }
    if item.resource_type.is_none() {
        let message = format!("{} has no ResourceType that is a number", describe(&item));
        reader.error("missing-resource-type", at, message);
    }
    item
}

fn describe(item: &Item) -> String {
    match (&item.name, item.instance.as_str()) {
        (Some(name), _) => format!("item `{}`", shorten(name)),
        (None, "") => "an item".to_owned(),
        (None, instance) => format!("item {}", shorten(instance)),
    }
}

fn read_bound(reader: &mut Reader, element: Element<'_>) -> Bound {
    match attr(element, "bound").as_deref() {
        None | Some("normal") => Bound::Normal,
        Some("min") => Bound::Min,
        Some("max") => Bound::Max,
        Some(other) => {
            let message = format!("bound {:?}: expected `min`, `max` or `normal`", shorten(other));
            reader.error("invalid-bound", element.position(), message);
            Bound::Normal
        }
    }
}

fn read_child(reader: &mut Reader, child: Element<'_>, item: &mut Item) {
    let text = trimmed(&child.text());
    match child.local_name() {
        "InstanceID" | "InstanceId" => item.instance = text.unwrap_or_default(),
        "ResourceType" => item.resource_type = text.and_then(|t| t.parse().ok()),
        "ResourceSubType" => item.sub_type = text,
        "ElementName" => item.name = reader.text(child).or(item.name.take()),
        "Caption" => {
            if item.name.is_none() {
                item.name = reader.text(child);
            }
        }
        "Description" => item.description = reader.text(child),
        "VirtualQuantity" => item.quantity = text,
        "AllocationUnits" => item.units = text,
        "VirtualQuantityUnits" => {
            if item.units.is_none() {
                item.units = text.filter(|unit| unit != "count");
            }
        }
        "Parent" => item.parent = text,
        "Address" => item.address = text,
        "AddressOnParent" => item.address_on_parent = text,
        "BusNumber" => item.bus_number = text,
        "HostResource" => item.host_resources.extend(text),
        "Connection" => item.connections.extend(text),
        "AutomaticAllocation" => item.is_automatic = text.map(|t| is_true(&t)),
        "Reservation" => item.reservation = text,
        "Limit" => item.limit = text,
        "Weight" => item.weight = text,
        "Config" => item.config.extend(read_setting(reader, child)),
        name => {
            check::unknown_item_child(reader, child);
            if let Some(text) = text {
                item.extensions.insert(name.to_owned(), text);
            }
        }
    }
}
