//! A day of a fleet of 1,250 hosts and 20,000 machines, and how much faster than life it passes.

use std::{io::Write, time::Instant};

use quantix_scheduler::{FleetConfig, simulate_fleet};
use serde_json::json;

use crate::Outcome;

/// How often each fleet is run; the median counts.
const RUNS: usize = 3;

pub(crate) fn report(out: &mut impl Write) -> Outcome<()> {
    writeln!(
        out,
        "a day of 1,250 hosts, 20,000 machines and 5,000 arrivals; median of {RUNS} runs"
    )?;
    let balance = json!({"every_seconds": 3600});
    let power = json!({"every_seconds": 3600, "settings": {"mode": "save_power"}});
    let maintenance = json!({"batch": "rack", "work_seconds": 900});
    for (name, more) in [
        ("placement and failures", json!({})),
        ("and balance every hour", json!({"balance": balance})),
        ("and power saved every hour", json!({"balance": power})),
        (
            "balance, racks worked on, admission",
            json!({"balance": balance, "maintenance": maintenance, "ha": {"admission": {}}}),
        ),
    ] {
        let config: FleetConfig = serde_json::from_value(more)?;
        let mut times = Vec::with_capacity(RUNS);
        let mut told = String::new();
        for _ in 0..RUNS {
            let start = Instant::now();
            let report = simulate_fleet(&config, &mut |_, _| {})?;
            times.push(start.elapsed());
            told = format!(
                "{} moves, {} restarts, unmet {} ppm, {} kWh",
                report.moves.balance + report.moves.drain,
                report.ha.restarted,
                report.demand.unmet_ppm,
                report.power.watt_hours / 1000
            );
        }
        times.sort_unstable();
        let median = times[RUNS / 2];
        let faster = config.duration_seconds as f64 / median.as_secs_f64();
        writeln!(out, "{name:<38}{median:>9.2?}{faster:>9.0}x  {told}")?;
    }
    Ok(())
}
