//! One suite for what is around domains, on the fake, on libvirt's test driver and on QEMU under
//! libvirtd. What a kind of host lacks stands in a table, and is proved to be `unsupported` there.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use quantix_core::{Bytes, MemoryMib, VmId};
use quantix_libvirt::{
    Affect, BackupSpec, BackupTarget, BlockJobEnd, BlockJobRequest, BlockJobState, Class,
    CreateOptions, DiskSpec, DomainRef, DomainSpec, DomainState, DomainType, Error, FakeHost,
    Fault, FaultKind, Graphics, Host, JobInfo, MigrateRequest, ResourceAct, SerialSpec, Throttle,
    TransferSink, UndefineScope, VideoModel, view::CapabilitiesXml,
};
use quantix_xml::{Document, NewElement};
use support::{Kind, Site, class_of, seconds, with_host};

/// What libvirt's test driver lacks, by the names of the calls of `Hypervisor`.
const TEST_DRIVER_LACKS: &[&str] = &[
    "filters",
    "filter_define",
    "filter_xml",
    "filter_undefine",
    "volume_resize",
    "volume_upload",
    "volume_download",
    "block_job_start",
    "block_job",
    "block_job_end",
    "backup_start",
    "open_console",
];

/// The outcome of a call where the kind of host has it; `None`, after proof, where it has not.
fn had<T: std::fmt::Debug>(site: Site, call: &str, outcome: Result<T, Error>) -> Option<T> {
    if site.kind == Kind::TestDriver && TEST_DRIVER_LACKS.contains(&call) {
        let class = class_of(outcome);
        assert_eq!(class, Class::Unsupported, "{call} is not lacking, or is refused otherwise");
        return None;
    }
    Some(outcome.unwrap_or_else(|error| panic!("{call} on {:?}: {error}", site.kind)))
}

macro_rules! on_every_kind {
    ($($test:ident)*) => { $(
        mod $test {
            use super::*;
            #[test]
            fn on_the_fake() {
                with_host(Kind::Fake, super::$test);
            }
            #[test]
            fn on_the_test_driver() {
                with_host(Kind::TestDriver, super::$test);
            }
            #[test]
            fn on_qemu() {
                with_host(Kind::Qemu, super::$test);
            }
        }
    )* };
}

on_every_kind! {
    pools_are_defined_started_and_removed
    volumes_are_made_cloned_grown_and_removed
    the_content_of_a_volume_goes_up_and_down
    networks_are_defined_started_and_removed
    filters_are_defined_replaced_and_removed
    snapshots_form_a_tree_and_come_back
    chains_of_images_grow_and_shrink
    backups_follow_their_checkpoints
    disks_are_limited
    the_screen_shows_and_the_console_speaks
    guests_are_asked_where_they_answer
    hosts_say_what_they_are
}

fn text(name: &str, value: &str) -> NewElement {
    NewElement::new(name).text(value)
}

fn xml(element: &NewElement) -> String {
    Document::new(element).unwrap().to_string()
}

/// A pool on a folder of its own, gone with the test.
struct Pool {
    _folder: tempfile::TempDir,
    name: String,
    xml: String,
}

impl Pool {
    fn new(site: Site) -> Self {
        let folder =
            tempfile::Builder::new().prefix("quantix-pool-").tempdir_in("/var/tmp").unwrap();
        let name = site.machine().name;
        let path = folder.path().join("images").display().to_string();
        let element = NewElement::new("pool")
            .attr("type", "dir")
            .child(text("name", &name))
            .child(NewElement::new("target").child(text("path", &path)));
        Self { _folder: folder, name, xml: xml(&element) }
    }

    async fn started(site: Site, host: &Host) -> Self {
        let pool = Self::new(site);
        host.pool_define(&pool.xml).await.unwrap();
        host.pool_act(&pool.name, ResourceAct::Start).await.unwrap();
        pool
    }

    async fn remove(self, host: &Host) {
        for volume in host.volumes(&self.name).await.unwrap() {
            host.volume_delete(&self.name, &volume.name).await.unwrap();
        }
        host.pool_act(&self.name, ResourceAct::Stop).await.unwrap();
        host.pool_act(&self.name, ResourceAct::Undefine).await.unwrap();
    }
}

fn volume(name: &str, format: &str, mib: u64, backing: Option<&str>) -> String {
    let format = || NewElement::new("format").attr("type", format);
    let backing = backing
        .map(|path| NewElement::new("backingStore").child(text("path", path)).child(format()));
    let element = NewElement::new("volume")
        .child(text("name", name))
        .child(text("capacity", &mib.to_string()).attr("unit", "MiB"))
        .child(text("allocation", "0"))
        .child(NewElement::new("target").child(format()))
        .children(backing);
    xml(&element)
}

async fn pools_are_defined_started_and_removed(site: Site, host: Host) {
    let pool = Pool::new(site);
    let name = pool.name.clone();
    let info = || async {
        let pools = host.pools().await.unwrap();
        pools.into_iter().find(|info| info.name == name)
    };
    assert_eq!(host.pool_define(&pool.xml).await.unwrap(), name);
    let defined = info().await.unwrap();
    assert!(!defined.active && defined.persistent && !defined.autostart, "{defined:?}");
    assert_eq!(defined.id.len(), 36);
    assert_eq!(class_of(host.volumes(&name).await), Class::Conflict);
    assert_eq!(class_of(host.pool_act(&name, ResourceAct::Stop).await), Class::Conflict);
    for act in [ResourceAct::Start, ResourceAct::Start, ResourceAct::Refresh] {
        host.pool_act(&name, act).await.unwrap();
    }
    host.pool_act(&name, ResourceAct::Autostart).await.unwrap();
    let started = info().await.unwrap();
    assert!(started.active && started.autostart, "{started:?}");
    assert!(started.capacity_bytes.0 > 0 && started.available_bytes.0 > 0, "{started:?}");
    host.pool_act(&name, ResourceAct::NoAutostart).await.unwrap();
    assert_eq!(class_of(host.pool_act(&name, ResourceAct::Undefine).await), Class::Conflict);
    // With its UUID it is the same pool; without, it would be another of the same name.
    let again = host.pool_xml(&name).await.unwrap();
    host.pool_define(&again).await.unwrap();
    assert_eq!(info().await.unwrap().id, defined.id);
    assert_eq!(class_of(host.pool_define(&pool.xml).await), Class::Conflict);
    assert!(host.pool_xml(&name).await.unwrap().contains("<target>"));
    pool.remove(&host).await;
    assert_eq!(info().await, None);
    for outcome in [
        host.pool_xml(&name).await.map(drop),
        host.volumes(&name).await.map(drop),
        host.pool_act(&name, ResourceAct::Start).await,
    ] {
        assert_eq!(class_of(outcome), Class::NotFound);
    }
    assert_eq!(class_of(host.pool_define("<pool type='dir'/>").await), Class::Invalid);
    assert_eq!(class_of(host.pool_define("<pool").await), Class::Invalid);
}

async fn volumes_are_made_cloned_grown_and_removed(site: Site, host: Host) {
    let pool = Pool::started(site, &host).await;
    let name = pool.name.as_str();
    let base = host.volume_create(name, &volume("base", "qcow2", 8, None)).await.unwrap();
    assert!(base.ends_with("/images/base"), "{base}");
    let clone = volume("clone", "qcow2", 8, Some(&base));
    host.volume_create(name, &clone).await.unwrap();
    assert_eq!(class_of(host.volume_create(name, &clone).await), Class::Conflict);
    let grown = host.volume_resize(name, "clone", 16 << 20).await;
    let expected = if had(site, "volume_resize", grown).is_some() { 16 << 20 } else { 8 << 20 };
    if site.kind != Kind::TestDriver {
        let shrunk = host.volume_resize(name, "clone", 1 << 20).await;
        assert_eq!(class_of(shrunk), Class::Invalid);
    }
    let volumes = host.volumes(name).await.unwrap();
    let names: Vec<&str> = volumes.iter().map(|volume| volume.name.as_str()).collect();
    assert_eq!(names, ["base", "clone"]);
    assert_eq!(volumes[1].backing.as_deref(), Some(base.as_str()));
    assert_eq!(volumes[1].capacity_bytes, Bytes(expected));
    assert_eq!(volumes[0].format.as_deref(), Some("qcow2"));
    let gone = host.volume_delete(name, "quantix-no-such-volume").await;
    assert_eq!(class_of(gone), Class::NotFound);
    host.volume_delete(name, "clone").await.unwrap();
    assert_eq!(host.volumes(name).await.unwrap().len(), 1);
    assert!(host.volume_create(name, "<volume><name>x</name></volume>").await.is_err());
    pool.remove(&host).await;
}

/// Keeps what comes down, and how much of it came as holes.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<(Vec<u8>, u64)>>);

impl TransferSink for Taken {
    fn data(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.lock().unwrap().0.write_all(bytes)
    }

    fn hole(&mut self, length: u64) -> std::io::Result<()> {
        let mut taken = self.0.lock().unwrap();
        let end = taken.0.len() + usize::try_from(length).unwrap();
        taken.0.resize(end, 0);
        taken.1 += length;
        Ok(())
    }
}

async fn the_content_of_a_volume_goes_up_and_down(site: Site, host: Host) {
    let host = host.within(seconds(60));
    let pool = Pool::started(site, &host).await;
    let name = pool.name.as_str();
    host.volume_create(name, &volume("a", "raw", 4, None)).await.unwrap();
    let mut content = vec![0u8; 3 << 20];
    content[100..105].copy_from_slice(b"begin");
    content[(2 << 20) + 7..(2 << 20) + 13].copy_from_slice(b"middle");
    let old = std::io::Cursor::new(vec![7u8; 3 << 20]);
    if had(site, "volume_upload", host.volume_upload(name, "a", old).await).is_some() {
        let all = host.volumes(name).await.unwrap()[0].allocation_bytes.0;
        assert!(all >= 3 << 20, "{all}");
    }
    // What was there must not shine through the holes of what comes.
    let up = host.volume_upload(name, "a", std::io::Cursor::new(content.clone())).await;
    if had(site, "volume_upload", up).is_some() {
        let allocated = host.volumes(name).await.unwrap()[0].allocation_bytes.0;
        assert!(allocated > 0 && allocated < 2 << 20, "holes take no room: {allocated}");
    }
    let taken = Taken::default();
    let down = host.volume_download(name, "a", taken.clone()).await;
    if let Some(length) = had(site, "volume_download", down) {
        assert_eq!(length, 4 << 20);
        let (bytes, holes) = std::mem::take(&mut *taken.0.lock().unwrap());
        assert!(bytes[..content.len()] == content, "what came down is what went up");
        assert!(bytes[content.len()..].iter().all(|&byte| byte == 0) && holes > 0, "{holes}");
        // Nothing at all is a content too.
        assert_eq!(host.volume_upload(name, "a", std::io::empty()).await.unwrap(), 0);
        assert_eq!(host.volume_download(name, "a", taken.clone()).await.unwrap(), 4 << 20);
        assert!(taken.0.lock().unwrap().0.iter().all(|&byte| byte == 0));
        let gone = host.volume_download(name, "b", taken).await;
        assert_eq!(class_of(gone), Class::NotFound);
    }
    pool.remove(&host).await;
}

async fn networks_are_defined_started_and_removed(site: Site, host: Host) {
    let name = site.machine().name;
    // Isolated and without an address: nothing on the machine can collide with it.
    let wanted = NewElement::new("network").child(text("name", &name));
    let info = || async {
        let networks = host.networks().await.unwrap();
        networks.into_iter().find(|info| info.name == name)
    };
    assert_eq!(host.network_define(&xml(&wanted)).await.unwrap(), name);
    let defined = info().await.unwrap();
    assert!(!defined.active && defined.persistent && !defined.autostart, "{defined:?}");
    if site.kind != Kind::TestDriver {
        let stopped = host.network_act(&name, ResourceAct::Stop).await;
        assert_eq!(class_of(stopped), Class::Conflict);
    }
    for act in [ResourceAct::Autostart, ResourceAct::Start, ResourceAct::Start] {
        host.network_act(&name, act).await.unwrap();
    }
    let started = info().await.unwrap();
    assert!(started.active && started.autostart, "{started:?}");
    if site.kind != Kind::TestDriver {
        assert!(started.bridge.unwrap().starts_with("virbr"));
    }
    assert_eq!(class_of(host.network_act(&name, ResourceAct::Refresh).await), Class::Unsupported);
    let again = host.network_xml(&name).await.unwrap();
    host.network_define(&again).await.unwrap();
    assert_eq!(info().await.unwrap().id, defined.id);
    assert_eq!(class_of(host.network_define(&xml(&wanted)).await), Class::Conflict);
    for act in [ResourceAct::NoAutostart, ResourceAct::Stop, ResourceAct::Undefine] {
        host.network_act(&name, act).await.unwrap();
    }
    assert_eq!(info().await, None);
    assert_eq!(class_of(host.network_xml(&name).await), Class::NotFound);
    assert_eq!(class_of(host.network_act(&name, ResourceAct::Start).await), Class::NotFound);
    assert_eq!(class_of(host.network_define("<network/>").await), Class::Invalid);
}

async fn filters_are_defined_replaced_and_removed(site: Site, host: Host) {
    let name = site.machine().name;
    let filter = |port: &str| {
        let tcp = NewElement::new("tcp").attr("dstportstart", port);
        let rule = NewElement::new("rule").attr("action", "accept").attr("direction", "in");
        xml(&NewElement::new("filter").attr("name", &*name).child(rule.child(tcp)))
    };
    let defined = host.filter_define(&filter("443")).await;
    if had(site, "filter_define", defined).is_none() {
        had(site, "filters", host.filters().await);
        had(site, "filter_xml", host.filter_xml(&name).await);
        had(site, "filter_undefine", host.filter_undefine(&name).await);
        return;
    }
    assert!(host.filters().await.unwrap().contains(&name));
    assert!(host.filter_xml(&name).await.unwrap().contains("443"));
    host.filter_undefine(&name).await.unwrap();
    assert_eq!(class_of(host.filter_xml(&name).await), Class::NotFound);
    assert_eq!(class_of(host.filter_undefine(&name).await), Class::NotFound);
    assert!(host.filter_define("<filter/>").await.is_err());
}

/// A started machine with a qcow2 disk `vda`, a serial port and a screen.
async fn machine(site: Site, host: &Host) -> (tempfile::TempDir, DomainSpec, String) {
    let folder = tempfile::Builder::new().prefix("quantix-disk-").tempdir_in("/var/tmp").unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let path = folder.path().join("disk.qcow2").display().to_string();
    if site.kind == Kind::Qemu {
        let made = std::process::Command::new("qemu-img")
            .args(["create", "-q", "-f", "qcow2", &path, "8M"])
            .status();
        assert!(made.expect("qemu-img, of the package qemu-utils").success());
    }
    let spec = DomainSpec {
        disks: vec![DiskSpec::qcow2(&*path)],
        serial: SerialSpec::Pty,
        video: VideoModel::Vga,
        graphics: Graphics::Vnc,
        ..site.machine()
    };
    host.create(&spec, CreateOptions { start: true }).await.unwrap();
    (folder, spec, path)
}

async fn disk_of(host: &Host, spec: &DomainSpec) -> String {
    host.describe(spec.id).await.unwrap().machine.disks[0].source.clone().unwrap()
}

async fn snapshots_form_a_tree_and_come_back(site: Site, host: Host) {
    let host = host.within(seconds(60));
    let (_folder, spec, _) = machine(site, &host).await;
    let id = spec.id;
    for name in ["one & <only>", "two"] {
        assert_eq!(host.snapshot_create(id, name, false).await.unwrap(), name);
    }
    assert_eq!(class_of(host.snapshot_create(id, "two", false).await), Class::Conflict);
    let brief = || async {
        let all = host.snapshots(id).await.unwrap();
        let brief = all.into_iter().map(|s| (s.name, s.parent, s.current, s.state));
        brief.collect::<Vec<_>>()
    };
    let of = |name: &str, parent: Option<&str>, current: bool| {
        (name.to_owned(), parent.map(str::to_owned), current, "running".to_owned())
    };
    assert_eq!(
        brief().await,
        [of("one & <only>", None, false), of("two", Some("one & <only>"), true)]
    );
    host.pause(id).await.unwrap();
    host.snapshot_revert(id, "one & <only>").await.unwrap();
    assert_eq!(host.state(id).await.unwrap(), DomainState::Running, "as it was then");
    // Taken after going back, it grows from there.
    host.snapshot_create(id, "three", false).await.unwrap();
    assert!(brief().await.contains(&of("three", Some("one & <only>"), true)));
    host.snapshot_delete(id, "one & <only>").await.unwrap();
    let mut left = brief().await;
    left.sort();
    assert_eq!(left, [of("three", None, true), of("two", None, false)]);
    assert_eq!(class_of(host.snapshot_delete(id, "one & <only>").await), Class::NotFound);
    assert_eq!(class_of(host.snapshot_revert(id, "nothing").await), Class::NotFound);
    host.destroy(id).await.unwrap();
    let bare = UndefineScope { snapshots_metadata: false, ..UndefineScope::EVERYTHING };
    let bare = UndefineScope { nvram: None, ..bare };
    assert!(host.undefine(id, bare).await.is_err(), "there are snapshots");
    let domain = host.find(&spec.name).await.unwrap();
    host.delete(&domain).await.unwrap();
}

async fn chains_of_images_grow_and_shrink(site: Site, host: Host) {
    let host = host.within(seconds(120));
    let (folder, spec, path) = machine(site, &host).await;
    let id = spec.id;
    let commit = BlockJobRequest::Commit { base: None, top: None, bytes_per_second: None };
    let started = host.start_block_job(id, "vda", &commit).await;
    if site.kind == Kind::TestDriver {
        had(site, "block_job_start", started.map(drop));
        had(site, "block_job", host.block_job_info(id, "vda").await);
        had(site, "block_job_end", host.end_block_job(id, "vda", BlockJobEnd::Abort).await);
        return;
    }
    if let Ok(job) = started {
        job.finish(BlockJobEnd::Abort).await.unwrap();
    }
    host.snapshot_create(id, "over", true).await.unwrap();
    let over = folder.path().join("disk.over").display().to_string();
    assert_eq!(disk_of(&host, &spec).await, over);
    assert_eq!(host.snapshots(id).await.unwrap()[0].state, "disk-snapshot");
    let mut job = host.start_block_job(id, "vda", &commit).await.unwrap();
    let second = host.start_block_job(id, "vda", &commit).await;
    assert!(second.is_err(), "one job per disk");
    assert_eq!(job.wait(|_| ()).await.unwrap(), BlockJobState::Ready);
    job.finish(BlockJobEnd::Pivot).await.unwrap();
    assert_eq!(disk_of(&host, &spec).await, path);
    assert_eq!(host.block_job_info(id, "vda").await.unwrap(), None);
    let none = host.end_block_job(id, "vda", BlockJobEnd::Abort).await;
    assert!(none.is_err(), "{none:?}");
    let to = folder.path().join("copy.qcow2").display().to_string();
    let copy = BlockJobRequest::Copy {
        to: to.clone(),
        format: "qcow2".to_owned(),
        shallow: false,
        bytes_per_second: None,
    };
    // Aborted once it is ready, it leaves the disk where it is.
    let mut job = host.start_block_job(id, "vda", &copy).await.unwrap();
    assert_eq!(job.wait(|_| ()).await.unwrap(), BlockJobState::Ready);
    job.finish(BlockJobEnd::Abort).await.unwrap();
    assert_eq!(disk_of(&host, &spec).await, path);
    if site.kind == Kind::Qemu {
        std::fs::remove_file(&to).unwrap();
    }
    let mut job = host.start_block_job(id, "vda", &copy).await.unwrap();
    assert_eq!(job.wait(|_| ()).await.unwrap(), BlockJobState::Ready);
    job.finish(BlockJobEnd::Pivot).await.unwrap();
    assert_eq!(disk_of(&host, &spec).await, to);
    host.snapshot_create(id, "again", true).await.unwrap();
    let pull = BlockJobRequest::Pull { base: None, bytes_per_second: None };
    let mut job = host.start_block_job(id, "vda", &pull).await.unwrap();
    assert_eq!(job.wait(|_| ()).await.unwrap(), BlockJobState::Completed);
    assert_eq!(class_of(host.start_block_job(id, "vdz", &pull).await), Class::Invalid);
    host.destroy(id).await.unwrap();
    assert_eq!(class_of(host.start_block_job(id, "vda", &pull).await), Class::Conflict);
}

async fn backups_follow_their_checkpoints(site: Site, host: Host) {
    let host = host.within(seconds(120));
    let (folder, spec, _) = machine(site, &host).await;
    let domain = host.find(&spec.name).await.unwrap();
    let backup = |name: &str, since: Option<&str>, checkpoint: Option<&str>| BackupSpec {
        disks: vec![BackupTarget {
            disk: "vda".to_owned(),
            file: folder.path().join(name).display().to_string(),
            format: "qcow2".to_owned(),
        }],
        since: since.map(str::to_owned),
        checkpoint: checkpoint.map(str::to_owned),
    };
    let full = host.backup(&domain, &backup("full", None, Some("monday")), |_| ()).await;
    if had(site, "backup_start", full).is_none() {
        assert!(host.checkpoints(spec.id).await.unwrap().is_empty());
        return;
    }
    let more = backup("more", Some("monday"), Some("tuesday"));
    host.backup(&domain, &more, |_| ()).await.unwrap();
    let made = host.checkpoints(spec.id).await.unwrap();
    let brief: Vec<_> = made.iter().map(|c| (c.name.as_str(), c.parent.as_deref())).collect();
    assert_eq!(brief, [("monday", None), ("tuesday", Some("monday"))]);
    assert_eq!(made[0].disks, ["vda"]);
    let gone = backup("x", Some("sunday"), None);
    assert_eq!(class_of(host.backup(&domain, &gone, |_| ()).await), Class::NotFound);
    host.checkpoint_delete(spec.id, "monday").await.unwrap();
    assert_eq!(host.checkpoints(spec.id).await.unwrap()[0].parent, None);
    assert_eq!(class_of(host.checkpoint_delete(spec.id, "monday").await), Class::NotFound);
    assert_eq!(class_of(host.abort_job(spec.id).await), Class::Conflict);
    host.destroy(spec.id).await.unwrap();
    assert_eq!(class_of(host.backup(&domain, &more, |_| ()).await), Class::Unsupported);
}

async fn disks_are_limited(site: Site, host: Host) {
    let (_folder, spec, _) = machine(site, &host).await;
    // The test driver wants bursts for all, and keeps them for some limits only.
    let iops = if site.kind == Kind::TestDriver { 0 } else { 50 };
    let limits = Throttle {
        total_bytes_sec: 1 << 20,
        total_bytes_sec_max: 2 << 20,
        read_iops_sec: iops,
        ..Throttle::default()
    };
    for affect in [Affect::Live, Affect::NextBoot] {
        host.set_throttle(spec.id, "vda", &limits, affect).await.unwrap();
    }
    assert_eq!(host.throttle(spec.id, "vda").await.unwrap(), limits);
    let clash = Throttle { read_bytes_sec: 1, ..limits };
    let clash = host.set_throttle(spec.id, "vda", &clash, Affect::Live).await;
    assert_eq!(class_of(clash), Class::Invalid);
    host.set_throttle(spec.id, "vda", &Throttle::default(), Affect::Live).await.unwrap();
    assert_eq!(host.throttle(spec.id, "vda").await.unwrap(), Throttle::default());
    host.destroy(spec.id).await.unwrap();
    assert_eq!(host.throttle(spec.id, "vda").await.unwrap(), limits, "of the next boot");
    let live = host.set_throttle(spec.id, "vda", &limits, Affect::Live).await;
    assert_eq!(class_of(live), Class::Conflict);
    assert_eq!(class_of(host.throttle(spec.id, "vdz").await), Class::Invalid);
}

async fn the_screen_shows_and_the_console_speaks(site: Site, host: Host) {
    let (_folder, spec, _) = machine(site, &host).await;
    let id = spec.id;
    let shot = host.screenshot(id, 0).await.unwrap();
    assert!(shot.mime.starts_with("image/") && shot.bytes.len() > 100, "{}", shot.mime);
    let opened = host.console(id, None, false).await;
    let Some(mut console) = had(site, "open_console", opened) else { return };
    assert!(host.console(id, None, false).await.is_err(), "one at a time");
    assert!(host.console(id, Some("no-such-alias"), false).await.is_err());
    console.write(b"\r").await.unwrap();
    let mut other = host.console(id, None, true).await.unwrap();
    let end = async { while console.read().await.is_some() {} };
    tokio::time::timeout(seconds(20), end).await.expect("the end of the console that was ended");
    host.destroy(id).await.unwrap();
    let end = async { while other.read().await.is_some() {} };
    tokio::time::timeout(seconds(20), end).await.expect("the end of the console");
    assert!(host.console(id, None, false).await.is_err(), "it is off");
    assert!(host.screenshot(id, 0).await.is_err(), "it is off");
}

async fn guests_are_asked_where_they_answer(site: Site, host: Host) {
    let host = host.within(seconds(5));
    let spec = site.machine();
    host.create(&spec, CreateOptions { start: true }).await.unwrap();
    let frozen = host.freeze(spec.id, &[]).await;
    let addresses = host.addresses(spec.id).await.unwrap();
    match site.kind {
        Kind::Fake => {
            assert_eq!(frozen.unwrap(), 1);
            assert!(host.freeze(spec.id, &[]).await.is_err(), "frozen already");
            assert_eq!(host.thaw(spec.id).await.unwrap(), 1);
            assert_eq!(addresses[0].addresses[0].address.to_string(), "192.0.2.7");
        }
        // It thaws and freezes without a guest, and invents addresses for interfaces.
        Kind::TestDriver => {
            frozen.unwrap();
            host.thaw(spec.id).await.unwrap();
        }
        // There is no agent.
        Kind::Qemu => assert!(frozen.is_err() && addresses.is_empty()),
    }
    assert_eq!(class_of(host.addresses(site.machine().id).await), Class::NotFound);
}

async fn hosts_say_what_they_are(site: Site, host: Host) {
    let xml = CapabilitiesXml::parse(host.capabilities_xml().await.unwrap()).unwrap();
    let arch = if site.kind == Kind::TestDriver { "i686" } else { "x86_64" };
    assert_eq!(xml.get().host_cpu_arch().as_deref(), Some(arch));
    let cells = xml.get().cells();
    assert!(cells.iter().any(|cell| cell.memory().is_some() && !cell.cpus().is_empty()));
    assert!(!xml.get().guests().is_empty());
}

/// Two fakes that reach each other, with a machine on the first.
async fn pair() -> ((FakeHost, Host), (FakeHost, Host), DomainRef) {
    let (here, there) = (FakeHost::new(1), FakeHost::new(2));
    here.set_host_name("here");
    there.set_host_name("there");
    here.reach("fake://there", &there);
    there.reach("fake://here", &here);
    let hosts =
        (Host::connect(here.clone()).await.unwrap(), Host::connect(there.clone()).await.unwrap());
    let spec = DomainSpec {
        domain_type: DomainType::Qemu,
        ..DomainSpec::new("m", VmId::from_u128(1), 1, MemoryMib(64))
    };
    let made = hosts.0.create(&spec, CreateOptions { start: true }).await.unwrap();
    ((here, hosts.0), (there, hosts.1), made.domain)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap().block_on(future)
}

#[test]
fn fakes_move_machines_to_each_other() {
    block_on(async {
        let ((fake, here), (other, there), domain) = pair().await;
        let request = MigrateRequest::live("fake://there");
        let report = here.check_migration(&domain, &there, &request).await.unwrap();
        assert!(report.ok, "{report:#?}");
        let same = here.check_migration(&domain, &here, &request).await.unwrap();
        assert!(same.findings.iter().any(|finding| finding.code == "same-host"), "{same:#?}");
        let nowhere = MigrateRequest::live("fake://nowhere");
        assert!(here.migrate(&domain, &nowhere, |_| ()).await.is_err());
        for side in ["migrate_prepare", "migrate_finish"] {
            other.inject(Fault::once(side, FaultKind::Refuse(Class::Failed)));
            assert!(here.migrate(&domain, &request, |_| ()).await.is_err(), "{side}");
            assert_eq!(here.where_is(&domain, &there).await.unwrap(), (true, false), "{side}");
        }
        here.migrate(&domain, &request, |_| ()).await.unwrap();
        assert_eq!(here.where_is(&domain, &there).await.unwrap(), (false, true));
        assert!(!here.exists(domain.id).await.unwrap(), "the definition moved too");
        let back = MigrateRequest { keep_source: true, ..MigrateRequest::live("fake://here") };
        there.migrate(&domain, &back, |_| ()).await.unwrap();
        assert_eq!(there.state(domain.id).await.unwrap(), DomainState::ShutOff);
        assert_eq!(fake.state_of(domain.id), Some(DomainState::Running));
        // Half done: it runs there, and waits here, paused.
        other.inject(Fault::once("migrate_finish", FaultKind::HalfDone));
        assert!(here.migrate(&domain, &request, |_| ()).await.is_err());
        assert_eq!(fake.state_of(domain.id), Some(DomainState::Paused));
        assert_eq!(other.state_of(domain.id), Some(DomainState::Running));
    });
}

#[test]
fn a_slow_move_between_fakes_meets_every_end() {
    block_on(async {
        let ((fake, here), (other, there), domain) = pair().await;
        let slow =
            MigrateRequest { bandwidth_mib: Some(1), ..MigrateRequest::live("fake://there") };
        // Too slow for its deadline: aborted.
        let late = here.within(Duration::from_millis(300)).migrate(&domain, &slow, |_| ()).await;
        assert_eq!(class_of(late), Class::Deadline);
        assert_eq!(here.where_is(&domain, &there).await.unwrap(), (true, false));
        // The destination starts again under it.
        let mut is_dead = false;
        let kill = |_: &JobInfo| {
            if !std::mem::replace(&mut is_dead, true) {
                other.reboot();
            }
        };
        assert!(here.migrate(&domain, &slow, kill).await.is_err());
        assert_eq!(fake.state_of(domain.id), Some(DomainState::Running));
        assert_eq!(other.state_of(domain.id), None);
        // The source's daemon crashes under it: the connection is lost, the guest runs on.
        let mut is_dead = false;
        let crash = |_: &JobInfo| {
            if !std::mem::replace(&mut is_dead, true) {
                fake.restart_daemon();
            }
        };
        assert_eq!(class_of(here.migrate(&domain, &slow, crash).await), Class::ConnectionLost);
        assert_eq!(here.where_is(&domain, &there).await.unwrap(), (true, false));
        // Switched over early, it need not wait for the rest.
        let mut looks = Vec::new();
        let twin = here.clone();
        let id = domain.id;
        let watch = tokio::spawn(async move {
            while twin.start_post_copy(id).await.is_err() {
                tokio::task::yield_now().await;
            }
        });
        let report = |job: &JobInfo| looks.push(job.progress().unwrap());
        here.migrate(&domain, &slow, report).await.unwrap();
        watch.await.unwrap();
        assert!(looks.len() <= 2 && looks.iter().all(|(done, total)| done <= total), "{looks:?}");
        assert_eq!(other.state_of(domain.id), Some(DomainState::Running));
    });
}

#[test]
fn a_block_job_is_ready_although_its_event_was_lost() {
    block_on(async {
        let fake = FakeHost::new(1);
        let host = Host::connect(fake.clone()).await.unwrap().within(seconds(20));
        let disks = vec![DiskSpec::qcow2("/d.qcow2")];
        let id = VmId::from_u128(1);
        let spec = DomainSpec { disks, ..DomainSpec::new("m", id, 1, MemoryMib(64)) };
        host.create(&spec, CreateOptions { start: true }).await.unwrap();
        fake.lose_events(u32::MAX);
        let commit = BlockJobRequest::Commit { base: None, top: None, bytes_per_second: None };
        let mut job = host.start_block_job(id, "vda", &commit).await.unwrap();
        assert_eq!(job.wait(|_| ()).await.unwrap(), BlockJobState::Ready);
    });
}
