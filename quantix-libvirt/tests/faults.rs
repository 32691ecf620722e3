//! What happens when things go wrong, on the fake, where they go wrong on demand.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::{future::Future, time::Duration};

use quantix_core::{MemoryMib, VmId};
use quantix_libvirt::{
    CALLS_IN_FLIGHT_MAX, Class, CreateOptions, DomainSpec, DomainState, Event, FakeGuest, FakeHost,
    Fault, FaultKind, Host, Request, ResyncReason, StatsGroups, StopMode, StoppedBy,
};
use support::{class_of, seconds};

const START: CreateOptions = CreateOptions { start: true };
/// Long enough for a fake to answer on a busy machine, short enough to wait for.
const SHORT: Duration = Duration::from_millis(300);

fn spec(number: u128) -> DomainSpec {
    DomainSpec::new(format!("vm{number}"), VmId::from_u128(number), 1, MemoryMib(64))
}

fn run<F: Future<Output = ()>>(test: impl FnOnce(FakeHost, Host) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let fake = FakeHost::new(1);
        let host = Host::connect(fake.clone()).await.unwrap();
        test(fake.clone(), host).await;
        fake.release();
    });
}

#[test]
fn a_call_that_hangs_ends_by_its_deadline_and_the_host_stays_usable() {
    run(|fake, host| async move {
        fake.inject(Fault::once("domains", FaultKind::Hang));
        let error = host.within(SHORT).domains().await.unwrap_err();
        assert_eq!((error.class(), error.is_transient()), (Class::Deadline, true));
        assert_eq!(host.stuck_calls(), 1);
        assert!(host.domains().await.unwrap().is_empty());
        fake.release();
    });
}

#[test]
fn a_lane_whose_calls_all_hang_gets_a_new_connection() {
    run(|fake, host| async move {
        for _ in 0..CALLS_IN_FLIGHT_MAX {
            fake.inject(Fault::once("domains", FaultKind::Hang));
        }
        for _ in 0..CALLS_IN_FLIGHT_MAX {
            assert_eq!(class_of(host.within(SHORT).domains().await), Class::Deadline);
        }
        assert_eq!(host.stuck_calls(), CALLS_IN_FLIGHT_MAX);
        assert!(host.domains().await.is_ok());
        let connects = fake.calls().iter().filter(|call| **call == "connect").count();
        assert_eq!(connects, 2);
    });
}

#[test]
fn connections_that_are_given_up_are_bounded() {
    run(|fake, host| async move {
        let hang = Fault::once("domains", FaultKind::Hang).always();
        fake.inject(hang);
        let quick = host.within(Duration::from_millis(20));
        let mut last = Class::Deadline;
        let limit = CALLS_IN_FLIGHT_MAX * (quantix_libvirt::CONNECTIONS_GIVEN_UP_MAX + 1);
        for call in 0..=limit {
            last = class_of(quick.domains().await);
            assert!(last == Class::Deadline || call == limit, "{last} at {call}");
        }
        assert_eq!(last, Class::Busy);
        assert_eq!(host.stuck_calls(), limit);
    });
}

#[test]
fn a_hung_guest_is_quarantined_and_the_others_are_not() {
    run(|fake, host| async move {
        let (hung, well) = (spec(1), spec(2));
        host.create(&hung, START).await.unwrap();
        host.create(&well, START).await.unwrap();
        fake.set_guest(hung.id, FakeGuest { hung: true, ..FakeGuest::default() });
        let quick = host.within(SHORT);
        assert_eq!(class_of(quick.agent(hung.id).ping().await), Class::Deadline);
        assert_eq!(host.quarantined(), [hung.id]);
        // At once, without waiting for the deadline, and saying why.
        let error = host.pause(hung.id).await.unwrap_err();
        assert_eq!(error.class(), Class::Busy);
        assert!(error.message().contains("quarantine"), "{error}");
        // What needs no guest still works on it.
        assert_eq!(host.state(hung.id).await.unwrap(), DomainState::Running);
        quick.agent(well.id).ping().await.unwrap();
        let stats = host.stats(StatsGroups::STATE).await.unwrap();
        assert_eq!(stats.iter().map(|stats| stats.domain.id).collect::<Vec<_>>(), [well.id]);
        // The remedy that the error names.
        host.destroy(hung.id).await.unwrap();
        let mut events = host.events().await.unwrap();
        while !host.quarantined().is_empty() {
            // The stuck call returns on its own thread; any event or a moment will do.
            let moment = Duration::from_millis(1);
            drop(tokio::time::timeout(moment, events.next()).await);
        }
        host.start(hung.id).await.unwrap();
        quick.agent(hung.id).ping().await.unwrap();
    });
}

#[test]
fn statistics_get_past_a_guest_that_hangs_unnoticed() {
    run(|fake, host| async move {
        host.create(&spec(1), START).await.unwrap();
        host.create(&spec(2), START).await.unwrap();
        fake.set_guest(VmId::from_u128(1), FakeGuest { hung: true, ..FakeGuest::default() });
        let stats = host.within(seconds(4)).stats(StatsGroups::USUAL).await.unwrap();
        assert_eq!(stats.len(), 2);
        assert_eq!(host.stuck_calls(), 1);
    });
}

#[test]
fn reads_are_repeated_over_a_lost_connection_and_changes_are_not() {
    run(|fake, host| async move {
        let spec = spec(1);
        host.create(&spec, START).await.unwrap();
        fake.inject(Fault::once("state", FaultKind::LoseConnection));
        assert_eq!(host.state(spec.id).await.unwrap(), DomainState::Running);
        fake.inject(Fault::once("pause", FaultKind::LoseConnection));
        assert_eq!(class_of(host.pause(spec.id).await), Class::ConnectionLost);
        fake.restart_daemon();
        host.pause(spec.id).await.unwrap();
    });
}

#[test]
fn a_failed_start_leaves_nothing_behind() {
    run(|fake, host| async move {
        for kind in [FaultKind::Refuse(Class::Failed), FaultKind::Refuse(Class::Busy)] {
            fake.inject(Fault::once("start", kind));
            assert!(host.create(&spec(1), START).await.is_err());
            assert!(host.domains().await.unwrap().is_empty(), "{kind:?}");
        }
        // Half done: it runs although the call failed. That is what was wanted.
        fake.inject(Fault::once("start", FaultKind::HalfDone));
        assert!(host.create(&spec(1), START).await.unwrap().active);
        // A domain that was there before stays.
        let other = spec(2);
        host.create(&other, CreateOptions::default()).await.unwrap();
        fake.inject(Fault::once("start", FaultKind::Refuse(Class::Failed)));
        assert!(host.create(&other, START).await.is_err());
        assert!(host.exists(other.id).await.unwrap());
        // Where even the removal fails, the error says so.
        fake.inject(Fault::once("start", FaultKind::Refuse(Class::Failed)));
        fake.inject(Fault::once("undefine", FaultKind::Refuse(Class::Busy)));
        let error = host.create(&spec(3), START).await.unwrap_err();
        assert!(error.remedy().unwrap().contains("sweep"), "{error}");
    });
}

#[test]
fn create_converges_under_random_faults() {
    for seed in 0..40 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let fake = FakeHost::new(seed);
            let host = Host::connect(fake.clone()).await.unwrap();
            fake.inject_at_random(4);
            let spec = spec(1);
            let mut tries = 0;
            while host.create(&spec, START).await.is_err() {
                tries += 1;
                assert!(tries < 1000, "seed {seed} never converges");
            }
            fake.inject_at_random(0);
            assert_eq!(host.domains().await.unwrap().len(), 1, "seed {seed}");
            assert_eq!(fake.state_of(spec.id), Some(DomainState::Running), "seed {seed}");
        });
    }
}

#[test]
fn the_ladder_climbs_until_the_domain_is_off() {
    run(|fake, host| async move {
        let guest = FakeGuest::default();
        let no_agent = FakeGuest { agent: false, ..guest.clone() };
        let lazy_agent = FakeGuest { obeys_agent: false, ..guest.clone() };
        let deaf = FakeGuest { hears_button: false, ..no_agent.clone() };
        let hung = FakeGuest { hung: true, ..guest.clone() };
        for (guest, by, failed_steps) in [
            (guest, StoppedBy::Agent, 0),
            (no_agent, StoppedBy::Acpi, 1),
            (lazy_agent, StoppedBy::Acpi, 1),
            (deaf.clone(), StoppedBy::Destroy, 2),
            (hung, StoppedBy::Destroy, 2),
        ] {
            let spec = spec(1);
            host.create(&spec, START).await.unwrap();
            fake.set_guest(spec.id, guest.clone());
            let mode = StopMode::GracefulThenDestroy;
            let report = host.stop(spec.id, mode, seconds(3)).await.unwrap();
            assert_eq!((report.stopped_by, report.tried.len()), (by, failed_steps), "{guest:?}");
            assert_eq!(fake.state_of(spec.id), Some(DomainState::ShutOff));
            host.delete(&host.find("vm1").await.unwrap()).await.unwrap();
        }
        host.create(&spec(1), START).await.unwrap();
        fake.set_guest(VmId::from_u128(1), deaf);
        let stop = host.stop(VmId::from_u128(1), StopMode::GracefulOnly, SHORT).await;
        assert_eq!(class_of(stop), Class::Deadline);
        assert_eq!(fake.state_of(VmId::from_u128(1)), Some(DomainState::Running));
    });
}

#[test]
fn the_ladder_works_when_events_are_lost() {
    run(|fake, host| async move {
        host.create(&spec(1), START).await.unwrap();
        fake.lose_events(100);
        let id = VmId::from_u128(1);
        let report = host.stop(id, StopMode::GracefulOnly, seconds(20)).await.unwrap();
        assert_eq!(report.stopped_by, StoppedBy::Agent);
    });
}

/// The next event, which must come soon.
async fn next(events: &mut quantix_libvirt::EventStream) -> Event {
    tokio::time::timeout(seconds(20), events.next()).await.expect("an event").unwrap()
}

#[test]
fn a_stream_says_where_it_has_gaps() {
    run(|fake, host| async move {
        let mut events = host.events().await.unwrap();
        let started = Event::Resync { epoch: 1, reason: ResyncReason::Started };
        assert_eq!(next(&mut events).await, started);
        fake.restart_daemon();
        assert_eq!(next(&mut events).await, Event::Disconnected { reason: 1 });
        let again = Event::Resync { epoch: 2, reason: ResyncReason::Reconnected };
        assert_eq!(next(&mut events).await, again);
        host.create(&spec(1), START).await.unwrap();
        assert!(matches!(next(&mut events).await, Event::Lifecycle { .. }));
        // A partition tells nobody that it has begun; its end shows in the stream all the same.
        fake.partition();
        fake.heal();
        loop {
            if let Event::Resync { epoch, reason } = next(&mut events).await {
                assert_eq!((epoch, reason), (3, ResyncReason::Reconnected));
                break;
            }
        }
    });
}

#[test]
fn a_slow_reader_is_told_how_much_it_missed() {
    run(|_, host| async move {
        let mut events = host.events().await.unwrap();
        next(&mut events).await;
        let spec = spec(1);
        host.create(&spec, CreateOptions::default()).await.unwrap();
        let extra = 10;
        for _ in 0..quantix_libvirt::EVENT_QUEUE_MAX + extra {
            host.define(&spec.to_xml().unwrap()).await.unwrap();
        }
        let Event::Resync { reason: ResyncReason::Overflow(lost), .. } = next(&mut events).await
        else {
            panic!("expected to be told of the loss");
        };
        assert!(lost >= 11, "{lost}");
        assert!(matches!(next(&mut events).await, Event::Lifecycle { .. }));
    });
}

#[test]
fn connecting_has_a_deadline_too() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let fake = FakeHost::new(1);
        fake.partition();
        let outcome = Host::connect_within(fake.clone(), SHORT).await;
        assert_eq!(class_of(outcome), Class::Deadline);
        fake.heal();
        Host::connect_within(fake, seconds(20)).await.unwrap();
    });
}

#[test]
fn the_agent_reads_writes_and_runs() {
    run(|fake, host| async move {
        let spec = spec(1);
        host.create(&spec, START).await.unwrap();
        let guest = FakeGuest {
            host_name: "web-1".to_owned(),
            programs: [("/usr/bin/id".to_owned(), "uid=0\n".to_owned())].into(),
            ..FakeGuest::default()
        };
        fake.set_guest(spec.id, guest);
        let agent = host.agent(spec.id);
        agent.wait(seconds(20)).await.unwrap();
        assert_eq!(agent.host_name().await.unwrap(), "web-1");
        assert_eq!(agent.timezone().await.unwrap().zone.as_deref(), Some("UTC"));
        assert_eq!(agent.os().await.unwrap().id, "fake");
        assert_eq!(agent.users().await.unwrap()[0].user, "root");
        let interfaces = agent.interfaces().await.unwrap();
        assert_eq!(interfaces[0].addresses[0].address.to_string(), "192.0.2.7");
        agent.write_file("/etc/motd", b"hello").await.unwrap();
        assert_eq!(agent.read_file("/etc/motd").await.unwrap(), b"hello");
        assert_eq!(class_of(agent.read_file("/nonexistent").await), Class::Failed);
        let exit = agent.exec("/usr/bin/id", &["-u"], seconds(20)).await.unwrap();
        assert_eq!((exit.code, &*exit.stdout_text()), (Some(0), "uid=0\n"));
        let unknown = agent.call::<serde_json::Value>("guest-nonsense", serde_json::Value::Null);
        assert_eq!(class_of(unknown.await), Class::Unsupported);
        host.destroy(spec.id).await.unwrap();
        assert_eq!(class_of(agent.wait(seconds(20)).await), Class::Conflict);
    });
}

#[test]
fn waiting_for_an_agent_ends_by_its_limit() {
    run(|fake, host| async move {
        host.create(&spec(1), START).await.unwrap();
        let id = VmId::from_u128(1);
        fake.set_guest(id, FakeGuest { agent: false, ..FakeGuest::default() });
        assert_eq!(class_of(host.agent(id).wait(SHORT).await), Class::Deadline);
    });
}

/// A document, the call of the backend that it comes down to, and whether it only reads.
const CALLS: &[(&str, &str, bool)] = &[
    (r#"{"op":"list"}"#, "domains", true),
    (r#"{"op":"show","vm":"vm1"}"#, "info", true),
    (r#"{"op":"state","vm":"vm1"}"#, "state", true),
    (r#"{"op":"xml","vm":"vm1"}"#, "xml", true),
    (r#"{"op":"stats"}"#, "stats", true),
    (r#"{"op":"tagged"}"#, "metadata", true),
    (r#"{"op":"pause","vm":"vm1"}"#, "pause", false),
    (r#"{"op":"resume","vm":"vm1"}"#, "resume", false),
    (r#"{"op":"reset","vm":"vm1"}"#, "reset", false),
    (r#"{"op":"reboot","vm":"vm1"}"#, "reboot", false),
    (r#"{"op":"autostart","vm":"vm1"}"#, "set_autostart", false),
    (r#"{"op":"set_cpus","vm":"vm1","cpus":1}"#, "set_cpus", false),
    (r#"{"op":"set_memory","vm":"vm1","mib":32}"#, "set_memory_kib", false),
    (r#"{"op":"agent_info","vm":"vm1"}"#, "agent_command", false),
    (r#"{"op":"save","vm":"vm1"}"#, "managed_save", false),
    (r#"{"op":"start","vm":"vm1"}"#, "start", false),
];

#[test]
fn a_daemon_that_hangs_or_crashes_at_every_call() {
    run(|fake, host| async move {
        host.create(&spec(1), START).await.unwrap();
        for (document, call, reads) in CALLS {
            let request = Request::parse(document).unwrap();
            fake.inject(Fault::once(call, FaultKind::LoseConnection));
            let lost = host.answer(&request).await;
            match (lost, reads) {
                (Ok(_), true) => {}
                (Err(error), false) => {
                    assert_eq!(error.details().class, "connection_lost", "{document}");
                }
                (outcome, _) => panic!("{document}: {outcome:?}"),
            }
            // Bulk statistics are tried twice.
            let times = if *call == "stats" { 2 } else { 1 };
            for _ in 0..times {
                fake.inject(Fault::once(call, FaultKind::Hang));
            }
            let late = host.within(seconds(1)).answer(&request).await.unwrap_err();
            assert_eq!(late.details().class, "deadline", "{document}");
            fake.release();
            // What hung goes on now; then the host works as before.
            while host.stuck_calls() > 0 {
                tokio::task::yield_now().await;
            }
            if let Err(error) = host.answer(&request).await {
                // What hung has taken effect meanwhile, and cannot do so twice.
                assert_eq!(error.details().class, "conflict", "{document}: {error}");
            }
            assert!(host.quarantined().is_empty(), "{document}");
        }
    });
}
