//! An assignment with everything that tells at once what a move does.

use super::problem::ReassignProblem;

/// A process that goes to a machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    pub(super) process: usize,
    pub(super) to: usize,
}

#[derive(Clone, Debug)]
pub(super) struct State<'p> {
    pub(super) problem: &'p ReassignProblem,
    width: usize,
    weights: Vec<i64>,
    /// Requirements by process and resource, and a process that needs nothing.
    requirement: Vec<i64>,
    /// The same without transient resources: what a process takes more where it came from.
    lasting: Vec<i64>,
    at: Vec<u32>,
    /// Capacity less what is taken, by machine and resource.
    room: Vec<i64>,
    /// Safety capacity less what is used.
    slack: Vec<i64>,
    /// Capacity less safety capacity.
    margin: Vec<i64>,
    /// The load and balance cost of each machine.
    cost_of: Vec<i64>,
    /// One bit for each service and machine: whether the service is there.
    present: Vec<u64>,
    /// Processes by service and location, by service and neighbourhood.
    in_location: Vec<u32>,
    locations: Vec<u32>,
    in_area: Vec<u32>,
    /// The services that need a service.
    needed_by: Vec<Vec<u32>>,
    /// The processes of each service.
    pub(super) of: Vec<Vec<u32>>,
    moved: Vec<u32>,
    /// How many services have moved so many processes.
    moved_counts: Vec<u32>,
    most_moved: usize,
    pub(super) total: i64,
}

impl<'p> State<'p> {
    /// The state before any move.
    pub(super) fn new(problem: &'p ReassignProblem) -> Self {
        let width = problem.resources.len();
        let services = problem.services.len();
        let mut needed_by = vec![Vec::new(); services];
        for (service, wants) in (0u32..).zip(&problem.services) {
            for &needs in &wants.needs {
                needed_by[needs as usize].push(service);
            }
        }
        let mut of = vec![Vec::new(); services];
        for (process, &service) in (0u32..).zip(&problem.service) {
            of[service as usize].push(process);
        }
        let mut requirement = problem.requirement.clone();
        requirement.extend(std::iter::repeat_n(0, width));
        let mut lasting = requirement.clone();
        for amounts in lasting.chunks_exact_mut(width) {
            for (amount, resource) in amounts.iter_mut().zip(&problem.resources) {
                if resource.transient {
                    *amount = 0;
                }
            }
        }
        let mut moved_counts = vec![0; problem.service.len() + 2];
        moved_counts[0] = u32::try_from(services).unwrap_or(u32::MAX);
        let mut state = Self {
            problem,
            width,
            weights: problem.resources.iter().map(|resource| resource.weight).collect(),
            requirement,
            lasting,
            at: problem.origin.clone(),
            room: problem.capacity.clone(),
            slack: problem.safety.clone(),
            margin: problem.capacity.iter().zip(&problem.safety).map(|(c, s)| c - s).collect(),
            cost_of: vec![0; problem.machines],
            present: vec![0; (services * problem.machines).div_ceil(64)],
            in_location: vec![0; services * problem.locations],
            locations: vec![0; services],
            in_area: vec![0; services * problem.neighbourhoods],
            needed_by,
            of,
            moved: vec![0; services],
            moved_counts,
            most_moved: 0,
            total: 0,
        };
        for process in 0..problem.service.len() {
            let machine = state.at[process] as usize;
            state.enter(process, machine);
            let own = state.width * process;
            for r in 0..state.width {
                state.room[machine * width + r] -= problem.requirement[own + r];
                state.slack[machine * width + r] -= problem.requirement[own + r];
            }
        }
        for machine in 0..problem.machines {
            state.count_machine(machine);
        }
        state.total = state.cost_of.iter().sum();
        for &machine in &problem.origin {
            let way = problem.distance[machine as usize * (problem.machines + 1)];
            state.total += problem.weight_machine * i64::from(way);
        }
        state
    }

    /// The machine of each process.
    pub(super) fn assignment(&self) -> &[u32] {
        &self.at
    }

    /// Where a process is.
    pub(super) fn at(&self, process: usize) -> usize {
        self.at[process] as usize
    }

    /// The process that needs nothing.
    fn nobody(&self) -> usize {
        self.problem.service.len()
    }

    fn amounts(&self, process: usize) -> &[i64] {
        &self.requirement[process * self.width..][..self.width]
    }

    /// What a process takes of a machine when it comes, and leaves when it goes.
    #[inline]
    fn taken(&self, process: usize, machine: usize) -> &[i64] {
        let home = self.problem.origin.get(process).is_some_and(|&home| home as usize == machine);
        let of = if home { &self.lasting } else { &self.requirement };
        &of[process * self.width..][..self.width]
    }

    /// The cost of a machine after one process has come and one has gone.
    #[inline]
    fn machine_cost(&self, machine: usize, comes: usize, goes: usize) -> i64 {
        let (more, less) = (self.amounts(comes), self.amounts(goes));
        let slack = &self.slack[machine * self.width..][..self.width];
        let mut cost = 0;
        for (((slack, more), less), weight) in slack.iter().zip(more).zip(less).zip(&self.weights) {
            cost += weight * (more - less - slack).max(0);
        }
        if !self.problem.balances.is_empty() {
            let margin = &self.margin[machine * self.width..][..self.width];
            for b in &self.problem.balances {
                let left = |r: usize| slack[r] + margin[r] + less[r] - more[r];
                cost += b.weight * (b.target * left(b.first) - left(b.second)).max(0);
            }
        }
        cost
    }

    #[inline]
    fn has(&self, service: usize, machine: usize) -> bool {
        let bit = service * self.problem.machines + machine;
        self.present[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// Whether spread and dependencies hold when a process goes elsewhere.
    #[inline]
    fn service_may(&self, service: usize, from: usize, to: usize) -> bool {
        let problem = self.problem;
        let (old, new) = (problem.location[from] as usize, problem.location[to] as usize);
        if old != new {
            let of = &self.in_location[service * problem.locations..][..problem.locations];
            if of[old] == 1
                && of[new] > 0
                && self.locations[service] <= problem.services[service].spread
            {
                return false;
            }
        }
        let (old, new) = (problem.neighbourhood[from] as usize, problem.neighbourhood[to] as usize);
        if old != new {
            let areas = problem.neighbourhoods;
            let count = |service: usize, area: usize| self.in_area[service * areas + area];
            if count(service, old) == 1
                && self.needed_by[service]
                    .iter()
                    .any(|&other| other as usize != service && count(other as usize, old) > 0)
            {
                return false;
            }
            if count(service, new) == 0
                && problem.services[service]
                    .needs
                    .iter()
                    .any(|&other| other as usize != service && count(other as usize, new) == 0)
            {
                return false;
            }
        }
        true
    }

    /// Whether no constraint breaks when a process goes to a machine where it is not.
    #[inline]
    pub(super) fn shift_may(&self, Shift { process, to }: Shift) -> bool {
        if !self.fits(process, self.nobody(), to) {
            return false;
        }
        let service = self.problem.service[process] as usize;
        !self.has(service, to) && self.service_may(service, self.at[process] as usize, to)
    }

    /// What a shift adds to the total cost.
    #[inline]
    pub(super) fn shift_delta(&self, Shift { process, to }: Shift) -> i64 {
        let from = self.at[process] as usize;
        self.machine_cost(from, self.nobody(), process) - self.cost_of[from]
            + self.machine_cost(to, process, self.nobody())
            - self.cost_of[to]
            + self.move_delta(process, to)
            + self.service_delta(&[Shift { process, to }])
    }

    /// Whether no constraint breaks when two processes of different machines change places.
    ///
    /// It also says no to some changes of places between services of which one needs the other.
    #[inline]
    pub(super) fn swap_may(&self, p: usize, q: usize) -> bool {
        let (a, b) = (self.at[p] as usize, self.at[q] as usize);
        if !self.fits(p, q, b) || !self.fits(q, p, a) {
            return false;
        }
        let (s, t) = (self.problem.service[p] as usize, self.problem.service[q] as usize);
        if s == t {
            return true;
        }
        if self.has(s, b) || self.has(t, a) {
            return false;
        }
        let apart = self.problem.neighbourhood[a] != self.problem.neighbourhood[b];
        if apart && (self.needs(s, t) || self.needs(t, s)) {
            return false;
        }
        self.service_may(s, a, b) && self.service_may(t, b, a)
    }

    fn needs(&self, service: usize, other: usize) -> bool {
        let other = u32::try_from(other).unwrap_or(u32::MAX);
        self.problem.services[service].needs.binary_search(&other).is_ok()
    }

    /// Whether a process has room on a machine that another leaves.
    #[inline]
    fn fits(&self, comes: usize, goes: usize, machine: usize) -> bool {
        let room = &self.room[machine * self.width..][..self.width];
        let (take, free) = (self.taken(comes, machine), self.taken(goes, machine));
        !take.iter().zip(free).zip(room).any(|((take, free), room)| take - free > *room)
    }

    /// What a swap adds to the total cost.
    #[inline]
    pub(super) fn swap_delta(&self, p: usize, q: usize) -> i64 {
        let (a, b) = (self.at[p] as usize, self.at[q] as usize);
        self.machine_cost(a, q, p) - self.cost_of[a] + self.machine_cost(b, p, q) - self.cost_of[b]
            + self.move_delta(p, b)
            + self.move_delta(q, a)
            + self.service_delta(&[Shift { process: p, to: b }, Shift { process: q, to: a }])
    }

    #[inline]
    fn move_delta(&self, process: usize, to: usize) -> i64 {
        let problem = self.problem;
        let (from, home) = (self.at[process], problem.origin[process] as usize);
        let row = &problem.distance[home * problem.machines..][..problem.machines];
        let ways = i64::from(row[to]) - i64::from(row[from as usize]);
        let moved = i64::from(to != home) - i64::from(from as usize != home);
        problem.weight_machine * ways + problem.weight_process * moved * problem.move_cost[process]
    }

    /// What shifts of one or two processes add to the cost of the most moved service.
    #[inline]
    fn service_delta(&self, shifts: &[Shift]) -> i64 {
        let change = |shift: &Shift| {
            let home = self.problem.origin[shift.process] as usize;
            i64::from(shift.to != home) - i64::from(self.at[shift.process] as usize != home)
        };
        let service = |shift: &Shift| self.problem.service[shift.process] as usize;
        let mut changes = [(0, 0); 2];
        match shifts {
            [one] => changes[0] = (service(one), change(one)),
            [one, two] if service(one) == service(two) => {
                changes[0] = (service(one), change(one) + change(two));
            }
            [one, two] => {
                changes = [(service(one), change(one)), (service(two), change(two))];
            }
            _ => {}
        }
        if changes[0].1 == 0 && changes[1].1 == 0 {
            return 0;
        }
        let mut at_most = i64::from(self.moved_counts[self.most_moved]);
        let most = self.most_moved as i64;
        let mut above = most;
        for (service, change) in changes.into_iter().filter(|(_, change)| *change != 0) {
            let before = i64::from(self.moved[service]);
            at_most += i64::from(before + change == most) - i64::from(before == most);
            above = above.max(before + change);
        }
        if above == most && at_most == 0 {
            // Nothing else is known between: each lost at most two.
            let next = changes.iter().filter(|(_, change)| *change != 0);
            let next = next.map(|(s, change)| i64::from(self.moved[*s]) + change).max();
            let below = (0..self.most_moved).rev().find(|&n| self.moved_counts[n] > 0);
            above = next.unwrap_or(0).max(below.unwrap_or(0) as i64).min(most);
        }
        self.problem.weight_service * (above - most)
    }

    /// Carries a shift out whose cost is known.
    pub(super) fn shift(&mut self, Shift { process, to }: Shift, delta: i64) {
        let from = self.at[process] as usize;
        self.leave(process, from);
        self.at[process] = u32::try_from(to).unwrap_or(u32::MAX);
        self.enter(process, to);
        let width = self.width;
        let home = self.problem.origin[process] as usize;
        for r in 0..width {
            let amount = self.problem.requirement[process * width + r];
            let lasting = self.lasting[process * width + r];
            self.slack[from * width + r] += amount;
            self.slack[to * width + r] -= amount;
            self.room[from * width + r] += if from == home { lasting } else { amount };
            self.room[to * width + r] -= if to == home { lasting } else { amount };
        }
        self.count_machine(from);
        self.count_machine(to);
        self.count_moved(process, from, to);
        self.total += delta;
    }

    fn count_machine(&mut self, machine: usize) {
        self.cost_of[machine] = self.machine_cost(machine, self.nobody(), self.nobody());
    }

    /// Lets two processes change places.
    pub(super) fn swap(&mut self, p: usize, q: usize, delta: i64) {
        let (a, b) = (self.at[p] as usize, self.at[q] as usize);
        self.shift(Shift { process: p, to: b }, 0);
        self.shift(Shift { process: q, to: a }, delta);
        if self.problem.service[p] == self.problem.service[q] {
            let bit = self.problem.service[p] as usize * self.problem.machines + b;
            self.present[bit / 64] |= 1 << (bit % 64);
        }
    }

    fn count_moved(&mut self, process: usize, from: usize, to: usize) {
        let home = self.problem.origin[process] as usize;
        let moved = &mut self.moved[self.problem.service[process] as usize];
        let before = *moved as usize;
        if from == home && to != home {
            *moved += 1;
        } else if from != home && to == home {
            *moved -= 1;
        }
        let after = *moved as usize;
        self.moved_counts[before] -= 1;
        self.moved_counts[after] += 1;
        self.most_moved = self.most_moved.max(after);
        while self.most_moved > 0 && self.moved_counts[self.most_moved] == 0 {
            self.most_moved -= 1;
        }
    }

    fn leave(&mut self, process: usize, machine: usize) {
        let problem = self.problem;
        let service = problem.service[process] as usize;
        let bit = service * problem.machines + machine;
        self.present[bit / 64] &= !(1 << (bit % 64));
        self.in_area[service * problem.neighbourhoods + problem.neighbourhood[machine] as usize] -=
            1;
        let count =
            &mut self.in_location[service * problem.locations + problem.location[machine] as usize];
        *count -= 1;
        if *count == 0 {
            self.locations[service] -= 1;
        }
    }

    fn enter(&mut self, process: usize, machine: usize) {
        let problem = self.problem;
        let service = problem.service[process] as usize;
        let bit = service * problem.machines + machine;
        self.present[bit / 64] |= 1 << (bit % 64);
        self.in_area[service * problem.neighbourhoods + problem.neighbourhood[machine] as usize] +=
            1;
        let count =
            &mut self.in_location[service * problem.locations + problem.location[machine] as usize];
        *count += 1;
        if *count == 1 {
            self.locations[service] += 1;
        }
    }
}
