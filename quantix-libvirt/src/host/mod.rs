//! The host: every call with a deadline, in a lane, and fenced where a guest hangs.

mod calls;
mod console;
mod disks;
mod events;
mod quarantine;
mod resources;
mod runner;

use std::{fmt, sync::Arc, time::Duration};

use quantix_core::VmId;
use tokio::time::{Instant, timeout_at};

pub use self::console::{CONSOLE_CHUNKS_MAX, Console};
pub use self::disks::{BlockJob, BlockJobState};
pub use self::runner::{CALLS_IN_FLIGHT_MAX, CONNECTIONS_GIVEN_UP_MAX};
use self::{
    events::Supervisor,
    quarantine::Gates,
    runner::{Call, Runner},
};
use crate::{Class, Connector, Error, EventStream, Hypervisor, Lane, Result};

/// The deadline of a call where the caller sets none.
pub const CALL_DEADLINE: Duration = Duration::from_secs(30);

/// How long a destroyed domain's hanging calls are waited for. They end with its process.
const SETTLE_LIMIT: Duration = Duration::from_secs(10);

/// One libvirt host.
///
/// Cheap to clone; clones share connections. Every call ends by its deadline, [`CALL_DEADLINE`] or
/// what [`Host::within`] says, with an answer or an [`Error`] of [`Class::Deadline`]. The C library
/// cannot be interrupted, so such a call may still take effect later: it goes on in its thread,
/// and until it returns other calls on the same domain are refused (quarantine), while the rest
/// of the host works as before.
///
/// ```
/// # async fn example() -> quantix_libvirt::Result<()> {
/// use quantix_libvirt::{FakeHost, Host};
/// let host = Host::connect(FakeHost::new(1)).await?;
/// assert!(host.domains().await?.is_empty());
/// # Ok(()) }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
/// #     .block_on(example()).unwrap();
/// ```
#[derive(Clone)]
pub struct Host {
    shared: Arc<Shared>,
    limit: Duration,
}

struct Shared {
    connector: Arc<dyn Connector>,
    control: Runner,
    stats: Runner,
    agent: Runner,
    job: Runner,
    gates: Arc<Gates>,
    events: Supervisor,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("uri", &self.uri())
            .field("limit", &self.limit)
            .field("stuck_calls", &self.stuck_calls())
            .finish_non_exhaustive()
    }
}

/// How a call treats the domain that it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// It is about the host.
    Host,
    /// It may need the domain's monitor or agent: one at a time, none in quarantine.
    Guest(VmId),
    /// It works on a domain even when its guest hangs.
    Record(VmId),
}

impl Host {
    /// Connects.
    ///
    /// # Errors
    /// When the host cannot be reached within [`CALL_DEADLINE`], or refuses.
    pub async fn connect(connector: impl Connector + 'static) -> Result<Self> {
        Self::connect_within(connector, CALL_DEADLINE).await
    }

    /// Connects within a deadline, which is then the one of every call.
    ///
    /// # Errors
    /// As [`Host::connect`].
    pub async fn connect_within(
        connector: impl Connector + 'static,
        limit: Duration,
    ) -> Result<Self> {
        let connector: Arc<dyn Connector> = Arc::new(connector);
        let runner = |lane| Runner::new(Arc::clone(&connector), lane);
        let shared = Shared {
            control: runner(Lane::Control),
            stats: runner(Lane::Stats),
            agent: runner(Lane::Agent),
            job: runner(Lane::Job),
            gates: Arc::default(),
            events: Supervisor::new(),
            connector,
        };
        let host = Self { shared: Arc::new(shared), limit };
        host.act(Lane::Control, "connect to", Target::Host, |_| Ok(())).await?;
        Ok(host)
    }

    /// The same host with another deadline for each call.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        Self { shared: Arc::clone(&self.shared), limit }
    }

    /// The deadline of each call.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.limit
    }

    /// The connection URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.shared.connector.uri()
    }

    /// The domains that are in quarantine: a call on each missed its deadline and has not returned.
    #[must_use]
    pub fn quarantined(&self) -> Vec<VmId> {
        self.shared.gates.silent()
    }

    /// Calls that outlived their deadlines and still occupy a thread.
    #[must_use]
    pub fn stuck_calls(&self) -> usize {
        let shared = &self.shared;
        [&shared.control, &shared.stats, &shared.agent, &shared.job]
            .into_iter()
            .map(Runner::stuck)
            .sum()
    }

    /// The host's events from now on. Reconnects by itself; see [`EventStream`].
    ///
    /// # Errors
    /// When the first subscription fails, or does not stand by the deadline.
    pub async fn events(&self) -> Result<EventStream> {
        let call = self.call("subscribe to events of");
        match timeout_at(call.until, self.shared.events.stream(&self.shared.connector)).await {
            Ok(outcome) => outcome.map_err(|error| error.about(self.uri())),
            Err(_) => Err(Error::deadline(call.operation, call.limit, "the host did not answer")
                .about(self.uri())),
        }
    }

    fn call(&self, operation: &'static str) -> Call {
        Call { operation, limit: self.limit, until: deadline_after(self.limit) }
    }

    /// Waits a moment for a call that hangs on a domain to end.
    async fn settle(&self, id: VmId) {
        let until = deadline_after(self.limit.min(SETTLE_LIMIT));
        self.shared.gates.settle(id, until).await;
    }

    fn runner(&self, lane: Lane) -> &Runner {
        match lane {
            Lane::Control | Lane::Events => &self.shared.control,
            Lane::Stats => &self.shared.stats,
            Lane::Agent => &self.shared.agent,
            Lane::Job => &self.shared.job,
        }
    }

    /// Makes one call, once.
    pub(crate) async fn act<T: Send + 'static>(
        &self,
        lane: Lane,
        operation: &'static str,
        target: Target,
        body: impl FnOnce(&dyn Hypervisor) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.attempt(lane, &self.call(operation), target, body).await
    }

    /// Makes a call that changes nothing; once more where the connection broke under it.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        lane: Lane,
        operation: &'static str,
        target: Target,
        body: impl Fn(&dyn Hypervisor) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T> {
        let call = self.call(operation);
        match self.attempt(lane, &call, target, body.clone()).await {
            Err(error) if error.class() == Class::ConnectionLost => {
                self.attempt(lane, &call, target, body).await
            }
            outcome => outcome,
        }
    }

    async fn attempt<T: Send + 'static>(
        &self,
        lane: Lane,
        call: &Call,
        target: Target,
        body: impl FnOnce(&dyn Hypervisor) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let runner = self.runner(lane);
        match target {
            Target::Host => {
                runner.call(call, (), body).await.map_err(|error| error.about(self.uri()))
            }
            Target::Record(id) => {
                runner.call(call, (), body).await.map_err(|error| error.about(id))
            }
            Target::Guest(id) => {
                let turn = self.shared.gates.enter(id, call).await?;
                let outcome = runner.call(call, turn, body).await;
                if outcome.as_ref().is_err_and(|error| error.class() == Class::Deadline) {
                    self.shared.gates.silence(id, call.operation);
                }
                outcome.map_err(|error| error.about(id))
            }
        }
    }
}

/// The moment after which a call is given up; far away where the duration has no end.
fn deadline_after(limit: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365);
    Instant::now() + limit.min(FAR)
}
