//! [`IpamError`]: why an address is not given.

use std::net::IpAddr;

use crate::{
    Finding,
    model::{Cidr, MacAddress},
};

/// Why a change of a pool was refused; the pool is then as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct IpamError(#[from] Problem);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("no address of {cidr} is free: release some, or widen `range`")]
    Exhausted { cidr: Cidr },
    #[error("no Ethernet address from {base} is free: release some, or choose another `mac_base`")]
    MacExhausted { base: MacAddress },
    #[error("{address} is not in {cidr}")]
    Outside { address: IpAddr, cidr: Cidr },
    #[error("{address} is {what}: choose another address")]
    Reserved { address: IpAddr, what: &'static str },
    #[error("{address} belongs to {owner:?}: choose another address, or release it first")]
    Taken { address: IpAddr, owner: String },
    #[error("{mac} belongs to {owner:?}: choose another, or release it first")]
    MacTaken { mac: MacAddress, owner: String },
    #[error("{mac} {problem}")]
    BadMac { mac: MacAddress, problem: &'static str },
    #[error("{owner:?} has {address} already: release that first")]
    OtherAddress { owner: String, address: IpAddr },
    #[error("{owner:?} has no address here")]
    UnknownOwner { owner: String },
    #[error("invalid owner: expected 1 to {OWNER} bytes without control characters", OWNER = super::document::OWNER_BYTES_MAX)]
    BadOwner,
    #[error("{last} is before {first}")]
    RangeOrder { first: IpAddr, last: IpAddr },
    #[error("{first} to {last} is not reserved")]
    NotReserved { first: IpAddr, last: IpAddr },
    #[error("{count} already: no more are kept in one pool")]
    TooMany { count: usize },
}

impl IpamError {
    /// The stable code of the reason: `pool-exhausted`, `mac-exhausted`, `outside-network`,
    /// `reserved-address`, `address-taken`, `mac-taken`, `bad-mac-address`, `other-address`,
    /// `unknown-owner`, `bad-owner`, `range-order`, `not-reserved` or `too-many`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.0 {
            Problem::Exhausted { .. } => "pool-exhausted",
            Problem::MacExhausted { .. } => "mac-exhausted",
            Problem::Outside { .. } => "outside-network",
            Problem::Reserved { .. } => "reserved-address",
            Problem::Taken { .. } => "address-taken",
            Problem::MacTaken { .. } => "mac-taken",
            Problem::BadMac { .. } => "bad-mac-address",
            Problem::OtherAddress { .. } => "other-address",
            Problem::UnknownOwner { .. } => "unknown-owner",
            Problem::BadOwner => "bad-owner",
            Problem::RangeOrder { .. } => "range-order",
            Problem::NotReserved { .. } => "not-reserved",
            Problem::TooMany { .. } => "too-many",
        }
    }

    /// The same as a finding.
    #[must_use]
    pub fn finding(&self) -> Finding {
        Finding::error(self.code(), self.to_string())
    }
}
