//! The disks of a fake domain: chains of images, jobs on them, limits.

use std::collections::BTreeMap;

use quantix_core::VmId;
use quantix_xml::{Document, Element, NewElement, NodeId};

use super::{
    connection::{conflict, domain, invalid},
    world::{FakeDomain, Inner},
};
use crate::{
    Affect, BlockJobEnd, BlockJobInfo, BlockJobRequest, Class, DomainRef, Error, Event, Result,
    Throttle,
};

/// How long every disk of a fake domain is.
pub(super) const DISK_BYTES: u64 = 8 << 20;

/// libvirt's `virConnectDomainEventBlockJobStatus`.
const COMPLETED: i32 = 0;
const CANCELED: i32 = 2;
const READY: i32 = 3;

/// A job on a disk; each look moves it on by a half.
#[derive(Clone, Debug)]
pub(super) struct FakeBlockJob {
    request: BlockJobRequest,
    seen: u64,
}

impl FakeBlockJob {
    /// libvirt's `virDomainBlockJobType`.
    fn kind(&self) -> i32 {
        match &self.request {
            BlockJobRequest::Pull { .. } => 1,
            BlockJobRequest::Copy { .. } => 2,
            BlockJobRequest::Commit { top: Some(_), .. } => 3,
            BlockJobRequest::Commit { top: None, .. } => 4,
        }
    }

    /// Whether it stays until somebody ends it.
    fn waits(&self) -> bool {
        matches!(self.kind(), 2 | 4)
    }

    fn is_done(&self) -> bool {
        self.seen >= 2
    }
}

/// The source of a disk, by target.
fn source_of(xml: &str, target: &str) -> Option<String> {
    let document = Document::parse(xml).ok()?;
    let disk = disk(&document, target)?;
    disk.child("source")?.attr("file").map(std::borrow::Cow::into_owned)
}

fn disk<'d>(document: &'d Document, target: &str) -> Option<Element<'d>> {
    let disks = document.root().child("devices")?.elements_named("disk");
    let mut disks = disks.filter(|disk| {
        let dev = disk.child("target").and_then(|t| t.attr("dev"));
        let file = disk.child("source").and_then(|s| s.attr("file"));
        dev.as_deref() == Some(target) || file.as_deref() == Some(target)
    });
    disks.next()
}

/// A definition in which a disk has another source, and no mirror.
fn with_source(operation: &'static str, xml: &str, target: &str, file: &str) -> Result<String> {
    edit_disk(operation, xml, target, |document, node| {
        let disk = document.element(node);
        let mirror = disk.and_then(|disk| disk.child("mirror")).map(|mirror| mirror.id());
        let source = disk.and_then(|disk| disk.child("source")).map(|source| source.id());
        if let Some(mirror) = mirror {
            document.remove(mirror)?;
        }
        match source {
            Some(source) => document.set_attribute(source, "file", file),
            None => document.append(node, &NewElement::new("source").attr("file", file)).map(drop),
        }
    })
}

/// A definition in which a disk has a mirror that keeps up with it.
fn with_mirror(operation: &'static str, xml: &str, target: &str, job: &str) -> Result<String> {
    let mirror = NewElement::new("mirror").attr("job", job).attr("ready", "yes");
    edit_disk(operation, xml, target, |document, node| document.append(node, &mirror).map(drop))
}

fn edit_disk(
    operation: &'static str,
    xml: &str,
    target: &str,
    change: impl FnOnce(&mut Document, NodeId) -> std::result::Result<(), quantix_xml::EditError>,
) -> Result<String> {
    let mut document = Document::parse(xml).map_err(|error| invalid(operation, error))?;
    let node = disk(&document, target).map(|disk| disk.id());
    let node = node.ok_or_else(|| no_disk(operation, target))?;
    change(&mut document, node).map_err(|error| invalid(operation, error))?;
    Ok(document.to_string())
}

fn no_disk(operation: &'static str, disk: &str) -> Error {
    invalid(operation, ["invalid path: no disk ", disk].concat()).about(disk)
}

/// Changes what runs and, where it has the disk too, what the next boot will use.
fn rewrite(domain: &mut FakeDomain, change: impl Fn(&str) -> Result<String>) -> Result<()> {
    let live = change(domain.live_xml.as_ref().unwrap_or(&domain.xml))?;
    domain.xml = change(&domain.xml).unwrap_or_else(|_| domain.xml.clone());
    domain.live_xml = Some(live);
    Ok(())
}

/// Puts a new image on top of every disk, as a snapshot of disks alone does.
pub(super) fn put_images_on_top(
    inner: &mut Inner,
    operation: &'static str,
    id: VmId,
    name: &str,
) -> Result<()> {
    let domain = domain(inner, operation, id)?;
    let document = Document::parse(&domain.xml).map_err(|error| invalid(operation, error))?;
    let disks = document.root().child("devices").into_iter();
    let disks = disks
        .flat_map(|devices| devices.elements_named("disk"))
        .filter(|disk| matches!(disk.attr("device").as_deref(), None | Some("disk")));
    let targets = disks.filter_map(|disk| disk.child("target")?.attr("dev"));
    let targets: Vec<String> = targets.map(std::borrow::Cow::into_owned).collect();
    let mut images = Vec::new();
    for target in targets {
        let running = domain.live_xml.as_ref().unwrap_or(&domain.xml);
        let Some(old) = source_of(running, &target) else { continue };
        let stem = match old.rsplit_once('.') {
            Some((stem, end)) if !end.contains('/') => stem,
            _ => &old,
        };
        let new = [stem, ".", name].concat();
        let was_active = domain.state.is_active();
        rewrite(domain, |xml| with_source(operation, xml, &target, &new))?;
        if !was_active {
            domain.live_xml = None;
        }
        images.push((new, Some(old)));
    }
    inner.images.extend(images);
    Ok(())
}

fn running<'i>(
    inner: &'i mut Inner,
    operation: &'static str,
    (id, target): (VmId, &str),
) -> Result<&'i mut FakeDomain> {
    let domain = domain(inner, operation, id)?;
    if !domain.state.is_active() {
        return Err(conflict(operation, "domain is not running").about(&domain.name));
    }
    match source_of(domain.live_xml.as_ref().unwrap_or(&domain.xml), target) {
        Some(_) => Ok(domain),
        None => Err(no_disk(operation, target)),
    }
}

pub(super) fn start_job(
    inner: &mut Inner,
    place: (VmId, &str),
    request: &BlockJobRequest,
) -> Result<()> {
    const OPERATION: &str = "start job on disk of domain";
    let domain = running(inner, OPERATION, place)?;
    if domain.block_jobs.contains_key(place.1) {
        let text = ["disk '", place.1, "' already in active block job"].concat();
        return Err(conflict(OPERATION, &text).about(place.1));
    }
    let job = FakeBlockJob { request: request.clone(), seen: 0 };
    domain.block_jobs.insert(place.1.to_owned(), job);
    Ok(())
}

pub(super) fn job(inner: &mut Inner, place: (VmId, &str)) -> Result<Option<BlockJobInfo>> {
    const OPERATION: &str = "read job on disk of domain";
    let domain = running(inner, OPERATION, place)?;
    let Some(job) = domain.block_jobs.get_mut(place.1) else { return Ok(None) };
    let was_done = job.is_done();
    job.seen += 1;
    let job = job.clone();
    let done = (DISK_BYTES / 2 * job.seen).min(DISK_BYTES);
    let info = BlockJobInfo { kind: job.kind(), done, total: DISK_BYTES };
    if job.is_done() && !was_done {
        let words = match job.kind() {
            2 => Some("copy"),
            4 => Some("active-commit"),
            _ => None,
        };
        match words {
            Some(words) => {
                let live = domain.live_xml.as_ref().unwrap_or(&domain.xml);
                domain.live_xml = Some(with_mirror(OPERATION, live, place.1, words)?);
            }
            None => finish(inner, OPERATION, place, &job)?,
        }
        tell(inner, place, job.kind(), if job.waits() { READY } else { COMPLETED });
    }
    Ok(Some(info))
}

pub(super) fn end_job(inner: &mut Inner, place: (VmId, &str), end: BlockJobEnd) -> Result<()> {
    const OPERATION: &str = "end job on disk of domain";
    let domain = running(inner, OPERATION, place)?;
    let Some(job) = domain.block_jobs.get(place.1).cloned() else {
        let text = ["disk ", place.1, " does not have an active block job"].concat();
        return Err(conflict(OPERATION, &text).about(place.1));
    };
    match end {
        BlockJobEnd::Pivot if !(job.waits() && job.is_done()) => {
            let text = ["block job on disk '", place.1, "' is not ready for pivot yet"].concat();
            Err(conflict(OPERATION, &text).about(place.1))
        }
        BlockJobEnd::Pivot => {
            finish(inner, OPERATION, place, &job)?;
            tell(inner, place, job.kind(), COMPLETED);
            Ok(())
        }
        BlockJobEnd::Abort => {
            domain.block_jobs.remove(place.1);
            let live = domain.live_xml.clone().unwrap_or_else(|| domain.xml.clone());
            if let Some(source) = source_of(&live, place.1) {
                domain.live_xml = Some(with_source(OPERATION, &live, place.1, &source)?);
            }
            tell(inner, place, job.kind(), CANCELED);
            Ok(())
        }
    }
}

/// The images of a chain, the one in use first.
fn chain(images: &BTreeMap<String, Option<String>>, top: &str) -> Vec<String> {
    let mut chain = vec![top.to_owned()];
    while let Some(Some(under)) = chain.last().and_then(|last| images.get(last)) {
        if chain.contains(under) {
            break;
        }
        chain.push(under.clone());
    }
    chain
}

/// Makes what a job was for.
fn finish(
    inner: &mut Inner,
    operation: &'static str,
    place: (VmId, &str),
    job: &FakeBlockJob,
) -> Result<()> {
    let target = place.1;
    let domain = domain(inner, operation, place.0)?;
    domain.block_jobs.remove(target);
    let live = domain.live_xml.as_ref().unwrap_or(&domain.xml);
    let Some(used) = source_of(live, target) else { return Ok(()) };
    let images = chain(&inner.images, &used);
    let lowest = images.last().cloned().unwrap_or_else(|| used.clone());
    let (in_use, over, under) = match &job.request {
        BlockJobRequest::Pull { base, .. } => (used.clone(), used, base.clone()),
        BlockJobRequest::Copy { to, .. } => (to.clone(), to.clone(), None),
        BlockJobRequest::Commit { base, top: None, .. } => {
            let base = base.clone().unwrap_or(lowest);
            let under = inner.images.get(&base).cloned().flatten();
            (base.clone(), base, under)
        }
        BlockJobRequest::Commit { base, top: Some(top), .. } => {
            let over =
                images.iter().find(|image| inner.images.get(*image) == Some(&Some(top.clone())));
            (used.clone(), over.cloned().unwrap_or(used), Some(base.clone().unwrap_or(lowest)))
        }
    };
    inner.images.insert(over, under);
    let domain = self::domain(inner, operation, place.0)?;
    rewrite(domain, |xml| with_source(operation, xml, target, &in_use))
}

fn tell(inner: &mut Inner, (id, disk): (VmId, &str), kind: i32, status: i32) {
    if let Some(domain) = inner.domains.get(&id) {
        let domain = DomainRef { name: domain.name.clone(), id };
        inner.emit(&Event::BlockJob { domain, disk: disk.to_owned(), kind, status });
    }
}

fn limits<'i>(
    inner: &'i mut Inner,
    operation: &'static str,
    (id, target): (VmId, &str),
) -> Result<&'i mut [Throttle; 2]> {
    let domain = domain(inner, operation, id)?;
    match source_of(domain.live_xml.as_ref().unwrap_or(&domain.xml), target) {
        Some(_) => Ok(domain.throttles.entry(target.to_owned()).or_default()),
        None => Err(no_disk(operation, target)),
    }
}

/// The limits of what runs; of a domain that is off, those of its next boot.
pub(super) fn throttle(inner: &mut Inner, place: (VmId, &str)) -> Result<Throttle> {
    const OPERATION: &str = "read limits of disk of domain";
    let is_active = domain(inner, OPERATION, place.0)?.state.is_active();
    let [live, next] = *limits(inner, OPERATION, place)?;
    Ok(if is_active { live } else { next })
}

pub(super) fn set_throttle(
    inner: &mut Inner,
    place: (VmId, &str),
    throttle: Throttle,
    affect: Affect,
) -> Result<()> {
    const OPERATION: &str = "set limits of disk of domain";
    let is_active = domain(inner, OPERATION, place.0)?.state.is_active();
    if affect != Affect::NextBoot && !is_active {
        return Err(conflict(OPERATION, "domain is not running").about(place.1));
    }
    let both = |total: u64, read: u64, write: u64| total > 0 && (read > 0 || write > 0);
    let t = throttle;
    if both(t.total_bytes_sec, t.read_bytes_sec, t.write_bytes_sec)
        || both(t.total_iops_sec, t.read_iops_sec, t.write_iops_sec)
    {
        let text = "total and read/write of a limit cannot be set at the same time";
        return Err(Error::new(Class::Invalid, OPERATION, text).about(place.1));
    }
    let [live, next] = limits(inner, OPERATION, place)?;
    if affect != Affect::NextBoot {
        *live = throttle;
    }
    if affect != Affect::Live {
        *next = throttle;
    }
    Ok(())
}
