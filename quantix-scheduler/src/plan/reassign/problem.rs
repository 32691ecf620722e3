//! Machine reassignment problems in the text form of the ROADEF/EURO challenge 2012.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{Numbers, ReassignError};

/// The most resources of a problem.
pub const REASSIGN_RESOURCES_MAX: usize = 32;
/// The most machines of a problem.
pub const REASSIGN_MACHINES_MAX: usize = 10_000;
/// The most services of a problem.
pub const REASSIGN_SERVICES_MAX: usize = 200_000;
/// The most processes of a problem.
pub const REASSIGN_PROCESSES_MAX: usize = 200_000;
/// The most dependencies of all services together.
pub const REASSIGN_DEPENDENCIES_MAX: usize = 2_000_000;
/// The most balance costs of a problem.
pub const REASSIGN_BALANCES_MAX: usize = 32;
/// The most service and machine pairs of a problem; each takes up to nine bytes of memory.
pub const REASSIGN_PAIRS_MAX: usize = 1 << 28;
/// The largest capacity, requirement or move cost.
pub const REASSIGN_AMOUNT_MAX: u32 = 1 << 31;
/// The most that an assignment may cost in the worst case.
pub const REASSIGN_COST_MAX: u128 = 1 << 61;
/// The largest weight, and the largest target of a balance.
pub const REASSIGN_WEIGHT_MAX: u32 = 10_000;

/// Processes of services on machines, what they need, and what their places cost.
///
/// The text is a list of numbers, as the challenge's subject gives them: resources, machines with
/// their neighbourhood and location, services with spread and dependencies, processes, balance costs,
/// and the weights of the move costs.
///
/// ```
/// use quantix_scheduler::plan::ReassignProblem;
/// let problem = ReassignProblem::parse(
///     "1 0 10  2 0 0 8 4 0 1 0 1 8 4 1 0  2 0 0 0 0  2 0 3 5 1 4 9  0  1 1 1",
///     "0 0",
/// )?;
/// assert_eq!(problem.evaluate(problem.initial()).load, 30, "seven of four that are safe");
/// # Ok::<(), quantix_scheduler::plan::ReassignError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReassignProblem {
    pub(super) resources: Vec<Resource>,
    pub(super) machines: usize,
    pub(super) neighbourhood: Vec<u32>,
    pub(super) location: Vec<u32>,
    pub(super) neighbourhoods: usize,
    pub(super) locations: usize,
    /// By machine, then by resource.
    pub(super) capacity: Vec<i64>,
    pub(super) safety: Vec<i64>,
    /// By machine of origin, then by target.
    pub(super) distance: Vec<u32>,
    pub(super) services: Vec<Service>,
    /// The service of each process.
    pub(super) service: Vec<u32>,
    /// By process, then by resource.
    pub(super) requirement: Vec<i64>,
    pub(super) move_cost: Vec<i64>,
    pub(super) balances: Vec<Balance>,
    pub(super) weight_process: i64,
    pub(super) weight_service: i64,
    pub(super) weight_machine: i64,
    pub(super) origin: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// Whether a process that moves takes it on both machines.
    pub(super) transient: bool,
    pub(super) weight: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Service {
    /// The least locations that it must be in.
    pub(super) spread: u32,
    /// Services that must be in each of its neighbourhoods.
    pub(super) needs: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Balance {
    pub(super) first: usize,
    pub(super) second: usize,
    pub(super) target: i64,
    pub(super) weight: i64,
}

impl ReassignProblem {
    /// Reads a model and its initial assignment.
    ///
    /// # Errors
    /// When a text is too short, too long, holds something else than numbers, a number out of range,
    /// or more than one of the limits of this module; and when the initial assignment breaks a
    /// constraint, since no plan may begin there.
    pub fn parse(model: &str, assignment: &str) -> Result<Self, ReassignError> {
        let mut numbers = Numbers::new("model", model);
        let resources = numbers.count("number of resources", REASSIGN_RESOURCES_MAX)?;
        let resources = (0..resources)
            .map(|_| {
                Ok(Resource {
                    transient: numbers.next("transient flag", 1)? == 1,
                    weight: numbers.next("load weight", REASSIGN_WEIGHT_MAX)?.into(),
                })
            })
            .collect::<Result<Vec<_>, ReassignError>>()?;
        let mut problem = Self {
            resources,
            machines: 0,
            neighbourhood: Vec::new(),
            location: Vec::new(),
            neighbourhoods: 0,
            locations: 0,
            capacity: Vec::new(),
            safety: Vec::new(),
            distance: Vec::new(),
            services: Vec::new(),
            service: Vec::new(),
            requirement: Vec::new(),
            move_cost: Vec::new(),
            balances: Vec::new(),
            weight_process: 0,
            weight_service: 0,
            weight_machine: 0,
            origin: Vec::new(),
        };
        problem.read_machines(&mut numbers)?;
        problem.read_services(&mut numbers)?;
        problem.read_processes(&mut numbers)?;
        problem.read_costs(&mut numbers)?;
        numbers.end()?;
        if problem.most() > REASSIGN_COST_MAX {
            return Err(numbers.too_costly());
        }
        problem.origin = problem.assignment("assignment", assignment)?;
        match problem.evaluate(&problem.origin).violations.first() {
            None => Ok(problem),
            Some(violation) => Err(ReassignError::initial(violation)),
        }
    }

    /// More than any assignment costs, in any part of it.
    fn most(&self) -> u128 {
        let wide = |amount: i64| u128::from(amount.unsigned_abs());
        let width = self.resources.len();
        let sum = |amounts: &[i64], r: usize| -> u128 {
            amounts.iter().skip(r).step_by(width).map(|&amount| wide(amount)).sum()
        };
        let load = self.resources.iter().enumerate().map(|(r, resource)| {
            wide(resource.weight) * (sum(&self.requirement, r) + sum(&self.safety, r))
        });
        let all = |r| sum(&self.capacity, r) + sum(&self.requirement, r);
        let balance = self
            .balances
            .iter()
            .map(|b| wide(b.weight) * (wide(b.target).max(1) * (all(b.first) + all(b.second))));
        let processes = self.service.len() as u128;
        let farthest = self.distance.iter().max().map_or(0, |&most| u128::from(most));
        load.chain(balance).sum::<u128>()
            + wide(self.weight_process) * sum_of(&self.move_cost)
            + wide(self.weight_service) * processes
            + wide(self.weight_machine) * processes * farthest
    }

    /// Reads the machine of each process.
    ///
    /// # Errors
    /// When there are more or fewer numbers than processes, or one is no machine.
    pub fn assignment(&self, name: &'static str, text: &str) -> Result<Vec<u32>, ReassignError> {
        let mut numbers = Numbers::new(name, text);
        let assignment = (0..self.service.len())
            .map(|_| numbers.index("machine of a process", self.machines))
            .collect::<Result<_, _>>()?;
        numbers.end()?;
        Ok(assignment)
    }

    /// The machine of each process before any move.
    #[must_use]
    pub fn initial(&self) -> &[u32] {
        &self.origin
    }

    /// How many machines there are.
    #[must_use]
    pub fn machines(&self) -> usize {
        self.machines
    }

    /// How many processes there are.
    #[must_use]
    pub fn processes(&self) -> usize {
        self.service.len()
    }

    fn read_machines(&mut self, numbers: &mut Numbers<'_>) -> Result<(), ReassignError> {
        self.machines = numbers.count("number of machines", REASSIGN_MACHINES_MAX)?;
        for _ in 0..self.machines {
            self.neighbourhood.push(numbers.next("neighbourhood", REASSIGN_AMOUNT_MAX)?);
            self.location.push(numbers.next("location", REASSIGN_AMOUNT_MAX)?);
            for _ in 0..self.resources.len() {
                self.capacity.push(numbers.next("capacity", REASSIGN_AMOUNT_MAX)?.into());
            }
            for _ in 0..self.resources.len() {
                self.safety.push(numbers.next("safety capacity", REASSIGN_AMOUNT_MAX)?.into());
            }
            for _ in 0..self.machines {
                self.distance.push(numbers.next("machine move cost", REASSIGN_AMOUNT_MAX)?);
            }
        }
        self.neighbourhoods = places(&mut self.neighbourhood);
        self.locations = places(&mut self.location);
        Ok(())
    }

    fn read_services(&mut self, numbers: &mut Numbers<'_>) -> Result<(), ReassignError> {
        let services = numbers.count("number of services", REASSIGN_SERVICES_MAX)?;
        if services.saturating_mul(self.machines) > REASSIGN_PAIRS_MAX {
            return Err(numbers.too_many("service and machine pairs", REASSIGN_PAIRS_MAX));
        }
        let mut all = 0;
        for _ in 0..services {
            let spread = numbers.index("spread", self.machines + 1)?;
            let needs = numbers.count_or_none("number of dependencies", services)?;
            all += needs;
            if all > REASSIGN_DEPENDENCIES_MAX {
                return Err(numbers.too_many("dependencies", REASSIGN_DEPENDENCIES_MAX));
            }
            let mut needs = (0..needs)
                .map(|_| numbers.index("service", services))
                .collect::<Result<Vec<_>, _>>()?;
            needs.sort_unstable();
            needs.dedup();
            self.services.push(Service { spread, needs });
        }
        Ok(())
    }

    fn read_processes(&mut self, numbers: &mut Numbers<'_>) -> Result<(), ReassignError> {
        let processes = numbers.count("number of processes", REASSIGN_PROCESSES_MAX)?;
        for _ in 0..processes {
            self.service.push(numbers.index("service of a process", self.services.len())?);
            for _ in 0..self.resources.len() {
                self.requirement.push(numbers.next("requirement", REASSIGN_AMOUNT_MAX)?.into());
            }
            self.move_cost.push(numbers.next("process move cost", REASSIGN_AMOUNT_MAX)?.into());
        }
        Ok(())
    }

    fn read_costs(&mut self, numbers: &mut Numbers<'_>) -> Result<(), ReassignError> {
        let balances = numbers.count_or_none("number of balance costs", REASSIGN_BALANCES_MAX)?;
        for _ in 0..balances {
            self.balances.push(Balance {
                first: numbers.index("resource", self.resources.len())? as usize,
                second: numbers.index("resource", self.resources.len())? as usize,
                target: numbers.next("target of a balance", REASSIGN_WEIGHT_MAX)?.into(),
                weight: numbers.next("weight of a balance", REASSIGN_WEIGHT_MAX)?.into(),
            });
        }
        self.weight_process = numbers.next("weight of process moves", REASSIGN_WEIGHT_MAX)?.into();
        self.weight_service = numbers.next("weight of service moves", REASSIGN_WEIGHT_MAX)?.into();
        self.weight_machine = numbers.next("weight of machine moves", REASSIGN_WEIGHT_MAX)?.into();
        Ok(())
    }
}

fn sum_of(amounts: &[i64]) -> u128 {
    amounts.iter().map(|amount| u128::from(amount.unsigned_abs())).sum()
}

/// Numbers places from nought on, in their order, and tells how many there are.
fn places(places: &mut [u32]) -> usize {
    let distinct: BTreeSet<u32> = places.iter().copied().collect();
    let numbers: BTreeMap<u32, u32> = distinct.into_iter().zip(0..).collect();
    for place in places {
        *place = numbers.get(place).copied().unwrap_or_default();
    }
    numbers.len()
}
