//! Several libvirt hosts in namespaces of this machine: moves between them, and what happens when
//! one of them hangs, is cut off or loses power. Needs root, and no KVM.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use quantix_core::{MemoryMib, VmId};
use quantix_libvirt::{
    Class, CreateOptions, DiskSpec, DomainRef, DomainSpec, DomainState, DomainType, Event, Host,
    KeepAlive, Libvirt, MigrateRequest, ResyncReason,
};
use support::{class_of, seconds};

const START: CreateOptions = CreateOptions { start: true };

/// Two hosts, gone with the test.
struct Lab {
    folder: tempfile::TempDir,
    net: String,
}

impl Lab {
    fn new(number: u32) -> Self {
        let folder =
            tempfile::Builder::new().prefix("quantix-lab-").tempdir_in("/var/tmp").unwrap();
        let net = format!("10.{}.{}", 64 + std::process::id() % 64, number);
        let lab = Self { folder, net: net.clone() };
        lab.run(&["2", &net], "up");
        lab
    }

    fn run(&self, args: &[&str], command: &str) {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lab/hosts.sh");
        let folder = self.folder.path().display().to_string();
        let status = Command::new(script)
            .args([command, &folder])
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(
            status.success() || command == "down",
            "the lab cannot be set up: it needs root, and the packages libvirt-daemon-system, \
             qemu-system-x86, iproute2, procps and util-linux"
        );
    }

    fn uri(&self, host: u32) -> String {
        format!("qemu+tcp://{}.{host}/system", self.net)
    }

    async fn host(&self, host: u32) -> Host {
        Host::connect_within(Libvirt::new(self.uri(host)), seconds(60)).await.unwrap()
    }

    /// A host whose silence is noticed after a few seconds.
    async fn watched_host(&self, host: u32) -> Host {
        let keepalive = KeepAlive { interval: Duration::from_secs(1), count: 3 };
        let connector = Libvirt::new(self.uri(host)).with_keepalive(keepalive);
        Host::connect_within(connector, seconds(60)).await.unwrap()
    }

    /// Where a host's file lies on this machine.
    fn file(&self, host: u32, name: &str) -> PathBuf {
        self.folder.path().join(format!("h{host}/lib/images/{name}"))
    }

    /// A machine whose firmware idles.
    fn machine(&self, number: u128) -> DomainSpec {
        DomainSpec {
            domain_type: DomainType::Qemu,
            translation_cache_mib: Some(16),
            ..DomainSpec::new(format!("m{number}"), VmId::from_u128(number), 1, MemoryMib(64))
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.run(&[], "down");
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap().block_on(future)
}

async fn started(host: &Host, spec: &DomainSpec) -> DomainRef {
    host.create(spec, START).await.unwrap().domain
}

#[test]
fn moves_back_and_forth_and_refuses_what_cannot_be() {
    let lab = Lab::new(1);
    block_on(async {
        let hosts = [lab.host(1).await, lab.host(2).await];
        let domain = started(&hosts[0], &lab.machine(1)).await;
        let moves = std::env::var("QUANTIX_LAB_MOVES").ok().and_then(|text| text.parse().ok());
        let moves = moves.unwrap_or(50);
        for number in 0..moves {
            let (here, there) = (number % 2, (number + 1) % 2);
            let to = u32::try_from(there).unwrap() + 1;
            let request = MigrateRequest::live(lab.uri(to));
            let (here, there) = (&hosts[here], &hosts[there]);
            let report = here.check_migration(&domain, there, &request).await.unwrap();
            assert!(report.ok, "{report:#?}");
            here.migrate(&domain, &request, |_| ()).await.unwrap();
            assert_eq!(here.where_is(&domain, there).await.unwrap(), (false, true));
            assert!(!here.exists(domain.id).await.unwrap(), "the definition moved too");
        }
        // Back to the same host, and to one that has the name already.
        let home = &hosts[moves % 2];
        let other = &hosts[(moves + 1) % 2];
        let request = MigrateRequest::live(lab.uri(2));
        let report = home.check_migration(&domain, home, &request).await.unwrap();
        let codes: Vec<_> = report.findings.iter().map(|f| f.code.as_ref()).collect();
        assert!(!report.ok && codes.contains(&"same-host"), "{codes:?}");
        let namesake = DomainSpec { name: domain.name.clone(), ..lab.machine(9) };
        other.create(&namesake, CreateOptions::default()).await.unwrap();
        let report = home.check_migration(&domain, other, &request).await.unwrap();
        assert!(report.findings.iter().any(|f| f.code == "name-taken"), "{report:#?}");
    });
}

#[test]
fn a_destination_that_loses_power_leaves_the_guest_at_home() {
    let lab = Lab::new(2);
    block_on(async {
        let (here, there) = (lab.host(1).await, lab.host(2).await);
        let domain = started(&here, &lab.machine(1)).await;
        let mut slow = MigrateRequest::live(lab.uri(2));
        slow.bandwidth_mib = Some(1);
        let mut is_dead = false;
        let outcome = here
            .migrate(&domain, &slow, |_| {
                if !is_dead {
                    lab.run(&["2"], "kill");
                    is_dead = true;
                }
            })
            .await;
        assert!(is_dead && outcome.is_err(), "{outcome:?}");
        assert_eq!(here.state(domain.id).await.unwrap(), DomainState::Running);
        lab.run(&["2"], "boot");
        assert_eq!(here.where_is(&domain, &there).await.unwrap(), (true, false));
        // And all is well again.
        let mut last = None;
        let quick = MigrateRequest { bandwidth_mib: Some(1000), ..slow };
        let moved = here.migrate(&domain, &quick, |job| last = Some(job.clone())).await;
        assert!(moved.is_ok(), "{moved:?} after {last:#?}");
        assert_eq!(here.where_is(&domain, &there).await.unwrap(), (false, true));
    });
}

#[test]
fn a_move_that_takes_too_long_is_aborted() {
    let lab = Lab::new(3);
    block_on(async {
        let (here, there) = (lab.host(1).await, lab.host(2).await);
        // Even an empty page costs nine bytes on the wire: 9 MiB, at 1 MiB/s.
        let large = DomainSpec { memory_mib: MemoryMib(4096), ..lab.machine(1) };
        let domain = started(&here, &large).await;
        let mut slow = MigrateRequest::live(lab.uri(2));
        slow.bandwidth_mib = Some(1);
        let error = here.within(seconds(2)).migrate(&domain, &slow, |_| ()).await.unwrap_err();
        assert_eq!(error.class(), Class::Deadline, "{error}");
        assert!(error.remedy().unwrap().contains("was aborted"), "{error:?}");
        assert_eq!(here.where_is(&domain, &there).await.unwrap(), (true, false));
        assert_eq!(here.state(domain.id).await.unwrap(), DomainState::Running);
    });
}

#[test]
fn a_frozen_daemon_costs_a_deadline_and_no_more() {
    let lab = Lab::new(4);
    block_on(async {
        let host = lab.watched_host(1).await;
        let spec = lab.machine(1);
        host.create(&spec, START).await.unwrap();
        let mut events = host.events().await.unwrap();
        events.next().await.unwrap();
        lab.run(&["1"], "freeze");
        let frozen = host.within(Duration::from_millis(500));
        assert_eq!(class_of(frozen.domains().await), Class::Deadline);
        // The keepalive ends the connections; the stream says so, and says when it is back.
        let disconnected = events.next().await.unwrap();
        assert!(matches!(disconnected, Event::Disconnected { .. }), "{disconnected:?}");
        lab.run(&["1"], "thaw");
        let back = events.next().await.unwrap();
        let reason = ResyncReason::Reconnected;
        assert!(matches!(back, Event::Resync { reason: r, .. } if r == reason), "{back:?}");
        assert_eq!(host.state(spec.id).await.unwrap(), DomainState::Running);
        lab.run(&["1"], "cut");
        assert!(frozen.domains().await.is_err());
        lab.run(&["1"], "join");
        assert_eq!(host.domains().await.unwrap().len(), 1);
    });
}

#[test]
fn a_disk_that_is_not_shared_moves_with_its_machine() {
    let lab = Lab::new(5);
    block_on(async {
        let (here, there) = (lab.host(1).await, lab.host(2).await);
        let mut content = vec![0u8; 8 << 20];
        for (number, chunk) in content.chunks_mut(1 << 20).enumerate().step_by(2) {
            chunk.fill(u8::try_from(number + 1).unwrap());
        }
        std::fs::write(lab.file(1, "d.raw"), &content).unwrap();
        std::fs::File::create(lab.file(2, "d.raw")).unwrap().set_len(8 << 20).unwrap();
        let disks = vec![DiskSpec::raw("/var/lib/libvirt/images/d.raw")];
        let domain = started(&here, &DomainSpec { disks, ..lab.machine(1) }).await;
        let request = MigrateRequest { copy_storage: true, ..MigrateRequest::live(lab.uri(2)) };
        let report = here.check_migration(&domain, &there, &request).await.unwrap();
        assert!(report.ok, "{report:#?}");
        here.migrate(&domain, &request, |_| ()).await.unwrap();
        assert_eq!(here.where_is(&domain, &there).await.unwrap(), (false, true));
        there.destroy(domain.id).await.unwrap();
        assert!(std::fs::read(lab.file(2, "d.raw")).unwrap() == content, "the disk differs");
    });
}

#[test]
fn a_slow_move_is_switched_over_early() {
    let lab = Lab::new(6);
    block_on(async {
        let (here, there) = (lab.host(1).await, lab.host(2).await);
        let large = DomainSpec { memory_mib: MemoryMib(2048), ..lab.machine(1) };
        let domain = started(&here, &large).await;
        let mut slow = MigrateRequest { post_copy: true, ..MigrateRequest::live(lab.uri(2)) };
        slow.bandwidth_mib = Some(1);
        let twin = here.clone();
        let id = domain.id;
        let switch = tokio::spawn(async move {
            while twin.start_post_copy(id).await.is_err() {
                tokio::task::yield_now().await;
            }
        });
        here.migrate(&domain, &slow, |_| ()).await.unwrap();
        switch.abort();
        assert!(switch.await.is_ok(), "it arrived before it was switched over");
        assert_eq!(here.where_is(&domain, &there).await.unwrap(), (false, true));
        assert_eq!(there.state(domain.id).await.unwrap(), DomainState::Running);
    });
}

#[test]
fn a_source_that_is_cut_off_keeps_its_guest() {
    let lab = Lab::new(7);
    block_on(async {
        let (here, there) = (lab.watched_host(1).await, lab.watched_host(2).await);
        let large = DomainSpec { memory_mib: MemoryMib(4096), ..lab.machine(1) };
        let domain = started(&here, &large).await;
        let mut slow = MigrateRequest::live(lab.uri(2));
        slow.bandwidth_mib = Some(1);
        let mut is_cut = false;
        let outcome = here
            .migrate(&domain, &slow, |_| {
                if !std::mem::replace(&mut is_cut, true) {
                    lab.run(&["1"], "cut");
                }
            })
            .await;
        assert!(is_cut && outcome.is_err(), "{outcome:?}");
        // Both sides notice by themselves; what had arrived is thrown away.
        let settled = async {
            while there.exists(domain.id).await.unwrap_or(true) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(seconds(60), settled).await.unwrap();
        lab.run(&["1"], "join");
        assert_eq!(here.where_is(&domain, &there).await.unwrap(), (true, false));
        assert_eq!(here.state(domain.id).await.unwrap(), DomainState::Running);
    });
}
