//! Moves between fake hosts.

use std::sync::Arc;

use quantix_core::VmId;

use super::{
    connection::{Call, FakeConnection, conflict, domain},
    lost, moments,
    moments::FakeJob,
    record::memory_kib,
    world::{FakeDomain, FaultKind, Inner, World},
};
use crate::{Class, DomainState, Error, JobInfo, Lifecycle, MigrateRequest, Result};

const OPERATION: &str = "migrate domain";

/// How many looks at a move see it run where its bandwidth is limited.
const STEPS_OF_A_SLOW_MOVE: u64 = 20;

fn failed(text: &str) -> Error {
    Error::new(Class::Failed, OPERATION, text)
}

/// What leaves for the other host.
struct Traveller {
    domain: FakeDomain,
    there: Arc<World>,
    /// How often each side had started when it left.
    boots: (u64, u64),
}

impl FakeConnection {
    /// Moves a domain. A move with a limited bandwidth goes on only as its job is looked at, and so
    /// gives time for aborting it, for cutting the network and for pulling a plug.
    pub(super) fn travel(&self, id: VmId, request: &MigrateRequest) -> Result<()> {
        let call = Call::guest("migrate", id);
        let (mut inner, fault) = self.admit(call)?;
        let traveller = depart(&mut inner, id, request);
        drop(inner);
        let outcome = traveller.and_then(|traveller| {
            let outcome = self.arrive(id, request, traveller);
            self.world.update(|inner| {
                if let Some(domain) = inner.domains.get_mut(&id) {
                    domain.job = None;
                }
            });
            outcome
        });
        Self::leave_call(call, fault, outcome)
    }

    fn arrive(&self, id: VmId, request: &MigrateRequest, mut traveller: Traveller) -> Result<()> {
        traveller.boots.1 = prepare(&traveller, id)?;
        self.copy(id, request, &traveller)?;
        let (here_boots, there_boots) = traveller.boots;
        let is_half_done;
        // The last moment: the guest stands still, and the other side takes it over.
        {
            let inner = self.world.lock();
            if inner.boots != here_boots || !inner.domains.contains_key(&id) {
                return Err(lost(OPERATION));
            }
        }
        {
            let mut there = traveller.there.lock();
            if there.partitioned || there.boots != there_boots {
                return Err(failed("the destination was lost: the domain goes on where it was"));
            }
            let fault = there.take_fault("migrate_finish", Some(id));
            if let Some(FaultKind::Refuse(class)) = fault {
                return Err(Error::new(class, OPERATION, "refused by an injected fault"));
            }
            is_half_done = fault == Some(FaultKind::HalfDone);
            let known = there.domains.get(&id).map(|known| known.autostart);
            let mut domain = FakeDomain { job: None, known_busy: false, ..traveller.domain };
            domain.autostart = known.unwrap_or(false);
            domain.live_xml = Some(domain.live_xml.unwrap_or_else(|| domain.xml.clone()));
            there.domains.insert(id, domain);
            there.emit_lifecycle(id, Lifecycle::Started);
            there.emit_lifecycle(id, Lifecycle::Resumed);
        }
        traveller.there.update(|_| ());
        self.world.update(|inner| {
            if is_half_done {
                // It runs there, and the word of it is lost: here it waits, paused.
                if let Some(domain) = inner.domains.get_mut(&id) {
                    domain.state = DomainState::Paused;
                }
                return Err(failed("failed half-way by an injected fault"));
            }
            if let Some(domain) = inner.domains.get_mut(&id) {
                let done =
                    JobInfo { kind: JobInfo::COMPLETED, params: std::collections::BTreeMap::new() };
                domain.finished_job = Some(done);
            }
            moments::leave(inner, id, request.keep_source)
        })
    }

    /// Waits until everything is there, or something is in the way.
    fn copy(&self, id: VmId, request: &MigrateRequest, traveller: &Traveller) -> Result<()> {
        if request.bandwidth_mib.is_none() {
            return Ok(());
        }
        let (here_boots, there_boots) = traveller.boots;
        let mut inner = self.world.lock();
        loop {
            if inner.boots != here_boots || !inner.is_open(self.number) {
                return Err(lost(OPERATION));
            }
            let Some(domain) = inner.domains.get(&id) else { return Err(lost(OPERATION)) };
            match &domain.job {
                // A look at it has seen its end.
                None => return Ok(()),
                Some(job) if job.aborted => {
                    return Err(failed("migration out: canceled by client"));
                }
                Some(_) => {}
            }
            if !domain.state.is_active() {
                return Err(failed("domain is not running anymore"));
            }
            drop(inner);
            {
                let there = traveller.there.lock();
                if there.boots != there_boots {
                    return Err(failed(
                        "the destination was lost: the domain goes on where it was",
                    ));
                }
            }
            inner = self.world.wait_a_moment(self.world.lock());
        }
    }
}

/// Takes a domain's leave of its host: from now on it has a job.
fn depart(inner: &mut Inner, id: VmId, request: &MigrateRequest) -> Result<Traveller> {
    let there = inner.others.get(&request.destination).cloned();
    let boots = (inner.boots, 0);
    let domain = domain(inner, OPERATION, id)?;
    if !domain.state.is_active() {
        return Err(conflict(OPERATION, "domain is not running").about(&domain.name));
    }
    if domain.job.is_some() {
        let text = "another job is active on the domain";
        return Err(Error::new(Class::Busy, OPERATION, text).about(&domain.name));
    }
    let there = there.ok_or_else(|| failed("unable to connect to server: No route to host"))?;
    let left = domain.clone();
    let steps = request.bandwidth_mib.map(|_| STEPS_OF_A_SLOW_MOVE);
    let total = memory_kib(&domain.xml).saturating_mul(1024);
    domain.job = Some(FakeJob { seen: 0, steps, total, is_move: true, aborted: false });
    Ok(Traveller { domain: left, there, boots })
}

/// Asks the other side whether it can take a domain: how often it had started then.
fn prepare(traveller: &Traveller, id: VmId) -> Result<u64> {
    let mut there = traveller.there.lock();
    there.calls.push("migrate_prepare");
    if there.partitioned {
        return Err(failed("unable to connect to server: No route to host"));
    }
    if let Some(FaultKind::Refuse(class)) = there.take_fault("migrate_prepare", Some(id)) {
        return Err(Error::new(class, OPERATION, "refused by an injected fault"));
    }
    let is_taken =
        |(other, known): (&VmId, &FakeDomain)| *other != id && known.name == traveller.domain.name;
    if there.domains.iter().any(is_taken) {
        let text = ["domain '", &traveller.domain.name, "' already exists"].concat();
        return Err(conflict(OPERATION, &text));
    }
    if there.domains.get(&id).is_some_and(|known| known.state != DomainState::ShutOff) {
        return Err(conflict(OPERATION, "the domain is already active there"));
    }
    Ok(there.boots)
}
