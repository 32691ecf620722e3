//! Keeps one subscription to a host's events alive, and says where it had gaps.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tokio::sync::{broadcast, watch};

use crate::{
    Class, Connector, EVENT_QUEUE_MAX, Error, Event, EventSink, EventStream, Lane, Result,
    ResyncReason,
};

/// Longest wait between two tries to reconnect.
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// First wait; doubles each time.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
/// How often a quiet connection is asked whether it still stands.
const HEALTH_INTERVAL: Duration = Duration::from_secs(1);

/// How far the subscription has come.
#[derive(Clone, Debug, Default)]
struct Progress {
    epoch: u64,
    trouble: Option<Error>,
}

#[derive(Debug, Default)]
struct Signal {
    stop: bool,
    disconnected: bool,
}

#[derive(Debug)]
struct Shared {
    sender: broadcast::Sender<Event>,
    progress: watch::Sender<Progress>,
    signal: Mutex<Signal>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Signal> {
        self.signal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until stopped, disconnected or `limit`; whether to stop.
    fn wait(&self, limit: Duration) -> bool {
        let signal = self.lock();
        if signal.stop || signal.disconnected {
            return signal.stop;
        }
        let waited = self.changed.wait_timeout(signal, limit);
        waited.unwrap_or_else(PoisonError::into_inner).0.stop
    }
}

/// The supervisor of a host's events; started with the first stream, stopped with the host.
#[derive(Debug)]
pub(super) struct Supervisor {
    shared: Arc<Shared>,
    started: Mutex<bool>,
}

impl Supervisor {
    pub(super) fn new() -> Self {
        let shared = Arc::new(Shared {
            sender: broadcast::Sender::new(EVENT_QUEUE_MAX),
            progress: watch::Sender::new(Progress::default()),
            signal: Mutex::default(),
            changed: Condvar::new(),
        });
        Self { shared, started: Mutex::new(false) }
    }

    fn ensure_started(&self, connector: &Arc<dyn Connector>) -> Result<()> {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if !*started {
            let (shared, connector) = (Arc::clone(&self.shared), Arc::clone(connector));
            thread::Builder::new()
                .name("libvirt-watch".to_owned())
                .spawn(move || supervise(&shared, &*connector))
                .map_err(|error| Error::new(Class::Failed, OPERATION, error.to_string()))?;
            *started = true;
        }
        Ok(())
    }

    /// A stream of events from now on; waits for the subscription to stand.
    pub(super) async fn stream(&self, connector: &Arc<dyn Connector>) -> Result<EventStream> {
        let mut progress = self.shared.progress.subscribe();
        // Received from before the subscription is known to stand, so that nothing falls between.
        let receiver = self.shared.sender.subscribe();
        self.ensure_started(connector)?;
        let gone = |_| Error::new(Class::Failed, OPERATION, "the watcher of events has ended");
        let now = progress.wait_for(|now| now.epoch > 0 || now.trouble.is_some()).await;
        let now = now.map_err(gone)?.clone();
        match now.trouble {
            Some(trouble) if now.epoch == 0 => Err(trouble),
            _ => {
                let reason = ResyncReason::Started;
                let first = Some(Event::Resync { epoch: now.epoch, reason });
                Ok(EventStream { receiver, first, epoch: now.epoch })
            }
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
    }
}

const OPERATION: &str = "subscribe to events of";

fn supervise(shared: &Arc<Shared>, connector: &dyn Connector) {
    let mut backoff = BACKOFF_MIN;
    loop {
        shared.lock().disconnected = false;
        let connection = connector.connect(Lane::Events).and_then(|connection| {
            connection.subscribe(sink(shared))?;
            Ok(connection)
        });
        match connection {
            Ok(connection) => {
                backoff = BACKOFF_MIN;
                announce(shared);
                while connection.is_alive() && !shared.lock().disconnected {
                    if shared.wait(HEALTH_INTERVAL) {
                        return;
                    }
                }
            }
            Err(error) => {
                shared.progress.send_modify(|progress| progress.trouble = Some(error));
            }
        }
        shared.lock().disconnected = false;
        if shared.wait(backoff) {
            return;
        }
        backoff = (backoff * 2).min(BACKOFF_MAX);
    }
}

/// Tells everyone that the subscription stands again.
fn announce(shared: &Shared) {
    let mut epoch = 0;
    shared.progress.send_modify(|progress| {
        progress.epoch += 1;
        progress.trouble = None;
        epoch = progress.epoch;
    });
    if epoch > 1 {
        let reason = ResyncReason::Reconnected;
        // Without a reader there is nobody to tell.
        drop(shared.sender.send(Event::Resync { epoch, reason }));
    }
}

fn sink(shared: &Arc<Shared>) -> EventSink {
    let shared = Arc::downgrade(shared);
    Arc::new(move |event| {
        let Some(shared) = shared.upgrade() else { return };
        let disconnected = matches!(event, Event::Disconnected { .. });
        // Without a reader there is nobody to tell.
        drop(shared.sender.send(event));
        if disconnected {
            shared.lock().disconnected = true;
            shared.changed.notify_all();
        }
    })
}
