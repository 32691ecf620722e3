//! Property values: what the deployer gives, what the option and the defaults say.

use std::collections::{BTreeMap, BTreeSet};

use quantix_core::{Finding, Secret};
use serde::Serialize;

use super::ImportError;
use crate::ovf::{Descriptor, Product, Property, VirtualSystem};

/// The longest value of a property, in characters.
pub const VALUE_CHARS_MAX: usize = 65_535;
/// How often a value may refer to another property that refers to another.
const REFERENCES_MAX: usize = 16;

/// A property with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PropertyValue {
    /// The key by which the guest finds it.
    pub key: String,
    /// The value; redacted when it is printed and the property is a password.
    pub value: Value,
}

/// A value, and whether it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Anyone may see it.
    Plain(String),
    /// The value of a property that is a password.
    Secret(Secret),
}

impl Value {
    /// The text itself. Call it only where the value is delivered to the guest.
    #[must_use]
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose(),
        }
    }
}

type Resolved = (Vec<PropertyValue>, Vec<Finding>);

/// The value of every property that `system` can see.
pub(super) fn resolve(
    descriptor: &Descriptor,
    system: &VirtualSystem,
    option: Option<&str>,
    given: &BTreeMap<String, String>,
) -> Result<Resolved, ImportError> {
    let visible = visible(descriptor, system);
    let all = || visible.iter().flat_map(|product| &product.properties);
    let mut faults = Vec::new();
    for key in given.keys() {
        if !all().any(|property| matches(property, key)) {
            let keys = all().map(|property| property.qualified_key.clone()).collect();
            let (what, found) = ("property", key.clone());
            return Err(ImportError::Unknown { what, found, known: keys });
        }
    }
    let raw: BTreeMap<&str, Option<String>> = all()
        .map(|property| (property.qualified_key.as_str(), chosen(property, option, given)))
        .collect();
    let (mut values, mut findings, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for property in all().filter(|property| seen.insert(property.qualified_key.clone())) {
        let said = raw.get(property.qualified_key.as_str()).cloned().flatten();
        let Some(said) = said else {
            if property.is_user_configurable {
                let message = "has no value: the guest gets an empty one";
                findings.push(finding(Finding::warning("unset-property", message), property));
            }
            values.push(value(property, String::new()));
            continue;
        };
        let is_given = given.keys().any(|key| matches(property, key));
        let text = expand(&said, &raw, 0);
        if let Err(problem) = check(property, &text) {
            let message = format!("{problem}, found {}", shown(property, &text));
            match is_given {
                true => faults.push(finding(Finding::error("invalid-value", message), property)),
                false => {
                    findings.push(finding(Finding::warning("invalid-default", message), property));
                }
            }
        }
        if is_given && !property.is_user_configurable {
            let message = "is not meant to be set by the deployer; the given value is used";
            findings.push(finding(Finding::warning("not-configurable", message), property));
        }
        values.push(value(property, text));
    }
    if faults.is_empty() {
        Ok((values, findings))
    } else {
        Err(ImportError::Properties { findings: faults })
    }
}

fn matches(property: &Property, key: &str) -> bool {
    property.key == key || property.qualified_key == key
}

fn finding(finding: Finding, property: &Property) -> Finding {
    finding
        .at(format!("properties.{}", property.qualified_key))
        .at_position(property.at.line, property.at.column)
}

fn shown(property: &Property, text: &str) -> String {
    if property.is_password {
        return "another".to_owned();
    }
    format!("{:?}", text.chars().take(64).collect::<String>())
}

fn value(property: &Property, text: String) -> PropertyValue {
    let value = match property.is_password {
        true => Value::Secret(Secret::new(text)),
        false => Value::Plain(text),
    };
    PropertyValue { key: property.qualified_key.clone(), value }
}

/// The system's own products, then those of the groups around it and of the envelope.
fn visible<'d>(descriptor: &'d Descriptor, system: &'d VirtualSystem) -> Vec<&'d Product> {
    let others: BTreeSet<*const Product> = descriptor
        .systems()
        .into_iter()
        .filter(|other| !std::ptr::eq(*other, system))
        .flat_map(|other| other.about.products.iter().map(std::ptr::from_ref))
        .collect();
    let own = system.about.products.iter();
    let is_shared = |product: &&Product| {
        !others.contains(&std::ptr::from_ref(*product))
            && !system.about.products.iter().any(|own| std::ptr::eq(own, *product))
    };
    own.chain(descriptor.products().into_iter().filter(is_shared)).collect()
}

fn chosen(
    property: &Property,
    option: Option<&str>,
    given: &BTreeMap<String, String>,
) -> Option<String> {
    let by_option = || option.and_then(|option| property.values.get(option));
    given
        .get(&property.qualified_key)
        .or_else(|| given.get(&property.key))
        .or_else(by_option)
        .or(property.value.as_ref())
        .filter(|value| !value.is_empty())
        .cloned()
}

/// Replaces `${key}` by the value of that property; a `$` that starts no known key stays.
fn expand(text: &str, raw: &BTreeMap<&str, Option<String>>, depth: usize) -> String {
    if depth > REFERENCES_MAX || !text.contains("${") {
        return text.to_owned();
    }
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        expanded.push_str(before);
        let found = after.split_once('}').and_then(|(key, tail)| {
            let by_suffix = |known: &&&str| known.ends_with(&format!(".{key}"));
            let value =
                raw.get(key).or_else(|| raw.keys().find(by_suffix).and_then(|k| raw.get(k)));
            value.cloned().flatten().map(|value| (value, tail))
        });
        match found {
            Some((value, tail)) => {
                expanded.push_str(&expand(&value, raw, depth + 1));
                rest = tail;
            }
            None => {
                expanded.push_str("${");
                rest = after;
            }
        }
        if expanded.len() > VALUE_CHARS_MAX {
            break;
        }
    }
    expanded.push_str(rest);
    expanded
}

/// Whether a value is of the type that the property has.
fn check(property: &Property, text: &str) -> Result<(), String> {
    if text.chars().count() > VALUE_CHARS_MAX {
        return Err(format!("longer than the limit of {VALUE_CHARS_MAX} characters"));
    }
    let kind = property.kind.to_ascii_lowercase();
    let base = kind.split(['(', ':', '<']).next().unwrap_or_default().trim();
    let whole = |bits: u32| text.parse::<u64>().is_ok_and(|n| bits == 64 || n >> bits == 0);
    let signed = |bits: u32| {
        let limit = 1i128 << (bits - 1);
        text.parse::<i128>().is_ok_and(|n| (-limit..limit).contains(&n))
    };
    let is_right = match base {
        "boolean" | "bool" => {
            matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "0" | "1")
        }
        "uint8" => whole(8),
        "uint16" => whole(16),
        "uint32" => whole(32),
        "uint64" => whole(64),
        "sint8" => signed(8),
        "sint16" => signed(16),
        "sint32" | "int" => signed(32),
        "sint64" => signed(64),
        "real32" | "real64" | "real" => text.parse::<f64>().is_ok(),
        "ip" => text.parse::<std::net::IpAddr>().is_ok(),
        _ => true,
    };
    if !is_right {
        return Err(format!("expected a value of type {base}"));
    }
    property.qualifiers.iter().try_for_each(|qualifiers| qualified(qualifiers, text))
}

/// Checks the qualifiers that CIM defines for strings: lengths, and a list of values.
fn qualified(qualifiers: &str, text: &str) -> Result<(), String> {
    let argument = |name: &str| {
        let (_, rest) = qualifiers.split_once(name)?;
        let close = if rest.trim_start().starts_with('{') { '}' } else { ')' };
        let rest = rest.trim_start().strip_prefix(['(', '{'])?;
        rest.split_once(close).map(|(inside, _)| inside)
    };
    let number = |name: &str| argument(name).and_then(|inside| inside.trim().parse::<usize>().ok());
    let length = text.chars().count();
    if number("MinLen").is_some_and(|least| length < least) {
        return Err(format!("expected at least {} characters", number("MinLen").unwrap_or(0)));
    }
    if number("MaxLen").is_some_and(|most| length > most) {
        return Err(format!("expected at most {} characters", number("MaxLen").unwrap_or(0)));
    }
    if let Some(inside) = argument("ValueMap") {
        let mut allowed = inside.split('"').skip(1).step_by(2);
        if !allowed.clone().any(|value| value == text) && allowed.next().is_some() {
            return Err(format!("expected one of {}", inside.trim()));
        }
    }
    Ok(())
}
