//! Plans on their way: balance and maintenance, step by step.

use std::collections::{BTreeMap, VecDeque};

use super::{
    config::{Batch, MaintenanceConfig},
    population::Population,
    run::{Event, Run},
    world::{HostState, Stay},
};
use crate::{
    place::PlaceError,
    plan::{self, Automation, PlannedMove},
    snapshot::small,
};

/// A plan that is being carried out.
#[derive(Debug)]
pub(super) struct Flight {
    number: u64,
    steps: VecDeque<Vec<PlannedMove>>,
    /// Machines that move in the present step.
    moving: Vec<u32>,
    goal: Goal,
}

#[derive(Clone, Debug)]
pub(super) enum Goal {
    /// Machines get what they use; these hosts then stand by.
    Balance(Vec<u32>),
    /// These hosts are then worked on; how often they were tried to be emptied.
    Work(Vec<u32>, u32),
}

/// How often a batch is planned anew when something came in between.
const TRIES_MAX: u32 = 3;

impl Run<'_> {
    fn take_off(
        &mut self,
        moves: Vec<PlannedMove>,
        goal: Goal,
        begins: u64,
    ) -> Result<(), PlaceError> {
        let mut steps: BTreeMap<(u32, u32), Vec<PlannedMove>> = BTreeMap::new();
        for each in moves {
            steps.entry((each.stage, each.step)).or_default().push(each);
        }
        self.flights += 1;
        let number = self.flights;
        let steps = steps.into_values().collect();
        self.flight = Some(Flight { number, steps, moving: Vec::new(), goal });
        if begins <= self.now {
            return self.step(number);
        }
        self.at(begins, Event::Step(number));
        Ok(())
    }

    /// Ends the step that is done and begins the next; after the last, the goal is reached or not.
    pub(super) fn step(&mut self, number: u64) -> Result<(), PlaceError> {
        let Some(mut flight) = self.flight.take_if(|flight| flight.number == number) else {
            return Ok(());
        };
        for row in flight.moving.drain(..) {
            self.world.end_move(row, true);
        }
        while let Some(step) = flight.steps.pop_front() {
            let mut longest = 0;
            for each in step {
                if let Some(row) = self.begin(&each, &flight.goal) {
                    flight.moving.push(row);
                    longest = longest.max(each.cost.millis.max(1));
                }
            }
            if !flight.moving.is_empty() {
                self.at(self.now.saturating_add(longest), Event::Step(number));
                self.flight = Some(flight);
                return Ok(());
            }
        }
        self.land(flight.goal)
    }

    fn begin(&mut self, each: &PlannedMove, goal: &Goal) -> Option<u32> {
        let row = Population::row(&each.vm)?;
        let (from, to) = (self.world.host_row(&each.from)?, self.world.host_row(&each.to)?);
        if !self.world.begin_move(row, from, to) {
            self.world.report.moves.dropped += 1;
            return None;
        }
        let moves = &mut self.world.report.moves;
        match goal {
            Goal::Balance(_) => moves.balance += 1,
            Goal::Work(..) => moves.drain += 1,
        }
        moves.copied_mib = moves.copied_mib.saturating_add(each.cost.copied_mib);
        moves.downtime_ms = moves.downtime_ms.saturating_add(each.cost.downtime_ms);
        Some(row)
    }

    fn land(&mut self, goal: Goal) -> Result<(), PlaceError> {
        match goal {
            Goal::Balance(hosts) => {
                for host in hosts {
                    let entry = &self.world.hosts[host as usize];
                    let empty = entry.machines.is_empty();
                    if entry.state == HostState::Draining {
                        let state = if empty { HostState::StandBy } else { HostState::Ready };
                        self.world.set_host(host, state);
                    }
                }
                self.maintain()
            }
            Goal::Work(hosts, tries) => self.begin_work(hosts, tries),
        }
    }

    /// Works on hosts that are empty; of a batch that is not, the rest is planned anew.
    fn begin_work(&mut self, hosts: Vec<u32>, tries: u32) -> Result<(), PlaceError> {
        let all = hosts.len();
        // The others failed meanwhile.
        let draining = |host: &u32| self.world.hosts[*host as usize].state == HostState::Draining;
        let hosts: Vec<u32> = hosts.into_iter().filter(draining).collect();
        self.world.report.maintenance.hosts_blocked += (all - hosts.len()) as u64;
        let full = |host: &u32| !self.world.hosts[*host as usize].machines.is_empty();
        if tries < TRIES_MAX && hosts.iter().any(full) {
            return self.drain(hosts, tries + 1);
        }
        for host in hosts {
            if self.world.hosts[host as usize].machines.is_empty() {
                self.world.set_host(host, HostState::Working);
                self.in_work.push(host);
            } else {
                self.world.set_host(host, HostState::Ready);
                self.world.report.maintenance.hosts_blocked += 1;
            }
        }
        let pause = match (&self.config.maintenance, self.in_work.is_empty()) {
            (Some(maintenance), false) => {
                self.at(self.now + maintenance.work_seconds * 1000, Event::WorkDone);
                return Ok(());
            }
            _ => self.config.sample_seconds,
        };
        self.at(self.now + pause * 1000, Event::Maintain);
        Ok(())
    }

    /// Plans a balance from what machines used, and begins it.
    pub(super) fn balance(&mut self) -> Result<(), PlaceError> {
        let Some(balance) = &self.config.balance else { return Ok(()) };
        self.at(self.now + balance.every_seconds * 1000, Event::Balance);
        if self.flight.is_some() {
            self.world.report.moves.balance_postponed += 1;
            return Ok(());
        }
        let mut request = balance.settings.clone();
        let sample_ms = self.config.sample_seconds * 1000;
        let last = self.now / sample_ms;
        for (row, life) in (0..).zip(&self.world.lives) {
            let Stay::On(_) = life.stay else { continue };
            let machine = &self.world.population.machines[row as usize];
            if !life.up {
                request.overrides.insert(machine.vm.id.clone(), Automation::Disabled);
                continue;
            }
            let first = (last + 1).saturating_sub(request.window.into());
            let first = first.max(machine.arrives.div_ceil(sample_ms)).min(last);
            let used = (first..=last).map(|sample| self.world.population.demand(row, sample));
            request.history.cpu_milli.insert(machine.vm.id.clone(), used.collect());
            if let Some(moved) = life.moved_at {
                let ago = (self.now - moved) / 1000;
                request.moved_seconds_ago.insert(machine.vm.id.clone(), ago);
            }
        }
        let standing = |host: &u32| self.world.hosts[*host as usize].state == HostState::StandBy;
        let standing: Vec<u32> = (0..small(self.world.hosts.len())).filter(standing).collect();
        request.stand_by = standing.iter().map(|&host| self.world.host_key(host).clone()).collect();
        let plan = plan::balance(&self.world.cluster(), &request, &self.config.policy)?;
        self.world.report.moves.balance_plans += 1;
        let confirmed = |each: &PlannedMove| balance.confirm || each.automatic == Some(true);
        let moves: Vec<PlannedMove> = plan.moves.into_iter().filter(confirmed).collect();
        let switches = balance.confirm || request.automation == Automation::Full;
        let mut asleep = Vec::new();
        for id in plan.stand_by.iter().filter(|_| switches) {
            let host = self.world.host_row(id);
            let ready = |host: &u32| self.world.hosts[*host as usize].state == HostState::Ready;
            if let Some(host) = host.filter(ready) {
                self.world.set_host(host, HostState::Draining);
                asleep.push(host);
            }
        }
        let mut begins = self.now;
        for id in plan.wake.iter().filter(|_| switches) {
            if let Some(host) = self.world.host_row(id) {
                self.wake(host);
                begins = self.now + balance.wake_seconds * 1000;
            }
        }
        self.take_off(moves, Goal::Balance(asleep), begins)
    }

    fn wake(&mut self, host: u32) {
        let Some(balance) = &self.config.balance else { return };
        if self.world.hosts[host as usize].state == HostState::StandBy {
            self.world.set_host(host, HostState::Waking);
            self.at(self.now + balance.wake_seconds * 1000, Event::Awake(host));
        }
    }

    /// Wakes a host for machines that wait, unless enough wake already.
    pub(super) fn wake_one(&mut self) {
        let count = |state| self.world.hosts.iter().filter(|host| host.state == state).count();
        if count(HostState::Waking) >= self.waiting.len() {
            return;
        }
        let standing =
            |host: &crate::simulate::fleet::world::Host| host.state == HostState::StandBy;
        if let Some(host) = self.world.hosts.iter().position(standing) {
            self.wake(small(host));
        }
    }

    pub(super) fn awake(&mut self, host: u32) {
        if self.world.hosts[host as usize].state == HostState::Waking {
            self.world.set_host(host, HostState::Ready);
            self.retry();
        }
    }

    /// What is worked on, in order.
    pub(super) fn batches_of(&self, maintenance: &MaintenanceConfig) -> VecDeque<Vec<u32>> {
        let hosts = 0..small(self.world.hosts.len());
        let all: Vec<Vec<u32>> = match maintenance.batch {
            Batch::Host => hosts.map(|host| vec![host]).collect(),
            Batch::Rack => self.world.racks.clone(),
        };
        let count = maintenance.batches.map_or(all.len(), |count| count as usize);
        all.into_iter().take(count).collect()
    }

    /// Empties the next batch, unless machines move or hosts are worked on already.
    pub(super) fn maintain(&mut self) -> Result<(), PlaceError> {
        let Some(maintenance) = &self.config.maintenance else { return Ok(()) };
        let started = self.now >= maintenance.start_seconds * 1000;
        if !started || self.flight.is_some() || !self.in_work.is_empty() {
            return Ok(());
        }
        let Some(batch) = self.batches.pop_front() else { return Ok(()) };
        let mut hosts = Vec::new();
        for host in batch {
            match self.world.hosts[host as usize].state {
                HostState::Ready | HostState::StandBy => hosts.push(host),
                _ => self.world.report.maintenance.hosts_blocked += 1,
            }
        }
        if hosts.is_empty() {
            self.at(self.now + 1, Event::Maintain);
            return Ok(());
        }
        self.drain(hosts, 1)
    }

    /// Plans how hosts get empty, and begins; they stay ready where that cannot be.
    fn drain(&mut self, hosts: Vec<u32>, tries: u32) -> Result<(), PlaceError> {
        let Some(maintenance) = &self.config.maintenance else { return Ok(()) };
        let mut request = maintenance.settings.clone();
        request.nodes = hosts.iter().map(|&host| self.world.host_key(host).clone()).collect();
        let plan = plan::drain(&self.world.cluster(), &request, &self.config.policy)?;
        let world = &self.world;
        let machines = hosts.iter().flat_map(|&host| &world.hosts[host as usize].machines);
        let all_up = machines.into_iter().all(|&row| world.lives[row as usize].up);
        if plan.complete && all_up {
            for &host in &hosts {
                if self.world.hosts[host as usize].state != HostState::Draining {
                    self.world.set_host(host, HostState::Draining);
                }
            }
            return self.take_off(plan.moves, Goal::Work(hosts, tries), self.now);
        }
        for &host in &hosts {
            if self.world.hosts[host as usize].state == HostState::Draining {
                self.world.set_host(host, HostState::Ready);
            }
        }
        self.world.report.maintenance.hosts_blocked += hosts.len() as u64;
        self.at(self.now + self.config.sample_seconds * 1000, Event::Maintain);
        Ok(())
    }

    pub(super) fn work_done(&mut self) {
        for host in std::mem::take(&mut self.in_work) {
            self.world.set_host(host, HostState::Ready);
            self.world.report.maintenance.hosts_done += 1;
        }
        self.retry();
        if !self.batches.is_empty() {
            self.at(self.now + 1, Event::Maintain);
        }
    }
}
