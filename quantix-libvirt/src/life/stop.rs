//! Stopping by a ladder: agent, power button, plug, within a budget that the caller sets.

use std::time::Duration;

use quantix_core::VmId;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use crate::{Class, DomainState, Error, Event, EventStream, Host, Lifecycle, PowerRequest, Result};

/// The longest that a ladder waits for the agent to take the request. A guest without a working
/// agent must not eat the time in which its power button would have worked.
const AGENT_PATIENCE: Duration = Duration::from_secs(5);
/// How often the state is read, in case an event is lost.
const POLL: Duration = Duration::from_secs(1);

/// How far a stop may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopMode {
    /// Ask the guest, then pull the plug at the end of the budget.
    #[default]
    GracefulThenDestroy,
    /// Only ask the guest; it stays on where it does not listen.
    GracefulOnly,
    /// Pull the plug at once.
    Destroy,
}

/// What stopped a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoppedBy {
    /// It was off before.
    AlreadyOff,
    /// The guest, asked through its agent.
    Agent,
    /// The guest, asked by its power button.
    Acpi,
    /// The plug.
    Destroy,
}

/// How a stop went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StopReport {
    /// What stopped it.
    pub stopped_by: StoppedBy,
    /// Steps that did not work, in order, with the reason.
    pub tried: Vec<String>,
}

impl Host {
    /// Stops a domain and waits until it is off.
    ///
    /// The budget is for the whole ladder up to pulling the plug, which comes on top with the
    /// deadline of a call. Stopping what is off is no error.
    ///
    /// # Errors
    /// [`Class::Deadline`] where the guest does not go off and `mode` forbids to pull the plug;
    /// [`Class::NotFound`] where there is no such domain.
    pub async fn stop(&self, id: VmId, mode: StopMode, budget: Duration) -> Result<StopReport> {
        let mut tried = Vec::new();
        let done = |stopped_by, tried| Ok(StopReport { stopped_by, tried });
        let state = self.state(id).await?;
        if !state.is_active() {
            return done(StoppedBy::AlreadyOff, tried);
        }
        if mode != StopMode::Destroy {
            let until = Instant::now() + budget;
            if state == DomainState::Paused {
                // A paused guest hears neither agent nor button.
                tried.push("ask: the domain is paused and cannot hear".to_owned());
            } else if let Some(by) = self.ask(id, until, &mut tried).await? {
                return done(by, tried);
            }
            if mode == StopMode::GracefulOnly {
                let text = ["the guest did not go off: ", &tried.join("; ")].concat();
                return Err(Error::new(Class::Deadline, "stop domain", text)
                    .about(id)
                    .with_remedy("stop it from inside, or allow to destroy it"));
            }
        }
        self.destroy(id).await?;
        done(StoppedBy::Destroy, tried)
    }

    /// Asks through the agent, then by the power button, and waits; what worked, if anything did.
    async fn ask(
        &self,
        id: VmId,
        until: Instant,
        tried: &mut Vec<String>,
    ) -> Result<Option<StoppedBy>> {
        let mut events = self.events().await.ok();
        let left = until.saturating_duration_since(Instant::now());
        let agent = self.within(AGENT_PATIENCE.min(left / 4));
        match agent.request_shutdown(id, PowerRequest::Agent).await {
            Ok(()) => {
                // Half of the time for the polite way; the button may still help after it.
                let half = Instant::now() + until.saturating_duration_since(Instant::now()) / 2;
                if self.wait_off(id, half, &mut events).await? {
                    return Ok(Some(StoppedBy::Agent));
                }
                tried.push("agent: the guest took the request and stayed on".to_owned());
            }
            Err(error) if error.is_not_found() => return Err(error),
            Err(error) => tried.push(["agent: ", error.message()].concat()),
        }
        if self.wait_off(id, Instant::now(), &mut events).await? {
            return Ok(Some(StoppedBy::Agent));
        }
        // Pressed twice: a guest that is still booting misses the first time.
        for press in 0..2u32 {
            let left = until.saturating_duration_since(Instant::now());
            let button = self.within(left.max(AGENT_PATIENCE));
            if let Err(error) = button.request_shutdown(id, PowerRequest::Acpi).await {
                tried.push(["power button: ", error.message()].concat());
                return Ok(None);
            }
            let wait = Instant::now() + left / (2 - press);
            if self.wait_off(id, wait, &mut events).await? {
                return Ok(Some(StoppedBy::Acpi));
            }
        }
        tried.push("power button: the guest stayed on".to_owned());
        Ok(None)
    }

    /// Waits for a domain to be off; whether it is.
    async fn wait_off(
        &self,
        id: VmId,
        until: Instant,
        events: &mut Option<EventStream>,
    ) -> Result<bool> {
        loop {
            match self.state(id).await {
                Ok(state) if !state.is_active() => return Ok(true),
                // A transient domain is gone when it is off.
                Err(error) if error.is_not_found() => return Ok(true),
                Err(error) if !error.is_transient() => return Err(error),
                _ => {}
            }
            if Instant::now() >= until {
                return Ok(false);
            }
            let pause = until.min(Instant::now() + POLL);
            let stopped = async {
                match events {
                    Some(events) => wait_stopped(events, id).await,
                    None => std::future::pending().await,
                }
            };
            // Either the event or the end of the pause: both mean to look.
            drop(timeout_at(pause, stopped).await);
        }
    }
}

async fn wait_stopped(events: &mut EventStream, id: VmId) {
    loop {
        match events.next().await {
            Some(Event::Lifecycle { domain, what, .. })
                if domain.id == id && matches!(what, Lifecycle::Stopped | Lifecycle::Crashed) =>
            {
                return;
            }
            Some(_) => {}
            None => std::future::pending().await,
        }
    }
}
