//! What a renderer of cloud-init leaves out of the files that it writes.
//!
//! Found by giving `cloud-init devel net-convert` of 22.4 one setting after the other, which the
//! tests do again. Newer versions leave out less; netplan gets version 2 as it is.

use super::NetworkRenderer;
use crate::yaml::{Step, Value};
use NetworkRenderer::{Eni, Netplan, NetworkManager, Networkd, Sysconfig};

const ALL_BUT_NETPLAN: &[NetworkRenderer] = &[Networkd, NetworkManager, Sysconfig, Eni];

/// Settings of an interface that are lost; `*` is every entry of a list.
const SETTINGS: &[(&[&str], &[NetworkRenderer])] = &[
    (&["wakeonlan"], &[Networkd]),
    (&["routing-policy"], ALL_BUT_NETPLAN),
    (&["optional"], ALL_BUT_NETPLAN),
    (&["dhcp4-overrides", "route-metric"], &[NetworkManager]),
    (&["dhcp4-overrides", "use-dns"], &[NetworkManager, Sysconfig, Eni]),
    (&["dhcp6-overrides", "use-dns"], &[NetworkManager, Sysconfig, Eni]),
    (&["accept-ra"], &[Networkd, NetworkManager, Eni]),
    (&["routes", "*", "metric"], ALL_BUT_NETPLAN),
    (&["routes", "*", "table"], ALL_BUT_NETPLAN),
    (&["routes", "*", "on-link"], ALL_BUT_NETPLAN),
    (&["link-local"], ALL_BUT_NETPLAN),
    (&["critical"], ALL_BUT_NETPLAN),
    (&["match", "driver"], &[NetworkManager, Sysconfig, Eni]),
    (&["match", "name"], ALL_BUT_NETPLAN),
];
/// The same for one kind of interface.
const OF_SECTION: &[(&str, &[&str], &[NetworkRenderer])] = &[
    ("ethernets", &["macaddress"], ALL_BUT_NETPLAN),
    ("bonds", &["parameters", "mii-monitor-interval"], &[NetworkManager]),
    ("bridges", &["parameters", "forward-delay"], &[NetworkManager, Sysconfig]),
];
/// Whole kinds of interfaces.
const SECTIONS: &[(&str, &[NetworkRenderer])] = &[
    ("bonds", &[Networkd]),
    ("bridges", &[Networkd]),
    ("vlans", &[Networkd]),
    ("wifis", ALL_BUT_NETPLAN),
    ("tunnels", ALL_BUT_NETPLAN),
    ("vrfs", ALL_BUT_NETPLAN),
];
/// Kinds of entries of version 1.
const KINDS_V1: &[(&str, &[NetworkRenderer])] = &[
    ("nameserver", &[NetworkManager]),
    ("route", &[Netplan, NetworkManager, Sysconfig]),
    ("bond", &[Networkd]),
    ("bridge", &[Networkd]),
    ("vlan", &[Networkd]),
];

/// What of an interface of version 2 is lost: where, below the interface, and why.
pub(super) fn lost(
    renderer: NetworkRenderer,
    section: &str,
    name: &str,
    settings: &Value,
) -> Vec<(Vec<Step>, String)> {
    let who = renderer.name();
    let is_lost = SECTIONS.iter().any(|(known, by)| *known == section && by.contains(&renderer));
    if is_lost {
        let message = format!("cloud-init writes no {section} for {who}: this interface is lost");
        return vec![(Vec::new(), message)];
    }
    let mut out = Vec::new();
    let of_section = OF_SECTION.iter().filter(|(known, ..)| *known == section);
    let all = SETTINGS.iter().copied().chain(of_section.map(|(_, path, by)| (*path, *by)));
    for (path, _) in all.filter(|(_, by)| by.contains(&renderer)) {
        for at in places(settings, path) {
            out.push((at, format!("cloud-init does not write {} for {who}", path.join("."))));
        }
    }
    if renderer == Networkd && settings.get("set-name").is_some() {
        let message = "networkd gets no .link file for set-name; the card is renamed by cloud-init, \
                       at boots on which it runs";
        out.push((vec![key("set-name")], message.to_owned()));
    }
    if let (Sysconfig, "vlans", Some(Value::Int(id))) = (renderer, section, settings.get("id"))
        && !name.ends_with(&id.to_string())
    {
        let message = format!(
            "an ifcfg file tells the VLAN id by the interface's name: call it {}.{id}",
            settings.get("link").and_then(Value::as_str).unwrap_or("LINK")
        );
        out.push((vec![key("id")], message));
    }
    out
}

/// Why an entry of version 1 of this kind is lost.
pub(super) fn lost_v1(renderer: NetworkRenderer, kind: &str) -> Option<String> {
    let is_lost =
        |(known, by): &(&str, &[NetworkRenderer])| *known == kind && by.contains(&renderer);
    let message = || format!("cloud-init writes no entry of type {kind} for {}", renderer.name());
    KINDS_V1.iter().any(is_lost).then(message)
}

fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

/// Every place that a path leads to.
fn places(value: &Value, path: &[&str]) -> Vec<Vec<Step>> {
    let Some((first, rest)) = path.split_first() else { return vec![Vec::new()] };
    let below = |step: Step, value: &Value| -> Vec<Vec<Step>> {
        let with = |at: Vec<Step>| [vec![step.clone()], at].concat();
        places(value, rest).into_iter().map(with).collect()
    };
    match *first {
        "*" => {
            let items = value.as_seq().unwrap_or_default().iter().enumerate();
            items.flat_map(|(i, item)| below(Step::Index(i), item)).collect()
        }
        name => value.get(name).map(|value| below(key(name), value)).unwrap_or_default(),
    }
}
