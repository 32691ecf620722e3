//! Distributed switches and their port groups.

use serde::{Deserialize, Serialize};

use super::{PortGroupKey, SwitchKey, device::is_false, limits, network, text, words};
use crate::{Faults, NodeKey, Validate};

/// The most port groups of a switch.
pub const PORT_GROUPS_MAX: usize = 4096;

/// One switch that spans nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DistributedSwitch {
    /// Its id.
    pub id: SwitchKey,
    /// Its name.
    pub name: String,
    /// What its owner says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its MTU.
    #[serde(default = "network::ethernet", skip_serializing_if = "network::is_ethernet")]
    pub mtu: u32,
    /// How it is plugged into each node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uplinks: Vec<Uplink>,
    /// What machines are plugged into.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub port_groups: Vec<PortGroup>,
    /// Counts its changes.
    #[serde(default)]
    pub revision: u64,
}

words! {
    /// How several interfaces of an uplink work together.
    #[derive(Default)]
    Teaming "teaming" {
        /// One works, the others wait.
        #[default]
        ActiveBackup "active_backup",
        /// All work, by agreement with the switch they are plugged into.
        Lacp "lacp",
        /// All work, each machine on one of them.
        BalanceSource "balance_source",
    }
}

/// How a switch is plugged into one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Uplink {
    /// The node.
    pub node_id: NodeKey,
    /// Its interfaces.
    pub interfaces: Vec<String>,
    /// How they work together.
    #[serde(default)]
    pub teaming: Teaming,
}

/// Which VLANs pass a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PortVlan {
    /// What is not tagged.
    #[serde(deserialize_with = "crate::word::nothing_else")]
    Untagged,
    /// One, which machines do not see.
    Access {
        /// Its tag.
        vlan_id: u16,
    },
    /// Several, which machines see tagged.
    Trunk {
        /// Their tags.
        vlan_ids: Vec<u16>,
    },
}

/// Ports of a switch with the same settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PortGroup {
    /// Its id.
    pub id: PortGroupKey,
    /// Its name, unique in the switch.
    pub name: String,
    /// Which VLANs pass.
    pub vlan: PortVlan,
    /// Whether machines see the traffic of others.
    #[serde(default, skip_serializing_if = "is_false")]
    pub promiscuous: bool,
    /// Whether machines may change their own address.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mac_changes: bool,
    /// Whether machines may send from other addresses.
    #[serde(default, skip_serializing_if = "is_false")]
    pub forged_transmits: bool,
}

impl Validate for DistributedSwitch {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "name", &self.name, &limits::NAME_CHARS);
        text::description(faults, &self.description);
        faults.range("mtu", &self.mtu, &limits::MTU);
        faults.unique("uplinks", &self.uplinks, "node_id", |uplink| Some(&uplink.node_id));
        faults.each("uplinks", &self.uplinks, |faults, uplink| {
            if uplink.interfaces.is_empty() {
                faults.error("interfaces", "empty", "expected at least one interface");
            }
            faults.count("interfaces", uplink.interfaces.len(), 8);
            faults.unique("interfaces", &uplink.interfaces, "", Some);
            faults.each("interfaces", &uplink.interfaces, |faults, name| {
                network::interface(faults, "", name);
            });
        });
        faults.count("port_groups", self.port_groups.len(), PORT_GROUPS_MAX);
        faults.unique("port_groups", &self.port_groups, "id", |group| Some(&group.id));
        faults.unique("port_groups", &self.port_groups, "name", |group| Some(&group.name));
        faults.each("port_groups", &self.port_groups, |faults, group| group.validate(faults));
    }
}

impl Validate for PortGroup {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "name", &self.name, &limits::NAME_CHARS);
        faults.within("vlan", |faults| match &self.vlan {
            PortVlan::Untagged => {}
            PortVlan::Access { vlan_id } => faults.range("vlan_id", vlan_id, &limits::VLAN_ID),
            PortVlan::Trunk { vlan_ids } => {
                if vlan_ids.is_empty() {
                    faults.error("vlan_ids", "empty", "expected at least one VLAN");
                }
                faults.unique("vlan_ids", vlan_ids, "", Some);
                faults.each("vlan_ids", vlan_ids, |faults, id| {
                    faults.range("", id, &limits::VLAN_ID);
                });
            }
        });
        if self.promiscuous {
            let message = "machines see the traffic of others";
            faults.warning("promiscuous", "promiscuous-ports", message);
        }
    }
}
