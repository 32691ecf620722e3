//! What machines use: libvirt's counters with types, and rates between two readings of them.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{DomainRef, DomainState, DomainStats, Host, Param, Result, StatsGroups};

/// The most disks, and the most interfaces, that are counted of one machine.
pub const DEVICES_COUNTED_MAX: u64 = 1024;

/// What one machine uses. A rate is absent where it cannot be known: with the first reading, of a
/// machine that is off, and where a counter has begun again, as it does when a machine starts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Usage {
    /// The machine.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// What it is doing.
    pub state: DomainState,
    /// Virtual CPUs that it has now.
    pub cpus: Option<u64>,
    /// How busy it keeps the host's CPUs, its hypervisor included; 100 is one CPU.
    pub cpu_percent: Option<f64>,
    /// The memory that it has now, in MiB.
    pub memory_mib: Option<u64>,
    /// The memory of the host that it occupies, in MiB.
    pub resident_mib: Option<u64>,
    /// The memory that its guest does not use, in MiB, where the guest says.
    pub unused_mib: Option<u64>,
    /// Its disks.
    pub disks: Vec<DiskUsage>,
    /// Its network interfaces.
    pub nics: Vec<NicUsage>,
    /// Whether a counter has begun again since the first reading.
    pub restarted: bool,
}

/// What happens on a disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiskUsage {
    /// Its target, such as `vda`.
    pub name: String,
    /// Where its image is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The size that the guest sees.
    pub capacity_bytes: Option<u64>,
    /// The space that it takes.
    pub allocation_bytes: Option<u64>,
    /// Bytes read per second.
    pub read_bytes_per_second: Option<u64>,
    /// Bytes written per second.
    pub write_bytes_per_second: Option<u64>,
    /// Read requests per second.
    pub read_iops: Option<u64>,
    /// Write requests per second.
    pub write_iops: Option<u64>,
    /// How long a read took, on average, in microseconds.
    pub read_latency_us: Option<u64>,
    /// How long a write took, on average, in microseconds.
    pub write_latency_us: Option<u64>,
}

/// What happens on a network interface, seen from the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NicUsage {
    /// The interface on the host.
    pub name: String,
    /// Bytes received per second.
    pub receive_bytes_per_second: Option<u64>,
    /// Bytes sent per second.
    pub send_bytes_per_second: Option<u64>,
    /// Packets received per second.
    pub receive_packets_per_second: Option<u64>,
    /// Packets sent per second.
    pub send_packets_per_second: Option<u64>,
    /// Packets that were lost or broken, both ways, since the first reading.
    pub faults: Option<u64>,
}

/// What the machines of a host use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UsageReport {
    /// How far the two readings were apart, in milliseconds.
    pub interval_ms: u64,
    /// By machine, as the host lists them.
    pub vms: Vec<Usage>,
}

/// Counters of one machine or of one of its devices.
#[derive(Clone, Copy)]
struct Counters<'s> {
    params: &'s BTreeMap<String, Param>,
}

impl Counters<'_> {
    fn number(self, prefix: &str, name: &str) -> Option<u64> {
        self.params.get([prefix, name].concat().as_str())?.as_u64()
    }

    fn text(self, prefix: &str, name: &str) -> Option<String> {
        self.params.get([prefix, name].concat().as_str())?.as_str().map(str::to_owned)
    }

    /// The prefixes of a family's devices by their names; `block.3.` is one.
    fn devices(self, family: &str) -> Vec<(String, String)> {
        let count = self.number(family, ".count").unwrap_or(0).min(DEVICES_COUNTED_MAX);
        let named = (0..count).filter_map(|number| {
            let prefix = [family, ".", &number.to_string(), "."].concat();
            Some((self.text(&prefix, "name")?, prefix))
        });
        named.collect()
    }
}

/// How far counters went between two readings.
struct Steps<'s> {
    before: Option<(Counters<'s>, String)>,
    after: (Counters<'s>, String),
    elapsed: Duration,
    restarted: bool,
}

impl Steps<'_> {
    /// How far a counter went; nothing where it is not there twice, or has begun again.
    fn step(&mut self, name: &str) -> Option<u64> {
        let (before, prefix) = self.before.as_ref()?;
        let (before, after) =
            (before.number(prefix, name)?, self.after.0.number(&self.after.1, name)?);
        self.restarted |= after < before;
        after.checked_sub(before)
    }

    fn per_second(&mut self, name: &str) -> Option<u64> {
        let step = u128::from(self.step(name)?);
        let nanoseconds = self.elapsed.as_nanos();
        let rate = (step * 1_000_000_000 + nanoseconds / 2).checked_div(nanoseconds)?;
        u64::try_from(rate).ok()
    }

    /// The average of a time in nanoseconds over a number of requests, in microseconds.
    fn latency(&mut self, time: &str, requests: &str) -> Option<u64> {
        let (time, requests) = (self.step(time)?, self.step(requests)?);
        time.checked_div(requests).map(|nanoseconds| nanoseconds / 1000)
    }
}

/// What machines used between two readings of their statistics, which were so far apart. A machine
/// that is in the first reading only is left out; one that is in the second only has no rates.
///
/// ```
/// use quantix_libvirt::{DomainRef, DomainStats, Param, usage_between};
/// let reading = |ns| DomainStats {
///     domain: DomainRef { name: "web".to_owned(), id: quantix_core::VmId::from_u128(7) },
///     params: [("cpu.time".to_owned(), Param::Unsigned(ns))].into(),
/// };
/// let elapsed = std::time::Duration::from_secs(2);
/// let used = usage_between(&[reading(1_000_000_000)], &[reading(2_000_000_000)], elapsed);
/// assert_eq!(used[0].cpu_percent, Some(50.0));
/// ```
#[must_use]
pub fn usage_between(
    before: &[DomainStats],
    after: &[DomainStats],
    elapsed: Duration,
) -> Vec<Usage> {
    let before: BTreeMap<_, _> = before.iter().map(|stats| (stats.domain.id, stats)).collect();
    after.iter().map(|stats| usage(before.get(&stats.domain.id).copied(), stats, elapsed)).collect()
}

fn usage(before: Option<&DomainStats>, after: &DomainStats, elapsed: Duration) -> Usage {
    let now = Counters { params: &after.params };
    let then = before.map(|stats| Counters { params: &stats.params });
    let steps = |before: Option<String>, prefix: String| Steps {
        before: then.zip(before),
        after: (now, prefix),
        elapsed,
        restarted: false,
    };
    let mut own = steps(Some(String::new()), String::new());
    let cpu_ns = own.step("cpu.time");
    let mut restarted = own.restarted;
    let known = |family| then.map(|then| then.devices(family)).unwrap_or_default();
    let (known_disks, known_nics) = (known("block"), known("net"));
    let of = |known: &[(String, String)], name: &str| {
        known.iter().find(|(other, _)| other == name).map(|(_, prefix)| prefix.clone())
    };
    let mut disks = Vec::new();
    for (name, prefix) in now.devices("block") {
        let mut steps = steps(of(&known_disks, &name), prefix.clone());
        disks.push(DiskUsage {
            path: now.text(&prefix, "path"),
            capacity_bytes: now.number(&prefix, "capacity"),
            allocation_bytes: now.number(&prefix, "allocation"),
            read_bytes_per_second: steps.per_second("rd.bytes"),
            write_bytes_per_second: steps.per_second("wr.bytes"),
            read_iops: steps.per_second("rd.reqs"),
            write_iops: steps.per_second("wr.reqs"),
            read_latency_us: steps.latency("rd.times", "rd.reqs"),
            write_latency_us: steps.latency("wr.times", "wr.reqs"),
            name,
        });
        restarted |= steps.restarted;
    }
    let mut nics = Vec::new();
    for (name, prefix) in now.devices("net") {
        let mut steps = steps(of(&known_nics, &name), prefix);
        let faults = ["rx.errs", "rx.drop", "tx.errs", "tx.drop"].map(|name| steps.step(name));
        nics.push(NicUsage {
            receive_bytes_per_second: steps.per_second("rx.bytes"),
            send_bytes_per_second: steps.per_second("tx.bytes"),
            receive_packets_per_second: steps.per_second("rx.pkts"),
            send_packets_per_second: steps.per_second("tx.pkts"),
            faults: faults.into_iter().flatten().reduce(u64::saturating_add),
            name,
        });
        restarted |= steps.restarted;
    }
    let mib = |name| now.number("balloon.", name).map(|kib| kib / 1024);
    Usage {
        domain: after.domain.clone(),
        state: state_of(after),
        cpus: now.number("vcpu.", "current"),
        cpu_percent: cpu_ns.and_then(|ns| percent(ns, elapsed)),
        memory_mib: mib("current"),
        resident_mib: mib("rss"),
        unused_mib: mib("unused"),
        disks,
        nics,
        restarted,
    }
}

/// The state that statistics tell.
pub(crate) fn state_of(stats: &DomainStats) -> DomainState {
    let number = match stats.params.get("state.state") {
        Some(Param::Int(number)) => *number,
        _ => 0,
    };
    DomainState::from_number(number)
}

/// Hundredths of a percent are kept; below is noise.
fn percent(nanoseconds: u64, elapsed: Duration) -> Option<f64> {
    let hundredths = (u128::from(nanoseconds) * 10_000).checked_div(elapsed.as_nanos())?;
    Some(f64::from(u32::try_from(hundredths).ok()?) / 100.0)
}

impl Host {
    /// What machines use, all of them or those that are named: reads their counters twice, so far
    /// apart, in two calls.
    ///
    /// # Errors
    /// [`crate::Class::NotFound`] for a machine that is not there; else as every call.
    pub async fn usage(&self, machines: &[String], interval: Duration) -> Result<UsageReport> {
        let mut ids = Vec::with_capacity(machines.len());
        for machine in machines {
            ids.push(self.find(machine).await?.id);
        }
        let read = || async {
            if ids.is_empty() {
                self.stats(StatsGroups::USUAL).await
            } else {
                self.stats_of(StatsGroups::USUAL, &ids).await
            }
        };
        let before = read().await?;
        let begun = tokio::time::Instant::now();
        tokio::time::sleep(interval).await;
        let elapsed = begun.elapsed();
        let after = read().await?;
        let interval_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        Ok(UsageReport { interval_ms, vms: usage_between(&before, &after, elapsed) })
    }
}

#[cfg(test)]
mod tests {
    use quantix_core::VmId;

    use super::*;

    fn reading(params: &[(&str, u64)], texts: &[(&str, &str)]) -> DomainStats {
        let numbers = params.iter().map(|(n, v)| ((*n).to_owned(), Param::Unsigned(*v)));
        let texts = texts.iter().map(|(n, v)| ((*n).to_owned(), Param::Text((*v).to_owned())));
        let domain = DomainRef { name: "m".to_owned(), id: VmId::from_u128(1) };
        DomainStats { domain, params: numbers.chain(texts).collect() }
    }

    fn between(before: &DomainStats, after: &DomainStats, ms: u64) -> Usage {
        let elapsed = Duration::from_millis(ms);
        let mut all =
            usage_between(std::slice::from_ref(before), std::slice::from_ref(after), elapsed);
        all.remove(0)
    }

    #[test]
    fn devices_are_followed_by_name_when_their_numbers_move() {
        let before = reading(
            &[
                ("block.count", 2),
                ("block.0.rd.bytes", 100),
                ("block.1.rd.bytes", 5000),
                ("block.1.rd.reqs", 10),
                ("block.1.rd.times", 1_000_000),
            ],
            &[("block.0.name", "vda"), ("block.1.name", "vdb")],
        );
        let after = reading(
            &[
                ("block.count", 1),
                ("block.0.rd.bytes", 6000),
                ("block.0.rd.reqs", 14),
                ("block.0.rd.times", 9_000_000),
                ("cpu.time", 7),
            ],
            &[("block.0.name", "vdb")],
        );
        let used = between(&before, &after, 2000);
        let disk = &used.disks[0];
        assert_eq!((disk.name.as_str(), disk.read_bytes_per_second), ("vdb", Some(500)));
        assert_eq!((disk.read_iops, disk.read_latency_us), (Some(2), Some(2000)));
        assert_eq!((disk.write_iops, used.cpu_percent, used.restarted), (None, None, false));
    }

    #[test]
    fn a_counter_that_begins_again_gives_no_rate() {
        let of = |cpu, rx| {
            reading(
                &[
                    ("cpu.time", cpu),
                    ("net.count", 1),
                    ("net.0.rx.bytes", rx),
                    ("net.0.rx.drop", 4),
                ],
                &[("net.0.name", "vnet0")],
            )
        };
        let used = between(&of(9_000_000_000, 10), &of(1_000_000, 1010), 1000);
        assert_eq!((used.cpu_percent, used.restarted), (None, true));
        assert_eq!(used.nics[0].receive_bytes_per_second, Some(1000));
        assert_eq!(used.nics[0].faults, Some(0));
        let used = between(&of(0, 10), &of(250_000_000, 3), 500);
        assert_eq!((used.cpu_percent, used.restarted), (Some(50.0), true));
        assert_eq!(used.nics[0].receive_bytes_per_second, None);
    }

    #[test]
    fn no_time_and_no_first_reading_give_no_rates() {
        let one = reading(&[("cpu.time", 5)], &[]);
        assert_eq!(between(&one, &one, 0).cpu_percent, None);
        let new = usage_between(&[], &[one], Duration::from_secs(1));
        assert_eq!((new[0].cpu_percent, new[0].restarted), (None, false));
    }

    #[test]
    fn devices_are_counted_up_to_a_limit() {
        let texts = (0..=DEVICES_COUNTED_MAX).map(|n| (format!("block.{n}.name"), format!("d{n}")));
        let texts: Vec<(String, String)> = texts.collect();
        let texts: Vec<(&str, &str)> =
            texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let many = reading(&[("block.count", u64::MAX)], &texts);
        let used = between(&many, &many, 1);
        assert_eq!(used.disks.len() as u64, DEVICES_COUNTED_MAX);
    }
}
