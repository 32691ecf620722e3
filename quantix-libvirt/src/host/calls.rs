//! The calls of a host.

use quantix_core::VmId;

use super::{Host, Target};
use crate::{
    Affect, Class, DomainEntry, DomainInfo, DomainRef, DomainState, DomainStats, Error, JobInfo,
    Lane, MetadataKey, MigrateRequest, NodeInfo, PowerRequest, Result, StatsGroups, UndefineScope,
    XmlKind,
};

impl Host {
    /// The host itself: name, versions, CPUs, memory.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn node_info(&self) -> Result<NodeInfo> {
        self.read(Lane::Control, "read node of", Target::Host, |h| h.node_info()).await
    }

    /// The capabilities document of the host.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn capabilities_xml(&self) -> Result<String> {
        let operation = "read capabilities of";
        self.read(Lane::Control, operation, Target::Host, |h| h.capabilities_xml()).await
    }

    /// What domains of an architecture, machine type and domain type may have here; an empty text
    /// leaves the choice to the host.
    ///
    /// # Errors
    /// [`Class::Invalid`] or [`Class::Unsupported`] for a combination that the host cannot run.
    pub async fn domain_capabilities_xml(
        &self,
        arch: &str,
        machine: &str,
        domain_type: &str,
    ) -> Result<String> {
        let texts = [arch, machine, domain_type].map(str::to_owned);
        self.read(Lane::Control, "read domain capabilities of", Target::Host, move |h| {
            let [arch, machine, kind] = &texts;
            h.domain_capabilities_xml(arch, machine, kind)
        })
        .await
    }

    /// All domains, active or not, by name.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn domains(&self) -> Result<Vec<DomainEntry>> {
        self.read(Lane::Control, "list domains of", Target::Host, |h| h.domains()).await
    }

    /// The domain of a name, or `None`.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn domain_by_name(&self, name: &str) -> Result<Option<DomainRef>> {
        let text = name.to_owned();
        let found = self
            .read(Lane::Control, "find domain", Target::Host, move |h| h.domain_by_name(&text))
            .await;
        none_if_not_found(found)
    }

    /// The domain of a UUID, or `None`.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn domain_by_id(&self, id: VmId) -> Result<Option<DomainRef>> {
        let target = Target::Record(id);
        let found =
            self.read(Lane::Control, "find domain", target, move |h| h.domain_by_id(id)).await;
        none_if_not_found(found)
    }

    /// The domain that a person means: its name, or its UUID.
    ///
    /// # Errors
    /// [`Class::NotFound`] where there is none.
    pub async fn find(&self, name_or_id: &str) -> Result<DomainRef> {
        if let Some(domain) = self.domain_by_name(name_or_id).await? {
            return Ok(domain);
        }
        if let Ok(id) = name_or_id.parse::<VmId>()
            && let Some(domain) = self.domain_by_id(id).await?
        {
            return Ok(domain);
        }
        Err(Error::new(Class::NotFound, "find domain", "no domain of this name or UUID")
            .about(name_or_id)
            .with_remedy("list the domains of this host to see what there is"))
    }

    /// What a domain is doing. Works while its guest hangs.
    ///
    /// # Errors
    /// [`Class::NotFound`] where there is no such domain.
    pub async fn state(&self, id: VmId) -> Result<DomainState> {
        let target = Target::Record(id);
        self.read(Lane::Control, "read state of domain", target, move |h| h.state(id)).await
    }

    /// What the host says about a domain.
    ///
    /// # Errors
    /// [`Class::NotFound`] where there is no such domain.
    pub async fn info(&self, id: VmId) -> Result<DomainInfo> {
        self.read(Lane::Control, "read domain", Target::Record(id), move |h| h.info(id)).await
    }

    /// The XML of a domain.
    ///
    /// # Errors
    /// [`Class::NotFound`] where there is no such domain.
    pub async fn xml(&self, id: VmId, kind: XmlKind) -> Result<String> {
        let target = Target::Record(id);
        self.read(Lane::Control, "read XML of domain", target, move |h| h.xml(id, kind)).await
    }

    /// The element under a namespace in a domain's metadata, or `None`.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn metadata(&self, id: VmId, key: &MetadataKey) -> Result<Option<String>> {
        let key = key.clone();
        let operation = "read metadata of domain";
        let found = self
            .read(Lane::Control, operation, Target::Record(id), move |h| h.metadata(id, &key))
            .await;
        none_if_not_found(found)
    }

    /// Replaces or, with `None`, removes such an element, which is given without its prefix.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn set_metadata(&self, id: VmId, key: &MetadataKey, xml: Option<&str>) -> Result<()> {
        let (key, xml) = (key.clone(), xml.map(str::to_owned));
        self.act(Lane::Control, "tag domain", Target::Record(id), move |h| {
            h.set_metadata(id, &key, xml.as_deref())
        })
        .await
    }

    /// Defines a domain from XML, or redefines the one of the same name and UUID. The host checks
    /// the XML against its schema first.
    ///
    /// # Errors
    /// [`Class::Conflict`] where the name or the UUID belongs to another domain,
    /// [`Class::Invalid`] for XML that the host refuses.
    pub async fn define(&self, xml: &str) -> Result<DomainRef> {
        let xml = xml.to_owned();
        self.act(Lane::Control, "define domain", Target::Host, move |h| h.define(&xml)).await
    }

    /// Removes a domain's definition and what `scope` names. The domain must not be active.
    ///
    /// # Errors
    /// [`Class::NotFound`], [`Class::Conflict`]; see [`Class`].
    pub async fn undefine(&self, id: VmId, scope: UndefineScope) -> Result<()> {
        let target = Target::Record(id);
        self.act(Lane::Control, "undefine domain", target, move |h| h.undefine(id, scope)).await
    }

    /// Starts a domain. One that is active already is left as it is: starting twice is no error.
    ///
    /// # Errors
    /// [`Class::Failed`] with the hypervisor's words where it does not come up.
    pub async fn start(&self, id: VmId) -> Result<()> {
        self.start_as(id, false).await
    }

    /// Starts a domain paused, before its first instruction.
    ///
    /// # Errors
    /// As [`Host::start`].
    pub async fn start_paused(&self, id: VmId) -> Result<()> {
        self.start_as(id, true).await
    }

    async fn start_as(&self, id: VmId, paused: bool) -> Result<()> {
        self.act(Lane::Control, "start domain", Target::Guest(id), move |h| {
            match h.start(id, paused) {
                Err(error) if about_state(&error) && h.state(id)?.is_active() => Ok(()),
                outcome => outcome,
            }
        })
        .await
    }

    /// Asks a guest to shut down and returns at once; [`Host::stop`] waits and insists.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn request_shutdown(&self, id: VmId, by: PowerRequest) -> Result<()> {
        let lane = lane_of(by);
        self.act(lane, "shut down domain", Target::Guest(id), move |h| h.shutdown(id, by)).await
    }

    /// Asks a guest to reboot.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn reboot(&self, id: VmId, by: PowerRequest) -> Result<()> {
        let lane = lane_of(by);
        self.act(lane, "reboot domain", Target::Guest(id), move |h| h.reboot(id, by)).await
    }

    /// Presses a domain's reset button.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn reset(&self, id: VmId) -> Result<()> {
        self.act(Lane::Control, "reset domain", Target::Guest(id), move |h| h.reset(id)).await
    }

    /// Ends a domain's process at once, as pulling the plug does. Works while its guest hangs; one
    /// that is not active is left as it is.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn destroy(&self, id: VmId) -> Result<()> {
        self.act(Lane::Control, "destroy domain", Target::Record(id), move |h| {
            match h.destroy(id, false) {
                Err(error) if about_state(&error) && !h.state(id)?.is_active() => Ok(()),
                outcome => outcome,
            }
        })
        .await?;
        // Calls that hung on the guest end now; what is asked next shall not meet its quarantine.
        self.settle(id).await;
        Ok(())
    }

    /// Pauses a domain.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn pause(&self, id: VmId) -> Result<()> {
        self.act(Lane::Control, "pause domain", Target::Guest(id), move |h| h.pause(id)).await
    }

    /// Lets a paused domain run.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn resume(&self, id: VmId) -> Result<()> {
        self.act(Lane::Control, "resume domain", Target::Guest(id), move |h| h.resume(id)).await
    }

    /// Saves a domain's memory to a file of the host's choice and stops it; its next start resumes.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn managed_save(&self, id: VmId) -> Result<()> {
        self.act(Lane::Job, "save domain", Target::Guest(id), move |h| h.managed_save(id)).await
    }

    /// Drops a saved image: the next start boots.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn managed_save_remove(&self, id: VmId) -> Result<()> {
        let operation = "drop saved image of domain";
        let target = Target::Record(id);
        self.act(Lane::Control, operation, target, move |h| h.managed_save_remove(id)).await
    }

    /// Makes a domain start with its host, or not.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn set_autostart(&self, id: VmId, on: bool) -> Result<()> {
        let operation = "set autostart of domain";
        let target = Target::Record(id);
        self.act(Lane::Control, operation, target, move |h| h.set_autostart(id, on)).await
    }

    /// Adds a device.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn attach_device(&self, id: VmId, xml: &str, affect: Affect) -> Result<()> {
        let xml = xml.to_owned();
        self.act(Lane::Control, "attach device to domain", Target::Guest(id), move |h| {
            h.attach_device(id, &xml, affect)
        })
        .await
    }

    /// Asks for the removal of a device; see the device-removed event for its end.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn detach_device(&self, id: VmId, xml: &str, affect: Affect) -> Result<()> {
        let xml = xml.to_owned();
        self.act(Lane::Control, "detach device from domain", Target::Guest(id), move |h| {
            h.detach_device(id, &xml, affect)
        })
        .await
    }

    /// Changes a device in place.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn update_device(&self, id: VmId, xml: &str, affect: Affect) -> Result<()> {
        let xml = xml.to_owned();
        self.act(Lane::Control, "update device of domain", Target::Guest(id), move |h| {
            h.update_device(id, &xml, affect)
        })
        .await
    }

    /// Sets the number of virtual CPUs.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn set_cpus(&self, id: VmId, cpus: u32, affect: Affect) -> Result<()> {
        let target = Target::Guest(id);
        let operation = "set CPUs of domain";
        self.act(Lane::Control, operation, target, move |h| h.set_cpus(id, cpus, affect)).await
    }

    /// Sets the memory in KiB.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn set_memory_kib(&self, id: VmId, kib: u64, affect: Affect) -> Result<()> {
        let target = Target::Guest(id);
        let operation = "set memory of domain";
        self.act(Lane::Control, operation, target, move |h| h.set_memory_kib(id, kib, affect)).await
    }

    /// Grows a disk of a running domain; `disk` is its target (`vda`) or path.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn block_resize(&self, id: VmId, disk: &str, bytes: u64) -> Result<()> {
        let disk = disk.to_owned();
        self.act(Lane::Control, "resize disk of domain", Target::Guest(id), move |h| {
            h.block_resize(id, &disk, bytes)
        })
        .await
    }

    /// Statistics of every domain in one call. A domain in quarantine is left out, and a domain
    /// that is busy gives what is known without waiting for it.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn stats(&self, groups: StatsGroups) -> Result<Vec<DomainStats>> {
        let operation = "read statistics of";
        let silent = self.quarantined();
        if !silent.is_empty() {
            let ids: Vec<VmId> = self.domains().await?.into_iter().map(|entry| entry.id).collect();
            let ids: Vec<VmId> = ids.into_iter().filter(|id| !silent.contains(id)).collect();
            return if ids.is_empty() { Ok(Vec::new()) } else { self.stats_of(groups, &ids).await };
        }
        // libvirt's bulk call hangs once on a guest that hangs, and skips it the next time. So the
        // first try gets half of the time.
        let first = self.within(self.limit / 2);
        match first.read(Lane::Stats, operation, Target::Host, move |h| h.stats(groups, &[])).await
        {
            Err(error) if error.class() == Class::Deadline => {
                first
                    .read(Lane::Stats, operation, Target::Host, move |h| h.stats(groups, &[]))
                    .await
            }
            outcome => outcome,
        }
    }

    /// Statistics of some domains; those that do not exist are left out.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn stats_of(&self, groups: StatsGroups, ids: &[VmId]) -> Result<Vec<DomainStats>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = ids.to_vec();
        let operation = "read statistics of";
        self.read(Lane::Stats, operation, Target::Host, move |h| h.stats(groups, &ids)).await
    }

    /// The job of a domain: a migration, a save.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn job(&self, id: VmId) -> Result<JobInfo> {
        let target = Target::Record(id);
        self.read(Lane::Control, "read job of domain", target, move |h| h.job(id)).await
    }

    /// Ends the job of a domain.
    ///
    /// # Errors
    /// [`Class::Conflict`] where there is none; else as every call.
    pub async fn abort_job(&self, id: VmId) -> Result<()> {
        let target = Target::Record(id);
        self.act(Lane::Control, "abort job of domain", target, move |h| h.abort_job(id)).await
    }

    pub(crate) async fn start_migration(&self, id: VmId, request: MigrateRequest) -> Result<()> {
        let target = Target::Record(id);
        self.act(Lane::Job, "migrate domain", target, move |h| h.migrate(id, &request)).await
    }

    /// Sends a command to the guest agent as JSON and gives its reply; [`Host::agent`] has the
    /// commands with types.
    ///
    /// # Errors
    /// [`Class::Retryable`] while the agent does not answer, [`Class::Unsupported`] for a domain
    /// without a channel to it.
    pub async fn agent_command(&self, id: VmId, command: &str) -> Result<String> {
        let command = command.to_owned();
        // libvirt gives up a little before we do, so that a silent agent is told from a hung host.
        let seconds = u32::try_from(self.limit.as_secs().saturating_sub(1)).unwrap_or(u32::MAX);
        self.act(Lane::Agent, "call agent of domain", Target::Guest(id), move |h| {
            h.agent_command(id, &command, seconds)
        })
        .await
    }
}

/// A request through the agent waits for the agent; it must not hold up other calls.
fn lane_of(by: PowerRequest) -> Lane {
    match by {
        PowerRequest::Agent => Lane::Agent,
        PowerRequest::Acpi => Lane::Control,
    }
}

/// Whether a refusal may only say that the domain is in the wanted state already; drivers differ
/// in the code they give it.
fn about_state(error: &Error) -> bool {
    matches!(error.class(), Class::Conflict | Class::Failed)
}

fn none_if_not_found<T>(outcome: Result<T>) -> Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
