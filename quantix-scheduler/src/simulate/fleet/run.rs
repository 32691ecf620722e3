//! The course of a simulation: what happens next, until the time is over.

use std::collections::{BTreeSet, VecDeque};

use quantix_core::cluster::Cluster;

use super::{
    chance::{Chance, For},
    config::FleetConfig,
    flight::Flight,
    samples::Samples,
    totals::{FleetEvent, FleetReport},
    world::{HostState, Stay, World},
};
use crate::{place::PlaceError, plan, snapshot::small};

/// What happens at a time; of what happens at the same time, the earlier variants come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Depart(u32),
    GiveUp(u32),
    /// A host is repaired, after so many failures.
    Repaired(u32, u32),
    Awake(u32),
    WorkDone,
    /// A flight begins its next step, or is over.
    Step(u64),
    /// A machine in an incarnation runs.
    Started(u32, u32),
    /// A host fails for so many milliseconds.
    Fail(u32, u64),
    /// A rack does, at its n-th time.
    FailRack(u32, u64),
    /// It is noticed that a host is down, after so many failures.
    Notice(u32, u32),
    /// Machines arrive before what follows.
    Balance,
    Maintain,
    Admission,
    /// The last of a moment, so that it sees all of it.
    Sample(u64),
}

pub(super) struct Run<'a> {
    pub(super) config: &'a FleetConfig,
    pub(super) world: World,
    pub(super) now: u64,
    pub(super) end: u64,
    events: BTreeSet<(u64, Event)>,
    arrived: usize,
    /// Machines without a host, in order of arrival.
    pub(super) waiting: VecDeque<u32>,
    pub(super) flight: Option<Flight>,
    pub(super) flights: u64,
    /// Batches of hosts to work on.
    pub(super) batches: VecDeque<Vec<u32>>,
    pub(super) in_work: Vec<u32>,
    /// Machines that are lost may find room later.
    pub(super) lost_waiting: bool,
    pub(super) samples: Samples,
}

impl<'a> Run<'a> {
    pub(super) fn new(config: &'a FleetConfig) -> Result<Self, PlaceError> {
        let mut run = Self {
            config,
            world: World::new(config)?,
            now: 0,
            end: config.duration_seconds * 1000,
            events: BTreeSet::new(),
            arrived: 0,
            waiting: VecDeque::new(),
            flight: None,
            flights: 0,
            batches: VecDeque::new(),
            in_work: Vec::new(),
            lost_waiting: false,
            samples: Samples::new(config),
        };
        run.settings()?;
        run.plan_failures()?;
        run.at(0, Event::Sample(0));
        if let Some(balance) = &config.balance {
            run.at(balance.every_seconds * 1000, Event::Balance);
        }
        if let Some(maintenance) = &config.maintenance {
            run.batches = run.batches_of(maintenance);
            run.at(maintenance.start_seconds * 1000, Event::Maintain);
        }
        if config.ha.admission.is_some() {
            run.at(config.ha.admission_every_seconds * 1000, Event::Admission);
        }
        Ok(run)
    }

    /// Asks every planner once with its settings, so that what is wrong with them is said at once.
    fn settings(&self) -> Result<(), PlaceError> {
        let config = self.config;
        let nodes = self.world.cluster().nodes.into_iter().take(1).collect();
        let one = Cluster { nodes, ..Cluster::default() };
        let lost: Vec<_> = one.nodes.iter().map(|node| node.id.clone()).collect();
        let mut failover = config.ha.settings.clone();
        failover.nodes.clone_from(&lost);
        plan::failover(&one, &failover, &config.policy)?;
        if let Some(balance) = &config.balance {
            plan::balance(&one, &balance.settings, &config.policy)?;
        }
        if let Some(maintenance) = &config.maintenance {
            let mut drain = maintenance.settings.clone();
            drain.nodes = lost;
            plan::drain(&one, &drain, &config.policy)?;
        }
        if let Some(admission) = &config.ha.admission {
            plan::admission(&self.world.cluster(), admission, &config.policy)?;
        }
        Ok(())
    }

    /// Something happens later, if it is before the end.
    pub(super) fn at(&mut self, time: u64, event: Event) {
        if time < self.end {
            self.events.insert((time, event));
        }
    }

    pub(super) fn go(
        mut self,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<FleetReport, PlaceError> {
        loop {
            let arrival = self.world.population.machines.get(self.arrived).map(|m| m.arrives);
            let next = self.events.first().copied();
            let arrives = match (arrival, next) {
                (Some(time), Some((at, event))) => {
                    time < at || (time == at && event >= Event::Balance)
                }
                (Some(_), None) => true,
                (None, _) => false,
            };
            if arrives {
                self.move_on(arrival.unwrap_or(self.now));
                self.arrive();
                continue;
            }
            let Some((time, event)) = self.events.pop_first() else { break };
            self.move_on(time);
            if matches!(event, Event::Sample(_)) {
                progress(self.now / 1000, self.config.duration_seconds);
            }
            self.happen(event)?;
        }
        self.move_on(self.end);
        progress(self.config.duration_seconds, self.config.duration_seconds);
        self.world.report.machines.waiting = self.waiting.len() as u64;
        let left = self.in_work.len() + self.batches.iter().map(Vec::len).sum::<usize>();
        let draining = self.world.hosts.iter().filter(|host| host.state == HostState::Draining);
        self.world.report.maintenance.hosts_left = (left + draining.count()) as u64;
        self.world.close();
        self.samples.close(&mut self.world.report);
        Ok(self.world.report)
    }

    fn move_on(&mut self, now: u64) {
        self.world.waited_ms += (now - self.now) * self.waiting.len() as u64;
        self.world.advance(now);
        self.now = now;
    }

    fn happen(&mut self, event: Event) -> Result<(), PlaceError> {
        match event {
            Event::Depart(row) => self.depart(row),
            Event::GiveUp(row) => self.give_up(row),
            Event::Repaired(host, failures) => self.repaired(host, failures)?,
            Event::Awake(host) => self.awake(host),
            Event::WorkDone => self.work_done(),
            Event::Step(flight) => self.step(flight)?,
            Event::Started(row, incarnation) => {
                if self.world.lives[row as usize].incarnation == incarnation
                    && matches!(self.world.lives[row as usize].stay, Stay::On(_))
                {
                    self.world.came_up(row);
                    self.world.tell(FleetEvent::Started, Some(row), self.world.home(row), None);
                }
            }
            Event::Fail(host, repair_ms) => self.fail(host, repair_ms),
            Event::FailRack(rack, _) => self.fail_rack(rack),
            Event::Notice(host, failures) => self.notice(host, failures)?,
            Event::Sample(number) => self.sample(number)?,
            Event::Balance => self.balance()?,
            Event::Maintain => self.maintain()?,
            Event::Admission => self.admission()?,
        }
        Ok(())
    }

    fn arrive(&mut self) {
        let row = small(self.arrived);
        self.arrived += 1;
        self.world.report.machines.arrived += 1;
        self.world.tell(FleetEvent::Arrived, Some(row), None, None);
        let shape = self.world.lives[row as usize].shape;
        self.world.engine.expect(shape);
        if let Some(departs) = self.world.population.machines[row as usize].departs {
            self.at(departs, Event::Depart(row));
        }
        if self.world.place(row) {
            return;
        }
        let now = self.now;
        let life = self.world.life(row);
        (life.stay, life.since) = (Stay::Waiting, now);
        self.waiting.push_back(row);
        let most = &mut self.world.report.machines.waiting_most;
        *most = (*most).max(self.waiting.len() as u64);
        self.world.tell(FleetEvent::Waits, Some(row), None, None);
        self.at(now + self.config.machines.queue_seconds * 1000, Event::GiveUp(row));
        self.wake_one();
    }

    fn depart(&mut self, row: u32) {
        match self.world.lives[row as usize].stay {
            Stay::Waiting => self.give_up(row),
            Stay::On(_) => self.world.depart(row),
            Stay::Coming | Stay::Gone => {}
        }
    }

    fn give_up(&mut self, row: u32) {
        if self.world.lives[row as usize].stay != Stay::Waiting {
            return;
        }
        self.waiting.retain(|&other| other != row);
        self.world.life(row).stay = Stay::Gone;
        self.world.report.machines.rejected += 1;
        self.world.tell(FleetEvent::Rejected, Some(row), None, None);
    }

    /// Tries the machines that wait once more, in order; a shape that fits nowhere is tried once.
    pub(super) fn retry(&mut self) {
        let mut hopeless = BTreeSet::new();
        let waiting = std::mem::take(&mut self.waiting);
        for row in waiting {
            let shape = self.world.lives[row as usize].shape;
            if hopeless.contains(&shape) || !self.world.place(row) {
                hopeless.insert(shape);
                self.waiting.push_back(row);
            }
        }
    }

    /// Failures are known before the beginning, but to nobody in the fleet.
    fn plan_failures(&mut self) -> Result<(), PlaceError> {
        let failures = &self.config.failures;
        let chance = Chance(self.config.seed);
        let hosts = self.world.hosts.len() as u64;
        let racks = self.world.racks.len() as u64;
        let gap = |days: u64, count: u64| (days * 86_400_000 / count.max(1)).max(1);
        let (mut time, mut number) = (0, 0);
        while failures.host_days > 0 && time < self.end {
            time += chance.wait(For::HostGap, number, 0, gap(failures.host_days, hosts));
            let host = chance.below(For::Host, number, 0, hosts);
            let event = Event::Fail(position(host), failures.host_repair_seconds * 1000);
            self.at(time, event);
            number += 1;
        }
        let (mut time, mut number) = (0, 0);
        while failures.rack_days > 0 && time < self.end {
            time += chance.wait(For::RackGap, number, 0, gap(failures.rack_days, racks));
            let rack = chance.below(For::Rack, number, 0, racks);
            self.at(time, Event::FailRack(position(rack), failures.rack_repair_seconds * 1000));
            number += 1;
        }
        self.planned_failures()
    }
}

fn position(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
