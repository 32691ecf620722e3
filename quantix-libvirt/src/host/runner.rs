//! Lanes: the threads that make blocking calls, and what happens when one never comes back.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, timeout_at},
};

use crate::{Class, Connector, Error, Hypervisor, Lane, Result};

/// Calls in flight per connection. libvirt's daemon stops reading a client that has more than
/// five, and then its own keepalive kills the connection.
pub const CALLS_IN_FLIGHT_MAX: usize = 4;

/// Connections per lane that may be given up because all of their calls hang.
pub const CONNECTIONS_GIVEN_UP_MAX: usize = 4;

type Job = Box<dyn FnOnce(Result<Arc<dyn Hypervisor>>) -> Option<Error> + Send>;

/// One connection with the threads that call on it.
struct Pipe {
    slots: Arc<Semaphore>,
    jobs: mpsc::Sender<Job>,
    work: Arc<Work>,
    /// Calls that outlived their deadline and still run.
    stuck: Arc<AtomicUsize>,
}

struct Work {
    jobs: Mutex<mpsc::Receiver<Job>>,
    connection: Mutex<Option<Arc<dyn Hypervisor>>>,
    connector: Arc<dyn Connector>,
    lane: Lane,
    threads: Mutex<usize>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Work {
    /// The standing connection, or a new one.
    fn connection(&self) -> Result<Arc<dyn Hypervisor>> {
        let mut slot = lock(&self.connection);
        if let Some(connection) = slot.as_ref().filter(|connection| connection.is_alive()) {
            return Ok(Arc::clone(connection));
        }
        *slot = None;
        let connection = self.connector.connect(self.lane)?;
        *slot = Some(Arc::clone(&connection));
        Ok(connection)
    }

    fn forget(&self, lost: &Arc<dyn Hypervisor>) {
        let mut slot = lock(&self.connection);
        if slot.as_ref().is_some_and(|connection| Arc::ptr_eq(connection, lost)) {
            *slot = None;
        }
    }

    fn run(&self) {
        loop {
            let Ok(job) = lock(&self.jobs).recv() else { return };
            let connection = self.connection();
            let used = connection.as_ref().ok().map(Arc::clone);
            let error = job(connection);
            if let (Some(error), Some(used)) = (error, used)
                && error.class() == Class::ConnectionLost
            {
                self.forget(&used);
            }
        }
    }
}

impl Pipe {
    fn new(connector: Arc<dyn Connector>, lane: Lane) -> Self {
        let (jobs, receiver) = mpsc::channel();
        let work = Work {
            jobs: Mutex::new(receiver),
            connection: Mutex::new(None),
            connector,
            lane,
            threads: Mutex::new(0),
        };
        let slots = Arc::new(Semaphore::new(CALLS_IN_FLIGHT_MAX));
        Self { slots, jobs, work: Arc::new(work), stuck: Arc::default() }
    }

    /// Hands a job to a thread. The caller holds a slot, and there are at least as many threads as
    /// slots taken, so a job never waits behind one that hangs.
    fn submit(&self, job: Job) -> std::io::Result<()> {
        let taken = CALLS_IN_FLIGHT_MAX - self.slots.available_permits();
        let mut threads = lock(&self.work.threads);
        while *threads < taken {
            let work = Arc::clone(&self.work);
            thread::Builder::new().name("libvirt-call".to_owned()).spawn(move || work.run())?;
            *threads += 1;
        }
        drop(threads);
        // The receiver lives in `work`, which lives as long as this pipe.
        self.jobs.send(job).map_err(|_| std::io::Error::other("the lane has ended"))
    }
}

const WAITING: u8 = 0;
const GIVEN_UP: u8 = 1;
const ANSWERED: u8 = 2;

/// The caller's side of a running call: dropped before the answer, it counts the call as stuck.
struct Waiter {
    state: Arc<AtomicU8>,
    stuck: Arc<AtomicUsize>,
}

impl Drop for Waiter {
    fn drop(&mut self) {
        // Counted first: the call may end between the two steps, and then takes itself off again.
        self.stuck.fetch_add(1, Ordering::AcqRel);
        if self.state.swap(GIVEN_UP, Ordering::AcqRel) == ANSWERED {
            self.stuck.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// One lane of a host.
pub(super) struct Runner {
    lane: Lane,
    connector: Arc<dyn Connector>,
    pipe: Mutex<Arc<Pipe>>,
    /// Pipes that were given up and whose calls have not all come back.
    given_up: Mutex<Vec<Arc<Pipe>>>,
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("lane", &self.lane).field("stuck", &self.stuck()).finish()
    }
}

/// What a call is, for its deadline and its messages.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) operation: &'static str,
    pub(super) limit: Duration,
    pub(super) until: Instant,
}

impl Runner {
    pub(super) fn new(connector: Arc<dyn Connector>, lane: Lane) -> Self {
        let pipe = Mutex::new(Arc::new(Pipe::new(Arc::clone(&connector), lane)));
        Self { lane, connector, pipe, given_up: Mutex::new(Vec::new()) }
    }

    /// Calls of this lane that outlived their deadline and still run.
    pub(super) fn stuck(&self) -> usize {
        let old: usize =
            lock(&self.given_up).iter().map(|pipe| pipe.stuck.load(Ordering::Acquire)).sum();
        old + lock(&self.pipe).stuck.load(Ordering::Acquire)
    }

    /// The pipe to use: a fresh one where every call of the present one hangs.
    fn usable_pipe(&self, operation: &'static str) -> Result<Arc<Pipe>> {
        let mut pipe = lock(&self.pipe);
        if pipe.stuck.load(Ordering::Acquire) < CALLS_IN_FLIGHT_MAX {
            return Ok(Arc::clone(&pipe));
        }
        let mut given_up = lock(&self.given_up);
        given_up.retain(|pipe| pipe.stuck.load(Ordering::Acquire) > 0);
        if given_up.len() >= CONNECTIONS_GIVEN_UP_MAX {
            let text = "too many earlier calls hang and hold their connections";
            return Err(Error::new(Class::Busy, operation, text)
                .about(self.connector.uri())
                .with_remedy("check the host; restart its libvirtd if it does not recover"));
        }
        let fresh = Arc::new(Pipe::new(Arc::clone(&self.connector), self.lane));
        given_up.push(std::mem::replace(&mut *pipe, Arc::clone(&fresh)));
        Ok(fresh)
    }

    /// Makes a call on a worker thread and waits for it until its deadline. `held` is released
    /// when the call has truly ended, which may be long after the deadline.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        call: &Call,
        held: impl Send + 'static,
        body: impl FnOnce(&dyn Hypervisor) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let pipe = self.usable_pipe(call.operation)?;
        let slot = timeout_at(call.until, Arc::clone(&pipe.slots).acquire_owned());
        let slot = match slot.await {
            Ok(Ok(slot)) => slot,
            Ok(Err(_)) | Err(_) => {
                return Err(Error::deadline(
                    call.operation,
                    call.limit,
                    "all calls of this connection were busy with others",
                ));
            }
        };
        let (answer, receiver) = oneshot::channel();
        let state = Arc::new(AtomicU8::new(WAITING));
        let waiter = Waiter { state: Arc::clone(&state), stuck: Arc::clone(&pipe.stuck) };
        let (stuck, operation) = (Arc::clone(&pipe.stuck), call.operation);
        pipe.submit(Box::new(move |connection| {
            let outcome = connection.and_then(|connection| {
                catch_unwind(AssertUnwindSafe(|| body(&*connection))).unwrap_or_else(|_| {
                    Err(Error::new(Class::Failed, operation, "the backend panicked"))
                })
            });
            let error = outcome.as_ref().err().cloned();
            finish(&state, &stuck, slot, held);
            // Nobody may be waiting any more; the answer is then of no use to anyone.
            drop(answer.send(outcome));
            error
        }))
        .map_err(|error| Error::new(Class::Failed, call.operation, error.to_string()))?;
        let outcome = timeout_at(call.until, receiver).await;
        drop(waiter);
        match outcome {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Error::new(Class::Failed, call.operation, "the lane has ended")),
            Err(_) => Err(Error::deadline(
                call.operation,
                call.limit,
                "whether it took effect is not known",
            )),
        }
    }
}

/// Gives the slot and what was held back; then nothing of the call remains.
fn finish(state: &AtomicU8, stuck: &AtomicUsize, slot: OwnedSemaphorePermit, held: impl Send) {
    if state.swap(ANSWERED, Ordering::AcqRel) == GIVEN_UP {
        stuck.fetch_sub(1, Ordering::AcqRel);
    }
    drop(held);
    drop(slot);
}
