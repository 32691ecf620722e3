//! The machines of a simulation, all known before it begins.

use quantix_core::{
    RuleKey, VmKey,
    cluster::{Rule, RuleKind, Vm},
};

use super::{
    chance::{Chance, For, wave},
    config::{FleetConfig, MachineSize},
};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// One machine, from its arrival on.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) vm: Vm,
    /// The size, by position in the config.
    size: usize,
    /// When it comes and goes, in milliseconds.
    pub(super) arrives: u64,
    pub(super) departs: Option<u64>,
    /// The rule that keeps it apart from its copies.
    pub(super) rule: Option<usize>,
    /// What it uses on average, in millionths.
    level: u64,
    /// When of the day it uses the most, in seconds.
    peak: u64,
}

/// All machines in order of arrival, and their rules.
#[derive(Clone, Debug)]
pub(super) struct Population {
    pub(super) machines: Vec<Machine>,
    pub(super) rules: Vec<Rule>,
    sizes: Vec<MachineSize>,
    sample_seconds: u64,
    chance: Chance,
}

impl Population {
    pub(super) fn new(config: &FleetConfig) -> Self {
        let mut population = Self {
            machines: Vec::new(),
            rules: Vec::new(),
            sizes: config.machines.sizes.clone(),
            sample_seconds: config.sample_seconds,
            chance: Chance(config.seed),
        };
        let end = config.duration_seconds * 1000;
        let at_start = config.machines.at_start as usize;
        let mut service = 0;
        while population.machines.len() < at_start {
            let room = at_start - population.machines.len();
            population.service(service, 0, room);
            service += 1;
        }
        let per_day = u64::from(config.machines.arrivals_per_day);
        let mut now = 0u64;
        if per_day == 0 {
            return population;
        }
        loop {
            let copies = u64::from(population.sizes[population.pick(service)].copies);
            let mean = DAY * 1000 * copies / per_day;
            now += population.chance.wait(For::ArrivalGap, service, 0, mean);
            if now >= end {
                break;
            }
            population.service(service, now, usize::MAX);
            service += 1;
        }
        population
    }

    /// The size of a service, by weight.
    fn pick(&self, service: u64) -> usize {
        let all = self.sizes.iter().map(|size| u64::from(size.weight)).sum();
        let mut left = self.chance.below(For::Size, service, 0, all);
        for (at, size) in self.sizes.iter().enumerate() {
            match left.checked_sub(size.weight.into()) {
                Some(rest) => left = rest,
                None => return at,
            }
        }
        0
    }

    /// Machines that come together.
    fn service(&mut self, number: u64, arrives: u64, most: usize) {
        let at = self.pick(number);
        let size = self.sizes[at].clone();
        let copies = (size.copies as usize).min(most);
        let mut rule = None;
        if copies > 1
            && let Some(topology) = size.apart
            && let Ok(id) = format!("apart-{:07}", number + 1).parse::<RuleKey>()
        {
            rule = Some(self.rules.len());
            self.rules.push(Rule {
                id: Some(id),
                kind: RuleKind::AntiAffinity,
                vms: Vec::with_capacity(copies),
                nodes: Vec::new(),
                topology,
                must: true,
                max_skew: std::num::NonZeroU32::MIN,
            });
        }
        for _ in 0..copies {
            let row = self.machines.len() as u64;
            let Ok(id) = format!("vm-{:07}", row + 1).parse::<VmKey>() else { return };
            if let Some(rule) = rule {
                self.rules[rule].vms.push(id.clone());
            }
            let chance = self.chance;
            let lives = (size.lifetime_seconds > 0).then(|| {
                chance.wait(For::Lifetime, row, 0, size.lifetime_seconds.saturating_mul(1000))
            });
            let spread = 500_000 + chance.below(For::Level, row, 0, 1_000_001);
            let hour_off = chance.below(For::Phase, row, 0, 7_201);
            self.machines.push(Machine {
                vm: Vm { priority: size.priority, ..Vm::new(id, size.cpu_milli, size.memory_mib) },
                size: at,
                arrives,
                departs: lives.map(|lives| arrives.saturating_add(lives)),
                rule,
                level: size.demand.mean_ppm * spread / 1_000_000,
                peak: (size.demand.peak_seconds + DAY - 3_600 + hour_off) % DAY,
            });
        }
    }

    /// What a machine uses at a sample, in thousandths of a core.
    pub(super) fn demand(&self, row: u32, sample: u64) -> u64 {
        let machine = &self.machines[row as usize];
        let demand = &self.sizes[machine.size].demand;
        let curve = wave(sample * self.sample_seconds, machine.peak, DAY);
        let daily = signed(demand.daily_ppm) * curve / 1_000_000;
        let noise = self.chance.below(For::Noise, row.into(), sample, 2 * demand.noise_ppm + 1);
        let noise = signed(noise) - signed(demand.noise_ppm);
        let part = (signed(machine.level) + daily + noise).clamp(0, 1_000_000);
        let used = u128::from(machine.vm.cpu_milli.0) * u128::from(part.unsigned_abs());
        u64::try_from(used / 1_000_000).unwrap_or(u64::MAX)
    }

    /// A machine by its id.
    pub(super) fn row(id: &VmKey) -> Option<u32> {
        id.as_str().strip_prefix("vm-")?.parse::<u32>().ok()?.checked_sub(1)
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_lifetimes_and_demand_have_their_means() {
        let config = FleetConfig { duration_seconds: 10 * DAY, ..FleetConfig::default() };
        let population = Population::new(&config);
        let all = population.machines.len();
        // 20,000 at the start and 5,000 a day.
        assert!((69_000..71_000).contains(&all), "{all}");
        assert!(population.machines.is_sorted_by_key(|machine| machine.arrives));
        let lived = |machine: &Machine| machine.departs.unwrap() - machine.arrives;
        let mean = population.machines.iter().map(lived).sum::<u64>() / all as u64 / 1000;
        assert!((340_000..351_000).contains(&mean), "{mean}");
        let used = |sample| {
            let rows = 0..20_000;
            let asked: u64 = rows.clone().map(|at| population.machines[at].vm.cpu_milli.0).sum();
            let used = rows.map(|at| population.demand(u32::try_from(at).unwrap(), sample));
            used.sum::<u64>() * 1000 / asked
        };
        // 35 % at night less 15, in the afternoon more 15.
        assert!((490..505).contains(&used(168)), "{}", used(168));
        assert!((195..210).contains(&used(24)), "{}", used(24));
        let apart = population.rules.iter().all(|rule| (2..=3).contains(&rule.vms.len()));
        assert!(apart && population.rules.len() > 1_000);
    }
}
