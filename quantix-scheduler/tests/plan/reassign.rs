//! Machine reassignment: the plan against a checker that reads the texts itself, and the limits.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use proptest::prelude::*;
use quantix_scheduler::plan::{
    REASSIGN_MACHINES_MAX, REASSIGN_RESOURCES_MAX, ReassignProblem, ReassignRequest, SPENT_ALL,
    reassign,
};

/// The example of the challenge's subject, with its transient second resource made small.
const MODEL: &str = "2  1 100  0 10
4
0 0 30 400 16 80 0 1 4 5
0 0 10 240 8 160 1 0 3 4
1 1 15 100 12 80 4 3 0 2
1 2 10 100 8 80 5 4 2 0
2
2 0
1 1 0
3
0 12 10 1000
0 10 20 100
1 6 200 1
1
0 1 20
10
1 10 100";
const ASSIGNMENT: &str = "0 3 0";

/// The cost as the subject defines it; panics where a constraint does not hold.
fn check(model: &str, initial: &[usize], at: &[usize]) -> i64 {
    let mut numbers = model.split_whitespace().map(|word| word.parse::<i64>().unwrap());
    let mut next = || numbers.next().unwrap();
    let resources: Vec<(bool, i64)> = (0..next()).map(|_| (next() == 1, next())).collect();
    let width = resources.len();
    let machines = size(next());
    let mut hosts = Vec::new();
    for _ in 0..machines {
        let (area, location) = (next(), next());
        let mut list = |count: usize| (0..count).map(|_| next()).collect::<Vec<_>>();
        hosts.push((area, location, list(width), list(width), list(machines)));
    }
    let mut services = Vec::new();
    for _ in 0..next() {
        let spread = size(next());
        let needs: Vec<usize> = (0..next()).map(|_| size(next())).collect();
        services.push((spread, needs));
    }
    let mut processes = Vec::new();
    for _ in 0..next() {
        let service = size(next());
        let needs: Vec<i64> = (0..width).map(|_| next()).collect();
        processes.push((service, needs, next()));
    }
    let balances: Vec<[i64; 4]> = (0..next()).map(|_| [next(), next(), next(), next()]).collect();
    let weights = [next(), next(), next()];
    let mut cost = 0;
    for (m, (_, _, capacity, safety, _)) in hosts.iter().enumerate() {
        let used = |r: usize| -> i64 {
            (0..at.len()).filter(|&p| at[p] == m).map(|p| processes[p].1[r]).sum()
        };
        for (r, &(transient, weight)) in resources.iter().enumerate() {
            let left = (0..at.len()).filter(|&p| transient && initial[p] == m && at[p] != m);
            assert!(used(r) + left.map(|p| processes[p].1[r]).sum::<i64>() <= capacity[r]);
            cost += weight * (used(r) - safety[r]).max(0);
        }
        for &[a, b, target, weight] in &balances {
            let free = |r: i64| capacity[size(r)] - used(size(r));
            cost += weight * (target * free(a) - free(b)).max(0);
        }
    }
    let mut moved: HashMap<usize, i64> = HashMap::new();
    for (p, (service, _, price)) in processes.iter().enumerate() {
        if at[p] != initial[p] {
            *moved.entry(*service).or_default() += 1;
            cost += weights[0] * price;
        }
        cost += weights[2] * hosts[initial[p]].4[at[p]];
    }
    let processes = &processes;
    let places = |s: usize| (0..at.len()).filter(move |&p| processes[p].0 == s).map(|p| at[p]);
    for (s, (spread, needs)) in services.iter().enumerate() {
        let distinct: HashSet<usize> = places(s).collect();
        assert_eq!(distinct.len(), places(s).count(), "conflict of service {s}");
        let locations: HashSet<i64> = places(s).map(|m| hosts[m].1).collect();
        assert!(locations.len() >= *spread, "spread of service {s}");
        for &other in needs {
            let areas: HashSet<i64> = places(other).map(|m| hosts[m].0).collect();
            assert!(places(s).all(|m| areas.contains(&hosts[m].0)), "service {s} needs {other}");
        }
    }
    cost + weights[1] * moved.values().max().copied().unwrap_or(0)
}

fn size(number: i64) -> usize {
    usize::try_from(number).unwrap()
}

fn numbers(text: &str) -> Vec<usize> {
    text.split_whitespace().map(|word| word.parse().unwrap()).collect()
}

fn search(problem: &ReassignProblem, seed: u64, evaluations: u64) -> Vec<u32> {
    let request = ReassignRequest { evaluations: Some(evaluations), ..Default::default() };
    let plan = reassign(problem, seed, &mut |done| request.spent(done, Duration::ZERO));
    assert_eq!(plan.evaluations.div_ceil(1024), evaluations.div_ceil(1024));
    assert!(plan.after.total <= plan.before.total && plan.after.violations.is_empty());
    assert_eq!(numbers(&plan.solution()), usizes(&plan.assignment));
    for each in &plan.moves {
        assert_eq!(problem.initial()[each.process as usize], each.from);
        assert_eq!(plan.assignment[each.process as usize], each.to);
        assert_ne!(each.from, each.to);
    }
    plan.assignment
}

fn usizes(at: &[u32]) -> Vec<usize> {
    at.iter().map(|&machine| machine as usize).collect()
}

/// Every assignment of a small model, by hand of the checker: the plan is the best of them.
#[test]
fn the_example_is_solved() {
    let problem = ReassignProblem::parse(MODEL, ASSIGNMENT).unwrap();
    let initial = numbers(ASSIGNMENT);
    let costs = (0..64usize).filter_map(|code| {
        let at = [code % 4, code / 4 % 4, code / 16];
        let fine = problem.evaluate(&at.map(|m| m as u32)).violations.is_empty();
        fine.then(|| check(MODEL, &initial, &at))
    });
    let best = costs.min().unwrap();
    let at = search(&problem, 1, 50_000);
    assert_eq!(problem.evaluate(&at).total, best);
    assert!(best < problem.evaluate(problem.initial()).total);
}

/// A model with room, whose services are spread and need one another.
fn model(seed: u64) -> (String, String) {
    let mut state = seed | 1;
    let mut below = |count: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % count
    };
    let (machines, services) = (6, 12);
    let mut text = vec![2, 1, 10, 0, 7, machines];
    for machine in 0..machines {
        text.extend([machine % 2, machine % 3, 100, 100, 30 + below(30), 30 + below(30)]);
        text.extend((0..machines).map(|other| machine.abs_diff(other)));
    }
    text.push(services);
    for service in 0..services {
        text.extend([1 + service % 2, service % 3 / 2]);
        text.extend((service % 3 == 2).then(|| service - 1));
    }
    let mut at = Vec::new();
    text.push(services * 2);
    for process in 0..services * 2 {
        let service = process / 2;
        text.extend([service, 1 + below(12), 1 + below(12), below(9)]);
        // Both are in both neighbourhoods, and in two locations.
        at.push((process % 2) * (1 + 4 * below(2)));
    }
    text.extend([1, 0, 1, 2, 3, 1, 10, 100]);
    let words = |list: &[u64]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    (words(&text), words(&at))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    /// The checker says the same of every plan, and the same seed gives the same plan.
    #[test]
    fn plans_keep_to_every_constraint(seed in any::<u64>()) {
        let (model, assignment) = model(seed);
        let Ok(problem) = ReassignProblem::parse(&model, &assignment) else { return Ok(()) };
        let at = search(&problem, seed, 5_000);
        let initial = numbers(&assignment);
        prop_assert_eq!(check(&model, &initial, &usizes(&at)), problem.evaluate(&at).total);
        prop_assert_eq!(check(&model, &initial, &initial), problem.evaluate(problem.initial()).total);
        prop_assert_eq!(search(&problem, seed, 5_000), at);
    }
}

#[test]
fn most_random_models_are_problems() {
    let fine = (0..100).filter(|&seed| {
        let (model, assignment) = model(seed * 77);
        ReassignProblem::parse(&model, &assignment).is_ok()
    });
    assert!(fine.count() > 50);
}

#[test]
fn what_is_wrong_is_named() {
    let told = |model: &str, assignment: &str| {
        ReassignProblem::parse(model, assignment).unwrap_err().to_string()
    };
    assert_eq!(told("", "0"), "model, number 1: ends before the number of resources");
    assert_eq!(
        told("1 2", "0"),
        "model, number 2: \"2\" is no transient flag: expected a whole number from 0 to 1"
    );
    assert_eq!(told("0", ""), "model, number 1: the number of resources is 0: expected at least 1");
    assert!(told("-1", "").contains("\"-1\" is no number of resources"));
    assert_eq!(
        told(&format!("{MODEL} 5"), ASSIGNMENT),
        "model, number 74: \"5\" is left over: expected the end"
    );
    assert_eq!(told(MODEL, "0 3"), "assignment, number 3: ends before the machine of a process");
    assert!(told(MODEL, "0 4 0").starts_with("assignment, number 2: \"4\" is no machine"));
    assert_eq!(
        told(MODEL, "0 0 0"),
        "assignment: machine 0 has two processes of service 0: a plan begins only where every \
         constraint holds"
    );
}

#[test]
fn limits_hold() {
    let told = |model: &str| ReassignProblem::parse(model, "0").unwrap_err().to_string();
    let over = REASSIGN_RESOURCES_MAX + 1;
    assert!(told(&over.to_string()).contains("expected a whole number from 0 to 32"));
    let over = REASSIGN_MACHINES_MAX + 1;
    assert!(told(&format!("1 0 1 {over}")).contains("expected a whole number from 0 to 10000"));
    assert!(told("1 0 10001").contains("load weight"));
    assert!(told("1 0 1 1 0 0 2147483649").contains("capacity"));
    let three = ["0 0 10000 10000"; 3].join(" ");
    let one = |amount: &str, weight: &str| {
        format!("1 0 {weight} 1 0 0 {amount} 0 0 1 0 0 1 0 {amount} 0 3 {three} 1 1 1")
    };
    assert!(told(&one("2147483648", "1")).contains("use larger units"));
    assert!(ReassignProblem::parse(&one("2147483", "1"), "0").is_ok());
}

/// The budget counts evaluations, or seconds when there are none.
#[test]
fn budgets_are_spent() {
    let request = ReassignRequest { seconds: 10, ..Default::default() };
    assert_eq!(request.spent(5, Duration::from_secs(5)), SPENT_ALL / 2);
    assert_eq!(request.spent(5, Duration::from_secs(11)), SPENT_ALL);
    let request = ReassignRequest { evaluations: Some(100), ..request };
    assert_eq!(request.spent(25, Duration::from_secs(11)), SPENT_ALL / 4);
    let none = ReassignRequest { evaluations: Some(0), ..request };
    assert_eq!(none.spent(0, Duration::ZERO), SPENT_ALL);
    let problem = ReassignProblem::parse(MODEL, ASSIGNMENT).unwrap();
    assert_eq!(reassign(&problem, 1, &mut |_| SPENT_ALL).moves, []);
}
