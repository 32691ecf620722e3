//! The state of a fake host, and the faults that wait in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use quantix_core::VmId;

use super::{
    FakeGuest,
    disks::FakeBlockJob,
    moments::{FakeJob, FakeSnapshot},
    network,
    network::FakeNetwork,
    storage,
    storage::FakePool,
    streams,
    streams::OpenConsole,
};
use crate::{
    CheckpointInfo, Class, DomainRef, DomainState, Event, EventSink, JobInfo, Lifecycle, Throttle,
};

/// A fault to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The call that it hits, by the name of its method of [`crate::Hypervisor`], or `connect`.
    pub call: &'static str,
    /// The domain that the call must be about; any where absent.
    pub domain: Option<VmId>,
    /// How many such calls pass before.
    pub skip: u32,
    /// How many such calls it hits.
    pub times: u32,
    /// What happens.
    pub kind: FaultKind,
}

/// What a fault does to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It does not return until [`super::FakeHost::release`].
    Hang,
    /// It is refused and does nothing.
    Refuse(Class),
    /// It takes effect, and then fails.
    HalfDone,
    /// The connection breaks before it takes effect.
    LoseConnection,
}

impl Fault {
    /// A fault of the next call of a name.
    #[must_use]
    pub fn once(call: &'static str, kind: FaultKind) -> Self {
        Self { call, domain: None, skip: 0, times: 1, kind }
    }

    /// The same for the calls about one domain.
    #[must_use]
    pub fn of(mut self, domain: VmId) -> Self {
        self.domain = Some(domain);
        self
    }

    /// The same after some calls have passed.
    #[must_use]
    pub fn after(mut self, calls: u32) -> Self {
        self.skip = calls;
        self
    }

    /// The same for every call from then on.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = u32::MAX;
        self
    }
}

/// A fake domain.
#[derive(Clone, Debug)]
pub(super) struct FakeDomain {
    pub(super) name: String,
    pub(super) xml: String,
    /// What runs, where it differs from the definition.
    pub(super) live_xml: Option<String>,
    pub(super) state: DomainState,
    pub(super) autostart: bool,
    pub(super) managed_save: bool,
    pub(super) guest: FakeGuest,
    /// Whether bulk statistics have noticed that the guest hangs.
    pub(super) known_busy: bool,
    pub(super) snapshots: Vec<FakeSnapshot>,
    pub(super) checkpoints: Vec<CheckpointInfo>,
    pub(super) job: Option<FakeJob>,
    pub(super) finished_job: Option<JobInfo>,
    /// How often its counters were read since it started.
    pub(super) readings: u64,
    /// How many of its file systems are frozen.
    pub(super) frozen: u32,
    pub(super) block_jobs: BTreeMap<String, FakeBlockJob>,
    /// The limits of its disks: of what runs, and of its next boot.
    pub(super) throttles: BTreeMap<String, [Throttle; 2]>,
}

impl FakeDomain {
    pub(super) fn new(name: String, xml: String) -> Self {
        Self {
            name,
            xml,
            live_xml: None,
            state: DomainState::ShutOff,
            autostart: false,
            managed_save: false,
            guest: FakeGuest::default(),
            known_busy: false,
            snapshots: Vec::new(),
            checkpoints: Vec::new(),
            job: None,
            finished_job: None,
            readings: 0,
            frozen: 0,
            block_jobs: BTreeMap::new(),
            throttles: BTreeMap::new(),
        }
    }

    /// Ends all that lives only while it runs.
    pub(super) fn stop(&mut self) {
        self.live_xml = None;
        self.known_busy = false;
        self.guest.hung = false;
        self.job = None;
        self.readings = 0;
        self.frozen = 0;
        self.block_jobs.clear();
        for [live, next] in self.throttles.values_mut() {
            *live = *next;
        }
    }
}

/// Everything that a fake host is.
#[derive(Default)]
pub(super) struct Inner {
    pub(super) domains: BTreeMap<VmId, FakeDomain>,
    pub(super) pools: BTreeMap<String, FakePool>,
    pub(super) networks: BTreeMap<String, FakeNetwork>,
    pub(super) filters: BTreeMap<String, String>,
    /// Images that disks were given, and what is under each.
    pub(super) images: BTreeMap<String, Option<String>>,
    pub(super) consoles: BTreeMap<VmId, OpenConsole>,
    pub(super) consoles_opened: u64,
    /// Hosts that this one reaches, by the URI that a move names.
    pub(super) others: BTreeMap<String, Arc<World>>,
    /// How often the host has started again.
    pub(super) boots: u64,
    /// Counts the moments that are written down.
    pub(super) moments: u64,
    pub(super) seed: u64,
    pub(super) host_name: String,
    pub(super) faults: Vec<Fault>,
    pub(super) random: u64,
    pub(super) random_one_in: u32,
    pub(super) events_to_lose: u32,
    pub(super) partitioned: bool,
    /// Counts releases: a hung call waits for the next one.
    pub(super) releases: u64,
    pub(super) calls: Vec<&'static str>,
    connections: BTreeSet<u64>,
    connections_made: u64,
    sinks: BTreeMap<u64, EventSink>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("domains", &self.domains).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(super) struct World {
    inner: Mutex<Inner>,
    changed: Condvar,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let host_name = "fake".to_owned();
        let inner = Inner { random: seed, seed, host_name, ..Inner::default() };
        Self { inner: Mutex::new(inner), changed: Condvar::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wait<'g>(&self, guard: MutexGuard<'g, Inner>) -> MutexGuard<'g, Inner> {
        self.changed.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change, but not long.
    pub(super) fn wait_a_moment<'g>(&self, guard: MutexGuard<'g, Inner>) -> MutexGuard<'g, Inner> {
        let moment = std::time::Duration::from_millis(5);
        let waited = self.changed.wait_timeout(guard, moment);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Changes the world and wakes everything that waits in it.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let outcome = change(&mut self.lock());
        self.changed.notify_all();
        outcome
    }
}

impl Inner {
    pub(super) fn open_connection(&mut self) -> u64 {
        self.connections_made += 1;
        self.connections.insert(self.connections_made);
        self.connections_made
    }

    pub(super) fn is_open(&self, connection: u64) -> bool {
        self.connections.contains(&connection)
    }

    pub(super) fn close(&mut self, connection: u64) {
        self.connections.remove(&connection);
        self.sinks.remove(&connection);
        streams::close_lost(&mut self.consoles, |other| other != connection);
    }

    pub(super) fn subscribe(&mut self, connection: u64, sink: EventSink) {
        self.sinks.insert(connection, sink);
    }

    /// Ends every connection; those with a way to hear of it are told.
    pub(super) fn drop_connections(&mut self, tell: bool) {
        self.connections.clear();
        streams::close_lost(&mut self.consoles, |_| false);
        for sink in std::mem::take(&mut self.sinks).into_values() {
            if tell {
                sink(Event::Disconnected { reason: 1 });
            }
        }
    }

    pub(super) fn reboot(&mut self) {
        self.drop_connections(true);
        self.boots += 1;
        for domain in self.domains.values_mut() {
            domain.stop();
            domain.state =
                if domain.autostart { DomainState::Running } else { DomainState::ShutOff };
        }
        storage::reboot(self);
        network::reboot(self);
    }

    pub(super) fn emit(&mut self, event: &Event) {
        if self.events_to_lose > 0 {
            self.events_to_lose -= 1;
            return;
        }
        for sink in self.sinks.values() {
            sink(event.clone());
        }
    }

    pub(super) fn emit_lifecycle(&mut self, id: VmId, what: Lifecycle) {
        if let Some(domain) = self.domains.get(&id) {
            let domain = DomainRef { name: domain.name.clone(), id };
            self.emit(&Event::Lifecycle { domain, what, detail: 0 });
        }
    }

    /// The fault that hits a call, if one does; it is used up.
    pub(super) fn take_fault(&mut self, call: &str, id: Option<VmId>) -> Option<FaultKind> {
        for fault in &mut self.faults {
            let is_meant = fault.call == call
                && (fault.domain.is_none() || fault.domain == id)
                && fault.times > 0;
            if !is_meant {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if fault.times != u32::MAX {
                fault.times -= 1;
            }
            return Some(fault.kind);
        }
        self.random_fault()
    }

    fn random_fault(&mut self) -> Option<FaultKind> {
        if self.random_one_in == 0 {
            return None;
        }
        let draw = self.draw();
        if !draw.is_multiple_of(u64::from(self.random_one_in)) {
            return None;
        }
        Some(match (draw >> 32) % 3 {
            0 => FaultKind::Refuse(Class::Retryable),
            1 => FaultKind::HalfDone,
            _ => FaultKind::LoseConnection,
        })
    }

    /// A UUID for what was defined without one.
    pub(super) fn draw_uuid(&mut self) -> String {
        let number = u128::from(self.draw()) << 64 | u128::from(self.draw());
        uuid::Builder::from_random_bytes(number.to_be_bytes()).into_uuid().to_string()
    }

    /// SplitMix64: small, well spread, and the same everywhere.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
