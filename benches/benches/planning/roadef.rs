//! Machine reassignment: how far plans are from the best costs known.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use quantix_scheduler::plan::{ReassignProblem, ReassignRequest, reassign};

use crate::{Outcome, corpus};

/// Every instance of the corpus, with so many seconds of search after reading; the gap is what a plan
/// costs more than the best known, as a share of the initial cost.
pub(crate) fn report(out: &mut impl Write, seconds: u32, only: &[String]) -> Outcome<()> {
    let archive = corpus().join("scheduler/roadef2012_ab.tar.xz");
    if !archive.exists() {
        return Ok(writeln!(out, "corpus: absent ({})", archive.display())?);
    }
    let folder = tempfile::tempdir()?;
    let unpacked =
        Command::new("tar").arg("xf").arg(&archive).arg("-C").arg(folder.path()).status()?;
    if !unpacked.success() {
        return Err("tar cannot unpack the instances".into());
    }
    let folder = folder.path().join("roadef2012");
    let known = fs::read_to_string(folder.join("best_known.csv"))?;
    writeln!(out, "machine reassignment, {seconds} s on one core, seed 1")?;
    writeln!(
        out,
        "{:<8}{:>16}{:>16}{:>9}{:>10}{:>14}",
        "name", "cost", "best known", "gap %", "read", "M moves/s"
    )?;
    for set in ["A", "B"] {
        let mut gaps = Vec::new();
        for line in known.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let [name, initial, best] = fields[..] else { return Err("a line of three".into()) };
            let Some((model, assignment)) = texts(&folder, set, name) else { continue };
            if !only.is_empty() && !only.iter().any(|each| each == name) {
                continue;
            }
            let gap = one(out, name, [&model, &assignment], seconds, best.parse()?)?;
            gaps.push(gap / initial.parse::<f64>()?);
        }
        if !gaps.is_empty() {
            let mean = 100.0 * gaps.iter().sum::<f64>() / gaps.len() as f64;
            writeln!(out, "mean of {set} ({} instances): {mean:.3} %", gaps.len())?;
        }
    }
    Ok(())
}

fn texts(folder: &Path, set: &str, name: &str) -> Option<(PathBuf, PathBuf)> {
    let path = |what: &str| folder.join(set).join(format!("{what}_{name}.txt"));
    let (model, assignment) = (path("model"), path("assignment"));
    (model.exists() && assignment.exists()).then_some((model, assignment))
}

/// Solves one instance and returns what its plan costs above the best known.
fn one(
    out: &mut impl Write,
    name: &str,
    [model, assignment]: [&Path; 2],
    seconds: u32,
    best: i64,
) -> Outcome<f64> {
    let start = Instant::now();
    let problem =
        ReassignProblem::parse(&fs::read_to_string(model)?, &fs::read_to_string(assignment)?)?;
    let read = start.elapsed();
    let request = ReassignRequest { seconds, ..ReassignRequest::default() };
    let start = Instant::now();
    let plan = reassign(&problem, request.seed, &mut |done| request.spent(done, start.elapsed()));
    let gap = (plan.after.total - best) as f64;
    writeln!(
        out,
        "{name:<8}{:>16}{best:>16}{:>9.3}{:>10.1?}{:>14.2}",
        plan.after.total,
        100.0 * gap / plan.before.total as f64,
        Duration::from_micros(u64::try_from(read.as_micros())?),
        plan.evaluations as f64 / 1e6 / f64::from(seconds.max(1)),
    )?;
    out.flush()?;
    Ok(gap)
}
