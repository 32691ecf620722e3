//! Boots a disk image on the local host, asks the guest's agent who it is, and removes it again.
//!
//! `cargo run -p quantix-libvirt --example boot -- /path/to/image.qcow2 [seed.iso]`
//!
//! The image must have qemu-guest-agent in it. The guest writes to it; give it a copy.

#![allow(clippy::print_stdout, reason = "an example shows what it got")]

use std::{error::Error, time::Duration};

use quantix_core::{MemoryMib, VmId};
use quantix_libvirt::{
    CreateOptions, DiskSpec, DomainSpec, Libvirt, NicSpec, OwnerTag, StopMode, blocking::Host,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let image = args.next().ok_or("usage: boot IMAGE.qcow2 [SEED.iso]")?;
    let host = Host::connect(Libvirt::new("qemu:///system"))?;
    let execution = host.usable_domain_type()?;
    eprintln!("executing by {}: {}", execution.domain_type.as_str(), execution.reason);

    let id = VmId::from_u128(u128::from(std::process::id()));
    let mut disks = vec![DiskSpec::qcow2(image).boot(1)];
    disks.extend(args.next().map(DiskSpec::cdrom));
    let spec = DomainSpec {
        domain_type: execution.domain_type,
        tag: Some(OwnerTag::new("example", "boot")),
        disks,
        nics: vec![NicSpec::user()],
        ..DomainSpec::new("quantix-boot", id, 2, MemoryMib(1024))
    };
    let domain = host.create(&spec, CreateOptions { start: true })?.domain;
    let asked = ask(&host, id);
    let stopped = host.stop(id, StopMode::GracefulThenDestroy, Duration::from_secs(60))?;
    eprintln!("stopped by {:?}", stopped.stopped_by);
    host.delete(&domain)?;
    asked
}

fn ask(host: &Host, id: VmId) -> Result<(), Box<dyn Error>> {
    host.agent_wait(id, Duration::from_secs(600))?;
    let os = host.agent_os(id)?;
    println!("{} runs {} ({})", host.agent_host_name(id)?, os.pretty_name, os.kernel_release);
    println!("time zone: {:?}", host.agent_timezone(id)?);
    for interface in host.agent_interfaces(id)? {
        println!("{}: {:?}", interface.name, interface.addresses);
    }
    let exit = host.agent_exec(id, "/usr/bin/id", &[], Duration::from_secs(30))?;
    print!("{}", exit.stdout_text());
    println!("{} bytes of /etc/os-release", host.agent_read_file(id, "/etc/os-release")?.len());
    Ok(())
}
