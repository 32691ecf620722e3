//! Events of a host, and the stream that delivers them without ever losing one silently.

use serde::Serialize;
use tokio::sync::broadcast;

use crate::{DomainRef, DomainState};

/// How many events may wait for a slow reader before it is told to resynchronise.
pub const EVENT_QUEUE_MAX: usize = 4096;

/// Why what a reader knows may be stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResyncReason {
    /// The stream has just begun: read the present state once.
    Started,
    /// The connection was lost and made again; events between are gone.
    Reconnected,
    /// The reader was too slow; this many events were dropped.
    Overflow(u64),
}

/// What happened to a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// A definition was made or changed.
    Defined,
    /// The definition was removed.
    Undefined,
    /// It runs.
    Started,
    /// It is paused.
    Suspended,
    /// It runs again.
    Resumed,
    /// It is off.
    Stopped,
    /// The guest has shut down; the process is about to end.
    Shutdown,
    /// The guest suspended itself.
    PmSuspended,
    /// It crashed.
    Crashed,
}

impl Lifecycle {
    /// From libvirt's `virDomainEventType`.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Some(match number {
            0 => Self::Defined,
            1 => Self::Undefined,
            2 => Self::Started,
            3 => Self::Suspended,
            4 => Self::Resumed,
            5 => Self::Stopped,
            6 => Self::Shutdown,
            7 => Self::PmSuspended,
            8 => Self::Crashed,
            _ => return None,
        })
    }

    /// The state that follows, where one does.
    #[must_use]
    pub fn state(self) -> Option<DomainState> {
        Some(match self {
            Self::Defined | Self::Undefined => return None,
            Self::Started | Self::Resumed => DomainState::Running,
            Self::Suspended => DomainState::Paused,
            Self::Stopped => DomainState::ShutOff,
            Self::Shutdown => DomainState::ShuttingDown,
            Self::PmSuspended => DomainState::Suspended,
            Self::Crashed => DomainState::Crashed,
        })
    }
}

/// One thing that happened on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// What the reader knows may be stale: read the state again, then go on.
    Resync {
        /// Counts connections of the stream, from 1.
        epoch: u64,
        /// Why.
        reason: ResyncReason,
    },
    /// A domain changed its state.
    Lifecycle {
        /// The domain.
        domain: DomainRef,
        /// What happened.
        what: Lifecycle,
        /// libvirt's detail number for this kind of change.
        detail: i32,
    },
    /// The guest rebooted.
    Rebooted {
        /// The domain.
        domain: DomainRef,
    },
    /// The guest agent came or went.
    Agent {
        /// The domain.
        domain: DomainRef,
        /// Whether it can be called now.
        connected: bool,
    },
    /// A device has left the guest: a hot-unplug is complete.
    DeviceRemoved {
        /// The domain.
        domain: DomainRef,
        /// libvirt's alias of the device.
        alias: String,
    },
    /// The guest refused to release a device.
    DeviceRemovalFailed {
        /// The domain.
        domain: DomainRef,
        /// libvirt's alias of the device.
        alias: String,
    },
    /// A block job ended or became ready.
    BlockJob {
        /// The domain.
        domain: DomainRef,
        /// Target of the disk, such as `vda`.
        disk: String,
        /// libvirt's `virDomainBlockJobType`.
        kind: i32,
        /// libvirt's `virConnectDomainEventBlockJobStatus`.
        status: i32,
    },
    /// A disk failed or filled up.
    IoError {
        /// The domain.
        domain: DomainRef,
        /// libvirt's alias of the device.
        alias: String,
        /// Why, such as `enospc`; empty where the host does not say.
        reason: String,
    },
    /// The memory balloon changed.
    Balloon {
        /// The domain.
        domain: DomainRef,
        /// The guest's memory now, in KiB.
        actual_kib: u64,
    },
    /// The connection is gone; a `Resync` follows once it is back.
    Disconnected {
        /// libvirt's `virConnectCloseReason`.
        reason: i32,
    },
}

impl Event {
    /// The domain that the event is about.
    #[must_use]
    pub fn domain(&self) -> Option<&DomainRef> {
        match self {
            Self::Resync { .. } | Self::Disconnected { .. } => None,
            Self::Lifecycle { domain, .. }
            | Self::Rebooted { domain }
            | Self::Agent { domain, .. }
            | Self::DeviceRemoved { domain, .. }
            | Self::DeviceRemovalFailed { domain, .. }
            | Self::BlockJob { domain, .. }
            | Self::IoError { domain, .. }
            | Self::Balloon { domain, .. } => Some(domain),
        }
    }
}

/// The events of one host, in order.
///
/// The first item is a [`Event::Resync`]; another follows wherever events may have been lost.
/// Between two of them nothing is missing.
#[derive(Debug)]
pub struct EventStream {
    pub(crate) receiver: broadcast::Receiver<Event>,
    pub(crate) first: Option<Event>,
    pub(crate) epoch: u64,
}

impl EventStream {
    /// The next event, or `None` when the host was closed.
    pub async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        match self.receiver.recv().await {
            Ok(event) => {
                if let Event::Resync { epoch, .. } = event {
                    self.epoch = epoch;
                }
                Some(event)
            }
            Err(broadcast::error::RecvError::Lagged(lost)) => {
                let reason = ResyncReason::Overflow(lost);
                Some(Event::Resync { epoch: self.epoch, reason })
            }
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
