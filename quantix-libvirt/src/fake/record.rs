//! What a fake host keeps of a domain: its definition, read and edited.

use quantix_core::VmId;
use quantix_xml::{Document, NewElement, Place};

use super::{
    connection::{conflict, invalid},
    world::{FakeDomain, Inner},
};
use crate::{Affect, DomainRef, Lifecycle, MetadataKey, Result};

/// Name and UUID of a definition.
fn identify(operation: &'static str, xml: &str) -> Result<(String, VmId)> {
    let document = Document::parse(xml).map_err(|error| invalid(operation, error))?;
    let root = document.root();
    let text = |name| root.child_text(name).map(|text| text.trim().to_owned());
    let name = text("name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid(operation, "the domain has no name"))?;
    let id = text("uuid").ok_or_else(|| invalid(operation, "the domain has no UUID"))?;
    Ok((name, id.parse().map_err(|error| invalid(operation, error))?))
}

/// Keeps a definition, as a new domain or as what a known one boots with next.
pub(super) fn define(inner: &mut Inner, xml: &str) -> Result<DomainRef> {
    const OPERATION: &str = "define domain";
    let (name, id) = identify(OPERATION, xml)?;
    let clash =
        inner.domains.iter().find(|&(&other, domain)| (other == id) != (domain.name == name));
    if let Some((other, domain)) = clash {
        let text = ["domain '", &domain.name, "' already exists with uuid ", &other.to_string()];
        return Err(conflict(OPERATION, &text.concat()).about(name));
    }
    let fresh = FakeDomain::new(name.clone(), xml.to_owned());
    let domain = inner.domains.entry(id).or_insert(fresh);
    if domain.state.is_active() && domain.live_xml.is_none() {
        domain.live_xml = Some(domain.xml.clone());
    }
    xml.clone_into(&mut domain.xml);
    inner.emit_lifecycle(id, Lifecycle::Defined);
    Ok(DomainRef { name, id })
}

pub(super) fn number(xml: &str, name: &str) -> u64 {
    let document = Document::parse(xml).ok();
    let text = document.as_ref().and_then(|document| document.root().child_text(name));
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// Memory of a definition in KiB.
pub(super) fn memory_kib(xml: &str) -> u64 {
    let Ok(document) = Document::parse(xml) else { return 0 };
    let Some(memory) = document.root().child("memory") else { return 0 };
    let amount = memory.text().trim().parse::<u64>().unwrap_or(0);
    match memory.attr("unit").as_deref() {
        Some("GiB") => amount << 20,
        Some("MiB") => amount << 10,
        _ => amount,
    }
}

/// Edits the XML that `affect` names.
pub(super) fn edit(
    domain: &mut FakeDomain,
    operation: &'static str,
    affect: Affect,
    change: impl Fn(&str) -> Result<String>,
) -> Result<()> {
    if affect != Affect::NextBoot && !domain.state.is_active() {
        return Err(conflict(operation, "the domain is not running").about(&domain.name));
    }
    let live = domain.live_xml.as_ref().unwrap_or(&domain.xml);
    let live = if affect == Affect::NextBoot { live.clone() } else { change(live)? };
    if affect != Affect::Live {
        domain.xml = change(&domain.xml)?;
    }
    domain.live_xml = domain.state.is_active().then_some(live);
    Ok(())
}

/// A definition with an element of somebody's own put, replaced or removed.
pub(super) fn with_metadata(
    xml: &str,
    key: &MetadataKey,
    element: Option<&str>,
) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let mut document = Document::parse(xml)?;
    let metadata = document.root().child("metadata").map(|metadata| metadata.id());
    let metadata = match metadata {
        Some(metadata) => metadata,
        None => {
            let root = document.root().id();
            document.append(root, &NewElement::new("metadata"))?
        }
    };
    let old = document.element(metadata).and_then(|metadata| {
        let old = metadata.elements().find(|e| e.namespace().as_deref() == Some(key.uri));
        old.map(|old| old.id())
    });
    if let Some(old) = old {
        document.remove(old)?;
    }
    if let Some(element) = element {
        let element = Document::parse(element)?;
        let name = [key.prefix, ":", element.root().name()].concat();
        let mut prefixed = NewElement::new(name).attr(["xmlns:", key.prefix].concat(), key.uri);
        for attribute in element.root().attributes() {
            prefixed = prefixed.attr(attribute.name(), attribute.value());
        }
        let node = document.append(metadata, &prefixed)?;
        for child in element.root().elements() {
            document.insert_xml(Place::LastIn(node), &child.node().raw())?;
        }
    }
    Ok(document.to_string())
}
