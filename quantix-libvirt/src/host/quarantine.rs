//! One monitor call per domain at a time, and a fence around domains that do not answer.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use quantix_core::VmId;
use tokio::{
    sync::OwnedMutexGuard,
    time::{Instant, timeout_at},
};

use super::runner::Call;
use crate::{Class, Error, Result};

/// The gates of a host's domains.
#[derive(Debug, Default)]
pub(super) struct Gates(Mutex<BTreeMap<VmId, Gate>>);

#[derive(Debug, Default)]
struct Gate {
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The call that missed its deadline and still runs, and since when.
    silent: Option<(&'static str, Instant)>,
}

/// Held while a call on a domain runs. Dropping it lets the next one in and lifts a quarantine.
#[derive(Debug)]
pub(super) struct Turn {
    gates: Arc<Gates>,
    id: VmId,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut gates = self.gates.lock();
        self.guard.take();
        if let Some(gate) = gates.get_mut(&self.id) {
            gate.silent = None;
            if Arc::strong_count(&gate.turn) == 1 {
                gates.remove(&self.id);
            }
        }
    }
}

impl Gates {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<VmId, Gate>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a domain's turn; refuses at once while the domain is in quarantine.
    pub(super) async fn enter(self: &Arc<Self>, id: VmId, call: &Call) -> Result<Turn> {
        let turn = {
            let mut gates = self.lock();
            let gate = gates.entry(id).or_default();
            if let Some((operation, since)) = gate.silent {
                return Err(quarantined(call, operation, since).about(id));
            }
            Arc::clone(&gate.turn)
        };
        match timeout_at(call.until, turn.lock_owned()).await {
            Ok(guard) => Ok(Turn { gates: Arc::clone(self), id, guard: Some(guard) }),
            Err(_) => {
                let text = "another call on this domain has not ended";
                Err(Error::deadline(call.operation, call.limit, text).about(id))
            }
        }
    }

    /// Waits until no call on a domain runs, at most until a moment.
    pub(super) async fn settle(&self, id: VmId, until: Instant) {
        let turn = self.lock().get(&id).map(|gate| Arc::clone(&gate.turn));
        if let Some(turn) = turn {
            // Where it does not end in time, the quarantine simply stays.
            drop(timeout_at(until, turn.lock_owned()).await);
        }
        let mut gates = self.lock();
        let is_idle = |gate: &Gate| gate.silent.is_none() && Arc::strong_count(&gate.turn) == 1;
        if gates.get(&id).is_some_and(is_idle) {
            gates.remove(&id);
        }
    }

    /// Puts a domain in quarantine because a call on it missed its deadline. No effect where that
    /// call has ended meanwhile.
    pub(super) fn silence(&self, id: VmId, operation: &'static str) {
        if let Some(gate) = self.lock().get_mut(&id)
            && gate.turn.try_lock().is_err()
        {
            gate.silent = Some((operation, Instant::now()));
        }
    }

    /// The domains in quarantine.
    pub(super) fn silent(&self) -> Vec<VmId> {
        let gates = self.lock();
        gates.iter().filter(|(_, gate)| gate.silent.is_some()).map(|(&id, _)| id).collect()
    }
}

fn quarantined(call: &Call, operation: &str, since: Instant) -> Error {
    let seconds = since.elapsed().as_secs_f64();
    let text = format!(
        "the domain is in quarantine: it has not answered {operation:?}, which was given up \
         {seconds:.1} s ago"
    );
    Error::new(Class::Busy, call.operation, text)
        .with_remedy("destroy the domain if it hangs; the quarantine ends when the call returns")
}
