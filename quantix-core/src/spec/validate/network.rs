//! Checks of the network.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::{Check, is_domain, show};
use crate::spec::{NetworkSpec, NicSpec};

impl Check {
    pub(super) fn network(&mut self, network: &NetworkSpec) {
        self.len("network.nics", network.nics.len());
        self.addresses("network.nameservers", &network.nameservers);
        self.domains("network.search", &network.search);
        let (mut macs, mut names) = (BTreeSet::new(), BTreeSet::new());
        for (index, nic) in network.nics.iter().enumerate() {
            let path = format!("network.nics[{index}]");
            if let Some(mac) = &nic.mac {
                if !is_mac(mac) {
                    self.fault(
                        format!("{path}.mac"),
                        "invalid-mac",
                        format!("{} is not six pairs of hexadecimal digits joined by :", show(mac)),
                    );
                } else if !macs.insert(mac.to_ascii_lowercase()) {
                    self.fault(
                        format!("{path}.mac"),
                        "duplicate-mac",
                        format!("{mac} is given to two interfaces"),
                    );
                }
            }
            if let Some(name) = &nic.name {
                let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
                if name.is_empty() || name.len() > 15 || !name.bytes().all(word) {
                    self.fault(
                        format!("{path}.name"),
                        "invalid-interface-name",
                        "an interface name is 1 to 15 letters, digits, _ - .",
                    );
                } else if !names.insert(name) {
                    self.fault(
                        format!("{path}.name"),
                        "duplicate-interface-name",
                        format!("two interfaces are named {name}"),
                    );
                }
            }
            self.nic(&path, nic);
        }
    }

    fn nic(&mut self, path: &str, nic: &NicSpec) {
        for (index, address) in nic.addresses.iter().enumerate() {
            if parse_cidr(address).is_none() {
                self.fault(
                    format!("{path}.addresses[{index}]"),
                    "invalid-address",
                    format!(
                        "{} is not an address with prefix length such as 10.0.0.5/24",
                        show(address)
                    ),
                );
            }
        }
        self.addresses(&format!("{path}.nameservers"), &nic.nameservers);
        self.domains(&format!("{path}.search"), &nic.search);
        if nic.gateway4.as_deref().is_some_and(|text| text.parse::<Ipv4Addr>().is_err()) {
            self.fault(format!("{path}.gateway4"), "invalid-address", "expected an IPv4 address");
        }
        if nic.gateway6.as_deref().is_some_and(|text| text.parse::<Ipv6Addr>().is_err()) {
            self.fault(format!("{path}.gateway6"), "invalid-address", "expected an IPv6 address");
        }
        for (index, route) in nic.routes.iter().enumerate() {
            let path = format!("{path}.routes[{index}]");
            let via = route.via.parse::<IpAddr>().ok();
            let to = parse_cidr(&route.to);
            if route.to != "default" && to.is_none() {
                self.fault(
                    format!("{path}.to"),
                    "invalid-address",
                    "expected a network such as 10.1.0.0/16, or default",
                );
            }
            match (via, to) {
                (None, _) => {
                    self.fault(format!("{path}.via"), "invalid-address", "expected an address")
                }
                (Some(via), Some((to, _))) if via.is_ipv4() != to.is_ipv4() => self.fault(
                    format!("{path}.via"),
                    "mixed-address-families",
                    "the next hop and the destination are of different address families",
                ),
                _ => {}
            }
        }
        if nic.mtu.is_some_and(|mtu| !(68..=65_535).contains(&mtu)) {
            self.fault(format!("{path}.mtu"), "invalid-mtu", "expected 68 to 65535");
        }
    }

    fn addresses(&mut self, path: &str, list: &[String]) {
        for (index, text) in list.iter().enumerate() {
            if text.parse::<IpAddr>().is_err() {
                self.fault(
                    format!("{path}[{index}]"),
                    "invalid-address",
                    format!("{} is not an IP address", show(text)),
                );
            }
        }
    }

    fn domains(&mut self, path: &str, list: &[String]) {
        for (index, text) in list.iter().enumerate() {
            if !is_domain(text) {
                self.fault(
                    format!("{path}[{index}]"),
                    "invalid-domain",
                    format!("{} is not a DNS domain", show(text)),
                );
            }
        }
    }
}

fn is_mac(text: &str) -> bool {
    text.len() == 17
        && text.split(':').count() == 6
        && text
            .split(':')
            .all(|pair| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn parse_cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
    let prefix: u8 = digits.then(|| prefix.parse().ok()).flatten()?;
    (prefix <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, prefix))
}
