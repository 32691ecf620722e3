//! Network configuration: the typed version 2 (netplan's language) and version 1,
//! and the `network_data.json` of a config drive made of version 2.
//!
//! Addresses, prefixes and MAC addresses are parsed types, so a document cannot hold `10.0.0.300`.
//! References between interfaces are checked before anything is written.

mod address;
mod openstack;
mod rules;
mod v1;
mod v2;

pub use address::{AddressError, Cidr, MacAddr};
pub use openstack::{NetworkData, network_data};
pub use v1::{BondV1, BridgeV1, NetworkV1, PhysicalV1, Subnet, VlanV1};
pub use v2::{
    Bond, BondMode, Bridge, Common, Destination, Ethernet, Match, NetworkV2, Renderer, Route,
    RoutingPolicy, Vlan,
};
