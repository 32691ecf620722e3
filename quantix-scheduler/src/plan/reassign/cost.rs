//! What an assignment costs and what it breaks, counted from nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Serialize;

use super::problem::ReassignProblem;

/// What an assignment costs, as the challenge counts, each part with its weight.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReassignCost {
    /// All parts together.
    pub total: i64,
    /// What is used above safety capacities.
    pub load: i64,
    /// What is left of one resource without enough of another.
    pub balance: i64,
    /// What the moved processes cost.
    pub process_moves: i64,
    /// The most moved processes of one service.
    pub service_moves: i64,
    /// What the ways between machines cost.
    pub machine_moves: i64,
    /// The constraints that do not hold, at most [`REASSIGN_VIOLATIONS_MAX`].
    pub violations: Vec<ReassignViolation>,
}

/// The most violations that are listed.
pub const REASSIGN_VIOLATIONS_MAX: usize = 1000;

/// A constraint that does not hold. All are numbered from nought, in the order of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "code")]
#[allow(missing_docs, reason = "each field is the number of what it names")]
pub enum ReassignViolation {
    /// The assignment is not as long as the list of processes, or names a machine that is not there.
    Assignment { process: usize },
    /// More is used than there is, counting both places of a moved process when it is transient.
    Capacity { machine: usize, resource: usize },
    /// Two processes of a service share a machine.
    Conflict { service: usize, machine: usize },
    /// A service is in too few locations.
    Spread { service: usize },
    /// A service runs in a neighbourhood without one that it needs.
    Dependency { service: usize, needs: usize, neighbourhood: usize },
}

impl fmt::Display for ReassignViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assignment { process } => write!(f, "process {process} has no machine"),
            Self::Capacity { machine, resource } => {
                write!(f, "machine {machine} has too little of resource {resource}")
            }
            Self::Conflict { service, machine } => {
                write!(f, "machine {machine} has two processes of service {service}")
            }
            Self::Spread { service } => write!(f, "service {service} is in too few locations"),
            Self::Dependency { service, needs, neighbourhood } => write!(
                f,
                "service {service} is in neighbourhood {neighbourhood} without service {needs}"
            ),
        }
    }
}

impl ReassignProblem {
    /// Counts the cost of an assignment and lists what it breaks, from nothing.
    ///
    /// The cost is nought when the assignment is not one of this problem.
    #[must_use]
    pub fn evaluate(&self, assignment: &[u32]) -> ReassignCost {
        let mut cost = ReassignCost::default();
        let odd = assignment.iter().position(|&machine| machine as usize >= self.machines);
        if odd.is_some() || assignment.len() != self.service.len() {
            let process = odd.unwrap_or_else(|| assignment.len().min(self.service.len()));
            cost.violations.push(ReassignViolation::Assignment { process });
            return cost;
        }
        self.machines_cost(assignment, &mut cost);
        self.moves_cost(assignment, &mut cost);
        self.services_hold(assignment, &mut cost.violations);
        cost.violations.truncate(REASSIGN_VIOLATIONS_MAX);
        cost.total =
            cost.load + cost.balance + cost.process_moves + cost.service_moves + cost.machine_moves;
        cost
    }

    fn machines_cost(&self, assignment: &[u32], cost: &mut ReassignCost) {
        let width = self.resources.len();
        let mut used = vec![0; self.capacity.len()];
        let mut taken = vec![0; self.capacity.len()];
        for (process, &machine) in assignment.iter().enumerate() {
            let origin = self.origin.get(process).copied().unwrap_or(machine);
            for (r, resource) in self.resources.iter().enumerate() {
                let amount = self.requirement[process * width + r];
                used[machine as usize * width + r] += amount;
                taken[machine as usize * width + r] += amount;
                if resource.transient && origin != machine {
                    taken[origin as usize * width + r] += amount;
                }
            }
        }
        for machine in 0..self.machines {
            let at = machine * width;
            for (r, resource) in self.resources.iter().enumerate() {
                if taken[at + r] > self.capacity[at + r] {
                    cost.violations.push(ReassignViolation::Capacity { machine, resource: r });
                }
                cost.load += resource.weight * (used[at + r] - self.safety[at + r]).max(0);
            }
            let left = |r: usize| self.capacity[at + r] - used[at + r];
            for b in &self.balances {
                cost.balance += b.weight * (b.target * left(b.first) - left(b.second)).max(0);
            }
        }
    }

    fn moves_cost(&self, assignment: &[u32], cost: &mut ReassignCost) {
        let mut moved = vec![0; self.services.len()];
        for (process, (&origin, &machine)) in self.origin.iter().zip(assignment).enumerate() {
            if origin != machine {
                moved[self.service[process] as usize] += 1;
                cost.process_moves += self.weight_process * self.move_cost[process];
            }
            let way = self.distance[origin as usize * self.machines + machine as usize];
            cost.machine_moves += self.weight_machine * i64::from(way);
        }
        cost.service_moves = self.weight_service * moved.into_iter().max().unwrap_or(0);
    }

    fn services_hold(&self, assignment: &[u32], broken: &mut Vec<ReassignViolation>) {
        let mut machines = vec![BTreeMap::<u32, u32>::new(); self.services.len()];
        for (&service, &machine) in self.service.iter().zip(assignment) {
            *machines[service as usize].entry(machine).or_default() += 1;
        }
        let places = |service: usize, of: &[u32]| -> BTreeSet<u32> {
            machines[service].keys().map(|&machine| of[machine as usize]).collect()
        };
        let areas: Vec<BTreeSet<u32>> =
            (0..self.services.len()).map(|s| places(s, &self.neighbourhood)).collect();
        for (service, wants) in self.services.iter().enumerate() {
            for (&machine, _) in machines[service].iter().filter(|(_, count)| **count > 1) {
                let machine = machine as usize;
                broken.push(ReassignViolation::Conflict { service, machine });
            }
            if places(service, &self.location).len() < wants.spread as usize {
                broken.push(ReassignViolation::Spread { service });
            }
            for &needs in &wants.needs {
                let needs = needs as usize;
                for &area in areas[service].difference(&areas[needs]) {
                    let neighbourhood = area as usize;
                    broken.push(ReassignViolation::Dependency { service, needs, neighbourhood });
                }
            }
        }
    }
}
