//! Mending a descriptor by as few bytes as possible.

use std::collections::BTreeMap;

use quantix_core::Finding;
use quantix_xml::{Document, EditError, Element, NewElement, NodeId, Place};

use crate::ovf::{
    Descriptor,
    edit::{ovf_name, sibling_name},
    units::{self, Unit},
};

/// What is known about the files of a package: their sizes as they will be written.
pub(super) type Sizes = BTreeMap<String, u64>;

/// Mends what can be mended; the document, and what was done.
pub(super) fn mend(
    descriptor: Descriptor,
    sizes: &Sizes,
) -> Result<(Document, Vec<Finding>), EditError> {
    let broken: Vec<(u32, u32, String)> = descriptor
        .findings()
        .iter()
        .filter_map(|f| Some((f.line?, f.column?, f.code.to_string())))
        .collect();
    let mut edits = Vec::new();
    let root = descriptor.document().root();
    for element in root.descendants() {
        let at = element.position();
        let has = |code: &str| {
            broken.iter().any(|(line, column, known)| {
                (*line, *column) == (at.line, at.column) && known == code
            })
        };
        collect(element, sizes, &has, &mut edits);
    }
    let mut document = descriptor.into_document();
    let mut done = Vec::new();
    for Edit { target, change, finding } in edits {
        match change {
            Change::Set(name, value) => document.set_attribute(target, &name, &value)?,
            Change::Remove(name) => drop(document.remove_attribute(target, &name)?),
            Change::Text(text) => document.set_text(target, &text)?,
            Change::Info(name) => {
                let info = NewElement::new(name).text("Added so that every reader accepts this");
                document.insert(Place::FirstIn(target), &info)?;
            }
        }
        done.push(finding);
    }
    Ok((document, done))
}

/// One edit, collected first because reading and editing do not mix.
struct Edit {
    target: NodeId,
    change: Change,
    finding: Finding,
}

enum Change {
    Set(String, String),
    Remove(String),
    Text(String),
    Info(String),
}

fn collect(element: Element<'_>, sizes: &Sizes, has: &dyn Fn(&str) -> bool, edits: &mut Vec<Edit>) {
    let at = element.position();
    let mut add = |code, change, message: String| {
        let finding = Finding::info(code, message).at_position(at.line, at.column);
        edits.push(Edit { target: element.id(), change, finding });
    };
    if has("missing-info") {
        let name = sibling_name(element.name(), "Info");
        add("missing-info", Change::Info(name), "an Info was added".to_owned());
    }
    if has("unknown-required-section") {
        let name = ovf_name(element, "required");
        let message = "marked as not required".to_owned();
        add("unknown-required-section", Change::Set(name, "false".to_owned()), message);
    }
    match element.local_name() {
        "File" => {
            let href = element.attr_local("href").unwrap_or_default();
            let size = element.attribute_local("size");
            if let Some(real) = sizes.get(href.as_ref())
                && size.is_none_or(|said| said.value() != real.to_string())
            {
                let name =
                    size.map_or_else(|| ovf_name(element, "size"), |said| said.name().to_owned());
                let message = format!("the size of `{href}` is {real}");
                add("size-mismatch", Change::Set(name, real.to_string()), message);
            }
        }
        "Disk" if has("missing-format") => {
            let name = ovf_name(element, "format");
            let uri = crate::ovf::write::STREAM_OPTIMIZED_URI.to_owned();
            add("missing-format", Change::Set(name, uri), "the format was added".to_owned());
        }
        "Disk" if has("populated-above-capacity") => {
            if let Some(attribute) = element.attribute_local("populatedSize") {
                let name = attribute.name().to_owned();
                let message = "an impossible `populatedSize` was removed".to_owned();
                add("populated-above-capacity", Change::Remove(name), message);
            }
        }
        "VirtualSystemType" if element.parent().is_some_and(|p| p.local_name() == "System") => {
            let said = element.text();
            if !said.trim().is_empty() && !said.contains("vmx-") {
                let both = format!("vmx-10 {}", said.trim());
                let message = "VMware's hardware family was put before the other".to_owned();
                add("foreign-hardware", Change::Text(both), message);
            }
        }
        "AllocationUnits" => memory_unit(element, edits),
        _ => {}
    }
}

/// Memory in another unit than MiB becomes MiB.
fn memory_unit(element: Element<'_>, edits: &mut Vec<Edit>) {
    let Some(item) = element.parent() else { return };
    let is_memory = item.child_text("ResourceType").is_some_and(|kind| kind.trim() == "4");
    let unit = element.text();
    let squeezed: String = unit.to_ascii_lowercase().split_whitespace().collect();
    let is_mib = matches!(squeezed.as_str(), "byte*2^20" | "megabytes");
    let Some(quantity) = item.child("VirtualQuantity").filter(|_| is_memory && !is_mib) else {
        return;
    };
    let Ok(bytes) = units::bytes(&quantity.text(), Some(&unit), Unit::MEBIBYTE) else { return };
    if bytes % (1 << 20) != 0 {
        return;
    }
    let at = element.position();
    let finding =
        |message: &str| Finding::info("memory-unit", message).at_position(at.line, at.column);
    let mib = (bytes >> 20).to_string();
    edits.push(Edit {
        target: quantity.id(),
        change: Change::Text(mib),
        finding: finding("memory is given in MiB"),
    });
    edits.push(Edit {
        target: element.id(),
        change: Change::Text("byte * 2^20".to_owned()),
        finding: finding("the unit of memory is MiB"),
    });
}
