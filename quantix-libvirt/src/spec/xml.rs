//! A description as domain XML, in the order in which libvirt writes it.

use quantix_xml::{Document, EditError, NewElement};

use super::{
    CpuModel, DiskDevice, DiskFormat, DiskSpec, DomainSpec, DomainType, Firmware, Graphics,
    NicSource, NicSpec, SerialSpec, VideoModel,
};

pub(super) fn document(spec: &DomainSpec) -> Result<String, EditError> {
    Document::new(&domain(spec)).map(|document| document.to_string())
}

fn element(name: &str) -> NewElement {
    NewElement::new(name)
}

fn text(name: &str, value: impl ToString) -> NewElement {
    NewElement::new(name).text(value.to_string())
}

fn domain(spec: &DomainSpec) -> NewElement {
    let mut domain = element("domain")
        .attr("type", spec.domain_type.as_str())
        .child(text("name", &spec.name))
        .child(text("uuid", spec.id));
    if let Some(title) = &spec.title {
        domain = domain.child(text("title", title));
    }
    if let Some(tag) = &spec.tag {
        domain = domain.child(element("metadata").child(tag.element()));
    }
    domain = domain
        .child(text("memory", spec.memory_mib.0).attr("unit", "MiB"))
        .child(text("vcpu", spec.cpus))
        .child(os(spec))
        .child(features(spec));
    domain = domain.children(cpu(spec));
    domain
        .child(element("clock").attr("offset", "utc"))
        .child(text("on_poweroff", "destroy"))
        .child(text("on_reboot", "restart"))
        .child(text("on_crash", "destroy"))
        .child(devices(spec))
}

fn os(spec: &DomainSpec) -> NewElement {
    let os_type =
        text("type", "hvm").attr("arch", spec.arch.as_str()).attr("machine", spec.machine.as_str());
    let os_type = if spec.domain_type == DomainType::Test { text("type", "hvm") } else { os_type };
    let os = element("os");
    let secure = match spec.firmware {
        Firmware::Bios => return os.child(os_type),
        Firmware::Efi => "no",
        Firmware::EfiSecure => "yes",
    };
    // Both features are named, or the host picks an image with keys that boots nothing unsigned.
    let feature = |name| element("feature").attr("enabled", secure).attr("name", name);
    os.attr("firmware", "efi")
        .child(os_type)
        .child(element("firmware").child(feature("enrolled-keys")).child(feature("secure-boot")))
}

fn features(spec: &DomainSpec) -> NewElement {
    let mut features = element("features").child(element("acpi"));
    if matches!(spec.arch.as_str(), "x86_64" | "i686") {
        features = features.child(element("apic"));
    }
    if spec.firmware == Firmware::EfiSecure {
        features = features.child(element("smm").attr("state", "on"));
    }
    match spec.translation_cache_mib {
        Some(mib) if spec.domain_type == DomainType::Qemu => {
            let cache = text("tb-cache", mib).attr("unit", "MiB");
            features.child(element("tcg").child(cache))
        }
        _ => features,
    }
}

fn cpu(spec: &DomainSpec) -> Option<NewElement> {
    let mode = match &spec.cpu {
        CpuModel::Maximum => Some("maximum"),
        CpuModel::HostPassthrough => Some("host-passthrough"),
        CpuModel::HostModel => Some("host-model"),
        CpuModel::Named(_) => Some("custom"),
        CpuModel::Default => None,
    };
    let mode = mode.filter(|_| spec.domain_type != DomainType::Test);
    if mode.is_none() && spec.topology.is_none() {
        return None;
    }
    let mut cpu = element("cpu").attr_opt("mode", mode);
    if let (Some(_), CpuModel::Named(model)) = (mode, &spec.cpu) {
        cpu = cpu.attr("match", "exact").child(text("model", model).attr("fallback", "forbid"));
    }
    if let Some(topology) = spec.topology {
        cpu = cpu.child(
            element("topology")
                .attr("sockets", topology.sockets.to_string())
                .attr("cores", topology.cores.to_string())
                .attr("threads", topology.threads.to_string()),
        );
    }
    Some(cpu)
}

fn devices(spec: &DomainSpec) -> NewElement {
    let targets = spec.disk_targets();
    let disks = spec.disks.iter().zip(&targets).map(|(disk, target)| disk_element(disk, target));
    let pci = |model| element("controller").attr("type", "pci").attr("model", model);
    let ports = ports(spec);
    let root = (ports > 0).then(|| pci("pcie-root").attr("index", "0"));
    let ports = std::iter::repeat_n(pci("pcie-root-port"), ports);
    let mut devices = element("devices").children(disks).children(root).children(ports);
    if spec.disks.iter().any(|disk| disk.bus == super::DiskBus::Scsi) {
        let controller = element("controller").attr("type", "scsi").attr("index", "0");
        devices = devices.child(controller.attr("model", spec.scsi_model.as_str()));
    }
    devices = devices.children(spec.nics.iter().map(nic_element)).children(serial(&spec.serial));
    if spec.guest_agent {
        let target =
            element("target").attr("type", "virtio").attr("name", "org.qemu.guest_agent.0");
        devices = devices.child(element("channel").attr("type", "unix").child(target));
    }
    if spec.tpm {
        let backend = element("backend").attr("type", "emulator").attr("version", "2.0");
        devices = devices.child(element("tpm").attr("model", "tpm-crb").child(backend));
    }
    devices = devices.children(graphics(spec.graphics)).child(video(spec.video));
    let balloon = if spec.balloon { "virtio" } else { "none" };
    devices = devices.child(element("memballoon").attr("model", balloon));
    if spec.rng {
        let backend = text("backend", "/dev/urandom").attr("model", "random");
        devices = devices.child(element("rng").attr("model", "virtio").child(backend));
    }
    devices
}

/// PCI Express ports to ask for: libvirt makes one for each device that it knows of, and fills
/// those that are asked for first, so that the free ones come on top of a count of the devices.
fn ports(spec: &DomainSpec) -> usize {
    if !spec.machine.contains("q35") || spec.hotplug_slots == 0 {
        return 0;
    }
    let disks = spec.disks.iter().filter(|disk| disk.bus == super::DiskBus::Virtio).count();
    let scsi = spec.disks.iter().any(|disk| disk.bus == super::DiskBus::Scsi);
    let usb = spec.domain_type != DomainType::Test;
    let others = [scsi, usb, spec.guest_agent, spec.balloon, spec.rng];
    let others = others.into_iter().filter(|is_there| *is_there).count();
    let slots = usize::try_from(spec.hotplug_slots).unwrap_or(usize::MAX);
    disks.saturating_add(spec.nics.len()).saturating_add(others).saturating_add(slots)
}

fn boot(order: Option<u32>) -> Option<NewElement> {
    order.map(|order| element("boot").attr("order", order.to_string()))
}

pub(crate) fn disk_element(disk: &DiskSpec, target: &str) -> NewElement {
    let (format, device) = (
        match disk.format {
            DiskFormat::Qcow2 => "qcow2",
            DiskFormat::Raw => "raw",
        },
        match disk.device {
            DiskDevice::Disk => "disk",
            DiskDevice::Cdrom => "cdrom",
        },
    );
    let mut driver = element("driver").attr("name", "qemu").attr("type", format);
    if disk.device == DiskDevice::Disk && !disk.readonly {
        driver = driver.attr("discard", "unmap");
    }
    let mut out = element("disk").attr("type", "file").attr("device", device).child(driver);
    if let Some(path) = &disk.path {
        out = out.child(element("source").attr("file", path.as_str()));
    }
    out = out.child(element("target").attr("dev", target).attr("bus", disk.bus.as_str()));
    if disk.readonly || disk.device == DiskDevice::Cdrom {
        out = out.child(element("readonly"));
    }
    if let Some(serial) = &disk.serial {
        out = out.child(text("serial", serial));
    }
    out.children(boot(disk.boot_order))
}

pub(crate) fn nic_element(nic: &NicSpec) -> NewElement {
    let (kind, source) = match &nic.source {
        NicSource::User => ("user", None),
        NicSource::Network { name } => {
            ("network", Some(element("source").attr("network", name.as_str())))
        }
        NicSource::Bridge { name } => {
            ("bridge", Some(element("source").attr("bridge", name.as_str())))
        }
    };
    element("interface")
        .attr("type", kind)
        .children(nic.mac.map(|mac| element("mac").attr("address", mac.to_string())))
        .children(source)
        .child(element("model").attr("type", nic.model.as_str()))
        .children(boot(nic.boot_order))
}

fn serial(serial: &SerialSpec) -> Vec<NewElement> {
    let (kind, path, log) = match serial {
        SerialSpec::None => return Vec::new(),
        SerialSpec::Pty => ("pty", None, None),
        SerialSpec::File { path } => ("file", Some(path), None),
        SerialSpec::PtyWithLog { path } => ("pty", None, Some(path)),
    };
    let parts = |name: &str, target: NewElement| {
        let path = path.map(|path| element("source").attr("path", path.as_str()));
        let log = log.map(|path| element("log").attr("file", path.as_str()).attr("append", "off"));
        element(name).attr("type", kind).children(path).children(log).child(target)
    };
    vec![
        parts("serial", element("target").attr("port", "0")),
        parts("console", element("target").attr("type", "serial").attr("port", "0")),
    ]
}

fn graphics(graphics: Graphics) -> Option<NewElement> {
    let kind = match graphics {
        Graphics::None => return None,
        Graphics::Vnc => "vnc",
        Graphics::Spice => "spice",
    };
    let listen = element("listen").attr("type", "address").attr("address", "127.0.0.1");
    Some(element("graphics").attr("type", kind).attr("autoport", "yes").child(listen))
}

fn video(video: VideoModel) -> NewElement {
    let model = match video {
        VideoModel::None => "none",
        VideoModel::Vga => "vga",
        VideoModel::Virtio => "virtio",
        VideoModel::Cirrus => "cirrus",
    };
    element("video").child(element("model").attr("type", model))
}
