//! What a driver owes besides speed: flat memory, and an answer by its deadline.

use std::{
    fs,
    io::Write,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use quantix_core::{MemoryMib, VmId};
use quantix_libvirt::{CreateOptions, DomainSpec, DomainType, StatsGroups, blocking::Host};

use crate::{LIMIT, Outcome, PREFIX, memory_of_this_process};

/// Resident memory before and after many bulk calls.
pub(crate) fn memory(out: &mut impl Write, file: &Path) -> Outcome<()> {
    const CALLS: u32 = 2_000;
    let host = Host::open(&format!("test://{}", file.display()), LIMIT)?;
    for _ in 0..50 {
        host.stats(StatsGroups::USUAL)?;
    }
    let before = memory_of_this_process(1)?;
    for _ in 0..CALLS {
        host.stats(StatsGroups::USUAL)?;
    }
    let after = memory_of_this_process(1)?;
    let what = format!("{CALLS} bulk calls of 1,000 domains");
    writeln!(out, "{what:<38}{before:>9} KiB before, {after} KiB after")?;
    Ok(())
}

/// A machine of this host that is there as long as this value.
struct Machine<'h> {
    host: &'h Host,
    spec: DomainSpec,
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        let domain = self.host.find(&self.spec.name);
        // What cannot be removed stays, and is seen by its name.
        drop(domain.and_then(|domain| self.host.delete(&domain)));
    }
}

fn signal(name: &str, pid: &str) -> Outcome<()> {
    let done = Command::new("kill").args([name, pid]).status()?;
    if done.success() { Ok(()) } else { Err("kill failed".into()) }
}

/// How late an answer is that has 500 ms, on a guest whose process is stopped.
pub(crate) fn deadline(out: &mut impl Write) -> Outcome<()> {
    let host = Host::open("qemu:///system", LIMIT)?;
    let id = VmId::from_u128(0x5175_616e_0000_4000_8000_0000_0000_ffff);
    let name = [PREFIX, "hung"].concat();
    let spec = DomainSpec {
        domain_type: DomainType::Qemu,
        ..DomainSpec::new(name.clone(), id, 1, MemoryMib(64))
    };
    let machine = Machine { host: &host, spec };
    host.create(&machine.spec, CreateOptions { start: true })?;
    let pid = fs::read_to_string(format!("/run/libvirt/qemu/{name}.pid"))?;
    signal("-STOP", pid.trim())?;
    let begin = Instant::now();
    let refused = host.within(Duration::from_millis(500)).pause(id).is_err();
    let late = begin.elapsed();
    let begin = Instant::now();
    let listed = host.domains()?.len();
    let list = begin.elapsed();
    signal("-CONT", pid.trim())?;
    writeln!(
        out,
        "{:<38}{:>9.1} ms (refused: {refused}), then a list of {listed} in {:.1} ms",
        "500 ms on a guest that hangs",
        late.as_secs_f64() * 1e3,
        list.as_secs_f64() * 1e3,
    )?;
    Ok(())
}
