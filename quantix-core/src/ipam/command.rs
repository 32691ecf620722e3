//! Questions to a pool and changes of it as documents, for every language and the wire.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{AddressPool, AddressRange, Allocation, AllocationRequest, IpamError};
use crate::{Timestamp, model::MacAddress};

/// A question to a pool, or a change of it. The wire form is `{"op": "allocate", …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are those of the method that each variant names")]
pub enum IpamCommand {
    /// [`AddressPool::allocate`].
    Allocate {
        owner: String,
        #[serde(default)]
        address: Option<IpAddr>,
        #[serde(default)]
        mac_address: Option<MacAddress>,
        at: Timestamp,
    },
    /// [`AddressPool::release`].
    Release { owner: String },
    /// [`AddressPool::reserve`].
    Reserve { first: IpAddr, last: IpAddr },
    /// [`AddressPool::unreserve`].
    Unreserve { first: IpAddr, last: IpAddr },
    /// [`AddressPool::allocation`].
    Get { owner: String },
    /// [`AddressPool::owner`].
    OwnerOf { address: IpAddr },
    /// [`AddressPool::usage`].
    Usage {},
}

/// How full a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolUsage {
    /// How many owners have an address.
    pub allocated: usize,
    /// How many addresses of the range are free, at most 2⁶⁴ − 1.
    pub free: u64,
    /// Counts the changes of the pool.
    pub revision: u64,
}

/// What a pool answers. The wire form is that of the value inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IpamAnswer {
    /// What was given or taken back.
    Allocation(Allocation),
    /// What an owner has.
    Found {
        /// It; none when the owner has nothing.
        allocation: Option<Allocation>,
    },
    /// Who has an address.
    Owner {
        /// The owner; none when nobody has it.
        owner: Option<String>,
    },
    /// How full the pool is, also after changes that have nothing else to tell.
    Usage(PoolUsage),
}

impl AddressPool {
    /// Answers a question or makes a change.
    ///
    /// # Errors
    /// As the method that the command names.
    pub fn run(&mut self, command: IpamCommand) -> Result<IpamAnswer, IpamError> {
        match command {
            IpamCommand::Allocate { owner, address, mac_address, at } => {
                let request = AllocationRequest { owner, address, mac_address, at };
                return self.allocate(&request).map(IpamAnswer::Allocation);
            }
            IpamCommand::Release { owner } => {
                return self.release(&owner).map(IpamAnswer::Allocation);
            }
            IpamCommand::Reserve { first, last } => self.reserve(AddressRange { first, last })?,
            IpamCommand::Unreserve { first, last } => {
                self.unreserve(AddressRange { first, last })?;
            }
            IpamCommand::Get { owner } => {
                return Ok(IpamAnswer::Found { allocation: self.allocation(&owner).cloned() });
            }
            IpamCommand::OwnerOf { address } => {
                return Ok(IpamAnswer::Owner { owner: self.owner(address).map(str::to_owned) });
            }
            IpamCommand::Usage {} => {}
        }
        Ok(IpamAnswer::Usage(self.usage()))
    }
}
