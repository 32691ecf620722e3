//! Simulations against a slow replay of their logs, by a bookkeeper that knows only documents.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use super::{population::Population, *};

/// What is left out is small: twelve hosts in three racks, two hours.
fn config(more: serde_json::Value) -> FleetConfig {
    let mut all = json!({
        "duration_seconds": 7200, "sample_seconds": 300, "log": true,
        "hosts": [{"count": 12, "cpu_milli": 8000, "memory_mib": 32768, "hosts_per_rack": 4}],
        "machines": {"at_start": 40, "arrivals_per_day": 240, "queue_seconds": 900, "sizes": [
            {"weight": 3, "cpu_milli": 2000, "memory_mib": 4096, "lifetime_seconds": 7200},
            {"weight": 1, "cpu_milli": 1000, "memory_mib": 2048, "copies": 3, "apart": "rack",
             "lifetime_seconds": 10800, "priority": 5},
        ]},
        "failures": {"host_days": 0},
    });
    for (key, value) in more.as_object().unwrap() {
        all[key] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

/// A busy one: everything happens.
fn busy(seed: u64, per_day: u32) -> FleetConfig {
    config(json!({
        "seed": seed,
        "duration_seconds": 14400,
        "machines": {"at_start": 40, "arrivals_per_day": per_day, "queue_seconds": 900, "sizes": [
            {"weight": 3, "cpu_milli": 2000, "memory_mib": 4096, "lifetime_seconds": 7200,
             "demand": {"mean_ppm": 700_000}},
            {"weight": 1, "cpu_milli": 1000, "memory_mib": 2048, "copies": 3, "apart": "rack",
             "lifetime_seconds": 10800, "priority": 5},
        ]},
        "failures": {"host_days": 1, "host_repair_seconds": 3600, "rack_days": 2,
                     "planned": [{"at_seconds": 5000, "hosts": ["host-000002"], "repair_seconds": 600}]},
        "maintenance": {"start_seconds": 600, "batches": 5, "work_seconds": 300, "settings": {"limits": {"link_mib_per_second": 200}}},
        "balance": {"every_seconds": 900, "settings": {"mode": "save_power", "window": 3, "hold_seconds": 900,
                    "limits": {"link_mib_per_second": 200}}},
        "ha": {"operator_seconds": 1200, "admission": {}},
    }))
}

fn run(config: &FleetConfig) -> FleetReport {
    simulate_fleet(config, &mut |_, _| {}).unwrap()
}

/// One machine as the log tells it.
#[derive(Clone, Debug, Default)]
struct Told {
    host: Option<String>,
    /// Where it still keeps room.
    leaves: Option<String>,
    up: bool,
    down_ms: u64,
    on_ms: u64,
}

/// Replays a log and answers the machines and the core milliseconds wanted and unmet.
fn replay(config: &FleetConfig, report: &FleetReport) -> (BTreeMap<String, Told>, u128, u128) {
    let population = Population::new(config);
    let group = &config.hosts[0];
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    let mut closed = BTreeSet::new();
    let (mut wanted, mut unmet, mut now) = (0u128, 0u128, 0);
    let end = config.duration_seconds * 1000;
    let step = config.sample_seconds * 1000;
    let mut log = report.log.iter().peekable();
    let mut times: BTreeSet<u64> = report.log.iter().map(|entry| entry.at_ms).collect();
    times.extend((0..end).step_by(usize::try_from(step).unwrap()));
    times.insert(end);
    for time in times {
        for machine in told.values_mut().filter(|machine| machine.host.is_some()) {
            machine.on_ms += time - now;
            machine.down_ms += if machine.up { 0 } else { time - now };
        }
        now = time;
        while let Some(entry) = log.next_if(|entry| entry.at_ms == time) {
            apply(&mut told, &mut closed, entry);
        }
        check(&population, config, &told);
        if time % step == 0 && time < end {
            let mut hosts: BTreeMap<&str, u64> = BTreeMap::new();
            for (id, machine) in told.iter().filter(|(_, machine)| machine.up) {
                let row = Population::row(&id.parse().unwrap()).unwrap();
                *hosts.entry(machine.host.as_deref().unwrap()).or_default() +=
                    population.demand(row, time / step);
            }
            let ms = u128::from(step.min(end - time));
            wanted += hosts.values().map(|used| u128::from(*used) * ms).sum::<u128>();
            let over = hosts.values().map(|used| used.saturating_sub(group.cpu_milli.0));
            unmet += over.map(|over| u128::from(over) * ms).sum::<u128>();
        }
    }
    (told, wanted, unmet)
}

fn apply(told: &mut BTreeMap<String, Told>, closed: &mut BTreeSet<String>, entry: &LogEntry) {
    let key = |key: &Option<quantix_core::NodeKey>| key.as_ref().map(ToString::to_string);
    let (host, to) = (key(&entry.host), key(&entry.to));
    let Some(vm) = &entry.vm else {
        let host = host.unwrap();
        match entry.event {
            FleetEvent::HostReady => drop(closed.remove(&host)),
            _ => drop(closed.insert(host.clone())),
        }
        let empty = told.values().all(|machine| machine.host.as_ref() != Some(&host));
        let must = matches!(entry.event, FleetEvent::HostWorking | FleetEvent::HostStandsBy);
        assert!(empty || !must, "{host} is not empty: {entry:?}");
        return;
    };
    let machine = told.entry(vm.to_string()).or_default();
    match entry.event {
        FleetEvent::Arrived | FleetEvent::Waits | FleetEvent::Rejected => {
            assert_eq!(machine.host, None, "{entry:?}");
        }
        FleetEvent::Placed => {
            assert!(
                machine.host.is_none() && !closed.contains(host.as_ref().unwrap()),
                "{entry:?}"
            );
            (machine.host, machine.up) = (host, true);
        }
        FleetEvent::Moving => {
            assert!(machine.up && machine.host == host && machine.leaves.is_none(), "{entry:?}");
            assert!(!closed.contains(to.as_ref().unwrap()), "{entry:?}");
            (machine.host, machine.leaves) = (to, host);
        }
        FleetEvent::Moved => {
            assert_eq!((&machine.leaves, &machine.host), (&host, &to), "{entry:?}");
            machine.leaves = None;
        }
        FleetEvent::MoveUndone => {
            assert_eq!((&machine.host, &machine.leaves), (&host, &to), "{entry:?}");
            (machine.host, machine.leaves) = (to, None);
        }
        FleetEvent::Lost => {
            assert_eq!((&machine.host, &machine.leaves), (&host, &None), "{entry:?}");
            machine.up = false;
        }
        FleetEvent::Restarting => {
            assert!(!machine.up && machine.host == host, "{entry:?}");
            assert!(!closed.contains(to.as_ref().unwrap()), "{entry:?}");
            machine.host = to;
        }
        FleetEvent::Started => {
            assert!(!machine.up && machine.host == host, "{entry:?}");
            machine.up = true;
        }
        FleetEvent::Departed => {
            assert_eq!(machine.host, host, "{entry:?}");
            (machine.host, machine.leaves, machine.up) = (None, None, false);
        }
        other => panic!("{other:?} tells of a host, not of a machine"),
    }
}

/// No host is promised beyond what it can, what leaves counted twice; copies are apart.
fn check(population: &Population, config: &FleetConfig, told: &BTreeMap<String, Told>) {
    let group = &config.hosts[0];
    let mut used: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut racks: BTreeSet<(usize, u32)> = BTreeSet::new();
    for (id, machine) in told {
        let row = Population::row(&id.parse().unwrap()).unwrap();
        let machine_of = &population.machines[row as usize];
        for host in machine.host.iter().chain(&machine.leaves) {
            let sums = used.entry(host).or_default();
            sums.0 += machine_of.vm.cpu_milli.0;
            sums.1 += machine_of.vm.memory_mib.0;
        }
        if let (Some(rule), Some(host)) = (machine_of.rule, &machine.host) {
            let number: u32 = host.trim_start_matches("host-").parse().unwrap();
            let rack = (number - 1) / group.hosts_per_rack;
            assert!(racks.insert((rule, rack)), "copies share rack {rack}: {id}");
        }
    }
    for (host, (cpu, memory)) in used {
        let cpu_max = group.overcommit.cpu.of(group.cpu_milli.0);
        assert!(cpu <= cpu_max && memory <= group.memory_mib.0, "{host}: {cpu} {memory}");
    }
}

/// Every number that the report and the log both tell is the same.
fn agrees(config: &FleetConfig, report: &FleetReport) {
    let (told, wanted, unmet) = replay(config, report);
    let count = |event| report.log.iter().filter(|entry| entry.event == event).count() as u64;
    let machines = &report.machines;
    assert_eq!(machines.arrived, count(FleetEvent::Arrived));
    assert_eq!(machines.placed, count(FleetEvent::Placed));
    assert_eq!(machines.rejected, count(FleetEvent::Rejected));
    assert_eq!(machines.departed, count(FleetEvent::Departed));
    assert_eq!(report.moves.balance + report.moves.drain, count(FleetEvent::Moving));
    assert_eq!(report.moves.undone, count(FleetEvent::MoveUndone));
    assert_eq!(report.ha.host_failures, count(FleetEvent::HostDown));
    assert_eq!(report.ha.restarted + report.ha.restarted_in_place, count(FleetEvent::Restarting));
    let on = |up| told.values().filter(move |machine| machine.host.is_some() && machine.up == up);
    assert_eq!(machines.running, on(true).count() as u64);
    assert_eq!(machines.down, on(false).count() as u64);
    assert_eq!(
        machines.arrived,
        machines.running + machines.down + machines.waiting + machines.rejected + machines.departed
    );
    let down: u64 = told.values().map(|machine| machine.down_ms).sum();
    let all: u64 = told.values().map(|machine| machine.on_ms).sum();
    assert_eq!(report.ha.down_seconds, down / 1000);
    assert_eq!(report.ha.availability_ppm, (all - down) * 1_000_000 / all.max(1));
    assert_eq!(u128::from(report.demand.wanted_core_seconds), wanted / 1_000_000);
    assert_eq!(u128::from(report.demand.unmet_core_seconds), unmet / 1_000_000);
}

#[test]
fn everything_happens_and_the_log_proves_the_numbers() {
    let config = busy(11, 1900);
    let report = run(&config);
    agrees(&config, &report);
    let FleetReport { machines, moves, ha, maintenance, power, .. } = report;
    assert!(machines.rejected > 0 && machines.waiting_most > 0, "{machines:?}");
    assert!(moves.balance > 0 && moves.drain > 0 && moves.copied_mib > 0, "{moves:?}");
    assert!(ha.lost > 0 && ha.restarted > 0 && ha.host_failures > 0, "{ha:?}");
    assert!(maintenance.hosts_done > 0, "{maintenance:?}");
    assert!(power.watt_hours > 0, "{power:?}");
}

#[test]
fn the_same_config_gives_the_same_bytes_and_another_seed_others() {
    let text = |seed| serde_json::to_string(&run(&busy(seed, 600))).unwrap();
    assert_eq!(text(3), text(3));
    assert_ne!(text(3), text(4));
}

#[test]
fn policies_meet_the_same_machines_and_failures() {
    let one = busy(5, 600);
    let mut other = one.clone();
    other.balance = None;
    other.policy.weights.typical = 0;
    other.policy.weights.spread = 1;
    let happened = |config| {
        let report = run(config);
        let fate = |entry: &&LogEntry| entry.event == FleetEvent::Arrived;
        let fates: Vec<_> = report.log.iter().filter(fate).cloned().collect();
        (fates, report.machines.arrived)
    };
    assert_eq!(happened(&one), happened(&other));
}

#[test]
fn an_idle_fleet_sleeps_and_wakes_for_what_arrives() {
    let mut config = busy(2, 500);
    config.machines.at_start = 4;
    config.maintenance = None;
    config.failures = FailureConfig { host_days: 0, ..FailureConfig::default() };
    let report = run(&config);
    agrees(&config, &report);
    assert!(report.power.stand_by_host_hours > 0, "{:?}", report.power);
    let woke = report.log.iter().any(|entry| entry.event == FleetEvent::HostWaking);
    assert!(woke, "{:?}", report.machines);
}

#[test]
fn fencing_decides_when_what_was_lost_restarts() {
    let planned = json!({"host_days": 0, "planned":
        [{"at_seconds": 600, "hosts": ["host-000001"], "repair_seconds": 3600}]});
    let longest = |ha: serde_json::Value| {
        let config = config(json!({"failures": planned, "ha": ha,
            "machines": {"at_start": 30, "arrivals_per_day": 0, "sizes": [{"lifetime_seconds": 0}]}}));
        let report = run(&config);
        agrees(&config, &report);
        assert!(report.ha.lost > 0);
        (report.ha.longest_down_seconds, report.ha.restarted > 0)
    };
    // Noticed after 30 s; four at a time start, 30 s each.
    assert_eq!(longest(json!({})), (60, true));
    assert_eq!(longest(json!({"detect_seconds": 90})), (120, true));
    // A lease: 10 s more until its machines are surely stopped.
    assert_eq!(longest(json!({"fencing": "lease"})), (70, true));
    // Nobody confirms: they start where they were, an hour later.
    let (seconds, elsewhere) = longest(json!({"fencing": "none"}));
    assert!((3630..=3690).contains(&seconds) && !elsewhere, "{seconds}");
    assert_eq!(longest(json!({"fencing": "none", "operator_seconds": 600})), (630, true));
    let (seconds, elsewhere) = longest(json!({"restart": false}));
    assert!((3630..=3690).contains(&seconds) && !elsewhere, "{seconds}");
}

#[test]
fn racks_fail_whole() {
    let config = config(json!({"duration_seconds": 259_200, "sample_seconds": 3600,
        "failures": {"host_days": 0, "rack_days": 1}, "machines": {"at_start": 20, "arrivals_per_day": 0}}));
    let report = run(&config);
    agrees(&config, &report);
    assert!((3..20).contains(&report.ha.rack_failures), "{:?}", report.ha);
    let down = |entry: &&LogEntry| entry.event == FleetEvent::HostDown;
    let first: Vec<_> = report.log.iter().filter(down).take(4).map(|entry| entry.at_ms).collect();
    assert!(first.len() == 4 && first[0] == first[3], "{first:?}");
}

#[test]
fn faults_name_their_place() {
    for (more, expected) in [
        (json!({"duration_seconds": 0}), "config.duration_seconds"),
        (json!({"duration_seconds": SECONDS_MAX + 1}), "config.duration_seconds"),
        (
            json!({"duration_seconds": SAMPLES_MAX + 1, "sample_seconds": 1}),
            "config.sample_seconds",
        ),
        (json!({"hosts": []}), "config.hosts"),
        (json!({"hosts": [{"count": HOST_COUNT_MAX + 1}]}), "config.hosts"),
        (json!({"hosts": [{"hosts_per_rack": 0}]}), "config.hosts[0].hosts_per_rack"),
        (json!({"machines": {"sizes": []}}), "config.machines.sizes"),
        (json!({"machines": {"at_start": MACHINES_MAX + 1}}), "config.machines"),
        (json!({"machines": {"sizes": [{"copies": 0}]}}), "config.machines.sizes[0].copies"),
        (
            json!({"failures": {"planned": [{"at_seconds": 1, "racks": ["r"], "repair_seconds": 1}]}}),
            "config.failures.planned[0].racks[0]",
        ),
        (
            json!({"balance": {"settings": {"stand_by": ["host-000001"]}}}),
            "config.balance.settings",
        ),
        (json!({"balance": {"settings": {"window": 0}}}), "request.window"),
        (json!({"maintenance": {"settings": {"nodes": ["host-000001"]}}}), "config.maintenance"),
        (json!({"ha": {"settings": {"starts_per_node": 0}}}), "request.starts_per_node"),
        (json!({"ha": {"admission": {"percent": 101}}}), "request.percent"),
    ] {
        let error = simulate_fleet(&config(more.clone()), &mut |_, _| {}).unwrap_err();
        let findings: Vec<String> = error.findings().iter().map(ToString::to_string).collect();
        assert!(findings.iter().any(|finding| finding.contains(expected)), "{more}: {findings:?}");
    }
    let unknown = serde_json::from_value::<FleetConfig>(json!({"hosts": [{"cores": 1}]}));
    assert!(unknown.unwrap_err().to_string().contains("unknown field `cores`"));
}

#[test]
fn the_page_shows_every_chart() {
    let mut config = busy(1, 600);
    config.policy.name = "<b>&".to_owned();
    let page = fleet_html(&run(&config));
    assert_eq!(page.matches("<svg").count(), 8);
    assert_eq!(page.matches("<polyline").count(), 13);
    assert!(page.contains("&lt;b&gt;&amp;") && !page.contains("<script"));
    // A reader of XML takes it, so that what is drawn is closed.
    let open = page.matches("<text").count();
    assert_eq!(open, page.matches("</text>").count());
}

#[test]
fn progress_reaches_the_end() {
    let mut seen = Vec::new();
    let config = config(json!({}));
    simulate_fleet(&config, &mut |done, all| seen.push((done, all))).unwrap();
    assert!(seen.is_sorted() && seen.len() == 25);
    assert_eq!(seen.last(), Some(&(7200, 7200)));
}

/// A scenario that a reviewer can follow, event by event.
#[test]
fn a_tiny_scenario_is_as_reviewed() {
    let config: FleetConfig = serde_json::from_value(json!({
        "duration_seconds": 3600, "sample_seconds": 900, "log": true,
        "hosts": [{"count": 3, "cpu_milli": 4000, "memory_mib": 8192, "hosts_per_rack": 1}],
        "machines": {"at_start": 4, "arrivals_per_day": 0, "sizes": [{"lifetime_seconds": 0}]},
        "failures": {"host_days": 0, "planned":
            [{"at_seconds": 600, "hosts": ["host-000001"], "repair_seconds": 600}]},
        "maintenance": {"start_seconds": 1800, "batches": 2, "work_seconds": 300},
    }))
    .unwrap();
    let report = run(&config);
    agrees(&config, &report);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/simulate/fleet/tiny.json");
    let text = serde_json::to_string_pretty(&report).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert!(text == expected, "review the difference and rewrite it with UPDATE=1\n{text}");
}

/// How many cases: `QUANTIX_PLAN_CASES`, else few enough for every day.
fn cases() -> ProptestConfig {
    let many = std::env::var("QUANTIX_PLAN_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(many.unwrap_or(6)) }
}

proptest! {
    #![proptest_config(cases())]

    /// Whatever happens: nothing is lost without a word, and no host is promised twice.
    #[test]
    fn simulations_hold(seed: u64, per_day in 0u32..2000, start in 0u32..60, power: bool) {
        let mut config = busy(seed, per_day);
        config.machines.at_start = start;
        if !power {
            config.balance.as_mut().unwrap().settings.mode = crate::plan::BalanceMode::Balance;
        }
        let report = run(&config);
        agrees(&config, &report);
    }
}
