//! Version 2: netplan's language.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use quantix_core::Finding;

use super::{
    address::{Cidr, MacAddr},
    rules,
};
use crate::{
    DocumentError,
    yaml::{Map, Value, emit},
};

/// A network configuration, version 2.
///
/// The names of [`NetworkV2::ethernets`] with a [`Match`] are labels of this document; without
/// one they are the interfaces' names in the guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkV2 {
    /// Who applies it; the guest's default where not given.
    pub renderer: Option<Renderer>,
    /// Network cards.
    pub ethernets: BTreeMap<String, Ethernet>,
    /// Bonds, by interface name.
    pub bonds: BTreeMap<String, Bond>,
    /// Bridges, by interface name.
    pub bridges: BTreeMap<String, Bridge>,
    /// VLANs, by interface name.
    pub vlans: BTreeMap<String, Vlan>,
}

/// Who applies a configuration in the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renderer {
    /// systemd-networkd.
    Networkd,
    /// NetworkManager.
    NetworkManager,
}

/// What every kind of interface can have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Common {
    /// Whether IPv4 comes from DHCP.
    pub dhcp4: Option<bool>,
    /// Whether IPv6 comes from DHCP.
    pub dhcp6: Option<bool>,
    /// Whether IPv6 router advertisements are accepted.
    pub accept_ra: Option<bool>,
    /// Fixed addresses.
    pub addresses: Vec<Cidr>,
    /// The IPv4 default gateway; understood by every cloud-init. Excludes a default route.
    pub gateway4: Option<Ipv4Addr>,
    /// The IPv6 default gateway.
    pub gateway6: Option<Ipv6Addr>,
    /// Name servers.
    pub name_servers: Vec<IpAddr>,
    /// Domains to search.
    pub search_domains: Vec<String>,
    /// The largest packet in bytes.
    pub mtu: Option<u32>,
    /// A MAC address to take instead of the card's own.
    pub macaddress: Option<MacAddr>,
    /// Whether boot goes on without this interface.
    pub optional: Option<bool>,
    /// Further routes.
    pub routes: Vec<Route>,
    /// Rules that choose a routing table.
    pub routing_policy: Vec<RoutingPolicy>,
}

/// A network card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ethernet {
    /// Which card; without it the one that has this entry's name.
    pub match_by: Option<Match>,
    /// The name that the card gets. Needs a match by MAC address to work in every guest.
    pub set_name: Option<String>,
    /// Whether the card can wake the machine.
    pub wakeonlan: Option<bool>,
    /// Addresses, routes and so on.
    pub common: Common,
}

/// Which card an entry is about; all given conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// The MAC address.
    pub macaddress: Option<MacAddr>,
    /// The kernel's name, with `*` and `?`.
    pub name: Option<String>,
    /// The driver, with `*` and `?`.
    pub driver: Option<String>,
}

impl Match {
    /// The card that has this MAC address.
    #[must_use]
    pub fn mac(address: MacAddr) -> Self {
        Self { macaddress: Some(address), ..Self::default() }
    }
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where to.
    pub to: Destination,
    /// The next hop.
    pub via: IpAddr,
    /// Which of several routes wins: the smallest.
    pub metric: Option<u32>,
    /// The routing table; the main one where not given.
    pub table: Option<u32>,
    /// Whether the next hop is reachable although no address covers it.
    pub on_link: bool,
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Everywhere. Written as `0.0.0.0/0` or `::/0`, which every renderer reads.
    Default,
    /// One network.
    Network(Cidr),
}

/// A rule that chooses a routing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoutingPolicy {
    /// Packets from this network.
    pub from: Option<Cidr>,
    /// Packets to this network.
    pub to: Option<Cidr>,
    /// The table that decides.
    pub table: u32,
    /// The order among rules: the smallest first.
    pub priority: Option<u32>,
}

/// Several cards as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bond {
    /// Names of entries of this document.
    pub interfaces: Vec<String>,
    /// How packets are spread.
    pub mode: BondMode,
    /// Milliseconds between checks of the links.
    pub mii_monitor_interval: Option<u32>,
    /// The preferred card of an active-backup bond.
    pub primary: Option<String>,
    /// Addresses, routes and so on.
    pub common: Common,
}

/// How a bond spreads packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BondMode {
    /// In turn.
    BalanceRr,
    /// One card works, the others wait.
    ActiveBackup,
    /// By a hash of addresses.
    BalanceXor,
    /// On all cards.
    Broadcast,
    /// LACP.
    Lacp,
    /// By load, outgoing.
    BalanceTlb,
    /// By load, both ways.
    BalanceAlb,
}

/// A software switch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bridge {
    /// Names of entries of this document.
    pub interfaces: Vec<String>,
    /// Whether the spanning tree protocol runs.
    pub stp: Option<bool>,
    /// Seconds before a new port forwards.
    pub forward_delay: Option<u32>,
    /// Addresses, routes and so on.
    pub common: Common,
}

/// A VLAN on another interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vlan {
    /// The VLAN id, 0 to 4094.
    pub id: u16,
    /// The name of an entry of this document.
    pub link: String,
    /// Addresses, routes and so on.
    pub common: Common,
}

impl NetworkV2 {
    /// Everything that is wrong or doubtful.
    #[must_use]
    pub fn faults(&self) -> Vec<Finding> {
        rules::faults(self)
    }

    /// The document as a value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        map.insert("version", 2);
        map.insert_some("renderer", self.renderer.map(Renderer::name));
        put_section(&mut map, "ethernets", &self.ethernets);
        put_section(&mut map, "bonds", &self.bonds);
        put_section(&mut map, "bridges", &self.bridges);
        put_section(&mut map, "vlans", &self.vlans);
        map.into()
    }

    /// The document as text, without a `network:` key around it, as every NoCloud reads it.
    ///
    /// # Errors
    /// When [`NetworkV2::faults`] holds an error.
    pub fn to_yaml(&self) -> Result<String, DocumentError> {
        DocumentError::check("network-config", self.faults())?;
        Ok(emit(&self.to_value())?)
    }
}

fn put_section<'a, T>(map: &mut Map, key: &str, entries: &'a BTreeMap<String, T>)
where
    Map: From<&'a T>,
{
    if !entries.is_empty() {
        let section: Map = entries.iter().map(|(name, entry)| (name, Map::from(entry))).collect();
        map.insert(key, section);
    }
}

impl Renderer {
    fn name(self) -> &'static str {
        match self {
            Self::Networkd => "networkd",
            Self::NetworkManager => "NetworkManager",
        }
    }
}

impl BondMode {
    /// The kernel's name of the mode.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BalanceRr => "balance-rr",
            Self::ActiveBackup => "active-backup",
            Self::BalanceXor => "balance-xor",
            Self::Broadcast => "broadcast",
            Self::Lacp => "802.3ad",
            Self::BalanceTlb => "balance-tlb",
            Self::BalanceAlb => "balance-alb",
        }
    }
}

impl Common {
    fn put(&self, map: &mut Map) {
        map.insert_some("dhcp4", self.dhcp4);
        map.insert_some("dhcp6", self.dhcp6);
        map.insert_some("accept-ra", self.accept_ra);
        map.insert_list("addresses", &self.addresses);
        map.insert_some("gateway4", self.gateway4.map(|address| address.to_string()));
        map.insert_some("gateway6", self.gateway6.map(|address| address.to_string()));
        let mut names = Map::new();
        names.insert_list("search", &self.search_domains);
        names.insert_list("addresses", self.name_servers.iter().map(IpAddr::to_string));
        map.insert_some("nameservers", (!names.is_empty()).then_some(names));
        map.insert_some("mtu", self.mtu);
        map.insert_some("macaddress", self.macaddress);
        map.insert_some("optional", self.optional);
        map.insert_list("routes", &self.routes);
        map.insert_list("routing-policy", &self.routing_policy);
    }
}

impl From<&Route> for Value {
    fn from(route: &Route) -> Self {
        let mut map = Map::new();
        map.insert(
            "to",
            match (route.to, route.via) {
                (Destination::Network(cidr), _) => cidr.to_string(),
                (Destination::Default, IpAddr::V4(_)) => "0.0.0.0/0".to_owned(),
                (Destination::Default, IpAddr::V6(_)) => "::/0".to_owned(),
            },
        );
        map.insert("via", route.via.to_string());
        map.insert_some("metric", route.metric);
        map.insert_some("table", route.table);
        map.insert_some("on-link", route.on_link.then_some(true));
        map.into()
    }
}

impl From<&RoutingPolicy> for Value {
    fn from(policy: &RoutingPolicy) -> Self {
        let mut map = Map::new();
        map.insert_some("from", policy.from.as_ref());
        map.insert_some("to", policy.to.as_ref());
        map.insert("table", policy.table);
        map.insert_some("priority", policy.priority);
        map.into()
    }
}

impl From<&Ethernet> for Map {
    fn from(ethernet: &Ethernet) -> Self {
        let mut map = Self::new();
        if let Some(by) = &ethernet.match_by {
            let mut conditions = Self::new();
            conditions.insert_some("macaddress", by.macaddress);
            conditions.insert_some("name", by.name.as_ref());
            conditions.insert_some("driver", by.driver.as_ref());
            map.insert("match", conditions);
        }
        map.insert_some("set-name", ethernet.set_name.as_ref());
        map.insert_some("wakeonlan", ethernet.wakeonlan);
        ethernet.common.put(&mut map);
        map
    }
}

impl From<&Bond> for Map {
    fn from(bond: &Bond) -> Self {
        let mut map = Self::new();
        map.insert_list("interfaces", &bond.interfaces);
        let mut parameters = Self::new();
        parameters.insert("mode", bond.mode.name());
        // cloud-init's schema wants a text here, and netplan reads both.
        let interval = bond.mii_monitor_interval.map(|millis| millis.to_string());
        parameters.insert_some("mii-monitor-interval", interval);
        parameters.insert_some("primary", bond.primary.as_ref());
        map.insert("parameters", parameters);
        bond.common.put(&mut map);
        map
    }
}

impl From<&Bridge> for Map {
    fn from(bridge: &Bridge) -> Self {
        let mut map = Self::new();
        map.insert_list("interfaces", &bridge.interfaces);
        let mut parameters = Self::new();
        parameters.insert_some("stp", bridge.stp);
        parameters.insert_some("forward-delay", bridge.forward_delay);
        map.insert_some("parameters", (!parameters.is_empty()).then_some(parameters));
        bridge.common.put(&mut map);
        map
    }
}

impl From<&Vlan> for Map {
    fn from(vlan: &Vlan) -> Self {
        let mut map = Self::new();
        map.insert("id", vlan.id);
        map.insert("link", &vlan.link);
        vlan.common.put(&mut map);
        map
    }
}
