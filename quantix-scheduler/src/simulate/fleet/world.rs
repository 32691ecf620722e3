//! The fleet at one moment: hosts, machines, and what is counted.

use std::collections::{BTreeMap, BTreeSet};

use quantix_core::{
    NodeKey, VmKey,
    cluster::{Cluster, Node, NodeState, Vm},
};
use serde_json::json;

use super::{
    LOG_MAX,
    config::FleetConfig,
    population::Population,
    totals::{FleetEvent, FleetReport, LogEntry},
};
use crate::{
    engine::Engine,
    place::{PlaceError, passes},
    policy::Pipeline,
    simulate::host_id,
    snapshot::{NodeIndex, ShapeId, Snapshot, small},
};

/// What a host does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostState {
    Ready,
    Draining,
    Working,
    Down,
    StandBy,
    Waking,
}

#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) state: HostState,
    /// Real CPU, in thousandths.
    pub(super) cpu: u64,
    pub(super) watts: (u64, u64),
    pub(super) machines: BTreeSet<u32>,
    /// How often it failed, when it last did, and whether that was noticed.
    pub(super) failures: u32,
    pub(super) failed_at: u64,
    pub(super) noticed: bool,
}

/// Where a machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stay {
    Coming,
    Waiting,
    On(u32),
    Gone,
}

#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) stay: Stay,
    pub(super) shape: ShapeId,
    /// Since when it waits or is down.
    pub(super) since: u64,
    pub(super) up: bool,
    /// How often it was started or lost: what was meant for an earlier life does not count.
    pub(super) incarnation: u32,
    pub(super) moved_at: Option<u64>,
}

/// A move under way.
#[derive(Clone, Debug)]
pub(super) struct Moving {
    pub(super) row: u32,
    pub(super) from: u32,
    /// What keeps the room at the old host.
    pub(super) ghost: VmKey,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) population: Population,
    pub(super) engine: Engine,
    pub(super) hosts: Vec<Host>,
    pub(super) racks: Vec<Vec<u32>>,
    pub(super) lives: Vec<Life>,
    pub(super) moving: BTreeMap<u32, Moving>,
    pub(super) report: FleetReport,
    nodes: Vec<Node>,
    ghosts_made: u64,
    log: bool,
    now: u64,
    /// Machines on hosts, and those of them that are down.
    pub(super) placed: u64,
    pub(super) down: u64,
    /// Machine milliseconds on hosts, and down.
    area: (u128, u128),
    pub(super) waited_ms: u64,
    longest_down_ms: u64,
}

impl World {
    pub(super) fn new(config: &FleetConfig) -> Result<Self, PlaceError> {
        let population = Population::new(config);
        let (nodes, hosts, racks) = build(config);
        let cluster = Cluster { nodes, rules: population.rules.clone(), ..Cluster::default() };
        let pipeline = Pipeline::new(&config.policy)?;
        let mut engine = Engine::new(Snapshot::build(&cluster)?, pipeline);
        let mut lives = Vec::with_capacity(population.machines.len());
        for machine in &population.machines {
            lives.push(Life {
                stay: Stay::Coming,
                shape: engine.shape(&machine.vm)?,
                since: 0,
                up: false,
                incarnation: 0,
                moved_at: None,
            });
        }
        let report = FleetReport {
            policy: config.policy.name.clone(),
            seed: config.seed,
            duration_seconds: config.duration_seconds,
            hosts: small(hosts.len()),
            ..FleetReport::default()
        };
        Ok(Self {
            population,
            engine,
            hosts,
            racks,
            lives,
            moving: BTreeMap::new(),
            report,
            nodes: cluster.nodes,
            ghosts_made: 0,
            log: config.log,
            now: 0,
            placed: 0,
            down: 0,
            area: (0, 0),
            waited_ms: 0,
            longest_down_ms: 0,
        })
    }

    pub(super) fn host_key(&self, host: u32) -> &NodeKey {
        &self.nodes[host as usize].id
    }

    pub(super) fn host_row(&self, id: &NodeKey) -> Option<u32> {
        self.engine.snapshot().node_index(id).map(NodeIndex::number)
    }

    pub(super) fn vm(&self, row: u32) -> &Vm {
        &self.population.machines[row as usize].vm
    }

    pub(super) fn life(&mut self, row: u32) -> &mut Life {
        &mut self.lives[row as usize]
    }

    /// The host of a machine.
    pub(super) fn home(&self, row: u32) -> Option<u32> {
        match self.lives.get(row as usize)?.stay {
            Stay::On(host) => Some(host),
            _ => None,
        }
    }

    /// Time goes on; what is counted over time is counted.
    pub(super) fn advance(&mut self, now: u64) {
        let passed = u128::from(now - self.now);
        self.area.0 += passed * u128::from(self.placed);
        self.area.1 += passed * u128::from(self.down);
        self.now = now;
    }

    pub(super) fn tell(
        &mut self,
        event: FleetEvent,
        row: Option<u32>,
        host: Option<u32>,
        to: Option<u32>,
    ) {
        if !self.log {
            return;
        }
        if self.report.log.len() >= LOG_MAX {
            self.report.log_left_out += 1;
            return;
        }
        let key = |host: Option<u32>| host.map(|host| self.host_key(host).clone());
        let entry = LogEntry {
            at_ms: self.now,
            event,
            vm: row.map(|row| self.vm(row).id.clone()),
            host: key(host),
            to: key(to),
        };
        self.report.log.push(entry);
    }

    pub(super) fn set_host(&mut self, host: u32, state: HostState) {
        self.hosts[host as usize].state = state;
        let (node, event) = match state {
            HostState::Ready => (NodeState::Ready, FleetEvent::HostReady),
            HostState::Draining => (NodeState::Cordoned, FleetEvent::HostDraining),
            HostState::StandBy => (NodeState::Cordoned, FleetEvent::HostStandsBy),
            HostState::Waking => (NodeState::Cordoned, FleetEvent::HostWaking),
            HostState::Working => (NodeState::Down, FleetEvent::HostWorking),
            HostState::Down => (NodeState::Down, FleetEvent::HostDown),
        };
        self.nodes[host as usize].state = node;
        let _ = self.engine.set_state(NodeIndex(host), node);
        self.tell(event, None, Some(host), None);
    }

    /// Puts a machine on the best host.
    pub(super) fn place(&mut self, row: u32) -> bool {
        let (id, shape) = (self.vm(row).id.clone(), self.lives[row as usize].shape);
        let Ok(Some(choice)) = self.engine.place(&id, shape) else { return false };
        let host = choice.node.number();
        self.hosts[host as usize].machines.insert(row);
        let life = self.life(row);
        (life.stay, life.up) = (Stay::On(host), true);
        self.placed += 1;
        self.report.machines.placed += 1;
        self.tell(FleetEvent::Placed, Some(row), Some(host), None);
        true
    }

    /// Takes a machine off its host, to where it is then put.
    fn shift(&mut self, row: u32, from: u32, to: u32) {
        let (id, shape) = (self.vm(row).id.clone(), self.lives[row as usize].shape);
        let _ = self.engine.remove(&id);
        let _ = self.engine.add(&id, shape, NodeIndex(to));
        self.hosts[from as usize].machines.remove(&row);
        self.hosts[to as usize].machines.insert(row);
        self.life(row).stay = Stay::On(to);
    }

    /// Moves a machine where every filter lets it; what was planned may have become impossible.
    fn shift_if_admitted(&mut self, row: u32, from: u32, to: u32) -> bool {
        let (id, shape) = (self.vm(row).id.clone(), self.lives[row as usize].shape);
        if self.engine.remove(&id).is_err() {
            return false;
        }
        let snapshot = self.engine.snapshot();
        let fits = passes(
            snapshot.candidate(NodeIndex(to)),
            snapshot.shape_by_id(shape),
            self.engine.pipeline(),
        );
        let _ = self.engine.add(&id, shape, NodeIndex(from));
        if fits {
            self.shift(row, from, to);
        }
        fits
    }

    /// Begins a move; the room at the old host is kept.
    pub(super) fn begin_move(&mut self, row: u32, from: u32, to: u32) -> bool {
        let ready = self.home(row) == Some(from)
            && self.lives[row as usize].up
            && !self.moving.contains_key(&row)
            && self.hosts[to as usize].state == HostState::Ready;
        if !ready || !self.shift_if_admitted(row, from, to) {
            return false;
        }
        self.ghosts_made += 1;
        let vm = self.vm(row);
        if let Ok(id) = format!("moving-{:07}", self.ghosts_made).parse::<VmKey>() {
            let ghost = Vm::new(id.clone(), vm.cpu_milli, vm.memory_mib);
            if let Ok(shape) = self.engine.shape(&ghost) {
                let _ = self.engine.add(&id, shape, NodeIndex(from));
            }
            self.moving.insert(row, Moving { row, from, ghost: id });
        }
        self.tell(FleetEvent::Moving, Some(row), Some(from), Some(to));
        true
    }

    /// Ends a move: done, or back where it began.
    pub(super) fn end_move(&mut self, row: u32, done: bool) {
        let Some(moving) = self.moving.remove(&row) else { return };
        let _ = self.engine.remove(&moving.ghost);
        let Some(host) = self.home(row) else { return };
        if done {
            self.life(row).moved_at = Some(self.now);
            self.tell(FleetEvent::Moved, Some(row), Some(moving.from), Some(host));
        } else {
            self.shift(row, host, moving.from);
            self.report.moves.undone += 1;
            self.tell(FleetEvent::MoveUndone, Some(row), Some(host), Some(moving.from));
        }
    }

    /// A machine goes down.
    pub(super) fn lose(&mut self, row: u32) {
        let (now, home) = (self.now, self.home(row));
        let life = self.life(row);
        life.incarnation += 1;
        if life.up {
            (life.up, life.since) = (false, now);
            self.down += 1;
            self.report.ha.lost += 1;
        }
        self.tell(FleetEvent::Lost, Some(row), home, None);
    }

    /// A machine that is down begins to start, elsewhere or where it was; answers its incarnation.
    pub(super) fn restart(&mut self, row: u32, to: u32) -> Option<u32> {
        let from = self.home(row)?;
        if self.lives[row as usize].up || (from != to && !self.shift_if_admitted(row, from, to)) {
            return None;
        }
        let count = &mut self.report.ha;
        *(if from == to { &mut count.restarted_in_place } else { &mut count.restarted }) += 1;
        self.tell(FleetEvent::Restarting, Some(row), Some(from), Some(to));
        let life = self.life(row);
        life.incarnation += 1;
        Some(life.incarnation)
    }

    /// A machine that is down runs again, or departs.
    pub(super) fn came_up(&mut self, row: u32) {
        let now = self.now;
        let life = self.life(row);
        if life.up {
            return;
        }
        life.up = true;
        let was_down = now - life.since;
        self.longest_down_ms = self.longest_down_ms.max(was_down);
        self.down -= 1;
    }

    /// A machine departs from its host.
    pub(super) fn depart(&mut self, row: u32) {
        let Some(host) = self.home(row) else { return };
        if let Some(moving) = self.moving.remove(&row) {
            let _ = self.engine.remove(&moving.ghost);
        }
        self.came_up(row);
        let id = self.vm(row).id.clone();
        let _ = self.engine.remove(&id);
        self.hosts[host as usize].machines.remove(&row);
        let life = self.life(row);
        (life.stay, life.up) = (Stay::Gone, false);
        self.placed -= 1;
        self.report.machines.departed += 1;
        self.tell(FleetEvent::Departed, Some(row), Some(host), None);
    }

    /// The document that planners read: what is on hosts, what still keeps room, live rules.
    pub(super) fn cluster(&self) -> Cluster {
        let mut rules = BTreeSet::new();
        let mut vms = Vec::new();
        for (life, machine) in self.lives.iter().zip(&self.population.machines) {
            if let Stay::On(host) = life.stay {
                vms.push(machine.vm.clone().on(self.host_key(host).clone()));
                rules.extend(machine.rule);
            }
        }
        for moving in self.moving.values() {
            let vm = self.vm(moving.row);
            let ghost = Vm::new(moving.ghost.clone(), vm.cpu_milli, vm.memory_mib);
            vms.push(ghost.on(self.host_key(moving.from).clone()));
        }
        let rules = rules.into_iter().map(|rule| self.population.rules[rule].clone()).collect();
        Cluster { nodes: self.nodes.clone(), vms, rules, ..Cluster::default() }
    }

    /// The totals that are counted over time.
    pub(super) fn close(&mut self) {
        let since_lost =
            self.lives.iter().filter(|life| matches!(life.stay, Stay::On(_)) && !life.up);
        let longest = since_lost.map(|life| self.now - life.since).max().unwrap_or(0);
        let seconds = |ms: u128| u64::try_from(ms / 1000).unwrap_or(u64::MAX);
        let (machines, ha) = (&mut self.report.machines, &mut self.report.ha);
        machines.running = self.placed - self.down;
        machines.down = self.down;
        machines.waited_seconds = self.waited_ms / 1000;
        ha.down_seconds = seconds(self.area.1);
        ha.longest_down_seconds = self.longest_down_ms.max(longest) / 1000;
        let up = (self.area.0 - self.area.1) * 1_000_000;
        ha.availability_ppm = match self.area.0 {
            0 => 1_000_000,
            all => u64::try_from(up / all).unwrap_or(0),
        };
    }
}

type Built = (Vec<Node>, Vec<Host>, Vec<Vec<u32>>);

/// The hosts, numbered through all groups; a rack holds hosts of one group.
fn build(config: &FleetConfig) -> Built {
    let (mut nodes, mut hosts, mut racks) = (Vec::new(), Vec::new(), Vec::<Vec<u32>>::new());
    for group in &config.hosts {
        for number in 0..group.count {
            if number % group.hosts_per_rack == 0 {
                racks.push(Vec::new());
            }
            let row = small(hosts.len());
            let rack = racks.len() - 1;
            let node = json!({
                "id": host_id(row + 1), "cpu_milli": group.cpu_milli, "memory_mib": group.memory_mib,
                "overcommit": group.overcommit, "labels": {"rack": rack_name(rack)},
            });
            let Ok(node) = serde_json::from_value(node) else { continue };
            nodes.push(node);
            racks[rack].push(row);
            hosts.push(Host {
                state: HostState::Ready,
                cpu: group.cpu_milli.0,
                watts: (group.watts_idle.into(), group.watts_full.into()),
                machines: BTreeSet::new(),
                failures: 0,
                failed_at: 0,
                noticed: false,
            });
        }
    }
    (nodes, hosts, racks)
}

pub(super) fn rack_name(rack: usize) -> String {
    format!("rack-{:04}", rack + 1)
}
