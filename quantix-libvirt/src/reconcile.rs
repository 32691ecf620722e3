//! What a migration that broke has left on two hosts, and how it is put in order.

use serde::Serialize;

use crate::{Class, DomainRef, DomainState, Error, Host, Result, UndefineScope};

/// Where a domain is after a migration that broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whereabouts {
    /// It runs on the source: the migration did not happen.
    Here,
    /// It runs on the destination: the migration happened.
    There,
    /// It is off; it can be started where it is defined.
    Off,
    /// Neither host knows it.
    Gone,
}

/// What was found and done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// The domain.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// Where it is now.
    pub whereabouts: Whereabouts,
    /// What it was doing on the source; absent where that did not know it.
    pub here: Option<DomainState>,
    /// What it was doing on the destination.
    pub there: Option<DomainState>,
    /// What was done about it, in order.
    pub acts: Vec<&'static str>,
}

async fn state(host: &Host, domain: &DomainRef) -> Result<Option<DomainState>> {
    match host.state(domain.id).await {
        Ok(state) => Ok(Some(state)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

impl Host {
    /// Puts in order what a migration to `there` has left after one of the hosts, or the caller, died
    /// in the middle of it. Call it once both hosts can be asked; calling it again changes nothing.
    ///
    /// Where it runs on one side, what is left of it on the other goes: the paused copy of a source
    /// whose guest has arrived, the paused beginnings of a destination whose guest never left, the
    /// definition of a source that was to move with it. A domain that is off on both sides is left.
    ///
    /// # Errors
    /// [`Class::Conflict`] where it truly runs on both sides, or is paused on both: nothing is done
    /// then, for only people can know which is the right one; else as every call.
    pub async fn reconcile_migration(
        &self,
        domain: &DomainRef,
        there: &Host,
    ) -> Result<Reconciled> {
        let (here_state, there_state) = (state(self, domain).await?, state(there, domain).await?);
        let mut acts = Vec::new();
        let active = |state: Option<DomainState>| state.is_some_and(DomainState::is_active);
        let waits = |state: Option<DomainState>| state == Some(DomainState::Paused);
        let whereabouts = match (active(here_state), active(there_state)) {
            (true, true) if waits(here_state) && !waits(there_state) => {
                self.destroy(domain.id).await?;
                acts.push("ended the paused domain on the source");
                self.forget(domain, "removed its definition from the source", &mut acts).await?;
                Whereabouts::There
            }
            (true, true) if waits(there_state) && !waits(here_state) => {
                there.destroy(domain.id).await?;
                acts.push("ended the paused domain on the destination");
                there
                    .forget(domain, "removed its definition from the destination", &mut acts)
                    .await?;
                Whereabouts::Here
            }
            (true, true) => {
                let text = "the domain is active on both hosts";
                return Err(Error::new(Class::Conflict, "reconcile migration of domain", text)
                    .about(domain)
                    .with_remedy("look at both guests, and destroy the wrong one"));
            }
            (true, false) => {
                if there_state.is_some() {
                    let act = "removed its definition from the destination";
                    there.forget(domain, act, &mut acts).await?;
                }
                Whereabouts::Here
            }
            (false, true) => {
                if here_state.is_some() {
                    let act = "removed its definition from the source";
                    self.forget(domain, act, &mut acts).await?;
                }
                Whereabouts::There
            }
            (false, false) if here_state.is_none() && there_state.is_none() => Whereabouts::Gone,
            (false, false) => Whereabouts::Off,
        };
        let domain = domain.clone();
        Ok(Reconciled { domain, whereabouts, here: here_state, there: there_state, acts })
    }

    async fn forget(
        &self,
        domain: &DomainRef,
        act: &'static str,
        acts: &mut Vec<&'static str>,
    ) -> Result<()> {
        match self.undefine(domain.id, UndefineScope::EVERYTHING).await {
            // A transient domain ends with its process.
            Err(error) if error.is_not_found() => Ok(()),
            Ok(()) => {
                acts.push(act);
                Ok(())
            }
            outcome => outcome,
        }
    }
}
