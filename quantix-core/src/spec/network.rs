//! Addresses, routes and name servers of a guest.

use serde::{Deserialize, Serialize};

use super::is_false;

/// The network of a guest, interface by interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct NetworkSpec {
    /// The interfaces. An entry belongs to the machine's interface with its `mac`, else with its
    /// `network`, else to the first interface that no other entry names, in order.
    pub nics: Vec<NicSpec>,
    /// Name servers of every interface that names none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nameservers: Vec<String>,
    /// Search domains of every interface that names none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<String>,
}

/// One interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct NicSpec {
    /// MAC address of the interface that this is for, such as `52:54:00:12:34:56`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Network of the interface that this is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Name that the guest gives to the interface, such as `lan0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// IPv4 by DHCP; else only where `addresses` is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dhcp4: Option<bool>,
    /// IPv6 by DHCP.
    #[serde(skip_serializing_if = "is_false")]
    pub dhcp6: bool,
    /// Addresses with prefix length, such as `10.0.0.5/24` and `2001:db8::5/64`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// IPv4 default gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway4: Option<String>,
    /// IPv6 default gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway6: Option<String>,
    /// Name servers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nameservers: Vec<String>,
    /// Search domains.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<String>,
    /// Further routes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteSpec>,
    /// Largest packet in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
    /// Whether the boot goes on without waiting for the interface.
    #[serde(skip_serializing_if = "is_false")]
    pub optional: bool,
}

/// A route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RouteSpec {
    /// Destination with prefix length, or `default`.
    pub to: String,
    /// Next hop.
    pub via: String,
    /// Metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<u32>,
}
