//! `network_data.json` of OpenStack's config drive, made of a version 2 document.
//!
//! Source: OpenStack's `network_data.json` schema (nova, `doc/api_schemas/network_data.json`) and
//! what cloud-init's `convert_net_json` makes of it: links are cards, bonds and VLANs; bonds are
//! called `bond0`, `bond1` … in their order and a VLAN `LINK.ID`, whatever the document called them;
//! bridges, tunnels and wireless cards have no place there.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use quantix_core::Finding;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::address::{Cidr, MacAddr};

/// `network_data.json`, and what a config drive cannot say of the document it is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkData {
    /// `links`, `networks` and `services`.
    pub document: Value,
    /// Errors are for what has no place in the document and leaves the guest without a network that
    /// was asked for; warnings for settings that are left out and names that the guest changes.
    /// Paths are those of the version 2 document, such as `ethernets.lan.optional`.
    pub findings: Vec<Finding>,
}

type Fields = Map<String, Value>;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    ethernets: BTreeMap<String, Link>,
    #[serde(default)]
    bonds: BTreeMap<String, Link>,
    #[serde(default)]
    vlans: BTreeMap<String, Link>,
    #[serde(flatten)]
    other: Fields,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Link {
    #[serde(rename = "match")]
    match_by: Option<MatchBy>,
    set_name: Option<String>,
    macaddress: Option<String>,
    interfaces: Vec<String>,
    parameters: Fields,
    id: Option<u16>,
    link: Option<String>,
    dhcp4: bool,
    dhcp6: bool,
    addresses: Vec<Cidr>,
    gateway4: Option<Ipv4Addr>,
    gateway6: Option<Ipv6Addr>,
    nameservers: NameServers,
    routes: Vec<Route>,
    mtu: Option<u32>,
    #[serde(flatten)]
    other: Fields,
}

#[derive(Deserialize)]
struct MatchBy {
    macaddress: Option<String>,
    #[serde(flatten)]
    other: Fields,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NameServers {
    addresses: Vec<IpAddr>,
    search: Vec<String>,
}

#[derive(Deserialize)]
struct Route {
    to: String,
    via: IpAddr,
    metric: Option<u32>,
    #[serde(flatten)]
    other: Fields,
}

/// Parameters of bonds: netplan's name, OpenStack's name.
const BOND_PARAMETERS: &[(&str, &str)] = &[
    ("mode", "bond_mode"),
    ("mii-monitor-interval", "bond_miimon"),
    ("transmit-hash-policy", "bond_xmit_hash_policy"),
    ("lacp-rate", "bond_lacp_rate"),
    ("primary", "bond_primary"),
    ("arp-interval", "bond_arp_interval"),
    ("min-links", "bond_min_links"),
    ("up-delay", "bond_updelay"),
    ("down-delay", "bond_downdelay"),
];

/// Makes `network_data.json` of a version 2 document, with or without `network:` around it.
///
/// # Errors
/// When it is no such document; the text says which field.
pub fn network_data(version_2: &Value) -> Result<NetworkData, String> {
    let inner = version_2.get("network").unwrap_or(version_2);
    if inner.get("version").and_then(Value::as_u64) != Some(2) {
        return Err("a config drive's network_data is made of version 2; this is none".into());
    }
    let document: Document =
        Deserialize::deserialize(inner).map_err(|error: serde_json::Error| error.to_string())?;
    let mut job = Job { document: &document, findings: Vec::new(), out: Out::default() };
    job.sections();
    job.cards();
    job.bonds();
    job.vlans();
    let Job { findings, out, .. } = job;
    let document =
        json!({ "links": out.links, "networks": out.networks, "services": out.services });
    Ok(NetworkData { document, findings })
}

#[derive(Default)]
struct Out {
    links: Vec<Value>,
    networks: Vec<Value>,
    services: Vec<Value>,
}

struct Job<'a> {
    document: &'a Document,
    findings: Vec<Finding>,
    out: Out,
}

impl<'a> Job<'a> {
    fn sections(&mut self) {
        for (section, value) in &self.document.other {
            match section.as_str() {
                "version" => {}
                "renderer" => self.dropped("renderer", "who applies the network"),
                _ => {
                    let names = value.as_object().into_iter().flat_map(Map::keys);
                    for name in names {
                        let message = format!(
                            "a config drive has no {section}: the guest needs NoCloud for this, or \
                             network-config in its user-data's files"
                        );
                        let finding = Finding::error("unsupported-interface", message);
                        self.findings.push(finding.at(format!("{section}.{name}")));
                    }
                }
            }
        }
    }

    fn cards(&mut self) {
        for (id, card) in &self.document.ethernets {
            let path = format!("ethernets.{id}");
            let Some(mac) = card.match_by.as_ref().and_then(|by| self.mac(&path, by)) else {
                let message = "a config drive tells cards by their MAC address: give it in `match`";
                self.findings.push(Finding::error("unmatched-nic", message).at(path));
                continue;
            };
            let mut link = json!({
                "id": id, "type": "phy", "ethernet_mac_address": mac.to_string(),
            });
            if let Some(name) = &card.set_name {
                link["name"] = name.as_str().into();
            }
            if card.macaddress.is_some() {
                self.dropped(&format!("{path}.macaddress"), "another MAC address");
            }
            self.finish(&path, id, card, link);
        }
    }

    fn mac(&mut self, path: &str, by: &MatchBy) -> Option<MacAddr> {
        for key in by.other.keys() {
            self.dropped(&format!("{path}.match.{key}"), "a condition other than a MAC address");
        }
        by.macaddress.as_ref()?.parse().ok()
    }

    fn bonds(&mut self) {
        for (index, (id, bond)) in self.document.bonds.iter().enumerate() {
            let path = format!("bonds.{id}");
            self.named(&path, id, &format!("bond{index}"));
            for (at, member) in bond.interfaces.iter().enumerate() {
                if !self.document.ethernets.contains_key(member) {
                    let message = format!("{member:?} is none of the document's ethernets");
                    let finding = Finding::error("unknown-interface", message);
                    self.findings.push(finding.at(format!("{path}.interfaces.{at}")));
                }
            }
            let mut link = json!({ "id": id, "type": "bond", "bond_links": bond.interfaces });
            // The schema wants the address; without one it is that of the first card.
            if let Some(mac) = self.address_of(id) {
                link["ethernet_mac_address"] = mac.to_string().into();
            }
            for (key, value) in &bond.parameters {
                match BOND_PARAMETERS.iter().find(|(own, _)| own == key) {
                    Some((_, theirs)) => link[*theirs] = value.clone(),
                    None => self.dropped(&format!("{path}.parameters.{key}"), "this parameter"),
                }
            }
            self.finish(&path, id, bond, link);
        }
    }

    fn vlans(&mut self) {
        for (name, vlan) in &self.document.vlans {
            let path = format!("vlans.{name}");
            let (Some(number), Some(below)) = (vlan.id, &vlan.link) else {
                let message = "a VLAN has `id` and `link`";
                self.findings.push(Finding::error("incomplete-vlan", message).at(path));
                continue;
            };
            let Some(mac) = self.address_of(name) else {
                let message = format!("{below:?} is no card or bond of this document");
                let finding = Finding::error("unknown-interface", message);
                self.findings.push(finding.at(format!("{path}.link")));
                continue;
            };
            self.named(&path, name, &format!("{}.{number}", self.name_of(below)));
            let link = json!({
                "id": name, "type": "vlan", "vlan_link": below, "vlan_id": number,
                "vlan_mac_address": mac.to_string(),
            });
            self.finish(&path, name, vlan, link);
        }
    }

    /// What every kind of link has.
    fn finish(&mut self, path: &str, id: &str, link: &Link, mut out: Value) {
        if let Some(mtu) = link.mtu {
            out["mtu"] = mtu.into();
        }
        self.out.links.push(out);
        for key in link.other.keys() {
            self.dropped(&format!("{path}.{key}"), "this setting");
        }
        self.networks(path, id, link);
        for address in &link.nameservers.addresses {
            let service = json!({ "type": "dns", "address": address.to_string() });
            if !self.out.services.contains(&service) {
                self.out.services.push(service);
            }
        }
    }

    /// One entry for DHCP, and one for each address; routes (the gateways among them) go with the
    /// first entry of their family, name servers and search domains with the first of all. The name
    /// servers are services of the whole machine too, as OpenStack has them; but those netplan's
    /// renderer gives only to interfaces that have no search domain.
    fn networks(&mut self, path: &str, id: &str, link: &Link) {
        let mut entries: Vec<Value> = Vec::new();
        let mut push = |kind: &str, mut fields: Value| {
            fields["id"] = format!("{id}-{}", entries.len()).into();
            fields["link"] = id.into();
            fields["type"] = kind.into();
            if entries.is_empty() {
                let NameServers { addresses, search } = &link.nameservers;
                if !addresses.is_empty() {
                    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                    fields["dns_nameservers"] = texts.into();
                }
                if !search.is_empty() {
                    fields["dns_search"] = search.clone().into();
                }
            }
            entries.push(fields);
        };
        if link.dhcp4 {
            push("ipv4_dhcp", json!({}));
        }
        if link.dhcp6 {
            push("ipv6_dhcpv6-stateful", json!({}));
        }
        for is_v4 in [true, false] {
            let addresses = link.addresses.iter().filter(|it| it.address().is_ipv4() == is_v4);
            for (index, cidr) in addresses.enumerate() {
                let mut fields = json!({
                    "ip_address": cidr.address().to_string(),
                    "netmask": netmask(*cidr),
                });
                let routes = routes(link, is_v4);
                if index == 0 && !routes.is_empty() {
                    fields["routes"] = routes.into();
                }
                push(if is_v4 { "ipv4" } else { "ipv6" }, fields);
            }
        }
        self.out.networks.append(&mut entries);
        self.lost_routes(path, link);
    }

    /// A route stands with a fixed address of its family; without one it has no place.
    fn lost_routes(&mut self, path: &str, link: &Link) {
        for (at, route) in link.routes.iter().enumerate() {
            let path = format!("{path}.routes.{at}");
            for key in route.other.keys() {
                self.dropped(&format!("{path}.{key}"), "this part of a route");
            }
            let is_v4 = route.via.is_ipv4();
            if route.destination().is_none() {
                let message = format!("{:?} is not `default` or a network", route.to);
                let finding = Finding::error("invalid-route", message);
                self.findings.push(finding.at(format!("{path}.to")));
            } else if !link.addresses.iter().any(|it| it.address().is_ipv4() == is_v4) {
                self.dropped(&path, "a route beside DHCP alone");
            }
        }
    }

    /// The MAC address of a link, or of the first card below it.
    fn address_of(&self, name: &str) -> Option<MacAddr> {
        let mut name = name;
        // A bond of cards and a VLAN on it: three steps. Loops end here too.
        for _ in 0..3 {
            let document = self.document;
            if let Some(card) = document.ethernets.get(name) {
                return card.match_by.as_ref()?.macaddress.as_ref()?.parse().ok();
            }
            let link = document.bonds.get(name).or_else(|| document.vlans.get(name))?;
            if let Some(own) = &link.macaddress {
                return own.parse().ok();
            }
            name = link.link.as_ref().or_else(|| link.interfaces.first())?;
        }
        None
    }

    /// What the guest calls a card or a bond.
    fn name_of(&self, id: &'a str) -> String {
        if let Some(index) = self.document.bonds.keys().position(|it| it == id) {
            return format!("bond{index}");
        }
        let set = self.document.ethernets.get(id).and_then(|card| card.set_name.clone());
        set.unwrap_or_else(|| id.to_owned())
    }

    fn named(&mut self, path: &str, wanted: &str, gets: &str) {
        if wanted != gets {
            let message = format!("cloud-init calls this interface {gets:?} on a config drive");
            self.findings.push(Finding::warning("renamed-interface", message).at(path));
        }
    }

    fn dropped(&mut self, path: &str, what: &str) {
        let message = format!("a config drive cannot say {what}");
        self.findings.push(Finding::warning("dropped-setting", message).at(path));
    }
}

impl Route {
    fn destination(&self) -> Option<Cidr> {
        match (self.to.as_str(), self.via) {
            ("default", IpAddr::V4(_)) => Cidr::new(Ipv4Addr::UNSPECIFIED.into(), 0),
            ("default", IpAddr::V6(_)) => Cidr::new(Ipv6Addr::UNSPECIFIED.into(), 0),
            (text, _) => text.parse().ok(),
        }
    }
}

fn routes(link: &Link, is_v4: bool) -> Vec<Value> {
    let entry = |to: Cidr, via: IpAddr| {
        json!({
            "network": to.address().to_string(),
            "netmask": netmask(to),
            "gateway": via.to_string(),
        })
    };
    let (any, gateway) = match is_v4 {
        true => (Cidr::new(Ipv4Addr::UNSPECIFIED.into(), 0), link.gateway4.map(IpAddr::from)),
        false => (Cidr::new(Ipv6Addr::UNSPECIFIED.into(), 0), link.gateway6.map(IpAddr::from)),
    };
    let mut out: Vec<Value> = Vec::new();
    out.extend(any.zip(gateway).map(|(any, via)| entry(any, via)));
    for route in link.routes.iter().filter(|route| route.via.is_ipv4() == is_v4) {
        let Some(mut entry) = route.destination().map(|to| entry(to, route.via)) else { continue };
        if let Some(metric) = route.metric {
            entry["metric"] = metric.into();
        }
        out.push(entry);
    }
    out
}

/// The prefix as a mask: `255.255.255.0`, `ffff:ffff::`.
fn netmask(cidr: Cidr) -> String {
    let prefix = u32::from(cidr.prefix());
    if cidr.address().is_ipv4() {
        Ipv4Addr::from(u32::MAX.checked_shl(32 - prefix).unwrap_or(0)).to_string()
    } else {
        Ipv6Addr::from(u128::MAX.checked_shl(128 - prefix).unwrap_or(0)).to_string()
    }
}
