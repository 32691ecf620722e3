//! Version 1: for guests older than cloud-init's version 2, and for cloudbase-init.

use std::net::IpAddr;

use quantix_core::Finding;

use super::{
    address::{Cidr, MacAddr},
    v2::{Match, NetworkV2},
};
use crate::{
    DocumentError,
    yaml::{Map, Value, emit},
};

/// A network configuration, version 1: cards, and name servers for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkV1 {
    /// Network cards.
    pub physical: Vec<PhysicalV1>,
    /// Name servers of the machine.
    pub name_servers: Vec<IpAddr>,
    /// Domains to search.
    pub search_domains: Vec<String>,
}

/// A network card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhysicalV1 {
    /// The interface's name; the card is renamed to it when the MAC address is given.
    pub name: String,
    /// Which card.
    pub mac_address: Option<MacAddr>,
    /// The largest packet in bytes.
    pub mtu: Option<u32>,
    /// How it gets its addresses.
    pub subnets: Vec<Subnet>,
}

/// One way in which a card gets an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subnet {
    /// IPv4 by DHCP.
    Dhcp4,
    /// IPv6 by DHCP.
    Dhcp6,
    /// A fixed address.
    Static {
        /// The address.
        address: Cidr,
        /// The default gateway.
        gateway: Option<IpAddr>,
    },
}

impl From<&Subnet> for Value {
    fn from(subnet: &Subnet) -> Self {
        let mut map = Map::new();
        match subnet {
            Subnet::Dhcp4 => {
                map.insert("type", "dhcp4");
            }
            Subnet::Dhcp6 => {
                map.insert("type", "dhcp6");
            }
            Subnet::Static { address, gateway } => {
                let is_v4 = address.address().is_ipv4();
                map.insert("type", if is_v4 { "static" } else { "static6" });
                map.insert("address", address);
                map.insert_some("gateway", gateway.map(|gateway| gateway.to_string()));
            }
        }
        map.into()
    }
}

impl From<&PhysicalV1> for Value {
    fn from(card: &PhysicalV1) -> Self {
        let mut map = Map::new();
        map.insert("type", "physical");
        map.insert("name", &card.name);
        map.insert_some("mac_address", card.mac_address);
        map.insert_some("mtu", card.mtu);
        map.insert_list("subnets", &card.subnets);
        map.into()
    }
}

impl NetworkV1 {
    /// Everything that is wrong or doubtful; the same rules as for version 2.
    #[must_use]
    pub fn faults(&self) -> Vec<Finding> {
        let mut faults = Vec::new();
        for (i, card) in self.physical.iter().enumerate() {
            let mut single = NetworkV2::default();
            single.ethernets.insert("card".to_owned(), card.to_v2());
            let renamed = |path: &str| match path.strip_prefix("ethernets.card.") {
                Some("set-name") => format!("config.{i}.name"),
                Some(rest) => format!("config.{i}.{rest}"),
                None => format!("config.{i}"),
            };
            faults.extend(single.faults().into_iter().map(|mut fault| {
                fault.path = fault.path.as_deref().map(renamed);
                fault
            }));
            if self.physical[..i].iter().any(|other| other.name == card.name) {
                let message = format!("{:?} is there twice; rename one of them", card.name);
                let path = format!("config.{i}.name");
                faults.push(Finding::error("duplicate-interface", message).at(path));
            }
        }
        faults
    }

    /// The document as a value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut config: Vec<Value> = self.physical.iter().map(Value::from).collect();
        if !self.name_servers.is_empty() || !self.search_domains.is_empty() {
            let mut names = Map::new();
            names.insert("type", "nameserver");
            let addresses = self.name_servers.iter().map(|address| address.to_string().into());
            names.insert("address", addresses.collect::<Vec<Value>>());
            names.insert_list("search", &self.search_domains);
            config.push(names.into());
        }
        let mut map = Map::new();
        map.insert("version", 1);
        map.insert("config", config);
        map.into()
    }

    /// The document as text.
    ///
    /// # Errors
    /// When [`NetworkV1::faults`] holds an error.
    pub fn to_yaml(&self) -> Result<String, DocumentError> {
        DocumentError::check("network-config", self.faults())?;
        Ok(emit(&self.to_value())?)
    }
}

impl PhysicalV1 {
    fn to_v2(&self) -> super::v2::Ethernet {
        let mut ethernet = super::v2::Ethernet {
            // A version 1 card without a MAC address keeps its name, so any match will do here.
            match_by: Some(Match::mac(self.mac_address.unwrap_or(MacAddr([0; 6])))),
            set_name: Some(self.name.clone()),
            ..Default::default()
        };
        ethernet.common.mtu = self.mtu;
        for subnet in &self.subnets {
            if let Subnet::Static { address, gateway } = subnet {
                ethernet.common.addresses.push(*address);
                match gateway {
                    Some(IpAddr::V4(gateway)) => ethernet.common.gateway4 = Some(*gateway),
                    Some(IpAddr::V6(gateway)) => ethernet.common.gateway6 = Some(*gateway),
                    None => {}
                }
            }
        }
        ethernet
    }
}
