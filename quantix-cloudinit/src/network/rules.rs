//! What a network configuration must satisfy beyond its types.

use std::collections::BTreeMap;

use quantix_core::Finding;

use super::v2::{Common, Destination, NetworkV2};

/// The longest interface name that Linux holds.
const INTERFACE_NAME_CHARS_MAX: usize = 15;
/// The largest VLAN id.
const VLAN_ID_MAX: u16 = 4094;
/// The smallest packet size that IPv4 allows.
const MTU_MIN: u32 = 68;

pub(super) fn faults(network: &NetworkV2) -> Vec<Finding> {
    let mut faults = Vec::new();
    check_unique(&mut faults, network);
    for (label, ethernet) in &network.ethernets {
        let path = format!("ethernets.{label}");
        match &ethernet.match_by {
            None => check_name(&mut faults, &path, label),
            Some(by) if by.macaddress.is_none() && by.name.is_none() && by.driver.is_none() => {
                let message = "matches every card; give a MAC address, a name or a driver";
                faults.push(Finding::error("empty-match", message).at(format!("{path}.match")));
            }
            Some(_) => {}
        }
        if let Some(name) = &ethernet.set_name {
            check_name(&mut faults, &format!("{path}.set-name"), name);
            if ethernet.match_by.as_ref().is_none_or(|by| by.macaddress.is_none()) {
                let message = "a card is renamed only when it is matched by its MAC address";
                faults.push(
                    Finding::error("set-name-without-mac", message).at(format!("{path}.set-name")),
                );
            }
        }
        check_common(&mut faults, &path, &ethernet.common);
    }
    for (name, bond) in &network.bonds {
        let path = format!("bonds.{name}");
        check_name(&mut faults, &path, name);
        check_members(&mut faults, network, &path, name, &bond.interfaces);
        if let Some(primary) = bond.primary.as_ref().filter(|p| !bond.interfaces.contains(p)) {
            let message = format!("{primary:?} is not one of the bond's interfaces");
            let path = format!("{path}.parameters.primary");
            faults.push(Finding::error("unknown-interface", message).at(path));
        }
        check_common(&mut faults, &path, &bond.common);
    }
    for (name, bridge) in &network.bridges {
        let path = format!("bridges.{name}");
        check_name(&mut faults, &path, name);
        check_members(&mut faults, network, &path, name, &bridge.interfaces);
        check_common(&mut faults, &path, &bridge.common);
    }
    check_vlans(&mut faults, network);
    check_loops(&mut faults, network);
    faults
}

fn check_vlans(faults: &mut Vec<Finding>, network: &NetworkV2) {
    for (name, vlan) in &network.vlans {
        let path = format!("vlans.{name}");
        check_name(faults, &path, name);
        if vlan.id > VLAN_ID_MAX {
            let message = format!("{} is not a VLAN id: expected 0 to {VLAN_ID_MAX}", vlan.id);
            faults.push(Finding::error("invalid-vlan-id", message).at(format!("{path}.id")));
        }
        check_reference(faults, network, &format!("{path}.link"), name, &vlan.link);
        check_common(faults, &path, &vlan.common);
    }
}

/// Names of interfaces are one name space, whatever their kind.
fn check_unique(faults: &mut Vec<Finding>, network: &NetworkV2) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (section, name) in entries(network) {
        if let Some(other) = seen.insert(name, section) {
            let message = format!("{name:?} is one of the {other} as well; rename one of them");
            faults.push(
                Finding::error("duplicate-interface", message).at(format!("{section}.{name}")),
            );
        }
    }
    let mut new_names: BTreeMap<&str, &str> = BTreeMap::new();
    for (label, ethernet) in &network.ethernets {
        let Some(name) = &ethernet.set_name else { continue };
        if let Some(other) = new_names.insert(name, label) {
            let message = format!("{other:?} is renamed to {name:?} as well");
            let path = format!("ethernets.{label}.set-name");
            faults.push(Finding::error("duplicate-interface", message).at(path));
        }
    }
}

fn entries(network: &NetworkV2) -> impl Iterator<Item = (&'static str, &str)> {
    let ethernets = network.ethernets.keys().map(|name| ("ethernets", name.as_str()));
    let bonds = network.bonds.keys().map(|name| ("bonds", name.as_str()));
    let bridges = network.bridges.keys().map(|name| ("bridges", name.as_str()));
    let vlans = network.vlans.keys().map(|name| ("vlans", name.as_str()));
    ethernets.chain(bonds).chain(bridges).chain(vlans)
}

fn check_name(faults: &mut Vec<Finding>, path: &str, name: &str) {
    let is_char = |c: char| c.is_ascii_graphic() && c != '/' && c != ':';
    if name.is_empty()
        || name.len() > INTERFACE_NAME_CHARS_MAX
        || !name.chars().all(is_char)
        || matches!(name, "." | "..")
    {
        let message = format!(
            "{name:?} is not an interface name: expected 1 to {INTERFACE_NAME_CHARS_MAX} visible \
             ASCII characters without `/` and `:`"
        );
        faults.push(Finding::error("invalid-interface-name", message).at(path));
    }
}

fn check_members(
    faults: &mut Vec<Finding>,
    network: &NetworkV2,
    path: &str,
    name: &str,
    members: &[String],
) {
    for (i, member) in members.iter().enumerate() {
        let path = format!("{path}.interfaces.{i}");
        check_reference(faults, network, &path, name, member);
        if members[..i].contains(member) {
            let message = format!("{member:?} is listed twice");
            faults.push(Finding::error("duplicate-interface", message).at(path));
        }
    }
}

fn check_reference(
    faults: &mut Vec<Finding>,
    network: &NetworkV2,
    path: &str,
    from: &str,
    to: &str,
) {
    let problem = if from == to {
        "is the interface itself"
    } else if entries(network).any(|(_, name)| name == to) {
        return;
    } else {
        "is not an entry of this document"
    };
    faults.push(Finding::error("unknown-interface", format!("{to:?} {problem}")).at(path));
}

/// Follows every chain of members and links; none may come back to where it started.
fn check_loops(faults: &mut Vec<Finding>, network: &NetworkV2) {
    let below = |name: &str| -> Vec<&str> {
        let bond = network.bonds.get(name).map(|bond| &bond.interfaces);
        let bridge = network.bridges.get(name).map(|bridge| &bridge.interfaces);
        let link = network.vlans.get(name).map(|vlan| vlan.link.as_str());
        bond.into_iter().chain(bridge).flatten().map(String::as_str).chain(link).collect()
    };
    for (section, start) in entries(network) {
        let (mut seen, mut queue) = (std::collections::BTreeSet::new(), below(start));
        while let Some(name) = queue.pop() {
            if name == start {
                let message = format!("{start:?} is built on itself");
                faults.push(
                    Finding::error("interface-loop", message).at(format!("{section}.{start}")),
                );
                break;
            }
            if seen.insert(name) {
                queue.extend(below(name));
            }
        }
    }
}

fn check_common(faults: &mut Vec<Finding>, path: &str, common: &Common) {
    if let Some(mtu) = common.mtu.filter(|mtu| *mtu < MTU_MIN) {
        let message = format!("{mtu} bytes is below the {MTU_MIN} that IPv4 needs");
        faults.push(Finding::error("invalid-mtu", message).at(format!("{path}.mtu")));
    }
    let gateways = [
        ("gateway4", common.gateway4.map(std::net::IpAddr::from)),
        ("gateway6", common.gateway6.map(std::net::IpAddr::from)),
    ];
    for (field, gateway) in gateways {
        let Some(gateway) = gateway else { continue };
        let path = format!("{path}.{field}");
        let is_default = |route: &super::v2::Route| {
            route.to == Destination::Default
                && route.table.is_none()
                && route.via.is_ipv4() == gateway.is_ipv4()
        };
        if common.routes.iter().any(is_default) {
            let message = "there is a default route as well; keep one of the two";
            faults.push(Finding::error("two-default-routes", message).at(&path));
        }
        let is_reachable = common.addresses.iter().any(|net| net.contains(gateway));
        if !common.addresses.is_empty() && !is_reachable {
            let message = format!("{gateway} is on none of the interface's networks");
            faults.push(Finding::warning("unreachable-gateway", message).at(path));
        }
    }
    for (i, route) in common.routes.iter().enumerate() {
        if let Destination::Network(to) = route.to
            && to.address().is_ipv4() != route.via.is_ipv4()
        {
            let message = format!("{to} and {} are of different IP versions", route.via);
            faults.push(Finding::error("mixed-route", message).at(format!("{path}.routes.{i}")));
        }
    }
    for (i, policy) in common.routing_policy.iter().enumerate() {
        if policy.from.is_none() && policy.to.is_none() {
            let message = "expected `from`, `to` or both";
            let path = format!("{path}.routing-policy.{i}");
            faults.push(Finding::error("empty-policy", message).at(path));
        }
    }
}
