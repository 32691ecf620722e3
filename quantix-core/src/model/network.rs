//! Virtual networks.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Cidr, Labels, SwitchKey, limits, text};
use crate::{Faults, NetworkKey, ProjectId, Validate};

/// How a network is carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NetworkTransport {
    /// Tagged Ethernet on a switch.
    Vlan {
        /// The tag.
        vlan_id: u16,
        /// The switch that carries it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        switch_id: Option<SwitchKey>,
    },
    /// Tunnels between the nodes.
    Overlay {
        /// The identifier of the network in the tunnels.
        vni: u32,
    },
    /// What the nodes are plugged into.
    External {
        /// The bridge or interface of the nodes.
        bridge: String,
    },
}

/// What a DHCP server of the platform hands out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DhcpSettings {
    /// The first address.
    pub range_start: IpAddr,
    /// The last address.
    pub range_end: IpAddr,
    /// Name servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns_servers: Vec<IpAddr>,
    /// For how long, in seconds.
    #[serde(default = "one_hour")]
    pub lease_seconds: u32,
}

fn one_hour() -> u32 {
    3600
}

/// A network that machines are plugged into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VirtualNetwork {
    /// Its id.
    pub id: NetworkKey,
    /// Its name.
    pub name: String,
    /// The project that it belongs to.
    #[serde(default)]
    pub project_id: ProjectId,
    /// What its owner says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// How it is carried.
    pub transport: NetworkTransport,
    /// Its addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidr: Option<Cidr>,
    /// The way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
    /// What is handed out; without it there is no DHCP server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dhcp: Option<DhcpSettings>,
    /// Its MTU.
    #[serde(default = "ethernet", skip_serializing_if = "is_ethernet")]
    pub mtu: u32,
    /// Counts its changes.
    #[serde(default)]
    pub revision: u64,
}

pub(super) fn ethernet() -> u32 {
    1500
}

// The signature is what serde asks of `skip_serializing_if`.
pub(super) fn is_ethernet(mtu: &u32) -> bool {
    *mtu == 1500
}

impl Validate for VirtualNetwork {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "name", &self.name, &limits::NAME_CHARS);
        text::description(faults, &self.description);
        text::labels(faults, "labels", &self.labels);
        faults.range("mtu", &self.mtu, &limits::MTU);
        faults.within("transport", |faults| match &self.transport {
            NetworkTransport::Vlan { vlan_id, .. } => {
                faults.range("vlan_id", vlan_id, &limits::VLAN_ID);
            }
            NetworkTransport::Overlay { vni } => faults.range("vni", vni, &limits::OVERLAY_ID),
            NetworkTransport::External { bridge } => interface(faults, "bridge", bridge),
        });
        let Some(cidr) = self.cidr else {
            if self.gateway.is_some() {
                faults.error("gateway", "missing-cidr", "a gateway needs `cidr`");
            }
            if self.dhcp.is_some() {
                faults.error("dhcp", "missing-cidr", "a DHCP server needs `cidr`");
            }
            return;
        };
        if let Some(gateway) = self.gateway {
            host_address(faults, "gateway", gateway, cidr);
        }
        if let Some(dhcp) = &self.dhcp {
            faults.within("dhcp", |faults| self.validate_dhcp(faults, dhcp, cidr));
        }
    }
}

impl VirtualNetwork {
    fn validate_dhcp(&self, faults: &mut Faults, dhcp: &DhcpSettings, cidr: Cidr) {
        host_address(faults, "range_start", dhcp.range_start, cidr);
        host_address(faults, "range_end", dhcp.range_end, cidr);
        if dhcp.range_end < dhcp.range_start {
            let message = format!("{} is before {}", dhcp.range_end, dhcp.range_start);
            faults.error("range_end", "range-order", message);
        } else if let Some(gateway) = self.gateway
            && (dhcp.range_start..=dhcp.range_end).contains(&gateway)
        {
            let message = format!("the gateway {gateway} would be handed out");
            faults.error("range_start", "gateway-in-range", message);
        }
        faults.range("lease_seconds", &dhcp.lease_seconds, &(60..=31_536_000));
        faults.count("dns_servers", dhcp.dns_servers.len(), 8);
        faults.unique("dns_servers", &dhcp.dns_servers, "", Some);
    }
}

/// Checks that a host of a network may have an address.
fn host_address(faults: &mut Faults, field: &'static str, address: IpAddr, cidr: Cidr) {
    if !cidr.contains(address) {
        let message = format!("{address} is not in {cidr}");
        faults.error(field, "outside-network", message);
    } else if cidr.network().is_ipv4() && cidr.prefix() < 31 {
        let what = if address == cidr.network() {
            "the network's own address"
        } else if address == cidr.last() {
            "the broadcast address"
        } else {
            return;
        };
        faults.error(field, "reserved-address", format!("{address} is {what}"));
    }
}

/// Checks the name of a network interface of Linux.
pub(super) fn interface(faults: &mut Faults, field: &'static str, name: &str) {
    let fits = (1..=15).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_graphic() && !b"/:%".contains(&b))
        && name != "."
        && name != "..";
    if !fits {
        let message = "expected the name of an interface: 1 to 15 visible characters without / : %";
        faults.error(field, "bad-interface", message);
    }
}
