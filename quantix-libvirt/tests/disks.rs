//! Jobs on disks, backups, limits, the content of volumes and filters, on the local libvirtd.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::{
    fs::File,
    io::{Read, Write},
    process::Command,
};

use quantix_core::model::SecurityGroup;
use quantix_libvirt::{
    Affect, BackupSpec, BackupTarget, BlockJobEnd, BlockJobRequest, BlockJobState, Class,
    CreateOptions, DiskSpec, DomainSpec, Host, ResourceAct, Throttle, security_filter,
};
use quantix_xml::{Document, NewElement};
use support::{Kind, Site, class_of, seconds, with_host};

const START: CreateOptions = CreateOptions { start: true };

/// A folder with a disk image in it, which the hypervisor may read and write.
fn folder_with_disk() -> (tempfile::TempDir, String) {
    let folder = tempfile::Builder::new().prefix("quantix-disk-").tempdir_in("/var/tmp").unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let path = folder.path().join("disk.qcow2").display().to_string();
    qemu_img(&["create", "-q", "-f", "qcow2", &path, "8M"]);
    (folder, path)
}

fn qemu_img(args: &[&str]) {
    let done = Command::new("qemu-img").args(args).status();
    let done = done.expect("qemu-img, of the package qemu-utils");
    assert!(done.success(), "qemu-img {args:?}");
}

async fn machine(site: Site, host: &Host, disk: &str) -> DomainSpec {
    let spec = DomainSpec { disks: vec![DiskSpec::qcow2(disk)], ..site.machine() };
    host.create(&spec, START).await.unwrap();
    spec
}

async fn disk_of(host: &Host, spec: &DomainSpec) -> String {
    host.describe(spec.id).await.unwrap().machine.disks[0].source.clone().unwrap()
}

#[test]
fn a_chain_grows_and_is_committed() {
    with_host(Kind::Qemu, |site, host| async move {
        let host = host.within(seconds(120));
        let (_folder, path) = folder_with_disk();
        let spec = machine(site, &host, &path).await;
        host.snapshot_create(spec.id, "over", true).await.unwrap();
        assert_ne!(disk_of(&host, &spec).await, path);
        let request = BlockJobRequest::Commit { base: None, top: None, bytes_per_second: None };
        let mut job = host.start_block_job(spec.id, "vda", &request).await.unwrap();
        let second = host.start_block_job(spec.id, "vda", &request).await;
        assert!(second.is_err(), "one job per disk");
        assert_eq!(job.wait(|_| ()).await.unwrap(), BlockJobState::Ready);
        job.finish(BlockJobEnd::Pivot).await.unwrap();
        assert_eq!(disk_of(&host, &spec).await, path);
        assert_eq!(host.block_job_info(spec.id, "vda").await.unwrap(), None);
        let none = host.end_block_job(spec.id, "vda", BlockJobEnd::Abort).await;
        assert!(none.is_err(), "{none:?}");
    });
}

#[test]
fn a_disk_is_copied_and_pulled() {
    with_host(Kind::Qemu, |site, host| async move {
        let host = host.within(seconds(120));
        let (folder, path) = folder_with_disk();
        let spec = machine(site, &host, &path).await;
        let to = folder.path().join("copy.qcow2").display().to_string();
        let format = "qcow2".to_owned();
        let bytes_per_second = None;
        let copy =
            BlockJobRequest::Copy { to: to.clone(), format, shallow: false, bytes_per_second };
        let mut job = host.start_block_job(spec.id, "vda", &copy).await.unwrap();
        assert_eq!(job.wait(|_| ()).await.unwrap(), BlockJobState::Ready);
        job.finish(BlockJobEnd::Pivot).await.unwrap();
        assert_eq!(disk_of(&host, &spec).await, to);
        host.snapshot_create(spec.id, "over", true).await.unwrap();
        let pull = BlockJobRequest::Pull { base: None, bytes_per_second };
        let mut job = host.start_block_job(spec.id, "vda", &pull).await.unwrap();
        assert_eq!(job.wait(|_| ()).await.unwrap(), BlockJobState::Completed);
    });
}

#[test]
fn limits_of_a_disk() {
    with_host(Kind::Qemu, |site, host| async move {
        let (_folder, path) = folder_with_disk();
        let spec = machine(site, &host, &path).await;
        let throttle =
            Throttle { total_bytes_sec: 1 << 20, read_iops_sec: 50, ..Throttle::default() };
        host.set_throttle(spec.id, "vda", &throttle, Affect::Both).await.unwrap();
        assert_eq!(host.throttle(spec.id, "vda").await.unwrap(), throttle);
        let clash = Throttle { read_bytes_sec: 1, ..throttle };
        let clash = host.set_throttle(spec.id, "vda", &clash, Affect::Live).await;
        assert!(clash.is_err(), "total and read exclude each other");
        host.set_throttle(spec.id, "vda", &Throttle::default(), Affect::Live).await.unwrap();
        assert_eq!(host.throttle(spec.id, "vda").await.unwrap(), Throttle::default());
        let frozen = host.within(seconds(3)).freeze(spec.id, &[]).await;
        assert!(frozen.is_err(), "there is no agent");
    });
}

#[test]
fn a_backup_and_what_changed_since() {
    with_host(Kind::Qemu, |site, host| async move {
        let host = host.within(seconds(120));
        let (folder, path) = folder_with_disk();
        let spec = machine(site, &host, &path).await;
        let domain = host.find(&spec.name).await.unwrap();
        let target = |name: &str| BackupTarget {
            disk: "vda".to_owned(),
            file: folder.path().join(name).display().to_string(),
            format: "qcow2".to_owned(),
        };
        let backup = |name: &str, since: Option<&str>, checkpoint: &str| BackupSpec {
            disks: vec![target(name)],
            since: since.map(str::to_owned),
            checkpoint: Some(checkpoint.to_owned()),
        };
        let full = host.backup(&domain, &backup("full", None, "monday"), |_| ()).await.unwrap();
        assert_eq!(full.checkpoint.as_deref(), Some("monday"));
        host.backup(&domain, &backup("more", Some("monday"), "tuesday"), |_| ()).await.unwrap();
        let made = host.checkpoints(spec.id).await.unwrap();
        let brief: Vec<_> = made.iter().map(|c| (c.name.as_str(), c.parent.as_deref())).collect();
        assert_eq!(brief, [("monday", None), ("tuesday", Some("monday"))]);
        assert_eq!(made[0].disks, ["vda"]);
        for name in ["full", "more"] {
            qemu_img(&["info", "-U", &target(name).file]);
        }
        host.checkpoint_delete(spec.id, "monday").await.unwrap();
        assert_eq!(class_of(host.checkpoint_delete(spec.id, "monday").await), Class::NotFound);
        let wrong = BackupSpec { disks: Vec::new(), since: None, checkpoint: None };
        assert_eq!(class_of(host.backup(&domain, &wrong, |_| ()).await), Class::Invalid);
        let wrong = BackupTarget { disk: "vdz".to_owned(), ..target("x") };
        let wrong = BackupSpec { disks: vec![wrong], since: None, checkpoint: None };
        assert_eq!(class_of(host.backup(&domain, &wrong, |_| ()).await), Class::Invalid);
    });
}

#[test]
fn a_volume_goes_up_and_down_with_its_holes() {
    with_host(Kind::Qemu, |site, host| async move {
        let host = host.within(seconds(120));
        let folder = tempfile::tempdir_in("/var/tmp").unwrap();
        let name = site.machine().name;
        let text = |name: &str, value: &str| NewElement::new(name).text(value);
        let path = folder.path().join("pool").display().to_string();
        let pool = NewElement::new("pool")
            .attr("type", "dir")
            .child(text("name", &name))
            .child(NewElement::new("target").child(text("path", &path)));
        host.pool_define(&Document::new(&pool).unwrap().to_string()).await.unwrap();
        host.pool_act(&name, ResourceAct::Start).await.unwrap();
        let volume = NewElement::new("volume")
            .child(text("name", "a"))
            .child(text("capacity", "4").attr("unit", "MiB"))
            .child(text("allocation", "0"))
            .child(NewElement::new("target").child(NewElement::new("format").attr("type", "raw")));
        host.volume_create(&name, &Document::new(&volume).unwrap().to_string()).await.unwrap();
        let mut content = vec![0u8; 4 << 20];
        content[100..105].copy_from_slice(b"begin");
        content[(3 << 20)..(3 << 20) + 6].copy_from_slice(b"middle");
        let source = std::io::Cursor::new(content.clone());
        assert_eq!(host.volume_upload(&name, "a", source).await.unwrap(), 4 << 20);
        let copy = folder.path().join("copy");
        let sink = File::create(&copy).unwrap();
        assert_eq!(host.volume_download(&name, "a", sink).await.unwrap(), 4 << 20);
        let mut back = Vec::new();
        File::open(&copy).unwrap().read_to_end(&mut back).unwrap();
        assert!(back == content, "what came down is what went up");
        let gone = host.volume_upload(&name, "b", std::io::empty()).await;
        assert_eq!(class_of(gone), Class::NotFound);
        host.volume_delete(&name, "a").await.unwrap();
        host.pool_act(&name, ResourceAct::Stop).await.unwrap();
        host.pool_act(&name, ResourceAct::Undefine).await.unwrap();
    });
}

const GROUP: &str = r#"{"id":"ID","name":"web","rules":[
    {"direction":"ingress","protocol":"tcp","ports":{"first":443,"last":443}},
    {"direction":"ingress","protocol":"icmp"},
    {"direction":"ingress","protocol":"any",
     "remote":{"kind":"group","security_group_id":"peers"}},
    {"direction":"egress","action":"reject","protocol":"udp","ports":{"first":25,"last":30},
     "remote":{"kind":"network","cidr":"192.0.2.0/24"}}]}"#;

#[test]
fn a_security_group_is_a_filter() {
    with_host(Kind::Qemu, |site, host| async move {
        let id = site.machine().name;
        let group: SecurityGroup = serde_json::from_str(&GROUP.replace("ID", &id)).unwrap();
        let members = |_: &_| vec!["10.0.0.7".parse().unwrap(), "2001:db8::7".parse().unwrap()];
        let xml = security_filter(&group, members).unwrap();
        let mut schema = Command::new("xmllint")
            .args(["--noout", "--relaxng", "/usr/share/libvirt/schemas/nwfilter.rng", "-"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .expect("xmllint, of the package libxml2-utils");
        schema.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
        assert!(schema.wait().unwrap().success(), "{xml}");
        let name = host.apply_security_group(&group, members).await.unwrap();
        let first = host.filter_xml(&name).await.unwrap();
        assert!(first.contains("10.0.0.7") && first.contains("2001:db8::7"), "{first}");
        // Applied again it is the same filter, changed.
        host.apply_security_group(&group, |_| Vec::new()).await.unwrap();
        let second = host.filter_xml(&name).await.unwrap();
        assert!(!second.contains("10.0.0.7") && host.filters().await.unwrap().contains(&name));
        host.filter_undefine(&name).await.unwrap();
        assert_eq!(class_of(host.filter_xml(&name).await), Class::NotFound);
        let address = |n: u32| std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).into();
        let many = |_: &_| (0..1000).map(address).collect();
        assert_eq!(class_of(security_filter(&group, many)), Class::Invalid);
    });
}
