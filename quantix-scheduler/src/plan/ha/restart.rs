//! When a machine of a lost host may be started elsewhere: a decision table as a pure function.

use serde::{Deserialize, Serialize};

use super::breaker::Breaker;

/// What is known about a host that seems lost, and about the machine's storage.
///
/// Everything is unknown when left out, and what is unknown vouches for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Evidence {
    /// Whether the host stops its own machines when its lease ends.
    pub host: HostState,
    /// The lease of the host, on the monotonic clock of who decides.
    pub lease: LeaseState,
    /// What a fence agent says about its power.
    pub power: PowerState,
    /// The exclusive lock on the machine's storage.
    pub lock: LockState,
    /// What an operator says.
    pub operator: OperatorState,
}

/// Whether a host stops its own machines when its lease ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostState {
    /// It does: a watchdog is armed.
    Armed,
    /// It should, and reported that something is in the way.
    Degraded,
    /// It does not, or nothing is known.
    #[default]
    Disarmed,
}

/// The lease of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseState {
    /// The host renews it.
    Held,
    /// It ended so many milliseconds ago.
    EndedMs(u64),
    /// Nothing is known.
    #[default]
    Unknown,
}

/// The power of a host as its fence agent tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerState {
    /// Confirmed off.
    Off,
    /// Confirmed on.
    On,
    /// Not known: no agent, or it does not answer.
    #[default]
    Unknown,
}

/// The exclusive lock or lease on the machine's storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockState {
    /// The one who would start the machine has it.
    Taken,
    /// Somebody else has it.
    HeldElsewhere,
    /// The storage has none, or nothing is known.
    #[default]
    Unknown,
}

/// What an operator says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorState {
    /// The host does not run the machine any more.
    ConfirmsDead,
    /// The machine is not to be started elsewhere.
    Forbids,
    /// Nothing.
    #[default]
    Silent,
}

/// How long after the end of a lease the machines of an armed host are surely stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RestartTiming {
    /// How long the host takes to stop its machines, in milliseconds.
    pub kill_ms: u64,
    /// How far clocks may drift apart meanwhile, with a margin.
    pub margin_ms: u64,
}

impl Default for RestartTiming {
    fn default() -> Self {
        Self { kill_ms: 5_000, margin_ms: 5_000 }
    }
}

/// Whether a machine may be started elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It may.
    Restart {
        /// What makes it safe.
        ground: Ground,
    },
    /// Not yet: something must be known first.
    Wait {
        /// What is missing.
        wait: Wait,
        /// When time alone makes it safe, in milliseconds from now.
        #[serde(skip_serializing_if = "Option::is_none")]
        safe_in_ms: Option<u64>,
    },
    /// It must not.
    Refuse {
        /// Why.
        refusal: Refusal,
    },
}

/// What makes a restart safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// A fence agent confirms that the host is off.
    PowerOff,
    /// The host was armed, and its lease ended long enough ago.
    LeaseEnded,
    /// The storage lock was taken, so that nobody else writes.
    LockTaken,
    /// An operator vouches for it.
    Operator,
}

/// What is missing for a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// The lease of an armed host ended not long enough ago.
    LeaseTime,
    /// No ground holds: fence the host, take the storage lock or ask an operator.
    Ground,
    /// Too much of the fleet seems lost: an operator must confirm.
    Breaker,
}

/// Why a restart must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// An operator forbids it.
    Operator,
    /// Somebody else holds the storage lock: the machine may be running.
    LockHeldElsewhere,
    /// The host renews its lease and is not confirmed off: it runs.
    HostAlive,
}

/// Decides whether a machine of a lost host may be started elsewhere.
///
/// First what forbids, then what delays, then the four grounds of which any one suffices: confirmed
/// power-off, an armed host whose lease ended long enough ago, the exclusive storage lock, an
/// operator. Who asks must be the leader of its epoch and write its decision under that epoch; the
/// start itself must carry a new incarnation that nodes and locks check.
///
/// ```
/// use quantix_scheduler::plan::{Breaker, Evidence, Ground, Verdict, restart_decision};
/// let evidence: Evidence = serde_json::from_str(r#"{"host": "armed", "lease": {"ended_ms": 10001}}"#)?;
/// let verdict = restart_decision(&evidence, &Default::default(), &Breaker::Closed);
/// assert_eq!(verdict, Verdict::Restart { ground: Ground::LeaseEnded });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn restart_decision(evidence: &Evidence, timing: &RestartTiming, breaker: &Breaker) -> Verdict {
    let refuse = |refusal| Verdict::Refuse { refusal };
    if evidence.operator == OperatorState::Forbids {
        return refuse(Refusal::Operator);
    }
    if evidence.lock == LockState::HeldElsewhere {
        return refuse(Refusal::LockHeldElsewhere);
    }
    let off = evidence.power == PowerState::Off;
    let locked = evidence.lock == LockState::Taken;
    if evidence.lease == LeaseState::Held && !off && !locked {
        return refuse(Refusal::HostAlive);
    }
    let confirmed = evidence.operator == OperatorState::ConfirmsDead;
    if matches!(breaker, Breaker::Open { .. }) && !confirmed {
        return Verdict::Wait { wait: Wait::Breaker, safe_in_ms: None };
    }
    let left = lease_left(evidence, timing);
    let grounds = [
        (off, Ground::PowerOff),
        (left == Some(0), Ground::LeaseEnded),
        (locked, Ground::LockTaken),
        (confirmed, Ground::Operator),
    ];
    match (grounds.into_iter().find(|&(holds, _)| holds), left) {
        (Some((_, ground)), _) => Verdict::Restart { ground },
        (None, Some(left)) => Verdict::Wait { wait: Wait::LeaseTime, safe_in_ms: Some(left) },
        (None, None) => Verdict::Wait { wait: Wait::Ground, safe_in_ms: None },
    }
}

/// How long until the machines of an armed host are surely stopped; `None` where time does not tell.
fn lease_left(evidence: &Evidence, timing: &RestartTiming) -> Option<u64> {
    let (HostState::Armed, LeaseState::EndedMs(ended)) = (evidence.host, evidence.lease) else {
        return None;
    };
    // Strictly longer ago than both together.
    let needed = timing.kill_ms.saturating_add(timing.margin_ms);
    Some(needed.saturating_add(1).saturating_sub(ended))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::BreakerReason;

    const HOSTS: [HostState; 3] = [HostState::Armed, HostState::Degraded, HostState::Disarmed];
    const POWERS: [PowerState; 3] = [PowerState::Off, PowerState::On, PowerState::Unknown];
    const LOCKS: [LockState; 3] = [LockState::Taken, LockState::HeldElsewhere, LockState::Unknown];
    const OPERATORS: [OperatorState; 3] =
        [OperatorState::ConfirmsDead, OperatorState::Forbids, OperatorState::Silent];
    const LEASES: [LeaseState; 6] = [
        LeaseState::Held,
        LeaseState::EndedMs(0),
        LeaseState::EndedMs(9_999),
        LeaseState::EndedMs(10_000),
        LeaseState::EndedMs(10_001),
        LeaseState::Unknown,
    ];

    fn breakers() -> [Breaker; 2] {
        [Breaker::Closed, Breaker::Open { reason: BreakerReason::TooManyLost }]
    }

    fn all() -> Vec<(Evidence, Breaker)> {
        let mut all = Vec::new();
        for host in HOSTS {
            for lease in LEASES {
                for power in POWERS {
                    for lock in LOCKS {
                        for operator in OPERATORS {
                            for breaker in breakers() {
                                all.push((
                                    Evidence { host, lease, power, lock, operator },
                                    breaker,
                                ));
                            }
                        }
                    }
                }
            }
        }
        all
    }

    fn decide(evidence: &Evidence, breaker: &Breaker) -> Verdict {
        restart_decision(evidence, &RestartTiming::default(), breaker)
    }

    /// The table once more, as rows: the first that matches decides. Written apart from the
    /// function, from the rules of the design.
    fn table(e: &Evidence, breaker: &Breaker) -> Verdict {
        let alive = matches!(e.lease, LeaseState::Held);
        let late = matches!(e.lease, LeaseState::EndedMs(ms) if ms > 10_000);
        let early = match e.lease {
            LeaseState::EndedMs(ms) if ms <= 10_000 => Some(10_001 - ms),
            _ => None,
        };
        let armed = e.host == HostState::Armed;
        let open = *breaker != Breaker::Closed;
        let restart = |ground| Verdict::Restart { ground };
        let wait = |wait, safe_in_ms| Verdict::Wait { wait, safe_in_ms };
        let refuse = |refusal| Verdict::Refuse { refusal };
        match (e.operator, e.lock, e.power) {
            (OperatorState::Forbids, _, _) => refuse(Refusal::Operator),
            (_, LockState::HeldElsewhere, _) => refuse(Refusal::LockHeldElsewhere),
            (_, LockState::Unknown, PowerState::On | PowerState::Unknown) if alive => {
                refuse(Refusal::HostAlive)
            }
            (OperatorState::Silent, _, _) if open => wait(Wait::Breaker, None),
            (_, _, PowerState::Off) => restart(Ground::PowerOff),
            _ if armed && late => restart(Ground::LeaseEnded),
            (_, LockState::Taken, _) => restart(Ground::LockTaken),
            (OperatorState::ConfirmsDead, _, _) => restart(Ground::Operator),
            _ if armed && early.is_some() => wait(Wait::LeaseTime, early),
            _ => wait(Wait::Ground, None),
        }
    }

    #[test]
    fn every_combination_is_as_the_table_says() {
        let all = all();
        assert_eq!(all.len(), 3 * 6 * 3 * 3 * 3 * 2);
        for (evidence, breaker) in all {
            assert_eq!(
                decide(&evidence, &breaker),
                table(&evidence, &breaker),
                "{evidence:?} {breaker:?}"
            );
        }
    }

    /// With every ground taken away one by one, a restart stands on the others or falls.
    #[test]
    fn no_restart_without_a_ground() {
        for (evidence, breaker) in all() {
            let Verdict::Restart { .. } = decide(&evidence, &breaker) else { continue };
            assert_ne!(evidence.lock, LockState::HeldElsewhere);
            assert_ne!(evidence.operator, OperatorState::Forbids);
            let without = Evidence {
                power: PowerState::Unknown,
                lock: LockState::Unknown,
                operator: OperatorState::Silent,
                host: HostState::Disarmed,
                ..evidence
            };
            assert!(!matches!(decide(&without, &breaker), Verdict::Restart { .. }), "{evidence:?}");
            // More proof of death never delays.
            let more = Evidence { power: PowerState::Off, ..evidence };
            assert!(matches!(decide(&more, &breaker), Verdict::Restart { .. }), "{more:?}");
            let later = match evidence.lease {
                LeaseState::EndedMs(ms) => LeaseState::EndedMs(ms + 1),
                other => other,
            };
            let later = Evidence { lease: later, ..evidence };
            assert!(matches!(decide(&later, &breaker), Verdict::Restart { .. }), "{later:?}");
        }
    }

    #[test]
    fn time_alone_makes_an_armed_host_safe() {
        let evidence = |ended| Evidence {
            host: HostState::Armed,
            lease: LeaseState::EndedMs(ended),
            ..Evidence::default()
        };
        let wait = decide(&evidence(4_000), &Breaker::Closed);
        assert_eq!(wait, Verdict::Wait { wait: Wait::LeaseTime, safe_in_ms: Some(6_001) });
        let safe = decide(&evidence(10_001), &Breaker::Closed);
        assert_eq!(safe, Verdict::Restart { ground: Ground::LeaseEnded });
        let timing = RestartTiming { kill_ms: u64::MAX, margin_ms: u64::MAX };
        let never = restart_decision(&evidence(u64::MAX - 1), &timing, &Breaker::Closed);
        assert!(matches!(never, Verdict::Wait { .. }), "{never:?}");
    }
}
