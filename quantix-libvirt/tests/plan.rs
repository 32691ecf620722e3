//! Plans on real hosts: what was made needs nothing, what is wanted comes true, and what was
//! interrupted is taken up again.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use quantix_core::MemoryMib;
use quantix_libvirt::{
    Change, Class, CreateOptions, DiskBus, DiskSpec, DomainSpec, FakeGuest, FakeHost, Fault,
    FaultKind, Firmware, Host, Mac, NicSpec, Topology, When, XmlKind,
};
use support::{Kind, class_of, seconds, with_host};

const START: CreateOptions = CreateOptions { start: true };

/// Images that QEMU can open, removed with the test.
fn images(count: usize) -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::Builder::new().prefix("quantix-plan-").tempdir_in("/var/tmp").unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let paths = (0..count).map(|number| {
        let path = folder.path().join(format!("{number}.raw"));
        std::fs::File::create(&path).unwrap().set_len(1 << 20).unwrap();
        path.display().to_string()
    });
    let paths = paths.collect();
    (folder, paths)
}

#[test]
fn what_was_made_needs_nothing() {
    for kind in [Kind::Fake, Kind::TestDriver, Kind::Qemu] {
        with_host(kind, move |site, host| async move {
            let (_folder, images) = images(3);
            let plain = site.machine();
            let mut rich = DomainSpec {
                disks: vec![
                    DiskSpec::raw(&images[0]).boot(1),
                    DiskSpec::raw(&images[1]).on(DiskBus::Scsi),
                    DiskSpec::cdrom(&images[2]),
                ],
                nics: vec![NicSpec::user(), NicSpec::user().mac(Mac::derived(plain.id, 1))],
                topology: Some(Topology { sockets: 1, cores: 2, threads: 1 }),
                title: Some("rich & <strange>".to_owned()),
                ..site.machine()
            };
            if kind == Kind::Qemu {
                rich.firmware = Firmware::Efi;
            }
            for spec in [plain, rich] {
                host.create(&spec, CreateOptions::default()).await.unwrap();
                let plan = host.plan(&spec).await.unwrap();
                assert!(plan.is_empty(), "{kind:?}, off: {:#?}", plan.changes);
                host.start(spec.id).await.unwrap();
                let plan = host.plan(&spec).await.unwrap();
                assert!(plan.is_empty(), "{kind:?}, running: {:#?}", plan.changes);
                let now = host.xml(spec.id, XmlKind::NextBoot).await.unwrap();
                assert_eq!(plan.next_xml(), now);
            }
        });
    }
}

#[test]
fn what_is_wanted_comes_true_in_a_running_machine() {
    with_host(Kind::Qemu, |site, host| async move {
        let (_folder, images) = images(3);
        let disks = vec![DiskSpec::raw(&images[0]), DiskSpec::cdrom(&images[1])];
        let mut spec = DomainSpec { disks, ..site.machine() };
        host.create(&spec, START).await.unwrap();
        spec.disks.push(DiskSpec::raw(&images[2]));
        spec.disks[1].path = None;
        spec.nics.push(NicSpec::user().mac(Mac::derived(spec.id, 1)));
        spec.memory_mib = MemoryMib(48);
        let plan = host.plan(&spec).await.unwrap();
        let live =
            |path: &str| plan.changes.iter().any(|c| c.path.contains(path) && c.when == When::Live);
        assert!(live("disk[vdb]") && live("interface[") && live("currentMemory"), "{plan:#?}");
        let report = host.apply(&plan).await.unwrap();
        assert!(report.is_complete() && report.defined && report.needs_reboot, "{report:#?}");
        let running = host.xml(spec.id, XmlKind::Current).await.unwrap();
        assert!(running.contains(&images[2]) && running.contains("dev='vdb'"), "{running}");
        // The balloon moves when the guest's driver does, and only firmware runs here.
        let again = host.plan(&spec).await.unwrap();
        let left = |change: &&Change| change.when == When::Live && change.path != "currentMemory";
        assert_eq!(again.changes.iter().find(left), None, "{again:#?}");
        // A plan is for what was seen; applied to something else it is refused.
        assert_eq!(class_of(host.apply(&plan).await), Class::Conflict);
    });
}

#[test]
fn a_device_that_the_guest_keeps_is_said_so() {
    with_host(Kind::Qemu, |site, host| async move {
        let mut spec = site.machine();
        let extra = NicSpec::user().mac(Mac::derived(spec.id, 1));
        spec.nics.push(extra);
        host.create(&spec, START).await.unwrap();
        spec.nics.pop();
        // Only firmware runs: nobody in the guest answers the request.
        // libvirt itself waits five seconds before it returns.
        let hasty = host.within(seconds(8));
        let plan = hasty.plan(&spec).await.unwrap();
        let report = hasty.apply(&plan).await.unwrap();
        assert!(!report.is_complete() && report.defined, "{report:#?}");
        let problem = report.live[0].problem.as_ref().unwrap();
        assert!(problem.contains("did not let the device go"), "{problem}");
        // The definition has it; the running guest still differs, and the next plan says so.
        let again = host.plan(&spec).await.unwrap();
        assert_eq!(again.changes.len(), 1, "{again:#?}");
        assert_eq!(again.changes[0].when, When::Live);
    });
}

#[test]
fn an_interrupted_plan_is_taken_up_again() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let fake = FakeHost::new(1);
        let host = Host::connect(fake.clone()).await.unwrap();
        let mut spec = DomainSpec::new("web", quantix_core::VmId::from_u128(1), 4, MemoryMib(256));
        spec.disks = vec![DiskSpec::raw("/a"), DiskSpec::raw("/b")];
        host.create(&spec, START).await.unwrap();
        spec.disks.remove(1);
        spec.cpus = 2;
        for kind in [FaultKind::Refuse(Class::Busy), FaultKind::LoseConnection] {
            fake.inject(Fault::once("set_cpus", kind));
            let plan = host.plan(&spec).await.unwrap();
            assert!(!host.apply(&plan).await.unwrap().is_complete());
        }
        fake.set_guest(spec.id, FakeGuest { releases_devices: false, ..FakeGuest::default() });
        let plan = host.plan(&spec).await.unwrap();
        let report = host.apply(&plan).await.unwrap();
        assert_eq!(report.live.iter().map(|l| l.done).collect::<Vec<_>>(), [true, false]);
        assert!(report.live[1].problem.as_ref().unwrap().contains("refused"), "{report:#?}");
        fake.set_guest(spec.id, FakeGuest::default());
        let plan = host.plan(&spec).await.unwrap();
        assert!(host.apply(&plan).await.unwrap().is_complete());
        let plan = host.plan(&spec).await.unwrap();
        assert!(plan.is_empty(), "{plan:#?}");
    });
}
