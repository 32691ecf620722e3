//! The backend on the C library.
//!
//! It uses `virt-sys` rather than the safe `virt` crate: that one has no events and no agent calls,
//! leaks in bulk statistics, reads a null message as a string, and panics when closing fails. All
//! the `unsafe` of the crate is in this module.
#![allow(unsafe_code, reason = "this module is the boundary to the C library")]

mod calls;
mod disk;
mod event_loop;
mod events;
mod filter;
mod handles;
mod job;
mod node;
mod nodedev;
mod place;
mod record;
mod session;
mod stats;
mod stream;
mod sys;
mod transfer;

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use self::handles::{Connection, c_string, last_error};
use crate::{Connector, Error, EventSink, Hypervisor, Lane, Result};

/// How a dead host is noticed: after `interval * (count + 1)` without a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// Time between two probes; whole seconds.
    pub interval: Duration,
    /// Probes that may stay unanswered.
    pub count: u32,
}

impl Default for KeepAlive {
    /// 5 s and 3 probes. Shorter ones kill connections of hosts that are merely busy.
    fn default() -> Self {
        Self { interval: Duration::from_secs(5), count: 3 }
    }
}

/// Connects to a libvirt URI.
#[derive(Clone, Debug)]
pub struct Libvirt {
    uri: String,
    keepalive: KeepAlive,
}

impl Libvirt {
    /// For a URI such as `qemu:///system` or `qemu+tcp://host/system`.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self { uri: uri.into(), keepalive: KeepAlive::default() }
    }

    /// The same with another keepalive.
    #[must_use]
    pub fn with_keepalive(mut self, keepalive: KeepAlive) -> Self {
        self.keepalive = keepalive;
        self
    }
}

impl Connector for Libvirt {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn connect(&self, _lane: Lane) -> Result<Arc<dyn Hypervisor>> {
        const OPERATION: &str = "connect to";
        event_loop::ensure_running().map_err(|error| error.about(&self.uri))?;
        let uri = c_string(OPERATION, &self.uri)?;
        // SAFETY: `uri` is a valid C string for the call; libvirt copies what it keeps.
        let raw = unsafe { sys::virConnectOpen(uri.as_ptr()) };
        let Some(connection) = Connection::adopt(raw) else {
            return Err(last_error(OPERATION).about(&self.uri));
        };
        let session = Session {
            watch: Arc::new(Watch::default()),
            subscriptions: Mutex::new(Vec::new()),
            connection,
        };
        session.watch_closing();
        let seconds = i32::try_from(self.keepalive.interval.as_secs().max(1)).unwrap_or(i32::MAX);
        // SAFETY: the connection is open. A driver inside this process has no keepalive and answers
        // with an error, which is no loss: there is no far side that could vanish.
        unsafe {
            sys::virConnectSetKeepAlive(session.connection.raw(), seconds, self.keepalive.count);
        }
        Ok(Arc::new(session))
    }
}

/// What the close callback of a connection sets and calls.
#[derive(Default)]
struct Watch {
    closed: AtomicBool,
    sink: Mutex<Option<EventSink>>,
}

impl Watch {
    fn lock_sink(&self) -> std::sync::MutexGuard<'_, Option<EventSink>> {
        self.sink.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// One open connection with its event registrations.
struct Session {
    watch: Arc<Watch>,
    subscriptions: Mutex<Vec<i32>>,
    connection: Connection,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("closed", &self.watch.closed).finish_non_exhaustive()
    }
}

impl Session {
    fn is_open(&self) -> bool {
        // SAFETY: the connection is open; for a remote driver this reads a flag and does no I/O.
        let alive = unsafe { sys::virConnectIsAlive(self.connection.raw()) };
        !self.watch.closed.load(Ordering::Acquire) && alive == 1
    }

    fn fail<T>(&self, operation: &'static str) -> Result<T> {
        let error = last_error(operation);
        if !self.is_open() && error.class() == crate::Class::Failed {
            // The daemon died under this call; the code alone does not tell.
            return Err(Error::new(crate::Class::ConnectionLost, operation, error.message()));
        }
        Err(error)
    }
}

/// Whether a driver refused a call only because it does not know a flag.
fn flags_unknown(error: &Error) -> bool {
    error.message().contains("unsupported flags") || error.message().contains("Unsupported flags")
}
