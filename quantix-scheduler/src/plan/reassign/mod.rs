//! Machine reassignment: the problem of the ROADEF/EURO challenge 2012 with all its constraints.

mod anneal;
mod chance;
mod cost;
mod problem;
mod state;
#[cfg(test)]
mod tests;
mod text;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use cost::{REASSIGN_VIOLATIONS_MAX, ReassignCost, ReassignViolation};
pub use problem::{
    REASSIGN_AMOUNT_MAX, REASSIGN_BALANCES_MAX, REASSIGN_COST_MAX, REASSIGN_DEPENDENCIES_MAX,
    REASSIGN_MACHINES_MAX, REASSIGN_PAIRS_MAX, REASSIGN_PROCESSES_MAX, REASSIGN_RESOURCES_MAX,
    REASSIGN_SERVICES_MAX, REASSIGN_WEIGHT_MAX, ReassignProblem,
};
pub use text::ReassignError;

/// What a clock of [`reassign`] answers when the whole budget is spent: it counts in millionths.
pub const SPENT_ALL: u32 = 1_000_000;

/// How long to search, and from which seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReassignRequest {
    /// Which of many searches; the same seed with the same clock gives the same plan.
    pub seed: u64,
    /// The seconds to search.
    pub seconds: u32,
    /// The moves to evaluate, where a plan must not depend on how fast the processor is; `seconds`
    /// counts only when this is left out.
    pub evaluations: Option<u64>,
}

impl Default for ReassignRequest {
    fn default() -> Self {
        Self { seed: 1, seconds: 60, evaluations: None }
    }
}

impl ReassignRequest {
    /// How much of the budget is spent after so many evaluations and so much time, in millionths.
    #[must_use]
    pub fn spent(&self, evaluations: u64, elapsed: Duration) -> u32 {
        let (done, all) = match self.evaluations {
            Some(all) => (u128::from(evaluations), u128::from(all)),
            None => (elapsed.as_micros(), u128::from(self.seconds) * 1_000_000),
        };
        let spent = (done * u128::from(SPENT_ALL)).checked_div(all);
        spent.and_then(|spent| u32::try_from(spent).ok()).map_or(SPENT_ALL, |s| s.min(SPENT_ALL))
    }
}

/// Which process goes where; all numbers count from nought, in the order of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReassignMove {
    /// The process.
    pub process: u32,
    /// The machine of the initial assignment.
    pub from: u32,
    /// The machine of the plan.
    pub to: u32,
}

/// A better assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReassignPlan {
    /// What the initial assignment costs.
    pub before: ReassignCost,
    /// What the plan costs: never more.
    pub after: ReassignCost,
    /// The processes that move, by number.
    pub moves: Vec<ReassignMove>,
    /// The machine of each process.
    pub assignment: Vec<u32>,
    /// How many moves were evaluated.
    pub evaluations: u64,
}

impl ReassignPlan {
    /// The assignment as the challenge writes it: one line of machine numbers.
    #[must_use]
    pub fn solution(&self) -> String {
        let words: Vec<String> = self.assignment.iter().map(ToString::to_string).collect();
        words.join(" ") + "\n"
    }
}

/// Searches for an assignment that costs less and keeps to every constraint.
///
/// `clock` is told how many moves were evaluated, and answers how much of the budget is spent, in
/// millionths ([`SPENT_ALL`]); [`ReassignRequest::spent`] is such an answer. It is asked once for
/// each thousand of evaluations. Every assignment on the way holds all constraints; the plan is the
/// cheapest that was seen when the clock was asked.
///
/// ```
/// use std::time::Duration;
/// use quantix_scheduler::plan::{ReassignProblem, ReassignRequest, reassign};
/// let model = "1 0 10  2 0 0 8 4 0 1 0 1 8 4 1 0  2 0 0 0 0  2 0 3 5 1 4 9  0  1 1 1";
/// let problem = ReassignProblem::parse(model, "0 0")?;
/// let request = ReassignRequest { evaluations: Some(10_000), ..ReassignRequest::default() };
/// let plan = reassign(&problem, request.seed, &mut |done| request.spent(done, Duration::ZERO));
/// assert_eq!((plan.before.total, plan.after.total), (30, 7), "one move for three costs");
/// # Ok::<(), quantix_scheduler::plan::ReassignError>(())
/// ```
#[must_use]
pub fn reassign(
    problem: &ReassignProblem,
    seed: u64,
    clock: &mut dyn FnMut(u64) -> u32,
) -> ReassignPlan {
    let found = anneal::anneal(problem, seed, clock);
    let moves = (0u32..)
        .zip(problem.initial().iter().zip(&found.assignment))
        .filter(|(_, (from, to))| from != to)
        .map(|(process, (&from, &to))| ReassignMove { process, from, to })
        .collect();
    ReassignPlan {
        before: problem.evaluate(problem.initial()),
        after: problem.evaluate(&found.assignment),
        moves,
        assignment: found.assignment,
        evaluations: found.evaluations,
    }
}
