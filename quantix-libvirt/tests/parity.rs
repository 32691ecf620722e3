//! One suite for what is around domains, on the fake, on libvirt's test driver and on QEMU under
//! libvirtd. What a kind of host lacks stands in a table, and is proved to be `unsupported` there.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use quantix_core::Bytes;
use quantix_libvirt::{Class, Error, Host, ResourceAct, TransferSink};
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
