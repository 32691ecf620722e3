//! Version 1: for guests older than cloud-init's version 2, and for cloudbase-init.

use std::net::IpAddr;

use quantix_core::Finding;

use super::{
    address::{Cidr, MacAddr},
    v2::{Bond, BondMode, Bridge, Common, Ethernet, Match, NetworkV2, Vlan},
};
use crate::{
    DocumentError,
    yaml::{Map, Value, emit},
};

/// A network configuration, version 1: cards, what is built on them, and name servers for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkV1 {
    /// Network cards.
    pub physical: Vec<PhysicalV1>,
    /// Several cards as one.
    pub bonds: Vec<BondV1>,
    /// Software switches.
    pub bridges: Vec<BridgeV1>,
    /// VLANs on other interfaces.
    pub vlans: Vec<VlanV1>,
    /// Name servers of the machine.
    pub name_servers: Vec<IpAddr>,
    /// Domains to search.
    pub search_domains: Vec<String>,
}

/// A network card, and what every other interface has in common with one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhysicalV1 {
    /// The interface's name; a card is renamed to it when the MAC address is given.
    pub name: String,
    /// Which card; for what is built on cards, the address that it takes.
    pub mac_address: Option<MacAddr>,
    /// The largest packet in bytes.
    pub mtu: Option<u32>,
    /// How it gets its addresses.
    pub subnets: Vec<Subnet>,
}

/// Several cards as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BondV1 {
    /// Name, addresses and so on.
    pub interface: PhysicalV1,
    /// Names of entries of this document.
    pub members: Vec<String>,
    /// How packets are spread.
    pub mode: BondMode,
    /// Milliseconds between checks of the links.
    pub mii_monitor_interval: Option<u32>,
    /// The preferred card of an active-backup bond.
    pub primary: Option<String>,
}

/// A software switch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BridgeV1 {
    /// Name, addresses and so on.
    pub interface: PhysicalV1,
    /// Names of entries of this document.
    pub members: Vec<String>,
    /// Whether the spanning tree protocol runs.
    pub stp: Option<bool>,
    /// Seconds before a new port forwards.
    pub forward_delay: Option<u32>,
}

/// A VLAN on another interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VlanV1 {
    /// Name, addresses and so on.
    pub interface: PhysicalV1,
    /// The VLAN id, 0 to 4094.
    pub id: u16,
    /// The name of an entry of this document.
    pub link: String,
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

impl PhysicalV1 {
    fn put(&self, kind: &str) -> Map {
        let mut map = Map::new();
        map.insert("type", kind);
        map.insert("name", &self.name);
        map.insert_some("mac_address", self.mac_address);
        map.insert_some("mtu", self.mtu);
        map
    }

    fn finish(&self, mut map: Map, params: Map) -> Value {
        map.insert_some("params", (!params.is_empty()).then_some(params));
        map.insert_list("subnets", &self.subnets);
        map.into()
    }
}

impl From<&PhysicalV1> for Value {
    fn from(card: &PhysicalV1) -> Self {
        card.finish(card.put("physical"), Map::new())
    }
}

impl From<&BondV1> for Value {
    fn from(bond: &BondV1) -> Self {
        let mut map = bond.interface.put("bond");
        map.insert_list("bond_interfaces", &bond.members);
        let mut params = Map::new();
        params.insert("bond-mode", bond.mode.name());
        params.insert_some("bond-miimon", bond.mii_monitor_interval);
        params.insert_some("bond-primary", bond.primary.as_ref());
        bond.interface.finish(map, params)
    }
}

impl From<&BridgeV1> for Value {
    fn from(bridge: &BridgeV1) -> Self {
        let mut map = bridge.interface.put("bridge");
        map.insert_list("bridge_interfaces", &bridge.members);
        let mut params = Map::new();
        params.insert_some("bridge_stp", bridge.stp);
        params.insert_some("bridge_fd", bridge.forward_delay);
        bridge.interface.finish(map, params)
    }
}

impl From<&VlanV1> for Value {
    fn from(vlan: &VlanV1) -> Self {
        let mut map = vlan.interface.put("vlan");
        map.insert("vlan_link", &vlan.link);
        map.insert("vlan_id", vlan.id);
        vlan.interface.finish(map, Map::new())
    }
}

impl NetworkV1 {
    /// Everything that is wrong or doubtful; the same rules as for version 2.
    #[must_use]
    pub fn faults(&self) -> Vec<Finding> {
        let entries = self.entries();
        let mut faults = Vec::new();
        for (i, (_, interface)) in entries.iter().enumerate() {
            if entries[..i].iter().any(|(_, other)| other.name == interface.name) {
                let message = format!("{:?} is there twice; rename one of them", interface.name);
                let path = format!("config.{i}.name");
                faults.push(Finding::error("duplicate-interface", message).at(path));
            }
        }
        if !faults.is_empty() {
            return faults;
        }
        let place = |path: &str| {
            let (i, rest) = entries.iter().enumerate().find_map(|(i, (section, interface))| {
                let rest = path.strip_prefix(section)?.strip_prefix('.')?;
                let rest = rest.strip_prefix(interface.name.as_str())?;
                (rest.is_empty() || rest.starts_with('.')).then_some((i, rest))
            })?;
            let field = match rest {
                "" | ".set-name" => ".name".to_owned(),
                ".link" => ".vlan_link".to_owned(),
                ".id" => ".vlan_id".to_owned(),
                ".parameters.primary" => ".params.bond-primary".to_owned(),
                other => match (entries[i].0, other.strip_prefix(".interfaces")) {
                    ("bonds", Some(member)) => format!(".bond_interfaces{member}"),
                    (_, Some(member)) => format!(".bridge_interfaces{member}"),
                    (_, None) => other.to_owned(),
                },
            };
            Some(format!("config.{i}{field}"))
        };
        faults.extend(self.to_v2().faults().into_iter().map(|mut fault| {
            fault.path = fault.path.as_deref().and_then(place);
            fault
        }));
        faults
    }

    /// Every interface in the order of the document, with the section that version 2 has for it.
    fn entries(&self) -> Vec<(&'static str, &PhysicalV1)> {
        let cards = self.physical.iter().map(|card| ("ethernets", card));
        let bonds = self.bonds.iter().map(|bond| ("bonds", &bond.interface));
        let bridges = self.bridges.iter().map(|bridge| ("bridges", &bridge.interface));
        let vlans = self.vlans.iter().map(|vlan| ("vlans", &vlan.interface));
        cards.chain(bonds).chain(bridges).chain(vlans).collect()
    }

    /// The same interfaces in version 2, for its rules.
    fn to_v2(&self) -> NetworkV2 {
        let mut out = NetworkV2::default();
        for card in &self.physical {
            out.ethernets.insert(card.name.clone(), card.to_ethernet());
        }
        for bond in &self.bonds {
            let same = Bond {
                interfaces: bond.members.clone(),
                mode: bond.mode,
                mii_monitor_interval: bond.mii_monitor_interval,
                primary: bond.primary.clone(),
                common: bond.interface.common(),
            };
            out.bonds.insert(bond.interface.name.clone(), same);
        }
        for bridge in &self.bridges {
            let same = Bridge {
                interfaces: bridge.members.clone(),
                stp: bridge.stp,
                forward_delay: bridge.forward_delay,
                common: bridge.interface.common(),
            };
            out.bridges.insert(bridge.interface.name.clone(), same);
        }
        for vlan in &self.vlans {
            let (link, common) = (vlan.link.clone(), vlan.interface.common());
            out.vlans.insert(vlan.interface.name.clone(), Vlan { id: vlan.id, link, common });
        }
        out
    }

    /// The document as a value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut config: Vec<Value> = self.physical.iter().map(Value::from).collect();
        config.extend(self.bonds.iter().map(Value::from));
        config.extend(self.bridges.iter().map(Value::from));
        config.extend(self.vlans.iter().map(Value::from));
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
    fn to_ethernet(&self) -> Ethernet {
        Ethernet {
            // A version 1 card without a MAC address keeps its name, so any match will do here.
            match_by: Some(Match::mac(self.mac_address.unwrap_or(MacAddr([0; 6])))),
            set_name: Some(self.name.clone()),
            common: self.common(),
            ..Ethernet::default()
        }
    }

    fn common(&self) -> Common {
        let mut common = Common { mtu: self.mtu, ..Common::default() };
        for subnet in &self.subnets {
            if let Subnet::Static { address, gateway } = subnet {
                common.addresses.push(*address);
                match gateway {
                    Some(IpAddr::V4(gateway)) => common.gateway4 = Some(*gateway),
                    Some(IpAddr::V6(gateway)) => common.gateway6 = Some(*gateway),
                    None => {}
                }
            }
        }
        common
    }
}
