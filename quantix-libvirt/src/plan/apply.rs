//! Carrying a plan out.

use std::time::Duration;

use quantix_core::VmId;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::{Plan, Step, When};
use crate::{Affect, Class, DomainRef, Error, Event, Host, Result, XmlKind};

const OPERATION: &str = "apply plan to domain";
/// How often a device that is asked to leave is looked for, in case an event is lost.
const POLL: Duration = Duration::from_secs(1);

/// What became of one act on the running guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppliedChange {
    /// The path of the change.
    pub path: String,
    /// Whether the guest has it.
    pub done: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What applying a plan did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplyReport {
    /// The domain.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// Whether the definition was changed.
    pub defined: bool,
    /// The acts on the running guest, in order; after one that failed, none was tried.
    pub live: Vec<AppliedChange>,
    /// Whether changes wait for the next boot.
    pub needs_reboot: bool,
}

impl ApplyReport {
    /// Whether everything was done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.live.iter().all(|change| change.done)
    }
}

impl Step {
    pub(super) fn path(&self) -> &str {
        let (Self::SetCpus { path, .. }
        | Self::SetMemory { path, .. }
        | Self::Attach { path, .. }
        | Self::Detach { path, .. }
        | Self::Update { path, .. }) = self;
        path
    }
}

impl Host {
    /// Carries a plan out: first the definition, then the running guest. Safe to repeat: plan again
    /// and apply, and what is left is done.
    ///
    /// # Errors
    /// [`Class::Unsupported`] for a plan that is not possible, [`Class::Conflict`] where the domain
    /// has changed since it was made; else as the calls it makes. A failure of the running guest is
    /// in the report.
    pub async fn apply(&self, plan: &Plan) -> Result<ApplyReport> {
        let (id, about) = (plan.domain.id, &plan.domain);
        if let Some(change) = plan.changes.iter().find(|c| c.when == When::Impossible) {
            let text = [&change.path, ": ", &change.reason].concat();
            return Err(Error::new(Class::Unsupported, OPERATION, text).about(about));
        }
        if self.xml(id, XmlKind::NextBoot).await? != plan.base {
            let text = "the domain was changed since the plan was made";
            return Err(Error::new(Class::Conflict, OPERATION, text)
                .about(about)
                .with_remedy("plan again"));
        }
        let defined = plan.next != plan.base;
        if defined {
            self.define(&plan.next).await?;
        }
        let mut live = Vec::new();
        for step in &plan.steps {
            let outcome = self.run_step(id, step).await;
            let problem = outcome.err().map(|error| error.to_string());
            let done = problem.is_none();
            live.push(AppliedChange { path: step.path().to_owned(), done, problem });
            if !done {
                break;
            }
        }
        let waits = plan.changes.iter().any(|change| change.when == When::NextBoot);
        let needs_reboot = waits && plan.state.is_active();
        Ok(ApplyReport { domain: plan.domain.clone(), defined, live, needs_reboot })
    }

    async fn run_step(&self, id: VmId, step: &Step) -> Result<()> {
        match step {
            Step::SetCpus { cpus, .. } => self.set_cpus(id, *cpus, Affect::Live).await,
            Step::SetMemory { kib, .. } => self.set_memory_kib(id, *kib, Affect::Live).await,
            Step::Attach { xml, .. } => self.attach_device(id, xml, Affect::Live).await,
            Step::Update { xml, .. } => self.update_device(id, xml, Affect::Live).await,
            Step::Detach { xml, .. } => self.unplug(id, xml).await,
        }
    }

    /// Removes a device from a running domain and waits until the guest has let it go, at most for
    /// the deadline. `xml` is the device as it stands in [`XmlKind::Current`].
    ///
    /// # Errors
    /// [`Class::Conflict`] where the guest refuses, [`Class::Deadline`] where it does not answer;
    /// the request then stays open, and the guest may still let the device go.
    pub async fn unplug(&self, id: VmId, xml: &str) -> Result<()> {
        const OPERATION: &str = "unplug device from domain";
        let until = Instant::now() + self.deadline().min(Duration::from_secs(86_400));
        let device = Device::parse(xml).map_err(|error| error.about(id))?;
        // Before the request, so that its answer cannot be missed.
        let mut events = self.events().await.ok();
        self.detach_device(id, xml, Affect::Live).await?;
        loop {
            if !device.is_in(&self.xml(id, XmlKind::Current).await?) {
                return Ok(());
            }
            if Instant::now() >= until {
                let text = "the guest did not let the device go";
                return Err(Error::deadline(OPERATION, self.deadline(), text)
                    .about(id)
                    .with_remedy("unmount it in the guest, or stop the domain to remove it"));
            }
            let pause = until.min(Instant::now() + POLL);
            let answer = async {
                match &mut events {
                    Some(events) => device.wait_for_answer(events, id).await,
                    None => std::future::pending().await,
                }
            };
            if let Ok(false) = timeout_at(pause, answer).await {
                let text = "the guest refused to let the device go";
                return Err(Error::new(Class::Conflict, OPERATION, text)
                    .about(id)
                    .with_remedy("unmount it in the guest, or stop the domain to remove it"));
            }
        }
    }
}

/// What a device is recognised by.
struct Device {
    name: String,
    alias: Option<String>,
    /// Target or address, for hosts that give no alias.
    target: Option<String>,
}

impl Device {
    fn parse(xml: &str) -> Result<Self> {
        let document = super::parse(xml)?;
        Ok(Self::of(document.root()))
    }

    fn of(device: quantix_xml::Element<'_>) -> Self {
        let text = |child: &str, name: &str| {
            let value = device.child(child).and_then(|child| child.attr(name));
            value.map(std::borrow::Cow::into_owned)
        };
        Self {
            name: device.local_name().to_owned(),
            alias: text("alias", "name"),
            target: text("target", "dev").or_else(|| text("mac", "address")),
        }
    }

    fn is_in(&self, xml: &str) -> bool {
        let Ok(document) = super::parse(xml) else { return false };
        let Some(devices) = document.root().child("devices") else { return false };
        devices.elements_named(&self.name).any(|device| {
            let other = Self::of(device);
            match (&self.alias, &other.alias) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => self.target == other.target,
            }
        })
    }

    /// Whether the guest let the device go or refused.
    async fn wait_for_answer(&self, events: &mut crate::EventStream, id: VmId) -> bool {
        let is_ours = |alias: &String| {
            Some(alias) == self.alias.as_ref() || Some(alias) == self.target.as_ref()
        };
        loop {
            match events.next().await {
                Some(Event::DeviceRemoved { domain, alias })
                    if domain.id == id && is_ours(&alias) =>
                {
                    return true;
                }
                Some(Event::DeviceRemovalFailed { domain, alias })
                    if domain.id == id && is_ours(&alias) =>
                {
                    return false;
                }
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }
}
