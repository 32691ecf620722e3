//! What fails, what is noticed, what restarts.

use super::{
    config::Fencing,
    run::{Event, Run},
    world::{HostState, rack_name},
};
use crate::{
    place::PlaceError,
    plan::{
        self, Evidence, FleetView, HostState as Arming, LeaseState, NotRestartedCode,
        OperatorState, PowerState, Verdict,
    },
    snapshot::{Faults, small},
};

impl Run<'_> {
    /// The failures at given times; an error where they name what is not there.
    pub(super) fn planned_failures(&mut self) -> Result<(), PlaceError> {
        let mut faults = Faults::default();
        for (at, planned) in self.config.failures.planned.iter().enumerate() {
            let mut hosts = Vec::new();
            for (position, id) in planned.hosts.iter().enumerate() {
                match self.world.host_row(id) {
                    Some(host) => hosts.push(host),
                    None => {
                        let path = format!("config.failures.planned[{at}].hosts[{position}]");
                        let message =
                            format!("there is no host {id}: expected host-000001 and so on");
                        faults.error("invalid-config", path, message);
                    }
                }
            }
            for (position, name) in planned.racks.iter().enumerate() {
                let rack = (0..self.world.racks.len()).find(|&rack| rack_name(rack) == *name);
                match rack {
                    Some(rack) => hosts.extend(&self.world.racks[rack]),
                    None => {
                        let path = format!("config.failures.planned[{at}].racks[{position}]");
                        let message =
                            format!("there is no rack {name}: expected rack-0001 and so on");
                        faults.error("invalid-config", path, message);
                    }
                }
            }
            let (time, repair) = (planned.at_seconds * 1000, planned.repair_seconds * 1000);
            for host in hosts {
                self.at(time, Event::Fail(host, repair));
            }
        }
        faults.finish()?;
        Ok(())
    }

    pub(super) fn fail_rack(&mut self, rack: u32) {
        self.world.report.ha.rack_failures += 1;
        let repair = self.config.failures.rack_repair_seconds * 1000;
        for host in self.world.racks[rack as usize].clone() {
            self.fail(host, repair);
        }
    }

    /// A host fails; one that is off or down already cannot.
    pub(super) fn fail(&mut self, host: u32, repair_ms: u64) {
        let state = self.world.hosts[host as usize].state;
        if !matches!(state, HostState::Ready | HostState::Draining) {
            return;
        }
        self.world.report.ha.host_failures += 1;
        // What moves to or from it is back where it was: what moved to it lives on.
        let moving: Vec<u32> = self
            .world
            .moving
            .values()
            .filter(|moving| moving.from == host || self.world.home(moving.row) == Some(host))
            .map(|moving| moving.row)
            .collect();
        for row in moving {
            self.world.end_move(row, false);
        }
        self.world.set_host(host, HostState::Down);
        let now = self.now;
        let entry = &mut self.world.hosts[host as usize];
        entry.failures += 1;
        (entry.failed_at, entry.noticed) = (now, false);
        let failures = entry.failures;
        for row in entry.machines.clone() {
            self.world.lose(row);
        }
        self.at(now + repair_ms, Event::Repaired(host, failures));
        self.at(now + self.config.ha.detect_seconds * 1000, Event::Notice(host, failures));
        if let Some(seconds) = self.config.ha.operator_seconds {
            self.at(now + seconds * 1000, Event::Notice(host, failures));
        }
    }

    fn is_lost(&self, host: u32, failures: u32) -> bool {
        let host = &self.world.hosts[host as usize];
        host.state == HostState::Down && host.failures == failures
    }

    pub(super) fn notice(&mut self, host: u32, failures: u32) -> Result<(), PlaceError> {
        let detect = self.config.ha.detect_seconds * 1000;
        let failed_at = self.world.hosts[host as usize].failed_at;
        if !self.is_lost(host, failures) || self.now < failed_at + detect {
            return Ok(());
        }
        self.world.hosts[host as usize].noticed = true;
        // Hosts that are lost at one time are noticed together: one plan is for all of them.
        let now = self.now;
        let others: Vec<u32> = (0..small(self.world.hosts.len()))
            .filter(|&other| {
                let host = &self.world.hosts[other as usize];
                host.state == HostState::Down && !host.noticed && host.failed_at + detect <= now
            })
            .collect();
        for other in others {
            self.world.hosts[other as usize].noticed = true;
        }
        self.restart_lost()
    }

    /// Plans the restart of all that is lost, and begins what is safe.
    pub(super) fn restart_lost(&mut self) -> Result<(), PlaceError> {
        self.lost_waiting = false;
        if !self.config.ha.restart {
            return Ok(());
        }
        let noticed: Vec<u32> = (0..small(self.world.hosts.len()))
            .filter(|&host| {
                let host = &self.world.hosts[host as usize];
                host.state == HostState::Down && host.noticed
            })
            .collect();
        let lost: Vec<u32> = noticed
            .iter()
            .copied()
            .filter(|&host| !self.world.hosts[host as usize].machines.is_empty())
            .collect();
        if lost.is_empty() {
            return Ok(());
        }
        let mut request = self.config.ha.settings.clone();
        for &host in &lost {
            let id = self.world.host_key(host).clone();
            request.evidence.insert(id.clone(), self.evidence(host));
            request.nodes.push(id);
        }
        request.fleet = Some(FleetView {
            hosts: small(self.world.hosts.len()),
            lost: small(noticed.len()),
            ..FleetView::default()
        });
        let plan = plan::failover(&self.world.cluster(), &request, &self.config.policy)?;
        if matches!(plan.breaker, plan::Breaker::Open { .. }) {
            self.world.report.ha.breaker_open += 1;
        }
        let mut safe = std::collections::BTreeSet::new();
        for verdict in &plan.hosts {
            let Some(host) = self.world.host_row(&verdict.node) else { continue };
            match verdict.verdict {
                Verdict::Restart { .. } => drop(safe.insert(host)),
                Verdict::Wait { safe_in_ms: Some(wait), .. } => {
                    let failures = self.world.hosts[host as usize].failures;
                    self.at(self.now + wait.max(1), Event::Notice(host, failures));
                }
                Verdict::Wait { .. } | Verdict::Refuse { .. } => {}
            }
        }
        let no_room = |code| code == NotRestartedCode::NoNode;
        self.lost_waiting = plan.blocked.iter().any(|blocked| no_room(blocked.code));
        self.begin_restarts(&plan.moves, &safe);
        Ok(())
    }

    /// Stage by stage; of a stage, turn by turn on each host.
    fn begin_restarts(
        &mut self,
        moves: &[plan::PlannedMove],
        safe: &std::collections::BTreeSet<u32>,
    ) {
        let (mut begins, mut stage, mut turns) = (self.now, 0, 0);
        for each in moves {
            let rows =
                (super::population::Population::row(&each.vm), self.world.host_row(&each.to));
            let (Some(row), Some(to)) = rows else { continue };
            if each.stage != stage {
                begins += u64::from(turns) * each.cost.millis;
                (stage, turns) = (each.stage, 0);
            }
            turns = turns.max(each.step + 1);
            if !self.world.home(row).is_some_and(|home| safe.contains(&home)) {
                continue;
            }
            match self.world.restart(row, to) {
                Some(incarnation) => {
                    let runs = begins + u64::from(each.step + 1) * each.cost.millis;
                    self.at(runs, Event::Started(row, incarnation));
                }
                None => self.lost_waiting = true,
            }
        }
    }

    fn evidence(&self, host: u32) -> Evidence {
        let failed_at = self.world.hosts[host as usize].failed_at;
        let ago = self.now - failed_at;
        let mut evidence = Evidence::default();
        match self.config.ha.fencing {
            Fencing::Power => evidence.power = PowerState::Off,
            Fencing::Lease => {
                evidence.host = Arming::Armed;
                let ended = ago.saturating_sub(self.config.ha.detect_seconds * 1000);
                evidence.lease = LeaseState::EndedMs(ended);
            }
            Fencing::None => {}
        }
        if self.config.ha.operator_seconds.is_some_and(|seconds| ago >= seconds * 1000) {
            evidence.operator = OperatorState::ConfirmsDead;
        }
        evidence
    }

    /// A host is back; what is still on it starts there.
    pub(super) fn repaired(&mut self, host: u32, failures: u32) -> Result<(), PlaceError> {
        if !self.is_lost(host, failures) {
            return Ok(());
        }
        self.world.set_host(host, HostState::Ready);
        let settings = &self.config.ha.settings;
        let (per_turn, start_ms) = (u64::from(settings.starts_per_node.max(1)), settings.start_ms);
        let rows: Vec<u32> = self.world.hosts[host as usize].machines.iter().copied().collect();
        for (at, row) in (0u64..).zip(rows) {
            if let Some(incarnation) = self.world.restart(row, host) {
                let runs = self.now + (at / per_turn + 1) * start_ms;
                self.at(runs, Event::Started(row, incarnation));
            }
        }
        // With one host more, what was lost elsewhere may have room, and the breaker may close.
        self.restart_lost()?;
        self.retry();
        Ok(())
    }

    /// Asks whether everything would restart if hosts failed now.
    pub(super) fn admission(&mut self) -> Result<(), PlaceError> {
        let ha = &self.config.ha;
        if let Some(request) = &ha.admission {
            let report = plan::admission(&self.world.cluster(), request, &self.config.policy)?;
            self.world.report.ha.admission_asked += 1;
            self.world.report.ha.admission_granted += u64::from(report.admitted);
        }
        self.at(self.now + ha.admission_every_seconds * 1000, Event::Admission);
        Ok(())
    }
}
