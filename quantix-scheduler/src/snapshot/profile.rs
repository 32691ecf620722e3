//! The typical machines of a cluster, learned from those that it has seen.

use std::collections::BTreeMap;

use quantix_core::cluster::GpuDemand;

use super::{Class, Shape};

/// How many kinds of machines are typical at most.
const KINDS_MAX: usize = 32;
/// A profile is made anew when this many times as many machines were seen, in halves.
const GROWTH_HALVES: u64 = 3;

/// What tells kinds of machines apart: CPU, memory, GPUs.
type Kind = (u64, u64, GpuDemand);

/// How many machines of each kind were seen, and the typical ones among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    seen: BTreeMap<Kind, u64>,
    total: u64,
    /// The total at which the typical kinds are chosen anew.
    next: u64,
    typical: Typical,
}

/// Kinds of machines with weights: what a node's free room is worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Typical {
    kinds: Vec<(Kind, u64)>,
    /// The worth of the most valuable empty node.
    pub(crate) most: u64,
    /// Raised whenever the kinds change.
    pub(crate) version: u64,
}

impl Profile {
    pub(crate) fn typical(&self) -> &Typical {
        &self.typical
    }

    /// Counts one more machine; true when the typical kinds are to be chosen anew.
    pub(super) fn see(&mut self, shape: &Shape) -> bool {
        let kind = (shape.cpu_milli, shape.memory_mib, shape.gpus.clone());
        *self.seen.entry(kind).or_default() += 1;
        self.total += 1;
        self.total >= self.next
    }

    /// Takes back [`Profile::see`].
    pub(super) fn forget(&mut self, shape: &Shape) {
        let kind = (shape.cpu_milli, shape.memory_mib, shape.gpus.clone());
        if let Some(count) = self.seen.get_mut(&kind) {
            *count -= 1;
            self.total -= 1;
            if *count == 0 {
                self.seen.remove(&kind);
            }
        }
    }

    /// Chooses the typical kinds; answers what they were, with the mark at which they change.
    pub(super) fn renew(&mut self, classes: &[Class]) -> (Typical, u64) {
        let next = (self.total * GROWTH_HALVES / 2).max(self.total + 1);
        let version = self.typical.version + 1;
        let typical = Typical::choose(&self.seen, self.total, classes, version);
        (std::mem::replace(&mut self.typical, typical), std::mem::replace(&mut self.next, next))
    }

    /// Takes back [`Profile::renew`].
    pub(super) fn restore(&mut self, (typical, next): (Typical, u64)) {
        (self.typical, self.next) = (typical, next);
    }
}

impl Typical {
    fn choose(seen: &BTreeMap<Kind, u64>, total: u64, classes: &[Class], version: u64) -> Self {
        let largest = |amount: fn(&Class) -> u64| classes.iter().map(amount).max().unwrap_or(1);
        let cpu = largest(|class| class.cpu);
        let memory = largest(|class| class.memory);
        let gpus = largest(|class| class.gpus.iter().map(|gpu| u64::from(gpu.milli)).sum());
        let share = |asked: u64, all: u64| (asked.min(all) * 1000).checked_div(all).unwrap_or(0);
        let weigh = |(kind, &count): (&Kind, &u64)| {
            let gpu = u64::from(kind.2.count) * u64::from(kind.2.milli);
            let size = share(kind.0, cpu).max(share(kind.1, memory)).max(share(gpu, gpus)).max(1);
            let frequency = u128::from(count) * 1_000_000 / u128::from(total.max(1));
            let frequency = u64::try_from(frequency).unwrap_or(1_000_000).max(1);
            (kind.clone(), frequency * size * size)
        };
        let mut kinds: Vec<(Kind, u64)> = seen.iter().map(weigh).collect();
        kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        kinds.truncate(KINDS_MAX);
        let mut typical = Self { kinds, most: 0, version };
        let full = |class: &Class| class.gpus.iter().map(|gpu| gpu.milli).collect::<Vec<_>>();
        typical.most = classes
            .iter()
            .map(|class| typical.worth(class, class.cpu, class.memory, &full(class)))
            .max()
            .unwrap_or(0);
        typical
    }

    /// How many of each kind still fit into the room, times their weights.
    pub(crate) fn worth(&self, class: &Class, cpu: u64, memory: u64, gpus: &[u32]) -> u64 {
        let mut worth = 0u64;
        for ((kind_cpu, kind_memory, kind_gpus), weight) in &self.kinds {
            if cpu < *kind_cpu || memory < *kind_memory {
                continue;
            }
            let mut fitting = (cpu / (*kind_cpu).max(1)).min(memory / (*kind_memory).max(1));
            if kind_gpus.count > 0 {
                fitting = fitting.min(gpu_fits(class, gpus, kind_gpus));
            }
            worth = worth.saturating_add(weight.saturating_mul(fitting));
        }
        worth
    }
}

/// How many machines with such GPUs fit on GPUs with so much left.
fn gpu_fits(class: &Class, gpus: &[u32], demand: &GpuDemand) -> u64 {
    let will_do = class.gpus.iter().zip(gpus).filter(|(gpu, free)| {
        **free >= demand.milli && (demand.models.is_empty() || demand.models.contains(&gpu.model))
    });
    if demand.count == 1 {
        return will_do.map(|(_, free)| u64::from(free / demand.milli.max(1))).sum();
    }
    will_do.count() as u64 / u64::from(demand.count)
}
