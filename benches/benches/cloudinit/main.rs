//! Seed images and rendered specs against the usual tools, in one run.
//!
//! `./dev bench cloudinit`: writes one seed (user-data of about 1.5 KB, meta-data, network-config)
//! with this crate, with `cloud-localds`, with `genisoimage` and with `pycdlib` inside one Python
//! process; then renders a spec, checks it against cloud-init's schema and makes the image; then
//! validates a document with this crate and with cloud-init's own validator in one process, both by
//! the schema of the installed version.
//! Prints one table; times are medians of many runs, processes included where the tool is one.

mod peers;

use std::{
    error::Error,
    hint::black_box,
    time::{Duration, Instant},
};

use quantix_cloudinit::{
    check::{CheckOptions, DocumentKind, check_document},
    schema::{Kind, Schema, VersionRange},
    seed::{ImageFormat, SeedDocuments, SeedFile, SeedImage, SeedSource, VolumeLabel},
    spec::{Entropy, RenderOptions, render},
    yaml::parse,
};
use quantix_core::{CustomizationSpec, SpecVm};

const SPEC: &str = r#"{
    "name": "web", "os_family": "Linux", "hostname": "{{.VMName}}-{{.Random}}",
    "timezone": "Europe/Berlin",
    "ssh_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti ops@example.com"],
    "linux": {
        "domain": "example.com", "packages": ["nginx", "qemu-guest-agent"],
        "write_files": [{"path": "/etc/motd", "content": "welcome\nto this machine\n"}],
        "run_commands": ["systemctl enable --now nginx", ["touch", "/run/done"]]
    },
    "network": {"nameservers": ["10.0.0.2"], "nics": [
        {"addresses": ["10.0.0.5/24"], "gateway4": "10.0.0.1"}]}
}"#;

/// What was measured, its time, and a remark.
type Row = (String, Duration, String);

fn main() -> Result<(), Box<dyn Error>> {
    let spec: CustomizationSpec = serde_json::from_str(SPEC)?;
    let vm: SpecVm = serde_json::from_str(
        r#"{"name": "web", "id": "i-1", "nics": [{"mac": "52:54:00:12:34:56"}]}"#,
    )?;
    let seed = seed();
    let iso = median(5000, || {
        black_box(SeedImage::build(&seed, VolumeLabel::Cidata, ImageFormat::Iso9660)).map(drop)
    })?;
    let fat = median(2000, || {
        black_box(SeedImage::build(&seed, VolumeLabel::Cidata, ImageFormat::Fat)).map(drop)
    })?;
    let draw = || render(&spec, &vm, RenderOptions::default(), &mut Entropy::from_seed(1));
    let rendered = median(2000, || black_box(draw()).map(drop))?;
    let options = CheckOptions::default();
    let whole = median(2000, || -> Result<(), Box<dyn Error>> {
        let rendered = draw()?;
        let user_data = rendered.file("user-data").unwrap_or_default();
        black_box(check_document(user_data, &options));
        black_box(rendered.seed_image(ImageFormat::Iso9660)?);
        Ok(())
    })?;
    let bytes =
        |format| SeedImage::build(&seed, VolumeLabel::Cidata, format).map(|i| i.bytes().len());
    let mut rows = vec![
        ("seed image, ISO".to_owned(), iso, format!("{} bytes", bytes(ImageFormat::Iso9660)?)),
        ("seed image, FAT".to_owned(), fat, format!("{} bytes", bytes(ImageFormat::Fat)?)),
    ];
    for (name, time) in peers::measure(&seed)? {
        let ratio = time.as_secs_f64() / iso.as_secs_f64();
        rows.push((name, time, format!("{ratio:.0} times the ISO above")));
    }
    rows.push(("spec to documents".to_owned(), rendered, String::new()));
    rows.push(("spec to documents, checked, to ISO".to_owned(), whole, String::new()));
    rows.extend(validation()?);
    let mut out = String::new();
    for (name, time, remark) in rows {
        out += &format!("{name:<40} {:>12.1} us   {remark}\n", time.as_secs_f64() * 1e6);
    }
    std::io::Write::write_all(&mut std::io::stdout(), out.as_bytes())?;
    Ok(())
}

/// A document that uses many modules, about 1.5 KB.
const DOCUMENT: &str = r#"#cloud-config
hostname: web-01
fqdn: web-01.example.com
timezone: Europe/Berlin
locale: de_DE.UTF-8
users:
  - name: ops
    gecos: Operations
    groups: [sudo, adm]
    shell: /bin/bash
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    lock_passwd: true
    ssh_authorized_keys:
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti ops@example.com
  - name: app
    uid: 2000
    system: true
ssh_pwauth: false
package_update: true
package_upgrade: false
packages: [nginx, qemu-guest-agent, curl, git, vim]
ntp:
  enabled: true
  servers: [ntp1.example.com, ntp2.example.com]
write_files:
  - path: /etc/motd
    content: |
      welcome
      to this machine
    permissions: "0644"
  - path: /etc/example/app.conf
    content: "a: b # c"
    owner: root:root
    permissions: "0600"
  - path: /usr/local/bin/tool
    encoding: b64
    content: AAEC
    permissions: "0755"
mounts:
  - [LABEL=data, /data, ext4, "defaults,nofail"]
growpart: {mode: auto, devices: ["/"]}
swap: {filename: /swap, size: 1073741824}
bootcmd:
  - [sh, -c, "echo early > /run/early"]
runcmd:
  - systemctl enable --now nginx
  - [touch, /run/done]
  - [sh, -c, "echo a b c"]
power_state: {mode: reboot, delay: now, timeout: 30, condition: true}
final_message: "ready after $UPTIME seconds"
"#;

/// This crate's verdict and cloud-init's, from a parsed document and from its text.
fn validation() -> Result<Vec<Row>, Box<dyn Error>> {
    let theirs = peers::validator(DOCUMENT)?;
    let release = theirs.version.split('-').next().unwrap_or_default();
    let versions: VersionRange = release.parse()?;
    let value = parse(DOCUMENT)?.ok_or("an empty document")?.to_value();
    let schema = Schema::for_range(Kind::CloudConfig, versions).pop().ok_or("no such schema")?;
    let parsed = median(2000, || match black_box(schema.validate(&value)).as_slice() {
        [] => Ok(()),
        _ => Err("the document is refused"),
    })?;
    let options =
        CheckOptions { versions, kind: Some(DocumentKind::UserData), ..CheckOptions::default() };
    let text =
        median(2000, || match black_box(check_document(DOCUMENT.as_bytes(), &options)).valid {
            true => Ok(()),
            false => Err("the document is refused"),
        })?;
    let ratio = |theirs: Duration, ours: Duration| {
        format!("{:.0} times ours", theirs.as_secs_f64() / ours.as_secs_f64())
    };
    let name = |what: &str| format!("cloud-init {release}, {what}");
    Ok(vec![
        ("validation, parsed".to_owned(), parsed, format!("{} bytes of YAML", DOCUMENT.len())),
        (name("parsed"), theirs.parsed, ratio(theirs.parsed, parsed)),
        ("validation, text, with places and lint".to_owned(), text, String::new()),
        (name("text"), theirs.text, ratio(theirs.text, text)),
    ])
}

/// About 1.5 KB of user-data with its companions.
fn seed() -> Vec<SeedFile> {
    let mut user_data = String::from("#cloud-config\nwrite_files:\n");
    for n in 0..20 {
        user_data +=
            &format!("  - path: /etc/example/{n}.conf\n    content: value of the file {n}\n");
    }
    let documents = SeedDocuments {
        user_data: user_data.into(),
        meta_data: Some(b"instance-id: i-1\nlocal-hostname: web\n".to_vec()),
        network_config: Some(b"version: 2\nethernets:\n  eth0:\n    dhcp4: true\n".to_vec()),
        vendor_data: None,
    };
    documents.files(SeedSource::NoCloud).unwrap_or_default()
}

/// The median time of many runs.
fn median<E>(runs: usize, mut work: impl FnMut() -> Result<(), E>) -> Result<Duration, E> {
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[runs / 2])
}
