//! Networks: references, and what one renderer applies differently from another.

use std::collections::BTreeSet;

use quantix_core::Finding;
use serde::{Deserialize, Serialize};

use crate::{
    check::{HINTS_MAX, Source, nearest},
    network::{Cidr, MacAddr},
    schema::{Kind, Schema},
    yaml::{Step, Value, dotted},
};

use super::renderer;

/// What cloud-init hands a network configuration to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkRenderer {
    /// netplan: Ubuntu, Debian 13.
    Netplan,
    /// systemd-networkd without netplan.
    Networkd,
    /// NetworkManager's key files.
    NetworkManager,
    /// ifcfg files: older Red Hat and SUSE systems.
    Sysconfig,
    /// ifupdown: Debian 12 and older, Alpine.
    Eni,
}

impl NetworkRenderer {
    /// Every renderer.
    pub const ALL: [Self; 5] =
        [Self::Netplan, Self::Networkd, Self::NetworkManager, Self::Sysconfig, Self::Eni];

    /// The name that cloud-init has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Netplan => "netplan",
            Self::Networkd => "networkd",
            Self::NetworkManager => "network-manager",
            Self::Sysconfig => "sysconfig",
            Self::Eni => "eni",
        }
    }
}

impl std::str::FromStr for NetworkRenderer {
    type Err = RendererError;

    fn from_str(text: &str) -> Result<Self, RendererError> {
        let wanted = text.to_ascii_lowercase().replace('_', "-");
        let found = Self::ALL.into_iter().find(|renderer| {
            renderer.name() == wanted || renderer.name().replace('-', "") == wanted
        });
        found.ok_or_else(|| RendererError { found: text.chars().take(64).collect() })
    }
}

/// A text that names no renderer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no network renderer: expected netplan, networkd, network-manager, sysconfig or \
     eni"
)]
pub struct RendererError {
    found: String,
}

/// Adds what is doubtful about a network configuration, with places.
pub(crate) fn network(
    kind: Kind,
    source: &Source<'_>,
    above: &[Step],
    renderer: Option<NetworkRenderer>,
    lint: &mut Vec<Finding>,
) {
    let inner = above.iter().try_fold(source.value(), |value, step| value.get(&step.to_string()));
    let Some(value) = inner else { return };
    let mut notes = Notes { source, above, lint, hinted: 0 };
    match kind {
        Kind::NetworkV2 => v2(value, renderer, &mut notes),
        _ => v1(value, renderer, &mut notes),
    }
}

struct Notes<'a> {
    source: &'a Source<'a>,
    above: &'a [Step],
    lint: &'a mut Vec<Finding>,
    /// How many unknown keys were looked up.
    hinted: usize,
}

impl Notes<'_> {
    fn warn(&mut self, path: &[Step], code: &'static str, message: impl Into<String>) {
        let path = [self.above, path].concat();
        let finding = Finding::warning(code, message).at(dotted(&path));
        self.lint.push(self.source.put(finding, &path));
    }
}

fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

const SECTIONS: [&str; 7] = ["ethernets", "bonds", "bridges", "vlans", "wifis", "tunnels", "vrfs"];

fn interfaces(value: &Value) -> Vec<(&'static str, String, &Value)> {
    let of = |section: &'static str| {
        let entries = value.get(section).and_then(Value::as_map);
        let entries = entries.into_iter().flat_map(crate::yaml::Map::iter);
        entries.map(move |(name, settings)| (section, name.key_text(), settings))
    };
    SECTIONS.into_iter().flat_map(of).collect()
}

fn v2(value: &Value, renderer: Option<NetworkRenderer>, notes: &mut Notes<'_>) {
    let interfaces = interfaces(value);
    let schema = Schema::newest(Kind::NetworkV2);
    let known = SECTIONS.map(|section| (section, schema.known_keys(&[section, "any"])));
    let names: BTreeSet<&str> = interfaces.iter().map(|(_, name, _)| name.as_str()).collect();
    for (section, name, settings) in &interfaces {
        let path = |field: &str| vec![key(section), key(name), key(field)];
        unknown_keys(section, settings, &known, &path, notes);
        references(settings, &names, &path, notes);
        addresses(settings, &path, notes);
        if *section == "ethernets" {
            matching(name, settings, &path, notes);
        }
        if let Some(renderer) = renderer {
            for (at, message) in renderer::lost(renderer, section, name, settings) {
                notes.warn(&[vec![key(section), key(name)], at].concat(), "renderer", message);
            }
        }
    }
}

/// The official schema lets any key pass here, and the guest ignores it.
fn unknown_keys(
    section: &str,
    settings: &Value,
    known: &[(&str, Vec<&str>)],
    path: PathTo<'_>,
    notes: &mut Notes<'_>,
) {
    let known = known.iter().find(|(name, _)| *name == section);
    let Some((_, known)) = known.filter(|(_, known)| !known.is_empty()) else { return };
    for (key, _) in settings.as_map().into_iter().flat_map(crate::yaml::Map::iter) {
        let key = key.key_text();
        if known.contains(&key.as_str()) || notes.hinted >= HINTS_MAX {
            continue;
        }
        notes.hinted += 1;
        if let Some(meant) = nearest(&key, known.iter().copied()) {
            let message = format!("the guest ignores {key:?}; did you mean {meant:?}?");
            notes.warn(&path(&key), "unknown-key", message);
        }
    }
}

type PathTo<'a> = &'a dyn Fn(&str) -> Vec<Step>;

fn references(settings: &Value, names: &BTreeSet<&str>, path: PathTo<'_>, notes: &mut Notes<'_>) {
    let members = settings.get("interfaces").and_then(Value::as_seq).unwrap_or_default();
    for (i, member) in members.iter().enumerate() {
        if let Some(member) = member.as_str().filter(|member| !names.contains(member)) {
            let path = [path("interfaces"), vec![Step::Index(i)]].concat();
            let message = format!("{member:?} is not an entry of this document");
            notes.warn(&path, "unknown-interface", message);
        }
    }
    if let Some(link) = settings.get("link").and_then(Value::as_str)
        && !names.contains(link)
    {
        let message = format!("{link:?} is not an entry of this document");
        notes.warn(&path("link"), "unknown-interface", message);
    }
}

fn addresses(settings: &Value, path: PathTo<'_>, notes: &mut Notes<'_>) {
    let mut networks: Vec<Cidr> = Vec::new();
    let given = settings.get("addresses").and_then(Value::as_seq).unwrap_or_default();
    for (i, address) in given.iter().enumerate() {
        let Some(text) = address.as_str() else { continue };
        match text.parse::<Cidr>() {
            Ok(network) => networks.push(network),
            Err(error) => {
                let path = [path("addresses"), vec![Step::Index(i)]].concat();
                notes.warn(&path, "invalid-address", error.to_string());
            }
        }
    }
    for field in ["gateway4", "gateway6"] {
        let Some(text) = settings.get(field).and_then(Value::as_str) else { continue };
        match text.parse::<std::net::IpAddr>() {
            Err(_) => {
                notes.warn(&path(field), "invalid-address", format!("{text:?} is no address"))
            }
            Ok(gateway) => {
                let is_near = networks.iter().any(|network| network.contains(gateway));
                if !networks.is_empty() && !is_near {
                    let message = format!("{gateway} is on none of the interface's networks");
                    notes.warn(&path(field), "unreachable-gateway", message);
                }
            }
        }
    }
    if let Some(text) = settings.get("macaddress").and_then(Value::as_str)
        && text.parse::<MacAddr>().is_err()
    {
        let message = format!("{text:?} is no MAC address such as 52:54:00:12:34:56");
        notes.warn(&path("macaddress"), "invalid-address", message);
    }
}

fn matching(name: &str, settings: &Value, path: PathTo<'_>, notes: &mut Notes<'_>) {
    let by = settings.get("match");
    let has_mac = by.is_some_and(|by| by.get("macaddress").is_some());
    if settings.get("set-name").is_some() && !has_mac {
        notes.warn(
            &path("set-name"),
            "set-name-without-mac",
            "a card is renamed only when it is matched by its MAC address",
        );
    }
    if let Some(mac) = by.and_then(|by| by.get("macaddress")).and_then(Value::as_str)
        && mac.parse::<MacAddr>().is_err()
    {
        let path = [path("match"), vec![key("macaddress")]].concat();
        let message = format!("{mac:?} is no MAC address such as 52:54:00:12:34:56");
        notes.warn(&path, "invalid-address", message);
    }
    if by.is_none() && name.len() > 15 {
        let message = format!("{name:?} is longer than the 15 characters of an interface name");
        notes.warn(&path(""), "invalid-interface-name", message);
    }
}

fn v1(value: &Value, renderer: Option<NetworkRenderer>, notes: &mut Notes<'_>) {
    let config = value.get("config").and_then(Value::as_seq).unwrap_or_default();
    let names: BTreeSet<&str> =
        config.iter().filter_map(|item| item.get("name").and_then(Value::as_str)).collect();
    for (i, item) in config.iter().enumerate() {
        let path = |field: &str| vec![key("config"), Step::Index(i), key(field)];
        let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
        if let Some(message) = renderer.and_then(|renderer| renderer::lost_v1(renderer, kind)) {
            notes.warn(&path("type"), "renderer", message);
        }
        for field in ["bond_interfaces", "bridge_interfaces"] {
            let members = item.get(field).and_then(Value::as_seq).unwrap_or_default();
            for (k, member) in members.iter().enumerate() {
                if let Some(member) = member.as_str().filter(|member| !names.contains(member)) {
                    let path = [path(field), vec![Step::Index(k)]].concat();
                    let message = format!("{member:?} is not an entry of this document");
                    notes.warn(&path, "unknown-interface", message);
                }
            }
        }
        if let Some(mac) = item.get("mac_address").and_then(Value::as_str)
            && mac.parse::<MacAddr>().is_err()
        {
            let message = format!("{mac:?} is no MAC address such as 52:54:00:12:34:56");
            notes.warn(&path("mac_address"), "invalid-address", message);
        }
    }
}
