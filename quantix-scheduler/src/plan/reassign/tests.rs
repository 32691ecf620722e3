//! The state that counts each move at once against the count from nothing.

use proptest::prelude::*;

use super::{
    chance::Chance,
    problem::ReassignProblem,
    state::{Shift, State},
};

/// A small problem whose constraints bind, or none when the initial assignment breaks one.
fn problem(seed: u64) -> Option<ReassignProblem> {
    let mut chance = Chance::new(seed);
    let mut below = |count: usize| chance.below(count);
    let (resources, machines, services) = (1 + below(3), 2 + below(5), 1 + below(5));
    let processes = services + below(6);
    let mut text = vec![resources];
    for _ in 0..resources {
        text.extend([below(2), below(4)]);
    }
    text.push(machines);
    for _ in 0..machines {
        text.extend([below(2), below(3)]);
        text.extend((0..resources).map(|_| 12 + below(20)));
        text.extend((0..resources).map(|_| below(14)));
        text.extend((0..machines).map(|_| below(4)));
    }
    text.push(services);
    for service in 0..services {
        text.push(1 + usize::from(below(4) == 0));
        let needs = usize::from(service > 0 && below(2) == 0);
        text.push(needs);
        text.extend((0..needs).map(|_| below(services)));
    }
    text.push(processes);
    for process in 0..processes {
        text.push(if process < services { process } else { below(services) });
        text.extend((0..resources).map(|_| below(8)));
        text.push(below(5));
    }
    let balances = below(2);
    text.push(balances);
    for _ in 0..balances {
        text.extend([below(resources), below(resources), below(4), below(3)]);
    }
    text.extend([below(3), below(5), below(3)]);
    let words =
        |numbers: &[usize]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let model = words(&text);
    (0..30).find_map(|_| {
        let places: Vec<usize> = (0..processes).map(|_| below(machines)).collect();
        ReassignProblem::parse(&model, &words(&places)).ok()
    })
}

/// The cost after changes, or none when they break a constraint.
fn slowly(problem: &ReassignProblem, at: &[u32], changes: &[(usize, u32)]) -> Option<i64> {
    let mut at = at.to_vec();
    for &(process, machine) in changes {
        at[process] = machine;
    }
    let cost = problem.evaluate(&at);
    cost.violations.is_empty().then_some(cost.total)
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap()
}

/// Walks at random and says how many shifts and swaps were carried out.
fn walk(problem: &ReassignProblem, seed: u64) -> [usize; 2] {
    let mut state = State::new(problem);
    let mut chance = Chance::new(seed);
    let mut done = [0; 2];
    assert_eq!(state.total, problem.evaluate(problem.initial()).total);
    for _ in 0..60 {
        let (p, q) = (chance.below(problem.processes()), chance.below(problem.processes()));
        let shift = Shift { process: p, to: chance.below(problem.machines()) };
        let at = state.assignment().to_vec();
        if state.at(p) != shift.to {
            let slow = slowly(problem, &at, &[(p, number(shift.to))]);
            assert_eq!(state.shift_may(shift), slow.is_some(), "{shift:?} of {at:?}");
            if let Some(total) = slow {
                let delta = state.shift_delta(shift);
                assert_eq!(state.total + delta, total, "{shift:?} of {at:?}");
                state.shift(shift, delta);
                done[0] += 1;
            }
        }
        let at = state.assignment().to_vec();
        if at[p] != at[q] {
            let slow = slowly(problem, &at, &[(p, at[q]), (q, at[p])]);
            let related = |p: usize, q: usize| {
                problem.services[problem.service[p] as usize].needs.contains(&problem.service[q])
            };
            let may = state.swap_may(p, q);
            if may || !(related(p, q) || related(q, p)) {
                assert_eq!(may, slow.is_some(), "swap {p} {q} of {at:?}");
            }
            if let (true, Some(total)) = (may, slow) {
                let delta = state.swap_delta(p, q);
                assert_eq!(state.total + delta, total, "swap {p} {q} of {at:?}");
                state.swap(p, q, delta);
                done[1] += 1;
            }
        }
    }
    done
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn moves_count_as_from_nothing(seed in any::<u64>()) {
        if let Some(problem) = problem(seed) {
            walk(&problem, seed);
        }
    }
}

/// The random problems have room to move, or the property would say nothing.
#[test]
fn random_problems_move() {
    let walks: Vec<[usize; 2]> =
        (0..200).filter_map(problem).enumerate().map(|(seed, p)| walk(&p, seed as u64)).collect();
    assert!(walks.len() > 100, "{}", walks.len());
    assert!(walks.iter().filter(|[shifts, swaps]| *shifts > 5 && *swaps > 5).count() > 30);
}
