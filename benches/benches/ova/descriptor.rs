//! What is asked before anything is converted: what is in a large appliance, what a descriptor says.

use std::{
    error::Error,
    fs::{self, File},
    hint::black_box,
    io::Write as _,
    path::Path,
    time::Instant,
};

use quantix_core::{Bytes, MemoryMib};
use quantix_ova::{
    ovf::{
        Descriptor, inspect,
        write::{Appliance, ApplianceDisk, ApplianceNic, ApplianceProperty},
    },
    package::Package,
};

/// The size of the disk in the appliance that is inspected; almost all of it is a hole.
const DISK_BYTES: u64 = 10 << 30;
const RUNS: u32 = 200;

/// Prints the milliseconds of one `inspect`, and the speed of reading a descriptor.
pub(crate) fn print(work: &Path) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let path = work.join("large.ova");
    large(&path)?;
    let start = Instant::now();
    for _ in 0..RUNS {
        let answer = inspect(&Package::open(&path)?);
        assert_eq!(answer.systems.len(), 1);
    }
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0 / f64::from(RUNS);
    fs::remove_file(&path)?;
    writeln!(out, "inspect of a 10 GiB appliance: {milliseconds:.2} ms")?;

    let ovf = appliance().to_ovf()?;
    let start = Instant::now();
    for _ in 0..RUNS {
        black_box(Descriptor::parse(black_box(&ovf))?);
    }
    let bytes = ovf.len() as f64 * f64::from(RUNS);
    let speed = bytes / 1e6 / start.elapsed().as_secs_f64();
    writeln!(out, "reading a descriptor of {} kB: {speed:.0} MB/s", ovf.len() / 1000)?;
    Ok(())
}

fn appliance() -> Appliance {
    let mut web = Appliance::new("web", 4, MemoryMib(8192));
    web.disks.push(ApplianceDisk::new("web-disk1.vmdk", Bytes(DISK_BYTES)));
    web.nics.push(ApplianceNic::new("lan"));
    web.properties = (0..1000)
        .map(|number| ApplianceProperty {
            key: format!("option_{number}"),
            kind: "string".to_owned(),
            value: Some(format!("value {number}")),
            user_configurable: true,
            password: false,
            label: Some(format!("Option {number}")),
            description: Some("What this is for, in the words of a vendor.".repeat(4)),
        })
        .collect();
    web
}

/// An appliance whose disk is a hole of the file.
fn large(path: &Path) -> Result<(), Box<dyn Error>> {
    let header = |name: &str, bytes: u64| -> Result<[u8; 512], Box<dyn Error>> {
        let mut block = [0; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[100..108].copy_from_slice(b"0000644\0");
        // Base 256, as GNU tar writes sizes beyond 8 GiB.
        block[124] = 0x80;
        block[128..136].copy_from_slice(&bytes.to_be_bytes());
        block[148..156].fill(b' ');
        block[156] = b'0';
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        Ok(block)
    };
    let ovf = appliance().to_ovf()?;
    let mut bytes = header("web.ovf", ovf.len() as u64)?.to_vec();
    bytes.extend_from_slice(&ovf);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes.extend_from_slice(&header("web-disk1.vmdk", DISK_BYTES)?);
    let mut file = File::create_new(path)?;
    file.write_all(&bytes)?;
    file.set_len(bytes.len() as u64 + DISK_BYTES + 1024)?;
    Ok(())
}
