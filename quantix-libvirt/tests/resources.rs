//! Storage, networks, snapshots, screens and consoles on the local libvirtd.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use quantix_core::Bytes;
use quantix_libvirt::{
    Class, CreateOptions, DiskSpec, DomainSpec, Graphics, Host, ResourceAct, SerialSpec, VideoModel,
};
use quantix_xml::{Document, NewElement};
use support::{Kind, Site, class_of, seconds, with_host};

const START: CreateOptions = CreateOptions { start: true };

fn text(name: &str, value: &str) -> NewElement {
    NewElement::new(name).text(value)
}

fn xml(element: &NewElement) -> String {
    Document::new(element).unwrap().to_string()
}

/// A pool on a folder of its own, gone with the test.
struct Pool {
    folder: tempfile::TempDir,
    name: String,
}

impl Pool {
    async fn new(site: Site, host: &Host) -> Self {
        let folder =
            tempfile::Builder::new().prefix("quantix-pool-").tempdir_in("/var/tmp").unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let pool = Self { folder, name: site.machine().name };
        let path = pool.folder.path().join("images").display().to_string();
        let element = NewElement::new("pool")
            .attr("type", "dir")
            .child(text("name", &pool.name))
            .child(NewElement::new("target").child(text("path", &path)));
        assert_eq!(host.pool_define(&xml(&element)).await.unwrap(), pool.name);
        host.pool_act(&pool.name, ResourceAct::Start).await.unwrap();
        host.pool_act(&pool.name, ResourceAct::Start).await.unwrap();
        pool
    }

    fn volume(name: &str, mib: u64, backing: Option<&str>) -> String {
        let format = || NewElement::new("format").attr("type", "qcow2");
        let backing = backing
            .map(|path| NewElement::new("backingStore").child(text("path", path)).child(format()));
        let element = NewElement::new("volume")
            .child(text("name", name))
            .child(text("capacity", &mib.to_string()).attr("unit", "MiB"))
            .child(NewElement::new("target").child(format()))
            .children(backing);
        xml(&element)
    }

    async fn remove(&self, host: &Host) {
        for volume in host.volumes(&self.name).await.unwrap() {
            host.volume_delete(&self.name, &volume.name).await.unwrap();
        }
        host.pool_act(&self.name, ResourceAct::Stop).await.unwrap();
        host.pool_act(&self.name, ResourceAct::Undefine).await.unwrap();
    }
}

#[test]
fn pools_and_volumes_with_a_clone_that_grows() {
    with_host(Kind::Qemu, |site, host| async move {
        let pool = Pool::new(site, &host).await;
        let base = host.volume_create(&pool.name, &Pool::volume("base", 8, None)).await.unwrap();
        let clone = Pool::volume("clone", 8, Some(&base));
        host.volume_create(&pool.name, &clone).await.unwrap();
        assert!(host.volume_create(&pool.name, &clone).await.is_err());
        host.volume_resize(&pool.name, "clone", 16 << 20).await.unwrap();
        let volumes = host.volumes(&pool.name).await.unwrap();
        let names: Vec<&str> = volumes.iter().map(|volume| volume.name.as_str()).collect();
        assert_eq!(names, ["base", "clone"]);
        assert_eq!(volumes[1].backing.as_deref(), Some(base.as_str()));
        assert_eq!(volumes[1].capacity_bytes, Bytes(16 << 20));
        assert_eq!(volumes[0].format.as_deref(), Some("qcow2"));
        host.pool_act(&pool.name, ResourceAct::Refresh).await.unwrap();
        let pools = host.pools().await.unwrap();
        let info = pools.iter().find(|info| info.name == pool.name).unwrap();
        assert!(info.active && info.persistent && info.available_bytes.0 > 0, "{info:?}");
        assert!(host.pool_xml(&pool.name).await.unwrap().contains("<pool type='dir'>"));
        assert_eq!(class_of(host.volumes("quantix-no-such-pool").await), Class::NotFound);
        let gone = host.volume_delete(&pool.name, "quantix-no-such-volume").await;
        assert_eq!(class_of(gone), Class::NotFound);
        pool.remove(&host).await;
    });
}

#[test]
fn networks_start_and_stop() {
    with_host(Kind::TestDriver, |site, host| async move {
        let name = site.machine().name;
        let dhcp =
            NewElement::new("range").attr("start", "198.51.100.9").attr("end", "198.51.100.99");
        let ip = NewElement::new("ip")
            .attr("address", "198.51.100.1")
            .attr("netmask", "255.255.255.0")
            .child(NewElement::new("dhcp").child(dhcp));
        let element = NewElement::new("network").child(text("name", &name)).child(ip);
        assert_eq!(host.network_define(&xml(&element)).await.unwrap(), name);
        for act in [ResourceAct::Start, ResourceAct::Start, ResourceAct::Autostart] {
            host.network_act(&name, act).await.unwrap();
        }
        let networks = host.networks().await.unwrap();
        let info = networks.iter().find(|info| info.name == name).unwrap();
        assert!(info.active && info.autostart && info.persistent, "{info:?}");
        assert!(host.network_xml(&name).await.unwrap().contains("198.51.100.1"));
        host.network_act(&name, ResourceAct::Stop).await.unwrap();
        host.network_act(&name, ResourceAct::Undefine).await.unwrap();
        assert_eq!(class_of(host.network_xml(&name).await), Class::NotFound);
    });
}

#[test]
fn snapshots_come_back() {
    with_host(Kind::Qemu, |site, host| async move {
        let pool = Pool::new(site, &host).await;
        let path = host.volume_create(&pool.name, &Pool::volume("a", 8, None)).await.unwrap();
        let spec = DomainSpec { disks: vec![DiskSpec::qcow2(path)], ..site.machine() };
        host.create(&spec, START).await.unwrap();
        assert_eq!(
            host.snapshot_create(spec.id, "one & <only>", false).await.unwrap(),
            "one & <only>"
        );
        host.snapshot_create(spec.id, "two", false).await.unwrap();
        let snapshots = host.snapshots(spec.id).await.unwrap();
        let brief: Vec<_> =
            snapshots.iter().map(|s| (s.name.as_str(), s.parent.as_deref(), s.current)).collect();
        assert_eq!(brief, [("one & <only>", None, false), ("two", Some("one & <only>"), true)]);
        assert_eq!(snapshots[0].state, "running");
        host.snapshot_revert(spec.id, "one & <only>").await.unwrap();
        host.snapshot_delete(spec.id, "two").await.unwrap();
        assert_eq!(class_of(host.snapshot_delete(spec.id, "two").await), Class::NotFound);
        let domain = host.find(&spec.name).await.unwrap();
        host.delete(&domain).await.unwrap();
        pool.remove(&host).await;
    });
}

#[test]
fn the_screen_shows_and_the_console_speaks() {
    with_host(Kind::Qemu, |site, host| async move {
        let spec = DomainSpec {
            serial: SerialSpec::Pty,
            video: VideoModel::Vga,
            graphics: Graphics::Vnc,
            ..site.machine()
        };
        host.create(&spec, CreateOptions::default()).await.unwrap();
        host.start_paused(spec.id).await.unwrap();
        // Opened before the first instruction, so that nothing of the firmware's greeting is lost.
        let mut console = host.console(spec.id, None, false).await.unwrap();
        let taken = host.console(spec.id, None, false).await;
        assert!(taken.is_err(), "one at a time");
        host.resume(spec.id).await.unwrap();
        console.write(b"\r").await.unwrap();
        let shot = host.screenshot(spec.id, 0).await.unwrap();
        assert!(shot.mime.starts_with("image/") && shot.bytes.len() > 100, "{}", shot.mime);
        host.destroy(spec.id).await.unwrap();
        let end = async { while console.read().await.is_some() {} };
        tokio::time::timeout(seconds(20), end).await.expect("the end of the console");
    });
}

#[test]
fn addresses_of_a_silent_guest_are_none() {
    with_host(Kind::Qemu, |site, host| async move {
        let spec = site.machine();
        host.create(&spec, START).await.unwrap();
        assert!(host.addresses(spec.id).await.unwrap().is_empty());
        assert_eq!(class_of(host.addresses(site.machine().id).await), Class::NotFound);
    });
}
