//! Planners at the size of a large cluster, and balance under real demand.
//!
//! `./dev bench planning`: 1,000 hosts in 25 racks with 30,000 machines: how long reading, the exact
//! N+1 check, the failover of a rack and a balance plan take. Then, where the corpus is, every
//! PlanetLab day on 13 hosts at 78 % load: how much demand stays unmet without a policy, with a
//! simple cost/benefit rule and with the balance planner, and what each moves.
//!
//! `./dev bench planning roadef [SECONDS [NAME...]]`: how far machine reassignment is from the best
//! costs known, for every instance of the corpus or those named; a minute each unless told.

mod fleet;
mod planetlab;
mod roadef;
mod simulate;

use std::{
    error::Error,
    io::Write as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use quantix_scheduler::{
    Policy,
    plan::{AdmissionRequest, BalanceRequest, DrainRequest, FailoverRequest, Planner},
};
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// How often each planner runs; the median counts.
const RUNS: usize = 5;

fn main() -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    if std::env::args().any(|argument| argument == "simulate") {
        return simulate::report(&mut out);
    }
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [first, rest @ ..] = &args[..]
        && first == "roadef"
    {
        let seconds = rest.first().map_or(Ok(60), |seconds| seconds.parse())?;
        return roadef::report(&mut out, seconds, rest.get(1..).unwrap_or_default());
    }
    writeln!(out, "1,000 hosts, 30,000 machines; median of {RUNS} runs")?;
    let cluster = fleet::cluster(1_000, 30)?;
    let policy = Policy::default();
    let start = Instant::now();
    let mut planner = Planner::new(&cluster, &policy)?;
    writeln!(out, "{:<34}{:>10.1?}", "reading the cluster", start.elapsed())?;
    let admission = median(|| {
        let report = planner.admission(&AdmissionRequest::default())?;
        Ok(format!("{} sets, admitted {}", report.sets_tried, report.admitted))
    })?;
    row(&mut out, "exact N+1 admission", &admission)?;
    let request: FailoverRequest = serde_json::from_value(json!({"racks": ["rack-07"]}))?;
    let failover = median(|| {
        let plan = planner.failover(&request)?;
        Ok(format!("{} restarts, {} left", plan.moves.len(), plan.blocked.len()))
    })?;
    row(&mut out, "failover of a rack of 40", &failover)?;
    let request: BalanceRequest = fleet::demand(&cluster)?;
    let balance = median(|| {
        let plan = planner.balance(&request)?;
        Ok(format!(
            "{} moves, objective {} to {}, {:?}",
            plan.moves.len(),
            plan.objective_before,
            plan.objective_after,
            plan.stopped
        ))
    })?;
    row(&mut out, "balance", &balance)?;
    let request: DrainRequest = serde_json::from_value(json!({"racks": ["rack-07"]}))?;
    let drain = median(|| {
        let plan = quantix_scheduler::plan::drain(&cluster, &request, &policy)?;
        Ok(format!("{} moves in {} steps", plan.moves.len(), plan.stages[0].steps))
    })?;
    row(&mut out, "drain of a rack, with reading", &drain)?;
    planetlab::report(&mut out)
}

/// Where the data lies that is not in the tree.
fn corpus() -> PathBuf {
    std::env::var_os("QUANTIX_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    )
}

fn row(out: &mut impl std::io::Write, name: &str, result: &(Duration, String)) -> Outcome<()> {
    Ok(writeln!(out, "{name:<34}{:>10.1?}  {}", result.0, result.1)?)
}

fn median(mut run: impl FnMut() -> Outcome<String>) -> Outcome<(Duration, String)> {
    let mut times = Vec::with_capacity(RUNS);
    let mut told = String::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        told = run()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok((times[RUNS / 2], told))
}
