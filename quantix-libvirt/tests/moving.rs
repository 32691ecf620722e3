//! Moves of machines that are off, and what is left of migrations that broke, on two fakes where
//! everything breaks on demand.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::{
    io::Cursor,
    sync::{Arc, Mutex},
};

use quantix_core::{MemoryMib, VmId};
use quantix_libvirt::{
    Class, ColdMove, CreateOptions, DiskSpec, DomainRef, DomainSpec, DomainState, DomainType,
    FakeHost, Fault, FaultKind, Host, MOVE_TAG, MigrateRequest, ResourceAct, TransferSink,
    Whereabouts, XmlKind,
};
use support::{class_of, seconds};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap().block_on(future)
}

const ID: VmId = VmId::from_u128(1);

struct Pair {
    fakes: (FakeHost, FakeHost),
    here: Host,
    there: Host,
    domain: DomainRef,
}

fn content() -> Vec<u8> {
    let mut content = vec![0u8; 300 << 10];
    content[..5].copy_from_slice(b"begin");
    content[(200 << 10) + 3..(200 << 10) + 6].copy_from_slice(b"end");
    content
}

/// Two hosts with a pool each, in different folders, and a machine that is off on the first.
async fn pair() -> Pair {
    let fakes = (FakeHost::new(1), FakeHost::new(2));
    fakes.0.reach("fake://there", &fakes.1);
    let connect = |fake: &FakeHost| Host::connect_within(fake.clone(), seconds(20));
    let (here, there) = (connect(&fakes.0).await.unwrap(), connect(&fakes.1).await.unwrap());
    for (host, folder) in [(&here, "/here"), (&there, "/there")] {
        let xml = format!(
            "<pool type='dir'><name>disks</name><target><path>{folder}</path></target></pool>"
        );
        host.pool_define(&xml).await.unwrap();
        host.pool_act("disks", ResourceAct::Start).await.unwrap();
    }
    let volume = "<volume><name>a.raw</name><capacity>307200</capacity>\
                  <target><format type='raw'/></target></volume>";
    let path = here.volume_create("disks", volume).await.unwrap();
    here.volume_upload("disks", "a.raw", Cursor::new(content())).await.unwrap();
    let spec = DomainSpec {
        domain_type: DomainType::Qemu,
        disks: vec![DiskSpec::raw(path), DiskSpec::cdrom("/iso/of/both.iso")],
        ..DomainSpec::new("m", ID, 1, MemoryMib(64))
    };
    let domain = here.create(&spec, CreateOptions::default()).await.unwrap().domain;
    Pair { fakes, here, there, domain }
}

#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<u8>>>);

impl TransferSink for Taken {
    fn data(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn hole(&mut self, length: u64) -> std::io::Result<()> {
        let mut taken = self.0.lock().unwrap();
        let end = taken.len() + usize::try_from(length).unwrap();
        taken.resize(end, 0);
        Ok(())
    }
}

/// It is there, whole and unmarked, and no longer here.
async fn has_moved(pair: &Pair) {
    assert!(!pair.here.exists(ID).await.unwrap());
    let xml = pair.there.xml(ID, XmlKind::NextBoot).await.unwrap();
    assert!(xml.contains("/there/a.raw") && xml.contains("/iso/of/both.iso"), "{xml}");
    assert_eq!(pair.there.metadata(ID, &MOVE_TAG).await.unwrap(), None);
    let taken = Taken::default();
    pair.there.volume_download("disks", "a.raw", taken.clone()).await.unwrap();
    assert!(*taken.0.lock().unwrap() == content(), "the content moved too");
    assert_eq!(pair.here.volumes("disks").await.unwrap().len(), 1, "the original stays");
}

#[test]
fn a_machine_that_is_off_moves_with_its_volumes() {
    block_on(async {
        let pair = pair().await;
        let Pair { here, there, domain, .. } = &pair;
        let request = ColdMove::default();
        let mut last = None;
        let report = here.move_cold(domain, there, &request, |p| last = Some(p.clone())).await;
        let report = report.unwrap();
        assert_eq!((report.volumes.len(), report.resumed), (1, false));
        assert_eq!(report.volumes[0].to, "/there/a.raw");
        assert_eq!(last.unwrap().bytes.0, 300 << 10);
        has_moved(&pair).await;
        // Said again, it is so already.
        let again = here.move_cold(domain, there, &request, |_| ()).await.unwrap();
        assert!(again.resumed && again.volumes.is_empty());
        assert!(here.move_cold(domain, here, &request, |_| ()).await.is_err(), "to itself");
    });
}

#[test]
fn wherever_a_move_breaks_off_the_same_call_takes_it_up() {
    block_on(async {
        let (source, target) = {
            let pair = pair().await;
            let before = (pair.fakes.0.calls().len(), pair.fakes.1.calls().len());
            let Pair { here, there, domain, .. } = &pair;
            here.move_cold(domain, there, &ColdMove::default(), |_| ()).await.unwrap();
            let calls = |fake: &FakeHost, from: usize| fake.calls()[from..].to_vec();
            (calls(&pair.fakes.0, before.0), calls(&pair.fakes.1, before.1))
        };
        assert!(source.contains(&"undefine") && target.contains(&"volume_upload"));
        let sides = [(0, source), (1, target)];
        for (side, calls) in &sides {
            for (number, call) in calls.iter().enumerate() {
                let skip = calls[..number].iter().filter(|other| *other == call).count();
                let skip = u32::try_from(skip).unwrap();
                for kind in [
                    FaultKind::Refuse(Class::Failed),
                    FaultKind::HalfDone,
                    FaultKind::LoseConnection,
                ] {
                    let pair = pair().await;
                    let fake = if *side == 0 { &pair.fakes.0 } else { &pair.fakes.1 };
                    fake.inject(Fault::once(call, kind).after(skip));
                    let Pair { here, there, domain, .. } = &pair;
                    let request = ColdMove::default();
                    let mut tries = 0;
                    while here.move_cold(domain, there, &request, |_| ()).await.is_err() {
                        tries += 1;
                        assert!(tries < 4, "{call} {number} on {side}, {kind:?}: never succeeds");
                    }
                    has_moved(&pair).await;
                }
            }
        }
    });
}

#[test]
fn a_move_refuses_what_is_not_its_own() {
    block_on(async {
        let Pair { here, there, domain, .. } = &pair().await;
        let request = ColdMove::default();
        let go = || async { class_of(here.move_cold(domain, there, &request, |_| ()).await) };
        // A volume of somebody else.
        let volume = "<volume><name>a.raw</name><capacity>1</capacity></volume>";
        there.volume_create("disks", volume).await.unwrap();
        assert_eq!(go().await, Class::Conflict);
        there.volume_delete("disks", "a.raw").await.unwrap();
        // A pool that is not there.
        let other = ColdMove { pool: Some("other".to_owned()), ..request.clone() };
        let outcome = here.move_cold(domain, there, &other, |_| ()).await;
        assert_eq!(class_of(outcome), Class::NotFound);
        // Another domain of the name, and one of the UUID.
        for id in [VmId::from_u128(9), ID] {
            let name = if id == ID { "other" } else { "m" };
            let spec = DomainSpec {
                domain_type: DomainType::Qemu,
                ..DomainSpec::new(name, id, 1, MemoryMib(64))
            };
            let made = there.create(&spec, CreateOptions::default()).await.unwrap().domain;
            assert_eq!(go().await, Class::Conflict);
            there.delete(&made).await.unwrap();
        }
        // A domain that runs.
        here.start(ID).await.unwrap();
        assert_eq!(go().await, Class::Conflict);
        here.destroy(ID).await.unwrap();
        assert!(!there.exists(ID).await.unwrap(), "refusals leave nothing");
        // With shared storage only the definition moves.
        let shared = ColdMove { shared_storage: true, pool: None };
        let report = here.move_cold(domain, there, &shared, |_| ()).await.unwrap();
        assert!(report.volumes.is_empty());
        assert!(there.xml(ID, XmlKind::NextBoot).await.unwrap().contains("/here/a.raw"));
    });
}

#[test]
fn what_a_broken_migration_left_is_put_in_order() {
    block_on(async {
        let pair = pair().await;
        let Pair { fakes, here, there, domain } = &pair;
        let request = MigrateRequest::live("fake://there");
        assert_eq!(
            here.reconcile_migration(domain, there).await.unwrap().whereabouts,
            Whereabouts::Off
        );
        here.start(ID).await.unwrap();
        // Refused: it never left.
        fakes.1.inject(Fault::once("migrate_finish", FaultKind::Refuse(Class::Failed)));
        assert!(here.migrate(domain, &request, |_| ()).await.is_err());
        let report = here.reconcile_migration(domain, there).await.unwrap();
        assert_eq!((report.whereabouts, report.acts.len()), (Whereabouts::Here, 0));
        // Half done: it arrived, and the source does not know.
        fakes.1.inject(Fault::once("migrate_finish", FaultKind::HalfDone));
        assert!(here.migrate(domain, &request, |_| ()).await.is_err());
        assert_eq!(fakes.0.state_of(ID), Some(DomainState::Paused));
        let report = here.reconcile_migration(domain, there).await.unwrap();
        assert_eq!((report.whereabouts, report.acts.len()), (Whereabouts::There, 2));
        assert_eq!(
            (fakes.0.state_of(ID), fakes.1.state_of(ID)),
            (None, Some(DomainState::Running))
        );
        let again = here.reconcile_migration(domain, there).await.unwrap();
        assert_eq!((again.whereabouts, again.acts.len()), (Whereabouts::There, 0));
        // The source lost power right after: its definition is still there, and goes.
        let xml = there.xml(ID, XmlKind::NextBoot).await.unwrap();
        here.define(&xml).await.unwrap();
        let report = here.reconcile_migration(domain, there).await.unwrap();
        assert_eq!((report.whereabouts, report.acts.len()), (Whereabouts::There, 1));
        // Truly running on both sides: nothing is touched.
        here.define(&xml).await.unwrap();
        here.start(ID).await.unwrap();
        let split = here.reconcile_migration(domain, there).await;
        assert_eq!(class_of(split), Class::Conflict);
        assert_eq!(fakes.0.state_of(ID), Some(DomainState::Running));
        for host in [here, there] {
            host.delete(domain).await.unwrap();
        }
        let gone = here.reconcile_migration(domain, there).await.unwrap();
        assert_eq!(gone.whereabouts, Whereabouts::Gone);
    });
}
