//! A connection to a fake host: how a call gets through, and what it needs to find and to refuse.

use std::sync::{Arc, MutexGuard};

use quantix_core::VmId;
use quantix_xml::{Document, NewElement, Place};

use super::{
    lost, streams,
    world::{FakeDomain, FaultKind, Inner, World},
};
use crate::{Class, DomainState, Error, Lifecycle, Result};

/// One connection to a fake host.
#[derive(Debug)]
pub(super) struct FakeConnection {
    pub(super) world: Arc<World>,
    pub(super) number: u64,
}

impl FakeConnection {
    pub(super) fn new(world: Arc<World>, number: u64) -> Self {
        Self { world, number }
    }
}

impl Drop for FakeConnection {
    fn drop(&mut self) {
        self.world.lock().close(self.number);
    }
}

/// A call: its method's name, the domain that it is about, whether that domain's guest must answer.
#[derive(Clone, Copy)]
pub(super) struct Call {
    name: &'static str,
    pub(super) id: Option<VmId>,
    guest: bool,
}

impl Call {
    pub(super) fn host(name: &'static str) -> Self {
        Self { name, id: None, guest: false }
    }

    pub(super) fn record(name: &'static str, id: VmId) -> Self {
        Self { name, id: Some(id), guest: false }
    }

    pub(super) fn guest(name: &'static str, id: VmId) -> Self {
        Self { name, id: Some(id), guest: true }
    }
}

impl FakeConnection {
    /// Makes a call, unless something is in its way.
    pub(super) fn call<T>(
        &self,
        call: Call,
        body: impl FnOnce(&mut Inner) -> Result<T>,
    ) -> Result<T> {
        let (mut inner, fault) = self.admit(call)?;
        let outcome = body(&mut inner);
        drop(inner);
        // What the call changed may be what another call waits for.
        self.world.update(|_| ());
        Self::leave_call(call, fault, outcome)
    }

    /// What a call says at its end: where it was to be done by half, it fails although it was done.
    pub(super) fn leave_call<T>(
        call: Call,
        fault: Option<FaultKind>,
        outcome: Result<T>,
    ) -> Result<T> {
        match fault {
            Some(FaultKind::HalfDone) => {
                outcome?;
                Err(Error::new(Class::Failed, call.name, "failed half-way by an injected fault"))
            }
            _ => outcome,
        }
    }

    /// Lets a call through to the world; a fault that it brings along makes it half done.
    pub(super) fn admit(&self, call: Call) -> Result<(MutexGuard<'_, Inner>, Option<FaultKind>)> {
        let mut inner = self.world.lock();
        inner.calls.push(call.name);
        while inner.partitioned {
            inner = self.world.wait(inner);
        }
        if !inner.is_open(self.number) {
            return Err(lost(call.name));
        }
        let fault = inner.take_fault(call.name, call.id);
        match fault {
            Some(FaultKind::Refuse(class)) => {
                return Err(Error::new(class, call.name, "refused by an injected fault"));
            }
            Some(FaultKind::LoseConnection) => {
                inner.close(self.number);
                return Err(lost(call.name));
            }
            Some(FaultKind::Hang) => {
                let seen = inner.releases;
                while inner.releases == seen {
                    inner = self.world.wait(inner);
                }
            }
            Some(FaultKind::HalfDone) | None => {}
        }
        if let (true, Some(id)) = (call.guest, call.id) {
            inner = self.wait_for_guest(inner, id);
        }
        Ok((inner, fault))
    }

    /// Waits while the guest of an active domain hangs.
    fn wait_for_guest<'g>(
        &self,
        mut inner: MutexGuard<'g, Inner>,
        id: VmId,
    ) -> MutexGuard<'g, Inner> {
        let hangs = |inner: &Inner| {
            inner.domains.get(&id).is_some_and(|d| d.guest.hung && d.state.is_active())
        };
        while hangs(&inner) {
            inner = self.world.wait(inner);
        }
        inner
    }
}

pub(super) fn domain<'i>(
    inner: &'i mut Inner,
    operation: &'static str,
    id: VmId,
) -> Result<&'i mut FakeDomain> {
    inner
        .domains
        .get_mut(&id)
        .ok_or_else(|| Error::new(Class::NotFound, operation, "domain not found").about(id))
}

pub(super) fn absent(operation: &'static str, text: &str) -> Error {
    Error::new(Class::NotFound, operation, text)
}

pub(super) fn conflict(operation: &'static str, text: &str) -> Error {
    Error::new(Class::Conflict, operation, text)
}

/// Switches a domain from one of some states to another, and tells.
pub(super) fn switch(
    inner: &mut Inner,
    (operation, id): (&'static str, VmId),
    allowed: &[DomainState],
    (state, what): (DomainState, Lifecycle),
) -> Result<()> {
    let domain = domain(inner, operation, id)?;
    if !allowed.contains(&domain.state) {
        let text = ["the domain is ", domain.state.as_str()].concat();
        return Err(conflict(operation, &text).about(&domain.name));
    }
    domain.state = state;
    if !state.is_active() {
        domain.stop();
        streams::close(inner, id);
    }
    inner.emit_lifecycle(id, what);
    Ok(())
}

/// A document with the UUID that it was given where it had none.
pub(super) fn identified(
    operation: &'static str,
    mut document: Document,
    id: &str,
) -> Result<String> {
    let root = document.root();
    if root.child("uuid").is_none() {
        let place = root.child("name").map_or(Place::FirstIn(root.id()), |e| Place::After(e.id()));
        let uuid = NewElement::new("uuid").text(id);
        document.insert(place, &uuid).map_err(|error| invalid(operation, error))?;
    }
    Ok(document.to_string())
}

pub(super) fn invalid(operation: &'static str, text: impl ToString) -> Error {
    Error::new(Class::Invalid, operation, text.to_string())
}

pub(super) fn no_agent(operation: &'static str) -> Error {
    Error::new(Class::Retryable, operation, "QEMU guest agent is not connected")
}
