//! `quantix plan reassign`.

use std::{fmt::Write as _, io::Write as _, path::PathBuf, time::Instant};

use clap::Args;
use quantix_scheduler::plan::{
    ReassignCost, ReassignPlan, ReassignProblem, ReassignRequest, SPENT_ALL, reassign,
};
use tempfile::NamedTempFile;

use crate::{
    failure::Failure,
    input,
    ui::{Answer, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix plan reassign model_a1_1.txt assignment_a1_1.txt --seconds 10
  quantix plan reassign model.txt assignment.txt --evaluations 1000000 --json
  quantix plan reassign model.txt assignment.txt -o solution.txt

Both files have the form of the ROADEF/EURO challenge 2012: a model of machines, services and
processes, and the machine of each process. The solution is written in the form of the assignment;
`-` is standard input. Exit code 1: nothing cheaper was found.")]
pub(crate) struct ReassignArgs {
    /// The model.
    model: PathBuf,
    /// The initial assignment.
    assignment: PathBuf,
    /// How long to search.
    #[arg(long, default_value_t = 60, conflicts_with = "evaluations")]
    seconds: u32,
    /// Search by count instead: the same plan on every processor.
    #[arg(long, value_name = "N")]
    evaluations: Option<u64>,
    /// Which of many searches.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to write the solution.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl ReassignArgs {
    pub(super) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (model, assignment) = (text(&self.model)?, text(&self.assignment)?);
        let problem = ReassignProblem::parse(&model, &assignment).map_err(|error| {
            let (model, assignment) = (self.model.display(), self.assignment.display());
            Failure::input(format!("{model} and {assignment} are no reassignment problem"))
                .because(error)
        })?;
        let Self { seed, seconds, evaluations, .. } = self;
        let request = ReassignRequest { seed, seconds, evaluations };
        let progress = ui.progress("searching");
        let start = Instant::now();
        let mut shown = 0;
        let plan = reassign(&problem, seed, &mut |done| {
            let spent = request.spent(done, start.elapsed());
            if spent / HUNDREDTH != shown {
                shown = spent / HUNDREDTH;
                progress.say(&format!("searching, {shown} %"));
            }
            spent
        });
        drop(progress);
        if let Some(path) = &self.output {
            write(path, &plan.solution())?;
        }
        ui.answer(&plan, human)?;
        Ok(Answer::yes_if(plan.after.total < plan.before.total))
    }
}

const HUNDREDTH: u32 = SPENT_ALL / 100;

fn text(path: &std::path::Path) -> Result<String, Failure> {
    String::from_utf8(input::read(path)?).map_err(|error| {
        Failure::input(format!("{} is not UTF-8 text", path.display())).because(error)
    })
}

/// The file appears under its name when it is whole.
fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    let failure = |error: std::io::Error| {
        Failure::environment(format!("cannot write {}", path.display())).because(error)
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => std::path::Path::new("."),
    };
    let mut file = NamedTempFile::new_in(folder).map_err(failure)?;
    file.write_all(text.as_bytes()).map_err(failure)?;
    file.persist(path).map_err(|error| failure(error.error))?;
    Ok(())
}

type Part = fn(&ReassignCost) -> i64;

fn human(plan: &ReassignPlan) -> String {
    let mut text = format!("{:<16}{:>20}{:>20}\n", "cost", "before", "after");
    let rows: [(&str, Part); 6] = [
        ("load", |cost| cost.load),
        ("balance", |cost| cost.balance),
        ("process moves", |cost| cost.process_moves),
        ("service moves", |cost| cost.service_moves),
        ("machine moves", |cost| cost.machine_moves),
        ("total", |cost| cost.total),
    ];
    for (name, cost) in rows {
        let _ = writeln!(text, "{name:<16}{:>20}{:>20}", cost(&plan.before), cost(&plan.after));
    }
    let (moves, all) = (plan.moves.len(), plan.assignment.len());
    let _ = writeln!(text, "\n{moves} of {all} processes move; {} evaluations", plan.evaluations);
    text
}
