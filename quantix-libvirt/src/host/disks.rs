//! Jobs on disks with a handle, limits, backups, and the content of volumes.

use std::time::Duration;

use quantix_core::{Bytes, VmId};
use quantix_xml::{Document, NewElement};
use tokio::time::{Instant, timeout_at};

use super::{Host, Target};
use crate::{
    Affect, BackupReport, BackupSpec, BackupTarget, BlockJobEnd, BlockJobInfo, BlockJobRequest,
    CheckpointInfo, Class, DomainRef, DomainXml, Error, Event, EventStream, JobInfo, Lane, Result,
    Throttle, TransferSink, TransferSource, XmlKind,
};

/// How often a job is looked at.
const POLL: Duration = Duration::from_millis(200);

/// How far a job on a disk has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockJobState {
    /// It is over, and the disk goes on with what it made.
    Completed,
    /// It keeps up with the disk and waits for [`BlockJob::finish`].
    Ready,
}

/// libvirt's `virConnectDomainEventBlockJobStatus`.
const FAILED: i32 = 1;
const CANCELED: i32 = 2;
const READY: i32 = 3;

/// A job on a disk. Dropping the handle leaves the job alone; [`Host::watch_block_job`] gives
/// another.
#[derive(Debug)]
pub struct BlockJob {
    host: Host,
    id: VmId,
    disk: String,
    events: Option<EventStream>,
    /// What the last event about this job said.
    status: Option<i32>,
}

const WAIT: &str = "wait for job on disk of domain";

impl BlockJob {
    /// How far it is; `None` where it is over.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn progress(&self) -> Result<Option<BlockJobInfo>> {
        self.host.block_job_info(self.id, &self.disk).await
    }

    /// Waits until it is over or ready, at most for the deadline, and tells how far it is a few times
    /// a second.
    ///
    /// # Errors
    /// [`Class::Failed`] where the job failed or was aborted, [`Class::Deadline`] where it takes
    /// longer; it then goes on.
    pub async fn wait(&mut self, mut progress: impl FnMut(BlockJobInfo)) -> Result<BlockJobState> {
        let until = super::deadline_after(self.host.limit);
        loop {
            let pause = until.min(Instant::now() + POLL);
            self.listen(pause).await;
            let outcome = match self.status {
                Some(FAILED) => Err(self.failed("the job failed; see the hypervisor's log")),
                Some(CANCELED) => Err(self.failed("the job was aborted")),
                _ => match self.progress().await? {
                    Some(_) if self.status == Some(READY) => return Ok(BlockJobState::Ready),
                    Some(info) => {
                        progress(info);
                        // The event may be lost; what runs says it too.
                        if info.total > 0 && info.done == info.total && self.is_ready().await? {
                            return Ok(BlockJobState::Ready);
                        }
                        Ok(())
                    }
                    None => return Ok(BlockJobState::Completed),
                },
            };
            outcome?;
            if Instant::now() >= until {
                let text = "the job has not ended";
                return Err(Error::deadline(WAIT, self.host.limit, text).about(&self.disk));
            }
        }
    }

    /// Whether the XML of what runs says that the job keeps up with the disk.
    async fn is_ready(&self) -> Result<bool> {
        let xml = DomainXml::parse(self.host.xml(self.id, XmlKind::Current).await?)?;
        let disk = xml.disk(&self.disk).and_then(|disk| xml.document().element(disk));
        let mirror = disk.and_then(|disk| disk.child("mirror"));
        Ok(mirror.is_some_and(|mirror| mirror.attr("ready").as_deref() == Some("yes")))
    }

    fn failed(&self, text: &str) -> Error {
        Error::new(Class::Failed, WAIT, text).about(&self.disk)
    }

    /// Takes events until one is about this job, or until a moment.
    async fn listen(&mut self, until: Instant) {
        let Some(events) = &mut self.events else {
            tokio::time::sleep_until(until).await;
            return;
        };
        while let Ok(Some(event)) = timeout_at(until, events.next()).await {
            if let Event::BlockJob { domain, disk, status, .. } = event
                && domain.id == self.id
                && disk == self.disk
            {
                self.status = Some(status);
                return;
            }
        }
    }

    /// Ends it: [`BlockJobEnd::Pivot`] only once it is ready.
    ///
    /// # Errors
    /// [`Class::Conflict`] or [`Class::Busy`] for a pivot before it is ready; else as every call.
    pub async fn finish(self, end: BlockJobEnd) -> Result<()> {
        self.host.end_block_job(self.id, &self.disk, end).await
    }
}

impl Host {
    /// Starts a job on a disk of a running domain; `disk` is its target, such as `vda`.
    ///
    /// # Errors
    /// [`Class::Conflict`] where the domain is off or has a job on this disk; else as every call.
    pub async fn start_block_job(
        &self,
        id: VmId,
        disk: &str,
        request: &BlockJobRequest,
    ) -> Result<BlockJob> {
        // Before the job, so that its end cannot be missed.
        let job = self.watch_block_job(id, disk).await;
        let (disk, request) = (disk.to_owned(), request.clone());
        let operation = "start job on disk of domain";
        self.act(Lane::Control, operation, Target::Guest(id), move |h| {
            h.block_job_start(id, &disk, &request)
        })
        .await?;
        Ok(job)
    }

    /// A handle of a job that runs.
    pub async fn watch_block_job(&self, id: VmId, disk: &str) -> BlockJob {
        // Events only make it quicker where the job can be asked.
        let events = self.events().await.ok();
        BlockJob { host: self.clone(), id, disk: disk.to_owned(), events, status: None }
    }

    /// How far the job on a disk is; `None` where there is none.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn block_job_info(&self, id: VmId, disk: &str) -> Result<Option<BlockJobInfo>> {
        let disk = disk.to_owned();
        let operation = "read job on disk of domain";
        self.read(Lane::Control, operation, Target::Guest(id), move |h| h.block_job(id, &disk))
            .await
    }

    /// Ends the job on a disk.
    ///
    /// # Errors
    /// [`Class::Conflict`] where there is none or it is not ready; else as every call.
    pub async fn end_block_job(&self, id: VmId, disk: &str, end: BlockJobEnd) -> Result<()> {
        let disk = disk.to_owned();
        self.act(Lane::Control, "end job on disk of domain", Target::Guest(id), move |h| {
            h.block_job_end(id, &disk, end)
        })
        .await
    }

    /// The limits of a disk.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn throttle(&self, id: VmId, disk: &str) -> Result<Throttle> {
        let disk = disk.to_owned();
        let operation = "read limits of disk of domain";
        self.read(Lane::Control, operation, Target::Guest(id), move |h| h.throttle(id, &disk)).await
    }

    /// Limits a disk.
    ///
    /// # Errors
    /// [`Class::Invalid`] for limits that exclude each other; else as every call.
    pub async fn set_throttle(
        &self,
        id: VmId,
        disk: &str,
        throttle: &Throttle,
        affect: Affect,
    ) -> Result<()> {
        let (disk, throttle) = (disk.to_owned(), *throttle);
        self.act(Lane::Control, "set limits of disk of domain", Target::Guest(id), move |h| {
            h.set_throttle(id, &disk, &throttle, affect)
        })
        .await
    }

    /// Freezes the file systems of a guest through its agent, all where none is named; how many.
    ///
    /// # Errors
    /// As [`crate::Agent::call`].
    pub async fn freeze(&self, id: VmId, mounts: &[String]) -> Result<u32> {
        let mounts = mounts.to_vec();
        let operation = "freeze file systems of domain";
        self.act(Lane::Agent, operation, Target::Guest(id), move |h| h.freeze(id, &mounts)).await
    }

    /// Thaws the file systems of a guest; how many.
    ///
    /// # Errors
    /// As [`crate::Agent::call`].
    pub async fn thaw(&self, id: VmId) -> Result<u32> {
        let operation = "thaw file systems of domain";
        self.act(Lane::Agent, operation, Target::Guest(id), move |h| h.thaw(id)).await
    }

    /// The checkpoints of a domain, oldest first.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn checkpoints(&self, id: VmId) -> Result<Vec<CheckpointInfo>> {
        let target = Target::Record(id);
        let operation = "list checkpoints of domain";
        self.read(Lane::Control, operation, target, move |h| h.checkpoints(id)).await
    }

    /// Removes a checkpoint; the one before it takes over what it knew.
    ///
    /// # Errors
    /// [`Class::NotFound`] where there is none of this name; else as every call.
    pub async fn checkpoint_delete(&self, id: VmId, name: &str) -> Result<()> {
        let name = name.to_owned();
        let operation = "delete checkpoint of domain";
        self.act(Lane::Job, operation, Target::Guest(id), move |h| h.checkpoint_delete(id, &name))
            .await
    }

    /// Lets a migration that was started with `post_copy` switch over now.
    ///
    /// # Errors
    /// [`Class::Conflict`] where no such migration runs; else as every call.
    pub async fn start_post_copy(&self, id: VmId) -> Result<()> {
        let operation = "switch migration of domain over";
        self.act(Lane::Control, operation, Target::Record(id), move |h| h.start_post_copy(id)).await
    }

    /// Backs up disks of a running domain to files of its host and waits until they are written,
    /// at most for the deadline; then the backup is aborted. What is written is the disks' state at
    /// the beginning.
    ///
    /// # Errors
    /// [`Class::Invalid`] for no disks or one that the domain does not have, [`Class::Deadline`]
    /// where it took too long; else as every call.
    pub async fn backup(
        &self,
        domain: &DomainRef,
        spec: &BackupSpec,
        mut progress: impl FnMut(&JobInfo),
    ) -> Result<BackupReport> {
        const OPERATION: &str = "back up domain";
        let id = domain.id;
        let until = super::deadline_after(self.limit);
        let xml = DomainXml::parse(self.xml(id, XmlKind::Current).await?)?;
        let (backup, checkpoint) = backup_documents(&xml, spec).map_err(|e| e.about(domain))?;
        self.act(Lane::Job, OPERATION, Target::Guest(id), move |h| {
            h.backup_start(id, &backup, checkpoint.as_deref())
        })
        .await?;
        loop {
            let job = self.job(id).await?;
            if !job.is_running() {
                break;
            }
            progress(&job);
            if Instant::now() >= until {
                let aborted = self.within(Duration::from_secs(30)).abort_job(id).await;
                let remedy = match aborted {
                    Ok(()) => "the backup was aborted; give it more time",
                    Err(_) => "the backup may still run; look at the domain's job",
                };
                let text = "the backup has not ended";
                let error = Error::deadline(OPERATION, self.limit, text);
                return Err(error.about(domain).with_remedy(remedy));
            }
            tokio::time::sleep(POLL).await;
        }
        let done = self.finished_job(id).await?;
        if done.kind != JobInfo::COMPLETED {
            let text = "the host could not write the backup; see the hypervisor's log";
            return Err(Error::new(Class::Failed, OPERATION, text).about(domain));
        }
        let number = |name: &str| done.params.get(name).and_then(crate::Param::as_u64);
        Ok(BackupReport {
            domain: domain.clone(),
            disks: spec.disks.clone(),
            checkpoint: spec.checkpoint.clone(),
            bytes: Bytes(number("disk_processed").or_else(|| number("disk_total")).unwrap_or(0)),
        })
    }

    async fn finished_job(&self, id: VmId) -> Result<JobInfo> {
        let target = Target::Record(id);
        let operation = "read finished job of domain";
        self.read(Lane::Control, operation, target, move |h| h.finished_job(id)).await
    }

    /// Replaces the content of a volume; blocks of zeros become holes where the volume can have them,
    /// and a raw volume that is longer than the content ends in zeros. The deadline is for the whole of it. How many bytes.
    ///
    /// # Errors
    /// [`Class::Failed`] where the source cannot be read or the volume is too small; else as every
    /// call.
    pub async fn volume_upload(
        &self,
        pool: &str,
        name: &str,
        source: impl TransferSource + 'static,
    ) -> Result<u64> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        let operation = "upload volume of pool";
        self.act(Lane::Job, operation, Target::Host, move |h| {
            h.volume_upload(&pool, &name, Box::new(source))
        })
        .await
    }

    /// Reads the content of a volume, holes as holes. The deadline is for the whole of it. How many
    /// bytes, with the holes.
    ///
    /// # Errors
    /// [`Class::Failed`] where the sink does not take it; else as every call.
    pub async fn volume_download(
        &self,
        pool: &str,
        name: &str,
        sink: impl TransferSink + 'static,
    ) -> Result<u64> {
        let (pool, name) = (pool.to_owned(), name.to_owned());
        let operation = "download volume of pool";
        self.act(Lane::Job, operation, Target::Host, move |h| {
            h.volume_download(&pool, &name, Box::new(sink))
        })
        .await
    }
}

/// The documents of a backup and of its checkpoint.
fn backup_documents(xml: &DomainXml, spec: &BackupSpec) -> Result<(String, Option<String>)> {
    let invalid = |text: String| Error::new(Class::Invalid, "back up domain", text);
    let known: Vec<String> = xml.details().disks.into_iter().map(|disk| disk.target).collect();
    if spec.disks.is_empty() {
        return Err(invalid("expected at least one disk".to_owned()));
    }
    if let Some(other) = spec.disks.iter().find(|wanted| !known.contains(&wanted.disk)) {
        return Err(invalid(["the domain has no disk ", &other.disk].concat()));
    }
    let wanted = |disk: &String| spec.disks.iter().find(|target| target.disk == *disk);
    let taken = |target: &BackupTarget| {
        NewElement::new("disk")
            .attr("name", target.disk.as_str())
            .attr("backup", "yes")
            .attr("type", "file")
            .child(NewElement::new("driver").attr("type", target.format.as_str()))
            .child(NewElement::new("target").attr("file", target.file.as_str()))
    };
    let disks = known.iter().map(|disk| match wanted(disk) {
        Some(target) => taken(target),
        None => NewElement::new("disk").attr("name", disk.as_str()).attr("backup", "no"),
    });
    let since = spec.since.iter().map(|name| NewElement::new("incremental").text(name.as_str()));
    let backup = NewElement::new("domainbackup")
        .attr("mode", "push")
        .children(since)
        .child(NewElement::new("disks").children(disks));
    let checkpoint = spec.checkpoint.as_ref().map(|name| {
        let disks = known.iter().map(|disk| {
            let kept = if wanted(disk).is_some() { "bitmap" } else { "no" };
            NewElement::new("disk").attr("name", disk.as_str()).attr("checkpoint", kept)
        });
        NewElement::new("domaincheckpoint")
            .child(NewElement::new("name").text(name.as_str()))
            .child(NewElement::new("disks").children(disks))
    });
    let text = |element: &NewElement| {
        Document::new(element).map(|d| d.to_string()).map_err(|error| invalid(error.to_string()))
    };
    Ok((text(&backup)?, checkpoint.as_ref().map(text).transpose()?))
}
