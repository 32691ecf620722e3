//! Making the call of a request.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Request, RequestError};
use crate::{
    AddressList, BlockJobState, Class, CreateOptions, DomainRef, DomainSpec, Error, FileReport,
    Host, NetworkList, Plan, PoolList, SnapshotList, StoppedReport, VolumeList, XmlReport,
};

type Answer = Result<String, RequestError>;

fn json_of(document: &impl Serialize) -> Answer {
    serde_json::to_string(document).map_err(|error| RequestError::document(&error.to_string()))
}

/// The longest that counters are read apart.
const USAGE_INTERVAL_MS_MAX: u64 = 3_600_000;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds.min(86_400 * 365))
}

impl Host {
    /// Makes the call of a request; the answer is JSON.
    ///
    /// # Errors
    /// [`RequestError::Spec`] for a description with faults, [`RequestError::Call`] as the call.
    pub async fn answer(&self, request: &Request) -> Answer {
        use Request as R;
        match request {
            R::Host {} => json_of(&self.report().await?),
            R::List {} => json_of(&self.list().await?),
            R::Stats { vms } => json_of(&self.report_stats(vms).await?),
            R::Create { spec, start } => {
                let spec = self.spec(spec).await?;
                json_of(&self.create(&spec, CreateOptions { start: *start }).await?)
            }
            R::Define { xml } => {
                let domain = self.define(xml).await?;
                json_of(&self.report_state(&domain).await?)
            }
            R::Tagged { owner } => json_of(&json!({ "vms": self.tagged(owner.as_deref()).await? })),
            R::Usage { vms, interval_ms } => {
                let interval = Duration::from_millis((*interval_ms).min(USAGE_INTERVAL_MS_MAX));
                json_of(&self.usage(vms, interval).await?)
            }
            R::NodeReport {} => json_of(&self.node_report().await?),
            R::NodeDevices {} => json_of(&json!({ "devices": self.node_devices().await? })),
            R::MoveCold { vm, destination, request } => {
                let there = self.destination(destination).await?;
                let domain = self.find_on_either(&there, vm).await?;
                json_of(&self.move_cold(&domain, &there, request, |_| ()).await?)
            }
            R::ReconcileMigration { vm, destination } => {
                let there = self.destination(destination).await?;
                let domain = self.find_on_either(&there, vm).await?;
                json_of(&self.reconcile_migration(&domain, &there).await?)
            }
            R::Pools {}
            | R::DefinePool { .. }
            | R::ChangePool { .. }
            | R::PoolXml { .. }
            | R::Volumes { .. }
            | R::CreateVolume { .. }
            | R::ResizeVolume { .. }
            | R::DeleteVolume { .. } => self.answer_storage(request).await,
            R::Networks {}
            | R::DefineNetwork { .. }
            | R::ChangeNetwork { .. }
            | R::NetworkXml { .. } => self.answer_network(request).await,
            R::Filters {}
            | R::DefineFilter { .. }
            | R::FilterXml { .. }
            | R::DeleteFilter { .. }
            | R::ApplySecurityGroup { .. } => self.answer_filter(request).await,
            _ => self.answer_machine(request).await,
        }
    }

    async fn destination(&self, uri: &str) -> crate::Result<Host> {
        Host::connect_within(crate::connector(uri)?, self.deadline()).await
    }

    /// A machine that may have left already.
    async fn find_on_either(&self, there: &Host, vm: &str) -> crate::Result<DomainRef> {
        match self.find(vm).await {
            Err(error) if error.is_not_found() => there.find(vm).await,
            outcome => outcome,
        }
    }

    /// A description, with the way of execution filled in where it does not say.
    async fn spec(&self, document: &Value) -> Result<DomainSpec, RequestError> {
        let mut document = document.clone();
        if let Some(fields) = document.as_object_mut()
            && !fields.contains_key("domain_type")
        {
            let execution = self.usable_domain_type().await?;
            fields.insert("domain_type".to_owned(), execution.domain_type.as_str().into());
        }
        let spec: DomainSpec = serde_json::from_value(document)
            .map_err(|error| RequestError::document(&["spec: ", &error.to_string()].concat()))?;
        spec.to_xml()?;
        Ok(spec)
    }

    async fn plan_of(
        &self,
        domain: &DomainRef,
        spec: Option<&Value>,
        xml: Option<&str>,
    ) -> Result<Plan, RequestError> {
        match (spec, xml) {
            (Some(spec), None) => {
                let spec = self.spec(spec).await?;
                if spec.id != domain.id {
                    let text = "the description has another UUID than the machine";
                    return Err(RequestError::document(text));
                }
                Ok(self.plan(&spec).await?)
            }
            (None, Some(xml)) => Ok(self.plan_xml(domain, xml).await?),
            _ => Err(RequestError::document("expected either `spec` or `xml`")),
        }
    }

    async fn answer_storage(&self, request: &Request) -> Answer {
        use Request as R;
        match request {
            R::DefinePool { xml } => drop(self.pool_define(xml).await?),
            R::ChangePool { pool, act } => self.pool_act(pool, *act).await?,
            R::PoolXml { pool } => {
                return json_of(&json!({ "name": pool, "xml": self.pool_xml(pool).await? }));
            }
            R::CreateVolume { pool, xml } => {
                return json_of(&json!({ "path": self.volume_create(pool, xml).await? }));
            }
            R::ResizeVolume { pool, name, bytes } => {
                self.volume_resize(pool, name, *bytes).await?;
            }
            R::DeleteVolume { pool, name } => self.volume_delete(pool, name).await?,
            _ => {}
        }
        match request {
            R::Volumes { pool } | R::ResizeVolume { pool, .. } | R::DeleteVolume { pool, .. } => {
                json_of(&VolumeList { volumes: self.volumes(pool).await? })
            }
            _ => json_of(&PoolList { pools: self.pools().await? }),
        }
    }

    async fn answer_network(&self, request: &Request) -> Answer {
        use Request as R;
        match request {
            R::DefineNetwork { xml } => drop(self.network_define(xml).await?),
            R::ChangeNetwork { network, act } => self.network_act(network, *act).await?,
            R::NetworkXml { network } => {
                let xml = self.network_xml(network).await?;
                return json_of(&json!({ "name": network, "xml": xml }));
            }
            _ => {}
        }
        json_of(&NetworkList { networks: self.networks().await? })
    }

    async fn answer_filter(&self, request: &Request) -> Answer {
        use Request as R;
        match request {
            R::DefineFilter { xml } => {
                return json_of(&json!({ "name": self.filter_define(xml).await? }));
            }
            R::FilterXml { filter } => {
                let xml = self.filter_xml(filter).await?;
                return json_of(&json!({ "name": filter, "xml": xml }));
            }
            R::ApplySecurityGroup { group, members } => {
                let of = |key: &_| members.get(key).cloned().unwrap_or_default();
                return json_of(&json!({ "name": self.apply_security_group(group, of).await? }));
            }
            R::DeleteFilter { filter } => self.filter_undefine(filter).await?,
            _ => {}
        }
        json_of(&json!({ "filters": self.filters().await? }))
    }

    /// A request about one machine.
    async fn answer_machine(&self, request: &Request) -> Answer {
        let domain = self.find(request.vm()).await?;
        match request {
            Request::Show { .. }
            | Request::Xml { .. }
            | Request::Delete { .. }
            | Request::Plan { .. }
            | Request::Apply { .. }
            | Request::Stop { .. }
            | Request::Migrate { .. }
            | Request::Job { .. } => self.answer_report(&domain, request).await,
            Request::AgentInfo { .. }
            | Request::AgentWait { .. }
            | Request::AgentExec { .. }
            | Request::AgentRead { .. }
            | Request::AgentWrite { .. }
            | Request::Screenshot { .. }
            | Request::Addresses { .. } => self.answer_guest(&domain, request).await,
            Request::BlockJob { .. }
            | Request::BlockJobInfo { .. }
            | Request::Throttle { .. }
            | Request::SetThrottle { .. }
            | Request::Freeze { .. }
            | Request::Thaw { .. }
            | Request::Backup { .. }
            | Request::Checkpoints { .. }
            | Request::DeleteCheckpoint { .. } => self.answer_disk(&domain, request).await,
            Request::Snapshots { .. }
            | Request::TakeSnapshot { .. }
            | Request::RevertSnapshot { .. }
            | Request::DeleteSnapshot { .. } => self.answer_snapshot(&domain, request).await,
            _ => {
                self.answer_act(&domain, request).await?;
                json_of(&self.report_state(&domain).await?)
            }
        }
    }

    async fn answer_report(&self, domain: &DomainRef, request: &Request) -> Answer {
        use Request as R;
        match request {
            R::Xml { kind, .. } => {
                let xml = self.xml(domain.id, *kind).await?;
                json_of(&XmlReport { domain: domain.clone(), xml })
            }
            R::Delete { force, .. } => {
                if !force && self.state(domain.id).await?.is_active() {
                    let error =
                        Error::new(Class::Conflict, "delete domain", "the domain is active");
                    let error = error.about(domain).with_remedy("stop it first, or say `force`");
                    return Err(error.into());
                }
                json_of(&self.delete(domain).await?)
            }
            R::Plan { spec, xml, .. } => {
                json_of(&self.plan_of(domain, spec.as_ref(), xml.as_deref()).await?)
            }
            R::Apply { spec, xml, .. } => {
                let plan = self.plan_of(domain, spec.as_ref(), xml.as_deref()).await?;
                json_of(&self.apply(&plan).await?)
            }
            R::Stop { mode, budget_seconds, .. } => {
                let report = self.stop(domain.id, *mode, seconds(*budget_seconds)).await?;
                json_of(&StoppedReport { domain: domain.clone(), report })
            }
            R::Migrate { request, only_check, .. } => {
                let there = self.destination(&request.destination).await?;
                json_of(&self.check_and_migrate(domain, &there, request, *only_check).await?)
            }
            R::Job { .. } => json_of(&self.job(domain.id).await?),
            _ => json_of(&self.describe(domain.id).await?),
        }
    }

    async fn answer_guest(&self, domain: &DomainRef, request: &Request) -> Answer {
        use Request as R;
        let agent = self.agent(domain.id);
        match request {
            R::AgentWait { limit_seconds, .. } => {
                let outcome = agent.wait(seconds(*limit_seconds)).await;
                let is_late = outcome.as_ref().is_err_and(|e| e.class() == Class::Deadline);
                if !is_late {
                    outcome?;
                }
                let (name, id) = (&domain.name, domain.id);
                json_of(&json!({ "name": name, "id": id, "answers": !is_late }))
            }
            R::AgentExec { program, args, limit_seconds, .. } => {
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                let exit = agent.exec(program, &args, seconds(*limit_seconds)).await?;
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                json_of(&json!({
                    "code": exit.code, "stdout": text(&exit.stdout),
                    "stderr": text(&exit.stderr), "truncated": exit.truncated,
                }))
            }
            R::AgentRead { path, .. } => {
                json_of(&FileReport::new(path, &agent.read_file(path).await?))
            }
            R::AgentWrite { path, base64, .. } => {
                let content = BASE64.decode(base64);
                let content = content.map_err(|error| {
                    RequestError::document(&["base64: ", &error.to_string()].concat())
                })?;
                agent.write_file(path, &content).await?;
                json_of(&json!({ "path": path, "bytes": content.len() }))
            }
            R::Screenshot { screen, .. } => {
                let shot = self.screenshot(domain.id, *screen).await?;
                let (bytes, base64) = (shot.bytes.len(), BASE64.encode(&shot.bytes));
                json_of(&json!({ "mime": shot.mime, "bytes": bytes, "base64": base64 }))
            }
            R::Addresses { .. } => {
                json_of(&AddressList { interfaces: self.addresses(domain.id).await? })
            }
            _ => json_of(&self.report_guest(domain.id).await?),
        }
    }

    async fn answer_disk(&self, domain: &DomainRef, request: &Request) -> Answer {
        use Request as R;
        let id = domain.id;
        match request {
            R::BlockJob { disk, job, finish, .. } => {
                let mut job = self.start_block_job(id, disk, job).await?;
                let state = job.wait(|_| ()).await?;
                let is_ready = state == BlockJobState::Ready;
                if let (true, Some(end)) = (is_ready, finish) {
                    job.finish(*end).await?;
                }
                let word = if is_ready { "ready" } else { "completed" };
                let finished = !is_ready || finish.is_some();
                json_of(&json!({ "disk": disk, "state": word, "finished": finished }))
            }
            R::BlockJobInfo { disk, .. } => json_of(&self.block_job_info(id, disk).await?),
            R::SetThrottle { disk, throttle, affect, .. } => {
                self.set_throttle(id, disk, throttle, *affect).await?;
                json_of(&self.throttle(id, disk).await?)
            }
            R::Throttle { disk, .. } => json_of(&self.throttle(id, disk).await?),
            R::Freeze { mounts, .. } => {
                json_of(&json!({ "count": self.freeze(id, mounts).await? }))
            }
            R::Thaw { .. } => json_of(&json!({ "count": self.thaw(id).await? })),
            R::Backup { backup, .. } => json_of(&self.backup(domain, backup, |_| ()).await?),
            _ => {
                if let R::DeleteCheckpoint { name, .. } = request {
                    self.checkpoint_delete(id, name).await?;
                }
                json_of(&json!({ "checkpoints": self.checkpoints(id).await? }))
            }
        }
    }

    async fn answer_snapshot(&self, domain: &DomainRef, request: &Request) -> Answer {
        let id = domain.id;
        match request {
            Request::TakeSnapshot { name, disk_only, .. } => {
                drop(self.snapshot_create(id, name, *disk_only).await?);
            }
            Request::RevertSnapshot { name, .. } => self.snapshot_revert(id, name).await?,
            Request::DeleteSnapshot { name, .. } => self.snapshot_delete(id, name).await?,
            _ => {}
        }
        json_of(&SnapshotList { snapshots: self.snapshots(id).await? })
    }

    /// What is done and then answered with the state.
    async fn answer_act(&self, domain: &DomainRef, request: &Request) -> crate::Result<()> {
        use Request as R;
        let id = domain.id;
        match request {
            R::Start { paused: true, .. } => self.start_paused(id).await,
            R::Start { .. } => self.start(id).await,
            R::Reboot { by, .. } => self.reboot(id, *by).await,
            R::Reset { .. } => self.reset(id).await,
            R::Pause { .. } => self.pause(id).await,
            R::Resume { .. } => self.resume(id).await,
            R::Save { .. } => self.managed_save(id).await,
            R::DropSaved { .. } => self.managed_save_remove(id).await,
            R::Autostart { on, .. } => self.set_autostart(id, *on).await,
            R::Attach { xml, affect, .. } => self.attach_device(id, xml, *affect).await,
            R::Detach { xml, affect, .. } => self.detach_device(id, xml, *affect).await,
            R::Update { xml, affect, .. } => self.update_device(id, xml, *affect).await,
            R::Unplug { xml, .. } => self.unplug(id, xml).await,
            R::SetCpus { cpus, affect, .. } => self.set_cpus(id, *cpus, *affect).await,
            R::SetMemory { mib, affect, .. } => {
                self.set_memory_kib(id, mib.saturating_mul(1024), *affect).await
            }
            R::ResizeDisk { disk, bytes, .. } => self.block_resize(id, disk, *bytes).await,
            R::AbortJob { .. } => self.abort_job(id).await,
            R::StartPostCopy { .. } => self.start_post_copy(id).await,
            R::EndBlockJob { disk, end, .. } => self.end_block_job(id, disk, *end).await,
            _ => Ok(()),
        }
    }
}

impl Request {
    /// The machine that a request is about; empty for one about the host.
    fn vm(&self) -> &str {
        use Request as R;
        match self {
            R::Show { vm }
            | R::State { vm }
            | R::Xml { vm, .. }
            | R::Delete { vm, .. }
            | R::Plan { vm, .. }
            | R::Apply { vm, .. }
            | R::Start { vm, .. }
            | R::Stop { vm, .. }
            | R::Reboot { vm, .. }
            | R::Reset { vm }
            | R::Pause { vm }
            | R::Resume { vm }
            | R::Save { vm }
            | R::DropSaved { vm }
            | R::Autostart { vm, .. }
            | R::Attach { vm, .. }
            | R::Detach { vm, .. }
            | R::Update { vm, .. }
            | R::Unplug { vm, .. }
            | R::SetCpus { vm, .. }
            | R::SetMemory { vm, .. }
            | R::ResizeDisk { vm, .. }
            | R::AgentInfo { vm }
            | R::AgentWait { vm, .. }
            | R::AgentExec { vm, .. }
            | R::AgentRead { vm, .. }
            | R::AgentWrite { vm, .. }
            | R::Screenshot { vm, .. }
            | R::Addresses { vm }
            | R::Migrate { vm, .. }
            | R::Job { vm }
            | R::AbortJob { vm }
            | R::StartPostCopy { vm }
            | R::BlockJob { vm, .. }
            | R::BlockJobInfo { vm, .. }
            | R::EndBlockJob { vm, .. }
            | R::Throttle { vm, .. }
            | R::SetThrottle { vm, .. }
            | R::Freeze { vm, .. }
            | R::Thaw { vm }
            | R::Backup { vm, .. }
            | R::Checkpoints { vm }
            | R::DeleteCheckpoint { vm, .. }
            | R::Snapshots { vm }
            | R::TakeSnapshot { vm, .. }
            | R::RevertSnapshot { vm, .. }
            | R::DeleteSnapshot { vm, .. } => vm,
            R::Host {}
            | R::List {}
            | R::Create { .. }
            | R::Define { .. }
            | R::Stats { .. }
            | R::Pools {}
            | R::DefinePool { .. }
            | R::ChangePool { .. }
            | R::PoolXml { .. }
            | R::Volumes { .. }
            | R::CreateVolume { .. }
            | R::ResizeVolume { .. }
            | R::DeleteVolume { .. }
            | R::Networks {}
            | R::DefineNetwork { .. }
            | R::ChangeNetwork { .. }
            | R::NetworkXml { .. }
            | R::Filters {}
            | R::DefineFilter { .. }
            | R::FilterXml { .. }
            | R::DeleteFilter { .. }
            | R::ApplySecurityGroup { .. }
            | R::Tagged { .. }
            | R::Usage { .. }
            | R::NodeReport {}
            | R::NodeDevices {}
            | R::MoveCold { .. }
            | R::ReconcileMigration { .. } => "",
        }
    }
}
