//! Networks and network filters of a fake host.

use std::borrow::Cow;

use quantix_xml::Document;

use super::{
    connection::{absent, conflict, identified, invalid},
    world::Inner,
};
use crate::{Class, Error, NetworkInfo, ResourceAct, Result, view::Network};

/// A network.
#[derive(Debug)]
pub(super) struct FakeNetwork {
    id: String,
    xml: String,
    bridge: Option<String>,
    active: bool,
    autostart: bool,
}

fn network<'i>(
    inner: &'i mut Inner,
    operation: &'static str,
    name: &str,
) -> Result<&'i mut FakeNetwork> {
    let text = ["no network with matching name '", name, "'"].concat();
    inner.networks.get_mut(name).ok_or_else(|| absent(operation, &text).about(name))
}

pub(super) fn list(inner: &mut Inner) -> Vec<NetworkInfo> {
    let info = |(name, network): (&String, &FakeNetwork)| NetworkInfo {
        name: name.clone(),
        id: network.id.clone(),
        active: network.active,
        persistent: true,
        autostart: network.autostart,
        bridge: network.bridge.clone(),
    };
    inner.networks.iter().map(info).collect()
}

pub(super) fn define(inner: &mut Inner, xml: &str) -> Result<String> {
    const OPERATION: &str = "define network";
    let document = Document::parse(xml).map_err(|error| invalid(OPERATION, error))?;
    let wanted = Network::of(document.root());
    let text = |value: Option<Cow<'_, str>>| {
        value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let name = text(wanted.name()).ok_or_else(|| invalid(OPERATION, "missing name element"))?;
    if name.contains('/') {
        return Err(invalid(OPERATION, "a network's name has no slash").about(name));
    }
    // As in libvirt: without a UUID it is another network, and its name must be free.
    let id = text(wanted.uuid()).unwrap_or_else(|| inner.draw_uuid());
    let known = inner.networks.get(&name);
    if let Some(known) = known.filter(|known| known.id != id) {
        let text = ["network '", &name, "' already exists with uuid ", &known.id].concat();
        return Err(conflict(OPERATION, &text).about(name));
    }
    // libvirt names the bridges of its own; others belong to somebody else.
    let owns_bridge = matches!(
        wanted.forward_mode().as_deref(),
        None | Some("nat" | "route" | "open" | "bridge")
    );
    let number = inner.networks.len().to_string();
    let bridge = text(wanted.bridge_name());
    let bridge = bridge.or_else(|| owns_bridge.then(|| ["virbr", &number].concat()));
    let (active, autostart) = known.map_or((false, false), |known| (known.active, known.autostart));
    let xml = identified(OPERATION, document, &id)?;
    let fresh = FakeNetwork { id, xml, bridge, active, autostart };
    inner.networks.insert(name.clone(), fresh);
    Ok(name)
}

pub(super) fn xml(inner: &mut Inner, name: &str) -> Result<String> {
    Ok(network(inner, "read XML of network", name)?.xml.clone())
}

pub(super) fn act(inner: &mut Inner, name: &str, act: ResourceAct) -> Result<()> {
    const OPERATION: &str = "change network";
    let known = network(inner, OPERATION, name)?;
    match act {
        ResourceAct::Start => known.active = true,
        ResourceAct::Stop if !known.active => {
            let text = ["network '", name, "' is not active"].concat();
            return Err(conflict(OPERATION, &text).about(name));
        }
        ResourceAct::Stop => known.active = false,
        ResourceAct::Autostart => known.autostart = true,
        ResourceAct::NoAutostart => known.autostart = false,
        // As libvirt, which lets a network that runs go on until it is stopped.
        ResourceAct::Undefine => drop(inner.networks.remove(name)),
        ResourceAct::Refresh => {
            let text = "a network has nothing to look at again";
            return Err(Error::new(Class::Unsupported, OPERATION, text).about(name));
        }
    }
    Ok(())
}

/// Networks that start with their host do so; the others are off.
pub(super) fn reboot(inner: &mut Inner) {
    for network in inner.networks.values_mut() {
        network.active = network.autostart;
    }
}

pub(super) fn define_filter(inner: &mut Inner, xml: &str) -> Result<String> {
    const OPERATION: &str = "define filter";
    let document = Document::parse(xml).map_err(|error| invalid(OPERATION, error))?;
    let root = document.root();
    let name = root.attr("name").filter(|name| root.local_name() == "filter" && !name.is_empty());
    let name = name.ok_or_else(|| invalid(OPERATION, "filter has no name"))?.into_owned();
    inner.filters.insert(name.clone(), xml.to_owned());
    Ok(name)
}

fn no_filter(operation: &'static str, name: &str) -> Error {
    absent(operation, &["no nwfilter with matching name '", name, "'"].concat()).about(name)
}

pub(super) fn filter_xml(inner: &mut Inner, name: &str) -> Result<String> {
    inner.filters.get(name).cloned().ok_or_else(|| no_filter("read XML of filter", name))
}

pub(super) fn undefine_filter(inner: &mut Inner, name: &str) -> Result<()> {
    const OPERATION: &str = "remove filter";
    let refers = |xml: &str| {
        let document = Document::parse(xml).ok();
        document.is_some_and(|document| {
            let mut all = document.root().descendants();
            all.any(|e| e.local_name() == "filterref" && e.attr("filter").as_deref() == Some(name))
        })
    };
    let mut running = inner.domains.values().filter(|domain| domain.state.is_active());
    if running.any(|domain| refers(domain.live_xml.as_ref().unwrap_or(&domain.xml))) {
        return Err(conflict(OPERATION, "nwfilter is in use").about(name));
    }
    inner.filters.remove(name).map(drop).ok_or_else(|| no_filter(OPERATION, name))
}
