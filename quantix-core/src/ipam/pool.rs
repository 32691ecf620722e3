//! [`AddressPool`]: a pool at work.

use std::{collections::BTreeMap, net::IpAddr};

use super::{
    AddressRange, Allocation, IpamError, PoolUsage, SubnetPool,
    document::{ALLOCATIONS_MAX, RESERVED_MAX, is_owner},
    error::Problem,
    runs::Runs,
};
use crate::{Finding, Timestamp, Validate, model::MacAddress};

/// How many Ethernet addresses begin with the same three bytes.
const MACS: u128 = 1 << 24;

/// A pool at work: finding a free address takes a few steps, however many are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPool {
    /// All but the allocations.
    settings: SubnetPool,
    by_owner: BTreeMap<String, Allocation>,
    owners: BTreeMap<IpAddr, String>,
    mac_owners: BTreeMap<MacAddress, String>,
    /// What is given to nobody: network and broadcast address, gateway, reserved ranges.
    blocked: Runs,
    /// What is not free: the blocked and the given addresses.
    taken: Runs,
    macs: Runs,
}

/// What an owner asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocationRequest {
    /// Who.
    pub owner: String,
    /// The address; without one, the lowest free one of the range is chosen.
    pub address: Option<IpAddr>,
    /// The Ethernet address; without one, one is chosen.
    pub mac_address: Option<MacAddress>,
    /// The time of the change.
    pub at: Timestamp,
}

impl AllocationRequest {
    /// A request for any address.
    #[must_use]
    pub fn new(owner: impl Into<String>, at: Timestamp) -> Self {
        Self { owner: owner.into(), address: None, mac_address: None, at }
    }
}

impl AddressPool {
    /// The pool that a document describes.
    ///
    /// # Errors
    /// Every fault of the document.
    pub fn new(document: SubnetPool) -> Result<Self, Vec<Finding>> {
        let findings = document.findings();
        if findings.iter().any(Finding::is_error) {
            return Err(findings);
        }
        let mut settings = document;
        let allocations = std::mem::take(&mut settings.allocations);
        let mut pool = Self {
            settings,
            by_owner: BTreeMap::new(),
            owners: BTreeMap::new(),
            mac_owners: BTreeMap::new(),
            blocked: Runs::default(),
            taken: Runs::default(),
            macs: Runs::default(),
        };
        pool.block();
        allocations.into_iter().for_each(|one| pool.put(one));
        Ok(pool)
    }

    /// The pool as a document, allocations by address.
    #[must_use]
    pub fn to_document(&self) -> SubnetPool {
        let ordered = self.owners.values().filter_map(|owner| self.by_owner.get(owner));
        SubnetPool { allocations: ordered.cloned().collect(), ..self.settings.clone() }
    }

    /// Works out anew what nobody is given.
    fn block(&mut self) {
        let cidr = self.settings.cidr;
        let (first, last) = (number(cidr.network()), number(cidr.last()));
        self.blocked = Runs::default();
        // RFC 4291 2.6.1: the first address of an IPv6 network is that of its routers. Networks of
        // two addresses or one have neither (RFC 3021, RFC 6164).
        if last - first > 1 {
            self.blocked.insert(first, first);
            if cidr.network().is_ipv4() {
                self.blocked.insert(last, last);
            }
        }
        if let Some(gateway) = self.settings.gateway {
            self.blocked.insert(number(gateway), number(gateway));
        }
        for range in &self.settings.reserved {
            self.blocked.insert(number(range.first), number(range.last));
        }
        self.taken = self.blocked.clone();
        for &address in self.owners.keys() {
            self.taken.insert(number(address), number(address));
        }
    }

    fn put(&mut self, one: Allocation) {
        self.taken.insert(number(one.address), number(one.address));
        self.owners.insert(one.address, one.owner.clone());
        if let Some(mac) = one.mac_address {
            self.mac_owners.insert(mac, one.owner.clone());
            if let Some(count) = self.mac_count(mac) {
                self.macs.insert(count, count);
            }
        }
        self.by_owner.insert(one.owner.clone(), one);
    }

    /// Gives an owner an address. An owner that has one keeps it, unless it asks for another.
    ///
    /// # Errors
    /// When what is asked for is taken, reserved or outside of the network, or nothing is free.
    pub fn allocate(&mut self, request: &AllocationRequest) -> Result<Allocation, IpamError> {
        if !is_owner(&request.owner) {
            return Err(Problem::BadOwner.into());
        }
        if let Some(has) = self.by_owner.get(&request.owner) {
            let other_mac = request.mac_address.is_some() && request.mac_address != has.mac_address;
            if other_mac || request.address.is_some_and(|address| address != has.address) {
                let (owner, address) = (request.owner.clone(), has.address);
                return Err(Problem::OtherAddress { owner, address }.into());
            }
            return Ok(has.clone());
        }
        if self.by_owner.len() >= ALLOCATIONS_MAX {
            return Err(Problem::TooMany { count: self.by_owner.len() }.into());
        }
        let address = match request.address {
            Some(address) => self.check_address(address)?,
            None => self.lowest_address().ok_or(Problem::Exhausted { cidr: self.settings.cidr })?,
        };
        let mac = match request.mac_address {
            Some(mac) => self.check_mac(mac)?,
            None => self.lowest_mac()?,
        };
        let one = Allocation {
            owner: request.owner.clone(),
            address,
            mac_address: Some(mac),
            requested: request.address.is_some(),
            since: request.at,
        };
        self.put(one.clone());
        self.settings.revision += 1;
        Ok(one)
    }

    fn check_address(&self, address: IpAddr) -> Result<IpAddr, Problem> {
        let cidr = self.settings.cidr;
        if !cidr.contains(address) {
            return Err(Problem::Outside { address, cidr });
        }
        if let Some(owner) = self.owners.get(&address) {
            return Err(Problem::Taken { address, owner: owner.clone() });
        }
        if self.blocked.contains(number(address)) {
            let what = if Some(address) == self.settings.gateway {
                "the gateway"
            } else if address == cidr.network() {
                "the network's own address"
            } else if address == cidr.last() && address.is_ipv4() {
                "the broadcast address"
            } else {
                "reserved"
            };
            return Err(Problem::Reserved { address, what });
        }
        Ok(address)
    }

    fn check_mac(&self, mac: MacAddress) -> Result<MacAddress, Problem> {
        mac.check_host_address().map_err(|problem| Problem::BadMac { mac, problem })?;
        match self.mac_owners.get(&mac) {
            Some(owner) => Err(Problem::MacTaken { mac, owner: owner.clone() }),
            None => Ok(mac),
        }
    }

    /// The ends of the part from which addresses are chosen.
    fn ends(&self) -> (u128, u128) {
        let cidr = self.settings.cidr;
        let whole = AddressRange { first: cidr.network(), last: cidr.last() };
        let range = self.settings.range.unwrap_or(whole);
        (number(range.first), number(range.last))
    }

    fn lowest_address(&self) -> Option<IpAddr> {
        let (first, last) = self.ends();
        let free = self.taken.lowest_free(first, last)?;
        Some(self.address(free))
    }

    fn address(&self, number: u128) -> IpAddr {
        match u32::try_from(number) {
            Ok(bits) if self.settings.cidr.network().is_ipv4() => IpAddr::V4(bits.into()),
            _ => IpAddr::V6(number.into()),
        }
    }

    fn lowest_mac(&self) -> Result<MacAddress, Problem> {
        let base = self.settings.mac_base;
        let count = self.macs.lowest_free(0, MACS - 1).ok_or(Problem::MacExhausted { base })?;
        let [.., a, b, c] = count.to_be_bytes();
        Ok(MacAddress([base.0[0], base.0[1], base.0[2], a, b, c]))
    }

    /// Which of the addresses that are chosen this is.
    fn mac_count(&self, mac: MacAddress) -> Option<u128> {
        let [a, b, c, d, e, f] = mac.0;
        (self.settings.mac_base.0[..3] == [a, b, c])
            .then(|| u128::from(u32::from_be_bytes([0, d, e, f])))
    }

    /// Takes the address of an owner back.
    ///
    /// # Errors
    /// When the owner has none.
    pub fn release(&mut self, owner: &str) -> Result<Allocation, IpamError> {
        let one = self
            .by_owner
            .remove(owner)
            .ok_or_else(|| Problem::UnknownOwner { owner: owner.to_owned() })?;
        self.owners.remove(&one.address);
        if !self.blocked.contains(number(one.address)) {
            self.taken.remove(number(one.address));
        }
        if let Some(mac) = one.mac_address {
            self.mac_owners.remove(&mac);
            if let Some(count) = self.mac_count(mac) {
                self.macs.remove(count);
            }
        }
        self.settings.revision += 1;
        Ok(one)
    }

    /// Keeps addresses from being given. Who has one of them keeps it; it is not given again.
    ///
    /// # Errors
    /// When the range is not one of the network, or there are too many.
    pub fn reserve(&mut self, range: AddressRange) -> Result<(), IpamError> {
        let cidr = self.settings.cidr;
        for address in [range.first, range.last] {
            if !cidr.contains(address) {
                return Err(Problem::Outside { address, cidr }.into());
            }
        }
        if range.last < range.first {
            return Err(Problem::RangeOrder { first: range.first, last: range.last }.into());
        }
        if self.settings.reserved.contains(&range) {
            return Ok(());
        }
        if self.settings.reserved.len() >= RESERVED_MAX {
            return Err(Problem::TooMany { count: RESERVED_MAX }.into());
        }
        self.settings.reserved.push(range);
        self.settings.reserved.sort_unstable();
        self.blocked.insert(number(range.first), number(range.last));
        self.taken.insert(number(range.first), number(range.last));
        self.settings.revision += 1;
        Ok(())
    }

    /// Undoes [`Self::reserve`] of the same range.
    ///
    /// # Errors
    /// When no such range is reserved.
    pub fn unreserve(&mut self, range: AddressRange) -> Result<(), IpamError> {
        let Some(at) = self.settings.reserved.iter().position(|other| *other == range) else {
            return Err(Problem::NotReserved { first: range.first, last: range.last }.into());
        };
        self.settings.reserved.remove(at);
        self.block();
        self.settings.revision += 1;
        Ok(())
    }

    /// What an owner has.
    #[must_use]
    pub fn allocation(&self, owner: &str) -> Option<&Allocation> {
        self.by_owner.get(owner)
    }

    /// Who has an address.
    #[must_use]
    pub fn owner(&self, address: IpAddr) -> Option<&str> {
        self.owners.get(&address).map(String::as_str)
    }

    /// How full it is.
    #[must_use]
    pub fn usage(&self) -> PoolUsage {
        let (first, last) = self.ends();
        let size = (last - first).saturating_add(1);
        let taken = self.taken.count(first, last);
        let narrow = |count| u64::try_from(count).unwrap_or(u64::MAX);
        PoolUsage {
            allocated: self.by_owner.len(),
            free: narrow(size.saturating_sub(taken)),
            revision: self.settings.revision,
        }
    }
}

/// An address as a number.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}
