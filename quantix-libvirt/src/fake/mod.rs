//! A host that exists only in memory, with faults on demand.

mod calls;
mod connection;
mod content;
mod counters;
mod devices;
mod disks;
mod guest;
mod moments;
mod network;
mod record;
mod storage;
mod streams;
mod travel;
mod world;

use std::sync::Arc;

use quantix_core::VmId;

use self::{connection::FakeConnection, world::World};
pub use self::{
    content::FAKE_VOLUME_BYTES_MAX,
    guest::FakeGuest,
    world::{Fault, FaultKind},
};
use crate::{Class, Connector, DomainState, Error, Hypervisor, Lane, Result};

/// A fake hypervisor host for tests: domains with their states, events, guests with agents, and
/// faults that happen exactly when the test says, or at random from a seed.
///
/// Clones are the same host. It holds to what libvirt was measured to do: names and UUIDs clash,
/// a hung guest blocks the calls that need it and the first bulk statistics but not the second,
/// destroying works on it all the same, a device leaves only when the guest lets it.
///
/// ```
/// # async fn example() -> quantix_libvirt::Result<()> {
/// use quantix_libvirt::{Class, FakeHost, Fault, FaultKind, Host};
/// let fake = FakeHost::new(1);
/// fake.inject(Fault::once("node_info", FaultKind::Refuse(Class::Denied)));
/// let host = Host::connect(fake).await?;
/// assert_eq!(host.node_info().await.unwrap_err().class(), Class::Denied);
/// assert!(host.node_info().await.is_ok());
/// # Ok(()) }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
/// #     .block_on(example()).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct FakeHost {
    world: Arc<World>,
}

impl FakeHost {
    /// An empty host. The seed decides what [`FakeHost::inject_at_random`] does.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { world: Arc::new(World::new(seed)) }
    }

    /// Makes a fault happen.
    pub fn inject(&self, fault: Fault) {
        self.world.lock().faults.push(fault);
    }

    /// Makes one call in `one_in` fail, drawn from the seed: refused as retryable, half done, or
    /// with the connection lost. Zero ends it.
    pub fn inject_at_random(&self, one_in: u32) {
        self.world.lock().random_one_in = one_in;
    }

    /// Lets every call that hangs go on.
    pub fn release(&self) {
        self.world.update(|inner| inner.releases += 1);
    }

    /// Cuts the network: calls hang until [`FakeHost::heal`], and then find the connection lost.
    pub fn partition(&self) {
        self.world.update(|inner| inner.partitioned = true);
    }

    /// Mends the network.
    pub fn heal(&self) {
        self.world.update(|inner| {
            inner.partitioned = false;
            inner.drop_connections(false);
        });
    }

    /// Ends every connection, as a crash of the daemon does; domains run on.
    pub fn restart_daemon(&self) {
        self.world.update(|inner| inner.drop_connections(true));
    }

    /// Ends every connection and every domain, then starts those with autostart.
    pub fn reboot(&self) {
        self.world.update(world::Inner::reboot);
    }

    /// Swallows the next events.
    pub fn lose_events(&self, count: u32) {
        self.world.lock().events_to_lose = count;
    }

    /// Sets what the guest of a domain does; `false` where there is no such domain.
    pub fn set_guest(&self, id: VmId, guest: FakeGuest) -> bool {
        self.world.update(|inner| match inner.domains.get_mut(&id) {
            Some(domain) => {
                domain.guest = guest;
                true
            }
            None => false,
        })
    }

    /// Gives the host another name; its UUID follows from its seed.
    pub fn set_host_name(&self, name: &str) {
        name.clone_into(&mut self.world.lock().host_name);
    }

    /// Makes another host reachable from this one: a migration that names `uri` goes there.
    ///
    /// Its calls on the other side can be hit by faults under the names `migrate_prepare` (before
    /// anything moves) and `migrate_finish` (at the last moment; half done, the domain runs there
    /// and waits here, paused). A move with a limited bandwidth goes on as its job is looked at.
    pub fn reach(&self, uri: &str, other: &FakeHost) {
        self.world.lock().others.insert(uri.to_owned(), Arc::clone(&other.world));
    }

    /// The state of a domain, seen from outside.
    #[must_use]
    pub fn state_of(&self, id: VmId) -> Option<DomainState> {
        self.world.lock().domains.get(&id).map(|domain| domain.state)
    }

    /// The calls that were made, by the names of [`Hypervisor`]'s methods.
    #[must_use]
    pub fn calls(&self) -> Vec<&'static str> {
        self.world.lock().calls.clone()
    }
}

impl Connector for FakeHost {
    fn uri(&self) -> &'static str {
        "fake:///"
    }

    fn connect(&self, _lane: Lane) -> Result<Arc<dyn Hypervisor>> {
        let mut inner = self.world.lock();
        inner.calls.push("connect");
        while inner.partitioned {
            inner = self.world.wait(inner);
        }
        if let Some(FaultKind::Refuse(class)) = inner.take_fault("connect", None) {
            return Err(Error::new(class, "connect to", "refused by an injected fault"));
        }
        let number = inner.open_connection();
        Ok(Arc::new(FakeConnection::new(Arc::clone(&self.world), number)))
    }
}

/// The error of a connection that was lost.
fn lost(operation: &'static str) -> Error {
    Error::new(Class::ConnectionLost, operation, "the connection was closed")
}
