use std::collections::BTreeMap;

use quantix_core::{MemoryMib, VmId};

use super::*;
use crate::{DiskBus, DiskSpec, DomainType, Mac, NicSpec};

fn base() -> DomainSpec {
    DomainSpec {
        domain_type: DomainType::Qemu,
        disks: vec![DiskSpec::qcow2("/a.qcow2"), DiskSpec::cdrom("/seed.iso")],
        nics: vec![NicSpec::network("default").mac(Mac::derived(VmId::from_u128(7), 0))],
        ..DomainSpec::new("web", VmId::from_u128(7), 4, MemoryMib(1024))
    }
}

/// What libvirt makes of [`base`]: the shape of a definition after define, with an administrator's
/// comment and a vendor's element.
fn defined() -> String {
    let xml = base().to_xml().unwrap();
    xml.replace("<memory unit=\"MiB\">1024</memory>", "<memory unit='KiB'>1048576</memory>\n  <currentMemory unit='KiB'>1048576</currentMemory>")
        .replace("machine=\"q35\"", "machine=\"pc-q35-7.2\"")
        .replace("<vcpu>", "<vcpu placement='static'>")
        .replace("<devices>", "<devices>\n    <!-- do not touch -->\n    <emulator>/usr/bin/qemu-system-x86_64</emulator>\n    <vendor:thing xmlns:vendor='urn:v' a = 'b'/>")
        .replace("<cpu mode=\"maximum\"/>", "<cpu mode='maximum' check='none' migratable='on'/>")
}

fn live() -> String {
    defined().replace("<target dev=\"vda\"", "<backingStore/>\n      <target dev=\"vda\"")
        .replace("bus=\"virtio\"/>", "bus=\"virtio\"/>\n      <alias name='virtio-disk0'/>")
        .replace("<source network=\"default\"/>", "<source network='default' portid='x' bridge='virbr0'/>\n      <target dev='vnet0'/>\n      <alias name='net0'/>")
}

fn plan_for(state: DomainState, wanted: &DomainSpec) -> Plan {
    let domain = DomainRef { name: "web".to_owned(), id: VmId::from_u128(7) };
    let (next_boot, live) = (defined(), live());
    let live = state.is_active().then_some(live.as_str());
    plan_spec(Present { domain: &domain, state, next_boot: &next_boot, live, host: None }, wanted)
        .unwrap()
}

/// Path and time of each change.
fn brief(plan: &Plan) -> BTreeMap<&str, When> {
    plan.changes.iter().map(|change| (change.path.as_str(), change.when)).collect()
}

#[test]
fn what_is_as_wanted_needs_nothing() {
    for state in [DomainState::Running, DomainState::ShutOff] {
        let plan = plan_for(state, &base());
        assert!(plan.is_empty() && plan.steps.is_empty(), "{plan:#?}");
        assert_eq!(plan.next_xml(), defined());
    }
}

/// A change of the wanted machine; what is planned for a running one.
type Case = (fn(&mut DomainSpec), &'static [(&'static str, When)], usize);

#[test]
fn each_change_has_its_time() {
    use When::{Impossible, Live, NextBoot};
    let cases: &[Case] = &[
        (|s| s.cpus = 2, &[("vcpu", Live)], 1),
        (|s| s.cpus = 8, &[("vcpu", NextBoot)], 0),
        (|s| s.memory_mib = MemoryMib(512), &[("memory", NextBoot), ("currentMemory", Live)], 1),
        (
            |s| s.memory_mib = MemoryMib(2048),
            &[("memory", NextBoot), ("currentMemory", NextBoot)],
            0,
        ),
        (|s| s.name = "other".to_owned(), &[("name", Impossible)], 0),
        (|s| s.machine = "pc".to_owned(), &[("os/type/@machine", NextBoot)], 0),
        (|s| s.title = Some("t".to_owned()), &[("title", NextBoot)], 0),
        (|s| s.disks.push(DiskSpec::qcow2("/b")), &[("devices/disk[vdb]", Live)], 1),
        (
            |s| s.disks.push(DiskSpec::raw("/b").on(DiskBus::Sata)),
            &[("devices/disk[sdb]", NextBoot)],
            0,
        ),
        (|s| s.disks.truncate(1), &[("devices/disk[sda]", NextBoot)], 0),
        (
            |s| s.disks[0].path = Some("/c".to_owned()),
            &[("devices/disk[vda]/source/@file", NextBoot)],
            0,
        ),
        (
            |s| s.disks[1].path = Some("/new.iso".to_owned()),
            &[("devices/disk[sda]/source/@file", Live)],
            1,
        ),
        (|s| s.nics.clear(), &[("devices/interface[52:54:00:6d:63:45]", Live)], 1),
        (
            |s| s.nics[0].source = crate::NicSource::Network { name: "lab".to_owned() },
            &[("devices/interface[52:54:00:6d:63:45]/source/@network", Live)],
            1,
        ),
        (
            |s| s.nics[0].model = "e1000e".to_owned(),
            &[("devices/interface[52:54:00:6d:63:45]/model/@type", NextBoot)],
            0,
        ),
        (|s| s.nics[0].mac = None, &[], 0),
        (|s| s.tpm = true, &[("devices/tpm", NextBoot)], 0),
        (|s| s.rng = false, &[("devices/rng", Live)], 1),
    ];
    for (number, (change, expected, steps)) in cases.iter().enumerate() {
        let mut wanted = base();
        change(&mut wanted);
        let plan = plan_for(DomainState::Running, &wanted);
        let mac = Mac::derived(VmId::from_u128(7), 0).to_string();
        let expected: BTreeMap<String, When> = expected
            .iter()
            .map(|(path, when)| (path.replace("52:54:00:6d:63:45", &mac), *when))
            .collect();
        let found = brief(&plan).into_iter().map(|(p, w)| (p.to_owned(), w)).collect();
        assert_eq!(expected, found, "case {number}: {plan:#?}");
        assert_eq!(plan.steps.len(), *steps, "case {number}: {:?}", plan.steps);
        for line in ["<!-- do not touch -->", "<vendor:thing xmlns:vendor='urn:v' a = 'b'/>"] {
            assert!(plan.next_xml().contains(line), "case {number} loses {line}");
        }
        // Off, everything that is possible waits for the boot, and nothing is done to a guest.
        let off = plan_for(DomainState::ShutOff, &wanted);
        assert!(off.steps.is_empty() && off.changes.iter().all(|c| c.when != When::Live));
        // What the plan leads to is what is wanted.
        if plan.is_possible() {
            let domain = DomainRef { name: "web".to_owned(), id: VmId::from_u128(7) };
            let next_boot = plan.next_xml();
            let state = DomainState::ShutOff;
            let present = Present { domain: &domain, state, next_boot, live: None, host: None };
            let again = plan_spec(present, &wanted).unwrap();
            assert!(again.is_empty(), "case {number}: {again:#?}");
        }
    }
}

#[test]
fn an_edit_of_the_whole_definition_is_a_minimal_diff() {
    let domain = DomainRef { name: "web".to_owned(), id: VmId::from_u128(7) };
    let now = defined();
    let wanted = now
        .replace("<on_crash>destroy</on_crash>", "<on_crash>restart</on_crash>")
        .replace("    <vendor:thing xmlns:vendor='urn:v' a = 'b'/>\n", "");
    let present = Present {
        domain: &domain,
        state: DomainState::ShutOff,
        next_boot: &now,
        live: None,
        host: None,
    };
    let plan = plan_xml(present, &wanted).unwrap();
    let paths: Vec<&str> = plan.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["on_crash", "devices/vendor:thing"]);
    assert_eq!(plan.next_xml(), wanted);
    assert!(plan_xml(present, &now).unwrap().is_empty());
    assert!(plan_xml(present, "<network/>").is_err());
    assert!(plan_xml(present, "<domain>").is_err());
}

#[test]
fn the_host_has_a_say() {
    let host = DomainCapabilities {
        cpus_max: 8,
        cpu_modes: vec!["maximum".to_owned()],
        values: [("devices/disk/bus".to_owned(), vec!["virtio".to_owned()])].into(),
        ..DomainCapabilities::default()
    };
    let domain = DomainRef { name: "web".to_owned(), id: VmId::from_u128(7) };
    let (now, state) = (defined(), DomainState::ShutOff);
    let present =
        Present { domain: &domain, state, next_boot: &now, live: None, host: Some(&host) };
    let mut wanted = base();
    (wanted.cpus, wanted.tpm) = (9, true);
    let plan = plan_spec(present, &wanted).unwrap();
    assert!(!plan.is_possible());
    let reasons: Vec<&str> = plan.changes.iter().map(|change| change.reason.as_str()).collect();
    assert!(reasons[0].contains("at most 8") && reasons[1].contains("TPM"), "{reasons:?}");
    // The drive's bus is not offered either, but it is there already: noted, not refused.
    let noted: Vec<_> = plan.findings.iter().filter_map(|f| f.path.as_deref()).collect();
    assert_eq!(noted, ["devices/disk"]);
}
