//! [`SubnetPool`]: a pool as a document.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    Faults, NetworkKey, Timestamp, Validate,
    model::{Cidr, MacAddress, SubnetPoolKey, schema_version},
};

/// The most allocations of a pool.
pub const ALLOCATIONS_MAX: usize = 1 << 20;

/// The most reserved ranges of a pool.
pub const RESERVED_MAX: usize = 4096;

/// The most bytes of an owner.
pub(super) const OWNER_BYTES_MAX: usize = 255;

/// Addresses from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddressRange {
    /// The first address.
    pub first: IpAddr,
    /// The last address.
    pub last: IpAddr,
}

/// An address that somebody has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Allocation {
    /// Who: a text of the caller, such as `<machine>/<interface>`, once per pool.
    pub owner: String,
    /// The address.
    pub address: IpAddr,
    /// The Ethernet address of the interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<MacAddress>,
    /// Whether the owner asked for this address; one that was chosen may be chosen anew.
    #[serde(default)]
    pub requested: bool,
    /// Since when.
    pub since: Timestamp,
}

/// The addresses of a network that are given out, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SubnetPool {
    /// The version of this form.
    #[serde(default = "schema_version::current")]
    pub schema_version: u32,
    /// Its id.
    pub id: SubnetPoolKey,
    /// The network that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_id: Option<NetworkKey>,
    /// The addresses of the network.
    pub cidr: Cidr,
    /// The way out, which nobody is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
    /// The part from which addresses are chosen; without it, all of the network. An address that is
    /// asked for by name may lie outside of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<AddressRange>,
    /// Addresses that are neither chosen nor given when asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reserved: Vec<AddressRange>,
    /// The first Ethernet address that is chosen: the upper half names who chooses, the lower half
    /// counts.
    #[serde(default = "default_mac_base")]
    pub mac_base: MacAddress,
    /// Who has which address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allocations: Vec<Allocation>,
    /// Counts its changes.
    #[serde(default)]
    pub revision: u64,
}

/// A locally administered prefix that OpenStack uses too.
fn default_mac_base() -> MacAddress {
    MacAddress([0xfa, 0x16, 0x3e, 0, 0, 0])
}

impl SubnetPool {
    /// A pool of all addresses of a network, with none given out.
    #[must_use]
    pub fn new(id: SubnetPoolKey, cidr: Cidr) -> Self {
        Self {
            schema_version: schema_version::current(),
            id,
            network_id: None,
            cidr,
            gateway: None,
            range: None,
            reserved: Vec::new(),
            mac_base: default_mac_base(),
            allocations: Vec::new(),
            revision: 0,
        }
    }
}

impl Validate for SubnetPool {
    fn validate(&self, faults: &mut Faults) {
        schema_version::check(faults, self.schema_version);
        if let Some(gateway) = self.gateway.filter(|gateway| !self.cidr.contains(*gateway)) {
            let message = format!("{gateway} is not in {}", self.cidr);
            faults.error("gateway", "outside-network", message);
        }
        if let Some(range) = &self.range {
            faults.within("range", |faults| range.validate(faults, self.cidr));
        }
        faults.count("reserved", self.reserved.len(), RESERVED_MAX);
        faults.each("reserved", &self.reserved, |faults, range| range.validate(faults, self.cidr));
        if let Err(problem) = self.mac_base.check_host_address() {
            faults.error("mac_base", "bad-mac-address", format!("{} {problem}", self.mac_base));
        } else if self.mac_base.0[3..] != [0; 3] {
            let message = format!("{}: expected the last three bytes to be 0", self.mac_base);
            faults.error("mac_base", "bad-mac-address", message);
        }
        self.validate_allocations(faults);
    }
}

impl SubnetPool {
    fn validate_allocations(&self, faults: &mut Faults) {
        let all = &self.allocations;
        faults.count("allocations", all.len(), ALLOCATIONS_MAX);
        faults.unique("allocations", all, "owner", |one| Some(&one.owner));
        faults.unique("allocations", all, "address", |one| Some(one.address));
        faults.unique("allocations", all, "mac_address", |one| one.mac_address);
        faults.each("allocations", all, |faults, one| {
            if !is_owner(&one.owner) {
                let message = format!(
                    "expected 1 to {OWNER_BYTES_MAX} bytes without control characters, found {}",
                    one.owner.len()
                );
                faults.error("owner", "bad-owner", message);
            }
            if !self.cidr.contains(one.address) {
                let message = format!("{} is not in {}", one.address, self.cidr);
                faults.error("address", "outside-network", message);
            }
            if let Some(Err(problem)) = one.mac_address.map(MacAddress::check_host_address) {
                faults.error("mac_address", "bad-mac-address", problem);
            }
        });
    }
}

pub(super) fn is_owner(owner: &str) -> bool {
    (1..=OWNER_BYTES_MAX).contains(&owner.len()) && !owner.chars().any(char::is_control)
}

impl AddressRange {
    fn validate(&self, faults: &mut Faults, cidr: Cidr) {
        for (field, address) in [("first", self.first), ("last", self.last)] {
            if !cidr.contains(address) {
                let message = format!("{address} is not in {cidr}");
                faults.error(field, "outside-network", message);
            }
        }
        if self.last < self.first {
            let message = format!("{} is before {}", self.last, self.first);
            faults.error("last", "range-order", message);
        }
    }
}
