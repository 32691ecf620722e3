//! Simulated annealing: shifts, swaps and ways home, from hot to cold over what the clock gives.

use super::{
    SPENT_ALL,
    chance::{Chance, PATIENCE_ONE, exp2, log2},
    problem::ReassignProblem,
    state::{Shift, State},
};

/// Evaluations between two looks at the clock.
const LOOK_EVERY: u64 = 1024;
/// How much of the budget goes downhill first, in millionths; it also tells how many evaluations the
/// rest will be.
const DESCENT: u32 = SPENT_ALL / 100;
/// Shifts that are tried to learn what a move costs.
const SAMPLE: usize = 20_000;
/// The coldest temperature, in thousandths of what the median move changes.
const COLD: i64 = 5;
/// With so many evaluations for each process the search starts as hot as the median move is dear;
/// with more, hotter by the square.
const EVALUATIONS_FOR_HEAT: i64 = 5000;
/// Evaluations for each process beyond which the start is no hotter.
const EVALUATIONS_MAX: i64 = 50_000;
/// Of 256 picks, how many take any process; the others take one that is large for the temperature.
const PICK_ANY: u64 = 77;
/// Of 256 moves, how many swap within a service, swap at all, and shift home at the most.
const SWAP_SAME: u64 = 26;
const SWAP: u64 = 179;
const HOME: u64 = 218;

/// The best assignment that was found, and how many moves were evaluated.
pub(super) struct Found {
    pub(super) assignment: Vec<u32>,
    pub(super) evaluations: u64,
}

/// Searches until the clock has spent everything.
pub(super) fn anneal(
    problem: &ReassignProblem,
    seed: u64,
    clock: &mut dyn FnMut(u64) -> u32,
) -> Found {
    let mut search = Search::new(problem, seed);
    let mut evaluations = 0;
    let mut hottest = None;
    loop {
        let spent = clock(evaluations);
        if spent >= SPENT_ALL {
            break;
        }
        if spent >= DESCENT {
            let hottest = *hottest.get_or_insert_with(|| search.hottest(evaluations, spent));
            search.cool(hottest, i64::from(spent));
        }
        for _ in 0..LOOK_EVERY {
            search.step();
        }
        evaluations += LOOK_EVERY;
        search.keep();
    }
    Found { assignment: search.best, evaluations }
}

struct Search<'p> {
    problem: &'p ReassignProblem,
    state: State<'p>,
    chance: Chance,
    best: Vec<u32>,
    best_total: i64,
    /// Processes from the largest on, with their sizes: requirements by weight.
    order: Vec<(i64, usize)>,
    /// How many of them are large for the temperature.
    large: usize,
    temperature: i64,
    /// What the median shift changes.
    median: i64,
}

impl<'p> Search<'p> {
    fn new(problem: &'p ReassignProblem, seed: u64) -> Self {
        let state = State::new(problem);
        let mut order: Vec<(i64, usize)> = problem
            .requirement
            .chunks_exact(problem.resources.len())
            .map(|amounts| {
                amounts.iter().zip(&problem.resources).map(|(amount, r)| amount * r.weight).sum()
            })
            .zip(0..)
            .collect();
        order.sort_unstable_by_key(|&(size, process)| (-size, process));
        let mut search = Self {
            problem,
            best: problem.origin.clone(),
            best_total: state.total,
            state,
            chance: Chance::new(seed),
            large: order.len(),
            order,
            temperature: 0,
            median: 1,
        };
        search.median = search.sample();
        search
    }

    /// What the median shift changes, of those that may be.
    fn sample(&mut self) -> i64 {
        let mut changes = Vec::new();
        for _ in 0..SAMPLE {
            let process = self.chance.below(self.problem.service.len());
            let shift = Shift { process, to: self.chance.below(self.problem.machines) };
            if self.state.at(process) != shift.to && self.state.shift_may(shift) {
                changes.push(self.state.shift_delta(shift).abs());
            }
        }
        changes.sort_unstable();
        changes.get(changes.len() / 2).copied().unwrap_or(1).max(1)
    }

    /// The temperature to start with: the hotter, the more evaluations there will be.
    fn hottest(&self, evaluations: u64, spent: u32) -> i64 {
        let all = i128::from(evaluations) * i128::from(SPENT_ALL) / i128::from(spent.max(1));
        let each = i64::try_from(all / self.problem.service.len().max(1) as i128);
        let each = each.unwrap_or(i64::MAX).clamp(1, EVALUATIONS_MAX);
        let heat = i128::from(self.median) * i128::from(each).pow(2);
        let one = i128::from(EVALUATIONS_FOR_HEAT).pow(2);
        i64::try_from(heat / one).unwrap_or(i64::MAX).max(1)
    }

    /// Sets the temperature for what is spent, and which processes are large for it.
    fn cool(&mut self, hottest: i64, spent: i64) {
        let (from, to) = (log2(hottest), log2(self.median.saturating_mul(COLD) / 1000));
        self.temperature = exp2(from + (to - from).min(0) * spent / i64::from(SPENT_ALL));
        let large = self.order.partition_point(|&(size, _)| size >= self.temperature);
        self.large = large.max(10).min(self.order.len());
    }

    fn pick(&mut self) -> usize {
        if self.chance.next() & 255 < PICK_ANY {
            self.chance.below(self.order.len())
        } else {
            let place = self.chance.below(self.large);
            self.order[place].1
        }
    }

    /// The worst change that is accepted now.
    fn limit(&mut self) -> i64 {
        let limit = i128::from(self.temperature) * i128::from(self.chance.patience());
        i64::try_from(limit / i128::from(PATIENCE_ONE)).unwrap_or(i64::MAX)
    }

    fn step(&mut self) {
        let process = self.pick();
        let kind = self.chance.next() & 255;
        if kind < SWAP {
            let other = if kind < SWAP_SAME {
                let same = &self.state.of[self.problem.service[process] as usize];
                same[self.chance.below(same.len())] as usize
            } else {
                self.pick()
            };
            self.try_swap(process, other);
        } else {
            let to = if kind < HOME {
                self.problem.origin[process] as usize
            } else {
                self.chance.below(self.problem.machines)
            };
            self.try_shift(Shift { process, to });
        }
    }

    fn try_shift(&mut self, shift: Shift) {
        if self.state.at(shift.process) == shift.to || !self.state.shift_may(shift) {
            return;
        }
        let delta = self.state.shift_delta(shift);
        if delta <= 0 || delta <= self.limit() {
            self.state.shift(shift, delta);
        }
    }

    fn try_swap(&mut self, p: usize, q: usize) {
        if self.state.at(p) == self.state.at(q) || !self.state.swap_may(p, q) {
            return;
        }
        let delta = self.state.swap_delta(p, q);
        if delta <= 0 || delta <= self.limit() {
            self.state.swap(p, q, delta);
        }
    }

    /// Remembers the assignment when it is the best so far.
    fn keep(&mut self) {
        if self.state.total < self.best_total {
            self.best_total = self.state.total;
            self.best.copy_from_slice(self.state.assignment());
        }
    }
}
