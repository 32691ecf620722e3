//! The libvirt driver against libvirt's C API and its Python bindings, in one run.
//!
//! `./dev bench libvirt`: the list of domains and bulk statistics with 100 and 1,000 domains, on
//! libvirt's test driver and on this host's QEMU driver (defined, not started, and removed again);
//! how many domains are defined per second; how long an event takes; XML read and written per
//! second against lxml; memory over 2,000 bulk calls; and how late a deadline of 500 ms is on a
//! guest whose process is stopped. Python needs the packages python3-libvirt and python3-lxml.

mod bare;
mod faults;
mod python;
mod xml;

use std::{
    error::Error,
    fs,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use quantix_core::{MemoryMib, VmId};
use quantix_libvirt::{DomainSpec, DomainType, Event, StatsGroups, UndefineScope, blocking::Host};

type Outcome<T> = Result<T, Box<dyn Error>>;

const LIMIT: Duration = Duration::from_secs(60);
const SIZES: [u32; 2] = [100, 1_000];
/// Domains of the benchmark, by which they are found and removed.
const PREFIX: &str = "quantix-bench-";

fn main() -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    let folder = tempfile::tempdir()?;
    writeln!(out, "{:<38}{:>12}{:>12}{:>12}", "", "Quantix", "C API", "Python")?;
    for domains in SIZES {
        let file = folder.path().join(format!("test-{domains}.xml"));
        fs::write(&file, test_host(domains)?)?;
        let uri = format!("test://{}", file.display());
        rows(&mut out, &uri, &format!("test, {domains} domains"))?;
    }
    defining(&mut out, "test:///default", DomainType::Test, "test")?;
    for domains in SIZES {
        let _guard = Defined::new(domains)?;
        rows(&mut out, "qemu:///system", &format!("qemu, {domains} domains"))?;
    }
    defining(&mut out, "qemu:///system", DomainType::Qemu, "qemu")?;
    events(&mut out)?;
    xml::row(&mut out)?;
    faults::memory(&mut out, &folder.path().join("test-1000.xml"))?;
    faults::deadline(&mut out)
}

fn spec(number: u32, domain_type: DomainType) -> DomainSpec {
    let id = VmId::from_u128(0x5175_616e_0000_4000_8000_0000_0000_0000 | u128::from(number));
    let name = format!("{PREFIX}{number:04}");
    DomainSpec { domain_type, ..DomainSpec::new(name, id, 1, MemoryMib(64)) }
}

/// A configuration of the test driver with some domains.
fn test_host(domains: u32) -> Outcome<String> {
    let mut text = String::from("<node>\n");
    for number in 0..domains {
        let xml = spec(number, DomainType::Test).to_xml()?;
        text += xml.split_once("?>").map_or(xml.as_str(), |(_, rest)| rest);
    }
    Ok(text + "</node>\n")
}

/// Domains of this host that are there as long as this value.
struct Defined(Host);

impl Defined {
    fn new(domains: u32) -> Outcome<Self> {
        let defined = Self(Host::open("qemu:///system", LIMIT)?);
        for number in 0..domains {
            defined.0.define(&spec(number, DomainType::Qemu).to_xml()?)?;
        }
        Ok(defined)
    }
}

impl Drop for Defined {
    fn drop(&mut self) {
        remove_all(&self.0);
    }
}

fn remove_all(host: &Host) {
    for domain in host.domains().unwrap_or_default() {
        if domain.name.starts_with(PREFIX) {
            // What cannot be removed stays, and is seen by its name.
            drop(host.undefine(domain.id, UndefineScope::EVERYTHING));
        }
    }
}

/// The median of some runs, after one that is not counted.
fn median(mut run: impl FnMut() -> Outcome<()>) -> Outcome<Duration> {
    run()?;
    let mut times = Vec::new();
    let end = Instant::now() + Duration::from_secs(2);
    while times.len() < 7 || (Instant::now() < end && times.len() < 501) {
        let begin = Instant::now();
        run()?;
        times.push(begin.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}

fn rows(out: &mut impl std::io::Write, uri: &str, what: &str) -> Outcome<()> {
    let host = Host::open(uri, LIMIT)?;
    let bare = bare::Connection::open(uri)?;
    let python = python::measure(uri)?;
    let list = median(|| {
        host.domains()?;
        Ok(())
    })?;
    let c_list = median(|| bare.stats(1))?;
    row(out, &format!("list, {what}"), [Some(list), Some(c_list), python.list])?;
    let stats = median(|| {
        host.stats(StatsGroups::USUAL)?;
        Ok(())
    })?;
    let c_stats = median(|| bare.stats(StatsGroups::USUAL.0))?;
    row(out, &format!("bulk statistics, {what}"), [Some(stats), Some(c_stats), python.stats])
}

fn row(out: &mut impl std::io::Write, what: &str, times: [Option<Duration>; 3]) -> Outcome<()> {
    write!(out, "{what:<38}")?;
    for time in times {
        match time {
            Some(time) => write!(out, "{:>9.3} ms", time.as_secs_f64() * 1e3)?,
            None => write!(out, "{:>12}", "absent")?,
        }
    }
    writeln!(out)?;
    Ok(())
}

/// Domains defined per second; each way defines the same ones.
fn defining(out: &mut impl std::io::Write, uri: &str, kind: DomainType, what: &str) -> Outcome<()> {
    const COUNT: u32 = 200;
    let host = Host::open(uri, LIMIT)?;
    let bare = bare::Connection::open(uri)?;
    let specs: Vec<String> =
        (0..COUNT).map(|n| spec(n, kind).to_xml()).collect::<Result<_, _>>()?;
    let rate = |time: Duration| f64::from(COUNT) / time.as_secs_f64();
    let begin = Instant::now();
    for xml in &specs {
        host.define(xml)?;
    }
    let ours = rate(begin.elapsed());
    remove_all(&host);
    let begin = Instant::now();
    for xml in &specs {
        bare.define(xml)?;
    }
    let c = rate(begin.elapsed());
    bare.undefine(PREFIX)?;
    remove_all(&host);
    let python = python::define(uri, &specs)?;
    remove_all(&host);
    write!(out, "{:<38}{ours:>10.0}/s{c:>10.0}/s", format!("define, {what}"))?;
    match python {
        Some(time) => writeln!(out, "{:>10.0}/s", rate(time))?,
        None => writeln!(out, "{:>12}", "absent")?,
    }
    Ok(())
}

/// From the call that pauses a domain to its event.
fn events(out: &mut impl std::io::Write) -> Outcome<()> {
    let host = Host::open("test:///default", LIMIT)?;
    let id = host.find("test")?.id;
    let mut events = host.events()?;
    drop(events.next_within(LIMIT));
    let mut pause = true;
    let time = median(|| {
        if pause {
            host.pause(id)?
        } else {
            host.resume(id)?
        }
        pause = !pause;
        loop {
            match events.next_within(LIMIT) {
                Some(Event::Lifecycle { .. }) => return Ok(()),
                Some(_) => {}
                None => return Err("an event did not come".into()),
            }
        }
    })?;
    let c = bare::Connection::open("test:///default")?.event_time()?;
    row(out, "pause and its event, test", [Some(time), Some(c), python::event()?])
}

fn memory_of_this_process(field: usize) -> Outcome<u64> {
    let text = fs::read_to_string(Path::new("/proc/self/statm"))?;
    let pages = text.split_whitespace().nth(field).ok_or("statm has no such field")?;
    Ok(pages.parse::<u64>()? * 4)
}
