//! The typical machines of a cluster, learned from those that it has seen.

use std::collections::BTreeMap;

use quantix_core::cluster::GpuDemand;

use sha2::{Digest, Sha256};

use super::{Class, Shape, ShapeId};

/// How many kinds of machines are typical at most.
const KINDS_MAX: usize = 32;
/// As many in a cluster with GPUs, whose machines come in more kinds.
const GPU_KINDS_MAX: usize = 100;
/// In a cluster with GPUs, losses that differ by less than this part of all points are equal, so that
/// machines gather on the first of such nodes.
const GPU_STEPS: u64 = 250;
/// A profile is made anew when this many times as many machines were seen, in halves.
const GROWTH_HALVES: u64 = 3;

/// What tells kinds of machines apart: CPU, memory, GPUs.
type Kind = (u64, u64, GpuDemand);

/// How many machines of each kind were seen, and the typical ones among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    seen: Vec<(Kind, u64)>,
    numbers: BTreeMap<Kind, u32>,
    /// The kind of each shape.
    kind_of: Vec<u32>,
    total: u64,
    /// The total at which the typical kinds are chosen anew.
    next: u64,
    typical: Typical,
}

/// Kinds of machines with weights: what a node's free room is worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Typical {
    kinds: Vec<Weighed>,
    /// The worth of the most valuable empty node.
    pub(crate) most: u64,
    /// Into how many steps losses are rounded down.
    pub(crate) steps: Option<u64>,
    /// Raised whenever the kinds change.
    pub(crate) version: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Weighed {
    cpu: Divisor,
    memory: Divisor,
    gpus: GpuDemand,
    weight: u64,
}

impl Profile {
    pub(crate) fn typical(&self) -> &Typical {
        &self.typical
    }

    /// Notes the kind of the next shape.
    pub(super) fn know(&mut self, shape: &Shape) {
        let kind = (shape.cpu_milli, shape.memory_mib, shape.gpus.clone());
        let next = super::small(self.seen.len());
        let number = *self.numbers.entry(kind.clone()).or_insert(next);
        if number == next {
            self.seen.push((kind, 0));
        }
        self.kind_of.push(number);
    }

    /// Counts one more machine; true when the typical kinds are to be chosen anew.
    pub(super) fn see(&mut self, shape: ShapeId) -> bool {
        self.seen[self.kind_of[shape.0 as usize] as usize].1 += 1;
        self.total += 1;
        self.total >= self.next
    }

    /// Takes back [`Profile::see`].
    pub(super) fn forget(&mut self, shape: ShapeId) {
        self.seen[self.kind_of[shape.0 as usize] as usize].1 -= 1;
        self.total -= 1;
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
    fn choose(seen: &[(Kind, u64)], total: u64, classes: &[Class], version: u64) -> Self {
        let largest = |amount: fn(&Class) -> u64| classes.iter().map(amount).max().unwrap_or(1);
        let cpu = largest(|class| class.cpu);
        let memory = largest(|class| class.memory);
        let gpus = classes
            .iter()
            .map(|class| class.gpus.iter().map(|gpu| u64::from(gpu.milli)).sum())
            .max()
            .unwrap_or(0u64);
        let share = |asked: u64, all: u64| (asked.min(all) * 1000).checked_div(all).unwrap_or(0);
        let weigh = |(kind, count): &(Kind, u64)| {
            let gpu = u64::from(kind.2.count) * u64::from(kind.2.milli);
            let size = share(kind.0, cpu).max(share(kind.1, memory)).max(share(gpu, gpus)).max(1);
            let frequency = u128::from(*count) * 1_000_000 / u128::from(total.max(1));
            let frequency = u64::try_from(frequency).unwrap_or(1_000_000).max(1);
            // Without GPUs it is the large machines that find no host; with them, every kind has
            // GPUs of its own size to lose.
            let weight = if gpus > 0 { frequency } else { frequency * size * size };
            (kind.clone(), weight)
        };
        let mut kinds: Vec<(Kind, u64)> =
            seen.iter().filter(|&&(_, count)| count > 0).map(weigh).collect();
        kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        kinds.truncate(if gpus > 0 { GPU_KINDS_MAX } else { KINDS_MAX });
        let weighed = |((cpu, memory, gpus), weight)| Weighed {
            cpu: Divisor::new(cpu),
            memory: Divisor::new(memory),
            gpus,
            weight,
        };
        let kinds = kinds.into_iter().map(weighed).collect();
        let steps = (gpus > 0).then_some(GPU_STEPS);
        let mut typical = Self { kinds, most: 0, steps, version };
        let full = |class: &Class| class.gpus.iter().map(|gpu| gpu.milli).collect::<Vec<_>>();
        typical.most = classes
            .iter()
            .map(|class| typical.worth(class, class.cpu, class.memory, &full(class)))
            .max()
            .unwrap_or(0);
        typical
    }

    /// Adds the kinds and their weights to a hash.
    pub(super) fn digest(&self, hash: &mut Sha256) {
        for kind in &self.kinds {
            for number in [kind.cpu.by, kind.memory.by, kind.weight] {
                hash.update(number.to_le_bytes());
            }
            hash.update(kind.gpus.count.to_le_bytes());
            hash.update(kind.gpus.milli.to_le_bytes());
            for model in &kind.gpus.models {
                hash.update((model.len() as u64).to_le_bytes());
                hash.update(model);
            }
        }
    }

    /// How many of each kind still fit into the room, times their weights.
    pub(crate) fn worth(&self, class: &Class, cpu: u64, memory: u64, gpus: &[u32]) -> u64 {
        let mut worth = 0u64;
        for kind in &self.kinds {
            if cpu < kind.cpu.by || memory < kind.memory.by {
                continue;
            }
            let mut fitting = kind.cpu.into(cpu).min(kind.memory.into(memory));
            if kind.gpus.count > 0 {
                fitting = fitting.min(gpu_fits(class, gpus, &kind.gpus));
            }
            worth = worth.saturating_add(kind.weight.saturating_mul(fitting));
        }
        worth
    }
}

/// A number to divide by, with its inverse: multiplying is many times faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Divisor {
    by: u64,
    /// 2⁶⁴ divided by it, rounded up; 0 where that is not exact enough.
    inverse: u64,
}

impl Divisor {
    /// Amounts have at most 36 bits, so that the product of one with a divisor below this stays
    /// below 2⁶⁴, which makes multiplying by the inverse exact (Granlund and Montgomery, 1994).
    const MAX: u64 = 1 << 28;

    fn new(by: u64) -> Self {
        let exact = (2..Self::MAX).contains(&by);
        Self { by, inverse: if exact { u64::MAX / by + 1 } else { 0 } }
    }

    /// An amount divided by it; by 1 where it is 0.
    fn into(self, amount: u64) -> u64 {
        if self.inverse == 0 || amount >= 1 << 36 {
            return amount / self.by.max(1);
        }
        u64::try_from((u128::from(amount) * u128::from(self.inverse)) >> 64).unwrap_or(u64::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dividing_by_multiplying_is_exact() {
        let mut seed = 88_172_645_463_325_252u64;
        let mut random = |bits: u32| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed >> (64 - bits)
        };
        for round in 0..200_000u32 {
            let by = random(1 + round % 36);
            let near = by.saturating_mul(random(8)).min(1 << 36);
            for amount in [random(36), near, near.saturating_sub(1), near + 1, (1 << 36) + 5] {
                assert_eq!(Divisor::new(by).into(amount), amount / by.max(1), "{amount} / {by}");
            }
        }
    }
}
