//! What differs between two appliances, as what they mean and not as text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Inspect;

/// How two appliances differ.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    /// Whether they mean the same.
    pub equal: bool,
    /// Every difference, in order of its path.
    pub changes: Vec<Change>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Where, such as `systems[web].disks[vmdisk1].capacity_bytes`.
    pub path: String,
    /// What the first has; `null` where it has nothing.
    pub before: Value,
    /// What the second has; `null` where it has nothing.
    pub after: Value,
}

/// Compares what two appliances are. Spelling, order of items, comments and findings do not count;
/// members of lists are matched by their ids.
#[must_use]
pub fn diff(before: &Inspect, after: &Inspect) -> Diff {
    let [before, after] = [before, after].map(|inspect| {
        let mut value = serde_json::to_value(inspect).unwrap_or_default();
        if let Value::Object(fields) = &mut value {
            // How it is packed, by whom, and what is odd about the text is not what it is.
            for name in ["findings", "format", "producer"] {
                fields.remove(name);
            }
        }
        value
    });
    let mut changes = Vec::new();
    compare(String::new(), &before, &after, &mut changes);
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Diff { equal: changes.is_empty(), changes }
}

fn compare(path: String, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeMap<&String, ()> = a.keys().chain(b.keys()).map(|k| (k, ())).collect();
            for name in names.into_keys() {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let side = |fields: &serde_json::Map<String, Value>| {
                    fields.get(name).cloned().unwrap_or_default()
                };
                compare(path, &side(a), &side(b), changes);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            let (a, b) = (named(a), named(b));
            let names: BTreeMap<&String, ()> = a.keys().chain(b.keys()).map(|k| (k, ())).collect();
            for name in names.into_keys() {
                let path = format!("{path}[{name}]");
                let side = |all: &BTreeMap<String, &Value>| {
                    all.get(name).map_or(Value::Null, |value| (*value).clone())
                };
                compare(path, &side(&a), &side(&b), changes);
            }
        }
        (a, b) if a == b => {}
        (a, b) => changes.push(Change { path, before: a.clone(), after: b.clone() }),
    }
}

/// The members of a list by what names them: an id, a key or a file name; else their text or their
/// place. Of several with one name, the later ones are numbered.
fn named(list: &[Value]) -> BTreeMap<String, &Value> {
    let mut all = BTreeMap::new();
    for (index, value) in list.iter().enumerate() {
        let field = ["qualified_key", "id", "href", "network", "file"]
            .iter()
            .find_map(|field| value.get(field)?.as_str());
        let name = field.or_else(|| value.as_str().filter(|text| text.len() <= 64));
        let name = name.map_or_else(|| index.to_string(), str::to_owned);
        let mut unique = name.clone();
        let mut number = 1usize;
        while all.contains_key(&unique) {
            number += 1;
            unique = format!("{name}#{number}");
        }
        all.insert(unique, value);
    }
    all
}

#[cfg(test)]
mod tests {
    use quantix_core::{Bytes, MemoryMib};

    use super::*;
    use crate::{
        ovf::{
            Descriptor,
            write::{Appliance, ApplianceDisk, ApplianceNic},
        },
        package::Packing,
    };

    fn inspected(appliance: &Appliance) -> Inspect {
        let descriptor = Descriptor::parse(appliance.to_ovf().expect("valid")).expect("OVF");
        Inspect::new(Packing::Ovf, &descriptor)
    }

    fn sample() -> Appliance {
        let mut web = Appliance::new("web", 2, MemoryMib(2048));
        web.disks.push(ApplianceDisk::new("a.vmdk", Bytes(1 << 30)));
        web.disks.push(ApplianceDisk::new("b.vmdk", Bytes(1 << 30)));
        web.nics = vec![ApplianceNic::new("lan"), ApplianceNic::new("lan")];
        web
    }

    #[test]
    fn equal_appliances_have_no_changes() {
        let expected = Diff { equal: true, changes: Vec::new() };
        assert_eq!(diff(&inspected(&sample()), &inspected(&sample())), expected);
    }

    #[test]
    fn changes_have_paths_by_id() {
        let mut other = sample();
        other.memory_mib = MemoryMib(4096);
        other.disks[1].capacity_bytes = Bytes(2 << 30);
        other.nics.pop();
        let found = diff(&inspected(&sample()), &inspected(&other));
        let paths: Vec<_> = found.changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "systems[web].disks[vmdisk2].capacity_bytes",
                "systems[web].memory_mib",
                "systems[web].nics[lan#2]",
            ]
        );
        assert!(found.changes[2].after.is_null());
    }
}
