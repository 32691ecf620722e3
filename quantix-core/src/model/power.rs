//! The power states of a machine and the legal ways between them, as data.

use super::words;

words! {
    /// Whether and how a machine runs.
    PowerState "power state" {
        /// Its disks are being made.
        Provisioning "provisioning",
        /// It could not be provisioned.
        Failed "failed",
        /// It is off.
        Stopped "stopped",
        /// It was told to start.
        Starting "starting",
        /// Its CPUs run.
        Running "running",
        /// It was told to stop.
        Stopping "stopping",
        /// It was told to reboot.
        Rebooting "rebooting",
        /// Its CPUs are halted; its memory is kept on the node.
        Paused "paused",
        /// Its memory is being written to disk.
        Suspending "suspending",
        /// It is off and its memory is on disk.
        Suspended "suspended",
        /// It runs while it moves to another node.
        Migrating "migrating",
        /// It ended by a fault of guest or hypervisor.
        Crashed "crashed",
        /// Its node cannot be reached, so whether it runs is not known.
        Lost "lost",
        /// It is gone for good.
        Terminated "terminated",
    }
}

words! {
    /// What can happen to a machine: first the commands, then what nodes report.
    PowerEvent "power event" {
        /// Start it; a suspended one continues where it was.
        Start "start",
        /// Ask the guest to shut down.
        Stop "stop",
        /// Cut its power.
        ForceStop "force_stop",
        /// Ask the guest to restart, or reset it.
        Reboot "reboot",
        /// Halt its CPUs.
        Pause "pause",
        /// Let its CPUs go on.
        Resume "resume",
        /// Write its memory to disk and switch it off.
        Suspend "suspend",
        /// Move it to another node while it runs.
        Migrate "migrate",
        /// Remove it for good.
        Terminate "terminate",
        /// Its disks are ready.
        Provisioned "provisioned",
        /// It runs.
        Started "started",
        /// It is off, by command or because the guest shut down.
        WentDown "went_down",
        /// It has rebooted.
        Rebooted "rebooted",
        /// Its memory is on disk.
        SavedToDisk "saved_to_disk",
        /// It runs on the other node.
        Migrated "migrated",
        /// What was commanded did not work.
        CommandFailed "command_failed",
        /// It ended by a fault.
        Crash "crash",
        /// Its node cannot be reached.
        Lose "lose",
        /// Its node is back and it runs.
        FoundRunning "found_running",
        /// Its node is back, or was fenced, and it does not run.
        FoundDown "found_down",
    }
}

/// One legal transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerTransition {
    /// The state before.
    pub from: PowerState,
    /// What happens.
    pub event: PowerEvent,
    /// The state after.
    pub to: PowerState,
}

/// Every legal transition; what is not listed is refused.
pub const POWER_TRANSITIONS: &[PowerTransition] = {
    use PowerEvent as E;
    use PowerState as S;
    const fn row(from: S, event: E, to: S) -> PowerTransition {
        PowerTransition { from, event, to }
    }
    &[
        row(S::Provisioning, E::Provisioned, S::Stopped),
        row(S::Provisioning, E::CommandFailed, S::Failed),
        row(S::Provisioning, E::Lose, S::Lost),
        row(S::Failed, E::Terminate, S::Terminated),
        row(S::Stopped, E::Start, S::Starting),
        row(S::Stopped, E::Terminate, S::Terminated),
        row(S::Starting, E::ForceStop, S::Stopping),
        row(S::Starting, E::Started, S::Running),
        row(S::Starting, E::WentDown, S::Stopped),
        row(S::Starting, E::CommandFailed, S::Stopped),
        row(S::Starting, E::Crash, S::Crashed),
        row(S::Starting, E::Lose, S::Lost),
        row(S::Running, E::Stop, S::Stopping),
        row(S::Running, E::ForceStop, S::Stopping),
        row(S::Running, E::Reboot, S::Rebooting),
        row(S::Running, E::Pause, S::Paused),
        row(S::Running, E::Suspend, S::Suspending),
        row(S::Running, E::Migrate, S::Migrating),
        row(S::Running, E::WentDown, S::Stopped),
        row(S::Running, E::Crash, S::Crashed),
        row(S::Running, E::Lose, S::Lost),
        row(S::Stopping, E::ForceStop, S::Stopping),
        row(S::Stopping, E::WentDown, S::Stopped),
        row(S::Stopping, E::CommandFailed, S::Running),
        row(S::Stopping, E::Crash, S::Crashed),
        row(S::Stopping, E::Lose, S::Lost),
        row(S::Rebooting, E::ForceStop, S::Stopping),
        row(S::Rebooting, E::Rebooted, S::Running),
        row(S::Rebooting, E::WentDown, S::Stopped),
        row(S::Rebooting, E::CommandFailed, S::Running),
        row(S::Rebooting, E::Crash, S::Crashed),
        row(S::Rebooting, E::Lose, S::Lost),
        row(S::Paused, E::Resume, S::Running),
        row(S::Paused, E::ForceStop, S::Stopping),
        row(S::Paused, E::Suspend, S::Suspending),
        row(S::Paused, E::WentDown, S::Stopped),
        row(S::Paused, E::Crash, S::Crashed),
        row(S::Paused, E::Lose, S::Lost),
        row(S::Suspending, E::ForceStop, S::Stopping),
        row(S::Suspending, E::SavedToDisk, S::Suspended),
        row(S::Suspending, E::WentDown, S::Stopped),
        row(S::Suspending, E::CommandFailed, S::Running),
        row(S::Suspending, E::Crash, S::Crashed),
        row(S::Suspending, E::Lose, S::Lost),
        row(S::Suspended, E::Start, S::Starting),
        row(S::Suspended, E::Resume, S::Starting),
        // Cutting the power of a suspended machine drops its saved memory.
        row(S::Suspended, E::ForceStop, S::Stopped),
        row(S::Suspended, E::Terminate, S::Terminated),
        row(S::Migrating, E::ForceStop, S::Stopping),
        row(S::Migrating, E::Migrated, S::Running),
        row(S::Migrating, E::WentDown, S::Stopped),
        row(S::Migrating, E::CommandFailed, S::Running),
        row(S::Migrating, E::Crash, S::Crashed),
        row(S::Migrating, E::Lose, S::Lost),
        row(S::Crashed, E::Start, S::Starting),
        row(S::Crashed, E::ForceStop, S::Stopped),
        row(S::Crashed, E::Terminate, S::Terminated),
        // A lost machine may still run: only news of its node ends that, never a start elsewhere.
        row(S::Lost, E::FoundRunning, S::Running),
        row(S::Lost, E::FoundDown, S::Stopped),
    ]
};

/// An event that is not legal in a state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a machine that is {from} cannot {event}: {}", remedy(*.from))]
pub struct PowerError {
    from: PowerState,
    event: PowerEvent,
}

impl PowerError {
    /// The state that the machine is in.
    #[must_use]
    pub fn from(&self) -> PowerState {
        self.from
    }

    /// What was refused.
    #[must_use]
    pub fn event(&self) -> PowerEvent {
        self.event
    }
}

fn remedy(from: PowerState) -> String {
    let commands: Vec<_> = from.commands().map(PowerEvent::as_str).collect();
    if commands.is_empty() {
        "no command applies now".to_owned()
    } else {
        format!("expected {}", commands.join(", "))
    }
}

impl PowerEvent {
    /// Whether this is asked for, rather than reported by a node.
    #[must_use]
    pub const fn is_command(self) -> bool {
        (self as u8) <= Self::Terminate as u8
    }
}

impl PowerState {
    /// The state after an event.
    ///
    /// # Errors
    /// When the event is not legal in this state.
    ///
    /// ```
    /// use quantix_core::model::{PowerEvent, PowerState};
    /// assert_eq!(PowerState::Stopped.after(PowerEvent::Start), Ok(PowerState::Starting));
    /// let error = PowerState::Lost.after(PowerEvent::Start).unwrap_err();
    /// assert_eq!(error.to_string(), "a machine that is lost cannot start: no command applies now");
    /// ```
    pub fn after(self, event: PowerEvent) -> Result<Self, PowerError> {
        let legal = |row: &&PowerTransition| row.from == self && row.event == event;
        let row = POWER_TRANSITIONS.iter().find(legal);
        row.map(|row| row.to).ok_or(PowerError { from: self, event })
    }

    /// The commands that are legal in this state.
    pub fn commands(self) -> impl Iterator<Item = PowerEvent> {
        let rows = POWER_TRANSITIONS.iter().filter(move |row| row.from == self);
        rows.map(|row| row.event).filter(|event| event.is_command())
    }

    /// Whether the machine takes up CPU and memory of a node, or may do so.
    #[must_use]
    pub const fn uses_node(self) -> bool {
        match self {
            Self::Starting
            | Self::Running
            | Self::Stopping
            | Self::Rebooting
            | Self::Paused
            | Self::Suspending
            | Self::Migrating
            | Self::Lost => true,
            Self::Provisioning
            | Self::Failed
            | Self::Stopped
            | Self::Suspended
            | Self::Crashed
            | Self::Terminated => false,
        }
    }
}

words! {
    /// How a machine is meant to be.
    #[derive(Default)]
    DesiredPower "desired power state" {
        /// Off.
        #[default]
        Stopped "stopped",
        /// Running.
        Running "running",
        /// Halted, with its memory on the node.
        Paused "paused",
        /// Off, with its memory on disk.
        Suspended "suspended",
        /// Gone.
        Terminated "terminated",
    }
}

impl DesiredPower {
    /// The next command that brings a machine from its observed state towards this one; `None` when
    /// it is there, or when only news from the node can help.
    #[must_use]
    pub fn next_command(self, observed: PowerState) -> Option<PowerEvent> {
        use PowerEvent as E;
        use PowerState as S;
        let command = match (self, observed) {
            (Self::Running, S::Stopped | S::Crashed) => E::Start,
            (Self::Running, S::Paused | S::Suspended) => E::Resume,
            (Self::Stopped | Self::Terminated, S::Running) => E::Stop,
            (Self::Stopped | Self::Terminated, S::Paused) => E::ForceStop,
            (Self::Stopped, S::Suspended) => E::ForceStop,
            (Self::Paused, S::Running) => E::Pause,
            (Self::Paused, S::Stopped | S::Suspended | S::Crashed) => E::Start,
            (Self::Suspended, S::Running | S::Paused) => E::Suspend,
            (Self::Suspended, S::Stopped | S::Crashed) => E::Start,
            (Self::Terminated, S::Stopped | S::Suspended | S::Crashed | S::Failed) => E::Terminate,
            _ => return None,
        };
        Some(command)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fmt::Write as _};

    use super::*;

    #[test]
    fn the_whole_table_is_as_reviewed() {
        let mut table = String::new();
        for &from in PowerState::ALL {
            for &event in PowerEvent::ALL {
                let to = from.after(event).map_or("-", PowerState::as_str);
                writeln!(table, "{from:12} {event:14} {to}").unwrap();
            }
        }
        crate::golden::check("tests/golden/power_states.txt", &table);
    }

    #[test]
    fn no_two_rows_disagree() {
        let rows = POWER_TRANSITIONS.iter().map(|row| (row.from, row.event));
        assert_eq!(rows.collect::<BTreeSet<_>>().len(), POWER_TRANSITIONS.len());
    }

    #[test]
    fn every_state_is_reachable_and_only_the_end_has_no_exit() {
        let mut reached = BTreeSet::from([PowerState::Provisioning]);
        for _ in PowerState::ALL {
            let rows = POWER_TRANSITIONS.iter().filter(|row| reached.contains(&row.from));
            let more: Vec<_> = rows.map(|row| row.to).collect();
            reached.extend(more);
        }
        assert_eq!(reached.len(), PowerState::ALL.len());
        for &state in PowerState::ALL {
            let exits = POWER_TRANSITIONS.iter().any(|row| row.from == state);
            assert_eq!(exits, state != PowerState::Terminated, "{state}");
        }
    }

    #[test]
    fn whatever_uses_a_node_can_be_lost_and_whatever_was_commanded_can_fail() {
        use PowerState as S;
        for &state in PowerState::ALL {
            if state.uses_node() && state != S::Lost {
                assert_eq!(state.after(PowerEvent::Lose), Ok(S::Lost), "{state}");
                assert_eq!(state.after(PowerEvent::Crash), Ok(S::Crashed), "{state}");
                assert_eq!(state.after(PowerEvent::ForceStop), Ok(S::Stopping), "{state}");
            }
        }
        for state in [S::Starting, S::Stopping, S::Rebooting, S::Suspending, S::Migrating] {
            assert!(state.after(PowerEvent::CommandFailed).is_ok(), "{state}");
        }
    }

    /// The report that follows when what a state waits for works.
    fn success(state: PowerState) -> Option<PowerEvent> {
        Some(match state {
            PowerState::Provisioning => PowerEvent::Provisioned,
            PowerState::Starting => PowerEvent::Started,
            PowerState::Stopping => PowerEvent::WentDown,
            PowerState::Rebooting => PowerEvent::Rebooted,
            PowerState::Suspending => PowerEvent::SavedToDisk,
            PowerState::Migrating => PowerEvent::Migrated,
            PowerState::Lost => PowerEvent::FoundDown,
            _ => return None,
        })
    }

    #[test]
    fn desired_states_are_reached_from_everywhere() {
        for &desired in DesiredPower::ALL {
            for &begin in PowerState::ALL {
                let mut state = begin;
                for _ in 0..6 {
                    match desired.next_command(state).or_else(|| success(state)) {
                        Some(event) => state = state.after(event).unwrap(),
                        None => break,
                    }
                }
                let stuck = matches!(begin, PowerState::Failed | PowerState::Terminated)
                    && desired != DesiredPower::Terminated;
                let expected = if stuck { begin.as_str() } else { desired.as_str() };
                // A crashed machine is down; it is not started only to be stopped.
                let down = desired == DesiredPower::Stopped && state == PowerState::Crashed;
                assert!(state.as_str() == expected || down, "{desired} from {begin}: {state}");
            }
        }
    }
}
