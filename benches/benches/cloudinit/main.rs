//! Seed images and rendered specs against the usual tools, in one run.
//!
//! `./dev bench cloudinit`: writes one seed (user-data of about 1.5 KB, meta-data, network-config)
//! with this crate, with `cloud-localds`, with `genisoimage` and with `pycdlib` inside one Python
//! process; then renders a spec, checks it against cloud-init's schema and makes the image.
//! Prints one table; times are medians of many runs, processes included where the tool is one.

mod peers;

use std::{
    error::Error,
    hint::black_box,
    time::{Duration, Instant},
};

use quantix_cloudinit::{
    check::{CheckOptions, check_document},
    seed::{ImageFormat, SeedDocuments, SeedFile, SeedImage, SeedSource, VolumeLabel},
    spec::{Entropy, RenderOptions, render},
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
    let mut out = String::new();
    for (name, time, remark) in rows {
        out += &format!("{name:<36} {:>12.1} us   {remark}\n", time.as_secs_f64() * 1e6);
    }
    std::io::Write::write_all(&mut std::io::stdout(), out.as_bytes())?;
    Ok(())
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
