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
const GPU_STEPS: u64 = 100;
/// The thousandths of a whole GPU.
const WHOLE: usize = 1000;
/// How likely it is that no machine comes any more that would go onto a GPU, per machine that comes,
/// in thousandths: the larger, the less is hoped of the room that is left.
const END_THOUSANDTHS: u64 = 50;
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
    /// How much of a GPU with so many thousandths left is going to be used, in thousandths; empty
    /// where there are none or no machine asks for them.
    fill: Vec<u32>,
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
        // GPUs that no machine asks for are worth nothing.
        let asked = seen.iter().any(|(kind, count)| *count > 0 && kind.2.count > 0);
        let gpus = if asked { gpus } else { 0 };
        let share = |asked: u64, all: u64| (asked.min(all) * 1000).checked_div(all).unwrap_or(0);
        let weigh = |(kind, count): &(Kind, u64)| {
            let gpu = u64::from(kind.2.count) * u64::from(kind.2.milli);
            let size = share(kind.0, cpu).max(share(kind.1, memory)).max(share(gpu, gpus)).max(1);
            let frequency = u128::from(*count) * 1_000_000 / u128::from(total.max(1));
            let frequency = u64::try_from(frequency).unwrap_or(1_000_000).max(1);
            // Without GPUs it is the large machines that find no host; with them, every kind counts
            // by how much of the GPUs it could use.
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
        let kinds: Vec<Weighed> = kinds.into_iter().map(weighed).collect();
        let steps = (gpus > 0).then_some(GPU_STEPS);
        let fill = if gpus > 0 { fill(&kinds) } else { Vec::new() };
        let mut typical = Self { kinds, fill, most: 0, steps, version };
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

    /// What room is worth: without GPUs in the cluster, how many of each kind still fit, times their
    /// weights; with them, how much of the GPUs each kind could use, times how often it comes.
    pub(crate) fn worth(&self, class: &Class, cpu: u64, memory: u64, gpus: &[u32]) -> u64 {
        let fitting =
            self.kinds.iter().filter(|kind| cpu >= kind.cpu.by && memory >= kind.memory.by);
        let worths = |(weight, amount): (u64, u64)| weight.saturating_mul(amount);
        if self.fill.is_empty() {
            let count = |kind: &Weighed| kind.cpu.into(cpu).min(kind.memory.into(memory));
            let fitting = fitting.filter(|kind| kind.gpus.count == 0);
            return fitting
                .map(|kind| worths((kind.weight, count(kind))))
                .fold(0, u64::saturating_add);
        }
        let room = |kind: &Weighed| {
            let count = kind.cpu.into(cpu).min(kind.memory.into(memory));
            count.saturating_mul(u64::from(kind.gpus.milli))
        };
        // Most kinds do with any GPU: what those make of them is the same.
        let of_any = self.filled(class, gpus, &GpuDemand::default());
        fitting
            .map(|kind| match (kind.gpus.count, kind.gpus.models.is_empty()) {
                (0, _) => 0,
                (1, true) => worths((kind.weight, of_any.min(room(kind)))),
                (1, false) => {
                    let filled = self.filled(class, gpus, &kind.gpus);
                    worths((kind.weight, filled.min(room(kind))))
                }
                _ => worths((kind.weight, usable(class, gpus, &kind.gpus))),
            })
            .fold(0, u64::saturating_add)
    }

    /// How much of the GPUs that will do is going to be used, in thousandths of one.
    fn filled(&self, class: &Class, gpus: &[u32], demand: &GpuDemand) -> u64 {
        let will_do = class
            .gpus
            .iter()
            .zip(gpus)
            .filter(|(gpu, _)| demand.models.is_empty() || demand.models.contains(&gpu.model));
        will_do.map(|(_, &free)| u64::from(self.fill_of(free))).sum()
    }

    /// How much of a GPU with so many thousandths left is going to be used.
    fn fill_of(&self, free: u32) -> u32 {
        self.fill.get(free as usize).or(self.fill.last()).copied().unwrap_or(0)
    }

    /// How much less of a GPU is going to be used by others when a part of it is given away.
    pub(super) fn lost(&self, free: u32, part: u32) -> u32 {
        self.fill_of(free).saturating_sub(self.fill_of(free.saturating_sub(part)))
    }
}

/// How much of a GPU is going to be used, by what is left of it, in thousandths.
///
/// Machines come in the mix of the kinds that ask for one GPU or a part; what fits goes onto it, and
/// after each that comes there may be none any more. Room that typical sizes fill is worth its size,
/// room that little fits into next to nothing.
fn fill(kinds: &[Weighed]) -> Vec<u32> {
    let mut sizes: BTreeMap<usize, u64> = BTreeMap::new();
    for kind in kinds.iter().filter(|kind| kind.gpus.count == 1) {
        *sizes.entry((kind.gpus.milli as usize).clamp(1, WHOLE)).or_default() += kind.weight;
    }
    let all: u64 = sizes.values().sum();
    // In millionths of a GPU: weights add up to little more than a million, so that nothing
    // overflows.
    let mut used: Vec<u64> = vec![0; WHOLE + 1];
    for left in 1..=WHOLE {
        let (mut sum, mut likely) = (0u64, 0u64);
        for (&size, &weight) in sizes.range(..=left) {
            sum += weight * (1000 * size as u64 + used[left - size]);
            likely += weight;
        }
        used[left] = sum / (all * END_THOUSANDTHS / 1000 + likely).max(1);
    }
    used.iter().map(|&used| u32::try_from((used + 500) / 1000).unwrap_or(u32::MAX)).collect()
}

/// How many thousandths of GPUs kinds can use that ask for several: all that is left of those that
/// have enough, where there are as many.
fn usable(class: &Class, gpus: &[u32], demand: &GpuDemand) -> u64 {
    let will_do = class.gpus.iter().zip(gpus).filter(|(gpu, free)| {
        **free >= demand.milli && (demand.models.is_empty() || demand.models.contains(&gpu.model))
    });
    let (count, sum) =
        will_do.fold((0u32, 0u64), |(count, sum), (_, free)| (count + 1, sum + u64::from(*free)));
    if count >= demand.count { sum } else { 0 }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn part(milli: u32, weight: u64) -> Weighed {
        let gpus = GpuDemand { count: 1, milli, ..GpuDemand::default() };
        Weighed { cpu: Divisor::new(1), memory: Divisor::new(1), gpus, weight }
    }

    #[test]
    fn room_is_worth_what_typical_parts_make_of_it() {
        let halves = fill(&[part(500, 1_000_000)]);
        assert_eq!((halves[0], halves[499]), (0, 0), "nothing fits");
        assert_eq!(halves[500], 476, "a half, less that none may come: 500 / 1.05");
        assert_eq!(halves[999], halves[500], "a second half does not fit");
        assert_eq!(halves[1000], 930, "(500 + 476.19) / 1.05");
        let mixed = fill(&[part(500, 1_000_000), part(300, 1)]);
        assert!(mixed[300] < 1 && mixed[500] > 470, "what hardly comes is hardly worth anything");
        let typical = Typical { fill: halves, ..Typical::default() };
        assert_eq!((typical.lost(500, 500), typical.lost(1000, 500)), (476, 454));
        assert_eq!(typical.lost(900, 400), 0, "a half still fits");
        assert!(fill(&[]).iter().all(|&fill| fill == 0));
    }

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
