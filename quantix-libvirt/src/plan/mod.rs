//! Plan before act: what would change, when each change takes effect, and why.

mod apply;
mod check;
mod classify;
mod diff;

use quantix_core::Finding;
use quantix_xml::Document;
use serde::Serialize;

pub use self::apply::{AppliedChange, ApplyReport};
pub(crate) use self::diff::quantity;
use self::{
    classify::classify,
    diff::{Difference, Edit, Mode, diff},
};
use crate::{
    Class, DomainCapabilities, DomainRef, DomainSpec, DomainState, Error, Host, Result, XmlKind,
};

/// When a change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// At once, in the running guest.
    Live,
    /// When the domain boots next.
    NextBoot,
    /// Never: the plan cannot be applied with it.
    Impossible,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What changes, such as `devices/disk[vda]/source/@file`.
    pub path: String,
    /// What it is; absent where it is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it shall be; absent where it is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// When it takes effect.
    pub when: When,
    /// Why then.
    pub reason: String,
}

/// What would be done to a domain to make it what is wanted.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The domain.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// What it was doing when the plan was made.
    pub state: DomainState,
    /// The changes, in the order of the document. Empty where nothing is to be done.
    pub changes: Vec<Change>,
    /// What is doubtful about the plan.
    pub findings: Vec<Finding>,
    /// The definition that the plan was made for.
    #[serde(skip)]
    base: String,
    /// The definition that it leads to.
    #[serde(skip)]
    next: String,
    #[serde(skip)]
    steps: Vec<Step>,
}

/// One act on a running domain.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    SetCpus { path: String, cpus: u32 },
    SetMemory { path: String, kib: u64 },
    Attach { path: String, xml: String },
    Detach { path: String, xml: String },
    Update { path: String, xml: String },
}

impl Plan {
    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether it can be applied.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        self.changes.iter().all(|change| change.when != When::Impossible)
    }

    /// The definition that it leads to: the present one with the fewest edits that make it what is
    /// wanted; everything else in it stays byte by byte.
    #[must_use]
    pub fn next_xml(&self) -> &str {
        &self.next
    }
}

const OPERATION: &str = "plan change of domain";

fn parse(xml: &str) -> Result<Document> {
    Document::parse(xml).map_err(|error| Error::new(Class::Invalid, OPERATION, error.to_string()))
}

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Present<'p> {
    /// The domain.
    pub domain: &'p DomainRef,
    /// What it is doing.
    pub state: DomainState,
    /// Its definition: [`XmlKind::NextBoot`].
    pub next_boot: &'p str,
    /// What runs: [`XmlKind::Current`], of an active domain.
    pub live: Option<&'p str>,
    /// What its host can run; without it, nothing is checked against the host.
    pub host: Option<&'p DomainCapabilities>,
}

/// Plans how a domain becomes what a description says. What the description does not speak of
/// (devices of other kinds, elements that no model knows, comments) stays.
///
/// # Errors
/// [`Class::Invalid`] where the description has faults or a document is no XML.
pub fn plan_spec(present: Present<'_>, wanted: &DomainSpec) -> Result<Plan> {
    let xml = wanted
        .to_xml()
        .map_err(|error| Error::new(Class::Invalid, OPERATION, error.to_string()))?;
    plan(present, &xml, Mode::Subset)
}

/// Plans how a domain becomes what a whole definition says: what the definition does not say goes.
///
/// # Errors
/// [`Class::Invalid`] where a document is no domain XML.
pub fn plan_xml(present: Present<'_>, wanted: &str) -> Result<Plan> {
    plan(present, wanted, Mode::Exact)
}

fn plan(present: Present<'_>, wanted: &str, mode: Mode) -> Result<Plan> {
    let (mut next, wanted) = (parse(present.next_boot)?, parse(wanted)?);
    if wanted.root().local_name() != "domain" {
        let text = ["expected a `domain`, found `", wanted.root().name(), "`"].concat();
        return Err(Error::new(Class::Invalid, OPERATION, text));
    }
    let live = present.live.filter(|_| present.state.is_active()).map(parse).transpose()?;
    let differences = diff(&next, &wanted, mode);
    let mut changes: Vec<Change> = differences
        .iter()
        .map(|difference| change(difference, &next, live.as_ref(), &wanted))
        .collect();
    for difference in &differences {
        diff::apply(&mut next, &difference.edit)
            .map_err(|error| Error::new(Class::Failed, OPERATION, error.to_string()))?;
    }
    let steps = live.map(|live| live_steps(&live, &wanted, &mut changes)).transpose()?;
    let mut plan = Plan {
        domain: present.domain.clone(),
        state: present.state,
        changes,
        findings: Vec::new(),
        base: present.next_boot.to_owned(),
        next: next.to_string(),
        steps: steps.unwrap_or_default(),
    };
    if let Some(host) = present.host {
        check::check(&mut plan, &wanted, host);
    }
    Ok(plan)
}

/// A difference of the definition as a change.
fn change(
    difference: &Difference,
    next: &Document,
    live: Option<&Document>,
    wanted: &Document,
) -> Change {
    let (when, reason) = match live {
        None => match classify(difference, next, wanted) {
            verdict @ (When::Impossible, _) => verdict,
            _ => (When::NextBoot, "the domain is off"),
        },
        // Judged by what is defined; `live_steps` looks at what runs.
        Some(_) => classify(difference, next, wanted),
    };
    let (path, from, to) =
        (difference.path.clone(), difference.from.clone(), difference.to.clone());
    Change { path, from, to, when, reason: reason.to_owned() }
}

/// What to do to a running domain, from what runs. Adds changes that the definition has already
/// and the guest has not, so that an interrupted plan can be taken up again.
fn live_steps(live: &Document, wanted: &Document, changes: &mut Vec<Change>) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    // What runs is full of what libvirt added, so only what is wanted counts. Aliases and
    // addresses aside, that loses nothing: removals of whole devices are listed in both modes.
    for difference in diff(live, wanted, Mode::Subset) {
        let (when, reason) = classify(&difference, live, wanted);
        let step = if when == When::Live { step(&difference, live, wanted)? } else { None };
        let known = changes.iter_mut().find(|change| change.path == difference.path);
        match (step, known) {
            (Some(step), known) => {
                match known {
                    Some(change) => (change.when, change.reason) = (when, reason.to_owned()),
                    None => {
                        let Difference { path, from, to, .. } = difference;
                        changes.push(Change { path, from, to, when, reason: reason.to_owned() });
                    }
                }
                if !steps.contains(&step) {
                    steps.push(step);
                }
            }
            (None, Some(change)) if change.when == When::Live && when == When::NextBoot => {
                (change.when, change.reason) = (when, reason.to_owned());
            }
            (None, _) => {}
        }
    }
    for change in changes.iter_mut().filter(|c| c.when == When::Live && c.to.is_none()) {
        if !steps.iter().any(|step| step.path() == change.path) {
            change.when = When::NextBoot;
            "devices of this kind are not unplugged".clone_into(&mut change.reason);
        }
    }
    Ok(steps)
}

/// The act that removes a difference of a running domain, if it takes one.
fn step(difference: &Difference, live: &Document, wanted: &Document) -> Result<Option<Step>> {
    let path = difference.path.clone();
    if path.starts_with("vcpu") {
        let vcpu = wanted.root().child("vcpu");
        let current = vcpu.and_then(|vcpu| vcpu.attr("current")?.parse().ok());
        let cpus = current.or_else(|| vcpu.and_then(|vcpu| vcpu.text().trim().parse().ok()));
        return Ok(cpus.map(|cpus| Step::SetCpus { path, cpus }));
    }
    if path == "currentMemory" {
        let root = wanted.root();
        let memory = root.child("currentMemory").or_else(|| root.child("memory"));
        let kib = memory.and_then(diff::quantity).and_then(|b| u64::try_from(b >> 10).ok());
        return Ok(kib.map(|kib| Step::SetMemory { path, kib }));
    }
    let Some(rest) = path.strip_prefix("devices/") else { return Ok(None) };
    let device_path = ["devices/", rest.split('/').next().unwrap_or(rest)].concat();
    Ok(match (&difference.edit, difference.part) {
        (Edit::Insert { xml, .. }, None) => Some(Step::Attach { path, xml: xml.clone() }),
        (Edit::Remove { node }, Some(part)) if *node == part => {
            let xml = live.element(part).map(|device| device.node().raw().into_owned());
            xml.map(|xml| Step::Detach { path, xml })
        }
        (_, Some(part)) => {
            let mut edited = live.clone();
            for other in diff(live, wanted, Mode::Subset) {
                if other.part == Some(part) && classify(&other, live, wanted).0 == When::Live {
                    diff::apply(&mut edited, &other.edit)
                        .map_err(|error| Error::new(Class::Failed, OPERATION, error.to_string()))?;
                }
            }
            let xml = edited.element(part).map(|device| device.node().raw().into_owned());
            xml.map(|xml| Step::Update { path: device_path, xml })
        }
        _ => None,
    })
}

impl Host {
    /// Plans how a domain becomes what a description says, checked against what its host can run.
    /// Reads, and changes nothing.
    ///
    /// # Errors
    /// [`Class::NotFound`], [`Class::Invalid`]; else as the calls it makes.
    pub async fn plan(&self, wanted: &DomainSpec) -> Result<Plan> {
        let domain = self.domain_by_id(wanted.id).await?.ok_or_else(|| {
            Error::new(Class::NotFound, OPERATION, "there is no such domain").about(&wanted.name)
        })?;
        let present = self.present(domain).await?;
        plan_spec(present.borrow(), wanted)
    }

    /// Plans how a domain becomes what a whole definition says. Base the definition on
    /// [`XmlKind::NextBoot`].
    ///
    /// # Errors
    /// As [`Host::plan`].
    pub async fn plan_xml(&self, domain: &DomainRef, wanted: &str) -> Result<Plan> {
        let present = self.present(domain.clone()).await?;
        plan_xml(present.borrow(), wanted)
    }

    async fn present(&self, domain: DomainRef) -> Result<OwnedPresent> {
        let state = self.state(domain.id).await?;
        let next_boot = self.xml(domain.id, XmlKind::NextBoot).await?;
        let live = match state.is_active() {
            true => Some(self.xml(domain.id, XmlKind::Current).await?),
            false => None,
        };
        let machine = machine_of(&next_boot);
        // A host that cannot say what it can run (the test driver) is not asked to refuse.
        let host = match machine {
            Some((arch, machine, kind)) => {
                self.domain_capabilities(&arch, &machine, &kind).await.ok()
            }
            None => None,
        };
        Ok(OwnedPresent { domain, state, next_boot, live, host })
    }
}

struct OwnedPresent {
    domain: DomainRef,
    state: DomainState,
    next_boot: String,
    live: Option<String>,
    host: Option<DomainCapabilities>,
}

impl OwnedPresent {
    fn borrow(&self) -> Present<'_> {
        Present {
            domain: &self.domain,
            state: self.state,
            next_boot: &self.next_boot,
            live: self.live.as_deref(),
            host: self.host.as_ref(),
        }
    }
}

/// Architecture, machine type and domain type of a definition.
fn machine_of(xml: &str) -> Option<(String, String, String)> {
    let document = Document::parse(xml).ok()?;
    let kind = document.root().attr("type")?.into_owned();
    let os = document.root().find("os/type")?;
    let text = |name| os.attr(name).map(std::borrow::Cow::into_owned).unwrap_or_default();
    Some((text("arch"), text("machine"), kind))
}

#[cfg(test)]
mod tests;
