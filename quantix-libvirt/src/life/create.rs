//! Making a domain: whole, or not at all; the same request twice makes one.

use quantix_core::VmId;
use serde::Serialize;

use crate::{Class, DomainRef, DomainSpec, Error, Host, Result, UndefineScope};

/// How a domain is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CreateOptions {
    /// Whether it is started.
    pub start: bool,
}

/// What making a domain did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Created {
    /// The domain.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// Whether it was there before, from the same request or with the same name and UUID.
    pub existed: bool,
    /// Whether it is active now.
    pub active: bool,
}

const OPERATION: &str = "create domain";

impl Host {
    /// Makes a domain, and starts it where so wanted.
    ///
    /// Safe to repeat: a domain of the same name and UUID whose mark names the same request is
    /// redefined where it is off and left alone where it runs. Where starting fails, what this call
    /// made is removed again before the error is returned.
    ///
    /// # Errors
    /// [`Class::Invalid`] for a description with faults, [`Class::Conflict`] where the name, the
    /// UUID or the domain belongs to someone else; else as the calls it makes.
    pub async fn create(&self, spec: &DomainSpec, options: CreateOptions) -> Result<Created> {
        let xml = spec.to_xml().map_err(|error| {
            Error::new(Class::Invalid, OPERATION, error.to_string()).about(&spec.name)
        })?;
        let existed = self.ours(spec).await?;
        let active = existed && self.state(spec.id).await?.is_active();
        if active {
            let domain = DomainRef { name: spec.name.clone(), id: spec.id };
            return Ok(Created { domain, existed, active });
        }
        let domain = self.define(&xml).await.map_err(|error| error.about(&spec.name))?;
        if !options.start {
            return Ok(Created { domain, existed, active: false });
        }
        match self.start(spec.id).await {
            Ok(()) => Ok(Created { domain, existed, active: true }),
            Err(error) => Err(self.undo(spec.id, existed, error).await),
        }
    }

    /// Whether the domain of a description is there already; refuses one that is another's.
    async fn ours(&self, spec: &DomainSpec) -> Result<bool> {
        let conflict =
            |text: String| Error::new(Class::Conflict, OPERATION, text).about(&spec.name);
        if let Some(other) = self.domain_by_name(&spec.name).await?
            && other.id != spec.id
        {
            let text = ["the name belongs to another domain, ", &other.id.to_string()].concat();
            return Err(conflict(text).with_remedy("choose another name, or remove that domain"));
        }
        let Some(there) = self.domain_by_id(spec.id).await? else { return Ok(false) };
        if there.name != spec.name {
            let text = ["the UUID belongs to the domain ", &there.name].concat();
            return Err(conflict(text).with_remedy("draw another UUID, or rename that domain"));
        }
        let tag = self.tag(spec.id).await?;
        if let (Some(wanted), found) = (&spec.tag, tag)
            && !found
                .as_ref()
                .is_some_and(|found| found.owner == wanted.owner && found.request == wanted.request)
        {
            let whose = found.map_or_else(
                || "nobody's request".to_owned(),
                |tag| [&tag.owner, "'s request ", &tag.request].concat(),
            );
            let text = ["the domain is there already, made by ", &whose].concat();
            return Err(conflict(text).with_remedy("repeat that request, or remove the domain"));
        }
        Ok(true)
    }

    /// Takes back a failed creation and returns its error, with what could not be taken back.
    async fn undo(&self, id: VmId, existed: bool, error: Error) -> Error {
        if existed {
            return error;
        }
        let undone = async {
            // A deadline or a lost connection may have left it running.
            if error.is_transient() {
                self.destroy(id).await?;
            }
            match self.undefine(id, UndefineScope::EVERYTHING).await {
                Err(error) if error.is_not_found() => Ok(()),
                outcome => outcome,
            }
        };
        match undone.await {
            Ok(()) => error,
            Err(left) => {
                let remedy =
                    ["what was made could not be removed (", left.message(), "); sweep later"];
                error.with_remedy(remedy.concat())
            }
        }
    }
}
