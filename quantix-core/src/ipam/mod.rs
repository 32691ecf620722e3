//! Addresses for network interfaces: which are free, who has which, and since when.
//!
//! An [`AddressPool`] gives out the addresses of one network and Ethernet addresses beside them. It is
//! plain data and pure functions: the same pool and the same commands give the same addresses, the
//! lowest free one first. Storing the pool, and letting one change at a time through by its
//! `revision`, is the caller's business.
//!
//! ```
//! use quantix_core::ipam::{AddressPool, AllocationRequest, SubnetPool};
//! let pool = SubnetPool::new("lan".parse()?, "10.0.0.0/29".parse()?);
//! let mut pool = AddressPool::new(pool).expect("the pool is valid");
//! let at = "2026-01-31T12:00:00Z".parse()?;
//! let web = pool.allocate(&AllocationRequest::new("web/nic0", at))?;
//! assert_eq!(web.address.to_string(), "10.0.0.1");
//! assert_eq!(web.mac_address.unwrap().to_string(), "fa:16:3e:00:00:00");
//! // Asking again is safe: the owner has it already.
//! assert_eq!(pool.allocate(&AllocationRequest::new("web/nic0", at))?, web);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod command;
mod document;
mod error;
mod pool;
mod runs;

#[cfg(test)]
mod tests;

pub use command::{IpamAnswer, IpamCommand, PoolUsage};
pub use document::{ALLOCATIONS_MAX, AddressRange, Allocation, RESERVED_MAX, SubnetPool};
pub use error::IpamError;
pub use pool::{AddressPool, AllocationRequest};
