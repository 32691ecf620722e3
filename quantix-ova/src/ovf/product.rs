//! Products, properties, licences and notes.

use std::collections::BTreeMap;

use quantix_xml::Element;

use super::{
    About, Product, Property, check,
    reader::{Reader, attr, is_true, shorten, words},
};

/// Reads a section that a machine, a group and an envelope can all have; whether it was one.
pub(super) fn read_about(
    reader: &mut Reader,
    element: Element<'_>,
    name: &str,
    about: &mut About,
) -> bool {
    match name {
        "ProductSection" => {
            check::expect_info(reader, element);
            about.products.push(read_product(reader, element));
        }
        "EulaSection" => {
            check::expect_info(reader, element);
            about.eulas.extend(reader.child_text(element, "License"));
        }
        "AnnotationSection" => {
            check::expect_info(reader, element);
            if let Some(note) = reader.child_text(element, "Annotation") {
                match &mut about.annotation {
                    Some(notes) => {
                        notes.push_str("\n\n");
                        notes.push_str(&note);
                    }
                    none => *none = Some(note),
                }
            }
        }
        "InstallSection" => {
            about.initial_boot_seconds =
                Some(reader.number(element, "initialBootStopDelay").unwrap_or(0));
        }
        "Info" | "Name" => {}
        _ => return false,
    }
    true
}

fn read_product(reader: &mut Reader, element: Element<'_>) -> Product {
    let (class, instance) = (attr(element, "class"), attr(element, "instance"));
    let mut properties = Vec::new();
    let mut category = None;
    for child in element.elements() {
        match child.local_name() {
            "Category" => category = reader.text(child),
            "Property" => {
                let mut property = read_property(reader, child);
                property.category.clone_from(&category);
                property.qualified_key =
                    qualified(class.as_deref(), &property.key, instance.as_deref());
                properties.push(property);
            }
            _ => {}
        }
    }
    Product {
        class,
        instance,
        product: reader.child_text(element, "Product"),
        vendor: reader.child_text(element, "Vendor"),
        version: reader.child_text(element, "Version"),
        full_version: reader.child_text(element, "FullVersion"),
        properties,
        at: element.position(),
    }
}

fn qualified(class: Option<&str>, key: &str, instance: Option<&str>) -> String {
    [class, Some(key), instance].into_iter().flatten().collect::<Vec<_>>().join(".")
}

fn read_property(reader: &mut Reader, element: Element<'_>) -> Property {
    let at = element.position();
    let key = attr(element, "key").unwrap_or_default();
    if key.is_empty() {
        reader.error("missing-key", at, "a Property without `ovf:key` cannot be set");
    } else if key.contains(['.', ':']) || key.contains(char::is_whitespace) {
        let at = element.attribute_local("key").map_or(at, |a| a.value_position());
        let message = format!(
            "property key {:?} has a dot, a colon or white space, which separate class, key and \
             instance",
            shorten(&key)
        );
        reader.warn("invalid-key", at, message);
    }
    let kind = attr(element, "type").unwrap_or_default();
    check_kind(reader, element, &key, &kind);
    let mut values = BTreeMap::new();
    for value in element.elements_named("Value") {
        let text = value.attr_local("value").unwrap_or_default().into_owned();
        for option in words(attr(value, "configuration")) {
            values.insert(option, text.clone());
        }
    }
    let qualifiers: Vec<String> = element
        .attributes()
        .filter(|a| a.local_name() == "qualifiers")
        .map(|a| a.value().into_owned())
        .collect();
    let is_password = attr(element, "password").is_some_and(|value| is_true(&value))
        || kind.eq_ignore_ascii_case("password");
    Property {
        qualified_key: key.clone(),
        key,
        kind,
        qualifiers,
        value: element.attr_local("value").map(|value| value.into_owned()),
        values,
        is_user_configurable: attr(element, "userConfigurable").is_some_and(|v| is_true(&v)),
        is_password,
        label: reader.child_text(element, "Label"),
        description: reader.child_text(element, "Description"),
        category: None,
        at,
    }
}

/// Types that DSP0243 lists, and those that VMware and others add.
const KINDS: &[&str] = &[
    "uint8", "sint8", "uint16", "sint16", "uint32", "sint32", "uint64", "sint64", "string",
    "boolean", "real32", "real64", "int", "real", "bool", "ip", "password", "char16", "datetime",
];

fn check_kind(reader: &mut Reader, element: Element<'_>, key: &str, kind: &str) {
    let at = element.attribute_local("type").map_or(element.position(), |a| a.value_position());
    if kind.is_empty() {
        let message = format!("property `{}` has no `ovf:type`", shorten(key));
        return reader.error("missing-type", at, message);
    }
    let base = kind.split([':', '(', '[', '<']).next().unwrap_or_default().trim();
    if !KINDS.iter().any(|known| base.eq_ignore_ascii_case(known)) {
        let message = format!(
            "property `{}` is of unknown type {:?}: expected one such as string, boolean or uint16",
            shorten(key),
            shorten(kind)
        );
        reader.error("unknown-type", at, message);
    }
}
