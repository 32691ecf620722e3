//! Moving a domain to another host: what would stand in the way, and the move.

use std::time::Duration;

use quantix_core::Finding;
use quantix_xml::Document;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::{Class, DomainRef, DomainXml, Error, Host, JobInfo, MigrateRequest, Result, XmlKind};

/// How often a move is looked at.
const POLL: Duration = Duration::from_millis(200);

/// How long an aborted move may take to end.
const ABORT_PATIENCE: Duration = Duration::from_secs(30);

/// What stands in the way of a move, found before a byte moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MigrationReport {
    /// The domain.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// Whether nothing stands in the way.
    pub ok: bool,
    /// Errors stand in the way; warnings are doubts.
    pub findings: Vec<Finding>,
}

impl Host {
    /// Checks a move to another host: identity, names, machine type, CPU, memory, versions, disks
    /// and devices. Reads on both hosts and changes nothing.
    ///
    /// # Errors
    /// When one of the hosts cannot be asked, or there is no such domain.
    pub async fn check_migration(
        &self,
        domain: &DomainRef,
        destination: &Host,
        request: &MigrateRequest,
    ) -> Result<MigrationReport> {
        let state = self.state(domain.id).await?;
        let xml = DomainXml::parse(self.xml(domain.id, XmlKind::Current).await?)?;
        let mut findings = Vec::new();
        if request.live && !state.is_active() {
            let text = "a live migration needs a running domain; move its definition instead";
            findings.push(Finding::error("not-running", text).at("state"));
        }
        self.check_hosts(destination, &mut findings).await?;
        check_names(domain, destination, &mut findings).await?;
        check_machine(&xml, destination, &mut findings).await?;
        check_room(&xml, destination, &mut findings).await?;
        check_devices(&xml, request, &mut findings);
        let ok = !findings.iter().any(Finding::is_error);
        Ok(MigrationReport { domain: domain.clone(), ok, findings })
    }

    async fn check_hosts(&self, destination: &Host, findings: &mut Vec<Finding>) -> Result<()> {
        let (here, there) = (self.node_info().await?, destination.node_info().await?);
        let uuids = (host_uuid(self).await?, host_uuid(destination).await?);
        if uuids.0.is_some() && uuids.0 == uuids.1 {
            let text = "both connections lead to hosts with one UUID: the same host, or clones; \
                        set `host_uuid` in libvirtd.conf of one";
            findings.push(Finding::error("same-host", text).at("destination"));
        }
        if here.hostname == there.hostname {
            let text = "both hosts have the same host name, by which the hypervisors cannot find \
                        each other; rename one, or give the transport";
            findings.push(Finding::warning("same-hostname", text).at("destination"));
        }
        if here.driver != there.driver {
            let text = ["the destination runs ", &there.driver, ", not ", &here.driver].concat();
            findings.push(Finding::error("driver", text).at("destination"));
        }
        if there.hypervisor_version < here.hypervisor_version {
            let text = [
                "the destination's hypervisor ",
                &there.hypervisor_version.to_string(),
                " is older than ",
                &here.hypervisor_version.to_string(),
                "; a machine type that it has may still move",
            ]
            .concat();
            findings.push(Finding::warning("older-hypervisor", text).at("destination"));
        }
        Ok(())
    }

    /// Moves a domain to another host and reports its progress a few times a second. Ends by the
    /// deadline at the latest: the move is then aborted, and the domain goes on where it was.
    ///
    /// # Errors
    /// [`Class::Deadline`] where it took too long; else as the hypervisor says. After a lost
    /// connection, look on both hosts: [`Host::where_is`].
    pub async fn migrate(
        &self,
        domain: &DomainRef,
        request: &MigrateRequest,
        mut progress: impl FnMut(&JobInfo),
    ) -> Result<()> {
        let id = domain.id;
        let until = Instant::now() + self.deadline().min(Duration::from_secs(86_400 * 7));
        // The call itself gets longer than the move, so that its end is seen after an abort.
        let patient = self.within(self.deadline() + ABORT_PATIENCE);
        let mut moving = std::pin::pin!(patient.start_migration(id, request.clone()));
        let watcher = self.within(Duration::from_secs(5));
        let mut aborted = None;
        let outcome = loop {
            tokio::select! {
                outcome = &mut moving => break outcome,
                () = sleep(POLL) => {
                    if aborted.is_none() && Instant::now() >= until {
                        aborted = Some(watcher.abort_job(id).await);
                    }
                    // Before it begins and after it ends there is no job to look at.
                    if let Ok(job) = watcher.job(id).await && job.is_running() {
                        progress(&job);
                    }
                }
            }
        };
        match (outcome, aborted) {
            // It arrived while it was being aborted: that is what was wanted.
            (Ok(()), _) => Ok(()),
            (Err(error), None) => Err(error.about(domain)),
            (Err(error), Some(aborted)) => {
                let remedy = match aborted {
                    Ok(()) if error.class() != Class::Deadline => {
                        "the migration was aborted; give it more time or bandwidth"
                    }
                    _ => "the migration could not be aborted; look on both hosts",
                };
                let text = "the domain was not there in time";
                Err(Error::deadline("migrate domain", self.deadline(), text)
                    .about(domain)
                    .with_remedy(remedy))
            }
        }
    }

    /// Which of two hosts runs a domain: `(here, there)`. After a move that broke, exactly one
    /// should; where neither does, start the one that is still defined.
    ///
    /// # Errors
    /// When one of the hosts cannot be asked.
    pub async fn where_is(&self, domain: &DomainRef, there: &Host) -> Result<(bool, bool)> {
        Ok((is_active(self, domain).await?, is_active(there, domain).await?))
    }
}

async fn is_active(host: &Host, domain: &DomainRef) -> Result<bool> {
    match host.state(domain.id).await {
        Ok(state) => Ok(state.is_active()),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

pub(crate) async fn host_uuid(host: &Host) -> Result<Option<String>> {
    let xml = match host.capabilities_xml().await {
        Err(error) if error.class() == Class::Unsupported => return Ok(None),
        outcome => outcome?,
    };
    let document = Document::parse(&xml)
        .map_err(|error| Error::new(Class::Failed, "read capabilities of", error.to_string()))?;
    Ok(document.root().find("host/uuid").map(|uuid| uuid.text().trim().to_owned()))
}

async fn check_names(
    domain: &DomainRef,
    destination: &Host,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    if let Some(other) = destination.domain_by_name(&domain.name).await?
        && other.id != domain.id
    {
        let text = "the destination has another domain of this name";
        findings.push(Finding::error("name-taken", text).at("name"));
    }
    if is_active(destination, domain).await? {
        let text = "the destination runs this domain already";
        findings.push(Finding::error("runs-there", text).at("id"));
    }
    Ok(())
}

async fn check_machine(
    xml: &DomainXml,
    destination: &Host,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let or = |text: Option<std::borrow::Cow<'_, str>>| text.unwrap_or_default().into_owned();
    let (arch, machine) = (or(xml.arch()), or(xml.machine()));
    let there = destination.domain_capabilities(&arch, &machine, &xml.domain_type()).await;
    match there {
        Ok(capabilities) => {
            let cpu = xml.document().root().child("cpu");
            let mode = cpu.and_then(|cpu| cpu.attr("mode")).unwrap_or_default().into_owned();
            if !mode.is_empty() && !capabilities.cpu_modes.contains(&mode) {
                let text = ["the destination has no CPU mode ", &mode].concat();
                findings.push(Finding::error("cpu-mode", text).at("cpu"));
            } else if matches!(mode.as_str(), "host-passthrough" | "maximum") {
                let text = "the guest sees the CPU of its host; it may fail on another kind of CPU";
                findings.push(Finding::warning("host-cpu", text).at("cpu"));
            }
        }
        Err(error) if error.is_transient() => return Err(error),
        Err(error) => {
            let text = ["the destination cannot run this machine type: ", error.message()].concat();
            findings.push(Finding::error("machine-type", text).at("os/type/@machine"));
        }
    }
    Ok(())
}

async fn check_room(
    xml: &DomainXml,
    destination: &Host,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let node = destination.node_info().await?;
    if let Some(memory) = xml.memory_max_mib()
        && memory > node.memory_free_mib
    {
        let (wanted, free) = (memory.to_string(), node.memory_free_mib.to_string());
        let text = ["the destination has ", &free, " free, the domain has ", &wanted].concat();
        findings.push(Finding::error("memory", text).at("memory"));
    }
    if xml.cpus().is_some_and(|cpus| cpus > node.cpus) {
        let text = "the destination has fewer CPUs than the domain";
        findings.push(Finding::warning("cpus", text).at("vcpu"));
    }
    Ok(())
}

fn check_devices(xml: &DomainXml, request: &MigrateRequest, findings: &mut Vec<Finding>) {
    for device in xml.devices("hostdev") {
        let kind = device.attr("type").unwrap_or_default();
        let text = ["a ", &*kind, " device of the host cannot move; unplug it first"].concat();
        findings.push(Finding::error("host-device", text).at("devices/hostdev"));
    }
    for disk in xml.details().disks {
        let at = ["devices/disk[", &disk.target, "]"].concat();
        let Some(source) = disk.source else { continue };
        if matches!(disk.source_type.as_str(), "file" | "block") && !request.copy_storage {
            let text =
                ["not copied: ", &source, " must be the same storage on both hosts"].concat();
            findings.push(Finding::info("shared-storage", text).at(at));
        } else if request.copy_storage && disk.readonly {
            let text = [&source, " is read-only and is not copied: it must be on both hosts"];
            findings.push(Finding::warning("read-only-disk", text.concat()).at(at));
        }
    }
}
