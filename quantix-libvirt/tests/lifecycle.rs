//! One suite, three kinds of hosts: the fake, libvirt's test driver, and QEMU under libvirtd.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use quantix_core::{MemoryMib, VmId};
use quantix_libvirt::{
    Class, CreateOptions, DomainSpec, DomainState, DomainType, Event, FakeHost, Host, Libvirt,
    Lifecycle, OwnerTag, ResyncReason, StatsGroups, StopMode, StoppedBy, TAG, XmlKind, blocking,
};
use support::{GRACEFUL, Kind, Site, class_of, seconds, with_host};

const START: CreateOptions = CreateOptions { start: true };
const DEFINE: CreateOptions = CreateOptions { start: false };

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
    knows_its_host
    create_is_whole_and_repeatable
    create_refuses_what_is_anothers
    runs_pauses_and_stops
    chooses_what_executes_guests
    tells_events_from_the_start
    finds_and_sweeps_what_it_made
    what_is_not_there_is_not_found
    reads_statistics_of_all_and_some
}

async fn knows_its_host(site: Site, host: Host) {
    let node = host.node_info().await.unwrap();
    assert!(node.cpus > 0 && node.memory_mib.0 > 0, "{node:?}");
    assert!(node.libvirt_version.0 >= 9_000_000, "{}", node.libvirt_version);
    let driver = match site.kind {
        Kind::Fake => "Fake",
        Kind::TestDriver => "TEST",
        Kind::Qemu => "QEMU",
    };
    assert!(node.driver.eq_ignore_ascii_case(driver), "{}", node.driver);
}

async fn create_is_whole_and_repeatable(site: Site, host: Host) {
    let spec = site.machine();
    let first = host.create(&spec, DEFINE).await.unwrap();
    assert_eq!((first.existed, first.active), (false, false));
    assert_eq!(first.domain.name, spec.name);
    let again = host.create(&spec, DEFINE).await.unwrap();
    assert_eq!((again.existed, again.active, again.domain), (true, false, first.domain));
    let started = host.create(&spec, START).await.unwrap();
    assert_eq!((started.existed, started.active), (true, true));
    let running = host.create(&spec, START).await.unwrap();
    assert_eq!((running.existed, running.active), (true, true));
    let listed = host.domains().await.unwrap();
    assert_eq!(listed.iter().filter(|entry| entry.id == spec.id).count(), 1);
    host.delete(&started.domain).await.unwrap();
    assert!(!host.exists(spec.id).await.unwrap());
}

async fn create_refuses_what_is_anothers(site: Site, host: Host) {
    let spec = site.machine();
    host.create(&spec, DEFINE).await.unwrap();
    let mut same_name = spec.clone();
    same_name.id = site.machine().id;
    assert_eq!(class_of(host.create(&same_name, DEFINE).await), Class::Conflict);
    let mut same_id = spec.clone();
    same_id.name = site.machine().name;
    assert_eq!(class_of(host.create(&same_id, DEFINE).await), Class::Conflict);
    let mut other_request = spec.clone();
    other_request.tag = Some(OwnerTag::new(site.owner(), "another request"));
    assert_eq!(class_of(host.create(&other_request, DEFINE).await), Class::Conflict);
    let mut faulty = spec.clone();
    faulty.cpus = 0;
    assert_eq!(class_of(host.create(&faulty, DEFINE).await), Class::Invalid);
    assert!(host.exists(spec.id).await.unwrap(), "refusals change nothing");
    // The hypervisor's own refusal has the same class as ours.
    let xml = same_name.to_xml().unwrap();
    assert_eq!(class_of(host.define(&xml).await), Class::Conflict);
}

async fn runs_pauses_and_stops(site: Site, host: Host) {
    let spec = site.machine();
    let id = spec.id;
    host.create(&spec, START).await.unwrap();
    assert_eq!(host.state(id).await.unwrap(), DomainState::Running);
    host.start(id).await.unwrap();
    let info = host.info(id).await.unwrap();
    assert_eq!((info.cpus, info.memory_max_mib, info.persistent), (2, spec.memory_mib, true));
    host.pause(id).await.unwrap();
    assert_eq!(host.state(id).await.unwrap(), DomainState::Paused);
    host.resume(id).await.unwrap();
    assert_eq!(host.state(id).await.unwrap(), DomainState::Running);
    host.set_autostart(id, true).await.unwrap();
    assert!(host.info(id).await.unwrap().autostart);
    let report = host.stop(id, GRACEFUL, seconds(2)).await.unwrap();
    let expected = match site.kind {
        Kind::Fake => StoppedBy::Agent,
        Kind::TestDriver => StoppedBy::Acpi,
        // Nothing but firmware runs there, and it hears neither.
        Kind::Qemu => StoppedBy::Destroy,
    };
    assert_eq!(report.stopped_by, expected, "{report:?}");
    assert_eq!(host.state(id).await.unwrap(), DomainState::ShutOff);
    let report = host.stop(id, GRACEFUL, seconds(2)).await.unwrap();
    assert_eq!(report.stopped_by, StoppedBy::AlreadyOff);
    host.start(id).await.unwrap();
    let report = host.stop(id, StopMode::Destroy, seconds(0)).await.unwrap();
    assert_eq!(report.stopped_by, StoppedBy::Destroy);
    host.destroy(id).await.unwrap();
}

async fn tells_events_from_the_start(site: Site, host: Host) {
    let mut events = host.events().await.unwrap();
    let first = events.next().await.unwrap();
    assert!(matches!(first, Event::Resync { reason: ResyncReason::Started, .. }), "{first:?}");
    let spec = site.machine();
    host.create(&spec, START).await.unwrap();
    host.destroy(spec.id).await.unwrap();
    for expected in [Lifecycle::Defined, Lifecycle::Started, Lifecycle::Stopped] {
        loop {
            let event = tokio::time::timeout(seconds(30), events.next()).await;
            match event.expect("an event within 30 s").unwrap() {
                Event::Lifecycle { domain, what, .. } if domain.id == spec.id => {
                    // QEMU says more: its CPUs start, its process is about to end.
                    if matches!(what, Lifecycle::Resumed | Lifecycle::Shutdown) {
                        continue;
                    }
                    assert_eq!(what, expected);
                    break;
                }
                _ => {}
            }
        }
    }
}

async fn finds_and_sweeps_what_it_made(site: Site, host: Host) {
    let (wanted, mut orphan) = (site.machine(), site.machine());
    orphan.tag = orphan.tag.map(|tag| tag.file("/nonexistent/<orphan> & co.qcow2"));
    host.create(&wanted, DEFINE).await.unwrap();
    host.create(&orphan, START).await.unwrap();
    let ours = |id: VmId| [wanted.id, orphan.id].contains(&id);
    let mut found = host.tagged(Some(&site.owner())).await.unwrap();
    found.retain(|tagged| ours(tagged.domain.id));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(host.tagged(Some("nobody")).await.unwrap().is_empty());
    let others_too = |tag: &OwnerTag| tag.request != orphan.name;
    let report = host.sweep(&site.owner(), others_too).await.unwrap();
    assert_eq!(report.removed.len(), 1, "{report:?}");
    assert_eq!(report.removed[0].files, ["/nonexistent/<orphan> & co.qcow2"]);
    assert!(report.removed[0].destroyed && report.failed.is_empty());
    assert!(!host.exists(orphan.id).await.unwrap() && host.exists(wanted.id).await.unwrap());
    host.set_tag(wanted.id, None).await.unwrap();
    assert_eq!(host.metadata(wanted.id, &TAG).await.unwrap(), None);
    assert_eq!(host.tag(wanted.id).await.unwrap(), None);
    let tag = OwnerTag::new("o & \"p\"", "r").file("/a").file("/b");
    host.set_tag(wanted.id, Some(&tag)).await.unwrap();
    assert_eq!(host.tag(wanted.id).await.unwrap(), Some(tag));
    let xml = host.xml(wanted.id, XmlKind::NextBoot).await.unwrap();
    assert!(xml.contains("<quantix:machine xmlns:quantix="), "{xml}");
    let domain = host.find(&wanted.name).await.unwrap();
    host.delete(&domain).await.unwrap();
}

async fn what_is_not_there_is_not_found(site: Site, host: Host) {
    let absent = site.machine().id;
    assert_eq!(host.domain_by_id(absent).await.unwrap(), None);
    assert_eq!(host.domain_by_name("quantix-no-such-domain").await.unwrap(), None);
    assert_eq!(class_of(host.find("quantix-no-such-domain").await), Class::NotFound);
    assert_eq!(class_of(host.state(absent).await), Class::NotFound);
    assert_eq!(class_of(host.start(absent).await), Class::NotFound);
    assert_eq!(class_of(host.xml(absent, XmlKind::NextBoot).await), Class::NotFound);
    assert_eq!(class_of(host.stop(absent, GRACEFUL, seconds(1)).await), Class::NotFound);
    let error = host.find("quantix-no-such-domain").await.unwrap_err();
    assert!(error.remedy().is_some() && error.target() == Some("quantix-no-such-domain"));
}

async fn reads_statistics_of_all_and_some(site: Site, host: Host) {
    let (one, two) = (site.machine(), site.machine());
    host.create(&one, START).await.unwrap();
    host.create(&two, DEFINE).await.unwrap();
    let all = host.stats(StatsGroups::STATE).await.unwrap();
    let state = |id: VmId| {
        let stats = all.iter().find(|stats| stats.domain.id == id).unwrap();
        stats.params["state.state"].clone()
    };
    assert_ne!(state(one.id), state(two.id));
    let some = host.stats_of(StatsGroups::STATE, &[two.id, site.machine().id]).await;
    if site.kind != Kind::TestDriver {
        // The test driver in this process has no call for some domains only.
        let some = some.unwrap();
        assert_eq!(some.iter().map(|stats| stats.domain.id).collect::<Vec<_>>(), [two.id]);
    }
}

async fn chooses_what_executes_guests(site: Site, host: Host) {
    let execution = host.usable_domain_type().await.unwrap();
    assert!(!execution.reason.is_empty());
    match site.kind {
        Kind::Fake => assert_eq!(execution.domain_type, DomainType::Qemu),
        Kind::TestDriver => assert_eq!(execution.domain_type, DomainType::Test),
        // Whatever it says must be true: a machine of that type starts.
        Kind::Qemu => {
            let spec = DomainSpec { domain_type: execution.domain_type, ..site.machine() };
            host.create(&spec, START).await.unwrap();
            assert_eq!(host.state(spec.id).await.unwrap(), DomainState::Running);
        }
    }
}

#[test]
fn the_blocking_twin_does_the_same() {
    let host = blocking::Host::connect(FakeHost::new(3)).unwrap();
    let spec = DomainSpec::new("twin", VmId::from_u128(3), 1, MemoryMib(64));
    let mut events = host.events().unwrap();
    assert!(host.create(&spec, START).unwrap().active);
    assert!(matches!(events.next_within(seconds(20)), Some(Event::Resync { .. })));
    assert_eq!(host.agent_host_name(spec.id).unwrap(), "fake");
    let report = host.stop(spec.id, GRACEFUL, seconds(20)).unwrap();
    assert_eq!(report.stopped_by, StoppedBy::Agent);
    let domain = host.find("twin").unwrap();
    host.delete(&domain).unwrap();
    assert!(host.domains().unwrap().is_empty());
}

#[test]
fn an_unreachable_host_is_said_so() {
    let socket = "qemu+unix:///system?socket=/nonexistent/libvirt-sock";
    let error = blocking::Host::connect(Libvirt::new(socket)).unwrap_err();
    assert_eq!(error.class(), Class::ConnectionLost, "{error}");
    assert!(error.remedy().unwrap().contains("start libvirtd"), "{error}");
    let error = blocking::Host::connect(Libvirt::new("nonsense:///x")).unwrap_err();
    assert_eq!(error.target(), Some("nonsense:///x"), "{error}");
}
