//! Snapshots, checkpoints, backups and the job of a fake domain.

use std::collections::BTreeMap;

use quantix_core::VmId;
use quantix_xml::Document;

use super::{
    connection::{absent, conflict, domain, invalid, switch},
    disks,
    world::{FakeDomain, Inner},
};
use crate::{
    CheckpointInfo, Class, DomainState, Error, JobInfo, Lifecycle, Param, Result, SnapshotInfo,
    view::{Backup, Checkpoint, Snapshot},
};

/// How many looks at a job see it run.
const JOB_STEPS: u64 = 2;

/// The first moment of a fake world, in seconds since 1970; each later one is a second after.
const FIRST_MOMENT: u64 = 1_700_000_000;

/// A snapshot.
#[derive(Clone, Debug)]
pub(super) struct FakeSnapshot {
    info: SnapshotInfo,
    xml: String,
    live_xml: Option<String>,
    domain_state: DomainState,
    disk_only: bool,
}

/// What a domain is busy with.
#[derive(Clone, Debug)]
pub(super) struct FakeJob {
    /// How often it was looked at.
    pub(super) seen: u64,
    /// After how many looks it is over; never by itself where absent.
    pub(super) steps: Option<u64>,
    /// What there is to do, in bytes.
    pub(super) total: u64,
    /// Whether it is a move, which ends itself once it is aborted.
    pub(super) is_move: bool,
    /// Whether somebody has ended it.
    pub(super) aborted: bool,
}

impl FakeJob {
    fn info(&self, kind: i32) -> JobInfo {
        let steps = self.steps.unwrap_or(JOB_STEPS).max(1);
        let done = if kind == JobInfo::COMPLETED {
            self.total
        } else {
            self.total / steps * self.seen.min(steps)
        };
        let numbers = [
            ("data_total", self.total),
            ("data_processed", done),
            ("data_remaining", self.total - done),
            ("disk_total", self.total),
            ("disk_processed", done),
        ];
        let params = numbers.map(|(name, value)| (name.to_owned(), Param::Unsigned(value)));
        JobInfo { kind, params: BTreeMap::from(params) }
    }
}

fn running<'i>(
    inner: &'i mut Inner,
    operation: &'static str,
    id: VmId,
) -> Result<&'i mut FakeDomain> {
    let domain = domain(inner, operation, id)?;
    if domain.state.is_active() {
        return Ok(domain);
    }
    Err(conflict(operation, "domain is not running").about(&domain.name))
}

fn moment(inner: &mut Inner) -> u64 {
    inner.moments += 1;
    FIRST_MOMENT + inner.moments
}

/// The name in a document, or one of the moment.
fn name_or_moment(name: Option<std::borrow::Cow<'_, str>>, moment: u64) -> String {
    name.map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| moment.to_string())
}

pub(super) fn snapshots(inner: &mut Inner, id: VmId) -> Result<Vec<SnapshotInfo>> {
    let domain = domain(inner, "list snapshots of domain", id)?;
    Ok(domain.snapshots.iter().map(|snapshot| snapshot.info.clone()).collect())
}

pub(super) fn take(inner: &mut Inner, id: VmId, xml: &str, disk_only: bool) -> Result<String> {
    const OPERATION: &str = "take snapshot of domain";
    let document = Document::parse(xml).map_err(|error| invalid(OPERATION, error))?;
    domain(inner, OPERATION, id)?;
    let created_at = moment(inner);
    let name = name_or_moment(Snapshot::of(document.root()).name(), created_at);
    let domain = domain(inner, OPERATION, id)?;
    if domain.snapshots.iter().any(|known| known.info.name == name) {
        let text = ["domain snapshot ", &name, " already exists"].concat();
        return Err(conflict(OPERATION, &text).about(&domain.name));
    }
    let state = match domain.state {
        _ if disk_only => "disk-snapshot",
        DomainState::Paused => "paused",
        state if state.is_active() => "running",
        _ => "shutoff",
    };
    let parent = domain.snapshots.iter_mut().find(|known| known.info.current);
    let parent = parent.map(|parent| {
        parent.info.current = false;
        parent.info.name.clone()
    });
    let info = SnapshotInfo {
        name: name.clone(),
        parent,
        state: state.to_owned(),
        created_at,
        current: true,
    };
    let snapshot = FakeSnapshot {
        info,
        xml: domain.xml.clone(),
        live_xml: domain.live_xml.clone(),
        domain_state: domain.state,
        disk_only,
    };
    domain.snapshots.push(snapshot);
    if disk_only {
        disks::put_images_on_top(inner, OPERATION, id, &name)?;
    }
    Ok(name)
}

fn no_snapshot(operation: &'static str, name: &str) -> Error {
    let text = ["no domain snapshot with matching name '", name, "'"].concat();
    absent(operation, &text).about(name)
}

pub(super) fn revert(inner: &mut Inner, id: VmId, name: &str) -> Result<()> {
    const OPERATION: &str = "revert domain";
    let domain = domain(inner, OPERATION, id)?;
    let found = domain.snapshots.iter().find(|known| known.info.name == name).cloned();
    let found = found.ok_or_else(|| no_snapshot(OPERATION, name))?;
    if found.disk_only {
        let text = "revert to external snapshot not supported yet";
        return Err(Error::new(Class::Unsupported, OPERATION, text).about(name));
    }
    for known in &mut domain.snapshots {
        known.info.current = known.info.name == name;
    }
    (domain.xml, domain.live_xml) = (found.xml, found.live_xml);
    let was = domain.state;
    domain.state = found.domain_state;
    let what = match (was.is_active(), found.domain_state.is_active()) {
        (false, true) => Lifecycle::Started,
        (true, false) => Lifecycle::Stopped,
        _ => return Ok(()),
    };
    inner.emit_lifecycle(id, what);
    Ok(())
}

pub(super) fn delete(inner: &mut Inner, id: VmId, name: &str) -> Result<()> {
    const OPERATION: &str = "delete snapshot of domain";
    let domain = domain(inner, OPERATION, id)?;
    let place = domain.snapshots.iter().position(|known| known.info.name == name);
    let place = place.ok_or_else(|| no_snapshot(OPERATION, name))?;
    let gone = domain.snapshots.remove(place).info;
    for known in &mut domain.snapshots {
        if known.info.parent.as_deref() == Some(name) {
            known.info.parent.clone_from(&gone.parent);
        }
        known.info.current |= gone.current && Some(&known.info.name) == gone.parent.as_ref();
    }
    Ok(())
}

pub(super) fn checkpoints(inner: &mut Inner, id: VmId) -> Result<Vec<CheckpointInfo>> {
    Ok(domain(inner, "list checkpoints of domain", id)?.checkpoints.clone())
}

pub(super) fn delete_checkpoint(inner: &mut Inner, id: VmId, name: &str) -> Result<()> {
    const OPERATION: &str = "delete checkpoint of domain";
    let domain = domain(inner, OPERATION, id)?;
    let place = domain.checkpoints.iter().position(|known| known.name == name);
    let place = place.ok_or_else(|| no_checkpoint(OPERATION, name))?;
    let gone = domain.checkpoints.remove(place);
    for known in &mut domain.checkpoints {
        if known.parent.as_deref() == Some(name) {
            known.parent.clone_from(&gone.parent);
        }
    }
    Ok(())
}

fn no_checkpoint(operation: &'static str, name: &str) -> Error {
    let text = ["no domain checkpoint with matching name '", name, "'"].concat();
    absent(operation, &text).about(name)
}

pub(super) fn back_up(
    inner: &mut Inner,
    id: VmId,
    backup: &str,
    checkpoint: Option<&str>,
) -> Result<()> {
    const OPERATION: &str = "back up domain";
    let parse = |xml: &str| Document::parse(xml).map_err(|error| invalid(OPERATION, error));
    let backup = parse(backup)?;
    let backup = Backup::of(backup.root());
    let domain = domain(inner, OPERATION, id)?;
    if !domain.state.is_active() {
        let text = "backing up a domain that is off is not supported";
        return Err(Error::new(Class::Unsupported, OPERATION, text).about(&domain.name));
    }
    if domain.job.is_some() {
        let text = "another backup of this domain is already running";
        return Err(conflict(OPERATION, text).about(&domain.name));
    }
    if let Some(since) = backup.incremental()
        && !domain.checkpoints.iter().any(|known| known.name == since)
    {
        return Err(no_checkpoint(OPERATION, &since));
    }
    if let Some(checkpoint) = checkpoint {
        let document = parse(checkpoint)?;
        let created_at = moment(inner);
        let info = checkpoint_of(&document, created_at);
        let domain = running(inner, OPERATION, id)?;
        if domain.checkpoints.iter().any(|known| known.name == info.name) {
            let text = ["domain checkpoint ", &info.name, " already exists"].concat();
            return Err(conflict(OPERATION, &text).about(&domain.name));
        }
        let parent = domain.checkpoints.last().map(|last| last.name.clone());
        domain.checkpoints.push(CheckpointInfo { parent, ..info });
    }
    let files = backup
        .disks()
        .into_iter()
        .filter_map(|disk| disk.target_file().map(std::borrow::Cow::into_owned));
    let files: Vec<String> = files.collect();
    let total = files.len() as u64 * disks::DISK_BYTES;
    inner.images.extend(files.into_iter().map(|file| (file, None)));
    let job = FakeJob { seen: 0, steps: Some(JOB_STEPS), total, is_move: false, aborted: false };
    running(inner, OPERATION, id)?.job = Some(job);
    Ok(())
}

fn checkpoint_of(document: &Document, created_at: u64) -> CheckpointInfo {
    let checkpoint = Checkpoint::of(document.root());
    let kept = checkpoint.disks().into_iter();
    let kept = kept.filter(|disk| disk.checkpoint().as_deref() == Some("bitmap"));
    CheckpointInfo {
        name: name_or_moment(checkpoint.name(), created_at),
        parent: None,
        created_at,
        disks: kept.filter_map(|disk| disk.name().map(std::borrow::Cow::into_owned)).collect(),
    }
}

/// Looks at the job, which moves it on.
pub(super) fn job(inner: &mut Inner, id: VmId) -> Result<JobInfo> {
    const UNBOUNDED: i32 = 2;
    let domain = domain(inner, "read job of domain", id)?;
    let Some(job) = &mut domain.job else {
        return Ok(JobInfo { kind: 0, params: BTreeMap::new() });
    };
    job.seen += 1;
    if job.steps.is_some_and(|steps| job.seen > steps) {
        domain.finished_job = Some(job.info(JobInfo::COMPLETED));
        domain.job = None;
        return Ok(JobInfo { kind: 0, params: BTreeMap::new() });
    }
    Ok(job.info(UNBOUNDED))
}

pub(super) fn finished_job(inner: &mut Inner, id: VmId) -> Result<JobInfo> {
    let none = JobInfo { kind: 0, params: BTreeMap::new() };
    Ok(domain(inner, "read finished job of domain", id)?.finished_job.clone().unwrap_or(none))
}

pub(super) fn abort_job(inner: &mut Inner, id: VmId) -> Result<()> {
    const OPERATION: &str = "abort job of domain";
    const CANCELLED: i32 = 5;
    let domain = running(inner, OPERATION, id)?;
    let Some(job) = &mut domain.job else {
        return Err(conflict(OPERATION, "no job is active on the domain").about(&domain.name));
    };
    job.aborted = true;
    domain.finished_job = Some(job.info(CANCELLED));
    if !job.is_move {
        domain.job = None;
    }
    Ok(())
}

/// Lets a move go on at once. Whether it was asked for is not looked at.
pub(super) fn switch_over(inner: &mut Inner, id: VmId) -> Result<()> {
    const OPERATION: &str = "switch migration of domain over";
    let domain = running(inner, OPERATION, id)?;
    match &mut domain.job {
        Some(job) if job.is_move => {
            job.seen = job.seen.max(job.steps.unwrap_or(0));
            Ok(())
        }
        _ => Err(conflict(OPERATION, "no outgoing migration is active").about(&domain.name)),
    }
}

/// Freezes the file systems of a guest: how many.
pub(super) fn freeze(inner: &mut Inner, id: VmId, mounts: &[String]) -> Result<u32> {
    const OPERATION: &str = "freeze file systems of domain";
    let domain = running(inner, OPERATION, id)?;
    if !domain.guest.agent {
        return Err(super::connection::no_agent(OPERATION));
    }
    if domain.frozen > 0 {
        let text = "unable to execute QEMU agent command 'guest-fsfreeze-freeze': the command is \
                    not allowed while file systems are frozen";
        return Err(Error::new(Class::Failed, OPERATION, text).about(&domain.name));
    }
    let known = &domain.guest.mounts;
    let chosen = known.iter().filter(|mount| mounts.is_empty() || mounts.contains(mount));
    domain.frozen = u32::try_from(chosen.count()).unwrap_or(u32::MAX);
    Ok(domain.frozen)
}

pub(super) fn thaw(inner: &mut Inner, id: VmId) -> Result<u32> {
    const OPERATION: &str = "thaw file systems of domain";
    let domain = running(inner, OPERATION, id)?;
    if !domain.guest.agent {
        return Err(super::connection::no_agent(OPERATION));
    }
    Ok(std::mem::take(&mut domain.frozen))
}

/// What a host keeps of a domain that has left: nothing, or its definition.
pub(super) fn leave(inner: &mut Inner, id: VmId, keep: bool) -> Result<()> {
    const OPERATION: &str = "migrate domain";
    let off = (DomainState::ShutOff, Lifecycle::Stopped);
    let on = &[DomainState::Running, DomainState::Paused];
    switch(inner, (OPERATION, id), on, off)?;
    if !keep {
        inner.emit_lifecycle(id, Lifecycle::Undefined);
        inner.domains.remove(&id);
    }
    Ok(())
}
